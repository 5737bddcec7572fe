/* SPDX-License-Identifier: MIT */
/* test_crystal_voronoi.c - vertices of the tessellation against known voids and against all empty spheres
 * through four atoms of random cells; special positions against the International Tables. */
#include "check.h"

#include "shakedown/crystal.h"

static skd_cell *make_cell(const double lattice[3][3], size_t n, const double (*frac)[3], const int *species) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, n, &err));
    memcpy(cell->lattice, lattice, sizeof cell->lattice);
    for (size_t i = 0; i < n; i++) {
        cell->species[i] = species ? species[i] : 29;
        skd_row_times(frac[i], lattice, cell->pos[i]);
    }
    return cell;
}

/* ---- known voids --------------------------------------------------------------------------- */

static const double sc[3][3] = {{3.352, 0, 0}, {0, 3.352, 0}, {0, 0, 3.352}};
static const double fcc[3][3] = {{0, 1.8075, 1.8075}, {1.8075, 0, 1.8075}, {1.8075, 1.8075, 0}};
static const double bcc[3][3] = {{-1.433, 1.433, 1.433}, {1.433, -1.433, 1.433}, {1.433, 1.433, -1.433}};
static const double hcp[3][3] = {{2.95, 0, 0}, {-1.475, 2.5547749411641, 0}, {0, 0, 4.8173298274}};
static const double one_atom[1][3] = {{0.137, -0.291, 0.618}};
static const double two_hcp[2][3] = {{0.1, 0.2, 0.3}, {0.1 + 1.0 / 3.0, 0.2 + 2.0 / 3.0, 0.8}};
static const double two_diamond[2][3] = {{0.04, 0.01, 0.77}, {0.29, 0.26, 1.02}};

/* Radii in units of a. */
static const struct {
    const char *name;
    const double (*lattice)[3];
    double a;
    size_t atoms;
    const double (*frac)[3];
    size_t n_wide, n_narrow;
    double wide, narrow;
} known[] = {
    {"simple cubic", sc, 3.352, 1, one_atom, 1, 0, 0.86602540378443865, 0},
    {"fcc", fcc, 3.615, 1, one_atom, 1, 2, 0.5, 0.43301270189221932},
    {"bcc", bcc, 2.866, 1, one_atom, 6, 0, 0.55901699437494742, 0},
    {"hcp", hcp, 2.95, 2, two_hcp, 2, 4, 0.70710678118654752, 0.61237243569579452},
    {"diamond", fcc, 3.615, 2, two_diamond, 2, 4, 0.43301270189221932, 0.41457809879442498},
};

static void vertices_are_the_known_voids(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        skd_error err;
        skd_void *point;
        size_t n, wide = 0, narrow = 0;
        skd_cell *cell = make_cell(known[k].lattice, known[k].atoms, known[k].frac, NULL);
        CHECK_OK(skd_voronoi_vertices(&point, &n, cell, &err));
        for (size_t i = 0; i < n; i++) {
            wide += fabs(point[i].radius - known[k].wide * known[k].a) < 1e-6;
            narrow += fabs(point[i].radius - known[k].narrow * known[k].a) < 1e-6;
        }
        if (wide != known[k].n_wide || narrow != known[k].n_narrow || n != wide + narrow)
            print_error("%s: %zu vertices, %zu wide, %zu narrow\n", known[k].name, n, wide, narrow);
        CHECK_INT(wide, known[k].n_wide);
        CHECK_INT(narrow, known[k].n_narrow);
        CHECK_INT(n, wide + narrow);
        skd_free(point);
        skd_cell_free(cell);
    }
}

/* ---- random cells -------------------------------------------------------------------------- */

static skd_cell *random_cell(skd_rng *rng, int kind) {
    size_t n = (size_t)skd_rng_below(rng, 1, 6);
    double lattice[3][3], frac[6][3];
    int species[6];
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            lattice[i][c] = (i == c ? 4.3 : 0.0) + 1.7 * (skd_rng_uniform(rng) - 0.5);
    for (int c = 0; c < 3; c++) {
        lattice[2][c] *= kind == 1 ? 4.0 : kind == 2 ? 0.4 : 1.0;     /* needle, pancake */
        lattice[1][c] += kind == 3 ? 3.1 * lattice[0][c] : 0.0;       /* skewed */
        lattice[0][c] *= kind == 4 ? -1.0 : 1.0;                      /* left-handed */
    }
    for (size_t i = 0; i < n; i++) {
        species[i] = 3 + (int)i;
        for (int c = 0; c < 3; c++)
            frac[i][c] = 3.0 * skd_rng_uniform(rng) - 1.0;
    }
    return make_cell((const double(*)[3])lattice, n, (const double(*)[3])frac, species);
}

