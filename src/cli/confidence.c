/* SPDX-License-Identifier: MIT */
/* confidence.c - see confidence.h. Only GFN1-xTB is calibrated; other levels have gaps and numbers of starts only. */
#include "confidence.h"

#include <string.h>

static bool is_calibrated(const char *potential) {
    return strcmp(potential, "gfn1") == 0 || (strncmp(potential, "gfn1:", 5) == 0 && !strchr(potential, '+'));
}

skd_status confidence_make(confidence *out, const run_contents *run, const skd_ranking *rankings, bool semilocal,
                           skd_error *err) {
    size_t n;
    const skd_level_pair *pairs = skd_level_pairs(&n);
    *out = (confidence){.known = is_calibrated(run->record.potential), .semilocal = semilocal, .n_jobs = run->n_jobs};
    if (!out->known)
        return SKD_OK;
    skd_status status = skd_error_model_fit(&out->model, pairs, n, semilocal ? "semilocal" : NULL, NULL, err);
    if (status == SKD_OK && !(out->probability = skd_alloc(run->n_jobs, sizeof *out->probability)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu probabilities", run->n_jobs);
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++) {
        if (!(out->probability[j] = skd_alloc(rankings[j].n, sizeof **out->probability)))
            status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu probabilities", rankings[j].n);
        else
            status = skd_confidence(out->probability[j], &rankings[j], &out->model, err);
    }
    return status;
}

void confidence_free(confidence *c) {
    for (size_t j = 0; c->probability && j < c->n_jobs; j++)
        skd_free(c->probability[j]);
    skd_free(c->probability);
    *c = (confidence){0};
}

size_t confidence_choose(size_t *family, double *held, const confidence *c, const skd_ranking *ranking, size_t j,
                         double window) {
    *held = (double)NAN;
    return c->known ? skd_confidence_choose(family, ranking, c->probability[j], CONFIDENCE_WANTED, held)
                    : skd_verify_choose(family, ranking, window, 0);
}

/* ---- words -------------------------------------------------------------------------------- */

char *confidence_text(const confidence *c) {
    const skd_error_model *m = &c->model;
    skd_string out = {0};
    skd_string_add(&out, "%s", "");
    if (c->known)
        skd_string_add(&out,
                       "By %zu pairs of structures of %zu hosts known at GFN1-xTB and %sDFT, a difference dE is %.2f "
                       "dE by DFT, with an error of %.2f eV + %.2f |dE| (Student's t, 3 degrees of freedom). P is "
                       "the probability to be the lowest, among those found: what no start led to is not in it.",
                       m->n_pairs, m->n_hosts, c->semilocal ? "semilocal " : "", m->slope, m->floor, m->share);
    if (out.failed)
        skd_string_free(&out);
    return out.text;
}

/* Fingerprints are closest to: the family's place; SIZE_MAX without distances or others. */
static size_t most_like(const skd_ranking *r, size_t f) {
    size_t best = SIZE_MAX;
    for (size_t k = 0; k < r->n && r->distance; k++)
        if (k != f && (best == SIZE_MAX || r->distance[f * r->n + k] < r->distance[f * r->n + best]))
            best = k;
    return best;
}

static void add_row(cli_table *t, const confidence *c, const skd_job *job, const skd_ranking *r, size_t j, size_t f) {
    const skd_family *family = &r->family[f];
    const double gap = f + 1 < r->n ? r->family[f + 1].energy - family->energy : (double)NAN;
    const size_t like = most_like(r, f);
    cli_table_add(t, "%zu", family->rank);
    cli_table_add(t, c->known ? "%.2f" : "-", c->known ? c->probability[j][f] : 0.0);
    cli_table_add(t, isnan(family->relative) ? "-" : "%+.2f", family->relative);
    if (c->known && isfinite(family->relative))
        cli_table_add(t, "%+.2f ± %.2f", c->model.slope * family->relative,
                      skd_error_width(&c->model, family->relative, 0.68));
    else
        cli_table_add(t, "-");
    cli_table_add(t, isnan(gap) ? "-" : "%.2f", gap);
    cli_table_add(t, c->known && isfinite(gap) ? "%.2f" : "-",
                  c->known ? skd_error_width(&c->model, gap, 0.68) : 0.0);
    cli_table_add(t, "%zu of %zu", family->n_members, job->starts.n);
    if (like != SIZE_MAX)
        cli_table_add(t, "rank %zu, %.1e", r->family[like].rank, r->distance[f * r->n + like]);
    else
        cli_table_add(t, "-");
}

static void print_choice(FILE *out, const confidence *c, const skd_ranking *r, size_t j) {
    size_t *family = skd_alloc(r->n, sizeof *family);
    double held;
    if (!family || !c->known) {
        skd_free(family);
        return;
    }
    size_t n = confidence_choose(family, &held, c, r, j, 0.0);
    fprintf(out, "--top auto: rank");
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s %zu", i ? "," : n > 1 ? "s" : "", r->family[family[i]].rank);
    fprintf(out, ", which hold the lowest with %.0f %%\n", 100.0 * held);
    skd_free(family);
}

void confidence_print(FILE *out, const confidence *c, const run_contents *run, const skd_ranking *r, size_t j) {
    static const char *const heading[] = {">rank", ">P", ">dE (eV)", ">dE by DFT, 68 % (eV)", ">gap to next (eV)",
                                          ">its error, 68 %", ">starts", "most like (SOAP)"};
    const skd_job *job = run->job[j];
    char entry[96];
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    fprintf(out, "%s at %s:\n", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry),
            run->record.potential);
    for (size_t f = 0; f < r->n; f++)
        add_row(&t, c, job, r, j, f);
    cli_table_print(&t, out);
    cli_table_free(&t);
    print_choice(out, c, r, j);
}

/* ---- JSON --------------------------------------------------------------------------------- */

void confidence_add(cJSON *o, const confidence *c, const skd_ranking *r, size_t j, size_t f) {
    const size_t like = most_like(r, f);
    const double gap = f + 1 < r->n ? r->family[f + 1].energy - r->family[f].energy : (double)NAN;
    json_add_number(o, "gap_to_next_eV", gap);
    if (c->known) {
        json_add_number(o, "lowest_probability", c->probability[j][f]);
        json_add_number(o, "error_of_gap_68_eV", isnan(gap) ? gap : skd_error_width(&c->model, gap, 0.68));
        json_add_number(o, "dft_relative_eV", c->model.slope * r->family[f].relative);
        json_add_number(o, "dft_relative_error_68_eV", isnan(r->family[f].relative)
                                                           ? (double)NAN
                                                           : skd_error_width(&c->model, r->family[f].relative, 0.68));
    }
    if (like != SIZE_MAX) {
        cJSON_AddNumberToObject(o, "most_like_rank", (double)r->family[like].rank);
        json_add_number(o, "most_like_distance", r->distance[f * r->n + like]);
    }
}

cJSON *confidence_json(const confidence *c) {
    if (!c->known)
        return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "against", c->semilocal ? "semilocal DFT" : "DFT");
    json_add_number(o, "slope", c->model.slope);
    json_add_number(o, "floor_eV", c->model.floor);
    json_add_number(o, "share", c->model.share);
    json_add_number(o, "degrees_of_freedom", c->model.dof);
    cJSON_AddNumberToObject(o, "pairs", (double)c->model.n_pairs);
    cJSON_AddNumberToObject(o, "hosts", (double)c->model.n_hosts);
    return o;
}
