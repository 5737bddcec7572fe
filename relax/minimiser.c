/* SPDX-License-Identifier: MIT */
/* minimiser.c - the table of methods and the object they share. */
#include "minimiser.h"

#include <string.h>

extern const skd_minimiser_type skd_minimiser_fire, skd_minimiser_fire2, skd_minimiser_lbfgs;

/* A new method: one file, one row here. */
const skd_minimiser_type *const skd_minimiser_types[] = {&skd_minimiser_fire, &skd_minimiser_fire2,
                                                         &skd_minimiser_lbfgs, NULL};

const skd_minimiser_type *skd_minimiser_named(const char *name) {
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++)
        if (strcmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}

skd_status skd_minimiser_new(skd_minimiser **out, const skd_minimiser_type *type, size_t m, const double *x0,
                             double max_step, skd_objective_fn objective, void *payload, skd_error *err) {
    *out = NULL;
    skd_minimiser *s = skd_alloc(1, sizeof *s);
    if (!s)
        goto nomem;
    *s = (skd_minimiser){.type = type, .m = m, .max_step = max_step, .objective = objective, .payload = payload};
    s->x = skd_copy(x0, m, sizeof *x0);
    s->g = skd_alloc(m, sizeof *s->g);
    s->state = skd_alloc(type->state_size(m), sizeof *s->state);
    if (!s->x || !s->g || !s->state)
        goto nomem;
    type->start(s);
    skd_status status = skd_minimiser_evaluate(s, err);
    if (status != SKD_OK) {
        skd_minimiser_free(s);
        return status;
    }
    *out = s;
    return SKD_OK;
nomem:
    skd_minimiser_free(s);
    return skd_fail(err, SKD_ENOMEM, "out of memory for minimising over %zu variables", m);
}

skd_status skd_minimiser_step(skd_minimiser *s, skd_error *err) { return s->type->step(s, err); }

skd_status skd_minimiser_evaluate(skd_minimiser *s, skd_error *err) {
    s->n_calls++;
    return s->objective(s->payload, s->x, &s->f, s->g, err);
}

void skd_minimiser_free(skd_minimiser *s) {
    if (!s)
        return;
    skd_free(s->x);
    skd_free(s->g);
    skd_free(s->state);
    skd_free(s);
}
