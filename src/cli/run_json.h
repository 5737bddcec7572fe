/* SPDX-License-Identifier: MIT
 * run_json.h - what a run database keeps of a start, a minimum, a defect and the request, as JSON, and back.
 */
#ifndef SKD_RUN_JSON_H
#define SKD_RUN_JSON_H

#include "json.h"
#include "run_store.h"

/* The objects are the caller's. Cells are no part of them: they are the row's. */
cJSON *run_start_data(const skd_start *start);
skd_status run_start_read(skd_start *start, const cJSON *keys, const cJSON *data, skd_error *err);

cJSON *run_minimum_data(const skd_minimum *minimum);
/* The trace is the caller's also on failure. */
skd_status run_minimum_read(skd_minimum *minimum, const cJSON *keys, const cJSON *data, skd_error *err) SKD_CHECKED;

cJSON *run_defect_data(const skd_job *job);
/* SKD_EFORMAT if something is missing. */
skd_status run_defect_read(skd_defect *defect, const cJSON *data, skd_error *err);

cJSON *run_record_data(const run_record *record);
void run_record_read(run_record *record, const cJSON *data);

#endif
