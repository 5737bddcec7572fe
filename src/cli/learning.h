/* SPDX-License-Identifier: MIT
 * learning.h - the part of `search` in which a surrogate learns from the potential: options, storage, what is shown.
 */
#ifndef SKD_LEARNING_H
#define SKD_LEARNING_H

#include "cli.h"
#include "known_labels.h"
#include "progress.h"
#include "run_store.h"

/* Rows of the option table. */
#define LEARNING_OPTIONS                                                                                              \
    {"surrogate", 0, CLI_TEXT, "WHEN", "auto",                                                                        \
     "relax with a surrogate that learns from the potential: on, off, or auto (where the potential costs more than "  \
     "milliseconds); the potential itself has the last word on every minimum",                                       \
     0, 0, "surrogate"},                                                                                              \
        {"labels", 0, CLI_INT, "N", "80", "energies and forces that the surrogate may ask for, a defect state", 1,     \
         100000, NULL},                                                                                               \
        {"retry", 0, CLI_FLAG, NULL, NULL,                                                                            \
         "ask again for frames that an earlier call of this search set aside without an answer", 0, 0, NULL},         \
    {                                                                                                                 \
        "learned-from", 0, CLI_TEXT, "LIST", NULL,                                                                    \
            "model files and folders of other runs at the same level whose labels are known from the start; none; "   \
            "default: the program's own model of this host, if it has one",                                           \
            0, 0, NULL                                                                                                \
    }

/** One search's learner, and what it must know to store and show. All borrowed but the learner. */
typedef struct learning {
    run_store *store;
    const run_record *record;
    progress *progress;
    skd_job *const *job;
    size_t n_jobs;
    const known_labels *known;
    bool quiet;
    const skd_potential *prior; /* the level below, or NULL */
    double confirm_force;       /* eV/Å; 0: the teacher relaxes each family */
    skd_learn_hooks hooks;
    skd_learner *learner;
} learning;

/** Does this search learn? SKD_EARG if --surrogate is none of the three. */
skd_status learning_wanted(bool *out, const cli_args *args, const skd_potential *potential, skd_error *err);
skd_learn_options learning_options(const cli_args *args);
/** The other fields are set; what the store remembers is put before the learner. */
skd_status learning_begin(learning *l, const cli_args *args, const skd_potential *teacher,
                          const skd_relax_options *relax, skd_error *err);
/** Labels known before the search, from the list of --learned-from, into the record too; none if it does not learn. */
skd_status learning_recall(known_labels *known, run_record *record, const char *list, bool learns,
                           const cli_plan *plan, skd_error *err);
/** All labels of the run, and those known before it, as FOLDER/learned.model.gz. */
skd_status learning_write(known_labels *known, run_store *store, const run_record *record, const skd_cell *primitive,
                          skd_error *err);
/** All starts of all jobs that have no minimum yet. */
skd_status learning_search(learning *l, skd_error *err);
void learning_end(learning *l);

#endif
