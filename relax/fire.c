/* SPDX-License-Identifier: MIT */
/* fire.c - FIRE: molecular dynamics with unit masses that keeps only downhill motion.
 *
 * Source: E. Bitzek, P. Koskinen, F. Gähler, M. Moseler and P. Gumbsch, Phys. Rev. Lett. 97, 170201
 * (2006), steps MD and F1-F5. Choices that the paper leaves open are those of ASE's FIRE, which this
 * follows step by step: semi-implicit Euler, dt from 0.1 to at most 1.0, the whole step (all atoms
 * together) not longer than max_step. */
#include "minimiser.h"

#define DT_START    0.1
#define DT_MAX      1.0
#define N_MIN       5 /* downhill steps before dt grows */
#define DT_GROW     1.1
#define DT_SHRINK   0.5
#define ALPHA_START 0.1
#define ALPHA_DECAY 0.99

typedef struct fire_state {
    double dt, alpha, downhill_steps, moved;
    double v[];
} fire_state;

static size_t fire_size(size_t m) { return sizeof(fire_state) / sizeof(double) + m; }

static void fire_start(skd_minimiser *s) {
    fire_state *w = (fire_state *)s->state;
    w->dt = DT_START;
    w->alpha = ALPHA_START;
    w->downhill_steps = w->moved = 0.0;
    for (size_t i = 0; i < s->m; i++)
        w->v[i] = 0.0;
}

/* F1-F4: turns the velocity towards the force while it goes downhill, stops it when it goes uphill. */
static void steer(const skd_minimiser *s, fire_state *w) {
    if (skd_vec_dot(s->m, s->g, w->v) < 0.0) {
        double g2 = skd_vec_dot(s->m, s->g, s->g), v2 = skd_vec_dot(s->m, w->v, w->v);
        double turn = w->alpha * sqrt(v2) / sqrt(g2);
        for (size_t i = 0; i < s->m; i++)
            w->v[i] = (1.0 - w->alpha) * w->v[i] - turn * s->g[i];
        if (w->downhill_steps > N_MIN) {
            w->dt = fmin(w->dt * DT_GROW, DT_MAX);
            w->alpha *= ALPHA_DECAY;
        }
        w->downhill_steps++;
    } else {
        for (size_t i = 0; i < s->m; i++)
            w->v[i] = 0.0;
        w->alpha = ALPHA_START;
        w->dt *= DT_SHRINK;
        w->downhill_steps = 0.0;
    }
}

static skd_status fire_step(skd_minimiser *s, skd_error *err) {
    fire_state *w = (fire_state *)s->state;
    if (w->moved > 0.0) /* at rest there is no uphill to react to */
        steer(s, w);
    w->moved = 1.0;
    skd_vec_add(s->m, -w->dt, s->g, w->v);
    double length = w->dt * sqrt(skd_vec_dot(s->m, w->v, w->v));
    skd_vec_add(s->m, w->dt * skd_step_factor(length, s->max_step), w->v, s->x);
    return skd_minimiser_evaluate(s, err);
}

const skd_minimiser_type skd_minimiser_fire = {
    .name = "fire",
    .summary = "FIRE, as in ASE: sturdy, one force call a step",
    .reference = "E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006)",
    .state_size = fire_size,
    .start = fire_start,
    .step = fire_step,
};
