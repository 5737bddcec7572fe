/* SPDX-License-Identifier: MIT */
/* test_crystal_symmetry.c - space groups, sites and standard cells of textbook crystals; every
 * operation is applied to the atoms, and orbits are counted again from the operations. */
#include "check.h"

#include "shakedown/crystal.h"

/* ---- the 32 point groups from their generators ------------------------------------------- */

typedef int rotation[3][3];

/* One letter per generator. Cubic axes (a b c), except for the capitals, on hexagonal axes. */
static const struct {
    char letter;
    rotation r;
} generators[] = {
    {'i', {{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}}, /* inversion      */
    {'z', {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}},  /* 2 along c      */
    {'x', {{1, 0, 0}, {0, -1, 0}, {0, 0, -1}}},  /* 2 along a      */
    {'d', {{0, 1, 0}, {1, 0, 0}, {0, 0, -1}}},   /* 2 along a+b    */
    {'m', {{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},   /* m across a     */
    {'h', {{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}},   /* m across c     */
    {'e', {{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}},    /* m across a-b   */
    {'4', {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}},   /* 4 along c      */
    {'s', {{0, 1, 0}, {-1, 0, 0}, {0, 0, -1}}},  /* -4 along c     */
    {'3', {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}}},    /* 3 along a+b+c  */
    {'T', {{0, -1, 0}, {1, -1, 0}, {0, 0, 1}}},  /* 3 along c      */
    {'S', {{1, -1, 0}, {1, 0, 0}, {0, 0, 1}}},   /* 6 along c      */
    {'X', {{1, -1, 0}, {0, -1, 0}, {0, 0, -1}}}, /* 2 along a      */
    {'M', {{-1, 1, 0}, {0, 1, 0}, {0, 0, 1}}},   /* m across a     */
};

static const struct {
    const char *name, *letters;
    size_t order;
} groups[] = {
    {"C1", "", 1},    {"Ci", "i", 2},    {"C2", "z", 2},    {"Cs", "h", 2},    {"C2h", "zi", 4},  {"D2", "zx", 4},
    {"C2v", "zm", 4}, {"D2h", "zxi", 8}, {"C4", "4", 4},    {"S4", "s", 4},    {"C4h", "4i", 8},  {"D4", "4x", 8},
    {"C4v", "4m", 8}, {"D2d", "sx", 8},  {"D4h", "4xi", 16}, {"C3", "T", 3},   {"C3i", "Ti", 6},  {"D3", "TX", 6},
    {"C3v", "TM", 6}, {"D3d", "TXi", 12}, {"C6", "S", 6},   {"C3h", "Th", 6},  {"C6h", "Si", 12}, {"D6", "SX", 12},
    {"C6v", "SM", 12}, {"D3h", "ThM", 12}, {"D6h", "SXi", 24}, {"T", "3z", 12}, {"Th", "3zi", 24}, {"O", "34", 24},
    {"Td", "3s", 24}, {"Oh", "34i", 48},
};

static void multiply(const rotation a, const rotation b, rotation out) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[i][k] = a[i][0] * b[0][k] + a[i][1] * b[1][k] + a[i][2] * b[2][k];
}

/* All products of the generators, by multiplying until nothing new appears. */
static size_t close_group(const char *letters, rotation group[48]) {
    size_t n = 1;
    memset(group, 0, 48 * sizeof *group);
    group[0][0][0] = group[0][1][1] = group[0][2][2] = 1;
    for (size_t i = 0; i < n; i++)
        for (const char *l = letters; *l; l++) {
            size_t g = 0, k = 0;
            while (generators[g].letter != *l)
                g++;
            rotation product;
            multiply((const int(*)[3])group[i], generators[g].r, product);
            while (k < n && memcmp(group[k], product, sizeof product) != 0)
                k++;
            if (k == n) {
                CHECK(n < 48);
                memcpy(group[n++], product, sizeof product);
            }
        }
    return n;
}

static void all_32_point_groups_are_named_in_any_basis(void **state) {
    (void)state;
    static const rotation skew = {{1, 2, -3}, {0, 1, 4}, {0, 0, 1}}, back = {{1, -2, 11}, {0, 1, -4}, {0, 0, 1}};
    CHECK_INT(sizeof groups / sizeof *groups, 32);
    for (size_t g = 0; g < 32; g++) {
        rotation group[48], half;
        size_t n = close_group(groups[g].letters, group);
        CHECK_INT(n, groups[g].order);
        CHECK_TEXT(skd_point_group_name((const int(*)[3][3])group, n), groups[g].name);
        for (size_t i = 0; i < n; i++) {
            multiply(skew, (const int(*)[3])group[i], half);
            multiply((const int(*)[3])half, back, group[i]);
        }
        CHECK_TEXT(skd_point_group_name((const int(*)[3][3])group, n), groups[g].name);
    }
}

/* ---- crystals ---------------------------------------------------------------------------- */

enum { MAX_SITES = 9 };

typedef struct crystal {
    const char *name;
    double lattice[3][3];
    size_t n;
    int species[MAX_SITES];
    double frac[MAX_SITES][3];
    int number;
    const char *international, *schoenflies;
    size_t n_operations, n_translations, n_orbits;
    const char *sites[MAX_SITES];
} crystal;

#define CUBIC(a)        {{a, 0, 0}, {0, a, 0}, {0, 0, a}}
#define FCC(h)          {{0, h, h}, {h, 0, h}, {h, h, 0}}
#define TETRAGONAL(a, c) {{a, 0, 0}, {0, a, 0}, {0, 0, c}}
#define HEXAGONAL(a, c) {{a, 0, 0}, {-0.5 * a, 0.86602540378443865 * a, 0}, {0, 0, c}}

static const crystal crystals[] = {
    {"silicon, conventional", CUBIC(5.43095), 8, {14, 14, 14, 14, 14, 14, 14, 14},
     {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0},
      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}},
     227, "Fd-3m", "Oh", 192, 4, 1, {"Td", "Td", "Td", "Td", "Td", "Td", "Td", "Td"}},
    {"CdTe, primitive", FCC(3.24), 2, {48, 52}, {{0, 0, 0}, {.25, .25, .25}},
     216, "F-43m", "Td", 24, 1, 2, {"Td", "Td"}},
    {"SrTiO3", CUBIC(3.8989), 5, {38, 22, 8, 8, 8},
     {{.1, .2, .3}, {.6, .7, .8}, {.6, .7, .3}, {.6, .2, .8}, {.1, .7, .8}},
     221, "Pm-3m", "Oh", 48, 1, 3, {"Oh", "Oh", "D4h", "D4h", "D4h"}},
    {"rutile", TETRAGONAL(4.594, 2.959), 6, {22, 22, 8, 8, 8, 8},
     {{0, 0, 0}, {.5, .5, .5}, {.3053, .3053, 0}, {.6947, .6947, 0}, {.1947, .8053, .5}, {.8053, .1947, .5}},
     136, "P4_2/mnm", "D4h", 16, 1, 2, {"D2h", "D2h", "C2v", "C2v", "C2v", "C2v"}},
    {"wurtzite GaN", HEXAGONAL(3.189, 5.185), 4, {31, 31, 7, 7},
     {{1. / 3, 2. / 3, 0}, {2. / 3, 1. / 3, .5}, {1. / 3, 2. / 3, .377}, {2. / 3, 1. / 3, .877}},
     186, "P6_3mc", "C6v", 12, 1, 2, {"C3v", "C3v", "C3v", "C3v"}},
    {"PbI2", HEXAGONAL(4.557, 6.979), 3, {82, 53, 53}, {{0, 0, 0}, {1. / 3, 2. / 3, .2675}, {2. / 3, 1. / 3, .7325}},
     164, "P-3m1", "D3d", 12, 1, 2, {"D3d", "C3v", "C3v"}},
    {"alpha quartz", HEXAGONAL(4.9137, 5.4047), 9, {14, 14, 14, 8, 8, 8, 8, 8, 8},
     {{.4697, 0, 2. / 3}, {0, .4697, 1. / 3}, {.5303, .5303, 0},
      {.4133, .2672, .7855333333}, {.7328, .1461, .4522}, {.8539, .5867, .1188666667},
      {.2672, .4133, .2144666667}, {.1461, .7328, .5478}, {.5867, .8539, .8811333333}},
     154, "P3_221", "D3", 6, 1, 2, {"C2", "C2", "C2", "C1", "C1", "C1", "C1", "C1", "C1"}},
};
enum { N_CRYSTALS = sizeof crystals / sizeof *crystals };

static skd_cell *make_cell(const double lattice[3][3], size_t n, const int *species, const double (*frac)[3]) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, n, &err));
    memcpy(cell->lattice, lattice, sizeof cell->lattice);
    for (size_t i = 0; i < n; i++) {
        cell->species[i] = species[i];
        skd_row_times(frac[i], lattice, cell->pos[i]);
    }
    return cell;
}

