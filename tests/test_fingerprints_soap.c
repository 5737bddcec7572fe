/* SPDX-License-Identifier: MIT */
/* Tests of the SOAP power spectrum and of the spherical harmonics under it: against GSL's functions, against
 * quadrature, against a plain triple loop on 200 random cells, and against numbers of dscribe. */
#include "check.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_sf_bessel.h>
#include <gsl/gsl_sf_legendre.h>

#include "shakedown/fingerprints.h"

static const double pi = 3.14159265358979323846;

/* ---- the plain version ------------------------------------------------------------------- */

/* Y_lm from GSL's Legendre functions; gsl carries the Condon-Shortley phase, which is taken out. */
static double plain_harmonic(int l, int m, const double u[3]) {
    int a = abs(m);
    double phi = atan2(u[1], u[0]), p = gsl_sf_legendre_sphPlm(l, a, fmax(-1.0, fmin(1.0, u[2])));
    p *= a % 2 ? -1.0 : 1.0;
    return m == 0 ? p : sqrt(2.0) * p * (m > 0 ? cos(a * phi) : sin(a * phi));
}

typedef struct plain_basis {
    double alpha[8], beta[8][8];
} plain_basis;

static plain_basis plain_basis_of(double r_cut, int n_max, int l) {
    plain_basis b;
    size_t n = (size_t)n_max;
    gsl_matrix *s = gsl_matrix_alloc(n, n), *v = gsl_matrix_alloc(n, n);
    gsl_vector *w = gsl_vector_alloc(n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    for (int k = 0; k < n_max; k++) {
        double a = n_max == 1 ? 1.0 : 1.0 + (r_cut - 1.0) * k / (n_max - 1);
        b.alpha[k] = -log(1e-3 / pow(a, l)) / (a * a);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(s, i, j, 0.5 * tgamma(l + 1.5) * pow(b.alpha[i] + b.alpha[j], -l - 1.5));
    gsl_eigen_symmv(s, w, v, work);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            b.beta[i][j] = 0.0;
            for (size_t k = 0; k < n; k++)
                b.beta[i][j] += gsl_matrix_get(v, i, k) * gsl_matrix_get(v, j, k) / sqrt(gsl_vector_get(w, k));
        }
    gsl_eigen_symmv_free(work);
    gsl_vector_free(w);
    gsl_matrix_free(v);
    gsl_matrix_free(s);
    return b;
}

static double plain_radial(const plain_basis *b, int n_max, int n, int l, double sigma, double r) {
    double sum = 0.0, eta = 0.5 / (sigma * sigma);
    for (int k = 0; k < n_max; k++) {
        double a = b->alpha[k] + eta;
        sum += b->beta[n][k] * pow(pi / a, 1.5) * pow(eta * r / a, l) * exp(-eta * b->alpha[k] / a * r * r);
    }
    return sum;
}

static double plain_weight(const skd_soap_options *o, double r) {
    double x = r / o->r_cut;
    if (o->cutoff == SKD_SOAP_CUTOFF_HARD)
        return r <= o->r_cut + o->sigma * sqrt(-2.0 * log(1e-3)) ? 1.0 : 0.0;
    return x < 1.0 ? pow(1.0 + 2.0 * x * x * x - 3.0 * x * x, 2.0) : 0.0;
}

/* Adds image d of an atom to c[n][m] of one l. */
static void plain_add(const skd_soap_options *o, const plain_basis *b, int l, const double d[3], double c[8][17]) {
    double r = skd_norm(d), w = plain_weight(o, r), u[3] = {0, 0, 1};
    if (w == 0.0)
        return;
    for (int k = 0; k < 3 && r > 0.0; k++)
        u[k] = d[k] / r;
    for (int n = 0; n < o->n_max; n++)
        for (int m = -l; m <= l; m++)
            c[n][m + l] += w * plain_radial(b, o->n_max, n, l, o->sigma, r) * plain_harmonic(l, m, u);
}

/* c[species][n][m] of one l around a point, images -reach..reach in each direction */
static void plain_expand(const skd_soap_options *o, const skd_cell *cell, const double point[3], const int *species,
                         int n_species, const int reach[3], int l, double c[2][8][17]) {
    plain_basis b = plain_basis_of(o->r_cut, o->n_max, l);
    memset(c, 0, sizeof(double[2][8][17]));
    for (size_t j = 0; j < cell->n; j++)
        for (int x = -reach[0]; x <= reach[0]; x++)
            for (int y = -reach[1]; y <= reach[1]; y++)
                for (int z = -reach[2]; z <= reach[2]; z++) {
                    double d[3];
                    for (int k = 0; k < 3; k++)
                        d[k] = cell->pos[j][k] - point[k] + x * cell->lattice[0][k] + y * cell->lattice[1][k] +
                               z * cell->lattice[2][k];
                    for (int s = 0; s < n_species; s++)
                        if (species[s] == cell->species[j])
                            plain_add(o, &b, l, d, c[s]);
                }
}

static void plain_soap(const skd_soap_options *o, const skd_cell *cell, const double point[3], const int *species,
                       int n_species, const int reach[3], double *out) {
    static double c[9][2][8][17];
    for (int l = 0; l <= o->l_max; l++)
        plain_expand(o, cell, point, species, n_species, reach, l, c[l]);
    for (int s = 0; s < n_species; s++)
        for (int t = s; t < n_species; t++)
            for (int l = 0; l <= o->l_max; l++)
                for (int n = 0; n < o->n_max; n++)
                    for (int k = s == t ? n : 0; k < o->n_max; k++) {
                        double sum = 0.0;
                        for (int m = 0; m < 2 * l + 1; m++)
                            sum += c[l][s][n][m] * c[l][t][k][m];
                        *out++ = pi * sqrt(8.0 / (2 * l + 1)) * sum;
                    }
}

/* ---- helpers ----------------------------------------------------------------------------- */

static double uniform(skd_rng *rng, double low, double high) { return low + (high - low) * skd_rng_uniform(rng); }

/* A rock-salt-like block of 8 atoms, pushed about. */
static skd_cell *block_of_eight(skd_rng *rng) {
    skd_cell *cell;
    skd_error err;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 4.8 + 0.3 * k;
    cell->lattice[1][0] = 0.77;
    for (size_t i = 0; i < 8; i++) {
        double f[3] = {(double)(i & 1) / 2, (double)(i >> 1 & 1) / 2, (double)(i >> 2) / 2};
        cell->species[i] = ((i ^ i >> 1 ^ i >> 2) & 1) ? 8 : 12;
        skd_row_times(f, cell->lattice, cell->pos[i]);
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += uniform(rng, -0.2, 0.2);
    }
    return cell;
}

/* Spectra of all atoms, [n][size]; the caller's. */
static double *spectra_of(const skd_soap_options *o, const skd_cell *cell, const int *species, size_t n_species,
                          size_t *size) {
    skd_soap *soap;
    skd_soap_work *work;
    skd_error err;
    CHECK_OK(skd_soap_new(&soap, o, species, n_species, &err));
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    *size = skd_soap_size(soap);
    double *out = skd_alloc(cell->n * *size, sizeof *out);
    CHECK(out);
    CHECK_OK(skd_soap_atoms(soap, cell, work, out, &err));
    skd_soap_work_free(work);
    skd_soap_free(soap);
    return out;
}

/* Largest difference of two spectra over the length of the second. */
static double relative_difference(const double *a, const double *b, size_t n) {
    double worst = 0.0, norm = 0.0;
    for (size_t k = 0; k < n; k++) {
        double d = fabs(a[k] - b[k]);
        worst = d <= worst ? worst : d; /* a NaN becomes the worst */
        norm += b[k] * b[k];
    }
    return worst / sqrt(norm);
}

/* ---- harmonics --------------------------------------------------------------------------- */

static void harmonics_equal_those_of_gsl(void **state) {
    (void)state;
    enum { L = 20 };
    skd_error err;
    skd_harmonics *h;
    skd_rng *rng;
    double x[8], y[8], z[8], out[(L + 1) * (L + 1)][8];
    CHECK_OK(skd_rng_new(&rng, 31, &err));
    CHECK_OK(skd_harmonics_new(&h, L, &err));
    for (int round = 0; round < 5; round++) {
        for (int k = 0; k < 8; k++) {
            double v[3] = {uniform(rng, -1, 1), uniform(rng, -1, 1), uniform(rng, -1, 1)};
            if (k == 0) /* on the z axis */
                v[0] = v[1] = 0.0;
            double r = skd_norm(v);
            x[k] = v[0] / r, y[k] = v[1] / r, z[k] = v[2] / r;
        }
        skd_harmonics_eval(h, x, y, z, out);
        for (int l = 0; l <= L; l++)
            for (int m = -l; m <= l; m++)
                for (int k = 0; k < 8; k++)
                    CHECK_CLOSE(out[l * l + l + m][k], plain_harmonic(l, m, (double[]){x[k], y[k], z[k]}), 2e-13, 0);
    }
    skd_harmonics_free(h);
    skd_rng_free(rng);
    CHECK_FAILS(skd_harmonics_new(&h, 31, &err), SKD_EARG, "l = 31");
}

static void solid_harmonics_scale_as_a_power_of_the_length(void **state) {
    (void)state;
    skd_error err;
    skd_harmonics *h;
    double x[8] = {.31}, y[8] = {-.72}, z[8] = {.55}, x2[8] = {.62}, y2[8] = {-1.44}, z2[8] = {1.1};
    double one[49][8], two[49][8];
    CHECK_OK(skd_harmonics_new(&h, 6, &err));
    skd_harmonics_eval(h, x, y, z, one);
    skd_harmonics_eval(h, x2, y2, z2, two);
    for (int l = 0; l <= 6; l++)
        for (int at = l * l; at < (l + 1) * (l + 1); at++)
            CHECK_CLOSE(two[at][0], one[at][0] * pow(2.0, l), 1e-15, 1e-13);
    skd_harmonics_free(h);
}

/* ---- radial part ------------------------------------------------------------------------- */

/* Int r^2 g_nl(r) 4 pi exp(-eta (r^2+R^2)) i_l(2 eta r R) dr by Simpson's rule */
static double radial_by_quadrature(const plain_basis *b, int n_max, int n, int l, double sigma, double big_r) {
    const int steps = 4000;
    double eta = 0.5 / (sigma * sigma), h = 16.0 / steps, sum = 0.0;
    for (int i = 0; i <= steps; i++) {
        double r = i * h, g = 0.0;
        for (int k = 0; k < n_max; k++)
            g += b->beta[n][k] * pow(r, l) * exp(-b->alpha[k] * r * r);
        double bessel = gsl_sf_bessel_il_scaled(l, 2.0 * eta * r * big_r);
        double f = r * r * g * 4.0 * pi * exp(-eta * (r - big_r) * (r - big_r)) * bessel;
        sum += f * (i == 0 || i == steps ? 1.0 : i % 2 ? 4.0 : 2.0);
    }
    return sum * h / 3.0;
}

/* One atom at distance R: p_nnl = pi sqrt(8/(2l+1)) (2l+1)/(4 pi) I_nl(R)^2 */
static void radial_part_equals_quadrature(void **state) {
    (void)state;
    static const double distances[] = {0.37, 1.93, 3.61, 5.77};
    skd_soap_options o = {.r_cut = 5.0, .n_max = 5, .l_max = 4, .sigma = 0.8, .cutoff = SKD_SOAP_CUTOFF_HARD};
    skd_error err;
    skd_soap *soap;
    skd_soap_work *work;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 1, &err));
    memset(cell->pbc, 0, sizeof cell->pbc);
    cell->species[0] = 14;
    CHECK_OK(skd_soap_new(&soap, &o, cell->species, 1, &err));
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    double p[75];
    CHECK_INT(skd_soap_size(soap), 75);
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        double point[1][3] = {{0.48 * distances[i], -0.6 * distances[i], 0.64 * distances[i]}};
        CHECK_OK(skd_soap_at(soap, cell, (const double(*)[3])point, 1, work, p, &err));
        for (int l = 0, at = 0; l <= o.l_max; l++) {
            plain_basis b = plain_basis_of(o.r_cut, o.n_max, l);
            for (int n = 0; n < o.n_max; at += o.n_max - n, n++) {
                double value = radial_by_quadrature(&b, o.n_max, n, l, o.sigma, distances[i]);
                double length = sqrt(p[at] / (sqrt(8.0 / (2 * l + 1)) * (2 * l + 1) / 4.0));
                CHECK_CLOSE(length, fabs(value), 2e-9, 0);
            }
        }
    }
    skd_soap_work_free(work);
    skd_soap_free(soap);
    skd_cell_free(cell);
}

