/* SPDX-License-Identifier: MIT */
/* xyz.c - XYZ, plain and extended: many frames, arbitrary columns and keys.
 *
 *   n
 *   Lattice="ax ay az bx by bz cx cy cz" Properties=species:S:1:pos:R:3:... key=value flag pbc="T T F"
 *   n rows
 *
 * A comment line without Lattice= and Properties= makes the frame plain: symbol (or atomic number) and
 * three coordinates, what follows on the row is read over, no lattice, not periodic. In an extended one
 * without Lattice nothing is periodic either.
 * Keys understood (the rest is kept as text): energy, else free_energy, eV; stress, else -virial/V,
 * 3x3 or xx yy zz yz xz xy, eV/Å^3, positive = wants to shrink (ASE's convention); comment.
 * Columns understood: species or element or Z, pos, force(s), velo (Å/fs, QUIP's name).
 *
 * Source: https://github.com/libAtoms/extxyz (grammar), ASE ase/io/extxyz.py (conventions). */
#include "frames.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COLUMN_MAX 64   /* columns of a Properties string */
#define WIDTH_MAX  64   /* values of one column           */
#define INFO_MAX   1000 /* keys of a comment line         */
#define EXACT_MAX  9007199254740992L /* 2^53: larger integers do not fit a double */

typedef enum role { ROLE_EXTRA, ROLE_SPECIES, ROLE_NUMBER, ROLE_POS, ROLE_FORCE, ROLE_VELOCITY } role;

typedef struct layout {
    skd_span name;
    char type;
    size_t width;
    role role;
} layout;

typedef struct xyz {
    skd_text text;
    size_t frame_number, n;
    skd_frame *frame;
    bool is_extended, has_lattice, has_pbc, has_free_energy, has_virial;
    double free_energy, virial[3][3];
    layout column[COLUMN_MAX];
    size_t n_columns;
    skd_string key, value; /* scratch of the comment line, reused */
    skd_string properties;
} xyz;

static const struct {
    const char *name;
    char type;
    size_t width;
    role role;
} known_columns[] = {
    {"species", 'S', 1, ROLE_SPECIES}, {"element", 'S', 1, ROLE_SPECIES},  {"Z", 'I', 1, ROLE_NUMBER},
    {"pos", 'R', 3, ROLE_POS},         {"forces", 'R', 3, ROLE_FORCE},     {"force", 'R', 3, ROLE_FORCE},
    {"velo", 'R', 3, ROLE_VELOCITY},
};

static skd_status out_of_memory(const xyz *x, skd_error *err) {
    return skd_fail(err, SKD_ENOMEM, "%s: out of memory for frame %zu of %zu atoms", x->text.name, x->frame_number,
                    x->n);
}

/* ---- the comment line: key=value ---------------------------------------------------------- */

static void clear(skd_string *s) {
    s->n = 0;
    if (s->text)
        s->text[0] = '\0';
}

static const char *text_of(const skd_string *s) { return s->text ? s->text : ""; }

static void skip_blanks(skd_span *rest) {
    while (rest->n && isspace((unsigned char)*rest->p)) {
        rest->p++;
        rest->n--;
    }
}

static void advance(skd_span *rest, size_t n) {
    rest->p += n;
    rest->n -= n;
}

/* Takes a quoted text, its escapes undone; false if the quote is not closed. */
static bool take_quoted(skd_span *rest, skd_string *out) {
    const char quote = *rest->p;
    for (advance(rest, 1); rest->n; advance(rest, 1)) {
        char c = *rest->p;
        if (c == quote) {
            advance(rest, 1);
            return true;
        }
        if (c == '\\' && rest->n > 1 && strchr("\\\"'n", rest->p[1])) {
            advance(rest, 1);
            c = *rest->p == 'n' ? '\n' : *rest->p;
        }
        skd_string_add_bytes(out, &c, 1);
    }
    return false;
}