static skd_cell *make_crystal(const crystal *c) { return make_cell(c->lattice, c->n, c->species, c->frac); }

/* Rows of matrix . lattice; the atoms stay where they are. */
static void set_basis(skd_cell *cell, const int matrix[3][3]) {
    double old[3][3];
    memcpy(old, cell->lattice, sizeof old);
    for (int i = 0; i < 3; i++) {
        double row[3] = {matrix[i][0], matrix[i][1], matrix[i][2]};
        skd_row_times(row, (const double(*)[3])old, cell->lattice[i]);
    }
}

/* The atom that operation `op` maps atom i on; fails if there is none of its species. */
static size_t image_of(const skd_cell *cell, const double inverse[3][3], const skd_operation *op, size_t i) {
    double f[3], g[3], r[3];
    skd_to_frac(inverse, cell->pos[i], f);
    for (int k = 0; k < 3; k++)
        g[k] = op->rotation[k][0] * f[0] + op->rotation[k][1] * f[1] + op->rotation[k][2] * f[2] + op->translation[k];
    for (size_t j = 0; j < cell->n; j++) {
        skd_to_frac(inverse, cell->pos[j], f);
        for (int k = 0; k < 3; k++)
            f[k] = g[k] - f[k] - nearbyint(g[k] - f[k]);
        skd_row_times(f, (const double(*)[3])cell->lattice, r);
        if (cell->species[j] == cell->species[i] && skd_norm(r) < 0.02)
            return j;
    }
    print_error("an operation maps atom %zu on nothing\n", i + 1);
    fail();
    return 0;
}

