/* SPDX-License-Identifier: MIT */
/* cmd_search.c - the whole way: host -> defects -> starts -> minima -> families -> ranked list. */
#include <stdlib.h>
#include <string.h>

#include "calibrate_search.h"
#include "cli.h"
#include "folders.h"
#include "learning.h"
#include "models.h"
#include "own_starts.h"
#include "plan.h"
#include "progress.h"
#include "relaxing.h"
#include "report.h"
#include "run_store.h"
#include "search_host.h"
#include "search_parts.h"
#include "teaching.h"
#include "two_levels.h"

static const cli_option options[] = {
    PLAN_OPTIONS("0"), /* a search is asked for a defect, not for all that a charge rule allows */
    OWN_STARTS_OPTION,
    RELAXING_POTENTIAL("relaxation"),
    RELAXING_METHOD(NULL),
    RELAXING_RULES,
    {"max-steps", 0, CLI_INT, "N", "1500", "stop after so many steps", 1, 10000000, NULL},
    SEARCH_HOST_OPTIONS,
    CALIBRATE_OPTION,
    {"cross-charges", 0, CLI_TEXT, "WHEN", "auto",
     "minima of one charge state are starts of the others, until nothing new appears; auto: if there are several and "
     "the potential knows the charge; none",
     0, 0, "charge states"},
    {"cross-energy", 0, CLI_REAL, "eV", "0.05",
     "only those this far below the unperturbed minimum; negative: also so far above", -1000, 1000, NULL},
    {"epsilon", 0, CLI_REAL, "X", NULL,
     "dielectric constant: image-charge correction of charged cells, apart from the energies", 1, 1e6, NULL},
    TEACHING_OPTIONS,
    LEARNING_OPTIONS,
    TWO_LEVELS_OPTIONS,
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, "families"},
    {"saddles", 0, CLI_TEXT, "WHEN", "auto",
     "nudge the best of each family and relax it again, to tell saddle points from minima: yes, no; auto: with "
     "potentials that cost little",
     0, 0, NULL},
    {"output", 'o', CLI_TEXT, "DIR", "shakedown_run", "folder of the run: run.db, POSCARs, ranking.txt", 0, 0,
     "output"},
    CLI_THREADS,
    CLI_JSON,
    CLI_QUIET,
    CLI_END};

/* ---- one search ---------------------------------------------------------------------------- */

typedef struct search {
    const cli_args *args;
    const char *spec, *folder; /* of the potential, of the run */
    two_levels levels;
    cli_plan plan;
    skd_potential *potential;
    skd_relax_options relax;
    skd_cross_options cross;
    run_record record;
    run_store store;
    skd_job **job;
    size_t n_jobs;
    progress progress;
    search_host host;
    known_labels known;
    teaching teaching;
    char teacher_folder[4200];
    bool resumed, learns, saddles;
    bool below; /* of the prior level, for another one to take up */
} search;

static skd_status store_finished(void *payload, const skd_job *job, size_t start, skd_error *err) {
    search *s = payload;
    skd_status status = run_store_keep(&s->store, s->job, s->n_jobs, job, start, &s->record, err);
    if (status == SKD_OK) /* said only once it is stored */
        progress_finished(&s->progress, job, start);
    return status;
}

static bool show_step(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame) {
    search *s = payload;
    progress_step(&s->progress, job, start, frame);
    return !cli_interrupted();
}

static skd_status write_starts(const search *s, skd_error *err) {
    return folders_write_jobs(s->folder, s->job, s->n_jobs, &s->plan.starts, err);
}

static skd_status store_added(void *payload, size_t n, skd_error *err) {
    search *s = payload;
    skd_status status = run_store_add_starts(&s->store, s->job, s->n_jobs, err);
    if (status == SKD_OK)
        status = write_starts(s, err);
    if (status == SKD_OK)
        progress_more(&s->progress, n);
    return status;
}

static skd_status make_potential(search *s, skd_error *err) {
    snprintf(s->teacher_folder, sizeof s->teacher_folder, "%s/teacher", s->folder);
    return s->below ? cli_potential_new(&s->potential, s->spec, err)
                    : teaching_potential_new(&s->potential, &s->teaching, s->args, s->spec, s->teacher_folder, err);
}

