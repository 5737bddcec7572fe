/* SPDX-License-Identifier: MIT */
/* test_relax_gfn1_scc.c - the way of GFN1-xTB to self-consistent charges: linear response, Newton's steps, the ladder
 * behind them, warm starts along a path and in a changing cell, tolerances, and input that has no answer. */
#include <string.h>

#include "../relax/gfn1/gfn1.h"
#include "../relax/gfn1/response.h"
#include "check.h"

typedef struct sample {
    size_t n;
    int z[6];
    double x[6][3], lattice[3][3], charge, kt;
    bool periodic;
} sample;

static const double room = 300.0 * GFN1_KB;

/* bohr; low symmetry, gaps and none, odd electrons, charge */
static const sample several[] = {
    {.n = 2, .z = {31, 33}, .x = {{0.13, -0.21, 0.07}, {2.71, 2.55, 2.93}}, .kt = 9.5e-4, .periodic = true,
     .lattice = {{0.2, 5.41, 5.23}, {5.33, -0.17, 5.4}, {5.3, 5.52, 0.31}}},
    {.n = 4, .z = {48, 52, 16, 1}, .x = {{0.1, 0.3, -0.2}, {5.2, 0.4, 0.7}, {0.6, 4.9, 1.1}, {2.9, 3.3, 5.7}},
     .charge = -1, .kt = 9.5e-4, .periodic = true, .lattice = {{10.1, 0.7, 0.2}, {-1.3, 9.6, 0.9}, {0.4, 1.1, 8.7}}},
    {.n = 3, .z = {22, 8, 8}, .x = {{0.2, 0.1, 0.3}, {3.6, 0.5, 0.4}, {0.1, 3.9, 0.2}}, .kt = 6e-3, .periodic = true,
     .lattice = {{7.9, 0.3, 0.1}, {0.2, 8.3, -0.4}, {0.6, 0.1, 6.8}}},
    {.n = 2, .z = {13, 13}, .x = {{0.1, 0.2, 0.4}, {3.9, 3.8, 4.1}}, .kt = 1e-2, .periodic = true,
     .lattice = {{7.7, 0.2, 0.1}, {0.1, 7.6, 0.3}, {-0.2, 0.4, 7.8}}},
    {.n = 3, .z = {12, 8, 17}, .x = {{0.3, 0.2, 0.1}, {3.9, 0.4, 0.6}, {0.4, 4.4, 0.8}}, .charge = 2, .kt = 2e-3,
     .periodic = true, .lattice = {{9.1, 0, 0.4}, {0.3, 8.9, 0.2}, {0.5, 0.6, 9.4}}},
};
#define SEVERAL (sizeof several / sizeof *several)

static skd_status evaluate(gfn1_state *state, const sample *s, skd_error *err) {
    state->kt = s->kt;
    return gfn1_evaluate(state, s->n, s->z, s->x, s->periodic ? s->lattice : NULL, s->charge, err);
}

/* Moves every atom by `amount` times something irregular. */
static void shake(sample *s, double amount) {
    for (size_t k = 0; k < 3 * s->n; k++)
        s->x[k / 3][k % 3] += amount * sin(1.7 + 2.3 * (double)k);
}

/* ---- linear response ----------------------------------------------------------------------------- */

static void newtons_step_takes_the_residual_away(void **unused) {
    (void)unused;
    for (size_t row = 0; row < SEVERAL; row++) {
        gfn1_state state = {.accuracy = 1e-3};
        skd_error err = {0};
        double step[64];
        CHECK_OK(evaluate(&state, &several[row], &err));
        gfn1_scc *scc = &state.scc;
        for (size_t s = 0; s < scc->n_shells; s++)
            scc->q_in[s] += (s | 1) < scc->n_shells ? 1e-5 * (s % 2 ? 1.0 : -1.0) : 0.0; /* no net charge */
        CHECK_OK(gfn1_cycle(scc, &state.orbitals, several[row].kt, &err));
        const double before = scc->residual_rms;
        CHECK(before > 2e-6);
        gfn1_expand(scc, scc->n_orbitals);
        gfn1_response_set(scc->response, scc, &state.orbitals, several[row].kt);
        CHECK(gfn1_response_step(scc->response, scc, &state.orbitals, step) > 0);
        for (size_t s = 0; s < scc->n_shells; s++)
            scc->q_in[s] += step[s];
        CHECK_OK(gfn1_cycle(scc, &state.orbitals, several[row].kt, &err));
        CHECK(scc->residual_rms < 0.05 * before);
        gfn1_state_free(&state);
    }
}

