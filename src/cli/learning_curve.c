/* SPDX-License-Identifier: MIT */
/* learning_curve.c - learning curves, tested on frames of the same relaxations or on other relaxations.
 *
 * Frames of one composition and charge are a relaxation. Those to be learned are drawn from one relaxation after the
 * other at random, so that a larger training set holds the smaller ones. One fold: from all relaxations, and the frames
 * that are never learned are the test. More: relaxations are dealt into folds, and one after the other is the test.
 * Energies have an unknown constant each relaxation; their errors are taken about the relaxation's mean.
 * Frames of relaxations by DFT have small forces all of them: a model that knows nothing and says 0 is good at those.
 * What it does to geometries shows that: each relaxation's lowest frame is rattled and relaxed with the model. The few
 * that run away would be all that a mean shows, so the median stands for the others, and they are counted. */
#include "learning_curve_parts.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define FORCE_MAX 0.03 /* eV/Å */
#define FARTHEST  1.0  /* Å: a geometry that is lost counts as that */

enum { MAX_STEPS = 80 };

/* ---- relaxations and folds ---------------------------------------------------------------------- */

static bool same_relaxation(const skd_frame *a, const skd_frame *b) {
    double qa = 0.0, qb = 0.0;
    bool same = models_charge(a, &qa, NULL) == SKD_OK && models_charge(b, &qb, NULL) == SKD_OK && qa == qb &&
                a->cell->n == b->cell->n;
    for (int z = 1; z <= SKD_ELEMENT_MAX && same; z++)
        same = skd_cell_count(a->cell, z) == skd_cell_count(b->cell, z);
    return same;
}

static void number_groups(curves *c) {
    for (size_t f = 0; f < c->frames->n; f++) {
        size_t e = 0;
        while (!same_relaxation(c->frames->frame[e], c->frames->frame[f]))
            e++;
        c->group[f] = e == f ? c->n_groups++ : c->group[e];
    }
}

static void shuffle(size_t *list, size_t n, skd_rng *rng) {
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(skd_rng_uniform(rng) * (double)i);
        size_t keep = list[i - 1];
        list[i - 1] = list[j];
        list[j] = keep;
    }
}

static bool is_tested(const curves *c, size_t group, size_t fold) {
    return c->options->folds == 1 || c->fold[group] == fold;
}

static void deal_folds(curves *c, skd_rng *rng) {
    for (size_t g = 0; g < c->n_groups; g++)
        c->fold[g] = g % c->options->folds;
    shuffle(c->fold, c->n_groups, rng);
}

/* Frames that may be learned, one of each relaxation in turn; how many. */
static size_t order_training(curves *c, size_t fold, skd_rng *rng) {
    size_t n = 0, kept = 0, *list = c->order;
    for (size_t f = 0; f < c->frames->n; f++)
        if (c->options->folds == 1 || !is_tested(c, c->group[f], fold))
            list[n++] = f;
    shuffle(list, n, rng);
    while (kept < n) { /* a round: the first of each relaxation that is left */
        const size_t round = kept;
        for (size_t i = round; i < n; i++) {
            bool seen = false;
            for (size_t k = round; k < kept; k++)
                seen = seen || c->group[list[k]] == c->group[list[i]];
            if (seen)
                continue;
            const size_t frame = list[i];
            memmove(list + kept + 1, list + kept, (i - kept) * sizeof *list);
            list[kept++] = frame;
        }
    }
    for (size_t i = 0; i < c->frames->n; i++)
        c->learned[i] = false;
    for (size_t i = 0; i < n && (double)i < c->size[c->n_sizes - 1]; i++)
        c->learned[list[i]] = true;
    return n;
}

/* ---- errors --------------------------------------------------------------------------------------- */

typedef struct sums {
    double square[MEASURES];
    size_t n[MEASURES];
    double *distance; /* where relaxed geometries' distances go; as many as n[GEOMETRY] */
} sums;

static void count(sums *s, int measure, double square, size_t n) {
    s->square[measure] += square;
    s->n[measure] += n;
}

/* Mean square distance of atoms, drift removed. */
static double distance2(const skd_cell *a, const skd_cell *b) {
    double mean[3] = {0, 0, 0}, sum = 0.0;
    for (size_t i = 0; i < 3 * a->n; i++)
        mean[i % 3] += (b->pos[i / 3][i % 3] - a->pos[i / 3][i % 3]) / (double)a->n;
    for (size_t i = 0; i < 3 * a->n; i++) {
        double d = b->pos[i / 3][i % 3] - a->pos[i / 3][i % 3] - mean[i % 3];
        sum += d * d / (double)a->n;
    }
    return sum;
}

