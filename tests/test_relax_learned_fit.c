/* SPDX-License-Identifier: MIT */
/* Tests of the surrogate's fit: known weights, posterior against repeated experiments and refits, offsets, order,
 * bounds, what is left out, deviations, the model as a potential. */
#include "../relax/learned/left_out.h"
#include "../relax/learned/ridge.h"
#include "check.h"
#include "shakedown/learned.h"

static const skd_features_options small = {
    .cutoff = 4.0, .taper = 1.0, .width = 0.6, .n_max = 3, .l_max = 1, .channels = 3, .body = 3};
static const int elements[2] = {8, 14};

/* ---- ridge ------------------------------------------------------------------------------------ */

static void fill_normal(double *x, size_t n, skd_rng *rng) {
    for (size_t k = 0; k < n; k++)
        x[k] = skd_rng_normal(rng);
}

static void ridge_recovers_weights(void **state) {
    enum { M = 12, N = 40 };
    double x[N * M], y[N], w[M];
    skd_error err;
    skd_rng *rng;
    ridge_normal sums;
    ridge_solution solution;
    const ridge_bounds bounds = {1e-10, 1e-10, 1e-3, 2.0};
    (void)state;
    CHECK_OK(skd_rng_new(&rng, 1, &err));
    CHECK_OK(ridge_normal_new(&sums, M, &err));
    fill_normal(x, N * M, rng);
    fill_normal(w, M, rng);
    for (size_t r = 0; r < N; r++) {
        y[r] = 0.0;
        for (size_t k = 0; k < M; k++)
            y[r] += x[r * M + k] * w[k];
    }
    ridge_add(&sums, x, y, 17, 1.0); /* in two pieces */
    ridge_add(&sums, x + 17 * M, y + 17, N - 17, 1.0);
    CHECK_OK(ridge_solve(&solution, &sums, &bounds, &err));
    for (size_t k = 0; k < M; k++)
        CHECK_CLOSE(solution.w[k], w[k], 1e-9, 0.0);
    CHECK_CLOSE(solution.beta, 2.0, 0.0, 0.0);
    CHECK_CLOSE(solution.n_effective, M, 1e-6, 0.0);
    ridge_solution_free(&solution);
    ridge_add(&sums, x, y, 17, -1.0); /* 23 rows are left: still enough */
    CHECK_OK(ridge_solve(&solution, &sums, &bounds, &err));
    for (size_t k = 0; k < M; k++)
        CHECK_CLOSE(solution.w[k], w[k], 1e-8, 0.0);
    ridge_solution_free(&solution);
    ridge_normal_free(&sums);
    skd_rng_free(rng);
}

/* Weights drawn from the prior, labels with noise, again and again: the mean square error of a prediction is what the
 * posterior says of it before any label is seen. */
static void posterior_is_calibrated(void **state) {
    enum { M = 5, N = 9, TRIES = 4000 };
    const double alpha = 0.7, beta = 1.6;
    const ridge_bounds bounds = {alpha, alpha, beta, beta};
    double x[N * M], at[M], w[M], y[N], square = 0.0, said = 0.0;
    skd_error err;
    skd_rng *rng;
    (void)state;
    CHECK_OK(skd_rng_new(&rng, 2, &err));
    fill_normal(x, N * M, rng);
    fill_normal(at, M, rng);
    for (size_t t = 0; t < TRIES; t++) {
        ridge_normal sums;
        ridge_solution s;
        double error = 0.0, v[M];
        CHECK_OK(ridge_normal_new(&sums, M, &err));
        fill_normal(w, M, rng);
        for (size_t r = 0; r < N; r++) {
            y[r] = skd_rng_normal(rng) / sqrt(beta);
            for (size_t k = 0; k < M; k++)
                y[r] += x[r * M + k] * w[k] / sqrt(alpha * beta);
        }
        ridge_add(&sums, x, y, N, 1.0);
        CHECK_OK(ridge_solve(&s, &sums, &bounds, &err));
        for (size_t k = 0; k < M; k++) { /* v = inverse at, by hand */
            v[k] = 0.0;
            for (size_t l = 0; l <= k; l++)
                v[k] += s.inverse[l * M + k] * at[l];
            error += at[k] * (s.w[k] - w[k] / sqrt(alpha * beta));
        }
        square += error * error / TRIES;
        said = 0.0;
        for (size_t k = 0; k < M; k++)
            said += v[k] * v[k] / beta;
        ridge_solution_free(&s);
        ridge_normal_free(&sums);
    }
    CHECK_CLOSE(square, said, 0.0, 0.08); /* sqrt(2 / 4000) = 0.022 is its own deviation */
    skd_rng_free(rng);
}

