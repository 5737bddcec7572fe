/* SPDX-License-Identifier: MIT
 * shakedown/alloy.h - cells of substitutional alloys: random, special quasi-random and enumerated occupations of a
 * host's sites, and the inequivalent environments that the atoms of such a cell have.
 */
#ifndef SHAKEDOWN_ALLOY_H
#define SHAKEDOWN_ALLOY_H

#include "shakedown/crystal.h"

/* ---- what sits where --------------------------------------------------------------------- */

#define SKD_ALLOY_SPECIES     6  /**< elements that may share one sublattice, the host's included */
#define SKD_ALLOY_SUBLATTICES 8

/** A share of the atoms of one element becomes another. */
typedef struct skd_substitution {
    int from, to;    /**< atomic numbers                                             */
    double fraction; /**< 0..1 of the sites of `from`; NAN: any (enumeration only)    */
} skd_substitution;

/** All (chosen) sites of one element of the host. */
typedef struct skd_sublattice {
    size_t n_species;
    int species[SKD_ALLOY_SPECIES];  /**< atomic numbers; the first is the host's */
    size_t count[SKD_ALLOY_SPECIES]; /**< sites that each of them has             */
    size_t n;                        /**< sites                                   */
} skd_sublattice;

/** A host and an occupation of its substituted sites; arrays owned. */
typedef struct skd_alloy {
    skd_cell *host;
    size_t n_sublattices;
    skd_sublattice sublattice[SKD_ALLOY_SUBLATTICES];
    size_t n_sites;
    size_t *atom;    /**< [n_sites] index into host                           */
    uint8_t *lattice; /**< [n_sites] index into sublattice                     */
    uint8_t *label;  /**< [n_sites] index into that sublattice's species       */
} skd_alloy;

/** Sites of the elements substituted, with whole numbers of atoms closest to the fractions, not yet mixed. inside
 *  [host->n] (NULL: all) limits the sites. SKD_EARG if an element is not there, a substitution is given twice, or
 *  fractions exceed 1. */
skd_status skd_alloy_new(skd_alloy **out, const skd_cell *host, const skd_substitution *rule, size_t n_rules,
                         const bool *inside, skd_error *err) SKD_CHECKED;
void skd_alloy_free(skd_alloy *alloy);
/** Mixes the labels of each sublattice at random (Fisher-Yates). */
void skd_alloy_shuffle(skd_alloy *alloy, skd_rng *rng);
/** The occupied cell: like elements together, in the order of their first appearance. */
skd_status skd_alloy_cell(skd_cell **out, const skd_alloy *alloy, skd_error *err) SKD_CHECKED;

/* ---- correlations, special quasi-random structures ---------------------------------------- */

typedef struct skd_sqs_options {
    size_t pair_shells;    /**< pairs in the first so many shells of distances                      */
    size_t triplet_shells; /**< triplets whose three sides lie within the first so many; 0: none    */
    size_t steps;          /**< exchanges tried                                                      */
    uint32_t seed;
} skd_sqs_options;
#define SKD_SQS_DEFAULT {.pair_shells = 4, .triplet_shells = 2, .steps = 200000, .seed = 1}

/** All pairs, or triplets, of substituted sites with the same sublattices and sides. */
typedef struct skd_figure {
    int order;             /**< 2 or 3                                                                 */
    size_t lattice[3];     /**< sublattice of each corner                                              */
    double side[3];        /**< Å: corners 1-2, 1-3, 2-3 (mean over the shell)                          */
    double weight;         /**< in the objective: (shortest pair / longest side)^2                      */
    size_t n_values;       /**< correlations: one for two elements, (M-1)^order for M                   */
    double *value, *target; /**< [n_values] mean product of the corners' point functions; that of the random alloy */
    double error;          /**< sum over the values of |value - target|                                */
} skd_figure;

typedef struct skd_correlations skd_correlations;
/** Lists the figures of the alloy's sites; the alloy is borrowed. Point functions as A. van de Walle, Calphad 33, 266
 *  (2009): for two elements -1 and +1. Distances are in one shell if none of their steps is above 0.05 Å. */
skd_status skd_correlations_new(skd_correlations **out, const skd_alloy *alloy, const skd_sqs_options *options,
                                skd_error *err) SKD_CHECKED;
void skd_correlations_free(skd_correlations *c);
/** Figures with the values of the alloy as it is now; borrowed, pairs first, by distance. */
const skd_figure *skd_correlations_find(skd_correlations *c, size_t *n);
/** Sum over the figures of weight times error. */
double skd_correlations_objective(skd_correlations *c);

/** Exchanges atoms within the sublattices by simulated annealing until the objective is zero or the steps are done;
 *  leaves the best occupation met in the alloy. *tried (may be NULL): steps done. Source: A. Zunger, S.-H. Wei,
 *  L. G. Ferreira, J. E. Bernard, Phys. Rev. Lett. 65, 353 (1990). */
