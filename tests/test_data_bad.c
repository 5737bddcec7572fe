/* SPDX-License-Identifier: MIT */
/* Every file of tests/bad is refused with one line that holds the words of tests/bad/EXPECTED; every
 * file of tests/good_odd is read, with the number of atoms of tests/good_odd/EXPECTED in its last frame. */
#include "check.h"

#include "shakedown/data.h"

/* Calls check(path, value) for each "file TAB value" line of folder/EXPECTED; returns how many. */
static size_t walk(const char *folder, void (*check)(const char *path, const char *value)) {
    skd_error err;
    char path[300], *text;
    size_t length, rows = 0;
    snprintf(path, sizeof path, "%s/EXPECTED", folder);
    CHECK_OK(skd_file_read(path, &text, &length, &err));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), rows++) {
        char *tab = strchr(line, '\t');
        CHECK(tab);
        *tab = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, line);
        check(path, tab + 1);
    }
    skd_free(text);
    return rows;
}

static void is_refused(const char *path, const char *words) {
    skd_error err = {SKD_OK, ""};
    skd_frames frames;
    skd_status status = skd_frames_read(&frames, path, NULL, &err);
    if ((status != SKD_EFORMAT && status != SKD_EARG) || !*words || !strstr(err.text, words) ||
        strpbrk(err.text, "\n\r") || strncmp(err.text, path, strlen(path)) != 0) {
        print_error("%s: status %d, '%s'; wanted '%s'\n", path, (int)status, err.text, words);
        fail();
    }
    CHECK_INT(frames.n, 0);
    CHECK(frames.frame == NULL);
}

static void is_accepted(const char *path, const char *atoms) {
    skd_error err;
    skd_frame *frame;
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_INT(frame->cell->n, strtol(atoms, NULL, 10));
    skd_frame_free(frame);
}

static void malformed_files_are_refused_with_one_line(void **state) {
    (void)state;
    CHECK(walk("tests/bad", is_refused) >= 60);
}

static void odd_files_are_accepted(void **state) {
    (void)state;
    CHECK(walk("tests/good_odd", is_accepted) >= 20);
}

static void files_that_cannot_be_opened_are_named(void **state) {
    (void)state;
    skd_error err;
    skd_frames frames;
    CHECK_FAILS(skd_frames_read(&frames, "tests/bad/absent.POSCAR", NULL, &err), SKD_EARG,
                "tests/bad/absent.POSCAR: No such file or directory");
    CHECK_FAILS(skd_frames_read(&frames, "tests/bad", NULL, &err), SKD_EARG, "tests/bad: is a folder; expected a file");
}

/* Appending ever more text to a file must not cost more than in proportion: a claim is refused before
 * any memory for it is asked for. */
static void a_claim_of_a_trillion_atoms_fails_at_once(void **state) {
    (void)state;
    skd_error err;
    skd_frames frames = {0};
    static const char *const rows[][2] = {{"poscar", "x\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n1000000000000\nDirect\n0 0 0\n"},
                                          {"xyz", "1000000000000\n\nSi 0 0 0\n"}};
    for (int i = 0; i < 2; i++)
        CHECK_FAILS(skd_format_named(rows[i][0])->parse(&frames, "text", rows[i][1], strlen(rows[i][1]), &err),
                    SKD_EFORMAT, "claimed");
}

/* 1000 atoms on a grid of a skewed cell and one more, on an earlier one's image or beside it. */
static skd_status read_crowd(const double last[3], skd_error *err) {
    skd_string text = {0};
    skd_frames frames = {0};
    skd_string_add(&text, "crowd\n1\n27 0 0\n13 24 0\n-60 5 31\nSi\n1001\nDirect\n");
    for (int i = 0; i < 1000; i++)
        skd_string_add(&text, "%.6f %.6f %.6f\n", i / 100 * 0.1, i / 10 % 10 * 0.1, i % 10 * 0.1);
    skd_string_add(&text, "%.6f %.6f %.6f\n", last[0], last[1], last[2]);
    skd_status status = skd_format_named("poscar")->parse(&frames, "crowd", text.text, text.n, err);
    skd_string_free(&text);
    skd_frames_free(&frames);
    return status;
}

static void two_atoms_on_one_site_are_found_in_a_crowd(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 76543, &err));
    for (int trial = 0; trial < 150; trial++) { /* up to 0.0074 Å off, in every direction */
        int atom = (int)skd_rng_below(rng, 0, 1000);
        double last[3] = {atom / 100 * 0.1 - 1.0, atom / 10 % 10 * 0.1 + 2.0, atom % 10 * 0.1};
        char words[80];
        snprintf(words, sizeof words, "crowd: atoms %d and 1001 are 0.00", atom + 1);
        for (int k = 0; k < 3; k++)
            last[k] += 1.2e-4 * (skd_rng_uniform(rng) - 0.5);
        CHECK_FAILS(read_crowd(last, &err), SKD_EFORMAT, words);
    }
    skd_rng_free(rng);
    CHECK_OK(read_crowd((const double[]){-0.705, 2.5, -0.7}, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_files_are_refused_with_one_line),
        cmocka_unit_test(odd_files_are_accepted),
        cmocka_unit_test(files_that_cannot_be_opened_are_named),
        cmocka_unit_test(two_atoms_on_one_site_are_found_in_a_crowd),
        cmocka_unit_test(a_claim_of_a_trillion_atoms_fails_at_once),
    };
    return cmocka_run_group_tests_name("data: malformed input", tests, NULL, NULL);
}