/* ---- the ladder ---------------------------------------------------------------------------------- */

static void easy_cells_need_newtons_steps_only(void **unused) {
    (void)unused;
    for (size_t row = 0; row < SEVERAL; row++) {
        gfn1_state state = {.accuracy = 0.1};
        skd_error err = {0};
        CHECK_OK(evaluate(&state, &several[row], &err));
        CHECK_TEXT(state.scc.way, "Newton");
        CHECK(state.scc.cycles <= 15 && state.scc.dropped == 0);
        gfn1_state_free(&state);
    }
}

/* Cerium and cobalt, metallic: Newton's steps end where the residual is only locally least. */
static void the_ladder_is_climbed_where_newtons_steps_lead_nowhere(void **unused) {
    (void)unused;
    const sample hard = {.n = 2, .z = {58, 27}, .x = {{3.4404, 0.9568, 5.1189}, {4.3933, 4.3802, 1.9670}}, .kt = room,
                         .periodic = true, .lattice = {{5.7715, 0.3, 0}, {0, 6.06007, 0.2}, {0.1, 0, 5.48292}}};
    gfn1_state state = {.accuracy = 0.1};
    skd_error err = {0};
    CHECK_OK(evaluate(&state, &hard, &err));
    CHECK(strcmp(state.scc.way, "Newton") != 0);
    CHECK(state.scc.residual_rms < 2e-6);
    gfn1_state_free(&state);
}

/* Cerium, antimony, barium: no state within reach of the third-order term as it is. */
static const sample drawn_in = {.n = 3, .z = {58, 51, 56}, .kt = 300.0 * GFN1_KB, .periodic = true,
                                .x = {{4.2781, 0.0673, 4.2237}, {4.9828, 0.1606, 8.2004}, {8.1931, 0.3707, 0.0737}},
                                .lattice = {{8.3080, 0.3, 0}, {0, 8.7234, 0.2}, {0.1, 0, 7.8926}}};

static void the_bounded_third_order_is_smooth_and_leaves_small_charges_alone(void **unused) {
    (void)unused;
    for (double g = -0.15; g < 0.2; g += 0.15)
        for (double q = -2.0; q < 2.0; q += 0.0703) {
            const double h = 1e-4, limit = 0.4;
            const gfn1_third t = gfn1_third_order(g, limit, q), up = gfn1_third_order(g, limit, q + h),
                             down = gfn1_third_order(g, limit, q - h), free = gfn1_third_order(g, INFINITY, q);
            CHECK_CLOSE(t.potential, (up.energy - down.energy) / (2 * h), 1e-8, 0);
            CHECK_CLOSE(t.slope, (up.potential - down.potential) / (2 * h), 1e-4, 0);
            CHECK_CLOSE(free.energy, g * q * q * q / 3.0, 1e-15, 0);
            CHECK(g * q < -fabs(g) * limit ? t.energy > free.energy : t.energy == free.energy);
        }
}

static void where_electrons_fall_into_an_atom_the_third_order_is_bounded_and_says_so(void **unused) {
    (void)unused;
    gfn1_state state = {.accuracy = 1e-3};
    skd_error err = {0};
    sample s = drawn_in;
    const double h = 1e-3;
    double energy[2];
    CHECK_OK(evaluate(&state, &s, &err));
    CHECK(state.scc.bounded && state.scc.beyond > 0 && strstr(state.scc.way, "bounded"));
    const double force = state.sum.gradient[1][0];
    for (int side = 0; side < 2; side++) {
        s.x[1][0] = drawn_in.x[1][0] + (side ? h : -h);
        CHECK_OK(evaluate(&state, &s, &err)); /* warm: goes on with the bounded term at once */
        CHECK(state.scc.beyond > 0 && state.scc.cycles < 15);
        energy[side] = state.energies.total;
    }
    CHECK_CLOSE(force, (energy[1] - energy[0]) / (2 * h), 2e-5, 0);
    gfn1_state_free(&state);
}

