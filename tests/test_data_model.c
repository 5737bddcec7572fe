/* SPDX-License-Identifier: MIT */
/* Tests of model files: the same bits back, damage of any byte refused, and what cannot be written. */
#include <float.h>
#include <unistd.h>

#include "check.h"
#include "shakedown/data.h"

static char path[64];

static void make_file(skd_model_file *file) {
    skd_error err;
    skd_cell *cell;
    skd_frame *frame;
    const double numbers[10] = {0.1, -1.0 / 3.0, 1e-300, DBL_MAX, DBL_MIN, -0.0, 4105.123456789012, 5e-324, 2.0, 3.0};
    *file = (skd_model_file){0};
    CHECK_OK(skd_model_file_set(file, "host", "CdTe", &err));
    CHECK_OK(skd_model_file_set(file, "host", "  CdTe, zinc blende\nsecond line ", &err));
    CHECK_OK(skd_model_file_set(file, "prior", "", &err));
    CHECK_OK(skd_model_file_add(file, "model_1", numbers, 10, &err));
    CHECK_OK(skd_model_file_add(file, "none", numbers, 0, &err));
    CHECK_OK(skd_cell_new(&cell, 2, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 5.0 + 0.1 * k;
    cell->species[0] = 48;
    cell->species[1] = 52;
    cell->pos[1][0] = 1.0 / 7.0 + 2.0;
    CHECK_OK(skd_frame_new(&frame, cell, &err));
    frame->force = skd_alloc(2, sizeof *frame->force);
    frame->force[1][2] = 1.0 / 9.0;
    frame->has_energy = true;
    frame->energy = -1.0 / 11.0;
    CHECK_OK(skd_frame_set_info(frame, "charge", "-2", &err));
    CHECK_OK(skd_grow((void **)&file->labels.frame, &file->labels.capacity, 1, sizeof *file->labels.frame, &err));
    file->labels.frame[file->labels.n++] = frame;
}

static void check_file(const skd_model_file *got) {
    skd_model_file want;
    make_file(&want);
    CHECK_TEXT(skd_model_file_get(got, "host"), "CdTe, zinc blende second line");
    CHECK_TEXT(skd_model_file_get(got, "prior"), "");
    CHECK(skd_model_file_get(got, "level") == NULL && skd_model_file_array(got, "model_2") == NULL);
    const skd_model_array *a = skd_model_file_array(got, "model_1"), *b = skd_model_file_array(&want, "model_1");
    CHECK_INT(a->n, 10);
    CHECK(memcmp(a->value, b->value, 10 * sizeof *a->value) == 0);
    CHECK_INT(skd_model_file_array(got, "none")->n, 0);
    CHECK_INT(got->labels.n, 1);
    const skd_frame *f = got->labels.frame[0], *g = want.labels.frame[0];
    CHECK(f->energy == g->energy && f->force[1][2] == g->force[1][2] && f->cell->pos[1][0] == g->cell->pos[1][0]);
    CHECK_TEXT(skd_frame_info(f, "charge"), "-2");
    skd_model_file_free(&want);
}

static void what_is_written_is_read_back(void **state) {
    skd_error err;
    skd_model_file file, back, again;
    (void)state;
    for (int zipped = 0; zipped < 2; zipped++) {
        snprintf(path, sizeof path, "build/model_%ld.model%s", (long)getpid(), zipped ? ".gz" : "");
        make_file(&file);
        CHECK_OK(skd_model_file_write(&file, path, &err));
        CHECK_OK(skd_model_file_read(&back, path, &err));
        check_file(&back);
        CHECK_OK(skd_model_file_write(&back, path, &err));
        CHECK_OK(skd_model_file_read(&again, path, &err));
        check_file(&again);
        skd_model_file_forget(&again);
        CHECK(skd_model_file_array(&again, "model_1") == NULL);
        skd_model_file_free(&file);
        skd_model_file_free(&back);
        skd_model_file_free(&again);
        unlink(path);
    }
}

static void every_flipped_bit_is_refused(void **state) {
    skd_error err;
    skd_model_file file, back;
    char *text;
    size_t n, refused = 0;
    (void)state;
    snprintf(path, sizeof path, "build/model_%ld.model", (long)getpid());
    make_file(&file);
    CHECK_OK(skd_model_file_write(&file, path, &err));
    CHECK_OK(skd_file_read(path, &text, &n, &err));
    unlink(path);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ (1 << bit));
            bool harmless = i < 48 && (text[i] == '\t' || text[i] == '\r'); /* blank or line end of another kind */
            skd_status status = skd_model_file_parse(&back, "x.model", text, n, &err);
            CHECK(status == SKD_EFORMAT || (status == SKD_OK && harmless));
            refused += status == SKD_EFORMAT;
            if (status == SKD_OK)
                skd_model_file_free(&back);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    CHECK(refused + 8 > 8 * n);
    for (size_t i = 0; i < n; i++) /* cut off anywhere */
        CHECK_INT(skd_model_file_parse(&back, "x.model", text, i, &err), SKD_EFORMAT);
    CHECK_OK(skd_model_file_parse(&back, "x.model", text, n, &err));
    skd_model_file_free(&back);
    skd_model_file_free(&file);
    skd_free(text);
}

/* Files whose checksum is right and whose contents are not. */
static void bad_contents(void **state) {
    static const struct {
        const char *body, *words;
    } rows[] = {
        {"", "ends without its labels"},
        {"host CdTe\nlabels 0\n", "expected 'KEY: VALUE'"},
        {"two words: CdTe\nlabels 0\n", "key of one word"},
        {"array\nlabels 0\n", "array NAME N"},
        {"array w\nlabels 0\n", "how many numbers"},
        {"array w -1\nlabels 0\n", "how many numbers"},
        {"array w 200000000\nlabels 0\n", "more than the file can hold"},
        {"array w 3\n1 2\nlabels 0\n", "'labels'; expected a number"},
        {"array w 5\n1         2\n", "ends after 2 of 5"},
        {"array w 2\n1 nan\nlabels 0\n", "'nan'"},
        {"labels\n", "how many labels"},
        {"labels 2\n1\nLattice=\"5 0 0 0 5 0 0 0 5\" Properties=species:S:1:pos:R:3\nSi 0 0 0\n",
         "1 labels; expected 2"},
        {"labels 1\nrubbish\n", "x.model"},
    };
    skd_error err;
    skd_model_file file;
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        char text[400];
        int n = snprintf(text, sizeof text, "shakedown-model 1\nchecksum %016llx\n%s",
                         (unsigned long long)skd_hash(SKD_HASH_START, rows[k].body, strlen(rows[k].body)),
                         rows[k].body);
        CHECK_FAILS(skd_model_file_parse(&file, "x.model", text, (size_t)n, &err), SKD_EFORMAT, rows[k].words);
    }
}

