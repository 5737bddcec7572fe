/* SPDX-License-Identifier: MIT
 * shakedown/confidence.h - how far a ranking can be trusted: the error of energy differences between structures of one
 * defect, calibrated on pairs that are known at two levels, and from it the probability that a family is the lowest.
 */
#ifndef SHAKEDOWN_CONFIDENCE_H
#define SHAKEDOWN_CONFIDENCE_H

#include "shakedown/search.h"

/** Two structures of one defect and charge, at the level of a search and at another one. */
typedef struct skd_level_pair {
    const char *host, *defect;
    int charge;
    const char *target;      /**< "hybrid", "semilocal"                                           */
    const char *what;        /**< "minima", or "relaxation": two frames of one                    */
    double search, level;    /**< eV, difference of energies at either level                      */
} skd_level_pair;
/** The pairs of GFN1-xTB against DFT that the program carries (data/tables/gfn1_errors.tsv). */
const skd_level_pair *skd_level_pairs(size_t *n);

/** What a difference of energies at the search's level says of the other level's: that is slope times it, with an error
 *  that follows Student's t distribution and whose scale grows with the difference. */
typedef struct skd_error_model {
    double slope;            /**< below 1: the search's level exaggerates                         */
    double floor, share;     /**< scale = floor (eV) + share |difference|                         */
    double dof;              /**< degrees of freedom of the distribution                          */
    size_t n_pairs, n_hosts; /**< that it was fitted to                                           */
} skd_error_model;
#define SKD_ERROR_DOF 3.0 /**< heavy tails; not fitted: the pairs are too few for that */

/** Maximum likelihood; every defect and charge counts alike, however many pairs it has. target: only pairs of this
 *  level, NULL: all; without: leaves out this host, NULL: none. SKD_EARG if pairs of fewer than two hosts are left. */
skd_status skd_error_model_fit(skd_error_model *out, const skd_level_pair *pair, size_t n, const char *target,
                               const char *without, skd_error *err) SKD_CHECKED;
double skd_error_scale(const skd_error_model *model, double difference); /**< eV */
/** eV: slope times the difference is off by less, with this probability, e.g. 0.95. */
double skd_error_width(const skd_error_model *model, double difference, double probability);

/** probability[n] that each family of the ranking is the lowest at the other level, if the errors of their energies
 *  relative to the unperturbed minimum (where there is none, to the highest family) are independent. The sum is 1:
 *  what the search did not find is not in it. */
skd_status skd_confidence(double *probability, const skd_ranking *ranking, const skd_error_model *model,
                          skd_error *err) SKD_CHECKED;
/** The fewest families, the most probable first taken, that hold the lowest with probability `wanted`, and that of the
 *  unperturbed start: family[ranking->n] becomes their places, ascending; returns how many. `held` (may be NULL) gets
 *  the probability that they hold it. */
size_t skd_confidence_choose(size_t *family, const skd_ranking *ranking, const double *probability, double wanted,
                             double *held);

#endif
