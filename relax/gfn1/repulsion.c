/* SPDX-License-Identifier: MIT */
/* repulsion.c - the repulsion of the cores, Z_i Z_j exp(-sqrt(a_i a_j) r^1.5)/r (Grimme, Bannwarth, Shushkov,
 * J. Chem. Theory Comput. 13, 1989 (2017), eq. 12), and the adding of pair forces. */
#include "classical.h"
#include "pairs.h"

void gfn1_add_pair(gfn1_sum *sum, size_t i, size_t j, const gfn1_images *images, const double *slope) {
    double g[3] = {0, 0, 0}, v[6] = {0, 0, 0, 0, 0, 0};
    for (size_t m = 0; m < images->n; m++) {
        const double x = images->x[m], y = images->y[m], z = images->z[m];
        const double fx = slope[m] * x, fy = slope[m] * y, fz = slope[m] * z;
        g[0] += fx;
        g[1] += fy;
        g[2] += fz;
        v[0] += fx * x;
        v[1] += fy * y;
        v[2] += fz * z;
        v[3] += fy * z;
        v[4] += fx * z;
        v[5] += fx * y;
    }
    for (int k = 0; i != j && k < 3; k++) {
        sum->gradient[i][k] += g[k];
        sum->gradient[j][k] -= g[k];
    }
    const int voigt[3][3] = {{0, 5, 4}, {5, 1, 3}, {4, 3, 2}};
    for (int k = 0; k < 9; k++)
        sum->virial[k / 3][k % 3] += v[voigt[k / 3][k % 3]];
}

void gfn1_repulsion(const gfn1_system *s, const gfn1_cells *c, gfn1_sum *sum) {
    gfn1_images images;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            double d[3], slope[GFN1_IMAGES];
            const gfn1_element *p = &s->element[i], *q = &s->element[j];
            const double a = sqrt(p->rep_alpha * q->rep_alpha);
            const double zz = p->rep_zeff * q->rep_zeff * (i == j ? 0.5 : 1);
            gfn1_difference(s, i, j, d);
            for (size_t next = 0; gfn1_images_of(c, d, &next, &images);) {
                for (size_t m = 0; m < images.n; m++) {
                    const double r = sqrt(images.r2[m]), b = a * r * sqrt(r), e = zz * exp(-b) / r;
                    sum->energy += e;
                    slope[m] = -(1.5 * b + 1) * e / images.r2[m];
                }
                if (sum->gradient)
                    gfn1_add_pair(sum, i, j, &images, slope);
            }
        }
}
