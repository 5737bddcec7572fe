/* SPDX-License-Identifier: MIT */
/* test_crystal_environments.c - classes of sites: those of a brute force over all orders of the neighbours in random
 * zinc-blende alloys, arrangements that only rings of bonds tell apart, relaxed positions, tiny cells. */
#include "check.h"

#include <stdlib.h>

#include "shakedown/alloy.h"

/* n x n x n conventional cells of an fcc lattice of a, with a second atom at `offset` edges along all axes. */
static skd_cell *make_host(int n, double a, int first, int second, const double offset[3]) {
    static const double face[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    const int times[3][3] = {{n, 0, 0}, {0, n, 0}, {0, 0, n}};
    skd_error err;
    skd_cell *cell, *big;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = a;
    for (int i = 0; i < 8; i++) {
        cell->species[i] = i < 4 ? first : second;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = a * (face[i % 4][k] + (i < 4 ? 0.0 : offset[k]));
    }
    CHECK_OK(skd_supercell(&big, cell, times, NULL, &err));
    skd_cell_free(cell);
    return big;
}

static const double tetrahedral[3] = {0.25, 0.25, 0.25}, octahedral[3] = {0.5, 0.5, 0.5};

/* Zinc blende with mixed cations and anions, 64 atoms. */
static skd_cell *make_alloy(uint32_t seed) {
    const skd_substitution rules[] = {{52, 34, 0.4}, {52, 16, 0.2}, {48, 30, 0.3}};
    skd_error err;
    skd_cell *host = make_host(2, 6.48, 48, 52, tetrahedral), *mixed;
    skd_alloy *alloy;
    skd_rng *rng;
    CHECK_OK(skd_alloy_new(&alloy, host, rules, 3, NULL, &err));
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    skd_alloy_shuffle(alloy, rng);
    CHECK_OK(skd_alloy_cell(&mixed, alloy, &err));
    for (size_t i = 0; i < mixed->n; i++) /* as if relaxed */
        for (int k = 0; k < 3; k++)
            mixed->pos[i][k] += 0.08 * skd_rng_normal(rng);
    skd_rng_free(rng);
    skd_alloy_free(alloy);
    skd_cell_free(host);
    return mixed;
}

/* ---- brute force ------------------------------------------------------------------------- */

/* The four nearest atoms. */
static void four_nearest(const skd_cell *cell, const skd_mic *mic, size_t i, size_t near[4]) {
    double r[4];
    size_t n = 0;
    for (size_t j = 0; j < cell->n; j++) {
        double d[3], length = skd_mic_vector(mic, cell->pos[i], cell->pos[j], d);
        if (j == i || (n == 4 && length >= r[3]))
            continue;
        size_t k = n < 4 ? n++ : 3;
        for (; k > 0 && r[k - 1] > length; k--) {
            r[k] = r[k - 1];
            near[k] = near[k - 1];
        }
        r[k] = length;
        near[k] = j;
    }
}

typedef struct key {
    int value[16];
} key;

/* The neighbours in a given order: each, and its three other neighbours by atomic number. */
static key key_in_order(const skd_cell *cell, const skd_mic *mic, size_t i, const size_t near[4], const int order[4]) {
    key k = {{0}};
    for (int b = 0; b < 4; b++) {
        size_t far[4];
        int n = 0, others[4];
        k.value[4 * b] = cell->species[near[order[b]]];
        four_nearest(cell, mic, near[order[b]], far);
        for (int c = 0; c < 4; c++)
            if (far[c] != i)
                others[n++] = cell->species[far[c]];
        CHECK_INT(n, 3);
        for (int x = 0; x < 3; x++)
            for (int y = 0; y < x; y++)
                if (others[x] < others[y]) {
                    int kept = others[x];
                    others[x] = others[y];
                    others[y] = kept;
                }
        memcpy(&k.value[4 * b + 1], others, 3 * sizeof(int));
    }
    return k;
}

/* The least key over all 24 orders. */
static key brute_key(const skd_cell *cell, const skd_mic *mic, size_t i) {
    size_t near[4];
    key least = {{0}};
    bool any = false;
    four_nearest(cell, mic, i, near);
    for (int code = 0; code < 256; code++) {
        const int order[4] = {code >> 6, code >> 4 & 3, code >> 2 & 3, code & 3};
        int seen = 0;
        for (int k = 0; k < 4; k++)
            seen |= 1 << order[k];
        if (seen != 15)
            continue;
        key k = key_in_order(cell, mic, i, near, order);
        if (!any || memcmp(&k, &least, sizeof k) < 0)
            least = k;
        any = true;
    }
    return least;
}

static void check_against_brute_force(const skd_cell *cell, int species) {
    skd_error err;
    skd_mic mic;
    skd_environments *e;
    skd_environment_options options = SKD_ENVIRONMENT_DEFAULT;
    options.species = species;
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK_INT(e->n, skd_cell_count(cell, species));
    key *keys = skd_alloc(e->n, sizeof *keys);
    CHECK(keys != NULL);
    size_t total = 0;
    for (size_t i = 0; i < e->n; i++)
        keys[i] = brute_key(cell, &mic, e->atom[i]);
    for (size_t i = 0; i < e->n; i++)
        for (size_t j = 0; j < i; j++)
            CHECK_INT(e->label[i] == e->label[j], memcmp(&keys[i], &keys[j], sizeof *keys) == 0);
    for (size_t k = 0; k < e->n_classes; k++) {
        total += e->multiplicity[k];
        CHECK_INT(e->label[e->first[k]], k);
    }
    CHECK_INT(total, e->n);
    skd_free(keys);
    skd_environments_free(e);
}

static void random_alloys_have_the_classes_of_a_brute_force(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        skd_cell *cell = make_alloy(seed);
        check_against_brute_force(cell, 48);
        check_against_brute_force(cell, 52);
        skd_cell_free(cell);
    }
}

