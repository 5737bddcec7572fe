/* SPDX-License-Identifier: MIT */
/* tasks.c - the store of a scan: filling it, claiming, finishing.
 *
 * A write-ahead log with synchronous=NORMAL: a transaction costs no fsync (0.1 ms instead of 18 on an ext4 disk), a
 * killed process loses nothing, and after a loss of power the last tasks are done again. */
#include "tasks_private.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

skd_status tasks_statement(skd_tasks *tasks, int which, sqlite3_stmt **out, skd_error *err) {
    sqlite3_stmt **own = &tasks->statement[which];
    if (*own) {
        sqlite3_reset(*own);
        sqlite3_clear_bindings(*own);
    } else if (sqlite3_prepare_v3(tasks->db->sql, tasks_sql[which], -1, SQLITE_PREPARE_PERSISTENT, own, NULL) !=
               SQLITE_OK)
        return db_fail(tasks->db, err, "asking the store");
    *out = *own;
    return SKD_OK;
}

/* ---- opening ------------------------------------------------------------------------------ */

static skd_status make_tables(skd_tasks *tasks, bool create, skd_error *err) {
    sqlite3_stmt *s = NULL;
    if (create)
        return db_execute(tasks->db, tasks_schema, "making the tables", err);
    if (sqlite3_prepare_v2(tasks->db->sql, "SELECT 1 FROM scan_task", -1, &s, NULL) != SQLITE_OK)
        return skd_fail(err, SKD_EARG, "%s: not the store of a scan", tasks->db->path);
    sqlite3_finalize(s);
    return SKD_OK;
}

/* The store with its locks open, and no database yet. */
static skd_status begin_open(skd_tasks **out, const char *path, bool create, bool sole, skd_error *err) {
    skd_db named = {.path = (char *)path};
    skd_tasks *tasks = *out = skd_alloc(1, sizeof *tasks);
    if (!tasks)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    *tasks = (skd_tasks){.sole = sole, .lock = -1, .db = &named};
    skd_status status = tasks_lock_open(tasks, err);
    if (status == SKD_OK && create) /* one process at a time makes it; who only looks does not wait for that */
        status = skd_tasks_lock(tasks, err);
    tasks->db = NULL;
    return status;
}

static bool has_file(const char *path, const char *ending) {
    char name[4200];
    struct stat info;
    snprintf(name, sizeof name, "%s%s", path, ending);
    return stat(name, &info) == 0;
}

bool tasks_is_shared(const char *path) { return has_file(path, ".workers"); }

/* The index of a log, left by processes that shared the store: one alone keeps it in memory. */
static void remove_index(const char *path) {
    char name[4200];
    snprintf(name, sizeof name, "%s-shm", path);
    unlink(name);
}

skd_status skd_tasks_open(skd_tasks **out, const char *path, bool create, bool sole, skd_error *err) {
    *out = NULL;
    if (!create && !has_file(path, ""))
        return skd_fail(err, SKD_EARG, "%s: there is no store of a scan here", path);
    skd_tasks *tasks;
    skd_status status = begin_open(&tasks, path, create, sole, err);
    if (status == SKD_OK && sole)
        remove_index(path);
    if (status == SKD_OK)
        status = db_open(&tasks->db, path, create, sole ? DB_SOLE : DB_SHARED, err);
    if (status == SKD_OK)
        status = make_tables(tasks, create, err);
    if (tasks && create)
        skd_tasks_unlock(tasks);
    if (status != SKD_OK)
        skd_tasks_close(tasks);
    else
        *out = tasks;
    return status;
}

/* A log without its index belongs to one process alone, or did. */
skd_status skd_tasks_open_to_read(skd_tasks **out, const char *path, bool *alone, skd_error *err) {
    const bool shared = tasks_is_shared(path);
    *out = NULL;
    *alone = has_file(path, "-wal") && !has_file(path, "-shm");
    if (*alone || shared || !has_file(path, ""))
        return *alone ? SKD_OK : skd_tasks_open(out, path, false, false, err);
    skd_tasks *tasks = skd_alloc(1, sizeof *tasks);
    if (!tasks)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    *tasks = (skd_tasks){.sole = false, .lock = -1};
    skd_status status = db_open(&tasks->db, path, false, DB_STILL, err);
    if (status == SKD_OK)
        status = make_tables(tasks, false, err);
    if (status != SKD_OK)
        skd_tasks_close(tasks);
    else
        *out = tasks;
    return status;
}

