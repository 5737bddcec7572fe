/* SPDX-License-Identifier: MIT */
/* alloy.c - the texts of the verb `alloy`: substitutions, sizes, regions, lattice constants of end members. */
#include "alloy.h"

#include <string.h>

/* Takes the next piece up to a comma off *text. */
static skd_span next_piece(const char **text) {
    skd_span whole = {*text, strcspn(*text, ",")}, piece = {*text, 0};
    *text = (*text)[whole.n] ? *text + whole.n + 1 : NULL;
    skd_span_word(&whole, &piece);
    return piece;
}

/* Splits at a character; false if it is not there. */
static bool split(skd_span text, char at, skd_span *left, skd_span *right) {
    const char *found = memchr(text.p, at, text.n);
    if (!found)
        return false;
    *left = (skd_span){text.p, (size_t)(found - text.p)};
    *right = (skd_span){found + 1, text.n - left->n - 1};
    return true;
}

static bool read_substitution(skd_span piece, bool any, skd_substitution *rule) {
    skd_span pair = piece, fraction, from, to;
    bool given = split(piece, '=', &pair, &fraction);
    rule->fraction = (double)NAN;
    if (given ? !skd_span_real(fraction, &rule->fraction) : !any)
        return false;
    if (!split(pair, ':', &from, &to))
        return false;
    rule->from = skd_element_number(from);
    rule->to = skd_element_number(to);
    return rule->from && rule->to && !(rule->fraction < 0.0) && !(rule->fraction > 1.0);
}

skd_status cli_substitutions(const char *text, bool any, skd_substitution rule[CLI_RULES_MAX], size_t *n,
                             skd_error *err) {
    for (*n = 0; text;) {
        char found[48];
        skd_span piece = next_piece(&text);
        if (*n == CLI_RULES_MAX)
            return skd_fail(err, SKD_EARG, "--substitute: more than %d substitutions", CLI_RULES_MAX);
        if (!read_substitution(piece, any, &rule[*n]))
            return skd_fail(err, SKD_EARG,
                            "--substitute: expected what becomes what, and the share of its sites, like 'Te:Se=0.3'; "
                            "found '%s'",
                            skd_span_copy(piece, found, sizeof found));
        if (isnan(rule[(*n)++].fraction) != isnan(rule[0].fraction))
            return skd_fail(err, SKD_EARG, "--substitute: give a share to all substitutions or to none; found '%s'",
                            skd_span_copy(piece, found, sizeof found));
    }
    return SKD_OK;
}

skd_status cli_size(const char *text, int matrix[3][3], skd_error *err) {
    long value[3] = {0};
    size_t n = 0;
    bool good = true;
    for (const char *p = text; good && p; n++) {
        skd_span piece = {p, strcspn(p, "x,")};
        good = n < 3 && skd_span_int(piece, &value[n < 3 ? n : 0]) && value[n] >= 1 && value[n] <= 100;
        p = p[piece.n] ? p + piece.n + 1 : NULL;
    }
    if (!good || n == 2)
        return skd_fail(err, SKD_EARG, "--size: expected one or three whole numbers from 1 to 100 like '2x2x3'; found "
                                       "'%s'", text);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            matrix[i][k] = i == k ? (int)value[n == 1 ? 0 : i] : 0;
    return SKD_OK;
}

/* "c=0..0.5" */
static skd_status read_layers(const char *text, int *axis, double *from, double *to, skd_error *err) {
    skd_span whole = {text, strlen(text)}, left, right;
    const char *dots = strstr(text, "..");
    bool good = split(whole, '=', &left, &right) && left.n == 1 && left.p[0] >= 'a' && left.p[0] <= 'c' && dots &&
                dots >= right.p && skd_span_real((skd_span){right.p, (size_t)(dots - right.p)}, from) &&
                skd_span_real((skd_span){dots + 2, strlen(dots + 2)}, to) && *from >= 0.0 && *to <= 1.0 && *from < *to;
    if (!good)
        return skd_fail(err, SKD_EARG, "--layers: expected a slab in fractions of an edge, like 'c=0..0.5'; found '%s'",
                        text);
    *axis = left.p[0] - 'a';
    return SKD_OK;
}

skd_status cli_region(const skd_cell *cell, const char *layers, double domain, bool **inside, skd_error *err) {
    int axis = 0;
    double from = 0.0, to = 1.0, inverse[3][3];
    const double rounding = 1e-6;
    *inside = NULL;
    if (!layers && !(domain > 0.0))
        return SKD_OK;
    skd_status status = layers ? read_layers(layers, &axis, &from, &to, err) : SKD_OK;
    if (status == SKD_OK)
        status = skd_cell_inverse(cell, inverse, err);
    if (status != SKD_OK)
        return status;
    if (!(*inside = skd_alloc(cell->n, sizeof **inside)))
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", cell->n);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        skd_to_frac((const double(*)[3])inverse, cell->pos[i], f);
        for (int k = 0; k < 3; k++)
            f[k] = skd_wrap01(f[k] + rounding);
        (*inside)[i] = f[axis] >= from && f[axis] < to + (to == 1.0);
        for (int k = 0; k < 3 && domain > 0.0; k++)
            if (fabs(f[k] - 0.5 - rounding) * skd_norm(cell->lattice[k]) > 0.5 * domain + 1e-6)
                (*inside)[i] = false;
    }
    return SKD_OK;
}

static skd_status read_constants(const char *text, double constant[SKD_ELEMENT_MAX + 1], skd_error *err) {
    while (text) {
        char found[48];
        skd_span piece = next_piece(&text), symbol, number;
        double value;
        if (!split(piece, '=', &symbol, &number) || !skd_element_number(symbol) || !skd_span_real(number, &value) ||
            !(value > 0.0))
            return skd_fail(err, SKD_EARG, "--vegard: expected lattice constants (Å) of the end members by the element "
                                           "that fills the sites, like 'Te=6.48,Se=6.05'; found '%s'",
                            skd_span_copy(piece, found, sizeof found));
        constant[skd_element_number(symbol)] = value;
    }
    return SKD_OK;
}

skd_status cli_vegard(const char *text, const skd_alloy *alloy, double *scale, skd_error *err) {
    double constant[SKD_ELEMENT_MAX + 1] = {0.0};
    skd_status status = read_constants(text, constant, err);
    *scale = 1.0;
    for (size_t s = 0; s < alloy->n_sublattices && status == SKD_OK; s++) {
        const skd_sublattice *lattice = &alloy->sublattice[s];
        /* shares of all the cell's sites of that element, wherever substitution is limited to a region */
        const double sites = (double)skd_cell_count(alloy->host, lattice->species[0]);
        for (size_t k = 0; k < lattice->n_species && status == SKD_OK; k++) {
            const int z = lattice->species[k];
            if (!(constant[z] > 0.0))
                status = skd_fail(err, SKD_EARG, "--vegard: no lattice constant for %s in '%s'",
                                  skd_element_of(z)->symbol, text);
            else
                *scale += (double)lattice->count[k] / sites * (constant[z] / constant[lattice->species[0]] - 1.0);
        }
    }
    return status;
}
