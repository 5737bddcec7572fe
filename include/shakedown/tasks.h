/* SPDX-License-Identifier: MIT
 * shakedown/tasks.h - the store of a scan: hosts, tasks and what became of them, in one SQLite file that is also a run
 * database in ASE's layout (data.h), with one row a family found. Part of the module data.
 *
 * Several processes of one machine may work on one file. Each is a worker with a number, held as a lock on one byte of
 * a file beside the store ("<path>.workers") that the kernel drops however the process ends. A task is claimed in one
 * short transaction, and finished in another with all that belongs to it; what a dead worker had claimed is claimed
 * anew. On a network folder a store is opened by one process alone, which takes no lock at all.
 */
#ifndef SHAKEDOWN_TASKS_H
#define SHAKEDOWN_TASKS_H

#include "shakedown/data.h"

typedef struct skd_tasks skd_tasks;

typedef enum skd_task_status {
    SKD_TASK_WAITING,
    SKD_TASK_CLAIMED, /**< by a worker, living or dead */
    SKD_TASK_DONE,
    SKD_TASK_FAILED,
    SKD_TASK_N_STATUSES
} skd_task_status;

/** A host or alloy cell of the plan. */
typedef struct skd_task_host {
    long id;        /**< 1.. in the order of the plan                        */
    long group;     /**< of the plan: 1..                                    */
    char name[128]; /**< for tables                                          */
    char path[512]; /**< of its file                                         */
    char formula[64];
    double share;   /**< of the first substitution of an alloy; NAN: none    */
} skd_task_host;

/** One defect on one site in one charge state. */
typedef struct skd_task {
    long id;              /**< 1.. in the order of the plan, whatever part of it a store holds            */
    long host, group;
    long generation;      /**< starts once all tasks of lower generations of its group are finished       */
    long number;          /**< of the defect state in its host's list                                     */
    int charge;
    char entry[96];       /**< "v_Cd_s3_0"                                                                */
    char environment[64]; /**< of the site: "SeTe3"; "" where sites were not sorted                       */
    long multiplicity;    /**< sites of the host that this one stands for                                 */
} skd_task;

/** What became of a task. */
typedef struct skd_task_outcome {
    bool failed;
    char kind[24], failure[200];      /**< sort of failure, and the line that says it; ""                  */
    long n_starts, n_families;
    long n_calls;                     /**< of the potential (teacher), labels included                     */
    long n_labels;                    /**< that were asked for                                             */
    long n_known;                     /**< labels of other tasks that it began with                        */
    double energy, unperturbed, gain; /**< eV: lowest, unperturbed, their difference; NAN: unknown         */
    char symmetry[16], bond[32];      /**< of the lowest family: point group, shortest new bond            */
    double moved;                     /**< Å, its largest displacement                                     */
    bool converged;                   /**< are all families?                                               */
    double seconds;                   /**< of wall time                                                    */
} skd_task_outcome;

/** A label as bytes, and by what it is chosen. */
typedef struct skd_task_label {
    long task, number; /**< number: place in its task, 0.. (two may share one)          */
    long rank;         /**< those of lower rank are taken first                         */
    char elements[80]; /**< of its frame: "Cd Te", ascending in atomic number            */
    void *bytes;
    size_t n;
} skd_task_label;

/** Counts of a store. */
typedef struct skd_task_counts {
    long n[SKD_TASK_N_STATUSES];
    long n_hosts, n_improved;    /**< improved: done, with a gain below -limit                   */
    double seconds;              /**< sum of all that are finished                               */
    double first, last;          /**< s since 1970, of finishing; 0: none                        */
    long n_recent;               /**< finished in the 10 minutes before `now`...                 */
    double recent_first;         /**< ... of which the first                                     */
    long n_workers;              /**< that are alive on this machine                             */
} skd_task_counts;

/** Opens a store, made if absent and `create`. sole: by this process alone, without locks (network folders).
 *  SKD_EARG if it is no store of a scan. */
skd_status skd_tasks_open(skd_tasks **out, const char *path, bool create, bool sole, skd_error *err) SKD_CHECKED;
/** Opens a store to read plan, counts, failures and list. One that is opened by one process alone, or was when that was
 *  killed, cannot be read: *alone is true, *out NULL, the status SKD_OK. */
skd_status skd_tasks_open_to_read(skd_tasks **out, const char *path, bool *alone, skd_error *err) SKD_CHECKED;
void skd_tasks_close(skd_tasks *tasks); /**< also gives up the worker's number; what it had claimed waits again */
const char *skd_tasks_path(const skd_tasks *tasks);
/** One process at a time may be between these two. */
skd_status skd_tasks_lock(skd_tasks *tasks, skd_error *err) SKD_CHECKED;
void skd_tasks_unlock(skd_tasks *tasks);

