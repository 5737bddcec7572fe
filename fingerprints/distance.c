/* SPDX-License-Identifier: MIT */
/* distance.c - how different two structures are.
 *
 * A point defect changes a few atoms among a hundred, so any mean over atoms drowns the change. Here every
 * atom of one structure is paired with an atom of the same element in the other, one to one, such that the
 * largest cosine distance within a pair is as small as possible; that largest distance is the result (the
 * linear bottleneck assignment). Consequences:
 *   - translation, rotation and reflection do not count, since the spectra do not see them; nor does the
 *     order of the atoms, nor which of the equivalent directions a reconstruction took;
 *   - the far atoms, all nearly alike, pair at almost no cost and cannot hide the defect;
 *   - one to one: two dimers are not one dimer, as they would be with a nearest-neighbour (Hausdorff)
 *     distance;
 *   - an atom displaced by u changes it by about k u^2, k of the order of 1e-2 / Å^2.
 * Cost: m^2 spectra products per element with m atoms, then O(m^3) in the worst case for the pairing.
 * Source of the pairing: shortest augmenting paths with the maximum in place of the sum, Derigs &
 * Zimmermann, Computing 19, 285 (1978). */
#include "shakedown/fingerprints.h"

#include <string.h>

#define LANES 4
#define ROWS  3   /* rows and columns of spectra multiplied together: twelve sums, what fits in registers */
#define TILE  4
#define CHUNK 512 /* components per pass, so that a pass stays in the cache */

typedef double vec __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

double skd_cosine_distance(const double *a, const double *b, size_t size) {
    double aa = 0.0, bb = 0.0, sum = 0.0;
    for (size_t k = 0; k < size; k++) {
        aa += a[k] * a[k];
        bb += b[k] * b[k];
    }
    if (aa == 0.0 || bb == 0.0)
        return aa == bb ? 0.0 : 1.0;
    double fa = 1.0 / sqrt(aa), fb = 1.0 / sqrt(bb);
    for (size_t k = 0; k < size; k++) {
        double d = fa * a[k] - fb * b[k];
        sum += d * d;
    }
    return sum / 2.0;
}

/* ---- fingerprints ------------------------------------------------------------------------ */

void skd_fingerprint_free(skd_fingerprint *f) {
    skd_free(f->species);
    skd_free(f->spectrum);
    skd_free(f->mean);
    skd_free(f->site);
    *f = (skd_fingerprint){.n = 0};
}

skd_status skd_fingerprint_make(skd_fingerprint *out, const skd_soap *soap, const skd_cell *cell, const double *site,
                                double energy, skd_soap_work *work, skd_error *err) {
    *out = (skd_fingerprint){.n = cell->n, .size = skd_soap_size(soap), .energy = energy};
    skd_status status;
    out->species = skd_copy(cell->species, cell->n, sizeof *out->species);
    out->spectrum = skd_alloc(cell->n * out->size, sizeof *out->spectrum);
    out->mean = skd_alloc(out->size, sizeof *out->mean);
    out->site = site ? skd_alloc(out->size, sizeof *out->site) : NULL;
    if (!out->species || !out->spectrum || !out->mean || (site && !out->site)) {
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the fingerprint of %zu atoms", cell->n);
        goto fail;
    }
    status = skd_soap_atoms(soap, cell, work, out->spectrum, err);
    if (status == SKD_OK && site)
        status = skd_soap_at(soap, cell, (const double(*)[3])site, 1, work, out->site, err);
    if (status != SKD_OK)
        goto fail;
    skd_soap_average(out->spectrum, out->n, out->size, out->mean);
    return SKD_OK;
fail:
    skd_fingerprint_free(out);
    return status;
}

/* ---- cosine distances between all atoms of one element ------------------------------------ */

static double sum_lanes(vec v) { return (v[0] + v[1]) + (v[2] + v[3]); }

