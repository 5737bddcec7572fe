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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"

enum { FIRST_STARTS = 6, FIRST_STEPS = 25, SETTLED_AFTER = 3 };
#define FIRST_SHARE 0.3 /* of the way from the unperturbed defect to a start: its rattle becomes a thermal one */
#define DRIFTED     0.4 /* Å: a trail that ends farther from its beginning has left its basin                   */

typedef struct lesson {
    skd_learner *learner;
    skd_job *job;
    skd_trails trails;
    skd_kin kin;
    skd_model *model;
    skd_learn_summary *summary;
} lesson;

static void describe_question(const lesson *l, size_t trail, char *text, size_t size) {
    char name[80];
    const skd_trail *t = &l->trails.trail[trail];
    skd_defect_entry_name(l->job->defect, l->job->charge, name, sizeof name);
    snprintf(text, size, "%s/%s", name, l->job->starts.start[t->start].name);
}

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

/* The unperturbed defect; where nothing is known yet, also frames on the way to starts spread over the list. */
static skd_status first_frames(lesson *l, skd_cell **cell, size_t *n, skd_error *err) {
    const skd_cell *unperturbed = l->job->defect->cell;
    size_t n_trails = l->trails.n, step = 1 + n_trails / FIRST_STARTS;
    skd_status status = skd_cell_copy(&cell[0], unperturbed, err);
    *n = status == SKD_OK;
    for (size_t i = 0; i < n_trails && status == SKD_OK && l->learner->n_fitted == 0; i += step) {
        if (!strcmp(l->job->starts.start[l->trails.trail[i].start].name, "Unperturbed"))
            continue;
        status = part_way(&cell[*n], unperturbed, l->trails.trail[i].from, err);
        *n += status == SKD_OK;
    }
    return status;
}

