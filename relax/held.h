/* SPDX-License-Identifier: MIT
 * held.h - atoms that a relaxation keeps in place or ties to their place.
 */
#ifndef SKD_HELD_H
#define SKD_HELD_H

#include "shakedown/relax.h"

/** Zero-initialised: all atoms are free. */
typedef struct skd_held {
    const double *tether; /**< [n] eV/Å^2, of the options; NULL: all free         */
    double (*anchor)[3];  /**< [n] Å, images nearest to the start's atoms; owned  */
    size_t n, n_frozen;
} skd_held;

/** Checks the options against the start. SKD_EARG if nothing could move, or if the cell is to be relaxed too. */
skd_status skd_held_check(const skd_relax_options *options, const skd_cell *start, skd_error *err) SKD_CHECKED;

/** Puts the frozen atoms of `cell` to their anchors. */
skd_status skd_held_begin(skd_held *held, const skd_relax_options *options, skd_cell *cell, skd_error *err) SKD_CHECKED;
void skd_held_end(skd_held *held);

static inline bool skd_held_frozen(const skd_held *held, size_t i) {
    return held->tether && isinf(held->tether[i]) != 0;
}

/** Energy of the springs, eV; adds their gradient to g[3 n] and clears that of the frozen atoms. g may be NULL. */
double skd_held_pull(const skd_held *held, const double (*pos)[3], double *g);

/** Force on atom i, its spring included, eV/Å. */
void skd_held_net(const skd_held *held, size_t i, const double pos[3], const double force[3], double net[3]);

#endif
