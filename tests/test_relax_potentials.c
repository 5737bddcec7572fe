/* SPDX-License-Identifier: MIT */
/* Tests of the potentials: known numbers, a plain version, forces and stress against differences of the
 * energy, and everything that must not matter (origin, orientation, order, choice of cell). */
#include "check.h"

#include "shakedown/relax.h"

#define SW_EPSILON 2.1683
#define SW_SIGMA   2.0951

/* Every kind of potential with its own typical distance (Å) and atoms. The Lennard-Jones row has a short
 * cutoff, so that many pairs lie where it is switched off. */
static const struct {
    const char *spec;
    double closest;        /* Å, in random cells */
    double volume;         /* Å^3 per atom */
    int species[3];
} kinds[] = {
    {"lj", 2.9, 38.0, {18, 36, 10}},
    {"lj:epsilon=0.31,sigma=2.3,cutoff=4.7,width=1.7", 2.1, 12.0, {29, 47, 79}},
    {"sw", 2.0, 17.0, {14, 14, 14}},
    {"sw:epsilon=1.93,sigma=2.181,lambda=31,z=32", 2.1, 19.0, {32, 32, 32}},
    {"zbl", 1.1, 7.0, {14, 8, 52}},
    {"lj:epsilon=0.31,sigma=2.3,cutoff=4.7,width=1.7+zbl:cutoff=3.1e+0+lj", 2.1, 12.0, {29, 47, 79}},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

typedef struct bench { /* a potential ready to use */
    skd_potential *potential;
    skd_potential_work *work;
} bench;

static bench bench_of(const char *spec) {
    skd_error err;
    bench b;
    CHECK_OK(skd_potential_new(&b.potential, spec, &err));
    CHECK_OK(skd_potential_work_new(&b.work, b.potential, &err));
    return b;
}

static void bench_free(bench b) {
    skd_potential_work_free(b.work);
    skd_potential_free(b.potential);
}

static skd_result *compute(bench b, const skd_cell *cell) {
    skd_error err;
    skd_result *result;
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_OK(skd_potential_compute(b.work, cell, 0.0, SKD_WANT_STRESS | SKD_WANT_ATOM_ENERGY, result, &err));
    return result;
}

static double energy(bench b, const skd_cell *cell) {
    skd_result *result = compute(b, cell);
    double value = result->energy;
    skd_result_free(result);
    return value;
}

/* ---- cells -------------------------------------------------------------------------------- */

static skd_cell *cell_of(size_t n) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, n, &err));
    return cell;
}

static skd_cell *copy_of(const skd_cell *cell) {
    skd_error err;
    skd_cell *copy;
    CHECK_OK(skd_cell_copy(&copy, cell, &err));
    return copy;
}

static bool too_close(const skd_cell *cell, size_t n, double closest) {
    skd_error err;
    skd_mic mic;
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    for (size_t j = 0; j < n; j++) {
        double d[3];
        if (skd_mic_vector(&mic, cell->pos[n], cell->pos[j], d) < closest)
            return true;
    }
    return skd_image_distance((const double(*)[3])cell->lattice) < closest;
}

/* A random cell of n atoms, not closer than given: block, needle or pancake, then sheared by lattice
 * vectors so that it is strongly skewed, with atoms outside of it. Grows until the atoms have room. */
static skd_cell *random_cell(skd_rng *rng, size_t kind, size_t n) {
    skd_cell *cell = cell_of(n);
    static const double shapes[3][3] = {{1.0, 1.0, 1.0}, {2.9, 0.6, 0.57}, {0.4, 1.6, 1.56}};
    const double *shape = shapes[skd_rng_below(rng, 0, 3)];
    double edge = cbrt(kinds[kind].volume * (double)n), frac[3];
    size_t placed = 0;
    for (int tries = 0; placed < n; tries++) {
        if (tries % 2000 == 0) { /* a bad start: new lattice */
            placed = 0;
            for (int a = 0; a < 3; a++)
                for (int b = 0; b < 3; b++)
                    cell->lattice[a][b] = edge * shape[a] * (1.0 + 0.02 * tries / 2000) *
                                          ((a == b) + 0.25 * (2.0 * skd_rng_uniform(rng) - 1.0));
        }
        for (int k = 0; k < 3; k++)
            frac[k] = 3.0 * skd_rng_uniform(rng) - 1.0;
        skd_row_times(frac, (const double(*)[3])cell->lattice, cell->pos[placed]);
        cell->species[placed] = kinds[kind].species[skd_rng_below(rng, 0, 3)];
        placed += !too_close(cell, placed, kinds[kind].closest);
    }
    for (int k = 0; k < 3; k++) {
        cell->lattice[1][k] += 2.0 * cell->lattice[0][k];
        cell->lattice[2][k] += cell->lattice[1][k] - 3.0 * cell->lattice[0][k];
    }
    return cell;
}

