/* SPDX-License-Identifier: MIT
 * shakedown/learned.h - the surrogate: a linear model on rotation-invariant descriptors, fitted in closed
 * form to labels of a teacher (GFN1-xTB, DFT), with its own uncertainty. Part of the module relax.
 *
 *   E(frame) = prior(frame) + offset(composition, charge) + sum_i w[element of i] . d_i
 *
 * d_i is the power spectrum of the smeared density of i's neighbours, resolved by element, with the l = 0
 * coefficients themselves as its two-body part (A. P. Bartok, R. Kondor and G. Csanyi, Phys. Rev. B 87, 184115
 * (2013); a linear model on it is ACE of body order 3, R. Drautz, Phys. Rev. B 99, 014104 (2019)). With body order 4
 * couplings of three coefficients come in, on a reduced radial basis: single elements with hundreds of labels gain a
 * third in forces, searches with dozens nothing. Everything
 * that a frame contributes is linear in w, so a fit is one solution of normal equations and the posterior
 * covariance of w gives the variance of any energy or force (R. Jinnouchi, F. Karsai and G. Kresse, Phys. Rev. B
 * 100, 014105 (2019)).
 */
#ifndef SHAKEDOWN_LEARNED_H
#define SHAKEDOWN_LEARNED_H

#include "shakedown/relax.h"

/* ---- descriptors --------------------------------------------------------------------------- */

typedef struct skd_features_options {
    double cutoff;      /**< Å                                                                        */
    double taper;       /**< Å, the last stretch before the cutoff over which neighbours fade out (C2) */
    double width;       /**< Å, standard deviation of a neighbour's density; the smoothness prior      */
    int n_max, l_max;   /**< radial functions 1..n_max, angular momenta 0..l_max                        */
    int channels;       /**< element channels of the density at most; more elements are mixed into them */
    size_t most;        /**< features at most: with many elements the basis is made coarser (n_max 5, l_max 3,
                             width 0.5 Å, then fewer channels) until it fits; 0: never. Before that
                             n_triplet falls                                                            */
    int body;           /**< 3, or 4: also products of three coefficients of the density                 */
    int n_triplet, l_triplet; /**< their radial functions (combinations of the n_max) and angular momenta;
                                   at most n_max, l_max                                               */
    double near;        /**< their radial functions lie within this part of the cutoff                   */
} skd_features_options;
#define SKD_FEATURES_DEFAULT                                                                                        \
    {.cutoff = 6.0, .taper = 2.0, .width = 0.5, .n_max = 7, .l_max = 4, .channels = 3, .most = 2000,                  \
     .body = 3, .n_triplet = 5, .l_triplet = 3, .near = 1.0}

/** Descriptor of all atoms of cells made of given elements; immutable, may be shared by threads. */
typedef struct skd_features skd_features;
/** species[n_species]: atomic numbers, ascending, without repetition (copied). */
skd_status skd_features_new(skd_features **out, const skd_features_options *options, const int *species,
                            size_t n_species, skd_error *err) SKD_CHECKED;
void skd_features_free(skd_features *features);
size_t skd_features_count(const skd_features *features);   /**< m: numbers per frame, all central elements */
/** As they came to be (see `most`). */
const skd_features_options *skd_features_options_of(const skd_features *features);
const int *skd_features_species(const skd_features *features, size_t *n);

/** Scratch of one thread: neighbour list (kept with a skin along a path), coefficients. */
typedef struct skd_features_work skd_features_work;
skd_status skd_features_work_new(skd_features_work **out, const skd_features *features, skd_error *err) SKD_CHECKED;
void skd_features_work_free(skd_features_work *work);

/** What one frame contributes: E = energy . w, F_ia = force[3 i + a] . w, V stress_ab = strain[3 a + b] . w. */
typedef struct skd_design {
    size_t n, m;    /**< atoms, features   */
    double *energy; /**< [m]               */
    double *force;  /**< [3 n][m]          */
    double *strain; /**< [9][m], symmetric */
    bool no_strain; /**< set it if the strain is not needed: it is left zero, and filling is faster */
} skd_design;
skd_status skd_design_new(skd_design **out, size_t n, size_t m, skd_error *err) SKD_CHECKED;
void skd_design_free(skd_design *design);
/** SKD_EARG naming the atom if an element is not among the features' species. */
skd_status skd_design_fill(skd_design *design, const skd_features *features, const skd_cell *cell,
                           skd_features_work *work, skd_error *err) SKD_CHECKED;

