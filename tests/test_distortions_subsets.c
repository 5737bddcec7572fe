/* SPDX-License-Identifier: MIT */
/* test_distortions_subsets.c - all choices of the atoms that are distorted: sets of the tied shell, pairs of the
 * first shell, the user's elements, atoms and numbers. */
#include "vacancies.h"

static const char *const with_subsets[] = {"unperturbed", "bond", "subsets", "dimer"};
static const char *const with_pairs[] = {"unperturbed", "pairs"};

static skd_start_options asking(const char *const *kind, size_t n, skd_choices choices) {
    skd_start_options options = SKD_START_DEFAULT;
    options.kind = kind;
    options.n_kinds = n;
    options.subsets = options.pairs = choices;
    return options;
}

static bool has(const skd_start *start, size_t atom) {
    for (size_t k = 0; k < start->n_distorted; k++)
        if (start->distorted[k] == atom)
            return true;
    return false;
}

static bool same_atoms(const skd_start *a, const skd_start *b) {
    for (size_t k = 0; k < a->n_distorted; k++)
        if (!has(b, a->distorted[k]))
            return false;
    return a->n_distorted == b->n_distorted;
}

/* ---- the dimer of v_Cd in CdTe ------------------------------------------------------------- */

static void the_two_atoms_of_the_dimer_are_among_those_contracted_by_default(void **state) {
    (void)state;
    skd_defect *v = v_cd();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts_of(v, 0, &options);
    const skd_start *dimer = start_named(&list, "Dimer");
    CHECK_INT(v->cell->species[dimer->distorted[0]], 52);
    CHECK_INT(v->cell->species[dimer->distorted[1]], 52);
    CHECK(same_atoms(dimer, start_named(&list, "Bond_Distortion_-40.0%")));
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void all_subsets_contract_each_of_the_six_pairs(void **state) {
    (void)state;
    skd_defect *v = v_cd();
    skd_start_options options = asking(with_subsets, 4, SKD_CHOICES_ALL);
    skd_start_list list = starts_of(v, 0, &options);
    CHECK_INT(count_kind(&list, "bond"), 13);
    CHECK_INT(count_kind(&list, "subsets"), 5 * 12);
    size_t neighbour[4], n = 0, seen = 0;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < list.start[i].n_distorted; k++) {
            size_t j = 0;
            while (j < n && neighbour[j] != list.start[i].distorted[k])
                j++;
            assert_true(j < 4);
            if (j == n)
                neighbour[n++] = list.start[i].distorted[k];
        }
    CHECK_INT(n, 4);
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < a; b++)
            for (size_t i = 0; i < list.n; i++)
                seen += list.start[i].factor == -0.4 && has(&list.start[i], neighbour[a]) &&
                        has(&list.start[i], neighbour[b]);
    CHECK_INT(seen, 6); /* each pair once */
    skd_start_list_free(&list);
    options.subsets = SKD_CHOICES_DISTINCT; /* under Td the six are one */
    list = starts_of(v, 0, &options);
    CHECK_INT(list.n, 15);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

/* ---- sets ---------------------------------------------------------------------------------- */

/* Of 6 neighbours at the corners of an octahedron N can be chosen in that many ways. */
static void an_octahedron_has_two_kinds_of_pairs_and_of_triples(void **state) {
    (void)state;
    static const struct {
        int n;
        size_t all, distinct; /* besides the one that "bond" takes */
    } rows[] = {{1, 5, 0}, {2, 14, 1}, {3, 19, 1}, {4, 14, 1}, {5, 5, 0}, {6, 0, 0}};
    static const double x[] = {-0.2};
    skd_defect *v = v_o();
    for (size_t i = 0; i < 6; i++) {
        skd_start_options options = asking(with_subsets, 4, SKD_CHOICES_ALL);
        options.distortion = x;
        options.n_distortion = 1;
        options.n_neighbours = rows[i].n;
        skd_start_list list = starts_of(v, 0, &options);
        CHECK_INT(count_kind(&list, "subsets"), rows[i].all);
        for (size_t a = 0; a < list.n; a++)
            for (size_t b = 0; b < a; b++)
                CHECK(strcmp(list.start[a].name, list.start[b].name) != 0 &&
                      !same_atoms(&list.start[a], &list.start[b]));
        skd_start_list_free(&list);
        options.subsets = SKD_CHOICES_DISTINCT;
        list = starts_of(v, 0, &options);
        CHECK_INT(count_kind(&list, "subsets"), rows[i].distinct);
        skd_start_list_free(&list);
    }
    skd_defect_free(v);
}

