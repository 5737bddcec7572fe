/* SPDX-License-Identifier: MIT
 * search_host.h - what a search does with its host before there are starts: relax it if asked, see whether it is a
 * minimum at this level, and decide on the far field. Each once a folder.
 */
#ifndef SKD_SEARCH_HOST_H
#define SKD_SEARCH_HOST_H

#include "plan.h"
#include "progress.h"
#include "run_store.h"

typedef struct search_host {
    const cli_args *args;
    const skd_potential *potential;
    cli_plan *plan;
    run_record *record;  /**< potential is set; gets the state of the host and the far field */
    run_store *store;    /**< open; NULL: nothing is looked up */
    skd_cell *relaxed;   /**< without a store: the host's primitive cell as relaxed before, taken; or NULL */
    progress *progress;
    bool far_auto;       /**< as asked for */
    bool known;          /**< the check was found in the store; without one: record->host is known before */
} search_host;

/* Rows of the option table. */
#define SEARCH_HOST_OPTIONS                                                                                          \
    {"far-field", 0, CLI_TEXT, "WHAT", "auto",                                                                       \
     "atoms farther than R (Å) from the defect: free, frozen:R or tethered:R; auto: free where the host comes back " \
     "from a rattle, else frozen:6, or less in a small cell",                                                        \
     0, 0, NULL},                                                                                                    \
        {"host", 0, CLI_TEXT, "WHICH", "given",                                                                      \
         "given, or relaxed: lattice and atoms are first relaxed at this level; export writes candidates in the "    \
         "given cell",                                                                                               \
         0, 0, NULL}

/** Reads the options; record->far and far_auto are set. */
skd_status search_host_read(search_host *host, skd_error *err);
bool search_host_is_relaxed(const search_host *host);
/** Does it all; with --host relaxed the plan is made anew. */
skd_status search_host_settle(search_host *host, skd_error *err);
/** Lines for the head of a search. */
void search_host_print(const search_host *host, FILE *out);

#endif
