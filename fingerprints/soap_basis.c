/* SPDX-License-Identifier: MIT */
/* soap_basis.c - orthonormal radial functions made of Gaussian-type orbitals, and their overlaps with the
 * Gaussian of an atom.
 *
 * Primitives r^l exp(-alpha_kl r^2), alpha chosen so that r^l exp(-alpha r^2) has fallen to 1e-3 at a radius
 * that runs evenly from 1 Å to r_cut. Orthonormal functions g_nl = sum_k beta_nk r^l exp(-alpha_kl r^2) with
 * beta = S^(-1/2) (Löwdin), S_kk' = Gamma(l+3/2) / (2 (alpha_k + alpha_k')^(l+3/2)).
 * An atom at R with density exp(-eta |r-R|^2), eta = 1/(2 sigma^2), has the coefficients
 *     c_nlm = Y_lm(R) I_nl(R),   I_nl(R) = sum_k beta_nk p_k R^l exp(-kappa_k R^2)
 *     p_k = (pi/(alpha_k+eta))^(3/2) (eta/(alpha_k+eta))^l,   kappa_k = eta alpha_k/(alpha_k+eta)
 * (exp(-eta|r-R|^2) expanded in modified spherical Bessel functions i_l, whose integral with
 * r^(l+2) exp(-a r^2) is closed).
 *
 * The primitives are nearly dependent: for n_max = 10 the largest and smallest eigenvalues of S differ by
 * 1e12, for 20 by 1e30, and the sums above cancel by the square root of that. So the set-up is done in
 * 113-bit numbers and only the finished, smooth I_nl(R), of the order of 1, is stored in double.
 * Sources: Himanen et al., Comput. Phys. Commun. 247, 106949 (2020), eqs 21-25; Jäger et al., npj Comput.
 * Mater. 4, 37 (2018). */
#include "soap_basis.h"

#include <string.h>

/* 113-bit mantissa: __float128 on x86, plain long double elsewhere. */
#if defined(__SIZEOF_FLOAT128__)
__extension__ typedef __float128 wide;
#else
typedef long double wide;
#endif

#define STEPS_PER_SIGMA 12.0 /* interpolation error about (1/12)^6 15/46080 = 1e-10 of the largest value */
#define N_LIMIT         20   /* most radial functions; size of the stack matrices */

typedef struct matrix {
    wide m[N_LIMIT][N_LIMIT];
} matrix;

static wide wide_sqrt(wide x) {
    wide root = (wide)sqrtl((long double)x);
    if (root > 0)
        for (int i = 0; i < 2; i++)
            root = (root + x / root) / 2;
    return root;
}

static wide wide_power(wide x, int n) {
    wide p = 1;
    for (int i = 0; i < n; i++)
        p *= x;
    return p;
}

/* exp(-x) for 0 <= x <= 0.01: the Taylor series falls below 1e-35 within 14 terms */
static wide wide_exp_minus(wide x) {
    wide sum = 1, term = 1;
    for (int i = 1; i <= 16; i++) {
        term *= -x / i;
        sum += term;
    }
    return sum;
}

/* One Jacobi rotation of a that zeroes a[p][q]; v collects the rotations. */
static void rotate(matrix *a, matrix *v, int n, int p, int q) {
    wide theta = (a->m[q][q] - a->m[p][p]) / (2 * a->m[p][q]);
    wide size = theta < 0 ? -theta : theta;
    wide t = 1 / (size + wide_sqrt(theta * theta + 1));
    if (theta < 0)
        t = -t;
    wide c = 1 / wide_sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        wide x = a->m[k][p], y = a->m[k][q];
        a->m[k][p] = c * x - s * y;
        a->m[k][q] = s * x + c * y;
        x = v->m[k][p];
        y = v->m[k][q];
        v->m[k][p] = c * x - s * y;
        v->m[k][q] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        wide x = a->m[p][k], y = a->m[q][k];
        a->m[p][k] = c * x - s * y;
        a->m[q][k] = s * x + c * y;
    }
}

/* Eigenvalues to the diagonal of a, eigenvectors to the columns of v (cyclic Jacobi: Golub & Van Loan,
 * Matrix Computations, 4th ed., algorithm 8.5.3). */
static void diagonalise(matrix *a, matrix *v, int n) {
    memset(v, 0, sizeof *v);
    for (int i = 0; i < n; i++)
        v->m[i][i] = 1;
    for (int sweep = 0; sweep < 30; sweep++) {
        bool rotated = false;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                wide off = a->m[p][q] * a->m[p][q];
                wide tiny = (wide)1e-33L * (wide)1e-33L * a->m[p][p] * a->m[q][q];
                if (off <= (tiny < 0 ? -tiny : tiny))
                    continue;
                rotate(a, v, n, p, q);
                rotated = true;
            }
        if (!rotated)
            return;
    }
}

