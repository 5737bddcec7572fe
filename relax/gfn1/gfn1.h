/* SPDX-License-Identifier: MIT
 * gfn1.h - the quantum part of GFN1-xTB: basis, two-centre integrals, core Hamiltonian, self-consistent
 * charges, forces. The parts without orbitals are in classical.h. Hartree and bohr throughout.
 *
 * Method: S. Grimme, C. Bannwarth, P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017); periodic cells at
 * the Gamma point as in the tblite library. */
#ifndef SKD_GFN1_GFN1_H
#define SKD_GFN1_GFN1_H

#include "classical.h"

/* ---- basis ----------------------------------------------------------------------------------- */

#define GFN1_GAUSSIANS 7 /* at most, of one shell: the second s of hydrogen */

typedef struct gfn1_contraction {
    int l, n;
    double exponent[GFN1_GAUSSIANS], coefficient[GFN1_GAUSSIANS];
} gfn1_contraction;

/* Two-centre integrals of one pair of shells along the bond, R = A - B = r z: sigma, pi, delta on a grid,
 * each with its first two derivatives (quintic Hermite interpolation). */
typedef struct gfn1_table {
    int la, lb, n_functions; /* min(la, lb) + 1 */
    size_t n;                /* grid points; beyond the last all functions are 0 */
    double *f;               /* [n][n_functions][3] */
} gfn1_table;

typedef struct gfn1_kind {
    int z;
    gfn1_element element;
    gfn1_contraction shell[GFN1_SHELLS];
} gfn1_kind;

typedef struct gfn1_pair { /* two kinds, first <= second */
    gfn1_table table[GFN1_SHELLS][GFN1_SHELLS];
    double radius; /* sum of the atomic radii of the distance polynomial */
    double k[GFN1_SHELLS][GFN1_SHELLS]; /* K of the core Hamiltonian */
} gfn1_pair;

/* Depends on the elements present only. */
typedef struct gfn1_basis {
    size_t n_kinds;
    gfn1_kind *kind;  /* by atomic number */
    gfn1_pair *pair;  /* [n_kinds][n_kinds]; first <= second are filled */
    double cutoff;    /* of overlaps, bohr */
} gfn1_basis;

skd_status gfn1_basis_new(gfn1_basis **out, size_t n, const int *z, gfn1_mode mode, skd_error *err) SKD_CHECKED;
void gfn1_basis_free(gfn1_basis *basis);
bool gfn1_basis_fits(const gfn1_basis *basis, size_t n, const int *z);
size_t gfn1_kind_of(const gfn1_basis *basis, int z);

/* overlap.c */
#define GFN1_BLOCK 25
skd_status gfn1_table_init(gfn1_table *t, const gfn1_contraction *a, const gfn1_contraction *b, double cutoff,
                           skd_error *err) SKD_CHECKED;
/* Overlap of two shells of one atom, of the same component. */
double gfn1_overlap_same(const gfn1_contraction *a, const gfn1_contraction *b);
bool gfn1_table_reaches(const gfn1_table *t, double r);
/* Values and derivatives at r. */
void gfn1_table_at(const gfn1_table *t, double r, double f[3], double df[3]);
/* Overlap block, (2 la + 1) rows of (2 lb + 1), for A - B = r n. */
void gfn1_block(int la, int lb, const double f[3], const double n[3], double *block);
/* Adds d(sum_mn x_mn S_mn)/dA to gradient. */
void gfn1_block_gradient(int la, int lb, const double f[3], const double df[3], const double n[3], double r,
                         const double *x, double gradient[3]);

/* ---- one geometry ---------------------------------------------------------------------------- */

/* Where shells and orbitals of a system are; its matrices, all n x n and symmetric. */
typedef struct gfn1_orbitals {
    const gfn1_system *system;
    const gfn1_basis *basis;
    size_t n, n_shells;
    size_t *kind;   /* [atoms] */
    size_t *offset; /* [n_shells + 1] first orbital of a shell */
    size_t *atom;   /* [n_shells] */
    size_t *shell;  /* [n] shell of an orbital */
    double *level;  /* [n_shells] */
    double *s, *h0;
    double *density, *weighted; /* P and the energy-weighted W */
} gfn1_orbitals;

skd_status gfn1_orbitals_init(gfn1_orbitals *o, const gfn1_system *system, const gfn1_basis *basis,
                              skd_error *err) SKD_CHECKED;
void gfn1_orbitals_free(gfn1_orbitals *o);
/* Levels from the coordination numbers, overlap and core Hamiltonian. */
skd_status gfn1_hamiltonian(gfn1_orbitals *o, const double *cn, skd_error *err) SKD_CHECKED;
/* Adds the derivatives of Tr(P H0), of the overlap in the Hamiltonian and of the orthonormality; v: shell
 * potentials of the last diagonalisation. dE/dCN_i is added to w. */
skd_status gfn1_orbital_gradient(const gfn1_orbitals *o, const double *v, double *w, gfn1_sum *sum,
                                 skd_error *err) SKD_CHECKED;

/* ---- self-consistency ------------------------------------------------------------------------ */

typedef struct gfn1_mixer gfn1_mixer;
skd_status gfn1_mixer_new(gfn1_mixer **out, size_t n, size_t history, skd_error *err) SKD_CHECKED;
void gfn1_mixer_free(gfn1_mixer *m);
/* Forgets the past. */
void gfn1_mixer_start(gfn1_mixer *m, double beta, size_t history);
/* q becomes the next guess, d its residual. */
void gfn1_mixer_next(gfn1_mixer *m, double *q, const double *d);

