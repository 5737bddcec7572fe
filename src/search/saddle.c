/* SPDX-License-Identifier: MIT */
/* saddle.c - is a minimum one? A relaxation keeps the symmetry of its start, so it may end on a saddle point: the
 * force is zero, but the smallest nudge off the symmetry lets it fall. The representative of each family is nudged
 * and relaxed again; what it falls by is kept with the minimum. */
#include "shakedown/search.h"

#include <stdatomic.h>
#include <string.h>

#define NUDGE 0.02 /* Å, normal deviate on each coordinate */

typedef struct trial {
    skd_job *job;
    size_t start;
} trial;

typedef struct trials {
    trial *item;
    size_t n;
    uint64_t seed;
    const skd_relax_options *options;
    const skd_search_hooks *hooks;
    skd_potential_work **work; /* [threads] */
    atomic_bool stop;
} trials;

typedef struct watcher {
    trials *all;
    const trial *item;
} watcher;

static bool watch(void *payload, const skd_relax_frame *frame) {
    watcher *w = payload;
    const skd_search_hooks *hooks = w->all->hooks;
    bool go_on = true;
    if (hooks && hooks->progress) {
#pragma omp critical(skd_search_hook)
        go_on = hooks->progress(hooks->payload, w->item->job, w->item->start, frame);
    }
    if (!go_on)
        atomic_store(&w->all->stop, true);
    return !atomic_load(&w->all->stop);
}

/* The minimum, nudged; held atoms stay. Its seed is that of its name, whatever else is nudged. */
static skd_status nudged_copy(skd_cell **out, const trial *t, uint64_t seed, skd_error *err) {
    const char *name = t->job->starts.start[t->start].name;
    skd_rng *rng;
    skd_status status = skd_cell_copy(out, t->job->minimum[t->start].cell, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, skd_seed_mix(seed, skd_hash(SKD_HASH_START, name, strlen(name))), err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < (*out)->n; i++)
        for (int k = 0; k < 3; k++) {
            double move = NUDGE * skd_rng_normal(rng);
            if (!t->job->tether || t->job->tether[i] == 0.0)
                (*out)->pos[i][k] += move;
        }
    skd_rng_free(rng);
    return SKD_OK;
}

static skd_status try_one(void *payload, size_t i, int worker, skd_error *err) {
    trials *all = payload;
    const trial *t = &all->item[i];
    skd_minimum *m = &t->job->minimum[t->start];
    if (atomic_load(&all->stop))
        return SKD_OK;
    watcher w = {all, t};
    skd_relax_observer observer = {watch, &w};
    skd_relax_options options = *all->options;
    options.charge = t->job->charge;
    options.tether = t->job->tether;
    options.anchor = (const double(*)[3])t->job->anchor;
    skd_relax_outcome outcome = {0};
    skd_cell *nudged = NULL;
    skd_status status = nudged_copy(&nudged, t, all->seed, err);
    if (status == SKD_OK)
        status = skd_relax(&outcome, nudged, all->work[worker], &options, &observer, err);
    if (status == SKD_OK && outcome.stop != SKD_STOP_INTERRUPTED) {
        m->nudged = true;
        m->fall = skd_stop_has_minimum(outcome.stop) ? fmax(0.0, m->energy - outcome.energy) : 0.0;
        if (all->hooks && all->hooks->nudged) {
#pragma omp critical(skd_search_hook)
            status = all->hooks->nudged(all->hooks->payload, t->job, t->start, err);
        }
    }
    skd_relax_outcome_free(&outcome);
    skd_cell_free(nudged);
    if (status != SKD_OK)
        atomic_store(&all->stop, true);
    return status;
}

static skd_status list_trials(trials *all, skd_job *const *job, const skd_ranking *ranking, size_t n_jobs,
                              skd_error *err) {
    size_t most = 0;
    for (size_t j = 0; j < n_jobs; j++)
        most += ranking[j].n;
    all->item = skd_alloc(most, sizeof *all->item);
    if (!all->item)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", most);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t f = 0; f < ranking[j].n; f++)
            if (!job[j]->minimum[ranking[j].family[f].best].nudged)
                all->item[all->n++] = (trial){job[j], ranking[j].family[f].best};
    return SKD_OK;
}

static skd_status run_trials(trials *all, const skd_potential *potential, int threads, skd_error *err) {
    skd_status status = SKD_OK;
    all->work = skd_alloc((size_t)threads, sizeof *all->work);
    if (!all->work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %d threads", threads);
    for (int t = 0; t < threads && status == SKD_OK; t++)
        status = skd_potential_work_new(&all->work[t], potential, err);
    if (status == SKD_OK)
        status = skd_parallel(all->n, threads, try_one, all, err);
    if (status == SKD_OK && atomic_load(&all->stop))
        status = skd_fail(err, SKD_ESTOPPED, "interrupted");
    for (int t = 0; t < threads; t++)
        skd_potential_work_free(all->work[t]);
    skd_free(all->work);
    return status;
}

skd_status skd_search_saddles(skd_job *const *job, skd_ranking *ranking, size_t n_jobs, const skd_potential *potential,
                              const skd_relax_options *options, uint64_t seed, int threads,
                              const skd_search_hooks *hooks, skd_error *err) {
    trials all = {.options = options, .hooks = hooks, .seed = seed};
    skd_status status = list_trials(&all, job, ranking, n_jobs, err);
    if (status == SKD_OK && all.n > 0)
        status = run_trials(&all, potential, threads > 0 ? threads : skd_threads_available(), err);
    skd_free(all.item);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t f = 0; f < ranking[j].n; f++)
            skd_family_mark(&ranking[j].family[f], &job[j]->minimum[ranking[j].family[f].best]);
    return status;
}

void skd_family_mark(skd_family *family, const skd_minimum *minimum) {
    family->fall = minimum->nudged ? minimum->fall : (double)NAN;
    family->saddle = minimum->nudged && minimum->fall > SKD_SADDLE_FALL;
    family->warned = family->saddle || !skd_stop_converged(minimum->stop);
}
