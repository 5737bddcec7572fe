/* SPDX-License-Identifier: MIT */
/* ask.c - what the teacher is asked for: the first frames, and those that a round wants to know. */
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

enum { FIRST_STARTS = 6 };
#define FIRST_SHARE 0.3 /* of the way from the unperturbed defect to a start: its rattle becomes a thermal one */

/* ---- first labels ------------------------------------------------------------------------------- */

/* Between the unperturbed defect and a start. */
static skd_status part_way(skd_cell **out, const skd_cell *unperturbed, const skd_cell *start, skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, unperturbed, err);
    if (status == SKD_OK)
        status = skd_cell_copy(out, unperturbed, err);
    for (size_t i = 0; status == SKD_OK && i < start->n; i++) {
        double d[3];
        skd_mic_vector(&mic, unperturbed->pos[i], start->pos[i], d);
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += FIRST_SHARE * d[k];
    }
    return status;
}

/* The unperturbed defect; where nothing is known yet, also frames on the way to starts spread over the list. */
static skd_status first_frames(skd_lesson *l, skd_cell **cell, size_t *n, skd_error *err) {
    const skd_cell *unperturbed = l->job->defect->cell;
    size_t n_trails = l->trails.n, step = 1 + n_trails / FIRST_STARTS;
    skd_status status = skd_cell_copy(&cell[0], unperturbed, err);
    *n = status == SKD_OK;
    for (size_t i = 0; i < n_trails && status == SKD_OK && l->learner->n_fitted == 0; i += step) {
        if (!strcmp(l->job->starts.start[l->trails.trail[i].start].name, "Unperturbed"))
            continue;
        status = part_way(&cell[*n], unperturbed, l->trails.trail[i].from, err);
        *n += status == SKD_OK;
    }
    return status;
}

skd_status skd_ask_first(skd_lesson *l, skd_error *err) {
    skd_cell *cell[FIRST_STARTS + 2] = {NULL};
    skd_question question[FIRST_STARTS + 2];
    size_t n = 0, of[FIRST_STARTS + 2];
    skd_status status = first_frames(l, cell, &n, err);
    for (size_t i = 0; i < n; i++) {
        question[i] = (skd_question){.cell = cell[i]};
        skd_defect_entry_name(l->job->defect, l->job->charge, question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    if (status == SKD_OK && l->learner->label[of[0]]->failed)
        status = skd_fail(err, SKD_ENUMERIC, "%s: the teacher gives no energy for the unperturbed defect: %s",
                          question[0].from, l->learner->label[of[0]]->why);
    l->summary->n_labels += n;
    for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
        skd_cell_free(cell[i]);
    return status;
}

/* ---- in a round --------------------------------------------------------------------------------- */

/* What is worth a label: the best of families where the teacher was not asked yet, and unsure ends. */
skd_status skd_ask_choose(const skd_lesson *l, size_t *chosen, size_t *n_chosen, size_t room, skd_error *err) {
    size_t n = 0, *wanted = skd_alloc(l->trails.n, sizeof *wanted), best = 0;
    *n_chosen = 0;
    if (!wanted)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu trails", l->trails.n);
    for (size_t f = 0; f < l->kin.n && best < room; f++) /* lowest energies first */
        if (!FAMILY_HAS(l, f, near) && !FAMILY_HAS(l, f, confirmed))
            chosen[best++] = l->kin.best[f];
    for (size_t i = 0; i < l->trails.n; i++)
        if (l->trails.trail[i].unsure)
            wanted[n++] = i;
    skd_status status = skd_trails_choose(&l->trails, l->model, wanted, n, 0.5 * l->learner->options.guard,
                                          room - best, chosen + best, n_chosen, err);
    *n_chosen += best;
    skd_free(wanted);
    return status;
}

/* A labelled best of a family becomes a trail of its own. */
static skd_status remember_best(skd_lesson *l, size_t trail, size_t label, skd_error *err) {
    const skd_trail *t = &l->trails.trail[trail];
    const skd_kept_label *answer = l->learner->label[label];
    double force = skd_label_force_max(answer, l->job);
    if (t->unsure || !(force < l->learner->options.finish_force))
        return SKD_OK;
    const skd_trail earlier = {.start = t->start, .label = label, .near = true, .leads_to = SIZE_MAX};
    return skd_trails_add(&l->trails, answer->cell, &earlier, err);
}

skd_status skd_ask_chosen(skd_lesson *l, const size_t *chosen, size_t n, skd_error *err) {
    skd_question *question = skd_alloc(n, sizeof *question);
    size_t *of = skd_alloc(n, sizeof *of);
    skd_status status = question && of ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu labels", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        question[i] = (skd_question){.cell = l->trails.trail[chosen[i]].end};
        skd_lesson_name(l, chosen[i], question[i].from, sizeof question[i].from);
    }
    if (status == SKD_OK)
        status = skd_learner_ask(l->learner, question, n, l->job->charge, of, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        l->summary->n_labels++;
        l->summary->n_failed += l->learner->label[of[i]]->failed;
        status = remember_best(l, chosen[i], of[i], err);
    }
    skd_free(question);
    skd_free(of);
    return status;
}