/* Occupations f of both spins (0..2) of the ascending orbital energies and the entropy term -TS; the Fermi
 * levels of the n_up and n_down electrons. */
void gfn1_fermi(const double *energy, size_t n, const size_t electrons[2], double kt, double *f, double *entropy,
                double level[2]);

/* Third-order term of an atom with charge q (third.c); beyond `limit`, on the side where g q is negative, its
 * curvature stays. INFINITY: nowhere. */
typedef struct gfn1_third {
    double energy, potential, slope;
} gfn1_third;
gfn1_third gfn1_third_order(double g, double limit, double q);
double gfn1_third_limit(const gfn1_element *e);

typedef struct gfn1_response gfn1_response;

typedef struct gfn1_scc {
    gfn1_mixer *mixer;
    gfn1_response *response;
    double *q, *q_in, *v, *residual; /* [n_shells] charges: out, in; potential of the last Hamiltonian; q - q_in */
    double *best, *step;             /* [n_shells] charges with the least residual; the step from there */
    double *reference;               /* [n_shells] */
    double *held;                    /* [n_shells] the charges of the bounded third order */
    double *limit;                   /* [atoms] of the third-order term, e; holds while it is bounded */
    double *coulomb;                 /* [n_shells][n_shells] */
    double *x;  /* [n_orbitals][n] columns of the orthogonal basis, X^T S X = 1 */
    double *f, *c; /* [n][n] Hamiltonian, then orbitals in the basis X; orbitals [0, expanded) in that of the atoms */
    double *energies, *occupation; /* [n_orbitals] */
    double *work;
    int *iwork, n_work, n_iwork;
    size_t n_shells, n, n_orbitals, expanded;
    bool triangular; /* X is */
    bool bounded;    /* the third-order term is */
    double length;   /* of the Newton step */
    double e_h0, e_coulomb, e_third, e_entropy, level[2];
    double residual_rms, energy_error, tolerance_energy, tolerance_rms, kt;
    size_t electrons[2];
    /* how it went: diagonalisations, linear responses, orbitals dropped because others span them (n - n_orbitals),
     * atoms beyond the limit of a bounded third-order term (0: the energy is that of GFN1-xTB), and the rung of the
     * ladder that converged */
    size_t cycles, responses, dropped, beyond;
    const char *way;
} gfn1_scc;

skd_status gfn1_scc_init(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) SKD_CHECKED;
void gfn1_scc_free(gfn1_scc *scc);
/* The third-order term of atom i in the present form, and the charge of atom i that shell charges q make. */
gfn1_third gfn1_scc_third(const gfn1_scc *scc, const gfn1_system *system, size_t i, double charge);
double gfn1_atom_charge(const gfn1_system *system, size_t i, const double *q);
/* cycle.c: X of the overlap; from the charges q_in to charges q, energies and density, with electrons at kt; orbitals
 * up to `end` in the basis of the atoms; the energy-weighted density of the last cycle. */
skd_status gfn1_orthogonalise(gfn1_scc *scc, const gfn1_orbitals *o, skd_error *err) SKD_CHECKED;
skd_status gfn1_cycle(gfn1_scc *scc, gfn1_orbitals *o, double kt, skd_error *err) SKD_CHECKED;
void gfn1_expand(gfn1_scc *scc, size_t end);
void gfn1_energy_weighted(gfn1_scc *scc, gfn1_orbitals *o);
/* From scc->q_in if warm, else from neutral atoms; leaves P, W, charges. SKD_ENUMERIC: did not converge. */
skd_status gfn1_scc_run(gfn1_scc *scc, gfn1_orbitals *o, double charge, bool warm, skd_error *err) SKD_CHECKED;

/* Charges of the last geometries of a path (history.c). */
typedef struct gfn1_history gfn1_history;
skd_status gfn1_history_new(gfn1_history **out, size_t n, size_t n_shells, skd_error *err) SKD_CHECKED;
void gfn1_history_free(gfn1_history *h);
void gfn1_history_clear(gfn1_history *h);
void gfn1_history_add(gfn1_history *h, const double (*x)[3], const double (*lattice)[3], const double *q);
/* Extrapolated charges of another geometry; false: none is known. */
bool gfn1_history_guess(gfn1_history *h, const double (*x)[3], const double (*lattice)[3], double *q);

/* ---- all of it ------------------------------------------------------------------------------- */

typedef struct gfn1_energies {
    double total, repulsion, dispersion, halogen, h0, coulomb, third, entropy;
} gfn1_energies;

typedef struct gfn1_state { /* of one thread */
    gfn1_mode mode;
    double kt, accuracy;
    bool warm;    /* the next geometry may start from what the last ones left */
    double force; /* largest of the last geometry */
    gfn1_history *history;
    gfn1_basis *basis;
    gfn1_system system;
    gfn1_cells cells[4]; /* coordination, repulsion, halogen, dispersion */
    gfn1_coulomb *coulomb;
    gfn1_orbitals orbitals;
    gfn1_scc scc;
    gfn1_energies energies;
    gfn1_sum sum;
    double *cn, *w;
    double charge;
    int *z;
} gfn1_state;

/* Energy, gradient and virial into state->energies and state->sum. x in bohr; lattice NULL: a molecule. */
skd_status gfn1_evaluate(gfn1_state *state, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                         double charge, skd_error *err) SKD_CHECKED;
void gfn1_state_free(gfn1_state *state); /* its contents */
/* What its last geometry's electrons do, in eV (electronic.c). */
struct skd_electronic;
skd_status gfn1_electronic(gfn1_state *state, struct skd_electronic **out, skd_error *err) SKD_CHECKED;

#endif
