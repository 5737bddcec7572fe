/* SPDX-License-Identifier: MIT */
/* Tests of the search that learns from a teacher that fails: now and then, at some frames, always; with an error, or
 * with forces that are no numbers. What has no answer is asked twice, set aside and named; the others make the
 * result. */
#include <stdatomic.h>

#include "check.h"
#include "shakedown/search.h"
#include "vacancies.h"

/* ---- a teacher that fails on demand -------------------------------------------------------------- */

typedef enum trouble {
    NEVER,
    FIRST_TIME,
    SOME_FRAMES,
    SOME_FORCES,
    FROM_SCRATCH, /* some frames (not in relaxations), unless it was at another one before */
    ONE_STEP,     /* once, in the third step of a relaxation */
    ALL_STEPS,    /* in relaxations */
    ALL_BUT_ONE,
    ALWAYS
} trouble;

typedef struct moody {
    const skd_potential *real;
    trouble trouble;
    atomic_size_t calls, steps, refused;
} moody;

typedef struct moody_work {
    const moody *m;
    void *real;
    bool warm; /* it has just done a frame */
} moody_work;

static skd_status moody_check(const void *params, const skd_cell *cell, skd_error *err) {
    const moody *m = params;
    return m->real->type->check(m->real->params, cell, err);
}
static skd_status moody_work_new(const void *params, void **work, skd_error *err) {
    const moody *m = params;
    moody_work *w = *work = skd_alloc(1, sizeof *w);
    assert_non_null(w);
    w->m = m;
    return m->real->type->work_new(m->real->params, &w->real, err);
}
static void moody_work_free(void *work) {
    moody_work *w = work;
    w->m->real->type->work_free(w->real);
    skd_free(w);
}
static void moody_begin(void *work) { ((moody_work *)work)->warm = false; }

/* Properties of the frame itself, so that it fails again when it is asked again: far from every minimum; the
 * unperturbed defect, whose atoms are on sites of the crystal. */
static bool is_awkward(const skd_result *result, size_t n) {
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, skd_norm(result->force[i]));
    return most > 4.0;
}
static bool is_perfect(const skd_cell *cell) {
    double x = cell->pos[0][0] / cell->lattice[0][0] * 16.0;
    return fabs(x - nearbyint(x)) < 1e-9;
}

static skd_status moody_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                                skd_result *out, skd_error *err) {
    moody *m = (moody *)(uintptr_t)params;
    moody_work *w = work;
    bool is_step = (want & SKD_WANT_STRESS) != 0, was_warm = w->warm; /* labels need no stress */
    size_t call = atomic_fetch_add(&m->calls, 1), step = is_step ? atomic_fetch_add(&m->steps, 1) : 0;
    skd_status status = m->real->type->compute(m->real->params, cell, charge, want, w->real, out, err);
    bool awkward = status == SKD_OK && is_awkward(out, cell->n);
    bool refuses = (m->trouble == FIRST_TIME && call == 0) || (m->trouble == SOME_FRAMES && awkward) ||
                   (m->trouble == FROM_SCRATCH && awkward && !was_warm && !is_step) ||
                   (m->trouble == ONE_STEP && step == 2) ||
                   (m->trouble == ALL_STEPS && is_step) || (m->trouble == ALL_BUT_ONE && !is_perfect(cell)) ||
                   m->trouble == ALWAYS;
    w->warm = !refuses;
    atomic_fetch_add(&m->refused, refuses);
    if (refuses)
        return skd_fail(err, SKD_ENUMERIC, "not converged in 200 cycles");
    if (m->trouble == SOME_FORCES && awkward)
        out->force[1][2] = NAN;
    return status;
}

static const skd_potential_type moody_type = {.name = "moody", .check = moody_check, .work_new = moody_work_new,
                                              .work_free = moody_work_free, .begin = moody_begin,
                                               .compute = moody_compute};

/* ---- a search with it ---------------------------------------------------------------------------- */

