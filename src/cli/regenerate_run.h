/* SPDX-License-Identifier: MIT
 * regenerate_run.h - `regenerate` in the folder of a search.
 */
#ifndef SKD_REGENERATE_RUN_H
#define SKD_REGENERATE_RUN_H

#include "cli.h"

/** One exchange of minima between charge states: the new starts go into the run and its folders, for the same search
 *  to relax them. min_energy: eV below the unperturbed minimum that a minimum must lie. */
skd_status regenerate_run(const char *folder, double min_energy, int threads, skd_error *err) SKD_CHECKED;

#endif
