/* SPDX-License-Identifier: MIT */
/* triplets.c - which features of body order 4 there are: radial combinations, couplings, numbering. */
#include "triplets.h"

#include <gsl/gsl_integration.h>
#include <string.h>

#define PI 3.14159265358979323846

/* ---- radial combinations ---------------------------------------------------------------------------- */

/* Projections of sin(k pi x / near) (1 + cos(pi x / near)) on the sine basis of the density, made orthonormal: k = 1 to
 * n_radial, all weighted to the inside. compress: [n_radial][n_max] */
static void set_compress(skd_triplets *t, const skd_features_options *o) {
    enum { POINTS = 2000 };
    const size_t n_max = (size_t)o->n_max;
    const double near = o->near * o->cutoff;
    for (size_t k = 0; k < t->n_radial; k++) {
        double *row = t->compress + k * n_max, norm = 0.0;
        for (size_t i = 1; i < POINTS; i++) {
            const double x = near * (double)i / POINTS;
            const double f = sin((double)(k + 1) * PI * x / near) * (1.0 + cos(PI * x / near));
            for (size_t n = 0; n < n_max; n++)
                row[n] += f * sin((double)(n + 1) * PI * x / o->cutoff);
        }
        for (size_t j = 0; j < k; j++) { /* Gram-Schmidt */
            const double *other = t->compress + j * n_max;
            double overlap = 0.0;
            for (size_t n = 0; n < n_max; n++)
                overlap += row[n] * other[n];
            for (size_t n = 0; n < n_max; n++)
                row[n] -= overlap * other[n];
        }
        for (size_t n = 0; n < n_max; n++)
            norm += row[n] * row[n];
        for (size_t n = 0; n < n_max; n++)
            row[n] /= sqrt(norm);
    }
}

/* ---- couplings -------------------------------------------------------------------------------------- */

/* gaunt[lm][lm][lm] by Gauss-Legendre points in cos theta times equidistant ones in phi, exact to degree 3 l_max. */
static void integrate(const skd_harmonics *harmonics, size_t l_max, const gsl_integration_glfixed_table *rule,
                      size_t points, double *gaunt) {
    const size_t n = (l_max + 1) * (l_max + 1), around = 3 * l_max + 2;
    double value[(SKD_HARMONICS_L_MAX + 1) * (SKD_HARMONICS_L_MAX + 1)][SKD_HARMONICS_WIDE];
    for (size_t i = 0; i < points * around; i++) {
        double at[3][SKD_HARMONICS_WIDE] = {{0}}, weight;
        const double phi = 2.0 * PI * (double)(i % around) / (double)around;
        gsl_integration_glfixed_point(-1.0, 1.0, i / around, &at[2][0], &weight, rule);
        const double rho = sqrt(1.0 - at[2][0] * at[2][0]);
        at[0][0] = rho * cos(phi);
        at[1][0] = rho * sin(phi);
        skd_harmonics_eval(harmonics, at[0], at[1], at[2], value);
        weight *= 2.0 * PI / (double)around;
        for (size_t k = 0; k < n * n * n; k++)
            gaunt[k] += weight * value[k / (n * n)][0] * value[k / n % n][0] * value[k % n][0];
    }
}

static size_t collect(skd_triplets *t, const size_t *l, const double *gaunt, size_t next, bool store) {
    const size_t n = t->n_lm;
    for (size_t a = l[0] * l[0]; a < (l[0] + 1) * (l[0] + 1); a++)
        for (size_t b = l[1] * l[1]; b < (l[1] + 1) * (l[1] + 1); b++)
            for (size_t c = l[2] * l[2]; c < (l[2] + 1) * (l[2] + 1); c++) {
                const double g = gaunt[(a * n + b) * n + c];
                if (fabs(g) < 1e-10)
                    continue;
                if (store)
                    t->coupling[next] = (skd_coupling){{a, b, c}, g};
                next++;
            }
    return next;
}

/* All three l up to l_max that couple, in ascending order; returns how many. kind NULL: only counted. */
static size_t list_kinds(size_t l_max, skd_triplet_kind *kind) {
    size_t n = 0;
    for (size_t a = 0; a <= l_max; a++)
        for (size_t b = a; b <= l_max; b++)
            for (size_t c = b; c <= l_max && c <= a + b; c++) {
                if ((a + b + c) % 2)
                    continue;
                if (kind)
                    kind[n] = (skd_triplet_kind){.l = {a, b, c}};
                n++;
            }
    return n;
}

