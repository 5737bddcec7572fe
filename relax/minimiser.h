/* SPDX-License-Identifier: MIT */
/* minimiser.h - small vector arithmetic that the methods share. Plain loops in a fixed order, so that a
 * minimisation has the same bits wherever it runs. */
#ifndef SKD_MINIMISER_H
#define SKD_MINIMISER_H

#include "shakedown/relax.h"

static inline double skd_vec_dot(size_t m, const double *a, const double *b) {
    double sum = 0.0;
    for (size_t i = 0; i < m; i++)
        sum += a[i] * b[i];
    return sum;
}

/** y += a x */
static inline void skd_vec_add(size_t m, double a, const double *x, double *y) {
    for (size_t i = 0; i < m; i++)
        y[i] += a * x[i];
}

/** Factor <= 1 that brings a step of this length down to `most`. */
static inline double skd_step_factor(double length, double most) { return length > most ? most / length : 1.0; }

#endif
