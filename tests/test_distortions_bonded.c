/* SPDX-License-Identifier: MIT */
/* test_distortions_bonded.c - the bonded neighbours of empty sites against pymatgen's CrystalNN. Golden numbers:
 * pymatgen 2026, CrystalNN() of the unperturbed vacancy in the supercell that `distort` makes, with V on the site. */
#include "vacancies.h"

#include "../distortions/start.h"
#include "shakedown/data.h"

/* Vacancies of the host in the order of skd_defects_of: vacancies come first. */
static const struct {
    const char *host, *name;
    size_t bonded;
} rows[] = {
    {"CdTe", "v_Cd", 4},
    {"CdTe", "v_Te", 4},
    {"CsPbCl3", "v_Cl", 2},
    {"CsPbCl3", "v_Cs", 0}, /* too far from everything for vanadium */
    {"CsPbCl3", "v_Pb", 6},
    {"GaN", "v_N", 4},
    {"GaN", "v_Ga", 4},
    {"MgO", "v_O", 6},
    {"MgO", "v_Mg", 6},
    {"Sb2Se3", "v_Se_Cs_Sb2.63", 5},
    {"Sb2Se3", "v_Se_Cs_Sb2.72", 3},
    {"Sb2Se3", "v_Se_Cs_Sb2.71", 6}, /* five Sb and one Se */
    {"Sb2Se3", "v_Sb_Cs_Se2.63", 5},
    {"Sb2Se3", "v_Sb_Cs_Se2.71", 6},
    {"Si", "v_Si", 4},
    {"SrTiO3", "v_O", 14}, /* 2 Ti, 4 Sr and 8 O: the second shell counts */
    {"SrTiO3", "v_Ti", 6},
    {"SrTiO3", "v_Sr", 12},
    {"TiO2", "v_O", 3},
    {"TiO2", "v_Ti", 6},
    {"ZnS", "v_S", 4},
    {"ZnS", "v_Zn", 4},
};

static skd_defect_list vacancies_of(const char *host) {
    static const skd_supercell_options supercell = SKD_SUPERCELL_DEFAULT;
    const skd_defect_options options = {.vacancies = true};
    char path[80];
    int matrix[3][3];
    skd_error err;
    skd_frame *frame;
    skd_cell *primitive;
    skd_defect_list list = {0};
    snprintf(path, sizeof path, "data/hosts/%s.POSCAR", host);
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_OK(skd_primitive(&primitive, frame->cell, SKD_SYMPREC, &err));
    CHECK_OK(skd_supercell_search(primitive, &supercell, matrix, &err));
    CHECK_OK(skd_defects_of(&list, primitive, matrix, &options, &err));
    skd_cell_free(primitive);
    skd_frame_free(frame);
    return list;
}

static size_t count_bonded(const skd_defect *v) {
    double centre[3];
    size_t *bonded, n;
    skd_error err;
    skd_defect_centre(v, centre);
    const skd_bonded_site site = {.centre = centre, .leave_out = SIZE_MAX, .species = 23};
    CHECK_OK(skd_bonded_atoms(&bonded, &n, v->cell, &site, &err));
    skd_free(bonded);
    return n;
}

static void vacancies_of_nine_hosts_have_as_many_bonds_as_by_crystal_nn(void **state) {
    (void)state;
    const char *host = "";
    skd_defect_list list = {0};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (strcmp(host, rows[r].host) != 0) {
            skd_defect_list_free(&list);
            list = vacancies_of(host = rows[r].host);
        }
        size_t d = 0;
        while (d < list.n && strcmp(list.defect[d]->name, rows[r].name) != 0)
            d++;
        if (d == list.n)
            print_error("%s has no %s\n", host, rows[r].name);
        assert_true(d < list.n);
        if (count_bonded(list.defect[d]) != rows[r].bonded)
            print_error("%s in %s:\n", rows[r].name, host);
        CHECK_INT(count_bonded(list.defect[d]), rows[r].bonded);
    }
    skd_defect_list_free(&list);
}

/* As ShakeNBreak has it, an oxygen and a titanium; by default two titanium atoms. */
static void only_compat_takes_a_pair_that_is_bonded_already(void **state) {
    (void)state;
    static const char *const dimer[] = {"dimer"};
    skd_defect_list list = vacancies_of("SrTiO3");
    const skd_defect *v = list.defect[0];
    CHECK_TEXT(v->name, "v_O");
    for (int compat = 0; compat < 2; compat++) {
        skd_start_options options = SKD_START_DEFAULT;
        options.compat = compat;
        options.kind = dimer;
        options.n_kinds = 1;
        skd_start_list starts = starts_of(v, 0, &options);
        const size_t *pair = starts.start[0].distorted;
        int first = v->cell->species[pair[0]], second = v->cell->species[pair[1]];
        CHECK_INT(first < second ? first : second, compat ? 8 : 22);
        CHECK_INT(first < second ? second : first, 22);
        skd_start_list_free(&starts);
    }
    skd_defect_list_free(&list);
}

#ifdef SKD_TORTURE
static void every_allocation_failure_is_survived(void **state) {
    (void)state;
    skd_error err;
    double centre[3];
    skd_defect *v = v_cd();
    skd_defect_centre(v, centre);
    const skd_bonded_site site = {.centre = centre, .leave_out = SIZE_MAX, .species = 23};
    for (long k = 0;; k++) {
        size_t *bonded, n;
        skd_alloc_fail_at = k;
        skd_status status = skd_bonded_atoms(&bonded, &n, v->cell, &site, &err);
        if (status == SKD_OK) {
            CHECK_INT(n, 4);
            skd_free(bonded);
            break;
        }
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(bonded == NULL && n == 0);
    }
    skd_alloc_fail_at = -1;
    skd_defect_free(v);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vacancies_of_nine_hosts_have_as_many_bonds_as_by_crystal_nn),
        cmocka_unit_test(only_compat_takes_a_pair_that_is_bonded_already),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_failure_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
