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

/* ---- the cache ----------------------------------------------------------------------------- */

skd_status run_host_cached(run_store *store, uint64_t key, skd_host_state *out, bool *found, skd_error *err) {
    char *metadata = NULL;
    *found = false;
    skd_status status = skd_db_metadata_get(store->db, &metadata, err);
    if (status != SKD_OK || !metadata)
        return status;
    run_record old = {0};
    cJSON *root = cJSON_Parse(metadata);
    run_host_read(root, &old);
    cJSON_Delete(root);
    skd_free(metadata);
    *found = old.host_key == key && key != 0;
    if (*found)
        *out = old.host;
    return SKD_OK;
}