/* Twenty nearly dependent primitives must still span the Gaussian of an atom: sum_n I_nl(R)^2 tends to
 * Int r^2 (4 pi exp(-eta (r^2+R^2)) i_l(2 eta r R))^2 dr from below. */
static void many_radial_functions_span_the_density(void **state) {
    (void)state;
    enum { N = 20, L = 4, PAIRS = N * (N + 1) / 2 };
    const skd_soap_options o = {.r_cut = 5.0, .n_max = N, .l_max = L, .sigma = 0.5, .cutoff = SKD_SOAP_CUTOFF_HARD};
    const double distance = 2.3, eta = 0.5 / (0.5 * 0.5), h = 1e-3;
    static double p[PAIRS * (L + 1)];
    double whole = 0.0, sum = 0.0, point[1][3] = {{0, 0, distance}};
    skd_error err;
    skd_soap *soap;
    skd_soap_work *work;
    skd_cell *cell;
    for (int i = 1; i < 16000; i++) {
        double r = i * h, f = exp(-eta * (r - distance) * (r - distance));
        f *= 4.0 * pi * gsl_sf_bessel_il_scaled(L, 2.0 * eta * r * distance);
        whole += r * r * f * f * h;
    }
    CHECK_OK(skd_cell_new(&cell, 1, &err));
    memset(cell->pbc, 0, sizeof cell->pbc);
    cell->species[0] = 14;
    CHECK_OK(skd_soap_new(&soap, &o, cell->species, 1, &err));
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    CHECK_OK(skd_soap_at(soap, cell, (const double(*)[3])point, 1, work, p, &err));
    for (int n = 0, at = L * PAIRS; n < N; at += N - n, n++)
        sum += p[at] / (sqrt(8.0 / (2 * L + 1)) * (2 * L + 1) / 4.0);
    CHECK_CLOSE(sum, whole, 0, 1e-9);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    skd_cell_free(cell);
}

