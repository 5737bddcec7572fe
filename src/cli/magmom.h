/* SPDX-License-Identifier: MIT
 * magmom.h - the magnetisation that an output ends with.
 */
#ifndef SKD_CLI_MAGMOM_H
#define SKD_CLI_MAGMOM_H

#include "cli.h"

/** µB, of the last whole step of FOLDER/NAME or NAME.gz; NAN where there is no such file, where it cannot be read, or
 *  where it does not say. Only out of memory is an error. */
skd_status magmom_of_output(double *out, const char *folder, const char *name, skd_error *err) SKD_CHECKED;

#endif
