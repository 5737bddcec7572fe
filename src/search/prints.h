/* SPDX-License-Identifier: MIT
 * prints.h - fingerprints of several structures of one defect, made in parallel.
 */
#ifndef SKD_SEARCH_PRINTS_H
#define SKD_SEARCH_PRINTS_H

#include "shakedown/search.h"

/* A structure that is compared with others; the cell is borrowed. */
typedef struct print_item {
    const skd_cell *cell;
    double energy; /* eV; NAN where it does not matter */
} print_item;

typedef struct prints {
    skd_fingerprint *fingerprint; /* [n] */
    size_t n;
} prints;

skd_status prints_make(prints *out, const skd_defect *defect, const print_item *item, size_t n,
                       const skd_soap_options *options, int threads, skd_error *err) SKD_CHECKED;
void prints_free(prints *p);

#endif
