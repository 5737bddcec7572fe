/* SPDX-License-Identifier: MIT */
/* learning.c - see learning.h. */
#include "learning.h"

#include <stdio.h>
#include <string.h>

#include "two_levels.h"

skd_status learning_wanted(bool *out, const cli_args *args, const skd_potential *potential, skd_error *err) {
    const char *when = cli_text(args, "surrogate");
    bool on = !strcmp(when, "on"), by_cost = !strcmp(when, "auto");
    *out = on || (by_cost && potential->type->dear);
    if (on || by_cost || !strcmp(when, "off"))
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "--surrogate: expected auto, on or off; found '%s'", when);
}

/* ---- hooks -------------------------------------------------------------------------------------- */

static skd_status store_label(void *payload, const skd_kept_label *label, skd_error *err) {
    learning *l = payload;
    if (label->failed && !l->quiet)
        fprintf(stderr, "%s: set aside, the teacher gave no answer, asked twice: %s\n", label->from, label->why);
    return run_store_keep_label(l->store, label, l->record, err);
}

static bool show_round(void *payload, const skd_learn_round *round) {
    const learning *l = payload;
    char entry[96];
    if (!l->quiet)
        fprintf(stderr, "%s round %zu: %zu labels, force error %.3f eV/Å; %zu ends unsure, %zu families\n",
                skd_defect_entry_name(round->job->defect, round->job->charge, entry, sizeof entry), round->number,
                round->n_labels, round->fit.force_loo, round->n_stopped, round->n_families);
    return !cli_interrupted();
}

static bool show_step(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame) {
    const learning *l = payload;
    progress_step(l->progress, job, start, frame);
    return !cli_interrupted();
}

static skd_status store_finished(void *payload, const skd_job *job, const size_t *start, size_t n, skd_error *err) {
    learning *l = payload;
    skd_status status = run_store_keep_many(l->store, l->job, l->n_jobs, job, start, n, l->record, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        progress_finished(l->progress, job, start[i]);
    return status;
}

/* ---- the search --------------------------------------------------------------------------------- */

/* A search that goes on remembers all that was asked before. */
static skd_status remember(learning *l, bool retry, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < l->store->n_labels && status == SKD_OK; i++) {
        skd_kept_label label = l->store->label[i];
        l->store->label[i] = (skd_kept_label){0};
        if (label.failed && !l->quiet)
            fprintf(stderr, "%s: %s: %s\n", label.from, retry ? "asked again" : "set aside before", label.why);
        if (label.failed && retry)
            skd_kept_label_free(&label);
        else
            status = skd_learner_keep(l->learner, &label, false, err);
    }
    return status;
}

skd_learn_options learning_options(const cli_args *args) {
    skd_learn_options options = SKD_LEARN_DEFAULT;
    options.labels = (size_t)cli_int(args, "labels");
    return options;
}

skd_status learning_begin(learning *l, const cli_args *args, const skd_potential *teacher,
                          const skd_relax_options *relax, skd_error *err) {
    skd_learn_options options = learning_options(args);
    two_levels_learn(&options, l->prior, l->confirm_force);
    l->hooks = (skd_learn_hooks){store_label, show_round, show_step, store_finished, l};
    skd_status status = skd_learner_new(&l->learner, teacher, relax, &options, (int)cli_int(args, "threads"), &l->hooks,
                                        err);
    if (status == SKD_OK)
        status = known_labels_give(l->known, l->learner, err);
    return status == SKD_OK ? remember(l, cli_flag(args, "retry"), err) : status;
}

skd_status learning_recall(known_labels *known, run_record *record, const char *list, bool learns,
                           const cli_plan *plan, skd_error *err) {
    if (!learns)
        return !list || strcmp(list, "none") == 0
                   ? SKD_OK
                   : skd_fail(err, SKD_EARG, "--learned-from: this search learns nothing; give --surrogate on");
    skd_status status = known_labels_read(known, list, record->potential, plan, err);
    snprintf(record->learned_from, sizeof record->learned_from, "%s", known->from);
    record->learned_key = known_labels_key(known);
    return status;
}

skd_status learning_write(known_labels *known, run_store *store, const run_record *record, const skd_cell *primitive,
                          skd_error *err) {
    run_contents run = {0};
    char path[4200];
    snprintf(path, sizeof path, "%s/learned.model.gz", store->folder);
    store->n_labels = 0; /* those of before went to the learner */
    skd_status status = run_store_load(store, &run, err);
    if (status == SKD_OK)
        status = known_labels_add_run(known, store, err);
    run_contents_free(&run);
    return status == SKD_OK && known->n ? known_labels_write(known, path, record, primitive, err) : status;
}

static void say_cost(const learning *l, const skd_job *job, const skd_learn_summary *cost) {
    char entry[96];
    if (l->quiet || cost->n_rounds == 0)
        return;
    fprintf(stderr, "%s: %zu labels in %zu rounds, %zu calls in final relaxations%s",
            skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry), cost->n_labels, cost->n_rounds,
            cost->n_finish, cost->spent ? "; the budget of labels is spent" : "");
    if (cost->n_prior)
        fprintf(stderr, "; %zu evaluations of the prior level by the surrogate", cost->n_prior);
    if (cost->n_failed)
        fprintf(stderr, "; %zu questions without an answer", cost->n_failed);
    fputc('\n', stderr);
}

skd_status learning_search(learning *l, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t j = 0; j < l->n_jobs && status == SKD_OK; j++) {
        skd_learn_summary cost;
        status = skd_learner_search(l->learner, l->job[j], &cost, err);
        if (status == SKD_OK)
            say_cost(l, l->job[j], &cost);
    }
    return status;
}

void learning_end(learning *l) {
    skd_learner_free(l->learner);
    l->learner = NULL;
}
