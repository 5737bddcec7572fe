/* SPDX-License-Identifier: MIT */
/* settings.c - "key=value,key=value" of a teacher, words and numbers, by a table. */
#include <stdio.h>
#include <string.h>

#include "kind.h"

static skd_status unknown_key(const teacher_setting *rows, const char *kind, skd_span key, skd_error *err) {
    char word[48], known[300] = "";
    size_t used = 0;
    for (const teacher_setting *row = rows; row->key && used < sizeof known; row++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", row == rows ? "" : ", ", row->key);
        used += n > 0 ? (size_t)n : 0;
    }
    return skd_fail(err, SKD_EARG, "%s: no setting '%s'; expected one of: %s", kind,
                    skd_span_copy(key, word, sizeof word), known);
}

static skd_status set_number(void *place, const teacher_setting *row, const char *kind, skd_span value,
                             skd_error *err) {
    char word[48];
    double number;
    long integer;
    bool good = row->value == TEACHER_REAL ? skd_span_real(value, &number) : skd_span_int(value, &integer);
    if (good && row->value == TEACHER_COUNT)
        number = (double)integer;
    if (!good || !(number >= row->low && number <= row->high))
        return skd_fail(err, SKD_EARG, "%s: %s: expected %s from %g to %g, found '%s'", kind, row->key,
                        row->value == TEACHER_REAL ? "a number" : "an integer", row->low, row->high,
                        skd_span_copy(value, word, sizeof word));
    if (row->value == TEACHER_REAL)
        *(double *)place = number;
    else
        *(int *)place = (int)number;
    return SKD_OK;
}

static skd_status set_one(void *params, const teacher_setting *rows, const char *kind, skd_span item, skd_error *err) {
    const char *equals = memchr(item.p, '=', item.n);
    char word[64];
    if (!equals)
        return skd_fail(err, SKD_EARG, "%s: expected key=value, found '%s'", kind,
                        skd_span_copy(item, word, sizeof word));
    const skd_span key = {item.p, (size_t)(equals - item.p)}, value = {equals + 1, item.n - key.n - 1};
    const teacher_setting *row = rows;
    while (row->key && !skd_span_is(key, row->key))
        row++;
    if (!row->key)
        return unknown_key(rows, kind, key, err);
    char *place = (char *)params + row->offset;
    if (row->value != TEACHER_TEXT)
        return set_number(place, row, kind, value, err);
    if (value.n == 0 || value.n >= TEACHER_WORD)
        return skd_fail(err, SKD_EARG, "%s: %s: expected a word", kind, row->key);
    memcpy(place, value.p, value.n);
    place[value.n] = '\0';
    return SKD_OK;
}

skd_status teacher_settings_parse(void *params, const teacher_setting *rows, const char *kind, const char *text,
                                  skd_error *err) {
    skd_status status = SKD_OK;
    while (*text && status == SKD_OK) {
        skd_span item = {text, strcspn(text, ",")};
        status = set_one(params, rows, kind, item, err);
        text += item.n + (item.p[item.n] == ',');
    }
    return status;
}

void teacher_settings_print(const void *params, const teacher_setting *rows, const char *kind, skd_string *out) {
    const char *between = ":";
    skd_string_add(out, "%s", kind);
    for (const teacher_setting *row = rows; row->key; row++) {
        const void *place = (const char *)params + row->offset;
        if (!row->shapes)
            continue;
        skd_string_add(out, "%s%s=", between, row->key);
        if (row->value == TEACHER_TEXT)
            skd_string_add(out, "%s", (const char *)place);
        else if (row->value == TEACHER_REAL)
            skd_string_add(out, "%g", *(const double *)place);
        else
            skd_string_add(out, "%d", *(const int *)place);
        between = ",";
    }
}
