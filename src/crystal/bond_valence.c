/* SPDX-License-Identifier: MIT */
/* bond_valence.c - guesses oxidation states from the lengths of bonds.
 *
 * The method is that of pymatgen's BVAnalyzer, which doped asks first: the bond-valence sum of a site (O'Keeffe &
 * Brese, J. Am. Chem. Soc. 113, 3226 (1991), eq. 1 and 4) has in the ICSD, for each oxidation state, a mean and a
 * deviation; with the state's frequency this gives the probability of the state. Chosen is the neutral
 * assignment with the largest product over the distinct sites. Two things differ from pymatgen: sites
 * are alike if their sums are (not by symmetry: so a supercell gives what its primitive cell gives), and the
 * largest product is found exactly, not among the first 100,000 trials. */
#include "balance.h"
#include "bond_valence_table.h"
#include "shakedown/crystal.h"

#include <stdlib.h>

#define REACH   4.0   /* Å; farther atoms share no bond */
#define STRETCH 1.015 /* of computed distances before they are compared with measured ones */
#define SOFT    0.31  /* Å; softness of all bonds, after O'Keeffe & Brese */
#define ALIKE   0.05  /* valence units; sites whose sums differ by less are one kind of site */
#define UNLIKELY 0.01 /* of the best state's probability; states below are not tried */

/* Sites of one species with one bond-valence sum. */
typedef struct site_kind {
    size_t part; /* of the species in the caller's list */
    double sum;
    size_t count;
    double score[BOND_VALENCE_STATES]; /* log of the probability of the row's states; SKD_IMPOSSIBLE: not tried */
} site_kind;

/* NULL for elements without parameters. */
static const bond_valence_row *row_of(int z) {
    bool known = (size_t)z < sizeof bond_valence_rows / sizeof *bond_valence_rows && bond_valence_rows[z].r > 0.0;
    return known ? &bond_valence_rows[z] : NULL;
}

/* H B C N O F Si P S Cl As Se Br Sb Te I: one of them takes part in every bond. */
static bool takes_electrons(int z) {
    static const int list[] = {1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 34, 35, 51, 52, 53};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i] == z)
            return true;
    return false;
}

/* Valence of the bond of length r between z1 and z2, negative if z1 is the one that takes electrons. */
static double bond_valence(int z1, int z2, double r) {
    if (z1 == z2 || (!takes_electrons(z1) && !takes_electrons(z2)))
        return 0.0;
    const bond_valence_row *a = row_of(z1), *b = row_of(z2);
    double difference = sqrt(a->c) - sqrt(b->c);
    double length = a->r + b->r - a->r * b->r * difference * difference / (a->c * a->r + b->c * b->r);
    double sign = skd_element_of(z1)->electronegativity < skd_element_of(z2)->electronegativity ? 1.0 : -1.0;
    return sign * exp((length - STRETCH * r) / SOFT);
}

/* ---- kinds of sites ---------------------------------------------------------------------- */

static int by_species_and_sum(const void *left, const void *right) {
    const site_kind *a = left, *b = right;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return (a->sum > b->sum) - (a->sum < b->sum);
}

/* One kind an atom at first; alike ones are joined. Returns how many are left. */
static size_t join_alike(site_kind *kind, size_t n) {
    size_t used = 0;
    qsort(kind, n, sizeof *kind, by_species_and_sum);
    for (size_t i = 0; i < n; i++) {
        if (used && kind[used - 1].part == kind[i].part && kind[i].sum - kind[used - 1].sum < ALIKE)
            kind[used - 1].count++;
        else
            kind[used++] = kind[i];
    }
    return used;
}

/* P(state | sum) ~ P(sum | state) P(state); false if the sum is out of reach of every state. */
static bool rate_states(site_kind *kind, int z) {
    const bond_valence_row *row = row_of(z);
    double best = 0.0, probability[BOND_VALENCE_STATES] = {0};
    for (size_t k = 0; row->state[k].state; k++) {
        const bond_valence_state *s = &row->state[k];
        double off = (kind->sum - s->mean) / s->deviation, frequency = 0.0;
        for (const skd_oxidation *o = skd_element_of(z)->crystal; o->state != INT8_MIN; o++)
            if (o->state == s->state)
                frequency = o->occurrences;
        probability[k] = exp(-0.5 * off * off) / s->deviation * frequency;
        best = fmax(best, probability[k]);
    }
    double total = 0.0;
    for (size_t k = 0; row->state[k].state; k++)
        total += probability[k];
    for (size_t k = 0; k < BOND_VALENCE_STATES; k++)
        kind->score[k] = probability[k] > UNLIKELY * best ? log(probability[k] / total) : SKD_IMPOSSIBLE;
    return best > 0.0;
}

