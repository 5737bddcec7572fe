/* SPDX-License-Identifier: MIT */
/* coulomb_converged.c - the periodic sum of 1/sqrt(r^2 + a^2), neutralising background included: smooth, and the same
 * whichever copy of an atom is given. Ewald's splitting of rho = sqrt(r^2 + a^2), Gaussian by Gaussian
 * (P. P. Ewald, Ann. Phys. 369, 253 (1921), with erfc(alpha rho)/rho for erfc(alpha r)/r):
 *   A(R) = sum_T erfc(alpha rho)/rho + (1/V) sum_G W(G) cos(G R) + C/V,
 *   W(G) = (pi/alpha^2) int_1^inf exp(-z y - c/y) dy,  z = G^2/(4 alpha^2),  c = (a alpha)^2. */
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_expint.h>

#include "coulomb.h"
#include "pairs.h"

#define POINTS 64

/* The integral above, and that with y in front of exp(). With y = exp(s). */
static void damped_integral(const gsl_integration_glfixed_table *rule, double z, double c, double out[2]) {
    const double end = log(fmax(60 / z, 3));
    out[0] = out[1] = 0;
    for (size_t k = 0; k < POINTS; k++) {
        double at, weight;
        gsl_integration_glfixed_point(0, end, k, &at, &weight, rule);
        const double y = exp(at), f = weight * y * exp(-z * y - c / y);
        out[0] += f;
        out[1] += f * y;
    }
}

/* C = 2 pi a^2 (1 - gamma/2 - ln(2 alpha)) - (pi/alpha^2) (1 - J), J = int_0^1 (exp(-c x) - 1 + c x)/x^2 dx. */
static double mean_of(double a, double alpha) {
    const double c = a * alpha * a * alpha, tail = c < 500 ? gsl_sf_expint_E1(c) : 0; /* GSL aborts on underflow */
    const double ein = tail + log(c) + GFN1_EULER;
    const double j = c * ein - (exp(-c) - 1 + c);
    return 2 * GFN1_PI * a * a * (1 - GFN1_EULER / 2 - log(2 * alpha)) - GFN1_PI / (alpha * alpha) * (1 - j);
}

static void fill_weights(gfn1_coulomb *c, double volume, const gsl_integration_glfixed_table *rule) {
    const double scale = 2 / volume * GFN1_PI / (c->alpha * c->alpha), a4 = 4 * c->alpha * c->alpha;
    for (size_t p = 0; p < c->n_kinds; p++)
        for (size_t q = 0; q <= p; q++) {
            const double a = 0.5 * (c->length[p] + c->length[q]);
            const size_t here = p * c->n_kinds + q, there = q * c->n_kinds + p;
            c->constant[here] = c->constant[there] = mean_of(a, c->alpha) / volume;
            for (size_t k = 0; k < c->n_g; k++) {
                double value[2] = {0, 0};
                const double g2 = skd_dot(c->g[k], c->g[k]);
                if (g2 > 0) /* not one of the padding */
                    damped_integral(rule, g2 / a4, a * a * a4 / 4, value);
                c->w[here * c->n_g + k] = c->w[there * c->n_g + k] = scale * value[0];
                c->dw[here * c->n_g + k] = c->dw[there * c->n_g + k] = scale * value[1] * 2 / a4;
            }
        }
}

skd_status gfn1_converged_weights(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) {
    const size_t pairs = c->n_kinds * c->n_kinds;
    c->w = skd_alloc(pairs * c->n_g, sizeof *c->w);
    c->dw = skd_alloc(pairs * c->n_g, sizeof *c->dw);
    c->constant = skd_alloc(pairs, sizeof *c->constant);
    c->erfc = skd_alloc(GFN1_ERFC_N, sizeof *c->erfc);
    gsl_integration_glfixed_table *rule = gsl_integration_glfixed_table_alloc(POINTS);
    const bool room = c->w && c->dw && c->constant && c->erfc && rule;
    if (room)
        fill_weights(c, s->volume, rule);
    for (int k = 0; room && k < GFN1_ERFC_N; k++) {
        const double x = k / 128.0;
        c->erfc[k][0] = erfc(x);
        c->erfc[k][1] = -2 / sqrt(GFN1_PI) * exp(-x * x);
    }
    if (rule)
        gsl_integration_glfixed_table_free(rule);
    return room ? SKD_OK : skd_fail(err, SKD_ENOMEM, "no memory for %zu Coulomb weights", pairs * c->n_g);
}

