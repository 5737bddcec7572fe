/* SPDX-License-Identifier: MIT */
/* run_trace.c - see run_trace.h. Digits are few and fixed, so that what is read and written again stays the same. */
#include "run_trace.h"

#include <math.h>
#include <stdio.h>

static cJSON *raw(const char *text, bool known) { return known ? cJSON_CreateRaw(text) : cJSON_CreateNull(); }

static cJSON *energy_of(const skd_trace_point *p) {
    char text[400];
    snprintf(text, sizeof text, "%.6f", p->energy);
    return raw(text, isfinite(p->energy));
}

static cJSON *force_of(const skd_trace_point *p) {
    char text[40];
    snprintf(text, sizeof text, "%.4g", p->force_max);
    return raw(text, isfinite(p->force_max));
}

void run_trace_add(cJSON *object, const skd_trace *trace) {
    if (trace->n == 0)
        return;
    cJSON *o = cJSON_AddObjectToObject(object, "trace");
    cJSON *step = cJSON_AddArrayToObject(o, "step"), *energy = cJSON_AddArrayToObject(o, "energy_eV");
    cJSON *force = cJSON_AddArrayToObject(o, "force_max_eV_per_A");
    for (size_t i = 0; i < trace->n; i++) {
        cJSON_AddItemToArray(step, cJSON_CreateNumber((double)trace->point[i].step));
        cJSON_AddItemToArray(energy, energy_of(&trace->point[i]));
        cJSON_AddItemToArray(force, force_of(&trace->point[i]));
    }
}

static double number_of(const cJSON *item) { return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN; }

skd_status run_trace_read(skd_trace *trace, const cJSON *object, skd_error *err) {
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(object, "trace");
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(o, "step");
    const cJSON *energies = cJSON_GetObjectItemCaseSensitive(o, "energy_eV");
    const cJSON *forces = cJSON_GetObjectItemCaseSensitive(o, "force_max_eV_per_A");
    int n = cJSON_GetArraySize(steps);
    skd_status status = SKD_OK;
    *trace = (skd_trace){0};
    if (cJSON_GetArraySize(energies) != n || cJSON_GetArraySize(forces) != n)
        return skd_fail(err, SKD_EFORMAT, "the steps of a relaxation are damaged");
    const cJSON *step = steps ? steps->child : NULL, *energy = energies ? energies->child : NULL;
    const cJSON *force = forces ? forces->child : NULL;
    for (; step && status == SKD_OK; step = step->next, energy = energy->next, force = force->next) {
        double number = number_of(step);
        if (!(number >= 0.0 && number < 1e9))
            return skd_fail(err, SKD_EFORMAT, "the steps of a relaxation are damaged");
        const skd_trace_point point = {(size_t)number, number_of(energy), number_of(force)};
        status = skd_trace_add(trace, &point, err);
    }
    return status;
}
