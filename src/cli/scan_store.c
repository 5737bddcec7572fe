/* SPDX-License-Identifier: MIT */
/* scan_store.c - the store of a scan between plan and workers: orders out, results in. scan_expand.c fills it. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "scan.h"
#include "scan_expand.h"

#define PROGRESS_EVERY 5.0 /* s */

double scan_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double scan_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- opening ------------------------------------------------------------------------------ */

static skd_status check_plan(scan_store *store, const char *json, skd_error *err) {
    char found[20], wanted[20];
    cJSON *root = cJSON_Parse(json);
    json_text(root, "identity", found, sizeof found);
    cJSON_Delete(root);
    snprintf(wanted, sizeof wanted, JSON_HASH, (unsigned long long)store->plan->identity);
    if (strcmp(found, wanted) == 0)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "%s: holds the scan of another plan (or model) than %s; name another folder",
                    store->path, store->plan->path);
}

/* Whoever comes first fills it; the others wait for him. */
static skd_status fill_or_check(scan_store *store, scan_slice slice, skd_error *err) {
    char *json = NULL;
    skd_status status = skd_tasks_lock(store->tasks, err);
    if (status == SKD_OK)
        status = skd_tasks_plan(store->tasks, &json, err);
    if (status == SKD_OK)
        status = json ? check_plan(store, json, err) : scan_expand(store, slice, err);
    skd_free(json);
    skd_tasks_unlock(store->tasks);
    return status;
}

skd_status scan_store_open(scan_store *store, const scan_plan *plan, scan_slice slice, bool sole, skd_error *err) {
    *store = (scan_store){.plan = plan, .sole = sole};
    if (slice.n > 1)
        snprintf(store->path, sizeof store->path, "%s/slice-%ld-of-%ld.db", plan->folder, slice.i, slice.n);
    else
        snprintf(store->path, sizeof store->path, "%s/scan.db", plan->folder);
    skd_status status = skd_folder_make(plan->folder, err);
    if (status == SKD_OK)
        status = skd_tasks_open(&store->tasks, store->path, true, sole, err);
    if (status == SKD_OK)
        status = fill_or_check(store, slice, err);
    if (status == SKD_OK)
        status = skd_tasks_enlist(store->tasks, err);
    return status;
}

void scan_store_close(scan_store *store) {
    skd_tasks_close(store->tasks);
    store->tasks = NULL;
}

/* ---- orders ------------------------------------------------------------------------------- */

/* Labels of an order being gathered. */
typedef struct gathering {
    scan_order *order;
    const char *elements; /* of the host and the defects; NULL: all */
    size_t most;
    skd_status status;
    skd_error *err;
} gathering;

/* Is every word of `some` among those of `all`? */
static bool contains(const char *all, const char *some) {
    while (*some) {
        const size_t n = strcspn(some, " ");
        bool there = false;
        for (const char *p = all; *p && !there;) {
            const size_t m = strcspn(p, " ");
            there = m == n && strncmp(p, some, n) == 0;
            p += m + (p[m] == ' ');
        }
        if (!there)
            return false;
        some += n + (some[n] == ' ');
    }
    return true;
}

static bool take_label(void *payload, const skd_task_label *label) {
    gathering *g = payload;
    scan_order *o = g->order;
    if (g->elements && !contains(g->elements, label->elements))
        return true;
    if (g->most == 0)
        return false;
    g->most--;
    g->status = skd_grow((void **)&o->label, &o->label_room, o->n_labels + 1, sizeof *o->label, g->err);
    if (g->status != SKD_OK)
        return false;
    o->label[o->n_labels] = *label;
    o->label[o->n_labels].bytes = skd_copy(label->bytes, label->n, 1);
    if (!o->label[o->n_labels].bytes)
        g->status = skd_fail(g->err, SKD_ENOMEM, "out of memory for a label");
    else
        o->n_labels++;
    return g->status == SKD_OK;
}

