/* SPDX-License-Identifier: MIT */
/* cmd_scan.c - many hosts x defects x sites x charges: all tasks of a plan in one store, by several processes. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scan.h"
#include "scan_mpi.h"
#include "scan_slurm.h"

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "DIR", "shakedown_scan", "folder of the scan: scan.db, cells of alloys", 0, 0, "scan"},
    {"processes", 'P', CLI_INT, "N", "0", "processes at work; 0: one a core", 0, 1024, NULL},
    {"threads", 'j', CLI_INT, "N", "1", "threads of each; 0: all cores (results do not depend on it)", 0, 4096, NULL},
    {"slice", 0, CLI_TEXT, "I/N", NULL,
     "only every N-th task from the I-th on, in a store of its own, slice-I-of-N.db, by one process without locks, for "
     "network folders; 'merge' joins them",
     0, 0, NULL},
    {"slurm", 0, CLI_INT, "N", "0",
     "submit the scan to Slurm as a job array of N slices, and a job that joins them, instead of doing it here", 0,
     100000, NULL},
    {"slurm-options", 0, CLI_TEXT, "TEXT", NULL, "what sbatch is told: '--partition=long --time=12:00:00'", 0, 0, NULL},
    {"frozen-model", 0, CLI_TEXT, "FILE", NULL,
     "labels that every task begins with, from a model file; tasks then learn nothing from each other", 0, 0, NULL},
    {"keep", 0, CLI_FLAG, NULL, NULL, "leave the folder of a search for each task, DIR/tasks/NUMBER", 0, 0, NULL},
    {"retry", 0, CLI_FLAG, NULL, NULL, "do failed tasks again", 0, 0, NULL},
    CLI_QUIET,
    CLI_END};

typedef struct scanning {
    const cli_args *args;
    scan_plan *plan;
    scan_slice slice;
    bool sliced;
    char keep[600];
    pid_t *child; /* [n_children] */
    size_t n_children;
} scanning;

static skd_status read_slice(scanning *s, skd_error *err) {
    const char *text = cli_text(s->args, "slice"), *slash = text ? strchr(text, '/') : NULL;
    s->slice = (scan_slice){1, 1};
    s->sliced = text != NULL;
    if (!text)
        return SKD_OK;
    if (!slash || !skd_span_int((skd_span){text, (size_t)(slash - text)}, &s->slice.i) ||
        !skd_span_int((skd_span){slash + 1, strlen(slash + 1)}, &s->slice.n) || s->slice.i < 1 ||
        s->slice.n < s->slice.i || s->slice.n > 100000)
        return skd_fail(err, SKD_EARG, "--slice: expected two numbers like 3/16; found '%s'", text);
    if (cli_given(s->args, "processes") && cli_int(s->args, "processes") != 1)
        return skd_fail(err, SKD_EARG, "--slice: a slice is one process's; start more slices instead");
    return SKD_OK;
}

/* ---- processes ---------------------------------------------------------------------------- */

static scan_worker worker_of(const scanning *s) {
    return (scan_worker){.plan = s->plan, .threads = (int)cli_int(s->args, "threads"),
                         .keep = cli_flag(s->args, "keep") ? s->keep : NULL};
}

static skd_status work(const scanning *s, skd_error *err) {
    scan_store store;
    long n_again;
    scan_worker worker = worker_of(s);
    skd_status status = scan_store_open(&store, s->plan, s->slice, s->sliced, err);
    if (status == SKD_OK && cli_flag(s->args, "retry"))
        status = skd_tasks_retry(store.tasks, &n_again, err);
    if (status == SKD_OK)
        status = scan_work(&store, &worker, cli_flag(s->args, "quiet"), err);
    scan_worker_free(&worker);
    scan_store_close(&store);
    return status;
}

/* Before anything else is begun: a child has neither threads nor open stores. */
static void start_children(scanning *s) {
    long n = cli_int(s->args, "processes");
    if (n == 0)
        n = s->sliced ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    s->child = n > 1 ? skd_alloc((size_t)n, sizeof *s->child) : NULL;
    for (long k = 1; s->child && k < n; k++) {
        const pid_t child = fork();
        if (child == 0) {
            skd_error err = {SKD_OK, ""};
            const skd_status status = work(s, &err);
            const bool said = status == SKD_EARG || status == SKD_EFORMAT; /* by the parent */
            if (status != SKD_OK && status != SKD_ESTOPPED && !said)
                fprintf(stderr, "shakedown: %s\n", err.text);
            _exit(status == SKD_OK ? CLI_OK : CLI_FAILED);
        }
        if (child > 0)
            s->child[s->n_children++] = child;
    }
}

