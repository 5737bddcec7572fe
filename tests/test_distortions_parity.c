/* SPDX-License-Identifier: MIT */
/* test_distortions_parity.c - the starts equal ShakeNBreak's published files to their printed digits. */
#include "check.h"

#include "shakedown/data.h"
#include "shakedown/distortions.h"

#include <dirent.h>

/* Largest distance of an atom from its place in the other cell, Å; HUGE_VAL if the cells differ otherwise. */
static double deviation(const skd_cell *got, const skd_cell *want) {
    skd_mic mic;
    double worst = 0.0, d[3];
    if (got->n != want->n || memcmp(got->species, want->species, got->n * sizeof *got->species) != 0 ||
        skd_mic_setup(&mic, want, NULL) != SKD_OK)
        return HUGE_VAL;
    for (size_t i = 0; i < got->n; i++)
        worst = fmax(worst, skd_mic_vector(&mic, got->pos[i], want->pos[i], d));
    return worst;
}

static skd_cell *read_cell(const char *folder, const char *name) {
    skd_error err;
    char path[1024];
    skd_frame *frame;
    skd_cell *cell;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_OK(skd_cell_copy(&cell, frame->cell, &err));
    skd_frame_free(frame);
    return cell;
}

/* ---- Mg_O in MgO ------------------------------------------------------------------------- */

/* The antisite (atom 109) in its cell of 216; the bulk is the same with the oxygen put back. The set's starts
 * are distorted around atom 2, an ordinary magnesium: an index of some other atom order slipped in there. */
static skd_defect *mgo_antisite(const char *folder) {
    skd_error err;
    skd_defect *defect = skd_alloc(1, sizeof *defect);
    assert_non_null(defect);
    defect->kind = SKD_SUBSTITUTION;
    strcpy(defect->name, "Mg_O");
    defect->removed = 8;
    defect->added = 12;
    defect->index = 1;
    defect->oxidation_change = 4;
    defect->oxidation_known = true;
    defect->cell = read_cell(folder, "Mg_O_0/Unperturbed/POSCAR");
    CHECK_OK(skd_cell_copy(&defect->bulk, defect->cell, &err));
    defect->bulk->species[108] = 8;
    return defect;
}

/* The files were written by an older ShakeNBreak, which scaled the distance rounded to 0.01 Å; 3.4 and we scale
 * the distance itself. Undone here, so that nothing else can hide behind the difference of up to 4.3e-5 Å. */
static void round_distances(skd_start *start, const skd_defect *defect) {
    const double *centre = defect->cell->pos[defect->index];
    skd_mic mic;
    assert_int_equal(skd_mic_setup(&mic, defect->cell, NULL), SKD_OK);
    for (size_t k = 0; k < start->n_distorted; k++) {
        size_t i = start->distorted[k];
        double d[3], r = skd_mic_vector(&mic, centre, defect->cell->pos[i], d);
        for (int c = 0; c < 3; c++)
            start->cell->pos[i][c] += (nearbyint(100.0 * r) / 100.0 / r - 1.0) * (1.0 + start->factor) * d[c];
    }
}

/* Compares the start with its file, if there is one; runs that blew up were renamed. */
static bool compare_mgo(const char *folder, const char *entry, skd_start *start, const skd_defect *defect,
                        double worst[2]) {
    static const char *const endings[] = {"", "_High_Energy"};
    for (size_t k = 0; k < 2; k++) {
        char path[1024], name[256];
        snprintf(name, sizeof name, "%s/%s%s/POSCAR", entry, start->name, endings[k]);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (!skd_file_exists(path))
            continue;
        skd_cell *want = read_cell(folder, name);
        double off = deviation(start->cell, want);
        round_distances(start, defect);
        double off_rounded = deviation(start->cell, want);
        print_message("  %-50s %.1e Å, %.1e Å with its rounded distances\n", name, off, off_rounded);
        worst[0] = fmax(worst[0], off);
        worst[1] = fmax(worst[1], off_rounded);
        skd_cell_free(want);
        return true;
    }
    return false;
}

