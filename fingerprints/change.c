/* SPDX-License-Identifier: MIT */
/* change.c - what a relaxation did to a defect, in words a person uses: how far atoms went, which like atoms bonded,
 * what became of the neighbours' coordination, and whether only the defect moved or the host as well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shakedown/fingerprints.h"

#define BOND_FACTOR  1.15 /* of the sum of covalent radii: like atoms that are neighbours of neighbours are farther */
#define COORDINATION 1.25 /* of the distance to the nearest atom */
#define APPROACH     0.2  /* Å, by which a new bond's atoms have come closer */
#define SHELL        1.15 /* of the distance of the nearest atom */
#define SYMPREC      0.05 /* Å */
#define STOL_MAX     0.6  /* of the mean distance of atoms: the largest rms of a match; what is beyond has no use */
#define ALARM        0.2  /* Å; a reconstruction in a cell of 50 atoms strains the farthest by up to 0.16 */
#define ALARM_SHARE  0.5
#define FAR          6.0  /* Å, from the defect's core: as far as a reconstruction strains its surroundings */
#define FAR_SHARE    0.1  /* of the atoms: with fewer so far away a cell has no far field */
#define CORE_MOVED   0.5  /* Å ... */
#define CORE_OUTLIER 3.0  /* ... and so many times the median: atoms that went elsewhere belong to the core */

typedef struct pair_of_cells {
    const skd_cell *a, *b;
    skd_mic before, after;
} pair_of_cells;

static double bond_limit(int z1, int z2) {
    const skd_element *a = skd_element_of(z1), *b = skd_element_of(z2);
    return a && b ? BOND_FACTOR * (a->covalent_radius + b->covalent_radius) : 0.0;
}

static double distance(const skd_mic *mic, const skd_cell *cell, size_t i, size_t j) {
    double d[3];
    return skd_mic_vector(mic, cell->pos[i], cell->pos[j], d);
}

static int by_length(const void *x, const void *y) {
    const skd_bond *a = x, *b = y;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->i != b->i ? (a->i < b->i ? -1 : 1) : (a->j > b->j) - (a->j < b->j);
}

static void keep_bond(skd_change *out, skd_bond bond) {
    if (out->n_homo == SKD_CHANGE_BONDS) {
        if (bond.length >= out->homo[SKD_CHANGE_BONDS - 1].length)
            return;
        out->n_homo--;
    }
    out->homo[out->n_homo++] = bond;
    qsort(out->homo, out->n_homo, sizeof *out->homo, by_length);
}

static void find_homo_bonds(skd_change *out, const pair_of_cells *p) {
    for (size_t i = 0; i < p->b->n; i++)
        for (size_t j = i + 1; j < p->b->n; j++) {
            double limit = bond_limit(p->b->species[i], p->b->species[j]), now;
            if (p->b->species[i] != p->b->species[j] || (now = distance(&p->after, p->b, i, j)) >= limit)
                continue;
            double then = distance(&p->before, p->a, i, j);
            if (then >= limit && then - now >= APPROACH)
                keep_bond(out, (skd_bond){.found = true, .i = i, .j = j, .length = now, .before = then});
        }
}

/* Atoms about atom i, by its own nearest distance: holds in ionic crystals too. */
static int count_bonds(const skd_mic *mic, const skd_cell *cell, size_t i) {
    double nearest = INFINITY;
    int n = 0;
    for (size_t j = 0; j < cell->n; j++)
        nearest = j == i ? nearest : fmin(nearest, distance(mic, cell, i, j));
    for (size_t j = 0; j < cell->n; j++)
        n += j != i && distance(mic, cell, i, j) < COORDINATION * nearest;
    return n;
}

/* The atoms about the site, the one on it excepted. */
static void find_neighbours(skd_change *out, const pair_of_cells *p, const double site[3]) {
    double nearest = INFINITY, d[3];
    for (size_t i = 0; i < p->a->n; i++) {
        double r = skd_mic_vector(&p->before, site, p->a->pos[i], d);
        nearest = r > 0.5 ? fmin(nearest, r) : nearest;
    }
    for (size_t i = 0; i < p->a->n && out->n_neighbours < SKD_CHANGE_NEIGHBOURS; i++) {
        double r = skd_mic_vector(&p->before, site, p->a->pos[i], d);
        if (r > 0.5 && r < SHELL * nearest)
            out->neighbour[out->n_neighbours++] =
                (skd_coordination){i, count_bonds(&p->before, p->a, i), count_bonds(&p->after, p->b, i)};
    }
}

typedef struct atom_shift {
    double from_site, moved;
    size_t atom;
} atom_shift;

static int by_distance(const void *x, const void *y) {
    const atom_shift *a = x, *b = y;
    return (a->from_site > b->from_site) - (a->from_site < b->from_site);
}

static int by_move(const void *x, const void *y) {
    const atom_shift *a = x, *b = y;
    return (a->moved > b->moved) - (a->moved < b->moved);
}

static double rms(const atom_shift *list, size_t n) {
    double sum = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += list[k].moved * list[k].moved;
    return n ? sqrt(sum / (double)n) : 0.0;
}

