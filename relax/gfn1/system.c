/* SPDX-License-Identifier: MIT */
/* system.c - the atoms in bohr, wrapped into their cell, and sums over the cells around them. */
#include <stdlib.h>

#include "classical.h"

#define CELLS_MAX 4000000.0 /* more copies of the cell than this: its height must be wrong */

static skd_status set_lattice(gfn1_system *s, const double (*lattice)[3], skd_error *err) {
    double inverse[3][3];
    for (int k = 0; k < 9; k++)
        s->lattice[k / 3][k % 3] = lattice[k / 3][k % 3];
    s->periodic = true;
    s->volume = fabs(skd_det3(s->lattice));
    if (!(s->volume > 1e-6) || skd_inv3(s->lattice, inverse) != SKD_OK)
        return skd_fail(err, SKD_EARG, "the cell has a volume of %g bohr^3", s->volume);
    for (int k = 0; k < 9; k++)
        s->reciprocal[k / 3][k % 3] = 2 * GFN1_PI * inverse[k % 3][k / 3];
    return SKD_OK;
}

skd_status gfn1_system_init(gfn1_system *s, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                            gfn1_mode mode, skd_error *err) {
    *s = (gfn1_system){.n = n, .z = z, .mode = mode};
    skd_status status = lattice ? set_lattice(s, lattice, err) : SKD_OK;
    if (status)
        return status;
    s->x = skd_alloc(n, sizeof *s->x);
    s->element = skd_alloc(n, sizeof *s->element);
    s->first = skd_alloc(n + 1, sizeof *s->first);
    if (!s->x || !s->element || !s->first) {
        status = skd_fail(err, SKD_ENOMEM, "no memory for %zu atoms", n);
        goto failed;
    }
    for (size_t i = 0; i < n; i++) {
        status = gfn1_element_of(z[i], &s->element[i], err);
        if (status) {
            skd_error_prefix(err, "atom %zu", i + 1);
            goto failed;
        }
        s->first[i + 1] = s->first[i] + (size_t)s->element[i].n_shells;
    }
    s->n_shells = s->first[n];
    gfn1_system_move(s, x);
    return SKD_OK;
failed:
    gfn1_system_free(s);
    return status;
}

void gfn1_system_move(gfn1_system *s, const double (*x)[3]) {
    for (size_t i = 0; i < s->n; i++) {
        double shift[3] = {0, 0, 0};
        for (int k = 0; s->periodic && k < 3; k++) {
            const double f = skd_dot(x[i], s->reciprocal[k]) / (2 * GFN1_PI);
            /* As the library: what is below the face by rounding only lies on it. */
            const double whole = floor(f + 1e-14);
            for (int c = 0; c < 3; c++)
                shift[c] += whole * s->lattice[k][c];
        }
        for (int c = 0; c < 3; c++)
            s->x[i][c] = x[i][c] - shift[c];
    }
}

void gfn1_system_free(gfn1_system *s) {
    skd_free(s->x);
    skd_free(s->element);
    skd_free(s->first);
    *s = (gfn1_system){0};
}

typedef struct translation {
    double length;
    int order; /* keeps the sorting unique */
    double t[3];
} translation;

static int shorter(const void *a, const void *b) {
    const translation *p = a, *q = b;
    if (p->length != q->length)
        return p->length < q->length ? -1 : 1;
    return p->order - q->order;
}

/* Wrapped atoms are almost a cell apart at most, so a sphere needs one more cell each way; the library has not. */
static skd_status box(const gfn1_system *s, double cutoff, int count[3], skd_error *err) {
    double cells = 1;
    for (int k = 0; k < 3; k++) {
        const double height = 2 * GFN1_PI / skd_norm(s->reciprocal[k]);
        const double each_way = s->periodic ? ceil(cutoff / height) + (s->mode == GFN1_CONVERGED) : 0;
        cells *= 2 * each_way + 1;
        count[k] = cells < CELLS_MAX ? (int)each_way : 0;
    }
    if (!(cells < CELLS_MAX))
        return skd_fail(err, SKD_EARG, "the cell is too thin: %g copies of it lie within %g bohr", cells, cutoff);
    return SKD_OK;
}

static size_t list_box(const gfn1_system *s, const int count[3], translation *list) {
    size_t n = 0;
    for (int a = -count[0]; a <= count[0]; a++)
        for (int b = -count[1]; b <= count[1]; b++)
            for (int c = -count[2]; c <= count[2]; c++) {
                const double f[3] = {a, b, c};
                skd_row_times(f, s->lattice, list[n].t);
                list[n].length = skd_norm(list[n].t);
                list[n].order = (int)n;
                n++;
            }
    return n;
}

skd_status gfn1_cells_init(gfn1_cells *c, const gfn1_system *s, double cutoff, skd_error *err) {
    int count[3];
    *c = (gfn1_cells){.cutoff = cutoff};
    const skd_status status = box(s, cutoff, count, err);
    if (status)
        return status;
    const size_t most = (size_t)(2 * count[0] + 1) * (size_t)(2 * count[1] + 1) * (size_t)(2 * count[2] + 1);
    translation *list = skd_alloc(most, sizeof *list);
    c->length = skd_alloc(4 * most, sizeof *c->length);
    if (!list || !c->length) {
        skd_free(list);
        gfn1_cells_free(c);
        return skd_fail(err, SKD_ENOMEM, "no memory for %zu cells", most);
    }
    c->n = list_box(s, count, list);
    qsort(list, c->n, sizeof *list, shorter);
    for (int k = 0; k < 3; k++)
        c->t[k] = c->length + (size_t)(k + 1) * most;
    for (size_t m = 0; m < c->n; m++) {
        c->length[m] = list[m].length;
        for (int k = 0; k < 3; k++)
            c->t[k][m] = list[m].t[k];
    }
    skd_free(list);
    return SKD_OK;
}

void gfn1_cells_free(gfn1_cells *c) {
    skd_free(c->length);
    *c = (gfn1_cells){0};
}

bool gfn1_images_of(const gfn1_cells *c, const double d[3], size_t *next, gfn1_images *out) {
    const double reach = c->cutoff + skd_norm(d) * (1 + 1e-12), cut2 = c->cutoff * c->cutoff;
    const double *tx = c->t[0], *ty = c->t[1], *tz = c->t[2];
    size_t n = 0, m = *next;
    for (; m < c->n && n < GFN1_IMAGES && c->length[m] <= reach; m++) {
        const double x = d[0] - tx[m], y = d[1] - ty[m], z = d[2] - tz[m], r2 = x * x + y * y + z * z;
        out->x[n] = x;
        out->y[n] = y;
        out->z[n] = z;
        out->r2[n] = r2;
        n += (r2 <= cut2) & (r2 > 0);
    }
    *next = m;
    out->n = n;
    return n > 0;
}
