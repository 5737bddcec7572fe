/* SPDX-License-Identifier: MIT */
/* run_rows.c - see run_rows.h. */
#include "run_rows.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const stage_name[RUN_N_STAGES] = {
    [RUN_HOST] = "host",
    [RUN_DEFECT] = "defect",
    [RUN_START] = "start",
    [RUN_MINIMUM] = "minimum",
    [RUN_LABEL] = "label",
    [RUN_DFT] = "dft",
};

/* ---- the index ----------------------------------------------------------------------------- */

static int compare(run_key a, run_key b) {
    if (a.stage != b.stage)
        return a.stage < b.stage ? -1 : 1;
    if (a.job != b.job)
        return a.job < b.job ? -1 : 1;
    return a.number < b.number ? -1 : a.number > b.number;
}

/* Where the key is, or would be. */
static size_t place_of(const run_index *index, run_key key) {
    size_t low = 0, high = index->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(index->entry[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static run_entry *find(const run_index *index, run_key key) {
    size_t at = place_of(index, key);
    return at < index->n && compare(index->entry[at].key, key) == 0 ? &index->entry[at] : NULL;
}

const run_entry *run_index_find(const run_index *index, run_key key) { return find(index, key); }

/* Makes the entry if there is none; its id is then `id`. */
static skd_status add(run_index *index, run_key key, long id, run_entry **out, skd_error *err) {
    *out = find(index, key);
    if (*out)
        return SKD_OK;
    skd_status status =
        skd_grow((void **)&index->entry, &index->capacity, index->n + 1, sizeof *index->entry, err);
    if (status != SKD_OK)
        return status;
    size_t at = place_of(index, key);
    *out = &index->entry[at];
    memmove(*out + 1, *out, (index->n - at) * sizeof **out);
    **out = (run_entry){.key = key, .id = id};
    index->n++;
    if (id > index->last_id)
        index->last_id = id;
    return SKD_OK;
}

skd_status run_index_reserve(run_index *index, run_key key, long *id, skd_error *err) {
    run_entry *entry;
    skd_status status = add(index, key, index->last_id + 1, &entry, err);
    if (status == SKD_OK)
        *id = entry->id;
    return status;
}

static bool is_stage(const char *name, run_stage *stage) {
    for (int s = 0; s < RUN_N_STAGES; s++)
        if (strcmp(name, stage_name[s]) == 0) {
            *stage = (run_stage)s;
            return true;
        }
    return false;
}

/* Whole numbers from 0; anything else is no key of ours. */
static bool read_count(const cJSON *keys, const char *name, size_t *out) {
    double value = json_number(keys, name);
    bool good = value >= 0.0 && value < 1e15;
    *out = good ? (size_t)value : 0;
    return good;
}

static skd_status add_row(run_index *index, const cJSON *keys, long id, skd_error *err) {
    char stage[16];
    run_key key;
    json_text(keys, "stage", stage, sizeof stage);
    if (!is_stage(stage, &key.stage) || !read_count(keys, "job", &key.job) || !read_count(keys, "number", &key.number))
        return SKD_OK;
    run_entry *entry;
    skd_status status = add(index, key, id, &entry, err);
    if (status != SKD_OK)
        return status;
    entry->id = id;
    entry->stored = true;
    size_t reserved;
    if (key.stage != RUN_START || !read_count(keys, "minimum_id", &reserved))
        return SKD_OK;
    key.stage = RUN_MINIMUM;
    return add(index, key, (long)reserved, &entry, err);
}

static skd_status scan_row(void *payload, long id, const char *key_values, skd_error *err) {
    run_index *index = payload;
    cJSON *keys = cJSON_Parse(key_values);
    skd_status status = add_row(index, keys, id, err);
    cJSON_Delete(keys);
    if (id > index->last_id)
        index->last_id = id;
    return status;
}

skd_status run_index_read(run_index *index, skd_db *db, skd_error *err) {
    return skd_db_scan(db, scan_row, index, err);
}

void run_index_free(run_index *index) {
    skd_free(index->entry);
    *index = (run_index){0};
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Completes the row: id, time and JSON texts. */
static skd_status complete(run_row *r, run_index *index, skd_error *err) {
    skd_status status = run_index_reserve(index, r->key, &r->row.id, err);
    if (status != SKD_OK)
        return status;
    if (!r->keys)
        r->keys = cJSON_CreateObject();
    cJSON_AddStringToObject(r->keys, "stage", stage_name[r->key.stage]);
    cJSON_AddNumberToObject(r->keys, "job", (double)r->key.job);
    cJSON_AddNumberToObject(r->keys, "number", (double)r->key.number);
    r->row.key_values = cJSON_PrintUnformatted(r->keys);
    r->row.data = r->data ? cJSON_PrintUnformatted(r->data) : NULL;
    r->row.time = (double)time(NULL);
    bool complete = r->row.key_values && (r->row.data || !r->data);
    return complete ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a row's JSON");
}

void run_rows_free(run_row *row, size_t n) {
    for (size_t i = 0; i < n; i++) {
        cJSON_free(row[i].row.key_values);
        cJSON_free(row[i].row.data);
        cJSON_Delete(row[i].keys);
        cJSON_Delete(row[i].data);
    }
}

skd_status run_rows_write(skd_db *db, run_index *index, run_row *row, size_t n, const char *metadata,
                          skd_error *err) {
    skd_db_row *list = skd_alloc(n, sizeof *list);
    skd_status status = list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu rows", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        status = complete(&row[i], index, err);
        list[i] = row[i].row;
    }
    if (status == SKD_OK)
        status = skd_db_write_all(db, list, n, metadata, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        find(index, row[i].key)->stored = true;
    run_rows_free(row, n);
    skd_free(list);
    return status;
}
