/* SPDX-License-Identifier: MIT */
/* scan_plan.c - reads the plan of a scan and hands its keys to the options of a search. */
#include "scan_plan.h"

#include <string.h>

/* Keys of the plan itself; all others are options of `search`. */
static const char *const own_keys[] = {"hosts", "alloy", "sites", "groups", "pool"};
/* Options that have no meaning here. */
static const char *const refused[] = {"output", "json", "quiet", "config", "cross_charges", "cross-charges",
                                      "threads", "bulk", "site"};

static bool among(const char *key, const char *const *list, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (strcmp(key, list[k]) == 0)
            return true;
    return false;
}

static bool is_own(const char *key) { return among(key, own_keys, sizeof own_keys / sizeof *own_keys); }

/* ---- reading ------------------------------------------------------------------------------ */

static uint64_t hash_text(uint64_t h, const char *text) {
    return skd_hash(h, text ? text : "~", text ? strlen(text) + 1 : 2);
}

/* Keys and values; neither comments nor the way in which they are written. */
static uint64_t hash_node(uint64_t h, const skd_config *node) {
    h = hash_text(hash_text(h, node->key), node->value);
    for (size_t i = 0; i < node->n; i++)
        h = hash_node(h, node->child[i]);
    return skd_hash(h, ")", 1);
}

static skd_status check_keys(const scan_plan *plan, const skd_config *map, bool top, skd_error *err) {
    for (size_t i = 0; i < map->n; i++) {
        const skd_config *node = map->child[i];
        if (!node->key || (!top && strcmp(node->key, "groups") == 0))
            return skd_fail(err, SKD_EARG, "%s:%zu: expected 'key: value'", plan->path, node->line);
        if (among(node->key, refused, sizeof refused / sizeof *refused))
            return skd_fail(err, SKD_EARG, "%s:%zu: %s is no key of a plan%s", plan->path, node->line, node->key,
                            strcmp(node->key, "site") == 0 ? "; see 'sites'" : "");
    }
    return SKD_OK;
}

static skd_status take_groups(scan_plan *plan, skd_error *err) {
    const skd_config *groups = skd_config_get(plan->root, "groups");
    plan->n_groups = groups ? groups->n : 1;
    plan->group = skd_alloc(plan->n_groups + 1, sizeof *plan->group);
    if (!plan->group)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plan");
    skd_status status = check_keys(plan, plan->root, true, err);
    for (size_t k = 0; k < plan->n_groups && status == SKD_OK; k++) {
        plan->group[k] = groups ? groups->child[k] : plan->root;
        if (groups && !plan->group[k]->is_map)
            return skd_fail(err, SKD_EARG, "%s:%zu: a group is a name with keys of its own under it", plan->path,
                            plan->group[k]->line);
        if (groups)
            status = check_keys(plan, plan->group[k], false, err);
    }
    for (size_t k = 0; k < plan->n_groups && status == SKD_OK; k++)
        if (!scan_plan_get(plan, (long)k + 1, "hosts"))
            status = skd_fail(err, SKD_EARG, "%s: no hosts; expected a line like 'hosts: cells/x.POSCAR'", plan->path);
    return status;
}

static skd_status read_all(scan_plan *plan, skd_error *err) {
    size_t n, n_model;
    char *model = NULL;
    skd_status status = skd_file_read(plan->path, &plan->text, &n, err);
    if (status == SKD_OK)
        status = skd_config_parse(&plan->root, plan->path, plan->text, n, err);
    if (status == SKD_OK)
        status = take_groups(plan, err);
    if (status != SKD_OK)
        return status;
    plan->identity = hash_node(SKD_HASH_START, plan->root);
    if (!plan->frozen)
        return SKD_OK;
    status = skd_file_read(plan->frozen, &model, &n_model, err);
    if (status == SKD_OK)
        plan->identity = skd_hash(plan->identity, model, n_model);
    skd_free(model);
    return status;
}

skd_status scan_plan_read(scan_plan **out, const char *path, const char *folder, const char *frozen, skd_error *err) {
    *out = NULL;
    scan_plan *plan = skd_alloc(1, sizeof *plan);
    if (!plan)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plan");
    *plan = (scan_plan){.path = path, .folder = folder, .frozen = frozen};
    skd_status status = read_all(plan, err);
    if (status != SKD_OK)
        scan_plan_free(plan);
    else
        *out = plan;
    return status;
}

void scan_plan_free(scan_plan *plan) {
    if (!plan)
        return;
    skd_config_free(plan->root);
    skd_free(plan->group);
    skd_free(plan->text);
    skd_free(plan);
}

/* ---- keys --------------------------------------------------------------------------------- */

const skd_config *scan_plan_get(const scan_plan *plan, long group, const char *key) {
    const skd_config *own = skd_config_get(plan->group[group - 1], key);
    return own ? own : skd_config_get(plan->root, key);
}

skd_status scan_plan_text(const scan_plan *plan, long group, const char *key, char **out, skd_error *err) {
    const skd_config *node = scan_plan_get(plan, group, key);
    skd_string text = {0};
    *out = NULL;
    if (node)
        cli_config_text(&text, node);
    if (text.failed) {
        skd_string_free(&text);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plan");
    }
    *out = text.text;
    return SKD_OK;
}

static skd_status set_all(const scan_plan *plan, const skd_config *map, cli_args *args, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < map->n && status == SKD_OK; i++)
        if (!is_own(map->child[i]->key))
            status = cli_config_set(args, plan->path, map, map->child[i], err);
    return status;
}

static skd_status set_frozen(const scan_plan *plan, cli_args *args, skd_error *err) {
    bool known;
    char *copy = skd_strdup(plan->frozen);
    if (!copy)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the options");
    return cli_args_set(args, "learned-from", copy, &known, err);
}

skd_status scan_plan_args(const scan_plan *plan, long group, const char *host_path, char *argv[3], cli_args *args,
                          skd_error *err) {
    argv[0] = "shakedown";
    argv[1] = "scan";
    argv[2] = (char *)host_path;
    skd_status status = cli_parse(args, &cmd_search, 3, argv, 2, err);
    if (status == SKD_OK && plan->frozen)
        status = set_frozen(plan, args, err);
    if (status == SKD_OK && plan->group[group - 1] != plan->root)
        status = set_all(plan, plan->group[group - 1], args, err);
    return status == SKD_OK ? set_all(plan, plan->root, args, err) : status;
}
