/* SPDX-License-Identifier: MIT */
/* calibrations_trip.c - does the host come back at the calibrated level? Random rattles miss the few soft directions in
 * which a level lets a host go, and strains those in which it lets a lattice go; where it goes, the better level is
 * asked. A round is a few rattled hosts in their lattice, and one that may change it. */
#include <string.h>

#include "calibrations.h"
#include "cli.h"

#define RATTLE      0.1  /* Å, normal deviate of each coordinate; as in a search's check of its host */
#define RETURNS     0.07 /* Å rms */
#define HOLDS       0.01 /* of an edge or an angle's cosine: the lattice is held */
#define ON_WAY      0.05 /* Å rms farther than it has been: on its way out */
#define LOST        0.25 /* Å rms: here it ends, ... */
#define LOST_CELL   0.06 /* ... or at such a strain */
#define KNOWN       0.02 /* Å rms to a labelled frame: that tells enough */
#define KNOWN_CELL  0.002
#define FORCE_MAX   0.03 /* eV/Å */
#define STRESS_MAX  1e-3 /* eV/Å^3 */

enum { TRIPS = 3, MAX_STEPS = 60, SETTLED = 5 };

/* rms of atoms from the host's sites in the cell's own lattice, drift removed */
static double drift_of(const skd_cell *host, const skd_cell *cell) {
    double mean[3] = {0, 0, 0}, sum = 0.0, inverse[3][3], back[3][3];
    if (skd_inv3(cell->lattice, inverse) != SKD_OK)
        return HUGE_VAL;
    skd_mul3((const double(*)[3])inverse, host->lattice, back);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < host->n; i++) {
            double at[3];
            skd_row_times(cell->pos[i], (const double(*)[3])back, at);
            for (int k = 0; k < 3; k++) {
                const double d = at[k] - host->pos[i][k] - (pass ? mean[k] : 0.0);
                mean[k] += pass ? 0.0 : d / (double)host->n;
                sum += pass ? d * d / (double)host->n : 0.0;
            }
        }
    return sqrt(sum);
}

/* One trip. */
typedef struct trip {
    const skd_cell *host;
    bool cell;      /* its lattice may change */
    size_t number;
    double nearest; /* Å rms, so far */
    skd_cell *way;  /* the first frame on its way out */
    skd_relax_outcome end;
    double drift, strain;
    skd_error trouble;
} trip;

static bool see(void *payload, const skd_relax_frame *frame) {
    trip *t = payload;
    const double drift = drift_of(t->host, frame->cell), strain = t->cell ? skd_cell_strain(t->host, frame->cell) : 0.0;
    if (cli_interrupted())
        return false;
    t->nearest = fmin(t->nearest, drift);
    if (frame->step >= SETTLED && (drift > LOST || strain > LOST_CELL))
        return false;
    if (t->way || (!(drift > fmax(t->nearest, RETURNS) + ON_WAY) && !(strain > 2.0 * HOLDS)))
        return true;
    return skd_cell_copy(&t->way, frame->cell, &t->trouble) == SKD_OK;
}

static skd_status rattled_host(skd_cell **out, const calibrating *c, size_t number, skd_error *err) {
    skd_rng *rng = NULL;
    skd_status status = skd_cell_copy(out, c->host, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, c->seed + 1000 + (uint32_t)number, err);
    for (size_t i = 0; i < 3 * c->host->n && status == SKD_OK; i++)
        (*out)->pos[i / 3][i % 3] += RATTLE * skd_rng_normal(rng);
    skd_rng_free(rng);
    return status;
}

static skd_status relax_host(trip *t, const calibrating *c, const skd_potential *correction, skd_error *err) {
    skd_potential *both = NULL;
    skd_potential_work *work = NULL;
    skd_cell *start = NULL;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    skd_relax_observer observer = {see, t};
    options.method = skd_minimiser_named("lbfgs");
    options.force_mean = 0.0;
    options.force_max = FORCE_MAX;
    options.max_steps = MAX_STEPS;
    options.relax_cell = t->cell;
    options.stress_max = STRESS_MAX;
    skd_status status =
        correction ? skd_potential_sum(&both, (const skd_potential *const[2]){c->base, correction}, 2, err) : SKD_OK;
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, correction ? both : c->base, err);
    if (status == SKD_OK)
        status = rattled_host(&start, c, t->number, err);
    if (status == SKD_OK)
        status = skd_relax(&t->end, start, work, &options, &observer, err);
    skd_cell_free(start);
    skd_potential_work_free(work);
    skd_potential_free(both);
    return status;
}

