/* SPDX-License-Identifier: MIT
 * plan_sites.h - --site: the atoms of the host whose sites get defects. */
#ifndef SKD_PLAN_SITES_H
#define SKD_PLAN_SITES_H

#include "cli.h"
#include "shakedown/distortions.h"

/** Atoms of the host file and of its primitive cell; arrays owned. */
typedef struct cli_sites {
    size_t n;
    size_t *atom;   /**< [n] index into the primitive cell            */
    size_t *number; /**< [n] in the host's file, from 1, for names    */
} cli_sites;

#define SITES_OPTION                                                                                                   \
    {"site", 0, CLI_TEXT, "ATOMS", NULL,                                                                               \
     "only on the sites of these atoms of the HOST file, counted from 1, e.g. 3,17 ('shakedown sites' chooses "       \
     "some); names end in _s3",                                                                                        \
     0, 0, NULL}

/** Reads --site; none given: n = 0. Of atoms that are equivalent in the host, the first is kept. */
skd_status cli_sites_read(cli_sites *out, const cli_args *args, const skd_cell *host, const skd_symmetry *symmetry,
                          const skd_cell *primitive, skd_error *err);
void cli_sites_free(cli_sites *sites);
/** Every site must have got a defect. */
skd_status cli_sites_check(const cli_sites *sites, const skd_cell *primitive, const skd_defect_list *list,
                           skd_error *err);

#endif
