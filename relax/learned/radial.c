/* SPDX-License-Identifier: MIT */
/* radial.c - radial functions of the smeared density as splines.
 *
 * A neighbour at distance r is a Gaussian of width w. Its expansion in R_n(r') Y_lm with the sine basis
 *     R_n(r') = sqrt(2/rc) sin(n pi r'/rc) / r'
 * has the coefficient g_nl(r) Y_lm,
 *     g_nl(r) = 4 pi int_0^rc R_n(r') exp(-(r - r')^2 / 2 w^2) [exp(-x) i_l(x)] r'^2 dr',   x = r r' / w^2,
 * i_l: modified spherical Bessel function (A. P. Bartok et al., PRB 87, 184115 (2013), eq. 29 ff.). Tabulated is
 * h_nl(r) = switch(r) g_nl(r) / r^l, which is even in r: slope 0 at both ends. */
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_bessel.h>
#include <string.h>

#include "features.h"

enum { INTERVALS = 512, POINTS = 48 };

/* exp(-x) i_l(x) / x^l for l = 0..l_max. */
static void bessel(int l_max, double x, double *out) {
    if (x < 0.5) {
        double odd = 1.0; /* (2l+1)!! */
        for (int l = 0; l <= l_max; l++) {
            double term = 1.0, sum = 0.0;
            for (int k = 0; k < 12; k++) {
                sum += term;
                term *= 0.5 * x * x / ((k + 1.0) * (2.0 * l + 2.0 * k + 3.0));
            }
            out[l] = exp(-x) * sum / odd;
            odd *= 2.0 * l + 3.0;
        }
        return;
    }
    gsl_sf_bessel_il_scaled_array(l_max, x, out);
    double power = 1.0;
    for (int l = 0; l <= l_max; l++, power *= x)
        out[l] /= power;
}

/* 1 to cutoff - taper, then 1 - 10 x^3 + 15 x^4 - 6 x^5 down to 0: two continuous derivatives. */
static double fade(const skd_features_options *o, double r) {
    double x = (r - (o->cutoff - o->taper)) / o->taper;
    return x <= 0.0 ? 1.0 : x >= 1.0 ? 0.0 : 1.0 - x * x * x * (10.0 - x * (15.0 - 6.0 * x));
}

/* h[n][l] at r. */
static void tabulate(const skd_features_options *o, const gsl_integration_glfixed_table *rule, double r, double *h) {
    const double pi = 3.14159265358979323846;
    double w2 = o->width * o->width, low = fmax(0.0, r - 7.0 * o->width), high = fmin(o->cutoff, r + 7.0 * o->width);
    double i_l[SKD_HARMONICS_L_MAX + 1];
    int n_l = o->l_max + 1;
    memset(h, 0, (size_t)(o->n_max * n_l) * sizeof *h);
    for (size_t k = 0; k < POINTS; k++) {
        double at, weight;
        gsl_integration_glfixed_point(low, high, k, &at, &weight, rule);
        bessel(o->l_max, r * at / w2, i_l);
        weight *= 4.0 * pi * sqrt(2.0 / o->cutoff) * exp(-0.5 * (r - at) * (r - at) / w2) * at;
        for (int n = 0; n < o->n_max; n++) {
            double power = weight * sin((n + 1) * pi * at / o->cutoff);
            for (int l = 0; l < n_l; l++, power *= at / w2)
                h[n * n_l + l] += power * i_l[l];
        }
    }
    double scale = fade(o, r) / pow(2.0 * pi * w2, 1.5);
    for (int k = 0; k < o->n_max * n_l; k++)
        h[k] *= scale;
}

/* Second derivatives of the spline through y[n] with slope 0 at both ends. */
static void second_derivatives(const double *y, size_t stride, size_t n, double step, double *m, double *work) {
    for (size_t k = 0; k < n; k++) {
        double left = k > 0 ? y[(k - 1) * stride] : y[stride];
        double right = k + 1 < n ? y[(k + 1) * stride] : y[(n - 2) * stride];
        m[k] = 6.0 * (left - 2.0 * y[k * stride] + right) / (step * step);
        double below = k == 0 ? 0.0 : k + 1 == n ? 2.0 : 1.0, above = k == 0 ? 2.0 : 1.0;
        double pivot = 4.0 - (k ? below * work[k - 1] : 0.0);
        work[k] = above / pivot;
        m[k] = (m[k] - (k ? below * m[k - 1] : 0.0)) / pivot;
    }
    for (size_t k = n - 1; k-- > 0;)
        m[k] -= work[k] * m[k + 1];
}