/* Each operation permutes the atoms, and the orbits are what the operations connect. */
static void check_operations(const skd_symmetry *symmetry, const skd_cell *cell) {
    double inverse[3][3];
    CHECK_INT(skd_inv3((const double(*)[3])cell->lattice, inverse), SKD_OK);
    for (size_t i = 0; i < cell->n; i++) {
        size_t first = i;
        for (size_t k = 0; k < symmetry->n_operations; k++) {
            size_t j = image_of(cell, (const double(*)[3])inverse, &symmetry->operation[k], i);
            first = j < first ? j : first;
        }
        CHECK_INT(symmetry->orbit[i], first);
    }
}

static size_t count_orbits(const skd_symmetry *symmetry) {
    size_t n = 0;
    for (size_t i = 0; i < symmetry->n; i++)
        n += symmetry->orbit[i] == i;
    return n;
}

static void check_crystal(const crystal *c, const skd_cell *cell) {
    skd_error err;
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    CHECK_TEXT(symmetry->international, c->international);
    CHECK_INT(symmetry->number, c->number);
    CHECK_TEXT(symmetry->schoenflies, c->schoenflies);
    CHECK_INT(symmetry->n_operations, c->n_operations);
    CHECK_INT(symmetry->n_translations, c->n_translations);
    CHECK_INT(count_orbits(symmetry), c->n_orbits);
    for (size_t i = 0; i < c->n; i++)
        CHECK_TEXT(symmetry->site_symmetry[i], c->sites[i]);
    check_operations(symmetry, cell);
    skd_symmetry_free(symmetry);
}

