/* SPDX-License-Identifier: MIT */
/* assign.c - what each start gets: the teacher's minimum that it led to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

static skd_status set_minimum(skd_lesson *l, size_t start, const skd_cell *cell, const skd_kept_label *answer,
                              size_t like, skd_error *err) {
    skd_minimum *m = &l->job->minimum[start];
    skd_cell_free(m->cell);
    skd_free(m->force);
    skd_trace_free(&m->trace);
    *m = (skd_minimum){.start = start, .like = like};
    skd_status status = skd_cell_copy(&m->cell, cell, err);
    if (status == SKD_OK && answer->force && !(m->force = skd_copy(answer->force, cell->n, sizeof *m->force)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a minimum");
    if (status == SKD_OK)
        status = skd_trace_copy(&m->trace, &answer->trace, err);
    m->done = status == SKD_OK;
    m->stop = answer->relaxed ? answer->stop : SKD_STOP_FAILED;
    m->energy = answer->energy;
    m->force_max = answer->force ? skd_label_force_max(answer, l->job) : (double)NAN;
    m->n_steps = like == start ? answer->n_steps : 0;
    m->n_calls = like == start ? answer->n_calls : 0;
    snprintf(m->reason, sizeof m->reason, "%s", answer->why);
    return status;
}

/* As skd_kept_label of a relaxation, also where a single point confirmed the family. */
static skd_kept_label as_relaxation(const skd_lesson *l, size_t label) {
    skd_kept_label answer = *l->learner->label[label];
    double limit = l->learner->options.confirm_force;
    if (answer.relaxed)
        return answer;
    answer.relaxed = answer.cell;
    answer.stop = skd_label_force_max(&answer, l->job) < limit ? SKD_STOP_FORCE_MAX : SKD_STOP_STEPS;
    answer.n_calls = 1;
    if (answer.stop == SKD_STOP_STEPS)
        snprintf(answer.why, sizeof answer.why, "%s", "its label's forces are not small: the budget was spent");
    return answer;
}

static void set_prior(skd_lesson *l, const skd_trail *t) {
    skd_minimum *m = &l->job->minimum[t->start];
    m->has_prior = skd_learner_prior_energy(l->learner, t->label, &m->prior_energy);
}

/* A confirmed minimum whose start has one already gets a start of its own. */
static skd_status extra_start(skd_lesson *l, skd_trail *t, skd_error *err) {
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
static skd_status give_confirmed(skd_lesson *l, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        skd_trail *t = &l->trails.trail[i];
        if (!t->confirmed || t->alias || t->label == SIZE_MAX) /* the last: of an earlier search of this job */
            continue;
        if (l->job->minimum[t->start].done)
            status = extra_start(l, t, err);
        const skd_kept_label answer = as_relaxation(l, t->label);
        if (status == SKD_OK)
            status = set_minimum(l, t->start, answer.relaxed, &answer, t->start, err);
        if (status == SKD_OK)
            set_prior(l, t);
    }
    return status;
}

/* All other starts share the confirmed minimum that they led to. */
static skd_status give_others(skd_lesson *l, skd_error *err) {
    skd_kept_label nothing = {.energy = (double)NAN, .why = "no minimum: the teacher could not relax it"};
    if (l->learner->options.confirm_force > 0.0)
        snprintf(nothing.why, sizeof nothing.why, "%s", "no minimum: the surrogate stayed unsure where it ends");
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
        model = &l->job->minimum[owner];
        l->job->minimum[t->start].has_prior = model->has_prior;
        l->job->minimum[t->start].prior_energy = model->prior_energy;
    }
    return status;
}

/* Hands the minima out, and to the caller. */
skd_status skd_lesson_assign(skd_lesson *l, skd_error *err) {
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