static double between(const skd_cell *cell, size_t i, size_t j) {
    skd_mic mic;
    double d[3];
    assert_int_equal(skd_mic_setup(&mic, cell, NULL), SKD_OK);
    return skd_mic_vector(&mic, cell->pos[i], cell->pos[j], d);
}

static void the_other_pair_of_an_octahedron_is_the_opposite_one(void **state) {
    (void)state;
    skd_defect *v = v_o();
    skd_start_options options = asking(with_subsets, 4, SKD_CHOICES_DISTINCT);
    skd_start_list list = starts_of(v, 0, &options);
    CHECK_INT(count_kind(&list, "subsets"), 12);
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.start[i].kind, "subsets") == 0) {
            const size_t *d = list.start[i].distorted;
            CHECK_CLOSE(between(v->cell, d[0], d[1]), 4.2119, 1e-9, 0.0);
            CHECK(strstr(list.start[i].name, "%_set"));
            CHECK(list.start[i].factor != 0.0);
        }
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void both_families_of_an_element_have_their_sets(void **state) {
    (void)state;
    skd_defect *v = v_si();
    skd_start_options options = asking(with_subsets, 4, SKD_CHOICES_ALL);
    skd_start_list list = starts_of(v, 0, &options);
    CHECK_INT(count_kind(&list, "bond"), 25);
    CHECK_INT(count_kind(&list, "subsets"), 60); /* of the pairs; four of four can be chosen once */
    skd_start_list_free(&list);
    options.n_neighbours = 50; /* 4, 12, 12, 6, 12 and 4 of the sixth shell's 24 */
    skd_error err;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG,
                "1.06e+04 ways to choose 4 of the 24 equally near neighbours");
    skd_defect_free(v);
}

/* ---- pairs --------------------------------------------------------------------------------- */

static void the_recipe_for_alloys_is_thirty_one_starts(void **state) {
    (void)state;
    skd_defect *v = v_cd();
    for (int charge = -2; charge <= 0; charge++) { /* whatever N is: 0, 1, 2 */
        skd_start_options options = asking(with_pairs, 2, SKD_CHOICES_ALL);
        skd_start_list list = starts_of(v, charge, &options);
        CHECK_INT(list.n, 31);
        for (size_t i = 1; i < list.n; i++) {
            CHECK_INT(list.start[i].n_distorted, 2);
            CHECK(list.start[i].factor >= -0.6 && list.start[i].factor <= -0.2);
        }
        CHECK_CLOSE(start_named(&list, "Bond_Distortion_-20.0%_pair6")->factor, -0.2, 0.0, 0.0);
        skd_start_list_free(&list);
    }
    static const double mine[] = {0.15};
    skd_start_options options = asking(with_pairs, 2, SKD_CHOICES_ALL);
    options.distortion = mine;
    options.n_distortion = 1;
    skd_start_list list = starts_of(v, 0, &options);
    CHECK_INT(list.n, 7);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

/* Neighbours of the vacancy in CdTe replaced by Se, by Se and S, by Se, S and O. */
static void symmetry_leaves_fewer_pairs_the_purer_the_shell(void **state) {
    (void)state;
    static const struct {
        size_t n_other, distinct;
    } rows[] = {{0, 1}, {1, 2}, {2, 4}, {3, 6}};
    static const int element[] = {34, 16, 8};
    static const double x[] = {-0.3};
    skd_defect *pure = v_cd();
    skd_start_options options = asking(with_pairs, 2, SKD_CHOICES_ALL);
    options.distortion = x;
    options.n_distortion = 1;
    skd_start_list list = starts_of(pure, 0, &options);
    size_t first = list.start[1].distorted[0], other[3];
    for (size_t i = 1; i <= 3; i++) /* pairs 1, 2, 3 share their first atom */
        other[i - 1] = list.start[i].distorted[0] == first ? list.start[i].distorted[1] : list.start[i].distorted[0];
    for (size_t k = 0; k < 3; k++) /* numbered in the bulk, whose atom 11 is missing */
        other[k] += other[k] >= 11;
    skd_start_list_free(&list);
    skd_defect_free(pure);
    options.pairs = SKD_CHOICES_DISTINCT;
    for (size_t i = 0; i < 4; i++) {
        skd_defect *v = vacancy_with(6.543384, 48, 52, 0.25, 2, 11, other, element, rows[i].n_other);
        list = starts_of(v, 0, &options);
        CHECK_INT(list.n, 1 + rows[i].distinct);
        skd_start_list_free(&list);
        skd_defect_free(v);
    }
}

/* ---- the user's choice --------------------------------------------------------------------- */

static void numbers_of_neighbours_are_wished_by_name(void **state) {
    (void)state;
    static const skd_wish four[] = {{"", 1}, {"v_Cd", 4}, {"v_C", 3}, {"v_Te", 2}}, two[] = {{"v_Cd", 2}},
                          plus[] = {{"v", 4}};
    skd_defect *v = v_cd();
    skd_start_options options = SKD_START_DEFAULT;
    options.neighbours_of = four;
    options.n_neighbours_of = 4;
    skd_start_list list = starts_of(v, -2, &options);
    CHECK_INT(list.start[1].n_distorted, 4);
    skd_start_list_free(&list);
    options = (skd_start_options)SKD_START_DEFAULT;
    options.electrons_of = two; /* what the rule says itself: two missing */
    options.n_electrons_of = 1;
    list = starts_of(v, -1, &options);
    CHECK_INT(list.start[1].n_distorted, 1);
    skd_start_list_free(&list);
    options.electrons_of = plus; /* "v" takes v_Cd */
    list = starts_of(v, -1, &options);
    CHECK_INT(list.start[1].n_distorted, 3);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void only_the_listed_elements_or_atoms_are_distorted(void **state) {
    (void)state;
    static const skd_wish cadmium[] = {{"", 52}, {"v_Cd", 48}};
    skd_error err;
    skd_defect *v = v_cd();
    skd_start_options options = SKD_START_DEFAULT;
    options.distorted_elements = cadmium;
    options.n_distorted_elements = 2;
    skd_start_list list = starts_of(v, 0, &options);
    for (size_t k = 0; k < 2; k++)
        CHECK_INT(v->cell->species[list.start[1].distorted[k]], 48);
    skd_start_list_free(&list);
    static const size_t atoms[] = {61, 7, 30}, one[] = {7};
    options = (skd_start_options)SKD_START_DEFAULT;
    options.distorted_atoms = atoms;
    options.n_distorted_atoms = 3;
    options.n_neighbours = 3;
    list = starts_of(v, 0, &options);
    for (size_t k = 0; k < 3; k++)
        CHECK(has(&list.start[1], atoms[k]));
    skd_start_list_free(&list);
    options.distorted_atoms = one;
    options.n_distorted_atoms = 1;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "only 1 of the listed atoms");
    options.compat = true; /* there a list that is too short is ignored */
    list = starts_of(v, 0, &options);
    CHECK_INT(list.start[1].n_distorted, 3);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void an_unknown_kind_is_refused_and_every_kind_says_why_it_is_not_made(void **state) {
    (void)state;
    static const char *const wrong[] = {"unperturbed", "shaken"};
    skd_error err;
    skd_start_list list;
    skd_defect *v = v_cd();
    skd_start_options options = asking(wrong, 2, SKD_CHOICES_ALL);
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "no kind of start 'shaken'");
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++)
        CHECK((*kind)->in_default == !(*kind)->why_not);
    skd_defect_free(v);
}

