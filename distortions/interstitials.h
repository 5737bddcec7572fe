/* SPDX-License-Identifier: MIT
 * interstitials.h - added atoms, for skd_defects_of (private).
 */
#ifndef SKD_DISTORTIONS_INTERSTITIALS_H
#define SKD_DISTORTIONS_INTERSTITIALS_H

#include "naming.h"

/** What skd_defects_of knows of the host; borrowed. */
typedef struct skd_interstitial_host {
    const skd_cell *primitive, *bulk;
    const skd_symmetry *symmetry; /**< of the primitive cell */
    const skd_host_states *oxidation;
} skd_interstitial_host;

/** Adds to the list the interstitials that the options ask for (their `interstitial` section). */
skd_status skd_interstitials_add(skd_defect_list *out, const skd_interstitial_host *host,
                                 const skd_defect_options *options, skd_error *err) SKD_CHECKED;

#endif
