/* SPDX-License-Identifier: MIT */
/* solve.c - from the sums of a fit to the model of one charge. */
#include <string.h>

#include "fit.h"
#include "lapack.h"
#include "left_out.h"
#include "model.h"
#include "offsets.h"

/* Ridge strength in units of the descriptors' scale; the noise scale is capped, as noise that is called larger than
 * it is costs little, and smaller spoils the fit. */
static const ridge_bounds bounds_default = {.alpha_min = 1e-6, .alpha_max = 1e2, .beta_min = 0.02, .beta_max = 2.0};

#define WIDTH_ELEMENT 10.0 /* eV an atom, around the reference energies           */
#define WIDTH_GROUP   30.0 /* eV, of a composition and charge around its elements */

static bool counts(const skd_fit *fit, const fit_frame *frame, double charge) {
    return frame->in && !(frame->spread > 0.0) && fit_weight(fit, frame->charge, charge) > 0.0;
}

static size_t count_used(const skd_fit *fit, double charge) {
    size_t n = 0;
    for (size_t f = 0; f < fit->n; f++)
        n += counts(fit, &fit->frame[f], charge);
    return n;
}

/* What each element has on average, by least squares over the frames: of every feature, and of the energy, last.
 * Taken off both sides, so that offsets are small whatever the weights: else their prior, wide as it is, would press
 * on the weights. mean: [m + 1][n_species] */
static skd_status element_means(const skd_fit *fit, double *mean, skd_error *err) {
    const size_t k = fit->n_species, m = fit->m;
    const int n = (int)k, columns = (int)(m + 1);
    int info = 0;
    double *a = skd_alloc(k * k, sizeof *a);
    if (!a)
        return skd_fail(err, SKD_ENOMEM, "out of memory for reference energies");
    memset(mean, 0, (m + 1) * k * sizeof *mean);
    for (size_t s = 0; s < k; s++)
        a[s * k + s] = 1e-6; /* the smallest solution where compositions are too few */
    for (size_t f = 0; f < fit->n; f++) {
        if (!fit->frame[f].in || fit->frame[f].spread > 0.0)
            continue;
        const double *count = fit->group[fit->frame[f].group].count, *row = fit->frame[f].row;
        for (size_t s = 0; s < k; s++) {
            for (size_t j = 0; j <= m; j++)
                mean[j * k + s] += count[s] * (j < m ? row[j] : fit_frame_energy(&fit->frame[f]));
            for (size_t t = 0; t < k; t++)
                a[s * k + t] += count[s] * count[t];
        }
    }
    dpotrf_("L", &n, a, &n, &info);
    if (info == 0)
        dpotrs_("L", &n, &columns, a, &n, mean, &n, &info);
    skd_free(a);
    return info == 0 ? SKD_OK : skd_fail(err, SKD_ENUMERIC, "reference energies of the elements have no solution");
}

/* The energies that count for a charge, less the elements' means, with their offset columns. */
static skd_status gather_energies(const skd_fit *fit, double charge, const double *mean, offsets *o,
                                  skd_error *err) {
    const size_t k = fit->n_species + fit->n_groups, m = fit->m;
    skd_status status = offsets_new(o, count_used(fit, charge), m, k, err);
    if (status != SKD_OK)
        return status;
    for (size_t a = 0; a < k; a++)
        o->width[a] = a < fit->n_species ? WIDTH_ELEMENT : WIDTH_GROUP;
    for (size_t f = 0, e = 0; f < fit->n; f++) {
        const fit_frame *frame = &fit->frame[f];
        if (!counts(fit, frame, charge))
            continue;
        const double *count = fit->group[frame->group].count;
        memcpy(o->x + e * m, frame->row, m * sizeof *o->x);
        memcpy(o->z + e * k, count, fit->n_species * sizeof *o->z);
        o->z[e * k + fit->n_species + frame->group] = 1.0;
        o->y[e] = fit_frame_energy(frame);
        for (size_t s = 0; s < fit->n_species; s++)
            for (size_t j = 0; j <= m; j++)
                *(j < m ? &o->x[e * m + j] : &o->y[e]) -= count[s] * mean[j * fit->n_species + s];
        o->sigma[e++] = fit_frame_noise(fit, frame) / sqrt(fit_weight(fit, frame->charge, charge));
    }
    return SKD_OK;
}

