/* SPDX-License-Identifier: MIT */
/* test_relax_learned_triplets.c - body order 4 of the surrogate: against a plain implementation that integrates
 * products over the sphere and knows no harmonics and no couplings, derivatives against differences, invariances, size,
 * memory. */
#include "learned_kit.h"

static const int cdte[] = {48, 52}, many[] = {8, 16, 30, 48, 52};

/* ---- against a plain implementation ---------------------------------------------------------------------- */

enum { POLAR = 10, AROUND = 19, RADIALS = 3, L4 = 3 };

/* Abscissas and weights of Gauss and Legendre by Newton's method. */
static void gauss(double *x, double *weight) {
    for (int i = 0; i < POLAR; i++) {
        double slope = 0.0;
        x[i] = cos(PI * (i + 0.75) / (POLAR + 0.5));
        for (int k = 0; k < 50; k++) {
            slope = POLAR * (legendre(POLAR - 1, x[i]) - x[i] * legendre(POLAR, x[i])) / (1.0 - x[i] * x[i]);
            x[i] -= legendre(POLAR, x[i]) / slope;
        }
        weight[i] = 2.0 / ((1.0 - x[i] * x[i]) * slope * slope);
    }
}

/* u[k][n]: the sine modes' parts of sin(k pi x / near) (1 + cos(pi x / near)), orthonormal by Gram and Schmidt. */
static void plain_radials(double near, double cutoff, double u[RADIALS][N]) {
    for (int k = 0; k < RADIALS; k++) {
        double norm = 0.0;
        for (int n = 0; n < N; n++) {
            u[k][n] = 0.0;
            for (int i = 0; i <= 4 * STEPS; i++) {
                double x = near * i / (4.0 * STEPS);
                u[k][n] += sin((k + 1) * PI * x / near) * (1.0 + cos(PI * x / near)) * sin((n + 1) * PI * x / cutoff);
            }
        }
        for (int j = 0; j < k; j++) {
            double overlap = 0.0;
            for (int n = 0; n < N; n++)
                overlap += u[k][n] * u[j][n];
            for (int n = 0; n < N; n++)
                u[k][n] -= overlap * u[j][n];
        }
        for (int n = 0; n < N; n++)
            norm += u[k][n] * u[k][n];
        for (int n = 0; n < N; n++)
            u[k][n] /= sqrt(norm);
    }
}

/* The part of angular momentum l of the density's radial function k in a direction, by the addition theorem: no
 * harmonics are needed, and products of three such parts are integrated over the sphere. */
static double in_direction(const double (*d)[3], double g[NEAR][N][L + 1], const double *u, int l, const double *at) {
    double sum = 0.0;
    for (size_t j = 0; j < NEAR; j++)
        for (int n = 0; n < N; n++)
            sum += u[n] * g[j][n][l] * legendre(l, skd_dot(d[j], at) / skd_norm(d[j]));
    return sum * (2.0 * l + 1.0) / (4.0 * PI);
}

/* All products of three, in the order of the features; returns how many. */
static size_t multiply(double part[L4 + 1][RADIALS], double weight, double *out) {
    size_t next = 0;
    for (int a = 0; a <= L4; a++)
        for (int b = a; b <= L4; b++)
            for (int c = b; c <= L4 && c <= a + b; c++)
                for (int r = 0; r < RADIALS * RADIALS * RADIALS && (a + b + c) % 2 == 0; r++) {
                    const int i = r / (RADIALS * RADIALS), j = r / RADIALS % RADIALS, k = r % RADIALS;
                    if ((a == b && i > j) || (b == c && j > k))
                        continue;
                    const bool first = a == b && i == j, last = b == c && j == k;
                    out[next++] += weight * sqrt(first && last ? 1.0 : first || last ? 3.0 : 6.0) * part[a][i] *
                                   part[b][j] * part[c][k];
                }
    return next;
}

static size_t plain_triplets(const double (*d)[3], double *out) {
    static double g[NEAR][N][L + 1];
    double x[POLAR], weight[POLAR], u[RADIALS][N], part[L4 + 1][RADIALS];
    size_t n = 0;
    for (size_t j = 0; j < NEAR; j++)
        plain_radial(skd_norm(d[j]), 0.4, 5.0, 1.5, g[j]);
    plain_radials(0.83 * 5.0, 5.0, u);
    gauss(x, weight);
    for (int p = 0; p < POLAR * AROUND; p++) {
        double z = x[p / AROUND], rho = sqrt(1.0 - z * z), phi = 2.0 * PI * (p % AROUND) / AROUND;
        const double at[3] = {rho * cos(phi), rho * sin(phi), z};
        for (int l = 0; l <= L4; l++)
            for (int k = 0; k < RADIALS; k++)
                part[l][k] = in_direction(d, g, u[k], l, at);
        n = multiply(part, weight[p / AROUND] * 2.0 * PI / AROUND, out);
    }
    return n;
}

