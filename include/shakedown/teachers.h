/* SPDX-License-Identifier: MIT
 * shakedown/teachers.h - potentials whose energies another program computes: a DFT code, a user's command, whoever
 * connects to a socket.
 */
#ifndef SHAKEDOWN_TEACHERS_H
#define SHAKEDOWN_TEACHERS_H

#include "shakedown/relax.h"

/** Where a teacher works and what it is told besides its settings; everything borrowed for the call only. */
typedef struct teachers_place {
    const char *folder;  /**< each evaluation gets a folder below it; made where it is missing. NULL: "teacher" */
    int cores;           /**< of one evaluation, unless its settings say so; 0: 1                                */
    const char *command; /**< what is run, with {input} filled in; NULL: what the kind finds in PATH             */
    const char *input;   /**< file that the command finds in its folder: name ("POSCAR", "frame.xyz")            */
    const char *output;  /**< file with the answer, in any format that skd_outputs reads                         */
    const char *level;   /**< the user's line for the level of theory; NULL: the kind's own                      */
    double timeout;      /**< s, after which an evaluation has failed; 0: none                                   */
    bool (*stopped)(void); /**< true: whatever runs is ended, SKD_ESTOPPED; NULL: never                          */
    /** Writes the inputs of one evaluation into a folder that exists (files); NULL: the kind's own. */
    skd_status (*write)(void *payload, const char *folder, const skd_cell *cell, double charge, skd_error *err);
    void *payload;       /**< of write; must outlive the potential                                               */
    bool lasts;          /**< the folder belongs to a run, and what is in it keeps its meaning                   */
    skd_log log;         /**< what somebody must do meanwhile (start a client); zeroed: nobody listens           */
} teachers_place;

/** Is "cp2k:functional=PBE" one of a teacher? Its name decides. */
bool teachers_knows(const char *spec);
/** Names and summaries of the k-th kind; NULL after the last. */
const skd_potential_type *teachers_kind_of(size_t k);

/** A teacher as a potential: from "cp2k:functional=PBE,cores=2", "command", "files", ... Its spec is then the level in
 *  one line, every setting that shapes energies with its value: labels of one line may be mixed, those of two not.
 *  Each compute() asks the program anew, unless the answer of that very frame is already in its folder; it may be
 *  called by several threads. What goes wrong (fails, times out, not converged, truncated, not the frame asked, not
 *  finite, forces that do not sum to zero) is SKD_ENUMERIC with the folder in the text; SKD_EWAITING: asked, and the
 *  answer is not there yet. */
skd_status teachers_potential_new(skd_potential **out, const char *spec, const teachers_place *place,
                                  skd_error *err) SKD_CHECKED;

/** The k-th line "FOLDER: why" of those whose answers were not there (SKD_EWAITING), sorted; NULL after the last. */
const char *teachers_waiting(const skd_potential *potential, size_t k);

#endif
