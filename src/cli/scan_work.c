/* SPDX-License-Identifier: MIT */
/* scan_work.c - one process at work on a scan, and the table at its end. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "scan.h"

#define PAUSE_LEAST 0.005 /* s */
#define PAUSE_MOST  0.5

static skd_status keep_label(void *payload, const skd_task_label *label, skd_error *err) {
    return scan_store_keep_label(payload, label, err);
}

void scan_say(const char *host, const scan_result *r) {
    const skd_task_outcome *o = &r->outcome;
    fprintf(stderr, "%ld %s %s", r->task.id, host, r->task.entry);
    if (o->failed)
        fprintf(stderr, ": failed (%s): %s\n", o->kind, o->failure);
    else if (isfinite(o->gain))
        fprintf(stderr, ": %+.4f eV, %ld families, %ld calls, %.1f s\n", o->gain, o->n_families, o->n_calls,
                o->seconds);
    else
        fprintf(stderr, ": %.4f eV, %ld families, %ld calls, %.1f s\n", o->energy, o->n_families, o->n_calls,
                o->seconds);
}

static skd_status do_one(scan_store *store, scan_worker *worker, const scan_order *order, bool quiet, skd_error *err) {
    scan_result result;
    skd_status status = scan_worker_run(worker, order, &result, err);
    if (status == SKD_OK)
        status = scan_store_finish(store, &result, err);
    if (status == SKD_OK && !quiet)
        scan_say(order->host.name, &result);
    scan_result_free(&result);
    return status;
}

static void pause_for(double seconds) {
    const struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
    nanosleep(&t, NULL);
}

skd_status scan_work(scan_store *store, scan_worker *worker, bool quiet, skd_error *err) {
    double pause = PAUSE_LEAST;
    bool got = true, waits = false;
    skd_status status = SKD_OK;
    worker->labelled = keep_label;
    worker->payload = store;
    while (status == SKD_OK && (got || waits)) {
        scan_order order;
        if (cli_interrupted())
            return skd_fail(err, SKD_ESTOPPED, "interrupted; run the same command again to go on");
        status = scan_store_next(store, &order, &got, &waits, err);
        if (status == SKD_OK && got) {
            status = do_one(store, worker, &order, quiet, err);
            pause = PAUSE_LEAST;
        } else if (status == SKD_OK && waits) {
            pause_for(pause);
            pause = fmin(2.0 * pause, PAUSE_MOST);
        }
        scan_order_free(&order);
    }
    return status == SKD_ESTOPPED ? skd_fail(err, status, "interrupted; run the same command again to go on") : status;
}

/* ---- the table ---------------------------------------------------------------------------- */

typedef struct table {
    cli_table text;
    size_t n, n_done, n_failed, n_improved;
    double gain;
    bool all_good;
} table;

enum { ROWS_MOST = 60 }; /* of more tasks, the CSV */

static skd_status add_row(void *payload, const skd_task *task, const skd_task_host *host, skd_task_status status,
                          const skd_task_outcome *o, skd_error *err) {
    table *t = payload;
    const bool improved = status == SKD_TASK_DONE && o->gain < -0.05;
    (void)err;
    t->n++;
    t->n_done += status == SKD_TASK_DONE;
    t->n_failed += status == SKD_TASK_FAILED;
    t->n_improved += improved;
    t->gain += improved ? o->gain : 0.0;
    t->all_good = t->all_good && status == SKD_TASK_DONE && o->converged;
    if (t->n > ROWS_MOST)
        return SKD_OK;
    cli_table_add(&t->text, "%ld", task->id);
    cli_table_add(&t->text, "%s", host->name);
    cli_table_add(&t->text, "%s", task->entry);
    cli_table_add(&t->text, "%s", task->environment[0] ? task->environment : "-");
    if (status != SKD_TASK_DONE) {
        cli_table_add(&t->text, "%s", status == SKD_TASK_FAILED ? o->kind : "-");
        for (int k = 0; k < 6; k++)
            cli_table_add(&t->text, "-");
        return SKD_OK;
    }
    if (isfinite(o->gain))
        cli_table_add(&t->text, "%+.4f", o->gain);
    else
        cli_table_add(&t->text, "-");
    cli_table_add(&t->text, "%ld", o->n_families);
    cli_table_add(&t->text, "%s", o->symmetry);
    cli_table_add(&t->text, "%s", o->bond[0] ? o->bond : "-");
    cli_table_add(&t->text, "%ld", o->n_calls);
    cli_table_add(&t->text, "%ld", o->n_known);
    cli_table_add(&t->text, "%.1f", o->seconds);
    return SKD_OK;
}

skd_status scan_table_print(skd_tasks *tasks, FILE *out, bool *all_good, skd_error *err) {
    static const char *const heading[] = {">task", "host", "defect", "site", ">gain (eV)", ">families",
                                          "symmetry", "new bond (Å)", ">calls", ">known", ">s"};
    table t = {.text = {.n_columns = sizeof heading / sizeof *heading, .heading = heading}, .all_good = true};
    skd_status status = skd_tasks_list(tasks, add_row, &t, err);
    if (status == SKD_OK) {
        cli_table_print(&t.text, out);
        if (t.n > ROWS_MOST)
            fprintf(out, "... and %zu more\n", t.n - ROWS_MOST);
        fprintf(out, "\n%zu of %zu tasks done, %zu failed", t.n_done, t.n, t.n_failed);
        if (t.n_improved)
            fprintf(out, "; %zu (%.0f %%) end more than 0.05 eV below the unperturbed defect, by %.3f eV on average",
                    t.n_improved, 100.0 * (double)t.n_improved / (double)t.n_done, -t.gain / (double)t.n_improved);
        fputc('\n', out);
    }
    cli_table_free(&t.text);
    *all_good = t.all_good;
    return status;
}
