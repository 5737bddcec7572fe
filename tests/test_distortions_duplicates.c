/* SPDX-License-Identifier: MIT */
/* test_distortions_duplicates.c - starts that are the same are made once: judged against matching whole structures;
 * and that a list made in two steps is the same list. */
#include "vacancies.h"

#include "../distortions/start.h"

static const char *const kinds[] = {"unperturbed", "bond", "subsets", "pairs", "dimer"};

static skd_start_options asking(const double *x, size_t n, skd_choices choices) {
    skd_start_options options = SKD_START_DEFAULT;
    options.kind = kinds;
    options.n_kinds = 5;
    options.distortion = x;
    options.n_distortion = n;
    options.dimer = SKD_DIMER_ALWAYS;
    options.subsets = options.pairs = choices;
    return options;
}

static size_t count_dropped(const skd_start_list *list) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += list->start[i].dropped;
    return n;
}

static void the_same_distortion_twice_is_made_once(void **state) {
    (void)state;
    static const double x[] = {-0.3, 0.1, -0.3};
    static const char *const bond[] = {"bond"};
    skd_defect *v = v_cd();
    skd_start_options options = asking(x, 3, SKD_CHOICES_DISTINCT);
    options.kind = bond;
    options.n_kinds = 1;
    skd_start_list list = starts_of(v, 0, &options);
    CHECK_INT(list.n, 3);
    CHECK(!list.start[0].dropped && !list.start[1].dropped && list.start[2].dropped);
    CHECK_TEXT(list.start[2].why, "the same as Bond_Distortion_-30.0%");
    skd_start_list_free(&list);
    options.compat = true;
    list = starts_of(v, 0, &options);
    CHECK_INT(count_dropped(&list), 0);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void without_a_rattle_nothing_moved_is_unperturbed(void **state) {
    (void)state;
    static const double x[] = {0.0};
    skd_defect *v = v_cd();
    skd_start_options options = asking(x, 1, SKD_CHOICES_DISTINCT);
    skd_start_list list = starts_of(v, 0, &options);
    CHECK(!start_named(&list, "Bond_Distortion_0.0%")->dropped); /* rattled, it is a start of its own */
    skd_start_list_free(&list);
    options.no_rattle = true;
    list = starts_of(v, 0, &options);
    CHECK_TEXT(start_named(&list, "Bond_Distortion_0.0%")->why, "the same as Unperturbed");
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static double apart(const skd_cell *a, const skd_cell *b, const skd_symmetry *symmetry) {
    skd_error err;
    skd_match match;
    const skd_match_options options = {.symmetry = symmetry, .tolerance = 0.5};
    CHECK_OK(skd_match_find(&match, a, b, &options, &err));
    double farthest = match.found ? match.max_distance : HUGE_VAL;
    skd_match_free(&match);
    return farthest;
}

/* Every dropped start is, as a whole structure, an earlier one but for symmetry; no two others are. */
static void what_is_dropped_is_there_and_what_is_kept_differs(void **state) {
    (void)state;
    static const double x[] = {-0.37, 0.21};
    static const struct {
        skd_defect *(*make)(void);
        int n;
        size_t kept, dropped;
    } rows[] = {
        {v_cd, 2, 4, 2},  /* the pairs are the bonds */
        {v_cd, 3, 6, 0},  /* pairs beside triples */
        {v_o, 2, 6, 4},   /* pairs: the cis ones are the bonds, the opposite ones the sets */
        {v_o, 3, 10, 0},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        skd_error err;
        skd_defect *v = rows[r].make();
        skd_symmetry *symmetry;
        skd_start_options options = asking(x, 2, SKD_CHOICES_DISTINCT);
        options.n_neighbours = rows[r].n;
        options.no_rattle = true;
        skd_start_list list = starts_of(v, 0, &options);
        CHECK_INT(count_dropped(&list), rows[r].dropped);
        CHECK_INT(list.n, rows[r].kept + rows[r].dropped);
        CHECK_OK(skd_symmetry_find(&symmetry, v->cell, SKD_SYMPREC, &err));
        for (size_t i = 0; i < list.n; i++) {
            double nearest = HUGE_VAL;
            for (size_t j = 0; j < i; j++)
                if (!list.start[j].dropped)
                    nearest = fmin(nearest, apart(list.start[i].cell, list.start[j].cell, symmetry));
            CHECK(list.start[i].dropped ? nearest < 0.02 : nearest > 0.05);
        }
        skd_symmetry_free(symmetry);
        skd_start_list_free(&list);
        skd_defect_free(v);
    }
}

/* Adds a start in which one atom moves by d. */
static const skd_start *moved(skd_start_list *list, const skd_defect *v, size_t atom, const double d[3], int rattle) {
    static const skd_start_options options = SKD_START_DEFAULT;
    char name[24];
    skd_error err;
    skd_start *start;
    snprintf(name, sizeof name, "start %zu", list->n);
    CHECK_OK(skd_start_add(list, v, &skd_kind_bond, name, &start, &err));
    start->rattle_number = rattle;
    for (int c = 0; c < 3; c++)
        start->cell->pos[atom][c] += d[c];
    CHECK_OK(skd_start_set_distorted(start, &atom, 1, &err));
    CHECK_OK(skd_start_finish(list, start, v, &options, &err));
    return &list->start[list->n - 1];
}

/* An atom of the shell moved aslant: of the 24 operations of Td each that takes it to an atom gives a start that is
 * the same; the mirrored direction without the mirrored atom does not. */
static void equality_is_that_of_the_site_not_of_the_atoms(void **state) {
    (void)state;
    static const double aslant[3] = {0.31, -0.17, 0.05};
    skd_error err;
    skd_defect *v = v_cd();
    skd_start_list list = {.stdev = 0.2};
    skd_near *near;
    double centre[3], d[3], place[3];
    size_t n, others = 0;
    skd_defect_centre(v, centre);
    CHECK_OK(skd_near_sorted(&near, &n, v->cell, centre, SIZE_MAX, &err));
    CHECK_OK(skd_start_rotations(&list, v, &err));
    CHECK_INT(list.n_rotations, 24);
    CHECK(!moved(&list, v, near[0].index, aslant, 0)->dropped);
    for (size_t k = 0; k < list.n_rotations; k++) {
        skd_rotate(list.rotation[k], aslant, d);
        skd_rotate(list.rotation[k], near[0].d, place);
        for (size_t j = 0; j < 4; j++) {
            const double off[3] = {near[j].d[0] - place[0], near[j].d[1] - place[1], near[j].d[2] - place[2]};
            if (skd_norm(off) > 0.01)
                continue;
            others += j != 0;
            CHECK_TEXT(moved(&list, v, near[j].index, d, 0)->why, "the same as start 0");
        }
    }
    CHECK_INT(others, 18);
    CHECK(!moved(&list, v, near[0].index, aslant, 1)->dropped); /* a rattle more of it is wanted */
    const double opposite[3] = {-aslant[0], -aslant[1], -aslant[2]}, longer[3] = {0.34, -0.19, 0.05};
    CHECK(!moved(&list, v, near[0].index, opposite, 0)->dropped);
    CHECK(!moved(&list, v, near[0].index, longer, 0)->dropped);
    CHECK(!moved(&list, v, near[4].index, aslant, 0)->dropped);
    skd_start_list_free(&list);
    skd_free(near);
    skd_defect_free(v);
}

static void a_list_made_in_two_steps_in_any_order_is_the_same(void **state) {
    (void)state;
    static const double x[] = {-0.37, 0.21};
    skd_error err;
    skd_start_list planned;
    skd_defect *v = v_cd();
    skd_start_options options = asking(x, 2, SKD_CHOICES_ALL);
    skd_start_list whole = starts_of(v, 0, &options);
    CHECK_OK(skd_starts_plan(&planned, v, 0, &options, &err));
    CHECK_INT(planned.n, whole.n);
    for (size_t i = planned.n; i-- > 0;) {
        skd_start *start = &planned.start[i];
        CHECK(!start->cell);
        CHECK_OK(skd_start_build(start, &planned, v, &options, &err));
        CHECK_TEXT(start->name, whole.start[i].name);
        CHECK(memcmp(start->cell->pos, whole.start[i].cell->pos, v->cell->n * sizeof *start->cell->pos) == 0);
        skd_cell_free(start->cell); /* put away, as a program that writes them does */
        start->cell = NULL;
    }
    char *first, *second;
    const skd_metadata_entry entry[] = {{v, 0, &whole}, {v, 0, &planned}};
    CHECK_OK(skd_distortion_metadata(&first, &entry[0], 1, &options, &err));
    CHECK_OK(skd_distortion_metadata(&second, &entry[1], 1, &options, &err));
    CHECK_TEXT(first, second);
    skd_free(first);
    skd_free(second);
    skd_start_list_free(&whole);
    skd_start_list_free(&planned);
    skd_defect_free(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_distortion_twice_is_made_once),
        cmocka_unit_test(without_a_rattle_nothing_moved_is_unperturbed),
        cmocka_unit_test(what_is_dropped_is_there_and_what_is_kept_differs),
        cmocka_unit_test(equality_is_that_of_the_site_not_of_the_atoms),
        cmocka_unit_test(a_list_made_in_two_steps_in_any_order_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
