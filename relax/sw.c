/* SPDX-License-Identifier: MIT */
/* sw.c - Stillinger-Weber potential.
 *
 *   E_i = 1/2 sum_j e A (B (s/r)^4 - 1) exp(s/(r - a s))
 *       + sum_{j<k} e lambda exp(gamma s/(r_ij - a s)) exp(gamma s/(r_ik - a s)) (cos theta_jik + 1/3)^2
 *
 * Source: F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985), eqs. (2.3), (2.5), (2.6) with
 * p = 4, q = 0 and the numbers of eq. (2.7); energy and length as fitted there to silicon's cohesive
 * energy, e = 50 kcal/mol = 2.1683 eV, s = 2.0951 Å. */
#include "local.h"
#include "settings.h"

typedef struct sw_params {
    double z; /* atomic number that it stands for */
    double epsilon, sigma;
    double A, B, a, lambda, gamma;
    double cutoff; /* a sigma, Å */
} sw_params;

static const skd_setting sw_settings[] = {
    {"epsilon", offsetof(sw_params, epsilon), 0.0, 1e3}, {"sigma", offsetof(sw_params, sigma), 1e-3, 1e3},
    {"A", offsetof(sw_params, A), 0.0, 1e6},             {"B", offsetof(sw_params, B), 0.0, 1e6},
    {"a", offsetof(sw_params, a), 1e-3, 1e2},            {"lambda", offsetof(sw_params, lambda), 0.0, 1e6},
    {"gamma", offsetof(sw_params, gamma), 0.0, 1e2},     {"z", offsetof(sw_params, z), 1, SKD_ELEMENT_MAX},
    {NULL, 0, 0, 0},
};

static skd_status sw_create(void **out, const char *settings, skd_error *err) {
    sw_params *p = skd_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    *p = (sw_params){.z = 14, .epsilon = 2.1683, .sigma = 2.0951, .A = 7.049556277, .B = 0.6022245584,
                     .a = 1.8, .lambda = 21.0, .gamma = 1.2};
    skd_status status = skd_settings_parse(p, sw_settings, "sw", settings, err);
    if (status == SKD_OK && p->z != floor(p->z))
        status = skd_fail(err, SKD_EARG, "potential sw: z: expected an atomic number, found %g", p->z);
    if (status != SKD_OK) {
        skd_free(p);
        return status;
    }
    p->cutoff = p->a * p->sigma;
    *out = p;
    return SKD_OK;
}

static skd_status sw_check(const void *params, const skd_cell *cell, skd_error *err) {
    int z = (int)((const sw_params *)params)->z;
    for (size_t i = 0; i < cell->n; i++)
        if (cell->species[i] != z)
            return skd_fail(err, SKD_EARG, "potential sw is for %s only; atom %zu is %s", skd_element_of(z)->symbol,
                            i + 1, skd_element_of(cell->species[i])->symbol);
    return SKD_OK;
}

/* Per bond: unit vector, 1/r, and the factor of the three-body term with its derivative. */
enum { UX, UY, UZ, INV_R, H, DH };

/* Two-body part; leaves the bonds' data in scratch. */
static double sw_bonds(const sw_params *p, const skd_site *site) {
    double energy = 0.0, s2 = p->sigma * p->sigma, bs4 = p->B * s2 * s2, ae = 0.5 * p->A * p->epsilon;
    for (size_t b = 0; b < site->n; b++) {
        double inv = 1.0 / site->r[b], gap = 1.0 / (site->r[b] - p->cutoff), u = p->sigma * gap, du = -u * gap;
        double inv2 = inv * inv, power = bs4 * inv2 * inv2, pair = ae * exp(u);
        double slope = pair * (-4.0 * power * inv + (power - 1.0) * du);
        double *w = site->scratch[b];
        energy += pair * (power - 1.0);
        w[INV_R] = inv;
        w[H] = exp(p->gamma * u);
        w[DH] = w[H] * p->gamma * du;
        for (int k = 0; k < 3; k++) {
            w[k] = site->d[b][k] * inv;
            site->grad[b][k] = slope * w[k];
        }
    }
    return energy;
}

static double sw_site(const void *params, const skd_site *site) {
    const sw_params *p = params;
    double energy = sw_bonds(p, site), le = p->lambda * p->epsilon;
    for (size_t j = 0; j < site->n; j++) {
        const double *a = site->scratch[j];
        double *ga = site->grad[j];
        for (size_t k = 0; k < j; k++) {
            const double *b = site->scratch[k];
            double *gb = site->grad[k];
            double cosine = a[UX] * b[UX] + a[UY] * b[UY] + a[UZ] * b[UZ], off = cosine + 1.0 / 3.0;
            double square = le * off * off, bend = 2.0 * le * off * a[H] * b[H];
            double ta = bend * a[INV_R], tb = bend * b[INV_R];
            double along_a = square * a[DH] * b[H] - ta * cosine, along_b = square * a[H] * b[DH] - tb * cosine;
            energy += square * a[H] * b[H];
            for (int c = 0; c < 3; c++) {
                ga[c] += along_a * a[c] + ta * b[c];
                gb[c] += along_b * b[c] + tb * a[c];
            }
        }
    }
    return energy;
}

static skd_status sw_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                             skd_result *out, skd_error *err) {
    (void)charge;
    return skd_local_compute(sw_site, params, ((const sw_params *)params)->cutoff, cell, want, work, out, err);
}

const skd_potential_type skd_potential_sw = {
    .name = "sw",
    .summary = "Stillinger-Weber, silicon; epsilon=2.1683 (eV), sigma=2.0951 (Å), A, B, a, lambda, gamma, z=14",
    .reference = "F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985)",
    .create = sw_create,
    .destroy = skd_free,
    .check = sw_check,
    .work_new = skd_local_work_new,
    .work_free = skd_local_work_free,
    .compute = sw_compute,
};
