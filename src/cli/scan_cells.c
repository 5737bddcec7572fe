/* SPDX-License-Identifier: MIT */
/* scan_cells.c - the hosts of a scan: files that patterns match, and cells of alloys that are made of them, which stay
 * in <folder>/cells so that every process and every restart reads the same. */
#include <math.h>
#include <string.h>

#include "alloy.h"
#include "scan_plan.h"

typedef skd_status (*host_fn)(void *payload, const skd_task_host *host, skd_error *err);

typedef struct teller {
    const scan_plan *plan;
    long group;
    const skd_config *alloy; /* NULL: hosts as they are */
    host_fn each;
    void *payload;
} teller;

/* ---- alloys ------------------------------------------------------------------------------- */

/* "cells/CdTe.POSCAR" -> "CdTe" */
static skd_span stem_of(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return (skd_span){name, dot && dot != name ? (size_t)(dot - name) : strlen(name)};
}

static skd_status set_option(cli_args *args, const char *name, const char *value, skd_error *err) {
    bool known;
    char *copy = skd_strdup(value);
    return copy ? cli_args_set(args, name, copy, &known, err)
                : skd_fail(err, SKD_ENOMEM, "out of memory for the options");
}

/* The command line of `alloy` that makes the cells of one share. */
static skd_status alloy_args(const teller *t, const char *path, const char *substitute, char *argv[3], cli_args *args,
                             skd_error *err) {
    argv[0] = "shakedown";
    argv[1] = "alloy";
    argv[2] = (char *)path;
    skd_status status = cli_parse(args, &cmd_alloy, 3, argv, 2, err);
    if (status == SKD_OK)
        status = set_option(args, "substitute", substitute, err);
    if (status == SKD_OK)
        status = set_option(args, "quiet", "true", err);
    for (size_t i = 0; i < t->alloy->n && status == SKD_OK; i++) {
        const skd_config *node = t->alloy->child[i];
        if (strcmp(node->key, "shares") != 0 && strcmp(node->key, "substitute") != 0)
            status = cli_config_set(args, t->plan->path, t->alloy, node, err);
    }
    return status;
}

/* Written before it has its name: another process may read it at any moment. */
static skd_status write_cell(skd_frame *frame, const char *path, skd_error *err) {
    skd_frame *one[1] = {frame};
    const skd_frames list = {.n = 1, .frame = one};
    return skd_file_exists(path) ? SKD_OK : skd_frames_write(&list, path, skd_format_named("poscar"), err);
}

static skd_status tell_cells(const teller *t, const char *path, const char *substitute, double share, skd_error *err) {
    char *argv[3], stem[64], folder[400];
    cli_args args = {0};
    skd_frames cells = {0};
    skd_status status = alloy_args(t, path, substitute, argv, &args, err);
    if (status == SKD_OK)
        status = cli_alloy_make(&cells, &args, err);
    snprintf(folder, sizeof folder, "%s/cells", t->plan->folder);
    if (status == SKD_OK)
        status = skd_folder_make(folder, err);
    for (size_t k = 0; k < cells.n && status == SKD_OK; k++) {
        skd_task_host host = {.share = share};
        const char *to = isnan(share) ? substitute : strchr(substitute, ':') + 1; /* CdTe_Se=0.3 */
        const int n = snprintf(host.name, sizeof host.name, "%s_%s", skd_span_copy(stem_of(path), stem, sizeof stem),
                               to);
        if (cells.n > 1 && n > 0 && (size_t)n < sizeof host.name)
            snprintf(host.name + n, sizeof host.name - (size_t)n, "_%zu", k + 1);
        for (char *p = host.name; *p; p++)
            *p = *p == ':' || *p == '=' || *p == ',' || *p == '/' ? '-' : *p;
        snprintf(host.path, sizeof host.path, "%s/%s.POSCAR", folder, host.name);
        status = write_cell(cells.frame[k], host.path, err);
        if (status == SKD_OK)
            status = t->each(t->payload, &host, err);
    }
    skd_frames_free(&cells);
    cli_args_free(&args);
    return status;
}

static skd_status read_shares(const skd_config *alloy, double **share, size_t *n, skd_error *err) {
    const skd_config *node = skd_config_get(alloy, "shares");
    skd_string text = {0};
    if (!node)
        return SKD_OK;
    cli_config_text(&text, node);
    skd_status status = text.failed || !text.text ? skd_fail(err, SKD_EARG, "shares: expected numbers like 0.2, 0.5")
                                                  : cli_real_list(text.text, "shares", share, n, err);
    skd_string_free(&text);
    return status;
}

static skd_status tell_alloys(const teller *t, const char *path, skd_error *err) {
    const skd_config *node = skd_config_get(t->alloy, "substitute");
    double *share = NULL;
    size_t n = 0;
    if (!node || !node->value || !strchr(node->value, ':'))
        return skd_fail(err, SKD_EARG, "%s:%zu: an alloy needs 'substitute: Te:Se'", t->plan->path, t->alloy->line);
    skd_status status = read_shares(t->alloy, &share, &n, err);
    if (status == SKD_OK && n == 0)
        status = tell_cells(t, path, node->value, (double)NAN, err);
    for (size_t k = 0; k < n && status == SKD_OK; k++) {
        char substitute[200];
        snprintf(substitute, sizeof substitute, "%s=%g", node->value, share[k]);
        status = tell_cells(t, path, substitute, share[k], err);
    }
    skd_free(share);
    return status;
}

/* ---- files -------------------------------------------------------------------------------- */

static skd_status tell_file(const teller *t, const char *path, skd_error *err) {
    skd_task_host host = {.share = (double)NAN};
    if (t->alloy)
        return tell_alloys(t, path, err);
    if (strlen(path) >= sizeof host.path)
        return skd_fail(err, SKD_EARG, "%s: a name of more than %zu letters", path, sizeof host.path);
    snprintf(host.name, sizeof host.name, "%s", path);
    snprintf(host.path, sizeof host.path, "%s", path);
    return t->each(t->payload, &host, err);
}

static skd_status tell_pattern(const teller *t, const char *pattern, skd_error *err) {
    skd_names files;
    skd_status status = skd_files_matching(&files, pattern, err);
    if (status != SKD_OK)
        return status;
    if (files.n == 0)
        status = skd_fail(err, SKD_EARG, "%s: hosts: no file '%s'", t->plan->path, pattern);
    for (size_t i = 0; i < files.n && status == SKD_OK; i++)
        status = tell_file(t, files.name[i], err);
    skd_names_free(&files);
    return status;
}

skd_status scan_plan_hosts(const scan_plan *plan, long group, host_fn each, void *payload, skd_error *err) {
    const teller t = {plan, group, scan_plan_get(plan, group, "alloy"), each, payload};
    char *text;
    if (t.alloy && !t.alloy->is_map)
        return skd_fail(err, SKD_EARG, "%s:%zu: alloy: expected keys under it, 'substitute: Te:Se' among them",
                        plan->path, t.alloy->line);
    skd_status status = scan_plan_text(plan, group, "hosts", &text, err);
    for (char *p = text; p && *p && status == SKD_OK;) {
        while (*p == ' ' || *p == ',')
            p++;
        char *end = p + strcspn(p, ", ");
        const bool more = *end != '\0';
        *end = '\0';
        if (*p)
            status = tell_pattern(&t, p, err);
        p = more ? end + 1 : NULL;
    }
    skd_free(text);
    return status;
}
