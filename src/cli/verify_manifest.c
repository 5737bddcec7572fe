/* SPDX-License-Identifier: MIT */
/* verify_manifest.c - see verify_manifest.h. */
#include "verify_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "shakedown/data.h"

const char *const verify_stage_name[VERIFY_N_STAGES] = {"points", "relax"};

#define MANIFEST_LAYOUT 1

/* ---- structures --------------------------------------------------------------------------- */

skd_status verify_structure(skd_cell **out, const run_contents *run, size_t job, size_t start, skd_error *err) {
    const skd_job *j = run->job[job];
    const skd_cell *cell = j->minimum[start].cell;
    *out = NULL;
    if (!cell)
        return skd_fail(err, SKD_EFORMAT, "%s has no minimum in this run", j->starts.start[start].name);
    return run->given ? skd_host_map_back(out, cell, j->defect, run->given, err) : skd_cell_copy(out, cell, err);
}

uint64_t verify_checksum(const skd_cell *cell) {
    uint64_t h = skd_hash(SKD_HASH_START, cell->lattice, sizeof cell->lattice);
    h = skd_hash(h, cell->species, cell->n * sizeof *cell->species);
    return skd_hash(h, cell->pos, cell->n * sizeof *cell->pos);
}

/* ---- memory ------------------------------------------------------------------------------- */

void verify_calc_free(verify_calc *calc) {
    for (size_t i = 0; i < calc->n_files; i++)
        skd_free(calc->file[i]);
    skd_free(calc->folder);
    *calc = (verify_calc){0};
}

void verify_manifest_free(verify_manifest *manifest) {
    for (size_t i = 0; i < manifest->n; i++)
        verify_calc_free(&manifest->calc[i]);
    skd_free(manifest->calc);
    skd_free(manifest->folder);
    *manifest = (verify_manifest){0};
}

skd_status verify_manifest_add(verify_manifest *manifest, verify_calc *calc, skd_error *err) {
    skd_status status =
        skd_grow((void **)&manifest->calc, &manifest->capacity, manifest->n + 1, sizeof *manifest->calc, err);
    if (status == SKD_OK)
        manifest->calc[manifest->n++] = *calc;
    else
        verify_calc_free(calc);
    return status;
}

verify_calc *verify_manifest_find(const verify_manifest *manifest, size_t job, size_t start) {
    for (size_t i = 0; i < manifest->n; i++)
        if (manifest->calc[i].job == job && manifest->calc[i].start == start)
            return &manifest->calc[i];
    return NULL;
}

char *verify_path(const verify_manifest *manifest, const verify_calc *calc, const char *file) {
    skd_string path = {0};
    skd_string_add(&path, "%s/%s%s%s", manifest->folder, calc->folder, file ? "/" : "", file ? file : "");
    if (path.failed)
        skd_string_free(&path);
    return path.text;
}

/* ---- checksums ---------------------------------------------------------------------------- */

static skd_status checksum_of(uint64_t *out, const char *folder, const char *name, skd_error *err) {
    skd_string path = {0};
    char *text = NULL;
    size_t n = 0;
    skd_string_add(&path, "%s/%s", folder, name);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                    : skd_file_read(path.text, &text, &n, err);
    *out = status == SKD_OK ? skd_hash(SKD_HASH_START, text, n) : 0;
    skd_free(text);
    skd_string_free(&path);
    return status;
}

skd_status verify_calc_sign(verify_calc *calc, const char *folder, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    skd_status status = skd_folder_list(&names, folder, &is_folder, err);
    for (size_t i = 0; i < calc->n_files; i++)
        skd_free(calc->file[i]);
    calc->n_files = 0;
    for (size_t i = 0; i < names.n && calc->n_files < VERIFY_FILES && status == SKD_OK; i++) {
        size_t k = calc->n_files;
        if (!(calc->file[k] = skd_strdup(names.name[i])))
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a name");
        else if ((status = checksum_of(&calc->checksum[k], folder, names.name[i], err)) != SKD_OK)
            skd_free(calc->file[k]);
        calc->n_files += status == SKD_OK;
    }
    skd_names_free(&names);
    return status;
}

skd_status verify_calc_resign(verify_calc *calc, const char *folder, size_t i, skd_error *err) {
    return checksum_of(&calc->checksum[i], folder, calc->file[i], err);
}

const char *verify_calc_changed(const verify_calc *calc, const char *folder) {
    for (size_t i = 0; i < calc->n_files; i++) {
        uint64_t now;
        if (checksum_of(&now, folder, calc->file[i], NULL) != SKD_OK || now != calc->checksum[i])
            return calc->file[i];
    }
    return NULL;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static cJSON *calc_json(const verify_calc *calc) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "folder", calc->folder);
    cJSON_AddNumberToObject(o, "job", (double)calc->job);
    cJSON_AddNumberToObject(o, "start", (double)calc->start);
    cJSON_AddNumberToObject(o, "family", (double)calc->rank);
    json_add_number(o, "search_energy_eV", calc->energy);
    json_add_hash(o, "structure", calc->structure);
    cJSON_AddNumberToObject(o, "restarts", (double)calc->restarts);
    cJSON *files = cJSON_AddObjectToObject(o, "files");
    for (size_t i = 0; i < calc->n_files; i++)
        json_add_hash(files, calc->file[i], calc->checksum[i]);
    return o;
}