static void a_basis_that_is_not_independent_is_refused(void **state) {
    (void)state;
    skd_error err;
    skd_soap *soap;
    const int z = 14;
    skd_soap_options o = {.r_cut = 1.0001, .n_max = 20, .l_max = 2, .sigma = 1.0, .cutoff = SKD_SOAP_CUTOFF_HARD};
    CHECK_FAILS(skd_soap_new(&soap, &o, &z, 1, &err), SKD_EARG, "not independent");
    CHECK(!soap);
    o.r_cut = 5.0;
    CHECK_OK(skd_soap_new(&soap, &o, &z, 1, &err));
    skd_soap_free(soap);
}

/* ---- whole spectra ----------------------------------------------------------------------- */

/* Cells of many shapes: blocks, needles, pancakes, strongly skewed ones; 1 to 6 atoms of two elements. */
static skd_cell *random_cell(skd_rng *rng, int kind) {
    skd_cell *cell;
    skd_error err;
    CHECK_OK(skd_cell_new(&cell, kind % 5 == 0 ? 1 : 1 + skd_rng_below(rng, 0, 6), &err));
    double edge[4][3] = {{4, 5, 4.5}, {17, 2.3, 2.5}, {9, 8, 2.0}, {4, 4, 4}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            cell->lattice[i][k] = i == k ? edge[kind % 4][k] * uniform(rng, 0.9, 1.1) : uniform(rng, -0.4, 0.4);
    if (kind % 4 == 3)
        for (int k = 0; k < 3; k++) {
            cell->lattice[1][k] += 2.4 * cell->lattice[0][k];
            cell->lattice[2][k] -= 1.7 * cell->lattice[1][k];
        }
    if (kind % 11 == 7)
        cell->pbc[kind % 3] = false;
    for (size_t i = 0; i < cell->n; i++) {
        double f[3] = {uniform(rng, -1.5, 1.5), uniform(rng, -1.5, 1.5), uniform(rng, -1.5, 1.5)};
        skd_row_times(f, cell->lattice, cell->pos[i]);
        cell->species[i] = skd_rng_below(rng, 0, 3) ? 8 : 12;
    }
    return cell;
}

/* Images in which the triple loop cannot miss an atom within 9 Å of any point of the wide window. */
static void generous_reach(const skd_cell *cell, int reach[3]) {
    double height[3];
    skd_cell_heights(cell->lattice, height);
    for (int k = 0; k < 3; k++)
        reach[k] = cell->pbc[k] ? (int)ceil(6.0 / height[k]) + 3 : 0;
}

static void fast_soap_equals_the_triple_loop_on_200_cells(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    const int species[2] = {8, 12};
    CHECK_OK(skd_rng_new(&rng, 2024, &err));
    for (int round = 0; round < 200; round++) {
        skd_cell *cell = random_cell(rng, round);
        skd_soap_options o = {.r_cut = uniform(rng, 2.2, 3.4),
                              .n_max = 1 + (int)skd_rng_below(rng, 0, 5),
                              .l_max = (int)skd_rng_below(rng, 0, 6),
                              .sigma = uniform(rng, 0.35, 0.7),
                              .cutoff = round % 2 ? SKD_SOAP_CUTOFF_HARD : SKD_SOAP_CUTOFF_SMOOTH};
        int reach[3];
        size_t size;
        generous_reach(cell, reach);
        double *fast = spectra_of(&o, cell, species, 2, &size), *plain = skd_alloc(size, sizeof *plain);
        CHECK(plain);
        plain_soap(&o, cell, cell->pos[cell->n - 1], species, 2, reach, plain);
        double off = relative_difference(fast + (cell->n - 1) * size, plain, size);
        if (!(off < 1e-8))
            print_error("cell %d: off by %g\n", round, off);
        CHECK(off < 1e-8);
        skd_free(plain);
        skd_free(fast);
        skd_cell_free(cell);
    }
    skd_rng_free(rng);
}

static const skd_soap_options modes[] = {
    {.r_cut = 4.2, .n_max = 6, .l_max = 5, .sigma = 0.6, .cutoff = SKD_SOAP_CUTOFF_HARD},
    {.r_cut = 5.0, .n_max = 10, .l_max = 10, .sigma = 1.0, .cutoff = SKD_SOAP_CUTOFF_SMOOTH}};

/* The second half of the rotation is improper: spectra do not see handedness either. */
static void spectra_ignore_translation_rotation_and_order(void **state) {
    (void)state;
    static const double turn[3][3] = {{0.36, 0.48, -0.8}, {-0.8, 0.6, 0.0}, {0.48, 0.64, 0.6}};
    static const size_t order[8] = {5, 0, 7, 2, 1, 6, 4, 3};
    const int species[2] = {12, 8};
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 5, &err));
    for (size_t mode = 0; mode < 2; mode++) {
        skd_cell *cell = block_of_eight(rng), *moved;
        size_t size;
        double *before = spectra_of(&modes[mode], cell, species, 2, &size);
        CHECK_OK(skd_cell_pick(&moved, cell, order, 8, &err));
        for (size_t i = 0; i < 8; i++) {
            double r[3];
            for (int k = 0; k < 3; k++)
                r[k] = moved->pos[i][k] + 3.17 * (k - 0.7) + 2 * moved->lattice[i % 3][k];
            skd_row_times(r, turn, moved->pos[i]);
        }
        for (int k = 0; k < 3; k++)
            skd_row_times(cell->lattice[k], turn, moved->lattice[k]);
        double *after = spectra_of(&modes[mode], moved, species, 2, &size);
        for (size_t i = 0; i < 8; i++)
            CHECK(relative_difference(after + i * size, before + order[i] * size, size) < 1e-12);
        skd_free(before);
        skd_free(after);
        skd_cell_free(moved);
        skd_cell_free(cell);
    }
    skd_rng_free(rng);
}

