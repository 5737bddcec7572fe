/* SPDX-License-Identifier: MIT */
/* rank.c - merges the minima of a job into families and orders these by energy.
 *
 * Two minima are one family if their SOAP fingerprints are closer than the threshold and their
 * energies agree; a lone minimum is a family of its own, never dropped. Starts that collapsed,
 * exploded or failed have no minimum and are only counted. */
#include "prints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Å; minima are relaxed to about 1e-3 Å, symmetry broken on purpose is broken by more than 0.05 Å. */
#define MINIMUM_SYMPREC 0.05

static bool usable(const skd_minimum *m) {
    return m->done && skd_stop_has_minimum(m->stop);
}

static bool is_unperturbed(const skd_start *start) { return strcmp(start->name, "Unperturbed") == 0; }

/* ---- distances between all usable minima -------------------------------------------------- */

typedef struct comparison {
    const skd_job *job;
    const size_t *item; /* [n] starts whose minima are compared */
    size_t n;
    prints prints;
    double *distance;   /* [n][n] */
    double same_energy; /* eV */
} comparison;

/* The largest distance there is, for pairs that their energies tell apart already. */
#define APART 2.0

static skd_status compare_row(void *payload, size_t i, int worker, skd_error *err) {
    comparison *c = payload;
    const skd_fingerprint *print = c->prints.fingerprint;
    (void)worker;
    for (size_t j = 0; j < i; j++) {
        double d = APART;
        skd_status status = SKD_OK;
        if (fabs(print[i].energy - print[j].energy) <= c->same_energy)
            status = skd_fingerprint_distance(&print[i], &print[j], &d, err);
        if (status != SKD_OK)
            return status;
        c->distance[i * c->n + j] = c->distance[j * c->n + i] = d;
    }
    return SKD_OK;
}

static void comparison_free(comparison *c) {
    prints_free(&c->prints);
    skd_free(c->distance);
}

static skd_status comparison_run(comparison *c, const skd_rank_options *options, int threads, skd_error *err) {
    print_item *minimum = skd_alloc(c->n, sizeof *minimum);
    c->distance = skd_alloc(c->n * c->n, sizeof *c->distance);
    skd_status status = SKD_OK;
    if (!minimum || !c->distance)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the distances of %zu minima", c->n);
    for (size_t i = 0; status == SKD_OK && i < c->n; i++) {
        const skd_minimum *m = &c->job->minimum[c->item[i]];
        minimum[i] = (print_item){m->cell, m->energy};
    }
    if (status == SKD_OK)
        status = prints_make(&c->prints, c->job->defect, minimum, c->n, &options->soap, threads, err);
    if (status == SKD_OK)
        status = skd_parallel(c->n, threads, compare_row, c, err);
    skd_free(minimum);
    return status;
}

/* ---- what a family looks like -------------------------------------------------------------- */

/* Operations of the unperturbed defect's supercell: what the minima's symmetries are counted against. */
static skd_status count_ideal(size_t *n_operations, const skd_defect *defect, skd_error *err) {
    skd_symmetry *ideal = NULL;
    skd_status status = skd_symmetry_find(&ideal, defect->cell, SKD_SYMPREC, err);
    *n_operations = status == SKD_OK ? ideal->n_operations : 0;
    skd_symmetry_free(ideal);
    return status;
}

/* Orientations of this minimum around one site: |G(unperturbed)| / |G(minimum)|, both in the supercell. */
static skd_status describe_symmetry(skd_family *family, size_t n_ideal, const skd_minimum *m, skd_error *err) {
    skd_symmetry *relaxed = NULL;
    skd_status status = skd_symmetry_find(&relaxed, m->cell, MINIMUM_SYMPREC, err);
    if (status != SKD_OK)
        return status;
    snprintf(family->symmetry, sizeof family->symmetry, "%s", relaxed->schoenflies);
    family->degeneracy = (double)n_ideal / (double)relaxed->n_operations;
    skd_symmetry_free(relaxed);
    return SKD_OK;
}

static skd_status describe(skd_family *family, const skd_job *job, double unperturbed, size_t n_ideal, skd_error *err) {
    const skd_minimum *m = &job->minimum[family->best];
    family->energy = m->energy;
    family->relative = m->energy - unperturbed;
    family->stop = m->stop;
    skd_family_mark(family, m);
    skd_status status = describe_symmetry(family, n_ideal, m, err);
    if (status == SKD_OK)
        status = skd_new_bond(job->defect->cell, m->cell, family->bond, sizeof family->bond, err);
    if (status == SKD_OK)
        status = skd_largest_displacement(job->defect->cell, m->cell, &family->displacement, err);
    return status;
}

/* The start itself and all that share its minimum. */
static void add_members(skd_family *family, const skd_job *job, size_t start) {
    for (size_t i = 0; i < job->starts.n; i++) {
        if (job->minimum[i].like != start || job->starts.start[i].dropped || !usable(&job->minimum[i]))
            continue;
        family->member[family->n_members++] = i;
        family->has_unperturbed |= is_unperturbed(&job->starts.start[i]);
    }
}

