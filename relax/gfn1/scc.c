/* SPDX-License-Identifier: MIT */
/* scc.c - self-consistent shell charges: potential, diagonalisation, occupation, populations, mixing; and the
 * ladder of ever more careful settings for cells where the first does not converge. */
#include "gfn1.h"
#include "lapack.h"

#include <string.h>

#define HISTORY 15

/* ---- memory ----------------------------------------------------------------------------------- */

skd_status gfn1_scc_init(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    size_t n = o->n, m = o->n_shells;
    *scc = (gfn1_scc){.n = n, .n_shells = m};
    scc->n_work = (int)(1 + 6 * n + 2 * n * n);
    scc->n_iwork = (int)(3 + 5 * n);
    struct {
        double **at;
        size_t size;
    } arrays[] = {{&scc->q, m},         {&scc->q_in, m},     {&scc->v, m},        {&scc->residual, m},
                  {&scc->best, m},      {&scc->reference, m}, {&scc->coulomb, m * m}, {&scc->energies, n},
                  {&scc->occupation, n}, {&scc->f, n * n},    {&scc->factor, n * n}, {&scc->c, n * n},
                  {&scc->work, (size_t)scc->n_work}};
    skd_status status = gfn1_mixer_new(&scc->mixer, m, HISTORY, err);
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
    void *all[] = {scc->q,        scc->q_in,       scc->v, scc->residual, scc->best, scc->reference, scc->coulomb,
                   scc->energies, scc->occupation, scc->f, scc->factor,   scc->c,    scc->work,      scc->iwork};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
    gfn1_mixer_free(scc->mixer);
    *scc = (gfn1_scc){0};
}

/* ---- one cycle -------------------------------------------------------------------------------- */

/* v = A q + G Q^2; returns the energies of the charges q in coulomb and third. */
static void potential(const gfn1_scc *scc, const gfn1_orbitals *o, const double *q, double *v, double *coulomb,
                      double *third) {
    int n = (int)scc->n_shells, one = 1;
    double unit = 1.0, zero = 0.0;
    dsymv_("L", &n, &unit, scc->coulomb, &n, q, &one, &zero, v, &one);
    *coulomb = *third = 0.0;
    for (size_t s = 0; s < scc->n_shells; s++)
        *coulomb += 0.5 * q[s] * v[s];
    for (size_t i = 0; i < o->system->n; i++) {
        double sum = 0.0, g = o->system->element[i].gam3;
        for (size_t s = o->system->first[i]; s < o->system->first[i + 1]; s++)
            sum += q[s];
        *third += g * sum * sum * sum / 3.0;
        for (size_t s = o->system->first[i]; s < o->system->first[i + 1]; s++)
            v[s] += g * sum * sum;
    }
}

/* Orbitals c and their energies from F = H0 - S (v + v)/2. */
static skd_status diagonalise(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    size_t n = scc->n;
    int dim = (int)n, type = 1, info;
    double one = 1.0;
    for (size_t m = 0; m < n; m++)
        for (size_t k = m; k < n; k++)
            scc->c[m * n + k] = o->h0[m * n + k] -
                                0.5 * o->s[m * n + k] * (scc->v[o->shell[m]] + scc->v[o->shell[k]]);
    dsygst_(&type, "L", &dim, scc->c, &dim, scc->factor, &dim, &info);
    dsyevd_("V", "L", &dim, scc->c, &dim, scc->energies, scc->work, &scc->n_work, scc->iwork, &scc->n_iwork, &info);
    if (info != 0)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: the orbitals could not be computed (dsyevd: %d)", info);
    dtrsm_("L", "L", "T", "N", &dim, &dim, &one, scc->factor, &dim, scc->c, &dim);
    return SKD_OK;
}

/* out = sum_k weight_k c_k c_k^T, both halves; weights of any sign. */
static void weighted_sum(const gfn1_scc *scc, const double *weight, size_t occupied, double *out) {
    int n = (int)scc->n, k = (int)occupied;
    double one = 1.0, zero = 0.0, *scaled = scc->work;
    for (size_t i = 0; i < occupied; i++)
        for (size_t m = 0; m < scc->n; m++)
            scaled[i * scc->n + m] = weight[i] * scc->c[i * scc->n + m];
    dgemm_("N", "T", &n, &n, &k, &one, scaled, &n, scc->c, &n, &zero, out, &n);
}

static size_t count_occupied(const gfn1_scc *scc) {
    size_t k = scc->n;
    while (k > 0 && scc->occupation[k - 1] < 1e-16)
        k--;
    return k;
}

