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
    double open, shut;            /**< distances from the host up to which, and from which on, the gate is 1 and 0 */
    size_t n;                     /**< references, by element */
    size_t first[SKD_ELEMENT_MAX + 1]; /**< of an element of the features; [n_species] = n */
    size_t *frame, *atom;         /**< [n] where they are from; 0 is the host */
    double *reference;            /**< [n][width], of norm 1 */
    double *a;                    /**< [n] eV */
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
/** How far an atom with the unit descriptor is from the host's own of its element: -1/K ln sum_h exp K (u . u_h - 1), a
 *  smooth least of 1 - u . u_h. along (NULL: not wanted): its derivative by u, [width]. */
double calibration_distance(const skd_calibration *c, size_t slot, const double *unit, double *along);
/** The gate, 1 for the host, 0 for what is no host, and its derivative. */
double calibration_gate(const skd_calibration *c, double distance, double *slope);
/** The unit descriptor of the atom that work holds, and its norm before; unit: [width]. */
double calibration_unit(const skd_features *f, skd_features_work *work, double *unit);

#endif
