/* SPDX-License-Identifier: MIT */
/* harmonics.c - real spherical harmonics of many vectors at once, by recursion in Cartesian components.
 *
 * Y_lm r^l = N_lm Q_lm(z, r^2) {cos m phi, sin |m| phi} rho^|m|, orthonormal on the sphere, without the
 * Condon-Shortley phase; m < 0 are the sines. Order: index l^2 + l + m, so m runs from -l to l in each l.
 *     rho^m e^{i m phi} = (x + i y)^m
 *     Q_mm     = sqrt((2m+1)/(2m)) Q_{m-1,m-1},   Q_00 = 1
 *     Q_lm     = a_lm (z Q_{l-1,m} - b_lm r^2 Q_{l-2,m})
 *     a_lm     = sqrt((4 l^2 - 1)/(l^2 - m^2)),   b_lm = sqrt(((l-1)^2 - m^2)/(4 (l-1)^2 - 1))
 * Source: the fully normalised associated Legendre recursion (Holmes & Featherstone, J. Geodesy 76, 279
 * (2002), eqs 11-12, here with sin^m theta taken out, so that there is no pole on the z axis). */
#include "shakedown/base.h"


struct skd_harmonics {
    int l_max;
    double *a, *b; /* [(l_max+1)^2], used at index l^2 + l + m for 0 <= m < l */
    double *top;   /* [l_max+1] Q_mm with its norm: sqrt(1/4pi) for m = 0, times sqrt(2) for m > 0 */
};

void skd_harmonics_free(skd_harmonics *h) {
    if (!h)
        return;
    skd_free(h->a);
    skd_free(h->b);
    skd_free(h->top);
    skd_free(h);
}

static void fill_coefficients(skd_harmonics *h) {
    const double four_pi = 12.566370614359172954;
    for (int l = 0; l <= h->l_max; l++)
        for (int m = 0; m < l; m++) {
            int at = l * l + l + m, k = l - 1;
            h->a[at] = sqrt((4.0 * l * l - 1.0) / (1.0 * l * l - 1.0 * m * m));
            h->b[at] = m < k ? sqrt((1.0 * k * k - 1.0 * m * m) / (4.0 * k * k - 1.0)) : 0.0;
        }
    double q = sqrt(1.0 / four_pi);
    h->top[0] = q;
    for (int m = 1; m <= h->l_max; m++) {
        q *= sqrt((2.0 * m + 1.0) / (2.0 * m));
        h->top[m] = q * sqrt(2.0);
    }
}

skd_status skd_harmonics_new(skd_harmonics **out, int l_max, skd_error *err) {
    *out = NULL;
    if (l_max < 0 || l_max > SKD_HARMONICS_L_MAX)
        return skd_fail(err, SKD_EARG, "spherical harmonics to l = %d, expected 0..%d", l_max, SKD_HARMONICS_L_MAX);
    skd_harmonics *h = skd_alloc(1, sizeof *h);
    if (!h)
        goto nomem;
    size_t n = (size_t)((l_max + 1) * (l_max + 1));
    h->l_max = l_max;
    h->a = skd_alloc(n, sizeof *h->a);
    h->b = skd_alloc(n, sizeof *h->b);
    h->top = skd_alloc((size_t)l_max + 1, sizeof *h->top);
    if (!h->a || !h->b || !h->top)
        goto nomem;
    fill_coefficients(h);
    *out = h;
    return SKD_OK;
nomem:
    skd_harmonics_free(h);
    return skd_fail(err, SKD_ENOMEM, "out of memory for spherical harmonics to l = %d", l_max);
}

#define WIDE SKD_HARMONICS_WIDE

SKD_VECTOR_CLONES
void skd_harmonics_eval(const skd_harmonics *h, const double x[WIDE], const double y[WIDE], const double z[WIDE],
                        double (*out)[WIDE]) {
    double r2[WIDE], c[WIDE], s[WIDE];
    for (int k = 0; k < WIDE; k++) {
        r2[k] = x[k] * x[k] + y[k] * y[k] + z[k] * z[k];
        c[k] = 1.0;
        s[k] = 0.0;
    }
    for (int m = 0; m <= h->l_max; m++) {
        double last[WIDE], before[WIDE]; /* Q_{l-1,m}, Q_{l-2,m} */
        for (int k = 0; k < WIDE; k++) {
            last[k] = h->top[m];
            before[k] = 0.0;
        }
        for (int l = m; l <= h->l_max; l++) {
            int at = l * l + l + m, mirror = l * l + l - m;
            if (l > m)
                for (int k = 0; k < WIDE; k++) {
                    double next = h->a[at] * (z[k] * last[k] - h->b[at] * r2[k] * before[k]);
                    before[k] = last[k];
                    last[k] = next;
                }
            for (int k = 0; k < WIDE; k++)
                out[at][k] = last[k] * c[k];
            for (int k = 0; m > 0 && k < WIDE; k++)
                out[mirror][k] = last[k] * s[k];
        }
        for (int k = 0; k < WIDE; k++) {
            double turned = x[k] * c[k] - y[k] * s[k];
            s[k] = x[k] * s[k] + y[k] * c[k];
            c[k] = turned;
        }
    }
}
