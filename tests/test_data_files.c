/* SPDX-License-Identifier: MIT */
/* Tests of the file layer: gzip both ways, all-or-nothing writing, folders. */
#include "check.h"

#include <unistd.h>

#include "shakedown/data.h"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "skd_test_files_%ld", (long)getpid());
    return skd_folder_make(folder, NULL) == SKD_OK ? 0 : 1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r ./%s", folder);
    return system(command);
}

static char *in_folder(const char *name) {
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void check_round_trip(const char *name, const char *text, size_t length) {
    skd_error err;
    char *back;
    size_t n;
    CHECK_OK(skd_file_write(in_folder(name), text, length, &err));
    CHECK_OK(skd_file_read(in_folder(name), &back, &n, &err));
    CHECK_INT(n, length);
    CHECK(memcmp(back, text, length) == 0);
    CHECK_INT(back[n], '\0');
    CHECK(!skd_file_exists(in_folder("a.tmp")));
    skd_free(back);
}

static void texts_come_back_plain_and_gzipped(void **state) {
    (void)state;
    size_t n = 300000; /* several chunks */
    char *text = skd_alloc(n, 1);
    CHECK(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + (i * i / 7 + i % 13) % 26);
    check_round_trip("a", text, n);
    check_round_trip("a.gz", text, n);
    check_round_trip("empty", "", 0);
    check_round_trip("empty.gz", "", 0);
    skd_free(text);
}

static void gzip_is_known_by_content_not_by_name(void **state) {
    (void)state;
    skd_error err;
    char path[200], *text;
    size_t n;
    CHECK_OK(skd_file_write(in_folder("b.gz"), "hello", 5, &err));
    snprintf(path, sizeof path, "%s", in_folder("b.gz"));
    CHECK_INT(rename(path, in_folder("b.txt")), 0);
    CHECK_OK(skd_file_read(in_folder("b.txt"), &text, &n, &err));
    CHECK_TEXT(text, "hello");
    skd_free(text);
}

/* 200 MB of zeros in 200 kB. */
static void a_gzip_bomb_is_refused(void **state) {
    (void)state;
    skd_error err;
    size_t n = 200u << 20;
    char *zeros = skd_alloc(n, 1), *text;
    CHECK(zeros);
    CHECK_OK(skd_file_write(in_folder("bomb.gz"), zeros, n, &err));
    skd_free(zeros);
    CHECK_FAILS(skd_file_read(in_folder("bomb.gz"), &text, &n, &err), SKD_EFORMAT, "swell more than 500-fold");
    CHECK(text == NULL);
}

static void folders_are_made_with_their_parents(void **state) {
    (void)state;
    skd_error err;
    CHECK_OK(skd_folder_make(in_folder("p/q//r/"), &err));
    CHECK(skd_file_exists(in_folder("p/q/r")));
    CHECK_OK(skd_folder_make(in_folder("p/q/r"), &err));
    CHECK_OK(skd_file_write(in_folder("file"), "x", 1, &err));
    CHECK_FAILS(skd_folder_make(in_folder("file/below"), &err), SKD_EARG, "Not a directory");
}

static void failures_name_the_path_and_keep_the_old_file(void **state) {
    (void)state;
    skd_error err;
    char *text;
    size_t n;
    CHECK_FAILS(skd_file_write(in_folder("none/file"), "x", 1, &err), SKD_EARG, "none/file: No such file or directory");
    CHECK_OK(skd_folder_make(in_folder("sub"), &err));
    CHECK_FAILS(skd_file_write(in_folder("sub"), "x", 1, &err), SKD_EARG, "sub: is a folder; expected a file");
    CHECK_FAILS(skd_file_read(in_folder("absent"), &text, &n, &err), SKD_EARG, "absent: No such file or directory");
    CHECK_OK(skd_file_write(in_folder("kept"), "old", 3, &err));
    CHECK_OK(skd_folder_make(in_folder("kept.tmp"), &err)); /* the temporary name is taken: writing must fail */
    CHECK_FAILS(skd_file_write(in_folder("kept"), "new", 3, &err), SKD_EARG, "kept: Is a directory");
    CHECK_OK(skd_file_read(in_folder("kept"), &text, &n, &err));
    CHECK_TEXT(text, "old");
    skd_free(text);
}

static void devices_and_links_are_written_through(void **state) {
    (void)state;
    skd_error err;
    char target[200], *text;
    size_t n;
    CHECK_OK(skd_file_write("/dev/null", "x", 1, &err));
    struct stat info;
    CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    CHECK_FAILS(skd_file_write("/dev/full", "x", 1, &err), SKD_EIO, "/dev/full: cannot be written: No space left");
    CHECK_OK(skd_file_write(in_folder("target"), "old", 3, &err));
    snprintf(target, sizeof target, "%s", in_folder("link"));
    CHECK_INT(symlink("target", target), 0);
    CHECK_OK(skd_file_write(target, "through", 7, &err));
    CHECK_OK(skd_file_read(in_folder("target"), &text, &n, &err));
    CHECK_TEXT(text, "through");
    skd_free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back_plain_and_gzipped),
        cmocka_unit_test(gzip_is_known_by_content_not_by_name),
        cmocka_unit_test(a_gzip_bomb_is_refused),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(failures_name_the_path_and_keep_the_old_file),
        cmocka_unit_test(devices_and_links_are_written_through),
    };
    return cmocka_run_group_tests_name("data: files", tests, make_folder, remove_folder);
}
