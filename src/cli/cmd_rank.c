/* SPDX-License-Identifier: MIT */
/* cmd_rank.c - prints the ranked table of a finished or running search again. */
#include <stdlib.h>

#include "cli.h"
#include "confidence.h"

static const cli_option options[] = {
    {"why", 0, CLI_FLAG, NULL, NULL, "why each is ranked where it is, and how sure that is", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_JSON,
    CLI_END};

static skd_status print_why(const report_run *run, skd_error *err) {
    confidence c;
    skd_status status = confidence_make(&c, &run->contents, run->rankings, false, err);
    for (size_t j = 0; j < run->contents.n_jobs && status == SKD_OK; j++)
        if (run->rankings[j].n > 0) {
            putchar('\n');
            confidence_print(stdout, &c, &run->contents, &run->rankings[j], j);
        }
    char *text = status == SKD_OK ? confidence_text(&c) : NULL;
    if (status == SKD_OK && !text)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a text");
    else if (status == SKD_OK && *text)
        printf("\n%s\n", text);
    else if (status == SKD_OK)
        printf("\nErrors of %s are not calibrated: no probabilities.\n", run->contents.record.potential);
    skd_free(text);
    confidence_free(&c);
    return status;
}

static skd_status run_rank(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    report_run run;
    skd_status status = report_open_with(&run, args->operand[0], args, cli_flag(args, "why"), err);
    if (status == SKD_OK && cli_flag(args, "json")) {
        char *json = report_json(&run.contents, run.rankings);
        if (json)
            puts(json);
        else
            status = skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
        free(json);
    } else if (status == SKD_OK)
        report_print(stdout, &run.contents, run.rankings);
    if (status == SKD_OK && cli_flag(args, "why") && !cli_flag(args, "json"))
        status = print_why(&run, err);
    report_close(&run);
    return status;
}

const cli_command cmd_rank = {
    .name = "rank",
    .group = "search",
    .summary = "Print the ranked families of a search again",
    .usage = "DIR [--why]",
    .text = "dE is relative to the minimum that the unperturbed start reaches; E_f, in elements, the formation energy\n"
            "with the host as reservoir. 'starts' counts those that reached the family, 'ways' the equivalent\n"
            "orientations at one site, 'new bond' the shortest bond that the unperturbed defect does not have,\n"
            "'moved' the largest displacement from the unperturbed defect, 'stop' why the relaxation ended; 'saddle':\n"
            "nudged by 0.02 Å, the structure falls to another one.\n"
            "--why: P, the probability to be the lowest by DFT, and errors of energies, from a calibration of\n"
            "GFN1-xTB against published DFT (data/tables/gfn1_errors.tsv).",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_rank,
};
