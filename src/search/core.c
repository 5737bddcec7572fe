/* SPDX-License-Identifier: MIT */
/* core.c - the atoms that a start moves on purpose, which its first steps on the surrogate leave in place.
 *
 * A start is rattled, and nothing is known of a rattled crystal: the guard waits until that strain is gone. But if the
 * distortion goes with it, the bonds that the start was made for are never looked at, however unsure the model is of
 * them. So the core is held while the rest relaxes, and then the guard is asked about it. Where the core's atoms are
 * closer than bonds are to each other or to the defect's own atom, which they surround, they are first moved back
 * towards the unperturbed defect: frames of tens of eV teach nothing. */
#include <stdlib.h>
#include <string.h>

#include "learn.h"

#define FAR       0.5 /* Å, and at least ...                                    */
#define FAR_RATIO 2.0 /* times the median: moved on purpose, where nobody says  */
#define BOND      0.9 /* of the sum of covalent radii: closer ones are moved    */
#define BACK      0.1 /* of the way, each time                                  */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Starts made elsewhere do not say what they moved. */
static skd_status find_far(bool *core, const skd_cell *sites, const skd_cell *cell, skd_error *err) {
    skd_mic mic;
    double *far = skd_alloc(2 * cell->n, sizeof *far), *sorted = far + cell->n;
    skd_status status = far ? skd_mic_setup(&mic, sites, err)
                            : skd_fail(err, SKD_ENOMEM, "out of memory for the moves of %zu atoms", cell->n);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        double d[3];
        skd_mic_vector(&mic, sites->pos[i], cell->pos[i], d);
        far[i] = sorted[i] = skd_norm(d);
    }
    if (status == SKD_OK) {
        qsort(sorted, cell->n, sizeof *sorted, by_value);
        double least = fmax(FAR, FAR_RATIO * sorted[cell->n / 2]);
        for (size_t i = 0; i < cell->n; i++)
            core[i] = far[i] > least;
    }
    skd_free(far);
    return status;
}

static bool is_added(const skd_defect *defect, size_t i) {
    bool added = i == defect->index;
    for (size_t p = 0; p < defect->n_parts; p++)
        added |= i == defect->part[p].index;
    return added;
}

/* Is atom i of the core closer to another atom than bonds are? */
static bool is_close(const skd_mic *mic, const skd_cell *cell, const skd_defect *defect, const bool *core, size_t i) {
    for (size_t j = 0; j < cell->n; j++) {
        double d[3], bond = skd_element_of(cell->species[i])->covalent_radius +
                            skd_element_of(cell->species[j])->covalent_radius;
        if (j == i || !(core[j] || is_added(defect, j))) /* the others get out of the way themselves */
            continue;
        skd_mic_vector(mic, cell->pos[i], cell->pos[j], d);
        if (skd_norm(d) < BOND * bond)
            return true;
    }
    return false;
}

static bool any_close(const skd_mic *mic, const skd_cell *cell, const skd_defect *defect, const bool *core) {
    for (size_t i = 0; i < cell->n; i++)
        if (core[i] && is_close(mic, cell, defect, core, i))
            return true;
    return false;
}

static skd_status move_back(skd_cell *cell, const bool *core, const skd_defect *defect, skd_error *err) {
    const skd_cell *sites = defect->cell;
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (int times = 0; status == SKD_OK && times < 10 && any_close(&mic, cell, defect, core); times++)
        for (size_t i = 0; i < cell->n; i++) {
            double d[3];
            if (!core[i])
                continue;
            skd_mic_vector(&mic, cell->pos[i], sites->pos[i], d);
            for (int k = 0; k < 3; k++)
                cell->pos[i][k] += BACK * d[k];
        }
    return status;
}

skd_status skd_core_mark(bool *core, const skd_cell *cell, const skd_job *job, skd_error *err) {
    skd_status status = find_far(core, job->defect->cell, cell, err);
    for (size_t i = 0; i < job->starts.n; i++)
        for (size_t k = 0; k < job->starts.start[i].n_distorted; k++)
            core[job->starts.start[i].distorted[k]] = true;
    return status;
}

skd_status skd_core_find(bool *core, skd_cell *cell, const skd_job *job, size_t start, skd_error *err) {
    const skd_start *s = &job->starts.start[start];
    skd_status status = SKD_OK;
    memset(core, 0, cell->n * sizeof *core);
    for (size_t k = 0; k < s->n_distorted; k++)
        core[s->distorted[k]] = true;
    if (s->n_distorted == 0)
        status = find_far(core, job->defect->cell, cell, err);
    return status == SKD_OK ? move_back(cell, core, job->defect, err) : status;
}
