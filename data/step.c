/* SPDX-License-Identifier: MIT */
/* step.c - one step of a calculation as its output tells it: the arrays, the frame made of them, and the
 * line-by-line machinery that the readers of the codes share. */
#include "outputs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- arrays ------------------------------------------------------------------------------- */

/* A longer copy; `old` stays where it is. */
static void *longer(const void *old, size_t n, size_t capacity, size_t size) {
    void *grown = skd_alloc(capacity, size);
    if (grown && n)
        memcpy(grown, old, n * size);
    return grown;
}

static void take_array(void **old, void *grown) {
    skd_free(*old);
    *old = grown;
}

skd_status skd_step_atoms(skd_step *step, size_t n, skd_error *err) {
    if (n > SKD_ATOMS_MAX)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected at most %d atoms; found more",
                             SKD_ATOMS_MAX);
    if (n > step->capacity) {
        size_t room = n < 2 * step->capacity ? 2 * step->capacity : n + 8;
        void *species = longer(step->species, step->capacity, room, sizeof *step->species);
        void *pos = longer(step->pos, step->capacity, room, sizeof *step->pos);
        void *force = longer(step->force, step->capacity, room, sizeof *step->force);
        void *moment = longer(step->moment, step->capacity, room, sizeof *step->moment);
        if (!species || !pos || !force || !moment) {
            skd_free(species);
            skd_free(pos);
            skd_free(force);
            skd_free(moment);
            return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", n);
        }
        take_array((void **)&step->species, species);
        take_array((void **)&step->pos, pos);
        take_array((void **)&step->force, force);
        take_array((void **)&step->moment, moment);
        step->capacity = room;
    }
    step->n = n;
    return SKD_OK;
}

void skd_step_clear(skd_step *step) {
    step->has_pos = step->has_pos && step->keeps_pos;
    step->has_force = step->has_moment = step->has_stress = step->has_energy = step->has_free = false;
    step->has_magmom = false;
    step->scf = SKD_UNKNOWN;
}

/* ---- the frame ---------------------------------------------------------------------------- */

static skd_status set_real(skd_frame *frame, const char *key, double value, skd_error *err) {
    skd_string text = {0};
    skd_string_add_real(&text, value);
    skd_status status = text.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the value of '%s'", key)
                                    : skd_frame_set_info(frame, key, text.text, err);
    skd_string_free(&text);
    return status;
}

static skd_status set_infos(const skd_step *step, skd_frame *frame, skd_error *err) {
    const struct {
        const char *key;
        bool is_known;
        double value;
    } reals[] = {{"free_energy", step->has_free, step->free_energy},
                 {"charge", step->has_charge, step->charge},
                 {"electrons", step->has_electrons, step->electrons},
                 {"magmom", step->has_magmom, step->magmom}};
    char number[32];
    snprintf(number, sizeof number, "%zu", step->number);
    skd_status status = skd_frame_set_info(frame, "source", skd_stream_text(step->stream)->name, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "step", number, err);
    if (status == SKD_OK && *step->code)
        status = skd_frame_set_info(frame, "code", step->code, err);
    for (size_t k = 0; k < sizeof reals / sizeof *reals && status == SKD_OK; k++)
        if (reals[k].is_known)
            status = set_real(frame, reals[k].key, reals[k].value, err);
    if (status == SKD_OK && step->scf != SKD_UNKNOWN)
        status = skd_frame_set_info(frame, "scf_converged", step->scf ? "T" : "F", err);
    return status;
}