/* Evidence finds the ridge that weights and noise were drawn with, within a decade, and stays within bounds where the
 * data would lead it out. */
static void evidence_is_bounded(void **state) {
    enum { M = 40, N = 200 };
    static const struct {
        double weight, noise, alpha_low, alpha_high, beta_low, beta_high;
    } rows[] = {
        {1.0, 1.0, 0.3, 3.0, 0.8, 1.25},
        {0.1, 1.0, 30.0, 100.0, 0.8, 1.25},
        {1.0, 3.0, 3.0, 30.0, 0.08, 0.14},
        {1.0, 0.0, 0.1, 1.0, 2.0, 2.0},      /* no noise at all         */
        {0.0, 1.0, 100.0, 100.0, 0.8, 1.25}, /* nothing to learn        */
        {0.0, 50.0, 1e-6, 100.0, 0.02, 0.02},
    };
    static double x[N * M], y[N];
    const ridge_bounds bounds = {1e-6, 1e2, 0.02, 2.0};
    skd_error err;
    skd_rng *rng;
    (void)state;
    CHECK_OK(skd_rng_new(&rng, 3, &err));
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        double w[M];
        ridge_normal sums;
        ridge_solution s;
        CHECK_OK(ridge_normal_new(&sums, M, &err));
        fill_normal(x, N * M, rng);
        fill_normal(w, M, rng);
        for (size_t r = 0; r < N; r++) {
            y[r] = rows[k].noise * skd_rng_normal(rng);
            for (size_t j = 0; j < M; j++)
                y[r] += rows[k].weight * x[r * M + j] * w[j];
        }
        ridge_add(&sums, x, y, N, 1.0);
        CHECK_OK(ridge_solve(&s, &sums, &bounds, &err));
        print_message("weights %g, noise %g: alpha %.2g, beta %.2g, %.1f effective\n", rows[k].weight, rows[k].noise,
                      s.alpha, s.beta, s.n_effective);
        CHECK(s.alpha >= rows[k].alpha_low * 0.999 && s.alpha <= rows[k].alpha_high * 1.001);
        CHECK(s.beta >= rows[k].beta_low && s.beta <= rows[k].beta_high);
        CHECK(s.n_effective > 0.0 && s.n_effective <= M && s.condition >= 1.0);
        ridge_solution_free(&s);
        ridge_normal_free(&sums);
    }
    skd_rng_free(rng);
}

static void rank_correlation_and_scale(void **state) {
    const double a[5] = {1, 2, 3, 4, 5}, b[5] = {10, 20, 30, 50, 40};
    const double same[5] = {1, 1, 1, 1, 1}, tied[5] = {1, 1, 2, 3, 4};
    double scratch[10], z[100];
    (void)state;
    CHECK_CLOSE(left_out_spearman(a, b, 5, scratch), 0.9, 1e-12, 0.0);
    CHECK_CLOSE(left_out_spearman(a, same, 5, scratch), 0.0, 0.0, 0.0);
    CHECK_CLOSE(left_out_spearman(a, tied, 5, scratch), 0.9746794344808963, 1e-12, 0.0); /* scipy.stats.spearmanr */
    CHECK_CLOSE(left_out_scale(z, 0, 2.0), 2.0, 1e-12, 0.0); /* no labels: what is expected */
    for (size_t k = 0; k < 100; k++)
        z[k] = 3.0;
    z[7] = 1e9; /* one outlier counts like three deviations */
    CHECK_CLOSE(left_out_scale(z, 100, 2.0), 3.0, 0.3, 0.0);
    for (size_t k = 0; k < 100; k++)
        z[k] = 1e4;
    CHECK_CLOSE(left_out_scale(z, 100, 2.0), 6.0, 1e-12, 0.0);
    for (size_t k = 0; k < 100; k++)
        z[k] = 0.0;
    CHECK_CLOSE(left_out_scale(z, 100, 2.0), 1.0, 1e-12, 0.0);
}

/* ---- labels of a known truth ------------------------------------------------------------------ */

#define LABELS_MAX 24

typedef struct labels { /* of random cells: a linear truth plus noise, or Lennard-Jones */
    skd_features *features;
    size_t n;
    skd_cell *cell[LABELS_MAX];
    skd_result *result[LABELS_MAX];
    double charge[LABELS_MAX];
} labels;

