/* SPDX-License-Identifier: MIT
 * scan_host.h - one host of a scan made ready: its options, defects and sites, and the state in which the potential
 * has it, which is found out once and kept as bytes.
 */
#ifndef SKD_SCAN_HOST_H
#define SKD_SCAN_HOST_H

#include "learning.h"
#include "scan_plan.h"
#include "search_host.h"

/** A site that stands for others. */
typedef struct scan_site {
    long atom; /**< in the host's file, from 1 */
    char environment[64];
    long multiplicity;
} scan_site;

/** Owned; address must not change. */
typedef struct scan_host {
    skd_task_host what;
    char *argv[3];
    cli_args args;
    cli_plan plan;
    scan_site *site; /**< [n_sites] */
    size_t n_sites, site_room;
    skd_potential *potential;
    skd_relax_options relax;
    run_record record;
    known_labels known; /**< of model files */
    progress progress;
    search_host check;
    bool learns, saddles, settled;
    char *state; /**< [n_state] what settling found out; owned */
    size_t n_state;
} scan_host;

/** Reads the host's file and makes its defects; no energies yet. */
skd_status scan_host_open(scan_host *host, const scan_plan *plan, const skd_task_host *what, skd_error *err);
/** Relaxes and checks the host, or takes what is known of it (state, copied; NULL: nothing). */
skd_status scan_host_settle(scan_host *host, const void *state, size_t n, skd_error *err);
void scan_host_close(scan_host *host);
/** The site of a defect, by the end of its name; NULL if sites were not sorted. */
const scan_site *scan_host_site(const scan_host *host, const skd_defect *defect);

/** Finds the sites that `rule` ("shell1", "all", "shell2:6") chooses for the defects named; list: of host->args. */
skd_status scan_sites_find(scan_host *host, const char *rule, skd_error *err);

#endif
