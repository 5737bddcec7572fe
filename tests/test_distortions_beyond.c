/* SPDX-License-Identifier: MIT */
/* test_distortions_beyond.c - dumbbells, split vacancies, pushes, swaps, subgroup chains, rattles and complexes: how
 * many there are and which symmetry they have (counted by hand from the orbits of the site's group), and distances. */
#include "check.h"

#include "shakedown/distortions.h"

/* ---- hosts ------------------------------------------------------------------------------- */

typedef struct crystal {
    double a;
    int z1, z2;
    double shift; /* of the second fcc lattice along each axis */
} crystal;
static const crystal si = {5.43095, 14, 14, 0.25}, cdte = {6.543384, 48, 52, 0.25}, mgo = {4.2119, 12, 8, 0.5},
                     inp = {5.8687, 49, 15, 0.25};

static skd_cell *primitive_of(const crystal *c) {
    static const double fcc[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    skd_error err;
    skd_cell *unit, *primitive;
    CHECK_OK(skd_cell_new(&unit, 8, &err));
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 3; k++) {
            unit->lattice[k][k] = c->a;
            unit->species[i] = i < 4 ? c->z1 : c->z2;
            unit->pos[i][k] = c->a * (fcc[i % 4][k] + (i < 4 ? 0.0 : c->shift));
        }
    CHECK_OK(skd_primitive(&primitive, unit, SKD_SYMPREC, &err));
    skd_cell_free(unit);
    return primitive;
}

/* m x m x m conventional cells. */
static void cubic_matrix(const skd_cell *primitive, double a, int m, int matrix[3][3]) {
    skd_error err;
    double inverse[3][3];
    CHECK_OK(skd_cell_inverse(primitive, inverse, &err));
    for (int i = 0; i < 9; i++)
        matrix[i / 3][i % 3] = (int)nearbyint(m * a * inverse[i / 3][i % 3]);
}

static skd_defect_list defects_in(const crystal *c, int m, bool interstitials) {
    skd_error err;
    int matrix[3][3];
    skd_defect_list list;
    skd_cell *primitive = primitive_of(c);
    const skd_defect_options options = {.vacancies = true, .antisites = true, .interstitials = interstitials};
    cubic_matrix(primitive, c->a, m, matrix);
    CHECK_OK(skd_defects_of(&list, primitive, (const int(*)[3])matrix, &options, &err));
    skd_cell_free(primitive);
    return list;
}

static const skd_defect *defect_named(const skd_defect_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strncmp(list->defect[i]->name, name, strlen(name)) == 0)
            return list->defect[i];
    print_error("no defect %s\n", name);
    fail();
    return NULL;
}

static skd_start_list starts_of(const skd_defect *defect, const char *kind, bool rattled) {
    skd_error err;
    skd_start_list list;
    skd_start_options options = SKD_START_DEFAULT;
    options.kind = &kind;
    options.n_kinds = 1;
    options.no_rattle = !rattled;
    options.n_rattles = 3;
    CHECK_OK(skd_starts_of(&list, defect, 0, &options, &err));
    return list;
}

static double distance(const skd_cell *cell, size_t i, size_t j) {
    skd_error err;
    skd_mic mic;
    double d[3];
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    return skd_mic_vector(&mic, cell->pos[i], cell->pos[j], d);
}

/* ---- what is made --------------------------------------------------------------------------- */

