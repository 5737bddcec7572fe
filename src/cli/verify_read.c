/* SPDX-License-Identifier: MIT */
/* verify_read.c - see verify_read.h. */
#include "verify_read.h"

#include <stdio.h>
#include <string.h>

#include "folders.h"

/* Å: a single point of a structure that was written with six digits and read with three. */
#define SAME_PLACE 0.02

void verify_answer_free(verify_answer *answer) {
    skd_cell_free(answer->cell);
    skd_free(answer->force);
    skd_trace_free(&answer->trace);
    *answer = (verify_answer){0};
}

static void judge(verify_answer *a, verify_state state, const char *format, ...) SKD_PRINTF(3, 4);
static void judge(verify_answer *a, verify_state state, const char *format, ...) {
    va_list list;
    va_start(list, format);
    a->state = state;
    vsnprintf(a->why, sizeof a->why, format, list);
    va_end(list);
}

/* ---- the order of the atoms ---------------------------------------------------------------- */

static bool same_species(const skd_cell *a, const skd_cell *b) {
    return a->n == b->n && memcmp(a->species, b->species, a->n * sizeof *a->species) == 0;
}

/* order[i]: the atom of `cell` that is atom i of `asked`. As written: in that order, or sorted for a POSCAR. */
static skd_status find_order(size_t *order, bool *found, const skd_cell *asked, const skd_cell *cell, skd_error *err) {
    skd_cell *sorted = NULL;
    size_t *by = skd_alloc(asked->n, sizeof *by);
    skd_status status = by ? folders_sorted(&sorted, asked, by, err) : skd_fail(err, SKD_ENOMEM, "out of memory");
    bool plain = same_species(asked, cell);
    *found = status == SKD_OK && (plain || same_species(sorted, cell));
    for (size_t i = 0; *found && i < asked->n; i++)
        order[plain ? i : by[i]] = i;
    skd_cell_free(sorted);
    skd_free(by);
    return status;
}

