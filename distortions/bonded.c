/* SPDX-License-Identifier: MIT */
/* bonded.c - the atoms bonded to a point, by CrystalNN: Pan et al., Inorg. Chem. 60, 1590 (2021); Zimmermann & Jain,
 * RSC Adv. 10, 6063 (2020), with pymatgen's defaults, which ShakeNBreak uses for its dimers.
 *
 *   1. Weight of a neighbour: solid angle of its face of the Voronoi cell (largest = 1), times solid angle / area
 *      (far faces of open structures count less), times 1 + 3 sqrt(difference in electronegativity / 3.3).
 *   2. Scaled to a largest weight of 1; times 1 up to 0.5 Å above the sum of the radii, falling as a cosine to 0 at
 *      1 Å above it; rounded to 0.001.
 *   3. The likelihood of as many neighbours as have a weight >= w: area under the quarter of the unit circle between
 *      w and the next lower weight. The likeliest number wins.
 *
 * A face is its plane's square clipped by all other planes: O(n^2) for the n = 100 .. 300 atoms around. */
#include "start.h"

#include <stdlib.h>
#include <string.h>

#define FACE_MOST 64  /* corners */
#define SQUARE    60.0 /* Å, half the side of the square that is clipped */
#define FULL      0.5 /* Å above the sum of the radii */
#define NONE      1.0

typedef struct neighbour {
    size_t index;
    double d[3], r; /* from the point, Å */
    double weight;
} neighbour;

/* ---- atoms around ------------------------------------------------------------------------ */

typedef struct around {
    size_t n, capacity;
    neighbour *list;
} around;

static skd_status collect(around *out, const skd_cell *cell, const double centre[3], size_t leave_out, double reach,
                          skd_error *err) {
    double height[3], inverse[3][3];
    skd_cell_heights(cell->lattice, height);
    skd_status status = skd_cell_inverse(cell, inverse, err);
    out->n = 0;
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        double f[3], whole[3];
        int most[3];
        const double d[3] = {cell->pos[i][0] - centre[0], cell->pos[i][1] - centre[1], cell->pos[i][2] - centre[2]};
        skd_to_frac(inverse, d, f);
        for (int k = 0; k < 3; k++) {
            f[k] -= nearbyint(f[k]);
            most[k] = (int)ceil(reach / height[k] + 0.5);
        }
        const int sides[3] = {2 * most[0] + 1, 2 * most[1] + 1, 2 * most[2] + 1};
        for (int s = 0; s < sides[0] * sides[1] * sides[2] && status == SKD_OK; s++) {
            neighbour one = {.index = i};
            whole[0] = f[0] + s % sides[0] - most[0];
            whole[1] = f[1] + s / sides[0] % sides[1] - most[1];
            whole[2] = f[2] + s / sides[0] / sides[1] - most[2];
            skd_row_times(whole, cell->lattice, one.d);
            one.r = skd_norm(one.d);
            if (one.r > reach || one.r < 1e-6 || (i == leave_out && one.r < 0.1))
                continue;
            status = skd_grow((void **)&out->list, &out->capacity, out->n + 1, sizeof *out->list, err);
            if (status == SKD_OK)
                out->list[out->n++] = one;
        }
    }
    return status;
}

/* ---- faces of the Voronoi cell ----------------------------------------------------------- */

typedef struct polygon {
    size_t n;
    double corner[FACE_MOST][3];
} polygon;

/* Keeps what is nearer to the point than to the neighbour at d. */
static void clip(polygon *p, const double d[3]) {
    polygon kept = {0};
    const double limit = 0.5 * skd_dot(d, d);
    for (size_t k = 0; k < p->n; k++) {
        const double *a = p->corner[k], *b = p->corner[(k + 1) % p->n];
        double above_a = skd_dot(a, d) - limit, above_b = skd_dot(b, d) - limit;
        if (above_a <= 0.0 && kept.n < FACE_MOST)
            memcpy(kept.corner[kept.n++], a, sizeof kept.corner[0]);
        if ((above_a < 0.0) != (above_b < 0.0) && above_a != above_b && kept.n < FACE_MOST) {
            double t = above_a / (above_a - above_b);
            for (int c = 0; c < 3; c++)
                kept.corner[kept.n][c] = a[c] + t * (b[c] - a[c]);
            kept.n++;
        }
    }
    *p = kept;
}

static void square_of(polygon *p, const neighbour *one) {
    static const double sign[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
    double u[3] = {0}, v[3], other[3] = {0};
    int least = 0;
    for (int c = 1; c < 3; c++)
        if (fabs(one->d[c]) < fabs(one->d[least]))
            least = c;
    other[least] = 1.0;
    skd_cross(one->d, other, u);
    skd_cross(one->d, u, v);
    const double nu = SQUARE / skd_norm(u), nv = SQUARE / skd_norm(v);
    p->n = 4;
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            p->corner[k][c] = 0.5 * one->d[c] + sign[k][0] * nu * u[c] + sign[k][1] * nv * v[c];
}

/* Solid angle from the origin (van Oosterom & Strackee, IEEE Trans. Biomed. Eng. 30, 125 (1983), eq. 8). */
static void measure(const polygon *p, double *solid, double *area) {
    *solid = *area = 0.0;
    for (size_t k = 1; k + 1 < p->n; k++) {
        const double *a = p->corner[0], *b = p->corner[k], *c = p->corner[k + 1];
        const double ab[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]}, ac[3] = {c[0] - a[0], c[1] - a[1], c[2] - a[2]};
        double across[3], na = skd_norm(a), nb = skd_norm(b), nc = skd_norm(c);
        skd_cross(ab, ac, across);
        *area += 0.5 * skd_norm(across);
        skd_cross(b, c, across);
        *solid += 2.0 * atan2(fabs(skd_dot(a, across)), na * nb * nc + skd_dot(a, b) * nc + skd_dot(a, c) * nb +
                                                            skd_dot(b, c) * na);
    }
}

