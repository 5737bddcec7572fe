/* SPDX-License-Identifier: MIT */
/* rattled.c - only the rattle: where no neighbour is distorted (N = 0), or oxidation states are unknown; and as many
 * independent ones as the user wants. */
#include "start.h"

#include <stdio.h>

enum { USUAL_RATTLES = 5 };

static skd_status make_rattled(skd_start_list *out, const skd_defect *defect, int charge,
                               const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    if (status != SKD_OK)
        return status;
    bool by_bonds = !options->compat && !defect->oxidation_known && options->n_neighbours < 0;
    if (plan.n_families > 0 && !by_bonds)
        goto done;
    skd_start *start;
    status = skd_start_add(out, defect, &skd_kind_rattled, "Rattled", &start, err);
    if (status != SKD_OK)
        goto done;
    start->n_neighbours = plan.n_neighbours[0];
    start->seed = skd_start_seed(&plan, defect, charge, options, "Rattled", 0);
    status = skd_start_finish(out, start, defect, options, err);
done:
    skd_start_plan_free(&plan);
    return status;
}

static skd_status make_rattles(skd_start_list *out, const skd_defect *defect, int charge,
                               const skd_start_options *options, skd_error *err) {
    const size_t n = options->n_rattles ? options->n_rattles : USUAL_RATTLES;
    skd_trial trial;
    skd_status status = skd_trial_open(&trial, &skd_kind_rattles, defect, charge, options, err);
    for (size_t k = 1; status == SKD_OK && k <= n; k++) {
        char name[32];
        skd_start *start;
        snprintf(name, sizeof name, "Rattled_%zu", k);
        status = skd_trial_add(out, &trial, name, &start, err);
        if (status != SKD_OK)
            break;
        start->rattle_number = (int)k; /* 0 is the one of "rattled" */
        if (options->compat) /* one seed for all there */
            start->seed += (uint32_t)k;
        status = skd_trial_finish(out, &trial, start, NULL, 0, err);
    }
    skd_trial_close(&trial);
    return status;
}

const skd_start_kind skd_kind_rattles = {
    .name = "rattles",
    .summary = "several independent rattles of all atoms but the defect: Rattled_1, Rattled_2, ..",
    .why_not = "one rattle beside the distortions, which are rattled too, finds most; ask with --rattles K",
    .make = make_rattles,
};

const skd_start_kind skd_kind_rattled = {
    .name = "rattled",
    .summary = "all atoms but the defect rattled, no neighbour moved on purpose",
    .in_default = true,
    .make = make_rattled,
};
