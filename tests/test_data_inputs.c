/* SPDX-License-Identifier: MIT */
/* Tests of the inputs of electronic-structure codes: golden texts of every file, byte for byte; charge and
 * parity of the electrons; placeholders and blocks; a user's settings; potentials. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "shakedown/data.h"

/* A made-up cell with a negative coordinate, a skewed lattice and species that come back. */
static int species[4] = {48, 52, 52, 48};
static double pos[4][3] = {{0.1234567891, 0, 0}, {2.5, -1.25, 3.0625}, {0.7, 5.3, 1e-13}, {3.3, 3.1, 2.9}};
static const skd_cell cell = {
    .n = 4, .lattice = {{6.48, 0, 0}, {0, 6.5, 0}, {-0.31, 0, 13.2}}, .species = species, .pos = pos};
static const char *pseudos[SKD_ELEMENT_MAX + 1] = {[48] = "Cd.UPF", [52] = "Te.UPF"};

static skd_input input_of(int charge) {
    return (skd_input){.cell = &cell, .charge = charge, .title = "-40.0% N(Distort)=1 'x'", .pseudo = pseudos};
}

static skd_string print(const char *code, size_t file, const char *user, const skd_input *input) {
    skd_error err;
    skd_string out = {0};
    skd_input_text text = {"user", user, user ? strlen(user) : 0};
    CHECK(skd_code_named(code) != NULL);
    CHECK_OK(skd_input_print(&out, skd_code_named(code), file, NULL, &text, input, &err));
    return out;
}

/* SKD_GOLDEN=write in the environment writes them anew; then read the difference. */
static void every_file_is_golden_to_the_byte(void **state) {
    (void)state;
    skd_error err;
    const char *renew = getenv("SKD_GOLDEN");
    for (const skd_code *code = skd_codes; code->name; code++)
        for (size_t i = 0; i < SKD_CODE_FILES && code->file[i]; i++) {
            char path[100], *want = NULL;
            size_t n = 0;
            skd_input input = input_of(-1);
            skd_string got = print(code->name, i, NULL, &input);
            snprintf(path, sizeof path, "tests/golden/inputs/%s", code->file[i]);
            if (renew && strcmp(renew, "write") == 0)
                CHECK_OK(skd_file_write(path, got.text, got.n, &err));
            CHECK_OK(skd_file_read(path, &want, &n, &err));
            if (n != got.n || memcmp(want, got.text, n) != 0) {
                print_error("%s: %s differs; got\n%s", code->name, path, got.text);
                fail();
            }
            skd_free(want);
            skd_string_free(&got);
        }
}

