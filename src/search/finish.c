/* SPDX-License-Identifier: MIT */
/* finish.c - the teacher's last word: relaxations by the teacher itself, remembered like single points. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "learn.h"

#define RETRY_STEP 0.5 /* of the longest step, where the teacher gave up with that */

typedef struct finishing {
    skd_learner *learner;
    const skd_job *job;
    const skd_question *question;
    const size_t *start, *of, *item;
    skd_kept_label *answer;
    atomic_bool stop;
} finishing;

typedef struct watcher {
    finishing *all;
    size_t start;
    skd_kept_label *answer;
} watcher;

/* Frames that are worth keeping: the steps get shorter. */
static bool on_the_way(size_t step) { return step == 2 || step == 5 || step == 10 || step == 20; }

static void keep_frame(skd_kept_label *answer, const skd_relax_frame *frame) {
    size_t n = frame->cell->n, at = answer->n_way;
    if (!answer->way || at >= SKD_WAY || !on_the_way(frame->step))
        return;
    memcpy(answer->way + 2 * at * n, frame->cell->pos, n * sizeof *answer->way);
    memcpy(answer->way + (2 * at + 1) * n, frame->result->force, n * sizeof *answer->way);
    answer->way_energy[at] = frame->result->energy;
    answer->n_way++;
}

static bool watch(void *payload, const skd_relax_frame *frame) {
    watcher *w = payload;
    const skd_learn_hooks *hooks = w->all->learner->hooks;
    keep_frame(w->answer, frame);
    if (hooks && hooks->progress) {
        bool go_on;
#pragma omp critical(skd_search_hook)
        go_on = hooks->progress(hooks->payload, w->all->job, w->start, frame);
        if (!go_on)
            atomic_store(&w->all->stop, true);
    }
    return !atomic_load(&w->all->stop);
}

/* Moves what the relaxation gave into the answer. */
static void keep(skd_kept_label *answer, skd_relax_outcome *outcome) {
    answer->relaxed = outcome->cell;
    answer->energy = outcome->energy;
    answer->force = outcome->result->force;
    answer->stop = outcome->stop;
    answer->n_steps = outcome->n_steps;
    answer->n_calls = outcome->n_calls;
    answer->failed = !skd_stop_has_minimum(outcome->stop);
    snprintf(answer->why, sizeof answer->why, "%.150s", outcome->reason);
    answer->trace = outcome->trace;
    outcome->trace = (skd_trace){0};
    outcome->cell = NULL;
    outcome->result->force = NULL;
}

/* The metric of the surrogate where the relaxation begins. */
static skd_status make_metric(double **metric, const skd_question *q, const skd_relax_options *options,
                              skd_error *err) {
    skd_potential_work *work = NULL;
    *metric = NULL;
    if (!q->guide)
        return SKD_OK;
    skd_status status = skd_potential_work_new(&work, q->guide, err);
    if (status == SKD_OK)
        status = skd_relax_metric(metric, q->cell, work, options, err);
    skd_potential_work_free(work);
    return status;
}

/* Where the teacher gave up on the way, once more by shorter steps of another kind. */
static skd_status relax_twice(skd_relax_outcome *out, const skd_question *q, skd_potential_work *work,
                              skd_relax_options *options, watcher *w, skd_error *err) {
    skd_relax_observer observer = {watch, w};
    skd_status status = skd_relax(out, q->cell, work, options, &observer, err);
    if (status != SKD_OK || (out->stop != SKD_STOP_FAILED && out->stop != SKD_STOP_EXPLODED))
        return status;
    size_t n_calls = out->n_calls;
    skd_relax_outcome_free(out);
    options->metric = NULL;
    options->max_step *= RETRY_STEP;
    w->answer->n_way = 0;
    status = skd_relax(out, q->cell, work, options, &observer, err);
    out->n_calls += n_calls;
    return status;
}

static skd_status finish_one(void *payload, size_t i, int worker, skd_error *err) {
    finishing *all = payload;
    const skd_learn_hooks *hooks = all->learner->hooks;
    const skd_question *q = &all->question[all->item[i]];
    skd_kept_label *answer = &all->answer[i];
    watcher w = {all, all->start[all->item[i]], answer};
    skd_relax_options options = all->learner->relax;
    answer->charge = all->job->charge;
    answer->order = skd_learner_place(all->learner, all->of, all->item, i);
    skd_job_set_options(all->job, &options);
    if (q->max_steps)
        options.max_steps = q->max_steps;
    double *metric = NULL;
    skd_relax_outcome outcome = {0};
    if (atomic_load(&all->stop))
        return SKD_OK;
    snprintf(answer->from, sizeof answer->from, "%s", q->from);
    skd_status status = skd_cell_copy(&answer->cell, q->cell, err);
    answer->way = skd_alloc(2 * SKD_WAY * q->cell->n, sizeof *answer->way);
    answer->way_energy = skd_alloc(SKD_WAY, sizeof *answer->way_energy);
    if (status == SKD_OK && (!answer->way || !answer->way_energy))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the frames of a relaxation");
    if (status == SKD_OK)
        status = make_metric(&metric, q, &options, err);
    options.metric = metric;
    if (status == SKD_OK)
        status = relax_twice(&outcome, q, all->learner->teacher_work[worker], &options, &w, err);
    if (status == SKD_OK && outcome.stop != SKD_STOP_INTERRUPTED) {
        keep(answer, &outcome);
        if (hooks && hooks->labelled) {
#pragma omp critical(skd_search_hook)
            status = hooks->labelled(hooks->payload, answer, err);
        }
    } else if (status == SKD_OK) {
        atomic_store(&all->stop, true);
    }
    skd_free(metric);
    skd_relax_outcome_free(&outcome);
    return status;
}

skd_status skd_learner_relax(skd_learner *learner, const skd_job *job, const skd_question *question, size_t n,
                             const size_t *start, size_t *of, skd_error *err) {
    size_t *item = skd_alloc(n, sizeof *item), n_new = 0;
    skd_kept_label *answer = skd_alloc(n, sizeof *answer);
    finishing all = {learner, job, question, start, of, item, answer, false};
    skd_status status = item && answer ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu relaxations", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        if ((of[i] = skd_learner_find(learner, question[i].cell, job->charge, true)) == SIZE_MAX)
            item[n_new++] = i;
    if (status == SKD_OK) {
        status = skd_parallel(n_new, skd_learner_at_once(learner), finish_one, &all, err);
        if (status == SKD_OK && atomic_load(&all.stop))
            status = skd_fail(err, SKD_ESTOPPED, "interrupted");
        for (size_t i = 0; i < n_new && status != SKD_OK; i++)
            skd_kept_label_free(&answer[i]);
        if (status == SKD_OK)
            status = skd_learner_file(learner, answer, item, n_new, of, err);
    }
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = skd_learner_count_in(learner, of[i], err);
    skd_free(item);
    skd_free(answer);
    return status;
}