/* Distances from a point to all atoms within reach: counts those nearer than r and those at r. */
static void count_around(const skd_cell *cell, const double pos[3], double r, size_t *inside, size_t *on) {
    double height[3], inverse[3][3];
    int reach[3];
    skd_error err;
    CHECK_OK(skd_cell_inverse(cell, inverse, &err));
    skd_cell_heights((const double(*)[3])cell->lattice, height);
    for (int k = 0; k < 3; k++)
        reach[k] = (int)(r / height[k]) + 2;
    *inside = *on = 0;
    for (size_t i = 0; i < cell->n; i++) {
        double d[3], f[3], x[3];
        for (int c = 0; c < 3; c++)
            d[c] = cell->pos[i][c] - pos[c];
        skd_to_frac((const double(*)[3])inverse, d, f);
        for (int c = 0; c < 3; c++)
            f[c] -= floor(f[c]);
        for (int a = -reach[0]; a <= reach[0]; a++)
            for (int b = -reach[1]; b <= reach[1]; b++)
                for (int c = -reach[2]; c <= reach[2]; c++) {
                    const double g[3] = {f[0] + a, f[1] + b, f[2] + c};
                    skd_row_times(g, (const double(*)[3])cell->lattice, x);
                    *inside += skd_norm(x) < r - 1e-6;
                    *on += fabs(skd_norm(x) - r) <= 1e-6;
                }
    }
}

static void each_vertex_is_an_empty_sphere_through_four_atoms(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 20260711, &err));
    for (int trial = 0; trial < 200; trial++) {
        skd_cell *cell = random_cell(rng, trial % 5);
        skd_void *point;
        size_t n, inside, on;
        CHECK_OK(skd_voronoi_vertices(&point, &n, cell, &err));
        CHECK(n > 0);
        for (size_t i = 0; i < n; i++) {
            count_around(cell, point[i].pos, point[i].radius, &inside, &on);
            CHECK_INT(inside, 0);
            CHECK(on >= 4);
        }
        skd_free(point);
        skd_cell_free(cell);
    }
    skd_rng_free(rng);
}

/* Centre of the sphere through the origin and three points; false if they lie in a plane. */
static bool sphere(const double *a, const double *b, const double *c, double centre[3]) {
    double m[3][3], right[3] = {skd_dot(a, a) / 2.0, skd_dot(b, b) / 2.0, skd_dot(c, c) / 2.0};
    memcpy(m[0], a, sizeof m[0]);
    memcpy(m[1], b, sizeof m[1]);
    memcpy(m[2], c, sizeof m[2]);
    if (fabs(skd_det3((const double(*)[3])m)) < 1e-9 || skd_inv3((const double(*)[3])m, m) != SKD_OK)
        return false;
    skd_times_col((const double(*)[3])m, right, centre);
    return true;
}

static bool is_empty(const skd_neighbour *list, size_t n, const double centre[3], double r) {
    for (size_t k = 0; k < n; k++) {
        const double d[3] = {list[k].d[0] - centre[0], list[k].d[1] - centre[1], list[k].d[2] - centre[2]};
        if (skd_norm(d) < r - 1e-7)
            return false;
    }
    return true;
}

/* Tries all spheres through atom 1 and three neighbours; each empty one must be among the vertices. */
static size_t check_spheres(const skd_cell *cell, const skd_neighbour *list, size_t n, const skd_void *point,
                            size_t n_points, double most) {
    skd_error err;
    skd_mic mic;
    size_t found = 0;
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            for (size_t k = j + 1; k < n; k++) {
                double centre[3], pos[3], d[3], best = HUGE_VAL;
                if (!sphere(list[i].d, list[j].d, list[k].d, centre) || skd_norm(centre) > most)
                    continue;
                double r = skd_norm(centre);
                if (!is_empty(list, n, centre, r))
                    continue;
                for (int c = 0; c < 3; c++)
                    pos[c] = cell->pos[0][c] + centre[c];
                for (size_t p = 0; p < n_points; p++)
                    best = fmin(best, skd_mic_vector(&mic, point[p].pos, pos, d));
                CHECK_CLOSE(best, 0.0, 1e-4, 0.0);
                found++;
            }
    return found;
}

