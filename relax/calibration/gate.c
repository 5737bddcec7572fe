/* SPDX-License-Identifier: MIT */
/* gate.c - which atoms are the host's in cells that are not the calibration's own (see seats.c): those with its
 * coordination numbers. An atom i has of element B
 *     n_B = sum_j f(r_ij),   f = 1 up to 1.1 and 0 from 1.8 times the sum of the covalent radii,
 * wide enough that heat and strain move it by a few tenths only, where a neighbour lost or gained moves it by one. */
#include <string.h>

#include "calibration.h"

#define NEAR 1.1 /* sums of covalent radii */
#define AWAY 1.8
#define OPEN 0.5 /* neighbours: the gate is open, ... */
#define SHUT 0.9 /* ... and shut */
#define SHARP 20.0 /* of the least over the host's sites */
#define SAME 1e-6 /* neighbours squared: one site */

double calibration_fall(double x, double from, double to, double *slope) {
    const double t = (x - from) / (to - from);
    *slope = 0.0;
    if (!(t > 0.0))
        return 1.0;
    if (!(t < 1.0))
        return 0.0;
    *slope = -30.0 * t * t * (1.0 - t) * (1.0 - t) / (to - from);
    return 1.0 - t * t * t * (10.0 - 15.0 * t + 6.0 * t * t);
}

static double radius(const skd_calibration *c, size_t slot) {
    return skd_element_of(c->features->species[slot])->covalent_radius;
}

/* How much neighbour b counts. */
static double share(const skd_calibration *c, size_t slot, const skd_surrounding *around, size_t b, double *slope) {
    const double sum = radius(c, slot) + radius(c, around->slot[b]);
    const double to = fmin(AWAY * sum, c->features->options.cutoff);
    return calibration_fall(around->r[b], fmin(NEAR * sum, 0.6 * to), to, slope);
}

static void count(const skd_calibration *c, size_t slot, const skd_surrounding *around, double *number) {
    double slope;
    memset(number, 0, c->features->n_species * sizeof *number);
    for (size_t b = 0; b < around->n; b++)
        number[around->slot[b]] += share(c, slot, around, b, &slope);
}

static double square_off(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

double calibration_gate(const skd_calibration *c, size_t slot, const skd_surrounding *around, double (*pull)[3]) {
    const size_t n = c->features->n_species;
    double number[SKD_ELEMENT_MAX], along[SKD_ELEMENT_MAX] = {0}, sum = 0.0, slope;
    count(c, slot, around, number);
    for (size_t s = 0; s < c->n_sites; s++) {
        const double *own = c->site + s * n;
        if (c->site_slot[s] != slot)
            continue;
        const double part = exp(-SHARP * square_off(number, own, n));
        sum += part;
        for (size_t k = 0; k < n; k++)
            along[k] += part * 2.0 * (number[k] - own[k]);
    }
    const double gate = sum > 0.0 ? calibration_fall(-log(sum) / SHARP, OPEN * OPEN, SHUT * SHUT, &slope) : 0.0;
    for (size_t b = 0; b < around->n && pull; b++) {
        double of_share = 0.0;
        if (gate > 0.0 && gate < 1.0)
            share(c, slot, around, b, &of_share);
        for (int k = 0; k < 3; k++)
            pull[b][k] = of_share == 0.0 ? 0.0
                                         : slope * along[around->slot[b]] / sum * of_share * around->d[b][k] /
                                               around->r[b];
    }
    return gate;
}

skd_status calibration_set_sites(skd_calibration *c, const skd_cell *host, skd_features_work *work, skd_error *err) {
    const size_t n = c->features->n_species;
    c->site = skd_alloc(host->n * n, sizeof *c->site);
    c->site_slot = skd_alloc(host->n, sizeof *c->site_slot);
    skd_status status = c->site && c->site_slot ? skd_features_prepare(work, host, err)
                                                : skd_fail(err, SKD_ENOMEM, "out of memory for a host's sites");
    for (size_t i = 0; i < host->n && status == SKD_OK; i++) {
        double *own = c->site + c->n_sites * n;
        const size_t slot = c->features->slot[host->species[i]];
        bool known = false;
        skd_density_of(work, host, i, false);
        count(c, slot, &work->around, own);
        for (size_t s = 0; s < c->n_sites && !known; s++)
            known = c->site_slot[s] == slot && square_off(own, c->site + s * n, n) < SAME;
        if (!known)
            c->site_slot[c->n_sites++] = slot;
    }
    return status;
}
