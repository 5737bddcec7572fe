/* SPDX-License-Identifier: MIT
 * calibration.h - the inside of skd_calibration. Private to relax/calibration. */
#ifndef SKD_CALIBRATION_PRIVATE_H
#define SKD_CALIBRATION_PRIVATE_H

#include "learned/features.h"
#include "shakedown/calibration.h"

/** Numbers of an atom: its descriptor and a constant, without which an atom that has lost a neighbour in four would
 *  look as one whose neighbours are rattled: directions alone tell no densities apart. */
static inline size_t calibration_width(const skd_features *features) { return features->per_element + 1; }

struct skd_calibration {
    skd_features *features;
    double zeta;
    size_t n;                     /**< references, by element */
    size_t first[SKD_ELEMENT_MAX + 1]; /**< of an element of the features; [n_species] = n */
    size_t *frame, *atom;         /**< [n] where they are from; 0 is the host */
    double *reference;            /**< [n][width], of norm 1 */
    double *a;                    /**< [n] eV */
    skd_cell *host;               /**< the supercell of the calibration */
    size_t n_sites;               /**< of the host, by coordination numbers; see gate.c */
    size_t *site_slot;            /**< [n_sites] element */
    double *site;                 /**< [n_sites][n_species] */
};

/** Descriptors of a cell's atoms. */
typedef struct surroundings {
    size_t n;
    size_t *slot;  /**< [n] element                            */
    double *unit;  /**< [n][width], of norm 1                  */
} surroundings;
skd_status surroundings_of(surroundings *out, const skd_features *features, const skd_cell *cell,
                           skd_features_work *work, skd_error *err) SKD_CHECKED;
void surroundings_free(surroundings *s);

/** A calibration for the elements of a cell with room for n references. */
skd_status calibration_new(skd_calibration **out, const skd_features_options *options, const skd_cell *cell, size_t n,
                           skd_error *err) SKD_CHECKED;
/** Chooses references among cells[n_cells], [0] the host: all of its different atoms, then always the one that is
 *  farthest from those there are; `most` an element. */
skd_status calibration_choose(skd_calibration *c, const surroundings *of, size_t n_cells, size_t most,
                              skd_error *err) SKD_CHECKED;
/** Fills the sites: coordination numbers of the perfect host's atoms. */
skd_status calibration_set_sites(skd_calibration *c, const skd_cell *host, skd_features_work *work,
                                 skd_error *err) SKD_CHECKED;
/** 1 below `from`, 0 above `to`, twice differentiable; its slope. */
double calibration_fall(double x, double from, double to, double *slope);
/** How much of the correction the atom in the middle of `around` gets: 1 with the coordination numbers of a site of the
 *  host, 0 where a neighbour is gone or one too many. pull (NULL: not wanted): [around->n] its derivative by each d. */
double calibration_gate(const skd_calibration *c, size_t slot, const skd_surrounding *around, double (*pull)[3]);
/** The unit descriptor of the atom that work holds, and its norm before; unit: [width]. */
double calibration_unit(const skd_features *f, skd_features_work *work, double *unit);

#endif
