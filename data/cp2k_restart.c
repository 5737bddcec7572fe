/* SPDX-License-Identifier: MIT */
/* cp2k_restart.c - CP2K's PROJECT-1.restart: cell, positions and charge of the last step; no energies. Also its cell
 * alone, for the reader of outputs. */
#include "outputs.h"

#include <string.h>

typedef struct reader {
    bool is_scaled, is_done;
} reader;

/* A, B, C rows up to &END; true with all three of them. */
static bool read_cell(skd_stream *s, double lattice[3][3]) {
    skd_span line, word;
    unsigned seen = 0;
    while (skd_stream_line(s, &line) && !skd_span_starts(line, "&END")) {
        if (!skd_span_word(&line, &word) || word.n != 1 || *word.p < 'A' || *word.p > 'C')
            continue;
        int row = *word.p - 'A';
        bool good = true;
        for (int k = 0; k < 3 && good; k++)
            good = skd_span_word(&line, &word) && skd_span_real(word, &lattice[row][k]);
        seen |= good ? 1U << row : 0U;
    }
    return seen == 7U;
}

skd_status skd_cp2k_restart_cell(const skd_stream *beside, const char *name, double lattice[3][3], bool *found,
                                 skd_error *err) {
    skd_stream *s;
    skd_span line, word;
    *found = false;
    skd_status status = skd_stream_beside(&s, beside, name, err);
    if (status != SKD_OK || !s)
        return status;
    while (!*found && skd_stream_line(s, &line)) {
        *found = skd_span_word(&line, &word) && skd_span_is(word, "&CELL") && !skd_span_word(&line, &word) &&
                 read_cell(s, lattice);
    }
    status = skd_stream_status(s, err);
    skd_stream_close(s);
    return status;
}

static skd_status take_cell(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    (void)state;
    if (skd_span_word(&rest, &word) || step->has_lattice) /* &CELL_OPT, &CELL ON */
        return SKD_OK;
    step->has_lattice = read_cell(step->stream, step->lattice);
    return step->has_lattice ? SKD_OK
                             : skd_text_fail(skd_stream_text(step->stream), err, "expected A, B and C in &CELL");
}

static skd_status take_charge(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    (void)state, (void)err;
    step->has_charge = skd_span_word(&rest, &word) && skd_span_real(word, &step->charge);
    return SKD_OK;
}

static skd_status take_coord(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span line, word;
    skd_status status;
    size_t n = 0;
    if (skd_span_word(&rest, &word) || r->is_done)
        return SKD_OK;
    while ((status = skd_line_next(step, &line)) == SKD_OK && !skd_span_starts(line, "&END")) {
        if (!skd_span_word(&line, &word))
            continue;
        if (skd_span_is(word, "SCALED") || skd_span_is(word, "UNIT")) {
            bool is_unit = skd_span_is(word, "UNIT");
            bool has_value = skd_span_word(&line, &word);
            r->is_scaled = r->is_scaled || (!is_unit && (!has_value || skd_span_is(word, "T")));
            if (is_unit && (!has_value || !skd_span_starts(word, "angstrom")))
                return skd_text_fail(skd_stream_text(step->stream), err, "expected positions in angstrom");
            continue;
        }
        status = skd_step_atoms(step, n + 1, err);
        if (status == SKD_OK)
            status = skd_step_element(step, word, &step->species[n], err);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a position", step->pos[n++], err);
        if (status != SKD_OK)
            return status;
    }
    if (status != SKD_OK || !step->has_lattice)
        return status == SKD_OK ? skd_text_fail(skd_stream_text(step->stream), err, "expected &CELL before &COORD")
                                : status;
    r->is_done = step->has_pos = true;
    step->is_frac = r->is_scaled;
    return skd_step_done(step, err);
}

static const skd_rule rules[] = {
    {"&CELL", take_cell},
    {"CHARGE ", take_charge},
    {"&COORD", take_coord},
    {NULL, NULL},
};

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 200 ? length : 200, "# Version information for this restart file");
}

const skd_output_format skd_output_cp2k_restart = {
    .name = "cp2k_restart",
    .summary = "CP2K restart file",
    .energy = "none",
    .code = "CP2K",
    .matches = matches,
    .size = sizeof(reader),
    .rules = rules,
};
