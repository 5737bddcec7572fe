/* SPDX-License-Identifier: MIT */
/* choose.c - which neighbours of the defect are moved.
 *
 * Compat: the first N by (distance to 0.01 Å, index). ShakeNBreak means to prefer, among equidistant
 * neighbours, those close to each other ("cis"), but its guard never holds, so index decides there.
 * Default: every atom clearly nearer than the N-th, then, of the shell the N-th lies in (5 %), the set that
 * lies closest together, grown from each of its atoms in turn. */
#include "start.h"

#include <string.h>

#define SAME_SHELL 1.05
#define SAME_SUM   1e-3 /* Å; sums of distances closer than this are equal: the lower indices win */

static double apart(const skd_near *a, const skd_near *b) {
    const double d[3] = {a->d[0] - b->d[0], a->d[1] - b->d[1], a->d[2] - b->d[2]};
    return skd_norm(d);
}

static bool is_in(const size_t *set, size_t n, size_t k) {
    for (size_t i = 0; i < n; i++)
        if (set[i] == k)
            return true;
    return false;
}

/* Sum of the distances from k to the members of the set, Å. */
static double spread(const skd_near *near, const size_t *set, size_t n, size_t k) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += apart(&near[set[i]], &near[k]);
    return sum;
}

/* Grows set from `from` members to `want` out of near[low..high); returns what was added to the spread. */
static double grow(const skd_near *near, size_t *set, size_t from, size_t want, size_t low, size_t high) {
    double total = 0.0;
    for (size_t n = from; n < want; n++) {
        double best = HUGE_VAL;
        for (size_t k = low; k < high; k++) {
            double sum = is_in(set, n, k) ? HUGE_VAL : spread(near, set, n, k);
            if (sum < best - SAME_SUM) {
                best = sum;
                set[n] = k;
            }
        }
        total += best;
    }
    return total;
}

void skd_tied_shell(const skd_near *near, size_t n, size_t want, size_t *low, size_t *high) {
    *low = 0;
    *high = want;
    while (near[*low].r * SAME_SHELL < near[want - 1].r)
        ++*low;
    while (*high < n && near[*high].r <= near[want - 1].r * SAME_SHELL)
        ++*high;
}

static void choose_cis(const skd_near *near, size_t n, size_t want, size_t *set, size_t *trial) {
    size_t low, high;
    skd_tied_shell(near, n, want, &low, &high);
    double best = HUGE_VAL;
    for (size_t first = low; first < high; first++) {
        for (size_t k = 0; k < low; k++)
            trial[k] = k;
        trial[low] = first;
        double total = spread(near, trial, low, first) + grow(near, trial, low + 1, want, low, high);
        if (total >= best - SAME_SUM)
            continue;
        best = total;
        for (size_t k = 0; k < want; k++)
            set[k] = trial[k];
    }
}

/* ---- who may be moved -------------------------------------------------------------------- */

static bool is_wished_element(const skd_start_options *o, const skd_wish *wish, int z) {
    for (size_t k = 0; k < o->n_distorted_elements; k++)
        if (strcmp(o->distorted_elements[k].defect, wish->defect) == 0 && o->distorted_elements[k].value == z)
            return true;
    return false;
}

static skd_status keep_elements(skd_near *near, size_t *n, const skd_defect *defect, const skd_start_options *o,
                                skd_error *err) {
    const skd_wish *wish = skd_wish_for(o->distorted_elements, o->n_distorted_elements, defect);
    size_t kept = 0;
    if (!wish)
        return SKD_OK;
    for (size_t k = 0; k < *n; k++)
        if (is_wished_element(o, wish, defect->cell->species[near[k].index]))
            near[kept++] = near[k];
    *n = kept;
    const skd_element *element = skd_element_of(wish->value);
    return kept ? SKD_OK
                : skd_fail(err, SKD_EARG, "no atom of the element to distort (%s) around %s",
                           element ? element->symbol : "unknown", defect->name);
}

static skd_status keep_atoms(skd_near *near, size_t *n, const skd_start_options *o, size_t want, skd_error *err) {
    size_t kept = 0, listed = 0;
    for (size_t k = 0; k < *n; k++)
        listed += is_in(o->distorted_atoms, o->n_distorted_atoms, near[k].index);
    if (o->n_distorted_atoms == 0 || (o->compat && listed < want))
        return SKD_OK;
    if (listed < want)
        return skd_fail(err, SKD_EARG, "%zu neighbours to distort, but only %zu of the listed atoms around the defect",
                        want, listed);
    for (size_t k = 0; k < *n; k++)
        if (is_in(o->distorted_atoms, o->n_distorted_atoms, near[k].index))
            near[kept++] = near[k];
    *n = kept;
    return SKD_OK;
}

skd_status skd_near_candidates(skd_near **out, size_t *n, const skd_defect *defect, const skd_start_options *options,
                               size_t want, skd_error *err) {
    double centre[3];
    skd_defect_centre(defect, centre);
    skd_status status = skd_near_sorted(out, n, defect->cell, centre, defect->index, err);
    if (status == SKD_OK)
        status = keep_elements(*out, n, defect, options, err);
    if (status == SKD_OK)
        status = keep_atoms(*out, n, options, want, err);
    return status;
}

skd_status skd_choose_neighbours(const skd_near *near, size_t n, size_t want, bool compat, size_t **out,
                                 skd_error *err) {
    *out = NULL;
    if (want > n)
        return skd_fail(err, SKD_EARG, "%zu neighbours to distort, but only %zu atoms around the defect", want, n);
    size_t *set = skd_alloc(want, sizeof *set), *trial = skd_alloc(want, sizeof *trial);
    if (!set || !trial) {
        skd_free(set);
        skd_free(trial);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu neighbours", want);
    }
    for (size_t k = 0; k < want; k++)
        set[k] = k;
    if (!compat && want > 1)
        choose_cis(near, n, want, set, trial);
    skd_free(trial);
    *out = set;
    return SKD_OK;
}
