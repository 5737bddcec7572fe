/* SPDX-License-Identifier: MIT */
/* alloy_sqs.c - how far an alloy's correlations are from those of the random alloy, and simulated annealing of that.
 *
 * The temperature falls geometrically from twice the mean change of the objective by an exchange, found by trying,
 * to a hundredth of it. */
#include <string.h>

#include "alloy_figures.h"

enum { PROBES = 100 };

void correlations_count(skd_correlations *c) {
    for (size_t f = 0; f < c->n_figures; f++)
        memset(c->figure[f].count, 0, c->figure[f].n_tuples * sizeof *c->figure[f].count);
    for (size_t k = 0; k < c->n; k++)
        instance_count(c, &c->instance[k], 1);
}

double correlations_objective(skd_correlations *c) {
    double sum = 0.0;
    for (size_t i = 0; i < c->n_figures; i++) {
        figure *f = &c->figure[i];
        f->shown.error = 0.0;
        for (size_t v = 0; v < f->shown.n_values; v++) {
            double value = 0.0;
            for (size_t t = 0; t < f->n_tuples; t++)
                value += f->product[v * f->n_tuples + t] * (double)f->count[t];
            f->shown.value[v] = value / (double)f->total;
            f->shown.error += fabs(f->shown.value[v] - f->shown.target[v]);
        }
        sum += f->shown.weight * f->shown.error;
    }
    return sum;
}

double skd_correlations_objective(skd_correlations *c) {
    correlations_count(c);
    return correlations_objective(c);
}

const skd_figure *skd_correlations_find(skd_correlations *c, size_t *n) {
    skd_figure *shown = skd_realloc(c->shown, c->n_figures, sizeof *shown);
    *n = 0;
    if (!shown)
        return NULL;
    c->shown = shown;
    *n = c->n_figures;
    skd_correlations_objective(c);
    for (size_t f = 0; f < c->n_figures; f++)
        shown[f] = c->figure[f].shown;
    return shown;
}

/* ---- exchanges --------------------------------------------------------------------------- */

static bool holds(const skd_correlations *c, const instance *one, size_t site) {
    for (int p = 0; p < c->figure[one->figure].shown.order; p++)
        if (one->site[p] == site)
            return true;
    return false;
}

/* All instances that hold one of the two sites, each once. */
static void count_around(skd_correlations *c, size_t p, size_t q, long sign) {
    for (size_t k = c->first[p]; k < c->first[p + 1]; k++)
        instance_count(c, &c->instance[c->of_site[k]], sign);
    for (size_t k = c->first[q]; k < c->first[q + 1]; k++)
        if (!holds(c, &c->instance[c->of_site[k]], p))
            instance_count(c, &c->instance[c->of_site[k]], sign);
}

static void exchange(skd_alloy *alloy, skd_correlations *c, size_t p, size_t q) {
    count_around(c, p, q, -1);
    uint8_t kept = alloy->label[p];
    alloy->label[p] = alloy->label[q];
    alloy->label[q] = kept;
    count_around(c, p, q, 1);
}

/* Two sites of one sublattice with different elements; the caller has seen that there are some. */
static void choose_sites(const skd_alloy *alloy, skd_rng *rng, size_t *p, size_t *q) {
    do {
        *p = skd_rng_below(rng, 0, (uint32_t)alloy->n_sites);
        *q = skd_rng_below(rng, 0, (uint32_t)alloy->n_sites);
    } while (alloy->lattice[*p] != alloy->lattice[*q] || alloy->label[*p] == alloy->label[*q]);
}

static bool is_mixed(const skd_alloy *alloy) {
    for (size_t s = 0; s < alloy->n_sublattices; s++)
        for (size_t k = 0; k < alloy->sublattice[s].n_species; k++) {
            size_t count = alloy->sublattice[s].count[k];
            if (count > 0 && count < alloy->sublattice[s].n)
                return true;
        }
    return false;
}

static double mean_change(skd_alloy *alloy, skd_correlations *c, skd_rng *rng) {
    const double before = correlations_objective(c);
    double sum = 0.0;
    for (int k = 0; k < PROBES; k++) {
        size_t p, q;
        choose_sites(alloy, rng, &p, &q);
        exchange(alloy, c, p, q);
        sum += fabs(correlations_objective(c) - before);
        exchange(alloy, c, p, q);
    }
    return sum / PROBES;
}

/* Returns the steps done; best [n_sites] receives the best labels. */
static size_t anneal(skd_alloy *alloy, skd_correlations *c, size_t steps, skd_rng *rng, uint8_t *best) {
    const double change = mean_change(alloy, c, rng);
    double now = correlations_objective(c), least = now, temperature = 2.0 * change;
    const double cooling = pow(0.005, 1.0 / (double)(steps ? steps : 1));
    size_t step = 0;
    memcpy(best, alloy->label, alloy->n_sites);
    for (; step < steps && least > 1e-12; step++, temperature *= cooling) {
        size_t p, q;
        choose_sites(alloy, rng, &p, &q);
        exchange(alloy, c, p, q);
        double then = correlations_objective(c);
        if (then > now && !(skd_rng_uniform(rng) < exp((now - then) / temperature))) {
            exchange(alloy, c, p, q);
            continue;
        }
        now = then;
        if (now < least - 1e-12) {
            least = now;
            memcpy(best, alloy->label, alloy->n_sites);
        }
    }
    return step;
}

skd_status skd_sqs_anneal(skd_alloy *alloy, skd_correlations *c, const skd_sqs_options *options, size_t *tried,
                          skd_error *err) {
    if (tried)
        *tried = 0;
    skd_rng *rng = NULL;
    uint8_t *best = skd_alloc(alloy->n_sites, sizeof *best);
    skd_status status = best ? skd_rng_new(&rng, options->seed, err)
                             : skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", alloy->n_sites);
    if (status == SKD_OK && is_mixed(alloy)) {
        skd_alloy_shuffle(alloy, rng);
        correlations_count(c);
        size_t steps = anneal(alloy, c, options->steps, rng, best);
        memcpy(alloy->label, best, alloy->n_sites);
        if (tried)
            *tried = steps;
    }
    skd_rng_free(rng);
    skd_free(best);
    return status;
}
