/* SPDX-License-Identifier: MIT */
/* last_word.c - minima are the teacher's: the best member of each family, and what the surrogate leaves open, is
 * relaxed by the teacher itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

#define SAME_END 0.1 /* eV, between where the teacher ends and where the surrogate did */

enum { FIRST_STEPS = 25, STUCK_STEPS = 10, DIRECT_CALLS = 40 }; /* the last: of a start, where crystals are soft */

bool skd_lesson_is_dear(const skd_lesson *l) {
    size_t n = 0;
    for (size_t i = 0; i < l->job->starts.n; i++)
        n += !l->job->starts.start[i].later && !l->job->starts.start[i].dropped;
    return l->summary->n_labels + l->summary->n_finish > DIRECT_CALLS * n;
}

/* Does any start lead to this family? */
static bool has_start(const skd_lesson *l, size_t family) {
    for (size_t i = 0; i < l->kin.n_trails; i++)
        if (l->kin.family[i] == family && !l->trails.trail[i].earlier)
            return true;
    return false;
}

void skd_lesson_name(const skd_lesson *l, size_t trail, char *text, size_t size) {
    char name[80];
    const skd_trail *t = &l->trails.trail[trail];
    skd_defect_entry_name(l->job->defect, l->job->charge, name, sizeof name);
    snprintf(text, size, "%s/%s", name, l->job->starts.start[t->start].name);
}

static bool is_relaxed_from(const skd_trail *t) { return t->alias; }
static bool is_left_place(const skd_trail *t) { return t->left; }

/* Does any trail of a kind begin next to this frame? */
static skd_status is_any_near(const skd_lesson *l, const skd_cell *cell, bool (*of_kind)(const skd_trail *), bool *near,
                              skd_error *err) {
    skd_status status = SKD_OK;
    *near = false;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && !*near; i++) {
        const skd_trail *other = &l->trails.trail[i];
        double apart = (double)INFINITY;
        if (of_kind(other))
            status = skd_largest_displacement(cell, other->from, &apart, err);
        *near = apart < SKD_DRIFTED;
    }
    return status;
}

/* Has the teacher relaxed a frame close by to the end? */
static skd_status is_tried_near(const skd_lesson *l, const skd_cell *cell, bool *tried, skd_error *err) {
    return is_any_near(l, cell, is_relaxed_from, tried, err);
}

/* Has the teacher left this place for another one, in the few steps of the first time? */
static skd_status is_left(const skd_lesson *l, const skd_cell *cell, bool *left, skd_error *err) {
    return is_any_near(l, cell, is_left_place, left, err);
}

/* Did the teacher relax this trail from where it ends now? Later models may lead it elsewhere. */
static skd_status is_tried(const skd_lesson *l, const skd_trail *t, bool *tried, skd_error *err) {
    *tried = t->tried;
    return t->tried && !t->failed ? is_tried_near(l, t->end, tried, err) : SKD_OK;
}

/* The families that are ready, lowest first: their best member. `any`: also where the teacher's forces are unknown.
 * The first time only for a few steps: if the end is farther, the surrogate goes there for less. */
skd_status skd_finish_families(const skd_lesson *l, bool any, skd_finish *list, size_t room, size_t *n,
                               skd_error *err) {
    skd_status status = SKD_OK;
    const bool dear = skd_lesson_is_dear(l);
    *n = 0;
    for (size_t f = 0; f < l->kin.n && *n < room && status == SKD_OK; f++) {
        const skd_trail *t = &l->trails.trail[l->kin.best[f]];
        size_t steps = any || FAMILY_HAS(l, f, begun) ? 0 : FIRST_STEPS;
        bool tried = false;
        if (!(any || FAMILY_HAS(l, f, near)) || FAMILY_HAS(l, f, confirmed) || (dear && !has_start(l, f)))
            continue;
        status = is_tried(l, t, &tried, err);
        if (status == SKD_OK && !tried && steps)
            status = is_left(l, t->end, &tried, err);
        if (status == SKD_OK && !tried)
            list[(*n)++] = (skd_finish){l->kin.best[f], t->end, steps, true, false};
    }
    return status;
}

bool skd_lesson_is_stuck(const skd_lesson *l, size_t trail) {
    const skd_trail *t = &l->trails.trail[trail];
    return t->unsure && !t->earlier && !t->settled &&
           (skd_learner_counts(l->learner, t->end, l->job->charge) ||
            (t->asked_end && skd_learner_left_out(l->learner, l->job, t->answer)));
}

