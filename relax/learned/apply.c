/* SPDX-License-Identifier: MIT */
/* apply.c - energy, forces and stress of given weights: the derivative of the energy by the density first, then one
 * pass over the neighbours. */
#include <string.h>

#include "triplets.h"

/* Weights as matrices over rows: E_i = linear . c_00 + 1/2 sum_l sum_m c_lm . weight_l c_lm. */
static void unpack_element(const skd_features *f, const double *mine, double *linear, double *weight) {
    size_t n_l = (size_t)f->options.l_max + 1, rows = f->rows;
    for (size_t a = 0; a < rows; a++)
        linear[a] = f->single[a] == SIZE_MAX ? 0.0 : f->k2 * mine[f->single[a]];
    for (size_t l = 0; l < n_l; l++)
        for (size_t a = 0; a < rows; a++)
            for (size_t b = 0; b < rows; b++) {
                size_t at = (l * rows + a) * rows + b, number = f->number[at];
                weight[at] = number == SIZE_MAX ? 0.0 : f->k3[l] * (a == b ? 2.0 : 1.4142135623730951) * mine[number];
            }
}

static void unpack(skd_features_work *work, const double *w) {
    const skd_features *f = work->features;
    size_t n_l = (size_t)f->options.l_max + 1, rows = f->rows;
    for (size_t z = 0; z < f->n_species; z++)
        unpack_element(f, w + z * f->per_element, (double *)work->linear + z * rows,
                       (double *)work->weight + z * n_l * rows * rows);
}

