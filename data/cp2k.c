/* SPDX-License-Identifier: MIT */
/* cp2k.c - the output of CP2K (Quickstep), with the positions that lie beside it.
 *
 * The output holds the positions of the first step only (none at PRINT_LEVEL LOW); those of the others are in
 * PROJECT-pos-1.xyz in the same folder, whose frames are matched by their energy, printed in both. Forces and stress
 * are in the output if asked for, else forces in PROJECT-frc-1.xyz. Energy: "ENERGY| Total FORCE_EVAL", a free energy
 * with smearing. Stress: GPa, positive = wants to grow, over to ours. The cell is printed with three decimals of its
 * vectors; while it is that of PROJECT-1.restart to three decimals, the digits are taken from there. */
#include "outputs.h"

#include <string.h>

#define SAME_ENERGY 2e-9 /* Ha: the trajectory has ten decimals */
#define SAME_CELL   1e-3 /* Å */

typedef struct reader {
    skd_stream *pos;        /* PROJECT-pos-1.xyz or NULL                        */
    double (*next)[3];      /* [n_next] its next frame, Å                       */
    int *next_species;
    size_t n_next, capacity;
    double next_energy;     /* Ha; NAN: none                                    */
    double energy;          /* Ha, of the step being read                       */
    double exact[3][3];     /* cell of the restart file, Å                      */
    bool has_exact, has_first, first_is_used;
    char project[200];
} reader;

/* ---- PROJECT-pos-1.xyz -------------------------------------------------------------------- */

static skd_status room_for_next(reader *r, size_t n, skd_error *err) {
    if (n <= r->capacity)
        return SKD_OK;
    double (*next)[3] = skd_alloc(n, sizeof *next);
    int *species = skd_alloc(n, sizeof *species);
    if (!next || !species) {
        skd_free(next);
        skd_free(species);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", n);
    }
    skd_free(r->next);
    skd_free(r->next_species);
    r->next = next;
    r->next_species = species;
    r->capacity = n;
    return SKD_OK;
}

/* Twice the room, with what is there. */
static skd_status grow_next(reader *r, skd_error *err) {
    size_t had = r->n_next;
    double (*old)[3] = skd_copy(r->next, had, sizeof *old);
    int *old_species = skd_copy(r->next_species, had, sizeof *old_species);
    skd_status status = old && old_species ? room_for_next(r, 2 * had + 16, err)
                                           : skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", 2 * had);
    if (status == SKD_OK && had) {
        memcpy(r->next, old, had * sizeof *old);
        memcpy(r->next_species, old_species, had * sizeof *old_species);
    }
    skd_free(old);
    skd_free(old_species);
    return status;
}

static skd_status read_atom(reader *r, skd_span line, skd_error *err) {
    skd_span word;
    const skd_text *text = skd_stream_text(r->pos);
    skd_status status = r->n_next == r->capacity ? grow_next(r, err) : SKD_OK;
    if (status != SKD_OK)
        return status;
    skd_span_word(&line, &word);
    r->next_species[r->n_next] = skd_word_element(word);
    if (r->next_species[r->n_next] == 0)
        return skd_text_fail(text, err, "expected the element of atom %zu", r->n_next + 1);
    for (int k = 0; k < 3 && status == SKD_OK; k++)
        status = skd_text_real(text, &line, "a position", &r->next[r->n_next][k], err);
    r->n_next++;
    return status;
}

/* One frame ahead; next_energy NAN at the end, also where the file is cut off. */
static skd_status read_ahead(reader *r, skd_error *err) {
    skd_span line;
    long n;
    double energy;
    r->next_energy = (double)NAN;
    r->n_next = 0;
    if (!r->pos || !skd_stream_line(r->pos, &line))
        return r->pos ? skd_stream_status(r->pos, err) : SKD_OK;
    const skd_text *text = skd_stream_text(r->pos);
    skd_status status = skd_text_int(text, &line, "the number of atoms", 1, SKD_ATOMS_MAX, &n, err);
    if (status != SKD_OK || !skd_stream_line(r->pos, &line))
        return status;
    if (!skd_real_after(line, "E =", &energy))
        return skd_text_fail(text, err, "expected 'i = .., E = ..' in the comment line");
    for (long i = 0; i < n && status == SKD_OK; i++) {
        if (!skd_stream_line(r->pos, &line) || !skd_stream_line_ended(r->pos))
            return skd_stream_status(r->pos, err);
        status = read_atom(r, line, err);
    }
    if (status == SKD_OK)
        r->next_energy = energy;
    return status;
}

/* ---- the output --------------------------------------------------------------------------- */

