/* SPDX-License-Identifier: MIT */
/* abinit.c - ABINIT's main output (.abo), one dataset.
 *
 * Energy: etotal, which with smearing is the free energy E - TS. Stress: Ha/bohr^3, positive = wants to shrink, as
 * ours. A relaxation or molecular dynamics has an ---OUTPUT--- block for each step; of a single point the echo of the
 * variables after the computation is read. Cell, species and first positions are in the echo before it. */
#include "outputs.h"

#include <string.h>

#define TYPES_MAX 200

typedef struct reader {
    double acell[3], rprim[9], znucl[TYPES_MAX], strten[6], etotal, cellcharge;
    double *typat, *xred, *fcart; /* [n], [3 n], [3 n] */
    size_t capacity;              /* atoms             */
    bool has_etotal, has_fcart, has_strten, has_xred, has_typat, has_natom;
} reader;

static skd_status read_rows(skd_step *step, double (*row)[3], size_t n, double unit, const char *what,
                            skd_error *err) {
    skd_span line;
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, what, row[i], err);
        for (int k = 0; k < 3 && status == SKD_OK; k++)
            row[i][k] *= unit;
    }
    return status;
}

/* ---- the echo of variables ---------------------------------------------------------------- */

static skd_status make_room(reader *r, skd_step *step, size_t n, skd_error *err) {
    skd_status status = skd_step_atoms(step, n, err);
    if (status != SKD_OK || n <= r->capacity)
        return status;
    double *typat = skd_alloc(n, sizeof *typat), *xred = skd_alloc(3 * n, sizeof *xred);
    double *fcart = skd_alloc(3 * n, sizeof *fcart);
    if (!typat || !xred || !fcart) {
        skd_free(typat);
        skd_free(xred);
        skd_free(fcart);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", n);
    }
    skd_free(r->typat);
    skd_free(r->xred);
    skd_free(r->fcart);
    r->typat = typat;
    r->xred = xred;
    r->fcart = fcart;
    r->capacity = n;
    return SKD_OK;
}

/* Where the values of a variable go, and how many there may be; `is_known` is set. */
typedef struct target {
    double *value;
    size_t size, n;
    bool *is_known;
} target;

static target target_of(reader *r, const skd_step *step, skd_span name) {
    const struct {
        const char *name;
        target to;
    } targets[] = {
        {"acell", {r->acell, 3, 0, NULL}},
        {"rprim", {r->rprim, 9, 0, NULL}},
        {"znucl", {r->znucl, TYPES_MAX, 0, NULL}},
        {"strten", {r->strten, 6, 0, &r->has_strten}},
        {"etotal", {&r->etotal, 1, 0, &r->has_etotal}},
        {"cellcharge", {&r->cellcharge, 1, 0, NULL}},
        {"charge", {&r->cellcharge, 1, 0, NULL}},
        {"typat", {r->typat, step->n, 0, &r->has_typat}},
        {"xred", {r->xred, 3 * step->n, 0, &r->has_xred}},
        {"fcart", {r->fcart, 3 * step->n, 0, &r->has_fcart}},
    };
    for (size_t k = 0; k < sizeof targets / sizeof *targets; k++)
        if (skd_span_is(name, targets[k].name))
            return targets[k].to;
    return (target){NULL, 0, 0, NULL};
}

/* Values of a variable up to the first word that is no number (a unit). */
static void take_values(target *to, skd_span line) {
    skd_span word;
    double value;
    while (to->value && to->n < to->size && skd_span_word(&line, &word) && skd_span_real(word, &value))
        to->value[to->n++] = value;
    if (to->is_known)
        *to->is_known = to->n == to->size && to->size > 0;
}

/* Variables come in alphabetical order: natom before typat and xred; fcart is only in the echo of results. */
static skd_status read_echo(reader *r, skd_step *step, skd_error *err) {
    skd_span line, word, rest;
    target to = {NULL, 0, 0, NULL};
    long n;
    double value;
    skd_status status = SKD_OK;
    while (status == SKD_OK && (status = skd_line_next(step, &line)) == SKD_OK && !skd_span_starts(line, "=====")) {
        rest = line;
        if (!skd_span_word(&rest, &word))
            continue;
        if (skd_span_real(word, &value)) {
            take_values(&to, line);
            continue;
        }
        to = target_of(r, step, word);
        take_values(&to, rest);
        if (skd_span_is(word, "natom") && skd_span_word(&rest, &word)) {
            if (!skd_span_int(word, &n) || n < 1 || n > SKD_ATOMS_MAX || (r->has_natom && (size_t)n != step->n))
                return skd_text_fail(skd_stream_text(step->stream), err, "expected natom of 1 to %d, the same always",
                                     SKD_ATOMS_MAX);
            r->has_natom = true;
            status = make_room(r, step, (size_t)n, err);
        }
    }
    return status;
}