static double *lane(skd_radial *radial, size_t interval, int l, int coefficient, int n) {
    size_t n_l = (size_t)radial->l_max + 1;
    skd_four *block = radial->spline + ((interval * n_l + (size_t)l) * 4 + (size_t)coefficient) * radial->n4;
    return (double *)block + n;
}

/* Coefficients of 1, t, t^2, t^3, t = r - r_k. */
static void set_spline(skd_radial *radial, int n, int l, const double *y, size_t stride, const double *m) {
    double step = radial->step;
    for (size_t k = 0; k + 1 < radial->n_nodes; k++) {
        double here = y[k * stride], next = y[(k + 1) * stride];
        *lane(radial, k, l, 0, n) = here;
        *lane(radial, k, l, 1, n) = (next - here) / step - step * (2.0 * m[k] + m[k + 1]) / 6.0;
        *lane(radial, k, l, 2, n) = 0.5 * m[k];
        *lane(radial, k, l, 3, n) = (m[k + 1] - m[k]) / (6.0 * step);
    }
}

void skd_radial_free(skd_radial *radial) {
    skd_free(radial->spline);
    *radial = (skd_radial){0};
}

skd_status skd_radial_init(skd_radial *radial, const skd_features_options *o, skd_error *err) {
    size_t n_l = (size_t)o->l_max + 1, stride = (size_t)o->n_max * n_l;
    *radial = (skd_radial){.n_max = o->n_max, .l_max = o->l_max, .n4 = ((size_t)o->n_max + 3) / 4,
                           .n_nodes = INTERVALS + 1, .cutoff = o->cutoff, .step = o->cutoff / INTERVALS};
    radial->spline = skd_alloc(INTERVALS * n_l * 4 * radial->n4, sizeof *radial->spline);
    double *y = skd_alloc(radial->n_nodes * stride, sizeof *y), *m = skd_alloc(2 * radial->n_nodes, sizeof *m);
    gsl_integration_glfixed_table *rule = gsl_integration_glfixed_table_alloc(POINTS);
    skd_status status = SKD_OK;
    if (!radial->spline || !y || !m || !rule)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for radial functions");
    for (size_t k = 0; k < radial->n_nodes && status == SKD_OK; k++)
        tabulate(o, rule, (double)k * radial->step, y + k * stride);
    for (size_t f = 0; f < stride && status == SKD_OK; f++) {
        second_derivatives(y + f, stride, radial->n_nodes, radial->step, m, m + radial->n_nodes);
        set_spline(radial, (int)(f / n_l), (int)(f % n_l), y + f, stride, m);
    }
    if (rule)
        gsl_integration_glfixed_table_free(rule);
    skd_free(y);
    skd_free(m);
    if (status != SKD_OK)
        skd_radial_free(radial);
    return status;
}

SKD_VECTOR_CLONES
void skd_radial_at(const skd_radial *radial, double r, skd_four *h, skd_four *dh) {
    size_t k = (size_t)(r / radial->step), n_l = (size_t)radial->l_max + 1, n4 = radial->n4;
    k = k < radial->n_nodes - 1 ? k : radial->n_nodes - 2;
    double t = r - (double)k * radial->step;
    const skd_four *c = radial->spline + k * n_l * 4 * n4;
    for (size_t l = 0; l < n_l; l++, c += 4 * n4)
        for (size_t q = 0; q < n4; q++) {
            h[l * n4 + q] = c[q] + t * (c[n4 + q] + t * (c[2 * n4 + q] + t * c[3 * n4 + q]));
            dh[l * n4 + q] = c[n4 + q] + t * (2.0 * c[2 * n4 + q] + 3.0 * t * c[3 * n4 + q]);
        }
}