static skd_cell *random_cell(size_t n_oxygen, skd_rng *rng, double jitter) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 5.2 + 0.1 * k;
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = i < n_oxygen ? 8 : 14;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 2.6 * (double)((i >> k) & 1) + jitter * skd_rng_normal(rng);
    }
    return cell;
}

/* Lennard-Jones labels (no linear model is right: there is misfit), energies shifted by `shift`. */
static labels make_labels(size_t n, uint32_t seed) {
    skd_error err;
    skd_rng *rng;
    skd_potential *lj;
    skd_potential_work *work;
    labels l = {.n = n};
    CHECK_OK(skd_features_new(&l.features, &small, elements, 2, &err));
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    CHECK_OK(skd_potential_new(&lj, "lj:epsilon=0.4,sigma=2.2,cutoff=4,width=1", &err));
    CHECK_OK(skd_potential_work_new(&work, lj, &err));
    for (size_t f = 0; f < n; f++) {
        l.cell[f] = random_cell(4, rng, 0.15);
        CHECK_OK(skd_result_new(&l.result[f], 8, &err));
        CHECK_OK(skd_potential_compute(work, l.cell[f], 0.0, SKD_WANT_STRESS, l.result[f], &err));
    }
    skd_potential_work_free(work);
    skd_potential_free(lj);
    skd_rng_free(rng);
    return l;
}

static void free_labels(labels *l) {
    for (size_t f = 0; f < l->n; f++) {
        skd_cell_free(l->cell[f]);
        skd_result_free(l->result[f]);
    }
    skd_features_free(l->features);
}

static skd_fit_options plain_options(void) {
    skd_fit_options options = SKD_FIT_DEFAULT;
    options.prior[0] = '\0';
    options.far_above = 1e5;
    options.close_contact = 0.0;
    options.energy_noise_slope = 0.0;
    options.ridge = 0.01;
    return options;
}

static skd_fit *new_fit(const labels *l, const skd_fit_options *options) {
    skd_error err;
    skd_fit *fit;
    CHECK_OK(skd_fit_new(&fit, l->features, options, &err));
    return fit;
}

static void add(skd_fit *fit, const labels *l, size_t f) {
    skd_error err;
    const skd_label label = {.cell = l->cell[f],
                             .charge = l->charge[f],
                             .energy = l->result[f]->energy,
                             .force = (const double(*)[3])l->result[f]->force,
                             .stress = l->result[f]->stress};
    CHECK_OK(skd_fit_add(fit, &label, &err));
}

static skd_model *solved(skd_fit *fit, double charge, skd_fit_report *report) {
    skd_error err;
    skd_model *model;
    CHECK_OK(skd_fit_solve(&model, fit, charge, report, &err));
    return model;
}

static skd_model *fit_of(const labels *l, const skd_fit_options *options, size_t without, skd_fit_report *report) {
    skd_fit *fit = new_fit(l, options);
    for (size_t f = 0; f < l->n; f++)
        if (f != without)
            add(fit, l, f);
    skd_model *model = solved(fit, 0.0, report);
    skd_fit_free(fit);
    return model;
}

typedef struct answer {
    double energy, force[8][3], energy_deviation, force_deviation[8];
} answer;

static answer ask(const skd_model *model, const skd_cell *cell) {
    skd_error err;
    skd_model_work *work;
    skd_result *result;
    answer a;
    CHECK_OK(skd_model_work_new(&work, model, &err));
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_OK(skd_model_compute(model, cell, SKD_WANT_STRESS, work, result, &err));
    CHECK_OK(skd_model_energy_deviation(model, work, &a.energy_deviation, &err));
    CHECK_OK(skd_model_force_deviation(model, cell, work, a.force_deviation, &err));
    a.energy = result->energy;
    memcpy(a.force, result->force, sizeof a.force);
    skd_result_free(result);
    skd_model_work_free(work);
    return a;
}

static void check_same(const answer *a, const answer *b, double tolerance) {
    CHECK_CLOSE(a->energy, b->energy, tolerance, 0.0);
    CHECK_CLOSE(a->energy_deviation, b->energy_deviation, tolerance, 0.0);
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(a->force[i][k], b->force[i][k], tolerance, 0.0);
}

/* ---- fit -------------------------------------------------------------------------------------- */

