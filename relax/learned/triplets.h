/* SPDX-License-Identifier: MIT
 * triplets.h - body order 4: invariants of three density coefficients on a reduced radial basis. Private to
 * relax/learned.
 *
 * The density of features.h is projected on few radial combinations, which look at the near neighbours,
 *     b_{r lm} = sum_n compress[k][n] c_{s n lm},       r = (s, k),
 * and three of its shells are coupled by the integral of three real harmonics (Gaunt; up to a factor for each three
 * l the only invariant that does not change sign under inversion, R. Drautz, Phys. Rev. B 99, 014104 (2019)),
 *     phi_{r1 l1, r2 l2, r3 l3} = k4 sqrt(orders) sum_{m1 m2 m3} int Y_{l1m1} Y_{l2m2} Y_{l3m3} dOmega
 *                                                               b_{r1 l1m1} b_{r2 l2m2} b_{r3 l3m3},
 * once for each three (l, r) whatever their order; orders: how many orders there are. */
#ifndef SKD_LEARNED_TRIPLETS_H
#define SKD_LEARNED_TRIPLETS_H

#include "features.h"

typedef struct skd_coupling {
    size_t lm[3];
    double gaunt;
} skd_coupling;

/* Three l, ascending, with the couplings that are not zero, by lm[0]. */
typedef struct skd_triplet_kind {
    size_t l[3], first, end;
} skd_triplet_kind;

typedef struct skd_triplets {
    size_t n_channels, n_radial; /* radial combinations */
    size_t n_lm, rows, fours;    /* rows = n_channels n_radial, in fours padded to 4 fours */
    double *compress;            /* [n_radial][n_max] */
    size_t n_kinds;
    skd_triplet_kind *kind;
    skd_coupling *coupling;
    size_t *number;    /* [n_kinds][rows][rows][rows] feature; SIZE_MAX: the same as another order */
    size_t n_features;
    double *scale;     /* [n_features] k4 sqrt(orders) */
} skd_triplets;

/* Scratch of one thread. */
typedef struct skd_triplets_work {
    skd_four *b;      /* [n_lm][fours]                                           */
    skd_four *part;   /* [n_lm][rows] the derivative by b, in four parts         */
    skd_four *across; /* [n_lm][fours] more of it                                */
    skd_four *pair;   /* [2][rows][fours]                                        */
    skd_four *weight; /* [n_species][n_kinds][rows][rows][fours]                 */
    /* of the design matrix */
    double *jacobian; /* [n_features][n_lm][rows]                                */
    double *own;      /* [directions][n_lm][rows] derivative of b by places      */
    double *out;      /* [directions][n_features]                                */
    size_t room;      /* directions                                              */
} skd_triplets_work;

/* ---- triplets.c ---- */

/* Features of one central element for so many rows. */
size_t skd_triplets_count(int l_max, size_t rows);
skd_status skd_triplets_new(skd_triplets **out, const skd_features_options *options, size_t n_channels,
                            skd_error *err) SKD_CHECKED;
void skd_triplets_free(skd_triplets *t);
skd_status skd_triplets_work_new(skd_triplets_work **out, const skd_features *features, skd_error *err) SKD_CHECKED;
void skd_triplets_work_free(skd_triplets_work *work);

/* ---- triplets_apply.c ---- */

/* work->weight of all elements from w, a model's weights. */
void skd_triplets_unpack(const skd_features *features, const double *w, skd_triplets_work *work);
/* b[n_lm][fours] from the density c of all channels. */
void skd_triplets_compress(const skd_features *features, const skd_four *c, skd_four *b);
/* Energy of an atom of element slot z with density c; its derivative by c is added to a. */
double skd_triplets_energy(const skd_features *features, size_t z, const skd_four *c, skd_triplets_work *work,
                           skd_four *a);
/* Adds the features of the density c to row[n_features]. */
void skd_triplets_features(const skd_features *features, const skd_four *c, skd_triplets_work *work, double *row);

/* ---- triplets_design.c ---- */

/* work->jacobian of the density c. */
void skd_triplets_jacobian(const skd_features *features, const skd_four *c, skd_triplets_work *work);
/* Room for so many directions. */
skd_status skd_triplets_room(const skd_triplets *t, skd_triplets_work *work, size_t directions,
                             skd_error *err) SKD_CHECKED;
/* work->own of direction d from the density gradient dc[n_lm][n4] of a neighbour of element slot z. */
void skd_triplets_own(const skd_features *features, size_t z, const skd_four *dc, skd_triplets_work *work, size_t d);
/* work->out of all directions: the derivatives of the features. */
void skd_triplets_derive(const skd_features *features, skd_triplets_work *work, size_t directions);

#endif
