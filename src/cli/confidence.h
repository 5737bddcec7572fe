/* SPDX-License-Identifier: MIT
 * confidence.h - why a family is ranked where it is, and how sure that is: for `rank --why`, JSON, report, `verify`.
 */
#ifndef SKD_CLI_CONFIDENCE_H
#define SKD_CLI_CONFIDENCE_H

#include "json.h"
#include "report.h"
#include "shakedown/confidence.h"

#define CONFIDENCE_WANTED 0.95 /**< that the candidates of --top auto hold the ground state */

/** Of a run's level. */
typedef struct confidence {
    bool known;            /**< is there a calibration of this level?                              */
    bool semilocal;        /**< against semilocal DFT; false: against all DFT there is             */
    skd_error_model model;
    double **probability;  /**< [n_jobs][families] of being the lowest by DFT; owned               */
    size_t n_jobs;
} confidence;
skd_status confidence_make(confidence *out, const run_contents *run, const skd_ranking *rankings, bool semilocal,
                           skd_error *err) SKD_CHECKED;
void confidence_free(confidence *c);

/** The table of reasons of one defect and charge, with the choice of --top auto under it. */
void confidence_print(FILE *out, const confidence *c, const run_contents *run, const skd_ranking *ranking, size_t j);
/** What it rests on, one paragraph; "" if nothing is known. The caller's, NULL if memory is out. */
char *confidence_text(const confidence *c);
/** Adds lowest_probability, its like and the estimated error to a family's JSON. */
void confidence_add(cJSON *family, const confidence *c, const skd_ranking *ranking, size_t j, size_t f);
/** The calibration itself; the caller's. NULL (as JSON null is made of) where there is none. */
cJSON *confidence_json(const confidence *c);
/** Places of the families that --top auto takes, ascending: those that hold the lowest with 95 %; without a calibration
 *  all within `window` (eV). family[ranking->n]; *held: the probability that they hold it, NAN if unknown. */
size_t confidence_choose(size_t *family, double *held, const confidence *c, const skd_ranking *ranking, size_t j,
                         double window);

#endif
