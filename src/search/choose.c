/* SPDX-License-Identifier: MIT */
/* choose.c - what to label next. Of frames about which the model is unsure, the one with the largest variance is taken,
 * and the others are looked at as if its energy were known: their variances fall by cov^2 / var (one step of a pivoted
 * Cholesky factorisation of the posterior covariance). So ten frames of one unknown basin cost one label, not ten. */
#include "learn.h"

#define NOISE 0.05 /* eV, of a label: keeps nearly equal frames from being taken twice */

typedef struct covariance {
    size_t n;
    double *v; /* [n][n] eV^2, of energies against the unperturbed defect's */
} covariance;

static double *at(const covariance *c, size_t i, size_t j) { return &c->v[i * c->n + j]; }

/* cov(a, b) = (var a + var b - var(a - b)) / 2. */
static skd_status fill(covariance *c, const skd_trails *trails, const skd_model *model, const size_t *wanted,
                       skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < c->n; i++) {
        double d = trails->trail[wanted[i]].deviation;
        *at(c, i, i) = d * d;
    }
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < i && status == SKD_OK; j++) {
            double d = 0.0;
            status = skd_model_difference_deviation(model, trails->trail[wanted[i]].row, trails->trail[wanted[j]].row,
                                                    &d, err);
            *at(c, i, j) = *at(c, j, i) = 0.5 * (*at(c, i, i) + *at(c, j, j) - d * d);
        }
    return status;
}

static size_t most_unsure(const covariance *c) {
    size_t best = 0;
    for (size_t i = 1; i < c->n; i++)
        if (*at(c, i, i) > *at(c, best, best))
            best = i;
    return best;
}

/* As if the energy of frame k were known but for the noise. */
static void condition(covariance *c, size_t k, double *column) {
    double inverse = 1.0 / (*at(c, k, k) + NOISE * NOISE);
    for (size_t i = 0; i < c->n; i++)
        column[i] = *at(c, i, k);
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->n; j++)
            *at(c, i, j) -= column[i] * column[j] * inverse;
}

skd_status skd_trails_choose(const skd_trails *trails, const skd_model *model, const size_t *wanted, size_t n,
                             double least, size_t room, size_t *chosen, size_t *n_chosen, skd_error *err) {
    covariance c = {n, skd_alloc(n * n, sizeof *c.v)};
    double *column = skd_alloc(n, sizeof *column);
    *n_chosen = 0;
    skd_status status = c.v && column ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu frames", n);
    if (status == SKD_OK)
        status = fill(&c, trails, model, wanted, err);
    while (status == SKD_OK && n > 0 && *n_chosen < room) {
        size_t k = most_unsure(&c);
        if (!(*at(&c, k, k) > least * least))
            break;
        chosen[(*n_chosen)++] = wanted[k];
        condition(&c, k, column);
        *at(&c, k, k) = 0.0;
    }
    skd_free(c.v);
    skd_free(column);
    return status;
}
