/* SPDX-License-Identifier: MIT */
/* file.c - the only place where files are opened: reading a whole file (gunzipping by content),
 * writing all or nothing, making folders.
 *
 * gzip is undone and done in memory, member after member, with our own allocator, so that memory is
 * bounded: text beyond 4 GiB is refused, and so is what swells more than 500-fold past 64 MiB
 * (deflate reaches 1032; structures, even a trajectory that stands still, stay below 300). */
#include "shakedown/data.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FILE_MAX   ((size_t)4 << 30) /* bytes of text we are willing to hold */
#define CHUNK      ((size_t)1 << 16)
#define SWELL_FREE ((size_t)64 << 20)
#define SWELL_MAX  ((size_t)500)

typedef struct buffer {
    char *p;
    size_t n, capacity;
} buffer;

/* Room for one more chunk and a final NUL. */
static skd_status buffer_room(buffer *b, const char *path, skd_error *err) {
    if (b->n > FILE_MAX)
        return skd_fail(err, SKD_EFORMAT, "%s: more than 4 GiB of text; expected a structure file", path);
    return skd_grow((void **)&b->p, &b->capacity, b->n + CHUNK + 1, 1, err);
}

/* ---- gzip -------------------------------------------------------------------------------- */

static void *z_alloc(void *payload, unsigned n, unsigned size) {
    (void)payload;
    return skd_alloc(n, size);
}

static void z_release(void *payload, void *p) {
    (void)payload;
    skd_free(p);
}

static bool is_gzip(const char *p, size_t n) {
    return n >= 2 && (unsigned char)p[0] == 0x1f && (unsigned char)p[1] == 0x8b;
}

/* One call of inflate: moves on in both texts. Returns zlib's code. */
static int inflate_some(z_stream *z, const buffer *raw, size_t *used, buffer *text) {
    size_t left = raw->n - *used, give = left < CHUNK ? left : CHUNK;
    z->next_in = (unsigned char *)raw->p + *used;
    z->avail_in = (unsigned)give;
    z->next_out = (unsigned char *)text->p + text->n;
    z->avail_out = (unsigned)CHUNK;
    int code = inflate(z, Z_NO_FLUSH);
    *used += give - z->avail_in;
    text->n += CHUNK - z->avail_out;
    return code;
}

static skd_status inflate_members(z_stream *z, const char *path, const buffer *raw, buffer *text, skd_error *err) {
    size_t used = 0;
    for (;;) {
        skd_status status = buffer_room(text, path, err);
        if (status != SKD_OK)
            return status;
        int code = inflate_some(z, raw, &used, text);
        if (text->n > SWELL_FREE && text->n / SWELL_MAX > used)
            return skd_fail(err, SKD_EFORMAT, "%s: gzip data swell more than %zu-fold; expected a structure file", path,
                            SWELL_MAX);
        if (code == Z_MEM_ERROR)
            return skd_fail(err, SKD_ENOMEM, "%s: out of memory for its gzip data", path);
        if (code == Z_STREAM_END) {
            if (used == raw->n)
                return SKD_OK;
            if (!is_gzip(raw->p + used, raw->n - used) || inflateReset(z) != Z_OK)
                return skd_fail(err, SKD_EFORMAT, "%s: something else follows its gzip data", path);
        } else if (code == Z_BUF_ERROR || (code == Z_OK && used == raw->n && z->avail_out > 0))
            return skd_fail(err, SKD_EFORMAT, "%s: its gzip data end too early (truncated file)", path);
        else if (code != Z_OK)
            return skd_fail(err, SKD_EFORMAT, "%s: its gzip data are damaged (%s)", path, z->msg ? z->msg : "unknown");
    }
}

static skd_status gunzip(const char *path, const buffer *raw, buffer *text, skd_error *err) {
    z_stream z = {.zalloc = z_alloc, .zfree = z_release};
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: gzip header */
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for its gzip data", path);
    skd_status status = inflate_members(&z, path, raw, text, err);
    inflateEnd(&z);
    return status;
}

