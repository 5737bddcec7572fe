/* SPDX-License-Identifier: MIT */
/* poscar.c - VASP's POSCAR and CONTCAR, read and written.
 *
 *   comment                                      VASP 4 has no symbols line: they are then taken from
 *   scale | -volume | sx sy sz                   the comment, if it is nothing but symbols
 *   3 lattice rows
 *   [symbols]      Mg O, Mg_pv O, Cd/0a1b Te     species may come in several blocks
 *   counts
 *   [Selective dynamics]
 *   Direct | Cartesian                           by the first letter: d; c or k
 *   n lines: 3 coordinates [3 flags] [label]
 *   [Lattice velocities block]                   read over
 *   [blank, Cartesian or Direct; n velocities]   Å/fs; Direct ones are lattice vectors per time step,
 *   [anything after another blank line]          which the file does not tell: taken as 1 fs
 *
 * Source: https://www.vasp.at/wiki/index.php/POSCAR (and CONTCAR). */
#include "frames.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SHORTEST_ROW 5 /* bytes of "0 0 0": a claimed number of atoms must fit the text left */

typedef struct poscar {
    skd_text text;
    skd_span comment;
    double scale[3], lattice[3][3];
    int *species;  /* [n_species] atomic number of each block */
    size_t *count; /* [n_species]                              */
    size_t n_species, species_capacity, count_capacity;
    size_t n; /* atoms */
    bool is_direct, is_selective;
    skd_frame *frame;
} poscar;

/* ---- small helpers ------------------------------------------------------------------------ */

static skd_status next_line(poscar *p, skd_span *line, const char *what, skd_error *err) {
    if (skd_text_line(&p->text, line))
        return SKD_OK;
    return skd_text_fail(&p->text, err, "expected %s; found the end of the file", what);
}

static char first_letter(skd_span line) {
    skd_span word;
    return skd_span_word(&line, &word) ? (char)tolower((unsigned char)*word.p) : '\0';
}

static bool is_remark(skd_span word) { return *word.p == '!' || *word.p == '#'; }

/* How many of the line's first words are real numbers. */
static size_t leading_reals(skd_span line) {
    skd_span word;
    double value;
    size_t n = 0;
    while (skd_span_word(&line, &word) && skd_span_real(word, &value))
        n++;
    return n;
}

static skd_status read_row(poscar *p, skd_span *line, const char *what, double row[3], skd_error *err) {
    char item[100];
    for (int k = 0; k < 3; k++) {
        snprintf(item, sizeof item, "%s, component %d", what, k + 1);
        skd_status status = skd_text_real(&p->text, line, item, &row[k], err);
        if (status != SKD_OK)
            return status;
    }
    return SKD_OK;
}

/* ---- the header --------------------------------------------------------------------------- */

static skd_status read_scale(poscar *p, skd_error *err) {
    skd_span line;
    skd_status status = next_line(p, &line, "the scale factor", err);
    if (status != SKD_OK)
        return status;
    size_t n = leading_reals(line);
    if (n != 1 && n != 3) {
        char found[40];
        return skd_text_fail(&p->text, err, "expected the scale factor, one or three numbers; found '%s'",
                             skd_span_copy(line, found, sizeof found));
    }
    for (size_t k = 0; k < 3; k++) {
        if (k < n && (status = skd_text_real(&p->text, &line, "the scale factor", &p->scale[k], err)) != SKD_OK)
            return status;
        if (k >= n)
            p->scale[k] = p->scale[0];
        if (p->scale[k] == 0.0 || (n == 3 && p->scale[k] < 0.0))
            return skd_text_fail(&p->text, err, "the scale factor is %g; expected %s", p->scale[k],
                                 n == 3 ? "three positive numbers" : "a positive number or minus the volume");
    }
    return SKD_OK;
}

