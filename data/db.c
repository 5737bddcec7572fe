/* SPDX-License-Identifier: MIT */
/* db.c - the run database: opening, transactions, metadata.
 *
 * An SQLite file in the layout of ASE's ase.db (db_schema.c), so that `ase db run.db` lists it. Rollback
 * journal (one file to copy, works on network folders) with synchronous=FULL: what a call has written is
 * on disk when it returns, and a process killed or a disk filled in the middle of one leaves the rows as
 * they were before it. A call costs a few fsyncs: 18 ms on an ext4 disk where a write-ahead log costs 5,
 * but the log would leave rows in a second file; rows that belong together go through skd_db_write_many
 * (0.09 ms each for 216 atoms). Readers may hold a writer up for BUSY_MS. */
#include "db_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_MS 30000

skd_status db_fail(skd_db *db, skd_error *err, const char *doing) {
    int code = sqlite3_errcode(db->sql) & 0xff;
    if (code == SQLITE_NOMEM)
        return skd_fail(err, SKD_ENOMEM, "%s: %s: out of memory", db->path, doing);
    skd_status status = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SKD_EFORMAT : SKD_EIO;
    int number = sqlite3_system_errno(db->sql);
    bool disk = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    return skd_fail(err, status, "%s: %s: %s%s%s", db->path, doing, sqlite3_errmsg(db->sql),
                    disk && number ? ": " : "", disk && number ? strerror(number) : "");
}

skd_status db_statement(skd_db *db, int which, sqlite3_stmt **out, skd_error *err) {
    sqlite3_stmt **own = &db->statement[which];
    if (*own) {
        sqlite3_reset(*own);
        sqlite3_clear_bindings(*own);
    } else if (sqlite3_prepare_v3(db->sql, db_sql[which], -1, SQLITE_PREPARE_PERSISTENT, own, NULL) != SQLITE_OK)
        return db_fail(db, err, "asking the database");
    *out = *own;
    return SKD_OK;
}

skd_status db_run(skd_db *db, sqlite3_stmt *statement, skd_error *err) {
    skd_status status = sqlite3_step(statement) == SQLITE_DONE ? SKD_OK : db_fail(db, err, "writing");
    sqlite3_reset(statement);
    return status;
}

skd_status db_execute(skd_db *db, const char *text, const char *doing, skd_error *err) {
    return sqlite3_exec(db->sql, text, NULL, NULL, NULL) == SQLITE_OK ? SKD_OK : db_fail(db, err, doing);
}

/* Ends a transaction by what became of it; the first error is the one told. */
skd_status db_finish(skd_db *db, skd_status status, skd_error *err) {
    if (status == SKD_OK)
        status = db_execute(db, "COMMIT", "writing", err);
    if (status != SKD_OK)
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL); /* SQLite may have done it already */
    return status;
}

skd_status db_begin(skd_db *db, skd_error *err) {
    skd_status status = db_lock_take(db, err);
    return status == SKD_OK ? db_execute(db, "BEGIN IMMEDIATE", "beginning to write", err) : status;
}

/* ---- opening ------------------------------------------------------------------------------ */

static skd_status count_tables(skd_db *db, const char *condition, int *n, skd_error *err) {
    char text[160];
    sqlite3_stmt *statement;
    snprintf(text, sizeof text, "SELECT count(*) FROM sqlite_master %s", condition);
    if (sqlite3_prepare_v2(db->sql, text, -1, &statement, NULL) != SQLITE_OK)
        return db_fail(db, err, "not readable as a run database");
    skd_status status = SKD_OK;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *n = sqlite3_column_int(statement, 0);
    else
        status = db_fail(db, err, "not readable as a run database");
    sqlite3_finalize(statement);
    return status;
}

/* Makes the tables in an empty file; two processes may try at once. */
static skd_status make_tables(skd_db *db, skd_error *err) {
    int n = 0;
    skd_status status = db_begin(db, err);
    if (status != SKD_OK)
        return status;
    status = count_tables(db, "", &n, err);
    if (status == SKD_OK && n == 0)
        status = db_execute(db, db_schema, "making the tables", err);
    return db_finish(db, status, err);
}

