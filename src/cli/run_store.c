/* SPDX-License-Identifier: MIT */
/* run_store.c - begins, resumes and writes a run; see run_store.h. run_load.c reads. */
#include "run_store.h"

#include <stdio.h>
#include <string.h>

#include "run_dft.h"
#include "run_json.h"
#include "run_labels.h"
#include "run_load.h"

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
    run_index_free(&store->index);
    for (size_t i = 0; i < store->n_labels; i++)
        skd_kept_label_free(&store->label[i]);
    skd_free(store->label);
    for (size_t i = 0; i < store->n_dft; i++)
        run_dft_free(&store->dft[i]);
    skd_free(store->dft);
    skd_db_close(store->db);
    skd_free(store->folder);
    *store = (run_store){0};
}

/* ---- the request ----------------------------------------------------------------------------- */

static uint64_t hash_cell(uint64_t h, const skd_cell *cell) {
    h = skd_hash(h, cell->lattice, sizeof cell->lattice);
    h = skd_hash(h, cell->species, cell->n * sizeof *cell->species);
    return skd_hash(h, cell->pos, cell->n * sizeof *cell->pos);
}

/* Everything that decides the result: a run may only be resumed by a command that wants the same. Starts that
 * are added later follow from it. */
static uint64_t identity_of(const run_record *r, const skd_cell *bulk, skd_job *const *job, size_t n_jobs) {
    uint64_t h = skd_hash(SKD_HASH_START, r->potential, strlen(r->potential));
    double rule[] = {r->force_max, r->force_mean, (double)r->max_steps};
    h = skd_hash(h, r->method, strlen(r->method));
    h = skd_hash(h, rule, sizeof rule);
    if (r->far.mode != SKD_FAR_FREE)
        h = skd_hash(skd_hash(h, &r->far.mode, sizeof r->far.mode), &r->far.radius, sizeof r->far.radius);
    if (r->prior[0])
        h = skd_hash(h, r->prior, strlen(r->prior));
    if (r->learned_key)
        h = skd_hash(h, &r->learned_key, sizeof r->learned_key);
    h = hash_cell(h, bulk);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++) {
            const skd_start *s = &job[j]->starts.start[i];
            if (s->round > 0 || s->later)
                continue;
            h = skd_hash(h, s->name, strlen(s->name));
            h = skd_hash(h, &job[j]->charge, sizeof job[j]->charge);
            h = hash_cell(h, s->cell);
        }
    return h;
}

/* cJSON reports no-memory by NULLs all the way; the caller checks the printed text. */
static char *provenance(const run_record *r, const skd_cell *bulk, skd_job *const *job, size_t n_jobs) {
    cJSON *root = run_record_data(r);
    json_add_hash(root, "identity", identity_of(r, bulk, job, n_jobs));
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static cJSON *job_keys(const skd_job *job, const char *start) {
    cJSON *o = cJSON_CreateObject();
    char entry[96];
    cJSON_AddStringToObject(o, "defect", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry));
    if (start)
        cJSON_AddStringToObject(o, "start", start);
    return o;
}

static run_row host_row(const run_record *record, const skd_cell *bulk) {
    return (run_row){.key = {RUN_HOST, 0, 0},
                     .row = {.cell = (skd_cell *)bulk, .has_energy = true, .energy = record->bulk_energy,
                             .calculator = (char *)record->potential}};
}

static run_row defect_row(const skd_job *job, size_t j) {
    return (run_row){.key = {RUN_DEFECT, j, 0},
                     .row = {.cell = job->defect->cell, .charge = job->charge},
                     .keys = job_keys(job, NULL),
                     .data = run_defect_data(job)};
}

static run_row start_row(const skd_job *job, size_t j, size_t i) {
    const skd_start *s = &job->starts.start[i];
    return (run_row){.key = {RUN_START, j, i},
                     .row = {.cell = s->cell, .charge = job->charge},
                     .keys = job_keys(job, s->name),
                     .data = run_start_data(s)};
}

static run_row minimum_row(const skd_job *job, size_t j, size_t i, const run_record *record) {
    const skd_minimum *m = &job->minimum[i];
    cJSON *keys = job_keys(job, job->starts.start[i].name);
    cJSON_AddStringToObject(keys, "stop", skd_stop_name(m->stop));
    cJSON_AddNumberToObject(keys, "steps", (double)m->n_steps);
    return (run_row){.key = {RUN_MINIMUM, j, i},
                     .row = {.cell = m->cell, .has_energy = isfinite(m->energy), .energy = m->energy, .force = m->force,
                             .charge = job->charge, .calculator = (char *)record->potential},
                     .keys = keys,
                     .data = run_minimum_data(m)};
}

static bool is_stored(const run_store *store, run_key key) {
    const run_entry *entry = run_index_find(&store->index, key);
    return entry && entry->stored;
}

/* ---- writing --------------------------------------------------------------------------------- */

