/* SPDX-License-Identifier: MIT
 * run_rows.h - which row of the run database holds what; shared by run_store.c (writes) and run_load.c.
 */
#ifndef SKD_RUN_ROWS_H
#define SKD_RUN_ROWS_H

#include "run_store.h"

enum { RUN_HOST_ROW = 1 };

/* Rows of start and minimum `number`, counted over all jobs. */
static inline long run_start_row(size_t number) { return RUN_HOST_ROW + 1 + (long)number; }
static inline long run_minimum_row(size_t n_starts, size_t number) {
    return RUN_HOST_ROW + 1 + (long)(n_starts + number);
}

/* Puts the stored minima into the jobs. store->n_starts is set. */
skd_status run_load_minima(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err);

#endif
