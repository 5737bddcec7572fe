/* SPDX-License-Identifier: MIT */
/* vasp_outcar.c - VASP's OUTCAR.
 *
 * Energy: "energy(sigma->0)" of the block that closes an ionic step, free energy: its TOTEN. Stress: "in kB", xx yy
 * zz xy yz zx, positive = wants to grow, over to ours. Elements: the first letters of TITEL, else of VRHFIN; counts:
 * "ions per type". Charge: ZVAL of the potentials less NELECT. */
#include "outputs.h"

#include <string.h>

#define TYPES_MAX 200

typedef struct reader {
    int titel[TYPES_MAX], vrhfin[TYPES_MAX];
    double zval[TYPES_MAX];
    long count[TYPES_MAX];
    size_t n_titel, n_vrhfin, n_zval, n_types;
    bool at_end_of_step;
} reader;

static skd_status take_version(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span word;
    char version[40];
    (void)state, (void)err;
    strcpy(step->code, "VASP");
    if (skd_span_word(&rest, &word)) {
        strcat(step->code, " ");
        strcat(step->code, skd_span_copy(word, version, sizeof version));
    }
    return SKD_OK;
}

/* TITEL  = PAW_PBE Mg_pv 13Apr2007; old and new files name a potential twice over, so equal counts decide. */
static skd_status take_titel(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span word;
    skd_span_word(&rest, &word); /* = */
    skd_span_word(&rest, &word); /* PAW_PBE */
    skd_span_word(&rest, &word);
    if (r->n_titel == TYPES_MAX)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected at most %d potentials", TYPES_MAX);
    r->titel[r->n_titel++] = skd_word_element(word);
    return SKD_OK;
}

static skd_status take_vrhfin(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    if (rest.n && *rest.p == '=')
        rest = (skd_span){rest.p + 1, rest.n - 1};
    skd_span word;
    skd_span_word(&rest, &word);
    if (r->n_vrhfin == TYPES_MAX)
        return skd_text_fail(skd_stream_text(step->stream), err, "expected at most %d potentials", TYPES_MAX);
    r->vrhfin[r->n_vrhfin++] = skd_word_element(word);
    return SKD_OK;
}

/* POMASS =   24.305; ZVAL   =    2.000    mass and valenz; without POMASS: the list of all. */
static skd_status take_pomass(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    double zval;
    (void)step, (void)err;
    if (skd_span_has(rest, "ZVAL") && skd_real_after(rest, "ZVAL", &zval) && r->n_zval < TYPES_MAX)
        r->zval[r->n_zval++] = zval;
    return SKD_OK;
}

static skd_status settle_species(reader *r, skd_step *step, skd_error *err) {
    const skd_text *text = skd_stream_text(step->stream);
    const int *z = r->n_titel >= r->n_types ? r->titel : r->vrhfin;
    if (r->n_titel < r->n_types && r->n_vrhfin < r->n_types)
        return skd_text_fail(text, err, "%zu types of ions; expected as many lines of TITEL, found %zu", r->n_types,
                             r->n_titel);
    size_t n = 0;
    for (size_t t = 0; t < r->n_types; t++)
        n += (size_t)r->count[t];
    skd_status status = skd_step_atoms(step, n, err);
    for (size_t t = 0, i = 0; t < r->n_types && status == SKD_OK; t++) {
        int element = z[t] ? z[t] : r->vrhfin[t < r->n_vrhfin ? t : 0];
        if (element == 0)
            return skd_text_fail(text, err, "expected the element of potential %zu in its TITEL; found none", t + 1);
        for (long k = 0; k < r->count[t]; k++)
            step->species[i++] = element;
    }
    return status;
}

static skd_status take_counts(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    skd_span word;
    if (r->n_types > 0)
        return SKD_OK;
    skd_span_word(&rest, &word); /* = */
    for (skd_span ahead = rest; skd_span_word(&ahead, &word); rest = ahead) {
        if (r->n_types == TYPES_MAX)
            return skd_text_fail(skd_stream_text(step->stream), err, "expected at most %d types of ions", TYPES_MAX);
        skd_status status = skd_text_int(skd_stream_text(step->stream), &rest, "the number of ions of a type", 1,
                                         SKD_ATOMS_MAX, &r->count[r->n_types], err);
        if (status != SKD_OK)
            return status;
        r->n_types++;
    }
    return settle_species(r, step, err);
}

/* NELECT =     858.0000    total number of electrons; also as written in the INCAR. */
static skd_status take_nelect(void *state, skd_step *step, skd_span rest, skd_error *err) {
    const reader *r = state;
    (void)err;
    if (!skd_real_after(rest, "=", &step->electrons))
        return SKD_OK;
    step->has_electrons = true;
    double valence = 0.0;
    for (size_t t = 0; t < r->n_types && t < r->n_zval; t++)
        valence += (double)r->count[t] * r->zval[t];
    step->has_charge = r->n_types > 0 && r->n_types <= r->n_zval;
    step->charge = valence - step->electrons;
    return SKD_OK;
}

