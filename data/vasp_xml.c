/* SPDX-License-Identifier: MIT */
/* vasp_xml.c - VASP's vasprun.xml.
 *
 * Energy: extrapolated to sigma -> 0. VASP writes it wrongly (as 0) into <calculation><energy> in some versions and
 * leaves van der Waals corrections out of <scstep>, so it is e_fr_energy of the calculation plus (e_0_energy -
 * e_fr_energy) of its last scstep. With PSTRESS e_fr_energy holds p V, which is taken out (ASE does likewise).
 * Stress: kB, positive = wants to grow, over to ours. Charge: valences of the potentials less NELECT.
 * Electronic convergence: fewer scsteps than NELM; ionic: fewer steps than NSW (pymatgen's rules). Magnetic moment:
 * that of the occupations, where the two spins are collinear; most versions write them at the last step only.
 *
 * Nearly all of such a file are rows of numbers. libxml2 sees the markup; rows in their plain form and the sections
 * that hold nothing for us (densities of states, eigenvalues of one spin) are taken or skipped before it (run_lane),
 * whenever it has used up what it was fed. */
#include "xml.h"

#include <string.h>

#include "vasp_spins.h"

typedef struct reader {
    skd_xml *xml;
    double (*row)[3];     /* where rows of the open varray go, NULL: nowhere        */
    size_t n_rows, wanted; /* read; at most (0: as many as come)                    */
    bool in_lane;         /* the varray just opened may have plain rows             */
    const char *skipping; /* end tag of a section that is skipped                   */
    size_t n_scf, column, n_species; /* scsteps of this step; column of a table's row; atoms named */
    double scf_free, scf_zero, free, pstress, valence;
    long nelm, nsw, ibrion, count; /* count: atoms of the type in this row          */
    bool has_free, has_scf;
    skd_vasp_spins spins;
    skd_step *step;
} reader;

/* ---- rows --------------------------------------------------------------------------------- */

static skd_status take_row(reader *r, const double v[3], skd_error *err) {
    skd_step *step = r->step;
    if (r->wanted && r->n_rows >= r->wanted)
        return skd_fail(err, SKD_EFORMAT, "expected %zu rows of numbers; found more", r->wanted);
    if (r->row == step->pos || r->row == step->force) {
        bool is_force = r->row == step->force;
        size_t n = step->n;
        if (r->n_rows >= n)
            return skd_fail(err, SKD_EFORMAT, "expected rows of %zu atoms; found more", n);
        memcpy(is_force ? step->force[r->n_rows] : step->pos[r->n_rows], v, 3 * sizeof *v);
    } else
        memcpy(r->row[r->n_rows], v, 3 * sizeof *v);
    r->n_rows++;
    return SKD_OK;
}

static skd_status close_row(reader *r, skd_span text, skd_error *err) {
    double v[3];
    skd_span word;
    char found[40];
    for (int k = 0; k < 3; k++)
        if (!skd_span_word(&text, &word) || !skd_span_real(word, &v[k]))
            return skd_fail(err, SKD_EFORMAT, "expected three numbers in <v>; found '%s'",
                            skd_span_copy(word, found, sizeof found));
    return r->row ? take_row(r, v, err) : SKD_OK;
}

static skd_status aim(reader *r, double (*row)[3], size_t wanted) {
    r->row = row;
    r->wanted = wanted;
    r->n_rows = 0;
    r->in_lane = true;
    return SKD_OK;
}

/* ---- elements being opened ---------------------------------------------------------------- */

static skd_status open_calculation(reader *r, skd_error *err) {
    (void)err;
    skd_step_clear(r->step);
    r->n_scf = 0;
    r->has_free = r->has_scf = false;
    skd_vasp_spins_begin(&r->spins);
    return SKD_OK;
}

static skd_status open_scf(reader *r, skd_error *err) {
    (void)err;
    r->n_scf++;
    return SKD_OK;
}

static skd_status open_row(reader *r, skd_error *err) {
    (void)err;
    r->column = 0;
    return SKD_OK;
}

static skd_status open_basis(reader *r, skd_error *err) {
    (void)err;
    return aim(r, r->step->lattice, 3);
}

static skd_status open_stress(reader *r, skd_error *err) {
    (void)err;
    return aim(r, r->step->stress, 3);
}

static skd_status open_positions(reader *r, skd_error *err) {
    if (r->step->n == 0)
        return skd_fail(err, SKD_EFORMAT, "expected <atominfo> before the first positions; found none");
    return aim(r, r->step->pos, r->step->n);
}