/* The one file with N = 0; its ShakeNBreak (January 2024) rattled all atoms, from seed 42. */
static void compare_mgo_rattled(const char *folder, skd_defect *defect, double worst[2]) {
    skd_error err;
    skd_cell_free(defect->cell); /* the same cell in another order of atoms */
    defect->cell = read_cell(folder, "Mg_O_+4/Unperturbed/POSCAR");
    size_t every[216];
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list list;
    for (size_t i = 0; i < 216; i++)
        every[i] = i;
    options.compat = options.seed_given = true;
    options.seed = 42;
    options.active = every;
    options.n_active = 216;
    CHECK_OK(skd_starts_of(&list, defect, 4, &options, &err));
    CHECK_INT(list.n, 2);
    CHECK(compare_mgo(folder, "Mg_O_+4", &list.start[1], defect, worst));
    skd_start_list_free(&list);
}

static void mgo_files_are_rebuilt(void **state) {
    (void)state;
    NEED_SHARED(shared);
    skd_error err;
    char folder[400], entry[96];
    snprintf(folder, sizeof folder, "%s/data/snb/MgO_Mg_O", shared);
    skd_defect *defect = mgo_antisite(folder);
    size_t n_files = 0;
    double worst[2] = {0.0, 0.0};
    for (int charge = 0; charge <= 3; charge++) {
        skd_start_options options = SKD_START_DEFAULT;
        options.compat = true;
        skd_start_list list;
        CHECK_OK(skd_starts_of(&list, defect, charge, &options, &err));
        CHECK_CLOSE(list.stdev, 0.2099973, 1e-12, 0.0);
        CHECK_INT(list.n, 14);
        skd_defect_entry_name(defect, charge, entry, sizeof entry);
        for (size_t i = 0; i < list.n; i++)
            n_files += compare_mgo(folder, entry, &list.start[i], defect, worst);
        skd_start_list_free(&list);
    }
    compare_mgo_rattled(folder, defect, worst);
    print_message("  %zu files, largest deviation %.2e Å, %.2e Å with rounded distances\n", n_files, worst[0],
                  worst[1]);
    CHECK_INT(n_files, 52); /* 48 distorted and 4 unperturbed; Rattled is counted apart */
    CHECK(worst[0] < 5e-5);
    CHECK(worst[1] < 1e-9);
    skd_defect_free(defect);
}

/* ---- CdTe: the golden files of ShakeNBreak's own tests ------------------------------------ */

static skd_defect *cdte_defect(const char *folder, bool vacancy) {
    skd_error err;
    skd_defect *defect;
    skd_cell *bulk = read_cell(folder, "CdTe_Bulk_Supercell_POSCAR");
    skd_cell *cell = read_cell(folder, vacancy ? "CdTe_V_Cd_POSCAR" : "CdTe_Int_Cd_2_POSCAR");
    CHECK_OK(skd_defect_identify(&defect, bulk, cell, NULL, NULL, &err));
    CHECK_INT(defect->kind, vacancy ? SKD_VACANCY : SKD_INTERSTITIAL);
    CHECK_INT(defect->oxidation_change, vacancy ? -2 : 2);
    skd_cell_free(bulk);
    skd_cell_free(cell);
    return defect;
}

/* Moves an interstitial from the end of the list to its beginning, where some of the files have it. */
static void defect_first(skd_defect *defect) {
    skd_error err;
    size_t n = defect->cell->n;
    size_t *order = skd_alloc(n, sizeof *order);
    skd_cell *cell;
    assert_non_null(order);
    for (size_t i = 0; i < n; i++)
        order[i] = (i + n - 1) % n;
    CHECK_OK(skd_cell_pick(&cell, defect->cell, order, n, &err));
    skd_cell_free(defect->cell);
    skd_free(order);
    defect->cell = cell;
    defect->index = 0;
}

