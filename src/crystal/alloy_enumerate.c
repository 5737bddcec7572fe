/* SPDX-License-Identifier: MIT */
/* alloy_enumerate.c - all symmetry-distinct occupations of a host's supercells.
 *
 * A site of a supercell is an atom of the primitive cell and a lattice point modulo the superlattice, so operations
 * are exact permutations of small integers. All occupations are walked in lexicographic order; one is kept if no
 * permutation makes a smaller one of it. */
#include "shakedown/alloy.h"

#include <stdlib.h>
#include <string.h>

#include "alloy_lattices.h"

#define MOST_LABELINGS 5e7
enum { MOST_SITES = 512 };

/* The host's operations on its primitive cell's sites, and the options. */
typedef struct parent {
    const skd_cell *primitive;
    const skd_enumeration_options *options;
    skd_symmetry *symmetry;
    skd_alloy *alloy;  /* of the primitive cell: sites and sublattices */
    size_t *image;     /* [n_operations][n_sites] site that a site goes to */
    long (*shift)[3];  /* [n_operations][n_sites] and the lattice vector   */
} parent;

/* One supercell on its way. */
typedef struct walk {
    const parent *parent;
    skd_hermite lattice;
    int matrix[3][3];
    size_t index, n_sites;     /* primitive cells, sites               */
    uint32_t *permutation;     /* [n_permutations][n_sites]            */
    size_t n_permutations, n_translations; /* the translations are the first */
    size_t left[SKD_ALLOY_SUBLATTICES][SKD_ALLOY_SPECIES]; /* atoms still to be placed */
    uint8_t *label;            /* [n_sites]                            */
    skd_cell *cell;            /* as occupied                          */
    skd_configuration_fn fn;
    void *payload;
    skd_enumeration *found;
} walk;

/* ---- the parent -------------------------------------------------------------------------- */

/* Where an operation takes site s: the site and the lattice vector. */
static bool find_image(parent *p, const double inverse[3][3], size_t o, size_t s) {
    const skd_operation *op = &p->symmetry->operation[o];
    const size_t n = p->alloy->n_sites;
    double f[3], g[3], h[3], d[3], r[3];
    skd_to_frac(inverse, p->primitive->pos[p->alloy->atom[s]], f);
    for (int k = 0; k < 3; k++)
        g[k] = op->rotation[k][0] * f[0] + op->rotation[k][1] * f[1] + op->rotation[k][2] * f[2] + op->translation[k];
    for (size_t t = 0; t < n; t++) {
        skd_to_frac(inverse, p->primitive->pos[p->alloy->atom[t]], h);
        for (int k = 0; k < 3; k++) {
            p->shift[o * n + s][k] = lround(g[k] - h[k]);
            d[k] = g[k] - h[k] - (double)p->shift[o * n + s][k];
        }
        skd_row_times(d, p->primitive->lattice, r);
        p->image[o * n + s] = t;
        if (p->alloy->lattice[t] == p->alloy->lattice[s] && skd_norm(r) < 5.0 * p->symmetry->symprec)
            return true;
    }
    return false;
}

static skd_status fill_images(parent *p, skd_error *err) {
    double inverse[3][3];
    skd_status status = skd_cell_inverse(p->primitive, inverse, err);
    for (size_t o = 0; o < p->symmetry->n_operations && status == SKD_OK; o++)
        for (size_t s = 0; s < p->alloy->n_sites && status == SKD_OK; s++)
            if (!find_image(p, (const double(*)[3])inverse, o, s))
                status = skd_fail(err, SKD_ENUMERIC, "enumeration: operation %zu takes atom %zu nowhere", o + 1,
                                  p->alloy->atom[s] + 1);
    return status;
}

static void parent_free(parent *p) {
    skd_symmetry_free(p->symmetry);
    skd_alloy_free(p->alloy);
    skd_free(p->image);
    skd_free(p->shift);
}

static skd_status parent_make(parent *p, const skd_cell *primitive, const skd_enumeration_options *options,
                              skd_error *err) {
    *p = (parent){.primitive = primitive, .options = options};
    const double symprec = options->symprec > 0.0 ? options->symprec : SKD_SYMPREC;
    skd_status status = skd_alloy_new(&p->alloy, primitive, options->rule, options->n_rules, NULL, err);
    if (status == SKD_OK)
        status = skd_symmetry_find(&p->symmetry, primitive, symprec, err);
    if (status != SKD_OK)
        return status;
    if (p->alloy->n_sites == 0)
        return skd_fail(err, SKD_EARG, "enumeration: nothing is substituted");
    const size_t n = p->symmetry->n_operations * p->alloy->n_sites;
    p->image = skd_alloc(n, sizeof *p->image);
    p->shift = skd_alloc(n, sizeof *p->shift);
    if (!p->image || !p->shift)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu images of sites", n);
    return fill_images(p, err);
}

/* ---- permutations of one supercell ------------------------------------------------------- */

