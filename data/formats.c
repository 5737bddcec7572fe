/* SPDX-License-Identifier: MIT */
/* formats.c - the table of file formats and reading and writing by it. A new format is one file with
 * a skd_format, its name in frames.h, and one row here. Those known by their extension come first, for
 * names such as POSCAR.cif. */
#include "frames.h"

#include <string.h>

const skd_format *const skd_formats[] = {&skd_format_xyz, &skd_format_cif, &skd_format_poscar, NULL};

const skd_format *skd_format_named(const char *name) {
    for (size_t k = 0; skd_formats[k]; k++)
        if (strcmp(skd_formats[k]->name, name) == 0)
            return skd_formats[k];
    return NULL;
}

/* The last part of a path, without ".gz". */
static skd_span file_name(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name);
    if (n > 3 && strcmp(name + n - 3, ".gz") == 0)
        n -= 3;
    return (skd_span){name, n};
}

const skd_format *skd_format_of(const char *path, const char *text, size_t length) {
    char name[256];
    skd_span_copy(file_name(path), name, sizeof name);
    for (size_t k = 0; skd_formats[k]; k++)
        if (skd_formats[k]->matches_name(name))
            return skd_formats[k];
    for (size_t k = 0; text && skd_formats[k]; k++)
        if (skd_formats[k]->matches_text(text, length))
            return skd_formats[k];
    return NULL;
}

static skd_status parse_text(skd_frames *out, const char *path, const skd_format *format, const char *text,
                             size_t length, skd_error *err) {
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    skd_status status = skd_text_check(name, text, length, err);
    if (status != SKD_OK)
        return status;
    if (!format)
        format = skd_format_of(path, text, length);
    if (!format)
        return skd_fail(err, SKD_EFORMAT, "%s: neither its name nor its beginning is that of a POSCAR, XYZ or CIF",
                        name);
    if (!format->parse)
        return skd_fail(err, SKD_EARG, "%s: the format '%s' can only be written", name, format->name);
    return format->parse(out, name, text, length, err);
}

skd_status skd_frames_read(skd_frames *out, const char *path, const skd_format *format, skd_error *err) {
    char *text;
    size_t length;
    *out = (skd_frames){0};
    skd_status status = skd_file_read(path, &text, &length, err);
    if (status == SKD_OK)
        status = parse_text(out, path, format, text, length, err);
    skd_free(text);
    if (status != SKD_OK)
        skd_frames_free(out);
    return status;
}

skd_status skd_frames_write(const skd_frames *frames, const char *path, const skd_format *format, skd_error *err) {
    if (!format)
        format = skd_format_of(path, NULL, 0);
    if (!format || !format->print)
        return skd_fail(err, SKD_EARG, "%s: its name is not that of a POSCAR, XYZ or CIF; expected one, or a format",
                        path);
    skd_string text = {0};
    skd_status status = format->print(&text, frames, err);
    if (status == SKD_OK)
        status = skd_file_write(path, text.text ? text.text : "", text.n, err);
    else
        skd_error_prefix(err, "%s", path);
    skd_string_free(&text);
    return status;
}

skd_status skd_structure_read(skd_frame **out, const char *path, skd_error *err) {
    skd_frames frames;
    *out = NULL;
    skd_status status = skd_frames_read(&frames, path, NULL, err);
    if (status != SKD_OK)
        return status;
    if (frames.n > 0)
        *out = frames.frame[--frames.n];
    else
        status = skd_fail(err, SKD_EFORMAT, "%s: expected a structure; found none", path);
    skd_frames_free(&frames);
    return status;
}
