/* SPDX-License-Identifier: MIT
 * search_parts.h - what `search` and `scan` make of the options of a search. */
#ifndef SKD_SEARCH_PARTS_H
#define SKD_SEARCH_PARTS_H

#include "plan.h"
#include "run_store.h"

/** Can the potential treat host and defects? */
skd_status search_check_elements(const cli_plan *plan, const skd_potential *potential, skd_error *err);
/** Are saddle points to be told from minima? SKD_EARG if --saddles is none of the three. */
skd_status search_wants_saddles(bool *out, const cli_args *args, const skd_potential *potential, skd_error *err);
/** What was asked; the state of the host is filled in later. */
void search_record_begin(run_record *record, const cli_args *args, const cli_plan *plan,
                         const skd_potential *potential, const skd_relax_options *relax, bool learns);
/** The job of state k of the plan, its far atoms held. On failure *out may be set. */
skd_status search_job_new(skd_job **out, const cli_args *args, const cli_plan *plan, size_t k,
                          const skd_far_field *far, skd_error *err);

#endif
