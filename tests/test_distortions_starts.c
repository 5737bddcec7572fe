/* SPDX-License-Identifier: MIT */
/* test_distortions_starts.c - which starts are made, that each depends on nothing but its own seed, and the
 * rules of neighbours, dimers and the rattle. */
#include "check.h"

#include "shakedown/distortions.h"
#include "vacancies.h"

/* A vacancy of vacancies.h, where the atom taken away is the one that the tests speak of. */
static skd_defect *checked(skd_defect *defect, int removed) {
    CHECK_INT(defect->removed, removed);
    return defect;
}

static skd_defect *silicon(void) { return checked(v_si(), 14); }
static skd_defect *cdte(void) { return checked(v_cd(), 48); }
static skd_defect *magnesia(void) { return checked(v_o(), 8); }

static skd_start_list starts(const skd_defect *defect, int charge, const skd_start_options *options) {
    skd_error err;
    skd_start_list list;
    CHECK_OK(skd_starts_of(&list, defect, charge, options, &err));
    return list;
}

static const skd_start *named(const skd_start_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->start[i].name, name) == 0)
            return &list->start[i];
    print_error("no start %s\n", name);
    fail();
    return NULL;
}

/* ---- the list ---------------------------------------------------------------------------- */

static void known_charges_give_fifteen(void **state) {
    (void)state;
    static const char *const names[] = {
        "Unperturbed",           "Bond_Distortion_-60.0%", "Bond_Distortion_-50.0%", "Bond_Distortion_-40.0%",
        "Bond_Distortion_-30.0%", "Bond_Distortion_-20.0%", "Bond_Distortion_-10.0%", "Bond_Distortion_0.0%",
        "Bond_Distortion_10.0%", "Bond_Distortion_20.0%",  "Bond_Distortion_30.0%",  "Bond_Distortion_40.0%",
        "Bond_Distortion_50.0%", "Bond_Distortion_60.0%",  "Dimer"};
    for (int compat = 0; compat < 2; compat++) {
        skd_defect *v = cdte();
        skd_start_options options = SKD_START_DEFAULT;
        options.compat = compat;
        skd_start_list list = starts(v, 0, &options);
        CHECK_INT(list.n, 15);
        for (size_t i = 0; i < 15; i++) {
            CHECK_TEXT(list.start[i].name, names[i]);
            CHECK_INT(list.start[i].n_neighbours, 2);
            CHECK_INT(list.start[i].cell->n, 63);
        }
        skd_start_list_free(&list);
        skd_defect_free(v);
    }
}