#ifdef SKD_TORTURE
static void every_allocation_failure_is_survived(void **state) {
    (void)state;
    static const char *const kinds[] = {"bond", "subsets", "pairs"};
    static const double x[] = {-0.3};
    skd_error err;
    skd_defect *v = v_o();
    skd_start_options options = asking(kinds, 3, SKD_CHOICES_DISTINCT);
    options.distortion = x;
    options.n_distortion = 1;
    for (long k = 0;; k++) {
        skd_start_list list;
        skd_alloc_fail_at = k;
        skd_status status = skd_starts_plan(&list, v, 0, &options, &err);
        if (status == SKD_OK) {
            CHECK_INT(list.n, 4); /* the opposite pair counts once: as a set */
            skd_start_list_free(&list);
            break;
        }
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(list.start == NULL && list.n == 0);
    }
    skd_alloc_fail_at = -1;
    skd_defect_free(v);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_atoms_of_the_dimer_are_among_those_contracted_by_default),
        cmocka_unit_test(all_subsets_contract_each_of_the_six_pairs),
        cmocka_unit_test(an_octahedron_has_two_kinds_of_pairs_and_of_triples),
        cmocka_unit_test(the_other_pair_of_an_octahedron_is_the_opposite_one),
        cmocka_unit_test(both_families_of_an_element_have_their_sets),
        cmocka_unit_test(the_recipe_for_alloys_is_thirty_one_starts),
        cmocka_unit_test(symmetry_leaves_fewer_pairs_the_purer_the_shell),
        cmocka_unit_test(numbers_of_neighbours_are_wished_by_name),
        cmocka_unit_test(only_the_listed_elements_or_atoms_are_distorted),
        cmocka_unit_test(an_unknown_kind_is_refused_and_every_kind_says_why_it_is_not_made),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_failure_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
