/* SPDX-License-Identifier: MIT */
/* cycle.c - one cycle of self-consistency: from shell charges to potentials, orbitals, occupations and charges. */
#include <string.h>

#include "gfn1.h"
#include "lapack.h"

#define SUSPECT 1e-5 /* a squared pivot of the overlap below this: look at its eigenvalues */
#define DROPPED 1e-6 /* eigenvalues of the overlap that are as good as 0 */
#define BLOCK   128  /* columns at a time */

/* ---- the orthogonal basis --------------------------------------------------------------------- */

/* X = L^-T of S = L L^T, so that X^T S X = 1; upper triangle. False if S is nearly singular. */
static bool by_cholesky(gfn1_scc *scc) {
    int n = (int)scc->n, info;
    double *x = scc->x;
    dpotrf_("L", &n, x, &n, &info);
    for (size_t i = 0; i < scc->n && info == 0; i++)
        info = !(x[i * scc->n + i] * x[i * scc->n + i] > SUSPECT);
    if (info == 0)
        dtrtri_("L", "N", &n, x, &n, &info);
    for (size_t i = 0; i < scc->n && info == 0; i++)
        for (size_t j = i + 1; j < scc->n; j++) {
            x[j * scc->n + i] = x[i * scc->n + j];
            x[i * scc->n + j] = 0.0;
        }
    return info == 0;
}

/* X = U s^-1/2 without the eigenvalues that are nothing (P.-O. Löwdin's canonical orthogonalisation). */
static skd_status by_eigenvalues(gfn1_scc *scc, skd_error *err) {
    int n = (int)scc->n, info;
    double *x = scc->x, *value = scc->energies;
    dsyevd_("V", "L", &n, x, &n, value, scc->work, &scc->n_work, scc->iwork, &scc->n_iwork, &info);
    if (info != 0 || !(value[0] > -100.0 * DROPPED))
        return skd_fail(err, SKD_ENUMERIC,
                        "gfn1: the overlap matrix is not positive definite (lowest eigenvalue %.1e): atoms too close, "
                        "or diffuse shells in a small cell", value[0]);
    while (scc->dropped < scc->n && value[scc->dropped] < DROPPED)
        scc->dropped++;
    scc->n_orbitals = scc->n - scc->dropped;
    for (size_t k = 0; k < scc->n_orbitals; k++) {
        double scale = 1.0 / sqrt(value[k + scc->dropped]);
        for (size_t m = 0; m < scc->n; m++)
            x[k * scc->n + m] = scale * x[(k + scc->dropped) * scc->n + m];
    }
    return SKD_OK;
}

skd_status gfn1_orthogonalise(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    scc->n_orbitals = scc->n;
    scc->dropped = 0;
    memcpy(scc->x, o->s, scc->n * scc->n * sizeof *o->s);
    scc->triangular = by_cholesky(scc);
    if (scc->triangular)
        return SKD_OK;
    memcpy(scc->x, o->s, scc->n * scc->n * sizeof *o->s);
    return by_eigenvalues(scc, err);
}

/* ---- the cycle -------------------------------------------------------------------------------- */

double gfn1_atom_charge(const gfn1_system *system, size_t i, const double *q) {
    double sum = 0.0;
    for (size_t s = system->first[i]; s < system->first[i + 1]; s++)
        sum += q[s];
    return sum;
}

gfn1_third gfn1_scc_third(const gfn1_scc *scc, const gfn1_system *system, size_t i, double charge) {
    return gfn1_third_order(system->element[i].gam3, scc->bounded ? scc->limit[i] : INFINITY, charge);
}

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
        const gfn1_third t = gfn1_scc_third(scc, o->system, i, gfn1_atom_charge(o->system, i, q));
        *third += t.energy;
        for (size_t s = o->system->first[i]; s < o->system->first[i + 1]; s++)
            v[s] += t.potential;
    }
}

/* The lower triangle of X^T F X into f, which holds F. Blocks of columns, because half of it is not wanted. */
static void transform(gfn1_scc *scc) {
    const int n = (int)scc->n, k = (int)scc->n_orbitals;
    const double one = 1.0, zero = 0.0;
    double *out = scc->c, *half = scc->work;
    for (int begin = 0; begin < k; begin += BLOCK) {
        const int columns = begin + BLOCK < k ? BLOCK : k - begin, rows = k - begin;
        const int filled = scc->triangular ? begin + columns : n;
        const size_t offset = (size_t)begin * scc->n;
        dgemm_("N", "N", &n, &columns, &filled, &one, scc->f, &n, scc->x + offset, &n, &zero, half, &n);
        dgemm_("T", "N", &rows, &columns, &n, &one, scc->x + offset, &n, half, &n, &zero,
               out + (size_t)begin * scc->n_orbitals + begin, &k);
    }
    scc->c = scc->f;
    scc->f = out;
}

