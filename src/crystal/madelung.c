/* SPDX-License-Identifier: MIT */
/* madelung.c - point charges in a neutralising background: Ewald's sum of a lattice, and the first-order correction
 * for the images of a charged defect. */
#include "shakedown/crystal.h"

#define PI      3.14159265358979323846
#define COULOMB 14.3996454784936 /* e^2/(4 pi epsilon_0), eV Å (CODATA 2018) */
#define REACH   6.2              /* where both sums end, in widths: exp(-38) */

/* Sum of term(|v|^2) over the vectors 0 < |v| <= cutoff of a lattice. */
static double sum_lattice(const double lattice[3][3], double cutoff, double (*term)(double v2, double eta),
                          double eta) {
    double height[3], sum = 0.0;
    skd_cell_heights(lattice, height);
    const int a = (int)(cutoff / height[0]) + 1, b = (int)(cutoff / height[1]) + 1, c = (int)(cutoff / height[2]) + 1;
    for (int i = -a; i <= a; i++)
        for (int j = -b; j <= b; j++)
            for (int k = -c; k <= c; k++) {
                const double index[3] = {i, j, k};
                double v[3];
                skd_row_times(index, lattice, v);
                const double v2 = skd_dot(v, v);
                if ((i || j || k) && v2 <= cutoff * cutoff)
                    sum += term(v2, eta);
            }
    return sum;
}

static double near_term(double r2, double eta) { return erfc(eta * sqrt(r2)) / sqrt(r2); }
static double wave_term(double g2, double eta) { return exp(-g2 / (4.0 * eta * eta)) / g2; }

skd_status skd_madelung_potential(const double lattice[3][3], double *potential, skd_error *err) {
    double reduced[3][3], reciprocal[3][3];
    int transform[3][3];
    const double volume = fabs(skd_det3(lattice));
    *potential = 0.0;
    if (!(volume > 1e-6) || !isfinite(volume))
        return skd_fail(err, SKD_EARG, "the cell has a volume of %g Å^3; expected more than 1e-6", volume);
    skd_lattice_reduce(lattice, reduced, transform);
    for (int k = 0; k < 3; k++) {
        skd_cross(reduced[(k + 1) % 3], reduced[(k + 2) % 3], reciprocal[k]);
        for (int m = 0; m < 3; m++)
            reciprocal[k][m] *= 2.0 * PI / volume;
    }
    const double eta = sqrt(PI) / cbrt(volume);
    *potential = sum_lattice(reduced, REACH / eta, near_term, eta) +
                 4.0 * PI / volume * sum_lattice(reciprocal, 2.0 * REACH * eta, wave_term, eta) -
                 2.0 * eta / sqrt(PI) - PI / (eta * eta * volume);
    return SKD_OK;
}

skd_status skd_image_charge_energy(const double lattice[3][3], double charge, double epsilon, double *energy,
                                   skd_error *err) {
    double potential = 0.0;
    *energy = 0.0;
    if (!(epsilon > 0.0))
        return skd_fail(err, SKD_EARG, "dielectric constant %g; expected more than 0", epsilon);
    skd_status status = skd_madelung_potential(lattice, &potential, err);
    if (status == SKD_OK)
        *energy = -0.5 * charge * charge * potential / epsilon * COULOMB;
    return status;
}
