/* SPDX-License-Identifier: MIT */
/* explore.c - one round of the surrogate: every trail is followed downhill, and left where the model is unsure.
 *
 * The guard compares the deviation of E(frame) - E(unperturbed defect; see reference.c), in which what is common to
 * both (the offset of the composition, atoms that have not moved) drops out. It is never off: surrogates have holes
 * where nothing was labelled, and relaxations find them. */
#include <math.h>
#include <string.h>

#include "learn.h"

#define FORCE_GROWS 1.5 /* times the smallest: the relaxation goes on to somewhere else */

#define PRIOR_RISES 2.0 /* eV along a trail: a correction that knows few frames drives it there, to learn nothing */

enum { OWN_LEAST = 8 };  /* labels of the defect itself, with fewer ... */
#define OWN_SHARE 0.5    /* ... only this part of the guard counts as sure; ask.c labels what is above it */
#define GUARD_FLOOR 1.25 /* times the deviation of what is labelled */

/* ---- the guard -------------------------------------------------------------------------------- */

typedef struct surveyor { /* of one thread */
    skd_potential_work *potential, *prior; /* prior: NULL if there is none */
    skd_model_work *model;
    skd_result *result;
} surveyor;

typedef struct following {
    skd_trails *trails;
    const skd_learner *learner;
    const skd_model *model;
    surveyor *walker; /* [threads] */
    double guard;     /* eV: the options', or what minima that the teacher has confirmed come to */
} following;

typedef struct guard {
    following *all;
    surveyor *w;
    skd_trail *trail;
    skd_cell *last;    /* the last frame that passed */
    double last_energy; /* eV */
    bool unsure, calm; /* calm: there is no rattle, so there is no grace */
    bool strayed;      /* the prior level has risen too far: no frame to ask about */
    double begun;      /* eV, the prior level's of the first frame */
    size_t n_calmed;   /* evaluations before it */
    skd_cell *slowest; /* the frame of smallest force of late */
    double force, energy; /* of it */
    skd_error trouble; /* of the test itself */
} guard;

static skd_status measure(following *all, surveyor *w, const skd_cell *cell, double *deviation, skd_error *err) {
    size_t m;
    skd_status status = skd_model_compute(all->model, cell, 0, w->model, w->result, err);
    if (status != SKD_OK)
        return status;
    const double *row = skd_model_energy_row(w->model, &m);
    return skd_model_difference_deviation(all->model, row, all->trails->reference, deviation, err);
}

enum { MIDDLE = 4 }; /* steps after which a start's strain has relaxed, and its distortion has not */

static bool keep_middle(guard *g, const skd_relax_frame *frame) {
    const skd_learn_options *options = &g->all->learner->options;
    if (options->confirm_force <= 0.0 || g->trail->earlier || g->trail->checked || frame->step != MIDDLE)
        return true;
    skd_cell_free(g->trail->middle);
    return skd_cell_copy(&g->trail->middle, frame->cell, &g->trouble) == SKD_OK;
}

/* Where the forces have become small and then grow again there may be a shallow basin that the surrogate has no eye
 * for: the frame of the smallest such force is kept. */
static skd_status note_slow(guard *g, const skd_relax_frame *frame, skd_error *err) {
    skd_trail *t = g->trail;
    bool grows = g->slowest && frame->force_max > FORCE_GROWS * g->force;
    if (grows && g->force < g->all->learner->options.finish_force && (!t->slow || g->force < t->slow_force)) {
        skd_cell_free(t->slow);
        t->slow = g->slowest;
        t->slow_force = g->force;
        t->slow_energy = g->energy;
        g->slowest = NULL;
    }
    if (g->slowest && !grows && frame->force_max >= g->force)
        return SKD_OK;
    skd_cell_free(g->slowest);
    g->force = frame->force_max;
    g->energy = frame->result->energy;
    return skd_cell_copy(&g->slowest, frame->cell, err);
}

/* Is the prior level's energy, what the model leaves of the sum's, too far above that of the trail's beginning? */
static bool strays(guard *g, const skd_relax_frame *frame) {
    const double prior = frame->result->energy - g->w->result->energy;
    if (!g->last)
        g->begun = prior;
    return g->all->learner->options.prior && prior > g->begun + PRIOR_RISES;
}

static bool watch(void *payload, const skd_relax_frame *frame) {
    guard *g = payload;
    const skd_learn_options *options = &g->all->learner->options;
    if (!keep_middle(g, frame) || (!g->trail->earlier && note_slow(g, frame, &g->trouble) != SKD_OK))
        return false;
    if (frame->step % options->guard_every != 0)
        return true;
    double deviation = 0.0;
    skd_status status = measure(g->all, g->w, frame->cell, &deviation, &g->trouble);
    const bool doubt = status == SKD_OK && !(deviation <= g->all->guard);
    g->strayed = status == SKD_OK && strays(g, frame) && doubt;
    g->unsure = doubt && (g->calm || g->strayed || frame->step >= options->grace);
    if (status == SKD_OK && (!g->unsure || !g->last)) { /* the frame to ask about if the next ones are lost */
        skd_cell_free(g->last);
        status = skd_cell_copy(&g->last, frame->cell, &g->trouble);
        g->last_energy = frame->result->energy;
    }
    return status == SKD_OK && !g->unsure;
}