static const struct {
    const crystal *host;
    const char *defect, *kind, *starts; /* name:symmetry, in order */
} rows[] = {
    /* 13 directions about a site of symmetry Td: 3 + 6 + 4 (like atoms) or 3 + 6 + 4 + 4 (unlike) */
    {&si, "Si_i_Td", "split", "Split_Si_100:D2d Split_Si_110:C2v Split_Si_111:C3v"},
    {&si, "Si_i_D3d", "split", "Split_Si_100:D2d Split_Si_110:C2v Split_Si_111:C3v"},
    {&inp, "P_i_Td", "split", "Split_P_100:D2d Split_P_110:C2v Split_P_111:C3v"},
    {&inp, "P_i_Td", "split_unlike", "Split_In_100:C2v Split_In_110:Cs Split_In_111:C3v Split_In_11-1:C3v"},
    {&cdte, "Te_i_Td", "split", "Split_Te_100:D2d Split_Te_110:C2v Split_Te_111:C3v"},
    {&mgo, "O_i", "split", "Split_O_100:D4h Split_O_110:D2h Split_O_111:D3d"},
    {&mgo, "O_i", "split_unlike", "Split_Mg_100:C4v Split_Mg_110:C2v Split_Mg_111:C3v"},
    {&si, "v_Si", "split_vacancy", "Split_Vacancy_Si2.35:D3d"},
    {&cdte, "v_Cd", "split_vacancy", "Split_Vacancy_Cd4.63:C2v"},
    {&mgo, "v_O", "split_vacancy", "Split_Vacancy_O2.98:D2h"},
    /* pairs of four neighbours: 6, all equal; of six: 12 adjacent, 3 opposite */
    {&si, "v_Si", "push", "Push_Si-Si:C2v"},
    {&cdte, "Cd_Te", "push", "Push_Cd-Cd:C2v"},
    {&mgo, "v_O", "push", "Push_Mg-Mg:C2v Push_Mg-Mg_2:D4h"},
    /* each Te around v_Cd has 3 Cd; each Mg around v_O has one O behind it and 4 beside it */
    {&cdte, "v_Cd", "swap", "Swap_Cd-Te:Cs"},
    {&mgo, "v_O", "swap", "Swap_Mg-O:Cs Swap_Mg-O_2:C4v"},
    /* four neighbours: A1 + E + T1 + 2 T2; E gives D2d, T2 gives C3v and C2v, T1 gives S4, C3 and Cs; neither E nor
     * the T2 of C3v has an operation that turns it round */
    {&si, "v_Si", "subgroup",
     "Subgroup_D2d_out:D2d Subgroup_D2d_in:D2d Subgroup_C3v_out:C3v Subgroup_C3v_in:C3v Subgroup_S4:S4 "
     "Subgroup_C2v:C2v Subgroup_C3:C3 Subgroup_Cs:Cs"},
};

static void each_kind_makes_what_symmetry_tells_apart(void **state) {
    (void)state;
    skd_error err;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        skd_defect_list list = defects_in(rows[r].host, 2, strstr(rows[r].defect, "_i") != NULL);
        skd_start_list starts = starts_of(defect_named(&list, rows[r].defect), rows[r].kind, false);
        char made[600] = "";
        for (size_t i = 0; i < starts.n; i++) {
            skd_symmetry *symmetry;
            size_t used = strlen(made);
            CHECK(!starts.start[i].dropped);
            CHECK_OK(skd_symmetry_find(&symmetry, starts.start[i].cell, SKD_SYMPREC, &err));
            snprintf(made + used, sizeof made - used, "%s%s:%s", i ? " " : "", starts.start[i].name,
                     symmetry->schoenflies);
            skd_symmetry_free(symmetry);
        }
        CHECK_TEXT(made, rows[r].starts);
        skd_start_list_free(&starts);
        skd_defect_list_free(&list);
    }
}

/* Names say the symmetry. Six neighbours: A1g + Eg + T1g + T2g + 2 T1u + T2u (an atom at the centre: one more T1u)
 * have patterns of one parameter with D4h (two signs) from Eg; D2h and D3d (two signs) from T2g; C4v, C3v, C2v from
 * T1u; C4h, C3i, C2h from T1g; D2d, D3 and the same C2v from T2u: 13. */
