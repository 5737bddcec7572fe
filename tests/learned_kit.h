/* SPDX-License-Identifier: MIT */
/* learned_kit.h - what the tests of the surrogate's descriptor share: a descriptor with weights, crude cells, central
 * differences, and radial functions of a plain implementation that knows no Bessel functions. */
#ifndef SKD_TESTS_LEARNED_KIT_H
#define SKD_TESTS_LEARNED_KIT_H

#include "check.h"

#include "shakedown/learned.h"

#define PI 3.14159265358979323846

/* Everything that an evaluation needs, with fixed weights of either sign. */
typedef struct kit {
    skd_features *features;
    skd_features_work *work;
    size_t m;
    double *w;
} kit;

static inline double noise(size_t k) {
    double x = 43758.5453 * sin(12.9898 * (double)k + 1.0);
    return x - floor(x) - 0.5;
}

static inline kit open_kit_of(const int *species, size_t n, int body) {
    skd_features_options options = SKD_FEATURES_DEFAULT;
    options.cutoff = 5.0;
    options.taper = 1.5;
    options.width = 0.4;
    options.body = body;
    options.n_triplet = 3;
    options.near = 0.83;
    skd_error err;
    kit k = {0};
    CHECK_OK(skd_features_new(&k.features, &options, species, n, &err));
    CHECK_OK(skd_features_work_new(&k.work, k.features, &err));
    k.m = skd_features_count(k.features);
    k.w = skd_alloc(k.m, sizeof *k.w);
    assert_non_null(k.w);
    for (size_t i = 0; i < k.m; i++)
        k.w[i] = 0.5 * noise(i);
    return k;
}

static inline kit open_kit(const int *species, size_t n) { return open_kit_of(species, n, 3); }

static inline void close_kit(kit *k) {
    skd_free(k->w);
    skd_features_work_free(k->work);
    skd_features_free(k->features);
}

/* Rock salt with every atom off its place; species in turn. edge: of the cube of eight. */
static inline skd_cell *salt(double edge, int repeat, const int *species, size_t n_species) {
    static const double at[8][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1},
                                    {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}};
    skd_error err;
    skd_cell *cell;
    size_t n = 0;
    CHECK_OK(skd_cell_new(&cell, 8 * (size_t)repeat, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = edge * (k == 0 ? repeat : 1);
    cell->lattice[1][0] = 0.3;
    for (int r = 0; r < repeat; r++)
        for (int i = 0; i < 8; i++, n++) {
            for (int k = 0; k < 3; k++)
                cell->pos[n][k] = 0.5 * edge * (at[i][k] + (k == 0 ? 2 * r : 0)) + 0.5 * noise(3 * n + (size_t)k);
            cell->species[n] = species[n % n_species];
        }
    return cell;
}

static inline skd_result *evaluate(const kit *k, const skd_cell *cell) {
    skd_error err;
    skd_result *result;
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_OK(skd_features_apply(k->features, k->w, cell, SKD_WANT_STRESS, k->work, result, NULL, &err));
    return result;
}

static inline double energy_of(const kit *k, const skd_cell *cell) {
    skd_result *result = evaluate(k, cell);
    double energy = result->energy;
    skd_result_free(result);
    return energy;
}

/* ---- a plain implementation ------------------------------------------------------------------------------ */

enum { N = 7, L = 4, NEAR = 6, STEPS = 600 };

static inline double legendre(int l, double x) {
    double before = 1.0, last = x;
    for (int k = 2; k <= l; k++) {
        double next = ((2.0 * k - 1.0) * x * last - (k - 1.0) * before) / k;
        before = last;
        last = next;
    }
    return l == 0 ? 1.0 : last;
}

static inline double simpson(int i) { return i == 0 || i == STEPS ? 1.0 / 3.0 : i % 2 ? 4.0 / 3.0 : 2.0 / 3.0; }

/* g[n][l]: int g_n(r) [2 pi int Gaussian(|r - R|) P_l(u) du] r^2 dr, times the taper, all by Simpson's rule. */
static inline void plain_radial(double R, double width, double cutoff, double taper, double g[N][L + 1]) {
    double norm = 2.0 * PI / pow(2.0 * PI * width * width, 1.5), dr = cutoff / STEPS, dv = sqrt(2.0) / STEPS;
    double x = fmax(0.0, (R - cutoff + taper) / taper), fade = 1.0 + x * x * x * (-10.0 + x * (15.0 - 6.0 * x));
    memset(g, 0, sizeof(double[N][L + 1]));
    for (int i = 1; i <= STEPS; i++) {
        double r = i * dr, angular[L + 1] = {0};
        for (int j = 0; j <= STEPS; j++) {
            double v = j * dv, u = 1.0 - v * v, d2 = r * r + R * R - 2.0 * r * R * u; /* du = 2 v dv */
            double amount = simpson(j) * 2.0 * v * dv * norm * exp(-0.5 * d2 / (width * width));
            for (int l = 0; l <= L; l++)
                angular[l] += amount * legendre(l, u);
        }
        for (int n = 0; n < N; n++)
            for (int l = 0; l <= L; l++)
                g[n][l] += fade * simpson(i) * dr * r * sqrt(2.0 / cutoff) * sin((n + 1) * PI * r / cutoff) *
                           angular[l];
    }
}

/* got = constant . want within the tolerance, relative to the largest; the constant is positive. */
static inline void check_proportional(const double *got, const double *want, size_t n, double tolerance) {
    double both = 0.0, square = 0.0, largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        both += got[i] * want[i];
        square += want[i] * want[i];
        largest = fmax(largest, fabs(got[i]));
    }
    CHECK(both > 0.0 && largest > 0.0);
    for (size_t i = 0; i < n; i++)
        CHECK_CLOSE(got[i], both / square * want[i], tolerance * largest, 0.0);
}

