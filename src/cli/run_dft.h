/* SPDX-License-Identifier: MIT
 * run_dft.h - what another program said of a run's candidates, as rows of the run database, and back.
 */
#ifndef SKD_RUN_DFT_H
#define SKD_RUN_DFT_H

#include "run_store.h"

/* Puts a result in place of the one of the same candidate, stage and level, or adds it; stores it durably. Taken in
 * any case. */
skd_status run_dft_keep(run_store *store, run_dft *result, skd_job *const *job, skd_error *err) SKD_CHECKED;
/* Takes cell and forces out of the row; result is zero before, and the caller's also on failure. */
skd_status run_dft_read(run_dft *result, run_key key, skd_db_row *row, const cJSON *keys, const cJSON *data,
                        skd_error *err) SKD_CHECKED;
void run_dft_free(run_dft *result); /* frees the contents */
/* NULL if there is none. */
const run_dft *run_dft_find(const run_store *store, size_t job, size_t start, bool relaxed, const char *level);

#endif