static skd_status settle_species(const reader *r, skd_step *step, skd_error *err) {
    for (size_t i = 0; i < step->n; i++) {
        double type = r->has_typat ? r->typat[i] : 1.0;
        double z = type >= 1.0 && type <= TYPES_MAX ? r->znucl[(size_t)type - 1] : 0.0;
        if (!(z >= 1.0 && z <= SKD_ELEMENT_MAX))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected typat and znucl of atom %zu", i + 1);
        step->species[i] = (int)z;
    }
    return SKD_OK;
}

static void settle_cell(const reader *r, skd_step *step) {
    for (int k = 0; k < 9; k++)
        step->lattice[k / 3][k % 3] = r->acell[k / 3] * r->rprim[k] * SKD_BOHR;
    step->has_lattice = true;
}

static skd_status take_input(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    (void)rest;
    skd_status status = r->has_natom ? SKD_OK : make_room(r, step, 1, err); /* natom, if it is not 1, is in the echo */
    if (status == SKD_OK)
        status = read_echo(r, step, err);
    if (status == SKD_OK)
        status = settle_species(r, step, err);
    if (status != SKD_OK)
        return status;
    settle_cell(r, step);
    step->has_charge = true;
    step->charge = r->cellcharge;
    return SKD_OK;
}

static void settle_single_point(const reader *r, skd_step *step) {
    static const int place[6][2] = {{0, 0}, {1, 1}, {2, 2}, {2, 1}, {2, 0}, {1, 0}};
    settle_cell(r, step);
    memset(step->pos, 0, step->n * sizeof *step->pos);
    if (r->has_xred)
        memcpy(step->pos, r->xred, step->n * sizeof *step->pos);
    step->has_pos = step->is_frac = true;
    step->has_energy = true;
    step->energy = r->etotal * SKD_HARTREE;
    step->has_force = r->has_fcart;
    for (size_t i = 0; i < 3 * step->n && r->has_fcart; i++)
        step->force[i / 3][i % 3] = r->fcart[i] * SKD_HARTREE / SKD_BOHR;
    step->has_stress = r->has_strten;
    for (int k = 0; k < 6 && r->has_strten; k++)
        step->stress[place[k][0]][place[k][1]] = step->stress[place[k][1]][place[k][0]] =
            r->strten[k] * SKD_HARTREE / (SKD_BOHR * SKD_BOHR * SKD_BOHR);
}

static skd_status take_results(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    (void)rest;
    if (r->capacity == 0)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the echo of the input before its results");
    r->has_etotal = r->has_fcart = r->has_strten = false;
    int scf = step->scf;
    skd_status status = read_echo(r, step, err);
    if (status != SKD_OK || step->number > 0 || !r->has_etotal)
        return status;
    settle_single_point(r, step);
    step->scf = scf;
    return skd_step_done(step, err);
}

/* ---- a step ------------------------------------------------------------------------------- */

static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->pos, step->n, SKD_BOHR, "a position", err);
    step->has_pos = status == SKD_OK && step->n > 0;
    step->is_frac = false;
    return status;
}

static skd_status take_forces(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->force, step->n, SKD_HARTREE / SKD_BOHR, "a force", err);
    step->has_force = status == SKD_OK && step->n > 0;
    return status;
}

static skd_status take_cell(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest;
    skd_status status = read_rows(step, step->lattice, 3, SKD_BOHR, "a lattice vector", err);
    step->has_lattice = step->has_lattice || status == SKD_OK;
    return status;
}

