/* SPDX-License-Identifier: MIT */
/* verify_run.c - see verify_run.h. Whether a calculation is done, its output says: so a run that was killed at any
 * moment is gone on with by the same command. */
#include "verify_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "run_dft.h"
#include "shakedown/process.h"
#include "slurm.h"

#define POLL_MS    50
#define WATCH_EACH 2.0  /* s, between looks into the output of a relaxation ... */
#define WATCH_COST 20.0 /* ... and so many times what the last look took        */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One calculation under way. */
typedef struct task {
    verify_runner *runner;
    verify_calc *calc;
    skd_cell *asked;
    char *folder;
    verify_answer answer;
    double unperturbed; /* eV, at this level; NAN: unknown */
    char status[200];   /* how it ended                    */
    skd_process p;
    double began, next_look; /* s */
    bool active, ended;
} task;

static void task_free(task *t) {
    skd_cell_free(t->asked);
    skd_free(t->folder);
    verify_answer_free(&t->answer);
    *t = (task){0};
}

/* Energy of the unperturbed minimum at this level, once collected. */
static double unperturbed_energy(const verify_runner *r, size_t job) {
    const skd_ranking *ranking = &r->run->rankings[job];
    for (size_t f = 0; f < ranking->n; f++)
        if (ranking->family[f].has_unperturbed) {
            const run_dft *d = run_dft_find(&r->run->store, job, ranking->family[f].best, false, r->manifest->level);
            return d ? d->energy : (double)NAN;
        }
    return (double)NAN;
}

static skd_status look(task *t, skd_error *err) {
    verify_answer_free(&t->answer);
    return verify_read(&t->answer, t->runner->manifest, t->calc, t->asked, err);
}

/* ---- before ------------------------------------------------------------------------------- */

static bool is_input(const verify_calc *calc, const char *name) {
    for (size_t i = 0; i < calc->n_files; i++)
        if (strcmp(calc->file[i], name) == 0)
            return true;
    return false;
}

static skd_status move_into(const char *folder, const char *name, const char *target, skd_error *err) {
    skd_string from = {0}, to = {0};
    skd_string_add(&from, "%s/%s", folder, name);
    skd_string_add(&to, "%s/%s/%s", folder, target, name);
    skd_status status = from.failed || to.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK && rename(from.text, to.text) != 0)
        status = skd_fail(err, SKD_EIO, "%s: cannot be moved to %s", from.text, to.text);
    skd_string_free(&from);
    skd_string_free(&to);
    return status;
}

/* Moves what an earlier attempt left into earlier_1, earlier_2, ... */
static skd_status set_aside(const task *t, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    size_t number = 1;
    char target[40];
    skd_string path = {0};
    skd_status status = skd_folder_list(&names, t->folder, &is_folder, err);
    for (size_t i = 0; i < names.n; i++)
        number += strncmp(names.name[i], "earlier_", 8) == 0;
    snprintf(target, sizeof target, "earlier_%zu", number);
    skd_string_add(&path, "%s/%s", t->folder, target);
    if (status == SKD_OK)
        status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : skd_folder_make(path.text, err);
    for (size_t i = 0; i < names.n && status == SKD_OK; i++)
        if (!is_input(t->calc, names.name[i]) && strncmp(names.name[i], "earlier_", 8) != 0 &&
            strcmp(names.name[i], SKD_PROCESS_LOCK) != 0)
            status = move_into(t->folder, names.name[i], target, err);
    skd_string_free(&path);
    skd_names_free(&names);
    return status;
}

/* New inputs from where the relaxation was cut off. The manifest has them before the old output is out of the way:
 * killed in between, the same is done again. */
static skd_status go_on_from(task *t, skd_error *err) {
    verify_runner *r = t->runner;
    char title[120];
    snprintf(title, sizeof title, "%.80s, from step %zu of an earlier part", t->calc->folder, t->answer.n_steps);
    skd_status status = cli_inputs_write(r->inputs, t->folder, t->answer.cell,
                                         r->run->contents.job[t->calc->job]->charge, title, err);
    for (size_t i = 0; i < t->calc->n_files && status == SKD_OK; i++)
        status = verify_calc_resign(t->calc, t->folder, i, err);
    t->calc->restarts++;
    return status == SKD_OK ? verify_manifest_write(r->manifest, r->run_folder, err) : status;
}

