/* SPDX-License-Identifier: MIT */
/* triplets_apply.c - features of body order 4, and the energy of given weights with its derivative by the density. */
#include <string.h>

#include "triplets.h"

static size_t tensor(const skd_triplets *t) { return t->rows * t->rows * t->fours; }

void skd_triplets_unpack(const skd_features *f, const double *w, skd_triplets_work *work) {
    const skd_triplets *t = f->triplets;
    const size_t rows = t->rows, n = t->n_kinds * rows * rows * rows;
    for (size_t z = 0; z < f->n_species; z++) {
        const double *mine = w + z * f->per_element + f->first_triplet;
        double *to = (double *)(work->weight + z * t->n_kinds * tensor(t));
        for (size_t k = 0; k < n; k++)
            to[k / rows * 4 * t->fours + k % rows] =
                t->number[k] == SIZE_MAX ? 0.0 : t->scale[t->number[k]] * mine[t->number[k]];
    }
}

void skd_triplets_compress(const skd_features *f, const skd_four *c4, skd_four *b4) {
    const skd_triplets *t = f->triplets;
    const double *c = (const double *)c4;
    double *b = (double *)b4;
    const size_t wide = 4 * f->radial.n4, n_max = (size_t)f->options.n_max;
    for (size_t p = 0; p < t->n_lm; p++)
        for (size_t s = 0; s < t->n_channels; s++)
            for (size_t k = 0; k < t->n_radial; k++) {
                double sum = 0.0;
                for (size_t n = 0; n < n_max; n++)
                    sum += t->compress[k * n_max + n] * c[p * f->rows + s * wide + n];
                b[p * 4 * t->fours + s * t->n_radial + k] = sum;
            }
}

/* The derivative by b, in its parts, becomes one by c. */
static void expand(const skd_features *f, const skd_triplets_work *work, skd_four *a4) {
    const skd_triplets *t = f->triplets;
    double *a = (double *)a4;
    const double *across = (const double *)work->across;
    const size_t wide = 4 * f->radial.n4, n_max = (size_t)f->options.n_max;
    for (size_t p = 0; p < t->n_lm; p++)
        for (size_t r = 0; r < t->rows; r++) {
            const skd_four part = work->part[p * t->rows + r];
            const double sum = ((part[0] + part[1]) + (part[2] + part[3])) + across[p * 4 * t->fours + r];
            for (size_t n = 0; n < n_max; n++)
                a[p * f->rows + r / t->n_radial * wide + n] += t->compress[r % t->n_radial * n_max + n] * sum;
        }
}

/* pair[r2][r3] = sum of gaunt b2 b3 over the couplings of one lm[0], which is that of the first; returns their end. */
SKD_VECTOR_CLONES
static size_t couple(const skd_triplets *t, size_t first, size_t end, const skd_four *b, skd_four *pair) {
    const size_t fours = t->fours, lm = t->coupling[first].lm[0];
    memset(pair, 0, t->rows * fours * sizeof *pair);
    for (; first < end && t->coupling[first].lm[0] == lm; first++) {
        const skd_coupling *g = &t->coupling[first];
        const double *mine = (const double *)(b + g->lm[1] * fours);
        for (size_t r = 0; r < t->rows; r++) {
            const double factor = g->gaunt * mine[r];
            for (size_t q = 0; q < fours; q++)
                pair[r * fours + q] += factor * b[g->lm[2] * fours + q];
        }
    }
    return first;
}

/* part[r1] += weight[r1] . pair, and field[r2][r3] = sum of weight[r1] b1[r1]. */
SKD_VECTOR_CLONES
static void contract(const skd_triplets *t, const skd_four *weight, const skd_four *pair, const double *b,
                     skd_four *part, skd_four *field) {
    const size_t n = t->rows * t->fours;
    memset(field, 0, n * sizeof *field);
    for (size_t r = 0; r < t->rows; r++) {
        const skd_four *w = weight + r * n;
        skd_four sum = part[r];
        for (size_t q = 0; q < n; q++) {
            sum += w[q] * pair[q];
            field[q] += b[r] * w[q];
        }
        part[r] = sum;
    }
}

/* The derivatives by b2 and b3 of the couplings from first to end. */
SKD_VECTOR_CLONES
static void spread(const skd_triplets *t, size_t first, size_t end, const skd_four *b, const skd_four *field,
                   skd_four *part, skd_four *across) {
    const size_t fours = t->fours, rows = t->rows;
    for (; first < end; first++) {
        const skd_coupling *g = &t->coupling[first];
        const double *mine = (const double *)(b + g->lm[1] * fours);
        for (size_t r = 0; r < rows; r++) {
            const double factor = g->gaunt * mine[r];
            skd_four sum = {0, 0, 0, 0};
            for (size_t q = 0; q < fours; q++) {
                sum += field[r * fours + q] * b[g->lm[2] * fours + q];
                across[g->lm[2] * fours + q] += factor * field[r * fours + q];
            }
            part[g->lm[1] * rows + r] += g->gaunt * sum;
        }
    }
}

double skd_triplets_energy(const skd_features *f, size_t z, const skd_four *c, skd_triplets_work *work, skd_four *a) {
    const skd_triplets *t = f->triplets;
    const size_t fours = t->fours, rows = t->rows;
    skd_four *field = work->pair + rows * fours;
    double energy = 0.0;
    skd_triplets_compress(f, c, work->b);
    memset(work->part, 0, t->n_lm * rows * sizeof *work->part);
    memset(work->across, 0, t->n_lm * fours * sizeof *work->across);
    for (size_t k = 0; k < t->n_kinds; k++) {
        const skd_four *weight = work->weight + (z * t->n_kinds + k) * tensor(t);
        for (size_t first = t->kind[k].first, end; first < t->kind[k].end; first = end) {
            const size_t lm = t->coupling[first].lm[0];
            end = couple(t, first, t->kind[k].end, work->b, work->pair);
            contract(t, weight, work->pair, (const double *)(work->b + lm * fours), work->part + lm * rows, field);
            spread(t, first, end, work->b, field, work->part, work->across);
        }
    }
    expand(f, work, a);
    for (size_t p = 0; p < t->n_lm; p++) /* of degree 3 in b */
        for (size_t r = 0; r < rows; r++) {
            const skd_four part = work->part[p * rows + r];
            const double sum = ((part[0] + part[1]) + (part[2] + part[3])) +
                               ((const double *)(work->across + p * fours))[r];
            energy += sum * ((const double *)(work->b + p * fours))[r] / 3.0;
        }
    return energy;
}

void skd_triplets_features(const skd_features *f, const skd_four *c, skd_triplets_work *work, double *row) {
    const skd_triplets *t = f->triplets;
    const size_t rows = t->rows, wide = 4 * t->fours;
    const double *b = (const double *)work->b, *pair = (const double *)work->pair;
    skd_triplets_compress(f, c, work->b);
    for (size_t k = 0; k < t->n_kinds; k++)
        for (size_t first = t->kind[k].first, end; first < t->kind[k].end; first = end) {
            const size_t lm = t->coupling[first].lm[0], *number = t->number + k * rows * rows * rows;
            end = couple(t, first, t->kind[k].end, work->b, work->pair);
            for (size_t r = 0; r < rows * rows * rows; r++)
                if (number[r] != SIZE_MAX)
                    row[number[r]] += t->scale[number[r]] * b[lm * wide + r / (rows * rows)] *
                                      pair[r / rows % rows * wide + r % rows];
        }
}
