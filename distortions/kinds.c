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

static skd_status check_options(const skd_start_options *o, const skd_defect *defect, skd_error *err) {
    const skd_rattle_options *r = &o->rattle;
    if (!(r->width > 0.0) || !(r->nbr_cutoff > 0.0) || !(r->max_disp > 0.0) || r->n_iter == 0 || r->max_attempts == 0)
        return skd_fail(err, SKD_EARG, "the rattle's width (%g Å), neighbour cutoff (%g Å), largest displacement "
                        "(%g Å), cycles (%zu) and attempts (%zu) must all be positive",
                        r->width, r->nbr_cutoff, r->max_disp, r->n_iter, r->max_attempts);
    if (o->compat && o->seed > UINT32_MAX)
        return skd_fail(err, SKD_EARG, "seed %llu: at most 4294967295 in ShakeNBreak's mode",
                        (unsigned long long)o->seed);
    if (o->active && o->n_active > defect->cell->n)
        return skd_fail(err, SKD_EARG, "%zu active atoms in a cell of %zu", o->n_active, defect->cell->n);
    for (size_t k = 0; o->active && k < o->n_active; k++)
        if (o->active[k] >= defect->cell->n)
            return skd_fail(err, SKD_EARG, "active atom %zu of a cell of %zu", o->active[k] + 1, defect->cell->n);
    if (o->distorted_species && skd_cell_count(defect->cell, o->distorted_species) == 0)
        return skd_fail(err, SKD_EARG, "no atom of the element to distort (atomic number %d) in the cell",
                        o->distorted_species);
    return SKD_OK;
}

skd_status skd_starts_of(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    *out = (skd_start_list){.stdev = options->rattle.stdev};
    skd_status status = check_options(options, defect, err);
    if (status == SKD_OK && !(out->stdev > 0.0))
        status = skd_rattle_default_stdev(defect->bulk, &out->stdev, err);
    for (const skd_start_kind *const *kind = skd_start_kinds; status == SKD_OK && *kind; kind++)
        if ((*kind)->in_default)
            status = (*kind)->make(out, defect, charge, options, err);
    if (status != SKD_OK)
        skd_start_list_free(out);
    return status;
}
