/* SPDX-License-Identifier: MIT */
/* espresso.c - the text that Quantum ESPRESSO's pw.x prints (.pwo).
 *
 * Energy: "!    total energy", which with smearing is F = E - TS; the code prints no extrapolation. Stress: positive =
 * wants to grow, over to ours. Charge: valences of the pseudopotentials less the electrons. A step ends where
 * the next positions or the end of the run are printed. The cell and the positions of the beginning have six
 * and seven decimals of the lattice parameter; from the next step on they are as precise as pw.x prints them. */
#include "outputs.h"

#include <string.h>

#define LABELS_MAX 100

typedef struct reader {
    double alat; /* Å */
    struct {
        char name[16];
        double valence;
    } label[LABELS_MAX];
    size_t n_labels;
    double valence; /* of all atoms */
    bool has_valence;
} reader;

static skd_status text_real(skd_step *step, skd_span rest, const char *words, double *out, skd_error *err) {
    if (skd_real_after(rest, words, out))
        return SKD_OK;
    return skd_text_fail(skd_stream_text(step->stream), err, "expected a number after '%s'", words);
}

/* The step is over if its energy is known. */
static skd_status finish(const reader *r, skd_step *step, skd_error *err) {
    if (!step->has_energy || !step->has_pos)
        return SKD_OK;
    if (!step->has_lattice)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the cell before the first step's end");
    if (step->scf == SKD_UNKNOWN)
        step->scf = SKD_YES;
    step->has_charge = r->has_valence && step->has_electrons;
    step->charge = r->valence - step->electrons;
    return skd_step_done(step, err);
}

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    char version[40];
    (void)state, (void)err;
    strcpy(step->code, "Quantum ESPRESSO");
    if (skd_span_word(&rest, &word)) {
        strcat(step->code, " ");
        skd_span_copy(word, version, sizeof version);
        strcat(step->code, strncmp(version, "v.", 2) == 0 ? version + 2 : version);
    }
    return SKD_OK;
}

static skd_status take_alat(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_status status = text_real(step, rest, "=", &r->alat, err);
    r->alat *= SKD_BOHR;
    return status;
}

/* celldm(1)=  13.501348  celldm(2)= ...: the same with more digits; 0 where it was not given. */
static skd_status take_celldm(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    double alat;
    skd_status status = text_real(step, rest, "=", &alat, err);
    if (status == SKD_OK && alat > 0.0)
        r->alat = alat * SKD_BOHR;
    return status;
}

static skd_status take_n(void *state, skd_step *step, skd_span rest, skd_error *err) {
    long n;
    (void)state;
    if (!skd_int_after(rest, "=", &n) || n < 1 || n > SKD_ATOMS_MAX || (step->n && (size_t)n != step->n))
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the number of atoms, 1 to %d, once",
                             SKD_ATOMS_MAX);
    return step->n ? SKD_OK : skd_step_atoms(step, (size_t)n, err);
}

static skd_status take_electrons(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    step->has_electrons = true;
    return text_real(step, rest, "=", &step->electrons, err);
}

/* crystal axes: (cart. coord. in units of alat), then a(1) = (   1.0   0.0   0.0 ) */
static skd_status take_axes(void *state, skd_step *step, skd_span rest, skd_error *err) {
    const reader *r = state;
    skd_span line, row;
    skd_status status = SKD_OK;
    (void)rest;
    if (step->has_lattice)
        return SKD_OK;
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK && !skd_span_after(line, "= (", &row))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected lattice vector a(%d) = ( .. )", k + 1);
        if (status == SKD_OK)
            status = skd_line_row(step, &row, "a lattice vector", step->lattice[k], err);
        for (int c = 0; c < 3; c++)
            step->lattice[k][c] *= r->alat;
    }
    step->has_lattice = status == SKD_OK;
    return status;
}

/* atomic species   valence    mass     pseudopotential */
static skd_status take_species(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span line, word;
    skd_status status;
    if (!skd_span_has(rest, "valence"))
        return SKD_OK;
    for (r->n_labels = 0; (status = skd_line_next(step, &line)) == SKD_OK && skd_span_word(&line, &word);) {
        if (r->n_labels == LABELS_MAX)
            return skd_text_fail(skd_stream_text(step->stream), err, "expected at most %d species", LABELS_MAX);
        skd_span_copy(word, r->label[r->n_labels].name, sizeof r->label->name);
        status = skd_text_real(skd_stream_text(step->stream), &line, "the valence of a species",
                               &r->label[r->n_labels++].valence, err);
        if (status != SKD_OK)
            return status;
    }
    return status;
}

/* Adds an atom's valence; false: its species is not in the list. */
static bool add_valence(reader *r, skd_span label) {
    char name[16];
    skd_span_copy(label, name, sizeof name);
    for (size_t k = 0; k < r->n_labels; k++)
        if (strcmp(r->label[k].name, name) == 0) {
            r->valence += r->label[k].valence;
            return true;
        }
    return false;
}

