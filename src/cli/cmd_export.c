/* SPDX-License-Identifier: MIT */
/* cmd_export.c - writes the best candidates of a search for verification: POSCARs or the inputs of a code in
 * ShakeNBreak's folders, one extended XYZ a defect, or CIFs. */
#include <string.h>

#include "cli.h"
#include "export_labels.h"
#include "folders.h"
#include "inputs.h"
#include "report.h"

static const cli_option options[] = {
    {"top", 't', CLI_INT, "N", "3", "how many families of each defect and charge", 1, 10000, NULL},
    {"window", 0, CLI_REAL, "eV", NULL, "only families within this of the lowest", 0, 1000, NULL},
    {"format", 'f', CLI_TEXT, "NAME", "poscar", "poscar, xyz or cif", 0, 0, NULL},
    {"selective", 0, CLI_FLAG, NULL, NULL, "POSCARs: atoms of a held far field F F F", 0, 0, NULL},
    {"output", 'o', CLI_TEXT, "DIR", NULL, "folder to write to; default: DIR/export", 0, 0, NULL},
    {"labels", 0, CLI_TEXT, "FILE", NULL,
     "instead: every frame that the teacher labelled, with energy, forces, level and where they came from (extended "
     "XYZ, .gz compresses)",
     0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    INPUTS_OPTIONS,
    CLI_END};

typedef struct export_job {
    const skd_job *job;
    const skd_ranking *ranking;
    const skd_cell *given; /* the host as it was before it was relaxed; NULL if it was not */
    const skd_format *format;
    cli_inputs *inputs;
    const char *folder;
    bool selective;
    size_t n; /* families to write */
} export_job;

static size_t families_wanted(const cli_args *args, const skd_ranking *r) {
    size_t n = (size_t)cli_int(args, "top") < r->n ? (size_t)cli_int(args, "top") : r->n;
    double window = cli_given(args, "window") ? cli_real(args, "window") : HUGE_VAL;
    while (n > 1 && r->family[n - 1].energy > r->family[0].energy + window)
        n--;
    return n;
}

static void describe(const export_job *e, const skd_family *f, char *out, size_t size) {
    snprintf(out, size, "rank %zu of %zu, dE %+.4f eV, from %s%s", f->rank, e->ranking->n, f->relative,
             e->job->starts.start[f->best].name, e->given ? ", moved into the given cell" : "");
}

static skd_status make_folder_of(char *path, skd_error *err) {
    char *slash = strrchr(path, '/');
    *slash = '\0';
    skd_status status = skd_folder_make(path, err);
    *slash = '/';
    return status;
}

/* The candidate's structure, in the host as given; the caller's. */
static skd_status candidate_cell(skd_cell **out, const export_job *e, const skd_family *f, skd_error *err) {
    const skd_cell *cell = e->job->minimum[f->best].cell;
    return e->given ? skd_host_map_back(out, cell, e->job->defect, e->given, err) : skd_cell_copy(out, cell, err);
}

/* The POSCAR, or all inputs, of one candidate; path is the POSCAR's. */
static skd_status write_candidate(const export_job *e, char *path, const skd_cell *cell, const char *comment,
                                  skd_error *err) {
    if (e->inputs->code) {
        *strrchr(path, '/') = '\0';
        e->inputs->held = e->selective ? e->job->tether : NULL;
        return cli_inputs_write(e->inputs, path, cell, e->job->charge, comment, err);
    }
    skd_status status = make_folder_of(path, err);
    return status == SKD_OK
               ? folders_write_selective(path, cell, e->selective ? e->job->tether : NULL, comment, err)
               : status;
}

static skd_status write_poscars(const export_job *e, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < e->n && status == SKD_OK; i++) {
        const skd_family *f = &e->ranking->family[i];
        char comment[160];
        describe(e, f, comment, sizeof comment);
        const char *start = e->job->starts.start[f->best].name;
        char *path = folders_path(e->folder, e->job->defect, e->job->charge, start, "POSCAR");
        if (!path)
            return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
        skd_cell *cell = NULL;
        status = candidate_cell(&cell, e, f, err);
        if (status == SKD_OK)
            status = write_candidate(e, path, cell, comment, err);
        skd_cell_free(cell);
        if (status == SKD_OK)
            printf("%s  (%s)\n", path, comment);
        skd_free(path);
    }
    return status;
}

static skd_status add_info(skd_frame *frame, const export_job *e, const skd_family *f, skd_error *err) {
    char entry[96], rank[32], relative[32];
    snprintf(rank, sizeof rank, "%zu", f->rank);
    snprintf(relative, sizeof relative, "%.6f", f->relative);
    const char *info[][2] = {{"defect", skd_defect_entry_name(e->job->defect, e->job->charge, entry, sizeof entry)},
                             {"start", e->job->starts.start[f->best].name},
                             {"rank", rank},
                             {"relative_energy", relative}};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < sizeof info / sizeof *info && status == SKD_OK; i++)
        status = skd_frame_set_info(frame, info[i][0], info[i][1], err);
    return status;
}

