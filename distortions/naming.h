/* SPDX-License-Identifier: MIT
 * naming.h - doped's names of defects, and the oxidation states of a host (private).
 */
#ifndef SKD_DISTORTIONS_NAMING_H
#define SKD_DISTORTIONS_NAMING_H

#include "shakedown/distortions.h"

/** A place in the host for which a defect needs a name. */
typedef struct skd_name_site {
    double pos[3];        /**< Cartesian, Å               */
    const char *symmetry; /**< Schoenflies, "C2v"         */
} skd_name_site;

/** Names of n defects of the same base name ("v_O") on different sites of the host: the base if n = 1, else
 *  + "_C2v"; where that is shared + "_Ti1.95" (nearest atom); then the next shells; then a, b, c.
 *  always_symmetry: the symmetry is part even of a lone name (interstitials). */
skd_status skd_name_sites(char (*name)[64], const char *base, const skd_cell *host, const skd_name_site *site,
                          size_t n, bool always_symmetry, skd_error *err) SKD_CHECKED;

/** "v_Cd", "Te_Cd", "Cd_i"; 0 for what is not there. */
void skd_name_base(int removed, int added, char *out, size_t size);

/** Oxidation states of a host and of what is put in it. */
typedef struct skd_host_states {
    int state[SKD_ELEMENT_MAX + 1]; /**< by atomic number */
    bool known[SKD_ELEMENT_MAX + 1];/**< guessed with a balance, or given by the user */
} skd_host_states;
/** The composition's guess with the user's values on top; elements not in the host get their most frequent
 *  state. */
skd_status skd_host_states_of(skd_host_states *out, const skd_cell *host, const skd_defect_options *options,
                            skd_error *err) SKD_CHECKED;
/** Fills oxidation_change and oxidation_known from removed and added. */
void skd_defect_set_oxidation(skd_defect *defect, const skd_host_states *oxidation, const skd_cell *host);

#endif
