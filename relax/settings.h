/* SPDX-License-Identifier: MIT */
/* settings.h - "key=value,key=value" of a potential's spec into a struct of doubles, by a table. */
#ifndef SKD_SETTINGS_H
#define SKD_SETTINGS_H

#include "shakedown/base.h"

/** One number that the user may set. */
typedef struct skd_setting {
    const char *key;
    size_t offset;    /**< of a double in the parameter struct */
    double low, high; /**< allowed range, ends included        */
} skd_setting;

/** Fills in what `text` ("" or "key=value,...") sets and leaves the rest as it is. SKD_EARG naming the
 *  potential, the word found and what was expected. rows: at most 64, ended by a NULL key. */
skd_status skd_settings_parse(void *params, const skd_setting *rows, const char *potential, const char *text,
                              skd_error *err) SKD_CHECKED;

#endif
