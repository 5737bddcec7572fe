/* SPDX-License-Identifier: MIT */
/* tasks_merge.c - one store takes over what another one of the same plan holds. Done in SQL with both files attached,
 * in one transaction. Labels and rows of a task come with its outcome; their ids follow from the task's. */
#include "tasks_private.h"

#include <stdio.h>
#include <string.h>

/* Outcomes that must be equal where both have one; times may differ. */
static const char conflict[] =
    "SELECT a.id, a.entry, a.energy, b.energy FROM main.scan_task a JOIN other.scan_task b ON a.id = b.id"
    " WHERE (a.host, a.entry, a.charge) IS NOT (b.host, b.entry, b.charge) OR (a.status >= 2 AND b.status >= 2 AND"
    " (a.status, a.families, a.energy, a.unperturbed, a.gain, a.symmetry, a.bond, a.kind) IS NOT"
    " (b.status, b.families, b.energy, b.unperturbed, b.gain, b.symmetry, b.bond, b.kind)) ORDER BY a.id LIMIT 1";

static const char other_host[] =
    "SELECT a.id, a.name, b.name FROM main.scan_host a JOIN other.scan_host b ON a.id = b.id"
    " WHERE (a.name, a.formula) IS NOT (b.name, b.formula) ORDER BY a.id LIMIT 1";

#define COLUMNS                                                                                                        \
    "id, host, grp, generation, number, charge, entry, environment, multiplicity, status, worker, tries, kind,"       \
    " failure, starts, families, calls, labels, known, energy, unperturbed, gain, symmetry, bond, moved, converged,"  \
    " seconds, finished"

/* `fresh`: finished there and not here. What was claimed there waits here. */
static const char take_over[] =
    "CREATE TEMP TABLE fresh AS SELECT b.id FROM other.scan_task b LEFT JOIN main.scan_task a ON a.id = b.id"
    " WHERE b.status >= 2 AND coalesce(a.status, 0) < 2;"
    "INSERT OR IGNORE INTO main.scan_host SELECT * FROM other.scan_host;"
    "INSERT OR REPLACE INTO main.scan_task (" COLUMNS ") SELECT " COLUMNS " FROM other.scan_task"
    " WHERE id IN (SELECT id FROM temp.fresh);"
    "INSERT OR IGNORE INTO main.scan_task (" COLUMNS ") SELECT " COLUMNS " FROM other.scan_task;"
    "UPDATE main.scan_task SET status = 0, worker = NULL WHERE status = 1;"
    "INSERT OR IGNORE INTO main.scan_label SELECT * FROM other.scan_label;"
    "CREATE TEMP TABLE moved AS SELECT s.id FROM other.systems s WHERE s.id / 100 IN (SELECT id FROM temp.fresh);"
    "INSERT OR REPLACE INTO main.systems SELECT * FROM other.systems WHERE id IN (SELECT id FROM temp.moved);"
    "INSERT INTO main.species SELECT * FROM other.species WHERE id IN (SELECT id FROM temp.moved);"
    "INSERT INTO main.keys SELECT * FROM other.keys WHERE id IN (SELECT id FROM temp.moved);"
    "INSERT INTO main.text_key_values SELECT * FROM other.text_key_values WHERE id IN (SELECT id FROM temp.moved);"
    "INSERT INTO main.number_key_values SELECT * FROM other.number_key_values WHERE id IN (SELECT id FROM temp.moved);"
    "DROP TABLE temp.fresh; DROP TABLE temp.moved;";

static skd_status attach(skd_tasks *into, const char *path, skd_error *err) {
    sqlite3_stmt *s = NULL;
    skd_string name = {0};
    if (tasks_is_shared(path))
        skd_string_add(&name, "%s", path);
    else
        db_still_name(&name, path);
    skd_status status = name.failed ? skd_fail(err, SKD_ENOMEM, "%s: out of memory", path) : SKD_OK;
    if (status == SKD_OK && sqlite3_prepare_v2(into->db->sql, "ATTACH ?1 AS other", -1, &s, NULL) != SQLITE_OK)
        status = db_fail(into->db, err, "attaching a store");
    if (status == SKD_OK)
        sqlite3_bind_text(s, 1, name.text, -1, SQLITE_STATIC);
    if (status == SKD_OK && sqlite3_step(s) != SQLITE_DONE)
        status = skd_fail(err, SKD_EIO, "%s: %s", path, sqlite3_errmsg(into->db->sql));
    sqlite3_finalize(s);
    skd_string_free(&name);
    return status;
}

static skd_status refuse_other_hosts(skd_tasks *into, const char *path, skd_error *err) {
    sqlite3_stmt *s = NULL;
    skd_status status = SKD_OK;
    if (sqlite3_prepare_v2(into->db->sql, other_host, -1, &s, NULL) != SQLITE_OK)
        return db_fail(into->db, err, "comparing hosts");
    if (sqlite3_step(s) == SQLITE_ROW)
        status = skd_fail(err, SKD_EARG, "%s: its host %lld is %s, that of %s is %s", path,
                          (long long)sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 2),
                          into->db->path, (const char *)sqlite3_column_text(s, 1));
    sqlite3_finalize(s);
    return status;
}

static skd_status refuse_conflicts(skd_tasks *into, const char *path, skd_error *err) {
    sqlite3_stmt *s = NULL;
    skd_status status = refuse_other_hosts(into, path, err);
    if (status != SKD_OK)
        return status;
    if (sqlite3_prepare_v2(into->db->sql, conflict, -1, &s, NULL) != SQLITE_OK)
        return db_fail(into->db, err, "comparing tasks");
    if (sqlite3_step(s) == SQLITE_ROW)
        status = skd_fail(err, SKD_EARG, "%s: task %lld (%s) ended otherwise there: %.6f eV, in %s %.6f eV", path,
                          (long long)sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1),
                          sqlite3_column_double(s, 3), into->db->path, sqlite3_column_double(s, 2));
    sqlite3_finalize(s);
    return status;
}

static skd_status merge(skd_tasks *into, const char *path, skd_error *err) {
    skd_status status = db_begin(into->db, err);
    if (status != SKD_OK)
        return status;
    status = refuse_conflicts(into, path, err);
    if (status == SKD_OK)
        status = db_execute(into->db, take_over, "merging", err);
    return db_finish(into->db, status, err);
}

skd_status skd_tasks_merge(skd_tasks *into, const char *path, skd_error *err) {
    pthread_mutex_lock(&into->db->mutex);
    skd_status status = attach(into, path, err);
    if (status == SKD_OK) {
        status = merge(into, path, err);
        sqlite3_exec(into->db->sql, "DETACH other", NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&into->db->mutex);
    return status;
}
