/* SPDX-License-Identifier: MIT */
/* run_load.c - reads a run back from its database: record, defects, starts, finished minima. */
#include "run_load.h"

#include <string.h>

#include "run_dft.h"
#include "run_host.h"
#include "run_json.h"
#include "run_labels.h"

static skd_status damaged(const run_store *store, const char *what, skd_error *err) {
    return skd_fail(err, SKD_EFORMAT, "%s/run.db: %s is missing or damaged", store->folder, what);
}

skd_status run_load_metadata(run_store *store, cJSON **out, skd_error *err) {
    *out = NULL;
    char *text = NULL;
    skd_status status = skd_db_metadata_get(store->db, &text, err);
    if (status != SKD_OK)
        return status;
    long layout = RUN_LAYOUT;
    if (text) {
        *out = cJSON_Parse(text);
        layout = json_integer(*out, "layout");
    } else if (skd_db_count(store->db) > 0)
        layout = 0;
    skd_free(text);
    status = layout == RUN_LAYOUT ? run_index_read(&store->index, store->db, err) : SKD_EARG;
    if (status == SKD_OK)
        return SKD_OK;
    cJSON_Delete(*out);
    *out = NULL;
    if (layout == RUN_LAYOUT)
        return status;
    return skd_fail(err, SKD_EARG, "%s/run.db: expected the rows of this version (layout %d), found %s; search anew "
                    "with another -o, or remove the folder",
                    store->folder, RUN_LAYOUT, layout > RUN_LAYOUT ? "those of a newer one" : "older or other ones");
}

/* ---- one row --------------------------------------------------------------------------------- */

/* Where the rows go, and one of them as read. */
typedef struct loading {
    run_store *store;
    run_contents *run;
    run_key key;
    skd_db_row row;
    cJSON *keys, *data;
} loading;

static skd_cell *take_cell(loading *l) {
    skd_cell *cell = l->row.cell;
    l->row.cell = NULL;
    return cell;
}

static skd_status load_host(loading *l, skd_error *err) {
    (void)err;
    l->run->bulk = take_cell(l);
    return SKD_OK;
}

static skd_status load_defect(loading *l, skd_error *err) {
    run_contents *run = l->run;
    if (!run->bulk || l->key.job != run->n_jobs)
        return skd_fail(err, SKD_EFORMAT, "a row before it is missing");
    skd_defect *d = run->defect[run->n_jobs] = skd_alloc(1, sizeof *d);
    if (!d)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
    d->cell = take_cell(l);
    skd_start_list none = {.stdev = json_number(l->data, "rattle_stdev")};
    skd_status status = run_defect_read(d, l->data, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&d->bulk, run->bulk, err);
    if (status == SKD_OK)
        status = skd_job_of_starts(&run->job[run->n_jobs], d, (int)json_integer(l->data, "charge"), &none, err);
    run->n_jobs += status == SKD_OK;
    return status;
}

static skd_status load_start(loading *l, skd_error *err) {
    skd_job *job = l->key.job < l->run->n_jobs ? l->run->job[l->key.job] : NULL;
    if (!job || l->key.number > job->starts.n)
        return skd_fail(err, SKD_EFORMAT, "a row before it is missing");
    if (l->key.number < job->starts.n) /* the request has it */
        return SKD_OK;
    skd_start start = {.cell = take_cell(l)};
    skd_status status = run_start_read(&start, l->keys, l->data, err);
    if (status == SKD_OK)
        return skd_job_add_start(job, &start, err);
    skd_start_free(&start);
    return status;
}

static skd_status load_minimum(loading *l, skd_error *err) {
    skd_job *job = l->key.job < l->run->n_jobs ? l->run->job[l->key.job] : NULL;
    if (!job || l->key.number >= job->starts.n)
        return skd_fail(err, SKD_EFORMAT, "its start is missing");
    skd_minimum *m = &job->minimum[l->key.number];
    skd_status status = run_minimum_read(m, l->keys, l->data, err);
    if (status != SKD_OK)
        return status;
    if (m->like >= job->starts.n)
        return skd_fail(err, SKD_EFORMAT, "it is like start %zu of %zu", m->like, job->starts.n);
    m->energy = l->row.has_energy ? l->row.energy : (double)NAN;
    m->cell = take_cell(l);
    m->force = l->row.force;
    l->row.force = NULL;
    m->done = true;
    return SKD_OK;
}

static skd_status load_label(loading *l, skd_error *err) {
    run_store *store = l->store;
    skd_status status =
        skd_grow((void **)&store->label, &store->label_room, store->n_labels + 1, sizeof *store->label, err);
    if (status != SKD_OK)
        return status;
    skd_kept_label *label = &store->label[store->n_labels++];
    *label = (skd_kept_label){0};
    if (l->key.number >= store->next_label)
        store->next_label = l->key.number + 1;
    status = run_label_read(label, &l->row, l->keys, l->data, err);
    if (status == SKD_OK)
        run_label_count(&store->asked, label);
    return status;
}

