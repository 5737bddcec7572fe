/* SPDX-License-Identifier: MIT */
/* calibrations.c - files of host calibrations.
 *
 * kind: calibration; on: the level that is calibrated; level: to which; features' options; array host (atoms, lattice,
 * atomic numbers, positions), array numbers (skd_calibration_pack), array check (energies of host and first label); and
 * the labels, from which the references are computed again. */
#include "calibrations.h"

#include <string.h>

#include "cli.h"
#include "models.h"

#define PREFIX  "calibration:"
#define AT_REST 0.05 /* eV/Å */

/* ---- settings of the descriptor --------------------------------------------------------------- */

static skd_status put_number(skd_model_file *file, const char *key, double value, skd_error *err) {
    char text[40];
    snprintf(text, sizeof text, "%.15g", value);
    return skd_model_file_set(file, key, text, err);
}

static skd_status get_number(const skd_model_file *file, const char *key, double low, double high, double *out,
                             skd_error *err) {
    const char *text = skd_model_file_get(file, key);
    if (!text || !skd_span_real((skd_span){text, strlen(text)}, out) || !(*out >= low && *out <= high))
        return skd_fail(err, SKD_EFORMAT, "%s: %s; expected a number of %g to %g", key, text ? text : "missing", low,
                        high);
    return SKD_OK;
}

static skd_status write_options(skd_model_file *file, const skd_features_options *o, skd_error *err) {
    const struct {
        const char *key;
        double value;
    } all[] = {{"cutoff", o->cutoff}, {"taper", o->taper}, {"width", o->width}, {"n_max", o->n_max},
               {"l_max", o->l_max}, {"channels", o->channels}, {"most", (double)o->most}};
    skd_status status = SKD_OK;
    for (size_t k = 0; k < sizeof all / sizeof *all && status == SKD_OK; k++)
        status = put_number(file, all[k].key, all[k].value, err);
    return status;
}

static skd_status read_options(const skd_model_file *file, skd_features_options *o, skd_error *err) {
    double v[7];
    static const struct {
        const char *key;
        double low, high;
    } all[] = {{"cutoff", 0.1, 20}, {"taper", 0.01, 20}, {"width", 0.01, 5}, {"n_max", 1, 30},
               {"l_max", 0, 12}, {"channels", 1, 8}, {"most", 0, 1e6}};
    skd_status status = SKD_OK;
    for (size_t k = 0; k < 7 && status == SKD_OK; k++)
        status = get_number(file, all[k].key, all[k].low, all[k].high, &v[k], err);
    if (status == SKD_OK)
        *o = (skd_features_options)SKD_FEATURES_DEFAULT;
    if (status == SKD_OK) {
        o->cutoff = v[0];
        o->taper = v[1];
        o->width = v[2];
        o->n_max = (int)v[3];
        o->l_max = (int)v[4];
        o->channels = (int)v[5];
        o->most = (size_t)v[6];
    }
    return status;
}

/* ---- the host --------------------------------------------------------------------------------- */

static size_t host_length(size_t n) { return 10 + 4 * n; }

static skd_status write_host(skd_model_file *file, const skd_cell *host, skd_error *err) {
    double *v = skd_alloc(host_length(host->n), sizeof *v);
    if (!v)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a host");
    v[0] = (double)host->n;
    for (int k = 0; k < 9; k++)
        v[1 + k] = host->lattice[k / 3][k % 3];
    for (size_t i = 0; i < host->n; i++) {
        v[10 + 4 * i] = host->species[i];
        for (size_t k = 0; k < 3; k++)
            v[11 + 4 * i + k] = host->pos[i][k];
    }
    skd_status status = skd_model_file_add(file, "host", v, host_length(host->n), err);
    skd_free(v);
    return status;
}

