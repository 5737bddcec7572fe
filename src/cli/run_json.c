/* SPDX-License-Identifier: MIT */
/* run_json.c - see run_json.h. */
#include "run_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_host.h"
#include "run_trace.h"

/* ---- starts and minima --------------------------------------------------------------------- */

cJSON *run_start_data(const skd_start *start) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "label", start->label);
    cJSON_AddStringToObject(o, "kind", start->kind);
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
    cJSON_AddNumberToObject(o, "round", (double)start->round);
    cJSON_AddNumberToObject(o, "from_charge", start->from_charge);
    if (start->later)
        cJSON_AddBoolToObject(o, "later", true);
    return o;
}

skd_status run_start_read(skd_start *start, const cJSON *keys, const cJSON *data, skd_error *err) {
    char kind[32];
    json_text(keys, "start", start->name, sizeof start->name);
    json_text(data, "label", start->label, sizeof start->label);
    json_text(data, "kind", kind, sizeof kind);
    json_text(data, "dropped", start->why, sizeof start->why);
    const skd_start_kind *row = skd_start_kind_named(kind);
    start->kind = row ? row->name : "";
    start->dropped = start->why[0] != '\0';
    start->factor = json_number(data, "factor");
    start->n_neighbours = (int)json_integer(data, "n_neighbours");
    start->stdev = json_number(data, "stdev");
    start->d_min = json_number(data, "d_min");
    start->seed = (uint32_t)json_integer(data, "seed");
    start->round = (size_t)json_integer(data, "round");
    start->from_charge = (int)json_integer(data, "from_charge");
    start->later = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "later"));
    const cJSON *atoms = cJSON_GetObjectItemCaseSensitive(data, "distorted_atoms"), *atom;
    start->distorted = skd_alloc((size_t)cJSON_GetArraySize(atoms), sizeof *start->distorted);
    if (!start->distorted)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a start");
    cJSON_ArrayForEach(atom, atoms) start->distorted[start->n_distorted++] = (size_t)atom->valuedouble;
    return SKD_OK;
}

cJSON *run_minimum_data(const skd_minimum *minimum) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "calls", (double)minimum->n_calls);
    json_add_number(o, "force_max", minimum->force_max);
    cJSON_AddNumberToObject(o, "spring_eV", minimum->spring);
    cJSON_AddStringToObject(o, "reason", minimum->reason);
    if (minimum->like != minimum->start)
        cJSON_AddNumberToObject(o, "like", (double)minimum->like);
    if (minimum->has_prior)
        json_add_number(o, "prior_eV", minimum->prior_energy);
    if (minimum->nudged)
        cJSON_AddNumberToObject(o, "fall", minimum->fall);
    run_trace_add(o, &minimum->trace);
    return o;
}

skd_status run_minimum_read(skd_minimum *minimum, const cJSON *keys, const cJSON *data, skd_error *err) {
    char stop[32];
    json_text(keys, "stop", stop, sizeof stop);
    minimum->stop = skd_stop_named(stop);
    minimum->n_steps = (size_t)json_integer(keys, "steps");
    minimum->n_calls = (size_t)json_integer(data, "calls");
    minimum->force_max = json_number(data, "force_max");
    minimum->spring = json_number(data, "spring_eV");
    json_text(data, "reason", minimum->reason, sizeof minimum->reason);
    if (cJSON_HasObjectItem(data, "like"))
        minimum->like = (size_t)json_integer(data, "like");
    minimum->has_prior = cJSON_HasObjectItem(data, "prior_eV");
    minimum->prior_energy = minimum->has_prior ? json_number(data, "prior_eV") : 0.0;
    minimum->fall = json_number(data, "fall");
    minimum->nudged = !isnan(minimum->fall);
    return run_trace_read(&minimum->trace, data, err);
}

/* ---- defects -------------------------------------------------------------------------------- */

static double index_or_none(size_t index) { return index == SIZE_MAX ? -1.0 : (double)index; }

static size_t index_of(const cJSON *o, const char *key) {
    long index = json_integer(o, key);
    return index < 0 ? SIZE_MAX : (size_t)index;
}

static bool read_site(const cJSON *o, double out[3]) {
    const cJSON *site = cJSON_GetObjectItemCaseSensitive(o, "site");
    if (cJSON_GetArraySize(site) != 3)
        return false;
    for (int k = 0; k < 3; k++)
        out[k] = cJSON_GetArrayItem(site, k)->valuedouble;
    return true;
}

static cJSON *part_data(const skd_defect_part *part) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "kind", part->kind);
    cJSON_AddNumberToObject(o, "removed", part->removed);
    cJSON_AddNumberToObject(o, "added", part->added);
    json_add_vector(o, "site", part->site);
    cJSON_AddNumberToObject(o, "index", index_or_none(part->index));
    return o;
}

static bool read_part(skd_defect_part *part, const cJSON *o) {
    part->kind = (skd_defect_kind)json_integer(o, "kind");
    part->removed = (int)json_integer(o, "removed");
    part->added = (int)json_integer(o, "added");
    part->index = index_of(o, "index");
    return read_site(o, part->site);
}

