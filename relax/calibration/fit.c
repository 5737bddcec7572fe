/* SPDX-License-Identifier: MIT */
/* fit.c - the coefficients of a calibration: for each exponent and scale one solution of
 *     (X^T X + K / scale^2) a = X^T y,    K_st = k(s, t),
 * with each eighth of the frames left out in turn; the choice of least error is then fitted to all frames. */
#include <string.h>

#include "lapack.h"
#include "rows.h"

#define JITTER 1e-9 /* of K's diagonal, which is 1 */

#define FOLDS  8    /* parts of the frames, left out in turn */

static const double zetas[ZETAS] = {4.0, 8.0, 16.0};
static const double scales[] = {0.1, 1.0, 3.0, 10.0, 30.0}; /* eV */
#define N_SCALES (sizeof scales / sizeof *scales)

typedef struct regression {
    skd_calibration *c;
    const skd_label *label;
    size_t n;               /* labels */
    calibration_rows *rows; /* [n + 1], the last the host's */
    double zeta[ZETAS];
    double *normal, *right; /* [n + 1][columns^2], [n + 1][columns] of each block, one exponent */
    double *kernel;         /* [c->n][c->n] cosines */
    double *a, *b;          /* scratch of a solution */
} regression;

/* A solution's settings. */
typedef struct setting {
    size_t zeta;
    double scale;
} setting;

static void regression_free(regression *r) {
    for (size_t f = 0; r->rows && f <= r->n; f++)
        calibration_rows_free(&r->rows[f]);
    void *all[] = {r->rows, r->normal, r->right, r->kernel, r->a, r->b};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        skd_free(all[k]);
}

static void fill_kernel(regression *r) {
    const skd_calibration *c = r->c;
    const size_t m = calibration_width(c->features);
    for (size_t slot = 0; slot < c->features->n_species; slot++)
        for (size_t s = c->first[slot]; s < c->first[slot + 1]; s++)
            for (size_t t = c->first[slot]; t <= s; t++) {
                double dot = 0.0;
                for (size_t k = 0; k < m; k++)
                    dot += c->reference[s * m + k] * c->reference[t * m + k];
                r->kernel[s * c->n + t] = r->kernel[t * c->n + s] = fmax(dot, 0.0);
            }
}

static skd_status regression_new(regression *r, const skd_calibration_options *options, skd_error *err) {
    const size_t columns = r->c->n + 1;
    skd_features_work *work = NULL;
    r->rows = skd_alloc(r->n + 1, sizeof *r->rows);
    r->normal = skd_alloc((r->n + 1) * columns * columns, sizeof *r->normal);
    r->right = skd_alloc((r->n + 1) * columns, sizeof *r->right);
    r->kernel = skd_alloc(r->c->n * r->c->n, sizeof *r->kernel);
    r->a = skd_alloc(columns * columns, sizeof *r->a);
    r->b = skd_alloc(columns, sizeof *r->b);
    if (!r->rows || !r->normal || !r->right || !r->kernel || !r->a || !r->b)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a calibration of %zu environments", r->c->n);
    for (size_t k = 0; k < ZETAS; k++)
        r->zeta[k] = zetas[k] >= options->zeta_min ? zetas[k] : 0.0;
    fill_kernel(r);
    skd_status status = skd_features_work_new(&work, r->c->features, err);
    for (size_t f = 0; f < r->n && status == SKD_OK; f++)
        status = calibration_rows_fill(&r->rows[f], r->c, &r->label[f], options, r->zeta, work, err);
    if (status == SKD_OK)
        status = calibration_rows_host(&r->rows[r->n], r->c, r->zeta, err);
    skd_features_work_free(work);
    return status;
}

/* X^T X and X^T y of every block, for one exponent. */
static void sum_blocks(regression *r, size_t zeta) {
    const int columns = (int)r->c->n + 1, unit = 1;
    const double one = 1.0, zero = 0.0;
    for (size_t f = 0; f <= r->n; f++) {
        const calibration_rows *rows = &r->rows[f];
        const int n = (int)rows->n;
        double *normal = r->normal + f * rows->columns * rows->columns, *right = r->right + f * rows->columns;
        dsyrk_("L", "N", &columns, &n, &one, rows->x[zeta], &columns, &zero, normal, &columns);
        dgemv_("N", &columns, &n, &one, rows->x[zeta], &columns, rows->y, &unit, &zero, right, &unit);
    }
}

