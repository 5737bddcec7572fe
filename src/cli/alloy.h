/* SPDX-License-Identifier: MIT
 * alloy.h - the texts of the verb `alloy` made into numbers. */
#ifndef SKD_CLI_ALLOY_H
#define SKD_CLI_ALLOY_H

#include "cli.h"
#include "shakedown/alloy.h"
#include "shakedown/data.h"

enum { CLI_RULES_MAX = 16 };

/** "Te:Se=0.3,Cd:Zn=0.1"; without "=": NAN if `any`, else refused. */
skd_status cli_substitutions(const char *text, bool any, skd_substitution rule[CLI_RULES_MAX], size_t *n,
                             skd_error *err);
/** "2x2x2", "2,2,2", "2". */
skd_status cli_size(const char *text, int matrix[3][3], skd_error *err);
/** Which atoms lie in the slab "c=0..0.5" (fractions of an edge; NULL: all) and in the block of edge `domain` (Å; 0:
 *  all) around the middle of the cell. *inside [cell->n] is the caller's; NULL if all do. */
skd_status cli_region(const skd_cell *cell, const char *layers, double domain, bool **inside, skd_error *err);
/** "Te=6.48,Se=6.05": by how much Vegard's law scales the host; every element of a sublattice that is mixed must be
 *  listed. */
skd_status cli_vegard(const char *text, const skd_alloy *alloy, double *scale, skd_error *err);
/** The cells that the verb's command line asks for; the caller's, also after a failure. */
skd_status cli_alloy_make(skd_frames *out, const cli_args *args, skd_error *err);

#endif