/* ---- derivatives ----------------------------------------------------------------------------------------- */

static inline void check_forces(const kit *k, skd_cell *cell, size_t every) {
    const double h = 2e-5;
    skd_result *result = evaluate(k, cell);
    double largest = 0.0;
    for (size_t i = 0; i < cell->n; i += every)
        for (int c = 0; c < 3; c++) {
            double at = cell->pos[i][c];
            cell->pos[i][c] = at + h;
            double up = energy_of(k, cell);
            cell->pos[i][c] = at - h;
            double down = energy_of(k, cell);
            cell->pos[i][c] = at;
            CHECK_CLOSE(result->force[i][c], (down - up) / (2.0 * h), 1e-7, 0.0);
            largest = fmax(largest, fabs(result->force[i][c]));
        }
    CHECK(largest > 1e-2);
    skd_result_free(result);
}

static inline double strained_energy(const kit *k, const skd_cell *cell, int a, int b, double amount) {
    skd_error err;
    skd_cell *moved;
    CHECK_OK(skd_cell_copy(&moved, cell, &err));
    for (size_t i = 0; i < cell->n; i++)
        moved->pos[i][b] += amount * cell->pos[i][a];
    for (int r = 0; r < 3; r++)
        moved->lattice[r][b] += amount * cell->lattice[r][a];
    double energy = energy_of(k, moved);
    skd_cell_free(moved);
    return energy;
}

static inline void check_stress(const kit *k, const skd_cell *cell) {
    const double h = 2e-5;
    double volume = skd_cell_volume(cell);
    skd_result *result = evaluate(k, cell);
    CHECK(result->has_stress);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double slope = strained_energy(k, cell, a, b, h) - strained_energy(k, cell, a, b, -h);
            CHECK_CLOSE(result->stress[a][b], slope / (2.0 * h * volume), 1e-7, 0.0);
        }
    skd_result_free(result);
}

static inline double row_times(const double *row, const double *w, size_t m) {
    double sum = 0.0;
    for (size_t i = 0; i < m; i++)
        sum += row[i] * w[i];
    return sum;
}

static inline void check_design(const kit *k, const skd_cell *cell) {
    skd_error err;
    skd_design *design;
    skd_result *result;
    double *row = skd_alloc(k->m, sizeof *row);
    assert_non_null(row);
    CHECK_OK(skd_design_new(&design, cell->n, k->m, &err));
    CHECK_OK(skd_design_fill(design, k->features, cell, k->work, &err));
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_OK(skd_features_apply(k->features, k->w, cell, SKD_WANT_STRESS, k->work, result, row, &err));
    CHECK_CLOSE(row_times(design->energy, k->w, k->m), result->energy, 1e-10, 0.0);
    for (size_t i = 0; i < k->m; i++)
        CHECK_CLOSE(row[i], design->energy[i], 1e-12, 1e-12);
    for (size_t i = 0; i < 3 * cell->n; i++)
        CHECK_CLOSE(row_times(design->force + i * k->m, k->w, k->m), result->force[i / 3][i % 3], 1e-10, 0.0);
    double volume = skd_cell_volume(cell);
    for (size_t i = 0; i < 9; i++) {
        double strain = row_times(design->strain + i * k->m, k->w, k->m);
        CHECK_CLOSE(strain, volume * result->stress[i / 3][i % 3], 1e-10, 0.0);
    }
    skd_free(row);
    skd_result_free(result);
    skd_design_free(design);
}

static inline void turn(double v[3]) {
    static const double axis[3] = {2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0};
    double across[3], along = skd_dot(axis, v), c = cos(1.1), s = sin(1.1);
    skd_cross(axis, v, across);
    for (int k = 0; k < 3; k++)
        v[k] = c * v[k] + s * across[k] + (1.0 - c) * along * axis[k];
}

#ifdef SKD_TORTURE
static inline skd_status all_at_once(const skd_features_options *options, const int *species, const skd_cell *cell,
                                     skd_error *err) {
    skd_features *features = NULL;
    skd_features_work *work = NULL;
    skd_design *design = NULL;
    skd_result *result = NULL;
    double w[200] = {0};
    skd_status status = skd_features_new(&features, options, species, 2, err);
    if (status == SKD_OK)
        status = skd_features_work_new(&work, features, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, cell->n, err);
    if (status == SKD_OK)
        status = skd_features_apply(features, w, cell, 0, work, result, NULL, err);
    if (status == SKD_OK)
        status = skd_design_new(&design, cell->n, skd_features_count(features), err);
    if (status == SKD_OK)
        status = skd_design_fill(design, features, cell, work, err);
    skd_design_free(design);
    skd_result_free(result);
    skd_features_work_free(work);
    skd_features_free(features);
    return status;
}

/* A descriptor made and used, each of its allocations failing in turn. */
static inline void fail_every_allocation(const skd_features_options *options) {
    static const int species[] = {48, 52};
    skd_cell *cell = salt(5.8, 1, species, 2);
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_error err = {SKD_OK, ""};
        skd_alloc_fail_at = k;
        status = all_at_once(options, species, cell, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && err.text[0] && k < 500));
    }
    skd_cell_free(cell);
}
#endif

#endif
