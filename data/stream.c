/* SPDX-License-Identifier: MIT */
/* stream.c - reading through a window of bounded size: files, gzip files (by content), texts.
 * A line longer than LINE_LONG bytes is refused, so memory stays bounded whatever the data swell to. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define CHUNK     ((size_t)1 << 18) /* bytes asked for at a time           */
#define LINE_LONG ((size_t)1 << 22) /* bytes of the longest line we believe */

struct skd_stream {
    skd_text text; /* name and line */
    char *name;
    FILE *file;             /* NULL: a text               */
    bool is_stdin;
    const char *rest;       /* of the text in memory      */
    size_t n_rest;
    char *window;           /* unread bytes: window[used .. n) */
    size_t used, n, capacity, last; /* last: where the last line began */
    bool is_zipped, is_cut, at_end, line_ended;
    z_stream z;
    unsigned char *packed;  /* [CHUNK] */
    skd_error failure;
};

static void *z_alloc(void *payload, unsigned n, unsigned size) {
    (void)payload;
    return skd_alloc(n, size);
}

static void z_release(void *payload, void *p) {
    (void)payload;
    skd_free(p);
}

static void fail_stream(skd_stream *s, skd_status status, const char *words) {
    if (s->failure.status == SKD_OK)
        skd_fail(&s->failure, status, "%s: %s", s->name, words);
    s->at_end = true;
}

/* ---- bytes ------------------------------------------------------------------------------- */

static size_t raw_bytes(skd_stream *s, char *out, size_t size) {
    if (s->file) {
        size_t got = fread(out, 1, size, s->file);
        if (got == 0 && ferror(s->file))
            fail_stream(s, SKD_EIO, strerror(errno));
        return got;
    }
    size_t n = s->n_rest < size ? s->n_rest : size;
    if (n)
        memcpy(out, s->rest, n);
    s->rest += n;
    s->n_rest -= n;
    return n;
}

/* After the end of a gzip member: another one, or the end of the file. */
static void next_member(skd_stream *s) {
    if (s->z.avail_in == 0) {
        s->z.next_in = s->packed;
        s->z.avail_in = (unsigned)raw_bytes(s, (char *)s->packed, CHUNK);
    }
    if (s->z.avail_in == 0)
        s->at_end = true;
    else if (*s->z.next_in != 0x1f || inflateReset(&s->z) != Z_OK)
        fail_stream(s, SKD_EFORMAT, "something else follows its gzip data");
}

static size_t unzipped_bytes(skd_stream *s, char *out, size_t size) {
    s->z.next_out = (unsigned char *)out;
    s->z.avail_out = (unsigned)size;
    while (s->z.avail_out == size && !s->at_end) {
        if (s->z.avail_in == 0) {
            s->z.next_in = s->packed;
            s->z.avail_in = (unsigned)raw_bytes(s, (char *)s->packed, CHUNK);
        }
        s->is_cut = s->z.avail_in == 0;
        if (s->is_cut)
            break;
        int code = inflate(&s->z, Z_NO_FLUSH);
        if (code == Z_STREAM_END)
            next_member(s);
        else if (code == Z_MEM_ERROR)
            fail_stream(s, SKD_ENOMEM, "out of memory for its gzip data");
        else if (code != Z_OK && code != Z_BUF_ERROR)
            fail_stream(s, SKD_EFORMAT, "its gzip data are damaged");
    }
    return size - s->z.avail_out;
}

bool skd_stream_more(skd_stream *s) {
    if (s->at_end)
        return false;
    size_t keep = s->n - s->used;
    if (keep > LINE_LONG) {
        fail_stream(s, SKD_EFORMAT, "a line of more than 4 MiB; expected the output of a program");
        return false;
    }
    if (keep)
        memmove(s->window, s->window + s->used, keep);
    s->used = 0;
    s->n = keep;
    if (skd_grow((void **)&s->window, &s->capacity, keep + CHUNK, 1, &s->failure) != SKD_OK) {
        s->at_end = true;
        return false;
    }
    size_t got = s->is_zipped ? unzipped_bytes(s, s->window + s->n, CHUNK) : raw_bytes(s, s->window + s->n, CHUNK);
    s->n += got;
    s->at_end = s->at_end || got == 0;
    return got > 0;
}

skd_span skd_stream_peek(const skd_stream *s) {
    return (skd_span){s->window ? s->window + s->used : "", s->n - s->used};
}

void skd_stream_skip(skd_stream *s, size_t n) { s->used += n; }

/* ---- opening ----------------------------------------------------------------------------- */

static skd_status make_stream(skd_stream **out, const char *name, skd_error *err) {
    skd_stream *s = skd_alloc(1, sizeof *s);
    *out = s;
    if (s)
        s->name = skd_strdup(strcmp(name, "-") == 0 ? "standard input" : name);
    if (s && s->name) {
        s->text = skd_text_of(s->name, "", 0);
        return SKD_OK;
    }
    skd_stream_close(s);
    *out = NULL;
    return skd_fail(err, SKD_ENOMEM, "%s: out of memory", name);
}

