/* SPDX-License-Identifier: MIT
 * snb_notes.h - what is said of a defect of a ShakeNBreak tree: the lowest run, and ShakeNBreak's warnings.
 */
#ifndef SKD_SNB_NOTES_H
#define SKD_SNB_NOTES_H

#include "snb_tree.h"

/** Prints them; true if a relaxation did not converge. min_energy: eV, less counts as noise. */
bool snb_notes_print(FILE *out, const snb_species *species, double min_energy, bool verbose);

/** Runs at least `by` eV below Unperturbed. */
size_t snb_count_below(const snb_species *species, double by);

#endif
