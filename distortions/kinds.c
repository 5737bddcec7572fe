/* SPDX-License-Identifier: MIT */
/* kinds.c - the table of all ways to make a start. A new one is a file that defines a skd_start_kind, and a row
 * here; its line in start.h makes it known. The order is the order of the output. */
#include "start.h"

const skd_start_kind *const skd_start_kinds[] = {
    &skd_kind_unperturbed,
    &skd_kind_bond,
    &skd_kind_rattled,
    &skd_kind_dimer,
    NULL,
};

static skd_status check_options(const skd_start_options *o, skd_error *err) {
    const skd_rattle_options *r = &o->rattle;
    if (!(r->width > 0.0) || !(r->nbr_cutoff > 0.0) || !(r->max_disp > 0.0) || r->n_iter == 0 || r->max_attempts == 0)
        return skd_fail(err, SKD_EARG, "the rattle's width (%g Å), neighbour cutoff (%g Å), largest displacement "
                        "(%g Å), cycles (%zu) and attempts (%zu) must all be positive",
                        r->width, r->nbr_cutoff, r->max_disp, r->n_iter, r->max_attempts);
    if (o->compat && o->seed > UINT32_MAX)
        return skd_fail(err, SKD_EARG, "seed %llu: at most 4294967295 in ShakeNBreak's mode",
                        (unsigned long long)o->seed);
    return SKD_OK;
}

skd_status skd_starts_of(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    *out = (skd_start_list){.stdev = options->rattle.stdev};
    skd_status status = check_options(options, err);
    if (status == SKD_OK && !(out->stdev > 0.0))
        status = skd_rattle_default_stdev(defect->bulk, &out->stdev, err);
    for (const skd_start_kind *const *kind = skd_start_kinds; status == SKD_OK && *kind; kind++)
        if ((*kind)->in_default)
            status = (*kind)->make(out, defect, charge, options, err);
    if (status != SKD_OK)
        skd_start_list_free(out);
    return status;
}
