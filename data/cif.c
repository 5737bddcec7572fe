/* SPDX-License-Identifier: MIT */
/* cif.c - crystals from CIF (and the core of mmCIF): symmetry expanded; written as P1.
 *
 * The text is cut into tokens once; a data block is then a list of items, each a column of values
 * (a tag outside a loop is a column of one). The first block with atom sites counts.
 *
 *   cell       a along x, b in the x-y plane (International Tables convention as in ASE, pymatgen)
 *   symmetry   the listed operations must form a group; none listed and a group other than P1: refused
 *   atoms      images of a site within 0.05 Å are one atom, at their mean (so 0.3333 becomes 1/3 on a
 *              special position); occupancies other than 1 are refused
 *
 * Sources: Hall, Allen & Brown, Acta Cryst. A47, 655 (1991); CIF 1.1 syntax,
 * https://www.iucr.org/resources/cif/spec/version1.1/cifsyntax; core dictionary for the tags. */
#include "frames.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MERGE          0.05 /* Å: images of one site closer than this are one atom       */
#define IMAGES_MAX     5000000
#define SAME           0.01 /* Å: a site closer than this to an image of another is that image */
#define OPERATIONS_MAX 192  /* 48 rotations x 4 centrings: no space group has more       */
#define SHIFT_MATCH    2e-3 /* fractional: equal translations, listed as 0.333 or 0.3333 */

/* ---- tokens ------------------------------------------------------------------------------- */

typedef enum token_kind { TOKEN_VALUE, TOKEN_TAG, TOKEN_DATA, TOKEN_LOOP, TOKEN_OTHER } token_kind;

typedef struct token {
    skd_span text;
    size_t line;
    token_kind kind;
    bool is_quoted; /* '?' in quotes is a question mark, not "unknown" */
} token;

/* A column of values: value k is token first + k * stride. */
typedef struct item {
    skd_span tag;
    size_t first, stride, count;
} item;

typedef struct cif {
    const char *name;
    token *tokens;
    size_t n_tokens, token_capacity;
    item *items;
    size_t n_items, item_capacity;
    skd_operation operation[OPERATIONS_MAX];
    size_t n_operations;
} cif;

static skd_status fail_at(const cif *c, size_t line, skd_error *err, const char *format, ...) SKD_PRINTF(4, 5);
static skd_status fail_at(const cif *c, size_t line, skd_error *err, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return skd_fail(err, SKD_EFORMAT, "%.150s:%zu: %s", c->name, line, text);
}

static bool starts_with(skd_span text, const char *head) {
    size_t n = strlen(head);
    return text.n >= n && strncasecmp(text.p, head, n) == 0;
}

static skd_status add_token(cif *c, token t, skd_error *err) {
    skd_status status = skd_grow((void **)&c->tokens, &c->token_capacity, c->n_tokens + 1, sizeof *c->tokens, err);
    if (status == SKD_OK)
        c->tokens[c->n_tokens++] = t;
    return status;
}

static token_kind kind_of(skd_span word) {
    if (*word.p == '_')
        return TOKEN_TAG;
    if (starts_with(word, "data_"))
        return TOKEN_DATA;
    if (word.n == 5 && starts_with(word, "loop_"))
        return TOKEN_LOOP;
    if (starts_with(word, "save_") || (word.n == 5 && starts_with(word, "stop_")) ||
        (word.n == 7 && starts_with(word, "global_")))
        return TOKEN_OTHER;
    return TOKEN_VALUE;
}

/* A quote ends at the same quote before a blank: 'a dog's life' is one value. */
static skd_status quoted_token(cif *c, size_t number, skd_span *line, skd_error *err) {
    const char quote = *line->p;
    size_t n = 1;
    while (n < line->n && !(line->p[n] == quote && (n + 1 == line->n || isspace((unsigned char)line->p[n + 1]))))
        n++;
    if (n >= line->n)
        return fail_at(c, number, err, "a quote is opened and not closed on this line");
    token t = {{line->p + 1, n - 1}, number, TOKEN_VALUE, true};
    line->p += n + 1;
    line->n -= n + 1;
    return add_token(c, t, err);
}

/* The rest of a line, from its first blank-separated word on. */
static skd_status tokens_of_line(cif *c, size_t number, skd_span line, skd_error *err) {
    skd_status status = SKD_OK;
    while (status == SKD_OK) {
        while (line.n && isspace((unsigned char)*line.p)) {
            line.p++;
            line.n--;
        }
        if (line.n == 0 || *line.p == '#')
            return SKD_OK;
        if (*line.p == '\'' || *line.p == '"') {
            status = quoted_token(c, number, &line, err);
            continue;
        }
        size_t n = 0;
        while (n < line.n && !isspace((unsigned char)line.p[n]))
            n++;
        token t = {{line.p, n}, number, kind_of((skd_span){line.p, n}), false};
        line.p += n;
        line.n -= n;
        status = add_token(c, t, err);
    }
    return status;
}

