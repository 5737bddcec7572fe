/* SPDX-License-Identifier: MIT */
/* reference.c - the lowest label, and the frame from which the guard measures energies. The unperturbed defect is
 * labelled first and looks most like all others; but where a defect strains its crystal so much that fits leave that
 * label out (Mg on O in MgO relaxes by 9 eV), its energy stays a guess and nothing would ever be sure. */
#include <math.h>
#include <string.h>

#include "learn.h"

/* What the fit gets to see of a label. */
static double fitted_energy(const skd_learner *learner, size_t number) {
    double below = 0.0;
    if (learner->prior_work && !skd_learner_prior_energy(learner, number, &below))
        return INFINITY;
    return learner->label[number]->energy - below;
}

static bool is_of(const skd_kept_label *label, const skd_cell *cell, double charge) {
    return !label->failed && label->charge == charge && label->cell->n == cell->n &&
           !memcmp(label->cell->species, cell->species, cell->n * sizeof *cell->species);
}

/* The label of this composition and charge that is lowest for the fit; SIZE_MAX: none. */
static size_t lowest_label(const skd_learner *learner, const skd_cell *cell, double charge) {
    size_t best = SIZE_MAX;
    double lowest = INFINITY;
    for (size_t i = 0; i < learner->n_fitted; i++) {
        const size_t number = learner->fitted[i];
        const double energy = is_of(learner->label[number], cell, charge) ? fitted_energy(learner, number) : INFINITY;
        if (energy < lowest) {
            lowest = energy;
            best = number;
        }
    }
    return best;
}

bool skd_learner_left_out(const skd_learner *learner, const skd_job *job, size_t number) {
    const skd_kept_label *label = learner->label[number];
    const size_t best = lowest_label(learner, label->cell, job->charge);
    return label->failed || (best != SIZE_MAX && skd_label_force_max(label, job) > learner->options.finish_force &&
                             fitted_energy(learner, number) - fitted_energy(learner, best) >
                                 learner->options.fit.far_above);
}

const skd_cell *skd_learner_reference(const skd_learner *learner, const skd_job *job) {
    const skd_cell *cell = job->defect->cell;
    const size_t own = skd_learner_find(learner, cell, job->charge, false);
    const size_t best = lowest_label(learner, cell, job->charge);
    if (own == SIZE_MAX || best == SIZE_MAX ||
        fitted_energy(learner, own) - fitted_energy(learner, best) <= learner->options.fit.far_above)
        return cell;
    return learner->label[best]->relaxed ? learner->label[best]->relaxed : learner->label[best]->cell;
}

/* Is this label of the same defect, be it in a cell of another size: do they differ by whole pieces of the host? */
static bool is_of_defect(const skd_cell *label, const skd_defect *defect) {
    double by[SKD_ELEMENT_MAX + 1] = {0.0}, host[SKD_ELEMENT_MAX + 1] = {0.0}, pieces = 0.0;
    for (size_t i = 0; i < label->n; i++)
        by[label->species[i]] += 1.0;
    for (size_t i = 0; i < defect->cell->n; i++)
        by[defect->cell->species[i]] -= 1.0;
    for (size_t i = 0; i < defect->bulk->n; i++)
        host[defect->bulk->species[i]] += 1.0;
    for (int z = 0; z <= SKD_ELEMENT_MAX; z++)
        if (host[z] > 0.0)
            pieces = by[z] / host[z];
    for (int z = 0; z <= SKD_ELEMENT_MAX; z++)
        if (fabs(by[z] - pieces * host[z]) > 1e-6)
            return false;
    return true;
}

size_t skd_learner_own(const skd_learner *learner, const skd_defect *defect) {
    size_t n = 0;
    for (size_t i = 0; i < learner->n_fitted; i++) {
        const skd_kept_label *label = learner->label[learner->fitted[i]];
        n += !label->failed && is_of_defect(label->cell, defect);
    }
    return n;
}