static void spectra_ignore_the_choice_of_supercell(void **state) {
    (void)state;
    const int species[2] = {12, 8};
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 6, &err));
    skd_cell *cell = block_of_eight(rng), *twice;
    CHECK_OK(skd_cell_new(&twice, 16, &err));
    for (int k = 0; k < 3; k++) {
        twice->lattice[0][k] = 2 * cell->lattice[0][k];
        twice->lattice[1][k] = cell->lattice[1][k] + cell->lattice[0][k];
        twice->lattice[2][k] = cell->lattice[2][k];
    }
    for (size_t i = 0; i < 16; i++) {
        twice->species[i] = cell->species[i % 8];
        for (int k = 0; k < 3; k++)
            twice->pos[i][k] = cell->pos[i % 8][k] + (i >= 8 ? cell->lattice[0][k] : 0.0);
    }
    size_t size;
    for (size_t mode = 0; mode < 2; mode++) {
        double *a = spectra_of(&modes[mode], cell, species, 2, &size);
        double *b = spectra_of(&modes[mode], twice, species, 2, &size);
        for (size_t i = 0; i < 16; i++)
            CHECK(relative_difference(b + i * size, a + i % 8 * size, size) < 1e-12);
        skd_free(a);
        skd_free(b);
    }
    skd_cell_free(twice);
    skd_cell_free(cell);
    skd_rng_free(rng);
}

