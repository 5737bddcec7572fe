/* SPDX-License-Identifier: MIT */
/* Tests of the readers and writers: what is read, round trips to the last digit, pymatgen's bytes. */
#include "check.h"

#include <dirent.h>

#include "shakedown/data.h"

static skd_frame *parse_one(const char *format, const char *text) {
    skd_error err;
    skd_frames frames = {0};
    CHECK_OK(skd_format_named(format)->parse(&frames, "text", text, strlen(text), &err));
    CHECK(frames.n >= 1);
    skd_frame *frame = frames.frame[--frames.n];
    skd_frames_free(&frames);
    return frame;
}

static void check_row(const double got[3], double x, double y, double z) {
    CHECK_CLOSE(got[0], x, 1e-14, 1e-15);
    CHECK_CLOSE(got[1], y, 1e-14, 1e-15);
    CHECK_CLOSE(got[2], z, 1e-14, 1e-15);
}

/* ---- POSCAR ------------------------------------------------------------------------------- */

#define ROWS "3.17 0.2 0\n0 4.19 0.3\n0.1 0 5.23\nCd Te\n1 1\n"

static const struct {
    const char *name, *text;
    double a[3], first[3]; /* lattice vector a, position of atom 1, Å */
} poscars[] = {
    {"direct", "c\n1.0\n" ROWS "Direct\n0.5 0 0\n0.1 0.2 0.7\n", {3.17, 0.2, 0}, {1.585, 0.1, 0}},
    {"scaled", "c\n2.0\n" ROWS "Direct\n0.5 0 0\n0.1 0.2 0.7\n", {6.34, 0.4, 0}, {3.17, 0.2, 0}},
    {"scaled Cartesian", "c\n2.0\n" ROWS "Cartesian\n0.5 0.25 0\n0.1 1.2 0.7\n", {6.34, 0.4, 0}, {1.0, 0.5, 0}},
    {"three factors", "c\n2 3 4\n" ROWS "k\n0.5 0.25 1\n0.1 1.2 0.7\n", {6.34, 0.6, 0}, {1.0, 0.75, 4.0}},
    {"volume of 8 cells", "c\n-555.8072\n" ROWS "d\n0.5 0 0\n0.1 0.2 0.7\n", {6.34, 0.4, 0}, {3.17, 0.2, 0}},
};

static void poscar_scales_lattice_and_positions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof poscars / sizeof *poscars; i++) {
        skd_frame *frame = parse_one("poscar", poscars[i].text);
        const double *a = poscars[i].a, *r = poscars[i].first;
        if (i == 4) /* the stated volume is rounded: 8 x 69.4759 */
            CHECK_CLOSE(skd_cell_volume(frame->cell), 555.8072, 0, 1e-14);
        else {
            check_row(frame->cell->lattice[0], a[0], a[1], a[2]);
            check_row(frame->cell->pos[0], r[0], r[1], r[2]);
        }
        CHECK_INT(frame->cell->species[0], 48);
        CHECK_INT(frame->cell->species[1], 52);
        skd_frame_free(frame);
    }
}

static void poscar_keeps_flags_velocities_and_blocks(void **state) {
    (void)state;
    skd_frame *frame = parse_one("poscar", "comment \n1\n3 0 0\n0 4 0\n0 0 5\nMg_pv O/ab12 Mg\n1 1 1\nSelective\n"
                                           "Direct\n0 0 0 T F T Mg\n.5 .5 .5 F F F O\n.25 .5 .75 .TRUE. .FALSE. T\n"
                                           "\n1e-3 2e-3 -3e-3\n0 0 0\n0 1 0\n\n1\n0.5\n");
    CHECK_TEXT(frame->comment, "comment ");
    CHECK_INT(frame->cell->species[0], 12);
    CHECK_INT(frame->cell->species[1], 8);
    CHECK_INT(frame->cell->species[2], 12);
    CHECK_INT(frame->n_column, 1);
    CHECK_TEXT(frame->column[0].name, "move_mask");
    const double want[9] = {1, 0, 1, 0, 0, 0, 1, 0, 1};
    for (int k = 0; k < 9; k++)
        CHECK_CLOSE(frame->column[0].real[k], want[k], 0, 0);
    check_row(frame->velocity[0], 1e-3, 2e-3, -3e-3);
    check_row(frame->velocity[2], 0, 1, 0);
    skd_frame_free(frame);
    frame = parse_one("poscar", "c\n1\n3 0 0\n0 4 0\n0 0 5\nMg\n1\nDirect\n0 0 0\nDirect\n0.1 0.2 0.3\n");
    check_row(frame->velocity[0], 0.3, 0.8, 1.5);
    skd_frame_free(frame);
}