static void learns_what_is_linear(void **state) {
    skd_error err;
    skd_rng *rng;
    labels l = make_labels(12, 5);
    skd_fit_options options = plain_options();
    (void)state;
    skd_model *first = fit_of(&l, &options, 0, NULL);
    options.ridge = 1e-9;
    for (size_t f = 0; f < l.n; f++) { /* labels are a model's own answers: within reach of the features */
        answer a = ask(first, l.cell[f]);
        l.result[f]->energy = a.energy + 1234.5;
        memcpy(l.result[f]->force, a.force, sizeof a.force);
        memset(l.result[f]->stress, 0, sizeof l.result[f]->stress);
    }
    options.stress_noise = 0.0; /* stress is left aside */
    skd_fit_report report;
    skd_model *second = fit_of(&l, &options, l.n, &report);
    print_message("linear truth: force %.1e eV/A, left out %.1e; energy left out %.1e eV\n", report.force_rmse,
                  report.force_loo, report.energy_loo);
    CHECK(report.force_rmse < 1e-5 && report.force_loo < 1e-4 && report.energy_loo < 1e-3);
    CHECK_OK(skd_rng_new(&rng, 6, &err));
    for (int t = 0; t < 3; t++) {
        skd_cell *cell = random_cell(4, rng, 0.15);
        answer a = ask(first, cell), b = ask(second, cell);
        CHECK_CLOSE(b.energy - a.energy, 1234.5, 1e-3, 0.0);
        for (int i = 0; i < 8; i++)
            for (int k = 0; k < 3; k++)
                CHECK_CLOSE(b.force[i][k], a.force[i][k], 1e-4, 0.0);
        skd_cell_free(cell);
    }
    skd_rng_free(rng);
    skd_model_free(first);
    skd_model_free(second);
    free_labels(&l);
}

static void left_out_errors_are_those_of_refits(void **state) {
    labels l = make_labels(9, 7);
    const skd_fit_options options = plain_options();
    skd_fit_report report;
    double energy = 0.0, force = 0.0;
    (void)state;
    skd_model_free(fit_of(&l, &options, l.n, &report));
    for (size_t f = 0; f < l.n; f++) {
        skd_model *model = fit_of(&l, &options, f, NULL);
        answer a = ask(model, l.cell[f]);
        energy += pow(a.energy - l.result[f]->energy, 2) / (double)l.n;
        for (int i = 0; i < 8; i++)
            for (int k = 0; k < 3; k++)
                force += pow(a.force[i][k] - l.result[f]->force[i][k], 2) / (24.0 * (double)l.n);
        skd_model_free(model);
    }
    print_message("left out: energy %.4f eV, force %.4f eV/A; in the fit %.4f, %.4f\n", sqrt(energy), sqrt(force),
                  report.energy_rmse, report.force_rmse);
    CHECK_CLOSE(report.energy_loo, sqrt(energy), 0.0, 1e-5);
    CHECK_CLOSE(report.force_loo, sqrt(force), 0.0, 1e-5);
    CHECK(report.energy_rmse < report.energy_loo && report.force_rmse < report.force_loo);
    CHECK_INT(report.n_used, l.n);
    free_labels(&l);
}

static void order_and_pieces_do_not_matter(void **state) {
    labels l = make_labels(10, 8);
    skd_fit_options options = plain_options();
    options.ridge = 0.0;
    options.energy_noise_slope = 0.02;
    skd_fit *forward = new_fit(&l, &options), *backward = new_fit(&l, &options);
    (void)state;
    for (size_t f = 0; f < l.n; f++) {
        add(forward, &l, f);
        add(backward, &l, l.n - 1 - f);
        skd_model_free(solved(forward, 0.0, NULL)); /* solving leaves no trace */
    }
    skd_fit_report a_said, b_said;
    skd_model *a = solved(forward, 0.0, &a_said), *b = solved(backward, 0.0, &b_said);
    answer a_says = ask(a, l.cell[0]), b_says = ask(b, l.cell[0]);
    check_same(&a_says, &b_says, 1e-8);
    CHECK_CLOSE(a_said.energy_loo, b_said.energy_loo, 0.0, 1e-6);
    CHECK_CLOSE(a_said.alpha, b_said.alpha, 0.0, 1e-12);
    CHECK_INT(skd_fit_count(forward), l.n);
    CHECK_CLOSE(skd_fit_label(forward, 3).energy, l.result[3]->energy, 0.0, 0.0);
    skd_model_free(a);
    skd_model_free(b);
    skd_fit_free(forward);
    skd_fit_free(backward);
    free_labels(&l);
}

