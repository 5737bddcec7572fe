/* SPDX-License-Identifier: MIT */
/* magmom.c - see magmom.h. */
#include "magmom.h"

#include <string.h>

#include "shakedown/data.h"

static skd_status read_last(double *out, const char *path, skd_error *err) {
    skd_outputs *source;
    skd_frame *frame;
    skd_status status = skd_outputs_open(&source, path, err);
    if (status != SKD_OK)
        return status;
    while ((status = skd_outputs_next(source, &frame, err)) == SKD_OK && frame) {
        const char *text = skd_frame_info(frame, "magmom");
        if (!text || !skd_span_real((skd_span){text, strlen(text)}, out))
            *out = (double)NAN;
        skd_frame_free(frame);
    }
    skd_outputs_close(source);
    return status;
}

skd_status magmom_of_output(double *out, const char *folder, const char *name, skd_error *err) {
    skd_status status = SKD_OK;
    skd_error said = {SKD_OK, ""};
    *out = (double)NAN;
    for (int gz = 0; gz < 2; gz++) {
        skd_string path = {0};
        skd_string_add(&path, "%s/%s%s", folder, name, gz ? ".gz" : "");
        if (path.failed)
            return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
        bool there = skd_file_exists(path.text);
        status = there ? read_last(out, path.text, &said) : SKD_OK;
        skd_string_free(&path);
        if (status == SKD_ENOMEM)
            return skd_fail(err, status, "%s", said.text);
        if (there)
            return SKD_OK;
    }
    return SKD_OK;
}