static skd_status find_kinds(site_kind *kind, size_t *n, const skd_cell *cell, const int *species, bool *possible,
                             skd_error *err) {
    skd_neighbours nb = {0};
    skd_status status = skd_neighbours_build(&nb, cell, REACH, err);
    for (size_t i = 0; status == SKD_OK && i < cell->n; i++) {
        size_t part = 0;
        while (species[part] != cell->species[i])
            part++;
        kind[i] = (site_kind){.part = part, .count = 1};
        for (size_t k = nb.first[i]; k < nb.first[i + 1]; k++)
            kind[i].sum += bond_valence(cell->species[i], cell->species[nb.list[k].j], nb.list[k].r);
    }
    skd_neighbours_free(&nb);
    if (status != SKD_OK)
        return status;
    *n = join_alike(kind, cell->n);
    for (size_t i = 0; i < *n && *possible; i++)
        *possible = rate_states(&kind[i], species[kind[i].part]);
    return SKD_OK;
}

/* ---- scores of the charges of one species ------------------------------------------------ */

typedef struct table {
    int span;
    size_t width;
    double *score, *have, *next; /* [n_species][width], [width], [width] */
} table;

static void clear(double *row, size_t width) {
    for (size_t q = 0; q < width; q++)
        row[q] = SKD_IMPOSSIBLE;
}

/* Best score of every charge of the species if each kind of site is in state `low` or low + 1. */
static void fill_pair(const table *t, double *score, const site_kind *kind, size_t n, const bond_valence_row *row,
                      int low) {
    clear(t->have, t->width);
    t->have[t->span] = 0.0;
    for (size_t i = 0; i < n; i++) {
        clear(t->next, t->width);
        for (size_t k = 0; row->state[k].state; k++) {
            int state = row->state[k].state, step = state * (int)kind[i].count;
            if ((state != low && state != low + 1) || kind[i].score[k] <= SKD_IMPOSSIBLE)
                continue;
            for (int q = -t->span; q <= t->span; q++)
                if (t->have[q + t->span] > SKD_IMPOSSIBLE && abs(q + step) <= t->span) {
                    double *best = &t->next[q + step + t->span];
                    *best = fmax(*best, t->have[q + t->span] + kind[i].score[k]);
                }
        }
        for (size_t q = 0; q < t->width; q++)
            t->have[q] = t->next[q];
    }
    for (size_t q = 0; q < t->width; q++)
        score[q] = fmax(score[q], t->have[q]);
}

static int largest_state(const bond_valence_row *row) {
    int largest = 0;
    for (size_t k = 0; row->state[k].state; k++)
        largest = abs(row->state[k].state) > largest ? abs(row->state[k].state) : largest;
    return largest;
}

static skd_status choose(const site_kind *kind, size_t n_kinds, const int *species, size_t n_species, int *state,
                         bool *found, skd_error *err) {
    table t = {0};
    for (size_t i = 0; i < n_kinds; i++)
        t.span += (int)kind[i].count * largest_state(row_of(species[kind[i].part]));
    t.width = 2 * (size_t)t.span + 1;
    t.score = skd_alloc(n_species * t.width, sizeof *t.score);
    t.have = skd_alloc(t.width, sizeof *t.have);
    t.next = skd_alloc(t.width, sizeof *t.next);
    skd_status status = SKD_OK;
    if (!t.score || !t.have || !t.next)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for guessing oxidation states");
    for (size_t p = 0, first = 0, n; status == SKD_OK && p < n_species; p++, first += n) {
        const bond_valence_row *row = row_of(species[p]);
        double *score = t.score + p * t.width;
        for (n = 0; first + n < n_kinds && kind[first + n].part == p; n++)
            ;
        clear(score, t.width);
        for (size_t k = 0; row->state[k].state; k++)
            fill_pair(&t, score, kind + first, n, row, row->state[k].state);
    }
    if (status == SKD_OK)
        status = skd_balance(t.score, n_species, t.span, state, found, err);
    skd_free(t.score);
    skd_free(t.have);
    skd_free(t.next);
    return status;
}

static int common_divisor(int a, int b) { return b ? common_divisor(b, a % b) : a; }

/* Divides the numbers of sites by their common divisor: charges of a supercell stay small. */
static void reduce_counts(site_kind *kind, size_t n) {
    int divisor = 0;
    for (size_t i = 0; i < n; i++)
        divisor = common_divisor((int)kind[i].count, divisor);
    for (size_t i = 0; i < n; i++)
        kind[i].count /= (size_t)divisor;
}

skd_status skd_bond_valence_guess(const skd_cell *cell, const int *species, size_t n_species, int *state,
                                  bool *found, skd_error *err) {
    *found = false;
    bool possible = n_species > 1;
    for (size_t p = 0; p < n_species; p++) {
        state[p] = 0;
        possible = possible && row_of(species[p]);
    }
    if (!possible)
        return SKD_OK;
    site_kind *kind = skd_alloc(cell->n, sizeof *kind);
    if (!kind)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the bond valences of %zu atoms", cell->n);
    size_t n = 0;
    skd_status status = find_kinds(kind, &n, cell, species, &possible, err);
    if (status == SKD_OK && possible) {
        reduce_counts(kind, n);
        status = choose(kind, n, species, n_species, state, found, err);
    }
    for (size_t p = 0; status == SKD_OK && *found && p < n_species; p++) {
        double count = 0.0;
        for (size_t i = 0; i < n; i++)
            count += kind[i].part == p ? (double)kind[i].count : 0.0;
        state[p] = (int)nearbyint(state[p] / count);
    }
    skd_free(kind);
    return status;
}
