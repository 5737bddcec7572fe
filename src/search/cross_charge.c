/* SPDX-License-Identifier: MIT */
/* cross_charge.c - minima of one charge state as starts of the others.
 *
 * A reconstruction that pays in one charge state often is a minimum in the next one too, where the distortions that
 * lead to it may not be among the starts. So the families of each state are offered to the others, unless they have
 * them, or were given them before. What comes of it may be new again: it goes on if it is the lowest of its state,
 * else charge states would toss all the shallow minima of a soft cell to each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prints.h"

#define SAME_PLACE 0.2 /* Å, ShakeNBreak's tolerance */

/* A structure that a job has: a minimum, or a start that it was given. */
typedef struct item {
    size_t job, start;
    const skd_cell *cell;
    size_t print; /* its place in the prints */
    bool offered; /* to the other states */
} item;

/* The charge states of one defect. */
typedef struct exchange {
    const skd_cross_options *options;
    int threads;
    skd_job **job; /* [n_jobs] */
    size_t n_jobs, round;
    item *item; /* [n] */
    size_t n, capacity;
    prints prints; /* of the items; none with ShakeNBreak's rule */
    size_t n_added;
} exchange;

/* ---- what there is --------------------------------------------------------------------------- */

static skd_status add_item(exchange *x, size_t job, size_t start, const skd_cell *cell, bool offered, skd_error *err) {
    skd_status status = skd_grow((void **)&x->item, &x->capacity, x->n + 1, sizeof *x->item, err);
    if (status == SKD_OK)
        x->item[x->n] = (item){job, start, cell, x->n, offered};
    x->n += status == SKD_OK;
    return status;
}

/* Families are told by their representatives. ShakeNBreak compares with every final structure. */
static skd_status add_families(exchange *x, size_t j, skd_error *err) {
    const skd_job *job = x->job[j];
    const bool compat = x->options->compat, lowest_only = compat || x->round > 1;
    skd_ranking ranking;
    skd_status status = skd_rank(&ranking, job, &x->options->rank, x->threads, err);
    if (status != SKD_OK)
        return status;
    for (size_t f = 0; f < ranking.n && status == SKD_OK; f++) {
        const skd_family *family = &ranking.family[f];
        bool low = isnan(family->relative) || family->relative < -x->options->min_energy;
        status = add_item(x, j, family->best, job->minimum[family->best].cell, low && !(lowest_only && f > 0), err);
        for (size_t i = 0; i < family->n_members && compat && status == SKD_OK; i++)
            if (family->member[i] != family->best)
                status = add_item(x, j, family->member[i], job->minimum[family->member[i]].cell, false, err);
    }
    skd_ranking_free(&ranking);
    return status;
}

/* Starts that the job was given already. */
static skd_status add_given(exchange *x, size_t j, skd_error *err) {
    const skd_start_list *list = &x->job[j]->starts;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < list->n && status == SKD_OK; i++)
        if (list->start[i].round > 0)
            status = add_item(x, j, i, list->start[i].cell, false, err);
    return status;
}

static skd_status make_prints(exchange *x, skd_error *err) {
    if (x->options->compat)
        return SKD_OK;
    print_item *list = skd_alloc(x->n, sizeof *list);
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu fingerprints", x->n);
    for (size_t i = 0; i < x->n; i++)
        list[i] = (print_item){x->item[i].cell, (double)NAN};
    skd_status status =
        prints_make(&x->prints, x->job[0]->defect, list, x->n, &x->options->rank.soap, x->threads, err);
    skd_free(list);
    return status;
}

static skd_status gather(exchange *x, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t j = 0; j < x->n_jobs && status == SKD_OK; j++)
        status = add_families(x, j, err);
    for (size_t j = 0; j < x->n_jobs && status == SKD_OK; j++)
        status = add_given(x, j, err);
    return status == SKD_OK ? make_prints(x, err) : status;
}

/* ---- the same? ------------------------------------------------------------------------------- */

static const skd_fingerprint *print(const exchange *x, size_t which) {
    return &x->prints.fingerprint[x->item[which].print];
}

static skd_status same_print(const exchange *x, size_t a, size_t b, bool *same, skd_error *err) {
    double distance;
    skd_status status =
        skd_fingerprint_distance(print(x, a), print(x, b), &distance, err);
    *same = status == SKD_OK && distance < x->options->rank.cluster.threshold;
    return status;
}

static skd_status is_same(const exchange *x, size_t a, size_t b, bool *same, skd_error *err) {
    const skd_cell *one = x->item[a].cell, *other = x->item[b].cell;
    return x->options->compat ? skd_match_same(same, one, other, SAME_PLACE, err) : same_print(x, a, b, same, err);
}

/* Does the job have the like of the item? */
static skd_status has_like(const exchange *x, size_t job, size_t which, bool *has, skd_error *err) {
    *has = false;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < x->n && status == SKD_OK && !*has; i++)
        if (x->item[i].job == job)
            status = is_same(x, i, which, has, err);
    return status;
}

/* ShakeNBreak's: was this minimum, in any state that has it, reached from the state `charge`? */
static skd_status came_from(const exchange *x, int charge, size_t which, bool *came, skd_error *err) {
    *came = false;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < x->n && status == SKD_OK && !*came; i++) {
        const skd_start *start = &x->job[x->item[i].job]->starts.start[x->item[i].start];
        if (x->item[i].offered && start->round > 0 && start->from_charge == charge)
            status = is_same(x, i, which, came, err);
    }
    return status;
}

/* ---- giving ---------------------------------------------------------------------------------- */

static bool has_name(const skd_job *job, const char *name) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (strcmp(job->starts.start[i].name, name) == 0)
            return true;
    return false;
}