static void where_nothing_converges_the_residual_is_reported_after_a_bounded_number_of_cycles(void **unused) {
    (void)unused;
    const sample hopeless = drawn_in;
    gfn1_state state = {.accuracy = 0.1, .mode = GFN1_LIBRARY}; /* which is as tblite is */
    skd_error err = {0};
    CHECK_FAILS(evaluate(&state, &hopeless, &err), SKD_ENUMERIC, "residual");
    /* and the same state serves the next cell as if nothing had been */
    gfn1_state fresh = {.accuracy = 0.1, .mode = GFN1_LIBRARY};
    CHECK_OK(evaluate(&state, &several[0], &err));
    CHECK_OK(evaluate(&fresh, &several[0], &err));
    CHECK(state.energies.total == fresh.energies.total);
    gfn1_state_free(&state);
    gfn1_state_free(&fresh);
}

static void orbitals_that_others_span_are_dropped_and_counted(void **unused) {
    (void)unused;
    const sample dense = {.n = 2, .z = {56, 56}, .x = {{2.9273, 4.4618, 2.2559}, {5.0458, 2.0674, 2.2588}}, .kt = room,
                          .periodic = true, .lattice = {{5.1223, 0.3, 0}, {0, 5.378415, 0.2}, {0.1, 0, 4.866185}}};
    gfn1_state state = {.accuracy = 0.1};
    skd_error err = {0};
    CHECK_OK(evaluate(&state, &dense, &err));
    const gfn1_scc *scc = &state.scc;
    const size_t n = scc->n;
    CHECK(scc->dropped > 0 && scc->n_orbitals + scc->dropped == n);
    for (size_t a = 0; a < scc->n_orbitals; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = 0.0; /* X^T S X = 1 */
            for (size_t k = 0; k < n * n; k++)
                sum += scc->x[a * n + k / n] * state.orbitals.s[k] * scc->x[b * n + k % n];
            CHECK_CLOSE(sum, a == b ? 1.0 : 0.0, 1e-7, 0);
        }
    gfn1_state_free(&state);
}

/* ---- along a path -------------------------------------------------------------------------------- */

static void check_as_cold(const gfn1_state *warm, const sample *s) {
    gfn1_state cold = {.accuracy = 1e-3};
    skd_error err = {0};
    CHECK_OK(evaluate(&cold, s, &err));
    CHECK_CLOSE(warm->energies.total, cold.energies.total, 1e-7, 0); /* Ha: 3e-6 eV */
    for (size_t k = 0; k < 3 * s->n; k++)
        CHECK_CLOSE(warm->sum.gradient[k / 3][k % 3], cold.sum.gradient[k / 3][k % 3], 1e-6 + 1e-3 * cold.force, 0);
    for (size_t k = 0; k < 9; k++)
        CHECK_CLOSE(warm->sum.virial[k / 3][k % 3], cold.sum.virial[k / 3][k % 3], 1e-5 + 3e-3 * cold.force, 0);
    gfn1_state_free(&cold);
}

static void warm_energies_and_forces_are_the_cold_ones_in_fewer_cycles(void **unused) {
    (void)unused;
    for (size_t row = 0; row < SEVERAL; row++) {
        gfn1_state state = {.accuracy = 0.1};
        skd_error err = {0};
        sample s = several[row];
        CHECK_OK(evaluate(&state, &s, &err));
        const size_t cold = state.scc.cycles;
        size_t warm = 0;
        for (int step = 0; step < 5; step++) {
            shake(&s, 0.01);
            CHECK_OK(evaluate(&state, &s, &err));
            check_as_cold(&state, &s);
            warm += state.scc.cycles;
        }
        CHECK(warm < 4 * cold);
        gfn1_state_free(&state);
    }
}

