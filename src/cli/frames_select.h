/* SPDX-License-Identifier: MIT */
/* frames_select.h - which frames of many files to keep: what is remembered of each, and the rules. */
#ifndef SKD_CLI_FRAMES_SELECT_H
#define SKD_CLI_FRAMES_SELECT_H

#include "shakedown/data.h"

/** All that is remembered of a frame while the files are gone through: a few bytes. */
typedef struct frame_note {
    size_t file;
    double energy;        /* eV, NAN if unknown                         */
    uint64_t composition; /* of numbers of atoms, and of the charge     */
    bool is_scf_converged, is_relaxed, is_kept;
} frame_note;

typedef struct frame_notes {
    frame_note *note;
    size_t n, capacity;
    bool species[SKD_ELEMENT_MAX + 1]; /* elements seen */
} frame_notes;

/** Adds a note of the frame. */
skd_status frame_notes_add(frame_notes *notes, size_t file, const skd_frame *frame, skd_error *err) SKD_CHECKED;
void frame_notes_free(frame_notes *notes);
size_t frame_notes_kept(const frame_notes *notes);

/** Each drops notes that are kept so far. window: at most so much above the lowest kept frame of the same
 *  composition and charge, eV. spaced: evenly, first and last among them, of each file. */
void frames_drop_unconverged(frame_notes *notes);
void frames_drop_unrelaxed(frame_notes *notes);
void frames_drop_positive(frame_notes *notes);
skd_status frames_drop_above(frame_notes *notes, double window, skd_error *err) SKD_CHECKED;
void frames_keep_last(frame_notes *notes);
void frames_keep_spaced(frame_notes *notes, size_t wanted);
/** The kept frames that differ most, by farthest-point sampling: the lowest in energy, then the one whose distance
 *  to those chosen is largest, and so on. frame[n_kept] are the kept ones, in order. */
skd_status frames_keep_diverse(frame_notes *notes, skd_frame *const *frame, size_t wanted, int threads,
                               skd_error *err) SKD_CHECKED;

#endif
