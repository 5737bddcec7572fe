/* SPDX-License-Identifier: MIT */
/* test_relax_gfn1.c - GFN1-xTB against itself: central differences, invariances, and as a potential. */
#include "../relax/gfn1/gfn1.h"
#include "check.h"
#include "shakedown/relax.h"

#define ATOMS_MAX 72

typedef struct sample {
    size_t n;
    int z[ATOMS_MAX];
    double x[ATOMS_MAX][3], lattice[3][3], charge, kt;
    bool periodic;
} sample;

static skd_status evaluate(gfn1_state *state, const sample *s, skd_error *err) {
    state->kt = s->kt;
    return gfn1_evaluate(state, s->n, s->z, s->x, s->periodic ? s->lattice : NULL, s->charge, err);
}

/* ---- our own energy ------------------------------------------------------------------------------ */

/* rutile-like and others, low symmetry, odd electrons, charge, smearing; bohr */
static const sample own[] = {
    {.n = 2, .z = {31, 33}, .x = {{0.13, -0.21, 0.07}, {2.71, 2.55, 2.93}}, .kt = 9.5e-4, .periodic = true,
     .lattice = {{0.2, 5.41, 5.23}, {5.33, -0.17, 5.4}, {5.3, 5.52, 0.31}}},
    {.n = 4, .z = {48, 52, 16, 1}, .x = {{0.1, 0.3, -0.2}, {5.2, 0.4, 0.7}, {0.6, 4.9, 1.1}, {2.9, 3.3, 5.7}},
     .charge = -1, .kt = 9.5e-4, .periodic = true, .lattice = {{10.1, 0.7, 0.2}, {-1.3, 9.6, 0.9}, {0.4, 1.1, 8.7}}},
    {.n = 3, .z = {22, 8, 8}, .x = {{0.2, 0.1, 0.3}, {3.6, 0.5, 0.4}, {0.1, 3.9, 0.2}}, .kt = 6e-3, .periodic = true,
     .lattice = {{7.9, 0.3, 0.1}, {0.2, 8.3, -0.4}, {0.6, 0.1, 6.8}}},
    {.n = 2, .z = {13, 13}, .x = {{0.1, 0.2, 0.4}, {3.9, 3.8, 4.1}}, .kt = 1e-2, .periodic = true,
     .lattice = {{7.7, 0.2, 0.1}, {0.1, 7.6, 0.3}, {-0.2, 0.4, 7.8}}},
    {.n = 4, .z = {53, 7, 1, 82}, .x = {{0, 0, 0}, {5.1, 0.3, 0.2}, {6.2, 1.9, 0.1}, {-2.8, 4.1, 1.3}}, .charge = 1,
     .kt = 9.5e-4},
    {.n = 3, .z = {12, 8, 17}, .x = {{0.3, 0.2, 0.1}, {3.9, 0.4, 0.6}, {0.4, 4.4, 0.8}}, .charge = 2, .kt = 2e-3,
     .periodic = true, .lattice = {{9.1, 0, 0.4}, {0.3, 8.9, 0.2}, {0.5, 0.6, 9.4}}},
};

static double energy_of(const sample *s) {
    gfn1_state state = {.mode = GFN1_CONVERGED, .accuracy = 1e-5};
    skd_error err = {0};
    CHECK_OK(evaluate(&state, s, &err));
    double energy = state.energies.total;
    gfn1_state_free(&state);
    return energy;
}

static void strain(sample *s, size_t a, size_t b, double amount) {
    for (size_t i = 0; i < s->n; i++)
        s->x[i][a] += amount * s->x[i][b];
    for (size_t i = 0; i < 3; i++)
        s->lattice[i][a] += amount * s->lattice[i][b];
}

static void gradients_and_virials_are_those_of_the_energy(void **unused) {
    (void)unused;
    for (size_t row = 0; row < sizeof own / sizeof *own; row++) {
        gfn1_state state = {.mode = GFN1_CONVERGED, .accuracy = 1e-5};
        skd_error err = {0};
        CHECK_OK(evaluate(&state, &own[row], &err));
        for (size_t k = 0; k < 3; k++) {
            sample plus = own[row], minus = own[row];
            size_t i = k % own[row].n;
            plus.x[i][k] += 1e-3;
            minus.x[i][k] -= 1e-3;
            double slope = (energy_of(&plus) - energy_of(&minus)) / 2e-3;
            if (getenv("GFN1_SHOW"))
                printf("%zu gradient %zu: %.9f off by %.1e\n", row, k, slope, state.sum.gradient[i][k] - slope);
            CHECK(fabs(state.sum.gradient[i][k] - slope) < 1e-6);
        }
        for (size_t k = 0; k < 3 && own[row].periodic; k++) {
            sample plus = own[row], minus = own[row];
            size_t a = k, b = k == 1 ? 2 : k;
            strain(&plus, a, b, 1e-5);
            strain(&minus, a, b, -1e-5);
            double slope = (energy_of(&plus) - energy_of(&minus)) / 2e-5;
            if (getenv("GFN1_SHOW"))
                printf("%zu virial %zu%zu: %.9f off by %.1e\n", row, a, b, slope, state.sum.virial[a][b] - slope);
            CHECK(fabs(state.sum.virial[a][b] - slope) < 1e-6);
        }
        gfn1_state_free(&state);
    }
}

