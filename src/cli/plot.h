/* SPDX-License-Identifier: MIT
 * plot.h - two kinds of small SVG pictures: parity plots and histograms. */
#ifndef SKD_CLI_PLOT_H
#define SKD_CLI_PLOT_H

#include "shakedown/base.h"

/** Appends an SVG with a point for each pair (x[i], y[i]) and the diagonal; `what` is "energy (eV/atom)". Where pairs
 *  are many, those that fall on one pixel are drawn once. */
void plot_parity(skd_string *out, const char *what, const double *x, const double *y, size_t n);
/** Appends an SVG with the counts of error[n] in 41 bins over -3 to 3 root mean squares. */
void plot_histogram(skd_string *out, const char *what, const double *error, size_t n);

#endif
