/* SPDX-License-Identifier: MIT */
/* metadata.c - ShakeNBreak's distortion_metadata.json: what was done to make the starts, in its keys and its
 * layout (indented by 4, numbers in the shortest form that reads back the same). */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON text --------------------------------------------------------------------------- */

typedef struct writer {
    skd_string text;
    int depth;
    bool is_first; /* nothing yet in the innermost bracket */
} writer;

static void new_line(writer *w) { skd_string_add(&w->text, "\n%*s", 4 * w->depth, ""); }

/* Begins an element; name NULL inside arrays. Names are defects' and our own: nothing to escape. */
static void item(writer *w, const char *name) {
    if (!w->is_first)
        skd_string_add(&w->text, ",");
    if (w->depth)
        new_line(w);
    if (name)
        skd_string_add(&w->text, "\"%s\": ", name);
    w->is_first = false;
}

static void open_bracket(writer *w, const char *name, char bracket) {
    item(w, name);
    skd_string_add(&w->text, "%c", bracket);
    w->depth++;
    w->is_first = true;
}

static void close_bracket(writer *w, char bracket) {
    w->depth--;
    if (!w->is_first)
        new_line(w);
    skd_string_add(&w->text, "%c", bracket);
    w->is_first = false;
}

static void real(writer *w, const char *name, double x) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    item(w, name);
    skd_string_add(&w->text, strpbrk(text, ".e") ? "%s" : "%s.0", text);
}

static void integer(writer *w, const char *name, unsigned long x) {
    item(w, name);
    skd_string_add(&w->text, "%lu", x);
}

static void word(writer *w, const char *name, const char *x) {
    item(w, name);
    skd_string_add(&w->text, "%s", x);
}

static void quoted(writer *w, const char *name, const char *x) {
    item(w, name);
    skd_string_add(&w->text, "\"%s\"", x);
}

/* ---- parts ------------------------------------------------------------------------------- */

static void put_rattle(writer *w, const skd_rattle_options *r, double stdev) {
    static const skd_rattle_options usual = SKD_RATTLE_DEFAULT;
    open_bracket(w, "mc_rattle_parameters", '{');
    if (r->d_min > 0.0)
        real(w, "d_min", r->d_min);
    if (r->width != usual.width)
        real(w, "width", r->width);
    if (r->nbr_cutoff != usual.nbr_cutoff)
        real(w, "nbr_cutoff", r->nbr_cutoff);
    if (r->max_disp != usual.max_disp)
        real(w, "max_disp", r->max_disp);
    if (r->n_iter != usual.n_iter)
        integer(w, "n_iter", r->n_iter);
    if (r->max_attempts != usual.max_attempts)
        integer(w, "max_attempts", r->max_attempts);
    real(w, "stdev", stdev);
    close_bracket(w, '}');
}

/* dimer: NULL, or the word that stands for it in the list. */
static void put_parameters(writer *w, const skd_start_plan *plan, const skd_start_options *o, double stdev,
                           const char *dimer) {
    open_bracket(w, "distortion_parameters", '{');
    if (o->distortion)
        word(w, "distortion_increment", "null");
    else
        real(w, "distortion_increment", o->increment);
    open_bracket(w, "bond_distortions", '[');
    for (size_t k = 0; k < plan->n_distortion; k++)
        real(w, NULL, plan->distortion[k]);
    if (dimer)
        quoted(w, NULL, dimer);
    close_bracket(w, ']');
    word(w, "local_rattle", o->rattle.local ? "true" : "false");
    put_rattle(w, &o->rattle, stdev);
    close_bracket(w, '}');
}

/* A start that is not built yet, or put away again, has the defect's atoms. */
static void put_atoms(writer *w, const skd_start *start, const skd_defect *defect) {
    const skd_cell *cell = start && start->cell ? start->cell : defect->cell;
    open_bracket(w, "distorted_atoms", '[');
    for (size_t k = 0; start && k < start->n_distorted; k++) {
        size_t i = start->distorted[k];
        open_bracket(w, NULL, '[');
        integer(w, NULL, i);
        quoted(w, NULL, skd_element_of(cell->species[i])->symbol);
        close_bracket(w, ']');
    }
    close_bracket(w, ']');
}

