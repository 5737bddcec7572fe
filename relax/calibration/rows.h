/* SPDX-License-Identifier: MIT
 * rows.h - what a frame gives to the fit of a calibration: whitened rows over references, for several exponents
 * at once. Private to relax/calibration. */
#ifndef SKD_CALIBRATION_ROWS_H
#define SKD_CALIBRATION_ROWS_H

#include "calibration.h"

enum { ZETAS = 3 };

/** Rows of one frame: 3 n forces, 6 stresses, the energy; a column a reference and one for the energies' constant. */
typedef struct calibration_rows {
    size_t n, columns; /**< rows, references + 1 */
    double *x[ZETAS];  /**< [n][columns], whitened; NULL: an exponent that is not tried */
    double *y, *sigma; /**< [n] */
} calibration_rows;
/** zeta[k]: 0 where not tried. */
skd_status calibration_rows_fill(calibration_rows *out, const skd_calibration *c, const skd_label *label,
                                 const skd_calibration_options *options, const double zeta[ZETAS],
                                 skd_features_work *work, skd_error *err) SKD_CHECKED;
/** Energies of the host's own atoms, which are to be 0: a row for each of the n references that are of the host. */
skd_status calibration_rows_host(calibration_rows *out, const skd_calibration *c, const double zeta[ZETAS],
                                 skd_error *err) SKD_CHECKED;
void calibration_rows_free(calibration_rows *rows);

#endif