/* Looks at the first bytes: gzip data are unpacked from here on. */
static skd_status begin_stream(skd_stream *s, skd_error *err) {
    if (skd_stream_more(s) && s->n >= 2 && (unsigned char)s->window[0] == 0x1f && (unsigned char)s->window[1] == 0x8b) {
        s->z = (z_stream){.zalloc = z_alloc, .zfree = z_release};
        s->packed = (unsigned char *)s->window;
        s->z.next_in = s->packed;
        s->z.avail_in = (unsigned)s->n;
        s->window = NULL;
        s->n = s->capacity = 0;
        if (inflateInit2(&s->z, 15 + 16) != Z_OK)
            return skd_fail(err, SKD_ENOMEM, "%s: out of memory for its gzip data", s->name);
        s->is_zipped = true;
        s->at_end = false;
        skd_stream_more(s);
    }
    return skd_stream_status(s, err);
}

skd_status skd_stream_open(skd_stream **out, const char *path, skd_error *err) {
    struct stat info;
    skd_status status = make_stream(out, path, err);
    if (status != SKD_OK)
        return status;
    skd_stream *s = *out;
    s->is_stdin = strcmp(path, "-") == 0;
    s->file = s->is_stdin ? stdin : fopen(path, "rb");
    if (!s->file)
        status = skd_fail(err, SKD_EARG, "%s: %s", path, strerror(errno));
    else if (fstat(fileno(s->file), &info) == 0 && S_ISDIR(info.st_mode))
        status = skd_fail(err, SKD_EARG, "%s: is a folder; expected a file", path);
    else
        status = begin_stream(s, err);
    if (status == SKD_OK)
        return SKD_OK;
    skd_stream_close(s);
    *out = NULL;
    return status;
}

skd_status skd_stream_of(skd_stream **out, const char *name, const char *text, size_t length, skd_error *err) {
    skd_status status = make_stream(out, name, err);
    if (status != SKD_OK)
        return status;
    (*out)->rest = text;
    (*out)->n_rest = length;
    status = begin_stream(*out, err);
    if (status != SKD_OK) {
        skd_stream_close(*out);
        *out = NULL;
    }
    return status;
}

void skd_stream_close(skd_stream *s) {
    if (!s)
        return;
    if (s->file && !s->is_stdin)
        fclose(s->file);
    if (s->is_zipped)
        inflateEnd(&s->z);
    skd_free(s->packed);
    skd_free(s->window);
    skd_free(s->name);
    skd_free(s);
}

skd_status skd_stream_beside(skd_stream **out, const skd_stream *s, const char *name, skd_error *err) {
    skd_string path = {0};
    const char *slash = strrchr(s->name, '/');
    *out = NULL;
    if (!s->file || s->is_stdin || strchr(name, '/'))
        return SKD_OK;
    skd_string_add(&path, "%.*s%s", slash ? (int)(slash - s->name) + 1 : 0, s->name, name);
    if (!path.failed && !skd_file_exists(path.text))
        skd_string_add(&path, ".gz");
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "%s: out of memory", name) : SKD_OK;
    if (status == SKD_OK && skd_file_exists(path.text))
        status = skd_stream_open(out, path.text, err);
    skd_string_free(&path);
    return status;
}

/* ---- lines ------------------------------------------------------------------------------- */

bool skd_stream_line(skd_stream *s, skd_span *line) {
    size_t seen = 0;
    const char *end = NULL;
    for (;;) {
        skd_span at_hand = skd_stream_peek(s);
        end = at_hand.n > seen ? memchr(at_hand.p + seen, '\n', at_hand.n - seen) : NULL;
        seen = at_hand.n;
        if (end || !skd_stream_more(s))
            break;
    }
    skd_span rest = skd_stream_peek(s);
    if (s->failure.status != SKD_OK || rest.n == 0)
        return false;
    size_t n = end ? (size_t)(end - rest.p) : rest.n;
    s->line_ended = end != NULL;
    s->last = s->used;
    s->used += end ? n + 1 : n;
    s->text.line++;
    *line = (skd_span){rest.p, n - (n > 0 && rest.p[n - 1] == '\r')};
    return true;
}

bool skd_stream_line_ended(const skd_stream *s) { return s->line_ended; }

void skd_stream_again(skd_stream *s) {
    s->used = s->last;
    s->text.line--;
}

skd_status skd_stream_status(const skd_stream *s, skd_error *err) {
    if (s->failure.status != SKD_OK)
        return skd_fail(err, s->failure.status, "%.460s", s->failure.text);
    return SKD_OK;
}

bool skd_stream_is_cut(const skd_stream *s) { return s->is_cut; }

const skd_text *skd_stream_text(const skd_stream *s) { return &s->text; }
