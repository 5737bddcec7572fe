/* SPDX-License-Identifier: MIT */
/* trails.c - the list of what the surrogate relaxes in every round: starts, and frames of earlier rounds. */
#include "learn.h"

void skd_trails_free(skd_trails *trails) {
    for (size_t i = 0; i < trails->n; i++) {
        skd_cell_free(trails->trail[i].end);
        skd_cell_free(trails->trail[i].slow);
        skd_cell_free(trails->trail[i].middle);
        skd_free(trails->trail[i].row);
    }
    for (size_t i = 0; i < trails->n_kept; i++)
        skd_cell_free(trails->kept[i]);
    skd_free(trails->trail);
    skd_free(trails->kept);
    skd_free(trails->reference);
    *trails = (skd_trails){0};
}

static skd_status append(skd_trails *trails, const skd_trail *trail, skd_error *err) {
    skd_status status = skd_grow((void **)&trails->trail, &trails->room, trails->n + 1, sizeof *trail, err);
    if (status == SKD_OK)
        trails->trail[trails->n++] = *trail;
    return status;
}

/* Starts without a minimum, and the minima that the job has from before. */
skd_status skd_trails_init(skd_trails *trails, skd_job *job, skd_error *err) {
    *trails = (skd_trails){.job = job};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < job->starts.n && status == SKD_OK; i++) {
        const skd_minimum *m = &job->minimum[i];
        skd_trail trail = {.from = job->starts.start[i].cell, .start = i, .label = SIZE_MAX, .leads_to = SIZE_MAX};
        trail.near = trail.confirmed = m->done;
        if (!job->starts.start[i].dropped && !m->done)
            status = append(trails, &trail, err);
        else if (m->done && m->like == i && skd_stop_has_minimum(m->stop))
            status = skd_trails_add(trails, m->cell, &trail, err);
    }
    if (status != SKD_OK)
        skd_trails_free(trails);
    return status;
}

static skd_status keep_copy(skd_trails *trails, const skd_cell *cell, const skd_cell **out, skd_error *err) {
    skd_cell *copy = NULL;
    skd_status status =
        skd_grow((void **)&trails->kept, &trails->kept_room, trails->n_kept + 1, sizeof *trails->kept, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&copy, cell, err);
    if (status == SKD_OK)
        *out = trails->kept[trails->n_kept++] = copy;
    return status;
}

skd_status skd_trails_move(skd_trails *trails, size_t number, const skd_cell *cell, skd_error *err) {
    trails->trail[number].asked_end = false;
    return keep_copy(trails, cell, &trails->trail[number].from, err);
}

skd_status skd_trails_add(skd_trails *trails, const skd_cell *cell, const skd_trail *like, skd_error *err) {
    skd_trail trail = *like;
    skd_status status = keep_copy(trails, cell, &trail.from, err);
    if (status != SKD_OK)
        return status;
    trail.earlier = true;
    trail.end = trail.middle = trail.slow = NULL;
    trail.row = NULL;
    if (trail.confirmed && !trail.alias)
        trail.leads_to = trails->n;
    return append(trails, &trail, err);
}
