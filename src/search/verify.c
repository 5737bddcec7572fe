/* SPDX-License-Identifier: MIT */
/* verify.c - a ranking held against another level of theory: what to look at there, where the two disagree, and which
 * family a structure relaxed there belongs to. */
#include "prints.h"

#include <stdlib.h>

size_t skd_verify_choose(size_t *family, const skd_ranking *ranking, double window, size_t most) {
    size_t n = 0, n_near = 0;
    for (size_t f = 0; f < ranking->n; f++) {
        const skd_family *candidate = &ranking->family[f];
        bool near = candidate->energy <= ranking->family[0].energy + window && (most == 0 || n_near < most);
        n_near += near;
        if (near || candidate->has_unperturbed)
            family[n++] = f;
    }
    return n;
}

/* ---- disagreements ------------------------------------------------------------------------ */

static int by_contradiction(const void *a, const void *b) {
    const skd_disagreement *x = a, *y = b;
    double dx = x->first - x->second, dy = y->first - y->second;
    if (dx != dy)
        return dx > dy ? -1 : 1;
    if (x->lower != y->lower)
        return x->lower < y->lower ? -1 : 1;
    return x->higher < y->higher ? -1 : x->higher > y->higher;
}

skd_status skd_verify_compare(skd_disagreement **out, size_t *n_out, size_t *n_pairs, const double *first,
                              const double *second, size_t n, skd_error *err) {
    skd_disagreement *list = *out = skd_alloc(n * (n ? n - 1 : 0) / 2, sizeof *list);
    *n_out = *n_pairs = 0;
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the pairs of %zu structures", n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            size_t a = first[i] < first[j] ? i : j, b = a == i ? j : i;
            skd_disagreement pair = {a, b, first[b] - first[a], second[b] - second[a]};
            if (!isfinite(pair.first) || !isfinite(pair.second))
                continue;
            ++*n_pairs;
            if (pair.first > 0.0 && pair.second < 0.0)
                list[(*n_out)++] = pair;
        }
    qsort(list, *n_out, sizeof *list, by_contradiction);
    return SKD_OK;
}

/* ---- families ----------------------------------------------------------------------------- */

skd_status skd_verify_match(size_t *nearest, double *distance, const skd_cell *cell, const skd_cell *const *candidate,
                            size_t n, const skd_defect *defect, const skd_soap_options *soap, int threads,
                            skd_error *err) {
    prints p = {0};
    print_item *item = skd_alloc(n + 1, sizeof *item);
    skd_status status = item ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu fingerprints", n + 1);
    *nearest = SIZE_MAX;
    *distance = HUGE_VAL;
    for (size_t i = 0; status == SKD_OK && i <= n; i++)
        item[i] = (print_item){i < n ? candidate[i] : cell, (double)NAN};
    if (status == SKD_OK)
        status = prints_make(&p, defect, item, n + 1, soap, threads > 0 ? threads : skd_threads_available(), err);
    for (size_t i = 0; status == SKD_OK && i < n; i++) {
        double d;
        status = skd_fingerprint_distance(&p.fingerprint[n], &p.fingerprint[i], &d, err);
        if (status == SKD_OK && d < *distance) {
            *nearest = i;
            *distance = d;
        }
    }
    prints_free(&p);
    skd_free(item);
    return status;
}