static skd_status load_dft(loading *l, skd_error *err) {
    run_store *store = l->store;
    skd_status status = skd_grow((void **)&store->dft, &store->dft_room, store->n_dft + 1, sizeof *store->dft, err);
    if (status != SKD_OK)
        return status;
    run_dft *result = &store->dft[store->n_dft++];
    *result = (run_dft){0};
    status = run_dft_read(result, l->key, &l->row, l->keys, l->data, err);
    const skd_job *job = l->key.job < l->run->n_jobs ? l->run->job[l->key.job] : NULL;
    if (status == SKD_OK && (!job || result->start >= job->starts.n))
        return skd_fail(err, SKD_EFORMAT, "its start is missing");
    return status;
}

static skd_status (*const load_stage[RUN_N_STAGES])(loading *, skd_error *) = {
    [RUN_HOST] = load_host,
    [RUN_DEFECT] = load_defect,
    [RUN_START] = load_start,
    [RUN_MINIMUM] = load_minimum,
    [RUN_LABEL] = load_label,
    [RUN_DFT] = load_dft,
};

static skd_status load_entry(run_store *store, const run_entry *entry, run_contents *run, skd_error *err) {
    loading l = {.store = store, .run = run, .key = entry->key};
    bool found;
    skd_status status = skd_db_read(store->db, entry->id, &l.row, &found, err);
    if (status != SKD_OK || !found)
        return status != SKD_OK ? status : damaged(store, "a row", err);
    l.keys = cJSON_Parse(l.row.key_values);
    l.data = cJSON_Parse(l.row.data);
    status = load_stage[entry->key.stage](&l, err);
    if (status != SKD_OK)
        skd_error_prefix(err, "%s/run.db: row %ld", store->folder, entry->id);
    cJSON_Delete(l.keys);
    cJSON_Delete(l.data);
    skd_db_row_free(&l.row);
    return status;
}

/* Rows from `first` on, in the order of the index. */
static skd_status load_rows(run_store *store, run_stage first, run_contents *run, skd_error *err) {
    skd_status status = SKD_OK;
    store->asked = (run_asked){0};
    for (size_t i = 0; i < store->index.n && status == SKD_OK; i++) {
        const run_entry *entry = &store->index.entry[i];
        if (entry->stored && entry->key.stage >= first)
            status = load_entry(store, entry, run, err);
    }
    return status;
}

/* ---- runs ------------------------------------------------------------------------------------ */

skd_status run_load_rest(run_store *store, skd_job *const *job, size_t n_jobs, skd_error *err) {
    run_contents run = {.job = (skd_job **)job, .n_jobs = n_jobs};
    return load_rows(store, RUN_START, &run, err);
}

static size_t count_jobs(const run_index *index) {
    size_t n = 0;
    for (size_t i = 0; i < index->n; i++)
        n += index->entry[i].key.stage == RUN_DEFECT;
    return n;
}

skd_status run_store_load(run_store *store, run_contents *out, skd_error *err) {
    *out = (run_contents){0};
    cJSON *metadata;
    skd_status status = run_load_metadata(store, &metadata, err);
    if (status != SKD_OK)
        return status;
    if (!metadata)
        return skd_fail(err, SKD_EARG, "%s: the search in it never began; run 'shakedown search' again", store->folder);
    run_record_read(&out->record, metadata);
    status = run_host_read_given(metadata, &out->given, err);
    cJSON_Delete(metadata);
    if (status != SKD_OK)
        return status;
    size_t n_jobs = count_jobs(&store->index);
    out->job = skd_alloc(n_jobs, sizeof *out->job);
    out->defect = skd_alloc(n_jobs + 1, sizeof *out->defect);
    if (!out->job || !out->defect)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", n_jobs);
    status = load_rows(store, RUN_HOST, out, err);
    if (status == SKD_OK && (!out->bulk || out->n_jobs == 0))
        status = damaged(store, "the record of the search", err);
    for (size_t j = 0; j < out->n_jobs && status == SKD_OK; j++)
        status = skd_job_hold(out->job[j], &out->record.far, err);
    out->asked = store->asked;
    return status;
}

void run_contents_free(run_contents *contents) {
    for (size_t j = 0; j < contents->n_jobs; j++)
        skd_job_free(contents->job[j]);
    /* the last may be half read */
    for (size_t j = 0; contents->defect && j <= contents->n_jobs; j++)
        skd_defect_free(contents->defect[j]);
    skd_free(contents->job);
    skd_free(contents->defect);
    skd_cell_free(contents->bulk);
    skd_cell_free(contents->given);
    *contents = (run_contents){0};
}
