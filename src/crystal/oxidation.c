/* SPDX-License-Identifier: MIT */
/* oxidation.c - guesses oxidation states of a composition.
 *
 * The rule is that of pymatgen's Composition.oxi_state_guesses: every atom takes one of its element's
 * states, the sum is zero, and the sum over atoms of the states' occurrences in the ICSD is largest.
 * Atoms of one species may differ (Fe3O4); the species then gets their mean, rounded.
 * Beyond pymatgen: where nothing balances, compounds of N, O, S, Se and the halogens are tried again with all known
 * states (AuCl, peroxides), as doped does for any host; for alloys that would only make states up. */
#include "balance.h"
#include "shakedown/crystal.h"

#include <string.h>

/* Scores of all charges -span..span: row i of `score` is the best of species i alone. */
typedef struct guess_table {
    bool rare; /* all known states are tried, not only those frequent in crystals */
    int span;
    size_t width;
    double *score, *next; /* [n_species][width], [width] */
} guess_table;

static const int8_t *states_to_try(int z, bool rare) {
    const skd_element *element = skd_element_of(z);
    if (rare)
        return element->oxidation;
    return element->guess[0] != INT8_MIN ? element->guess : element->common;
}

static int occurrences(int z, int state) {
    for (const skd_oxidation *o = skd_element_of(z)->crystal; o->state != INT8_MIN; o++)
        if (o->state == state)
            return o->occurrences;
    return 0;
}

static int largest_state(int z, bool rare) {
    int largest = 0;
    for (const int8_t *s = states_to_try(z, rare); *s != INT8_MIN; s++)
        largest = *s > largest ? *s : -*s > largest ? -*s : largest;
    return largest;
}

static void clear(double *row, size_t width) {
    for (size_t q = 0; q < width; q++)
        row[q] = SKD_IMPOSSIBLE;
}

/* Adds `count` atoms of species z one after another. */
static void fill_species(const guess_table *t, double *row, int z, size_t count) {
    clear(row, t->width);
    row[t->span] = 0.0;
    int largest = largest_state(z, t->rare);
    for (size_t atom = 0; atom < count; atom++) {
        int reach = (int)atom * largest;
        clear(t->next, t->width);
        for (const int8_t *s = states_to_try(z, t->rare); *s != INT8_MIN; s++) {
            double score = occurrences(z, *s);
            for (int q = t->span - reach; q <= t->span + reach; q++)
                if (row[q] > SKD_IMPOSSIBLE)
                    t->next[q + *s] = fmax(t->next[q + *s], row[q] + score);
        }
        memcpy(row, t->next, t->width * sizeof *row);
    }
}

static skd_status guess(const int *species, const size_t *count, size_t n_species, bool rare, int *state,
                        bool *found, skd_error *err) {
    guess_table t = {.rare = rare};
    double span = 0.0;
    for (size_t i = 0; i < n_species; i++)
        span += (double)count[i] * largest_state(species[i], rare);
    if (span > 1e6)
        return skd_fail(err, SKD_EARG, "oxidation states of a formula with charges up to %g, expected at most 1e6",
                        span);
    t.span = (int)span;
    t.width = 2 * (size_t)t.span + 1;
    t.score = skd_alloc(n_species * t.width, sizeof *t.score);
    t.next = skd_alloc(t.width, sizeof *t.next);
    skd_status status = SKD_OK;
    if (!t.score || !t.next)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for guessing oxidation states");
    for (size_t i = 0; status == SKD_OK && i < n_species; i++)
        fill_species(&t, t.score + i * t.width, species[i], count[i]);
    if (status == SKD_OK)
        status = skd_balance(t.score, n_species, t.span, state, found, err);
    for (size_t i = 0; status == SKD_OK && *found && i < n_species; i++)
        state[i] = (int)nearbyint((double)state[i] / (double)count[i]);
    skd_free(t.score);
    skd_free(t.next);
    return status;
}

static bool has_anion(const int *species, size_t n_species) {
    static const int list[] = {7, 8, 9, 16, 17, 34, 35, 53};
    for (size_t i = 0; i < n_species; i++)
        for (size_t k = 0; k < sizeof list / sizeof *list; k++)
            if (species[i] == list[k])
                return true;
    return false;
}

static size_t common_divisor(size_t a, size_t b) { return b ? common_divisor(b, a % b) : a; }

static skd_status check_input(const int *species, const size_t *count, size_t n_species, skd_error *err) {
    for (size_t i = 0; i < n_species; i++) {
        if (!skd_element_of(species[i]))
            return skd_fail(err, SKD_EARG, "oxidation states of element number %d, expected 1 to %d", species[i],
                            SKD_ELEMENT_MAX);
        if (count[i] == 0)
            return skd_fail(err, SKD_EARG, "oxidation states of a formula with no atoms of %s",
                            skd_element_of(species[i])->symbol);
    }
    return SKD_OK;
}

skd_status skd_oxidation_guess(const int *species, const size_t *count, size_t n_species, int *state, bool *found,
                               skd_error *err) {
    *found = false;
    for (size_t i = 0; i < n_species; i++)
        state[i] = 0;
    skd_status status = check_input(species, count, n_species, err);
    if (status != SKD_OK || n_species < 2)
        return status;
    size_t divisor = 0;
    for (size_t i = 0; i < n_species; i++)
        divisor = common_divisor(count[i], divisor);
    size_t *reduced = skd_alloc(n_species, sizeof *reduced);
    if (!reduced)
        return skd_fail(err, SKD_ENOMEM, "out of memory for guessing oxidation states");
    for (size_t i = 0; i < n_species; i++)
        reduced[i] = count[i] / divisor;
    status = guess(species, reduced, n_species, false, state, found, err);
    if (status == SKD_OK && !*found && divisor > 1) /* mixed valence may need more than one formula unit */
        status = guess(species, count, n_species, false, state, found, err);
    if (status == SKD_OK && !*found && has_anion(species, n_species))
        status = guess(species, reduced, n_species, true, state, found, err);
    skd_free(reduced);
    return status;
}
