/* SPDX-License-Identifier: MIT */
/* test_relax_gfn1_classical.c - the terms of GFN1-xTB that need no orbitals, against the golden numbers of tblite
 * (by term), closed forms, central differences and symmetries. */
#include <cjson/cJSON.h>
#include <gsl/gsl_sf_bessel.h>

#include "../relax/gfn1/classical.h"
#include "check.h"

#define ATOMS_MAX 256

typedef struct sample {
    size_t n;
    int z[ATOMS_MAX];
    double x[ATOMS_MAX][3], lattice[3][3];
    bool periodic;
    double near; /* cutoff of coordination numbers if not the usual one */
} sample;

typedef enum term { REPULSION, DISPERSION, HALOGEN, COULOMB, TERMS } term;

/* ---- the golden file --------------------------------------------------------------------------- */

static cJSON *read_json(const char *folder, const char *name) {
    char path[600];
    snprintf(path, sizeof path, "%s/data/gfn1/%s", folder, name);
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

static cJSON *golden(const char *folder) { return read_json(folder, "golden.json"); }

static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double element(const cJSON *array, size_t i) { return cJSON_GetArrayItem(array, (int)i)->valuedouble; }

static void read_sample(const cJSON *system, sample *s) {
    const cJSON *z = cJSON_GetObjectItem(system, "numbers"), *x = cJSON_GetObjectItem(system, "positions_bohr");
    const cJSON *lattice = cJSON_GetObjectItem(system, "lattice_bohr");
    s->n = (size_t)cJSON_GetArraySize(z);
    CHECK(s->n <= ATOMS_MAX);
    for (size_t i = 0; i < s->n; i++) {
        s->z[i] = (int)element(z, i);
        for (size_t k = 0; k < 3; k++)
            s->x[i][k] = element(cJSON_GetArrayItem(x, (int)i), k);
    }
    s->periodic = cJSON_IsArray(lattice);
    for (size_t k = 0; s->periodic && k < 9; k++)
        s->lattice[k / 3][k % 3] = element(cJSON_GetArrayItem(lattice, (int)(k / 3)), k % 3);
}

static void start(const sample *s, gfn1_mode mode, gfn1_system *system) {
    skd_error err;
    CHECK_OK(gfn1_system_init(system, s->n, s->z, s->x, s->periodic ? s->lattice : NULL, mode, &err));
}

/* ---- one term ------------------------------------------------------------------------------------ */

static const double cutoffs[TERMS] = {GFN1_REPULSION_CUTOFF, GFN1_DISPERSION_CUTOFF, GFN1_HALOGEN_CUTOFF, 0};

/* Energy, and with g the derivatives; q: shell charges for the Coulomb term. */
static gfn1_sum evaluate(const sample *s, gfn1_mode mode, term t, const double *q, double (*g)[3]) {
    gfn1_system system;
    gfn1_cells cells, near;
    skd_error err;
    gfn1_sum sum = {.gradient = g};
    double cn[ATOMS_MAX], w[ATOMS_MAX] = {0};
    start(s, mode, &system);
    CHECK_OK(gfn1_cells_init(&near, &system, s->near > 0 ? s->near : GFN1_CN_CUTOFF, &err));
    CHECK_OK(gfn1_cells_init(&cells, &system, t == COULOMB ? 1 : cutoffs[t], &err));
    if (t == REPULSION)
        gfn1_repulsion(&system, &cells, &sum);
    if (t == HALOGEN)
        gfn1_halogen(&system, &cells, &sum);
    if (t == DISPERSION) {
        CHECK_OK(gfn1_coordination(&system, &near, cn, &err));
        CHECK_OK(gfn1_dispersion(&system, &cells, cn, w, &sum, &err));
        if (g)
            gfn1_coordination_chain(&system, &near, w, &sum);
    }
    if (t == COULOMB) {
        const size_t n = system.n_shells;
        gfn1_coulomb *c = NULL;
        double *a = calloc(n * n, sizeof *a);
        CHECK_OK(gfn1_coulomb_new(&c, &system, &err));
        CHECK_OK(gfn1_coulomb_matrix(c, &system, a, &err));
        for (size_t k = 0; k < n * n; k++)
            sum.energy += 0.5 * q[k / n] * a[k] * q[k % n];
        if (g)
            CHECK_OK(gfn1_coulomb_gradient(c, &system, q, &sum, &err));
        gfn1_coulomb_free(c);
        free(a);
    }
    gfn1_cells_free(&cells);
    gfn1_cells_free(&near);
    gfn1_system_free(&system);
    return sum;
}

/* ---- golden numbers ------------------------------------------------------------------------------ */

static void check_coordination(const sample *s, const cJSON *system) {
    const cJSON *want = cJSON_GetObjectItem(system, "coordination_numbers");
    gfn1_system atoms;
    gfn1_cells near;
    skd_error err;
    double cn[ATOMS_MAX];
    start(s, GFN1_LIBRARY, &atoms);
    CHECK_OK(gfn1_cells_init(&near, &atoms, GFN1_CN_CUTOFF, &err));
    CHECK_OK(gfn1_coordination(&atoms, &near, cn, &err));
    for (size_t i = 0; cJSON_IsArray(want) && i < s->n; i++)
        CHECK_CLOSE(cn[i], element(want, i), 1e-9, 1e-9);
    gfn1_cells_free(&near);
    gfn1_system_free(&atoms);
}

/* Shell charges from the populations; false if the file has none. */
static bool read_charges(const sample *s, const cJSON *system, double *q) {
    const cJSON *populations = cJSON_GetObjectItem(system, "shell_populations");
    size_t n = 0;
    for (size_t i = 0; cJSON_IsArray(populations) && i < s->n; i++) {
        gfn1_element e;
        skd_error err;
        CHECK_OK(gfn1_element_of(s->z[i], &e, &err));
        for (int k = 0; k < e.n_shells; k++, n++)
            q[n] = e.shells[k].refocc - element(populations, n);
    }
    return n > 0;
}

static void every_term_has_the_energy_of_the_library(void **state) {
    (void)state;
    NEED_SHARED(folder);
    cJSON *root = golden(folder);
    CHECK(root != NULL);
    const cJSON *system, *systems = cJSON_GetObjectItem(root, "systems");
    size_t seen = 0;
    cJSON_ArrayForEach(system, systems) {
        static sample s;
        double q[3 * ATOMS_MAX];
        read_sample(system, &s);
        check_coordination(&s, system);
        print_message("%s\n", system->string);
        CHECK_CLOSE(evaluate(&s, GFN1_LIBRARY, REPULSION, NULL, NULL).energy, number(system, "E_rep"), 1e-10, 1e-11);
        CHECK_CLOSE(evaluate(&s, GFN1_LIBRARY, DISPERSION, NULL, NULL).energy, number(system, "E_disp"), 1e-10, 1e-11);
        CHECK_CLOSE(evaluate(&s, GFN1_LIBRARY, HALOGEN, NULL, NULL).energy, number(system, "E_xb"), 1e-10, 5e-10);
        if (read_charges(&s, system, q))
            CHECK_CLOSE(evaluate(&s, GFN1_LIBRARY, COULOMB, q, NULL).energy,
                        number(system, "E_es2") + number(system, "E_background_missing"), 1e-8, 1e-9);
        seen++;
    }
    CHECK_INT(seen, 45);
    cJSON_Delete(root);
}

static void the_converged_terms_have_the_energy_of_the_prototype(void **state) {
    (void)state;
    NEED_SHARED(folder);
    cJSON *root = golden(folder);
    CHECK(root != NULL);
    const cJSON *block = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "converged_mode"), "systems"), *want;
    size_t seen = 0;
    cJSON_ArrayForEach(want, block) {
        static sample s;
        const cJSON *system = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "systems"), want->string);
        if (!system)
            system = want;
        if (!cJSON_GetObjectItem(system, "numbers"))
            continue;
        read_sample(system, &s);
        CHECK_CLOSE(evaluate(&s, GFN1_CONVERGED, REPULSION, NULL, NULL).energy, number(want, "E_rep"), 1e-9, 0);
        CHECK_CLOSE(evaluate(&s, GFN1_CONVERGED, DISPERSION, NULL, NULL).energy, number(want, "E_disp"), 1e-9, 0);
        CHECK_CLOSE(evaluate(&s, GFN1_CONVERGED, HALOGEN, NULL, NULL).energy, number(want, "E_xb"), 1e-9, 0);
        seen++;
    }
    CHECK(seen >= 9);
    cJSON_Delete(root);
}