/* Positions of the step that ends: the first ones, or those in the trajectory with its energy. */
static skd_status find_positions(reader *r, skd_step *step, skd_error *err) {
    bool is_next = fabs(r->next_energy - r->energy) <= SAME_ENERGY;
    step->has_pos = r->has_first && !r->first_is_used;
    r->first_is_used = true;
    if (!is_next)
        return SKD_OK;
    skd_status status = skd_step_atoms(step, r->n_next, err);
    if (status != SKD_OK)
        return status;
    memcpy(step->pos, r->next, r->n_next * sizeof *step->pos);
    memcpy(step->species, r->next_species, r->n_next * sizeof *step->species);
    step->has_pos = true;
    return read_ahead(r, err);
}

static void sharpen_cell(const reader *r, skd_step *step) {
    bool same = r->has_exact;
    for (int k = 0; k < 9 && same; k++)
        same = fabs(r->exact[k / 3][k % 3] - step->lattice[k / 3][k % 3]) <= SAME_CELL;
    if (same)
        memcpy(step->lattice, r->exact, sizeof step->lattice);
}

static skd_status finish(reader *r, skd_step *step, skd_error *err) {
    if (!step->has_energy)
        return SKD_OK;
    size_t n = step->n;
    skd_status status = find_positions(r, step, err);
    if (status != SKD_OK)
        return status;
    if (!step->has_pos) {
        skd_step_clear(step);
        return SKD_OK;
    }
    step->has_force = step->has_force && n == step->n;
    sharpen_cell(r, step);
    return skd_step_done(step, err);
}

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    char version[40];
    (void)state, (void)err;
    strcpy(step->code, "CP2K ");
    strcat(step->code, skd_span_copy(skd_span_last(rest), version, sizeof version));
    return SKD_OK;
}

/* Opens what lies beside the output. */
static skd_status take_project(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    char name[260];
    if (*r->project)
        return SKD_OK;
    skd_span_copy(skd_span_last(rest), r->project, sizeof r->project);
    strcat(strcpy(name, r->project), "-pos-1.xyz");
    skd_status status = skd_stream_beside(&r->pos, step->stream, name, err);
    if (status == SKD_OK)
        status = read_ahead(r, err);
    strcat(strcpy(name, r->project), "-1.restart");
    if (status == SKD_OK)
        status = skd_cp2k_restart_cell(step->stream, name, r->exact, &r->has_exact, err);
    return status;
}

static skd_status take_vector(skd_step *step, skd_span rest, int k, skd_error *err) {
    skd_span row;
    if (!skd_span_after(rest, ":", &row))
        return SKD_OK;
    step->has_lattice = step->has_lattice || k == 2;
    return skd_line_row(step, &row, "a lattice vector", step->lattice[k], err);
}

static skd_status take_a(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_status status = finish(state, step, err); /* the next step's cell */
    return status == SKD_OK ? take_vector(step, rest, 0, err) : status;
}

static skd_status take_b(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    return take_vector(step, rest, 1, err);
}

static skd_status take_c(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    return take_vector(step, rest, 2, err);
}

/* Kind Element Z x y z Z(eff) mass, after the number of the atom. */
static skd_status read_row(skd_step *step, skd_span row, size_t i, skd_error *err) {
    skd_span word;
    skd_status status = skd_step_atoms(step, i + 1, err);
    skd_span_word(&row, &word);
    skd_span_word(&row, &word);
    if (status == SKD_OK)
        status = skd_step_element(step, word, &step->species[i], err);
    skd_span_word(&row, &word);
    return status == SKD_OK ? skd_line_row(step, &row, "a position", step->pos[i], err) : status;
}

/* Atom Kind Element X Y Z Z(eff) Mass: 1 1 O 8 0.0 0.0 0.1 6.0 15.9994, after blank lines. */
static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span line, word;
    size_t n = 0;
    skd_status status = SKD_OK;
    (void)rest;
    if (r->has_first || step->number > 0)
        return SKD_OK;
    while (status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK) {
        long number;
        bool is_row = skd_span_word(&line, &word) && skd_span_int(word, &number);
        if (!is_row && n > 0)
            break;
        if (is_row)
            status = read_row(step, line, n++, err);
    }
    r->has_first = status == SKD_OK;
    return status;
}

static skd_status take_scf(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)err;
    if (skd_span_has(rest, "SCF run converged") || skd_span_has(rest, "SCF run NOT converged")) {
        skd_status status = finish(state, step, err);
        step->scf = skd_span_has(rest, "NOT") ? SKD_NO : SKD_YES;
        return status;
    }
    if (skd_span_has(rest, "GEOMETRY OPTIMIZATION COMPLETED"))
        step->ionic = SKD_YES;
    else if (skd_span_has(rest, "STARTING GEOMETRY OPT") || skd_span_has(rest, "STARTING   CELL   OPT"))
        step->ionic = SKD_NO;
    return SKD_OK;
}