/* An atom that crosses r_cut: with the smooth weight its trace dies as the 4th power of the distance to
 * r_cut, so 2e-2 Å inside it is below 1e-8 of the spectrum. */
static void smooth_spectra_do_not_jump_at_the_cutoff(void **state) {
    (void)state;
    skd_error err;
    skd_soap *soap;
    skd_soap_work *work;
    skd_cell *cell;
    const int z = 14;
    CHECK_OK(skd_cell_new(&cell, 2, &err));
    memset(cell->pbc, 0, sizeof cell->pbc);
    cell->species[0] = cell->species[1] = z;
    CHECK_OK(skd_soap_new(&soap, &modes[1], &z, 1, &err));
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    size_t size = skd_soap_size(soap);
    double *s = skd_alloc(3 * size, sizeof *s), off[2];
    CHECK(s);
    static const double distance[3] = {5.0000001, 4.98, 4.96};
    for (size_t i = 0; i < 3; i++) {
        cell->pos[1][2] = distance[i];
        CHECK_OK(skd_soap_at(soap, cell, (const double(*)[3])cell->pos, 1, work, s + i * size, &err));
    }
    for (size_t i = 0; i < 2; i++)
        off[i] = relative_difference(s + (i + 1) * size, s, size);
    CHECK(off[0] > 0.0 && off[0] < 1e-8);
    CHECK_CLOSE(off[1] / off[0], 16.0, 0, 0.05); /* (0.04/0.02)^4 */
    skd_free(s);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    skd_cell_free(cell);
}

