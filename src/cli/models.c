/* SPDX-License-Identifier: MIT */
/* models.c - learned models between files and fits. */
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrations.h"
#include "cli.h"

/* ---- settings --------------------------------------------------------------------------------- */

typedef enum kind { REAL, INT, SIZE } kind;
/* Of the descriptor, of body order 4 alone (not in files of body order 3), of the fit. */
typedef enum owner { BASIS, TRIPLETS, FIT } owner;

/* A number of the options, with its key in the file. */
static const struct setting {
    const char *key;
    owner owner;
    kind kind;
    size_t offset;
    bool is_new; /* files of before lack it: 0, body order 3 */
} settings[] = {
    {"cutoff", BASIS, REAL, offsetof(skd_features_options, cutoff), false},
    {"taper", BASIS, REAL, offsetof(skd_features_options, taper), false},
    {"width", BASIS, REAL, offsetof(skd_features_options, width), false},
    {"n_max", BASIS, INT, offsetof(skd_features_options, n_max), false},
    {"l_max", BASIS, INT, offsetof(skd_features_options, l_max), false},
    {"channels", BASIS, INT, offsetof(skd_features_options, channels), false},
    {"most", BASIS, SIZE, offsetof(skd_features_options, most), false},
    {"body", TRIPLETS, INT, offsetof(skd_features_options, body), true},
    {"n_triplet", TRIPLETS, INT, offsetof(skd_features_options, n_triplet), true},
    {"l_triplet", TRIPLETS, INT, offsetof(skd_features_options, l_triplet), true},
    {"near", TRIPLETS, REAL, offsetof(skd_features_options, near), true},
    {"force_noise", FIT, REAL, offsetof(skd_fit_options, force_noise), false},
    {"force_noise_slope", FIT, REAL, offsetof(skd_fit_options, force_noise_slope), false},
    {"energy_noise", FIT, REAL, offsetof(skd_fit_options, energy_noise), false},
    {"energy_noise_slope", FIT, REAL, offsetof(skd_fit_options, energy_noise_slope), false},
    {"stress_noise", FIT, REAL, offsetof(skd_fit_options, stress_noise), false},
    {"far_above", FIT, REAL, offsetof(skd_fit_options, far_above), false},
    {"close_contact", FIT, REAL, offsetof(skd_fit_options, close_contact), false},
    {"other_charge", FIT, REAL, offsetof(skd_fit_options, other_charge), false},
    {"ridge", FIT, REAL, offsetof(skd_fit_options, ridge), false},
    {"smooth", FIT, REAL, offsetof(skd_fit_options, smooth), true},
    {"smooth_rattle", FIT, REAL, offsetof(skd_fit_options, smooth_rattle), true},
    {"weight_energy", FIT, REAL, offsetof(skd_fit_options, weight_energy), true},
    {"weight_force", FIT, REAL, offsetof(skd_fit_options, weight_force), true},
    {"weight_stress", FIT, REAL, offsetof(skd_fit_options, weight_stress), true},
};
#define N_SETTINGS (sizeof settings / sizeof *settings)

static void *place_of(models *m, const struct setting *s) {
    return (s->owner == FIT ? (char *)&m->fit : (char *)&m->options) + s->offset;
}

/* In the fewest digits that give it back. */
static void print_setting(models *m, const struct setting *s, char *text, size_t room) {
    const void *place = place_of(m, s);
    if (s->kind == INT)
        snprintf(text, room, "%d", *(const int *)place);
    if (s->kind == SIZE)
        snprintf(text, room, "%zu", *(const size_t *)place);
    double back = NAN;
    for (int digits = 15; digits <= 17 && s->kind == REAL && back != *(const double *)place; digits++) {
        snprintf(text, room, "%.*g", digits, *(const double *)place);
        skd_span_real((skd_span){text, strlen(text)}, &back);
    }
}

