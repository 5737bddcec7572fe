/* SPDX-License-Identifier: MIT */
/* coulomb_library.c - the periodic sum as the tblite library makes it, for comparison with its numbers:
 *   A(R) = E1(R) - a^2/2 E3(R) + sum_T g(|R + T|; a),  g = 1/sqrt(r^2 + a^2) - 1/r + a^2/(2 r^3),
 * E1 and E3 the Ewald sums of 1/r and 1/r^3, g over a block of cells of 40 bohr that is not centred on the pair: the
 * energy depends on which copy of an atom is given. Unlike the library's, E1 contains the neutralising background. */
#include <gsl/gsl_sf_expint.h>

#include "coulomb.h"
#include "pairs.h"

#define BLOCK 40.0

skd_status gfn1_library_weights(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) {
    const double b2 = 4 * c->alpha * c->alpha, v = s->volume;
    double **rows[] = {&c->w1, &c->w3, &c->dw1, &c->dw3};
    for (int k = 0; k < 4; k++) {
        *rows[k] = skd_alloc(c->n_g, sizeof **rows[k]);
        if (!*rows[k])
            return skd_fail(err, SKD_ENOMEM, "no memory for %zu Coulomb weights", c->n_g);
    }
    for (size_t k = 0; k < c->n_g; k++) {
        const double g2 = skd_dot(c->g[k], c->g[k]);
        if (g2 == 0)
            continue;
        const double e = exp(-g2 / b2);
        c->w1[k] = 8 * GFN1_PI / v * e / g2;
        c->dw1[k] = c->w1[k] * (2 / g2 + 2 / b2);
        c->w3[k] = 4 * GFN1_PI / v * gsl_sf_expint_E1(g2 / b2);
        c->dw3[k] = 8 * GFN1_PI / v * e / g2;
    }
    c->constant1 = -4 * GFN1_PI / (b2 * v);
    c->constant3 = 4 * GFN1_PI / v * (log(2 * c->alpha) + GFN1_EULER / 2 - 1);
    return gfn1_cells_init(&c->block, s, BLOCK, err);
}

/* E1 and E3 of 1/r and 1/r^3 at one distance, and their derivatives divided by r. */
static void near_terms(double alpha, double r2, double e[2], double de[2]) {
    const double r = sqrt(r2), x = alpha * r, c = erfc(x), gauss = 2 * alpha / sqrt(GFN1_PI) * exp(-x * x);
    e[0] = c / r;
    e[1] = (c / r + gauss) / r2;
    de[0] = -(c / r + gauss) / r2;
    de[1] = -(3 * (c / r + gauss) / r2 + 2 * alpha * alpha * gauss) / r2;
}

/* g and its derivative divided by r; far away by its series in (a/r)^2, where the difference would cancel. */
static void remainder_of(double r2, double a, double out[2]) {
    const double x = a * a / r2, r = sqrt(r2);
    if (x > 1.0 / 36) {
        const double u = 1 / sqrt(r2 + a * a);
        out[0] = u - 1 / r + 0.5 * x / r;
        out[1] = -u * u * u + (1 - 1.5 * x) / (r * r2);
        return;
    }
    double binomial = 1, power = 1;
    out[0] = out[1] = 0;
    for (int k = 1; k <= 12; k++) {
        binomial *= (0.5 - k) / k;
        power *= x;
        if (k == 1)
            continue;
        out[0] += binomial * power / r;
        out[1] -= (2 * k + 1) * binomial * power / (r * r2);
    }
}

static void pair_sums(const gfn1_coulomb *c, size_t i, size_t j, const double d[3], const double *wave, double e[2]) {
    gfn1_images images;
    const double alpha = c->alpha, root = sqrt(GFN1_PI);
    e[0] = c->constant1 - (i == j ? 2 * alpha / root : 0);
    e[1] = c->constant3 - (i == j ? 4 * alpha * alpha * alpha / (3 * root) : 0);
    for (size_t next = 0; gfn1_images_of(&c->near, d, &next, &images);)
        for (size_t m = 0; m < images.n; m++) {
            double near[2], slope[2];
            near_terms(alpha, images.r2[m], near, slope);
            e[0] += near[0];
            e[1] += near[1];
        }
    for (size_t k = 0; k < c->n_g; k++) {
        e[0] += c->w1[k] * wave[k];
        e[1] += c->w3[k] * wave[k];
    }
}

static double block_sum(const gfn1_cells *block, const double d[3], double a) {
    double sum = 0;
    for (size_t m = 0; m < block->n; m++) {
        const double r[3] = {d[0] - block->t[0][m], d[1] - block->t[1][m], d[2] - block->t[2][m]}, r2 = skd_dot(r, r);
        double g[2] = {0, 0};
        if (r2 > 0)
            remainder_of(r2, a, g);
        sum += g[0];
    }
    return sum;
}

