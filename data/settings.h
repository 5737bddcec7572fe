/* SPDX-License-Identifier: MIT
 * settings.h - laying a user's settings over a code's input, in the code's own syntax.
 */
#ifndef SKD_SETTINGS_H
#define SKD_SETTINGS_H

#include "shakedown/data.h"

/** `base` with every setting of `over` in it: the line of the same key in the same section is replaced,
 *  otherwise the line is added at the section's end. Comments and blank lines of `over` are dropped.
 *  SKD_EFORMAT naming file and line where `over` has what is no setting, or a section that base lacks. */
skd_status settings_merge(skd_string *out, skd_span base, const char *over_name, skd_span over, const skd_code *code,
                          skd_error *err);

#endif
