/* SPDX-License-Identifier: MIT */
/* lbfgs.c - limited-memory BFGS with a step limit and backtracking.
 *
 * Sources: J. Nocedal, Math. Comput. 35, 773 (1980), two-loop recursion; J. Nocedal and S. J. Wright,
 * Numerical Optimization, 2nd ed. (2006), algorithms 7.4, 7.5 and 3.1 (sufficient decrease). The first
 * step takes the curvature of ASE's LBFGS, 70 eV/Å^2; later ones eq. (7.20) of Nocedal and Wright. A
 * direction that is not downhill drops the memory; pairs without positive curvature are not stored.
 *
 * State, in doubles: the struct, then s[MEMORY][m], y[MEMORY][m], p[m], x_old[m], g_old[m]. */
#include "minimiser.h"

#include <string.h>

#define MEMORY        25
#define CURVATURE     70.0
#define DECREASE      1e-4  /* c1 of the Armijo condition */
#define MAX_BACKTRACK 20
#define NOISE         1e-13 /* relative rounding of f that may not look like a rise */

typedef struct lbfgs_state {
    double n_pairs, newest;
    double rho[MEMORY], alpha[MEMORY];
    double v[];
} lbfgs_state;

static size_t lbfgs_size(size_t m) { return sizeof(lbfgs_state) / sizeof(double) + (2 * MEMORY + 3) * m; }

static void lbfgs_start(skd_minimiser *s) { ((lbfgs_state *)s->state)->n_pairs = 0.0; }

static double *moves(lbfgs_state *w, size_t m, size_t slot) { return w->v + slot * m; }
static double *turns(lbfgs_state *w, size_t m, size_t slot) { return w->v + (MEMORY + slot) * m; }

/* Slot of the pair stored `age` pairs ago. */
static size_t slot_of(const lbfgs_state *w, size_t age) { return ((size_t)w->newest + MEMORY - age) % MEMORY; }

/* p = -H g by the two-loop recursion. */
static void direction(const skd_minimiser *s, lbfgs_state *w, double *p) {
    size_t m = s->m, n = (size_t)w->n_pairs;
    double scale = 1.0 / CURVATURE;
    for (size_t i = 0; i < m; i++)
        p[i] = -s->g[i];
    for (size_t age = 0; age < n; age++) {
        size_t k = slot_of(w, age);
        w->alpha[k] = w->rho[k] * skd_vec_dot(m, moves(w, m, k), p);
        skd_vec_add(m, -w->alpha[k], turns(w, m, k), p);
    }
    if (s->metric) {
        double *q = w->v + (2 * MEMORY + 1) * m; /* free between steps */
        memcpy(q, p, m * sizeof *q);
        for (size_t i = 0; i < m; i++)
            p[i] = skd_vec_dot(m, s->metric + i * m, q);
        scale = 1.0;
    } else if (n > 0) {
        const double *y = turns(w, m, slot_of(w, 0));
        scale = 1.0 / (w->rho[slot_of(w, 0)] * skd_vec_dot(m, y, y));
    }
    for (size_t i = 0; i < m; i++)
        p[i] *= scale;
    for (size_t age = n; age-- > 0;) {
        size_t k = slot_of(w, age);
        double beta = w->rho[k] * skd_vec_dot(m, turns(w, m, k), p);
        skd_vec_add(m, w->alpha[k] - beta, moves(w, m, k), p);
    }
}

/* Shortens the step so that no atom (or, where m is not a multiple of 3, the whole) moves too far. */
static void limit(const skd_minimiser *s, double *p) {
    size_t stride = s->m % 3 == 0 ? 3 : s->m;
    double longest2 = 0.0;
    for (size_t i = 0; i < s->m; i += stride)
        longest2 = fmax(longest2, skd_vec_dot(stride, p + i, p + i));
    double factor = skd_step_factor(sqrt(longest2), s->max_step);
    for (size_t i = 0; i < s->m && factor < 1.0; i++)
        p[i] *= factor;
}

static void remember(const skd_minimiser *s, lbfgs_state *w, const double *x_old, const double *g_old) {
    size_t m = s->m, k = ((size_t)w->newest + 1) % MEMORY;
    double *move = moves(w, m, k), *turn = turns(w, m, k);
    for (size_t i = 0; i < m; i++) {
        move[i] = s->x[i] - x_old[i];
        turn[i] = s->g[i] - g_old[i];
    }
    double sy = skd_vec_dot(m, move, turn), ss = skd_vec_dot(m, move, move), yy = skd_vec_dot(m, turn, turn);
    if (!(sy > 1e-10 * sqrt(ss * yy)))
        return;
    w->rho[k] = 1.0 / sy;
    w->newest = (double)k;
    w->n_pairs = fmin(w->n_pairs + 1.0, MEMORY);
}

static skd_status lbfgs_step(skd_minimiser *s, skd_error *err) {
    lbfgs_state *w = (lbfgs_state *)s->state;
    size_t m = s->m;
    double *p = w->v + 2 * MEMORY * m, *x_old = p + m, *g_old = x_old + m, f_old = s->f;
    direction(s, w, p);
    if (!(skd_vec_dot(m, s->g, p) < 0.0)) {
        w->n_pairs = 0.0;
        direction(s, w, p);
    }
    limit(s, p);
    memcpy(x_old, s->x, m * sizeof *x_old);
    memcpy(g_old, s->g, m * sizeof *g_old);
    double slope = skd_vec_dot(m, s->g, p), step = 1.0;
    for (int tries = 0;; tries++) {
        for (size_t i = 0; i < m; i++)
            s->x[i] = x_old[i] + step * p[i];
        skd_status status = skd_minimiser_evaluate(s, err);
        if (status != SKD_OK)
            return status;
        if (s->f <= f_old + DECREASE * step * slope + NOISE * fabs(f_old))
            break;
        if (tries == MAX_BACKTRACK) { /* the direction is worthless: start anew from here */
            w->n_pairs = 0.0;
            return SKD_OK;
        }
        /* Minimum of the parabola through f_old, slope and s->f, within reason; NaN gives 0.1. */
        double vertex = -slope * step * step / (2.0 * (s->f - f_old - step * slope));
        step = fmin(fmax(vertex, 0.1 * step), 0.5 * step);
    }
    remember(s, w, x_old, g_old);
    return SKD_OK;
}

const skd_minimiser_type skd_minimiser_lbfgs = {
    .name = "lbfgs",
    .summary = "L-BFGS with backtracking: fewest force calls near a minimum",
    .reference = "J. Nocedal, Math. Comput. 35, 773 (1980)",
    .state_size = lbfgs_size,
    .start = lbfgs_start,
    .step = lbfgs_step,
};
