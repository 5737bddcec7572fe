/* SPDX-License-Identifier: MIT */
/* left_out.c - leave-one-frame-out errors without a refit.
 *
 * With P = R C R^T, the posterior covariance of one frame's whitened rows at beta = 1, and r their residuals, the
 * residuals of the fit without that frame are (1 - P)^-1 r and their covariance from the weights (1 - P)^-1 - 1
 * (R. D. Cook and S. Weisberg, Residuals and Influence in Regression (1982), sec. 3.2, for blocks). The ridge, the
 * noise and the reference energies are those of the whole fit. */
#include "left_out.h"

#include <stdlib.h>
#include <string.h>

#include "lapack.h"

#define JUDGED_MAX    32  /* frames left out in turn; of more, so many evenly spread: each costs as much as its rows */
#define SCALE_MIN     1.0
#define SCALE_MAX     6.0
#define SCALE_LABELS  4.0 /* labels that the expected scale counts for */
#define ENERGY_SCALE  2.0 /* typical, as measured on V_Cd in CdTe: 1.6-2.4 */
#define FORCE_SCALE   2.8 /* 2-3.6 */

/* Of one frame, in eV and eV/Å. */
typedef struct outcome {
    double energy, energy_deviation; /* left out; deviation at beta of the fit, raw */
    double force, force_deviation;   /* root mean squares a component               */
    double energy_in, force_in;      /* with the frame in the fit                   */
    bool has_energy;                 /* are there other labels of its group?        */
} outcome;

/* ---- statistics ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double left_out_scale(double *z, size_t n, double expected) {
    double sum = SCALE_LABELS * expected * expected;
    for (size_t i = 0; i < n; i++)
        z[i] = z[i] * z[i];
    qsort(z, n, sizeof *z, by_value);
    double most = n ? 9.0 * z[n / 2] / 0.4549 : 0.0; /* three deviations by the median of chi^2 with 1 degree */
    for (size_t i = 0; i < n; i++)
        sum += fmin(z[i], most);
    return fmin(fmax(sqrt(sum / (SCALE_LABELS + (double)n)), SCALE_MIN), SCALE_MAX);
}

static void ranks(const double *a, size_t n, double *rank) {
    for (size_t i = 0; i < n; i++) {
        rank[i] = 0.0;
        for (size_t j = 0; j < n; j++)
            rank[i] += a[j] < a[i] ? 1.0 : a[j] == a[i] ? 0.5 : 0.0;
    }
}

double left_out_spearman(const double *a, const double *b, size_t n, double *scratch) {
    double *x = scratch, *y = scratch + n, xx = 0.0, yy = 0.0, xy = 0.0, mean = 0.5 * (double)n;
    ranks(a, n, x);
    ranks(b, n, y);
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
        xy += (x[i] - mean) * (y[i] - mean);
    }
    return n < 3 || !(xx * yy > 0.0) ? 0.0 : xy / sqrt(xx * yy);
}

/* ---- one frame -------------------------------------------------------------------------------- */

/* Rows of another charge count less. */
static void weigh(fit_block *b, double weight) {
    const double root = sqrt(weight);
    for (size_t r = 0; r < b->rows && weight != 1.0; r++) {
        b->sigma[r] /= root;
        b->y[r] *= root;
        for (size_t j = 0; j < b->m; j++)
            b->x[r * b->m + j] *= root;
    }
}