/* Diamond (conventional, 8 atoms), species 14. */
static skd_cell *diamond(double a) {
    static const double site[8][3] = {{0, 0, 0},          {0, .5, .5},        {.5, 0, .5},        {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_cell *cell = cell_of(8);
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        cell->lattice[i % 3][i % 3] = a;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = a * site[i][k];
    }
    return cell;
}

static skd_cell *dimer(int z1, int z2, double r) {
    skd_cell *cell = cell_of(2);
    for (int k = 0; k < 3; k++) {
        cell->lattice[k][k] = 50.0;
        cell->pbc[k] = false;
        cell->pos[1][k] = r * (const double[3]){0.36, -0.48, 0.8}[k];
    }
    cell->species[0] = z1;
    cell->species[1] = z2;
    return cell;
}

/* ---- known numbers ------------------------------------------------------------------------ */

static const struct {
    const char *name, *spec;
    int z1, z2;
    double r, energy, tolerance;
} dimers[] = {
    {"lj: minimum", "lj:epsilon=0.731,sigma=2.385,cutoff=40,width=1", 18, 18, 2.385 * 1.1224620483093730, -0.731,
     1e-14},
    {"lj: zero", "lj:epsilon=0.731,sigma=2.385,cutoff=40,width=1", 18, 7, 2.385, 0.0, 1e-13},
    {"lj: argon", "lj", 18, 18, 3.4 * 1.1224620483093730, -0.010340999, 1e-14},
    {"lj: half way through the switch", "lj:epsilon=1,sigma=1,cutoff=3,width=1", 18, 18, 2.5,
     0.5 * 4.0 * (1.0 / 59604.644775390625 - 1.0 / 244.140625), 1e-14},
    {"lj: beyond the cutoff", "lj", 18, 18, 8.5, 0.0, 0.0},
    {"sw: minimum", "sw", 14, 14, SW_SIGMA * 1.1224620483093730, -SW_EPSILON, 1e-9},
    {"sw: just inside the cutoff", "sw", 14, 14, 3.7711799, 0.0, 1e-100},
    /* the formula in 30 digits with mpmath 1.3 */
    {"zbl: Si-Si", "zbl", 14, 14, 0.713, 163.5371973831744, 1e-11},
    {"zbl: Cd-Te", "zbl", 48, 52, 1.237, 103.3653822154713, 1e-11},
    {"zbl: H-U", "zbl", 1, 92, 0.291, 815.973857361455, 1e-10},
    {"zbl: O-Mg", "zbl", 8, 12, 2.85, 0.249271594016354, 1e-13},
};

static void dimers_have_their_known_energies(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof dimers / sizeof *dimers; row++) {
        bench b = bench_of(dimers[row].spec);
        skd_cell *cell = dimer(dimers[row].z1, dimers[row].z2, dimers[row].r);
        skd_result *result = compute(b, cell);
        CHECK_CLOSE(result->energy, dimers[row].energy, dimers[row].tolerance, 0);
        CHECK_CLOSE(result->atom_energy[0], result->atom_energy[1], 0, 1e-15);
        skd_result_free(result);
        skd_cell_free(cell);
        bench_free(b);
    }
}

/* Lattice sums of the fcc lattice over nearest-neighbour distances: A. E. Jones & A. E. Ingham, Proc. R.
 * Soc. A 107, 636 (1925). What a cutoff R leaves out of A6 is sqrt(2) 4 pi/(3 R^3). */
static void lj_fcc_crystal_is_the_lattice_sum(void **state) {
    (void)state;
    const double a12 = 12.131880196, a6 = 14.453921043, sigma = 1.0, d = 1.1;
    bench b = bench_of("lj:epsilon=1,sigma=1,cutoff=13.7,width=0.4");
    skd_cell *cell = cell_of(1);
    cell->species[0] = 18;
    for (int a = 0; a < 3; a++)
        for (int k = 0; k < 3; k++)
            cell->lattice[a][k] = a == k ? 0.0 : d / sqrt(2.0);
    double reach = 13.5 / d, tail = sqrt(2.0) * 4.0 * acos(-1.0) / (3.0 * reach * reach * reach);
    double want = 2.0 * (a12 * pow(sigma / d, 12) - (a6 - tail) * pow(sigma / d, 6));
    CHECK_CLOSE(energy(b, cell), want, 0, 3e-5);
    skd_cell_free(cell);
    bench_free(b);
}

