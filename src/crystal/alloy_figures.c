/* SPDX-License-Identifier: MIT */
/* alloy_figures.c - pairs and triplets of an alloy's sites, and their correlations.
 *
 * A figure counts, over all its instances, which elements sit at its corners. The counts are whole numbers, so an
 * exchange of two atoms updates them exactly, and the correlations, linear in the counts, have no drift. */
#include "alloy_figures.h"

#include <stdlib.h>
#include <string.h>

#define SHELL_GAP   0.05 /* Å: distances with a larger step between them are in different shells */
#define RADIUS_MOST 7.0  /* mean distances of sites: where the search for shells ends */

/* ---- shells ------------------------------------------------------------------------------ */

static int by_value(const void *left, const void *right) {
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Fills the shells of sorted distances; the last one may be cut by the radius and is not counted. */
static size_t split_shells(skd_shells *shells, const double *r, size_t n, size_t wanted) {
    size_t found = 0;
    for (size_t i = 0, first = 0; i + 1 < n && found < wanted; i++)
        if (r[i + 1] - r[i] > SHELL_GAP) {
            double sum = 0.0;
            for (size_t k = first; k <= i; k++)
                sum += r[k];
            shells->mean[found] = sum / (double)(i + 1 - first);
            shells->upto[found++] = 0.5 * (r[i] + r[i + 1]);
            first = i + 1;
        }
    return found;
}

static skd_status shells_within(skd_shells *shells, const skd_neighbours *nb, size_t wanted, size_t *found,
                                skd_error *err) {
    size_t n = nb->first[nb->n];
    double *r = skd_alloc(n, sizeof *r);
    if (!r)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu distances", n);
    for (size_t i = 0; i < n; i++)
        r[i] = nb->list[i].r;
    if (n > 0)
        qsort(r, n, sizeof *r, by_value);
    *found = split_shells(shells, r, n, wanted);
    skd_free(r);
    return SKD_OK;
}

/* Widens the radius until so many shells are whole; leaves the neighbours within the last of them. */
static skd_status find_shells(skd_correlations *c, const skd_cell *sites, skd_neighbours *nb, size_t wanted,
                              skd_error *err) {
    const double mean = cbrt(skd_cell_volume(sites) / (double)sites->n);
    double radius = 1.5 * mean;
    size_t found = 0;
    skd_status status = SKD_OK;
    for (; status == SKD_OK && found < wanted; radius *= 1.25) {
        if (radius > RADIUS_MOST * mean)
            return skd_fail(err, SKD_EARG, "correlations: expected sites with %zu shells of neighbours, %g Å apart or "
                                           "more; found none such (a relaxed cell?)", wanted, SHELL_GAP);
        status = skd_neighbours_build(nb, sites, radius, err);
        if (status == SKD_OK)
            status = shells_within(&c->shells, nb, wanted, &found, err);
    }
    c->shells.n = wanted;
    return status == SKD_OK ? skd_neighbours_build(nb, sites, c->shells.upto[wanted - 1], err) : status;
}

static size_t shell_of(const skd_shells *shells, double r) {
    size_t s = 0;
    while (s < shells->n && r > shells->upto[s])
        s++;
    return s;
}

/* ---- figures ----------------------------------------------------------------------------- */

/* Point function k = 1..m-1 of label a out of m. */
static double point_function(size_t k, size_t a, size_t m) {
    const double turn = 2.0 * 3.14159265358979323846 * (double)((k + 1) / 2) * (double)a / (double)m;
    return k % 2 ? -cos(turn) : -sin(turn);
}

static const int orders[6][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};

/* The key as it is when the corners are taken in another order. Sides: 12, 13, 23. */
static void reorder(const size_t key[6], const int order[3], size_t out[6]) {
    static const int side[3][3] = {{0, 3, 4}, {3, 0, 5}, {4, 5, 0}};
    for (int k = 0; k < 3; k++)
        out[k] = key[order[k]];
    out[3] = key[side[order[0]][order[1]]];
    out[4] = key[side[order[0]][order[2]]];
    out[5] = key[side[order[1]][order[2]]];
}

static int n_orders(int corners) { return corners == 2 ? 2 : 6; }

static int compare_keys(const size_t a[6], const size_t b[6]) {
    for (int k = 0; k < 6; k++)
        if (a[k] != b[k])
            return a[k] < b[k] ? -1 : 1;
    return 0;
}

/* Digits of a number whose places have the given bases. */
static void digits(size_t number, const size_t base[3], int n, size_t out[3]) {
    for (int k = n - 1; k >= 0; k--) {
        out[k] = number % base[k];
        number /= base[k];
    }
}

/* What each way to occupy the corners gives to each correlation, averaged over the figure's own symmetry. */
static void fill_products(figure *f, const skd_alloy *alloy) {
    const int corners = f->shown.order;
    size_t labels[3] = {1, 1, 1}, functions[3] = {1, 1, 1}, a[3] = {0}, k[3] = {0}, same[6];
    for (int p = 0; p < corners; p++) {
        labels[p] = alloy->sublattice[f->key[p]].n_species;
        functions[p] = labels[p] - 1;
    }
    for (size_t v = 0; v < f->shown.n_values; v++)
        for (size_t t = 0; t < f->n_tuples; t++) {
            double sum = 0.0;
            int n = 0;
            digits(v, functions, corners, k);
            digits(t, labels, corners, a);
            for (int o = 0; o < n_orders(corners); o++) {
                reorder(f->key, orders[o], same);
                if (compare_keys(same, f->key) != 0)
                    continue;
                double product = 1.0;
                for (int p = 0; p < corners; p++)
                    product *= point_function(k[p] + 1, a[orders[o][p]], labels[p]);
                sum += product;
                n++;
            }
            f->product[v * f->n_tuples + t] = sum / n;
        }
}

static void fill_targets(figure *f, const skd_alloy *alloy) {
    const int corners = f->shown.order;
    size_t functions[3] = {1, 1, 1}, k[3] = {0};
    for (int p = 0; p < corners; p++)
        functions[p] = alloy->sublattice[f->key[p]].n_species - 1;
    for (size_t v = 0; v < f->shown.n_values; v++) {
        digits(v, functions, corners, k);
        f->shown.target[v] = 1.0;
        for (int p = 0; p < corners; p++) {
            const skd_sublattice *lattice = &alloy->sublattice[f->key[p]];
            double mean = 0.0;
            for (size_t a = 0; a < lattice->n_species; a++)
                mean += (double)lattice->count[a] * point_function(k[p] + 1, a, lattice->n_species);
            f->shown.target[v] *= mean / (double)lattice->n;
        }
    }
}

static skd_status fill_figure(figure *f, const skd_correlations *c, skd_error *err) {
    const skd_alloy *alloy = c->alloy;
    const int corners = f->shown.order;
    double longest = 0.0;
    f->n_tuples = f->shown.n_values = 1;
    for (int p = 0; p < corners; p++) {
        f->shown.lattice[p] = f->key[p];
        f->n_tuples *= alloy->sublattice[f->key[p]].n_species;
        f->shown.n_values *= alloy->sublattice[f->key[p]].n_species - 1;
    }
    for (int s = 0; s < (corners == 2 ? 1 : 3); s++) {
        f->shown.side[s] = c->shells.mean[f->key[3 + s]];
        longest = fmax(longest, f->shown.side[s]);
    }
    f->shown.weight = c->shells.mean[0] * c->shells.mean[0] / (longest * longest);
    f->count = skd_alloc(f->n_tuples, sizeof *f->count);
    f->product = skd_alloc(f->n_tuples * f->shown.n_values, sizeof *f->product);
    f->shown.value = skd_alloc(f->shown.n_values, sizeof *f->shown.value);
    f->shown.target = skd_alloc(f->shown.n_values, sizeof *f->shown.target);
    if (!f->count || !f->product || !f->shown.value || !f->shown.target)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the correlations of an alloy");
    fill_products(f, alloy);
    fill_targets(f, alloy);
    return SKD_OK;
}

/* Number of the figure with this key; a new one is appended. */
static skd_status figure_of(skd_correlations *c, const size_t key[6], int corners, size_t *number, skd_error *err) {
    for (*number = 0; *number < c->n_figures; ++*number)
        if (c->figure[*number].shown.order == corners && compare_keys(c->figure[*number].key, key) == 0)
            return SKD_OK;
    skd_status status =
        skd_grow((void **)&c->figure, &c->figure_capacity, c->n_figures + 1, sizeof *c->figure, err);
    if (status != SKD_OK)
        return status;
    figure *f = &c->figure[c->n_figures++];
    *f = (figure){.shown = {.order = corners}};
    memcpy(f->key, key, sizeof f->key);
    return fill_figure(f, c, err);
}

/* ---- instances --------------------------------------------------------------------------- */

/* Takes the corners in the order that makes the key least. */
static skd_status add_instance(skd_correlations *c, int corners, const size_t site[3], const size_t shell[3],
                               unsigned weight, skd_error *err) {
    size_t key[6] = {0}, least[6], turned[6], number;
    int best = 0;
    for (int p = 0; p < corners; p++)
        key[p] = c->alloy->lattice[site[p]];
    memcpy(key + 3, shell, (corners == 2 ? 1 : 3) * sizeof *key);
    memcpy(least, key, sizeof least);
    for (int o = 1; o < n_orders(corners); o++) {
        reorder(key, orders[o], turned);
        if (compare_keys(turned, least) < 0) {
            memcpy(least, turned, sizeof least);
            best = o;
        }
    }
    skd_status status = figure_of(c, least, corners, &number, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&c->instance, &c->capacity, c->n + 1, sizeof *c->instance, err);
    if (status != SKD_OK)
        return status;
    instance *one = &c->instance[c->n++];
    *one = (instance){.figure = (uint32_t)number, .weight = weight};
    for (int p = 0; p < corners; p++)
        one->site[p] = (uint32_t)site[orders[best][p]];
    c->figure[number].total += weight;
    return SKD_OK;
}

/* Of the two ways to see a pair, the one with the lower site first, or the positive shift to an own image. */
static bool is_first_view(size_t i, const skd_neighbour *to) {
    if (i != to->j)
        return i < to->j;
    for (int k = 0; k < 3; k++)
        if (to->shift[k] != 0)
            return to->shift[k] > 0;
    return false;
}

static skd_status add_pairs(skd_correlations *c, const skd_neighbours *nb, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < nb->n; i++)
        for (size_t k = nb->first[i]; k < nb->first[i + 1] && status == SKD_OK; k++) {
            const skd_neighbour *to = &nb->list[k];
            const size_t site[3] = {i, to->j}, shell[3] = {shell_of(&c->shells, to->r)};
            if (is_first_view(i, to))
                status = add_instance(c, 2, site, shell, 1, err);
        }
    return status;
}

