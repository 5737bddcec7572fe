/* SPDX-License-Identifier: MIT */
/* Tests of the distance of structures (pairing against all permutations, invariances), of the clustering on
 * small distance matrices, and of the plain metrics. */
#include "check.h"

#include "shakedown/fingerprints.h"

/* ---- distance ---------------------------------------------------------------------------- */

static void cosine_distance_keeps_small_digits(void **state) {
    (void)state;
    const double a[3] = {1.0, 0.0, 0.0}, b[3] = {2.0, 0.0, 0.0}, c[3] = {0.0, 3.0, 0.0}, zero[3] = {0};
    const double tilted[3] = {5.0, 5e-9, 0.0}; /* 1 - cos(1e-9) = 5e-19 */
    CHECK_CLOSE(skd_cosine_distance(a, b, 3), 0.0, 0, 0);
    CHECK_CLOSE(skd_cosine_distance(a, c, 3), 1.0, 0, 1e-15);
    CHECK_CLOSE(skd_cosine_distance(a, tilted, 3), 5e-19, 0, 1e-6);
    CHECK_CLOSE(skd_cosine_distance(zero, zero, 3), 0.0, 0, 0);
    CHECK_CLOSE(skd_cosine_distance(zero, a, 3), 1.0, 0, 0);
}

/* Least over all permutations of rows first..m-1 of the largest distance within a pair. */
static double best_of_all_pairings(const double *a, double *b, size_t m, size_t size, size_t first) {
    double best = first == m ? 0.0 : 2.0;
    for (size_t i = first; i < m; i++) {
        double swap[8];
        memcpy(swap, b + first * size, size * sizeof *swap);
        memcpy(b + first * size, b + i * size, size * sizeof *swap);
        memcpy(b + i * size, swap, size * sizeof *swap);
        double here = skd_cosine_distance(a + first * size, b + first * size, size);
        best = fmin(best, fmax(here, best_of_all_pairings(a, b, m, size, first + 1)));
        memcpy(swap, b + first * size, size * sizeof *swap);
        memcpy(b + first * size, b + i * size, size * sizeof *swap);
        memcpy(b + i * size, swap, size * sizeof *swap);
    }
    return best;
}

static void structures_are_paired_as_well_as_any_permutation_can(void **state) {
    (void)state;
    enum { MOST = 6, SIZE = 7 };
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 99, &err));
    for (int round = 0; round < 200; round++) {
        size_t m = 1 + skd_rng_below(rng, 0, MOST);
        double a[MOST * SIZE], b[MOST * SIZE], d;
        int species[MOST] = {14, 14, 14, 14, 14, 14};
        for (size_t k = 0; k < m * SIZE; k++) {
            a[k] = skd_rng_uniform(rng);
            b[k] = skd_rng_uniform(rng);
        }
        skd_fingerprint fa = {.n = m, .size = SIZE, .species = species, .spectrum = a};
        skd_fingerprint fb = {.n = m, .size = SIZE, .species = species, .spectrum = b};
        CHECK_OK(skd_fingerprint_distance(&fa, &fb, &d, &err));
        CHECK_CLOSE(d, best_of_all_pairings(a, b, m, SIZE, 0), 1e-15, 1e-12);
    }
    skd_rng_free(rng);
}

/* Two atoms of four have changed in one structure, one in the other: with a nearest-neighbour distance they
 * would be equal. */
static void two_changed_atoms_are_not_one(void **state) {
    (void)state;
    int species[4] = {52, 52, 52, 52};
    double one[8] = {1, 0, 1, 0, 1, 0, 0.8, 0.6}, two[8] = {0.8, 0.6, 1, 0, 0.8, 0.6, 1, 0}, d;
    skd_error err;
    skd_fingerprint a = {.n = 4, .size = 2, .species = species, .spectrum = one};
    skd_fingerprint b = {.n = 4, .size = 2, .species = species, .spectrum = two};
    CHECK_OK(skd_fingerprint_distance(&a, &b, &d, &err));
    CHECK_CLOSE(d, 0.2, 0, 1e-14);
}

