/* SPDX-License-Identifier: MIT */
/* overlap.c - overlaps of two shells: functions of the distance, tabulated, turned into the bond's direction.
 *
 * Two primitives along the bond, A - B = r z, p = a + b, q = 1/(2p): S = (pi/p)^(3/2) exp(-a b r^2/p) P(r), with
 * polynomials P of degree <= 4 for sigma, pi and delta (S. Obara and A. Saika, J. Chem. Phys. 84, 3963 (1986)).
 * Direction n: p orbitals are n_y, n_z, n_x; d orbital t is n M_t n with M_t symmetric and traceless, so that
 * with b_t = M_t n, a_t = n b_t the blocks are polynomials in n (J. C. Slater, G. F. Koster, Phys. Rev. 94, 1498
 * (1954), in the form of projectors):
 *   pp: pi 1 + (sigma - pi) n n,   pd: sigma n_p a_t + 2/sqrt3 pi (b_tp - n_p a_t),
 *   dd: delta 1 + (sigma - delta) a_t a_u + 4/3 (pi - delta) (b_t b_u - a_t a_u). */
#include <string.h>

#include "gfn1.h"

#define GRID     0.04  /* bohr */
#define SMALLEST 1e-13 /* overlap that counts */
#define LARGEST  60.0  /* exponent beyond which a primitive pair is nothing */
#define PI       3.14159265358979323846
#define SQRT3    1.73205080756887729353

static const int p_axis[3] = {1, 2, 0};
static const double d_matrix[5][3][3] = {
    {{0, SQRT3 / 2, 0}, {SQRT3 / 2, 0, 0}, {0, 0, 0}}, /* xy */
    {{0, 0, 0}, {0, 0, SQRT3 / 2}, {0, SQRT3 / 2, 0}}, /* yz */
    {{-0.5, 0, 0}, {0, -0.5, 0}, {0, 0, 1}},           /* z2 */
    {{0, 0, SQRT3 / 2}, {0, 0, 0}, {SQRT3 / 2, 0, 0}}, /* xz */
    {{SQRT3 / 2, 0, 0}, {0, -SQRT3 / 2, 0}, {0, 0, 0}} /* x2-y2 */
};

/* ---- functions of the distance ---------------------------------------------------------------- */

/* Coefficients of P(r) for sigma, pi, delta; a, b: PA = a r, PB = b r. */
static void primitive_polynomials(int la, int lb, double a, double b, double q, double c[3][5]) {
    memset(c, 0, 3 * sizeof *c);
    switch (3 * la + lb) {
    case 0: c[0][0] = 1.0; break;
    case 1: c[0][1] = b; break;
    case 3: c[0][1] = a; break;
    case 2: c[0][2] = b * b; break;
    case 6: c[0][2] = a * a; break;
    case 4:
        c[0][0] = c[1][0] = q;
        c[0][2] = a * b;
        break;
    case 5:
        c[0][1] = 2.0 * q * b;
        c[0][3] = a * b * b;
        c[1][1] = SQRT3 * q * b;
        break;
    case 7:
        c[0][1] = 2.0 * q * a;
        c[0][3] = b * a * a;
        c[1][1] = SQRT3 * q * a;
        break;
    default:
        c[0][0] = c[1][0] = c[2][0] = 3.0 * q * q;
        c[0][2] = 4.0 * q * a * b;
        c[0][4] = a * a * b * b;
        c[1][2] = 3.0 * q * a * b;
        break;
    }
}

/* f[k][0..2] of function k at r, summed over primitive pairs. */
static void contracted(const gfn1_contraction *sa, const gfn1_contraction *sb, double r, int n_functions,
                       double f[3][3]) {
    memset(f, 0, 3 * sizeof *f);
    for (int i = 0; i < sa->n; i++)
        for (int j = 0; j < sb->n; j++) {
            double a = sa->exponent[i], b = sb->exponent[j], p = a + b, mu = a * b / p;
            if (mu * r * r > LARGEST)
                continue;
            double c[3][5], e = exp(-mu * r * r) * sa->coefficient[i] * sb->coefficient[j] * PI / p * sqrt(PI / p);
            primitive_polynomials(sa->l, sb->l, -b / p, a / p, 0.5 / p, c);
            for (int k = 0; k < n_functions; k++) {
                const double *g = c[k];
                double y = g[0] + r * (g[1] + r * (g[2] + r * (g[3] + r * g[4])));
                double dy = g[1] + r * (2.0 * g[2] + r * (3.0 * g[3] + r * 4.0 * g[4]));
                double ddy = 2.0 * g[2] + r * (6.0 * g[3] + r * 12.0 * g[4]);
                f[k][0] += e * y;
                f[k][1] += e * (dy - 2.0 * mu * r * y);
                f[k][2] += e * (ddy - 4.0 * mu * r * dy + (4.0 * mu * r * mu * r - 2.0 * mu) * y);
            }
        }
}

