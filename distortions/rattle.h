/* SPDX-License-Identifier: MIT
 * rattle.h - the rattle and what it needs, shared inside distortions/ (private).
 */
#ifndef SKD_DISTORTIONS_RATTLE_H
#define SKD_DISTORTIONS_RATTLE_H

#include "shakedown/distortions.h"

/** One rattle. scale [n] multiplies stdev atom by atom (NULL: 1 everywhere). retry gives the d_min of the k-th
 *  repetition (k = 1, 2, ..) after a failure, from the first one's and the shortest distance; 0: give up. */
typedef struct skd_rattle_job {
    skd_cell *cell;       /**< moved in place; unchanged on failure */
    const size_t *active; /**< [n_active] indices, in the order of the moves */
    size_t n_active;
    const double *scale;
    double stdev;         /**< Å */
    double d_min;         /**< Å; on return the one finally used; <= 0: taken from the structure */
    double above;         /**< Å; distances below are not counted as bonds when d_min is taken */
    double (*retry)(double stdev, double d_min, double shortest, int k);
} skd_rattle_job;

/** Runs the job; SKD_ENUMERIC if no try succeeds. */
skd_status skd_rattle_run(skd_rattle_job *job, const skd_rattle_options *options, uint32_t seed,
                          skd_error *err) SKD_CHECKED;

/** The usual rattle: the same amplitude everywhere; a failure lowers d_min by 10 %, up to nine times. */
skd_status skd_rattle_even(skd_rattle_job *job, const skd_rattle_options *options, uint32_t seed,
                           skd_error *err) SKD_CHECKED;

/** ShakeNBreak's local rattle: amplitude stdev r_min/r at distance r from the defect, r_min being the farthest
 *  atom of the first shell. */
skd_status skd_rattle_local(skd_rattle_job *job, const skd_defect *defect, const skd_rattle_options *options,
                            uint32_t seed, skd_error *err) SKD_CHECKED;

/** Shortest distance above `above` Å between two different atoms (a lone atom: and its image), both of which
 *  are members (NULL: all are); HUGE_VAL if there is none. */
skd_status skd_shortest_distance(const skd_cell *cell, const bool *member, double above, double *out,
                                 skd_error *err) SKD_CHECKED;

/** ShakeNBreak's default amplitude: 10 % of the shortest distance in the bulk (> 0.5 Å), or 0.25 Å where
 *  that lies outside 0.02..0.4 Å. */
skd_status skd_rattle_default_stdev(const skd_cell *bulk, double *out, skd_error *err) SKD_CHECKED;

#endif
