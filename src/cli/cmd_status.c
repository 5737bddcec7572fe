/* SPDX-License-Identifier: MIT */
/* cmd_status.c - how far a scan is: counts, rate, time left, failures by kind. */
#include <string.h>

#include "json.h"
#include "scan.h"

static const cli_option options[] = {CLI_JSON, CLI_END};

/* Of all stores of a folder together. */
typedef struct overview {
    skd_task_counts counts;
    skd_string failures;
    cJSON *failure_list;
    const char *path; /* of the store being read */
    double rate;      /* tasks a second, of those at work */
    long n_stores, n_alone;
} overview;

static void add_failure(void *payload, const char *kind, long n, const char *example) {
    overview *o = payload;
    skd_string_add(&o->failures, "failed     %ld (%s), e.g. %s\n", n, kind, example);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "kind", kind);
    cJSON_AddNumberToObject(item, "n", (double)n);
    cJSON_AddStringToObject(item, "example", example);
    cJSON_AddItemToArray(o->failure_list, item);
}

static void add_counts(overview *o, const skd_task_counts *c) {
    for (int k = 0; k < SKD_TASK_N_STATUSES; k++)
        o->counts.n[k] += c->n[k];
    o->counts.n_hosts = c->n_hosts > o->counts.n_hosts ? c->n_hosts : o->counts.n_hosts;
    o->counts.n_improved += c->n_improved;
    o->counts.seconds += c->seconds;
    o->counts.n_workers += c->n_workers;
    o->counts.n_recent += c->n_recent;
    if (c->n_recent > 1 && c->last > c->recent_first)
        o->rate += (double)(c->n_recent - 1) / (c->last - c->recent_first);
    if (c->last > o->counts.last)
        o->counts.last = c->last;
}

static skd_status read_store(overview *o, const char *path, skd_error *err) {
    skd_tasks *tasks = NULL;
    skd_task_counts counts;
    bool alone;
    skd_status status = skd_tasks_open_to_read(&tasks, path, &alone, err);
    if (status == SKD_OK && alone) {
        o->n_alone++;
        if (scan_progress_read(path, &counts))
            add_counts(o, &counts);
        return SKD_OK;
    }
    if (status == SKD_OK)
        status = skd_tasks_count(tasks, 0.05, scan_time(), &counts, err);
    if (status == SKD_OK) {
        add_counts(o, &counts);
        o->n_stores++;
        status = skd_tasks_failures(tasks, add_failure, o, err);
    }
    skd_tasks_close(tasks);
    return status;
}

static skd_status read_folder(overview *o, const char *folder, skd_error *err) {
    char path[600];
    skd_names slices = {0};
    snprintf(path, sizeof path, "%s/scan.db", folder);
    if (skd_file_exists(path))
        return read_store(o, path, err);
    snprintf(path, sizeof path, "%s/slice-*-of-*.db", folder);
    skd_status status = skd_files_matching(&slices, path, err);
    if (status == SKD_OK && slices.n == 0)
        status = skd_fail(err, SKD_EARG, "%s: not the folder of a scan (no scan.db in it)", folder);
    for (size_t i = 0; i < slices.n && status == SKD_OK; i++)
        status = read_store(o, slices.name[i], err);
    skd_names_free(&slices);
    return status;
}

/* "3 h 20 min" */
static const char *span_text(double seconds, char *out, size_t size) {
    if (seconds < 120.0)
        snprintf(out, size, "%.0f s", seconds);
    else if (seconds < 7200.0)
        snprintf(out, size, "%.0f min", seconds / 60.0);
    else
        snprintf(out, size, "%.0f h %02.0f min", (double)(long)(seconds / 3600.0),
                 (double)((long)(seconds / 60.0) % 60));
    return out;
}

static void print_overview(const overview *o) {
    const skd_task_counts *c = &o->counts;
    const long finished = c->n[SKD_TASK_DONE] + c->n[SKD_TASK_FAILED],
               left = c->n[SKD_TASK_WAITING] + c->n[SKD_TASK_CLAIMED], n = finished + left;
    char span[48];
    printf("tasks      %ld of %ld done (%.1f %%), %ld failed, %ld in work, %ld waiting; %ld host%s\n",
           c->n[SKD_TASK_DONE], n, n ? 100.0 * (double)c->n[SKD_TASK_DONE] / (double)n : 0.0, c->n[SKD_TASK_FAILED],
           c->n[SKD_TASK_CLAIMED], c->n[SKD_TASK_WAITING], c->n_hosts, c->n_hosts == 1 ? "" : "s");
    printf("workers    %ld on this machine\n", c->n_workers);
    if (o->n_alone)
        printf("stores     %ld in the hands of one process each, or killed: as last told\n", o->n_alone);
    if (finished)
        printf("cost       %.2f s a task\n", c->seconds / (double)finished);
    if (o->rate > 0.0)
        printf("rate       %.4g tasks a minute, in the last 10 minutes\n", 60.0 * o->rate);
    if (n == 0)
        printf("left       unknown: tasks are being made\n");
    else if (left == 0)
        printf("left       nothing\n");
    else if (o->rate > 0.0)
        printf("left       %s at this rate\n", span_text((double)left / o->rate, span, sizeof span));
    else
        printf("left       unknown: nothing was finished in the last 10 minutes\n");
    if (c->n[SKD_TASK_DONE])
        printf("improved   %ld (%.0f %%) end more than 0.05 eV below the unperturbed defect\n", c->n_improved,
               100.0 * (double)c->n_improved / (double)c->n[SKD_TASK_DONE]);
    fputs(o->failures.text ? o->failures.text : "", stdout);
}

static skd_status print_json(overview *o, skd_error *err) {
    const skd_task_counts *c = &o->counts;
    cJSON *root = cJSON_CreateObject();
    const struct {
        const char *key;
        double value;
    } number[] = {{"done", (double)c->n[SKD_TASK_DONE]},       {"failed", (double)c->n[SKD_TASK_FAILED]},
                  {"in_work", (double)c->n[SKD_TASK_CLAIMED]}, {"waiting", (double)c->n[SKD_TASK_WAITING]},
                  {"hosts", (double)c->n_hosts},               {"workers", (double)c->n_workers},
                  {"improved", (double)c->n_improved},         {"seconds", c->seconds},
                  {"tasks_per_second", o->rate}};
    for (size_t k = 0; k < sizeof number / sizeof *number; k++)
        cJSON_AddNumberToObject(root, number[k].key, number[k].value);
    cJSON_AddItemToObject(root, "failures", o->failure_list);
    o->failure_list = NULL;
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the output");
    puts(text);
    cJSON_free(text);
    return SKD_OK;
}

static skd_status run_status(const cli_args *args, int *exit_code, skd_error *err) {
    overview o = {.failure_list = cJSON_CreateArray()};
    (void)exit_code;
    skd_status status = read_folder(&o, args->operand[0], err);
    if (status == SKD_OK && cli_flag(args, "json"))
        status = print_json(&o, err);
    else if (status == SKD_OK)
        print_overview(&o);
    skd_string_free(&o.failures);
    cJSON_Delete(o.failure_list);
    return status;
}

const cli_command cmd_status = {
    .name = "status",
    .group = "scans",
    .summary = "Show how far a scan is: tasks, rate, time left, failures",
    .usage = "DIR",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_status,
};