static skd_status gzip(const char *path, const char *text, size_t length, buffer *out, skd_error *err) {
    z_stream z = {.zalloc = z_alloc, .zfree = z_release};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for compressing", path);
    skd_status status = SKD_OK;
    size_t used = 0;
    int code = Z_OK;
    while (code != Z_STREAM_END && (status = buffer_room(out, path, err)) == SKD_OK) {
        size_t give = length - used < CHUNK ? length - used : CHUNK;
        z.next_in = (unsigned char *)(uintptr_t)(text + used); /* zlib reads only */
        z.avail_in = (unsigned)give;
        z.next_out = (unsigned char *)out->p + out->n;
        z.avail_out = (unsigned)CHUNK;
        code = deflate(&z, used + give == length ? Z_FINISH : Z_NO_FLUSH);
        used += give - z.avail_in;
        out->n += CHUNK - z.avail_out;
    }
    deflateEnd(&z);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------- */

static skd_status read_stream(FILE *stream, const char *path, buffer *raw, skd_error *err) {
    for (;;) {
        skd_status status = buffer_room(raw, path, err);
        if (status != SKD_OK)
            return status;
        size_t got = fread(raw->p + raw->n, 1, CHUNK, stream);
        raw->n += got;
        if (got == 0)
            return ferror(stream) ? skd_fail(err, SKD_EIO, "%s: cannot be read: %s", path, strerror(errno)) : SKD_OK;
    }
}

static skd_status read_named(const char *path, buffer *raw, skd_error *err) {
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    struct stat info;
    skd_status status;
    if (fstat(fileno(stream), &info) == 0 && S_ISDIR(info.st_mode))
        status = skd_fail(err, SKD_EARG, "%s: is a folder; expected a file", path);
    else
        status = read_stream(stream, path, raw, err);
    fclose(stream);
    return status;
}

skd_status skd_file_read(const char *path, char **text, size_t *length, skd_error *err) {
    *text = NULL;
    *length = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    buffer raw = {0}, plain = {0};
    skd_status status = is_stdin ? read_stream(stdin, "standard input", &raw, err) : read_named(path, &raw, err);
    if (status == SKD_OK && is_gzip(raw.p, raw.n)) {
        status = gunzip(is_stdin ? "standard input" : path, &raw, &plain, err);
        skd_free(raw.p);
        raw = plain;
    }
    if (status != SKD_OK) {
        skd_free(raw.p);
        return status;
    }
    raw.p[raw.n] = '\0'; /* for the convenience of C strings; not counted */
    *text = raw.p;
    *length = raw.n;
    return SKD_OK;
}

skd_status skd_text_unpack(const char *name, const void *bytes, size_t n, char **text, size_t *length, skd_error *err) {
    const buffer raw = {.p = (char *)(uintptr_t)bytes, .n = n}; /* only read */
    buffer plain = {0};
    *text = NULL;
    *length = 0;
    skd_status status = gunzip(name, &raw, &plain, err);
    if (status != SKD_OK) {
        skd_free(plain.p);
        return status;
    }
    plain.p[plain.n] = '\0';
    *text = plain.p;
    *length = plain.n;
    return SKD_OK;
}

bool skd_file_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool write_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t put = write(fd, p, n < FILE_MAX / 4 ? n : FILE_MAX / 4);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static skd_status write_stdout(const char *text, size_t length, skd_error *err) {
    if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0)
        return skd_fail(err, SKD_EIO, "standard output: cannot be written: %s", strerror(errno));
    return SKD_OK;
}

/* Devices, pipes and symbolic links are written in place: renaming over them would replace them. */
static skd_status write_in_place(const char *path, const char *text, size_t length, skd_error *err) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    if (fd < 0)
        return skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    bool ok = write_all(fd, text, length);
    int code = errno;
    if (close(fd) != 0 && ok) {
        code = errno;
        ok = false;
    }
    return ok ? SKD_OK : skd_fail(err, SKD_EIO, "%s: cannot be written: %s", path, strerror(code));
}

/* mode: permissions to give, or 0 for the process's default. No fsync: a killed program or a full disk leaves
 * the old file or the new one, and starts are written by the thousand; what must outlive a power cut is in
 * the run database. */
static skd_status write_renamed(const char *path, const char *temporary, mode_t mode, const char *text, size_t length,
                                skd_error *err) {
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0)
        return skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    bool ok = (mode == 0 || fchmod(fd, mode) == 0) && write_all(fd, text, length);
    int code = errno;
    if (close(fd) != 0 && ok) {
        code = errno;
        ok = false;
    }
    if (ok && rename(temporary, path) != 0) {
        code = errno;
        ok = false;
    }
    if (ok)
        return SKD_OK;
    unlink(temporary);
    return skd_fail(err, SKD_EIO, "%s: cannot be written: %s", path, strerror(code));
}