/* a = weight c of every lm; returns the energy. */
SKD_VECTOR_CLONES
static double differentiate(const skd_features *f, const skd_four *weight, const skd_four *linear, const skd_four *c,
                            skd_four *a) {
    size_t n_l = (size_t)f->options.l_max + 1, rows = f->rows, fours = rows / 4;
    skd_four sum = {0, 0, 0, 0};
    for (size_t l = 0, p = 0; l < n_l; l++)
        for (size_t m = 0; m < 2 * l + 1; m++, p++) {
            const double *mine = (const double *)(c + p * fours);
            skd_four *out = a + p * fours;
            for (size_t q = 0; q < fours; q++)
                out[q] = (skd_four){0, 0, 0, 0};
            for (size_t b = 0; b < rows; b++) {
                const skd_four *row = weight + (l * rows + b) * fours;
                for (size_t q = 0; q < fours; q++)
                    out[q] += mine[b] * row[q];
            }
            for (size_t q = 0; q < fours; q++)
                sum += 0.5 * out[q] * c[p * fours + q];
        }
    for (size_t q = 0; q < fours; q++) {
        sum += linear[q] * c[q];
        a[q] += linear[q];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The derivative by the density of each species: channels unmixed. */
static void unmix(const skd_features *f, const skd_four *a, skd_four *by_species) {
    size_t n4 = f->radial.n4, fours = f->rows / 4;
    memset(by_species, 0, f->n_species * f->n_lm * n4 * sizeof *by_species);
    for (size_t z = 0; z < f->n_species; z++)
        for (size_t s = 0; s < f->n_channels; s++)
            for (size_t p = 0; p < f->n_lm && f->mix[z][s] != 0.0; p++)
                for (size_t q = 0; q < n4; q++)
                    by_species[(z * f->n_lm + p) * n4 + q] += f->mix[z][s] * a[p * fours + s * n4 + q];
}

/* dE_i/dd of neighbour b. */
SKD_VECTOR_CLONES
static void pull(const skd_features *f, const skd_surrounding *around, size_t b, const skd_four *by_species,
                 double *t) {
    size_t n4 = f->radial.n4, n_l = (size_t)f->options.l_max + 1, n_lm = f->n_lm;
    const skd_four *a = by_species + around->slot[b] * n_lm * n4, *h = around->h + b * n_l * n4;
    const skd_four *dh = around->dh + b * n_l * n4;
    const double *s = around->s + b * n_lm, *g = around->gradient + 3 * b * n_lm;
    skd_four radial = {0, 0, 0, 0}, x = radial, y = radial, z = radial;
    for (size_t l = 0, p = 0; l < n_l; l++)
        for (size_t m = 0; m < 2 * l + 1; m++, p++)
            for (size_t q = 0; q < n4; q++) {
                skd_four ah = a[p * n4 + q] * h[l * n4 + q];
                radial += s[p] * a[p * n4 + q] * dh[l * n4 + q];
                x += g[p] * ah;
                y += g[n_lm + p] * ah;
                z += g[2 * n_lm + p] * ah;
            }
    double along = ((radial[0] + radial[1]) + (radial[2] + radial[3])) / around->r[b];
    t[0] = ((x[0] + x[1]) + (x[2] + x[3])) + along * around->d[b][0];
    t[1] = ((y[0] + y[1]) + (y[2] + y[3])) + along * around->d[b][1];
    t[2] = ((z[0] + z[1]) + (z[2] + z[3])) + along * around->d[b][2];
}

static void add_pulls(skd_features_work *work, size_t i, skd_result *out, double virial[3][3]) {
    const skd_features *f = work->features;
    const skd_surrounding *around = &work->around;
    unmix(f, work->a, work->by_species);
    for (size_t b = 0; b < around->n; b++) {
        double t[3];
        pull(f, around, b, work->by_species, t);
        for (int k = 0; k < 3; k++) {
            out->force[i][k] += t[k];
            out->force[around->j[b]][k] -= t[k];
            for (int l = 0; l < 3; l++)
                virial[k][l] += around->d[b][k] * t[l];
        }
    }
}

static void set_stress(skd_result *out, const skd_cell *cell, const double virial[3][3]) {
    double volume = skd_cell_volume(cell);
    out->has_stress = volume > 0.0;
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            out->stress[k][l] = out->has_stress ? 0.5 * (virial[k][l] + virial[l][k]) / volume : 0.0;
}

/* Room for the densities of n atoms. */
static skd_status fit_densities(skd_features_work *work, size_t n, skd_error *err) {
    if (n <= work->room)
        return SKD_OK;
    skd_free(work->density);
    skd_free(work->slot);
    work->room = 0;
    work->density = skd_alloc(n * work->features->n_lm * work->features->rows / 4, sizeof *work->density);
    work->slot = skd_alloc(n, sizeof *work->slot);
    if (!work->density || !work->slot)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the densities of %zu atoms", n);
    work->room = n;
    return SKD_OK;
}

void skd_features_energy_row(skd_features_work *work, double *row) {
    const skd_features *f = work->features;
    memset(row, 0, skd_features_count(f) * sizeof *row);
    for (size_t i = 0; i < work->n; i++)
        skd_density_features(work, work->density + i * f->n_lm * f->rows / 4, row + work->slot[i] * f->per_element);
}

skd_status skd_features_apply(const skd_features *f, const double *w, const skd_cell *cell, int want,
                              skd_features_work *work, skd_result *out, double *energy_row, skd_error *err) {
    double virial[3][3] = {{0}};
    size_t n_l = (size_t)f->options.l_max + 1, fours = f->rows / 4;
    work->n = 0;
    skd_status status = skd_features_prepare(work, cell, err);
    if (status == SKD_OK)
        status = fit_densities(work, cell->n, err);
    if (status != SKD_OK)
        return status;
    unpack(work, w);
    if (f->triplets)
        skd_triplets_unpack(f, w, work->triplets);
    out->energy = 0.0;
    memset(out->force, 0, cell->n * sizeof *out->force);
    for (size_t i = 0; i < cell->n; i++) {
        size_t z = work->slot[i] = f->slot[cell->species[i]];
        skd_density_of(work, cell, i, true);
        memcpy(work->density + i * f->n_lm * fours, work->c, f->n_lm * fours * sizeof *work->c);
        double e = differentiate(f, work->weight + z * n_l * f->rows * fours, work->linear + z * fours, work->c,
                                 work->a);
        if (f->triplets)
            e += skd_triplets_energy(f, z, work->c, work->triplets, work->a);
        out->energy += e;
        if (want & SKD_WANT_ATOM_ENERGY)
            out->atom_energy[i] = e;
        add_pulls(work, i, out, virial);
    }
    out->has_atom_energy = want & SKD_WANT_ATOM_ENERGY;
    work->n = cell->n;
    if (energy_row)
        skd_features_energy_row(work, energy_row);
    set_stress(out, cell, (const double(*)[3])virial);
    return SKD_OK;
}

double skd_density_pulls(skd_features_work *work, const double *w, double (*out)[3]) {
    const skd_features *f = work->features;
    const skd_surrounding *around = &work->around;
    unpack_element(f, w, (double *)work->linear, (double *)work->weight);
    double energy = differentiate(f, work->weight, work->linear, work->c, work->a);
    unmix(f, work->a, work->by_species);
    for (size_t b = 0; b < around->n; b++)
        pull(f, around, b, work->by_species, out[b]);
    return energy;
}
