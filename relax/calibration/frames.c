/* SPDX-License-Identifier: MIT */
/* frames.c - the cells from which a host is learned. Every third has its own size of strain and rattle, so that elastic
 * constants, soft and stiff phonons all have frames in which they count. */
#include "shakedown/calibration.h"

static const double rattles[] = {0.05, 0.03, 0.08, 0.065}, strains[] = {0.005, 0.015, 0.01};

skd_status skd_calibration_frame(skd_cell **out, const skd_cell *host, size_t k, uint32_t seed, skd_error *err) {
    skd_rng *rng = NULL;
    double move[3][3], lattice[3][3];
    skd_status status = skd_cell_copy(out, host, err);
    if (status != SKD_OK || k == 0)
        return status;
    status = skd_rng_new(&rng, seed + (uint32_t)k, err);
    if (status != SKD_OK) {
        skd_cell_free(*out);
        *out = NULL;
        return status;
    }
    const double rattle = rattles[k % 4], strain = strains[k % 3];
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++)
            move[a][b] = move[b][a] = (a == b) + strain * (2.0 * skd_rng_uniform(rng) - 1.0) * (a == b ? 1.0 : 0.5);
    skd_mul3(host->lattice, (const double(*)[3])move, lattice);
    for (int a = 0; a < 9; a++)
        (*out)->lattice[a / 3][a % 3] = lattice[a / 3][a % 3];
    for (size_t i = 0; i < host->n; i++) {
        skd_row_times(host->pos[i], (const double(*)[3])move, (*out)->pos[i]);
        for (int a = 0; a < 3; a++)
            (*out)->pos[i][a] += rattle * skd_rng_normal(rng);
    }
    skd_rng_free(rng);
    return SKD_OK;
}
