/* SPDX-License-Identifier: MIT */
/* template.c - fills the small texts of data/templates (or the user's) with one structure and charge.
 *
 *   @name@          replaced: a name of the table below; any other @word@ is refused, a lone @ is text
 *   @each WHAT      these three stand alone on a line and enclose lines that are repeated for every
 *   @if WHAT        lattice vector, species or atom, or that appear only if something holds;
 *   @end            blocks do not nest
 *   @# ...          a remark, dropped
 *   \               at the end of a line: the next one continues it
 * Everything a template can need of a structure is a row of `words` or of `blocks`. */
#include "shakedown/data.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef enum scope { SCOPE_ANY, SCOPE_LATTICE, SCOPE_SPECIES, SCOPE_ATOM } scope;

/* What the words say of the structure. */
typedef struct facts {
    const skd_input *in;
    double inverse[3][3];
    size_t n_species;
    int species[SKD_ELEMENT_MAX + 1];   /* [n_species] by first appearance  */
    size_t kind[SKD_ELEMENT_MAX + 1];   /* [z] 1-based place in species     */
    size_t count[SKD_ELEMENT_MAX + 1];  /* [z] atoms                        */
} facts;

/* ---- the words --------------------------------------------------------------------------- */

/* Unpaired electrons of the lowest spin: 0 or 1. Closed cores do not matter, so that atomic numbers do;
 * but VASP's potentials X_3 (3 valence electrons and closed shells) hold open f shells in the core. */
static int unpaired(const facts *f) {
    long electrons = -f->in->charge;
    if (f->in->valence > 0.0)
        return (int)labs((lround(f->in->valence) - f->in->charge) % 2);
    for (size_t i = 0; i < f->n_species; i++) {
        int z = f->species[i];
        const char *file = f->in->pseudo ? f->in->pseudo[z] : NULL;
        size_t n = file ? strlen(file) : 0;
        bool f_in_core = n > 2 && (strcmp(file + n - 2, "_3") == 0 || strcmp(file + n - 2, "_2") == 0);
        electrons += (f_in_core ? file[n - 1] - '0' : z) * (long)f->count[z];
    }
    return (int)labs(electrons % 2);
}

/* VASP mixes the one-centre occupancies up to twice the highest l (pymatgen's rule); 0: its default. */
static int lmaxmix(const facts *f) {
    int heaviest = 0;
    for (size_t i = 0; i < f->n_species; i++)
        heaviest = f->species[i] > heaviest ? f->species[i] : heaviest;
    return heaviest > 56 ? 6 : heaviest > 20 ? 4 : 0;
}

static void say_title(skd_string *out, const facts *f, size_t i) {
    (void)i;
    for (const char *p = f->in->title ? f->in->title : ""; *p; p++)
        skd_string_add(out, "%c", iscntrl((unsigned char)*p) || *p == '\'' || *p == '"' ? ' ' : *p);
}

static void say_charge(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%d", f->in->charge);
}

static void say_unpaired(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%d", unpaired(f));
}

static void say_multiplicity(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%d", unpaired(f) + 1);
}

static void say_nelect(skd_string *out, const facts *f, size_t i) {
    (void)i;
    if (f->in->valence > 0.0)
        skd_string_add(out, "%.10g", f->in->valence - f->in->charge);
    else
        skd_string_add(out, "missing  # sum of ZVAL in the POTCAR %c %d", f->in->charge > 0 ? '-' : '+',
                       f->in->charge > 0 ? f->in->charge : -f->in->charge);
}

static void say_lmaxmix(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%d", lmaxmix(f));
}

static void say_natoms(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%zu", f->in->cell->n);
}

static void say_nspecies(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%zu", f->n_species);
}

static void say_pseudo_dir(skd_string *out, const facts *f, size_t i) {
    (void)i;
    skd_string_add(out, "%s", f->in->pseudo_dir ? f->in->pseudo_dir : ".");
}

/* A truncated Coulomb operator must end within half the cell; 6 Å holds the exchange of a semiconductor. */
static void say_exchange_radius(skd_string *out, const facts *f, size_t i) {
    (void)i;
    double height[3], least = 6.0 / 0.49;
    skd_cell_heights(f->in->cell->lattice, height);
    for (int k = 0; k < 3; k++)
        least = fmin(least, height[k]);
    skd_string_add(out, "%.2f", floor(49.0 * least + 1e-9) / 100.0);
}

static void say_vector(skd_string *out, double x) { skd_string_add(out, "%16.10f", fabs(x) < 5e-11 ? 0.0 : x); }
static void say_lattice_x(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->lattice[i][0]); }
static void say_lattice_y(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->lattice[i][1]); }
static void say_lattice_z(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->lattice[i][2]); }
static void say_x(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->pos[i][0]); }
static void say_y(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->pos[i][1]); }
static void say_z(skd_string *out, const facts *f, size_t i) { say_vector(out, f->in->cell->pos[i][2]); }