static skd_status make_ready(task *t, skd_error *err) {
    const verify_answer *a = &t->answer;
    bool relaxes = t->runner->manifest->stage == VERIFY_RELAX;
    bool has_part = a->cell && a->n_steps > 1 && (a->state == VERIFY_CUT || a->state == VERIFY_UNCONVERGED);
    skd_status status = SKD_OK;
    if (a->state == VERIFY_ABSENT)
        return status;
    if (relaxes && has_part)
        status = go_on_from(t, err);
    return status == SKD_OK ? set_aside(t, err) : status;
}

/* ---- meanwhile ---------------------------------------------------------------------------- */

/* Looks into the output of a running relaxation; *stop with t->status if it is to be stopped. */
static skd_status watch(task *t, bool *stop, skd_error *err) {
    char why[160];
    skd_status status = look(t, err);
    skd_hope hope = status == SKD_OK ? skd_watch_judge(&t->answer.watch, t->unperturbed, why, sizeof why) : SKD_HOPE;
    *stop = hope != SKD_HOPE;
    if (*stop)
        snprintf(t->status, sizeof t->status, "%s%s",
                 hope == SKD_HOPE_STALLED ? "" : VERIFY_HOPELESS ": ", why);
    return status;
}

/* One look at a running program; t->ended once it has, or was stopped. */
static skd_status attend(task *t, skd_error *err) {
    bool relaxes = t->runner->manifest->stage == VERIFY_RELAX;
    int exit_code;
    skd_status status = SKD_OK;
    if (skd_process_ended(&t->p, &exit_code)) {
        snprintf(t->status, sizeof t->status, "exit code %d", exit_code);
        t->ended = true;
    } else if (relaxes && now() >= t->next_look) {
        double began = now();
        status = watch(t, &t->ended, err);
        t->next_look = now() + fmax(WATCH_EACH, WATCH_COST * (now() - began));
        if (status == SKD_OK && t->ended)
            skd_process_stop(&t->p);
    }
    return status;
}

/* ---- afterwards --------------------------------------------------------------------------- */

static skd_status write_status(const task *t, skd_error *err) {
    char *path = verify_path(t->runner->manifest, t->calc, VERIFY_STATUS_FILE);
    skd_string text = {0};
    skd_string_add(&text, "%s\n", t->status);
    skd_status status = !path || text.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                             : skd_file_write(path, text.text, text.n, err);
    skd_string_free(&text);
    skd_free(path);
    return status;
}

static void say(const task *t, double seconds) {
    const verify_answer *a = &t->answer;
    if (a->state == VERIFY_DONE)
        printf("%s: %.4f eV, %zu step%s, %.0f s%s\n", t->calc->folder, a->energy, a->n_steps,
               a->n_steps == 1 ? "" : "s", seconds, a->stalled ? "; stopped, it had stalled" : "");
    else
        printf("%s: %s\n", t->calc->folder, a->why);
    fflush(stdout);
}

static skd_status end_task(task *t, skd_error *err) {
    verify_runner *r = t->runner;
    skd_status status = write_status(t, err);
    if (status == SKD_OK)
        status = look(t, err);
    if (status == SKD_OK)
        say(t, now() - t->began);
    r->n_done += status == SKD_OK && t->answer.state == VERIFY_DONE;
    r->n_failed += status == SKD_OK && t->answer.state != VERIFY_DONE;
    task_free(t);
    return status;
}

/* ---- several at once ------------------------------------------------------------------------ */

static skd_status start_program(task *t, skd_error *err) {
    verify_runner *r = t->runner;
    skd_status status = make_ready(t, err);
    if (status == SKD_OK && !r->quiet)
        fprintf(stderr, "%s: %s\n", t->calc->folder, r->command);
    t->began = now();
    t->next_look = t->began + WATCH_EACH;
    if (status == SKD_OK)
        status = skd_process_start(&t->p, t->folder, r->command, verify_code_of(r->inputs->code)->output, err);
    t->active = status == SKD_OK;
    return status;
}

