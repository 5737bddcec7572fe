/* SPDX-License-Identifier: MIT */
/* Tests of host calibrations, silicon at one Stillinger-Weber level calibrated to another: derivatives, invariances,
 * the host as a minimum with the better level's lattice, atoms beside a vacancy, the numbers back, bad input. */
#include "shakedown/calibration.h"
#include "check.h"

enum { FRAMES = 7 };

/* sw calibrated to another sw: frames of 8 atoms, small descriptor. */
typedef struct kit {
    skd_cell *host;
    skd_cell *cell[FRAMES + 1]; /* [0] the host */
    skd_calibration *calibration;
    skd_calibration_options options;
    skd_calibration_report report;
    skd_potential *base, *better, *correction, *sum;
} kit;

#define BETTER "sw:sigma=2.12,lambda=24"

static skd_cell *diamond(double a) {
    static const double at[8][3] = {{0, 0, 0}, {0, 2, 2}, {2, 0, 2}, {2, 2, 0},
                                    {1, 1, 1}, {1, 3, 3}, {3, 1, 3}, {3, 3, 1}};
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = a;
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 0.25 * a * at[i][k];
    }
    return cell;
}

static skd_result *results_of(const skd_potential *p, const skd_cell *cell) {
    skd_error err;
    skd_result *r;
    skd_potential_work *work;
    CHECK_OK(skd_result_new(&r, cell->n, &err));
    CHECK_OK(skd_potential_work_new(&work, p, &err));
    CHECK_OK(skd_potential_compute(work, cell, 0.0, SKD_WANT_STRESS, r, &err));
    skd_potential_work_free(work);
    return r;
}

static skd_status fit(kit *k, skd_error *err) {
    skd_label label[FRAMES];
    skd_result *base[FRAMES], *better[FRAMES];
    for (size_t f = 0; f < FRAMES; f++) {
        base[f] = results_of(k->base, k->cell[f + 1]);
        better[f] = results_of(k->better, k->cell[f + 1]);
        label[f] = (skd_label){.cell = k->cell[f + 1], .energy = better[f]->energy, .base = base[f],
                               .force = (const double(*)[3])better[f]->force,
                               .stress = (const double(*)[3])better[f]->stress};
    }
    skd_status status = skd_calibration_fit(&k->calibration, k->host, label, FRAMES, &k->options, &k->report, err);
    for (size_t f = 0; f < FRAMES; f++) {
        skd_result_free(base[f]);
        skd_result_free(better[f]);
    }
    return status;
}

static kit open_kit(void) {
    skd_error err;
    kit k = {.options = SKD_CALIBRATION_DEFAULT};
    k.options.features.n_max = 5;
    k.options.features.l_max = 3;
    k.options.most = 30;
    k.host = diamond(5.43);
    CHECK_OK(skd_potential_new(&k.base, "sw", &err));
    CHECK_OK(skd_potential_new(&k.better, BETTER, &err));
    CHECK_OK(skd_cell_copy(&k.cell[0], k.host, &err));
    for (size_t f = 0; f < FRAMES; f++)
        CHECK_OK(skd_calibration_frame(&k.cell[f + 1], k.host, f, 7, &err));
    CHECK_OK(fit(&k, &err));
    return k;
}

/* The calibration becomes a term of a sum. */
static void add_up(kit *k) {
    skd_error err;
    CHECK_OK(skd_potential_taking_calibration(&k->correction, k->calibration, &err));
    const skd_potential *const term[2] = {k->base, k->correction};
    CHECK_OK(skd_potential_sum(&k->sum, term, 2, &err));
}

static void close_kit(kit *k) {
    for (size_t f = 0; f <= FRAMES; f++)
        skd_cell_free(k->cell[f]);
    skd_cell_free(k->host);
    skd_potential_free(k->sum);
    if (k->correction)
        skd_potential_free(k->correction);
    else
        skd_calibration_free(k->calibration);
    skd_potential_free(k->base);
    skd_potential_free(k->better);
}

static double energy_of(skd_potential_work *work, const skd_cell *cell, skd_result *r) {
    skd_error err;
    CHECK_OK(skd_potential_compute(work, cell, 0.0, 0, r, &err));
    return r->energy;
}

/* ---- what it is --------------------------------------------------------------------------------- */

