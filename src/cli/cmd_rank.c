/* SPDX-License-Identifier: MIT */
/* cmd_rank.c - prints the ranked table of a finished or running search again. */
#include <stdlib.h>

#include "cli.h"
#include "report.h"

static const cli_option options[] = {
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL}, CLI_THREADS, CLI_JSON,
    CLI_END};

static skd_status run_rank(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    report_run run;
    skd_status status = report_open(&run, args->operand[0], args, err);
    if (status == SKD_OK && cli_flag(args, "json")) {
        char *json = report_json(&run.contents, run.rankings);
        if (json)
            puts(json);
        else
            status = skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
        free(json);
    } else if (status == SKD_OK)
        report_print(stdout, &run.contents, run.rankings);
    report_close(&run);
    return status;
}

const cli_command cmd_rank = {
    .name = "rank",
    .group = "search",
    .summary = "Print the ranked families of a search again",
    .usage = "DIR",
    .text = "dE is relative to the minimum that the unperturbed start reaches; E_f, in elements, the formation energy\n"
            "with the host as reservoir. 'starts' counts those that reached the family, 'ways' the equivalent\n"
            "orientations at one site, 'new bond' the shortest bond that the unperturbed defect does not have,\n"
            "'moved' the largest displacement from the unperturbed defect, 'stop' why the relaxation ended; 'saddle':\n"
            "nudged by 0.02 Å, the structure falls to another one.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_rank,
};
