/* SPDX-License-Identifier: MIT
 * alloy_lattices.h - superlattices as row Hermite normal forms, and what operations do to them. */
#ifndef SKD_ALLOY_LATTICES_H
#define SKD_ALLOY_LATTICES_H

#include "shakedown/crystal.h"

/** Upper triangular, diagonal > 0, entries above it in [0, diagonal of their column). */
typedef struct skd_hermite {
    long h[3][3];
} skd_hermite;

/** The form of the lattice that three integer rows span (determinant not 0). */
skd_hermite skd_hermite_of(const long rows[3][3]);
/** Reduces a point modulo the lattice; returns its number, 0 .. index - 1. */
size_t skd_hermite_class(const skd_hermite *lattice, long point[3]);
/** The point of a number. */
void skd_hermite_point(const skd_hermite *lattice, size_t number, long point[3]);
/** The image of the lattice under a rotation of fractional columns. */
skd_hermite skd_hermite_rotated(const skd_hermite *lattice, const int rotation[3][3]);
int skd_hermite_compare(const skd_hermite *a, const skd_hermite *b);
/** The form after *lattice among those of the same index; false after the last. Start with all zero. */
bool skd_hermite_next(skd_hermite *lattice, long index);

#endif