/* "Dimer_from_+1", and on from there "Dimer_from_+1_from_0", where ShakeNBreak keeps the first name; with a number if
 * another structure has the name. False: ShakeNBreak would take it for tried. */
static bool name_start(char *name, size_t size, const skd_job *to, const skd_start *start, int charge, bool compat) {
    char from[24] = "";
    if (!compat || start->round == 0)
        snprintf(from, sizeof from, "_from_%s%d", charge > 0 ? "+" : "", charge);
    int room = (int)(size - 1 - strlen(from));
    snprintf(name, size, "%.*s%s", room, start->name, from);
    for (unsigned k = 2; has_name(to, name) && !compat; k++)
        snprintf(name, size, "%.*s%s_%u", room - 11, start->name, from, k);
    return !has_name(to, name);
}

static skd_status copy_minimum(skd_start *out, const item *it, const skd_start *origin, skd_error *err) {
    snprintf(out->label, sizeof out->label, "%s", origin->label);
    out->kind = skd_start_kind_named("cross_charge")->name;
    out->factor = origin->factor;
    out->n_neighbours = origin->n_neighbours;
    out->n_distorted = origin->n_distorted;
    out->distorted = skd_copy(origin->distorted, origin->n_distorted, sizeof *origin->distorted);
    return out->distorted ? skd_cell_copy(&out->cell, it->cell, err)
                          : skd_fail(err, SKD_ENOMEM, "out of memory for a start");
}

static skd_status give(exchange *x, size_t which, size_t to, skd_error *err) {
    const item it = x->item[which];
    const skd_job *from = x->job[it.job];
    const skd_start *origin = &from->starts.start[it.start];
    skd_start start = {.round = x->round, .from_charge = from->charge};
    if (!name_start(start.name, sizeof start.name, x->job[to], origin, from->charge, x->options->compat))
        return SKD_OK;
    skd_status status = copy_minimum(&start, &it, origin, err);
    if (status == SKD_OK)
        status = skd_job_add_start(x->job[to], &start, err);
    skd_start_free(&start);
    if (status == SKD_OK)
        status = add_item(x, to, x->job[to]->starts.n - 1, it.cell, false, err);
    if (status != SKD_OK)
        return status;
    x->item[x->n - 1].print = it.print;
    x->n_added++;
    return SKD_OK;
}

/* Gives the item to every other state that has not the like of it. */
static skd_status offer(exchange *x, size_t which, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t to = 0; to < x->n_jobs && status == SKD_OK; to++) {
        bool no = false;
        if (to == x->item[which].job)
            continue;
        status = has_like(x, to, which, &no, err);
        if (status == SKD_OK && !no && x->options->compat)
            status = came_from(x, x->job[to]->charge, which, &no, err);
        if (status == SKD_OK && !no)
            status = give(x, which, to, err);
    }
    return status;
}

static skd_status exchange_run(exchange *x, skd_error *err) {
    skd_status status = gather(x, err);
    for (size_t i = 0, n = x->n; i < n && status == SKD_OK; i++)
        if (x->item[i].offered)
            status = offer(x, i, err);
    prints_free(&x->prints);
    skd_free(x->item);
    return status;
}

/* ---- all defects ----------------------------------------------------------------------------- */

static bool same_defect(const skd_job *a, const skd_job *b) { return strcmp(a->defect->name, b->defect->name) == 0; }

/* The jobs from `first` on that are states of its defect; none if an earlier one is. */
static size_t list_states(skd_job **out, skd_job *const *job, size_t n_jobs, size_t first) {
    size_t n = 0;
    for (size_t j = 0; j < first; j++)
        if (same_defect(job[j], job[first]))
            return 0;
    for (size_t j = first; j < n_jobs; j++)
        if (same_defect(job[j], job[first]))
            out[n++] = job[j];
    return n;
}

static size_t last_round(skd_job *const *job, size_t n_jobs) {
    size_t last = 0;
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++)
            if (job[j]->starts.start[i].round > last)
                last = job[j]->starts.start[i].round;
    return last;
}

skd_status skd_cross_charges(size_t *n_added, skd_job *const *job, size_t n_jobs, const skd_cross_options *options,
                             int threads, skd_error *err) {
    *n_added = 0;
    const size_t round = last_round(job, n_jobs) + 1;
    if (round > options->max_rounds)
        return SKD_OK;
    skd_job **state = skd_alloc(n_jobs, sizeof *state);
    if (!state)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", n_jobs);
    skd_status status = SKD_OK;
    for (size_t j = 0; j < n_jobs && status == SKD_OK; j++) {
        exchange x = {.options = options, .job = state, .round = round,
                      .threads = threads > 0 ? threads : skd_threads_available()};
        x.n_jobs = list_states(state, job, n_jobs, j);
        if (x.n_jobs > 1)
            status = exchange_run(&x, err);
        *n_added += x.n_added;
    }
    skd_free(state);
    return status;
}

skd_status skd_search_charges(skd_job *const *job, size_t n_jobs, const skd_potential *potential,
                              const skd_relax_options *options, const skd_cross_options *cross, int threads,
                              const skd_search_hooks *hooks, skd_error *err) {
    size_t n_added = 1;
    skd_status status = SKD_OK;
    while (status == SKD_OK && n_added > 0) {
        status = skd_search_relax(job, n_jobs, potential, options, threads, hooks, err);
        if (status == SKD_OK)
            status = skd_cross_charges(&n_added, job, n_jobs, cross, threads, err);
        if (status == SKD_OK && n_added > 0 && hooks && hooks->added)
            status = hooks->added(hooks->payload, n_added, err);
    }
    return status;
}
