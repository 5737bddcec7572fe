/* SPDX-License-Identifier: MIT */
/* test_relax_learned_features.c - descriptors of the surrogate: against a plain implementation that knows neither
 * Bessel functions nor harmonics, their derivatives against differences, invariances, odd cells, memory. */
#include "learned_kit.h"

static const int cdte[] = {48, 52}, many[] = {8, 16, 30, 48, 52}, four[] = {16, 30, 48, 52};

/* ---- against a plain implementation ---------------------------------------------------------------------- */

/* Features of a centre at the origin among `near` atoms, in the order of the block but without its two constants. */
static void plain_features(const double (*d)[3], const size_t *slot, double *out) {
    static double g[NEAR][N][L + 1];
    for (size_t j = 0; j < NEAR; j++)
        plain_radial(skd_norm(d[j]), 0.4, 5.0, 1.5, g[j]);
    for (size_t a = 0; a < 2 * N; a++) {
        *out = 0.0;
        for (size_t j = 0; j < NEAR; j++)
            *out += slot[j] == a / N ? g[j][a % N][0] * sqrt(0.25 / PI) : 0.0;
        out++;
    }
    for (int l = 0; l <= L; l++)
        for (size_t a = 0; a < 2 * N; a++)
            for (size_t b = a; b < 2 * N; b++, out++) {
                double sum = 0.0;
                for (size_t j = 0; j < NEAR; j++)
                    for (size_t k = 0; k < NEAR; k++)
                        if (slot[j] == a / N && slot[k] == b / N)
                            sum += g[j][a % N][l] * g[k][b % N][l] *
                                   legendre(l, skd_dot(d[j], d[k]) / skd_norm(d[j]) / skd_norm(d[k]));
                *out = sum * sqrt(2.0 * l + 1.0) / (4.0 * PI) * (a == b ? 1.0 : sqrt(2.0));
            }
}

static void a_plain_implementation_agrees(void **state) {
    (void)state;
    /* the last two lie where neighbours fade out; the centre alone is Cd, for the block of Cd is its own */
    static const double d[NEAR][3] = {{1.1, -0.4, 2.0}, {-2.1, 0.7, 0.5}, {0.2, 2.6, -1.3}, {0.3, -0.1, -2.9},
                                      {3.1, 2.4, -0.3}, {-2.2, -3.5, 1.9}};
    static const size_t slot[NEAR] = {1, 1, 1, 1, 1, 1};
    skd_error err;
    skd_cell *cell;
    kit k = open_kit(cdte, 2);
    CHECK_OK(skd_cell_new(&cell, NEAR + 1, &err));
    for (size_t i = 0; i <= NEAR; i++)
        cell->species[i] = i ? 52 : 48;
    for (int c = 0; c < 3; c++)
        cell->pbc[c] = false;
    memcpy(cell->pos[1], d, sizeof d);
    skd_result *result = evaluate(&k, cell);
    double *row = skd_alloc(k.m, sizeof *row), *want = skd_alloc(k.m, sizeof *want);
    assert_non_null(row);
    assert_non_null(want);
    CHECK_OK(skd_features_apply(k.features, k.w, cell, 0, k.work, result, row, &err));
    plain_features(d, slot, want);
    CHECK_INT(k.m, 1078);
    check_proportional(row, want, 2 * N, 1e-8);
    check_proportional(row + 2 * N, want + 2 * N, k.m / 2 - 2 * N, 1e-8);
    skd_free(row);
    skd_free(want);
    skd_result_free(result);
    skd_cell_free(cell);
    close_kit(&k);
}

/* ---- derivatives ------------------------------------------------------------------------------------------ */

static void forces_and_stress_are_derivatives(void **state) {
    (void)state;
    static const struct {
        const int *species;
        size_t n;
        double edge; /* the second is far smaller than twice the cutoff */
    } cases[] = {{cdte, 2, 6.0}, {cdte, 2, 4.4}, {many, 5, 5.0}};
    for (size_t i = 0; i < 3; i++) {
        kit k = open_kit(cases[i].species, cases[i].n);
        skd_cell *cell = salt(cases[i].edge, 1, cases[i].species, cases[i].n);
        check_forces(&k, cell, 3);
        check_stress(&k, cell);
        cell->pbc[2] = false;
        check_forces(&k, cell, 5);
        skd_cell_free(cell);
        close_kit(&k);
    }
}

