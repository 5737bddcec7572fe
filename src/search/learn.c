/* SPDX-License-Identifier: MIT */
/* learn.c - the search of one job by a surrogate that learns from a teacher.
 *
 *   first labels (the unperturbed defect, and what lies around it)
 *   rounds: fit; follow every trail; label where the model was unsure, and the best of each new family; where the
 *           teacher's forces are small already, the teacher relaxes it to its own minimum, which is a label too
 *           until nothing is unsure and every family has a minimum of the teacher's, or the budget is spent
 *   the teacher relaxes what is still unsure
 *   every start gets the teacher's minimum of its family
 *
 * Minima of earlier rounds stay as trails of their own: a basin that a later fit has lost is still looked at, and what
 * the teacher has confirmed stays in the list for good. */
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

enum { SETTLED_AFTER = 3, LOOKS_BACK = 2, SETTLED_DEAR = 2 };

/* ---- one round ---------------------------------------------------------------------------------- */

/* The confirmed member of a family that the surrogate puts lowest; aliases count for the minimum they led to. */
static size_t confirmed_of(const skd_lesson *l, size_t family) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < l->trails.n && family != SIZE_MAX; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (l->kin.family[i] == family && t->confirmed &&
            (best == SIZE_MAX || t->energy < l->trails.trail[best].energy))
            best = i;
    }
    return best == SIZE_MAX ? best : l->trails.trail[best].leads_to;
}

/* A trail that ends in the same confirmed minimum again and again need not be followed any more. */
static void settle(skd_lesson *l) {
    size_t after = l->learner->options.prior ? SETTLED_DEAR : SETTLED_AFTER;
    for (size_t i = 0; i < l->trails.n; i++) {
        skd_trail *t = &l->trails.trail[i];
        l->summary->n_prior += l->learner->options.prior ? t->n_calls : 0;
        if (t->confirmed || t->alias || t->settled || t->retired)
            continue;
        size_t to = confirmed_of(l, l->kin.family[i]);
        t->times = to == t->leads_to ? t->times + 1 : 1;
        t->leads_to = to;
        t->settled = to != SIZE_MAX && t->times >= after;
        t->retired = t->hop && to != SIZE_MAX;
    }
}

/* Fits, follows all trails, finds their families. */
skd_status skd_lesson_explore(skd_lesson *l, skd_error *err) {
    skd_model_free(l->model);
    skd_kin_free(&l->kin);
    l->model = NULL;
    skd_status status =
        skd_learner_fit(l->learner, l->job->defect->cell, l->job->charge, &l->model, &l->summary->fit, err);
    if (status == SKD_OK && !l->model) /* the unperturbed defect has a label, or the search has ended */
        status = skd_fail(err, SKD_ENUMERIC, "%s: the prior level gives no energy for any label", l->job->defect->name);
    if (status == SKD_OK)
        status = skd_trails_follow(&l->trails, l->learner, l->model, err);
    if (status == SKD_OK)
        skd_hop_forget(l);
    if (status == SKD_OK)
        status = skd_kin_find(&l->kin, &l->trails, l->learner->threads, err);
    if (status == SKD_OK)
        status = skd_confirm_watch(l, err);
    if (status == SKD_OK)
        settle(l);
    l->summary->n_rounds++;
    return status;
}

/* Does any member of the family carry this mark? */
bool skd_family_has(const skd_lesson *l, size_t family, size_t mark_offset) {
    for (size_t i = 0; i < l->kin.n_trails; i++)
        if (l->kin.family[i] == family && *(const bool *)((const char *)&l->trails.trail[i] + mark_offset))
            return true;
    return false;
}

static bool announce(const skd_lesson *l) {
    const skd_learn_hooks *hooks = l->learner->hooks;
    skd_learn_round round = {.job = l->job, .number = l->summary->n_rounds, .n_labels = l->summary->n_labels,
                             .n_families = l->kin.n, .lowest = (double)NAN, .fit = l->summary->fit};
    for (size_t i = 0; i < l->trails.n; i++)
        round.n_stopped += l->trails.trail[i].unsure;
    if (l->kin.n > 0)
        round.lowest = l->trails.trail[l->kin.best[0]].energy;
    return !hooks || !hooks->round || hooks->round(hooks->payload, &round);
}