/* Operation o, followed by the translation by lattice point number t. */
static void fill_permutation(const walk *w, size_t o, size_t t, uint32_t *out) {
    const parent *p = w->parent;
    const skd_operation *op = &p->symmetry->operation[o];
    long by[3], from[3], to[3];
    skd_hermite_point(&w->lattice, t, by);
    for (size_t s = 0; s < p->alloy->n_sites; s++)
        for (size_t c = 0; c < w->index; c++) {
            const size_t k = o * p->alloy->n_sites + s;
            skd_hermite_point(&w->lattice, c, from);
            for (int i = 0; i < 3; i++)
                to[i] = op->rotation[i][0] * from[0] + op->rotation[i][1] * from[1] + op->rotation[i][2] * from[2] +
                        p->shift[k][i] + by[i];
            out[s * w->index + c] = (uint32_t)(p->image[k] * w->index + skd_hermite_class(&w->lattice, to));
        }
}

static bool is_identity(const skd_operation *op) {
    static const int one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    return memcmp(op->rotation, one, sizeof one) == 0 && fabs(op->translation[0]) < 1e-6 &&
           fabs(op->translation[1]) < 1e-6 && fabs(op->translation[2]) < 1e-6;
}

static bool keeps_lattice(const walk *w, const skd_operation *op) {
    skd_hermite rotated = skd_hermite_rotated(&w->lattice, op->rotation);
    return skd_hermite_compare(&rotated, &w->lattice) == 0;
}

static skd_status fill_permutations(walk *w, skd_error *err) {
    const skd_symmetry *symmetry = w->parent->symmetry;
    w->permutation = skd_alloc(symmetry->n_operations * w->index * w->n_sites, sizeof *w->permutation);
    if (!w->permutation)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu permutations of %zu sites",
                        symmetry->n_operations * w->index, w->n_sites);
    for (int pass = 0; pass < 2; pass++)
        for (size_t o = 0; o < symmetry->n_operations; o++)
            if (is_identity(&symmetry->operation[o]) == (pass == 0) && keeps_lattice(w, &symmetry->operation[o]))
                for (size_t t = 0; t < w->index; t++)
                    fill_permutation(w, o, t, w->permutation + w->n_sites * w->n_permutations++);
    w->n_translations = w->index;
    return SKD_OK;
}

/* ---- occupations ------------------------------------------------------------------------- */

/* -1, 0 or 1: the permuted labels are before, equal to or after the labels. */
static int compare_permuted(const walk *w, const uint32_t *permutation) {
    for (size_t i = 0; i < w->n_sites; i++) {
        const int a = w->label[permutation[i]], b = w->label[i];
        if (a != b)
            return a < b ? -1 : 1;
    }
    return 0;
}

/* Is it the first of its kind? *multiplicity: of how many. */
static bool is_first(const walk *w, size_t *multiplicity) {
    size_t same = 0;
    for (size_t k = 0; k < w->n_permutations; k++) {
        const int order = compare_permuted(w, w->permutation + k * w->n_sites);
        if (order < 0 || (order == 0 && w->parent->options->primitive_only && k > 0 && k < w->n_translations))
            return false;
        same += order == 0;
    }
    *multiplicity = w->n_permutations / same;
    return true;
}

static skd_status give(walk *w, skd_error *err) {
    const skd_alloy *alloy = w->parent->alloy;
    skd_configuration configuration = {.cell = w->cell};
    if (!is_first(w, &configuration.multiplicity))
        return SKD_OK;
    w->found->n_configurations++;
    if (!w->fn)
        return SKD_OK;
    for (size_t s = 0; s < alloy->n_sites; s++)
        for (size_t c = 0; c < w->index; c++)
            w->cell->species[alloy->atom[s] * w->index + c] =
                alloy->sublattice[alloy->lattice[s]].species[w->label[s * w->index + c]];
    memcpy(configuration.matrix, w->matrix, sizeof configuration.matrix);
    return w->fn(w->payload, &configuration, err);
}

/* Places every element that is left on site i, and goes on. */
static skd_status place(walk *w, size_t i, skd_error *err) {
    if (i == w->n_sites)
        return give(w, err);
    const size_t s = w->parent->alloy->lattice[i / w->index];
    skd_status status = SKD_OK;
    for (size_t k = 0; k < w->parent->alloy->sublattice[s].n_species && status == SKD_OK; k++) {
        if (w->left[s][k] == 0)
            continue;
        w->left[s][k]--;
        w->label[i] = (uint8_t)k;
        status = place(w, i + 1, err);
        w->left[s][k]++;
    }
    return status;
}

