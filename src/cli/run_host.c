/* SPDX-License-Identifier: MIT */
/* run_host.c - state of the host and far field in the provenance of a run: a search resumed or repeated does not
 * check its host again. */
#include "run_host.h"

#include <stdlib.h>
#include <string.h>

#include "far_field.h"

uint64_t run_host_key(const skd_cell *bulk, const char *potential) {
    uint64_t h = skd_hash(SKD_HASH_START, potential, strlen(potential));
    h = skd_hash(h, bulk->lattice, sizeof bulk->lattice);
    h = skd_hash(h, bulk->species, bulk->n * sizeof *bulk->species);
    return skd_hash(h, bulk->pos, bulk->n * sizeof *bulk->pos);
}

/* ---- the two objects ----------------------------------------------------------------------- */

void run_host_add(cJSON *root, const run_record *record) {
    const skd_host_state *host = &record->host;
    cJSON *o = cJSON_AddObjectToObject(root, "host_state");
    json_add_hash(o, "key_fnv1a64", record->host_key);
    json_add_number(o, "energy_eV", host->energy);
    json_add_number(o, "force_max_eV_per_A", host->force_max);
    json_add_number(o, "pressure_eV_per_A3", host->pressure);
    json_add_number(o, "rms_A", host->rms);
    json_add_number(o, "largest_A", host->largest);
    json_add_number(o, "gain_eV_per_atom", host->gain);
    cJSON_AddNumberToObject(o, "calls", (double)host->n_calls);
    cJSON_AddStringToObject(o, "stop", skd_stop_name(host->stop));
    cJSON_AddBoolToObject(o, "returns", host->returns);
    o = cJSON_AddObjectToObject(root, "far_field");
    cJSON_AddStringToObject(o, "mode", cli_far_mode_name(record->far.mode));
    cJSON_AddNumberToObject(o, "radius_A", record->far.radius);
}

static void read_host(const cJSON *o, skd_host_state *host) {
    char stop[32];
    host->energy = json_number(o, "energy_eV");
    host->force_max = json_number(o, "force_max_eV_per_A");
    host->pressure = json_number(o, "pressure_eV_per_A3");
    host->rms = json_number(o, "rms_A");
    host->largest = json_number(o, "largest_A");
    host->gain = json_number(o, "gain_eV_per_atom");
    host->n_calls = (size_t)json_integer(o, "calls");
    json_text(o, "stop", stop, sizeof stop);
    host->stop = skd_stop_named(stop);
    host->returns = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "returns"));
}

void run_host_read(const cJSON *root, run_record *record) {
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(root, "host_state");
    char hash[20], mode[16];
    record->host = (skd_host_state){.returns = true}; /* runs from before hosts were checked say nothing */
    record->far = (skd_far_field){SKD_FAR_FREE, 0.0};
    if (o) {
        json_text(o, "key_fnv1a64", hash, sizeof hash);
        record->host_key = strtoull(hash, NULL, 16);
        read_host(o, &record->host);
    }
    if ((o = cJSON_GetObjectItemCaseSensitive(root, "far_field"))) {
        json_text(o, "mode", mode, sizeof mode);
        record->far = (skd_far_field){cli_far_mode_named(mode), json_number(o, "radius_A")};
    }
}

/* ---- cells of a relaxed host ---------------------------------------------------------------- */

static cJSON *cell_json(const skd_cell *cell) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "species", cJSON_CreateIntArray(cell->species, (int)cell->n));
    cJSON_AddItemToObject(o, "lattice_A", cJSON_CreateDoubleArray(&cell->lattice[0][0], 9));
    cJSON_AddItemToObject(o, "positions_A", cJSON_CreateDoubleArray(&cell->pos[0][0], 3 * (int)cell->n));
    return o;
}

static void read_doubles(const cJSON *list, double *out, size_t n) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, list) if (i < n) out[i++] = item->valuedouble;
}

static skd_status read_cell(const cJSON *o, skd_cell **out, skd_error *err) {
    const cJSON *species = cJSON_GetObjectItemCaseSensitive(o, "species"), *item;
    const cJSON *lattice = cJSON_GetObjectItemCaseSensitive(o, "lattice_A");
    const cJSON *pos = cJSON_GetObjectItemCaseSensitive(o, "positions_A");
    size_t n = (size_t)cJSON_GetArraySize(species), i = 0;
    if (n == 0 || cJSON_GetArraySize(lattice) != 9 || (size_t)cJSON_GetArraySize(pos) != 3 * n)
        return skd_fail(err, SKD_EFORMAT, "the relaxed host of the run is missing or damaged");
    skd_status status = skd_cell_new(out, n, err);
    if (status != SKD_OK)
        return status;
    cJSON_ArrayForEach(item, species)(*out)->species[i++] = item->valueint;
    read_doubles(lattice, &(*out)->lattice[0][0], 9);
    read_doubles(pos, &(*out)->pos[0][0], 3 * n);
    return SKD_OK;
}

void run_host_add_cells(cJSON *root, const run_record *record) {
    if (!record->given || !record->relaxed)
        return;
    cJSON *o = cJSON_AddObjectToObject(root, "relaxed_host");
    json_add_hash(o, "key_fnv1a64", record->relaxed_key);
    cJSON_AddItemToObject(o, "primitive", cell_json(record->relaxed));
    cJSON_AddItemToObject(o, "given", cell_json(record->given));
}

skd_status run_host_read_given(const cJSON *root, skd_cell **out, skd_error *err) {
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(root, "relaxed_host");
    *out = NULL;
    return o ? read_cell(cJSON_GetObjectItemCaseSensitive(o, "given"), out, err) : SKD_OK;
}

/* ---- the cache ----------------------------------------------------------------------------- */

/* Metadata of the run in the store; NULL if none began. */
static skd_status read_metadata(run_store *store, cJSON **out, skd_error *err) {
    char *text = NULL;
    *out = NULL;
    skd_status status = skd_db_metadata_get(store->db, &text, err);
    if (status == SKD_OK && text)
        *out = cJSON_Parse(text);
    skd_free(text);
    return status;
}

skd_status run_host_cached(run_store *store, uint64_t key, skd_host_state *out, bool *found, skd_error *err) {
    cJSON *root;
    run_record old = {0};
    *found = false;
    skd_status status = read_metadata(store, &root, err);
    if (status != SKD_OK || !root)
        return status;
    run_host_read(root, &old);
    cJSON_Delete(root);
    *found = old.host_key == key && key != 0;
    if (*found)
        *out = old.host;
    return SKD_OK;
}

skd_status run_host_cached_relaxed(run_store *store, uint64_t key, const skd_cell *primitive, skd_cell **out,
                                   skd_error *err) {
    cJSON *root;
    char hash[20] = "";
    *out = NULL;
    skd_status status = read_metadata(store, &root, err);
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(root, "relaxed_host");
    json_text(o, "key_fnv1a64", hash, sizeof hash);
    if (status == SKD_OK && o && strtoull(hash, NULL, 16) == key)
        status = read_cell(cJSON_GetObjectItemCaseSensitive(o, "primitive"), out, err);
    cJSON_Delete(root);
    if (*out && (*out)->n != primitive->n) { /* another cell of the same hash cannot be; a damaged one can */
        skd_cell_free(*out);
        *out = NULL;
    }
    return status;
}
