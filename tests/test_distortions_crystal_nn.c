/* SPDX-License-Identifier: MIT */
/* test_distortions_crystal_nn.c - bonded neighbours in random cells, with and without oxidation states, against
 * pymatgen 2026's CrystalNN(). */
#include "check.h"

#include "../distortions/start.h"

/* Random cells, chosen so that each of the weights matters in some; the counts are how often each atom is a
 * neighbour of the first (get_nn_info). */
typedef struct row {
    int n;
    int lattice[9];     /* 0.1 Å */
    int pos[6][3];      /* 0.01, fractional */
    int species[6];
    bool charged;       /* pymatgen knew the oxidation states */
    size_t count[6];
} row;

static const row rows[] = {
    {3, {46, 1, -2, -6, 39, 3, -1, 2, 45}, {{59, 92, 56}, {31, 30, 64}, {36, 25, 25}},
     {40, 52, 16}, false, {0, 2, 1, 0, 0, 0}},
    {2, {47, -3, -4, -1, 36, 0, 4, 1, 52}, {{2, 1, 78}, {54, 52, 6}}, {82, 8}, true, {0, 2, 0, 0, 0, 0}},
    {3, {31, 5, -1, 0, 31, 1, -2, 2, 50}, {{42, 85, 55}, {3, 45, 31}, {59, 36, 7}},
     {14, 53, 40}, false, {0, 3, 1, 0, 0, 0}},
    {2, {55, -4, -6, -1, 48, 2, -4, 0, 42}, {{53, 2, 44}, {14, 8, 61}}, {53, 53}, true, {0, 1, 0, 0, 0, 0}},
    {2, {47, 2, -4, 5, 47, -4, 4, 5, 41}, {{17, 10, 83}, {46, 33, 53}}, {53, 40}, false, {0, 1, 0, 0, 0, 0}},
    {3, {48, -2, 3, -4, 36, 0, 3, -5, 41}, {{95, 82, 51}, {50, 83, 32}, {50, 40, 54}},
     {48, 23, 23}, true, {0, 2, 1, 0, 0, 0}},
    {4, {50, 3, 4, 0, 53, 1, -5, -4, 46}, {{2, 18, 22}, {53, 33, 39}, {87, 31, 89}, {36, 29, 100}},
     {52, 23, 8, 48}, false, {0, 0, 1, 0, 0, 0}},
    {2, {30, -1, -2, 1, 51, 1, 3, -4, 47}, {{61, 73, 82}, {10, 37, 92}}, {82, 53}, true, {0, 2, 0, 0, 0, 0}},
    {2, {32, 3, 5, 4, 49, -1, 0, 5, 50}, {{59, 98, 94}, {62, 48, 36}}, {51, 53}, false, {2, 2, 0, 0, 0, 0}},
    {4, {45, 1, -2, -1, 46, -4, -3, -3, 51}, {{52, 41, 10}, {19, 40, 78}, {97, 69, 26}, {39, 100, 92}},
     {52, 52, 23, 40}, true, {0, 0, 1, 1, 0, 0}},
    {3, {51, -1, -6, -2, 51, -4, -1, 1, 44}, {{30, 53, 17}, {45, 41, 53}, {0, 87, 12}},
     {8, 40, 16}, false, {0, 1, 0, 0, 0, 0}},
    {2, {40, -5, -3, -3, 50, 3, 0, 1, 26}, {{89, 54, 34}, {48, 84, 80}}, {8, 53}, true, {2, 6, 0, 0, 0, 0}},
    {2, {33, -6, 4, 4, 37, 5, -5, 3, 52}, {{77, 75, 69}, {37, 14, 84}}, {16, 82}, false, {0, 4, 0, 0, 0, 0}},
    {3, {43, 5, -3, 1, 51, 0, 2, 5, 53}, {{48, 67, 44}, {17, 54, 82}, {9, 84, 6}},
     {52, 40, 48}, true, {0, 2, 2, 0, 0, 0}},
    {2, {45, 0, 4, 3, 43, -1, 3, 0, 38}, {{40, 30, 26}, {87, 87, 55}}, {82, 14}, false, {0, 2, 0, 0, 0, 0}},
    {2, {39, -5, -3, -3, 33, 0, -3, 0, 29}, {{64, 43, 9}, {8, 40, 86}}, {14, 40}, true, {0, 1, 0, 0, 0, 0}},
    {2, {30, 1, 5, 1, 46, 4, 3, 1, 41}, {{23, 31, 18}, {71, 88, 79}}, {48, 48}, false, {2, 6, 0, 0, 0, 0}},
    {3, {35, 3, -4, -5, 38, 1, -5, -1, 36}, {{30, 49, 71}, {79, 73, 94}, {8, 7, 27}},
     {40, 8, 23}, true, {0, 2, 3, 0, 0, 0}},
    {3, {34, 4, -5, 5, 40, 4, 4, 5, 49}, {{92, 73, 63}, {52, 79, 22}, {48, 3, 71}},
     {51, 51, 51}, false, {0, 0, 1, 0, 0, 0}},
    {2, {41, -1, 3, 2, 28, -5, -1, 4, 35}, {{38, 71, 86}, {91, 39, 74}}, {51, 53}, true, {0, 4, 0, 0, 0, 0}},
    {3, {32, 3, 5, -1, 48, 6, 1, 0, 45}, {{35, 12, 45}, {21, 94, 14}, {74, 72, 71}},
     {40, 40, 14}, false, {0, 1, 2, 0, 0, 0}},
    {2, {48, 1, 1, -1, 34, 6, 3, -3, 26}, {{38, 98, 86}, {82, 26, 83}}, {52, 53}, true, {0, 2, 0, 0, 0, 0}},
    {2, {49, -5, 2, -2, 40, 1, -6, -1, 45}, {{0, 34, 71}, {81, 71, 74}}, {14, 8}, false, {0, 1, 0, 0, 0, 0}},
    {2, {30, 4, 0, -4, 33, 0, 4, 2, 57}, {{82, 81, 50}, {38, 33, 20}}, {82, 51}, true, {0, 4, 0, 0, 0, 0}},
};