static void textbook_crystals_have_their_groups_and_sites(void **state) {
    (void)state;
    for (size_t c = 0; c < N_CRYSTALS; c++) {
        skd_cell *cell = make_crystal(&crystals[c]);
        check_crystal(&crystals[c], cell);
        skd_cell_free(cell);
    }
}

/* Reversed, exchanged and strongly skewed bases describe the same crystal: quartz keeps its hand. */
static void the_basis_does_not_matter(void **state) {
    (void)state;
    static const int bases[][3][3] = {
        {{-1, 0, 0}, {0, -1, 0}, {0, 0, -1}}, {{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}, {{1, 0, 0}, {0, 1, 0}, {0, 0, -1}},
        {{1, 5, 0}, {0, 1, 7}, {0, 0, 1}},    {{1, -4, 0}, {0, 1, 3}, {0, 0, -1}},
    };
    for (size_t c = 0; c < N_CRYSTALS; c++)
        for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
            skd_cell *cell = make_crystal(&crystals[c]);
            set_basis(cell, bases[b]);
            check_crystal(&crystals[c], cell);
            skd_cell_free(cell);
        }
}

static void a_mirror_image_changes_hand(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[N_CRYSTALS - 1]);
    for (int i = 0; i < 3; i++)
        cell->lattice[i][2] *= -1.0;
    for (size_t i = 0; i < cell->n; i++)
        cell->pos[i][2] *= -1.0;
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    CHECK_TEXT(symmetry->international, "P3_121");
    skd_symmetry_free(symmetry);
    skd_cell_free(cell);
}

/* ---- supercells -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t crystal;
    int matrix[3][3];
    size_t n_operations, n_translations, n_orbits;
} supercells[] = {
    {"216 atoms of silicon", 0, {{3, 0, 0}, {0, 3, 0}, {0, 0, 3}}, 5184, 108, 1},
    {"an oblong block of SrTiO3", 2, {{2, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 32, 2, 4},
    {"a skewed block of CdTe", 1, {{2, 1, 0}, {0, 2, -1}, {1, 0, 1}}, 0, 3, 2},
    {"a layer of PbI2, three by two", 5, {{3, 0, 0}, {0, 2, 0}, {0, 0, 1}}, 0, 6, 2},
};

static void supercells_keep_the_group_but_only_their_own_operations(void **state) {
    (void)state;
    skd_error err;
    for (size_t s = 0; s < sizeof supercells / sizeof *supercells; s++) {
        const crystal *c = &crystals[supercells[s].crystal];
        skd_cell *small = make_crystal(c), *cell;
        skd_symmetry *symmetry;
        CHECK_OK(skd_supercell(&cell, small, supercells[s].matrix, NULL, &err));
        CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
        CHECK_INT(symmetry->number, c->number);
        CHECK_INT(symmetry->n_translations, supercells[s].n_translations);
        CHECK_INT(symmetry->n_operations % symmetry->n_translations, 0);
        if (supercells[s].n_operations)
            CHECK_INT(symmetry->n_operations, supercells[s].n_operations);
        CHECK_INT(count_orbits(symmetry), supercells[s].n_orbits);
        if (cell->n < 100)
            check_operations(symmetry, cell);
        for (size_t i = 0; i < cell->n; i++)
            CHECK_TEXT(symmetry->site_symmetry[i], symmetry->site_symmetry[symmetry->orbit[i]]);
        skd_symmetry_free(symmetry);
        skd_cell_free(small);
        skd_cell_free(cell);
    }
}

/* ---- noise and nonsense ------------------------------------------------------------------ */

static void move_atoms(skd_cell *cell, double by) {
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 7351, &err));
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += by * (2.0 * skd_rng_uniform(rng) - 1.0);
    skd_rng_free(rng);
}

