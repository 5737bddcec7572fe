/* SPDX-License-Identifier: MIT */
/* far_field.c - keeps the atoms far from a defect where the perfect crystal has them.
 *
 * Needed where the host is no minimum at the level of the search: otherwise every relaxation rearranges the
 * whole crystal, and energies compare that instead of the defect. */
#include "shakedown/search.h"

#include <stdlib.h>
#include <string.h>

#define TETHER 1.0 /* eV/Å^2: a tenth of a bond's, and well above what makes such hosts drift (0.04 eV an atom) */
#define KEPT   10  /* auto: at least one atom in so many is kept in place */
#define SAME   0.8 /* Å; farther from every site of its species, an atom is not the host's there */

/* Distance of each atom to the nearest site (fractional), images included. */
static skd_status distances(double *out, const skd_cell *cell, const double (*site)[3], size_t n_sites,
                            skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        out[i] = INFINITY;
        for (size_t s = 0; s < n_sites; s++) {
            double at[3], d[3];
            skd_row_times(site[s], cell->lattice, at);
            out[i] = fmin(out[i], skd_mic_vector(&mic, at, cell->pos[i], d));
        }
    }
    return status;
}

skd_status skd_far_field_tether(double *tether, const skd_far_field *far, const skd_cell *cell, const double (*site)[3],
                                size_t n_sites, skd_error *err) {
    skd_status status = distances(tether, cell, site, n_sites, err);
    if (status != SKD_OK)
        return status;
    double nearest = INFINITY, farthest = 0.0;
    size_t n_held = 0;
    for (size_t i = 0; i < cell->n; i++) {
        bool held = far->mode != SKD_FAR_FREE && tether[i] > far->radius;
        nearest = fmin(nearest, tether[i]);
        farthest = fmax(farthest, tether[i]);
        n_held += held;
        tether[i] = !held ? 0.0 : far->mode == SKD_FAR_TETHERED ? TETHER : (double)INFINITY;
    }
    if (far->mode == SKD_FAR_FREE)
        return SKD_OK;
    if (n_held == 0)
        return skd_fail(err, SKD_EARG, "no atom is farther than %g Å from the defect; the farthest is at %.2f Å",
                        far->radius, farthest);
    if (n_held == cell->n)
        return skd_fail(err, SKD_EARG, "every atom is farther than %g Å from the defect; the nearest is at %.2f Å",
                        far->radius, nearest);
    return SKD_OK;
}

/* ---- auto --------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The sites of a defect: its own, or one for each part. */
static const double (*sites_of(const skd_defect *defect, double (*room)[3], size_t most, size_t *n))[3] {
    *n = defect->n_parts ? defect->n_parts : 1;
    *n = *n < most ? *n : most;
    for (size_t p = 0; p < *n; p++)
        memcpy(room[p], defect->n_parts ? defect->part[p].site : defect->site, sizeof *room);
    return (const double(*)[3])room;
}

enum { MOST_PARTS = 8 };

/* Lowers *radius until one atom in KEPT lies beyond it; 0 where that would leave none free. */
static skd_status fit_radius(double *radius, const skd_defect *defect, skd_error *err) {
    size_t n = defect->cell->n, n_sites;
    double room[MOST_PARTS][3], *r = skd_alloc(n, sizeof *r);
    if (!r)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu distances", n);
    const double(*site)[3] = sites_of(defect, room, MOST_PARTS, &n_sites);
    skd_status status = distances(r, defect->cell, site, n_sites, err);
    if (status == SKD_OK) {
        qsort(r, n, sizeof *r, ascending);
        double limit = r[n - 1 - n / KEPT] - 0.01;
        *radius = limit <= r[0] ? 0.0 : fmin(*radius, limit);
    }
    skd_free(r);
    return status;
}

