/* SPDX-License-Identifier: MIT
 * alloy_figures.h - inside skd_correlations: figures, their instances, and which of them hold a site. */
#ifndef SKD_ALLOY_FIGURES_H
#define SKD_ALLOY_FIGURES_H

#include "shakedown/alloy.h"

enum { SHELLS_MAX = 20 };

/** Distances between sites, nearest first. */
typedef struct skd_shells {
    size_t n;
    double mean[SHELLS_MAX], upto[SHELLS_MAX]; /**< Å; upto: in the gap to the next */
} skd_shells;

typedef struct figure {
    skd_figure shown;
    size_t key[6];   /* sublattices of the corners; shells of the sides 12, 13, 23 */
    size_t number;   /* in order of appearance                                     */
    size_t n_tuples; /* ways to occupy the corners                                 */
    long *count;     /* [n_tuples] instances occupied so, times their weights      */
    long total;      /* all instances, times their weights                         */
    double *product; /* [n_values][n_tuples]                                       */
} figure;

typedef struct instance {
    uint32_t figure, site[3];
    unsigned weight;
} instance;

struct skd_correlations {
    const skd_alloy *alloy;
    skd_shells shells;
    figure *figure;
    skd_figure *shown; /* [n_figures] copies for the caller */
    size_t n_figures, figure_capacity;
    instance *instance;
    size_t n, capacity;
    size_t *first;     /* [n_sites + 1], into of_site */
    uint32_t *of_site; /* instances that hold a site  */
};

/** Adds (sign 1) or takes off (-1) what the instance gives to its figure with the labels as they are. */
static inline void instance_count(skd_correlations *c, const instance *one, long sign) {
    figure *f = &c->figure[one->figure];
    size_t tuple = 0;
    for (int p = 0; p < f->shown.order; p++)
        tuple = tuple * c->alloy->sublattice[f->key[p]].n_species + c->alloy->label[one->site[p]];
    f->count[tuple] += sign * (long)one->weight;
}

/** Counts all anew; then the objective of the counts as they are. */
void correlations_count(skd_correlations *c);
double correlations_objective(skd_correlations *c);

#endif