static skd_status read_relax_options(search *s, skd_error *err) {
    skd_status status = s->potential ? SKD_OK : make_potential(s, err);
    if (status == SKD_OK)
        status = learning_wanted(&s->learns, s->args, s->potential, err);
    if (status == SKD_OK)
        status = relaxing_options(&s->relax, s->potential, s->args, err);
    if (s->levels.teacher) {
        s->learns = true;
        two_levels_rule(&s->levels, &s->relax);
    }
    s->host = (search_host){.args = s->args, .potential = s->potential, .plan = &s->plan, .record = &s->record,
                            .store = &s->store, .progress = &s->progress};
    return status == SKD_OK ? search_host_read(&s->host, err) : status;
}

static skd_status store_nudged(void *payload, const skd_job *job, size_t start, skd_error *err) {
    search *s = payload;
    return run_store_keep(&s->store, s->job, s->n_jobs, job, start, &s->record, err);
}

static skd_status find_saddles(search *s, skd_ranking *rankings, skd_error *err) {
    skd_search_hooks hooks = {.progress = show_step, .nudged = store_nudged, .payload = s};
    if (!s->saddles)
        return SKD_OK;
    skd_status status = skd_search_saddles(s->job, rankings, s->n_jobs, s->potential, &s->relax, s->plan.starts.seed,
                                           (int)cli_int(s->args, "threads"), &hooks, err);
    return status == SKD_ESTOPPED ? skd_fail(err, status, "interrupted; run the same command again to go on") : status;
}

static bool has_several_states(const cli_charges *charges) {
    for (size_t k = 1; k < charges->n; k++)
        if (charges->state[k].defect == charges->state[k - 1].defect)
            return true;
    return false;
}

static skd_status read_cross_options(search *s, skd_error *err) {
    const char *when = cli_text(s->args, "cross-charges");
    s->cross = (skd_cross_options)SKD_CROSS_DEFAULT;
    s->cross.compat = s->plan.starts.compat;
    s->cross.min_energy = cli_real(s->args, "cross-energy");
    s->cross.rank = report_rank_options(&s->record, s->args);
    bool automatic = strcmp(when, "auto") == 0;
    if (!automatic && strcmp(when, "none") != 0)
        return skd_fail(err, SKD_EARG, "--cross-charges: expected auto or none; found '%s'", when);
    if (!automatic || !has_several_states(&s->plan.charges) || !s->potential->type->knows_charge)
        s->cross.max_rounds = 0;
    return SKD_OK;
}

static skd_status make_jobs(search *s, skd_error *err) {
    const cli_plan *plan = &s->plan;
    s->job = skd_alloc(plan->charges.n, sizeof *s->job);
    if (!s->job)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", plan->charges.n);
    skd_status status = SKD_OK;
    for (size_t k = 0; k < plan->charges.n && status == SKD_OK; k++) {
        status = search_job_new(&s->job[k], s->args, plan, k, &s->record.far, err);
        s->n_jobs += s->job[k] != NULL;
        if (status == SKD_OK)
            status = two_levels_add_starts(&s->levels, s->job[k], err);
    }
    return status;
}

static size_t count_pending(const search *s) {
    size_t n = 0;
    for (size_t j = 0; j < s->n_jobs; j++)
        for (size_t i = 0; i < s->job[j]->starts.n; i++)
            n += !s->job[j]->minimum[i].done && !s->job[j]->starts.start[i].dropped;
    return n;
}

static size_t count_starts(const search *s) {
    size_t n = 0;
    for (size_t j = 0; j < s->n_jobs; j++)
        n += s->job[j]->starts.n;
    return n;
}

static skd_status prepare(search *s, skd_error *err) {
    skd_status status = read_relax_options(s, err);
    if (status == SKD_OK)
        status = cli_plan_make(&s->plan, s->args, err);
    if (status == SKD_OK)
        status = search_check_elements(&s->plan, s->potential, err);
    if (status == SKD_OK)
        status = calibrate_search(&s->potential, s->args, s->plan.bulk, s->folder, err);
    if (status != SKD_OK)
        return status;
    s->host.potential = s->potential;
    search_record_begin(&s->record, s->args, &s->plan, s->potential, &s->relax, s->learns);
    if (s->levels.teacher)
        two_levels_record(&s->levels, &s->record, &s->host.far_auto);
    status = learning_recall(&s->known, &s->record, s->below ? NULL : cli_text(s->args, "learned-from"), s->learns,
                             &s->plan, err);
    if (status != SKD_OK)
        return status;
    bool ready = !s->host.far_auto && !search_host_is_relaxed(&s->host);
    status = read_cross_options(s, err);
    if (status == SKD_OK)
        status = search_wants_saddles(&s->saddles, s->args, s->potential, err);
    if (status == SKD_OK && ready) /* what is wrong with the far field is told before the host is checked */
        status = make_jobs(s, err);
    if (status == SKD_OK)
        status = run_store_open(&s->store, s->folder, true, err);
    if (status == SKD_OK && !s->levels.teacher) /* else the prior level has done it */
        status = search_host_settle(&s->host, err);
    if (status == SKD_OK && !ready)
        status = make_jobs(s, err);
    if (status == SKD_OK)
        status = run_store_begin(&s->store, &s->record, s->plan.bulk, s->job, s->n_jobs, &s->resumed, err);
    if (status == SKD_OK)
        status = write_starts(s, err);
    return status;
}