/** Energy, forces, stress (as `want`) of weights w[m] in one pass, added to nothing: out is overwritten.
 *  energy_row[m], if not NULL, becomes the frame's energy row (for the variance). The fast path: no design. */
skd_status skd_features_apply(const skd_features *features, const double *w, const skd_cell *cell, int want,
                              skd_features_work *work, skd_result *out, double *energy_row, skd_error *err) SKD_CHECKED;
/** The energy row, row[m], of what `work` was last applied to; zero if nothing was. No evaluation. */
void skd_features_energy_row(skd_features_work *work, double *row);

/* ---- labels and fit -------------------------------------------------------------------------- */

/** A frame with what a teacher says of it; all borrowed. */
typedef struct skd_label {
    const skd_cell *cell;
    double charge;             /**< e                                               */
    double energy;             /**< eV                                              */
    const double (*force)[3];  /**< [n] eV/Å                                        */
    const double (*stress)[3]; /**< [3] eV/Å^3 as in skd_result; NULL: not known    */
    const skd_result *base;    /**< what the level says of it that the model goes on top of, energy, forces and stress:
                                    the fit is to what is left; the model does not add it again. NULL: none */
} skd_label;

typedef struct skd_fit_options {
    double force_noise, force_noise_slope;   /**< eV/Å, and per eV/Å of the atom's own force: 0.06 + 0.1 |F|     */
    double energy_noise, energy_noise_slope; /**< eV a frame, and per eV above the lowest of its composition
                                                  and charge: 0.03 + 0.01 (E - E_min)                           */
    double stress_noise;                     /**< eV/Å^3 times the cell's volume is what is fitted              */
    double far_above;                        /**< eV above the lowest: frames higher are left out unless calm    */
    double close_contact;                    /**< frames with two atoms closer than this fraction of the sum of
                                                  their covalent radii are left out; 0: none                    */
    double other_charge;                     /**< weight (0..1) of labels of other charges in a charge's fit     */
    double ridge;                            /**< the ridge strength alpha; 0: by bounded evidence               */
    double weight_energy, weight_force, weight_stress; /**< if weight_force > 0, energy_noise and stress_noise follow
                                                  from force_noise so that the fit weighs, frame by frame, the mean
                                                  squares of eV/atom, eV/Å and GPa in this proportion (the loss of
                                                  neural potentials, there 1:1:0.1); slopes stay               */
    double smooth, smooth_rattle;            /**< eV/Å^2, Å; for labels with a base: how far the force constants of the
                                                  two levels may differ, and how far copies of the frame are rattled
                                                  that are guessed to have its difference of forces (see smooth.c);
                                                  0: no guesses                                                  */
    char prior[128];                         /**< spec of a potential for short range, "" for none               */
} skd_fit_options;
#define SKD_FIT_DEFAULT                                                                                             \
    {.force_noise = 0.06, .force_noise_slope = 0.1, .energy_noise = 0.03, .energy_noise_slope = 0.01,                \
     .stress_noise = 0.005, .far_above = 8.0, .close_contact = 0.5, .other_charge = 0.2,                             \
     .smooth = 1.0, .smooth_rattle = 0.1,                                                                         \
     .prior = "zbl:cutoff=2.4,width=1.2"}

/** Labels gathered as normal equations, one set per charge: adding a frame costs only that frame. */
typedef struct skd_fit skd_fit;
/** Keeps a reference to features, which must live longer. */
skd_status skd_fit_new(skd_fit **out, const skd_features *features, const skd_fit_options *options,
                       skd_error *err) SKD_CHECKED;
void skd_fit_free(skd_fit *fit);
skd_status skd_fit_add(skd_fit *fit, const skd_label *label, skd_error *err) SKD_CHECKED; /**< copies the label */
size_t skd_fit_count(const skd_fit *fit); /**< labels and guesses (see `smooth`) */
/** Label i as it was given but for its base, in the order of adding; borrowed from the fit. */
skd_label skd_fit_label(const skd_fit *fit, size_t i);
const skd_fit_options *skd_fit_options_of(const skd_fit *fit);

