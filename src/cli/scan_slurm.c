/* SPDX-License-Identifier: MIT */
/* scan_slurm.c - see scan_slurm.h. */
#include "scan_slurm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shakedown/data.h"
#include "shakedown/process.h"
#include "slurm.h"

/* ---- scripts ------------------------------------------------------------------------------ */

/* In single quotes, as the shell takes them. */
static void add_quoted(skd_string *out, const char *text) {
    skd_string_add(out, " '");
    for (const char *p = text; *p; p++)
        if (*p == '\'')
            skd_string_add(out, "'\\''");
        else
            skd_string_add_bytes(out, p, 1);
    skd_string_add(out, "'");
}

static void add_program(skd_string *out) {
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    skd_string_add(out, "exec");
    add_quoted(out, n > 0 ? path : "shakedown");
}

static void add_scan(skd_string *out, const cli_args *args, const char *folder, long n, const char *options) {
    slurm_head(out, &(slurm_job){.name = "scan", .folder = folder, .options = options, .requeues = true,
                                 .is_array = true, .first = 1, .last = (size_t)n});
    if (cli_int(args, "threads") > 0)
        skd_string_add(out, "#SBATCH --cpus-per-task=%ld\n", cli_int(args, "threads"));
    add_program(out);
    skd_string_add(out, " scan");
    add_quoted(out, args->operand[0]);
    skd_string_add(out, " -o");
    add_quoted(out, folder);
    skd_string_add(out, " --slice \"$SLURM_ARRAY_TASK_ID/%ld\" --threads %ld", n, cli_int(args, "threads"));
    if (cli_text(args, "frozen-model")) {
        skd_string_add(out, " --frozen-model");
        add_quoted(out, cli_text(args, "frozen-model"));
    }
    skd_string_add(out, "%s%s%s\n", cli_flag(args, "keep") ? " --keep" : "", cli_flag(args, "retry") ? " --retry" : "",
                   cli_flag(args, "quiet") ? " --quiet" : "");
}

static void add_merge(skd_string *out, const char *folder, const char *options) {
    slurm_head(out, &(slurm_job){.name = "merge", .folder = folder, .options = options, .requeues = true});
    add_program(out);
    skd_string_add(out, " merge");
    add_quoted(out, folder);
    skd_string_add(out, "\n");
}

static skd_status write_script(skd_string *script, const char *path, skd_error *err) {
    skd_status status = script->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a job script")
                                       : skd_file_write(path, script->text, script->n, err);
    skd_string_free(script);
    return status;
}

/* ---- submitting --------------------------------------------------------------------------- */

/* after: job that must have ended, however it did; 0: none. */
static skd_status submit(const char *path, long after, long *job, skd_error *err) {
    skd_string command = {0};
    char line[200] = "";
    skd_string_add(&command, "sbatch --parsable");
    if (after)
        skd_string_add(&command, " --dependency=afterany:%ld", after);
    add_quoted(&command, path);
    skd_string_add(&command, " 2>&1");
    FILE *pipe = command.failed ? NULL : popen(command.text, "r");
    skd_string_free(&command);
    if (!pipe)
        return skd_fail(err, SKD_EIO, "%s: sbatch could not be started", path);
    const bool said = fgets(line, sizeof line, pipe) != NULL;
    const int code = pclose(pipe);
    line[strcspn(line, "\n")] = '\0';
    *job = strtol(line, NULL, 10);
    const bool good = said && code == 0 && *job > 0;
    return good ? SKD_OK : skd_fail(err, SKD_ENUMERIC, "%s: sbatch refused it: %s", path, line);
}

skd_status scan_slurm_submit(const cli_args *args, const char *folder, long n, const char *options, skd_error *err) {
    skd_string scan = {0}, merge = {0};
    char scan_path[600], merge_path[600];
    long array = 0, last = 0;
    snprintf(scan_path, sizeof scan_path, "%s/scan.slurm", folder);
    snprintf(merge_path, sizeof merge_path, "%s/merge.slurm", folder);
    add_scan(&scan, args, folder, n, options);
    add_merge(&merge, folder, options);
    skd_status status = skd_folder_make(folder, err);
    if (status == SKD_OK)
        status = write_script(&scan, scan_path, err);
    if (status == SKD_OK)
        status = write_script(&merge, merge_path, err);
    skd_string_free(&scan);
    skd_string_free(&merge);
    if (status == SKD_OK && !skd_program_exists("sbatch", strlen("sbatch")))
        status = skd_fail(err, SKD_EARG, "--slurm: no sbatch in PATH; %s and %s are written: submit the second to "
                          "start after the first", scan_path, merge_path);
    if (status == SKD_OK)
        status = submit(scan_path, 0, &array, err);
    if (status == SKD_OK)
        status = submit(merge_path, array, &last, err);
    if (status == SKD_OK)
        printf("submitted job array %ld, %ld slices, and job %ld, which joins them into %s/scan.db\n"
               "Next: shakedown status %s; the same command again goes on with what is missing\n",
               array, n, last, folder, folder);
    return status;
}
