/* SPDX-License-Identifier: MIT */
/* error.c - the birthplace of every error text, and the log. */
#include "shakedown/base.h"

#include <stdio.h>
#include <string.h>

/* Messages quote files; whatever stands there, a message stays one printable line. */
static void keep_to_one_line(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

skd_status skd_fail(skd_error *err, skd_status status, const char *format, ...) {
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    err->status = status;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    keep_to_one_line(err->text);
    return status;
}

skd_status skd_error_prefix(skd_error *err, const char *format, ...) {
    if (!err)
        return SKD_EARG;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used < sizeof err->text)
        snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    keep_to_one_line(err->text);
    return err->status;
}

void skd_say(const skd_log *log, skd_level level, const char *format, ...) {
    if (!log || !log->write || level > log->level)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log->write(log->payload, level, text);
}
