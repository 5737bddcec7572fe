/* SPDX-License-Identifier: MIT */
/* uncertainty.c - calibrated posterior deviations of energies, differences and forces. */
#include <string.h>

#include "lapack.h"
#include "model.h"

double model_variance(const skd_model *model, const double *row, double *scratch) {
    const int m = (int)model->m, unit = 1;
    const double *z = row + model->m;
    double sum = 0.0;
    memcpy(scratch, row, model->m * sizeof *scratch);
    dtrmv_("L", "N", "N", &m, model->inverse, &m, scratch, &unit);
    for (size_t j = 0; j < model->m; j++)
        sum += scratch[j] * scratch[j];
    for (size_t a = 0; a < model->k; a++)
        for (size_t b = 0; b < model->k; b++)
            sum += z[a] * model->covariance[a * model->k + b] * z[b];
    return fmax(sum, 0.0);
}

static skd_status need_factor(const skd_model *model, skd_error *err) {
    return model->inverse ? SKD_OK
                         : skd_fail(err, SKD_EARG, "the model has no covariance: it was read without being fitted");
}

skd_status skd_model_energy_deviation(const skd_model *model, skd_model_work *work, double *out, skd_error *err) {
    skd_status status = need_factor(model, err);
    model_make_row(work);
    if (status == SKD_OK && !work->has_row)
        status = skd_fail(err, SKD_EARG, "no frame was computed whose deviation could be told");
    if (status == SKD_OK)
        *out = model->energy_scale * sqrt(model_variance(model, work->row, work->scratch) / model->beta);
    return status;
}

const double *skd_model_energy_row(skd_model_work *work, size_t *length) {
    model_make_row(work);
    *length = work->model->m + work->model->k;
    return work->row;
}

skd_status skd_model_difference_deviation(const skd_model *model, const double *row_a, const double *row_b,
                                          double *out, skd_error *err) {
    const size_t length = model->m + model->k;
    skd_status status = need_factor(model, err);
    if (status != SKD_OK)
        return status;
    double *d = skd_alloc(length + model->m, sizeof *d);
    if (!d)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a difference of %zu features", model->m);
    for (size_t j = 0; j < length; j++)
        d[j] = row_a[j] - row_b[j];
    *out = model->energy_scale * sqrt(model_variance(model, d, d + length) / model->beta);
    skd_free(d);
    return SKD_OK;
}

skd_status skd_model_force_deviation(const skd_model *model, const skd_cell *cell, skd_model_work *work, double *out,
                                     skd_error *err) {
    const double one = 1.0;
    const int m = (int)model->m, rows = (int)(3 * cell->n);
    skd_status status = need_factor(model, err);
    if (status != SKD_OK)
        return status;
    if (work->design && work->design->n != cell->n) {
        skd_design_free(work->design);
        work->design = NULL;
    }
    if (!work->design)
        status = skd_design_new(&work->design, cell->n, model->m, err);
    if (status == SKD_OK) {
        work->design->no_strain = true;
        status = skd_design_fill(work->design, model->features, cell, work->features, err);
    }
    if (status != SKD_OK)
        return status;
    dtrmm_("L", "L", "N", "N", &m, &rows, &one, model->inverse, &m, work->design->force, &m);
    for (size_t i = 0; i < cell->n; i++) {
        const double *t = work->design->force + 3 * i * model->m;
        double sum = 0.0;
        for (size_t j = 0; j < 3 * model->m; j++)
            sum += t[j] * t[j];
        out[i] = model->force_scale * sqrt(sum / model->beta);
    }
    return SKD_OK;
}