static skd_status read_host(skd_cell **out, const skd_model_file *file, skd_error *err) {
    const skd_model_array *a = skd_model_file_array(file, "host");
    if (!a || a->n < host_length(1) || a->value[0] != (double)((a->n - 10) / 4) || host_length((a->n - 10) / 4) != a->n)
        return skd_fail(err, SKD_EFORMAT, "no host");
    skd_status status = skd_cell_new(out, (a->n - 10) / 4, err);
    for (int k = 0; k < 9 && status == SKD_OK; k++)
        (*out)->lattice[k / 3][k % 3] = a->value[1 + k];
    for (size_t i = 0; status == SKD_OK && i < (*out)->n; i++) {
        const double z = a->value[10 + 4 * i];
        if (!(z >= 1.0 && z <= SKD_ELEMENT_MAX && z == floor(z))) {
            skd_cell_free(*out);
            *out = NULL;
            return skd_fail(err, SKD_EFORMAT, "atom %zu of the host has no element", i + 1);
        }
        (*out)->species[i] = (int)z;
        memcpy((*out)->pos[i], &a->value[11 + 4 * i], sizeof (*out)->pos[i]);
    }
    return status;
}

/* ---- reading and writing ----------------------------------------------------------------------- */

/* What the correction says of the host and of a label: a descriptor that has changed since shows here. */
static skd_status check_energies(double out[2], const skd_potential *potential, const skd_cell *host,
                                 const skd_cell *label, skd_error *err) {
    const skd_cell *cell[2] = {host, label};
    skd_result *result[2] = {NULL, NULL};
    skd_status status = skd_result_new(&result[0], host->n, err);
    if (status == SKD_OK)
        status = skd_result_new(&result[1], label->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute_many(potential, cell, NULL, 2, 0, 1, result, err);
    for (int k = 0; k < 2; k++) {
        out[k] = status == SKD_OK ? result[k]->energy : 0.0;
        skd_result_free(result[k]);
    }
    return status;
}

static skd_status unpack(skd_potential **out, const skd_model_file *file, const skd_cell *host, skd_error *err) {
    const skd_model_array *numbers = skd_model_file_array(file, "numbers");
    const skd_model_array *check = skd_model_file_array(file, "check");
    skd_features_options options;
    skd_calibration *calibration = NULL;
    double is[2];
    const size_t n = file->labels.n;
    const skd_cell **cell = skd_alloc(n + 1, sizeof *cell);
    skd_status status = cell ? read_options(file, &options, err) : skd_fail(err, SKD_ENOMEM, "out of memory");
    if (status == SKD_OK && (!numbers || !check || check->n != 2 || n == 0))
        status = skd_fail(err, SKD_EFORMAT, "no numbers");
    if (status == SKD_OK) {
        cell[0] = host;
        for (size_t f = 0; f < n; f++)
            cell[f + 1] = file->labels.frame[f]->cell;
        status = skd_calibration_unpack(&calibration, &options, cell, n + 1, numbers->value, numbers->n, err);
    }
    if (status == SKD_OK && (status = skd_potential_taking_calibration(out, calibration, err)) != SKD_OK)
        skd_calibration_free(calibration);
    if (status == SKD_OK)
        status = check_energies(is, *out, host, cell[1], err);
    if (status == SKD_OK && !(fabs(is[0] - check->value[0]) + fabs(is[1] - check->value[1]) < 1e-6 * (double)host->n))
        status = skd_fail(err, SKD_EFORMAT, "gives its first label %.6f eV, and %.6f eV when it was fitted: by another "
                          "version", is[1], check->value[1]);
    skd_free(cell);
    return status;
}

static skd_status read_file(skd_model_file *file, skd_cell **host, const char *path, skd_error *err) {
    skd_status status = skd_model_file_read(file, path, err);
    if (status != SKD_OK)
        return status;
    const char *kind = skd_model_file_get(file, "kind");
    if (!kind || strcmp(kind, "calibration") != 0)
        status = skd_fail(err, SKD_EFORMAT, "no calibration of a host, but a model");
    if (status == SKD_OK)
        status = read_host(host, file, err);
    if (status == SKD_OK)
        return SKD_OK;
    skd_error_prefix(err, "%s", path);
    skd_model_file_free(file);
    return status;
}

skd_status calibrations_potential(skd_potential **out, const char *spec, skd_error *err) {
    skd_model_file file;
    skd_cell *host = NULL;
    const char *path = spec + strlen(PREFIX);
    *out = NULL;
    skd_status status = read_file(&file, &host, path, err);
    if (status != SKD_OK)
        return status;
    status = unpack(out, &file, host, err);
    if (status != SKD_OK) {
        skd_error_prefix(err, "%s", path);
        skd_potential_free(*out);
        *out = NULL;
    } else {
        snprintf((*out)->spec, sizeof(*out)->spec, "%s", spec);
    }
    skd_cell_free(host);
    skd_model_file_free(&file);
    return status == SKD_EARG ? SKD_EFORMAT : status;
}

static skd_status fill_file(skd_model_file *file, const calibrating *c, const double *numbers, size_t n,
                            const double check[2], skd_error *err) {
    char formula[64], said[300];
    const skd_calibration_report *r = &c->report;
    snprintf(said, sizeof said,
             "%zu frames, %zu environments, zeta %g, scale %g eV; left out: force %.4f (before %.4f) eV/Å, stress %.4f "
             "(%.4f) eV/Å^3, energy %.5f (%.5f) eV/atom", r->n_frames, r->n_reference, r->zeta, r->scale,
             r->force_after, r->force_before, r->stress_after, r->stress_before, r->energy_after, r->energy_before);
    const char *const texts[][2] = {{"kind", "calibration"}, {"program", "shakedown " SKD_VERSION},
                                    {"host", skd_cell_formula(c->host, formula, sizeof formula)},
                                    {"on", c->base->spec}, {"level", c->to}, {"fit", said}};
    skd_status status = SKD_OK;
    for (size_t k = 0; k < sizeof texts / sizeof *texts && status == SKD_OK; k++)
        status = skd_model_file_set(file, texts[k][0], texts[k][1], err);
    if (status == SKD_OK)
        status = write_options(file, &c->options.features, err);
    if (status == SKD_OK)
        status = write_host(file, c->host, err);
    if (status == SKD_OK)
        status = skd_model_file_add(file, "numbers", numbers, n, err);
    return status == SKD_OK ? skd_model_file_add(file, "check", check, 2, err) : status;
}

static skd_status write_file(const calibrating *c, const skd_potential *potential, const double *numbers, size_t n,
                             skd_error *err) {
    skd_model_file file = {0};
    double check[2];
    skd_status status = check_energies(check, potential, c->host, c->labels.frame[0]->cell, err);
    if (status == SKD_OK)
        status = fill_file(&file, c, numbers, n, check, err);
    if (status == SKD_OK) {
        file.labels = c->labels; /* lent */
        status = skd_model_file_write(&file, c->output, err);
        file.labels = (skd_frames){0};
    }
    skd_model_file_free(&file);
    return status;
}

skd_status calibrations_is_made(bool *made, const calibrating *c, skd_error *err) {
    skd_model_file file;
    skd_cell *host = NULL;
    *made = false;
    if (!skd_file_exists(c->output))
        return SKD_OK;
    skd_status status = read_file(&file, &host, c->output, err);
    if (status != SKD_OK)
        return status;
    const char *on = skd_model_file_get(&file, "on"), *level = skd_model_file_get(&file, "level");
    *made = on && level && !strcmp(on, c->base->spec) && !strcmp(level, c->to) && host->n == c->host->n &&
            !memcmp(host->species, c->host->species, host->n * sizeof *host->species) &&
            !memcmp(host->lattice, c->host->lattice, sizeof host->lattice) &&
            !memcmp(host->pos, c->host->pos, host->n * sizeof *host->pos);
    skd_cell_free(host);
    skd_model_file_free(&file);
    return SKD_OK;
}

skd_status calibrations_add(skd_potential **base, const char *file, skd_error *err) {
    char spec[4200];
    skd_potential *correction = NULL, *sum = NULL;
    snprintf(spec, sizeof spec, PREFIX "%s", file);
    skd_status status = calibrations_potential(&correction, spec, err);
    if (status == SKD_OK)
        status = skd_potential_taking_sum(&sum, (skd_potential *const[2]){*base, correction}, 2, err);
    if (status != SKD_OK) {
        skd_potential_free(correction);
        skd_potential_free(*base);
    }
    *base = sum;
    return status;
}

/* ---- making one --------------------------------------------------------------------------------- */

/* The labels with what the base says of them. */
static skd_status fit(calibrating *c, skd_calibration **out, skd_error *err) {
    skd_result **base = NULL;
    skd_label *label = skd_alloc(c->labels.n, sizeof *label);
    skd_status status = label ? models_base_results(&base, c->base, &c->labels, err)
                              : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", c->labels.n);
    for (size_t f = 0; f < c->labels.n && status == SKD_OK; f++) {
        const skd_frame *frame = c->labels.frame[f];
        label[f] = (skd_label){.cell = frame->cell,
                               .energy = frame->energy,
                               .force = (const double(*)[3])frame->force,
                               .stress = frame->has_stress ? frame->stress : NULL,
                               .base = base[f]};
    }
    if (status == SKD_OK)
        status = skd_calibration_fit(out, c->host, label, c->labels.n, &c->options, &c->report, err);
    models_free_results(base, c->labels.n);
    skd_free(label);
    return status;
}

/* The correction of all labels so far, and its numbers. */
static skd_status fit_potential(calibrating *c, skd_potential **out, double **numbers, size_t *n, skd_error *err) {
    skd_calibration *calibration = NULL;
    skd_potential_free(*out);
    skd_free(*numbers);
    *out = NULL;
    *numbers = NULL;
    skd_status status = fit(c, &calibration, err);
    if (status == SKD_OK)
        status = skd_calibration_pack(numbers, n, calibration, err);
    if (status == SKD_OK)
        status = skd_potential_taking_calibration(out, calibration, err);
    if (status != SKD_OK)
        skd_calibration_free(calibration);
    return status;
}

skd_status calibrations_make(calibrating *c, skd_error *err) {
    skd_potential *correction = NULL;
    double *numbers = NULL;
    size_t n = 0;
    skd_status status = calibrations_label(c, err);
    if (status == SKD_OK)
        status = fit_potential(c, &correction, &numbers, &n, err);
    if (status == SKD_OK && c->n_rounds)
        status = calibrations_before(c, err);
    for (size_t round = 0; c->n_rounds && status == SKD_OK; round++) { /* the last only looks */
        bool more;
        status = calibrations_round(c, correction, c->n_recalled + round, round < c->n_rounds, &more, err);
        if (status != SKD_OK || !more)
            break;
        status = fit_potential(c, &correction, &numbers, &n, err);
    }
    if (status == SKD_OK)
        status = write_file(c, correction, numbers, n, err);
    if (!c->quiet && c->level)
        fprintf(stderr, "\n");
    skd_potential_free(correction);
    skd_free(numbers);
    return status;
}

void calibrations_free(calibrating *c) {
    skd_potential_work_free(c->work);
    skd_potential_free(c->level);
    skd_frames_free(&c->kept);
    skd_frames_free(&c->labels);
    c->work = NULL;
    c->level = NULL;
    c->labels = c->kept = (skd_frames){0};
}

void calibrations_print(const calibrating *c, FILE *out) {
    const skd_calibration_report *r = &c->report;
    const double gpa = 160.2176634;
    fprintf(out, "calibrated %s to %s: %zu frames of %zu atoms", c->base->spec, c->to, r->n_frames, c->host->n);
    if (c->n_asked)
        fprintf(out, ", %zu asked for in %.1f min", c->n_asked, c->seconds / 60.0);
    if (c->n_failed)
        fprintf(out, ", %zu without an answer", c->n_failed);
    fprintf(out, "\nleft out   force %.3f eV/Å (before %.3f), stress %.2f GPa (%.2f), energy %.1f meV/atom (%.1f); "
                 "zeta %g, %zu environments\n", r->force_after, r->force_before, gpa * r->stress_after,
            gpa * r->stress_before, 1e3 * r->energy_after, 1e3 * r->energy_before, r->zeta, r->n_reference);
    if (calibrations_host_force(c) > AT_REST)
        fprintf(out, "host       no minimum of the better level, whose forces there are up to %.2f eV/Å: its atoms "
                     "will move; better relax it there first ('relax --cell')\n", calibrations_host_force(c));
    if (c->n_calls)
        fprintf(out, "rattled    by 0.1 Å and relaxed it ends %.3f Å rms off at most (before %.3f), its lattice by "
                     "%.1f %% (%.1f); %zu calls of %s\n", c->drift, c->drift_before, 100.0 * c->strain,
                100.0 * c->strain_before, c->n_calls, c->base->spec);
}
