/* SPDX-License-Identifier: MIT */
/* subsets.c - the other sets of neighbours that could as well be distorted: where the N-th neighbour lies in a shell
 * of equally near ones (5 %), N can be chosen in several ways, of which the kind "bond" takes one.
 *
 *         o            N = 2 of the octahedron around v_O in MgO: 15 pairs, of which symmetry leaves two,
 *     o   |  o         at right angles ("bond", close together) and opposite ("set5"); N = 3: facial and
 *      \  v /          meridional
 *     o   |  o
 *         o
 *
 * Sets are bit masks over the shell; a rotation that keeps the site of the host permutes the bits. */
#include "start.h"

#include <stdio.h>
#include <string.h>

#define MOST_SETS 1000
#define SAME_PLACE 0.1 /* Å */

typedef uint64_t mask;

/* The permutations of the shell under the symmetry of the site. */
typedef struct shell {
    size_t n;          /* atoms, at most 64 */
    size_t n_operations;
    unsigned char *to; /* [n_operations][n] */
} shell;

/* Atom of near[low ..) on which the rotation puts near[low + k]; n if it leaves the shell. */
static size_t image_of(const double rotation[3][3], const skd_family *f, const skd_set_range *range, size_t k) {
    const int *species = f->defect->cell->species;
    const size_t n = range->high - range->low;
    const skd_near *from = &f->near[range->low + k];
    double turned[3];
    skd_rotate(rotation, from->d, turned);
    for (size_t j = 0; j < n; j++) {
        const skd_near *to = &f->near[range->low + j];
        const double off[3] = {turned[0] - to->d[0], turned[1] - to->d[1], turned[2] - to->d[2]};
        if (species[to->index] == species[from->index] && skd_norm(off) < SAME_PLACE)
            return j;
    }
    return n;
}

static skd_status shell_new(shell *out, skd_start_list *list, const skd_family *f, const skd_set_range *range,
                            skd_error *err) {
    *out = (shell){.n = range->high - range->low};
    if (range->choices == SKD_CHOICES_ALL)
        return SKD_OK;
    skd_status status = skd_start_rotations(list, f->defect, err);
    if (status != SKD_OK)
        return status;
    out->to = skd_alloc(list->n_rotations * out->n, sizeof *out->to);
    if (!out->to)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the symmetry of %zu neighbours", out->n);
    for (size_t s = 0; s < list->n_rotations; s++) {
        unsigned char *to = out->to + out->n_operations * out->n;
        size_t stay = 0;
        for (size_t k = 0; k < out->n; k++) {
            to[k] = (unsigned char)image_of(list->rotation[s], f, range, k);
            stay += to[k] < out->n;
        }
        out->n_operations += stay == out->n; /* the shell may be cut by the user's choice of atoms */
    }
    return SKD_OK;
}

/* The least of the sets that symmetry makes equal. */
static mask canonical(const shell *sh, mask set) {
    mask least = set;
    for (size_t s = 0; s < sh->n_operations; s++) {
        mask image = 0;
        for (size_t k = 0; k < sh->n; k++)
            if (set >> k & 1)
                image |= (mask)1 << sh->to[s * sh->n + k];
        least = image < least ? image : least;
    }
    return least;
}

static bool is_seen(const mask *seen, size_t n, mask set) {
    for (size_t k = 0; k < n; k++)
        if (seen[k] == set)
            return true;
    return false;
}

/* n over k, or more than the limit. */
static double binomial(size_t n, size_t k) {
    double count = 1.0;
    for (size_t i = 0; i < k; i++)
        count = count * (double)(n - i) / (double)(i + 1);
    return nearbyint(count);
}

/* The next k of n in lexicographic order; false after the last. */
static bool next_set(size_t *set, size_t k, size_t n) {
    size_t i = k;
    while (i > 0 && set[i - 1] == n - k + i - 1)
        i--;
    if (i == 0)
        return false;
    set[i - 1]++;
    for (; i < k; i++)
        set[i] = set[i - 1] + 1;
    return true;
}

static mask mask_of(const size_t *set, size_t n, size_t offset) {
    mask m = 0;
    for (size_t k = 0; k < n; k++)
        if (set[k] >= offset)
            m |= (mask)1 << (set[k] - offset);
    return m;
}