/* ---- known cases ------------------------------------------------------------------------- */

static size_t atom_at(const skd_cell *cell, double x, double y, double z) {
    skd_error err;
    skd_mic mic;
    const double point[3] = {x, y, z};
    double d[3];
    size_t i = 0;
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    while (i < cell->n && skd_mic_vector(&mic, cell->pos[i], point, d) > 0.1)
        i++;
    CHECK(i < cell->n);
    return i;
}

static size_t label_of(const skd_environments *e, size_t atom) {
    size_t i = 0;
    while (e->atom[i] != atom)
        i++;
    return e->label[i];
}

/* Two sulphur atoms opposite each other, or side by side, around magnesium in rock salt: bonds tell that apart only by
 * the squares that the next shell closes. */
static void opposite_and_adjacent_neighbours_differ_by_rings(void **state) {
    (void)state;
    skd_error err;
    const double a = 4.2, h = 2.1;
    skd_cell *cell = make_host(4, a, 12, 8, octahedral);
    const double centre[3][3] = {{0, 0, 0}, {2 * a, 2 * a, 0}, {0, 2 * a, 2 * a}};
    static const double way[3][2][3] = {{{1, 0, 0}, {-1, 0, 0}}, {{1, 0, 0}, {0, 1, 0}}, {{0, 0, -1}, {0, 1, 0}}};
    size_t atom[3];
    for (int c = 0; c < 3; c++) {
        atom[c] = atom_at(cell, centre[c][0], centre[c][1], centre[c][2]);
        for (int k = 0; k < 2; k++)
            cell->species[atom_at(cell, centre[c][0] + h * way[c][k][0], centre[c][1] + h * way[c][k][1],
                                  centre[c][2] + h * way[c][k][2])] = 16;
    }
    skd_environments *e;
    skd_environment_options options = {.species = 12, .shells = 1, .reach = 1.3};
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK_INT(e->n_classes, 3); /* no, one, two sulphur atoms */
    CHECK_TEXT(e->shell[label_of(e, atom[0])][0], "O4S2");
    CHECK_INT(label_of(e, atom[0]), label_of(e, atom[1]));
    skd_environments_free(e);
    options.shells = 2;
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK(label_of(e, atom[0]) != label_of(e, atom[1]));
    CHECK_INT(label_of(e, atom[1]), label_of(e, atom[2]));
    CHECK_TEXT(e->shell[label_of(e, atom[0])][1], "Mg18"); /* twelve, and six straight on */
    CHECK_TEXT(e->arrangement[label_of(e, atom[0])], "4 O(Mg5), 2 S(Mg5)");
    skd_environments_free(e);
    options.composition_only = true;
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK_INT(label_of(e, atom[0]), label_of(e, atom[1]));
    skd_environments_free(e);
    skd_cell_free(cell);
}

