/* SPDX-License-Identifier: MIT */
/* rows.c - see rows.h. The derivative of c^zeta is zeta c^(zeta-1) that of c, so exponents share all but a factor. */
#include "rows.h"

#include <string.h>

#define HOST_NOISE 1e-4 /* eV: how near to 0 the host's own atoms are held */

static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

void calibration_rows_free(calibration_rows *rows) {
    for (size_t k = 0; k < ZETAS; k++)
        skd_free(rows->x[k]);
    skd_free(rows->y);
    skd_free(rows->sigma);
    *rows = (calibration_rows){0};
}

static skd_status rows_new(calibration_rows *out, size_t n, size_t columns, const double zeta[ZETAS],
                           skd_error *err) {
    *out = (calibration_rows){.n = n, .columns = columns};
    out->y = skd_alloc(n, sizeof *out->y);
    out->sigma = skd_alloc(n, sizeof *out->sigma);
    bool ok = out->y && out->sigma;
    for (size_t k = 0; k < ZETAS && ok; k++)
        ok = zeta[k] == 0.0 || (out->x[k] = skd_alloc(n * columns, sizeof(double)));
    if (ok)
        return SKD_OK;
    calibration_rows_free(out);
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows of %zu environments", n, columns);
}

/* One atom's part of one reference's column: dot is c, of_dot its derivative. The column is of c^zeta: frames of the
 * host have all gates open. */
static void add_part(double *x, size_t columns, size_t s, double zeta, double dot, size_t i,
                     const skd_surrounding *around, const double (*of_dot)[3], size_t n_atoms) {
    const double value = pow(dot, zeta), slope = zeta * value / dot;
    for (size_t b = 0; b < around->n; b++) {
        double pull[3];
        for (size_t k = 0; k < 3; k++) {
            pull[k] = slope * of_dot[b][k];
            x[(3 * i + k) * columns + s] += pull[k];
            x[(3 * around->j[b] + k) * columns + s] -= pull[k];
        }
        for (size_t v = 0; v < 6; v++) {
            const int p = voigt[v][0], q = voigt[v][1];
            x[(3 * n_atoms + v) * columns + s] +=
                0.5 * (around->d[b][p] * pull[q] + around->d[b][q] * pull[p]);
        }
    }
    x[(3 * n_atoms + 6) * columns + s] += value;
}

/* The derivative of v . u by the descriptor, into to (which may be v). */
static void across(double *to, const double *v, const double *unit, double norm, size_t m) {
    double dot = 0.0;
    for (size_t k = 0; k < m; k++)
        dot += v[k] * unit[k];
    for (size_t k = 0; k < m; k++)
        to[k] = (v[k] - dot * unit[k]) / norm;
}

/* All references' columns, from atom i whose density work holds. scratch: [2 width] */
static void add_atom(calibration_rows *out, const skd_calibration *c, const skd_label *label, const double zeta[ZETAS],
                     size_t i, skd_features_work *work, double *scratch, double (*pull)[3]) {
    const size_t m = calibration_width(c->features), slot = c->features->slot[label->cell->species[i]];
    double *unit = scratch, *w = scratch + m;
    const double norm = calibration_unit(c->features, work, unit);
    for (size_t s = c->first[slot]; s < c->first[slot + 1]; s++) {
        const double *reference = c->reference + s * m;
        double dot = 0.0;
        for (size_t k = 0; k < m; k++)
            dot += unit[k] * reference[k];
        if (!(dot > 0.0))
            continue;
        across(w, reference, unit, norm, m);
        skd_density_pulls(work, w, pull);
        for (size_t k = 0; k < ZETAS; k++)
            if (out->x[k])
                add_part(out->x[k], out->columns, s, zeta[k], dot, i, &work->around, (const double(*)[3])pull,
                         label->cell->n);
    }
}

/* Targets and noise, and rows divided by it. The strain's rows are volume times stress. */
static void whiten(calibration_rows *out, const skd_label *label, const skd_calibration_options *o) {
    const size_t n = label->cell->n;
    const double volume = skd_cell_volume(label->cell);
    for (size_t r = 0; r < out->n; r++) {
        const size_t v = r - 3 * n;
        double weight;
        if (r < 3 * n) {
            out->y[r] = label->force[r / 3][r % 3] - label->base->force[r / 3][r % 3];
            out->sigma[r] = o->force_noise;
        } else if (v < 6) {
            const int p = voigt[v][0], q = voigt[v][1];
            bool known = label->stress && label->base->has_stress && o->stress_noise > 0.0;
            out->y[r] = known ? volume * (label->stress[p][q] - label->base->stress[p][q]) : 0.0;
            out->sigma[r] = known ? volume * o->stress_noise : INFINITY;
        } else {
            out->y[r] = label->energy - label->base->energy;
            out->sigma[r] = o->energy_noise * (double)n;
        }
        weight = 1.0 / out->sigma[r];
        out->y[r] *= weight;
        for (size_t k = 0; k < ZETAS; k++)
            for (size_t s = 0; s < out->columns && out->x[k]; s++)
                out->x[k][r * out->columns + s] *= weight;
    }
}

skd_status calibration_rows_fill(calibration_rows *out, const skd_calibration *c, const skd_label *label,
                                 const skd_calibration_options *options, const double zeta[ZETAS],
                                 skd_features_work *work, skd_error *err) {
    const size_t n = label->cell->n, m = calibration_width(c->features);
    double *scratch = NULL, (*pull)[3] = NULL;
    skd_status status = rows_new(out, 3 * n + 7, c->n + 1, zeta, err);
    if (status == SKD_OK)
        status = skd_features_prepare(work, label->cell, err);
    if (status == SKD_OK) {
        scratch = skd_alloc(2 * m, sizeof *scratch);
        pull = skd_alloc(work->around.room, sizeof *pull);
        if (!scratch || !pull)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a frame of %zu atoms", n);
    }
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        skd_density_of(work, label->cell, i, true);
        add_atom(out, c, label, zeta, i, work, scratch, pull);
    }
    for (size_t k = 0; k < ZETAS && status == SKD_OK; k++)
        if (out->x[k])
            out->x[k][(out->n - 1) * out->columns + c->n] = 1.0; /* energies have an unknown constant */
    if (status == SKD_OK)
        whiten(out, label, options);
    else
        calibration_rows_free(out);
    skd_free(scratch);
    skd_free(pull);
    return status;
}

skd_status calibration_rows_host(calibration_rows *out, const skd_calibration *c, const double zeta[ZETAS],
                                 skd_error *err) {
    const size_t m = calibration_width(c->features);
    size_t n = 0, r = 0;
    for (size_t s = 0; s < c->n; s++)
        n += c->frame[s] == 0;
    skd_status status = rows_new(out, n, c->n + 1, zeta, err);
    for (size_t slot = 0; slot < c->features->n_species && status == SKD_OK; slot++)
        for (size_t h = c->first[slot]; h < c->first[slot + 1]; h++) {
            if (c->frame[h] != 0)
                continue;
            out->sigma[r] = HOST_NOISE;
            for (size_t s = c->first[slot]; s < c->first[slot + 1]; s++) {
                double dot = 0.0;
                for (size_t k = 0; k < m; k++)
                    dot += c->reference[h * m + k] * c->reference[s * m + k];
                for (size_t k = 0; k < ZETAS; k++)
                    if (out->x[k])
                        out->x[k][r * out->columns + s] = pow(fmax(dot, 0.0), zeta[k]) / HOST_NOISE;
            }
            r++;
        }
    return status;
}
