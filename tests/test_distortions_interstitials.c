/* SPDX-License-Identifier: MIT */
/* test_distortions_interstitials.c - sites, names and multiplicities of interstitials against doped's in 33
 * hosts; that they do not depend on how the host is given; special positions; hydrogen; full hosts; starts.
 *
 * Where doped differs (its rows are kept as it gives them):
 *   letters a, b, c of namesakes: in the order of its clusters, which is that of qhull's vertices; not compared
 *   SSbI, X_i_Cs_I2.41: I and S lie both 2.41500 Å away; doped rounds positions to 1e-5 of a lattice vector, which
 *     decides which of the two is said to be nearer
 *   TlGaSe2 (Cc, nearly C2/c), X_i_C1_Tl2.33: of two nearly equivalent sites (radii 2.3274 and 2.3268 Å), each
 *     0.86-0.89 Å from a wider one, doped keeps the first and we the second: near the limit it depends on the
 *     site with which a group begins */
#include "check.h"

#include <ctype.h>

#include "shakedown/distortions.h"

typedef struct golden_atom {
    int z;
    double frac[3];
} golden_atom;
typedef struct golden_site {
    const char *name;
    size_t multiplicity;
    double frac[3];
} golden_site;
typedef struct golden_host {
    const char *name;
    double lattice[3][3];
    size_t n_atoms;
    const golden_atom *atom;
    size_t n_sites;
    const golden_site *site;
} golden_host;
#include "golden/interstitials_doped.inc"
enum { N_HOSTS = sizeof golden_hosts / sizeof *golden_hosts };

static const int unit[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static skd_cell *cell_of(const golden_host *host) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, host->n_atoms, &err));
    memcpy(cell->lattice, host->lattice, sizeof cell->lattice);
    for (size_t i = 0; i < host->n_atoms; i++) {
        cell->species[i] = host->atom[i].z;
        skd_row_times(host->atom[i].frac, host->lattice, cell->pos[i]);
    }
    return cell;
}

static const golden_host *host_named(const char *name) {
    for (size_t h = 0; h < N_HOSTS; h++)
        if (strcmp(golden_hosts[h].name, name) == 0)
            return &golden_hosts[h];
    fail();
    return NULL;
}

static skd_defect_list interstitials_of(const skd_cell *cell, const skd_defect_options *options) {
    skd_error err;
    skd_cell *primitive;
    skd_defect_list list;
    CHECK_OK(skd_primitive(&primitive, cell, SKD_SYMPREC, &err));
    CHECK_OK(skd_defects_of(&list, primitive, unit, options, &err));
    skd_cell_free(primitive);
    return list;
}

/* The name without the letter that tells namesakes apart. */
static void strip(const char *name, char out[64]) {
    snprintf(out, 64, "%s", name);
    size_t n = strlen(out);
    if (n > 2 && islower((unsigned char)out[n - 1]) && isdigit((unsigned char)out[n - 2]) && strchr(out, '.'))
        out[n - 1] = '\0';
}

/* ---- doped --------------------------------------------------------------------------------- */

/* Distance (Å) from a point to the nearest site equivalent to the defect's. */
static double off_site(const skd_defect *defect, const skd_symmetry *symmetry, const double pos[3]) {
    const skd_cell *cell = defect->bulk;
    skd_error err;
    skd_mic mic;
    double best = HUGE_VAL, d[3];
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    for (size_t k = 0; k < symmetry->n_operations; k++) {
        const skd_operation *op = &symmetry->operation[k];
        double f[3], x[3];
        for (int r = 0; r < 3; r++)
            f[r] = op->translation[r] + op->rotation[r][0] * defect->site[0] + op->rotation[r][1] * defect->site[1] +
                   op->rotation[r][2] * defect->site[2];
        skd_row_times(f, cell->lattice, x);
        best = fmin(best, skd_mic_vector(&mic, pos, x, d));
    }
    return best;
}

typedef struct tally {
    size_t sites, found, same;
} tally;

