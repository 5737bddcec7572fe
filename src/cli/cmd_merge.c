/* SPDX-License-Identifier: MIT */
/* cmd_merge.c - joins the stores of one plan: slices, or what several machines did. */
#include <string.h>

#include "json.h"
#include "scan.h"

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "DIR", NULL, "folder of the joined scan; default: the first one given", 0, 0, "merge"},
    CLI_END};

typedef struct merging {
    skd_tasks *into;
    char path[600], identity[24];
    size_t n;
} merging;

/* What a store says of its plan; it must be the same in all. */
static skd_status check_identity(merging *m, const char *path, char **json, skd_error *err) {
    skd_tasks *tasks = NULL;
    char found[24];
    bool alone;
    skd_status status = skd_tasks_open_to_read(&tasks, path, &alone, err);
    if (status == SKD_OK && alone)
        return skd_fail(err, SKD_EARG, "%s: a process works on it, or was killed; let it end, or run it again", path);
    if (status == SKD_OK)
        status = skd_tasks_plan(tasks, json, err);
    skd_tasks_close(tasks);
    if (status == SKD_OK && !*json)
        status = skd_fail(err, SKD_EARG, "%s: its scan never began", path);
    if (status != SKD_OK)
        return status;
    cJSON *root = cJSON_Parse(*json);
    json_text(root, "identity", found, sizeof found);
    cJSON_Delete(root);
    if (m->identity[0] && strcmp(m->identity, found) != 0)
        return skd_fail(err, SKD_EARG, "%s: of another plan (or model) than the first one", path);
    snprintf(m->identity, sizeof m->identity, "%s", found);
    return SKD_OK;
}

static skd_status open_target(merging *m, const char *json, skd_error *err) {
    char *old = NULL;
    const bool there = skd_file_exists(m->path);
    skd_status status = there ? check_identity(m, m->path, &old, err) : SKD_OK;
    skd_free(old);
    if (status == SKD_OK)
        status = skd_tasks_open(&m->into, m->path, true, false, err);
    if (status != SKD_OK || there)
        return status;
    status = skd_tasks_begin(m->into, err);
    if (status == SKD_OK)
        status = skd_tasks_end(m->into, json, err);
    return status;
}

static skd_status add_store(merging *m, const char *path, skd_error *err) {
    char *json = NULL;
    skd_status status = strcmp(path, m->path) == 0 ? SKD_OK : check_identity(m, path, &json, err);
    if (status == SKD_OK && json && !m->into)
        status = open_target(m, json, err);
    if (status == SKD_OK && json) {
        status = skd_tasks_merge(m->into, path, err);
        m->n += status == SKD_OK;
    }
    skd_free(json);
    return status;
}

/* A folder stands for its scan.db and its slices. */
static skd_status add_operand(merging *m, const char *operand, skd_error *err) {
    static const char *const pattern[] = {"scan.db", "slice-*-of-*.db"};
    skd_names list;
    bool is_folder;
    size_t n = 0;
    skd_status status = skd_folder_list(&list, operand, &is_folder, err);
    if (status != SKD_OK)
        return status;
    skd_names_free(&list);
    if (!is_folder)
        return add_store(m, operand, err);
    for (size_t k = 0; k < 2 && status == SKD_OK; k++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", operand, pattern[k]);
        status = skd_files_matching(&list, path, err);
        for (size_t i = 0; status == SKD_OK && i < list.n; i++, n++)
            status = add_store(m, list.name[i], err);
        skd_names_free(&list);
    }
    return status == SKD_OK && n == 0 ? skd_fail(err, SKD_EARG, "%s: no store of a scan in it", operand) : status;
}

static skd_status run_merge(const cli_args *args, int *exit_code, skd_error *err) {
    merging m = {0};
    const char *folder = cli_text(args, "output") ? cli_text(args, "output") : args->operand[0];
    bool all_good = true;
    snprintf(m.path, sizeof m.path, "%s/scan.db", folder);
    skd_status status = skd_folder_make(folder, err);
    for (size_t i = 0; i < args->n_operands && status == SKD_OK; i++)
        status = add_operand(&m, args->operand[i], err);
    if (status == SKD_OK && !m.into)
        status = skd_fail(err, SKD_EARG, "%s: nothing to join", folder);
    if (status == SKD_OK)
        status = scan_table_print(m.into, stdout, &all_good, err);
    if (status == SKD_OK)
        printf("\njoined %zu stores in %s\n", m.n, m.path);
    skd_tasks_close(m.into);
    *exit_code = all_good ? CLI_OK : CLI_NOT_CONVERGED;
    return status;
}

const cli_command cmd_merge = {
    .name = "merge",
    .group = "scans",
    .summary = "Join the stores of one plan: slices, or what several machines did",
    .usage = "DIR|STORE... [-o DIR]",
    .text = "A folder stands for its scan.db and all its slice-*.db. A task that two stores have finished must have\n"
            "ended the same; otherwise nothing is joined and it is named.",
    .options = options,
    .min_operands = 1,
    .max_operands = 100000,
    .run = run_merge,
};