skd_status skd_sqs_anneal(skd_alloy *alloy, skd_correlations *c, const skd_sqs_options *options, size_t *tried,
                          skd_error *err) SKD_CHECKED;

/* ---- all distinct occupations -------------------------------------------------------------- */

typedef struct skd_enumeration_options {
    const skd_substitution *rule; /**< [n_rules]; the fraction of the first decides: NAN takes all compositions, else
                                       exactly these fractions (none if they make no whole atoms)             */
    size_t n_rules;
    double symprec;      /**< Å, 0: SKD_SYMPREC                                                            */
    bool primitive_only; /**< leave out those that have a smaller cell                                     */
} skd_enumeration_options;

/** One occupation, the first in lexicographic order among those that are the same by symmetry; borrowed. */
typedef struct skd_configuration {
    int matrix[3][3];     /**< cell = matrix . primitive                                               */
    size_t multiplicity;  /**< occupations of this cell that are the same                              */
    const skd_cell *cell; /**< occupied; atoms as skd_supercell has them                               */
} skd_configuration;

/** Takes one configuration; may be NULL where only counts are wanted. A status other than SKD_OK ends the walk. */
typedef skd_status (*skd_configuration_fn)(void *payload, const skd_configuration *configuration, skd_error *err);

/** What was found. */
typedef struct skd_enumeration {
    size_t n_lattices;       /**< superlattices distinct by symmetry                        */
    size_t n_configurations; /**< distinct occupations                                      */
    double n_labelings;      /**< all occupations of those superlattices                     */
} skd_enumeration;

/** All symmetry-distinct occupations of one supercell, by the operations of the host (all of its atoms) that keep the
 *  supercell's lattice. SKD_EARG above 5e7 occupations or 512 sites. */
skd_status skd_enumerate_cell(skd_enumeration *out, const skd_cell *primitive, const int matrix[3][3],
                              const skd_enumeration_options *options, skd_configuration_fn fn, void *payload,
                              skd_error *err) SKD_CHECKED;
/** The same for all superlattices of `size` primitive cells, each class once, in a short basis. With primitive_only
 *  these are the derivative structures of G. L. W. Hart and R. W. Forcade, Phys. Rev. B 77, 224115 (2008); exchange
 *  of the elements is no symmetry here. */
skd_status skd_enumerate_size(skd_enumeration *out, const skd_cell *primitive, size_t size,
                              const skd_enumeration_options *options, skd_configuration_fn fn, void *payload,
                              skd_error *err) SKD_CHECKED;

/* ---- environments of sites ----------------------------------------------------------------- */

#define SKD_ENVIRONMENT_SHELLS 4

typedef struct skd_environment_options {
    int species;           /**< the candidates: all atoms of this element                                      */
    size_t shells;         /**< 1..4 shells of neighbours, counted along bonds                                  */
    double reach;          /**< bonded: closer than this times the shortest distance of one of the two          */
    bool composition_only; /**< only what is in each shell counts, not which neighbour has which neighbours      */
} skd_environment_options;
#define SKD_ENVIRONMENT_DEFAULT {.shells = 2, .reach = 1.3}

/** Sites sorted into classes; arrays owned. */
typedef struct skd_environments {
    size_t n;             /**< candidate sites                                        */
    size_t *atom;         /**< [n] index into the cell                                */
    size_t *label;        /**< [n] class, numbered in order of first appearance       */
    size_t n_classes;
    size_t *first;        /**< [n_classes] index into atom: the first site of a class */
    size_t *multiplicity; /**< [n_classes] sites                                      */
    char (*shell)[SKD_ENVIRONMENT_SHELLS][40]; /**< [n_classes] what is in each shell, "Se2Te2" */
    char (*arrangement)[160]; /**< [n_classes] the first shell with its other neighbours, "3 Cd(Se2Te), Cd(Te3)" */
} skd_environments;

/** Classes of sites that look the same: an atom, its neighbours out to so many bonds and all bonds among them are a
 *  graph with elements on its corners, and sites are in one class if a permutation of neighbours makes one graph of
 *  the other (tested exactly, after colour refinement). Needs no symmetry and does not mind relaxed positions as long
 *  as bonds are kept. Images of an atom count as different neighbours. SKD_EARG if no atom of the element is there. */
skd_status skd_environments_find(skd_environments **out, const skd_cell *cell, const skd_environment_options *options,
                                 skd_error *err) SKD_CHECKED;
void skd_environments_free(skd_environments *environments);
/** Splits classes by another criterion: sites with different keys [n] come apart. */
skd_status skd_environments_split(skd_environments *environments, const size_t *key, skd_error *err) SKD_CHECKED;

#endif
