/* SPDX-License-Identifier: MIT
 * validate.h - how a model's energies, forces and stresses compare with those of labelled frames. */
#ifndef SKD_CLI_VALIDATE_H
#define SKD_CLI_VALIDATE_H

#include "models.h"

/** Pairs of a reference and a prediction. */
typedef struct pairs {
    double *reference, *model; /* [n] */
    size_t n, capacity;
} pairs;

typedef struct validation_options {
    bool has_center;
    double center[3], radius; /* fractional; Å: atoms of the defect's surroundings */
    const char *prefix;       /* of SVG files; NULL: none */
    bool json;
} validation_options;

/** Evaluates all frames with the models of their charges, prints a table (or JSON) and writes the pictures. */
skd_status validate(const models *m, const skd_frames *frames, const validation_options *options,
                    skd_error *err) SKD_CHECKED;

#endif