/* The published start structures were written by pymatgen; reading and printing gives the same bytes. */
static size_t same_bytes_in(const char *folder) {
    skd_error err;
    size_t n = 0;
    DIR *dir = opendir(folder);
    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[700], *text;
        size_t length;
        snprintf(path, sizeof path, "%s/%s/POSCAR", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !skd_file_exists(path))
            continue;
        CHECK_OK(skd_file_read(path, &text, &length, &err));
        skd_frame *frame = parse_one("poscar", text);
        skd_string out = {0};
        CHECK_OK(skd_poscar_print(&out, frame, &(skd_poscar_style){.site_labels = true}, &err));
        CHECK_TEXT(out.text, text);
        skd_string_free(&out);
        skd_frame_free(frame);
        skd_free(text);
        n++;
    }
    closedir(dir);
    return n;
}

static void poscar_is_printed_as_pymatgen_prints_it(void **state) {
    (void)state;
    NEED_SHARED(shared);
    size_t n = 0;
    for (int q = 0; q <= 4; q++) {
        char folder[400];
        snprintf(folder, sizeof folder, "%s/data/snb/MgO_Mg_O/Mg_O_%s%d", shared, q ? "+" : "", q);
        n += same_bytes_in(folder);
    }
    CHECK_INT(n, 54);
}

/* ---- XYZ ---------------------------------------------------------------------------------- */

static const char xyz_text[] =
    "2\n"
    "Lattice=\"3.17 0.2 0 0 4.19 0.3 0.1 0 5.23\" "
    "Properties=species:S:1:pos:R:3:forces:R:3:velo:R:3:tag:I:1:site:S:2:fixed:L:1:m:R:2 energy=-7.123456789012345 "
    "stress=\"1 2 3 4 5 6\" name='it is \"so\"' list=[1, [2, 3]] flag \"odd key\"=\"a\\\"b\\\\c\" n=5 pbc=\"T F T\"\n"
    "Cd 0.1 0.2 0.3 1 2 3 .1 .2 .3 -7 a b T 0.5 1.5\n"
    "Te 1.1 1.2 1.3 4 5 6 .4 .5 .6 42 c d F 2.5 1e-300\n";

static void xyz_reads_columns_keys_and_quotes(void **state) {
    (void)state;
    skd_frame *f = parse_one("xyz", xyz_text);
    check_row(f->cell->lattice[2], 0.1, 0, 5.23);
    check_row(f->cell->pos[1], 1.1, 1.2, 1.3);
    check_row(f->force[1], 4, 5, 6);
    check_row(f->velocity[0], 0.1, 0.2, 0.3);
    CHECK(f->cell->pbc[0] && !f->cell->pbc[1] && f->cell->pbc[2]);
    CHECK(f->has_energy && f->has_stress);
    CHECK_CLOSE(f->energy, -7.123456789012345, 0, 0);
    check_row(f->stress[0], 1, 6, 5); /* xx yy zz yz xz xy */
    check_row(f->stress[1], 6, 2, 4);
    CHECK_INT(f->n_column, 4);
    CHECK_CLOSE(f->column[0].real[0], -7, 0, 0);
    CHECK_TEXT(f->column[1].text[3], "d");
    CHECK_CLOSE(f->column[2].real[0], 1, 0, 0);
    CHECK_CLOSE(f->column[3].real[3], 1e-300, 0, 0);
    CHECK_TEXT(skd_frame_info(f, "name"), "it is \"so\"");
    CHECK_TEXT(skd_frame_info(f, "list"), "[1, [2, 3]]");
    CHECK_TEXT(skd_frame_info(f, "flag"), "T");
    CHECK_TEXT(skd_frame_info(f, "odd key"), "a\"b\\c");
    CHECK(skd_frame_info(f, "energy") == NULL && skd_frame_info(f, "pbc") == NULL);
    skd_frame_free(f);
}

