/* SPDX-License-Identifier: MIT */
/* test_crystal_alloy.c - occupations of an alloy's sites: whole numbers of atoms, correlations as a plain double loop
 * over the atoms finds them, special quasi-random structures, and all distinct configurations as a plain comparison of
 * patterns on a grid finds them, and as the literature counts them. */
#include "check.h"

#include <stdlib.h>

#include "shakedown/alloy.h"

static const double face_centred[3][3] = {{0.0, 0.5, 0.5}, {0.5, 0.0, 0.5}, {0.5, 0.5, 0.0}};

/* The primitive fcc cell of copper (a = 3.6 Å), or of zinc-blende CdTe (a = 6.48 Å). */
static skd_cell *make_primitive(bool zinc_blende) {
    skd_error err;
    skd_cell *cell;
    const double a = zinc_blende ? 6.48 : 3.6;
    CHECK_OK(skd_cell_new(&cell, zinc_blende ? 2 : 1, &err));
    for (int k = 0; k < 9; k++)
        cell->lattice[k / 3][k % 3] = a * face_centred[k / 3][k % 3];
    cell->species[0] = zinc_blende ? 48 : 29;
    for (int k = 0; k < 3 && zinc_blende; k++)
        cell->pos[1][k] = 0.25 * a;
    if (zinc_blende)
        cell->species[1] = 52;
    return cell;
}

/* 2 x 2 x 2 conventional cells: 64 atoms of CdTe, 32 of copper. */
static skd_cell *make_supercell(bool zinc_blende) {
    static const int cubes[3][3] = {{-2, 2, 2}, {2, -2, 2}, {2, 2, -2}};
    skd_error err;
    skd_cell *primitive = make_primitive(zinc_blende), *big;
    CHECK_OK(skd_supercell(&big, primitive, cubes, NULL, &err));
    skd_cell_free(primitive);
    return big;
}

/* ---- what sits where --------------------------------------------------------------------- */

static void shares_become_whole_atoms(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_supercell(true), *mixed;
    skd_alloy *alloy;
    skd_rng *rng;
    const skd_substitution rules[] = {{52, 34, 0.3}, {48, 30, 0.25}, {52, 16, 0.3}};
    CHECK_OK(skd_alloy_new(&alloy, cell, rules, 3, NULL, &err));
    CHECK_INT(alloy->n_sublattices, 2);
    CHECK_INT(alloy->sublattice[0].count[1], 10); /* 9.6 Se */
    CHECK_INT(alloy->sublattice[0].count[2], 9);  /* 19.2 Se and S */
    CHECK_INT(alloy->sublattice[0].count[0], 13);
    CHECK_INT(alloy->sublattice[1].count[1], 8);
    CHECK_OK(skd_rng_new(&rng, 3, &err));
    skd_alloy_shuffle(alloy, rng);
    CHECK_OK(skd_alloy_cell(&mixed, alloy, &err));
    static const int species[] = {52, 34, 16, 48, 30};
    static const size_t count[] = {13, 10, 9, 24, 8};
    for (int k = 0; k < 5; k++)
        CHECK_INT(skd_cell_count(mixed, species[k]), count[k]);
    for (size_t i = 1; i < mixed->n; i++) /* like elements stand together */
        for (size_t j = 0; mixed->species[i] != mixed->species[i - 1] && j < i; j++)
            CHECK(mixed->species[j] != mixed->species[i]);
    skd_cell_free(mixed);
    skd_rng_free(rng);
    skd_alloy_free(alloy);
    skd_cell_free(cell);
}