static void put_start(writer *w, const skd_start *start, const skd_defect *defect) {
    open_bracket(w, NULL, '{');
    quoted(w, "name", start->name);
    quoted(w, "kind", start->kind);
    integer(w, "num_nearest_neighbours", (unsigned long)start->n_neighbours);
    integer(w, "seed", start->seed);
    real(w, "stdev", start->stdev);
    real(w, "d_min", start->d_min);
    put_atoms(w, start, defect);
    if (start->dropped)
        quoted(w, "dropped", start->why);
    close_bracket(w, '}');
}

static const skd_start *first_of_kind(const skd_start_list *list, const skd_start_kind *kind) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->start[i].kind, kind->name) == 0)
            return &list->start[i];
    return NULL;
}

static skd_status put_charge(writer *w, const skd_metadata_entry *e, const skd_start_options *o, skd_error *err) {
    skd_start_plan plan;
    char charge[16];
    skd_status status = skd_start_plan_new(&plan, e->defect, e->charge, o, err);
    if (status != SKD_OK)
        return status;
    snprintf(charge, sizeof charge, "%d", e->charge);
    open_bracket(w, charge, '{');
    integer(w, "num_nearest_neighbours", (unsigned long)plan.n_neighbours[0]);
    put_atoms(w, first_of_kind(e->starts, &skd_kind_bond), e->defect);
    put_parameters(w, &plan, o, e->starts->stdev, first_of_kind(e->starts, &skd_kind_dimer) ? "Dimer" : NULL);
    if (!o->compat) {
        open_bracket(w, "starts", '[');
        for (size_t i = 0; i < e->starts->n; i++)
            put_start(w, &e->starts->start[i], e->defect);
        close_bracket(w, ']');
    }
    close_bracket(w, '}');
    skd_start_plan_free(&plan);
    return SKD_OK;
}

/* The entries from *k on that belong to the same defect. */
static skd_status put_defect(writer *w, const skd_metadata_entry *entry, size_t n, size_t *k,
                             const skd_start_options *o, skd_error *err) {
    const skd_defect *defect = entry[*k].defect;
    skd_status status = SKD_OK;
    open_bracket(w, defect->name, '{');
    open_bracket(w, "unique_site", '[');
    for (int c = 0; c < 3; c++)
        real(w, NULL, defect->site[c]);
    close_bracket(w, ']');
    open_bracket(w, "charges", '{');
    for (; status == SKD_OK && *k < n && entry[*k].defect == defect; (*k)++)
        status = put_charge(w, &entry[*k], o, err);
    close_bracket(w, '}');
    if (defect->kind != SKD_VACANCY)
        integer(w, "defect_site_index", defect->index);
    close_bracket(w, '}');
    return status;
}

static skd_status put_head(writer *w, const skd_metadata_entry *entry, const skd_start_options *o, skd_error *err) {
    static const char *const dimer[] = {"Dimer (for vacancies)", "Dimer", NULL}; /* by skd_dimer_choice */
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, entry->defect, entry->charge, o, err);
    if (status != SKD_OK)
        return status;
    bool by_rule = o->dimer == SKD_DIMER_BY_RULE;
    put_parameters(w, &plan, o, entry->starts->stdev, by_rule && o->distortion ? NULL : dimer[o->dimer]);
    skd_start_plan_free(&plan);
    return SKD_OK;
}

skd_status skd_distortion_metadata(char **out, const skd_metadata_entry *entry, size_t n,
                                   const skd_start_options *options, skd_error *err) {
    writer w = {.is_first = true};
    *out = NULL;
    if (n == 0)
        return skd_fail(err, SKD_EARG, "no defect to describe in distortion_metadata.json");
    open_bracket(&w, NULL, '{');
    skd_status status = put_head(&w, entry, options, err);
    if (status == SKD_OK)
        open_bracket(&w, "defects", '{');
    for (size_t k = 0; status == SKD_OK && k < n;)
        status = put_defect(&w, entry, n, &k, options, err);
    close_bracket(&w, '}');
    close_bracket(&w, '}');
    if (status == SKD_OK && w.text.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for distortion_metadata.json");
    if (status == SKD_OK)
        *out = w.text.text;
    else
        skd_string_free(&w.text);
    return status;
}
