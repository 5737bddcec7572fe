/* SPDX-License-Identifier: MIT */
/* doubt.c - a surrogate that is sure of everything may only not have been where it is wrong: the deviations that its
 * guard goes by follow from the labels that there are. So where nothing is left to ask, frames on the way from starts
 * that are farthest from all labels are labelled, and have to be as predicted; else the search goes on. */
#include <math.h>
#include <stdlib.h>

#include "lesson.h"

enum { CHECKS = 2, MOST_DOUBTS = 3 }; /* frames each time, times */
#define FORCE_OFF   0.15 /* eV/Å, on the worst atom, and ... */
#define FORCE_SHARE 0.2  /* ... of the largest force          */

/* Å, from the frame to the nearest that counts: the displacement of the atom that moved most. */
static skd_status distance_to_labels(const skd_lesson *l, const skd_cell *cell, double *least, skd_error *err) {
    const skd_learner *learner = l->learner;
    skd_status status = SKD_OK;
    *least = INFINITY;
    for (size_t i = 0; i < learner->n_fitted && status == SKD_OK; i++) {
        const skd_cell *known = learner->label[learner->fitted[i]]->cell;
        double moved;
        if (known->n != cell->n)
            continue;
        status = skd_largest_displacement(known, cell, &moved, err);
        *least = fmin(*least, moved);
    }
    return status;
}

/* The start's trail whose frame is farthest from all labels; SIZE_MAX if none is left. */
static skd_status farthest(const skd_lesson *l, size_t *trail, skd_error *err) {
    double most = 0.0;
    skd_status status = SKD_OK;
    *trail = SIZE_MAX;
    for (size_t i = 0; i < l->trails.n && status == SKD_OK; i++) {
        const skd_trail *t = &l->trails.trail[i];
        double far;
        if (t->earlier || !t->middle || t->checked)
            continue;
        status = distance_to_labels(l, t->middle, &far, err);
        if (status == SKD_OK && far > most) {
            most = far;
            *trail = i;
        }
    }
    return status;
}

static bool is_off(const skd_result *predicted, const skd_kept_label *label, double guard) {
    double most = 0.0, force = 0.0;
    for (size_t i = 0; i < label->cell->n; i++) {
        double d[3];
        for (int k = 0; k < 3; k++)
            d[k] = predicted->force[i][k] - label->force[i][k];
        most = fmax(most, skd_norm(d));
        force = fmax(force, skd_norm(label->force[i]));
    }
    return most > FORCE_OFF + FORCE_SHARE * force || fabs(predicted->energy - label->energy) > guard;
}

/* What the surrogate says of the frame, against its label. A prior level that cannot do it is no reason for doubt. */
static skd_status compare(const skd_lesson *l, const skd_kept_label *label, bool *off, skd_error *err) {
    skd_potential *learned = NULL, *sum = NULL;
    skd_potential_work *work = NULL;
    skd_result *result = NULL;
    skd_error trouble = {SKD_OK, ""};
    const skd_potential *prior = l->learner->options.prior;
    skd_status status = skd_potential_of_model(&learned, l->model, err);
    if (status == SKD_OK && prior)
        status = skd_potential_sum(&sum, (const skd_potential *[]){prior, learned}, 2, err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, prior ? sum : learned, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, label->cell->n, err);
    if (status == SKD_OK && skd_potential_compute(work, label->cell, label->charge, 0, result, &trouble) == SKD_OK)
        *off |= is_off(result, label, l->learner->options.guard);
    else if (status == SKD_OK && trouble.status == SKD_ENOMEM)
        status = skd_fail(err, SKD_ENOMEM, "%s", trouble.text);
    l->summary->n_prior += prior != NULL;
    skd_result_free(result);
    skd_potential_work_free(work);
    skd_potential_free(sum);
    skd_potential_free(learned);
    return status;
}

static skd_status check_one(skd_lesson *l, size_t trail, bool *off, skd_error *err) {
    skd_question question = {.cell = l->trails.trail[trail].middle};
    size_t of;
    skd_lesson_name(l, trail, question.from, sizeof question.from);
    skd_status status = skd_learner_ask(l->learner, &question, 1, l->job->charge, &of, err);
    if (status != SKD_OK)
        return status;
    const skd_kept_label *label = l->learner->label[of];
    l->trails.trail[trail].checked = true;
    l->summary->n_labels++;
    l->summary->n_failed += label->failed;
    return label->failed ? SKD_OK : compare(l, label, off, err);
}

skd_status skd_doubt(skd_lesson *l, bool *off, skd_error *err) {
    size_t trail = 0;
    skd_status status = SKD_OK;
    *off = false;
    if (l->n_doubts++ >= MOST_DOUBTS)
        return SKD_OK;
    for (int k = 0; k < CHECKS && status == SKD_OK && trail != SIZE_MAX; k++) {
        if (l->summary->n_labels >= l->learner->options.labels)
            return SKD_OK;
        status = farthest(l, &trail, err);
        if (status == SKD_OK && trail != SIZE_MAX)
            status = check_one(l, trail, off, err);
    }
    return status;
}
