/* SPDX-License-Identifier: MIT
 * scan_labels.h - labels as bytes: as a scan's store keeps them and processes send them to each other. Native numbers,
 * to the last bit.
 */
#ifndef SKD_SCAN_LABELS_H
#define SKD_SCAN_LABELS_H

#include "shakedown/search.h"
#include "shakedown/tasks.h"

/** Bytes of a label; out->task is the caller's to set, out->bytes the caller's to free. order: its number in the
 *  task. */
skd_status scan_label_pack(skd_task_label *out, const skd_kept_label *label, size_t order, skd_error *err);
/** The label back; owned, zero on failure. */
skd_status scan_label_unpack(skd_kept_label *out, const void *bytes, size_t n, skd_error *err);

#endif