/* ---- derivatives --------------------------------------------------------------------------------- */

/* The sum of coordination numbers ends in a step of 1e-7; the cutoff is one that no pair crosses when displaced.
 * A triclinic cell of Cs, Ba, I, O, H, Br: soft and hard shells, halogen bonds; and the same as a molecule. */
static sample odd_cell(void) {
    sample s = {.n = 6, .z = {55, 56, 53, 8, 1, 35}, .periodic = true, .near = 12.2,
                .lattice = {{13.137, 0.311, -0.472}, {1.913, 11.729, 0.823}, {-0.617, 2.371, 14.291}},
                .x = {{0.313, 0.171, 0.229}, {6.717, 5.931, 7.043}, {6.531, 0.473, 7.719}, {0.937, 6.331, 6.813},
                      {2.357, 6.971, 7.891}, {5.813, 6.379, 0.647}}};
    return s;
}
static const double charges[] = {0.31,  0.17,  0.41, 0.23,  -0.11, -0.29, -0.37, 0.053,
                                 -0.21, -0.43, 0.19, 0.027, -0.31, -0.17, 0.11};

static void strain(const sample *s, int a, int b, double by, sample *out) {
    *out = *s;
    for (size_t i = 0; i < s->n; i++)
        out->x[i][a] += by * s->x[i][b];
    for (int k = 0; k < 3; k++)
        out->lattice[k][a] += by * s->lattice[k][b];
}

