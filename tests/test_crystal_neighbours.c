/* SPDX-License-Identifier: MIT */
/* Tests of the neighbour list: against the plain triple loop on odd cells, order, reuse, linear cost. */
#include "plain_neighbours.h"

#include "check.h"

enum { ROOM = 20000 };

static void compare_with_plain(const skd_cell *cell, double r_cut, skd_neighbours *nb, skd_neighbour *want) {
    skd_error err;
    CHECK_OK(skd_neighbours_build(nb, cell, r_cut, &err));
    CHECK_INT(nb->n, cell->n);
    CHECK_INT(nb->first[0], 0);
    for (size_t i = 0; i < cell->n; i++) {
        size_t n = plain_neighbours(cell, i, r_cut, want, ROOM);
        CHECK(n <= ROOM);
        CHECK_INT(nb->first[i + 1] - nb->first[i], n);
        for (size_t k = 0; k < n; k++) {
            const skd_neighbour *got = &nb->list[nb->first[i] + k];
            CHECK_INT(got->j, want[k].j);
            CHECK(memcmp(got->shift, want[k].shift, sizeof got->shift) == 0);
            CHECK_CLOSE(got->r, want[k].r, 1e-11, 0);
            for (int c = 0; c < 3; c++)
                CHECK_CLOSE(got->d[c], want[k].d[c], 1e-11, 0);
        }
    }
}

static void list_is_that_of_the_triple_loop_on_200_random_cells(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    skd_neighbours nb = {0};
    skd_neighbour *want = skd_alloc(ROOM, sizeof *want);
    CHECK_OK(skd_rng_new(&rng, 31, &err));
    for (int row = 0; row < 200; row++) {
        skd_cell *cell;
        CHECK_OK(plain_cell(&cell, rng, row % PLAIN_SHAPES, 12, &err));
        for (int k = 0; k < 3; k++) /* in a third of the cells each axis is open with probability 1/2 */
            cell->pbc[k] = row % 3 != 0 || skd_rng_u32(rng) & 1;
        compare_with_plain(cell, plain_between(rng, 0.4, 6.5), &nb, want);
        skd_cell_free(cell);
    }
    skd_neighbours_free(&nb);
    skd_rng_free(rng);
    skd_free(want);
}

/* Every other cell has an atom put on another, or on an image of it. */
static void atoms_on_one_site_are_neighbours(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    skd_neighbours nb = {0};
    CHECK_OK(skd_rng_new(&rng, 32, &err));
    for (int row = 0; row < 40; row++) {
        skd_cell *cell;
        CHECK_OK(plain_cell(&cell, rng, row % PLAIN_SHAPES, 12, &err));
        if (cell->n > 1) {
            memcpy(cell->pos[1], cell->pos[0], sizeof cell->pos[1]);
            CHECK_OK(skd_neighbours_build(&nb, cell, 0.3, &err));
            size_t zeros = 0;
            for (size_t k = 0; k < nb.first[cell->n]; k++)
                zeros += nb.list[k].r == 0.0;
            CHECK_INT(zeros, 2);
            CHECK_INT(nb.list[nb.first[0]].j, 1);
        }
        skd_cell_free(cell);
    }
    skd_neighbours_free(&nb);
    skd_rng_free(rng);
}

static void wires_and_molecules_need_no_other_lattice_vectors(void **state) {
    (void)state;
    skd_error err;
    skd_cell *wire;
    skd_neighbours nb = {0};
    CHECK_OK(skd_cell_new(&wire, 2, &err));
    wire->lattice[1][0] = 2.385; /* periodic along b, which lies along x; a and c are zero */
    wire->pbc[0] = wire->pbc[2] = false;
    wire->pos[1][2] = 1.7;
    CHECK_OK(skd_neighbours_build(&nb, wire, 2.5, &err));
    CHECK_INT(nb.first[1], 3); /* two images of itself and the other atom */
    CHECK_INT(nb.list[0].shift[1], -1);
    wire->pbc[1] = false;
    memset(wire->lattice, 0, sizeof wire->lattice);
    CHECK_OK(skd_neighbours_build(&nb, wire, 2.5, &err));
    CHECK_INT(nb.first[2], 2);
    CHECK_CLOSE(nb.list[1].d[2], -1.7, 1e-12, 0);
    skd_cell_free(wire);
    skd_neighbours_free(&nb);
}

