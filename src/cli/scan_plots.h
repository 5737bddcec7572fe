/* SPDX-License-Identifier: MIT
 * scan_plots.h - a scan as pictures: gain against composition, share that reconstructs, distribution of the gain. */
#ifndef SKD_SCAN_PLOTS_H
#define SKD_SCAN_PLOTS_H

#include "shakedown/tasks.h"

/** A task that is done and has a gain. */
typedef struct scan_point {
    double share; /**< of the alloy; NAN: none            */
    long host;    /**< takes the place of a missing share */
    double gain;  /**< eV                                 */
    long weight;  /**< sites that it stands for           */
    char environment[64], label[160];
} scan_point;

typedef struct scan_points {
    scan_point *point; /**< [n] in the order of the tasks */
    size_t n, room;
    bool has_share;    /**< all have one */
} scan_points;

#define SCAN_IMPROVED 0.05 /**< eV below the unperturbed defect that count as a reconstruction */

/** Each one whole <svg> element. */
void scan_plot_gain(skd_string *out, const scan_points *points);
void scan_plot_share(skd_string *out, const scan_points *points);
void scan_plot_histogram(skd_string *out, const scan_points *points);

#endif