static skd_status set_couplings(skd_triplets *t, int l_max, skd_error *err) {
    const size_t n = t->n_lm, points = (3 * (size_t)l_max + 4) / 2;
    skd_harmonics *harmonics = NULL;
    gsl_integration_glfixed_table *rule = NULL;
    double *gaunt = skd_alloc(n * n * n, sizeof *gaunt);
    skd_status status = gaunt ? skd_harmonics_new(&harmonics, l_max, err) : SKD_ENOMEM;
    if (status == SKD_OK)
        rule = gsl_integration_glfixed_table_alloc(points);
    if (rule) {
        integrate(harmonics, (size_t)l_max, rule, points, gaunt);
        size_t total = 0;
        for (size_t k = 0; k < t->n_kinds; k++) {
            t->kind[k].first = total;
            t->kind[k].end = total = collect(t, t->kind[k].l, gaunt, total, false);
        }
        t->coupling = skd_alloc(total, sizeof *t->coupling);
        for (size_t k = 0; k < t->n_kinds && t->coupling; k++)
            collect(t, t->kind[k].l, gaunt, t->kind[k].first, true);
        gsl_integration_glfixed_table_free(rule);
    }
    skd_harmonics_free(harmonics);
    skd_free(gaunt);
    return t->coupling ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for couplings of harmonics");
}

/* ---- numbering -------------------------------------------------------------------------------------- */

/* In how many orders three (l, r) can be put; 0: another order of the same three stands for them. */
static int orders(const size_t *l, const size_t *r) {
    const bool first = l[0] == l[1] && r[0] == r[1], last = l[1] == l[2] && r[1] == r[2];
    if ((l[0] == l[1] && r[0] > r[1]) || (l[1] == l[2] && r[1] > r[2]))
        return 0;
    return first && last ? 1 : first || last ? 3 : 6;
}

/* Numbers the features if there is room for that; returns how many there are. */
static size_t number_features(const skd_triplet_kind *kind, size_t n_kinds, size_t rows, size_t *number,
                              double *scale) {
    size_t next = 0;
    for (size_t k = 0; k < n_kinds * rows * rows * rows; k++) {
        const size_t r[3] = {k / (rows * rows) % rows, k / rows % rows, k % rows};
        const int n = orders(kind[k / (rows * rows * rows)].l, r);
        if (number)
            number[k] = n ? next : SIZE_MAX;
        if (scale && n)
            scale[next] = sqrt((double)n);
        next += n > 0;
    }
    return next;
}

enum { KINDS_MAX = 200 }; /* l up to 12 make 127 */

size_t skd_triplets_count(int l_max, size_t rows) {
    skd_triplet_kind kind[KINDS_MAX];
    return number_features(kind, list_kinds((size_t)l_max, kind), rows, NULL, NULL);
}

/* ---- the objects ------------------------------------------------------------------------------------ */

void skd_triplets_free(skd_triplets *t) {
    if (!t)
        return;
    void *all[] = {t->compress, t->kind, t->coupling, t->number, t->scale, t};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

skd_status skd_triplets_new(skd_triplets **out, const skd_features_options *o, size_t n_channels, skd_error *err) {
    *out = NULL;
    skd_triplets *t = skd_alloc(1, sizeof *t);
    if (!t)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    t->n_channels = n_channels;
    t->n_radial = (size_t)o->n_triplet;
    t->n_lm = (size_t)((o->l_triplet + 1) * (o->l_triplet + 1));
    t->rows = n_channels * t->n_radial;
    t->fours = (t->rows + 3) / 4;
    t->n_kinds = list_kinds((size_t)o->l_triplet, NULL);
    t->n_features = skd_triplets_count(o->l_triplet, t->rows);
    t->compress = skd_alloc(t->n_radial * (size_t)o->n_max, sizeof *t->compress);
    t->kind = skd_alloc(t->n_kinds, sizeof *t->kind);
    t->number = skd_alloc(t->n_kinds * t->rows * t->rows * t->rows, sizeof *t->number);
    t->scale = skd_alloc(t->n_features, sizeof *t->scale);
    skd_status status = SKD_OK;
    if (!t->compress || !t->kind || !t->number || !t->scale)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    if (status == SKD_OK) {
        set_compress(t, o);
        list_kinds((size_t)o->l_triplet, t->kind);
        number_features(t->kind, t->n_kinds, t->rows, t->number, t->scale);
        status = set_couplings(t, o->l_triplet, err);
    }
    if (status != SKD_OK)
        skd_triplets_free(t);
    else
        *out = t;
    return status;
}

void skd_triplets_work_free(skd_triplets_work *w) {
    if (!w)
        return;
    void *all[] = {w->b, w->part, w->across, w->pair, w->weight, w->jacobian, w->own, w->out, w};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

skd_status skd_triplets_work_new(skd_triplets_work **out, const skd_features *f, skd_error *err) {
    const skd_triplets *t = f->triplets;
    *out = NULL;
    skd_triplets_work *w = skd_alloc(1, sizeof *w);
    if (!w)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    w->b = skd_alloc(t->n_lm * t->fours, sizeof *w->b);
    w->part = skd_alloc(t->n_lm * t->rows, sizeof *w->part);
    w->across = skd_alloc(t->n_lm * t->fours, sizeof *w->across);
    w->pair = skd_alloc(2 * t->rows * t->fours, sizeof *w->pair);
    w->weight = skd_alloc(f->n_species * t->n_kinds * t->rows * t->rows * t->fours, sizeof *w->weight);
    if (!w->b || !w->part || !w->across || !w->pair || !w->weight) {
        skd_triplets_work_free(w);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    }
    *out = w;
    return SKD_OK;
}
