/* SPDX-License-Identifier: MIT */
/* gradient.c - derivatives of the orbital terms at self-consistency: with P, the energy-weighted W, potentials v,
 * h = (h_s + h_t)/2, for every pair of orbitals m on A, n on B and image,
 *   dE/dA = [2 P h K Pi - P (v_m + v_n) - 2 W] dS/dA + 2 P h K S dPi/dA. */
#include <string.h>

#include "gfn1.h"

/* One pair of shells: what multiplies dS once and times Pi; loop invariants of all images. */
typedef struct shell_pair {
    size_t s, t;
    const gfn1_table *table;
    double shpoly_s, shpoly_t, k, level;
    double pauli[GFN1_BLOCK]; /* -P (v_m + v_n) - 2 W */
    double bond[GFN1_BLOCK];  /* 2 P */
} shell_pair;

typedef struct pair_sum {
    double g[3], virial[3][3], w[2];
} pair_sum;

static void prepare(const gfn1_orbitals *o, const double *v, shell_pair *p) {
    size_t rows = o->offset[p->s + 1] - o->offset[p->s], columns = o->offset[p->t + 1] - o->offset[p->t];
    double potential = v[p->s] + v[p->t];
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < columns; b++) {
            size_t at = (o->offset[p->s] + a) * o->n + o->offset[p->t] + b;
            p->bond[a * columns + b] = 2.0 * o->density[at];
            p->pauli[a * columns + b] = -o->density[at] * potential - 2.0 * o->weighted[at];
        }
}

/* Returns sum P S K Pi of one image, adds dE/dR to g. */
static double one_image(const shell_pair *p, const double n[3], double r, double u, double g[3]) {
    double f[3], df[3], block[GFN1_BLOCK], x[GFN1_BLOCK], bond = 0.0;
    int size = (2 * p->table->la + 1) * (2 * p->table->lb + 1);
    double ps = 1.0 + p->shpoly_s * u, pt = 1.0 + p->shpoly_t * u, scale = p->level * p->k * ps * pt;
    gfn1_table_at(p->table, r, f, df);
    gfn1_block(p->table->la, p->table->lb, f, n, block);
    for (int m = 0; m < size; m++) {
        bond += p->bond[m] * block[m];
        x[m] = p->pauli[m] + scale * p->bond[m];
    }
    gfn1_block_gradient(p->table->la, p->table->lb, f, df, n, r, x, g);
    double slope = p->level * p->k * bond * (ps * p->shpoly_t + pt * p->shpoly_s) * u / (2.0 * r);
    for (int c = 0; c < 3; c++)
        g[c] += slope * n[c];
    return 0.5 * bond * p->k * ps * pt;
}

static void add_images(const shell_pair *pairs, size_t n_pairs, const gfn1_shell *shells[2], const size_t first[2],
                       double radius, const gfn1_images *images, pair_sum *sum) {
    for (size_t image = 0; image < images->n; image++) {
        double r = sqrt(images->r2[image]), u = sqrt(r / radius), g[3] = {0};
        double d[3] = {images->x[image], images->y[image], images->z[image]}, n[3] = {d[0] / r, d[1] / r, d[2] / r};
        for (size_t p = 0; p < n_pairs; p++) {
            if (!gfn1_table_reaches(pairs[p].table, r))
                continue;
            double bond = one_image(&pairs[p], n, r, u, g);
            sum->w[0] -= shells[0][pairs[p].s - first[0]].kcn * bond;
            sum->w[1] -= shells[1][pairs[p].t - first[1]].kcn * bond;
        }
        for (int a = 0; a < 3; a++) {
            sum->g[a] += g[a];
            for (int b = 0; b < 3; b++)
                sum->virial[a][b] += g[a] * d[b];
        }
    }
}

static void add_pair(const gfn1_orbitals *o, const gfn1_cells *cells, const double *v, size_t i, size_t j, double *w,
                     gfn1_sum *sum) {
    const gfn1_system *system = o->system;
    const gfn1_pair *pair = &o->basis->pair[o->kind[i] * o->basis->n_kinds + o->kind[j]];
    const gfn1_shell *shells[2] = {system->element[i].shells, system->element[j].shells};
    const size_t first[2] = {system->first[i], system->first[j]};
    shell_pair pairs[GFN1_SHELLS * GFN1_SHELLS];
    size_t n_pairs = 0, next = 0;
    for (int s = 0; s < system->element[i].n_shells; s++)
        for (int t = 0; t < system->element[j].n_shells; t++) {
            shell_pair *p = &pairs[n_pairs++];
            p->s = first[0] + (size_t)s;
            p->t = first[1] + (size_t)t;
            p->table = &pair->table[s][t];
            p->shpoly_s = shells[0][s].shpoly;
            p->shpoly_t = shells[1][t].shpoly;
            p->k = pair->k[s][t];
            p->level = 0.5 * (o->level[p->s] + o->level[p->t]);
            prepare(o, v, p);
        }
    pair_sum part = {0};
    double d[3], weight = i == j ? 0.5 : 1.0;
    for (int k = 0; k < 3; k++)
        d[k] = system->x[i][k] - system->x[j][k];
    for (gfn1_images images; gfn1_images_of(cells, d, &next, &images);)
        add_images(pairs, n_pairs, shells, first, pair->radius, &images, &part);
    w[i] += weight * part.w[0];
    w[j] += weight * part.w[1];
    for (int a = 0; a < 3; a++) {
        if (i != j) {
            sum->gradient[i][a] += part.g[a];
            sum->gradient[j][a] -= part.g[a];
        }
        for (int b = 0; b < 3; b++)
            sum->virial[a][b] += weight * part.virial[a][b];
    }
}

/* Levels on the diagonal; without the overlap with an atom's own images, which add_pair has. */
static void on_site(const gfn1_orbitals *o, double *w) {
    const gfn1_system *system = o->system;
    for (size_t s = 0; s < o->n_shells; s++) {
        size_t i = o->atom[s], which = s - system->first[i];
        const gfn1_contraction *shell = &o->basis->kind[o->kind[i]].shell[which];
        double factor = system->element[i].shells[which].kcn * gfn1_overlap_same(shell, shell);
        for (size_t m = o->offset[s]; m < o->offset[s + 1]; m++)
            w[i] -= factor * o->density[m * o->n + m];
    }
}

skd_status gfn1_orbital_gradient(const gfn1_orbitals *o, const double *v, double *w, gfn1_sum *sum, skd_error *err) {
    const gfn1_system *system = o->system;
    gfn1_cells cells;
    skd_status status = gfn1_cells_init(&cells, system, o->basis->cutoff, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < system->n; i++)
        for (size_t j = 0; j <= i; j++)
            if (o->kind[i] <= o->kind[j])
                add_pair(o, &cells, v, i, j, w, sum);
            else
                add_pair(o, &cells, v, j, i, w, sum);
    on_site(o, w);
    gfn1_cells_free(&cells);
    return SKD_OK;
}