static void check_derivatives(const sample *s, gfn1_mode mode, term t) {
    double g[ATOMS_MAX][3] = {{0}};
    const double h = 1e-4, e = 2e-5;
    const gfn1_sum sum = evaluate(s, mode, t, charges, g);
    sample moved;
    for (size_t i = 0; i < s->n; i++)
        for (int k = 0; k < 3; k++) {
            double ends[2];
            for (int side = 0; side < 2; side++) {
                moved = *s;
                moved.x[i][k] += side ? h : -h;
                ends[side] = evaluate(&moved, mode, t, charges, NULL).energy;
            }
            CHECK_CLOSE(g[i][k], (ends[1] - ends[0]) / (2 * h), 1e-7, 0);
        }
    for (int k = 0; k < 9; k++) {
        double ends[2];
        for (int side = 0; side < 2; side++) {
            strain(s, k / 3, k % 3, side ? e : -e, &moved);
            ends[side] = evaluate(&moved, mode, t, charges, NULL).energy;
        }
        CHECK_CLOSE(sum.virial[k / 3][k % 3], (ends[1] - ends[0]) / (2 * e), 1e-7, 0);
    }
}

static void gradient_and_virial_of_every_term_are_those_of_its_energy(void **state) {
    (void)state;
    for (int t = 0; t < TERMS; t++) {
        sample s = odd_cell();
        print_message("term %d\n", t);
        check_derivatives(&s, GFN1_CONVERGED, (term)t);
        if (t == COULOMB)
            check_derivatives(&s, GFN1_LIBRARY, (term)t);
        s.periodic = false;
        check_derivatives(&s, GFN1_CONVERGED, (term)t);
    }
}

static void no_term_knows_which_copy_of_an_atom_it_is_given(void **state) {
    (void)state;
    const sample s = odd_cell();
    for (int t = 0; t < TERMS; t++) {
        sample moved = s;
        for (size_t i = 0; i < s.n; i++)
            for (int k = 0; k < 3; k++)
                moved.x[i][k] += 0.7313 * (k + 1) + (i % 2 ? 1 : -2) * s.lattice[i % 3][k];
        CHECK_CLOSE(evaluate(&moved, GFN1_CONVERGED, (term)t, charges, NULL).energy,
                    evaluate(&s, GFN1_CONVERGED, (term)t, charges, NULL).energy, 1e-10, 0);
    }
}

/* ---- parameters ---------------------------------------------------------------------------------- */

