/* SPDX-License-Identifier: MIT */
/* response.c - first-order response of the shell charges to the shell potentials, and Newton's step to
 * self-consistency with it.
 *
 * With orbitals C, T = S C, a change dv of the potentials changes F by -S (dv + dv)/2 and the populations by
 *   F1_ia = -1/2 sum_m dv_m (C_mi T_ma + T_mi C_ma),
 *   dn_m  = sum_ia w_ia F1_ia (C_mi T_ma + T_mi C_ma),   w_ia = (f_i - f_a)/(e_i - e_a),
 * (S. Baroni et al., Rev. Mod. Phys. 73, 515 (2001), eqs. 14 and 68 in Mulliken populations); fractional occupations
 * also move with their own levels and the Fermi level. The residual of charges q + step is d - (1 - chi A) step. The
 * linear equation is solved by GMRES (Y. Saad, M. H. Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986)): about
 * a tenth of a diagonalisation for each product, in single precision, which is plenty for a step whose result is
 * looked at by the next diagonalisation. */
#include "response.h"

#include <string.h>

#include "lapack.h"

#define KRYLOV 24    /* products at most */
#define PART   0.03  /* of the residual that may be left */
#define FULL   1e-9  /* an orbital this close to two or no electrons is full or empty */
#define TINY   1e-10 /* smaller orbital coefficients would only make denormal numbers */

skd_status gfn1_response_new(gfn1_response **out, size_t n, size_t n_shells, skd_error *err) {
    gfn1_response *r = *out = skd_alloc(1, sizeof *r);
    if (!r)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the response of charges");
    *r = (gfn1_response){.n = n, .n_orbitals = n, .n_shells = n_shells};
    r->c = skd_alloc(n * n, sizeof *r->c);
    r->t = skd_alloc(n * n, sizeof *r->t);
    r->weight = skd_alloc(n * n, sizeof *r->weight);
    r->work = skd_alloc(3 * n * n, sizeof *r->work);
    r->slope = skd_alloc(2 * n, sizeof *r->slope);
    r->basis = skd_alloc((KRYLOV + 1) * n_shells, sizeof *r->basis);
    r->hessenberg = skd_alloc((KRYLOV + 1) * (KRYLOV + 4), sizeof *r->hessenberg);
    r->field = skd_alloc(n_shells + 3 * n, sizeof *r->field);
    if (r->c && r->t && r->weight && r->work && r->slope && r->basis && r->hessenberg && r->field)
        return SKD_OK;
    gfn1_response_free(r);
    *out = NULL;
    return skd_fail(err, SKD_ENOMEM, "out of memory for the response of %zu orbitals", n);
}

