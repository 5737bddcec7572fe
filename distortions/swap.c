/* SPDX-License-Identifier: MIT */
/* swap.c - two bonded atoms of unlike species exchanged: a neighbour of the defect with one of its own neighbours
 * (an antisite pair beside the defect), or the added atom with a neighbour (kick-out by an interstitial). */
#include "start.h"

#include <stdio.h>

/* Bonded: up to this times the distance to the nearest atom. */
#define BONDED 1.25

static skd_status add_swap(skd_start_list *out, const skd_trial *trial, const skd_mic *mic, size_t i, size_t j,
                           skd_error *err) {
    const skd_cell *cell = trial->defect->cell;
    const size_t pair[2] = {i, j};
    char name[64];
    double d[3];
    skd_start *start;
    skd_pair_name("Swap", cell->species[i], cell->species[j], name, sizeof name);
    skd_status status = skd_trial_add(out, trial, name, &start, err);
    if (status != SKD_OK)
        return status;
    skd_mic_vector(mic, cell->pos[i], cell->pos[j], d);
    for (int c = 0; c < 3; c++) {
        start->cell->pos[i][c] += d[c];
        start->cell->pos[j][c] -= d[c];
    }
    return skd_trial_finish(out, trial, start, pair, 2, err);
}

/* Atom i with each of its neighbours that is of another species. */
static skd_status add_swaps_of(skd_start_list *out, const skd_trial *trial, const skd_mic *mic, size_t i,
                               skd_error *err) {
    const skd_cell *cell = trial->defect->cell;
    skd_near *near;
    size_t n;
    skd_status status = skd_near_sorted(&near, &n, cell, cell->pos[i], i, err);
    for (size_t k = 0; status == SKD_OK && k < n && near[k].r <= BONDED * near[0].r; k++) {
        const size_t j = near[k].index;
        if (cell->species[j] != cell->species[i] && j != trial->defect->index)
            status = add_swap(out, trial, mic, i, j, err);
    }
    skd_free(near);
    return status;
}

static skd_status add_all(skd_start_list *out, const skd_trial *trial, skd_error *err) {
    const skd_defect *defect = trial->defect;
    skd_near *near = NULL;
    size_t n = 0;
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, defect->cell, err);
    if (status == SKD_OK && defect->kind != SKD_VACANCY)
        status = add_swaps_of(out, trial, &mic, defect->index, err);
    if (status == SKD_OK)
        status = skd_near_shell(&near, &n, defect, 0, err);
    for (size_t k = 0; status == SKD_OK && k < n; k++)
        status = add_swaps_of(out, trial, &mic, near[k].index, err);
    skd_free(near);
    return status;
}

static skd_status make_swap(skd_start_list *out, const skd_defect *defect, int charge,
                            const skd_start_options *options, skd_error *err) {
    skd_trial trial;
    skd_status status = skd_trial_open(&trial, &skd_kind_swap, defect, charge, options, err);
    if (status == SKD_OK)
        status = add_all(out, &trial, err);
    skd_trial_close(&trial);
    return status;
}

const skd_start_kind skd_kind_swap = {
    .name = "swap",
    .summary = "a neighbour of the defect exchanged with an unlike neighbour of its own; added atoms with neighbours",
    .why_not = "an antisite pair more costs electronvolts in most ordered hosts; it pays in alloys and for kick-out",
    .make = make_swap,
};
