/* SPDX-License-Identifier: MIT */
/* run_store.c - writes and reads the run database; see run_store.h for the layout of rows. */
#include "run_store.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* ---- JSON helpers: names and shapes of what is kept ---------------------------------------- */

static void add_vector(cJSON *object, const char *key, const double v[3]) {
    cJSON_AddItemToObject(object, key, cJSON_CreateDoubleArray(v, 3));
}

static double number_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static long integer_of(const cJSON *object, const char *key) {
    double value = number_of(object, key);
    return fabs(value) < 1e15 ? (long)value : 0;
}

static void text_of(const cJSON *object, const char *key, char *out, size_t size) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

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
    add_vector(o, "site", d->site);
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

static void add_hash(cJSON *object, const char *key, uint64_t hash) {
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    cJSON_AddStringToObject(object, key, text);
}

/* Provenance. cJSON reports no-memory by NULLs all the way; the caller checks the printed text. */
static char *provenance(const run_record *r, skd_job *const *job, size_t n_jobs) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddStringToObject(root, "command", r->command);
    cJSON_AddStringToObject(root, "host_file", r->host_file);
    add_hash(root, "host_checksum_fnv1a64", r->host_checksum);
    cJSON_AddStringToObject(root, "potential", r->potential);
    cJSON_AddNumberToObject(root, "bulk_energy_eV", r->bulk_energy);
    cJSON_AddStringToObject(root, "method", r->method);
    cJSON_AddNumberToObject(root, "force_max_eV_per_A", r->force_max);
    cJSON_AddNumberToObject(root, "force_mean_eV_per_A", r->force_mean);
    cJSON_AddNumberToObject(root, "max_steps", (double)r->max_steps);
    cJSON_AddNumberToObject(root, "threshold", r->threshold);
    cJSON_AddNumberToObject(root, "seed", (double)r->seed);
    add_hash(root, "identity", identity_of(r, job, n_jobs));
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