/* Orbitals in the orthogonal basis, into f, and their energies, from F = H0 - S (v + v)/2. */
static skd_status diagonalise(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) {
    size_t n = scc->n;
    int k = (int)scc->n_orbitals, info;
    for (size_t m = 0; m < n; m++) {
        const double *s = o->s + m * n, *h = o->h0 + m * n, vm = scc->v[o->shell[m]];
        for (size_t l = 0; l < n; l++)
            scc->f[m * n + l] = h[l] - 0.5 * s[l] * (vm + scc->v[o->shell[l]]);
    }
    transform(scc);
    dsyevd_("V", "L", &k, scc->f, &k, scc->energies, scc->work, &scc->n_work, scc->iwork, &scc->n_iwork, &info);
    if (info != 0)
        return skd_fail(err, SKD_ENUMERIC, "gfn1: the orbitals could not be computed (dsyevd: %d)", info);
    scc->expanded = 0;
    return SKD_OK;
}

void gfn1_expand(gfn1_scc *scc, size_t end) {
    int n = (int)scc->n, k = (int)scc->n_orbitals, count = (int)(end - scc->expanded);
    double one = 1.0, zero = 0.0;
    if (end > scc->expanded)
        dgemm_("N", "N", &n, &count, &k, &one, scc->x, &n, scc->f + scc->expanded * scc->n_orbitals, &k, &zero,
               scc->c + scc->expanded * scc->n, &n);
    scc->expanded = end;
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
    size_t k = scc->n_orbitals;
    while (k > 0 && scc->occupation[k - 1] < 1e-16)
        k--;
    return k;
}

/* Charges and core energy of the density. */
static void populate(gfn1_scc *scc, const gfn1_orbitals *o) {
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
}

/* Residual, its rms, and the error of the energy that is left of it, d A d/2. */
static void measure(gfn1_scc *scc) {
    int n = (int)scc->n_shells, step = 1;
    double one = 1.0, zero = 0.0, sum = 0.0, error = 0.0, *field = scc->work;
    for (size_t s = 0; s < scc->n_shells; s++) {
        scc->residual[s] = scc->q[s] - scc->q_in[s];
        sum += scc->residual[s] * scc->residual[s];
    }
    dsymv_("L", &n, &one, scc->coulomb, &n, scc->residual, &step, &zero, field, &step);
    for (size_t s = 0; s < scc->n_shells; s++)
        error += 0.5 * field[s] * scc->residual[s];
    scc->residual_rms = sqrt(sum / (double)scc->n_shells);
    scc->energy_error = fabs(error);
}

skd_status gfn1_cycle(gfn1_scc *scc, gfn1_orbitals *o, double kt, skd_error *err) {
    double unused[2];
    potential(scc, o, scc->q_in, scc->v, &unused[0], &unused[1]);
    skd_status status = diagonalise(scc, o, err);
    if (status != SKD_OK)
        return status;
    gfn1_fermi(scc->energies, scc->n_orbitals, scc->electrons, kt, scc->occupation, &scc->e_entropy, scc->level);
    gfn1_expand(scc, count_occupied(scc));
    weighted_sum(scc, scc->occupation, scc->expanded, o->density);
    populate(scc, o);
    potential(scc, o, scc->q, scc->work, &scc->e_coulomb, &scc->e_third);
    measure(scc);
    scc->cycles++;
    if (!isfinite(scc->e_h0 + scc->e_coulomb + scc->e_third + scc->e_entropy) || !isfinite(scc->residual_rms))
        return skd_fail(err, SKD_ENUMERIC, "gfn1: the energy is not a finite number");
    return SKD_OK;
}

void gfn1_energy_weighted(gfn1_scc *scc, gfn1_orbitals *o) {
    size_t occupied = count_occupied(scc);
    double *weight = scc->work + scc->n * occupied; /* behind the scratch of the sum */
    for (size_t k = 0; k < occupied; k++)
        weight[k] = scc->occupation[k] * scc->energies[k];
    weighted_sum(scc, weight, occupied, o->weighted);
}
