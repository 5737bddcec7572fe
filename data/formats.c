/* SPDX-License-Identifier: MIT */
/* formats.c - the table of file formats and reading and writing by it. A new format is one file with
 * a skd_format, its name in frames.h, and one row here. Those known by their extension come first, for
 * names such as POSCAR.cif. */
#include "outputs.h"

#include <stdio.h>
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

/* All frames; closes the source. */
static skd_status read_output(skd_frames *out, skd_outputs *source_taken, skd_error *err) {
    skd_frame *frame = NULL;
    skd_status status;
    do {
        status = skd_outputs_next(source_taken, &frame, err);
        if (status == SKD_OK && frame)
            status = skd_frames_add(out, frame, err);
    } while (status == SKD_OK && frame);
    const char *warning = skd_outputs_warning(source_taken);
    if (warning)
        snprintf(out->warning, sizeof out->warning, "%s", warning);
    skd_outputs_close(source_taken);
    return status;
}

static skd_status read_output_text(skd_frames *out, const char *name, const char *text, size_t length,
                                   skd_error *err) {
    skd_outputs *source;
    skd_status status = skd_outputs_of(&source, name, text, length, err);
    return status == SKD_OK ? read_output(out, source, err) : status;
}

/* Outputs are read as they come, so that one cut off gives what is there. */
static skd_status read_if_output(skd_frames *out, const char *path, bool *is_output, skd_error *err) {
    skd_stream *stream;
    skd_outputs *source;
    *is_output = false;
    skd_status status = skd_stream_open(&stream, path, err);
    if (status != SKD_OK)
        return status == SKD_ENOMEM ? status : SKD_OK; /* the way of other files says why */
    skd_span beginning = skd_stream_peek(stream);
    *is_output = skd_output_of(path, beginning.p, beginning.n) != NULL;
    skd_stream_close(stream);
    if (!*is_output)
        return SKD_OK;
    status = skd_outputs_open(&source, path, err);
    return status == SKD_OK ? read_output(out, source, err) : status;
}

static skd_status parse_text(skd_frames *out, const char *path, const skd_format *format, const char *text,
                             size_t length, skd_error *err) {
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (!format && skd_output_of(path, text, length))
        return read_output_text(out, name, text, length, err);
    skd_status status = skd_text_check(name, text, length, err);
    if (status != SKD_OK)
        return status;
    if (!format)
        format = skd_format_of(path, text, length);
    if (!format)
        return skd_fail(err, SKD_EFORMAT,
                        "%s: neither its name nor its beginning is that of a POSCAR, XYZ or CIF, or of a code's output",
                        name);
    if (!format->parse)
        return skd_fail(err, SKD_EARG, "%s: the format '%s' can only be written", name, format->name);
    return format->parse(out, name, text, length, err);
}

skd_status skd_frames_read(skd_frames *out, const char *path, const skd_format *format, skd_error *err) {
    char *text;
    size_t length;
    *out = (skd_frames){0};
    bool is_output = false;
    skd_status status = SKD_OK;
    if (!format && strcmp(path, "-") != 0)
        status = read_if_output(out, path, &is_output, err);
    if (is_output || status != SKD_OK) {
        if (status != SKD_OK)
            skd_frames_free(out);
        return status;
    }
    status = skd_file_read(path, &text, &length, err);
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
