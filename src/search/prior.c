/* SPDX-License-Identifier: MIT */
/* prior.c - the cheaper level below the one that is learned: what it says of the labels, once for each. */
#include <string.h>

#include "learn.h"

void skd_learner_forget_prior(skd_learner *learner) {
    for (size_t i = 0; i < learner->n_below; i++)
        skd_free(learner->below[i].force);
    skd_free(learner->below);
    skd_potential_work_free(learner->prior_work);
}

static skd_status make_room(skd_learner *learner, size_t number, size_t n_atoms, skd_error *err) {
    skd_status status =
        skd_grow((void **)&learner->below, &learner->below_room, number + 1, sizeof *learner->below, err);
    for (; status == SKD_OK && learner->n_below <= number; learner->n_below++)
        learner->below[learner->n_below] = (skd_below){0};
    if (status != SKD_OK || learner->below[number].force)
        return status;
    learner->below[number].force = skd_alloc((1 + SKD_WAY) * n_atoms, sizeof *learner->below->force);
    return learner->below[number].force ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the forces of a label");
}

/* A level that cannot is an outcome; no memory is not. */
static skd_status evaluate(skd_learner *learner, skd_below *below, size_t k, const skd_label *label, skd_error *err) {
    skd_result *result = NULL;
    skd_error trouble = {SKD_OK, ""};
    size_t n = label->cell->n;
    skd_status status = skd_result_new(&result, n, err);
    if (status != SKD_OK)
        return status;
    status = skd_potential_compute(learner->prior_work, label->cell, label->charge, 0, result, &trouble);
    below->state[k] = status == SKD_OK && isfinite(result->energy) ? SKD_BELOW_KNOWN : SKD_BELOW_FAILED;
    below->energy[k] = result->energy;
    memcpy(below->force + k * n, result->force, n * sizeof *result->force);
    skd_result_free(result);
    return status == SKD_ENOMEM ? skd_fail(err, status, "%s", trouble.text) : SKD_OK;
}

static skd_status add_difference(skd_learner *learner, const skd_below *below, size_t k, const skd_label *label,
                                 skd_error *err) {
    size_t n = label->cell->n;
    skd_label rest = *label;
    double (*force)[3] = skd_copy(label->force, n, sizeof *force);
    if (!force)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the forces of a label");
    rest.energy -= below->energy[k];
    for (size_t i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            force[i][a] -= below->force[k * n + i][a];
    rest.force = (const double(*)[3])force;
    skd_status status = skd_fit_add(learner->fit, &rest, err);
    skd_free(force);
    return status;
}

skd_status skd_learner_add(skd_learner *learner, size_t number, size_t k, const skd_label *label, skd_error *err) {
    if (!learner->prior_work)
        return skd_fit_add(learner->fit, label, err);
    skd_status status = make_room(learner, number, label->cell->n, err);
    skd_below *below = &learner->below[number];
    if (status == SKD_OK && below->state[k] == SKD_BELOW_UNKNOWN)
        status = evaluate(learner, below, k, label, err);
    if (status != SKD_OK || below->state[k] == SKD_BELOW_FAILED)
        return status;
    return add_difference(learner, below, k, label, err);
}

bool skd_learner_prior_energy(const skd_learner *learner, size_t number, double *energy) {
    if (number >= learner->n_below || learner->below[number].state[0] != SKD_BELOW_KNOWN)
        return false;
    *energy = learner->below[number].energy[0];
    return true;
}
