/* SPDX-License-Identifier: MIT */
/* known_errors.c - the pairs of structures by which GFN1-xTB is calibrated against DFT. */
#include "shakedown/confidence.h"

static const skd_level_pair pairs[] = {
#include "gfn1_errors_table.h"
};

const skd_level_pair *skd_level_pairs(size_t *n) {
    *n = sizeof pairs / sizeof *pairs;
    return pairs;
}
