/* SPDX-License-Identifier: MIT */
/* cmd_collect.c - takes the answers of what `verify` wrote: stores them with the run, ranks the families by them, and
 * says where the two levels disagree and what is missing. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "run_dft.h"
#include "verify_correct.h"
#include "verify_read.h"
#include "verify_table.h"

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "DIR", NULL, "folder that 'verify' wrote to; default: RUN/verify", 0, 0, NULL},
    {"uncorrected", 0, CLI_FLAG, NULL, NULL, "do not fit a correction of the search's potential to single points", 0, 0,
     NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_JSON,
    CLI_END};

typedef struct collection {
    const cli_args *args;
    report_run run;
    char *dir;
    skd_string problems; /* one line each */
    size_t n_problems, n_read, n_calcs;
    char level[96];  /* of the single points */
    size_t n_taught; /* by which the search's potential was corrected */
    skd_writer *labels;
    cJSON *missing;
} collection;

/* ---- one calculation ---------------------------------------------------------------------- */

static void complain(collection *c, const verify_manifest *m, const verify_calc *calc, const char *why) {
    cJSON *o = cJSON_CreateObject();
    skd_string_add(&c->problems, "%s/%s: %s\n", verify_stage_name[m->stage], calc->folder, why);
    cJSON_AddStringToObject(o, "stage", verify_stage_name[m->stage]);
    cJSON_AddStringToObject(o, "folder", calc->folder);
    cJSON_AddStringToObject(o, "why", why);
    cJSON_AddItemToArray(c->missing, o);
    c->n_problems++;
}

static skd_status add_label(collection *c, const run_dft *d, const verify_calc *calc, skd_error *err) {
    skd_cell *cell;
    skd_frame *frame = NULL;
    char charge[16];
    skd_status status = skd_cell_copy(&cell, d->cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, cell, err);
    if (status == SKD_OK && !(frame->force = skd_copy(d->force, d->cell->n, sizeof *d->force)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for forces");
    if (status == SKD_OK) {
        frame->has_energy = true;
        frame->energy = d->energy;
        status = skd_frame_set_info(frame, "level", d->level, err);
    }
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "candidate", calc->folder, err);
    snprintf(charge, sizeof charge, "%d", c->run.contents.job[calc->job]->charge);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "charge", charge, err);
    if (status == SKD_OK)
        status = skd_writer_add(c->labels, frame, err);
    skd_frame_free(frame);
    return status;
}

static skd_status keep(collection *c, const verify_manifest *m, const verify_calc *calc, verify_answer *a,
                       skd_error *err) {
    run_dft d = {.job = calc->job, .start = calc->start, .relaxed = m->stage == VERIFY_RELAX, .stalled = a->stalled,
                 .n_steps = a->n_steps, .cell = a->cell, .energy = a->energy, .magmom = a->magmom,
                 .force = a->force};
    snprintf(d.level, sizeof d.level, "%s", m->level);
    snprintf(d.version, sizeof d.version, "%s", a->version);
    snprintf(d.source, sizeof d.source, "%s", a->source);
    skd_status status = d.force ? add_label(c, &d, calc, err) : SKD_OK;
    if (d.relaxed) {
        d.trace = a->trace;
        a->trace = (skd_trace){0};
    }
    a->cell = NULL;
    a->force = NULL;
    if (status != SKD_OK) {
        run_dft_free(&d);
        return status;
    }
    c->n_read++;
    return run_dft_keep(&c->run.store, &d, c->run.contents.job, err);
}

/* A result that was stored before stays when its files are gone. */
static bool was_collected(const collection *c, const verify_manifest *m, const verify_calc *calc) {
    return run_dft_find(&c->run.store, calc->job, calc->start, m->stage == VERIFY_RELAX, m->level) != NULL;
}

