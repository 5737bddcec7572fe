/* SPDX-License-Identifier: MIT */
/* density.c - the neighbours of one atom and the coefficients of their density. */
#include <string.h>

#include "triplets.h"
#include "verlet.h"

#define SKIN 0.5 /* Å */

void skd_features_work_free(skd_features_work *work) {
    if (!work)
        return;
    skd_surrounding *a = &work->around;
    if (work->verlet)
        skd_verlet_free(work->verlet);
    skd_triplets_work_free(work->triplets);
    void *all[] = {work->verlet, a->j, a->slot, a->d, a->r, a->s, a->gradient, a->h, a->dh, work->by_species, work->c,
                   work->a, work->weight, work->linear, work->density, work->slot, work->dc, work->block,
                   work->strain_block, work};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

skd_status skd_features_work_new(skd_features_work **out, const skd_features *f, skd_error *err) {
    *out = NULL;
    skd_features_work *work = skd_alloc(1, sizeof *work);
    if (!work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    size_t n_l = (size_t)f->options.l_max + 1, fours = f->rows / 4;
    work->features = f;
    work->verlet = skd_alloc(1, sizeof *work->verlet);
    work->by_species = skd_alloc(f->n_species * f->n_lm * f->radial.n4, sizeof *work->by_species);
    work->c = skd_alloc(f->n_lm * fours, sizeof *work->c);
    work->a = skd_alloc(f->n_lm * fours, sizeof *work->a);
    work->weight = skd_alloc(f->n_species * n_l * f->rows * fours, sizeof *work->weight);
    work->linear = skd_alloc(f->n_species * fours, sizeof *work->linear);
    work->dc = skd_alloc((1 + 4 * f->n_species) * 3 * f->n_lm * f->radial.n4, sizeof *work->dc);
    work->strain_block = skd_alloc(9 * (1 + n_l * f->rows) * f->rows, sizeof *work->strain_block);
    if (!work->verlet || !work->by_species || !work->c || !work->a || !work->weight || !work->linear || !work->dc ||
        !work->strain_block) {
        skd_features_work_free(work);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    }
    if (f->triplets) {
        skd_status status = skd_triplets_work_new(&work->triplets, f, err);
        if (status != SKD_OK) {
            skd_features_work_free(work);
            return status;
        }
    }
    work->verlet->skin = SKIN;
    *out = work;
    return SKD_OK;
}

/* Room for the neighbours of the atom that has most. */
static skd_status fit_surrounding(skd_features_work *work, size_t n, skd_error *err) {
    const skd_features *f = work->features;
    skd_surrounding *a = &work->around;
    if (n <= a->room)
        return SKD_OK;
    void *old[] = {a->j, a->slot, a->d, a->r, a->s, a->gradient, a->h, a->dh};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        skd_free(old[i]);
    size_t n_l = (size_t)f->options.l_max + 1, room = n + n / 4 + 8;
    *a = (skd_surrounding){.room = room};
    a->j = skd_alloc(room, sizeof *a->j);
    a->slot = skd_alloc(room, sizeof *a->slot);
    a->d = skd_alloc(room, sizeof *a->d);
    a->r = skd_alloc(room, sizeof *a->r);
    a->s = skd_alloc(room * f->n_lm, sizeof *a->s);
    a->gradient = skd_alloc(3 * room * f->n_lm, sizeof *a->gradient);
    a->h = skd_alloc(room * n_l * f->radial.n4, sizeof *a->h);
    a->dh = skd_alloc(room * n_l * f->radial.n4, sizeof *a->dh);
    if (a->j && a->slot && a->d && a->r && a->s && a->gradient && a->h && a->dh)
        return SKD_OK;
    a->room = 0;
    return skd_fail(err, SKD_ENOMEM, "out of memory for the %zu neighbours of an atom", n);
}

skd_status skd_features_prepare(skd_features_work *work, const skd_cell *cell, skd_error *err) {
    const skd_features *f = work->features;
    for (size_t i = 0; i < cell->n; i++)
        if (cell->species[i] < 1 || cell->species[i] > SKD_ELEMENT_MAX || f->slot[cell->species[i]] == SIZE_MAX) {
            const skd_element *e = skd_element_of(cell->species[i]);
            return skd_fail(err, SKD_EARG, "surrogate: atom %zu is %s, which is not among its elements", i + 1,
                            e ? e->symbol : "of no element");
        }
    skd_status status = skd_verlet_update(work->verlet, cell, f->options.cutoff, err);
    return status == SKD_OK ? fit_surrounding(work, work->verlet->most, err) : status;
}

/* Neighbours of atom i closer than the cutoff; at least 1e-3 Å away, so that directions exist. */
static void gather(skd_features_work *work, const skd_cell *cell, size_t i) {
    const skd_features *f = work->features;
    skd_surrounding *a = &work->around;
    const skd_verlet_pair *end = work->verlet->pair + work->verlet->first[i + 1];
    a->n = 0;
    for (const skd_verlet_pair *p = work->verlet->pair + work->verlet->first[i]; p < end; p++) {
        double *d = a->d[a->n];
        for (int k = 0; k < 3; k++)
            d[k] = cell->pos[p->j][k] + p->shift[k] - cell->pos[i][k];
        double r = skd_norm(d);
        a->r[a->n] = fmax(r, 1e-3);
        a->j[a->n] = p->j;
        a->slot[a->n] = f->slot[cell->species[p->j]];
        a->n += r < f->options.cutoff;
    }
}

/* Solid harmonics and radial functions of all neighbours, eight directions at once. */
static void evaluate(skd_features_work *work, bool gradients) {
    const skd_features *f = work->features;
    skd_surrounding *a = &work->around;
    double value[(SKD_HARMONICS_L_MAX + 1) * (SKD_HARMONICS_L_MAX + 1)][SKD_HARMONICS_WIDE];
    double v[3][SKD_HARMONICS_WIDE] = {{0}};
    size_t n_h = ((size_t)f->options.l_max + 1) * f->radial.n4;
    for (size_t first = 0; first < a->n; first += SKD_HARMONICS_WIDE) {
        size_t wide = a->n - first < SKD_HARMONICS_WIDE ? a->n - first : SKD_HARMONICS_WIDE;
        for (size_t b = 0; b < wide; b++)
            for (int k = 0; k < 3; k++)
                v[k][b] = a->d[first + b][k];
        skd_harmonics_eval(f->solid.harmonics, v[0], v[1], v[2], value);
        for (size_t b = 0; b < wide; b++)
            for (size_t p = 0; p < f->n_lm; p++)
                a->s[(first + b) * f->n_lm + p] = value[p][b];
    }
    for (size_t b = 0; b < a->n; b++) {
        skd_radial_at(&f->radial, a->r[b], a->h + b * n_h, a->dh + b * n_h);
        if (gradients)
            skd_solid_gradient(&f->solid, a->s + b * f->n_lm, a->gradient + 3 * b * f->n_lm);
    }
}

/* by_species[slot][lm] += h_l S_lm of every neighbour. */
SKD_VECTOR_CLONES
static void accumulate(const skd_features *f, const skd_surrounding *a, skd_four *by_species) {
    size_t n4 = f->radial.n4, n_l = (size_t)f->options.l_max + 1;
    for (size_t b = 0; b < a->n; b++) {
        skd_four *sum = by_species + a->slot[b] * f->n_lm * n4;
        const double *s = a->s + b * f->n_lm;
        for (size_t l = 0, p = 0; l < n_l; l++) {
            const skd_four *h = a->h + (b * n_l + l) * n4;
            for (size_t m = 0; m < 2 * l + 1; m++, p++)
                for (size_t q = 0; q < n4; q++)
                    sum[p * n4 + q] += s[p] * h[q];
        }
    }
}

/* c[lm][channel] = sum of mix times the species' densities. */
static void mix(const skd_features *f, const skd_four *by_species, skd_four *c) {
    size_t n4 = f->radial.n4, fours = f->rows / 4;
    memset(c, 0, f->n_lm * fours * sizeof *c);
    for (size_t z = 0; z < f->n_species; z++)
        for (size_t s = 0; s < f->n_channels; s++) {
            double factor = f->mix[z][s];
            if (factor == 0.0)
                continue;
            for (size_t p = 0; p < f->n_lm; p++)
                for (size_t q = 0; q < n4; q++)
                    c[p * fours + s * n4 + q] += factor * by_species[(z * f->n_lm + p) * n4 + q];
        }
}

void skd_density_of(skd_features_work *work, const skd_cell *cell, size_t i, bool gradients) {
    const skd_features *f = work->features;
    gather(work, cell, i);
    evaluate(work, gradients);
    memset(work->by_species, 0, f->n_species * f->n_lm * f->radial.n4 * sizeof *work->by_species);
    accumulate(f, &work->around, work->by_species);
    mix(f, work->by_species, work->c);
}

void skd_density_features(skd_features_work *work, const skd_four *c4, double *row) {
    const skd_features *f = work->features;
    const double *c = (const double *)c4;
    size_t rows = f->rows, n_l = (size_t)f->options.l_max + 1;
    for (size_t a = 0; a < rows; a++)
        if (f->single[a] != SIZE_MAX)
            row[f->single[a]] += f->k2 * c[a];
    for (size_t l = 0; l < n_l; l++)
        for (size_t a = 0; a < rows; a++) {
            if (f->single[a] == SIZE_MAX)
                continue;
            for (size_t b = a; b < rows; b++) {
                size_t at = f->number[(l * rows + a) * rows + b];
                if (at == SIZE_MAX)
                    continue;
                double sum = 0.0;
                for (size_t p = l * l; p < (l + 1) * (l + 1); p++)
                    sum += c[p * rows + a] * c[p * rows + b];
                row[at] += f->k3[l] * (a == b ? 1.0 : 1.4142135623730951) * sum;
            }
        }
    if (f->triplets)
        skd_triplets_features(f, c4, work->triplets, row + f->first_triplet);
}