static void warm_starts_follow_a_changing_cell_and_far_moves(void **unused) {
    (void)unused;
    for (size_t row = 0; row < SEVERAL; row++) {
        gfn1_state state = {.accuracy = 0.1};
        skd_error err = {0};
        sample s = several[row];
        CHECK_OK(evaluate(&state, &s, &err));
        const size_t cold = state.scc.cycles;
        for (size_t k = 0; k < 9; k++)
            s.lattice[k / 3][k % 3] *= k % 3 == 1 ? 1.002 : 0.999;
        CHECK_OK(evaluate(&state, &s, &err));
        CHECK(state.scc.cycles < cold);
        check_as_cold(&state, &s);
        for (size_t k = 0; k < 3; k++) /* to the other side of the cell, and by a lattice vector */
            s.x[0][k] += 0.1 * s.lattice[0][k] - s.lattice[2][k];
        CHECK_OK(evaluate(&state, &s, &err));
        check_as_cold(&state, &s);
        gfn1_state_free(&state);
    }
}

static void tolerances_follow_the_force_and_start_tight(void **unused) {
    (void)unused;
    gfn1_state state = {.accuracy = 0.1};
    skd_error err = {0};
    sample s = several[1];
    CHECK_OK(evaluate(&state, &s, &err));
    CHECK(state.scc.residual_rms <= 2e-6);
    CHECK_CLOSE(state.scc.tolerance_rms, 2e-6, 1e-18, 0);
    for (int k = 0; k < 3; k++) {
        const double before = state.force;
        shake(&s, 0.02);
        CHECK_OK(evaluate(&state, &s, &err));
        CHECK(state.scc.residual_rms <= state.scc.tolerance_rms);
        CHECK(state.scc.tolerance_rms <= fmax(2e-6, 4e-3 * before) && state.scc.tolerance_rms <= 2.5e-5);
    }
    state.force = 1e-5; /* near a minimum */
    CHECK_OK(evaluate(&state, &s, &err));
    CHECK_CLOSE(state.scc.tolerance_rms, 2e-6, 1e-18, 0);
    gfn1_state_free(&state);
}

static void a_linear_dependence_is_extrapolated_exactly(void **unused) {
    (void)unused;
    gfn1_history *h;
    skd_error err = {0};
    double x[2][3] = {{0.3, 0.1, 0.7}, {4.1, 3.3, 2.9}}, q[2], expected;
    CHECK_OK(gfn1_history_new(&h, 2, 2, &err));
    CHECK(!gfn1_history_guess(h, x, NULL, q));
    for (int step = 0; step < 3; step++) {
        q[0] = 0.2 * x[0][0] - 0.1 * x[1][2];
        q[1] = -q[0];
        if (step < 2)
            gfn1_history_add(h, x, NULL, q);
        x[0][0] += 0.05;
        x[1][2] -= 0.02;
    }
    x[0][0] -= 0.05;
    x[1][2] += 0.02;
    expected = q[0];
    CHECK(gfn1_history_guess(h, x, NULL, q));
    CHECK_CLOSE(q[0], expected, 1e-7, 0);
    CHECK_CLOSE(q[1], -expected, 1e-7, 0);
    x[0][1] += 1e3; /* nothing is believed that far */
    x[0][0] += 1e3;
    CHECK(gfn1_history_guess(h, x, NULL, q));
    CHECK(fabs(q[0]) < 1.0);
    gfn1_history_clear(h);
    CHECK(!gfn1_history_guess(h, x, NULL, q));
    gfn1_history_free(h);
}

/* ---- input without an answer, or with a strange one ------------------------------------------------ */

