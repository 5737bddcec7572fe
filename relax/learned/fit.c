/* SPDX-License-Identifier: MIT */
/* fit.c - takes labels in: checks, copies, prior, energy row, group; on failure the fit is as before. */
#include "fit.h"

#include <string.h>

static skd_status check_options(const skd_fit_options *o, skd_error *err) {
    const struct {
        const char *name;
        double value, low, high;
    } row[] = {
        {"force noise", o->force_noise, 1e-6, 1e3},   {"force noise slope", o->force_noise_slope, 0.0, 10.0},
        {"energy noise", o->energy_noise, 1e-6, 1e3}, {"energy noise slope", o->energy_noise_slope, 0.0, 10.0},
        {"stress noise", o->stress_noise, 0.0, 1e3},  {"far_above", o->far_above, 1e-3, 1e6},
        {"close_contact", o->close_contact, 0.0, 2.0}, {"other_charge", o->other_charge, 0.0, 1.0},
        {"ridge", o->ridge, 0.0, 1e12},
        {"smooth", o->smooth, 0.0, 1e3},              {"smooth rattle", o->smooth_rattle, 0.0, 1.0},
        {"weight of forces", o->weight_force, 0.0, 1e6},
        {"weight of energies", o->weight_energy, o->weight_force > 0.0 ? 1e-6 : 0.0, 1e6},
        {"weight of stresses", o->weight_stress, 0.0, 1e6},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        if (!(row[k].value >= row[k].low && row[k].value <= row[k].high))
            return skd_fail(err, SKD_EARG, "fit: %s = %g; expected %g to %g", row[k].name, row[k].value, row[k].low,
                            row[k].high);
    return SKD_OK;
}

skd_status skd_fit_new(skd_fit **out, const skd_features *features, const skd_fit_options *options, skd_error *err) {
    *out = NULL;
    skd_status status = check_options(options, err);
    if (status != SKD_OK)
        return status;
    skd_fit *fit = skd_alloc(1, sizeof *fit);
    if (!fit)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a fit");
    fit->features = features;
    fit->species = skd_features_species(features, &fit->n_species);
    fit->m = skd_features_count(features);
    fit->options = *options;
    status = skd_features_work_new(&fit->work, features, err);
    if (status == SKD_OK && options->prior[0])
        status = skd_potential_new(&fit->prior, options->prior, err);
    if (status == SKD_OK && fit->prior)
        status = skd_potential_work_new(&fit->prior_work, fit->prior, err);
    if (status != SKD_OK) {
        skd_fit_free(fit);
        return status;
    }
    *out = fit;
    return SKD_OK;
}

static void free_frame(fit_frame *frame) {
    skd_cell_free(frame->cell);
    skd_free(frame->force);
    skd_result_free(frame->prior);
    skd_free(frame->row);
    skd_free(frame->kept);
}

void skd_fit_free(skd_fit *fit) {
    if (!fit)
        return;
    for (size_t f = 0; f < fit->n; f++)
        free_frame(&fit->frame[f]);
    for (size_t g = 0; g < fit->n_groups; g++)
        skd_free(fit->group[g].count);
    for (size_t q = 0; q < fit->n_charges; q++)
        ridge_normal_free(&fit->charge[q].sums);
    skd_free(fit->frame);
    skd_free(fit->group);
    skd_free(fit->charge);
    fit_block_free(&fit->block);
    skd_design_free(fit->design);
    skd_features_work_free(fit->work);
    skd_potential_work_free(fit->prior_work);
    skd_potential_free(fit->prior);
    skd_free(fit);
}

size_t skd_fit_count(const skd_fit *fit) { return fit->n; }

size_t fit_count_labels(const skd_fit *fit) {
    size_t n = 0;
    for (size_t f = 0; f < fit->n; f++)
        n += !(fit->frame[f].spread > 0.0);
    return n;
}

const skd_fit_options *skd_fit_options_of(const skd_fit *fit) { return &fit->options; }

skd_label skd_fit_label(const skd_fit *fit, size_t i) {
    const fit_frame *f = &fit->frame[i];
    return (skd_label){.cell = f->cell,
                       .charge = f->charge,
                       .energy = f->energy,
                       .force = (const double(*)[3])f->force,
                       .stress = f->has_stress ? f->stress : NULL};
}

/* ---- one label -------------------------------------------------------------------------------- */

static skd_status check_label(const skd_label *label, skd_error *err) {
    if (!isfinite(label->energy) || !isfinite(label->charge))
        return skd_fail(err, SKD_EARG, "label: its energy or charge is not a finite number");
    for (size_t i = 0; i < label->cell->n; i++)
        for (int k = 0; k < 3; k++)
            if (!isfinite(label->force[i][k]) || !isfinite(label->cell->pos[i][k]))
                return skd_fail(err, SKD_EARG, "label: atom %zu: force or position is not a finite number", i + 1);
    for (int k = 0; k < 9 && label->stress; k++)
        if (!isfinite(label->stress[k / 3][k % 3]))
            return skd_fail(err, SKD_EARG, "label: its stress is not finite");
    return label->cell->n ? SKD_OK : skd_fail(err, SKD_EARG, "label: no atoms");
}

/* Are two atoms closer than the options allow? */
static skd_status close_contact(const skd_fit *fit, const skd_cell *cell, bool *close, skd_error *err) {
    skd_neighbours list = {0};
    double largest = 0.0, fraction = fit->options.close_contact;
    for (size_t i = 0; i < cell->n; i++)
        largest = fmax(largest, skd_element_of(cell->species[i])->covalent_radius);
    *close = false;
    if (!(fraction * largest > 0.0))
        return SKD_OK;
    skd_status status = skd_neighbours_build(&list, cell, 2.0 * fraction * largest, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        for (size_t p = list.first[i]; p < list.first[i + 1]; p++) {
            double sum = skd_element_of(cell->species[i])->covalent_radius +
                         skd_element_of(cell->species[list.list[p].j])->covalent_radius;
            *close = *close || list.list[p].r < fraction * sum;
        }
    skd_neighbours_free(&list);
    return status;
}

static skd_status copy_label(fit_frame *frame, const skd_label *label, skd_error *err) {
    *frame = (fit_frame){.charge = label->charge, .energy = label->energy, .has_stress = label->stress != NULL};
    skd_status status = skd_cell_copy(&frame->cell, label->cell, err);
    if (status != SKD_OK)
        return status;
    if (label->stress)
        memcpy(frame->stress, label->stress, sizeof frame->stress);
    frame->force = skd_copy(label->force, label->cell->n, sizeof *frame->force);
    return frame->force ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a label of %zu atoms", label->cell->n);
}

static void add_base(skd_result *to, const skd_result *base, size_t n) {
    to->energy += base->energy;
    for (size_t i = 0; i < 3 * n; i++)
        to->force[i / 3][i % 3] += base->force[i / 3][i % 3];
    for (int k = 0; k < 9; k++)
        to->stress[k / 3][k % 3] += base->stress[k / 3][k % 3];
}

/* What is known without the fit: the prior for short range, and the level below. */
static skd_status evaluate_prior(skd_fit *fit, fit_frame *frame, const skd_result *base, skd_error *err) {
    if (!fit->prior && !base)
        return SKD_OK;
    skd_status status = skd_result_new(&frame->prior, frame->cell->n, err);
    if (status == SKD_OK && fit->prior)
        status = skd_potential_compute(fit->prior_work, frame->cell, 0.0, SKD_WANT_STRESS, frame->prior, err);
    if (status == SKD_OK && !isfinite(frame->prior->energy))
        status = skd_fail(err, SKD_EARG, "label: the prior %s has no finite energy for it", fit->options.prior);
    if (status == SKD_OK && base)
        add_base(frame->prior, base, frame->cell->n);
    return status;
}

bool fit_count_species(const int *species, size_t n_species, const skd_cell *cell, double *count) {
    memset(count, 0, n_species * sizeof *count);
    for (size_t i = 0; i < cell->n; i++) {
        size_t s = 0;
        while (s < n_species && species[s] != cell->species[i])
            s++;
        if (s == n_species)
            return false;
        count[s] += 1.0;
    }
    return true;
}

/* The group of a frame, made if there is none. */
static skd_status group_of(skd_fit *fit, fit_frame *frame, skd_error *err) {
    double *count = skd_alloc(fit->n_species, sizeof *count);
    if (!count)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a composition");
    fit_count_species(fit->species, fit->n_species, frame->cell, count);
    for (size_t g = 0; g < fit->n_groups; g++)
        if (fit->group[g].charge == frame->charge &&
            !memcmp(fit->group[g].count, count, fit->n_species * sizeof *count)) {
            skd_free(count);
            frame->group = g;
            return SKD_OK;
        }
    skd_status status =
        skd_grow((void **)&fit->group, &fit->group_capacity, fit->n_groups + 1, sizeof *fit->group, err);
    if (status != SKD_OK) {
        skd_free(count);
        return status;
    }
    frame->group = fit->n_groups;
    fit->group[fit->n_groups++] = (fit_group){.count = count, .charge = frame->charge, .lowest = HUGE_VAL};
    return SKD_OK;
}

/* The energy's row; fit->block holds the frame's others afterwards. Names atoms of other elements. */
static skd_status energy_row(skd_fit *fit, fit_frame *frame, skd_error *err) {
    skd_status status = fit_block_fill(fit, frame, err);
    if (status != SKD_OK)
        return status;
    frame->row = skd_copy(fit->design->energy, fit->m, sizeof *frame->row);
    return frame->row ? fit_block_keep(fit, frame, err)
                      : skd_fail(err, SKD_ENOMEM, "out of memory for a label's energy row");
}

skd_status fit_add(skd_fit *fit, const skd_label *label, double spread, skd_error *err) {
    const size_t kept = fit->kept_bytes;
    fit_frame frame = {0};
    skd_status status = check_label(label, err);
    if (status == SKD_OK) /* here, so that the sums do not depend on when a model was wanted */
        status = fit_refresh(fit, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&fit->frame, &fit->capacity, fit->n + 1, sizeof *fit->frame, err);
    if (status == SKD_OK)
        status = copy_label(&frame, label, err);
    frame.spread = spread;
    if (status == SKD_OK)
        status = evaluate_prior(fit, &frame, label->base, err);
    if (status == SKD_OK)
        status = energy_row(fit, &frame, err);
    if (status == SKD_OK)
        status = close_contact(fit, frame.cell, &frame.close, err);
    const size_t groups = fit->n_groups;
    if (status == SKD_OK)
        status = group_of(fit, &frame, err);
    if (status == SKD_OK && fit_frame_wanted(fit, &frame))
        status = fit_block_put(fit, &frame, true, err); /* filled by energy_row */
    if (status != SKD_OK) {
        while (fit->n_groups > groups)
            skd_free(fit->group[--fit->n_groups].count);
        fit->kept_bytes = kept;
        free_frame(&frame);
        return status;
    }
    fit_group *group = &fit->group[frame.group];
    group->lowest = frame.close ? group->lowest : fmin(group->lowest, frame.energy);
    fit->frame[fit->n++] = frame;
    return SKD_OK;
}

skd_status skd_fit_add(skd_fit *fit, const skd_label *label, skd_error *err) {
    skd_status status = fit_add(fit, label, 0.0, err);
    return status == SKD_OK ? fit_add_smooth(fit, label, err) : status;
}
