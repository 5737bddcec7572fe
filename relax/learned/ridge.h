/* SPDX-License-Identifier: MIT
 * ridge.h - Bayesian linear regression by normal equations: rows come in whitened blocks, one after the other, and
 * only their sums are kept. Private to relax/learned.
 *
 *   y = X w + noise,  noise ~ N(0, 1/beta),  w ~ N(0, 1/(alpha beta))
 *   posterior: mean (A + alpha)^-1 b, covariance (A + alpha)^-1 / beta, with A = X^T X, b = X^T y
 *
 * D. J. C. MacKay, Neural Comput. 4, 415 (1992); C. M. Bishop, Pattern Recognition and Machine Learning, ch. 3. */
#ifndef SKD_LEARNED_RIDGE_H
#define SKD_LEARNED_RIDGE_H

#include "shakedown/base.h"

/** Sums over rows. a: lower triangle, column-major. */
typedef struct ridge_normal {
    size_t m;
    double *a;    /**< [m][m] */
    double *b;    /**< [m]    */
    double yy;    /**< sum of y^2                             */
    double n;     /**< rows, each counted with its weight     */
} ridge_normal;
skd_status ridge_normal_new(ridge_normal *out, size_t m, skd_error *err) SKD_CHECKED;
void ridge_normal_free(ridge_normal *normal); /**< frees the contents */
/** Adds (sign 1) or takes away (-1) rows x[rows][m], y[rows]. */
void ridge_add(ridge_normal *normal, const double *x, const double *y, size_t rows, double sign);
/** to += weight * from. */
void ridge_add_scaled(ridge_normal *to, const ridge_normal *from, double weight);

/** Where evidence may choose; alpha fixed where alpha_min == alpha_max. */
typedef struct ridge_bounds {
    double alpha_min, alpha_max, beta_min, beta_max;
} ridge_bounds;

typedef struct ridge_solution {
    size_t m;
    double alpha, beta;
    double evidence;     /**< logarithm, up to a constant that the data fix                   */
    double condition;    /**< of A + alpha, in the 1-norm, as LAPACK estimates it             */
    double n_effective;  /**< sum of a/(a + alpha) over the eigenvalues of A                  */
    double *w;           /**< [m]                                                             */
    double *inverse;     /**< [m][m] lower, column-major: (A + alpha)^-1 = inverse^T inverse   */
} ridge_solution;
/** alpha of the largest evidence within the bounds, and its solution. SKD_ENUMERIC if A holds what is no number. */
skd_status ridge_solve(ridge_solution *out, const ridge_normal *normal, const ridge_bounds *bounds,
                       skd_error *err) SKD_CHECKED;
void ridge_solution_free(ridge_solution *solution); /**< frees the contents */

#endif
