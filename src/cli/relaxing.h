/* SPDX-License-Identifier: MIT
 * relaxing.h - how `search` and `relax` are told by which potential, with which method and how far to relax.
 */
#ifndef SKD_RELAXING_H
#define SKD_RELAXING_H

#include "cli.h"
#include "shakedown/relax.h"

/* Rows of the option table. */
#define RELAXING_POTENTIAL(GROUP) {"potential", 'p', CLI_TEXT, "NAME", "gfn1", CLI_POTENTIALS, 0, 0, GROUP}
#define RELAXING_METHOD(GROUP)                                                                                       \
    {"method", 'm', CLI_TEXT, "NAME", NULL, "fire, fire2 or lbfgs; default: lbfgs with gfn1, else fire", 0, 0, GROUP}
#define RELAXING_RULES                                                                                               \
    {"force-mean", 0, CLI_REAL, "eV/Å", NULL,                                                                        \
     "stop when the mean force is below; 0: do not test; default: 1e-5, with gfn1 0", 0, 10, NULL},                  \
        {"force-max", 0, CLI_REAL, "eV/Å", NULL,                                                                     \
         "stop when the largest force is below; 0: do not test; default: 0, with gfn1 0.02. Where one of the two "   \
         "is given, the default of the other does not count",                                                        \
         0, 10, NULL}

/** Method and stop rules: the potential's own unless the command line says otherwise. */
skd_status relaxing_options(skd_relax_options *out, const skd_potential *potential, const cli_args *args,
                            skd_error *err);

#endif
