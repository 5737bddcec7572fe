/* SPDX-License-Identifier: MIT */
/* test_relax_gfn1.c - whole energies, forces, virials and charges of GFN1-xTB against golden.json (tblite 0.8.0, and
 * an independent prototype for the converged mode), central differences and invariances. */
#include <cjson/cJSON.h>

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

/* ---- the golden file --------------------------------------------------------------------------- */

static cJSON *golden(const char *folder) {
    char path[600];
    snprintf(path, sizeof path, "%s/data/gfn1/golden.json", folder);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = malloc(4000000);
    const size_t n = fread(text, 1, 3999999, file);
    fclose(file);
    text[n] = 0;
    cJSON *root = cJSON_Parse(text);
    free(text);
    return root;
}

static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double at(const cJSON *array, size_t i) { return cJSON_GetArrayItem(array, (int)i)->valuedouble; }
static double at2(const cJSON *array, size_t i, size_t k) { return at(cJSON_GetArrayItem(array, (int)i), k); }

static void read_sample(const cJSON *system, sample *s) {
    const cJSON *z = cJSON_GetObjectItem(system, "numbers"), *x = cJSON_GetObjectItem(system, "positions_bohr");
    const cJSON *lattice = cJSON_GetObjectItem(system, "lattice_bohr");
    *s = (sample){.n = (size_t)cJSON_GetArraySize(z), .periodic = cJSON_IsArray(lattice)};
    CHECK(s->n <= ATOMS_MAX);
    for (size_t i = 0; i < s->n; i++) {
        s->z[i] = (int)at(z, i);
        for (size_t k = 0; k < 3; k++)
            s->x[i][k] = at2(x, i, k);
    }
    for (size_t k = 0; s->periodic && k < 9; k++)
        s->lattice[k / 3][k % 3] = at2(lattice, k / 3, k % 3);
    s->charge = number(system, "charge");
    s->kt = number(system, "kT_Ha");
}

static skd_status evaluate(gfn1_state *state, const sample *s, skd_error *err) {
    state->kt = s->kt;
    return gfn1_evaluate(state, s->n, s->z, s->x, s->periodic ? s->lattice : NULL, s->charge, err);
}

/* ---- golden ------------------------------------------------------------------------------------ */

typedef struct worst {
    double energy, force, virial, charge;
} worst;

static worst compare(const gfn1_state *state, const cJSON *expected, bool halogen) {
    const cJSON *f = cJSON_GetObjectItem(expected, "forces_Ha_per_bohr");
    const cJSON *v = cJSON_GetObjectItem(expected, "virial_Ha"), *q = cJSON_GetObjectItem(expected, "charges");
    worst w = {0};
    double shift = number(expected, "E_background_missing");
    w.energy = fabs(state->energies.total - number(expected, "energy_Ha") - shift);
    if (!halogen)
        w.energy = fabs(state->scc.e_h0 + state->scc.e_coulomb + state->scc.e_third + state->scc.e_entropy -
                        number(expected, "E_el") - shift);
    for (size_t i = 0; i < state->system.n; i++) {
        double charge = 0.0;
        for (size_t s = state->system.first[i]; s < state->system.first[i + 1]; s++)
            charge += state->scc.q[s];
        w.charge = fmax(w.charge, fabs(charge - at(q, i)));
        for (size_t k = 0; k < 3 && halogen; k++)
            w.force = fmax(w.force, fabs(state->sum.gradient[i][k] + at2(f, i, k)));
    }
    for (size_t k = 0; k < 9 && v && halogen; k++) {
        double mean = 0.5 * (at2(v, k / 3, k % 3) + at2(v, k % 3, k / 3)) + (k % 4 == 0 ? -shift : 0.0);
        double own = 0.5 * (state->sum.virial[k / 3][k % 3] + state->sum.virial[k % 3][k / 3]);
        w.virial = fmax(w.virial, fabs(own - mean));
    }
    return w;
}

static void run_golden(const cJSON *systems, const cJSON *expected, gfn1_mode mode, size_t atoms_max) {
    gfn1_state state = {.mode = mode, .accuracy = 0.001};
    const cJSON *row;
    cJSON_ArrayForEach(row, expected) {
        const cJSON *system = cJSON_GetObjectItem(systems, row->string);
        sample s;
        skd_error err = {0};
        read_sample(system, &s);
        if (s.n > atoms_max || !cJSON_GetObjectItem(row, "energy_Ha"))
            continue;
        state.warm = false;
        CHECK_OK(evaluate(&state, &s, &err));
        /* the library's halogen term of periodic cells is not one */
        bool halogen = !(mode == GFN1_LIBRARY && cJSON_GetObjectItem(row, "E_xb_consistent"));
        worst w = compare(&state, row, halogen);
        if (getenv("GFN1_SHOW"))
            printf("%-22s %zu  dE %.1e dF %.1e dV %.1e dq %.1e  %zu cycles\n", row->string, s.n, w.energy, w.force,
                   w.virial, w.charge, state.scc.cycles);
        CHECK(w.energy < 1e-6);
        CHECK(w.force < 1e-6);
        CHECK(w.virial < 1e-5);
        CHECK(w.charge < 1e-5);
    }
    gfn1_state_free(&state);
}

static void energies_forces_virials_and_charges_are_those_of_the_library(void **state) {
    (void)state;
    NEED_SHARED(folder);
    cJSON *root = golden(folder);
    const cJSON *systems = cJSON_GetObjectItem(root, "systems");
    run_golden(systems, systems, GFN1_LIBRARY, ATOMS_MAX);
    cJSON_Delete(root);
}

static void the_converged_mode_is_that_of_the_prototype(void **state) {
    (void)state;
    NEED_SHARED(folder);
    cJSON *root = golden(folder);
    const cJSON *converged = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "converged_mode"), "systems");
    run_golden(cJSON_GetObjectItem(root, "systems"), converged, GFN1_CONVERGED, ATOMS_MAX);
    cJSON_Delete(root);
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
        CHECK_CLOSE(energy_of(&moved), energy_of(&own[row]), 1e-9, 0);
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
        status = evaluate(&state, &own[4], &err);
        skd_alloc_fail_at = -1;
        gfn1_state_free(&state);
    }
    CHECK(status == SKD_OK);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_forces_virials_and_charges_are_those_of_the_library),
        cmocka_unit_test(the_converged_mode_is_that_of_the_prototype),
        cmocka_unit_test(gradients_and_virials_are_those_of_the_energy),
        cmocka_unit_test(energies_do_not_change_with_the_origin_or_the_copy_of_an_atom),
        cmocka_unit_test(a_result_does_not_depend_on_what_was_computed_before),
        cmocka_unit_test(what_cannot_be_computed_is_refused_in_one_line),
        cmocka_unit_test(two_atoms_in_one_place_are_an_error_and_no_number),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_reported_and_leaks_nothing),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
