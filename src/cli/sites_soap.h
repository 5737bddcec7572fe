/* SPDX-License-Identifier: MIT
 * sites_soap.h - SOAP spectra of sites: splitting classes by them, and choosing the most different. */
#ifndef SKD_CLI_SITES_SOAP_H
#define SKD_CLI_SITES_SOAP_H

#include "shakedown/alloy.h"
#include "shakedown/fingerprints.h"

/** Spectra (r_cut in Å) of all candidates: *out is [e->n][*size], the caller's. */
skd_status cli_sites_spectra(double **out, size_t *size, const skd_cell *cell, const skd_environments *e, double r_cut,
                             int threads, skd_error *err);
/** Splits each class into families whose mean cosine distance is above the threshold. */
skd_status cli_sites_split(skd_environments *e, const double *spectrum, size_t size, double threshold, skd_error *err);
/** Farthest-point choice of n classes, the most frequent first: each next one has the largest distance from its nearest
 *  chosen one. chosen [n] receives class numbers, distance [n] that distance (the first: 0). */
skd_status cli_sites_choose(const skd_environments *e, const double *spectrum, size_t size, size_t n, size_t *chosen,
                            double *distance, skd_error *err);
/** The element whose sites a defect takes: Cd of "v_Cd" and of "Te_Cd". */
skd_status cli_site_element(const char *name, int *species, skd_error *err);

#endif
