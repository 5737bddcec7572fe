/* SPDX-License-Identifier: MIT
 * learning_curve_parts.h - what learning_curve.c computes and learning_curve_print.c shows; private to the two. */
#ifndef SKD_CLI_LEARNING_CURVE_PARTS_H
#define SKD_CLI_LEARNING_CURVE_PARTS_H

#include "learning_curve.h"

enum { BASES_MAX = 6, SIZES_MAX = 16 };

enum { FORCE, ENERGY, GEOMETRY, MEASURES };

typedef struct curve {
    char name[64];
    skd_potential *base;   /* NULL: none */
    skd_result **result;   /* [frames] of the base */
    double rms[MEASURES][SIZES_MAX + 1]; /* sums of squares, then roots of means; [n_sizes]: without any label */
    double *distance;                    /* [n_sizes + 1][repeats n_groups] of relaxed geometries */
    size_t n_distance[SIZES_MAX + 1];
    double lost[SIZES_MAX + 1];          /* share of them farther off than where they started; their median is in rms */
} curve;

typedef struct curves {
    const models *m;
    const skd_frames *frames;
    const curve_options *options;
    size_t *group; /* [frames] number of the relaxation */
    size_t *fold;  /* [groups] */
    size_t *order; /* [frames] of training              */
    bool *learned; /* [frames] at the largest size, of relaxations that are tested too */
    size_t n_groups, n_sizes, n_curves;
    size_t n[MEASURES];
    double size[SIZES_MAX];
    int species[SKD_ELEMENT_MAX];
    size_t n_species;
    skd_features *features;
    skd_cell **rattled; /* [groups] the lowest frame of each, moved; NULL: not wanted */
    size_t *lowest;     /* [groups] */
    curve curve[BASES_MAX];
} curves;

/* Table or JSON, and the figures if they are asked for. */
skd_status learning_curve_report(const curves *c, skd_error *err) SKD_CHECKED;

#endif
