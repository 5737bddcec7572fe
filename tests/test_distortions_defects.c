/* SPDX-License-Identifier: MIT */
/* test_distortions_defects.c - defects of a host: their names, sites and counts as doped gives them; and
 * defects recognised from two structures. */
#include "check.h"

#include "shakedown/data.h"
#include "shakedown/distortions.h"

static skd_cell *read_cell(const char *path) {
    skd_error err;
    skd_frame *frame;
    skd_cell *cell;
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_OK(skd_cell_copy(&cell, frame->cell, &err));
    skd_frame_free(frame);
    return cell;
}

static const int identity[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static void make_defects(skd_defect_list *out, const skd_cell *host, const int matrix[3][3], const int *extrinsic,
                         size_t n_extrinsic) {
    skd_error err;
    skd_cell *primitive;
    skd_defect_options options = {.vacancies = true, .antisites = true};
    options.extrinsic = extrinsic;
    options.n_extrinsic = n_extrinsic;
    CHECK_OK(skd_primitive(&primitive, host, SKD_SYMPREC, &err));
    CHECK_OK(skd_defects_of(out, primitive, matrix, &options, &err));
    skd_cell_free(primitive);
}

/* Cubic rock salt or zinc blende, conventional cell of 8. */
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

static const int conventional_3[3][3] = {{-3, 3, 3}, {3, -3, 3}, {3, 3, -3}};
static const int conventional_2[3][3] = {{-2, 2, 2}, {2, -2, 2}, {2, 2, -2}};

/* ---- names ------------------------------------------------------------------------------- */

/* "name:multiplicity wyckoff" as doped 3.2.1 gives them (DefectsGenerator without interstitials, spglib 2.8,
 * pymatgen 2026.10.24; 2026-11-21). */
static const struct {
    const char *host, *defects;
} doped[] = {
    {"CdTe_sg216_mp-406_PBEsol_phononDB.POSCAR",
     "v_Cd:1a v_Te:1c Cd_Te:1c Te_Cd:1a "},
    {"O2Sn_sg136_mp-856_PBEsol_phononDB.POSCAR",
     "v_Sn:2a v_O:4f Sn_O:4f O_Sn:2a "},
    {"Si_sg227_mp-149_PBEsol_phononDB.POSCAR",
     "v_Si:2a "},
    {"O3Ga2_sg12_mp-886_PBEsol_phononDB.POSCAR",
     "v_Ga_Cs_O1.84:2i v_Ga_Cs_O1.94:2i v_O_Cs_Ga1.84Ga1.94:2i v_O_Cs_Ga1.84Ga1.95:2i v_O_Cs_Ga1.87:2i "
     "Ga_O_Cs_Ga1.84Ga1.94:2i Ga_O_Cs_Ga1.84Ga1.95:2i Ga_O_Cs_Ga1.87:2i O_Ga_Cs_O1.84:2i O_Ga_Cs_O1.94:2i "},
    {"O3TiSr_sg221_mp-5229_PBEsol_phononDB.POSCAR",
     "v_Sr:1a v_Ti:1b v_O:3c Sr_Ti:1b Sr_O:3c Ti_Sr:1a Ti_O:3c O_Sr:1a O_Ti:1b "},
    {"S3Sb2_sg62_mp-2809_PBEsol_phononDB.POSCAR",
     "v_Sb_Cs_S2.50:4c v_Sb_Cs_S2.56:4c v_S_Cs_Sb2.50:4c v_S_Cs_Sb2.56:4c v_S_Cs_Sb2.57:4c "
     "Sb_S_Cs_Sb2.50:4c Sb_S_Cs_Sb2.56:4c Sb_S_Cs_Sb2.57:4c S_Sb_Cs_S2.50:4c S_Sb_Cs_S2.56:4c "},
    {"S2AgIn_sg33_mp-21459_PBEsol_phononDB.POSCAR",
     "v_In:4a v_Ag:4a v_S_C1_In2.47Ag2.50Ag2.53:4a v_S_C1_In2.47Ag2.50S3.97:4a In_Ag:4a "
     "In_S_C1_In2.47Ag2.50Ag2.53:4a In_S_C1_In2.47Ag2.50S3.97:4a Ag_In:4a Ag_S_C1_In2.47Ag2.50Ag2.53:4a "
     "Ag_S_C1_In2.47Ag2.50S3.97:4a S_In:4a S_Ag:4a "},
    {"O3In2_sg206_mp-22598_PBEsol_phononDB.POSCAR",
     "v_In_C2:12d v_In_C3i:4a v_O:24e In_O:24e O_In_C2:12d O_In_C3i:4a "},
    {"OZn_sg186_mp-2133_PBEsol_phononDB.POSCAR",
     "v_Zn:2b v_O:2b Zn_O:2b O_Zn:2b "},
    {"SiP2Zn_sg122_mp-4763_PBEsol_phononDB.POSCAR",
     "v_Zn:2a v_Si:2b v_P:4d Zn_Si:2b Zn_P:4d Si_Zn:2a Si_P:4d P_Zn:2a P_Si:2b "},
    {"TlGaSe2_sg9_mp-680555_PBEsol_phononDB.POSCAR",
     "v_Tl_C1_Se3.20:2a v_Tl_C1_Se3.23:2a v_Tl_C1_Se3.26:2a v_Tl_C1_Se3.27:2a v_Ga_C1_Se2.39:2a "
     "v_Ga_C1_Se2.40Ga3.72:2a v_Ga_C1_Se2.40Ga3.75:2a v_Ga_C1_Se2.41:2a v_Se_C1_Ga2.39:2a "
     "v_Se_C1_Ga2.40Ga2.43:2a v_Se_C1_Ga2.40Tl3.20:2a v_Se_C1_Ga2.40Tl3.39:2a v_Se_C1_Ga2.41:2a "
     "v_Se_C1_Ga2.42Tl3.22:2a v_Se_C1_Ga2.42Tl3.23:2a v_Se_C1_Ga2.42Tl3.24:2a Tl_Ga_C1_Se2.39:2a "
     "Tl_Ga_C1_Se2.40Ga3.72:2a Tl_Ga_C1_Se2.40Ga3.75:2a Tl_Ga_C1_Se2.41:2a Tl_Se_C1_Ga2.39:2a "
     "Tl_Se_C1_Ga2.40Ga2.43:2a Tl_Se_C1_Ga2.40Tl3.20:2a Tl_Se_C1_Ga2.40Tl3.39:2a Tl_Se_C1_Ga2.41:2a "
     "Tl_Se_C1_Ga2.42Tl3.22:2a Tl_Se_C1_Ga2.42Tl3.23:2a Tl_Se_C1_Ga2.42Tl3.24:2a Ga_Tl_C1_Se3.20:2a "
     "Ga_Tl_C1_Se3.23:2a Ga_Tl_C1_Se3.26:2a Ga_Tl_C1_Se3.27:2a Ga_Se_C1_Ga2.39:2a "
     "Ga_Se_C1_Ga2.40Ga2.43:2a Ga_Se_C1_Ga2.40Tl3.20:2a Ga_Se_C1_Ga2.40Tl3.39:2a Ga_Se_C1_Ga2.41:2a "
     "Ga_Se_C1_Ga2.42Tl3.22:2a Ga_Se_C1_Ga2.42Tl3.23:2a Ga_Se_C1_Ga2.42Tl3.24:2a Se_Tl_C1_Se3.20:2a "
     "Se_Tl_C1_Se3.23:2a Se_Tl_C1_Se3.26:2a Se_Tl_C1_Se3.27:2a Se_Ga_C1_Se2.39:2a "
     "Se_Ga_C1_Se2.40Ga3.72:2a Se_Ga_C1_Se2.40Ga3.75:2a Se_Ga_C1_Se2.41:2a "},
    {"SSbI_sg62_mp-23041_PBEsol_phononDB.POSCAR",
     "v_Sb:4c v_S:4c v_I:4c Sb_S:4c Sb_I:4c S_Sb:4c S_I:4c I_Sb:4c I_S:4c "},
};

static void names_are_dopeds(void **state) {
    (void)state;
    NEED_SHARED(shared);
    for (size_t row = 0; row < sizeof doped / sizeof *doped; row++) {
        char path[1024], token[96], list[4096];
        skd_defect_list defects;
        snprintf(path, sizeof path, "%s/data/hosts/%s", shared, doped[row].host);
        skd_cell *host = read_cell(path);
        make_defects(&defects, host, identity, NULL, 0);
        size_t wanted = 0;
        for (const char *p = doped[row].defects; *p; p++)
            wanted += *p == ' ';
        snprintf(list, sizeof list, " %s", doped[row].defects);
        for (size_t i = 0; i < defects.n; i++) {
            const skd_defect *d = defects.defect[i];
            snprintf(token, sizeof token, " %s:%zu%c ", d->name, d->multiplicity, d->wyckoff);
            if (!strstr(list, token))
                print_error("  %s: doped has no '%s'\n", doped[row].host, token);
            CHECK(strstr(list, token));
        }
        CHECK_INT(defects.n, wanted);
        skd_defect_list_free(&defects);
        skd_cell_free(host);
    }
}

/* ---- cells ------------------------------------------------------------------------------- */

static const skd_defect *defect_named(const skd_defect_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->defect[i]->name, name) == 0)
            return list->defect[i];
    print_error("no defect %s\n", name);
    fail();
    return NULL;
}

