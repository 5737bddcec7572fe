/* SPDX-License-Identifier: MIT */
/* voids.c - sites for interstitials, by the rules of doped 3.2 (its documentation of interstitial sites):
 *
 *   vertices of the Voronoi tessellation, far enough from atoms
 *   -> clusters (centroid linkage, 0.8 Å); of each the member, or its middle, of highest site symmetry, unless
 *      that lies below 0.85 times as far from atoms as the farthest one, which is taken then
 *   -> one of each set of equivalent ones
 *   -> of those within 0.32 (V/N)^(1/3) of each other, one by the same preference.
 *
 * doped sums the multiplicities of sets within 0.02 (V/N)^(1/3); here the first stands for all of them. Where its
 * one layer of images is too thin for a skewed cell it finds sites that are no vertices (Li6UO6, mp-8609).
 * Distances between clusters are those of their centres of gravity, so no matrix of distances is kept. */
#include "voids.h"

#include <stdlib.h>
#include <string.h>

#define LINKAGE  0.8  /* Å */
#define PREFER   0.85 /* a more symmetric site may be this much closer to atoms */
#define TIGHT    0.02 /* in units of (V/N)^(1/3): the same site */
#define LOOSE    0.32 /* the same void */
#define SAME     1e-2 /* Å, equivalent positions */
#define EVEN     1e-4 /* Å, equal radii */

/* The crystal and what is needed again and again. */
typedef struct space {
    const skd_cell *cell;
    const skd_symmetry *symmetry;
    skd_mic mic;
    double inverse[3][3], length; /* (V/N)^(1/3), Å */
    size_t *keep;                 /* [n_operations] scratch */
} space;

/* ---- one point ----------------------------------------------------------------------------- */

static double distance(const space *s, const double a[3], const double b[3]) {
    double d[3];
    return skd_mic_vector(&s->mic, a, b, d);
}

static void wrap(const space *s, double pos[3]) {
    double f[3];
    skd_to_frac(s->inverse, pos, f);
    for (int k = 0; k < 3; k++)
        f[k] = skd_wrap01(f[k]);
    skd_row_times(f, s->cell->lattice, pos);
}

/* The image of a point (fractional) under an operation, Cartesian. */
static void image(const space *s, const skd_operation *op, const double frac[3], double pos[3]) {
    double f[3];
    for (int r = 0; r < 3; r++)
        f[r] = op->rotation[r][0] * frac[0] + op->rotation[r][1] * frac[1] + op->rotation[r][2] * frac[2] +
               op->translation[r];
    skd_row_times(f, s->cell->lattice, pos);
}

/* Radius, and order of the point group. */
static void survey(const space *s, skd_site *site) {
    double frac[3];
    site->radius = HUGE_VAL;
    for (size_t i = 0; i < s->cell->n; i++)
        site->radius = fmin(site->radius, distance(s, site->pos, s->cell->pos[i]));
    skd_to_frac(s->inverse, site->pos, frac);
    site->order = skd_site_stabiliser(s->symmetry, s->cell, frac, s->symmetry->symprec, s->keep);
}

/* Moves the site onto the exact special position that it is near to: the mean of its images under the
 * operations of its point group. */
static void settle(const space *s, skd_site *site) {
    double frac[3], sum[3] = {0.0, 0.0, 0.0};
    skd_to_frac(s->inverse, site->pos, frac);
    size_t n = skd_site_stabiliser(s->symmetry, s->cell, frac, s->symmetry->symprec, s->keep);
    for (size_t k = 0; k < n; k++) {
        double moved[3], d[3];
        image(s, &s->symmetry->operation[s->keep[k]], frac, moved);
        skd_mic_vector(&s->mic, site->pos, moved, d);
        for (int c = 0; c < 3; c++)
            sum[c] += d[c] / (double)n;
    }
    for (int c = 0; c < 3; c++)
        site->pos[c] += sum[c];
    wrap(s, site->pos);
}

static skd_status fill_orbit(const space *s, skd_site *site, skd_error *err) {
    double frac[3];
    site->orbit = skd_alloc(s->symmetry->n_operations, sizeof *site->orbit);
    if (!site->orbit)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu equivalent sites", s->symmetry->n_operations);
    site->multiplicity = 0;
    skd_to_frac(s->inverse, site->pos, frac);
    for (size_t k = 0; k < s->symmetry->n_operations; k++) {
        double *pos = site->orbit[site->multiplicity];
        size_t j = 0;
        image(s, &s->symmetry->operation[k], frac, pos);
        wrap(s, pos);
        while (j < site->multiplicity && distance(s, site->orbit[j], pos) >= SAME)
            j++;
        site->multiplicity += j == site->multiplicity;
    }
    return SKD_OK;
}

