/* SPDX-License-Identifier: MIT */
/* labels.c - what the teacher said: asked many at once, remembered by frame, handed to the fit in the order of asking.
 *
 * A frame is looked up by its atoms, cell and charge to the last bit. A search that was interrupted and is repeated
 * asks for the same frames again and finds the answers: it need not store where it was. */
#include <stdio.h>
#include <string.h>

#include "learn.h"

#define NO_LIMIT 1e6 /* eV */

/* ---- the learner ------------------------------------------------------------------------------ */

void skd_kept_label_free(skd_kept_label *label) {
    skd_cell_free(label->cell);
    skd_cell_free(label->relaxed);
    skd_free(label->force);
    skd_free(label->way);
    skd_free(label->way_energy);
    skd_trace_free(&label->trace);
    label->way = NULL;
    label->way_energy = NULL;
    label->cell = label->relaxed = NULL;
    label->force = NULL;
}

void skd_learner_free(skd_learner *learner) {
    if (!learner)
        return;
    for (int t = 0; learner->teacher_work && t < learner->threads; t++)
        skd_potential_work_free(learner->teacher_work[t]);
    skd_free(learner->teacher_work);
    for (size_t i = 0; i < learner->n_labels; i++) {
        skd_kept_label_free(learner->label[i]);
        skd_free(learner->label[i]);
    }
    skd_free(learner->label);
    skd_free(learner->fitted);
    skd_learner_forget_prior(learner);
    skd_fit_free(learner->fit);
    skd_features_free(learner->features);
    skd_free(learner);
}

skd_status skd_learner_new(skd_learner **out, const skd_potential *teacher, const skd_relax_options *relax,
                           const skd_learn_options *options, int threads, const skd_learn_hooks *hooks,
                           skd_error *err) {
    *out = NULL;
    skd_learner *learner = skd_alloc(1, sizeof *learner);
    if (!learner)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a learner");
    *learner = (skd_learner){.teacher = teacher, .relax = *relax, .options = *options, .hooks = hooks};
    learner->threads = threads > 0 ? threads : skd_threads_available();
    learner->teacher_work = skd_alloc((size_t)learner->threads, sizeof *learner->teacher_work);
    skd_status status = learner->teacher_work ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a learner");
    for (int t = 0; t < learner->threads && status == SKD_OK; t++)
        status = skd_potential_work_new(&learner->teacher_work[t], teacher, err);
    if (options->prior) {
        learner->options.fit.prior[0] = '\0'; /* it repels where atoms are near */
        learner->options.fit.far_above = NO_LIMIT; /* of a difference it says nothing */
    }
    if (status == SKD_OK && options->prior)
        status = skd_potential_work_new(&learner->prior_work, options->prior, err);
    if (status != SKD_OK)
        skd_learner_free(learner);
    else
        *out = learner;
    return status;
}

/* ---- the memory ------------------------------------------------------------------------------- */

static bool same_cell(const skd_cell *known, const skd_cell *cell) {
    return known->n == cell->n && !memcmp(known->lattice, cell->lattice, sizeof cell->lattice) &&
           !memcmp(known->species, cell->species, cell->n * sizeof *cell->species) &&
           !memcmp(known->pos, cell->pos, cell->n * sizeof *cell->pos);
}

static bool same_frame(const skd_kept_label *label, const skd_cell *cell, double charge, bool relaxed) {
    return label->charge == charge && (label->relaxed != NULL) == relaxed && same_cell(label->cell, cell);
}

size_t skd_learner_find(const skd_learner *learner, const skd_cell *cell, double charge, bool relaxed) {
    for (size_t i = 0; i < learner->n_labels; i++)
        if (same_frame(learner->label[i], cell, charge, relaxed))
            return i;
    return SIZE_MAX;
}

bool skd_learner_counts(const skd_learner *learner, const skd_cell *cell, double charge) {
    for (size_t i = 0; i < learner->n_fitted; i++)
        if (same_frame(learner->label[learner->fitted[i]], cell, charge, false))
            return true;
    return false;
}

