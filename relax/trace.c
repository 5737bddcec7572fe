/* SPDX-License-Identifier: MIT */
/* trace.c - energy and largest force along a relaxation, thinned as it grows. */
#include "shakedown/relax.h"

/* Drops the points between those of every 2nd, 4th, ... step. */
static void thin(skd_trace *trace) {
    size_t kept = 0;
    while (trace->n >= SKD_TRACE_POINTS) {
        trace->every *= 2;
        kept = 0;
        for (size_t i = 0; i < trace->n; i++)
            if (trace->point[i].step % trace->every == 0)
                trace->point[kept++] = trace->point[i];
        trace->n = kept;
    }
}

skd_status skd_trace_add(skd_trace *trace, const skd_trace_point *point, skd_error *err) {
    if (!trace->point) {
        trace->point = skd_alloc(SKD_TRACE_POINTS, sizeof *trace->point);
        trace->n = 0;
        trace->every = 1;
    }
    if (!trace->point)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the energies of a relaxation");
    if (trace->n > 0 && trace->point[trace->n - 1].step % trace->every != 0)
        trace->n--; /* was only the last one so far */
    thin(trace);
    trace->point[trace->n++] = *point;
    return SKD_OK;
}

skd_status skd_trace_copy(skd_trace *out, const skd_trace *trace, skd_error *err) {
    skd_status status = SKD_OK;
    *out = (skd_trace){0};
    for (size_t i = 0; i < trace->n && status == SKD_OK; i++)
        status = skd_trace_add(out, &trace->point[i], err);
    if (status == SKD_OK && out->point)
        out->every = trace->every;
    return status;
}

void skd_trace_free(skd_trace *trace) {
    skd_free(trace->point);
    *trace = (skd_trace){0};
}