/* Length of the bracketed text at p ("[1, [2, 3]]", "{a}"), brackets included; 0 if not balanced. */
static size_t bracketed(const char *p, size_t n) {
    size_t depth = 0;
    for (size_t i = 0; i < n; i++) {
        depth += p[i] == '[' || p[i] == '{';
        depth -= p[i] == ']' || p[i] == '}';
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

static bool is_quote(char c) { return c == '"' || c == '\''; }

/* Takes a quoted text, or everything up to a blank (or up to '=' for a key); false: not closed. */
static bool take_word(skd_span *rest, bool is_key, skd_string *out) {
    clear(out);
    if (rest->n && is_quote(*rest->p))
        return take_quoted(rest, out);
    size_t n = 0;
    if (!is_key && rest->n && (*rest->p == '[' || *rest->p == '{')) {
        n = bracketed(rest->p, rest->n);
        if (n == 0)
            return false;
    } else
        while (n < rest->n && !isspace((unsigned char)rest->p[n]) && !(is_key && rest->p[n] == '='))
            n++;
    skd_string_add_bytes(out, rest->p, n);
    advance(rest, n);
    return true;
}

/* Next key and value of the line; a key alone is a flag, true. */
static skd_status take_pair(xyz *x, skd_span *rest, skd_error *err) {
    char found[40];
    skd_span start = *rest;
    bool closed = take_word(rest, true, &x->key);
    skd_span after = *rest;
    skip_blanks(&after);
    if (closed && after.n && *after.p == '=') {
        advance(&after, 1);
        skip_blanks(&after);
        closed = take_word(&after, false, &x->value);
        *rest = after;
    } else {
        clear(&x->value);
        skd_string_add(&x->value, "T");
    }
    if (!closed)
        return skd_text_fail(&x->text, err, "a quote or bracket is opened and not closed at '%s'",
                             skd_span_copy(start, found, sizeof found));
    if (x->key.failed || x->value.failed)
        return out_of_memory(x, err);
    if (x->key.n == 0)
        return skd_text_fail(&x->text, err, "expected a key; found '%s'", skd_span_copy(start, found, sizeof found));
    return SKD_OK;
}

/* ---- keys we understand ------------------------------------------------------------------- */

/* Numbers separated by blanks, commas and brackets; returns how many, at most size; size+1 if there
 * are more or one is not a finite number. */
static size_t numbers_of(skd_string *value, double *out, size_t size) {
    for (size_t i = 0; i < value->n; i++)
        if (strchr("[]{},\n", value->text[i]))
            value->text[i] = ' ';
    skd_span rest = {text_of(value), value->n}, word;
    size_t n = 0;
    for (; skd_span_word(&rest, &word); n++)
        if (n >= size || !skd_span_real(word, &out[n]))
            return size + 1;
    return n;
}

static skd_status key_lattice(xyz *x, skd_error *err) {
    if (numbers_of(&x->value, &x->frame->cell->lattice[0][0], 9) != 9)
        return skd_text_fail(&x->text, err, "expected Lattice=\"...\" with 9 finite numbers; found '%.60s'",
                             text_of(&x->value));
    x->has_lattice = true;
    return SKD_OK;
}

static skd_status key_pbc(xyz *x, skd_error *err) {
    size_t n = 0;
    bool good = true;
    for (size_t i = 0; i < x->value.n; i++)
        if (strchr("[],\"'", x->value.text[i]))
            x->value.text[i] = ' ';
    skd_span rest = {text_of(&x->value), x->value.n}, word;
    for (; good && skd_span_word(&rest, &word); n++) {
        good = n < 3 && strchr("TtFf10", *word.p);
        if (good)
            x->frame->cell->pbc[n] = strchr("Tt1", *word.p) != NULL;
    }
    if (!good || n != 3)
        return skd_text_fail(&x->text, err, "expected pbc=\"T T T\", three of T and F; found '%.60s'",
                             text_of(&x->value));
    x->has_pbc = true;
    return SKD_OK;
}

static skd_status key_properties(xyz *x, skd_error *err) {
    clear(&x->properties);
    skd_string_add_bytes(&x->properties, text_of(&x->value), x->value.n);
    return x->properties.failed ? out_of_memory(x, err) : SKD_OK;
}

static skd_status key_comment(xyz *x, skd_error *err) {
    skd_free(x->frame->comment);
    x->frame->comment = skd_strdup(text_of(&x->value));
    return x->frame->comment ? SKD_OK : out_of_memory(x, err);
}

static skd_status read_energy(xyz *x, double *out, skd_error *err) {
    if (numbers_of(&x->value, out, 1) != 1)
        return skd_text_fail(&x->text, err, "expected an energy, a finite number; found '%.60s'", text_of(&x->value));
    return SKD_OK;
}

static skd_status key_energy(xyz *x, skd_error *err) {
    x->frame->has_energy = true;
    return read_energy(x, &x->frame->energy, err);
}

static skd_status key_free_energy(xyz *x, skd_error *err) {
    x->has_free_energy = true;
    return read_energy(x, &x->free_energy, err);
}

static skd_status read_tensor(xyz *x, double out[3][3], skd_error *err) {
    static const int voigt[3][3] = {{0, 5, 4}, {5, 1, 3}, {4, 3, 2}};
    double v[9];
    size_t n = numbers_of(&x->value, v, 9);
    if (n != 9 && n != 6)
        return skd_text_fail(&x->text, err, "expected %.20s=\"...\" with 9 or 6 finite numbers; found '%.60s'",
                             text_of(&x->key), text_of(&x->value));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[i][k] = n == 9 ? v[3 * i + k] : v[voigt[i][k]];
    return SKD_OK;
}

static skd_status key_stress(xyz *x, skd_error *err) {
    x->frame->has_stress = true;
    return read_tensor(x, x->frame->stress, err);
}

static skd_status key_virial(xyz *x, skd_error *err) {
    x->has_virial = true;
    return read_tensor(x, x->virial, err);
}

/* is_kept: also stays among the frame's info (the frame has no field for it). any_case: an oversight in
 * the case would silently lose the cell. */
static const struct known_key {
    const char *name;
    bool is_kept, any_case;
    skd_status (*take)(xyz *x, skd_error *err);
} known_keys[] = {
    {"Lattice", false, true, key_lattice},  {"Properties", false, true, key_properties},
    {"pbc", false, true, key_pbc},          {"comment", false, false, key_comment},
    {"energy", false, false, key_energy},   {"free_energy", true, false, key_free_energy},
    {"stress", false, false, key_stress},   {"virial", true, false, key_virial},
};

static const struct known_key *known_key_of(const char *key) {
    for (size_t k = 0; k < sizeof known_keys / sizeof *known_keys; k++)
        if ((known_keys[k].any_case ? strcasecmp : strcmp)(key, known_keys[k].name) == 0)
            return &known_keys[k];
    return NULL;
}

static skd_status take_key(xyz *x, skd_error *err) {
    const struct known_key *known = known_key_of(text_of(&x->key));
    if (!known || known->is_kept) {
        if (x->frame->n_info >= INFO_MAX)
            return skd_text_fail(&x->text, err, "expected at most %d keys; found more", INFO_MAX);
        skd_status status = skd_frame_set_info(x->frame, text_of(&x->key), text_of(&x->value), err);
        if (status != SKD_OK)
            return status;
    }
    return known ? known->take(x, err) : SKD_OK;
}

/* What follows from the keys together. */
static skd_status settle_keys(xyz *x, skd_error *err) {
    skd_frame *frame = x->frame;
    skd_cell *cell = frame->cell;
    if (!x->has_pbc)
        cell->pbc[0] = cell->pbc[1] = cell->pbc[2] = x->has_lattice;
    if (!x->has_lattice && (cell->pbc[0] || cell->pbc[1] || cell->pbc[2]))
        return skd_text_fail(&x->text, err, "pbc says periodic; expected Lattice=\"...\" too, found none");
    if (!frame->has_energy && x->has_free_energy) {
        frame->has_energy = true;
        frame->energy = x->free_energy;
    }
    double volume = skd_cell_volume(cell);
    if (!frame->has_stress && x->has_virial && volume > 1e-6) {
        frame->has_stress = true;
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++)
                frame->stress[i][k] = -x->virial[i][k] / volume;
    }
    return SKD_OK;
}

static bool contains_word(skd_span line, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= line.n; i++)
        if (strncasecmp(line.p + i, word, n) == 0)
            return true;
    return false;
}

