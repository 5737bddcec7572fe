/* SPDX-License-Identifier: MIT
 * db_private.h - what the files of the run database share: db.c (connection, transactions), db_row.c (one
 * row out and in), db_lock.c (one writer), db_schema.c (tables and statements).
 */
#ifndef SKD_DB_PRIVATE_H
#define SKD_DB_PRIVATE_H

#include "shakedown/data.h"

#include <pthread.h>
#include <sqlite3.h>

#define DB_VERSION "9" /* of ASE's layout */

extern const char db_schema[];

/* What is asked of the tables; each is prepared once. */
enum {
    DB_INSERT_SYSTEM,
    DB_INSERT_SPECIES,
    DB_INSERT_KEY,
    DB_INSERT_TEXT,
    DB_INSERT_NUMBER,
    DB_DELETE_SPECIES,
    DB_DELETE_KEYS,
    DB_DELETE_TEXTS,
    DB_DELETE_NUMBERS,
    DB_SELECT_SYSTEM,
    DB_SELECT_EXISTS,
    DB_SELECT_MAX_ID,
    DB_SELECT_KEY_VALUES,
    DB_SELECT_INFORMATION,
    DB_DELETE_INFORMATION,
    DB_INSERT_INFORMATION,
    DB_N_STATEMENTS
};

/* Parameters of DB_INSERT_SYSTEM. */
enum {
    DB_ID = 1, DB_UNIQUE_ID, DB_TIME, DB_NUMBERS, DB_POSITIONS, DB_CELL, DB_PBC, DB_INITIAL_CHARGES,
    DB_CALCULATOR, DB_PARAMETERS, DB_ENERGY, DB_FORCES, DB_STRESS, DB_KEY_VALUES, DB_DATA, DB_NATOMS, DB_FMAX,
    DB_SMAX, DB_VOLUME, DB_MASS, DB_CHARGE
};

extern const char *const db_sql[DB_N_STATEMENTS];

/* Words that ASE keeps for itself; ended by NULL. Element symbols are reserved too. */
extern const char *const db_reserved[];

/* How a file is shared: one writer at a time, many short writers (tasks.c), one process alone without locks; still:
 * only read, nobody writes. */
typedef enum db_mode { DB_OWN, DB_SHARED, DB_SOLE, DB_STILL } db_mode;

struct skd_db {
    db_mode mode;
    char *path;
    sqlite3 *sql;
    sqlite3_stmt *statement[DB_N_STATEMENTS];
    pthread_mutex_t mutex; /* a transaction is several statements */
    int lock;              /* file descriptor that holds the writer's lock; -1: none */
    unsigned char *blob;   /* scratch for blobs */
    size_t blob_capacity;
};

/* Name of a file that nobody changes, to be read without locks and journal. */
void db_still_name(skd_string *out, const char *path);
skd_status db_open(skd_db **out, const char *path, bool create, db_mode mode, skd_error *err);
/* A transaction for writing, under the mutex; finish commits or, by a status that is not SKD_OK, undoes it. */
skd_status db_begin(skd_db *db, skd_error *err);
skd_status db_finish(skd_db *db, skd_status status, skd_error *err);
skd_status db_execute(skd_db *db, const char *text, const char *doing, skd_error *err);
skd_status db_metadata_replace(skd_db *db, const char *json, skd_error *err); /* within a transaction */
/* The statement, fresh: reset and unbound; borrowed. */
skd_status db_statement(skd_db *db, int which, sqlite3_stmt **out, skd_error *err);
/* Runs a statement that gives no rows, and resets it. */
skd_status db_run(skd_db *db, sqlite3_stmt *statement, skd_error *err);
/* "run.db: <doing>: <what SQLite says>"; SKD_ENOMEM, SKD_EFORMAT or SKD_EIO. */
skd_status db_fail(skd_db *db, skd_error *err, const char *doing);

/* Writes one row within a transaction; *id is the one given, or the new one. */
skd_status db_row_write(skd_db *db, const skd_db_row *row, long *id, skd_error *err);
skd_status db_row_read(skd_db *db, long id, skd_db_row *out, bool *found, skd_error *err);

/* Takes the writer's lock if this skd_db does not hold it yet; SKD_EIO if another process does. */
skd_status db_lock_take(skd_db *db, skd_error *err);
void db_lock_drop(skd_db *db);

#endif
