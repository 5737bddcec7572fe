/* SPDX-License-Identifier: MIT
 * svg_frame.h - the frame that plots of svg.h share: paper, axes, grid.
 */
#ifndef SKD_SVG_FRAME_H
#define SKD_SVG_FRAME_H

#include "svg.h"

#define SVG_WIDTH  560.0
#define SVG_HEIGHT 360.0
#define SVG_LEFT   70.0
#define SVG_RIGHT  150.0
#define SVG_TOP    34.0
#define SVG_BOTTOM 48.0

/** What is shown, in the units of the axes. */
typedef struct svg_frame {
    double low, high, left, right;
} svg_frame;
double svg_at_x(const svg_frame *frame, double x);
double svg_at_y(const svg_frame *frame, double y);

/** Steps of 1, 2 or 5 times a power of ten, about `n` of them. */
double svg_nice_step(double range, int n);
void svg_open(skd_string *out, const char *title); /**< <svg>, its style and the paper; title NULL: none */
/** Frame, grid, and numbers every x_step. */
void svg_axes(skd_string *out, const svg_frame *frame, double x_step, const char *x_label, const char *y_label);

#endif
