/* SPDX-License-Identifier: MIT */
/* zbl.c - universal screened nuclear repulsion, any pair of elements, switched off smoothly (C2).
 *
 *   v(r) = Z1 Z2 k / r * phi(r/a),   a = 0.8854 a0 / (Z1^0.23 + Z2^0.23),
 *   phi(x) = 0.18175 e^-3.19980x + 0.50986 e^-0.94229x + 0.28022 e^-0.40290x + 0.02817 e^-0.20162x
 *
 * Source: J. F. Ziegler, J. P. Biersack and U. Littmark, The Stopping and Range of Ions in Matter (1985),
 * with the coefficients in five digits, which add up to 1. k = e^2/(4 pi eps0), a0: CODATA 2018. */
#include "local.h"
#include "settings.h"

#define COULOMB 14.3996454784255 /* eV Å */
#define BOHR    0.529177210903   /* Å */

typedef struct zbl_params {
    double cutoff, width;              /* Å */
    double power[SKD_ELEMENT_MAX + 1]; /* Z^0.23 */
} zbl_params;

static const double amplitude[4] = {0.18175, 0.50986, 0.28022, 0.02817};
static const double decay[4] = {3.19980, 0.94229, 0.40290, 0.20162};

static const skd_setting zbl_settings[] = {
    {"cutoff", offsetof(zbl_params, cutoff), 1e-3, 100.0},
    {"width", offsetof(zbl_params, width), 1e-3, 100.0},
    {NULL, 0, 0, 0},
};

static skd_status zbl_create(void **out, const char *settings, skd_error *err) {
    zbl_params *p = skd_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    p->cutoff = 4.0;
    p->width = 1.0;
    skd_status status = skd_settings_parse(p, zbl_settings, "zbl", settings, err);
    if (status == SKD_OK && p->width > p->cutoff)
        status = skd_fail(err, SKD_EARG, "potential zbl: width=%g is more than cutoff=%g", p->width, p->cutoff);
    if (status != SKD_OK) {
        skd_free(p);
        return status;
    }
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        p->power[z] = pow(z, 0.23);
    *out = p;
    return SKD_OK;
}

static double zbl_site(const void *params, const skd_site *site) {
    const zbl_params *p = params;
    double energy = 0.0;
    for (size_t b = 0; b < site->n; b++) {
        double inv = 1.0 / site->r[b], phi = 0.0, dphi = 0.0;
        double inv_a = (p->power[site->z] + p->power[site->z_of[b]]) / (0.8854 * BOHR);
        for (int t = 0; t < 4; t++) {
            double term = amplitude[t] * exp(-decay[t] * inv_a * site->r[b]);
            phi += term;
            dphi -= decay[t] * inv_a * term;
        }
        double half = 0.5 * COULOMB * site->z * site->z_of[b] * inv;
        double v = half * phi, dv = half * (dphi - phi * inv);
        skd_switch(site->r[b], p->cutoff - p->width, p->cutoff, &v, &dv);
        energy += v;
        for (int k = 0; k < 3; k++)
            site->grad[b][k] = dv * inv * site->d[b][k];
    }
    return energy;
}

static skd_status zbl_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                              skd_result *out, skd_error *err) {
    (void)charge;
    return skd_local_compute(zbl_site, params, ((const zbl_params *)params)->cutoff, cell, want, work, out, err);
}

const skd_potential_type skd_potential_zbl = {
    .name = "zbl",
    .summary = "Ziegler-Biersack-Littmark repulsion, all elements; cutoff=4 (Å), switched off over width=1 (Å)",
    .reference = "J. F. Ziegler, J. P. Biersack and U. Littmark, The Stopping and Range of Ions in Matter (1985)",
    .create = zbl_create,
    .destroy = skd_free,
    .check = skd_local_check_any,
    .work_new = skd_local_work_new,
    .work_free = skd_local_work_free,
    .compute = zbl_compute,
};
