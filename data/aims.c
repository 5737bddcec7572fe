/* SPDX-License-Identifier: MIT */
/* aims.c - the output of FHI-aims.
 *
 * Energy: "Total energy corrected", extrapolated to no broadening (the uncorrected one where nothing is broadened);
 * free energy: "Electronic free energy". Stress: eV/Å^3, positive = wants to shrink, as ours. A relaxation prints the
 * next structure after a step, molecular dynamics the one just used. */
#include "outputs.h"

#include <string.h>

static skd_status finish(skd_step *step, skd_error *err) {
    if (!step->has_energy || !step->has_pos)
        return SKD_OK;
    return skd_step_done(step, err);
}

static skd_status take_n(void *state, skd_step *step, skd_span rest, skd_error *err) {
    long n;
    (void)state;
    if (!skd_int_after(rest, ":", &n) || n < 1 || n > SKD_ATOMS_MAX || (step->n && (size_t)n != step->n))
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the number of atoms, 1 to %d, once",
                             SKD_ATOMS_MAX);
    return step->n ? SKD_OK : skd_step_atoms(step, (size_t)n, err);
}

/* | Unit cell:, then |   a b c */
static skd_status take_cell(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    skd_status status = SKD_OK;
    (void)state, (void)rest;
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK) {
            skd_span_word(&line, &word);
            status = skd_line_row(step, &line, "a lattice vector", step->lattice[k], err);
        }
    }
    step->has_lattice = status == SKD_OK;
    return status;
}

/* |    1: Species Si            0.00000000        0.00000000        0.00000000 */
static skd_status take_structure(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    (void)state, (void)rest;
    if (step->has_pos)
        return SKD_OK;
    skd_status status = skd_lines_skip(step, 1);
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        if (!skd_span_after(line, "Species", &line) || !skd_span_word(&line, &word))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected 'Species' of atom %zu", i + 1);
        status = skd_step_element(step, word, &step->species[i], err);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a position", step->pos[i], err);
    }
    step->has_pos = status == SKD_OK && step->n > 0;
    return status;
}

/* Lines of geometry.in after a heading: lattice_vector and atom, until all atoms are there. */
static skd_status read_geometry(skd_step *step, skd_error *err) {
    skd_span line, word;
    size_t n = 0, n_vectors = 0;
    skd_status status = SKD_OK;
    step->has_pos = step->is_frac = false;
    while (n < step->n && status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK) {
        if (!skd_span_word(&line, &word))
            continue;
        if (skd_span_is(word, "lattice_vector") && n_vectors < 3)
            status = skd_line_row(step, &line, "a lattice vector", step->lattice[n_vectors++], err);
        if (skd_span_is(word, "atom_frac"))
            return skd_text_fail(skd_stream_text(step->stream), err, "fractional atoms; expected Cartesian ones");
        if (!skd_span_is(word, "atom"))
            continue;
        status = skd_line_row(step, &line, "a position", step->pos[n], err);
        if (status == SKD_OK) {
            skd_span_word(&line, &word);
            status = skd_step_element(step, word, &step->species[n++], err);
        }
    }
    step->has_pos = status == SKD_OK && n > 0;
    return status;
}

static skd_status take_updated(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = finish(step, err);
    return status == SKD_OK ? read_geometry(step, err) : status;
}

static skd_status take_used(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_geometry(step, err);
    return status == SKD_OK ? finish(step, err) : status;
}

static skd_status read_energy(skd_step *step, skd_span rest, double *out, skd_error *err) {
    if (skd_real_after(rest, ":", out))
        return SKD_OK;
    return skd_text_fail(skd_stream_text(step->stream), err, "expected an energy in eV");
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    step->has_energy = true;
    return read_energy(step, rest, &step->energy, err);
}

static skd_status take_free(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    step->has_free = true;
    return read_energy(step, rest, &step->free_energy, err);
}

static skd_status take_forces(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    (void)state, (void)rest;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK) {
            skd_span_word(&line, &word);
            skd_span_word(&line, &word);
            status = skd_line_row(step, &line, "a force", step->force[i], err);
        }
    }
    step->has_force = status == SKD_OK && step->n > 0;
    return status;
}

/* |              Analytical stress tensor - Symmetrized               | */
static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    (void)state, (void)rest;
    skd_status status = skd_lines_skip(step, 4);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK) {
            skd_span_word(&line, &word);
            skd_span_word(&line, &word);
            status = skd_line_row(step, &line, "the stress", step->stress[k], err);
        }
    }
    step->has_stress = status == SKD_OK;
    return status;
}

static skd_status take_electrons(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_electrons = skd_real_after(rest, ":", &step->electrons);
    return SKD_OK;
}

/* | Charge =   1.000000E+00: Charged system requested explicitly. */
static skd_status take_charge(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_charge = skd_real_after(rest, "", &step->charge);
    return SKD_OK;
}

static skd_status take_magmom(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_magmom = skd_real_after(rest, ":", &step->magmom);
    return SKD_OK;
}

static skd_status take_converged(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    step->scf = SKD_YES;
    return SKD_OK;
}

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    char version[40];
    (void)state, (void)err;
    if (skd_span_after(rest, ":", &rest) && skd_span_word(&rest, &word)) {
        strcpy(step->code, "FHI-aims ");
        strcat(step->code, skd_span_copy(word, version, sizeof version));
    }
    return SKD_OK;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    step->is_whole = true;
    return finish(step, err);
}

static const skd_rule rules[] = {
    {"FHI-aims version", take_version},
    {"| Number of atoms ", take_n},
    {"| Unit cell:", take_cell},
    {"| Atomic structure:", take_structure},
    {"| Formal number of electrons", take_electrons},
    {"| Charge =", take_charge},
    {"| N = N_up - N_down", take_magmom},
    {"| Total energy corrected ", take_energy},
    {"| Electronic free energy  ", take_free},
    {"Total atomic forces (unitary forces", take_forces},
    {"|              Analytical stress tensor - Symmetrized", take_stress},
    {"|              Numerical stress tensor", take_stress},
    {"Self-consistency cycle converged.", take_converged},
    {"Self-consistency cycle not yet converged - restarting", skd_take_unconverged},
    {"* WARNING! SELF-CONSISTENCY CYCLE DID NOT CONVERGE", skd_take_unconverged},
    {"Geometry relaxation", skd_take_relaxation},
    {"Present geometry is converged", skd_take_relaxed},
    {"Updated atomic structure:", take_updated},
    {"Atomic structure that was used in the preceding time step", take_used},
    {"Atomic structure (and velocities) as used in the preceding time step", take_used},
    {"Have a nice day.", take_end},
    {NULL, NULL},
};

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 16384 ? length : 16384, "Invoking FHI-aims ...");
}

const skd_output_format skd_output_aims = {
    .name = "aims",
    .summary = "FHI-aims output",
    .energy = "Total energy corrected, extrapolated to no broadening",
    .code = "FHI-aims",
    .knows_end = true,
    .matches = matches,
    .rules = rules,
};
