/* SPDX-License-Identifier: MIT */
/* Tests of relaxing one potential in the metric of another: silicon with a vacancy, Stillinger-Weber and variants of it
 * as the two. */
#include "vacancies.h"

#include "shakedown/relax.h"
#include "shakedown/search.h"

typedef struct fixture {
    skd_defect *defect;
    skd_cell *start;
    skd_potential *potential[2];
    skd_potential_work *work[2];
    skd_relax_options options;
} fixture;

/* The vacancy rattled by 0.05 Å; the second potential is spec. */
static void setup(fixture *f, const char *spec) {
    skd_error err;
    skd_rng *rng;
    *f = (fixture){.options = SKD_RELAX_DEFAULT};
    f->defect = vacancy_with(5.43095, 14, 14, 0.25, 2, 20, NULL, NULL, 0);
    CHECK_OK(skd_cell_copy(&f->start, f->defect->cell, &err));
    CHECK_OK(skd_rng_new(&rng, 5, &err));
    for (size_t i = 0; i < f->start->n; i++)
        for (int k = 0; k < 3; k++)
            f->start->pos[i][k] += 0.05 * skd_rng_normal(rng);
    skd_rng_free(rng);
    for (int k = 0; k < 2; k++) {
        CHECK_OK(skd_potential_new(&f->potential[k], k ? spec : "sw", &err));
        CHECK_OK(skd_potential_work_new(&f->work[k], f->potential[k], &err));
    }
    f->options.method = skd_minimiser_named("lbfgs");
    f->options.force_max = 1e-3;
    f->options.force_mean = 0.0;
}

static void teardown(fixture *f) {
    for (int k = 0; k < 2; k++) {
        skd_potential_work_free(f->work[k]);
        skd_potential_free(f->potential[k]);
    }
    skd_cell_free(f->start);
    skd_defect_free(f->defect);
}

static skd_relax_outcome relaxed(const fixture *f, const double *metric) {
    skd_error err;
    skd_relax_outcome out;
    skd_relax_options options = f->options;
    options.metric = metric;
    CHECK_OK(skd_relax(&out, f->start, f->work[0], &options, NULL, &err));
    CHECK_INT(out.stop, SKD_STOP_FORCE_MAX);
    return out;
}

/* The metric of `spec` makes the relaxation end in the same minimum; at most `most` times the calls. */
static void expect_calls(const char *spec, double most) {
    skd_error err;
    fixture f;
    double *metric, moved;
    setup(&f, spec);
    CHECK_OK(skd_relax_metric(&metric, f.start, f.work[1], &f.options, &err));
    skd_relax_outcome plain = relaxed(&f, NULL), guided = relaxed(&f, metric);
    CHECK_OK(skd_largest_displacement(plain.cell, guided.cell, &moved, &err));
    print_message("%s: %zu calls, %zu without\n", spec, guided.n_calls, plain.n_calls);
    CHECK((double)guided.n_calls <= most * (double)plain.n_calls);
    CHECK_CLOSE(guided.energy, plain.energy, 1e-4, 0.0);
    CHECK(moved < 0.02);
    skd_relax_outcome_free(&plain);
    skd_relax_outcome_free(&guided);
    skd_free(metric);
    teardown(&f);
}

static void a_metric_saves_calls(void **state) {
    (void)state;
    expect_calls("sw", 0.4);
    expect_calls("sw:lambda=16,epsilon=2.6", 0.6);
}

static void a_wrong_metric_does_not_change_the_minimum(void **state) {
    (void)state;
    expect_calls("sw:epsilon=20", 10.0);  /* ten times too stiff */
    expect_calls("sw:epsilon=0.2", 10.0); /* ten times too soft */
}

