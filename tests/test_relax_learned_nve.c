/* SPDX-License-Identifier: MIT */
/* test_relax_learned_nve.c - a fitted surrogate keeps energy: molecular dynamics at constant energy of the vacancy in
 * silicon, with models of either body order and 12 labels of the Stillinger-Weber potential, and 10 ps of cadmium
 * telluride, with a model of the labels that come with the program. */
#include "nve.h"
#include "shakedown/data.h"
#include "shakedown/learned.h"
#include "vacancies.h"

enum { LABELS = 12, ATOMS = 63 };

static void teach(skd_fit *fit, const skd_cell *sites, skd_rng *rng) {
    skd_error err;
    skd_potential *teacher;
    skd_potential_work *work;
    skd_cell *cell;
    skd_result *result;
    CHECK_OK(skd_potential_new(&teacher, "sw", &err));
    CHECK_OK(skd_potential_work_new(&work, teacher, &err));
    CHECK_OK(skd_cell_copy(&cell, sites, &err));
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    for (int f = 0; f < LABELS; f++) {
        for (size_t i = 0; i < cell->n; i++)
            for (int k = 0; k < 3; k++)
                cell->pos[i][k] = sites->pos[i][k] + (f % 2 ? 0.12 : 0.06) * skd_rng_normal(rng);
        CHECK_OK(skd_potential_compute(work, cell, 0.0, 0, result, &err));
        const skd_label label = {
            .cell = cell, .energy = result->energy, .force = (const double(*)[3])result->force};
        CHECK_OK(skd_fit_add(fit, &label, &err));
    }
    skd_result_free(result);
    skd_cell_free(cell);
    skd_potential_work_free(work);
    skd_potential_free(teacher);
}

static nve_run simulate(const skd_model *model, const skd_cell *sites, double fs, int steps, skd_rng *rng) {
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work;
    skd_cell *cell;
    skd_result *result;
    nve_run run;
    double v[ATOMS][3];
    CHECK_OK(skd_potential_of_model(&potential, model, &err));
    CHECK_OK(skd_potential_work_new(&work, potential, &err));
    CHECK_OK(skd_cell_copy(&cell, sites, &err));
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    nve_start(cell, 600.0, rng, v); /* half of it goes into the potential energy */
    CHECK_OK(nve_move(cell, work, v, fs, steps, result, &run, &err));
    skd_result_free(result);
    skd_cell_free(cell);
    skd_potential_work_free(work);
    skd_potential_free(potential);
    return run;
}

/* Drift and spread below so many eV an atom, from 600 K, half of which goes into the potential energy. */
static void check_run(const skd_model *model, const skd_cell *sites, double fs, int steps, double limit,
                      skd_rng *rng) {
    const nve_run run = simulate(model, sites, fs, steps, rng);
    CHECK(fabs(run.drift) < limit * (double)sites->n);
    CHECK(run.spread < limit * (double)sites->n);
    CHECK(run.temperature > 200.0 && run.temperature < 450.0);
}

static void energy_is_conserved(void **state) {
    (void)state;
    const skd_fit_options options = SKD_FIT_DEFAULT;
    const int silicon[1] = {14};
    for (int body = 3; body <= 4; body++) {
        skd_features_options basis = SKD_FEATURES_DEFAULT;
        skd_error err;
        skd_features *features;
        skd_fit *fit;
        skd_model *model;
        skd_rng *rng;
        skd_defect *defect = vacancy_with(5.431, 14, 14, 0.25, 2, 0, NULL, NULL, 0);
        basis.body = body;
        CHECK_OK(skd_rng_new(&rng, 1, &err));
        CHECK_OK(skd_features_new(&features, &basis, silicon, 1, &err));
        CHECK_OK(skd_fit_new(&fit, features, &options, &err));
        teach(fit, defect->cell, rng);
        CHECK_OK(skd_fit_solve(&model, fit, 0.0, NULL, &err));
        check_run(model, defect->cell, 1.0, 1000, 1e-4, rng);
        skd_model_free(model);
        skd_fit_free(fit);
        skd_features_free(features);
        skd_rng_free(rng);
        skd_defect_free(defect);
    }
}

static double force_on(const skd_frame *frame) {
    double sum = 0.0;
    for (size_t i = 0; i < frame->cell->n; i++)
        sum += skd_dot(frame->force[i], frame->force[i]);
    return sum;
}

/* The labels to the fit; the defect with the smallest forces is where the run begins. */
static const skd_cell *learn(skd_fit *fit, const skd_frames *labels) {
    const skd_frame *calm = NULL;
    skd_error err;
    for (size_t f = 0; f < labels->n; f++) {
        const skd_frame *frame = labels->frame[f];
        const skd_label label = {
            .cell = frame->cell, .energy = frame->energy, .force = (const double(*)[3])frame->force};
        CHECK_OK(skd_fit_add(fit, &label, &err));
        if (frame->cell->n == ATOMS && (!calm || force_on(frame) < force_on(calm)))
            calm = frame;
    }
    assert_non_null(calm);
    return calm->cell;
}

static void ten_picoseconds_of_a_crystal(void **state) {
    (void)state;
    const skd_features_options basis = SKD_FEATURES_DEFAULT;
    const skd_fit_options options = SKD_FIT_DEFAULT;
    const int cdte[2] = {48, 52};
    skd_error err;
    skd_model_file file = {0};
    skd_features *features;
    skd_fit *fit;
    skd_model *model;
    skd_rng *rng;
    CHECK_OK(skd_model_file_read(&file, "data/models/CdTe.model.gz", &err));
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    CHECK_OK(skd_features_new(&features, &basis, cdte, 2, &err));
    CHECK_OK(skd_fit_new(&fit, features, &options, &err));
    const skd_cell *start = learn(fit, &file.labels);
    CHECK_OK(skd_fit_solve(&model, fit, 0.0, NULL, &err));
    check_run(model, start, 4.0, 2500, 1e-3, rng);
    skd_model_free(model);
    skd_fit_free(fit);
    skd_features_free(features);
    skd_rng_free(rng);
    skd_model_file_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(energy_is_conserved),
                                       cmocka_unit_test(ten_picoseconds_of_a_crystal)};
    return cmocka_run_group_tests_name("relax_learned_nve", tests, NULL, NULL);
}
