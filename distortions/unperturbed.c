/* SPDX-License-Identifier: MIT */
/* unperturbed.c - the start that moves nothing: what everyone relaxes, and what the others are compared with. */
#include "start.h"

static skd_status make_unperturbed(skd_start_list *out, const skd_defect *defect, int charge,
                                   const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    if (status != SKD_OK)
        return status;
    skd_start *start;
    status = skd_start_add(out, defect, &skd_kind_unperturbed, "Unperturbed", &start, err);
    if (status == SKD_OK) {
        start->n_neighbours = plan.n_neighbours[0];
        start->rattled = false;
        status = skd_start_finish(out, start, defect, options, err);
    }
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_unperturbed = {
    .name = "unperturbed",
    .summary = "the defect put into the perfect crystal, nothing moved",
    .in_default = true,
    .make = make_unperturbed,
};