static void subgroup_chains_keep_just_their_subgroup(void **state) {
    (void)state;
    static const char *const defects[] = {"v_O", "Mg_O"};
    skd_error err;
    skd_defect_list list = defects_in(&mgo, 2, false);
    for (size_t k = 0; k < 2; k++) {
        const skd_defect *defect = defect_named(&list, defects[k]);
        skd_start_list starts = starts_of(defect, "subgroup", true); /* rattled or not: these are not */
        CHECK_INT(starts.n, 13);
        for (size_t i = 0; i < starts.n; i++) {
            const skd_start *s = &starts.start[i];
            const char *name = s->name + strlen("Subgroup_");
            skd_symmetry *symmetry;
            double most = 0.0;
            CHECK_OK(skd_symmetry_find(&symmetry, s->cell, SKD_SYMPREC, &err));
            CHECK_INT(strcspn(name, "_"), strlen(symmetry->schoenflies));
            CHECK(strncmp(name, symmetry->schoenflies, strlen(symmetry->schoenflies)) == 0);
            skd_symmetry_free(symmetry);
            for (size_t a = 0; a < s->cell->n; a++) {
                double d[3];
                for (int c = 0; c < 3; c++)
                    d[c] = s->cell->pos[a][c] - defect->cell->pos[a][c];
                most = fmax(most, skd_norm(d));
            }
            CHECK_CLOSE(most, 0.2 * 4.2119 / 2, 1e-6, 0.0);
        }
        skd_start_list_free(&starts);
    }
    skd_defect_list_free(&list);
}

static void a_dumbbell_is_a_bond_long_and_centred_on_the_site(void **state) {
    (void)state;
    static const struct {
        const crystal *host;
        const char *defect, *kind;
        double length;
    } row[] = {{&si, "Si_i_Td", "split", 2.22}, {&cdte, "Te_i_Td", "split", 2.76}, {&mgo, "O_i", "split", 1.48}};
    for (size_t r = 0; r < 3; r++) {
        skd_defect_list list = defects_in(row[r].host, 2, true);
        const skd_defect *defect = defect_named(&list, row[r].defect);
        skd_start_list starts = starts_of(defect, row[r].kind, true);
        for (size_t i = 0; i < starts.n; i++) {
            const skd_start *s = &starts.start[i];
            CHECK_INT(s->n_distorted, 1);
            CHECK_CLOSE(distance(s->cell, defect->index, s->distorted[0]), row[r].length, 1e-9, 0.0);
            const double *site = defect->cell->pos[s->distorted[0]], *p = s->cell->pos[s->distorted[0]];
            for (int c = 0; c < 3; c++)
                CHECK_CLOSE(0.5 * (p[c] + s->cell->pos[defect->index][c]), site[c], 1e-9, 0.0);
        }
        skd_start_list_free(&starts);
        skd_defect_list_free(&list);
    }
}

static void a_push_brings_pairs_to_two_angstroms(void **state) {
    (void)state;
    skd_error err;
    const char *kind = "push";
    skd_defect_list list = defects_in(&mgo, 2, false);
    skd_start_list starts = starts_of(defect_named(&list, "v_O"), kind, true);
    for (size_t i = 0; i < 2; i++)
        CHECK_CLOSE(distance(starts.start[i].cell, starts.start[i].distorted[0], starts.start[i].distorted[1]), 2.0,
                    1e-9, 0.0);
    skd_start_list_free(&starts);
    skd_start_options options = SKD_START_DEFAULT;
    options.kind = &kind;
    options.n_kinds = 1;
    options.dimer_length = 2.385;
    CHECK_OK(skd_starts_of(&starts, defect_named(&list, "v_O"), 0, &options, &err));
    CHECK_CLOSE(distance(starts.start[1].cell, starts.start[1].distorted[0], starts.start[1].distorted[1]), 2.385,
                1e-9, 0.0);
    skd_start_list_free(&starts);
    skd_defect_list_free(&list);
}

static void a_swap_exchanges_two_places(void **state) {
    (void)state;
    skd_defect_list list = defects_in(&cdte, 2, false);
    const skd_defect *defect = defect_named(&list, "v_Cd");
    skd_start_list starts = starts_of(defect, "swap", true);
    const skd_start *s = &starts.start[0];
    const size_t i = s->distorted[0], j = s->distorted[1];
    CHECK(defect->cell->species[i] != defect->cell->species[j]);
    for (int c = 0; c < 3; c++)
        CHECK_CLOSE(s->cell->pos[i][c] + s->cell->pos[j][c], defect->cell->pos[i][c] + defect->cell->pos[j][c], 1e-9,
                    0.0);
    CHECK_CLOSE(distance(s->cell, i, j), 6.543384 * sqrt(3.0) / 4.0, 1e-9, 0.0);
    skd_start_list_free(&starts);
    skd_defect_list_free(&list);
}

