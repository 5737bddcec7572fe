/* SPDX-License-Identifier: MIT */
/* Tests of the search on two levels: a cheap level below the surrogate, and teachers that are only asked for labels.
 * The teacher is Stillinger-Weber silicon, the prior level one with other parameters. */
#include "lessons.h"

#define PRIOR "sw:epsilon=1.9,sigma=2.13,lambda=26"

static void setup_levels(fixture *f, skd_potential **prior) {
    skd_error err;
    setup(f);
    CHECK_OK(skd_potential_new(prior, PRIOR, &err));
    f->learn.prior = *prior;
    f->learn.confirm_force = 0.03;
    f->learn.force_max = 0.005;
    f->learn.batch = 4;
    f->learn.fit.force_noise = 0.02;
    f->learn.fit.force_noise_slope = 0.02;
    f->learn.fit.energy_noise = 0.01;
}

static skd_job *relaxed_directly(const fixture *f) {
    skd_error err;
    skd_job *job;
    CHECK_OK(skd_job_new(&job, f->defect, 0, &f->starts, &err));
    CHECK_OK(skd_search_relax(&job, 1, f->teacher, &f->relax, 1, NULL, &err));
    return job;
}

static void check_families(const skd_job *job, const skd_job *direct, double tolerance) {
    skd_ranking want = ranked(direct), got = ranked(job);
    for (size_t i = 0; i < want.n; i++) {
        double least = INFINITY;
        for (size_t k = 0; k < got.n; k++)
            least = fmin(least, fabs(got.family[k].energy - want.family[i].energy));
        CHECK_CLOSE(least, 0.0, tolerance, 0);
    }
    skd_ranking_free(&want);
    skd_ranking_free(&got);
}

static void labels_alone_find_the_teachers_minima(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    setup_levels(&f, &prior);
    skd_job *direct = relaxed_directly(&f);
    size_t n_labels[2];
    for (int k = 0; k < 2; k++) {
        diary d = {0};
        skd_learn_summary cost;
        f.learn.prior = k == 0 ? prior : NULL;
        skd_job *job = learned(&f, 1, &d, NULL, &cost);
        print_message("%s prior: %zu labels, %zu rounds, %zu evaluations of the prior\n", k ? "without" : "with",
                      cost.n_labels, cost.n_rounds, cost.n_prior);
        n_labels[k] = cost.n_labels;
        CHECK_INT(cost.n_finish, 0);
        CHECK((cost.n_prior > 0) == (k == 0));
        CHECK(!cost.spent);
        check_families(job, direct, 5e-3);
        for (size_t i = 0; i < job->starts.n; i++)
            if (job->minimum[i].like == i) {
                CHECK(job->minimum[i].stop == SKD_STOP_FORCE_MAX && job->minimum[i].force_max < 0.03);
                CHECK(job->minimum[i].has_prior == (k == 0));
            }
        skd_job_free(job);
        forget(&d);
    }
    CHECK(n_labels[0] < n_labels[1]);
    skd_job_free(direct);
    skd_potential_free(prior);
    teardown(&f);
}

static void threads_and_repetition_do_not_change_it(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    diary one = {0}, three = {0}, again = {0}, part = {.stop_after = 4}, rest = {0};
    skd_learn_summary cost;
    skd_learner *learner;
    skd_job *job;
    skd_error err;
    setup_levels(&f, &prior);
    f.starts.n_distortion = 3;
    skd_job *a = learned(&f, 1, &one, NULL, &cost), *b = learned(&f, 3, &three, NULL, &cost);
    skd_job *c = learned(&f, 2, &again, &three, &cost);
    same_minima(a, b);
    same_minima(a, c);
    CHECK_INT(again.labels, 0);
    skd_learn_hooks hooks = hooks_of(&part);
    CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
    CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, &hooks, &err));
    CHECK_FAILS(skd_learner_search(learner, job, &cost, &err), SKD_EIO, "no space left");
    skd_learner_free(learner);
    skd_job *d = learned(&f, 1, &rest, &part, &cost); /* goes on, with the labels of the part */
    same_minima(a, d);
    CHECK(rest.labels < one.labels);
    for (size_t i = 0; i < a->starts.n; i++)
        CHECK(a->minimum[i].prior_energy == d->minimum[i].prior_energy);
    skd_job_free(a);
    skd_job_free(b);
    skd_job_free(c);
    skd_job_free(d);
    skd_job_free(job);
    forget(&one);
    forget(&three);
    forget(&again);
    forget(&part);
    forget(&rest);
    skd_potential_free(prior);
    teardown(&f);
}

/* Minima of the prior level that were added as starts are labelled before the surrogate's. */
static void minima_of_the_prior_level_are_labelled_first(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    skd_error err;
    diary d = {0};
    skd_learner *learner;
    skd_learn_summary cost;
    skd_job *job;
    setup_levels(&f, &prior);
    f.starts.n_distortion = 3;
    CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
    CHECK_OK(skd_search_relax(&job, 1, prior, &f.relax, 1, NULL, &err));
    skd_job *levels;
    CHECK_OK(skd_job_new(&levels, f.defect, 0, &f.starts, &err));
    size_t n = levels->starts.n;
    skd_start extra = {.factor = (double)NAN, .later = true, .kind = job->starts.start[1].kind, .name = "Dimer_at_sw"};
    CHECK_OK(skd_cell_copy(&extra.cell, job->minimum[1].cell, &err));
    CHECK_OK(skd_job_add_start(levels, &extra, &err));
    skd_learn_hooks hooks = hooks_of(&d);
    CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, &hooks, &err));
    CHECK_OK(skd_learner_search(learner, levels, &cost, &err));
    CHECK_TEXT(strchr(d.kept[1].from, '/'), "/Dimer_at_sw");
    CHECK(memcmp(d.kept[1].cell->pos, levels->starts.start[n].cell->pos, 63 * sizeof(double[3])) == 0);
    CHECK(levels->minimum[n].done);
    skd_learner_free(learner);
    skd_job_free(levels);
    skd_job_free(job);
    forget(&d);
    skd_potential_free(prior);
    teardown(&f);
}