static void derivatives_are_exact(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_potential_work *work;
    skd_result *scratch;
    skd_cell *cell;
    const double step = 1e-4;
    (void)state;
    add_up(&k);
    CHECK_OK(skd_calibration_frame(&cell, k.host, 11, 3, &err));
    CHECK_OK(skd_potential_work_new(&work, k.correction, &err));
    CHECK_OK(skd_result_new(&scratch, cell->n, &err));
    skd_result *r = results_of(k.correction, cell);
    double largest = 0.0, sum[3] = {0, 0, 0};
    for (size_t i = 0; i < 3 * cell->n; i++) {
        largest = fmax(largest, fabs(r->force[i / 3][i % 3]));
        sum[i % 3] += r->force[i / 3][i % 3];
    }
    assert_true(largest > 0.01);
    for (int a = 0; a < 3; a++)
        CHECK_CLOSE(sum[a], 0.0, 1e-12, 0.0);
    for (size_t i = 0; i < 6; i++) { /* fourth order: four points */
        double e[4], *x = &cell->pos[i][i % 3], at = *x;
        static const double off[4] = {-2, -1, 1, 2};
        for (int p = 0; p < 4; p++) {
            *x = at + off[p] * step * 10.0;
            e[p] = energy_of(work, cell, scratch);
        }
        *x = at;
        CHECK_CLOSE(-(e[0] - 8.0 * e[1] + 8.0 * e[2] - e[3]) / (120.0 * step), r->force[i][i % 3], 1e-7 * largest, 0.0);
    }
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++) {
            static const double off[4] = {-2, -1, 1, 2};
            double e[4];
            for (int p = 0; p < 4; p++) {
                skd_cell *strained;
                double move[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
                move[a][b] += 0.5 * off[p] * 1e-3;
                move[b][a] += 0.5 * off[p] * 1e-3;
                CHECK_OK(skd_cell_copy(&strained, cell, &err));
                skd_mul3(cell->lattice, (const double(*)[3])move, strained->lattice);
                for (size_t i = 0; i < cell->n; i++)
                    skd_row_times(cell->pos[i], (const double(*)[3])move, strained->pos[i]);
                e[p] = energy_of(work, strained, scratch);
                skd_cell_free(strained);
            }
            double slope = (e[0] - 8.0 * e[1] + 8.0 * e[2] - e[3]) / 12e-3 / skd_cell_volume(cell);
            CHECK_CLOSE(slope, r->stress[a][b], 1e-8, 1e-6);
        }
    skd_result_free(r);
    skd_result_free(scratch);
    skd_potential_work_free(work);
    skd_cell_free(cell);
    close_kit(&k);
}

/* Gates move too: two atoms of the calibrated supercell on their ways off their sites. */
static void derivatives_of_gates_are_exact(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_potential_work *work;
    skd_result *scratch;
    skd_cell *cell;
    static const double off[4] = {-2, -1, 1, 2};
    double alike[8];
    (void)state;
    CHECK_OK(skd_calibration_frame(&cell, k.host, 11, 3, &err));
    cell->pos[0][0] += 0.9;
    cell->pos[5][1] -= 0.8;
    CHECK_OK(skd_calibration_similarity(k.calibration, cell, alike, &err));
    assert_true(alike[3] > 0.05 && alike[3] < 0.95);
    add_up(&k);
    CHECK_OK(skd_potential_work_new(&work, k.correction, &err));
    CHECK_OK(skd_result_new(&scratch, cell->n, &err));
    skd_result *r = results_of(k.correction, cell);
    for (size_t i = 0; i < 3 * cell->n; i++) {
        double e[4], *x = &cell->pos[i / 3][i % 3], at = *x;
        for (int p = 0; p < 4; p++) {
            *x = at + off[p] * 1e-3;
            e[p] = energy_of(work, cell, scratch);
        }
        *x = at;
        CHECK_CLOSE(-(e[0] - 8.0 * e[1] + 8.0 * e[2] - e[3]) / 12e-3, r->force[i / 3][i % 3], 1e-6, 1e-6);
    }
    skd_result_free(r);
    skd_result_free(scratch);
    skd_potential_work_free(work);
    skd_cell_free(cell);
    close_kit(&k);
}

static void rotations_and_order_do_not_matter(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_cell *cell, *turned;
    const double c = cos(0.7), s = sin(0.7);
    const double turn[3][3] = {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
    (void)state;
    add_up(&k);
    CHECK_OK(skd_calibration_frame(&cell, k.host, 5, 3, &err));
    CHECK_OK(skd_cell_copy(&turned, cell, &err));
    skd_mul3(cell->lattice, turn, turned->lattice);
    for (size_t i = 0; i < cell->n; i++) { /* backwards, and moved as a whole */
        skd_row_times(cell->pos[cell->n - 1 - i], turn, turned->pos[i]);
        turned->pos[i][0] += 0.4;
    }
    skd_result *a = results_of(k.correction, cell), *b = results_of(k.correction, turned);
    CHECK_CLOSE(a->energy, b->energy, 1e-10, 0.0);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        skd_row_times(a->force[cell->n - 1 - i], turn, f);
        for (int q = 0; q < 3; q++)
            CHECK_CLOSE(b->force[i][q], f[q], 1e-9, 0.0);
    }
    skd_result_free(a);
    skd_result_free(b);
    skd_cell_free(cell);
    skd_cell_free(turned);
    close_kit(&k);
}

