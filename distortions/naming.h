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

/** The name with symmetry and nearest atom, "v_Cd_Td_Te2.83", whether it is shared or not. */
skd_status skd_name_full(char name[64], const char *base, const skd_cell *host, const double pos[3],
                         const char *symmetry, skd_error *err) SKD_CHECKED;

/** "v_Cd", "Te_Cd", "Cd_i"; 0 for what is not there. */
void skd_name_base(int removed, int added, char *out, size_t size);

/** Fills the oxidation fields from removed and added. */
void skd_defect_set_oxidation(skd_defect *defect, const skd_host_states *oxidation, const skd_cell *host);

#endif