/* From the charges q_in to the charges q and energies. */
static skd_status cycle(gfn1_scc *scc, gfn1_orbitals *o, double kt, double *energy, skd_error *err) {
    double unused[2], *v_out = scc->work;
    potential(scc, o, scc->q_in, scc->v, &unused[0], &unused[1]);
    skd_status status = diagonalise(scc, o, err);
    if (status != SKD_OK)
        return status;
    gfn1_fermi(scc->energies, scc->n, scc->electrons, kt, scc->occupation, &scc->e_entropy, scc->level);
    weighted_sum(scc, scc->occupation, count_occupied(scc), o->density);
    memcpy(scc->q, scc->reference, scc->n_shells * sizeof *scc->q);
    scc->e_h0 = 0.0;
    for (size_t m = 0; m < scc->n; m++) {
        const double *p = o->density + m * scc->n, *s = o->s + m * scc->n, *h = o->h0 + m * scc->n;
        double population = 0.0, core = 0.0;
        for (size_t k = 0; k < scc->n; k++) {
            population += p[k] * s[k];
            core += p[k] * h[k];
        }
        scc->q[o->shell[m]] -= population;
        scc->e_h0 += core;
    }
    potential(scc, o, scc->q, v_out, &scc->e_coulomb, &scc->e_third);
    *energy = scc->e_h0 + scc->e_coulomb + scc->e_third + scc->e_entropy;
    double sum = 0.0;
    for (size_t s = 0; s < scc->n_shells; s++) {
        scc->residual[s] = scc->q[s] - scc->q_in[s];
        sum += scc->residual[s] * scc->residual[s];
    }
    scc->residual_rms = sqrt(sum / (double)scc->n_shells);
    scc->cycles++;
    if (!isfinite(*energy))
        return skd_fail(err, SKD_ENUMERIC, "gfn1: the energy is not a finite number");
    return SKD_OK;
}

/* ---- the ladder ------------------------------------------------------------------------------- */

typedef struct rung {
    double beta;
    size_t history, cycles;
    double kt; /* at least, K */
    bool restart; /* from neutral atoms */
} rung;

static const rung ladder[] = {
    {0.40, HISTORY, 60, 0, false}, {0.40, 10, 60, 0, true},   {0.15, 8, 100, 0, false},
    {0.20, 10, 60, 3000, true},    {0.20, 10, 60, 1500, false}, {0.20, 10, 60, 800, false},
    {0.20, 10, 150, 0, false},     {0.05, 3, 250, 0, false},
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

/* Climbs one rung; leaves the best charges in q_in. */
static skd_status climb(gfn1_scc *scc, gfn1_orbitals *o, const rung *r, bool *done, skd_error *err) {
    double kt = fmax(scc->kt, r->kt * GFN1_KB), last = INFINITY, energy, least = INFINITY;
    bool warmed = kt > scc->kt;
    *done = false;
    gfn1_mixer_start(scc->mixer, r->beta, r->history);
    for (size_t step = 0; step < r->cycles; step++) {
        skd_status status = cycle(scc, o, kt, &energy, err);
        if (status != SKD_OK)
            return status;
        if (scc->residual_rms < least) {
            least = scc->residual_rms;
            memcpy(scc->best, scc->q_in, scc->n_shells * sizeof *scc->q);
        }
        *done = fabs(energy - last) < scc->tolerance_energy && scc->residual_rms < scc->tolerance_rms;
        if (*done || (warmed && scc->residual_rms < 1e-3))
            return SKD_OK;
        last = energy;
        gfn1_mixer_next(scc->mixer, scc->q_in, scc->residual);
    }
    memcpy(scc->q_in, scc->best, scc->n_shells * sizeof *scc->q);
    return SKD_OK;
}

static skd_status count_electrons(gfn1_scc *scc, double charge, skd_error *err) {
    double electrons = -charge;
    for (size_t s = 0; s < scc->n_shells; s++)
        electrons += scc->reference[s];
    if (fabs(electrons - round(electrons)) > 1e-6)
        return skd_fail(err, SKD_EARG, "gfn1: charge %g leaves %g electrons; expected a whole number", charge,
                        electrons);
    if (electrons < -0.5 || electrons > 2.0 * (double)scc->n + 0.5)
        return skd_fail(err, SKD_EARG, "gfn1: charge %g leaves %g electrons for %zu orbitals", charge, electrons,
                        scc->n);
    size_t n = (size_t)(electrons + 0.5);
    scc->electrons[0] = (n + 1) / 2;
    scc->electrons[1] = n / 2;
    return SKD_OK;
}

static skd_status factorise(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    int n = (int)scc->n, info;
    memcpy(scc->factor, o->s, scc->n * scc->n * sizeof *o->s);
    dpotrf_("L", &n, scc->factor, &n, &info);
    if (info != 0)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: the overlap matrix is not positive definite (orbital %d): atoms too "
                        "close, or diffuse shells in a small cell", info);
    return SKD_OK;
}

static void energy_weighted(gfn1_scc *scc, gfn1_orbitals *o) {
    size_t occupied = count_occupied(scc);
    for (size_t k = 0; k < occupied; k++)
        scc->occupation[k] *= scc->energies[k];
    weighted_sum(scc, scc->occupation, occupied, o->weighted);
    for (size_t k = 0; k < occupied; k++)
        scc->occupation[k] /= scc->energies[k];
}

skd_status gfn1_scc_run(gfn1_scc *scc, gfn1_orbitals *o, double charge, bool warm, skd_error *err) {
    bool done = false;
    scc->cycles = 0;
    skd_status status = count_electrons(scc, charge, err);
    if (status == SKD_OK)
        status = factorise(scc, o, err);
    if (!warm)
        neutral_guess(scc, o, charge);
    for (size_t r = 0; r < sizeof ladder / sizeof *ladder && status == SKD_OK && !done; r++) {
        if (ladder[r].restart)
            neutral_guess(scc, o, charge);
        status = climb(scc, o, &ladder[r], &done, err);
    }
    if (status != SKD_OK)
        return status;
    if (!done)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: charges not self-consistent after %zu cycles, residual %.1e e",
                        scc->cycles, scc->residual_rms);
    energy_weighted(scc, o);
    memcpy(scc->q_in, scc->q, scc->n_shells * sizeof *scc->q);
    return SKD_OK;
}