/* A negative factor is minus the volume the cell shall have. */
static skd_status apply_scale(poscar *p, skd_error *err) {
    if (p->scale[0] < 0.0) {
        double volume = fabs(skd_det3(p->lattice));
        if (!(volume > 0.0) || !isfinite(volume))
            return skd_text_fail(&p->text, err, "the cell has no volume: its lattice vectors lie in a plane");
        p->scale[0] = p->scale[1] = p->scale[2] = cbrt(-p->scale[0] / volume);
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            p->lattice[i][k] *= p->scale[k];
    return SKD_OK;
}

static skd_status read_lattice(poscar *p, skd_error *err) {
    for (int i = 0; i < 3; i++) {
        char what[32];
        skd_span line;
        snprintf(what, sizeof what, "lattice vector %d", i + 1);
        skd_status status = next_line(p, &line, what, err);
        if (status == SKD_OK)
            status = read_row(p, &line, what, p->lattice[i], err);
        if (status != SKD_OK)
            return status;
    }
    return apply_scale(p, err);
}

/* ---- species and counts ------------------------------------------------------------------- */

static skd_status add_species(poscar *p, int z, skd_error *err) {
    skd_status status = skd_grow((void **)&p->species, &p->species_capacity, p->n_species + 1, sizeof *p->species, err);
    if (status == SKD_OK)
        p->species[p->n_species++] = z;
    return status;
}

static skd_status read_symbols(poscar *p, skd_span line, skd_error *err) {
    skd_span word;
    char found[40];
    while (skd_span_word(&line, &word) && !is_remark(word)) {
        int z = skd_word_element(word);
        if (z == 0)
            return skd_text_fail(&p->text, err, "expected element symbols; found '%s'",
                                 skd_span_copy(word, found, sizeof found));
        skd_status status = add_species(p, z, err);
        if (status != SKD_OK)
            return status;
    }
    if (p->n_species == 0)
        return skd_text_fail(&p->text, err, "expected element symbols or numbers of atoms; found an empty line");
    return SKD_OK;
}

/* VASP 4: the comment names the species if every word of it does and there are as many as counts. */
static skd_status symbols_of_comment(poscar *p, size_t n_counts, skd_error *err) {
    skd_span rest = p->comment, word;
    skd_status status = SKD_OK;
    bool fits = true;
    while (status == SKD_OK && fits && skd_span_word(&rest, &word)) {
        int z = skd_word_element(word);
        fits = z != 0;
        status = fits ? add_species(p, z, err) : SKD_OK;
    }
    if (status == SKD_OK && (!fits || p->n_species != n_counts))
        return skd_text_fail(&p->text, err,
                             "no element symbols (VASP 4 layout) and the comment line is not %zu symbols; "
                             "expected a line of symbols before the numbers of atoms",
                             n_counts);
    return status;
}

static skd_status read_counts(poscar *p, skd_span line, skd_error *err) {
    skd_span word, ahead;
    size_t n = 0, room = (size_t)(p->text.end - p->text.p + 1) / (SHORTEST_ROW + 1);
    for (; ahead = line, skd_span_word(&ahead, &word) && !is_remark(word); n++) {
        long value;
        skd_status status = skd_grow((void **)&p->count, &p->count_capacity, n + 1, sizeof *p->count, err);
        if (status == SKD_OK)
            status = skd_text_int(&p->text, &line, "a number of atoms", 0, 1000000000000, &value, err);
        if (status != SKD_OK)
            return status;
        p->count[n] = (size_t)value;
        p->n += p->count[n];
        if (p->n > room)
            return skd_text_fail(&p->text, err, "%zu atoms claimed; the rest of the file has room for at most %zu",
                                 p->n, room);
    }
    if (p->n_species == 0 && n > 0) {
        skd_status status = symbols_of_comment(p, n, err);
        if (status != SKD_OK)
            return status;
    }
    if (n != p->n_species)
        return skd_text_fail(&p->text, err, "%zu element symbols but %zu numbers of atoms; expected as many",
                             p->n_species, n);
    if (p->n == 0)
        return skd_text_fail(&p->text, err, "expected at least one atom; found none");
    return SKD_OK;
}

static skd_status read_species(poscar *p, skd_error *err) {
    skd_span line, word, ahead;
    long value;
    skd_status status = next_line(p, &line, "element symbols or numbers of atoms", err);
    if (status != SKD_OK)
        return status;
    ahead = line;
    bool is_vasp4 = skd_span_word(&ahead, &word) && skd_span_int(word, &value);
    if (!is_vasp4) {
        status = read_symbols(p, line, err);
        if (status == SKD_OK)
            status = next_line(p, &line, "numbers of atoms", err);
    }
    return status == SKD_OK ? read_counts(p, line, err) : status;
}

static skd_status read_mode(poscar *p, skd_error *err) {
    skd_span line;
    char found[40];
    skd_status status = next_line(p, &line, "'Direct' or 'Cartesian'", err);
    if (status == SKD_OK && first_letter(line) == 's') {
        p->is_selective = true;
        status = next_line(p, &line, "'Direct' or 'Cartesian'", err);
    }
    if (status != SKD_OK)
        return status;
    char mode = first_letter(line);
    p->is_direct = mode == 'd';
    if (p->is_direct || mode == 'c' || mode == 'k')
        return SKD_OK;
    return skd_text_fail(&p->text, err, "expected 'Direct' or 'Cartesian'; found '%s'",
                         skd_span_copy(line, found, sizeof found));
}

/* ---- atoms -------------------------------------------------------------------------------- */

static skd_status new_frame(poscar *p, skd_error *err) {
    skd_cell *cell;
    skd_status status = skd_cell_new(&cell, p->n, err);
    if (status == SKD_OK)
        status = skd_frame_new(&p->frame, cell, err);
    if (status != SKD_OK)
        return status;
    memcpy(cell->lattice, p->lattice, sizeof cell->lattice);
    size_t i = 0;
    for (size_t s = 0; s < p->n_species; s++)
        for (size_t k = 0; k < p->count[s]; k++)
            cell->species[i++] = p->species[s];
    p->frame->comment = skd_span_dup(p->comment);
    if (p->is_direct)
        p->frame->frac = skd_alloc(p->n, sizeof *p->frame->frac);
    if (!p->frame->comment || (p->is_direct && !p->frame->frac))
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for %zu atoms", p->text.name, p->n);
    skd_column *mask;
    if (p->is_selective)
        return skd_frame_add_column(p->frame, (skd_span){SKD_MOVE_MASK, strlen(SKD_MOVE_MASK)}, 'L', 3, &mask, err);
    return SKD_OK;
}

/* T, F, .TRUE., .false.: Fortran takes the first letter after an optional point. */
static skd_status read_flags(poscar *p, skd_span *line, double flag[3], skd_error *err) {
    for (int k = 0; k < 3; k++) {
        skd_span word;
        char c = '\0', found[40];
        if (skd_span_word(line, &word))
            c = (char)toupper((unsigned char)(word.n > 1 && *word.p == '.' ? word.p[1] : *word.p));
        if (c != 'T' && c != 'F')
            return skd_text_fail(&p->text, err, "expected selective dynamics flag %d, T or F; found '%s'", k + 1,
                                 skd_span_copy(word, found, sizeof found));
        flag[k] = c == 'T';
    }
    return SKD_OK;
}

static skd_status read_atom(poscar *p, size_t i, skd_error *err) {
    char what[80];
    skd_span line, word, ahead;
    double row[3], *r = p->frame->cell->pos[i];
    snprintf(what, sizeof what, "the position of atom %zu of %zu", i + 1, p->n);
    skd_status status = next_line(p, &line, what, err);
    if (status != SKD_OK)
        return status;
    ahead = line;
    if (!skd_span_word(&ahead, &word))
        return skd_text_fail(&p->text, err, "expected %s; found an empty line", what);
    if ((status = read_row(p, &line, what, row, err)) != SKD_OK)
        return status;
    if (p->is_direct) {
        memcpy(p->frame->frac[i], row, sizeof row);
        skd_row_times(row, p->lattice, r);
    } else
        for (int k = 0; k < 3; k++)
            r[k] = row[k] * p->scale[k];
    return p->is_selective ? read_flags(p, &line, p->frame->column[0].real + 3 * i, err) : SKD_OK;
}

/* ---- what may follow the atoms ------------------------------------------------------------ */

static bool is_blank_line(skd_span line) {
    skd_span word;
    return !skd_span_word(&line, &word);
}

/* The block of a variable-cell run: its title, a state number, three velocity and three lattice rows. */
static skd_status skip_lattice_velocities(poscar *p, skd_span *line, bool *more, skd_error *err) {
    for (int k = 0; k < 7; k++) {
        skd_status status = next_line(p, line, "seven lines of lattice velocities", err);
        if (status != SKD_OK)
            return status;
    }
    *more = skd_text_line(&p->text, line);
    return SKD_OK;
}

static skd_status read_velocities(poscar *p, bool is_direct, skd_error *err) {
    skd_text row_start;
    skd_span line;
    do {
        row_start = p->text;
        if (!skd_text_line(&p->text, &line))
            return SKD_OK;
    } while (is_blank_line(line));
    if (leading_reals(line) < 3) /* the predictor-corrector block of a run without velocities, or a note */
        return SKD_OK;
    p->text = row_start;
    p->frame->velocity = skd_alloc(p->n, sizeof *p->frame->velocity);
    if (!p->frame->velocity)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory for %zu velocities", p->text.name, p->n);
    for (size_t i = 0; i < p->n; i++) {
        char what[80];
        double row[3];
        snprintf(what, sizeof what, "the velocity of atom %zu of %zu", i + 1, p->n);
        skd_status status = next_line(p, &line, what, err);
        if (status == SKD_OK)
            status = read_row(p, &line, what, row, err);
        if (status != SKD_OK)
            return status;
        if (is_direct)
            skd_row_times(row, p->lattice, p->frame->velocity[i]);
        else
            memcpy(p->frame->velocity[i], row, sizeof row);
        if (!isfinite(skd_norm(p->frame->velocity[i])))
            return skd_text_fail(&p->text, err, "%s is out of range", what);
    }
    return SKD_OK;
}

static skd_status read_tail(poscar *p, skd_error *err) {
    skd_span line;
    bool more = skd_text_line(&p->text, &line);
    if (more && first_letter(line) == 'l') {
        skd_status status = skip_lattice_velocities(p, &line, &more, err);
        if (status != SKD_OK)
            return status;
    }
    if (!more)
        return SKD_OK;
    char mode = first_letter(line), found[40];
    if (mode == '\0' || mode == 'c' || mode == 'k' || mode == 'd')
        return read_velocities(p, mode == 'd', err);
    if (leading_reals(line) >= 3)
        return skd_text_fail(&p->text, err, "expected %zu atoms, as the numbers of atoms say; found one more position",
                             p->n);
    return skd_text_fail(&p->text, err, "expected the end, an empty line or velocities after atom %zu; found '%s'",
                         p->n, skd_span_copy(line, found, sizeof found));
}

static skd_status read_all(poscar *p, skd_error *err) {
    skd_status status = next_line(p, &p->comment, "a comment line", err);
    if (status == SKD_OK)
        status = read_scale(p, err);
    if (status == SKD_OK)
        status = read_lattice(p, err);
    if (status == SKD_OK)
        status = read_species(p, err);
    if (status == SKD_OK)
        status = read_mode(p, err);
    if (status == SKD_OK)
        status = new_frame(p, err);
    for (size_t i = 0; status == SKD_OK && i < p->n; i++)
        status = read_atom(p, i, err);
    if (status == SKD_OK)
        status = read_tail(p, err);
    return status == SKD_OK ? skd_frame_check(p->frame, p->text.name, err) : status;
}

static skd_status parse(skd_frames *out, const char *name, const char *text, size_t length, skd_error *err) {
    skd_status status = skd_text_check(name, text, length, err);
    if (status != SKD_OK)
        return status;
    poscar p = {.text = skd_text_of(name, text, length)};
    status = read_all(&p, err);
    skd_free(p.species);
    skd_free(p.count);
    if (status == SKD_OK)
        return skd_frames_add(out, p.frame, err);
    skd_frame_free(p.frame);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void print_row(skd_string *out, const double v[3]) {
    for (int k = 0; k < 3; k++) {
        if (k)
            skd_string_add_bytes(out, " ", 1);
        skd_string_add_fixed(out, v[k], 21, 16);
    }
}

/* One symbol and one count per run of equal species. */
static void print_species(skd_string *out, const skd_cell *cell) {
    skd_string counts = {0};
    for (size_t i = 0, j; i < cell->n; i = j) {
        for (j = i; j < cell->n && cell->species[j] == cell->species[i]; j++) {
        }
        skd_string_add(out, i ? " %s" : "%s", skd_element_of(cell->species[i])->symbol);
        skd_string_add(&counts, i ? " %zu" : "%zu", j - i);
    }
    out->failed |= counts.failed;
    if (!out->failed && counts.text)
        skd_string_add(out, "\n%s\n", counts.text);
    skd_string_free(&counts);
}

static void print_atoms(skd_string *out, const skd_frame *frame, double (*frac)[3], bool site_labels) {
    const skd_column *mask = skd_frame_column(frame, SKD_MOVE_MASK, 'L');
    if (mask && mask->width != 3)
        mask = NULL;
    skd_string_add(out, "%s%s\n", mask ? "Selective dynamics\n" : "", site_labels ? "direct" : "Direct");
    for (size_t i = 0; i < frame->cell->n; i++) {
        print_row(out, frac[i]);
        for (size_t k = 0; mask && k < 3; k++)
            skd_string_add(out, " %c", mask->real[3 * i + k] != 0.0 ? 'T' : 'F');
        if (site_labels) {
            const char *symbol = skd_element_of(frame->cell->species[i])->symbol;
            skd_string_add_bytes(out, " ", 1);
            skd_string_add_bytes(out, symbol, strlen(symbol));
        }
        skd_string_add_bytes(out, "\n", 1);
    }
    for (size_t i = 0; frame->velocity && i < frame->cell->n; i++) {
        const double *v = frame->velocity[i];
        skd_string_add(out, "%s%23.16E %23.16E %23.16E\n", i ? "" : "\n", v[0], v[1], v[2]);
    }
}

skd_status skd_poscar_print(skd_string *out, const skd_frame *frame, const skd_poscar_style *style, skd_error *err) {
    const skd_cell *cell = frame->cell;
    char formula[128];
    double(*frac)[3];
    if (!(fabs(skd_det3(cell->lattice)) > 0.0))
        return skd_fail(err, SKD_EARG, "a POSCAR needs a cell with a volume; this structure has none");
    skd_status status = skd_frame_frac(&frac, frame, err);
    if (status != SKD_OK)
        return status;
    const char *comment = style && style->comment ? style->comment : frame->comment;
    skd_string_add_line(out, comment ? comment : skd_cell_formula(cell, formula, sizeof formula));
    skd_string_add(out, "\n1.0\n");
    for (int k = 0; k < 3; k++) {
        print_row(out, cell->lattice[k]);
        skd_string_add(out, "\n");
    }
    print_species(out, cell);
    print_atoms(out, frame, frac, style && style->site_labels);
    skd_free(frac);
    return out->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a POSCAR of %zu atoms", cell->n) : SKD_OK;
}

static skd_status print(skd_string *out, const skd_frames *frames, skd_error *err) {
    if (frames->n != 1)
        return skd_fail(err, SKD_EARG, "a POSCAR holds one structure; found %zu frames", frames->n);
    return skd_poscar_print(out, frames->frame[0], NULL, err);
}

/* ---- recognition -------------------------------------------------------------------------- */

static bool matches_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return strstr(name, "POSCAR") || strstr(name, "CONTCAR") ||
           (dot && (strcmp(dot, ".vasp") == 0 || strcmp(dot, ".poscar") == 0 || strcmp(dot, ".contcar") == 0));
}

static bool matches_text(const char *text, size_t length) {
    skd_text t = skd_text_of("", text, length);
    skd_span line;
    if (!skd_text_line(&t, &line) || !skd_text_line(&t, &line) || leading_reals(line) == 0)
        return false;
    for (int k = 0; k < 3; k++)
        if (!skd_text_line(&t, &line) || leading_reals(line) < 3)
            return false;
    return true;
}

const skd_format skd_format_poscar = {
    .name = "poscar",
    .summary = "VASP POSCAR and CONTCAR, one structure",
    .matches_name = matches_name,
    .matches_text = matches_text,
    .parse = parse,
    .print = print,
};