static void print_potential(const search *s, FILE *out) {
    fprintf(out, "potential  %s, host %.4f eV/atom%s\n", s->record.potential,
            s->record.bulk_energy / (double)s->plan.bulk->n,
            s->potential->type->knows_charge || cli_charges_neutral(&s->plan.charges)
                ? ""
                : "; it knows no charge: charge states differ in their starts");
    search_host_print(&s->host, out);
}

static void announce(const search *s, FILE *out) {
    size_t total = count_starts(s), pending = count_pending(s);
    cli_plan_print(&s->plan, out);
    if (s->levels.teacher)
        two_levels_print(&s->levels, &s->record, out);
    else
        print_potential(s, out);
    if (s->known.n)
        fprintf(out, "surrogate  starts from %s, %zu labels\n", s->known.from, s->known.n);
    const char *own = cli_text(s->args, "starts");
    fprintf(out, "starts     %zu in %zu defect state%s, ", total, s->n_jobs, s->n_jobs > 1 ? "s" : "");
    if (own)
        fprintf(out, "from %s\n", own);
    else
        fprintf(out, "rattle %.4f Å\n", s->job[0]->starts.stdev);
    if (s->cross.max_rounds)
        fprintf(out, "exchange   minima of one charge state become starts of the others; --cross-charges none: not\n");
    if (s->resumed)
        fprintf(out, "resumed    %zu of %zu starts were done before\n", total - pending, total);
    fputc('\n', out);
    fflush(out);
}

/* ---- what is written at the end ------------------------------------------------------------ */

static bool all_converged(const run_contents *run, const skd_ranking *rankings) {
    for (size_t j = 0; j < run->n_jobs; j++)
        for (size_t f = 0; f < rankings[j].n; f++)
            if (!skd_stop_converged(rankings[j].family[f].stop))
                return false;
    return true;
}

static void print_result(const search *s, const run_contents *run, const skd_ranking *rankings, char *json) {
    const char *folder = s->folder;
    if (s->below && cli_flag(s->args, "json")) /* one document: the last level's */
        return;
    if (json) {
        puts(json);
        return;
    }
    report_print(stdout, run, rankings);
    printf("\nwrote %s/run.db (every start and minimum; also for 'ase gui' and 'ase db'), %s/ranking.txt and\n"
           "POSCAR, CONTCAR and energies of the starts in ShakeNBreak's folders. Next: shakedown export %s --top 3\n",
           folder, folder, folder);
    if (s->below)
        putchar('\n');
}

