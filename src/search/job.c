/* SPDX-License-Identifier: MIT */
/* job.c - one defect in one charge state: its starts and, once relaxed, their minima. */
#include "shakedown/search.h"

static void minimum_free(skd_minimum *m) {
    skd_cell_free(m->cell);
    skd_free(m->force);
    skd_trace_free(&m->trace);
}

void skd_job_free(skd_job *job) {
    if (!job)
        return;
    for (size_t i = 0; job->minimum && i < job->starts.n; i++)
        minimum_free(&job->minimum[i]);
    skd_free(job->minimum);
    skd_free(job->tether);
    skd_free(job->anchor);
    skd_start_list_free(&job->starts);
    skd_free(job);
}

skd_status skd_job_of_starts(skd_job **out, const skd_defect *defect, int charge, skd_start_list *starts,
                             skd_error *err) {
    *out = NULL;
    skd_job *job = skd_alloc(1, sizeof *job);
    skd_minimum *minimum = skd_alloc(starts->n, sizeof *minimum);
    if (!job || !minimum) {
        skd_free(job);
        skd_free(minimum);
        skd_start_list_free(starts);
        return skd_fail(err, SKD_ENOMEM, "out of memory for the starts of %s", defect->name);
    }
    *job = (skd_job){.defect = defect, .charge = charge, .starts = *starts, .minimum = minimum,
                     .capacity = starts->n};
    *starts = (skd_start_list){0};
    for (size_t i = 0; i < job->starts.n; i++)
        minimum[i].start = minimum[i].like = i;
    *out = job;
    return SKD_OK;
}

skd_status skd_job_add_start(skd_job *job, skd_start *start, skd_error *err) {
    skd_start_list *list = &job->starts;
    skd_status status = skd_grow((void **)&list->start, &list->capacity, list->n + 1, sizeof *list->start, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&job->minimum, &job->capacity, list->n + 1, sizeof *job->minimum, err);
    if (status != SKD_OK) {
        skd_start_free(start);
        return status;
    }
    job->minimum[list->n] = (skd_minimum){.start = list->n, .like = list->n};
    list->start[list->n++] = *start;
    *start = (skd_start){0};
    return SKD_OK;
}

skd_status skd_job_new(skd_job **out, const skd_defect *defect, int charge, const skd_start_options *options,
                       skd_error *err) {
    *out = NULL;
    skd_start_list starts = {0};
    skd_status status = skd_starts_of(&starts, defect, charge, options, err);
    if (status != SKD_OK)
        return status;
    return skd_job_of_starts(out, defect, charge, &starts, err);
}
