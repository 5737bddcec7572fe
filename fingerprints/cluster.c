/* SPDX-License-Identifier: MIT */
/* cluster.c - families from a distance matrix.
 *
 * Agglomerative: the two clusters with the least mean distance between their members are merged as long as
 * that mean is below the threshold (average linkage, UPGMA; Sokal & Michener 1958). Average rather than
 * single linkage, because a chain of half-relaxed structures between two minima must not join them; rather
 * than complete linkage, because one badly relaxed member must not split a family.
 * Density: everything reachable by steps shorter than the threshold is one family (DBSCAN, Ester et al.
 * 1996, with every point a core point: minPts = 1, so that there is no noise).
 * In both, merges are done in order of distance (ties: lowest indices) and one that would spread the
 * family's energies over energy_threshold or more is not done. No item is ever dropped. */
#include "shakedown/fingerprints.h"

#include <string.h>

/* State of merging: each live cluster is named by its first member. */
typedef struct merging {
    size_t n;
    double *d;          /* [n][n] distance between clusters, at the rows of their first members */
    size_t *size;       /* [n] members; 0: merged into another                                  */
    size_t *owner;      /* [n] first member of the cluster an item is in                         */
    double *low, *high; /* [n] energies of the cluster                                          */
} merging;

static skd_status merging_new(merging *m, const double *d, const double *energy, size_t n, skd_error *err) {
    m->n = n;
    m->d = skd_copy(d, n * n, sizeof *d);
    m->size = skd_alloc(n, sizeof *m->size);
    m->owner = skd_alloc(n, sizeof *m->owner);
    m->low = skd_alloc(n, sizeof *m->low);
    m->high = skd_alloc(n, sizeof *m->high);
    if (!m->d || !m->size || !m->owner || !m->low || !m->high)
        return skd_fail(err, SKD_ENOMEM, "out of memory to cluster %zu structures", n);
    for (size_t i = 0; i < n; i++) {
        m->size[i] = 1;
        m->owner[i] = i;
        m->low[i] = m->high[i] = energy ? energy[i] : (double)NAN;
    }
    return SKD_OK;
}

static void merging_free(merging *m) {
    skd_free(m->d);
    skd_free(m->size);
    skd_free(m->owner);
    skd_free(m->low);
    skd_free(m->high);
}

/* May clusters i and j be one family? Unknown energies (NAN) never forbid it. */
static bool energies_agree(const merging *m, size_t i, size_t j, double spread) {
    double low = fmin(m->low[i], m->low[j]), high = fmax(m->high[i], m->high[j]);
    return spread <= 0.0 || !(high - low >= spread);
}

/* Nearest pair of clusters that may merge, i < j; false if none is below the threshold. */
static bool nearest_pair(const merging *m, const skd_cluster_options *options, size_t *pi, size_t *pj) {
    double best = options->threshold;
    bool found = false;
    for (size_t i = 0; i < m->n; i++)
        for (size_t j = i + 1; m->size[i] && j < m->n; j++) {
            if (!m->size[j] || !(m->d[i * m->n + j] < best) ||
                !energies_agree(m, i, j, options->energy_threshold))
                continue;
            best = m->d[i * m->n + j];
            *pi = i;
            *pj = j;
            found = true;
        }
    return found;
}

/* Cluster j joins cluster i. */
static void merge(merging *m, size_t i, size_t j, int method) {
    double wi = (double)m->size[i], wj = (double)m->size[j];
    for (size_t k = 0; k < m->n; k++) {
        double a = m->d[i * m->n + k], b = m->d[j * m->n + k];
        double both = method == SKD_CLUSTER_DENSITY ? fmin(a, b) : (wi * a + wj * b) / (wi + wj);
        m->d[i * m->n + k] = m->d[k * m->n + i] = both;
        if (m->owner[k] == j)
            m->owner[k] = i;
    }
    m->low[i] = fmin(m->low[i], m->low[j]);
    m->high[i] = fmax(m->high[i], m->high[j]);
    m->size[i] += m->size[j];
    m->size[j] = 0;
}

static skd_status check_input(const double *d, size_t n, const skd_cluster_options *options, skd_error *err) {
    if (options->method != SKD_CLUSTER_AGGLOMERATIVE && options->method != SKD_CLUSTER_DENSITY)
        return skd_fail(err, SKD_EARG, "unknown clustering method %d", options->method);
    if (!(options->threshold >= 0.0))
        return skd_fail(err, SKD_EARG, "clustering threshold %g, expected 0 or more", options->threshold);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (!(d[i * n + j] >= 0.0) || d[i * n + j] != d[j * n + i])
                return skd_fail(err, SKD_EARG, "distance of structures %zu and %zu is %g one way, %g the other; "
                                "expected two equal numbers, 0 or more", j + 1, i + 1, d[j * n + i], d[i * n + j]);
    return SKD_OK;
}

skd_status skd_cluster(const double *d, const double *energy, size_t n, const skd_cluster_options *options,
                       size_t *label, size_t *n_clusters, skd_error *err) {
    merging m = {.n = 0};
    *n_clusters = 0;
    skd_status status = check_input(d, n, options, err);
    if (status == SKD_OK)
        status = merging_new(&m, d, energy, n, err);
    size_t i = 0, j = 0;
    while (status == SKD_OK && nearest_pair(&m, options, &i, &j))
        merge(&m, i, j, options->method);
    for (size_t k = 0; status == SKD_OK && k < n; k++)
        label[k] = m.owner[k] == k ? (*n_clusters)++ : label[m.owner[k]];
    merging_free(&m);
    return status;
}