/* Replaces from_site by the distance from the core: the site, and the atoms that went much farther than most. */
static void measure_from_core(atom_shift *list, const pair_of_cells *p) {
    size_t n = p->a->n;
    qsort(list, n, sizeof *list, by_move);
    const double limit = fmax(CORE_MOVED, CORE_OUTLIER * list[n / 2].moved);
    for (size_t k = 0; k < n; k++)
        for (size_t c = n; c-- > 0 && list[c].moved > limit;)
            list[k].from_site = fmin(list[k].from_site, fmin(distance(&p->before, p->a, list[k].atom, list[c].atom),
                                                             distance(&p->after, p->b, list[k].atom, list[c].atom)));
}

static void find_far_field(skd_change *out, const pair_of_cells *p, const skd_match *match, const double site[3],
                           atom_shift *list) {
    double d[3];
    size_t n = p->a->n;
    for (size_t i = 0; i < n; i++)
        list[i] = (atom_shift){skd_mic_vector(&p->before, site, p->a->pos[i], d), match->distance[i], i};
    qsort(list, n, sizeof *list, by_distance);
    out->near = rms(list, n / 3);
    measure_from_core(list, p);
    qsort(list, n, sizeof *list, by_distance);
    while (out->n_far < n && list[n - 1 - out->n_far].from_site > FAR)
        out->n_far++;
    if ((double)out->n_far < FAR_SHARE * (double)n)
        out->n_far = 0;
    out->far = rms(list + n - out->n_far, out->n_far);
    out->bulk_alarm = out->far > ALARM && out->far > ALARM_SHARE * out->near;
}

static skd_status find_symmetry(skd_change *out, const pair_of_cells *p, const skd_symmetry *known, skd_error *err) {
    skd_symmetry *found = NULL, *after = NULL;
    skd_status status = known ? SKD_OK : skd_symmetry_find(&found, p->a, SYMPREC, err);
    const skd_symmetry *before = known ? known : found;
    if (status == SKD_OK)
        status = skd_symmetry_find(&after, p->b, SYMPREC, err);
    if (status == SKD_OK) {
        snprintf(out->symmetry[0], sizeof out->symmetry[0], "%s", before->schoenflies);
        snprintf(out->symmetry[1], sizeof out->symmetry[1], "%s", after->schoenflies);
        out->ways = (double)before->n_operations / (double)after->n_operations;
    }
    skd_symmetry_free(found);
    skd_symmetry_free(after);
    return status;
}

static skd_status measure(skd_change *out, const pair_of_cells *p, const double *site, skd_error *err) {
    skd_match match;
    const skd_match_options options = {.least_rms = true,
                                       .tolerance = STOL_MAX * cbrt(skd_cell_volume(p->a) / (double)p->a->n)};
    skd_status status = skd_match_find(&match, p->a, p->b, &options, err);
    out->matched = status == SKD_OK && match.found;
    out->disp = out->matched ? match.sum_above : (double)NAN;
    out->max_dist = out->matched ? match.max_distance : (double)NAN;
    size_t most = 0;
    for (size_t i = 0; out->matched && i < p->a->n; i++)
        if (match.distance[i] > match.distance[most])
            most = i;
    const double *centre = site ? site : p->a->pos[most];
    if (site)
        find_neighbours(out, p, site);
    atom_shift *list = skd_alloc(p->a->n, sizeof *list);
    if (status == SKD_OK && !list)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", p->a->n);
    if (status == SKD_OK && out->matched)
        find_far_field(out, p, &match, centre, list);
    skd_free(list);
    skd_match_free(&match);
    return status;
}

skd_status skd_change_symmetry(skd_symmetry **out, const skd_cell *reference, skd_error *err) {
    return skd_symmetry_find(out, reference, SYMPREC, err);
}

skd_status skd_change_find(skd_change *out, const skd_cell *reference, const skd_cell *cell, const double *site,
                           skd_error *err) {
    return skd_change_find_knowing(out, reference, NULL, cell, site, err);
}

skd_status skd_change_find_knowing(skd_change *out, const skd_cell *reference, const skd_symmetry *symmetry,
                                   const skd_cell *cell, const double *site, skd_error *err) {
    pair_of_cells p = {.a = reference, .b = cell};
    *out = (skd_change){.ways = (double)NAN};
    if (reference->n != cell->n || reference->n == 0 ||
        memcmp(reference->species, cell->species, cell->n * sizeof *cell->species) != 0)
        return skd_fail(err, SKD_EARG, "structures of %zu and %zu atoms, or of other elements in another order, cannot "
                                       "be compared atom by atom", reference->n, cell->n);
    skd_status status = skd_mic_setup(&p.before, reference, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&p.after, cell, err);
    if (status == SKD_OK)
        status = measure(out, &p, site, err);
    if (status == SKD_OK)
        status = find_symmetry(out, &p, symmetry, err);
    if (status == SKD_OK)
        find_homo_bonds(out, &p);
    return status;
}
