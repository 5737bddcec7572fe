/* SPDX-License-Identifier: MIT
 * start.h - the steps from which every kind of start is made, shared inside distortions/ (private).
 *
 * A kind adds a start (a copy of the defect's cell), moves some atoms of it, names those in `distorted`, and
 * lets skd_start_finish rattle the others and judge the result.
 */
#ifndef SKD_DISTORTIONS_START_H
#define SKD_DISTORTIONS_START_H

#include "rattle.h"

extern const skd_start_kind skd_kind_unperturbed, skd_kind_bond, skd_kind_rattled, skd_kind_dimer;

/** What a kind needs to know beyond the defect; arrays owned by skd_starts_of. */
typedef struct skd_start_plan {
    const double *distortion; /**< [n_distortion] rounded to 0.001 */
    size_t n_distortion;
    int n_neighbours[2]; /**< families: how many neighbours are distorted */
    size_t n_families;   /**< 0: rattle only */
} skd_start_plan;

/** The families and the list of distortions; release with skd_start_plan_free. */
skd_status skd_start_plan_new(skd_start_plan *out, const skd_defect *defect, int charge,
                              const skd_start_options *options, skd_error *err) SKD_CHECKED;
void skd_start_plan_free(skd_start_plan *plan);

/** Adds a copy of the defect's cell under a name; *out is borrowed from the list until the next call. */
skd_status skd_start_add(skd_start_list *list, const skd_defect *defect, const skd_start_kind *kind, const char *name,
                         skd_start **out, skd_error *err) SKD_CHECKED;
/** Notes the atoms moved on purpose. */
skd_status skd_start_set_distorted(skd_start *start, const size_t *index, size_t n, skd_error *err) SKD_CHECKED;
/** Seed of the start that comes after `position` distortions of the plan (rule: see skd_start_options). */
uint32_t skd_start_seed(const skd_start_plan *plan, const skd_defect *defect, int charge,
                        const skd_start_options *options, const char *name, size_t position);
/** Rattles (with start->seed) all atoms but the defect and the distorted ones, and drops the start if atoms
 *  are too close. */
skd_status skd_start_finish(skd_start_list *list, skd_start *start, const skd_defect *defect,
                            const skd_start_options *options, skd_error *err) SKD_CHECKED;

/** Cartesian position the distortions refer to: the empty site, or the atom at the defect. */
void skd_defect_centre(const skd_defect *defect, double centre[3]);

/** An atom around the defect. */
typedef struct skd_near {
    size_t index;
    double r;         /**< Å */
    double rounded;   /**< r to 2 decimals: what ties are judged by */
    double d[3];      /**< from the centre to the atom, shortest image, Å */
} skd_near;
/** All atoms but the defect itself, nearest first (by rounded distance, then index): *out is [*n]. */
skd_status skd_near_sorted(skd_near **out, size_t *n, const skd_cell *cell, const double centre[3], size_t leave_out,
                           skd_error *err) SKD_CHECKED;
/** How many of them form the first shell: up to 1.1 x the shortest distance (pymatgen's MinimumDistanceNN). */
size_t skd_first_shell(const skd_near *near, size_t n);

/** The `want` neighbours to move: *out [want] are positions in near[n] (rule: see skd_start_options). */
skd_status skd_choose_neighbours(const skd_near *near, size_t n, size_t want, bool compat, size_t **out,
                                 skd_error *err) SKD_CHECKED;

/** Length of a single bond between two elements, Å. */
double skd_single_bond(int z1, int z2);

#endif
