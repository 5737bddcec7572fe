/* SPDX-License-Identifier: MIT */
/* verify_table.c - prints views (verify_views.c): families by both levels, disagreements in words, relaxations. */
#include "verify_table.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS_SHOWN = 6 };

static const char *short_name(const verify_view *v, const skd_family *f) {
    return report_short_name(v->run->job[v->job]->starts.start[f->best].name);
}

static const char *entry_of(const verify_view *v, char *out, size_t size) {
    const skd_job *job = v->run->job[v->job];
    return skd_defect_entry_name(job->defect, job->charge, out, size);
}

/* Relative to the unperturbed one where that is known at both levels, else to the lowest. */
static double relative(const verify_view *v, double energy, int level) {
    bool known = isfinite(v->reference[0]) && isfinite(v->reference[1]);
    double lowest = HUGE_VAL;
    for (size_t i = 0; i < v->n; i++)
        lowest = fmin(lowest, level ? v->row[i].dft : v->row[i].search);
    return energy - (known ? v->reference[level] : lowest);
}

/* A level's name in a heading and a sentence: a teacher's is a whole line, which the title has. */
static const char *search_level(const verify_view *v) {
    const char *name = v->run->record.potential;
    return strlen(name) <= 24 ? name : "search";
}

static void print_points(FILE *out, const verify_view *v) {
    const char *search = search_level(v);
    char first[120], second[120], rank[120];
    snprintf(first, sizeof first, ">dE %.90s (eV)", v->level);
    snprintf(second, sizeof second, ">dE %.90s (eV)", search);
    snprintf(rank, sizeof rank, ">rank %.90s", search);
    const char *const heading[] = {">rank", first, second, rank, "from", "symmetry", "new bond (Å)"};
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    for (size_t i = 0; i < v->n; i++) {
        const skd_family *f = v->row[i].family;
        cli_table_add(&t, "%zu", i + 1);
        cli_table_add(&t, "%+.4f", relative(v, v->row[i].dft, 1));
        cli_table_add(&t, "%+.4f", relative(v, v->row[i].search, 0));
        cli_table_add(&t, "%zu", f->rank);
        cli_table_add(&t, "%s", short_name(v, f));
        cli_table_add(&t, "%s", f->symmetry);
        cli_table_add(&t, "%s", f->bond[0] ? f->bond : "-");
    }
    cli_table_print(&t, out);
    cli_table_free(&t);
}

static void print_pairs(FILE *out, const verify_view *v) {
    const char *search = search_level(v);
    if (v->n_pairs == 0)
        return;
    if (v->n_disagree == 0) {
        fprintf(out, "Both levels order these families alike.\n");
        return;
    }
    fprintf(out, "The levels disagree about %zu of %zu pair%s:\n", v->n_disagree, v->n_pairs,
            v->n_pairs == 1 ? "" : "s");
    for (size_t i = 0; i < v->n_disagree && i < PAIRS_SHOWN; i++)
        fprintf(out, "  %s puts %s %.2f eV below %s, %s %.2f eV above\n", search,
                short_name(v, v->row[v->pair[i].lower].family), v->pair[i].first,
                short_name(v, v->row[v->pair[i].higher].family), v->level, -v->pair[i].second);
    if (v->n_disagree > PAIRS_SHOWN)
        fprintf(out, "  and %zu more\n", v->n_disagree - PAIRS_SHOWN);
}

static void print_lesson(FILE *out, const verify_view *v) {
    if (v->n == 0)
        return;
    const skd_family *first = v->row[0].family;
    fprintf(out, "Lowest at %s: %s, rank %zu of the search.\n", v->level, short_name(v, first), first->rank);
}

static void add_relaxed(cli_table *t, const verify_view *v, size_t i) {
    const verify_relaxed *r = &v->relaxed[i];
    double before = (double)NAN;
    for (size_t k = 0; k < v->n; k++)
        if (v->row[k].family == r->from)
            before = v->row[k].dft;
    cli_table_add(t, "%zu", i + 1);
    cli_table_add(t, "%+.4f", r->result->energy - v->relaxed[0].result->energy);
    if (isfinite(before))
        cli_table_add(t, "%.4f", before - r->result->energy);
    else
        cli_table_add(t, "-");
    cli_table_add(t, "%s", r->from ? short_name(v, r->from) : "-");
    if (!r->to)
        cli_table_add(t, "new");
    else
        cli_table_add(t, "%s (rank %zu)", short_name(v, r->to), r->to->rank);
    cli_table_add(t, "%.1e", r->distance);
    if (r->same_as == SIZE_MAX)
        cli_table_add(t, "-");
    else
        cli_table_add(t, "%zu", r->same_as + 1);
    cli_table_add(t, "%zu%s", r->result->n_steps, r->result->stalled ? ", stalled" : "");
}

