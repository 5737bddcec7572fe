/* SPDX-License-Identifier: MIT */
/* oxidation.c - oxidation states of the host and of foreign atoms, from which N follows. */
#include "naming.h"

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

skd_status skd_host_states_of(skd_host_states *out, const skd_cell *host, const skd_defect_options *options,
                            skd_error *err) {
    int species[SKD_ELEMENT_MAX], state[SKD_ELEMENT_MAX] = {0};
    size_t count[SKD_ELEMENT_MAX], n = composition(host, species, count);
    bool found = false;
    *out = (skd_host_states){0};
    skd_status status = skd_oxidation_guess(species, count, n, state, &found, err);
    if (status != SKD_OK)
        return status;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        out->state[z] = skd_element_of(z)->most_probable;
        out->known[z] = found;
    }
    for (size_t k = 0; k < n; k++)
        out->state[species[k]] = found ? state[k] : 0;
    for (size_t k = 0; k < options->n_oxidation; k++) {
        int z = options->oxidation_species[k];
        if (z < 1 || z > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EARG, "oxidation state of atomic number %d: no such element", z);
        out->state[z] = options->oxidation_state[k];
        out->known[z] = true;
    }
    return SKD_OK;
}

void skd_defect_set_oxidation(skd_defect *defect, const skd_host_states *oxidation, const skd_cell *host) {
    int z = defect->removed ? defect->removed : host->species[0];
    defect->oxidation_change = (defect->added ? oxidation->state[defect->added] : 0) -
                               (defect->removed ? oxidation->state[defect->removed] : 0);
    defect->oxidation_known = oxidation->known[z] && (!defect->added || oxidation->known[defect->added]);
}