static skd_status take_iteration(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    step->scf = SKD_NO;
    return SKD_OK;
}

static skd_status take_reached(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    step->scf = SKD_YES;
    return SKD_OK;
}

static skd_status take_magmom(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)err;
    step->has_magmom = skd_magmom_after(rest, "magnetization", &step->magmom);
    return SKD_OK;
}

static skd_status take_lattice(void *state, skd_step *step, skd_span rest, skd_error *err) {
    skd_span line;
    (void)state, (void)rest;
    skd_status status = SKD_OK;
    for (int k = 0; k < 3 && status == SKD_OK; k++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a lattice vector", step->lattice[k], err);
    }
    step->has_lattice = status == SKD_OK;
    return status;
}

static skd_status take_stress(void *state, skd_step *step, skd_span rest, skd_error *err) {
    static const int place[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {1, 2}, {2, 0}};
    (void)state;
    for (int k = 0; k < 6; k++) {
        double value;
        skd_status status =
            skd_text_real(skd_stream_text(step->stream), &rest, "a component of the stress", &value, err);
        if (status != SKD_OK)
            return status;
        step->stress[place[k][0]][place[k][1]] = step->stress[place[k][1]][place[k][0]] = -SKD_KBAR * value;
    }
    step->has_stress = true;
    return SKD_OK;
}

static skd_status take_positions(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state;
    if (!skd_span_has(rest, "TOTAL-FORCE"))
        return SKD_OK;
    skd_span line;
    skd_status status = skd_lines_skip(step, 1);
    for (size_t i = 0; i < step->n && status == SKD_OK; i++) {
        status = skd_line_next(step, &line);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a position", step->pos[i], err);
        if (status == SKD_OK)
            status = skd_line_row(step, &line, "a force", step->force[i], err);
    }
    step->has_pos = step->has_force = status == SKD_OK;
    return status;
}

/*  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV), after forces; also after each electronic iteration in VASP 5 */
static skd_status take_heading(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    (void)rest, (void)err;
    r->at_end_of_step = step->has_pos;
    return SKD_OK;
}

static skd_status take_free(void *state, skd_step *step, skd_span rest, skd_error *err) {
    const reader *r = state;
    (void)err;
    if (r->at_end_of_step)
        step->has_free = skd_real_after(rest, "=", &step->free_energy);
    return SKD_OK;
}

static skd_status take_energy(void *state, skd_step *step, skd_span rest, skd_error *err) {
    reader *r = state;
    const skd_text *text = skd_stream_text(step->stream);
    if (!r->at_end_of_step)
        return SKD_OK;
    r->at_end_of_step = false;
    if (!step->has_lattice)
        return skd_text_fail(text, err, "expected lattice vectors before the first step's end");
    if (!step->has_free || !skd_real_after(rest, "energy(sigma->0)", &step->energy))
        return skd_text_fail(text, err, "expected TOTEN and energy(sigma->0) of a step");
    step->has_energy = true;
    return skd_step_done(step, err);
}

/* A relaxation says this at its end; a molecular dynamics or single point never does. */
static skd_status take_ibrion(void *state, skd_step *step, skd_span rest, skd_error *err) {
    long ibrion;
    (void)state, (void)err;
    if (step->ionic != SKD_YES && skd_int_after(rest, "=", &ibrion))
        step->ionic = ibrion >= 1 && ibrion <= 3 ? SKD_NO : SKD_UNKNOWN;
    return SKD_OK;
}

static skd_status take_end(void *state, skd_step *step, skd_span rest, skd_error *err) {
    (void)state, (void)rest, (void)err;
    step->is_whole = true;
    return SKD_OK;
}

static const skd_rule rules[] = {
    {"vasp.", take_version},
    {"TITEL", take_titel},
    {"VRHFIN", take_vrhfin},
    {"POMASS", take_pomass},
    {"ions per type", take_counts},
    {"NELECT", take_nelect},
    {"IBRION", take_ibrion},
    {"number of electron ", take_magmom},
    {"direct lattice vectors", take_lattice},
    {"in kB", take_stress},
    {"POSITION  ", take_positions},
    {"FREE ENERGIE OF THE ION-ELECTRON SYSTEM", take_heading},
    {"free  energy   TOTEN", take_free},
    {"energy  without entropy=", take_energy},
    {"reached required accuracy - stopping structural", skd_take_relaxed},
    {"General timing and accounting", take_end},
    {"------------------------ aborting loop because EDIFF is reached", take_reached},
    {"--------------------------------------- Ionic step", take_iteration},
    {"--------------------------------------- Iteration", take_iteration},
    {NULL, NULL},
};

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    skd_text t = skd_text_of("", text, length);
    skd_span line;
    for (int k = 0; k < 5 && skd_text_line(&t, &line); k++)
        if (skd_span_starts(line, "vasp."))
            return true;
    return false;
}

const skd_output_format skd_output_outcar = {
    .name = "outcar",
    .summary = "VASP OUTCAR",
    .energy = "sigma -> 0",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .rules = rules,
};