double gfn1_overlap_same(const gfn1_contraction *a, const gfn1_contraction *b) {
    double f[3][3];
    contracted(a, b, 0.0, 1, f);
    return a->l == b->l ? f[0][0] : 0.0;
}

skd_status gfn1_table_init(gfn1_table *t, const gfn1_contraction *a, const gfn1_contraction *b, double cutoff,
                           skd_error *err) {
    *t = (gfn1_table){.la = a->l, .lb = b->l, .n_functions = (a->l < b->l ? a->l : b->l) + 1};
    size_t n = (size_t)ceil(cutoff / GRID) + 2, per = 3 * (size_t)t->n_functions;
    t->f = skd_alloc(n * per, sizeof *t->f);
    if (!t->f)
        return skd_fail(err, SKD_ENOMEM, "out of memory for overlaps");
    for (size_t i = 0; i < n; i++) {
        double f[3][3];
        contracted(a, b, GRID * (double)i, t->n_functions, f);
        memcpy(t->f + i * per, f, per * sizeof **f);
        for (int k = 0; k < t->n_functions; k++)
            if (fabs(f[k][0]) > SMALLEST)
                t->n = i + 2 < n ? i + 2 : n;
    }
    return SKD_OK;
}

bool gfn1_table_reaches(const gfn1_table *t, double r) { return r < GRID * (double)(t->n ? t->n - 1 : 0); }

void gfn1_table_at(const gfn1_table *t, double r, double f[3], double df[3]) {
    double x = r / GRID;
    size_t i = (size_t)x, per = 3 * (size_t)t->n_functions;
    f[0] = f[1] = f[2] = df[0] = df[1] = df[2] = 0.0;
    if (!(x >= 0.0) || i + 1 >= t->n)
        return;
    x -= (double)i;
    double y = 1.0 - x, x2 = x * x, y2 = y * y, both = 30.0 * x2 * y2;
    double a0 = y2 * y * (1.0 + 3.0 * x + 6.0 * x2), a1 = y2 * y * x * (1.0 + 3.0 * x), a2 = 0.5 * y2 * y * x2;
    double b0 = x2 * x * (1.0 + 3.0 * y + 6.0 * y2), b1 = -x2 * x * y * (1.0 + 3.0 * y), b2 = 0.5 * x2 * x * y2;
    double da1 = y2 * (1.0 + 2.0 * x - 15.0 * x2), db1 = x2 * (1.0 + 2.0 * y - 15.0 * y2);
    double da2 = 0.5 * x * y2 * (2.0 - 5.0 * x), db2 = -0.5 * y * x2 * (2.0 - 5.0 * y);
    for (int k = 0; k < t->n_functions; k++) {
        const double *u = t->f + i * per + 3 * (size_t)k, *v = u + per;
        f[k] = a0 * u[0] + b0 * v[0] + GRID * (a1 * u[1] + b1 * v[1] + GRID * (a2 * u[2] + b2 * v[2]));
        df[k] = both * (v[0] - u[0]) / GRID + da1 * u[1] + db1 * v[1] + GRID * (da2 * u[2] + db2 * v[2]);
    }
}

/* ---- directions ------------------------------------------------------------------------------- */

typedef struct d_shape {
    double a[5], b[5][3];
} d_shape;

static d_shape d_of(const double n[3]) {
    d_shape d;
    for (int t = 0; t < 5; t++) {
        for (int k = 0; k < 3; k++)
            d.b[t][k] = d_matrix[t][k][0] * n[0] + d_matrix[t][k][1] * n[1] + d_matrix[t][k][2] * n[2];
        d.a[t] = skd_dot(n, d.b[t]);
    }
    return d;
}

static void block_pd(const double f[3], const double n[3], double *s, size_t step_p, size_t step_d) {
    d_shape d = d_of(n);
    double pi = 2.0 / SQRT3 * f[1], along = f[0] - pi;
    for (size_t p = 0; p < 3; p++)
        for (size_t t = 0; t < 5; t++)
            s[p * step_p + t * step_d] = along * n[p_axis[p]] * d.a[t] + pi * d.b[t][p_axis[p]];
}

