/* SPDX-License-Identifier: MIT */
/* ridge.c - sums over rows, and their solution at the ridge strength of largest evidence.
 *
 * For a given alpha the best beta is known, n / (y^2 - b.w), so evidence is a function of alpha alone:
 *   2 ln p = m ln alpha + n ln beta - ln det(A + alpha) - beta (y^2 - b.w) + const
 * It costs one Cholesky factor each, so few are tried, and half a decade is fine enough. Both stay within bounds:
 * unbounded evidence is known to run off and to spoil such fits. */
#include "ridge.h"

#include <string.h>

#include "lapack.h"

static const double one = 1.0;
static const int unit = 1;

skd_status ridge_normal_new(ridge_normal *out, size_t m, skd_error *err) {
    *out = (ridge_normal){.m = m, .a = skd_alloc(m * m, sizeof(double)), .b = skd_alloc(m, sizeof(double))};
    if (out->a && out->b)
        return SKD_OK;
    ridge_normal_free(out);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the normal equations of %zu features", m);
}

void ridge_normal_free(ridge_normal *normal) {
    skd_free(normal->a);
    skd_free(normal->b);
    *normal = (ridge_normal){0};
}

void ridge_add(ridge_normal *normal, const double *x, const double *y, size_t rows, double sign) {
    const int m = (int)normal->m, n = (int)rows;
    if (n == 0)
        return;
    dsyrk_("L", "N", &m, &n, &sign, x, &m, &one, normal->a, &m);
    dgemv_("N", &m, &n, &sign, x, &m, y, &unit, &one, normal->b, &unit);
    for (size_t r = 0; r < rows; r++)
        normal->yy += sign * y[r] * y[r];
    normal->n += sign * (double)rows;
}

void ridge_add_scaled(ridge_normal *to, const ridge_normal *from, double weight) {
    for (size_t k = 0; k < to->m * to->m; k++)
        to->a[k] += weight * from->a[k];
    for (size_t k = 0; k < to->m; k++)
        to->b[k] += weight * from->b[k];
    to->yy += weight * from->yy;
    to->n += weight * from->n;
}

/* ---- evidence ------------------------------------------------------------------------------- */

/* w, beta and evidence of one alpha; inverse receives the factor itself for now. */
static skd_status solve_at(ridge_solution *s, const ridge_normal *normal, const ridge_bounds *bounds, double alpha,
                           skd_error *err) {
    const size_t m = s->m;
    const int n = (int)m;
    int info = 0;
    double log_det = 0.0, explained = 0.0;
    memcpy(s->inverse, normal->a, m * m * sizeof *s->inverse);
    memcpy(s->w, normal->b, m * sizeof *s->w);
    for (size_t k = 0; k < m; k++)
        s->inverse[k * m + k] += alpha;
    dpotrf_("L", &n, s->inverse, &n, &info);
    if (info != 0)
        return skd_fail(err, SKD_ENUMERIC, "the fit's matrix is not positive definite at ridge %g (row %d)", alpha,
                        info);
    dpotrs_("L", &n, &unit, s->inverse, &n, s->w, &n, &info);
    for (size_t k = 0; k < m; k++) {
        log_det += 2.0 * log(s->inverse[k * m + k]);
        explained += normal->b[k] * s->w[k];
    }
    double left = fmax(normal->yy - explained, 1e-12 * normal->yy);
    double beta = left > 0.0 ? normal->n / left : bounds->beta_max;
    s->alpha = alpha;
    s->beta = fmin(fmax(beta, bounds->beta_min), bounds->beta_max);
    s->evidence = 0.5 * ((double)m * log(alpha) + normal->n * log(s->beta) - log_det - s->beta * left);
    return isfinite(s->evidence)
               ? SKD_OK
               : skd_fail(err, SKD_ENUMERIC, "the fit has no finite evidence at ridge %g", alpha);
}

typedef struct climb {
    ridge_solution *best, trial; /* of the largest evidence so far, and room for one more */
    const ridge_normal *normal;
    const ridge_bounds *bounds;
    double at; /* log10 of the best alpha */
} climb;

/* Solves at alpha = 10^x. *better: it is the best so far, and kept. */
static skd_status try_alpha(climb *c, double x, bool *better, skd_error *err) {
    *better = false;
    skd_status status = solve_at(&c->trial, c->normal, c->bounds, pow(10.0, x), err);
    if (status != SKD_OK || !(c->trial.evidence > c->best->evidence))
        return status;
    ridge_solution trial = c->trial;
    c->trial = *c->best;
    *c->best = trial;
    c->at = x;
    *better = true;
    return SKD_OK;
}