static skd_status first_labels(lesson *l, skd_error *err) {
    skd_cell *cell[FIRST_STARTS + 2] = {NULL};
    skd_question question[FIRST_STARTS + 2];
    size_t n = 0, of[FIRST_STARTS + 2];
    skd_status status = first_frames(l, cell, &n, err);
    for (size_t i = 0; i < n; i++) {
        question[i] = (skd_question){.cell = cell[i]};
        skd_defect_entry_name(l->job->defect, l->job->charge, question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    if (status == SKD_OK && l->learner->label[of[0]]->failed)
        status = skd_fail(err, SKD_ENUMERIC, "%s: the teacher gives no energy for the unperturbed defect: %s",
                          question[0].from, l->learner->label[of[0]]->why);
    l->summary->n_labels += n;
    for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
        skd_cell_free(cell[i]);
    return status;
}

/* ---- one round ---------------------------------------------------------------------------------- */

/* The confirmed member of a family that the surrogate puts lowest; aliases count for the minimum they led to. */
static size_t confirmed_of(const lesson *l, size_t family) {
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
static void settle(lesson *l) {
    for (size_t i = 0; i < l->trails.n; i++) {
        skd_trail *t = &l->trails.trail[i];
        if (t->confirmed || t->settled)
            continue;
        size_t to = confirmed_of(l, l->kin.family[i]);
        t->times = to == t->leads_to ? t->times + 1 : 1;
        t->leads_to = to;
        t->settled = to != SIZE_MAX && t->times >= SETTLED_AFTER;
    }
}

/* Fits, follows all trails, finds their families. */
static skd_status explore(lesson *l, skd_error *err) {
    skd_model_free(l->model);
    skd_kin_free(&l->kin);
    l->model = NULL;
    skd_status status =
        skd_learner_fit(l->learner, l->job->defect->cell, l->job->charge, &l->model, &l->summary->fit, err);
    if (status == SKD_OK)
        status = skd_trails_follow(&l->trails, l->learner, l->model, err);
    if (status == SKD_OK)
        status = skd_kin_find(&l->kin, &l->trails, l->learner->threads, err);
    if (status == SKD_OK)
        settle(l);
    l->summary->n_rounds++;
    return status;
}

/* Does any member of the family carry this mark? */
static bool family_has(const lesson *l, size_t family, size_t mark_offset) {
    for (size_t i = 0; i < l->trails.n; i++)
        if (l->kin.family[i] == family && *(const bool *)((const char *)&l->trails.trail[i] + mark_offset))
            return true;
    return false;
}
#define FAMILY_HAS(lesson, family, mark) family_has(lesson, family, offsetof(skd_trail, mark))

static bool announce(const lesson *l) {
    const skd_learn_hooks *hooks = l->learner->hooks;
    skd_learn_round round = {.job = l->job, .number = l->summary->n_rounds, .n_labels = l->summary->n_labels,
                             .n_families = l->kin.n, .lowest = (double)NAN, .fit = l->summary->fit};
    for (size_t i = 0; i < l->trails.n; i++)
        round.n_stopped += l->trails.trail[i].unsure;
    if (l->kin.n > 0)
        round.lowest = l->trails.trail[l->kin.best[0]].energy;
    return !hooks || !hooks->round || hooks->round(hooks->payload, &round);
}

/* What is worth a label: the best of families where the teacher was not asked yet, and unsure ends. */
static skd_status choose(const lesson *l, size_t *chosen, size_t *n_chosen, size_t room, skd_error *err) {
    size_t n = 0, *wanted = skd_alloc(l->trails.n, sizeof *wanted), best = 0;
    *n_chosen = 0;
    if (!wanted)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", l->trails.n);
    for (size_t f = 0; f < l->kin.n && best < room; f++) /* lowest energies first */
        if (!FAMILY_HAS(l, f, near) && !FAMILY_HAS(l, f, confirmed))
            chosen[best++] = l->kin.best[f];
    for (size_t i = 0; i < l->trails.n; i++)
        if (l->trails.trail[i].unsure)
            wanted[n++] = i;
    skd_status status = skd_trails_choose(&l->trails, l->model, wanted, n, 0.5 * l->learner->options.guard,
                                          room - best, chosen + best, n_chosen, err);
    *n_chosen += best;
    skd_free(wanted);
    return status;
}

/* A labelled best of a family becomes a trail of its own. */
static skd_status remember_best(lesson *l, size_t trail, size_t label, skd_error *err) {
    const skd_trail *t = &l->trails.trail[trail];
    const skd_kept_label *answer = l->learner->label[label];
    double force = skd_label_force_max(answer, l->job);
    if (t->unsure || !(force < l->learner->options.finish_force))
        return SKD_OK;
    const skd_trail earlier = {.start = t->start, .label = label, .near = true, .leads_to = SIZE_MAX};
    return skd_trails_add(&l->trails, answer->cell, &earlier, err);
}

static skd_status label_chosen(lesson *l, const size_t *chosen, size_t n, skd_error *err) {
    skd_question *question = skd_alloc(n, sizeof *question);
    size_t *of = skd_alloc(n, sizeof *of);
    skd_status status = question && of ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        question[i] = (skd_question){.cell = l->trails.trail[chosen[i]].end};
        describe_question(l, chosen[i], question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        l->summary->n_labels++;
        l->summary->n_failed += l->learner->label[of[i]]->failed;
        status = remember_best(l, chosen[i], of[i], err);
    }
    skd_free(question);
    skd_free(of);
    return status;
}

/* ---- the teacher's last word ---------------------------------------------------------------------- */

/* A relaxation by the teacher, from a trail's end or its beginning. */
typedef struct finish {
    size_t trail;
    const skd_cell *from;
    size_t max_steps; /* 0: to the end */
} finish;

/* The families that are ready, lowest first: their best member. `any`: also where the teacher's forces are unknown.
 * The first time only for a few steps: if the end is farther, the surrogate goes there for less. */
static size_t list_families(const lesson *l, bool any, finish *list, size_t room) {
    size_t n = 0;
    for (size_t f = 0; f < l->kin.n && n < room; f++) {
        const skd_trail *t = &l->trails.trail[l->kin.best[f]];
        if ((any || FAMILY_HAS(l, f, near)) && !FAMILY_HAS(l, f, confirmed) && !t->tried)
            list[n++] = (finish){l->kin.best[f], t->end, any || FAMILY_HAS(l, f, begun) ? 0 : FIRST_STEPS};
    }
    return n;
}

/* What came of one relaxation becomes a trail, and the frame that it began from another name of it. */
static skd_status take_one(lesson *l, const finish *f, size_t label, skd_error *err) {
    const skd_kept_label *answer = l->learner->label[label];
    bool begun = f->max_steps > 0 && answer->stop == SKD_STOP_STEPS, confirmed = !answer->failed && !begun;
    skd_trail found = {.start = l->trails.trail[f->trail].start, .label = label, .tried = !begun, .near = true,
                       .begun = begun, .confirmed = confirmed, .leads_to = SIZE_MAX};
    l->summary->n_finish += answer->n_calls;
    l->summary->n_failed += answer->failed;
    l->trails.trail[f->trail].tried |= !begun;
    if (!answer->relaxed)
        return SKD_OK;
    skd_status status = skd_trails_add(&l->trails, answer->relaxed, &found, err);
    found.leads_to = l->trails.n - 1;
    found.alias = true;
    return status == SKD_OK && confirmed ? skd_trails_add(&l->trails, answer->cell, &found, err) : status;
}

static skd_status finish_listed(lesson *l, const finish *list, size_t n, skd_error *err) {
    skd_question *question = skd_alloc(n, sizeof *question);
    size_t *of = skd_alloc(n, sizeof *of), *start = skd_alloc(n, sizeof *start);
    skd_status status =
        question && of && start ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu relaxations", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        question[i].cell = list[i].from;
        question[i].max_steps = list[i].max_steps;
        start[i] = l->trails.trail[list[i].trail].start;
        describe_question(l, list[i].trail, question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_relax(l->learner, l->job, question, n, start, of, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = take_one(l, &list[i], of[i], err);
    skd_free(question);
    skd_free(of);
    skd_free(start);
    return status;
}

/* Labels, relaxations by the teacher, or neither: then all is known. */
static skd_status act(lesson *l, size_t *chosen, finish *list, bool *idle, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    size_t left = options->labels > l->summary->n_labels ? options->labels - l->summary->n_labels : 0, n_labels = 0;
    l->summary->spent = left == 0;
    size_t n = list_families(l, left == 0, list, options->finish_at_once);
    skd_status status = choose(l, chosen, &n_labels, left < options->batch ? left : options->batch, err);
    *idle = n == 0 && n_labels == 0;
    if (status == SKD_OK)
        status = label_chosen(l, chosen, n_labels, err);
    return status == SKD_OK ? finish_listed(l, list, n, err) : status;
}

static bool unsettle(lesson *l) {
    bool any = false;
    for (size_t i = 0; i < l->trails.n; i++) {
        any |= l->trails.trail[i].settled;
        l->trails.trail[i].settled = false;
    }
    return any;
}

static skd_status rounds(lesson *l, skd_error *err) {
    const skd_learn_options *options = &l->learner->options;
    size_t *chosen = skd_alloc(options->batch + 1, sizeof *chosen);
    finish *list = skd_alloc(options->finish_at_once, sizeof *list);
    bool idle = false, looked_again = false;
    skd_status status = chosen && list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a round");
    for (size_t round = 0; round < options->rounds && !idle && status == SKD_OK; round++) {
        status = explore(l, err);
        if (status == SKD_OK && !announce(l))
            status = skd_fail(err, SKD_ESTOPPED, "interrupted");
        if (status == SKD_OK)
            status = act(l, chosen, list, &idle, err);
        if (status == SKD_OK && idle && !looked_again) { /* do settled trails still end there? */
            looked_again = true;
            idle = !unsettle(l);
        }
    }
    if (status == SKD_OK && !idle)
        status = explore(l, err);
    skd_free(chosen);
    skd_free(list);
    return status;
}

/* ---- what is left over --------------------------------------------------------------------------- */

/* A labelled frame near a minimum, whose basin the surrogate has lost since. */
static skd_status is_lost(const skd_trail *t, bool *lost, skd_error *err) {
    double moved = 0.0;
    *lost = false;
    if (!t->earlier || t->begun || t->confirmed || t->tried || t->leads_to != SIZE_MAX)
        return SKD_OK;
    skd_status status = skd_largest_displacement(t->from, t->end, &moved, err);
    *lost = t->unsure || moved > DRIFTED;
    return status;
}

/* Nobody can tell where these end but the teacher: starts that stayed unsure, and minima that got lost. */
static skd_status list_leftovers(const lesson *l, finish *list, size_t *n, skd_error *err) {
    skd_status status = SKD_OK;
    *n = 0;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        const skd_trail *t = &l->trails.trail[i];
        bool lost;
        status = is_lost(t, &lost, err);
        if (status == SKD_OK && (lost || (t->unsure && !t->earlier && !t->tried)))
            list[(*n)++] = (finish){i, t->from, 0};
    }
    return status;
}

static skd_status finish_leftovers(lesson *l, skd_error *err) {
    size_t n = 0;
    finish *list = skd_alloc(l->trails.n, sizeof *list);
    skd_status status = list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", l->trails.n);
    if (status == SKD_OK)
        status = list_leftovers(l, list, &n, err);
    if (status == SKD_OK && n > 0)
        status = finish_listed(l, list, n, err);
    if (status == SKD_OK && n > 0)
        status = explore(l, err);
    skd_free(list);
    return status;
}

/* ---- what each start gets --------------------------------------------------------------------------- */

static skd_status set_minimum(lesson *l, size_t start, const skd_cell *cell, const skd_kept_label *answer, size_t like,
                              skd_error *err) {
    skd_minimum *m = &l->job->minimum[start];
    skd_cell_free(m->cell);
    skd_free(m->force);
    *m = (skd_minimum){.start = start, .like = like};
    skd_status status = skd_cell_copy(&m->cell, cell, err);
    if (status == SKD_OK && answer->force && !(m->force = skd_copy(answer->force, cell->n, sizeof *m->force)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a minimum");
    m->done = status == SKD_OK;
    m->stop = answer->relaxed ? answer->stop : SKD_STOP_FAILED;
    m->energy = answer->energy;
    m->force_max = answer->force ? skd_label_force_max(answer, l->job) : (double)NAN;
    m->n_steps = like == start ? answer->n_steps : 0;
    m->n_calls = like == start ? answer->n_calls : 0;
    snprintf(m->reason, sizeof m->reason, "%s", answer->why);
    return status;
}

/* A confirmed minimum whose start has one already gets a start of its own. */
static skd_status extra_start(lesson *l, skd_trail *t, skd_error *err) {
    const skd_start *first = &l->job->starts.start[t->start];
    skd_start extra = {.factor = (double)NAN, .later = true, .kind = first->kind};
    snprintf(extra.name, sizeof extra.name, "%.40s_also_%zu", first->name, l->job->starts.n);
    memcpy(extra.label, first->label, sizeof extra.label);
    skd_status status = skd_cell_copy(&extra.cell, l->learner->label[t->label]->cell, err);
    if (status != SKD_OK)
        return status;
    t->start = l->job->starts.n;
    return skd_job_add_start(l->job, &extra, err);
}

/* Confirmed minima go to the starts that led there. */
static skd_status give_confirmed(lesson *l, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        skd_trail *t = &l->trails.trail[i];
        if (!t->confirmed || t->alias || t->label == SIZE_MAX) /* the last: of an earlier search of this job */
            continue;
        if (l->job->minimum[t->start].done)
            status = extra_start(l, t, err);
        const skd_kept_label *answer = l->learner->label[t->label];
        if (status == SKD_OK)
            status = set_minimum(l, t->start, answer->relaxed, answer, t->start, err);
    }
    return status;
}

/* All other starts share the confirmed minimum that they led to. */
static skd_status give_others(lesson *l, skd_error *err) {
    static const skd_kept_label nothing = {.energy = (double)NAN, .why = "no minimum: the teacher could not relax it"};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (t->earlier || l->job->minimum[t->start].done)
            continue;
        if (t->leads_to == SIZE_MAX) {
            status = set_minimum(l, t->start, t->end, &nothing, t->start, err);
            continue;
        }
        size_t owner = l->trails.trail[t->leads_to].start;
        const skd_minimum *model = &l->job->minimum[owner];
        const skd_kept_label answer = {.relaxed = model->cell, .energy = model->energy, .stop = model->stop};
        status = set_minimum(l, t->start, t->end, &answer, owner, err);
    }
    return status;
}

/* Hands the minima out, and to the caller. */
static skd_status assign(lesson *l, skd_error *err) {
    size_t n_before = l->job->starts.n, n = 0;
    bool *was_done = skd_alloc(n_before, sizeof *was_done);
    size_t *fresh = NULL;
    skd_status status = was_done ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for minima");
    for (size_t i = 0; status == SKD_OK && i < n_before; i++)
        was_done[i] = l->job->minimum[i].done;
    if (status == SKD_OK)
        status = give_confirmed(l, err);
    if (status == SKD_OK)
        status = give_others(l, err);
    if (status == SKD_OK && !(fresh = skd_alloc(l->job->starts.n, sizeof *fresh)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for minima");
    for (size_t i = 0; status == SKD_OK && i < l->job->starts.n; i++)
        if (l->job->minimum[i].done && (i >= n_before || !was_done[i]))
            fresh[n++] = i;
    const skd_learn_hooks *hooks = l->learner->hooks;
    if (status == SKD_OK && hooks && hooks->finished)
        status = hooks->finished(hooks->payload, l->job, fresh, n, err);
    skd_free(was_done);
    skd_free(fresh);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static bool all_done(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (!job->starts.start[i].dropped && !job->minimum[i].done)
            return false;
    return true;
}

static skd_status teach(lesson *l, skd_error *err) {
    skd_status status = first_labels(l, err);
    if (status == SKD_OK)
        status = rounds(l, err);
    if (status == SKD_OK)
        status = finish_leftovers(l, err);
    return status == SKD_OK ? assign(l, err) : status;
}

skd_status skd_learner_search(skd_learner *learner, skd_job *job, skd_learn_summary *summary, skd_error *err) {
    lesson l = {.learner = learner, .job = job, .summary = summary};
    *summary = (skd_learn_summary){0};
    if (all_done(job))
        return SKD_OK;
    skd_status status = skd_trails_init(&l.trails, job, err);
    if (status == SKD_OK)
        status = teach(&l, err);
    skd_trails_free(&l.trails);
    skd_kin_free(&l.kin);
    skd_model_free(l.model);
    return status;
}