static void rattles_are_independent(void **state) {
    (void)state;
    skd_error err;
    skd_defect_list list = defects_in(&cdte, 2, false);
    static const char *const kinds[] = {"rattles"};
    for (int compat = 0; compat < 2; compat++) {
        skd_start_options options = SKD_START_DEFAULT;
        skd_start_list starts;
        options.compat = compat;
        options.kind = kinds;
        options.n_kinds = 1;
        CHECK_OK(skd_starts_of(&starts, defect_named(&list, "v_Cd"), 0, &options, &err));
        CHECK_INT(starts.n, 5); /* where nothing is said */
        CHECK_TEXT(starts.start[4].name, "Rattled_5");
        for (size_t i = 0; i < 5; i++)
            for (size_t j = 0; j < i; j++)
                CHECK(fabs(starts.start[i].cell->pos[17][1] - starts.start[j].cell->pos[17][1]) > 1e-6);
        skd_start_list_free(&starts);
    }
    skd_defect_list_free(&list);
}

static void the_default_has_dumbbells_but_for_interstitials_only(void **state) {
    (void)state;
    skd_error err;
    static const struct {
        const char *defect;
        bool compat;
        size_t splits;
    } row[] = {{"v_Si", false, 0}, {"Si_i_Td", false, 3}, {"Si_i_Td", true, 0}};
    skd_defect_list list = defects_in(&si, 2, true);
    for (size_t r = 0; r < 3; r++) {
        skd_start_options options = SKD_START_DEFAULT;
        skd_start_list starts;
        size_t splits = 0;
        options.compat = row[r].compat;
        CHECK_OK(skd_starts_of(&starts, defect_named(&list, row[r].defect), 0, &options, &err));
        for (size_t i = 0; i < starts.n; i++)
            splits += strcmp(starts.start[i].kind, "split") == 0;
        CHECK_INT(splits, row[r].splits);
        skd_start_list_free(&starts);
    }
    for (const skd_start_kind *const *kind = skd_start_kinds; *kind; kind++)
        CHECK((*kind)->in_default == ((*kind)->why_not == NULL));
    skd_defect_list_free(&list);
}

/* ---- complexes ---------------------------------------------------------------------------- */

/* Distances of zinc blende and rock salt in units of a: unlike sqrt(3)/4, sqrt(11)/4 and 1/2, sqrt(3)/2, sqrt(5)/2;
 * like 1/sqrt(2), 1. Multiplicities: neighbours, halved for like sites, times two for silicon's two sites. */
static const struct {
    const crystal *host;
    const char *parts;
    double reach;
    const char *complexes; /* name:multiplicity:symmetry */
    int change;            /* of the oxidation state */
} complex_rows[] = {
    {&cdte, "Cd_Te+v_Cd", 6.0, "Cd_Te+v_Cd_2.83:4:C3v Cd_Te+v_Cd_5.43:12:Cs", 2},
    {&cdte, "v_Cd+Cd_Te", 3.0, "v_Cd+Cd_Te_2.83:4:C3v", 2},
    {&cdte, "v_Cd+v_Cd", 6.53, "v_Cd+v_Cd_4.63:6:C2v", -4},
    {&mgo, "v_Mg+v_O", 4.2, "v_Mg+v_O_2.11:6:C4v v_Mg+v_O_3.65:8:C3v", 0},
    {&si, "v_Si+v_Si", 4.0, "v_Si+v_Si_2.35:4:D3d v_Si+v_Si_3.84:12:C2v", 0},
    /* one Te shared by both Cd; a Te of one of them: in the plane of the four atoms, or out of it */
    {&cdte, "v_Cd+v_Cd+v_Te", 4.7,
     "v_Cd+v_Cd+v_Te_4.63_2.83a:6:C2v v_Cd+v_Cd+v_Te_4.63_2.83b:24:C1 v_Cd+v_Cd+v_Te_4.63_2.83c:12:Cs", -2},
};

