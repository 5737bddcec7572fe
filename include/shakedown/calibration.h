/* SPDX-License-Identifier: MIT
 * shakedown/calibration.h - a host made a minimum of a level that does not have it as one. Part of the module relax.
 *
 *   E(calibrated) = E(level) + sum_i g_i sum_s a_s k(d_i, d_s),    k(d, d') = (u . u')^zeta,   u = (d, 1) / |(d, 1)|
 *
 * d_i is the surrogate's descriptor of atom i (learned.h), s runs over environments of rattled and strained perfect
 * host. The a_s are fitted to what a better level says of such cells less what the level says (sparse Gaussian-
 * process regression: J. Quinonero-Candela and C. E. Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005); kernel: A. P.
 * Bartok, R. Kondor and G. Csanyi, Phys. Rev. B 87, 184115 (2013)). In the supercell of the fit atoms on none of
 * the host's sites are not seen, and the gate g is 0 next to sites that have not their one atom and 1 beyond; so a
 * crystal that moves keeps all of the correction, also around an interstitial. In other cells it goes by soft
 * coordination numbers, one for each element: it is 1 where they are those of one of the host's sites within half a
 * neighbour, as heat and strain leave them, and 0 where 0.9 neighbours are missing or too many; there a soft crystal
 * that moves loses its correction. The mean of the process is zero and so are the energies of the perfect host's atoms:
 * an atom whose surroundings are unlike the host's is left to the level, and gains or loses nothing by getting there.
 */
#ifndef SHAKEDOWN_CALIBRATION_H
#define SHAKEDOWN_CALIBRATION_H

#include "shakedown/learned.h"

typedef struct skd_calibration_options {
    skd_features_options features;
    double force_noise;  /**< eV/Å                                                                         */
    double energy_noise; /**< eV an atom                                                                   */
    double stress_noise; /**< eV/Å^3; 0: stresses are left out                                             */
    size_t most;         /**< reference environments an element at most                                    */
    double zeta_min;     /**< least exponent tried, 16 at most: the larger, the nearer to the host correction ends */
} skd_calibration_options;
#define SKD_CALIBRATION_DEFAULT                                                                                     \
    {.features = {.cutoff = 5.0, .taper = 3.0, .width = 0.4, .n_max = 7, .l_max = 4, .channels = 3, .most = 2000,     \
                  .body = 3, .n_triplet = 3, .l_triplet = 3, .near = 0.83},                                           \
     .force_noise = 0.03, .energy_noise = 5e-4, .stress_noise = 3e-4, .most = 400, .zeta_min = 4.0}

/** Number k of the frames from which a host is learned: 0 the host itself, then atoms moved at random by 0.03 to
 *  0.08 Å (normal deviate of a coordinate) in a cell strained by up to 1.5 %. The caller's. */
skd_status skd_calibration_frame(skd_cell **out, const skd_cell *host, size_t k, uint32_t seed,
                                 skd_error *err) SKD_CHECKED;

/** How a calibration went; errors are those of each eighth of the frames left out of its own fit. */
typedef struct skd_calibration_report {
    size_t n_frames, n_reference;
    double zeta, scale;                 /**< exponent, and standard deviation (eV) of an atom's energy, as chosen */
    double force_before, force_after;   /**< eV/Å, root mean square of components of forces                       */
    double stress_before, stress_after; /**< eV/Å^3                                                               */
    double energy_before, energy_after; /**< eV an atom, about their mean                                         */
} skd_calibration_report;

typedef struct skd_calibration skd_calibration;
/** Fits to label[n] with their bases (all need one): cells of `host`'s elements. host: the perfect supercell. Exponent
 *  and scale are those of the least error of forces, eighths of the frames left out in turn. Deterministic. */
skd_status skd_calibration_fit(skd_calibration **out, const skd_cell *host, const skd_label *label, size_t n,
                               const skd_calibration_options *options, skd_calibration_report *report,
                               skd_error *err) SKD_CHECKED;
void skd_calibration_free(skd_calibration *calibration);
/** For each atom how much of the correction it gets, the gate, 0 to 1. SKD_EARG for elements that the host lacks. */
skd_status skd_calibration_similarity(const skd_calibration *calibration, const skd_cell *cell, double *out,
                                      skd_error *err) SKD_CHECKED;

/** Its numbers as an array, the caller's, for files: which atoms of which of the fit's cells (the host is number 0, the
 *  labels follow), and their coefficients. */
skd_status skd_calibration_pack(double **out, size_t *n, const skd_calibration *calibration,
                                skd_error *err) SKD_CHECKED;
/** The same back from the same cells[n_cells] and options. SKD_EFORMAT if the numbers cannot be such. */
skd_status skd_calibration_unpack(skd_calibration **out, const skd_features_options *options,
                                  const skd_cell *const *cell, size_t n_cells, const double *numbers, size_t n,
                                  skd_error *err) SKD_CHECKED;
/** The correction alone as a potential, to be added to its level; takes the calibration, on failure it stays the
 *  caller's. Atoms of elements that the host lacks are not seen. */
skd_status skd_potential_taking_calibration(skd_potential **out, skd_calibration *taken, skd_error *err) SKD_CHECKED;

#endif