/* Where the budget ends before the families are confirmed, labels near minima count and say so. */
/* Nothing is learned from atoms that are in each other. */
static void impossible_starts_are_not_labelled(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    diary d = {0};
    skd_learn_summary cost;
    static const double inwards[] = {-0.72};
    setup_levels(&f, &prior);
    f.learn.prior = prior;
    f.starts.distortion = inwards;
    f.starts.n_distortion = 1;
    skd_job *job = learned(&f, 1, &d, NULL, &cost);
    for (size_t k = 0; k < d.n_kept; k++) {
        const skd_cell *cell = d.kept[k].cell;
        skd_mic mic;
        skd_error err;
        CHECK_OK(skd_mic_setup(&mic, cell, &err));
        for (size_t i = 0; i < cell->n; i++)
            for (size_t j = 0; j < i; j++) {
                double to[3];
                CHECK(skd_mic_vector(&mic, cell->pos[i], cell->pos[j], to) > 1.11);
            }
    }
    CHECK(d.n_kept > 0);
    skd_job_free(job);
    skd_potential_free(prior);
    forget(&d);
    teardown(&f);
}

/* How far a difference lies above the lowest does not tell whether its frame is of use. */
static void no_difference_is_too_large(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    size_t n_labels[2];
    setup_levels(&f, &prior);
    f.learn.prior = prior;
    f.starts.n_distortion = 1;
    for (int k = 0; k < 2; k++) {
        diary d = {0};
        skd_learn_summary cost;
        skd_job *job = learned(&f, 1, &d, NULL, &cost);
        n_labels[k] = cost.n_labels;
        f.learn.fit.far_above = 0.01;
        skd_job_free(job);
        forget(&d);
    }
    CHECK_INT(n_labels[0], n_labels[1]);
    skd_potential_free(prior);
    teardown(&f);
}

static void a_spent_budget_is_said(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    diary d = {0};
    skd_learn_summary cost;
    setup_levels(&f, &prior);
    f.learn.labels = 5;
    f.learn.confirm_force = 1e-3;
    skd_job *job = learned(&f, 1, &d, NULL, &cost);
    size_t n_rough = 0;
    CHECK(cost.spent);
    CHECK_INT(cost.n_labels, 5);
    for (size_t i = 0; i < job->starts.n; i++)
        if (job->minimum[i].stop == SKD_STOP_STEPS) {
            n_rough++;
            CHECK(job->minimum[i].like != i || job->minimum[i].force_max >= 1e-3);
        }
    CHECK(n_rough > 0);
    skd_job_free(job);
    forget(&d);
    skd_potential_free(prior);
    teardown(&f);
}

/* A prior level that cannot do any frame leaves nothing to learn from. */
static void a_prior_that_fails_ends_the_search_without_minima(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    diary d = {0};
    skd_learn_summary cost;
    skd_learner *learner;
    skd_potential *prior;
    skd_job *job;
    setup(&f);
    CHECK_OK(skd_potential_new(&prior, "sw:z=32", &err)); /* germanium only */
    f.starts.n_distortion = 1;
    f.learn.prior = prior;
    f.learn.confirm_force = 0.05;
    skd_learn_hooks hooks = hooks_of(&d);
    CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
    CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, &hooks, &err));
    CHECK_FAILS(skd_learner_search(learner, job, &cost, &err), SKD_ENUMERIC, "prior");
    skd_learner_free(learner);
    skd_job_free(job);
    forget(&d);
    skd_potential_free(prior);
    teardown(&f);
}

#ifdef SKD_TORTURE
/* One allocation after another fails, then ever fewer of them: a search makes hundreds of thousands. */
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    fixture f;
    skd_potential *prior;
    skd_error err;
    bool done = false;
    setup_levels(&f, &prior);
    f.starts.n_distortion = 1;
    f.learn.features.n_max = 2;
    f.learn.features.l_max = 1;
    f.learn.labels = 5;
    for (long at = 0; !done; at += at < 30 ? 1 : at / 2) {
        skd_job *job;
        skd_learner *learner;
        skd_learn_summary cost;
        CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
        CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, NULL, &err));
        skd_alloc_fail_at = at;
        skd_status status = skd_learner_search(learner, job, &cost, &err);
        done = skd_alloc_fail_at >= 0;
        skd_alloc_fail_at = -1;
        CHECK_INT(status, done ? SKD_OK : SKD_ENOMEM);
        skd_learner_free(learner);
        skd_job_free(job);
    }
    skd_potential_free(prior);
    teardown(&f);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_alone_find_the_teachers_minima),
        cmocka_unit_test(threads_and_repetition_do_not_change_it),
        cmocka_unit_test(minima_of_the_prior_level_are_labelled_first),
        cmocka_unit_test(no_difference_is_too_large),
        cmocka_unit_test(impossible_starts_are_not_labelled),
        cmocka_unit_test(a_spent_budget_is_said),
        cmocka_unit_test(a_prior_that_fails_ends_the_search_without_minima),
#ifdef SKD_TORTURE
        cmocka_unit_test(memory_may_run_out_anywhere),
#endif
    };
    return cmocka_run_group_tests_name("search: two levels", tests, NULL, NULL);
}
