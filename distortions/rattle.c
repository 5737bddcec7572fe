/* SPDX-License-Identifier: MIT */
/* rattle.c - the Monte-Carlo rattle: small random moves that keep atoms apart.
 *
 * Atom by atom, a normal displacement is tried until it is accepted with the probability
 * (erf((m - d_min)/width) + 1)/2, m being the distance to the nearest atom (hiPhive's mc_rattle: Eriksson,
 * Fransson & Erhart, Adv. Theory Simul. 2, 1800184 (2019)). Same random words in the same order as hiPhive
 * with numpy's RandomState, so that the same seed gives the same structure.
 *
 * Only atoms within nbr_cutoff at the beginning are watched. Their list is made once, as offsets (j, lattice
 * vector), so a try costs the neighbours of one atom: about 60 distances, no periodic search. */
#include "rattle.h"

#include <string.h>

/* Atom j displaced by a lattice vector (Å). */
typedef struct image {
    size_t j;
    double shift[3];
} image;

typedef struct rattle {
    size_t n;
    double (*pos)[3];   /* [n] where the atoms are now */
    double (*start)[3]; /* [n] where they were: borrowed */
    size_t *first;      /* [n+1] */
    image *list;
    double shortest; /* Å, above `above`, among active atoms */
} rattle;

static void rattle_free(rattle *r) {
    skd_free(r->pos);
    skd_free(r->first);
    skd_free(r->list);
}

static bool *members(size_t n, const size_t *index, size_t n_index) {
    bool *member = skd_alloc(n, sizeof *member);
    for (size_t k = 0; member && k < n_index; k++)
        member[index[k]] = true;
    return member;
}

/* Turns the neighbour list into images; an atom's own images move with it and are left out. */
static void take_images(rattle *r, const skd_cell *cell, const skd_neighbours *nb, const bool *active, double above) {
    size_t used = 0;
    r->shortest = HUGE_VAL;
    for (size_t i = 0; i < r->n; i++) {
        r->first[i] = used;
        for (size_t k = nb->first[i]; k < nb->first[i + 1]; k++) {
            const skd_neighbour *b = &nb->list[k];
            if (b->j == i || !active[i])
                continue;
            if (active[b->j] && b->r > above && b->r < r->shortest)
                r->shortest = b->r;
            const double shift[3] = {b->shift[0], b->shift[1], b->shift[2]};
            skd_row_times(shift, cell->lattice, r->list[used].shift);
            r->list[used++].j = b->j;
        }
    }
    r->first[r->n] = used;
}

static skd_status rattle_prepare(rattle *r, const skd_rattle_job *job, double cutoff, skd_error *err) {
    const skd_cell *cell = job->cell;
    skd_neighbours nb = {0};
    bool *active = members(cell->n, job->active, job->n_active);
    skd_status status = skd_neighbours_build(&nb, cell, cutoff, err);
    if (status != SKD_OK)
        goto done;
    *r = (rattle){.n = cell->n, .start = cell->pos};
    r->pos = skd_copy(cell->pos, cell->n, sizeof *cell->pos);
    r->first = skd_alloc(cell->n + 1, sizeof *r->first);
    r->list = skd_alloc(nb.first[cell->n], sizeof *r->list);
    if (!active || !r->pos || !r->first || !r->list) {
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the rattle of %zu atoms", cell->n);
        goto done;
    }
    take_images(r, cell, &nb, active, job->above);
    if (!isfinite(r->shortest)) /* no two active atoms within the cutoff: look farther */
        status = skd_shortest_distance(cell, active, job->above, &r->shortest, err);
done:
    skd_neighbours_free(&nb);
    skd_free(active);
    return status;
}

/* Distance from atom i to the nearest watched atom, Å. */
static double nearest(const rattle *r, size_t i) {
    const double *at = r->pos[i];
    double best = HUGE_VAL;
    for (const image *b = r->list + r->first[i]; b < r->list + r->first[i + 1]; b++) {
        const double *p = r->pos[b->j];
        double x = p[0] + b->shift[0] - at[0], y = p[1] + b->shift[1] - at[1], z = p[2] + b->shift[2] - at[2];
        double r2 = x * x + y * y + z * z;
        if (r2 < best)
            best = r2;
    }
    return sqrt(best);
}

