/* SPDX-License-Identifier: MIT */
/* balance.c - the best neutral combination of charges.
 *
 * Instead of listing combinations, the best score of every reachable charge of parts 0..i together is built part
 * by part; the way back from charge zero gives the charges. O(n span^2). */
#include "balance.h"

#include <string.h>

static void join(const double *before, const double *mine, double *after, int span) {
    for (int q = 0; q <= 2 * span; q++)
        after[q] = SKD_IMPOSSIBLE;
    for (int q = -span; q <= span; q++)
        for (int p = -span; p <= span && mine[q + span] > SKD_IMPOSSIBLE; p++)
            if (before[p + span] > SKD_IMPOSSIBLE && p + q >= -span && p + q <= span) {
                double *best = &after[p + q + span];
                *best = fmax(*best, before[p + span] + mine[q + span]);
            }
}

/* Walks back from charge zero: the charge of each part whose score completes the best sum. */
static void trace(const double *score, const double *sum, size_t n, int span, int *charge) {
    size_t width = 2 * (size_t)span + 1;
    int rest = 0;
    for (size_t i = n; i-- > 0;) {
        const double *mine = score + i * width, *before = i ? sum + (i - 1) * width : NULL;
        charge[i] = rest;
        for (int q = -span; q <= span && i; q++) {
            int p = rest - q;
            if (mine[q + span] > SKD_IMPOSSIBLE && p >= -span && p <= span && before[p + span] > SKD_IMPOSSIBLE &&
                before[p + span] + mine[q + span] == sum[i * width + (size_t)(rest + span)]) {
                charge[i] = q;
                break;
            }
        }
        rest -= charge[i];
    }
}

skd_status skd_balance(const double *score, size_t n, int span, int *charge, bool *found, skd_error *err) {
    size_t width = 2 * (size_t)span + 1;
    double *sum = skd_alloc(n * width, sizeof *sum);
    *found = false;
    if (!sum)
        return skd_fail(err, SKD_ENOMEM, "out of memory for balancing charges up to %d", span);
    memcpy(sum, score, width * sizeof *sum);
    for (size_t i = 1; i < n; i++)
        join(sum + (i - 1) * width, score + i * width, sum + i * width, span);
    *found = sum[(n - 1) * width + (size_t)span] > SKD_IMPOSSIBLE;
    if (*found)
        trace(score, sum, n, span, charge);
    skd_free(sum);
    return SKD_OK;
}
