/* SPDX-License-Identifier: MIT
 * scan_plan.h - the plan of a scan: which hosts, and the options of a search for each.
 *
 *   hosts: cells/x.POSCAR, oxides/?.cif     paths; *, ? and [..] as in the shell
 *   alloy:                                  cells made of each host: options of 'shakedown alloy', and
 *     substitute: Te:Se                     shares, one cell (or `count` cells) for each
 *     shares: 0, 0.2, 0.5
 *     size: 2
 *   sites: shell1                           one site a class: all, shell1 .. shell4, shell2:6 (at most six)
 *   defect: v_Cd                            and every other option of 'shakedown search'
 *   groups:                                 several scans in one, which share what is above, but no labels
 *     oxides: {hosts: oxides/?.cif, defect: v_O}
 */
#ifndef SKD_SCAN_PLAN_H
#define SKD_SCAN_PLAN_H

#include "config.h"
#include "shakedown/tasks.h"

typedef struct scan_plan {
    const char *path;        /**< of its file; borrowed */
    const char *folder;      /**< of the scan, for cells that are made; borrowed */
    const char *frozen;      /**< --frozen-model, or NULL; borrowed */
    char *text;
    skd_config *root;
    const skd_config **group; /**< [n_groups] maps; the root itself if there is none */
    size_t n_groups;
    uint64_t identity;       /**< hash of keys, values and the frozen model */
} scan_plan;

skd_status scan_plan_read(scan_plan **out, const char *path, const char *folder, const char *frozen, skd_error *err);
void scan_plan_free(scan_plan *plan);
/** Value of a key, of the group or else of all; NULL if there is none. */
const skd_config *scan_plan_get(const scan_plan *plan, long group, const char *key);
/** The same as text; the caller's, NULL (SKD_OK) if there is none. */
skd_status scan_plan_text(const scan_plan *plan, long group, const char *key, char **out, skd_error *err);
/** Options of the search for a host of the group, all but its sites. argv[3] must live as long as args. */
skd_status scan_plan_args(const scan_plan *plan, long group, const char *host_path, char *argv[3], cli_args *args,
                          skd_error *err);

/** Tells every host of a group in order; alloy cells are made and written below the folder first, if they are not
 *  there. Of the host only name, path and share are set. */
skd_status scan_plan_hosts(const scan_plan *plan, long group,
                           skd_status (*each)(void *payload, const skd_task_host *host, skd_error *err), void *payload,
                           skd_error *err);

#endif
