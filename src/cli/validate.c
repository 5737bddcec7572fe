/* SPDX-License-Identifier: MIT */
/* validate.c - errors of a model on labelled frames: energies an atom, forces, stresses; by element, around the
 * defect; ranks of energies within a composition and charge. */
#include "validate.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli.h"
#include "plot.h"

#define GPA 160.2176634 /* GPa per eV/Å^3 */

typedef struct row {
    const char *what, *unit;
    pairs pairs;
} row;

typedef struct validation {
    const models *m;
    skd_potential_work *base; /* of m->base */
    const skd_frames *frames;
    const validation_options *options;
    row energy, relative, force, stress, defect;
    row element[SKD_ELEMENT_MAX];
    double *spearman_a, *spearman_b; /* energies of one group */
    double spearman;                 /* mean over groups of three frames and more, by frames */
    size_t ranked;                   /* frames in such groups */
} validation;

static skd_status add_pair(pairs *p, double reference, double model, skd_error *err) {
    size_t capacity = p->capacity;
    skd_status status = skd_grow((void **)&p->reference, &capacity, p->n + 1, sizeof *p->reference, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&p->model, &p->capacity, p->n + 1, sizeof *p->model, err);
    if (status != SKD_OK)
        return status;
    p->reference[p->n] = reference;
    p->model[p->n++] = model;
    return SKD_OK;
}

static void free_pairs(pairs *p) {
    skd_free(p->reference);
    skd_free(p->model);
}

/* ---- one frame -------------------------------------------------------------------------------- */

static skd_status add_forces(validation *v, const skd_frame *frame, const skd_result *result, skd_error *err) {
    const skd_cell *cell = frame->cell;
    skd_mic mic;
    double center[3];
    skd_row_times(v->options->center, cell->lattice, center);
    skd_status status = skd_mic_setup(&mic, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        double d[3];
        bool near = v->options->has_center && skd_mic_vector(&mic, center, cell->pos[i], d) <= v->options->radius;
        for (int k = 0; k < 3 && status == SKD_OK; k++) {
            double reference = frame->force[i][k], model = result->force[i][k];
            status = add_pair(&v->force.pairs, reference, model, err);
            for (size_t s = 0; s < v->m->n_species && status == SKD_OK; s++)
                if (v->m->species[s] == cell->species[i])
                    status = add_pair(&v->element[s].pairs, reference, model, err);
            if (near && status == SKD_OK)
                status = add_pair(&v->defect.pairs, reference, model, err);
        }
    }
    return status;
}

static skd_status add_frame(validation *v, const skd_frame *frame, const skd_result *result, skd_error *err) {
    static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
    const double n = (double)frame->cell->n;
    skd_status status = add_pair(&v->energy.pairs, frame->energy / n, result->energy / n, err);
    if (status == SKD_OK)
        status = add_forces(v, frame, result, err);
    for (int k = 0; k < 6 && frame->has_stress && status == SKD_OK; k++)
        status = add_pair(&v->stress.pairs, frame->stress[voigt[k][0]][voigt[k][1]] * GPA,
                          result->stress[voigt[k][0]][voigt[k][1]] * GPA, err);
    return status;
}

static const skd_model *model_of(const models *m, double charge) {
    for (size_t k = 0; k < m->n; k++)
        if (skd_model_charge(m->model[k]) == charge)
            return m->model[k];
    return NULL;
}

static bool known_elements(const models *m, const skd_cell *cell, size_t *atom) {
    for (size_t i = 0; i < cell->n; i++) {
        size_t s = 0;
        while (s < m->n_species && m->species[s] != cell->species[i])
            s++;
        *atom = i;
        if (s == m->n_species)
            return false;
    }
    return true;
}

