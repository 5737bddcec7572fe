/* SPDX-License-Identifier: MIT */
/* model_ready.c - the model files that the program carries. */
#include <stddef.h>

#include "frames.h"
#include "ready_models.h"

skd_status skd_model_file_ready(skd_model_file *out, size_t k, const char **name, skd_error *err) {
    char *text = NULL;
    size_t length;
    *out = (skd_model_file){0};
    *name = k < sizeof ready / sizeof *ready ? ready[k].name : NULL;
    if (!*name)
        return SKD_OK;
    skd_status status = skd_text_unpack(*name, ready[k].bytes, ready[k].n, &text, &length, err);
    if (status == SKD_OK)
        status = skd_model_file_parse(out, *name, text, length, err);
    skd_free(text);
    return status;
}
