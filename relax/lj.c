/* SPDX-License-Identifier: MIT */
/* lj.c - Lennard-Jones 12-6, one kind of pair for all elements, switched off smoothly (C2).
 *
 *   v(r) = 4 e ((s/r)^12 - (s/r)^6)
 *
 * Sources: J. E. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931); argon, e = 120 K k_B, s = 3.4 Å:
 * A. Rahman, Phys. Rev. 136, A405 (1964). Switch: see local.h. */
#include "local.h"
#include "settings.h"

typedef struct lj_params {
    double epsilon, sigma, cutoff, width; /* eV, Å; switched between cutoff - width and cutoff */
} lj_params;

static const skd_setting lj_settings[] = {
    {"epsilon", offsetof(lj_params, epsilon), 0.0, 1e3},
    {"sigma", offsetof(lj_params, sigma), 1e-3, 1e3},
    {"cutoff", offsetof(lj_params, cutoff), 1e-3, 1e6},
    {"width", offsetof(lj_params, width), 1e-3, 1e6},
    {NULL, 0, 0, 0},
};

static skd_status lj_create(void **out, const char *settings, skd_error *err) {
    lj_params *p = skd_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    *p = (lj_params){.epsilon = 0.010340999, .sigma = 3.4};
    skd_status status = skd_settings_parse(p, lj_settings, "lj", settings, err);
    if (p->cutoff == 0.0)
        p->cutoff = 2.5 * p->sigma;
    if (p->width == 0.0)
        p->width = 0.2 * p->cutoff;
    if (status == SKD_OK && p->width > p->cutoff)
        status = skd_fail(err, SKD_EARG, "potential lj: width=%g is more than cutoff=%g", p->width, p->cutoff);
    if (status != SKD_OK) {
        skd_free(p);
        return status;
    }
    *out = p;
    return SKD_OK;
}

static double lj_site(const void *params, const skd_site *site) {
    const lj_params *p = params;
    double energy = 0.0;
    for (size_t b = 0; b < site->n; b++) {
        double inv = 1.0 / site->r[b], s2 = p->sigma * p->sigma * inv * inv, s6 = s2 * s2 * s2;
        double v = 2.0 * p->epsilon * s6 * (s6 - 1.0), dv = 12.0 * p->epsilon * s6 * (1.0 - 2.0 * s6) * inv;
        skd_switch(site->r[b], p->cutoff - p->width, p->cutoff, &v, &dv);
        energy += v; /* half of the pair's energy: the other site has the rest */
        for (int k = 0; k < 3; k++)
            site->grad[b][k] = dv * inv * site->d[b][k];
    }
    return energy;
}

static skd_status lj_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                             skd_result *out, skd_error *err) {
    (void)charge;
    return skd_local_compute(lj_site, params, ((const lj_params *)params)->cutoff, cell, want, work, out, err);
}

const skd_potential_type skd_potential_lj = {
    .name = "lj",
    .summary = "Lennard-Jones 12-6, all elements alike; epsilon=0.010341 (eV), sigma=3.4 (Å) [argon], "
               "cutoff=2.5 sigma, switched off over width=0.2 cutoff",
    .reference = "J. E. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931); A. Rahman, Phys. Rev. 136, A405 (1964)",
    .create = lj_create,
    .destroy = skd_free,
    .check = skd_local_check_any,
    .work_new = skd_local_work_new,
    .work_free = skd_local_work_free,
    .compute = lj_compute,
};