/* Tries moves of atom i until one is accepted; false once the attempts are used up. */
static bool move_atom(rattle *r, size_t i, double stdev, double d_min, const skd_rattle_options *o,
                      size_t max_attempts, skd_rng *rng) {
    double *p = r->pos[i];
    for (size_t attempt = 0; attempt < max_attempts; attempt++) {
        double d[3], total[3];
        for (int k = 0; k < 3; k++) {
            d[k] = stdev * skd_rng_normal(rng);
            p[k] += d[k];
            total[k] = p[k] - r->start[i][k];
        }
        if (skd_norm(total) <= o->max_disp &&
            (erf((nearest(r, i) - d_min) / o->width) + 1.0) / 2.0 > skd_rng_uniform(rng))
            return true;
        for (int k = 0; k < 3; k++)
            p[k] -= d[k];
    }
    return false;
}

static bool move_all(rattle *r, const skd_rattle_job *job, double d_min, const skd_rattle_options *o,
                     size_t max_attempts, skd_rng *rng) {
    for (size_t cycle = 0; cycle < o->n_iter; cycle++)
        for (size_t k = 0; k < job->n_active; k++) {
            size_t i = job->active[k];
            double stdev = job->scale ? job->stdev * job->scale[i] : job->stdev;
            if (!move_atom(r, i, stdev, d_min, o, max_attempts, rng))
                return false;
        }
    return true;
}

/* ShakeNBreak: 80 % of the shortest distance, or 2.25 Å where that is below 1 Å. */
static double default_d_min(double shortest) {
    double d_min = 0.8 * shortest;
    return d_min < 1.0 || !isfinite(d_min) ? 2.25 : d_min;
}

skd_status skd_rattle_run(skd_rattle_job *job, const skd_rattle_options *options, uint32_t seed, skd_error *err) {
    rattle r = {0};
    skd_rng *rng = NULL;
    skd_status status = rattle_prepare(&r, job, options->nbr_cutoff, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, seed, err);
    if (status != SKD_OK)
        goto done;
    /* the outer generator only draws the seed of the one that moves the atoms */
    const uint32_t child = skd_rng_below(rng, 1, 1000000000);
    const double first = job->d_min > 0.0 ? job->d_min : default_d_min(r.shortest);
    bool moved = false;
    job->d_min = first;
    for (int k = 1; !moved && job->d_min > 0.0; k++) {
        size_t attempts = k > 1 && options->max_attempts < 7000 ? 7000 : options->max_attempts;
        memcpy(r.pos, r.start, r.n * sizeof *r.pos);
        skd_rng_seed(rng, child);
        moved = move_all(&r, job, job->d_min, options, attempts, rng);
        if (!moved)
            job->d_min = job->retry(job->stdev, first, r.shortest, k);
    }
    if (moved)
        memcpy(job->cell->pos, r.pos, r.n * sizeof *r.pos);
    else
        status = skd_fail(err, SKD_ENUMERIC, "no rattle of %.3g Å found that keeps atoms apart", job->stdev);
done:
    skd_rng_free(rng);
    rattle_free(&r);
    return status;
}

static double ten_percent_less(double stdev, double d_min, double shortest, int k) {
    (void)stdev;
    (void)shortest;
    return k < 10 ? d_min * (1.0 - k / 10.0) : 0.0;
}

skd_status skd_rattle_even(skd_rattle_job *job, const skd_rattle_options *options, uint32_t seed, skd_error *err) {
    job->scale = NULL;
    job->above = 0.8;
    job->retry = ten_percent_less;
    return skd_rattle_run(job, options, seed, err);
}

skd_status skd_rattle(skd_cell *cell, const size_t *active, size_t n_active, const skd_rattle_options *options,
                      uint32_t seed, skd_error *err) {
    for (size_t k = 0; k < n_active; k++)
        if (active[k] >= cell->n)
            return skd_fail(err, SKD_EARG, "active atom %zu of a cell of %zu", active[k] + 1, cell->n);
    skd_rattle_job job = {.cell = cell, .active = active, .n_active = n_active, .d_min = options->d_min};
    job.stdev = options->stdev;
    skd_status status = job.stdev > 0.0 ? SKD_OK : skd_rattle_default_stdev(cell, &job.stdev, err);
    return status == SKD_OK ? skd_rattle_even(&job, options, seed, err) : status;
}