static void end_children(const scanning *s, bool stop) {
    for (size_t k = 0; k < s->n_children; k++) {
        if (stop)
            kill(s->child[k], SIGTERM);
        while (waitpid(s->child[k], NULL, 0) < 0 && errno == EINTR)
            if (cli_interrupted()) /* told to this process alone */
                kill(s->child[k], SIGTERM);
    }
}

static skd_status work_here(scanning *s, skd_error *err) {
    start_children(s);
    const skd_status status = work(s, err);
    end_children(s, status != SKD_OK);
    return status;
}

static skd_status work_over_mpi(const scanning *s, bool *first, skd_error *err) {
    if (s->sliced || cli_given(s->args, "processes"))
        return skd_fail(err, SKD_EARG, "--%s: does not go with mpirun, which says how many processes there are",
                        s->sliced ? "slice" : "processes");
    scan_worker worker = worker_of(s);
    return scan_mpi_run(s->plan, &worker, cli_flag(s->args, "retry"), cli_flag(s->args, "quiet"), first, err);
}

static skd_status submit(const scanning *s, skd_error *err) {
    if (s->sliced || cli_given(s->args, "processes"))
        return skd_fail(err, SKD_EARG, "--%s: does not go with --slurm, which makes slices of one process each",
                        s->sliced ? "slice" : "processes");
    return scan_slurm_submit(s->args, s->plan->folder, cli_int(s->args, "slurm"), cli_text(s->args, "slurm-options"),
                             err);
}

/* ---- the verb ----------------------------------------------------------------------------- */

static skd_status print_end(const scanning *s, int *exit_code, skd_error *err) {
    scan_store store;
    bool all_good = true;
    skd_status status = scan_store_open(&store, s->plan, s->slice, s->sliced, err);
    if (status == SKD_OK)
        status = scan_table_print(store.tasks, stdout, &all_good, err);
    if (status == SKD_OK && !s->sliced)
        status = scan_models_write(&store, err);
    if (status == SKD_OK)
        printf("\nwrote %s (also for 'ase gui' and 'ase db'). Next: shakedown status %s\n", store.path,
               s->plan->folder);
    scan_store_close(&store);
    *exit_code = all_good ? CLI_OK : CLI_NOT_CONVERGED;
    return status;
}

static skd_status run_scan(const cli_args *args, int *exit_code, skd_error *err) {
    scanning s = {.args = args};
    bool prints = true;
    const char *folder = cli_text(args, "output");
    snprintf(s.keep, sizeof s.keep, "%s/tasks", folder);
    skd_status status = read_slice(&s, err);
    if (status == SKD_OK)
        status = scan_plan_read(&s.plan, args->operand[0], folder, cli_text(args, "frozen-model"), err);
    if (status == SKD_OK && cli_int(args, "slurm") > 0) {
        prints = false;
        status = submit(&s, err);
    } else if (status == SKD_OK) {
        cli_catch_interrupts();
        status = scan_mpi_wanted() ? work_over_mpi(&s, &prints, err) : work_here(&s, err);
    }
    if (status == SKD_OK && prints)
        status = print_end(&s, exit_code, err);
    skd_free(s.child);
    scan_plan_free(s.plan);
    return status;
}

const cli_command cmd_scan = {
    .name = "scan",
    .group = "scans",
    .summary = "Search many defects: hosts or alloy cells x defects x sites x charges of a plan",
    .usage = "PLAN [-o DIR]",
    .text = "A plan is a file of 'key: value' lines:\n\n"
            "  hosts: cells/x.POSCAR, oxides/?.cif    (* as in the shell)\n"
            "  alloy:                                 cells made of each: options of 'alloy', and\n"
            "    substitute: Te:Se\n"
            "    shares: 0, 0.2, 0.5                  one cell for each, or as many as `count` says\n"
            "  sites: shell1                          one site a class: shell1 .. shell4, shell2:6 (at most six), all\n"
            "  defect: v_Cd                           and all other options of 'search' ('shakedown help search')\n"
            "  groups:                                several such, by name, which share the keys above\n"
            "    oxides: {hosts: oxides/?.cif, defect: v_O}\n\n"
            "Each task is one search of one defect state; charge states do not exchange minima. Where the potential\n"
            "is dear, tasks begin with labels of tasks of earlier generations (1, 1, 2, 4, 8 tasks spread over the\n"
            "plan, then the others), so that the result does not depend on who does what when; 'pool: none' in the\n"
            "plan, or --frozen-model, make tasks independent. Several processes of one machine may work on one\n"
            "folder; killed or interrupted, the same command goes on where it was.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_scan,
};
