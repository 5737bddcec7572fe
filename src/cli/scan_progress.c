/* SPDX-License-Identifier: MIT */
/* scan_progress.c - what a process alone with its store tells others, who cannot read the store: a small file with the
 * counts, replaced as a whole. */
#include <string.h>

#include "scan.h"

static const struct {
    const char *key;
    size_t offset;
    bool real;
} fields[] = {
    {"waiting", offsetof(skd_task_counts, n[SKD_TASK_WAITING]), false},
    {"in_work", offsetof(skd_task_counts, n[SKD_TASK_CLAIMED]), false},
    {"done", offsetof(skd_task_counts, n[SKD_TASK_DONE]), false},
    {"failed", offsetof(skd_task_counts, n[SKD_TASK_FAILED]), false},
    {"hosts", offsetof(skd_task_counts, n_hosts), false},
    {"improved", offsetof(skd_task_counts, n_improved), false},
    {"recent", offsetof(skd_task_counts, n_recent), false},
    {"seconds", offsetof(skd_task_counts, seconds), true},
    {"first", offsetof(skd_task_counts, first), true},
    {"last", offsetof(skd_task_counts, last), true},
    {"recent_first", offsetof(skd_task_counts, recent_first), true},
};

skd_status scan_progress_write(const scan_store *store, skd_error *err) {
    skd_task_counts counts;
    char path[640];
    snprintf(path, sizeof path, "%s.progress", store->path);
    skd_status status = skd_tasks_count(store->tasks, 0.05, scan_time(), &counts, err);
    if (status != SKD_OK)
        return status;
    cJSON *root = cJSON_CreateObject();
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
        const char *at = (const char *)&counts + fields[k].offset;
        cJSON_AddNumberToObject(root, fields[k].key, fields[k].real ? *(const double *)at : (double)*(const long *)at);
    }
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    status = text ? skd_file_write(path, text, strlen(text), err)
                  : skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    cJSON_free(text);
    return status;
}

bool scan_progress_read(const char *store_path, skd_task_counts *out) {
    char path[640], *text = NULL;
    size_t n;
    skd_error ignored;
    *out = (skd_task_counts){0};
    snprintf(path, sizeof path, "%s.progress", store_path);
    if (skd_file_read(path, &text, &n, &ignored) != SKD_OK)
        return false;
    cJSON *root = cJSON_Parse(text);
    for (size_t k = 0; root && k < sizeof fields / sizeof *fields; k++) {
        char *at = (char *)out + fields[k].offset;
        if (fields[k].real)
            *(double *)at = json_number(root, fields[k].key);
        else
            *(long *)at = json_integer(root, fields[k].key);
    }
    skd_free(text);
    cJSON_Delete(root);
    return root != NULL;
}
