/* SPDX-License-Identifier: MIT */
/* scc.c - self-consistent shell charges: Newton's method with the linear response (response.c), and the ladder of ever
 * more careful settings for cells where it does not converge. */
#include <string.h>

#include "gfn1.h"
#include "response.h"

#define HISTORY  15
#define LONGEST  1.0 /* e, step of one shell */
#define COLLAPSED 6.0 /* limits of the third-order term */
#define BOUNDED  "Newton, third order bounded"
#define SHORTEST 0.02 /* of a Newton step: give up */

/* ---- memory ----------------------------------------------------------------------------------- */

skd_status gfn1_scc_init(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    size_t n = o->n, m = o->n_shells;
    *scc = (gfn1_scc){.n = n, .n_shells = m};
    scc->n_work = (int)(1 + 6 * n + 2 * n * n);
    scc->n_iwork = (int)(3 + 5 * n);
    struct {
        double **at;
        size_t size;
    } arrays[] = {{&scc->q, m},          {&scc->q_in, m},      {&scc->v, m},           {&scc->residual, m},
                  {&scc->best, m},       {&scc->step, m},      {&scc->reference, m},   {&scc->coulomb, m * m},
                  {&scc->held, m},       {&scc->limit, o->system->n},
                  {&scc->energies, n},   {&scc->occupation, n}, {&scc->f, n * n},      {&scc->x, n * n},
                  {&scc->c, n * n},      {&scc->work, (size_t)scc->n_work}};
    skd_status status = gfn1_mixer_new(&scc->mixer, m, HISTORY, err);
    if (status == SKD_OK)
        status = gfn1_response_new(&scc->response, n, m, err);
    bool ok = status == SKD_OK && (scc->iwork = skd_alloc((size_t)scc->n_iwork, sizeof *scc->iwork));
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && ok; i++)
        ok = (*arrays[i].at = skd_alloc(arrays[i].size, sizeof(double))) != NULL;
    if (!ok) {
        gfn1_scc_free(scc);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu orbitals", n);
    }
    for (size_t s = 0; s < m; s++) {
        size_t i = o->atom[s];
        scc->reference[s] = o->system->element[i].shells[s - o->system->first[i]].refocc;
    }
    for (size_t i = 0; i < o->system->n; i++)
        scc->limit[i] = gfn1_third_limit(&o->system->element[i]);
    return SKD_OK;
}

void gfn1_scc_free(gfn1_scc *scc) {
    void *all[] = {scc->q,         scc->q_in,    scc->v,        scc->residual,   scc->best, scc->step, scc->reference,
                   scc->coulomb,   scc->energies, scc->occupation, scc->f,       scc->x,    scc->c,    scc->work,
                   scc->iwork,     scc->held,    scc->limit};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
    gfn1_mixer_free(scc->mixer);
    gfn1_response_free(scc->response);
    *scc = (gfn1_scc){0};
}

/* ---- the ladder ------------------------------------------------------------------------------- */

typedef enum way { NEWTON, BROYDEN } way;
typedef enum from { BEST, NEUTRAL, HELD } from; /* charges: best so far, of neutral atoms, of the bounded third order */

typedef struct rung {
    const char *name;
    way way;
    from from;
    bool bounded; /* the third-order term (not in the library's mode) */
    bool spare;   /* only while no charges are held */
    size_t cycles;
    double kelvin; /* at least */
    double beta;   /* of Broyden's mixing */
    size_t history;
} rung;

