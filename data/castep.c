/* SPDX-License-Identifier: MIT */
/* castep.c - CASTEP's .castep.
 *
 * Energy: "NB est. 0K energy (E-0.5TS)", the extrapolation to no smearing, else "Final energy"; free energy: "Final
 * free energy (E-TS)". Dispersion-corrected values, printed after them, replace them. Stress: positive = wants to
 * shrink, as ours. Fractional positions have six decimals. A step ends where the next cell or positions or the
 * end of the run are printed. */
#include "outputs.h"

#include <string.h>

typedef struct reader {
    double final;
    bool has_final, has_zero;
} reader;

static skd_status finish(reader *r, skd_step *step, skd_error *err) {
    if (!r->has_final && !r->has_zero) {
        skd_step_clear(step);
        return SKD_OK;
    }
    if (!step->has_pos || !step->has_lattice)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected cell and positions before a step's end");
    step->has_energy = true;
    if (!r->has_zero)
        step->energy = r->final;
    if (step->scf == SKD_UNKNOWN)
        step->scf = SKD_YES;
    r->has_final = r->has_zero = false;
    return skd_step_done(step, err);
}

static skd_status take_lattice(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line;
    (void)rest;
    skd_status status = finish(state, step, err);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a lattice vector", step->lattice[k], err);
    }
    step->has_lattice = step->has_lattice || status == SKD_OK;
    return status;
}

/* x  Si           1         0.000000   0.000000   0.000000   x; ends with a line of x. */
static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    size_t n = 0;
    if (!skd_span_has(rest, "Fractional coordinates of atoms"))
        return SKD_OK;
    skd_status status = finish(state, step, err);
    if (status == SKD_OK)
        status = skd_lines_skip(step, 2);
    while (status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK) {
        if (!skd_span_word(&line, &word) || !skd_span_is(word, "x") || !skd_span_word(&line, &word))
            break;
        status = skd_step_atoms(step, n + 1, err);
        if (status == SKD_OK)
            status = skd_step_element(step, word, &step->species[n], err);
        if (status != SKD_OK)
            break;
        skd_span_word(&line, &word); /* number within its species */
        status = skd_line_row(step, &line, "a position", step->pos[n++], err);
    }
    step->has_pos = step->is_frac = status == SKD_OK && n > 0;
    return status;
}

static skd_status read_energy(skd_step *step, skd_span rest, double *out, skd_error *err) {
    if (skd_real_after(rest, "=", out))
        return SKD_OK;
    return skd_text_fail(skd_stream_text(step->stream), err, "expected an energy in eV");
}

static skd_status take_final(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    r->has_final = true;
    return read_energy(step, rest, &r->final, err);
}

static skd_status take_free(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    step->has_free = true;
    return read_energy(step, rest, &step->free_energy, err);
}

static skd_status take_zero(void *state, skd_step *step, skd_span rest, skd_error *err) {
    ((reader *)state)->has_zero = true;
    return read_energy(step, rest, &step->energy, err);
}

/* * Si              1      0.00000   0.00000   0.00000 *, perhaps with "(cons'd)" after a number. */
static skd_status take_force_rows(skd_step *step, skd_error *err) {
    skd_span line, word;
    skd_status status = skd_lines_skip(step, 5);
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        char *text = (char *)(uintptr_t)line.p; /* the stream's own buffer: marks become blanks */
        for (size_t k = 0; k + 8 <= line.n; k++)
            if (memcmp(text + k, "(cons'd)", 8) == 0)
                memset(text + k, ' ', 8);
        for (int k = 0; k < 3; k++) /* the star, the species and its number */
            skd_span_word(&line, &word);
        status = skd_line_row(step, &line, "a force", step->force[i], err);
    }
    step->has_force = status == SKD_OK;
    return status;
}

static skd_status take_stress_rows(skd_step *step, skd_error *err) {
    skd_span line, word;
    skd_status status = skd_lines_skip(step, 5);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        skd_span_word(&line, &word);
        skd_span_word(&line, &word);
        status = skd_line_row(step, &line, "the stress", step->stress[k], err);
        for (int c = 0; c < 3; c++)
            step->stress[k][c] *= SKD_GPA;
    }
    step->has_stress = status == SKD_OK;
    return status;
}

/* ******** Symmetrised Forces ********, ******** Stress Tensor ******** */
static skd_status take_stars(void *state, skd_step *step, skd_span rest, skd_error *err) {
    const reader *r = state;
    if (!r->has_final && !r->has_zero) /* repeated for the final configuration */
        return SKD_OK;
    if (skd_span_has(rest, "Forces **"))
        return take_force_rows(step, err);
    return skd_span_has(rest, "Stress Tensor **") ? take_stress_rows(step, err) : SKD_OK;
}

static skd_status take_electrons(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_electrons = skd_real_after(rest, ":", &step->electrons) || step->has_electrons;
    return SKD_OK;
}

static skd_status take_charge(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_charge = skd_real_after(rest, ":", &step->charge) || step->has_charge;
    return SKD_OK;
}

static skd_status take_magmom(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_magmom = skd_real_after(rest, "=", &step->magmom);
    return SKD_OK;
}

static skd_status take_unconverged(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    if (skd_span_has(rest, "max. SCF cycles performed"))
        step->scf = SKD_NO;
    return SKD_OK;
}

static skd_status take_optimiser(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    if (skd_span_has(rest, "completed successfully"))
        step->ionic = SKD_YES;
    else if (step->ionic == SKD_UNKNOWN || skd_span_has(rest, "failed to converge"))
        step->ionic = SKD_NO;
    return SKD_OK;
}

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    char version[40];
    (void)state, (void)err;
    if (skd_span_after(rest, "CASTEP version", &rest) && skd_span_word(&rest, &word)) {
        skd_span_copy(word, version, sizeof version);
        version[strcspn(version, "|")] = '\0'; /* the frame of the title */
        strcat(strcpy(step->code, "CASTEP "), version);
    }
    return SKD_OK;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)rest;
    step->is_whole = true;
    return finish(state, step, err);
}

static const skd_rule rules[] = {
    {"|", take_version},
    {"Real Lattice(A)", take_lattice},
    {"x  Element", take_positions},
    {"Final energy, E", take_final},
    {"Final energy =", take_final},
    {"Dispersion corrected final energy*", take_final},
    {"Final free energy (E-TS)", take_free},
    {"Dispersion corrected final free energy*", take_free},
    {"NB est. 0K energy (E-0.5TS)", take_zero},
    {"NB dispersion corrected est. 0K energy*", take_zero},
    {"***", take_stars},
    {"number of  electrons", take_electrons},
    {"net charge of system", take_charge},
    {"2*Integrated Spin Density", take_magmom},
    {"Integrated Spin Density", take_magmom},
    {"*Warning*", take_unconverged},
    {"BFGS:", take_optimiser},
    {"LBFGS:", take_optimiser},
    {"TPSD:", take_optimiser},
    {"FIRE:", take_optimiser},
    {"Total time          =", take_end},
    {NULL, NULL},
};

static bool matches(const char *name, const char *text, size_t length) {
    size_t n = length < 16384 ? length : 16384;
    (void)name;
    return skd_text_has(text, n, "CASTEP version") && skd_text_has(text, n, " +----");
}

const skd_output_format skd_output_castep = {
    .name = "castep",
    .summary = "CASTEP .castep",
    .energy = "NB est. 0K energy, E - TS/2",
    .code = "CASTEP",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .rules = rules,
};