static void the_design_matrix_times_weights_is_the_evaluation(void **state) {
    (void)state;
    kit k = open_kit(cdte, 2), mixed = open_kit(many, 5), two = open_kit(four, 4);
    skd_cell *cell = salt(5.8, 2, cdte, 2), *tiny = salt(4.4, 1, cdte, 2);
    skd_cell *rich = salt(5.0, 1, many, 5), *poor = salt(5.0, 1, four, 4);
    check_design(&k, cell);
    check_design(&k, tiny);
    check_design(&mixed, rich);
    check_design(&two, poor);
    skd_cell *all[] = {cell, tiny, rich, poor};
    for (size_t i = 0; i < 4; i++)
        skd_cell_free(all[i]);
    close_kit(&k);
    close_kit(&mixed);
    close_kit(&two);
}

/* Second derivative of a pair's energy as it is stretched, from forces. */
static double curvature(const kit *k, skd_cell *pair, double r) {
    const double h = 1e-5;
    double force[2];
    for (int s = 0; s < 2; s++) {
        pair->pos[1][0] = r + (s ? h : -h);
        skd_result *result = evaluate(k, pair);
        force[s] = result->force[1][0];
        skd_result_free(result);
    }
    return (force[0] - force[1]) / (2.0 * h);
}

static void second_derivatives_are_continuous(void **state) {
    (void)state;
    skd_error err;
    skd_cell *pair;
    kit k = open_kit(cdte, 2);
    CHECK_OK(skd_cell_new(&pair, 2, &err));
    for (int c = 0; c < 3; c++)
        pair->pbc[c] = false;
    pair->species[0] = 48;
    pair->species[1] = 52;
    pair->pos[1][1] = 0.01; /* not on an axis */
    double scale = 0.0;
    for (double r = 3.0; r < 5.0; r += 0.05)
        scale = fmax(scale, fabs(curvature(&k, pair, r)));
    CHECK(scale > 1e-3);
    for (size_t i = 0; i < 2; i++) { /* where the taper begins and where it ends */
        double r = i ? 4.99999 : 3.5;
        CHECK_CLOSE(curvature(&k, pair, r + 5e-4), curvature(&k, pair, r - 5e-4), 0.02 * scale, 0.0);
    }
    CHECK(curvature(&k, pair, 5.001) == 0.0);
    CHECK_CLOSE(curvature(&k, pair, 4.999), 0.0, 0.02 * scale, 0.0);
    CHECK(curvature(&k, pair, 4.5) != 0.0);
    skd_cell_free(pair);
    close_kit(&k);
}

/* ---- invariances ------------------------------------------------------------------------------------------ */

static void moves_turns_and_order_do_not_matter(void **state) {
    (void)state;
    skd_error err;
    skd_cell *moved;
    kit k = open_kit(cdte, 2);
    skd_cell *cell = salt(5.8, 2, cdte, 2);
    skd_result *before = evaluate(&k, cell);
    CHECK_OK(skd_cell_copy(&moved, cell, &err));
    size_t n = cell->n;
    for (size_t i = 0; i < n; i++) {
        size_t from = n - 1 - i;
        moved->species[i] = cell->species[from];
        for (int c = 0; c < 3; c++) /* elsewhere, and one atom in another cell */
            moved->pos[i][c] = cell->pos[from][c] + 0.37 * (c + 1) + (i == 3 ? cell->lattice[1][c] : 0.0);
        turn(moved->pos[i]);
    }
    for (int r = 0; r < 3; r++)
        turn(moved->lattice[r]);
    skd_result *after = evaluate(&k, moved);
    CHECK_CLOSE(after->energy, before->energy, 1e-10, 0.0);
    for (size_t i = 0; i < n; i++) {
        turn(before->force[n - 1 - i]);
        for (int c = 0; c < 3; c++)
            CHECK_CLOSE(after->force[i][c], before->force[n - 1 - i][c], 1e-10, 0.0);
    }
    moved->species[0] = moved->species[0] == 48 ? 52 : 48; /* but elements do */
    CHECK(fabs(energy_of(&k, moved) - before->energy) > 1e-3);
    skd_result_free(before);
    skd_result_free(after);
    skd_cell_free(moved);
    skd_cell_free(cell);
    close_kit(&k);
}