enum { UNRATTLED = 1, LOCAL = 2, CD_ONLY = 4, ALL_ATOMS = 8, FIRST = 16 };

/* Distortion NAN: the dimer; 9: none. The parameters were found with ShakeNBreak 3.4.4 from PyPI, whose
 * functions give the same files. d_min 0: by rule; 2.26669 is 80 % of the bond, 2.12503 75 %. */
static const struct {
    const char *file;
    bool vacancy;
    double distortion;
    int n, how;
    double stdev, d_min;
    unsigned seed;
    double digits; /* what the file's rounding, and its input's, leave open, Å */
} golden[] = {
    {"CdTe_V_Cd_-50%_Distortion_Unrattled_POSCAR", true, -0.5, 2, UNRATTLED, 0.25, 0, 42, 3e-5},
    {"CdTe_V_Cd_-50%_Distortion_Rattled_POSCAR", true, -0.5, 2, 0, 0.25, 0, 42, 3e-5},
    {"CdTe_V_Cd_-50%_Distortion_stdev0pt1_Rattled_POSCAR", true, -0.5, 2, 0, 0.1, 0, 42, 3e-5},
    {"CdTe_V_Cd_-50%_Kwarged_POSCAR", true, -0.5, 2, CD_ONLY, 0.15, 2.1250262890187375, 20, 3e-5},
    {"CdTe_V_Cd_-50%_Distortion_local_rattle_POSCAR", true, -0.5, 2, LOCAL, 0.25, 0, 42, 3e-5},
    {"CdTe_V_Cd_0_30%_local_rattle_POSCAR", true, 0.3, 2, LOCAL, 0.25, 0, 42, 6e-5},
    {"vac_1_Cd_0_-30.0%_Distortion_tailed_off_rattle_POSCAR", true, -0.3, 2, LOCAL, 0, 0, 70, 3e-5},
    {"CdTe_V_Cd_Dimer_Distortion_Unrattled_POSCAR", true, NAN, 2, UNRATTLED, 0.25, 0, 42, 1e-9},
    {"CdTe_V_Cd_Dimer_Rattled_0pt1_POSCAR", true, NAN, 2, 0, 0.1, 0, 42, 1e-9},
    {"CdTe_V_Cd_Dimer_Rattled_0pt25_POSCAR", true, NAN, 2, 0, 0.25, 0, 42, 1e-9},
    {"CdTe_V_Cd_Dimer_0p15_kwarged_POSCAR", true, NAN, 2, CD_ONLY, 0.15, 2.1250262890187375, 20, 1e-9},
    {"CdTe_Int_Cd_2_-60%_Distortion_Unrattled_POSCAR", false, -0.6, 2, UNRATTLED, 0.25, 0, 42, 3e-5},
    {"CdTe_Int_Cd_2_-60%_Distortion_NN_10_POSCAR", false, -0.6, 10, UNRATTLED | CD_ONLY, 0.25, 0, 42, 6e-5},
    {"CdTe_Int_Cd_2_-60%_Distortion_Rattled_POSCAR", false, -0.6, 2, FIRST, 0, 0, 40, 3e-5},
    {"Int_Cd_2_0_minus0pt6_struc_rattle_seed_0_stdev_0.28_POSCAR", false, -0.6, 2, FIRST, 0, 0, 40, 3e-5},
    {"Int_Cd_2_+2_tailed_off_rattle_seed_0_stdev_0.28_POSCAR", false, 9, 0, FIRST | LOCAL, 0, 0, 0, 1e-9},
    {"Int_Cd_2_+2_tailed_off_rattle_POSCAR", false, 9, 0, LOCAL | ALL_ATOMS, 0, 2.266694708286653, 42, 3e-5},
};

/* The only start of the row's kind. */
static const skd_start *golden_start(const skd_start_list *list, size_t row) {
    const char *kind = isnan(golden[row].distortion) ? "dimer" : golden[row].n ? "bond" : "rattled";
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->start[i].kind, kind) == 0)
            return &list->start[i];
    fail();
    return NULL;
}

