/* SPDX-License-Identifier: MIT
 * known_labels.h - what earlier searches were told, for the next one: labels of model files, of other runs, and of the
 * ready-made models that the program carries.
 */
#ifndef SKD_KNOWN_LABELS_H
#define SKD_KNOWN_LABELS_H

#include "plan.h"
#include "run_store.h"

/** Single points of one level, no frame twice. Zero-initialise; owned. */
typedef struct known_labels {
    skd_kept_label *label; /**< [n] */
    size_t n, room;
    char from[400];        /**< "FILE, RUN"; "" if there are none */
} known_labels;
void known_labels_free(known_labels *known);

/** Labels of a comma-separated list of model files and folders of runs; NULL: of the ready-made model of this host and
 *  level, if there is one; "none": no labels. SKD_EARG where labels are of another level, or none of them is of
 *  elements that this search has. */
skd_status known_labels_read(known_labels *known, const char *list, const char *level, const cli_plan *plan,
                             skd_error *err);
/** Appends the labels of a run that was read back, frames on the way of relaxations too. */
skd_status known_labels_add_run(known_labels *known, const run_store *store, skd_error *err);
/** Appends copies of what one label says, frames on the way of a relaxation too. */
skd_status known_labels_add(known_labels *known, const skd_kept_label *label, skd_error *err);
/** A hash of all of them; 0 if there are none. */
uint64_t known_labels_key(const known_labels *known);
/** Gives the learner a copy of each, to count from the beginning. */
skd_status known_labels_give(const known_labels *known, skd_learner *learner, skd_error *err);
/** Writes them as a model file without weights. */
skd_status known_labels_write(const known_labels *known, const char *path, const run_record *record,
                              const skd_cell *primitive, skd_error *err);

/** Notes in a model file of which crystal it is, and tells whether it is of this one: the same atoms in the primitive
 *  cell, whose edges differ by 5 % and angles by 5 degrees at most. */
skd_status known_host_note(skd_model_file *file, const skd_cell *primitive, skd_error *err);
bool known_host_matches(const skd_model_file *file, const skd_cell *primitive);

#endif