static void a_supercell_is_so_many_cells(void **state) {
    (void)state;
    const int matrix[3][3] = {{2, 1, 0}, {0, 3, 0}, {-1, 0, 2}};
    skd_error err;
    skd_cell *super;
    size_t *map;
    kit k = open_kit(cdte, 2);
    skd_cell *cell = salt(4.4, 1, cdte, 2);
    CHECK_OK(skd_supercell(&super, cell, matrix, &map, &err));
    skd_result *one = evaluate(&k, cell), *all = evaluate(&k, super);
    CHECK_CLOSE(all->energy, one->energy * (double)super->n / (double)cell->n, 1e-9, 0.0);
    for (size_t i = 0; i < super->n; i++)
        for (int c = 0; c < 3; c++)
            CHECK_CLOSE(all->force[i][c], one->force[map[i]][c], 1e-10, 0.0);
    for (int c = 0; c < 9; c++)
        CHECK_CLOSE(all->stress[c / 3][c % 3], one->stress[c / 3][c % 3], 1e-10, 0.0);
    skd_free(map);
    skd_result_free(one);
    skd_result_free(all);
    skd_cell_free(super);
    skd_cell_free(cell);
    close_kit(&k);
}

static void what_work_did_before_does_not_matter(void **state) {
    (void)state;
    kit used = open_kit(cdte, 2);
    skd_cell *cell = salt(5.8, 2, cdte, 2), *other = salt(4.4, 1, cdte, 2);
    skd_result_free(evaluate(&used, other));
    for (int step = 0; step < 12; step++) { /* within the skin and beyond it */
        for (size_t i = 0; i < cell->n; i++)
            cell->pos[i][step % 3] += 0.15 * noise(i + 100 * (size_t)step);
        kit fresh = open_kit(cdte, 2);
        skd_result *a = evaluate(&used, cell), *b = evaluate(&fresh, cell);
        assert_memory_equal(&a->energy, &b->energy, sizeof a->energy);
        assert_memory_equal(a->force, b->force, cell->n * sizeof *a->force);
        assert_memory_equal(a->stress, b->stress, sizeof a->stress);
        skd_result_free(a);
        skd_result_free(b);
        close_kit(&fresh);
    }
    skd_cell_free(cell);
    skd_cell_free(other);
    close_kit(&used);
}

/* ---- odd cells and bad input ------------------------------------------------------------------------------ */

static void atoms_alone_have_no_energy(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell;
    kit k = open_kit(cdte, 2);
    CHECK_OK(skd_cell_new(&cell, 2, &err));
    cell->species[0] = 48;
    cell->species[1] = 52;
    cell->pos[1][0] = 9.0;
    for (int c = 0; c < 3; c++)
        cell->pbc[c] = false;
    skd_result *result = evaluate(&k, cell);
    CHECK(result->energy == 0.0 && result->force[0][0] == 0.0 && result->force[1][0] == 0.0);
    CHECK(!result->has_stress);
    cell->pos[1][0] = 0.0; /* two on one site: no direction, but numbers */
    CHECK(isfinite(energy_of(&k, cell)));
    skd_result_free(result);
    skd_cell_free(cell);
    close_kit(&k);
}

static void a_foreign_element_is_named(void **state) {
    (void)state;
    skd_error err;
    kit k = open_kit(cdte, 2);
    skd_cell *cell = salt(5.8, 1, cdte, 2);
    skd_result *result = evaluate(&k, cell);
    skd_design *design;
    CHECK_OK(skd_design_new(&design, cell->n, k.m, &err));
    cell->species[4] = 30;
    CHECK_FAILS(skd_features_apply(k.features, k.w, cell, 0, k.work, result, NULL, &err), SKD_EARG, "atom 5 is Zn");
    CHECK_FAILS(skd_design_fill(design, k.features, cell, k.work, &err), SKD_EARG, "atom 5 is Zn");
    skd_design_free(design);
    skd_result_free(result);
    skd_cell_free(cell);
    close_kit(&k);
}