void skd_tasks_close(skd_tasks *tasks) {
    if (!tasks)
        return;
    if (tasks->worker && skd_tasks_release(tasks, NULL) != SKD_OK)
        tasks->worker = 0; /* found out by the next one */
    for (int i = 0; i < TASKS_N_STATEMENTS; i++)
        sqlite3_finalize(tasks->statement[i]);
    if (tasks->sole && tasks->db && tasks->db->sql) /* one file again, which anybody may read */
        sqlite3_exec(tasks->db->sql, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    skd_db_close(tasks->db);
    tasks_lock_close(tasks);
    skd_free(tasks->group);
    skd_free(tasks);
}

const char *skd_tasks_path(const skd_tasks *tasks) { return tasks->db->path; }

/* ---- filling ------------------------------------------------------------------------------ */

skd_status skd_tasks_plan(skd_tasks *tasks, char **json, skd_error *err) {
    return skd_db_metadata_get(tasks->db, json, err);
}

skd_status skd_tasks_begin(skd_tasks *tasks, skd_error *err) {
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = db_begin(tasks->db, err);
    if (status != SKD_OK)
        pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

skd_status skd_tasks_end(skd_tasks *tasks, const char *json, skd_error *err) {
    skd_error undone;
    skd_status status = json ? db_metadata_replace(tasks->db, json, err) : skd_fail(&undone, SKD_ESTOPPED, "undone");
    status = db_finish(tasks->db, status, err);
    pthread_mutex_unlock(&tasks->db->mutex);
    return json ? status : SKD_OK;
}

skd_status skd_tasks_add_host(skd_tasks *tasks, const skd_task_host *host, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_INSERT_HOST, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, host->id);
    sqlite3_bind_int64(s, 2, host->group);
    sqlite3_bind_text(s, 3, host->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, host->path, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, host->formula, -1, SQLITE_STATIC);
    sqlite3_bind_double(s, 6, host->share);
    return db_run(tasks->db, s, err);
}

static skd_status add(skd_tasks *tasks, int which, const skd_task *task, const char *kind, const char *failure,
                      skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, which, &s, err);
    if (status != SKD_OK)
        return status;
    const long number[] = {task->id, task->host, task->group, task->generation, task->number, task->charge};
    for (int k = 0; k < 6; k++)
        sqlite3_bind_int64(s, k + 1, number[k]);
    sqlite3_bind_text(s, 7, task->entry, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 8, task->environment, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 9, task->multiplicity);
    if (kind) {
        sqlite3_bind_text(s, 10, kind, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 11, failure, -1, SQLITE_STATIC);
    }
    return db_run(tasks->db, s, err);
}

skd_status skd_tasks_add(skd_tasks *tasks, const skd_task *task, skd_error *err) {
    return add(tasks, TASKS_INSERT, task, NULL, NULL, err);
}

skd_status skd_tasks_add_failed(skd_tasks *tasks, const skd_task *task, const char *kind, const char *failure,
                                skd_error *err) {
    return add(tasks, TASKS_INSERT_FAILED, task, kind, failure, err);
}

skd_status skd_tasks_shift(skd_tasks *tasks, long group, long shift, long most, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_SHIFT, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, group);
    sqlite3_bind_int64(s, 2, shift);
    sqlite3_bind_int64(s, 3, most);
    return db_run(tasks->db, s, err);
}

/* ---- claiming ----------------------------------------------------------------------------- */

skd_status skd_tasks_enlist(skd_tasks *tasks, skd_error *err) {
    skd_status status = tasks_lock_number(tasks, err);
    return status == SKD_OK ? skd_tasks_release(tasks, err) : status; /* what a dead one of this number had claimed */
}

static skd_status release(skd_tasks *tasks, long worker, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_RELEASE, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, worker);
    return db_run(tasks->db, s, err);
}