static const rung ladder[] = {
    {"Newton", NEWTON, BEST, false, false, 40, 0, 0, 0},
    {BOUNDED, NEWTON, NEUTRAL, true, false, 40, 0, 0, 0},
    {"Newton from bounded third order", NEWTON, BEST, false, false, 25, 0, 0, 0},
    {"Broyden", BROYDEN, BEST, false, true, 60, 0, 0.4, 10},
    {"damped Broyden", BROYDEN, BEST, false, true, 60, 0, 0.15, 8},
    {"Newton from 5000 K", NEWTON, NEUTRAL, false, true, 25, 5000, 0, 0},
    {"Newton from 2000 K", NEWTON, BEST, false, true, 25, 2000, 0, 0},
    {"Newton from 800 K", NEWTON, BEST, false, true, 25, 800, 0, 0},
    {"Newton after heating", NEWTON, BEST, false, true, 40, 0, 0, 0},
    {"Broyden after heating", BROYDEN, BEST, false, true, 100, 0, 0.2, 10},
    {"Broyden, third order bounded", BROYDEN, NEUTRAL, true, true, 100, 0, 0.2, 10},
    {BOUNDED, NEWTON, HELD, true, false, 40, 0, 0, 0},
};

static void neutral_guess(gfn1_scc *scc, const gfn1_orbitals *o, double charge) {
    const gfn1_system *system = o->system;
    for (size_t i = 0; i < system->n; i++) {
        double sum = 0.0;
        for (size_t s = system->first[i]; s < system->first[i + 1]; s++)
            sum += scc->reference[s];
        for (size_t s = system->first[i]; s < system->first[i + 1]; s++)
            scc->q_in[s] = scc->reference[s] / sum * charge / (double)system->n;
    }
}

/* Newton's step from the best charges, or a shorter one if the last led nowhere; false: too short to go on. */
static bool newton(gfn1_scc *scc, const gfn1_orbitals *o, double kt, bool better) {
    double most = 0.0;
    if (better) {
        gfn1_expand(scc, scc->n_orbitals);
        gfn1_response_set(scc->response, scc, o, kt);
        scc->responses += gfn1_response_step(scc->response, scc, o, scc->step);
        for (size_t s = 0; s < scc->n_shells; s++)
            most = fmax(most, fabs(scc->step[s]));
        scc->length = most > LONGEST ? LONGEST / most : 1.0;
    } else {
        scc->length *= 0.35;
    }
    for (size_t s = 0; s < scc->n_shells; s++)
        scc->q_in[s] = scc->best[s] + scc->length * scc->step[s];
    return scc->length > SHORTEST;
}

