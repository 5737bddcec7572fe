/* SPDX-License-Identifier: MIT
 * offsets.h - energies with unknown constants. Private to relax/learned.
 *
 *   y_f = x_f . w + z_f . c + noise,  c ~ N(0, diag(width^2))
 *
 * The columns of z are the counts of each element and one flag a group (composition and charge), so that a constant
 * wrong by 100 eV in one group moves no weight. c is integrated out: the energies' covariance becomes
 * S = diag(sigma^2) + Z width^2 Z^T, and rows whitened by it enter the ridge as any other row. Given w,
 *   c = K (y - X w),  K = width^2 Z^T S^-1,  covariance width^2 - K Z width^2.
 * A frame's energy then varies as (x - H^T z) . w with H = K X. C. E. Rasmussen and C. K. I. Williams, Gaussian
 * Processes for Machine Learning, sec. 2.7. */
#ifndef SKD_LEARNED_OFFSETS_H
#define SKD_LEARNED_OFFSETS_H

#include "shakedown/base.h"

/** Energies of n frames; freed by offsets_free. After offsets_whiten x, y, z are whitened by S. */
typedef struct offsets {
    size_t n, m, k;
    double *x;     /**< [n][m] */
    double *y;     /**< [n]    */
    double *sigma; /**< [n]    */
    double *z;     /**< [n][k] */
    double *width; /**< [k]    */
} offsets;
skd_status offsets_new(offsets *out, size_t n, size_t m, size_t k, skd_error *err) SKD_CHECKED;
void offsets_free(offsets *o); /**< frees the contents */
skd_status offsets_whiten(offsets *o, skd_error *err) SKD_CHECKED;
/** After whitening: mean c[k] given w[m], H[k][m], covariance[k][k]. */
void offsets_posterior(const offsets *o, const double *w, double *c, double *h, double *covariance);

#endif
