/* SPDX-License-Identifier: MIT */
/* models_base.c - what a model is on top of: a potential, or another model file, named in the model's own file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "models.h"

#define MODEL "model:"

static const char *file_of(const char *spec) {
    return strncmp(spec, MODEL, strlen(MODEL)) == 0 ? spec + strlen(MODEL) : NULL;
}

static skd_status checksum_of(const char *path, char text[17], skd_error *err) {
    char *bytes = NULL;
    size_t length;
    skd_status status = skd_file_read(path, &bytes, &length, err);
    if (status == SKD_OK)
        snprintf(text, 17, "%016" PRIx64, skd_hash(SKD_HASH_START, bytes, length));
    skd_free(bytes);
    return status;
}

static bool is_there(const char *file) {
    FILE *f = fopen(file, "rb");
    if (f)
        fclose(f);
    return f != NULL;
}

skd_status models_set_base(models *m, const char *on, skd_error *err) {
    char sum[17], spec[4096];
    if (!on || !*on || strcmp(on, "none") == 0)
        return SKD_OK;
    snprintf(spec, sizeof spec, "%s%s", is_there(on) ? MODEL : "", on);
    const char *file = file_of(spec);
    skd_status status = cli_potential_new(&m->base, spec, err);
    if (status == SKD_OK)
        status = skd_model_file_set(&m->file, "on", spec, err);
    if (status == SKD_OK && file)
        status = checksum_of(file, sum, err);
    if (status == SKD_OK && file)
        status = skd_model_file_set(&m->file, "on_checksum", sum, err);
    return status;
}

/* "model:FILE" with FILE where it is named, or in the folder of the model that names it. */
static void find_file(const char *spec, const char *path, char *out, size_t room) {
    const char *file = file_of(spec), *slash = strrchr(path, '/');
    snprintf(out, room, "%s", spec);
    if (file && !is_there(file) && file[0] != '/' && slash)
        snprintf(out, room, MODEL "%.*s/%s", (int)(slash - path), path, file);
}

static skd_status check_sum(const models *m, const char *file, skd_error *err) {
    const char *said = skd_model_file_get(&m->file, "on_checksum");
    char is[17];
    skd_status status = checksum_of(file, is, err);
    if (status == SKD_OK && said && strcmp(said, is) != 0)
        return skd_fail(err, SKD_EFORMAT, "is on %s, which has changed since (checksum %s, now %s)", file, said, is);
    return status;
}

skd_status models_read_base(models *m, const char *path, skd_error *err) {
    const char *spec = skd_model_file_get(&m->file, "on");
    char found[4096];
    if (!spec)
        return SKD_OK;
    find_file(spec, path, found, sizeof found);
    skd_status status = file_of(found) ? check_sum(m, file_of(found), err) : SKD_OK;
    if (status == SKD_OK)
        status = cli_potential_new(&m->base, found, err);
    return status == SKD_EARG ? SKD_EFORMAT : status;
}

void models_free_results(skd_result **result, size_t n) {
    for (size_t i = 0; result && i < n; i++)
        skd_result_free(result[i]);
    skd_free(result);
}

static skd_status gather(const skd_potential *base, const skd_frames *labels, const skd_cell **cell, double *charge,
                         skd_result **result, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < labels->n && status == SKD_OK; f++) {
        cell[f] = labels->frame[f]->cell;
        status = models_charge(labels->frame[f], &charge[f], err);
        if (status == SKD_OK)
            status = base->type->check(base->params, cell[f], err);
        if (status == SKD_OK)
            status = skd_result_new(&result[f], cell[f]->n, err);
        if (status != SKD_OK)
            skd_error_prefix(err, "label %zu", f + 1);
    }
    return status;
}

skd_status models_base_results(skd_result ***out, const skd_potential *base, const skd_frames *labels,
                               skd_error *err) {
    const size_t n = labels->n;
    *out = NULL;
    if (!base)
        return SKD_OK;
    const skd_cell **cell = skd_alloc(n, sizeof *cell);
    double *charge = skd_alloc(n, sizeof *charge);
    skd_result **result = skd_alloc(n, sizeof *result);
    skd_status status =
        cell && charge && result ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", n);
    if (status == SKD_OK)
        status = gather(base, labels, cell, charge, result, err);
    if (status == SKD_OK)
        status = skd_potential_compute_many(base, cell, charge, n, SKD_WANT_STRESS, 0, result, err);
    skd_free(cell);
    skd_free(charge);
    if (status != SKD_OK)
        models_free_results(result, n);
    else
        *out = result;
    return status;
}