static void rattled_cells_are_p1(void **state) {
    (void)state;
    skd_error err;
    for (size_t c = 0; c < N_CRYSTALS; c++) {
        if (crystals[c].n < 3) /* two atoms are always related by inversion or a plane */
            continue;
        skd_cell *cell = make_crystal(&crystals[c]);
        skd_symmetry *symmetry;
        move_atoms(cell, 0.15);
        cell->lattice[0][1] += 0.3, cell->lattice[1][2] += 0.2, cell->lattice[2][0] -= 0.25;
        CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
        CHECK_TEXT(symmetry->international, "P1");
        CHECK_TEXT(symmetry->schoenflies, "C1");
        CHECK_INT(symmetry->n_operations, 1);
        CHECK_INT(count_orbits(symmetry), cell->n);
        CHECK_TEXT(symmetry->site_symmetry[cell->n - 1], "C1");
        skd_symmetry_free(symmetry);
        skd_cell_free(cell);
    }
}

static void small_noise_is_forgiven_within_the_tolerance(void **state) {
    (void)state;
    skd_error err;
    for (size_t c = 0; c < N_CRYSTALS; c++) {
        skd_cell *cell = make_crystal(&crystals[c]);
        move_atoms(cell, 0.001);
        check_crystal(&crystals[c], cell);
        skd_symmetry *symmetry;
        CHECK_OK(skd_symmetry_find(&symmetry, cell, 1e-5, &err));
        CHECK(symmetry->n_operations < crystals[c].n_operations || crystals[c].n == 2);
        skd_symmetry_free(symmetry);
        skd_cell_free(cell);
    }
}

static void a_useless_tolerance_is_tightened(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[0]);
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, 4.0, &err));
    CHECK_TEXT(symmetry->international, "Fd-3m");
    CHECK(symmetry->symprec < 4.0);
    skd_symmetry_free(symmetry);
    skd_cell_free(cell);
}

static void atoms_on_one_site_end_in_p1_not_in_an_error(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[3]), *primitive;
    skd_symmetry *symmetry;
    memcpy(cell->pos[3], cell->pos[2], sizeof cell->pos[2]);
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    CHECK_TEXT(symmetry->international, "P1");
    CHECK_INT(count_orbits(symmetry), 6);
    CHECK_OK(skd_primitive(&primitive, cell, SKD_SYMPREC, &err));
    CHECK_INT(primitive->n, 6);
    skd_symmetry_free(symmetry);
    skd_cell_free(primitive);
    skd_cell_free(cell);
}

static void impossible_cells_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[1]), *empty, *primitive = NULL;
    skd_symmetry *symmetry;
    CHECK_FAILS(skd_symmetry_find(&symmetry, cell, 0.0, &err), SKD_EARG, "tolerance 0");
    CHECK_FAILS(skd_symmetry_find(&symmetry, cell, NAN, &err), SKD_EARG, "tolerance");
    CHECK_FAILS(skd_primitive(&primitive, cell, -1.0, &err), SKD_EARG, "tolerance -1");
    cell->pos[1][2] = NAN;
    CHECK_FAILS(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err), SKD_EARG, "atom 2");
    CHECK(symmetry == NULL);
    memcpy(cell->lattice[2], cell->lattice[1], sizeof cell->lattice[1]);
    CHECK_FAILS(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err), SKD_EARG, "no volume");
    CHECK_OK(skd_cell_new(&empty, 0, &err));
    CHECK_FAILS(skd_primitive(&primitive, empty, SKD_SYMPREC, &err), SKD_EARG, "no atoms");
    CHECK(primitive == NULL);
    skd_cell_free(empty);
    skd_cell_free(cell);
}

/* ---- points that are no atoms ------------------------------------------------------------ */

