/* SPDX-License-Identifier: MIT */
/* test_hosts_phonondb.c - 300 crystals of the phonon database of A. Togo (2018, CC-BY-4.0), drawn with a
 * fixed seed, one from each 300th of the list: space group, exact POSCAR round trip, number of vacancies.
 *
 * The database's groups are those of the strict tolerance it was computed with (1e-5 Å, phonopy's
 * default); at our default of 0.01 Å some crystals are a more symmetric one slightly distorted, and
 * are listed. Needs the shared data, tar and xz; skipped with a reason where they are missing. */
#include "check.h"

#include <unistd.h>

#include "shakedown/crystal.h"
#include "shakedown/data.h"
#include "shakedown/distortions.h"

enum { N_SAMPLE = 300 };
#define INDEX_SYMPREC 1e-5 /* Å */

typedef struct sample {
    char name[40]; /* mp-149_sg227 */
    int group;
    skd_frame *frame;
} sample;

static sample samples[N_SAMPLE];
static size_t n_samples;
static const char *why_not = "no sample was drawn";

/* ---- drawing ----------------------------------------------------------------------------- */

/* Rows of the index, header left out; fields of one row end at its tabs. */
static size_t list_rows(const char *text, const char **row, size_t most) {
    size_t n = 0;
    for (const char *p = strchr(text, '\n'); p && p[1] && n < most; p = strchr(p + 1, '\n'))
        row[n++] = p + 1;
    return n;
}

static void draw(const char *index) {
    static const char *row[20000];
    skd_error err;
    skd_rng *rng;
    char *text;
    size_t length;
    CHECK_OK(skd_file_read(index, &text, &length, &err));
    size_t n = list_rows(text, row, sizeof row / sizeof *row);
    CHECK(n > 10000);
    CHECK_OK(skd_rng_new(&rng, 20181, &err));
    for (size_t k = 0; k < N_SAMPLE; k++) {
        size_t pick = skd_rng_below(rng, (uint32_t)(k * n / N_SAMPLE), (uint32_t)((k + 1) * n / N_SAMPLE));
        char id[16], archive[48];
        CHECK_INT(sscanf(row[pick], "%15s %47s %d", id, archive, &samples[k].group), 3);
        snprintf(samples[k].name, sizeof samples[k].name, "mp-%s_sg%d", id, samples[k].group);
    }
    skd_rng_free(rng);
    skd_free(text);
}

/* Unpacks the drawn members in one run of tar; false if that did not work. */
static bool unpack(const char *archive, const char *folder) {
    char command[1200];
    snprintf(command, sizeof command, "tar -xJf '%s' -C '%s' -T - 2>/dev/null", archive, folder);
    FILE *list = popen(command, "w");
    for (size_t k = 0; list && k < N_SAMPLE; k++)
        fprintf(list, "poscar/%s.POSCAR\n", samples[k].name);
    return list && pclose(list) == 0;
}

static void read_all(const char *folder) {
    skd_error err;
    char path[600];
    for (size_t k = 0; k < N_SAMPLE; k++) {
        snprintf(path, sizeof path, "%s/poscar/%s.POSCAR", folder, samples[k].name);
        CHECK_OK(skd_structure_read(&samples[k].frame, path, &err));
        unlink(path);
    }
    n_samples = N_SAMPLE;
}

static void load_samples(const char *shared) {
    char index[600], archive[600], folder[600], inner[64];
    const char *scratch = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/build-phonondb-XXXXXX", scratch ? scratch : ".");
    snprintf(index, sizeof index, "%s/data/hosts/phonondb_index.tsv", shared);
    snprintf(archive, sizeof archive, "%s/data/hosts/phonondb_poscars_10034.tar.xz", shared);
    why_not = "the shared data hold no phonon database";
    if (!skd_file_exists(index) || !skd_file_exists(archive))
        return;
    why_not = "xz or tar is missing";
    if (system("command -v xz >/dev/null && command -v tar >/dev/null") != 0)
        return;
    draw(index);
    CHECK(mkdtemp(folder) != NULL);
    why_not = "tar could not unpack the phonon database";
    if (unpack(archive, folder))
        read_all(folder);
    snprintf(inner, sizeof inner, "%s/poscar", folder);
    rmdir(inner);
    rmdir(folder);
}

static int load(void **state) {
    (void)state;
    const char *shared = check_shared();
    if (shared)
        load_samples(shared);
    else
        why_not = "the shared data are not here";
    return 0;
}

static int unload(void **state) {
    (void)state;
    for (size_t k = 0; k < n_samples; k++)
        skd_frame_free(samples[k].frame);
    return 0;
}

#define NEED_SAMPLES()                                                                                           \
    do {                                                                                                         \
        (void)state;                                                                                             \
        if (n_samples == 0) {                                                                                    \
            print_message("skipped: %s\n", why_not);                                                             \
            skip();                                                                                              \
        }                                                                                                        \
    } while (0)

/* ---- space groups ------------------------------------------------------------------------ */