static void sw_diamond_has_two_bonds_per_atom(void **state) {
    (void)state;
    bench b = bench_of("sw");
    skd_cell *cell = diamond(4.0 / sqrt(3.0) * 1.1224620483093730 * SW_SIGMA);
    CHECK_CLOSE(cell->lattice[0][0], 5.43095, 1e-5, 0);
    skd_result *result = compute(b, cell);
    for (size_t i = 0; i < 8; i++) {
        CHECK_CLOSE(result->atom_energy[i], -2.0 * SW_EPSILON, 1e-8, 0);
        CHECK_CLOSE(skd_norm(result->force[i]), 0.0, 1e-9, 0);
    }
    for (int k = 0; k < 3; k++)
        CHECK_CLOSE(result->stress[k][k], 0.0, 1e-8, 0);
    skd_result_free(result);
    skd_cell_free(cell);
    bench_free(b);
}

/* Elastic constants of diamond under Stillinger-Weber from the stress under strain: C11 = 151.4, C12 =
 * 76.4 GPa: E. R. Cowley, Phys. Rev. Lett. 60, 2379 (1988). */
static void sw_silicon_has_its_elastic_constants(void **state) {
    (void)state;
    const double gpa = 160.21766208, strain = 1e-5;
    bench b = bench_of("sw");
    double sigma[2][2];
    for (int sign = 0; sign < 2; sign++) {
        skd_cell *cell = diamond(4.0 / sqrt(3.0) * 1.1224620483093730 * SW_SIGMA);
        double scale = 1.0 + (sign ? strain : -strain);
        cell->lattice[0][0] *= scale;
        for (size_t i = 0; i < 8; i++)
            cell->pos[i][0] *= scale;
        skd_result *result = compute(b, cell);
        sigma[sign][0] = result->stress[0][0];
        sigma[sign][1] = result->stress[1][1];
        skd_result_free(result);
        skd_cell_free(cell);
    }
    CHECK_CLOSE((sigma[1][0] - sigma[0][0]) / (2.0 * strain) * gpa, 151.4, 0.1, 0);
    CHECK_CLOSE((sigma[1][1] - sigma[0][1]) / (2.0 * strain) * gpa, 76.4, 0.1, 0);
    bench_free(b);
}

/* ---- plain version ------------------------------------------------------------------------ */

/* Images of atoms around atom i within the cutoff, by brute force over shifts; returns how many. */
static size_t images(const skd_cell *cell, size_t i, double cutoff, double (*d)[3], int *z) {
    double height[3];
    skd_error err;
    double inverse[3][3];
    size_t n = 0;
    skd_cell_heights((const double(*)[3])cell->lattice, height);
    CHECK_OK(skd_cell_inverse(cell, inverse, &err));
    for (size_t j = 0; j < cell->n; j++) {
        double r[3], f[3], s[3];
        for (int k = 0; k < 3; k++)
            r[k] = cell->pos[j][k] - cell->pos[i][k];
        skd_to_frac((const double(*)[3])inverse, r, f);
        int low[3], high[3];
        for (int k = 0; k < 3; k++) {
            low[k] = (int)floor(-f[k] - cutoff / height[k]);
            high[k] = (int)ceil(-f[k] + cutoff / height[k]);
        }
        for (int a = low[0]; a <= high[0]; a++)
            for (int b = low[1]; b <= high[1]; b++)
                for (int c = low[2]; c <= high[2]; c++) {
                    skd_row_times((const double[3]){a, b, c}, (const double(*)[3])cell->lattice, s);
                    for (int k = 0; k < 3; k++)
                        d[n][k] = r[k] + s[k];
                    z[n] = cell->species[j];
                    double length = skd_norm(d[n]);
                    n += length > 1e-9 && length < cutoff;
                    CHECK(n < 4096);
                }
    }
    return n;
}