/* Coefficients in r->b, without part `without` of the frames (FOLDS: of all); false if there are none. */
static bool solve(regression *r, const setting *s, size_t without) {
    const size_t n = r->c->n + 1;
    const int size = (int)n, unit = 1;
    int info = 0;
    memset(r->a, 0, n * n * sizeof *r->a);
    memset(r->b, 0, n * sizeof *r->b);
    for (size_t f = 0; f <= r->n; f++) {
        const double *normal = r->normal + f * n * n, *right = r->right + f * n;
        if (f < r->n && f % FOLDS == without)
            continue;
        for (size_t p = 0; p < n; p++) {
            r->b[p] += right[p];
            for (size_t q = p; q < n; q++) /* lower triangle, column-major */
                r->a[p * n + q] += normal[p * n + q];
        }
    }
    for (size_t p = 0; p + 1 < n; p++)
        for (size_t q = p; q + 1 < n; q++) {
            const double dot = r->kernel[p * r->c->n + q];
            r->a[p * n + q] += (pow(dot, r->zeta[s->zeta]) + (p == q ? JITTER : 0.0)) / (s->scale * s->scale);
        }
    dpotrf_("L", &size, r->a, &size, &info);
    if (info == 0)
        dpotrs_("L", &size, &unit, r->a, &size, r->b, &size, &info);
    return info == 0;
}

typedef struct errors {
    double force, stress, energy, energy_mean;
    double n_force, n_stress, n_energy;
} errors;

/* What the coefficients in r->b (NULL: none) leave of one frame, added up. */
static void add_errors(errors *e, const regression *r, const setting *s, size_t f, bool predicts) {
    const calibration_rows *rows = &r->rows[f];
    const double atoms = (double)r->label[f].cell->n, volume = skd_cell_volume(r->label[f].cell);
    for (size_t k = 0; k < rows->n; k++) {
        double left = rows->y[k];
        for (size_t p = 0; p < rows->columns && predicts; p++)
            left -= rows->x[s->zeta][k * rows->columns + p] * r->b[p];
        if (!isfinite(rows->sigma[k]))
            continue;
        left *= rows->sigma[k];
        if (k + 7 < rows->n) {
            e->force += left * left;
            e->n_force += 1.0;
        } else if (k + 1 < rows->n) {
            e->stress += left * left / (volume * volume);
            e->n_stress += 1.0;
        } else { /* about their mean (B. P. Welford, Technometrics 4, 419 (1962)) */
            const double before = left / atoms - e->energy_mean;
            e->n_energy += 1.0;
            e->energy_mean += before / e->n_energy;
            e->energy += before * (left / atoms - e->energy_mean);
        }
    }
}

static double root(double square, double n) { return n > 0.0 ? sqrt(square / n) : 0.0; }

/* Errors with each part of the frames left out. */
static bool leave_out(errors *e, regression *r, const setting *s) {
    *e = (errors){0};
    for (size_t part = 0; part < FOLDS && part < r->n; part++) {
        if (!solve(r, s, part))
            return false;
        for (size_t f = part; f < r->n; f += FOLDS)
            add_errors(e, r, s, f, true);
    }
    return true;
}

static void report_errors(skd_calibration_report *report, const errors *before, const errors *after) {
    report->force_before = root(before->force, before->n_force);
    report->stress_before = root(before->stress, before->n_stress);
    report->energy_before = root(before->energy, before->n_energy);
    report->force_after = root(after->force, after->n_force);
    report->stress_after = root(after->stress, after->n_stress);
    report->energy_after = root(after->energy, after->n_energy);
}

/* Tries all settings; the best in *best. */
static bool choose(regression *r, setting *best, errors *least) {
    bool found = false;
    for (size_t z = 0; z < ZETAS; z++) {
        if (r->zeta[z] == 0.0)
            continue;
        sum_blocks(r, z);
        for (size_t q = 0; q < N_SCALES; q++) {
            const setting s = {.zeta = z, .scale = scales[q]};
            errors e;
            if (!leave_out(&e, r, &s) || (found && !(e.force < least->force)))
                continue;
            *least = e;
            *best = s;
            found = true;
        }
    }
    if (found)
        sum_blocks(r, best->zeta);
    return found;
}

