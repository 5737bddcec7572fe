/* SPDX-License-Identifier: MIT */
/* writer.c - frames written one after another as extended XYZ: to a temporary file that takes the place of `path`
 * when all went well, or in place where `path` is a device or standard output; .gz compresses. */
#include "frames.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct skd_writer {
    char *path, *temporary; /* temporary NULL: in place */
    FILE *file;             /* one of the two          */
    gzFile zipped;
    skd_string text;        /* of one frame, reused    */
};

static void free_writer(skd_writer *w) {
    skd_free(w->path);
    skd_free(w->temporary);
    skd_string_free(&w->text);
    skd_free(w);
}

static bool is_in_place(const char *path) {
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

static char *temporary_of(const char *path) {
    skd_string name = {0};
    skd_string_add(&name, "%s.tmp", path);
    if (!name.failed)
        return name.text;
    skd_string_free(&name);
    return NULL;
}

skd_status skd_writer_open(skd_writer **out, const char *path, skd_error *err) {
    skd_writer *w = skd_alloc(1, sizeof *w);
    bool in_place = is_in_place(path);
    *out = NULL;
    if (w) {
        w->path = skd_strdup(path);
        w->temporary = in_place ? NULL : temporary_of(path);
    }
    if (!w || !w->path || (!in_place && !w->temporary)) {
        if (w)
            free_writer(w);
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    }
    const char *name = in_place ? path : w->temporary;
    size_t n = strlen(path);
    if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
        w->zipped = gzopen(name, "wb");
    else
        w->file = strcmp(path, "-") == 0 ? stdout : fopen(name, "wb");
    if (!w->zipped && !w->file) {
        free_writer(w);
        return skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    }
    *out = w;
    return SKD_OK;
}

skd_status skd_writer_add(skd_writer *w, skd_frame *frame, skd_error *err) {
    skd_frames one = {.n = 1, .frame = &frame};
    w->text.n = 0;
    skd_status status = skd_format_xyz.print(&w->text, &one, err);
    if (status != SKD_OK)
        return status;
    size_t put = w->zipped ? (size_t)gzwrite(w->zipped, w->text.text, (unsigned)w->text.n)
                           : fwrite(w->text.text, 1, w->text.n, w->file);
    if (put == w->text.n)
        return SKD_OK;
    return skd_fail(err, SKD_EIO, "%s: cannot be written: %s", w->path, strerror(errno));
}

skd_status skd_writer_close(skd_writer *w, bool keep, skd_error *err) {
    if (!w)
        return SKD_OK;
    bool good = w->zipped ? gzclose(w->zipped) == Z_OK : w->file == stdout ? fflush(stdout) == 0 : fclose(w->file) == 0;
    if (good && keep && w->temporary)
        good = rename(w->temporary, w->path) == 0;
    skd_status status = SKD_OK;
    if (!good && keep)
        status = skd_fail(err, SKD_EIO, "%s: cannot be written: %s", w->path, strerror(errno));
    if (w->temporary && (!keep || !good))
        unlink(w->temporary);
    free_writer(w);
    return status;
}