/* Stillinger and Weber's formulas as they are printed, lengths in sigma and energies in epsilon. */
static double plain_sw(double epsilon, double sigma, double lambda, size_t n, double (*d)[3]) {
    double sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        double r = skd_norm(d[j]) / sigma;
        sum += 0.5 * 7.049556277 * (0.6022245584 * pow(r, -4) - 1.0) * exp(1.0 / (r - 1.8));
        for (size_t k = 0; k < j; k++) {
            double s = skd_norm(d[k]) / sigma, cosine = skd_dot(d[j], d[k]) / (r * s * sigma * sigma);
            sum += lambda * exp(1.2 / (r - 1.8) + 1.2 / (s - 1.8)) * pow(cosine + 1.0 / 3.0, 2);
        }
    }
    return epsilon * sum;
}

static double plain_lj(double epsilon, double sigma, double cutoff, double width, size_t n, double (*d)[3]) {
    double sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        double r = skd_norm(d[j]), x = fmax(0.0, (r - cutoff + width) / width);
        double s = 1.0 - 10.0 * pow(x, 3) + 15.0 * pow(x, 4) - 6.0 * pow(x, 5);
        sum += s * 2.0 * epsilon * (pow(sigma / r, 12) - pow(sigma / r, 6));
    }
    return sum;
}

static void fast_and_plain_versions_agree_on_random_cells(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    static double d[4096][3];
    static int z[4096];
    CHECK_OK(skd_rng_new(&rng, 20261, &err));
    bench sw = bench_of("sw"), lj = bench_of(kinds[1].spec);
    for (size_t round = 0; round < 200; round++) {
        size_t n = 1 + round % 9;
        skd_cell *cell = random_cell(rng, 2, n);
        skd_result *result = compute(sw, cell), *other = compute(lj, cell);
        for (size_t i = 0; i < n; i++) {
            size_t n_images = images(cell, i, 1.8 * SW_SIGMA, d, z);
            CHECK_CLOSE(result->atom_energy[i], plain_sw(SW_EPSILON, SW_SIGMA, 21.0, n_images, d), 1e-11, 1e-12);
            n_images = images(cell, i, 4.7, d, z);
            CHECK_CLOSE(other->atom_energy[i], plain_lj(0.31, 2.3, 4.7, 1.7, n_images, d), 1e-11, 1e-12);
        }
        skd_result_free(result);
        skd_result_free(other);
        skd_cell_free(cell);
    }
    bench_free(sw);
    bench_free(lj);
    skd_rng_free(rng);
}

/* ---- forces and stress are derivatives of the energy --------------------------------------- */

/* Central difference of fourth order from energies at +-h, +-2h. */
static double slope(const double e[4], double h) { return (8.0 * (e[1] - e[2]) - (e[0] - e[3])) / (12.0 * h); }
static const double steps[4] = {2.0, 1.0, -1.0, -2.0};

static double force_by_difference(bench b, skd_cell *cell, size_t i, int k, double h) {
    double e[4], start = cell->pos[i][k];
    for (int s = 0; s < 4; s++) {
        cell->pos[i][k] = start + steps[s] * h;
        e[s] = energy(b, cell);
    }
    cell->pos[i][k] = start;
    return -slope(e, h);
}

/* Strain component: r_l += strain r_k for all points of space. */
static double stress_by_difference(bench b, const skd_cell *cell, int k, int l, double h) {
    double e[4];
    for (int s = 0; s < 4; s++) {
        skd_cell *strained = copy_of(cell);
        for (int a = 0; a < 3; a++)
            strained->lattice[a][l] += steps[s] * h * cell->lattice[a][k];
        for (size_t i = 0; i < cell->n; i++)
            strained->pos[i][l] += steps[s] * h * cell->pos[i][k];
        e[s] = energy(b, strained);
        skd_cell_free(strained);
    }
    return slope(e, h) / skd_cell_volume(cell);
}

static double largest_force(const skd_result *result, size_t n) {
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, skd_norm(result->force[i]));
    return largest;
}

static void check_derivatives(bench b, skd_cell *cell) {
    skd_result *result = compute(b, cell);
    double scale = largest_force(result, cell->n), sum[3] = {0.0, 0.0, 0.0};
    CHECK(result->has_stress && result->has_atom_energy);
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++) {
            CHECK_CLOSE(result->force[i][k], force_by_difference(b, cell, i, k, 2e-4), 1e-8 * scale + 1e-10, 1e-7);
            sum[k] += result->force[i][k];
        }
    for (int k = 0; k < 3; k++)
        CHECK_CLOSE(sum[k], 0.0, 1e-12 * scale, 0);
    double pressure = 0.0;
    for (int k = 0; k < 9; k++)
        pressure = fmax(pressure, fabs(result->stress[k / 3][k % 3]));
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            CHECK_CLOSE(result->stress[k][l], stress_by_difference(b, cell, k, l, 1e-5), 1e-8 * pressure + 1e-11, 1e-7);
    skd_result_free(result);
}