/* Eight labels, of which the options leave the first three out once one of the others is known. */
static labels three_high_labels(skd_fit_options *options) {
    labels l = make_labels(8, 9);
    *options = plain_options();
    options->far_above = 100.0;
    for (size_t f = 0; f < 3; f++)
        l.result[f]->energy += 200.0;
    return l;
}

/* A label far below makes others too high, though their rows are in the sums already. */
static void high_and_close_frames_are_left_out(void **state) {
    skd_fit_options options;
    labels l = three_high_labels(&options);
    (void)state;
    skd_fit *fit = new_fit(&l, &options), *rest = new_fit(&l, &options);
    for (size_t f = 0; f < l.n; f++)
        add(fit, &l, f);
    for (size_t f = 3; f < l.n; f++)
        add(rest, &l, f);
    skd_fit_report report;
    skd_model *a = solved(fit, 0.0, &report), *b = solved(rest, 0.0, NULL);
    answer a_says = ask(a, l.cell[0]), b_says = ask(b, l.cell[0]);
    CHECK_INT(report.n_frames, 8);
    CHECK_INT(report.n_used, 5);
    check_same(&a_says, &b_says, 1e-6);
    skd_model_free(a);
    skd_model_free(b);
    for (int k = 0; k < 3; k++) /* 0.3 Å apart, and very low: neither in the fit, nor the lowest */
        l.cell[0]->pos[0][k] = l.cell[0]->pos[1][k] + (k == 0 ? 0.3 : 0.0);
    l.result[0]->energy = -1e4;
    skd_fit_free(fit);
    options.close_contact = 0.5;
    fit = new_fit(&l, &options);
    for (size_t f = 3; f < l.n; f++)
        add(fit, &l, f);
    add(fit, &l, 0);
    a = solved(fit, 0.0, &report);
    CHECK_INT(report.n_used, 5);
    skd_model_free(a);
    skd_fit_free(fit);
    skd_fit_free(rest);
    free_labels(&l);
}

/* A search that was interrupted fits all its labels at once: to the last bit as if there had been models in between. */
static void models_in_between_leave_no_trace(void **state) {
    skd_fit_options options;
    labels l = three_high_labels(&options);
    (void)state;
    skd_fit *steps = new_fit(&l, &options), *once = new_fit(&l, &options);
    for (size_t f = 0; f < l.n; f++) {
        add(steps, &l, f);
        add(once, &l, f);
        skd_model_free(solved(steps, 0.0, NULL));
    }
    skd_model *a = solved(steps, 0.0, NULL), *b = solved(once, 0.0, NULL);
    answer a_says = ask(a, l.cell[0]), b_says = ask(b, l.cell[0]);
    check_same(&a_says, &b_says, 0.0);
    skd_model_free(a);
    skd_model_free(b);
    skd_fit_free(steps);
    skd_fit_free(once);
    free_labels(&l);
}

/* Every composition and charge has a constant of its own; a constant that is wrong by 1e4 eV moves no force. */
static void offsets_stand_apart(void **state) {
    labels l = make_labels(12, 10);
    skd_fit_options options = plain_options();
    options.other_charge = 1.0;
    (void)state;
    for (size_t f = 0; f < 4; f++)
        for (size_t i = 0; i < 2; i++)
            l.cell[f]->species[i] = 14; /* Lennard-Jones knows no elements */
    skd_model *plain = fit_of(&l, &options, l.n, NULL);
    for (size_t f = 0; f < 4; f++)
        l.result[f]->energy += 1e4;
    for (size_t f = 8; f < 12; f++) {
        l.charge[f] = -2.0;
        l.result[f]->energy += -333.0;
    }
    skd_fit *fit = new_fit(&l, &options);
    for (size_t f = 0; f < l.n; f++)
        add(fit, &l, f);
    skd_model *neutral = solved(fit, 0.0, NULL), *charged = solved(fit, -2.0, NULL);
    for (size_t f = 0; f < l.n; f += 5) {
        answer a = ask(plain, l.cell[f]), b = ask(neutral, l.cell[f]), c = ask(charged, l.cell[f]);
        for (int i = 0; i < 8; i++)
            for (int k = 0; k < 3; k++)
                CHECK_CLOSE(b.force[i][k], a.force[i][k], 0.1, 0.0);
        CHECK_CLOSE(b.energy, a.energy + (f < 4 ? 1e4 : 0.0), 0.1, 0.0);
        if (f >= 4)
            CHECK_CLOSE(c.energy, a.energy - 333.0, 0.1, 0.0);
    }
    CHECK(skd_model_knows_composition(neutral, l.cell[0]) && skd_model_knows_composition(neutral, l.cell[5]));
    CHECK(!skd_model_knows_composition(charged, l.cell[0]) && skd_model_knows_composition(charged, l.cell[9]));
    l.cell[0]->species[2] = 14;
    CHECK(!skd_model_knows_composition(neutral, l.cell[0]));
    CHECK(isfinite(ask(neutral, l.cell[0]).energy));
    skd_model_free(plain);
    skd_model_free(neutral);
    skd_model_free(charged);
    skd_fit_free(fit);
    free_labels(&l);
}

