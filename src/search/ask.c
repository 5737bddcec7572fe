/* SPDX-License-Identifier: MIT */
/* ask.c - what the teacher is asked for: the first frames, and those that a round wants to know. */
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

enum { FIRST_STARTS = 6, FIRST_DEAR = 3, FIRST_MOST = 24, SLOW_MOST = 4 };
#define SLOW_ABOVE 0.15 /* eV above the end of its trail                                */
#define SLOW_APART 0.05 /* eV from another one: a place of its own                     */
#define FIRST_SHARE 0.3 /* of the way from the unperturbed defect to a start: its rattle becomes a thermal one */

/* ---- first labels ------------------------------------------------------------------------------- */

/* Between the unperturbed defect and a start. */
static skd_status part_way(skd_cell **out, const skd_cell *unperturbed, const skd_cell *start, skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, unperturbed, err);
    if (status == SKD_OK)
        status = skd_cell_copy(out, unperturbed, err);
    for (size_t i = 0; status == SKD_OK && i < start->n; i++) {
        double d[3];
        skd_mic_vector(&mic, unperturbed->pos[i], start->pos[i], d);
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += FIRST_SHARE * d[k];
    }
    return status;
}

/* Frames to begin with, and the starts that they are (SIZE_MAX: none). */
typedef struct first {
    skd_cell *cell[FIRST_MOST];
    size_t trail[FIRST_MOST], n;
} first;

static bool is_minimum_from_elsewhere(const skd_lesson *l, const skd_trail *t) {
    return !t->earlier && l->job->starts.start[t->start].later;
}

/* Minima of a cheaper level, where the teacher has the last word. */
static skd_status add_minima(first *f, const skd_lesson *l, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && f->n < FIRST_MOST - FIRST_STARTS - 1; i++) {
        if (!is_minimum_from_elsewhere(l, &l->trails.trail[i]) || l->learner->options.confirm_force <= 0.0)
            continue;
        status = skd_cell_copy(&f->cell[f->n], l->trails.trail[i].from, err);
        f->trail[f->n] = i;
        f->n += status == SKD_OK;
    }
    return status;
}

/* The unperturbed defect; where nothing is known of it yet, also frames on the way to starts spread over the list. */
static skd_status first_frames(first *f, const skd_lesson *l, skd_error *err) {
    const skd_cell *unperturbed = l->job->defect->cell;
    const bool fresh = l->learner->options.prior ? l->learner->n_fitted == 0
                                                 : skd_learner_own(l->learner, l->job->defect) == 0;
    size_t most = l->learner->options.prior ? FIRST_DEAR : FIRST_STARTS, step = 1 + l->trails.n / most;
    skd_status status = skd_cell_copy(&f->cell[0], unperturbed, err);
    f->n = status == SKD_OK;
    f->trail[0] = SIZE_MAX;
    if (status == SKD_OK)
        status = add_minima(f, l, err);
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && fresh; i += step) {
        const skd_trail *t = &l->trails.trail[i];
        if (!strcmp(l->job->starts.start[t->start].name, "Unperturbed") ||
            (l->learner->options.confirm_force > 0.0 && is_minimum_from_elsewhere(l, t)))
            continue;
        status = part_way(&f->cell[f->n], unperturbed, t->from, err);
        f->trail[f->n] = SIZE_MAX;
        f->n += status == SKD_OK;
    }
    return status;
}