static void print_relaxed(FILE *out, const verify_view *v) {
    static const char *const heading[] = {">rank", ">dE (eV)", ">fell by (eV)", "from", "ended in family", ">distance",
                                          ">same as", "steps"};
    char entry[96];
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    fprintf(out, "%s, relaxed at %s:\n", entry_of(v, entry, sizeof entry), v->level);
    for (size_t i = 0; i < v->n_relaxed; i++)
        add_relaxed(&t, v, i);
    cli_table_print(&t, out);
    cli_table_free(&t);
}

void verify_view_print(FILE *out, const verify_view *v) {
    char entry[96];
    if (v->n > 0) {
        fprintf(out, "%s, single points at %s of %zu famil%s of the search (%s):\n", entry_of(v, entry, sizeof entry),
                v->level, v->n, v->n == 1 ? "y" : "ies", v->run->record.potential);
        print_points(out, v);
        print_pairs(out, v);
        print_lesson(out, v);
    }
    if (v->n_relaxed > 0)
        print_relaxed(out, v);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static const char *full_name(const verify_view *v, const skd_family *f) {
    return v->run->job[v->job]->starts.start[f->best].name;
}

static cJSON *row_json(const verify_view *v, size_t i) {
    const skd_family *f = v->row[i].family;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "rank", (double)(i + 1));
    json_add_number(o, "energy_eV", v->row[i].dft);
    json_add_number(o, "relative_eV", relative(v, v->row[i].dft, 1));
    cJSON_AddNumberToObject(o, "search_rank", (double)f->rank);
    json_add_number(o, "search_energy_eV", v->row[i].search);
    json_add_number(o, "search_relative_eV", relative(v, v->row[i].search, 0));
    cJSON_AddStringToObject(o, "candidate", full_name(v, f));
    cJSON_AddBoolToObject(o, "has_unperturbed", f->has_unperturbed);
    cJSON_AddStringToObject(o, "symmetry", f->symmetry);
    cJSON_AddStringToObject(o, "new_bond", f->bond);
    return o;
}

static cJSON *pair_json(const verify_view *v, const skd_disagreement *pair) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "lower_in_search", full_name(v, v->row[pair->lower].family));
    cJSON_AddStringToObject(o, "higher_in_search", full_name(v, v->row[pair->higher].family));
    json_add_number(o, "search_eV", pair->first);
    json_add_number(o, "level_eV", pair->second);
    return o;
}

static cJSON *relaxed_json(const verify_view *v, size_t i) {
    const verify_relaxed *r = &v->relaxed[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "rank", (double)(i + 1));
    json_add_number(o, "energy_eV", r->result->energy);
    cJSON_AddStringToObject(o, "candidate", v->run->job[v->job]->starts.start[r->result->start].name);
    cJSON_AddNumberToObject(o, "search_rank", r->from ? (double)r->from->rank : 0.0);
    cJSON_AddNumberToObject(o, "ended_in_search_rank", r->to ? (double)r->to->rank : 0.0);
    json_add_number(o, "distance", r->distance);
    cJSON_AddNumberToObject(o, "same_as_rank", r->same_as == SIZE_MAX ? 0.0 : (double)(r->same_as + 1));
    cJSON_AddNumberToObject(o, "steps", (double)r->result->n_steps);
    cJSON_AddBoolToObject(o, "stalled", r->result->stalled);
    return o;
}

cJSON *verify_view_json(const verify_view *v) {
    const skd_job *job = v->run->job[v->job];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "defect", job->defect->name);
    cJSON_AddNumberToObject(o, "charge", job->charge);
    cJSON_AddStringToObject(o, "level", v->level);
    cJSON_AddStringToObject(o, "search_level", v->run->record.potential);
    cJSON *families = cJSON_AddArrayToObject(o, "families"), *pairs = cJSON_AddArrayToObject(o, "disagreements");
    cJSON_AddNumberToObject(o, "pairs", (double)v->n_pairs);
    cJSON *relaxed = cJSON_AddArrayToObject(o, "relaxed");
    for (size_t i = 0; i < v->n; i++)
        cJSON_AddItemToArray(families, row_json(v, i));
    for (size_t i = 0; i < v->n_disagree; i++)
        cJSON_AddItemToArray(pairs, pair_json(v, &v->pair[i]));
    for (size_t i = 0; i < v->n_relaxed; i++)
        cJSON_AddItemToArray(relaxed, relaxed_json(v, i));
    return o;
}