/* dscribe 2.1.2, SOAP(species=[8, 12], r_cut=4.2, n_max=3, l_max=2, sigma=0.7, periodic=True), hard or with
 * weighting={"function": "poly", "r0": 4.2, "c": 1, "m": 2}; cell as in dscribe_cell, point = atom 3 */
static const double golden[2][63] = {
#include "golden/soap_dscribe.inc"
};

static skd_cell *dscribe_cell(void) {
    static const double lattice[3][3] = {{3.9, 0.2, 0.1}, {-0.7, 4.3, 0.0}, {0.5, 0.9, 5.1}};
    static const double position[3][3] = {{0.11, 0.23, 0.07}, {1.87, 2.05, 0.66}, {2.31, 0.42, 2.93}};
    static const int species[3] = {12, 8, 8};
    skd_cell *cell;
    skd_error err;
    CHECK_OK(skd_cell_new(&cell, 3, &err));
    memcpy(cell->lattice, lattice, sizeof lattice);
    memcpy(cell->pos, position, sizeof position);
    memcpy(cell->species, species, sizeof species);
    return cell;
}

static void spectra_equal_those_of_dscribe(void **state) {
    (void)state;
    const int species[2] = {12, 8};
    skd_cell *cell = dscribe_cell();
    for (int cutoff = 0; cutoff < 2; cutoff++) {
        skd_soap_options o = {.r_cut = 4.2, .n_max = 3, .l_max = 2, .sigma = 0.7, .cutoff = cutoff};
        size_t size;
        double *s = spectra_of(&o, cell, species, 2, &size);
        CHECK_INT(size, 63);
        CHECK(relative_difference(s + 2 * size, golden[cutoff], size) < 1e-9);
        skd_free(s);
    }
    skd_cell_free(cell);
}

