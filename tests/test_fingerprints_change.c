/* SPDX-License-Identifier: MIT */
/* Tests of what is said of a relaxed defect: displacements of the best match whatever equivalent direction was taken,
 * bonds of like atoms, coordination, symmetry, the alarm that the host moved; and the rule for the same minimum. */
#include <stdlib.h>

#include "check.h"

#include "shakedown/fingerprints.h"

#define SIDE 8.4 /* Å, two cells of rock salt */

/* 63 atoms: rock salt with the oxygen at the middle left out; its neighbours come first. */
static skd_cell *vacancy(void) {
    skd_error err;
    skd_cell *cell;
    size_t n = 0;
    CHECK_OK(skd_cell_new(&cell, 63, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = SIDE;
    for (int near = 1; near >= 0; near--)
        for (int i = 0; i < 64; i++) {
            int at[3] = {i / 16, i / 4 % 4, i % 4}, off = abs(at[0] - 2) + abs(at[1] - 2) + abs(at[2] - 2);
            if (off == 0 || (off == 1) != (near == 1))
                continue;
            for (int k = 0; k < 3; k++)
                cell->pos[n][k] = SIDE / 4 * at[k];
            cell->species[n++] = off % 2 ? 12 : 8;
        }
    CHECK_INT((long)n, 63);
    return cell;
}

static skd_cell *copy_of(const skd_cell *cell) {
    skd_error err;
    skd_cell *out;
    CHECK_OK(skd_cell_copy(&out, cell, &err));
    return out;
}

static const double site[3] = {SIDE / 2, SIDE / 2, SIDE / 2};

static void a_moved_neighbour_is_described(void **state) {
    skd_error err;
    skd_change c, same;
    skd_cell *a = vacancy(), *b = copy_of(a), *other = copy_of(a);
    (void)state;
    b->pos[0][0] += 0.63; /* the neighbour at -x comes in */
    for (size_t i = 0; i < 6; i++)
        if (fabs(other->pos[i][1] - SIDE / 2) < 0.1 && other->pos[i][2] > SIDE / 2 + 0.1)
            other->pos[i][2] -= 0.63; /* the one at +z does */
    CHECK_OK(skd_change_find(&c, a, b, site, &err));
    CHECK(c.matched && !c.bulk_alarm);
    CHECK_CLOSE(c.max_dist, 0.63 * 62 / 63, 1e-6, 0); /* the mean displacement is off */
    CHECK_CLOSE(c.disp, c.max_dist, 1e-6, 0);
    CHECK_TEXT(c.symmetry[0], "Oh");
    CHECK_TEXT(c.symmetry[1], "C4v");
    CHECK_CLOSE(c.ways, 6.0, 0, 0);
    CHECK_INT((long)c.n_neighbours, 6);
    CHECK_INT(c.neighbour[0].before, 5);
    CHECK(c.near > 10 * c.far);
    CHECK_OK(skd_change_find(&same, b, other, NULL, &err));
    CHECK_CLOSE(same.max_dist, 0.0, 1e-6, 0); /* another direction, the same minimum */
    CHECK_INT((long)same.n_neighbours, 0);
    skd_cell_free(a);
    skd_cell_free(b);
    skd_cell_free(other);
}

static void bonds_of_like_atoms_are_listed_shortest_first(void **state) {
    skd_error err;
    skd_change c;
    skd_cell *a = vacancy(), *b = copy_of(a);
    (void)state;
    for (size_t i = 0; i < 6; i++)
        for (int k = 0; k < 3; k++) {
            double out = b->pos[i][k] - SIDE / 2;
            b->pos[i][k] -= (k == 0 ? 0.35 : k == 1 ? 0.3 : 0.0) * out;
        }
    CHECK_OK(skd_change_find(&c, a, b, site, &err));
    CHECK(c.n_homo >= 2);
    CHECK(a->species[c.homo[0].i] == a->species[c.homo[0].j]);
    CHECK_CLOSE(c.homo[0].length, 0.65 * SIDE / 2, 1e-6, 0);
    CHECK_CLOSE(c.homo[0].before, SIDE / 2, 1e-6, 0);
    for (size_t i = 1; i < c.n_homo; i++)
        CHECK(c.homo[i].length >= c.homo[i - 1].length);
    skd_cell_free(a);
    skd_cell_free(b);
}

static void a_host_that_moved_raises_the_alarm(void **state) {
    skd_error err;
    skd_change c;
    skd_cell *a = vacancy(), *b = copy_of(a);
    (void)state;
    for (size_t i = 0; i < b->n; i++) /* sublattices against each other, layers alternating */
        b->pos[i][0] += (b->species[i] == 8 ? 0.3 : -0.3) * cos(4 * 3.141592653589793 * b->pos[i][1] / SIDE);
    CHECK_OK(skd_change_find(&c, a, b, site, &err));
    CHECK(c.matched && c.bulk_alarm);
    CHECK(c.far > 0.2 && c.n_far >= 7);
    skd_cell_free(a);
    skd_cell_free(b);
}

/* Two neighbours that bond, in a cell so small that its farthest atoms are strained too: no alarm. A far field is what
 * is far from them, too; where there is none, nothing is said of it. */
static void a_dimer_in_a_small_cell_raises_none(void **state) {
    skd_error err;
    skd_change c;
    skd_cell *a = vacancy(), *b = copy_of(a);
    (void)state;
    for (size_t i = 0; i < b->n; i++)
        for (int k = 0; k < 3; k++) /* no common direction */
            b->pos[i][k] += 0.18 / sqrt(3.0) * ((i * 7 + (size_t)k * 5) % 4 < 2 ? 1 : -1);
    for (size_t i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++)
            b->pos[i][k] += 0.3 * (site[k] - a->pos[i][k]);
    CHECK_OK(skd_change_find(&c, a, b, site, &err));
    CHECK(c.matched && !c.bulk_alarm && c.near > 0.25 && c.n_far == 0 && c.far == 0.0);
    skd_cell_free(a);
    skd_cell_free(b);
}

static void a_known_symmetry_changes_nothing(void **state) {
    skd_error err;
    skd_change c, known;
    skd_symmetry *symmetry;
    skd_cell *a = vacancy(), *b = copy_of(a);
    (void)state;
    b->pos[0][0] += 0.63;
    CHECK_OK(skd_change_symmetry(&symmetry, a, &err));
    CHECK_OK(skd_change_find(&c, a, b, site, &err));
    CHECK_OK(skd_change_find_knowing(&known, a, symmetry, b, site, &err));
    CHECK_TEXT(known.symmetry[0], c.symmetry[0]);
    CHECK_TEXT(known.symmetry[1], c.symmetry[1]);
    CHECK_CLOSE(known.ways, c.ways, 0, 0);
    CHECK_CLOSE(known.far, c.far, 0, 0);
    skd_symmetry_free(symmetry);
    skd_cell_free(a);
    skd_cell_free(b);
}

static void other_atoms_are_refused(void **state) {
    skd_error err;
    skd_change c;
    skd_cell *a = vacancy(), *b = copy_of(a);
    (void)state;
    b->species[0] = 20;
    CHECK_FAILS(skd_change_find(&c, a, b, site, &err), SKD_EARG, "63 and 63 atoms");
    skd_cell_free(a);
    skd_cell_free(b);
}

static void the_same_is_what_no_atom_is_far_in(void **state) {
    static const struct {
        double moved;
        bool same;
    } row[] = {{0.0, true}, {0.19, true}, {0.21, false}, {1.0, false}};
    skd_error err;
    (void)state;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        skd_cell *a = vacancy(), *b = copy_of(a);
        bool same;
        for (size_t i = 0; i < b->n; i++)
            b->pos[i][1] += 1.1; /* moved as a whole: no matter */
        b->pos[2][0] += row[k].moved * 63 / 62;
        CHECK_OK(skd_match_same(&same, a, b, 0.2, &err));
        CHECK(same == row[k].same);
        skd_cell_free(a);
        skd_cell_free(b);
    }
}

#ifdef SKD_TORTURE
static void every_lost_allocation_is_reported(void **state) {
    skd_error err;
    skd_cell *a = vacancy(), *b = copy_of(a);
    skd_status status = SKD_ENOMEM;
    (void)state;
    b->pos[0][0] += 0.4;
    for (long k = 0; status != SKD_OK && k < 400; k++) {
        skd_change c;
        skd_alloc_fail_at = k;
        status = skd_change_find(&c, a, b, site, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
    }
    CHECK(status == SKD_OK);
    skd_cell_free(a);
    skd_cell_free(b);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moved_neighbour_is_described),
        cmocka_unit_test(bonds_of_like_atoms_are_listed_shortest_first),
        cmocka_unit_test(a_host_that_moved_raises_the_alarm),
        cmocka_unit_test(a_dimer_in_a_small_cell_raises_none),
        cmocka_unit_test(a_known_symmetry_changes_nothing),
        cmocka_unit_test(other_atoms_are_refused),
        cmocka_unit_test(the_same_is_what_no_atom_is_far_in),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_lost_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