/* ---- following one trail ------------------------------------------------------------------------ */

static skd_relax_options surrogate_options(const skd_learner *learner, const skd_trail *trail) {
    skd_relax_options options = learner->relax;
    options.method = skd_minimiser_named("lbfgs");
    options.force_max = learner->options.force_max;
    options.force_mean = 0.0;
    bool stays = trail->confirmed && !trail->follows; /* what the teacher has found stays there */
    options.max_steps = stays ? 0 : learner->options.steps;
    return options;
}

/* Where the trail ends: the relaxation's last frame, or the last one that passed if that was lost. */
static skd_status settle(guard *g, skd_relax_outcome *outcome, skd_error *err) {
    skd_trail *trail = g->trail;
    bool lost = g->strayed || (!g->unsure && !skd_stop_has_minimum(outcome->stop));
    trail->stop = outcome->stop;
    trail->unsure = g->unsure || lost;
    trail->n_calls = outcome->n_calls + g->n_calmed;
    trail->end = lost && g->last ? g->last : outcome->cell;
    trail->energy = lost && g->last ? g->last_energy : outcome->energy;
    if (trail->end == g->last)
        g->last = NULL;
    else
        outcome->cell = NULL;
    skd_status status = measure(g->all, g->w, trail->end, &trail->deviation, err);
    if (status != SKD_OK)
        return status;
    size_t m;
    const double *row = skd_model_energy_row(g->w->model, &m);
    trail->unsure |= !(trail->deviation <= g->all->guard);
    trail->row = skd_copy(row, m, sizeof *row);
    return trail->row ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu features", m);
}

/* Holds the core of a start, and what the job holds anyway; the arrays are the caller's. */
static skd_status hold_core(skd_relax_options *options, double *tether, double (*anchor)[3], skd_cell *cell,
                            const skd_job *job, size_t start, skd_error *err) {
    bool *core = skd_alloc(cell->n, sizeof *core);
    skd_status status = core ? skd_core_find(core, cell, job, start, err)
                             : skd_fail(err, SKD_ENOMEM, "out of memory for the core of a start");
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        bool held = options->tether && options->tether[i] > 0.0;
        tether[i] = held ? options->tether[i] : core[i] ? (double)INFINITY : 0.0;
        memcpy(anchor[i], held && options->anchor ? options->anchor[i] : cell->pos[i], sizeof anchor[i]);
    }
    options->tether = tether;
    options->anchor = (const double(*)[3])anchor;
    skd_free(core);
    return status;
}

/* The first steps of a start: its rattle goes, its core stays. *begin gets the frame then, owned. A prior level does
 * that without the model, which as long as it knows few frames may drive atoms anywhere. */
static skd_status calm(skd_cell **begin, guard *g, const skd_relax_options *like, skd_error *err) {
    const skd_job *job = g->all->trails->job;
    skd_relax_options options = *like;
    skd_relax_outcome outcome = {0};
    size_t n = g->trail->from->n;
    double *tether = skd_alloc(n, sizeof *tether), (*anchor)[3] = skd_alloc(n, sizeof *anchor);
    skd_status status = skd_cell_copy(begin, g->trail->from, err);
    if (status == SKD_OK && !(tether && anchor))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the core of a start");
    if (status == SKD_OK)
        status = hold_core(&options, tether, anchor, *begin, job, g->trail->start, err);
    options.max_steps = g->all->learner->options.grace;
    if (status == SKD_OK)
        status = skd_relax(&outcome, *begin, g->w->prior ? g->w->prior : g->w->potential, &options, NULL, err);
    g->n_calmed = outcome.n_calls;
    if (status == SKD_OK && skd_stop_has_minimum(outcome.stop)) {
        skd_cell *calmed = outcome.cell;
        outcome.cell = *begin;
        *begin = calmed;
    }
    skd_relax_outcome_free(&outcome);
    skd_free(tether);
    skd_free(anchor);
    return status;
}

/* From where a trail is followed: *calmed (owned, NULL: none), or where it begins. A prior level knows what the bonds
 * of a start come to, and labels that cost minutes go to ends. */
static skd_status begin_trail(skd_cell **calmed, guard *g, const skd_relax_options *options, skd_error *err) {
    const skd_learn_options *learn = &g->all->learner->options;
    const skd_start *start = &g->all->trails->job->starts.start[g->trail->start];
    *calmed = NULL;
    bool as_made = !g->trail->earlier && g->trail->from == start->cell && !start->later;
    g->calm = as_made && !learn->prior && !(learn->confirm_force > 0.0);
    skd_status status = g->calm || (as_made && learn->prior) ? calm(calmed, g, options, err) : SKD_OK;
    g->calm |= g->trail->hop;
    return status;
}

