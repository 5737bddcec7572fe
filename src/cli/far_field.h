/* SPDX-License-Identifier: MIT
 * far_field.h - the option --far-field, and the words for it and for how the host fares.
 */
#ifndef SKD_CLI_FAR_FIELD_H
#define SKD_CLI_FAR_FIELD_H

#include "cli.h"
#include "shakedown/search.h"

/** "auto", "free", "frozen:6" or "tethered:6". */
skd_status cli_far_field_read(skd_far_field *out, const char *text, skd_error *err);
const char *cli_far_mode_name(skd_far_mode mode);  /**< "free", ... */
skd_far_mode cli_far_mode_named(const char *name); /**< free if unknown */
/** tether[n] of one structure, the caller's; NULL for a free far field. `around` is the number of an atom or three
 *  fractions of the cell. */
skd_status cli_far_field_around(double **tether, const skd_far_field *far, const skd_cell *cell, const char *around,
                                skd_error *err);
/** "free", "frozen beyond 6 Å", "tethered beyond 6 Å"; returns out. */
char *cli_far_field_text(const skd_far_field *far, char *out, size_t size);
/** "the host returns: rms 0.03 Å, ..." or how far it drifts; returns out. */
char *cli_host_text(const skd_host_state *host, char *out, size_t size);
/** "supercell 13.02 13.02 13.02 Å instead of 12.96 12.96 12.96, volume +1.4 %"; returns out. */
char *cli_host_lattices(const skd_cell *given, const skd_cell *relaxed, char *out, size_t size);

#endif
