/* SPDX-License-Identifier: MIT */
/* oxidation.c - oxidation states of the host and of foreign atoms, from which N follows. */
#include "naming.h"

#include <stdlib.h>

/* Distinct species of the host with their counts; returns how many. */
static size_t composition(const skd_cell *host, int *species, size_t *count) {
    size_t n = 0;
    for (size_t i = 0; i < host->n; i++) {
        size_t k = 0;
        while (k < n && species[k] != host->species[i])
            k++;
        if (k == n) {
            species[n] = host->species[i];
            count[n++] = 0;
        }
        count[k]++;
    }
    return n;
}

/* The host's own elements: bond valences, else the composition. */
static skd_status guess(skd_host_states *out, const skd_cell *host, const int *species, const size_t *count, size_t n,
                        skd_error *err) {
    int state[SKD_ELEMENT_MAX] = {0};
    bool found = false;
    skd_status status = skd_bond_valence_guess(host, species, n, state, &found, err);
    out->source = SKD_OXIDATION_BOND_VALENCE;
    if (status == SKD_OK && !found) {
        status = skd_oxidation_guess(species, count, n, state, &found, err);
        out->source = found ? SKD_OXIDATION_COMPOSITION : SKD_OXIDATION_UNKNOWN;
    }
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        out->state[z] = skd_element_of(z)->most_probable;
        out->known[z] = found;
    }
    for (size_t k = 0; k < n; k++)
        out->state[species[k]] = found ? state[k] : 0;
    return status;
}

/* Are the host's elements all given? Then they must balance, or nearly so (alloys, doping). */
static skd_status check_user(skd_host_states *out, const skd_cell *host, const skd_defect_options *options,
                             skd_error *err) {
    double sum = 0.0;
    for (size_t i = 0; i < host->n; i++) {
        size_t k = 0;
        while (k < options->n_oxidation && options->oxidation_species[k] != host->species[i])
            k++;
        if (k == options->n_oxidation)
            return SKD_OK;
        sum += out->state[host->species[i]];
    }
    out->source = SKD_OXIDATION_USER;
    if (fabs(sum) < 0.5 * (double)host->n)
        return SKD_OK;
    char formula[64];
    return skd_fail(err, SKD_EARG, "the given oxidation states leave %s with %+g e an atom; expected 0",
                    skd_cell_formula(host, formula, sizeof formula), sum / (double)host->n);
}

skd_status skd_host_states_of(skd_host_states *out, const skd_cell *host, const skd_defect_options *options,
                              skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t count[SKD_ELEMENT_MAX], n = composition(host, species, count);
    *out = (skd_host_states){0};
    skd_status status = guess(out, host, species, count, n, err);
    if (status != SKD_OK)
        return status;
    for (size_t k = 0; k < options->n_oxidation; k++) {
        int z = options->oxidation_species[k];
        if (z < 1 || z > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EARG, "oxidation state of atomic number %d: no such element", z);
        out->state[z] = options->oxidation_state[k];
        out->known[z] = true;
    }
    return check_user(out, host, options, err);
}

void skd_defect_set_oxidation(skd_defect *defect, const skd_host_states *oxidation, const skd_cell *host) {
    int z = defect->removed ? defect->removed : host->species[0];
    defect->oxidation_removed = defect->removed ? oxidation->state[defect->removed] : 0;
    defect->oxidation_change = (defect->added ? oxidation->state[defect->added] : 0) - defect->oxidation_removed;
    defect->oxidation_known = oxidation->known[z] && (!defect->added || oxidation->known[defect->added]);
    defect->oxidation_max = 0;
    for (size_t i = 0; i < host->n; i++) {
        int size = abs(oxidation->state[host->species[i]]);
        defect->oxidation_max = size > defect->oxidation_max ? size : defect->oxidation_max;
    }
}