static void forces_and_stress_are_derivatives_of_the_energy(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    static const size_t sizes[] = {1, 1, 2, 2, 3, 4, 7, 12, 17};
    CHECK_OK(skd_rng_new(&rng, 20262, &err));
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        bench b = bench_of(kinds[kind].spec);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            skd_cell *cell = random_cell(rng, kind, sizes[s]);
            check_derivatives(b, cell);
            cell->pbc[1] = false; /* a slab: open along b */
            check_derivatives(b, cell);
            skd_cell_free(cell);
        }
        bench_free(b);
    }
    skd_rng_free(rng);
}

/* ---- what must not matter ----------------------------------------------------------------- */

/* Rotation matrix (rows) of a general axis. */
static const double turn[3][3] = {{0.36, 0.48, -0.8}, {-0.8, 0.6, 0.0}, {0.48, 0.64, 0.6}};

/* Each change makes a new cell that must have the same energy; atom i of the old one is at image[i]. */
static skd_cell *translated(const skd_cell *cell, size_t *image) {
    skd_cell *out = copy_of(cell);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3] = {(double)(i % 3) - 1.0, 2.0 - (double)(i % 5), (double)(i % 2)}, s[3];
        skd_row_times(f, (const double(*)[3])cell->lattice, s); /* another lattice vector for each atom */
        image[i] = i;
        for (int k = 0; k < 3; k++)
            out->pos[i][k] += s[k] + (const double[3]){0.731, -2.385, 1.113}[k];
    }
    return out;
}

static skd_cell *rotated(const skd_cell *cell, size_t *image) {
    skd_cell *out = copy_of(cell);
    for (int a = 0; a < 3; a++)
        skd_row_times(cell->lattice[a], turn, out->lattice[a]);
    for (size_t i = 0; i < cell->n; i++) {
        image[i] = i;
        skd_row_times(cell->pos[i], turn, out->pos[i]);
    }
    return out;
}

static skd_cell *permuted(const skd_cell *cell, size_t *image) {
    skd_cell *out = copy_of(cell);
    for (size_t i = 0; i < cell->n; i++) {
        size_t to = (3 * cell->n - i + 1) % cell->n;
        image[i] = to;
        out->species[to] = cell->species[i];
        memcpy(out->pos[to], cell->pos[i], sizeof out->pos[to]);
    }
    return out;
}

static skd_cell *other_basis(const skd_cell *cell, size_t *image) { /* left-handed, and skewed anew */
    skd_cell *out = copy_of(cell);
    for (int k = 0; k < 3; k++) {
        out->lattice[0][k] = cell->lattice[1][k] - cell->lattice[0][k];
        out->lattice[1][k] = cell->lattice[0][k] + cell->lattice[2][k];
        out->lattice[2][k] = cell->lattice[2][k];
    }
    for (size_t i = 0; i < cell->n; i++)
        image[i] = i;
    return out;
}

static skd_cell *doubled(const skd_cell *cell, size_t *image) { /* along b */
    skd_cell *out = cell_of(2 * cell->n);
    memcpy(out->lattice, cell->lattice, sizeof out->lattice);
    for (size_t i = 0; i < cell->n; i++) {
        image[i] = 2 * i + 1;
        out->species[2 * i] = out->species[2 * i + 1] = cell->species[i];
        for (int k = 0; k < 3; k++) {
            out->pos[2 * i][k] = cell->pos[i][k];
            out->pos[2 * i + 1][k] = cell->pos[i][k] + cell->lattice[1][k];
        }
    }
    for (int k = 0; k < 3; k++)
        out->lattice[1][k] *= 2.0;
    return out;
}

static const struct {
    const char *name;
    skd_cell *(*change)(const skd_cell *cell, size_t *image);
    bool turns;
} changes[] = {{"translated", translated, false},
               {"rotated", rotated, true},
               {"permuted", permuted, false},
               {"other basis", other_basis, false},
               {"doubled", doubled, false}};

