/* SPDX-License-Identifier: MIT
 * run_load.h - what run_store.c needs of reading.
 */
#ifndef SKD_RUN_LOAD_H
#define SKD_RUN_LOAD_H

#include "run_store.h"

/* Metadata of a run of this layout (the caller's), and the index of its rows; NULL if the database is empty.
 * SKD_EARG if it is of another layout. */
skd_status run_load_metadata(run_store *store, cJSON **out, skd_error *err);
/* Puts into the jobs the starts that they lack, and the stored minima. */
skd_status run_load_rest(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err);

#endif
