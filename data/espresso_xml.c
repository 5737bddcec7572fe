/* SPDX-License-Identifier: MIT */
/* espresso_xml.c - Quantum ESPRESSO's data-file-schema.xml (prefix.xml), in Hartree atomic units.
 *
 * Every <step> is a frame. <output> is one too if there are no steps (a single point) or if its energy is that of
 * no step (the last calculation of a variable-cell relaxation); otherwise its energy and forces are the last
 * step's while its structure is already the next one's. Energy: etot, F = E - TS with smearing. */
#include "xml.h"

#include <string.h>

typedef struct reader {
    skd_xml *xml;
    skd_step *step;
    size_t n_pos; /* atoms of the structure being read */
    double last;  /* energy of the last step, eV       */
} reader;

static skd_status read_reals(skd_span text, double *out, size_t n, skd_error *err) {
    skd_span word;
    char found[40];
    for (size_t k = 0; k < n; k++)
        if (!skd_span_word(&text, &word) || !skd_span_real(word, &out[k]))
            return skd_fail(err, SKD_EFORMAT, "expected %zu numbers; found '%s' at number %zu", n,
                            skd_span_copy(word, found, sizeof found), k + 1);
    return SKD_OK;
}

static void scale(double *v, size_t n, double unit) {
    for (size_t k = 0; k < n; k++)
        v[k] *= unit;
}

static skd_status close_vector(reader *r, skd_span text, int k, skd_error *err) {
    skd_status status = read_reals(text, r->step->lattice[k], 3, err);
    scale(r->step->lattice[k], 3, SKD_BOHR);
    r->step->has_lattice = true;
    return status;
}

static skd_status close_a1(reader *r, skd_span text, skd_error *err) { return close_vector(r, text, 0, err); }
static skd_status close_a2(reader *r, skd_span text, skd_error *err) { return close_vector(r, text, 1, err); }
static skd_status close_a3(reader *r, skd_span text, skd_error *err) { return close_vector(r, text, 2, err); }

static skd_status close_energy(reader *r, skd_span text, skd_error *err) {
    r->step->has_energy = true;
    skd_status status = read_reals(text, &r->step->energy, 1, err);
    r->step->energy *= SKD_HARTREE;
    return status;
}

static skd_status close_forces(reader *r, skd_span text, skd_error *err) {
    if (r->step->n == 0)
        return skd_fail(err, SKD_EFORMAT, "expected the atoms before their forces");
    r->step->has_force = true;
    skd_status status = read_reals(text, &r->step->force[0][0], 3 * r->step->n, err);
    scale(&r->step->force[0][0], 3 * r->step->n, SKD_HARTREE / SKD_BOHR);
    return status;
}

static skd_status close_stress(reader *r, skd_span text, skd_error *err) {
    r->step->has_stress = true;
    skd_status status = read_reals(text, &r->step->stress[0][0], 9, err);
    scale(&r->step->stress[0][0], 9, -SKD_HARTREE / (SKD_BOHR * SKD_BOHR * SKD_BOHR));
    return status;
}

static bool is_true(skd_span text) { return skd_span_starts(text, "true"); }

static skd_status close_scf(reader *r, skd_span text, skd_error *err) {
    (void)err;
    r->step->scf = is_true(text) ? SKD_YES : SKD_NO;
    return SKD_OK;
}

static skd_status close_relaxed(reader *r, skd_span text, skd_error *err) {
    (void)err;
    r->step->ionic = is_true(text) ? SKD_YES : SKD_NO;
    return SKD_OK;
}

static skd_status close_charge(reader *r, skd_span text, skd_error *err) {
    r->step->has_charge = true;
    return read_reals(text, &r->step->charge, 1, err);
}

static skd_status close_magmom(reader *r, skd_span text, skd_error *err) {
    r->step->has_magmom = true;
    return read_reals(text, &r->step->magmom, 1, err);
}

static skd_status close_electrons(reader *r, skd_span text, skd_error *err) {
    r->step->has_electrons = true;
    return read_reals(text, &r->step->electrons, 1, err);
}

static skd_status finish(reader *r, skd_error *err) {
    skd_step *step = r->step;
    if (!step->has_energy || !step->has_pos || !step->has_lattice || r->n_pos != step->n)
        return SKD_OK;
    r->last = step->energy;
    return skd_step_done(step, err);
}

static skd_status close_step(reader *r, skd_span text, skd_error *err) {
    (void)text;
    return finish(r, err);
}

static skd_status close_output(reader *r, skd_span text, skd_error *err) {
    (void)text;
    bool is_last_step = r->step->number > 0 && fabs(r->step->energy - r->last) < 1e-9;
    return is_last_step ? SKD_OK : finish(r, err);
}

static skd_status open_step(reader *r, skd_error *err) {
    (void)err;
    skd_step_clear(r->step);
    return SKD_OK;
}

static skd_status open_structure(reader *r, skd_error *err) {
    (void)err;
    r->n_pos = 0;
    return SKD_OK;
}