static void impossible_substitutions_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_primitive(true);
    skd_alloy *alloy;
    const skd_substitution absent = {14, 32, 0.5}, itself = {52, 52, 0.5}, much = {52, 34, 1.5}, none = {52, 0, 0.5};
    const skd_substitution sum[] = {{52, 34, 0.7}, {52, 16, 0.7}}, twice[] = {{52, 34, 0.2}, {52, 34, 0.2}};
    CHECK_FAILS(skd_alloy_new(&alloy, cell, &absent, 1, NULL, &err), SKD_EARG, "substitution Si:Ge: the host has no");
    CHECK_FAILS(skd_alloy_new(&alloy, cell, &itself, 1, NULL, &err), SKD_EARG, "cannot replace itself");
    CHECK_FAILS(skd_alloy_new(&alloy, cell, &much, 1, NULL, &err), SKD_EARG, "a fraction from 0 to 1");
    CHECK_FAILS(skd_alloy_new(&alloy, cell, &none, 1, NULL, &err), SKD_EARG, "no such element");
    CHECK_FAILS(skd_alloy_new(&alloy, cell, sum, 2, NULL, &err), SKD_EARG, "exceed 1");
    CHECK_FAILS(skd_alloy_new(&alloy, cell, twice, 2, NULL, &err), SKD_EARG, "given twice");
    CHECK(!alloy);
    skd_cell_free(cell);
}

/* ---- correlations ------------------------------------------------------------------------ */

static double spin(const skd_alloy *alloy, size_t i) { return alloy->label[i] ? 1.0 : -1.0; }

/* Distance of two sites, b seen in the cell at shift. */
static double apart(const skd_alloy *alloy, size_t a, size_t b, const int shift[3]) {
    const skd_cell *cell = alloy->host;
    double f[3] = {shift[0], shift[1], shift[2]}, r[3];
    skd_row_times(f, (const double(*)[3])cell->lattice, r);
    for (int k = 0; k < 3; k++)
        r[k] += cell->pos[alloy->atom[b]][k] - cell->pos[alloy->atom[a]][k];
    return skd_norm(r);
}

/* Mean product of spins over all pairs of that length, each from both ends, images within one cell. */
static double plain_pair(const skd_alloy *alloy, double length) {
    double sum = 0.0, n = 0.0;
    for (size_t a = 0; a < alloy->n_sites; a++)
        for (size_t b = 0; b < alloy->n_sites; b++)
            for (int s = 0; s < 27; s++) {
                const int shift[3] = {s / 9 - 1, s / 3 % 3 - 1, s % 3 - 1};
                if (fabs(apart(alloy, a, b, shift) - length) > 0.01)
                    continue;
                sum += spin(alloy, a) * spin(alloy, b);
                n += 1.0;
            }
    return sum / n;
}

/* The same over triplets with two sides of `leg` around a corner, and the third `base`. */
static double plain_triplet(const skd_alloy *alloy, double leg, double base) {
    double sum = 0.0, n = 0.0;
    for (size_t a = 0; a < alloy->n_sites; a++)
        for (size_t b = 0; b < alloy->n_sites; b++)
            for (int s = 0; s < 27; s++) {
                const int at[3] = {s / 9 - 1, s / 3 % 3 - 1, s % 3 - 1};
                if (fabs(apart(alloy, a, b, at) - leg) > 0.01)
                    continue;
                for (size_t c = 0; c < alloy->n_sites; c++)
                    for (int t = 0; t < 27; t++) {
                        const int to[3] = {t / 9 - 1, t / 3 % 3 - 1, t % 3 - 1};
                        const int rest[3] = {to[0] - at[0], to[1] - at[1], to[2] - at[2]};
                        if (fabs(apart(alloy, a, c, to) - leg) > 0.01 || fabs(apart(alloy, b, c, rest) - base) > 0.01)
                            continue;
                        sum += spin(alloy, a) * spin(alloy, b) * spin(alloy, c);
                        n += 1.0;
                    }
            }
    return sum / n;
}

