/* SPDX-License-Identifier: MIT */
/* test_distortions_charges.c - oxidation states of hosts and charge states of their defects, as doped guesses
 * them; the user's word on top. */
#include "check.h"

#include "shakedown/data.h"
#include "shakedown/distortions.h"

static const skd_defect_options guessed = {.vacancies = true, .antisites = true};

static skd_cell *read_host(const char *shared, const char *name) {
    char path[1024];
    skd_error err;
    skd_frame *frame;
    skd_cell *primitive;
    snprintf(path, sizeof path, "%s/data/hosts/%s", shared, name);
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_OK(skd_primitive(&primitive, frame->cell, SKD_SYMPREC, &err));
    skd_frame_free(frame);
    return primitive;
}

/* Cubic cells: the first species at the origins of fcc, the second moved along the diagonal by `shift`. */
static skd_cell *cubic_host(double a, int z1, int z2, double shift) {
    static const double fcc[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 3; k++) {
            cell->lattice[k][k] = a;
            cell->species[i] = i < 4 ? z1 : z2;
            cell->pos[i][k] = a * (fcc[i % 4][k] + (i < 4 ? 0.0 : shift));
        }
    return cell;
}

/* ---- oxidation states ---------------------------------------------------------------------- */

/* As doped 3.2.1 guesses them (guess_and_set_oxi_states_with_timeout; pymatgen 2026.10.24; 2026-11-21).
 * ZnSiP2 needs the bond valences: by composition alone it would be Si-4 P+1. */