static void xyz_takes_free_energy_and_virial_where_nothing_better_is(void **state) {
    (void)state;
    skd_frame *f = parse_one("xyz", "1\nLattice=\"2 0 0 0 2 0 0 0 2\" free_energy=-3.5 virial=\"8 0 0 0 16 0 0 0 -4\" "
                                    "Properties=species:S:1:pos:R:3\nSi 0 0 0\n");
    CHECK_CLOSE(f->energy, -3.5, 0, 0);
    CHECK_CLOSE(f->stress[0][0], -1.0, 0, 0);
    CHECK_CLOSE(f->stress[1][1], -2.0, 0, 0);
    CHECK_CLOSE(f->stress[2][2], 0.5, 0, 0);
    CHECK_TEXT(skd_frame_info(f, "virial"), "8 0 0 0 16 0 0 0 -4");
    skd_frame_free(f);
}

static void plain_xyz_is_not_periodic_and_keeps_its_comment(void **state) {
    (void)state;
    skd_frame *f = parse_one("xyz", "2\n step 5, E = -17.1\nO 0 0 0.117 -0.8\n1 0 0.757 -0.471 0.4\n\n");
    CHECK(!f->cell->pbc[0] && !f->cell->pbc[1] && !f->cell->pbc[2]);
    CHECK_INT(f->cell->species[1], 1);
    CHECK_TEXT(f->comment, " step 5, E = -17.1");
    CHECK_CLOSE(skd_cell_volume(f->cell), 0, 0, 0);
    skd_frame_free(f);
}

/* ---- CIF ---------------------------------------------------------------------------------- */

static void cif_expands_symmetry_and_merges_special_positions(void **state) {
    (void)state;
    skd_error err;
    skd_frame *f;
    CHECK_OK(skd_structure_read(&f, "tests/good_odd/third_as_three_digits.cif", &err));
    CHECK_INT(f->cell->n, 4);
    CHECK_CLOSE(f->frac[0][0], 1.0 / 3.0, 1e-12, 0); /* listed as 0.3333 */
    CHECK_CLOSE(f->frac[0][1], 2.0 / 3.0, 1e-12, 0);
    CHECK_CLOSE(f->frac[2][2], 0.3819, 0, 1e-15);
    CHECK_CLOSE(f->cell->lattice[1][0], -1.625, 1e-15, 0);
    CHECK_CLOSE(f->cell->lattice[1][1], 3.25 * sqrt(0.75), 1e-14, 0);
    skd_frame_free(f);
    CHECK_OK(skd_structure_read(&f, "tests/good_odd/diamond.cif", &err));
    CHECK_INT(f->cell->n, 8);
    CHECK_INT(skd_cell_count(f->cell, 14), 8);
    CHECK_CLOSE(f->cell->lattice[2][2], 5.43095, 0, 0);
    skd_frame_free(f);
}

static void cif_operations_are_read_in_every_spelling(void **state) {
    (void)state;
    static const char *const spelling[] = {"'-x+1/2, y+.5, -z+0.25'", "1/2-X,Y+1/2,1/4-Z",
                                           "'1/2 - x , 0.5 + y,-z+5/4'", "+1/2-x,+1/2+y,-z-3/4"};
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "data_x\n_cell_length_a 4\n_cell_length_b 5\n_cell_length_c 6\n_cell_angle_alpha 90\n"
                 "_cell_angle_beta 90\n_cell_angle_gamma 90\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n%s\nloop_\n"
                 "_atom_site_label\n"
                 "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nSi1 0.1 0.2 0.3\n",
                 spelling[i]);
        skd_frame *f = parse_one("cif", text);
        CHECK_INT(f->cell->n, 2);
        check_row(f->frac[1], 0.4, 0.7, 0.95);
        skd_frame_free(f);
    }
}

