/* SPDX-License-Identifier: MIT */
/* confirm.c - searches whose teacher costs minutes: it relaxes nothing. A family is confirmed by a label of its own
 * with small forces, and what is worth a label is chosen sparingly.
 *
 * A label near a minimum is a trail of its own, from which the surrogate goes on in the next round; the label of where
 * it then ends takes its place, until the forces are small. The confirmed frame stays where it is; a second trail that
 * begins there stands for its basin on every later surrogate, so that the family is not asked about again. */
#include <math.h>
#include <stdlib.h>

#include "lesson.h"

enum { MOST_ASKED = 8 }; /* labels of one basin; then it counts as it is */

/* ---- what a label means ------------------------------------------------------------------------- */

/* Labels that the basin of this trail has had; trails of earlier ones are not followed any more. */
static size_t retire_basin(skd_lesson *l, size_t trail) {
    size_t family = l->kin.family[trail], asked = 0;
    for (size_t i = 0; i < l->kin.n_trails; i++) {
        skd_trail *t = &l->trails.trail[i];
        bool same = i == trail || (family != SIZE_MAX && l->kin.family[i] == family);
        if (!same || !t->earlier || t->confirmed || t->alias)
            continue;
        asked = t->asked > asked ? t->asked : asked;
        t->retired = true;
        t->unsure = false;
    }
    return asked;
}

static skd_status add_confirmed(skd_lesson *l, size_t start, size_t label, skd_error *err) {
    const skd_cell *cell = l->learner->label[label]->cell;
    skd_trail found = {.start = start, .label = label, .near = true, .confirmed = true, .tried = true,
                       .leads_to = SIZE_MAX};
    skd_status status = skd_trails_add(&l->trails, cell, &found, err);
    found.leads_to = l->trails.n - 1;
    found.alias = found.follows = true;
    return status == SKD_OK ? skd_trails_add(&l->trails, cell, &found, err) : status;
}

skd_status skd_confirm_point(skd_lesson *l, size_t start, size_t trail, size_t label, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    const skd_kept_label *answer = l->learner->label[label];
    double force = skd_label_force_max(answer, l->job);
    if (!(force < options->finish_force))
        return SKD_OK;
    skd_trail near = {.start = start, .label = label, .near = true, .leads_to = SIZE_MAX};
    near.asked = trail == SIZE_MAX ? 1 : 1 + retire_basin(l, trail);
    if (force < options->confirm_force || near.asked >= MOST_ASKED)
        return add_confirmed(l, start, label, err);
    return skd_trails_add(&l->trails, answer->cell, &near, err);
}

skd_status skd_confirm_watch(skd_lesson *l, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        skd_trail *t = &l->trails.trail[i];
        double moved = 0.0;
        if (!t->follows)
            continue;
        status = skd_largest_displacement(t->from, t->end, &moved, err);
        t->confirmed = !t->unsure && moved < SKD_DRIFTED;
        t->unsure = false; /* where the surrogate has lost the basin, the label has not */
    }
    return status;
}

skd_status skd_confirm_rest(skd_lesson *l, skd_error *err) {
    skd_status status = SKD_OK;
    size_t n = l->trails.n;
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        skd_trail *t = &l->trails.trail[i];
        size_t family = i < l->kin.n_trails ? l->kin.family[i] : SIZE_MAX;
        if (!t->near || !t->earlier || t->retired || t->confirmed || t->alias ||
            (family != SIZE_MAX && FAMILY_HAS(l, family, confirmed)))
            continue;
        t->retired = true;
        status = add_confirmed(l, t->start, t->label, err);
    }
    return status == SKD_OK && l->trails.n > n ? skd_lesson_explore(l, err) : status;
}

/* ---- what is worth one --------------------------------------------------------------------------- */

/* Takes `trail` unless it is there already. */
static void take(size_t trail, size_t *chosen, size_t *n) {
    for (size_t i = 0; i < *n; i++)
        if (chosen[i] == trail)
            return;
    chosen[(*n)++] = trail;
}

static bool is_open(const skd_lesson *l, size_t family) { return !FAMILY_HAS(l, family, confirmed); }

/* Families that are nearly there, and the lowest of the others. */
static void take_families(const skd_lesson *l, size_t *chosen, size_t *n, size_t room) {
    bool lowest = true;
    for (size_t f = 0; f < l->kin.n && *n < room; f++) {
        if (!is_open(l, f) || !(lowest || FAMILY_HAS(l, f, near)))
            continue;
        lowest = lowest && FAMILY_HAS(l, f, near);
        take(l->kin.best[f], chosen, n);
    }
}

/* A start whose atoms are in each other from the beginning: fits would leave its label out. */
static bool is_impossible(const skd_trail *t) { return t->stop == SKD_STOP_COLLAPSED && t->n_calls <= 1; }

/* Of ends that are unsure and the best of open families: those that teach most. */
static skd_status take_unsure(const skd_lesson *l, size_t *wanted, size_t *picked, size_t *chosen, size_t *n,
                              size_t room, skd_error *err) {
    size_t n_wanted = 0, n_picked = 0;
    for (size_t i = 0; i < l->trails.n; i++)
        if (l->trails.trail[i].unsure && !skd_lesson_is_stuck(l, i) && !is_impossible(&l->trails.trail[i]))
            wanted[n_wanted++] = i;
    for (size_t f = 0; f < l->kin.n; f++)
        if (is_open(l, f))
            wanted[n_wanted++] = l->kin.best[f];
    skd_status status = skd_trails_choose(&l->trails, l->model, wanted, n_wanted, 0.5 * l->learner->options.guard,
                                          room, picked, &n_picked, err);
    for (size_t i = 0; i < n_picked && *n < room; i++)
        take(picked[i], chosen, n);
    return status;
}

skd_status skd_confirm_choose(const skd_lesson *l, size_t *chosen, size_t *n_chosen, size_t room, skd_error *err) {
    size_t *wanted = skd_alloc(2 * l->trails.n + 1, sizeof *wanted), before;
    size_t *picked = skd_alloc(room + 1, sizeof *picked);
    skd_status status =
        wanted && picked ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", l->trails.n);
    *n_chosen = 0;
    if (status == SKD_OK && room > 0) {
        take_families(l, chosen, n_chosen, room);
        before = *n_chosen;
        status = take_unsure(l, wanted, picked, chosen, n_chosen, room, err);
        for (size_t f = 0; f < l->kin.n && *n_chosen == before && before < room; f++) /* all are sure: one more */
            if (is_open(l, f))
                take(l->kin.best[f], chosen, n_chosen);
    }
    skd_free(wanted);
    skd_free(picked);
    return status;
}