/* ---- what it does ------------------------------------------------------------------------------- */

static double lattice_of(const skd_potential *p, double from) {
    skd_error err;
    skd_cell *cell = diamond(from);
    skd_potential_work *work;
    skd_relax_outcome out;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.method = skd_minimiser_named("lbfgs");
    options.relax_cell = true;
    CHECK_OK(skd_potential_work_new(&work, p, &err));
    CHECK_OK(skd_relax(&out, cell, work, &options, NULL, &err));
    assert_true(skd_stop_converged(out.stop));
    double a = out.cell->lattice[0][0];
    skd_relax_outcome_free(&out);
    skd_potential_work_free(work);
    skd_cell_free(cell);
    return a;
}

static void host_gets_the_better_lattice(void **state) {
    kit k = open_kit();
    (void)state;
    add_up(&k);
    assert_true(k.report.force_after < 0.5 * k.report.force_before);
    assert_true(k.report.stress_after < 0.1 * k.report.stress_before);
    const double base = lattice_of(k.base, 5.43), better = lattice_of(k.better, 5.43), own = lattice_of(k.sum, 5.43);
    assert_true(fabs(better - base) > 0.05);
    CHECK_CLOSE(own, better, 0.005, 0.0);
    skd_result *host = results_of(k.correction, k.host); /* its atoms gain nothing as they are */
    CHECK_CLOSE(host->energy, 0.0, 0.002, 0.0);
    skd_result_free(host);
    close_kit(&k);
}

