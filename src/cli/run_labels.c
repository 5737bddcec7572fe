/* SPDX-License-Identifier: MIT */
/* run_labels.c - what a teacher said, as rows of a run: a frame with energy and forces, or a relaxation's end with the
 * frame that it began from (its positions in data, to the last digit: by these a repeated question is recognised). */
#include "run_labels.h"

#include <stdio.h>
#include <string.h>

#include "run_trace.h"

/* To the last bit: cJSON's own numbers are sometimes one unit in the last place off. */
static cJSON *exact(double x) {
    char text[40];
    snprintf(text, sizeof text, "%.17g", x);
    return isfinite(x) ? cJSON_CreateRaw(text) : cJSON_CreateNull();
}

static cJSON *numbers_of(const double *x, size_t n) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, exact(x[i]));
    return list;
}

static cJSON *vectors_of(const double (*v)[3], size_t n) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < 3 * n; i++)
        cJSON_AddItemToArray(list, exact(v[i / 3][i % 3]));
    return list;
}

static bool read_vectors(const cJSON *list, double (*v)[3], size_t n) {
    const cJSON *value;
    size_t at = 0;
    if ((size_t)cJSON_GetArraySize(list) != 3 * n)
        return false;
    cJSON_ArrayForEach(value, list) {
        v[at / 3][at % 3] = value->valuedouble;
        at++;
    }
    return true;
}

static cJSON *label_data(const skd_kept_label *label) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "why", label->why);
    cJSON_AddNumberToObject(o, "order", (double)label->order);
    if (label->origin[0])
        cJSON_AddStringToObject(o, "origin", label->origin);
    if (!label->relaxed)
        return o;
    cJSON_AddStringToObject(o, "stop", skd_stop_name(label->stop));
    cJSON_AddNumberToObject(o, "steps", (double)label->n_steps);
    cJSON_AddNumberToObject(o, "calls", (double)label->n_calls);
    run_trace_add(o, &label->trace);
    cJSON_AddItemToObject(o, "began", vectors_of((const double (*)[3])label->cell->pos, label->cell->n));
    cJSON_AddItemToObject(o, "way_eV", numbers_of(label->way_energy, label->n_way));
    cJSON_AddItemToObject(o, "way_A_eV_per_A",
                          vectors_of((const double (*)[3])label->way, 2 * label->n_way * label->cell->n));
    return o;
}

run_row run_label_row(const skd_kept_label *label, size_t number, const run_record *record) {
    cJSON *keys = cJSON_CreateObject();
    cJSON_AddStringToObject(keys, "label_of", label->from);
    cJSON_AddStringToObject(keys, "answer", label->failed ? "none" : label->relaxed ? "relaxation" : "point");
    return (run_row){.key = {RUN_LABEL, 0, number},
                     .row = {.cell = label->relaxed ? label->relaxed : label->cell, .has_energy = !label->failed,
                             .energy = label->energy, .force = label->force, .charge = label->charge,
                             .calculator = (char *)record->potential},
                     .keys = keys,
                     .data = label_data(label)};
}

/* The frame that a relaxation began from, its end with other positions, and the frames on the way. */
static skd_status read_relaxation(skd_kept_label *label, const cJSON *data, skd_error *err) {
    const cJSON *energies = cJSON_GetObjectItemCaseSensitive(data, "way_eV");
    size_t n = label->relaxed->n, n_way = (size_t)cJSON_GetArraySize(energies);
    skd_status status = skd_cell_copy(&label->cell, label->relaxed, err);
    if (status == SKD_OK)
        status = run_trace_read(&label->trace, data, err);
    label->way = skd_alloc(2 * n_way * n, sizeof *label->way);
    label->way_energy = skd_alloc(n_way, sizeof *label->way_energy);
    if (status == SKD_OK && (!label->way || !label->way_energy))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a relaxation");
    if (status != SKD_OK)
        return status;
    for (size_t k = 0; k < n_way; k++)
        label->way_energy[k] = cJSON_GetArrayItem(energies, (int)k)->valuedouble;
    label->n_way = n_way;
    if (read_vectors(cJSON_GetObjectItemCaseSensitive(data, "began"), label->cell->pos, n) &&
        read_vectors(cJSON_GetObjectItemCaseSensitive(data, "way_A_eV_per_A"), label->way, 2 * n_way * n))
        return SKD_OK;
    return skd_fail(err, SKD_EFORMAT, "the beginning of a relaxation, or a frame on its way, is missing");
}

skd_status run_label_read(skd_kept_label *label, skd_db_row *row, const cJSON *keys, const cJSON *data,
                          skd_error *err) {
    char answer[16], stop[32];
    json_text(keys, "answer", answer, sizeof answer);
    json_text(keys, "label_of", label->from, sizeof label->from);
    json_text(data, "why", label->why, sizeof label->why);
    json_text(data, "stop", stop, sizeof stop);
    json_text(data, "origin", label->origin, sizeof label->origin);
    label->order = (size_t)json_integer(data, "order");
    label->failed = strcmp(answer, "none") == 0;
    label->stop = skd_stop_named(stop);
    label->n_steps = (size_t)json_integer(data, "steps");
    label->n_calls = (size_t)json_integer(data, "calls");
    label->charge = row->charge;
    label->energy = row->has_energy ? row->energy : (double)NAN;
    const cJSON *began = cJSON_GetObjectItemCaseSensitive(data, "began");
    *(began ? &label->relaxed : &label->cell) = row->cell;
    label->force = row->force;
    row->cell = NULL;
    row->force = NULL;
    if (!label->failed && !label->force)
        return skd_fail(err, SKD_EFORMAT, "a label without forces");
    return began ? read_relaxation(label, data, err) : SKD_OK;
}

void run_label_count(run_asked *asked, const skd_kept_label *label) {
    asked->points += !label->relaxed;
    asked->relaxations += label->relaxed != NULL;
    asked->calls += label->relaxed ? label->n_calls : !label->failed;
    asked->unanswered += label->failed;
}