/* dot[ROWS][TILE] += products of ROWS rows of a with TILE rows of b over n components */
SKD_VECTOR_CLONES
static void multiply_tile(const double *const a[ROWS], const double *const b[TILE], size_t n,
                          double dot[ROWS][TILE]) {
    vec sum[ROWS][TILE] = {{{0}}};
    size_t k = 0;
    for (; k + LANES <= n; k += LANES)
#pragma GCC unroll 4
        for (size_t t = 0; t < TILE; t++) {
            vec y = *(const vec *)(b[t] + k);
#pragma GCC unroll 3
            for (size_t s = 0; s < ROWS; s++)
                sum[s][t] += *(const vec *)(a[s] + k) * y;
        }
    for (size_t t = 0; t < TILE; t++)
        for (size_t s = 0; s < ROWS; s++) {
            dot[s][t] += sum_lanes(sum[s][t]);
            for (size_t r = k; r < n; r++)
                dot[s][t] += a[s][r] * b[t][r];
        }
}

/* Atoms of one element in both structures. */
typedef struct pairing {
    size_t m;                 /* atoms of the element                          */
    const double **a, **b;    /* [m] their spectra                             */
    double *norm_a, *norm_b;  /* [m] lengths of the spectra                    */
    double *cost;             /* [m][m] cosine distances                       */
    size_t *row_of;           /* [m] row paired with each column, or NONE      */
    size_t *parent;           /* [m] row from which a column was reached       */
    double *reach;            /* [m] largest cost on the best path to a column */
    bool *done;               /* [m] column settled                            */
} pairing;

#define NONE SIZE_MAX

/* Rows and columns past the end repeat the last one; their products are dropped. */
static void multiply_block(const pairing *p, size_t i, size_t j, size_t k, size_t n) {
    const double *a[ROWS], *b[TILE];
    double dot[ROWS][TILE] = {{0}};
    for (size_t s = 0; s < ROWS; s++)
        a[s] = p->a[i + s < p->m ? i + s : p->m - 1] + k;
    for (size_t t = 0; t < TILE; t++)
        b[t] = p->b[j + t < p->m ? j + t : p->m - 1] + k;
    multiply_tile(a, b, n, dot);
    for (size_t s = 0; s < ROWS && i + s < p->m; s++)
        for (size_t t = 0; t < TILE && j + t < p->m; t++)
            p->cost[(i + s) * p->m + j + t] += dot[s][t];
}

static void fill_cost(pairing *p, size_t size) {
    memset(p->cost, 0, p->m * p->m * sizeof *p->cost);
    for (size_t k = 0; k < size; k += CHUNK) {
        size_t n = size - k < CHUNK ? size - k : CHUNK;
        for (size_t i = 0; i < p->m; i += ROWS)
            for (size_t j = 0; j < p->m; j += TILE)
                multiply_block(p, i, j, k, n);
    }
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->m; j++) {
            double norm = p->norm_a[i] * p->norm_b[j];
            double cosine = norm > 0.0 ? p->cost[i * p->m + j] / norm : 1.0;
            p->cost[i * p->m + j] = fmax(0.0, 1.0 - cosine);
        }
}

/* ---- bottleneck assignment ---------------------------------------------------------------- */

/* Pairs one more row along the path whose largest cost is least; costs up to `bottleneck` are free, since
 * they cannot raise the result. Returns the new bottleneck. */
static double pair_row(pairing *p, size_t row, double bottleneck) {
    for (size_t j = 0; j < p->m; j++) {
        p->reach[j] = (double)INFINITY;
        p->done[j] = false;
    }
    size_t column = NONE;
    for (;;) {
        for (size_t j = 0; j < p->m; j++) {
            double cost = fmax(bottleneck, p->cost[row * p->m + j]);
            if (!p->done[j] && cost < p->reach[j]) {
                p->reach[j] = cost;
                p->parent[j] = row;
            }
        }
        column = NONE;
        for (size_t j = 0; j < p->m; j++) {
            if (p->done[j])
                continue;
            bool nearer = column == NONE || p->reach[j] < p->reach[column];
            bool freer = column != NONE && p->reach[j] == p->reach[column] && p->row_of[j] == NONE;
            if (nearer || (freer && p->row_of[column] != NONE))
                column = j;
        }
        p->done[column] = true;
        bottleneck = p->reach[column];
        if (p->row_of[column] == NONE)
            break;
        row = p->row_of[column];
    }
    return bottleneck;
}

