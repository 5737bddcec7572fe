/* SPDX-License-Identifier: MIT */
/* run_store.c - begins, resumes and writes a run; see run_store.h for the layout of rows. run_load.c reads. */
#include "run_store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "run_rows.h"

skd_status run_store_open(run_store *store, const char *folder, bool create, skd_error *err) {
    *store = (run_store){0};
    skd_string path = {0};
    skd_string_add(&path, "%s/run.db", folder);
    store->folder = skd_strdup(folder);
    if (path.failed || !store->folder) {
        skd_string_free(&path);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    }
    skd_status status = SKD_OK;
    if (create)
        status = skd_folder_make(folder, err);
    else if (!skd_file_exists(path.text))
        status = skd_fail(err, SKD_EARG, "%s: not the folder of a search (no run.db in it)", folder);
    if (status == SKD_OK)
        status = skd_db_open(&store->db, path.text, create, err);
    skd_string_free(&path);
    return status;
}

void run_store_close(run_store *store) {
    skd_db_close(store->db);
    skd_free(store->folder);
    *store = (run_store){0};
}

/* ---- what is kept of what ------------------------------------------------------------------ */

static cJSON *start_data(const skd_start *start) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "label", start->label);
    if (!isnan(start->factor))
        cJSON_AddNumberToObject(o, "factor", start->factor);
    cJSON_AddNumberToObject(o, "n_neighbours", start->n_neighbours);
    cJSON *atoms = cJSON_AddArrayToObject(o, "distorted_atoms");
    for (size_t i = 0; i < start->n_distorted; i++)
        cJSON_AddItemToArray(atoms, cJSON_CreateNumber((double)start->distorted[i]));
    cJSON_AddNumberToObject(o, "stdev", start->stdev);
    cJSON_AddNumberToObject(o, "d_min", start->d_min);
    cJSON_AddNumberToObject(o, "seed", start->seed);
    cJSON_AddStringToObject(o, "dropped", start->dropped ? start->why : "");
    return o;
}

static cJSON *row_keys(const skd_job *job, const char *stage, const char *start) {
    cJSON *o = cJSON_CreateObject();
    char entry[96];
    cJSON_AddStringToObject(o, "stage", stage);
    cJSON_AddStringToObject(o, "defect", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry));
    cJSON_AddStringToObject(o, "start", start);
    return o;
}

static cJSON *defect_data(const skd_job *job) {
    const skd_defect *d = job->defect;
    cJSON *o = cJSON_CreateObject();
    char wyckoff[2] = {d->wyckoff, '\0'};
    cJSON_AddStringToObject(o, "defect", d->name);
    cJSON_AddNumberToObject(o, "charge", job->charge);
    cJSON_AddNumberToObject(o, "n_starts", (double)job->starts.n);
    cJSON_AddNumberToObject(o, "kind", d->kind);
    cJSON_AddNumberToObject(o, "removed", d->removed);
    cJSON_AddNumberToObject(o, "added", d->added);
    json_add_vector(o, "site", d->site);
    cJSON_AddNumberToObject(o, "index", d->index == SIZE_MAX ? -1.0 : (double)d->index);
    cJSON_AddNumberToObject(o, "multiplicity", (double)d->multiplicity);
    cJSON_AddStringToObject(o, "wyckoff", wyckoff);
    cJSON_AddStringToObject(o, "site_symmetry", d->site_symmetry);
    cJSON_AddNumberToObject(o, "oxidation_change", d->oxidation_change);
    cJSON_AddBoolToObject(o, "oxidation_known", d->oxidation_known);
    cJSON_AddNumberToObject(o, "rattle_stdev", job->starts.stdev);
    return o;
}

/* Everything that decides the result: a run may only be resumed by a command that wants the same. */
static uint64_t identity_of(const run_record *r, skd_job *const *job, size_t n_jobs) {
    uint64_t h = skd_hash(SKD_HASH_START, r->potential, strlen(r->potential));
    double rule[] = {r->force_max, r->force_mean, (double)r->max_steps};
    h = skd_hash(h, r->method, strlen(r->method));
    h = skd_hash(h, rule, sizeof rule);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++) {
            const skd_start *s = &job[j]->starts.start[i];
            h = skd_hash(h, s->name, strlen(s->name));
            h = skd_hash(h, &job[j]->charge, sizeof job[j]->charge);
            h = skd_hash(h, s->cell->lattice, sizeof s->cell->lattice);
            h = skd_hash(h, s->cell->species, s->cell->n * sizeof *s->cell->species);
            h = skd_hash(h, s->cell->pos, s->cell->n * sizeof *s->cell->pos);
        }
    return h;
}

/* Provenance. cJSON reports no-memory by NULLs all the way; the caller checks the printed text. */
static char *provenance(const run_record *r, skd_job *const *job, size_t n_jobs) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddStringToObject(root, "command", r->command);
    cJSON_AddStringToObject(root, "host_file", r->host_file);
    json_add_hash(root, "host_checksum_fnv1a64", r->host_checksum);
    cJSON_AddStringToObject(root, "potential", r->potential);
    cJSON_AddNumberToObject(root, "bulk_energy_eV", r->bulk_energy);
    cJSON_AddStringToObject(root, "method", r->method);
    cJSON_AddNumberToObject(root, "force_max_eV_per_A", r->force_max);
    cJSON_AddNumberToObject(root, "force_mean_eV_per_A", r->force_mean);
    cJSON_AddNumberToObject(root, "max_steps", (double)r->max_steps);
    cJSON_AddNumberToObject(root, "threshold", r->threshold);
    cJSON_AddNumberToObject(root, "seed", (double)r->seed);
    json_add_hash(root, "identity", identity_of(r, job, n_jobs));
    cJSON *jobs = cJSON_AddArrayToObject(root, "jobs");
    for (size_t j = 0; j < n_jobs; j++)
        cJSON_AddItemToArray(jobs, defect_data(job[j]));
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