static void other_compositions_are_as_far_as_can_be(void **state) {
    (void)state;
    int first[2] = {8, 12}, second[2] = {8, 8};
    double spectrum[4] = {1, 2, 3, 4}, d;
    skd_error err;
    skd_fingerprint a = {.n = 2, .size = 2, .species = first, .spectrum = spectrum};
    skd_fingerprint b = {.n = 2, .size = 2, .species = second, .spectrum = spectrum};
    skd_fingerprint c = {.n = 1, .size = 4, .species = first, .spectrum = spectrum};
    CHECK_OK(skd_fingerprint_distance(&a, &b, &d, &err));
    CHECK_CLOSE(d, 1.0, 0, 0);
    CHECK_FAILS(skd_fingerprint_distance(&a, &c, &d, &err), SKD_EARG, "2 and 4 numbers");
}

/* ---- invariance of whole structures -------------------------------------------------------- */

static skd_cell *rock_salt(size_t n, double a) {
    skd_cell *cell;
    skd_error err;
    CHECK_OK(skd_cell_new(&cell, n * n * n, &err));
    for (size_t k = 0; k < 3; k++)
        cell->lattice[k][k] = (double)n * a;
    for (size_t i = 0; i < cell->n; i++) {
        size_t x[3] = {i % n, i / n % n, i / n / n};
        cell->species[i] = (x[0] + x[1] + x[2]) % 2 ? 8 : 12;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = a * (double)x[k];
    }
    return cell;
}

/* The same displacement pattern on another site and along another axis, atoms shuffled. */
static void the_same_defect_elsewhere_and_turned_is_at_no_distance(void **state) {
    (void)state;
    const skd_soap_options options = {.r_cut = 4.0, .n_max = 5, .l_max = 4, .sigma = 0.7, .cutoff = 1};
    skd_cell *a = rock_salt(4, 2.1), *b;
    skd_soap *soap;
    skd_soap_work *work;
    skd_fingerprint fa, fb;
    size_t order[64];
    double d;
    skd_error err;
    for (size_t i = 0; i < 64; i++)
        order[i] = (i * 27 + 5) % 64;
    CHECK_OK(skd_cell_pick(&b, a, order, 64, &err));
    a->pos[0][0] += 0.9; /* atom at (0,0,0) along x; in b the one at (2,0,2) along -y */
    a->pos[0][2] += 0.3;
    for (size_t i = 0; i < 64; i++)
        if (order[i] == 2 + 2 * 16) {
            b->pos[i][1] -= 0.9;
            b->pos[i][0] += 0.3;
        }
    CHECK_OK(skd_soap_new(&soap, &options, a->species, 64, &err));
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    CHECK_OK(skd_fingerprint_make(&fa, soap, a, a->pos[0], -1.5, work, &err));
    CHECK_OK(skd_fingerprint_make(&fb, soap, b, NULL, -1.5, work, &err));
    CHECK_OK(skd_fingerprint_distance(&fa, &fb, &d, &err));
    CHECK(d < 1e-13);
    CHECK_CLOSE(skd_cosine_distance(fa.mean, fb.mean, fa.size), 0.0, 1e-14, 0);
    CHECK_CLOSE(skd_cosine_distance(fa.site, fa.spectrum, fa.size), 0.0, 1e-14, 0); /* the site is atom 1 */
    CHECK(!fb.site);
    skd_fingerprint_free(&fa);
    skd_fingerprint_free(&fb);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    skd_cell_free(a);
    skd_cell_free(b);
}

/* ---- clustering -------------------------------------------------------------------------- */