/* Two sizes of the same crystal without a label of the larger: the offset follows the elements' shares. */
static void offsets_of_new_compositions_are_predicted(void **state) {
    labels l = make_labels(14, 11);
    skd_fit_options options = plain_options();
    (void)state;
    const double wide[2] = {-7.0, 40.0}; /* eV an atom */
    for (size_t f = 0; f < l.n; f++) {
        size_t oxygen = f < 7 ? 4 : 3;
        for (size_t i = 0; i < 8; i++)
            l.cell[f]->species[i] = i < oxygen ? 8 : 14;
        l.result[f]->energy += wide[0] * (double)oxygen + wide[1] * (double)(8 - oxygen);
    }
    skd_model *model = fit_of(&l, &options, l.n, NULL);
    double known = ask(model, l.cell[0]).energy - l.result[0]->energy;
    CHECK_CLOSE(known, 0.0, 0.2, 0.0);
    l.cell[0]->species[3] = l.cell[0]->species[2] = 14; /* two oxygens */
    double expected = l.result[0]->energy + 2.0 * (wide[1] - wide[0]);
    CHECK_CLOSE(ask(model, l.cell[0]).energy, expected, 5.0, 0.0); /* of 94 */
    skd_model_free(model);
    free_labels(&l);
}

static void labels_of_other_charges_help(void **state) {
    labels l = make_labels(16, 12);
    skd_fit_options options = plain_options();
    double error[2] = {0.0, 0.0};
    (void)state;
    for (size_t f = 0; f < 12; f++)
        l.charge[f] = 1.0;
    for (int help = 0; help < 2; help++) {
        options.other_charge = help ? 0.2 : 0.0;
        skd_fit *fit = new_fit(&l, &options);
        for (size_t f = 0; f < 13; f++)
            add(fit, &l, f);
        skd_fit_report report;
        skd_model *model = solved(fit, 0.0, &report);
        CHECK_INT(report.n_own, 1);
        for (size_t f = 13; f < 16; f++) {
            answer a = ask(model, l.cell[f]);
            for (int i = 0; i < 24; i++)
                error[help] += pow(a.force[i / 3][i % 3] - l.result[f]->force[i / 3][i % 3], 2);
        }
        skd_model_free(model);
        if (help) { /* no label of its own: others are judged */
            model = solved(fit, 5.0, &report);
            CHECK_INT(report.n_own, 0);
            CHECK(report.force_loo > 0.0 && isfinite(report.energy_loo));
            skd_model_free(model);
        }
        skd_fit_free(fit);
    }
    CHECK(error[1] < 0.5 * error[0]);
    free_labels(&l);
}

/* ---- deviations ------------------------------------------------------------------------------- */

static double *energy_row(const skd_model *model, const skd_cell *cell) {
    skd_error err;
    skd_model_work *work;
    skd_result *result;
    size_t m;
    CHECK_OK(skd_model_work_new(&work, model, &err));
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_OK(skd_model_compute(model, cell, 0, work, result, &err));
    const double *row = skd_model_energy_row(work, &m);
    double *copy = skd_copy(row, m, sizeof *copy);
    skd_result_free(result);
    skd_model_work_free(work);
    return copy;
}