static void correlations_are_those_of_a_plain_loop(void **state) {
    (void)state;
    skd_error err;
    const skd_substitution rule = {29, 79, 0.4};
    skd_cell *cell = make_supercell(false);
    skd_alloy *alloy;
    skd_correlations *c;
    skd_rng *rng;
    CHECK_OK(skd_alloy_new(&alloy, cell, &rule, 1, NULL, &err));
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    skd_alloy_shuffle(alloy, rng);
    const skd_sqs_options options = SKD_SQS_DEFAULT;
    CHECK_OK(skd_correlations_new(&c, alloy, &options, &err));
    size_t n;
    const skd_figure *f = skd_correlations_find(c, &n);
    CHECK_INT(n, 6);
    const double mean = 2.0 * 13.0 / 32.0 - 1.0, edge = 3.6;
    static const double length2[] = {0.5, 1.0, 1.5, 2.0};
    for (int k = 0; k < 4; k++) {
        CHECK_INT(f[k].order, 2);
        CHECK_CLOSE(f[k].side[0], edge * sqrt(length2[k]), 1e-9, 0);
        CHECK_CLOSE(f[k].target[0], mean * mean, 1e-12, 0);
        CHECK_CLOSE(f[k].value[0], plain_pair(alloy, f[k].side[0]), 1e-12, 0);
    }
    for (size_t k = 4; k < n; k++) {
        CHECK_INT(f[k].order, 3);
        CHECK_CLOSE(f[k].target[0], mean * mean * mean, 1e-12, 0);
        CHECK_CLOSE(f[k].value[0], plain_triplet(alloy, f[k].side[0], f[k].side[2]), 1e-12, 0);
    }
    skd_correlations_free(c);
    skd_rng_free(rng);
    skd_alloy_free(alloy);
    skd_cell_free(cell);
}

/* Two mixed sublattices, three elements on one: an exchange's update leaves what counting anew finds. */
static void annealing_lowers_the_objective_and_keeps_the_atoms(void **state) {
    (void)state;
    skd_error err;
    const skd_substitution rules[] = {{52, 34, 0.25}, {52, 16, 0.25}, {48, 30, 0.5}};
    skd_cell *cell = make_supercell(true);
    skd_alloy *alloy;
    skd_correlations *c;
    skd_rng *rng;
    CHECK_OK(skd_alloy_new(&alloy, cell, rules, 3, NULL, &err));
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    skd_alloy_shuffle(alloy, rng);
    const skd_sqs_options options = {.pair_shells = 3, .triplet_shells = 2, .steps = 3000, .seed = 5};
    CHECK_OK(skd_correlations_new(&c, alloy, &options, &err));
    const double before = skd_correlations_objective(c);
    size_t tried = 0, count[SKD_ALLOY_SPECIES] = {0};
    CHECK_OK(skd_sqs_anneal(alloy, c, &options, &tried, &err));
    CHECK(skd_correlations_objective(c) < 0.5 * before);
    CHECK_INT(tried, options.steps);
    for (size_t i = 0; i < alloy->n_sites; i++)
        if (alloy->lattice[i] == 0)
            count[alloy->label[i]]++;
    for (int k = 0; k < 3; k++)
        CHECK_INT(count[k], alloy->sublattice[0].count[k]);
    skd_correlations_free(c);
    skd_rng_free(rng);
    skd_alloy_free(alloy);
    skd_cell_free(cell);
}

static void half_and_half_has_a_perfect_first_shell(void **state) {
    (void)state;
    skd_error err;
    const skd_substitution rule = {52, 34, 0.5};
    skd_cell *cell = make_supercell(true);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        skd_alloy *alloy;
        skd_correlations *c;
        const skd_sqs_options options = {.pair_shells = 4, .triplet_shells = 2, .steps = 20000, .seed = seed};
        CHECK_OK(skd_alloy_new(&alloy, cell, &rule, 1, NULL, &err));
        CHECK_OK(skd_correlations_new(&c, alloy, &options, &err));
        CHECK_OK(skd_sqs_anneal(alloy, c, &options, NULL, &err));
        CHECK(plain_pair(alloy, 6.48 * sqrt(0.5)) == 0.0);
        skd_correlations_free(c);
        skd_alloy_free(alloy);
    }
    skd_cell_free(cell);
}

