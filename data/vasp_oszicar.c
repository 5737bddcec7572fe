/* SPDX-License-Identifier: MIT */
/* vasp_oszicar.c - VASP's OSZICAR: energies and magnetisation of the ionic steps, with the structures of the XDATCAR
 * that lies beside it. Energy: E0, sigma -> 0; free energy: F. */
#include "outputs.h"

#include <string.h>

#define TYPES_MAX 200

typedef struct reader {
    skd_stream *structures;
    double scale;
} reader;

/* ---- XDATCAR ------------------------------------------------------------------------------ */

static const skd_text *where(const reader *r) { return skd_stream_text(r->structures); }

static skd_status ended(const reader *r, const char *what, skd_error *err) {
    skd_status status = skd_stream_status(r->structures, err);
    return status == SKD_OK ? skd_text_fail(where(r), err, "expected %s; found the end of the file", what) : status;
}

static skd_status read_lattice(reader *r, skd_step *step, skd_error *err) {
    skd_span line;
    skd_status status = SKD_OK;
    if (!skd_stream_line(r->structures, &line))
        return ended(r, "the scale factor", err);
    status = skd_text_real(where(r), &line, "the scale factor", &r->scale, err);
    if (status == SKD_OK && !(r->scale > 0.0))
        return skd_text_fail(where(r), err, "expected a positive scale factor; found %g", r->scale);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        if (!skd_stream_line(r->structures, &line))
            return ended(r, "a lattice vector", err);
        for (int c = 0; c < 3 && status == SKD_OK; c++)
            status = skd_text_real(where(r), &line, "a lattice vector", &step->lattice[k][c], err);
        for (int c = 0; c < 3; c++)
            step->lattice[k][c] *= r->scale;
    }
    step->has_lattice = status == SKD_OK;
    return status;
}

/* Mg O, then 109 107; `line` is the first. */
static skd_status read_species(reader *r, skd_step *step, skd_span symbols, skd_error *err) {
    skd_span word, line;
    int z[TYPES_MAX];
    size_t n_types = 0;
    char found[40];
    while (skd_span_word(&symbols, &word)) {
        if (n_types == TYPES_MAX || (z[n_types] = skd_word_element(word)) == 0)
            return skd_text_fail(where(r), err, "expected element symbols; found '%s'",
                                 skd_span_copy(word, found, sizeof found));
        n_types++;
    }
    if (!skd_stream_line(r->structures, &line))
        return ended(r, "numbers of atoms", err);
    skd_status status = SKD_OK;
    step->n = 0;
    for (size_t t = 0; t < n_types && status == SKD_OK; t++) {
        long count = 0;
        size_t first = step->n;
        status = skd_text_int(where(r), &line, "the number of atoms of a type", 1, SKD_ATOMS_MAX, &count, err);
        if (status == SKD_OK)
            status = skd_step_atoms(step, first + (size_t)count, err);
        for (size_t i = first; status == SKD_OK && i < step->n; i++)
            step->species[i] = z[t];
    }
    return status;
}

/* The next structure; a header that begins with a title stands before the first, and wherever the cell changes. */
static skd_status read_structure(reader *r, skd_step *step, skd_error *err) {
    skd_span line;
    skd_status status = SKD_OK;
    if (!r->structures)
        return skd_text_fail(skd_stream_text(step->stream), err,
                             "an OSZICAR holds no structures; expected the XDATCAR beside it");
    if (!skd_stream_line(r->structures, &line))
        return ended(r, "one structure for each step of the OSZICAR", err);
    if (!skd_span_starts(line, "Direct configuration")) {
        status = read_lattice(r, step, err);
        if (status == SKD_OK && !skd_stream_line(r->structures, &line))
            return ended(r, "element symbols", err);
        if (status == SKD_OK)
            status = read_species(r, step, line, err);
        if (status == SKD_OK && (!skd_stream_line(r->structures, &line) || !skd_span_starts(line, "Direct")))
            return skd_text_fail(where(r), err, "expected 'Direct configuration='");
    }
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        if (!skd_stream_line(r->structures, &line))
            return ended(r, "a position", err);
        for (int k = 0; k < 3 && status == SKD_OK; k++)
            status = skd_text_real(where(r), &line, "a position", &step->pos[i][k], err);
    }
    step->has_pos = step->is_frac = status == SKD_OK && step->n > 0;
    return status;
}

/* ---- OSZICAR ------------------------------------------------------------------------------ */

/*    1 F= -.34910844E+02 E0= -.34910844E+02  d E =-.349108E+02  mag=     0.0000 */
static bool is_step(skd_span line) {
    skd_span word;
    long number;
    return skd_span_word(&line, &word) && skd_span_int(word, &number) && skd_span_has(line, "F=") &&
           skd_span_has(line, "E0=");
}

static skd_status take_step(reader *r, skd_step *step, skd_span line, skd_error *err) {
    skd_status status = read_structure(r, step, err);
    if (status != SKD_OK)
        return status;
    if (!skd_real_after(line, "F=", &step->free_energy) || !skd_real_after(line, "E0=", &step->energy))
        return skd_text_fail(skd_stream_text(step->stream), err, "expected energies after F= and E0=");
    step->has_energy = step->has_free = true;
    step->has_magmom = skd_magmom_after(line, "mag=", &step->magmom);
    return skd_step_done(step, err);
}

static skd_status next(void *state, skd_step *step, bool *more, skd_error *err) {
    skd_span line;
    while (!step->done && (*more = skd_stream_line(step->stream, &line) && skd_stream_line_ended(step->stream)))
        if (is_step(line)) {
            skd_status status = take_step(state, step, line, err);
            if (status != SKD_OK)
                return status;
        }
    return step->done ? SKD_OK : skd_stream_status(step->stream, err);
}

static skd_status begin(void *state, skd_step *step, skd_error *err) {
    reader *r = state;
    return skd_stream_beside(&r->structures, step->stream, "XDATCAR", err);
}

static void end(void *state) { skd_stream_close(((reader *)state)->structures); }

/* "       N       E                     dE             d eps       ncg     rms          rms(c)" */
static bool matches(const char *name, const char *text, size_t length) {
    skd_text t = skd_text_of("", text, length);
    skd_span line, word;
    static const char *const words[] = {"N", "E", "dE", "d", "eps", "ncg"};
    (void)name;
    if (!skd_text_line(&t, &line))
        return false;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!skd_span_word(&line, &word) || !skd_span_is(word, words[k]))
            return false;
    return true;
}

const skd_output_format skd_output_oszicar = {
    .name = "oszicar",
    .summary = "VASP OSZICAR with its XDATCAR",
    .energy = "sigma -> 0",
    .code = "VASP",
    .matches = matches,
    .size = sizeof(reader),
    .begin = begin,
    .next = next,
    .end = end,
};
