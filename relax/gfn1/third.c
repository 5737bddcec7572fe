/* SPDX-License-Identifier: MIT */
/* third.c - the third-order term G q^3/3 of an atom, and its bounded form.
 *
 * Its curvature 2 G q grows without bound on the side where it is negative. Beyond some charge (-0.4 e on silicon or
 * gallium next to an anion vacancy) it outweighs the hardness of the atom, whose shells then attract more electrons the
 * more they have: the self-consistent state is lost and the energy falls by hundreds of eV. Where that happens the
 * curvature is held at the charge where half the hardness is left (-0.2 e on silicon, -0.9 e on sulphur); energy and
 * potential stay smooth. A state in which no atom is beyond that charge is one of GFN1-xTB itself. */
#include "gfn1.h"

#define KEPT 0.5 /* of the hardness */

/* The least energy curvature x A x of the atom's shells for charges x that sum to 1: 1/(1 A^-1 1). */
static double stiffness(const gfn1_element *e) {
    double a[GFN1_SHELLS][GFN1_SHELLS], y[GFN1_SHELLS], sum = 0.0;
    const int n = e->n_shells;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            a[i][j] = 2.0 * e->gam / (1.0 / e->shells[i].hardness_scale + 1.0 / e->shells[j].hardness_scale);
        a[i][i] *= 1.0 + 1e-3; /* shells of equal hardness are one */
        y[i] = 1.0;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double f = j != i ? a[j][i] / a[i][i] : 0.0;
            for (int k = i; k < n; k++)
                a[j][k] -= f * a[i][k];
            y[j] -= f * y[i];
        }
    for (int i = 0; i < n; i++)
        sum += y[i] / a[i][i];
    return 1.0 / sum;
}

/* Atoms that anions are made of fill their p shell, and no other: its hardness counts, or a softer shell's. */
static double hardness(const gfn1_element *e) {
    double softest = INFINITY;
    bool anion = false;
    for (int k = 0; k < e->n_shells; k++) {
        softest = fmin(softest, e->gam * e->shells[k].hardness_scale);
        anion |= e->shells[k].l == 1 && e->shells[k].refocc > 2.5;
    }
    return anion ? softest : stiffness(e);
}

double gfn1_third_limit(const gfn1_element *e) {
    return e->gam3 != 0.0 ? (1.0 - KEPT) * hardness(e) / (2.0 * fabs(e->gam3)) : INFINITY;
}

gfn1_third gfn1_third_order(double g, double limit, double q) {
    if (!(g * q < -fabs(g) * limit)) /* 0 times INFINITY included */
        return (gfn1_third){g * q * q * q / 3.0, g * q * q, 2.0 * g * q};
    const double edge = g > 0.0 ? -limit : limit, d = q - edge;
    return (gfn1_third){g * edge * (edge * edge / 3.0 + edge * d + d * d), g * edge * (edge + 2.0 * d),
                        2.0 * g * edge};
}