/* ---- round trips -------------------------------------------------------------------------- */

static void check_stable(const char *format_name, const skd_frames *frames, const char *what) {
    const skd_format *format = skd_format_named(format_name);
    skd_error err;
    skd_frames again = {0};
    skd_string first = {0}, second = {0};
    CHECK_OK(format->print(&first, frames, &err));
    CHECK_OK(format->parse(&again, what, first.text, first.n, &err));
    CHECK_OK(format->print(&second, &again, &err));
    CHECK_TEXT(second.text, first.text);
    CHECK_INT(again.n, frames->n);
    if (strcmp(format_name, "xyz") == 0)
        for (size_t i = 0; i < frames->n; i++) {
            const skd_cell *a = frames->frame[i]->cell, *b = again.frame[i]->cell;
            CHECK(memcmp(a->pos, b->pos, a->n * sizeof *a->pos) == 0);
            CHECK(memcmp(a->lattice, b->lattice, sizeof a->lattice) == 0);
        }
    skd_frames_free(&again);
    skd_string_free(&first);
    skd_string_free(&second);
}

static void own_texts_read_back_to_the_same_text(void **state) {
    (void)state;
    static const char *const files[] = {"data/hosts/Si.POSCAR", "data/hosts/GaN.POSCAR", "data/hosts/Sb2Se3.POSCAR",
                                        "tests/good_odd/three_factors.POSCAR", "tests/good_odd/selective_labels.POSCAR",
                                        "tests/good_odd/contcar_md.POSCAR", "tests/good_odd/left_handed.POSCAR",
                                        "tests/good_odd/third_as_three_digits.cif", "tests/good_odd/diamond.cif"};
    static const char *const formats[] = {"poscar", "xyz", "cif"};
    skd_error err;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t k = 0; k < 3; k++) {
            skd_frames frames;
            CHECK_OK(skd_frames_read(&frames, files[i], NULL, &err));
            check_stable(formats[k], &frames, files[i]);
            skd_frames_free(&frames);
        }
    skd_frames frames = {0};
    CHECK_OK(skd_format_named("xyz")->parse(&frames, "text", xyz_text, strlen(xyz_text), &err));
    check_stable("xyz", &frames, "xyz_text");
    skd_frames_free(&frames);
}

/* Doubles of every magnitude, from random bits. */
static void every_double_survives_xyz(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    skd_cell *cell;
    skd_frame *frame;
    CHECK_OK(skd_rng_new(&rng, 20240229, &err));
    CHECK_OK(skd_cell_new(&cell, 1, &err));
    cell->species[0] = 14;
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 3.0 + k * 0.1;
    CHECK_OK(skd_frame_new(&frame, cell, &err));
    skd_frames frames = {.n = 1, .frame = &frame};
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = (uint64_t)skd_rng_u32(rng) << 32 | skd_rng_u32(rng);
        memcpy(&frame->energy, &bits, sizeof bits);
        frame->has_energy = isfinite(frame->energy);
        if (!frame->has_energy)
            continue;
        skd_string text = {0};
        CHECK_OK(skd_format_named("xyz")->print(&text, &frames, &err));
        skd_frame *back = parse_one("xyz", text.text);
        CHECK(memcmp(&back->energy, &frame->energy, sizeof bits) == 0);
        skd_frame_free(back);
        skd_string_free(&text);
    }
    skd_frame_free(frame);
    skd_rng_free(rng);
}