static skd_status open_forces(reader *r, skd_error *err) {
    if (r->step->n == 0)
        return skd_fail(err, SKD_EFORMAT, "expected <atominfo> before the first forces; found none");
    return aim(r, r->step->force, r->step->n);
}

static skd_status open_types(reader *r, skd_error *err) {
    (void)err;
    r->valence = 0.0;
    return SKD_OK;
}

static skd_status open_dos(reader *r, skd_error *err) {
    (void)err;
    r->skipping = "</dos>";
    return SKD_OK;
}

static skd_status open_eigenvalues(reader *r, skd_error *err) {
    (void)err;
    if (!r->spins.is_polarised)
        r->skipping = "</eigenvalues>";
    return SKD_OK;
}

static skd_status open_spin(reader *r, skd_error *err) {
    (void)err;
    skd_vasp_spins_spin(&r->spins);
    return SKD_OK;
}

static skd_status open_kpoint(reader *r, skd_error *err) {
    (void)err;
    r->spins.kpoint++;
    return SKD_OK;
}

static skd_status open_projected(reader *r, skd_error *err) {
    (void)err;
    r->skipping = "</projected>";
    return SKD_OK;
}

/* ---- elements being closed ---------------------------------------------------------------- */

static skd_status rows_complete(reader *r, size_t wanted, const char *what, skd_error *err) {
    size_t n = r->n_rows;
    r->row = NULL;
    return n == wanted ? SKD_OK : skd_fail(err, SKD_EFORMAT, "expected %zu rows of %s; found %zu", wanted, what, n);
}

static skd_status close_basis(reader *r, skd_span text, skd_error *err) {
    (void)text;
    r->step->has_lattice = true;
    return rows_complete(r, 3, "lattice vectors", err);
}

static skd_status close_positions(reader *r, skd_span text, skd_error *err) {
    (void)text;
    r->step->has_pos = r->step->is_frac = true;
    return rows_complete(r, r->step->n, "positions", err);
}

static skd_status close_forces(reader *r, skd_span text, skd_error *err) {
    (void)text;
    r->step->has_force = true;
    return rows_complete(r, r->step->n, "forces", err);
}

static skd_status close_stress(reader *r, skd_span text, skd_error *err) {
    (void)text;
    for (int k = 0; k < 9; k++)
        r->step->stress[k / 3][k % 3] *= -SKD_KBAR;
    r->step->has_stress = true;
    return rows_complete(r, 3, "the stress", err);
}

static skd_status read_real(skd_span text, double *out, skd_error *err) {
    skd_span word;
    char found[40];
    if (!skd_span_word(&text, &word) || !skd_span_real(word, out))
        return skd_fail(err, SKD_EFORMAT, "expected a number; found '%s'", skd_span_copy(word, found, sizeof found));
    return SKD_OK;
}

static skd_status read_long(skd_span text, long *out, skd_error *err) {
    skd_span word;
    char found[40];
    if (!skd_span_word(&text, &word) || !skd_span_int(word, out))
        return skd_fail(err, SKD_EFORMAT, "expected an integer; found '%s'", skd_span_copy(word, found, sizeof found));
    return SKD_OK;
}

static skd_status close_scf_free(reader *r, skd_span text, skd_error *err) {
    return read_real(text, &r->scf_free, err);
}

static skd_status close_scf_zero(reader *r, skd_span text, skd_error *err) {
    r->has_scf = true;
    return read_real(text, &r->scf_zero, err);
}

static skd_status close_free(reader *r, skd_span text, skd_error *err) {
    r->has_free = true;
    return read_real(text, &r->free, err);
}

static skd_status close_nelect(reader *r, skd_span text, skd_error *err) {
    r->step->has_electrons = true;
    return read_real(text, &r->step->electrons, err);
}

static skd_status close_ispin(reader *r, skd_span text, skd_error *err) {
    long ispin = 0;
    skd_status status = read_long(text, &ispin, err);
    r->spins.is_polarised = ispin == 2;
    return status;
}

static skd_status close_weight(reader *r, skd_span text, skd_error *err) {
    return skd_vasp_spins_weight(&r->spins, text, err);
}

static skd_status close_band(reader *r, skd_span text, skd_error *err) {
    (void)err;
    skd_vasp_spins_band(&r->spins, text);
    return SKD_OK;
}