static skd_status write_named(const char *path, const char *text, size_t length, skd_error *err) {
    struct stat info;
    mode_t mode = 0;
    if (lstat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return skd_fail(err, SKD_EARG, "%s: is a folder; expected a file", path);
        if (!S_ISREG(info.st_mode) && skd_file_exists(path))
            return write_in_place(path, text, length, err);
        mode = S_ISREG(info.st_mode) ? info.st_mode & 07777 : 0;
    }
    skd_string temporary = {0};
    skd_string_add(&temporary, "%s.tmp", path);
    skd_status status = temporary.failed
                            ? skd_fail(err, SKD_ENOMEM, "%s: out of memory", path)
                            : write_renamed(path, temporary.text, mode, text, length, err);
    skd_string_free(&temporary);
    return status;
}

static bool ends_with(const char *text, const char *tail) {
    size_t n = strlen(text), m = strlen(tail);
    return n >= m && strcmp(text + n - m, tail) == 0;
}

skd_status skd_file_write(const char *path, const char *text, size_t length, skd_error *err) {
    if (strcmp(path, "-") == 0)
        return write_stdout(text, length, err);
    if (!ends_with(path, ".gz"))
        return write_named(path, text, length, err);
    buffer packed = {0};
    skd_status status = gzip(path, text, length, &packed, err);
    if (status == SKD_OK)
        status = write_named(path, packed.p, packed.n, err);
    skd_free(packed.p);
    return status;
}

/* ---- folders ----------------------------------------------------------------------------- */

static bool make_one(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return true;
    int code = errno;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    errno = code == EEXIST ? ENOTDIR : code;
    return false;
}

skd_status skd_folder_make(const char *path, skd_error *err) {
    if (mkdir(path, 0777) == 0) /* mostly only the last part is missing */
        return SKD_OK;
    char *copy = skd_strdup(path);
    if (!copy)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    bool ok = true;
    for (char *p = copy; ok && *p; p++) {
        if (*p != '/' || p == copy)
            continue;
        *p = '\0';
        ok = make_one(copy);
        *p = '/';
    }
    ok = ok && make_one(copy);
    skd_status status = ok ? SKD_OK : skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    skd_free(copy);
    return status;
}

/* ---- what is in a folder ------------------------------------------------------------------- */

void skd_names_free(skd_names *names) {
    for (size_t i = 0; i < names->n; i++)
        skd_free(names->name[i]);
    skd_free(names->name);
    *names = (skd_names){0};
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

skd_status skd_folder_list(skd_names *out, const char *path, bool *is_folder, skd_error *err) {
    DIR *folder = opendir(path);
    skd_status status = SKD_OK;
    *out = (skd_names){0};
    *is_folder = folder != NULL;
    if (!folder)
        return errno == EACCES ? skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno)) : SKD_OK;
    for (const struct dirent *entry; status == SKD_OK && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        status = skd_grow((void **)&out->name, &out->capacity, out->n + 1, sizeof *out->name, err);
        if (status == SKD_OK && !(out->name[out->n] = skd_strdup(entry->d_name)))
            status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for its list", path);
        out->n += status == SKD_OK;
    }
    closedir(folder);
    if (status != SKD_OK)
        skd_names_free(out);
    else if (out->n > 1)
        qsort(out->name, out->n, sizeof *out->name, by_name);
    return status;
}

skd_status skd_files_matching(skd_names *out, const char *pattern, skd_error *err) {
    glob_t found = {0};
    *out = (skd_names){0};
    int code = glob(pattern, 0, NULL, &found);
    skd_status status = SKD_OK;
    if (code != 0 && code != GLOB_NOMATCH)
        status = skd_fail(err, code == GLOB_NOSPACE ? SKD_ENOMEM : SKD_EIO, "%s: files cannot be listed", pattern);
    for (size_t i = 0; code == 0 && i < found.gl_pathc && status == SKD_OK; i++) {
        status = skd_grow((void **)&out->name, &out->capacity, out->n + 1, sizeof *out->name, err);
        if (status == SKD_OK && !(out->name[out->n] = skd_strdup(found.gl_pathv[i])))
            status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for a list", pattern);
        out->n += status == SKD_OK;
    }
    globfree(&found);
    if (status != SKD_OK)
        skd_names_free(out);
    return status;
}