/* Takes the label's contents, also on failure. */
static skd_status remember(skd_learner *learner, skd_kept_label *label, size_t *number, skd_error *err) {
    skd_status status =
        skd_grow((void **)&learner->label, &learner->room, learner->n_labels + 1, sizeof *learner->label, err);
    skd_kept_label *copy = status == SKD_OK ? skd_copy(label, 1, sizeof *label) : NULL;
    if (!copy) {
        skd_kept_label_free(label);
        return status != SKD_OK ? status : skd_fail(err, SKD_ENOMEM, "out of memory for a label");
    }
    *number = learner->n_labels;
    learner->label[learner->n_labels++] = copy;
    return SKD_OK;
}

static bool counts(const skd_learner *learner, size_t number) {
    for (size_t i = 0; i < learner->n_fitted; i++)
        if (learner->fitted[i] == number)
            return true;
    return false;
}

skd_status skd_learner_count_in(skd_learner *learner, size_t number, skd_error *err) {
    if (counts(learner, number))
        return SKD_OK;
    skd_status status =
        skd_grow((void **)&learner->fitted, &learner->fitted_room, learner->n_fitted + 1, sizeof(size_t), err);
    if (status == SKD_OK)
        learner->fitted[learner->n_fitted++] = number;
    return status;
}

size_t skd_learner_place(const skd_learner *learner, const size_t *of, const size_t *item, size_t i) {
    size_t place = learner->n_fitted + i;
    for (size_t k = 0; k < item[i]; k++) { /* known, and counted in before it */
        bool first = of[k] != SIZE_MAX && !counts(learner, of[k]);
        for (size_t j = 0; j < k && first; j++)
            first = of[j] != of[k];
        place += first;
    }
    return place;
}

/* Of two answers to the same frame, the one that is an answer. */
static skd_status remember_once(skd_learner *learner, skd_kept_label *label, size_t *number, skd_error *err) {
    *number = skd_learner_find(learner, label->cell, label->charge, label->relaxed != NULL);
    if (*number == SIZE_MAX || (!label->failed && !learner->label[*number]->failed))
        return remember(learner, label, number, err);
    if (!label->failed) {
        skd_kept_label_free(learner->label[*number]);
        *learner->label[*number] = *label;
    } else {
        skd_kept_label_free(label);
    }
    return SKD_OK;
}

skd_status skd_learner_keep(skd_learner *learner, skd_kept_label *label, bool fitted, skd_error *err) {
    size_t number;
    skd_status status = remember_once(learner, label, &number, err);
    return status == SKD_OK && fitted ? skd_learner_count_in(learner, number, err) : status;
}

skd_status skd_learner_file(skd_learner *learner, skd_kept_label *answer, const size_t *item, size_t n, size_t *of,
                            skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n; i++) {
        if (status == SKD_OK)
            status = remember(learner, &answer[i], &of[item[i]], err);
        else
            skd_kept_label_free(&answer[i]);
    }
    return status;
}

double skd_label_force_max(const skd_kept_label *label, const skd_job *job) {
    double most = label->failed ? (double)INFINITY : 0.0;
    for (size_t i = 0; i < label->cell->n && !label->failed; i++)
        if (!job->tether || !isinf(job->tether[i]))
            most = fmax(most, skd_norm(label->force[i]));
    return most;
}

static bool is_of_entry(const skd_kept_label *label, const char *entry) {
    size_t n = strlen(entry);
    return !strncmp(label->from, entry, n) && (label->from[n] == '\0' || label->from[n] == '/');
}

skd_status skd_learner_count_in_job(skd_learner *learner, const skd_job *job, skd_error *err) {
    char entry[128];
    size_t n = 0, *list = skd_alloc(learner->n_labels, sizeof *list);
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", learner->n_labels);
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    for (size_t i = 0; i < learner->n_labels; i++) {
        if (!is_of_entry(learner->label[i], entry))
            continue;
        size_t at = n++;
        for (; at > 0 && learner->label[list[at - 1]]->order > learner->label[i]->order; at--)
            list[at] = list[at - 1];
        list[at] = i;
    }
    skd_status status = SKD_OK;
    for (size_t k = 0; k < n && status == SKD_OK; k++)
        status = skd_learner_count_in(learner, list[k], err);
    skd_free(list);
    return status;
}