static void deviations(void **state) {
    skd_error err;
    skd_rng *rng;
    labels l = make_labels(10, 13);
    skd_fit_options options = plain_options();
    skd_fit_report report;
    const double h = 1e-4;
    double none, apart, sum = 0.0;
    (void)state;
    skd_model *model = fit_of(&l, &options, l.n, &report);
    CHECK_OK(skd_rng_new(&rng, 14, &err));
    skd_cell *far = random_cell(4, rng, 0.5);
    answer near = ask(model, l.cell[0]), away = ask(model, far);
    CHECK(near.energy_deviation > 0.0 && away.energy_deviation > 3.0 * near.energy_deviation);
    double *row = energy_row(model, l.cell[0]), *other = energy_row(model, far);
    CHECK_OK(skd_model_difference_deviation(model, row, row, &none, &err));
    CHECK_OK(skd_model_difference_deviation(model, row, other, &apart, &err));
    CHECK_CLOSE(none, 0.0, 0.0, 0.0);
    CHECK_CLOSE(apart, away.energy_deviation, 0.0, 0.5);
    for (int k = 0; k < 3; k++) { /* a force is a difference of energies */
        double at = far->pos[2][k], difference;
        far->pos[2][k] = at + h;
        double *up = energy_row(model, far);
        far->pos[2][k] = at - h;
        double *down = energy_row(model, far);
        far->pos[2][k] = at;
        CHECK_OK(skd_model_difference_deviation(model, up, down, &difference, &err));
        sum += pow(difference / (2.0 * h) * report.force_scale / report.energy_scale, 2);
        skd_free(up);
        skd_free(down);
    }
    CHECK_CLOSE(away.force_deviation[2], sqrt(sum), 0.0, 1e-4);
    skd_free(row);
    skd_free(other);
    skd_cell_free(far);
    skd_rng_free(rng);
    skd_model_free(model);
    free_labels(&l);
}

/* ---- as a potential --------------------------------------------------------------------------- */

typedef struct guard {
    skd_potential_work *work;
    size_t n_seen;
    double largest;
} guard;

static bool watch(void *payload, const skd_relax_frame *frame) {
    guard *g = payload;
    const skd_model *model;
    double deviation = -1.0;
    skd_model_work *work = skd_model_work_of(g->work, &model);
    if (skd_model_energy_deviation(model, work, &deviation, NULL) != SKD_OK)
        return false;
    g->n_seen++;
    g->largest = fmax(g->largest, deviation);
    return frame->step < 20;
}

static void model_as_potential(void **state) {
    skd_error err;
    labels l = make_labels(10, 15);
    skd_fit_options options = SKD_FIT_DEFAULT; /* with its prior */
    options.far_above = 1e4;
    skd_potential *potential, *pair;
    skd_potential_work *work;
    skd_relax_outcome outcome;
    skd_relax_options relax = SKD_RELAX_DEFAULT;
    skd_model *model = fit_of(&l, &options, l.n, NULL);
    answer a = ask(model, l.cell[3]);
    skd_result *result;
    (void)state;
    CHECK_OK(skd_result_new(&result, 8, &err));
    CHECK_OK(skd_potential_of_model(&potential, model, &err));
    CHECK_OK(skd_potential_work_new(&work, potential, &err));
    CHECK_OK(skd_potential_compute(work, l.cell[3], 0.0, SKD_WANT_STRESS | SKD_WANT_ATOM_ENERGY, result, &err));
    CHECK_CLOSE(result->energy, a.energy, 1e-10, 0.0);
    CHECK_CLOSE(result->energy, l.result[3]->energy, 0.5, 0.0);
    guard g = {.work = work};
    CHECK_OK(skd_relax(&outcome, l.cell[3], work, &relax, &(skd_relax_observer){watch, &g}, &err));
    CHECK(outcome.energy < a.energy && g.n_seen > 3 && g.largest > 0.0);
    skd_relax_outcome_free(&outcome);
    CHECK_FAILS(skd_potential_compute(work, l.cell[3], 1.0, 0, result, &err), SKD_EARG, "charge +1");
    l.cell[3]->species[4] = 52;
    CHECK_FAILS(skd_potential_compute(work, l.cell[3], 0.0, 0, result, &err), SKD_EARG, "atom 5 is Te");
    CHECK(!skd_model_knows_composition(model, l.cell[3]));
    const skd_model *twice[2] = {model, model};
    CHECK_OK(skd_potential_of_models(&pair, twice, 2, &err));
    skd_potential_free(pair);
    CHECK_FAILS(skd_potential_of_models(&pair, twice, 0, &err), SKD_EARG, "no models");
    skd_result_free(result);
    skd_potential_work_free(work);
    skd_potential_free(potential);
    skd_model_free(model);
    free_labels(&l);
}

/* ---- bad input, no memory --------------------------------------------------------------------- */

