/* SPDX-License-Identifier: MIT
 * run_host.h - how a run's provenance keeps the state of its host and the far field.
 */
#ifndef SKD_RUN_HOST_H
#define SKD_RUN_HOST_H

#include "json.h"
#include "run_store.h"

/** Hash of the perfect supercell and the level: what a check of the host holds for. */
uint64_t run_host_key(const skd_cell *bulk, const char *potential);

/** Adds "host_state" and "far_field" to the provenance, or reads them. */
void run_host_add(cJSON *root, const run_record *record);
void run_host_read(const cJSON *root, run_record *record);
/** Adds the cells of a host that was relaxed; reads the given supercell back, the caller's (NULL: it was not). */
void run_host_add_cells(cJSON *root, const run_record *record);
skd_status run_host_read_given(const cJSON *root, skd_cell **out, skd_error *err) SKD_CHECKED;

/** The relaxed primitive cell that the store holds for this key, the caller's; NULL if it holds none. */
skd_status run_host_cached_relaxed(run_store *store, uint64_t key, const skd_cell *primitive, skd_cell **out,
                                   skd_error *err) SKD_CHECKED;
/** The check of this very host that the store holds from an earlier time. */
skd_status run_host_cached(run_store *store, uint64_t key, skd_host_state *out, bool *found,
                           skd_error *err) SKD_CHECKED;

#endif