/* Goes through all sets; set [f->n] and seen [MOST_SETS + 1] are scratch. */
static skd_status walk(skd_start_list *out, const skd_family *f, const skd_set_range *range, const shell *sh,
                       size_t *set, mask *seen, skd_error *err) {
    const size_t low = range->low, free_ones = f->n - low;
    size_t n_seen = 0, number = 0, *chosen = set + low;
    skd_status status = SKD_OK;
    if (range->without)
        seen[n_seen++] = canonical(sh, mask_of(range->without, f->n, low));
    for (size_t k = 0; k < free_ones; k++)
        chosen[k] = k;
    do {
        mask least = canonical(sh, mask_of(chosen, free_ones, 0));
        number++;
        if (is_seen(seen, n_seen, least))
            continue;
        seen[n_seen++] = least;
        skd_family one = *f;
        size_t *shifted = skd_alloc(f->n, sizeof *shifted);
        for (size_t k = 0; shifted && k < f->n; k++)
            shifted[k] = k < low ? k : low + set[k];
        one.set = shifted;
        size_t used = strlen(one.suffix);
        snprintf(one.suffix + used, sizeof one.suffix - used, "_%s%zu", range->word, number);
        status = shifted ? skd_family_make(out, &one, err) : skd_fail(err, SKD_ENOMEM, "out of memory for a set");
        skd_free(shifted);
    } while (status == SKD_OK && next_set(chosen, free_ones, sh->n));
    return status;
}

skd_status skd_sets_make(skd_start_list *out, const skd_family *f, const skd_set_range *range, skd_error *err) {
    const size_t n = range->high - range->low, want = f->n - range->low;
    if (n > 64 || binomial(n, want) > MOST_SETS)
        return skd_fail(err, SKD_EARG, "%.3g ways to choose %zu of the %zu equally near neighbours of %s; at most %d "
                        "can be made: say which atoms or elements to distort",
                        binomial(n, want), want, n, f->defect->name, MOST_SETS);
    shell sh;
    size_t *set = skd_alloc(f->n, sizeof *set);
    mask *seen = skd_alloc(MOST_SETS + 1, sizeof *seen);
    skd_status status = set && seen ? shell_new(&sh, out, f, range, err)
                                    : skd_fail(err, SKD_ENOMEM, "out of memory for sets of neighbours");
    if (set && seen) {
        if (status == SKD_OK)
            status = walk(out, f, range, &sh, set, seen, err);
        skd_free(sh.to);
    }
    skd_free(set);
    skd_free(seen);
    return status;
}

/* All sets of one family but the one that "bond" takes. */
static skd_status make_family(skd_start_list *out, skd_family *f, size_t k, skd_error *err) {
    skd_near *near;
    size_t n, *usual = NULL;
    f->n = (size_t)f->plan->n_neighbours[k];
    skd_family_suffix(f->plan, k, f->suffix, sizeof f->suffix);
    skd_status status = skd_near_candidates(&near, &n, f->defect, f->options, f->n, err);
    if (status == SKD_OK)
        status = skd_choose_neighbours(near, n, f->n, f->options->compat, &usual, err);
    f->near = near;
    if (status == SKD_OK) {
        skd_set_range range = {.choices = f->options->subsets, .without = usual, .word = "set"};
        skd_tied_shell(near, n, f->n, &range.low, &range.high);
        status = skd_sets_make(out, f, &range, err);
    }
    skd_free(usual);
    skd_free(near);
    return status;
}

static skd_status make_subsets(skd_start_list *out, const skd_defect *defect, int charge,
                               const skd_start_options *options, skd_error *err) {
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    skd_family f = {&skd_kind_subsets, defect, charge, options, &plan, NULL, NULL, 0, ""};
    for (size_t k = 0; status == SKD_OK && k < plan.n_families; k++)
        status = make_family(out, &f, k, err);
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_subsets = {
    .name = "subsets",
    .summary = "bond distortions of the other sets of N equally near neighbours",
    .why_not = "multiplies the starts by the number of sets; ask with --subsets",
    .make = make_subsets,
};