static void perfect_and_tiny_cells_have_one_class(void **state) {
    (void)state;
    skd_error err;
    skd_environments *e;
    const skd_environment_options options = {.species = 48, .shells = 4, .reach = 1.3};
    skd_cell *cell = make_host(1, 6.48, 48, 52, tetrahedral);
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK_INT(e->n_classes, 1);
    CHECK_INT(e->multiplicity[0], 4);
    CHECK_TEXT(e->shell[0][0], "Te4");
    CHECK_TEXT(e->shell[0][1], "Cd12");
    CHECK_TEXT(e->arrangement[0], "4 Te(Cd3)");
    skd_environments_free(e);
    skd_cell_free(cell);
}

static void classes_are_split_by_keys(void **state) {
    (void)state;
    skd_error err;
    skd_environments *e;
    const skd_environment_options options = {.species = 48, .shells = 1, .reach = 1.3};
    static const size_t apart[4] = {7, 3, 7, 0};
    skd_cell *cell = make_host(1, 6.48, 48, 52, tetrahedral);
    CHECK_OK(skd_environments_find(&e, cell, &options, &err));
    CHECK_OK(skd_environments_split(e, apart, &err));
    CHECK_INT(e->n_classes, 3);
    static const size_t label[4] = {0, 1, 0, 2}, first[3] = {0, 1, 3}, multiplicity[3] = {2, 1, 1};
    CHECK(memcmp(e->label, label, sizeof label) == 0 && memcmp(e->first, first, sizeof first) == 0);
    CHECK(memcmp(e->multiplicity, multiplicity, sizeof multiplicity) == 0);
    CHECK_TEXT(e->shell[2][0], "Te4");
    skd_environments_free(e);
    skd_cell_free(cell);
}

static void impossible_requests_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_environments *e;
    skd_cell *cell = make_host(1, 6.48, 48, 52, tetrahedral);
    const skd_environment_options absent = {.species = 14, .shells = 2, .reach = 1.3};
    const skd_environment_options deep = {.species = 48, .shells = 9, .reach = 1.3};
    const skd_environment_options narrow = {.species = 48, .shells = 2, .reach = 0.5};
    CHECK_FAILS(skd_environments_find(&e, cell, &absent, &err), SKD_EARG, "the cell has no Si");
    CHECK_FAILS(skd_environments_find(&e, cell, &deep, &err), SKD_EARG, "expected 1 to 4 shells");
    CHECK_FAILS(skd_environments_find(&e, cell, &narrow, &err), SKD_EARG, "a reach of 1 or more");
    CHECK(!e);
    skd_cell_free(cell);
}

#ifdef SKD_TORTURE
static void every_failed_allocation_is_reported(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_host(1, 6.48, 48, 52, tetrahedral);
    cell->species[5] = 34;
    const skd_environment_options options = {.species = 48, .shells = 2, .reach = 1.3};
    static const size_t apart[4] = {0, 1, 0, 1};
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_environments *e = NULL;
        skd_alloc_fail_at = k;
        status = skd_environments_find(&e, cell, &options, &err);
        CHECK(status == SKD_OK || !e);
        if (status == SKD_OK)
            status = skd_environments_split(e, apart, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        skd_environments_free(e);
    }
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_alloys_have_the_classes_of_a_brute_force),
        cmocka_unit_test(opposite_and_adjacent_neighbours_differ_by_rings),
        cmocka_unit_test(perfect_and_tiny_cells_have_one_class),
        cmocka_unit_test(classes_are_split_by_keys),
        cmocka_unit_test(impossible_requests_are_refused),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failed_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("crystal: environments", tests, NULL, NULL);
}
