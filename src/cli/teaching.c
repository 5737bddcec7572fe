/* SPDX-License-Identifier: MIT */
/* teaching.c - see teaching.h. */
#include "teaching.h"

#include <stdio.h>
#include <string.h>

#include "models.h"
#include "verify_codes.h"

/* ---- a code's inputs ------------------------------------------------------------------------ */

static skd_status write_inputs(void *payload, const char *folder, const skd_cell *cell, double charge, skd_error *err) {
    teaching *t = payload;
    char title[160], formula[128];
    skd_status status;
    snprintf(title, sizeof title, "%s charge=%g", skd_cell_formula(cell, formula, sizeof formula), charge);
#pragma omp critical(skd_cli_inputs) /* it keeps the potentials of the last species */
    status = cli_inputs_write(&t->inputs, folder, cell, (int)lround(charge), title, err);
    return status;
}

static uint64_t hash_text(uint64_t h, const char *text) { return text ? skd_hash(h, text, strlen(text) + 1) : h; }

/* What decides about energies: the user's files, else the built-in template; and the potentials. */
static uint64_t hash_settings(const cli_inputs *in) {
    uint64_t h = hash_text(SKD_HASH_START, in->code->name);
    h = hash_text(h, in->user.text ? in->user.text : in->own[0].text ? in->own[0].text
                                                                     : skd_template_text(in->code->file[0]));
    h = hash_text(h, in->functional);
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        h = hash_text(h, in->pseudo[z]);
    return h;
}

static skd_status read_code(teaching *t, teachers_place *place, const cli_args *args, skd_error *err) {
    skd_status status = cli_inputs_open(&t->inputs, args, err);
    if (status != SKD_OK || !t->inputs.code)
        return status;
    const skd_code *code = t->inputs.code;
    const verify_code *run = verify_code_of(code);
    const char *text = t->inputs.user.text ? t->inputs.user.text : skd_template_text(code->file[0]);
    char functional[64];
    t->inputs.single_point = true;
    verify_functional(code, text ? text : "", text ? strlen(text) : 0, functional, sizeof functional);
    snprintf(t->level, sizeof t->level, "%s%s%s, settings %016llx", code->name, functional[0] ? "/" : "", functional,
             (unsigned long long)hash_settings(&t->inputs));
    snprintf(t->output, sizeof t->output, "%s %s", run->answer[0], run->answer[1] ? run->answer[1] : "");
    place->level = t->level;
    place->output = t->output;
    place->input = code->file[0];
    place->write = write_inputs;
    place->payload = t;
    return SKD_OK;
}

/* ---- the teacher ---------------------------------------------------------------------------- */

static skd_status check_names(const cli_args *args, skd_error *err) {
    static const char *const of_teacher[] = {"teacher-command", "teacher-input", "teacher-output", "teacher-level",
                                             "teacher-timeout", "teacher-cores", "code"};
    if (cli_text(args, "teacher") && cli_given(args, "potential"))
        return skd_fail(err, SKD_EARG, "--teacher and --potential: give one of the two");
    for (size_t i = 0; i < sizeof of_teacher / sizeof *of_teacher && !cli_text(args, "teacher"); i++)
        if (cli_given(args, of_teacher[i]) && !teachers_knows(cli_text(args, "potential")))
            return skd_fail(err, SKD_EARG, "--%s needs --teacher", of_teacher[i]);
    return SKD_OK;
}

static skd_status check_input(const cli_args *args, skd_error *err) {
    const char *name = cli_text(args, "teacher-input");
    if (!name)
        return SKD_OK;
    if (cli_given(args, "code"))
        return skd_fail(err, SKD_EARG, "--teacher-input and --code: give one of the two");
    const skd_format *format = skd_format_of(name, "", 0);
    if (!format || !format->print || strchr(name, '/'))
        return skd_fail(err, SKD_EARG, "--teacher-input %s: expected a name like POSCAR or frame.xyz", name);
    return SKD_OK;
}

skd_status teaching_potential_new(skd_potential **out, teaching *t, const cli_args *args, const char *spec,
                                  const char *folder, skd_error *err) {
    if (cli_text(args, "teacher"))
        spec = cli_text(args, "teacher");
    teachers_place place = {.folder = folder, .cores = (int)cli_int(args, "teacher-cores"),
                            .command = cli_text(args, "teacher-command"), .timeout = cli_real(args, "teacher-timeout"),
                            .stopped = cli_interrupted, .log = cli_log(false),
                            .lasts = strcmp(folder, TEACHING_FOLDER) != 0};
    *out = NULL;
    *t = (teaching){0};
    skd_status status = check_names(args, err);
    if (status == SKD_OK)
        status = check_input(args, err);
    if (status == SKD_OK)
        status = read_code(t, &place, args, err);
    if (cli_text(args, "teacher-input"))
        place.input = cli_text(args, "teacher-input");
    if (cli_text(args, "teacher-output"))
        place.output = cli_text(args, "teacher-output");
    if (cli_text(args, "teacher-level"))
        place.level = cli_text(args, "teacher-level");
    if (teachers_knows(spec)) /* a program that runs is to end with us */
        cli_catch_interrupts();
    return status == SKD_OK ? cli_potential_at(out, spec, &place, err) : status;
}

void teaching_free(teaching *t) { cli_inputs_close(&t->inputs); }

/* ---- waiting -------------------------------------------------------------------------------- */

skd_status teaching_wait(skd_status status, const skd_potential *potential, const char *folder, skd_error *err) {
    skd_string text = {0}, path = {0};
    const char *line;
    size_t n = 0;
    if (status != SKD_EWAITING)
        return status;
    while ((line = teachers_waiting(potential, n)) != NULL) {
        skd_string_add(&text, "%s\n", line);
        n++;
    }
    skd_string_add(&path, "%s/waiting.txt", folder);
    if (text.failed || path.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a list");
    else if (skd_file_write(path.text, text.text ? text.text : "", text.n, err) != SKD_OK)
        status = err->status;
    else
        skd_fail(err, status, "%zu input%s wait%s in %s (%s lists them); run the same command again when their outputs "
                 "are there", n, n == 1 ? "" : "s", n == 1 ? "s" : "", folder, path.text);
    skd_string_free(&text);
    skd_string_free(&path);
    return status;
}
