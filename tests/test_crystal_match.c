/* SPDX-License-Identifier: MIT */
/* Tests of matching: against every permutation on small cells, on defect supercells, and of assignment. */
#include "plain_neighbours.h"

#include "../src/crystal/assignment.h"
#include "check.h"

/* ---- the slow truth ---------------------------------------------------------------------- */

enum { FEW = 6 };

typedef struct truth {
    double longest, rms;
} truth;

static bool next_permutation(size_t *p, size_t n) {
    size_t i = n - 1, j = n - 1;
    while (i > 0 && p[i - 1] >= p[i])
        i--;
    if (i == 0)
        return false;
    while (p[j] <= p[i - 1])
        j--;
    size_t x = p[i - 1];
    p[i - 1] = p[j];
    p[j] = x;
    for (j = n - 1; i < j; i++, j--) {
        x = p[i];
        p[i] = p[j];
        p[j] = x;
    }
    return true;
}

static void shortest(const skd_cell *a, const double f[3], double out[3]) {
    double best = INFINITY;
    for (int s = 0; s < 343; s++) {
        double g[3] = {f[0] - nearbyint(f[0]) + s / 49 - 3, f[1] - nearbyint(f[1]) + s / 7 % 7 - 3,
                       f[2] - nearbyint(f[2]) + s % 7 - 3}, d[3];
        skd_row_times(g, a->lattice, d);
        if (skd_norm(d) < best) {
            best = skd_norm(d);
            memcpy(out, d, sizeof d);
        }
    }
}

/* Best of all permutations of like atoms at one rotation and translation, mean shift removed. */
static void try_permutations(const skd_cell *a, const skd_cell *b, const double (*fa)[3], const double (*fb)[3],
                             truth *best) {
    size_t p[FEW], n = a->n;
    double table[FEW][FEW][3];
    for (size_t i = 0; i < n; i++) {
        p[i] = i;
        for (size_t j = 0; j < n; j++) {
            double f[3] = {fb[j][0] - fa[i][0], fb[j][1] - fa[i][1], fb[j][2] - fa[i][2]};
            shortest(a, f, table[i][j]);
        }
    }
    do {
        double mean[3] = {0, 0, 0}, longest = 0.0, sum2 = 0.0;
        bool alike = true;
        for (size_t i = 0; i < n; i++)
            alike = alike && a->species[i] == b->species[p[i]];
        for (size_t i = 0; i < n && alike; i++)
            for (int k = 0; k < 3; k++)
                mean[k] += table[i][p[i]][k] / (double)n;
        for (size_t i = 0; i < n && alike; i++) {
            double d[3];
            for (int k = 0; k < 3; k++)
                d[k] = table[i][p[i]][k] - mean[k];
            longest = fmax(longest, skd_norm(d));
            sum2 += skd_dot(d, d);
        }
        double rms = sqrt(sum2 / (double)n);
        if (alike && (longest < best->longest - 1e-9 || (longest < best->longest + 1e-9 && rms < best->rms)))
            *best = (truth){longest, rms};
    } while (next_permutation(p, n));
}

static void fractions(const skd_cell *cell, double (*f)[3]) {
    double inverse[3][3];
    skd_error err;
    CHECK_OK(skd_cell_inverse(cell, inverse, &err));
    for (size_t i = 0; i < cell->n; i++)
        skd_to_frac(inverse, cell->pos[i], f[i]);
}

