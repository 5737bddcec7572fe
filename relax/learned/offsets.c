/* SPDX-License-Identifier: MIT */
/* offsets.c - integrates the unknown constants out of energies, and gives them back once the weights are known. */
#include "offsets.h"

#include <string.h>

#include "lapack.h"

skd_status offsets_new(offsets *out, size_t n, size_t m, size_t k, skd_error *err) {
    const size_t d = sizeof(double);
    *out = (offsets){.n = n, .m = m, .k = k};
    out->x = skd_alloc(n * m, d);
    out->y = skd_alloc(n, d);
    out->sigma = skd_alloc(n, d);
    out->z = skd_alloc(n * k, d);
    out->width = skd_alloc(k, d);
    if (out->x && out->y && out->sigma && out->z && out->width)
        return SKD_OK;
    offsets_free(out);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the energies of %zu labels", n);
}

void offsets_free(offsets *o) {
    skd_free(o->x);
    skd_free(o->y);
    skd_free(o->sigma);
    skd_free(o->z);
    skd_free(o->width);
    *o = (offsets){0};
}

/* S, lower triangle, column-major. */
static void covariance_of(const offsets *o, double *s) {
    for (size_t a = 0; a < o->n; a++)
        for (size_t b = a; b < o->n; b++) {
            double v = a == b ? o->sigma[a] * o->sigma[a] : 0.0;
            for (size_t k = 0; k < o->k; k++)
                v += o->z[a * o->k + k] * o->z[b * o->k + k] * o->width[k] * o->width[k];
            s[a * o->n + b] = v;
        }
}

skd_status offsets_whiten(offsets *o, skd_error *err) {
    const double one = 1.0;
    const int n = (int)o->n, m = (int)o->m, k = (int)o->k, unit = 1;
    int info = 0;
    double *s = skd_alloc(o->n * o->n, sizeof *s);
    if (!s)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the energies of %zu labels", o->n);
    covariance_of(o, s);
    dpotrf_("L", &n, s, &n, &info);
    if (info == 0 && n > 0) {
        dtrsm_("R", "L", "T", "N", &m, &n, &one, s, &n, o->x, &m);
        dtrsm_("R", "L", "T", "N", &k, &n, &one, s, &n, o->z, &k);
        dtrsv_("L", "N", "N", &n, s, &n, o->y, &unit);
    }
    skd_free(s);
    return info == 0 ? SKD_OK
                     : skd_fail(err, SKD_ENUMERIC, "energies of labels: their noise has no inverse (row %d)", info);
}

void offsets_posterior(const offsets *o, const double *w, double *c, double *h, double *covariance) {
    const size_t k = o->k, m = o->m;
    memset(c, 0, k * sizeof *c);
    memset(h, 0, k * m * sizeof *h);
    memset(covariance, 0, k * k * sizeof *covariance);
    for (size_t f = 0; f < o->n; f++) {
        const double *x = o->x + f * m, *z = o->z + f * k;
        double left = o->y[f];
        for (size_t j = 0; j < m; j++)
            left -= x[j] * w[j];
        for (size_t a = 0; a < k; a++) {
            double share = o->width[a] * o->width[a] * z[a];
            if (share == 0.0)
                continue;
            c[a] += share * left;
            for (size_t j = 0; j < m; j++)
                h[a * m + j] += share * x[j];
            for (size_t b = 0; b < k; b++)
                covariance[a * k + b] -= share * z[b] * o->width[b] * o->width[b];
        }
    }
    for (size_t a = 0; a < k; a++)
        covariance[a * k + a] += o->width[a] * o->width[a];
}
