/* SPDX-License-Identifier: MIT
 * tasks_private.h - what the files of a scan's store share: tasks.c (plan, claims, results), tasks_read.c (counts,
 * lists, labels), tasks_merge.c, tasks_lock.c (living workers), tasks_schema.c (tables and statements).
 */
#ifndef SKD_TASKS_PRIVATE_H
#define SKD_TASKS_PRIVATE_H

#include "db_private.h"
#include "shakedown/tasks.h"

extern const char tasks_schema[];

enum {
    TASKS_INSERT_HOST,
    TASKS_INSERT,
    TASKS_INSERT_FAILED,
    TASKS_SHIFT,
    TASKS_GROUPS,
    TASKS_FIRST_GENERATION,
    TASKS_SELECT_WAITING,
    TASKS_CLAIM,
    TASKS_COUNT_CLAIMED,
    TASKS_CLAIMERS,
    TASKS_RELEASE,
    TASKS_FINISH,
    TASKS_SET_HOST_STATE,
    TASKS_RETRY,
    TASKS_SELECT_HOST,
    TASKS_SELECT_HOST_STATE,
    TASKS_INSERT_LABEL,
    TASKS_SELECT_OWN_LABELS,
    TASKS_SELECT_POOL,
    TASKS_COUNTS,
    TASKS_COUNT_HOSTS,
    TASKS_COUNT_RECENT,
    TASKS_FAILURES,
    TASKS_LIST,
    TASKS_N_STATEMENTS
};
extern const char *const tasks_sql[TASKS_N_STATEMENTS];

struct skd_tasks {
    skd_db *db;
    bool sole;
    sqlite3_stmt *statement[TASKS_N_STATEMENTS];
    int lock;     /* file descriptor; -1: none */
    long worker;  /* this one's number, 0: none */
    long *group;  /* [n_groups] once asked for */
    size_t n_groups, group_room;
};

/* Fresh, borrowed; values are bound after it. */
skd_status tasks_statement(skd_tasks *tasks, int which, sqlite3_stmt **out, skd_error *err);
/* A column of integers, all rows: appended to list. */
skd_status tasks_read_longs(skd_tasks *tasks, sqlite3_stmt *s, long **list, size_t *n, size_t *room, skd_error *err);

/* Parameters of TASKS_FINISH and columns of TASKS_LIST from `first`, in the order of the schema. */
void tasks_bind_outcome(sqlite3_stmt *s, int first, const skd_task_outcome *outcome);
void tasks_read_outcome(sqlite3_stmt *s, int first, skd_task_outcome *outcome);
void tasks_read_task(sqlite3_stmt *s, int first, skd_task *task);
void tasks_read_host(sqlite3_stmt *s, int first, skd_task_host *host);
#define TASKS_TASK_COLUMNS 9
#define TASKS_HOST_COLUMNS 6

/* Did several processes have it open, which leave a file of locks? */
bool tasks_is_shared(const char *path);

/* Opens the file of locks. */
skd_status tasks_lock_open(skd_tasks *tasks, skd_error *err);
void tasks_lock_close(skd_tasks *tasks);
/* The lowest free number becomes this worker's. */
skd_status tasks_lock_number(skd_tasks *tasks, skd_error *err);
/* Does a living process hold it? */
bool tasks_lock_lives(const skd_tasks *tasks, long worker);
long tasks_lock_count(const skd_tasks *tasks);

#endif