static skd_status write_settings(models *m, skd_error *err) {
    char text[200];
    skd_status status = SKD_OK;
    skd_string elements = {0};
    for (size_t k = 0; k < N_SETTINGS && status == SKD_OK; k++) {
        if (settings[k].owner == TRIPLETS && m->options.body < 4)
            continue;
        print_setting(m, &settings[k], text, sizeof text);
        status = skd_model_file_set(&m->file, settings[k].key, text, err);
    }
    if (status == SKD_OK)
        status = skd_model_file_set(&m->file, "prior", m->fit.prior, err);
    for (size_t s = 0; s < m->n_species; s++)
        skd_string_add(&elements, "%s%s", s ? " " : "", skd_element_of(m->species[s])->symbol);
    if (status == SKD_OK)
        status = elements.failed ? skd_fail(err, SKD_ENOMEM, "out of memory")
                                 : skd_model_file_set(&m->file, "elements", elements.text, err);
    skd_string_free(&elements);
    return status;
}

static skd_status read_setting(models *m, const struct setting *s, skd_error *err) {
    const char *text = skd_model_file_get(&m->file, s->key);
    double value = 0.0;
    long integer = 0;
    if (!text && s->is_new)
        return SKD_OK;
    if (!text)
        return skd_fail(err, SKD_EFORMAT, "no setting '%s'", s->key);
    const skd_span word = {text, strlen(text)};
    if (s->kind == REAL ? !skd_span_real(word, &value)
                        : !skd_span_int(word, &integer) || integer < 0 || integer > 1000000)
        return skd_fail(err, SKD_EFORMAT, "%s: %s; expected a number", s->key, text);
    if (s->kind == INT)
        *(int *)place_of(m, s) = (int)integer;
    else if (s->kind == SIZE)
        *(size_t *)place_of(m, s) = (size_t)integer;
    else
        *(double *)place_of(m, s) = value;
    return SKD_OK;
}

static skd_status read_settings(models *m, skd_error *err) {
    const char *prior = skd_model_file_get(&m->file, "prior"), *elements = skd_model_file_get(&m->file, "elements");
    skd_status status = SKD_OK;
    m->options = (skd_features_options)SKD_FEATURES_DEFAULT;
    for (size_t k = 0; k < N_SETTINGS && status == SKD_OK; k++)
        status = read_setting(m, &settings[k], err);
    if (status != SKD_OK)
        return status;
    if (!prior || strlen(prior) >= sizeof m->fit.prior || !elements)
        return skd_fail(err, SKD_EFORMAT, "no setting '%s'", elements ? "prior" : "elements");
    strcpy(m->fit.prior, prior);
    skd_span line = {elements, strlen(elements)}, word;
    for (m->n_species = 0; skd_span_word(&line, &word); m->n_species++) {
        int z = skd_element_number(word);
        if (z == 0 || (m->n_species && z <= m->species[m->n_species - 1]))
            return skd_fail(err, SKD_EFORMAT, "elements: %s; expected symbols in ascending order", elements);
        m->species[m->n_species] = z;
    }
    return SKD_OK;
}

/* ---- labels ----------------------------------------------------------------------------------- */

skd_status models_charge(const skd_frame *frame, double *charge, skd_error *err) {
    const char *text = skd_frame_info(frame, "charge");
    *charge = 0.0;
    if (text && !skd_span_real((skd_span){text, strlen(text)}, charge))
        return skd_fail(err, SKD_EFORMAT, "charge=%s; expected a number", text);
    return SKD_OK;
}

static skd_status check_label(const skd_frame *frame, skd_error *err) {
    double charge;
    if (!frame->has_energy || !frame->force)
        return skd_fail(err, SKD_EFORMAT, "no %s; expected energy and forces", frame->has_energy ? "forces" : "energy");
    return models_charge(frame, &charge, err);
}

