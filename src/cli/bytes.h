/* SPDX-License-Identifier: MIT
 * bytes.h - reads what this program packed itself (a label in a store, a message between processes): after the first
 * thing that is missing nothing is read any more, so a function reads all it wants and looks at the status once. */
#ifndef SKD_CLI_BYTES_H
#define SKD_CLI_BYTES_H

#include "shakedown/base.h"

typedef struct bytes_reader {
    const char *p;       /**< borrowed                                          */
    size_t left;
    skd_status status;
    const char *what;    /**< "a label": in the text of an error                */
    skd_error *err;
} bytes_reader;

/** Says that the bytes are not what they should be. Keeps an earlier error. */
void bytes_refuse(bytes_reader *r);
/** The next n bytes; zeros where there are none. */
void bytes_get(bytes_reader *r, void *out, size_t n);
/** The next n items, the caller's (skd_free); NULL where n is 0 or on error. */
void *bytes_get_new(bytes_reader *r, size_t n, size_t size);

#endif