/* Names every crystal whose group is not the index's; returns how many. */
static size_t count_disagreements(double symprec) {
    skd_error err;
    size_t n = 0;
    for (size_t k = 0; k < n_samples; k++) {
        skd_symmetry *symmetry;
        char formula[64];
        CHECK_OK(skd_symmetry_find(&symmetry, samples[k].frame->cell, symprec, &err));
        if (symmetry->number != samples[k].group) {
            print_message("  at %g Å: %s %s is %d (%s), the index says %d\n", symprec, samples[k].name,
                          skd_cell_formula(samples[k].frame->cell, formula, sizeof formula), symmetry->number,
                          symmetry->international, samples[k].group);
            n++;
        }
        skd_symmetry_free(symmetry);
    }
    print_message("space groups at %g Å: %zu of %zu as in the index\n", symprec, n_samples - n, n_samples);
    return n;
}

static void space_groups_are_those_of_the_index(void **state) {
    NEED_SAMPLES();
    CHECK(count_disagreements(INDEX_SYMPREC) * 100 <= 2 * n_samples);
}

static void the_default_tolerance_agrees_but_for_slight_distortions(void **state) {
    NEED_SAMPLES();
    CHECK(count_disagreements(SKD_SYMPREC) * 100 <= 4 * n_samples);
}

/* ---- round trip -------------------------------------------------------------------------- */

static skd_frame *parse_text(const skd_format *poscar, const skd_string *text) {
    skd_error err;
    skd_frames frames = {0};
    CHECK_OK(poscar->parse(&frames, "printed", text->text, text->n, &err));
    CHECK_INT(frames.n, 1);
    skd_frame *frame = frames.frame[0];
    frames.n = 0;
    skd_frames_free(&frames);
    return frame;
}

static void poscars_survive_printing_to_the_last_bit(void **state) {
    NEED_SAMPLES();
    skd_error err;
    const skd_format *poscar = skd_format_named("poscar");
    for (size_t k = 0; k < n_samples; k++) {
        const skd_cell *cell = samples[k].frame->cell;
        skd_string first = {0}, second = {0};
        CHECK_OK(skd_poscar_print(&first, samples[k].frame, NULL, &err));
        skd_frame *frame = parse_text(poscar, &first);
        CHECK_OK(skd_poscar_print(&second, frame, NULL, &err));
        CHECK_TEXT(second.text, first.text);
        CHECK_INT(frame->cell->n, cell->n);
        CHECK(memcmp(frame->cell->lattice, cell->lattice, sizeof cell->lattice) == 0);
        CHECK(memcmp(frame->cell->species, cell->species, cell->n * sizeof *cell->species) == 0);
        CHECK(memcmp(frame->cell->pos, cell->pos, cell->n * sizeof *cell->pos) == 0);
        CHECK(memcmp(frame->frac, samples[k].frame->frac, cell->n * sizeof *frame->frac) == 0);
        skd_frame_free(frame);
        skd_string_free(&first);
        skd_string_free(&second);
    }
}

/* ---- sites ------------------------------------------------------------------------------- */

static size_t count_orbits(const skd_cell *cell) {
    skd_error err;
    skd_symmetry *symmetry;
    size_t n = 0;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    for (size_t i = 0; i < symmetry->n; i++)
        n += symmetry->orbit[i] == i;
    skd_symmetry_free(symmetry);
    return n;
}

static void a_cell_has_the_orbits_of_its_primitive_cell(void **state) {
    NEED_SAMPLES();
    skd_error err;
    for (size_t k = 0; k < n_samples; k++) {
        skd_cell *primitive;
        CHECK_OK(skd_primitive(&primitive, samples[k].frame->cell, SKD_SYMPREC, &err));
        if (primitive->n < samples[k].frame->cell->n)
            CHECK_INT(count_orbits(samples[k].frame->cell), count_orbits(primitive));
        skd_cell_free(primitive);
    }
}

static void every_orbit_gives_one_vacancy(void **state) {
    NEED_SAMPLES();
    static const int one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    skd_error err;
    for (size_t k = 0; k < n_samples; k++) {
        skd_defect_options options = {.vacancies = true};
        skd_defect_list defects = {0};
        skd_cell *primitive;
        CHECK_OK(skd_primitive(&primitive, samples[k].frame->cell, SKD_SYMPREC, &err));
        CHECK_OK(skd_defects_of(&defects, primitive, one, &options, &err));
        CHECK_INT(defects.n, count_orbits(primitive));
        skd_defect_list_free(&defects);
        skd_cell_free(primitive);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_groups_are_those_of_the_index),
        cmocka_unit_test(the_default_tolerance_agrees_but_for_slight_distortions),
        cmocka_unit_test(poscars_survive_printing_to_the_last_bit),
        cmocka_unit_test(a_cell_has_the_orbits_of_its_primitive_cell),
        cmocka_unit_test(every_orbit_gives_one_vacancy),
    };
    return cmocka_run_group_tests_name("hosts: phonon database", tests, load, unload);
}