size_t skd_finish_stuck(const skd_lesson *l, skd_finish *list, size_t room) {
    size_t n = 0;
    for (size_t i = 0; i < l->trails.n && n < room; i++)
        if (!l->trails.trail[i].tried && !l->trails.trail[i].no_way_on && skd_lesson_is_stuck(l, i))
            list[n++] = (skd_finish){i, l->trails.trail[i].end, STUCK_STEPS, false, true};
    return n;
}

/* A place that the teacher went away from. */
static skd_status leave(skd_lesson *l, const skd_finish *f, const skd_kept_label *answer, skd_error *err) {
    double moved = 0.0;
    const skd_trail left = {.start = l->trails.trail[f->trail].start, .left = true, .retired = true, .tried = true,
                            .label = SIZE_MAX, .leads_to = SIZE_MAX};
    skd_status status = skd_largest_displacement(answer->cell, answer->relaxed, &moved, err);
    if (status != SKD_OK || moved < SKD_DRIFTED)
        return status;
    l->trails.trail[f->trail].tried |= l->trails.trail[f->trail].earlier;
    return skd_trails_add(&l->trails, answer->cell, &left, err);
}

/* What came of one relaxation becomes a trail, and the frame that it began from another name of it. */
static skd_status take_one(skd_lesson *l, const skd_finish *f, size_t label, skd_error *err) {
    const skd_kept_label *answer = l->learner->label[label];
    bool begun = f->max_steps > 0 && answer->stop == SKD_STOP_STEPS, confirmed = !answer->failed && !begun;
    skd_trail found = {.start = l->trails.trail[f->trail].start, .label = label, .tried = !begun, .near = true,
                       .begun = begun, .confirmed = confirmed, .leads_to = SIZE_MAX};
    l->summary->n_finish += answer->n_calls;
    l->summary->n_failed += answer->failed;
    l->trails.trail[f->trail].no_way_on |= f->stuck && answer->failed;
    if (f->stuck && answer->failed)
        return SKD_OK;
    l->trails.trail[f->trail].tried |= !begun;
    l->trails.trail[f->trail].failed |= answer->failed;
    l->trails.trail[f->trail].audited |= f->from == l->trails.trail[f->trail].from;
    l->trails.trail[f->trail].agrees = fabs(answer->energy - l->trails.trail[f->trail].energy) < SAME_END;
    if (!answer->relaxed)
        return SKD_OK;
    if (f->stuck && !answer->failed) {
        skd_status moved = skd_trails_move(&l->trails, f->trail, answer->relaxed, err);
        if (moved != SKD_OK || begun)
            return moved;
    }
    skd_status status = begun ? leave(l, f, answer, err) : SKD_OK;
    if (status == SKD_OK)
        status = skd_trails_add(&l->trails, answer->relaxed, &found, err);
    found.leads_to = l->trails.n - 1;
    found.alias = true;
    return status == SKD_OK && confirmed ? skd_trails_add(&l->trails, answer->cell, &found, err) : status;
}