/* Rows "1 O 1 alpha beta charge spin", then "# Total charge and spin  alpha  beta  charge  spin"; of a restricted
 * calculation rows without spin. */
static skd_status take_mulliken(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span line, word;
    skd_status status = finish(r, step, err);
    size_t n = 0;
    if (!skd_span_has(rest, "Spin moment"))
        return status;
    while (status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK && !skd_span_starts(line, "# Total")) {
        double spin;
        long number;
        skd_span row = line;
        if (!skd_span_word(&row, &word) || !skd_span_int(word, &number) || !skd_span_real(skd_span_last(line), &spin))
            return status;
        if (n < step->n)
            step->moment[n] = spin;
        n++;
    }
    if (status != SKD_OK)
        return status;
    step->has_magmom = skd_span_real(skd_span_last(line), &step->magmom);
    step->has_moment = n == step->n && n > 0;
    return SKD_OK;
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    int scf = step->scf;
    const bool is_new = step->has_energy; /* what was read of electrons is that of the step before */
    const bool magmom = step->has_magmom && !is_new, moment = step->has_moment && !is_new;
    skd_status status = finish(r, step, err);
    step->has_magmom = magmom;
    step->has_moment = moment;
    if (status == SKD_OK && !skd_span_real(skd_span_last(rest), &r->energy))
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the total energy in Ha");
    step->scf = scf;
    step->has_energy = true;
    step->energy = r->energy * SKD_HARTREE;
    return status;
}

/* # Atom   Kind   Element          X              Y              Z */
static skd_status take_forces(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    (void)state, (void)rest;
    skd_status status = skd_lines_skip(step, 2);
    size_t n = 0;
    while (status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK && !skd_span_starts(line, "SUM OF")) {
        for (int k = 0; k < 3; k++)
            skd_span_word(&line, &word);
        if (n == step->n && step->number > 0)
            return skd_text_fail(skd_stream_text(step->stream), err, "expected the forces on %zu atoms; found more", n);
        if (n >= step->n)
            status = skd_step_atoms(step, n + 1, err);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a force", step->force[n], err);
        for (int k = 0; k < 3 && status == SKD_OK; k++)
            step->force[n][k] *= SKD_HARTREE / SKD_BOHR;
        n++;
    }
    step->has_force = status == SKD_OK && n == step->n;
    return status;
}

/* STRESS|      x        1.9E+01   4.1E-02  -8.6E-01, after a line of x y z; only in GPa. */
static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line, word;
    (void)state;
    if (!skd_span_has(rest, "stress tensor [GPa]") || skd_span_has(rest, "Eigen"))
        return SKD_OK;
    skd_status status = skd_lines_skip(step, 1);
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        skd_span_word(&line, &word);
        skd_span_word(&line, &word);
        status = skd_line_row(step, &line, "the stress", step->stress[k], err);
        for (int c = 0; c < 3; c++)
            step->stress[k][c] *= -SKD_GPA;
    }
    step->has_stress = status == SKD_OK;
    return status;
}

static skd_status take_charge(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_charge = skd_span_real(skd_span_last(rest), &step->charge);
    return SKD_OK;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    if (!skd_span_has(rest, "PROGRAM ENDED AT"))
        return SKD_OK;
    step->is_whole = true;
    return finish(state, step, err);
}

static const skd_rule rules[] = {
    {"CP2K| version string:", take_version},
    {"GLOBAL| Project name", take_project},
    {"CELL| Vector a", take_a},
    {"CELL| Vector b", take_b},
    {"CELL| Vector c", take_c},
    {"DFT| Charge", take_charge},
    {"MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM", take_positions},
    {"MODULE QUICKSTEP:  ATOMIC COORDINATES IN angstrom", take_positions},
    {"*** ", take_scf},
    {"#  Atom  Element  Kind  Atomic population (alpha,beta)", take_mulliken},
    {"ENERGY| Total FORCE_EVAL", take_energy},
    {"ATOMIC FORCES in [a.u.]", take_forces},
    {"STRESS| Analytical", take_stress},
    {"STRESS| Numerical", take_stress},
    {"**** **** ******", take_end},
    {NULL, NULL},
};

static skd_status begin(void *state, skd_step *step, skd_error *err) {
    (void)err;
    ((reader *)state)->next_energy = (double)NAN;
    step->keeps_pos = true;
    return SKD_OK;
}

static void end(void *state) {
    reader *r = state;
    skd_stream_close(r->pos);
    skd_free(r->next);
    skd_free(r->next_species);
}

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 65536 ? length : 65536, "CP2K| version string:");
}

const skd_output_format skd_output_cp2k = {
    .name = "cp2k",
    .summary = "CP2K output with its -pos-1.xyz",
    .energy = "total FORCE_EVAL energy, E - TS with smearing",
    .code = "CP2K",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .begin = begin,
    .rules = rules,
    .end = end,
};