/* A text field: from ';' at the start of a line to the next line that starts with ';'. */
static skd_status text_field(cif *c, skd_text *text, skd_span *line, skd_error *err) {
    token t = {{line->p + 1, 0}, text->line, TOKEN_VALUE, true};
    while (skd_text_line(text, line))
        if (line->n && *line->p == ';') {
            t.text.n = (size_t)(line->p - t.text.p);
            line->p++;
            line->n--;
            return add_token(c, t, err);
        }
    return fail_at(c, t.line, err, "a text field opened with ';' is never closed");
}

static skd_status tokenise(cif *c, const char *text, size_t length, skd_error *err) {
    skd_text t = skd_text_of(c->name, text, length);
    skd_span line;
    skd_status status = SKD_OK;
    while (status == SKD_OK && skd_text_line(&t, &line)) {
        if (line.n && *line.p == ';')
            status = text_field(c, &t, &line, err);
        if (status == SKD_OK)
            status = tokens_of_line(c, t.line, line, err);
    }
    return status;
}

/* ---- data blocks --------------------------------------------------------------------------- */

static skd_status add_item(cif *c, item i, skd_error *err) {
    skd_status status = skd_grow((void **)&c->items, &c->item_capacity, c->n_items + 1, sizeof *c->items, err);
    if (status == SKD_OK)
        c->items[c->n_items++] = i;
    return status;
}

static skd_status read_loop(cif *c, size_t *at, skd_error *err) {
    size_t start = *at, n_tags = 0, n_values = 0, line = c->tokens[start].line;
    while (start + n_tags < c->n_tokens && c->tokens[start + n_tags].kind == TOKEN_TAG)
        n_tags++;
    size_t first = start + n_tags;
    while (first + n_values < c->n_tokens && c->tokens[first + n_values].kind == TOKEN_VALUE)
        n_values++;
    if (n_tags == 0 || n_values % n_tags != 0)
        return fail_at(c, line, err, "a loop of %zu columns has %zu values; expected a multiple", n_tags, n_values);
    for (size_t k = 0; k < n_tags; k++) {
        skd_status status =
            add_item(c, (item){c->tokens[start + k].text, first + k, n_tags, n_values / n_tags}, err);
        if (status != SKD_OK)
            return status;
    }
    *at = first + n_values;
    return SKD_OK;
}

/* Items of the block that starts at token *at; *at moves to the next block. */
static skd_status read_block(cif *c, size_t *at, skd_error *err) {
    skd_status status = SKD_OK;
    c->n_items = 0;
    while (status == SKD_OK && *at < c->n_tokens && c->tokens[*at].kind != TOKEN_DATA) {
        const token *t = &c->tokens[(*at)++];
        char found[40];
        if (t->kind == TOKEN_LOOP && *at < c->n_tokens)
            status = read_loop(c, at, err);
        else if (t->kind == TOKEN_TAG && *at < c->n_tokens && c->tokens[*at].kind == TOKEN_VALUE)
            status = add_item(c, (item){t->text, (*at)++, 1, 1}, err);
        else if (t->kind != TOKEN_OTHER)
            status = fail_at(c, t->line, err,
                             t->kind == TOKEN_VALUE ? "'%s' is the value of no tag" : "'%s' has no value",
                             skd_span_copy(t->text, found, sizeof found));
    }
    return status;
}

/* Tags compare without case, and with '.' as '_': mmCIF's _cell.length_a is _cell_length_a. */
static bool same_tag(skd_span tag, const char *name) {
    if (tag.n != strlen(name))
        return false;
    for (size_t i = 0; i < tag.n; i++) {
        int c = tolower((unsigned char)tag.p[i]);
        if ((c == '.' ? '_' : c) != name[i])
            return false;
    }
    return true;
}

static const item *find_item(const cif *c, const char *name) {
    for (size_t k = 0; k < c->n_items; k++)
        if (same_tag(c->items[k].tag, name))
            return &c->items[k];
    return NULL;
}

static const item *find_any(const cif *c, const char *const *names) {
    for (; *names; names++) {
        const item *found = find_item(c, *names);
        if (found)
            return found;
    }
    return NULL;
}

static const token *value_of(const cif *c, const item *column, size_t k) {
    return &c->tokens[column->first + k * column->stride];
}

static bool is_unknown(const token *t) {
    return !t->is_quoted && t->text.n == 1 && (*t->text.p == '?' || *t->text.p == '.');
}