static skd_status solve_sums(const skd_fit *fit, double charge, const offsets *o, ridge_solution *solution,
                             skd_error *err) {
    ridge_normal sum;
    ridge_bounds bounds = bounds_default;
    if (fit->options.ridge > 0.0)
        bounds.alpha_min = bounds.alpha_max = fit->options.ridge;
    skd_status status = ridge_normal_new(&sum, fit->m, err);
    for (size_t q = 0; q < fit->n_charges && status == SKD_OK; q++)
        if (fit_weight(fit, fit->charge[q].charge, charge) > 0.0)
            ridge_add_scaled(&sum, &fit->charge[q].sums, fit_weight(fit, fit->charge[q].charge, charge));
    if (status == SKD_OK) {
        ridge_add(&sum, o->x, o->y, o->n, 1.0);
        status = ridge_solve(solution, &sum, &bounds, err);
    }
    ridge_normal_free(&sum);
    return status;
}

/* Hands what was solved over to a new model. */
static skd_status assemble(skd_model **out, const skd_fit *fit, double charge, const offsets *o,
                           ridge_solution *solution, const double *mean, skd_error *err) {
    skd_status status = model_new(out, fit->features, fit->n_groups, fit->options.prior, err);
    if (status != SKD_OK)
        return status;
    skd_model *model = *out;
    model->charge = charge;
    model->beta = solution->beta;
    memcpy(model->w, solution->w, fit->m * sizeof *model->w);
    model->inverse = solution->inverse;
    solution->inverse = NULL;
    for (size_t g = 0; g < fit->n_groups; g++) {
        memcpy(model->count + g * fit->n_species, fit->group[g].count, fit->n_species * sizeof *model->count);
        model->group_charge[g] = fit->group[g].charge;
    }
    offsets_posterior(o, model->w, model->c, model->h, model->covariance);
    for (size_t s = 0; s < fit->n_species; s++) { /* the means are part of the offsets */
        model->reference[s] = mean[fit->m * fit->n_species + s];
        for (size_t j = 0; j < fit->m; j++) {
            model->h[s * fit->m + j] += mean[j * fit->n_species + s];
            model->reference[s] -= mean[j * fit->n_species + s] * model->w[j];
        }
    }
    return SKD_OK;
}

static void describe(skd_fit_report *report, const skd_fit *fit, const ridge_solution *solution, size_t n_used) {
    *report = (skd_fit_report){.n_frames = fit_count_labels(fit),
                               .n_used = n_used,
                               .alpha = solution->alpha,
                               .beta = solution->beta,
                               .condition = solution->condition,
                               .n_effective = solution->n_effective};
}

skd_status skd_fit_solve(skd_model **out, skd_fit *fit, double charge, skd_fit_report *report, skd_error *err) {
    offsets o = {0};
    ridge_solution solution = {0};
    skd_fit_report said;
    skd_model *model = NULL;
    *out = NULL;
    skd_status status = fit_refresh(fit, err);
    if (status == SKD_OK && count_used(fit, charge) == 0)
        return skd_fail(err, SKD_EARG, "fit of charge %+g: none of its %zu labels can be used", charge, fit->n);
    double *mean = skd_alloc((fit->m + 1) * fit->n_species, sizeof *mean);
    if (status == SKD_OK && !mean)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for reference energies");
    if (status == SKD_OK)
        status = element_means(fit, mean, err);
    if (status == SKD_OK)
        status = gather_energies(fit, charge, mean, &o, err);
    if (status == SKD_OK)
        status = offsets_whiten(&o, err);
    if (status == SKD_OK)
        status = solve_sums(fit, charge, &o, &solution, err);
    if (status == SKD_OK) {
        describe(&said, fit, &solution, o.n);
        status = assemble(&model, fit, charge, &o, &solution, mean, err);
    }
    if (status == SKD_OK)
        status = left_out_measure(model, fit, &said, err);
    offsets_free(&o);
    ridge_solution_free(&solution);
    skd_free(mean);
    if (status != SKD_OK) {
        skd_model_free(model);
        return status;
    }
    if (report)
        *report = said;
    *out = model;
    return SKD_OK;
}
