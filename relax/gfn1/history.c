/* SPDX-License-Identifier: MIT */
/* history.c - charges of the last geometries of a path, and a guess from them for the next one.
 *
 * With x_0 the last geometry (positions and lattice vectors in one row) and x_k those before it, the next one is
 * x = x_0 + sum_k c_k (x_k - x_0) + rest by least squares, and the charges are guessed to follow with the same c
 * (as densities in T. A. Arias, M. C. Payne, J. D. Joannopoulos, Phys. Rev. Lett. 69, 1077 (1992)). That serves any
 * minimiser, because nothing is said about the order or the length of its steps. */
#include <string.h>

#include "gfn1.h"

#define ROOM   4    /* geometries */
#define WEIGHT 1e-6 /* of the regularisation: steps along one line are nearly dependent */
#define FAR    3.0  /* sum of |c| that is still believed */

struct gfn1_history {
    size_t n_x, n_q, count, last; /* lengths of rows; geometries known, row of the last */
    double *x, *q;                /* [ROOM][n_x], [ROOM][n_q] */
    double *now;                  /* [n_x] */
};

skd_status gfn1_history_new(gfn1_history **out, size_t n, size_t n_shells, skd_error *err) {
    gfn1_history *h = *out = skd_alloc(1, sizeof *h);
    if (!h)
        return skd_fail(err, SKD_ENOMEM, "out of memory for charges of earlier steps");
    *h = (gfn1_history){.n_x = 3 * n + 9, .n_q = n_shells};
    h->x = skd_alloc((ROOM + 1) * h->n_x, sizeof *h->x);
    h->q = skd_alloc(ROOM * h->n_q, sizeof *h->q);
    if (h->x && h->q) {
        h->now = h->x + ROOM * h->n_x;
        return SKD_OK;
    }
    gfn1_history_free(h);
    *out = NULL;
    return skd_fail(err, SKD_ENOMEM, "out of memory for charges of earlier steps");
}

void gfn1_history_free(gfn1_history *h) {
    if (!h)
        return;
    skd_free(h->x);
    skd_free(h->q);
    skd_free(h);
}

void gfn1_history_clear(gfn1_history *h) { h->count = 0; }

static void flatten(gfn1_history *h, const double (*x)[3], const double (*lattice)[3]) {
    memcpy(h->now, x, (h->n_x - 9) * sizeof *h->now);
    for (size_t k = 0; k < 9; k++)
        h->now[h->n_x - 9 + k] = lattice ? lattice[k / 3][k % 3] : 0.0;
}

void gfn1_history_add(gfn1_history *h, const double (*x)[3], const double (*lattice)[3], const double *q) {
    h->last = h->count ? (h->last + 1) % ROOM : 0;
    h->count = h->count < ROOM ? h->count + 1 : ROOM;
    flatten(h, x, lattice);
    memcpy(h->x + h->last * h->n_x, h->now, h->n_x * sizeof *h->now);
    memcpy(h->q + h->last * h->n_q, q, h->n_q * sizeof *q);
}

/* (a - o) (b - o) */
static double product(const double *a, const double *b, const double *o, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - o[i]) * (b[i] - o[i]);
    return sum;
}

/* Solves the positive definite a c = c by elimination. */
static void solve(double a[ROOM][ROOM], double *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const double f = a[j][i] / a[i][i];
            for (size_t k = i; k < n; k++)
                a[j][k] -= f * a[i][k];
            c[j] -= f * c[i];
        }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            c[i] -= a[i][k] * c[k];
        c[i] /= a[i][i];
    }
}

bool gfn1_history_guess(gfn1_history *h, const double (*x)[3], const double (*lattice)[3], double *q) {
    if (h->count == 0)
        return false;
    const double *x0 = h->x + h->last * h->n_x, *q0 = h->q + h->last * h->n_q;
    const double *xs[ROOM], *qs[ROOM];
    double a[ROOM][ROOM], c[ROOM] = {0}, trace = 0.0, sum = 0.0;
    const size_t n = h->count - 1;
    flatten(h, x, lattice);
    for (size_t k = 0; k < n; k++) {
        const size_t row = (h->last + ROOM - 1 - k) % ROOM;
        xs[k] = h->x + row * h->n_x;
        qs[k] = h->q + row * h->n_q;
        for (size_t l = 0; l <= k; l++)
            a[k][l] = a[l][k] = product(xs[k], xs[l], x0, h->n_x);
        c[k] = product(xs[k], h->now, x0, h->n_x);
        trace += a[k][k];
    }
    for (size_t k = 0; k < n; k++)
        a[k][k] += WEIGHT * trace + 1e-30;
    solve(a, c, n);
    for (size_t k = 0; k < n; k++)
        sum += fabs(c[k]);
    memcpy(q, q0, h->n_q * sizeof *q);
    for (size_t k = 0; k < n && sum <= FAR; k++)
        for (size_t s = 0; s < h->n_q; s++)
            q[s] += c[k] * (qs[k][s] - q0[s]);
    return true;
}