static skd_status read_comment(xyz *x, skd_error *err) {
    skd_span line;
    if (!skd_text_line(&x->text, &line))
        return skd_text_fail(&x->text, err, "expected the comment line of frame %zu; found the end of the file",
                             x->frame_number);
    x->is_extended = contains_word(line, "lattice=") || contains_word(line, "properties=") ||
                     contains_word(line, "lattice =") || contains_word(line, "properties =");
    if (!x->is_extended) {
        x->frame->comment = skd_span_dup(line);
        x->frame->cell->pbc[0] = x->frame->cell->pbc[1] = x->frame->cell->pbc[2] = false;
        return x->frame->comment ? SKD_OK : out_of_memory(x, err);
    }
    for (skip_blanks(&line); line.n; skip_blanks(&line)) {
        skd_status status = take_pair(x, &line, err);
        if (status == SKD_OK)
            status = take_key(x, err);
        if (status != SKD_OK)
            return status;
    }
    return settle_keys(x, err);
}

/* ---- columns ------------------------------------------------------------------------------ */

static bool take_field(skd_span *rest, skd_span *field) {
    if (!rest->p)
        return false;
    const char *colon = memchr(rest->p, ':', rest->n);
    *field = (skd_span){rest->p, colon ? (size_t)(colon - rest->p) : rest->n};
    *rest = colon ? (skd_span){colon + 1, rest->n - field->n - 1} : (skd_span){NULL, 0};
    return true;
}