skd_status models_read_labels(skd_frames *labels, const char *path, skd_error *err) {
    skd_frames more = {0};
    skd_status status = skd_frames_read(&more, path, NULL, err);
    for (size_t f = 0; f < more.n && status == SKD_OK; f++) {
        status = check_label(more.frame[f], err);
        if (status != SKD_OK)
            skd_error_prefix(err, "%s: frame %zu", path, f + 1);
    }
    if (status == SKD_OK)
        status = skd_grow((void **)&labels->frame, &labels->capacity, labels->n + more.n, sizeof *labels->frame, err);
    if (status == SKD_OK) {
        memcpy(labels->frame + labels->n, more.frame, more.n * sizeof *more.frame);
        labels->n += more.n;
        more.n = 0;
    }
    skd_frames_free(&more);
    return status;
}

/* ---- fit -------------------------------------------------------------------------------------- */

void models_free(models *m) {
    for (size_t k = 0; k < m->n; k++)
        skd_model_free(m->model[k]);
    skd_free(m->model);
    skd_free(m->report);
    skd_features_free(m->features);
    skd_potential_free(m->base);
    skd_model_file_free(&m->file);
    *m = (models){0};
}

/* The elements of the labels; which body order they need, if that was left open. */
static void find_species(models *m) {
    bool seen[SKD_ELEMENT_MAX + 1] = {false};
    for (size_t f = 0; f < m->file.labels.n; f++) {
        const skd_cell *cell = m->file.labels.frame[f]->cell;
        for (size_t i = 0; i < cell->n; i++)
            seen[cell->species[i]] = true;
    }
    m->n_species = 0;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (seen[z])
            m->species[m->n_species++] = z;
    if (m->options.body == 0)
        m->options.body = m->n_species == 1 ? 4 : 3;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The charges of all labels, each once, ascending; the list is the caller's. */
static skd_status list_charges(const skd_frames *labels, double **out, size_t *n, skd_error *err) {
    double *charge = skd_alloc(labels->n, sizeof *charge);
    skd_status status = charge ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu charges", labels->n);
    *n = 0;
    for (size_t f = 0; f < labels->n && status == SKD_OK; f++)
        status = models_charge(labels->frame[f], &charge[f], err);
    if (status != SKD_OK) {
        skd_free(charge);
        return status;
    }
    qsort(charge, labels->n, sizeof *charge, by_value);
    for (size_t f = 0; f < labels->n; f++)
        if (f == 0 || charge[f] != charge[*n - 1])
            charge[(*n)++] = charge[f];
    *out = charge;
    return SKD_OK;
}

static skd_status add_labels(skd_fit *fit, const skd_frames *labels, skd_result *const *base, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < labels->n && status == SKD_OK; f++) {
        const skd_frame *frame = labels->frame[f];
        skd_label label = {.cell = frame->cell,
                           .energy = frame->energy,
                           .force = (const double(*)[3])frame->force,
                           .stress = frame->has_stress ? frame->stress : NULL,
                           .base = base ? base[f] : NULL};
        status = models_charge(frame, &label.charge, err);
        if (status == SKD_OK)
            status = skd_fit_add(fit, &label, err);
        if (status != SKD_OK)
            skd_error_prefix(err, "label %zu", f + 1);
    }
    return status;
}

static skd_status room_for(models *m, size_t n, skd_error *err) {
    m->model = skd_alloc(n, sizeof *m->model);
    m->report = skd_alloc(n, sizeof *m->report);
    return m->model && m->report ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu models", n);
}

