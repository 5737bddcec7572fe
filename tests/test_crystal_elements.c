/* SPDX-License-Identifier: MIT */
/* Tests of the element table and of guessed oxidation states. */
#include "check.h"
#include "shakedown/crystal.h"

static int number(const char *symbol) { return skd_element_number((skd_span){symbol, strlen(symbol)}); }

static const struct { const char *symbol; int z; double mass, radius, chi; } facts[] = {
    {"H", 1, 1.008, 0.31, 2.20},    {"Mg", 12, 24.305, 1.41, 1.31},  {"Si", 14, 28.085, 1.11, 1.90},
    {"Cd", 48, 112.414, 1.44, 1.69}, {"Te", 52, 127.60, 1.38, 2.10}, {"Rn", 86, 222.01758, 1.50, 2.20},
    {"Cm", 96, 247.07035, 1.69, 1.30}, {"Bk", 97, 247.07031, 1.68, 1.30}, {"Og", 118, 294.214, 1.57, 0.0}};

static void facts_are_those_of_the_sources(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const skd_element *e = skd_element_of(facts[i].z);
        CHECK_TEXT(e->symbol, facts[i].symbol);
        CHECK_CLOSE(e->mass, facts[i].mass, 0, 1e-12);
        CHECK_CLOSE(e->covalent_radius, facts[i].radius, 0, 1e-12);
        CHECK_CLOSE(e->electronegativity, facts[i].chi, 0, 1e-12);
    }
}

static void every_row_is_whole(void **state) {
    (void)state;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        const skd_element *e = skd_element_of(z);
        CHECK_INT(number(e->symbol), z);
        CHECK(strlen(e->symbol) <= 2 && strlen(e->name) >= 3);
        CHECK(e->mass > 1.0 && e->mass < 300.0);
        CHECK(e->covalent_radius > 0.2 && e->covalent_radius < 2.7);
        CHECK(e->electronegativity >= 0.0 && e->electronegativity < 4.0);
    }
}

static void strangers_have_no_row(void **state) {
    (void)state;
    CHECK(!skd_element_of(0) && !skd_element_of(-3) && !skd_element_of(119));
    static const char *const strangers[] = {"", "h", "CD", "Xx", "Te ", "cd", "Uuo"};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        CHECK_INT(number(strangers[i]), 0);
    CHECK_INT(number("D"), 1);
    CHECK_INT(number("T"), 1);
}

/* doped 3.2.1, most_common_oxi */
static const struct { const char *symbol; int state; } probable[] = {
    {"Cd", 2}, {"Te", -2}, {"Cl", -1}, {"Al", 3}, {"Mg", 2}, {"Si", 4}, {"Ca", 2},  {"Fe", 3}, {"Ni", 2},
    {"Cu", 1}, {"Ag", 1},  {"Zn", 2},  {"Pb", 2}, {"Hg", 2}, {"O", -2}, {"S", -2},  {"Se", -2}, {"N", -3},
    {"Au", 3}, {"At", -1}, {"Po", -2}, {"Ac", 3}, {"Fr", 1}, {"Ra", 2}, {"Ru", 5},  {"Rh", 3}, {"Ir", 4},
    {"Ge", 4}, {"Sn", 4},  {"Os", 4},  {"He", 0}, {"Og", 0}};

static void most_probable_states_are_those_of_crystals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof probable / sizeof *probable; i++)
        CHECK_INT(skd_element_of(number(probable[i].symbol))->most_probable, probable[i].state);
}