static void compare_host(const golden_host *host, tally *sum) {
    skd_error err;
    skd_cell *cell = cell_of(host);
    const skd_defect_options options = {.interstitials = true, .interstitial = &host->atom[0].z, .n_interstitial = 1};
    skd_defect_list list = interstitials_of(cell, &options);
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, list.defect[0]->bulk, SKD_SYMPREC, &err));
    CHECK_INT(list.n, host->n_sites);
    for (size_t i = 0; i < host->n_sites; i++) {
        const golden_site *site = &host->site[i];
        double pos[3], best = HUGE_VAL;
        size_t which = 0;
        skd_row_times(site->frac, host->lattice, pos);
        for (size_t k = 0; k < list.n; k++) {
            double off = off_site(list.defect[k], symmetry, pos);
            which = off < best ? k : which;
            best = fmin(best, off);
        }
        char theirs[64], ours[64];
        strip(site->name, theirs);
        strip(list.defect[which]->name, ours);
        bool same = best < 0.05 && strcmp(theirs, ours) == 0 && site->multiplicity == list.defect[which]->multiplicity;
        if (!same)
            print_message("%s: %s x%zu; nearest is %s x%zu, %.3f Å away\n", host->name, theirs, site->multiplicity,
                          ours, list.defect[which]->multiplicity, best);
        sum->sites++;
        sum->found += best < 0.05;
        sum->same += same;
    }
    skd_symmetry_free(symmetry);
    skd_defect_list_free(&list);
    skd_cell_free(cell);
}

static void sites_names_and_multiplicities_are_those_of_doped(void **state) {
    (void)state;
    tally sum = {0};
    for (size_t h = 0; h < N_HOSTS; h++)
        compare_host(&golden_hosts[h], &sum);
    print_message("%zu sites in %d hosts: %zu at the same place, %zu with the same name and multiplicity\n",
                  sum.sites, (int)N_HOSTS, sum.found, sum.same);
    CHECK_INT(sum.sites, 176);
    CHECK_INT(sum.found, 175); /* TlGaSe2 */
    CHECK_INT(sum.same, 174);  /* SSbI */
}

/* ---- one crystal, given otherwise ----------------------------------------------------------- */

/* The same crystal turned, shifted, in another basis, atoms of an element in another order. */
static skd_cell *disguise(const skd_cell *cell, skd_rng *rng) {
    static const int basis[3][3] = {{1, 1, 0}, {0, 1, 0}, {-1, 0, 1}};
    skd_error err;
    skd_cell *out, *picked;
    CHECK_OK(skd_supercell(&out, cell, basis, NULL, &err));
    const double c = cos(0.7123), s = sin(0.7123);
    const double turn[3][3] = {{c, s, 0}, {-s * 0.6, c * 0.6, 0.8}, {s * 0.8, -c * 0.8, 0.6}};
    const double shift[3] = {0.317, -1.241, 0.877};
    double moved[3];
    for (int k = 0; k < 3; k++) {
        skd_row_times(out->lattice[k], turn, moved);
        memcpy(out->lattice[k], moved, sizeof moved);
    }
    size_t pick[128];
    for (size_t i = 0; i < out->n; i++) {
        skd_row_times(out->pos[i], turn, moved);
        for (int k = 0; k < 3; k++)
            out->pos[i][k] = moved[k] + shift[k];
        size_t first = i; /* elements keep their order, which decides between equally near ones */
        while (first > 0 && out->species[first - 1] == out->species[i])
            first--;
        size_t j = (size_t)skd_rng_below(rng, (uint32_t)first, (uint32_t)i + 1);
        pick[i] = pick[j];
        pick[j] = i;
    }
    CHECK_OK(skd_cell_pick(&picked, out, pick, out->n, &err));
    skd_cell_free(out);
    return picked;
}

