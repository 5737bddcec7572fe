/* SPDX-License-Identifier: MIT */
/* rattle_local.c - the rattle that fades with the distance from the defect (ShakeNBreak's local_rattle).
 *
 * As there, an empty site counts as an atom: others are kept d_min away from it. */
#include "start.h"

#include <string.h>

/* Only one more try, with a d_min that ShakeNBreak means to be smaller (it is not always). */
static double bond_plus_stdev(double stdev, double d_min, double shortest, int k) {
    (void)d_min;
    return k == 1 ? shortest + stdev : 0.0;
}

/* The start with one more atom on the empty site; the last atom is the defect's place. */
static skd_status with_ghost(skd_cell **out, const skd_cell *cell, const double centre[3], skd_error *err) {
    skd_status status = skd_cell_new(out, cell->n + 1, err);
    if (status != SKD_OK)
        return status;
    memcpy((*out)->lattice, cell->lattice, sizeof cell->lattice);
    memcpy((*out)->pbc, cell->pbc, sizeof cell->pbc);
    memcpy((*out)->species, cell->species, cell->n * sizeof *cell->species);
    memcpy((*out)->pos, cell->pos, cell->n * sizeof *cell->pos);
    (*out)->species[cell->n] = 1;
    memcpy((*out)->pos[cell->n], centre, 3 * sizeof(double));
    return SKD_OK;
}

/* scale[i] = r_min / r_i; the defect itself moves like its neighbours. */
static skd_status fading(double **out, const skd_cell *cell, const double centre[3], size_t defect, skd_error *err) {
    skd_near *near;
    size_t n;
    *out = NULL;
    skd_status status = skd_near_sorted(&near, &n, cell, centre, defect, err);
    if (status != SKD_OK)
        return status;
    double *scale = skd_alloc(cell->n, sizeof *scale);
    size_t shell = skd_first_shell(near, n);
    if (!scale)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the rattle of %zu atoms", cell->n);
    else {
        scale[defect] = 1.0;
        for (size_t k = 0; k < n; k++)
            scale[near[k].index] = near[shell - 1].r / near[k].r;
    }
    skd_free(near);
    *out = scale;
    return status;
}

skd_status skd_rattle_local(skd_rattle_job *job, const skd_defect *defect, const skd_rattle_options *options,
                            uint32_t seed, skd_error *err) {
    const bool vacancy = defect->kind == SKD_VACANCY;
    skd_cell *cell = job->cell, *ghosted = NULL;
    double centre[3], *scale = NULL;
    skd_defect_centre(defect, centre);
    skd_status status = vacancy ? with_ghost(&ghosted, cell, centre, err) : SKD_OK;
    if (status == SKD_OK)
        status = fading(&scale, vacancy ? ghosted : cell, centre, vacancy ? cell->n : defect->index, err);
    if (status == SKD_OK) {
        skd_rattle_job faded = *job;
        faded.cell = vacancy ? ghosted : cell;
        faded.scale = scale;
        faded.above = 0.5;
        faded.retry = bond_plus_stdev;
        status = skd_rattle_run(&faded, options, seed, err);
        job->d_min = faded.d_min;
    }
    if (status == SKD_OK && vacancy)
        memcpy(cell->pos, ghosted->pos, cell->n * sizeof *cell->pos);
    skd_free(scale);
    skd_cell_free(ghosted);
    return status;
}