skd_status verify_manifest_write(const verify_manifest *manifest, const char *run, skd_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddNumberToObject(root, "layout", MANIFEST_LAYOUT);
    cJSON_AddStringToObject(root, "run", run);
    cJSON_AddStringToObject(root, "stage", verify_stage_name[manifest->stage]);
    cJSON_AddStringToObject(root, "code", manifest->code);
    cJSON_AddStringToObject(root, "level", manifest->level);
    cJSON_AddStringToObject(root, "search_level", manifest->search_level);
    json_add_hash(root, "settings", manifest->settings);
    cJSON *list = cJSON_AddArrayToObject(root, "calculations");
    for (size_t i = 0; i < manifest->n; i++)
        cJSON_AddItemToArray(list, calc_json(&manifest->calc[i]));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    skd_string path = {0};
    skd_string_add(&path, "%s/manifest.json", manifest->folder);
    skd_status status = !text || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a manifest")
                                             : skd_file_write(path.text, text, strlen(text), err);
    skd_string_free(&path);
    cJSON_free(text);
    return status;
}

static uint64_t hash_in(const cJSON *o, const char *key) {
    char text[20];
    json_text(o, key, text, sizeof text);
    return strtoull(text, NULL, 16);
}

/* Whole numbers from 0. */
static bool count_in(const cJSON *o, const char *key, size_t *out) {
    double value = json_number(o, key);
    *out = value >= 0.0 && value < 1e9 ? (size_t)value : 0;
    return value >= 0.0 && value < 1e9;
}

/* A folder's name leads nowhere else. */
static bool stays_inside(const char *folder) {
    return folder[0] && folder[0] != '/' && !strstr(folder, "..");
}

static skd_status read_calc(verify_manifest *m, const cJSON *o, skd_error *err) {
    verify_calc calc = {.energy = json_number(o, "search_energy_eV"), .structure = hash_in(o, "structure")};
    char folder[300];
    json_text(o, "folder", folder, sizeof folder);
    bool good = count_in(o, "job", &calc.job) && count_in(o, "start", &calc.start) && stays_inside(folder);
    count_in(o, "family", &calc.rank);
    count_in(o, "restarts", &calc.restarts);
    if (!good)
        return skd_fail(err, SKD_EFORMAT, "%s/manifest.json: calculation %zu: expected folder, job and start; "
                        "write the inputs anew with 'shakedown verify'", m->folder, m->n + 1);
    bool whole = (calc.folder = skd_strdup(folder)) != NULL;
    const cJSON *file;
    cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(o, "files")) {
        if (calc.n_files == VERIFY_FILES || !cJSON_IsString(file))
            continue;
        calc.checksum[calc.n_files] = strtoull(file->valuestring, NULL, 16);
        calc.file[calc.n_files] = skd_strdup(file->string);
        whole = whole && calc.file[calc.n_files];
        calc.n_files += calc.file[calc.n_files] != NULL;
    }
    if (whole)
        return verify_manifest_add(m, &calc, err);
    verify_calc_free(&calc);
    return skd_fail(err, SKD_ENOMEM, "out of memory for a manifest");
}

static skd_status read_json(verify_manifest *m, const char *path, const cJSON *root, skd_error *err) {
    if (json_integer(root, "layout") != MANIFEST_LAYOUT)
        return skd_fail(err, SKD_EFORMAT, "%s: expected a manifest of 'shakedown verify' (layout %d)", path,
                        MANIFEST_LAYOUT);
    json_text(root, "code", m->code, sizeof m->code);
    json_text(root, "level", m->level, sizeof m->level);
    json_text(root, "search_level", m->search_level, sizeof m->search_level);
    m->settings = hash_in(root, "settings");
    if (!skd_code_named(m->code) || !*m->level)
        return skd_fail(err, SKD_EFORMAT, "%s: expected a code and a level; found '%s', '%s'", path, m->code, m->level);
    skd_status status = SKD_OK;
    const cJSON *o;
    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(root, "calculations"))
        if (status == SKD_OK)
            status = read_calc(m, o, err);
    return status;
}

skd_status verify_manifest_read(verify_manifest *out, const char *dir, verify_stage stage, bool *found,
                                skd_error *err) {
    skd_string folder = {0}, path = {0};
    char *text = NULL;
    size_t n = 0;
    *out = (verify_manifest){.stage = stage};
    skd_string_add(&folder, "%s/%s", dir, verify_stage_name[stage]);
    skd_string_add(&path, "%s/%s/manifest.json", dir, verify_stage_name[stage]);
    out->folder = folder.text; /* taken */
    skd_status status = folder.failed || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    *found = status == SKD_OK && skd_file_exists(path.text);
    if (*found)
        status = skd_file_read(path.text, &text, &n, err);
    if (*found && status == SKD_OK) {
        cJSON *root = cJSON_ParseWithLength(text, n);
        status = read_json(out, path.text, root, err);
        cJSON_Delete(root);
    }
    skd_free(text);
    skd_string_free(&path);
    return status;
}
