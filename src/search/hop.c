/* SPDX-License-Identifier: MIT */
/* hop.c - what is around the lowest minima.
 *
 * Where a start leads from 30 eV above the crystal is chance, for the surrogate as for its teacher; what lies next to a
 * minimum is not. And a surrogate that has seen few labels is sure that a minimum is where it has one. So once all ends
 * are known, copies of the lowest minima whose core was moved at random go downhill on the surrogate (basin hopping:
 * Wales, Doye, J. Phys. Chem. A 101, 5111 (1997); on a surrogate: Bisbo, Hammer, Phys. Rev. Lett. 124, 086102 (2020)).
 * Those that may end lower than all that is known are trails like others, under the same guard. Of the rest a few where
 * the model is unsure are labelled, to teach it the surroundings; then they are forgotten. */
#include <math.h>
#include <string.h>

#include "lesson.h"

enum { HOP_FROM = 2, HOP_EACH = 8, HOP_TIMES = 4, HOP_TRIES = 20, HOP_TEACH = 3, HOP_LABELS = 12 };
#define HOP_WINDOW 1.0 /* eV above the lowest: minima to begin from                            */
#define HOP_ABOVE  0.3 /* eV above the lowest: ends that are worth a label                     */
#define HOP_CLOSE  0.8 /* of the sum of covalent radii, or of the distance before: no closer   */
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

static skd_status move_core(skd_cell *cell, const skd_cell *from, const bool *core, double sigma, skd_rng *rng,
                            skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, from, err);
    bool clear = false;
    for (int k = 0; k < HOP_TRIES && !clear && status == SKD_OK; k++) {
        for (size_t i = 0; i < cell->n; i++)
            for (int c = 0; c < 3; c++)
                cell->pos[i][c] = from->pos[i][c] + (core[i] ? sigma * skd_rng_normal(rng) : 0.0);
        clear = is_clear(&mic, cell, from, core);
    }
    return status;
}

static skd_status hop_from(skd_lesson *l, size_t source, skd_error *err) {
    const skd_trail *t = &l->trails.trail[source];
    const skd_trail like = {.start = t->start, .hop = true, .label = SIZE_MAX, .leads_to = SIZE_MAX};
    const skd_cell *from = t->from;
    skd_cell *cell = NULL;
    skd_rng *rng = NULL;
    bool *core = skd_alloc(from->n, sizeof *core);
    skd_status status = core ? skd_core_mark(core, from, l->job, err)
                             : skd_fail(err, SKD_ENOMEM, "out of memory for the core of a minimum");
    if (status == SKD_OK)
        status = skd_cell_copy(&cell, from, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, skd_seed_mix(source, l->n_hops), err);
    for (size_t k = 0; k < HOP_EACH && status == SKD_OK; k++) {
        double sigma = hop_sigma[k % (sizeof hop_sigma / sizeof *hop_sigma)];
        status = move_core(cell, from, core, sigma, rng, err);
        if (status == SKD_OK)
            status = skd_trails_add(&l->trails, cell, &like, err);
    }
    skd_rng_free(rng);
    skd_cell_free(cell);
    skd_free(core);
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