/* ---- values ------------------------------------------------------------------------------- */

/* A number, its standard uncertainty in parentheses cut off: 5.4309(2). */
static skd_status read_number(const cif *c, const token *t, const char *what, double *out, skd_error *err) {
    skd_span digits = t->text;
    char found[40];
    if (digits.n && digits.p[digits.n - 1] == ')') {
        const char *open = memchr(digits.p, '(', digits.n);
        size_t n = open ? (size_t)(open - digits.p) : digits.n;
        bool good = n + 2 < digits.n;
        for (size_t k = n + 1; good && k + 1 < digits.n; k++)
            good = isdigit((unsigned char)digits.p[k]) || digits.p[k] == '.';
        digits.n = good ? n : digits.n;
    }
    if (skd_span_real(digits, out))
        return SKD_OK;
    return fail_at(c, t->line, err, "expected %s, a finite number; found '%s'", what,
                   skd_span_copy(t->text, found, sizeof found));
}

static skd_status read_cell_number(const cif *c, const char *tag, double low, double high, double *out,
                                   skd_error *err) {
    const item *column = find_item(c, tag);
    if (!column || column->count == 0)
        return skd_fail(err, SKD_EFORMAT, "%s: expected %s; found none", c->name, tag);
    const token *t = value_of(c, column, 0);
    skd_status status = read_number(c, t, tag, out, err);
    if (status == SKD_OK && !(*out > low && *out < high))
        return fail_at(c, t->line, err, "%s is %g; expected more than %g and less than %g", tag, *out, low, high);
    return status;
}

static double radians(double degrees) { return degrees * (acos(-1.0) / 180.0); }

/* Exact for the angles of the crystal families. */
static double cosine_of(double degrees) {
    if (degrees == 90.0)
        return 0.0;
    if (degrees == 120.0)
        return -0.5;
    if (degrees == 60.0)
        return 0.5;
    return cos(radians(degrees));
}

/* Volume of a cell of unit lengths; 0 if no cell has these angles. The product form keeps its digits in
 * flat cells: V^2 = 4 sin s sin(s-alpha) sin(s-beta) sin(s-gamma), s the half sum. */
static double height_of(const double angle[3]) {
    double s = 0.5 * (angle[0] + angle[1] + angle[2]), product = sin(radians(s));
    for (int k = 0; k < 3; k++)
        product *= s > angle[k] ? sin(radians(s - angle[k])) : 0.0;
    return product > 0.0 ? 2.0 * sqrt(product) : 0.0;
}

/* International Tables for Crystallography B, 1.1: a along x, b in the x-y plane. */
static skd_status read_lattice(const cif *c, double lattice[3][3], skd_error *err) {
    static const char *const lengths[] = {"_cell_length_a", "_cell_length_b", "_cell_length_c"};
    static const char *const angles[] = {"_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma"};
    double length[3], angle[3], cosine[3];
    for (int k = 0; k < 3; k++) {
        skd_status status = read_cell_number(c, lengths[k], 0.0, 1e6, &length[k], err);
        if (status == SKD_OK)
            status = read_cell_number(c, angles[k], 0.1, 179.9, &angle[k], err);
        if (status != SKD_OK)
            return status;
        cosine[k] = cosine_of(angle[k]);
    }
    double sine = angle[2] == 90.0 ? 1.0 : sin(radians(angle[2]));
    double x = cosine[1], y = (cosine[0] - cosine[1] * cosine[2]) / sine, z = height_of(angle) / sine;
    if (!(z > 0.0))
        return skd_fail(err, SKD_EFORMAT, "%s: no cell has the angles %g, %g, %g: it would have no volume", c->name,
                        angle[0], angle[1], angle[2]);
    if (x == 0.0 && y == 0.0)
        z = 1.0; /* without the rounding of the sines */
    const double rows[3][3] = {{length[0], 0, 0},
                               {length[1] * cosine[2], length[1] * sine, 0},
                               {length[2] * x, length[2] * y, length[2] * z}};
    memcpy(lattice, rows, sizeof rows);
    return SKD_OK;
}

/* ---- symmetry operations ------------------------------------------------------------------ */

/* "1/2", ".5", "0.3333"; moves p behind it. */
static bool take_fraction(const char **p, const char *end, double *out) {
    skd_span digits[2] = {{*p, 0}, {NULL, 0}};
    int n = 0;
    for (; *p < end && (isdigit((unsigned char)**p) || **p == '.' || (**p == '/' && n == 0)); ++*p) {
        if (**p == '/')
            digits[++n].p = *p + 1;
        else
            digits[n].n++;
    }
    double value[2] = {0.0, 1.0};
    for (int k = 0; k <= n; k++)
        if (!skd_span_real(digits[k], &value[k]))
            return false;
    *out = value[0] / value[1];
    return value[1] != 0.0 && fabs(*out) < 100.0;
}