static bool keeps_metric(const skd_cell *a, const int m[3][3]) {
    double rows[3][3]; /* images of the lattice vectors: columns of m */
    for (int i = 0; i < 3; i++) {
        double column[3] = {m[0][i], m[1][i], m[2][i]};
        skd_row_times(column, a->lattice, rows[i]);
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            if (fabs(skd_dot(rows[i], rows[k]) - skd_dot(a->lattice[i], a->lattice[k])) > 1e-6)
                return false;
    return true;
}

static truth plain_match(const skd_cell *a, const skd_cell *b) {
    truth best = {INFINITY, INFINITY};
    double fa[FEW][3], fb[FEW][3], moved[FEW][3];
    fractions(a, fa);
    fractions(b, fb);
    for (int code = 0; code < 19683; code++) {
        int m[3][3], rest = code;
        for (int k = 0; k < 9; k++, rest /= 3)
            m[k / 3][k % 3] = rest % 3 - 1;
        if (!keeps_metric(a, m))
            continue;
        for (size_t pair = 0; pair < a->n * a->n; pair++) {
            size_t i = pair / a->n, j = pair % a->n;
            if (a->species[i] != b->species[j])
                continue;
            for (size_t at = 0; at < a->n; at++)
                for (int k = 0; k < 3; k++) {
                    moved[at][k] = fa[i][k];
                    for (int c = 0; c < 3; c++)
                        moved[at][k] += m[k][c] * (fb[at][c] - fb[j][c]);
                }
            try_permutations(a, b, fa, moved, &best);
        }
    }
    return best;
}

/* ---- cells ------------------------------------------------------------------------------- */

/* Random small cell with atoms at least 1.6 Å apart; every other one has a lattice of high symmetry. */
static skd_cell *spaced_cell(skd_rng *rng, int row) {
    skd_error err;
    static const double nice[4][3][3] = {{{4.1, 0, 0}, {0, 4.1, 0}, {0, 0, 4.1}},
                                         {{4.3, 0, 0}, {-2.15, 3.7239092362730865, 0}, {0, 0, 5.2}},
                                         {{0, 3.3, 3.3}, {3.3, 0, 3.3}, {3.3, 3.3, 0}},
                                         {{3.9, 0, 0}, {0, 3.9, 0}, {0, 0, 5.7}}};
    for (;;) {
        skd_cell *cell;
        CHECK_OK(plain_cell(&cell, rng, row % PLAIN_SHAPES, 4, &err));
        if (row % 2)
            memcpy(cell->lattice, nice[row / 2 % 4], sizeof cell->lattice);
        if (skd_cell_check_overlap(cell, cell->n > 1 ? 1.6 : 1.0, NULL) == SKD_OK)
            return cell;
        skd_cell_free(cell);
    }
}

/* b: a moved by noise and a rigid shift, inverted if asked, its atoms shuffled; numbers of its cell kept. */
static skd_cell *disturbed(skd_rng *rng, const skd_cell *a, double noise, bool inverted) {
    skd_error err;
    skd_cell *b;
    size_t order[512];
    double shift[3] = {plain_between(rng, -3, 3), plain_between(rng, -3, 3), plain_between(rng, -3, 3)};
    for (size_t i = 0; i < a->n; i++) {
        size_t j = skd_rng_below(rng, 0, (uint32_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    CHECK_OK(skd_cell_pick(&b, a, order, a->n, &err));
    for (size_t i = 0; i < b->n; i++)
        for (int k = 0; k < 3; k++)
            b->pos[i][k] = (inverted ? -1.0 : 1.0) * b->pos[i][k] + shift[k] + plain_between(rng, -noise, noise);
    return b;
}

static void match_is_that_of_all_permutations_on_200_random_cells(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 77, &err));
    for (int row = 0; row < 200; row++) {
        skd_cell *a = spaced_cell(rng, row), *b = disturbed(rng, a, 0.12, row % 3 == 0);
        skd_match match;
        skd_match_options options = {.any_translation = true, .tolerance = 0.5};
        CHECK_OK(skd_match_find(&match, a, b, &options, &err));
        truth want = plain_match(a, b);
        CHECK(match.found);
        CHECK_CLOSE(match.max_distance, want.longest, 2e-6, 0);
        CHECK_CLOSE(match.rms, want.rms, 2e-6, 0);
        skd_match_free(&match);
        skd_cell_free(a);
        skd_cell_free(b);
    }
    skd_rng_free(rng);
}

/* 3x3x3 rock salt without its first cation, the anion next to it along `axis` moved away by `by`. */
static skd_cell *rock_salt_vacancy(int axis, double by) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 215, &err));
    size_t n = 0;
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 12.66;
    for (int s = 1; s < 216; s++) {
        int at[3] = {s / 36, s / 6 % 6, s % 6};
        cell->species[n] = (at[0] + at[1] + at[2]) % 2 ? 8 : 12;
        for (int k = 0; k < 3; k++)
            cell->pos[n][k] = 2.11 * at[k];
        if (at[axis] == 1 && at[(axis + 1) % 3] == 0 && at[(axis + 2) % 3] == 0)
            cell->pos[n][axis] += by;
        n++;
    }
    CHECK_INT(n, 215);
    return cell;
}