/* A triplet is seen from each of its corners; taken is the view from its lowest site. If several corners are images
 * of that, it is seen as often, and weighs accordingly less. */
static skd_status add_triplet(skd_correlations *c, size_t i, const skd_neighbour *a, const skd_neighbour *b,
                              size_t shells, skd_error *err) {
    double d[3];
    for (int k = 0; k < 3; k++)
        d[k] = b->d[k] - a->d[k];
    const size_t site[3] = {i, a->j, b->j};
    const size_t shell[3] = {shell_of(&c->shells, a->r), shell_of(&c->shells, b->r),
                             shell_of(&c->shells, skd_norm(d))};
    if (a->j < i || b->j < i || shell[0] >= shells || shell[1] >= shells || shell[2] >= shells)
        return SKD_OK;
    const unsigned views = 1U + (a->j == i) + (b->j == i);
    return add_instance(c, 3, site, shell, 6 / views, err);
}

static skd_status add_triplets(skd_correlations *c, const skd_neighbours *nb, size_t shells, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < nb->n; i++)
        for (size_t a = nb->first[i]; a < nb->first[i + 1]; a++)
            for (size_t b = a + 1; b < nb->first[i + 1] && status == SKD_OK; b++)
                status = add_triplet(c, i, &nb->list[a], &nb->list[b], shells, err);
    return status;
}