static skd_status name_symmetry(const space *s, skd_site *site, skd_error *err) {
    double frac[3];
    skd_to_frac(s->inverse, site->pos, frac);
    site->order = skd_site_stabiliser(s->symmetry, s->cell, frac, s->symmetry->symprec, s->keep);
    int(*rotation)[3][3] = skd_alloc(site->order, sizeof *rotation);
    if (!rotation)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the symmetry of a site");
    for (size_t k = 0; k < site->order; k++)
        memcpy(rotation[k], s->symmetry->operation[s->keep[k]].rotation, sizeof *rotation);
    strncpy(site->symmetry, skd_point_group_name((const int(*)[3][3])rotation, site->order),
            sizeof site->symmetry - 1);
    skd_free(rotation);
    return SKD_OK;
}

/* ---- which of several ---------------------------------------------------------------------- */

/* Is a farther from atoms than b, by more than rounding? */
static int wider(const skd_site *a, const skd_site *b) {
    return (a->radius > b->radius + EVEN) - (b->radius > a->radius + EVEN);
}

static int more_symmetric(const skd_site *a, const skd_site *b) {
    return (a->order > b->order) - (b->order > a->order);
}

/* The preferred one of n sites; equal ones: the first. */
static size_t choose(const skd_site *site, size_t n) {
    size_t symmetric = 0, far = 0;
    for (size_t k = 1; k < n; k++) {
        int more = more_symmetric(&site[k], &site[symmetric]);
        if (more > 0 || (more == 0 && wider(&site[k], &site[symmetric]) > 0))
            symmetric = k;
        more = wider(&site[k], &site[far]);
        if (more > 0 || (more == 0 && more_symmetric(&site[k], &site[far]) > 0))
            far = k;
    }
    return site[symmetric].radius < PREFER * site[far].radius ? far : symmetric;
}

/* ---- clusters ------------------------------------------------------------------------------ */

/* A growing cluster: its centre, its size, and the nearest cluster of higher number. */
typedef struct cluster {
    double centre[3], nearest_distance;
    size_t size, nearest;
} cluster;

static void find_nearest(const space *s, cluster *c, size_t n, size_t i) {
    c[i].nearest_distance = HUGE_VAL;
    c[i].nearest = i;
    for (size_t j = i + 1; j < n; j++) {
        double r = c[j].size ? distance(s, c[i].centre, c[j].centre) : HUGE_VAL;
        if (r < c[i].nearest_distance - 1e-9) {
            c[i].nearest_distance = r;
            c[i].nearest = j;
        }
    }
}

/* Cluster j becomes part of i < j. */
static void merge(const space *s, cluster *c, size_t n, size_t i, size_t j) {
    double d[3], share = (double)c[j].size / (double)(c[i].size + c[j].size);
    skd_mic_vector(&s->mic, c[i].centre, c[j].centre, d);
    for (int k = 0; k < 3; k++)
        c[i].centre[k] += share * d[k];
    c[i].size += c[j].size;
    c[j].size = 0;
    for (size_t k = 0; k < n; k++) {
        if (!c[k].size || k > j)
            continue;
        double r = k < i ? distance(s, c[k].centre, c[i].centre) : HUGE_VAL;
        if (k == i || c[k].nearest == i || c[k].nearest == j)
            find_nearest(s, c, n, k);
        else if (r < c[k].nearest_distance) {
            c[k].nearest_distance = r;
            c[k].nearest = i;
        }
    }
}

/* label[i] = the first member of the cluster that point i belongs to. */
static skd_status cluster_points(const space *s, const skd_void *point, size_t n, size_t *label, cluster *c) {
    for (size_t i = 0; i < n; i++) {
        memcpy(c[i].centre, point[i].pos, sizeof c[i].centre);
        c[i].size = 1;
        label[i] = i;
    }
    for (size_t i = 0; i < n; i++)
        find_nearest(s, c, n, i);
    for (;;) {
        size_t i = 0;
        for (size_t k = 1; k < n; k++)
            if (c[k].size && (!c[i].size || c[k].nearest_distance < c[i].nearest_distance - 1e-9))
                i = k;
        size_t j = c[i].nearest;
        if (!(c[i].nearest_distance <= LINKAGE))
            return SKD_OK;
        for (size_t k = 0; k < n; k++)
            if (label[k] == j)
                label[k] = i;
        merge(s, c, n, i, j);
    }
}