static void complexes_are_counted_by_shells(void **state) {
    (void)state;
    skd_error err;
    for (size_t r = 0; r < sizeof complex_rows / sizeof *complex_rows; r++) {
        skd_cell *primitive = primitive_of(complex_rows[r].host);
        skd_defect_list singles = defects_in(complex_rows[r].host, 3, false), list = {0};
        CHECK_OK(skd_complexes_add(&list, &singles, primitive, complex_rows[r].parts, complex_rows[r].reach, &err));
        char made[300] = "";
        for (size_t i = 0; i < list.n; i++) {
            const skd_defect *d = list.defect[i];
            size_t used = strlen(made);
            snprintf(made + used, sizeof made - used, "%s%s:%zu:%s", i ? " " : "", d->name, d->multiplicity,
                     d->site_symmetry);
            CHECK_INT(d->oxidation_change, complex_rows[r].change);
            size_t empty = 0;
            for (size_t k = 0; k < d->n_parts; k++)
                empty += d->part[k].kind == SKD_VACANCY;
            CHECK_INT(d->cell->n + empty, d->bulk->n);
        }
        CHECK_TEXT(made, complex_rows[r].complexes);
        skd_defect_list_free(&list);
        skd_defect_list_free(&singles);
        skd_cell_free(primitive);
    }
}

static void a_complex_has_its_atoms_and_the_symmetry_it_says(void **state) {
    (void)state;
    skd_error err;
    skd_cell *primitive = primitive_of(&cdte);
    skd_defect_list singles = defects_in(&cdte, 2, true), list = {0};
    CHECK_OK(skd_complexes_add(&list, &singles, primitive, "Cd_Te+v_Cd", 6.0, &err));
    CHECK_OK(skd_complexes_add(&list, &singles, primitive, "v_Cd+Te_i_C3v", 3.2, &err));
    CHECK(list.n >= 3);
    for (size_t i = 0; i < list.n; i++) {
        const skd_defect *d = list.defect[i];
        skd_symmetry *symmetry;
        bool antisite = i < 2;
        CHECK_INT(skd_cell_count(d->cell, 48), antisite ? 32 : 31);
        CHECK_INT(skd_cell_count(d->cell, 52), antisite ? 31 : 33);
        CHECK_INT(d->n_parts, 2);
        const skd_defect_part *atom = &d->part[antisite ? 0 : 1];
        double site[3], off[3];
        CHECK_INT(d->cell->species[atom->index], antisite ? 48 : 52);
        skd_row_times(atom->site, d->cell->lattice, site);
        for (int c = 0; c < 3; c++)
            off[c] = d->cell->pos[atom->index][c] - site[c];
        CHECK_CLOSE(skd_norm(off), 0.0, 1e-6, 0.0);
        CHECK_INT(d->index, d->part[0].index);
        CHECK_OK(skd_symmetry_find(&symmetry, d->cell, SKD_SYMPREC, &err));
        CHECK_TEXT(symmetry->schoenflies, d->site_symmetry);
        skd_symmetry_free(symmetry);
    }
    skd_defect_list_free(&list);
    skd_defect_list_free(&singles);
    skd_cell_free(primitive);
}

/* Four Cd around Cd_Te, under the mirror of the complex: two on it, two exchanged by it, so 4 pairs of 6. */
static void the_second_part_lowers_the_symmetry_of_the_starts(void **state) {
    (void)state;
    skd_error err;
    skd_cell *primitive = primitive_of(&cdte);
    skd_defect_list singles = defects_in(&cdte, 2, false), list = {0};
    CHECK_OK(skd_complexes_add(&list, &singles, primitive, "Cd_Te+v_Cd", 6.0, &err));
    static const size_t pairs[] = {1, 4}; /* C3v: three Cd left */
    for (size_t i = 0; i < 2; i++) {
        skd_start_list starts = starts_of(list.defect[i], "push", true);
        CHECK_INT(starts.n, pairs[i]);
        skd_start_list_free(&starts);
    }
    skd_defect_list_free(&list);
    skd_defect_list_free(&singles);
    skd_cell_free(primitive);
}