/* Adds what the model is on top of. */
static skd_status add_base(const validation *v, const skd_cell *cell, double charge, skd_result *result,
                           skd_error *err) {
    skd_result *base = NULL;
    if (!v->base)
        return SKD_OK;
    skd_status status = skd_result_new(&base, cell->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute(v->base, cell, charge, SKD_WANT_STRESS, base, err);
    if (status == SKD_OK) {
        result->energy += base->energy;
        for (size_t i = 0; i < 3 * cell->n; i++)
            result->force[i / 3][i % 3] += base->force[i / 3][i % 3];
        for (int k = 0; k < 9; k++)
            result->stress[k / 3][k % 3] += base->stress[k / 3][k % 3];
    }
    skd_result_free(base);
    return status;
}

static skd_status evaluate(validation *v, const skd_frame *frame, skd_error *err) {
    double charge;
    size_t atom;
    skd_model_work *work = NULL;
    skd_result *result = NULL;
    skd_status status = models_charge(frame, &charge, err);
    const skd_model *model = model_of(v->m, charge);
    if (status == SKD_OK && !model)
        return skd_fail(err, SKD_EARG, "charge %+g, which the model has not learned", charge);
    if (status == SKD_OK && !known_elements(v->m, frame->cell, &atom))
        return skd_fail(err, SKD_EARG, "atom %zu is %s, an element that the model has not learned", atom + 1,
                        skd_element_of(frame->cell->species[atom])->symbol);
    if (status == SKD_OK)
        status = skd_model_work_new(&work, model, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, frame->cell->n, err);
    if (status == SKD_OK)
        status = skd_model_compute(model, frame->cell, SKD_WANT_STRESS, work, result, err);
    if (status == SKD_OK)
        status = add_base(v, frame->cell, charge, result, err);
    if (status == SKD_OK)
        status = add_frame(v, frame, result, err);
    skd_result_free(result);
    skd_model_work_free(work);
    return status;
}

/* ---- energies within a composition -------------------------------------------------------------- */

static bool same_group(const skd_frame *a, const skd_frame *b) {
    double qa = 0.0, qb = 0.0;
    if (models_charge(a, &qa, NULL) != SKD_OK || models_charge(b, &qb, NULL) != SKD_OK || qa != qb)
        return false;
    bool same = a->cell->n == b->cell->n;
    for (size_t i = 0; i < a->cell->n && same; i++)
        same = skd_cell_count(a->cell, a->cell->species[i]) == skd_cell_count(b->cell, a->cell->species[i]);
    return same;
}

/* Rank of a[i] among a[n], ties in the middle, from -1 to 1. */
static double rank_of(const double *a, size_t n, size_t i) {
    double rank = 0.0;
    for (size_t j = 0; j < n; j++)
        rank += a[j] < a[i] ? 1.0 : a[j] == a[i] ? 0.0 : -1.0;
    return rank;
}

static double spearman(const double *a, const double *b, size_t n) {
    double xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = rank_of(a, n, i), y = rank_of(b, n, i);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xx * yy > 0.0 ? xy / sqrt(xx * yy) : 0.0;
}

/* Energies relative to the mean of their composition and charge, and their ranks. */
static skd_status relative_energies(validation *v, skd_error *err) {
    const size_t n = v->frames->n;
    double *a = skd_alloc(2 * n, sizeof *a), *b = a + n;
    bool *done = skd_alloc(n, sizeof *done);
    skd_status status = a && done ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu energies", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        size_t members = 0;
        double mean_a = 0.0, mean_b = 0.0;
        for (size_t j = i; j < n && !done[i]; j++)
            if (same_group(v->frames->frame[i], v->frames->frame[j])) {
                const double atoms = (double)v->frames->frame[j]->cell->n;
                done[j] = j > i;
                a[members] = v->energy.pairs.reference[j] * atoms;
                b[members] = v->energy.pairs.model[j] * atoms;
                mean_a += a[members];
                mean_b += b[members++];
            }
        for (size_t k = 0; k < members && status == SKD_OK && members > 1; k++)
            status = add_pair(&v->relative.pairs, a[k] - mean_a / (double)members, b[k] - mean_b / (double)members,
                              err);
        if (members > 2) {
            v->spearman += (double)members * spearman(a, b, members);
            v->ranked += members;
        }
    }
    v->spearman /= v->ranked ? (double)v->ranked : 1.0;
    skd_free(a);
    skd_free(done);
    return status;
}

/* ---- report ----------------------------------------------------------------------------------- */

typedef struct errors {
    double mae, rmse, r2;
} errors;

static errors errors_of(const pairs *p) {
    errors e = {0};
    double mean = 0.0, spread = 0.0;
    for (size_t i = 0; i < p->n; i++)
        mean += p->reference[i] / (double)p->n;
    for (size_t i = 0; i < p->n; i++) {
        double d = p->model[i] - p->reference[i];
        e.mae += fabs(d) / (double)p->n;
        e.rmse += d * d;
        spread += (p->reference[i] - mean) * (p->reference[i] - mean);
    }
    e.r2 = spread > 0.0 ? 1.0 - e.rmse / spread : NAN;
    e.rmse = sqrt(e.rmse / (double)(p->n ? p->n : 1));
    return e;
}

/* Rows in the order of the report; NULL ends them. */
static void list_rows(validation *v, row **out) {
    size_t n = 0;
    row *all[] = {&v->energy, &v->relative, &v->force, &v->defect, &v->stress};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        if (all[k]->pairs.n)
            out[n++] = all[k];
        for (size_t s = 0; all[k] == &v->force && s < v->m->n_species; s++)
            if (v->element[s].pairs.n)
                out[n++] = &v->element[s];
    }
    out[n] = NULL;
}

