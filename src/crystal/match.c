/* SPDX-License-Identifier: MIT */
/* match.c - lays one structure on another: the best of all allowed operations, translations and
 * permutations of like atoms.
 *
 * A candidate is a rotation R and a translation t; it carries b's fractional coordinates to R f + t in the
 * lattice of a. It is dropped as soon as one atom of b finds no like atom of a within the best distance so
 * far (plus what removing the rigid shift can gain: see `slack`); atoms that dropped a candidate are asked
 * first in the next. Survivors get the optimal assignment of squared distances; then edges as long as the
 * longest used are forbidden and the assignment is repeated until none exists, so that the last one has
 * the smallest longest edge, and among those the smallest sum of squares. The mean displacement is taken
 * off, and the assignment repeated at the new translation until it stays.
 *
 * Slack: where translations come from laying an anchor atom of b on atoms of a, the rigid shift left is the
 * anchor's own displacement, so at most the best distance; where the rarest species has more than 8 atoms one of
 * the two anchors is expected within 0.5 Å of its place. With given translations shifts up to 0.25 Å are
 * looked for. Both structures are taken as periodic in all directions. */
#include "shakedown/crystal.h"

#include <float.h>
#include <string.h>

#include "assignment.h"

#define GIVEN_SHIFT  0.25 /* Å */
#define BIN_WIDTH    1.5  /* Å */
#define ANCHORS      2
#define ANCHOR_SHIFT 0.5 /* Å */
#define MANY         8   /* atoms */
#define FIRST_LIMIT  0.2  /* Å, then doubled up to the tolerance */
#define SHIFT_ROUNDS 4
#define EXACT        1e-6 /* Å, closer than this nothing better is looked for; also what counts as a tie */
#define SAME_CELL    0.15 /* largest relative difference of the two metrics */
#define MOVED        0.1  /* Å, "moved" in sum_above */

typedef struct rotation {
    int m[3][3];
} rotation;

typedef struct matcher {
    const skd_cell *a, *b;
    const skd_match_options *options;
    skd_mic mic;
    size_t n, n_groups, n_rotations;
    double (*fa)[3], (*fb)[3], (*moved)[3]; /* [n] fractional: a, b, b after the operation */
    size_t *ia, *ib;                        /* [n] atoms by species */
    size_t *group;                          /* [n_groups+1] first place in ia and ib */
    size_t *asked;                          /* [n] atoms of b, the ones that drop candidates first */
    int bins[3];
    size_t *bin_first, *bin_atom, *bin_of; /* a's atoms by fractional coordinates */
    double *cost;                          /* squared distances, group after group */
    size_t *column, *partner, *trial;      /* [n] */
    double (*shift)[3];                    /* [n] displacement vectors by atom of a, Å */
    rotation *rotations;
    skd_assign_work assign;
    double limit; /* Å, the tolerance of this round */
    double best_max, best_rms;
    double box[3];                   /* least rms: how far a like atom may be, in units of the reduced basis */
    double reduced_height[3];        /* Å, of the reduced basis */
    double to_reduced[3][3];         /* row times this: from a's lattice to the reduced basis */
    double height[3], inverse[3][3]; /* of a's lattice */
    double near;                     /* Å, an image closer than this is the rounded one */
} matcher;

static void matcher_free(matcher *w) {
    skd_free(w->fa);
    skd_free(w->fb);
    skd_free(w->moved);
    skd_free(w->ia);
    skd_free(w->ib);
    skd_free(w->group);
    skd_free(w->asked);
    skd_free(w->bin_first);
    skd_free(w->bin_atom);
    skd_free(w->bin_of);
    skd_free(w->cost);
    skd_free(w->column);
    skd_free(w->partner);
    skd_free(w->trial);
    skd_free(w->shift);
    skd_free(w->rotations);
    skd_assign_free(&w->assign);
}

void skd_match_free(skd_match *match) {
    if (!match)
        return;
    skd_free(match->partner);
    skd_free(match->distance);
    *match = (skd_match){0};
}

/* ---- preparation ------------------------------------------------------------------------- */

static bool same_metric(const skd_cell *a, const skd_cell *b) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double scale = skd_norm(a->lattice[i]) * skd_norm(a->lattice[j]);
            double difference = skd_dot(a->lattice[i], a->lattice[j]) - skd_dot(b->lattice[i], b->lattice[j]);
            if (!(fabs(difference) <= SAME_CELL * scale))
                return false;
        }
    return true;
}