static void sites_do_not_depend_on_how_the_host_is_given(void **state) {
    (void)state;
    static const char *const hosts[] = {"CdTe_sg216", "OZn_sg186", "O3Al2_sg167", "S2CuGa_sg122", "ZrO2_sg14",
                                        "CsPbBr3_sg62", "O3Ga2_sg12", "I2Pb_sg164"};
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 60017, &err));
    for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++) {
        const golden_host *host = host_named(hosts[h]);
        const skd_defect_options options = {.interstitials = true, .interstitial = &host->atom[0].z,
                                            .n_interstitial = 1};
        skd_cell *plain = cell_of(host), *other = disguise(plain, rng);
        skd_defect_list a = interstitials_of(plain, &options), b = interstitials_of(other, &options);
        CHECK_INT(a.n, b.n);
        for (size_t i = 0; i < a.n; i++) {
            size_t k = 0;
            while (k < b.n && strcmp(a.defect[i]->name, b.defect[k]->name) != 0)
                k++;
            if (k == b.n)
                print_error("%s: %s is lost\n", hosts[h], a.defect[i]->name);
            CHECK(k < b.n);
            CHECK_INT(a.defect[i]->multiplicity, b.defect[k]->multiplicity);
        }
        skd_defect_list_free(&a);
        skd_defect_list_free(&b);
        skd_cell_free(plain);
        skd_cell_free(other);
    }
    skd_rng_free(rng);
}

static void the_added_atom_stands_first_of_its_kind_in_the_middle(void **state) {
    (void)state;
    static const int three[3][3] = {{3, 0, 0}, {0, 3, 0}, {0, 0, 3}};
    skd_error err;
    skd_cell *cell = cell_of(host_named("CdTe_sg216"));
    const int chlorine = 17;
    const skd_defect_options options = {.interstitials = true, .extrinsic = &chlorine, .n_extrinsic = 1};
    static const size_t index[3] = {0, 27, 54};
    skd_defect_list list;
    CHECK_OK(skd_defects_of(&list, cell, three, &options, &err));
    CHECK_INT(list.n, 11); /* Cl on Cd and on Te; Cd, Te and Cl on three sites */
    size_t seen = 0;
    for (size_t i = 0; i < list.n; i++) {
        const skd_defect *d = list.defect[i];
        if (d->kind != SKD_INTERSTITIAL)
            continue;
        double pos[3], middle[3] = {0.5, 0.5, 0.5};
        CHECK_INT(d->removed, 0);
        CHECK_INT(d->cell->n, 55);
        CHECK_INT(d->index, index[seen / 3]);
        CHECK_INT(d->cell->species[d->index], d->added);
        skd_row_times(d->site, d->cell->lattice, pos);
        skd_row_times(middle, d->cell->lattice, middle);
        for (int k = 0; k < 3; k++) {
            CHECK_CLOSE(d->cell->pos[d->index][k], pos[k], 1e-9, 0.0);
            pos[k] -= middle[k];
        }
        CHECK(skd_norm(pos) < 3.5);
        for (int k = 0; k < 3 && strstr(d->name, "C3v"); k++) /* of four equally near ones, as doped */
            CHECK_CLOSE(d->site[k], 11.0 / 24.0, 1e-6, 0.0);
        CHECK_OK(skd_cell_check_overlap(d->cell, 2.6, &err));
        seen++;
    }
    CHECK_INT(seen, 9);
    skd_defect_list_free(&list);
    skd_cell_free(cell);
}

/* ---- special positions, hydrogen, full hosts -------------------------------------------------- */

static skd_cell *one_element(int z, const double lattice[3][3]) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 1, &err));
    memcpy(cell->lattice, lattice, sizeof cell->lattice);
    cell->species[0] = z;
    cell->pos[0][0] = 0.431;
    return cell;
}

static const double iron[3][3] = {{-1.433, 1.433, 1.433}, {1.433, -1.433, 1.433}, {1.433, 1.433, -1.433}};

static void octahedra_of_bcc_are_special_positions(void **state) {
    (void)state;
    skd_cell *cell = one_element(26, iron);
    skd_defect_options options = {.interstitials = true};
    skd_defect_list list = interstitials_of(cell, &options);
    CHECK_INT(list.n, 1);
    CHECK_TEXT(list.defect[0]->name, "Fe_i_D2d");
    CHECK_INT(list.defect[0]->multiplicity, 6);
    skd_defect_list_free(&list);
    options.special_sites = true;
    list = interstitials_of(cell, &options);
    static const struct {
        const char *name;
        size_t multiplicity;
    } want[] = {{"Fe_i_D2d", 6}, {"Fe_i_D4h", 3}, {"Fe_i_D3d", 4}};
    CHECK_INT(list.n, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_TEXT(list.defect[i]->name, want[i].name);
        CHECK_INT(list.defect[i]->multiplicity, want[i].multiplicity);
    }
    skd_defect_list_free(&list);
    skd_cell_free(cell);
}

