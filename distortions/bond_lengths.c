/* SPDX-License-Identifier: MIT */
/* bond_lengths.c - lengths of single bonds between main-group elements, for dimers.
 *
 * Measured lengths as tabulated in general chemistry (the set pymatgen 2026 ships as bond_lengths.json, order
 * 1, MIT licence; of its two N-O values the one it uses). Any other pair: the sum of the covalent radii of
 * Cordero et al., Dalton Trans. 2832 (2008). */
#include "start.h"

/* Lower atomic number first; sorted. Å */
static const struct {
    int z1, z2;
    double length;
} bonds[] = {
    {1, 1, 1.07}, /* H-H */
    {1, 5, 1.232}, /* H-B */
    {1, 6, 1.08}, /* H-C */
    {1, 7, 1.01}, /* H-N */
    {1, 8, 0.96}, /* H-O */
    {1, 9, 0.92}, /* H-F */
    {1, 11, 1.887}, /* H-Na */
    {1, 15, 1.4}, /* H-P */
    {1, 16, 1.35}, /* H-S */
    {1, 17, 1.27}, /* H-Cl */
    {5, 6, 1.66}, /* B-C */
    {5, 7, 1.6}, /* B-N */
    {5, 8, 1.25}, /* B-O */
    {5, 9, 1.41}, /* B-F */
    {6, 6, 1.54}, /* C-C */
    {6, 7, 1.47}, /* C-N */
    {6, 8, 1.43}, /* C-O */
    {6, 9, 1.35}, /* C-F */
    {6, 15, 1.84}, /* C-P */
    {6, 16, 1.82}, /* C-S */
    {6, 17, 1.76}, /* C-Cl */
    {7, 7, 1.45}, /* N-N */
    {7, 8, 1.51}, /* N-O */
    {7, 9, 1.28}, /* N-F */
    {7, 15, 1.5}, /* N-P */
    {7, 16, 1.62}, /* N-S */
    {7, 17, 1.69}, /* N-Cl */
    {8, 8, 1.48}, /* O-O */
    {8, 9, 1.45}, /* O-F */
    {8, 15, 1.51}, /* O-P */
    {8, 16, 1.57}, /* O-S */
    {9, 9, 1.41}, /* F-F */
    {9, 15, 1.65}, /* F-P */
    {9, 16, 1.65}, /* F-S */
    {15, 17, 2.2}, /* P-Cl */
    {16, 16, 2.06}, /* S-S */
};

double skd_single_bond(int z1, int z2) {
    int low = z1 < z2 ? z1 : z2, high = z1 < z2 ? z2 : z1;
    for (size_t i = 0; i < sizeof bonds / sizeof *bonds; i++)
        if (bonds[i].z1 == low && bonds[i].z2 == high)
            return bonds[i].length;
    return skd_element_of(low)->covalent_radius + skd_element_of(high)->covalent_radius;
}
