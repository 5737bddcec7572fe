/* SPDX-License-Identifier: MIT */
/* fire2.c - FIRE 2.0: FIRE that goes half a step back when it went uphill, mixes after accelerating,
 * and never stalls with a tiny time step.
 *
 * Source: J. Guénolé, W. G. Nöhring, A. Vaid, F. Houllé, Z. Xie, A. Prakash and E. Bitzek, Comput. Mater.
 * Sci. 175, 109584 (2020), algorithm 2 with semi-implicit Euler; parameters and step limit (all atoms
 * together) as in ASE's FIRE2: unit masses, dt from 0.1, between 0.002 and 1.0. Unlike there the half
 * step back keeps to the limit as well; without, a steep start runs away. */
#include "minimiser.h"

#define DT_START    0.1
#define DT_MAX      1.0
#define DT_MIN      2e-3
#define N_MIN       20 /* downhill steps before dt grows */
#define DT_GROW     1.1
#define DT_SHRINK   0.5
#define ALPHA_START 0.25
#define ALPHA_DECAY 0.99

typedef struct fire2_state {
    double dt, alpha, downhill_steps, moved;
    double v[];
} fire2_state;

static size_t fire2_size(size_t m) { return sizeof(fire2_state) / sizeof(double) + m; }

static void fire2_start(skd_minimiser *s) {
    fire2_state *w = (fire2_state *)s->state;
    w->dt = DT_START;
    w->alpha = ALPHA_START;
    w->downhill_steps = w->moved = 0.0;
    for (size_t i = 0; i < s->m; i++)
        w->v[i] = 0.0;
}

static skd_status steer(skd_minimiser *s, fire2_state *w, skd_error *err) {
    if (skd_vec_dot(s->m, s->g, w->v) < 0.0) {
        w->downhill_steps++;
        if (w->downhill_steps > N_MIN) {
            w->dt = fmin(w->dt * DT_GROW, DT_MAX);
            w->alpha *= ALPHA_DECAY;
        }
        return SKD_OK;
    }
    w->downhill_steps = 0.0;
    w->dt = fmax(w->dt * DT_SHRINK, DT_MIN);
    w->alpha = ALPHA_START;
    double length = w->dt * sqrt(skd_vec_dot(s->m, w->v, w->v));
    skd_vec_add(s->m, -0.5 * w->dt * skd_step_factor(length, s->max_step), w->v, s->x);
    for (size_t i = 0; i < s->m; i++)
        w->v[i] = 0.0;
    return skd_minimiser_evaluate(s, err);
}

static skd_status fire2_step(skd_minimiser *s, skd_error *err) {
    fire2_state *w = (fire2_state *)s->state;
    skd_status status = w->moved > 0.0 ? steer(s, w, err) : SKD_OK;
    if (status != SKD_OK)
        return status;
    w->moved = 1.0;
    skd_vec_add(s->m, -w->dt, s->g, w->v);
    double g2 = skd_vec_dot(s->m, s->g, s->g), v2 = skd_vec_dot(s->m, w->v, w->v);
    double turn = g2 > 0.0 ? w->alpha * sqrt(v2) / sqrt(g2) : 0.0;
    for (size_t i = 0; i < s->m; i++)
        w->v[i] = (1.0 - w->alpha) * w->v[i] - turn * s->g[i];
    double length = w->dt * sqrt(skd_vec_dot(s->m, w->v, w->v));
    skd_vec_add(s->m, w->dt * skd_step_factor(length, s->max_step), w->v, s->x);
    return skd_minimiser_evaluate(s, err);
}

const skd_minimiser_type skd_minimiser_fire2 = {
    .name = "fire2",
    .summary = "FIRE 2.0, as in ASE: two force calls where it went uphill",
    .reference = "J. Guénolé et al., Comput. Mater. Sci. 175, 109584 (2020)",
    .state_size = fire2_size,
    .start = fire2_start,
    .step = fire2_step,
};