static bool has_line(const skd_string *text, const char *line) {
    const char *p = text->text;
    size_t n = strlen(line);
    while ((p = strstr(p, line))) {
        if ((p == text->text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
            return true;
        p++;
    }
    return false;
}

/* Two Cd and two Te are 200 electrons. */
static const struct {
    const char *code;
    int charge;
    const char *line[3];
} parities[] = {
    {"vasp", 0, {"NUPDOWN = 0"}},
    {"vasp", 1, {"NUPDOWN = 1", "NELECT = missing  # sum of ZVAL in the POTCAR - 1"}},
    {"vasp", -2, {"NUPDOWN = 0", "NELECT = missing  # sum of ZVAL in the POTCAR + 2"}},
    {"espresso", 0, {"   tot_charge       = 0", "   tot_magnetization = 0", "   nspin            = 2"}},
    {"espresso", 3, {"   tot_charge       = 3", "   tot_magnetization = 1"}},
    {"cp2k", 0, {"    CHARGE 0", "    MULTIPLICITY 1", "    SPIN_POLARIZED .TRUE."}},
    {"cp2k", -1, {"    CHARGE -1", "    MULTIPLICITY 2"}}, /* ShakeNBreak's bug #90: CHARGE stayed 0 */
    {"cp2k", 2, {"    CHARGE 2", "    MULTIPLICITY 1"}},
    {"castep", -1, {"CHARGE : -1", "SPIN : 1"}},
    {"fhi-aims", -1, {"charge                 -1", "default_initial_moment 1"}}, /* theirs leaves the charge out */
    {"fhi-aims", 2, {"charge                 2", "default_initial_moment 0"}},
    {"abinit", 1, {"cellcharge 1", "spinmagntarget 1"}},
};

static void charge_and_parity_of_electrons(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof parities / sizeof *parities; i++) {
        skd_input input = input_of(parities[i].charge);
        skd_string text = print(parities[i].code, 0, NULL, &input);
        for (size_t k = 0; k < 3 && parities[i].line[k]; k++)
            if (!has_line(&text, parities[i].line[k])) {
                print_error("%s at charge %d lacks '%s'\n", parities[i].code, parities[i].charge, parities[i].line[k]);
                fail();
            }
        skd_string_free(&text);
    }
    skd_input input = input_of(0);
    skd_string text = print("vasp", 0, NULL, &input);
    CHECK(!strstr(text.text, "NELECT"));
    skd_string_free(&text);
}

static void electrons_of_the_potentials_go_before_atomic_numbers(void **state) {
    (void)state;
    skd_input input = input_of(-1);
    input.valence = 36;
    skd_string text = print("vasp", 0, NULL, &input);
    CHECK(has_line(&text, "NELECT = 37"));
    CHECK(has_line(&text, "NUPDOWN = 1"));
    skd_string_free(&text);
    input = input_of(0);
    const char *with_f_in_core[SKD_ELEMENT_MAX + 1] = {[48] = "Cd_3", [52] = "Te"}; /* as Er_3: 3 valence electrons */
    int one[1] = {48};
    const skd_cell atom = {.n = 1, .lattice = {{5, 0, 0}, {0, 5, 0}, {0, 0, 5}}, .species = one, .pos = pos};
    input.cell = &atom;
    input.pseudo = with_f_in_core;
    text = print("vasp", 0, NULL, &input);
    CHECK(has_line(&text, "NUPDOWN = 1"));
    skd_string_free(&text);
}

static void truncated_exchange_ends_within_half_the_cell(void **state) {
    (void)state;
    skd_input input = input_of(0);
    skd_string text = print("cp2k", 0, NULL, &input);
    CHECK(has_line(&text, "          CUTOFF_RADIUS 3.17")); /* 0.49 x 6.478 Å; 6 Å in a large cell */
    skd_string_free(&text);
}

/* ---- templates --------------------------------------------------------------------------- */

static const struct {
    const char *name, *text, *want;
} templates[] = {
    {"plain text", "a @ b@c\n", "a @ b@c\n"},
    {"words", "q=@charge@ n=@natoms@", "q=-1 n=4\n"},
    {"remark", "@# no\n  @# no\nyes\n", "yes\n"},
    {"species", "@each species\n@symbol@ @number@ @count@ @kind@ @number2@ @mass@\n@end\n",
     "Cd 48 2 1 48 112.414\nTe 52 2 2 52 127.6\n"},
    {"joined lines", "z:\\\n@each species\n @number@@comma@\\\n@end\n\nend\n", "z: 48,  52\nend\n"},
    {"kinds of atoms", "  @each atom\n@kind@@symbol@\n  @end\n", "1Cd\n2Te\n2Te\n1Cd\n"},
    {"block left out", "@if charged\nq\n@end\n", "q\n"},
    {"tiny numbers have no sign", "@each atom\n@z@\n@end", "    0.0000000000\n    3.0625000000\n    0.0000000000\n"
                                                            "    2.9000000000\n"},
    {"fractions", "@each lattice\n@x@\n@end\n@each atom\n@u@\n@end\n",
     "    6.4800000000\n    0.0000000000\n   -0.3100000000\n    0.0190519736\n    0.3969015970\n    0.1080246914\n"
     "    0.5197694538\n"},
};

static void templates_are_filled(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        skd_input input = input_of(-1);
        skd_string out = {0};
        const char *text = templates[i].text;
        CHECK_OK(skd_template_fill(&out, "t", text, strlen(text), &input, &err));
        if (strcmp(out.text, templates[i].want) != 0) {
            print_error("%s: got\n%s", templates[i].name, out.text);
            fail();
        }
        skd_string_free(&out);
    }
}

static const struct {
    const char *text, *words;
} bad_templates[] = {
    {"a\n@chrge@\n", "t:2: no placeholder '@chrge@' outside a block"},
    {"@symbol@\n", "t:1: no placeholder '@symbol@' outside a block"},
    {"@each atom\n@mass@\n@end\n", "t:2: no placeholder '@mass@' in this block"},
    {"@each atom\nx\n", "the block of line 1 has no '@end'"},
    {"x\n@end\n", "t:2: '@end' without a block"},
    {"@each atom\n@each species\n@end\n@end\n", "t:2: a block within the block of line 1"},
    {"@each bond\n@end\n", "t:1: expected '@each lattice'"},
    {"@if neutral\n@nothing@\n@end\n", "t:1: expected"},
};

static void templates_are_refused_by_line(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof bad_templates / sizeof *bad_templates; i++) {
        skd_input input = input_of(0);
        skd_string out = {0};
        const char *text = bad_templates[i].text;
        CHECK_FAILS(skd_template_fill(&out, "t", text, strlen(text), &input, &err), SKD_EFORMAT,
                    bad_templates[i].words);
        skd_string_free(&out);
    }
}