static bool came_back(const trip *t) {
    return t->drift < RETURNS && !(t->strain >= HOLDS);
}

/* Asks about a frame, taken, unless it is next to one that has a label. */
static skd_status ask(calibrating *c, skd_cell **taken, skd_error *err) {
    skd_cell *cell = *taken;
    bool known = false;
    for (size_t f = 0; f < c->labels.n && !known; f++) {
        const skd_cell *other = c->labels.frame[f]->cell;
        known = other->n == cell->n && skd_cell_strain(other, cell) < KNOWN_CELL && drift_of(other, cell) < KNOWN;
    }
    if (known)
        return SKD_OK;
    *taken = NULL;
    return calibrations_ask(c, cell, err);
}

/* The better level on the way out, and where it ended. */
static skd_status ask_about(calibrating *c, trip *t, skd_error *err) {
    skd_status status = SKD_OK;
    if (came_back(t) || !c->level || !t->end.cell)
        return SKD_OK;
    if (t->way)
        status = ask(c, &t->way, err);
    if (status == SKD_OK && t->end.stop != SKD_STOP_COLLAPSED)
        status = ask(c, &t->end.cell, err);
    return status;
}

static skd_status make_trip(calibrating *c, const skd_potential *correction, size_t number, bool cell, bool asks,
                            skd_error *err) {
    trip t = {.host = c->host, .cell = cell, .number = number, .nearest = HUGE_VAL, .trouble = {SKD_OK, ""}};
    skd_status status = relax_host(&t, c, correction, err);
    if (status == SKD_OK && (t.trouble.status != SKD_OK || cli_interrupted()))
        status = skd_fail(err, t.trouble.status != SKD_OK ? t.trouble.status : SKD_ESTOPPED,
                          "interrupted while the host was relaxed");
    if (status == SKD_OK) {
        t.drift = t.end.cell ? drift_of(c->host, t.end.cell) : HUGE_VAL;
        t.strain = !cell ? 0.0 : t.end.cell ? skd_cell_strain(c->host, t.end.cell) : HUGE_VAL;
        c->n_calls += t.end.n_calls;
        c->strain = cell ? t.strain : c->strain;
        c->drift = cell ? c->drift : fmax(c->drift, t.drift);
        if (!c->quiet)
            fprintf(stderr, "\nhost       %sa rattled one is %.3f Å rms off its sites after %zu steps", correction ? ""
                    : "before, ", t.drift, t.end.n_steps);
        if (!c->quiet && cell)
            fprintf(stderr, ", its lattice off by %.1f %%", 100.0 * t.strain);
        c->returned = c->returned && came_back(&t);
    }
    if (status == SKD_OK && asks)
        status = ask_about(c, &t, err);
    skd_cell_free(t.way);
    skd_relax_outcome_free(&t.end);
    return status;
}

/* Do labels tell of stresses? */
static bool knows_stress(const calibrating *c) {
    return c->labels.n && c->labels.frame[0]->has_stress && c->options.stress_noise > 0.0;
}

static void reset(calibrating *c) {
    c->drift = 0.0;
    c->strain = 0.0;
    c->returned = true;
}

skd_status calibrations_before(calibrating *c, skd_error *err) {
    reset(c);
    skd_status status = make_trip(c, NULL, 0, false, false, err);
    if (status == SKD_OK && knows_stress(c))
        status = make_trip(c, NULL, 0, true, false, err);
    c->drift_before = c->drift;
    c->strain_before = c->strain;
    return status;
}

skd_status calibrations_round(calibrating *c, const skd_potential *correction, size_t round, bool asks, bool *more,
                              skd_error *err) {
    const size_t known = c->labels.n;
    const bool cell = knows_stress(c);
    skd_status status = SKD_OK;
    reset(c);
    for (size_t k = 0; k < (size_t)TRIPS + cell && status == SKD_OK; k++)
        status = make_trip(c, correction, (TRIPS + 1) * round + k, k == TRIPS, asks, err);
    *more = c->labels.n > known;
    return status;
}
