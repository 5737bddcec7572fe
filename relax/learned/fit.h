/* SPDX-License-Identifier: MIT
 * fit.h - the inside of skd_fit: labels kept, sums of their rows, groups of equal composition and charge. Private to
 * relax/learned.
 *
 * Forces and stresses enter the sums when a label is added and never change. Energies are few, and their noise
 * depends on the lowest energy of their group, which later labels may lower: their rows are kept and enter at each
 * solution anew. */
#ifndef SKD_LEARNED_FIT_H
#define SKD_LEARNED_FIT_H

#include "ridge.h"
#include "shakedown/learned.h"

/** Labels of one composition and charge. */
typedef struct fit_group {
    double *count; /**< [n_species] atoms of each element */
    double charge, lowest;
} fit_group;

typedef struct fit_frame {
    skd_cell *cell;
    double charge, energy;     /**< as labelled                       */
    double (*force)[3];
    double stress[3][3];
    bool has_stress;
    skd_result *prior;         /**< NULL: none                        */
    double *row;               /**< [m] of the energy                 */
    float *kept;               /**< its other whitened rows; NULL: too many, not kept */
    size_t group;
    bool close;                /**< two atoms too close               */
    double spread;             /**< eV/Å, of a guess; 0: a label      */
    bool in;                   /**< do the sums hold its rows?        */
} fit_frame;

/** Whitened rows of one frame: the energy's (left to the caller), 3 n forces, 6 stresses if known. */
typedef struct fit_block {
    size_t rows, m, room, room_rows;
    double *x;     /**< [rows][m] */
    double *y;     /**< [rows]    */
    double *sigma; /**< [rows]    */
} fit_block;

typedef struct fit_charge {
    double charge;
    ridge_normal sums;
} fit_charge;

struct skd_fit {
    const skd_features *features;
    const int *species;
    size_t n_species, m;
    skd_fit_options options;
    skd_potential *prior;
    skd_potential_work *prior_work;
    skd_features_work *work;
    skd_design *design;
    fit_block block;
    size_t kept_bytes;
    fit_frame *frame;
    size_t n, capacity;
    fit_group *group;
    size_t n_groups, group_capacity;
    fit_charge *charge;
    size_t n_charges, charge_capacity;
};

/** Takes a label in, or with a spread above 0 a guess of its forces. */
skd_status fit_add(skd_fit *fit, const skd_label *label, double spread, skd_error *err) SKD_CHECKED;
/** Guesses around the label that was added last, if it has a base. */
skd_status fit_add_smooth(skd_fit *fit, const skd_label *label, skd_error *err) SKD_CHECKED;
/** Without guesses. */
size_t fit_count_labels(const skd_fit *fit);
/** Fills fit->block with the frame's rows. The energy's row is zero, with sigma 1. */
skd_status fit_block_fill(skd_fit *fit, const fit_frame *frame, skd_error *err) SKD_CHECKED;
/** The same but for the seventh digit of the rows, from those that were kept, without an evaluation: good enough for
 *  errors, not for the sums. */
skd_status fit_block_recall(skd_fit *fit, const fit_frame *frame, skd_error *err) SKD_CHECKED;
/** Keeps the rows of the block, filled with this frame's, while all that are kept have room. */
skd_status fit_block_keep(skd_fit *fit, fit_frame *frame, skd_error *err) SKD_CHECKED;
void fit_block_free(fit_block *block);
/** Brings the block, filled with this frame's rows, into the sums or out of them. */
skd_status fit_block_put(skd_fit *fit, fit_frame *frame, bool in, skd_error *err) SKD_CHECKED;
/** Takes frames out of the sums that a lower label has put too far above. */
skd_status fit_refresh(skd_fit *fit, skd_error *err) SKD_CHECKED;
/** Not too close and not too far above the lowest of its group? */
bool fit_frame_wanted(const skd_fit *fit, const fit_frame *frame);
/** Weight of labels of `charge` in the fit of charge `own`. */
double fit_weight(const skd_fit *fit, double charge, double own);
/** Energy less prior, eV. */
double fit_frame_energy(const fit_frame *frame);
/** Standard deviation of the energy's noise, eV. */
double fit_frame_noise(const skd_fit *fit, const fit_frame *frame);
/** Counts of the cell's atoms by element; false if there are others. count: [n_species] */
bool fit_count_species(const int *species, size_t n_species, const skd_cell *cell, double *count);

#endif