static void flat_and_zero_cells_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell;
    skd_neighbours nb = {0};
    CHECK_OK(skd_cell_new(&cell, 1, &err));
    CHECK_FAILS(skd_neighbours_build(&nb, cell, 3.0, &err), SKD_EARG, "no volume");
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 3.1;
    CHECK_FAILS(skd_neighbours_build(&nb, cell, -3.0, &err), SKD_EARG, "expected a positive distance");
    cell->pos[0][1] = NAN;
    CHECK_FAILS(skd_neighbours_build(&nb, cell, 3.0, &err), SKD_ENUMERIC, "atom 1");
    skd_cell_free(cell);
    skd_neighbours_free(&nb);
}

/* m^3 conventional diamond cells, every atom moved a little */
static skd_cell *silicon(int m) {
    static const double base[8][3] = {{0, 0, 0},       {0, .5, .5},     {.5, 0, .5},     {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_error err;
    skd_cell *cell;
    skd_rng *rng;
    CHECK_OK(skd_cell_new(&cell, (size_t)(8 * m * m * m), &err));
    CHECK_OK(skd_rng_new(&rng, 5, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 5.43095 * m;
    for (size_t i = 0; i < cell->n; i++) {
        int box = (int)i / 8, at[3] = {box / (m * m), box / m % m, box % m};
        cell->species[i] = 14;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 5.43095 * (at[k] + base[i % 8][k]) + plain_between(rng, -0.02, 0.02);
    }
    skd_rng_free(rng);
    return cell;
}

static void pairs_grow_linearly_and_are_exact_opposites(void **state) {
    (void)state;
    skd_error err;
    skd_neighbours nb = {0};
    static const int sizes[] = {2, 6, 13}; /* 64, 1728, 17576 atoms */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        skd_cell *cell = silicon(sizes[i]);
        CHECK_OK(skd_neighbours_build(&nb, cell, 4.3, &err));
        CHECK_INT(nb.first[nb.n], 16 * cell->n);
        double sum[3] = {0, 0, 0};
        for (size_t p = 0; p < nb.first[nb.n]; p++)
            for (int k = 0; k < 3; k++)
                sum[k] += nb.list[p].d[k];
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(sum[k], 0.0, 1e-8, 0);
        skd_cell_free(cell);
    }
    skd_neighbours_free(&nb);
}

static void a_list_is_rebuilt_without_allocating(void **state) {
    (void)state;
    skd_error err;
    skd_neighbours nb = {0};
    skd_cell *cell = silicon(3);
    CHECK_OK(skd_neighbours_build(&nb, cell, 4.3, &err));
    size_t room = nb.list_capacity;
    skd_neighbour *list = nb.list;
    for (size_t i = 0; i < cell->n; i++)
        cell->pos[i][0] += 7.123;
#ifdef SKD_TORTURE
    skd_alloc_fail_at = 0;
#endif
    skd_status status = skd_neighbours_build(&nb, cell, 4.3, &err);
#ifdef SKD_TORTURE
    skd_alloc_fail_at = -1;
#endif
    CHECK_INT(status, SKD_OK);
    CHECK(nb.list == list && nb.list_capacity == room);
    skd_cell_free(cell);
    skd_neighbours_free(&nb);
}

#ifdef SKD_TORTURE
static void building_survives_every_failed_allocation(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = silicon(1);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_neighbours nb = {0};
        skd_alloc_fail_at = k;
        status = skd_neighbours_build(&nb, cell, 3.0, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        if (status == SKD_ENOMEM) /* and the half-built list can be built again */
            CHECK_OK(skd_neighbours_build(&nb, cell, 3.0, &err));
        skd_neighbours_free(&nb);
        CHECK(k < 200);
    }
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_is_that_of_the_triple_loop_on_200_random_cells),
        cmocka_unit_test(atoms_on_one_site_are_neighbours),
        cmocka_unit_test(wires_and_molecules_need_no_other_lattice_vectors),
        cmocka_unit_test(flat_and_zero_cells_are_refused),
        cmocka_unit_test(pairs_grow_linearly_and_are_exact_opposites),
        cmocka_unit_test(a_list_is_rebuilt_without_allocating),
#ifdef SKD_TORTURE
        cmocka_unit_test(building_survives_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
