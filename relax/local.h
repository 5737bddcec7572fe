/* SPDX-License-Identifier: MIT */
/* local.h - potentials that are sums of site energies, E = sum_i E_i({d_ij : r_ij < cutoff}).
 *
 * Such a potential is one function: from the bond vectors of a site to its energy and the derivative
 * with respect to each bond. Forces, stress, per-atom energies and neighbour lists follow and are the
 * same for all: with t_ij = dE_i/dd_ij,
 *     F_i += t_ij,   F_j -= t_ij,   V stress += d_ij (x) t_ij. */
#ifndef SKD_LOCAL_H
#define SKD_LOCAL_H

#include "shakedown/relax.h"

/** The surroundings of one atom. */
typedef struct skd_site {
    int z;                    /**< its atomic number                        */
    size_t n;                 /**< bonds                                    */
    const int *z_of;          /**< [n] atomic number at the other end       */
    const double (*d)[3];     /**< [n] bond vectors, Å                      */
    const double *r;          /**< [n] their lengths, Å, below the cutoff   */
    double (*grad)[3];        /**< [n] out: dE_site/dd, eV/Å                */
    double (*scratch)[6];     /**< [n] the potential's, any use             */
} skd_site;

/** Energy of the site in eV; writes all of site->grad. */
typedef double (*skd_site_fn)(const void *params, const skd_site *site);

skd_status skd_local_work_new(const void *params, void **work, skd_error *err) SKD_CHECKED;
void skd_local_work_free(void *work);
skd_status skd_local_compute(skd_site_fn site_energy, const void *params, double cutoff, const skd_cell *cell, int want,
                             void *work, skd_result *out, skd_error *err) SKD_CHECKED;

/** For skd_potential_type.check of potentials for all elements. */
skd_status skd_local_check_any(const void *params, const skd_cell *cell, skd_error *err) SKD_CHECKED;

/** Multiplies a pair energy v(r) and its derivative dv by a switch from 1 at r_on to 0 at r_off whose
 *  first and second derivatives vanish at both ends: 1 - 10x^3 + 15x^4 - 6x^5. */
static inline void skd_switch(double r, double r_on, double r_off, double *v, double *dv) {
    if (r <= r_on)
        return;
    double width = r_off - r_on, x = (r - r_on) / width, y = 1.0 - x;
    double s = y * y * y * (1.0 + x * (3.0 + 6.0 * x)), ds = -30.0 * x * x * y * y / width;
    *dv = *dv * s + *v * ds;
    *v *= s;
}

#endif