static void no_empty_sphere_is_missed(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    size_t found = 0;
    CHECK_OK(skd_rng_new(&rng, 77003, &err));
    for (int trial = 0; trial < 60; trial++) {
        skd_cell *cell = random_cell(rng, trial % 5);
        skd_void *point;
        skd_neighbours nb = {0};
        size_t n;
        double most = 0.0;
        CHECK_OK(skd_voronoi_vertices(&point, &n, cell, &err));
        for (size_t i = 0; i < n; i++)
            most = fmax(most, point[i].radius);
        CHECK_OK(skd_neighbours_build(&nb, cell, 2.0 * most + 1e-3, &err));
        if (nb.first[1] <= 80) /* all triples of more take too long */
            found += check_spheres(cell, nb.list, nb.first[1], point, n, most + 1e-6);
        skd_neighbours_free(&nb);
        skd_free(point);
        skd_cell_free(cell);
    }
    CHECK(found > 500);
    skd_rng_free(rng);
}

static void a_supercell_has_as_many_voids_in_each_of_its_parts(void **state) {
    (void)state;
    static const int matrix[3][3] = {{2, 1, 0}, {0, 1, 0}, {0, -1, 3}};
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 4127, &err));
    for (int trial = 0; trial < 10; trial++) {
        skd_cell *cell = random_cell(rng, trial % 5), *large;
        skd_void *point;
        size_t n, n_large;
        CHECK_OK(skd_voronoi_vertices(&point, &n, cell, &err));
        skd_free(point);
        CHECK_OK(skd_supercell(&large, cell, matrix, NULL, &err));
        CHECK_OK(skd_voronoi_vertices(&point, &n_large, large, &err));
        CHECK_INT(n_large, 6 * n);
        skd_free(point);
        skd_cell_free(cell);
        skd_cell_free(large);
    }
    skd_rng_free(rng);
}

static void a_slab_in_vacuum_is_closed(void **state) {
    (void)state;
    static const double lattice[3][3] = {{2.5, 0, 0}, {0.1, 2.6, 0}, {0, 0.3, 41.0}};
    static const double frac[2][3] = {{0.1, 0.2, 0.49}, {0.6, 0.7, 0.53}};
    skd_error err;
    skd_void *point;
    size_t n, inside, on;
    skd_cell *cell = make_cell(lattice, 2, frac, NULL);
    CHECK_OK(skd_voronoi_vertices(&point, &n, cell, &err));
    double most = 0.0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, point[i].radius);
        count_around(cell, point[i].pos, point[i].radius, &inside, &on);
        CHECK_INT(inside, 0);
        CHECK(on >= 4);
    }
    CHECK(most > 19.0);
    skd_free(point);
    skd_cell_free(cell);
}

static void open_directions_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_void *point;
    size_t n;
    skd_cell *cell = make_cell(sc, 1, one_atom, NULL);
    cell->pbc[2] = false;
    CHECK_FAILS(skd_voronoi_vertices(&point, &n, cell, &err), SKD_EARG, "periodic in all directions");
    assert_null(point);
    skd_cell_free(cell);
}

/* ---- special positions --------------------------------------------------------------------- */