/* pymatgen 2026.10.24: the first of Composition(formula).oxi_state_guesses(), each mean rounded */
static const struct { const char *formula; bool found; int species[5]; size_t count[5]; int state[5]; } guesses[] = {
    {"MgO", 1, {12, 8}, {1, 1}, {2, -2}},
    {"CdTe", 1, {48, 52}, {1, 1}, {2, -2}},
    {"CdCl2", 1, {48, 17}, {1, 2}, {2, -1}},
    {"SiO2", 1, {14, 8}, {1, 2}, {4, -2}},
    {"Al2O3", 1, {13, 8}, {2, 3}, {3, -2}},
    {"Fe2O3", 1, {26, 8}, {2, 3}, {3, -2}},
    {"Fe3O4", 1, {26, 8}, {3, 4}, {3, -2}},
    {"FeO", 1, {26, 8}, {1, 1}, {2, -2}},
    {"Cu2O", 1, {29, 8}, {2, 1}, {1, -2}},
    {"CuO", 1, {29, 8}, {1, 1}, {2, -2}},
    {"Sn2S3", 1, {50, 16}, {2, 3}, {3, -2}},
    {"SnO2", 1, {50, 8}, {1, 2}, {4, -2}},
    {"SnO", 1, {50, 8}, {1, 1}, {2, -2}},
    {"YBa2Cu3O7", 1, {39, 56, 29, 8}, {1, 2, 3, 7}, {3, 2, 2, -2}},
    {"Ag2S", 1, {47, 16}, {2, 1}, {1, -2}},
    {"TiO2", 1, {22, 8}, {1, 2}, {4, -2}},
    {"Ti4O7", 1, {22, 8}, {4, 7}, {4, -2}},
    {"BaTiO3", 1, {56, 22, 8}, {1, 1, 3}, {2, 4, -2}},
    {"CsPbI3", 1, {55, 82, 53}, {1, 1, 3}, {1, 2, -1}},
    {"CH3NH3PbI3", 1, {6, 1, 7, 82, 53}, {1, 6, 1, 1, 3}, {-2, 1, -3, 2, -1}},
    {"Li7La3Zr2O12", 1, {3, 57, 40, 8}, {7, 3, 2, 12}, {1, 3, 4, -2}},
    {"LiFePO4", 1, {3, 26, 15, 8}, {1, 1, 1, 4}, {1, 2, 5, -2}},
    {"NiO", 1, {28, 8}, {1, 1}, {2, -2}},
    {"Sb2S3", 1, {51, 16}, {2, 3}, {3, -2}},
    {"Sb2Se3", 1, {51, 34}, {2, 3}, {3, -2}},
    {"GaN", 1, {31, 7}, {1, 1}, {3, -3}},
    {"Zn3P2", 1, {30, 15}, {3, 2}, {2, -3}},
    {"Mn3O4", 1, {25, 8}, {3, 4}, {3, -2}},
    {"MnO2", 1, {25, 8}, {1, 2}, {4, -2}},
    {"PbO2", 1, {82, 8}, {1, 2}, {4, -2}},
    {"Bi2Te3", 1, {83, 52}, {2, 3}, {3, -2}},
    {"CuInSe2", 1, {29, 49, 34}, {1, 1, 2}, {1, 3, -2}},
    {"Cu2ZnSnS4", 1, {29, 30, 50, 16}, {2, 1, 1, 4}, {1, 2, 4, -2}},
    {"BN", 1, {5, 7}, {1, 1}, {3, -3}},
    {"SiC", 1, {14, 6}, {1, 1}, {4, -4}},
    {"MoS2", 1, {42, 16}, {1, 2}, {4, -2}},
    {"NaCl", 1, {11, 17}, {1, 1}, {1, -1}},
    {"KMnO4", 1, {19, 25, 8}, {1, 1, 4}, {1, 7, -2}},
    {"AuCl3", 1, {79, 17}, {1, 3}, {3, -1}},
    {"AuCl", 1, {79, 17}, {1, 1}, {1, -1}},
    {"Ga4Ni4", 0, {31, 28}, {4, 4}, {0, 0}},
    {"NiAl", 0, {28, 13}, {1, 1}, {0, 0}},
    {"CuZn", 0, {29, 30}, {1, 1}, {0, 0}},
    {"SiGe", 1, {14, 32}, {1, 1}, {-4, 4}},
    {"InSb", 1, {49, 51}, {1, 1}, {3, -3}},
    {"LiCoO2", 1, {3, 27, 8}, {1, 1, 2}, {1, 3, -2}},
    {"Cr2O3", 1, {24, 8}, {2, 3}, {3, -2}},
    {"V2O5", 1, {23, 8}, {2, 5}, {5, -2}},
    {"VO2", 1, {23, 8}, {1, 2}, {4, -2}},
    {"In2O3", 1, {49, 8}, {2, 3}, {3, -2}},
    {"WO3", 1, {74, 8}, {1, 3}, {6, -2}},
    {"XeF2", 1, {54, 9}, {1, 2}, {2, -1}},
    {"Na2O2", 1, {11, 8}, {2, 2}, {1, -1}},
    {"Si8", 0, {14}, {8}, {0}},
    {"H2O", 1, {1, 8}, {2, 1}, {1, -2}},
    {"NH4NO3", 1, {7, 1, 8}, {2, 4, 3}, {1, 1, -2}},
    {"As2Se3", 1, {33, 34}, {2, 3}, {3, -2}},
    {"TlBr", 1, {81, 35}, {1, 1}, {1, -1}},
    {"CeO2", 1, {58, 8}, {1, 2}, {4, -2}},
    {"EuO", 1, {63, 8}, {1, 1}, {2, -2}},
    {"AgO", 1, {47, 8}, {1, 1}, {2, -2}},
};