static const struct {
    const char *host, *states;
} hosts[] = {
    {"BaZrS3_sg62_mp-540771_PBEsol_phononDB.POSCAR", "Ba2 Zr4 S-2"},
    {"Bi2Se3_sg166_mp-541837_PBEsol_phononDB.POSCAR", "Bi3 Se-2"},
    {"Bi2Te3_sg166_mp-34202_PBE_matcalc.POSCAR", "Bi3 Te-2"},
    {"BiSI_sg62_PBEsol_SMTG-BiChI.POSCAR", "Bi3 S-2 I-1"},
    {"BiSeI_sg62_PBEsol_SMTG-BiChI.POSCAR", "Bi3 I-1 Se-2"},
    {"CdTe_sg216_mp-406_PBEsol_phononDB.POSCAR", "Cd2 Te-2"},
    {"Cl3CsPb_sg221_mp-23037_PBEsol_phononDB.POSCAR", "Cl-1 Cs1 Pb2"},
    {"Cs2AgBiBr6_PBEsol_WMD.POSCAR", "Bi3 Ag1 Cs1 Br-1"},
    {"Cs2AgBiBr6_SMTG.POSCAR", "Bi3 Ag1 Cs1 Br-1"},
    {"Cs2SnBr6_sg225_mp-641923_PBEsol_phononDB.POSCAR", "Br-1 Cs1 Sn4"},
    {"Cs2SnI6_sg225_SMTG.POSCAR", "Sn4 Cs1 I-1"},
    {"Cs2TeI6_sg225_mp-540957_PBEsol_phononDB.POSCAR", "Cs1 I-1 Te4"},
    {"CsPbBr3_sg221_mp-600089_PBEsol_phononDB.POSCAR", "Cs1 Pb2 Br-1"},
    {"CsPbBr3_sg62_mp-567629_PBEsol_phononDB.POSCAR", "Cs1 Pb2 Br-1"},
    {"CsPbI3_cubic_PBEsol_WMD.POSCAR", "Pb2 Cs1 I-1"},
    {"CsPbI3_sg62_mp-540839_PBEsol_phononDB.POSCAR", "Cs1 Pb2 I-1"},
    {"CsSnI3_sg221_mp-614013_PBEsol_phononDB.POSCAR", "Cs1 Sn2 I-1"},
    {"GaAs_sg216_mp-2534_PBE_matcalc.POSCAR", "Ga3 As-3"},
    {"GaSe2Tl_sg140_mp-9580_PBEsol_phononDB.POSCAR", "Ga3 Se-2 Tl1"},
    {"GeS2_sg142_mp-622213_PBEsol_phononDB.POSCAR", "Ge4 S-2"},
    {"GeSe_sg62_mp-700_PBEsol_phononDB.POSCAR", "Ge2 Se-2"},
    {"I2Pb_sg164_mp-22893_PBEsol_phononDB.POSCAR", "I-1 Pb2"},
    {"InAs_sg216_mp-20305_PBE_matcalc.POSCAR", "In3 As-3"},
    {"IrSe2_mp-1361_PBE_matcalc.POSCAR", "Ir4 Se-2"},
    {"LiF_sg225_mp-1138_PBEsol_phononDB.POSCAR", "F-1 Li1"},
    {"MAPbI3_cubic_PBEsol_WMD.POSCAR", "C-2 N-3 H1 Pb2 I-1"},
    {"MAPbI3_ortho_PBEsol_WMD.POSCAR", "C-2 N-3 H1 Pb2 I-1"},
    {"MAPbI3_tetragonal_PBEsol_WMD.POSCAR", "C-2 N-3 H1 Pb2 I-1"},
    {"NGa_sg186_mp-804_PBEsol_phononDB.POSCAR", "N-3 Ga3"},
    {"NGa_sg216_mp-830_PBEsol_phononDB.POSCAR", "Ga3 N-3"},
    {"NaCl_sg225_mp-22862_PBEsol_phononDB.POSCAR", "Cl-1 Na1"},
    {"O2Ce_sg225_mp-20194_PBEsol_phononDB.POSCAR", "Ce4 O-2"},
    {"O2Hf_sg61_mp-1858_PBEsol_phononDB.POSCAR", "O-2 Hf4"},
    {"O2Sn_sg136_mp-856_PBEsol_phononDB.POSCAR", "O-2 Sn4"},
    {"O2Ti_sg136_mp-2657_PBEsol_phononDB.POSCAR", "O-2 Ti4"},
    {"O2Ti_sg141_mp-390_PBEsol_phononDB.POSCAR", "O-2 Ti4"},
    {"O3Al2_sg167_mp-1143_PBEsol_phononDB.POSCAR", "Al3 O-2"},
    {"O3Ga2_sg12_mp-886_PBEsol_phononDB.POSCAR", "Ga3 O-2"},
    {"O3Ga2_sg167_mp-1243_PBEsol_phononDB.POSCAR", "Ga3 O-2"},
    {"O3In2_sg206_mp-22598_PBEsol_phononDB.POSCAR", "In3 O-2"},
    {"O3TiSr_sg221_mp-5229_PBEsol_phononDB.POSCAR", "O-2 Ti4 Sr2"},
    {"OCa_sg225_mp-2605_PBEsol_phononDB.POSCAR", "Ca2 O-2"},
    {"OLi2_sg225_mp-1960_PBEsol_phononDB.POSCAR", "Li1 O-2"},
    {"OMg_sg225_mp-1265_PBEsol_phononDB.POSCAR", "Mg2 O-2"},
    {"OZn_sg186_mp-2133_PBEsol_phononDB.POSCAR", "O-2 Zn2"},
    {"S2AgIn_sg33_mp-21459_PBEsol_phononDB.POSCAR", "S-2 Ag1 In3"},
    {"S2CuGa_sg122_mp-5238_PBEsol_phononDB.POSCAR", "Cu1 Ga3 S-2"},
    {"S2GaAg_sg122_mp-5342_PBEsol_phononDB.POSCAR", "Ag1 Ga3 S-2"},
    {"S2Ge_sg122_mp-7582_PBEsol_phononDB.POSCAR", "Ge4 S-2"},
    {"S2InTl_sg194_mp-20042_PBEsol_phononDB.POSCAR", "S-2 In3 Tl1"},
    {"S3Sb2_sg62_mp-2809_PBEsol_phononDB.POSCAR", "S-2 Sb3"},
    {"SCd_sg216_mp-2469_PBEsol_phononDB.POSCAR", "Cd2 S-2"},
    {"SGe_sg62_mp-2242_PBEsol_phononDB.POSCAR", "S-2 Ge2"},
    {"SPb_sg225_mp-21276_PBEsol_phononDB.POSCAR", "Pb2 S-2"},
    {"SSbI_sg62_mp-23041_PBEsol_phononDB.POSCAR", "S-2 Sb3 I-1"},
    {"SSn_sg62_mp-2231_PBEsol_phononDB.POSCAR", "S-2 Sn2"},
    {"SZn_sg216_mp-10695_PBEsol_phononDB.POSCAR", "S-2 Zn2"},
    {"Se3Bi2_sg62_mp-23164_PBEsol_phononDB.POSCAR", "Se-2 Bi3"},
    {"Se3Sb2_sg62_mp-2160_PBEsol_phononDB.POSCAR", "Se-2 Sb3"},
    {"SeCd_sg186_mp-1070_PBEsol_phononDB.POSCAR", "Se-2 Cd2"},
    {"SeCd_sg216_mp-2691_PBEsol_phononDB.POSCAR", "Cd2 Se-2"},
    {"SeSbI_sg62_mp-22996_PBEsol_phononDB.POSCAR", "Se-2 Sb3 I-1"},
    {"SeSn_sg62_mp-691_PBEsol_phononDB.POSCAR", "Se-2 Sn2"},
    {"Se_sg148_mp-147_PBEsol_phononDB.POSCAR", "Se0"},
    {"SiP2Zn_sg122_mp-4763_PBEsol_phononDB.POSCAR", "P-3 Si4 Zn2"},
    {"Si_sg227_mp-149_PBEsol_phononDB.POSCAR", "Si0"},
    {"TePb_sg225_mp-19717_PBEsol_phononDB.POSCAR", "Pb2 Te-2"},
    {"TlGaS2_wbm-1-48932_PBE_matcalc.POSCAR", "Tl1 S-2 Ga3"},
    {"TlGaSe2_sg9_mp-680555_PBEsol_phononDB.POSCAR", "Ga3 Se-2 Tl1"},
    {"ZnO_sg216_mp-1986_PBEsol_phononDB.POSCAR", "O-2 Zn2"},
    {"ZnSe_sg216_mp-1190_PBEsol_phononDB.POSCAR", "Se-2 Zn2"},
    {"ZnTe_sg216_mp-2176_PBEsol_phononDB.POSCAR", "Te-2 Zn2"},
    {"ZrO2_sg14_mp-2858_PBEsol_phononDB.POSCAR", "Zr4 O-2"},
};