static void empty_sites_have_their_own_point_groups(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double frac[3];
        const char *group;
    } sites[] = {
        {"an atom", {0, 0, 0}, "Td"},
        {"tetrahedral interstice", {.5, .5, .5}, "Td"},
        {"middle of a bond", {.125, .125, .125}, "D3d"},
        {"hexagonal interstice", {.625, .625, .625}, "D3d"},
        {"on a bond", {.0713, .0713, .0713}, "C3v"},
        {"between second neighbours", {.25, .25, 0}, "C2v"},
        {"anywhere", {.0713, .1327, .3119}, "C1"},
    };
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[0]);
    skd_symmetry *symmetry;
    CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
    for (size_t s = 0; s < sizeof sites / sizeof *sites; s++) {
        size_t keep[192], n = skd_site_stabiliser(symmetry, cell, sites[s].frac, 0.01, keep);
        rotation r[192];
        for (size_t k = 0; k < n; k++)
            memcpy(r[k], symmetry->operation[keep[k]].rotation, sizeof r[k]);
        CHECK_TEXT(skd_point_group_name((const int(*)[3][3])r, n), sites[s].group);
    }
    skd_symmetry_free(symmetry);
    skd_cell_free(cell);
}

/* ---- standard cells ---------------------------------------------------------------------- */

/* A rotation by no special angle about no special axis. */
static void turn(skd_cell *cell) {
    static const double q[4] = {0.7313, 0.2119, -0.5301, 0.3733};
    double s = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3], m[3][3], r[3];
    double w = q[0], v[3] = {q[1], q[2], q[3]};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            int third = 3 - i - k;
            double odd = i == k ? 0.0 : w * v[third] * ((i + 1) % 3 == k ? -1.0 : 1.0);
            m[i][k] = (i == k) + 2.0 * (v[i] * v[k] + odd - (i == k) * (s - w * w)) / s;
        }
    for (int i = 0; i < 3; i++) {
        skd_times_col((const double(*)[3])m, cell->lattice[i], r);
        memcpy(cell->lattice[i], r, sizeof r);
    }
    for (size_t i = 0; i < cell->n; i++) {
        skd_times_col((const double(*)[3])m, cell->pos[i], r);
        memcpy(cell->pos[i], r, sizeof r);
    }
}

/* Every atom of `all` lies on an image of an atom of `part`: same place in space, same species. */
static void check_same_crystal(const skd_cell *all, const skd_cell *part) {
    skd_error err;
    skd_mic mic;
    CHECK_OK(skd_mic_setup(&mic, part, &err));
    for (size_t i = 0; i < all->n; i++) {
        double nearest = 9.0, d[3];
        for (size_t j = 0; j < part->n; j++)
            if (part->species[j] == all->species[i])
                nearest = fmin(nearest, skd_mic_vector(&mic, all->pos[i], part->pos[j], d));
        CHECK_CLOSE(nearest, 0.0, 1e-5, 0);
    }
    CHECK_CLOSE(skd_cell_volume(part) / (double)part->n, skd_cell_volume(all) / (double)all->n, 0, 1e-8);
}

static void standard_cells_stay_in_place(void **state) {
    (void)state;
    static const size_t primitive_atoms[N_CRYSTALS] = {2, 2, 5, 6, 4, 3, 9};
    static const size_t conventional_atoms[N_CRYSTALS] = {8, 8, 5, 6, 4, 3, 9};
    static const int wide[3][3] = {{0, 2, 1}, {1, 0, 0}, {0, 0, -2}}; /* right-handed, 4 cells */
    skd_error err;
    for (size_t c = 0; c < N_CRYSTALS; c++)
        for (int left = 0; left < 2; left++) {
            skd_cell *small = make_crystal(&crystals[c]), *cell, *primitive, *conventional;
            turn(small);
            CHECK_OK(skd_supercell(&cell, small, wide, NULL, &err));
            for (int k = 0; left && k < 3; k++)
                cell->lattice[1][k] *= -1.0;
            CHECK_OK(skd_primitive(&primitive, cell, SKD_SYMPREC, &err));
            CHECK_OK(skd_conventional(&conventional, primitive, SKD_SYMPREC, &err));
            CHECK_INT(primitive->n, primitive_atoms[c]);
            CHECK_INT(conventional->n, conventional_atoms[c]);
            check_same_crystal(cell, primitive);
            check_same_crystal(conventional, small);
            CHECK(skd_det3((const double(*)[3])primitive->lattice) > 0.0);
            skd_cell_free(small);
            skd_cell_free(cell);
            skd_cell_free(primitive);
            skd_cell_free(conventional);
        }
}

