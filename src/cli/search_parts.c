/* SPDX-License-Identifier: MIT */
/* search_parts.c - see search_parts.h. */
#include "search_parts.h"

#include <string.h>

#include "own_starts.h"

skd_status search_check_elements(const cli_plan *plan, const skd_potential *potential, skd_error *err) {
    skd_status status = potential->type->check(potential->params, plan->bulk, err);
    for (size_t d = 0; d < plan->defects.n && status == SKD_OK; d++)
        status = potential->type->check(potential->params, plan->defects.defect[d]->cell, err);
    return status;
}

skd_status search_wants_saddles(bool *out, const cli_args *args, const skd_potential *potential, skd_error *err) {
    static const char *const word[] = {"auto", "yes", "no"};
    const char *when = cli_text(args, "saddles");
    size_t k = 0;
    while (k < 3 && strcmp(when, word[k]) != 0)
        k++;
    *out = k == 1 || (k == 0 && !potential->type->dear);
    return k < 3 ? SKD_OK : skd_fail(err, SKD_EARG, "--saddles: expected auto, yes or no; found '%s'", when);
}

void search_record_begin(run_record *r, const cli_args *args, const cli_plan *plan,
                         const skd_potential *potential, const skd_relax_options *relax, bool learns) {
    size_t used = 0;
    for (int i = 0; i < args->argc && used < sizeof r->command; i++) {
        int n = snprintf(r->command + used, sizeof r->command - used, "%s%s", i ? " " : "", args->argv[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    snprintf(r->host_file, sizeof r->host_file, "%s", plan->host_path);
    snprintf(r->potential, sizeof r->potential, "%s", potential->spec);
    snprintf(r->method, sizeof r->method, "%s%s", relax->method->name, learns ? " after a surrogate" : "");
    r->seed = plan->starts.seed;
    r->force_max = relax->force_max;
    r->force_mean = relax->force_mean;
    r->max_steps = relax->max_steps;
    r->threshold = cli_real(args, "threshold");
    r->epsilon = cli_given(args, "epsilon") ? cli_real(args, "epsilon") : 0.0;
    const skd_cell *host = plan->host->cell;
    uint64_t h = skd_hash(SKD_HASH_START, host->lattice, sizeof host->lattice);
    h = skd_hash(h, host->species, host->n * sizeof *host->species);
    r->host_checksum = skd_hash(h, host->pos, host->n * sizeof *host->pos);
}

skd_status search_job_new(skd_job **out, const cli_args *args, const cli_plan *plan, size_t k,
                          const skd_far_field *far, skd_error *err) {
    const cli_state *state = &plan->charges.state[k];
    const char *own = cli_text(args, "starts");
    *out = NULL;
    skd_status status = own ? own_starts_job(out, state->defect, state->charge, own, plan->charges.n == 1,
                                             cli_text(args, "structure-file"), err)
                            : skd_job_new(out, state->defect, state->charge, &plan->starts, err);
    return status == SKD_OK ? skd_job_hold(*out, far, err) : status;
}
