/* SPDX-License-Identifier: MIT
 * export_labels.h - all that a run's teacher said, as extended XYZ.
 */
#ifndef SKD_EXPORT_LABELS_H
#define SKD_EXPORT_LABELS_H

#include "run_store.h"

/** Every frame of the run with energy and forces, also of a search that has not ended; level, charge, label_of (the
 *  start) and origin (program, version, input and its hash) as info. Those without an answer are left out, but
 *  counted. */
skd_status export_labels(const char *folder, const char *path, size_t *n, size_t *n_failed, skd_error *err);

#endif