static skd_status set_arrays(const skd_step *step, skd_frame *frame, skd_error *err) {
    skd_cell *cell = frame->cell;
    memcpy(cell->lattice, step->lattice, sizeof cell->lattice);
    memcpy(cell->species, step->species, step->n * sizeof *cell->species);
    if (step->is_frac)
        for (size_t i = 0; i < step->n; i++)
            skd_row_times(step->pos[i], cell->lattice, cell->pos[i]);
    else
        memcpy(cell->pos, step->pos, step->n * sizeof *cell->pos);
    for (int k = 0; k < 3; k++)
        cell->pbc[k] = step->has_lattice;
    frame->has_energy = step->has_energy;
    frame->energy = step->energy;
    frame->has_stress = step->has_stress;
    memcpy(frame->stress, step->stress, sizeof frame->stress);
    if (step->has_force && !(frame->force = skd_copy(step->force, step->n, sizeof *step->force)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for the forces of %zu atoms", step->n);
    if (!step->has_moment)
        return SKD_OK;
    skd_column *column;
    skd_status status = skd_frame_add_column(frame, (skd_span){"magmoms", 7}, 'R', 1, &column, err);
    if (status == SKD_OK)
        memcpy(column->real, step->moment, step->n * sizeof *column->real);
    return status;
}

static skd_status make_frame(const skd_step *step, skd_frame **out, skd_error *err) {
    skd_cell *cell;
    *out = NULL;
    skd_status status = skd_cell_new(&cell, step->n, err);
    if (status == SKD_OK)
        status = skd_frame_new(out, cell, err);
    if (status == SKD_OK)
        status = set_arrays(step, *out, err);
    if (status == SKD_OK)
        status = set_infos(step, *out, err);
    char where[300];
    snprintf(where, sizeof where, "%.250s: step %zu", skd_stream_text(step->stream)->name, step->number);
    if (status == SKD_OK)
        status = skd_frame_check(*out, where, err);
    if (status == SKD_OK)
        return SKD_OK;
    skd_frame_free(*out);
    *out = NULL;
    return status;
}

skd_status skd_step_done(skd_step *step, skd_error *err) {
    const skd_text *text = skd_stream_text(step->stream);
    if (step->n == 0)
        return skd_text_fail(text, err, "expected the atoms of step %zu before its end; found none", step->number + 1);
    for (size_t i = 0; i < step->n; i++)
        if (step->species[i] == 0)
            return skd_text_fail(text, err, "expected the element of atom %zu before the end of step %zu; found none",
                                 i + 1, step->number + 1);
    step->number++;
    skd_status status = make_frame(step, &step->done, err);
    skd_step_clear(step);
    return status;
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool whole_line(skd_step *step, skd_span *line) {
    if (!skd_stream_line(step->stream, line))
        return false;
    step->is_cut = !skd_stream_line_ended(step->stream);
    return !step->is_cut;
}

static void skip_blanks(skd_span *line) {
    while (line->n && (*line->p == ' ' || *line->p == '\t')) {
        line->p++;
        line->n--;
    }
}

skd_status skd_rules_run(const skd_rule *rules, void *reader, skd_step *step, bool *more, skd_error *err) {
    skd_span line;
    skd_status status = SKD_OK;
    while (status == SKD_OK && !step->done) {
        if (!whole_line(step, &line)) {
            *more = false;
            return skd_stream_status(step->stream, err);
        }
        skip_blanks(&line);
        for (const skd_rule *rule = rules; rule->words; rule++) {
            size_t n = strlen(rule->words);
            if (line.n < n || memcmp(line.p, rule->words, n) != 0)
                continue;
            status = rule->take(reader, step, (skd_span){line.p + n, line.n - n}, err);
            break;
        }
    }
    if (status == SKD_ESTOPPED) { /* the end of the text, or a failure to read it */
        *more = false;
        step->is_cut = true;
        return skd_stream_status(step->stream, err);
    }
    return status;
}

skd_status skd_take_unconverged(void *reader, skd_step *step, skd_span rest, skd_error *err) {
    (void)reader, (void)rest, (void)err;
    step->scf = SKD_NO;
    return SKD_OK;
}

skd_status skd_take_relaxation(void *reader, skd_step *step, skd_span rest, skd_error *err) {
    (void)reader, (void)rest, (void)err;
    if (step->ionic == SKD_UNKNOWN)
        step->ionic = SKD_NO;
    return SKD_OK;
}

skd_status skd_take_relaxed(void *reader, skd_step *step, skd_span rest, skd_error *err) {
    (void)reader, (void)rest, (void)err;
    step->ionic = SKD_YES;
    return SKD_OK;
}

skd_status skd_line_next(skd_step *step, skd_span *line) { return whole_line(step, line) ? SKD_OK : SKD_ESTOPPED; }

skd_status skd_lines_skip(skd_step *step, size_t n) {
    skd_span line;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = skd_line_next(step, &line);
    return status;
}

skd_status skd_line_row(skd_step *step, skd_span *line, const char *what, double out[3], skd_error *err) {
    skd_status status = SKD_OK;
    for (int k = 0; k < 3 && status == SKD_OK; k++)
        status = skd_text_real(skd_stream_text(step->stream), line, what, &out[k], err);
    return status;
}

bool skd_span_starts(skd_span line, const char *words) {
    size_t n = strlen(words);
    skip_blanks(&line);
    return line.n >= n && memcmp(line.p, words, n) == 0;
}

bool skd_span_after(skd_span line, const char *words, skd_span *rest) {
    size_t n = strlen(words);
    const char *p = line.p, *end = line.p + line.n;
    for (; (size_t)(end - p) >= n; p++) {
        if (n > 0 && !(p = memchr(p, *words, (size_t)(end - p) - n + 1)))
            return false;
        if (memcmp(p, words, n) == 0) {
            *rest = (skd_span){p + n, (size_t)(end - p) - n};
            return true;
        }
    }
    return false;
}

bool skd_span_has(skd_span line, const char *words) {
    skd_span rest;
    return skd_span_after(line, words, &rest);
}

/* The word behind `words`, blanks, '=' and ':'; a number ends where its characters do ("-3.5eV", "4;"). */
static bool number_after(skd_span line, const char *words, skd_span *word) {
    skd_span rest;
    if (!skd_span_after(line, words, &rest))
        return false;
    while (rest.n && (isspace((unsigned char)*rest.p) || *rest.p == '=' || *rest.p == ':')) {
        rest.p++;
        rest.n--;
    }
    size_t n = 0;
    while (n < rest.n && (isdigit((unsigned char)rest.p[n]) || strchr("+-.eEdD", rest.p[n])))
        n++;
    while (n > 0 && strchr("eEdD", rest.p[n - 1]))
        n--;
    *word = (skd_span){rest.p, n};
    return n > 0;
}

bool skd_real_after(skd_span line, const char *words, double *out) {
    skd_span word;
    return number_after(line, words, &word) && skd_span_real(word, out);
}

bool skd_magmom_after(skd_span line, const char *words, double *out) {
    skd_span rest, word;
    double second;
    return skd_span_after(line, words, &rest) && skd_span_word(&rest, &word) && skd_span_real(word, out) &&
           !(skd_span_word(&rest, &word) && skd_span_real(word, &second));
}

bool skd_int_after(skd_span line, const char *words, long *out) {
    skd_span word;
    return number_after(line, words, &word) && skd_span_int(word, out);
}

skd_span skd_span_last(skd_span line) {
    skd_span word, last = {line.p, 0};
    while (skd_span_word(&line, &word))
        last = word;
    return last;
}

bool skd_text_has(const char *text, size_t length, const char *words) {
    return skd_span_has((skd_span){text, length}, words);
}

skd_status skd_step_element(const skd_step *step, skd_span word, int *out, skd_error *err) {
    char found[40];
    *out = skd_word_element(word);
    if (*out == 0)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected an element; found '%s'",
                             skd_span_copy(word, found, sizeof found));
    return SKD_OK;
}