static void states_are_dopeds(void **state) {
    (void)state;
    NEED_SHARED(shared);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        skd_error err;
        skd_host_states guess;
        skd_cell *host = read_host(shared, hosts[i].host);
        CHECK_OK(skd_host_states_of(&guess, host, &guessed, &err));
        for (const char *p = hosts[i].states; *p; p += strcspn(p, " "), p += *p == ' ') {
            size_t letters = strcspn(p, "-0123456789");
            int z = skd_element_number((skd_span){p, letters}), want = atoi(p + letters);
            CHECK(z > 0 && skd_cell_count(host, z) > 0);
            if (guess.state[z] != want)
                print_error("%s: %s %+d, doped %+d\n", hosts[i].host, skd_element_of(z)->symbol, guess.state[z], want);
            wrong += guess.state[z] != want;
        }
        skd_cell_free(host);
    }
    CHECK_INT(wrong, 0);
}

static void bond_lengths_give_the_states_of_simple_crystals(void **state) {
    (void)state;
    static const struct {
        const char *what;
        double a;
        int z1, z2;
        double shift;
        int state;
    } rows[] = {
        {"CdTe", 6.543384, 48, 52, 0.25, 2}, {"MgO", 4.2183, 12, 8, 0.5, 2},   {"NaCl", 5.6112, 11, 17, 0.5, 1},
        {"GaAs", 5.6653, 31, 33, 0.25, 3},   {"SiC", 4.3596, 14, 6, 0.25, 4},  {"EuO", 5.1439, 63, 8, 0.5, 2},
        {"CuI", 6.0427, 29, 53, 0.25, 1},    {"TlCl", 6.37, 81, 17, 0.5, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        skd_error err;
        skd_host_states guess;
        skd_cell *host = cubic_host(rows[i].a, rows[i].z1, rows[i].z2, rows[i].shift);
        CHECK_OK(skd_host_states_of(&guess, host, &guessed, &err));
        if (guess.state[rows[i].z1] != rows[i].state)
            print_error("%s: %+d\n", rows[i].what, guess.state[rows[i].z1]);
        CHECK_INT(guess.state[rows[i].z1], rows[i].state);
        CHECK_INT(guess.state[rows[i].z2], -rows[i].state);
        CHECK_INT(guess.source, SKD_OXIDATION_BOND_VALENCE);
        skd_cell_free(host);
    }
}

static void a_supercell_has_the_states_of_its_cell(void **state) {
    (void)state;
    NEED_SHARED(shared);
    static const int matrix[3][3] = {{2, 0, 1}, {-1, 2, 0}, {0, 1, 3}};
    skd_error err;
    skd_host_states small, large;
    skd_cell *host = read_host(shared, "SiP2Zn_sg122_mp-4763_PBEsol_phononDB.POSCAR"), *super;
    CHECK_OK(skd_supercell(&super, host, matrix, NULL, &err));
    CHECK_OK(skd_host_states_of(&small, host, &guessed, &err));
    CHECK_OK(skd_host_states_of(&large, super, &guessed, &err));
    CHECK_INT(memcmp(small.state, large.state, sizeof small.state), 0);
    CHECK_INT(large.source, SKD_OXIDATION_BOND_VALENCE);
    skd_cell_free(super);
    skd_cell_free(host);
}

static void elements_and_alloys_have_none(void **state) {
    (void)state;
    skd_error err;
    skd_host_states guess;
    skd_cell *diamond = cubic_host(5.43095, 14, 14, 0.25), *nickel_aluminium = cubic_host(5.77, 28, 13, 0.5);
    CHECK_OK(skd_host_states_of(&guess, diamond, &guessed, &err));
    CHECK(guess.source == SKD_OXIDATION_UNKNOWN && guess.state[14] == 0 && !guess.known[14]);
    CHECK_OK(skd_host_states_of(&guess, nickel_aluminium, &guessed, &err));
    CHECK(guess.source == SKD_OXIDATION_UNKNOWN && guess.state[28] == 0 && guess.state[13] == 0);
    skd_cell_free(diamond);
    skd_cell_free(nickel_aluminium);
}

static void without_bond_parameters_the_composition_decides(void **state) {
    (void)state;
    skd_error err;
    skd_host_states guess;
    skd_cell *host = cubic_host(4.86, 78, 16, 0.5); /* Pt has no parameters */
    CHECK_OK(skd_host_states_of(&guess, host, &guessed, &err));
    CHECK(guess.source == SKD_OXIDATION_COMPOSITION && guess.state[78] == 2 && guess.state[16] == -2);
    skd_cell_free(host);
}

static void the_user_has_the_last_word(void **state) {
    (void)state;
    skd_error err;
    skd_host_states states;
    skd_cell *host = cubic_host(6.543384, 48, 52, 0.25);
    int species[] = {48, 52, 17}, given[] = {1, -1, 5};
    skd_defect_options options = {.oxidation_species = species, .oxidation_state = given, .n_oxidation = 3};
    CHECK_OK(skd_host_states_of(&states, host, &options, &err));
    CHECK(states.state[48] == 1 && states.state[52] == -1 && states.state[17] == 5);
    CHECK_INT(states.source, SKD_OXIDATION_USER);
    options.n_oxidation = 1; /* the other one is still the guess */
    CHECK_OK(skd_host_states_of(&states, host, &options, &err));
    CHECK(states.state[48] == 1 && states.state[52] == -2 && states.source == SKD_OXIDATION_BOND_VALENCE);
    options.n_oxidation = 2;
    given[1] = -2; /* CdTe with half an electron an atom too much */
    CHECK_FAILS(skd_host_states_of(&states, host, &options, &err), SKD_EARG, "leave CdTe with -0.5 e an atom");
    species[0] = 119;
    CHECK_FAILS(skd_host_states_of(&states, host, &options, &err), SKD_EARG, "119: no such element");
    skd_cell_free(host);
}

/* ---- charges ------------------------------------------------------------------------------- */

/* "defect:lowest..highest" of doped 3.2.1 (DefectsGenerator with these foreign elements, its interstitials
 * included; the charge states of a defect do not depend on the site; 703 defects in all; 2026-11-21). */
static const struct {
    const char *host, *extrinsic, *charges;
} doped[] = {
    {"CdTe_sg216_mp-406_PBEsol_phononDB.POSCAR", "Cl,As",
     "v_Cd:-2..1 v_Te:-1..2 Cd_Te:0..4 Te_Cd:-4..2 As_Cd:-5..3 As_Te:-1..5 Cl_Cd:-3..0 Cl_Te:0..1 Cd_i:0..2 "
     "Te_i:-2..4 As_i:-3..5 Cl_i:-1..0 "},
    {"OMg_sg225_mp-1265_PBEsol_phononDB.POSCAR", "Al,N",
     "v_Mg:-2..1 v_O:-1..2 Mg_O:0..4 O_Mg:-4..0 Al_Mg:0..1 Al_O:0..5 N_Mg:-5..1 N_O:-1..1 Mg_i:0..2 O_i:-2..0 "
     "Al_i:0..3 N_i:-3..3 "},
    {"OZn_sg186_mp-2133_PBEsol_phononDB.POSCAR", "Ga,N",
     "v_O:-1..2 v_Zn:-2..1 O_Zn:-4..0 Zn_O:0..4 Ga_O:0..5 Ga_Zn:0..1 N_O:-1..1 N_Zn:-5..1 O_i:-2..0 Zn_i:0..2 "
     "Ga_i:0..3 N_i:-3..3 "},
    {"NGa_sg186_mp-804_PBEsol_phononDB.POSCAR", "Mg,Si",
     "v_N:-1..3 v_Ga:-3..1 N_Ga:-6..2 Ga_N:0..6 Mg_N:0..5 Mg_Ga:-1..0 Si_N:-1..7 Si_Ga:0..1 N_i:-3..3 "
     "Ga_i:0..3 Mg_i:0..2 Si_i:0..4 "},
    {"GaAs_sg216_mp-2534_PBE_matcalc.POSCAR", "Si,Mn",
     "v_Ga:-3..1 v_As:-1..3 Ga_As:0..6 As_Ga:-6..2 Mn_Ga:-1..1 Mn_As:0..6 Si_Ga:0..1 Si_As:-1..7 Ga_i:0..3 "
     "As_i:-3..5 Mn_i:0..4 Si_i:0..4 "},
    {"O2Ti_sg136_mp-2657_PBEsol_phononDB.POSCAR", "Nb,F",
     "v_O:-1..2 v_Ti:-4..1 O_Ti:-6..0 Ti_O:0..6 Nb_O:0..7 Nb_Ti:-2..1 F_O:0..1 F_Ti:-5..0 O_i:-2..0 Ti_i:0..4 "
     "Nb_i:0..5 F_i:-1..0 "},
    {"O2Sn_sg136_mp-856_PBEsol_phononDB.POSCAR", "Sb,F",
     "v_O:-1..2 v_Sn:-4..1 O_Sn:-6..0 Sn_O:0..6 Sb_O:-1..7 Sb_Sn:-7..1 F_O:0..1 F_Sn:-5..0 O_i:-2..0 "
     "Sn_i:0..4 Sb_i:-3..5 F_i:-1..0 "},
    {"O3TiSr_sg221_mp-5229_PBEsol_phononDB.POSCAR", "La,Fe",
     "v_O:-1..2 v_Ti:-4..1 v_Sr:-2..1 O_Ti:-6..0 O_Sr:-4..0 Ti_O:0..6 Ti_Sr:0..2 Sr_O:0..4 Sr_Ti:-2..0 "
     "La_O:0..5 La_Ti:-2..0 La_Sr:0..1 Fe_O:0..5 Fe_Ti:-2..0 Fe_Sr:-1..2 O_i:-2..0 Ti_i:0..4 Sr_i:0..2 "
     "La_i:0..3 Fe_i:0..3 "},
    {"O3Al2_sg167_mp-1143_PBEsol_phononDB.POSCAR", "Cr,Ti",
     "v_Al:-3..1 v_O:-1..2 Al_O:0..5 O_Al:-5..0 Ti_Al:-1..1 Ti_O:0..6 Cr_Al:-1..3 Cr_O:0..5 Al_i:0..3 "
     "O_i:-2..0 Ti_i:0..4 Cr_i:0..4 "},
    {"O2Ce_sg225_mp-20194_PBEsol_phononDB.POSCAR", "Gd,Zr",
     "v_Ce:-4..1 v_O:-1..2 Ce_O:0..6 O_Ce:-6..0 Gd_Ce:-1..0 Gd_O:0..5 Zr_Ce:-2..0 Zr_O:0..6 Ce_i:0..4 "
     "O_i:-2..0 Gd_i:0..3 Zr_i:0..4 "},
    {"NaCl_sg225_mp-22862_PBEsol_phononDB.POSCAR", "Ca,Tl",
     "v_Na:-1..1 v_Cl:-1..1 Na_Cl:0..2 Cl_Na:-2..0 Ca_Na:0..1 Ca_Cl:0..3 Tl_Na:0..2 Tl_Cl:0..2 Na_i:0..1 "
     "Cl_i:-1..0 Ca_i:0..2 Tl_i:0..3 "},
    {"LiF_sg225_mp-1138_PBEsol_phononDB.POSCAR", "Mg,O",
     "v_Li:-1..1 v_F:-1..1 Li_F:0..2 F_Li:-2..0 Mg_Li:0..1 Mg_F:0..3 O_Li:-3..0 O_F:-1..0 Li_i:0..1 F_i:-1..0 "
     "Mg_i:0..2 O_i:-2..0 "},
    {"Si_sg227_mp-149_PBEsol_phononDB.POSCAR", "P,B",
     "v_Si:-1..1 B_Si:0..3 P_Si:-1..5 Si_i:0..4 B_i:0..3 P_i:-1..5 "},
    {"Cl3CsPb_sg221_mp-23037_PBEsol_phononDB.POSCAR", "Bi,Ag",
     "v_Cl:-1..1 v_Cs:-1..1 v_Pb:-2..1 Cl_Cs:-2..0 Cl_Pb:-3..0 Cs_Cl:0..2 Cs_Pb:-1..0 Pb_Cl:0..3 Pb_Cs:0..3 "
     "Ag_Cl:0..3 Ag_Cs:0..1 Ag_Pb:-1..1 Bi_Cl:0..4 Bi_Cs:0..2 Bi_Pb:-1..1 Cl_i:-1..0 Cs_i:0..1 Pb_i:0..2 "
     "Ag_i:0..2 Bi_i:0..3 "},
    {"Cs2SnBr6_sg225_mp-641923_PBEsol_phononDB.POSCAR", "Sb,I",
     "v_Cs:-1..1 v_Sn:-4..1 v_Br:-1..1 Cs_Sn:-3..0 Cs_Br:0..2 Sn_Cs:0..3 Sn_Br:0..5 Br_Cs:-2..0 Br_Sn:-5..1 "
     "Sb_Cs:-4..4 Sb_Sn:-7..1 Sb_Br:-2..6 I_Cs:-2..4 I_Sn:-5..1 I_Br:-1..1 Cs_i:0..1 Sn_i:0..4 Br_i:-1..0 "
     "Sb_i:-3..5 I_i:-1..5 "},
    {"I2Pb_sg164_mp-22893_PBEsol_phononDB.POSCAR", "Cu,Cs",
     "v_I:-1..1 v_Pb:-2..1 I_Pb:-3..0 Pb_I:0..3 Cs_I:0..2 Cs_Pb:-1..0 Cu_I:0..3 Cu_Pb:-1..1 I_i:-1..1 "
     "Pb_i:0..2 Cs_i:0..1 Cu_i:0..2 "},
    {"Bi2Se3_sg166_mp-541837_PBEsol_phononDB.POSCAR", "Cu,Sn",
     "v_Bi:-3..1 v_Se:-1..2 Bi_Se:0..5 Se_Bi:-5..1 Cu_Bi:-2..0 Cu_Se:0..4 Sn_Bi:-1..1 Sn_Se:0..6 Bi_i:0..3 "
     "Se_i:-2..4 Cu_i:0..3 Sn_i:0..4 "},
    {"S2CuGa_sg122_mp-5238_PBEsol_phononDB.POSCAR", "Zn,Ge",
     "v_Ga:-3..1 v_Cu:-1..1 v_S:-1..2 Ga_Cu:0..2 Ga_S:0..5 Cu_Ga:-2..0 Cu_S:0..4 S_Ga:-5..3 S_Cu:-3..3 "
     "Zn_Ga:-1..0 Zn_Cu:0..1 Zn_S:0..4 Ge_Ga:-1..1 Ge_Cu:0..3 Ge_S:0..6 Ga_i:0..3 Cu_i:0..3 S_i:-2..2 "
     "Zn_i:0..2 Ge_i:0..4 "},
    {"GeSe_sg62_mp-700_PBEsol_phononDB.POSCAR", "Ag,Sb",
     "v_Ge:-2..1 v_Se:-1..2 Ge_Se:0..6 Se_Ge:-4..2 Ag_Ge:-1..1 Ag_Se:0..3 Sb_Ge:-5..3 Sb_Se:-1..5 Ge_i:0..4 "
     "Se_i:-2..0 Ag_i:0..2 Sb_i:-3..5 "},
    {"TePb_sg225_mp-19717_PBEsol_phononDB.POSCAR", "Tl,I",
     "v_Te:-1..2 v_Pb:-2..1 Te_Pb:-4..2 Pb_Te:0..4 Tl_Te:0..5 Tl_Pb:-1..1 I_Te:0..1 I_Pb:-3..0 Te_i:-2..4 "
     "Pb_i:0..2 Tl_i:0..3 I_i:-1..1 "},
    {"SZn_sg216_mp-10695_PBEsol_phononDB.POSCAR", "Cu,Eu",
     "v_Zn:-2..1 v_S:-1..2 Zn_S:0..4 S_Zn:-4..2 Eu_Zn:0..1 Eu_S:0..5 Cu_Zn:-1..1 Cu_S:0..4 Zn_i:0..2 "
     "S_i:-2..2 Eu_i:0..3 Cu_i:0..2 "},
    {"S2InTl_sg194_mp-20042_PBEsol_phononDB.POSCAR", "Sn,O",
     "v_S:-1..2 v_In:-3..1 v_Tl:-1..1 S_In:-5..3 S_Tl:-3..3 In_S:0..5 In_Tl:0..2 Tl_S:0..5 Tl_In:-2..0 "
     "Sn_S:0..6 Sn_In:-1..1 Sn_Tl:0..3 O_S:-1..1 O_In:-5..0 O_Tl:-3..0 S_i:-2..2 In_i:0..3 Tl_i:0..3 "
     "Sn_i:0..4 O_i:-2..0 "},
    {"IrSe2_mp-1361_PBE_matcalc.POSCAR", "Pt,S",
     "v_Ir:-4..1 v_Se:-1..2 Ir_Se:0..7 Se_Ir:-6..0 Pt_Ir:-2..0 Pt_Se:0..6 S_Ir:-6..2 S_Se:0..1 Ir_i:0..5 "
     "Se_i:-2..4 Pt_i:0..4 S_i:-2..4 "},
    {"SiP2Zn_sg122_mp-4763_PBEsol_phononDB.POSCAR", "B,H",
     "v_Zn:-2..1 v_Si:-4..1 v_P:-1..3 Zn_Si:-2..0 Zn_P:0..5 Si_Zn:0..2 Si_P:-1..7 P_Zn:-5..3 P_Si:-7..1 "
     "H_Zn:-3..0 H_Si:-5..0 H_P:0..4 B_Zn:-1..1 B_Si:-1..0 B_P:0..6 Zn_i:0..2 Si_i:-4..4 P_i:-3..5 H_i:-1..1 "
     "B_i:-3..3 "},
    {"O2Hf_sg61_mp-1858_PBEsol_phononDB.POSCAR", "Ta,N",
     "v_O:-1..2 v_Hf:-4..1 O_Hf:-6..0 Hf_O:0..6 Ta_O:0..7 Ta_Hf:-3..1 N_O:-1..5 N_Hf:-7..1 O_i:-2..0 "
     "Hf_i:0..4 Ta_i:0..5 N_i:-3..5 "},
    {"Cs2AgBiBr6_SMTG.POSCAR", "Sn,Cl",
     "v_Bi:-3..1 v_Ag:-1..1 v_Cs:-1..1 v_Br:-1..1 Bi_Ag:0..2 Bi_Cs:0..2 Bi_Br:0..4 Ag_Bi:-2..0 Ag_Cs:-1..2 "
     "Ag_Br:0..3 Cs_Bi:-2..0 Cs_Ag:-1..1 Cs_Br:0..2 Br_Bi:-4..0 Br_Ag:-2..0 Br_Cs:-2..0 Sn_Bi:-1..1 "
     "Sn_Ag:0..3 Sn_Cs:0..3 Sn_Br:0..5 Cl_Bi:-4..0 Cl_Ag:-2..0 Cl_Cs:-2..0 Cl_Br:-1..1 Bi_i:0..3 Ag_i:0..3 "
     "Cs_i:0..1 Br_i:-1..0 Sn_i:0..4 Cl_i:-1..0 "},
    {"GeS2_sg142_mp-622213_PBEsol_phononDB.POSCAR", "P,Cl",
     "v_Ge:-4..1 v_S:-1..2 Ge_S:0..6 S_Ge:-6..2 P_Ge:-7..1 P_S:-1..7 Cl_Ge:-5..0 Cl_S:0..1 Ge_i:0..4 "
     "S_i:-2..4 P_i:-3..5 Cl_i:-1..0 "},
    {"InAs_sg216_mp-20305_PBE_matcalc.POSCAR", "Te,Pu",
     "v_In:-3..1 v_As:-1..3 In_As:0..6 As_In:-6..2 Pu_In:0..1 Pu_As:0..7 Te_In:-5..3 Te_As:0..7 In_i:0..3 "
     "As_i:-3..5 Pu_i:0..4 Te_i:-2..4 "},
};

/* The defect "Te_Cd" (or "v_Cd", "Cd_i") of a host, as far as its charges depend on it. */
static skd_defect defect_of(const char *name, size_t length, const skd_host_states *states, skd_cell *host) {
    const char *bar = memchr(name, '_', length);
    skd_span first = {name, (size_t)(bar - name)}, last = {bar + 1, length - first.n - 1};
    skd_defect d = {.kind = SKD_SUBSTITUTION, .bulk = host};
    d.added = skd_element_number(first); /* 0 for "v" */
    d.removed = skd_element_number(last);
    if (skd_span_is(first, "v")) { /* not vanadium, whose symbol is "V" */
        d.kind = SKD_VACANCY;
        d.added = 0;
    }
    if (skd_span_is(last, "i"))
        d.kind = SKD_INTERSTITIAL;
    d.oxidation_removed = d.removed ? states->state[d.removed] : 0;
    d.oxidation_change = (d.added ? states->state[d.added] : 0) - d.oxidation_removed;
    for (size_t i = 0; i < host->n; i++)
        if (abs(states->state[host->species[i]]) > d.oxidation_max)
            d.oxidation_max = abs(states->state[host->species[i]]);
    return d;
}

static void ranges_are_dopeds(void **state) {
    (void)state;
    NEED_SHARED(shared);
    size_t n = 0, wrong = 0;
    for (size_t i = 0; i < sizeof doped / sizeof *doped; i++) {
        skd_error err;
        skd_host_states states;
        skd_cell *host = read_host(shared, doped[i].host);
        CHECK_OK(skd_host_states_of(&states, host, &guessed, &err));
        for (const char *p = doped[i].charges; *p; p += strcspn(p, " "), p += *p == ' ') {
            size_t length = strcspn(p, ":");
            skd_defect d = defect_of(p, length, &states, host);
            skd_charge_range got = skd_charges_probable(&d, 1), want;
            CHECK_INT(sscanf(p + length, ":%d..%d", &want.low, &want.high), 2);
            n++;
            if (got.low == want.low && got.high == want.high)
                continue;
            wrong++;
            print_error("%s: %.*s %d..%d, doped %d..%d\n", doped[i].host, (int)length, p, got.low, got.high, want.low,
                        want.high);
        }
        skd_cell_free(host);
    }
    print_message("  %zu of %zu kinds of defects have doped's charge states\n", n - wrong, n);
    CHECK_INT(wrong, 0);
}

static void defects_know_what_their_charges_need(void **state) {
    (void)state;
    static const int extrinsic[] = {17}, matrix[3][3] = {{-2, 2, 2}, {2, -2, 2}, {2, 2, -2}};
    static const struct {
        const char *name;
        skd_charge_range probable, ionised;
    } rows[] = { /* doped 3.2.1; ShakeNBreak 3.4.4 (Defect.get_charge_states(padding=1)) */
        {"v_Cd", {-2, 1}, {-3, 1}}, {"v_Te", {-1, 2}, {-1, 3}},  {"Cd_Te", {0, 4}, {-1, 5}},
        {"Te_Cd", {-4, 2}, {-5, 1}}, {"Cl_Cd", {-3, 0}, {-2, 1}}, {"Cl_Te", {0, 1}, {-1, 2}},
        {"Cd_i", {0, 2}, {-1, 3}},   {"Te_i", {-2, 4}, {-1, 7}},  {"Cl_i", {-1, 0}, {-1, 8}},
    };
    skd_error err;
    skd_cell *host = cubic_host(6.543384, 48, 52, 0.25), *primitive;
    skd_defect_list list;
    skd_defect_options options = guessed;
    options.extrinsic = extrinsic;
    options.n_extrinsic = 1;
    options.interstitials = true;
    CHECK_OK(skd_primitive(&primitive, host, SKD_SYMPREC, &err));
    CHECK_OK(skd_defects_of(&list, primitive, matrix, &options, &err));
    CHECK_INT(list.n, 15); /* each interstitial on three sites */
    for (size_t i = 0; i < list.n; i++) {
        skd_charge_range probable = skd_charges_probable(list.defect[i], 1),
                         ionised = skd_charges_ionised(list.defect[i], 1);
        size_t row = i < 6 ? i : 6 + (i - 6) / 3;
        CHECK(strncmp(list.defect[i]->name, rows[row].name, strlen(rows[row].name)) == 0);
        CHECK(probable.low == rows[row].probable.low && probable.high == rows[row].probable.high);
        CHECK(ionised.low == rows[row].ionised.low && ionised.high == rows[row].ionised.high);
        CHECK_INT(list.defect[i]->oxidation_max, 2);
    }
    skd_defect_list_free(&list);
    skd_cell_free(primitive);
    skd_cell_free(host);
}

static void padding_widens_vacancies(void **state) {
    (void)state;
    skd_cell *host = cubic_host(6.543384, 48, 52, 0.25);
    const skd_defect v_cd = {.removed = 48, .oxidation_change = -2, .bulk = host},
                     v_te = {.removed = 52, .oxidation_change = 2, .bulk = host},
                     neutral = {.removed = 14, .bulk = host};
    static const int padding[] = {0, 1, 3};
    for (int k = 0; k < 3; k++) {
        int p = padding[k];
        CHECK(skd_charges_probable(&v_cd, p).low == -2 && skd_charges_probable(&v_cd, p).high == p);
        CHECK(skd_charges_probable(&v_te, p).low == -p && skd_charges_probable(&v_te, p).high == 2);
        CHECK(skd_charges_probable(&neutral, p).low == -p && skd_charges_probable(&neutral, p).high == p);
        CHECK(skd_charges_ionised(&v_cd, p).low == -2 - p && skd_charges_ionised(&v_cd, p).high == p);
        CHECK(skd_charges_ionised(&v_te, p).low == -p && skd_charges_ionised(&v_te, p).high == 2 + p);
    }
    skd_cell_free(host);
}

/* identify_defect and get_charge_states(1) of ShakeNBreak 3.4.4 with doped 3.2.1, CdTe; 2026-11-21. */
static void full_ionisation_is_shakenbreaks(void **state) {
    (void)state;
    static const char rows[] =
        "v_Cd:-3..1 v_Te:-1..3 Cd_Te:-1..5 Te_Cd:-5..1 Cl_Cd:-2..1 Cl_Te:-1..2 Cd_i:-1..3 Te_i:-1..7 Cl_i:-1..8 "
        "As_Cd:-1..2 As_Te:-2..1 As_i:-1..6 Pt_Cd:-1..1 Pt_Te:-1..5 Pt_i:-1..5 Al_Cd:-1..2 Al_Te:-1..6 Al_i:-1..4 "
        "Mn_Cd:-1..1 Mn_Te:-1..5 Mn_i:-1..8 H_Cd:-2..1 H_Te:-1..2 H_i:-2..1 O_Cd:-5..1 O_Te:-1..1 O_i:-3..1 "
        "I_Cd:-2..1 I_Te:-1..2 I_i:-1..8 Sb_Cd:-1..2 Sb_Te:-2..1 Sb_i:-1..6 ";
    skd_error err;
    skd_host_states states;
    skd_cell *host = cubic_host(6.543384, 48, 52, 0.25);
    CHECK_OK(skd_host_states_of(&states, host, &guessed, &err));
    for (const char *p = rows; *p; p += strcspn(p, " "), p += *p == ' ') {
        size_t length = strcspn(p, ":");
        skd_defect d = defect_of(p, length, &states, host);
        skd_charge_range got = skd_charges_ionised(&d, 1), want;
        CHECK_INT(sscanf(p + length, ":%d..%d", &want.low, &want.high), 2);
        if (got.low != want.low || got.high != want.high)
            print_error("%.*s %d..%d\n", (int)length, p, got.low, got.high);
        CHECK(got.low == want.low && got.high == want.high);
    }
    states.state[17] = 5; /* the user's word */
    skd_defect cl_cd = defect_of("Cl_Cd", 5, &states, host);
    CHECK_INT(skd_charges_ionised(&cl_cd, 0).high, 3);
    skd_cell_free(host);
}

#ifdef SKD_TORTURE
static void every_allocation_failure_is_survived(void **state) {
    (void)state;
    skd_error err;
    skd_host_states states;
    skd_cell *cells[] = {cubic_host(6.543384, 48, 52, 0.25), cubic_host(4.86, 78, 16, 0.5)};
    for (size_t i = 0; i < 2; i++) {
        for (long k = 0;; k++) {
            skd_alloc_fail_at = k;
            skd_status status = skd_host_states_of(&states, cells[i], &guessed, &err);
            if (status == SKD_OK)
                break;
            CHECK_INT(status, SKD_ENOMEM);
        }
        skd_alloc_fail_at = -1;
        skd_cell_free(cells[i]);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_dopeds),
        cmocka_unit_test(bond_lengths_give_the_states_of_simple_crystals),
        cmocka_unit_test(a_supercell_has_the_states_of_its_cell),
        cmocka_unit_test(elements_and_alloys_have_none),
        cmocka_unit_test(without_bond_parameters_the_composition_decides),
        cmocka_unit_test(the_user_has_the_last_word),
        cmocka_unit_test(ranges_are_dopeds),
        cmocka_unit_test(defects_know_what_their_charges_need),
        cmocka_unit_test(padding_widens_vacancies),
        cmocka_unit_test(full_ionisation_is_shakenbreaks),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_failure_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
