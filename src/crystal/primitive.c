/* SPDX-License-Identifier: MIT */
/* primitive.c - a primitive cell from translations that are known already: the three shortest independent ones span it
 * (in three dimensions shortest independent vectors always are a basis), and of atoms that differ by one of them the
 * first is kept. */
#include <stdlib.h>
#include <string.h>

#include "shakedown/crystal.h"

#define SAME 0.1 /* Å; atoms of one element are never that near */

/* How far v is from the line or plane of the first n vectors, Å. */
static double height_over(const double lattice[3][3], int n, const double v[3]) {
    double normal[3];
    if (n == 0)
        return skd_norm(v);
    skd_cross(lattice[0], n == 1 ? v : lattice[1], normal);
    return n == 1 ? skd_norm(normal) / skd_norm(lattice[0]) : fabs(skd_dot(normal, v)) / skd_norm(normal);
}

/* The translations of the symmetry and the cell's own, Å. */
static size_t collect_translations(double (*out)[3], const skd_cell *cell, const skd_symmetry *symmetry) {
    static const int one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    size_t n = 3;
    memcpy(out, cell->lattice, sizeof cell->lattice);
    for (size_t i = 0; i < symmetry->n_operations; i++) {
        const skd_operation *op = &symmetry->operation[i];
        double f[3];
        for (int k = 0; k < 3; k++)
            f[k] = op->translation[k] - nearbyint(op->translation[k]);
        if (memcmp(op->rotation, one, sizeof one) == 0)
            skd_row_times(f, cell->lattice, out[n++]);
    }
    return n;
}

static bool choose_basis(double lattice[3][3], const double (*translation)[3], size_t n) {
    for (int k = 0; k < 3; k++) {
        const double *best = NULL;
        for (size_t i = 0; i < n; i++)
            if (height_over(lattice, k, translation[i]) > SAME && (!best || skd_norm(translation[i]) < skd_norm(best)))
                best = translation[i];
        if (!best)
            return false;
        memcpy(lattice[k], best, sizeof lattice[k]);
    }
    return true;
}

/* The cell is a whole multiple of a primitive one, as large as there are translations: makes it exactly so. */
static bool make_exact(double lattice[3][3], const skd_cell *cell, size_t n_translations) {
    double inverse[3][3], multiple[3][3];
    int whole[3][3];
    if (skd_inv3(lattice, inverse) != SKD_OK)
        return false;
    skd_mul3(cell->lattice, inverse, multiple);
    for (int i = 0; i < 9; i++) {
        multiple[i / 3][i % 3] = nearbyint(multiple[i / 3][i % 3]);
        whole[i / 3][i % 3] = (int)multiple[i / 3][i % 3];
    }
    long times = labs(skd_det3i(whole));
    if (times != (long)n_translations || skd_inv3(multiple, inverse) != SKD_OK)
        return false;
    skd_mul3(inverse, cell->lattice, lattice);
    return true;
}

/* Numbers of the atoms that no lattice vector carries onto an earlier one. */
static size_t first_atoms(size_t *kept, const skd_cell *cell, const double lattice[3][3], const double inverse[3][3]) {
    size_t n = 0;
    for (size_t i = 0; i < cell->n; i++) {
        size_t k = 0;
        for (; k < n; k++) {
            double d[3], f[3];
            for (int c = 0; c < 3; c++)
                d[c] = cell->pos[i][c] - cell->pos[kept[k]][c];
            skd_to_frac(inverse, d, f);
            for (int c = 0; c < 3; c++)
                f[c] -= nearbyint(f[c]);
            skd_row_times(f, lattice, d);
            if (cell->species[i] == cell->species[kept[k]] && skd_norm(d) < SAME)
                break;
        }
        if (k == n)
            kept[n++] = i;
    }
    return n;
}

/* Places the kept atoms in the new lattice. */
static void fold(skd_cell *primitive, const double lattice[3][3], const double inverse[3][3]) {
    memcpy(primitive->lattice, lattice, sizeof primitive->lattice);
    for (size_t i = 0; i < primitive->n; i++) {
        double f[3];
        skd_to_frac(inverse, primitive->pos[i], f);
        for (int k = 0; k < 3; k++)
            f[k] = skd_wrap01(f[k]);
        skd_row_times(f, lattice, primitive->pos[i]);
    }
}

skd_status skd_primitive_of(skd_cell **out, const skd_cell *cell, const skd_symmetry *symmetry, skd_error *err) {
    double lattice[3][3], inverse[3][3];
    double(*translation)[3] = skd_alloc(symmetry->n_translations + 3, sizeof *translation);
    size_t *kept = skd_alloc(cell->n, sizeof *kept);
    skd_status status = SKD_OK;
    *out = NULL;
    if (!translation || !kept)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the primitive cell of %zu atoms", cell->n);
    else if (choose_basis(lattice, (const double(*)[3])translation,
                          collect_translations(translation, cell, symmetry)) &&
             make_exact(lattice, cell, symmetry->n_translations) && skd_inv3(lattice, inverse) == SKD_OK &&
             first_atoms(kept, cell, lattice, inverse) * symmetry->n_translations == cell->n) {
        status = skd_cell_pick(out, cell, kept, cell->n / symmetry->n_translations, err);
        if (status == SKD_OK)
            fold(*out, lattice, inverse);
    } else /* translations too inaccurate for that */
        status = skd_primitive(out, cell, symmetry->symprec, err);
    skd_free(translation);
    skd_free(kept);
    return status;
}
