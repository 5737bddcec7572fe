/* SPDX-License-Identifier: MIT */
/* cmd_parse.c - collects the final energies of a ShakeNBreak tree: what snb-parse does. */
#include "snb_notes.h"
#include "snb_tree.h"

static const cli_option options[] = {SNB_OPTIONS, CLI_END};

static skd_status run_parse(const cli_args *args, int *exit_code, skd_error *err) {
    snb_tree tree;
    const snb_code *code;
    bool verbose = cli_flag(args, "verbose");
    skd_status status = snb_open(&tree, &code, args, true, err);
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++) {
        status = snb_species_write(&tree.species[i], verbose, err);
        if (status == SKD_OK && snb_notes_print(stdout, &tree.species[i], 0.05, verbose))
            *exit_code = CLI_NOT_CONVERGED;
    }
    snb_tree_free(&tree);
    return status;
}

const cli_command cmd_parse = {
    .name = "parse",
    .group = "ShakeNBreak",
    .summary = "Collect the energies of a ShakeNBreak tree",
    .usage = "[DIR] [--defect NAME]",
    .text = "Run in the folder that holds those of the defects, or in one of these. Writes DEFECT/DEFECT.yaml as\n"
            "snb-parse does; an earlier one that differs is kept under a name with the time. Energies of runs whose\n"
            "outputs are gone are taken from it. Ends with 3 if a relaxation did not converge.",
    .options = options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_parse,
};
