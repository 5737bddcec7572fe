/* SPDX-License-Identifier: MIT */
/* sum.c - "a+b": potentials added up. A correction is the second term of such a sum: a model of what one level lacks
 * to another, the calibration of a host. */
#include "shakedown/relax.h"

#include <ctype.h>
#include <string.h>

/* What a sum can do depends on its terms: each has a type of its own. */
typedef struct sum {
    skd_potential_type type;
    const skd_potential **term; /* [n] */
    skd_potential **owned;      /* the same, or NULL: borrowed */
    size_t n;
} sum;

typedef struct sum_work {
    skd_potential_work **term; /* [n] */
    size_t n, electronic;      /* the term that has electrons */
    skd_result *part;          /* made for n_atoms */
    size_t n_atoms;
} sum_work;

static void sum_free(void *params) {
    sum *s = params;
    if (!s)
        return;
    for (size_t k = 0; s->owned && k < s->n; k++)
        skd_potential_free(s->owned[k]);
    skd_free(s->owned);
    skd_free(s->term);
    skd_free(s);
}

static skd_status sum_check(const void *params, const skd_cell *cell, skd_error *err) {
    const sum *s = params;
    skd_status status = SKD_OK;
    for (size_t k = 0; k < s->n && status == SKD_OK; k++)
        status = s->term[k]->type->check(s->term[k]->params, cell, err);
    return status;
}

static void sum_work_free(void *work) {
    sum_work *w = work;
    if (!w)
        return;
    for (size_t k = 0; w->term && k < w->n; k++)
        skd_potential_work_free(w->term[k]);
    skd_free(w->term);
    skd_result_free(w->part);
    skd_free(w);
}

static skd_status sum_work_new(const void *params, void **out, skd_error *err) {
    const sum *s = params;
    sum_work *w = skd_alloc(1, sizeof *w);
    *out = NULL;
    if (w)
        w->term = skd_alloc(s->n, sizeof *w->term);
    skd_status status = w && w->term ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    for (size_t k = 0; k < s->n && status == SKD_OK; k++, w->n++) {
        status = skd_potential_work_new(&w->term[k], s->term[k], err);
        if (s->term[k]->type->electronic)
            w->electronic = k;
    }
    if (status == SKD_OK)
        *out = w;
    else
        sum_work_free(w);
    return status;
}

static void sum_begin(void *work) {
    sum_work *w = work;
    for (size_t k = 0; k < w->n; k++)
        if (w->term[k]->potential->type->begin)
            w->term[k]->potential->type->begin(w->term[k]->work);
}

static skd_status sum_electronic(void *work, skd_electronic **out, skd_error *err) {
    sum_work *w = work;
    return skd_potential_electronic(w->term[w->electronic], out, err);
}

static void add(skd_result *out, const skd_result *part, size_t n, bool has_atoms) {
    out->energy += part->energy;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            out->force[i][k] += part->force[i][k];
    for (size_t i = 0; i < n && has_atoms; i++)
        out->atom_energy[i] += part->atom_energy[i];
    for (int k = 0; k < 9; k++)
        out->stress[k / 3][k % 3] += part->stress[k / 3][k % 3];
}

static skd_status make_part(sum_work *w, size_t n_atoms, skd_error *err) {
    if (w->part && w->n_atoms >= n_atoms)
        return SKD_OK;
    skd_result_free(w->part);
    w->n_atoms = n_atoms;
    return skd_result_new(&w->part, n_atoms, err);
}

static skd_status sum_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                              skd_result *out, skd_error *err) {
    const sum *s = params;
    sum_work *w = work;
    skd_status status = make_part(w, cell->n, err);
    bool has_stress = true, has_atoms = out->atom_energy != NULL;
    if (status != SKD_OK)
        return status;
    *out = (skd_result){.force = out->force, .atom_energy = out->atom_energy};
    memset(out->force, 0, cell->n * sizeof *out->force);
    if (has_atoms)
        memset(out->atom_energy, 0, cell->n * sizeof *out->atom_energy);
    for (size_t k = 0; k < s->n && status == SKD_OK; k++) {
        *w->part = (skd_result){.force = w->part->force, .atom_energy = w->part->atom_energy};
        status = s->term[k]->type->compute(s->term[k]->params, cell, charge, want, w->term[k]->work, w->part, err);
        has_stress &= w->part->has_stress;
        has_atoms &= w->part->has_atom_energy;
        if (status == SKD_OK)
            add(out, w->part, cell->n, has_atoms);
    }
    out->has_stress = has_stress;
    out->has_atom_energy = has_atoms;
    return status;
}

