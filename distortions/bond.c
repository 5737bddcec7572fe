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

typedef struct family {
    const skd_defect *defect;
    int charge;
    const skd_start_options *options;
    const skd_start_plan *plan;
    const skd_near *near;
    const size_t *set; /* [n] of near */
    int n;
    bool is_second; /* its names carry N */
} family;

static skd_status make_one(skd_start_list *out, const family *f, size_t position, skd_error *err) {
    const double x = f->plan->distortion[position];
    char label[32], name[64];
    snprintf(label, sizeof label, "%.1f%%", 100.0 * x + 0.0);
    if (f->is_second)
        snprintf(name, sizeof name, "Bond_Distortion_%s_N%d", label, f->n);
    else
        snprintf(name, sizeof name, "Bond_Distortion_%s", label);
    skd_start *start;
    skd_status status = skd_start_add(out, f->defect, &skd_kind_bond, name, &start, err);
    if (status != SKD_OK)
        return status;
    snprintf(start->label, sizeof start->label, "%s", label);
    start->factor = x;
    start->n_neighbours = f->n;
    start->seed = skd_start_seed(f->plan, f->defect, f->charge, f->options, name, position);
    status = move_neighbours(start, f->near, f->set, (size_t)f->n, x, err);
    return status == SKD_OK ? skd_start_finish(out, start, f->defect, f->options, err) : status;
}

/* The second family has no 0 % of its own: it would be one more rattle. */
static skd_status make_family(skd_start_list *out, family *f, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; status == SKD_OK && k < f->plan->n_distortion; k++)
        if (!f->is_second || f->plan->distortion[k] != 0.0)
            status = make_one(out, f, k, err);
    return status;
}

static size_t keep_species(skd_near *near, size_t n, const skd_cell *cell, int z) {
    size_t kept = 0;
    for (size_t k = 0; k < n; k++)
        if (cell->species[near[k].index] == z)
            near[kept++] = near[k];
    return kept;
}

static skd_status make_all(skd_start_list *out, family *f, skd_error *err) {
    double centre[3];
    skd_near *near;
    size_t n;
    skd_defect_centre(f->defect, centre);
    skd_status status = skd_near_sorted(&near, &n, f->defect->cell, centre, f->defect->index, err);
    f->near = near;
    if (f->options->distorted_species)
        n = keep_species(near, n, f->defect->cell, f->options->distorted_species);
    for (size_t k = 0; status == SKD_OK && k < f->plan->n_families; k++) {
        size_t *set;
        f->n = f->plan->n_neighbours[k];
        f->is_second = k > 0;
        status = skd_choose_neighbours(near, n, (size_t)f->n, f->options->compat, &set, err);
        f->set = set;
        if (status == SKD_OK)
            status = make_family(out, f, err);
        skd_free(set);
    }
    skd_free(near);
    return status;
}

static skd_status make_bond(skd_start_list *out, const skd_defect *defect, int charge,
                            const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    if (status != SKD_OK)
        return status;
    family f = {.defect = defect, .charge = charge, .options = options, .plan = &plan};
    status = make_all(out, &f, err);
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_bond = {
    .name = "bond",
    .summary = "neighbours moved to 0.4 .. 1.6 times their distance, the other atoms rattled",
    .in_default = true,
    .make = make_bond,
};
