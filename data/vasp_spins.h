/* SPDX-License-Identifier: MIT */
/* vasp_spins.h - the magnetic moment of a vasprun.xml, which does not say it: occupations of the two spins, weighted
 * with the k-points; private to data/. */
#ifndef SKD_DATA_VASP_SPINS_H
#define SKD_DATA_VASP_SPINS_H

#include "stream.h"

typedef struct skd_vasp_spins {
    double *weight; /**< [n] of the k-points */
    size_t n, room;
    size_t spins, kpoint; /**< sets of spins begun; k-points begun in the last of them */
    double occupied[2];   /**< electrons of spin 1 and 2 */
    bool is_polarised;    /**< ISPIN is 2 */
} skd_vasp_spins;

void skd_vasp_spins_free(skd_vasp_spins *spins);
/** Of the next k-point; only memory can fail, or more than a million. */
skd_status skd_vasp_spins_weight(skd_vasp_spins *spins, skd_span text, skd_error *err) SKD_CHECKED;
void skd_vasp_spins_begin(skd_vasp_spins *spins); /**< of a step */
void skd_vasp_spins_spin(skd_vasp_spins *spins);  /**< the next spin begins */
/** "energy occupation" of a band of the k-point begun last. */
void skd_vasp_spins_band(skd_vasp_spins *spins, skd_span text);
/** µB; false if the step has no readable occupations of two spins at all k-points. */
bool skd_vasp_spins_moment(const skd_vasp_spins *spins, double *moment);

#endif
