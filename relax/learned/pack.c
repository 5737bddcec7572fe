/* SPDX-License-Identifier: MIT */
/* pack.c - a model's numbers as one array and back:
 *   charge, beta, energy scale, force scale, features m, elements s, groups g,
 *   w [m], reference [s], offsets [s + g], counts [g][s], charges of groups [g] */
#include <string.h>

#include "model.h"

#define HEAD 7
#define GROUPS_MAX 1e6

static size_t length_of(size_t m, size_t s, size_t g) { return HEAD + m + s + (s + g) + g * s + g; }

/* Visits the arrays of a model in the order of the file. */
static void copy_arrays(skd_model *model, double *numbers, bool into_model) {
    double *array[] = {model->w, model->reference, model->c, model->count, model->group_charge};
    const size_t length[] = {model->m, model->n_species, model->k, model->n_groups * model->n_species,
                             model->n_groups};
    for (size_t a = 0; a < sizeof length / sizeof *length; a++) {
        memcpy(into_model ? array[a] : numbers, into_model ? numbers : array[a], length[a] * sizeof *numbers);
        numbers += length[a];
    }
}

skd_status skd_model_pack(double **out, size_t *n, const skd_model *model, skd_error *err) {
    *n = length_of(model->m, model->n_species, model->n_groups);
    *out = skd_alloc(*n, sizeof **out);
    if (!*out)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the numbers of a model");
    const double head[HEAD] = {model->charge,    model->beta,           model->energy_scale, model->force_scale,
                               (double)model->m, (double)model->n_species, (double)model->n_groups};
    memcpy(*out, head, sizeof head);
    skd_model copy = *model; /* shares the arrays, which are only read */
    copy_arrays(&copy, *out + HEAD, false);
    return SKD_OK;
}

skd_status skd_model_unpack(skd_model **out, const skd_features *features, const char *prior, const double *numbers,
                            size_t n, skd_error *err) {
    size_t n_species, m = skd_features_count(features);
    *out = NULL;
    skd_features_species(features, &n_species);
    bool fits = n >= HEAD && numbers[4] == (double)m && numbers[5] == (double)n_species && numbers[6] >= 0.0 &&
                numbers[6] < GROUPS_MAX && n == length_of(m, n_species, (size_t)numbers[6]);
    if (!fits)
        return skd_fail(err, SKD_EFORMAT, "%zu numbers are no model of %zu features and %zu elements", n, m, n_species);
    if (!(numbers[1] > 0.0 && numbers[2] > 0.0 && numbers[3] > 0.0))
        return skd_fail(err, SKD_EFORMAT, "a model's scales are not positive");
    skd_status status = model_new(out, features, (size_t)numbers[6], prior, err);
    if (status != SKD_OK)
        return status;
    skd_model *model = *out;
    model->charge = numbers[0];
    model->beta = numbers[1];
    model->energy_scale = numbers[2];
    model->force_scale = numbers[3];
    double *copy = skd_copy(numbers + HEAD, n - HEAD, sizeof *copy);
    if (!copy) {
        skd_model_free(model);
        *out = NULL;
        return skd_fail(err, SKD_ENOMEM, "out of memory for the numbers of a model");
    }
    copy_arrays(model, copy, true);
    skd_free(copy);
    return SKD_OK;
}
