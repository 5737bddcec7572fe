/* SPDX-License-Identifier: MIT */
/* job.c - one evaluation: its folder, named after the frame so that the same question finds its answer again, and the
 * command that runs in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "kind.h"
#include "shakedown/data.h"
#include "shakedown/process.h"

enum { POLL_MS = 20 };

/* ---- the site ------------------------------------------------------------------------------- */

static bool copy_text(char **out, const char *text) { return !text || (*out = skd_strdup(text)) != NULL; }

skd_status teacher_site_copy(teacher_site *out, const teachers_place *place, skd_error *err) {
    *out = (teacher_site){.timeout = place->timeout, .stopped = place->stopped, .write = place->write,
                          .payload = place->payload};
    if (copy_text(&out->folder, place->folder ? place->folder : "teacher") &&
        copy_text(&out->command, place->command) && copy_text(&out->input, place->input) &&
        copy_text(&out->output, place->output) && copy_text(&out->level, place->level))
        return SKD_OK;
    teacher_site_free(out);
    return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
}

void teacher_site_free(teacher_site *site) {
    skd_free(site->folder);
    skd_free(site->command);
    skd_free(site->input);
    skd_free(site->output);
    skd_free(site->level);
    *site = (teacher_site){0};
}

/* ---- its folders ---------------------------------------------------------------------------- */

char *teacher_path(const char *folder, const char *name) {
    skd_string path = {0};
    skd_string_add(&path, "%s/%s", folder, name);
    if (path.failed)
        skd_string_free(&path);
    return path.text;
}

skd_status teacher_folder(char **out, const teacher_site *site, const char *level, const skd_cell *cell, double charge,
                          skd_error *err) {
    char name[200], formula[128];
    uint64_t h = skd_hash(SKD_HASH_START, level, strlen(level));
    h = skd_hash(h, &charge, sizeof charge);
    h = skd_hash(h, cell->lattice, sizeof cell->lattice);
    h = skd_hash(h, cell->species, cell->n * sizeof *cell->species);
    h = skd_hash(h, cell->pos, cell->n * sizeof *cell->pos);
    snprintf(name, sizeof name, "%s_%s%g-%016llx", skd_cell_formula(cell, formula, sizeof formula),
             charge > 0.0 ? "+" : "", charge, (unsigned long long)h);
    *out = teacher_path(site->folder, name);
    skd_status status =
        *out ? skd_folder_make(*out, err) : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status != SKD_OK) {
        skd_free(*out);
        *out = NULL;
    }
    return status;
}

/* flock() locks belong to the open file: threads exclude each other too. */
skd_status teacher_enter(int *lock, const teacher_site *site, const char *folder, skd_error *err) {
    const struct timespec poll = {0, POLL_MS * 1000000L};
    char *path = teacher_path(folder, "asking.lock");
    skd_status status = path ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    *lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (status == SKD_OK && *lock < 0)
        status = skd_fail(err, SKD_EIO, "%s: cannot be opened for writing: %s", path, strerror(errno));
    while (status == SKD_OK && flock(*lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        nanosleep(&poll, NULL);
        if (site->stopped && site->stopped())
            status = skd_fail(err, SKD_ESTOPPED, "interrupted in %s", folder);
    }
    skd_free(path);
    return status;
}

void teacher_leave(int lock) {
    if (lock >= 0)
        close(lock);
}

skd_status teacher_write(const char *folder, const char *name, const skd_string *text, skd_error *err) {
    char *path = teacher_path(folder, name);
    skd_status status = path && !text->failed ? skd_file_write(path, text->text ? text->text : "", text->n, err)
                                              : skd_fail(err, SKD_ENOMEM, "out of memory for %s", name);
    skd_free(path);
    return status;
}

skd_status teacher_clear(const teacher_site *site, const char *folder, skd_error *err) {
    skd_status status = SKD_OK;
    char *path;
    while (status == SKD_OK && (path = teacher_output(site, folder)) != NULL) {
        if (remove(path) != 0)
            status = skd_fail(err, SKD_EIO, "%s: cannot be removed", path);
        skd_free(path);
    }
    return status;
}

skd_status teacher_no_answer(skd_error *err) {
    if (err)
        err->status = SKD_ENUMERIC;
    return SKD_ENUMERIC;
}

int teacher_jobs(int jobs, int cores) {
    int n = skd_threads_available() / cores;
    return jobs > 0 ? jobs : n > 0 ? n : 1;
}

/* ---- running -------------------------------------------------------------------------------- */

/* The last line of the output that says something, for the message. */
static void last_line(const char *folder, const char *output, char *out, size_t room) {
    char *path = teacher_path(folder, output), *text = NULL;
    size_t n = 0;
    out[0] = '\0';
    if (path && skd_file_read(path, &text, &n, NULL) == SKD_OK) {
        skd_text t = skd_text_of(output, text, n);
        skd_span line;
        while (skd_text_line(&t, &line)) {
            skd_span rest = line, word;
            if (skd_span_word(&rest, &word))
                skd_span_copy((skd_span){word.p, (size_t)(line.p + line.n - word.p)}, out, room);
        }
    }
    skd_free(text);
    skd_free(path);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static skd_status attend(const teacher_site *site, const char *folder, skd_process *p, int *exit_code, skd_error *err) {
    const struct timespec poll = {0, POLL_MS * 1000000L};
    double began = now();
    skd_status status = SKD_OK;
    while (status == SKD_OK && !skd_process_ended(p, exit_code)) {
        nanosleep(&poll, NULL);
        if (site->stopped && site->stopped())
            status = skd_fail(err, SKD_ESTOPPED, "interrupted in %s", folder);
        else if (site->timeout > 0.0 && now() - began > site->timeout)
            status = skd_fail(err, SKD_ENUMERIC, "%s: no answer within %g s; it was ended", folder, site->timeout);
    }
    if (status != SKD_OK)
        skd_process_stop(p);
    return status;
}

skd_status teacher_run(const teacher_site *site, const char *folder, const char *command, const char *output,
                       skd_error *err) {
    skd_process p;
    bool left;
    char line[160];
    int exit_code = 0;
    skd_status status = skd_process_end_left(folder, &left, err);
    if (status == SKD_OK)
        status = skd_process_start(&p, folder, command, output, err);
    if (status == SKD_OK)
        status = attend(site, folder, &p, &exit_code, err);
    if (status != SKD_OK || exit_code == 0)
        return status;
    last_line(folder, output, line, sizeof line);
    return skd_fail(err, SKD_ENUMERIC, "%s: exit code %d%s%s", folder, exit_code, line[0] ? ": " : "", line);
}

/* ---- an evaluation -------------------------------------------------------------------------- */

skd_status teacher_compute(const teacher_asker *asker, const void *params, const teacher_site *site,
                           const skd_cell *cell, double charge, int want, teacher_work *work, skd_result *out,
                           skd_error *err) {
    char *folder = NULL;
    int lock = -1;
    skd_string level = {0};
    asker->level(params, &level);
    skd_status status = level.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a teacher")
                                     : teacher_folder(&folder, site, level.text, cell, charge, err);
    if (status == SKD_OK && asker->alone)
        status = teacher_enter(&lock, site, folder, err);
    if (status == SKD_OK) {
        const teacher_question question = {params, site, folder, level.text, cell, charge, want};
        status = asker->evaluate(&question, work, out, err);
    }
    teacher_leave(lock);
    if (status == SKD_OK)
        teacher_note_origin(work, folder, asker->input ? asker->input : site->input);
    skd_string_free(&level);
    skd_free(folder);
    return status;
}
