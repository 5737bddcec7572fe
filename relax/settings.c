/* SPDX-License-Identifier: MIT */
/* settings.c - the spec parser shared by all potentials. */
#include "settings.h"

#include <stdio.h>
#include <string.h>

static skd_status unknown_key(const skd_setting *rows, const char *potential, skd_span key, skd_error *err) {
    char word[48], known[200] = "";
    size_t used = 0;
    for (const skd_setting *row = rows; row->key && used < sizeof known; row++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", row == rows ? "" : ", ", row->key);
        used += n > 0 ? (size_t)n : 0;
    }
    return skd_fail(err, SKD_EARG, "potential %s: no setting '%s'; expected one of: %s", potential,
                    skd_span_copy(key, word, sizeof word), known);
}

static skd_status set_one(void *params, const skd_setting *rows, const char *potential, skd_span item, uint64_t *seen,
                          skd_error *err) {
    const char *equals = memchr(item.p, '=', item.n);
    char word[64];
    if (!equals)
        return skd_fail(err, SKD_EARG, "potential %s: expected key=value, found '%s'", potential,
                        skd_span_copy(item, word, sizeof word));
    skd_span key = {item.p, (size_t)(equals - item.p)}, value = {equals + 1, item.n - key.n - 1};
    const skd_setting *row = rows;
    while (row->key && !skd_span_is(key, row->key))
        row++;
    if (!row->key)
        return unknown_key(rows, potential, key, err);
    if (*seen >> (row - rows) & 1U)
        return skd_fail(err, SKD_EARG, "potential %s: %s is set twice", potential, row->key);
    *seen |= (uint64_t)1 << (row - rows);
    double number;
    if (!skd_span_real(value, &number) || !(number >= row->low && number <= row->high))
        return skd_fail(err, SKD_EARG, "potential %s: %s: expected a number from %g to %g, found '%s'", potential,
                        row->key, row->low, row->high, skd_span_copy(value, word, sizeof word));
    memcpy((char *)params + row->offset, &number, sizeof number);
    return SKD_OK;
}

skd_status skd_settings_parse(void *params, const skd_setting *rows, const char *potential, const char *text,
                              skd_error *err) {
    uint64_t seen = 0;
    if (!*text)
        return SKD_OK;
    for (;;) {
        skd_span item = {text, strcspn(text, ",")};
        skd_status status = set_one(params, rows, potential, item, &seen, err);
        if (status != SKD_OK)
            return status;
        if (!item.p[item.n])
            return SKD_OK;
        text = item.p + item.n + 1;
    }
}