static skd_status follow_one(void *payload, size_t i, int worker, skd_error *err) {
    following *all = payload;
    skd_trail *trail = &all->trails->trail[i];
    trail->n_calls = 0;
    if (trail->settled || trail->retired)
        return SKD_OK;
    guard g = {.all = all, .w = &all->walker[worker], .trail = trail};
    skd_relax_options options = surrogate_options(all->learner, trail);
    skd_job_set_options(all->trails->job, &options);
    skd_relax_observer observer = {watch, &g};
    skd_relax_outcome outcome = {0};
    skd_cell_free(trail->end);
    skd_free(trail->row);
    skd_cell_free(trail->slow);
    trail->end = trail->slow = NULL;
    trail->row = NULL;
    skd_cell *calmed = NULL;
    skd_status status = begin_trail(&calmed, &g, &options, err);
    if (status == SKD_OK)
        status = skd_relax(&outcome, calmed ? calmed : trail->from, g.w->potential, &options, &observer, err);
    if (status == SKD_OK && g.trouble.status != SKD_OK)
        status = skd_fail(err, g.trouble.status, "%s", g.trouble.text);
    if (status == SKD_OK)
        status = settle(&g, &outcome, err);
    skd_relax_outcome_free(&outcome);
    skd_cell_free(g.last);
    skd_cell_free(g.slowest);
    skd_cell_free(calmed);
    return status;
}

/* ---- all of them -------------------------------------------------------------------------------- */

static void walkers_free(surveyor *walker, int threads) {
    for (int t = 0; walker && t < threads; t++) {
        skd_potential_work_free(walker[t].potential);
        skd_potential_work_free(walker[t].prior);
        skd_model_work_free(walker[t].model);
        skd_result_free(walker[t].result);
    }
    skd_free(walker);
}

static skd_status walkers_new(following *all, const skd_potential *potential, skd_error *err) {
    int threads = all->learner->threads;
    all->walker = skd_alloc((size_t)threads, sizeof *all->walker);
    skd_status status = all->walker ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %d threads", threads);
    for (int t = 0; t < threads && status == SKD_OK; t++) {
        surveyor *w = &all->walker[t];
        const skd_potential *prior = all->learner->options.prior;
        status = skd_potential_work_new(&w->potential, potential, err);
        if (status == SKD_OK && prior)
            status = skd_potential_work_new(&w->prior, prior, err);
        if (status == SKD_OK)
            status = skd_model_work_new(&w->model, all->model, err);
        if (status == SKD_OK)
            status = skd_result_new(&w->result, all->trails->job->defect->cell->n, err);
    }
    return status;
}

/* The energy row that all others are compared with. */
static skd_status set_reference(following *all, skd_error *err) {
    surveyor *w = &all->walker[0];
    size_t m;
    skd_free(all->trails->reference);
    all->trails->reference = NULL;
    const skd_cell *cell = skd_learner_reference(all->learner, all->trails->job);
    skd_status status = skd_model_compute(all->model, cell, 0, w->model, w->result, err);
    if (status != SKD_OK)
        return status;
    const double *row = skd_model_energy_row(w->model, &m);
    all->trails->reference = skd_copy(row, m, sizeof *row);
    return all->trails->reference ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu features", m);
}

/* Where the noise of the fit alone makes what is labelled look unsure (energies over a wide range do), labels cannot
 * make anything surer: then only what is less sure than labelled minima is. And a model of other defects is sure of too
 * much: less counts as sure until a few frames of this one have labels. */
static skd_status set_guard(following *all, skd_error *err) {
    double deviation = 0.0, most = 0.0;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < all->trails->n && status == SKD_OK; i++) {
        const skd_trail *t = &all->trails->trail[i];
        if (!t->confirmed || t->alias || t->label == SIZE_MAX)
            continue;
        status = measure(all, &all->walker[0], t->from, &deviation, err);
        most = fmax(most, deviation);
    }
    all->guard = fmax(all->learner->options.guard, GUARD_FLOOR * most);
    if (!all->learner->options.prior && skd_learner_own(all->learner, all->trails->job->defect) < OWN_LEAST)
        all->guard = OWN_SHARE * all->learner->options.guard;
    return status;
}

skd_status skd_trails_follow(skd_trails *trails, const skd_learner *learner, const skd_model *model, skd_error *err) {
    following all = {.trails = trails, .learner = learner, .model = model};
    skd_potential *learned = NULL, *sum = NULL;
    const skd_potential *prior = learner->options.prior;
    skd_status status = skd_potential_of_model(&learned, model, err);
    if (status == SKD_OK && prior)
        status = skd_potential_sum(&sum, (const skd_potential *[]){prior, learned}, 2, err);
    if (status == SKD_OK)
        status = walkers_new(&all, prior ? sum : learned, err);
    if (status == SKD_OK)
        status = set_reference(&all, err);
    if (status == SKD_OK)
        status = set_guard(&all, err);
    if (status == SKD_OK)
        status = skd_parallel(trails->n, learner->threads, follow_one, &all, err);
    walkers_free(all.walker, learner->threads);
    skd_potential_free(sum);
    skd_potential_free(learned);
    return status;
}
