/* SPDX-License-Identifier: MIT */
/* mixer.c - modified Broyden mixing (D. D. Johnson, Phys. Rev. B 38, 12807 (1988)) of a short history.
 *
 * Of the last steps it keeps the unit change of the residual df and the matching change u of the step, with
 * weights w = clip(0.01/|d|, 1, 1e5). */
#include <string.h>

#include "gfn1.h"

#define OMEGA2   1e-4 /* regularisation */
#define MAX_STEP 0.3  /* e, of one shell */

struct gfn1_mixer {
    size_t n, room, history, count, steps; /* count: pairs kept; steps: since the start */
    double beta;
    double *df, *u; /* [room][n] */
    double *weight; /* [room] */
    double *last_q, *last_d, *step; /* [n] */
    double *a, *g;  /* [room][room], [room] */
};

skd_status gfn1_mixer_new(gfn1_mixer **out, size_t n, size_t history, skd_error *err) {
    *out = NULL;
    gfn1_mixer *m = skd_alloc(1, sizeof *m);
    if (!m)
        return skd_fail(err, SKD_ENOMEM, "out of memory for charge mixing");
    m->n = n;
    m->room = history;
    m->df = skd_alloc(history * n, sizeof *m->df);
    m->u = skd_alloc(history * n, sizeof *m->u);
    m->weight = skd_alloc(history, sizeof *m->weight);
    m->last_q = skd_alloc(3 * n, sizeof *m->last_q);
    m->a = skd_alloc(history * history, sizeof *m->a);
    m->g = skd_alloc(history, sizeof *m->g);
    if (!m->df || !m->u || !m->weight || !m->last_q || !m->a || !m->g) {
        gfn1_mixer_free(m);
        return skd_fail(err, SKD_ENOMEM, "out of memory for charge mixing");
    }
    m->last_d = m->last_q + n;
    m->step = m->last_d + n;
    gfn1_mixer_start(m, 0.4, history);
    *out = m;
    return SKD_OK;
}

void gfn1_mixer_free(gfn1_mixer *m) {
    if (!m)
        return;
    void *all[] = {m->df, m->u, m->weight, m->last_q, m->a, m->g, m};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

void gfn1_mixer_start(gfn1_mixer *m, double beta, size_t history) {
    m->beta = beta;
    m->history = history < m->room ? history : m->room;
    m->count = m->steps = 0;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The newest pair takes the place of the oldest. */
static void remember(gfn1_mixer *m, const double *q, const double *d) {
    size_t at = m->steps % m->history;
    double *df = m->df + at * m->n, *u = m->u + at * m->n;
    for (size_t i = 0; i < m->n; i++)
        df[i] = d[i] - m->last_d[i];
    double norm = sqrt(dot(df, df, m->n)), size = sqrt(dot(d, d, m->n));
    if (!(norm > 0.0))
        return;
    for (size_t i = 0; i < m->n; i++) {
        df[i] /= norm;
        u[i] = m->beta * df[i] + (q[i] - m->last_q[i]) / norm;
    }
    m->weight[at] = fmin(fmax(0.01 / size, 1.0), 1e5);
    m->steps++;
    m->count = m->count < m->history ? m->count + 1 : m->history;
}

/* Solves the symmetric positive definite a g = g by Cholesky's method. */
static void solve(double *a, double *g, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double x = a[i * n + j] - dot(a + i * n, a + j * n, j);
            a[i * n + j] = i == j ? sqrt(fmax(x, 1e-30)) : x / a[j * n + j];
        }
    for (size_t i = 0; i < n; i++)
        g[i] = (g[i] - dot(a + i * n, g, i)) / a[i * n + i];
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            g[i] -= a[j * n + i] * g[j];
        g[i] /= a[i * n + i];
    }
}

void gfn1_mixer_next(gfn1_mixer *m, double *q, const double *d) {
    size_t n = m->n;
    if (m->steps || m->count)
        remember(m, q, d);
    else
        m->steps = m->history; /* slot 0 comes next */
    for (size_t i = 0; i < m->count; i++) {
        for (size_t j = 0; j <= i; j++)
            m->a[i * m->count + j] = m->weight[i] * m->weight[j] * dot(m->df + i * n, m->df + j * n, n) +
                                     (i == j ? OMEGA2 : 0.0);
        m->g[i] = m->weight[i] * dot(m->df + i * n, d, n);
    }
    solve(m->a, m->g, m->count);
    for (size_t s = 0; s < n; s++)
        m->step[s] = m->beta * d[s];
    for (size_t i = 0; i < m->count; i++)
        for (size_t s = 0; s < n; s++)
            m->step[s] -= m->weight[i] * m->g[i] * m->u[i * n + s];
    double most = 0.0;
    for (size_t s = 0; s < n; s++)
        most = fmax(most, fabs(m->step[s]));
    double scale = most > MAX_STEP ? MAX_STEP / most : 1.0;
    memcpy(m->last_q, q, n * sizeof *q);
    memcpy(m->last_d, d, n * sizeof *d);
    for (size_t s = 0; s < n; s++)
        q[s] += scale * m->step[s];
}