/* From the best one on in one direction, while it gets better. */
static skd_status walk(climb *c, double step, bool *moved, skd_error *err) {
    const double low = log10(c->bounds->alpha_min), high = log10(c->bounds->alpha_max);
    bool better = true;
    skd_status status = SKD_OK;
    *moved = false;
    while (status == SKD_OK && better && c->at + step > low - 1e-9 && c->at + step < high + 1e-9) {
        status = try_alpha(c, c->at + step, &better, err);
        *moved |= better;
    }
    return status;
}

/* The alpha of largest evidence: from the middle of the range in steps of a quarter of it, then of half as much, twice,
 * to both sides of the best. */
static skd_status best_alpha(climb *c, skd_error *err) {
    const double low = log10(c->bounds->alpha_min), high = log10(c->bounds->alpha_max);
    double step = 0.25 * (high - low);
    bool moved;
    skd_status status = try_alpha(c, 0.5 * (low + high), &moved, err);
    if (status == SKD_OK)
        status = walk(c, step, &moved, err);
    if (status == SKD_OK && !moved)
        status = walk(c, -step, &moved, err);
    for (int finer = 0; finer < 2 && status == SKD_OK; finer++) {
        const double centre = c->at;
        step *= 0.5;
        if (centre - step > low)
            status = try_alpha(c, centre - step, &moved, err);
        if (status == SKD_OK && centre + step < high)
            status = try_alpha(c, centre + step, &moved, err);
    }
    return status;
}

/* ---- what the solution says of itself --------------------------------------------------------- */

/* Largest sum of absolute values of a column of A + alpha. sum: [m] */
static double norm_one(const ridge_normal *normal, double alpha, double *sum) {
    const size_t m = normal->m;
    double largest = 0.0;
    memset(sum, 0, m * sizeof *sum);
    for (size_t c = 0; c < m; c++) {
        sum[c] += fabs(normal->a[c * m + c] + alpha);
        for (size_t r = c + 1; r < m; r++) {
            double v = fabs(normal->a[c * m + r]);
            sum[c] += v;
            sum[r] += v;
        }
    }
    for (size_t c = 0; c < m; c++)
        largest = fmax(largest, sum[c]);
    return largest;
}

/* Inverts the factor. Condition and effective parameters, m - alpha tr (A + alpha)^-1: the trace is that of
 * inverse^T inverse. */
static skd_status measure(ridge_solution *s, const ridge_normal *normal, skd_error *err) {
    const size_t m = s->m;
    const int n = (int)m;
    int info = 0;
    double rcond = 0.0, trace = 0.0;
    double *work = skd_alloc(3 * m, sizeof *work);
    int *iwork = skd_alloc(m, sizeof *iwork);
    if (!work || !iwork) {
        skd_free(work);
        skd_free(iwork);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a fit's condition");
    }
    double norm = norm_one(normal, s->alpha, work);
    dpocon_("L", &n, s->inverse, &n, &norm, &rcond, work, iwork, &info);
    dtrtri_("L", "N", &n, s->inverse, &n, &info);
    for (size_t c = 0; c < m; c++)
        for (size_t r = c; r < m; r++)
            trace += s->inverse[c * m + r] * s->inverse[c * m + r];
    s->condition = rcond > 0.0 ? 1.0 / rcond : HUGE_VAL;
    s->n_effective = (double)m - s->alpha * trace;
    skd_free(work);
    skd_free(iwork);
    return SKD_OK;
}

static skd_status new_solution(ridge_solution *out, size_t m, skd_error *err) {
    *out = (ridge_solution){.m = m, .w = skd_alloc(m, sizeof(double)), .inverse = skd_alloc(m * m, sizeof(double))};
    out->evidence = -HUGE_VAL;
    return out->w && out->inverse ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a fit of %zu features", m);
}

skd_status ridge_solve(ridge_solution *out, const ridge_normal *normal, const ridge_bounds *bounds, skd_error *err) {
    climb c = {.best = out, .normal = normal, .bounds = bounds};
    bool search = bounds->alpha_max > bounds->alpha_min;
    skd_status status = new_solution(out, normal->m, err);
    if (status == SKD_OK && search)
        status = new_solution(&c.trial, normal->m, err);
    if (status == SKD_OK)
        status = search ? best_alpha(&c, err) : solve_at(out, normal, bounds, bounds->alpha_min, err);
    ridge_solution_free(&c.trial);
    if (status == SKD_OK)
        status = measure(out, normal, err);
    if (status != SKD_OK)
        ridge_solution_free(out);
    return status;
}

void ridge_solution_free(ridge_solution *solution) {
    skd_free(solution->w);
    skd_free(solution->inverse);
    *solution = (ridge_solution){0};
}