static double compare_golden(const char *folder, size_t row) {
    skd_error err;
    skd_defect *defect = cdte_defect(folder, golden[row].vacancy);
    const int how = golden[row].how;
    const bool dimer = isnan(golden[row].distortion);
    skd_start_options options = SKD_START_DEFAULT;
    size_t *active = skd_alloc(defect->cell->n, sizeof *active);
    skd_start_list list;
    assert_non_null(active);
    if (how & FIRST)
        defect_first(defect);
    for (size_t i = 0; i < defect->cell->n; i++)
        if ((how & ALL_ATOMS) || ((how & CD_ONLY) && defect->cell->species[i] == 48))
            active[options.n_active++] = i;
    if (how & (ALL_ATOMS | CD_ONLY))
        options.active = active;
    options.compat = true;
    options.seed = golden[row].seed;
    options.seed_given = true;
    options.n_neighbours = golden[row].n;
    static const skd_wish cadmium = {"", 48};
    options.distorted_elements = &cadmium;
    options.n_distorted_elements = golden[row].n == 10;
    options.distortion = &golden[row].distortion;
    options.n_distortion = !dimer && golden[row].n > 0;
    options.dimer = dimer ? SKD_DIMER_ALWAYS : SKD_DIMER_NEVER;
    options.no_rattle = how & UNRATTLED;
    options.rattle.stdev = golden[row].stdev;
    options.rattle.d_min = golden[row].d_min;
    options.rattle.local = how & LOCAL;
    if (golden[row].seed == 20) { /* the two files made with every option changed */
        options.rattle.n_iter = 3;
        options.rattle.width = 0.3;
        options.rattle.max_attempts = 10000;
        options.rattle.max_disp = 1.0;
        options.rattle.nbr_cutoff = 3.4;
    }
    CHECK_OK(skd_starts_of(&list, defect, 0, &options, &err));
    skd_cell *want = read_cell(folder, golden[row].file);
    double off = deviation(golden_start(&list, row)->cell, want);
    skd_cell_free(want);
    skd_start_list_free(&list);
    skd_free(active);
    skd_defect_free(defect);
    return off;
}

static void cdte_goldens_are_rebuilt(void **state) {
    (void)state;
    NEED_SHARED(shared);
    char folder[400];
    snprintf(folder, sizeof folder, "%s/data/snb/CdTe_golden", shared);
    size_t equal = 0, n = sizeof golden / sizeof *golden;
    for (size_t row = 0; row < n; row++) {
        double off = compare_golden(folder, row);
        print_message("  %-60s %.1e Å%s\n", golden[row].file, off, off <= golden[row].digits ? "" : "  DIFFERS");
        equal += off <= golden[row].digits;
    }
    print_message("  %zu of %zu files equal\n", equal, n);
    CHECK_INT(equal, n);
}

/* The relaxed structure is still the same vacancy, though neighbours moved by more than 1 Å. */
static void check_recognised(const skd_cell *bulk, const char *folder, const char *name) {
    skd_error err;
    skd_defect *defect;
    skd_cell *cell = read_cell(folder, name);
    CHECK_OK(skd_defect_identify(&defect, bulk, cell, NULL, NULL, &err));
    CHECK_TEXT(defect->name, "v_Cd");
    for (int k = 0; k < 3; k++)
        CHECK_CLOSE(defect->site[k], 0.0, 1e-9, 0.0);
    skd_defect_free(defect);
    skd_cell_free(cell);
}

