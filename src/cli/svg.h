/* SPDX-License-Identifier: MIT
 * svg.h - small pictures as SVG text: energy against distortion and against step, a map of minima, a family tree.
 * Colours are Okabe and Ito's, which stay apart for colour-blind readers; light and dark follow the viewer's setting.
 */
#ifndef SKD_SVG_H
#define SKD_SVG_H

#include "shakedown/relax.h"

typedef enum svg_mark { SVG_BOND, SVG_RATTLED, SVG_DIMER, SVG_IMPORTED, SVG_UNPERTURBED, SVG_OTHER } svg_mark;

typedef struct svg_point {
    double x;      /**< distortion factor; 0 where there is none      */
    double energy; /**< eV relative to Unperturbed                    */
    size_t family; /**< colour; by energy, 0 the lowest               */
    svg_mark mark;
    char label[64];
} svg_point;

/** Energy against distortion. Points above `highest` (eV) are left out and counted; scale: 1, or 1000 for meV. */
typedef struct svg_plot {
    const char *title; /**< NULL: none */
    svg_point *point;  /**< [n] */
    size_t n;
    double highest, scale;
    const char *unit, *families; /**< "eV"; what a colour means */
} svg_plot;

/** One whole <svg> element. */
void svg_energy_plot(skd_string *out, const svg_plot *plot);

/** A relaxation; its line is coloured by the family that it ended in, thick where it leads that family. */
typedef struct svg_series {
    const skd_trace *trace;
    size_t family;
    bool leads;
    const char *label;
} svg_series;

/** Energy against step. What lies far above the ends of all relaxations is cut off. */
typedef struct svg_steps {
    const char *title; /**< NULL: none */
    svg_series *series; /**< [n] */
    size_t n;
    double zero, scale; /**< eV; 1, or 1000 for meV */
    const char *unit, *families, *against; /**< of `zero`: "Unperturbed" */
} svg_steps;
void svg_steps_plot(skd_string *out, const svg_steps *plot);

/** A point a family, placed by classical multidimensional scaling of distance[n][n]. */
skd_status svg_map(skd_string *out, const double *distance, size_t n, skd_error *err) SKD_CHECKED;
/** Average-linkage tree of the same, with a logarithmic axis. */
skd_status svg_tree(skd_string *out, const double *distance, size_t n, skd_error *err) SKD_CHECKED;

/** Text with & < > " made safe for XML. */
void svg_text(skd_string *out, const char *text);
const char *svg_colour(size_t family);

#endif