static bool same_span(skd_span a, skd_span b) { return a.n == b.n && memcmp(a.p, b.p, a.n) == 0; }

static bool has_role(const xyz *x, role r) {
    for (size_t c = 0; c < x->n_columns; c++)
        if (x->column[c].role == r)
            return true;
    return false;
}

static skd_status add_layout(xyz *x, layout column, skd_error *err) {
    char name[64];
    skd_span_copy(column.name, name, sizeof name);
    for (size_t c = 0; c < x->n_columns; c++)
        if (same_span(x->column[c].name, column.name))
            return skd_text_fail(&x->text, err, "Properties name the column '%s' twice", name);
    for (size_t k = 0; k < sizeof known_columns / sizeof *known_columns; k++)
        if (skd_span_is(column.name, known_columns[k].name) && column.type == known_columns[k].type &&
            column.width == known_columns[k].width && !has_role(x, known_columns[k].role))
            column.role = known_columns[k].role;
    if (x->n_columns == COLUMN_MAX)
        return skd_text_fail(&x->text, err, "expected at most %d columns in Properties; found more", COLUMN_MAX);
    x->column[x->n_columns++] = column;
    return SKD_OK;
}

static skd_status read_properties(xyz *x, skd_error *err) {
    skd_span rest = {text_of(&x->properties), x->properties.n}, name, type, width;
    char found[40];
    long w;
    while (take_field(&rest, &name)) {
        bool good = name.n > 0 && name.n < 64 && take_field(&rest, &type) && type.n == 1 && strchr("SRIL", *type.p) &&
                    take_field(&rest, &width) && skd_span_int(width, &w) && w >= 1 && w <= WIDTH_MAX;
        if (!good)
            return skd_text_fail(&x->text, err,
                                 "expected Properties=name:type:width:..., type S, R, I or L; found '%s'",
                                 skd_span_copy(name, found, sizeof found));
        skd_status status = add_layout(x, (layout){name, *type.p, (size_t)w, ROLE_EXTRA}, err);
        if (status != SKD_OK)
            return status;
    }
    if (!has_role(x, ROLE_POS) || (!has_role(x, ROLE_SPECIES) && !has_role(x, ROLE_NUMBER)))
        return skd_text_fail(&x->text, err, "expected species:S:1 and pos:R:3 in Properties; found '%.80s'",
                             text_of(&x->properties));
    return SKD_OK;
}