static void bad_options_are_refused(void **state) {
    (void)state;
    const int twice[] = {52, 52}, falling[] = {52, 48}, none[] = {0, 8};
    const skd_features_options good = SKD_FEATURES_DEFAULT;
    skd_features_options bad[10] = {good, good, good, good, good, good, good, good, good, good};
    skd_features *features;
    skd_error err;
    bad[0].cutoff = NAN;
    bad[1].taper = 6.5;
    bad[2].width = 0.0;
    bad[3].n_max = 0;
    bad[4].l_max = -1;
    bad[5].channels = 0;
    bad[6].body = 5;
    for (size_t i = 7; i < 10; i++)
        bad[i].body = 4;
    bad[7].n_triplet = 0;
    bad[8].l_triplet = -1;
    bad[9].near = 1.5;
    for (size_t i = 0; i < 10; i++) {
        CHECK_FAILS(skd_features_new(&features, &bad[i], cdte, 2, &err), SKD_EARG, "expected");
        CHECK(features == NULL);
    }
    CHECK_FAILS(skd_features_new(&features, &good, twice, 2, &err), SKD_EARG, "52");
    CHECK_FAILS(skd_features_new(&features, &good, falling, 2, &err), SKD_EARG, "48");
    CHECK_FAILS(skd_features_new(&features, &good, none, 2, &err), SKD_EARG, "0");
    CHECK_FAILS(skd_features_new(&features, &good, cdte, 0, &err), SKD_EARG, "0 elements");
}

/* More elements than channels: few enough features, elements still told apart, and the same again from its options. */
static void many_elements_stay_affordable(void **state) {
    (void)state;
    const skd_features_options options = SKD_FEATURES_DEFAULT;
    for (size_t n = 3; n <= 5; n++) {
        const int *species = n == 4 ? four : many;
        skd_features *again;
        skd_error err;
        kit k = open_kit(species, n);
        CHECK(k.m <= options.most);
        CHECK_OK(skd_features_new(&again, skd_features_options_of(k.features), species, n, &err));
        CHECK_INT(skd_features_count(again), k.m);
        skd_cell *cell = salt(5.0, 1, species, n);
        double energy = energy_of(&k, cell);
        for (size_t z = 0; z < n; z++) { /* a neighbour of another element, whichever */
            if (species[z] == cell->species[0])
                continue;
            int was = cell->species[0];
            cell->species[0] = species[z];
            CHECK(fabs(energy_of(&k, cell) - energy) > 1e-3);
            cell->species[0] = was;
        }
        skd_cell_free(cell);
        skd_features_free(again);
        close_kit(&k);
    }
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

#ifdef SKD_TORTURE
static void every_allocation_may_fail(void **state) {
    (void)state;
    const skd_features_options options = {
        .cutoff = 4.0, .taper = 1.0, .width = 0.5, .n_max = 3, .l_max = 2, .channels = 2, .body = 3};
    fail_every_allocation(&options);
}

static void a_warm_work_allocates_nothing(void **state) {
    (void)state;
    skd_error err;
    skd_design *design;
    kit k = open_kit(cdte, 2);
    skd_cell *cell = salt(5.8, 1, cdte, 2);
    skd_result *result = evaluate(&k, cell);
    CHECK_OK(skd_design_new(&design, cell->n, k.m, &err));
    CHECK_OK(skd_design_fill(design, k.features, cell, k.work, &err));
    skd_alloc_fail_at = 0;
    skd_status apply = skd_features_apply(k.features, k.w, cell, SKD_WANT_STRESS, k.work, result, NULL, &err);
    skd_status fill = skd_design_fill(design, k.features, cell, k.work, &err);
    skd_alloc_fail_at = -1;
    CHECK(apply == SKD_OK && fill == SKD_OK);
    skd_design_free(design);
    skd_result_free(result);
    skd_cell_free(cell);
    close_kit(&k);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_implementation_agrees),
        cmocka_unit_test(forces_and_stress_are_derivatives),
        cmocka_unit_test(the_design_matrix_times_weights_is_the_evaluation),
        cmocka_unit_test(second_derivatives_are_continuous),
        cmocka_unit_test(moves_turns_and_order_do_not_matter),
        cmocka_unit_test(a_supercell_is_so_many_cells),
        cmocka_unit_test(what_work_did_before_does_not_matter),
        cmocka_unit_test(atoms_alone_have_no_energy),
        cmocka_unit_test(a_foreign_element_is_named),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(many_elements_stay_affordable),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_warm_work_allocates_nothing),
#endif
    };
    return cmocka_run_group_tests_name("relax_learned_features", tests, NULL, NULL);
}