/* sigma(1 1)= -8.1E-04  sigma(3 2)=  2.1E-06, then (2 2), (3 1) and (3 3), (2 1) */
static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    static const char *const names[3][2] = {
        {"sigma(1 1)", "sigma(3 2)"}, {"sigma(2 2)", "sigma(3 1)"}, {"sigma(3 3)", "sigma(2 1)"}};
    static const int place[3][2] = {{2, 1}, {2, 0}, {1, 0}};
    const double unit = SKD_HARTREE / (SKD_BOHR * SKD_BOHR * SKD_BOHR);
    skd_span line;
    (void)state, (void)rest;
    for (int k = 0; k < 3; k++) {
        double diagonal, other;
        skd_status status = skd_line_next(step, &line);
        if (status != SKD_OK)
            return status;
        if (!skd_real_after(line, names[k][0], &diagonal) || !skd_real_after(line, names[k][1], &other))
            return skd_text_fail(skd_stream_text(step->stream), err, "expected %s and %s", names[k][0], names[k][1]);
        step->stress[k][k] = diagonal * unit;
        step->stress[place[k][0]][place[k][1]] = step->stress[place[k][1]][place[k][0]] = other * unit;
    }
    step->has_stress = true;
    return SKD_OK;
}

/* A row for each atom: number, radius, up, down, total, difference; later versions end it with more. */
static skd_status take_moments(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    if (!skd_span_has(rest, "Diff(up-dn)"))
        return SKD_OK;
    for (size_t i = 0; i < step->n; i++) {
        skd_span line, word;
        skd_status status = skd_line_next(step, &line);
        bool good = status == SKD_OK;
        for (int k = 0; k < 6 && good; k++)
            good = skd_span_word(&line, &word) && skd_span_real(word, &step->moment[i]);
        if (status != SKD_OK || !good)
            return status == SKD_OK ? skd_text_fail(skd_stream_text(step->stream), err,
                                                    "expected a row of densities of atom %zu", i + 1)
                                    : status;
    }
    step->has_moment = step->n > 0;
    return SKD_OK;
}

static skd_status take_magmom(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_magmom = skd_magmom_after(rest, ":", &step->magmom);
    return SKD_OK;
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    if (!skd_real_after(rest, "=", &step->energy))
        return skd_text_fail(skd_stream_text(step->stream), err, "expected the total energy in Ha");
    step->energy *= SKD_HARTREE;
    step->has_energy = true;
    if (!step->has_pos)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected positions before the energy of a step");
    if (step->ionic == SKD_UNKNOWN)
        step->ionic = SKD_NO;
    return skd_step_done(step, err);
}

static skd_status take_scf(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    if (skd_span_has(rest, "converged"))
        step->scf = SKD_YES;
    return SKD_OK;
}

static skd_status take_relaxed(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    if (skd_span_has(rest, "are converged"))
        step->ionic = SKD_YES;
    return SKD_OK;
}

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    char version[40];
    (void)state, (void)err;
    if (skd_span_has(rest, "ABINIT") && skd_span_word(&rest, &word)) {
        strcpy(step->code, "ABINIT ");
        strcat(step->code, skd_span_copy(word, version, sizeof version));
    }
    return SKD_OK;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    step->is_whole = true;
    return SKD_OK;
}

static const skd_rule rules[] = {
    {".Version", take_version},
    {"-outvars: echo values of preprocessed input variables", take_input},
    {"-outvars: echo values of variables after computation", take_results},
    {"Cartesian coordinates (xcart)", take_positions},
    {"Cartesian forces (fcart)", take_forces},
    {"Real space primitive translations (rprimd)", take_cell},
    {"Cartesian components of stress tensor (hartree/bohr^3)", take_stress},
    {"Total energy (etotal)", take_energy},
    {"Atom    Radius    up_density", take_moments},
    {"Total magnetization (exact up - dn)", take_magmom},
    {"At SCF step", take_scf},
    {"scprqt:  WARNING", skd_take_unconverged},
    {"At Broyd/MD step", take_relaxed},
    {"Calculation completed.", take_end},
    {NULL, NULL},
};

static skd_status begin(void *state, skd_step *step, skd_error *err) {
    reader *r = state;
    (void)step, (void)err;
    for (int k = 0; k < 3; k++)
        r->acell[k] = r->rprim[4 * k] = 1.0;
    return SKD_OK;
}

static void end(void *state) {
    reader *r = state;
    skd_free(r->typat);
    skd_free(r->xred);
    skd_free(r->fcart);
}

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 4096 ? length : 4096, " of ABINIT");
}

const skd_output_format skd_output_abinit = {
    .name = "abinit",
    .summary = "ABINIT .abo",
    .energy = "etotal, E - TS",
    .code = "ABINIT",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .begin = begin,
    .rules = rules,
    .end = end,
};