static skd_status collect_calc(collection *c, const verify_manifest *m, const verify_calc *calc, skd_error *err) {
    skd_cell *asked;
    verify_answer a = {0};
    skd_status status = verify_structure(&asked, &c->run.contents, calc->job, calc->start, err);
    if (status != SKD_OK)
        return status;
    c->n_calcs++;
    char *folder = verify_path(m, calc, NULL);
    const char *changed = folder ? verify_calc_changed(calc, folder) : NULL;
    if (!folder)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = verify_read(&a, m, calc, asked, err);
    if (status == SKD_OK && calc->structure != verify_checksum(asked))
        complain(c, m, calc, "of an earlier state of this run; left out");
    else if (status == SKD_OK && a.state == VERIFY_DONE)
        status = keep(c, m, calc, &a, err);
    else if (status == SKD_OK && !(a.state == VERIFY_ABSENT && was_collected(c, m, calc)))
        complain(c, m, calc, a.why);
    if (status == SKD_OK && changed && a.state == VERIFY_DONE)
        fprintf(stderr, "notice: %s/%s is not as it was written; the level may not be %s\n", folder, changed, m->level);
    verify_answer_free(&a);
    skd_free(folder);
    skd_cell_free(asked);
    return status;
}

static skd_status check_calc(const collection *c, const verify_manifest *m, const verify_calc *calc, skd_error *err) {
    const run_contents *run = &c->run.contents;
    bool there = calc->job < run->n_jobs && calc->start < run->job[calc->job]->starts.n &&
                 run->job[calc->job]->minimum[calc->start].cell;
    return there ? SKD_OK
                 : skd_fail(err, SKD_EARG, "%s/manifest.json: %s is no candidate of this run", m->folder, calc->folder);
}

static skd_status collect_stage(collection *c, verify_stage stage, bool *found, skd_error *err) {
    verify_manifest m;
    skd_status status = verify_manifest_read(&m, c->dir, stage, found, err);
    if (stage == VERIFY_POINTS)
        snprintf(c->level, sizeof c->level, "%s", m.level);
    for (size_t i = 0; i < m.n && status == SKD_OK; i++)
        status = check_calc(c, &m, &m.calc[i], err);
    for (size_t i = 0; i < m.n && status == SKD_OK; i++)
        status = collect_calc(c, &m, &m.calc[i], err);
    verify_manifest_free(&m);
    return status;
}

/* ---- all of them -------------------------------------------------------------------------- */

static skd_status collect_all(collection *c, skd_error *err) {
    skd_string path = {0};
    bool found[VERIFY_N_STAGES] = {false};
    skd_string_add(&path, "%s/labels.xyz", c->dir);
    bool is_folder;
    skd_names names = {0};
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                    : skd_folder_list(&names, c->dir, &is_folder, err);
    skd_names_free(&names);
    if (status == SKD_OK && is_folder)
        status = skd_writer_open(&c->labels, path.text, err);
    for (verify_stage s = VERIFY_POINTS; s < VERIFY_N_STAGES && status == SKD_OK && is_folder; s++)
        status = collect_stage(c, s, &found[s], err);
    if (status == SKD_OK && !found[VERIFY_POINTS] && !found[VERIFY_RELAX])
        status = skd_fail(err, SKD_EARG, "%s holds nothing to collect (no manifest); run 'shakedown verify %s --code "
                          "NAME' first", c->dir, c->args->operand[0]);
    skd_status closed = skd_writer_close(c->labels, status == SKD_OK && c->n_read > 0, status == SKD_OK ? err : NULL);
    c->labels = NULL;
    skd_string_free(&path);
    return status == SKD_OK ? closed : status;
}

static void print_all(const collection *c, const verify_view *view, size_t n, FILE *out) {
    for (size_t i = 0; i < n; i++) {
        verify_view_print(out, &view[i]);
        fputc('\n', out);
    }
    if (c->n_problems)
        fprintf(out, "Without a result, %zu of %zu:\n%s", c->n_problems, c->n_calcs,
                c->problems.text ? c->problems.text : "");
    else
        fprintf(out, "All %zu calculations have a result.\n", c->n_calcs);
}

