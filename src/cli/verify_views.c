/* SPDX-License-Identifier: MIT */
/* verify_views.c - what the collected results say of each family; see verify_table.h. */
#include <stdlib.h>
#include <string.h>

#include "run_dft.h"
#include "verify_manifest.h"
#include "verify_table.h"

static const skd_family *family_of(const skd_ranking *r, size_t start) {
    for (size_t f = 0; f < r->n; f++)
        for (size_t i = 0; i < r->family[f].n_members; i++)
            if (r->family[f].member[i] == start)
                return &r->family[f];
    return NULL;
}

static int by_dft(const void *a, const void *b) {
    const verify_row *x = a, *y = b;
    if (x->dft != y->dft)
        return x->dft < y->dft ? -1 : 1;
    return x->family->rank < y->family->rank ? -1 : x->family->rank > y->family->rank;
}

static int by_energy(const void *a, const void *b) {
    const run_dft *x = ((const verify_relaxed *)a)->result, *y = ((const verify_relaxed *)b)->result;
    if (x->energy != y->energy)
        return x->energy < y->energy ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* ---- single points ------------------------------------------------------------------------ */

/* The best result of each family: candidates change when a search is gone on with. */
static void add_point(verify_view *v, const run_dft *d) {
    const skd_family *family = family_of(v->ranking, d->start);
    if (!family)
        return;
    for (size_t i = 0; i < v->n; i++)
        if (v->row[i].family == family) {
            v->row[i].dft = fmin(v->row[i].dft, d->energy);
            return;
        }
    v->row[v->n++] = (verify_row){family, family->energy, d->energy};
}

static skd_status compare_points(verify_view *v, skd_error *err) {
    double *first = skd_alloc(v->n, sizeof *first), *second = skd_alloc(v->n, sizeof *second);
    skd_status status = first && second ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", v->n);
    qsort(v->row, v->n, sizeof *v->row, by_dft);
    v->reference[0] = v->ranking->unperturbed;
    v->reference[1] = (double)NAN;
    for (size_t i = 0; i < v->n && status == SKD_OK; i++) {
        first[i] = v->row[i].search;
        second[i] = v->row[i].dft;
        if (v->row[i].family->has_unperturbed)
            v->reference[1] = v->row[i].dft;
    }
    if (status == SKD_OK)
        status = skd_verify_compare(&v->pair, &v->n_disagree, &v->n_pairs, first, second, v->n, err);
    skd_free(first);
    skd_free(second);
    return status;
}

/* ---- relaxations -------------------------------------------------------------------------- */

/* Structures of all families, as they were written. */
static skd_status family_cells(skd_cell **cell, const verify_view *v, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < v->ranking->n && status == SKD_OK; f++)
        status = verify_structure(&cell[f], v->run, v->job, v->ranking->family[f].best, err);
    return status;
}

/* Does an earlier row hold the same minimum? */
static skd_status find_same(verify_view *v, size_t i, const skd_rank_options *rank, int threads, skd_error *err) {
    const run_dft *d = v->relaxed[i].result;
    skd_status status = SKD_OK;
    v->relaxed[i].same_as = SIZE_MAX;
    for (size_t k = 0; k < i && status == SKD_OK && v->relaxed[i].same_as == SIZE_MAX; k++) {
        const run_dft *e = v->relaxed[k].result;
        const skd_cell *other = e->cell;
        size_t nearest;
        double distance = HUGE_VAL;
        if (fabs(d->energy - e->energy) < rank->same_energy)
            status = skd_verify_match(&nearest, &distance, d->cell, &other, 1, v->run->job[v->job]->defect, &rank->soap,
                                      threads, err);
        if (distance < rank->cluster.threshold)
            v->relaxed[i].same_as = k;
    }
    return status;
}

static skd_status place_relaxed(verify_view *v, int threads, skd_error *err) {
    skd_rank_options rank = SKD_RANK_DEFAULT;
    size_t n = v->ranking->n;
    skd_cell **cell = skd_alloc(n, sizeof *cell);
    skd_status status = cell ? family_cells(cell, v, err) : skd_fail(err, SKD_ENOMEM, "out of memory");
    qsort(v->relaxed, v->n_relaxed, sizeof *v->relaxed, by_energy);
    for (size_t i = 0; i < v->n_relaxed && status == SKD_OK; i++) {
        verify_relaxed *r = &v->relaxed[i];
        size_t nearest;
        r->from = family_of(v->ranking, r->result->start);
        status = skd_verify_match(&nearest, &r->distance, r->result->cell, (const skd_cell *const *)cell, n,
                                  v->run->job[v->job]->defect, &rank.soap, threads, err);
        if (status == SKD_OK && r->distance <= SKD_VERIFY_KIN)
            r->to = &v->ranking->family[nearest];
        if (status == SKD_OK)
            status = find_same(v, i, &rank, threads, err);
    }
    for (size_t f = 0; cell && f < n; f++)
        skd_cell_free(cell[f]);
    skd_free(cell);
    return status;
}

/* ---- views -------------------------------------------------------------------------------- */

static skd_status make_view(verify_view *v, const run_store *store, int threads, skd_error *err) {
    v->row = skd_alloc(v->ranking->n, sizeof *v->row);
    v->relaxed = skd_alloc(store->n_dft, sizeof *v->relaxed);
    if (!v->row || !v->relaxed)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu results", store->n_dft);
    for (size_t i = 0; i < store->n_dft; i++) {
        const run_dft *d = &store->dft[i];
        if (d->job != v->job || strcmp(d->level, v->level) != 0)
            continue;
        if (d->relaxed)
            v->relaxed[v->n_relaxed++].result = d;
        else
            add_point(v, d);
    }
    skd_status status = compare_points(v, err);
    return status == SKD_OK && v->n_relaxed > 0 ? place_relaxed(v, threads, err) : status;
}

static bool is_known(const verify_view *view, size_t n, const run_dft *d) {
    for (size_t i = 0; i < n; i++)
        if (view[i].job == d->job && strcmp(view[i].level, d->level) == 0)
            return true;
    return false;
}

skd_status verify_views_make(verify_view **out, size_t *n, const report_run *run, int threads, skd_error *err) {
    const run_store *store = &run->store;
    verify_view *view = *out = skd_alloc(store->n_dft, sizeof *view);
    skd_status status = view ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu results", store->n_dft);
    *n = 0;
    for (size_t j = 0; j < run->contents.n_jobs; j++)
        for (size_t i = 0; i < store->n_dft && status == SKD_OK; i++) {
            const run_dft *d = &store->dft[i];
            if (d->job != j || is_known(view, *n, d))
                continue;
            verify_view *v = &view[(*n)++];
            *v = (verify_view){.run = &run->contents, .job = j, .ranking = &run->rankings[j]};
            snprintf(v->level, sizeof v->level, "%s", d->level);
            status = make_view(v, store, threads, err);
        }
    return status;
}

void verify_views_free(verify_view *view, size_t n) {
    for (size_t i = 0; view && i < n; i++) {
        skd_free(view[i].row);
        skd_free(view[i].pair);
        skd_free(view[i].relaxed);
    }
    skd_free(view);
}