static const struct element {
    const char *path;
    skd_status (*open)(reader *r, skd_error *err);
    skd_status (*close)(reader *r, skd_span text, skd_error *err);
} elements[] = {
    {"espresso/input/bands/tot_charge", NULL, close_charge},
    {"espresso/step", open_step, close_step},
    {"espresso/step/atomic_structure", open_structure, NULL},
    {"espresso/step/atomic_structure/cell/a1", NULL, close_a1},
    {"espresso/step/atomic_structure/cell/a2", NULL, close_a2},
    {"espresso/step/atomic_structure/cell/a3", NULL, close_a3},
    {"espresso/step/scf_conv/convergence_achieved", NULL, close_scf},
    {"espresso/step/total_energy/etot", NULL, close_energy},
    {"espresso/step/forces", NULL, close_forces},
    {"espresso/step/stress", NULL, close_stress},
    {"espresso/output", open_step, close_output},
    {"espresso/output/atomic_structure", open_structure, NULL},
    {"espresso/output/atomic_structure/cell/a1", NULL, close_a1},
    {"espresso/output/atomic_structure/cell/a2", NULL, close_a2},
    {"espresso/output/atomic_structure/cell/a3", NULL, close_a3},
    {"espresso/output/convergence_info/scf_conv/convergence_achieved", NULL, close_scf},
    {"espresso/output/convergence_info/opt_conv/convergence_achieved", NULL, close_relaxed},
    {"espresso/output/magnetization/total", NULL, close_magmom},
    {"espresso/output/band_structure/nelec", NULL, close_electrons},
    {"espresso/output/total_energy/etot", NULL, close_energy},
    {"espresso/output/forces", NULL, close_forces},
    {"espresso/output/stress", NULL, close_stress},
};

static const struct element *element_of(skd_span path) {
    for (size_t k = 0; k < sizeof elements / sizeof *elements; k++)
        if (skd_span_is(path, elements[k].path))
            return &elements[k];
    return NULL;
}

/* <atom name="N" index="1">x y z</atom> */
static bool is_atom(skd_span path) {
    return skd_span_starts(path, "espresso/step/atomic_structure/atomic_positions/atom=") ||
           skd_span_starts(path, "espresso/output/atomic_structure/atomic_positions/atom=");
}

static skd_status close_atom(reader *r, skd_span path, skd_span text, skd_error *err) {
    skd_step *step = r->step;
    skd_span name = path;
    while (skd_span_after(name, "=", &name)) /* the last one: a name may hold any letter */
        path = name;
    if (step->number > 0 && r->n_pos >= step->n)
        return skd_fail(err, SKD_EFORMAT, "expected %zu atoms in every step; found more", step->n);
    skd_status status = step->number > 0 ? SKD_OK : skd_step_atoms(step, r->n_pos + 1, err);
    if (status == SKD_OK)
        status = skd_step_element(step, path, &step->species[r->n_pos], err);
    if (status == SKD_OK)
        status = read_reals(text, step->pos[r->n_pos], 3, err);
    if (status == SKD_OK)
        scale(step->pos[r->n_pos++], 3, SKD_BOHR);
    step->has_pos = true;
    return status;
}

static skd_status on_open(void *payload, skd_xml *xml, skd_span path, skd_error *err) {
    const struct element *e = element_of(path);
    (void)xml;
    return e && e->open ? e->open(payload, err) : SKD_OK;
}

static skd_status on_close(void *payload, skd_xml *xml, skd_span path, skd_span text, skd_error *err) {
    (void)xml;
    if (is_atom(path))
        return close_atom(payload, path, text, err);
    const struct element *e = element_of(path);
    return e && e->close ? e->close(payload, text, err) : SKD_OK;
}

/* Up to the next '>' at a time, so that no more than one step is done by one feeding. */
static skd_status next(void *state, skd_step *step, bool *more, skd_error *err) {
    reader *r = state;
    skd_status status = SKD_OK;
    while (status == SKD_OK && !step->done && *more) {
        skd_span at_hand = skd_stream_peek(step->stream);
        const char *close = at_hand.n ? memchr(at_hand.p, '>', at_hand.n) : NULL;
        size_t n = close ? (size_t)(close - at_hand.p) + 1 : at_hand.n;
        if (n == 0)
            *more = skd_stream_more(step->stream);
        else
            status = skd_xml_feed(r->xml, at_hand.p, n, err);
        skd_stream_skip(step->stream, n);
    }
    step->is_whole = skd_xml_is_done(r->xml);
    return status == SKD_OK && !step->done ? skd_stream_status(step->stream, err) : status;
}

static skd_status begin(void *state, skd_step *step, skd_error *err) {
    static const skd_xml_events events = {on_open, on_close};
    reader *r = state;
    r->step = step;
    return skd_xml_new(&r->xml, &events, r, skd_stream_text(step->stream)->name, err);
}

static void end(void *state) { skd_xml_free(((reader *)state)->xml); }

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 4096 ? length : 4096, "<qes:espresso");
}

const skd_output_format skd_output_espresso_xml = {
    .name = "espresso_xml",
    .summary = "Quantum ESPRESSO data-file-schema.xml",
    .energy = "F = E - TS (no extrapolation is printed)",
    .code = "Quantum ESPRESSO",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .begin = begin,
    .next = next,
    .end = end,
};
