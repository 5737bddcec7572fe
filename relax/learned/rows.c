/* SPDX-License-Identifier: MIT */
/* rows.c - what one label gives to the sums: its forces and stresses as whitened rows. */
#include <string.h>

#include "fit.h"

#define KEPT_MAX ((size_t)1 << 26) /* bytes: of two elements and 63 atoms 82 labels */

#define CALM 0.5 /* eV/Å, the largest force */

static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

static skd_status block_room(fit_block *b, size_t rows, size_t m, skd_error *err) {
    if (rows <= b->room_rows && m == b->m) {
        b->rows = rows;
        return SKD_OK;
    }
    fit_block_free(b);
    *b = (fit_block){.rows = rows, .room_rows = rows, .m = m};
    b->x = skd_alloc(rows * m, sizeof *b->x);
    b->y = skd_alloc(rows, sizeof *b->y);
    b->sigma = skd_alloc(rows, sizeof *b->sigma);
    if (b->x && b->y && b->sigma)
        return SKD_OK;
    fit_block_free(b);
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows of %zu features", rows, m);
}

void fit_block_free(fit_block *block) {
    skd_free(block->x);
    skd_free(block->y);
    skd_free(block->sigma);
    *block = (fit_block){0};
}

/* x NULL: the row is there already. */
static void set_row(fit_block *b, size_t r, const double *x, double y, double sigma) {
    double *to = b->x + r * b->m, inverse = 1.0 / sigma;
    for (size_t j = 0; j < b->m && x; j++)
        to[j] = x[j] * inverse;
    b->y[r] = y * inverse;
    b->sigma[r] = sigma;
}

static skd_status design_of(skd_fit *fit, const skd_cell *cell, bool strain, skd_error *err) {
    if (fit->design && fit->design->n != cell->n) {
        skd_design_free(fit->design);
        fit->design = NULL;
    }
    skd_status status = fit->design ? SKD_OK : skd_design_new(&fit->design, cell->n, fit->m, err);
    if (status == SKD_OK) {
        fit->design->no_strain = !strain;
        status = skd_design_fill(fit->design, fit->features, cell, fit->work, err);
    }
    return status;
}

/* Deviation of a row where a frame has so many forces to it, and mean squares are weighed, next to force_noise. */
static double weighed_noise(const skd_fit_options *o, double rows, double weight) {
    return o->force_noise * sqrt(o->weight_force * rows / weight);
}

/* eV/Å^3; 0: stresses do not count */
static double stress_noise(const skd_fit_options *o, size_t n) {
    const double gpa = 160.2176634; /* in an eV/Å^3 */
    if (!(o->weight_force > 0.0))
        return o->stress_noise;
    return o->weight_stress > 0.0 ? weighed_noise(o, 3.0 / (double)n, o->weight_stress) / gpa : 0.0;
}

static bool stress_counts(const skd_fit *fit, const fit_frame *frame) {
    return frame->has_stress && skd_cell_volume(frame->cell) > 0.0 &&
           stress_noise(&fit->options, frame->cell->n) > 0.0;
}

/* Targets and noise of the block's rows, and with a design the rows themselves. */
static void set_rows(skd_fit *fit, const fit_frame *frame, const skd_design *design) {
    const size_t n = frame->cell->n, m = fit->m;
    const skd_fit_options *o = &fit->options;
    const double volume = skd_cell_volume(frame->cell);
    fit_block *b = &fit->block;
    memset(b->x, 0, m * sizeof *b->x);
    b->y[0] = 0.0;
    b->sigma[0] = 1.0;
    for (size_t i = 0; i < n; i++) {
        double sigma = o->force_noise + o->force_noise_slope * skd_norm(frame->force[i]) + frame->spread;
        for (size_t a = 0; a < 3; a++)
            set_row(b, 1 + 3 * i + a, design ? design->force + (3 * i + a) * m : NULL,
                    frame->force[i][a] - (frame->prior ? frame->prior->force[i][a] : 0.0), sigma);
    }
    for (size_t v = 0; v < 6 && stress_counts(fit, frame); v++) {
        const int a = voigt[v][0], c = voigt[v][1];
        double left = frame->stress[a][c] - (frame->prior ? frame->prior->stress[a][c] : 0.0);
        set_row(b, 1 + 3 * n + v, design ? design->strain + (size_t)(3 * a + c) * m : NULL, volume * left,
                volume * stress_noise(o, n));
    }
}