static bool same_composition(const skd_cell *a, const skd_cell *b) {
    size_t count[SKD_ELEMENT_MAX + 1] = {0};
    for (size_t i = 0; i < a->n && a->n == b->n; i++)
        count[a->species[i]]++;
    for (size_t i = 0; i < b->n && a->n == b->n; i++)
        if (count[b->species[i]]-- == 0)
            return false;
    return a->n == b->n;
}

static skd_status reserve(matcher *w, skd_error *err) {
    size_t n = w->n, bins = (size_t)w->bins[0] * (size_t)w->bins[1] * (size_t)w->bins[2];
    w->fa = skd_alloc(n, sizeof *w->fa);
    w->fb = skd_alloc(n, sizeof *w->fb);
    w->moved = skd_alloc(n, sizeof *w->moved);
    w->ia = skd_alloc(n, sizeof *w->ia);
    w->ib = skd_alloc(n, sizeof *w->ib);
    w->group = skd_alloc(n + 1, sizeof *w->group);
    w->asked = skd_alloc(n, sizeof *w->asked);
    w->bin_first = skd_alloc(bins + 1, sizeof *w->bin_first);
    w->bin_atom = skd_alloc(n, sizeof *w->bin_atom);
    w->bin_of = skd_alloc(n, sizeof *w->bin_of);
    w->column = skd_alloc(n, sizeof *w->column);
    w->partner = skd_alloc(n, sizeof *w->partner);
    w->trial = skd_alloc(n, sizeof *w->trial);
    w->shift = skd_alloc(n, sizeof *w->shift);
    if (!w->fa || !w->fb || !w->moved || !w->ia || !w->ib || !w->group || !w->asked || !w->bin_first || !w->bin_atom ||
        !w->bin_of || !w->column || !w->partner || !w->trial || !w->shift)
        return skd_fail(err, SKD_ENOMEM, "out of memory for matching %zu atoms", n);
    return SKD_OK;
}

static int bin_along(const matcher *w, int k, double f) {
    int b = (int)(skd_wrap01(f) * w->bins[k]);
    return b < w->bins[k] ? b : w->bins[k] - 1;
}

static void fill_bins(matcher *w) {
    size_t bins = (size_t)w->bins[0] * (size_t)w->bins[1] * (size_t)w->bins[2];
    for (size_t i = 0; i < w->n; i++) {
        size_t at = 0;
        for (int k = 0; k < 3; k++)
            at = at * (size_t)w->bins[k] + (size_t)bin_along(w, k, w->fa[i][k]);
        w->bin_of[i] = at;
        w->bin_first[at]++;
    }
    for (size_t at = 1; at <= bins; at++)
        w->bin_first[at] += w->bin_first[at - 1];
    for (size_t i = w->n; i-- > 0;) /* counted down, each bin's end becomes its start */
        w->bin_atom[--w->bin_first[w->bin_of[i]]] = i;
}

/* Lists like atoms together; the rarest species has the first group. */
static void fill_groups(matcher *w) {
    size_t count[SKD_ELEMENT_MAX + 1] = {0}, na = 0;
    for (size_t i = 0; i < w->n; i++)
        count[w->a->species[i]]++;
    for (size_t wanted = 1; wanted <= w->n && na < w->n; wanted++)
        for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
            size_t nb = na;
            if (count[z] != wanted)
                continue;
            w->group[w->n_groups++] = na;
            for (size_t i = 0; i < w->n; i++) {
                if (w->a->species[i] == z)
                    w->ia[na++] = i;
                if (w->b->species[i] == z)
                    w->ib[nb++] = i;
            }
        }
    w->group[w->n_groups] = w->n;
}

static skd_status reserve_costs(matcher *w, skd_error *err) {
    size_t largest = 0, costs = 0;
    for (size_t g = 0; g < w->n_groups; g++) {
        size_t m = w->group[g + 1] - w->group[g];
        costs += m * m;
        largest = m > largest ? m : largest;
    }
    w->cost = skd_alloc(costs, sizeof *w->cost);
    if (!w->cost)
        return skd_fail(err, SKD_ENOMEM, "out of memory for matching %zu atoms", w->n);
    return skd_assign_reserve(&w->assign, largest, err);
}