static void sites_without_shells_are_refused(void **state) {
    (void)state;
    skd_error err;
    const skd_substitution rule = {52, 34, 0.5};
    skd_cell *cell = make_supercell(true);
    skd_alloy *alloy;
    skd_correlations *c;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    for (size_t i = 0; i < 3 * cell->n; i++)
        cell->pos[i / 3][i % 3] += skd_rng_uniform(rng);
    CHECK_OK(skd_alloy_new(&alloy, cell, &rule, 1, NULL, &err));
    const skd_sqs_options options = {.pair_shells = 20}, none = {.pair_shells = 0};
    CHECK_FAILS(skd_correlations_new(&c, alloy, &options, &err), SKD_EARG, "shells of neighbours");
    CHECK_FAILS(skd_correlations_new(&c, alloy, &none, &err), SKD_EARG, "expected 1 to 20 shells");
    skd_alloy_free(alloy);
    skd_rng_free(rng);
    skd_cell_free(cell);
}

/* ---- all configurations, by brute force ---------------------------------------------------- */

/* Any superlattice of n cells holds n times the lattice, so that a pattern of it is one on a grid of n x n x n points
 * that repeats. Two patterns are one if some rotation of the lattice and some translation make them equal. */
typedef struct grid {
    int n, points;
    int rotation[48][3][3];
    char *seen; /* [n_seen][points] */
    size_t n_seen, capacity;
} grid;

/* All integer matrices that keep the metric of the fcc lattice. */
static int list_rotations(int rotation[48][3][3]) {
    int n = 0;
    for (int code = 0; code < 19683; code++) {
        int m[3][3], rest = code;
        bool keeps = true;
        for (int k = 0; k < 9; k++, rest /= 3)
            m[k / 3][k % 3] = rest % 3 - 1;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3 && keeps; j++) { /* m^T G m = G, G = 1 + delta */
                int sum = 0;
                for (int a = 0; a < 3; a++)
                    for (int b = 0; b < 3; b++)
                        sum += m[a][i] * (1 + (a == b)) * m[b][j];
                keeps = sum == 1 + (i == j);
            }
        if (keeps)
            memcpy(rotation[n++], m, sizeof m);
    }
    return n;
}

static int wrapped(int value, int n) { return (value % n + n) % n; }

/* Where a rotation and a translation take a point. */
static int moved(const grid *g, int r, int t, int point) {
    const int x[3] = {point / g->n / g->n, point / g->n % g->n, point % g->n};
    const int by[3] = {t / g->n / g->n, t / g->n % g->n, t % g->n};
    int y = 0;
    for (int k = 0; k < 3; k++) {
        const int *m = g->rotation[r][k];
        y = y * g->n + wrapped(m[0] * x[0] + m[1] * x[1] + m[2] * x[2] + by[k], g->n);
    }
    return y;
}

static bool is_same(const grid *g, const char *a, const char *b) {
    for (int r = 0; r < 48; r++)
        for (int t = 0; t < g->points; t++) {
            bool same = true;
            for (int p = 0; p < g->points && same; p++)
                same = a[moved(g, r, t, p)] == b[p];
            if (same)
                return true;
        }
    return false;
}

/* Translations that leave the pattern: n^2 of the n^3 if its smallest cell has n points. */
static int count_translations(const grid *g, const char *pattern) {
    int unity = 0, n = 0;
    while (g->rotation[unity][0][0] != 1 || g->rotation[unity][1][1] != 1 || g->rotation[unity][2][2] != 1 ||
           g->rotation[unity][0][1] || g->rotation[unity][0][2] || g->rotation[unity][1][0] ||
           g->rotation[unity][1][2] || g->rotation[unity][2][0] || g->rotation[unity][2][1])
        unity++;
    for (int t = 0; t < g->points; t++) {
        bool same = true;
        for (int p = 0; p < g->points && same; p++)
            same = pattern[moved(g, unity, t, p)] == pattern[p];
        n += same;
    }
    return n;
}

static void keep_if_new(grid *g, const char *pattern) {
    skd_error err;
    if (count_translations(g, pattern) != g->n * g->n)
        return;
    for (size_t k = 0; k < g->n_seen; k++)
        if (memcmp(g->seen + k * (size_t)g->points, pattern, (size_t)g->points) == 0 ||
            is_same(g, g->seen + k * (size_t)g->points, pattern))
            return;
    CHECK_OK(skd_grow((void **)&g->seen, &g->capacity, g->n_seen + 1, (size_t)g->points, &err));
    memcpy(g->seen + g->n_seen++ * (size_t)g->points, pattern, (size_t)g->points);
}