/* Turns the pairs over along the path that ends in the free column. */
static void augment(pairing *p, size_t start, size_t *column_of) {
    size_t column = NONE;
    for (size_t j = 0; j < p->m; j++)
        if (p->done[j] && p->row_of[j] == NONE)
            column = j;
    for (size_t row = NONE; row != start;) {
        row = p->parent[column];
        size_t next = column_of[row];
        p->row_of[column] = row;
        column_of[row] = column;
        column = next;
    }
}

/* Least possible largest cost of a one-to-one pairing; at least `bottleneck`. */
static double assign(pairing *p, double bottleneck, size_t *column_of) {
    for (size_t j = 0; j < p->m; j++)
        p->row_of[j] = column_of[j] = NONE;
    for (size_t i = 0; i < p->m; i++) {
        bottleneck = pair_row(p, i, bottleneck);
        augment(p, i, column_of);
    }
    return bottleneck;
}

/* ---- distance of structures ---------------------------------------------------------------- */

static size_t count_species(const skd_fingerprint *f, int z) {
    size_t count = 0;
    for (size_t i = 0; i < f->n; i++)
        count += f->species[i] == z;
    return count;
}

static void collect(const skd_fingerprint *f, int z, const double **spectrum, double *norm) {
    size_t m = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->species[i] != z)
            continue;
        const double *s = f->spectrum + i * f->size;
        double sum = 0.0;
        for (size_t k = 0; k < f->size; k++)
            sum += s[k] * s[k];
        spectrum[m] = s;
        norm[m++] = sqrt(sum);
    }
}

/* Distance over the atoms of element z, at least `floor`. */
static skd_status species_distance(const skd_fingerprint *a, const skd_fingerprint *b, int z, double floor, double *out,
                                   skd_error *err) {
    size_t m = count_species(a, z);
    pairing p = {.m = m};
    p.a = skd_alloc(2 * m, sizeof *p.a);
    p.norm_a = skd_alloc(3 * m + m * m, sizeof *p.norm_a);
    p.row_of = skd_alloc(3 * m, sizeof *p.row_of);
    p.done = skd_alloc(m, sizeof *p.done);
    skd_status status = SKD_OK;
    if (p.a && p.norm_a && p.row_of && p.done) {
        p.b = p.a + m;
        p.norm_b = p.norm_a + m;
        p.reach = p.norm_b + m;
        p.cost = p.reach + m;
        p.parent = p.row_of + m;
        collect(a, z, p.a, p.norm_a);
        collect(b, z, p.b, p.norm_b);
        fill_cost(&p, a->size);
        *out = assign(&p, floor, p.parent + m);
    } else {
        status = skd_fail(err, SKD_ENOMEM, "out of memory to pair %zu atoms", m);
    }
    skd_free(p.a);
    skd_free(p.norm_a);
    skd_free(p.row_of);
    skd_free(p.done);
    return status;
}

static bool same_composition(const skd_fingerprint *a, const skd_fingerprint *b) {
    for (size_t i = 0; i < a->n; i++)
        if (count_species(a, a->species[i]) != count_species(b, a->species[i]))
            return false;
    return a->n == b->n;
}

skd_status skd_fingerprint_distance(const skd_fingerprint *a, const skd_fingerprint *b, double *out, skd_error *err) {
    *out = 1.0;
    if (a->size != b->size)
        return skd_fail(err, SKD_EARG, "fingerprints of %zu and %zu numbers an atom cannot be compared", a->size,
                        b->size);
    if (!same_composition(a, b))
        return SKD_OK;
    double worst = 0.0;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        if (count_species(a, z) == 0)
            continue;
        skd_status status = species_distance(a, b, z, worst, &worst, err);
        if (status != SKD_OK)
            return status;
    }
    *out = worst;
    return SKD_OK;
}
