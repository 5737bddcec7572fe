/* SPDX-License-Identifier: MIT */
/* fuzz_outputs.h - body of the fuzz targets of outputs. Of any bytes that one reader takes for its own, every frame
 * must be written as extended XYZ and read back; every refusal is one line; the same bytes give the same frames. */
#ifndef SKD_FUZZ_OUTPUTS_H
#define SKD_FUZZ_OUTPUTS_H

#include "fuzz.h"

static inline void fuzz_check_frame(skd_frame *frame, uint64_t *hash) {
    const skd_format *xyz = skd_format_named("xyz");
    skd_frames one = {.n = 1, .frame = &frame}, again = {0};
    skd_string text = {0};
    skd_error err = {SKD_OK, ""};
    if (xyz->print(&text, &one, &err) != SKD_OK)
        fuzz_stop("frame not printed", err.text);
    *hash = skd_hash(*hash, text.text, text.n);
    if (xyz->parse(&again, "again", text.text, text.n, &err) != SKD_OK && !is_borderline(&err))
        fuzz_stop("own frame refused", err.text);
    skd_frames_free(&again);
    skd_string_free(&text);
}

/* Hash of the frames' text and of the error. */
static inline uint64_t fuzz_read(const char *text, size_t size) {
    skd_error err = {SKD_OK, ""};
    skd_outputs *source;
    skd_frame *frame = NULL;
    uint64_t hash = SKD_HASH_START;
    skd_status status = skd_outputs_of(&source, "fuzz", text, size, &err);
    if (status == SKD_OK) {
        while ((status = skd_outputs_next(source, &frame, &err)) == SKD_OK && frame) {
            fuzz_check_frame(frame, &hash);
            skd_frame_free(frame);
        }
        const char *warning = skd_outputs_warning(source);
        if (warning && strpbrk(warning, "\n\r"))
            fuzz_stop("not one line", warning);
    }
    if (status != SKD_OK)
        fuzz_check_error(&err);
    hash = skd_hash(hash, err.text, strlen(err.text));
    skd_outputs_close(source);
    return hash;
}

/* `head` makes the bytes the output of one code whatever they are. */
static inline int fuzz_outputs(const char *head, const uint8_t *data, size_t size) {
    skd_string text = {0};
    skd_string_add(&text, "%s", head);
    skd_string_add_bytes(&text, (const char *)data, size);
    if (fuzz_read(text.text, text.n) != fuzz_read(text.text, text.n))
        fuzz_stop("not the same twice", "");
    skd_string_free(&text);
    return 0;
}

#endif