/* Every superlattice is the kernel of a map of the lattice to a group of n elements; those that are cyclic, or
 * Z2 x Z2 for n = 4, are all for n up to 7: labels are given to the values of the map. */
static size_t brute_force(int n) {
    grid g = {.n = n, .points = n * n * n};
    CHECK_INT(list_rotations(g.rotation), 48);
    char *pattern = skd_alloc((size_t)g.points, 1);
    CHECK(pattern != NULL);
    const int pairs = n == 4 ? 64 : 0; /* two maps to Z2 */
    for (int map = 0; map < g.points + pairs; map++)
        for (int labels = 0; labels < 1 << n; labels++) {
            for (int p = 0; p < g.points; p++) {
                const int x[3] = {p / n / n, p / n % n, p % n};
                const int v[3] = {map / n / n, map / n % n, map % n}, w = map - g.points;
                int value = (v[0] * x[0] + v[1] * x[1] + v[2] * x[2]) % n;
                if (w >= 0)
                    value = 2 * (((w & 1) * x[0] + (w >> 1 & 1) * x[1] + (w >> 2 & 1) * x[2]) % 2) +
                            ((w >> 3 & 1) * x[0] + (w >> 4 & 1) * x[1] + (w >> 5 & 1) * x[2]) % 2;
                pattern[p] = (char)(labels >> value & 1);
            }
            keep_if_new(&g, pattern);
        }
    skd_free(pattern);
    skd_free(g.seen);
    return g.n_seen;
}

static const skd_substitution any_gold = {29, 79, NAN};

static size_t distinct(const skd_cell *primitive, size_t size) {
    skd_error err;
    skd_enumeration found;
    const skd_enumeration_options options = {.rule = &any_gold, .n_rules = 1, .primitive_only = true};
    CHECK_OK(skd_enumerate_size(&found, primitive, size, &options, NULL, NULL, &err));
    return found.n_configurations;
}

static void small_cells_have_the_configurations_of_a_brute_force(void **state) {
    (void)state;
    skd_cell *primitive = make_primitive(false);
    for (int n = 1; n <= 4; n++)
        CHECK_INT(distinct(primitive, (size_t)n), brute_force(n));
    skd_cell_free(primitive);
}

/* Binary fcc: G. L. W. Hart and R. W. Forcade, Phys. Rev. B 77, 224115 (2008) have 3, 14, 52, 252 for 3, 5, 7, 9
 * cells up to exchange of the elements, by which none of these is left as it is: twice as many here. */
static void counts_are_those_of_the_literature(void **state) {
    (void)state;
    skd_error err;
    static const size_t structures[] = {2, 2, 6, 19, 28, 80, 104, 390, 504};
    static const size_t lattices[] = {1, 2, 3, 7, 5, 10, 7, 20, 14};
    skd_cell *primitive = make_primitive(false);
    const skd_enumeration_options options = {.rule = &any_gold, .n_rules = 1, .primitive_only = true};
    for (size_t size = 1; size <= 9; size++) {
        skd_enumeration found;
        CHECK_OK(skd_enumerate_size(&found, primitive, size, &options, NULL, NULL, &err));
        CHECK_INT(found.n_configurations, structures[size - 1]);
        CHECK_INT(found.n_lattices, lattices[size - 1]);
    }
    skd_cell_free(primitive);
}

/* What a configuration is checked for, and what is summed. */
typedef struct tally {
    size_t n, selenium;
    double labelings;
} tally;

static skd_status count_one(void *payload, const skd_configuration *configuration, skd_error *err) {
    tally *t = payload;
    t->n++;
    t->labelings += (double)configuration->multiplicity;
    CHECK_INT(skd_cell_count(configuration->cell, 34), t->selenium);
    CHECK_INT(skd_cell_count(configuration->cell, 48), 8);
    return skd_cell_check_overlap(configuration->cell, 1.0, err);
}

