/* SPDX-License-Identifier: MIT
 * cp2k_input.h - CP2K's input for one frame.
 */
#ifndef SKD_TEACHERS_CP2K_INPUT_H
#define SKD_TEACHERS_CP2K_INPUT_H

#include "kind.h"

/** Settings of the teacher; words as the user writes them. */
typedef struct cp2k_settings {
    char functional[TEACHER_WORD], basis[TEACHER_WORD], potential[TEACHER_WORD], admm[TEACHER_WORD], spin[TEACHER_WORD],
        kpoints[TEACHER_WORD];
    char cutoff[TEACHER_WORD]; /* Ry; auto: by the elements */
    double rel_cutoff;         /* Ry */
    double grid_step;          /* from one grid's cut-off to that of the next coarser */
    double eps_scf, eps_schwarz;
    double smear;              /* K, of the electrons where states are found by diagonalisation; 0: none */
    double memory;             /* MB of a job for exchange integrals */
} cp2k_settings;

/** How the states are found, and where they start from. */
typedef struct cp2k_way {
    bool otherwise;      /**< not by the way that is tried first */
    bool exact_exchange; /**< false: the semilocal step before a hybrid functional */
    const char *start;   /**< file of wave functions; NULL: atoms */
    bool stress, energy_only;
} cp2k_way;

/** SKD_EARG if a word of the settings is not known. */
skd_status cp2k_settings_check(const cp2k_settings *settings, skd_error *err) SKD_CHECKED;
bool cp2k_is_hybrid(const cp2k_settings *settings);
/** Appends the input. */
skd_status cp2k_input(skd_string *out, const cp2k_settings *settings, const cp2k_way *way, const skd_cell *cell,
                      double charge, skd_error *err) SKD_CHECKED;

#endif