/* Extracts of the phonon database: all printed digits of the coordinates come back. */
static void shared_hosts_keep_their_digits(void **state) {
    (void)state;
    NEED_SHARED(shared);
    skd_error err;
    char folder[400];
    size_t n = 0;
    snprintf(folder, sizeof folder, "%s/data/hosts", shared);
    DIR *dir = opendir(folder);
    CHECK(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[700];
        skd_frames frames;
        if (!strstr(entry->d_name, ".POSCAR"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        CHECK_OK(skd_frames_read(&frames, path, NULL, &err));
        check_stable("poscar", &frames, path);
        skd_frames_free(&frames);
        n++;
    }
    closedir(dir);
    CHECK(n >= 60);
}

/* ---- recognition, torture ----------------------------------------------------------------- */

static const struct { const char *path, *text, *format; } recognised[] = {
    {"POSCAR", "", "poscar"}, {"a/CONTCAR.gz", "", "poscar"}, {"x.vasp", "", "poscar"}, {"POSCAR.cif", "", "cif"},
    {"run.extxyz", "", "xyz"}, {"-", "2\nc\nSi 0 0 0\nSi 1 1 1\n", "xyz"}, {"-", "# note\n\ndata_x\n", "cif"},
    {"bulk", "8\n1.0\n3 0 0\n0 3 0\n0 0 3\n", "poscar"}, {"notes.txt", "hello\n", NULL}};

static void formats_are_recognised_by_name_then_by_content(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof recognised / sizeof *recognised; i++) {
        const skd_format *f = skd_format_of(recognised[i].path, recognised[i].text, strlen(recognised[i].text));
        CHECK_TEXT(f ? f->name : "none", recognised[i].format ? recognised[i].format : "none");
    }
}

#ifdef SKD_TORTURE
/* Read and write again with the k-th allocation failing, until none does. */
static skd_status read_and_print(const char *path, skd_error *err) {
    skd_frames frames;
    skd_string text = {0};
    skd_status status = skd_frames_read(&frames, path, NULL, err);
    if (status != SKD_OK)
        return status;
    for (size_t k = 0; status == SKD_OK && skd_formats[k]; k++)
        if (frames.n == 1 || strcmp(skd_formats[k]->name, "xyz") == 0)
            status = skd_formats[k]->print(&text, &frames, err);
    skd_string_free(&text);
    skd_frames_free(&frames);
    return status;
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    static const char *const files[] = {"tests/good_odd/contcar_md.POSCAR", "tests/good_odd/selective_labels.POSCAR",
                                        "tests/good_odd/vasp4.POSCAR", "tests/good_odd/quotes_and_arrays.xyz",
                                        "tests/good_odd/zipped.xyz.gz", "tests/good_odd/third_as_three_digits.cif"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        skd_status status = SKD_ENOMEM;
        for (long k = 0; status != SKD_OK; k++) {
            skd_error err = {SKD_OK, ""};
            skd_alloc_fail_at = k;
            status = read_and_print(files[i], &err);
            skd_alloc_fail_at = -1;
            if (status != SKD_OK && status != SKD_ENOMEM)
                print_error("%s, allocation %ld: status %d, '%s'\n", files[i], k, (int)status, err.text);
            CHECK(status == SKD_OK || status == SKD_ENOMEM);
        }
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poscar_scales_lattice_and_positions),
        cmocka_unit_test(poscar_keeps_flags_velocities_and_blocks),
        cmocka_unit_test(poscar_is_printed_as_pymatgen_prints_it),
        cmocka_unit_test(xyz_reads_columns_keys_and_quotes),
        cmocka_unit_test(xyz_takes_free_energy_and_virial_where_nothing_better_is),
        cmocka_unit_test(plain_xyz_is_not_periodic_and_keeps_its_comment),
        cmocka_unit_test(cif_expands_symmetry_and_merges_special_positions),
        cmocka_unit_test(cif_operations_are_read_in_every_spelling),
        cmocka_unit_test(own_texts_read_back_to_the_same_text),
        cmocka_unit_test(every_double_survives_xyz),
        cmocka_unit_test(shared_hosts_keep_their_digits),
        cmocka_unit_test(formats_are_recognised_by_name_then_by_content),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("data: formats", tests, NULL, NULL);
}