static void prepare_box(matcher *w) {
    double reduced[3][3], t[3][3];
    int transform[3][3];
    skd_lattice_reduce(w->a->lattice, reduced, transform);
    skd_cell_heights(reduced, w->reduced_height);
    for (int k = 0; k < 9; k++)
        t[k / 3][k % 3] = transform[k / 3][k % 3];
    if (skd_inv3(t, w->to_reduced) != SKD_OK) /* never: it is unimodular */
        memset(w->to_reduced, 0, sizeof w->to_reduced);
}

static skd_status prepare(matcher *w, skd_error *err) {
    double inverse_b[3][3];
    skd_cell periodic = *w->a;
    memcpy(periodic.pbc, (bool[3]){true, true, true}, sizeof periodic.pbc);
    skd_status status = skd_mic_setup(&w->mic, &periodic, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(w->a, w->inverse, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(w->b, inverse_b, err);
    if (status != SKD_OK)
        return status;
    skd_cell_heights(w->a->lattice, w->height);
    prepare_box(w);
    w->near = 0.5 * fmin(w->height[0], fmin(w->height[1], w->height[2]));
    for (int k = 0; k < 3; k++)
        w->bins[k] = (int)fmax(1.0, fmin(floor(w->height[k] / BIN_WIDTH), 64.0));
    status = reserve(w, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < w->n; i++) {
        skd_to_frac(w->inverse, w->a->pos[i], w->fa[i]);
        skd_to_frac(inverse_b, w->b->pos[i], w->fb[i]);
        w->asked[i] = i;
    }
    fill_bins(w);
    fill_groups(w);
    return reserve_costs(w, err);
}

/* ---- rotations --------------------------------------------------------------------------- */

static bool is_known(const matcher *w, const int m[3][3]) {
    for (size_t i = 0; i < w->n_rotations; i++)
        if (memcmp(w->rotations[i].m, m, sizeof w->rotations[i].m) == 0)
            return true;
    return false;
}

/* Rows of w map the reduced basis on itself: then f' = f T^-1 w T for rows, transposed for columns. */
static void add_lattice_rotation(matcher *w, const int rows[3][3], const int transform[3][3]) {
    double t[3][3], back[3][3], r[3][3], first[3][3], all[3][3];
    for (int k = 0; k < 9; k++) {
        t[k / 3][k % 3] = transform[k / 3][k % 3];
        r[k / 3][k % 3] = rows[k / 3][k % 3];
    }
    if (skd_inv3(t, back) != SKD_OK)
        return;
    skd_mul3(back, r, first);
    skd_mul3(first, t, all);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            w->rotations[w->n_rotations].m[k][i] = (int)nearbyint(all[i][k]);
    w->n_rotations++;
}

/* The point group of the lattice: entries -1, 0, 1 in the reduced basis that keep the metric. At most 48
 * exist; where the metric is within tolerance of more than one lattice's, the first 48 are taken. */
static void lattice_rotations(matcher *w) {
    double reduced[3][3], dots[3][3], tolerance[3][3];
    int transform[3][3], v[27][3], rows[3][3];
    skd_lattice_reduce(w->a->lattice, reduced, transform);
    for (int i = 0; i < 9; i++) {
        dots[i / 3][i % 3] = skd_dot(reduced[i / 3], reduced[i % 3]);
        tolerance[i / 3][i % 3] = 2e-3 * skd_norm(reduced[i / 3]) * skd_norm(reduced[i % 3]);
    }
    double r[27][3];
    for (int c = 0; c < 27; c++) {
        int n[3] = {c / 9 - 1, c / 3 % 3 - 1, c % 3 - 1};
        double f[3] = {n[0], n[1], n[2]};
        memcpy(v[c], n, sizeof n);
        skd_row_times(f, reduced, r[c]);
    }
    for (int c = 0; c < 27 * 27 * 27 && w->n_rotations < 48; c++) {
        int pick[3] = {c / 729, c / 27 % 27, c % 27};
        bool keeps = true;
        for (int i = 0; i < 3 && keeps; i++) {
            memcpy(rows[i], v[pick[i]], sizeof rows[i]);
            for (int k = 0; k < 3 && keeps; k++)
                keeps = fabs(skd_dot(r[pick[i]], r[pick[k]]) - dots[i][k]) <= tolerance[i][k];
        }
        long det = keeps ? skd_det3i(rows) : 0;
        if (det == 1 || det == -1)
            add_lattice_rotation(w, rows, transform);
    }
}

static skd_status find_rotations(matcher *w, skd_error *err) {
    const skd_symmetry *symmetry = w->options->symmetry;
    size_t room = symmetry ? symmetry->n_operations : 48;
    w->rotations = skd_alloc(room, sizeof *w->rotations);
    if (!w->rotations)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rotations", room);
    if (!symmetry)
        lattice_rotations(w);
    for (size_t i = 0; symmetry && i < symmetry->n_operations; i++)
        if (!is_known(w, symmetry->operation[i].rotation))
            memcpy(w->rotations[w->n_rotations++].m, symmetry->operation[i].rotation, sizeof w->rotations->m);
    return SKD_OK;
}

/* ---- one candidate ----------------------------------------------------------------------- */

/* Is `to` within the box about `from`? It is pymatgen's tolerance of sites, along the axes of the reduced basis. */
static bool in_box(const matcher *w, const double from[3], const double to[3]) {
    double d[3], g[3];
    for (int k = 0; k < 3; k++)
        d[k] = to[k] - from[k];
    skd_row_times(d, w->to_reduced, g);
    for (int k = 0; k < 3; k++)
        if (!(fabs(g[k] - nearbyint(g[k])) < w->box[k]))
            return false;
    return true;
}

static void rotate(const int m[3][3], const double f[3], double out[3]) {
    for (int k = 0; k < 3; k++)
        out[k] = m[k][0] * f[0] + m[k][1] * f[1] + m[k][2] * f[2];
}

/* Squared distance between fractional points; exact below `limit`, some number above it otherwise. */
static double distance2(const matcher *w, const double from[3], const double to[3], double limit, double d[3]) {
    double f[3];
    for (int k = 0; k < 3; k++) {
        f[k] = to[k] - from[k];
        f[k] -= nearbyint(f[k]);
    }
    skd_row_times(f, w->a->lattice, d);
    double r2 = skd_dot(d, d);
    if (r2 <= w->mic.safe2 || limit <= w->near)
        return r2;
    double origin[3] = {0, 0, 0}, start[3] = {d[0], d[1], d[2]};
    double r = skd_mic_vector(&w->mic, origin, start, d);
    return r * r;
}

/* Is there an atom of a of species z within `radius` of fractional point f? */
static bool has_like_atom(const matcher *w, const double f[3], int z, double radius) {
    int low[3], count[3];
    for (int k = 0; k < 3; k++) {
        double reach = fmin(ceil(radius * w->bins[k] / w->height[k]), w->bins[k]);
        count[k] = 2 * (int)reach + 1 < w->bins[k] ? 2 * (int)reach + 1 : w->bins[k];
        low[k] = bin_along(w, k, f[k]) - (count[k] < w->bins[k] ? (int)reach : 0) + w->bins[k];
    }
    for (int x = 0; x < count[0]; x++)
        for (int y = 0; y < count[1]; y++) {
            int row = (low[0] + x) % w->bins[0] * w->bins[1] + (low[1] + y) % w->bins[1];
            for (int u = 0; u < count[2]; u++) {
                size_t bin = (size_t)(row * w->bins[2] + (low[2] + u) % w->bins[2]);
                for (size_t p = w->bin_first[bin]; p < w->bin_first[bin + 1]; p++) {
                    double d[3];
                    size_t i = w->bin_atom[p];
                    if (w->a->species[i] == z && distance2(w, f, w->fa[i], radius, d) <= radius * radius)
                        return true;
                }
            }
        }
    return false;
}

static double bound(const matcher *w) { return fmin(w->limit, w->best_max); }

static double slack(const matcher *w) {
    if (!w->options->any_translation)
        return GIVEN_SHIFT + EXACT;
    return (w->group[1] > MANY ? fmin(bound(w), ANCHOR_SHIFT) : bound(w)) + EXACT;
}

/* Moves b; false as soon as an atom has no like atom of a near it. */
static bool survives(matcher *w, const int m[3][3], const double t[3]) {
    double radius = bound(w) + slack(w);
    for (size_t k = 0; k < w->n; k++) {
        size_t i = w->asked[k];
        rotate(m, w->fb[i], w->moved[i]);
        for (int c = 0; c < 3; c++)
            w->moved[i][c] += t[c];
        if (!has_like_atom(w, w->moved[i], w->b->species[i], radius)) {
            memmove(w->asked + 1, w->asked, k * sizeof *w->asked);
            w->asked[0] = i;
            return false;
        }
    }
    return true;
}

/* Squared distances of all like pairs, infinite for those that the box forbids; returns the largest of the rows'
 * smallest: no assignment has a shorter longest edge. */
static double fill_costs(matcher *w, double limit) {
    double *cost = w->cost, floor2 = 0.0;
    for (size_t g = 0; g < w->n_groups; g++) {
        size_t first = w->group[g], m = w->group[g + 1] - first;
        for (size_t i = 0; i < m; i++) {
            double least = INFINITY, d[3];
            for (size_t j = 0; j < m; j++) {
                const double *from = w->fa[w->ia[first + i]], *to = w->moved[w->ib[first + j]];
                bool allowed = !w->options->least_rms || in_box(w, from, to);
                double r2 = allowed ? distance2(w, from, to, limit, d) : INFINITY;
                cost[i * m + j] = r2;
                least = fmin(least, r2);
            }
            floor2 = fmax(floor2, least);
        }
        cost += m * m;
    }
    return floor2;
}

/* Optimal assignment with no edge longer than sqrt(limit2), into trial; *longest2 gets its longest edge. */
static bool assign_all(matcher *w, double limit2, double *longest2) {
    const double *cost = w->cost;
    *longest2 = 0.0;
    for (size_t g = 0; g < w->n_groups; g++) {
        size_t first = w->group[g], m = w->group[g + 1] - first;
        if (!skd_assign(&w->assign, cost, m, limit2, w->column))
            return false;
        for (size_t i = 0; i < m; i++) {
            w->trial[w->ia[first + i]] = w->ib[first + w->column[i]];
            *longest2 = fmax(*longest2, cost[i * m + w->column[i]]);
        }
        cost += m * m;
    }
    return true;
}

/* Smallest longest edge first, then smallest sum of squares; true if partner was found and has changed. */
static bool assign_best(matcher *w, double limit) {
    double longest2, floor2 = fill_costs(w, limit), limit2 = limit * limit;
    bool changed = false;
    while (assign_all(w, limit2, &longest2)) {
        changed = changed || memcmp(w->partner, w->trial, w->n * sizeof *w->partner) != 0;
        memcpy(w->partner, w->trial, w->n * sizeof *w->partner);
        if (longest2 <= floor2 + 1e-12)
            break;
        limit2 = longest2 * (1.0 - 1e-9);
    }
    return changed;
}

/* Displacements from a to moved b under the present partners; returns their mean in `mean`. */
static void measure(matcher *w, double mean[3]) {
    mean[0] = mean[1] = mean[2] = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        distance2(w, w->fa[i], w->moved[w->partner[i]], INFINITY, w->shift[i]);
        for (int k = 0; k < 3; k++)
            mean[k] += w->shift[i][k] / (double)w->n;
    }
}

static void keep(matcher *w, skd_match *out, const int m[3][3], const double t[3], double longest, double rms) {
    w->best_max = out->max_distance = longest;
    w->best_rms = out->rms = rms;
    out->found = true;
    out->sum_above = 0.0;
    memcpy(out->rotation, m, sizeof out->rotation);
    for (int k = 0; k < 3; k++)
        out->translation[k] = skd_wrap01(t[k]);
    for (size_t i = 0; i < w->n; i++) {
        out->partner[i] = w->partner[i];
        out->distance[i] = skd_norm(w->shift[i]);
        out->sum_above += out->distance[i] > MOVED ? out->distance[i] : 0.0;
    }
}

static void try_candidate(matcher *w, skd_match *out, const int m[3][3], const double translation[3]) {
    double t[3] = {translation[0], translation[1], translation[2]};
    if (w->best_max < EXACT || !survives(w, m, t))
        return;
    memset(w->partner, 0xff, w->n * sizeof *w->partner);
    double limit = bound(w) + slack(w), mean[3], f[3];
    for (int round = 0; round < SHIFT_ROUNDS && assign_best(w, limit); round++) {
        measure(w, mean);
        skd_to_frac(w->inverse, mean, f);
        for (size_t i = 0; i < w->n; i++)
            for (int k = 0; k < 3; k++)
                w->moved[i][k] -= f[k];
        for (int k = 0; k < 3; k++)
            t[k] -= f[k];
    }
    if (w->partner[0] >= w->n)
        return;
    measure(w, mean);
    double longest = 0.0, sum2 = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        double r2 = skd_dot(w->shift[i], w->shift[i]);
        longest = fmax(longest, r2);
        sum2 += r2;
    }
    longest = sqrt(longest);
    double rms = sqrt(sum2 / (double)w->n);
    bool better = longest < w->best_max - EXACT || (longest < w->best_max + EXACT && rms < w->best_rms - EXACT);
    if (better && longest <= w->limit)
        keep(w, out, m, t, longest, rms);
}

