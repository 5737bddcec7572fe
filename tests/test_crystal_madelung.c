/* SPDX-License-Identifier: MIT */
/* test_crystal_madelung.c - Ewald's sum of point charges in a background against the energies of Wigner crystals and
 * rock salt, and what must not change it. */
#include "check.h"
#include "shakedown/crystal.h"

#define COULOMB 14.3996454784936

static const double simple[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
static const double centred[3][3] = {{-0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0.5, 0.5, -0.5}};
static const double faced[3][3] = {{0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
static const double skewed[3][3] = {{4.1, 0.3, -0.2}, {1.7, 5.9, 0.4}, {-2.2, 1.1, 9.3}};

static double potential(const double lattice[3][3]) {
    double value;
    skd_error err;
    CHECK_OK(skd_madelung_potential(lattice, &value, &err));
    return value;
}

/* Energy of a Wigner crystal in Ry times r_s; sc, bcc, fcc. */
static double wigner(const double lattice[3][3]) {
    return -potential(lattice) * cbrt(3.0 * fabs(skd_det3(lattice)) / (4.0 * acos(-1.0)));
}

static void cubic_lattices_have_the_known_constants(void **state) {
    (void)state;
    CHECK_CLOSE(-potential(simple), 2.8372974794806, 1e-12, 0);
    CHECK_CLOSE(wigner(simple), 1.760118884, 1e-8, 0);
    CHECK_CLOSE(wigner(centred), 1.791858511, 1e-8, 0);
    CHECK_CLOSE(wigner(faced), 1.791747230, 1e-8, 0);
}

/* Rock salt: a simple cubic lattice of edge 1/2 with alternating signs is 2 fcc - sc. */
static void rock_salt_follows_from_two_lattices(void **state) {
    (void)state;
    const double half[3][3] = {{0.5, 0, 0}, {0, 0.5, 0}, {0, 0, 0.5}};
    CHECK_CLOSE(-0.5 * (2.0 * potential(faced) - potential(half)), 1.747564594633182, 1e-12, 0);
}

static void the_choice_of_the_cell_does_not_matter(void **state) {
    (void)state;
    static const double change[3][3] = {{1, 2, -1}, {0, 1, 3}, {0, 0, -1}};
    double other[3][3], tripled[3][3];
    for (int k = 0; k < 3; k++) {
        skd_row_times(change[k], skewed, other[k]);
        for (int m = 0; m < 3; m++)
            tripled[k][m] = 3.0 * skewed[k][m];
    }
    CHECK_CLOSE(potential(other), potential(skewed), 1e-13, 0);
    CHECK_CLOSE(3.0 * potential(tripled), potential(skewed), 1e-13, 0);
}

static void thin_and_long_cells_converge(void **state) {
    (void)state;
    const double needle[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 40}}, turned[3][3] = {{0, 0, 40}, {1, 0, 0}, {0, -1, 40}};
    CHECK_CLOSE(potential(needle), potential(turned), 1e-11, 0);
    /* a chain of sheets: 2 pi z^2 / V and the sheet's own potential, -3.900264920001956 / a */
    CHECK_CLOSE(potential(needle), -3.900264920001956 + acos(-1.0) * 40.0 / 3.0, 1e-9, 0);
}

static void the_correction_goes_with_the_square_of_the_charge(void **state) {
    (void)state;
    const double cell[3][3] = {{12, 0, 0}, {0, 12, 0}, {0, 0, 12}};
    double one, two;
    skd_error err;
    CHECK_OK(skd_image_charge_energy(cell, 1.0, 10.0, &one, &err));
    CHECK_CLOSE(one, 2.8372974794806 * COULOMB / (2.0 * 10.0 * 12.0), 1e-12, 0);
    CHECK_OK(skd_image_charge_energy(cell, -2.0, 10.0, &two, &err));
    CHECK_CLOSE(two, 4.0 * one, 1e-14, 0);
    CHECK_OK(skd_image_charge_energy(cell, 0.0, 10.0, &two, &err));
    CHECK(two == 0.0);
}

static void what_has_no_meaning_is_refused(void **state) {
    (void)state;
    const double flat[3][3] = {{1, 0, 0}, {0, 1, 0}, {1, 1, 0}};
    double value;
    skd_error err;
    CHECK_FAILS(skd_madelung_potential(flat, &value, &err), SKD_EARG, "volume");
    CHECK_FAILS(skd_image_charge_energy(simple, 1.0, 0.0, &value, &err), SKD_EARG, "dielectric");
    CHECK_FAILS(skd_image_charge_energy(simple, 1.0, NAN, &value, &err), SKD_EARG, "dielectric");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cubic_lattices_have_the_known_constants),
        cmocka_unit_test(rock_salt_follows_from_two_lattices),
        cmocka_unit_test(the_choice_of_the_cell_does_not_matter),
        cmocka_unit_test(thin_and_long_cells_converge),
        cmocka_unit_test(the_correction_goes_with_the_square_of_the_charge),
        cmocka_unit_test(what_has_no_meaning_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