static void energies_do_not_change_with_the_origin_or_the_copy_of_an_atom(void **unused) {
    (void)unused;
    for (size_t row = 0; row < sizeof own / sizeof *own; row++) {
        sample moved = own[row];
        for (size_t i = 0; i < moved.n; i++)
            for (size_t k = 0; k < 3; k++)
                moved.x[i][k] += 0.377 + 1.19 * (double)k + (i == 1 ? moved.lattice[1][k] - moved.lattice[2][k] : 0.0);
        CHECK_CLOSE(energy_of(&moved), energy_of(&own[row]), 1e-10, 0);
    }
}

static void energies_do_not_jump_where_an_atom_leaves_the_cell(void **unused) {
    (void)unused;
    for (size_t row = 0; row < sizeof own / sizeof *own; row++)
        for (size_t axis = 0; axis < 3 && own[row].periodic; axis++) {
            double energy[2];
            for (int side = 0; side < 2; side++) { /* the second atom in the face, the others as they lie */
                sample s = own[row];
                double shift[3], f = 0, height;
                skd_cross(s.lattice[(axis + 1) % 3], s.lattice[(axis + 2) % 3], shift);
                height = skd_dot(s.lattice[axis], shift);
                f = skd_dot(s.x[1], shift) / height; /* its fractional coordinate */
                for (size_t i = 0; i < s.n; i++)
                    for (size_t k = 0; k < 3; k++)
                        s.x[i][k] += (1.0 - f) * s.lattice[axis][k];
                for (size_t k = 0; k < 3; k++)
                    s.x[1][k] += (side ? 1e-11 : -1e-11) * s.lattice[axis][k];
                energy[side] = energy_of(&s);
            }
            CHECK_CLOSE(energy[1], energy[0], 1e-10, 0);
        }
}

static void energies_do_not_change_when_all_is_turned(void **unused) {
    (void)unused;
    const double c = cos(0.7), s = sin(0.7);
    const double turn[3][3] = {{c, s, 0}, {-s * c, c * c, s}, {s * s, -s * c, c}}; /* about z, then about x */
    for (size_t row = 0; row < sizeof own / sizeof *own; row++) {
        sample turned = own[row];
        for (size_t i = 0; i < turned.n; i++)
            skd_row_times(own[row].x[i], turn, turned.x[i]);
        for (size_t i = 0; i < 3; i++)
            skd_row_times(own[row].lattice[i], turn, turned.lattice[i]);
        CHECK_CLOSE(energy_of(&turned), energy_of(&own[row]), 1e-9, 0);
    }
}

static void energies_do_not_know_the_order_of_atoms_or_lattice_vectors(void **unused) {
    (void)unused;
    for (size_t row = 0; row < sizeof own / sizeof *own; row++) {
        sample other = own[row];
        for (size_t i = 0; i < other.n; i++) {
            other.z[i] = own[row].z[other.n - 1 - i];
            memcpy(other.x[i], own[row].x[other.n - 1 - i], sizeof other.x[i]);
        }
        for (size_t i = 0; i < 3; i++)
            memcpy(other.lattice[i], own[row].lattice[(i + 1) % 3], sizeof other.lattice[i]);
        CHECK_CLOSE(energy_of(&other), energy_of(&own[row]), 1e-10, 0);
    }
}

/* ---- the potential ------------------------------------------------------------------------------- */

static skd_cell *cell_of(const sample *s) {
    skd_cell *cell;
    skd_error err = {0};
    CHECK_OK(skd_cell_new(&cell, s->n, &err));
    for (size_t i = 0; i < s->n; i++) {
        cell->species[i] = s->z[i];
        for (size_t k = 0; k < 3; k++)
            cell->pos[i][k] = s->x[i][k] * GFN1_BOHR;
    }
    for (size_t k = 0; k < 9; k++)
        cell->lattice[k / 3][k % 3] = s->lattice[k / 3][k % 3] * GFN1_BOHR;
    for (size_t k = 0; k < 3; k++)
        cell->pbc[k] = s->periodic;
    return cell;
}

