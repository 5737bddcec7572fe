/* SPDX-License-Identifier: MIT
 * model.h - the inside of skd_model. Private to relax/learned.
 *
 * Columns of offsets: one an element (its count), then one a group (composition and charge). */
#ifndef SKD_LEARNED_MODEL_H
#define SKD_LEARNED_MODEL_H

#include "shakedown/learned.h"

struct skd_model {
    const skd_features *features;
    const int *species;
    size_t n_species, n_groups, m, k; /* k = n_species + n_groups */
    double charge;
    double beta, energy_scale, force_scale;
    double *w;            /* [m]                                                       */
    double *inverse;      /* [m][m] as in ridge_solution; NULL: read without covariance */
    double *reference;    /* [n_species] eV an atom, taken off every energy            */
    double *c;            /* [k] offsets                                               */
    double *h;            /* [k][m] how they follow the weights                        */
    double *covariance;   /* [k][k] of offsets, at given weights and beta = 1          */
    double *count;        /* [n_groups][n_species]                                     */
    double *group_charge; /* [n_groups]                                                */
    skd_potential *prior; /* NULL: none                                                */
};

struct skd_model_work {
    const skd_model *model;
    skd_features_work *features;
    skd_potential_work *prior;
    skd_result *prior_result; /* of prior_atoms atoms */
    size_t prior_atoms;
    skd_design *design;       /* for force deviations */
    double *row;              /* [m + k]              */
    double *scratch;          /* [m]                  */
    bool has_frame, has_row; /* was one computed; and is its row there, which is made when asked for */
};

/** A model with all arrays allocated (zero) but the factor. */
skd_status model_new(skd_model **out, const skd_features *features, size_t n_groups, const char *prior,
                     skd_error *err) SKD_CHECKED;
/** Offset columns z[k] of a cell; false if it has other elements. */
bool model_columns(const skd_model *model, const skd_cell *cell, double *z);
/** The row of the frame last computed is made, if it is not there. */
void model_make_row(skd_model_work *work);
/** x^T covariance x of a row [m + k] in units of 1/beta; scratch [m]. */
double model_variance(const skd_model *model, const double *row, double *scratch);

#endif