static void turned_distortions_of_a_supercell_are_the_same(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 9, &err));
    skd_cell *a = rock_salt_vacancy(0, 0.37);
    for (int axis = 0; axis < 3; axis++) {
        skd_cell *turned = rock_salt_vacancy(axis, 0.37), *b = disturbed(rng, turned, 1e-3, axis == 1);
        skd_match match;
        skd_match_options options = {.any_translation = true, .tolerance = 0.3};
        CHECK_OK(skd_match_find(&match, a, b, &options, &err));
        CHECK(match.found);
        CHECK(match.max_distance < 2e-3);
        CHECK_CLOSE(match.sum_above, 0.0, 1e-12, 0);
        skd_match_free(&match);
        CHECK_OK(skd_match_find(&match, a, turned, &(skd_match_options){.tolerance = 0.3}, &err));
        CHECK(match.found); /* about the vacancy at the origin the lattice's point group is enough */
        CHECK(match.max_distance < 1e-9);
        skd_match_free(&match);
        skd_cell_free(turned);
        skd_cell_free(b);
    }
    skd_cell *other = rock_salt_vacancy(0, -0.21);
    skd_match match;
    CHECK_OK(skd_match_find(&match, a, other, &(skd_match_options){.any_translation = true, .tolerance = 0.9}, &err));
    CHECK(match.found);
    /* turned so that the two moved anions do not lie on each other: 0.37 and 0.21 Å, less their mean */
    CHECK_CLOSE(match.max_distance, 0.37 * 214.0 / 215.0, 2e-6, 0);
    CHECK_CLOSE(match.sum_above, 0.58 * 214.0 / 215.0, 1e-5, 0);
    skd_match_free(&match);
    CHECK_OK(skd_match_find(&match, a, other, &(skd_match_options){.any_translation = true, .tolerance = 0.3}, &err));
    CHECK(!match.found && !match.partner && !match.distance);
    skd_cell_free(a);
    skd_cell_free(other);
    skd_rng_free(rng);
}

static void given_operations_are_the_only_ones_tried(void **state) {
    (void)state;
    skd_error err;
    skd_cell *a = rock_salt_vacancy(0, 0.37), *b = rock_salt_vacancy(1, 0.37);
    skd_operation turns[2] = {{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {0, 0, 0}},
                              {{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}, {0, 0, 0}}};
    skd_symmetry symmetry = {.n_operations = 1, .operation = turns};
    skd_match match;
    CHECK_OK(skd_match_find(&match, a, b, &(skd_match_options){.symmetry = &symmetry, .tolerance = 0.2}, &err));
    CHECK(!match.found);
    symmetry.n_operations = 2;
    CHECK_OK(skd_match_find(&match, a, b, &(skd_match_options){.symmetry = &symmetry, .tolerance = 0.2}, &err));
    CHECK(match.found && match.rotation[0][1] == 1);
    skd_match_free(&match);
    b->species[0] = 20;
    CHECK_OK(skd_match_find(&match, a, b, &(skd_match_options){.tolerance = 0.2}, &err));
    CHECK(!match.found);
    CHECK_FAILS(skd_match_find(&match, a, b, &(skd_match_options){.tolerance = 0.0}, &err), SKD_EARG, "tolerance");
    skd_cell_free(a);
    skd_cell_free(b);
}

/* Three Cd and five Te in a cube of 6 Å, in another basis of the same lattice if `skewed`. */
static skd_cell *eight_atoms(const double f[8][3], bool skewed) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 6.0;
    if (skewed)
        cell->lattice[0][1] = 18.0;
    for (int i = 0; i < 8; i++) {
        cell->species[i] = i < 3 ? 48 : 52;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 6.0 * f[i][k];
    }
    return cell;
}

