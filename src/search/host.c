/* SPDX-License-Identifier: MIT */
/* host.c - is the perfect crystal a minimum of this potential? If not, energies of defects mix with those of the
 * host, and every start "finds" something lower that is no defect at all. */
#include "shakedown/search.h"

#define RATTLE    0.1  /* Å, normal deviate of each coordinate                           */
#define FORCE_MAX 0.03 /* eV/Å: what is left then is under 0.03 Å of all but the softest */
#define RETURNS   0.1  /* Å rms; GFN1: CdTe 0.02, ZnS 0.02, PbI2 0.06, CuGaS2 0.07; TiO2 0.18, SnS 0.65, Sb2Se3 0.80 */

enum { MAX_STEPS = 60 };

static skd_status rattled_copy(skd_cell **out, const skd_cell *bulk, uint32_t seed, skd_error *err) {
    skd_rng *rng;
    skd_status status = skd_cell_copy(out, bulk, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, seed, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < bulk->n; i++)
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += RATTLE * skd_rng_normal(rng);
    skd_rng_free(rng);
    return SKD_OK;
}

static double largest_force(const skd_result *result, size_t n) {
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, skd_norm(result->force[i]));
    return largest;
}

/* How far the atoms of b are from those of a, the common drift removed; rms over atoms. */
static void measure_drift(const skd_cell *a, const skd_cell *b, double *rms, double *largest) {
    double mean[3] = {0, 0, 0}, sum = 0.0;
    *largest = 0.0;
    for (size_t i = 0; i < a->n; i++)
        for (int k = 0; k < 3; k++)
            mean[k] += (b->pos[i][k] - a->pos[i][k]) / (double)a->n;
    for (size_t i = 0; i < a->n; i++) {
        double d[3];
        for (int k = 0; k < 3; k++)
            d[k] = b->pos[i][k] - a->pos[i][k] - mean[k];
        sum += skd_dot(d, d);
        *largest = fmax(*largest, skd_norm(d));
    }
    *rms = sqrt(sum / (double)a->n);
}

/* What the end of the rattled crystal's relaxation says. */
static void judge(skd_host_state *out, const skd_cell *bulk, const skd_relax_outcome *settled) {
    measure_drift(bulk, settled->cell, &out->rms, &out->largest);
    out->gain = (out->energy - settled->energy) / (double)bulk->n;
    out->n_calls = settled->n_calls + 1;
    out->stop = settled->stop;
    out->returns = skd_stop_has_minimum(settled->stop) && out->rms < RETURNS;
}

skd_status skd_host_check(skd_host_state *out, const skd_cell *bulk, const skd_potential *potential, uint32_t seed,
                          const skd_relax_observer *observer, skd_error *err) {
    *out = (skd_host_state){0};
    skd_potential_work *work = NULL;
    skd_result *result = NULL;
    skd_cell *rattled = NULL;
    skd_relax_outcome settled = {0};
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.method = skd_minimiser_named("lbfgs");
    options.force_mean = 0.0;
    options.force_max = FORCE_MAX;
    options.max_steps = MAX_STEPS;
    skd_status status = skd_potential_work_new(&work, potential, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, bulk->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute(work, bulk, 0.0, SKD_WANT_STRESS, result, err);
    if (status == SKD_OK)
        status = rattled_copy(&rattled, bulk, seed, err);
    if (status == SKD_OK)
        status = skd_relax(&settled, rattled, work, &options, observer, err);
    if (status == SKD_OK && settled.stop == SKD_STOP_INTERRUPTED)
        status = skd_fail(err, SKD_ESTOPPED, "interrupted while the host was relaxed");
    if (status == SKD_OK) {
        out->energy = result->energy;
        out->force_max = largest_force(result, bulk->n);
        for (int k = 0; k < 3; k++)
            out->pressure -= result->stress[k][k] / 3.0;
        judge(out, bulk, &settled);
    }
    skd_relax_outcome_free(&settled);
    skd_cell_free(rattled);
    skd_result_free(result);
    skd_potential_work_free(work);
    return status;
}