/* Supercells, skewed ones too, and one with noise below the tolerance; three kinds have several translations. */
static void known_translations_give_a_primitive_cell(void **state) {
    (void)state;
    static const int matrices[][3][3] = {
        {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}}, {{0, 2, 1}, {1, 0, 0}, {0, 0, -2}},
        {{1, 5, 0}, {0, 2, 7}, {0, 0, -1}}};
    skd_error err;
    for (size_t c = 0; c < N_CRYSTALS; c++)
        for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++) {
            skd_cell *small = make_crystal(&crystals[c]), *cell, *want, *got;
            skd_symmetry *symmetry;
            turn(small);
            CHECK_OK(skd_supercell(&cell, small, matrices[m], NULL, &err));
            CHECK_OK(skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err));
            CHECK_OK(skd_primitive(&want, cell, SKD_SYMPREC, &err));
            CHECK_OK(skd_primitive_of(&got, cell, symmetry, &err));
            CHECK_INT(got->n, want->n);
            CHECK_INT(got->n * symmetry->n_translations, cell->n);
            check_same_crystal(cell, got);
            for (size_t i = 0; i < cell->n; i++)
                cell->pos[i][i % 3] += 1e-3 * (i % 7 == 2);
            skd_cell_free(got);
            CHECK_OK(skd_primitive_of(&got, cell, symmetry, &err));
            CHECK_INT(got->n, want->n);
            skd_symmetry_free(symmetry);
            skd_cell_free(small);
            skd_cell_free(cell);
            skd_cell_free(want);
            skd_cell_free(got);
        }
}

/* ---- memory ------------------------------------------------------------------------------ */

#ifdef SKD_TORTURE
static void every_failed_allocation_is_reported(void **state) {
    (void)state;
    skd_error err;
    skd_cell *cell = make_crystal(&crystals[0]);
    bool done = false;
    for (long k = 0; !done; k++) {
        skd_symmetry *symmetry = NULL;
        skd_cell *primitive = NULL, *of = NULL, *conventional = NULL;
        skd_alloc_fail_at = k;
        skd_status status = skd_symmetry_find(&symmetry, cell, SKD_SYMPREC, &err);
        if (status == SKD_OK)
            status = skd_primitive(&primitive, cell, SKD_SYMPREC, &err);
        if (status == SKD_OK)
            status = skd_primitive_of(&of, cell, symmetry, &err);
        if (status == SKD_OK)
            status = skd_conventional(&conventional, cell, SKD_SYMPREC, &err);
        done = status == SKD_OK;
        skd_alloc_fail_at = -1;
        CHECK(done || (status == SKD_ENOMEM && !conventional));
        skd_symmetry_free(symmetry);
        skd_cell_free(primitive);
        skd_cell_free(of);
        skd_cell_free(conventional);
    }
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_32_point_groups_are_named_in_any_basis),
        cmocka_unit_test(textbook_crystals_have_their_groups_and_sites),
        cmocka_unit_test(the_basis_does_not_matter),
        cmocka_unit_test(a_mirror_image_changes_hand),
        cmocka_unit_test(supercells_keep_the_group_but_only_their_own_operations),
        cmocka_unit_test(rattled_cells_are_p1),
        cmocka_unit_test(small_noise_is_forgiven_within_the_tolerance),
        cmocka_unit_test(a_useless_tolerance_is_tightened),
        cmocka_unit_test(atoms_on_one_site_end_in_p1_not_in_an_error),
        cmocka_unit_test(impossible_cells_are_refused),
        cmocka_unit_test(empty_sites_have_their_own_point_groups),
        cmocka_unit_test(standard_cells_stay_in_place),
        cmocka_unit_test(known_translations_give_a_primitive_cell),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_failed_allocation_is_reported),
#endif
    };
    return cmocka_run_group_tests_name("crystal: symmetry", tests, NULL, NULL);
}