/* The 25 starts of the neutral vacancy, -60 % to 0 in steps of 2.5 %. */
static void cdte_vacancy_starts_are_rebuilt(void **state) {
    (void)state;
    NEED_SHARED(shared);
    skd_error err;
    char golden_folder[400], folder[400], name[128];
    double list[25], worst = 0.0;
    snprintf(golden_folder, sizeof golden_folder, "%s/data/snb/CdTe_golden", shared);
    snprintf(folder, sizeof folder, "%s/data/snb/CdTe_v_Cd_0", shared);
    skd_cell *bulk = read_cell(golden_folder, "CdTe_Bulk_Supercell_POSCAR");
    skd_cell *cell = read_cell(folder, "Unperturbed/POSCAR");
    skd_defect *defect;
    skd_start_list starts;
    skd_start_options options = SKD_START_DEFAULT;
    for (int k = 0; k < 25; k++)
        list[k] = -0.6 + 0.025 * k;
    options.compat = options.seed_given = true;
    options.seed = 42;
    options.distortion = list;
    options.n_distortion = 25;
    options.rattle.stdev = 0.25;
    CHECK_OK(skd_defect_identify(&defect, bulk, cell, NULL, NULL, &err));
    CHECK_OK(skd_starts_of(&starts, defect, 0, &options, &err));
    CHECK_INT(starts.n, 26);
    for (size_t i = 0; i < starts.n; i++) {
        snprintf(name, sizeof name, "%s/POSCAR", starts.start[i].name);
        skd_cell *want = read_cell(folder, name);
        worst = fmax(worst, deviation(starts.start[i].cell, want));
        skd_cell_free(want);
        snprintf(name, sizeof name, "%s/CONTCAR", starts.start[i].name);
        check_recognised(bulk, folder, name);
    }
    print_message("  26 files, largest deviation %.1e Å\n", worst);
    CHECK(worst < 5e-5);
    skd_start_list_free(&starts);
    skd_defect_free(defect);
    skd_cell_free(bulk);
    skd_cell_free(cell);
}

/* Two goldens come from older programs: a dimer of 2.0 Å between other neighbours whose atoms were counted from
 * 1, so that the wrong two were frozen; and a rattle without Monte Carlo. Rebuilt from our parts. */
static void the_oldest_goldens_are_rebuilt_from_parts(void **state) {
    (void)state;
    NEED_SHARED(shared);
    skd_error err;
    char folder[400];
    snprintf(folder, sizeof folder, "%s/data/snb/CdTe_golden", shared);
    skd_cell *cell = read_cell(folder, "CdTe_V_Cd_POSCAR");
    skd_cell *want = read_cell(folder, "CdTe_V_Cd_Dimer_Rattled_0pt25_dmin2pt26_POSCAR");
    skd_mic mic;
    double d[3];
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    double r = skd_mic_vector(&mic, cell->pos[51], cell->pos[62], d);
    for (int k = 0; k < 3; k++) {
        cell->pos[51][k] += 0.5 * (1.0 - 2.0 / r) * d[k];
        cell->pos[62][k] -= 0.5 * (1.0 - 2.0 / r) * d[k];
    }
    size_t active[63], n = 0;
    for (size_t i = 0; i < 63; i++)
        if (i != 50 && i != 61)
            active[n++] = i;
    skd_rattle_options options = SKD_RATTLE_DEFAULT;
    options.stdev = 0.25;
    options.d_min = 2.2667;
    CHECK_OK(skd_rattle(cell, active, n, &options, 42, &err));
    CHECK(deviation(cell, want) < 1e-9);
    skd_cell_free(cell);
    skd_cell_free(want);

    skd_rng *rng;
    cell = read_cell(folder, "CdTe_V_Cd_-50%_Distortion_Unrattled_POSCAR");
    want = read_cell(folder, "CdTe_V_Cd_-50%_Distortion_stdev0.1_Rattled_POSCAR");
    CHECK_OK(skd_rng_new(&rng, 42, &err));
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += 0.1 * skd_rng_normal(rng);
    CHECK(deviation(cell, want) < 2e-5);
    skd_rng_free(rng);
    skd_cell_free(cell);
    skd_cell_free(want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mgo_files_are_rebuilt),
        cmocka_unit_test(cdte_goldens_are_rebuilt),
        cmocka_unit_test(cdte_vacancy_starts_are_rebuilt),
        cmocka_unit_test(the_oldest_goldens_are_rebuilt_from_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
