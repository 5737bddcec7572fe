/* SPDX-License-Identifier: MIT */
/* test_relax_gfn1_golden.c - every number that tblite 0.8.0 gives of GFN1-xTB, and those of an independent prototype of
 * the converged mode: energy terms, forces, virials, charges, shells, orbitals, matrices. A part of the systems is in
 * tests/golden/gfn1.json, all 45 and 12 are read where ../shared is there. */
#include <cjson/cJSON.h>

#include "../relax/gfn1/gfn1.h"
#include "check.h"
#include "shakedown/data.h"
#include "shakedown/relax.h"

#define ATOMS_MAX 80

typedef struct sample {
    size_t n;
    int z[ATOMS_MAX];
    double x[ATOMS_MAX][3], lattice[3][3], charge, kt;
    bool periodic;
} sample;

static cJSON *read_json(const char *path) {
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
    CHECK(s->n > 0 && s->n <= ATOMS_MAX);
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

/* ---- one quantity each: largest deviation, -1 where the file has none ---------------------------- */

typedef struct subject {
    const gfn1_state *state;
    const cJSON *want;
    double shift; /* the library's missing background */
} subject;

static double one(const subject *s, const char *key, double got, double shift) {
    return cJSON_IsNumber(cJSON_GetObjectItem(s->want, key)) ? fabs(got - number(s->want, key) - shift) : -1;
}

static double row(const subject *s, const char *key, const double *got, size_t n) {
    const cJSON *array = cJSON_GetObjectItem(s->want, key);
    double worst = cJSON_IsArray(array) ? 0 : -1;
    if (worst == 0)
        CHECK_INT(cJSON_GetArraySize(array), n);
    for (size_t i = 0; i < n && cJSON_IsArray(array); i++)
        worst = fmax(worst, fabs(got[i] - at(array, i)));
    return worst;
}

static double energy(const subject *s) {
    return one(s, "energy_Ha", s->state->energies.total, s->shift);
}
static double e_rep(const subject *s) { return one(s, "E_rep", s->state->energies.repulsion, 0); }
static double e_disp(const subject *s) { return one(s, "E_disp", s->state->energies.dispersion, 0); }
static double e_h0(const subject *s) { return one(s, "E_h0", s->state->energies.h0, 0); }
static double e_ts(const subject *s) { return one(s, "E_ts", s->state->energies.entropy, 0); }
static double e_es2(const subject *s) { return one(s, "E_es2", s->state->energies.coulomb, s->shift); }
static double e_es3(const subject *s) { return one(s, "E_es3", s->state->energies.third, 0); }
static double e_xb(const subject *s) { return one(s, "E_xb", s->state->energies.halogen, 0); }
static double e_el(const subject *s) {
    const gfn1_energies *e = &s->state->energies;
    return one(s, "E_el", e->h0 + e->coulomb + e->third + e->entropy, s->shift);
}

static double forces(const subject *s) {
    const cJSON *f = cJSON_GetObjectItem(s->want, "forces_Ha_per_bohr");
    double worst = f ? 0 : -1;
    for (size_t k = 0; k < 3 * s->state->system.n && worst >= 0; k++)
        worst = fmax(worst, fabs(s->state->sum.gradient[k / 3][k % 3] + at2(f, k / 3, k % 3)));
    return worst;
}

static double virial(const subject *s) {
    const cJSON *v = cJSON_GetObjectItem(s->want, "virial_Ha");
    double worst = v ? 0 : -1;
    for (size_t k = 0; k < 9 && worst >= 0; k++) {
        const size_t a = k / 3, b = k % 3;
        const double want = 0.5 * (at2(v, a, b) + at2(v, b, a)) - (a == b ? s->shift : 0.0);
        worst = fmax(worst, fabs(0.5 * (s->state->sum.virial[a][b] + s->state->sum.virial[b][a]) - want));
    }
    return worst;
}

static double charges(const subject *s) {
    double q[ATOMS_MAX] = {0};
    for (size_t k = 0; k < s->state->scc.n_shells; k++)
        q[s->state->orbitals.atom[k]] += s->state->scc.q[k];
    return row(s, "charges", q, s->state->system.n);
}

static double populations(const subject *s) {
    double n[3 * ATOMS_MAX];
    for (size_t k = 0; k < s->state->scc.n_shells; k++)
        n[k] = s->state->scc.reference[k] - s->state->scc.q[k];
    return row(s, "shell_populations", n, s->state->scc.n_shells);
}

/* Up to the lowest empty one: those far above belong to nearly dependent functions (overlaps of 1e-4), which magnify
 * the 1e-10 of an interpolated integral. */
static double orbital_energies(const subject *s) {
    const cJSON *array = cJSON_GetObjectItem(s->want, "orbital_energies_Ha");
    const size_t last = s->state->scc.electrons[0];
    double worst = cJSON_IsArray(array) ? 0 : -1;
    for (size_t k = 0; k <= last && k < s->state->scc.n_orbitals && worst >= 0; k++)
        worst = fmax(worst, fabs(s->state->scc.energies[k] - at(array, k)));
    return worst;
}
static double occupations(const subject *s) {
    return row(s, "orbital_occupations", s->state->scc.occupation, s->state->scc.n_orbitals);
}
static double coordination(const subject *s) {
    return row(s, "coordination_numbers", s->state->cn, s->state->system.n);
}
static double volume(const subject *s) { return one(s, "volume_bohr3", s->state->system.volume, 0); }
static double functions(const subject *s) { return one(s, "n_ao", (double)s->state->orbitals.n, 0); }
static double electrons(const subject *s) {
    return one(s, "n_electrons", (double)(s->state->scc.electrons[0] + s->state->scc.electrons[1]), 0);
}

static double frobenius(const double *a, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n * n; k++)
        sum += a[k] * a[k];
    return sqrt(sum);
}
static double overlap(const subject *s) {
    return one(s, "S_fro", frobenius(s->state->orbitals.s, s->state->orbitals.n), 0);
}
static double core(const subject *s) {
    return one(s, "H0_fro", frobenius(s->state->orbitals.h0, s->state->orbitals.n), 0);
}

