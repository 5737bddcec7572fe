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

/* The derivative of neighbour b's own density by x_k, without channels: [n_lm][3][4 n4]. */
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

/* t[k][b] = sum_m dc_a c_b + c_a dc_b for one a, one l and the three directions k, b from the four of a on. */
SKD_VECTOR_CLONES
static void products(const skd_features *f, size_t l, size_t a, const double *mix, const skd_four *c,
                     const skd_four *dc, skd_four *t) {
    const size_t n4 = f->radial.n4, wide = 4 * n4, fours = f->rows / 4, first = l * l, end = first + 2 * l + 1;
    const double *own = (const double *)dc + a % wide, *at = (const double *)c + a, factor = mix[a / wide];
    for (size_t q = a / 4; q < fours; q++) {
        const double other = mix[q / n4];
        skd_four x = {0, 0, 0, 0}, y = x, z = x;
        for (size_t p = first; p < end && factor != 0.0; p++) {
            const skd_four here = factor * c[p * fours + q];
            x += own[3 * p * wide] * here;
            y += own[(3 * p + 1) * wide] * here;
            z += own[(3 * p + 2) * wide] * here;
        }
        for (size_t p = first; p < end && other != 0.0; p++) {
            const double here = other * at[p * f->rows];
            const skd_four *d = dc + 3 * p * n4 + q % n4;
            x += here * d[0];
            y += here * d[n4];
            z += here * d[2 * n4];
        }
        t[q] = x;
        t[fours + q] = y;
        t[2 * fours + q] = z;
    }
}

/* to = scale from */
static inline void scale_to(double *to, const double *from, double scale, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(skd_four *)(to + i) = scale * *(const skd_four *)(from + i);
    for (; i < n; i++)
        to[i] = scale * from[i];
}

/* to += scale from */
static inline void add_scaled(double *to, const double *from, double scale, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(skd_four *)(to + i) += scale * *(const skd_four *)(from + i);
    for (; i < n; i++)
        to[i] += scale * from[i];
}

/* g += scale row, for the features of a with b >= a: they follow one another within a channel. */
SKD_VECTOR_CLONES
static void put_row(const skd_features *f, size_t l, size_t a, const double *row, double *g) {
    const size_t wide = 4 * f->radial.n4, n_max = (size_t)f->options.n_max;
    const size_t *number = f->number + (l * f->rows + a) * f->rows;
    const double scale = f->k3[l] * 1.4142135623730951;
    for (size_t s = a / wide; s < f->n_channels; s++) {
        const size_t from = s == a / wide ? a : s * wide, n = s * wide + n_max - from;
        scale_to(g + number[from], row + from, scale, n);
    }
    g[number[a]] = f->k3[l] * row[a];
}

/* work->g[3][per_element]: the derivative of the features by the place of neighbour b. */
static void feature_gradient(skd_features_work *work, size_t b) {
    const skd_features *f = work->features;
    const double *mix = f->mix[work->around.slot[b]];
    size_t wide = 4 * f->radial.n4, n_l = (size_t)f->options.l_max + 1, n_max = (size_t)f->options.n_max;
    const size_t per = f->per_element;
    density_gradient(f, &work->around, b, (double *)work->dc);
    for (size_t s = 0; s < f->n_channels; s++)
        for (size_t n = 0; n < n_max; n++) {
            const size_t a = s * wide + n;
            for (size_t k = 0; k < 3; k++)
                work->g[k * per + f->single[a]] = mix[s] * f->k2 * ((const double *)work->dc)[k * wide + n];
            for (size_t l = 0; l < n_l; l++) {
                products(f, l, a, mix, work->c, work->dc, work->t);
                for (size_t k = 0; k < 3; k++)
                    put_row(f, l, a, (const double *)work->t + k * f->rows, work->g + k * per);
            }
        }
}

/* F_i += g, F_j -= g, strain += d (x) g, in the columns of i's element. */
SKD_VECTOR_CLONES
static void add_neighbour(skd_design *design, const skd_features_work *work, size_t i, size_t b, size_t column) {
    const skd_surrounding *around = &work->around;
    size_t per = work->features->per_element, j = around->j[b];
    for (size_t k = 0; k < 3; k++) {
        const double *g = work->g + k * per;
        add_scaled(design->force + (3 * i + k) * design->m + column, g, 1.0, per);
        add_scaled(design->force + (3 * j + k) * design->m + column, g, -1.0, per);
        for (size_t l = 0; l < 3 && !design->no_strain; l++)
            add_scaled(design->strain + (3 * l + k) * design->m + column, g, around->d[b][l], per);
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
