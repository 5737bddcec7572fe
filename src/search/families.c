/* SPDX-License-Identifier: MIT */
/* families.c - which trails of a round ended in the same minimum: the ranking of a job whose minima are their ends. */
#include <string.h>

#include "learn.h"

/* Wider than between minima of the teacher: forces that are wrong by 0.1 eV/Å split soft basins into several minima
 * of the surrogate, 0.2 Å apart. Families of relaxed DFT structures are at least 6e-3 apart. */
#define SAME_BASIN  5e-4
#define SAME_ENERGY 0.1 /* eV */

void skd_kin_free(skd_kin *kin) {
    skd_free(kin->family);
    skd_free(kin->best);
    *kin = (skd_kin){0};
}

/* A job with a start a trail; cells are borrowed. */
static skd_status as_job(skd_job *out, const skd_trails *trails, skd_error *err) {
    *out = (skd_job){.defect = trails->job->defect, .charge = trails->job->charge};
    out->starts.start = skd_alloc(trails->n, sizeof *out->starts.start);
    out->minimum = skd_alloc(trails->n, sizeof *out->minimum);
    if (!out->starts.start || !out->minimum)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", trails->n);
    out->starts.n = trails->n;
    for (size_t i = 0; i < trails->n; i++) {
        const skd_trail *t = &trails->trail[i];
        out->minimum[i] = (skd_minimum){.start = i, .like = i, .done = !t->unsure && !t->settled && !t->retired,
                                        .stop = SKD_STOP_FORCE_MAX, .energy = t->energy, .cell = t->end};
    }
    return SKD_OK;
}

skd_status skd_kin_find(skd_kin *out, const skd_trails *trails, int threads, skd_error *err) {
    skd_rank_options options = SKD_RANK_DEFAULT;
    skd_ranking ranking = {0};
    skd_job job;
    options.cluster.threshold = SAME_BASIN;
    options.same_energy = SAME_ENERGY;
    *out = (skd_kin){0};
    skd_status status = as_job(&job, trails, err);
    if (status == SKD_OK)
        status = skd_rank(&ranking, &job, &options, threads, err);
    out->family = skd_alloc(trails->n, sizeof *out->family);
    out->best = skd_alloc(ranking.n, sizeof *out->best);
    if (status == SKD_OK && (!out->family || !out->best))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", trails->n);
    for (size_t i = 0; status == SKD_OK && i < trails->n; i++)
        out->family[i] = SIZE_MAX;
    for (size_t f = 0; status == SKD_OK && f < ranking.n; f++) {
        out->best[f] = ranking.family[f].best;
        for (size_t k = 0; k < ranking.family[f].n_members; k++)
            out->family[ranking.family[f].member[k]] = f;
    }
    out->n = status == SKD_OK ? ranking.n : 0;
    out->n_trails = trails->n;
    skd_ranking_free(&ranking);
    skd_free(job.starts.start);
    skd_free(job.minimum);
    if (status != SKD_OK)
        skd_kin_free(out);
    return status;
}
