/* SPDX-License-Identifier: MIT */
/* design.c - the rows of energy, forces and strain that a frame adds to a linear fit. */
#include <string.h>

#include "triplets.h"

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

/* The derivative of neighbour b's own density by x_k, without channels: [3][n_lm][n4]. */
SKD_VECTOR_CLONES
static void density_gradient(const skd_features *f, const skd_surrounding *around, size_t b, skd_four *out) {
    const size_t n4 = f->radial.n4, n_l = (size_t)f->options.l_max + 1, n_lm = f->n_lm;
    const skd_four *h = around->h + b * n_l * n4, *dh = around->dh + b * n_l * n4;
    const double *s = around->s + b * n_lm, *g = around->gradient + 3 * b * n_lm;
    for (size_t k = 0; k < 3; k++)
        for (size_t l = 0, p = 0; l < n_l; l++)
            for (size_t m = 0; m < 2 * l + 1; m++, p++) {
                const double along = s[p] * around->d[b][k] / around->r[b], across = g[k * n_lm + p];
                for (size_t q = 0; q < n4; q++)
                    *out++ = along * dh[l * n4 + q] + across * h[l * n4 + q];
            }
}

/* ---- square blocks ---------------------------------------------------------------------------------
 *
 * The derivative of sum_m c_a c_b is M_ab + M_ba with M_ab = sum_m dc_a c_b. Every neighbour adds its M, of all a and
 * b in their padded order, to the rows of its force; only when all central atoms of one element are done are they
 * folded into features. What the central atom itself feels, and the strain, need the sums of dc over its neighbours
 * alone. A block is one row of rows doubles for the two-body part, then [l_max + 1][rows][rows]. */

static size_t block_size(const skd_features *f) {
    return (1 + ((size_t)f->options.l_max + 1) * f->rows) * f->rows;
}

/* to[k][..] += sum_m factor own[k][m] c[m][..] for three k. own: by `apart` doubles; to: by `size` doubles. */
SKD_VECTOR_CLONES
static void add_products(const double *own, size_t apart, size_t wide, double factor, const skd_four *c,
                                size_t fours, size_t n_m, double *to, size_t size) {
    for (size_t q = 0; q < fours; q += 2) {
        const size_t r = q + 1 < fours ? q + 1 : q; /* of an odd number the last twice */
        skd_four x = {0, 0, 0, 0}, y = x, z = x, u = x, v = x, w = x;
        for (size_t m = 0; m < n_m; m++) {
            const skd_four here = c[m * fours + q], next = c[m * fours + r];
            const double *d = own + m * wide;
            x += d[0] * here;
            u += d[0] * next;
            y += d[apart] * here;
            v += d[apart] * next;
            z += d[2 * apart] * here;
            w += d[2 * apart] * next;
        }
        skd_four *tx = (skd_four *)to, *ty = (skd_four *)(to + size), *tz = (skd_four *)(to + 2 * size);
        tx[q] += factor * x;
        ty[q] += factor * y;
        tz[q] += factor * z;
        if (r == q)
            continue;
        tx[r] += factor * u;
        ty[r] += factor * v;
        tz[r] += factor * w;
    }
}

/* Adds factor times the blocks of a neighbour's density of species slot, dc[3][n_lm][n4], to three blocks. */
static void add_blocks(const skd_features *f, const double *mix, const skd_four *c, const skd_four *dc, double factor,
                       double *to) {
    const size_t wide = 4 * f->radial.n4, rows = f->rows, n_l = (size_t)f->options.l_max + 1;
    const size_t n_max = (size_t)f->options.n_max, apart = f->n_lm * wide, size = block_size(f);
    for (size_t s = 0; s < f->n_channels; s++) {
        const double here = factor * mix[s];
        for (size_t n = 0; n < n_max && here != 0.0; n++) {
            const size_t a = s * wide + n;
            for (size_t k = 0; k < 3; k++)
                to[k * size + a] += here * ((const double *)dc)[k * apart + n];
            for (size_t l = 0; l < n_l; l++)
                add_products((const double *)dc + l * l * wide + n, apart, wide, here, c + l * l * (rows / 4),
                             rows / 4, 2 * l + 1, to + (1 + l * rows + a) * rows, size);
        }
    }
}

/* Features of one block. */
static void fold(const skd_features *f, const double *block, double *out) {
    const size_t rows = f->rows, n_l = (size_t)f->options.l_max + 1;
    for (size_t a = 0; a < rows; a++) {
        if (f->single[a] == SIZE_MAX)
            continue;
        out[f->single[a]] = f->k2 * block[a];
        for (size_t l = 0; l < n_l; l++) {
            const double *m = block + (1 + l * rows) * rows, scale = f->k3[l] * 1.4142135623730951;
            const size_t *number = f->number + (l * rows + a) * rows;
            out[number[a]] = 2.0 * f->k3[l] * m[a * rows + a];
            for (size_t b = a + 1; b < rows; b++)
                if (number[b] != SIZE_MAX)
                    out[number[b]] = scale * (m[a * rows + b] + m[b * rows + a]);
        }
    }
}

/* ---- one central atom ------------------------------------------------------------------------------ */

/* to += factor from */
SKD_VECTOR_CLONES
static void add_row(double *to, const double *from, double factor, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(skd_four *)(to + i) += factor * *(const skd_four *)(from + i);
    for (; i < n; i++)
        to[i] += factor * from[i];
}