/* Starts a calculation, unless it is done: then the task stays free. */
static skd_status begin_task(task *t, verify_runner *r, verify_calc *calc, skd_error *err) {
    bool left = false;
    *t = (task){.runner = r, .calc = calc, .unperturbed = unperturbed_energy(r, calc->job)};
    skd_status status = verify_structure(&t->asked, &r->run->contents, calc->job, calc->start, err);
    t->folder = verify_path(r->manifest, calc, NULL);
    if (status == SKD_OK && !t->folder)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = skd_process_end_left(t->folder, &left, err);
    if (status == SKD_OK && left)
        fprintf(stderr, "%s: ended the program that an earlier call left running\n", calc->folder);
    if (status == SKD_OK)
        status = look(t, err);
    bool settled = t->answer.state == VERIFY_DONE || t->answer.state == VERIFY_STOPPED;
    r->n_before += status == SKD_OK && settled;
    if (status == SKD_OK && !settled)
        status = start_program(t, err);
    if (!t->active)
        task_free(t);
    return status;
}

/* Gives free tasks something to do, attends to the others; *n_active: how many have something after that. */
static skd_status go_round(task *tasks, size_t n_tasks, verify_runner *r, size_t *next, size_t *n_active,
                           skd_error *err) {
    skd_status status = SKD_OK;
    *n_active = 0;
    for (size_t k = 0; k < n_tasks && status == SKD_OK; k++) {
        task *t = &tasks[k];
        while (!t->active && *next < r->manifest->n && status == SKD_OK && !cli_interrupted())
            status = begin_task(t, r, &r->manifest->calc[(*next)++], err);
        if (status == SKD_OK && t->active)
            status = attend(t, err);
        if (status == SKD_OK && t->ended)
            status = end_task(t, err);
        *n_active += t->active;
    }
    return status;
}

static void stop_all(task *tasks, size_t n) {
    for (size_t k = 0; k < n; k++) {
        skd_process_stop(&tasks[k].p);
        task_free(&tasks[k]);
    }
}

static const char *first_active(const task *tasks, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (tasks[k].active)
            return tasks[k].folder;
    return "the calculations";
}

static skd_status run_tasks(task *tasks, size_t n, verify_runner *runner, skd_error *err) {
    const struct timespec poll = {0, POLL_MS * 1000000L};
    size_t next = 0, n_active = 0;
    skd_status status = SKD_OK;
    do {
        status = go_round(tasks, n, runner, &next, &n_active, err);
        if (status == SKD_OK && cli_interrupted())
            status = skd_fail(err, SKD_ESTOPPED, "interrupted in %s; run the same command again to go on",
                              first_active(tasks, n));
        if (status == SKD_OK && n_active > 0)
            nanosleep(&poll, NULL);
    } while (status == SKD_OK && (n_active > 0 || next < runner->manifest->n));
    stop_all(tasks, n);
    return status;
}

skd_status verify_run_all(verify_runner *runner, skd_error *err) {
    const size_t n = runner->jobs > 0 ? runner->jobs : 1;
    int lock = -1;
    task *tasks = skd_alloc(n, sizeof *tasks);
    if (!tasks)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", n);
    cli_catch_interrupts();
    skd_status status = skd_process_hold(&lock, runner->manifest->folder, err);
    if (status == SKD_OK)
        status = run_tasks(tasks, n, runner, err);
    skd_free(tasks);
    skd_process_release(lock);
    return status;
}

/* ---- Slurm -------------------------------------------------------------------------------- */

static skd_status write_text(const verify_manifest *m, const char *name, const skd_string *text, skd_error *err) {
    skd_string path = {0};
    skd_string_add(&path, "%s/%s", m->folder, name);
    skd_status status = path.failed || text->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a job script")
                                                    : skd_file_write(path.text, text->text, text->n, err);
    skd_string_free(&path);
    return status;
}

skd_status verify_write_slurm(const verify_manifest *manifest, const char *command, skd_error *err) {
    const verify_code *code = verify_code_of(skd_code_named(manifest->code));
    skd_string list = {0}, script = {0};
    for (size_t i = 0; i < manifest->n; i++)
        skd_string_add(&list, "%s\n", manifest->calc[i].folder);
    const char *comment = "In this folder: sbatch job.slurm; add what your cluster asks for (partition, time, tasks).";
    slurm_head(&script, &(slurm_job){.name = "verify", .comment = comment, .is_array = true, .last = manifest->n - 1});
    skd_string_add(&script,
                   "folder=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" folders.txt)\n"
                   "cd \"$folder\" || exit 1\n"
                   "%s >%s 2>&1\n",
                   command, code->output);
    skd_status status = write_text(manifest, "folders.txt", &list, err);
    if (status == SKD_OK)
        status = write_text(manifest, "job.slurm", &script, err);
    skd_string_free(&list);
    skd_string_free(&script);
    return status;
}
