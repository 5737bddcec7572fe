/* SPDX-License-Identifier: MIT */
/* verify_correct.c - see verify_correct.h. A few single points fix a correction near them only, so a relaxation by the
 * corrected potential that goes far is not believed. */
#include "verify_correct.h"

#include <stdlib.h>
#include <string.h>

#include "models.h"
#include "run_dft.h"
#include "shakedown/teachers.h"
#include "verify_manifest.h"

#define FARTHEST  1.0 /* Å, that an atom may go: the labels know of nothing beyond */
#define MOST_STEPS 100
#define FORCE_MAX 0.05 /* eV/Å: DFT goes on from there */

/* ---- the fit ------------------------------------------------------------------------------ */

static bool is_label(const run_dft *d, const char *level) {
    return !d->relaxed && d->force && strcmp(d->level, level) == 0;
}

static skd_status add_label(skd_frames *labels, const run_dft *d, int charge, skd_error *err) {
    skd_cell *cell;
    skd_frame *frame = NULL;
    char text[16];
    skd_status status = skd_cell_copy(&cell, d->cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, cell, err);
    if (status == SKD_OK && !(frame->force = skd_copy(d->force, d->cell->n, sizeof *d->force)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for forces");
    snprintf(text, sizeof text, "%d", charge);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "charge", text, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&labels->frame, &labels->capacity, labels->n + 1, sizeof *labels->frame, err);
    if (status != SKD_OK) {
        skd_frame_free(frame);
        return status;
    }
    frame->has_energy = true;
    frame->energy = d->energy;
    labels->frame[labels->n++] = frame;
    return SKD_OK;
}

static skd_status fit(models *m, const report_run *run, const char *level, const char *path, skd_error *err) {
    const run_store *store = &run->store;
    skd_status status = SKD_OK;
    m->options = (skd_features_options)SKD_FEATURES_DEFAULT;
    m->fit = (skd_fit_options)SKD_FIT_DEFAULT;
    m->fit.prior[0] = '\0';
    for (size_t i = 0; i < store->n_dft && status == SKD_OK; i++)
        if (is_label(&store->dft[i], level))
            status = add_label(&m->file.labels, &store->dft[i], run->contents.job[store->dft[i].job]->charge, err);
    if (status == SKD_OK)
        status = models_fit(m, err);
    if (status == SKD_OK)
        status = skd_model_file_set(&m->file, "level", level, err);
    return status == SKD_OK ? models_write(m, path, err) : status;
}

skd_status verify_correct_fit(const report_run *run, const char *level, const char *path, size_t *n_labels,
                              skd_error *err) {
    const run_store *store = &run->store;
    models m = {0};
    skd_error ignored = {SKD_OK, ""};
    *n_labels = 0;
    for (size_t i = 0; i < store->n_dft; i++)
        *n_labels += is_label(&store->dft[i], level);
    if (*n_labels < 2 || teachers_knows(run->contents.record.potential)) { /* too few; too dear to relax with */
        *n_labels = 0;
        return SKD_OK;
    }
    skd_status status = models_set_base(&m, run->contents.record.potential, &ignored);
    if (status == SKD_OK)
        status = fit(&m, run, level, path, err);
    else if (status != SKD_ENOMEM) {
        *n_labels = 0;
        status = SKD_OK;
    } else
        status = skd_fail(err, status, "%s", ignored.text);
    models_free(&m);
    return status;
}

bool verify_correct_is_of(const char *path, const char *level) {
    skd_model_file file = {0};
    skd_error ignored = {SKD_OK, ""};
    bool found = skd_file_exists(path) && skd_model_file_read(&file, path, &ignored) == SKD_OK;
    const char *of = found ? skd_model_file_get(&file, "level") : NULL;
    found = of && strcmp(of, level) == 0;
    skd_model_file_free(&file);
    return found;
}

/* ---- relaxations -------------------------------------------------------------------------- */

typedef struct relaxing {
    const report_run *run;
    size_t j;
    skd_potential_work **work; /* [threads] */
    skd_relax_options options;
    verify_corrected *list;
} relaxing;

typedef struct watcher {
    const skd_cell *from;
    skd_mic mic;
    double farthest;
} watcher;

static bool watch(void *payload, const skd_relax_frame *frame) {
    watcher *w = payload;
    double d[3];
    w->farthest = 0.0;
    for (size_t i = 0; i < frame->cell->n; i++)
        w->farthest = fmax(w->farthest, skd_mic_vector(&w->mic, w->from->pos[i], frame->cell->pos[i], d));
    return w->farthest <= FARTHEST && !cli_interrupted();
}

static void take(verify_corrected *c, skd_relax_outcome *out, const watcher *w) {
    c->moved = w->farthest;
    c->n_steps = out->n_steps;
    if (w->farthest > FARTHEST)
        snprintf(c->why, sizeof c->why, "goes more than %.1f Å", FARTHEST);
    else if (!skd_stop_has_minimum(out->stop) || out->stop == SKD_STOP_INTERRUPTED)
        snprintf(c->why, sizeof c->why, "%s", skd_stop_name(out->stop));
    else {
        c->change = out->energy - out->energy_start;
        c->cell = out->cell;
        out->cell = NULL;
    }
}

static skd_status relax_one(void *payload, size_t i, int worker, skd_error *err) {
    relaxing *r = payload;
    verify_corrected *c = &r->list[i];
    const skd_job *job = r->run->contents.job[r->j];
    skd_relax_options options = r->options;
    skd_relax_outcome out = {0};
    skd_cell *cell = NULL;
    watcher w = {0};
    skd_status status =
        verify_structure(&cell, &r->run->contents, r->j, r->run->rankings[r->j].family[c->family].best, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&w.mic, cell, err);
    w.from = cell;
    options.charge = job->charge;
    options.tether = job->tether;
    skd_relax_observer observer = {watch, &w};
    if (status == SKD_OK)
        status = skd_relax(&out, cell, r->work[worker], &options, &observer, err);
    if (status == SKD_OK)
        take(c, &out, &w);
    skd_relax_outcome_free(&out);
    skd_cell_free(cell);
    return status;
}

/* Where nothing usable came out, the single point stands. */
static double corrected_energy(const verify_corrected *c) { return c->point + (isnan(c->change) ? 0.0 : c->change); }

static int by_corrected(const void *a, const void *b) {
    const verify_corrected *x = a, *y = b;
    double ex = corrected_energy(x), ey = corrected_energy(y);
    return ex != ey ? (ex < ey ? -1 : 1) : (x->family > y->family) - (x->family < y->family);
}

static skd_status relax_all(relaxing *r, size_t n, const skd_potential *potential, int threads, skd_error *err) {
    skd_status status = SKD_OK;
    r->options = skd_relax_options_for(potential);
    r->options.force_max = FORCE_MAX;
    r->options.force_mean = 0.0;
    r->options.max_steps = MOST_STEPS;
    r->work = skd_alloc((size_t)threads, sizeof *r->work);
    if (!r->work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %d threads", threads);
    for (int t = 0; t < threads && status == SKD_OK; t++)
        status = skd_potential_work_new(&r->work[t], potential, err);
    if (status == SKD_OK)
        status = skd_parallel(n, threads, relax_one, r, err);
    if (status == SKD_OK && cli_interrupted())
        status = skd_fail(err, SKD_ESTOPPED, "interrupted");
    for (int t = 0; t < threads; t++)
        skd_potential_work_free(r->work[t]);
    skd_free(r->work);
    return status;
}

skd_status verify_correct_relax(verify_corrected **list, const report_run *run, size_t j, const size_t *family,
                                size_t n, const char *level, const char *path, int threads, skd_error *err) {
    skd_potential *potential = NULL;
    skd_string spec = {0};
    relaxing r = {.run = run, .j = j, .list = *list = skd_alloc(n, sizeof **list)};
    skd_status status = *list ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        const run_dft *d = run_dft_find(&run->store, j, run->rankings[j].family[family[i]].best, false, level);
        (*list)[i] = (verify_corrected){.family = family[i], .change = (double)NAN,
                                        .point = d ? d->energy : (double)HUGE_VAL};
    }
    skd_string_add(&spec, "model:%s", path);
    if (status == SKD_OK)
        status = spec.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                             : cli_potential_new(&potential, spec.text, err);
    cli_catch_interrupts();
    if (status == SKD_OK)
        status = relax_all(&r, n, potential, threads > 0 ? threads : skd_threads_available(), err);
    if (status == SKD_OK)
        qsort(*list, n, sizeof **list, by_corrected);
    skd_potential_free(potential);
    skd_string_free(&spec);
    return status;
}

void verify_corrected_free(verify_corrected *list, size_t n) {
    for (size_t i = 0; list && i < n; i++)
        skd_cell_free(list[i].cell);
    skd_free(list);
}

/* ---- words -------------------------------------------------------------------------------- */

void verify_correct_print(FILE *out, const verify_corrected *list, size_t n, const report_run *run, size_t j,
                          const char *level) {
    static const char *const heading[] = {">rank", ">dE corrected (eV)", ">dE point (eV)", ">falls by (eV)",
                                          ">moved (Å)", ">steps", ">rank in search", "from"};
    const skd_job *job = run->contents.job[j];
    const skd_ranking *r = &run->rankings[j];
    char entry[96];
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    fprintf(out, "%s, relaxed by %s corrected with single points at %s:\n", entry, run->contents.record.potential,
            level);
    for (size_t i = 0; i < n; i++) {
        const verify_corrected *c = &list[i];
        cli_table_add(&t, "%zu", i + 1);
        cli_table_add(&t, "%+.4f", corrected_energy(c) - corrected_energy(&list[0]));
        cli_table_add(&t, "%+.4f", c->point - list[0].point);
        if (c->cell) {
            cli_table_add(&t, "%.4f", -c->change);
            cli_table_add(&t, "%.2f", c->moved);
        } else {
            cli_table_add(&t, "%s", c->why);
            cli_table_add(&t, "-");
        }
        cli_table_add(&t, "%zu", c->n_steps);
        cli_table_add(&t, "%zu", r->family[c->family].rank);
        cli_table_add(&t, "%s", report_short_name(job->starts.start[r->family[c->family].best].name));
    }
    cli_table_print(&t, out);
    cli_table_free(&t);
}
