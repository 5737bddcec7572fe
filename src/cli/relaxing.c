/* SPDX-License-Identifier: MIT */
/* relaxing.c - method and stop rules of `search` and `relax`. */
#include "relaxing.h"

/* A rule that the user gives takes the place of the potential's, so that it is the one that decides. */
static void read_rules(skd_relax_options *out, const cli_args *args) {
    double mean = cli_real(args, "force-mean"), most = cli_real(args, "force-max");
    if (mean > 0.0)
        out->force_max = 0.0;
    if (most > 0.0)
        out->force_mean = 0.0;
    if (cli_given(args, "force-mean"))
        out->force_mean = mean;
    if (cli_given(args, "force-max"))
        out->force_max = most;
}

skd_status relaxing_options(skd_relax_options *out, const skd_potential *potential, const cli_args *args,
                            skd_error *err) {
    *out = skd_relax_options_for(potential);
    if (cli_given(args, "method"))
        out->method = skd_minimiser_named(cli_text(args, "method"));
    if (!out->method)
        return skd_fail(err, SKD_EARG, "--method: expected fire, fire2 or lbfgs; found '%s'", cli_text(args, "method"));
    read_rules(out, args);
    out->max_steps = (size_t)cli_int(args, "max-steps");
    return SKD_OK;
}
