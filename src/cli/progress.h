/* SPDX-License-Identifier: MIT
 * progress.h - what a person sees while starts relax: on a terminal one line that renews itself, in a
 * pipe one line a finished start. All on standard error.
 */
#ifndef SKD_PROGRESS_H
#define SKD_PROGRESS_H

#include "shakedown/search.h"

typedef struct progress {
    bool quiet, terminal;
    size_t n, done; /**< starts to relax in this run, and relaxed so far */
    double begun, shown; /**< seconds, monotonic */
} progress;

void progress_begin(progress *p, size_t n, bool quiet);
void progress_step(progress *p, const skd_job *job, size_t start, const skd_relax_frame *frame);
/** A step of the relaxation of the host, before the starts. */
void progress_host(progress *p, const skd_relax_frame *frame);
void progress_finished(progress *p, const skd_job *job, size_t start);
/** n more starts are to be relaxed: minima of other charge states. */
void progress_more(progress *p, size_t n);
void progress_end(progress *p);

#endif