static skd_status relax_with(skd_relax_outcome *out, const curve *k, const skd_model *model, const skd_cell *start,
                             double charge, skd_error *err) {
    skd_potential *correction = NULL, *both = NULL;
    skd_potential_work *work = NULL;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.method = skd_minimiser_named("lbfgs");
    options.force_mean = 0.0;
    options.force_max = FORCE_MAX;
    options.max_steps = MAX_STEPS;
    options.charge = charge;
    skd_status status = model ? skd_potential_of_model(&correction, model, err) : SKD_OK;
    if (status == SKD_OK && correction && k->base)
        status = skd_potential_sum(&both, (const skd_potential *const[2]){k->base, correction}, 2, err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, both ? both : correction ? correction : k->base, err);
    if (status == SKD_OK)
        status = skd_relax(out, start, work, &options, NULL, err);
    skd_potential_work_free(work);
    skd_potential_free(both);
    skd_potential_free(correction);
    return status;
}

static skd_status test_geometry(const curves *c, const curve *k, const skd_model *model, size_t group, double charge,
                                sums *s, skd_error *err) {
    skd_relax_outcome end = {0};
    const skd_cell *truth = c->frames->frame[c->lowest[group]]->cell, *start = c->rattled[group];
    skd_status status = model || k->base ? relax_with(&end, k, model, start, charge, err) : SKD_OK;
    if (status == SKD_OK) {
        s->distance[s->n[GEOMETRY]] = fmin(sqrt(distance2(truth, end.cell ? end.cell : start)), FARTHEST);
        count(s, GEOMETRY, 0.0, 1);
    }
    skd_relax_outcome_free(&end);
    return status;
}

/* Errors of one relaxation: model(frame) + base against the labels; model NULL: the base alone. */
static skd_status test_group(const curves *c, const curve *k, const skd_model *model, size_t group, sums *s,
                             skd_error *err) {
    skd_model_work *work = NULL;
    double mean = 0.0, square = 0.0, n = 0.0;
    skd_status status = model ? skd_model_work_new(&work, model, err) : SKD_OK;
    for (size_t f = 0; f < c->frames->n && status == SKD_OK; f++) {
        const skd_frame *frame = c->frames->frame[f];
        skd_result *r = NULL;
        if (c->group[f] != group || c->learned[f])
            continue;
        status = skd_result_new(&r, frame->cell->n, err);
        if (status == SKD_OK && model)
            status = skd_model_compute(model, frame->cell, 0, work, r, err);
        for (size_t i = 0; i < 3 * frame->cell->n && status == SKD_OK; i++) {
            double base = k->result ? k->result[f]->force[i / 3][i % 3] : 0.0;
            double error = r->force[i / 3][i % 3] + base - frame->force[i / 3][i % 3];
            count(s, FORCE, error * error, 1);
        }
        if (status == SKD_OK) {
            double error = r->energy + (k->result ? k->result[f]->energy : 0.0) - frame->energy;
            n += 1.0;
            square += (error - mean) * (error - mean) * (n - 1.0) / n;
            mean += (error - mean) / n;
        }
        skd_result_free(r);
    }
    skd_model_work_free(work);
    if (n > 1.5)
        count(s, ENERGY, square, (size_t)n);
    return status;
}

static skd_status test_fold(const curves *c, const curve *k, skd_fit *fit, size_t fold, sums *s, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t g = 0; g < c->n_groups && status == SKD_OK; g++) {
        skd_model *model = NULL;
        double charge = 0.0;
        if (!is_tested(c, g, fold))
            continue;
        for (size_t f = 0; f < c->frames->n && status == SKD_OK; f++)
            if (c->group[f] == g)
                status = models_charge(c->frames->frame[f], &charge, err);
        if (status == SKD_OK && fit)
            status = skd_fit_solve(&model, fit, charge, NULL, err);
        if (status == SKD_OK)
            status = test_group(c, k, model, g, s, err);
        if (status == SKD_OK && c->rattled)
            status = test_geometry(c, k, model, g, charge, s, err);
        skd_model_free(model);
    }
    return status;
}

/* ---- training ------------------------------------------------------------------------------------- */

static skd_status add_frame(const curves *c, const curve *k, skd_fit *fit, size_t f, skd_error *err) {
    const skd_frame *frame = c->frames->frame[f];
    skd_label label = {.cell = frame->cell,
                       .energy = frame->energy,
                       .force = (const double(*)[3])frame->force,
                       .stress = frame->has_stress ? frame->stress : NULL,
                       .base = k->result ? k->result[f] : NULL};
    skd_status status = models_charge(frame, &label.charge, err);
    return status == SKD_OK ? skd_fit_add(fit, &label, err) : status;
}

