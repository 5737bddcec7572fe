/* SPDX-License-Identifier: MIT
 * electrons.h - charges, gap and orbitals as tables and as JSON.
 */
#ifndef SKD_CLI_ELECTRONS_H
#define SKD_CLI_ELECTRONS_H

#include <cjson/cJSON.h>

#include "shakedown/relax.h"

/** Charges of the atoms and shells of structure `number`. */
void electrons_print_charges(size_t number, const skd_cell *cell, const skd_electronic *e);
/** One table of all structures: band edges, gap and Fermi level of either spin, self-consistency. */
void electrons_print_gaps(const skd_electronic *const *e, size_t n);
/** The `levels` orbitals on either side of the gap. */
void electrons_print_orbitals(size_t number, const skd_cell *cell, const skd_electronic *e, size_t levels);
/** Adds what was asked for to a structure's object. */
void electrons_add_charges(cJSON *o, const skd_electronic *e);
void electrons_add_gap(cJSON *o, const skd_electronic *e);
void electrons_add_orbitals(cJSON *o, const skd_electronic *e, size_t levels);

/** What is done about the charge of a periodic cell, in words. */
const char *cli_background(const skd_potential_type *type);

#endif
