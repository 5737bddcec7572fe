/* SPDX-License-Identifier: MIT */
/* neighbours.c - the neighbour list, by cells of atoms, without a sort.
 *
 * Atoms are wrapped into the reduced cell (skewed cells become compact) and dealt into bins. Every atom j
 * then looks for atoms i around it, j ascending; a stable counting sort by i turns these pairs round into
 * the list, whose entries thus come out ordered by j. Bins are visited with descending image numbers, so
 * that the images of one j ascend; only where the reduced axes are not the cell's own are the images of
 * the same j put in order afterwards.
 * d = (w_j - w_i) + shift in both directions: the entries i-j and j-i are exact opposites. */
#include "shakedown/crystal.h"

#include <string.h>

#include "lattice.h"

typedef struct pair {
    uint32_t i, j;
    int shift[3]; /* reduced axes, of the wrapped atoms */
    double d[3];  /* from i to j */
    double r2;
} pair;

typedef struct scratch {
    size_t n_capacity, bin_capacity, pair_capacity;
    double (*wrapped)[3]; /* [n] Cartesian, inside the reduced cell */
    double (*sorted)[3];  /* [n] the same, by bin */
    int (*offset)[3];     /* [n] wrapped = pos - offset . reduced */
    uint32_t *bin_of;     /* [n] */
    uint32_t *atom;       /* [n] by bin */
    uint32_t *bin_first;  /* [bins+1] */
    pair *pairs;
} scratch;

typedef struct grid {
    double lattice[3][3], inverse[3][3];
    int transform[3][3];
    bool open[3];
    int bins[3], reach[3];
    double low[3], scale[3]; /* bin = (f - low) * scale */
    double cut2;
} grid;

static void scratch_free(scratch *s) {
    if (!s)
        return;
    skd_free(s->wrapped);
    skd_free(s->sorted);
    skd_free(s->offset);
    skd_free(s->bin_of);
    skd_free(s->atom);
    skd_free(s->bin_first);
    skd_free(s->pairs);
    skd_free(s);
}

void skd_neighbours_free(skd_neighbours *nb) {
    if (!nb)
        return;
    skd_free(nb->first);
    skd_free(nb->list);
    scratch_free(nb->work);
    *nb = (skd_neighbours){0};
}

/* Replaces *array by a larger one; the content is not kept. */
static bool regrow(void *array, size_t n, size_t size) {
    void *fresh = skd_realloc(*(void **)array, n, size);
    if (fresh)
        *(void **)array = fresh;
    return fresh != NULL;
}

static skd_status reserve_atoms(skd_neighbours *nb, size_t n, skd_error *err) {
    if (!nb->work)
        nb->work = skd_alloc(1, sizeof(scratch));
    scratch *s = nb->work;
    if (!s)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a neighbour list");
    skd_status status = skd_grow((void **)&nb->first, &nb->first_capacity, n + 1, sizeof *nb->first, err);
    if (status != SKD_OK || (n <= s->n_capacity && s->wrapped))
        return status;
    s->n_capacity = 0;
    if (!regrow(&s->wrapped, n, sizeof *s->wrapped) || !regrow(&s->sorted, n, sizeof *s->sorted) ||
        !regrow(&s->offset, n, sizeof *s->offset) || !regrow(&s->bin_of, n, sizeof *s->bin_of) ||
        !regrow(&s->atom, n, sizeof *s->atom))
        return skd_fail(err, SKD_ENOMEM, "out of memory for a neighbour list of %zu atoms", n);
    s->n_capacity = n;
    return SKD_OK;
}

/* Wraps the atoms along periodic axes; finds the extent of the atoms along open ones. */
static skd_status wrap_atoms(const skd_cell *cell, grid *g, scratch *s, double extent[3], skd_error *err) {
    double high[3];
    for (int k = 0; k < 3; k++) {
        g->low[k] = g->open[k] ? INFINITY : 0.0;
        high[k] = g->open[k] ? -INFINITY : 1.0;
    }
    for (size_t i = 0; i < cell->n; i++) {
        double f[3], whole[3];
        skd_to_frac(g->inverse, cell->pos[i], f);
        for (int k = 0; k < 3; k++) {
            if (!(fabs(f[k]) < 1e9))
                return skd_fail(err, SKD_ENUMERIC, "atom %zu lies at %g cell lengths, expected a finite position",
                                i + 1, f[k]);
            whole[k] = g->open[k] ? 0.0 : floor(f[k]);
            s->offset[i][k] = (int)whole[k];
            g->low[k] = fmin(g->low[k], f[k] - whole[k]);
            high[k] = fmax(high[k], f[k] - whole[k]);
        }
        skd_row_times(whole, g->lattice, s->wrapped[i]);
        for (int k = 0; k < 3; k++)
            s->wrapped[i][k] = cell->pos[i][k] - s->wrapped[i][k];
    }
    for (int k = 0; k < 3; k++)
        extent[k] = fmax(high[k] - g->low[k], 1e-12);
    return SKD_OK;
}