void gfn1_library_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *waves, double *a) {
    const size_t n_g = c->n_g;
    double *wave = waves + 2 * s->n * n_g;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *ci = &waves[i * n_g], *cj = &waves[j * n_g], *si = ci + s->n * n_g, *sj = cj + s->n * n_g;
            double d[3], e[2];
            gfn1_difference(s, i, j, d);
            for (size_t k = 0; k < n_g; k++)
                wave[k] = ci[k] * cj[k] + si[k] * sj[k];
            pair_sums(c, i, j, d, wave, e);
            for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
                for (size_t q = s->first[j]; q < s->first[j + 1]; q++) {
                    const double mean = 0.5 * (c->length[c->kind[p]] + c->length[c->kind[q]]);
                    a[p * s->n_shells + q] = e[0] - 0.5 * mean * mean * e[1] + block_sum(&c->block, d, mean) +
                                             (i == j ? 1 / mean : 0);
                }
        }
}

/* One pair of atoms with the products of charges (k[0] of 1/r, k[1] of 1/r^3) that multiply its sums. */
typedef struct pair {
    size_t i, j;
    double d[3], k[2];
} pair;

static void pair_near(const gfn1_coulomb *c, const pair *p, gfn1_sum *sum) {
    gfn1_images images;
    double slope[GFN1_IMAGES];
    for (size_t next = 0; gfn1_images_of(&c->near, p->d, &next, &images);) {
        for (size_t m = 0; m < images.n; m++) {
            double e[2], de[2];
            near_terms(c->alpha, images.r2[m], e, de);
            slope[m] = p->k[0] * de[0] + p->k[1] * de[1];
        }
        gfn1_add_pair(sum, p->i, p->j, &images, slope);
    }
}

static void pair_far(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const pair *p, gfn1_sum *sum) {
    const size_t n_g = c->n_g;
    const double *ci = &waves[p->i * n_g], *cj = &waves[p->j * n_g], *si = ci + s->n * n_g, *sj = cj + s->n * n_g;
    double trace = p->k[0] * c->constant1 + p->k[1] * c->constant3;
    for (size_t k = 0; k < n_g; k++) {
        const double cosine = ci[k] * cj[k] + si[k] * sj[k], sine = si[k] * cj[k] - ci[k] * sj[k];
        const double w = p->k[0] * c->w1[k] + p->k[1] * c->w3[k];
        const double dw = (p->k[0] * c->dw1[k] + p->k[1] * c->dw3[k]) * cosine;
        const double push[3] = {dw * c->g[k][0], dw * c->g[k][1], dw * c->g[k][2]};
        gfn1_add_dyad(sum->virial, push, c->g[k]);
        trace += w * cosine;
        for (int x = 0; p->i != p->j && x < 3; x++) {
            sum->gradient[p->i][x] -= w * sine * c->g[k][x];
            sum->gradient[p->j][x] += w * sine * c->g[k][x];
        }
    }
    for (int x = 0; x < 3; x++)
        sum->virial[x][x] -= trace;
}

static void pair_block(const gfn1_coulomb *c, const pair *p, double mean, double qq, gfn1_sum *sum) {
    for (size_t m = 0; m < c->block.n; m++) {
        gfn1_images one;
        double g[2];
        one.n = 1;
        one.x[0] = p->d[0] - c->block.t[0][m];
        one.y[0] = p->d[1] - c->block.t[1][m];
        one.z[0] = p->d[2] - c->block.t[2][m];
        one.r2[0] = one.x[0] * one.x[0] + one.y[0] * one.y[0] + one.z[0] * one.z[0];
        if (one.r2[0] == 0)
            continue;
        remainder_of(one.r2[0], mean, g);
        g[1] *= qq;
        gfn1_add_pair(sum, p->i, p->j, &one, &g[1]);
    }
}

void gfn1_library_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q,
                           gfn1_sum *sum) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++) {
            pair p = {.i = i, .j = j};
            gfn1_difference(s, i, j, p.d);
            for (size_t m = s->first[i]; m < s->first[i + 1]; m++)
                for (size_t t = s->first[j]; t < s->first[j + 1]; t++) {
                    const double mean = 0.5 * (c->length[c->kind[m]] + c->length[c->kind[t]]);
                    const double qq = q[m] * q[t] * (i == j ? 0.5 : 1);
                    p.k[0] += qq;
                    p.k[1] -= 0.5 * mean * mean * qq;
                    pair_block(c, &p, mean, qq, sum);
                }
            pair_near(c, &p, sum);
            pair_far(c, s, waves, &p, sum);
        }
}
