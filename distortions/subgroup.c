/* SPDX-License-Identifier: MIT */
/* subgroup.c - distortions that keep a subgroup of the site's symmetry and nothing more.
 *
 * A random rattle breaks every symmetry at once. Here the chain from the site's group G down to C1 is walked step by
 * step: for each subgroup H (one of those conjugate in G) one displacement pattern of the defect and its first
 * shell that is invariant under H, but orthogonal to all that a larger subgroup leaves invariant:
 *
 *     Fix(H)  =  { x : h x = x for h in H },      modes(H) = Fix(H) minus the span of Fix(K), H < K <= G
 *
 * Every vector in modes(H) has exactly the symmetry H, and one number, its length, describes it. Subgroups with
 * no such mode (it would take two numbers) are left out. Of several modes that is taken which moves a defect's own
 * atom most, then that which stretches bonds most. Nothing is rattled: a relaxation stays in H, so its minimum is
 * found even where rattled starts slide past it. (Isotropy subgroups: Stokes & Hatch, Isotropy Subgroups of the 230
 * Crystallographic Space Groups, World Scientific 1988.) */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AMPLITUDE 0.2   /* of the nearest distance, for the atom that moves most */
#define TINY      1e-6  /* of a projected unit vector */
#define SAME_SITE 0.2   /* Å; an image is as close to an atom */
enum { MAX_GROUP = 48, MAX_SUBGROUPS = 512, POWER_STEPS = 300 };

/* The site's group as it acts on m atoms: the defect's own (if it has one) and its first shell. */
typedef struct site_group {
    size_t n, m, dim;             /* operations, atoms, 3 m */
    double rotation[MAX_GROUP][3][3]; /* Cartesian, acts on columns */
    int fractional[MAX_GROUP][3][3];
    size_t product[MAX_GROUP][MAX_GROUP], inverse[MAX_GROUP];
    size_t *image;                /* [n][m] atom that each atom goes to */
    const skd_near *atom;         /* [m] */
    size_t own;                   /* the defect's atom among them; SIZE_MAX */
    uint64_t subgroup[MAX_SUBGROUPS]; /* bit g: operation g is in it */
    size_t n_subgroups;
} site_group;

/* ---- the group --------------------------------------------------------------------------- */

static size_t find_rotation(const site_group *g, const double r[3][3]) {
    for (size_t k = 0; k < g->n; k++) {
        double off = 0.0;
        for (int i = 0; i < 9; i++)
            off = fmax(off, fabs(g->rotation[k][i / 3][i % 3] - r[i / 3][i % 3]));
        if (off < 1e-3)
            return k;
    }
    return MAX_GROUP;
}

/* Products and inverses; false if the operations are no group (a lattice that is symmetric only to a tolerance). */
static bool tabulate(site_group *g) {
    static const double one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const size_t identity = find_rotation(g, one);
    for (size_t a = 0; a < g->n; a++)
        for (size_t b = 0; b < g->n; b++) {
            double ab[3][3];
            skd_mul3(g->rotation[a], g->rotation[b], ab);
            g->product[a][b] = find_rotation(g, ab);
            if (g->product[a][b] >= g->n)
                return false;
            if (g->product[a][b] == identity)
                g->inverse[a] = b;
        }
    return identity < g->n;
}

/* Where each atom goes; false if one goes where none is. */
static bool tabulate_images(site_group *g) {
    for (size_t k = 0; k < g->n; k++)
        for (size_t a = 0; a < g->m; a++) {
            double to[3], off[3];
            size_t b = 0;
            skd_times_col(g->rotation[k], g->atom[a].d, to);
            for (; b < g->m; b++) {
                for (int c = 0; c < 3; c++)
                    off[c] = g->atom[b].d[c] - to[c];
                if (skd_norm(off) < SAME_SITE)
                    break;
            }
            if (b == g->m)
                return false;
            g->image[k * g->m + a] = b;
        }
    return true;
}

