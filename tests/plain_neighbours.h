/* SPDX-License-Identifier: MIT */
/* plain_neighbours.h - slow truths about periodic distances, and the random cells that the tests of the
 * crystal module share: every image within reach is looked at, nothing is clever. */
#ifndef SKD_PLAIN_NEIGHBOURS_H
#define SKD_PLAIN_NEIGHBOURS_H

#include "shakedown/crystal.h"

/* Images to look at along each axis, so that every atom within r of another is met. */
static inline void plain_reach(const skd_cell *cell, double r, int reach[3]) {
    double height[3], inverse[3][3], spread[3] = {0, 0, 0};
    skd_cell_heights(cell->lattice, height);
    if (skd_inv3(cell->lattice, inverse) != SKD_OK)
        return;
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        skd_to_frac(inverse, cell->pos[i], f);
        for (int k = 0; k < 3; k++)
            spread[k] = fmax(spread[k], fabs(f[k]));
    }
    for (int k = 0; k < 3; k++)
        reach[k] = cell->pbc[k] ? (int)(ceil(r / height[k]) + ceil(2.0 * spread[k])) + 1 : 0;
}

/* Neighbours of atom i in the order of the contract; returns their number, stores at most `room`. */
static inline size_t plain_neighbours(const skd_cell *cell, size_t i, double r_cut, skd_neighbour *out, size_t room) {
    int reach[3] = {0, 0, 0};
    size_t n = 0;
    plain_reach(cell, r_cut, reach);
    for (size_t j = 0; j < cell->n; j++)
        for (int a = -reach[0]; a <= reach[0]; a++)
            for (int b = -reach[1]; b <= reach[1]; b++)
                for (int c = -reach[2]; c <= reach[2]; c++) {
                    double shift[3] = {a, b, c}, d[3];
                    skd_row_times(shift, cell->lattice, d);
                    for (int k = 0; k < 3; k++)
                        d[k] += cell->pos[j][k] - cell->pos[i][k];
                    double r = skd_norm(d);
                    if (!((r > 1e-9 || i != j) && r < r_cut))
                        continue;
                    if (n < room)
                        out[n] = (skd_neighbour){j, {a, b, c}, {d[0], d[1], d[2]}, r};
                    n++;
                }
    return n;
}

/* Shortest distance between a point and the images of another. */
static inline double plain_distance(const skd_cell *cell, const double from[3], const double to[3], int reach) {
    double best = INFINITY;
    int r[3];
    for (int k = 0; k < 3; k++)
        r[k] = cell->pbc[k] ? reach : 0;
    for (int a = -r[0]; a <= r[0]; a++)
        for (int b = -r[1]; b <= r[1]; b++)
            for (int c = -r[2]; c <= r[2]; c++) {
                double shift[3] = {a, b, c}, d[3];
                skd_row_times(shift, cell->lattice, d);
                for (int k = 0; k < 3; k++)
                    d[k] += to[k] - from[k];
                best = fmin(best, skd_norm(d));
            }
    return best;
}

/* Shapes of random cells: the row number modulo the count of shapes chooses. */
enum { PLAIN_ORDINARY, PLAIN_ONE_ATOM, PLAIN_NEEDLE, PLAIN_PANCAKE, PLAIN_SKEWED, PLAIN_SHAPES };

static inline double plain_between(skd_rng *rng, double low, double high) {
    return low + (high - low) * skd_rng_uniform(rng);
}

/* A random lattice of the given shape, edges of a few Å; strongly skewed ones have combinations of
 * rows added to each other, which leaves the lattice as it was but not its cell. */
static inline void plain_lattice(skd_rng *rng, int shape, double m[3][3]) {
    static const double stretch[PLAIN_SHAPES][3] = {{1, 1, 1}, {1, 1, 1}, {6, .55, .6}, {3, 3.4, .35}, {1, 1.2, .9}};
    do
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++)
                m[i][k] = stretch[shape][i] * (plain_between(rng, -1.3, 1.3) + (i == k ? 4.1 : 0.0));
    while (fabs(skd_det3(m)) < 4.0);
    for (int times = 0; shape == PLAIN_SKEWED && times < 3; times++) {
        int to = (int)skd_rng_below(rng, 0, 3), from = (to + 1 + (int)skd_rng_below(rng, 0, 2)) % 3;
        double by = (double)skd_rng_below(rng, 0, 5) - 2.0;
        for (int k = 0; k < 3; k++)
            m[to][k] += by * m[from][k];
    }
}

/* Random cell: up to n_max atoms, some of them outside the cell. */
static inline skd_status plain_cell(skd_cell **out, skd_rng *rng, int shape, size_t n_max, skd_error *err) {
    size_t n = shape == PLAIN_ONE_ATOM ? 1 : 1 + skd_rng_below(rng, 0, (uint32_t)n_max);
    skd_status status = skd_cell_new(out, n, err);
    if (status != SKD_OK)
        return status;
    plain_lattice(rng, shape, (*out)->lattice);
    for (size_t i = 0; i < n; i++) {
        double f[3];
        for (int k = 0; k < 3; k++)
            f[k] = plain_between(rng, -0.7, 1.9);
        skd_row_times(f, (*out)->lattice, (*out)->pos[i]);
        (*out)->species[i] = skd_rng_u32(rng) & 1 ? 48 : 52;
    }
    return SKD_OK;
}

#endif