/* The site that stands for the cluster whose first member is `first`; candidate has room for all and one. */
static void represent(const space *s, const skd_void *point, size_t n, const size_t *label, size_t first,
                      skd_site *candidate, skd_site *out) {
    double sum[3] = {0.0, 0.0, 0.0}, d[3];
    size_t members = 0;
    for (size_t k = first; k < n; k++) {
        if (label[k] != first)
            continue;
        skd_site *site = &candidate[members++];
        *site = (skd_site){.radius = 0.0};
        memcpy(site->pos, point[k].pos, sizeof site->pos);
        survey(s, site);
        skd_mic_vector(&s->mic, point[first].pos, point[k].pos, d);
        for (int c = 0; c < 3; c++)
            sum[c] += d[c];
    }
    skd_site *middle = &candidate[members];
    *middle = (skd_site){.radius = 0.0};
    for (int c = 0; c < 3; c++)
        middle->pos[c] = point[first].pos[c] + sum[c] / (double)members;
    survey(s, middle);
    *out = candidate[choose(candidate, members + (members > 1))];
}

/* One site for each cluster: *out is [*n]. */
static skd_status cluster_sites(const space *s, const skd_void *point, size_t n_points, skd_site **out, size_t *n,
                                skd_error *err) {
    size_t *label = skd_alloc(n_points, sizeof *label);
    cluster *c = skd_alloc(n_points, sizeof *c);
    skd_site *candidate = skd_alloc(n_points + 1, sizeof *candidate);
    skd_status status = SKD_OK;
    *out = skd_alloc(n_points, sizeof **out);
    if (!label || !c || !candidate || !*out)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu points of empty space", n_points);
    if (status == SKD_OK && n_points > 0)
        status = cluster_points(s, point, n_points, label, c);
    for (size_t i = 0; status == SKD_OK && i < n_points; i++)
        if (label[i] == i)
            represent(s, point, n_points, label, i, candidate, &(*out)[(*n)++]);
    skd_free(label);
    skd_free(c);
    skd_free(candidate);
    return status;
}

/* ---- one of each set ------------------------------------------------------------------------ */

/* Distance of a position from the nearest site equivalent to `site`. */
static double from_orbit(const space *s, const skd_site *site, const double pos[3]) {
    double best = HUGE_VAL;
    for (size_t k = 0; k < site->multiplicity; k++)
        best = fmin(best, distance(s, site->orbit[k], pos));
    return best;
}

/* Settles the sites, and leaves out those that stand for a place that an earlier one stands for. */
static skd_status drop_equivalent(const space *s, skd_site *site, size_t *n, skd_error *err) {
    size_t kept = 0, total = *n;
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < total; i++) {
        skd_site own = site[i];
        bool known = false;
        settle(s, &own);
        survey(s, &own);
        for (size_t k = 0; k < kept && !known; k++)
            known = from_orbit(s, &site[k], own.pos) < fmax(SAME, TIGHT * s->length);
        if (known)
            continue;
        site[kept] = own;
        site[kept].orbit = NULL;
        status = fill_orbit(s, &site[kept++], err);
    }
    *n = kept;
    return status;
}

/* Leaves one site of each void: groups are those loosely near the first one's equivalents. */
static void drop_loose(const space *s, skd_site *site, size_t *n) {
    size_t groups = 0;
    for (size_t start = 0; start < *n; groups++) {
        size_t members = 1;
        for (size_t k = start + 1; k < *n; k++)
            if (from_orbit(s, &site[start], site[k].pos) < LOOSE * s->length) {
                skd_site swap = site[k];
                memmove(&site[start + members + 1], &site[start + members],
                        (k - start - members) * sizeof *site);
                site[start + members++] = swap;
            }
        size_t best = start + choose(&site[start], members);
        for (size_t k = start; k < start + members; k++)
            if (k != best)
                skd_free(site[k].orbit);
        site[groups] = site[best];
        start += members;
    }
    *n = groups;
}