/* Climbs one rung; leaves the best charges in q_in. */
static skd_status climb(gfn1_scc *scc, gfn1_orbitals *o, const rung *r, bool *done, skd_error *err) {
    double kt = fmax(scc->kt, r->kelvin * GFN1_KB), least = INFINITY;
    bool heated = kt > scc->kt, go_on = true;
    *done = false;
    gfn1_mixer_start(scc->mixer, r->beta, r->history);
    for (size_t step = 0; step < r->cycles && go_on; step++) {
        skd_status status = gfn1_cycle(scc, o, kt, err);
        if (status != SKD_OK)
            return status;
        bool better = scc->residual_rms < least;
        if (better) {
            least = scc->residual_rms;
            memcpy(scc->best, scc->q_in, scc->n_shells * sizeof *scc->q);
        }
        *done = !heated && scc->residual_rms < scc->tolerance_rms && scc->energy_error < scc->tolerance_energy;
        if (*done || (heated && scc->residual_rms < 1e-3))
            return SKD_OK;
        if (r->way == NEWTON)
            go_on = newton(scc, o, kt, better);
        else
            gfn1_mixer_next(scc->mixer, scc->q_in, scc->residual);
    }
    memcpy(scc->q_in, scc->best, scc->n_shells * sizeof *scc->q);
    return SKD_OK;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static skd_status count_electrons(gfn1_scc *scc, double charge, skd_error *err) {
    double electrons = -charge;
    for (size_t s = 0; s < scc->n_shells; s++)
        electrons += scc->reference[s];
    if (fabs(electrons - round(electrons)) > 1e-6)
        return skd_fail(err, SKD_EARG, "gfn1: charge %g leaves %g electrons; expected a whole number", charge,
                        electrons);
    if (electrons < -0.5 || electrons > 2.0 * (double)scc->n_orbitals + 0.5)
        return skd_fail(err, SKD_EARG, "gfn1: charge %g leaves %g electrons for %zu orbitals", charge, electrons,
                        scc->n_orbitals);
    size_t n = (size_t)(electrons + 0.5);
    scc->electrons[0] = (n + 1) / 2;
    scc->electrons[1] = n / 2;
    return SKD_OK;
}

/* How many atoms have a charge beyond `factor` limits of the third-order term, and beyond `least`. */
static size_t count_beyond(const gfn1_scc *scc, const gfn1_system *system, double factor, double least) {
    size_t n = 0;
    for (size_t i = 0; i < system->n; i++) {
        const double charge = gfn1_atom_charge(system, i, scc->q);
        const bool soft = system->element[i].gam3 * charge < 0.0; /* the side where the curvature is negative */
        n += soft && fabs(charge) > fmax(factor * scc->limit[i], least);
    }
    return n;
}

/* One rung; in *done whether it is the last: not where electrons have fallen into an atom that its third order draws
 * them to (12 of them into a silicon). Charges that need the bounded term are held until all else has failed. */
static skd_status try_rung(gfn1_scc *scc, gfn1_orbitals *o, const rung *r, bool accept, bool *holds, bool *done,
                           skd_error *err) {
    const size_t size = scc->n_shells * sizeof *scc->held;
    if (r->from == HELD)
        memcpy(scc->q_in, scc->held, size);
    scc->way = r->name;
    scc->bounded = r->bounded;
    skd_status status = climb(scc, o, r, done, err);
    if (status != SKD_OK || !*done)
        return status;
    if (!r->bounded) {
        *done = o->system->mode == GFN1_LIBRARY || count_beyond(scc, o->system, COLLAPSED, 1.0) == 0;
        return SKD_OK;
    }
    scc->beyond = count_beyond(scc, o->system, 1.0, 0.0);
    if (scc->beyond == 0 || accept || r->from == HELD)
        return SKD_OK;
    memcpy(scc->held, scc->q_in, size);
    *holds = true;
    *done = false;
    return SKD_OK;
}

static skd_status climb_ladder(gfn1_scc *scc, gfn1_orbitals *o, double charge, bool *done, skd_error *err) {
    bool holds = false;
    skd_status status = SKD_OK;
    for (size_t r = 0; r < sizeof ladder / sizeof *ladder && status == SKD_OK && !*done; r++) {
        const rung *at = &ladder[r];
        if ((at->bounded && o->system->mode == GFN1_LIBRARY) || (at->spare && holds) || (at->from == HELD && !holds))
            continue;
        if (at->from == NEUTRAL)
            neutral_guess(scc, o, charge);
        status = try_rung(scc, o, at, false, &holds, done, err);
    }
    return status;
}

skd_status gfn1_scc_run(gfn1_scc *scc, gfn1_orbitals *o, double charge, bool warm, skd_error *err) {
    static const rung go_on = {BOUNDED, NEWTON, BEST, true, false, 40, 0, 0, 0};
    bool done = false, holds = false;
    const bool bounded = warm && scc->beyond > 0; /* a path that has needed it stays on its energies */
    scc->cycles = scc->responses = scc->beyond = 0;
    skd_status status = gfn1_orthogonalise(scc, o, err);
    if (status == SKD_OK)
        status = count_electrons(scc, charge, err);
    if (!warm)
        neutral_guess(scc, o, charge);
    if (status == SKD_OK && bounded)
        status = try_rung(scc, o, &go_on, true, &holds, &done, err);
    if (status == SKD_OK && !done)
        status = climb_ladder(scc, o, charge, &done, err);
    if (status != SKD_OK)
        return status;
    if (!done)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: charges not self-consistent after %zu cycles, residual %.1e e",
                        scc->cycles, scc->residual_rms);
    gfn1_energy_weighted(scc, o);
    return SKD_OK;
}
