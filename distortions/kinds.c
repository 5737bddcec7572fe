/* SPDX-License-Identifier: MIT */
/* kinds.c - the table of all ways to make a start. A new one is a file that defines a skd_start_kind, and a row
 * here; its line in start.h makes it known. The order is the order of the output. */
#include "start.h"

#include <string.h>

const skd_start_kind *const skd_start_kinds[] = {
    &skd_kind_unperturbed,
    &skd_kind_bond,
    &skd_kind_subsets,
    &skd_kind_pairs,
    &skd_kind_rattled,
    &skd_kind_dimer,
    &skd_kind_split,
    &skd_kind_split_unlike,
    &skd_kind_split_vacancy,
    &skd_kind_push,
    &skd_kind_swap,
    &skd_kind_subgroup,
    &skd_kind_rattles,
    &skd_kind_complex,
    &skd_kind_cross_charge,
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
    return SKD_OK;
}

static bool is_wanted(const skd_start_kind *kind, const skd_start_options *o) {
    for (size_t k = 0; k < o->n_kinds; k++)
        if (strcmp(o->kind[k], kind->name) == 0)
            return true;
    return !o->kind && kind->in_default;
}

const skd_start_kind *skd_start_kind_named(const char *name) {
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

static skd_status check_kinds(const skd_start_options *o, skd_error *err) {
    for (size_t k = 0; k < o->n_kinds; k++) {
        if (!skd_start_kind_named(o->kind[k]))
            return skd_fail(err, SKD_EARG, "no kind of start '%s'; --list-kinds names them", o->kind[k]);
    }
    return SKD_OK;
}

skd_status skd_starts_plan(skd_start_list *out, const skd_defect *defect, int charge,
                           const skd_start_options *options, skd_error *err) {
    *out = (skd_start_list){.stdev = options->rattle.stdev};
    skd_status status = check_options(options, defect, err);
    if (status == SKD_OK)
        status = check_kinds(options, err);
    if (status == SKD_OK && !(out->stdev > 0.0))
        status = skd_rattle_default_stdev(defect->bulk, &out->stdev, err);
    for (const skd_start_kind *const *kind = skd_start_kinds; status == SKD_OK && *kind; kind++)
        if (is_wanted(*kind, options))
            status = (*kind)->make(out, defect, charge, options, err);
    if (status == SKD_OK && out->n == 0)
        status = skd_fail(err, SKD_EARG, "none of the wanted kinds has a start for %s", defect->name);
    if (status != SKD_OK)
        skd_start_list_free(out);
    return status;
}

skd_status skd_starts_of(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    skd_status status = skd_starts_plan(out, defect, charge, options, err);
    for (size_t i = 0; status == SKD_OK && i < out->n; i++)
        status = skd_start_build(&out->start[i], out, defect, options, err);
    if (status != SKD_OK)
        skd_start_list_free(out);
    return status;
}
