/* SPDX-License-Identifier: MIT */
/* model.c - energy, forces and stress of a fitted model: prior + offset + w . descriptors. */
#include "model.h"

#include <string.h>

#include "fit.h"

skd_status model_new(skd_model **out, const skd_features *features, size_t n_groups, const char *prior,
                     skd_error *err) {
    const size_t d = sizeof(double);
    *out = NULL;
    skd_model *model = skd_alloc(1, sizeof *model);
    if (!model)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a model");
    model->features = features;
    model->species = skd_features_species(features, &model->n_species);
    model->n_groups = n_groups;
    model->m = skd_features_count(features);
    model->k = model->n_species + n_groups;
    model->beta = model->energy_scale = model->force_scale = 1.0;
    model->w = skd_alloc(model->m, d);
    model->reference = skd_alloc(model->n_species, d);
    model->c = skd_alloc(model->k, d);
    model->h = skd_alloc(model->k * model->m, d);
    model->covariance = skd_alloc(model->k * model->k, d);
    model->count = skd_alloc(n_groups * model->n_species, d);
    model->group_charge = skd_alloc(n_groups, d);
    bool ok = model->w && model->reference && model->c && model->h && model->covariance && model->count &&
              model->group_charge;
    skd_status status = ok ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a model of %zu features", model->m);
    if (status == SKD_OK && prior[0])
        status = skd_potential_new(&model->prior, prior, err);
    if (status != SKD_OK)
        skd_model_free(model);
    else
        *out = model;
    return status;
}

void skd_model_free(skd_model *model) {
    if (!model)
        return;
    skd_free(model->w);
    skd_free(model->inverse);
    skd_free(model->reference);
    skd_free(model->c);
    skd_free(model->h);
    skd_free(model->covariance);
    skd_free(model->count);
    skd_free(model->group_charge);
    skd_potential_free(model->prior);
    skd_free(model);
}

double skd_model_charge(const skd_model *model) { return model->charge; }

/* ---- offsets ---------------------------------------------------------------------------------- */

bool model_columns(const skd_model *model, const skd_cell *cell, double *z) {
    const size_t s = model->n_species;
    memset(z, 0, model->k * sizeof *z);
    if (!fit_count_species(model->species, s, cell, z))
        return false;
    for (size_t g = 0; g < model->n_groups; g++)
        if (model->group_charge[g] == model->charge && !memcmp(model->count + g * s, z, s * sizeof *z))
            z[s + g] = 1.0;
    return true;
}

bool skd_model_knows_composition(const skd_model *model, const skd_cell *cell) {
    const size_t s = model->n_species;
    for (size_t g = 0; g < model->n_groups; g++) {
        bool same = model->group_charge[g] == model->charge;
        double sum = 0.0;
        for (size_t e = 0; e < s && same; e++) {
            same = model->count[g * s + e] == (double)skd_cell_count(cell, model->species[e]);
            sum += model->count[g * s + e];
        }
        if (same && sum == (double)cell->n)
            return true;
    }
    return false;
}

/* ---- scratch ---------------------------------------------------------------------------------- */

skd_status skd_model_work_new(skd_model_work **out, const skd_model *model, skd_error *err) {
    *out = NULL;
    skd_model_work *work = skd_alloc(1, sizeof *work);
    if (!work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a model's scratch");
    work->model = model;
    work->row = skd_alloc(model->m + model->k, sizeof *work->row);
    work->scratch = skd_alloc(model->m, sizeof *work->scratch);
    skd_status status = work->row && work->scratch ? SKD_OK
                                                   : skd_fail(err, SKD_ENOMEM, "out of memory for a model's scratch");
    if (status == SKD_OK)
        status = skd_features_work_new(&work->features, model->features, err);
    if (status == SKD_OK && model->prior)
        status = skd_potential_work_new(&work->prior, model->prior, err);
    if (status != SKD_OK)
        skd_model_work_free(work);
    else
        *out = work;
    return status;
}

void skd_model_work_free(skd_model_work *work) {
    if (!work)
        return;
    skd_features_work_free(work->features);
    skd_potential_work_free(work->prior);
    skd_result_free(work->prior_result);
    skd_design_free(work->design);
    skd_free(work->row);
    skd_free(work->scratch);
    skd_free(work);
}

/* ---- evaluation ------------------------------------------------------------------------------- */

/* Adds the constants: to each atom its element's, and an equal share of the rest. */
static void add_offset(const skd_model *model, const skd_cell *cell, const double *z, int want, skd_result *out) {
    const size_t s = model->n_species;
    double rest = 0.0, sum = 0.0;
    for (size_t a = s; a < model->k; a++)
        rest += z[a] * model->c[a];
    for (size_t a = 0; a < s; a++)
        sum += z[a] * (model->reference[a] + model->c[a]);
    out->energy += sum + rest;
    if (!(want & SKD_WANT_ATOM_ENERGY) || !out->atom_energy)
        return;
    for (size_t i = 0; i < cell->n; i++) {
        size_t a = 0;
        while (model->species[a] != cell->species[i])
            a++;
        out->atom_energy[i] += model->reference[a] + model->c[a] + rest / (double)cell->n;
    }
}

static skd_status add_prior(const skd_cell *cell, int want, skd_model_work *work, skd_result *out, skd_error *err) {
    skd_status status = SKD_OK;
    if (!work->prior)
        return SKD_OK;
    if (!work->prior_result || work->prior_atoms != cell->n) {
        skd_result_free(work->prior_result);
        work->prior_result = NULL;
        status = skd_result_new(&work->prior_result, cell->n, err);
        work->prior_atoms = cell->n;
    }
    if (status == SKD_OK)
        status = skd_potential_compute_next(work->prior, cell, 0.0, want, work->prior_result, err);
    if (status != SKD_OK)
        return status;
    const skd_result *p = work->prior_result;
    out->energy += p->energy;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            out->force[i][k] += p->force[i][k];
    for (int k = 0; k < 9 && (want & SKD_WANT_STRESS); k++)
        out->stress[k / 3][k % 3] += p->stress[k / 3][k % 3];
    for (size_t i = 0; i < cell->n && (want & SKD_WANT_ATOM_ENERGY) && out->atom_energy; i++)
        out->atom_energy[i] += p->atom_energy[i];
    return SKD_OK;
}

/* The row's features relative to the offsets, which follow the weights. */
static void take_off_offsets(const skd_model *model, double *row) {
    const double *z = row + model->m;
    for (size_t a = 0; a < model->k; a++)
        for (size_t j = 0; j < model->m && z[a] != 0.0; j++)
            row[j] -= z[a] * model->h[a * model->m + j];
}

void model_make_row(skd_model_work *work) {
    if (work->has_row || !work->has_frame)
        return;
    skd_features_energy_row(work->features, work->row);
    take_off_offsets(work->model, work->row);
    work->has_row = true;
}

skd_status skd_model_compute(const skd_model *model, const skd_cell *cell, int want, skd_model_work *work,
                             skd_result *out, skd_error *err) {
    work->has_frame = work->has_row = false;
    skd_status status = skd_features_apply(model->features, model->w, cell, want, work->features, out, NULL, err);
    if (status == SKD_OK)
        status = add_prior(cell, want, work, out, err);
    if (status != SKD_OK)
        return status;
    double *z = work->row + model->m;
    model_columns(model, cell, z);
    add_offset(model, cell, z, want, out);
    work->has_frame = true;
    return SKD_OK;
}