static void print_table(validation *v, row *const *rows) {
    static const char *const heading[] = {"quantity", "unit", ">values", ">MAE", ">RMSE", ">R2"};
    cli_table table = {.n_columns = 6, .heading = heading};
    for (; *rows; rows++) {
        errors e = errors_of(&(*rows)->pairs);
        cli_table_add(&table, "%s", (*rows)->what);
        cli_table_add(&table, "%s", (*rows)->unit);
        cli_table_add(&table, "%zu", (*rows)->pairs.n);
        cli_table_add(&table, "%.5f", e.mae);
        cli_table_add(&table, "%.5f", e.rmse);
        if (isfinite(e.r2))
            cli_table_add(&table, "%.5f", e.r2);
        else
            cli_table_add(&table, "-");
    }
    cli_table_print(&table, stdout);
    cli_table_free(&table);
    if (v->ranked)
        printf("rank correlation of relative energies (Spearman): %.4f, %zu frames\n", v->spearman, v->ranked);
}

static skd_status print_json(const validation *v, row *const *rows, skd_error *err) {
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "errors");
    for (; *rows; rows++) {
        errors e = errors_of(&(*rows)->pairs);
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "quantity", (*rows)->what);
        cJSON_AddStringToObject(o, "unit", (*rows)->unit);
        cJSON_AddNumberToObject(o, "values", (double)(*rows)->pairs.n);
        cJSON_AddNumberToObject(o, "mae", e.mae);
        cJSON_AddNumberToObject(o, "rmse", e.rmse);
        if (isfinite(e.r2))
            cJSON_AddNumberToObject(o, "r2", e.r2);
        cJSON_AddItemToArray(list, o);
    }
    if (v->ranked)
        cJSON_AddNumberToObject(root, "spearman", v->spearman);
    char *text = cJSON_Print(root);
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(root);
    return text ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
}

static skd_status write_picture(const char *prefix, const char *name, const skd_string *text, skd_error *err) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s%s.svg", prefix, name) >= sizeof path)
        return skd_fail(err, SKD_EARG, "-o %.60s...: too long", prefix);
    return text->failed ? skd_fail(err, SKD_ENOMEM, "%s: out of memory", path)
                        : skd_file_write(path, text->text, text->n, err);
}

static skd_status draw(const char *prefix, const char *name, const row *r, skd_error *err) {
    char what[80], file[80];
    skd_string text = {0};
    double *error = skd_alloc(r->pairs.n, sizeof *error);
    if (!error)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a histogram");
    for (size_t i = 0; i < r->pairs.n; i++)
        error[i] = r->pairs.model[i] - r->pairs.reference[i];
    snprintf(what, sizeof what, "%s (%s)", r->what, r->unit);
    snprintf(file, sizeof file, "_%s_parity", name);
    plot_parity(&text, what, r->pairs.reference, r->pairs.model, r->pairs.n);
    skd_status status = write_picture(prefix, file, &text, err);
    skd_string_free(&text);
    text = (skd_string){0};
    snprintf(file, sizeof file, "_%s_errors", name);
    if (status == SKD_OK) {
        plot_histogram(&text, what, error, r->pairs.n);
        status = write_picture(prefix, file, &text, err);
    }
    skd_string_free(&text);
    skd_free(error);
    return status;
}

static skd_status draw_all(const validation *v, skd_error *err) {
    const struct {
        const char *name;
        const row *row;
    } all[] = {{"energy", &v->relative}, {"force", &v->force}, {"defect", &v->defect}, {"stress", &v->stress}};
    skd_status status = SKD_OK;
    for (size_t k = 0; k < sizeof all / sizeof *all && status == SKD_OK; k++)
        if (all[k].row->pairs.n)
            status = draw(v->options->prefix, all[k].name, all[k].row, err);
    return status;
}

skd_status validate(const models *m, const skd_frames *frames, const validation_options *options, skd_error *err) {
    char name[SKD_ELEMENT_MAX][16];
    row *rows[SKD_ELEMENT_MAX + 8];
    validation v = {.m = m, .frames = frames, .options = options,
                    .energy = {"energy", "eV/atom", {0}},
                    .relative = {"relative energy", "eV", {0}},
                    .force = {"force", "eV/Å", {0}},
                    .stress = {"stress", "GPa", {0}},
                    .defect = {"force, defect", "eV/Å", {0}}};
    for (size_t s = 0; s < m->n_species; s++) {
        snprintf(name[s], sizeof name[s], "force on %s", skd_element_of(m->species[s])->symbol);
        v.element[s] = (row){name[s], "eV/Å", {0}};
    }
    skd_status status = m->base ? skd_potential_work_new(&v.base, m->base, err) : SKD_OK;
    for (size_t f = 0; f < frames->n && status == SKD_OK; f++)
        if ((status = evaluate(&v, frames->frame[f], err)) != SKD_OK)
            skd_error_prefix(err, "frame %zu", f + 1);
    if (status == SKD_OK)
        status = relative_energies(&v, err);
    list_rows(&v, rows);
    if (status == SKD_OK && options->prefix)
        status = draw_all(&v, err);
    if (status == SKD_OK && options->json)
        status = print_json(&v, rows, err);
    else if (status == SKD_OK)
        print_table(&v, rows);
    for (row **r = rows; *r; r++)
        free_pairs(&(*r)->pairs);
    skd_potential_work_free(v.base);
    return status;
}
