/* SPDX-License-Identifier: MIT */
/* lattice.h - private to src/crystal: the reduced lattice of a partly periodic cell. */
#ifndef SKD_CRYSTAL_LATTICE_H
#define SKD_CRYSTAL_LATTICE_H

#include "shakedown/crystal.h"

#define SKD_OPEN_LENGTH 1e6 /**< Å, longer than any cell */

/** Reduced basis of the periodic directions. Open directions are replaced by perpendicular vectors of
 *  length SKD_OPEN_LENGTH, which come last: open[k] marks them. reduced = transform . lattice holds for the
 *  periodic rows, and rows of transform that belong to them use periodic vectors only. */
void skd_lattice_close(const skd_cell *cell, double reduced[3][3], int transform[3][3], bool open[3]);

#endif
