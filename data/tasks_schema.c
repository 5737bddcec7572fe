/* SPDX-License-Identifier: MIT */
/* tasks_schema.c - the tables that a scan adds to a run database, and what is asked of them. status: skd_task_status.
 * ASE looks at none of them. */
#include "tasks_private.h"

#define OUTCOME_COLUMNS                                                                                               \
    "kind, failure, starts, families, calls, labels, known, energy, unperturbed, gain, symmetry, bond, moved,"        \
    " converged, seconds"
#define TASK_COLUMNS "t.id, t.host, t.grp, t.generation, t.number, t.charge, t.entry, t.environment, t.multiplicity"
#define HOST_COLUMNS "h.id, h.grp, h.name, h.path, h.formula, h.share"

const char tasks_schema[] =
    "CREATE TABLE IF NOT EXISTS scan_host (id INTEGER PRIMARY KEY, grp INTEGER, name TEXT, path TEXT, formula TEXT,"
    " share REAL, state BLOB);"
    "CREATE TABLE IF NOT EXISTS scan_task (id INTEGER PRIMARY KEY, host INTEGER, grp INTEGER, generation INTEGER,"
    " number INTEGER, charge INTEGER, entry TEXT, environment TEXT, multiplicity INTEGER, status INTEGER DEFAULT 0,"
    " worker INTEGER, tries INTEGER DEFAULT 0, kind TEXT, failure TEXT, starts INTEGER, families INTEGER,"
    " calls INTEGER, labels INTEGER, known INTEGER, energy REAL, unperturbed REAL, gain REAL, symmetry TEXT,"
    " bond TEXT, moved REAL, converged INTEGER, seconds REAL, finished REAL);"
    "CREATE INDEX IF NOT EXISTS scan_turn ON scan_task(status, grp, generation, id);"
    "CREATE INDEX IF NOT EXISTS scan_finished ON scan_task(finished);"
    "CREATE TABLE IF NOT EXISTS scan_label (task INTEGER, number INTEGER, rank INTEGER, elements TEXT, hash INTEGER,"
    " label BLOB, PRIMARY KEY (task, number, hash));";

const char *const tasks_sql[TASKS_N_STATEMENTS] = {
    [TASKS_INSERT_HOST] =
        "INSERT INTO scan_host (id, grp, name, path, formula, share) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [TASKS_INSERT] = ("INSERT INTO scan_task (id, host, grp, generation, number, charge, entry, environment,"
                      " multiplicity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
    [TASKS_INSERT_FAILED] = ("INSERT INTO scan_task (id, host, grp, generation, number, charge, entry, environment,"
                             " multiplicity, status, kind, failure) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 3,"
                             " ?10, ?11)"),
    [TASKS_SHIFT] = "UPDATE scan_task SET generation = min(?3, max(0, generation + ?2)) WHERE grp = ?1",
    [TASKS_GROUPS] = "SELECT DISTINCT grp FROM scan_host ORDER BY grp",
    [TASKS_FIRST_GENERATION] = "SELECT min(generation) FROM scan_task WHERE status = ?1 AND grp = ?2",
    [TASKS_SELECT_WAITING] = "SELECT " TASK_COLUMNS " FROM scan_task t WHERE t.status = 0 AND t.grp = ?1"
                             " AND t.generation = ?2 ORDER BY t.id LIMIT ?3",
    [TASKS_CLAIM] = "UPDATE scan_task SET status = 1, worker = ?2, tries = tries + 1 WHERE id = ?1",
    [TASKS_COUNT_CLAIMED] = "SELECT count(*) FROM scan_task WHERE status = 1",
    [TASKS_CLAIMERS] = "SELECT DISTINCT worker FROM scan_task WHERE status = 1",
    [TASKS_RELEASE] = "UPDATE scan_task SET status = 0, worker = NULL WHERE status = 1 AND worker = ?1",
    [TASKS_FINISH] = "UPDATE scan_task SET (" OUTCOME_COLUMNS ", finished, status) = (?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                     " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?2, CASE WHEN ?4 = '' THEN 2 ELSE 3 END)"
                     " WHERE id = ?1 AND status = 1 AND worker = ?3",
    [TASKS_SET_HOST_STATE] = "UPDATE scan_host SET state = ?2 WHERE id = ?1 AND state IS NULL",
    [TASKS_RETRY] = "UPDATE scan_task SET status = 0 WHERE status = 3 AND number >= 0",
    [TASKS_SELECT_HOST] = "SELECT " HOST_COLUMNS " FROM scan_host h WHERE h.id = ?1",
    [TASKS_SELECT_HOST_STATE] = "SELECT state FROM scan_host WHERE id = ?1",
    [TASKS_INSERT_LABEL] = "INSERT OR REPLACE INTO scan_label VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [TASKS_SELECT_OWN_LABELS] = "SELECT task, number, rank, elements, label FROM scan_label WHERE task = ?1"
                                " ORDER BY number, hash",
    [TASKS_SELECT_POOL] = "SELECT l.task, l.number, l.rank, l.elements, l.label FROM scan_label l JOIN scan_task t"
                          " ON t.id = l.task WHERE t.status = 2 AND t.grp = ?1 AND t.generation < ?2"
                          " ORDER BY l.rank, l.task, l.number, l.hash",
    [TASKS_COUNTS] = "SELECT status, count(*), sum(coalesce(seconds, 0)), sum(status = 2 AND gain < -?1),"
                     " min(finished), max(finished) FROM scan_task GROUP BY status",
    [TASKS_COUNT_HOSTS] = "SELECT count(*) FROM scan_host",
    [TASKS_COUNT_RECENT] = "SELECT count(*), min(finished) FROM scan_task WHERE finished > ?1 - 600",
    [TASKS_FAILURES] = "SELECT kind, count(*), min(failure) FROM scan_task WHERE status = 3 GROUP BY kind"
                       " ORDER BY count(*) DESC, kind",
    [TASKS_LIST] = "SELECT " TASK_COLUMNS ", " HOST_COLUMNS ", " OUTCOME_COLUMNS ", status FROM scan_task t"
                   " JOIN scan_host h ON h.id = t.host ORDER BY t.id",
};
