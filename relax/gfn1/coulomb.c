/* SPDX-License-Identifier: MIT */
/* coulomb.c - the interaction of shell charges, 1/sqrt(r^2 + a_st^2) with a_st the mean of the two shells' 1/hardness
 * (Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017), eqs. 7-9): molecules here, crystals in
 * coulomb_converged.c and coulomb_library.c; the lists of kinds and of reciprocal vectors that these share. */
#include "coulomb.h"

#include "pairs.h"

/* One kind for every shell of every element present. */
static skd_status name_kinds(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) {
    size_t begin[GFN1_Z_MAX + 1], n = 0;
    for (int z = 0; z <= GFN1_Z_MAX; z++)
        begin[z] = SIZE_MAX;
    c->kind = skd_alloc(s->n_shells, sizeof *c->kind);
    c->length = skd_alloc(s->n_shells, sizeof *c->length);
    if (!c->kind || !c->length)
        return skd_fail(err, SKD_ENOMEM, "no memory for %zu shells", s->n_shells);
    for (size_t i = 0; i < s->n; i++) {
        const gfn1_element *e = &s->element[i];
        if (begin[s->z[i]] == SIZE_MAX) {
            begin[s->z[i]] = n;
            for (int k = 0; k < e->n_shells; k++)
                c->length[n++] = 1 / (e->gam * e->shells[k].hardness_scale);
        }
        for (size_t k = s->first[i]; k < s->first[i + 1]; k++)
            c->kind[k] = begin[s->z[i]] + k - s->first[i];
    }
    c->n_kinds = n;
    return SKD_OK;
}

static bool first_half(int a, int b, int c) { return a > 0 || (a == 0 && (b > 0 || (b == 0 && c > 0))); }

/* Half of the vectors shorter than reach; counts only where g is NULL. */
static size_t list_g(const gfn1_system *s, double reach, double (*g)[3]) {
    int count[3];
    size_t n = 0;
    for (int k = 0; k < 3; k++)
        count[k] = (int)ceil(reach * skd_norm(s->lattice[k]) / (2 * GFN1_PI));
    for (int h = 0; h <= count[0]; h++)
        for (int k = -count[1]; k <= count[1]; k++)
            for (int l = -count[2]; l <= count[2]; l++) {
                const double f[3] = {h, k, l};
                double v[3];
                skd_row_times(f, s->reciprocal, v);
                if (!first_half(h, k, l) || skd_dot(v, v) > reach * reach)
                    continue;
                for (int x = 0; g && x < 3; x++)
                    g[n][x] = v[x];
                n++;
            }
    return n;
}

static skd_status set_lists(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) {
    const double reach = 2 * c->alpha * GFN1_SPLIT;
    const size_t n = list_g(s, reach, NULL);
    c->n_g = (n + GFN1_LANES - 1) / GFN1_LANES * GFN1_LANES;
    c->g = skd_alloc(c->n_g, sizeof *c->g);
    if (!c->g)
        return skd_fail(err, SKD_ENOMEM, "no memory for %zu reciprocal vectors", c->n_g);
    list_g(s, reach, c->g);
    return gfn1_cells_init(&c->near, s, GFN1_SPLIT / c->alpha, err);
}

skd_status gfn1_coulomb_new(gfn1_coulomb **out, const gfn1_system *s, skd_error *err) {
    *out = NULL;
    gfn1_coulomb *c = skd_alloc(1, sizeof *c);
    if (!c)
        return skd_fail(err, SKD_ENOMEM, "no memory for the Coulomb sums");
    skd_status status = name_kinds(c, s, err);
    if (!status && s->periodic) {
        /* Measured: near and far sums of 64 atoms cost the same. */
        c->alpha = 3.6 / cbrt(s->volume);
        status = set_lists(c, s, err);
        if (!status)
            status = s->mode == GFN1_LIBRARY ? gfn1_library_weights(c, s, err) : gfn1_converged_weights(c, s, err);
    }
    if (status) {
        gfn1_coulomb_free(c);
        return status;
    }
    *out = c;
    return SKD_OK;
}

