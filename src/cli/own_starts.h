/* SPDX-License-Identifier: MIT
 * own_starts.h - starts that the user has already, e.g. ShakeNBreak's folders, instead of those that we make.
 */
#ifndef SKD_OWN_STARTS_H
#define SKD_OWN_STARTS_H

#include "cli.h"
#include "shakedown/search.h"

/* Row of the option table. */
#define OWN_STARTS_OPTION                                                                                            \
    {"starts", 0, CLI_TEXT, "DIR", NULL,                                                                             \
     "starts from DIR/<defect>_<+q>/<name>/POSCAR, or of one defect state from DIR/<name>/POSCAR, instead of made "   \
     "ones; atoms of each element in the order of the defect's cell",                                                \
     0, 0, NULL}

/** A job of the structures below root, by name; Unperturbed comes first. file: "POSCAR". single: they may lie in root
 *  itself. SKD_EARG naming the file whose atoms or cell are not the defect's. */
skd_status own_starts_job(skd_job **out, const skd_defect *defect, int charge, const char *root, bool single,
                          const char *file, skd_error *err) SKD_CHECKED;

#endif
