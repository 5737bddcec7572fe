/* SPDX-License-Identifier: MIT */
/* metrics.c - what a person wants to know of a minimum: which bond is new, how far the atoms went. Both
 * compare with a reference (the unperturbed defect) of the same cell and the same atom order. */
#include "shakedown/fingerprints.h"

#include <stdio.h>

/* Two atoms are bonded if closer than this times the sum of their covalent radii (Cordero 2008). Bonds of
 * covalent and ionic crystals lie at 0.95-1.15 of it, second neighbours of tetrahedral ones at 1.6. */
#define BOND_FACTOR 1.25
/* Å; a bond is new only if the pair has come closer by this much, so that a pair that trembles about the
 * limit is not reported. */
#define BOND_APPROACH 0.2

static skd_status check_pair(const skd_cell *reference, const skd_cell *cell, skd_error *err) {
    if (reference->n != cell->n)
        return skd_fail(err, SKD_EARG, "structures of %zu and %zu atoms cannot be compared atom by atom", reference->n,
                        cell->n);
    for (size_t i = 0; i < cell->n; i++)
        if (reference->species[i] != cell->species[i])
            return skd_fail(err, SKD_EARG, "atom %zu is element %d in one structure and %d in the other", i + 1,
                            reference->species[i], cell->species[i]);
    return SKD_OK;
}

static double bond_limit(int z1, int z2) {
    const skd_element *a = skd_element_of(z1), *b = skd_element_of(z2);
    return a && b ? BOND_FACTOR * (a->covalent_radius + b->covalent_radius) : 0.0;
}

skd_status skd_new_bond_find(const skd_cell *reference, const skd_cell *cell, skd_bond *out, skd_error *err) {
    skd_mic before, after;
    *out = (skd_bond){.found = false};
    skd_status status = check_pair(reference, cell, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&before, reference, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&after, cell, err);
    for (size_t i = 0; status == SKD_OK && i < cell->n; i++)
        for (size_t j = i + 1; j < cell->n; j++) {
            double d[3], limit = bond_limit(cell->species[i], cell->species[j]);
            double now = skd_mic_vector(&after, cell->pos[i], cell->pos[j], d);
            if (now >= limit || (out->found && now >= out->length))
                continue;
            double then = skd_mic_vector(&before, reference->pos[i], reference->pos[j], d);
            if (then >= limit && then - now >= BOND_APPROACH)
                *out = (skd_bond){.found = true, .i = i, .j = j, .length = now, .before = then};
        }
    return status;
}

skd_status skd_new_bond(const skd_cell *reference, const skd_cell *cell, char *text, size_t size, skd_error *err) {
    skd_bond bond;
    skd_status status = skd_new_bond_find(reference, cell, &bond, err);
    if (size)
        text[0] = '\0';
    if (status == SKD_OK && bond.found)
        snprintf(text, size, "%s-%s %.2f", skd_element_of(cell->species[bond.i])->symbol,
                 skd_element_of(cell->species[bond.j])->symbol, bond.length);
    return status;
}

skd_status skd_largest_displacement(const skd_cell *reference, const skd_cell *cell, double *out, skd_error *err) {
    skd_mic mic;
    *out = 0.0;
    skd_status status = check_pair(reference, cell, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; status == SKD_OK && i < cell->n; i++) {
        double d[3];
        *out = fmax(*out, skd_mic_vector(&mic, reference->pos[i], cell->pos[i], d));
    }
    return status;
}
