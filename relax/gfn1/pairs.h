/* SPDX-License-Identifier: MIT
 * pairs.h - what the sums over pairs and their images share. */
#ifndef SKD_GFN1_PAIRS_H
#define SKD_GFN1_PAIRS_H

#include "classical.h"

static inline void gfn1_difference(const gfn1_system *s, size_t i, size_t j, double d[3]) {
    for (int k = 0; k < 3; k++)
        d[k] = s->x[i][k] - s->x[j][k];
}

/* Adds the derivatives slope R of every image: slope = (dE/dr)/r of the energy that the pair was given. */
void gfn1_add_pair(gfn1_sum *sum, size_t i, size_t j, const gfn1_images *images, const double *slope);

/* virial += f (x) r */
static inline void gfn1_add_dyad(double virial[3][3], const double f[3], const double r[3]) {
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            virial[a][b] += f[a] * r[b];
}

#endif