/* site n.     atom                  positions (alat units) */
static skd_status take_sites(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span line, word, row;
    skd_status status = SKD_OK;
    if (!skd_span_has(rest, "(alat units)") || step->has_pos || step->number > 0)
        return SKD_OK;
    r->valence = 0.0;
    r->has_valence = true;
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        skd_span_word(&line, &word);
        skd_span_word(&line, &word);
        r->has_valence = add_valence(r, word) && r->has_valence;
        status = skd_step_element(step, word, &step->species[i], err);
        if (status == SKD_OK && !skd_span_after(line, "= (", &row))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected tau(%zu) = ( .. )", i + 1);
        if (status == SKD_OK)
            status = skd_line_row(step, &row, "a position", step->pos[i], err);
        for (int k = 0; k < 3; k++)
            step->pos[i][k] *= r->alat;
    }
    step->has_pos = status == SKD_OK;
    step->is_frac = false;
    return status;
}

/* Å of the unit in "(angstrom)", "(bohr)", "(alat)", "(alat= 10.2)"; 0: crystal. */
static skd_status unit_of(const reader *r, skd_step *step, skd_span rest, double *unit, skd_error *err) {
    double alat;
    char found[40];
    if (skd_span_has(rest, "angstrom"))
        *unit = 1.0;
    else if (skd_span_has(rest, "bohr"))
        *unit = SKD_BOHR;
    else if (skd_span_has(rest, "alat="))
        *unit = skd_real_after(rest, "alat=", &alat) ? alat * SKD_BOHR : r->alat;
    else if (skd_span_has(rest, "alat"))
        *unit = r->alat;
    else if (skd_span_has(rest, "crystal"))
        *unit = 0.0;
    else
        return skd_text_fail(skd_stream_text(step->stream), err,
                             "expected a unit, (alat), (bohr), (angstrom) or (crystal); found '%s'",
                             skd_span_copy(rest, found, sizeof found));
    return SKD_OK;
}

/* A relaxation of the cell prints the next cell, then the next positions. */
static skd_status take_cell(void *state, skd_step *step, skd_span rest, skd_error *err) {
    double unit;
    skd_span line;
    skd_status status = finish(state, step, err);
    if (status == SKD_OK)
        status = unit_of(state, step, rest, &unit, err);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a lattice vector", step->lattice[k], err);
        for (int c = 0; c < 3 && status == SKD_OK; c++)
            step->lattice[k][c] *= unit;
    }
    step->has_lattice = status == SKD_OK;
    return status;
}

static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    double unit;
    skd_span line, word;
    skd_status status = finish(state, step, err);
    if (status == SKD_OK)
        status = unit_of(state, step, rest, &unit, err);
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        skd_span_word(&line, &word);
        status = skd_step_element(step, word, &step->species[i], err);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a position", step->pos[i], err);
        for (int k = 0; k < 3 && status == SKD_OK && unit != 0.0; k++)
            step->pos[i][k] *= unit;
    }
    step->has_pos = status == SKD_OK;
    step->is_frac = step->has_pos && unit == 0.0;
    return status;
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    skd_status status = text_real(step, rest, "=", &step->energy, err);
    step->energy *= SKD_RYDBERG;
    step->has_energy = true;
    return status;
}

static skd_status take_magmom(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_magmom = skd_magmom_after(rest, "=", &step->magmom);
    return SKD_OK;
}

static skd_status take_forces(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_span line, row;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < step->n && status == SKD_OK;) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK || !skd_span_starts(line, "atom ")) {
            skd_span word;
            if (status == SKD_OK && i > 0 && skd_span_word(&line, &word))
                return skd_text_fail(skd_stream_text(step->stream), err, "expected the force on atom %zu", i + 1);
            continue;
        }
        if (!skd_span_after(line, "force =", &row))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected 'force =' of atom %zu", i + 1);
        status = skd_line_row(step, &row, "a force", step->force[i], err);
        for (int k = 0; k < 3; k++)
            step->force[i][k] *= SKD_RYDBERG / SKD_BOHR;
        i++;
    }
    step->has_force = status == SKD_OK && step->n > 0;
    return status;
}

static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_span line;
    skd_status status = SKD_OK;
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "the stress", step->stress[k], err);
        for (int c = 0; c < 3; c++)
            step->stress[k][c] *= -SKD_RYDBERG / (SKD_BOHR * SKD_BOHR * SKD_BOHR);
    }
    step->has_stress = status == SKD_OK;
    return status;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)rest;
    step->is_whole = true;
    return finish(state, step, err);
}

static const skd_rule rules[] = {
    {"Program PWSCF", take_version},
    {"lattice parameter (alat)", take_alat},
    {"celldm(1)", take_celldm},
    {"number of atoms/cell", take_n},
    {"number of electrons", take_electrons},
    {"crystal axes:", take_axes},
    {"atomic species ", take_species},
    {"site n.", take_sites},
    {"CELL_PARAMETERS", take_cell},
    {"ATOMIC_POSITIONS", take_positions},
    {"!", take_energy},
    {"total magnetization", take_magmom},
    {"Forces acting on atoms", take_forces},
    {"total   stress", take_stress},
    {"convergence NOT achieved", skd_take_unconverged},
    {"BFGS Geometry Optimization", skd_take_relaxation},
    {"bfgs converged in", skd_take_relaxed},
    {"JOB DONE", take_end},
    {NULL, NULL},
};

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 65536 ? length : 65536, "     Program PWSCF ");
}

const skd_output_format skd_output_espresso = {
    .name = "espresso",
    .summary = "Quantum ESPRESSO pw.x output",
    .energy = "F = E - TS (no extrapolation is printed)",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .rules = rules,
};
