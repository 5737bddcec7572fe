/* SPDX-License-Identifier: MIT
 * run_rows.h - the rows of a run database, each found by what it is: (stage, job, number).
 *
 * key_values of every row hold the three, so that they can be asked for (`ase db run.db stage=minimum,job=0`);
 * an index of them is kept in memory. Ids grow as rows come. A start's row reserves the id of its minimum
 * (key minimum_id), so the order in which threads finish does not show. Rows of other stages, e.g. a user's own,
 * are left alone. A new sort of row is a stage here, its name in run_rows.c, and what goes into keys and data.
 */
#ifndef SKD_RUN_ROWS_H
#define SKD_RUN_ROWS_H

#include "json.h"
#include "shakedown/data.h"

/* In the order in which a run is read. */
typedef enum run_stage {
    RUN_HOST,    /* the perfect supercell; job and number 0               */
    RUN_DEFECT,  /* one a job: the unperturbed defect; number 0           */
    RUN_START,   /* number: its place in the job's list                   */
    RUN_MINIMUM, /* the same number as its start                          */
    RUN_LABEL,   /* what a teacher said; job 0, numbers as they come       */
    RUN_DFT,     /* what another program said of a candidate; numbers as they come */
    RUN_N_STAGES
} run_stage;

typedef struct run_key {
    run_stage stage;
    size_t job, number;
} run_key;

typedef struct run_entry {
    run_key key;
    long id;
    bool stored; /* false: reserved for this row */
} run_entry;

/* Sorted by key. */
typedef struct run_index {
    run_entry *entry;
    size_t n, capacity;
    long last_id;
} run_index;
skd_status run_index_read(run_index *index, skd_db *db, skd_error *err) SKD_CHECKED;
void run_index_free(run_index *index);
/* NULL if there is none. */
const run_entry *run_index_find(const run_index *index, run_key key);
/* The id of this row, new if there is no such row yet. */
skd_status run_index_reserve(run_index *index, run_key key, long *id, skd_error *err) SKD_CHECKED;

/* A row to write: row.id, key_values and data are made from the key and from keys and data (NULL: {}), which are
 * taken. */
typedef struct run_row {
    run_key key;
    skd_db_row row;
    cJSON *keys, *data;
} run_row;
/* Writes the rows in one transaction, and metadata unless NULL; rows that exist are replaced. */
skd_status run_rows_write(skd_db *db, run_index *index, run_row *row, size_t n, const char *metadata,
                          skd_error *err) SKD_CHECKED;
void run_rows_free(run_row *row, size_t n); /* rows that were not written: what they own, not row itself */

#endif
