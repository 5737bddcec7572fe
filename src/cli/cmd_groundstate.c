/* SPDX-License-Identifier: MIT */
/* cmd_groundstate.c - copies the structure of each defect's lowest run: what snb-groundstate does. */
#include "snb_tree.h"

static const cli_option options[] = {
    {"directory", 'd', CLI_TEXT, "NAME", "Groundstate", "folder in the defect's folder that is written to", 0, 0, NULL},
    {"groundstate-filename", 0, CLI_TEXT, "NAME", "POSCAR", "file that is written", 0, 0, NULL},
    {"gsf", 0, CLI_TEXT, "NAME", NULL, "the same", 0, 0, NULL},
    {"structure-filename", 0, CLI_TEXT, "NAME", NULL, "file with a final structure; default: the code's", 0, 0, NULL},
    {"sf", 0, CLI_TEXT, "NAME", NULL, "the same", 0, 0, NULL},
    {"path", 'p', CLI_TEXT, "DIR", ".", "folder that holds the folders of the defects", 0, 0, NULL},
    {"code", 0, CLI_TEXT, "NAME", "vasp", "vasp, espresso, cp2k, castep, fhi-aims", 0, 0, NULL},
    {"non-verbose", 0, CLI_FLAG, NULL, NULL, "say nothing", 0, 0, NULL},
    {"nv", 0, CLI_FLAG, NULL, NULL, "the same", 0, 0, NULL},
    CLI_END};

static const char *either(const cli_args *args, const char *name, const char *alias, const char *otherwise) {
    const char *text = cli_text(args, alias) ? cli_text(args, alias) : cli_text(args, name);
    return text ? text : otherwise;
}

static skd_status copy_file(const char *from, const char *to, skd_error *err) {
    char *text = NULL;
    size_t n = 0;
    skd_status status = skd_file_read(from, &text, &n, err);
    if (status == SKD_OK)
        status = skd_file_write(to, text, n, err);
    skd_free(text);
    return status;
}

static skd_status copy_lowest(const snb_species *s, const cli_args *args, const snb_code *code, skd_error *err) {
    const snb_run *lowest = snb_lowest(s);
    char title[64];
    skd_string from = {0}, folder = {0}, to = {0};
    if (!lowest || !lowest->folder)
        return skd_fail(err, SKD_EFORMAT, "%s: no energies, or none of a run whose folder is there", s->path);
    skd_string_add(&from, "%s/%s/%s", s->path, lowest->folder,
                   either(args, "structure-filename", "sf", code->structure));
    skd_string_add(&folder, "%s/%s", s->path, cli_text(args, "directory"));
    skd_string_add(&to, "%s/%s/%s", s->path, cli_text(args, "directory"),
                   either(args, "groundstate-filename", "gsf", "POSCAR"));
    skd_status status = SKD_OK;
    if (from.failed || folder.failed || to.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = skd_folder_make(folder.text, err);
    if (status == SKD_OK)
        status = copy_file(from.text, to.text, err);
    if (status == SKD_OK && !cli_flag(args, "nv") && !cli_flag(args, "non-verbose"))
        printf("%s: ground state (%s) written to %s\n", s->name, snb_run_title(lowest, title, sizeof title), to.text);
    skd_string_free(&from);
    skd_string_free(&folder);
    skd_string_free(&to);
    return status;
}

static skd_status run_groundstate(const cli_args *args, int *exit_code, skd_error *err) {
    snb_tree tree;
    const snb_code *code;
    (void)exit_code;
    skd_status status = snb_open(&tree, &code, args, false, err);
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++) {
        status = snb_species_write(&tree.species[i], false, err);
        if (status == SKD_OK)
            status = copy_lowest(&tree.species[i], args, code, err);
    }
    snb_tree_free(&tree);
    return status;
}

const cli_command cmd_groundstate = {
    .name = "groundstate",
    .group = "ShakeNBreak",
    .summary = "Copy the lowest structure of each defect",
    .usage = "[DIR]",
    .text = "Writes DEFECT/Groundstate/POSCAR from the run of lowest energy, as snb-groundstate does. For a search of\n"
            "our own: shakedown export RUN --top 1.",
    .options = options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_groundstate,
};