/* Lists the instances of each site, each once. */
static skd_status index_sites(skd_correlations *c, skd_error *err) {
    const size_t n = c->alloy->n_sites;
    c->first = skd_alloc(n + 2, sizeof *c->first);
    c->of_site = skd_alloc(3 * c->n, sizeof *c->of_site);
    if (!c->first || !c->of_site)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu pairs and triplets", c->n);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < c->n; k++) {
            const instance *one = &c->instance[k];
            for (int p = 0; p < c->figure[one->figure].shown.order; p++) {
                bool again = false;
                for (int q = 0; q < p; q++)
                    again = again || one->site[q] == one->site[p];
                if (again)
                    continue;
                if (pass == 0)
                    c->first[one->site[p] + 2]++;
                else
                    c->of_site[c->first[one->site[p] + 1]++] = (uint32_t)k;
            }
        }
        for (size_t i = 2; pass == 0 && i < n + 2; i++)
            c->first[i] += c->first[i - 1];
    }
    return SKD_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right) {
    const figure *a = left, *b = right;
    if (a->shown.order != b->shown.order)
        return a->shown.order - b->shown.order;
    const size_t *x = a->key, *y = b->key;
    for (int k = 3; k < 6; k++)
        if (x[k] != y[k])
            return x[k] < y[k] ? -1 : 1;
    return compare_keys(x, y);
}

