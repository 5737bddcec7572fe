/* SPDX-License-Identifier: MIT */
/* verlet.h - a neighbour list that stays right while atoms and lattice move a little.
 *
 * The list holds all pairs up to cutoff + skin at the time it was built. It is kept as long as no pair
 * that is missing can have come closer than the cutoff; then all pairs within the cutoff are found, and
 * in the same order as a fresh list would give them, so a sum over them has the same bits whether or
 * not the list is fresh. */
#ifndef SKD_VERLET_H
#define SKD_VERLET_H

#include "shakedown/crystal.h"

typedef struct skd_verlet_pair {
    size_t j;
    double shift[3]; /**< Å: pair vector = pos[j] + shift - pos[i] */
} skd_verlet_pair;

/** Zero-initialise, set skin. Allocates only when a list is longer than any before. */
typedef struct skd_verlet {
    double skin; /**< Å */
    double cutoff;
    size_t n;
    bool pbc[3];
    double lattice[3][3];       /**< that `shift` belongs to                  */
    double built_lattice[3][3]; /**< when the list was built                  */
    double (*built_pos)[3];     /**< [n] when the list was built              */
    skd_verlet_pair *pair;      /**< pairs of atom i: first[i] .. first[i+1]-1 */
    size_t *first;
    size_t most;                /**< pairs of the atom that has most          */
    size_t n_builds;
    size_t pos_capacity, pair_capacity;
    skd_neighbours nb;          /**< the list as built; owns `first`          */
} skd_verlet;

/** Makes the list right for this cell and cutoff, rebuilding if need be. */
skd_status skd_verlet_update(skd_verlet *v, const skd_cell *cell, double cutoff, skd_error *err) SKD_CHECKED;
void skd_verlet_free(skd_verlet *v); /**< frees the contents, not v itself */

#endif