static void check_element(const cJSON *want) {
    gfn1_element e;
    skd_error err;
    CHECK_OK(gfn1_element_of((int)number(want, "Z"), &e, &err));
    CHECK_TEXT(e.symbol, want->string);
    const double got[] = {e.gam, e.gam3, e.rep_alpha, e.rep_zeff, e.xbond, e.en, e.r4_over_r2};
    const char *keys[] = {"gam", "gam3", "rep_alpha", "rep_zeff", "xbond", "en_pauling", "r4_over_r2"};
    for (int k = 0; k < 7; k++)
        CHECK_CLOSE(got[k], number(want, keys[k]), 0, 0);
    CHECK_CLOSE(e.rcov, number(want, "rcov_pyykko_A") / GFN1_BOHR, 0, 0);
    CHECK_CLOSE(e.ratom, number(want, "ratom_A") / GFN1_BOHR, 0, 0);
    const cJSON *shells = cJSON_GetObjectItem(want, "shells");
    CHECK_INT(e.n_shells, cJSON_GetArraySize(shells));
    for (int k = 0; k < e.n_shells; k++) {
        const cJSON *shell = cJSON_GetArrayItem(shells, k);
        const gfn1_shell *g = &e.shells[k];
        CHECK(g->l == number(shell, "l") && g->n == number(shell, "n") && g->gaussians == number(shell, "n_gauss"));
        CHECK_INT(g->valence, cJSON_IsTrue(cJSON_GetObjectItem(shell, "valence")));
        CHECK_CLOSE(g->zeta, number(shell, "zeta"), 0, 0);
        CHECK_CLOSE(g->level, number(shell, "level_eV") / GFN1_EV, 0, 0);
        CHECK_CLOSE(g->kcn, number(shell, "kcn_eV") / GFN1_EV, 0, 0);
        CHECK_CLOSE(g->shpoly, number(shell, "shpoly"), 0, 0);
        CHECK_CLOSE(g->refocc, number(shell, "refocc"), 0, 0);
        CHECK_CLOSE(g->hardness_scale, number(shell, "hardness_scale"), 0, 0);
    }
}

static void the_compiled_parameters_are_those_of_the_file_to_the_last_digit(void **state) {
    (void)state;
    NEED_SHARED(folder);
    cJSON *root = read_json(folder, "gfn1_params.json");
    CHECK(root != NULL);
    const cJSON *item, *d3 = cJSON_GetObjectItem(root, "d3_reference");
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "elements")) check_element(item);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(cJSON_GetObjectItem(root, "sto_ng"), "table")) {
        double exponent[6], coefficient[6];
        const int n = gfn1_slater((int)number(item, "n"), (int)number(item, "l"), (int)number(item, "n_gauss"),
                                  exponent, coefficient);
        CHECK_INT(n, number(item, "n_gauss"));
        for (int k = 0; k < n; k++) {
            CHECK_CLOSE(exponent[k], element(cJSON_GetObjectItem(item, "alpha"), (size_t)k), 0, 0);
            CHECK_CLOSE(coefficient[k], element(cJSON_GetObjectItem(item, "coeff"), (size_t)k), 0, 0);
        }
    }
    int i = 0, j = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(d3, "c6_lower")) {
        CHECK_CLOSE(gfn1_c6(i, j), item->valuedouble, 0, 0);
        CHECK_CLOSE(gfn1_c6(j, i), item->valuedouble, 0, 0);
        if (++j > i) {
            i++;
            j = 0;
        }
    }
    CHECK_INT(i, 237);
    const cJSON *zs = cJSON_GetObjectItem(d3, "ref_Z"), *cns = cJSON_GetObjectItem(d3, "ref_CN");
    for (int z = 1; z <= GFN1_Z_MAX; z++) {
        gfn1_element e;
        skd_error err;
        CHECK_OK(gfn1_element_of(z, &e, &err));
        for (int r = 0; r < e.n_references; r++) {
            CHECK_INT(element(zs, (size_t)(e.reference + r)), z);
            CHECK_CLOSE(e.reference_cn[r], element(cns, (size_t)(e.reference + r)), 0, 0);
        }
    }
    cJSON_Delete(root);
}

/* ---- closed forms --------------------------------------------------------------------------------- */