/* ---- writing ------------------------------------------------------------------------------ */

static size_t starts_of(skd_job *const *job, size_t n_jobs) {
    size_t n = 0;
    for (size_t j = 0; j < n_jobs; j++)
        n += job[j]->starts.n;
    return n;
}

/* The row's JSON texts are printed from (and free) the given objects. */
static skd_status set_json(skd_db_row *row, cJSON *keys, cJSON *data, skd_error *err) {
    row->key_values = cJSON_PrintUnformatted(keys);
    row->data = cJSON_PrintUnformatted(data);
    cJSON_Delete(keys);
    cJSON_Delete(data);
    return row->key_values && row->data ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a row's JSON");
}

static void free_json(skd_db_row *row) {
    cJSON_free(row->key_values);
    cJSON_free(row->data);
}

static skd_status write_beginning(run_store *store, const run_record *record, const skd_cell *bulk,
                                  skd_job *const *job, size_t n_jobs, skd_error *err) {
    size_t n = 1 + store->n_starts, at = 0;
    skd_db_row *row = skd_alloc(n, sizeof *row);
    if (!row)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows", n);
    cJSON *keys = cJSON_CreateObject();
    cJSON_AddStringToObject(keys, "stage", "host");
    row[at] = (skd_db_row){.id = RUN_HOST_ROW, .cell = (skd_cell *)bulk, .has_energy = true,
                           .energy = record->bulk_energy, .calculator = (char *)record->potential,
                           .time = (double)time(NULL)};
    skd_status status = set_json(&row[at++], keys, cJSON_CreateObject(), err);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n && status == SKD_OK; i++, at++) {
            const skd_start *s = &job[j]->starts.start[i];
            row[at] = (skd_db_row){.id = run_start_row(at - 1), .cell = s->cell, .charge = job[j]->charge,
                                    .time = (double)time(NULL)};
            status = set_json(&row[at], row_keys(job[j], "start", s->name), start_data(s), err);
        }
    if (status == SKD_OK)
        status = skd_db_write_many(store->db, row, n, err);
    for (size_t i = 0; i < n; i++)
        free_json(&row[i]);
    skd_free(row);
    char *text = provenance(record, job, n_jobs);
    if (status == SKD_OK)
        status = text ? skd_db_metadata_set(store->db, text, err) : skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    cJSON_free(text);
    return status;
}

skd_status run_store_keep(run_store *store, skd_job *const *job, size_t n_jobs, const skd_job *which, size_t start,
                          const run_record *record, skd_error *err) {
    size_t number = start;
    for (size_t j = 0; j < n_jobs && job[j] != which; j++)
        number += job[j]->starts.n;
    const skd_minimum *m = &which->minimum[start];
    cJSON *keys = row_keys(which, "minimum", which->starts.start[start].name), *data = cJSON_CreateObject();
    cJSON_AddStringToObject(keys, "stop", skd_stop_name(m->stop));
    cJSON_AddNumberToObject(keys, "steps", (double)m->n_steps);
    cJSON_AddNumberToObject(data, "calls", (double)m->n_calls);
    cJSON_AddNumberToObject(data, "force_max", m->force_max);
    cJSON_AddStringToObject(data, "reason", m->reason);
    skd_db_row row = {.id = run_minimum_row(store->n_starts, number), .cell = m->cell,
                      .has_energy = isfinite(m->energy), .energy = m->energy,
                      .force = m->force, .charge = which->charge,
                      .calculator = (char *)record->potential, .time = (double)time(NULL)};
    skd_status status = set_json(&row, keys, data, err);
    if (status == SKD_OK)
        status = skd_db_write(store->db, &row, err);
    free_json(&row);
    return status;
}

/* ---- beginning or resuming ----------------------------------------------------------------- */

static skd_status compare_identity(const run_store *store, const char *metadata, const char *wanted, skd_error *err) {
    char found[20], want[20], command[200];
    cJSON *old = cJSON_Parse(metadata), *new = cJSON_Parse(wanted);
    json_text(old, "identity", found, sizeof found);
    json_text(new, "identity", want, sizeof want);
    json_text(old, "command", command, sizeof command);
    cJSON_Delete(old);
    cJSON_Delete(new);
    if (strcmp(found, want) == 0)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "%s holds another search (%s); give another -o, or remove the folder",
                    store->folder, command);
}

skd_status run_store_begin(run_store *store, const run_record *record, const skd_cell *bulk, skd_job *const *job,
                           size_t n_jobs, bool *resumed, skd_error *err) {
    store->n_starts = starts_of(job, n_jobs);
    char *metadata = NULL;
    skd_status status = skd_db_metadata_get(store->db, &metadata, err);
    if (status != SKD_OK)
        return status;
    *resumed = metadata != NULL;
    if (!metadata)
        return write_beginning(store, record, bulk, job, n_jobs, err);
    char *wanted = provenance(record, job, n_jobs);
    if (!wanted)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    if (status == SKD_OK)
        status = compare_identity(store, metadata, wanted, err);
    if (status == SKD_OK)
        status = run_load_minima(store, job, n_jobs, err);
    cJSON_free(wanted);
    skd_free(metadata);
    return status;
}

