/* SPDX-License-Identifier: MIT */
/* scc.c - self-consistent shell charges: Newton's method with the linear response (response.c), and the ladder of ever
 * more careful settings for cells where it does not converge. */
#include <string.h>

#include "gfn1.h"
#include "response.h"

#define HISTORY  15
#define LONGEST  1.0 /* e, step of one shell */
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
    return SKD_OK;
}

void gfn1_scc_free(gfn1_scc *scc) {
    void *all[] = {scc->q,         scc->q_in,    scc->v,        scc->residual,   scc->best, scc->step, scc->reference,
                   scc->coulomb,   scc->energies, scc->occupation, scc->f,       scc->x,    scc->c,    scc->work,
                   scc->iwork};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
    gfn1_mixer_free(scc->mixer);
    gfn1_response_free(scc->response);
    *scc = (gfn1_scc){0};
}

/* ---- the ladder ------------------------------------------------------------------------------- */

typedef enum way { NEWTON, BROYDEN } way;

typedef struct rung {
    const char *name;
    way way;
    bool restart; /* from neutral atoms */
    size_t cycles;
    double kelvin; /* at least */
    double beta;   /* of Broyden's mixing */
    size_t history;
} rung;

static const rung ladder[] = {
    {"Newton", NEWTON, false, 40, 0, 0, 0},
    {"Broyden", BROYDEN, false, 60, 0, 0.4, 10},
    {"damped Broyden", BROYDEN, false, 60, 0, 0.15, 8},
    {"Newton from 5000 K", NEWTON, true, 25, 5000, 0, 0},
    {"Newton from 2000 K", NEWTON, false, 25, 2000, 0, 0},
    {"Newton from 800 K", NEWTON, false, 25, 800, 0, 0},
    {"Newton after heating", NEWTON, false, 40, 0, 0, 0},
    {"Broyden after heating", BROYDEN, false, 100, 0, 0.2, 10},
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

skd_status gfn1_scc_run(gfn1_scc *scc, gfn1_orbitals *o, double charge, bool warm, skd_error *err) {
    bool done = false;
    scc->cycles = scc->responses = 0;
    skd_status status = gfn1_orthogonalise(scc, o, err);
    if (status == SKD_OK)
        status = count_electrons(scc, charge, err);
    if (!warm)
        neutral_guess(scc, o, charge);
    for (size_t r = 0; r < sizeof ladder / sizeof *ladder && status == SKD_OK && !done; r++) {
        if (ladder[r].restart)
            neutral_guess(scc, o, charge);
        scc->way = ladder[r].name;
        status = climb(scc, o, &ladder[r], &done, err);
    }
    if (status != SKD_OK)
        return status;
    if (!done)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: charges not self-consistent after %zu cycles, residual %.1e e",
                        scc->cycles, scc->residual_rms);
    gfn1_energy_weighted(scc, o);
    return SKD_OK;
}
