/* SPDX-License-Identifier: MIT
 * plot.h - small SVG pictures: parity plots, histograms, curves. */
#ifndef SKD_CLI_PLOT_H
#define SKD_CLI_PLOT_H

#include "shakedown/base.h"

/** Appends an SVG with a point for each pair (x[i], y[i]) and the diagonal; `what` is "energy (eV/atom)". Where pairs
 *  are many, those that fall on one pixel are drawn once. */
void plot_parity(skd_string *out, const char *what, const double *x, const double *y, size_t n);
/** Appends an SVG with the counts of error[n] in 41 bins over -3 to 3 root mean squares. */
void plot_histogram(skd_string *out, const char *what, const double *error, size_t n);

/** A line of a plot: y[n] above 0, and where it begins without what x counts (0: nowhere), drawn as a dashed level. */
typedef struct plot_curve {
    const char *name;
    const double *y;
    double level;
} plot_curve;
/** Appends an SVG of curves over x[n], ascending and above 0, both axes logarithmic; `note` goes below the title. */
void plot_curves(skd_string *out, const char *const title_note_x_y[4], const double *x, size_t n,
                 const plot_curve *curve, size_t n_curves);

#endif