skd_status fit_block_fill(skd_fit *fit, const fit_frame *frame, skd_error *err) {
    const bool stress = stress_counts(fit, frame);
    skd_status status = design_of(fit, frame->cell, stress, err);
    if (status == SKD_OK)
        status = block_room(&fit->block, 1 + 3 * frame->cell->n + (stress ? 6 : 0), fit->m, err);
    if (status == SKD_OK)
        set_rows(fit, frame, fit->design);
    return status;
}

skd_status fit_block_keep(skd_fit *fit, fit_frame *frame, skd_error *err) {
    const fit_block *b = &fit->block;
    const size_t n = (b->rows - 1) * b->m, bytes = n * sizeof *frame->kept;
    if (fit->kept_bytes + bytes > KEPT_MAX)
        return SKD_OK;
    frame->kept = skd_alloc(n, sizeof *frame->kept);
    if (!frame->kept)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the rows of a label");
    for (size_t k = 0; k < n; k++)
        frame->kept[k] = (float)b->x[b->m + k];
    fit->kept_bytes += bytes;
    return SKD_OK;
}

skd_status fit_block_recall(skd_fit *fit, const fit_frame *frame, skd_error *err) {
    const size_t rows = 1 + 3 * frame->cell->n + (stress_counts(fit, frame) ? 6 : 0);
    if (!frame->kept)
        return fit_block_fill(fit, frame, err);
    skd_status status = block_room(&fit->block, rows, fit->m, err);
    if (status != SKD_OK)
        return status;
    set_rows(fit, frame, NULL);
    for (size_t k = 0; k < (rows - 1) * fit->m; k++)
        fit->block.x[fit->m + k] = (double)frame->kept[k];
    return SKD_OK;
}

/* The sums of a charge, made if there are none. */
static skd_status sums_of(skd_fit *fit, double charge, ridge_normal **out, skd_error *err) {
    for (size_t q = 0; q < fit->n_charges; q++)
        if (fit->charge[q].charge == charge) {
            *out = &fit->charge[q].sums;
            return SKD_OK;
        }
    skd_status status = skd_grow((void **)&fit->charge, &fit->charge_capacity, fit->n_charges + 1,
                                 sizeof *fit->charge, err);
    if (status != SKD_OK)
        return status;
    fit_charge *c = &fit->charge[fit->n_charges];
    c->charge = charge;
    status = ridge_normal_new(&c->sums, fit->m, err);
    if (status != SKD_OK)
        return status;
    fit->n_charges++;
    *out = &c->sums;
    return SKD_OK;
}

skd_status fit_block_put(skd_fit *fit, fit_frame *frame, bool in, skd_error *err) {
    ridge_normal *sums;
    skd_status status = sums_of(fit, frame->charge, &sums, err);
    if (status != SKD_OK)
        return status;
    const fit_block *b = &fit->block;
    ridge_add(sums, b->x + b->m, b->y + 1, b->rows - 1, in ? 1.0 : -1.0);
    frame->in = in;
    return SKD_OK;
}

skd_status fit_refresh(skd_fit *fit, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < fit->n && status == SKD_OK; f++) {
        fit_frame *frame = &fit->frame[f];
        bool wanted = fit_frame_wanted(fit, frame);
        if (wanted == frame->in)
            continue;
        status = fit_block_fill(fit, frame, err);
        if (status == SKD_OK)
            status = fit_block_put(fit, frame, wanted, err);
    }
    return status;
}

/* Is it near a minimum or a saddle point of its own? Such frames teach, however high they are. */
static bool is_calm(const fit_frame *frame) {
    double most = 0.0;
    for (size_t i = 0; i < frame->cell->n; i++)
        most = fmax(most, skd_norm(frame->force[i]));
    return most < CALM;
}

bool fit_frame_wanted(const skd_fit *fit, const fit_frame *frame) {
    return !frame->close &&
           (frame->energy - fit->group[frame->group].lowest <= fit->options.far_above || is_calm(frame));
}

double fit_weight(const skd_fit *fit, double charge, double own) {
    return charge == own ? 1.0 : fit->options.other_charge;
}

double fit_frame_energy(const fit_frame *frame) {
    return frame->energy - (frame->prior ? frame->prior->energy : 0.0);
}

double fit_frame_noise(const skd_fit *fit, const fit_frame *frame) {
    const skd_fit_options *o = &fit->options;
    const double noise =
        o->weight_force > 0.0 ? weighed_noise(o, (double)frame->cell->n / 3.0, o->weight_energy) : o->energy_noise;
    return noise + o->energy_noise_slope * (frame->energy - fit->group[frame->group].lowest);
}