/* ---- the whole ------------------------------------------------------------------------------ */

void skd_sites_free(skd_site *site, size_t n) {
    for (size_t k = 0; site && k < n; k++)
        skd_free(site[k].orbit);
    skd_free(site);
}

/* Adds the special positions that are no sites yet. */
static skd_status add_special(const space *s, skd_site **site, size_t *n, double min_distance, skd_error *err) {
    double(*pos)[3] = NULL;
    size_t n_pos = 0, capacity = *n;
    skd_status status = skd_special_positions(&pos, &n_pos, s->symmetry, s->cell, err);
    for (size_t i = 0; status == SKD_OK && i < n_pos; i++) {
        skd_site own = {.radius = 0.0};
        bool known = false;
        memcpy(own.pos, pos[i], sizeof own.pos);
        survey(s, &own);
        for (size_t k = 0; k < *n && !known; k++)
            known = from_orbit(s, &(*site)[k], own.pos) < fmax(SAME, TIGHT * s->length);
        if (known || own.radius < min_distance)
            continue;
        status = skd_grow((void **)site, &capacity, *n + 1, sizeof **site, err);
        if (status != SKD_OK)
            break;
        (*site)[*n] = own;
        status = fill_orbit(s, &(*site)[(*n)++], err);
    }
    skd_free(pos);
    return status;
}

static skd_status find_voids(const space *s, skd_site **site, size_t *n, double min_distance, skd_error *err) {
    skd_void *point = NULL;
    size_t n_points = 0, far = 0;
    skd_status status = skd_voronoi_vertices(&point, &n_points, s->cell, err);
    for (size_t k = 0; k < n_points; k++)
        if (point[k].radius >= min_distance)
            point[far++] = point[k];
    if (status == SKD_OK)
        status = cluster_sites(s, point, far, site, n, err);
    skd_free(point);
    if (status != SKD_OK) { /* no orbits yet */
        *n = 0;
        return status;
    }
    status = drop_equivalent(s, *site, n, err);
    if (status == SKD_OK)
        drop_loose(s, *site, n);
    return status;
}

/* Widest first; radii are rounded, so that the order does not depend on the last digits. */
static int by_radius(const void *left, const void *right) {
    const skd_site *a = left, *b = right;
    double ra = nearbyint(a->radius / EVEN), rb = nearbyint(b->radius / EVEN);
    return ra != rb ? (ra < rb ? 1 : -1) : more_symmetric(b, a);
}

static skd_status find_sites(const space *s, skd_site **site, size_t *n, double min_distance, bool special,
                             skd_error *err) {
    skd_status status = find_voids(s, site, n, min_distance, err);
    size_t kept = 0;
    for (size_t k = 0; status == SKD_OK && k < *n; k++) { /* a middle may have come too close */
        if ((*site)[k].radius >= min_distance)
            (*site)[kept++] = (*site)[k];
        else
            skd_free((*site)[k].orbit);
    }
    if (status == SKD_OK)
        *n = kept;
    if (status == SKD_OK && special)
        status = add_special(s, site, n, min_distance, err);
    for (size_t k = 0; status == SKD_OK && k < *n; k++)
        status = name_symmetry(s, &(*site)[k], err);
    if (status == SKD_OK && *n > 0)
        qsort(*site, *n, sizeof **site, by_radius);
    return status;
}

skd_status skd_sites_find(skd_site **out, size_t *n, const skd_cell *primitive, const skd_symmetry *symmetry,
                          double min_distance, bool special, skd_error *err) {
    *out = NULL;
    *n = 0;
    space s = {.cell = primitive, .symmetry = symmetry};
    skd_status status = skd_mic_setup(&s.mic, primitive, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(primitive, s.inverse, err);
    if (status != SKD_OK)
        return status;
    s.length = cbrt(skd_cell_volume(primitive) / (double)primitive->n);
    s.keep = skd_alloc(symmetry->n_operations, sizeof *s.keep);
    if (!s.keep)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu symmetry operations", symmetry->n_operations);
    skd_site *site = NULL;
    status = find_sites(&s, &site, n, min_distance, special, err);
    skd_free(s.keep);
    if (status == SKD_OK) {
        *out = site;
        return SKD_OK;
    }
    skd_sites_free(site, *n);
    *n = 0;
    return status;
}