static void a_plain_implementation_agrees(void **state) {
    (void)state;
    static const double d[NEAR][3] = {{1.1, -0.4, 2.0}, {-2.1, 0.7, 0.5}, {0.2, 2.6, -1.3}, {0.3, -0.1, -2.9},
                                      {3.1, 2.4, -0.3}, {-2.2, -3.5, 1.9}};
    const int tellurium[] = {52};
    skd_error err;
    skd_cell *cell;
    kit three = open_kit(tellurium, 1), k = open_kit_of(tellurium, 1, 4);
    const size_t first = three.m, n = k.m - first;
    CHECK_OK(skd_cell_new(&cell, NEAR + 1, &err));
    for (size_t i = 0; i <= NEAR; i++)
        cell->species[i] = 52;
    for (int c = 0; c < 3; c++)
        cell->pbc[c] = false;
    memcpy(cell->pos[1], d, sizeof d);
    double *row = skd_alloc(k.m, sizeof *row), *want = skd_alloc(2 * n, sizeof *want);
    assert_non_null(row);
    assert_non_null(want);
    skd_result *result = evaluate(&k, cell);
    skd_features_energy_row(k.work, row); /* of all seven atoms */
    for (size_t i = 0; i <= NEAR; i++) {
        double around[NEAR][3];
        for (size_t j = 0; j < NEAR; j++) {
            for (int c = 0; c < 3; c++)
                around[j][c] = cell->pos[j + (j >= i)][c] - cell->pos[i][c];
            const double beyond = fmax(1.0, skd_norm(around[j]) / 5.0); /* there it is nothing, wherever it is */
            for (int c = 0; c < 3; c++)
                around[j][c] /= beyond;
        }
        CHECK_INT(plain_triplets((const double(*)[3])around, want), n);
    }
    check_proportional(row + first, want, n, 1e-7);
    skd_free(row);
    skd_free(want);
    skd_result_free(result);
    skd_cell_free(cell);
    close_kit(&three);
    close_kit(&k);
}

/* ---- derivatives and invariances ------------------------------------------------------------------------- */

static void forces_and_stress_are_derivatives(void **state) {
    (void)state;
    static const struct {
        const int *species;
        size_t n;
        double edge; /* the second is far smaller than twice the cutoff; of the third, channels are mixtures */
    } cases[] = {{cdte, 2, 6.0}, {cdte, 2, 4.4}, {many, 5, 5.0}};
    for (size_t i = 0; i < 3; i++) {
        kit k = open_kit_of(cases[i].species, cases[i].n, 4);
        skd_cell *cell = salt(cases[i].edge, 1, cases[i].species, cases[i].n);
        check_forces(&k, cell, 3);
        check_stress(&k, cell);
        check_design(&k, cell);
        skd_cell_free(cell);
        close_kit(&k);
    }
}

static void moves_turns_mirrors_and_order_do_not_matter(void **state) {
    (void)state;
    skd_error err;
    skd_cell *moved;
    kit k = open_kit_of(cdte, 2, 4);
    skd_cell *cell = salt(5.8, 2, cdte, 2);
    const size_t n = cell->n;
    skd_result *before = evaluate(&k, cell);
    CHECK_OK(skd_cell_copy(&moved, cell, &err));
    for (size_t i = 0; i < n; i++) {
        const size_t from = n - 1 - i;
        moved->species[i] = cell->species[from];
        for (int c = 0; c < 3; c++)
            moved->pos[i][c] = -cell->pos[from][c] + 0.37 * (c + 1);
        turn(moved->pos[i]);
    }
    for (int r = 0; r < 3; r++)
        turn(moved->lattice[r]);
    skd_result *after = evaluate(&k, moved);
    CHECK_CLOSE(after->energy, before->energy, 1e-10, 0.0);
    for (size_t i = 0; i < n; i++) {
        turn(before->force[n - 1 - i]);
        for (int c = 0; c < 3; c++)
            CHECK_CLOSE(after->force[i][c], -before->force[n - 1 - i][c], 1e-10, 0.0);
    }
    skd_result_free(before);
    skd_result_free(after);
    skd_cell_free(moved);
    skd_cell_free(cell);
    close_kit(&k);
}

/* ---- size and memory ------------------------------------------------------------------------------------- */

/* Fewer of the new features first, then a coarser basis; and the same again from the options that came of it. */
static void many_elements_stay_affordable(void **state) {
    (void)state;
    for (size_t n = 1; n <= 5; n++) {
        skd_features *again;
        skd_error err;
        kit three = open_kit(many, n), k = open_kit_of(many, n, 4);
        const skd_features_options *o = skd_features_options_of(k.features);
        CHECK(k.m <= o->most && o->n_triplet >= 1 && (n > 1 || o->n_triplet == 3));
        CHECK(n > 2 || k.m > three.m);
        CHECK_OK(skd_features_new(&again, o, many, n, &err));
        CHECK_INT(skd_features_count(again), k.m);
        skd_features_free(again);
        close_kit(&k);
        close_kit(&three);
    }
}

#ifdef SKD_TORTURE
static void every_allocation_may_fail(void **state) {
    (void)state;
    const skd_features_options options = {.cutoff = 4.0, .taper = 1.0, .width = 0.5, .n_max = 3, .l_max = 2,
                                          .channels = 2, .body = 4, .n_triplet = 1, .l_triplet = 2, .near = 1.0};
    fail_every_allocation(&options);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_implementation_agrees),
        cmocka_unit_test(forces_and_stress_are_derivatives),
        cmocka_unit_test(moves_turns_mirrors_and_order_do_not_matter),
        cmocka_unit_test(many_elements_stay_affordable),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("relax_learned_triplets", tests, NULL, NULL);
}