static skd_status take_atoms(verify_answer *a, const skd_frame *frame, const size_t *order, skd_error *err) {
    size_t n = frame->cell->n;
    skd_status status = skd_cell_pick(&a->cell, frame->cell, order, n, err);
    if (status != SKD_OK || !frame->force)
        return status;
    if (!(a->force = skd_alloc(n, sizeof *a->force)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for forces");
    for (size_t i = 0; i < n; i++)
        memcpy(a->force[i], frame->force[order[i]], sizeof a->force[i]);
    return SKD_OK;
}

/* The last step, in the order of `asked`; the state is WRONG where it is of other atoms. */
static skd_status take_last(verify_answer *a, const skd_frame *frame, const skd_cell *asked, skd_error *err) {
    char formula[2][80];
    bool found = false;
    size_t *order = skd_alloc(asked->n, sizeof *order);
    skd_status status = order ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", asked->n);
    if (status == SKD_OK && frame->cell->n != asked->n)
        judge(a, VERIFY_WRONG, "%s: expected the %zu atoms that were written; found %zu", a->source, asked->n,
              frame->cell->n);
    else if (status == SKD_OK)
        status = find_order(order, &found, asked, frame->cell, err);
    if (status == SKD_OK && found)
        status = take_atoms(a, frame, order, err);
    else if (status == SKD_OK && a->state != VERIFY_WRONG)
        judge(a, VERIFY_WRONG, "%s: expected %s in the order that was written; found %s", a->source,
              skd_cell_formula(asked, formula[0], sizeof formula[0]),
              skd_cell_formula(frame->cell, formula[1], sizeof formula[1]));
    skd_free(order);
    return status;
}

/* Farthest atom from where it was asked for, Å. */
static skd_status farthest(double *out, const skd_cell *asked, const skd_cell *cell, skd_error *err) {
    skd_mic mic;
    double d[3];
    *out = 0.0;
    skd_status status = skd_mic_setup(&mic, asked, err);
    for (size_t i = 0; status == SKD_OK && i < asked->n; i++)
        *out = fmax(*out, skd_mic_vector(&mic, asked->pos[i], cell->pos[i], d));
    return status;
}

/* ---- the steps ---------------------------------------------------------------------------- */

static bool is_set(const skd_frame *frame, const char *key, const char *value) {
    const char *found = skd_frame_info(frame, key);
    return found && strcmp(found, value) == 0;
}

/* Takes down a step: for the rules, and for those who want to see how it went. */
static skd_status note_step(verify_answer *a, const skd_frame *frame, skd_error *err) {
    skd_trace_point point = {a->n_steps, frame->has_energy ? frame->energy : (double)NAN, (double)NAN};
    double most = 0.0;
    for (size_t i = 0; frame->force && i < frame->cell->n; i++)
        most = fmax(most, skd_norm(frame->force[i]));
    if (frame->force)
        point.force_max = most;
    if (frame->has_energy)
        skd_watch_step(&a->watch, frame->energy, !is_set(frame, "scf_converged", "F"), frame->cell);
    return skd_trace_add(&a->trace, &point, err);
}

/* All steps of the open output; *last is the caller's. What is malformed ends the reading and is told in `why`. */
static skd_status read_steps(verify_answer *a, skd_outputs *source, skd_frame **last, skd_error *err) {
    skd_status status = SKD_OK;
    skd_error said = {SKD_OK, ""};
    for (;;) {
        skd_frame *frame = NULL;
        status = skd_outputs_next(source, &frame, &said);
        if (status != SKD_OK || !frame)
            break;
        skd_frame_free(*last);
        *last = frame;
        status = note_step(a, frame, &said);
        if (status != SKD_OK)
            break;
        a->n_steps++;
    }
    if (status == SKD_ENOMEM)
        return skd_fail(err, status, "%s", said.text);
    if (status != SKD_OK)
        judge(a, VERIFY_WRONG, "%s", said.text);
    else if (skd_outputs_warning(source))
        judge(a, VERIFY_CUT, "%s", skd_outputs_warning(source));
    return SKD_OK;
}

/* Whole and well-formed: did it come to rest, and is it of the right structure? */
static skd_status judge_last(verify_answer *a, const skd_frame *last, const skd_cell *asked, bool relaxes,
                             skd_error *err) {
    double moved = 0.0;
    skd_status status = a->cell ? farthest(&moved, asked, a->cell, err) : SKD_OK;
    if (status != SKD_OK || !a->cell)
        return status;
    if (!last->has_energy || !isfinite(last->energy))
        judge(a, VERIFY_WRONG, "%s: expected an energy in the last step; found none", a->source);
    else if (!relaxes && moved > SAME_PLACE)
        judge(a, VERIFY_WRONG, "%s: expected the structure that was written; found an atom %.2f Å off", a->source,
              moved);
    else if (is_set(last, "scf_converged", "F"))
        judge(a, VERIFY_UNCONVERGED, "%s: the electrons did not converge", a->source);
    else if (relaxes && is_set(last, "ionic_converged", "F") && a->state == VERIFY_DONE)
        judge(a, VERIFY_UNCONVERGED, "%s: the atoms did not come to rest in %zu steps", a->source, a->n_steps);
    return SKD_OK;
}

static skd_status read_output(verify_answer *a, const char *path, const skd_cell *asked, bool relaxes,
                              skd_error *err) {
    skd_outputs *source = NULL;
    skd_frame *last = NULL;
    skd_error said = {SKD_OK, ""};
    snprintf(a->source, sizeof a->source, "%s", path);
    a->state = VERIFY_DONE;
    skd_status status = skd_outputs_open(&source, path, &said);
    if (status == SKD_ENOMEM)
        return skd_fail(err, status, "%s", said.text);
    if (status != SKD_OK) {
        judge(a, VERIFY_WRONG, "%s", said.text);
        return SKD_OK;
    }
    status = read_steps(a, source, &last, err);
    const char *code = last ? skd_frame_info(last, "code") : NULL;
    snprintf(a->version, sizeof a->version, "%s", code ? code : "");
    if (status == SKD_OK && last)
        status = take_last(a, last, asked, err);
    if (status == SKD_OK && last && a->state != VERIFY_WRONG)
        status = judge_last(a, last, asked, relaxes, err);
    a->energy = last && last->has_energy ? last->energy : (double)NAN;
    const char *magmom = last ? skd_frame_info(last, "magmom") : NULL;
    if (magmom && !skd_span_real((skd_span){magmom, strlen(magmom)}, &a->magmom))
        a->magmom = (double)NAN;
    skd_frame_free(last);
    skd_outputs_close(source);
    return status;
}

/* ---- what became of the program ------------------------------------------------------------ */

/* The line of the status file; "" if there is none. */
static skd_status read_status(char *out, size_t size, const verify_manifest *manifest, const verify_calc *calc,
                              skd_error *err) {
    char *path = verify_path(manifest, calc, VERIFY_STATUS_FILE), *text = NULL;
    size_t n = 0;
    out[0] = '\0';
    skd_status status = path ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK && skd_file_exists(path) && skd_file_read(path, &text, &n, NULL) == SKD_OK)
        skd_span_copy((skd_span){text, strcspn(text, "\n")}, out, size);
    skd_free(text);
    skd_free(path);
    return status;
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* A relaxation that we stopped has no end of its own. */
static void apply_status(verify_answer *a, const char *line) {
    if (begins(line, VERIFY_HOPELESS) && a->state != VERIFY_WRONG)
        judge(a, VERIFY_STOPPED, "stopped as %s", line);
    else if (begins(line, VERIFY_STALLED) && (a->state == VERIFY_CUT || a->state == VERIFY_UNCONVERGED) && a->cell) {
        a->stalled = true;
        judge(a, VERIFY_DONE, "%s", "");
    } else if (*line && a->state != VERIFY_DONE) {
        char why[sizeof a->why];
        snprintf(why, sizeof why, "%s", a->why);
        judge(a, a->state, "%.230s%s the program ended with %.150s", why, *why ? ";" : "", line);
    }
}

/* Whoever shows the reason names the folder. */
static void shorten(verify_answer *a, const verify_manifest *manifest, const verify_calc *calc) {
    char folder[400];
    int n = snprintf(folder, sizeof folder, "%s/%s/", manifest->folder, calc->folder);
    if (n > 0 && n < (int)sizeof folder && begins(a->why, folder))
        memmove(a->why, a->why + n, strlen(a->why + n) + 1);
}

skd_status verify_read(verify_answer *out, const verify_manifest *manifest, const verify_calc *calc,
                       const skd_cell *asked, skd_error *err) {
    const verify_code *code = verify_code_of(skd_code_named(manifest->code));
    char line[200];
    *out = (verify_answer){.energy = (double)NAN, .magmom = (double)NAN};
    judge(out, VERIFY_ABSENT, "no output (%s) yet", code->answer[0]);
    skd_status status = SKD_OK;
    for (size_t i = 0; code->answer[i] && status == SKD_OK && out->state == VERIFY_ABSENT; i++)
        for (int gz = 0; gz < 2 && status == SKD_OK && out->state == VERIFY_ABSENT; gz++) {
            char name[60];
            snprintf(name, sizeof name, "%s%s", code->answer[i], gz ? ".gz" : "");
            char *path = verify_path(manifest, calc, name);
            if (!path)
                status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
            else if (skd_file_exists(path)) {
                out->why[0] = '\0';
                status = read_output(out, path, asked, manifest->stage == VERIFY_RELAX, err);
            }
            skd_free(path);
        }
    if (status == SKD_OK)
        status = read_status(line, sizeof line, manifest, calc, err);
    if (status == SKD_OK)
        apply_status(out, line);
    shorten(out, manifest, calc);
    return status;
}
