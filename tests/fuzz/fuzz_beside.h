/* SPDX-License-Identifier: MIT */
/* fuzz_beside.h - fuzz targets of readers that take a second file from the same folder: the bytes up to a zero byte
 * are the first file, the others the second. The folder is made by mkdtemp in the working directory. */
#ifndef SKD_FUZZ_BESIDE_H
#define SKD_FUZZ_BESIDE_H

#include <unistd.h>

#include "fuzz_outputs.h"

static char fuzz_folder[] = "fuzz_XXXXXX";
static bool fuzz_has_folder;

static inline void fuzz_leave(void) { rmdir(fuzz_folder); }

static inline void fuzz_put(const char *path, const char *head, const uint8_t *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file)
        fuzz_stop("cannot write", path);
    fputs(head, file);
    fwrite(data, 1, size, file);
    fclose(file);
}

static inline int fuzz_beside(const char *head, const char *second, const uint8_t *data, size_t size) {
    char path[2][64];
    skd_error err = {SKD_OK, ""};
    skd_outputs *source;
    skd_frame *frame = NULL;
    uint64_t hash = SKD_HASH_START;
    if (!fuzz_has_folder) {
        if (!mkdtemp(fuzz_folder))
            fuzz_stop("cannot make", fuzz_folder);
        fuzz_has_folder = true;
        atexit(fuzz_leave);
    }
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t n = zero ? (size_t)(zero - data) : size;
    snprintf(path[0], sizeof path[0], "%s/first", fuzz_folder);
    snprintf(path[1], sizeof path[1], "%s/%s", fuzz_folder, second);
    fuzz_put(path[0], head, data, n);
    fuzz_put(path[1], "", data + n + (zero != NULL), size - n - (zero != NULL));
    skd_status status = skd_outputs_open(&source, path[0], &err);
    while (status == SKD_OK && (status = skd_outputs_next(source, &frame, &err)) == SKD_OK && frame) {
        fuzz_check_frame(frame, &hash);
        skd_frame_free(frame);
    }
    if (status != SKD_OK)
        fuzz_check_error(&err);
    skd_outputs_close(source);
    unlink(path[0]);
    unlink(path[1]);
    return 0;
}

#endif