int skd_learner_at_once(const skd_learner *learner) {
    int most = learner->teacher->at_once;
    return most > 0 && most < learner->threads ? most : learner->threads;
}

/* ---- asking ----------------------------------------------------------------------------------- */

typedef struct asking {
    skd_learner *learner;
    const skd_question *question;
    double charge;
    const size_t *of;       /* answers that are known: see skd_learner_place */
    const size_t *item;     /* [n] questions that nobody has answered yet */
    skd_kept_label *answer; /* [n] */
} asking;

static bool is_finite(const skd_result *result, size_t n) {
    bool finite = isfinite(result->energy);
    for (size_t i = 0; i < 3 * n && finite; i++)
        finite = isfinite(result->force[i / 3][i % 3]);
    return finite;
}

/* A teacher that carries something from frame to frame may find with the electrons of a frame that it could do what it
 * does not find from scratch. */
static skd_status compute(skd_potential_work *work, const skd_question *q, double charge, bool again,
                          skd_result *result, skd_error *trouble) {
    bool carries = work->potential->type->begin != NULL;
    if (again && q->known && carries && skd_potential_compute(work, q->known, charge, 0, result, trouble) == SKD_OK)
        return skd_potential_compute_next(work, q->cell, charge, 0, result, trouble);
    return skd_potential_compute(work, q->cell, charge, 0, result, trouble);
}

/* One attempt. A teacher that cannot is an outcome; no memory, or a request to stop, is not. */
static skd_status attempt(skd_potential_work *work, const skd_question *q, double charge, bool again,
                          skd_kept_label *answer, skd_error *err) {
    const skd_cell *cell = q->cell;
    skd_result *result = NULL;
    skd_error trouble = {SKD_OK, ""};
    skd_status status = skd_result_new(&result, cell->n, err);
    if (status != SKD_OK)
        return status;
    status = compute(work, q, charge, again, result, &trouble);
    if (work->potential->type->origin)
        snprintf(answer->origin, sizeof answer->origin, "%s", work->potential->type->origin(work->work));
    const char *what = isfinite(result->energy) ? "a force is not finite" : "energy not finite";
    answer->failed = status != SKD_OK || !is_finite(result, cell->n);
    answer->why[0] = '\0';
    if (!answer->failed) {
        answer->energy = result->energy;
        answer->force = result->force;
        result->force = NULL;
    } else {
        snprintf(answer->why, sizeof answer->why, "%.150s", status != SKD_OK ? trouble.text : what);
    }
    skd_result_free(result);
    if (status == SKD_ENOMEM || status == SKD_ESTOPPED || status == SKD_EWAITING)
        return skd_fail(err, status, "%s", trouble.text);
    return SKD_OK;
}

static skd_status ask_one(void *payload, size_t i, int worker, skd_error *err) {
    asking *a = payload;
    const skd_question *q = &a->question[a->item[i]];
    const skd_learn_hooks *hooks = a->learner->hooks;
    skd_kept_label *answer = &a->answer[i];
    answer->charge = a->charge;
    answer->order = skd_learner_place(a->learner, a->of, a->item, i);
    snprintf(answer->from, sizeof answer->from, "%s", q->from);
    skd_status status = skd_cell_copy(&answer->cell, q->cell, err);
    for (int k = 0; k < 2 && status == SKD_OK && (k == 0 || answer->failed); k++)
        status = attempt(a->learner->teacher_work[worker], q, a->charge, k > 0, answer, err);
    if (status == SKD_OK && hooks && hooks->labelled) { /* at once: a label may have taken hours */
#pragma omp critical(skd_search_hook)
        status = hooks->labelled(hooks->payload, answer, err);
    }
    return status;
}

/* Questions that nobody has answered yet, each frame once; of[] of the others. */
static size_t list_new(const skd_learner *learner, const skd_question *question, size_t n, double charge, size_t *of,
                       size_t *item) {
    size_t n_new = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_new = (of[i] = skd_learner_find(learner, question[i].cell, charge, false)) == SIZE_MAX;
        for (size_t k = 0; k < n_new && is_new; k++)
            is_new = !same_cell(question[item[k]].cell, question[i].cell);
        if (is_new)
            item[n_new++] = i;
    }
    return n_new;
}

