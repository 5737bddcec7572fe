/* SPDX-License-Identifier: MIT
 * verify_table.h - a run's families by two levels side by side: that of the search and that of the calculations that
 * were collected; where the two disagree; where relaxations ended. As a table and as JSON.
 */
#ifndef SKD_VERIFY_TABLE_H
#define SKD_VERIFY_TABLE_H

#include "json.h"
#include "report.h"

/** A family with an energy at the other level. */
typedef struct verify_row {
    const skd_family *family;
    double search, dft; /**< eV */
} verify_row;

/** A relaxation at the other level. */
typedef struct verify_relaxed {
    const run_dft *result;
    const skd_family *from, *to; /**< family that it began in, and the one most like its end (NULL: none)   */
    double distance;             /**< fingerprint, to that one                                               */
    size_t same_as;              /**< an earlier row with the same minimum; SIZE_MAX: none                   */
} verify_relaxed;

/** One defect and charge at one level. */
typedef struct verify_view {
    const run_contents *run;
    size_t job;
    const skd_ranking *ranking;
    char level[96];
    verify_row *row;            /**< [n] by energy at that level     */
    size_t n;
    double reference[2];        /**< eV, of the unperturbed one at either level; NAN: unknown */
    skd_disagreement *pair;     /**< [n_disagree] places in row      */
    size_t n_disagree, n_pairs;
    verify_relaxed *relaxed;    /**< [n_relaxed] by energy           */
    size_t n_relaxed;
} verify_view;

/** All views of a run, by defect, then by level in the order of collection; the caller's (verify_views_free). */
skd_status verify_views_make(verify_view **out, size_t *n, const report_run *run, int threads,
                             skd_error *err) SKD_CHECKED;
void verify_views_free(verify_view *view, size_t n);

void verify_view_print(FILE *out, const verify_view *view);
cJSON *verify_view_json(const verify_view *view); /**< the caller's */

#endif