static void bad_input(void **state) {
    skd_error err;
    labels l = make_labels(2, 16);
    skd_fit_options options = plain_options();
    skd_fit *fit = new_fit(&l, &options), *none;
    skd_model *model;
    skd_label label = {.cell = l.cell[0], .force = (const double(*)[3])l.result[0]->force};
    (void)state;
    CHECK_FAILS(skd_fit_solve(&model, fit, 0.0, NULL, &err), SKD_EARG, "none of its 0 labels");
    label.energy = NAN;
    CHECK_FAILS(skd_fit_add(fit, &label, &err), SKD_EARG, "not a finite number");
    label.energy = 1.0;
    l.result[0]->force[2][1] = INFINITY;
    CHECK_FAILS(skd_fit_add(fit, &label, &err), SKD_EARG, "atom 3");
    l.result[0]->force[2][1] = 0.0;
    l.cell[0]->species[3] = 52;
    CHECK_FAILS(skd_fit_add(fit, &label, &err), SKD_EARG, "4");
    CHECK_INT(skd_fit_count(fit), 0);
    options.force_noise = -1.0;
    CHECK_FAILS(skd_fit_new(&none, l.features, &options, &err), SKD_EARG, "force noise = -1");
    options.force_noise = 0.1;
    strcpy(options.prior, "nonsense");
    CHECK_FAILS(skd_fit_new(&none, l.features, &options, &err), SKD_EARG, "nonsense");
    skd_fit_free(fit);
    free_labels(&l);
}

#ifdef SKD_TORTURE
static skd_status whole_way(const labels *l, skd_error *err) {
    skd_fit_options options = SKD_FIT_DEFAULT;
    skd_fit *fit = NULL;
    skd_model *model = NULL;
    skd_model_work *work = NULL;
    skd_potential *potential = NULL;
    skd_result *result = NULL;
    double deviation[8];
    skd_status status = skd_fit_new(&fit, l->features, &options, err);
    for (size_t f = 0; f < l->n && status == SKD_OK; f++)
        status = skd_fit_add(fit, &(skd_label){.cell = l->cell[f], .energy = l->result[f]->energy,
                                               .force = (const double(*)[3])l->result[f]->force,
                                               .stress = l->result[f]->stress}, err);
    if (status == SKD_OK)
        status = skd_fit_solve(&model, fit, 0.0, NULL, err);
    if (status == SKD_OK)
        status = skd_potential_of_model(&potential, model, err);
    if (status == SKD_OK)
        status = skd_model_work_new(&work, model, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, 8, err);
    if (status == SKD_OK)
        status = skd_model_compute(model, l->cell[0], 0, work, result, err);
    if (status == SKD_OK)
        status = skd_model_force_deviation(model, l->cell[0], work, deviation, err);
    if (status == SKD_OK)
        status = skd_model_difference_deviation(model, work ? skd_model_energy_row(work, &(size_t){0}) : NULL,
                                                skd_model_energy_row(work, &(size_t){0}), deviation, err);
    skd_result_free(result);
    skd_model_work_free(work);
    skd_potential_free(potential);
    skd_model_free(model);
    skd_fit_free(fit);
    return status;
}

static void torture(void **state) {
    labels l = make_labels(2, 17);
    (void)state;
    for (long k = 0;; k++) {
        skd_error err = {SKD_OK, ""};
        skd_alloc_fail_at = k;
        skd_status status = whole_way(&l, &err);
        skd_alloc_fail_at = -1;
        if (status == SKD_OK)
            break;
        CHECK_INT(status, SKD_ENOMEM);
        CHECK(err.text[0] != '\0');
    }
    free_labels(&l);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_recovers_weights),
        cmocka_unit_test(posterior_is_calibrated),
        cmocka_unit_test(evidence_is_bounded),
        cmocka_unit_test(rank_correlation_and_scale),
        cmocka_unit_test(learns_what_is_linear),
        cmocka_unit_test(left_out_errors_are_those_of_refits),
        cmocka_unit_test(order_and_pieces_do_not_matter),
        cmocka_unit_test(high_and_close_frames_are_left_out),
        cmocka_unit_test(models_in_between_leave_no_trace),
        cmocka_unit_test(offsets_stand_apart),
        cmocka_unit_test(offsets_of_new_compositions_are_predicted),
        cmocka_unit_test(labels_of_other_charges_help),
        cmocka_unit_test(deviations),
        cmocka_unit_test(model_as_potential),
        cmocka_unit_test(bad_input),
#ifdef SKD_TORTURE
        cmocka_unit_test(torture),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