typedef struct bench {
    skd_potential *potential;
    skd_potential_work *work;
    skd_cell *cell;
    skd_result *result;
} bench;

static bench set_up(const char *spec, const sample *s) {
    bench b;
    skd_error err = {0};
    CHECK_OK(skd_potential_new(&b.potential, spec, &err));
    CHECK_OK(skd_potential_work_new(&b.work, b.potential, &err));
    b.cell = cell_of(s);
    CHECK_OK(skd_result_new(&b.result, s->n, &err));
    return b;
}

static void tear_down(bench *b) {
    skd_result_free(b->result);
    skd_cell_free(b->cell);
    skd_potential_work_free(b->work);
    skd_potential_free(b->potential);
}

static void a_result_does_not_depend_on_what_was_computed_before(void **unused) {
    (void)unused;
    skd_error err = {0};
    bench b = set_up("gfn1:temperature=500", &own[1]);
    CHECK_OK(skd_potential_compute(b.work, b.cell, -1.0, SKD_WANT_STRESS, b.result, &err));
    double first = b.result->energy, force = b.result->force[2][1];
    b.cell->pos[0][0] += 0.05;
    CHECK_OK(skd_potential_compute_next(b.work, b.cell, -1.0, 0, b.result, &err));
    double warm = b.result->energy;
    CHECK_OK(skd_potential_compute(b.work, b.cell, -1.0, 0, b.result, &err));
    CHECK_CLOSE(warm, b.result->energy, 1e-6, 0);
    b.cell->pos[0][0] = own[1].x[0][0] * GFN1_BOHR;
    CHECK_OK(skd_potential_compute(b.work, b.cell, -1.0, SKD_WANT_STRESS, b.result, &err));
    CHECK(b.result->energy == first && b.result->force[2][1] == force);
    tear_down(&b);
}

static void one_thread_and_two_give_the_same_energies(void **unused) {
    (void)unused;
    enum { N = 6 };
    skd_error err = {0};
    skd_potential *potential;
    skd_cell *cell[N];
    skd_result *result[2][N];
    skd_electronic *electrons[2][N] = {{0}};
    double charge[N];
    CHECK_OK(skd_potential_new(&potential, "gfn1", &err));
    for (size_t i = 0; i < N; i++) {
        cell[i] = cell_of(&own[i]);
        charge[i] = own[i].charge;
        for (int t = 0; t < 2; t++)
            CHECK_OK(skd_result_new(&result[t][i], own[i].n, &err));
    }
    for (int t = 0; t < 2; t++)
        CHECK_OK(skd_potential_electrons_many(potential, (const skd_cell *const *)cell, charge, N, SKD_WANT_STRESS,
                                              t + 1, result[t], electrons[t], &err));
    for (size_t i = 0; i < N; i++) {
        CHECK(result[0][i]->energy == result[1][i]->energy);
        CHECK(!memcmp(result[0][i]->force, result[1][i]->force, own[i].n * sizeof *result[0][i]->force));
        CHECK(!memcmp(electrons[0][i]->charge, electrons[1][i]->charge, own[i].n * sizeof *electrons[0][i]->charge));
        for (int t = 0; t < 2; t++) {
            skd_result_free(result[t][i]);
            skd_electronic_free(electrons[t][i]);
        }
        skd_cell_free(cell[i]);
    }
    skd_potential_free(potential);
}

/* Charges sum to that of the cell, shells to atoms, weights of an orbital to 1, occupations to the electrons. */
static void electrons_add_up(void **unused) {
    (void)unused;
    for (size_t row = 0; row < sizeof own / sizeof *own; row++) {
        skd_error err = {0};
        skd_electronic *e;
        bench b = set_up("gfn1", &own[row]);
        CHECK_OK(skd_potential_compute(b.work, b.cell, own[row].charge, 0, b.result, &err));
        CHECK_OK(skd_potential_electronic(b.work, &e, &err));
        double charge = 0, shells = 0, occupied = 0, highest, lowest;
        for (size_t i = 0; i < e->n; i++)
            charge += e->charge[i];
        for (size_t s = 0; s < e->n_shells; s++)
            shells += e->shell_charge[s];
        CHECK_CLOSE(charge, own[row].charge, 1e-9, 0);
        CHECK_CLOSE(shells, own[row].charge, 1e-9, 0);
        for (size_t k = 0; k < e->n_orbitals; k++) {
            double sum = 0;
            for (size_t i = 0; i < e->n; i++)
                sum += e->weight[k * e->n + i];
            CHECK_CLOSE(sum, 1.0, 1e-9, 0);
            CHECK(k == 0 || e->energy[k] >= e->energy[k - 1]);
            occupied += e->occupation[k];
        }
        CHECK_CLOSE(occupied, (double)(e->electrons[0] + e->electrons[1]), 1e-7, 0);
        CHECK(skd_electronic_edges(e, 0, &highest, &lowest) && lowest >= highest);
        CHECK(skd_electronic_participation(e, 0) > 1.0 / (double)e->n - 1e-9);
        skd_electronic_free(e);
        tear_down(&b);
    }
}