skd_status skd_tasks_release(skd_tasks *tasks, skd_error *err) {
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = db_begin(tasks->db, err);
    if (status == SKD_OK)
        status = db_finish(tasks->db, release(tasks, tasks->worker, err), err);
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

/* Tasks of workers that have died wait again. Whoever holds a number has released what was claimed under it before he
 * claims, and claims only in a transaction: in ours, a number that nobody holds is that of a dead one. */
static skd_status release_dead(skd_tasks *tasks, skd_error *err) {
    long *worker = NULL;
    size_t n = 0, room = 0;
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_CLAIMERS, &s, err);
    if (status == SKD_OK)
        status = tasks_read_longs(tasks, s, &worker, &n, &room, err);
    for (size_t k = 0; k < n && status == SKD_OK; k++)
        if (worker[k] != tasks->worker && !tasks_lock_lives(tasks, worker[k]))
            status = release(tasks, worker[k], err);
    skd_free(worker);
    return status;
}

/* The lowest generation with tasks of this status; LONG_MAX: there are none. */
static skd_status first_generation(skd_tasks *tasks, skd_task_status wanted, long group, long *out, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_FIRST_GENERATION, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, wanted);
    sqlite3_bind_int64(s, 2, group);
    if (sqlite3_step(s) != SQLITE_ROW)
        status = db_fail(tasks->db, err, "looking for tasks");
    else
        *out = sqlite3_column_type(s, 0) == SQLITE_NULL ? LONG_MAX : (long)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return status;
}

static skd_status select_waiting(skd_tasks *tasks, long group, long generation, size_t most, skd_task *out, size_t *n,
                                 skd_error *err) {
    sqlite3_stmt *s;
    int code = SQLITE_DONE;
    skd_status status = tasks_statement(tasks, TASKS_SELECT_WAITING, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, group);
    sqlite3_bind_int64(s, 2, generation);
    sqlite3_bind_int64(s, 3, (long)most);
    while (*n < most && (code = sqlite3_step(s)) == SQLITE_ROW)
        tasks_read_task(s, 0, &out[(*n)++]);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = db_fail(tasks->db, err, "looking for tasks");
    sqlite3_reset(s);
    return status;
}

/* Tasks that may start, of the first group that has some. */
static skd_status find_tasks(skd_tasks *tasks, size_t most, skd_task *out, size_t *n, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < tasks->n_groups && *n == 0 && status == SKD_OK; k++) {
        long waiting = LONG_MAX, claimed = LONG_MAX;
        status = first_generation(tasks, SKD_TASK_WAITING, tasks->group[k], &waiting, err);
        if (status == SKD_OK && waiting != LONG_MAX)
            status = first_generation(tasks, SKD_TASK_CLAIMED, tasks->group[k], &claimed, err);
        if (status == SKD_OK && waiting != LONG_MAX && waiting <= claimed)
            status = select_waiting(tasks, tasks->group[k], waiting, most, out, n, err);
    }
    return status;
}

static skd_status mark_claimed(skd_tasks *tasks, const skd_task *task, size_t n, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        sqlite3_stmt *s;
        status = tasks_statement(tasks, TASKS_CLAIM, &s, err);
        if (status != SKD_OK)
            break;
        sqlite3_bind_int64(s, 1, task[i].id);
        sqlite3_bind_int64(s, 2, tasks->worker);
        status = db_run(tasks->db, s, err);
    }
    return status;
}

static skd_status count_claimed(skd_tasks *tasks, long *n, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_COUNT_CLAIMED, &s, err);
    if (status != SKD_OK)
        return status;
    if (sqlite3_step(s) == SQLITE_ROW)
        *n = (long)sqlite3_column_int64(s, 0);
    else
        status = db_fail(tasks->db, err, "counting tasks");
    sqlite3_reset(s);
    return status;
}

static skd_status claim(skd_tasks *tasks, size_t most, skd_task *out, size_t *n, bool *waits, skd_error *err) {
    sqlite3_stmt *s;
    long claimed = 0;
    skd_status status = SKD_OK;
    if (tasks->n_groups == 0 && (status = tasks_statement(tasks, TASKS_GROUPS, &s, err)) == SKD_OK)
        status = tasks_read_longs(tasks, s, &tasks->group, &tasks->n_groups, &tasks->group_room, err);
    if (status == SKD_OK)
        status = find_tasks(tasks, most, out, n, err);
    if (status == SKD_OK && *n == 0) { /* nothing: perhaps somebody died */
        status = release_dead(tasks, err);
        if (status == SKD_OK)
            status = find_tasks(tasks, most, out, n, err);
    }
    if (status == SKD_OK)
        status = mark_claimed(tasks, out, *n, err);
    if (status == SKD_OK && *n == 0)
        status = count_claimed(tasks, &claimed, err);
    *waits = claimed > 0;
    return status;
}