skd_status skd_far_field_choose(skd_far_field *far, const skd_host_state *host, skd_defect *const *defect, size_t n,
                                skd_error *err) {
    if (far->mode != SKD_FAR_AUTO)
        return SKD_OK;
    *far = (skd_far_field){host->returns ? SKD_FAR_FREE : SKD_FAR_FROZEN, SKD_FAR_RADIUS};
    skd_status status = SKD_OK;
    for (size_t d = 0; d < n && status == SKD_OK && far->mode == SKD_FAR_FROZEN; d++)
        status = fit_radius(&far->radius, defect[d], err);
    if (far->mode == SKD_FAR_FREE || far->radius <= 0.0)
        *far = (skd_far_field){SKD_FAR_FREE, 0.0};
    return status;
}

/* ---- jobs --------------------------------------------------------------------------------- */

/* anchor[i]: the nearest site of the host with atom i's species, or where the atom is in the unperturbed defect.
 * A common shift of the whole cell (defects read from files may have one) is kept. */
static skd_status find_anchors(double (*anchor)[3], const double *tether, const skd_defect *defect, skd_error *err) {
    const skd_cell *cell = defect->cell, *bulk = defect->bulk;
    double shift[3] = {0, 0, 0};
    size_t n_found = 0;
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        double best = SAME, d[3], off[3] = {0, 0, 0};
        for (size_t j = 0; j < bulk->n; j++)
            if (bulk->species[j] == cell->species[i] && skd_mic_vector(&mic, cell->pos[i], bulk->pos[j], d) < best) {
                best = skd_norm(d);
                memcpy(off, d, sizeof off);
            }
        bool counts = tether[i] > 0.0 && best < SAME;
        n_found += counts;
        for (int k = 0; k < 3; k++) {
            anchor[i][k] = cell->pos[i][k] + off[k];
            shift[k] += counts ? off[k] : 0.0;
        }
    }
    for (size_t i = 0; i < cell->n && n_found > 0 && status == SKD_OK; i++)
        for (int k = 0; k < 3; k++)
            anchor[i][k] -= fabs(shift[k]) > 1e-6 ? shift[k] / (double)n_found : 0.0;
    return status;
}

/* Frozen atoms of all starts go back to their anchors. */
static void put_back(skd_job *job) {
    for (size_t s = 0; s < job->starts.n; s++) {
        skd_cell *cell = job->starts.start[s].cell;
        for (size_t i = 0; cell && i < cell->n; i++)
            if (isinf(job->tether[i]) != 0)
                memcpy(cell->pos[i], job->anchor[i], sizeof cell->pos[i]);
    }
}

skd_status skd_job_hold(skd_job *job, const skd_far_field *far, skd_error *err) {
    const skd_defect *defect = job->defect;
    double room[MOST_PARTS][3];
    size_t n = defect->cell->n, n_sites;
    if (far->mode == SKD_FAR_FREE)
        return SKD_OK;
    job->tether = skd_alloc(n, sizeof *job->tether);
    job->anchor = skd_alloc(n, sizeof *job->anchor);
    if (!job->tether || !job->anchor)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the far field of %s", defect->name);
    const double(*site)[3] = sites_of(defect, room, MOST_PARTS, &n_sites);
    skd_status status = skd_far_field_tether(job->tether, far, defect->cell, site, n_sites, err);
    if (status != SKD_OK)
        return skd_error_prefix(err, "%s", defect->name);
    status = find_anchors(job->anchor, job->tether, defect, err);
    if (status == SKD_OK)
        put_back(job);
    return status;
}

void skd_job_set_options(const skd_job *job, skd_relax_options *options) {
    options->charge = job->charge;
    options->tether = job->tether;
    options->anchor = (const double(*)[3])job->anchor;
}

double skd_job_held_force(const skd_job *job, size_t start) {
    const skd_minimum *m = &job->minimum[start];
    double largest = 0.0;
    for (size_t i = 0; job->tether && m->force && i < m->cell->n; i++)
        if (job->tether[i] > 0.0)
            largest = fmax(largest, skd_norm(m->force[i]));
    return largest;
}
