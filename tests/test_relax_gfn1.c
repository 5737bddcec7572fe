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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_forces_virials_and_charges_are_those_of_the_library),
        cmocka_unit_test(the_converged_mode_is_that_of_the_prototype),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
