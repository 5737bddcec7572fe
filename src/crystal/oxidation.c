/* SPDX-License-Identifier: MIT */
/* oxidation.c - guesses oxidation states of a composition.
 *
 * The rule is that of pymatgen's Composition.oxi_state_guesses: every atom takes one of its element's
 * states, the sum is zero, and the sum over atoms of the states' occurrences in the ICSD is largest.
 * Atoms of one species may differ (Fe3O4); the species then gets their mean, rounded. Instead of listing
 * combinations, the best score of every reachable charge is built atom by atom, then species by species. */
#include "shakedown/crystal.h"

#include <string.h>

/* Scores of all charges -span..span; unreachable ones are negative. Row `i` of mine is the best of species
 * i alone, row `i` of sum the best of species 0..i together. */
typedef struct guess_table {
    int span;
    size_t width;
    double *mine, *sum, *next; /* [n_species][width], [n_species][width], [width] */
} guess_table;

static const int8_t *states_to_try(int z) {
    const skd_element *element = skd_element_of(z);
    return element->guess[0] != INT8_MIN ? element->guess : element->common;
}

static int occurrences(int z, int state) {
    for (const skd_oxidation *o = skd_element_of(z)->crystal; o->state != INT8_MIN; o++)
        if (o->state == state)
            return o->occurrences;
    return 0;
}

static int largest_state(int z) {
    int largest = 0;
    for (const int8_t *s = states_to_try(z); *s != INT8_MIN; s++)
        largest = *s > largest ? *s : -*s > largest ? -*s : largest;
    return largest;
}

static void clear(double *row, size_t width) {
    for (size_t q = 0; q < width; q++)
        row[q] = -1.0;
}

/* Adds `count` atoms of species z one after another. */
static void fill_species(const guess_table *t, double *row, int z, size_t count) {
    clear(row, t->width);
    row[t->span] = 0.0;
    int largest = largest_state(z);
    for (size_t atom = 0; atom < count; atom++) {
        int reach = (int)atom * largest;
        clear(t->next, t->width);
        for (const int8_t *s = states_to_try(z); *s != INT8_MIN; s++) {
            double score = occurrences(z, *s);
            for (int q = t->span - reach; q <= t->span + reach; q++)
                if (row[q] >= 0.0)
                    t->next[q + *s] = fmax(t->next[q + *s], row[q] + score);
        }
        memcpy(row, t->next, t->width * sizeof *row);
    }
}

static void join_species(const guess_table *t, const double *before, const double *mine, double *after) {
    clear(after, t->width);
    for (int q = -t->span; q <= t->span; q++)
        for (int p = -t->span; p <= t->span && mine[q + t->span] >= 0.0; p++)
            if (before[p + t->span] >= 0.0 && p + q >= -t->span && p + q <= t->span) {
                double *score = &after[p + q + t->span];
                *score = fmax(*score, before[p + t->span] + mine[q + t->span]);
            }
}

/* Walks back from charge zero: the charge of each species whose score completes the best sum. */
static void trace(const guess_table *t, const size_t *count, size_t n_species, int *state) {
    int rest = 0;
    for (size_t i = n_species; i-- > 0;) {
        const double *mine = t->mine + i * t->width, *sum = t->sum + i * t->width;
        const double *before = i ? sum - t->width : NULL;
        int charge = rest;
        for (int q = -t->span; q <= t->span && i; q++) {
            int p = rest - q;
            if (mine[q + t->span] >= 0.0 && p >= -t->span && p <= t->span && before[p + t->span] >= 0.0 &&
                before[p + t->span] + mine[q + t->span] == sum[rest + t->span]) {
                charge = q;
                break;
            }
        }
        state[i] = (int)nearbyint((double)charge / (double)count[i]);
        rest -= charge;
    }
}

static skd_status guess(const int *species, const size_t *count, size_t n_species, int *state, bool *found,
                        skd_error *err) {
    guess_table t = {0};
    double span = 0.0;
    for (size_t i = 0; i < n_species; i++)
        span += (double)count[i] * largest_state(species[i]);
    if (span > 1e6)
        return skd_fail(err, SKD_EARG, "oxidation states of a formula with charges up to %g, expected at most 1e6",
                        span);
    t.span = (int)span;
    t.width = 2 * (size_t)t.span + 1;
    t.mine = skd_alloc(n_species * t.width, sizeof *t.mine);
    t.sum = skd_alloc(n_species * t.width, sizeof *t.sum);
    t.next = skd_alloc(t.width, sizeof *t.next);
    skd_status status = SKD_OK;
    if (!t.mine || !t.sum || !t.next) {
        status = skd_fail(err, SKD_ENOMEM, "out of memory for guessing oxidation states");
        goto done;
    }
    for (size_t i = 0; i < n_species; i++) {
        double *mine = t.mine + i * t.width, *sum = t.sum + i * t.width;
        fill_species(&t, mine, species[i], count[i]);
        if (i == 0)
            memcpy(sum, mine, t.width * sizeof *sum);
        else
            join_species(&t, sum - t.width, mine, sum);
    }
    *found = t.sum[(n_species - 1) * t.width + (size_t)t.span] >= 0.0;
    if (*found)
        trace(&t, count, n_species, state);
done:
    skd_free(t.mine);
    skd_free(t.sum);
    skd_free(t.next);
    return status;
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
    status = guess(species, reduced, n_species, state, found, err);
    if (status == SKD_OK && !*found && divisor > 1) /* mixed valence may need more than one formula unit */
        status = guess(species, count, n_species, state, found, err);
    skd_free(reduced);
    return status;
}
