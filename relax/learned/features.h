/* SPDX-License-Identifier: MIT */
/* features.h - parts of the descriptor: radial tables, gradients of solid harmonics, the density around one atom.
 *
 * Around atom i the neighbours' smeared density has the coefficients
 *     c_{s n lm} = sum_j mix[z_j][s] h_nl(r_ij) S_lm(d_ij),       S_lm = r^l Y_lm,
 * per channel s, and the features of i are
 *     phi_{sn}          = k2 c_{sn 00}                                          two-body
 *     phi_{sn,s'n',l}   = k3 / sqrt(2l+1) sum_m c_{sn lm} c_{s'n' lm}           sn <= s'n', times sqrt 2 where <
 * and with body order 4 those of triplets.h. k2, k3 and k4 give the blocks the norm 1 in a typical surrounding.
 *
 * Radial functions run over n in steps of four doubles (padded with zeros), channels over blocks of these: "rows". */
#ifndef SKD_LEARNED_FEATURES_H
#define SKD_LEARNED_FEATURES_H

#include "shakedown/learned.h"

typedef double skd_four __attribute__((vector_size(32), aligned(8)));

/* ---- radial.c ---- */

/* Cubic splines of h_nl and their derivatives, all n of one l together. */
typedef struct skd_radial {
    int n_max, l_max;
    size_t n4;      /* fours for n */
    size_t n_nodes;
    double cutoff, step;
    skd_four *spline; /* [n_nodes - 1][l_max + 1][4 coefficients][n4] */
} skd_radial;
skd_status skd_radial_init(skd_radial *radial, const skd_features_options *options, skd_error *err) SKD_CHECKED;
void skd_radial_free(skd_radial *radial);
/* Values and derivatives [l_max + 1][n4] at r < cutoff. */
void skd_radial_at(const skd_radial *radial, double r, skd_four *h, skd_four *dh);

/* ---- solid.c ---- */

/* d S_lm / d x_k = sum of at most two S_{l-1,m'}. */
typedef struct skd_solid {
    size_t n_lm;
    skd_harmonics *harmonics;
    struct skd_solid_term {
        size_t from[2];
        double factor[2];
    } (*term)[3]; /* [n_lm] */
} skd_solid;
skd_status skd_solid_init(skd_solid *solid, int l_max, skd_error *err) SKD_CHECKED;
void skd_solid_free(skd_solid *solid);
/* gradient[3][n_lm] from the values s[n_lm]. */
void skd_solid_gradient(const skd_solid *solid, const double *s, double *gradient);

/* ---- features.c ---- */

struct skd_features {
    skd_features_options options;
    size_t n_species, n_channels;
    int species[SKD_ELEMENT_MAX];
    size_t slot[SKD_ELEMENT_MAX + 1]; /* of an atomic number; SIZE_MAX: not among them */
    double (*mix)[SKD_ELEMENT_MAX];   /* [n_species][channels] */
    skd_radial radial;
    skd_solid solid;
    size_t rows;        /* n_channels * 4 n4: padded */
    size_t n_lm;
    size_t per_element; /* features of one central element */
    size_t *number;     /* [l_max + 1][rows][rows] of a pair within its element; SIZE_MAX: padding. Symmetric. */
    size_t *single;     /* [rows] likewise, two-body */
    double k2, *k3;     /* k3[l_max + 1], without the sqrt 2 */
    struct skd_triplets *triplets; /* NULL: body order 3 */
    size_t first_triplet;          /* of an element's features */
};

/* ---- density.c ---- */

/* Neighbours of one atom, and what belongs to each. */
typedef struct skd_surrounding {
    size_t n, room;
    size_t *j, *slot;
    double (*d)[3], *r;
    double *s, *gradient; /* [n][n_lm], [n][3][n_lm] */
    skd_four *h, *dh;     /* [n][l_max + 1][n4] */
} skd_surrounding;

struct skd_features_work {
    const skd_features *features;
    struct skd_verlet *verlet;
    skd_surrounding around;
    skd_four *by_species; /* [n_species][n_lm][n4], of the density or of its derivative */
    skd_four *c, *a;      /* [n_lm][rows/4] the density, the derivative of the energy by it */
    skd_four *weight;     /* [n_species][l_max + 1][rows][rows/4]; diagonal doubled */
    skd_four *linear;     /* [n_species][rows/4] */
    struct skd_triplets_work *triplets; /* NULL: body order 3 */
    /* what was applied last: element slots and densities of its n atoms, for the energy row */
    skd_four *density;    /* [n][n_lm][rows/4] */
    size_t *slot, n, room;
    /* scratch of the design matrix */
    skd_four *dc;         /* [1 + 4 n_species][3][n_lm][n4] see design.c */
    double *block;        /* [3 block_atoms][..] blocks of forces        */
    double *strain_block; /* [9][..] and of the strain                   */
    size_t block_atoms;
};

/* Makes the neighbour list right. */
skd_status skd_features_prepare(skd_features_work *work, const skd_cell *cell, skd_error *err) SKD_CHECKED;
/* Fills around and c for atom i; with gradients of the harmonics or without. */
void skd_density_of(skd_features_work *work, const skd_cell *cell, size_t i, bool gradients);
/* What weights w[per_element] make of the atom that density_of was called for (with gradients): the energy, and its
 * derivative by the vector to each of the neighbours around, out[around.n][3]. Without products of three coefficients.
 * Overwrites work's weights. */
double skd_density_pulls(skd_features_work *work, const double *w, double (*out)[3]);
/* Adds the features of the atom whose density is c to row[per_element]. */
void skd_density_features(skd_features_work *work, const skd_four *c, double *row);

#endif
