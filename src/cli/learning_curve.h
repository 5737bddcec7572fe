/* SPDX-License-Identifier: MIT
 * learning_curve.h - how errors fall with the number of labels, on top of several levels. */
#ifndef SKD_CLI_LEARNING_CURVE_H
#define SKD_CLI_LEARNING_CURVE_H

#include "models.h"

typedef struct curve_options {
    const char *bases;  /* "none,gfn1,FILE": one curve each */
    const char *sizes;  /* "5,10,20,40" labels              */
    size_t folds, repeats;
    uint32_t seed;
    double rattle;      /* Å, of each coordinate: how far lowest frames are moved before they are relaxed; 0: not */
    const char *output; /* first letters of SVGs' names; NULL: none */
    bool json;
} curve_options;

/** Fits with the settings of m to some of the frames, tests on others, prints a table: errors of forces and energies,
 *  and how far from the lowest frame of a relaxation a rattled copy of it relaxes with the model. Frames of one
 *  composition and charge are one relaxation. One fold: the test is on frames of relaxations that are learned from;
 *  more: on other relaxations. */
skd_status learning_curve(const models *m, const skd_frames *frames, const curve_options *options,
                          skd_error *err) SKD_CHECKED;

#endif
