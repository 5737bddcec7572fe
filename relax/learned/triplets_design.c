/* SPDX-License-Identifier: MIT */
/* triplets_design.c - derivatives of the features of body order 4 by places: their Jacobian by the reduced density of
 * the central atom, times the derivatives of that density by its neighbours' places. */
#include <string.h>

#include "lapack.h"
#include "triplets.h"

skd_status skd_triplets_room(const skd_triplets *t, skd_triplets_work *work, size_t directions, skd_error *err) {
    const size_t size = t->n_lm * t->rows;
    if (directions <= work->room)
        return SKD_OK;
    skd_free(work->jacobian);
    skd_free(work->own);
    skd_free(work->out);
    work->room = 0;
    work->jacobian = skd_alloc(t->n_features * size, sizeof *work->jacobian);
    work->own = skd_alloc(directions * size, sizeof *work->own);
    work->out = skd_alloc(directions * t->n_features, sizeof *work->out);
    if (!work->jacobian || !work->own || !work->out)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the design matrix of %zu directions", directions);
    work->room = directions;
    return SKD_OK;
}

/* pair[r][r] = sum of gaunt b b over the couplings of kind k with that lm at place `at`, of the other two places. */
static void couple_others(const skd_triplets *t, size_t k, size_t at, size_t lm, const double *b, double *pair) {
    const size_t rows = t->rows, wide = 4 * t->fours, one = at == 0, two = at == 2 ? 1 : 2;
    memset(pair, 0, rows * rows * sizeof *pair);
    for (size_t i = t->kind[k].first; i < t->kind[k].end; i++) {
        const skd_coupling *g = &t->coupling[i];
        for (size_t r = 0; r < rows && g->lm[at] == lm; r++)
            for (size_t s = 0; s < rows; s++)
                pair[r * rows + s] += g->gaunt * b[g->lm[one] * wide + r] * b[g->lm[two] * wide + s];
    }
}

void skd_triplets_jacobian(const skd_features *f, const skd_four *c, skd_triplets_work *work) {
    const skd_triplets *t = f->triplets;
    const size_t rows = t->rows, size = t->n_lm * rows, n = rows * rows * rows;
    double *pair = (double *)work->pair;
    skd_triplets_compress(f, c, work->b);
    memset(work->jacobian, 0, t->n_features * size * sizeof *work->jacobian);
    for (size_t k = 0; k < t->n_kinds; k++)
        for (size_t at = 0; at < 3; at++) {
            const size_t l = t->kind[k].l[at], step[3] = {rows * rows, rows, 1};
            const size_t *number = t->number + k * n, one = step[at == 0], two = step[at == 2 ? 1 : 2];
            for (size_t lm = l * l; lm < (l + 1) * (l + 1); lm++) {
                couple_others(t, k, at, lm, (const double *)work->b, pair);
                for (size_t r = 0; r < n; r++)
                    if (number[r] != SIZE_MAX)
                        work->jacobian[number[r] * size + lm * rows + r / step[at] % rows] +=
                            t->scale[number[r]] * pair[r / one % rows * rows + r / two % rows];
            }
        }
}

void skd_triplets_own(const skd_features *f, size_t z, const skd_four *dc4, skd_triplets_work *work, size_t d) {
    const skd_triplets *t = f->triplets;
    const size_t wide = 4 * f->radial.n4, n_max = (size_t)f->options.n_max;
    const double *dc = (const double *)dc4;
    double *own = work->own + d * t->n_lm * t->rows;
    for (size_t p = 0; p < t->n_lm; p++)
        for (size_t k = 0; k < t->n_radial; k++) {
            double sum = 0.0;
            for (size_t n = 0; n < n_max; n++)
                sum += t->compress[k * n_max + n] * dc[p * wide + n];
            for (size_t s = 0; s < t->n_channels; s++)
                own[p * t->rows + s * t->n_radial + k] = f->mix[z][s] * sum;
        }
}

void skd_triplets_derive(const skd_features *f, skd_triplets_work *work, size_t directions) {
    const skd_triplets *t = f->triplets;
    const int n = (int)t->n_features, k = (int)(t->n_lm * t->rows), columns = (int)directions;
    const double one = 1.0, zero = 0.0;
    if (directions > 0)
        dgemm_("T", "N", &n, &columns, &k, &one, work->jacobian, &k, work->own, &k, &zero, work->out, &n);
}
