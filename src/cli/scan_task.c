/* SPDX-License-Identifier: MIT */
/* scan_task.c - one task of a scan: what `search` does for one defect state, from an order to a result. */
#include <math.h>
#include <string.h>

#include "report.h"
#include "scan.h"
#include "search_parts.h"

/* One task on its way. */
typedef struct doing {
    scan_worker *worker;
    const scan_order *order;
    scan_result *result;
    scan_host *host;
    skd_job *job;
    skd_ranking *ranking;
    const char *stage;      /* for the sort of a failure */
    size_t n_before;        /* labels that counted from the beginning */
    skd_status fatal;       /* of a hook: no outcome of the task */
} doing;

/* ---- labels ------------------------------------------------------------------------------- */

static skd_status collect(scan_result *result, skd_task_label *label, skd_error *err) {
    skd_status status =
        skd_grow((void **)&result->label, &result->label_room, result->n_labels + 1, sizeof *label, err);
    if (status != SKD_OK)
        return status;
    result->label[result->n_labels++] = *label;
    label->bytes = NULL;
    return SKD_OK;
}

static skd_status store_label(void *payload, const skd_kept_label *label, skd_error *err) {
    doing *d = payload;
    skd_task_label bytes;
    const size_t order = label->order - d->n_before;
    skd_status status = scan_label_pack(&bytes, label, order, err);
    bytes.task = d->order->task.id;
    if (status == SKD_OK)
        status = d->worker->labelled ? d->worker->labelled(d->worker->payload, &bytes, err)
                                     : collect(d->result, &bytes, err);
    if (status != SKD_OK)
        d->fatal = status;
    skd_free(bytes.bytes);
    return status;
}

/* Of the pool: they count. Of an earlier attempt: they answer. */
static skd_status give_labels(doing *d, skd_learner *learner, skd_error *err) {
    skd_status status = known_labels_give(&d->host->known, learner, err);
    d->n_before = d->host->known.n + d->order->n_pool;
    d->result->outcome.n_known = (long)d->n_before;
    for (size_t i = 0; i < d->order->n_labels && status == SKD_OK; i++) {
        const skd_task_label *bytes = &d->order->label[i];
        const bool pool = i < d->order->n_pool;
        skd_kept_label label;
        status = scan_label_unpack(&label, bytes->bytes, bytes->n, err);
        if (status != SKD_OK)
            break;
        if (!pool)
            label.order += d->n_before;
        if (pool) { /* without frames on the way: they teach little elsewhere. Names must not pass for this one's */
            label.n_way = 0;
            label.from[0] = '\0';
        }
        status = skd_learner_keep(learner, &label, pool, err);
    }
    return status;
}

/* ---- relaxing ----------------------------------------------------------------------------- */

static bool go_on(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame) {
    (void)payload, (void)job, (void)start, (void)frame;
    return !cli_interrupted();
}

static bool go_on_round(void *payload, const skd_learn_round *round) {
    (void)payload, (void)round;
    return !cli_interrupted();
}

static skd_status go_on_done(void *payload, const skd_job *job, const size_t *start, size_t n, skd_error *err) {
    (void)payload, (void)job, (void)start, (void)n, (void)err;
    return SKD_OK;
}

static skd_status relax_learning(doing *d, skd_error *err) {
    const skd_learn_options options = learning_options(&d->host->args);
    const skd_learn_hooks hooks = {store_label, go_on_round, go_on, go_on_done, d};
    skd_learner *learner = NULL;
    skd_learn_summary cost;
    skd_status status = skd_learner_new(&learner, d->host->potential, &d->host->relax, &options, d->worker->threads,
                                        &hooks, err);
    if (status == SKD_OK)
        status = give_labels(d, learner, err);
    if (status == SKD_OK)
        status = skd_learner_search(learner, d->job, &cost, err);
    if (status == SKD_OK) {
        d->result->outcome.n_labels = (long)cost.n_labels;
        d->result->outcome.n_calls = (long)(cost.n_labels + cost.n_finish);
    }
    skd_learner_free(learner);
    return status;
}

static skd_status relax_directly(doing *d, skd_error *err) {
    const skd_search_hooks hooks = {.progress = go_on, .payload = d};
    skd_status status = skd_search_relax(&d->job, 1, d->host->potential, &d->host->relax, d->worker->threads, &hooks,
                                         err);
    for (size_t i = 0; i < d->job->starts.n; i++)
        d->result->outcome.n_calls += (long)d->job->minimum[i].n_calls;
    return status;
}

