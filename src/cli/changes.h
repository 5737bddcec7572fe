/* SPDX-License-Identifier: MIT
 * changes.h - a skd_change in words.
 */
#ifndef SKD_CHANGES_H
#define SKD_CHANGES_H

#include "cli.h"
#include "shakedown/fingerprints.h"

/** Some indented lines: displacements, symmetry, bonds of like atoms, coordination, alarm. */
void changes_print(FILE *out, const skd_change *change, const skd_cell *cell);

#endif
