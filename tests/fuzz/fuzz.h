/* SPDX-License-Identifier: MIT */
/* fuzz.h - body of the three fuzz targets. Whatever parses must print, parse again and print the same.
 * With -DSKD_LIBFUZZER libFuzzer brings main(); without it main() replays files or folders' files named
 * on the command line, so that any compiler can run a corpus. */
#ifndef SKD_FUZZ_H
#define SKD_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shakedown/data.h"

static inline void fuzz_stop(const char *what, const char *text) {
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

/* One line, no control characters: what every refusal must be. */
static inline void fuzz_check_error(const skd_error *err) {
    if (err->text[0] == '\0' || strpbrk(err->text, "\n\r"))
        fuzz_stop("not one line", err->text);
}

/* What stands on a limit (two atoms 0.01 Å apart, a coordinate of 1e6 Å) to the last bit may fall on its
 * other side when it is read from rounded digits. */
static inline bool is_borderline(const skd_error *err) {
    static const char *const limits[] = {"are 0.0100 Å apart", "0.0100 Å from its own image",
                                         "has the coordinate", "Å long", "has no volume"};
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        if (strstr(err->text, limits[k]))
            return true;
    return false;
}

static inline int fuzz_format(const char *format_name, const uint8_t *data, size_t size) {
    const skd_format *format = skd_format_named(format_name);
    skd_error err = {SKD_OK, ""};
    skd_frames first = {0}, second = {0};
    skd_string text = {0}, again = {0};
    if (format->parse(&first, "fuzz", (const char *)data, size, &err) != SKD_OK)
        fuzz_check_error(&err);
    else {
        skd_status status = format->print(&text, &first, &err);
        if (status == SKD_OK)
            status = format->parse(&second, "again", text.text, text.n, &err);
        if (status == SKD_OK)
            status = format->print(&again, &second, &err);
        if (status != SKD_OK && !is_borderline(&err))
            fuzz_stop("own text refused", err.text);
        if (status == SKD_OK && (text.n != again.n || memcmp(text.text, again.text, text.n) != 0))
            fuzz_stop("own text changes", again.text);
    }
    skd_string_free(&text);
    skd_string_free(&again);
    skd_frames_free(&first);
    skd_frames_free(&second);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef SKD_LIBFUZZER
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        skd_error err = {SKD_OK, ""};
        char *text;
        size_t length;
        if (skd_file_read(argv[i], &text, &length, &err) != SKD_OK)
            fuzz_stop("cannot replay", err.text);
        LLVMFuzzerTestOneInput((const uint8_t *)text, length);
        skd_free(text);
    }
    printf("%d files replayed\n", argc - 1);
    return 0;
}
#endif

#endif