static void special_positions_of_crystals(void **state) {
    (void)state;
    static const int pair[2] = {48, 52};
    static const struct {
        const char *name;
        const double (*lattice)[3];
        size_t atoms;
        const double (*frac)[3];
        const int *species;
        size_t n; /* multiplicities of the International Tables, per primitive cell */
    } rows[] = {
        {"Pm-3m: a b c d", sc, 1, one_atom, NULL, 1 + 1 + 3 + 3},
        {"Fm-3m: a b c d", fcc, 1, one_atom, NULL, 1 + 1 + 2 + 6},
        {"Im-3m: a b c d", bcc, 1, one_atom, NULL, 1 + 3 + 4 + 6},
        {"Fd-3m: a b c d", fcc, 2, two_diamond, NULL, 2 + 2 + 4 + 4},
        {"F-43m: a b c d", fcc, 2, two_diamond, pair, 1 + 1 + 1 + 1},
        {"P6_3/mmc: a b c d g", hcp, 2, two_hcp, NULL, 2 + 2 + 2 + 2 + 6},
        {"P-6m2, two elements: a to f", hcp, 2, two_hcp, pair, 1 + 1 + 1 + 1 + 1 + 1},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        skd_error err;
        skd_symmetry *symmetry;
        double(*pos)[3];
        size_t n;
        skd_cell *cell = make_cell(rows[k].lattice, rows[k].atoms, rows[k].frac, rows[k].species);
        CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
        CHECK_OK(skd_special_positions(&pos, &n, symmetry, cell, &err));
        if (n != rows[k].n)
            print_error("%s: found %zu in %s\n", rows[k].name, n, symmetry->international);
        CHECK_INT(n, rows[k].n);
        skd_free(pos);
        skd_symmetry_free(symmetry);
        skd_cell_free(cell);
    }
}

/* Groups without inversion, mirrors or -4, whose points lie where two-fold axes meet; given by operations. */
static void special_positions_where_two_fold_axes_meet(void **state) {
    (void)state;
    skd_operation one = {.rotation = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    skd_operation x = {.rotation = {{1, 0, 0}, {0, -1, 0}, {0, 0, -1}}, .translation = {0, 0.34, 0.52}};
    skd_operation y = {.rotation = {{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}}, .translation = {0.18, 0, 0.52}};
    skd_operation z = {.rotation = {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}, .translation = {0.18, 0.34, 0}};
    skd_operation p222[4] = {one, x, y, z};
    skd_error err;
    skd_symmetry symmetry = {.n_operations = 4, .operation = p222};
    double(*pos)[3];
    size_t n;
    skd_cell *cell = make_cell(sc, 1, one_atom, NULL);
    CHECK_OK(skd_special_positions(&pos, &n, &symmetry, cell, &err));
    CHECK_INT(n, 8); /* P222: a to h */
    for (size_t i = 0; i < n; i++) {
        const double first[3] = {0.09 * 3.352, 0.17 * 3.352, 0.26 * 3.352};
        for (int k = 0; k < 3; k++) {
            double half = 2.0 * (pos[i][k] - first[k]) / 3.352;
            CHECK_CLOSE(half, nearbyint(half), 1e-9, 0.0);
        }
    }
    skd_free(pos);
    p222[1].translation[0] = p222[2].translation[0] = 0.5; /* P2_12_12-like: the axes along x are screws */
    symmetry.n_operations = 2;
    CHECK_OK(skd_special_positions(&pos, &n, &symmetry, cell, &err));
    CHECK_INT(n, 0);
    skd_free(pos);
    skd_cell_free(cell);
}

#ifdef SKD_TORTURE
static void every_failing_allocation_is_survived(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_cell(hcp, 2, two_hcp, NULL);
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status == SKD_ENOMEM; k++) {
        skd_void *point;
        double(*pos)[3] = NULL;
        size_t n, n_pos;
        skd_alloc_fail_at = k;
        status = skd_voronoi_vertices(&point, &n, cell, &err);
        if (status == SKD_OK)
            status = skd_special_positions(&pos, &n_pos, symmetry, cell, &err);
        skd_alloc_fail_at = -1;
        if (status != SKD_OK)
            assert_null(pos);
        skd_free(point);
        skd_free(pos);
    }
    CHECK_INT(status, SKD_OK);
    skd_symmetry_free(symmetry);
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vertices_are_the_known_voids),
        cmocka_unit_test(each_vertex_is_an_empty_sphere_through_four_atoms),
        cmocka_unit_test(no_empty_sphere_is_missed),
        cmocka_unit_test(a_supercell_has_as_many_voids_in_each_of_its_parts),
        cmocka_unit_test(a_slab_in_vacuum_is_closed),
        cmocka_unit_test(open_directions_are_refused),
        cmocka_unit_test(special_positions_of_crystals),
        cmocka_unit_test(special_positions_where_two_fold_axes_meet),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failing_allocation_is_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