static skd_status gather(scan_store *store, scan_order *order, bool own, const char *elements, size_t most,
                         skd_error *err) {
    gathering g = {order, elements, most, SKD_OK, err};
    skd_status status = skd_tasks_labels(store->tasks, &order->task, own, take_label, &g, err);
    return status == SKD_OK ? g.status : status;
}

static void add_word(char *list, size_t size, skd_span word) {
    char one[8];
    const size_t n = strlen(list);
    skd_span_copy(word, one, sizeof one);
    if (!contains(list, one))
        snprintf(list + n, size - n, "%s%s", n ? " " : "", one);
}

/* "Cd64Se12Te52", "v_Cd_s3_0" -> "Cd Se Te": letters of the formula, and what the defect puts in. */
static void elements_of(const scan_order *order, char *out, size_t size) {
    out[0] = '\0';
    for (const char *p = order->host.formula; *p;) {
        const size_t n = *p >= 'A' && *p <= 'Z' ? 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
        if (n)
            add_word(out, size, (skd_span){p, n});
        p += n ? n : 1;
    }
    for (const char *p = order->task.entry; *p;) {
        const size_t n = strcspn(p, "_+");
        if (skd_element_number((skd_span){p, n}))
            add_word(out, size, (skd_span){p, n});
        p += n + (p[n] != '\0');
    }
}

skd_status scan_store_next(scan_store *store, scan_order *order, bool *got, bool *waits, skd_error *err) {
    size_t n = 0;
    char elements[120];
    *order = (scan_order){0};
    *got = false;
    skd_status status = skd_tasks_claim(store->tasks, 1, &order->task, &n, waits, err);
    if (status != SKD_OK || n == 0)
        return status;
    status = skd_tasks_host(store->tasks, order->task.host, &order->host, err);
    if (status == SKD_OK)
        status = skd_tasks_host_state(store->tasks, order->task.host, &order->host_state, &order->n_host_state, err);
    elements_of(order, elements, sizeof elements);
    if (status == SKD_OK && order->task.generation > 0)
        status = gather(store, order, false, elements, SCAN_POOL_MOST, err);
    order->n_pool = order->n_labels;
    if (status == SKD_OK)
        status = gather(store, order, true, NULL, SIZE_MAX, err);
    *got = status == SKD_OK;
    if (status != SKD_OK)
        scan_order_free(order);
    return status;
}

void scan_order_free(scan_order *order) {
    for (size_t i = 0; i < order->n_labels; i++)
        skd_free(order->label[i].bytes);
    skd_free(order->label);
    skd_free(order->host_state);
    *order = (scan_order){0};
}

/* ---- results ------------------------------------------------------------------------------ */

skd_status scan_store_keep_label(scan_store *store, const skd_task_label *label, skd_error *err) {
    return skd_tasks_keep_label(store->tasks, label, err);
}

skd_status scan_store_finish(scan_store *store, const scan_result *r, skd_error *err) {
    bool taken;
    skd_status status = SKD_OK;
    const double now = scan_time();
    skd_db_row *row = skd_alloc(r->n_families + 1, sizeof *row);
    if (!row)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows", r->n_families);
    for (size_t i = 0; i < r->n_labels && status == SKD_OK; i++)
        status = skd_tasks_keep_label(store->tasks, &r->label[i], err);
    for (size_t i = 0; i < r->n_families; i++) {
        const scan_family *f = &r->family[i];
        row[i] = (skd_db_row){.id = r->task.id * 100 + (long)i + 1, .cell = f->cell, .has_energy = isfinite(f->energy),
                              .energy = f->energy, .force = f->force, .charge = f->charge, .time = now,
                              .calculator = (char *)r->potential, .key_values = f->keys};
    }
    if (status == SKD_OK)
        status = skd_tasks_finish(store->tasks, &r->task, &r->outcome, row, r->n_families, r->host_state,
                                  r->n_host_state, now, &taken, err);
    skd_free(row);
    if (status == SKD_OK && store->sole && scan_clock() - store->told > PROGRESS_EVERY) {
        store->told = scan_clock();
        status = scan_progress_write(store, err);
    }
    return status;
}
