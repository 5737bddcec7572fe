/* SPDX-License-Identifier: MIT
 * calibrations.h - host calibrations between frames, fits and files (those of models, data/model.c, with the key
 * kind: calibration). */
#ifndef SKD_CLI_CALIBRATIONS_H
#define SKD_CLI_CALIBRATIONS_H

#include <stdio.h>

#include "shakedown/calibration.h"
#include "shakedown/data.h"

/** What is calibrated to what. Zero-initialise. */
typedef struct calibrating {
    const skd_cell *host;    /**< the perfect supercell                                                     */
    const skd_potential *base;
    const char *to;          /**< spec of the better level, or a file of labelled frames                    */
    const char *output;      /**< the file; labels are kept in OUTPUT.frames.xyz as they come               */
    size_t n_frames;
    uint32_t seed;
    bool quiet;
    size_t n_rounds;         /**< times that rattled hosts are relaxed at the calibrated level to see whether they
                                  return; where one does not, frames of its way are labelled and it is fitted anew */
    skd_frames labels;       /**< owned */
    skd_calibration_options options;
    skd_calibration_report report;
    size_t n_failed, n_asked; /**< labels set aside; labels that were not there before */
    size_t n_recalled;        /**< labels of trips before this call */
    double seconds;           /**< that asking took */
    double drift;             /**< Å rms from the host's sites, the largest of the last round's ends */
    double strain;            /**< largest of the lattice that was free in the last round */
    bool returned;            /**< did all of them? */
    double drift_before, strain_before; /**< of one such trip of the base, which ends at 0.25 Å or 6 % */
    size_t n_calls;           /**< of the base, on trips */
    /* of the better level while it is asked; owned */
    skd_potential *level;     /**< NULL: labels are from a file */
    skd_potential_work *work;
    skd_frames kept;
} calibrating;

/** The cells to be labelled, without labels. */
skd_status calibrations_frames(skd_frames *out, const skd_cell *host, size_t n, uint32_t seed,
                               skd_error *err) SKD_CHECKED;
/** Labels of such cells into c->labels, from the level or the file. */
skd_status calibrations_label(calibrating *c, skd_error *err) SKD_CHECKED;
/** eV/Å: the largest force of the better level in the perfect host; 0 if no label says. */
double calibrations_host_force(const calibrating *c);
/** Asks for one more label; takes the cell. */
skd_status calibrations_ask(calibrating *c, skd_cell *taken, skd_error *err) SKD_CHECKED;
/** The base alone on such trips. */
skd_status calibrations_before(calibrating *c, skd_error *err) SKD_CHECKED;
/** Round number `round`: rattled hosts are relaxed with base + correction, one with its lattice if labels tell of
 *  stresses. Where one ends beyond 0.07 Å rms, or its lattice beyond 1 %, and `asks`, frames of its way are asked for;
 *  *more tells whether there are labels now that the fit has not seen. */
skd_status calibrations_round(calibrating *c, const skd_potential *correction, size_t round, bool asks, bool *more,
                              skd_error *err) SKD_CHECKED;
/** Asks for labels (those of c->output.frames.xyz are not asked for again) or reads them, fits, writes c->output. */
skd_status calibrations_make(calibrating *c, skd_error *err) SKD_CHECKED;
void calibrations_free(calibrating *c); /**< frees the contents */
/** Lines of what came of it. */
void calibrations_print(const calibrating *c, FILE *out);
/** "calibration:FILE" as a potential: the correction alone. */
skd_status calibrations_potential(skd_potential **out, const char *spec, skd_error *err) SKD_CHECKED;
/** Is there a file of this host, base and level? SKD_EFORMAT if it is damaged. */
skd_status calibrations_is_made(bool *made, const calibrating *c, skd_error *err) SKD_CHECKED;
/** base becomes base+calibration:FILE; `base` is taken, also on failure. */
skd_status calibrations_add(skd_potential **base, const char *file, skd_error *err) SKD_CHECKED;

#endif