static skd_status collect_members(skd_family *family, const comparison *c, const size_t *label, size_t which,
                                  skd_error *err) {
    family->member = skd_alloc(c->job->starts.n, sizeof *family->member);
    if (!family->member)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a family");
    for (size_t i = 0; i < c->n; i++) {
        if (label[i] != which)
            continue;
        size_t start = c->item[i];
        if (family->n_members == 0 || c->job->minimum[start].energy < c->job->minimum[family->best].energy)
            family->best = start;
        add_members(family, c->job, start);
    }
    return SKD_OK;
}

static int by_energy(const void *a, const void *b) {
    const skd_family *x = a, *y = b;
    if (x->energy != y->energy)
        return x->energy < y->energy ? -1 : 1;
    return x->best < y->best ? -1 : x->best > y->best;
}

static skd_status make_families(skd_ranking *out, const comparison *c, const skd_rank_options *options,
                                skd_error *err) {
    size_t n_families = 0, n_ideal = 0, *label = skd_alloc(c->n, sizeof *label);
    double *energy = skd_alloc(c->n, sizeof *energy);
    skd_status status = SKD_OK;
    if (!label || !energy)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", c->n);
    for (size_t i = 0; status == SKD_OK && i < c->n; i++)
        energy[i] = c->job->minimum[c->item[i]].energy;
    skd_cluster_options cluster = options->cluster;
    cluster.energy_threshold = options->same_energy;
    if (status == SKD_OK)
        status = skd_cluster(c->distance, energy, c->n, &cluster, label, &n_families, err);
    if (status == SKD_OK && !(out->family = skd_alloc(n_families, sizeof *out->family)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", n_families);
    if (status == SKD_OK)
        status = count_ideal(&n_ideal, c->job->defect, err);
    for (size_t f = 0; status == SKD_OK && f < n_families; f++) {
        out->n = f + 1;
        status = collect_members(&out->family[f], c, label, f, err);
        if (status == SKD_OK)
            status = describe(&out->family[f], c->job, out->unperturbed, n_ideal, err);
    }
    skd_free(label);
    skd_free(energy);
    if (status == SKD_OK)
        qsort(out->family, out->n, sizeof *out->family, by_energy);
    for (size_t f = 0; f < out->n; f++)
        out->family[f].rank = f + 1;
    return status;
}

/* The fingerprint of a start's minimum. */
static const skd_fingerprint *print_of(const comparison *c, size_t start) {
    size_t i = 0;
    while (c->item[i] != start)
        i++;
    return &c->prints.fingerprint[i];
}

static skd_status measure_families(skd_ranking *out, const comparison *c, skd_error *err) {
    const size_t n = out->n;
    skd_status status = SKD_OK;
    if (!(out->distance = skd_alloc(n * n, sizeof *out->distance)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for the distances of %zu families", n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i && status == SKD_OK; k++) {
            status = skd_fingerprint_distance(print_of(c, out->family[i].best), print_of(c, out->family[k].best),
                                              &out->distance[i * n + k], err);
            out->distance[k * n + i] = out->distance[i * n + k];
        }
    return status;
}

/* Lists the usable minima and notes the unperturbed one's energy. */
static size_t list_usable(skd_ranking *out, const skd_job *job, size_t *item) {
    size_t n = 0;
    out->unperturbed = (double)NAN;
    for (size_t i = 0; i < job->starts.n; i++) {
        const skd_minimum *m = &job->minimum[job->minimum[i].like];
        if (job->starts.start[i].dropped || !usable(&job->minimum[i]) || !usable(m)) {
            out->n_unusable++;
            continue;
        }
        if (m->start == i)
            item[n++] = i;
        if (is_unperturbed(&job->starts.start[i]))
            out->unperturbed = m->energy;
    }
    return n;
}

skd_status skd_rank(skd_ranking *out, const skd_job *job, const skd_rank_options *options, int threads,
                    skd_error *err) {
    *out = (skd_ranking){0};
    if (threads <= 0)
        threads = skd_threads_available();
    size_t *item = skd_alloc(job->starts.n, sizeof *item);
    if (!item)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu minima", job->starts.n);
    comparison c = {.job = job, .item = item, .same_energy = options->same_energy};
    c.n = list_usable(out, job, item);
    skd_status status = SKD_OK;
    if (c.n > 0) {
        status = comparison_run(&c, options, threads, err);
        if (status == SKD_OK)
            status = make_families(out, &c, options, err);
        if (status == SKD_OK && options->distances)
            status = measure_families(out, &c, err);
        comparison_free(&c);
    }
    skd_free(item);
    if (status != SKD_OK)
        skd_ranking_free(out);
    return status;
}

void skd_ranking_free(skd_ranking *ranking) {
    for (size_t f = 0; f < ranking->n; f++)
        skd_free(ranking->family[f].member);
    skd_free(ranking->family);
    skd_free(ranking->distance);
    *ranking = (skd_ranking){0};
}