static void impossible_complexes_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *parts;
        double reach;
        const char *words;
    } row[] = {{"v_Cd", 5.0, "expected two to 4 defects"},
               {"v_Cd+", 5.0, "expected two to 4 defects"},
               {"v_Cd+v_Cd+v_Cd+v_Cd+v_Cd", 5.0, "expected two to 4 defects"},
               {"v_Cd+Cl_Te", 5.0, "no defect 'Cl_Te'"},
               {"v_Cd+v_Cd", 4.5, "no configuration of 'v_Cd+v_Cd' within 4.5"},
               {"v_Cd+v_Te", 6.6, "half the distance of the supercell's images, 6.54"}};
    skd_error err;
    skd_cell *primitive = primitive_of(&cdte);
    skd_defect_list singles = defects_in(&cdte, 2, false), list = {0};
    for (size_t r = 0; r < sizeof row / sizeof *row; r++)
        CHECK_FAILS(skd_complexes_add(&list, &singles, primitive, row[r].parts, row[r].reach, &err), SKD_EARG,
                    row[r].words);
    const char *kind = "complex";
    skd_start_options options = SKD_START_DEFAULT;
    skd_start_list starts;
    options.kind = &kind;
    options.n_kinds = 1;
    CHECK_FAILS(skd_starts_of(&starts, singles.defect[0], 0, &options, &err), SKD_EARG, "--complex");
    CHECK_INT(list.n, 0);
    skd_defect_list_free(&list);
    skd_defect_list_free(&singles);
    skd_cell_free(primitive);
}

#ifdef SKD_TORTURE
static void every_allocation_may_fail(void **state) {
    (void)state;
    static const struct {
        const crystal *host;
        const char *defect;
        const char *kinds[4];
    } row[] = {{&mgo, "O_i", {"split", "split_unlike", "push", "swap"}},
               {&si, "v_Si", {"split_vacancy", "subgroup", "rattles", "push"}}};
    skd_error err;
    for (size_t r = 0; r < 8; r++) { /* one kind at a time: the walk costs the square of the allocations */
        skd_defect_list list = defects_in(row[r / 4].host, 1, r < 4);
        skd_start_options options = SKD_START_DEFAULT;
        skd_status failed = SKD_ENOMEM;
        options.kind = &row[r / 4].kinds[r % 4];
        options.n_kinds = 1;
        for (long k = 0; failed == SKD_ENOMEM; k++) {
            skd_start_list starts;
            skd_alloc_fail_at = k;
            failed = skd_starts_plan(&starts, defect_named(&list, row[r / 4].defect), 0, &options, &err);
            skd_alloc_fail_at = -1;
            skd_start_list_free(&starts);
        }
        CHECK_INT(failed, SKD_OK);
        skd_defect_list_free(&list);
    }
    skd_defect_list singles = defects_in(&si, 1, false), complexes;
    skd_cell *primitive = primitive_of(&si);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status == SKD_ENOMEM; k++) {
        complexes = (skd_defect_list){0};
        skd_alloc_fail_at = k;
        status = skd_complexes_add(&complexes, &singles, primitive, "v_Si+v_Si", 2.6, &err);
        skd_alloc_fail_at = -1;
        skd_defect_list_free(&complexes);
    }
    CHECK_INT(status, SKD_OK);
    skd_defect_list_free(&singles);
    skd_cell_free(primitive);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_makes_what_symmetry_tells_apart),
        cmocka_unit_test(subgroup_chains_keep_just_their_subgroup),
        cmocka_unit_test(a_dumbbell_is_a_bond_long_and_centred_on_the_site),
        cmocka_unit_test(a_push_brings_pairs_to_two_angstroms),
        cmocka_unit_test(a_swap_exchanges_two_places),
        cmocka_unit_test(rattles_are_independent),
        cmocka_unit_test(the_default_has_dumbbells_but_for_interstitials_only),
        cmocka_unit_test(complexes_are_counted_by_shells),
        cmocka_unit_test(a_complex_has_its_atoms_and_the_symmetry_it_says),
        cmocka_unit_test(the_second_part_lowers_the_symmetry_of_the_starts),
        cmocka_unit_test(impossible_complexes_are_refused),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