static void a_vacancy_lacks_one_atom_in_the_middle(void **state) {
    (void)state;
    skd_cell *si = cubic_host(5.43095, 14, 14, 0.25);
    skd_defect_list defects;
    make_defects(&defects, si, conventional_3, NULL, 0);
    CHECK_INT(defects.n, 1);
    const skd_defect *v = defects.defect[0];
    CHECK_TEXT(v->name, "v_Si");
    CHECK_TEXT(v->site_symmetry, "Td");
    CHECK_INT(v->bulk->n, 216);
    CHECK_INT(v->cell->n, 215);
    CHECK(v->index == SIZE_MAX);
    CHECK(!v->oxidation_known);
    CHECK_INT(v->oxidation_change, 0);
    for (int k = 0; k < 3; k++)
        CHECK(fabs(v->site[k] - 0.5) < 0.13);
    skd_defect_list_free(&defects);
    skd_cell_free(si);
}

static void foreign_atoms_sit_on_every_site(void **state) {
    (void)state;
    static const int extrinsic[] = {17, 34};
    skd_cell *cdte = cubic_host(6.543384, 48, 52, 0.25);
    skd_defect_list defects;
    make_defects(&defects, cdte, conventional_2, extrinsic, 2);
    static const struct {
        const char *name;
        int change;
    } rows[] = {{"v_Cd", -2}, {"v_Te", 2}, {"Cd_Te", 4}, {"Te_Cd", -4}, {"Cl_Cd", -3}, {"Cl_Te", 1},
                {"Se_Cd", -4}, {"Se_Te", 0}};
    CHECK_INT(defects.n, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < defects.n; i++) {
        const skd_defect *d = defect_named(&defects, rows[i].name);
        CHECK_INT(d->oxidation_change, rows[i].change);
        CHECK(d->oxidation_known);
        if (!d->added)
            continue;
        double point[3];
        CHECK_INT(d->cell->species[d->index], d->added);
        CHECK_INT(d->cell->n, 64);
        skd_row_times(d->site, d->cell->lattice, point);
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(d->cell->pos[d->index][k] - point[k],
                        nearbyint((d->cell->pos[d->index][k] - point[k]) / 13.086768) * 13.086768, 1e-9, 0.0);
    }
    skd_defect_list_free(&defects);
    skd_cell_free(cdte);
}