static void say_fraction(skd_string *out, const facts *f, size_t i, int k) {
    double frac[3];
    skd_to_frac(f->inverse, f->in->cell->pos[i], frac);
    say_vector(out, frac[k]);
}
static void say_u(skd_string *out, const facts *f, size_t i) { say_fraction(out, f, i, 0); }
static void say_v(skd_string *out, const facts *f, size_t i) { say_fraction(out, f, i, 1); }
static void say_w(skd_string *out, const facts *f, size_t i) { say_fraction(out, f, i, 2); }

static void say_symbol_of(skd_string *out, int z) { skd_string_add(out, "%s", skd_element_of(z)->symbol); }
static void say_symbol(skd_string *out, const facts *f, size_t i) { say_symbol_of(out, f->species[i]); }
static void say_atom_symbol(skd_string *out, const facts *f, size_t i) { say_symbol_of(out, f->in->cell->species[i]); }
static void say_number(skd_string *out, const facts *f, size_t i) { skd_string_add(out, "%d", f->species[i]); }
static void say_number2(skd_string *out, const facts *f, size_t i) { skd_string_add(out, "%02d", f->species[i]); }
static void say_kind(skd_string *out, const facts *f, size_t i) { (void)f, skd_string_add(out, "%zu", i + 1); }

static void say_count(skd_string *out, const facts *f, size_t i) {
    skd_string_add(out, "%zu", f->count[f->species[i]]);
}

static void say_comma(skd_string *out, const facts *f, size_t i) {
    skd_string_add(out, "%s", i + 1 < f->n_species ? ", " : "");
}

static void say_atom_kind(skd_string *out, const facts *f, size_t i) {
    skd_string_add(out, "%zu", f->kind[f->in->cell->species[i]]);
}

static void say_mass(skd_string *out, const facts *f, size_t i) {
    skd_string_add(out, "%.6g", skd_element_of(f->species[i])->mass);
}

static void say_pseudo(skd_string *out, const facts *f, size_t i) {
    const char *file = f->in->pseudo ? f->in->pseudo[f->species[i]] : NULL;
    skd_string_add(out, "%s", file ? file : skd_element_of(f->species[i])->symbol);
}

static const struct word {
    const char *name;
    scope where;
    void (*say)(skd_string *out, const facts *f, size_t i);
} words[] = {
    {"title", SCOPE_ANY, say_title},
    {"charge", SCOPE_ANY, say_charge},
    {"unpaired", SCOPE_ANY, say_unpaired},
    {"multiplicity", SCOPE_ANY, say_multiplicity},
    {"nelect", SCOPE_ANY, say_nelect},
    {"lmaxmix", SCOPE_ANY, say_lmaxmix},
    {"natoms", SCOPE_ANY, say_natoms},
    {"nspecies", SCOPE_ANY, say_nspecies},
    {"pseudo_dir", SCOPE_ANY, say_pseudo_dir},
    {"exchange_radius", SCOPE_ANY, say_exchange_radius},
    {"x", SCOPE_LATTICE, say_lattice_x},
    {"y", SCOPE_LATTICE, say_lattice_y},
    {"z", SCOPE_LATTICE, say_lattice_z},
    {"symbol", SCOPE_SPECIES, say_symbol},
    {"number", SCOPE_SPECIES, say_number},
    {"number2", SCOPE_SPECIES, say_number2}, /* in two digits */
    {"mass", SCOPE_SPECIES, say_mass},
    {"count", SCOPE_SPECIES, say_count},
    {"kind", SCOPE_SPECIES, say_kind},
    {"pseudo", SCOPE_SPECIES, say_pseudo},
    {"comma", SCOPE_SPECIES, say_comma}, /* not after the last */
    {"symbol", SCOPE_ATOM, say_atom_symbol},
    {"kind", SCOPE_ATOM, say_atom_kind},
    {"x", SCOPE_ATOM, say_x},
    {"y", SCOPE_ATOM, say_y},
    {"z", SCOPE_ATOM, say_z},
    {"u", SCOPE_ATOM, say_u},
    {"v", SCOPE_ATOM, say_v},
    {"w", SCOPE_ATOM, say_w},
};

/* ---- the blocks -------------------------------------------------------------------------- */

static size_t three(const facts *f) { return (void)f, 3; }
static size_t all_species(const facts *f) { return f->n_species; }
static size_t all_atoms(const facts *f) { return f->in->cell->n; }
static size_t if_charged(const facts *f) { return f->in->charge != 0; }
static size_t if_d_or_f(const facts *f) { return lmaxmix(f) > 0; }

static const struct block {
    const char *line;
    scope where;
    size_t (*repeats)(const facts *f);
} blocks[] = {
    {"@each lattice", SCOPE_LATTICE, three},
    {"@each species", SCOPE_SPECIES, all_species},
    {"@each atom", SCOPE_ATOM, all_atoms},
    {"@if charged", SCOPE_ANY, if_charged},
    {"@if d_or_f", SCOPE_ANY, if_d_or_f},
};

/* ---- filling ----------------------------------------------------------------------------- */

typedef struct filler {
    const facts *facts;
    const struct block *block; /* the one we are in, or NULL       */
    size_t index;              /* of its repetition                */
    bool mute;                 /* its lines are checked, not said  */
    skd_string *out;
} filler;