/* A = (4 pi/V) sum_G a K1(a G)/G cos(G R) + 2 pi a^2 (ln(a/2) + 1/2)/V, which for soft shells converges by itself. */
static void the_converged_coulomb_matrix_is_a_sum_of_bessel_functions(void **state) {
    (void)state;
    sample s = odd_cell();
    gfn1_system system;
    gfn1_coulomb *c = NULL;
    double a[400];
    skd_error err;
    s.n = 2;
    start(&s, GFN1_CONVERGED, &system);
    CHECK_OK(gfn1_coulomb_new(&c, &system, &err));
    CHECK_OK(gfn1_coulomb_matrix(c, &system, a, &err));
    for (size_t p = 0; p < system.n_shells; p++)
        for (size_t q = 0; q < system.n_shells; q++) {
            const size_t i = p >= system.first[1], j = q >= system.first[1];
            const gfn1_element *e = &system.element[i], *f = &system.element[j];
            const double ap = 1 / (e->gam * e->shells[p - system.first[i]].hardness_scale);
            const double aq = 1 / (f->gam * f->shells[q - system.first[j]].hardness_scale);
            const double mean = 0.5 * (ap + aq);
            double d[3], sum = 0;
            if (mean < 6)
                continue;
            for (int k = 0; k < 3; k++)
                d[k] = system.x[i][k] - system.x[j][k];
            for (int m = 0; m < 21 * 21 * 21; m++) {
                const double h[3] = {m / 441 - 10, m / 21 % 21 - 10, m % 21 - 10};
                double g[3];
                skd_row_times(h, system.reciprocal, g);
                const double length = skd_norm(g);
                if (length > 0 && mean * length < 600)
                    sum += mean * gsl_sf_bessel_K1(mean * length) / length * cos(skd_dot(g, d));
            }
            const double v = system.volume;
            CHECK_CLOSE(a[p * system.n_shells + q],
                        4 * GFN1_PI / v * sum + 2 * GFN1_PI * mean * mean * (log(mean / 2) + 0.5) / v, 1e-9, 0);
        }
    gfn1_coulomb_free(c);
    gfn1_system_free(&system);
}

static void elements_beyond_radon_are_refused_by_number(void **state) {
    (void)state;
    skd_error err;
    gfn1_system system;
    const int z[2] = {1, 92};
    const double x[2][3] = {{0}, {3, 0, 0}};
    CHECK_FAILS(gfn1_system_init(&system, 2, z, x, NULL, GFN1_CONVERGED, &err), SKD_EARG, "atom 2");
    CHECK_FAILS(gfn1_system_init(&system, 2, z, x, NULL, GFN1_CONVERGED, &err), SKD_EARG, "92");
}

#ifdef SKD_TORTURE
static void memory_running_out_anywhere_leaves_nothing_behind(void **state) {
    (void)state;
    const sample s = odd_cell();
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status; k++) {
        gfn1_system system = {0};
        gfn1_cells cells = {0};
        gfn1_coulomb *c = NULL;
        gfn1_sum sum = {.gradient = (double[6][3]){{0}}};
        double a[400], w[6], cn[6];
        skd_error err;
        skd_alloc_fail_at = k;
        status = gfn1_system_init(&system, s.n, s.z, s.x, s.lattice, GFN1_CONVERGED, &err);
        if (!status)
            status = gfn1_cells_init(&cells, &system, 25, &err);
        if (!status)
            status = gfn1_coordination(&system, &cells, cn, &err);
        if (!status)
            status = gfn1_dispersion(&system, &cells, cn, w, &sum, &err);
        if (!status)
            status = gfn1_coulomb_new(&c, &system, &err);
        if (!status)
            status = gfn1_coulomb_matrix(c, &system, a, &err);
        if (!status)
            status = gfn1_coulomb_gradient(c, &system, charges, &sum, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        gfn1_coulomb_free(c);
        gfn1_cells_free(&cells);
        gfn1_system_free(&system);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_compiled_parameters_are_those_of_the_file_to_the_last_digit),
        cmocka_unit_test(gradient_and_virial_of_every_term_are_those_of_its_energy),
        cmocka_unit_test(no_term_knows_which_copy_of_an_atom_it_is_given),
        cmocka_unit_test(the_converged_coulomb_matrix_is_a_sum_of_bessel_functions),
        cmocka_unit_test(elements_beyond_radon_are_refused_by_number),
        cmocka_unit_test(every_term_has_the_energy_of_the_library),
        cmocka_unit_test(the_converged_terms_have_the_energy_of_the_prototype),
#ifdef SKD_TORTURE
        cmocka_unit_test(memory_running_out_anywhere_leaves_nothing_behind),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