/* ---- refusals ---------------------------------------------------------------------------- */

static const struct { skd_soap_options options; int species; const char *words; } refused[] = {
    {{0.9, 4, 4, 1.0, 0, NULL}, 14, "r_cut is 0.9"},   {{5.0, 0, 4, 1.0, 0, NULL}, 14, "n_max is 0"},
    {{5.0, 21, 4, 1.0, 0, NULL}, 14, "n_max is 21"},   {{5.0, 4, 21, 1.0, 0, NULL}, 14, "l_max is 21"},
    {{5.0, 4, -1, 1.0, 0, NULL}, 14, "l_max is -1"},   {{5.0, 4, 4, 0.0, 0, NULL}, 14, "sigma is 0"},
    {{5.0, 4, 4, 1.0, 7, NULL}, 14, "cut-off mode 7"}, {{5.0, 4, 4, 1.0, 0, NULL}, 119, "atomic number 119"},
    {{(double)NAN, 4, 4, 1.0, 0, NULL}, 14, "r_cut"}};

static void impossible_options_are_refused(void **state) {
    (void)state;
    skd_error err;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        skd_soap *soap;
        CHECK_FAILS(skd_soap_new(&soap, &refused[i].options, &refused[i].species, 1, &err), SKD_EARG,
                    refused[i].words);
        CHECK(!soap);
    }
}

static void an_element_outside_the_list_is_named(void **state) {
    (void)state;
    skd_error err;
    skd_soap *soap;
    skd_soap_work *work;
    const int species[2] = {12, 12};
    double s[6];
    skd_cell *cell = dscribe_cell();
    skd_soap_options o = {.r_cut = 4.2, .n_max = 3, .l_max = 0, .sigma = 0.7, .cutoff = 0};
    CHECK_OK(skd_soap_new(&soap, &o, species, 2, &err));
    CHECK_INT(skd_soap_size(soap), 6); /* an element named twice is one element */
    CHECK_OK(skd_soap_work_new(&work, soap, &err));
    CHECK_FAILS(skd_soap_at(soap, cell, (const double(*)[3])cell->pos, 1, work, s, &err), SKD_EARG,
                "atom 2 has atomic number 8");
    skd_soap_work_free(work);
    skd_soap_free(soap);
    skd_cell_free(cell);
}

#ifdef SKD_TORTURE
static skd_status whole_life(const skd_cell *cell, skd_error *err) {
    const int species[2] = {12, 8};
    skd_soap_options o = {.r_cut = 3.2, .n_max = 2, .l_max = 1, .sigma = 0.7, .cutoff = 0};
    skd_soap *soap = NULL;
    skd_soap_work *work = NULL;
    skd_fingerprint f = {.n = 0};
    double distance;
    skd_status status = skd_soap_new(&soap, &o, species, 2, err);
    if (status == SKD_OK)
        status = skd_soap_work_new(&work, soap, err);
    if (status == SKD_OK)
        status = skd_fingerprint_make(&f, soap, cell, cell->pos[0], 0.0, work, err);
    if (status == SKD_OK)
        status = skd_fingerprint_distance(&f, &f, &distance, err);
    skd_fingerprint_free(&f);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    return status;
}

static void every_lost_allocation_is_reported(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = dscribe_cell();
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = whole_life(cell, &err);
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        CHECK(k < 1000);
    }
    skd_alloc_fail_at = -1;
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmonics_equal_those_of_gsl),
        cmocka_unit_test(solid_harmonics_scale_as_a_power_of_the_length),
        cmocka_unit_test(radial_part_equals_quadrature),
        cmocka_unit_test(many_radial_functions_span_the_density),
        cmocka_unit_test(a_basis_that_is_not_independent_is_refused),
        cmocka_unit_test(fast_soap_equals_the_triple_loop_on_200_cells),
        cmocka_unit_test(spectra_ignore_translation_rotation_and_order),
        cmocka_unit_test(spectra_ignore_the_choice_of_supercell),
        cmocka_unit_test(smooth_spectra_do_not_jump_at_the_cutoff),
        cmocka_unit_test(spectra_equal_those_of_dscribe),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(an_element_outside_the_list_is_named),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_lost_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
