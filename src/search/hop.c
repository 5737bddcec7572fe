/* SPDX-License-Identifier: MIT */
/* hop.c - what is around the lowest minima.
 *
 * Where a start leads from 30 eV above the crystal is chance, for the surrogate as for its teacher; what lies next to
 * a minimum is not. And a surrogate that has seen few labels is sure that a minimum is where it has one. So once all
 * ends are known, copies of the lowest minima go downhill on the surrogate in which the core was moved at random, or
 * all that is around it, or one atom was taken to another place (basin hopping: Wales, Doye, J. Phys. Chem. A 101,
 * 5111 (1997); on a surrogate: Bisbo, Hammer, Phys. Rev. Lett. 124, 086102 (2020)). Those that may end lower than all
 * that is known are trails like others, under the same guard. Of the rest a few where the model is unsure are
 * labelled, to teach it the surroundings; then they are forgotten. */
#include <math.h>
#include <string.h>

#include "lesson.h"

enum { HOP_FROM = 2, HOP_EACH = 12, HOP_TIMES = 4, HOP_TRIES = 20, HOP_TEACH = 3, HOP_LABELS = 12 };
#define HOP_WINDOW 1.0 /* eV above the lowest: minima to begin from                            */
#define HOP_ABOVE  0.3 /* eV above the lowest: ends that are worth a label                     */
#define HOP_CLOSE  0.8 /* of the sum of covalent radii, or of the distance before: no closer   */
#define JUMP_LEAST 1.0 /* Å, how far one atom is taken                                        */
#define JUMP_MOST  3.0
#define AROUND     3.5 /* Å from the core: atoms that are moved with it, ...                    */
#define AROUND_SHARE 0.7 /* ... by less: they are more                                          */
static const double hop_sigma[] = {0.2, 0.3, 0.4, 0.5}; /* Å, each coordinate */

static double lowest_confirmed(const skd_lesson *l) {
    double lowest = INFINITY;
    for (size_t i = 0; i < l->trails.n; i++)
        if (l->trails.trail[i].confirmed)
            lowest = fmin(lowest, l->trails.trail[i].energy);
    return lowest;
}

/* eV: as low as it may end. */
static double bound(const skd_trail *t) { return t->energy - (t->unsure ? t->deviation : 0.0); }

/* Unsure frames that have a label have taught nothing: fits leave them out. */
static bool is_open(const skd_lesson *l, const skd_trail *t) {
    return t->hop && !t->retired && t->unsure && !skd_learner_counts(l->learner, t->end, l->job->charge);
}

/* Of those that are unsure, the one that may end lowest; where that is not below the limit, each is worth one label. */
static size_t most_promising(const skd_lesson *l, double limit, size_t now) {
    const double high = limit + l->learner->options.fit.far_above; /* higher ones would not count in fits */
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < l->trails.n; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (is_open(l, t) && t->spared != now && bound(t) < (t->spared ? limit : high) &&
            (best == SIZE_MAX || bound(t) < bound(&l->trails.trail[best])))
            best = i;
    }
    return best;
}

void skd_hop_forget(skd_lesson *l) {
    const double limit = lowest_confirmed(l) + HOP_ABOVE;
    const size_t now = l->summary->n_rounds + 1;
    for (int k = 0; k < HOP_TEACH && l->n_hop_labels < HOP_LABELS; k++) {
        size_t i = most_promising(l, limit, now);
        if (i == SIZE_MAX)
            break;
        l->trails.trail[i].spared = now;
        l->n_hop_labels++;
    }
    for (size_t i = 0; i < l->trails.n; i++) {
        skd_trail *t = &l->trails.trail[i];
        if (!t->hop || t->retired || t->spared == now)
            continue;
        t->retired = bound(t) > limit || (t->unsure && (!is_open(l, t) || l->n_hop_labels >= HOP_LABELS));
        t->unsure &= !t->retired;
    }
}

bool skd_hop_waits(const skd_lesson *l, size_t trail) {
    const skd_trail *t = &l->trails.trail[trail];
    return t->hop && t->spared != l->summary->n_rounds;
}

/* The lowest confirmed minimum from which nothing has hopped yet; SIZE_MAX: none in the window. */
static size_t next_source(const skd_lesson *l) {
    double limit = lowest_confirmed(l) + HOP_WINDOW;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < l->trails.n; i++) {
        const skd_trail *t = &l->trails.trail[i];
        if (t->confirmed && !t->alias && !t->hopped && t->energy < limit &&
            (best == SIZE_MAX || t->energy < l->trails.trail[best].energy))
            best = i;
    }
    return best;
}

/* Are the moved atoms as far from all others as bonds are? */
static bool is_clear(const skd_mic *mic, const skd_cell *cell, const skd_cell *before, const bool *core) {
    for (size_t i = 0; i < cell->n; i++)
        for (size_t j = 0; j < cell->n; j++) {
            double d[3], was[3], bond = skd_element_of(cell->species[i])->covalent_radius +
                                        skd_element_of(cell->species[j])->covalent_radius;
            if (!core[i] || i == j)
                continue;
            skd_mic_vector(mic, cell->pos[i], cell->pos[j], d);
            skd_mic_vector(mic, before->pos[i], before->pos[j], was);
            if (skd_norm(d) < HOP_CLOSE * fmin(bond, skd_norm(was)))
                return false;
        }
    return true;
}