/* Which columns there are; Z is a column like any other where species are given too. */
static skd_status read_layout(xyz *x, skd_error *err) {
    static const char fallback[] = "species:S:1:pos:R:3";
    x->n_columns = 0;
    if (x->properties.n == 0) {
        skd_string_add_bytes(&x->properties, fallback, sizeof fallback - 1);
        if (x->properties.failed)
            return out_of_memory(x, err);
    }
    skd_status status = read_properties(x, err);
    for (size_t c = 0; status == SKD_OK && c < x->n_columns; c++)
        if (x->column[c].role == ROLE_NUMBER && has_role(x, ROLE_SPECIES))
            x->column[c].role = ROLE_EXTRA;
    return status;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* A number of atoms must fit the text left: each value takes a byte and a separator. */
static skd_status check_room(const xyz *x, size_t claimed, size_t values, skd_error *err) {
    size_t room = (size_t)(x->text.end - x->text.p + 1) / (2 * values);
    if (claimed <= room)
        return SKD_OK;
    return skd_text_fail(&x->text, err, "%zu atoms claimed; the rest of the file has room for at most %zu", claimed,
                         room);
}

static skd_status make_arrays(xyz *x, skd_error *err) {
    skd_frame *frame = x->frame;
    skd_cell *cell = frame->cell;
    cell->n = x->n;
    skd_free(cell->species);
    skd_free(cell->pos);
    cell->species = skd_alloc(x->n, sizeof *cell->species);
    cell->pos = skd_alloc(x->n, sizeof *cell->pos);
    if (has_role(x, ROLE_FORCE))
        frame->force = skd_alloc(x->n, sizeof *frame->force);
    if (has_role(x, ROLE_VELOCITY))
        frame->velocity = skd_alloc(x->n, sizeof *frame->velocity);
    if (!cell->species || !cell->pos || (has_role(x, ROLE_FORCE) && !frame->force) ||
        (has_role(x, ROLE_VELOCITY) && !frame->velocity))
        return out_of_memory(x, err);
    for (size_t c = 0; c < x->n_columns; c++) {
        skd_column *made;
        const layout *l = &x->column[c];
        skd_status status =
            l->role == ROLE_EXTRA ? skd_frame_add_column(frame, l->name, l->type, l->width, &made, err) : SKD_OK;
        if (status != SKD_OK)
            return status;
    }
    return SKD_OK;
}

static skd_status read_species(xyz *x, skd_span word, size_t i, skd_error *err) {
    long number;
    char found[40];
    int z = skd_word_element(word);
    if (z == 0 && skd_span_int(word, &number) && number >= 1 && number <= SKD_ELEMENT_MAX)
        z = (int)number;
    if (z == 0)
        return skd_text_fail(&x->text, err, "expected the element of atom %zu; found '%s'", i + 1,
                             skd_span_copy(word, found, sizeof found));
    x->frame->cell->species[i] = z;
    return SKD_OK;
}

static skd_status read_logical(xyz *x, skd_span word, double *out, skd_error *err) {
    static const char *const words[] = {"F", "T", "False", "True", "false", "true", "FALSE", "TRUE", "0", "1"};
    char found[40];
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (skd_span_is(word, words[k])) {
            *out = (double)(k % 2);
            return SKD_OK;
        }
    return skd_text_fail(&x->text, err, "expected T or F; found '%s'", skd_span_copy(word, found, sizeof found));
}

static skd_status read_extra(xyz *x, skd_span *line, skd_column *column, size_t cell, skd_error *err) {
    skd_span word;
    long integer = 0;
    skd_status status;
    if (column->type == 'R')
        return skd_text_real(&x->text, line, column->name, &column->real[cell], err);
    if (column->type == 'I') {
        status = skd_text_int(&x->text, line, column->name, -EXACT_MAX, EXACT_MAX, &integer, err);
        column->real[cell] = (double)integer;
        return status;
    }
    if (!skd_span_word(line, &word))
        return skd_text_fail(&x->text, err, "expected a value of column '%s'; found the end of the line", column->name);
    if (column->type == 'L')
        return read_logical(x, word, &column->real[cell], err);
    column->text[cell] = skd_span_dup(word);
    return column->text[cell] ? SKD_OK : out_of_memory(x, err);
}

static skd_status read_vector(xyz *x, skd_span *line, const char *what, double out[3], skd_error *err) {
    skd_status status = SKD_OK;
    for (int k = 0; status == SKD_OK && k < 3; k++)
        status = skd_text_real(&x->text, line, what, &out[k], err);
    return status;
}

static skd_status read_cell_of_row(xyz *x, skd_span *line, const layout *l, size_t i, size_t *extra, skd_error *err) {
    skd_span word;
    char what[64];
    skd_frame *frame = x->frame;
    snprintf(what, sizeof what, "the position of atom %zu", i + 1);
    switch (l->role) {
    case ROLE_SPECIES:
    case ROLE_NUMBER:
        skd_span_word(line, &word);
        return read_species(x, word, i, err);
    case ROLE_POS: return read_vector(x, line, what, frame->cell->pos[i], err);
    case ROLE_FORCE: return read_vector(x, line, "a force", frame->force[i], err);
    case ROLE_VELOCITY: return read_vector(x, line, "a velocity", frame->velocity[i], err);
    case ROLE_EXTRA: break;
    }
    skd_column *column = &frame->column[(*extra)++];
    skd_status status = SKD_OK;
    for (size_t k = 0; status == SKD_OK && k < column->width; k++)
        status = read_extra(x, line, column, i * column->width + k, err);
    return status;
}

static skd_status read_row(xyz *x, size_t i, skd_error *err) {
    skd_span line, word;
    size_t extra = 0;
    char found[40];
    if (!skd_text_line(&x->text, &line))
        return skd_text_fail(&x->text, err, "expected atom %zu of %zu in frame %zu; found the end of the file", i + 1,
                             x->n, x->frame_number);
    for (size_t c = 0; c < x->n_columns; c++) {
        skd_status status = read_cell_of_row(x, &line, &x->column[c], i, &extra, err);
        if (status != SKD_OK)
            return status;
    }
    if (x->is_extended && skd_span_word(&line, &word))
        return skd_text_fail(&x->text, err, "expected the end of the line, as Properties say; found '%s'",
                             skd_span_copy(word, found, sizeof found));
    return SKD_OK;
}

static skd_status read_frame(xyz *x, skd_error *err) {
    skd_cell *cell;
    skd_status status = skd_cell_new(&cell, 0, err);
    if (status == SKD_OK)
        status = skd_frame_new(&x->frame, cell, err);
    if (status == SKD_OK)
        status = read_comment(x, err);
    if (status == SKD_OK)
        status = read_layout(x, err);
    size_t values = 0;
    for (size_t c = 0; c < x->n_columns; c++)
        values += x->column[c].width;
    if (status == SKD_OK)
        status = check_room(x, x->n, values, err);
    if (status == SKD_OK)
        status = make_arrays(x, err);
    for (size_t i = 0; status == SKD_OK && i < x->n; i++)
        status = read_row(x, i, err);
    if (status != SKD_OK)
        return status;
    char where[300];
    snprintf(where, sizeof where, x->frame_number > 1 ? "%.250s: frame %zu" : "%.250s", x->text.name, x->frame_number);
    return skd_frame_check(x->frame, where, err);
}

/* Number of atoms of the next frame; false in *more at the end of the file. */
static skd_status read_count(xyz *x, bool *more, skd_error *err) {
    skd_span line, ahead, word;
    long n;
    do {
        *more = skd_text_line(&x->text, &line);
        ahead = line;
    } while (*more && !skd_span_word(&ahead, &word));
    if (!*more)
        return SKD_OK;
    char what[64];
    snprintf(what, sizeof what, "the number of atoms of frame %zu", x->frame_number);
    skd_status status = skd_text_int(&x->text, &line, what, 1, 1000000000000, &n, err);
    if (status == SKD_OK && skd_span_word(&line, &word))
        return skd_text_fail(&x->text, err, "expected %s alone on its line; found more", what);
    x->n = status == SKD_OK ? (size_t)n : 0;
    return status == SKD_OK ? check_room(x, x->n, 4, err) : status;
}

/* Forgets the last frame, keeps the scratch. */
static void begin_frame(xyz *x) {
    xyz fresh = {.text = x->text, .frame_number = x->frame_number + 1, .key = x->key, .value = x->value,
                 .properties = x->properties};
    *x = fresh;
    clear(&x->properties);
}

skd_status skd_xyz_parse(skd_frames *out, const char *name, const char *text, size_t length, size_t line,
                         size_t frame_number, skd_error *err) {
    skd_status status = skd_text_check(name, text, length, err);
    if (status != SKD_OK)
        return status;
    xyz x = {.text = skd_text_of(name, text, length), .frame_number = frame_number};
    x.text.line = line;
    bool more = true;
    while (status == SKD_OK) {
        begin_frame(&x);
        status = read_count(&x, &more, err);
        if (status != SKD_OK || !more)
            break;
        status = read_frame(&x, err);
        if (status == SKD_OK)
            status = skd_frames_add(out, x.frame, err);
        else
            skd_frame_free(x.frame);
    }
    if (status == SKD_OK && x.frame_number == frame_number + 1)
        status = skd_text_fail(&x.text, err, "expected a number of atoms; found only blank lines");
    skd_string_free(&x.key);
    skd_string_free(&x.value);
    skd_string_free(&x.properties);
    return status;
}

static skd_status parse(skd_frames *out, const char *name, const char *text, size_t length, skd_error *err) {
    return skd_xyz_parse(out, name, text, length, 0, 0, err);
}

/* ---- writing ------------------------------------------------------------------------------ */

/* Can the text stand without quotes and be read back the same? */
static bool is_plain(const char *text, bool is_key) {
    size_t n = strlen(text);
    if (n == 0 || (!is_key && (*text == '[' || *text == '{')))
        return n > 0 && bracketed(text, n) == n && !strpbrk(text, "\"'\\\n\r");
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (isspace(*p) || strchr("\"'\\=,", *p))
            return false;
    return true;
}

static void print_text(skd_string *out, const char *text, bool is_key) {
    if (is_plain(text, is_key)) {
        skd_string_add_bytes(out, text, strlen(text));
        return;
    }
    skd_string_add_bytes(out, "\"", 1);
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            skd_string_add_bytes(out, "\\", 1);
        if (*p == '\n' || *p == '\r')
            skd_string_add_bytes(out, "\\n", 2);
        else
            skd_string_add_bytes(out, p, 1);
    }
    skd_string_add_bytes(out, "\"", 1);
}