/* ---- least rms, as pymatgen does it ------------------------------------------------------ */

/* Is there a like atom within the box about f? */
static bool box_has_like_atom(const matcher *w, const double f[3], int z) {
    for (size_t g = 0; g < w->n_groups; g++)
        for (size_t p = w->group[g]; p < w->group[g + 1] && w->a->species[w->ia[p]] == z; p++)
            if (in_box(w, f, w->fa[w->ia[p]]))
                return true;
    return false;
}

static bool fits_box(matcher *w, const int m[3][3], const double t[3]) {
    for (size_t k = 0; k < w->n; k++) {
        size_t i = w->asked[k];
        rotate(m, w->fb[i], w->moved[i]);
        for (int c = 0; c < 3; c++)
            w->moved[i][c] += t[c];
        if (!box_has_like_atom(w, w->moved[i], w->b->species[i])) {
            memmove(w->asked + 1, w->asked, k * sizeof *w->asked);
            w->asked[0] = i;
            return false;
        }
    }
    return true;
}

/* One assignment where the anchor put the atoms; then the mean displacement is taken off. */
static void try_for_rms(matcher *w, skd_match *out, const int m[3][3], const double t[3]) {
    double longest2, mean[3], longest = 0.0, sum2 = 0.0;
    if (!fits_box(w, m, t))
        return;
    fill_costs(w, INFINITY);
    if (!assign_all(w, DBL_MAX, &longest2)) /* no bound but the box */
        return;
    memcpy(w->partner, w->trial, w->n * sizeof *w->partner);
    measure(w, mean);
    for (size_t i = 0; i < w->n; i++) {
        for (int k = 0; k < 3; k++)
            w->shift[i][k] -= mean[k];
        longest = fmax(longest, skd_norm(w->shift[i]));
        sum2 += skd_dot(w->shift[i], w->shift[i]);
    }
    double rms = sqrt(sum2 / (double)w->n);
    if (rms < w->best_rms)
        keep(w, out, m, t, longest, rms);
}