typedef struct hopping {
    const skd_cell *from;
    skd_mic mic;
    bool *core, *around; /* [n] */
    size_t n_around;
    skd_rng *rng;
} hopping;

typedef void move(const hopping *h, skd_cell *cell, double sigma);

static void shake(const hopping *h, skd_cell *cell, const bool *which, double sigma) {
    for (size_t i = 0; i < cell->n; i++)
        for (int c = 0; c < 3 && which[i]; c++)
            cell->pos[i][c] += sigma * skd_rng_normal(h->rng);
}

static void shake_core(const hopping *h, skd_cell *cell, double sigma) { shake(h, cell, h->core, sigma); }

static void shake_around(const hopping *h, skd_cell *cell, double sigma) {
    shake(h, cell, h->around, AROUND_SHARE * sigma);
}

/* One atom goes to another place nearby. */
static void jump(const hopping *h, skd_cell *cell, double sigma) {
    (void)sigma;
    size_t pick = h->n_around ? (size_t)(skd_rng_uniform(h->rng) * (double)h->n_around) : 0;
    double d[3], far = 0.0, length = JUMP_LEAST + (JUMP_MOST - JUMP_LEAST) * skd_rng_uniform(h->rng);
    for (int c = 0; c < 3; c++) {
        d[c] = skd_rng_normal(h->rng);
        far += d[c] * d[c];
    }
    for (size_t i = 0; i < cell->n; i++)
        if (h->around[i] && pick-- == 0)
            for (int c = 0; c < 3; c++)
                cell->pos[i][c] += length * d[c] / sqrt(far);
}

static move *const hop_move[] = {shake_core, shake_around, jump};
enum { N_MOVES = sizeof hop_move / sizeof *hop_move };

/* The k-th copy. */
static void move_copy(const hopping *h, skd_cell *cell, size_t k) {
    const double sigma = hop_sigma[k / N_MOVES % (sizeof hop_sigma / sizeof *hop_sigma)];
    bool clear = false;
    for (int t = 0; t < HOP_TRIES && !clear; t++) {
        memcpy(cell->pos, h->from->pos, cell->n * sizeof *cell->pos);
        hop_move[k % N_MOVES](h, cell, sigma);
        clear = is_clear(&h->mic, cell, h->from, h->around);
    }
}

/* The free atoms near the core. */
static void find_around(hopping *h, const skd_job *job) {
    for (size_t i = 0; i < h->from->n; i++) {
        for (size_t j = 0; j < h->from->n && !h->around[i]; j++) {
            double d[3];
            skd_mic_vector(&h->mic, h->from->pos[i], h->from->pos[j], d);
            h->around[i] = h->core[j] && skd_norm(d) < AROUND;
        }
        h->around[i] &= !(job->tether && job->tether[i] > 0.0);
        h->core[i] &= !(job->tether && job->tether[i] > 0.0);
        h->n_around += h->around[i];
    }
}

static skd_status hopping_begin(hopping *h, const skd_lesson *l, size_t source, skd_error *err) {
    const size_t n = h->from->n;
    h->core = skd_alloc(2 * n, sizeof *h->core);
    h->around = h->core + n;
    skd_status status = h->core ? skd_core_mark(h->core, h->from, l->job, err)
                                : skd_fail(err, SKD_ENOMEM, "out of memory for the core of a minimum");
    if (status == SKD_OK)
        status = skd_mic_setup(&h->mic, h->from, err);
    if (status == SKD_OK)
        find_around(h, l->job);
    return status == SKD_OK ? skd_rng_new(&h->rng, skd_seed_mix(source, l->n_hops), err) : status;
}

static skd_status hop_from(skd_lesson *l, size_t source, skd_error *err) {
    const skd_trail *t = &l->trails.trail[source];
    const skd_trail like = {.start = t->start, .hop = true, .label = SIZE_MAX, .leads_to = SIZE_MAX};
    hopping h = {.from = t->from};
    skd_cell *cell = NULL;
    skd_status status = hopping_begin(&h, l, source, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&cell, h.from, err);
    for (size_t k = 0; k < HOP_EACH && status == SKD_OK; k++) {
        move_copy(&h, cell, k);
        status = skd_trails_add(&l->trails, cell, &like, err);
    }
    skd_rng_free(h.rng);
    skd_cell_free(cell);
    skd_free(h.core);
    l->trails.trail[source].hopped = true;
    return status;
}

skd_status skd_hop(skd_lesson *l, bool *any, skd_error *err) {
    skd_status status = SKD_OK;
    *any = false;
    if (l->n_hops++ >= HOP_TIMES)
        return SKD_OK;
    for (int k = 0; k < HOP_FROM && status == SKD_OK; k++) {
        size_t source = next_source(l);
        if (source == SIZE_MAX)
            break;
        *any = true;
        status = hop_from(l, source, err);
    }
    return status;
}
