/* SPDX-License-Identifier: MIT */
/* design.c - the rows of energy, forces and strain that a frame adds to a linear fit. */
#include <string.h>

#include "features.h"

skd_status skd_design_new(skd_design **out, size_t n, size_t m, skd_error *err) {
    *out = NULL;
    skd_design *design = skd_alloc(1, sizeof *design);
    if (!design)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a design matrix");
    design->n = n;
    design->m = m;
    design->energy = skd_alloc(m, sizeof *design->energy);
    design->force = skd_alloc(3 * n * m, sizeof *design->force);
    design->strain = skd_alloc(9 * m, sizeof *design->strain);
    if (!design->energy || !design->force || !design->strain) {
        skd_design_free(design);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a design matrix of %zu x %zu", 3 * n, m);
    }
    *out = design;
    return SKD_OK;
}

void skd_design_free(skd_design *design) {
    if (!design)
        return;
    skd_free(design->energy);
    skd_free(design->force);
    skd_free(design->strain);
    skd_free(design);
}

/* The derivative of c_{n lm} of neighbour b's own density along x_k, [n_lm][3][4 n4]. */
static void density_gradient(const skd_features *f, const skd_surrounding *around, size_t b, double *out) {
    size_t n4 = f->radial.n4, wide = 4 * n4, n_l = (size_t)f->options.l_max + 1, n_lm = f->n_lm;
    const double *h = (const double *)(around->h + b * n_l * n4), *dh = (const double *)(around->dh + b * n_l * n4);
    const double *s = around->s + b * n_lm, *g = around->gradient + 3 * b * n_lm;
    for (size_t l = 0, p = 0; l < n_l; l++)
        for (size_t m = 0; m < 2 * l + 1; m++, p++)
            for (size_t k = 0; k < 3; k++) {
                double along = s[p] * around->d[b][k] / around->r[b], across = g[k * n_lm + p];
                for (size_t n = 0; n < wide; n++)
                    out[(p * 3 + k) * wide + n] = along * dh[l * wide + n] + across * h[l * wide + n];
            }
}

/* sum_m dc_{a lm} c_{b lm} for the rows a of channel s and all b: t[k][wide][rows]. */
SKD_VECTOR_CLONES
static void contract(const skd_features *f, size_t l, const double *dc, const skd_four *c, skd_four *t) {
    size_t wide = 4 * f->radial.n4, fours = f->rows / 4;
    memset(t, 0, 3 * wide * fours * sizeof *t);
    for (size_t p = l * l; p < (l + 1) * (l + 1); p++)
        for (size_t k = 0; k < 3; k++)
            for (size_t n = 0; n < wide; n++) {
                double factor = dc[(p * 3 + k) * wide + n];
                for (size_t q = 0; q < fours; q++)
                    t[(k * wide + n) * fours + q] += factor * c[p * fours + q];
            }
}

/* g[3][per_element] += derivative of the features by d_b, where the density of channel s changes by factor dc. */
static void add_channel(const skd_features *f, size_t s, double factor, size_t l, const double *t, double *g) {
    size_t wide = 4 * f->radial.n4, rows = f->rows, n_max = (size_t)f->options.n_max;
    for (size_t k = 0; k < 3; k++)
        for (size_t n = 0; n < n_max; n++) {
            size_t a = s * wide + n;
            const size_t *number = f->number + (l * rows + a) * rows;
            const double *row = t + (k * wide + n) * rows;
            double scale = factor * f->k3[l] * 1.4142135623730951;
            for (size_t b = 0; b < rows; b++)
                if (number[b] != SIZE_MAX)
                    g[k * f->per_element + number[b]] += (a == b ? factor * f->k3[l] * 2.0 : scale) * row[b];
        }
}

static void feature_gradient(skd_features_work *work, size_t b) {
    const skd_features *f = work->features;
    size_t wide = 4 * f->radial.n4, n_l = (size_t)f->options.l_max + 1, n_max = (size_t)f->options.n_max;
    memset(work->g, 0, 3 * f->per_element * sizeof *work->g);
    density_gradient(f, &work->around, b, work->dc);
    for (size_t s = 0; s < f->n_channels; s++) {
        double factor = f->mix[work->around.slot[b]][s];
        for (size_t k = 0; k < 3 && factor != 0.0; k++)
            for (size_t n = 0; n < n_max; n++)
                work->g[k * f->per_element + f->single[s * wide + n]] += factor * f->k2 * work->dc[k * wide + n];
    }
    for (size_t l = 0; l < n_l; l++) {
        contract(f, l, work->dc, work->c, work->t);
        for (size_t s = 0; s < f->n_channels; s++)
            if (f->mix[work->around.slot[b]][s] != 0.0)
                add_channel(f, s, f->mix[work->around.slot[b]][s], l, (const double *)work->t, work->g);
    }
}

/* F_i += g, F_j -= g, strain += d (x) g, in the columns of i's element. */
static void add_neighbour(skd_design *design, const skd_features_work *work, size_t i, size_t b, size_t column) {
    const skd_surrounding *around = &work->around;
    size_t per = work->features->per_element, j = around->j[b];
    for (size_t k = 0; k < 3; k++) {
        const double *g = work->g + k * per;
        double *mine = design->force + (3 * i + k) * design->m + column;
        double *other = design->force + (3 * j + k) * design->m + column;
        for (size_t c = 0; c < per; c++) {
            mine[c] += g[c];
            other[c] -= g[c];
        }
        for (size_t l = 0; l < 3; l++) {
            double *strain = design->strain + (3 * l + k) * design->m + column, d = around->d[b][l];
            for (size_t c = 0; c < per; c++)
                strain[c] += d * g[c];
        }
    }
}

/* Rotation invariance makes the strain symmetric but for rounding; here to the bit. */
static void symmetrise(skd_design *design) {
    static const size_t pair[3][2] = {{1, 3}, {2, 6}, {5, 7}};
    for (size_t p = 0; p < 3; p++)
        for (size_t c = 0; c < design->m; c++) {
            double *a = design->strain + pair[p][0] * design->m + c, *b = design->strain + pair[p][1] * design->m + c;
            *a = *b = 0.5 * (*a + *b);
        }
}

skd_status skd_design_fill(skd_design *design, const skd_features *f, const skd_cell *cell, skd_features_work *work,
                           skd_error *err) {
    if (design->n != cell->n || design->m != skd_features_count(f))
        return skd_fail(err, SKD_EARG, "surrogate: a design matrix of %zu atoms, %zu features for %zu and %zu",
                        design->n, design->m, cell->n, skd_features_count(f));
    skd_status status = skd_features_prepare(work, cell, err);
    if (status != SKD_OK)
        return status;
    memset(design->energy, 0, design->m * sizeof(double));
    memset(design->force, 0, 3 * design->n * design->m * sizeof(double));
    memset(design->strain, 0, 9 * design->m * sizeof(double));
    for (size_t i = 0; i < cell->n; i++) {
        size_t column = f->slot[cell->species[i]] * f->per_element;
        skd_density_of(work, cell, i, true);
        skd_density_features(f, work->c, design->energy + column);
        for (size_t b = 0; b < work->around.n; b++) {
            feature_gradient(work, b);
            add_neighbour(design, work, i, b, column);
        }
    }
    symmetrise(design);
    return SKD_OK;
}
