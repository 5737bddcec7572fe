/* SPDX-License-Identifier: MIT */
/* run_dft.c - see run_dft.h. A row: the structure with its energy and forces; calculator: the level; keys: defect,
 * start, kind (single_point or relaxation); data: where it was read, and the family a relaxation ended in. */
#include "run_dft.h"

#include <stdio.h>
#include <string.h>

#include "run_trace.h"

void run_dft_free(run_dft *result) {
    skd_cell_free(result->cell);
    skd_free(result->force);
    skd_trace_free(&result->trace);
    *result = (run_dft){0};
}

static run_dft *find(const run_store *store, size_t job, size_t start, bool relaxed, const char *level) {
    for (size_t i = 0; i < store->n_dft; i++) {
        run_dft *d = &store->dft[i];
        if (d->job == job && d->start == start && d->relaxed == relaxed && strcmp(d->level, level) == 0)
            return d;
    }
    return NULL;
}

const run_dft *run_dft_find(const run_store *store, size_t job, size_t start, bool relaxed, const char *level) {
    return find(store, job, start, relaxed, level);
}

static run_row row_of(run_dft *d, const skd_job *job) {
    cJSON *keys = cJSON_CreateObject(), *data = cJSON_CreateObject();
    char entry[96];
    cJSON_AddStringToObject(keys, "defect", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry));
    cJSON_AddStringToObject(keys, "start", job->starts.start[d->start].name);
    cJSON_AddStringToObject(keys, "kind", d->relaxed ? "relaxation" : "single_point");
    cJSON_AddNumberToObject(data, "candidate", (double)d->start);
    cJSON_AddNumberToObject(data, "steps", (double)d->n_steps);
    cJSON_AddBoolToObject(data, "stalled", d->stalled);
    cJSON_AddStringToObject(data, "source", d->source);
    cJSON_AddStringToObject(data, "version", d->version);
    json_add_number(data, "magmom_muB", d->magmom);
    run_trace_add(data, &d->trace);
    return (run_row){.key = {RUN_DFT, d->job, d->number},
                     .row = {.cell = d->cell, .has_energy = true, .energy = d->energy, .force = d->force,
                             .charge = job->charge, .calculator = d->level},
                     .keys = keys,
                     .data = data};
}

static size_t next_number(const run_store *store, size_t job) {
    size_t next = 0;
    for (size_t i = 0; i < store->n_dft; i++)
        if (store->dft[i].job == job && store->dft[i].number >= next)
            next = store->dft[i].number + 1;
    return next;
}

skd_status run_dft_keep(run_store *store, run_dft *result, skd_job *const *job, skd_error *err) {
    run_dft *old = find(store, result->job, result->start, result->relaxed, result->level);
    result->number = old ? old->number : next_number(store, result->job);
    skd_status status =
        old ? SKD_OK : skd_grow((void **)&store->dft, &store->dft_room, store->n_dft + 1, sizeof *store->dft, err);
    run_row row = status == SKD_OK ? row_of(result, job[result->job]) : (run_row){0};
    if (status == SKD_OK)
        status = run_rows_write(store->db, &store->index, &row, 1, NULL, err);
    if (status != SKD_OK) {
        run_dft_free(result);
        return status;
    }
    if (old)
        run_dft_free(old);
    *(old ? old : &store->dft[store->n_dft++]) = *result;
    return SKD_OK;
}

skd_status run_dft_read(run_dft *result, run_key key, skd_db_row *row, const cJSON *keys, const cJSON *data,
                        skd_error *err) {
    char kind[32];
    double start = json_number(data, "candidate");
    json_text(keys, "kind", kind, sizeof kind);
    json_text(data, "source", result->source, sizeof result->source);
    json_text(data, "version", result->version, sizeof result->version);
    snprintf(result->level, sizeof result->level, "%s", row->calculator ? row->calculator : "");
    result->job = key.job;
    result->number = key.number;
    result->start = start >= 0.0 && start < 1e9 ? (size_t)start : SIZE_MAX;
    result->relaxed = strcmp(kind, "relaxation") == 0;
    result->stalled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "stalled"));
    result->n_steps = (size_t)json_integer(data, "steps");
    result->energy = row->energy;
    result->magmom = json_number(data, "magmom_muB");
    result->cell = row->cell;
    result->force = row->force;
    row->cell = NULL;
    row->force = NULL;
    skd_status status = run_trace_read(&result->trace, data, err);
    if (status != SKD_OK)
        return status;
    bool good = row->has_energy && result->level[0] && result->start != SIZE_MAX;
    return good ? SKD_OK : skd_fail(err, SKD_EFORMAT, "a result without energy, level or candidate");
}
