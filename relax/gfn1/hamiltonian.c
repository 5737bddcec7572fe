/* SPDX-License-Identifier: MIT */
/* hamiltonian.c - where the orbitals of a system are; its overlap and core Hamiltonian. */
#include <string.h>

#include "gfn1.h"

/* ---- layout ----------------------------------------------------------------------------------- */

static void lay_out(gfn1_orbitals *o) {
    const gfn1_system *system = o->system;
    size_t at = 0;
    for (size_t i = 0; i < system->n; i++) {
        o->kind[i] = gfn1_kind_of(o->basis, system->z[i]);
        for (size_t s = system->first[i]; s < system->first[i + 1]; s++) {
            o->atom[s] = i;
            o->offset[s] = at;
            at += (size_t)(2 * system->element[i].shells[s - system->first[i]].l + 1);
        }
    }
    o->offset[o->n_shells] = at;
}

static size_t count_orbitals(const gfn1_system *system) {
    size_t n = 0;
    for (size_t i = 0; i < system->n; i++)
        for (int s = 0; s < system->element[i].n_shells; s++)
            n += (size_t)(2 * system->element[i].shells[s].l + 1);
    return n;
}

skd_status gfn1_orbitals_init(gfn1_orbitals *o, const gfn1_system *system, const gfn1_basis *basis, skd_error *err) {
    size_t n = count_orbitals(system);
    *o = (gfn1_orbitals){.system = system, .basis = basis, .n = n, .n_shells = system->n_shells};
    o->kind = skd_alloc(system->n, sizeof *o->kind);
    o->offset = skd_alloc(o->n_shells + 1, sizeof *o->offset);
    o->atom = skd_alloc(o->n_shells, sizeof *o->atom);
    o->shell = skd_alloc(n, sizeof *o->shell);
    o->level = skd_alloc(o->n_shells, sizeof *o->level);
    double **matrix[] = {&o->s, &o->h0, &o->density, &o->weighted};
    bool ok = o->kind && o->offset && o->atom && o->shell && o->level;
    for (size_t m = 0; m < sizeof matrix / sizeof *matrix && ok; m++)
        ok = (*matrix[m] = skd_alloc(n * n, sizeof **matrix[m])) != NULL;
    if (!ok) {
        gfn1_orbitals_free(o);
        return skd_fail(err, SKD_ENOMEM, "out of memory for matrices of %zu orbitals", n);
    }
    lay_out(o);
    for (size_t s = 0; s < o->n_shells; s++)
        for (size_t m = o->offset[s]; m < o->offset[s + 1]; m++)
            o->shell[m] = s;
    return SKD_OK;
}

void gfn1_orbitals_free(gfn1_orbitals *o) {
    void *all[] = {o->kind, o->offset, o->atom, o->shell, o->level, o->s, o->h0, o->density, o->weighted};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
    *o = (gfn1_orbitals){0};
}

/* ---- matrices --------------------------------------------------------------------------------- */

/* Adds the block of shells s on the first atom, t on the second and, unless the atoms are one, its transpose. */
static void add_block(const gfn1_orbitals *o, size_t s, size_t t, const double *block, double h_factor, bool both) {
    size_t rows = o->offset[s + 1] - o->offset[s], columns = o->offset[t + 1] - o->offset[t];
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < columns; b++) {
            size_t m = o->offset[s] + a, n = o->offset[t] + b;
            double value = block[a * columns + b];
            o->s[m * o->n + n] += value;
            o->h0[m * o->n + n] += h_factor * value;
            if (both) {
                o->s[n * o->n + m] += value;
                o->h0[n * o->n + m] += h_factor * value;
            }
        }
}

/* All images of one pair of atoms; the kind of i is not after that of j. */
static void add_pair(gfn1_orbitals *o, size_t i, size_t j, const gfn1_images *images) {
    const gfn1_system *system = o->system;
    const gfn1_pair *pair = &o->basis->pair[o->kind[i] * o->basis->n_kinds + o->kind[j]];
    size_t first_i = system->first[i], first_j = system->first[j];
    for (size_t image = 0; image < images->n; image++) {
        double r = sqrt(images->r2[image]), u = sqrt(r / pair->radius);
        double n[3] = {images->x[image] / r, images->y[image] / r, images->z[image] / r};
        for (int s = 0; s < system->element[i].n_shells; s++)
            for (int t = 0; t < system->element[j].n_shells; t++) {
                const gfn1_table *table = &pair->table[s][t];
                double f[3], df[3], block[GFN1_BLOCK];
                size_t a = first_i + (size_t)s, b = first_j + (size_t)t;
                if (!gfn1_table_reaches(table, r))
                    continue;
                gfn1_table_at(table, r, f, df);
                gfn1_block(table->la, table->lb, f, n, block);
                double distance = (1.0 + system->element[i].shells[s].shpoly * u) *
                                  (1.0 + system->element[j].shells[t].shpoly * u);
                add_block(o, a, b, block, 0.5 * (o->level[a] + o->level[b]) * pair->k[s][t] * distance, i != j);
            }
    }
}

static void add_on_site(gfn1_orbitals *o, size_t i) {
    const gfn1_system *system = o->system;
    const gfn1_kind *kind = &o->basis->kind[o->kind[i]];
    for (size_t s = system->first[i]; s < system->first[i + 1]; s++)
        for (size_t t = system->first[i]; t < system->first[i + 1]; t++) {
            const gfn1_contraction *a = &kind->shell[s - system->first[i]], *b = &kind->shell[t - system->first[i]];
            double overlap = gfn1_overlap_same(a, b), level = 0.5 * (o->level[s] + o->level[t]);
            for (size_t m = 0; m < (size_t)(2 * a->l + 1) && a->l == b->l; m++) {
                size_t at = (o->offset[s] + m) * o->n + o->offset[t] + m;
                o->s[at] += overlap;
                o->h0[at] += level * overlap;
            }
        }
}

skd_status gfn1_hamiltonian(gfn1_orbitals *o, const double *cn, skd_error *err) {
    const gfn1_system *system = o->system;
    gfn1_cells cells;
    skd_status status = gfn1_cells_init(&cells, system, o->basis->cutoff, err);
    if (status != SKD_OK)
        return status;
    memset(o->s, 0, o->n * o->n * sizeof *o->s);
    memset(o->h0, 0, o->n * o->n * sizeof *o->h0);
    for (size_t s = 0; s < o->n_shells; s++) {
        const gfn1_shell *shell = &system->element[o->atom[s]].shells[s - system->first[o->atom[s]]];
        o->level[s] = shell->level - shell->kcn * cn[o->atom[s]];
    }
    for (size_t i = 0; i < system->n; i++) {
        add_on_site(o, i);
        for (size_t j = 0; j <= i; j++) {
            bool swap = o->kind[i] > o->kind[j];
            size_t a = swap ? j : i, b = swap ? i : j, next = 0;
            double d[3];
            for (int k = 0; k < 3; k++)
                d[k] = system->x[a][k] - system->x[b][k];
            for (gfn1_images images; gfn1_images_of(&cells, d, &next, &images);)
                add_pair(o, a, b, &images);
        }
    }
    gfn1_cells_free(&cells);
    return SKD_OK;
}