/* Relaxations suit the term that is hardest to relax: with electrons, or its own noise. */
static skd_potential_type type_of_terms(const skd_potential *const *term, size_t n) {
    skd_potential_type type = {.name = "sum", .summary = "potentials added up: a+b", .reference = "",
                               .destroy = sum_free, .check = sum_check, .work_new = sum_work_new,
                               .work_free = sum_work_free, .begin = sum_begin, .compute = sum_compute};
    for (size_t k = 0; k < n; k++) {
        const skd_potential_type *t = term[k]->type;
        type.knows_charge |= t->knows_charge;
        type.dear |= t->dear;
        if (!type.method)
            type.method = t->method;
        type.force_max = fmax(type.force_max, t->force_max);
        if (t->electronic)
            type.electronic = sum_electronic;
    }
    return type;
}

/* "a+b+c", if that is not too long. */
static skd_status set_spec(skd_potential *potential, const skd_potential *const *term, size_t n, skd_error *err) {
    size_t used = 0;
    for (size_t k = 0; k < n; k++) {
        size_t length = strlen(term[k]->spec);
        if (used + length + 2 > sizeof potential->spec)
            return skd_fail(err, SKD_EARG, "potential: text of more than %zu letters", sizeof potential->spec - 1);
        if (k > 0)
            potential->spec[used++] = '+';
        memcpy(potential->spec + used, term[k]->spec, length + 1);
        used += length;
    }
    return SKD_OK;
}

skd_status skd_potential_sum(skd_potential **out, const skd_potential *const *term, size_t n, skd_error *err) {
    *out = NULL;
    skd_potential *potential = skd_alloc(1, sizeof *potential);
    sum *s = skd_alloc(1, sizeof *s);
    if (s)
        s->term = skd_copy(term, n, sizeof *term);
    skd_status status = potential && s && s->term ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    if (status == SKD_OK)
        status = set_spec(potential, term, n, err);
    if (status != SKD_OK) {
        skd_free(potential);
        sum_free(s);
        return status;
    }
    s->n = n;
    s->type = type_of_terms(term, n);
    potential->type = &s->type;
    potential->params = s;
    *out = potential;
    return SKD_OK;
}

skd_status skd_potential_taking_sum(skd_potential **out, skd_potential *const *term_taken, size_t n, skd_error *err) {
    *out = NULL;
    skd_potential **owned = skd_copy(term_taken, n, sizeof *owned);
    if (!owned)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    skd_status status = skd_potential_sum(out, (const skd_potential *const *)owned, n, err);
    if (status == SKD_OK)
        ((sum *)(*out)->params)->owned = owned;
    else
        skd_free(owned);
    return status;
}

/* ---- from text ------------------------------------------------------------------------------- */

/* Does a kind's name begin here: a word, then ':', '+' or the end? Numbers (1e+5) do not look so, nor most file
 * names. */
static bool is_kind(const char *p) {
    if (!islower((unsigned char)*p))
        return false;
    while (islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_')
        p++;
    return *p == ':' || *p == '+' || *p == '\0';
}

/* Letters of the first term. */
static size_t term_length(const char *spec) {
    size_t n = 0;
    while (spec[n] && !(spec[n] == '+' && n > 0 && is_kind(spec + n + 1)))
        n++;
    return n;
}

skd_status skd_potential_parse(skd_potential **out, const char *spec, skd_potential_maker make, const void *payload,
                               skd_error *err) {
    enum { MOST = 8 };
    skd_potential *term[MOST] = {NULL};
    char text[sizeof term[0]->spec];
    size_t n = 0;
    skd_status status = SKD_OK;
    *out = NULL;
    if (spec[term_length(spec)] == '\0')
        return make(out, spec, payload, err);
    if (strlen(spec) >= sizeof text)
        return skd_fail(err, SKD_EARG, "potential: text of more than %zu letters", sizeof text - 1);
    for (const char *p = spec; *p && status == SKD_OK;) {
        size_t length = term_length(p);
        memcpy(text, p, length);
        text[length] = '\0';
        status = n < MOST ? make(&term[n], text, payload, err)
                          : skd_fail(err, SKD_EARG, "potential '%s': more than %d terms", spec, (int)MOST);
        n += status == SKD_OK;
        p += length + (p[length] == '+');
    }
    if (status == SKD_OK)
        status = skd_potential_taking_sum(out, term, n, err);
    for (size_t k = 0; k < n && status != SKD_OK; k++)
        skd_potential_free(term[k]);
    return status;
}