static void try_all_for_rms(matcher *w, skd_match *out) {
    for (int k = 0; k < 3; k++)
        w->box[k] = 2.0 * w->limit / w->reduced_height[k];
    for (size_t r = 0; r < w->n_rotations; r++)
        for (size_t i = 0; i < w->group[1]; i++) {
            double at[3], t[3];
            rotate(w->rotations[r].m, w->fb[w->ib[0]], at);
            for (int k = 0; k < 3; k++)
                t[k] = w->fa[w->ia[i]][k] - at[k];
            try_for_rms(w, out, w->rotations[r].m, t);
        }
}

/* Smallest and largest distance from an atom of species z to the atom nearest to it, Å. */
static void nearest_range(const skd_cell *cell, const skd_mic *mic, int z, double range[2]) {
    range[0] = INFINITY;
    range[1] = 0.0;
    for (size_t i = 0; i < cell->n; i++) {
        double nearest = INFINITY, d[3];
        if (cell->species[i] != z)
            continue;
        for (size_t j = 0; j < cell->n; j++)
            if (j != i)
                nearest = fmin(nearest, skd_mic_vector(mic, cell->pos[i], cell->pos[j], d));
        range[0] = fmin(range[0], nearest);
        range[1] = fmax(range[1], nearest);
    }
}

