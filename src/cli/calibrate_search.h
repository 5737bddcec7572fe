/* SPDX-License-Identifier: MIT
 * calibrate_search.h - a search that makes its level fit its host first (--calibrate). */
#ifndef SKD_CALIBRATE_SEARCH_H
#define SKD_CALIBRATE_SEARCH_H

#include "cli.h"
#include "shakedown/relax.h"

/* Row of the option table. */
#define CALIBRATE_OPTION                                                                                             \
    {"calibrate", 0, CLI_TEXT, "SPEC", NULL,                                                                         \
     "label some cells of the perfect host at this level (cp2k, socket, ...; or FILE of such labels) and add what "  \
     "the potential lacks of it; kept in DIR/host.calibration.gz",                                                   \
     0, 0, NULL}

/** With --calibrate: *potential, owned, becomes the sum with the calibration in FOLDER/host.calibration.gz, which is
 *  made if it is not there or of another host or level. */
skd_status calibrate_search(skd_potential **potential, const cli_args *args, const skd_cell *bulk, const char *folder,
                            skd_error *err);

#endif