static skd_status write_ranking(const collection *c, const verify_view *view, size_t n, skd_error *err) {
    char *text = NULL;
    size_t size = 0;
    skd_string path = {0};
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the table");
    print_all(c, view, n, memory);
    skd_string_add(&path, "%s/ranking.txt", c->dir);
    skd_status status = fclose(memory) != 0 || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the table")
                                                           : skd_file_write(path.text, text, size, err);
    skd_string_free(&path);
    free(text);
    return status;
}

static skd_status print_json(collection *c, const verify_view *view, size_t n, skd_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddStringToObject(root, "run", c->args->operand[0]);
    cJSON *list = cJSON_AddArrayToObject(root, "defects");
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, verify_view_json(&view[i]));
    cJSON_AddItemToObject(root, "missing", c->missing);
    c->missing = NULL;
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    puts(text);
    cJSON_free(text);
    return SKD_OK;
}

/* What the single points teach the search's potential; where that cannot be fitted, `collect` does not fail. */
static skd_status correct(collection *c, skd_error *err) {
    skd_string path = {0};
    skd_error said = {SKD_OK, ""};
    skd_string_add(&path, "%s/" VERIFY_MODEL, c->dir);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK)
        status = verify_correct_fit(&c->run, c->level, path.text, &c->n_taught, &said);
    skd_string_free(&path);
    if (said.status != SKD_OK && said.status != SKD_ENOMEM && said.status != SKD_EIO) {
        fprintf(stderr, "notice: no correction of %s: %s\n", c->run.contents.record.potential, said.text);
        c->n_taught = 0;
        return SKD_OK;
    }
    return said.status != SKD_OK ? skd_fail(err, said.status, "%s", said.text) : status;
}

static skd_status show(collection *c, skd_error *err) {
    verify_view *view = NULL;
    size_t n = 0;
    skd_status status = verify_views_make(&view, &n, &c->run, (int)cli_int(c->args, "threads"), err);
    if (status == SKD_OK && (c->problems.failed || !c->missing))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a list");
    if (status == SKD_OK)
        status = write_ranking(c, view, n, err);
    if (status == SKD_OK && cli_flag(c->args, "json"))
        status = print_json(c, view, n, err);
    else if (status == SKD_OK) {
        print_all(c, view, n, stdout);
        printf("\nwrote %s/ranking.txt%s\n", c->dir,
               c->n_read ? ", labels.xyz beside it (energies and forces; 'shakedown model train' reads it)" : "");
        if (c->n_taught)
            printf("and %s/" VERIFY_MODEL ": %s with a correction fitted to %zu single points\n", c->dir,
                   c->run.contents.record.potential, c->n_taught);
    }
    verify_views_free(view, n);
    return status;
}

static skd_status run_collect(const cli_args *args, int *exit_code, skd_error *err) {
    collection c = {.args = args, .missing = cJSON_CreateArray()};
    skd_string dir = {0};
    skd_string_add(&dir, "%s%s", cli_text(args, "output") ? cli_text(args, "output") : args->operand[0],
                   cli_text(args, "output") ? "" : "/verify");
    c.dir = dir.text;
    skd_status status = dir.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                   : report_open(&c.run, args->operand[0], args, err);
    if (status == SKD_OK)
        status = collect_all(&c, err);
    if (status == SKD_OK && c.n_read > 0 && !cli_flag(args, "uncorrected"))
        status = correct(&c, err);
    if (status == SKD_OK)
        status = show(&c, err);
    *exit_code = c.n_problems ? CLI_NOT_CONVERGED : CLI_OK;
    cJSON_Delete(c.missing);
    skd_string_free(&c.problems);
    skd_string_free(&dir);
    report_close(&c.run);
    return status;
}

const cli_command cmd_collect = {
    .name = "collect",
    .group = "verification",
    .summary = "Take the answers of 'verify' and rank the families by them",
    .usage = "RUN [-o DIR]",
    .text = "Energies are stored with the run (stage=dft in run.db), under the name of their level. Calculations\n"
            "without a result are named, with the reason; collect as often as you like.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_collect,
};