/* erfc and its derivative: Taylor's series about the nearest entry of the table, good to 1e-15 and 1e-12. */
static inline void fast_erfc(const gfn1_coulomb *c, double x, double out[2]) {
    const int k = (int)(x * 128 + 0.5);
    if (k >= GFN1_ERFC_N) {
        out[0] = out[1] = 0;
        return;
    }
    const double h = k / 128.0, t = x - h, t2 = t * t, h2 = h * h, e = c->erfc[k][1];
    const double d2 = -2 * h, d3 = 4 * h2 - 2, d4 = h * (12 - 8 * h2), d5 = h2 * (16 * h2 - 48) + 12;
    const double d6 = h * (h2 * (160 - 32 * h2) - 120);
    out[0] = c->erfc[k][0] + e * t * (1 + t / 2 * (d2 + t / 3 * (d3 + t / 4 * (d4 + t / 5 * (d5 + t / 6 * d6)))));
    out[1] = e * (1 + t * d2 + t2 / 2 * (d3 + t / 3 * (d4 + t / 4 * (d5 + t / 5 * d6))));
}

static double near_sum(const gfn1_coulomb *c, const double d[3], double a) {
    gfn1_images images;
    double sum = 0;
    for (size_t next = 0; gfn1_images_of(&c->near, d, &next, &images);)
        for (size_t m = 0; m < images.n; m++) {
            const double rho = sqrt(images.r2[m] + a * a);
            double f[2];
            fast_erfc(c, c->alpha * rho, f);
            sum += f[0] / rho;
        }
    return sum;
}

SKD_VECTOR_CLONES static double dot(const double *restrict a, const double *restrict b, size_t n) {
    double lane[GFN1_LANES] = {0};
    for (size_t k = 0; k < n; k += GFN1_LANES)
        for (size_t l = 0; l < GFN1_LANES; l++)
            lane[l] += a[k + l] * b[k + l];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* cos(G (x_i - x_j)) of all G. */
SKD_VECTOR_CLONES static void correlate(size_t n, const double *restrict ci, const double *restrict si,
                                        const double *restrict cj, const double *restrict sj, double *restrict out) {
    for (size_t k = 0; k < n; k++)
        out[k] = ci[k] * cj[k] + si[k] * sj[k];
}

static void pair_block(const gfn1_coulomb *c, const gfn1_system *s, size_t i, size_t j, const double *wave, double *a) {
    double d[3];
    gfn1_difference(s, i, j, d);
    for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
        for (size_t q = s->first[j]; q < s->first[j + 1]; q++) {
            const size_t kinds = c->kind[p] * c->n_kinds + c->kind[q];
            const double mean = 0.5 * (c->length[c->kind[p]] + c->length[c->kind[q]]);
            const double own = i == j ? erfc(c->alpha * mean) / mean : 0;
            a[p * s->n_shells + q] = near_sum(c, d, mean) + own + c->constant[kinds] +
                                     dot(&c->w[kinds * c->n_g], wave, c->n_g);
        }
}

void gfn1_converged_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *waves, double *a) {
    const size_t n_g = c->n_g;
    const double *sines = waves + s->n * n_g;
    double *wave = waves + 2 * s->n * n_g;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            correlate(n_g, &waves[i * n_g], &sines[i * n_g], &waves[j * n_g], &sines[j * n_g], wave);
            pair_block(c, s, i, j, wave, a);
        }
}