/* Empty sums for a curve's point. */
static sums sums_for(const curves *c, const curve *k, size_t at) {
    const size_t room = c->options->repeats * c->n_groups;
    return (sums){.distance = k->distance + at * room + k->n_distance[at]};
}

static void take_in(curve *k, size_t at, const sums *s) {
    for (int m = 0; m < MEASURES; m++)
        k->rms[m][at] += s->square[m];
    k->n_distance[at] += s->n[GEOMETRY];
}

static skd_status run_fold(curves *c, curve *k, size_t fold, size_t n_train, skd_error *err) {
    skd_fit *fit = NULL;
    skd_fit_options options = c->m->fit;
    if (k->base)
        options.prior[0] = '\0';
    skd_status status = skd_fit_new(&fit, c->features, &options, err);
    for (size_t s = 0, added = 0; s < c->n_sizes && status == SKD_OK; s++) {
        sums sum = sums_for(c, k, s);
        for (; added < (size_t)c->size[s] && added < n_train && status == SKD_OK; added++)
            status = add_frame(c, k, fit, c->order[added], err);
        if (status == SKD_OK)
            status = test_fold(c, k, fit, fold, &sum, err);
        take_in(k, s, &sum);
    }
    skd_fit_free(fit);
    return status;
}

/* Rattled copies of the lowest frames. */
static skd_status rattle_all(curves *c, skd_rng *rng, skd_error *err) {
    skd_status status = SKD_OK;
    if (!c->rattled)
        c->rattled = skd_alloc(c->n_groups, sizeof *c->rattled);
    if (!c->rattled)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu geometries", c->n_groups);
    for (size_t g = 0; g < c->n_groups; g++)
        c->lowest[g] = SIZE_MAX;
    for (size_t f = 0; f < c->frames->n; f++) {
        size_t *lowest = &c->lowest[c->group[f]];
        if (*lowest == SIZE_MAX || c->frames->frame[f]->energy < c->frames->frame[*lowest]->energy)
            *lowest = f;
    }
    for (size_t g = 0; g < c->n_groups && status == SKD_OK; g++) {
        const skd_cell *cell = c->frames->frame[c->lowest[g]]->cell;
        skd_cell_free(c->rattled[g]);
        c->rattled[g] = NULL;
        status = skd_cell_copy(&c->rattled[g], cell, err);
        for (size_t i = 0; i < 3 * cell->n && status == SKD_OK; i++)
            c->rattled[g]->pos[i / 3][i % 3] += c->options->rattle * skd_rng_normal(rng);
    }
    return status;
}