static void a_template_is_known_by_its_placeholders(void **state) {
    (void)state;
    CHECK(skd_template_is("x\nCHARGE @charge@\n", 19));
    CHECK(!skd_template_is("ENCUT = 400 # me@there.org, you@here\n", 37));
    for (const skd_code *code = skd_codes; code->name; code++)
        CHECK(skd_template_is(skd_template_text(code->file[0]), strlen(skd_template_text(code->file[0]))));
}

/* ---- a user's settings -------------------------------------------------------------------- */

static const struct {
    const char *name, *code, *user;
    const char *has[4], *lacks;
} settings[] = {
    {"INCAR", "vasp", "# mine\nencut = 400 ! eV\n\nKPAR = 2\n",
     {"encut = 400 ! eV", "KPAR = 2", "EDIFFG = -0.01"}, "ENCUT = 300"},
    {"the charge stays", "vasp", "NELECT = 7\n", {"NELECT = missing  # sum of ZVAL in the POTCAR + 1"}, "NELECT = 7"},
    {"param", "castep", "xc_functional: PBE\nCHARGE: 5\n", {"xc_functional: PBE", "CHARGE : -1"}, "HSE06"},
    {"control", "fhi-aims", "xc pbe\ncharge 9", {"xc pbe", "charge                 -1"}, "hse06"},
    {"namelists", "espresso", "&SYSTEM\n ecutwfc=50\n/\n&electrons\n mixing_beta=0.3\n/\n",
     {" ecutwfc=50", " mixing_beta=0.3", "   tot_charge       = -1"}, "30.0"},
    {"without spin", "espresso", "&system\n NSPIN=1, degauss = 0.01\n/\n", {" NSPIN=1, degauss = 0.01"},
     "tot_magnetization"},
    {"with spin", "espresso", "&system\n nspin = 2\n/\n", {"   tot_magnetization = 1"}, "@"},
    {"the same name in another namelist", "espresso", "&CONTROL\n nspin = 1\n/\n",
     {" nspin = 1", "   nspin            = 2", "   tot_magnetization = 1"}, "@"},
    {"whole input, its charge replaced", "cp2k",
     "&FORCE_EVAL\n  &DFT\n    CHARGE 0\n    &QS\n    CHARGE_X 1\n    &END\n  &END DFT\n&END\n",
     {"    CHARGE -1", "    CHARGE_X 1"}, "CHARGE 0"},
    {"whole input without a charge", "cp2k", "&FORCE_EVAL\n  &DFT\n  &END DFT\n&END\n", {"    CHARGE -1"}, "GLOBAL"},
    {"template", "vasp", "SYSTEM = q@charge@\n", {"SYSTEM = q-1"}, "ENCUT"},
};

static void settings_are_laid_over_ours(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        skd_input input = input_of(-1);
        skd_string text = print(settings[i].code, 0, settings[i].user, &input);
        bool ok = !strstr(text.text, settings[i].lacks);
        for (size_t k = 0; k < 4 && settings[i].has[k]; k++)
            ok = ok && has_line(&text, settings[i].has[k]);
        if (!ok) {
            print_error("%s: got\n%s", settings[i].name, text.text);
            fail();
        }
        skd_string_free(&text);
    }
}

static const struct {
    const char *code, *user, *words;
} bad_settings[] = {
    {"vasp", "ENCUT 400\n", "user:1: expected 'KEY = value'"},
    {"espresso", "ecutwfc = 50\n", "user:1: expected variables in namelists"},
    {"espresso", "&SYSTEM\n/\nATOMIC_SPECIES\n", "user:3: expected variables in namelists"},
    {"espresso", "&FCP\n fcp_mu = 1\n/\n", "user:2: espresso.pwi has no section 'FCP'"},
    {"cp2k", "&GLOBAL\n&END\n", "no section 'FORCE_EVAL/DFT'"},
};

static void settings_are_refused_by_line(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof bad_settings / sizeof *bad_settings; i++) {
        skd_input input = input_of(-1);
        skd_string out = {0};
        skd_input_text user = {"user", bad_settings[i].user, strlen(bad_settings[i].user)};
        CHECK_FAILS(skd_input_print(&out, skd_code_named(bad_settings[i].code), 0, NULL, &user, &input, &err),
                    SKD_EFORMAT, bad_settings[i].words);
        skd_string_free(&out);
    }
}

/* ---- codes and potentials ------------------------------------------------------------------ */