void gfn1_coulomb_free(gfn1_coulomb *c) {
    if (!c)
        return;
    double *arrays[] = {c->length, c->w, c->dw, c->constant, c->w1, c->w3, c->dw1, c->dw3};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        skd_free(arrays[k]);
    skd_free(c->kind);
    skd_free(c->g);
    skd_free(c->erfc);
    gfn1_cells_free(&c->near);
    gfn1_cells_free(&c->block);
    skd_free(c);
}

/* e^(iGx) = e^(i h u) e^(i k v) e^(i l w) would be faster still; these are n n_g of some 10 ns. */
double *gfn1_waves(const gfn1_coulomb *c, const gfn1_system *s) {
    double *waves = skd_alloc((2 * s->n + 1) * c->n_g, sizeof *waves);
    double *sines = waves ? waves + s->n * c->n_g : NULL;
    for (size_t i = 0; waves && i < s->n; i++)
        for (size_t k = 0; k < c->n_g; k++) {
            const double phase = skd_dot(c->g[k], s->x[i]);
            waves[i * c->n_g + k] = cos(phase);
            sines[i * c->n_g + k] = sin(phase);
        }
    return waves;
}

static void molecule_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *a) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++) {
            double d[3];
            gfn1_difference(s, i, j, d);
            for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
                for (size_t q = s->first[j]; q < s->first[j + 1]; q++) {
                    const double mean = 0.5 * (c->length[c->kind[p]] + c->length[c->kind[q]]);
                    a[p * s->n_shells + q] = 1 / sqrt(skd_dot(d, d) + mean * mean);
                }
        }
}

static void molecule_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *q, gfn1_sum *sum) {
    gfn1_images pair;
    pair.n = 1;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < i; j++) {
            double d[3], slope = 0;
            gfn1_difference(s, i, j, d);
            for (size_t p = s->first[i]; p < s->first[i + 1]; p++)
                for (size_t t = s->first[j]; t < s->first[j + 1]; t++) {
                    const double mean = 0.5 * (c->length[c->kind[p]] + c->length[c->kind[t]]);
                    const double u = 1 / (skd_dot(d, d) + mean * mean);
                    slope -= q[p] * q[t] * u * sqrt(u);
                }
            pair.x[0] = d[0];
            pair.y[0] = d[1];
            pair.z[0] = d[2];
            gfn1_add_pair(sum, i, j, &pair, &slope);
        }
}

skd_status gfn1_coulomb_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *a, skd_error *err) {
    if (!s->periodic) {
        molecule_matrix(c, s, a);
        return SKD_OK;
    }
    double *waves = gfn1_waves(c, s);
    if (!waves)
        return skd_fail(err, SKD_ENOMEM, "no memory for the Coulomb sums of %zu atoms", s->n);
    if (s->mode == GFN1_LIBRARY)
        gfn1_library_matrix(c, s, waves, a);
    else
        gfn1_converged_matrix(c, s, waves, a);
    skd_free(waves);
    const size_t n = s->n_shells;
    for (size_t p = 0; p < n; p++)
        for (size_t q = p + 1; q < n; q++)
            a[p * n + q] = a[q * n + p];
    return SKD_OK;
}

skd_status gfn1_coulomb_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *q, gfn1_sum *sum,
                                 skd_error *err) {
    if (!s->periodic) {
        molecule_gradient(c, s, q, sum);
        return SKD_OK;
    }
    double *waves = gfn1_waves(c, s);
    if (!waves)
        return skd_fail(err, SKD_ENOMEM, "no memory for the Coulomb sums of %zu atoms", s->n);
    skd_status status = SKD_OK;
    if (s->mode == GFN1_LIBRARY)
        gfn1_library_gradient(c, s, waves, q, sum);
    else
        status = gfn1_converged_gradient(c, s, waves, q, sum, err);
    skd_free(waves);
    return status;
}
