/* SPDX-License-Identifier: MIT
 * verify_correct.h - what single points teach: the search's potential with a correction fitted to them, and where each
 * family relaxes to with that, before anything dear is relaxed.
 */
#ifndef SKD_VERIFY_CORRECT_H
#define SKD_VERIFY_CORRECT_H

#include "report.h"

#define VERIFY_MODEL "corrected.model.gz" /**< in the folder that `verify` wrote to */

/** Fits the search's potential plus a learned correction to the collected single points of a level, and writes it to
 *  path. *n_labels: how many there were; 0, and nothing written, with fewer than two, or where the search's potential
 *  cannot be had again (a teacher's). */
skd_status verify_correct_fit(const report_run *run, const char *level, const char *path, size_t *n_labels,
                              skd_error *err) SKD_CHECKED;

/** Is there such a file, of this level? */
bool verify_correct_is_of(const char *path, const char *level);

/** Where a family relaxes to with the corrected potential; owned cell. */
typedef struct verify_corrected {
    size_t family;     /**< place in the ranking                                               */
    double point;      /**< eV, at the other level, of the search's minimum                    */
    double change;     /**< eV, by which the corrected potential then falls; NAN: not usable   */
    double moved;      /**< Å, the atom that goes farthest                                     */
    size_t n_steps;
    char why[120];     /**< why it is not usable; ""                                           */
    skd_cell *cell;    /**< in the host as given; NULL: not usable                             */
} verify_corrected;
void verify_corrected_free(verify_corrected *list, size_t n); /**< and the list */

/** Relaxes the families family[n] (places in the ranking of job j, with single points of `level`) with the model at
 *  path, side by side. list[n], by corrected energy, is the caller's. SKD_ESTOPPED if interrupted. */
skd_status verify_correct_relax(verify_corrected **list, const report_run *run, size_t j, const size_t *family,
                                size_t n, const char *level, const char *path, int threads,
                                skd_error *err) SKD_CHECKED;
void verify_correct_print(FILE *out, const verify_corrected *list, size_t n, const report_run *run, size_t j,
                          const char *level);

#endif