/* Translations are multiples of 1/24 in every standard setting; 0.333 means 1/3. */
static double snapped(double t) {
    double exact = nearbyint(t * 24.0) / 24.0;
    return fabs(t - exact) < 1e-3 ? exact : t;
}

/* One of the three parts: "-x+1/2", "y", "1/4 + z". */
static bool read_part(const char *p, const char *end, int row[3], double *shift) {
    int sign = 1, terms = 0;
    bool expects_term = true;
    for (; p < end; terms++) {
        double value;
        for (; p < end && (isspace((unsigned char)*p) || *p == '+' || *p == '-'); p++) {
            if (!isspace((unsigned char)*p))
                expects_term = true;
            if (*p == '-')
                sign = -sign;
        }
        if (p == end)
            break;
        int axis = tolower((unsigned char)*p) - 'x';
        if (!expects_term)
            return false;
        if (axis >= 0 && axis < 3) {
            row[axis] += sign;
            p++;
        } else if (take_fraction(&p, end, &value))
            *shift += sign * value;
        else
            return false;
        sign = 1;
        expects_term = false;
    }
    *shift = snapped(*shift);
    return terms > 0 && !expects_term;
}

static bool read_operation(skd_span text, skd_operation *out) {
    *out = (skd_operation){0};
    const char *p = text.p, *end = text.p + text.n;
    for (int k = 0; k < 3; k++) {
        const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
        if ((k < 2) != (comma != NULL) || !read_part(p, stop, out->rotation[k], &out->translation[k]))
            return false;
        p = stop + (k < 2);
    }
    long det = skd_det3i(out->rotation);
    return det == 1 || det == -1;
}

static bool same_operation(const skd_operation *a, const skd_operation *b) {
    if (memcmp(a->rotation, b->rotation, sizeof a->rotation) != 0)
        return false;
    for (int k = 0; k < 3; k++) {
        double d = a->translation[k] - b->translation[k];
        if (fabs(d - nearbyint(d)) > SHIFT_MATCH)
            return false;
    }
    return true;
}

static bool has_operation(const cif *c, const skd_operation *op) {
    for (size_t k = 0; k < c->n_operations; k++)
        if (same_operation(&c->operation[k], op))
            return true;
    return false;
}

static skd_operation product(const skd_operation *a, const skd_operation *b) {
    skd_operation ab;
    for (int i = 0; i < 3; i++) {
        ab.translation[i] = a->translation[i];
        for (int k = 0; k < 3; k++) {
            ab.rotation[i][k] = 0;
            for (int j = 0; j < 3; j++)
                ab.rotation[i][k] += a->rotation[i][j] * b->rotation[j][k];
            ab.translation[i] += a->rotation[i][k] * b->translation[k];
        }
    }
    return ab;
}

/* A list with a misprint or a missing line would build a wrong crystal without a sound. */
static skd_status check_group(const cif *c, size_t line, skd_error *err) {
    for (size_t i = 0; i < c->n_operations; i++)
        for (size_t k = 0; k < c->n_operations; k++) {
            skd_operation op = product(&c->operation[i], &c->operation[k]);
            if (!has_operation(c, &op))
                return fail_at(c, line, err,
                               "the %zu symmetry operations are no group: operation %zu after %zu is not among them",
                               c->n_operations, i + 1, k + 1);
        }
    return SKD_OK;
}

static skd_status read_listed_operations(cif *c, const item *column, skd_error *err) {
    for (size_t k = 0; k < column->count; k++) {
        const token *t = value_of(c, column, k);
        char found[40];
        skd_operation op;
        if (!read_operation(t->text, &op))
            return fail_at(c, t->line, err, "expected a symmetry operation such as '-x+1/2,y,z'; found '%s'",
                           skd_span_copy(t->text, found, sizeof found));
        if (has_operation(c, &op))
            continue;
        if (c->n_operations == OPERATIONS_MAX)
            return fail_at(c, t->line, err, "expected at most %d symmetry operations; found more", OPERATIONS_MAX);
        c->operation[c->n_operations++] = op;
    }
    return check_group(c, column->count ? value_of(c, column, 0)->line : 0, err);
}

