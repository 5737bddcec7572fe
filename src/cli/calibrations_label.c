/* SPDX-License-Identifier: MIT */
/* calibrations_label.c - the labelled frames of a host. A label may have taken long: each is in OUTPUT.frames.xyz
 * before the next is asked for, and found there by the same command. */
#include <string.h>
#include <time.h>

#include "calibrations.h"
#include "cli.h"
#include "models.h"

#define SAME_PLACE 1e-6 /* Å */

static skd_status add_frame(skd_frames *to, skd_frame *taken, skd_error *err) {
    skd_status status = skd_grow((void **)&to->frame, &to->capacity, to->n + 1, sizeof *to->frame, err);
    if (status == SKD_OK)
        to->frame[to->n++] = taken;
    else
        skd_frame_free(taken);
    return status;
}

skd_status calibrations_frames(skd_frames *out, const skd_cell *host, size_t n, uint32_t seed, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < n && status == SKD_OK; k++) {
        skd_cell *cell = NULL;
        skd_frame *frame = NULL;
        status = skd_calibration_frame(&cell, host, k, seed, err);
        if (status == SKD_OK)
            status = skd_frame_new(&frame, cell, err);
        if (status == SKD_OK)
            status = add_frame(out, frame, err);
    }
    return status;
}

/* ---- kept labels -------------------------------------------------------------------------------- */

static bool same_cell(const skd_cell *a, const skd_cell *b) {
    bool same = a->n == b->n && !memcmp(a->species, b->species, a->n * sizeof *a->species);
    for (int k = 0; k < 9 && same; k++)
        same = fabs(a->lattice[k / 3][k % 3] - b->lattice[k / 3][k % 3]) < SAME_PLACE;
    for (size_t i = 0; same && i < 3 * a->n; i++)
        same = fabs(a->pos[i / 3][i % 3] - b->pos[i / 3][i % 3]) < SAME_PLACE;
    return same;
}

static const skd_frame *find(const skd_frames *kept, const skd_cell *cell, const char *level) {
    for (size_t f = 0; f < kept->n; f++) {
        const char *of = skd_frame_info(kept->frame[f], "level");
        if (kept->frame[f]->has_energy && kept->frame[f]->force && of && !strcmp(of, level) &&
            same_cell(kept->frame[f]->cell, cell))
            return kept->frame[f];
    }
    return NULL;
}

static skd_status set_label(skd_frame *frame, double energy, const double (*force)[3], const double (*stress)[3],
                            const char *level, skd_error *err) {
    frame->force = skd_copy(force, frame->cell->n, sizeof *force);
    if (!frame->force)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a label");
    frame->energy = energy;
    frame->has_energy = true;
    frame->has_stress = stress != NULL;
    if (stress)
        memcpy(frame->stress, stress, sizeof frame->stress);
    return skd_frame_set_info(frame, "level", level, err);
}

double calibrations_host_force(const calibrating *c) {
    double most = 0.0;
    for (size_t f = 0; f < c->labels.n; f++)
        for (size_t i = 0; i < c->host->n && same_cell(c->labels.frame[f]->cell, c->host); i++)
            most = fmax(most, skd_norm(c->labels.frame[f]->force[i]));
    return most;
}

/* ---- asking ------------------------------------------------------------------------------------- */

/* One question, repeated once. Failing is an outcome; *why says how. */
static skd_status ask(calibrating *c, const skd_cell *cell, skd_result *result, bool *answered, char *why, size_t room,
                      skd_error *err) {
    skd_status status = SKD_OK;
    *answered = false;
    for (int k = 0; k < 2 && !*answered; k++) {
        skd_error trouble = {SKD_OK, ""};
        status = skd_potential_compute(c->work, cell, 0.0, SKD_WANT_STRESS, result, &trouble);
        if (cli_interrupted() || status == SKD_ESTOPPED || status == SKD_ENOMEM)
            return skd_fail(err, status == SKD_ENOMEM ? status : SKD_ESTOPPED,
                            "interrupted with %zu labels of the host; run the same command again to go on",
                            c->labels.n);
        *answered = status == SKD_OK && isfinite(result->energy);
        for (size_t i = 0; i < 3 * cell->n && *answered; i++)
            *answered = isfinite(result->force[i / 3][i % 3]);
        snprintf(why, room, "%s", status == SKD_OK ? "a force is not finite" : trouble.text);
    }
    return SKD_OK;
}

