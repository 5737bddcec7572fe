/* SPDX-License-Identifier: MIT */
/* pairs.c - every pair of the first shell brought closer to the defect: in alloys, where no two neighbours are the
 * same, it is not known beforehand which two will bond (four neighbours: 6 pairs x -0.6 .. -0.2 and the unperturbed
 * defect are 31 starts). */
#include "start.h"

/* Without a user's list only distortions that bring atoms clearly closer count. */
static void keep_closer(skd_start_plan *plan) {
    size_t kept = 0;
    double *list = (double *)plan->distortion;
    for (size_t k = 0; k < plan->n_distortion; k++)
        if (list[k] >= -0.6005 && list[k] <= -0.1995)
            list[kept++] = list[k];
    plan->n_distortion = kept;
}

static skd_status make_pairs(skd_start_list *out, const skd_defect *defect, int charge,
                             const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_near *near = NULL;
    size_t n = 0;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    if (status == SKD_OK)
        status = skd_near_candidates(&near, &n, defect, options, 2, err);
    if (status == SKD_OK) {
        skd_family f = {&skd_kind_pairs, defect, charge, options, &plan, near, NULL, 2, ""};
        skd_set_range range = {.high = skd_first_shell(near, n), .choices = options->pairs, .word = "pair"};
        if (!options->distortion)
            keep_closer(&plan);
        if (range.high >= 2)
            status = skd_sets_make(out, &f, &range, err);
    }
    skd_free(near);
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_pairs = {
    .name = "pairs",
    .summary = "each two atoms of the first shell moved to 0.4 .. 0.8 times their distance, whatever N is",
    .why_not = "meant for alloys; elsewhere most pairs are equal or are made by bond; ask with --pairs",
    .make = make_pairs,
};