/* The frame of one candidate, with energy and forces where they are those of this cell. */
static skd_status candidate_frame(skd_frame **out, const export_job *e, const skd_family *f, skd_error *err) {
    const skd_minimum *m = &e->job->minimum[f->best];
    skd_cell *cell;
    *out = NULL;
    skd_status status = candidate_cell(&cell, e, f, err);
    if (status == SKD_OK)
        status = skd_frame_new(out, cell, err);
    if (status != SKD_OK)
        return status;
    (*out)->has_energy = !e->given;
    (*out)->energy = m->energy;
    if (m->force && !e->given && !((*out)->force = skd_copy(m->force, m->cell->n, sizeof *m->force)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for forces");
    return add_info(*out, e, f, err);
}

static skd_status write_frames(const export_job *e, const skd_frames *frames, const char *suffix, skd_error *err) {
    char entry[96];
    skd_string path = {0};
    skd_string_add(&path, "%s/%s%s.%s", e->folder,
                   skd_defect_entry_name(e->job->defect, e->job->charge, entry, sizeof entry), suffix, e->format->name);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK)
        status = make_folder_of(path.text, err);
    if (status == SKD_OK)
        status = skd_frames_write(frames, path.text, e->format, err);
    if (status == SKD_OK)
        printf("%s\n", path.text);
    skd_string_free(&path);
    return status;
}

/* XYZ: all candidates in one file; other formats: one file a candidate. */
static skd_status write_other(const export_job *e, skd_error *err) {
    bool one_file = strcmp(e->format->name, "xyz") == 0;
    skd_frames frames = {0};
    skd_status status = skd_grow((void **)&frames.frame, &frames.capacity, e->n, sizeof *frames.frame, err);
    for (size_t i = 0; i < e->n && status == SKD_OK; i++) {
        status = candidate_frame(&frames.frame[frames.n], e, &e->ranking->family[i], err);
        frames.n += frames.frame[frames.n] != NULL;
    }
    if (status == SKD_OK && one_file)
        status = write_frames(e, &frames, "", err);
    for (size_t i = 0; i < e->n && status == SKD_OK && !one_file; i++) {
        char suffix[32];
        snprintf(suffix, sizeof suffix, "_rank%zu", i + 1);
        skd_frames single = {.n = 1, .frame = &frames.frame[i]};
        status = write_frames(e, &single, suffix, err);
    }
    skd_frames_free(&frames);
    return status;
}

static skd_status export_all(const cli_args *args, const run_contents *run, const skd_ranking *rankings,
                             const skd_format *format, cli_inputs *inputs, skd_error *err) {
    skd_string folder = {0};
    if (cli_text(args, "output"))
        skd_string_add(&folder, "%s", cli_text(args, "output"));
    else
        skd_string_add(&folder, "%s/export", args->operand[0]);
    skd_status status = folder.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++)
        status = cli_inputs_check(inputs, run->job[j]->defect->cell, run->job[j]->charge, err);
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++) {
        export_job e = {run->job[j], &rankings[j], run->given, format, inputs, folder.text, cli_flag(args, "selective"),
                        families_wanted(args, &rankings[j])};
        if (e.n > 0)
            status = strcmp(format->name, "poscar") == 0 ? write_poscars(&e, err) : write_other(&e, err);
    }
    skd_string_free(&folder);
    return status;
}

static skd_status run_labels(const cli_args *args, skd_error *err) {
    const char *path = cli_text(args, "labels");
    size_t n, n_failed;
    skd_status status = export_labels(args->operand[0], path, &n, &n_failed, err);
    if (status == SKD_OK && strcmp(path, "-") != 0) {
        printf("%s: %zu frames", path, n);
        if (n_failed)
            printf("; %zu questions had no answer", n_failed);
        putchar('\n');
    }
    return status;
}

static skd_status run_export(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    if (cli_text(args, "labels"))
        return run_labels(args, err);
    const skd_format *format = skd_format_named(cli_text(args, "format"));
    if (!format || !format->print)
        return skd_fail(err, SKD_EARG, "--format: expected poscar, xyz or cif; found '%s'", cli_text(args, "format"));
    if (cli_given(args, "format") && cli_given(args, "code"))
        return skd_fail(err, SKD_EARG, "--format and --code contradict each other: a code reads its own files");
    report_run run = {0};
    cli_inputs inputs;
    skd_status status = cli_inputs_open(&inputs, args, err);
    bool poscars = inputs.code ? cli_inputs_are_poscars(&inputs) : strcmp(format->name, "poscar") == 0;
    if (status == SKD_OK && cli_flag(args, "selective") && !poscars)
        status = skd_fail(err, SKD_EARG, "--selective: only POSCARs hold flags");
    if (status == SKD_OK)
        status = report_open(&run, args->operand[0], args, err);
    if (status == SKD_OK)
        status = export_all(args, &run.contents, run.rankings, format, &inputs, err);
    if (status == SKD_OK)
        cli_inputs_notice(&inputs, stdout);
    cli_inputs_close(&inputs);
    report_close(&run);
    return status;
}

const cli_command cmd_export = {
    .name = "export",
    .group = "search",
    .summary = "Write the best candidates of a search for verification",
    .usage = "DIR [--top N] [--code NAME] [--labels FILE]",
    .text = NULL,
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_export,
};