/* Items on a line; distance = difference. */
static const struct cluster_row {
    const char *name;
    int method;
    size_t n;
    double x[6], energy[6], threshold, energy_threshold;
    const char *labels;
} cluster_rows[] = {
    {"one item is a family", SKD_CLUSTER_AGGLOMERATIVE, 1, {0}, {0}, 1, 0, "0"},
    {"two pairs and a loner", SKD_CLUSTER_AGGLOMERATIVE, 5, {0, 9, 1, 30, 10}, {0}, 2, 0, "01021"},
    {"two pairs and a loner, density", SKD_CLUSTER_DENSITY, 5, {0, 9, 1, 30, 10}, {0}, 2, 0, "01021"},
    {"a chain is cut by the mean", SKD_CLUSTER_AGGLOMERATIVE, 5, {0, 1.0, 2.1, 3.3, 4.6}, {0}, 1.5, 0, "00112"},
    {"a chain is one for density", SKD_CLUSTER_DENSITY, 5, {0, 1.0, 2.1, 3.3, 4.6}, {0}, 1.5, 0, "00000"},
    {"the threshold itself is too far", SKD_CLUSTER_DENSITY, 2, {0, 1}, {0}, 1, 0, "01"},
    {"threshold 0 leaves all alone", SKD_CLUSTER_AGGLOMERATIVE, 3, {5, 5, 5}, {0}, 0, 0, "012"},
    {"equal shapes, other energies", SKD_CLUSTER_AGGLOMERATIVE, 3, {0, .1, .2}, {-7, -5, -7.01}, 1, .05, "010"},
    {"the same for density", SKD_CLUSTER_DENSITY, 3, {0, .1, .2}, {-7, -5, -7.01}, 1, .05, "010"},
    {"energies may not creep along", SKD_CLUSTER_DENSITY, 4, {0, .1, .25, .45}, {0, .03, .06, .09}, 1, .05, "0011"},
    {"without a limit energies are ignored", SKD_CLUSTER_DENSITY, 3, {0, .1, .2}, {-7, -5, -7.01}, 1, 0, "000"},
    {"an unknown energy forbids nothing", SKD_CLUSTER_AGGLOMERATIVE, 2, {0, .1}, {-7, (double)NAN}, 1, .05, "00"}};

static void families_are_what_the_rows_say(void **state) {
    (void)state;
    skd_error err;
    for (size_t row = 0; row < sizeof cluster_rows / sizeof *cluster_rows; row++) {
        const struct cluster_row *r = &cluster_rows[row];
        skd_cluster_options options = {r->method, r->threshold, r->energy_threshold};
        double d[36];
        char got[7] = "";
        size_t label[6], n_families, most = 0;
        for (size_t i = 0; i < r->n; i++)
            for (size_t j = 0; j < r->n; j++)
                d[i * r->n + j] = fabs(r->x[i] - r->x[j]);
        CHECK_OK(skd_cluster(d, r->energy, r->n, &options, label, &n_families, &err));
        for (size_t i = 0; i < r->n; i++) {
            got[i] = (char)('0' + label[i]);
            most = label[i] > most ? label[i] : most;
        }
        if (strcmp(got, r->labels) != 0)
            print_error("row '%s'\n", r->name);
        CHECK_TEXT(got, r->labels);
        CHECK_INT(n_families, most + 1);
    }
}

static void nothing_gives_no_families_and_nonsense_is_refused(void **state) {
    (void)state;
    skd_error err;
    size_t label[2], n_families = 7;
    double good[4] = {0, 1, 1, 0}, lopsided[4] = {0, 1, 2, 0}, nan[4] = {0, (double)NAN, (double)NAN, 0};
    skd_cluster_options options = SKD_CLUSTER_DEFAULT;
    CHECK_OK(skd_cluster(good, NULL, 0, &options, label, &n_families, &err));
    CHECK_INT(n_families, 0);
    CHECK_FAILS(skd_cluster(lopsided, NULL, 2, &options, label, &n_families, &err), SKD_EARG, "1 and 2 is 1 one way");
    CHECK_FAILS(skd_cluster(nan, NULL, 2, &options, label, &n_families, &err), SKD_EARG, "1 and 2");
    options.threshold = -1.0;
    CHECK_FAILS(skd_cluster(good, NULL, 2, &options, label, &n_families, &err), SKD_EARG, "threshold -1");
    options = (skd_cluster_options){.method = 9, .threshold = 1.0};
    CHECK_FAILS(skd_cluster(good, NULL, 2, &options, label, &n_families, &err), SKD_EARG, "method 9");
}

/* ---- metrics ----------------------------------------------------------------------------- */