/* Bins half a cut-off wide in dense crystals, a cut-off otherwise, and never many more than atoms. */
static void choose_bins(grid *g, size_t n, const double extent[3], double cut) {
    double height[3], width = cut, wanted = INFINITY, volume = 1.0;
    skd_cell_heights(g->lattice, height);
    for (int k = 0; k < 3; k++)
        volume *= height[k] * extent[k];
    if ((double)n * cut * cut * cut > 6.0 * volume)
        width = 0.5 * cut;
    for (; wanted > 8.0 * (double)n + 64.0; width *= 1.25) {
        wanted = 1.0;
        for (int k = 0; k < 3; k++)
            wanted *= fmax(1.0, height[k] * extent[k] / width);
    }
    width /= 1.25;
    for (int k = 0; k < 3; k++) {
        double length = height[k] * extent[k];
        g->bins[k] = (int)fmax(1.0, floor(length / width));
        g->reach[k] = (int)fmin(ceil(cut * g->bins[k] / length * (1.0 + 1e-9)), 1e6);
        g->scale[k] = g->bins[k] / extent[k];
        if (g->open[k] && g->reach[k] > g->bins[k])
            g->reach[k] = g->bins[k];
    }
}

static skd_status fill_bins(const skd_cell *cell, const grid *g, scratch *s, skd_error *err) {
    size_t n_bins = (size_t)g->bins[0] * (size_t)g->bins[1] * (size_t)g->bins[2];
    skd_status status = skd_grow((void **)&s->bin_first, &s->bin_capacity, n_bins + 1, sizeof *s->bin_first, err);
    if (status != SKD_OK)
        return status;
    memset(s->bin_first, 0, (n_bins + 1) * sizeof *s->bin_first);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        uint32_t bin = 0;
        skd_to_frac(g->inverse, s->wrapped[i], f);
        for (int k = 0; k < 3; k++) {
            int b = (int)floor((f[k] - g->low[k]) * g->scale[k]);
            b = b < 0 ? 0 : b >= g->bins[k] ? g->bins[k] - 1 : b;
            bin = bin * (uint32_t)g->bins[k] + (uint32_t)b;
        }
        s->bin_of[i] = bin;
        s->bin_first[bin + 1]++;
    }
    for (size_t b = 0; b < n_bins; b++)
        s->bin_first[b + 1] += s->bin_first[b];
    for (size_t i = cell->n; i-- > 0;) { /* from the end, so that each bin's start is left behind */
        uint32_t at = --s->bin_first[s->bin_of[i] + 1];
        s->atom[at] = (uint32_t)i;
        memcpy(s->sorted[at], s->wrapped[i], sizeof s->sorted[at]);
    }
    /* bin_first[b+1] now holds the start of bin b: move down by one and close the end */
    memmove(s->bin_first, s->bin_first + 1, n_bins * sizeof *s->bin_first);
    s->bin_first[n_bins] = (uint32_t)cell->n;
    return SKD_OK;
}

/* Quotient rounded down; *rest gets the remainder 0..n-1. */
static int divide_down(int a, int n, int *rest) {
    int q = a / n, r = a % n;
    if (r < 0) {
        r += n;
        q--;
    }
    *rest = r;
    return q;
}

/* Appends the pairs of atom j with the atoms first..last-1 (by bin), displaced by shift. */
static size_t search_run(const grid *g, const scratch *s, size_t j, uint32_t first, uint32_t last,
                         const double move[3], const int shift[3], pair *out) {
    const double *center = s->wrapped[j];
    size_t n = 0;
    for (uint32_t at = first; at < last; at++) {
        double x = center[0] - s->sorted[at][0] - move[0], y = center[1] - s->sorted[at][1] - move[1],
               z = center[2] - s->sorted[at][2] - move[2];
        double r2 = x * x + y * y + z * z;
        if (r2 < g->cut2 && (r2 > 0.0 || s->atom[at] != j)) /* an atom's images are never on it */
            out[n++] = (pair){s->atom[at], (uint32_t)j, {-shift[0], -shift[1], -shift[2]}, {x, y, z}, r2};
    }
    return n;
}

/* All pairs around atom j. The innermost axis is searched in runs of bins that lie one after another in
 * memory: one run for each image. */