static void no_broken_bonds_give_a_rattle_and_a_dimer(void **state) {
    (void)state;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts(v, -2, &options);
    CHECK_INT(list.n, 3);
    CHECK_TEXT(list.start[1].name, "Rattled");
    CHECK_TEXT(list.start[2].name, "Dimer");
    CHECK_INT(list.start[1].n_neighbours, 0);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void unknown_charges_give_two_families(void **state) {
    (void)state;
    skd_defect *v = silicon();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts(v, 0, &options);
    CHECK_INT(list.n, 28); /* 1 + 13 of two neighbours + 12 of four + Rattled + Dimer */
    CHECK_INT(named(&list, "Bond_Distortion_-40.0%")->n_distorted, 2);
    CHECK_INT(named(&list, "Bond_Distortion_-40.0%_N4")->n_distorted, 4);
    CHECK_TEXT(named(&list, "Bond_Distortion_-40.0%_N4")->label, "-40.0%");
    CHECK_INT(named(&list, "Rattled")->n_distorted, 0);
    CHECK_INT(named(&list, "Dimer")->n_distorted, 2);
    skd_start_list_free(&list);
    options.n_neighbours = 4;
    list = starts(v, 0, &options);
    CHECK_INT(list.n, 15);
    CHECK_INT(named(&list, "Bond_Distortion_-40.0%")->n_distorted, 4);
    skd_start_list_free(&list);
    options = (skd_start_options)SKD_START_DEFAULT;
    options.compat = true; /* ShakeNBreak: all states zero, N = 0 */
    list = starts(v, 0, &options);
    CHECK_INT(list.n, 3);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void a_users_list_is_taken_as_it_is(void **state) {
    (void)state;
    static const double mine[] = {0.2, -0.3751, 0.0};
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    options.distortion = mine;
    options.n_distortion = 3;
    skd_start_list list = starts(v, 0, &options);
    CHECK_INT(list.n, 4);
    CHECK_TEXT(list.start[1].name, "Bond_Distortion_20.0%");
    CHECK_TEXT(list.start[2].name, "Bond_Distortion_-37.5%");
    CHECK_CLOSE(list.start[2].factor, -0.375, 0.0, 0.0);
    skd_start_list_free(&list);
    options.dimer = SKD_DIMER_ALWAYS;
    list = starts(v, 0, &options);
    CHECK_INT(list.n, 5);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

/* ---- neighbours -------------------------------------------------------------------------- */

static double between(const skd_cell *cell, size_t i, size_t j) {
    skd_mic mic;
    double d[3];
    assert_int_equal(skd_mic_setup(&mic, cell, NULL), SKD_OK);
    return skd_mic_vector(&mic, cell->pos[i], cell->pos[j], d);
}

static void distorted_atoms_come_closer_by_the_factor(void **state) {
    (void)state;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts(v, 0, &options);
    const double bond = 6.543384 * sqrt(3.0) / 4.0;
    skd_mic mic;
    double centre[3], d[3];
    assert_int_equal(skd_mic_setup(&mic, v->cell, NULL), SKD_OK);
    skd_row_times(v->site, v->cell->lattice, centre);
    for (size_t i = 1; i < 14; i++)
        for (size_t k = 0; k < 2; k++)
            CHECK_CLOSE(skd_mic_vector(&mic, centre, list.start[i].cell->pos[list.start[i].distorted[k]], d),
                        bond * (1.0 + list.start[i].factor), 1e-9, 0.0);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

/* Of the six neighbours of an octahedral site the default takes two at right angles (ShakeNBreak, by index,
 * an opposite pair), and four in a compact group. */
static void equidistant_neighbours_are_chosen_close_together(void **state) {
    (void)state;
    skd_defect *v = magnesia();
    skd_start_options options = SKD_START_DEFAULT;
    for (int n = 2; n <= 3; n++) {
        options.n_neighbours = n;
        skd_start_list list = starts(v, 0, &options);
        const skd_start *s = named(&list, "Bond_Distortion_0.0%");
        for (int a = 0; a < n; a++)
            for (int b = 0; b < a; b++)
                CHECK_CLOSE(between(s->cell, s->distorted[a], s->distorted[b]), 4.2119 / sqrt(2.0), 1e-9, 0.0);
        skd_start_list_free(&list);
    }
    skd_defect_free(v);
}

static void a_dimer_has_the_length_of_a_single_bond(void **state) {
    (void)state;
    static const struct {
        skd_defect *(*make)(void);
        double length;
    } rows[] = {{cdte, 2.76}, {silicon, 2.22}, {magnesia, 2.82}};
    for (size_t i = 0; i < 3; i++) {
        skd_defect *v = rows[i].make();
        skd_start_options options = SKD_START_DEFAULT;
        skd_start_list list = starts(v, 0, &options);
        const skd_start *s = named(&list, "Dimer");
        CHECK_CLOSE(between(s->cell, s->distorted[0], s->distorted[1]), rows[i].length, 1e-9, 0.0);
        skd_start_list_free(&list);
        options.dimer_length = 1.917;
        list = starts(v, 0, &options);
        s = named(&list, "Dimer");
        CHECK_CLOSE(between(s->cell, s->distorted[0], s->distorted[1]), 1.917, 1e-9, 0.0);
        skd_start_list_free(&list);
        skd_defect_free(v);
    }
}

/* ---- seeds ------------------------------------------------------------------------------- */

static double farthest(const skd_cell *a, const skd_cell *b, size_t from, size_t to) {
    double most = 0.0;
    for (size_t i = from; i < to; i++)
        for (int k = 0; k < 3; k++)
            most = fmax(most, fabs(a->pos[i][k] - b->pos[i][k]));
    return most;
}

static void every_start_has_a_seed_of_its_own(void **state) {
    (void)state;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts(v, 0, &options);
    for (size_t i = 1; i < list.n; i++)
        for (size_t j = 1; j < i; j++) {
            CHECK(list.start[i].seed != list.start[j].seed);
            CHECK(farthest(list.start[i].cell, list.start[j].cell, 0, 20) > 0.01);
        }
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void a_start_does_not_depend_on_its_company(void **state) {
    (void)state;
    static const double alone[] = {-0.4};
    skd_defect *v = silicon();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list all = starts(v, 0, &options);
    options.distortion = alone;
    options.n_distortion = 1;
    skd_start_list few = starts(v, 0, &options), again = starts(v, 0, &options);
    static const char *const names[] = {"Bond_Distortion_-40.0%", "Bond_Distortion_-40.0%_N4", "Rattled"};
    for (size_t i = 0; i < 3; i++) {
        CHECK(farthest(named(&all, names[i])->cell, named(&few, names[i])->cell, 0, 215) == 0.0);
        CHECK(farthest(named(&few, names[i])->cell, named(&again, names[i])->cell, 0, 215) == 0.0);
    }
    skd_start_list_free(&all);
    skd_start_list_free(&few);
    skd_start_list_free(&again);
    skd_defect_free(v);
}

static void seeds_follow_the_mode(void **state) {
    (void)state;
    static const struct {
        bool compat, given;
        uint64_t seed;
        bool sticky; /* -60 % and +60 % share a seed */
        uint32_t first;
    } rows[] = {{true, false, 42, true, 40}, {true, true, 7, true, 7}, {true, true, 0, true, 40}};
    skd_defect *v = cdte();
    for (size_t i = 0; i < 3; i++) {
        skd_start_options options = SKD_START_DEFAULT;
        options.compat = rows[i].compat;
        options.seed_given = rows[i].given;
        options.seed = rows[i].seed;
        skd_start_list list = starts(v, 0, &options);
        CHECK_INT(list.start[1].seed, rows[i].first);
        CHECK_INT(list.start[13].seed, rows[i].first);
        CHECK_INT(named(&list, "Dimer")->seed, rows[i].first);
        skd_start_list_free(&list);
    }
    skd_start_options options = SKD_START_DEFAULT; /* default mode: 0 is a seed like any other */
    options.seed = 0;
    skd_start_list zero = starts(v, 0, &options), charged = starts(v, 1, &options);
    options.seed = 42;
    skd_start_list other = starts(v, 0, &options);
    CHECK(zero.start[3].seed != other.start[3].seed);
    CHECK(zero.start[3].seed != charged.start[3].seed);
    skd_start_list_free(&zero);
    skd_start_list_free(&other);
    skd_start_list_free(&charged);
    skd_defect_free(v);
}

/* ---- the rattle -------------------------------------------------------------------------- */

static void the_rattle_moves_by_its_amplitude_and_keeps_atoms_apart(void **state) {
    (void)state;
    skd_defect *v = silicon();
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list = starts(v, 0, &options);
    const skd_start *s = named(&list, "Rattled");
    CHECK_CLOSE(list.stdev, 0.1 * 5.43095 * sqrt(3.0) / 4.0, 1e-12, 0.0);
    CHECK_CLOSE(s->d_min, 0.8 * 5.43095 * sqrt(3.0) / 4.0, 1e-12, 0.0);
    double sum = 0.0;
    for (size_t i = 0; i < 215; i++)
        for (int k = 0; k < 3; k++)
            sum += (s->cell->pos[i][k] - v->cell->pos[i][k]) * (s->cell->pos[i][k] - v->cell->pos[i][k]);
    CHECK_CLOSE(sqrt(sum / 645.0), list.stdev, 0.1 * list.stdev, 0.0);
    skd_error err;
    CHECK_OK(skd_cell_check_overlap(s->cell, s->d_min - 0.25, &err));
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void a_local_rattle_fades(void **state) {
    (void)state;
    skd_defect *v = silicon();
    skd_start_options options = SKD_START_DEFAULT;
    options.rattle.local = true;
    skd_start_list list = starts(v, 0, &options);
    const skd_start *s = named(&list, "Rattled");
    double centre[3], d[3], near = 0.0, far = 0.0;
    size_t n_near = 0, n_far = 0;
    skd_mic mic;
    assert_int_equal(skd_mic_setup(&mic, v->cell, NULL), SKD_OK);
    skd_row_times(v->site, v->cell->lattice, centre);
    for (size_t i = 0; i < 215; i++) {
        double r = skd_mic_vector(&mic, centre, v->cell->pos[i], d), move = between(v->cell, i, i);
        for (int k = 0; k < 3; k++)
            d[k] = s->cell->pos[i][k] - v->cell->pos[i][k];
        move = skd_norm(d);
        near += r < 4.0 ? move : 0.0;
        n_near += r < 4.0;
        far += r > 8.0 ? move : 0.0;
        n_far += r > 8.0;
    }
    CHECK(near / (double)n_near > 2.0 * far / (double)n_far);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void structures_with_fused_atoms_are_dropped_with_a_reason(void **state) {
    (void)state;
    static const double hard[] = {-0.8};
    skd_defect *v = magnesia();
    skd_start_options options = SKD_START_DEFAULT;
    options.distortion = hard;
    options.n_distortion = 1;
    options.n_neighbours = 6;
    skd_start_list list = starts(v, 0, &options);
    CHECK(list.start[1].dropped);
    CHECK(strstr(list.start[1].why, "(Mg) only 0.60 Å apart"));
    CHECK(!list.start[0].dropped);
    skd_start_list_free(&list);
    skd_defect_free(v);
}

static void impossible_wishes_are_refused(void **state) {
    (void)state;
    static const double folded[] = {-1.2};
    skd_error err;
    skd_start_list list;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    options.distortion = folded;
    options.n_distortion = 1;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "distortion -1.2");
    CHECK(list.start == NULL && list.n == 0);
    options = (skd_start_options)SKD_START_DEFAULT;
    options.n_neighbours = 64;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "only 63 atoms");
    options = (skd_start_options)SKD_START_DEFAULT;
    options.increment = 0.0;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "increment");
    options = (skd_start_options)SKD_START_DEFAULT;
    const skd_wish oxygen = {"", 8};
    options.distorted_elements = &oxygen;
    options.n_distorted_elements = 1;
    CHECK_FAILS(skd_starts_of(&list, v, 0, &options, &err), SKD_EARG, "no atom of the element");
    const size_t wrong[] = {63};
    skd_rattle_options rattle = SKD_RATTLE_DEFAULT;
    CHECK_FAILS(skd_rattle(v->cell, wrong, 1, &rattle, 1, &err), SKD_EARG, "active atom 64");
    skd_defect_free(v);
}

/* ---- metadata ---------------------------------------------------------------------------- */

static void metadata_name_the_distorted_atoms(void **state) {
    (void)state;
    skd_error err;
    char *text;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    options.compat = true;
    skd_start_list list[2] = {starts(v, 0, &options), starts(v, -1, &options)};
    const skd_metadata_entry entry[2] = {{v, 0, &list[0]}, {v, -1, &list[1]}};
    CHECK_OK(skd_distortion_metadata(&text, entry, 2, &options, &err));
    CHECK(strncmp(text, "{\n    \"distortion_parameters\": {\n        \"distortion_increment\": 0.1,", 68) == 0);
    CHECK(strstr(text, "\"Dimer (for vacancies)\""));
    CHECK(strstr(text, "        \"v_Cd\": {\n            \"unique_site\": ["));
    CHECK(strstr(text, "                \"0\": {\n                    \"num_nearest_neighbours\": 2,"));
    CHECK(strstr(text, "                \"-1\": {\n                    \"num_nearest_neighbours\": 1,"));
    CHECK(!strstr(text, "\"starts\""));
    skd_free(text);
    options.compat = false;
    CHECK_OK(skd_distortion_metadata(&text, entry, 2, &options, &err));
    CHECK(strstr(text, "\"starts\""));
    skd_free(text);
    skd_start_list_free(&list[0]);
    skd_start_list_free(&list[1]);
    skd_defect_free(v);
}

#ifdef SKD_TORTURE
static void every_allocation_failure_is_survived(void **state) {
    (void)state;
    static const double few[] = {-0.3};
    skd_error err;
    skd_defect *v = cdte();
    skd_start_options options = SKD_START_DEFAULT;
    options.distortion = few;
    options.n_distortion = 1;
    options.dimer = SKD_DIMER_ALWAYS;
    v->oxidation_known = false;
    for (int local = 0; local < 2; local++) {
        options.rattle.local = local;
        for (long k = 0;; k++) {
            skd_start_list list;
            skd_alloc_fail_at = k;
            skd_status status = skd_starts_of(&list, v, 0, &options, &err);
            if (status == SKD_OK) {
                skd_start_list_free(&list);
                break;
            }
            CHECK_INT(status, SKD_ENOMEM);
            CHECK(list.start == NULL && list.n == 0);
        }
    }
    skd_alloc_fail_at = -1;
    skd_start_list list = starts(v, 0, &options);
    const skd_metadata_entry entry = {v, 0, &list};
    for (long k = 0;; k++) {
        char *text;
        skd_alloc_fail_at = k;
        skd_status status = skd_distortion_metadata(&text, &entry, 1, &options, &err);
        if (status == SKD_OK) {
            skd_free(text);
            break;
        }
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(text == NULL);
    }
    skd_alloc_fail_at = -1;
    skd_start_list_free(&list);
    skd_defect_free(v);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_charges_give_fifteen),
        cmocka_unit_test(no_broken_bonds_give_a_rattle_and_a_dimer),
        cmocka_unit_test(unknown_charges_give_two_families),
        cmocka_unit_test(a_users_list_is_taken_as_it_is),
        cmocka_unit_test(distorted_atoms_come_closer_by_the_factor),
        cmocka_unit_test(equidistant_neighbours_are_chosen_close_together),
        cmocka_unit_test(a_dimer_has_the_length_of_a_single_bond),
        cmocka_unit_test(every_start_has_a_seed_of_its_own),
        cmocka_unit_test(a_start_does_not_depend_on_its_company),
        cmocka_unit_test(seeds_follow_the_mode),
        cmocka_unit_test(the_rattle_moves_by_its_amplitude_and_keeps_atoms_apart),
        cmocka_unit_test(a_local_rattle_fades),
        cmocka_unit_test(structures_with_fused_atoms_are_dropped_with_a_reason),
        cmocka_unit_test(impossible_wishes_are_refused),
        cmocka_unit_test(metadata_name_the_distorted_atoms),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_failure_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
