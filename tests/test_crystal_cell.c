/* SPDX-License-Identifier: MIT */
/* Tests of the cell: lattice reduction and shortest images against many images, overlaps, formulas. */
#include "plain_neighbours.h"

#include "check.h"

static void reduction_keeps_the_lattice_and_finds_the_shortest_vector(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 12, &err));
    for (int row = 0; row < 200; row++) {
        double m[3][3], reduced[3][3], shortest = INFINITY;
        int t[3][3];
        plain_lattice(rng, row % PLAIN_SHAPES, m);
        skd_lattice_reduce(m, reduced, t);
        CHECK_INT(labs(skd_det3i(t)), 1);
        CHECK_CLOSE(fabs(skd_det3(reduced)), fabs(skd_det3(m)), 0, 1e-10);
        for (int i = 0; i < 3; i++) {
            double f[3] = {t[i][0], t[i][1], t[i][2]}, r[3];
            skd_row_times(f, m, r);
            for (int k = 0; k < 3; k++)
                CHECK_CLOSE(reduced[i][k], r[k], 1e-10, 0);
        }
        for (int s = 0; s < 9261; s++) {
            double f[3] = {s / 441 - 10, s / 21 % 21 - 10, s % 21 - 10}, r[3];
            skd_row_times(f, m, r);
            if (s != 4630)
                shortest = fmin(shortest, skd_norm(r));
        }
        CHECK(skd_norm(reduced[0]) <= shortest + 1e-10);
        CHECK(skd_norm(reduced[0]) <= skd_norm(reduced[1]) + 1e-10);
        CHECK(skd_norm(reduced[1]) <= skd_norm(reduced[2]) + 1e-10);
        CHECK_CLOSE(skd_image_distance(m), skd_norm(reduced[0]), 1e-12, 0);
    }
    skd_rng_free(rng);
}

static void shortest_vectors_are_those_of_many_images(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 13, &err));
    for (int row = 0; row < 200; row++) {
        skd_cell *cell;
        skd_mic mic;
        double inverse[3][3], d[3], f[3];
        CHECK_OK(plain_cell(&cell, rng, row % PLAIN_SHAPES, 4, &err));
        for (int k = 0; k < 3; k++)
            cell->pbc[k] = row % 3 != 0 || skd_rng_u32(rng) & 1;
        CHECK_OK(skd_mic_setup(&mic, cell, &err));
        CHECK_OK(skd_cell_inverse(cell, inverse, &err));
        for (int pair = 0; pair < 20; pair++) {
            double from[3], to[3];
            for (int k = 0; k < 3; k++) {
                from[k] = plain_between(rng, -3, 3);
                to[k] = plain_between(rng, -3, 3);
            }
            double r = skd_mic_vector(&mic, from, to, d);
            CHECK_CLOSE(r, plain_distance(cell, from, to, 20), 1e-10, 0);
            CHECK_CLOSE(r, skd_norm(d), 1e-12, 0);
            for (int k = 0; k < 3; k++)
                d[k] -= to[k] - from[k]; /* must be a lattice vector of the periodic directions */
            skd_to_frac(inverse, d, f);
            for (int k = 0; k < 3; k++)
                CHECK_CLOSE(f[k], cell->pbc[k] ? nearbyint(f[k]) : 0.0, 1e-9, 0);
        }
        skd_cell_free(cell);
    }
    skd_rng_free(rng);
}

static void overlaps_name_both_atoms(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 3, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 4.2;
    cell->pos[1][0] = 2.1;
    cell->pos[2][2] = 3.9;
    CHECK_OK(skd_cell_check_overlap(cell, 0.29, &err));
    CHECK_FAILS(skd_cell_check_overlap(cell, 0.31, &err), SKD_EARG, "atoms 1 and 3 are 0.3000 Å apart");
    cell->pbc[2] = false;
    CHECK_OK(skd_cell_check_overlap(cell, 2.0, &err));
    CHECK_FAILS(skd_cell_check_overlap(cell, 4.3, &err), SKD_EARG, "atom 1 is 4.2000 Å from its own image");
    cell->pos[1][1] = NAN;
    CHECK_FAILS(skd_cell_check_overlap(cell, 0.1, &err), SKD_EARG, "atom 2 has no finite position");
    skd_cell_free(cell);
}

