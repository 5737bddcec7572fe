/* SPDX-License-Identifier: MIT
 * report.h - a search's result as a table for people and as JSON for programs. Holds nothing that
 * depends on time or machine: the same run gives the same bytes.
 */
#ifndef SKD_REPORT_H
#define SKD_REPORT_H

#include "cli.h"
#include "run_store.h"

/** Rankings of all jobs of a run; rankings[n_jobs] is the caller's (report_rankings_free). */
skd_status report_rank_all(skd_ranking **rankings, const run_contents *run, const skd_rank_options *options,
                           int threads, skd_error *err) SKD_CHECKED;
void report_rankings_free(skd_ranking *rankings, size_t n);

/** How to rank this run: as the search was told, unless the verb's own --threshold says otherwise. */
skd_rank_options report_rank_options(const run_record *record, const cli_args *args);

/** A stored run, opened, read and ranked; owned (report_close), also after a failure. */
typedef struct report_run {
    run_store store;
    run_contents contents;
    skd_ranking *rankings; /**< [contents.n_jobs] */
} report_run;
skd_status report_open(report_run *run, const char *folder, const cli_args *args, skd_error *err) SKD_CHECKED;
/** The same, with the families' distances. */
skd_status report_open_with(report_run *run, const char *folder, const cli_args *args, bool distances,
                            skd_error *err) SKD_CHECKED;
void report_close(report_run *run);

/** A start's name as tables show it: "-40.0%" for Bond_Distortion_-40.0%. */
const char *report_short_name(const char *start);
/** What the prior level of a search on two says of a family's energy against the unperturbed minimum, of the same two
 *  structures, eV; NAN if it is not known. */
double report_relative_at_prior(const skd_job *job, const skd_family *family);
/** The table of every job, with a line of words under it. */
void report_print(FILE *out, const run_contents *run, const skd_ranking *rankings);
/** The same as <folder>/ranking.txt. */
skd_status report_write(const char *folder, const run_contents *run, const skd_ranking *rankings, skd_error *err);

/** The same as one JSON document; the caller's (skd_free), NULL if memory is out. */
char *report_json(const run_contents *run, const skd_ranking *rankings);

#endif