static void electrons_of_nothing_are_refused(void **unused) {
    (void)unused;
    skd_error err = {0};
    skd_electronic *e;
    bench b = set_up("gfn1", &own[0]);
    CHECK_FAILS(skd_potential_electronic(b.work, &e, &err), SKD_EARG, "no cell has been computed");
    CHECK(e == NULL);
    tear_down(&b);
    b = set_up("lj", &own[0]);
    CHECK_FAILS(skd_potential_electronic(b.work, &e, &err), SKD_EARG, "potential lj has no electrons");
    tear_down(&b);
}

static void what_cannot_be_computed_is_refused_in_one_line(void **unused) {
    (void)unused;
    skd_error err = {0};
    skd_potential *none;
    bench b = set_up("gfn1", &own[1]);
    CHECK_FAILS(skd_potential_compute(b.work, b.cell, 0.5, 0, b.result, &err), SKD_EARG, "whole number");
    CHECK_FAILS(skd_potential_compute(b.work, b.cell, 99.0, 0, b.result, &err), SKD_EARG, "electrons");
    b.cell->pbc[2] = false;
    CHECK_FAILS(skd_potential_compute(b.work, b.cell, 0, 0, b.result, &err), SKD_EARG, "periodic along some");
    b.cell->pbc[2] = true;
    b.cell->species[3] = 92;
    CHECK_FAILS(skd_potential_compute(b.work, b.cell, 0, 0, b.result, &err), SKD_EARG, "atom 4 is U");
    CHECK_FAILS(skd_potential_new(&none, "gfn1:mode=tight", &err), SKD_EARG, "mode=tight");
    tear_down(&b);
}

static void two_atoms_in_one_place_are_an_error_and_no_number(void **unused) {
    (void)unused;
    skd_error err = {0};
    bench b = set_up("gfn1", &own[0]);
    for (size_t k = 0; k < 3; k++)
        b.cell->pos[1][k] = b.cell->pos[0][k];
    CHECK(skd_potential_compute(b.work, b.cell, 0.0, 0, b.result, &err) != SKD_OK);
    tear_down(&b);
}

#ifdef SKD_TORTURE
static void every_failing_allocation_is_reported_and_leaks_nothing(void **unused) {
    (void)unused;
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status == SKD_ENOMEM && k < 3000; k++) {
        gfn1_state state = {.mode = GFN1_CONVERGED, .accuracy = 1.0};
        skd_error err = {0};
        skd_alloc_fail_at = k;
        skd_electronic *e = NULL;
        status = evaluate(&state, &own[4], &err);
        if (status == SKD_OK)
            status = gfn1_electronic(&state, &e, &err);
        skd_alloc_fail_at = -1;
        skd_electronic_free(e);
        gfn1_state_free(&state);
    }
    CHECK(status == SKD_OK);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_and_virials_are_those_of_the_energy),
        cmocka_unit_test(energies_do_not_change_with_the_origin_or_the_copy_of_an_atom),
        cmocka_unit_test(energies_do_not_jump_where_an_atom_leaves_the_cell),
        cmocka_unit_test(energies_do_not_change_when_all_is_turned),
        cmocka_unit_test(energies_do_not_know_the_order_of_atoms_or_lattice_vectors),
        cmocka_unit_test(one_thread_and_two_give_the_same_energies),
        cmocka_unit_test(electrons_add_up),
        cmocka_unit_test(electrons_of_nothing_are_refused),
        cmocka_unit_test(a_result_does_not_depend_on_what_was_computed_before),
        cmocka_unit_test(what_cannot_be_computed_is_refused_in_one_line),
        cmocka_unit_test(two_atoms_in_one_place_are_an_error_and_no_number),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_reported_and_leaks_nothing),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
