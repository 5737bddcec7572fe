/* SPDX-License-Identifier: MIT
 * coulomb.h - what the three forms of the shell-shell Coulomb matrix share: kinds of shells, reciprocal vectors. */
#ifndef SKD_GFN1_COULOMB_H
#define SKD_GFN1_COULOMB_H

#include "classical.h"

#define GFN1_SPLIT   5.8 /* both Ewald sums end where erfc(x), exp(-x^2) have this x: 1e-15 */
#define GFN1_LANES   4   /* reciprocal vectors come in fours, the last padded with weight 0 */
#define GFN1_ERFC_N  (128 * 7)
#define GFN1_EULER   0.57721566490153286061

struct gfn1_coulomb {
    double alpha; /* splitting */
    size_t n_kinds;
    double *length; /* a = 1/hardness of each kind of shell */
    size_t *kind;   /* of each shell */
    /* half of the reciprocal vectors */
    size_t n_g;
    double (*g)[3];
    double *w, *dw;   /* converged: [kind][kind][n_g], 2/V W(G) and the factor of G (x) G in its strain */
    double *constant; /* converged: [kind][kind], C/V */
    double *w1, *w3, *dw1, *dw3; /* library: the same of 1/r and 1/r^3 */
    double constant1, constant3;
    gfn1_cells near, block; /* real-space sum; block of cells of the library */
    double (*erfc)[2];      /* erfc and -2/sqrt(pi) exp(-x^2) at x = k/128 */
};

/* cos and sin of G x of every atom, [2][n][n_g], and a row to work in; the caller's. */
double *gfn1_waves(const gfn1_coulomb *c, const gfn1_system *s);

skd_status gfn1_converged_weights(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) SKD_CHECKED;
void gfn1_converged_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *waves, double *a);
skd_status gfn1_converged_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q,
                                   gfn1_sum *sum, skd_error *err) SKD_CHECKED;

skd_status gfn1_library_weights(gfn1_coulomb *c, const gfn1_system *s, skd_error *err) SKD_CHECKED;
void gfn1_library_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *waves, double *a);
void gfn1_library_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *waves, const double *q,
                           gfn1_sum *sum);

#endif