/* Solid angle times solid angle / area as the weight; returns the distance of the farthest corner, Å. */
static double weigh_faces(around *all) {
    double farthest = 0.0, most = 0.0;
    for (size_t i = 0; i < all->n; i++) {
        polygon face;
        double solid, area;
        square_of(&face, &all->list[i]);
        for (size_t j = 0; j < all->n && face.n > 2; j++)
            if (j != i)
                clip(&face, all->list[j].d);
        measure(&face, &solid, &area);
        for (size_t k = 0; k < face.n && area > 1e-9; k++)
            farthest = fmax(farthest, skd_norm(face.corner[k]));
        all->list[i].weight = area > 1e-9 ? solid * solid / area : 0.0;
        most = fmax(most, solid);
    }
    for (size_t i = 0; i < all->n; i++)
        all->list[i].weight /= most;
    return farthest;
}

/* ---- chemistry --------------------------------------------------------------------------- */

/* Ionic radius; the covalent one where the state is zero or unknown. */
static double radius_of(int z, int state) {
    return state ? skd_ion_radius(z, state) : skd_element_of(z)->covalent_radius;
}

/* Covalent for both, if one of the ionic radii is not known. */
static double sum_of_radii(const skd_bonded_site *site, int z) {
    double a = radius_of(site->species, site->charge), b = radius_of(z, site->state ? site->state[z] : 0);
    return a > 0.0 && b > 0.0 ? a + b : radius_of(site->species, 0) + radius_of(z, 0);
}

static void weigh_chemistry(around *all, const skd_cell *cell, const skd_bonded_site *site) {
    const skd_element *here = skd_element_of(site->species);
    double most = 0.0;
    for (size_t i = 0; i < all->n; i++) {
        const skd_element *there = skd_element_of(cell->species[all->list[i].index]);
        if (here->electronegativity > 0.0 && there->electronegativity > 0.0)
            all->list[i].weight *= 1.0 + 3.0 * sqrt(fabs(here->electronegativity - there->electronegativity) / 3.3);
        most = fmax(most, all->list[i].weight);
    }
    for (size_t i = 0; i < all->n; i++) {
        neighbour *one = &all->list[i];
        double above = one->r - sum_of_radii(site, cell->species[one->index]);
        double t = fmin(fmax((above - FULL) / (NONE - FULL), 0.0), 1.0), fade = 0.5 * (cos(t * acos(-1.0)) + 1.0);
        one->weight = nearbyint(1000.0 * one->weight / most * fade) / 1000.0;
    }
}

static int by_weight(const void *left, const void *right) {
    const neighbour *a = left, *b = right;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a->r < b->r ? -1 : a->r > b->r;
}

/* Area under the quarter of the unit circle from 0 to x. */
static double circle_area(double x) {
    return x >= 1.0 ? 0.25 * acos(-1.0) : 0.5 * (x * sqrt(1.0 - x * x) + asin(x));
}

/* How many of the sorted neighbours are bonded. */
static size_t likeliest(const around *all) {
    size_t best = 0;
    double best_area = 0.0, sum = 0.0;
    for (size_t n = 1; n <= all->n && all->list[n - 1].weight > 0.0; n++) {
        double next = n < all->n ? all->list[n].weight : 0.0, weight = all->list[n - 1].weight;
        double area = next < weight ? circle_area(weight) - circle_area(next) : 0.0;
        sum += area;
        if (area > best_area) {
            best = n;
            best_area = area;
        }
    }
    return 0.25 * acos(-1.0) - sum > best_area ? 0 : best;
}

skd_status skd_bonded_atoms(size_t **out, size_t *n, const skd_cell *cell, const skd_bonded_site *site,
                            skd_error *err) {
    around all = {0};
    double reach = 8.0, farthest = 0.0;
    *out = NULL;
    *n = 0;
    skd_status status = collect(&all, cell, site->centre, site->leave_out, reach, err);
    while (status == SKD_OK && (farthest = weigh_faces(&all)) > 0.5 * reach && reach < 2.0 * SQUARE) {
        reach *= 1.5;
        status = collect(&all, cell, site->centre, site->leave_out, reach, err);
    }
    if (status != SKD_OK)
        goto done;
    weigh_chemistry(&all, cell, site);
    qsort(all.list, all.n, sizeof *all.list, by_weight);
    size_t bonded = likeliest(&all);
    *out = skd_alloc(bonded, sizeof **out);
    if (!*out)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu bonds", bonded);
    for (size_t k = 0; *out && k < bonded; k++)
        (*out)[(*n)++] = all.list[k].index;
done:
    skd_free(all.list);
    return status;
}
