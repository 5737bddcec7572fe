/* SPDX-License-Identifier: MIT
 * seats.h - the gate in the supercell of the calibration: which atoms are on the host's sites, and how far from where
 * the crystal is broken. Private to relax/calibration. */
#ifndef SKD_CALIBRATION_SEATS_H
#define SKD_CALIBRATION_SEATS_H

#include "calibration.h"

/** A site that does not have its one atom, or an atom on its way off or on to one. */
typedef struct seat_flaw {
    double at[3];   /**< Å, in the host                 */
    double weight;  /**< 0 to 1                         */
    double radius;  /**< Å, covalent                    */
    size_t atom;    /**< SIZE_MAX: a site               */
    size_t site;
    double by_weight, by_at[3]; /**< derivatives of the energy */
} seat_flaw;

/** Scratch; zero-initialise. */
typedef struct seats {
    double *gate;     /**< [atoms]                                                     */
    size_t *site;     /**< [atoms] the nearest                                         */
    double *share;    /**< [atoms] how much an atom is there, 0 to 1, ...              */
    double (*slope)[3]; /**< [atoms] ... and its derivative by the atom's place in the host */
    bool *own;        /**< [atoms] is it the site's element?                           */
    bool *seen;       /**< [atoms] does the correction see it? Those that are on their own sites by more than half */
    double *filled;   /**< [sites] sum of its own atoms' shares                        */
    seat_flaw *flaw;
    size_t n_flaws, room, room_sites;
    double to_host[3][3]; /**< places in the cell to those in the host                 */
} seats;

/** Fills the gates of a cell; *known false: it is not the calibration's supercell, and nothing is filled. */
skd_status seats_fill(seats *s, const skd_calibration *c, const skd_cell *cell, bool *known,
                      skd_error *err) SKD_CHECKED;
/** Adds to force[atoms] what moving the gates costs; energy[atoms]: of each atom were its gate open. */
void seats_pull(seats *s, const skd_calibration *c, const skd_cell *cell, const double *energy, double (*force)[3]);
void seats_free(seats *s);

#endif