static long start_row(size_t number) { return 2 + (long)number; }
static long minimum_row(size_t n_starts, size_t number) { return 2 + (long)(n_starts + number); }

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
    row[at] = (skd_db_row){.id = 1, .cell = (skd_cell *)bulk, .has_energy = true, .energy = record->bulk_energy,
                           .calculator = (char *)record->potential, .time = (double)time(NULL)};
    skd_status status = set_json(&row[at++], keys, cJSON_CreateObject(), err);
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n && status == SKD_OK; i++, at++) {
            const skd_start *s = &job[j]->starts.start[i];
            row[at] = (skd_db_row){.id = start_row(at - 1), .cell = s->cell, .charge = job[j]->charge,
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
    skd_db_row row = {.id = minimum_row(store->n_starts, number), .cell = m->cell, .has_energy = isfinite(m->energy),
                      .energy = m->energy, .force = m->force, .charge = which->charge,
                      .calculator = (char *)record->potential, .time = (double)time(NULL)};
    skd_status status = set_json(&row, keys, data, err);
    if (status == SKD_OK)
        status = skd_db_write(store->db, &row, err);
    free_json(&row);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Puts stored minima (present or not) into the jobs. */
static skd_status load_minima(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err) {
    size_t number = 0;
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++, number++) {
            skd_db_row row = {0};
            bool found;
            skd_status status = skd_db_read(store->db, minimum_row(store->n_starts, number), &row, &found, err);
            if (status != SKD_OK)
                return status;
            if (!found)
                continue;
            skd_minimum *m = &job[j]->minimum[i];
            cJSON *keys = cJSON_Parse(row.key_values), *data = cJSON_Parse(row.data);
            char stop[32];
            text_of(keys, "stop", stop, sizeof stop);
            text_of(data, "reason", m->reason, sizeof m->reason);
            m->stop = skd_stop_named(stop);
            m->n_steps = (size_t)integer_of(keys, "steps");
            m->n_calls = (size_t)integer_of(data, "calls");
            m->force_max = number_of(data, "force_max");
            cJSON_Delete(keys);
            cJSON_Delete(data);
            m->energy = row.has_energy ? row.energy : (double)NAN;
            m->cell = row.cell;
            m->force = row.force;
            m->done = true;
            row.cell = NULL;
            row.force = NULL;
            skd_db_row_free(&row);
        }
    return SKD_OK;
}

static skd_status compare_identity(const run_store *store, const char *metadata, const char *wanted, skd_error *err) {
    char found[20], want[20], command[200];
    cJSON *old = cJSON_Parse(metadata), *new = cJSON_Parse(wanted);
    text_of(old, "identity", found, sizeof found);
    text_of(new, "identity", want, sizeof want);
    text_of(old, "command", command, sizeof command);
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
        status = load_minima(store, job, n_jobs, err);
    cJSON_free(wanted);
    skd_free(metadata);
    return status;
}

static skd_status damaged(const run_store *store, const char *what, skd_error *err) {
    return skd_fail(err, SKD_EFORMAT, "%s/run.db: %s is missing or damaged", store->folder, what);
}

static skd_status read_start(run_store *store, size_t number, skd_start *start, skd_error *err) {
    skd_db_row row = {0};
    bool found;
    skd_status status = skd_db_read(store->db, start_row(number), &row, &found, err);
    if (status != SKD_OK || !found)
        return status != SKD_OK ? status : damaged(store, "a start", err);
    cJSON *keys = cJSON_Parse(row.key_values), *data = cJSON_Parse(row.data);
    text_of(keys, "start", start->name, sizeof start->name);
    text_of(data, "label", start->label, sizeof start->label);
    text_of(data, "dropped", start->why, sizeof start->why);
    start->dropped = start->why[0] != '\0';
    start->factor = number_of(data, "factor");
    start->n_neighbours = (int)integer_of(data, "n_neighbours");
    start->stdev = number_of(data, "stdev");
    start->d_min = number_of(data, "d_min");
    start->seed = (uint32_t)integer_of(data, "seed");
    const cJSON *atoms = cJSON_GetObjectItemCaseSensitive(data, "distorted_atoms"), *atom;
    start->distorted = skd_alloc((size_t)cJSON_GetArraySize(atoms), sizeof *start->distorted);
    cJSON_ArrayForEach(atom, atoms) if (start->distorted)
        start->distorted[start->n_distorted++] = (size_t)atom->valuedouble;
    cJSON_Delete(keys);
    cJSON_Delete(data);
    start->cell = row.cell;
    row.cell = NULL;
    skd_db_row_free(&row);
    return start->distorted ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a start");
}

static skd_status read_defect(run_store *store, const cJSON *o, const skd_cell *bulk, const skd_cell *unperturbed,
                              skd_defect **out, skd_error *err) {
    skd_defect *d = *out = skd_alloc(1, sizeof *d);
    if (!d)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
    char wyckoff[2];
    text_of(o, "defect", d->name, sizeof d->name);
    text_of(o, "wyckoff", wyckoff, sizeof wyckoff);
    text_of(o, "site_symmetry", d->site_symmetry, sizeof d->site_symmetry);
    d->wyckoff = wyckoff[0];
    d->kind = (skd_defect_kind)integer_of(o, "kind");
    d->removed = (int)integer_of(o, "removed");
    d->added = (int)integer_of(o, "added");
    d->index = integer_of(o, "index") < 0 ? SIZE_MAX : (size_t)integer_of(o, "index");
    d->multiplicity = (size_t)integer_of(o, "multiplicity");
    d->oxidation_change = (int)integer_of(o, "oxidation_change");
    d->oxidation_known = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "oxidation_known"));
    const cJSON *site = cJSON_GetObjectItemCaseSensitive(o, "site");
    if (cJSON_GetArraySize(site) != 3)
        return damaged(store, "a defect's site", err);
    for (int k = 0; k < 3; k++)
        d->site[k] = cJSON_GetArrayItem(site, k)->valuedouble;
    skd_status status = skd_cell_copy(&d->bulk, bulk, err);
    return status == SKD_OK ? skd_cell_copy(&d->cell, unperturbed, err) : status;
}