static void like_atoms_stand_together(void **state) {
    (void)state;
    static const int extrinsic[] = {34};
    skd_cell *cdte = cubic_host(6.543384, 48, 52, 0.25);
    skd_defect_list defects;
    make_defects(&defects, cdte, conventional_2, extrinsic, 1);
    for (size_t i = 0; i < defects.n; i++) {
        const skd_cell *cell = defects.defect[i]->cell;
        int changes = 0;
        for (size_t j = 1; j < cell->n; j++)
            changes += cell->species[j] != cell->species[j - 1];
        CHECK_INT(changes, skd_cell_count(cell, 34) ? 2 : 1);
        CHECK_INT(cell->species[0], 48);
    }
    skd_defect_list_free(&defects);
    skd_cell_free(cdte);
}

static void overridden_oxidation_states_count(void **state) {
    (void)state;
    skd_error err;
    static const int species[] = {48}, states[] = {1};
    skd_cell *cdte = cubic_host(6.543384, 48, 52, 0.25);
    skd_defect_options options = {.vacancies = true, .oxidation_species = species, .oxidation_state = states};
    options.n_oxidation = 1;
    skd_defect_list defects;
    CHECK_OK(skd_defects_of(&defects, cdte, identity, &options, &err));
    CHECK_INT(defect_named(&defects, "v_Cd")->oxidation_change, -1);
    CHECK_INT(defect_named(&defects, "v_Te")->oxidation_change, 2);
    skd_defect_list_free(&defects);
    skd_cell_free(cdte);
}

