/* SPDX-License-Identifier: MIT */
/* host.c - is the perfect crystal at rest under this potential? If not, energies of defects mix with
 * those of the host, and every start "finds" something lower that is no defect at all. */
#include "shakedown/search.h"

enum { SETTLE_STEPS = 200 };
#define NUDGE 0.03 /* Å, normal deviate on each coordinate */

static skd_status nudged_copy(skd_cell **out, const skd_cell *bulk, uint32_t seed, skd_error *err) {
    skd_rng *rng;
    skd_status status = skd_cell_copy(out, bulk, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, seed, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < bulk->n; i++)
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += NUDGE * skd_rng_normal(rng);
    skd_rng_free(rng);
    return SKD_OK;
}

static double largest_force(const skd_result *result, size_t n) {
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, skd_norm(result->force[i]));
    return largest;
}

skd_status skd_host_check(skd_host_state *out, const skd_cell *bulk, const skd_potential *potential, uint32_t seed,
                          skd_error *err) {
    *out = (skd_host_state){0};
    skd_potential_work *work = NULL;
    skd_result *result = NULL;
    skd_cell *nudged = NULL;
    skd_relax_outcome settled = {0};
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.max_steps = SETTLE_STEPS;
    skd_status status = skd_potential_work_new(&work, potential, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, bulk->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute(work, bulk, 0.0, SKD_WANT_STRESS, result, err);
    if (status == SKD_OK)
        status = nudged_copy(&nudged, bulk, seed, err);
    if (status == SKD_OK)
        status = skd_relax(&settled, nudged, work, &options, NULL, err);
    if (status == SKD_OK) {
        out->energy = result->energy;
        out->force_max = largest_force(result, bulk->n);
        for (int k = 0; k < 3; k++)
            out->pressure -= result->stress[k][k] / 3.0;
        out->drop = fmax(0.0, (result->energy - settled.energy) / (double)bulk->n);
    }
    skd_relax_outcome_free(&settled);
    skd_cell_free(nudged);
    skd_result_free(result);
    skd_potential_work_free(work);
    return status;
}