static void print_tensor(skd_string *out, const char *key, const double m[3][3]) {
    skd_string_add(out, "%s=\"", key);
    for (int k = 0; k < 9; k++) {
        if (k)
            skd_string_add_bytes(out, " ", 1);
        skd_string_add_real(out, m[k / 3][k % 3]);
    }
    skd_string_add_bytes(out, "\" ", 2);
}

static skd_status print_properties(skd_string *out, const skd_frame *frame, skd_error *err) {
    skd_string text = {0};
    skd_string_add(&text, "species:S:1:pos:R:3%s%s", frame->force ? ":forces:R:3" : "",
                   frame->velocity ? ":velo:R:3" : "");
    for (size_t c = 0; c < frame->n_column; c++)
        skd_string_add(&text, ":%s:%c:%zu", frame->column[c].name, frame->column[c].type, frame->column[c].width);
    skd_status status = text.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for an XYZ comment line") : SKD_OK;
    if (status == SKD_OK) {
        skd_string_add(out, "Properties=");
        print_text(out, text.text, false);
        skd_string_add(out, " ");
    }
    skd_string_free(&text);
    return status;
}

static bool has_lattice(const skd_cell *cell) {
    for (int k = 0; k < 9; k++)
        if (cell->lattice[k / 3][k % 3] != 0.0)
            return true;
    return false;
}