typedef struct diary {
    size_t labels, relaxations, failed, named, finished;
} diary;

static skd_status note_label(void *payload, const skd_kept_label *label, skd_error *err) {
    (void)err;
    diary *d = payload;
    d->labels++;
    d->failed += label->failed;
    d->relaxations += label->relaxed != NULL;
    d->named += label->failed && label->why[0] && !strncmp(label->from, "v_Si", 4);
    if (!label->failed)
        for (size_t i = 0; i < label->cell->n; i++)
            CHECK(isfinite(skd_norm(label->force[i])));
    return SKD_OK;
}

static skd_status note_finished(void *payload, const skd_job *job, const size_t *start, size_t n, skd_error *err) {
    (void)err;
    (void)job;
    (void)start;
    ((diary *)payload)->finished += n;
    return SKD_OK;
}

typedef struct outcome {
    skd_status status;
    skd_error err;
    skd_learn_summary cost;
    diary diary;
    size_t calls, refused, usable, n_starts;
    double lowest;
} outcome;

static outcome searched(trouble kind) {
    static const double few[] = {-0.4, 0.3};
    outcome o = {.lowest = (double)INFINITY};
    skd_error err;
    skd_potential *sw;
    skd_job *job;
    skd_learner *learner;
    skd_relax_options relax = SKD_RELAX_DEFAULT;
    skd_start_options starts = SKD_START_DEFAULT;
    skd_learn_options learn = SKD_LEARN_DEFAULT;
    skd_defect *defect = vacancy_with(5.43095, 14, 14, 0.25, 2, 20, NULL, NULL, 0);
    starts.distortion = few;
    starts.n_distortion = 2;
    relax.method = skd_minimiser_named("lbfgs");
    learn.features.n_max = 4;
    learn.features.l_max = 2;
    CHECK_OK(skd_potential_new(&sw, "sw", &err));
    moody m = {.real = sw, .trouble = kind};
    skd_potential teacher = {.type = &moody_type, .params = &m, .spec = "moody"};
    skd_learn_hooks hooks = {.labelled = note_label, .finished = note_finished, .payload = &o.diary};
    CHECK_OK(skd_job_new(&job, defect, 0, &starts, &err));
    CHECK_OK(skd_learner_new(&learner, &teacher, &relax, &learn, 1, &hooks, &err));
    o.status = skd_learner_search(learner, job, &o.cost, &err);
    o.err = err;
    o.n_starts = job->starts.n;
    for (size_t i = 0; i < job->starts.n; i++) {
        const skd_minimum *min = &job->minimum[i];
        if (!min->done || !skd_stop_has_minimum(min->stop))
            continue;
        o.usable++;
        CHECK(isfinite(min->energy));
        o.lowest = fmin(o.lowest, min->energy);
    }
    o.calls = atomic_load(&m.calls);
    o.refused = atomic_load(&m.refused);
    skd_learner_free(learner);
    skd_job_free(job);
    skd_potential_free(sw);
    skd_defect_free(defect);
    return o;
}

/* What the undisturbed search comes to. */
static outcome undisturbed(void) {
    static outcome good;
    if (!good.calls)
        good = searched(NEVER);
    return good;
}

/* ---- tests --------------------------------------------------------------------------------------- */

static void a_label_that_fails_once_is_asked_again(void **state) {
    (void)state;
    outcome good = undisturbed(), flaky = searched(FIRST_TIME);
    CHECK_INT(good.status, SKD_OK);
    CHECK_INT(flaky.status, SKD_OK);
    CHECK_INT(flaky.refused, 1);
    CHECK_INT(flaky.cost.n_failed, 0);
    CHECK_INT(flaky.diary.failed, 0);
    CHECK_INT(flaky.calls, good.calls + 1);
    CHECK(flaky.lowest == good.lowest); /* nothing else has changed */
    CHECK_INT(good.usable, good.n_starts);
}