skd_status models_fit(models *m, skd_error *err) {
    skd_fit *fit = NULL;
    double *charge = NULL;
    skd_result **base = NULL;
    size_t n = 0;
    find_species(m);
    skd_status status = list_charges(&m->file.labels, &charge, &n, err);
    if (status == SKD_OK)
        status = models_base_results(&base, m->base, &m->file.labels, err);
    if (status == SKD_OK)
        status = skd_features_new(&m->features, &m->options, m->species, m->n_species, err);
    if (status == SKD_OK) {
        m->options = *skd_features_options_of(m->features); /* as they came to be */
        status = skd_fit_new(&fit, m->features, &m->fit, err);
    }
    if (status == SKD_OK)
        status = add_labels(fit, &m->file.labels, base, err);
    if (status == SKD_OK)
        status = room_for(m, n, err);
    for (size_t q = 0; q < n && status == SKD_OK; q++) {
        status = skd_fit_solve(&m->model[q], fit, charge[q], &m->report[q], err);
        m->n += status == SKD_OK;
    }
    skd_fit_free(fit);
    skd_free(charge);
    models_free_results(base, m->file.labels.n);
    return status;
}

/* ---- file ------------------------------------------------------------------------------------- */

/* What a model says of the first label: a descriptor that has changed since the fit shows here. */
static skd_status first_energy(const models *m, const skd_model *model, double *energy, skd_error *err) {
    const skd_cell *cell = m->file.labels.frame[0]->cell;
    skd_model_work *work = NULL;
    skd_result *result = NULL;
    skd_status status = skd_model_work_new(&work, model, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, cell->n, err);
    if (status == SKD_OK)
        status = skd_model_compute(model, cell, 0, work, result, err);
    if (status == SKD_OK)
        *energy = result->energy;
    skd_result_free(result);
    skd_model_work_free(work);
    return status;
}

static skd_status write_model(models *m, size_t k, skd_error *err) {
    double *numbers = NULL, check;
    size_t n;
    char name[40];
    skd_status status = first_energy(m, m->model[k], &check, err);
    if (status == SKD_OK)
        status = skd_model_pack(&numbers, &n, m->model[k], err);
    snprintf(name, sizeof name, "model_%zu", k + 1);
    if (status == SKD_OK)
        status = skd_model_file_add(&m->file, name, numbers, n, err);
    snprintf(name, sizeof name, "check_%zu", k + 1);
    if (status == SKD_OK)
        status = skd_model_file_add(&m->file, name, &check, 1, err);
    skd_free(numbers);
    return status;
}

skd_status models_write(models *m, const char *path, skd_error *err) {
    skd_model_file_forget(&m->file);
    skd_status status = skd_model_file_set(&m->file, "program", "shakedown " SKD_VERSION, err);
    if (status == SKD_OK)
        status = write_settings(m, err);
    for (size_t k = 0; k < m->n && status == SKD_OK; k++)
        status = write_model(m, k, err);
    return status == SKD_OK ? skd_model_file_write(&m->file, path, err) : status;
}

skd_status models_write_labels(models *m, const char *path, skd_error *err) {
    find_species(m);
    return models_write(m, path, err);
}

static skd_status read_model(models *m, size_t k, skd_error *err) {
    char name[40];
    double energy = 0.0;
    snprintf(name, sizeof name, "model_%zu", k + 1);
    const skd_model_array *numbers = skd_model_file_array(&m->file, name);
    snprintf(name, sizeof name, "check_%zu", k + 1);
    const skd_model_array *check = skd_model_file_array(&m->file, name);
    if (!check || check->n != 1 || m->file.labels.n == 0)
        return skd_fail(err, SKD_EFORMAT, "model %zu: no number to check it by", k + 1);
    skd_status status = skd_model_unpack(&m->model[k], m->features, m->fit.prior, numbers->value, numbers->n, err);
    if (status != SKD_OK)
        return status;
    m->n++;
    status = first_energy(m, m->model[k], &energy, err);
    if (status == SKD_OK && !(fabs(energy - check->value[0]) < 1e-6 * (double)m->file.labels.frame[0]->cell->n))
        status = skd_fail(err, SKD_EFORMAT,
                          "gives its first label %.6f eV, and %.6f eV when it was fitted: by another version; "
                          "'shakedown model merge' fits it anew", energy, check->value[0]);
    return status;
}