/* M H v = v where H is stiffer than what is clipped. */
static void it_is_the_inverse_hessian(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    double *metric;
    skd_result *ahead, *behind;
    setup(&f, "sw");
    size_t m = 3 * f.start->n;
    double g[3 * 63], v[3 * 63];
    CHECK_INT(m, 3 * 63);
    CHECK_OK(skd_relax_metric(&metric, f.start, f.work[1], &f.options, &err));
    CHECK_OK(skd_result_new(&ahead, f.start->n, &err));
    CHECK_OK(skd_result_new(&behind, f.start->n, &err));
    for (size_t i = 0; i < m; i++) /* a stiff direction: atoms against their neighbours */
        v[i] = i / 3 < f.start->n / 2 ? 1.0 : -1.0;
    for (size_t i = 0; i < m; i++)
        f.start->pos[i / 3][i % 3] += 1e-4 * v[i];
    CHECK_OK(skd_potential_compute(f.work[0], f.start, 0.0, 0, ahead, &err));
    for (size_t i = 0; i < m; i++)
        f.start->pos[i / 3][i % 3] -= 2e-4 * v[i];
    CHECK_OK(skd_potential_compute(f.work[0], f.start, 0.0, 0, behind, &err));
    for (size_t i = 0; i < m; i++)
        g[i] = (behind->force[i / 3][i % 3] - ahead->force[i / 3][i % 3]) / 2e-4;
    for (size_t a = 0; a < m; a++) {
        double sum = 0.0;
        for (size_t b = 0; b < m; b++) {
            sum += metric[a * m + b] * g[b];
            CHECK(metric[a * m + b] == metric[b * m + a]);
        }
        CHECK_CLOSE(sum, v[a], 0.1, 0.0);
        CHECK(metric[a * m + a] > 0.0);
    }
    skd_result_free(ahead);
    skd_result_free(behind);
    skd_free(metric);
    teardown(&f);
}

static void frozen_atoms_have_none_and_do_not_move(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    double *metric, tether[63] = {[3] = INFINITY, [40] = INFINITY, [7] = 2.0};
    setup(&f, "sw:lambda=16");
    size_t m = 3 * f.start->n;
    f.options.tether = tether;
    CHECK_OK(skd_relax_metric(&metric, f.start, f.work[1], &f.options, &err));
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < 3; k++)
            CHECK(metric[(9 + k) * m + i] == 0.0 && metric[i * m + 120 + k] == 0.0);
    CHECK(metric[21 * m + 21] > 0.0);
    skd_relax_outcome out = relaxed(&f, metric);
    CHECK(memcmp(out.cell->pos[3], f.start->pos[3], sizeof out.cell->pos[3]) == 0);
    CHECK(memcmp(out.cell->pos[40], f.start->pos[40], sizeof out.cell->pos[40]) == 0);
    skd_relax_outcome_free(&out);
    skd_free(metric);
    teardown(&f);
}

static void what_the_cheap_potential_cannot_do_is_an_error(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    double *metric;
    setup(&f, "sw");
    f.start->species[2] = 32;
    CHECK_FAILS(skd_relax_metric(&metric, f.start, f.work[1], &f.options, &err), SKD_EARG, "atom 3");
    CHECK(metric == NULL);
    teardown(&f);
}

#ifdef SKD_TORTURE
static void it_survives_a_lack_of_memory(void **state) {
    (void)state;
    skd_error err;
    fixture f;
    double *metric;
    skd_status status = SKD_ENOMEM;
    setup(&f, "sw");
    for (long k = 0; status == SKD_ENOMEM; k++) {
        skd_alloc_fail_at = k;
        status = skd_relax_metric(&metric, f.start, f.work[1], &f.options, &err);
        skd_alloc_fail_at = -1;
        CHECK((metric != NULL) == (status == SKD_OK));
    }
    CHECK_OK(status);
    skd_free(metric);
    teardown(&f);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_saves_calls),
        cmocka_unit_test(a_wrong_metric_does_not_change_the_minimum),
        cmocka_unit_test(it_is_the_inverse_hessian),
        cmocka_unit_test(frozen_atoms_have_none_and_do_not_move),
        cmocka_unit_test(what_the_cheap_potential_cannot_do_is_an_error),
#ifdef SKD_TORTURE
        cmocka_unit_test(it_survives_a_lack_of_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