static skd_status close_pstress(reader *r, skd_span text, skd_error *err) { return read_real(text, &r->pstress, err); }
static skd_status close_nelm(reader *r, skd_span text, skd_error *err) { return read_long(text, &r->nelm, err); }
static skd_status close_nsw(reader *r, skd_span text, skd_error *err) { return read_long(text, &r->nsw, err); }
static skd_status close_ibrion(reader *r, skd_span text, skd_error *err) { return read_long(text, &r->ibrion, err); }

static skd_status close_version(reader *r, skd_span text, skd_error *err) {
    skd_span word;
    char version[40];
    (void)err;
    strcpy(r->step->code, "VASP");
    if (skd_span_word(&text, &word)) {
        strcat(r->step->code, " ");
        strcat(r->step->code, skd_span_copy(word, version, sizeof version));
    }
    return SKD_OK;
}

/* <rc><c>Mg</c><c>1</c></rc>, one an atom. VASP writes r for Zr, X for Xe. */
static skd_status close_atom(reader *r, skd_span text, skd_error *err) {
    skd_span word;
    char found[40];
    if (r->column++ != 0)
        return SKD_OK;
    skd_span_word(&text, &word);
    int z = skd_span_is(word, "r") ? 40 : skd_span_is(word, "X") ? 54 : skd_word_element(word);
    if (z == 0)
        return skd_fail(err, SKD_EFORMAT, "expected an element; found '%s'", skd_span_copy(word, found, sizeof found));
    if (r->step->number > 0 || r->n_species >= SKD_ATOMS_MAX)
        return skd_fail(err, SKD_EFORMAT, "expected one list of at most %d atoms; found more", SKD_ATOMS_MAX);
    skd_status status = skd_step_atoms(r->step, r->n_species + 1, err);
    if (status == SKD_OK)
        r->step->species[r->n_species++] = z;
    return status;
}

/* <rc><c>4</c><c>Mg</c><c>24.3</c><c>2.0</c><c>PAW_PBE ..</c></rc>: atoms, element, mass, valence, potential. */
static skd_status close_type(reader *r, skd_span text, skd_error *err) {
    double valence;
    skd_status status = SKD_OK;
    if (r->column == 0)
        status = read_long(text, &r->count, err);
    else if (r->column == 3) {
        status = read_real(text, &valence, err);
        r->valence += status == SKD_OK ? (double)r->count * valence : 0.0;
    }
    r->column++;
    return status;
}

/* A step that VASP was killed in, or one of a calculation without forces (GW, RPA), may lack energies. */
static skd_status close_calculation(reader *r, skd_span text, skd_error *err) {
    skd_step *step = r->step;
    (void)text;
    if (!step->has_pos || !step->has_lattice || !r->has_free)
        return SKD_OK;
    step->has_energy = step->has_free = true;
    step->free_energy = r->free;
    if (r->pstress != 0.0)
        step->free_energy -= r->pstress * SKD_KBAR * fabs(skd_det3(step->lattice));
    step->energy = step->free_energy + (r->has_scf ? r->scf_zero - r->scf_free : 0.0);
    step->scf = r->nelm > 0 && r->n_scf > 0 ? (long)r->n_scf < r->nelm : SKD_UNKNOWN;
    if (r->ibrion >= 1 && r->ibrion <= 3 && r->nsw > 1)
        step->ionic = (long)step->number + 1 < r->nsw;
    step->has_charge = step->has_electrons && r->valence > 0.0;
    step->charge = r->valence - step->electrons;
    step->has_magmom = skd_vasp_spins_moment(&r->spins, &step->magmom);
    return skd_step_done(step, err);
}

#define CALCULATION "modeling/calculation"
#define STRUCTURE   CALCULATION "/structure"
#define BANDS       CALCULATION "/eigenvalues/array/set"
#define ATOMS       "modeling/atominfo/array=atoms"
#define TYPES       "modeling/atominfo/array=atomtypes"
#define PARAMETERS  "modeling/parameters/separator="

