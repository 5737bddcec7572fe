/* SPDX-License-Identifier: MIT */
/* confidence.c - the error of a search's energy differences, fitted to pairs known at two levels, and the probability
 * that a family is the lowest.
 *
 * A difference d becomes slope d + t s(d), t Student's with few degrees of freedom, s(d) = floor + share |d|:
 * structures far apart in energy are bonded differently, and a cheap level errs about that. P(i lowest) is the integral
 * over the error of i of the chance that all others lie above, taken at equal steps of probability. */
#include "shakedown/confidence.h"

#include <gsl/gsl_cdf.h>
#include <stdlib.h>
#include <string.h>

#define STEPS     200   /* of probability: P to about 0.002 */
#define REFINE    40    /* halvings of the step of the fit */
#define LEAST     0.02  /* eV, floor: energies of one minimum differ by that much */
#define MOST      2.0   /* share */

double skd_error_scale(const skd_error_model *model, double difference) {
    return model->floor + model->share * fabs(difference);
}

double skd_error_width(const skd_error_model *model, double difference, double probability) {
    return skd_error_scale(model, difference) * gsl_cdf_tdist_Pinv(0.5 + 0.5 * probability, model->dof);
}

/* ---- the fit ------------------------------------------------------------------------------ */

typedef struct sample {
    double search, level, weight;
} sample;

static double log_likelihood(const sample *s, size_t n, const skd_error_model *m) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double scale = skd_error_scale(m, s[i].search), t = (s[i].level - m->slope * s[i].search) / scale;
        sum -= s[i].weight * (log(scale) + 0.5 * (m->dof + 1.0) * log1p(t * t / m->dof));
    }
    return sum;
}

/* One step of one of the three numbers. */
static skd_error_model moved(const skd_error_model *m, int which, double step) {
    skd_error_model out = *m;
    if (which == 0)
        out.slope += 0.3 * step;
    else if (which == 1)
        out.floor = fmax(LEAST, m->floor * exp(step));
    else
        out.share = fmin(MOST, fmax(1e-3, m->share * exp(step)));
    return out;
}

/* Goes to a better neighbour while there is one, with ever smaller steps. */
static void climb(skd_error_model *m, const sample *s, size_t n) {
    double step = 1.0, best = log_likelihood(s, n, m);
    for (int k = 0; k < REFINE;) {
        bool better = false;
        for (int d = 0; d < 6; d++) {
            skd_error_model trial = moved(m, d / 2, d % 2 ? -step : step);
            double value = log_likelihood(s, n, &trial);
            if (value > best) {
                best = value;
                *m = trial;
                better = true;
            }
        }
        if (!better) {
            step *= 0.7;
            k++;
        }
    }
}

static bool counts(const skd_level_pair *pair, const char *target, const char *without) {
    return (!target || strcmp(pair->target, target) == 0) && (!without || strcmp(pair->host, without) != 0);
}

static bool same_defect(const skd_level_pair *a, const skd_level_pair *b) {
    return a->charge == b->charge && strcmp(a->host, b->host) == 0 && strcmp(a->defect, b->defect) == 0 &&
           strcmp(a->target, b->target) == 0;
}

/* The pairs that count, each defect and charge with weight 1 in all; how many hosts. */
static size_t take_samples(sample *s, size_t *n_hosts, const skd_level_pair *pair, size_t n, const char *target,
                           const char *without) {
    size_t taken = 0;
    *n_hosts = 0;
    for (size_t i = 0; i < n; i++) {
        size_t like = 0;
        bool new_host = true;
        if (!counts(&pair[i], target, without))
            continue;
        for (size_t k = 0; k < n; k++)
            like += same_defect(&pair[i], &pair[k]);
        for (size_t k = 0; k < i; k++)
            new_host = new_host && !(counts(&pair[k], target, without) && strcmp(pair[k].host, pair[i].host) == 0);
        *n_hosts += new_host;
        s[taken++] = (sample){pair[i].search, pair[i].level, 1.0 / (double)like};
    }
    return taken;
}

skd_status skd_error_model_fit(skd_error_model *out, const skd_level_pair *pair, size_t n, const char *target,
                               const char *without, skd_error *err) {
    sample *s = skd_alloc(n, sizeof *s);
    *out = (skd_error_model){.slope = 0.8, .floor = 0.2, .share = 0.3, .dof = SKD_ERROR_DOF};
    if (!s)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu pairs", n);
    out->n_pairs = take_samples(s, &out->n_hosts, pair, n, target, without);
    if (out->n_hosts >= 2)
        climb(out, s, out->n_pairs);
    skd_free(s);
    return out->n_hosts >= 2 ? SKD_OK
                             : skd_fail(err, SKD_EARG, "calibration of errors: expected pairs of two hosts, found %zu",
                                        out->n_hosts);
}

/* ---- the lowest family -------------------------------------------------------------------- */

/* What the other level may say of each family: middle and scale, eV. */
typedef struct outlook {
    double middle, scale;
} outlook;

static void look_ahead(outlook *out, const skd_ranking *r, const skd_error_model *m) {
    const double zero = isfinite(r->unperturbed) ? r->unperturbed : r->family[r->n - 1].energy;
    for (size_t i = 0; i < r->n; i++) {
        double difference = r->family[i].energy - zero;
        out[i] = (outlook){m->slope * difference, skd_error_scale(m, difference)};
    }
}

/* The chance that all families but i lie above `energy`. */
static double all_above(const outlook *o, size_t n, double dof, size_t i, double energy) {
    double chance = 1.0;
    for (size_t k = 0; k < n && chance > 1e-9; k++)
        if (k != i)
            chance *= gsl_cdf_tdist_Q((energy - o[k].middle) / o[k].scale, dof);
    return chance;
}

skd_status skd_confidence(double *probability, const skd_ranking *r, const skd_error_model *model, skd_error *err) {
    double sum = 0.0;
    outlook *o = skd_alloc(r->n, sizeof *o);
    if (!o)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", r->n);
    if (r->n > 0)
        look_ahead(o, r, model);
    for (size_t i = 0; i < r->n; i++) {
        probability[i] = 0.0;
        for (int u = 0; u < STEPS; u++) {
            double t = gsl_cdf_tdist_Pinv((u + 0.5) / STEPS, model->dof);
            probability[i] += all_above(o, r->n, model->dof, i, o[i].middle + o[i].scale * t) / STEPS;
        }
        sum += probability[i];
    }
    for (size_t i = 0; i < r->n; i++)
        probability[i] /= sum;
    skd_free(o);
    return SKD_OK;
}

size_t skd_confidence_choose(size_t *family, const skd_ranking *r, const double *probability, double wanted,
                             double *held) {
    size_t n = 0;
    double sum = 0.0, least = HUGE_VAL; /* of what is taken */
    while (sum < wanted) {
        double next = -1.0;
        for (size_t f = 0; f < r->n; f++)
            if (probability[f] < least && probability[f] > next)
                next = probability[f];
        if (next < 0.0)
            break;
        for (size_t f = 0; f < r->n; f++)
            sum += probability[f] == next ? probability[f] : 0.0;
        least = next;
    }
    if (held)
        *held = 0.0;
    for (size_t f = 0; f < r->n; f++)
        if (probability[f] >= least || r->family[f].has_unperturbed) {
            family[n++] = f;
            if (held)
                *held += probability[f];
        }
    return n;
}