/* Beside a vacancy nothing is left of the correction, far from it all, and rattled atoms keep it. */
static void defects_are_left_alone(void **state) {
    skd_error err;
    kit k = open_kit();
    static const int twice[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    skd_cell *big, *vacancy;
    size_t pick[63];
    double alike[63], beside = 0.0, far = 1.0;
    skd_mic mic;
    (void)state;
    CHECK_OK(skd_supercell(&big, k.host, twice, NULL, &err));
    for (size_t i = 0; i < 63; i++)
        pick[i] = i + 1;
    CHECK_OK(skd_cell_pick(&vacancy, big, pick, 63, &err));
    CHECK_OK(skd_calibration_similarity(k.calibration, vacancy, alike, &err));
    CHECK_OK(skd_mic_setup(&mic, big, &err));
    for (size_t i = 0; i < 63; i++) {
        double d[3], r = skd_mic_vector(&mic, big->pos[0], vacancy->pos[i], d);
        if (r < 2.5)
            beside = fmax(beside, alike[i]);
        if (r > 6.0)
            far = fmin(far, alike[i]);
    }
    CHECK_CLOSE(far, 1.0, 1e-9, 0.0);
    CHECK_CLOSE(beside, 0.0, 0.0, 0.0);
    for (size_t f = 1; f <= FRAMES; f++) {
        CHECK_OK(skd_calibration_similarity(k.calibration, k.cell[f], alike, &err));
        for (size_t i = 0; i < k.host->n; i++)
            CHECK_CLOSE(alike[i], 1.0, 0.0, 0.0);
    }
    skd_cell_free(vacancy); /* in the supercell of the calibration, by sites: second neighbours keep it */
    CHECK_OK(skd_cell_pick(&vacancy, k.cell[2], pick, 7, &err));
    CHECK_OK(skd_calibration_similarity(k.calibration, vacancy, alike, &err));
    for (size_t i = 0; i < 7; i++)
        CHECK_CLOSE(alike[i], i < 3 ? 1.0 : 0.0, i < 3 ? 0.2 : 0.0, 0.0);
    skd_cell_free(big);
    skd_cell_free(vacancy);
    close_kit(&k);
}

/* An atom of another element is not seen, and feels nothing. */
static void foreign_atoms_are_not_seen(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_cell *cell, *less;
    const size_t pick[7] = {0, 1, 2, 4, 5, 6, 7};
    (void)state;
    add_up(&k);
    CHECK_OK(skd_calibration_frame(&cell, k.host, 4, 3, &err));
    cell->species[3] = 32;
    CHECK_OK(skd_cell_pick(&less, cell, pick, 7, &err));
    skd_result *a = results_of(k.correction, cell), *b = results_of(k.correction, less);
    CHECK_CLOSE(a->energy, b->energy, 1e-12, 0.0);
    for (size_t i = 0; i < 7; i++)
        CHECK_CLOSE(a->force[pick[i]][0], b->force[i][0], 1e-12, 0.0);
    CHECK_CLOSE(skd_norm(a->force[3]), 0.0, 0.0, 0.0);
    skd_result_free(a);
    skd_result_free(b);
    skd_cell_free(cell);
    skd_cell_free(less);
    close_kit(&k);
}

/* Nor is an interstitial, in the calibrated supercell: the crystal around it keeps what it has. */
static void interstitials_are_not_seen(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_cell *with;
    (void)state;
    add_up(&k);
    CHECK_OK(skd_cell_new(&with, 9, &err));
    memcpy(with->lattice, k.cell[3]->lattice, sizeof with->lattice);
    for (size_t i = 0; i < 9; i++) {
        with->species[i] = 14;
        for (int a = 0; a < 3; a++)
            with->pos[i][a] = i ? k.cell[3]->pos[i - 1][a] : 0.5 * 5.43;
    }
    skd_result *a = results_of(k.correction, with), *b = results_of(k.correction, k.cell[3]);
    CHECK_CLOSE(a->energy, b->energy, 1e-12, 0.0);
    CHECK_CLOSE(skd_norm(a->force[0]), 0.0, 0.0, 0.0);
    assert_true(skd_norm(b->force[4]) > 1e-3);
    for (size_t i = 0; i < 8; i++)
        CHECK_CLOSE(a->force[i + 1][0], b->force[i][0], 1e-12, 0.0);
    skd_result_free(a);
    skd_result_free(b);
    skd_cell_free(with);
    close_kit(&k);
}

/* ---- numbers ------------------------------------------------------------------------------------ */

static void numbers_come_back(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_calibration *again = NULL;
    skd_potential *other;
    double *numbers;
    size_t n;
    (void)state;
    CHECK_OK(skd_calibration_pack(&numbers, &n, k.calibration, &err));
    CHECK_OK(skd_calibration_unpack(&again, &k.options.features, (const skd_cell *const *)k.cell, FRAMES + 1, numbers,
                                    n, &err));
    add_up(&k);
    CHECK_OK(skd_potential_taking_calibration(&other, again, &err));
    skd_result *a = results_of(k.correction, k.cell[3]), *b = results_of(other, k.cell[3]);
    CHECK_CLOSE(a->energy, b->energy, 0.0, 0.0);
    skd_result_free(a);
    skd_result_free(b);
    numbers[1] = 99.0; /* of no cell */
    CHECK_FAILS(skd_calibration_unpack(&again, &k.options.features, (const skd_cell *const *)k.cell, FRAMES + 1,
                                       numbers, n, &err), SKD_EFORMAT, "of no atom");
    CHECK_FAILS(skd_calibration_unpack(&again, &k.options.features, (const skd_cell *const *)k.cell, FRAMES + 1,
                                       numbers, n - 1, &err), SKD_EFORMAT, "no calibration");
    skd_free(numbers);
    skd_potential_free(other);
    close_kit(&k);
}

static void bad_labels_are_refused(void **state) {
    skd_error err;
    kit k = open_kit();
    skd_calibration *none = k.calibration;
    (void)state;
    k.calibration = NULL;
    k.cell[2]->species[1] = 32;
    skd_potential_free(k.base);
    CHECK_OK(skd_potential_new(&k.base, "lj:epsilon=0.01,sigma=3,cutoff=6", &err));
    skd_potential_free(k.better);
    CHECK_OK(skd_potential_new(&k.better, "lj:epsilon=0.01,sigma=3,cutoff=6", &err));
    CHECK_FAILS(fit(&k, &err), SKD_EARG, "not of the host's elements");
    k.cell[2]->species[1] = 14;
    k.options.force_noise = 0.0;
    CHECK_FAILS(fit(&k, &err), SKD_EARG, "above 0");
    skd_calibration_free(none);
    close_kit(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_are_exact), cmocka_unit_test(derivatives_of_gates_are_exact),
        cmocka_unit_test(rotations_and_order_do_not_matter),
        cmocka_unit_test(host_gets_the_better_lattice), cmocka_unit_test(defects_are_left_alone),
        cmocka_unit_test(foreign_atoms_are_not_seen), cmocka_unit_test(interstitials_are_not_seen),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(bad_labels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
