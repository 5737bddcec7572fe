/* SPDX-License-Identifier: MIT */
/* rattled.c - only the rattle: where no neighbour is distorted (N = 0), or oxidation states are unknown. */
#include "start.h"

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

const skd_start_kind skd_kind_rattled = {
    .name = "rattled",
    .summary = "all atoms but the defect rattled, no neighbour moved on purpose",
    .in_default = true,
    .make = make_rattled,
};
