/* SPDX-License-Identifier: MIT */
/* vasp_mlab.c - VASP's ML_AB (ML_ABN): the configurations that a force field was trained on. Energy: as it stands
 * there, VASP's total energy. Stress: kbar, positive = wants to grow, over to ours. */
#include "outputs.h"

#include <string.h>

#define TYPES_MAX 200

typedef struct reader {
    long n_types;
} reader;

static const skd_text *where(const skd_step *step) { return skd_stream_text(step->stream); }

/* The first line of a value, behind a ruler of - or =. */
static skd_status value_line(skd_step *step, skd_span *line) {
    skd_status status = skd_lines_skip(step, 1);
    return status == SKD_OK ? skd_line_next(step, line) : status;
}

static skd_status read_rows(skd_step *step, double (*row)[3], size_t n, const char *what, skd_error *err) {
    skd_span line;
    skd_status status = skd_lines_skip(step, 1);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, what, row[i], err);
    }
    return status;
}

static skd_status take_configuration(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    skd_step_clear(step);
    step->n = 0;
    return SKD_OK;
}

static skd_status take_n_types(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line;
    (void)rest;
    skd_status status = value_line(step, &line);
    return status == SKD_OK ? skd_text_int(where(step), &line, "the number of atom types", 1, TYPES_MAX,
                                           &((reader *)state)->n_types, err)
                            : status;
}

/* Atom types and atom numbers: Mg 108 */
static skd_status take_types(void *state, skd_step *step, skd_span rest, skd_error *err) {
    const reader *r = state;
    skd_span line, word;
    (void)rest;
    skd_status status = skd_lines_skip(step, 1);
    for (long t = 0; t < r->n_types && status == SKD_OK; t++) {
        long count = 0;
        int z = 0;
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        skd_span_word(&line, &word);
        status = skd_step_element(step, word, &z, err);
        if (status == SKD_OK)
            status = skd_text_int(where(step), &line, "the number of its atoms", 1, SKD_ATOMS_MAX, &count, err);
        size_t first = step->n;
        if (status == SKD_OK)
            status = skd_step_atoms(step, first + (size_t)count, err);
        for (size_t i = first; status == SKD_OK && i < step->n; i++)
            step->species[i] = z;
    }
    return status;
}

static skd_status take_lattice(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->lattice, 3, "a lattice vector", err);
    step->has_lattice = step->has_lattice || status == SKD_OK;
    return status;
}

static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->pos, step->n, "a position", err);
    step->has_pos = status == SKD_OK;
    return status;
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line;
    (void)state, (void)rest;
    skd_status status = value_line(step, &line);
    if (status == SKD_OK)
        status = skd_text_real(where(step), &line, "the total energy", &step->energy, err);
    step->has_energy = status == SKD_OK;
    return status;
}

static skd_status take_forces(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->force, step->n, "a force", err);
    step->has_force = status == SKD_OK;
    return status;
}

/* XX YY ZZ, their values, XY YZ ZX, their values, between rulers; the configuration ends with them. */
static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    static const int place[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {1, 2}, {2, 0}};
    skd_span line;
    double v[2][3];
    (void)state, (void)rest;
    skd_status status = SKD_OK;
    for (int half = 0; half < 2 && status == SKD_OK; half++) {
        status = skd_lines_skip(step, 3);
        if (status == SKD_OK)
            status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "the stress", v[half], err);
    }
    if (status != SKD_OK)
        return status;
    for (int k = 0; k < 6; k++)
        step->stress[place[k][0]][place[k][1]] = step->stress[place[k][1]][place[k][0]] = -SKD_KBAR * v[k / 3][k % 3];
    step->has_stress = true;
    if (!step->has_pos || !step->has_lattice || !step->has_energy)
        return skd_text_fail(where(step), err, "expected lattice, positions and energy before the stress");
    return skd_step_done(step, err);
}

static const skd_rule rules[] = {
    {"Configuration num.", take_configuration},
    {"The number of atom types", take_n_types},
    {"Atom types and atom numbers", take_types},
    {"Primitive lattice vectors (ang.)", take_lattice},
    {"Atomic positions (ang.)", take_positions},
    {"Total energy (eV)", take_energy},
    {"Forces (eV ang.^-1)", take_forces},
    {"Stress (kbar)", take_stress},
    {NULL, NULL},
};

static skd_status next(void *state, skd_step *step, bool *more, skd_error *err) {
    skd_status status = skd_rules_run(rules, state, step, more, err);
    if (!*more)
        step->is_cut = step->is_cut || step->has_energy || step->has_pos;
    return status;
}

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 2048 ? length : 2048, "The number of configurations") &&
           skd_text_has(text, length < 80 ? length : 80, "Version");
}

const skd_output_format skd_output_mlab = {
    .name = "ml_ab",
    .summary = "VASP ML_AB",
    .energy = "total energy as it stands there",
    .code = "VASP ML_AB",
    .matches = matches,
    .size = sizeof(reader),
    .next = next,
};
