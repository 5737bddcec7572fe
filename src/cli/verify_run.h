/* SPDX-License-Identifier: MIT
 * verify_run.h - runs the calculations of a manifest on this machine, one or several at once, and watches them; or
 * writes the script by which Slurm does.
 */
#ifndef SKD_VERIFY_RUN_H
#define SKD_VERIFY_RUN_H

#include "inputs.h"
#include "verify_read.h"

typedef struct verify_runner {
    const report_run *run;
    const char *run_folder;
    verify_manifest *manifest;
    cli_inputs *inputs;
    const char *command;
    bool quiet;
    size_t jobs; /**< programs at once; 0: one */
    size_t n_before, n_done, n_failed; /**< finished earlier; finished and failed now */
} verify_runner;

/** Runs what is not done. A relaxation that was cut off goes on from its last step. SKD_ESTOPPED if interrupted. */
skd_status verify_run_all(verify_runner *runner, skd_error *err) SKD_CHECKED;

/** Writes job.slurm (an array job, one task a calculation) and folders.txt into the stage's folder. */
skd_status verify_write_slurm(const verify_manifest *manifest, const char *command, skd_error *err) SKD_CHECKED;

#endif