skd_status skd_ask_first(skd_lesson *l, skd_error *err) {
    first f = {.n = 0};
    skd_question question[FIRST_MOST];
    size_t of[FIRST_MOST];
    skd_status status = first_frames(&f, l, err);
    const size_t n = f.n;
    for (size_t i = 0; i < n; i++) {
        question[i] = (skd_question){.cell = f.cell[i], .known = i ? f.cell[0] : NULL};
        if (f.trail[i] == SIZE_MAX)
            skd_defect_entry_name(l->job->defect, l->job->charge, question[i].from, sizeof question[i].from);
        else
            skd_lesson_name(l, f.trail[i], question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    if (status == SKD_OK && l->learner->label[of[0]]->failed)
        status = skd_fail(err, SKD_ENUMERIC, "%s: the teacher gives no energy for the unperturbed defect: %s",
                          question[0].from, l->learner->label[of[0]]->why);
    l->summary->n_labels += n;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        if (f.trail[i] != SIZE_MAX)
            status = skd_confirm_point(l, l->trails.trail[f.trail[i]].start, SIZE_MAX, of[i], err);
    for (size_t i = 0; i < FIRST_MOST; i++)
        skd_cell_free(f.cell[i]);
    return status;
}

/* ---- in a round --------------------------------------------------------------------------------- */

/* Unsure, and what a label of its end would say is not known yet: frames that fits leave out, and minima of the
 * teacher's, stay unsure for all labels. */
static bool wants_label(const skd_lesson *l, size_t trail) {
    const skd_trail *t = &l->trails.trail[trail];
    return t->unsure && !t->confirmed && !skd_lesson_is_stuck(l, trail) && !skd_hop_waits(l, trail) &&
           !skd_learner_counts(l->learner, t->end, l->job->charge);
}

/* What is worth a label: the best of families where the teacher was not asked yet, and unsure ends. */
skd_status skd_ask_choose(const skd_lesson *l, size_t *chosen, size_t *n_chosen, size_t room, skd_error *err) {
    size_t n = 0, *wanted = skd_alloc(l->trails.n, sizeof *wanted), best = 0;
    *n_chosen = 0;
    if (!wanted)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", l->trails.n);
    for (size_t f = 0; f < l->kin.n && best < room; f++) /* lowest energies first */
        if (!FAMILY_HAS(l, f, near) && !FAMILY_HAS(l, f, confirmed))
            chosen[best++] = l->kin.best[f];
    for (size_t i = 0; i < l->trails.n; i++)
        if (wants_label(l, i))
            wanted[n++] = i;
    skd_status status = skd_trails_choose(&l->trails, l->model, wanted, n, 0.5 * l->learner->options.guard,
                                          room - best, chosen + best, n_chosen, err);
    *n_chosen += best;
    skd_free(wanted);
    return status;
}

/* A labelled best of a family becomes a trail of its own. */
static skd_status remember_best(skd_lesson *l, size_t trail, size_t label, skd_error *err) {
    const skd_trail *t = &l->trails.trail[trail];
    const skd_kept_label *answer = l->learner->label[label];
    double force = skd_label_force_max(answer, l->job);
    if (l->learner->options.confirm_force > 0.0)
        return skd_confirm_point(l, t->start, trail, label, err);
    if (t->unsure || !(force < l->learner->options.finish_force))
        return SKD_OK;
    const skd_trail earlier = {.start = t->start, .label = label, .near = true, .leads_to = SIZE_MAX};
    return skd_trails_add(&l->trails, answer->cell, &earlier, err);
}

skd_status skd_ask_chosen(skd_lesson *l, const size_t *chosen, size_t n, skd_error *err) {
    skd_question *question = skd_alloc(n, sizeof *question);
    size_t *of = skd_alloc(n, sizeof *of);
    skd_status status = question && of ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        question[i] = (skd_question){.cell = l->trails.trail[chosen[i]].end, .known = l->job->defect->cell};
        skd_lesson_name(l, chosen[i], question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        l->summary->n_labels++;
        l->summary->n_failed += l->learner->label[of[i]]->failed;
        l->trails.trail[chosen[i]].asked_end = true;
        l->trails.trail[chosen[i]].answer = of[i];
        status = remember_best(l, chosen[i], of[i], err);
    }
    skd_free(question);
    skd_free(of);
    return status;
}

/* ---- on the way --------------------------------------------------------------------------------- */

/* Is it unlike where its trail ends, and unlike every frame that is known? */
static skd_status is_news(const skd_lesson *l, const skd_trail *slow, bool *news, skd_error *err) {
    double moved = 0.0;
    skd_status status = skd_largest_displacement(slow->slow, slow->end, &moved, err);
    *news = moved > SKD_DRIFTED;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK && *news; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (!t->earlier || t->hop)
            continue;
        status = skd_largest_displacement(slow->slow, t->from, &moved, err);
        *news = moved > SKD_DRIFTED;
    }
    return status;
}

/* The calmest one that lies well above where its trail ends and unlike those chosen already (by energy: starts that are
 * the same by symmetry pass the same places). */
static skd_status next_slow(const skd_lesson *l, const size_t *chosen, size_t n, size_t *out, skd_error *err) {
    skd_status status = SKD_OK;
    *out = SIZE_MAX;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        const skd_trail *t = &l->trails.trail[i], *best = *out == SIZE_MAX ? NULL : &l->trails.trail[*out];
        bool news = t->slow && !t->unsure && t->slow_energy - t->energy > SLOW_ABOVE &&
                    (!best || t->slow_force < best->slow_force);
        for (size_t k = 0; k < n; k++)
            news = news && fabs(l->trails.trail[chosen[k]].slow_energy - t->slow_energy) > SLOW_APART;
        if (news)
            status = is_news(l, t, &news, err);
        *out = news && status == SKD_OK ? i : *out;
    }
    return status;
}

static skd_status take_slow(skd_lesson *l, size_t trail, size_t label, skd_error *err) {
    const skd_kept_label *answer = l->learner->label[label];
    l->summary->n_labels++;
    l->summary->n_failed += answer->failed;
    if (!(skd_label_force_max(answer, l->job) < l->learner->options.finish_force))
        return SKD_OK;
    const skd_trail near = {.start = l->trails.trail[trail].start, .label = label, .near = true, .leads_to = SIZE_MAX};
    return skd_trails_add(&l->trails, answer->cell, &near, err);
}

skd_status skd_ask_slow(skd_lesson *l, size_t room, size_t *asked, skd_error *err) {
    size_t chosen[SLOW_MOST], of[SLOW_MOST], next = 0;
    skd_question question[SLOW_MOST];
    skd_status status = SKD_OK;
    *asked = 0;
    while (status == SKD_OK && *asked < SLOW_MOST && *asked < room) {
        status = next_slow(l, chosen, *asked, &next, err);
        if (status != SKD_OK || next == SIZE_MAX)
            break;
        skd_question *q = &question[*asked];
        *q = (skd_question){.cell = l->trails.trail[next].slow, .known = l->job->defect->cell};
        skd_lesson_name(l, next, q->from, sizeof q->from);
        chosen[(*asked)++] = next;
    }
    if (status == SKD_OK && *asked > 0)
        status = skd_learner_ask(l->learner, question, *asked, l->job->charge, of, err);
    for (size_t k = 0; k < *asked && status == SKD_OK; k++)
        status = take_slow(l, chosen[k], of[k], err);
    return status;
}
