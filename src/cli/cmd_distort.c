/* SPDX-License-Identifier: MIT */
/* cmd_distort.c - only the starts: ShakeNBreak's folders with POSCARs and distortion_metadata.json. */
#include <string.h>

#include "cli.h"
#include "folders.h"
#include "inputs.h"
#include "plan.h"

static const cli_option options[] = {
    PLAN_OPTIONS("auto"),
    INPUTS_OPTIONS,
    {"output", 'o', CLI_TEXT, "DIR", ".", "where the folders go", 0, 0, "output"},
    CLI_QUIET,
    CLI_END};

/* ---- all starts of all defects and charges ------------------------------------------------ */

typedef struct made {
    skd_start_list *list;        /* [n] */
    skd_metadata_entry *entry;   /* [n], of the lists; defects stand together */
    size_t n;
} made;

static void made_free(made *m) {
    for (size_t k = 0; m->list && k < m->n; k++)
        skd_start_list_free(&m->list[k]);
    skd_free(m->list);
    skd_free(m->entry);
}

static skd_status make_all(made *m, const cli_plan *plan, skd_error *err) {
    size_t most = plan->charges.n;
    m->list = skd_alloc(most, sizeof *m->list);
    m->entry = skd_alloc(most, sizeof *m->entry);
    if (!m->list || !m->entry)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the starts of %zu defect states", most);
    for (size_t k = 0; k < plan->charges.n; k++) {
        const cli_state *state = &plan->charges.state[k];
        skd_status status = skd_starts_of(&m->list[m->n], state->defect, state->charge, &plan->starts, err);
        if (status != SKD_OK) {
            skd_error_prefix(err, "%s at charge %d", state->defect->name, state->charge);
            return status;
        }
        m->entry[m->n] = (skd_metadata_entry){state->defect, state->charge, &m->list[m->n]};
        m->n++;
    }
    return SKD_OK;
}

/* ---- what is written ----------------------------------------------------------------------- */

static skd_status write_metadata(const char *folder, const skd_metadata_entry *entry, size_t n,
                                 const skd_start_options *starts, skd_error *err) {
    char *text;
    skd_string path = {0};
    skd_status status = skd_distortion_metadata(&text, entry, n, starts, err);
    if (status != SKD_OK)
        return status;
    skd_string_add(&path, "%s/distortion_metadata.json", folder);
    if (path.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    else
        status = skd_file_write(path.text, text, strlen(text), err);
    skd_string_free(&path);
    skd_free(text);
    return status;
}

static skd_status write_entry(const char *root, const skd_metadata_entry *e, const skd_start_options *starts,
                              cli_inputs *inputs, skd_error *err) {
    char entry[96];
    skd_string folder = {0};
    skd_status status = inputs->code
                            ? cli_inputs_write_starts(inputs, root, e->defect, e->charge, e->starts, err)
                            : folders_write_starts(root, e->defect, e->charge, e->starts, err);
    skd_string_add(&folder, "%s/%s", root, skd_defect_entry_name(e->defect, e->charge, entry, sizeof entry));
    if (status == SKD_OK && folder.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = write_metadata(folder.text, e, 1, starts, err);
    skd_string_free(&folder);
    return status;
}

static void report_entry(const skd_metadata_entry *e) {
    char entry[96];
    size_t dropped = 0;
    for (size_t i = 0; i < e->starts->n; i++)
        dropped += e->starts->start[i].dropped;
    skd_defect_entry_name(e->defect, e->charge, entry, sizeof entry);
    printf("%-24s %zu starts, N = %d, rattle %.4f Å\n", entry, e->starts->n - dropped,
           e->starts->start[0].n_neighbours, e->starts->stdev);
    for (size_t i = 0; i < e->starts->n; i++)
        if (e->starts->start[i].dropped)
            printf("  left out %s: %s\n", e->starts->start[i].name, e->starts->start[i].why);
}

static skd_status write_all(const cli_args *args, const cli_plan *plan, const made *m, cli_inputs *inputs,
                            skd_error *err) {
    const char *root = cli_text(args, "output");
    skd_status status = skd_folder_make(root, err);
    for (size_t k = 0; status == SKD_OK && k < m->n; k++)
        status = write_entry(root, &m->entry[k], &plan->starts, inputs, err);
    if (status == SKD_OK)
        status = write_metadata(root, m->entry, m->n, &plan->starts, err);
    if (status != SKD_OK || cli_flag(args, "quiet"))
        return status;
    cli_plan_print(plan, stdout);
    for (size_t k = 0; k < m->n; k++)
        report_entry(&m->entry[k]);
    printf("\nwrote %s%s in ShakeNBreak's folders and distortion_metadata.json to %s\n",
           inputs->code ? inputs->code->summary : "POSCARs", inputs->potentials.n ? " with potentials" : "", root);
    cli_inputs_notice(inputs, stdout);
    return status;
}

static skd_status run_distort(const cli_args *args, int *exit_code, skd_error *err) {
    cli_plan plan = {0};
    made m = {0};
    cli_inputs inputs;
    (void)exit_code;
    if (cli_list_kinds(args))
        return SKD_OK;
    skd_status status = cli_inputs_open(&inputs, args, err);
    if (status == SKD_OK)
        status = cli_plan_make(&plan, args, err);
    if (status == SKD_OK) {
        status = make_all(&m, &plan, err);
    }
    if (status == SKD_OK)
        status = write_all(args, &plan, &m, &inputs, err);
    cli_inputs_close(&inputs);
    made_free(&m);
    cli_plan_free(&plan);
    return status;
}

const cli_command cmd_distort = {
    .name = "distort",
    .group = "search",
    .summary = "Write the distorted starts of a host's point defects",
    .usage = "HOST --defect NAMES [--charges LIST] [-o DIR]",
    .text = PLAN_TEXT,
    .options = options,
    .max_operands = 1,
    .run = run_distort,
};