static void check_same(const skd_cell *cell, const skd_result *a, const skd_cell *changed, const skd_result *b,
                       const size_t *image, bool turns) {
    static const double still[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const double(*m)[3] = turns ? turn : still;
    double scale = largest_force(a, cell->n), transposed[3][3], left[3][3], stress[3][3];
    CHECK_CLOSE(b->energy / (double)changed->n, a->energy / (double)cell->n, 1e-12, 1e-12);
    for (size_t i = 0; i < cell->n; i++) {
        double f[3];
        skd_row_times(a->force[i], m, f);
        CHECK_CLOSE(b->atom_energy[image[i]], a->atom_energy[i], 1e-11, 1e-11);
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE(b->force[image[i]][k], f[k], 1e-11 * scale + 1e-12, 0);
    }
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            transposed[k][l] = m[l][k];
    skd_mul3((const double(*)[3])transposed, (const double(*)[3])a->stress, left);
    skd_mul3((const double(*)[3])left, m, stress);
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            CHECK_CLOSE(b->stress[k][l], stress[k][l], 1e-11, 1e-10);
}

static void origin_orientation_order_and_cell_do_not_matter(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 20263, &err));
    for (size_t kind = 0; kind < N_KINDS; kind++)
        for (size_t n = 1; n <= 9; n += 2)
            for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
                bench b = bench_of(kinds[kind].spec);
                size_t image[9];
                skd_cell *cell = random_cell(rng, kind, n), *changed = changes[c].change(cell, image);
                skd_result *before = compute(b, cell), *after = compute(b, changed);
                check_same(cell, before, changed, after, image, changes[c].turns);
                skd_result_free(before);
                skd_result_free(after);
                skd_cell_free(cell);
                skd_cell_free(changed);
                bench_free(b);
            }
    skd_rng_free(rng);
}

/* A walk in which atoms and lattice move, with one scratch that keeps its neighbour list where it can,
 * and with a new scratch each time: the same bits. */
static void history_of_the_neighbour_list_does_not_matter(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 20264, &err));
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        bench kept = bench_of(kinds[kind].spec);
        skd_cell *cell = random_cell(rng, kind, 6);
        for (int step = 0; step < 60; step++) {
            bench fresh = bench_of(kinds[kind].spec);
            skd_result *a = compute(kept, cell), *b = compute(fresh, cell);
            CHECK(memcmp(&a->energy, &b->energy, sizeof a->energy) == 0);
            CHECK(memcmp(a->force, b->force, cell->n * sizeof *a->force) == 0);
            CHECK(memcmp(a->stress, b->stress, sizeof a->stress) == 0);
            skd_result_free(a);
            skd_result_free(b);
            bench_free(fresh);
            for (size_t i = 0; i < cell->n; i++)
                for (int k = 0; k < 3; k++)
                    cell->pos[i][k] += 0.03 * skd_rng_normal(rng);
            for (int k = 0; k < 9 && step % 2; k++)
                cell->lattice[k / 3][k % 3] *= 1.0 + 0.002 * skd_rng_normal(rng);
        }
        skd_cell_free(cell);
        bench_free(kept);
    }
    skd_rng_free(rng);
}

/* The parts of a sum, asked one by one, add up to it; so does a sum made of potentials that exist already. */
static void sums_are_the_sum_of_their_terms(void **state) {
    (void)state;
    static const char *const spec[3] = {"sw", "zbl:cutoff=3", "lj:sigma=2.1,epsilon=0.2"};
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, 20265, &err));
    bench sum = bench_of("sw+zbl:cutoff=3+lj:sigma=2.1,epsilon=0.2"), term[3], own;
    const skd_potential *made[3];
    for (int k = 0; k < 3; k++) {
        term[k] = bench_of(spec[k]);
        made[k] = term[k].potential;
    }
    CHECK_OK(skd_potential_sum(&own.potential, made, 3, &err));
    CHECK_OK(skd_potential_work_new(&own.work, own.potential, &err));
    CHECK_TEXT(own.potential->spec, sum.potential->spec);
    CHECK_TEXT(own.potential->type->name, "sum");
    for (size_t n = 11; n <= 11; n -= 5) { /* one scratch for cells of all sizes */
        skd_cell *cell = random_cell(rng, 2, n);
        skd_result *all = compute(sum, cell), *again = compute(own, cell), *part[3];
        double total = 0.0;
        for (int k = 0; k < 3; k++)
            total += (part[k] = compute(term[k], cell))->energy;
        CHECK_CLOSE(all->energy, total, 0, 1e-14);
        CHECK(all->energy == again->energy && !memcmp(all->force, again->force, n * sizeof *all->force));
        for (size_t i = 0; i < n; i++) {
            CHECK_CLOSE(all->atom_energy[i],
                        part[0]->atom_energy[i] + part[1]->atom_energy[i] + part[2]->atom_energy[i], 0, 1e-13);
            for (int c = 0; c < 3; c++)
                CHECK_CLOSE(all->force[i][c], part[0]->force[i][c] + part[1]->force[i][c] + part[2]->force[i][c],
                            1e-13, 1e-13);
        }
        for (int k = 0; k < 3; k++)
            skd_result_free(part[k]);
        skd_result_free(all);
        skd_result_free(again);
        skd_cell_free(cell);
    }
    bench_free(own);
    bench_free(sum);
    for (int k = 0; k < 3; k++)
        bench_free(term[k]);
    skd_rng_free(rng);
}