static void the_bond_centre_of_silicon_is_a_special_position(void **state) {
    (void)state;
    skd_cell *cell = cell_of(host_named("Si_sg227"));
    const skd_defect_options options = {.interstitials = true, .special_sites = true};
    skd_defect_list list = interstitials_of(cell, &options);
    static const char *const want[] = {"Si_i_Td", "Si_i_D3d_Si2.25", "Si_i_D3d_Si1.18"};
    CHECK_INT(list.n, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_TEXT(list.defect[i]->name, want[i]);
    skd_defect_list_free(&list);
    skd_cell_free(cell);
}

/* A cube of atoms, 2h wide, with an atom at d above each face, alone in a cell of 12 Å. Its middle has radius
 * sqrt(3) h; on each four-fold axis, at z, another sphere touches a face and the atom above it. */
static skd_cell *capped_cube(double h, double d) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 14, &err));
    for (size_t i = 0; i < 14; i++) {
        cell->species[i] = i < 8 ? 14 : 8;
        for (size_t k = 0; k < 3; k++) {
            cell->lattice[k][k] = 12.0;
            cell->pos[i][k] = 3.7 + (i < 8 ? (i >> k & 1 ? h : -h) : (i - 8) / 2 == k ? (i % 2 ? d : -d) : 0.0);
        }
    }
    return cell;
}

/* z and radius follow from (d - z)^2 = 2 h^2 + (z - h)^2; all seven sites lie in one loose group. */
static void the_wider_site_wins_only_if_it_is_much_wider(void **state) {
    (void)state;
    static const struct {
        double d, middle, axis; /* ratio 0.85 is at d = 2.70 Å */
        bool middle_wins;
    } rows[] = {{2.66, 1.039230, 1.204757, true}, {2.80, 1.039230, 1.263636, false}};
    for (size_t r = 0; r < 2; r++) {
        skd_cell *cell = capped_cube(0.6, rows[r].d);
        const skd_defect_options options = {.interstitials = true};
        skd_defect_list list = interstitials_of(cell, &options);
        size_t middles = 0, axes = 0;
        for (size_t i = 0; i < list.n; i++) {
            const skd_defect *d = list.defect[i];
            skd_error err;
            skd_mic mic;
            double nearest = HUGE_VAL, v[3];
            CHECK_OK(skd_mic_setup(&mic, d->cell, &err));
            for (size_t k = 0; k < d->cell->n; k++)
                if (k != d->index)
                    nearest = fmin(nearest, skd_mic_vector(&mic, d->cell->pos[d->index], d->cell->pos[k], v));
            middles += fabs(nearest - rows[r].middle) < 1e-5 && strstr(d->name, "_Oh") && d->multiplicity == 1;
            axes += fabs(nearest - rows[r].axis) < 1e-5 && strstr(d->name, "_C4v") && d->multiplicity == 6;
        }
        CHECK_INT(middles, rows[r].middle_wins ? 2 : 0); /* of Si and of O */
        CHECK_INT(axes, rows[r].middle_wins ? 0 : 2);
        skd_defect_list_free(&list);
        skd_cell_free(cell);
    }
}

/* fcc with a = 1.7 Å: octahedra of 0.85 Å take only hydrogen; the tetrahedra are too near to count. */
static const double dense[3][3] = {{0, 0.85, 0.85}, {0.85, 0, 0.85}, {0.85, 0.85, 0}};

static void a_full_host_is_refused_in_one_line(void **state) {
    (void)state;
    static const int elements[2] = {29, 1};
    skd_error err;
    skd_defect_list list;
    skd_cell *cell = one_element(29, dense);
    skd_defect_options options = {.interstitials = true, .interstitial = elements, .n_interstitial = 1};
    CHECK_FAILS(skd_defects_of(&list, cell, unit, &options, &err), SKD_EARG,
                "no room for Cu_i: every point of the host lies within 0.9 Å of an atom");
    CHECK_INT(list.n, 0);
    options.n_interstitial = 0; /* not asked for by name: there are just none */
    CHECK_OK(skd_defects_of(&list, cell, unit, &options, &err));
    CHECK_INT(list.n, 0);
    skd_defect_list_free(&list);
    options.n_interstitial = 1;
    options.interstitial = elements + 1;
    list = interstitials_of(cell, &options);
    CHECK_INT(list.n, 1);
    CHECK_TEXT(list.defect[0]->name, "H_i_Oh");
    skd_defect_list_free(&list);
    skd_cell_free(cell);
}