static const struct element {
    const char *path;
    size_t n;
    skd_status (*open)(reader *r, skd_error *err);
    skd_status (*close)(reader *r, skd_span text, skd_error *err);
} elements[] = {
#define ELEMENT(path, open, close) {path, sizeof(path) - 1, open, close}
    ELEMENT(CALCULATION, open_calculation, close_calculation),
    ELEMENT(CALCULATION "/scstep", open_scf, NULL),
    ELEMENT(CALCULATION "/scstep/energy/i=e_fr_energy", NULL, close_scf_free),
    ELEMENT(CALCULATION "/scstep/energy/i=e_0_energy", NULL, close_scf_zero),
    ELEMENT(CALCULATION "/energy/i=e_fr_energy", NULL, close_free),
    ELEMENT(STRUCTURE "/crystal/varray=basis", open_basis, close_basis),
    ELEMENT(STRUCTURE "/varray=positions", open_positions, close_positions),
    ELEMENT(CALCULATION "/varray=forces", open_forces, close_forces),
    ELEMENT(CALCULATION "/varray=stress", open_stress, close_stress),
    ELEMENT(CALCULATION "/dos", open_dos, NULL),
    ELEMENT(CALCULATION "/eigenvalues", open_eigenvalues, NULL),
    ELEMENT(BANDS "/set", open_spin, NULL),
    ELEMENT(BANDS "/set/set", open_kpoint, NULL),
    ELEMENT(BANDS "/set/set/r", NULL, close_band),
    ELEMENT(CALCULATION "/projected", open_projected, NULL),
    ELEMENT("modeling/generator/i=version", NULL, close_version),
    ELEMENT("modeling/kpoints/varray=weights/v", NULL, close_weight),
    ELEMENT(PARAMETERS "electronic/separator=electronic spin/i=ISPIN", NULL, close_ispin),
    ELEMENT(PARAMETERS "electronic/i=NELECT", NULL, close_nelect),
    ELEMENT(PARAMETERS "electronic/separator=electronic convergence/i=NELM", NULL, close_nelm),
    ELEMENT(PARAMETERS "ionic/i=NSW", NULL, close_nsw),
    ELEMENT(PARAMETERS "ionic/i=IBRION", NULL, close_ibrion),
    ELEMENT(PARAMETERS "ionic/i=PSTRESS", NULL, close_pstress),
    ELEMENT(ATOMS "/set/rc", open_row, NULL),
    ELEMENT(ATOMS "/set/rc/c", NULL, close_atom),
    ELEMENT(TYPES "/set", open_types, NULL),
    ELEMENT(TYPES "/set/rc", open_row, NULL),
    ELEMENT(TYPES "/set/rc/c", NULL, close_type),
};

static const struct element *element_of(skd_span path) {
    for (size_t k = 0; k < sizeof elements / sizeof *elements; k++)
        if (elements[k].n == path.n && elements[k].path[path.n - 1] == path.p[path.n - 1] &&
            memcmp(elements[k].path, path.p, path.n) == 0)
            return &elements[k];
    return NULL;
}

static skd_status on_open(void *payload, skd_xml *xml, skd_span path, skd_error *err) {
    const struct element *e = element_of(path);
    (void)xml;
    return e && e->open ? e->open(payload, err) : SKD_OK;
}

static skd_status on_close(void *payload, skd_xml *xml, skd_span path, skd_span text, skd_error *err) {
    reader *r = payload;
    (void)xml;
    if (r->row && path.n > 2 && memcmp(path.p + path.n - 2, "/v", 2) == 0)
        return close_row(r, text, err);
    const struct element *e = element_of(path);
    return e && e->close ? e->close(r, text, err) : SKD_OK;
}

/* ---- the lane beside libxml2 -------------------------------------------------------------- */

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static bool is_at(const char *p, const char *end, const char *words) {
    size_t n = strlen(words);
    return (size_t)(end - p) >= n && memcmp(p, words, n) == 0;
}

/* One row in the form VASP writes; NULL if it is not that, or not all there. */
static const char *plain_row(const char *p, const char *end, double v[3]) {
    p = skip_space(p, end);
    if (!is_at(p, end, "<v>"))
        return NULL;
    p += 3;
    for (int k = 0; k < 3; k++) {
        const char *word = p = skip_space(p, end);
        while (p < end && *p != ' ' && *p != '<')
            p++;
        if (!skd_span_real((skd_span){word, (size_t)(p - word)}, &v[k]))
            return NULL;
    }
    p = skip_space(p, end);
    return is_at(p, end, "</v>") ? p + 4 : NULL;
}

/* Takes what rows are at hand; leaves the lane at the first that is not plain. Returns bytes taken. */
static skd_status take_rows(reader *r, skd_span at_hand, size_t *taken, skd_error *err) {
    const char *p = at_hand.p, *end = at_hand.p + at_hand.n, *next;
    double v[3];
    skd_status status = SKD_OK;
    while (status == SKD_OK && (next = plain_row(p, end, v)) != NULL) {
        status = take_row(r, v, err);
        p = next;
    }
    *taken = (size_t)(p - at_hand.p);
    return status;
}