/* Four tellurium atoms: one at the origin, the others on the three axes. Te-Te counts as bonded to 3.45 Å. */
static skd_cell *four_tellurium(double x, double y, double z) {
    skd_cell *cell;
    skd_error err;
    CHECK_OK(skd_cell_new(&cell, 4, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 14.0;
    for (int i = 0; i < 4; i++)
        cell->species[i] = 52;
    cell->pos[1][0] = x;
    cell->pos[2][1] = y;
    cell->pos[3][2] = z;
    return cell;
}

static const struct { const char *name; double before[3], after[3]; const char *text; double moved; } bonds[] = {
    {"nothing new", {9.4, 4.5, 6.9}, {9.3, 4.6, 6.9}, "", 0.1},
    {"a new pair", {9.4, 4.5, 6.9}, {9.4, 2.83, 6.9}, "Te-Te 2.83", 1.67},
    {"the shorter of two, across the face", {9.4, 4.5, 6.9}, {11.2, 3.1, 6.9}, "Te-Te 2.80", 1.8},
    {"an old bond grown shorter", {9.4, 4.5, 3.0}, {9.4, 4.5, 2.7}, "", 0.3},
    {"trembling about the limit", {9.4, 4.5, 3.5}, {9.4, 4.5, 3.4}, "", 0.1}};

static void the_shortest_new_bond_is_reported(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof bonds / sizeof *bonds; i++) {
        const double *r = bonds[i].before, *s = bonds[i].after;
        skd_cell *before = four_tellurium(r[0], r[1], r[2]), *after = four_tellurium(s[0], s[1], s[2]);
        char text[32];
        double moved;
        CHECK_OK(skd_new_bond(before, after, text, sizeof text, &err));
        CHECK_TEXT(text, bonds[i].text);
        CHECK_OK(skd_largest_displacement(before, after, &moved, &err));
        CHECK_CLOSE(moved, bonds[i].moved, 1e-12, 0);
        skd_cell_free(before);
        skd_cell_free(after);
    }
}

static void displacements_cross_the_cell_face(void **state) {
    (void)state;
    skd_error err;
    double moved;
    skd_cell *before = four_tellurium(5.0, 0.1, 7.0), *after = four_tellurium(5.0, 13.8, 7.0), *other;
    CHECK_OK(skd_largest_displacement(before, after, &moved, &err));
    CHECK_CLOSE(moved, 0.3, 1e-12, 0);
    after->species[2] = 48;
    CHECK_FAILS(skd_largest_displacement(before, after, &moved, &err), SKD_EARG, "atom 3 is element 52");
    CHECK_OK(skd_cell_new(&other, 3, &err));
    skd_bond bond;
    CHECK_FAILS(skd_new_bond_find(before, other, &bond, &err), SKD_EARG, "4 and 3 atoms");
    skd_cell_free(before);
    skd_cell_free(after);
    skd_cell_free(other);
}

#ifdef SKD_TORTURE
static void every_lost_allocation_is_reported(void **state) {
    (void)state;
    skd_error err;
    const double d[9] = {0, 1, 5, 1, 0, 5, 5, 5, 0};
    const skd_cluster_options options = {.method = SKD_CLUSTER_AGGLOMERATIVE, .threshold = 2.0};
    size_t label[3], n_families;
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = skd_cluster(d, NULL, 3, &options, label, &n_families, &err);
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && n_families == 0));
        CHECK(k < 100);
    }
    skd_alloc_fail_at = -1;
    CHECK_INT(n_families, 2);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosine_distance_keeps_small_digits),
        cmocka_unit_test(structures_are_paired_as_well_as_any_permutation_can),
        cmocka_unit_test(two_changed_atoms_are_not_one),
        cmocka_unit_test(other_compositions_are_as_far_as_can_be),
        cmocka_unit_test(the_same_defect_elsewhere_and_turned_is_at_no_distance),
        cmocka_unit_test(families_are_what_the_rows_say),
        cmocka_unit_test(nothing_gives_no_families_and_nonsense_is_refused),
        cmocka_unit_test(the_shortest_new_bond_is_reported),
        cmocka_unit_test(displacements_cross_the_cell_face),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_lost_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
