/* SPDX-License-Identifier: MIT
 * scan_slurm.h - a scan as a job array of Slurm: each of its tasks does one slice of the scan in a store of its own,
 * and a job behind them joins the stores. Killed or requeued, a slice goes on from its store.
 */
#ifndef SKD_SCAN_SLURM_H
#define SKD_SCAN_SLURM_H

#include "cli.h"

/** Writes FOLDER/scan.slurm and FOLDER/merge.slurm for n slices of the scan that args (of `scan`) describe, submits
 *  both with sbatch, and says so. options: of sbatch, or NULL. SKD_EARG if there is no sbatch, SKD_ENUMERIC if it
 *  refuses; the scripts are there then. */
skd_status scan_slurm_submit(const cli_args *args, const char *folder, long n, const char *options,
                             skd_error *err) SKD_CHECKED;

#endif
