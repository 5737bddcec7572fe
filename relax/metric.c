/* SPDX-License-Identifier: MIT */
/* metric.c - the inverse Hessian of one potential as the metric in which another, dearer one is minimised.
 *
 * L-BFGS that begins from it takes Newton's step where the two agree, and needs updates only for what they differ in
 * (J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (2006), section 7.2: the choice of H0). The Hessian is
 * by differences of forces, its spectrum is made positive: |eigenvalue|, and no mode softer than SOFTEST. */
#include "lapack.h"
#include "shakedown/relax.h"

#define STEP    0.01 /* Å */
#define SOFTEST 0.5  /* eV/Å^2: softer modes take longer steps than a model of 0.05 eV/Å can answer for */

typedef struct hessian {
    const skd_relax_options *options;
    skd_potential_work *potential;
    skd_cell *cell;
    skd_result *result;
    size_t *free;  /* [n] the variables that can move, 3 atom + axis */
    size_t n;
    double *base;  /* [3 atoms] gradient of the cell as given */
    double *h;     /* [n][n] */
    double *value; /* [n] */
} hessian;

static skd_status gradient(hessian *w, double *g, skd_error *err) {
    skd_status status = skd_potential_compute(w->potential, w->cell, w->options->charge, 0, w->result, err);
    for (size_t i = 0; status == SKD_OK && i < 3 * w->cell->n; i++)
        g[i] = -w->result->force[i / 3][i % 3];
    return status;
}

/* Forward differences, made symmetric; springs of tethers on the diagonal. */
static skd_status fill(hessian *w, double *g, skd_error *err) {
    skd_status status = gradient(w, w->base, err);
    for (size_t a = 0; a < w->n && status == SKD_OK; a++) {
        double *x = &w->cell->pos[w->free[a] / 3][w->free[a] % 3], before = *x;
        *x = before + STEP;
        status = gradient(w, g, err);
        *x = before;
        for (size_t b = 0; b < w->n; b++)
            w->h[a * w->n + b] = (g[w->free[b]] - w->base[w->free[b]]) / STEP;
        if (w->options->tether)
            w->h[a * w->n + a] += w->options->tether[w->free[a] / 3];
    }
    for (size_t a = 0; a < w->n && status == SKD_OK; a++)
        for (size_t b = 0; b < a; b++)
            w->h[a * w->n + b] = w->h[b * w->n + a] = 0.5 * (w->h[a * w->n + b] + w->h[b * w->n + a]);
    return status;
}

/* h becomes its eigenvectors as rows. */
static skd_status diagonalise(hessian *w, skd_error *err) {
    int n = (int)w->n, info = 0, n_work = -1, n_iwork = -1, want_i = 0;
    double want = 0.0;
    dsyevd_("V", "L", &n, w->h, &n, w->value, &want, &n_work, &want_i, &n_iwork, &info);
    n_work = (int)want;
    n_iwork = want_i;
    double *work = skd_alloc((size_t)n_work, sizeof *work);
    int *iwork = skd_alloc((size_t)n_iwork, sizeof *iwork);
    skd_status status = work && iwork ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %d modes", n);
    if (status == SKD_OK)
        dsyevd_("V", "L", &n, w->h, &n, w->value, work, &n_work, iwork, &n_iwork, &info);
    if (status == SKD_OK && info != 0)
        status = skd_fail(err, SKD_ENUMERIC, "the modes of a Hessian could not be computed (dsyevd: %d)", info);
    skd_free(work);
    skd_free(iwork);
    return status;
}

/* out[m][m] = sum of the modes' v v^T / value, on the variables that can move. */
static void invert(const hessian *w, double *out, size_t m) {
    for (size_t k = 0; k < w->n; k++) {
        const double *v = w->h + k * w->n;
        double softness = 1.0 / fmax(fabs(w->value[k]), SOFTEST);
        for (size_t a = 0; a < w->n; a++)
            for (size_t b = 0; b < w->n; b++)
                out[w->free[a] * m + w->free[b]] += softness * (v[a] * v[b]);
    }
}

static skd_status prepare(hessian *w, const skd_cell *cell, skd_error *err) {
    size_t m = 3 * cell->n;
    skd_status status = skd_cell_copy(&w->cell, cell, err);
    if (status == SKD_OK)
        status = skd_result_new(&w->result, cell->n, err);
    w->free = skd_alloc(m, sizeof *w->free);
    w->base = skd_alloc(2 * m, sizeof *w->base);
    for (size_t i = 0; w->free && i < m; i++)
        if (!w->options->tether || !isinf(w->options->tether[i / 3]))
            w->free[w->n++] = i;
    w->h = skd_alloc(w->n * w->n, sizeof *w->h);
    w->value = skd_alloc(w->n, sizeof *w->value);
    if (status == SKD_OK && !(w->free && w->base && w->h && w->value))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the Hessian of %zu atoms", cell->n);
    return status;
}

skd_status skd_relax_metric(double **out, const skd_cell *cell, skd_potential_work *potential,
                            const skd_relax_options *options, skd_error *err) {
    hessian w = {.options = options, .potential = potential};
    size_t m = 3 * cell->n;
    *out = NULL;
    skd_status status = prepare(&w, cell, err);
    if (status == SKD_OK)
        status = fill(&w, w.base + m, err);
    if (status == SKD_OK)
        status = diagonalise(&w, err);
    if (status == SKD_OK && !(*out = skd_alloc(m * m, sizeof **out)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a metric of %zu atoms", cell->n);
    if (status == SKD_OK)
        invert(&w, *out, m);
    skd_cell_free(w.cell);
    skd_result_free(w.result);
    skd_free(w.free);
    skd_free(w.base);
    skd_free(w.h);
    skd_free(w.value);
    return status;
}
