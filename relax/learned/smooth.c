/* SPDX-License-Identifier: MIT */
/* smooth.c - guesses of a correction where there are no labels.
 *
 * Frames of a dear level are few, and most of them near minima: they say nothing of what holds atoms there, and a
 * correction fitted to them alone is free to take the minima of its base away. But the difference between two good
 * levels changes little when atoms move a little: copies of each frame, all atoms moved at random, are given its own
 * difference of forces, with the noise that force constants allow which differ by so much. With few labels there are
 * more copies of each. Guesses have no energy, and no error counts them. */
#include <string.h>

#include "fit.h"

#define COPIES 12 /* of the first label; of label k COPIES / (k + 1), one at least */

static skd_status add_copy(skd_fit *fit, const skd_label *label, skd_rng *rng, skd_error *err) {
    skd_cell *cell = NULL;
    skd_status status = skd_cell_copy(&cell, label->cell, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < 3 * cell->n; i++)
        cell->pos[i / 3][i % 3] += fit->options.smooth_rattle * skd_rng_normal(rng);
    skd_label guess = *label;
    guess.cell = cell;
    guess.stress = NULL;
    status = fit_add(fit, &guess, fit->options.smooth * fit->options.smooth_rattle, err);
    skd_cell_free(cell);
    return status;
}

skd_status fit_add_smooth(skd_fit *fit, const skd_label *label, skd_error *err) {
    skd_rng *rng = NULL;
    const size_t known = fit_count_labels(fit), copies = known < COPIES ? COPIES / known : 1;
    if (!label->base || !(fit->options.smooth > 0.0) || !(fit->options.smooth_rattle > 0.0))
        return SKD_OK;
    skd_status status = skd_rng_new(&rng, (uint32_t)known, err);
    for (size_t k = 0; k < copies && status == SKD_OK; k++)
        status = add_copy(fit, label, rng, err);
    skd_rng_free(rng);
    return status;
}