/* Against all pairs: is one too close, and which? */
static void overlaps_are_those_of_all_pairs(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    size_t n_found = 0;
    CHECK_OK(skd_rng_new(&rng, 33, &err));
    for (int row = 0; row < 300; row++) {
        skd_cell *cell;
        skd_mic mic;
        double d[3], distance = plain_between(rng, 0.2, 1.2);
        size_t first = 0, second = 0;
        CHECK_OK(plain_cell(&cell, rng, row % PLAIN_SHAPES, 30, &err));
        for (int k = 0; k < 3; k++)
            cell->pbc[k] = row % 3 != 0 || skd_rng_u32(rng) & 1;
        CHECK_OK(skd_mic_setup(&mic, cell, &err));
        for (size_t i = 0; i < cell->n && !second; i++)
            for (size_t j = 0; j < i && !second; j++)
                if (skd_mic_vector(&mic, cell->pos[j], cell->pos[i], d) < distance) {
                    first = j + 1;
                    second = i + 1;
                }
        char words[64];
        snprintf(words, sizeof words, "atoms %zu and %zu are ", first, second);
        skd_status status = skd_cell_check_overlap(cell, distance, &err);
        if (status != SKD_OK && strstr(err.text, "own image"))
            CHECK(skd_image_distance(mic.lattice) < distance);
        else if (second)
            CHECK(status == SKD_EARG && strstr(err.text, words));
        else
            CHECK_INT(status, SKD_OK);
        n_found += second > 0;
        skd_cell_free(cell);
    }
    CHECK(n_found > 50 && n_found < 250);
    skd_rng_free(rng);
}

static void formulas_are_reduced_in_order_of_appearance(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell;
    char text[32];
    static const int species[10] = {48, 52, 48, 52, 17, 17, 17, 17, 52, 52};
    CHECK_OK(skd_cell_new(&cell, 10, &err));
    memcpy(cell->species, species, sizeof species);
    CHECK_TEXT(skd_cell_formula(cell, text, sizeof text), "CdTe2Cl2");
    CHECK_INT(skd_cell_count(cell, 52), 4);
    CHECK(strlen(skd_cell_formula(cell, text, 5)) <= 4);
    skd_cell_free(cell);
}

static void wrapping_ends_below_one(void **state) {
    (void)state;
    static const double rows[][2] = {{-0.25, 0.75}, {3.125, 0.125}, {1.0 - 1e-13, 0.0}, {-1e-18, 0.0}, {0.999, 0.999}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_CLOSE(skd_wrap01(rows[i][0]), rows[i][1], 1e-15, 0);
}

#ifdef SKD_TORTURE
static void cells_survive_every_failed_allocation(void **state) {
    (void)state;
    skd_error err;
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_cell *cell;
        skd_alloc_fail_at = k;
        status = skd_cell_new(&cell, 3, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && !cell));
        skd_cell_free(cell);
        CHECK(k < 20);
    }
}
#endif

static void strain_is_of_the_metric(void **state) {
    (void)state;
    skd_error err;
    skd_cell *host, *cell;
    CHECK_OK(skd_cell_new(&host, 1, &err));
    memcpy(host->lattice, (double[3][3]){{4, 0, 0}, {0, 5, 0}, {0, 0, 6}}, sizeof host->lattice);
    CHECK_OK(skd_cell_copy(&cell, host, &err));
    CHECK(skd_cell_strain(host, cell) == 0.0);
    memcpy(cell->lattice, (double[3][3]){{0, 4, 0}, {0, 0, 5}, {6, 0, 0}}, sizeof cell->lattice); /* turned */
    CHECK(skd_cell_strain(host, cell) == 0.0);
    memcpy(cell->lattice, (double[3][3]){{4, 0, 0}, {0, 5, 0}, {0, 0, 6.12}}, sizeof cell->lattice); /* 2 % */
    CHECK_CLOSE(skd_cell_strain(host, cell), 0.5 * (1.02 * 1.02 - 1.0), 1e-14, 0.0);
    memcpy(cell->lattice, (double[3][3]){{4, 0.2, 0}, {0, 5, 0}, {0, 0, 6}}, sizeof cell->lattice); /* a.b = 1 */
    CHECK_CLOSE(skd_cell_strain(host, cell), 0.5 * 1.0 / 20.0, 1e-14, 0.0);
    skd_cell_free(host);
    skd_cell_free(cell);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strain_is_of_the_metric),
        cmocka_unit_test(reduction_keeps_the_lattice_and_finds_the_shortest_vector),
        cmocka_unit_test(shortest_vectors_are_those_of_many_images),
        cmocka_unit_test(overlaps_are_those_of_all_pairs),
        cmocka_unit_test(overlaps_name_both_atoms),
        cmocka_unit_test(formulas_are_reduced_in_order_of_appearance),
        cmocka_unit_test(wrapping_ends_below_one),
#ifdef SKD_TORTURE
        cmocka_unit_test(cells_survive_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