static void unknown_elements_are_refused(void **state) {
    (void)state;
    static const int wrong[2] = {0, 119};
    skd_error err;
    skd_defect_list list;
    skd_cell *cell = one_element(26, iron);
    for (int k = 0; k < 2; k++) {
        const skd_defect_options options = {.interstitials = true, .interstitial = &wrong[k], .n_interstitial = 1};
        CHECK_FAILS(skd_defects_of(&list, cell, unit, &options, &err), SKD_EARG, "no such element");
    }
    skd_cell_free(cell);
}

/* ---- starts --------------------------------------------------------------------------------- */

static void starts_follow_the_electron_count(void **state) {
    (void)state;
    static const int three[3][3] = {{3, 0, 0}, {0, 3, 0}, {0, 0, 3}};
    static const struct {
        int z, charge;
        size_t n_starts;
        int neighbours; /* D = +2 of Cd, -2 of Te: x = -2 + q, 2 + q */
    } rows[] = {{48, 0, 14, 2}, {48, 1, 14, 1}, {48, 2, 2, 0}, {52, 0, 14, 2}, {52, 2, 14, 4}, {52, -2, 2, 0}};
    skd_error err;
    skd_cell *cell = cell_of(host_named("CdTe_sg216"));
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const skd_defect_options options = {.interstitials = true, .interstitial = &rows[r].z, .n_interstitial = 1};
        skd_start_options how = SKD_START_DEFAULT;
        how.compat = true;
        skd_defect_list list;
        skd_start_list starts;
        CHECK_OK(skd_defects_of(&list, cell, three, &options, &err));
        const skd_defect *d = list.defect[0];
        CHECK_OK(skd_starts_of(&starts, d, rows[r].charge, &how, &err));
        CHECK_INT(starts.n, rows[r].n_starts);
        skd_mic mic;
        CHECK_OK(skd_mic_setup(&mic, d->cell, &err));
        for (size_t i = 0; i < starts.n; i++) {
            const skd_start *s = &starts.start[i];
            CHECK(strcmp(s->name, "Dimer") != 0);
            CHECK_INT(s->n_distorted, isnan(s->factor) ? 0 : rows[r].neighbours);
            for (size_t k = 0; k < s->n_distorted; k++) {
                double v[3];
                CHECK_CLOSE(skd_mic_vector(&mic, d->cell->pos[d->index], s->cell->pos[s->distorted[k]], v),
                            2.8063 * (1.0 + s->factor), 2e-3, 0.0);
            }
        }
        skd_start_list_free(&starts);
        skd_defect_list_free(&list);
    }
    skd_cell_free(cell);
}

#ifdef SKD_TORTURE
static void every_failing_allocation_is_survived(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = cell_of(host_named("OZn_sg186"));
    const int hydrogen = 1;
    const skd_defect_options options = {
        .interstitials = true, .special_sites = true, .extrinsic = &hydrogen, .n_extrinsic = 1};
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status == SKD_ENOMEM; k++) {
        skd_defect_list list;
        skd_alloc_fail_at = k;
        status = skd_defects_of(&list, cell, unit, &options, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || list.n == 0);
        skd_defect_list_free(&list);
    }
    CHECK_INT(status, SKD_OK);
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_names_and_multiplicities_are_those_of_doped),
        cmocka_unit_test(sites_do_not_depend_on_how_the_host_is_given),
        cmocka_unit_test(the_added_atom_stands_first_of_its_kind_in_the_middle),
        cmocka_unit_test(octahedra_of_bcc_are_special_positions),
        cmocka_unit_test(the_bond_centre_of_silicon_is_a_special_position),
        cmocka_unit_test(the_wider_site_wins_only_if_it_is_much_wider),
        cmocka_unit_test(a_full_host_is_refused_in_one_line),
        cmocka_unit_test(unknown_elements_are_refused),
        cmocka_unit_test(starts_follow_the_electron_count),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