static skd_status read_job(run_store *store, const cJSON *o, size_t first, run_contents *out, skd_error *err) {
    skd_start_list starts = {0};
    size_t n = (size_t)integer_of(o, "n_starts");
    starts.stdev = number_of(o, "rattle_stdev");
    skd_status status = skd_grow((void **)&starts.start, &starts.capacity, n, sizeof *starts.start, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        starts.start[i] = (skd_start){0};
        starts.n = i + 1;
        status = read_start(store, first + i, &starts.start[i], err);
    }
    if (status == SKD_OK && n == 0)
        status = damaged(store, "a defect's list of starts", err);
    if (status == SKD_OK)
        status = read_defect(store, o, out->bulk, starts.start[0].cell, &out->defect[out->n_jobs], err);
    if (status != SKD_OK) {
        skd_start_list_free(&starts);
        return status;
    }
    return skd_job_of_starts(&out->job[out->n_jobs], out->defect[out->n_jobs], (int)integer_of(o, "charge"), &starts,
                             err);
}

static void read_record(const cJSON *root, run_record *r) {
    char hash[20];
    text_of(root, "command", r->command, sizeof r->command);
    text_of(root, "host_file", r->host_file, sizeof r->host_file);
    text_of(root, "potential", r->potential, sizeof r->potential);
    text_of(root, "method", r->method, sizeof r->method);
    text_of(root, "host_checksum_fnv1a64", hash, sizeof hash);
    r->host_checksum = strtoull(hash, NULL, 16);
    r->bulk_energy = number_of(root, "bulk_energy_eV");
    r->force_max = number_of(root, "force_max_eV_per_A");
    r->force_mean = number_of(root, "force_mean_eV_per_A");
    r->max_steps = (size_t)integer_of(root, "max_steps");
    r->threshold = number_of(root, "threshold");
    r->seed = (uint64_t)integer_of(root, "seed");
}

static skd_status read_jobs(run_store *store, const cJSON *root, run_contents *out, skd_error *err) {
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(root, "jobs"), *o;
    size_t n = (size_t)cJSON_GetArraySize(jobs);
    skd_db_row row = {0};
    bool found = false;
    skd_status status = skd_db_read(store->db, 1, &row, &found, err);
    if (status == SKD_OK && (!found || n == 0))
        status = damaged(store, "the record of the search", err);
    out->bulk = row.cell;
    row.cell = NULL;
    skd_db_row_free(&row);
    out->job = skd_alloc(n, sizeof *out->job);
    out->defect = skd_alloc(n, sizeof *out->defect);
    if (status == SKD_OK && (!out->job || !out->defect))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", n);
    cJSON_ArrayForEach(o, jobs) {
        if (status != SKD_OK)
            break;
        status = read_job(store, o, store->n_starts, out, err);
        store->n_starts += (size_t)integer_of(o, "n_starts");
        out->n_jobs++;
    }
    return status;
}

skd_status run_store_load(run_store *store, run_contents *out, skd_error *err) {
    *out = (run_contents){0};
    char *metadata = NULL;
    skd_status status = skd_db_metadata_get(store->db, &metadata, err);
    if (status != SKD_OK)
        return status;
    if (!metadata)
        return skd_fail(err, SKD_EARG, "%s: the search in it never began; run 'shakedown search' again", store->folder);
    cJSON *root = cJSON_Parse(metadata);
    skd_free(metadata);
    store->n_starts = 0;
    read_record(root, &out->record);
    status = read_jobs(store, root, out, err);
    cJSON_Delete(root);
    if (status == SKD_OK)
        status = load_minima(store, out->job, out->n_jobs, err);
    return status;
}

void run_contents_free(run_contents *contents) {
    for (size_t j = 0; j < contents->n_jobs; j++) {
        skd_job_free(contents->job[j]);
        skd_defect_free(contents->defect[j]);
    }
    skd_free(contents->job);
    skd_free(contents->defect);
    skd_cell_free(contents->bulk);
    *contents = (run_contents){0};
}
