/* SPDX-License-Identifier: MIT */
/* tasks_read.c - what a scan's store tells: hosts, labels, counts, failures, the list of all tasks. */
#include "tasks_private.h"

#include <stdio.h>
#include <string.h>

/* ---- columns ------------------------------------------------------------------------------ */

static void read_text(sqlite3_stmt *s, int column, char *out, size_t size) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(out, size, "%s", text ? text : "");
}

static double read_real(sqlite3_stmt *s, int column) {
    return sqlite3_column_type(s, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(s, column);
}

static long read_long(sqlite3_stmt *s, int column) { return (long)sqlite3_column_int64(s, column); }

void tasks_read_task(sqlite3_stmt *s, int first, skd_task *t) {
    *t = (skd_task){.id = read_long(s, first),
                    .host = read_long(s, first + 1),
                    .group = read_long(s, first + 2),
                    .generation = read_long(s, first + 3),
                    .number = read_long(s, first + 4),
                    .charge = (int)read_long(s, first + 5),
                    .multiplicity = read_long(s, first + 8)};
    read_text(s, first + 6, t->entry, sizeof t->entry);
    read_text(s, first + 7, t->environment, sizeof t->environment);
}

void tasks_read_host(sqlite3_stmt *s, int first, skd_task_host *h) {
    *h = (skd_task_host){
        .id = read_long(s, first), .group = read_long(s, first + 1), .share = read_real(s, first + 5)};
    read_text(s, first + 2, h->name, sizeof h->name);
    read_text(s, first + 3, h->path, sizeof h->path);
    read_text(s, first + 4, h->formula, sizeof h->formula);
}

void tasks_bind_outcome(sqlite3_stmt *s, int first, const skd_task_outcome *o) {
    const long count[] = {o->n_starts, o->n_families, o->n_calls, o->n_labels, o->n_known};
    const double energy[] = {o->energy, o->unperturbed, o->gain};
    sqlite3_bind_text(s, first, o->failed && !o->kind[0] ? "failed" : o->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, first + 1, o->failure, -1, SQLITE_STATIC);
    for (int k = 0; k < 5; k++)
        sqlite3_bind_int64(s, first + 2 + k, count[k]);
    for (int k = 0; k < 3; k++)
        sqlite3_bind_double(s, first + 7 + k, energy[k]); /* NaN becomes NULL */
    sqlite3_bind_text(s, first + 10, o->symmetry, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, first + 11, o->bond, -1, SQLITE_STATIC);
    sqlite3_bind_double(s, first + 12, o->moved);
    sqlite3_bind_int64(s, first + 13, o->converged);
    sqlite3_bind_double(s, first + 14, o->seconds);
}

void tasks_read_outcome(sqlite3_stmt *s, int first, skd_task_outcome *o) {
    *o = (skd_task_outcome){.n_starts = read_long(s, first + 2),
                            .n_families = read_long(s, first + 3),
                            .n_calls = read_long(s, first + 4),
                            .n_labels = read_long(s, first + 5),
                            .n_known = read_long(s, first + 6),
                            .energy = read_real(s, first + 7),
                            .unperturbed = read_real(s, first + 8),
                            .gain = read_real(s, first + 9),
                            .moved = read_real(s, first + 12),
                            .converged = read_long(s, first + 13) != 0,
                            .seconds = sqlite3_column_double(s, first + 14)};
    read_text(s, first, o->kind, sizeof o->kind);
    read_text(s, first + 1, o->failure, sizeof o->failure);
    read_text(s, first + 10, o->symmetry, sizeof o->symmetry);
    read_text(s, first + 11, o->bond, sizeof o->bond);
    o->failed = o->kind[0] != '\0';
}

skd_status tasks_read_longs(skd_tasks *tasks, sqlite3_stmt *s, long **list, size_t *n, size_t *room, skd_error *err) {
    skd_status status = SKD_OK;
    int code = SQLITE_DONE;
    while (status == SKD_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        status = skd_grow((void **)list, room, *n + 1, sizeof **list, err);
        if (status == SKD_OK)
            (*list)[(*n)++] = read_long(s, 0);
    }
    if (status == SKD_OK && code != SQLITE_DONE)
        status = db_fail(tasks->db, err, "reading the store");
    sqlite3_reset(s);
    return status;
}

/* ---- hosts -------------------------------------------------------------------------------- */

skd_status skd_tasks_host(skd_tasks *tasks, long id, skd_task_host *out, skd_error *err) {
    sqlite3_stmt *s;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_SELECT_HOST, &s, err);
    if (status == SKD_OK) {
        sqlite3_bind_int64(s, 1, id);
        if (sqlite3_step(s) == SQLITE_ROW)
            tasks_read_host(s, 0, out);
        else
            status = skd_fail(err, SKD_EFORMAT, "%s: host %ld is missing", tasks->db->path, id);
        sqlite3_reset(s);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

static skd_status copy_blob(sqlite3_stmt *s, int column, void **out, size_t *n, skd_error *err) {
    const void *bytes = sqlite3_column_blob(s, column);
    *n = (size_t)sqlite3_column_bytes(s, column);
    if (!bytes || *n == 0)
        return SKD_OK;
    *out = skd_copy(bytes, *n, 1);
    return *out ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu bytes", *n);
}

skd_status skd_tasks_host_state(skd_tasks *tasks, long id, void **out, size_t *n, skd_error *err) {
    sqlite3_stmt *s;
    *out = NULL;
    *n = 0;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_SELECT_HOST_STATE, &s, err);
    if (status == SKD_OK) {
        sqlite3_bind_int64(s, 1, id);
        if (sqlite3_step(s) == SQLITE_ROW)
            status = copy_blob(s, 0, out, n, err);
        sqlite3_reset(s);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

/* ---- labels ------------------------------------------------------------------------------- */

skd_status skd_tasks_labels(skd_tasks *tasks, const skd_task *task, bool own,
                            bool (*each)(void *payload, const skd_task_label *label), void *payload, skd_error *err) {
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    bool more = true;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, own ? TASKS_SELECT_OWN_LABELS : TASKS_SELECT_POOL, &s, err);
    if (status == SKD_OK) {
        sqlite3_bind_int64(s, 1, own ? task->id : task->group);
        if (!own)
            sqlite3_bind_int64(s, 2, task->generation);
        while (more && (code = sqlite3_step(s)) == SQLITE_ROW) {
            skd_task_label label = {.task = read_long(s, 0), .number = read_long(s, 1), .rank = read_long(s, 2)};
            read_text(s, 3, label.elements, sizeof label.elements);
            label.bytes = (void *)sqlite3_column_blob(s, 4);
            label.n = (size_t)sqlite3_column_bytes(s, 4);
            more = each(payload, &label);
        }
        if (more && code != SQLITE_DONE)
            status = db_fail(tasks->db, err, "reading labels");
        sqlite3_reset(s);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

/* ---- counts ------------------------------------------------------------------------------- */

static skd_status count_statuses(skd_tasks *tasks, double limit, skd_task_counts *c, skd_error *err) {
    sqlite3_stmt *s;
    int code;
    skd_status status = tasks_statement(tasks, TASKS_COUNTS, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_double(s, 1, limit);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const long which = read_long(s, 0);
        if (which < 0 || which >= SKD_TASK_N_STATUSES)
            continue;
        const double first = read_real(s, 4), last = read_real(s, 5);
        c->n[which] = read_long(s, 1);
        c->seconds += sqlite3_column_double(s, 2);
        c->n_improved += read_long(s, 3);
        if (first > 0.0 && (c->first <= 0.0 || first < c->first))
            c->first = first;
        if (last > c->last)
            c->last = last;
    }
    sqlite3_reset(s);
    return code == SQLITE_DONE ? SKD_OK : db_fail(tasks->db, err, "counting tasks");
}

static skd_status count_others(skd_tasks *tasks, double now, skd_task_counts *c, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_COUNT_HOSTS, &s, err);
    if (status == SKD_OK && sqlite3_step(s) == SQLITE_ROW)
        c->n_hosts = read_long(s, 0);
    sqlite3_reset(tasks->statement[TASKS_COUNT_HOSTS]);
    if (status == SKD_OK)
        status = tasks_statement(tasks, TASKS_COUNT_RECENT, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_double(s, 1, now);
    if (sqlite3_step(s) == SQLITE_ROW) {
        c->n_recent = read_long(s, 0);
        c->recent_first = sqlite3_column_double(s, 1);
    }
    sqlite3_reset(s);
    return SKD_OK;
}

skd_status skd_tasks_count(skd_tasks *tasks, double limit, double now, skd_task_counts *out, skd_error *err) {
    *out = (skd_task_counts){0};
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = count_statuses(tasks, limit, out, err);
    if (status == SKD_OK)
        status = count_others(tasks, now, out, err);
    pthread_mutex_unlock(&tasks->db->mutex);
    out->n_workers = tasks_lock_count(tasks);
    return status;
}

skd_status skd_tasks_failures(skd_tasks *tasks,
                              void (*each)(void *payload, const char *kind, long n, const char *example),
                              void *payload, skd_error *err) {
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_FAILURES, &s, err);
    if (status == SKD_OK) {
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            char kind[24], example[240];
            read_text(s, 0, kind, sizeof kind);
            read_text(s, 2, example, sizeof example);
            each(payload, kind, read_long(s, 1), example);
        }
        if (code != SQLITE_DONE)
            status = db_fail(tasks->db, err, "reading failures");
        sqlite3_reset(s);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

skd_status skd_tasks_list(skd_tasks *tasks,
                          skd_status (*each)(void *payload, const skd_task *task, const skd_task_host *host,
                                             skd_task_status status, const skd_task_outcome *outcome, skd_error *err),
                          void *payload, skd_error *err) {
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_LIST, &s, err);
    while (status == SKD_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        skd_task task;
        skd_task_host host;
        skd_task_outcome outcome;
        tasks_read_task(s, 0, &task);
        tasks_read_host(s, TASKS_TASK_COLUMNS, &host);
        tasks_read_outcome(s, TASKS_TASK_COLUMNS + TASKS_HOST_COLUMNS, &outcome);
        const long last = read_long(s, sqlite3_column_count(s) - 1);
        status = each(payload, &task, &host, (skd_task_status)last, &outcome, err);
    }
    if (status == SKD_OK && code != SQLITE_DONE)
        status = db_fail(tasks->db, err, "reading the tasks");
    if (tasks->statement[TASKS_LIST])
        sqlite3_reset(tasks->statement[TASKS_LIST]);
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}
