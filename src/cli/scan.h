/* SPDX-License-Identifier: MIT
 * scan.h - a scan: the tasks of a plan in one store, and what does them.
 *
 *   who owns the store            who does tasks (may be another process, without a store)
 *   scan_store_open
 *   scan_store_next  ── order ──> scan_worker_run
 *   scan_store_keep_label <────── label, as soon as a teacher said it (a hook; else with the result)
 *   scan_store_finish <─ result ─ (scan_order_pack, scan_result_pack make bytes of both)
 *
 * A task is what `search` does for one defect state. Its result follows from plan, task and the labels it begins with:
 * those of finished tasks of earlier generations of its group. So neither order nor number of workers shows in it.
 */
#ifndef SKD_SCAN_H
#define SKD_SCAN_H

#include "scan_host.h"
#include "scan_labels.h"

/* Which part of the tasks a store holds. */
typedef struct scan_slice {
    long i, n; /* 1..n of n; 1 of 1: all */
} scan_slice;

typedef struct scan_store {
    skd_tasks *tasks;
    const scan_plan *plan;
    char path[600];
    bool sole;
    double told; /**< scan_clock when its progress was last written */
} scan_store;

/** All that is needed to do a task; owned (scan_order_free). */
typedef struct scan_order {
    skd_task task;
    skd_task_host host;
    void *host_state; /**< [n_host_state] or NULL */
    size_t n_host_state;
    skd_task_label *label; /**< [n_labels]: n_pool to learn from, then of an earlier attempt */
    size_t n_labels, n_pool, label_room;
} scan_order;

/** A family of minima, ready for the store. */
typedef struct scan_family {
    skd_cell *cell;
    double (*force)[3];
    double energy, charge;
    char *keys; /**< JSON */
} scan_family;

/** What came of it; owned (scan_result_free). */
typedef struct scan_result {
    skd_task task;
    skd_task_outcome outcome;
    scan_family *family; /**< [n_families] */
    size_t n_families;
    char potential[256];
    void *host_state; /**< if it was not known before */
    size_t n_host_state;
    skd_task_label *label; /**< [n_labels] those that no hook has stored */
    size_t n_labels, label_room;
} scan_result;

/** Opens <folder>/scan.db or, of a slice, <folder>/slice-i-of-n.db; the first one fills it. sole: no other process may
 *  open it, no locks are taken. SKD_EARG if it holds another plan. */
skd_status scan_store_open(scan_store *store, const scan_plan *plan, scan_slice slice, bool sole, skd_error *err);
void scan_store_close(scan_store *store);
/** Counts of a store that others cannot read, as <store>.progress; written by scan_store_finish too, every few
 *  seconds. */
skd_status scan_progress_write(const scan_store *store, skd_error *err);
/** false: there is no such file. */
bool scan_progress_read(const char *store_path, skd_task_counts *out);
/** Claims the next task. *got is false if there is none now; *waits: others are at work, ask again later. */
skd_status scan_store_next(scan_store *store, scan_order *order, bool *got, bool *waits, skd_error *err);
skd_status scan_store_finish(scan_store *store, const scan_result *result, skd_error *err);
skd_status scan_store_keep_label(scan_store *store, const skd_task_label *label, skd_error *err);
void scan_order_free(scan_order *order);
void scan_result_free(scan_result *result);

/** Does tasks, one after another; keeps the last host ready. */
typedef struct scan_worker {
    const scan_plan *plan;
    int threads;
    const char *keep; /**< folder: each task leaves the folder of a search there; NULL */
    /** Called with every label as it comes, never two at once; NULL: they are collected in the result. */
    skd_status (*labelled)(void *payload, const skd_task_label *label, skd_error *err);
    void *payload;
    scan_host host;
    bool has_host;
    skd_soap *soap; /**< made once: its radial functions */
} scan_worker;

/** What cannot be done is an outcome; other statuses than SKD_OK end the scan: no memory, interrupted, the hook's. */
skd_status scan_worker_run(scan_worker *worker, const scan_order *order, scan_result *result, skd_error *err);
void scan_worker_free(scan_worker *worker);

/** As bytes, native to the machine. */
skd_status scan_order_pack(skd_string *out, const scan_order *order, skd_error *err);
skd_status scan_order_unpack(scan_order *order, const void *bytes, size_t n, skd_error *err);
skd_status scan_result_pack(skd_string *out, const scan_result *result, skd_error *err);
skd_status scan_result_unpack(scan_result *result, const void *bytes, size_t n, skd_error *err);

/** Seconds: of the clock on the wall (since 1970), and of one that only runs forward. */
double scan_time(void);
double scan_clock(void);

/** Does tasks of the store until none is left or waits for others no longer; tells of each on standard error unless
 *  quiet. */
skd_status scan_work(scan_store *store, scan_worker *worker, bool quiet, skd_error *err);
/** One line on standard error of a task that is finished. */
void scan_say(const char *host, const scan_result *result);
/** Labels of the tasks that are done as <folder>/learned.model.gz, or one file a group; none if nothing was learned. */
skd_status scan_models_write(const scan_store *store, skd_error *err);
/** The table of all tasks: one line a task, and how many improved. *all_good: none failed, all converged. */
skd_status scan_table_print(skd_tasks *tasks, FILE *out, bool *all_good, skd_error *err);

#endif