/* doped's first guess of the tolerance: twice the largest change of an element's range of nearest distances. */
static double first_tolerance(const matcher *w) {
    double change = 1e-4 * cbrt(skd_cell_volume(w->a) / (double)w->n);
    for (size_t g = 0; g < w->n_groups; g++) {
        double ra[2], rb[2];
        int z = w->a->species[w->ia[w->group[g]]];
        nearest_range(w->a, &w->mic, z, ra);
        nearest_range(w->b, &w->mic, z, rb);
        for (int k = 0; k < 2; k++)
            change = isfinite(ra[k] - rb[k]) ? fmax(change, fabs(ra[k] - rb[k])) : change;
    }
    return 2.0 * change;
}

/* pymatgen's StructureMatcher with its stol raised until something matches, as doped and ShakeNBreak use it. */
static void match_for_rms(matcher *w, skd_match *out) {
    for (w->limit = first_tolerance(w); w->limit < w->options->tolerance; w->limit *= 1.5) {
        try_all_for_rms(w, out);
        if (out->found && out->rms < w->limit)
            return;
    }
    out->found = false;
}

/* ---- all candidates ---------------------------------------------------------------------- */

static void try_translations(matcher *w, skd_match *out, const int m[3][3]) {
    size_t rarest = w->group[1], anchors = rarest < ANCHORS ? rarest : ANCHORS;
    for (size_t anchor = 0; anchor < anchors; anchor++) {
        double at[3], t[3];
        rotate(m, w->fb[w->ib[anchor * (rarest / anchors)]], at);
        for (size_t i = 0; i < rarest; i++) {
            for (int k = 0; k < 3; k++)
                t[k] = w->fa[w->ia[i]][k] - at[k];
            try_candidate(w, out, m, t);
        }
    }
}

