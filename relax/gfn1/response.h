/* SPDX-License-Identifier: MIT
 * response.h - how the charges that come out of a diagonalisation follow those that went in, to first order. */
#ifndef SKD_GFN1_RESPONSE_H
#define SKD_GFN1_RESPONSE_H

#include "gfn1.h"

/* Scratch for one size of matrices; the orbitals of the last gfn1_response_set. */
struct gfn1_response {
    size_t n, n_orbitals, n_shells, occupied, first_empty; /* orbitals [0, occupied) and [first_empty, n) may mix */
    float *c, *t;    /* [n][n] orbitals, and overlap times orbitals */
    float *weight;   /* [n - first_empty][occupied] (f_i - f_a)/(e_i - e_a) */
    float *work;     /* scratch of 3 n^2 */
    double *slope;   /* [2][n] df/de of the spins */
    double *basis, *hessenberg, *field; /* of the linear solver */
};

skd_status gfn1_response_new(gfn1_response **out, size_t n, size_t n_shells, skd_error *err) SKD_CHECKED;
void gfn1_response_free(gfn1_response *r);

/* Takes the orbitals, occupations and levels that scc holds; kt: of the occupations. */
void gfn1_response_set(gfn1_response *r, const gfn1_scc *scc, const gfn1_orbitals *o, double kt);

/* The Newton step: solves (1 - chi A) step = residual, where chi is the response of the charges to shell potentials,
 * until 3 % of the residual are left. Returns the number of responses computed. */
size_t gfn1_response_step(gfn1_response *r, const gfn1_scc *scc, const gfn1_orbitals *o, double *step);

#endif