/* Figures in the order of their size, and the instances with them. */
static skd_status sort_figures(skd_correlations *c, skd_error *err) {
    size_t *place = skd_alloc(c->n_figures, sizeof *place);
    if (!place)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu figures", c->n_figures);
    for (size_t f = 0; f < c->n_figures; f++)
        c->figure[f].number = f;
    if (c->n_figures > 0)
        qsort(c->figure, c->n_figures, sizeof *c->figure, by_size);
    for (size_t f = 0; f < c->n_figures; f++)
        place[c->figure[f].number] = f;
    for (size_t k = 0; k < c->n; k++)
        c->instance[k].figure = (uint32_t)place[c->instance[k].figure];
    skd_free(place);
    return SKD_OK;
}

static skd_status list_figures(skd_correlations *c, const skd_cell *sites, const skd_sqs_options *options,
                               skd_error *err) {
    skd_neighbours nb = {0};
    size_t wanted = options->pair_shells > options->triplet_shells ? options->pair_shells : options->triplet_shells;
    skd_status status = find_shells(c, sites, &nb, wanted, err);
    if (status == SKD_OK)
        status = add_pairs(c, &nb, err);
    if (status == SKD_OK && options->triplet_shells > 0)
        status = add_triplets(c, &nb, options->triplet_shells, err);
    skd_neighbours_free(&nb);
    if (status == SKD_OK)
        status = sort_figures(c, err);
    return status == SKD_OK ? index_sites(c, err) : status;
}

skd_status skd_correlations_new(skd_correlations **out, const skd_alloy *alloy, const skd_sqs_options *options,
                                skd_error *err) {
    *out = NULL;
    if (alloy->n_sites == 0)
        return skd_fail(err, SKD_EARG, "correlations: the alloy has no substituted sites");
    if (options->pair_shells < 1 || options->pair_shells > SHELLS_MAX || options->triplet_shells > SHELLS_MAX)
        return skd_fail(err, SKD_EARG, "correlations: expected 1 to %d shells", SHELLS_MAX);
    skd_cell *sites = NULL;
    skd_correlations *c = skd_alloc(1, sizeof *c);
    skd_status status = c ? skd_cell_pick(&sites, alloy->host, alloy->atom, alloy->n_sites, err)
                          : skd_fail(err, SKD_ENOMEM, "out of memory for correlations");
    if (status == SKD_OK) {
        c->alloy = alloy;
        status = list_figures(c, sites, options, err);
    }
    skd_cell_free(sites);
    if (status != SKD_OK)
        skd_correlations_free(c);
    else
        *out = c;
    return status;
}

void skd_correlations_free(skd_correlations *c) {
    if (!c)
        return;
    for (size_t f = 0; f < c->n_figures; f++) {
        skd_free(c->figure[f].count);
        skd_free(c->figure[f].product);
        skd_free(c->figure[f].shown.value);
        skd_free(c->figure[f].shown.target);
    }
    skd_free(c->figure);
    skd_free(c->shown);
    skd_free(c->instance);
    skd_free(c->first);
    skd_free(c->of_site);
    skd_free(c);
}