static size_t starts_of(skd_job *const *job, size_t n_jobs) {
    size_t n = 0;
    for (size_t j = 0; j < n_jobs; j++)
        n += job[j]->starts.n;
    return n;
}

/* Ids of the starts' minima follow on those of the starts. */
static skd_status reserve_minima(run_store *store, run_row *row, size_t n, skd_error *err) {
    long id;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = run_index_reserve(&store->index, row[i].key, &id, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        run_key key = row[i].key;
        if (key.stage != RUN_START)
            continue;
        key.stage = RUN_MINIMUM;
        status = run_index_reserve(&store->index, key, &id, err);
        cJSON_AddNumberToObject(row[i].keys, "minimum_id", (double)id);
    }
    return status;
}

/* Writes what is not stored yet: with `record`, host, defects and provenance as well. */
static skd_status write_new(run_store *store, const run_record *record, const skd_cell *bulk, skd_job *const *job,
                            size_t n_jobs, skd_error *err) {
    size_t n = 0;
    char *metadata = NULL;
    run_row *row = skd_alloc(1 + n_jobs + starts_of(job, n_jobs), sizeof *row);
    if (!row)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the rows of %zu jobs", n_jobs);
    if (record) {
        row[n++] = host_row(record, bulk);
        for (size_t j = 0; j < n_jobs; j++)
            row[n++] = defect_row(job[j], j);
        metadata = provenance(record, bulk, job, n_jobs);
    }
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++)
            if (!is_stored(store, (run_key){RUN_START, j, i}))
                row[n++] = start_row(job[j], j, i);
    skd_status status = record && !metadata ? skd_fail(err, SKD_ENOMEM, "out of memory for JSON") : SKD_OK;
    if (status == SKD_OK)
        status = reserve_minima(store, row, n, err);
    if (status == SKD_OK)
        status = run_rows_write(store->db, &store->index, row, n, metadata, err);
    else
        run_rows_free(row, n);
    cJSON_free(metadata);
    skd_free(row);
    return status;
}

skd_status run_store_add_starts(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err) {
    return write_new(store, NULL, NULL, job, n_jobs, err);
}

skd_status run_store_keep(run_store *store, skd_job *const *job, size_t n_jobs, const skd_job *which, size_t start,
                          const run_record *record, skd_error *err) {
    size_t j = 0;
    while (j < n_jobs && job[j] != which)
        j++;
    run_row row = minimum_row(which, j, start, record);
    return run_rows_write(store->db, &store->index, &row, 1, NULL, err);
}

skd_status run_store_keep_many(run_store *store, skd_job *const *job, size_t n_jobs, const skd_job *which,
                               const size_t *start, size_t n, const run_record *record, skd_error *err) {
    size_t j = 0;
    while (j < n_jobs && job[j] != which)
        j++;
    skd_status status = run_store_add_starts(store, job, n_jobs, err);
    run_row *row = skd_alloc(n, sizeof *row);
    if (status == SKD_OK && !row)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        row[i] = minimum_row(which, j, start[i], record);
    if (status == SKD_OK)
        status = run_rows_write(store->db, &store->index, row, n, NULL, err);
    skd_free(row);
    return status;
}

skd_status run_store_keep_label(run_store *store, const skd_kept_label *label, const run_record *record,
                                skd_error *err) {
    run_row row = run_label_row(label, store->next_label, record);
    skd_status status = run_rows_write(store->db, &store->index, &row, 1, NULL, err);
    store->next_label += status == SKD_OK;
    if (status == SKD_OK)
        run_label_count(&store->asked, label);
    return status;
}

/* ---- beginning or resuming ------------------------------------------------------------------- */

static skd_status compare_identity(const run_store *store, const cJSON *old, const run_record *record,
                                   const skd_cell *bulk, skd_job *const *job, size_t n_jobs, skd_error *err) {
    char found[20], want[20], command[200];
    json_text(old, "identity", found, sizeof found);
    json_text(old, "command", command, sizeof command);
    snprintf(want, sizeof want, JSON_HASH, (unsigned long long)identity_of(record, bulk, job, n_jobs));
    if (strcmp(found, want) == 0)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "%s holds another search (%s); give another -o, or remove the folder",
                    store->folder, command);
}

skd_status run_store_begin(run_store *store, const run_record *record, const skd_cell *bulk, skd_job *const *job,
                           size_t n_jobs, bool *resumed, skd_error *err) {
    cJSON *metadata;
    skd_status status = run_load_metadata(store, &metadata, err);
    if (status != SKD_OK)
        return status;
    *resumed = metadata != NULL;
    if (!metadata)
        return write_new(store, record, bulk, job, n_jobs, err);
    status = compare_identity(store, metadata, record, bulk, job, n_jobs, err);
    cJSON_Delete(metadata);
    return status == SKD_OK ? run_load_rest(store, job, n_jobs, err) : status;
}