/* Completes the block with the energy's row (x - H^T z) / sigma and turns y into residuals. z: [k] */
static void residuals(const skd_model *model, const skd_fit *fit, const fit_frame *frame, fit_block *b, double *z) {
    const size_t m = model->m;
    const double weight = fit_weight(fit, frame->charge, model->charge);
    double *row = b->x, sigma = fit_frame_noise(fit, frame) / sqrt(weight), energy = fit_frame_energy(frame);
    weigh(b, weight);
    memcpy(row, frame->row, m * sizeof *row);
    memset(z, 0, model->k * sizeof *z);
    memcpy(z, fit->group[frame->group].count, model->n_species * sizeof *z);
    z[model->n_species + frame->group] = 1.0;
    for (size_t a = 0; a < model->k; a++) {
        energy -= z[a] * (model->c[a] + (a < model->n_species ? model->reference[a] : 0.0));
        z[a] /= sigma;
    }
    b->y[0] = energy / sigma;
    b->sigma[0] = sigma;
    for (size_t j = 0; j < m; j++)
        row[j] /= sigma;
    for (size_t r = 0; r < b->rows; r++)
        for (size_t j = 0; j < m; j++)
            b->y[r] -= b->x[r * m + j] * model->w[j];
    for (size_t a = 0; a < model->k; a++)
        for (size_t j = 0; j < m && z[a] != 0.0; j++)
            row[j] -= z[a] * model->h[a * m + j];
}

/* Below it, a row is known from this frame alone: nothing is left that could say how wrong it is. */
#define LEAST_LEFT 1e-9

/* 1 - P, lower triangle; destroys the block's rows. */
static void one_less_leverage(const skd_model *model, fit_block *b, const double *z, double *v) {
    const double one = 1.0, minus = -1.0;
    const int m = (int)b->m, rows = (int)b->rows;
    memset(v, 0, b->rows * b->rows * sizeof *v);
    for (size_t r = 0; r < b->rows; r++)
        v[r * b->rows + r] = 1.0;
    for (size_t a = 0; a < model->k; a++)
        for (size_t c = 0; c < model->k; c++)
            v[0] -= z[a] * model->covariance[a * model->k + c] * z[c];
    dtrmm_("L", "L", "N", "N", &m, &rows, &one, model->inverse, &m, b->x, &m);
    dsyrk_("L", "T", &rows, &m, &minus, b->x, &m, &one, v, &rows);
    if (v[0] > LEAST_LEFT)
        return;
    v[0] = 1.0;
    for (size_t r = 1; r < b->rows; r++)
        v[r] = 0.0;
}

static outcome judge(const skd_model *model, const fit_block *b, size_t n, const double *in, const double *out,
                     const double *v) {
    outcome o = {.energy_in = in[0] * b->sigma[0],
                 .energy = out[0] * b->sigma[0],
                 .energy_deviation = b->sigma[0] * sqrt(fmax(v[0] - 1.0, 0.0) / model->beta)};
    for (size_t r = 1; r <= 3 * n; r++) {
        double s2 = b->sigma[r] * b->sigma[r] / (3.0 * (double)n);
        o.force_in += in[r] * in[r] * s2;
        o.force += out[r] * out[r] * s2;
        o.force_deviation += fmax(v[r * b->rows + r] - 1.0, 0.0) * s2 / model->beta;
    }
    o.force_in = sqrt(o.force_in);
    o.force = sqrt(o.force);
    o.force_deviation = sqrt(o.force_deviation);
    return o;
}

static skd_status leave_out(const skd_model *model, skd_fit *fit, const fit_frame *frame, outcome *out,
                            skd_error *err) {
    const int unit = 1;
    int info = 0;
    skd_status status = fit_block_recall(fit, frame, err);
    if (status != SKD_OK)
        return status;
    fit_block *b = &fit->block;
    const int rows = (int)b->rows;
    double *v = skd_alloc(b->rows * b->rows + b->rows + model->k, sizeof *v);
    if (!v)
        return skd_fail(err, SKD_ENOMEM, "out of memory for leave-one-out errors of %zu rows", b->rows);
    double *left = v + b->rows * b->rows, *z = left + b->rows;
    residuals(model, fit, frame, b, z);
    memcpy(left, b->y, b->rows * sizeof *left);
    one_less_leverage(model, b, z, v);
    dpotrf_("L", &rows, v, &rows, &info);
    if (info == 0) {
        dpotrs_("L", &rows, &unit, v, &rows, left, &rows, &info);
        dpotri_("L", &rows, v, &rows, &info);
        *out = judge(model, b, frame->cell->n, b->y, left, v);
    }
    skd_free(v);
    return info == 0 ? SKD_OK : skd_fail(err, SKD_ENUMERIC, "leave-one-out errors: leverage of 1 in row %d", info);
}

