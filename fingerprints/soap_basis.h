/* SPDX-License-Identifier: MIT */
/* soap_basis.h - radial part of the SOAP expansion, tabulated. Private to fingerprints/. */
#ifndef SKD_SOAP_BASIS_H
#define SKD_SOAP_BASIS_H

#include "shakedown/base.h"

#define SKD_SOAP_LANES 4 /* radial functions are padded to a multiple of this with zeros */

/** I_nl(R): overlap of the n-th orthonormal radial function with a unit Gaussian at distance R from the
 *  centre, for all n and l, on equidistant R with two derivatives for quintic Hermite interpolation. */
typedef struct skd_soap_basis {
    int n_max, l_max;
    size_t stride; /**< n_max rounded up to SKD_SOAP_LANES                                        */
    size_t row;    /**< (l_max + 1) * stride                                                      */
    size_t n_nodes;
    double step;   /**< Å between nodes                                                           */
    double *node;  /**< [n_nodes][3][l_max+1][stride]: I, step dI/dR, step^2 d2I/dR2              */
} skd_soap_basis;

/** Table for 0 <= R <= reach. sigma: width of the Gaussian, Å. SKD_EARG if the primitives are so nearly
 *  dependent that they cannot be made orthonormal. */
skd_status skd_soap_basis_new(skd_soap_basis **out, double r_cut, int n_max, int l_max, double sigma, double reach,
                              skd_error *err) SKD_CHECKED;
void skd_soap_basis_free(skd_soap_basis *basis);

/** Where R falls: *first is the table's first row for it, weight[6] multiply six consecutive rows. */
static inline const double *skd_soap_basis_at(const skd_soap_basis *basis, double r, double weight[6]) {
    double x = r / basis->step;
    size_t i = (size_t)x;
    double t = x - (double)i, t2 = t * t, t3 = t2 * t;
    weight[0] = 1.0 - t3 * (10.0 - t * (15.0 - 6.0 * t));
    weight[1] = t - t3 * (6.0 - t * (8.0 - 3.0 * t));
    weight[2] = 0.5 * t2 - t3 * (1.5 - t * (1.5 - 0.5 * t));
    weight[3] = t3 * (10.0 - t * (15.0 - 6.0 * t));
    weight[4] = -t3 * (4.0 - t * (7.0 - 3.0 * t));
    weight[5] = t3 * (0.5 - t * (1.0 - 0.5 * t));
    return basis->node + 3 * basis->row * i;
}

#endif
