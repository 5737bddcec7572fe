/* SPDX-License-Identifier: MIT
 * run_labels.h - a teacher's answers as rows of a run database, and back.
 */
#ifndef SKD_RUN_LABELS_H
#define SKD_RUN_LABELS_H

#include "run_store.h"

run_row run_label_row(const skd_kept_label *label, size_t number, const run_record *record);
/* Takes cell and forces out of the row; label is zero before, and the caller's also on failure. */
skd_status run_label_read(skd_kept_label *label, skd_db_row *row, const cJSON *keys, const cJSON *data,
                          skd_error *err) SKD_CHECKED;

/* Counts one. */
void run_label_count(run_asked *asked, const skd_kept_label *label);

#endif
