/* SPDX-License-Identifier: MIT */
/* held.c - frozen and tethered atoms.
 *
 * A frozen atom's gradient is cleared before the minimiser sees it. Every method here moves along sums of
 * gradients (and velocities that began at 0), so the atom keeps its coordinates bit by bit, and the step
 * limits count only what can move. A tether adds 1/2 k |r - anchor|^2 to what is minimised. */
#include "held.h"

#include <string.h>

skd_status skd_held_check(const skd_relax_options *options, const skd_cell *start, skd_error *err) {
    size_t n_frozen = 0, n_held = 0;
    for (size_t i = 0; options->tether && i < start->n; i++) {
        if (!(options->tether[i] >= 0.0))
            return skd_fail(err, SKD_EARG, "relaxation: tether of atom %zu is %g; expected at least 0 eV/Å^2", i + 1,
                            options->tether[i]);
        n_frozen += isinf(options->tether[i]) != 0;
        n_held += options->tether[i] > 0.0;
    }
    if (n_frozen == start->n)
        return skd_fail(err, SKD_EARG, "relaxation: all %zu atoms are frozen", start->n);
    if (n_held > 0 && options->relax_cell)
        return skd_fail(err, SKD_EARG, "relaxation: the cell cannot be relaxed with %zu atoms kept in place", n_held);
    return SKD_OK;
}

/* Anchors of springs in the image nearest to the atom; those of frozen atoms as they are given. */
static skd_status place_anchors(skd_held *held, const skd_relax_options *options, const skd_cell *cell,
                                skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        const double *to = options->anchor ? options->anchor[i] : cell->pos[i];
        double d[3];
        memcpy(held->anchor[i], to, sizeof held->anchor[i]);
        if (held->tether[i] == 0.0 || skd_held_frozen(held, i))
            continue;
        skd_mic_vector(&mic, cell->pos[i], to, d);
        for (int k = 0; k < 3; k++)
            held->anchor[i][k] = cell->pos[i][k] + d[k];
    }
    return status;
}

skd_status skd_held_begin(skd_held *held, const skd_relax_options *options, skd_cell *cell, skd_error *err) {
    *held = (skd_held){.tether = options->tether, .n = cell->n};
    if (!options->tether)
        return SKD_OK;
    held->anchor = skd_alloc(cell->n, sizeof *held->anchor);
    if (!held->anchor)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the anchors of %zu atoms", cell->n);
    skd_status status = place_anchors(held, options, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        if (skd_held_frozen(held, i)) {
            memcpy(cell->pos[i], held->anchor[i], sizeof cell->pos[i]);
            held->n_frozen++;
        }
    return status;
}

void skd_held_end(skd_held *held) {
    skd_free(held->anchor);
    *held = (skd_held){0};
}

double skd_held_pull(const skd_held *held, const double (*pos)[3], double *g) {
    double energy = 0.0;
    for (size_t i = 0; held->tether && i < held->n; i++)
        for (size_t k = 0; k < 3; k++) {
            double stiffness = held->tether[i], off = pos[i][k] - held->anchor[i][k];
            bool frozen = isinf(stiffness) != 0;
            energy += frozen ? 0.0 : 0.5 * stiffness * off * off;
            if (g)
                g[3 * i + k] = frozen ? 0.0 : g[3 * i + k] + stiffness * off;
        }
    return energy;
}

void skd_held_net(const skd_held *held, size_t i, const double pos[3], const double force[3], double net[3]) {
    bool tied = held->tether && held->tether[i] > 0.0 && !skd_held_frozen(held, i);
    for (int k = 0; k < 3; k++)
        net[k] = force[k] - (tied ? held->tether[i] * (pos[k] - held->anchor[i][k]) : 0.0);
}