static skd_status finish(search *s, int *exit_code, skd_error *err) {
    run_contents run = {.record = s->record, .bulk = s->plan.bulk, .given = s->plan.given, .job = s->job,
                        .n_jobs = s->n_jobs, .asked = s->store.asked};
    skd_rank_options rank = report_rank_options(&s->record, s->args);
    skd_ranking *rankings = NULL;
    char *json = NULL;
    skd_status status = report_rank_all(&rankings, &run, &rank, (int)cli_int(s->args, "threads"), err);
    if (status == SKD_OK)
        status = find_saddles(s, rankings, err);
    if (status == SKD_OK)
        status = folders_write_minima(s->folder, s->job, s->n_jobs, err);
    if (status == SKD_OK)
        status = report_write(s->folder, &run, rankings, err);
    if (status == SKD_OK && cli_flag(s->args, "json") && !(json = report_json(&run, rankings)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    if (status == SKD_OK) {
        print_result(s, &run, rankings, json);
        *exit_code = all_converged(&run, rankings) ? CLI_OK : CLI_NOT_CONVERGED;
    }
    free(json);
    report_rankings_free(rankings, run.n_jobs);
    return status;
}

static skd_status relax_directly(search *s, skd_error *err) {
    skd_search_hooks hooks = {
        .finished = store_finished, .progress = show_step, .added = store_added, .payload = s};
    return skd_search_charges(s->job, s->n_jobs, s->potential, &s->relax, &s->cross, (int)cli_int(s->args, "threads"),
                              &hooks, err);
}

static skd_status relax_learning(search *s, skd_error *err) {
    learning l = {.store = &s->store, .record = &s->record, .progress = &s->progress, .job = s->job,
                  .n_jobs = s->n_jobs, .known = &s->known, .quiet = cli_flag(s->args, "quiet"),
                  .prior = s->levels.prior, .confirm_force = s->levels.confirm_force};
    size_t n_added = 1;
    skd_status status = learning_begin(&l, s->args, s->potential, &s->relax, err);
    while (status == SKD_OK && n_added > 0) {
        status = learning_search(&l, err);
        if (status == SKD_OK)
            status = skd_cross_charges(&n_added, s->job, s->n_jobs, &s->cross, (int)cli_int(s->args, "threads"), err);
        if (status == SKD_OK && n_added > 0)
            status = store_added(s, n_added, err);
    }
    if (status == SKD_OK) /* some starts led to a second minimum, which has a name of its own */
        status = write_starts(s, err);
    learning_end(&l);
    if (status == SKD_OK)
        status = learning_write(&s->known, &s->store, &s->record, s->plan.primitive, err);
    return status;
}

static skd_status relax_all(search *s, skd_error *err) {
    cli_catch_interrupts();
    progress_begin(&s->progress, count_pending(s), cli_flag(s->args, "quiet"));
    skd_status status = (s->learns ? relax_learning : relax_directly)(s, err);
    progress_end(&s->progress);
    if (status == SKD_ESTOPPED)
        skd_fail(err, status, "interrupted with %zu starts left; run the same command again to go on",
                 count_pending(s));
    return status;
}

static void forget(search *s) {
    for (size_t j = 0; j < s->n_jobs; j++)
        skd_job_free(s->job[j]);
    skd_free(s->job);
    known_labels_free(&s->known);
    run_store_close(&s->store);
    skd_potential_free(s->potential);
    teaching_free(&s->teaching);
    cli_plan_free(&s->plan);
}

static skd_status run_one(search *s, int *exit_code, skd_error *err) {
    skd_status status = prepare(s, err);
    if (status == SKD_OK && !cli_flag(s->args, "json"))
        announce(s, stdout);
    if (status == SKD_OK)
        status = relax_all(s, err);
    if (status == SKD_OK)
        status = finish(s, exit_code, err);
    status = teaching_wait(status, s->potential, s->teacher_folder, err);
    forget(s);
    return status;
}

/* The prior level's own search, in a folder inside the run's; then what it found. */
static skd_status search_below(two_levels *levels, const cli_args *args, skd_error *err) {
    int ignored = CLI_OK;
    search s = {.args = args, .spec = levels->prior->spec, .folder = levels->folder, .below = true};
    skd_status status = run_one(&s, &ignored, err);
    return status == SKD_OK ? two_levels_load(levels, args, err) : status;
}

static skd_status run_search(const cli_args *args, int *exit_code, skd_error *err) {
    search s = {.args = args, .folder = cli_text(args, "output")};
    if (cli_list_kinds(args))
        return SKD_OK;
    skd_status status = two_levels_read(&s.levels, args, err);
    s.spec = s.levels.teacher ? s.levels.teacher : cli_text(args, "potential");
    if (status == SKD_OK && s.levels.teacher && cli_text(args, "calibrate"))
        status = skd_fail(err, SKD_EARG, "--calibrate with --teacher: expected one of them; 'shakedown calibrate' "
                                         "makes a FILE for --prior gfn1+calibration:FILE");
    if (status == SKD_OK) /* what is wrong with it is told before the prior level is searched */
        status = make_potential(&s, err);
    if (status == SKD_OK && s.levels.prior)
        status = search_below(&s.levels, args, err);
    if (status == SKD_OK)
        status = run_one(&s, exit_code, err);
    else
        forget(&s);
    two_levels_free(&s.levels);
    return status;
}

const cli_command cmd_search = {
    .name = "search",
    .group = "search",
    .summary = "Find the ground states of a host's point defects",
    .usage = "HOST --defect NAMES [--potential NAME] [-o DIR]",
    .text = PLAN_TEXT "\n\nKilled or interrupted, the same command goes on where it was: no finished relaxation\n"
                      "is repeated.",
    .options = options,
    .max_operands = 1,
    .run = run_search,
};
