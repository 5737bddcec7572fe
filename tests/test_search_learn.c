/* SPDX-License-Identifier: MIT */
/* Tests of the search that learns. The teacher is Stillinger-Weber silicon: cheap enough to relax every start directly
 * as well, so that the two lists of families can be compared. */
#include "check.h"
#include "shakedown/search.h"
#include "vacancies.h"

#include <stdlib.h>

typedef struct fixture {
    skd_defect *defect;
    skd_potential *teacher;
    skd_relax_options relax;
    skd_start_options starts;
    skd_learn_options learn;
} fixture;

static void setup(fixture *f) {
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

static void teardown(fixture *f) {
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

static skd_status note_label(void *payload, const skd_kept_label *label, skd_error *hook_err) {
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

static bool note_round(void *payload, const skd_learn_round *round) {
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

static skd_status note_finished(void *payload, const skd_job *job, const size_t *start, size_t n, skd_error *err) {
    (void)err;
    diary *d = payload;
    for (size_t i = 0; i < n; i++)
        CHECK(job->minimum[start[i]].done);
    d->finished += n;
    return SKD_OK;
}

static skd_learn_hooks hooks_of(diary *d) {
    return (skd_learn_hooks){.labelled = note_label, .round = note_round, .finished = note_finished, .payload = d};
}

static void forget(diary *d) {
    for (size_t i = 0; i < d->n_kept; i++)
        skd_kept_label_free(&d->kept[i]);
    skd_free(d->kept);
    *d = (diary){0};
}

/* A whole search; labels of `before` are known already. */
static skd_job *learned(fixture *f, int threads, diary *d, const diary *before, skd_learn_summary *summary) {
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

static skd_ranking ranked(const skd_job *job) {
    skd_error err;
    skd_ranking ranking;
    skd_rank_options options = SKD_RANK_DEFAULT;
    CHECK_OK(skd_rank(&ranking, job, &options, 1, &err));
    return ranking;
}

static bool has_energy(const skd_ranking *ranking, double energy) {
    for (size_t i = 0; i < ranking->n; i++)
        if (fabs(ranking->family[i].energy - energy) < 2e-3)
            return true;
    return false;
}

static void it_finds_what_direct_relaxation_finds_with_fewer_calls(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    diary d = {0};
    skd_learn_summary cost;
    skd_job *direct;
    size_t calls = 0, members = 0;
    setup(&f);
    CHECK_OK(skd_job_new(&direct, f.defect, 0, &f.starts, &err));
    CHECK_OK(skd_search_relax(&direct, 1, f.teacher, &f.relax, 1, NULL, &err));
    skd_job *job = learned(&f, 1, &d, NULL, &cost);
    skd_ranking want = ranked(direct), got = ranked(job);
    for (size_t i = 0; i < direct->starts.n; i++)
        calls += direct->minimum[i].n_calls;
    for (size_t i = 0; i < got.n; i++)
        members += got.family[i].n_members;
    print_message("direct: %zu families, %zu calls; learned: %zu families, %zu labels + %zu calls, %zu rounds\n",
                  want.n, calls, got.n, cost.n_labels, cost.n_finish, cost.n_rounds);
    for (size_t i = 0; i < want.n; i++)
        CHECK(has_energy(&got, want.family[i].energy));
    CHECK_INT(members + got.n_unusable, job->starts.n);
    CHECK_INT(got.n_unusable, want.n_unusable);
    CHECK(cost.n_labels + cost.n_finish < calls / 2);
    CHECK_INT(d.finished, job->starts.n);
    skd_ranking_free(&want);
    skd_ranking_free(&got);
    skd_job_free(direct);
    skd_job_free(job);
    forget(&d);
    teardown(&f);
}

static void same_minima(const skd_job *a, const skd_job *b) {
    CHECK_INT(a->starts.n, b->starts.n);
    for (size_t i = 0; i < a->starts.n; i++) {
        CHECK(memcmp(&a->minimum[i].energy, &b->minimum[i].energy, sizeof(double)) == 0);
        CHECK_INT(a->minimum[i].like, b->minimum[i].like);
        CHECK(memcmp(a->minimum[i].cell->pos, b->minimum[i].cell->pos,
                     a->minimum[i].cell->n * sizeof *a->minimum[i].cell->pos) == 0);
    }
}

static void threads_and_repetition_do_not_change_it(void **state) {
    (void)state;
    fixture f;
    diary one = {0}, three = {0}, again = {0};
    skd_learn_summary cost[3];
    setup(&f);
    f.starts.n_distortion = 3;
    skd_job *a = learned(&f, 1, &one, NULL, &cost[0]), *b = learned(&f, 3, &three, NULL, &cost[1]);
    skd_job *c = learned(&f, 2, &again, &three, &cost[2]);
    same_minima(a, b);
    same_minima(a, c);
    CHECK_INT(cost[0].n_labels, cost[1].n_labels);
    CHECK_INT(cost[0].n_labels, cost[2].n_labels);
    CHECK_INT(again.labels, 0); /* all was remembered: the teacher was not asked */
    skd_job_free(a);
    skd_job_free(b);
    skd_job_free(c);
    forget(&one);
    forget(&three);
    forget(&again);
    teardown(&f);
}

static void a_search_cut_short_goes_on_to_the_same_end(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    diary whole = {0}, part = {.stop_after = 7}, rest = {0};
    skd_learn_summary cost;
    skd_learner *learner;
    skd_job *job;
    setup(&f);
    f.starts.n_distortion = 3;
    skd_job *a = learned(&f, 1, &whole, NULL, &cost);
    skd_learn_hooks hooks = hooks_of(&part);
    CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
    CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, &hooks, &err));
    CHECK_FAILS(skd_learner_search(learner, job, &cost, &err), SKD_EIO, "no space left");
    skd_learner_free(learner);
    skd_job_free(job);
    skd_job *b = learned(&f, 1, &rest, &part, &cost);
    same_minima(a, b);
    CHECK(rest.labels < whole.labels);
    skd_job_free(a);
    skd_job_free(b);
    forget(&whole);
    forget(&part);
    forget(&rest);
    teardown(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_direct_relaxation_finds_with_fewer_calls),
        cmocka_unit_test(threads_and_repetition_do_not_change_it),
        cmocka_unit_test(a_search_cut_short_goes_on_to_the_same_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