static skd_status label_anew(calibrating *c, skd_frame *frame, bool *answered, skd_error *err) {
    skd_result *result = NULL;
    char why[400] = "";
    skd_log log = cli_log(false);
    const time_t begin = time(NULL);
    skd_status status = skd_result_new(&result, frame->cell->n, err);
    if (status == SKD_OK)
        status = ask(c, frame->cell, result, answered, why, sizeof why, err);
    if (status == SKD_OK && *answered)
        status = set_label(frame, result->energy, (const double(*)[3])result->force,
                           result->has_stress ? (const double(*)[3])result->stress : NULL, c->to, err);
    else if (status == SKD_OK)
        skd_say(&log, SKD_LOG_WARNING, "frame %zu of the host has no label: %s", c->labels.n + c->n_failed + 1, why);
    skd_result_free(result);
    c->seconds += difftime(time(NULL), begin);
    return status;
}

static void path_of_labels(const calibrating *c, char *path, size_t room) {
    snprintf(path, room, "%s.frames.xyz", c->output);
}

/* The next frame joins the labels, or not. */
static skd_status take_frame(calibrating *c, skd_frame *taken, skd_error *err) {
    const skd_frame *known = find(&c->kept, taken->cell, c->to);
    bool answered = known != NULL;
    char path[4200];
    skd_status status =
        known ? set_label(taken, known->energy, (const double(*)[3])known->force,
                          known->has_stress ? (const double(*)[3])known->stress : NULL, c->to, err)
              : label_anew(c, taken, &answered, err);
    if (status != SKD_OK || !answered) {
        c->n_failed += status == SKD_OK;
        skd_frame_free(taken);
        return status;
    }
    c->n_asked += !known;
    path_of_labels(c, path, sizeof path);
    status = add_frame(&c->labels, taken, err);
    if (!c->quiet && status == SKD_OK)
        fprintf(stderr, "\rhost       %zu labels", c->labels.n);
    return status == SKD_OK && !known ? skd_frames_write(&c->labels, path, skd_format_named("xyz"), err) : status;
}

skd_status calibrations_ask(calibrating *c, skd_cell *taken, skd_error *err) {
    skd_frame *frame = NULL;
    skd_status status = skd_frame_new(&frame, taken, err);
    return status == SKD_OK ? take_frame(c, frame, err) : status;
}

static skd_status ask_all(calibrating *c, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < c->n_frames && status == SKD_OK; k++) {
        skd_cell *cell = NULL;
        status = skd_calibration_frame(&cell, c->host, k, c->seed, err);
        if (status == SKD_OK)
            status = calibrations_ask(c, cell, err);
    }
    return status;
}

/* Labels that earlier trips have asked for: frames that are not among the first. */
static skd_status recall_trips(calibrating *c, skd_error *err) {
    const size_t first = c->labels.n;
    skd_status status = SKD_OK;
    for (size_t f = 0; f < c->kept.n && status == SKD_OK; f++) {
        const char *level = skd_frame_info(c->kept.frame[f], "level");
        const skd_cell *cell = c->kept.frame[f]->cell;
        skd_cell *copy = NULL;
        bool known = false;
        for (size_t k = 0; k < first && !known; k++)
            known = same_cell(c->labels.frame[k]->cell, cell);
        if (known || !level || strcmp(level, c->to) != 0 || cell->n != c->host->n ||
            memcmp(cell->species, c->host->species, cell->n * sizeof *cell->species) != 0)
            continue;
        status = skd_cell_copy(&copy, cell, err);
        if (status == SKD_OK)
            status = calibrations_ask(c, copy, err);
        c->n_recalled += status == SKD_OK;
    }
    return status;
}

static skd_status ask_level(calibrating *c, skd_error *err) {
    char path[4200];
    path_of_labels(c, path, sizeof path);
    skd_status status = cli_potential_new(&c->level, c->to, err);
    if (status == SKD_OK)
        status = c->level->type->check(c->level->params, c->host, err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&c->work, c->level, err);
    if (status == SKD_OK && skd_file_exists(path))
        status = skd_frames_read(&c->kept, path, NULL, err);
    if (status == SKD_OK)
        status = ask_all(c, err);
    return status == SKD_OK ? recall_trips(c, err) : status;
}

skd_status calibrations_label(calibrating *c, skd_error *err) {
    return skd_file_exists(c->to) ? models_read_labels(&c->labels, c->to, err) : ask_level(c, err);
}