static void near_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *q, gfn1_sum *sum) {
    gfn1_images images;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            double d[3], slope[GFN1_IMAGES];
            gfn1_difference(s, i, j, d);
            for (size_t next = 0; gfn1_images_of(&c->near, d, &next, &images);) {
                for (size_t m = 0; m < images.n; m++)
                    slope[m] = 0;
                for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
                    for (size_t t = s->first[j]; t < s->first[j + 1]; t++) {
                        const double mean = 0.5 * (c->length[c->kind[p]] + c->length[c->kind[t]]);
                        const double qq = q[p] * q[t] * (i == j ? 0.5 : 1);
                        for (size_t m = 0; m < images.n; m++) {
                            const double rho2 = images.r2[m] + mean * mean, rho = sqrt(rho2);
                            double f[2];
                            fast_erfc(c, c->alpha * rho, f);
                            slope[m] += qq * (c->alpha * f[1] - f[0] / rho) / rho2;
                        }
                    }
                gfn1_add_pair(sum, i, j, &images, slope);
            }
        }
}

/* Charge waves of every kind, sum q e^(iGx): cos in f[kind][0][n_g], sin in f[kind][1][n_g]. */
static void charge_waves(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q, double *f) {
    const size_t n_g = c->n_g;
    for (size_t i = 0; i < s->n; i++)
        for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
            for (int part = 0; part < 2; part++) {
                const double *wave = waves + ((size_t)part * s->n + i) * n_g;
                double *to = f + (2 * c->kind[p] + (size_t)part) * n_g;
                for (size_t k = 0; k < n_g; k++)
                    to[k] += q[p] * wave[k];
            }
}

/* The field of all kinds on each kind, into v as f is laid out, and the strain of the reciprocal energy. */
static void fields(const gfn1_coulomb *c, const double *f, double *v, gfn1_sum *sum) {
    const size_t n_g = c->n_g;
    for (size_t p = 0; p < c->n_kinds; p++)
        for (size_t t = 0; t < c->n_kinds; t++) {
            const double *w = &c->w[(p * c->n_kinds + t) * n_g], *dw = &c->dw[(p * c->n_kinds + t) * n_g];
            const double *fp = f + 2 * p * n_g, *ft = f + 2 * t * n_g;
            double *vp = v + 2 * p * n_g;
            for (size_t k = 0; k < n_g; k++) {
                const double both = 0.5 * (fp[k] * ft[k] + fp[n_g + k] * ft[n_g + k]);
                vp[k] += w[k] * ft[k];
                vp[n_g + k] += w[k] * ft[n_g + k];
                const double *g = c->g[k], strain = both * dw[k];
                const double push[3] = {strain * g[0], strain * g[1], strain * g[2]};
                gfn1_add_dyad(sum->virial, push, g);
                for (int x = 0; x < 3; x++)
                    sum->virial[x][x] -= both * w[k];
            }
        }
}

static void far_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q,
                         const double *v, gfn1_sum *sum) {
    const size_t n_g = c->n_g;
    for (size_t i = 0; i < s->n; i++)
        for (size_t p = s->first[i]; p < s->first[i + 1]; p++) {
            const double *cosine = &waves[i * n_g], *sine = &waves[(s->n + i) * n_g];
            const double *field = &v[2 * c->kind[p] * n_g];
            for (size_t k = 0; k < n_g; k++) {
                const double push = q[p] * (cosine[k] * field[n_g + k] - sine[k] * field[k]);
                for (int x = 0; x < 3; x++)
                    sum->gradient[i][x] += push * c->g[k][x];
            }
        }
}

skd_status gfn1_converged_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q,
                                   gfn1_sum *sum, skd_error *err) {
    const size_t size = 2 * c->n_kinds * c->n_g;
    double *f = skd_alloc(2 * size, sizeof *f);
    if (!f)
        return skd_fail(err, SKD_ENOMEM, "no memory for %zu charge waves", size);
    near_gradient(c, s, q, sum);
    charge_waves(c, s, waves, q, f);
    fields(c, f, f + size, sum);
    far_gradient(c, s, waves, q, f + size, sum);
    skd_free(f);
    double mean = 0;
    for (size_t p = 0; p < s->n_shells; p++)
        for (size_t t = 0; t < s->n_shells; t++)
            mean += 0.5 * q[p] * q[t] * c->constant[c->kind[p] * c->n_kinds + c->kind[t]];
    for (int x = 0; x < 3; x++)
        sum->virial[x][x] -= mean;
    return SKD_OK;
}