/* ---- recognised from two structures ------------------------------------------------------ */

static skd_rng *shaken(skd_cell *cell, double stdev, uint32_t seed) {
    skd_rng *rng;
    skd_error err;
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += stdev * skd_rng_normal(rng);
    return rng;
}

static void defects_are_found_in_shaken_cells(void **state) {
    (void)state;
    static const int extrinsic[] = {34};
    skd_cell *cdte = cubic_host(6.543384, 48, 52, 0.25);
    skd_defect_list defects;
    make_defects(&defects, cdte, conventional_2, extrinsic, 1);
    for (size_t i = 0; i < defects.n; i++) {
        const skd_defect *made = defects.defect[i];
        skd_error err;
        skd_cell *cell;
        skd_defect *found;
        CHECK_OK(skd_cell_copy(&cell, made->cell, &err));
        skd_rng_free(shaken(cell, 0.21, (uint32_t)i));
        for (size_t j = 0; j < cell->n; j++) /* another origin too */
            cell->pos[j][0] += 0.37;
        CHECK_OK(skd_defect_identify(&found, made->bulk, cell, NULL, NULL, &err));
        CHECK_TEXT(found->name, made->name);
        CHECK_INT(found->kind, made->kind);
        CHECK_INT(found->oxidation_change, made->oxidation_change);
        CHECK_INT(found->index, made->index);
        CHECK_INT(found->multiplicity, made->multiplicity);
        CHECK_TEXT(found->site_symmetry, made->site_symmetry);
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(found->site[k] - made->site[k], k ? 0.0 : 0.37 / 13.086768, 0.1 / 13.086768, 0.0);
        skd_defect_free(found);
        skd_cell_free(cell);
    }
    skd_defect_list_free(&defects);
    skd_cell_free(cdte);
}