static skd_status read_models(models *m, skd_error *err) {
    size_t n = 0;
    char name[40];
    do
        snprintf(name, sizeof name, "model_%zu", n + 1);
    while (skd_model_file_array(&m->file, name) && ++n);
    if (n == 0)
        return skd_fail(err, SKD_EFORMAT, "holds labels but no model; 'shakedown model merge FILE -o MODEL' fits one");
    skd_status status = skd_features_new(&m->features, &m->options, m->species, m->n_species, err);
    if (status == SKD_OK)
        status = room_for(m, n, err);
    for (size_t k = 0; k < n && status == SKD_OK; k++)
        status = read_model(m, k, err);
    return status == SKD_EARG ? SKD_EFORMAT : status;
}

skd_status models_read_unfitted(models *out, const char *path, skd_error *err) {
    *out = (models){0};
    skd_status status = skd_model_file_read(&out->file, path, err);
    if (status != SKD_OK)
        return status;
    status = read_settings(out, err);
    for (size_t f = 0; f < out->file.labels.n && status == SKD_OK; f++)
        status = check_label(out->file.labels.frame[f], err);
    if (status == SKD_OK)
        return SKD_OK;
    skd_error_prefix(err, "%s", path);
    models_free(out);
    return status;
}

skd_status models_read(models *out, const char *path, skd_error *err) {
    skd_status status = models_read_unfitted(out, path, err);
    if (status != SKD_OK)
        return status;
    status = models_read_base(out, path, err);
    if (status == SKD_OK)
        status = read_models(out, err);
    if (status == SKD_OK)
        return SKD_OK;
    skd_error_prefix(err, "%s", path);
    models_free(out);
    return status;
}

/* *out, the model, becomes base + model; both belong to the sum. */
static skd_status put_on(skd_potential **out, skd_potential **base, skd_error *err) {
    skd_potential *const term[2] = {*base, *out};
    skd_potential *sum = NULL;
    skd_status status = skd_potential_taking_sum(&sum, term, 2, err);
    if (status != SKD_OK) {
        skd_potential_free(*out);
        *out = NULL;
        return status;
    }
    *base = NULL;
    *out = sum;
    return SKD_OK;
}

/* "model:FILE" */
static skd_status model_potential(skd_potential **out, const char *spec, skd_error *err) {
    models m;
    *out = NULL;
    skd_status status = models_read(&m, strchr(spec, ':') + 1, err);
    if (status != SKD_OK)
        return status;
    status = skd_potential_taking_models(out, m.features, m.model, m.n, err);
    if (status == SKD_OK) {
        m.features = NULL;
        m.n = 0;
    }
    if (status == SKD_OK && m.base)
        status = put_on(out, &m.base, err);
    if (status == SKD_OK)
        snprintf((*out)->spec, sizeof(*out)->spec, "%s", spec);
    models_free(&m);
    return status;
}

/* Kinds that are read from files: more than relax knows. A new one: one row. */
static const struct {
    const char *begins;
    skd_status (*make)(skd_potential **out, const char *spec, skd_error *err);
} kinds[] = {{"model:", model_potential}, {"calibration:", calibrations_potential}};

static skd_status make_kind(skd_potential **out, const char *spec, const void *payload, skd_error *err) {
    if (teachers_knows(spec))
        return teachers_potential_new(out, spec, payload, err);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (!strncmp(spec, kinds[k].begins, strlen(kinds[k].begins)))
            return kinds[k].make(out, spec, err);
    return skd_potential_new(out, spec, err);
}

skd_status cli_potential_new(skd_potential **out, const char *spec, skd_error *err) {
    const teachers_place place = {.stopped = cli_interrupted, .log = cli_log(false)};
    return cli_potential_at(out, spec, &place, err);
}

skd_status cli_potential_at(skd_potential **out, const char *spec, const teachers_place *place, skd_error *err) {
    return skd_potential_parse(out, spec, make_kind, place, err);
}
