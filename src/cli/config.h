/* SPDX-License-Identifier: MIT
 * config.h - options of a verb from the nodes of a config file. */
#ifndef SKD_CLI_CONFIG_H
#define SKD_CLI_CONFIG_H

#include "cli.h"
#include "shakedown/data.h"

/** Sets the option that this child of the root means, unless it was given before. path: for messages. */
skd_status cli_config_set(cli_args *args, const char *path, const skd_config *root, const skd_config *node,
                          skd_error *err);
/** Appends a node as the text of an option: a scalar, "a,b" of a list, "k=v,l=w" of a map. */
void cli_config_text(skd_string *out, const skd_config *node);

#endif