cJSON *run_defect_data(const skd_job *job) {
    const skd_defect *d = job->defect;
    cJSON *o = cJSON_CreateObject();
    char wyckoff[2] = {d->wyckoff, '\0'};
    cJSON_AddStringToObject(o, "name", d->name);
    cJSON_AddNumberToObject(o, "charge", job->charge);
    cJSON_AddNumberToObject(o, "kind", d->kind);
    cJSON_AddNumberToObject(o, "removed", d->removed);
    cJSON_AddNumberToObject(o, "added", d->added);
    json_add_vector(o, "site", d->site);
    cJSON_AddNumberToObject(o, "index", index_or_none(d->index));
    cJSON_AddNumberToObject(o, "multiplicity", (double)d->multiplicity);
    cJSON_AddStringToObject(o, "wyckoff", wyckoff);
    cJSON_AddStringToObject(o, "site_symmetry", d->site_symmetry);
    cJSON_AddNumberToObject(o, "oxidation_change", d->oxidation_change);
    cJSON_AddBoolToObject(o, "oxidation_known", d->oxidation_known);
    cJSON_AddNumberToObject(o, "oxidation_removed", d->oxidation_removed);
    cJSON_AddNumberToObject(o, "oxidation_max", d->oxidation_max);
    cJSON *parts = cJSON_AddArrayToObject(o, "parts");
    for (size_t p = 0; p < d->n_parts; p++)
        cJSON_AddItemToArray(parts, part_data(&d->part[p]));
    cJSON_AddNumberToObject(o, "rattle_stdev", job->starts.stdev);
    return o;
}

skd_status run_defect_read(skd_defect *d, const cJSON *o, skd_error *err) {
    char wyckoff[2];
    json_text(o, "name", d->name, sizeof d->name);
    json_text(o, "wyckoff", wyckoff, sizeof wyckoff);
    json_text(o, "site_symmetry", d->site_symmetry, sizeof d->site_symmetry);
    d->wyckoff = wyckoff[0];
    d->kind = (skd_defect_kind)json_integer(o, "kind");
    d->removed = (int)json_integer(o, "removed");
    d->added = (int)json_integer(o, "added");
    d->index = index_of(o, "index");
    d->multiplicity = (size_t)json_integer(o, "multiplicity");
    d->oxidation_change = (int)json_integer(o, "oxidation_change");
    d->oxidation_known = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "oxidation_known"));
    d->oxidation_removed = (int)json_integer(o, "oxidation_removed");
    d->oxidation_max = (int)json_integer(o, "oxidation_max");
    const cJSON *parts = cJSON_GetObjectItemCaseSensitive(o, "parts"), *part;
    d->part = skd_alloc((size_t)cJSON_GetArraySize(parts), sizeof *d->part);
    if (!d->part)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
    bool good = read_site(o, d->site);
    cJSON_ArrayForEach(part, parts) good &= read_part(&d->part[d->n_parts++], part);
    return good ? SKD_OK : skd_fail(err, SKD_EFORMAT, "defect %s lacks a site", d->name);
}

/* ---- the request ----------------------------------------------------------------------------- */

cJSON *run_record_data(const run_record *r) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "program", "shakedown");
    cJSON_AddStringToObject(o, "version", SKD_VERSION);
    cJSON_AddNumberToObject(o, "layout", RUN_LAYOUT);
    cJSON_AddStringToObject(o, "command", r->command);
    cJSON_AddStringToObject(o, "host_file", r->host_file);
    json_add_hash(o, "host_checksum_fnv1a64", r->host_checksum);
    cJSON_AddStringToObject(o, "potential", r->potential);
    cJSON_AddNumberToObject(o, "bulk_energy_eV", r->bulk_energy);
    cJSON_AddStringToObject(o, "method", r->method);
    cJSON_AddNumberToObject(o, "force_max_eV_per_A", r->force_max);
    cJSON_AddNumberToObject(o, "force_mean_eV_per_A", r->force_mean);
    cJSON_AddNumberToObject(o, "max_steps", (double)r->max_steps);
    cJSON_AddNumberToObject(o, "threshold", r->threshold);
    cJSON_AddNumberToObject(o, "epsilon", r->epsilon);
    if (r->prior[0]) {
        cJSON_AddStringToObject(o, "prior", r->prior);
        cJSON_AddNumberToObject(o, "prior_calls", (double)r->prior_calls);
    }
    if (r->learned_key) {
        cJSON_AddStringToObject(o, "learned_from", r->learned_from);
        json_add_hash(o, "learned_labels_fnv1a64", r->learned_key);
    }
    cJSON_AddNumberToObject(o, "seed", (double)r->seed);
    run_host_add(o, r);
    run_host_add_cells(o, r);
    return o;
}

void run_record_read(run_record *r, const cJSON *o) {
    char hash[20];
    json_text(o, "command", r->command, sizeof r->command);
    json_text(o, "host_file", r->host_file, sizeof r->host_file);
    json_text(o, "potential", r->potential, sizeof r->potential);
    json_text(o, "method", r->method, sizeof r->method);
    json_text(o, "host_checksum_fnv1a64", hash, sizeof hash);
    r->host_checksum = strtoull(hash, NULL, 16);
    json_text(o, "learned_from", r->learned_from, sizeof r->learned_from);
    json_text(o, "prior", r->prior, sizeof r->prior);
    r->prior_calls = (size_t)json_integer(o, "prior_calls");
    r->bulk_energy = json_number(o, "bulk_energy_eV");
    r->force_max = json_number(o, "force_max_eV_per_A");
    r->force_mean = json_number(o, "force_mean_eV_per_A");
    r->max_steps = (size_t)json_integer(o, "max_steps");
    r->threshold = json_number(o, "threshold");
    r->epsilon = json_number(o, "epsilon");
    r->seed = (uint64_t)json_integer(o, "seed");
    run_host_read(o, r);
}