static skd_status print_comment(skd_string *out, const skd_frame *frame, skd_error *err) {
    const bool *pbc = frame->cell->pbc;
    if (has_lattice(frame->cell))
        print_tensor(out, "Lattice", frame->cell->lattice);
    skd_status status = print_properties(out, frame, err);
    if (frame->comment) {
        skd_string_add(out, "comment=");
        print_text(out, frame->comment, false);
        skd_string_add(out, " ");
    }
    if (frame->has_energy) {
        skd_string_add(out, "energy=");
        skd_string_add_real(out, frame->energy);
        skd_string_add(out, " ");
    }
    if (frame->has_stress)
        print_tensor(out, "stress", frame->stress);
    for (size_t k = 0; k < frame->n_info; k++) {
        const struct known_key *known = known_key_of(frame->info[k].key);
        if (known && !known->is_kept)
            continue; /* the frame's own field has been written */
        print_text(out, frame->info[k].key, true);
        skd_string_add(out, "=");
        print_text(out, frame->info[k].value, false);
        skd_string_add(out, " ");
    }
    skd_string_add(out, "pbc=\"%c %c %c\"\n", pbc[0] ? 'T' : 'F', pbc[1] ? 'T' : 'F', pbc[2] ? 'T' : 'F');
    return status;
}

