/* SPDX-License-Identifier: MIT */
/* local.c - energy, forces, stress of a sum of site energies. O(n); one pass over a Verlet list. */
#include "local.h"

#include <string.h>

#include "verlet.h"

#define SKIN 0.5 /* Å: silicon's third shell stays out of the list, a relaxation rebuilds a few times */

typedef struct local_work {
    skd_verlet verlet;
    size_t capacity; /* bonds of one site */
    size_t *j;       /* [capacity] */
    int *z_of;
    double *r;
    double (*d)[3], (*grad)[3], (*scratch)[6];
} local_work;

skd_status skd_local_work_new(const void *params, void **work, skd_error *err) {
    (void)params;
    local_work *w = skd_alloc(1, sizeof *w);
    *work = w;
    if (!w)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    w->verlet.skin = SKIN;
    return SKD_OK;
}

static void free_site(local_work *w) {
    skd_free(w->j);
    skd_free(w->z_of);
    skd_free(w->r);
    skd_free(w->d);
    skd_free(w->grad);
    skd_free(w->scratch);
    w->capacity = 0;
}

void skd_local_work_free(void *work) {
    local_work *w = work;
    if (!w)
        return;
    skd_verlet_free(&w->verlet);
    free_site(w);
    skd_free(w);
}

static skd_status fit_site(local_work *w, size_t n, skd_error *err) {
    if (n <= w->capacity)
        return SKD_OK;
    size_t wanted = n + n / 2;
    free_site(w);
    w->j = skd_alloc(wanted, sizeof *w->j);
    w->z_of = skd_alloc(wanted, sizeof *w->z_of);
    w->r = skd_alloc(wanted, sizeof *w->r);
    w->d = skd_alloc(wanted, sizeof *w->d);
    w->grad = skd_alloc(wanted, sizeof *w->grad);
    w->scratch = skd_alloc(wanted, sizeof *w->scratch);
    if (!w->j || !w->z_of || !w->r || !w->d || !w->grad || !w->scratch)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the %zu neighbours of an atom", n);
    w->capacity = wanted;
    return SKD_OK;
}

/* Bonds of atom i that are shorter than the cutoff. */
static skd_site gather(local_work *w, const skd_cell *cell, size_t i, double cutoff) {
    const skd_verlet_pair *end = w->verlet.pair + w->verlet.first[i + 1];
    const double *from = cell->pos[i], cutoff2 = cutoff * cutoff;
    size_t n = 0;
    for (const skd_verlet_pair *p = w->verlet.pair + w->verlet.first[i]; p < end; p++) {
        const double *to = cell->pos[p->j];
        double x = to[0] + p->shift[0] - from[0], y = to[1] + p->shift[1] - from[1];
        double z = to[2] + p->shift[2] - from[2], r2 = x * x + y * y + z * z;
        if (r2 >= cutoff2)
            continue;
        w->d[n][0] = x;
        w->d[n][1] = y;
        w->d[n][2] = z;
        w->r[n] = sqrt(r2);
        w->j[n] = p->j;
        w->z_of[n] = cell->species[p->j];
        n += w->r[n] < cutoff; /* the root may round up to the cutoff */
    }
    return (skd_site){cell->species[i], n, w->z_of, (const double(*)[3])w->d, w->r, w->grad, w->scratch};
}

static void scatter(const local_work *w, const skd_site *site, size_t i, double (*force)[3], double virial[3][3]) {
    double own[3] = {0.0, 0.0, 0.0};
    for (size_t b = 0; b < site->n; b++) {
        const double *t = site->grad[b];
        double *other = force[w->j[b]];
        for (int k = 0; k < 3; k++) {
            own[k] += t[k];
            other[k] -= t[k];
        }
    }
    for (int k = 0; k < 3; k++)
        force[i][k] += own[k];
    if (!virial)
        return;
    for (size_t b = 0; b < site->n; b++)
        for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++)
                virial[k][l] += site->d[b][k] * site->grad[b][l];
}

/* Symmetrised: a sum of site energies that does not care for orientation has a symmetric virial up to
 * rounding. A cluster without a cell has no stress. */
static void set_stress(const skd_cell *cell, const double virial[3][3], skd_result *out) {
    double volume = skd_cell_volume(cell);
    out->has_stress = volume > 0.0;
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            out->stress[k][l] = out->has_stress ? 0.5 * (virial[k][l] + virial[l][k]) / volume : 0.0;
}

skd_status skd_local_compute(skd_site_fn site_energy, const void *params, double cutoff, const skd_cell *cell, int want,
                             void *work, skd_result *out, skd_error *err) {
    local_work *w = work;
    skd_status status = skd_verlet_update(&w->verlet, cell, cutoff, err);
    if (status == SKD_OK)
        status = fit_site(w, w->verlet.most, err);
    if (status != SKD_OK)
        return status;
    double virial[3][3] = {{0.0}};
    bool want_stress = want & SKD_WANT_STRESS;
    out->energy = 0.0;
    out->has_stress = false;
    out->has_atom_energy = (want & SKD_WANT_ATOM_ENERGY) && out->atom_energy;
    memset(out->force, 0, cell->n * sizeof *out->force);
    for (size_t i = 0; i < cell->n; i++) {
        skd_site site = gather(w, cell, i, cutoff);
        double energy = site_energy(params, &site);
        out->energy += energy;
        if (out->has_atom_energy)
            out->atom_energy[i] = energy;
        scatter(w, &site, i, out->force, want_stress ? virial : NULL);
    }
    if (want_stress)
        set_stress(cell, (const double(*)[3])virial, out);
    return SKD_OK;
}

skd_status skd_local_check_any(const void *params, const skd_cell *cell, skd_error *err) {
    (void)params;
    (void)cell;
    (void)err;
    return SKD_OK;
}