static const struct word *word_named(skd_span name, scope where) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((words[i].where == SCOPE_ANY || words[i].where == where) && skd_span_is(name, words[i].name))
            return &words[i];
    return NULL;
}

/* The name of "@name@..." at p; empty if it is not one. */
static skd_span name_at(const char *p, const char *end) {
    const char *q = p + 1;
    while (q < end && (islower((unsigned char)*q) || isdigit((unsigned char)*q) || *q == '_'))
        q++;
    return (skd_span){p + 1, q < end && *q == '@' ? (size_t)(q - p - 1) : 0};
}

static skd_status fill_line(filler *f, const skd_text *t, skd_span line, skd_error *err) {
    const char *p = line.p, *end = line.p + line.n;
    bool joined = p < end && end[-1] == '\\';
    end -= joined;
    while (p < end) {
        skd_span name = *p == '@' ? name_at(p, end) : (skd_span){p, 0};
        if (name.n == 0) {
            const char *at = memchr(p + 1, '@', (size_t)(end - p) - 1);
            size_t n = at ? (size_t)(at - p) : (size_t)(end - p);
            if (!f->mute)
                skd_string_add_bytes(f->out, p, n);
            p += n;
            continue;
        }
        const struct word *word = word_named(name, f->block ? f->block->where : SCOPE_ANY);
        char found[40];
        if (!word)
            return skd_text_fail(t, err, "no placeholder '@%s@' %s", skd_span_copy(name, found, sizeof found),
                                 f->block ? "in this block" : "outside a block");
        if (!f->mute)
            word->say(f->out, f->facts, f->index);
        p = name.p + name.n + 1;
    }
    if (!joined && !f->mute)
        skd_string_add_bytes(f->out, "\n", 1);
    return SKD_OK;
}

static skd_span trimmed(skd_span line) {
    while (line.n > 0 && isspace((unsigned char)line.p[0]))
        line.p++, line.n--;
    while (line.n > 0 && isspace((unsigned char)line.p[line.n - 1]))
        line.n--;
    return line;
}

static bool begins(skd_span line, const char *with) {
    size_t n = strlen(with);
    return line.n >= n && memcmp(line.p, with, n) == 0;
}

/* Fills up to "@end". */
static skd_status fill_block(filler *f, skd_text *t, skd_error *err) {
    size_t first = t->line;
    skd_span line;
    while (skd_text_line(t, &line)) {
        skd_span word = trimmed(line);
        if (skd_span_is(word, "@end"))
            return SKD_OK;
        if (begins(word, "@each ") || begins(word, "@if "))
            return skd_text_fail(t, err, "a block within the block of line %zu; blocks do not nest", first);
        skd_status status = begins(word, "@#") ? SKD_OK : fill_line(f, t, line, err);
        if (status != SKD_OK)
            return status;
    }
    return skd_text_fail(t, err, "the block of line %zu has no '@end'", first);
}

static skd_status fill_repeated(filler *f, skd_text *t, skd_span word, skd_error *err) {
    char found[60];
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (skd_span_is(word, blocks[i].line))
            f->block = &blocks[i];
    if (!f->block)
        return skd_text_fail(t, err, "expected '@each lattice', '@each species', '@each atom', '@if charged' or "
                             "'@if d_or_f'; found '%s'", skd_span_copy(word, found, sizeof found));
    size_t n = f->block->repeats(f->facts);
    skd_text begin = *t;
    skd_status status = SKD_OK;
    f->mute = n == 0;
    for (size_t i = 0; i < (n ? n : 1) && status == SKD_OK; i++) {
        *t = begin;
        f->index = i;
        status = fill_block(f, t, err);
    }
    f->mute = false;
    f->block = NULL;
    return status;
}

static skd_status find_facts(facts *f, const skd_input *input, skd_error *err) {
    f->in = input;
    for (size_t i = 0; i < input->cell->n; i++) {
        int z = input->cell->species[i];
        if (f->count[z]++ == 0) {
            f->species[f->n_species++] = z;
            f->kind[z] = f->n_species;
        }
    }
    return skd_cell_inverse(input->cell, f->inverse, err);
}

skd_status skd_template_fill(skd_string *out, const char *name, const char *text, size_t length,
                             const skd_input *input, skd_error *err) {
    facts about = {0};
    skd_status status = find_facts(&about, input, err);
    filler f = {.facts = &about, .out = out};
    skd_text t = skd_text_of(name, text, length);
    skd_span line;
    while (status == SKD_OK && skd_text_line(&t, &line)) {
        skd_span word = trimmed(line);
        if (begins(word, "@#"))
            continue;
        if (skd_span_is(word, "@end"))
            status = skd_text_fail(&t, err, "'@end' without a block");
        else if (begins(word, "@each ") || begins(word, "@if "))
            status = fill_repeated(&f, &t, word, err);
        else
            status = fill_line(&f, &t, line, err);
    }
    if (status == SKD_OK && out->failed)
        status = skd_fail(err, SKD_ENOMEM, "%s: out of memory for the text", name);
    return status;
}