/** The plan's text and identity as they were stored, the caller's; NULL while there is none. */
skd_status skd_tasks_plan(skd_tasks *tasks, char **json, skd_error *err) SKD_CHECKED;
/** Fills an empty store: begin, hosts and tasks, end with the plan's JSON (NULL: undo). Nothing is there before end
 *  returns SKD_OK. */
skd_status skd_tasks_begin(skd_tasks *tasks, skd_error *err) SKD_CHECKED;
skd_status skd_tasks_add_host(skd_tasks *tasks, const skd_task_host *host, skd_error *err) SKD_CHECKED;
skd_status skd_tasks_add(skd_tasks *tasks, const skd_task *task, skd_error *err) SKD_CHECKED;
/** A task that has failed before it began. */
skd_status skd_tasks_add_failed(skd_tasks *tasks, const skd_task *task, const char *kind, const char *failure,
                                skd_error *err) SKD_CHECKED;
/** generation := least of `most` and generation + shift, at least 0. */
skd_status skd_tasks_shift(skd_tasks *tasks, long group, long shift, long most, skd_error *err) SKD_CHECKED;
skd_status skd_tasks_end(skd_tasks *tasks, const char *json, skd_error *err) SKD_CHECKED;

/** Becomes a worker; needed before the next three. */
skd_status skd_tasks_enlist(skd_tasks *tasks, skd_error *err) SKD_CHECKED;
/** Claims up to `most` tasks of one host's group that may start now. n = 0: *waits tells whether tasks are in the hands
 *  of other living workers, or of this one. */
skd_status skd_tasks_claim(skd_tasks *tasks, size_t most, skd_task *out, size_t *n, bool *waits,
                           skd_error *err) SKD_CHECKED;
/** Stores what became of a claimed task with its rows (ids given), and what is known of its host now (NULL: nothing
 *  new), in one transaction. *taken is false, and nothing stored, if the task was not claimed by this worker. now: s
 *  since 1970. */
skd_status skd_tasks_finish(skd_tasks *tasks, const skd_task *task, const skd_task_outcome *outcome,
                            const skd_db_row *row, size_t n, const void *host_state, size_t n_host_state, double now,
                            bool *taken, skd_error *err) SKD_CHECKED;
/** Gives claimed tasks back: they wait. */
skd_status skd_tasks_release(skd_tasks *tasks, skd_error *err) SKD_CHECKED;
/** Lets failed tasks wait again. */
skd_status skd_tasks_retry(skd_tasks *tasks, long *n, skd_error *err) SKD_CHECKED;

skd_status skd_tasks_host(skd_tasks *tasks, long id, skd_task_host *out, skd_error *err) SKD_CHECKED;
/** Bytes kept of a host, the caller's; NULL if there are none. */
skd_status skd_tasks_host_state(skd_tasks *tasks, long id, void **out, size_t *n, skd_error *err) SKD_CHECKED;

/** Stores a label, once. */
skd_status skd_tasks_keep_label(skd_tasks *tasks, const skd_task_label *label, skd_error *err) SKD_CHECKED;
/** Labels of a task in their order (own), or of finished tasks of the group and lower generations by rank and
 *  task; `each` returns false to end. Labels are borrowed. */
skd_status skd_tasks_labels(skd_tasks *tasks, const skd_task *task, bool own,
                            bool (*each)(void *payload, const skd_task_label *label), void *payload,
                            skd_error *err) SKD_CHECKED;

/** `limit` (eV): a task improved if its gain is below -limit. */
skd_status skd_tasks_count(skd_tasks *tasks, double limit, double now, skd_task_counts *out,
                           skd_error *err) SKD_CHECKED;
/** How many failed of each kind, the most frequent first, with an example. */
skd_status skd_tasks_failures(skd_tasks *tasks,
                              void (*each)(void *payload, const char *kind, long n, const char *example),
                              void *payload, skd_error *err) SKD_CHECKED;
/** Every task by id with its host and, if finished, its outcome; ends at the first status that is not SKD_OK. */
skd_status skd_tasks_list(skd_tasks *tasks,
                          skd_status (*each)(void *payload, const skd_task *task, const skd_task_host *host,
                                             skd_task_status status, const skd_task_outcome *outcome, skd_error *err),
                          void *payload, skd_error *err) SKD_CHECKED;

/** Takes over hosts, tasks, rows and labels of another store of the same plan. A task that is finished in both must
 *  have the same outcome (but for the time it took): otherwise SKD_EARG, naming it. */
skd_status skd_tasks_merge(skd_tasks *into, const char *path, skd_error *err) SKD_CHECKED;

#endif
