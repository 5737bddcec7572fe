/* SPDX-License-Identifier: MIT
 * voids.h - where in a crystal there is room for one more atom (private).
 */
#ifndef SKD_DISTORTIONS_VOIDS_H
#define SKD_DISTORTIONS_VOIDS_H

#include "shakedown/crystal.h"

/** A site for an added atom; one for each set of equivalent ones. */
typedef struct skd_site {
    double pos[3];         /**< Cartesian, in the cell, Å                  */
    double radius;         /**< Å, to the nearest atom                     */
    size_t order;          /**< of the site's point group                  */
    char symmetry[8];      /**< its Schoenflies symbol                     */
    size_t multiplicity;   /**< equivalent sites in the cell               */
    double (*orbit)[3];    /**< [multiplicity] Cartesian, in the cell      */
} skd_site;

/** Sites at least min_distance (Å) from every atom of the primitive cell: Voronoi vertices, clustered and reduced
 *  as doped does; with `special` also the special positions without free coordinates. Widest first; free with
 *  skd_sites_free. *n = 0 is no error. */
skd_status skd_sites_find(skd_site **out, size_t *n, const skd_cell *primitive, const skd_symmetry *symmetry,
                          double min_distance, bool special, skd_error *err) SKD_CHECKED;
void skd_sites_free(skd_site *site, size_t n);

#endif
