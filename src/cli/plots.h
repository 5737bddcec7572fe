/* SPDX-License-Identifier: MIT
 * plots.h - the points of an energy plot, from a search or a ShakeNBreak tree.
 */
#ifndef SKD_PLOTS_H
#define SKD_PLOTS_H

#include "run_store.h"
#include "shakedown/search.h"
#include "snb_tree.h"
#include "svg.h"

/** The points are the caller's (skd_free). Families of a tree are energies within 0.05 eV. */
skd_status plots_of_job(svg_point **point, size_t *n, const skd_job *job, const skd_ranking *ranking,
                        skd_error *err) SKD_CHECKED;
skd_status plots_of_species(svg_point **point, size_t *n, const snb_species *species, skd_error *err) SKD_CHECKED;

/** Energy against step of the relaxations of a search that are known, by family (series: the caller's); of a level
 *  that was collected instead where `level` is not NULL. */
skd_status plots_steps(svg_steps *out, const run_store *store, const skd_job *job, size_t j,
                       const skd_ranking *ranking, const char *level, skd_error *err) SKD_CHECKED;

#endif
