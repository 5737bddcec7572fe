/* SPDX-License-Identifier: MIT */
/* progress.c - the line that shows how far the relaxations are. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_begin(progress *p, size_t n, bool quiet) {
    *p = (progress){.quiet = quiet, .terminal = isatty(2), .n = n, .begun = now()};
}

void progress_step(progress *p, const skd_job *job, size_t start, const skd_relax_frame *frame) {
    double t = now();
    if (p->quiet || !p->terminal || t - p->shown < 0.2)
        return;
    p->shown = t;
    char entry[96];
    fprintf(stderr, "\r\033[K%zu/%zu relaxed, %.0f s | %s %s: step %zu, largest force %.1e eV/Å", p->done, p->n,
            t - p->begun, skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry),
            job->starts.start[start].name, frame->step, frame->force_max);
}

void progress_host(progress *p, const skd_relax_frame *frame) {
    double t = now();
    if (p->quiet || !p->terminal || t - p->shown < 0.2)
        return;
    p->shown = t;
    fprintf(stderr, "\r\033[Kis the host a minimum? %.0f s, step %zu, largest force %.1e eV/Å", t - p->begun,
            frame->step, frame->force_max);
}

void progress_finished(progress *p, const skd_job *job, size_t start) {
    const skd_minimum *m = &job->minimum[start];
    char entry[96];
    p->done++;
    if (p->quiet || p->terminal)
        return;
    fprintf(stderr, "%zu/%zu %s %s: %.6f eV after %zu steps, %s%s%s\n", p->done, p->n,
            skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry), job->starts.start[start].name,
            m->energy, m->n_steps, skd_stop_name(m->stop), m->reason[0] ? ": " : "", m->reason);
}

void progress_more(progress *p, size_t n) {
    p->n += n;
    if (!p->quiet)
        fprintf(stderr, "%s%zu minim%s of other charge states as starts\n", p->terminal ? "\r\033[K" : "", n,
                n == 1 ? "um" : "a");
}

void progress_end(progress *p) {
    if (!p->quiet && p->terminal)
        fprintf(stderr, "\r\033[K");
    if (!p->quiet && p->n)
        fprintf(stderr, "%zu starts relaxed in %.1f s\n", p->done, now() - p->begun);
}