/* Adds what atom i gives to the blocks of all forces and of the strain. work->dc: a neighbour's gradient, then sums
 * over neighbours of each element: of itself, and times d_x, d_y, d_z. */
static void add_atom(skd_features_work *work, size_t i, bool strain) {
    const skd_features *f = work->features;
    const skd_surrounding *around = &work->around;
    const size_t size = block_size(f), n = 3 * f->n_lm * f->radial.n4;
    skd_four *sums = work->dc + n;
    const double *gradient = (const double *)work->dc;
    memset(sums, 0, 4 * f->n_species * n * sizeof *sums);
    for (size_t b = 0; b < around->n; b++) {
        const size_t z = around->slot[b];
        density_gradient(f, around, b, work->dc);
        add_blocks(f, f->mix[z], work->c, work->dc, -1.0, work->block + 3 * around->j[b] * size);
        add_row((double *)(sums + 4 * z * n), gradient, 1.0, 4 * n);
        for (size_t l = 0; l < 3 && strain; l++)
            add_row((double *)(sums + (4 * z + 1 + l) * n), gradient, around->d[b][l], 4 * n);
    }
    for (size_t z = 0; z < f->n_species; z++) {
        add_blocks(f, f->mix[z], work->c, sums + 4 * z * n, 1.0, work->block + 3 * i * size);
        for (size_t l = 0; l < 3 && strain; l++)
            add_blocks(f, f->mix[z], work->c, sums + (4 * z + 1 + l) * n, 1.0, work->strain_block + 3 * l * size);
    }
}

/* What atom i gives to the columns of body order 4 of all forces and of the strain. */
static void add_triplets(skd_design *design, skd_features_work *work, size_t i, size_t column) {
    const skd_features *f = work->features;
    const skd_surrounding *around = &work->around;
    const size_t n = f->triplets->n_features, m = design->m;
    skd_triplets_jacobian(f, work->c, work->triplets);
    for (size_t b = 0; b < around->n; b++) {
        density_gradient(f, around, b, work->dc);
        for (size_t k = 0; k < 3; k++)
            skd_triplets_own(f, around->slot[b], work->dc + k * f->n_lm * f->radial.n4, work->triplets, 3 * b + k);
    }
    skd_triplets_derive(f, work->triplets, 3 * around->n);
    for (size_t b = 0; b < around->n; b++)
        for (size_t k = 0; k < 3; k++) {
            const double *g = work->triplets->out + (3 * b + k) * n;
            add_row(design->force + (3 * i + k) * m + column, g, 1.0, n);
            add_row(design->force + (3 * around->j[b] + k) * m + column, g, -1.0, n);
            for (size_t l = 0; l < 3 && !design->no_strain; l++)
                add_row(design->strain + (3 * l + k) * m + column, g, around->d[b][l], n);
        }
}

/* Room for the blocks of n atoms. */
static skd_status fit_blocks(skd_features_work *work, size_t n, skd_error *err) {
    if (n <= work->block_atoms)
        return SKD_OK;
    skd_free(work->block);
    work->block_atoms = 0;
    work->block = skd_alloc(3 * n * block_size(work->features), sizeof *work->block);
    if (!work->block)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the design matrix of %zu atoms", n);
    work->block_atoms = n;
    return SKD_OK;
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

/* The columns of central atoms of element z. */
static void fill_element(skd_design *design, const skd_features *f, const skd_cell *cell, size_t z,
                         skd_features_work *work) {
    const size_t size = block_size(f), column = z * f->per_element;
    memset(work->block, 0, 3 * cell->n * size * sizeof *work->block);
    memset(work->strain_block, 0, 9 * size * sizeof *work->strain_block);
    for (size_t i = 0; i < cell->n; i++) {
        if (f->slot[cell->species[i]] != z)
            continue;
        skd_density_of(work, cell, i, true);
        skd_density_features(work, work->c, design->energy + column);
        add_atom(work, i, !design->no_strain);
        if (f->triplets)
            add_triplets(design, work, i, column + f->first_triplet);
    }
    for (size_t r = 0; r < 3 * cell->n; r++)
        fold(f, work->block + r * size, design->force + r * design->m + column);
    for (size_t r = 0; r < 9 && !design->no_strain; r++)
        fold(f, work->strain_block + r * size, design->strain + r * design->m + column);
}

skd_status skd_design_fill(skd_design *design, const skd_features *f, const skd_cell *cell, skd_features_work *work,
                           skd_error *err) {
    if (design->n != cell->n || design->m != skd_features_count(f))
        return skd_fail(err, SKD_EARG, "surrogate: a design matrix of %zu atoms, %zu features for %zu and %zu",
                        design->n, design->m, cell->n, skd_features_count(f));
    skd_status status = skd_features_prepare(work, cell, err);
    if (status == SKD_OK)
        status = fit_blocks(work, cell->n, err);
    if (status == SKD_OK && f->triplets)
        status = skd_triplets_room(f->triplets, work->triplets, 3 * work->around.room, err);
    if (status != SKD_OK)
        return status;
    memset(design->energy, 0, design->m * sizeof(double));
    memset(design->strain, 0, 9 * design->m * sizeof(double));
    if (f->triplets)
        memset(design->force, 0, 3 * design->n * design->m * sizeof(double));
    for (size_t z = 0; z < f->n_species; z++)
        fill_element(design, f, cell, z, work);
    symmetrise(design);
    return SKD_OK;
}