/* All occupations of a cell are among the kinds found, each once. */
static void multiplicities_add_up(void **state) {
    (void)state;
    skd_error err;
    static const int double_cell[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    static const double chosen[] = {1, 8, 28, 56, 70};
    skd_cell *primitive = make_primitive(true);
    for (size_t k = 1; k <= 4; k++) {
        const skd_substitution rule = {52, 34, (double)k / 8.0};
        const skd_enumeration_options options = {.rule = &rule, .n_rules = 1};
        tally t = {.selenium = k};
        skd_enumeration found;
        CHECK_OK(skd_enumerate_cell(&found, primitive, double_cell, &options, count_one, &t, &err));
        CHECK_INT(found.n_configurations, t.n);
        CHECK(t.labelings == chosen[k] && found.n_labelings == chosen[k]);
        CHECK(k > 1 || t.n == 1);
    }
    const skd_substitution third = {52, 34, 1.0 / 3.0};
    const skd_enumeration_options options = {.rule = &third, .n_rules = 1};
    skd_enumeration found;
    CHECK_OK(skd_enumerate_cell(&found, primitive, double_cell, &options, NULL, NULL, &err));
    CHECK_INT(found.n_configurations, 0);
    static const int huge[3][3] = {{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}, flat[3][3] = {{1, 0, 0}, {1, 0, 0}, {0, 0, 1}};
    const skd_substitution half = {52, 34, 0.5};
    const skd_enumeration_options halves = {.rule = &half, .n_rules = 1};
    CHECK_FAILS(skd_enumerate_cell(&found, primitive, huge, &halves, NULL, NULL, &err), SKD_EARG, "can be walked");
    CHECK_FAILS(skd_enumerate_cell(&found, primitive, flat, &halves, NULL, NULL, &err), SKD_EARG, "determinant 0");
    skd_cell_free(primitive);
}

#ifdef SKD_TORTURE
static skd_status everything(const skd_cell *primitive, skd_error *err) {
    static const int cubes[3][3] = {{-1, 1, 1}, {1, -1, 1}, {1, 1, -1}};
    const skd_substitution rule = {52, 34, 0.5};
    const skd_sqs_options sqs = {.pair_shells = 2, .triplet_shells = 1, .steps = 10, .seed = 1};
    const skd_enumeration_options all = {.rule = &rule, .n_rules = 1, .primitive_only = true};
    skd_cell *cell = NULL, *mixed = NULL;
    skd_alloy *alloy = NULL;
    skd_correlations *c = NULL;
    skd_enumeration found;
    skd_status status = skd_supercell(&cell, primitive, cubes, NULL, err);
    if (status == SKD_OK)
        status = skd_alloy_new(&alloy, cell, &rule, 1, NULL, err);
    if (status == SKD_OK)
        status = skd_correlations_new(&c, alloy, &sqs, err);
    if (status == SKD_OK)
        status = skd_sqs_anneal(alloy, c, &sqs, NULL, err);
    if (status == SKD_OK)
        status = skd_alloy_cell(&mixed, alloy, err);
    if (status == SKD_OK)
        status = skd_enumerate_size(&found, primitive, 2, &all, NULL, NULL, err);
    skd_correlations_free(c);
    skd_alloy_free(alloy);
    skd_cell_free(mixed);
    skd_cell_free(cell);
    return status;
}

static void every_failed_allocation_is_reported(void **state) {
    (void)state;
    skd_cell *primitive = make_primitive(true);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_error err = {SKD_OK, ""};
        skd_alloc_fail_at = k;
        status = everything(primitive, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
    }
    skd_cell_free(primitive);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_become_whole_atoms),
        cmocka_unit_test(impossible_substitutions_are_refused),
        cmocka_unit_test(correlations_are_those_of_a_plain_loop),
        cmocka_unit_test(annealing_lowers_the_objective_and_keeps_the_atoms),
        cmocka_unit_test(half_and_half_has_a_perfect_first_shell),
        cmocka_unit_test(sites_without_shells_are_refused),
        cmocka_unit_test(small_cells_have_the_configurations_of_a_brute_force),
        cmocka_unit_test(counts_are_those_of_the_literature),
        cmocka_unit_test(multiplicities_add_up),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failed_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("crystal: alloys", tests, NULL, NULL);
}