static skd_status regress(skd_calibration *c, const skd_label *label, size_t n,
                          const skd_calibration_options *options, skd_calibration_report *report, skd_error *err) {
    regression r = {.c = c, .label = label, .n = n};
    setting best = {0};
    errors before = {0}, after = {0};
    skd_status status = regression_new(&r, options, err);
    if (status == SKD_OK && (!choose(&r, &best, &after) || !solve(&r, &best, FOLDS)))
        status = skd_fail(err, SKD_ENUMERIC, "calibration: no fit has a solution");
    if (status == SKD_OK) {
        for (size_t f = 0; f < n; f++)
            add_errors(&before, &r, &best, f, false);
        memcpy(c->a, r.b, c->n * sizeof *c->a);
        c->zeta = r.zeta[best.zeta];
        *report = (skd_calibration_report){
            .n_frames = n, .n_reference = c->n, .zeta = c->zeta, .scale = best.scale};
        report_errors(report, &before, &after);
    }
    regression_free(&r);
    return status;
}

/* ---- the object -------------------------------------------------------------------------------- */

static skd_status check_labels(const skd_cell *host, const skd_label *label, size_t n, skd_error *err) {
    int own[SKD_ELEMENT_MAX], other[SKD_ELEMENT_MAX];
    const size_t n_own = skd_cell_species(host, own);
    if (n < 3)
        return skd_fail(err, SKD_EARG, "calibration: %zu labelled frames of the host; expected 3 at least", n);
    for (size_t f = 0; f < n; f++) {
        bool finite = isfinite(label[f].energy);
        if (skd_cell_species(label[f].cell, other) != n_own || memcmp(own, other, n_own * sizeof *own) != 0)
            return skd_fail(err, SKD_EARG, "calibration: frame %zu is not of the host's elements", f + 1);
        for (size_t i = 0; i < 3 * label[f].cell->n; i++)
            finite = finite && isfinite(label[f].force[i / 3][i % 3]);
        if (!finite || !label[f].base)
            return skd_fail(err, SKD_EARG, "calibration: frame %zu has no finite energy and forces at both levels",
                            f + 1);
    }
    return SKD_OK;
}

static skd_status describe(skd_calibration *c, const skd_cell *host, const skd_label *label, size_t n, size_t most,
                           skd_error *err) {
    skd_features_work *work = NULL;
    surroundings *of = skd_alloc(n + 1, sizeof *of);
    skd_status status = of ? skd_features_work_new(&work, c->features, err)
                           : skd_fail(err, SKD_ENOMEM, "out of memory for the surroundings of %zu cells", n + 1);
    for (size_t f = 0; f <= n && status == SKD_OK; f++)
        status = surroundings_of(&of[f], c->features, f ? label[f - 1].cell : host, work, err);
    if (status == SKD_OK)
        status = calibration_set_sites(c, host, work, err);
    if (status == SKD_OK)
        status = calibration_choose(c, of, n + 1, most, err);
    for (size_t f = 0; of && f <= n; f++)
        surroundings_free(&of[f]);
    skd_free(of);
    skd_features_work_free(work);
    return status;
}

skd_status skd_calibration_fit(skd_calibration **out, const skd_cell *host, const skd_label *label, size_t n,
                               const skd_calibration_options *options, skd_calibration_report *report,
                               skd_error *err) {
    skd_calibration *c = NULL;
    int species[SKD_ELEMENT_MAX];
    skd_calibration_report said;
    *out = NULL;
    skd_status status = check_labels(host, label, n, err);
    if (status == SKD_OK && (options->most < 1 || !(options->force_noise > 0.0) || !(options->energy_noise > 0.0)))
        status = skd_fail(err, SKD_EARG, "calibration: noises and the number of references must be above 0");
    if (status == SKD_OK)
        status = calibration_new(&c, &options->features, host, options->most * skd_cell_species(host, species), err);
    if (status == SKD_OK)
        status = describe(c, host, label, n, options->most, err);
    if (status == SKD_OK)
        status = regress(c, label, n, options, &said, err);
    if (status != SKD_OK) {
        skd_calibration_free(c);
        return status;
    }
    if (report)
        *report = said;
    *out = c;
    return SKD_OK;
}
