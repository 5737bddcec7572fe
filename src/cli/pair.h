/* SPDX-License-Identifier: MIT
 * pair.h - defects given as files: one structure, or a folder of them, beside the perfect supercell.
 */
#ifndef SKD_PAIR_H
#define SKD_PAIR_H

#include "cli.h"
#include "shakedown/distortions.h"

/* Rows of the option table. */
#define PAIR_OPTIONS                                                                                                   \
    {"bulk", 'b', CLI_TEXT, "FILE", NULL, "the perfect supercell of the structures given by --defect", 0, 0, NULL},    \
        {"structure-file", 0, CLI_TEXT, "NAME", "POSCAR", "with a folder of folders: the file to read in each", 0, 0,  \
         NULL},                                                                                                        \
        {"defect-index", 0, CLI_TEXT, "N", NULL,                                                                       \
         "with --bulk: the added atom in the defect's file or the removed one in the bulk's, counted from 0, from "    \
         "-1 backwards; default: found. In a folder: NAME=N;NAME=N",                                                   \
         0, 0, NULL},                                                                                                  \
        {"defect-coords", 0, CLI_TEXT, "X,Y,Z", NULL, "or its fractional coordinates", 0, 0, NULL},                    \
        {"name", 0, CLI_TEXT, "NAME", NULL,                                                                            \
         "with --bulk: the defect's name, instead of doped's (of a folder's files: their own)", 0, 0, NULL}

/** The defects by which the structures of --defect (a file, or a folder of files or of folders) differ from
 *  the bulk of --bulk. */
skd_status cli_pair_defects(skd_defect_list *out, const skd_cell *bulk, const cli_args *args,
                            const skd_defect_options *options, skd_error *err);
/** Refuses the options that mean nothing without --bulk. */
skd_status cli_pair_refuse(const cli_args *args, skd_error *err);

#endif
