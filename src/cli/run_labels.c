/* SPDX-License-Identifier: MIT */
/* run_labels.c - what a teacher said, as rows of a run: a frame with energy and forces, or a relaxation's end with the
 * frame that it began from (its positions in data, to the last digit: by these a repeated question is recognised). */
#include "run_labels.h"

#include <stdio.h>
#include <string.h>

static cJSON *positions_of(const skd_cell *cell) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < 3 * cell->n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(cell->pos[i / 3][i % 3]));
    return list;
}

static cJSON *label_data(const skd_kept_label *label) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "why", label->why);
    if (!label->relaxed)
        return o;
    cJSON_AddStringToObject(o, "stop", skd_stop_name(label->stop));
    cJSON_AddNumberToObject(o, "steps", (double)label->n_steps);
    cJSON_AddNumberToObject(o, "calls", (double)label->n_calls);
    cJSON_AddItemToObject(o, "began", positions_of(label->cell));
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

/* The frame that a relaxation began from: its end with the positions of the list. */
static skd_status read_beginning(skd_kept_label *label, const cJSON *list, skd_error *err) {
    const cJSON *value;
    size_t at = 0;
    if ((size_t)cJSON_GetArraySize(list) != 3 * label->relaxed->n)
        return skd_fail(err, SKD_EFORMAT, "the beginning of a relaxation is missing");
    skd_status status = skd_cell_copy(&label->cell, label->relaxed, err);
    cJSON_ArrayForEach(value, list) {
        if (status == SKD_OK)
            label->cell->pos[at / 3][at % 3] = value->valuedouble;
        at++;
    }
    return status;
}

skd_status run_label_read(skd_kept_label *label, skd_db_row *row, const cJSON *keys, const cJSON *data,
                          skd_error *err) {
    char answer[16], stop[32];
    json_text(keys, "answer", answer, sizeof answer);
    json_text(keys, "label_of", label->from, sizeof label->from);
    json_text(data, "why", label->why, sizeof label->why);
    json_text(data, "stop", stop, sizeof stop);
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
    return began ? read_beginning(label, began, err) : SKD_OK;
}