static void expect_set_aside(trouble kind) {
    outcome good = undisturbed(), o = searched(kind);
    print_message("%zu of %zu questions without an answer, %zu of %zu starts usable\n", o.diary.failed, o.diary.labels,
                  o.usable, o.n_starts);
    CHECK_INT(o.status, SKD_OK);
    CHECK(o.diary.failed > 0);
    CHECK_INT(o.diary.named, o.diary.failed);
    CHECK_INT(o.diary.finished, o.n_starts);
    CHECK(o.usable > 0);
    CHECK(fabs(o.lowest - good.lowest) < 2e-3);
}

static void frames_without_an_answer_are_set_aside_and_named(void **state) {
    (void)state;
    expect_set_aside(SOME_FRAMES);
}

static void forces_that_are_no_numbers_are_no_answer(void **state) {
    (void)state;
    expect_set_aside(SOME_FORCES);
}

static void a_second_attempt_begins_with_the_electrons_of_another_frame(void **state) {
    (void)state;
    outcome good = undisturbed(), o = searched(FROM_SCRATCH);
    CHECK_INT(o.status, SKD_OK);
    CHECK(o.refused > 0);
    CHECK_INT(o.diary.failed, 0);
    CHECK_INT(o.calls, good.calls + 2 * o.refused); /* the frame itself, the known one, the frame */
    CHECK(o.lowest == good.lowest);
}

static void a_relaxation_that_fails_once_is_asked_again(void **state) {
    (void)state;
    outcome good = undisturbed(), o = searched(ONE_STEP);
    CHECK_INT(o.status, SKD_OK);
    CHECK_INT(o.refused, 1);
    CHECK_INT(o.diary.failed, 0);
    CHECK_INT(o.usable, o.n_starts);
    CHECK(fabs(o.lowest - good.lowest) < 2e-3);
}

static void relaxations_without_an_answer_are_named(void **state) {
    (void)state;
    outcome o = searched(ALL_STEPS);
    CHECK_INT(o.status, SKD_OK);
    CHECK(o.diary.relaxations > 0);
    CHECK_INT(o.diary.failed, o.diary.relaxations);
    CHECK_INT(o.diary.named, o.diary.failed);
    CHECK_INT(o.refused, 2 * o.diary.relaxations); /* each twice, and no more */
    CHECK_INT(o.diary.finished, o.n_starts);
    CHECK_INT(o.usable, 0);
}

static void a_teacher_that_knows_only_one_frame_ends_the_search_in_order(void **state) {
    (void)state;
    outcome o = searched(ALL_BUT_ONE);
    CHECK_INT(o.status, SKD_OK);
    CHECK(o.diary.failed > 0);
    CHECK_INT(o.diary.named, o.diary.failed);
    CHECK_INT(o.diary.finished, o.n_starts);
}

static void a_teacher_that_always_fails_is_an_error_with_its_words(void **state) {
    (void)state;
    outcome o = searched(ALWAYS);
    CHECK_INT(o.status, SKD_ENUMERIC);
    CHECK(strstr(o.err.text, "the unperturbed defect: not converged in 200 cycles"));
    CHECK_INT(o.diary.failed, o.diary.labels);
    CHECK_INT(o.calls, 3 * o.diary.labels - 1); /* each twice, and for all but the first the first between */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_that_fails_once_is_asked_again),
        cmocka_unit_test(frames_without_an_answer_are_set_aside_and_named),
        cmocka_unit_test(forces_that_are_no_numbers_are_no_answer),
        cmocka_unit_test(a_second_attempt_begins_with_the_electrons_of_another_frame),
        cmocka_unit_test(a_relaxation_that_fails_once_is_asked_again),
        cmocka_unit_test(relaxations_without_an_answer_are_named),
        cmocka_unit_test(a_teacher_that_knows_only_one_frame_ends_the_search_in_order),
        cmocka_unit_test(a_teacher_that_always_fails_is_an_error_with_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