static void codes_are_found_under_the_names_that_shakenbreak_takes(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"VASP", "vasp"}, {"Quantum_Espresso", "espresso"}, {"quantum-espresso", "espresso"}, {"QE", "espresso"},
        {"CP2K", "cp2k"}, {"CASTEP", "castep"}, {"fhi_aims", "fhi-aims"}, {"FHI-aims", "fhi-aims"},
        {"fhiaims", "fhi-aims"}, {"aims", "fhi-aims"}, {"Abinit", "abinit"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(strcmp(skd_code_named(names[i][0])->name, names[i][1]) == 0);
    CHECK(skd_code_named("vas") == NULL && skd_code_named("vaspp") == NULL && skd_code_named("") == NULL);
}

static void check_pseudo(const char *code, int z, const char *want) {
    char *got = skd_code_pseudo(skd_code_named(code), z);
    CHECK(got && strcmp(got, want) == 0);
    skd_free(got);
}

static void potentials_have_doped_s_names(void **state) {
    (void)state;
    check_pseudo("vasp", 49, "In_d");
    check_pseudo("vasp", 48, "Cd");
    check_pseudo("vasp", 19, "K_sv");
    check_pseudo("vasp", 68, "Er_3");
    check_pseudo("espresso", 52, "Te.UPF");
    check_pseudo("abinit", 52, "Te.psp8");
    check_pseudo("cp2k", 48, "q12");
    check_pseudo("castep", 48, "Cd");
}

static void write_file(const char *folder, const char *name, const char *text) {
    skd_error err;
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    CHECK_OK(skd_folder_make(path, &err));
    *slash = '/';
    CHECK_OK(skd_file_write(path, text, strlen(text), &err));
}

static void potcar_joins_the_user_s_files_in_the_order_of_species(void **state) {
    (void)state;
    skd_error err;
    const char *base = getenv("TMPDIR");
    char folder[200], command[220];
    snprintf(folder, sizeof folder, "%s/skd_potcar_XXXXXX", base ? base : "/tmp");
    CHECK(mkdtemp(folder) != NULL);
    write_file(folder, "POT_GGA_PAW_PBE/POTCAR.Cd.gz", "  PAW_PBE Cd\n POMASS = 112.411; ZVAL   =   12.000    mass\n");
    write_file(folder, "Te/POTCAR", "  PAW_PBE Te\n POMASS = 127.600; ZVAL   =    6.000    mass\n");
    skd_input input = input_of(0);
    input.pseudo = NULL;
    skd_string text = {0};
    double valence;
    const skd_code *vasp = skd_code_named("vasp");
    CHECK_OK(skd_potentials_read(&text, &valence, vasp, folder, "PBE", &input, &err));
    CHECK_CLOSE(valence, 2 * 12 + 2 * 6, 0, 1e-14);
    CHECK(strstr(text.text, "PAW_PBE Cd") < strstr(text.text, "PAW_PBE Te"));
    skd_string_free(&text);
    CHECK_FAILS(skd_potentials_read(&text, &valence, vasp, folder, "PBE_54", &input, &err), SKD_EARG,
                "no potential 'Cd' of Cd (functional PBE_54)");
    skd_string_free(&text);
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(system(command) == 0);
}

#ifdef SKD_TORTURE
static void inputs_survive_failing_allocations(void **state) {
    (void)state;
    const skd_code *code = skd_code_named("espresso");
    const char *user = "&SYSTEM\n ecutwfc=50\n/\n";
    for (long k = 0;; k++) {
        skd_error err = {SKD_OK, ""};
        skd_string out = {0};
        skd_input input = input_of(-1);
        skd_input_text text = {"user", user, strlen(user)};
        skd_alloc_fail_at = k;
        skd_status status = skd_input_print(&out, code, 0, NULL, &text, &input, &err);
        skd_alloc_fail_at = -1;
        skd_string_free(&out);
        if (status == SKD_OK) {
            CHECK(k > 3);
            return;
        }
        CHECK_INT(status, SKD_ENOMEM);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_golden_to_the_byte),
        cmocka_unit_test(charge_and_parity_of_electrons),
        cmocka_unit_test(electrons_of_the_potentials_go_before_atomic_numbers),
        cmocka_unit_test(truncated_exchange_ends_within_half_the_cell),
        cmocka_unit_test(templates_are_filled),
        cmocka_unit_test(templates_are_refused_by_line),
        cmocka_unit_test(a_template_is_known_by_its_placeholders),
        cmocka_unit_test(settings_are_laid_over_ours),
        cmocka_unit_test(settings_are_refused_by_line),
        cmocka_unit_test(codes_are_found_under_the_names_that_shakenbreak_takes),
        cmocka_unit_test(potentials_have_doped_s_names),
        cmocka_unit_test(potcar_joins_the_user_s_files_in_the_order_of_species),
#ifdef SKD_TORTURE
        cmocka_unit_test(inputs_survive_failing_allocations),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
