/* SPDX-License-Identifier: MIT */
/* alloy.c - which sites of a host are substituted, by how many atoms of what, and the occupied cell. */
#include "shakedown/alloy.h"

#include <string.h>

static skd_status refuse(const skd_substitution *rule, const char *why, skd_error *err) {
    const skd_element *from = skd_element_of(rule->from), *to = skd_element_of(rule->to);
    return skd_fail(err, SKD_EARG, "substitution %s:%s: %s", from ? from->symbol : "?", to ? to->symbol : "?", why);
}

/* The sublattice of an element, NULL if it is new. */
static skd_sublattice *lattice_of(skd_alloy *alloy, int species) {
    for (size_t s = 0; s < alloy->n_sublattices; s++)
        if (alloy->sublattice[s].species[0] == species)
            return &alloy->sublattice[s];
    return NULL;
}

static skd_status add_rule(skd_alloy *alloy, const skd_substitution *rule, skd_error *err) {
    if (!skd_element_of(rule->from) || !skd_element_of(rule->to))
        return refuse(rule, "no such element", err);
    if (rule->from == rule->to)
        return refuse(rule, "an element cannot replace itself", err);
    if (rule->fraction < 0.0 || rule->fraction > 1.0)
        return refuse(rule, "expected a fraction from 0 to 1", err);
    if (skd_cell_count(alloy->host, rule->from) == 0)
        return refuse(rule, "the host has no such atoms to replace", err);
    skd_sublattice *lattice = lattice_of(alloy, rule->from);
    if (!lattice) {
        if (alloy->n_sublattices == SKD_ALLOY_SUBLATTICES)
            return refuse(rule, "too many elements of the host are replaced", err);
        lattice = &alloy->sublattice[alloy->n_sublattices++];
        lattice->species[lattice->n_species++] = rule->from;
    }
    for (size_t k = 0; k < lattice->n_species; k++)
        if (lattice->species[k] == rule->to)
            return refuse(rule, "given twice", err);
    if (lattice->n_species == SKD_ALLOY_SPECIES)
        return refuse(rule, "too many elements on one sublattice", err);
    lattice->species[lattice->n_species++] = rule->to;
    return SKD_OK;
}

/* Fractions add up along the rules, and each sum is rounded: no atom is lost and none appears. */
static skd_status count_atoms(skd_sublattice *lattice, const skd_substitution *rule, size_t n_rules, skd_error *err) {
    double sum = 0.0;
    size_t given = 0;
    for (size_t k = 1; k < lattice->n_species; k++)
        for (size_t r = 0; r < n_rules; r++) {
            if (rule[r].from != lattice->species[0] || rule[r].to != lattice->species[k])
                continue;
            sum += isnan(rule[r].fraction) ? 0.0 : rule[r].fraction;
            if (sum > 1.0 + 1e-9)
                return refuse(&rule[r], "the fractions on this sublattice exceed 1", err);
            size_t upto = (size_t)floor(fmin(sum, 1.0) * (double)lattice->n + 0.5 + 1e-9);
            lattice->count[k] = upto - given;
            given = upto;
        }
    lattice->count[0] = lattice->n - given;
    return SKD_OK;
}

static void list_sites(skd_alloy *alloy, const bool *inside) {
    for (size_t s = 0; s < alloy->n_sublattices; s++)
        for (size_t i = 0; i < alloy->host->n; i++)
            if (alloy->host->species[i] == alloy->sublattice[s].species[0] && (!inside || inside[i])) {
                alloy->atom[alloy->n_sites] = i;
                alloy->lattice[alloy->n_sites++] = (uint8_t)s;
                alloy->sublattice[s].n++;
            }
}

/* Labels in order, as many of each as are counted. */
static void fill_labels(skd_alloy *alloy) {
    size_t i = 0;
    for (size_t s = 0; s < alloy->n_sublattices; s++)
        for (size_t k = 0; k < alloy->sublattice[s].n_species; k++)
            for (size_t m = 0; m < alloy->sublattice[s].count[k]; m++)
                alloy->label[i++] = (uint8_t)k;
}

skd_status skd_alloy_new(skd_alloy **out, const skd_cell *host, const skd_substitution *rule, size_t n_rules,
                         const bool *inside, skd_error *err) {
    *out = NULL;
    skd_alloy *alloy = skd_alloc(1, sizeof *alloy);
    if (!alloy)
        return skd_fail(err, SKD_ENOMEM, "out of memory for an alloy");
    skd_status status = skd_cell_copy(&alloy->host, host, err);
    for (size_t r = 0; r < n_rules && status == SKD_OK; r++)
        status = add_rule(alloy, &rule[r], err);
    alloy->atom = skd_alloc(host->n, sizeof *alloy->atom);
    alloy->lattice = skd_alloc(host->n, sizeof *alloy->lattice);
    alloy->label = skd_alloc(host->n, sizeof *alloy->label);
    if (status == SKD_OK && (!alloy->atom || !alloy->lattice || !alloy->label))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for an alloy of %zu atoms", host->n);
    if (status == SKD_OK)
        list_sites(alloy, inside);
    for (size_t s = 0; s < alloy->n_sublattices && status == SKD_OK; s++)
        status = count_atoms(&alloy->sublattice[s], rule, n_rules, err);
    if (status != SKD_OK) {
        skd_alloy_free(alloy);
        return status;
    }
    fill_labels(alloy);
    *out = alloy;
    return SKD_OK;
}

void skd_alloy_free(skd_alloy *alloy) {
    if (!alloy)
        return;
    skd_cell_free(alloy->host);
    skd_free(alloy->atom);
    skd_free(alloy->lattice);
    skd_free(alloy->label);
    skd_free(alloy);
}

void skd_alloy_shuffle(skd_alloy *alloy, skd_rng *rng) {
    for (size_t s = 0, first = 0; s < alloy->n_sublattices; first += alloy->sublattice[s++].n)
        for (size_t i = alloy->sublattice[s].n; i > 1; i--) {
            size_t j = skd_rng_below(rng, 0, (uint32_t)i);
            uint8_t kept = alloy->label[first + j];
            alloy->label[first + j] = alloy->label[first + i - 1];
            alloy->label[first + i - 1] = kept;
        }
}

/* Order of the atoms with like elements together. */
static void group_elements(const skd_cell *cell, size_t *order) {
    size_t used = 0;
    bool seen[SKD_ELEMENT_MAX + 1] = {false};
    for (size_t i = 0; i < cell->n; i++) {
        for (size_t j = i; !seen[cell->species[i]] && j < cell->n; j++)
            if (cell->species[j] == cell->species[i])
                order[used++] = j;
        seen[cell->species[i]] = true;
    }
}

skd_status skd_alloy_cell(skd_cell **out, const skd_alloy *alloy, skd_error *err) {
    skd_cell *mixed = NULL;
    *out = NULL;
    size_t *order = skd_alloc(alloy->host->n, sizeof *order);
    skd_status status = order ? skd_cell_copy(&mixed, alloy->host, err)
                              : skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", alloy->host->n);
    if (status == SKD_OK) {
        for (size_t i = 0; i < alloy->n_sites; i++)
            mixed->species[alloy->atom[i]] = alloy->sublattice[alloy->lattice[i]].species[alloy->label[i]];
        group_elements(mixed, order);
        status = skd_cell_pick(out, mixed, order, mixed->n, err);
    }
    skd_cell_free(mixed);
    skd_free(order);
    return status;
}
