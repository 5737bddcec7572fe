/* SPDX-License-Identifier: MIT
 * run_store.h - a search's folder: run.db (ASE's layout) with the host, the defects, every start, every finished
 * minimum and the provenance; a search is resumed, ranked and exported from it.
 *
 * Rows and their keys: run_rows.h. A run begins in one transaction (host, defects, first starts, provenance in
 * ASE's metadata); starts may be added to it later, each round of them in one transaction; every minimum is one.
 * So a run killed at any moment is one that ended between two of these.
 */
#ifndef SKD_RUN_STORE_H
#define SKD_RUN_STORE_H

#include "run_rows.h"
#include "shakedown/data.h"
#include "shakedown/search.h"

#define RUN_LAYOUT 2 /**< of rows and metadata; a run database of another one is refused */

/** What another program said of a candidate: energy and forces of its minimum, or where it relaxed to. */
typedef struct run_dft {
    size_t job, number, start; /**< the candidate is the minimum of this start            */
    bool relaxed, stalled;     /**< stalled: stopped when its energy hardly changed       */
    char level[96], version[60], source[300];
    size_t n_steps;
    skd_cell *cell;            /**< in the candidate's order; owned                       */
    double energy, magmom;     /**< eV, µB (NAN: unknown)                                 */
    double (*force)[3];        /**< [n] eV/Å or NULL; owned                               */
    skd_trace trace;           /**< of a relaxation; owned                                */
} run_dft;

/** What a teacher was asked in a run. */
typedef struct run_asked {
    size_t points, relaxations; /**< single points; relaxations                                     */
    size_t calls;               /**< evaluations that these took, those without an answer not counted */
    size_t unanswered;          /**< asked twice and set aside                                      */
} run_asked;

typedef struct run_store {
    char *folder;
    skd_db *db;
    run_index index; /**< of the rows in db */
    skd_kept_label *label; /**< [n_labels] those read when the run was resumed or loaded; owned */
    size_t n_labels, label_room;
    size_t next_label; /**< number of the next one that is stored */
    run_asked asked;   /**< all labels of the run, read and kept */
    run_dft *dft;      /**< [n_dft] those read, and those kept since (run_dft.h); owned */
    size_t n_dft, dft_room;
} run_store;

/** What was asked, besides the starts; kept word for word in the provenance. */
typedef struct run_record {
    char command[2048];
    char host_file[512], potential[256], method[32];
    uint64_t host_checksum, seed;
    double bulk_energy; /**< eV, of the perfect supercell as given */
    double force_max, force_mean;
    size_t max_steps;
    uint64_t host_key;   /**< run_host_key */
    skd_host_state host; /**< once checked */
    skd_far_field far;   /**< as resolved: never auto */
    uint64_t relaxed_key;           /**< run_host_key of the given host; 0: it was not relaxed */
    const skd_cell *given, *relaxed; /**< perfect supercell as given, relaxed primitive cell; borrowed, only written */
    double epsilon;   /**< dielectric constant for the correction of image charges; 0: not asked for */
    char learned_from[400]; /**< files and runs whose labels were known before; "" if none */
    uint64_t learned_key;   /**< hash of those labels; 0: none                              */
    double threshold; /**< fingerprint distance between families, as asked for; 0: the default */
    char prior[256];    /**< the cheaper level below a search on two; "" if there is one only       */
    size_t prior_calls; /**< evaluations that its own search asked for                              */
} run_record;

/** A run as read back: jobs with their defects, starts and finished minima; owned. */
typedef struct run_contents {
    run_record record;
    skd_cell *bulk;
    skd_cell *given;     /**< bulk before it was relaxed at the run's level; NULL if it was not */
    skd_defect **defect; /**< [n_jobs] */
    skd_job **job;       /**< [n_jobs] */
    size_t n_jobs;
    run_asked asked;
} run_contents;

/** Opens folder/run.db; creates folder and file where `create`. */
skd_status run_store_open(run_store *store, const char *folder, bool create, skd_error *err) SKD_CHECKED;
void run_store_close(run_store *store);

/** Begins a run, or finds that this very run (host, options, starts of the jobs) has begun before (*resumed), in
 *  which case the starts added since and the minima already stored are put into the jobs. A folder that holds
 *  another run is SKD_EARG. */
skd_status run_store_begin(run_store *store, const run_record *record, const skd_cell *bulk, skd_job *const *job,
                           size_t n_jobs, bool *resumed, skd_error *err) SKD_CHECKED;
/** Stores the starts that were added to the jobs, durably, all or none. */
skd_status run_store_add_starts(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err) SKD_CHECKED;
/** Stores a finished minimum, durably. */
skd_status run_store_keep(run_store *store, skd_job *const *job, size_t n_jobs, const skd_job *which, size_t start,
                          const run_record *record, skd_error *err) SKD_CHECKED;
/** Stores the minima of start[n] of a job together, and the starts that were added to it. */
skd_status run_store_keep_many(run_store *store, skd_job *const *job, size_t n_jobs, const skd_job *which,
                               const size_t *start, size_t n, const run_record *record, skd_error *err) SKD_CHECKED;
/** Stores what a teacher said, durably. */
skd_status run_store_keep_label(run_store *store, const skd_kept_label *label, const run_record *record,
                                skd_error *err) SKD_CHECKED;
/** Reads a run back. */
skd_status run_store_load(run_store *store, run_contents *out, skd_error *err) SKD_CHECKED;
void run_contents_free(run_contents *contents);

#endif