skd_status skd_tasks_claim(skd_tasks *tasks, size_t most, skd_task *out, size_t *n, bool *waits, skd_error *err) {
    *n = 0;
    *waits = false;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = db_begin(tasks->db, err);
    if (status == SKD_OK)
        status = db_finish(tasks->db, claim(tasks, most, out, n, waits, err), err);
    pthread_mutex_unlock(&tasks->db->mutex);
    if (status != SKD_OK)
        *n = 0;
    return status;
}

/* ---- finishing ---------------------------------------------------------------------------- */

static skd_status write_outcome(skd_tasks *tasks, const skd_task *task, const skd_task_outcome *outcome, double now,
                                bool *taken, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_FINISH, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, task->id);
    sqlite3_bind_double(s, 2, now);
    sqlite3_bind_int64(s, 3, tasks->worker);
    tasks_bind_outcome(s, 4, outcome);
    status = db_run(tasks->db, s, err);
    *taken = status == SKD_OK && sqlite3_changes(tasks->db->sql) == 1;
    return status;
}

static skd_status write_host_state(skd_tasks *tasks, long host, const void *bytes, size_t n, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = tasks_statement(tasks, TASKS_SET_HOST_STATE, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_int64(s, 1, host);
    sqlite3_bind_blob64(s, 2, bytes, n, SQLITE_STATIC);
    return db_run(tasks->db, s, err);
}

static skd_status write_all(skd_tasks *tasks, const skd_task *task, const skd_task_outcome *outcome,
                            const skd_db_row *row, size_t n, double now, bool *taken, skd_error *err) {
    skd_status status = write_outcome(tasks, task, outcome, now, taken, err);
    for (size_t i = 0; i < n && *taken && status == SKD_OK; i++) {
        long id = row[i].id;
        status = db_row_write(tasks->db, &row[i], &id, err);
    }
    return status;
}

skd_status skd_tasks_finish(skd_tasks *tasks, const skd_task *task, const skd_task_outcome *outcome,
                            const skd_db_row *row, size_t n, const void *host_state, size_t n_host_state, double now,
                            bool *taken, skd_error *err) {
    *taken = false;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = db_begin(tasks->db, err);
    if (status == SKD_OK) {
        status = write_all(tasks, task, outcome, row, n, now, taken, err);
        if (status == SKD_OK && host_state)
            status = write_host_state(tasks, task->host, host_state, n_host_state, err);
        status = db_finish(tasks->db, status, err);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

skd_status skd_tasks_retry(skd_tasks *tasks, long *n, skd_error *err) {
    sqlite3_stmt *s;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_RETRY, &s, err);
    if (status == SKD_OK)
        status = db_run(tasks->db, s, err);
    *n = status == SKD_OK ? sqlite3_changes(tasks->db->sql) : 0;
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}

skd_status skd_tasks_keep_label(skd_tasks *tasks, const skd_task_label *label, skd_error *err) {
    sqlite3_stmt *s;
    pthread_mutex_lock(&tasks->db->mutex);
    skd_status status = tasks_statement(tasks, TASKS_INSERT_LABEL, &s, err);
    if (status == SKD_OK) {
        sqlite3_bind_int64(s, 1, label->task);
        sqlite3_bind_int64(s, 2, label->number);
        sqlite3_bind_int64(s, 3, label->rank);
        sqlite3_bind_text(s, 4, label->elements, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 5, (sqlite3_int64)skd_hash(SKD_HASH_START, label->bytes, label->n));
        sqlite3_bind_blob64(s, 6, label->bytes, label->n, SQLITE_STATIC);
        status = db_run(tasks->db, s, err);
    }
    pthread_mutex_unlock(&tasks->db->mutex);
    return status;
}
