/* SPDX-License-Identifier: MIT */
/* scan_model.c - what the tasks of a scan were told, as model files for other scans and searches: one a group. */
#include <string.h>

#include "scan.h"

enum { LABELS_MOST = 300 }; /* of a file: a fit takes a tenth of a second for each */

typedef struct gathering {
    known_labels known;
    size_t n;
    skd_status status;
    skd_error *err;
} gathering;

static bool take(void *payload, const skd_task_label *bytes) {
    gathering *g = payload;
    skd_kept_label label;
    if (g->n++ == LABELS_MOST)
        return false;
    g->status = scan_label_unpack(&label, bytes->bytes, bytes->n, g->err);
    if (g->status != SKD_OK)
        return false;
    label.n_way = 0;
    g->status = known_labels_add(&g->known, &label, g->err);
    skd_kept_label_free(&label);
    return g->status == SKD_OK;
}

/* The first host of the group says of which level they are. */
static skd_status write_group(const scan_store *store, const skd_task_host *what, const known_labels *known,
                              skd_error *err) {
    scan_host host;
    char path[600];
    if (store->plan->n_groups == 1)
        snprintf(path, sizeof path, "%s/learned.model.gz", store->plan->folder);
    else
        snprintf(path, sizeof path, "%s/learned-%s.model.gz", store->plan->folder,
                 store->plan->group[what->group - 1]->key);
    skd_status status = scan_host_open(&host, store->plan, what, err);
    if (status == SKD_OK)
        status = known_labels_write(known, path, &host.record, host.plan.primitive, err);
    scan_host_close(&host);
    return status;
}

/* Hosts are told in order: the first good one of each group. */
typedef struct firsts {
    skd_task_host host;
    long group;
    bool found;
} firsts;

static skd_status find_first(void *payload, const skd_task *task, const skd_task_host *host, skd_task_status status,
                             const skd_task_outcome *outcome, skd_error *err) {
    firsts *f = payload;
    (void)outcome, (void)err;
    if (!f->found && status == SKD_TASK_DONE && task->group == f->group) {
        f->host = *host;
        f->found = true;
    }
    return SKD_OK;
}

skd_status scan_models_write(const scan_store *store, skd_error *err) {
    skd_status status = SKD_OK;
    for (long group = 1; group <= (long)store->plan->n_groups && status == SKD_OK; group++) {
        gathering g = {.status = SKD_OK, .err = err};
        firsts first = {.group = group};
        const skd_task last = {.group = group, .generation = 1000000};
        status = skd_tasks_labels(store->tasks, &last, false, take, &g, err);
        if (status == SKD_OK)
            status = g.status;
        if (status == SKD_OK && g.known.n)
            status = skd_tasks_list(store->tasks, find_first, &first, err);
        if (status == SKD_OK && g.known.n && first.found)
            status = write_group(store, &first.host, &g.known, err);
        known_labels_free(&g.known);
    }
    return status;
}
