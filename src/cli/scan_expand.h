/* SPDX-License-Identifier: MIT
 * scan_expand.h - from a plan to the tasks of a store. */
#ifndef SKD_SCAN_EXPAND_H
#define SKD_SCAN_EXPAND_H

#include "scan.h"

/** Tasks of generations below this one are few; all others are of this one. */
#define SCAN_GENERATION_MOST 5
/** Labels of other tasks that one begins with, at most. */
#define SCAN_POOL_MOST 80

/** Puts hosts and tasks (of a slice: its own) into an empty store, all or none. Hosts that cannot be made ready become
 *  failed tasks, unless none can. */
skd_status scan_expand(scan_store *store, scan_slice slice, skd_error *err);

#endif