static void print_vector(skd_string *out, const double v[3]) {
    for (int k = 0; k < 3; k++) {
        skd_string_add_bytes(out, " ", 1);
        skd_string_add_real(out, v[k]);
    }
}

static void print_column(skd_string *out, const skd_column *column, size_t cell) {
    skd_string_add_bytes(out, " ", 1);
    if (column->type == 'R')
        skd_string_add_real(out, column->real[cell]);
    else if (column->type == 'I')
        skd_string_add(out, "%.0f", column->real[cell]);
    else if (column->type == 'L')
        skd_string_add_bytes(out, column->real[cell] != 0.0 ? "T" : "F", 1);
    else
        skd_string_add(out, "%s", column->text[cell] && *column->text[cell] ? column->text[cell] : "_");
}

static skd_status print_frame(skd_string *out, const skd_frame *frame, skd_error *err) {
    const skd_cell *cell = frame->cell;
    skd_string_add(out, "%zu\n", cell->n);
    skd_status status = print_comment(out, frame, err);
    for (size_t i = 0; i < cell->n; i++) {
        skd_string_add(out, "%s", skd_element_of(cell->species[i])->symbol);
        print_vector(out, cell->pos[i]);
        if (frame->force)
            print_vector(out, frame->force[i]);
        if (frame->velocity)
            print_vector(out, frame->velocity[i]);
        for (size_t c = 0; c < frame->n_column; c++)
            for (size_t k = 0; k < frame->column[c].width; k++)
                print_column(out, &frame->column[c], i * frame->column[c].width + k);
        skd_string_add_bytes(out, "\n", 1);
    }
    return status;
}

static skd_status print(skd_string *out, const skd_frames *frames, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < frames->n; i++)
        status = print_frame(out, frames->frame[i], err);
    if (status == SKD_OK && out->failed)
        return skd_fail(err, SKD_ENOMEM, "out of memory for an XYZ of %zu frames", frames->n);
    return status;
}

/* ---- recognition -------------------------------------------------------------------------- */

static bool matches_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".xyz") == 0 || strcasecmp(dot, ".extxyz") == 0);
}

static bool matches_text(const char *text, size_t length) {
    skd_text t = skd_text_of("", text, length);
    skd_span line, word;
    long n;
    double value;
    bool matches = skd_text_line(&t, &line) && skd_span_word(&line, &word) && skd_span_int(word, &n) &&
                   !skd_span_word(&line, &word) && skd_text_line(&t, &line) && skd_text_line(&t, &line) &&
                   skd_span_word(&line, &word);
    for (int k = 0; matches && k < 3; k++)
        matches = skd_span_word(&line, &word) && skd_span_real(word, &value);
    return matches;
}

const skd_format skd_format_xyz = {
    .name = "xyz",
    .summary = "plain and extended XYZ, many frames, energies, forces, any columns",
    .matches_name = matches_name,
    .matches_text = matches_text,
    .parse = parse,
    .print = print,
};