static void guesses_are_pymatgens(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        size_t n = 0;
        int guessed[5];
        bool found;
        while (n < 5 && guesses[i].count[n])
            n++;
        CHECK_OK(skd_oxidation_guess(guesses[i].species, guesses[i].count, n, guessed, &found, &err));
        bool same = found == guesses[i].found;
        for (size_t k = 0; k < n; k++)
            same = same && guessed[k] == guesses[i].state[k];
        if (!same)
            print_error("%s: first state %d\n", guesses[i].formula, guessed[0]);
        CHECK(same);
    }
}

static void a_guess_does_not_depend_on_the_size_of_the_cell(void **state) {
    (void)state;
    skd_error err;
    const int species[] = {26, 8};
    const size_t count[] = {3 * 56, 4 * 56};
    int guessed[2];
    bool found;
    CHECK_OK(skd_oxidation_guess(species, count, 2, guessed, &found, &err));
    CHECK(found);
    CHECK_INT(guessed[0], 3);
    CHECK_INT(guessed[1], -2);
}

static void guesses_of_nonsense_fail(void **state) {
    (void)state;
    skd_error err;
    int guessed[2];
    bool found;
    CHECK_FAILS(skd_oxidation_guess((int[]){48, 119}, (size_t[]){1, 1}, 2, guessed, &found, &err), SKD_EARG,
                "element number 119, expected 1 to 118");
    CHECK_FAILS(skd_oxidation_guess((int[]){48, 52}, (size_t[]){1, 0}, 2, guessed, &found, &err), SKD_EARG,
                "no atoms of Te");
}

#ifdef SKD_TORTURE
static void guessing_survives_every_failed_allocation(void **state) {
    (void)state;
    skd_error err;
    int guessed[2];
    bool found;
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = skd_oxidation_guess((int[]){26, 8}, (size_t[]){6, 8}, 2, guessed, &found, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        CHECK(k < 100);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_those_of_the_sources),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(strangers_have_no_row),
        cmocka_unit_test(most_probable_states_are_those_of_crystals),
        cmocka_unit_test(guesses_are_pymatgens),
        cmocka_unit_test(a_guess_does_not_depend_on_the_size_of_the_cell),
        cmocka_unit_test(guesses_of_nonsense_fail),
#ifdef SKD_TORTURE
        cmocka_unit_test(guessing_survives_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
