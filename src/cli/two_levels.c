/* SPDX-License-Identifier: MIT */
/* two_levels.c - see two_levels.h. */
#include "two_levels.h"

#include <math.h>
#include <string.h>

#include "far_field.h"
#include "models.h"

enum { MOST_FAMILIES = 8 }; /* of the prior level that are labelled first */

skd_status two_levels_read(two_levels *levels, const cli_args *args, skd_error *err) {
    const char *prior = cli_text(args, "prior");
    levels->teacher = cli_text(args, "teacher");
    if (!levels->teacher && (cli_given(args, "prior") || cli_given(args, "confirm")))
        return skd_fail(err, SKD_EARG, "--prior and --confirm belong to --teacher NAME");
    if (!levels->teacher)
        return SKD_OK;
    if (strcmp(cli_text(args, "host"), "given") != 0)
        return skd_fail(err, SKD_EARG, "--teacher: the host is taken as given; relax it at the teacher's level before");
    levels->confirm_force = cli_real(args, "confirm");
    snprintf(levels->folder, sizeof levels->folder, "%s/prior", cli_text(args, "output"));
    return strcmp(prior, "none") == 0 ? SKD_OK : cli_potential_new(&levels->prior, prior, err);
}

skd_status two_levels_load(two_levels *levels, const cli_args *args, skd_error *err) {
    return report_open(&levels->found, levels->folder, args, err);
}

void two_levels_free(two_levels *levels) {
    report_close(&levels->found);
    skd_potential_free(levels->prior);
    *levels = (two_levels){0};
}

void two_levels_rule(const two_levels *levels, skd_relax_options *relax) {
    relax->force_max = levels->confirm_force;
    relax->force_mean = 0.0;
}

/* Evaluations that the prior level's search asked for: labels, or relaxations where it learned nothing. */
static size_t prior_calls(const two_levels *levels) {
    const run_contents *run = &levels->found.contents;
    size_t n = run->asked.calls;
    for (size_t j = 0; j < run->n_jobs && run->asked.calls == 0; j++)
        for (size_t i = 0; i < run->job[j]->starts.n; i++)
            n += run->job[j]->minimum[i].n_calls;
    return n;
}

void two_levels_record(const two_levels *levels, run_record *record, bool *far_auto) {
    const run_record *below = &levels->found.contents.record;
    snprintf(record->method, sizeof record->method, "%s", "labels of a surrogate's minima");
    record->bulk_energy = (double)NAN;
    record->host = (skd_host_state){.energy = (double)NAN, .returns = true};
    if (levels->prior) {
        snprintf(record->prior, sizeof record->prior, "%s", levels->prior->spec);
        record->prior_calls = prior_calls(levels);
        record->host = below->host;
        record->far = below->far;
    } else if (*far_auto) {
        record->far = (skd_far_field){SKD_FAR_FREE, 0.0};
    }
    *far_auto = false;
}

/* "Dimer_at_gfn1" */
static skd_status add_start(skd_job *job, const two_levels *levels, const skd_job *from, size_t i, skd_error *err) {
    const skd_start *begun = &from->starts.start[i];
    skd_start start = {.factor = (double)NAN, .later = true, .kind = begun->kind};
    snprintf(start.name, sizeof start.name, "%.40s_at_%.*s", begun->name, (int)strcspn(levels->prior->spec, ":+"),
             levels->prior->spec);
    snprintf(start.label, sizeof start.label, "%.30s", begun->label);
    skd_status status = skd_cell_copy(&start.cell, from->minimum[i].cell, err);
    return status == SKD_OK ? skd_job_add_start(job, &start, err) : status;
}

skd_status two_levels_add_starts(const two_levels *levels, skd_job *job, skd_error *err) {
    const run_contents *run = &levels->found.contents;
    skd_status status = SKD_OK;
    for (size_t j = 0; j < run->n_jobs; j++) {
        const skd_job *from = run->job[j];
        if (from->charge != job->charge || strcmp(from->defect->name, job->defect->name) != 0)
            continue;
        const skd_ranking *ranking = &levels->found.rankings[j];
        for (size_t f = 0; f < ranking->n && f < MOST_FAMILIES && status == SKD_OK; f++)
            status = add_start(job, levels, from, ranking->family[f].best, err);
    }
    return status;
}

void two_levels_learn(skd_learn_options *options, const skd_potential *prior, double confirm_force) {
    options->prior = prior;
    options->confirm_force = confirm_force;
    if (!(confirm_force > 0.0))
        return;
    options->batch = 4;
    options->force_max = 0.2 * confirm_force;
    options->steps = 200;
    options->fit.force_noise = 0.03; /* minima are to be known to confirm_force, not to what tells families apart */
    options->fit.force_noise_slope = 0.05;
    options->fit.energy_noise = 0.02;
}

void two_levels_print(const two_levels *levels, const run_record *record, FILE *out) {
    char text[200];
    fprintf(out, "teacher    %s; a family is confirmed by a label with forces below %g eV/Å\n", record->potential,
            levels->confirm_force);
    if (levels->prior)
        fprintf(out, "prior      %s, %zu evaluations in %s; the surrogate learns the difference\n", record->prior,
                record->prior_calls, levels->folder);
    fprintf(out, "far field  %s\n", cli_far_field_text(&record->far, text, sizeof text));
}
