/* SPDX-License-Identifier: MIT */
/* dispersion.c - D3 with Becke-Johnson damping: S. Grimme, J. Antony, S. Ehrlich, H. Krieg, J. Chem. Phys. 132,
 * 154104 (2010), eq. 16 (C6 from coordination numbers); S. Grimme, S. Ehrlich, L. Goerigk, J. Comput. Chem. 32,
 * 1456 (2011), eq. 5 (damping). A quintic switch closes the last 0.05 bohr before the cutoff. */
#include "classical.h"
#include "pairs.h"

#define S8     2.4
#define A1     0.63
#define A2     5.0
#define SWITCH 0.05

/* Weights of an atom's reference systems and their derivatives to its coordination number. */
typedef struct weights {
    double w[GFN1_REFERENCES], dw[GFN1_REFERENCES];
} weights;

/* The largest exponent is taken out before exp(), so that nothing underflows to 0/0 far from all references. */
static void weigh(const gfn1_element *e, double cn, weights *out) {
    double largest = -INFINITY, norm = 0, dnorm = 0, g[GFN1_REFERENCES], dg[GFN1_REFERENCES];
    for (int r = 0; r < e->n_references; r++)
        largest = fmax(largest, -4 * (e->reference_cn[r] - cn) * (e->reference_cn[r] - cn));
    for (int r = 0; r < e->n_references; r++) {
        const double off = e->reference_cn[r] - cn;
        g[r] = exp(-4 * off * off - largest);
        dg[r] = 8 * off * g[r];
        norm += g[r];
        dnorm += dg[r];
    }
    for (int r = 0; r < e->n_references; r++) {
        out->w[r] = g[r] / norm;
        out->dw[r] = (dg[r] - out->w[r] * dnorm) / norm;
    }
}

typedef struct pair_c6 {
    double c6, di, dj; /* and its derivatives to the two coordination numbers */
} pair_c6;

static pair_c6 mix_c6(const gfn1_element *e, const gfn1_element *f, const weights *a, const weights *b) {
    pair_c6 out = {0, 0, 0};
    for (int r = 0; r < e->n_references; r++) {
        double row = 0, drow = 0;
        for (int t = 0; t < f->n_references; t++) {
            const double c6 = gfn1_c6(e->reference + r, f->reference + t);
            row += b->w[t] * c6;
            drow += b->dw[t] * c6;
        }
        out.c6 += a->w[r] * row;
        out.di += a->dw[r] * row;
        out.dj += a->w[r] * drow;
    }
    return out;
}

/* f = 1/(r^6 + R^6) + 2.4 rr/(r^8 + R^8) of every image into value, (df/dr)/r into slope. */
SKD_VECTOR_CLONES static void damped(const gfn1_images *images, double rr, double *restrict value,
                                     double *restrict slope) {
    const double radius = A1 * sqrt(rr) + A2, r02 = radius * radius, r06 = r02 * r02 * r02, r08 = r06 * r02;
    for (size_t m = 0; m < images->n; m++) {
        const double r2 = images->r2[m], r4 = r2 * r2, r6 = r4 * r2;
        const double t6 = 1 / (r6 + r06), t8 = 1 / (r4 * r4 + r08);
        value[m] = t6 + S8 * rr * t8;
        slope[m] = -6 * r4 * t6 * t6 - 8 * S8 * rr * r6 * t8 * t8;
    }
}

static void switch_off(const gfn1_images *images, double cutoff, double *value, double *slope) {
    const double begin2 = (cutoff - SWITCH) * (cutoff - SWITCH);
    for (size_t m = 0; m < images->n; m++) {
        if (images->r2[m] <= begin2)
            continue;
        const double r = sqrt(images->r2[m]), x = fmin(fmax((cutoff - r) / SWITCH, 0), 1);
        const double on = x * x * x * (10 + x * (6 * x - 15)), don = -30 * x * x * (1 - x) * (1 - x) / SWITCH;
        slope[m] = on * slope[m] + don / r * value[m];
        value[m] *= on;
    }
}

static double radius2(const gfn1_element *e, int z) { return sqrt(0.5 * e->r4_over_r2 * sqrt((double)z)); }

static void add_pair(const gfn1_system *s, const gfn1_cells *c, const weights *w, size_t i, size_t j, double *dcn,
                     gfn1_sum *sum) {
    gfn1_images images;
    double d[3], value[GFN1_IMAGES], slope[GFN1_IMAGES], total = 0;
    const double rr = 3 * radius2(&s->element[i], s->z[i]) * radius2(&s->element[j], s->z[j]);
    const pair_c6 c6 = mix_c6(&s->element[i], &s->element[j], &w[i], &w[j]);
    const double half = i == j ? 0.5 : 1;
    gfn1_difference(s, i, j, d);
    for (size_t next = 0; gfn1_images_of(c, d, &next, &images);) {
        damped(&images, rr, value, slope);
        switch_off(&images, c->cutoff, value, slope);
        for (size_t m = 0; m < images.n; m++) {
            total += half * value[m];
            slope[m] *= -half * c6.c6;
        }
        if (sum->gradient)
            gfn1_add_pair(sum, i, j, &images, slope);
    }
    sum->energy -= c6.c6 * total;
    if (sum->gradient) {
        dcn[i] -= c6.di * total;
        dcn[j] -= c6.dj * total;
    }
}

skd_status gfn1_dispersion(const gfn1_system *s, const gfn1_cells *c, const double *cn, double *dcn, gfn1_sum *sum,
                           skd_error *err) {
    weights *w = skd_alloc(s->n, sizeof *w);
    if (!w)
        return skd_fail(err, SKD_ENOMEM, "no memory for the dispersion of %zu atoms", s->n);
    for (size_t i = 0; i < s->n; i++)
        weigh(&s->element[i], cn[i], &w[i]);
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j <= i; j++)
            add_pair(s, c, w, i, j, dcn, sum);
    skd_free(w);
    return SKD_OK;
}
