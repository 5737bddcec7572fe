/* SPDX-License-Identifier: MIT */
/* coordination.c - coordination numbers and their derivatives: CN_i = sum_j 1/(1 + exp(-16 (R0/r - 1))), with
 * R0 = 4/3 (rcov_i + rcov_j) (Grimme et al., J. Chem. Phys. 132, 154104 (2010), eq. 15); for H0 and for D3. */
#include "classical.h"
#include "pairs.h"

#define STEEPNESS 16.0

static double bond_radius(const gfn1_system *s, size_t i, size_t j) {
    return 4.0 / 3.0 * (s->element[i].rcov + s->element[j].rcov);
}

skd_status gfn1_coordination(const gfn1_system *s, const gfn1_cells *c, double *cn, skd_error *err) {
    gfn1_images images;
    for (size_t i = 0; i < s->n; i++)
        cn[i] = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            double d[3], sum = 0;
            const double r0 = bond_radius(s, i, j);
            gfn1_difference(s, i, j, d);
            for (size_t next = 0; gfn1_images_of(c, d, &next, &images);)
                for (size_t m = 0; m < images.n; m++)
                    sum += 1 / (1 + exp(-STEEPNESS * (r0 / sqrt(images.r2[m]) - 1)));
            cn[i] += sum;
            if (i != j)
                cn[j] += sum;
        }
    for (size_t i = 0; i < s->n; i++)
        if (!isfinite(cn[i]))
            return skd_fail(err, SKD_ENUMERIC, "atom %zu: the coordination number is not finite", i + 1);
    return SKD_OK;
}

void gfn1_coordination_chain(const gfn1_system *s, const gfn1_cells *c, const double *w, gfn1_sum *sum) {
    gfn1_images images;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            double d[3], slope[GFN1_IMAGES];
            /* Of the full list of an atom's own images every one counts once; both signs are visited. */
            const double weight = i == j ? w[i] : w[i] + w[j], r0 = bond_radius(s, i, j);
            gfn1_difference(s, i, j, d);
            for (size_t next = 0; gfn1_images_of(c, d, &next, &images);) {
                for (size_t m = 0; m < images.n; m++) {
                    const double r = sqrt(images.r2[m]), e = exp(-STEEPNESS * (r0 / r - 1));
                    slope[m] = -weight * STEEPNESS * r0 / (images.r2[m] * r) * (e / ((1 + e) * (1 + e)));
                }
                gfn1_add_pair(sum, i, j, &images, slope);
            }
        }
}