void gfn1_response_free(gfn1_response *r) {
    if (!r)
        return;
    void *all[] = {r->c, r->t, r->weight, r->work, r->slope, r->basis, r->hessenberg, r->field, r};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

/* ---- orbitals ---------------------------------------------------------------------------------- */

static void to_single(const double *from, size_t n, float *to) {
    for (size_t k = 0; k < n; k++)
        to[k] = fabs(from[k]) > TINY ? (float)from[k] : 0.0f;
}

/* df/de of both spins, of orbitals that are neither full nor empty. */
static void set_slopes(gfn1_response *r, const gfn1_scc *scc, double kt) {
    for (size_t spin = 0; spin < 2; spin++)
        for (size_t i = 0; i < r->n_orbitals; i++) {
            const double x = fabs(scc->energies[i] - scc->level[spin]) / kt, e = exp(-x);
            r->slope[spin * r->n + i] = x < 50.0 && scc->electrons[spin] ? -e / ((1.0 + e) * (1.0 + e) * kt) : 0.0;
        }
}

static void set_weights(gfn1_response *r, const gfn1_scc *scc, double kt) {
    const double *e = scc->energies, *f = scc->occupation, *slope = r->slope;
    for (size_t a = r->first_empty; a < r->n_orbitals; a++)
        for (size_t i = 0; i < r->occupied; i++) {
            double gap = e[i] - e[a], w = 0.0;
            if (fabs(gap) > 1e-3 * kt)
                w = (f[i] - f[a]) / gap;
            else if (i != a)
                w = 0.5 * (slope[i] + slope[a] + slope[r->n + i] + slope[r->n + a]);
            /* pairs of two fractional orbitals come in both orders */
            if (i >= r->first_empty && a < r->occupied)
                w *= 0.5;
            r->weight[(a - r->first_empty) * r->occupied + i] = (float)w;
        }
}

void gfn1_response_set(gfn1_response *r, const gfn1_scc *scc, const gfn1_orbitals *o, double kt) {
    const int n = (int)r->n, k = (int)scc->n_orbitals;
    const double one = 1.0, zero = 0.0;
    double *t = scc->f;
    dgemm_("N", "N", &n, &k, &n, &one, o->s, &n, scc->c, &n, &zero, t, &n);
    r->n_orbitals = scc->n_orbitals;
    to_single(scc->c, r->n * r->n_orbitals, r->c);
    to_single(t, r->n * r->n_orbitals, r->t);
    r->occupied = r->n_orbitals;
    r->first_empty = 0;
    while (r->occupied > 0 && scc->occupation[r->occupied - 1] < FULL)
        r->occupied--;
    while (r->first_empty < r->n_orbitals && scc->occupation[r->first_empty] > 2.0 - FULL)
        r->first_empty++;
    set_slopes(r, scc, kt);
    set_weights(r, scc, kt);
}

/* ---- the response ------------------------------------------------------------------------------ */

/* Orbitals that are fractional change their occupations: df_i = f'_i (F1_ii - shift of the Fermi level). */
static void refill(const gfn1_response *r, const double *dv, double *population) {
    double sum[2] = {0, 0}, norm[2] = {0, 0};
    double *first = r->field + r->n_shells + 2 * r->n; /* behind those of product() */
    for (size_t i = r->first_empty; i < r->occupied; i++) {
        const float *c = r->c + i * r->n, *t = r->t + i * r->n;
        first[i] = 0.0;
        for (size_t m = 0; m < r->n; m++)
            first[i] -= dv[m] * (double)(c[m] * t[m]);
        for (size_t spin = 0; spin < 2; spin++) {
            norm[spin] += r->slope[spin * r->n + i];
            sum[spin] += r->slope[spin * r->n + i] * first[i];
        }
    }
    for (size_t i = r->first_empty; i < r->occupied; i++) {
        double change = 0.0;
        for (size_t spin = 0; spin < 2; spin++)
            if (norm[spin] < 0.0)
                change += r->slope[spin * r->n + i] * (first[i] - sum[spin] / norm[spin]);
        for (size_t m = 0; m < r->n; m++)
            population[m] += change * (double)(r->c[i * r->n + m] * r->t[i * r->n + m]);
    }
}

/* Populations that follow potentials dv, both of orbitals. */
static void respond(const gfn1_response *r, const double *dv, double *population) {
    const int n = (int)r->n, k = (int)r->occupied, l = (int)(r->n_orbitals - r->first_empty);
    const float one = 1.0f, zero = 0.0f, half = -0.5f;
    const float *c_empty = r->c + r->first_empty * r->n, *t_empty = r->t + r->first_empty * r->n;
    const size_t block = r->n * r->occupied, pairs = r->occupied * (size_t)l;
    float *left = r->work, *right = left + block, *x = right + block;
    for (size_t m = 0; m < r->n; m++)
        population[m] = 0.0;
    if (pairs == 0)
        return;
    for (size_t i = 0; i < r->occupied; i++)
        for (size_t m = 0; m < r->n; m++) {
            left[i * r->n + m] = (float)dv[m] * r->c[i * r->n + m];
            right[i * r->n + m] = (float)dv[m] * r->t[i * r->n + m];
        }
    sgemm_("T", "N", &k, &l, &n, &half, left, &n, t_empty, &n, &zero, x, &k);
    sgemm_("T", "N", &k, &l, &n, &half, right, &n, c_empty, &n, &one, x, &k);
    for (size_t p = 0; p < pairs; p++)
        x[p] *= r->weight[p];
    sgemm_("N", "T", &n, &k, &l, &one, t_empty, &n, x, &k, &zero, left, &n);
    sgemm_("N", "T", &n, &k, &l, &one, c_empty, &n, x, &k, &zero, right, &n);
    for (size_t i = 0; i < r->occupied; i++)
        for (size_t m = 0; m < r->n; m++)
            population[m] += (double)(r->c[i * r->n + m] * left[i * r->n + m]) +
                             (double)(r->t[i * r->n + m] * right[i * r->n + m]);
    refill(r, dv, population);
}

/* out = (1 - chi A) x of charges x of shells. */
static void product(const gfn1_response *r, const gfn1_scc *scc, const gfn1_orbitals *o, const double *x, double *out) {
    const int m = (int)r->n_shells, step = 1;
    const double one = 1.0, zero = 0.0;
    double *field = r->field, *dv = field + r->n_shells, *population = dv + r->n;
    double *v = out;
    dsymv_("L", &m, &one, scc->coulomb, &m, x, &step, &zero, v, &step);
    for (size_t i = 0; i < o->system->n; i++) {
        const gfn1_third t = gfn1_scc_third(scc, o->system, i, gfn1_atom_charge(o->system, i, scc->q_in));
        const double change = gfn1_atom_charge(o->system, i, x);
        for (size_t s = o->system->first[i]; s < o->system->first[i + 1]; s++)
            v[s] += t.slope * change;
    }
    for (size_t k = 0; k < r->n; k++)
        dv[k] = v[o->shell[k]];
    respond(r, dv, population);
    memcpy(out, x, r->n_shells * sizeof *out);
    for (size_t k = 0; k < r->n; k++)
        out[o->shell[k]] += population[k]; /* charge = reference - population */
}

/* ---- the step ---------------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Turns column k of the Hessenberg matrix, and the right side g, by Givens rotations; g[k+1] is what is left. */
static void rotate(double *h, double *cosine, double *sine, double *g, size_t k) {
    for (size_t i = 0; i < k; i++) {
        const double a = h[i], b = h[i + 1];
        h[i] = cosine[i] * a + sine[i] * b;
        h[i + 1] = cosine[i] * b - sine[i] * a;
    }
    const double length = hypot(h[k], h[k + 1]);
    cosine[k] = length > 0.0 ? h[k] / length : 1.0;
    sine[k] = length > 0.0 ? h[k + 1] / length : 0.0;
    h[k] = length;
    h[k + 1] = 0.0;
    g[k + 1] = -sine[k] * g[k];
    g[k] *= cosine[k];
}

size_t gfn1_response_step(gfn1_response *r, const gfn1_scc *scc, const gfn1_orbitals *o, double *step) {
    const size_t m = r->n_shells, rows = KRYLOV + 1;
    double *cosine = r->hessenberg + rows * KRYLOV, *sine = cosine + rows, *g = sine + rows, *y = r->field;
    const double norm = sqrt(dot(scc->residual, scc->residual, m));
    size_t k = 0;
    memset(step, 0, m * sizeof *step);
    if (!(norm > 0.0))
        return 0;
    for (size_t s = 0; s < m; s++)
        r->basis[s] = scc->residual[s] / norm;
    g[0] = norm;
    while (k < KRYLOV && k < m && fabs(g[k]) > PART * norm) {
        double *next = r->basis + (k + 1) * m, *h = r->hessenberg + k * rows;
        product(r, scc, o, r->basis + k * m, next);
        for (size_t i = 0; i <= k; i++) {
            h[i] = dot(next, r->basis + i * m, m);
            for (size_t s = 0; s < m; s++)
                next[s] -= h[i] * r->basis[i * m + s];
        }
        h[k + 1] = sqrt(dot(next, next, m));
        for (size_t s = 0; s < m && h[k + 1] > 0.0; s++)
            next[s] /= h[k + 1];
        rotate(h, cosine, sine, g, k);
        k++;
    }
    for (size_t i = k; i-- > 0;) {
        y[i] = g[i];
        for (size_t j = i + 1; j < k; j++)
            y[i] -= r->hessenberg[j * rows + i] * y[j];
        y[i] = r->hessenberg[i * rows + i] > 0.0 ? y[i] / r->hessenberg[i * rows + i] : 0.0;
        for (size_t s = 0; s < m; s++)
            step[s] += y[i] * r->basis[i * m + s];
    }
    return k;
}
