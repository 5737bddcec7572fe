/* SPDX-License-Identifier: MIT */
/* trial.c - for kinds that try many things of which symmetry makes some equal: each is a trial that stays in the
 * list only if it is new. Names count up: "Swap_Te-Cd", "Swap_Te-Cd_2". */
#include "start.h"

#include <stdio.h>
#include <string.h>

skd_status skd_trial_open(skd_trial *trial, const skd_start_kind *kind, const skd_defect *defect, int charge,
                          const skd_start_options *options, skd_error *err) {
    *trial = (skd_trial){.kind = kind, .defect = defect, .charge = charge, .options = *options};
    skd_status status = skd_start_plan_new(&trial->plan, defect, charge, options, err);
    trial->options.subsets = trial->options.pairs = SKD_CHOICES_DISTINCT;
    return status;
}

void skd_trial_close(skd_trial *trial) { skd_start_plan_free(&trial->plan); }

static bool is_taken(const skd_start_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->start[i].name, name) == 0)
            return true;
    return false;
}

skd_status skd_trial_add(skd_start_list *list, const skd_trial *trial, const char *base, skd_start **out,
                         skd_error *err) {
    char name[64];
    snprintf(name, sizeof name, "%s", base);
    for (int k = 2; is_taken(list, name); k++)
        snprintf(name, sizeof name, "%.52s_%d", base, k);
    skd_status status = skd_start_add(list, trial->defect, trial->kind, name, out, err);
    if (status != SKD_OK)
        return status;
    (*out)->n_neighbours = trial->plan.n_neighbours[0];
    (*out)->seed = skd_start_seed(&trial->plan, trial->defect, trial->charge, &trial->options, name,
                                  trial->plan.n_distortion);
    return SKD_OK;
}

static void forget_last(skd_start_list *list) {
    skd_start *start = &list->start[--list->n];
    skd_cell_free(start->cell);
    skd_free(start->distorted);
    skd_free(start->moved);
}

/* ShakeNBreak has none of these kinds: its mode keeps no doubles of them either. */
skd_status skd_trial_finish(skd_start_list *list, const skd_trial *trial, skd_start *start, const size_t *index,
                            size_t n, skd_error *err) {
    skd_start_options options = trial->options;
    options.compat = false;
    skd_status status = skd_start_set_distorted(start, index, n, err);
    if (status == SKD_OK)
        status = skd_start_finish(list, start, trial->defect, &options, err);
    if (status == SKD_OK && start->dropped)
        forget_last(list);
    return status;
}

/* Same as the shell of a dimer: up to this times the shortest distance. */
#define SHELL 1.25

static size_t take_shell(skd_near *near, size_t n, const skd_cell *cell, int species) {
    size_t kept = 0;
    for (size_t k = 0; k < n && (kept == 0 || near[k].r <= SHELL * near[0].r); k++)
        if (!species || cell->species[near[k].index] == species)
            near[kept++] = near[k];
    return kept;
}

skd_status skd_near_shell(skd_near **out, size_t *n, const skd_defect *defect, int species, skd_error *err) {
    double centre[3];
    skd_defect_centre(defect, centre);
    skd_status status = skd_near_sorted(out, n, defect->cell, centre, defect->index, err);
    if (status == SKD_OK)
        *n = take_shell(*out, *n, defect->cell, species);
    return status;
}
