/* SPDX-License-Identifier: MIT */
/* files.c - a queue as a teacher: inputs are written, and their outputs are read when they are there. Which are not,
 * the list of those that wait says. */
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "shakedown/data.h"

typedef struct params {
    teacher_site site;
    char **waiting; /* [n] "FOLDER: why", owned; filled under a lock */
    size_t n, room;
} params;

static void destroy(void *params_taken) {
    params *p = params_taken;
    for (size_t i = 0; i < p->n; i++)
        skd_free(p->waiting[i]);
    skd_free(p->waiting);
    teacher_site_free(&p->site);
    skd_free(p);
}

static void print_level(const void *of, skd_string *line) {
    const params *p = of;
    teacher_level(&p->site, "files", p->site.input, line);
}

static skd_status create(void **out, const char *settings, const teachers_place *place, skd_error *err) {
    *out = NULL;
    if (*settings)
        return skd_fail(err, SKD_EARG, "files: takes no settings; found '%.60s'", settings);
    if (!place->output)
        return skd_fail(err, SKD_EARG, "files: give --code NAME, or --teacher-output FILE, where the queue leaves "
                        "energy and forces");
    params *p = skd_alloc(1, sizeof *p);
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    teachers_place own = *place;
    own.input = place->input ? place->input : "POSCAR";
    skd_status status = teacher_site_copy(&p->site, &own, err);
    if (status == SKD_OK)
        *out = p;
    else
        destroy(p);
    return status;
}

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    return cell->n ? SKD_OK : skd_fail(err, SKD_EARG, "files: no atoms");
}

/* ---- who waits ------------------------------------------------------------------------------ */

static skd_status note_waiting(params *p, const char *folder, const char *why, skd_error *err) {
    skd_string line = {0};
    skd_status status;
    skd_string_add(&line, "%s: %s", folder, why);
#pragma omp critical(skd_teachers_waiting)
    {
        status = line.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a list")
                             : skd_grow((void **)&p->waiting, &p->room, p->n + 1, sizeof *p->waiting, err);
        if (status == SKD_OK)
            p->waiting[p->n++] = line.text;
    }
    if (status != SKD_OK)
        skd_string_free(&line);
    return status;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

const char *teacher_files_waiting(const void *of, size_t k) {
    const params *p = of;
    if (k == 0 && p->n)
        qsort(p->waiting, p->n, sizeof *p->waiting, by_name);
    return k < p->n ? p->waiting[k] : NULL;
}

/* ---- an evaluation -------------------------------------------------------------------------- */

/* Inputs are written once: a queue may be reading them. */
static skd_status ask(const teacher_question *q, skd_error *err) {
    char *path = teacher_path(q->folder, TEACHER_ASKED);
    const skd_string nothing = {0};
    skd_status status = path ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK && !skd_file_exists(path)) {
        status = teacher_inputs(q->site, q->folder, q->cell, q->charge, err);
        if (status == SKD_OK)
            status = teacher_write(q->folder, TEACHER_ASKED, &nothing, err);
    }
    skd_free(path);
    return status;
}

static skd_status evaluate(const teacher_question *q, teacher_work *work, skd_result *out, skd_error *err) {
    skd_error why = {SKD_OK, "no output yet"};
    params *p = (params *)(uintptr_t)q->params; /* the list is its only part that changes */
    char *path = teacher_output(q->site, q->folder);
    skd_status status = path ? teacher_answer(out, path, q->cell, q->want, work, &why) : SKD_EWAITING;
    skd_free(path);
    if (status == SKD_OK)
        return status;
    if (status != SKD_EWAITING)
        return skd_fail(err, status, "%s", why.text);
    size_t n = strlen(q->folder);
    const char *rest = why.text + (strncmp(why.text, q->folder, n) == 0 && why.text[n] == '/' ? n + 1 : 0);
    status = ask(q, err);
    if (status == SKD_OK)
        status = note_waiting(p, q->folder, rest, err);
    return status == SKD_OK ? skd_fail(err, SKD_EWAITING, "%s: %s", q->folder, rest) : status;
}

static const teacher_asker asker = {.level = print_level, .evaluate = evaluate};

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    return teacher_compute(&asker, p, &p->site, cell, charge, want, work, out, err);
}

const skd_potential_type teacher_files_type = {
    .name = "files",
    .summary = "inputs for a queue, which stop the search until their outputs are there; see --code, --teacher-output",
    .reference = "",
    TEACHER_TYPE,
    .destroy = destroy,
    .check = check,
    .compute = compute,
};

const teacher_kind teacher_files = {&teacher_files_type, create, print_level, NULL};