static skd_status check_layout(skd_db *db, skd_error *err) {
    int n = 0;
    skd_status status = count_tables(db, "WHERE type='table' AND name IN ('systems','species','keys',"
                                         "'text_key_values','number_key_values','information')", &n, err);
    if (status != SKD_OK)
        return status;
    if (n != 6)
        return skd_fail(err, SKD_EFORMAT, "%s: not a run database: expected the 6 tables of ASE's layout, found %d",
                        db->path, n);
    sqlite3_stmt *s;
    status = db_statement(db, DB_SELECT_INFORMATION, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_text(s, 1, "version", -1, SQLITE_STATIC);
    const char *version = sqlite3_step(s) == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (!version || strcmp(version, DB_VERSION) != 0)
        status = skd_fail(err, SKD_EFORMAT, "%s: expected version " DB_VERSION " of ASE's database layout, found %s",
                          db->path, version ? version : "none");
    sqlite3_reset(s);
    return status;
}

/* Shared: short transactions of several processes, in a write-ahead log: after a loss of power the last ones may be
 * missing, whole. Sole: the same without any lock of SQLite's, for files on a network folder. */
static const char *const journal[] = {
    [DB_OWN] = "PRAGMA synchronous=FULL",
    [DB_SHARED] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    [DB_SOLE] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    [DB_STILL] = "PRAGMA query_only=1",
};

void db_still_name(skd_string *out, const char *path) {
    skd_string_add(out, "file:");
    for (const char *p = path; *p; p++) /* what has a meaning in a URI */
        skd_string_add(out, strchr("%?#", *p) ? "%%%02X" : "%c", (unsigned)(unsigned char)*p);
    skd_string_add(out, "?immutable=1");
}

static skd_status open_file(skd_db *db, int flags, skd_error *err) {
    skd_string name = {0};
    const bool still = db->mode == DB_STILL;
    if (still)
        db_still_name(&name, db->path);
    else
        skd_string_add(&name, "%s", db->path);
    skd_status status = name.failed ? skd_fail(err, SKD_ENOMEM, "%s: out of memory", db->path) : SKD_OK;
    if (status == SKD_OK && sqlite3_open_v2(name.text, &db->sql, still ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : flags,
                                            db->mode == DB_SOLE ? "unix-none" : NULL) != SQLITE_OK)
        status = db->sql ? db_fail(db, err, "cannot be opened")
                         : skd_fail(err, SKD_ENOMEM, "%s: out of memory", db->path);
    skd_string_free(&name);
    return status;
}

static skd_status connect_file(skd_db *db, bool create, skd_error *err) {
    struct stat info;
    if (stat(db->path, &info) != 0) {
        if (!create || errno != ENOENT)
            return skd_fail(err, SKD_EIO, "%s: %s", db->path, strerror(errno));
    } else if (!S_ISREG(info.st_mode))
        return skd_fail(err, SKD_EIO, "%s: not a file", db->path);
    skd_status status = create ? db_lock_take(db, err) : SKD_OK;
    if (status != SKD_OK)
        return status;
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX |
                (db->mode == DB_SHARED ? SQLITE_OPEN_URI : 0); /* for ATTACH */
    status = open_file(db, flags, err);
    if (status != SKD_OK)
        return status;
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    return db_execute(db, journal[db->mode], "not readable as a run database", err);
}

skd_status db_open(skd_db **out, const char *path, bool create, db_mode mode, skd_error *err) {
    *out = NULL;
    skd_db *db = skd_alloc(1, sizeof *db);
    if (!db || pthread_mutex_init(&db->mutex, NULL) != 0) {
        skd_free(db);
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    }
    db->lock = -1;
    db->mode = mode;
    db->path = skd_strdup(path);
    skd_status status = db->path ? connect_file(db, create, err) : skd_fail(err, SKD_ENOMEM, "%s: out of memory", path);
    int n = 0;
    if (status == SKD_OK)
        status = count_tables(db, "", &n, err);
    if (status == SKD_OK && n == 0 && create)
        status = make_tables(db, err);
    if (status == SKD_OK)
        status = check_layout(db, err);
    if (status != SKD_OK) {
        skd_db_close(db);
        return status;
    }
    *out = db;
    return SKD_OK;
}

skd_status skd_db_open(skd_db **out, const char *path, bool create, skd_error *err) {
    return db_open(out, path, create, DB_OWN, err);
}

void skd_db_close(skd_db *db) {
    if (!db)
        return;
    for (int i = 0; i < DB_N_STATEMENTS; i++)
        sqlite3_finalize(db->statement[i]);
    sqlite3_close(db->sql);
    db_lock_drop(db);
    pthread_mutex_destroy(&db->mutex);
    skd_free(db->blob);
    skd_free(db->path);
    skd_free(db);
}

/* ---- rows --------------------------------------------------------------------------------- */

skd_status db_metadata_replace(skd_db *db, const char *json, skd_error *err) {
    static const int steps[] = {DB_DELETE_INFORMATION, DB_INSERT_INFORMATION};
    skd_status status = SKD_OK;
    for (int i = 0; i < 2 && status == SKD_OK; i++) {
        sqlite3_stmt *s;
        status = db_statement(db, steps[i], &s, err);
        if (status != SKD_OK)
            break;
        sqlite3_bind_text(s, 1, "metadata", -1, SQLITE_STATIC);
        if (steps[i] == DB_INSERT_INFORMATION)
            sqlite3_bind_text(s, 2, json, -1, SQLITE_STATIC);
        status = db_run(db, s, err);
    }
    return status;
}

static skd_status write_rows(skd_db *db, const skd_db_row *row, long *id, size_t n, const char *metadata,
                             skd_error *err) {
    skd_status status = db_begin(db, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = db_row_write(db, &row[i], &id[i], err);
    if (metadata && status == SKD_OK)
        status = db_metadata_replace(db, metadata, err);
    return db_finish(db, status, err);
}

skd_status skd_db_write_all(skd_db *db, skd_db_row *row, size_t n, const char *metadata, skd_error *err) {
    long *id = skd_alloc(n, sizeof *id); /* rows learn their ids only once all are on disk */
    if (!id)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for %zu rows", db->path, n);
    for (size_t i = 0; i < n; i++)
        id[i] = row[i].id;
    pthread_mutex_lock(&db->mutex);
    skd_status status = write_rows(db, row, id, n, metadata, err);
    pthread_mutex_unlock(&db->mutex);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        row[i].id = id[i];
    skd_free(id);
    return status;
}

skd_status skd_db_write_many(skd_db *db, skd_db_row *row, size_t n, skd_error *err) {
    return skd_db_write_all(db, row, n, NULL, err);
}

skd_status skd_db_write(skd_db *db, skd_db_row *row, skd_error *err) { return skd_db_write_many(db, row, 1, err); }

skd_status skd_db_read(skd_db *db, long id, skd_db_row *out, bool *found, skd_error *err) {
    pthread_mutex_lock(&db->mutex);
    skd_status status = db_row_read(db, id, out, found, err);
    pthread_mutex_unlock(&db->mutex);
    return status;
}

static skd_status scan_rows(skd_db *db, skd_status (*each)(void *, long, const char *, skd_error *), void *payload,
                            skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = db_statement(db, DB_SELECT_KEY_VALUES, &s, err);
    if (status != SKD_OK)
        return status;
    int code = SQLITE_DONE;
    while (status == SKD_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 1);
        status = each(payload, (long)sqlite3_column_int64(s, 0), text ? text : "{}", err);
    }
    if (status == SKD_OK && code != SQLITE_DONE)
        status = db_fail(db, err, "reading the rows");
    sqlite3_reset(s);
    return status;
}

skd_status skd_db_scan(skd_db *db, skd_status (*each)(void *payload, long id, const char *key_values, skd_error *err),
                       void *payload, skd_error *err) {
    pthread_mutex_lock(&db->mutex);
    skd_status status = scan_rows(db, each, payload, err);
    pthread_mutex_unlock(&db->mutex);
    return status;
}

long skd_db_count(skd_db *db) {
    pthread_mutex_lock(&db->mutex);
    sqlite3_stmt *s = NULL;
    bool ready = db_statement(db, DB_SELECT_MAX_ID, &s, NULL) == SKD_OK;
    long n = ready && sqlite3_step(s) == SQLITE_ROW ? (long)sqlite3_column_int64(s, 0) : -1;
    sqlite3_reset(s);
    pthread_mutex_unlock(&db->mutex);
    return n;
}

/* ---- metadata ----------------------------------------------------------------------------- */

skd_status skd_db_metadata_set(skd_db *db, const char *json, skd_error *err) {
    pthread_mutex_lock(&db->mutex);
    skd_status status = db_begin(db, err);
    if (status == SKD_OK)
        status = db_finish(db, db_metadata_replace(db, json, err), err);
    pthread_mutex_unlock(&db->mutex);
    return status;
}

static skd_status find_metadata(skd_db *db, char **out, skd_error *err) {
    sqlite3_stmt *s;
    skd_status status = db_statement(db, DB_SELECT_INFORMATION, &s, err);
    if (status != SKD_OK)
        return status;
    sqlite3_bind_text(s, 1, "metadata", -1, SQLITE_STATIC);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 0);
        *out = text ? skd_strdup(text) : NULL;
        if (text && !*out)
            status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for metadata", db->path);
    } else if (code != SQLITE_DONE)
        status = db_fail(db, err, "reading the metadata");
    sqlite3_reset(s);
    return status;
}

skd_status skd_db_metadata_get(skd_db *db, char **out, skd_error *err) {
    *out = NULL;
    pthread_mutex_lock(&db->mutex);
    skd_status status = find_metadata(db, out, err);
    pthread_mutex_unlock(&db->mutex);
    return status;
}