static void block_dd(const double f[3], const double n[3], double *s) {
    d_shape d = d_of(n);
    double pi = 4.0 / 3.0 * (f[1] - f[2]), along = f[0] - f[2] - pi;
    for (int t = 0; t < 5; t++)
        for (int u = 0; u < 5; u++)
            s[5 * t + u] = along * d.a[t] * d.a[u] + pi * skd_dot(d.b[t], d.b[u]) + (t == u ? f[2] : 0.0);
}

void gfn1_block(int la, int lb, const double f[3], const double n[3], double *s) {
    int low = la < lb ? la : lb, high = la < lb ? lb : la;
    if (low == 0 && high == 2) {
        d_shape d = d_of(n);
        for (int t = 0; t < 5; t++)
            s[t] = f[0] * d.a[t];
    } else if (low == 0) {
        s[0] = f[0];
        for (int p = 0; p < 3 && high == 1; p++)
            s[p] = f[0] * n[p_axis[p]];
    } else if (high == 1) {
        for (int p = 0; p < 3; p++)
            for (int t = 0; t < 3; t++)
                s[3 * p + t] = (f[0] - f[1]) * n[p_axis[p]] * n[p_axis[t]] + (p == t ? f[1] : 0.0);
    } else if (low == 1) {
        block_pd(f, n, s, la == 1 ? 5 : 1, la == 1 ? 1 : 3);
    } else {
        block_dd(f, n, s);
    }
}

/* d/dn of sum x S, n not yet held to unit length; x has p rows or columns as block_pd. */
static void turn_pd(const double f[3], const double n[3], const double *x, size_t step_p, size_t step_d, double g[3]) {
    d_shape d = d_of(n);
    double pi = 2.0 / SQRT3 * f[1], along = f[0] - pi;
    for (size_t t = 0; t < 5; t++) {
        double xn = 0.0, column[3];
        for (size_t p = 0; p < 3; p++) {
            column[p_axis[p]] = x[p * step_p + t * step_d];
            xn += column[p_axis[p]] * n[p_axis[p]];
        }
        for (int k = 0; k < 3; k++)
            g[k] += along * (column[k] * d.a[t] + 2.0 * xn * d.b[t][k]) + pi * skd_dot(d_matrix[t][k], column);
    }
}

static void turn_dd(const double f[3], const double n[3], const double *x, double g[3]) {
    d_shape d = d_of(n);
    double pi = 4.0 / 3.0 * (f[1] - f[2]), along = f[0] - f[2] - pi;
    for (int t = 0; t < 5; t++) {
        double xa = 0.0, xb[3] = {0};
        for (int u = 0; u < 5; u++) {
            double both = x[5 * t + u] + x[5 * u + t];
            xa += both * d.a[u];
            for (int k = 0; k < 3; k++)
                xb[k] += both * d.b[u][k];
        }
        for (int k = 0; k < 3; k++)
            g[k] += along * 2.0 * xa * d.b[t][k] + pi * skd_dot(d_matrix[t][k], xb);
    }
}

static void turn(int la, int lb, const double f[3], const double n[3], const double *x, double g[3]) {
    int low = la < lb ? la : lb, high = la < lb ? lb : la;
    if (low == 0 && high == 1) {
        for (int p = 0; p < 3; p++)
            g[p_axis[p]] += f[0] * x[p];
    } else if (low == 0 && high == 2) {
        d_shape d = d_of(n);
        for (int t = 0; t < 5; t++)
            for (int k = 0; k < 3; k++)
                g[k] += 2.0 * f[0] * x[t] * d.b[t][k];
    } else if (high == 1) {
        for (int p = 0; p < 3 && low == 1; p++)
            for (int t = 0; t < 3; t++)
                g[p_axis[p]] += (f[0] - f[1]) * (x[3 * p + t] + x[3 * t + p]) * n[p_axis[t]];
    } else if (low == 1) {
        turn_pd(f, n, x, la == 1 ? 5 : 1, la == 1 ? 1 : 3, g);
    } else if (low == 2) {
        turn_dd(f, n, x, g);
    }
}

void gfn1_block_gradient(int la, int lb, const double f[3], const double df[3], const double n[3], double r,
                         const double *x, double gradient[3]) {
    double s[GFN1_BLOCK], g[3] = {0}, stretch = 0.0;
    gfn1_block(la, lb, df, n, s);
    int size = (2 * la + 1) * (2 * lb + 1);
    for (int m = 0; m < size; m++)
        stretch += x[m] * s[m];
    turn(la, lb, f, n, x, g);
    double along = skd_dot(g, n);
    for (int k = 0; k < 3; k++)
        gradient[k] += stretch * n[k] + (g[k] - along * n[k]) / r;
}
