/* SPDX-License-Identifier: MIT */
/* lessons.h - what tests of searches that learn share: a small vacancy in silicon, a diary of what the hooks saw, whole
 * searches. */
#ifndef SKD_TESTS_LESSONS_H
#define SKD_TESTS_LESSONS_H

#include <stdlib.h>

#include "check.h"
#include "shakedown/search.h"
#include "vacancies.h"

typedef struct fixture {
    skd_defect *defect;
    skd_potential *teacher;
    skd_relax_options relax;
    skd_start_options starts;
    skd_learn_options learn;
} fixture;

static inline void setup(fixture *f) {
    skd_error err;
    *f = (fixture){.relax = SKD_RELAX_DEFAULT, .starts = SKD_START_DEFAULT, .learn = SKD_LEARN_DEFAULT};
    static const double few[] = {-0.4, -0.2, 0.0, 0.3, 0.5};
    f->starts.distortion = few;
    f->starts.n_distortion = 5;
    f->relax.method = skd_minimiser_named("lbfgs");
    f->defect = vacancy_with(5.43095, 14, 14, 0.25, 2, 20, NULL, NULL, 0);
    CHECK_OK(skd_potential_new(&f->teacher, "sw", &err));
    f->learn.features.n_max = 5; /* one element: enough, and the test is fast */
    f->learn.features.l_max = 3;
}

static inline void teardown(fixture *f) {
    skd_potential_free(f->teacher);
    skd_defect_free(f->defect);
}

/* What the hooks saw. */
typedef struct diary {
    size_t labels, rounds, finished;
    size_t stop_after; /* labels; 0: never */
    skd_kept_label *kept;
    size_t n_kept, room;
} diary;

static inline skd_status note_label(void *payload, const skd_kept_label *label, skd_error *hook_err) {
    skd_error err;
    diary *d = payload;
    d->labels++;
    CHECK_OK(skd_grow((void **)&d->kept, &d->room, d->n_kept + 1, sizeof *d->kept, &err));
    skd_kept_label copy = *label;
    CHECK_OK(skd_cell_copy(&copy.cell, label->cell, &err));
    if (label->relaxed)
        CHECK_OK(skd_cell_copy(&copy.relaxed, label->relaxed, &err));
    copy.force = label->force ? skd_copy(label->force, label->cell->n, sizeof *label->force) : NULL;
    copy.way = label->way ? skd_copy(label->way, 2 * SKD_WAY * label->cell->n, sizeof *label->way) : NULL;
    copy.way_energy = label->way ? skd_copy(label->way_energy, SKD_WAY, sizeof *label->way_energy) : NULL;
    CHECK_OK(skd_trace_copy(&copy.trace, &label->trace, &err));
    d->kept[d->n_kept++] = copy;
    return d->stop_after && d->labels >= d->stop_after ? skd_fail(hook_err, SKD_EIO, "no space left") : SKD_OK;
}

static inline bool note_round(void *payload, const skd_learn_round *round) {
    diary *d = payload;
    d->rounds++;
    if (getenv("LEARN_SHOW"))
        printf("round %zu: %zu labels, %zu unsure, %zu families, force %.3f (left out %.3f), scale %.1f\n",
               round->number,
               round->n_labels, round->n_stopped, round->n_families, round->fit.force_rmse, round->fit.force_loo,
               round->fit.energy_scale);
    CHECK(round->number >= 1 && round->n_labels > 0);
    return true;
}

static inline skd_status note_finished(void *payload, const skd_job *job, const size_t *start, size_t n,
                                       skd_error *err) {
    (void)err;
    diary *d = payload;
    for (size_t i = 0; i < n; i++)
        CHECK(job->minimum[start[i]].done);
    d->finished += n;
    return SKD_OK;
}

static inline skd_learn_hooks hooks_of(diary *d) {
    return (skd_learn_hooks){.labelled = note_label, .round = note_round, .finished = note_finished, .payload = d};
}

static inline void forget(diary *d) {
    for (size_t i = 0; i < d->n_kept; i++)
        skd_kept_label_free(&d->kept[i]);
    skd_free(d->kept);
    *d = (diary){0};
}

/* A whole search; labels of `before` are known already. */
static inline skd_job *learned(fixture *f, int threads, diary *d, const diary *before,
                              skd_learn_summary *summary) {
    skd_error err;
    skd_job *job;
    skd_learner *learner;
    skd_learn_hooks hooks = hooks_of(d);
    CHECK_OK(skd_job_new(&job, f->defect, 0, &f->starts, &err));
    CHECK_OK(skd_learner_new(&learner, f->teacher, &f->relax, &f->learn, threads, &hooks, &err));
    for (size_t i = 0; before && i < before->n_kept; i++) {
        skd_kept_label copy = before->kept[i];
        CHECK_OK(skd_cell_copy(&copy.cell, before->kept[i].cell, &err));
        if (copy.relaxed)
            CHECK_OK(skd_cell_copy(&copy.relaxed, before->kept[i].relaxed, &err));
        copy.force = copy.force ? skd_copy(copy.force, copy.cell->n, sizeof *copy.force) : NULL;
        copy.way = copy.way ? skd_copy(copy.way, 2 * SKD_WAY * copy.cell->n, sizeof *copy.way) : NULL;
        copy.way_energy = copy.way ? skd_copy(copy.way_energy, SKD_WAY, sizeof *copy.way_energy) : NULL;
        CHECK_OK(skd_trace_copy(&copy.trace, &before->kept[i].trace, &err));
        CHECK_OK(skd_learner_keep(learner, &copy, false, &err));
    }
    CHECK_OK(skd_learner_search(learner, job, summary, &err));
    skd_learner_free(learner);
    return job;
}

static inline skd_ranking ranked(const skd_job *job) {
    skd_error err;
    skd_ranking ranking;
    skd_rank_options options = SKD_RANK_DEFAULT;
    CHECK_OK(skd_rank(&ranking, job, &options, 1, &err));
    return ranking;
}

static inline bool has_energy(const skd_ranking *ranking, double energy) {
    for (size_t i = 0; i < ranking->n; i++)
        if (fabs(ranking->family[i].energy - energy) < 2e-3)
            return true;
    return false;
}

static inline void same_minima(const skd_job *a, const skd_job *b) {
    CHECK_INT(a->starts.n, b->starts.n);
    for (size_t i = 0; i < a->starts.n; i++) {
        CHECK(memcmp(&a->minimum[i].energy, &b->minimum[i].energy, sizeof(double)) == 0);
        CHECK_INT(a->minimum[i].like, b->minimum[i].like);
        CHECK(memcmp(a->minimum[i].cell->pos, b->minimum[i].cell->pos,
                     a->minimum[i].cell->n * sizeof *a->minimum[i].cell->pos) == 0);
    }
}

#endif