/* Without operations the group must be P1, or not be named. */
static skd_status check_p1(const cif *c, skd_error *err) {
    static const char *const names[] = {"_symmetry_space_group_name_h-m", "_space_group_name_h-m_alt",
                                        "_symmetry_space_group_name_hall", "_space_group_name_hall",
                                        "_symmetry_int_tables_number", "_space_group_it_number"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const item *column = find_item(c, names[k]);
        if (!column || column->count == 0 || is_unknown(value_of(c, column, 0)))
            continue;
        const token *t = value_of(c, column, 0);
        char group[40];
        skd_span_copy(t->text, group, sizeof group);
        if (strcasecmp(group, "P1") != 0 && strcasecmp(group, "P 1") != 0 && strcmp(group, "1") != 0)
            return fail_at(c, t->line, err,
                           "space group '%s' but no list of symmetry operations; expected _symmetry_equiv_pos_as_xyz",
                           group);
    }
    return SKD_OK;
}

static skd_status read_operations(cif *c, skd_error *err) {
    static const char *const names[] = {"_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz", NULL};
    const item *column = find_any(c, names);
    c->n_operations = 0;
    if (column && column->count && !(column->count == 1 && is_unknown(value_of(c, column, 0))))
        return read_listed_operations(c, column, err);
    c->operation[0] = (skd_operation){.rotation = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    c->n_operations = 1;
    return check_p1(c, err);
}

/* ---- sites -------------------------------------------------------------------------------- */

/* Letters at the start of a word, in an element symbol's case; a label such as "OW1" may go on with
 * other letters, so two letters are tried, then one. */
static int element_of(skd_span word, bool is_label) {
    size_t n = 0;
    char symbol[3] = "";
    while (n < word.n && isalpha((unsigned char)word.p[n])) {
        if (n < 2)
            symbol[n] = (char)(n ? tolower((unsigned char)word.p[n]) : toupper((unsigned char)word.p[n]));
        n++;
    }
    if (n == 0 || (n > 2 && !is_label))
        return 0;
    int two = n > 1 ? skd_element_number((skd_span){symbol, 2}) : 0;
    int one = n == 1 || is_label ? skd_element_number((skd_span){symbol, 1}) : 0;
    bool is_ambiguous = is_label && two && one && isupper((unsigned char)word.p[1]);
    return is_ambiguous ? 0 : two ? two : one;
}

typedef struct sites {
    const item *label, *symbol, *coordinate[3], *occupancy, *flag;
} sites;

static skd_status site_element(const cif *c, const sites *s, size_t k, int *z, skd_error *err) {
    const item *column = s->symbol ? s->symbol : s->label;
    const token *t = value_of(c, column, k);
    char found[40];
    *z = element_of(t->text, column == s->label);
    if (*z == 0 && column != s->label && is_unknown(t) && s->label)
        *z = element_of(value_of(c, s->label, k)->text, true);
    if (*z)
        return SKD_OK;
    return fail_at(c, t->line, err, "expected the element of site %zu%s; found '%s'", k + 1,
                   s->symbol ? "" : " (no _atom_site_type_symbol)", skd_span_copy(t->text, found, sizeof found));
}

static skd_status check_occupancy(const cif *c, const sites *s, size_t k, skd_error *err) {
    if (!s->occupancy || is_unknown(value_of(c, s->occupancy, k)))
        return SKD_OK;
    const token *t = value_of(c, s->occupancy, k), *name = value_of(c, s->label ? s->label : s->symbol, k);
    double occupancy;
    char label[40];
    skd_status status = read_number(c, t, "an occupancy", &occupancy, err);
    if (status == SKD_OK && fabs(occupancy - 1.0) > 1e-6)
        return fail_at(c, t->line, err, "site %s has the occupancy %g; expected 1 (disorder is not supported)",
                       skd_span_copy(name->text, label, sizeof label), occupancy);
    return status;
}

/* One row of the site list; *is_real is false for dummy sites, which are left out. */
static skd_status read_site(const cif *c, const sites *s, size_t k, int *z, double f[3], bool *is_real,
                            skd_error *err) {
    *is_real = !(s->flag && starts_with(value_of(c, s->flag, k)->text, "dum"));
    if (!*is_real)
        return SKD_OK;
    skd_status status = site_element(c, s, k, z, err);
    for (int axis = 0; status == SKD_OK && axis < 3; axis++)
        status = read_number(c, value_of(c, s->coordinate[axis], k), "a fractional coordinate", &f[axis], err);
    for (int axis = 0; status == SKD_OK && axis < 3; axis++)
        if (fabs(f[axis]) > 1e3)
            status = fail_at(c, value_of(c, s->coordinate[axis], k)->line, err,
                             "a fractional coordinate is %g; expected at most 1000", f[axis]);
    return status == SKD_OK ? check_occupancy(c, s, k, err) : status;
}

/* Columns of the site list; they must be equally long. *found is false if the block has no sites. */
static skd_status find_sites(const cif *c, sites *s, bool *found, skd_error *err) {
    static const char *const axes[] = {"_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z"};
    *s = (sites){.label = find_item(c, "_atom_site_label"), .symbol = find_item(c, "_atom_site_type_symbol"),
                 .occupancy = find_item(c, "_atom_site_occupancy"), .flag = find_item(c, "_atom_site_calc_flag")};
    for (int k = 0; k < 3; k++)
        s->coordinate[k] = find_item(c, axes[k]);
    *found = s->coordinate[0] && s->coordinate[0]->count > 0;
    if (!*found)
        return SKD_OK;
    size_t line = value_of(c, s->coordinate[0], 0)->line, n = s->coordinate[0]->count;
    if (!s->coordinate[1] || !s->coordinate[2] || (!s->label && !s->symbol))
        return fail_at(c, line, err, "expected _atom_site_fract_x, _y, _z and _atom_site_label or _type_symbol");
    const item *columns[] = {s->label, s->symbol, s->coordinate[1], s->coordinate[2], s->occupancy, s->flag};
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        if (columns[k] && columns[k]->count != n)
            return fail_at(c, line, err, "the columns of the atom sites are not equally long");
    return SKD_OK;
}

/* ---- expansion ---------------------------------------------------------------------------- */

/* Atoms found so far, in a hash table of boxes of the unit cell no smaller than MERGE, so that
 * looking for an atom at a point costs 27 boxes however many there are. */
typedef struct expansion {
    double lattice[3][3];
    long boxes[3];
    int *species;
    double (*frac)[3], (*sum)[3]; /* first image; summed offsets of the images merged with it */
    size_t *images, *site, *next; /* next: index + 1 of the next atom of the same bucket       */
    size_t n, capacity, *bucket, n_buckets;
} expansion;

static void expansion_free(expansion *e) {
    skd_free(e->species);
    skd_free(e->frac);
    skd_free(e->sum);
    skd_free(e->images);
    skd_free(e->site);
    skd_free(e->next);
    skd_free(e->bucket);
}

static skd_status expansion_make(expansion *e, const double lattice[3][3], size_t capacity, skd_error *err) {
    double height[3];
    skd_cell_heights(lattice, height);
    memcpy(e->lattice, lattice, sizeof e->lattice);
    for (int k = 0; k < 3; k++)
        e->boxes[k] = height[k] > 2.0 * MERGE ? (long)fmin(height[k] / MERGE, 1e6) : 1;
    e->capacity = capacity;
    e->n_buckets = 2 * capacity + 1;
    e->species = skd_alloc(capacity, sizeof *e->species);
    e->frac = skd_alloc(capacity, sizeof *e->frac);
    e->sum = skd_alloc(capacity, sizeof *e->sum);
    e->images = skd_alloc(capacity, sizeof *e->images);
    e->site = skd_alloc(capacity, sizeof *e->site);
    e->next = skd_alloc(capacity, sizeof *e->next);
    e->bucket = skd_alloc(e->n_buckets, sizeof *e->bucket);
    if (e->species && e->frac && e->sum && e->images && e->site && e->next && e->bucket)
        return SKD_OK;
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu images of atoms", capacity);
}

static size_t bucket_of(const expansion *e, const long box[3]) {
    uint64_t hash = SKD_HASH_START;
    for (int k = 0; k < 3; k++) {
        long inside = ((box[k] % e->boxes[k]) + e->boxes[k]) % e->boxes[k];
        hash = skd_hash(hash, &inside, sizeof inside);
    }
    return (size_t)(hash % e->n_buckets);
}

static void box_of(const expansion *e, const double f[3], long box[3]) {
    for (int k = 0; k < 3; k++)
        box[k] = (long)((f[k] - floor(f[k])) * (double)e->boxes[k]);
}

/* Is atom j within the limit of the point? The offset from the atom to the nearest image of the point. */
static bool is_at(const expansion *e, size_t j, double limit, const double f[3], double offset[3]) {
    double d[3];
    for (int k = 0; k < 3; k++) {
        offset[k] = f[k] - e->frac[j][k];
        offset[k] -= nearbyint(offset[k]);
    }
    skd_row_times(offset, e->lattice, d);
    return skd_norm(d) < limit;
}

/* Atom at the point, an image of this site or the atom of another; e->n if there is none. */
static size_t find_atom(const expansion *e, size_t site, const double f[3], double offset[3]) {
    long centre[3], box[3];
    box_of(e, f, centre);
    for (int b = 0; b < 27; b++) {
        const int step[3] = {b % 3 - 1, b / 3 % 3 - 1, b / 9 - 1};
        for (int k = 0; k < 3; k++)
            box[k] = centre[k] + step[k];
        for (size_t j = e->bucket[bucket_of(e, box)]; j; j = e->next[j - 1])
            if (is_at(e, j - 1, e->site[j - 1] == site ? MERGE : SAME, f, offset))
                return j - 1;
    }
    return e->n;
}

static void add_atom(expansion *e, int z, size_t site, size_t images, const double f[3]) {
    long box[3];
    box_of(e, f, box);
    size_t *bucket = &e->bucket[bucket_of(e, box)], j = e->n++;
    e->species[j] = z;
    e->site[j] = site;
    e->images[j] = images;
    memcpy(e->frac[j], f, sizeof e->frac[j]);
    e->next[j] = *bucket;
    *bucket = j + 1;
}

/* All images of one site. The listed point comes first, as it is; the others are wrapped into the cell. */
static skd_status expand_site(const cif *c, expansion *e, size_t site, int z, const double f[3], skd_error *err) {
    for (size_t k = 0; k <= c->n_operations; k++) {
        double image[3], offset[3];
        for (int axis = 0; axis < 3; axis++) {
            image[axis] = f[axis];
            if (k == 0)
                continue;
            const skd_operation *op = &c->operation[k - 1];
            image[axis] = op->translation[axis];
            for (int j = 0; j < 3; j++)
                image[axis] += op->rotation[axis][j] * f[j];
            image[axis] = skd_wrap01(image[axis]);
        }
        size_t j = find_atom(e, site, image, offset);
        if (j == e->n)
            add_atom(e, z, site, k > 0, image); /* the identity will count the listed point */
        else if (e->site[j] == site) {
            e->images[j]++;
            for (int axis = 0; axis < 3; axis++)
                e->sum[j][axis] += offset[axis];
        } else if (e->species[j] != z || c->n_operations == 1)
            return skd_fail(err, SKD_EFORMAT, "%s: sites %zu and %zu are closer than %g Å", c->name, e->site[j] + 1,
                            site + 1, SAME);
        else if (k == 0)
            return SKD_OK; /* the site is an image of an earlier one: its orbit is there already */
    }
    return SKD_OK;
}

/* Offsets of rounding size are left alone, so that the digits of the file survive. */
static skd_status frame_of(expansion *e, skd_frame **out, skd_error *err) {
    skd_cell *cell;
    skd_status status = skd_cell_new(&cell, e->n, err);
    if (status == SKD_OK)
        status = skd_frame_new(out, cell, err);
    if (status != SKD_OK)
        return status;
    memcpy(cell->lattice, e->lattice, sizeof cell->lattice);
    for (size_t i = 0; i < e->n; i++) {
        for (int k = 0; k < 3; k++) {
            double mean = e->sum[i][k] / (double)e->images[i];
            if (fabs(mean) > 1e-10)
                e->frac[i][k] += mean;
        }
        cell->species[i] = e->species[i];
        skd_row_times(e->frac[i], e->lattice, cell->pos[i]);
    }
    (*out)->frac = e->frac; /* handed over */
    e->frac = NULL;
    return SKD_OK;
}

static skd_status expand(const cif *c, const sites *s, expansion *e, skd_error *err) {
    size_t n = s->coordinate[0]->count;
    double lattice[3][3];
    skd_status status = read_lattice(c, lattice, err);
    if (n > IMAGES_MAX / c->n_operations)
        return skd_fail(err, SKD_EFORMAT, "%s: %zu sites times %zu operations; expected at most %d images", c->name, n,
                        c->n_operations, IMAGES_MAX);
    if (status == SKD_OK)
        status = expansion_make(e, lattice, n * c->n_operations, err);
    for (size_t k = 0; status == SKD_OK && k < n; k++) {
        int z;
        double f[3];
        bool is_real;
        status = read_site(c, s, k, &z, f, &is_real, err);
        if (status == SKD_OK && is_real)
            status = expand_site(c, e, k, z, f, err);
    }
    if (status == SKD_OK && e->n == 0)
        return fail_at(c, value_of(c, s->coordinate[0], 0)->line, err, "expected atoms; found only dummy sites");
    return status;
}

static skd_status read_crystal(cif *c, const sites *s, skd_frames *out, skd_error *err) {
    expansion e = {0};
    skd_frame *frame = NULL;
    skd_status status = read_operations(c, err);
    if (status == SKD_OK)
        status = expand(c, s, &e, err);
    if (status == SKD_OK)
        status = frame_of(&e, &frame, err);
    expansion_free(&e);
    if (status == SKD_OK)
        status = skd_frame_check(frame, c->name, err);
    if (status == SKD_OK)
        return skd_frames_add(out, frame, err);
    skd_frame_free(frame);
    return status;
}

static skd_status read_blocks(cif *c, skd_frames *out, skd_error *err) {
    size_t at = 0;
    if (c->n_tokens == 0 || c->tokens[0].kind != TOKEN_DATA)
        return fail_at(c, c->n_tokens ? c->tokens[0].line : 1, err, "expected 'data_' at the beginning of a CIF");
    while (at < c->n_tokens) {
        sites s;
        bool found;
        at++;
        skd_status status = read_block(c, &at, err);
        if (status == SKD_OK)
            status = find_sites(c, &s, &found, err);
        if (status != SKD_OK)
            return status;
        if (found)
            return read_crystal(c, &s, out, err);
    }
    return skd_fail(err, SKD_EFORMAT, "%s: expected atom sites (_atom_site_fract_x); found none", c->name);
}

static skd_status parse(skd_frames *out, const char *name, const char *text, size_t length, skd_error *err) {
    skd_status status = skd_text_check(name, text, length, err);
    if (status != SKD_OK)
        return status;
    cif *c = skd_alloc(1, sizeof *c);
    if (!c)
        return skd_fail(err, SKD_ENOMEM, "%s: out of memory", name);
    c->name = name;
    status = tokenise(c, text, length, err);
    if (status == SKD_OK)
        status = read_blocks(c, out, err);
    skd_free(c->tokens);
    skd_free(c->items);
    skd_free(c);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

static double angle_between(const double a[3], const double b[3]) {
    double across[3];
    skd_cross(a, b, across);
    return atan2(skd_norm(across), skd_dot(a, b)) * (180.0 / acos(-1.0));
}

static void print_sites(skd_string *out, const skd_cell *cell, double (*frac)[3]) {
    size_t count[SKD_ELEMENT_MAX + 1] = {0};
    skd_string_add(out, "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
                        "_atom_site_fract_z\n_atom_site_occupancy\n");
    for (size_t i = 0; i < cell->n; i++) {
        const char *symbol = skd_element_of(cell->species[i])->symbol;
        skd_string_add(out, "%s%zu %s %.16f %.16f %.16f 1\n", symbol, ++count[cell->species[i]], symbol, frac[i][0],
                       frac[i][1], frac[i][2]);
    }
}

static skd_status print_block(skd_string *out, const skd_frame *frame, size_t number, skd_error *err) {
    const skd_cell *cell = frame->cell;
    char formula[128];
    double(*frac)[3];
    if (!(skd_cell_volume(cell) > 0.0))
        return skd_fail(err, SKD_EARG, "a CIF needs a cell with a volume; this structure has none");
    skd_status status = skd_frame_frac(&frac, frame, err);
    if (status != SKD_OK)
        return status;
    skd_cell_formula(cell, formula, sizeof formula);
    skd_string_add(out, "data_%s_%zu\n", formula, number);
    for (int k = 0; k < 3; k++)
        skd_string_add(out, "_cell_length_%c %.14g\n", 'a' + k, skd_norm(cell->lattice[k]));
    static const char *const angles[] = {"alpha", "beta", "gamma"};
    for (int k = 0; k < 3; k++)
        skd_string_add(out, "_cell_angle_%s %.12f\n", angles[k],
                       angle_between(cell->lattice[(k + 1) % 3], cell->lattice[(k + 2) % 3]));
    skd_string_add(out, "_symmetry_space_group_name_H-M 'P 1'\n_symmetry_Int_Tables_number 1\n"
                        "loop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n");
    print_sites(out, cell, frac);
    skd_free(frac);
    return SKD_OK;
}

static skd_status print(skd_string *out, const skd_frames *frames, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < frames->n; i++)
        status = print_block(out, frames->frame[i], i + 1, err);
    if (status == SKD_OK && out->failed)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a CIF of %zu structures", frames->n);
    return status;
}

/* ---- recognition -------------------------------------------------------------------------- */

static bool matches_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".cif") == 0 || strcasecmp(dot, ".mcif") == 0);
}

/* "data_" is the first word after blank lines and comments. */
static bool matches_text(const char *text, size_t length) {
    skd_text t = skd_text_of("", text, length);
    skd_span line, word;
    while (skd_text_line(&t, &line))
        if (skd_span_word(&line, &word) && *word.p != '#')
            return starts_with(word, "data_");
    return false;
}

const skd_format skd_format_cif = {
    .name = "cif",
    .summary = "crystallographic information file; read with its symmetry, written as P1",
    .matches_name = matches_name,
    .matches_text = matches_text,
    .parse = parse,
    .print = print,
};
