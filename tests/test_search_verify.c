/* SPDX-License-Identifier: MIT */
/* Verification: which families are looked at, which pairs two levels order differently, and when a relaxation is
 * stopped (the numbers of ShakeNBreak's snb-run). */
#include "check.h"

#include <string.h>

#include "shakedown/search.h"

static void test_choice(void **state) {
    (void)state;
    skd_family family[] = {{.energy = -5}, {.energy = -4}, {.energy = -1, .has_unperturbed = true}, {.energy = 0}};
    skd_ranking ranking = {.n = 4, .family = family};
    size_t chosen[4];
    assert_int_equal(skd_verify_choose(chosen, &ranking, 3.0, 0), 3);
    assert_int_equal(chosen[2], 2);
    assert_int_equal(skd_verify_choose(chosen, &ranking, 3.0, 1), 2);
    assert_int_equal(chosen[1], 2);
    assert_int_equal(skd_verify_choose(chosen, &ranking, 10.0, 0), 4);
}

static void test_disagreements(void **state) {
    (void)state;
    double first[] = {-2.9, -0.7, -0.2, 0.0, 1.0}, second[] = {0.3, -0.3, -0.1, 0.0, (double)NAN};
    skd_disagreement *pair;
    size_t n, n_pairs;
    skd_error err = {SKD_OK, ""};
    CHECK_OK(skd_verify_compare(&pair, &n, &n_pairs, first, second, 5, &err));
    assert_int_equal(n_pairs, 6);
    assert_int_equal(n, 3);
    assert_int_equal(pair[0].lower, 0); /* -2.9 against 0.0: 2.9 + 0.3 */
    assert_int_equal(pair[0].higher, 3);
    assert_true(fabs(pair[0].first - 2.9) < 1e-12 && fabs(pair[0].second + 0.3) < 1e-12);
    assert_int_equal(pair[2].higher, 1);
    skd_free(pair);
}

typedef struct course {
    size_t n;
    double energy, slope; /* eV, eV a step */
    bool scf;
    double unperturbed, distance;
    int species;
    skd_hope hope;
    const char *why;
} course;

static const course courses[] = {
    {200, -100.0, -0.001, true, -100.0, 2.0, 14, SKD_HOPE, ""},
    {51, -100.0, 0.0, true, -100.0, 2.0, 14, SKD_HOPE_STALLED, "stalled: the last 50 of 51"},
    {50, -100.0, 0.0, true, -100.0, 2.0, 14, SKD_HOPE, ""},
    {501, -99.0, 0.0, true, -100.0, 2.0, 14, SKD_HOPE_NONE, "stalled at high energy"},
    {501, -99.6, 0.0, true, -100.0, 2.0, 14, SKD_HOPE_STALLED, "stalled"},
    {149, -97.0, -0.001, true, -100.0, 2.0, 14, SKD_HOPE, ""},
    {150, -97.0, -0.001, true, -100.0, 2.0, 14, SKD_HOPE_NONE, "high energy: -97.149 eV after 150 steps"},
    {150, -97.0, -0.001, true, (double)NAN, 2.0, 14, SKD_HOPE, ""},
    {6, 3.0, -0.001, true, -100.0, 2.0, 14, SKD_HOPE_NONE, "positive energy"},
    {5, 3.0, -0.001, true, -100.0, 2.0, 14, SKD_HOPE, ""},
    {5, -100.0, -0.001, false, -100.0, 2.0, 14, SKD_HOPE_NONE, "electrons did not converge"},
    {4, -100.0, -0.001, false, -100.0, 2.0, 14, SKD_HOPE, ""},
    {1, -100.0, 0.0, true, -100.0, 0.9, 14, SKD_HOPE_NONE, "atoms too close"},
    {1, -100.0, 0.0, true, -100.0, 0.9, 1, SKD_HOPE, ""},
    {0, 0.0, 0.0, true, -100.0, 2.0, 14, SKD_HOPE, ""},
};

static void test_watch(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof courses / sizeof *courses; c++) {
        const course *k = &courses[c];
        int species[] = {k->species, k->species};
        double pos[2][3] = {{0, 0, 0}, {k->distance, 0, 0}};
        skd_cell cell = {.n = 2, .lattice = {{9, 0, 0}, {0, 9, 0}, {0, 0, 9}}, .pbc = {true, true, true},
                         .species = species, .pos = pos};
        skd_watch watch = {0};
        char why[160];
        for (size_t i = 0; i < k->n; i++)
            skd_watch_step(&watch, k->energy + k->slope * (double)i, k->scf, &cell);
        skd_hope hope = skd_watch_judge(&watch, k->unperturbed, why, sizeof why);
        if (hope != k->hope || (*k->why ? !strstr(why, k->why) : *why != '\0'))
            fail_msg("course %zu: hope %d, '%s'", c, (int)hope, why);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_disagreements),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