/* ShakeNBreak takes a site index of 0 for "not given"; a defect at atom 0 must work as any other. */
static void the_first_atom_can_be_the_defect(void **state) {
    (void)state;
    skd_error err;
    skd_cell *unit = cubic_host(4.2119, 12, 8, 0.5), *bulk, *cell;
    static const int twice[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    skd_defect *found;
    CHECK_OK(skd_supercell(&bulk, unit, twice, NULL, &err));
    CHECK_OK(skd_cell_copy(&cell, bulk, &err));
    cell->species[0] = 20;
    const double site[3] = {0.01, 0.99, 0.0};
    for (int with_site = 0; with_site < 2; with_site++) {
        CHECK_OK(skd_defect_identify(&found, bulk, cell, with_site ? site : NULL, NULL, &err));
        CHECK_TEXT(found->name, "Ca_Mg");
        CHECK_INT(found->index, 0);
        CHECK_INT(found->oxidation_change, 0);
        skd_defect_free(found);
    }
    skd_cell_free(cell);
    skd_cell_free(bulk);
    skd_cell_free(unit);
}

static void interstitials_carry_their_symmetry(void **state) {
    (void)state;
    skd_error err;
    skd_cell *unit = cubic_host(6.543384, 48, 52, 0.25), *cell;
    skd_defect *found;
    CHECK_OK(skd_cell_new(&cell, 9, &err));
    memcpy(cell->lattice, unit->lattice, sizeof cell->lattice);
    memcpy(cell->species + 1, unit->species, 8 * sizeof *cell->species);
    memcpy(cell->pos + 1, unit->pos, 8 * sizeof *cell->pos);
    cell->species[0] = 48;
    for (int k = 0; k < 3; k++)
        cell->pos[0][k] = 0.5 * 6.543384;
    CHECK_OK(skd_defect_identify(&found, unit, cell, NULL, NULL, &err));
    CHECK_TEXT(found->name, "Cd_i_Td");
    CHECK_INT(found->kind, SKD_INTERSTITIAL);
    CHECK_INT(found->index, 0);
    CHECK_INT(found->oxidation_change, 2);
    CHECK_INT(found->multiplicity, 1);
    skd_defect_free(found);
    skd_cell_free(cell);
    skd_cell_free(unit);
}

static void what_is_not_one_point_defect_is_refused(void **state) {
    (void)state;
    skd_error err;
    skd_defect *found;
    skd_cell *bulk = cubic_host(6.543384, 48, 52, 0.25), *cell;
    CHECK_FAILS(skd_defect_identify(&found, bulk, bulk, NULL, NULL, &err), SKD_EARG, "composition of the bulk");
    static const size_t six[] = {0, 1, 3, 4, 5, 7};
    CHECK_OK(skd_cell_pick(&cell, bulk, six, 6, &err));
    CHECK_FAILS(skd_defect_identify(&found, bulk, cell, NULL, NULL, &err), SKD_EARG, "from the bulk by 2 atoms");
    CHECK(found == NULL);
    skd_cell_free(cell);
    static const size_t seven[] = {0, 1, 3, 4, 5, 6, 7};
    CHECK_OK(skd_cell_pick(&cell, bulk, seven, 7, &err));
    const double nowhere[3] = {0.3, 0.2, 0.2};
    CHECK_FAILS(skd_defect_identify(&found, bulk, cell, nowhere, NULL, &err), SKD_EARG, "no Cd atom of the bulk");
    cell->lattice[1][1] *= 1.2;
    CHECK_FAILS(skd_defect_identify(&found, bulk, cell, NULL, NULL, &err), SKD_EARG, "lattice vector 2");
    skd_cell_free(cell);
    skd_cell_free(bulk);
}

/* ---- the electron count ------------------------------------------------------------------ */

static void neighbours_follow_the_electron_count(void **state) {
    (void)state;
    /* change of oxidation state, charge, N; the values of ShakeNBreak's documentation */
    static const int rows[][3] = {{-2, 0, 2}, {-2, -2, 0}, {-2, -1, 1}, {2, 0, 2}, {2, 2, 0}, {4, 0, 4}, {4, 1, 3},
                                  {4, 4, 0}, {-4, 0, 4}, {-4, 2, 2}, {6, 0, 2}, {-6, 0, 2}, {8, 0, 0}, {0, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(skd_electron_count_rule(rows[i][0], rows[i][1]), rows[i][2]);
}

/* A cell without symmetry: the vacancy lacks the very atom that was asked for, under its number. */
static void sites_can_be_chosen_by_number(void **state) {
    (void)state;
    static const size_t site[] = {5, 2}, number[] = {15, 12};
    skd_error err;
    skd_cell *host = cubic_host(6.48, 48, 52, 0.25);
    skd_rng *rng = shaken(host, 0.05, 4);
    const skd_defect_options options = {
        .vacancies = true, .antisites = true, .interstitials = true, .site = site, .site_number = number, .n_sites = 2};
    static const char *const names[] = {"v_Cd_s12", "v_Te_s15", "Cd_Te_s15", "Te_Cd_s12"};
    skd_defect_list list;
    CHECK_OK(skd_defects_of(&list, host, identity, &options, &err));
    CHECK_INT(list.n, 4);
    for (size_t k = 0; k < 4; k++)
        CHECK(defect_named(&list, names[k]) != NULL);
    const skd_defect *vacancy = defect_named(&list, "v_Cd_s12");
    CHECK_INT(vacancy->cell->n, host->n - 1);
    for (size_t i = 0; i < vacancy->cell->n; i++)
        CHECK(memcmp(vacancy->cell->pos[i], host->pos[2], sizeof host->pos[2]) != 0);
    skd_defect_list_free(&list);
    skd_rng_free(rng);
    skd_cell_free(host);
}

static void entry_names_carry_signed_charges(void **state) {
    (void)state;
    char text[80];
    const skd_defect d = {.name = "v_Cd"};
    CHECK_TEXT(skd_defect_entry_name(&d, 2, text, sizeof text), "v_Cd_+2");
    CHECK_TEXT(skd_defect_entry_name(&d, -1, text, sizeof text), "v_Cd_-1");
    CHECK_TEXT(skd_defect_entry_name(&d, 0, text, sizeof text), "v_Cd_0");
}

#ifdef SKD_TORTURE
static void every_allocation_failure_is_survived(void **state) {
    (void)state;
    static const int extrinsic[] = {34};
    skd_error err;
    skd_cell *host = cubic_host(6.543384, 48, 52, 0.25), *primitive;
    CHECK_OK(skd_primitive(&primitive, host, SKD_SYMPREC, &err));
    const skd_defect_options options = {
        .vacancies = true, .antisites = true, .extrinsic = extrinsic, .n_extrinsic = 1};
    skd_defect_list list = {0};
    for (long k = 0;; k++) {
        skd_alloc_fail_at = k;
        skd_status status = skd_defects_of(&list, primitive, conventional_2, &options, &err);
        if (status == SKD_OK)
            break;
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(list.defect == NULL && list.n == 0);
    }
    for (long k = 0;; k++) {
        skd_defect *found;
        skd_alloc_fail_at = k;
        skd_status status =
            skd_defect_identify(&found, list.defect[0]->bulk, list.defect[0]->cell, NULL, &options, &err);
        if (status == SKD_OK) {
            skd_defect_free(found);
            break;
        }
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(found == NULL);
    }
    skd_alloc_fail_at = -1;
    skd_defect_list_free(&list);
    skd_cell_free(primitive);
    skd_cell_free(host);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_dopeds),
        cmocka_unit_test(a_vacancy_lacks_one_atom_in_the_middle),
        cmocka_unit_test(foreign_atoms_sit_on_every_site),
        cmocka_unit_test(like_atoms_stand_together),
        cmocka_unit_test(overridden_oxidation_states_count),
        cmocka_unit_test(defects_are_found_in_shaken_cells),
        cmocka_unit_test(the_first_atom_can_be_the_defect),
        cmocka_unit_test(interstitials_carry_their_symmetry),
        cmocka_unit_test(what_is_not_one_point_defect_is_refused),
        cmocka_unit_test(neighbours_follow_the_electron_count),
        cmocka_unit_test(sites_can_be_chosen_by_number),
        cmocka_unit_test(entry_names_carry_signed_charges),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_failure_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