static void what_cannot_be_written(void **state) {
    skd_error err;
    skd_model_file file = {0};
    const double bad = INFINITY;
    (void)state;
    CHECK_FAILS(skd_model_file_set(&file, "two words", "x", &err), SKD_EARG, "no word");
    CHECK_FAILS(skd_model_file_set(&file, "", "x", &err), SKD_EARG, "no word");
    CHECK_FAILS(skd_model_file_add(&file, "w", &bad, 1, &err), SKD_ENUMERIC, "not finite");
    CHECK_INT(file.n_info + file.n_array, 0);
}

#ifdef SKD_TORTURE
static void failed_allocations(void **state) {
    skd_error err;
    skd_model_file file, back;
    skd_status status = SKD_ENOMEM;
    (void)state;
    snprintf(path, sizeof path, "build/model_%ld.model.gz", (long)getpid());
    make_file(&file);
    for (long k = 0; status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = skd_model_file_write(&file, path, &err);
        if (status == SKD_OK)
            status = skd_model_file_read(&back, path, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
    }
    skd_model_file_free(&back);
    skd_model_file_free(&file);
    unlink(path);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(bad_contents),
        cmocka_unit_test(what_cannot_be_written),
#ifdef SKD_TORTURE
        cmocka_unit_test(failed_allocations),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