/* beta = S^(-1/2) of angular momentum l */
static skd_status orthonormalise(const double *alpha, int n, int l, matrix *beta, skd_error *err) {
    matrix s, v;
    wide gamma = (wide)0.88622692545275801364908374167057L; /* Gamma(3/2); then up to Gamma(l + 3/2) */
    for (int k = 1; k <= l; k++)
        gamma *= k + (wide)0.5;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            wide sum = (wide)alpha[i] + (wide)alpha[k];
            s.m[i][k] = gamma / (2 * wide_power(sum, l + 1) * wide_sqrt(sum));
        }
    diagonalise(&s, &v, n);
    wide largest = 0;
    for (int k = 0; k < n; k++)
        largest = s.m[k][k] > largest ? s.m[k][k] : largest;
    for (int k = 0; k < n; k++)
        if (!(s.m[k][k] > largest * (wide)1e-32L))
            return skd_fail(err, SKD_EARG, "SOAP: %d radial functions are not independent at l = %d; lower n_max "
                            "or raise r_cut", n, l);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            beta->m[i][j] = 0;
            for (int k = 0; k < n; k++)
                beta->m[i][j] += v.m[i][k] * v.m[j][k] / wide_sqrt(s.m[k][k]);
        }
    return SKD_OK;
}

/* A primitive at the nodes R = i step: value, step and step^2 times its derivatives. The Gaussian advances
 * by products: exp(-kappa h^2 (i+1)^2) = exp(-kappa h^2 i^2) q^(2i+1), q = exp(-kappa h^2). */
typedef struct primitive {
    wide kappa, factor, gauss, ratio, q2;
} primitive;

static primitive primitive_start(double alpha, int l, double sigma, double step) {
    wide eta = 1 / (2 * (wide)sigma * (wide)sigma), sum = (wide)alpha + eta;
    wide pi = (wide)3.14159265358979323846264338327950L;
    wide kappa = eta * (wide)alpha / sum, q = wide_exp_minus(kappa * (wide)step * (wide)step);
    return (primitive){.kappa = kappa,
                       .factor = pi / sum * wide_sqrt(pi / sum) * wide_power(eta / sum, l),
                       .gauss = 1,
                       .ratio = q,
                       .q2 = q * q};
}

static void primitive_next(primitive *p, int l, double step, size_t i, wide out[3]) {
    wide r = (wide)step * (wide)i, r2 = r * r, k = p->kappa, amount = p->factor * p->gauss;
    wide below2 = l >= 2 ? wide_power(r, l - 2) : 0, below = l >= 1 ? wide_power(r, l - 1) : 0;
    wide power = l >= 1 ? below * r : 1;
    out[0] = amount * power;
    out[1] = amount * (wide)step * (l * below - 2 * k * power * r);
    out[2] = amount * (wide)step * (wide)step *
             (l * (l - 1) * below2 - 2 * k * (2 * l + 1) * power + 4 * k * k * power * r2);
    p->gauss *= p->ratio;
    p->ratio *= p->q2;
}

static void tabulate(skd_soap_basis *basis, const double *alpha, const matrix *beta, int l, double sigma) {
    primitive p[N_LIMIT];
    for (int k = 0; k < basis->n_max; k++)
        p[k] = primitive_start(alpha[k], l, sigma, basis->step);
    for (size_t i = 0; i < basis->n_nodes; i++) {
        wide sum[3][N_LIMIT] = {{0}};
        for (int k = 0; k < basis->n_max; k++) {
            wide f[3];
            primitive_next(&p[k], l, basis->step, i, f);
            for (int n = 0; n < basis->n_max; n++)
                for (int d = 0; d < 3; d++)
                    sum[d][n] += beta->m[n][k] * f[d];
        }
        for (size_t d = 0; d < 3; d++)
            for (int n = 0; n < basis->n_max; n++)
                basis->node[(3 * i + d) * basis->row + (size_t)l * basis->stride + (size_t)n] = (double)sum[d][n];
    }
}

void skd_soap_basis_free(skd_soap_basis *basis) {
    if (basis)
        skd_free(basis->node);
    skd_free(basis);
}

skd_status skd_soap_basis_new(skd_soap_basis **out, double r_cut, int n_max, int l_max, double sigma, double reach,
                              skd_error *err) {
    *out = NULL;
    if (n_max < 1 || n_max > N_LIMIT)
        return skd_fail(err, SKD_EARG, "SOAP: n_max is %d, expected 1..%d", n_max, N_LIMIT);
    skd_status status = SKD_OK;
    skd_soap_basis *basis = skd_alloc(1, sizeof *basis);
    if (!basis)
        goto nomem;
    basis->n_max = n_max;
    basis->l_max = l_max;
    basis->stride = ((size_t)n_max + SKD_SOAP_LANES - 1) / SKD_SOAP_LANES * SKD_SOAP_LANES;
    basis->row = (size_t)(l_max + 1) * basis->stride;
    basis->step = sigma / STEPS_PER_SIGMA;
    basis->n_nodes = (size_t)(reach / basis->step) + 3;
    basis->node = skd_alloc(3 * basis->row * basis->n_nodes, sizeof *basis->node);
    if (!basis->node)
        goto nomem;
    for (int l = 0; l <= l_max && status == SKD_OK; l++) {
        double alpha[N_LIMIT];
        matrix beta;
        for (int k = 0; k < n_max; k++) {
            double decay = n_max > 1 ? 1.0 + (r_cut - 1.0) * k / (n_max - 1) : 1.0;
            alpha[k] = (l * log(decay) - log(1e-3)) / (decay * decay);
        }
        status = orthonormalise(alpha, n_max, l, &beta, err);
        if (status == SKD_OK)
            tabulate(basis, alpha, &beta, l, sigma);
    }
    if (status == SKD_OK)
        *out = basis;
    else
        skd_soap_basis_free(basis);
    return status;
nomem:
    skd_soap_basis_free(basis);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the SOAP basis (%d radial functions, l <= %d)", n_max, l_max);
}