static skd_status rank(doing *d, skd_error *err) {
    skd_rank_options options = report_rank_options(&d->host->record, &d->host->args);
    const skd_search_hooks hooks = {.progress = go_on, .payload = d};
    d->ranking = skd_alloc(1, sizeof *d->ranking);
    if (!d->ranking)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a ranking");
    skd_status status = SKD_OK;
    if (!d->worker->soap)
        status = skd_soap_new(&d->worker->soap, &options.soap, (const int[]){1}, 1, err);
    options.soap.like = d->worker->soap;
    if (status == SKD_OK)
        status = skd_rank(d->ranking, d->job, &options, d->worker->threads, err);
    if (status == SKD_OK && d->host->saddles)
        status = skd_search_saddles(&d->job, d->ranking, 1, d->host->potential, &d->host->relax,
                                    d->host->plan.starts.seed, d->worker->threads, &hooks, err);
    return status;
}

/* ---- the result --------------------------------------------------------------------------- */

static void describe(doing *d) {
    skd_task_outcome *o = &d->result->outcome;
    o->n_starts = (long)d->job->starts.n;
    o->n_families = (long)d->ranking->n;
    o->unperturbed = d->ranking->unperturbed;
    o->converged = true;
    for (size_t f = 0; f < d->ranking->n; f++)
        o->converged = o->converged && skd_stop_converged(d->ranking->family[f].stop);
    if (d->ranking->n == 0)
        return;
    const skd_family *lowest = &d->ranking->family[0];
    o->energy = lowest->energy;
    o->gain = lowest->relative;
    o->moved = lowest->displacement;
    snprintf(o->symmetry, sizeof o->symmetry, "%s", lowest->symmetry);
    snprintf(o->bond, sizeof o->bond, "%s", lowest->bond);
}

static char *family_keys(const doing *d, const skd_family *f) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "task", (double)d->order->task.id);
    cJSON_AddStringToObject(o, "host", d->order->host.name);
    cJSON_AddStringToObject(o, "defect", d->order->task.entry);
    if (d->order->task.environment[0])
        cJSON_AddStringToObject(o, "environment", d->order->task.environment);
    cJSON_AddNumberToObject(o, "rank", (double)f->rank);
    cJSON_AddNumberToObject(o, "members", (double)f->n_members);
    if (isfinite(f->relative))
        cJSON_AddNumberToObject(o, "gain", f->relative);
    cJSON_AddStringToObject(o, "start", d->job->starts.start[f->best].name);
    cJSON_AddStringToObject(o, "symmetry", f->symmetry);
    cJSON_AddStringToObject(o, "new_bond", f->bond);
    cJSON_AddStringToObject(o, "stop", skd_stop_name(f->stop));
    char *text = cJSON_PrintUnformatted(o), *copy = text ? skd_strdup(text) : NULL;
    cJSON_Delete(o);
    cJSON_free(text);
    return copy;
}

enum { FAMILIES_MOST = 99 }; /* ids of their rows are 100 * task + rank */

static skd_status take_families(doing *d, skd_error *err) {
    scan_result *r = d->result;
    const size_t n = d->ranking->n < FAMILIES_MOST ? d->ranking->n : FAMILIES_MOST;
    skd_status status = SKD_OK;
    r->family = skd_alloc(n + 1, sizeof *r->family);
    if (!r->family)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", n);
    for (; r->n_families < n && status == SKD_OK; r->n_families++) {
        const skd_family *f = &d->ranking->family[r->n_families];
        const skd_minimum *m = &d->job->minimum[f->best];
        scan_family *out = &r->family[r->n_families];
        *out = (scan_family){.energy = f->energy, .charge = d->job->charge, .keys = family_keys(d, f)};
        status = skd_cell_copy(&out->cell, m->cell, err);
        out->force = m->force ? skd_copy(m->force, m->cell->n, sizeof *m->force) : NULL;
        if (status == SKD_OK && (!out->keys || (m->force && !out->force)))
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a family");
    }
    return status;
}