/* One Te moves by 1.7 Å. A looser tolerance of sites would take a match of 0.70 Å rms in the first round. */
static void the_match_of_least_rms_is_pymatgens(void **state) {
    (void)state;
    skd_error err;
    const double before[8][3] = {{0.40, 0.40, -0.03}, {0.49, 0.02, 0.43},  {0.58, 0.57, 0.44}, {-0.04, -0.13, -0.02},
                                 {-0.05, 0.05, 0.52}, {-0.03, 0.50, 0.08}, {0.07, 0.52, 0.53}, {0.48, -0.01, 0.04}};
    const double after[8][3] = {{0.43, 0.42, -0.06}, {0.46, 0.03, 0.46},  {0.57, 0.56, 0.44}, {-0.08, -0.12, -0.01},
                                {-0.08, 0.07, 0.52}, {-0.00, 0.51, 0.10}, {0.08, 0.50, 0.52}, {0.47, 0.08, -0.22}};
    for (int skewed = 0; skewed < 2; skewed++) {
        skd_cell *a = eight_atoms(before, skewed), *b = eight_atoms(after, skewed);
        skd_match match;
        CHECK_OK(skd_match_find(&match, a, b, &(skd_match_options){.least_rms = true, .tolerance = 15.0}, &err));
        CHECK_CLOSE(match.rms, 0.5831702153, 1e-9,
                    0); /* StructureMatcher of pymatgen 2026.10, driven by doped 3.2.1 */
        CHECK_CLOSE(match.max_distance, 1.4493834896, 1e-9, 0);
        CHECK_CLOSE(match.sum_above, 3.4834913715, 1e-9, 0);
        skd_match_free(&match);
        skd_cell_free(a);
        skd_cell_free(b);
    }
}

static void assignment_is_the_cheapest_permutation(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    skd_assign_work work = {0};
    CHECK_OK(skd_rng_new(&rng, 4, &err));
    CHECK_OK(skd_assign_reserve(&work, 6, &err));
    for (int row = 0; row < 200; row++) {
        double cost[36], best = INFINITY, limit = row % 2 ? 0.7 : 2.0, sum = 0.0;
        size_t n = 1 + (size_t)row % 6, p[6] = {0, 1, 2, 3, 4, 5}, column[6];
        for (size_t i = 0; i < n * n; i++)
            cost[i] = skd_rng_uniform(rng);
        do {
            double total = 0.0;
            for (size_t i = 0; i < n; i++)
                total += cost[i * n + p[i]] <= limit ? cost[i * n + p[i]] : INFINITY;
            best = fmin(best, total);
        } while (next_permutation(p, n));
        CHECK_INT(skd_assign(&work, cost, n, limit, column), best < INFINITY);
        for (size_t i = 0; i < n && best < INFINITY; i++)
            sum += cost[i * n + column[i]];
        if (best < INFINITY)
            CHECK_CLOSE(sum, best, 1e-12, 0);
    }
    skd_assign_free(&work);
    skd_rng_free(rng);
}

#ifdef SKD_TORTURE
static void matching_survives_every_failed_allocation(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 3, &err));
    skd_cell *a = spaced_cell(rng, 0), *b = disturbed(rng, a, 0.05, false);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_match match;
        skd_alloc_fail_at = k;
        status = skd_match_find(&match, a, b, &(skd_match_options){.any_translation = true, .tolerance = 0.5}, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && !match.partner && !match.distance));
        CHECK(k < 100);
        skd_match_free(&match);
    }
    skd_cell_free(a);
    skd_cell_free(b);
    skd_rng_free(rng);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(match_is_that_of_all_permutations_on_200_random_cells),
        cmocka_unit_test(turned_distortions_of_a_supercell_are_the_same),
        cmocka_unit_test(given_operations_are_the_only_ones_tried),
        cmocka_unit_test(the_match_of_least_rms_is_pymatgens),
        cmocka_unit_test(assignment_is_the_cheapest_permutation),
#ifdef SKD_TORTURE
        cmocka_unit_test(matching_survives_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