static void a_sum_can_what_its_terms_can(void **state) {
    (void)state;
    skd_error err;
    bench b = bench_of("zbl+gfn1");
    CHECK(b.potential->type->knows_charge && b.potential->type->dear && b.potential->type->electronic);
    bench gfn1 = bench_of("gfn1");
    CHECK_CLOSE(b.potential->type->force_max, gfn1.potential->type->force_max, 0, 0);
    skd_cell *cell = dimer(8, 12, 1.8);
    skd_result_free(compute(b, cell));
    skd_electronic *sum, *alone;
    CHECK_OK(skd_potential_electronic(b.work, &sum, &err));
    skd_result_free(compute(gfn1, cell));
    CHECK_OK(skd_potential_electronic(gfn1.work, &alone, &err));
    CHECK_CLOSE(sum->charge[0], alone->charge[0], 1e-9, 0);
    skd_electronic_free(sum);
    skd_electronic_free(alone);
    skd_cell_free(cell);
    bench_free(b);
    bench_free(gfn1);
    bench plain = bench_of("lj+sw");
    CHECK(!plain.potential->type->knows_charge && !plain.potential->type->dear && !plain.potential->type->electronic);
    cell = dimer(8, 12, 1.8);
    skd_result *result;
    CHECK_OK(skd_result_new(&result, cell->n, &err));
    CHECK_FAILS(skd_potential_compute(plain.work, cell, 0.0, 0, result, &err), SKD_EARG, "sw");
    skd_result_free(result);
    skd_cell_free(cell);
    bench_free(plain);
}

static void many_cells_give_the_same_as_one_by_one(void **state) {
    (void)state;
    skd_error err;
    skd_rng *rng;
    skd_cell *cell[11];
    skd_result *out[11];
    CHECK_OK(skd_rng_new(&rng, 20265, &err));
    bench b = bench_of("sw");
    for (size_t i = 0; i < 11; i++) {
        cell[i] = random_cell(rng, 2, 1 + i % 5);
        CHECK_OK(skd_result_new(&out[i], cell[i]->n, &err));
    }
    for (int threads = 1; threads <= 3; threads++) {
        CHECK_OK(skd_potential_compute_many(b.potential, (const skd_cell *const *)cell, NULL, 11, SKD_WANT_STRESS,
                                            threads, out, &err));
        for (size_t i = 0; i < 11; i++)
            CHECK_CLOSE(out[i]->energy, energy(b, cell[i]), 0, 0);
    }
    cell[7]->species[0] = 6;
    CHECK_FAILS(skd_potential_compute_many(b.potential, (const skd_cell *const *)cell, NULL, 11, 0, 2, out, &err),
                SKD_EARG, "atom 1 is C");
    for (size_t i = 0; i < 11; i++) {
        skd_cell_free(cell[i]);
        skd_result_free(out[i]);
    }
    bench_free(b);
    skd_rng_free(rng);
}

/* ---- specs -------------------------------------------------------------------------------- */

static const struct { const char *spec, *words; } bad_specs[] = {
    {"", "no potential ''; there are: lj, sw, zbl"},
    {"swx", "no potential 'swx'"},
    {"lj+swx", "no potential 'swx'"},
    {"lj+", "no potential 'lj+'"},
    {"+lj", "no potential '+lj'"},
    {"lj+lj+lj+lj+lj+lj+lj+lj+lj", "more than 8 terms"},
    {"lj:eps=1", "potential lj: no setting 'eps'; expected one of: epsilon, sigma, cutoff, width"},
    {"lj:epsilon", "potential lj: expected key=value, found 'epsilon'"},
    {"lj:epsilon=", "epsilon: expected a number from 0 to 1000, found ''"},
    {"lj:epsilon=1,", "potential lj: expected key=value, found ''"},
    {"lj:sigma=-3.4", "sigma: expected a number from 0.001 to 1000, found '-3.4'"},
    {"lj:sigma=nan", "found 'nan'"},
    {"lj:sigma=2,sigma=3", "sigma is set twice"},
    {"lj:cutoff=3,width=4", "width=4 is more than cutoff=3"},
    {"zbl:cutoff=0.5", "width=1 is more than cutoff=0.5"},
    {"sw:z=14.5", "z: expected an atomic number, found 14.5"},
    {"sw:z=119", "z: expected a number from 1 to 118"},
};

