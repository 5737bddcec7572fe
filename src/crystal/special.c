/* SPDX-License-Identifier: MIT */
/* special.c - special positions without free coordinates: the points that the operations of their site leave
 * alone, while every neighbouring point is moved (tetrahedral and octahedral sites and the like).
 *
 * Such a point x solves (R - 1) x = n - t, n integer, for one rotoinversion with det(R - 1) != 0 (inversion,
 * -3, -4, -6), or for two two-fold rotations about different axes; all site groups that fix one point only
 * hold one or the other (International Tables A, 3.2: the non-polar point groups). Three independent rows A
 * of the one or two matrices give x = A^-1 (n - t); as |det A| n lies in the image of A, n from 0 to
 * |det A| - 1 gives every solution in the cell. The other rows decide whether it is one. */
#include "shakedown/crystal.h"

#include <string.h>

#define SAME 1e-2 /* Å */

typedef struct sink {
    double (*pos)[3];
    size_t n, capacity;
    const skd_cell *cell;
    skd_mic mic;
} sink;

/* Up to six rows of (R - 1) and of -t. */
typedef struct equations {
    int m[6][3];
    double t[6];
    int n;
} equations;

static void add_rows(equations *e, const skd_operation *op) {
    for (int r = 0; r < 3; r++, e->n++) {
        e->t[e->n] = -op->translation[r];
        for (int c = 0; c < 3; c++)
            e->m[e->n][c] = op->rotation[r][c] - (r == c);
    }
}

static bool solves(const equations *e, const double x[3]) {
    for (int r = 0; r < e->n; r++) {
        double left = e->m[r][0] * x[0] + e->m[r][1] * x[1] + e->m[r][2] * x[2] - e->t[r];
        if (fabs(left - nearbyint(left)) > 1e-3)
            return false;
    }
    return true;
}

static skd_status add_point(sink *s, const double x[3], skd_error *err) {
    double f[3], pos[3], d[3];
    for (int k = 0; k < 3; k++)
        f[k] = skd_wrap01(x[k]);
    skd_row_times(f, s->cell->lattice, pos);
    for (size_t k = 0; k < s->n; k++)
        if (skd_mic_vector(&s->mic, s->pos[k], pos, d) < SAME)
            return SKD_OK;
    skd_status status = skd_grow((void **)&s->pos, &s->capacity, s->n + 1, sizeof *s->pos, err);
    if (status == SKD_OK)
        memcpy(s->pos[s->n++], pos, sizeof pos);
    return status;
}

/* The rows i, j, k with the smallest determinant that is not 0; 0 if there are none. */
static long independent_rows(const equations *e, int a[3][3], double t[3]) {
    long best = 0;
    for (int i = 0; i < e->n; i++)
        for (int j = i + 1; j < e->n; j++)
            for (int k = j + 1; k < e->n; k++) {
                int m[3][3];
                memcpy(m[0], e->m[i], sizeof m[0]);
                memcpy(m[1], e->m[j], sizeof m[1]);
                memcpy(m[2], e->m[k], sizeof m[2]);
                long det = skd_det3i(m);
                det = det < 0 ? -det : det;
                if (!det || (best && det >= best))
                    continue;
                best = det;
                memcpy(a, m, sizeof m);
                t[0] = e->t[i];
                t[1] = e->t[j];
                t[2] = e->t[k];
            }
    return best;
}

static skd_status solve(sink *s, const equations *e, skd_error *err) {
    int a[3][3];
    double real[3][3], t[3], x[3];
    long det = independent_rows(e, a, t);
    if (!det)
        return SKD_OK;
    for (int r = 0; r < 9; r++)
        real[r / 3][r % 3] = a[r / 3][r % 3];
    if (skd_inv3(real, real) != SKD_OK)
        return SKD_OK;
    skd_status status = SKD_OK;
    for (long n = 0; status == SKD_OK && n < det * det * det; n++) {
        const double right[3] = {t[0] + (double)(n % det), t[1] + (double)(n / det % det),
                                 t[2] + (double)(n / det / det)};
        skd_times_col(real, right, x);
        if (solves(e, x))
            status = add_point(s, x, err);
    }
    return status;
}

static bool is_two_fold(const skd_operation *op) {
    return skd_det3i(op->rotation) == 1 && op->rotation[0][0] + op->rotation[1][1] + op->rotation[2][2] == -1;
}

skd_status skd_special_positions(double (**out)[3], size_t *n, const skd_symmetry *symmetry, const skd_cell *cell,
                                 skd_error *err) {
    *out = NULL;
    *n = 0;
    sink s = {.cell = cell};
    skd_status status = skd_mic_setup(&s.mic, cell, err);
    for (size_t i = 0; status == SKD_OK && i < symmetry->n_operations; i++) {
        const skd_operation *op = &symmetry->operation[i];
        equations one = {.n = 0};
        add_rows(&one, op);
        status = solve(&s, &one, err);
        for (size_t j = 0; status == SKD_OK && is_two_fold(op) && j < i; j++) {
            equations two = one;
            if (!is_two_fold(&symmetry->operation[j]))
                continue;
            add_rows(&two, &symmetry->operation[j]);
            status = solve(&s, &two, err);
        }
    }
    if (status != SKD_OK) {
        skd_free(s.pos);
        return status;
    }
    *out = s.pos;
    *n = s.n;
    return SKD_OK;
}
