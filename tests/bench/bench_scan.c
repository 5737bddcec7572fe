/* SPDX-License-Identifier: MIT */
/* bench_scan.c - the tool of bench_scan.sh: claiming and finishing 10,000 tasks in a store, nothing else, each with two
 * rows of 63 atoms; as one of several processes, and alone without locks. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shakedown/tasks.h"

enum { TASKS = 10000, ATOMS = 63 };

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static skd_status fill(skd_tasks *tasks, skd_error *err) {
    const skd_task_host host = {.id = 1, .group = 1, .name = "host", .path = "host", .formula = "CdTe"};
    skd_status status = skd_tasks_begin(tasks, err);
    if (status == SKD_OK)
        status = skd_tasks_add_host(tasks, &host, err);
    for (long id = 1; id <= TASKS && status == SKD_OK; id++) {
        const skd_task task = {.id = id, .host = 1, .group = 1, .number = id - 1, .entry = "v_Cd_0"};
        status = skd_tasks_add(tasks, &task, err);
    }
    return status == SKD_OK ? skd_tasks_end(tasks, "{}", err) : status;
}

static skd_status do_all(skd_tasks *tasks, const skd_cell *cell, skd_error *err) {
    double force[ATOMS][3] = {{0}};
    skd_status status = skd_tasks_enlist(tasks, err);
    for (bool waits = true; status == SKD_OK;) {
        skd_task task;
        size_t n;
        bool taken;
        status = skd_tasks_claim(tasks, 1, &task, &n, &waits, err);
        if (status != SKD_OK || n == 0)
            return status;
        skd_db_row row[2];
        for (int k = 0; k < 2; k++)
            row[k] = (skd_db_row){.id = 100 * task.id + k + 1, .cell = (skd_cell *)cell, .has_energy = true,
                                  .energy = -1.0, .force = force, .time = 1e9, .calculator = "lj",
                                  .key_values = "{\"task\":1,\"host\":\"CdTe\",\"defect\":\"v_Cd_0\",\"rank\":1}"};
        const skd_task_outcome outcome = {.n_starts = 1, .n_families = 2, .energy = -1.0, .seconds = 1e-3};
        status = skd_tasks_finish(tasks, &task, &outcome, row, 2, NULL, 0, 1e9, &taken, err);
    }
    return status;
}

static skd_status measure(const char *path, bool sole, const skd_cell *cell, skd_error *err) {
    skd_tasks *tasks;
    skd_status status = skd_tasks_open(&tasks, path, true, sole, err);
    if (status == SKD_OK)
        status = fill(tasks, err);
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    if (status == SKD_OK)
        status = do_all(tasks, cell, err);
    if (status == SKD_OK)
        printf("store, %s: %.3f ms of processor time a task to claim and finish it, %.3f ms of wall time\n",
               sole ? "one process without locks" : "one of several processes",
               1e3 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / TASKS,
               1e3 * (seconds(CLOCK_MONOTONIC) - wall) / TASKS);
    skd_tasks_close(tasks);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_cell *cell = NULL;
    char path[600];
    skd_status status = skd_cell_new(&cell, ATOMS, &err);
    for (size_t i = 0; status == SKD_OK && i < ATOMS; i++) {
        cell->species[i] = i % 2 ? 52 : 48;
        cell->pos[i][0] = cell->pos[i][1] = 0.3 * (double)i;
    }
    for (int k = 0; status == SKD_OK && k < 3; k++)
        cell->lattice[k][k] = 13.0;
    for (int sole = 0; sole < 2 && status == SKD_OK; sole++) {
        snprintf(path, sizeof path, "%s/bench%d.db", argc > 1 ? argv[1] : ".", sole);
        status = measure(path, sole, cell, &err);
    }
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    skd_cell_free(cell);
    return status != SKD_OK;
}