static skd_status finish_unlike(skd_lesson *l, const skd_finish *list, size_t n, skd_error *err) {
    skd_question *question = skd_alloc(n, sizeof *question);
    size_t *of = skd_alloc(n, sizeof *of), *start = skd_alloc(n, sizeof *start);
    skd_potential *guide = NULL;
    skd_status status =
        question && of && start ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu relaxations", n);
    if (status == SKD_OK)
        status = skd_potential_of_model(&guide, l->model, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        question[i].cell = list[i].from;
        question[i].max_steps = list[i].max_steps;
        question[i].guide = list[i].known && !l->learner->options.prior ? guide : NULL;
        start[i] = l->trails.trail[list[i].trail].start;
        skd_lesson_name(l, list[i].trail, question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_relax(l->learner, l->job, question, n, start, of, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = take_one(l, &list[i], of[i], err);
    skd_potential_free(guide);
    skd_free(question);
    skd_free(of);
    skd_free(start);
    return status;
}

/* Two trails may end at the very same frame; one relaxation tells of both. */
static bool is_repeated(const skd_finish *list, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (!memcmp(list[k].from->pos, list[i].from->pos, list[i].from->n * sizeof *list[i].from->pos))
            return true;
    return false;
}

skd_status skd_finish_listed(skd_lesson *l, const skd_finish *all, size_t n_all, skd_error *err) {
    size_t n = 0;
    skd_finish *list = skd_alloc(n_all, sizeof *list);
    skd_status status = list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu relaxations", n_all);
    for (size_t i = 0; i < n_all && status == SKD_OK; i++)
        if (!is_repeated(all, i))
            list[n++] = all[i];
    if (status == SKD_OK)
        status = finish_unlike(l, list, n, err);
    skd_free(list);
    return status;
}

/* ---- what is left over --------------------------------------------------------------------------- */

/* A labelled frame near a minimum, whose basin the surrogate has lost since, be it to a deep one next to it: shallow
 * ones are what users come for. */
static skd_status is_lost(const skd_lesson *l, const skd_trail *t, bool *lost, skd_error *err) {
    double moved = 0.0;
    bool tried = false;
    *lost = false;
    if (!t->earlier || t->hop || t->begun || t->confirmed || t->tried || skd_lesson_is_dear(l))
        return SKD_OK;
    skd_status status = skd_largest_displacement(t->from, t->end, &moved, err);
    if (status == SKD_OK && (t->unsure || moved > SKD_DRIFTED))
        status = is_tried_near(l, t->from, &tried, err);
    *lost = !tried && (t->unsure || moved > SKD_DRIFTED);
    return status;
}

/* All others are compared with the minimum of the unperturbed defect: where the surrogate knows of none near it, the
 * teacher may. */
static skd_status is_unperturbed_lost(const skd_lesson *l, const skd_trail *t, bool *lost, skd_error *err) {
    double moved = 0.0;
    bool tried = false;
    *lost = false;
    if (t->earlier || t->unsure || t->tried || strcmp(l->job->starts.start[t->start].name, "Unperturbed") != 0)
        return SKD_OK;
    skd_status status = skd_largest_displacement(t->from, t->end, &moved, err);
    if (status == SKD_OK && moved > SKD_DRIFTED)
        status = is_tried_near(l, t->from, &tried, err);
    *lost = moved > SKD_DRIFTED && !tried;
    return status;
}

/* Nobody can tell where these end but the teacher: minima that got lost, and starts that stayed unsure. */
static skd_status list_leftovers(const skd_lesson *l, skd_finish *list, size_t *n, size_t room, skd_error *err) {
    skd_status status = SKD_OK;
    *n = 0;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && *n < room; i++) {
        bool lost, alone = false;
        status = is_lost(l, &l->trails.trail[i], &lost, err);
        if (status == SKD_OK && !lost)
            status = is_unperturbed_lost(l, &l->trails.trail[i], &alone, err);
        if (status == SKD_OK && (lost || alone))
            list[(*n)++] = (skd_finish){i, l->trails.trail[i].from, 0, lost, false};
    }
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && *n < room; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (t->unsure && !t->earlier && !t->tried)
            list[(*n)++] = (skd_finish){i, t->from, 0, false, false};
    }
    return status;
}

/* A surrogate that is sure of all ends may be wrong about all of them, most of all where it was taught by other
 * defects. So the teacher relaxes one distorted start by itself, the middle one, and where that ends elsewhere others,
 * until one ends where the surrogate said. */
static void list_audit(const skd_lesson *l, skd_finish *list, size_t *n) {
    static const double at[] = {0.5, 0.75, 0.25};
    for (size_t k = 0; k < sizeof at / sizeof *at && *n == 0 && !skd_lesson_is_dear(l); k++) {
        const size_t i = (size_t)(at[k] * (double)l->job->starts.n);
        const skd_trail *t = i < l->trails.n ? &l->trails.trail[i] : NULL;
        if (!t || t->earlier || (t->audited && t->agrees))
            return;
        if (!t->audited)
            list[(*n)++] = (skd_finish){i, t->from, 0, false, false};
    }
}

/* Labelled frames and starts are looked at again on what has been learned since. */
static void follow_again(skd_lesson *l) {
    for (size_t i = 0; i < l->trails.n; i++)
        l->trails.trail[i].settled &= l->trails.trail[i].confirmed;
}

/* A few at a time: what is learned from the first may spare the others. */
skd_status skd_finish_leftovers(skd_lesson *l, bool *any, skd_error *err) {
    size_t n = 0, room = l->learner->options.finish_at_once;
    skd_finish *list = skd_alloc(room, sizeof *list);
    skd_status status = list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu relaxations", room);
    if (status == SKD_OK)
        status = list_leftovers(l, list, &n, room, err);
    if (status == SKD_OK && n == 0)
        list_audit(l, list, &n);
    if (status == SKD_OK && n > 0)
        status = skd_finish_listed(l, list, n, err);
    *any = n > 0;
    if (n > 0)
        follow_again(l);
    skd_free(list);
    return status;
}
