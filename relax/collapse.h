/* SPDX-License-Identifier: MIT */
/* collapse.h - watches for atoms that run into each other. */
#ifndef SKD_COLLAPSE_H
#define SKD_COLLAPSE_H

#include "shakedown/crystal.h"
#include "verlet.h"

/** The two atoms that are closest in units of the sum of their covalent radii. */
typedef struct skd_collision {
    size_t i, j;
    double r;     /**< Å                        */
    double limit; /**< Å, what r should exceed  */
} skd_collision;

/** Sets *found if two atoms (images included) are closer than fraction x sum of covalent radii. v is a
 *  list of the watch's own. */
skd_status skd_collapse_find(skd_verlet *v, const skd_cell *cell, double fraction, skd_collision *worst, bool *found,
                             skd_error *err) SKD_CHECKED;

#endif