/* How many of each element there are to place; false if the fractions make no whole atoms. */
static bool count_left(walk *w, double *labelings) {
    const skd_enumeration_options *options = w->parent->options;
    const bool any = isnan(options->rule[0].fraction);
    *labelings = 1.0;
    for (size_t s = 0; s < w->parent->alloy->n_sublattices; s++) {
        const skd_sublattice *lattice = &w->parent->alloy->sublattice[s];
        const size_t n = lattice->n * w->index;
        size_t rest = n;
        for (size_t k = lattice->n_species - 1; k > 0 && !any; k--)
            for (size_t r = 0; r < options->n_rules; r++) {
                if (options->rule[r].from != lattice->species[0] || options->rule[r].to != lattice->species[k])
                    continue;
                const double atoms = options->rule[r].fraction * (double)n;
                w->left[s][k] = (size_t)lround(atoms);
                if (fabs(atoms - (double)w->left[s][k]) > 1e-6 || w->left[s][k] > rest)
                    return false;
                for (size_t m = 1; m <= w->left[s][k]; m++) /* times rest over left */
                    *labelings *= (double)(rest - w->left[s][k] + m) / (double)m;
                rest -= w->left[s][k];
            }
        w->left[s][0] = rest;
        for (size_t k = 0; any && k < lattice->n_species; k++)
            w->left[s][k] = n;
        if (any)
            *labelings *= pow((double)lattice->n_species, (double)n);
    }
    return true;
}

static skd_status walk_cell(walk *w, skd_error *err) {
    double labelings;
    w->n_sites = w->parent->alloy->n_sites * w->index;
    if (!count_left(w, &labelings))
        return SKD_OK;
    if (labelings > MOST_LABELINGS || w->n_sites > MOST_SITES)
        return skd_fail(err, SKD_EARG, "enumeration: %.3g occupations of %zu sites; at most %g of %d can be walked",
                        labelings, w->n_sites, MOST_LABELINGS, MOST_SITES);
    skd_status status = skd_supercell(&w->cell, w->parent->primitive, (const int(*)[3])w->matrix, NULL, err);
    w->label = skd_alloc(w->n_sites, sizeof *w->label);
    if (status == SKD_OK && !w->label)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", w->n_sites);
    if (status == SKD_OK)
        status = fill_permutations(w, err);
    if (status == SKD_OK) {
        w->found->n_lattices++;
        w->found->n_labelings += labelings;
        status = place(w, 0, err);
    }
    skd_free(w->permutation);
    skd_free(w->label);
    skd_cell_free(w->cell);
    return status;
}

/* ---- one supercell, or all of a size ------------------------------------------------------- */

skd_status skd_enumerate_cell(skd_enumeration *out, const skd_cell *primitive, const int matrix[3][3],
                              const skd_enumeration_options *options, skd_configuration_fn fn, void *payload,
                              skd_error *err) {
    parent p;
    long rows[3][3];
    *out = (skd_enumeration){0};
    if (skd_det3i(matrix) == 0)
        return skd_fail(err, SKD_EARG, "the supercell matrix has determinant 0: its rows lie in a plane");
    for (int k = 0; k < 9; k++)
        rows[k / 3][k % 3] = matrix[k / 3][k % 3];
    skd_status status = parent_make(&p, primitive, options, err);
    walk w = {.parent = &p, .fn = fn, .payload = payload, .found = out, .index = (size_t)labs(skd_det3i(matrix))};
    w.lattice = skd_hermite_of((const long(*)[3])rows);
    memcpy(w.matrix, matrix, sizeof w.matrix);
    if (status == SKD_OK)
        status = walk_cell(&w, err);
    parent_free(&p);
    return status;
}

/* Of superlattices that operations take to each other, the least is taken. */
static bool is_least(const skd_hermite *lattice, const skd_symmetry *symmetry) {
    for (size_t o = 0; o < symmetry->n_operations; o++) {
        skd_hermite rotated = skd_hermite_rotated(lattice, symmetry->operation[o].rotation);
        if (skd_hermite_compare(&rotated, lattice) < 0)
            return false;
    }
    return true;
}

/* A short basis of the superlattice. */
static void short_basis(const skd_hermite *lattice, const skd_cell *primitive, int matrix[3][3]) {
    double rows[3][3], long_basis[3][3], reduced[3][3];
    int transform[3][3];
    for (int k = 0; k < 9; k++)
        rows[k / 3][k % 3] = (double)lattice->h[k / 3][k % 3];
    skd_mul3(rows, primitive->lattice, long_basis);
    skd_lattice_reduce(long_basis, reduced, transform);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            matrix[i][k] = 0;
            for (int m = 0; m < 3; m++)
                matrix[i][k] += transform[i][m] * (int)lattice->h[m][k];
        }
}

skd_status skd_enumerate_size(skd_enumeration *out, const skd_cell *primitive, size_t size,
                              const skd_enumeration_options *options, skd_configuration_fn fn, void *payload,
                              skd_error *err) {
    parent p;
    skd_hermite lattice = {{{0}}};
    *out = (skd_enumeration){0};
    if (size < 1 || size > MOST_SITES)
        return skd_fail(err, SKD_EARG, "enumeration: expected 1 to %d primitive cells; found %zu", MOST_SITES, size);
    skd_status status = parent_make(&p, primitive, options, err);
    while (status == SKD_OK && skd_hermite_next(&lattice, (long)size)) {
        if (!is_least(&lattice, p.symmetry))
            continue;
        walk w = {.parent = &p, .lattice = lattice, .fn = fn, .payload = payload, .found = out, .index = size};
        short_basis(&lattice, primitive, w.matrix);
        status = walk_cell(&w, err);
    }
    parent_free(&p);
    return status;
}