/* Bytes up to and with the next tag that a lane may begin after; all of them if there is none. */
static size_t markup_length(skd_span at_hand) {
    static const char *const tags[] = {"<varray", "<dos", "<eigenvalues", "<projected", "</calculation"};
    const char *p = at_hand.p, *end = at_hand.p + at_hand.n;
    while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
        bool may_be = p + 2 < end && (p[1] == 'v' || p[1] == 'd' || p[1] == 'e' || p[1] == 'p' || p[2] == 'c');
        for (size_t k = 0; may_be && k < sizeof tags / sizeof *tags; k++)
            if (is_at(p, end, tags[k])) {
                const char *close = memchr(p, '>', (size_t)(end - p));
                return close ? (size_t)(close - at_hand.p) + 1 : at_hand.n;
            }
        p++;
    }
    return at_hand.n;
}

/* Drops bytes up to the end tag that ends the skipping. */
static void skip_section(reader *r, skd_stream *stream, bool *more) {
    size_t n = strlen(r->skipping);
    for (;;) {
        skd_span at_hand = skd_stream_peek(stream);
        const char *p = at_hand.p, *end = p + at_hand.n;
        while (p < end && (p = memchr(p, '<', (size_t)(end - p))) != NULL && !is_at(p, end, r->skipping))
            p++;
        if (p && p < end) {
            skd_stream_skip(stream, (size_t)(p - at_hand.p));
            r->skipping = NULL;
            return;
        }
        skd_stream_skip(stream, at_hand.n > n ? at_hand.n - n : 0);
        *more = skd_stream_more(stream);
        if (!*more)
            return;
    }
}

/* Feeds libxml2 up to where a lane may begin. */
static skd_status feed(reader *r, skd_stream *stream, bool *more, skd_error *err) {
    skd_span at_hand = skd_stream_peek(stream);
    if (at_hand.n == 0) {
        *more = skd_stream_more(stream);
        return SKD_OK;
    }
    size_t n = markup_length(at_hand);
    r->in_lane = false;
    skd_status status = skd_xml_feed(r->xml, at_hand.p, n, err);
    skd_stream_skip(stream, n);
    if (!skd_xml_is_even(r->xml)) { /* libxml2 holds bytes back: what follows belongs to it */
        r->in_lane = false;
        r->skipping = NULL;
    }
    return status;
}

/* Does the next row need more bytes to be judged? */
static bool is_open_end(skd_span left) {
    const char *end = left.p + left.n, *p = skip_space(left.p, end);
    if (end - p < 3)
        return true;
    return is_at(p, end, "<v>") && !skd_span_has((skd_span){p, (size_t)(end - p)}, "</v>");
}

static skd_status run_lane(reader *r, skd_stream *stream, skd_error *err) {
    size_t taken = 0;
    skd_status status = take_rows(r, skd_stream_peek(stream), &taken, err);
    skd_stream_skip(stream, taken);
    if (status != SKD_OK)
        return skd_error_prefix(err, "%s", skd_stream_text(stream)->name);
    r->in_lane = is_open_end(skd_stream_peek(stream)) && skd_stream_more(stream);
    return status;
}

static skd_status next(void *state, skd_step *step, bool *more, skd_error *err) {
    reader *r = state;
    skd_status status = SKD_OK;
    while (status == SKD_OK && !step->done && *more) {
        if (r->in_lane && r->row)
            status = run_lane(r, step->stream, err);
        else if (r->skipping)
            skip_section(r, step->stream, more);
        else
            status = feed(r, step->stream, more, err);
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

static void end(void *state) {
    reader *r = state;
    skd_vasp_spins_free(&r->spins);
    skd_xml_free(r->xml);
}

static bool matches(const char *name, const char *text, size_t length) {
    (void)name;
    return skd_text_has(text, length < 4096 ? length : 4096, "<modeling>");
}

const skd_output_format skd_output_vasprun = {
    .name = "vasprun",
    .summary = "VASP vasprun.xml",
    .energy = "sigma -> 0",
    .code = "VASP",
    .knows_end = true,
    .matches = matches,
    .size = sizeof(reader),
    .begin = begin,
    .next = next,
    .end = end,
};
