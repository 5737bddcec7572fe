/* SPDX-License-Identifier: MIT */
/* relax_all.c - relaxes the starts of all jobs in parallel, one start a thread, and reports each
 * finished one to the caller, who stores it. A start that was interrupted is left undone: the next
 * run does it from its beginning, so a resumed search ends in the same bytes. */
#include "shakedown/search.h"

#include <stdatomic.h>

typedef struct work_item {
    skd_job *job;
    size_t start;
} work_item;

typedef struct relax_run {
    work_item *item;
    size_t n;
    const skd_relax_options *options;
    const skd_search_hooks *hooks;
    skd_potential_work **work; /* [threads] */
    atomic_bool stop;
} relax_run;

typedef struct watcher {
    relax_run *run;
    const work_item *item;
} watcher;

static bool watch(void *payload, const skd_relax_frame *frame) {
    watcher *w = payload;
    const skd_search_hooks *hooks = w->run->hooks;
    if (!hooks || !hooks->progress)
        return !atomic_load(&w->run->stop);
    bool go_on;
#pragma omp critical(skd_search_hook)
    go_on = hooks->progress(hooks->payload, w->item->job, w->item->start, frame);
    if (!go_on)
        atomic_store(&w->run->stop, true);
    return !atomic_load(&w->run->stop);
}

/* Moves what a relaxation gave into its minimum. */
static void keep(skd_minimum *m, skd_relax_outcome *outcome) {
    m->stop = outcome->stop;
    m->energy = outcome->energy;
    m->force_max = outcome->force_max;
    m->spring = outcome->spring_energy;
    m->n_steps = outcome->n_steps;
    m->n_calls = outcome->n_calls;
    for (size_t i = 0; i < sizeof m->reason; i++)
        m->reason[i] = i < sizeof outcome->reason ? outcome->reason[i] : '\0';
    m->cell = outcome->cell;
    m->trace = outcome->trace;
    outcome->trace = (skd_trace){0};
    outcome->cell = NULL;
    if (outcome->result) {
        m->force = outcome->result->force;
        outcome->result->force = NULL;
    }
    m->done = true;
}

static skd_status relax_one(void *payload, size_t i, int worker, skd_error *err) {
    relax_run *run = payload;
    const work_item *item = &run->item[i];
    if (atomic_load(&run->stop))
        return SKD_OK;
    watcher w = {run, item};
    skd_relax_observer observer = {watch, &w};
    skd_relax_options options = *run->options;
    skd_job_set_options(item->job, &options);
    skd_relax_outcome outcome = {0};
    const skd_start *start = &item->job->starts.start[item->start];
    skd_status status = skd_relax(&outcome, start->cell, run->work[worker], &options, &observer, err);
    if (status == SKD_OK && outcome.stop != SKD_STOP_INTERRUPTED) {
        keep(&item->job->minimum[item->start], &outcome);
        if (run->hooks && run->hooks->finished) {
#pragma omp critical(skd_search_hook)
            status = run->hooks->finished(run->hooks->payload, item->job, item->start, err);
        }
    }
    skd_relax_outcome_free(&outcome);
    if (status != SKD_OK)
        atomic_store(&run->stop, true);
    return status;
}

/* Every start that is to be relaxed and is not yet. */
static skd_status list_items(relax_run *run, skd_job *const *job, size_t n_jobs, skd_error *err) {
    size_t most = 0;
    for (size_t j = 0; j < n_jobs; j++)
        most += job[j]->starts.n;
    run->item = skd_alloc(most, sizeof *run->item);
    if (!run->item)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu starts", most);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++)
            if (!job[j]->minimum[i].done && !job[j]->starts.start[i].dropped)
                run->item[run->n++] = (work_item){job[j], i};
    return SKD_OK;
}

static void free_works(skd_potential_work **work, int threads) {
    for (int t = 0; work && t < threads; t++)
        skd_potential_work_free(work[t]);
    skd_free(work);
}

skd_status skd_search_relax(skd_job *const *job, size_t n_jobs, const skd_potential *potential,
                            const skd_relax_options *options, int threads, const skd_search_hooks *hooks,
                            skd_error *err) {
    relax_run run = {.options = options, .hooks = hooks};
    if (threads <= 0)
        threads = skd_threads_available();
    run.work = skd_alloc((size_t)threads, sizeof *run.work);
    skd_status status = run.work ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %d threads", threads);
    for (int t = 0; t < threads && status == SKD_OK; t++)
        status = skd_potential_work_new(&run.work[t], potential, err);
    if (status == SKD_OK)
        status = list_items(&run, job, n_jobs, err);
    if (status == SKD_OK)
        status = skd_parallel(run.n, threads, relax_one, &run, err);
    if (status == SKD_OK && atomic_load(&run.stop))
        status = skd_fail(err, SKD_ESTOPPED, "interrupted");
    free_works(run.work, threads);
    skd_free(run.item);
    return status;
}