static const struct quantity {
    const char *name;
    double (*deviation)(const subject *s);
    double library, converged; /* tolerances */
} quantities[] = {
    {"energy", energy, 1e-6, 1e-7},
    {"E_rep", e_rep, 1e-9, 1e-9},
    {"E_disp", e_disp, 1e-9, 1e-9},
    {"E_xb", e_xb, 1e-8, 1e-9}, /* tens of Ha in the library's periodic cells */
    {"E_el", e_el, 1e-6, 1e-7},
    {"E_h0", e_h0, 5e-6, 5e-6}, /* of first order in what is left of the residual of either side */
    {"E_ts", e_ts, 1e-6, 1e-6},
    {"E_es2", e_es2, 5e-6, 5e-6},
    {"E_es3", e_es3, 1e-6, 1e-6},
    {"forces", forces, 1e-6, 1e-6},
    {"virial", virial, 1e-5, 1e-5},
    {"charges", charges, 1e-5, 1e-5},
    {"shells", populations, 1e-5, 1e-5},
    {"levels", orbital_energies, 2e-6, 2e-6},
    {"occupations", occupations, 1e-4, 1e-4},
    {"coordination", coordination, 1e-9, 1e-9},
    {"volume", volume, 1e-8, 1e-8},
    {"functions", functions, 0, 0},
    {"electrons", electrons, 1e-9, 1e-9},
    {"S", overlap, 1e-7, 1e-7},
    {"H0", core, 1e-7, 1e-7},
};
#define N_QUANTITIES (sizeof quantities / sizeof *quantities)

/* ---- all systems ------------------------------------------------------------------------------------ */

static void compare(const gfn1_state *state, const cJSON *want, double worst[N_QUANTITIES]) {
    const gfn1_mode mode = state->mode;
    const subject s = {.state = state, .want = want, .shift = number(want, "E_background_missing")};
    for (size_t k = 0; k < N_QUANTITIES; k++) {
        const double deviation = quantities[k].deviation(&s);
        const double tolerance = mode == GFN1_LIBRARY ? quantities[k].library : quantities[k].converged;
        if (getenv("GFN1_SHOW") && deviation >= 0)
            printf(" %s %.1e", quantities[k].name, deviation);
        if (!(deviation <= tolerance))
            print_error("%s: %s off by %.2e\n", want->string, quantities[k].name, deviation);
        CHECK(deviation <= tolerance);
        worst[k] = fmax(worst[k], deviation);
    }
    if (getenv("GFN1_SHOW"))
        printf(" %s %zu\n", want->string, state->scc.cycles);
}

