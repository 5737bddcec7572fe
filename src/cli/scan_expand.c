/* SPDX-License-Identifier: MIT */
/* scan_expand.c - from a plan to tasks, host after host, so that memory does not grow with them.
 *
 * Generations, where tasks learn from each other: of n tasks of a group, numbered in the order of the plan, number 0
 * is the first, then the one in the middle, then those at the quarters, the eighths, ...: 1, 1, 2, 4, 8 tasks spread
 * evenly over the plan, then all the others at once. */
#include "scan_expand.h"

#include <string.h>

/* A store being filled. */
typedef struct expansion {
    scan_store *store;
    scan_slice slice;
    long group, n_hosts, n_tasks;
    long n_mine;          /* tasks of this group that this store holds */
    long n_good;          /* hosts that could be made ready            */
    bool learns;
    skd_error first;      /* what was wrong with the first that could not */
} expansion;

static bool is_mine(const expansion *e, long id) { return (id - 1) % e->slice.n == e->slice.i - 1; }

/* Minus the number of times that 2 divides it; of 0, less than all others. */
static long place(long number) {
    long k = 0;
    while (number > 0 && number % 2 == 0) {
        number /= 2;
        k++;
    }
    return number > 0 ? -k : -1000;
}

static skd_status add_tasks(expansion *e, const scan_host *host, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < host->plan.charges.n && status == SKD_OK; k++) {
        const cli_state *state = &host->plan.charges.state[k];
        const scan_site *site = scan_host_site(host, state->defect);
        skd_task task = {.id = ++e->n_tasks, .host = host->what.id, .group = e->group, .number = (long)k,
                         .charge = state->charge, .multiplicity = (long)state->defect->multiplicity};
        if (!is_mine(e, task.id))
            continue;
        skd_defect_entry_name(state->defect, state->charge, task.entry, sizeof task.entry);
        if (site) {
            snprintf(task.environment, sizeof task.environment, "%s", site->environment);
            task.multiplicity = site->multiplicity;
        }
        task.generation = e->learns ? place(e->n_mine) : 0;
        e->n_mine++;
        status = skd_tasks_add(e->store->tasks, &task, err);
    }
    return status;
}

static bool is_outcome(skd_status status) {
    return status != SKD_OK && status != SKD_ENOMEM && status != SKD_ESTOPPED;
}

static skd_status add_failed(expansion *e, const skd_task_host *what, const skd_error *why, skd_error *err) {
    const skd_task task = {.id = ++e->n_tasks, .host = what->id, .group = e->group, .number = -1, .entry = "-"};
    if (e->first.status == SKD_OK)
        e->first = *why;
    return is_mine(e, task.id) ? skd_tasks_add_failed(e->store->tasks, &task, "host", why->text, err) : SKD_OK;
}

static skd_status add_host(void *payload, const skd_task_host *what, skd_error *err) {
    expansion *e = payload;
    scan_host host;
    skd_task_host full = *what;
    skd_error trouble = {SKD_OK, ""};
    if (cli_interrupted())
        return skd_fail(err, SKD_ESTOPPED, "interrupted while tasks were made; the same command begins again");
    full.id = ++e->n_hosts;
    full.group = e->group;
    skd_status found = scan_host_open(&host, e->store->plan, &full, &trouble);
    if (found != SKD_OK && !strstr(trouble.text, full.path) && !strstr(trouble.text, e->store->plan->path))
        skd_error_prefix(&trouble, "%s", full.path);
    if (found == SKD_OK) {
        skd_cell_formula(host.plan.host->cell, full.formula, sizeof full.formula);
        e->learns = host.learns && !e->store->plan->frozen;
        e->n_good++;
    }
    skd_status status = found == SKD_OK || is_outcome(found)
                            ? skd_tasks_add_host(e->store->tasks, &full, err)
                            : skd_fail(err, found, "%s", trouble.text);
    if (status == SKD_OK)
        status = found == SKD_OK ? add_tasks(e, &host, err) : add_failed(e, &full, &trouble, err);
    scan_host_close(&host);
    return status;
}

/* Does the plan want each task to learn for itself? */
static skd_status read_pool(const expansion *e, bool *alone, skd_error *err) {
    const skd_config *node = scan_plan_get(e->store->plan, e->group, "pool");
    const char *word = node && node->value ? node->value : "shared";
    *alone = strcmp(word, "none") == 0;
    return *alone || strcmp(word, "shared") == 0
               ? SKD_OK
               : skd_fail(err, SKD_EARG, "%s:%zu: pool: expected shared or none; found '%s'", e->store->plan->path,
                          node->line, word);
}

static skd_status add_group(expansion *e, skd_error *err) {
    bool alone = false;
    long bits = 0;
    e->n_mine = 0;
    skd_status status = read_pool(e, &alone, err);
    if (status == SKD_OK)
        status = scan_plan_hosts(e->store->plan, e->group, add_host, e, err);
    while (1L << bits < e->n_mine)
        bits++;
    if (status == SKD_OK && e->learns)
        status = skd_tasks_shift(e->store->tasks, e->group, bits, alone ? 0 : SCAN_GENERATION_MOST, err);
    return status;
}

/* What the store remembers of the plan; NULL if memory is out. */
static char *plan_json(const expansion *e) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "scan_layout", 1);
    json_add_hash(root, "identity", e->store->plan->identity);
    cJSON_AddStringToObject(root, "plan_file", e->store->plan->path);
    cJSON_AddStringToObject(root, "plan", e->store->plan->text);
    cJSON_AddStringToObject(root, "frozen_model", e->store->plan->frozen ? e->store->plan->frozen : "");
    cJSON_AddNumberToObject(root, "slice", (double)e->slice.i);
    cJSON_AddNumberToObject(root, "slices", (double)e->slice.n);
    cJSON_AddNumberToObject(root, "tasks", (double)e->n_tasks);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

skd_status scan_expand(scan_store *store, scan_slice slice, skd_error *err) {
    expansion e = {.store = store, .slice = slice};
    char *json = NULL;
    skd_status status = skd_tasks_begin(store->tasks, err);
    if (status != SKD_OK)
        return status;
    for (e.group = 1; e.group <= (long)store->plan->n_groups && status == SKD_OK; e.group++)
        status = add_group(&e, err);
    if (status == SKD_OK && e.n_good == 0)
        status = skd_fail(err, e.first.status, "%s", e.first.text);
    if (status == SKD_OK && !(json = plan_json(&e)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    if (status == SKD_OK)
        status = skd_tasks_end(store->tasks, json, err);
    else if (skd_tasks_end(store->tasks, NULL, NULL) != SKD_OK) /* nothing was there, nothing is */
        status = SKD_EIO;
    cJSON_free(json);
    return status;
}
