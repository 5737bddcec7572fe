/* SPDX-License-Identifier: MIT */
/* Tests of the search that learns. The teacher is Stillinger-Weber silicon: cheap enough to relax every start directly
 * as well, so that the two lists of families can be compared. */
#include "lessons.h"

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

/* Starts that the surrogate leads to the unperturbed vacancy, and is sure of it after a handful of labels, though the
 * teacher takes their rattle elsewhere, 1.5 eV lower. In the second the start that leads there was relaxed by the
 * teacher before, from elsewhere. */
static void it_looks_around_where_all_starts_end(void **state) {
    (void)state;
    static const double small[] = {0.2, 0.4};
    skd_error err;
    for (int k = 0; k < 2; k++) {
        fixture f;
        diary d = {0};
        skd_learn_summary cost;
        skd_job *direct;
        setup(&f);
        f.starts.distortion = &small[k];
        f.starts.n_distortion = 1;
        CHECK_OK(skd_job_new(&direct, f.defect, 0, &f.starts, &err));
        CHECK_OK(skd_search_relax(&direct, 1, f.teacher, &f.relax, 1, NULL, &err));
        skd_job *job = learned(&f, 1, &d, NULL, &cost);
        skd_ranking want = ranked(direct), got = ranked(job);
        CHECK(want.n >= 2 && has_energy(&got, want.family[0].energy));
        CHECK(has_energy(&got, want.unperturbed));
        CHECK(cost.n_labels + cost.n_finish <= 60); /* half of them a start that the teacher relaxes itself */
        skd_ranking_free(&want);
        skd_ranking_free(&got);
        skd_job_free(direct);
        skd_job_free(job);
        forget(&d);
        teardown(&f);
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
    diary whole = {0};
    skd_learn_summary cost;
    setup(&f);
    f.starts.n_distortion = 3;
    skd_job *a = learned(&f, 1, &whole, NULL, &cost);
    for (size_t k = 1; k < whole.labels; k += 5) {
        diary part = {.stop_after = k}, rest = {0};
        skd_learn_hooks hooks = hooks_of(&part);
        skd_learner *learner;
        skd_job *job;
        CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
        CHECK_OK(skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, &hooks, &err));
        CHECK_FAILS(skd_learner_search(learner, job, &cost, &err), SKD_EIO, "no space left");
        skd_learner_free(learner);
        skd_job_free(job);
        skd_job *b = learned(&f, 1, &rest, &part, &cost);
        same_minima(a, b);
        CHECK_INT(part.labels + rest.labels, whole.labels); /* none twice, none more */
        skd_job_free(b);
        forget(&part);
        forget(&rest);
    }
    skd_job_free(a);
    forget(&whole);
    teardown(&f);
}

/* Fits leave out the label of an unperturbed defect that relaxes by too much; the guard then measures from another. */
static void a_strained_defect_is_no_reference(void **state) {
    (void)state;
    fixture f;
    diary d = {0};
    skd_learn_summary cost;
    skd_error err;
    skd_rng *rng;
    setup(&f);
    f.starts.n_distortion = 1;
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    for (size_t i = 0; i < 3 * f.defect->cell->n; i++)
        f.defect->cell->pos[i / 3][i % 3] += 0.3 * skd_rng_normal(rng);
    skd_rng_free(rng);
    skd_job *job = learned(&f, 1, &d, NULL, &cost);
    print_message("%zu labels in %zu rounds\n", cost.n_labels, cost.n_rounds);
    CHECK(cost.n_labels < 20);
    skd_job_free(job);
    forget(&d);
    teardown(&f);
}

#ifdef SKD_TORTURE
/* Ever later allocations fail: an error in words, nothing leaks, and what is kept is not damaged. */
static void it_survives_a_lack_of_memory(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    skd_status status = SKD_ENOMEM;
    setup(&f);
    f.starts.n_distortion = 1;
    f.learn.features.n_max = 3;
    f.learn.features.l_max = 1;
    for (long k = 1; status == SKD_ENOMEM; k += 1 + k / 4) {
        skd_learner *learner = NULL;
        skd_job *job;
        skd_learn_summary cost;
        CHECK_OK(skd_job_new(&job, f.defect, 0, &f.starts, &err));
        skd_alloc_fail_at = k;
        status = skd_learner_new(&learner, f.teacher, &f.relax, &f.learn, 1, NULL, &err);
        if (status == SKD_OK)
            status = skd_learner_search(learner, job, &cost, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && err.text[0]));
        for (size_t i = 0; i < job->starts.n; i++)
            CHECK(!job->minimum[i].done || job->minimum[i].cell);
        skd_learner_free(learner);
        skd_job_free(job);
    }
    CHECK_INT(status, SKD_OK);
    teardown(&f);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_direct_relaxation_finds_with_fewer_calls),
        cmocka_unit_test(it_looks_around_where_all_starts_end),
        cmocka_unit_test(threads_and_repetition_do_not_change_it),
        cmocka_unit_test(a_search_cut_short_goes_on_to_the_same_end),
        cmocka_unit_test(a_strained_defect_is_no_reference),
#ifdef SKD_TORTURE
        cmocka_unit_test(it_survives_a_lack_of_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
