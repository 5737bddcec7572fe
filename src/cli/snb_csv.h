/* SPDX-License-Identifier: MIT
 * snb_csv.h - how far each final structure is from a reference, as ShakeNBreak's CSV.
 */
#ifndef SKD_SNB_CSV_H
#define SKD_SNB_CSV_H

#include "snb_tree.h"

/** Displacements of a run against the reference; NAN where nothing matches or there is no structure. */
typedef struct snb_shift {
    double disp;     /**< Å, sum over atoms that moved more than 0.1 Å */
    double max_dist; /**< Å                                            */
} snb_shift;
/** Fills shift[species->n]. */
skd_status snb_shifts(snb_shift *shift, const snb_species *species, const skd_cell *reference, int threads,
                      skd_error *err) SKD_CHECKED;
/** Writes DEFECT/DEFECT.csv. */
skd_status snb_csv_write(const snb_species *species, const snb_shift *shift, skd_error *err) SKD_CHECKED;

#endif
