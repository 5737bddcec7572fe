/* SPDX-License-Identifier: MIT */
/* verlet.c - when a neighbour list may be kept.
 *
 * Let F = L0^-1 L1 be the deformation from the lattice at building to the present one, and u_i the rest
 * of atom i's motion, r1 = r0 F + u. A missing pair had |d0| >= cutoff + skin, so now
 *     |d1| >= |d0 F| - 2 max|u| >= (1 - ||F - 1||) (cutoff + skin) - 2 max|u|,
 * with the Frobenius norm as the bound on the stretch. The list is kept while that is >= cutoff. */
#include "verlet.h"

#include <string.h>

static bool same_lattice(const double a[3][3], const double b[3][3]) {
    return memcmp(a, b, 9 * sizeof(double)) == 0;
}

/* F - 1, and its Frobenius norm; negative if the old lattice has no inverse. */
static double deformation(const double from[3][3], const double to[3][3], double out[3][3]) {
    double inverse[3][3], sum = 0.0;
    memset(out, 0, 9 * sizeof(double));
    if (same_lattice(from, to))
        return 0.0;
    if (skd_inv3(from, inverse) != SKD_OK)
        return -1.0;
    skd_mul3(inverse, to, out);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            out[a][b] -= a == b;
            sum += out[a][b] * out[a][b];
        }
    return sqrt(sum);
}

static bool still_good(const skd_verlet *v, const skd_cell *cell, double cutoff) {
    if (!v->n_builds || v->n != cell->n || v->cutoff != cutoff || memcmp(v->pbc, cell->pbc, sizeof v->pbc) != 0)
        return false;
    double strain[3][3], norm = deformation(v->built_lattice, cell->lattice, strain);
    double room = (1.0 - norm) * (cutoff + v->skin) - cutoff;
    if (norm < 0.0 || room < 0.0)
        return false;
    double most2 = room * room / 4.0;
    for (size_t i = 0; i < cell->n; i++) {
        const double *r0 = v->built_pos[i], *r1 = cell->pos[i];
        double u[3] = {r1[0] - r0[0], r1[1] - r0[1], r1[2] - r0[2]};
        if (norm > 0.0) {
            double carried[3];
            skd_row_times(r0, strain, carried);
            for (int k = 0; k < 3; k++)
                u[k] -= carried[k];
        }
        if (!(skd_dot(u, u) <= most2))
            return false;
    }
    return true;
}

static void set_shifts(skd_verlet *v, const skd_cell *cell) {
    memcpy(v->lattice, cell->lattice, sizeof v->lattice);
    for (size_t p = 0; p < v->first[v->n]; p++) {
        const int *s = v->nb.list[p].shift;
        double f[3] = {s[0], s[1], s[2]};
        skd_row_times(f, cell->lattice, v->pair[p].shift);
    }
}

static skd_status build(skd_verlet *v, const skd_cell *cell, double cutoff, skd_error *err) {
    v->n_builds = 0; /* not good until complete */
    skd_status status = skd_neighbours_build(&v->nb, cell, cutoff + v->skin, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&v->built_pos, &v->pos_capacity, cell->n, sizeof *v->built_pos, err);
    size_t n_pairs = status == SKD_OK ? v->nb.first[cell->n] : 0;
    if (status == SKD_OK)
        status = skd_grow((void **)&v->pair, &v->pair_capacity, n_pairs, sizeof *v->pair, err);
    if (status != SKD_OK)
        return status;
    v->n = cell->n;
    v->cutoff = cutoff;
    v->first = v->nb.first;
    v->most = 0;
    for (size_t i = 0; i < v->n; i++)
        v->most = v->first[i + 1] - v->first[i] > v->most ? v->first[i + 1] - v->first[i] : v->most;
    for (size_t p = 0; p < n_pairs; p++)
        v->pair[p].j = v->nb.list[p].j;
    set_shifts(v, cell);
    memcpy(v->pbc, cell->pbc, sizeof v->pbc);
    memcpy(v->built_lattice, cell->lattice, sizeof v->built_lattice);
    memcpy(v->built_pos, cell->pos, v->n * sizeof *v->built_pos);
    v->n_builds++;
    return SKD_OK;
}

skd_status skd_verlet_update(skd_verlet *v, const skd_cell *cell, double cutoff, skd_error *err) {
    if (!still_good(v, cell, cutoff))
        return build(v, cell, cutoff, err);
    if (!same_lattice(v->lattice, cell->lattice))
        set_shifts(v, cell);
    return SKD_OK;
}

void skd_verlet_free(skd_verlet *v) {
    skd_neighbours_free(&v->nb);
    skd_free(v->built_pos);
    skd_free(v->pair);
    *v = (skd_verlet){.skin = v->skin};
}