/* The list's rotations, and the same in the primitive basis, where they are whole numbers and have names. */
static skd_status take_operations(site_group *g, const skd_start_list *list, const skd_defect *defect,
                                  skd_error *err) {
    skd_cell *primitive;
    double inverse[3][3], in_basis[3][3], half[3][3];
    skd_status status = skd_primitive(&primitive, defect->bulk, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(primitive, inverse, err);
    for (; status == SKD_OK && g->n < list->n_rotations && g->n < MAX_GROUP; g->n++) {
        memcpy(g->rotation[g->n], list->rotation[g->n], sizeof *g->rotation);
        for (int i = 0; i < 9; i++) /* L^-T R L^T, row by row of R^T: (L R^T L^-1)^T */
            half[i / 3][i % 3] = list->rotation[g->n][i % 3][i / 3];
        skd_mul3(primitive->lattice, half, in_basis);
        skd_mul3(in_basis, inverse, half);
        for (int i = 0; i < 9; i++)
            g->fractional[g->n][i / 3][i % 3] = (int)nearbyint(half[i % 3][i / 3]);
    }
    skd_cell_free(primitive);
    return status;
}

/* ---- its subgroups -------------------------------------------------------------------------- */

static bool has(uint64_t set, size_t k) { return set >> k & 1; }

static uint64_t closure(const site_group *g, uint64_t set) {
    for (uint64_t before = 0; before != set;) {
        before = set;
        for (size_t a = 0; a < g->n; a++)
            for (size_t b = 0; has(set, a) && b < g->n; b++)
                if (has(set, b))
                    set |= (uint64_t)1 << g->product[a][b];
    }
    return set;
}

static void add_subgroup(site_group *g, uint64_t set) {
    for (size_t k = 0; k < g->n_subgroups; k++)
        if (g->subgroup[k] == set)
            return;
    if (g->n_subgroups < MAX_SUBGROUPS)
        g->subgroup[g->n_subgroups++] = set;
}

static size_t order_of(uint64_t set) {
    size_t n = 0;
    for (; set; set &= set - 1)
        n++;
    return n;
}

static int larger_first(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    const size_t n = order_of(a), m = order_of(b);
    return n != m ? (n < m) - (n > m) : (a > b) - (a < b);
}

/* Cyclic ones, then all that two of those found generate together, until nothing new appears. */
static void find_subgroups(site_group *g) {
    for (size_t k = 0; k < g->n; k++)
        add_subgroup(g, closure(g, (uint64_t)1 << k));
    for (size_t i = 0; i < g->n_subgroups; i++)
        for (size_t k = 0; k < g->n; k++)
            if (!has(g->subgroup[i], k))
                add_subgroup(g, closure(g, g->subgroup[i] | (uint64_t)1 << k));
    qsort(g->subgroup, g->n_subgroups, sizeof *g->subgroup, larger_first);
}

static uint64_t conjugate(const site_group *g, uint64_t set, size_t by) {
    uint64_t out = 0;
    for (size_t k = 0; k < g->n; k++)
        if (has(set, k))
            out |= (uint64_t)1 << g->product[g->product[by][k]][g->inverse[by]];
    return out;
}

static bool is_first_of_class(const site_group *g, size_t which) {
    for (size_t by = 0; by < g->n; by++) {
        const uint64_t other = conjugate(g, g->subgroup[which], by);
        for (size_t k = 0; k < which; k++)
            if (g->subgroup[k] == other)
                return false;
    }
    return true;
}

/* ---- displacement patterns ------------------------------------------------------------------- */

/* out = g_k x, in the 3 m coordinates. */
static void act(const site_group *g, size_t k, const double *x, double *out) {
    for (size_t a = 0; a < g->m; a++)
        skd_times_col(g->rotation[k], x + 3 * a, out + 3 * g->image[k * g->m + a]);
}

/* Part of x that the subgroup leaves as it is: the mean over its operations. */
static void project(const site_group *g, uint64_t set, const double *x, double *out, double *scratch) {
    const double weight = 1.0 / (double)order_of(set);
    memset(out, 0, g->dim * sizeof *out);
    for (size_t k = 0; k < g->n; k++) {
        if (!has(set, k))
            continue;
        act(g, k, x, scratch);
        for (size_t i = 0; i < g->dim; i++)
            out[i] += weight * scratch[i];
    }
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* An orthonormal set that grows; room for dim vectors. */
typedef struct basis {
    size_t n;
    double *vector; /* [n][dim] */
} basis;

static void add_direction(basis *b, double *x, size_t dim) {
    for (int again = 0; again < 2; again++) /* twice is enough */
        for (size_t k = 0; k < b->n; k++) {
            const double overlap = dot(b->vector + k * dim, x, dim);
            for (size_t i = 0; i < dim; i++)
                x[i] -= overlap * b->vector[k * dim + i];
        }
    const double length = sqrt(dot(x, x, dim));
    if (length < TINY || b->n == dim)
        return;
    for (size_t i = 0; i < dim; i++)
        b->vector[b->n * dim + i] = x[i] / length;
    b->n++;
}

static void add_fixed(basis *b, const site_group *g, uint64_t set, double *unit, double *x, double *scratch) {
    for (size_t i = 0; i < g->dim; i++) {
        memset(unit, 0, g->dim * sizeof *unit);
        unit[i] = 1.0;
        project(g, set, unit, x, scratch);
        add_direction(b, x, g->dim);
    }
}

/* out = W x: the defect's own atom counts twice, of the others the motion along the bond once. */
static void weigh(const site_group *g, const double *x, double *out) {
    for (size_t a = 0; a < g->m; a++) {
        const double *d = g->atom[a].d, r = skd_norm(d), along = a == g->own ? 0.0 : skd_dot(x + 3 * a, d) / (r * r);
        for (int c = 0; c < 3; c++)
            out[3 * a + (size_t)c] = a == g->own ? 2.0 * x[3 * a + (size_t)c] : along * d[c];
    }
}

/* The mode that weighs most, by power iteration within vectors [from, b->n) of the basis. */
static void heaviest(const basis *b, size_t from, const site_group *g, double *mode, double *x) {
    for (size_t i = 0; i < g->dim; i++)
        mode[i] = b->vector[from * g->dim + i];
    for (int step = 0; step < POWER_STEPS && b->n > from + 1; step++) {
        weigh(g, mode, x);
        for (size_t i = 0; i < g->dim; i++) {
            x[i] += 1e-3 * mode[i]; /* so that motions across all bonds do not vanish */
            mode[i] = 0.0;
        }
        for (size_t k = from; k < b->n; k++) {
            const double part = dot(b->vector + k * g->dim, x, g->dim) + (step == 0 ? 1e-3 * (double)(k + 1) : 0.0);
            for (size_t i = 0; i < g->dim; i++)
                mode[i] += part * b->vector[k * g->dim + i];
        }
        const double length = sqrt(dot(mode, mode, g->dim));
        for (size_t i = 0; i < g->dim; i++)
            mode[i] /= length;
    }
}

/* Outwards is +: the sum of the motions along the bonds; else the first clear coordinate. */
static void set_sign(const site_group *g, double *mode) {
    double outward = 0.0;
    for (size_t a = 0; a < g->m; a++)
        if (a != g->own)
            outward += skd_dot(mode + 3 * a, g->atom[a].d) / g->atom[a].r;
    for (size_t i = 0; fabs(outward) < 1e-3 && i < g->dim; i++)
        outward = fabs(mode[i]) > 1e-3 ? mode[i] : 0.0;
    for (size_t i = 0; outward < 0.0 && i < g->dim; i++)
        mode[i] = -mode[i];
}

static double scale_of(const site_group *g, const double *mode, double largest) {
    double most = 0.0;
    for (size_t a = 0; a < g->m; a++)
        most = fmax(most, skd_norm(mode + 3 * a));
    return largest / most;
}

/* ---- starts ------------------------------------------------------------------------------- */

/* Does an operation of the group turn the pattern into its opposite? */
static bool is_reversible(const site_group *g, const double *mode, double *x) {
    for (size_t k = 0; k < g->n; k++) {
        double off = 0.0;
        act(g, k, mode, x);
        for (size_t i = 0; i < g->dim; i++)
            off = fmax(off, fabs(x[i] + mode[i]));
        if (off < 1e-4)
            return true;
    }
    return false;
}

static skd_status add_start(skd_start_list *out, const skd_trial *trial, const site_group *g, uint64_t set,
                            const double *mode, const char *sign, double factor, skd_error *err) {
    int rotation[MAX_GROUP][3][3];
    size_t n = 0, *index = skd_alloc(g->m, sizeof *index);
    if (!index)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", g->m);
    for (size_t k = 0; k < g->n; k++)
        if (has(set, k))
            memcpy(rotation[n++], g->fractional[k], sizeof *rotation);
    char name[64];
    skd_start *start;
    snprintf(name, sizeof name, "Subgroup_%s%s", skd_point_group_name((const int(*)[3][3])rotation, n), sign);
    skd_status status = skd_trial_add(out, trial, name, &start, err);
    if (status == SKD_OK) {
        const double length = scale_of(g, mode, factor * g->atom[g->own == 0].r);
        start->rattled = false;
        start->factor = factor;
        for (size_t a = 0; a < g->m; a++) {
            index[a] = g->atom[a].index;
            for (int c = 0; c < 3; c++)
                start->cell->pos[index[a]][c] += length * mode[3 * a + (size_t)c];
        }
        status = skd_trial_finish(out, trial, start, index, g->m, err);
    }
    skd_free(index);
    return status;
}

/* Larger subgroups without another one between count; what the others fix, these fix too. */
static bool is_next_above(const site_group *g, uint64_t set, uint64_t above) {
    if (above == set || (above & set) != set)
        return false;
    for (size_t k = 0; k < g->n_subgroups; k++) {
        const uint64_t between = g->subgroup[k];
        if (between != set && between != above && (between & set) == set && (above & between) == between)
            return false;
    }
    return true;
}

static skd_status add_modes_of(skd_start_list *out, const skd_trial *trial, const site_group *g, uint64_t set,
                               double *work, skd_error *err) {
    double *unit = work, *x = unit + g->dim, *scratch = x + g->dim, *mode = scratch + g->dim;
    basis b = {.vector = mode + g->dim};
    for (size_t k = 0; k < g->n_subgroups; k++)
        if (is_next_above(g, set, g->subgroup[k]))
            add_fixed(&b, g, g->subgroup[k], unit, x, scratch);
    const size_t from = b.n;
    add_fixed(&b, g, set, unit, x, scratch);
    if (b.n == from)
        return SKD_OK;
    heaviest(&b, from, g, mode, x);
    set_sign(g, mode);
    if (is_reversible(g, mode, x))
        return add_start(out, trial, g, set, mode, "", AMPLITUDE, err);
    skd_status status = add_start(out, trial, g, set, mode, "_out", AMPLITUDE, err);
    return status == SKD_OK ? add_start(out, trial, g, set, mode, "_in", -AMPLITUDE, err) : status;
}

static skd_status add_chains(skd_start_list *out, const skd_trial *trial, site_group *g, skd_error *err) {
    double *work = skd_alloc(g->dim * (g->dim + 4), sizeof *work);
    g->image = skd_alloc(g->n * g->m, sizeof *g->image);
    skd_status status = SKD_OK;
    if (!work || !g->image)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the modes of %zu atoms", g->m);
    else if (tabulate(g) && tabulate_images(g)) {
        find_subgroups(g);
        for (size_t k = 1; status == SKD_OK && k < g->n_subgroups; k++) /* the first is the whole group */
            if (is_first_of_class(g, k))
                status = add_modes_of(out, trial, g, g->subgroup[k], work, err);
    }
    skd_free(work);
    skd_free(g->image);
    return status;
}

/* The defect's own atom goes before its shell. */
static skd_status put_own_first(site_group *g, skd_near **near, size_t n, const skd_defect *defect, skd_error *err) {
    g->own = SIZE_MAX;
    g->m = n;
    if (defect->kind != SKD_VACANCY) {
        skd_near *all = skd_alloc(n + 1, sizeof *all);
        if (!all)
            return skd_fail(err, SKD_ENOMEM, "out of memory for %zu neighbours", n);
        memcpy(all + 1, *near, n * sizeof *all);
        all[0] = (skd_near){.index = defect->index};
        skd_free(*near);
        *near = all;
        g->own = 0;
        g->m = n + 1;
    }
    g->atom = *near;
    g->dim = 3 * g->m;
    return SKD_OK;
}

static skd_status make_with(skd_start_list *out, const skd_trial *trial, site_group *g, skd_error *err) {
    const skd_defect *defect = trial->defect;
    skd_near *near = NULL;
    size_t n = 0;
    skd_status status = skd_start_rotations(out, defect, err);
    if (status == SKD_OK)
        status = take_operations(g, out, defect, err);
    if (status == SKD_OK)
        status = skd_near_shell(&near, &n, defect, 0, err);
    if (status == SKD_OK && n > 0)
        status = put_own_first(g, &near, n, defect, err);
    if (status == SKD_OK && n > 0 && g->n > 1)
        status = add_chains(out, trial, g, err);
    skd_free(near);
    return status;
}

static skd_status make_subgroup(skd_start_list *out, const skd_defect *defect, int charge,
                                const skd_start_options *options, skd_error *err) {
    skd_trial trial;
    site_group *g = skd_alloc(1, sizeof *g);
    if (!g)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a site's symmetry");
    skd_status status = skd_trial_open(&trial, &skd_kind_subgroup, defect, charge, options, err);
    if (status == SKD_OK)
        status = make_with(out, &trial, g, err);
    skd_trial_close(&trial);
    skd_free(g);
    return status;
}

const skd_start_kind skd_kind_subgroup = {
    .name = "subgroup",
    .summary = "one pattern for each subgroup of the site's symmetry, which it keeps; nothing rattled",
    .why_not = "a minimum within a symmetry may be a saddle outside; for saddles, Jahn-Teller work and high symmetry",
    .make = make_subgroup,
};
