/* SPDX-License-Identifier: MIT */
/* charges.c - which charge states a defect may have.
 *
 * The rules are doped's (Kavanagh et al., J. Open Source Softw. 9, 6433 (2024); charge_state_probability of
 * version 3.2.1) and ShakeNBreak's. An element of state z on a site of state s has charge q = z - s. Its rating is
 *   p(z) |q|^(-2/3) f(q) f(z),   f(y) = 1 if |y| <= H, else (2 (|y| - H))^(-2/3),
 * with p the share of z among the element's sites in the ICSD and H the largest |state| in the host. */
#include "shakedown/distortions.h"

#include <stdlib.h>

#define LIKELY 0.0075 /* ratings above belong to the range */
#define RARE   0.001  /* shares up to this are no state at all */

/* Where the rating needs it: a state and its share. */
typedef struct candidate {
    int charge;
    double rating;
} candidate;

enum { MOST_CANDIDATES = 32 };

static double excess(int y, int host) {
    return abs(y) <= host ? 1.0 : pow(2.0 * (abs(y) - host), -2.0 / 3.0);
}

static double rating(int charge, int state, double share, int host) {
    return charge == 0 ? 1.0
                       : share * pow(abs(charge), -2.0 / 3.0) * excess(charge, host) * excess(state, host);
}

/* Sets the candidate of that charge. */
static size_t put(candidate *list, size_t n, int charge, double value) {
    size_t k = 0;
    while (k < n && list[k].charge != charge)
        k++;
    list[k] = (candidate){charge, value};
    return k == n ? n + 1 : n;
}

/* To three decimals, as doped; a tie goes by the exact value of x, which for Tl-1 (6 of 800) lies below it. */
static double round_share(double x) {
    double k = floor(1e3 * x + 0.5);
    return (fma(1e3, x, 0.5 - k) < 0.0 ? k - 1.0 : k) / 1e3;
}

/* The added element's states in crystals, 0 excepted; where none were seen the common ones in equal shares, else
 * all known. */
static size_t list_candidates(const skd_defect *d, candidate *list) {
    const skd_element *element = skd_element_of(d->added);
    double total = 0.0;
    size_t n = 0;
    for (const skd_oxidation *o = element->crystal; o->state != INT8_MIN; o++)
        total += o->state ? o->occurrences : 0;
    for (const skd_oxidation *o = element->crystal; total > 0.0 && o->state != INT8_MIN; o++) {
        double share = round_share(o->occurrences / total);
        int charge = o->state - d->oxidation_removed;
        if (o->state && share > RARE)
            n = put(list, n, charge, rating(charge, o->state, share, d->oxidation_max));
    }
    const int8_t *state = element->common[0] != INT8_MIN ? element->common : element->oxidation;
    size_t n_states = 0;
    while (state[n_states] != INT8_MIN)
        n_states++;
    for (size_t k = 0; total <= 0.0 && k < n_states; k++) {
        int charge = state[k] - d->oxidation_removed;
        n = put(list, n, charge, rating(charge, state[k], 1.0 / (double)n_states, d->oxidation_max));
    }
    return n;
}

/* From the lowest to the highest likely charge; 0..0 if there is none. */
static bool likely_range(const candidate *list, size_t n, skd_charge_range *range) {
    bool any = false;
    *range = (skd_charge_range){0, 0};
    for (size_t k = 0; k < n; k++) {
        if (list[k].rating <= LIKELY)
            continue;
        range->low = any && range->low < list[k].charge ? range->low : list[k].charge;
        range->high = any && range->high > list[k].charge ? range->high : list[k].charge;
        any = true;
    }
    return any;
}

static int best_charge(const candidate *list, size_t n) {
    double best = 0.1 * LIKELY;
    int charge = 0;
    for (size_t k = 0; k < n; k++)
        if (list[k].rating > best) {
            best = list[k].rating;
            charge = list[k].charge;
        }
    return charge;
}

static skd_charge_range with_zero(skd_charge_range range) {
    return (skd_charge_range){range.low < 0 ? range.low : 0, range.high > 0 ? range.high : 0};
}

static skd_charge_range added_range(const skd_defect *d) {
    candidate list[MOST_CANDIDATES];
    skd_charge_range range;
    size_t n = list_candidates(d, list);
    bool own = skd_cell_count(d->bulk, d->added) > 0; /* an element of the host, whose state there is possible */
    likely_range(list, n, &range);
    if (own && (d->oxidation_change < range.low || d->oxidation_change > range.high)) {
        int state = d->oxidation_change + d->oxidation_removed;
        n = put(list, n, d->oxidation_change, rating(d->oxidation_change, state, 1.0, d->oxidation_max));
    }
    if (!likely_range(list, n, &range))
        range.low = range.high = best_charge(list, n);
    bool like = d->kind == SKD_SUBSTITUTION && own && d->oxidation_change == 0;
    if ((like && (range.low >= 0 || range.high <= 0)) || (range.low == 0 && range.high == 0)) {
        range.low = range.low < -1 ? range.low : -1;
        range.high = range.high > 1 ? range.high : 1;
    }
    return with_zero(range);
}

skd_charge_range skd_charges_probable(const skd_defect *defect, int padding) {
    if (defect->added && defect->n_parts == 0)
        return added_range(defect);
    int full = defect->oxidation_change;
    return (skd_charge_range){full < 0 ? full : -padding, full > 0 ? full : padding};
}

/* pymatgen-analysis-defects' idea of full ionisation, which ShakeNBreak takes: foreign atoms are in the common state
 * closest to that of the atom they replace; all interstitials in their largest. A user's state comes first. */
static int full_ionisation(const skd_defect *d) {
    const skd_element *element = d->added ? skd_element_of(d->added) : NULL;
    int state = d->oxidation_change + d->oxidation_removed;
    bool own = element && skd_cell_count(d->bulk, d->added) > 0, inserted = d->kind == SKD_INTERSTITIAL;
    if (!element || d->n_parts > 0 || (own && !inserted) || (!own && state != element->most_probable))
        return d->oxidation_change;
    const int8_t *list = inserted && element->common[0] == INT8_MIN ? element->oxidation : element->common;
    int best = list[0] != INT8_MIN ? list[0] : state;
    for (const int8_t *s = list; *s != INT8_MIN; s++)
        if (inserted ? abs(*s) > abs(best) : abs(*s - d->oxidation_removed) < abs(best - d->oxidation_removed))
            best = *s;
    return best - d->oxidation_removed;
}

skd_charge_range skd_charges_ionised(const skd_defect *defect, int padding) {
    int full = full_ionisation(defect);
    return (skd_charge_range){(full < 0 ? full : 0) - padding, (full > 0 ? full : 0) + padding};
}