static skd_status run_all(curves *c, skd_error *err) {
    skd_rng *rng;
    skd_status status = skd_rng_new(&rng, c->options->seed, err);
    for (size_t r = 0; r < c->options->repeats && status == SKD_OK; r++) {
        deal_folds(c, rng);
        if (c->options->rattle > 0.0)
            status = rattle_all(c, rng, err);
        for (size_t fold = 0; fold < c->options->folds && status == SKD_OK; fold++) {
            size_t n_train = order_training(c, fold, rng);
            sums sum = {0};
            if ((double)n_train < c->size[c->n_sizes - 1])
                status = skd_fail(err, SKD_EARG, "--sizes: %g frames, but there are %zu to learn",
                                  c->size[c->n_sizes - 1], n_train);
            for (size_t k = 0; k < c->n_curves && status == SKD_OK; k++) {
                curve *own = &c->curve[k];
                sum = sums_for(c, own, c->n_sizes);
                status = test_fold(c, own, NULL, fold, &sum, err);
                take_in(own, c->n_sizes, &sum);
                if (status == SKD_OK)
                    status = run_fold(c, own, fold, n_train, err);
            }
            for (int m = 0; m < MEASURES; m++)
                c->n[m] += sum.n[m];
        }
    }
    skd_rng_free(rng);
    return status;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of relaxed geometries, and the share of lost ones. */
static void take_median(const curves *c, curve *k, size_t at) {
    const size_t n = k->n_distance[at];
    double *distance = sums_for(c, k, at).distance - n;
    size_t lost = 0;
    if (!n)
        return;
    qsort(distance, n, sizeof *distance, ascending);
    for (size_t i = 0; i < n; i++)
        lost += distance[i] > sqrt(3.0) * c->options->rattle;
    k->rms[GEOMETRY][at] = 0.5 * (distance[(n - 1) / 2] + distance[n / 2]);
    k->lost[at] = (double)lost / (double)n;
}

static void take_means(curves *c) {
    for (size_t k = 0; k < c->n_curves; k++)
        for (size_t s = 0; s <= c->n_sizes; s++) {
            for (int m = 0; m < MEASURES; m++)
                c->curve[k].rms[m][s] = c->n[m] ? sqrt(c->curve[k].rms[m][s] / (double)c->n[m]) : 0.0;
            take_median(c, &c->curve[k], s);
        }
}

/* ---- input ---------------------------------------------------------------------------------------- */

static skd_status open_base(curves *c, const char *text, size_t n, skd_error *err) {
    if (c->n_curves == BASES_MAX)
        return skd_fail(err, SKD_EARG, "--on: more than %d levels", BASES_MAX);
    curve *own = &c->curve[c->n_curves++];
    models one = {0};
    char spec[4096];
    snprintf(spec, sizeof spec, "%.*s", (int)n, text);
    skd_status status = models_set_base(&one, spec, err);
    const char *slash = strrchr(spec, '/');
    snprintf(own->name, sizeof own->name, "%s", slash ? slash + 1 : spec);
    own->base = one.base;
    one.base = NULL;
    models_free(&one);
    return status == SKD_OK ? models_base_results(&own->result, own->base, c->frames, err) : status;
}

static skd_status open_all(curves *c, skd_error *err) {
    double *list = NULL;
    size_t n = 0;
    skd_status status = cli_real_list(c->options->sizes, "--sizes", &list, &n, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        if (n > SIZES_MAX || !(list[i] >= 1.0) || (i > 0 && list[i] <= list[i - 1]))
            status = skd_fail(err, SKD_EARG, "--sizes %s: expected at most %d ascending numbers of frames",
                              c->options->sizes, SIZES_MAX);
        else
            c->size[c->n_sizes++] = list[i];
    skd_free(list);
    for (const char *p = c->options->bases; *p && status == SKD_OK;) {
        size_t length = strcspn(p, ",");
        status = open_base(c, p, length, err);
        p += length + (p[length] == ',');
    }
    if (status == SKD_OK) {
        bool seen[SKD_ELEMENT_MAX + 1] = {false};
        for (size_t f = 0; f < c->frames->n; f++)
            for (size_t i = 0; i < c->frames->frame[f]->cell->n; i++)
                seen[c->frames->frame[f]->cell->species[i]] = true;
        for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
            if (seen[z])
                c->species[c->n_species++] = z;
        skd_features_options basis = c->m->options;
        if (basis.body == 0) /* as models_fit has it */
            basis.body = c->n_species == 1 ? 4 : 3;
        status = skd_features_new(&c->features, &basis, c->species, c->n_species, err);
    }
    return status;
}

static void close_all(curves *c) {
    for (size_t k = 0; k < c->n_curves; k++) {
        models_free_results(c->curve[k].result, c->frames->n);
        skd_potential_free(c->curve[k].base);
        skd_free(c->curve[k].distance);
    }
    for (size_t g = 0; c->rattled && g < c->n_groups; g++)
        skd_cell_free(c->rattled[g]);
    skd_free(c->rattled);
    skd_free(c->lowest);
    skd_features_free(c->features);
    skd_free(c->group);
    skd_free(c->fold);
    skd_free(c->order);
    skd_free(c->learned);
}

skd_status learning_curve(const models *m, const skd_frames *frames, const curve_options *options, skd_error *err) {
    curves c = {.m = m, .frames = frames, .options = options};
    c.group = skd_alloc(frames->n, sizeof *c.group);
    c.fold = skd_alloc(frames->n, sizeof *c.fold);
    c.order = skd_alloc(frames->n, sizeof *c.order);
    c.learned = skd_alloc(frames->n, sizeof *c.learned);
    c.lowest = skd_alloc(frames->n, sizeof *c.lowest);
    skd_status status = c.group && c.fold && c.order && c.learned && c.lowest
                            ? SKD_OK
                            : skd_fail(err, SKD_ENOMEM, "out of memory for %zu frames", frames->n);
    if (status == SKD_OK) {
        number_groups(&c);
        if (c.n_groups < options->folds)
            status = skd_fail(err, SKD_EARG, "--folds %zu: the frames are of %zu compositions and charges",
                              options->folds, c.n_groups);
    }
    if (status == SKD_OK)
        status = open_all(&c, err);
    for (size_t k = 0; k < c.n_curves && status == SKD_OK; k++) {
        c.curve[k].distance = skd_alloc((c.n_sizes + 1) * options->repeats * c.n_groups, sizeof(double));
        if (!c.curve[k].distance)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu geometries", options->repeats * c.n_groups);
    }
    if (status == SKD_OK)
        status = run_all(&c, err);
    if (status == SKD_OK) {
        take_means(&c);
        status = learning_curve_report(&c, err);
    }
    close_all(&c);
    return status;
}