static void try_all(matcher *w, skd_match *out) {
    const skd_symmetry *symmetry = w->options->symmetry;
    const double none[3] = {0, 0, 0};
    if (symmetry && !w->options->any_translation) {
        for (size_t i = 0; i < symmetry->n_operations; i++)
            try_candidate(w, out, symmetry->operation[i].rotation, symmetry->operation[i].translation);
        return;
    }
    for (size_t i = 0; i < w->n_rotations; i++) {
        if (w->options->any_translation)
            try_translations(w, out, w->rotations[i].m);
        else
            try_candidate(w, out, w->rotations[i].m, none);
    }
}

skd_status skd_match_find(skd_match *out, const skd_cell *a, const skd_cell *b, const skd_match_options *options,
                          skd_error *err) {
    *out = (skd_match){.max_distance = INFINITY, .rms = INFINITY, .sum_above = INFINITY};
    if (!(options->tolerance > 0.0))
        return skd_fail(err, SKD_EARG, "matching tolerance is %g Å, expected more than 0", options->tolerance);
    matcher w = {.a = a, .b = b, .options = options, .n = a->n, .best_max = INFINITY, .best_rms = INFINITY};
    if (a->n == 0 || !same_composition(a, b) || !same_metric(a, b))
        return SKD_OK;
    out->partner = skd_alloc(a->n, sizeof *out->partner);
    out->distance = skd_alloc(a->n, sizeof *out->distance);
    skd_status status = out->partner && out->distance
                            ? prepare(&w, err)
                            : skd_fail(err, SKD_ENOMEM, "out of memory for matching %zu atoms", a->n);
    if (status == SKD_OK)
        status = find_rotations(&w, err);
    /* Tight tolerances drop nearly all candidates at once; what is found under one is the best of all. */
    bool by_rms = options->least_rms;
    if (status == SKD_OK && by_rms)
        match_for_rms(&w, out);
    for (w.limit = fmin(FIRST_LIMIT, options->tolerance); status == SKD_OK && !by_rms && !out->found; w.limit *= 2.0) {
        w.limit = fmin(w.limit, options->tolerance);
        try_all(&w, out);
        if (w.limit >= options->tolerance)
            break;
    }
    matcher_free(&w);
    if (status != SKD_OK || !out->found) {
        skd_free(out->partner);
        skd_free(out->distance);
        out->partner = NULL;
        out->distance = NULL;
    }
    return status;
}

skd_status skd_match_same(bool *same, const skd_cell *a, const skd_cell *b, double distance, skd_error *err) {
    skd_match match;
    const skd_match_options options = {.any_translation = true, .tolerance = distance};
    skd_status status = skd_match_find(&match, a, b, &options, err);
    *same = status == SKD_OK && match.found && match.max_distance < distance;
    skd_match_free(&match);
    return status;
}
