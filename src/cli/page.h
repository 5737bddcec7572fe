/* SPDX-License-Identifier: MIT
 * page.h - the parts of the report: what cmd_report.c puts together.
 */
#ifndef SKD_PAGE_H
#define SKD_PAGE_H

#include "confidence.h"
#include "svg.h"

typedef struct page {
    const run_store *store;
    const run_contents *run;
    const skd_ranking *rankings; /**< [n_jobs], with distances */
    const confidence *confidence;
} page;

/** The section of one defect and charge. Any number at once. */
skd_status page_job(skd_string *out, const page *p, size_t j, skd_error *err) SKD_CHECKED;
/** Unperturbed and lowest structure around the site, side by side. */
skd_status page_pictures(skd_string *out, const skd_job *job, const skd_ranking *ranking, skd_error *err) SKD_CHECKED;
const skd_cell *page_unperturbed(const skd_job *job); /**< relaxed if it was */
/** The text made safe, between two that are. */
void page_escaped(skd_string *out, const char *before, const char *text, const char *after);

#endif