static void bad_specs_are_refused_with_a_reason(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    for (size_t row = 0; row < sizeof bad_specs / sizeof *bad_specs; row++) {
        CHECK_FAILS(skd_potential_new(&potential, bad_specs[row].spec, &err), SKD_EARG, bad_specs[row].words);
        CHECK(potential == NULL);
    }
}

static void a_cell_the_potential_cannot_treat_is_refused(void **state) {
    (void)state;
    skd_error err;
    bench b = bench_of("sw");
    skd_cell *cell = diamond(5.43095);
    skd_result *result;
    CHECK_OK(skd_result_new(&result, 8, &err));
    cell->species[6] = 32;
    CHECK_FAILS(skd_potential_compute(b.work, cell, 0.0, 0, result, &err), SKD_EARG,
                "potential sw is for Si only; atom 7 is Ge");
    cell->species[6] = 0;
    CHECK_FAILS(skd_potential_compute(b.work, cell, 0.0, 0, result, &err), SKD_EARG, "atom 7: atomic number 0");
    cell->species[6] = 14;
    cell->pos[2][1] = NAN;
    CHECK_FAILS(skd_potential_compute(b.work, cell, 0.0, 0, result, &err), SKD_ENUMERIC, "atom 3: position");
    skd_result_free(result);
    skd_cell_free(cell);
    bench_free(b);
}

#ifdef SKD_TORTURE
static skd_status all_at_once(const char *spec, const skd_cell *cell, skd_error *err) {
    skd_potential *potential = NULL;
    skd_potential_work *work = NULL;
    skd_result *result = NULL;
    skd_status status = skd_potential_new(&potential, spec, err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, potential, err);
    if (status == SKD_OK)
        status = skd_result_new(&result, cell->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute(work, cell, 0.0, SKD_WANT_STRESS, result, err);
    if (status == SKD_OK)
        status = skd_potential_compute_many(potential, &cell, NULL, 1, 0, 1, &result, err);
    skd_result_free(result);
    skd_potential_work_free(work);
    skd_potential_free(potential);
    return status;
}

static void potentials_survive_every_failed_allocation(void **state) {
    (void)state;
    skd_cell *cell = diamond(5.5);
    for (size_t kind = 0; kind < N_KINDS; kind += kind == 4 ? 1 : 2) {
        skd_status status = SKD_ENOMEM;
        for (long k = 0; status != SKD_OK; k++) {
            skd_error err = {SKD_OK, ""};
            skd_alloc_fail_at = k;
            status = all_at_once(kinds[kind].spec, cell, &err);
            skd_alloc_fail_at = -1;
            CHECK(status == SKD_OK || (status == SKD_ENOMEM && err.text[0] && k < 500));
        }
    }
    skd_cell_free(cell);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dimers_have_their_known_energies),
        cmocka_unit_test(lj_fcc_crystal_is_the_lattice_sum),
        cmocka_unit_test(sw_diamond_has_two_bonds_per_atom),
        cmocka_unit_test(sw_silicon_has_its_elastic_constants),
        cmocka_unit_test(fast_and_plain_versions_agree_on_random_cells),
        cmocka_unit_test(forces_and_stress_are_derivatives_of_the_energy),
        cmocka_unit_test(origin_orientation_order_and_cell_do_not_matter),
        cmocka_unit_test(history_of_the_neighbour_list_does_not_matter),
        cmocka_unit_test(sums_are_the_sum_of_their_terms),
        cmocka_unit_test(a_sum_can_what_its_terms_can),
        cmocka_unit_test(many_cells_give_the_same_as_one_by_one),
        cmocka_unit_test(bad_specs_are_refused_with_a_reason),
        cmocka_unit_test(a_cell_the_potential_cannot_treat_is_refused),
#ifdef SKD_TORTURE
        cmocka_unit_test(potentials_survive_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests_name("relax: potentials", tests, NULL, NULL);
}
