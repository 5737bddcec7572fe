/* SPDX-License-Identifier: MIT */
/* run_load.c - reads a run back from its database: record, defects, starts, finished minima. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "run_rows.h"

/* Puts stored minima (present or not) into the jobs. */
skd_status run_load_minima(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err) {
    size_t number = 0;
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n; i++, number++) {
            skd_db_row row = {0};
            bool found;
            skd_status status = skd_db_read(store->db, run_minimum_row(store->n_starts, number), &row, &found, err);
            if (status != SKD_OK)
                return status;
            if (!found)
                continue;
            skd_minimum *m = &job[j]->minimum[i];
            cJSON *keys = cJSON_Parse(row.key_values), *data = cJSON_Parse(row.data);
            char stop[32];
            json_text(keys, "stop", stop, sizeof stop);
            json_text(data, "reason", m->reason, sizeof m->reason);
            m->stop = skd_stop_named(stop);
            m->n_steps = (size_t)json_integer(keys, "steps");
            m->n_calls = (size_t)json_integer(data, "calls");
            m->force_max = json_number(data, "force_max");
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

static skd_status damaged(const run_store *store, const char *what, skd_error *err) {
    return skd_fail(err, SKD_EFORMAT, "%s/run.db: %s is missing or damaged", store->folder, what);
}

static skd_status read_start(run_store *store, size_t number, skd_start *start, skd_error *err) {
    skd_db_row row = {0};
    bool found;
    skd_status status = skd_db_read(store->db, run_start_row(number), &row, &found, err);
    if (status != SKD_OK || !found)
        return status != SKD_OK ? status : damaged(store, "a start", err);
    cJSON *keys = cJSON_Parse(row.key_values), *data = cJSON_Parse(row.data);
    json_text(keys, "start", start->name, sizeof start->name);
    json_text(data, "label", start->label, sizeof start->label);
    json_text(data, "dropped", start->why, sizeof start->why);
    start->dropped = start->why[0] != '\0';
    start->factor = json_number(data, "factor");
    start->n_neighbours = (int)json_integer(data, "n_neighbours");
    start->stdev = json_number(data, "stdev");
    start->d_min = json_number(data, "d_min");
    start->seed = (uint32_t)json_integer(data, "seed");
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
    json_text(o, "defect", d->name, sizeof d->name);
    json_text(o, "wyckoff", wyckoff, sizeof wyckoff);
    json_text(o, "site_symmetry", d->site_symmetry, sizeof d->site_symmetry);
    d->wyckoff = wyckoff[0];
    d->kind = (skd_defect_kind)json_integer(o, "kind");
    d->removed = (int)json_integer(o, "removed");
    d->added = (int)json_integer(o, "added");
    d->index = json_integer(o, "index") < 0 ? SIZE_MAX : (size_t)json_integer(o, "index");
    d->multiplicity = (size_t)json_integer(o, "multiplicity");
    d->oxidation_change = (int)json_integer(o, "oxidation_change");
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
    size_t n = (size_t)json_integer(o, "n_starts");
    starts.stdev = json_number(o, "rattle_stdev");
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
    return skd_job_of_starts(&out->job[out->n_jobs], out->defect[out->n_jobs], (int)json_integer(o, "charge"), &starts,
                             err);
}

static void read_record(const cJSON *root, run_record *r) {
    char hash[20];
    json_text(root, "command", r->command, sizeof r->command);
    json_text(root, "host_file", r->host_file, sizeof r->host_file);
    json_text(root, "potential", r->potential, sizeof r->potential);
    json_text(root, "method", r->method, sizeof r->method);
    json_text(root, "host_checksum_fnv1a64", hash, sizeof hash);
    r->host_checksum = strtoull(hash, NULL, 16);
    r->bulk_energy = json_number(root, "bulk_energy_eV");
    r->force_max = json_number(root, "force_max_eV_per_A");
    r->force_mean = json_number(root, "force_mean_eV_per_A");
    r->max_steps = (size_t)json_integer(root, "max_steps");
    r->threshold = json_number(root, "threshold");
    r->seed = (uint64_t)json_integer(root, "seed");
}

static skd_status read_jobs(run_store *store, const cJSON *root, run_contents *out, skd_error *err) {
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(root, "jobs"), *o;
    size_t n = (size_t)cJSON_GetArraySize(jobs);
    skd_db_row row = {0};
    bool found = false;
    skd_status status = skd_db_read(store->db, RUN_HOST_ROW, &row, &found, err);
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
        store->n_starts += (size_t)json_integer(o, "n_starts");
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
        status = run_load_minima(store, out->job, out->n_jobs, err);
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