/* The folder of a search, for `rank`, `export`, `report`. */
static skd_status keep_run(const doing *d, skd_error *err) {
    run_store store;
    char folder[600];
    bool resumed;
    size_t n = 0, *start = skd_alloc(d->job->starts.n + 1, sizeof *start);
    snprintf(folder, sizeof folder, "%s/%06ld", d->worker->keep, d->order->task.id);
    skd_status status = start ? skd_folder_make(d->worker->keep, err) : skd_fail(err, SKD_ENOMEM, "out of memory");
    for (size_t i = 0; start && i < d->job->starts.n; i++)
        if (d->job->minimum[i].done)
            start[n++] = i;
    if (status != SKD_OK) {
        skd_free(start);
        return status;
    }
    status = run_store_open(&store, folder, true, err);
    if (status == SKD_OK)
        status = run_store_begin(&store, &d->host->record, d->host->plan.bulk, &d->job, 1, &resumed, err);
    if (status == SKD_OK)
        status = run_store_keep_many(&store, &d->job, 1, d->job, start, n, &d->host->record, err);
    run_store_close(&store);
    skd_free(start);
    return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static skd_status take_host(doing *d, skd_error *err) {
    scan_worker *w = d->worker;
    skd_status status = SKD_OK;
    if (w->has_host && w->host.what.id != d->order->host.id) {
        scan_host_close(&w->host);
        w->has_host = false;
    }
    d->host = &w->host;
    d->stage = "host";
    if (!w->has_host) {
        w->has_host = true;
        status = scan_host_open(&w->host, w->plan, &d->order->host, err);
    }
    if (status == SKD_OK)
        status = scan_host_settle(&w->host, d->order->host_state, d->order->n_host_state, err);
    if (status != SKD_OK) { /* half made: the next task begins anew */
        scan_host_close(&w->host);
        w->has_host = false;
        return status;
    }
    snprintf(d->result->potential, sizeof d->result->potential, "%s", w->host.record.potential);
    if (d->order->host_state)
        return SKD_OK;
    d->result->host_state = skd_copy(w->host.state, w->host.n_state, 1);
    d->result->n_host_state = w->host.n_state;
    return d->result->host_state ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the state of a host");
}

static skd_status do_all(doing *d, skd_error *err) {
    const size_t k = (size_t)d->order->task.number;
    skd_status status = take_host(d, err);
    if (status == SKD_OK && k >= d->host->plan.charges.n)
        status = skd_fail(err, SKD_EARG, "%s: it has no defect state %zu any more", d->order->host.path, k + 1);
    if (status == SKD_OK) {
        d->stage = "starts";
        status = search_job_new(&d->job, &d->host->args, &d->host->plan, k, &d->host->record.far, err);
    }
    if (status == SKD_OK) {
        d->stage = "relaxation";
        status = d->host->learns ? relax_learning(d, err) : relax_directly(d, err);
    }
    if (status == SKD_OK)
        status = rank(d, err);
    if (status != SKD_OK)
        return status;
    describe(d);
    if (d->worker->keep)
        d->fatal = status = keep_run(d, err);
    if (status == SKD_OK)
        status = take_families(d, err);
    d->stage = "no minimum";
    if (status == SKD_OK && d->ranking->n == 0)
        status = skd_fail(err, SKD_ENUMERIC, "none of %zu starts came to a minimum: %s", d->job->starts.n,
                          d->job->minimum[0].reason);
    return status;
}

/* A task that cannot be done is one that is finished; the rest of the scan goes on. */
static skd_status judge(doing *d, skd_status status, skd_error *err) {
    skd_task_outcome *o = &d->result->outcome;
    if (status == SKD_OK || d->fatal != SKD_OK || status == SKD_ENOMEM || status == SKD_ESTOPPED)
        return d->fatal != SKD_OK ? d->fatal : status;
    o->failed = true;
    snprintf(o->kind, sizeof o->kind, "%s", d->stage);
    snprintf(o->failure, sizeof o->failure, "%s", err->text);
    *err = (skd_error){SKD_OK, ""};
    return SKD_OK;
}

skd_status scan_worker_run(scan_worker *worker, const scan_order *order, scan_result *result, skd_error *err) {
    const double begun = scan_clock();
    doing d = {.worker = worker, .order = order, .result = result, .stage = "host"};
    *result = (scan_result){.task = order->task,
                            .outcome = {.energy = (double)NAN, .unperturbed = (double)NAN, .gain = (double)NAN}};
    skd_status status = judge(&d, do_all(&d, err), err);
    result->outcome.seconds = scan_clock() - begun;
    if (d.ranking)
        skd_ranking_free(d.ranking);
    skd_free(d.ranking);
    skd_job_free(d.job);
    return status;
}

void scan_worker_free(scan_worker *worker) {
    if (worker->has_host)
        scan_host_close(&worker->host);
    worker->has_host = false;
    skd_soap_free(worker->soap);
    worker->soap = NULL;
}

void scan_result_free(scan_result *r) {
    for (size_t i = 0; i < r->n_families; i++) {
        skd_cell_free(r->family[i].cell);
        skd_free(r->family[i].force);
        skd_free(r->family[i].keys);
    }
    for (size_t i = 0; i < r->n_labels; i++)
        skd_free(r->label[i].bytes);
    skd_free(r->label);
    skd_free(r->family);
    skd_free(r->host_state);
    *r = (scan_result){0};
}