/* ---- all frames ------------------------------------------------------------------------------- */

static bool is_judged(const skd_model *model, const fit_frame *frame, bool any_charge) {
    return frame->in && !(frame->spread > 0.0) && (any_charge || frame->charge == model->charge);
}

static size_t group_size(const skd_model *model, const skd_fit *fit, size_t group, bool any_charge) {
    size_t n = 0;
    for (size_t f = 0; f < fit->n; f++)
        n += fit->frame[f].group == group && is_judged(model, &fit->frame[f], any_charge);
    return n;
}

/* scratch: [4 n] */
static void summarise(skd_model *model, const outcome *o, size_t n, double *scratch, skd_fit_report *report) {
    double *z = scratch, *error = scratch, *deviation = scratch + n;
    size_t n_energy = 0, covered = 0, n_force = 0;
    for (size_t i = 0; i < n; i++) {
        report->energy_rmse += o[i].energy_in * o[i].energy_in / (double)n;
        report->force_rmse += o[i].force_in * o[i].force_in / (double)n;
        report->force_loo += o[i].force * o[i].force / (double)n;
        report->energy_loo += o[i].has_energy ? o[i].energy * o[i].energy : 0.0;
        if (o[i].has_energy && o[i].energy_deviation > 0.0)
            z[n_energy++] = o[i].energy / o[i].energy_deviation;
    }
    model->energy_scale = left_out_scale(z, n_energy, ENERGY_SCALE);
    for (size_t i = 0; i < n; i++)
        if (o[i].force_deviation > 0.0)
            z[n_force++] = o[i].force / o[i].force_deviation;
    model->force_scale = left_out_scale(z, n_force, FORCE_SCALE);
    for (size_t i = 0; i < n; i++) {
        covered += o[i].has_energy && fabs(o[i].energy) <= 2.0 * model->energy_scale * o[i].energy_deviation;
        error[i] = o[i].force;
        deviation[i] = o[i].force_deviation;
    }
    report->energy_rmse = sqrt(report->energy_rmse);
    report->force_rmse = sqrt(report->force_rmse);
    report->force_loo = sqrt(report->force_loo);
    report->energy_loo = n_energy ? sqrt(report->energy_loo / (double)n_energy) : 0.0;
    report->coverage = n_energy ? (double)covered / (double)n_energy : 0.0;
    report->energy_scale = model->energy_scale;
    report->force_scale = model->force_scale;
    report->spearman = left_out_spearman(error, deviation, n, scratch + 2 * n);
}

skd_status left_out_measure(skd_model *model, skd_fit *fit, skd_fit_report *report, skd_error *err) {
    size_t n = 0, own = 0, used = 0, seen = 0;
    for (size_t f = 0; f < fit->n; f++) {
        own += is_judged(model, &fit->frame[f], false);
        used += is_judged(model, &fit->frame[f], true);
    }
    const bool any_charge = own == 0;
    const size_t all = any_charge ? used : own, most = all < JUDGED_MAX ? all : JUDGED_MAX;
    outcome *o = skd_alloc(fit->n, sizeof *o);
    double *scratch = skd_alloc(4 * fit->n, sizeof *scratch);
    skd_status status = o && scratch ? SKD_OK
                                     : skd_fail(err, SKD_ENOMEM, "out of memory for the errors of %zu labels", fit->n);
    for (size_t f = 0; f < fit->n && status == SKD_OK; f++) {
        const fit_frame *frame = &fit->frame[f];
        if (!is_judged(model, frame, any_charge))
            continue;
        seen++;
        if (seen * most / all == (seen - 1) * most / all)
            continue;
        status = leave_out(model, fit, frame, &o[n], err);
        o[n++].has_energy = group_size(model, fit, frame->group, any_charge) > 1;
    }
    report->n_own = own;
    if (status == SKD_OK)
        summarise(model, o, n, scratch, report);
    skd_free(o);
    skd_free(scratch);
    return status;
}