static const int states[SKD_ELEMENT_MAX + 1] = {[8] = -2, [16] = -2, [53] = -1, [48] = 2, [52] = -2,
                                                [40] = 4, [51] = 3,  [82] = 2,  [14] = 4};

static skd_cell *cell_of(const row *r) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, (size_t)r->n, &err));
    for (int k = 0; k < 9; k++)
        cell->lattice[k / 3][k % 3] = 0.1 * r->lattice[k];
    for (int i = 0; i < r->n; i++) {
        const double f[3] = {0.01 * r->pos[i][0], 0.01 * r->pos[i][1], 0.01 * r->pos[i][2]};
        skd_row_times(f, cell->lattice, cell->pos[i]);
        cell->species[i] = r->species[i];
    }
    for (int k = 0; k < 3; k++)
        cell->pbc[k] = true;
    return cell;
}

/* The first atom. */
static skd_bonded_site site_of(const row *r, const skd_cell *cell) {
    return (skd_bonded_site){.centre = cell->pos[0],
                             .leave_out = 0,
                             .species = r->species[0],
                             .charge = r->charged ? states[r->species[0]] : 0,
                             .state = r->charged ? states : NULL};
}

static void neighbours_are_those_of_crystal_nn(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        skd_error err;
        skd_cell *cell = cell_of(&rows[k]);
        skd_bonded_site site = site_of(&rows[k], cell);
        size_t *found, n, count[6] = {0};
        CHECK_OK(skd_bonded_atoms(&found, &n, cell, &site, &err));
        for (size_t i = 0; i < n; i++)
            count[found[i]]++;
        for (size_t i = 0; i < 6; i++) {
            if (count[i] != rows[k].count[i])
                print_error("row %zu, atom %zu\n", k, i);
            CHECK_INT(count[i], rows[k].count[i]);
        }
        skd_free(found);
        skd_cell_free(cell);
    }
}

static void ions_without_a_radius_get_the_mean_of_their_sign(void **state) {
    (void)state;
    CHECK_CLOSE(skd_ion_radius(8, -2), 1.26, 1e-12, 0);
    CHECK_CLOSE(skd_ion_radius(82, 3), 0.5 * (1.33 + 0.915), 1e-12, 0);
    CHECK_CLOSE(skd_ion_radius(53, 3), (1.09 + 0.67) / 2, 1e-12, 0);
    CHECK_CLOSE(skd_ion_radius(8, 2), 0.0, 0, 0);
}

#ifdef SKD_TORTURE
static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    skd_error err = {SKD_OK, ""};
    skd_cell *cell = cell_of(&rows[1]);
    skd_bonded_site site = site_of(&rows[1], cell);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        size_t *found, n;
        skd_alloc_fail_at = k;
        status = skd_bonded_atoms(&found, &n, cell, &site, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        skd_free(found);
    }
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_those_of_crystal_nn),
        cmocka_unit_test(ions_without_a_radius_get_the_mean_of_their_sign),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
