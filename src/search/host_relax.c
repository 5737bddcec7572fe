/* SPDX-License-Identifier: MIT */
/* host_relax.c - the host as a level of energy has it: its supercell relaxed, lattice included, and folded back to
 * the primitive cell; and the way back, from a structure in that host to the host as it was given.
 *
 * The supercell is relaxed, not the primitive cell, because levels that know only the Gamma point are wrong in
 * small cells. It begins with the crystal's symmetry, and gradients keep that but for rounding; the mean over the
 * images restores the translations. */
#include "shakedown/search.h"

#include <string.h>

#define STRESS_NOISY 5e-4 /* eV/Å^3 (0.08 GPa), for potentials with noise of their own */
#define SAME_SITE    0.8  /* Å */

enum { MAX_STEPS = 300 };

static skd_status relax_supercell(skd_relax_outcome *out, const skd_cell *bulk, const skd_potential *potential,
                                  const skd_relax_observer *observer, skd_error *err) {
    skd_potential_work *work = NULL;
    skd_relax_options options = skd_relax_options_for(potential);
    options.method = skd_minimiser_named("lbfgs");
    options.relax_cell = true;
    options.max_steps = MAX_STEPS;
    if (options.force_max > 0.0)
        options.stress_max = STRESS_NOISY;
    skd_status status = skd_potential_work_new(&work, potential, err);
    if (status == SKD_OK)
        status = skd_relax(out, bulk, work, &options, observer, err);
    skd_potential_work_free(work);
    if (status == SKD_OK && out->stop == SKD_STOP_INTERRUPTED)
        return skd_fail(err, SKD_ESTOPPED, "interrupted while the host was relaxed");
    if (status == SKD_OK && !skd_stop_converged(out->stop))
        return skd_fail(err, SKD_ENUMERIC, "the host could not be relaxed: %s (%s)", skd_stop_name(out->stop),
                        out->reason);
    return status;
}

/* cell, given as the primitive one, becomes the mean of the images in `relaxed`; drift is removed. */
static skd_status fold(skd_cell *cell, const int matrix[3][3], const skd_cell *bulk, const skd_cell *relaxed,
                       const size_t *map, skd_error *err) {
    double m[3][3], unfold[3][3], lattice[3][3], before[3][3], after[3][3], drift[3] = {0, 0, 0};
    double images = (double)bulk->n / (double)cell->n;
    for (int k = 0; k < 9; k++)
        m[k / 3][k % 3] = matrix[k / 3][k % 3];
    skd_status status = skd_inv3((const double(*)[3])m, unfold);
    skd_mul3((const double(*)[3])unfold, relaxed->lattice, lattice);
    if (status != SKD_OK || skd_inv3(cell->lattice, before) != SKD_OK ||
        skd_inv3((const double(*)[3])lattice, after) != SKD_OK)
        return skd_fail(err, SKD_ENUMERIC, "the relaxed host has no volume");
    double(*frac)[3] = skd_alloc(cell->n, sizeof *frac);
    if (!frac)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", cell->n);
    for (size_t i = 0; i < cell->n; i++)
        skd_row_times(cell->pos[i], (const double(*)[3])before, frac[i]);
    for (size_t i = 0; i < bulk->n; i++) {
        double f[3], g[3];
        skd_row_times(bulk->pos[i], (const double(*)[3])before, f);
        skd_row_times(relaxed->pos[i], (const double(*)[3])after, g);
        for (int k = 0; k < 3; k++) {
            frac[map[i]][k] += (g[k] - f[k]) / images;
            drift[k] += (g[k] - f[k]) / (double)bulk->n;
        }
    }
    memcpy(cell->lattice, lattice, sizeof lattice);
    for (size_t i = 0; i < cell->n; i++) {
        for (int k = 0; k < 3; k++)
            frac[i][k] -= drift[k];
        skd_row_times(frac[i], cell->lattice, cell->pos[i]);
    }
    skd_free(frac);
    return SKD_OK;
}

skd_status skd_host_relax(skd_cell **out, const skd_cell *primitive, const int matrix[3][3],
                          const skd_potential *potential, const skd_relax_observer *observer, skd_error *err) {
    skd_cell *bulk = NULL;
    size_t *map = NULL;
    skd_relax_outcome relaxed = {0};
    *out = NULL;
    skd_status status = skd_supercell(&bulk, primitive, matrix, &map, err);
    if (status == SKD_OK)
        status = relax_supercell(&relaxed, bulk, potential, observer, err);
    if (status == SKD_OK)
        status = skd_cell_copy(out, primitive, err);
    if (status == SKD_OK)
        status = fold(*out, matrix, bulk, relaxed.cell, map, err);
    if (status != SKD_OK) {
        skd_cell_free(*out);
        *out = NULL;
    }
    skd_relax_outcome_free(&relaxed);
    skd_cell_free(bulk);
    skd_free(map);
    return status;
}

/* ---- back to the host as given -------------------------------------------------------------- */

/* The host's site that an atom of the unperturbed defect is on; SIZE_MAX if none. */
static size_t site_under(const skd_mic *mic, const skd_cell *bulk, const double at[3]) {
    size_t nearest = SIZE_MAX;
    double best = SAME_SITE, d[3];
    for (size_t j = 0; j < bulk->n; j++) {
        double r = skd_mic_vector(mic, at, bulk->pos[j], d);
        if (r < best) {
            best = r;
            nearest = j;
        }
    }
    return nearest;
}

skd_status skd_host_map_back(skd_cell **out, const skd_cell *cell, const skd_defect *defect, const skd_cell *given,
                             skd_error *err) {
    const skd_cell *bulk = defect->bulk;
    skd_mic mic;
    double relaxed[3][3], original[3][3];
    *out = NULL;
    if (given->n != bulk->n || cell->n != defect->cell->n)
        return skd_fail(err, SKD_EARG, "%s: the host as given has %zu atoms, the relaxed one %zu", defect->name,
                        given->n, bulk->n);
    skd_status status = skd_mic_setup(&mic, bulk, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(bulk, relaxed, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(given, original, err);
    if (status == SKD_OK)
        status = skd_cell_copy(out, cell, err);
    if (status != SKD_OK)
        return status;
    memcpy((*out)->lattice, given->lattice, sizeof given->lattice);
    for (size_t i = 0; i < cell->n; i++) {
        size_t site = site_under(&mic, bulk, defect->cell->pos[i]);
        double f[3], from[3], to[3];
        skd_to_frac((const double(*)[3])relaxed, cell->pos[i], f);
        if (site != SIZE_MAX) { /* what the site moved when the host was relaxed is taken back */
            skd_to_frac((const double(*)[3])relaxed, bulk->pos[site], from);
            skd_to_frac((const double(*)[3])original, given->pos[site], to);
            for (int k = 0; k < 3; k++)
                f[k] += to[k] - from[k];
        }
        skd_row_times(f, given->lattice, (*out)->pos[i]);
    }
    return SKD_OK;
}
