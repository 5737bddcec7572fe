/* SPDX-License-Identifier: MIT */
/* solid.c - gradients of solid harmonics S_lm = r^l Y_lm.
 *
 * d S_lm / d x_k is a harmonic polynomial of degree l - 1. Its components follow from the adjointness of d/dx_k and
 * multiplication by x_k (in Fischer's inner product, which on harmonic polynomials of degree l is (2l+1)!! / 4 pi times
 * that of the sphere):
 *     d S_lm / d x_k = (2l + 1) sum_m' [ int Y_lm x_k Y_{l-1,m'} dOmega ] S_{l-1,m'}.
 * The integrals are done exactly by Gauss-Legendre points in cos theta times equidistant ones in phi. */
#include <gsl/gsl_integration.h>

#include "features.h"

/* integral[lm][k][l'm'] += weight Y_lm x_k Y_l'm' at one point of the sphere. */
static void add_point(const skd_solid *solid, const double at[3], double weight, double *integral) {
    double x[SKD_HARMONICS_WIDE] = {at[0]}, y[SKD_HARMONICS_WIDE] = {at[1]}, z[SKD_HARMONICS_WIDE] = {at[2]};
    double value[(SKD_HARMONICS_L_MAX + 1) * (SKD_HARMONICS_L_MAX + 1)][SKD_HARMONICS_WIDE];
    size_t n = solid->n_lm;
    skd_harmonics_eval(solid->harmonics, x, y, z, value);
    for (size_t p = 0; p < n; p++)
        for (size_t k = 0; k < 3; k++)
            for (size_t q = 0; q < n; q++)
                integral[(p * 3 + k) * n + q] += weight * value[p][0] * at[k] * value[q][0];
}

static void integrate(const skd_solid *solid, int l_max, const gsl_integration_glfixed_table *rule, size_t points,
                      double *integral) {
    const double two_pi = 6.28318530717958647692;
    size_t around = 2 * (size_t)l_max + 3;
    for (size_t i = 0; i < points; i++) {
        double z, weight;
        gsl_integration_glfixed_point(-1.0, 1.0, i, &z, &weight, rule);
        double rho = sqrt(1.0 - z * z);
        for (size_t k = 0; k < around; k++) {
            double phi = two_pi * (double)k / (double)around;
            const double at[3] = {rho * cos(phi), rho * sin(phi), z};
            add_point(solid, at, weight * two_pi / (double)around, integral);
        }
    }
}

static void collect(skd_solid *solid, int l_max, const double *integral) {
    size_t n = solid->n_lm;
    for (int l = 1; l <= l_max; l++)
        for (size_t p = (size_t)(l * l); p < (size_t)((l + 1) * (l + 1)); p++)
            for (size_t k = 0; k < 3; k++) {
                size_t found = 0;
                for (size_t q = (size_t)((l - 1) * (l - 1)); q < (size_t)(l * l); q++) {
                    double factor = (2.0 * l + 1.0) * integral[(p * 3 + k) * n + q];
                    if (fabs(factor) < 1e-10 || found == 2)
                        continue;
                    solid->term[p][k].from[found] = q;
                    solid->term[p][k].factor[found++] = factor;
                }
            }
}

void skd_solid_free(skd_solid *solid) {
    skd_harmonics_free(solid->harmonics);
    skd_free(solid->term);
    *solid = (skd_solid){0};
}

skd_status skd_solid_init(skd_solid *solid, int l_max, skd_error *err) {
    *solid = (skd_solid){.n_lm = (size_t)((l_max + 1) * (l_max + 1))};
    skd_status status = skd_harmonics_new(&solid->harmonics, l_max, err);
    if (status != SKD_OK)
        return status;
    solid->term = skd_alloc(solid->n_lm, sizeof *solid->term);
    double *integral = skd_alloc(3 * solid->n_lm * solid->n_lm, sizeof *integral);
    size_t points = (size_t)l_max + 2;
    gsl_integration_glfixed_table *rule = gsl_integration_glfixed_table_alloc(points);
    if (!solid->term || !integral || !rule)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for solid harmonics");
    if (status == SKD_OK) {
        integrate(solid, l_max, rule, points, integral);
        collect(solid, l_max, integral);
    }
    if (rule)
        gsl_integration_glfixed_table_free(rule);
    skd_free(integral);
    if (status != SKD_OK)
        skd_solid_free(solid);
    return status;
}

void skd_solid_gradient(const skd_solid *solid, const double *s, double *gradient) {
    for (size_t k = 0; k < 3; k++)
        for (size_t p = 0; p < solid->n_lm; p++) {
            const struct skd_solid_term *t = &solid->term[p][k];
            gradient[k * solid->n_lm + p] = t->factor[0] * s[t->from[0]] + t->factor[1] * s[t->from[1]];
        }
}
