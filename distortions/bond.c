/* SPDX-License-Identifier: MIT */
/* bond.c - bond distortions: N neighbours of the defect moved towards it or away, each to (1 + x) times its
 * distance, the others rattled (Mosquera-Lois & Kavanagh, Matter 4, 2602 (2021)). */
#include "start.h"

#include <stdio.h>

/* Moves near[set[k]] along the line from the defect. */
static skd_status move_neighbours(skd_start *start, const skd_near *near, const size_t *set, size_t n, double x,
                                  skd_error *err) {
    size_t *index = skd_alloc(n, sizeof *index);
    if (!index)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu neighbours", n);
    for (size_t k = 0; k < n; k++) {
        const skd_near *atom = &near[set[k]];
        index[k] = atom->index;
        for (int c = 0; c < 3; c++)
            start->cell->pos[atom->index][c] += x * atom->d[c];
    }
    skd_status status = skd_start_set_distorted(start, index, n, err);
    skd_free(index);
    return status;
}

static skd_status make_one(skd_start_list *out, const skd_family *f, size_t position, skd_error *err) {
    const double x = f->plan->distortion[position];
    char label[32], name[64];
    snprintf(label, sizeof label, "%.1f%%", 100.0 * x + 0.0);
    snprintf(name, sizeof name, "Bond_Distortion_%s%s", label, f->suffix);
    skd_start *start;
    skd_status status = skd_start_add(out, f->defect, f->kind, name, &start, err);
    if (status != SKD_OK)
        return status;
    snprintf(start->label, sizeof start->label, "%s", label);
    start->factor = x;
    start->n_neighbours = (int)f->n;
    start->seed = skd_start_seed(f->plan, f->defect, f->charge, f->options, name, position);
    status = move_neighbours(start, f->near, f->set, f->n, x, err);
    return status == SKD_OK ? skd_start_finish(out, start, f->defect, f->options, err) : status;
}

skd_status skd_family_make(skd_start_list *out, const skd_family *f, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; status == SKD_OK && k < f->plan->n_distortion; k++)
        if (!f->suffix[0] || f->plan->distortion[k] != 0.0)
            status = make_one(out, f, k, err);
    return status;
}

void skd_family_suffix(const skd_start_plan *plan, size_t family, char *out, size_t size) {
    out[0] = '\0';
    if (family > 0)
        snprintf(out, size, "_N%d", plan->n_neighbours[family]);
}

static skd_status make_family(skd_start_list *out, const skd_start_plan *plan, size_t k, skd_family *f,
                              skd_error *err) {
    skd_near *near;
    size_t n, *set = NULL;
    f->n = (size_t)plan->n_neighbours[k];
    skd_family_suffix(plan, k, f->suffix, sizeof f->suffix);
    skd_status status = skd_near_candidates(&near, &n, f->defect, f->options, f->n, err);
    if (status == SKD_OK)
        status = skd_choose_neighbours(near, n, f->n, f->options->compat, &set, err);
    f->near = near;
    f->set = set;
    if (status == SKD_OK)
        status = skd_family_make(out, f, err);
    skd_free(set);
    skd_free(near);
    return status;
}

static skd_status make_bond(skd_start_list *out, const skd_defect *defect, int charge,
                            const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    skd_family f = {&skd_kind_bond, defect, charge, options, &plan, NULL, NULL, 0, ""};
    for (size_t k = 0; status == SKD_OK && k < plan.n_families; k++)
        status = make_family(out, &plan, k, &f, err);
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_bond = {
    .name = "bond",
    .summary = "neighbours moved to 0.4 .. 1.6 times their distance, the other atoms rattled",
    .in_default = true,
    .make = make_bond,
};