/* Labels, relaxations by the teacher, or neither: then all is known. */
static skd_status act(skd_lesson *l, size_t *chosen, skd_finish *list, bool *idle, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    size_t left = options->labels > l->summary->n_labels ? options->labels - l->summary->n_labels : 0, n_labels = 0;
    l->summary->spent = left == 0;
    size_t room = left < options->batch ? left : options->batch, n = 0;
    bool confirms = options->confirm_force > 0.0;
    skd_status status = confirms ? SKD_OK : skd_finish_families(l, left == 0, list, options->finish_at_once, &n, err);
    if (!confirms && left > 0 && status == SKD_OK)
        n += skd_finish_stuck(l, list + n, options->finish_at_once);
    if (status == SKD_OK)
        status = (confirms ? skd_confirm_choose : skd_ask_choose)(l, chosen, &n_labels, room, err);
    *idle = n == 0 && n_labels == 0;
    if (status == SKD_OK)
        status = skd_ask_chosen(l, chosen, n_labels, err);
    return status == SKD_OK ? skd_finish_listed(l, list, n, err) : status;
}

static bool unsettle(skd_lesson *l) {
    bool any = false;
    for (size_t i = 0; i < l->trails.n; i++) {
        any |= l->trails.trail[i].settled;
        l->trails.trail[i].settled = false;
    }
    return any;
}

/* Where nothing is left to ask: is the surrogate right where it was not asked? */
static skd_status doubt(skd_lesson *l, bool *idle, bool *looked_again, skd_error *err) {
    bool off;
    skd_status status = skd_doubt(l, &off, err);
    if (status == SKD_OK && off) {
        *idle = *looked_again = false;
        unsettle(l);
    }
    return status;
}

/* Where all ends are known: is there something on the way to them? */
static skd_status look_back(skd_lesson *l, bool *idle, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    size_t left = options->labels > l->summary->n_labels ? options->labels - l->summary->n_labels : 0, asked = 0;
    l->n_looks_back++;
    skd_status status = skd_ask_slow(l, left, &asked, err);
    *idle = asked == 0;
    return status;
}

/* Where nothing is left: is there something lower next to what was found? */
static skd_status hop(skd_lesson *l, bool *idle, skd_error *err) {
    bool any = false;
    skd_status status = l->summary->spent || skd_lesson_is_dear(l) ? SKD_OK : skd_hop(l, &any, err);
    *idle = !any;
    return status;
}

static skd_status rounds(skd_lesson *l, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    size_t *chosen = skd_alloc(options->batch + 1, sizeof *chosen);
    skd_finish *list = skd_alloc(2 * options->finish_at_once, sizeof *list);
    bool idle = false, looked_again = false;
    skd_status status = chosen && list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a round");
    while (l->summary->n_rounds < options->rounds && !idle && status == SKD_OK) {
        status = skd_lesson_explore(l, err);
        if (status == SKD_OK && !announce(l))
            status = skd_fail(err, SKD_ESTOPPED, "interrupted");
        if (status == SKD_OK)
            status = act(l, chosen, list, &idle, err);
        if (status == SKD_OK && idle && !looked_again) { /* do settled trails still end there? */
            looked_again = true;
            idle = !unsettle(l);
        }
        if (status == SKD_OK && idle && l->n_looks_back < LOOKS_BACK && !(options->confirm_force > 0.0))
            status = look_back(l, &idle, err);
        if (status == SKD_OK && idle && !options->prior && !(options->confirm_force > 0.0))
            status = hop(l, &idle, err);
        if (status == SKD_OK && idle && options->confirm_force > 0.0)
            status = doubt(l, &idle, &looked_again, err);
    }
    if (status == SKD_OK && !idle)
        status = skd_lesson_explore(l, err);
    skd_free(chosen);
    skd_free(list);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static bool all_done(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (!job->starts.start[i].dropped && !job->minimum[i].done)
            return false;
    return true;
}

static skd_status teach(skd_lesson *l, skd_error *err) {
    skd_status status = skd_ask_first(l, err);
    bool confirms = l->learner->options.confirm_force > 0.0, any = true;
    while (status == SKD_OK && any) { /* what is learned from leftovers may leave starts unsure: labels are cheaper */
        status = rounds(l, err);
        any = false;
        if (status == SKD_OK)
            status = confirms ? skd_confirm_rest(l, err) : skd_finish_leftovers(l, &any, err);
    }
    return status == SKD_OK ? skd_lesson_assign(l, err) : status;
}

skd_status skd_learner_search(skd_learner *learner, skd_job *job, skd_learn_summary *summary, skd_error *err) {
    skd_lesson l = {.learner = learner, .job = job, .summary = summary};
    *summary = (skd_learn_summary){0};
    if (all_done(job)) /* in an interrupted search: the next job's fits begin as they did */
        return skd_learner_count_in_job(learner, job, err);
    skd_status status = skd_trails_init(&l.trails, job, err);
    if (status == SKD_OK)
        status = teach(&l, err);
    skd_trails_free(&l.trails);
    skd_kin_free(&l.kin);
    skd_model_free(l.model);
    return status;
}