static void atoms_in_one_place_are_named(void **unused) {
    (void)unused;
    gfn1_state state = {.accuracy = 0.1};
    skd_error err = {0};
    sample s = several[1];
    memcpy(s.x[2], s.x[0], sizeof s.x[0]);
    CHECK_FAILS(evaluate(&state, &s, &err), SKD_ENUMERIC, "atoms 1 and 3 are 0.0000");
    for (size_t k = 0; k < 3; k++) /* in another copy of the cell */
        s.x[2][k] += s.lattice[1][k] - s.lattice[0][k];
    CHECK_FAILS(evaluate(&state, &s, &err), SKD_ENUMERIC, "atoms 1 and 3 are 0.0000");
    s.periodic = false;
    CHECK_OK(evaluate(&state, &s, &err));
    gfn1_state_free(&state);
}

static void cells_of_one_angstrom_and_of_nothing_end_in_a_number_or_a_line(void **unused) {
    (void)unused;
    static const int z[] = {1, 2, 11, 26, 52, 55, 56};
    for (size_t k = 0; k < sizeof z / sizeof *z; k++) {
        gfn1_state state = {.accuracy = 0.1};
        skd_error err = {0};
        const double a = 1.0 / GFN1_BOHR, wide = 60.0;
        sample s = {.n = 1, .z = {z[k]}, .kt = room, .periodic = true, .lattice = {{a, 0, 0}, {0, a, 0}, {0, 0, a}}};
        const skd_status status = evaluate(&state, &s, &err);
        CHECK(status == SKD_OK ? isfinite(state.energies.total) : status == SKD_ENUMERIC && strlen(err.text) > 10);
        s.lattice[0][0] = s.lattice[1][1] = s.lattice[2][2] = wide;
        CHECK_OK(evaluate(&state, &s, &err));
        const double energy = state.energies.total;
        s.periodic = false;
        CHECK_OK(evaluate(&state, &s, &err));
        CHECK_CLOSE(energy, state.energies.total, 3e-6, 0); /* copies across vacuum: 1/volume */
        gfn1_state_free(&state);
    }
}

static void atoms_without_electrons_and_full_ones_are_computed_and_more_is_refused(void **unused) {
    (void)unused;
    gfn1_state state = {.accuracy = 0.1};
    skd_error err = {0};
    sample s = {.n = 1, .z = {3}, .kt = room, .charge = 1};
    CHECK_OK(evaluate(&state, &s, &err));
    CHECK(isfinite(state.energies.total));
    s.charge = 2;
    CHECK_FAILS(evaluate(&state, &s, &err), SKD_EARG, "electrons");
    s.charge = -7; /* 2s and 2p full */
    CHECK_OK(evaluate(&state, &s, &err));
    s.charge = -8;
    CHECK_FAILS(evaluate(&state, &s, &err), SKD_EARG, "electrons");
    gfn1_state_free(&state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newtons_step_takes_the_residual_away),
        cmocka_unit_test(easy_cells_need_newtons_steps_only),
        cmocka_unit_test(the_ladder_is_climbed_where_newtons_steps_lead_nowhere),
        cmocka_unit_test(the_bounded_third_order_is_smooth_and_leaves_small_charges_alone),
        cmocka_unit_test(where_electrons_fall_into_an_atom_the_third_order_is_bounded_and_says_so),
        cmocka_unit_test(where_nothing_converges_the_residual_is_reported_after_a_bounded_number_of_cycles),
        cmocka_unit_test(orbitals_that_others_span_are_dropped_and_counted),
        cmocka_unit_test(warm_energies_and_forces_are_the_cold_ones_in_fewer_cycles),
        cmocka_unit_test(warm_starts_follow_a_changing_cell_and_far_moves),
        cmocka_unit_test(tolerances_follow_the_force_and_start_tight),
        cmocka_unit_test(a_linear_dependence_is_extrapolated_exactly),
        cmocka_unit_test(atoms_in_one_place_are_named),
        cmocka_unit_test(cells_of_one_angstrom_and_of_nothing_end_in_a_number_or_a_line),
        cmocka_unit_test(atoms_without_electrons_and_full_ones_are_computed_and_more_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
