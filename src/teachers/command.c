/* SPDX-License-Identifier: MIT */
/* command.c - a user's command as a teacher: it finds the frame in its folder and leaves an output there. */
#include <string.h>

#include "kind.h"
#include "shakedown/data.h"

#define LOG_FILE "command.log" /* what the command says */

typedef struct params {
    teacher_site site;
    int cores, jobs;
} params;

static const teacher_setting rows[] = {
    {"cores", TEACHER_COUNT, offsetof(params, cores), 1, 1024, false},
    {"jobs", TEACHER_COUNT, offsetof(params, jobs), 1, 1024, false},
    {NULL, TEACHER_TEXT, 0, 0, 0, false},
};

static void destroy(void *params_taken) {
    params *p = params_taken;
    teacher_site_free(&p->site);
    skd_free(p);
}

static void print_level(const void *of, skd_string *line) {
    const params *p = of;
    teacher_level(&p->site, "command", p->site.command, line);
}

static skd_status check_place(const teachers_place *place, skd_error *err) {
    if (!place->command)
        return skd_fail(err, SKD_EARG, "command: give --teacher-command 'PROGRAM ... {input}'");
    if (!place->output)
        return skd_fail(err, SKD_EARG, "command: give --teacher-output FILE, where its energy and forces are");
    return SKD_OK;
}

static skd_status create(void **out, const char *settings, const teachers_place *place, skd_error *err) {
    *out = NULL;
    skd_status status = check_place(place, err);
    params *p = status == SKD_OK ? skd_alloc(1, sizeof *p) : NULL;
    if (!p)
        return status != SKD_OK ? status : skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    teachers_place own = *place;
    own.input = place->input ? place->input : "POSCAR";
    *p = (params){.cores = place->cores > 0 ? place->cores : 1};
    status = teacher_settings_parse(p, rows, "command", settings, err);
    if (status == SKD_OK)
        status = teacher_site_copy(&p->site, &own, err);
    if (status == SKD_OK)
        *out = p;
    else
        destroy(p);
    return status;
}

static int at_once(const void *of) { return teacher_jobs(((const params *)of)->jobs, ((const params *)of)->cores); }

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    return cell->n ? SKD_OK : skd_fail(err, SKD_EARG, "command: no atoms");
}

/* An answer that is there already: of a search that was killed before it could keep it. */
static skd_status look(const teacher_question *q, teacher_work *work, skd_result *out, skd_error *err) {
    char *path = teacher_output(q->site, q->folder);
    skd_status status = path ? teacher_answer(out, path, q->cell, q->want, work, err)
                             : skd_fail(err, SKD_EWAITING, "%s: no %s", q->folder, q->site->output);
    skd_free(path);
    return status;
}

static skd_status run(const teacher_question *q, skd_error *err) {
    skd_string command = {0};
    skd_status status = teacher_clear(q->site, q->folder, err);
    if (status == SKD_OK)
        status = teacher_inputs(q->site, q->folder, q->cell, q->charge, err);
    teacher_fill(&command, q->site->command, q->site, q->folder, q->charge);
    if (status == SKD_OK && command.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a command");
    if (status == SKD_OK)
        status = teacher_run(q->site, q->folder, command.text, LOG_FILE, err);
    skd_string_free(&command);
    return status;
}

static skd_status evaluate(const teacher_question *q, teacher_work *work, skd_result *out, skd_error *err) {
    skd_status status = look(q, work, out, NULL);
    if (status == SKD_OK || status == SKD_ENOMEM)
        return status == SKD_OK ? status : skd_fail(err, status, "out of memory for an answer");
    status = run(q, err);
    if (status == SKD_OK)
        status = look(q, work, out, err);
    return status == SKD_EWAITING ? teacher_no_answer(err) : status;
}

static const teacher_asker asker = {.level = print_level, .alone = true, .evaluate = evaluate};

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    return teacher_compute(&asker, p, &p->site, cell, charge, want, work, out, err);
}

static const skd_potential_type type = {
    .name = "command",
    .summary = "a command of yours that reads a POSCAR or extended XYZ and leaves an output; see --teacher-command",
    .reference = "",
    TEACHER_TYPE,
    .destroy = destroy,
    .check = check,
    .compute = compute,
};

const teacher_kind teacher_command = {&type, create, print_level, at_once};
