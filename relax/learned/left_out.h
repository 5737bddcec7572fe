/* SPDX-License-Identifier: MIT
 * left_out.h - how well each label is predicted by a fit without it, and what the posterior deviations are worth.
 * Private to relax/learned. */
#ifndef SKD_LEARNED_LEFT_OUT_H
#define SKD_LEARNED_LEFT_OUT_H

#include "fit.h"
#include "model.h"

/** Fills in the report's errors, scales, rank correlation and coverage, and sets the model's scales. */
skd_status left_out_measure(skd_model *model, skd_fit *fit, skd_fit_report *report, skd_error *err) SKD_CHECKED;
/** Rank correlation (Spearman) of a and b, ties by mean ranks; 0 for n < 3 or constants. scratch: [2 n] */
double left_out_spearman(const double *a, const double *b, size_t n, double *scratch);
/** Factor on deviations from z[n] = error / deviation: robust, drawn to `expected` where n is small, bounded.
 *  Sorts z. */
double left_out_scale(double *z, size_t n, double expected);

#endif