static skd_status search_around(const grid *g, scratch *s, size_t j, size_t *n_pairs, skd_error *err) {
    int home[3], rest = (int)s->bin_of[j], at[3], shift[3];
    for (int k = 2; k >= 0; k--)
        rest = divide_down(rest, g->bins[k], &home[k]);
    int top = home[2] + g->reach[2], bottom = home[2] - g->reach[2];
    if (g->open[2]) {
        top = top < g->bins[2] - 1 ? top : g->bins[2] - 1;
        bottom = bottom > 0 ? bottom : 0;
    }
    for (int x = home[0] + g->reach[0]; x >= home[0] - g->reach[0]; x--) {
        shift[0] = divide_down(x, g->bins[0], &at[0]);
        for (int y = home[1] + g->reach[1]; y >= home[1] - g->reach[1] && !(g->open[0] && shift[0]); y--) {
            shift[1] = divide_down(y, g->bins[1], &at[1]);
            if (g->open[1] && shift[1])
                continue;
            size_t row = ((size_t)at[0] * (size_t)g->bins[1] + (size_t)at[1]) * (size_t)g->bins[2];
            for (int z = top; z >= bottom;) {
                shift[2] = divide_down(z, g->bins[2], &at[2]);
                int from = at[2] - (z - bottom) > 0 ? at[2] - (z - bottom) : 0;
                uint32_t first = s->bin_first[row + (size_t)from], last = s->bin_first[row + (size_t)at[2] + 1];
                double number[3] = {shift[0], shift[1], shift[2]}, move[3];
                skd_row_times(number, g->lattice, move);
                skd_status status = skd_grow((void **)&s->pairs, &s->pair_capacity, *n_pairs + (last - first),
                                             sizeof *s->pairs, err);
                if (status != SKD_OK)
                    return status;
                *n_pairs += search_run(g, s, j, first, last, move, shift, s->pairs + *n_pairs);
                z -= at[2] - from + 1;
            }
        }
    }
    return SKD_OK;
}

static int compare_shifts(const skd_neighbour *a, const skd_neighbour *b) {
    for (int k = 0; k < 3; k++)
        if (a->shift[k] != b->shift[k])
            return a->shift[k] < b->shift[k] ? -1 : 1;
    return 0;
}

/* Insertion sort of the images of the same j. */
static void order_images(const skd_neighbours *nb) {
    for (size_t i = 0; i < nb->n; i++)
        for (size_t p = nb->first[i] + 1; p < nb->first[i + 1]; p++) {
            skd_neighbour one = nb->list[p];
            size_t q = p;
            for (; q > nb->first[i] && nb->list[q - 1].j == one.j && compare_shifts(&nb->list[q - 1], &one) > 0; q--)
                nb->list[q] = nb->list[q - 1];
            nb->list[q] = one;
        }
}

/* Image number in the cell's own axes, of the atoms where they are. */
static void own_shift(const grid *g, const scratch *s, const pair *p, int shift[3]) {
    int n[3];
    for (int k = 0; k < 3; k++)
        n[k] = p->shift[k] - s->offset[p->j][k] + s->offset[p->i][k];
    for (int k = 0; k < 3; k++)
        shift[k] = n[0] * g->transform[0][k] + n[1] * g->transform[1][k] + n[2] * g->transform[2][k];
}

/* Deals the pairs out to their first atom, keeping their order. */
static skd_status deal_out(skd_neighbours *nb, const grid *g, const scratch *s, size_t n_pairs, skd_error *err) {
    skd_status status = skd_grow((void **)&nb->list, &nb->list_capacity, n_pairs, sizeof *nb->list, err);
    if (status != SKD_OK)
        return status;
    memset(nb->first, 0, (nb->n + 1) * sizeof *nb->first);
    for (size_t p = 0; p < n_pairs; p++)
        nb->first[s->pairs[p].i + 1]++;
    for (size_t i = 0; i < nb->n; i++)
        nb->first[i + 1] += nb->first[i];
    for (size_t p = 0; p < n_pairs; p++) {
        const pair *from = &s->pairs[p];
        skd_neighbour *to = &nb->list[nb->first[from->i]++];
        to->j = from->j;
        own_shift(g, s, from, to->shift);
        memcpy(to->d, from->d, sizeof to->d);
        to->r = sqrt(from->r2);
    }
    memmove(nb->first + 1, nb->first, nb->n * sizeof *nb->first);
    nb->first[0] = 0;
    bool own_axes = true;
    for (int k = 0; k < 9; k++)
        own_axes = own_axes && g->transform[k / 3][k % 3] == (k / 3 == k % 3);
    if (!own_axes)
        order_images(nb);
    return SKD_OK;
}

skd_status skd_neighbours_build(skd_neighbours *nb, const skd_cell *cell, double r_cut, skd_error *err) {
    grid g = {.cut2 = r_cut * r_cut};
    double extent[3];
    nb->n = 0;
    if (!(r_cut > 0.0 && r_cut < 1e6) || cell->n > INT32_MAX / 64)
        return skd_fail(err, SKD_EARG, "neighbours of %zu atoms within %g Å, expected a positive distance", cell->n,
                        r_cut);
    skd_status status = reserve_atoms(nb, cell->n, err);
    if (status != SKD_OK)
        return status;
    scratch *s = nb->work;
    skd_lattice_close(cell, g.lattice, g.transform, g.open);
    if (skd_inv3(g.lattice, g.inverse) != SKD_OK)
        return skd_fail(err, SKD_EARG, "the cell has no volume: its lattice vectors lie in a plane");
    status = wrap_atoms(cell, &g, s, extent, err);
    if (status != SKD_OK)
        return status;
    choose_bins(&g, cell->n, extent, r_cut);
    status = fill_bins(cell, &g, s, err);
    size_t n_pairs = 0;
    for (size_t j = 0; j < cell->n && status == SKD_OK; j++)
        status = search_around(&g, s, j, &n_pairs, err);
    if (status != SKD_OK)
        return status;
    nb->n = cell->n;
    return deal_out(nb, &g, s, n_pairs, err);
}