/** How a fit went. */
typedef struct skd_fit_report {
    size_t n_frames, n_used;         /**< labels, and those not left out as too far above or too close  */
    size_t n_own;                    /**< used ones of the model's own charge; RMSE, leave-one-out errors,
                                          scales and coverage are theirs (of all used ones if there is none;
                                          of more than 32, of 32 evenly spread)                         */
    double alpha, beta;              /**< ridge and noise scale by bounded evidence                     */
    double condition;                /**< of the matrix that was solved                                 */
    double n_effective;              /**< effective number of parameters, trace of the hat matrix       */
    double energy_rmse, force_rmse;  /**< eV a frame, eV/Å, on the labels themselves                    */
    double energy_loo, force_loo;    /**< the same leaving each frame out of its own fit                */
    double energy_scale, force_scale;/**< what the raw posterior deviations must be multiplied by so that
                                          they match the leave-one-out errors                           */
    double spearman;                 /**< of frame force error and posterior deviation, left out        */
    double coverage;                 /**< share of left-out energies within two calibrated deviations   */
} skd_fit_report;

/** A fitted model for one charge; immutable, may be shared by threads. Keeps a reference to the fit's features. */
typedef struct skd_model skd_model;
/** The model of `charge` from all labels so far. SKD_EARG without labels. Deterministic: depends on the labels
 *  and their order only, and on the order within rounding. The fit is unchanged but for its sums, from which
 *  frames leave that a lower label has put too far above. report may be NULL. */
skd_status skd_fit_solve(skd_model **out, skd_fit *fit, double charge, skd_fit_report *report,
                         skd_error *err) SKD_CHECKED;
void skd_model_free(skd_model *model);
double skd_model_charge(const skd_model *model);
/** Is there a label of this composition (and the model's charge)? If not, energies have an unknown constant. */
bool skd_model_knows_composition(const skd_model *model, const skd_cell *cell);

typedef struct skd_model_work skd_model_work;
skd_status skd_model_work_new(skd_model_work **out, const skd_model *model, skd_error *err) SKD_CHECKED;
void skd_model_work_free(skd_model_work *work);
/** Energy (with prior and offset; a composition without a label of its own has the offset predicted from the
 *  elements' shares), forces, stress. */
skd_status skd_model_compute(const skd_model *model, const skd_cell *cell, int want, skd_model_work *work,
                             skd_result *out, skd_error *err) SKD_CHECKED;
/** Calibrated standard deviation of the total energy of the frame last computed with `work`, eV; without the
 *  unknown constant of a composition that has no label. No evaluation: one product with a triangle.
 *  SKD_EARG if nothing was computed or the model was read without its covariance. */
skd_status skd_model_energy_deviation(const skd_model *model, skd_model_work *work, double *out,
                                      skd_error *err) SKD_CHECKED;
/** Of the difference between two frames: pass copies of what skd_model_energy_row gave for each. */
skd_status skd_model_difference_deviation(const skd_model *model, const double *row_a, const double *row_b,
                                          double *out, skd_error *err) SKD_CHECKED;
/** What the energy of the frame last computed is linear in, relative to the labels' offsets; borrowed. */
const double *skd_model_energy_row(skd_model_work *work, size_t *length);
/** Calibrated deviation of each force, [n] eV/Å (root of the summed variances of the three components). */
skd_status skd_model_force_deviation(const skd_model *model, const skd_cell *cell, skd_model_work *work, double *out,
                                     skd_error *err) SKD_CHECKED;

/** All numbers of a model but its covariance, as one array, the caller's: for files. */
skd_status skd_model_pack(double **out, size_t *n, const skd_model *model, skd_error *err) SKD_CHECKED;
/** The model back: the same bits for energies and forces, no deviations. features must be made with the same options
 *  and elements; prior: the fit's. SKD_EFORMAT if the numbers cannot be such a model's. */
skd_status skd_model_unpack(skd_model **out, const skd_features *features, const char *prior, const double *numbers,
                            size_t n, skd_error *err) SKD_CHECKED;

/** The model as a potential for skd_relax and everything else; borrows the model, which must outlive it. Other
 *  elements and other charges than the model's are refused. */
skd_status skd_potential_of_model(skd_potential **out, const skd_model *model, skd_error *err) SKD_CHECKED;
/** The same for several models of different charges on the same features: each cell by the model of its charge. */
skd_status skd_potential_of_models(skd_potential **out, const skd_model *const *model, size_t n,
                                   skd_error *err) SKD_CHECKED;
/** The same, and the potential's end is theirs: features_taken and model_taken[n] are freed with it. On failure they
 *  stay the caller's. */
skd_status skd_potential_taking_models(skd_potential **out, skd_features *features_taken,
                                       skd_model *const *model_taken, size_t n, skd_error *err) SKD_CHECKED;
/** The guard's handle: scratch of the model that a potential's scratch used last, holding the frame last
 *  computed, and that model. An observer of skd_relax asks skd_model_energy_deviation with it. */
skd_model_work *skd_model_work_of(const skd_potential_work *work, const skd_model **model);

#endif