skd_status skd_learner_ask(skd_learner *learner, const skd_question *question, size_t n, double charge, size_t *of,
                           skd_error *err) {
    size_t *item = skd_alloc(n, sizeof *item), n_new = 0;
    skd_kept_label *answer = skd_alloc(n, sizeof *answer);
    asking a = {learner, question, charge, of, item, answer};
    skd_status status = item && answer ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", n);
    if (status == SKD_OK) {
        n_new = list_new(learner, question, n, charge, of, item);
        status = skd_parallel(n_new, skd_learner_at_once(learner), ask_one, &a, err);
        for (size_t i = 0; i < n_new && status != SKD_OK; i++)
            skd_kept_label_free(&answer[i]);
        if (status == SKD_OK)
            status = skd_learner_file(learner, answer, item, n_new, of, err);
    }
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        if (of[i] == SIZE_MAX) /* asked twice at once */
            of[i] = skd_learner_find(learner, question[i].cell, charge, false);
        status = skd_learner_count_in(learner, of[i], err);
    }
    skd_free(item);
    skd_free(answer);
    return status;
}

/* ---- fitting ---------------------------------------------------------------------------------- */

static bool among(int z, const int *species, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (species[i] == z)
            return true;
    return false;
}

/* Is every element of the cell among the features' species? */
static bool covered(const skd_features *features, const skd_cell *cell) {
    size_t n;
    const int *species = skd_features_species(features, &n);
    for (size_t i = 0; i < cell->n; i++)
        if (!among(cell->species[i], species, n))
            return false;
    return true;
}

/* Features of the elements of `cell`; kept if those of the last job cover them. */
static skd_status match_features(skd_learner *learner, const skd_cell *cell, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    if (learner->features && covered(learner->features, cell))
        return SKD_OK;
    skd_fit_free(learner->fit);
    skd_features_free(learner->features);
    learner->fit = NULL;
    learner->features = NULL;
    learner->n_added = 0;
    size_t n = skd_cell_species(cell, species);
    skd_status status = skd_features_new(&learner->features, &learner->options.features, species, n, err);
    return status == SKD_OK ? skd_fit_new(&learner->fit, learner->features, &learner->options.fit, err) : status;
}

/* The frames on the way of a relaxation. */
static skd_status add_way(skd_learner *learner, size_t number, skd_error *err) {
    const skd_kept_label *l = learner->label[number];
    skd_cell *cell = NULL;
    size_t n = l->cell->n;
    skd_status status = l->n_way ? skd_cell_copy(&cell, l->cell, err) : SKD_OK;
    for (size_t k = 0; k < l->n_way && status == SKD_OK; k++) {
        const skd_label label = {.cell = cell, .charge = l->charge, .energy = l->way_energy[k],
                                 .force = (const double (*)[3])l->way + (2 * k + 1) * n};
        memcpy(cell->pos, l->way + 2 * k * n, n * sizeof *cell->pos);
        status = skd_learner_add(learner, number, 1 + k, &label, err);
    }
    skd_cell_free(cell);
    return status;
}

static skd_status add_new(skd_learner *learner, skd_error *err) {
    skd_status status = SKD_OK;
    for (; learner->n_added < learner->n_fitted && status == SKD_OK; learner->n_added++) {
        size_t number = learner->fitted[learner->n_added];
        const skd_kept_label *l = learner->label[number];
        if (l->failed || !covered(learner->features, l->cell))
            continue;
        const skd_label label = {.cell = l->relaxed ? l->relaxed : l->cell, .charge = l->charge, .energy = l->energy,
                                 .force = (const double (*)[3])l->force};
        status = skd_learner_add(learner, number, 0, &label, err);
        if (status == SKD_OK)
            status = add_way(learner, number, err);
    }
    return status;
}

skd_status skd_learner_fit(skd_learner *learner, const skd_cell *cell, double charge, skd_model **out,
                           skd_fit_report *report, skd_error *err) {
    *out = NULL;
    skd_status status = match_features(learner, cell, err);
    if (status == SKD_OK)
        status = add_new(learner, err);
    if (status != SKD_OK || skd_fit_count(learner->fit) == 0)
        return status;
    return skd_fit_solve(out, learner->fit, charge, report, err);
}
