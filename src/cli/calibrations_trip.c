/* SPDX-License-Identifier: MIT */
/* calibrations_trip.c - does the host come back at the calibrated level? Random rattles miss the few soft directions in
 * which a level lets a host go; where it goes, the better level is asked. */
#include <string.h>

#include "calibrations.h"
#include "cli.h"

#define RATTLE    0.1  /* Å, normal deviate of each coordinate; as in a search's check of its host */
#define RETURNS   0.08 /* Å rms */
#define ON_WAY    0.2  /* Å rms: here the way is asked about, and at its end */
#define LOST      0.4  /* Å rms: here it ends */
#define FORCE_MAX 0.03 /* eV/Å */

enum { MAX_STEPS = 60 };

/* rms of atoms from the host's sites, drift removed */
static double drift_of(const skd_cell *host, const skd_cell *cell) {
    double mean[3] = {0, 0, 0}, sum = 0.0;
    for (size_t i = 0; i < 3 * host->n; i++)
        mean[i % 3] += (cell->pos[i / 3][i % 3] - host->pos[i / 3][i % 3]) / (double)host->n;
    for (size_t i = 0; i < 3 * host->n; i++) {
        double d = cell->pos[i / 3][i % 3] - host->pos[i / 3][i % 3] - mean[i % 3];
        sum += d * d / (double)host->n;
    }
    return sqrt(sum);
}

typedef struct watching {
    const skd_cell *host;
    skd_cell *way; /* the first frame beyond ON_WAY */
    skd_error trouble;
} watching;

static bool see(void *payload, const skd_relax_frame *frame) {
    watching *w = payload;
    const double drift = frame->step < 5 ? 0.0 : drift_of(w->host, frame->cell);
    if (drift > LOST || cli_interrupted())
        return false;
    return w->way || drift < ON_WAY || skd_cell_copy(&w->way, frame->cell, &w->trouble) == SKD_OK;
}

static skd_status rattled_host(skd_cell **out, const calibrating *c, size_t trip, skd_error *err) {
    skd_rng *rng = NULL;
    skd_status status = skd_cell_copy(out, c->host, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, c->seed + 1000 + (uint32_t)trip, err);
    for (size_t i = 0; i < 3 * c->host->n && status == SKD_OK; i++)
        (*out)->pos[i / 3][i % 3] += RATTLE * skd_rng_normal(rng);
    skd_rng_free(rng);
    return status;
}

static skd_status relax_host(skd_relax_outcome *end, calibrating *c, const skd_potential *correction, size_t trip,
                             watching *w, skd_error *err) {
    skd_potential *both = NULL;
    skd_potential_work *work = NULL;
    skd_cell *start = NULL;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    skd_relax_observer observer = {see, w};
    options.method = skd_minimiser_named("lbfgs");
    options.force_mean = 0.0;
    options.force_max = FORCE_MAX;
    options.max_steps = MAX_STEPS;
    skd_status status = skd_potential_sum(&both, (const skd_potential *const[2]){c->base, correction}, 2, err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, both, err);
    if (status == SKD_OK)
        status = rattled_host(&start, c, trip, err);
    if (status == SKD_OK)
        status = skd_relax(end, start, work, &options, &observer, err);
    skd_cell_free(start);
    skd_potential_work_free(work);
    skd_potential_free(both);
    return status;
}

skd_status calibrations_trip(calibrating *c, const skd_potential *correction, size_t trip, bool *more,
                             skd_error *err) {
    skd_relax_outcome end = {0};
    watching w = {.host = c->host, .trouble = {SKD_OK, ""}};
    const size_t known = c->labels.n;
    skd_status status = relax_host(&end, c, correction, trip, &w, err);
    *more = false;
    if (status == SKD_OK && (w.trouble.status != SKD_OK || cli_interrupted()))
        status = skd_fail(err, w.trouble.status != SKD_OK ? w.trouble.status : SKD_ESTOPPED,
                          "interrupted while the host was relaxed");
    if (status == SKD_OK) {
        c->drift = end.cell ? drift_of(c->host, end.cell) : HUGE_VAL;
        c->n_calls += end.n_calls;
        if (!c->quiet)
            fprintf(stderr, "\nhost       a rattled one is %.3f Å rms off its sites after %zu steps\n", c->drift,
                    end.n_steps);
    }
    if (status == SKD_OK && c->level && !(c->drift < RETURNS) && end.cell) {
        if (w.way) {
            status = calibrations_ask(c, w.way, err);
            w.way = NULL;
        }
        if (status == SKD_OK && (skd_stop_has_minimum(end.stop) || end.stop == SKD_STOP_INTERRUPTED)) {
            status = calibrations_ask(c, end.cell, err);
            end.cell = NULL;
        }
        *more = c->labels.n > known;
    }
    skd_cell_free(w.way);
    skd_relax_outcome_free(&end);
    return status;
}