/* Compares every system with an energy; returns how many. */
static size_t run(const cJSON *systems, const cJSON *expected, gfn1_mode mode) {
    gfn1_state state = {.mode = mode, .accuracy = 0.001};
    const cJSON *want;
    double worst[N_QUANTITIES] = {0};
    size_t seen = 0;
    cJSON_ArrayForEach(want, expected) {
        const cJSON *system = cJSON_GetObjectItem(systems, want->string);
        static sample s;
        skd_error err = {0};
        if (!cJSON_GetObjectItem(want, "energy_Ha"))
            continue;
        read_sample(system ? system : want, &s);
        state.warm = false;
        state.kt = s.kt;
        CHECK_OK(gfn1_evaluate(&state, s.n, s.z, s.x, s.periodic ? s.lattice : NULL, s.charge, &err));
        compare(&state, want, worst);
        seen++;
    }
    for (size_t k = 0; k < N_QUANTITIES; k++)
        print_message("  %-12s largest deviation %.1e\n", quantities[k].name, worst[k]);
    gfn1_state_free(&state);
    return seen;
}

static void check_file(const char *path, gfn1_mode mode, size_t n) {
    cJSON *root = read_json(path);
    CHECK(root != NULL);
    const cJSON *systems = cJSON_GetObjectItem(root, "systems");
    const cJSON *converged = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "converged_mode"), "systems");
    CHECK_INT(run(systems, mode == GFN1_LIBRARY ? systems : converged, mode), n);
    cJSON_Delete(root);
}

static void the_library_mode_is_tblite(void **state) {
    (void)state;
    check_file("tests/golden/gfn1.json", GFN1_LIBRARY, 13);
}

static void the_converged_mode_is_the_prototype(void **state) {
    (void)state;
    check_file("tests/golden/gfn1.json", GFN1_CONVERGED, 7);
}

static void all_systems_in_library_mode(void **state) {
    (void)state;
    char path[600];
    NEED_SHARED(folder);
    snprintf(path, sizeof path, "%s/data/gfn1/golden.json", folder);
    check_file(path, GFN1_LIBRARY, 44); /* all but BaZrS3, whose overlap the library cuts off into nonsense */
}

static void all_systems_in_converged_mode(void **state) {
    (void)state;
    char path[600];
    NEED_SHARED(folder);
    snprintf(path, sizeof path, "%s/data/gfn1/golden.json", folder);
    check_file(path, GFN1_CONVERGED, 11);
}

/* In2O3: with a cutoff of 40 bohr its overlap is not positive definite. */
static void indium_oxide_converges(void **state) {
    (void)state;
    char path[600];
    NEED_SHARED(folder);
    skd_error err = {0};
    skd_frame *frame;
    skd_potential *potential;
    skd_potential_work *work;
    skd_result *result;
    snprintf(path, sizeof path, "%s/data/hosts/O3In2_sg206_mp-22598_PBEsol_phononDB.POSCAR", folder);
    CHECK_OK(skd_structure_read(&frame, path, &err));
    CHECK_OK(skd_potential_new(&potential, "gfn1", &err));
    CHECK_OK(skd_potential_work_new(&work, potential, &err));
    CHECK_OK(skd_result_new(&result, frame->cell->n, &err));
    CHECK_OK(skd_potential_compute(work, frame->cell, 0.0, 0, result, &err));
    CHECK(isfinite(result->energy) && result->energy < 0);
    skd_result_free(result);
    skd_potential_work_free(work);
    skd_potential_free(potential);
    skd_frame_free(frame);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_mode_is_tblite),
        cmocka_unit_test(the_converged_mode_is_the_prototype),
        cmocka_unit_test(all_systems_in_library_mode),
        cmocka_unit_test(all_systems_in_converged_mode),
        cmocka_unit_test(indium_oxide_converges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
