/* SPDX-License-Identifier: MIT */
/* push.c - any two neighbours of the defect that are close to each other pushed together, to 2 Å or to the length
 * of the dimer that the user gives; the kind "dimer" does so only with the closest two. */
#include "start.h"

#include <stdio.h>
#include <string.h>

#define TARGET 2.0 /* Å; ShakeNBreak's Dimer before it used tables of bonds */
#define CLOSE  1.5 /* times the shortest separation of two neighbours: two opposite corners of an octahedron count */

void skd_pair_name(const char *what, int z1, int z2, char *out, size_t size) {
    const char *a = skd_element_of(z1)->symbol, *b = skd_element_of(z2)->symbol;
    const bool in_order = strcmp(a, b) <= 0;
    snprintf(out, size, "%s_%s-%s", what, in_order ? a : b, in_order ? b : a);
}

static double separation(const skd_mic *mic, const skd_cell *cell, const skd_near *a, const skd_near *b) {
    double d[3];
    return skd_mic_vector(mic, cell->pos[a->index], cell->pos[b->index], d);
}

static double shortest(const skd_mic *mic, const skd_cell *cell, const skd_near *near, size_t n) {
    double best = HUGE_VAL;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            best = fmin(best, separation(mic, cell, &near[i], &near[j]));
    return best;
}

static skd_status add_push(skd_start_list *out, const skd_trial *trial, size_t i, size_t j, skd_error *err) {
    const int *z = trial->defect->cell->species;
    const double wish = trial->options.dimer_length;
    const size_t pair[2] = {i, j};
    char name[64];
    skd_start *start;
    skd_pair_name("Push", z[i], z[j], name, sizeof name);
    skd_status status = skd_trial_add(out, trial, name, &start, err);
    if (status == SKD_OK)
        status = skd_pair_set_length(start->cell, pair, wish > 0.0 ? wish : TARGET, err);
    return status == SKD_OK ? skd_trial_finish(out, trial, start, pair, 2, err) : status;
}

static skd_status add_all(skd_start_list *out, const skd_trial *trial, const skd_near *near, size_t n,
                          skd_error *err) {
    const skd_cell *cell = trial->defect->cell;
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    const double limit = status == SKD_OK ? CLOSE * shortest(&mic, cell, near, n) : 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; status == SKD_OK && j < n; j++)
            if (separation(&mic, cell, &near[i], &near[j]) <= limit)
                status = add_push(out, trial, near[i].index, near[j].index, err);
    return status;
}

static skd_status make_push(skd_start_list *out, const skd_defect *defect, int charge,
                            const skd_start_options *options, skd_error *err) {
    skd_trial trial;
    skd_near *near = NULL;
    size_t n = 0;
    skd_status status = skd_trial_open(&trial, &skd_kind_push, defect, charge, options, err);
    if (status == SKD_OK)
        status = skd_near_shell(&near, &n, defect, 0, err);
    if (status == SKD_OK)
        status = add_all(out, &trial, near, n, err);
    skd_free(near);
    skd_trial_close(&trial);
    return status;
}

const skd_start_kind skd_kind_push = {
    .name = "push",
    .summary = "each two close neighbours of the defect 2 Å apart (or by --dimer-length), distinct pairs once",
    .why_not = "in ordered hosts 'dimer' and the contractions of 'bond' already bring pairs together",
    .make = make_push,
};
