/* SPDX-License-Identifier: MIT
 * classical.h - the parts of GFN1-xTB that need no orbitals: parameters, coordination numbers, repulsion,
 * D3(BJ) dispersion, halogen bonds, and the Coulomb matrix of the shells. Hartree and bohr throughout.
 *
 * Every term adds to a gfn1_sum: energy, gradient (n rows; NULL: energy only) and virial dE/d(strain).
 */
#ifndef SKD_GFN1_CLASSICAL_H
#define SKD_GFN1_CLASSICAL_H

#include "shakedown/base.h"

#define GFN1_Z_MAX      86
#define GFN1_SHELLS     3           /* at most, of one atom */
#define GFN1_REFERENCES 5           /* of D3, at most, of one element */
#define GFN1_EV         27.21138505 /* Ha in eV; this old number belongs to the parameters */
#define GFN1_BOHR       0.52917721090 /* in Å */
#define GFN1_KB         3.166808578545117e-06 /* Ha/K */
#define GFN1_PI         3.14159265358979323846

typedef struct gfn1_shell {
    int l, n, gaussians;
    bool valence; /* false: the diffuse s of hydrogen */
    double zeta, level, kcn, shpoly, refocc, hardness_scale;
} gfn1_shell;

typedef struct gfn1_element {
    const char *symbol;
    double gam, gam3, rep_alpha, rep_zeff, xbond, en, rcov, ratom, r4_over_r2; /* radii in bohr */
    const gfn1_shell *shells;
    int n_shells;
    const double *reference_cn; /* of the D3 reference systems */
    int n_references, reference;
} gfn1_element;

/* Parameters of the element z, 1..86; SKD_EARG names what was found otherwise. */
skd_status gfn1_element_of(int z, gfn1_element *out, skd_error *err) SKD_CHECKED;
/* Gaussians of the Slater function n, l of exponent 1 (3.2); returns their number, 0 if there is none. */
int gfn1_slater(int n, int l, int gaussians, double exponent[6], double coefficient[6]);
/* C6 of two D3 reference systems. */
double gfn1_c6(int reference_a, int reference_b);

/* ---- the system ------------------------------------------------------------------------------ */

/* Cutoffs and copies as the tblite library has them, for comparison with it; or converged, which is smooth
 * and does not change when an atom is moved by a lattice vector. */
typedef enum gfn1_mode { GFN1_CONVERGED, GFN1_LIBRARY } gfn1_mode;

typedef struct gfn1_system {
    size_t n;
    const int *z;
    double (*x)[3]; /* bohr; wrapped into the cell */
    bool periodic;
    gfn1_mode mode;
    double lattice[3][3], reciprocal[3][3], volume; /* reciprocal: rows, 2 pi included */
    gfn1_element *element; /* [n] */
    size_t n_shells, *first; /* shells of atom i: first[i]..first[i+1]-1 */
} gfn1_system;

/* lattice NULL: a molecule. z is borrowed. */
skd_status gfn1_system_init(gfn1_system *s, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                            gfn1_mode mode, skd_error *err) SKD_CHECKED;
/* Moves the atoms; lattice as before. */
void gfn1_system_move(gfn1_system *s, const double (*x)[3]);
void gfn1_system_free(gfn1_system *s);

typedef struct gfn1_sum {
    double energy;
    double (*gradient)[3];
    double virial[3][3];
} gfn1_sum;

/* ---- lattice sums ---------------------------------------------------------------------------- */

/* Translations of all cells that can hold a neighbour nearer than cutoff, sorted by length. */
typedef struct gfn1_cells {
    double cutoff;
    size_t n;
    double *t[3], *length;
} gfn1_cells;

skd_status gfn1_cells_init(gfn1_cells *c, const gfn1_system *s, double cutoff, skd_error *err) SKD_CHECKED;
void gfn1_cells_free(gfn1_cells *c);

/* The images of one pair: vectors R = x_i - x_j - T with 0 < |R| <= cutoff, at most GFN1_IMAGES at a time. */
#define GFN1_IMAGES 512
typedef struct gfn1_images {
    size_t n;
    double x[GFN1_IMAGES], y[GFN1_IMAGES], z[GFN1_IMAGES], r2[GFN1_IMAGES];
} gfn1_images;

/* Fills out from translation *next on and advances *next; false when there is nothing left. Start at 0. */
bool gfn1_images_of(const gfn1_cells *c, const double d[3], size_t *next, gfn1_images *out);

/* ---- the terms ------------------------------------------------------------------------------- */

skd_status gfn1_coordination(const gfn1_system *s, const gfn1_cells *c, double *cn, skd_error *err) SKD_CHECKED;
/* Adds the derivatives that follow from w_i = dE/dCN_i. */
void gfn1_coordination_chain(const gfn1_system *s, const gfn1_cells *c, const double *w, gfn1_sum *sum);
void gfn1_repulsion(const gfn1_system *s, const gfn1_cells *c, gfn1_sum *sum);
/* Adds dE/dCN_i to w as well (only if sum->gradient). */
skd_status gfn1_dispersion(const gfn1_system *s, const gfn1_cells *c, const double *cn, double *w, gfn1_sum *sum,
                           skd_error *err) SKD_CHECKED;
void gfn1_halogen(const gfn1_system *s, const gfn1_cells *c, gfn1_sum *sum);

#define GFN1_CN_CUTOFF         25.0
#define GFN1_REPULSION_CUTOFF  25.0
#define GFN1_HALOGEN_CUTOFF    20.0
#define GFN1_DISPERSION_CUTOFF 50.0

/* ---- Coulomb --------------------------------------------------------------------------------- */

/* All that depends on the cell and on the elements in their order, but not on the positions: to be kept while a
 * structure is relaxed in its cell (making it takes as long as using it). */
typedef struct gfn1_coulomb gfn1_coulomb;

skd_status gfn1_coulomb_new(gfn1_coulomb **out, const gfn1_system *s, skd_error *err) SKD_CHECKED;
void gfn1_coulomb_free(gfn1_coulomb *c);
/* The shell-shell matrix A, n_shells x n_shells, symmetric, full; neutralising background included. */
skd_status gfn1_coulomb_matrix(const gfn1_coulomb *c, const gfn1_system *s, double *a, skd_error *err) SKD_CHECKED;
/* Adds gradient and virial (not the energy) of q A q / 2. */
skd_status gfn1_coulomb_gradient(const gfn1_coulomb *c, const gfn1_system *s, const double *q, gfn1_sum *sum,
                                 skd_error *err) SKD_CHECKED;

#endif
