/* SPDX-License-Identifier: MIT */
/* environments.c - classes of sites with the same neighbours, and words for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment_ball.h"
#include "shakedown/alloy.h"

/* What is being sorted. */
typedef struct sorting {
    skd_environments *out;
    const skd_cell *cell;
    const skd_environment_options *options;
    skd_bonds bonds;
    skd_ball *ball; /* [n_classes] of the first site of each */
    size_t capacity;
} sorting;

/* ---- words ------------------------------------------------------------------------------- */

/* Elements and how many, by atomic number; "-" for none. */
static void write_formula(const int count[SKD_ELEMENT_MAX + 1], char *out, size_t size) {
    size_t used = 0;
    snprintf(out, size, "-");
    for (int z = 1; z <= SKD_ELEMENT_MAX && used < size; z++) {
        if (count[z] == 0)
            continue;
        int n = count[z] == 1 ? snprintf(out + used, size - used, "%s", skd_element_of(z)->symbol)
                              : snprintf(out + used, size - used, "%s%d", skd_element_of(z)->symbol, count[z]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void write_shell(const skd_ball *ball, size_t depth, char *out, size_t size) {
    int count[SKD_ELEMENT_MAX + 1] = {0};
    for (size_t i = 0; i < ball->n; i++)
        if (ball->node[i].depth == depth)
            count[ball->node[i].species]++;
    write_formula(count, out, size);
}

static int by_text(const void *left, const void *right) { return strcmp(left, right); }

/* "Cd(Te3)": a neighbour and its own ones farther out. */
static void write_branch(const skd_ball *ball, size_t i, char *out, size_t size) {
    int count[SKD_ELEMENT_MAX + 1] = {0};
    const skd_ball_node *node = &ball->node[i];
    for (size_t k = 0; k < node->n_edges; k++) {
        const skd_ball_node *other = &ball->node[ball->edge[node->first_edge + k]];
        if (other->depth > node->depth)
            count[other->species]++;
    }
    char formula[40];
    write_formula(count, formula, sizeof formula);
    snprintf(out, size, "%s(%s)", skd_element_of(node->species)->symbol, formula);
}

/* The branches of the centre, like ones counted. */
static skd_status write_arrangement(const skd_ball *ball, char *out, size_t size, skd_error *err) {
    const size_t n = ball->node[0].n_edges;
    char(*branch)[48] = skd_alloc(n, sizeof *branch);
    if (!branch)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu neighbours", n);
    for (size_t k = 0; k < n; k++)
        write_branch(ball, ball->edge[k], branch[k], sizeof branch[k]);
    if (n > 0)
        qsort(branch, n, sizeof *branch, by_text);
    out[0] = '\0';
    for (size_t k = 0, used = 0, same; k < n && used < size; k += same) {
        for (same = 1; k + same < n && strcmp(branch[k], branch[k + same]) == 0;)
            same++;
        int written = same == 1 ? snprintf(out + used, size - used, "%s%s", k ? ", " : "", branch[k])
                                : snprintf(out + used, size - used, "%s%zu %s", k ? ", " : "", same, branch[k]);
        used += written > 0 ? (size_t)written : 0;
    }
    skd_free(branch);
    return SKD_OK;
}

static skd_status describe(sorting *s, const skd_ball *ball, size_t class, skd_error *err) {
    for (size_t depth = 1; depth <= s->options->shells; depth++)
        write_shell(ball, depth, s->out->shell[class][depth - 1], sizeof s->out->shell[class][0]);
    return s->options->shells < 2 ? SKD_OK
                                  : write_arrangement(ball, s->out->arrangement[class],
                                                      sizeof s->out->arrangement[class], err);
}

/* ---- classes ----------------------------------------------------------------------------- */

/* Of what is in the shells only. */
static uint64_t composition_hash(const skd_ball *ball) {
    uint64_t sum = 0;
    for (size_t i = 0; i < ball->n; i++)
        sum += skd_hash(SKD_HASH_START, (size_t[2]){ball->node[i].depth, (size_t)ball->node[i].species},
                        2 * sizeof(size_t));
    return sum;
}

static skd_status find_class(const sorting *s, const skd_ball *ball, size_t *class, skd_error *err) {
    skd_status status = SKD_OK;
    for (*class = 0; *class < s->out->n_classes; ++*class) {
        bool same = ball->hash == s->ball[*class].hash;
        if (same && !s->options->composition_only)
            status = skd_ball_same(&s->ball[*class], ball, &same, err);
        if (status != SKD_OK || same)
            break;
    }
    return status;
}

static skd_status add_class(sorting *s, size_t site, skd_ball *ball, skd_error *err) {
    skd_environments *e = s->out;
    skd_status status = skd_grow((void **)&s->ball, &s->capacity, e->n_classes + 1, sizeof *s->ball, err);
    if (status == SKD_OK)
        status = describe(s, ball, e->n_classes, err);
    if (status != SKD_OK)
        return status;
    e->first[e->n_classes] = site;
    s->ball[e->n_classes++] = *ball;
    *ball = (skd_ball){0};
    return SKD_OK;
}

static skd_status sort_site(sorting *s, size_t site, skd_error *err) {
    skd_ball ball;
    skd_environments *e = s->out;
    skd_status status = skd_ball_make(&ball, s->cell, &s->bonds, e->atom[site], s->options->shells, err);
    if (status != SKD_OK)
        return status;
    if (s->options->composition_only)
        ball.hash = composition_hash(&ball);
    status = find_class(s, &ball, &e->label[site], err);
    if (status == SKD_OK && e->label[site] == e->n_classes)
        status = add_class(s, site, &ball, err);
    if (status == SKD_OK)
        e->multiplicity[e->label[site]]++;
    skd_ball_free(&ball);
    return status;
}

/* Room for as many classes as sites. */
static skd_status environments_new(skd_environments **out, const skd_cell *cell, int species, skd_error *err) {
    const size_t n = skd_cell_count(cell, species);
    skd_environments *e = skd_alloc(1, sizeof *e);
    if (!e)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", n);
    e->atom = skd_alloc(n, sizeof *e->atom);
    e->label = skd_alloc(n, sizeof *e->label);
    e->first = skd_alloc(n, sizeof *e->first);
    e->multiplicity = skd_alloc(n, sizeof *e->multiplicity);
    e->shell = skd_alloc(n, sizeof *e->shell);
    e->arrangement = skd_alloc(n, sizeof *e->arrangement);
    if (!e->atom || !e->label || !e->first || !e->multiplicity || !e->shell || !e->arrangement) {
        skd_environments_free(e);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", n);
    }
    for (size_t i = 0; i < cell->n; i++)
        if (cell->species[i] == species)
            e->atom[e->n++] = i;
    *out = e;
    return SKD_OK;
}

void skd_environments_free(skd_environments *e) {
    if (!e)
        return;
    skd_free(e->atom);
    skd_free(e->label);
    skd_free(e->first);
    skd_free(e->multiplicity);
    skd_free(e->shell);
    skd_free(e->arrangement);
    skd_free(e);
}

skd_status skd_environments_find(skd_environments **out, const skd_cell *cell, const skd_environment_options *options,
                                 skd_error *err) {
    *out = NULL;
    const skd_element *element = skd_element_of(options->species);
    if (options->shells < 1 || options->shells > SKD_ENVIRONMENT_SHELLS || !(options->reach >= 1.0))
        return skd_fail(err, SKD_EARG,
                        "environments: expected 1 to %d shells and a reach of 1 or more; found %zu and %g",
                        SKD_ENVIRONMENT_SHELLS, options->shells, options->reach);
    if (!element || skd_cell_count(cell, options->species) == 0)
        return skd_fail(err, SKD_EARG, "environments: the cell has no %s", element ? element->symbol : "such element");
    sorting s = {.cell = cell, .options = options};
    skd_status status = environments_new(&s.out, cell, options->species, err);
    if (status == SKD_OK)
        status = skd_bonds_find(&s.bonds, cell, options->reach, err);
    for (size_t i = 0; status == SKD_OK && i < s.out->n; i++)
        status = sort_site(&s, i, err);
    for (size_t k = 0; s.out && k < s.out->n_classes; k++)
        skd_ball_free(&s.ball[k]);
    skd_free(s.ball);
    skd_bonds_free(&s.bonds);
    if (status == SKD_OK)
        *out = s.out;
    else
        skd_environments_free(s.out);
    return status;
}

/* ---- splitting --------------------------------------------------------------------------- */

skd_status skd_environments_split(skd_environments *e, const size_t *key, skd_error *err) {
    size_t *label = skd_alloc(e->n, sizeof *label), *old = skd_alloc(e->n, sizeof *old), n = 0;
    char(*shell)[SKD_ENVIRONMENT_SHELLS][40] = skd_copy(e->shell, e->n_classes, sizeof *e->shell);
    char(*arrangement)[160] = skd_copy(e->arrangement, e->n_classes, sizeof *e->arrangement);
    skd_status status = SKD_OK;
    if (!label || !old || !shell || !arrangement)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", e->n);
    for (size_t i = 0; i < e->n && status == SKD_OK; i++) {
        size_t k = 0;
        while (k < n && (e->label[i] != old[k] || key[i] != key[e->first[k]]))
            k++;
        if (k == n) { /* first[n] is not needed any more: classes only get more numerous */
            e->first[n] = i;
            e->multiplicity[n] = 0;
            old[n++] = e->label[i];
        }
        e->multiplicity[k]++;
        label[i] = k;
    }
    for (size_t k = 0; k < n && status == SKD_OK; k++) {
        memcpy(e->shell[k], shell[old[k]], sizeof *shell);
        memcpy(e->arrangement[k], arrangement[old[k]], sizeof *arrangement);
    }
    if (status == SKD_OK) {
        memcpy(e->label, label, e->n * sizeof *label);
        e->n_classes = n;
    }
    skd_free(label);
    skd_free(old);
    skd_free(shell);
    skd_free(arrangement);
    return status;
}
