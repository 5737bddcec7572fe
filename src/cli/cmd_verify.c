/* SPDX-License-Identifier: MIT */
/* cmd_verify.c - from the ranked list to DFT: inputs of single points of all families that may matter, later of
 * relaxations of the best; runs them if asked to. `collect` takes the answers back. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "confidence.h"
#include "inputs.h"
#include "run_dft.h"
#include "verify_codes.h"
#include "verify_correct.h"
#include "verify_manifest.h"
#include "verify_run.h"

static const cli_option options[] = {
    {"top", 't', CLI_TEXT, "N", "auto",
     "at most so many families of each defect and charge; auto: those that hold the lowest with 95 % (gfn1; see rank "
     "--why), else all in the window",
     0, 0, "what"},
    {"window", 0, CLI_REAL, "eV", "3", "all families within this of the lowest; the unperturbed one always", 0, 1000,
     NULL},
    {"stage", 0, CLI_TEXT, "NAME", "points",
     "points: single points of the families; relax: relaxations of the best by these, once collected", 0, 0, NULL},
    {"best", 0, CLI_INT, "N", "2", "with --stage relax: so many of each defect and charge", 1, 1000, NULL},
    {"uncorrected", 0, CLI_FLAG, NULL, NULL,
     "with --stage relax: from the search's minima as they are; else they are relaxed first by its potential with the "
     "correction that 'collect' fitted to the single points", 0, 0, NULL},
    {"level", 0, CLI_TEXT, "NAME", NULL, "name of the level of theory; default: code/functional, as the input says", 0,
     0, NULL},
    {"output", 'o', CLI_TEXT, "DIR", NULL, "folder to write to; default: RUN/verify", 0, 0, NULL},
    {"run", 0, CLI_FLAG, NULL, NULL, "run them here; what is done is not done again", 0, 0, "running them"},
    {"jobs", 0, CLI_INT, "N", "1", "with --run: so many at once", 1, 1000, NULL},
    {"command", 0, CLI_TEXT, "TEXT", NULL,
     "how, e.g. 'mpirun -np 8 cp2k.psmp -i {input}'; default: the code's program in PATH", 0, 0, NULL},
    {"slurm", 0, CLI_FLAG, NULL, NULL, "also write a job script for Slurm", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, "families"},
    INPUTS_OPTIONS,
    CLI_THREADS,
    CLI_QUIET,
    CLI_END};

typedef struct verification {
    const cli_args *args;
    report_run run;
    cli_inputs inputs;
    verify_manifest manifest;
    const verify_code *code;
    verify_stage stage;
    size_t most;       /* families of a job; 0: as many as needed */
    confidence sure;
    char *dir, *command;
    char level[96], functional[64];
} verification;

/* ---- what is asked for -------------------------------------------------------------------- */

static skd_status read_options(verification *v, skd_error *err) {
    const char *top = cli_text(v->args, "top"), *stage = cli_text(v->args, "stage");
    long n = 0;
    if (strcmp(top, "auto") != 0 && (!skd_span_int((skd_span){top, strlen(top)}, &n) || n < 1 || n > 10000))
        return skd_fail(err, SKD_EARG, "--top: expected auto or a number from 1; found '%s'", top);
    v->most = (size_t)n;
    v->stage = VERIFY_POINTS;
    while (v->stage < VERIFY_N_STAGES && strcmp(verify_stage_name[v->stage], stage) != 0)
        v->stage++;
    if (v->stage == VERIFY_N_STAGES)
        return skd_fail(err, SKD_EARG, "--stage: expected points or relax; found '%s'", stage);
    if (!cli_given(v->args, "code"))
        return skd_fail(err, SKD_EARG, "--code is missing: vasp, espresso, cp2k, castep, fhi-aims or abinit");
    if (cli_given(v->args, "jobs") && !cli_flag(v->args, "run"))
        return skd_fail(err, SKD_EARG, "--jobs needs --run");
    if (cli_given(v->args, "command") && !cli_flag(v->args, "run") && !cli_flag(v->args, "slurm"))
        return skd_fail(err, SKD_EARG, "--command needs --run or --slurm");
    skd_status status = cli_inputs_open(&v->inputs, v->args, err);
    if (status != SKD_OK)
        return status;
    v->inputs.single_point = v->stage == VERIFY_POINTS;
    v->code = verify_code_of(v->inputs.code);
    return cli_flag(v->args, "run") || cli_flag(v->args, "slurm")
               ? verify_command(&v->command, v->code, v->inputs.code->file[0], cli_text(v->args, "command"),
                                cli_flag(v->args, "run"), err)
               : SKD_OK;
}

static skd_status find_folder(verification *v, skd_error *err) {
    skd_string dir = {0};
    if (cli_text(v->args, "output"))
        skd_string_add(&dir, "%s", cli_text(v->args, "output"));
    else
        skd_string_add(&dir, "%s/verify", v->args->operand[0]);
    v->dir = dir.text;
    return dir.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
}

static uint64_t hash_text(uint64_t h, const char *text) { return text ? skd_hash(h, text, strlen(text) + 1) : h; }

/* Of all that decides the inputs but for structure and charge. */
static uint64_t settings_of(const verification *v) {
    const cli_inputs *in = &v->inputs;
    uint64_t h = hash_text(SKD_HASH_START, in->code->name);
    for (size_t i = 0; i < SKD_CODE_FILES && in->code->file[i]; i++)
        h = hash_text(h, in->own[i].text ? in->own[i].text : skd_template_text(in->code->file[i]));
    h = hash_text(hash_text(h, in->user.text), in->functional);
    h = hash_text(hash_text(h, in->pseudo_dir), in->library);
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        h = hash_text(h, in->pseudo[z]);
    return hash_text(h, cli_text(v->args, "level"));
}

/* The manifest of what was written before, if it was by the same settings. */
static skd_status open_manifest(verification *v, skd_error *err) {
    bool found;
    skd_status status = verify_manifest_read(&v->manifest, v->dir, v->stage, &found, err);
    if (status != SKD_OK)
        return status;
    uint64_t settings = settings_of(v);
    if (found && (v->manifest.settings != settings || strcmp(v->manifest.code, v->inputs.code->name) != 0))
        return skd_fail(err, SKD_EARG, "%s holds calculations at %s with other settings; give another -o, or remove it",
                        v->manifest.folder, v->manifest.level);
    v->manifest.settings = settings;
    snprintf(v->manifest.code, sizeof v->manifest.code, "%s", v->inputs.code->name);
    snprintf(v->manifest.search_level, sizeof v->manifest.search_level, "%s", v->run.contents.record.potential);
    return SKD_OK;
}

/* ---- the level ---------------------------------------------------------------------------- */

/* Functional and name, as the input of the first defect says. */
static skd_status name_level(verification *v, skd_error *err) {
    const skd_code *code = v->inputs.code;
    const skd_job *job = v->run.contents.job[0];
    skd_string text = {0};
    skd_status status = cli_inputs_settings(&text, &v->inputs, job->defect->cell, job->charge, err);
    if (status == SKD_OK)
        verify_functional(code, text.text ? text.text : "", text.n, v->functional, sizeof v->functional);
    skd_string_free(&text);
    if (*v->manifest.level)
        snprintf(v->level, sizeof v->level, "%s", v->manifest.level);
    else if (cli_text(v->args, "level"))
        snprintf(v->level, sizeof v->level, "%s", cli_text(v->args, "level"));
    else
        snprintf(v->level, sizeof v->level, "%s%s%s", code->name, *v->functional ? "/" : "", v->functional);
    snprintf(v->manifest.level, sizeof v->manifest.level, "%s", v->level);
    return status;
}

/* Electrons or holes that a defect leaves over: as many as neighbours were distorted. */
static int carriers_of(const skd_job *job) {
    int n = 0;
    for (size_t i = 0; i < job->starts.n; i++)
        n = job->starts.start[i].n_neighbours > n ? job->starts.start[i].n_neighbours : n;
    return n;
}

static void warn_of_semilocal(const verification *v) {
    const run_contents *run = &v->run.contents;
    if (!*v->functional && !cli_given(v->args, "level"))
        fprintf(stderr, "notice: the input of %s does not say its functional; name the level with --level\n",
                v->inputs.code->name);
    for (size_t j = 0; j < run->n_jobs && verify_is_semilocal(v->functional); j++) {
        char entry[96];
        int n = carriers_of(run->job[j]);
        if (n > 0)
            fprintf(stderr,
                    "warning: %s: %s is semilocal and spreads the %d electron%s or hole%s of this defect out; a hybrid "
                    "may order its families otherwise (V_Cd in CdTe: dimer -0.76 eV in HSE06, +0.32 eV in PBE)\n",
                    skd_defect_entry_name(run->job[j]->defect, run->job[j]->charge, entry, sizeof entry),
                    v->functional, n, n == 1 ? "" : "s", n == 1 ? "" : "s");
    }
}

/* ---- one calculation ---------------------------------------------------------------------- */

static char *folder_name(const skd_job *job, size_t start) {
    char entry[96];
    skd_string out = {0};
    skd_string_add(&out, "%s/%s", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry),
                   job->starts.start[start].name);
    if (out.failed)
        skd_string_free(&out);
    return out.text;
}

/* cell: the candidate; begin: the structure that is written. */
static skd_status write_calc(verification *v, size_t j, const skd_family *family, const skd_cell *cell,
                             const skd_cell *begin, skd_error *err) {
    const skd_job *job = v->run.contents.job[j];
    verify_calc calc = {.job = j, .start = family->best, .rank = family->rank, .energy = family->energy,
                        .structure = verify_checksum(cell), .folder = folder_name(job, family->best)};
    char title[160];
    char *folder = calc.folder ? verify_path(&v->manifest, &calc, NULL) : NULL;
    skd_status status = folder ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    snprintf(title, sizeof title, "%s, %s of rank %zu, dE %+.4f eV", calc.folder,
             v->stage == VERIFY_POINTS ? "single point" : "relaxation", family->rank, family->relative);
    if (status == SKD_OK)
        status = cli_inputs_write(&v->inputs, folder, begin, job->charge, title, err);
    if (status == SKD_OK)
        status = verify_calc_sign(&calc, folder, err);
    skd_free(folder);
    if (status == SKD_OK)
        return verify_manifest_add(&v->manifest, &calc, err);
    verify_calc_free(&calc);
    return status;
}

/* Writes the family's candidate, unless it has been; from where it was relaxed to (NULL: as it is). */
static skd_status take_family(verification *v, size_t j, const skd_family *family, const skd_cell *begin,
                              skd_error *err) {
    verify_calc *old = verify_manifest_find(&v->manifest, j, family->best);
    skd_cell *cell = NULL;
    skd_status status = verify_structure(&cell, &v->run.contents, j, family->best, err);
    if (status == SKD_OK && old && old->structure != verify_checksum(cell))
        status = skd_fail(err, SKD_EARG, "%s/%s is of an earlier state of this run; give another -o, or remove %s",
                          v->manifest.folder, old->folder, v->manifest.folder);
    if (status == SKD_OK && !old)
        status = write_calc(v, j, family, cell, begin ? begin : cell, err);
    old = verify_manifest_find(&v->manifest, j, family->best);
    if (status == SKD_OK && old)
        printf("%s/%s  (rank %zu of %zu, dE %+.4f eV at %s)\n", v->manifest.folder, old->folder, family->rank,
               v->run.rankings[j].n, family->relative, v->run.contents.record.potential);
    skd_cell_free(cell);
    return status;
}

/* ---- which -------------------------------------------------------------------------------- */

/* The families with collected energies of this level, lowest first. */
static size_t order_collected(const verification *v, size_t j, const char *level, size_t *family) {
    const skd_ranking *r = &v->run.rankings[j];
    size_t n = 0;
    for (size_t f = 0; f < r->n; f++) {
        const run_dft *d = run_dft_find(&v->run.store, j, r->family[f].best, false, level);
        size_t at = n;
        if (!d)
            continue;
        for (; at > 0; at--) {
            const run_dft *before = run_dft_find(&v->run.store, j, r->family[family[at - 1]].best, false, level);
            if (before->energy <= d->energy)
                break;
            family[at] = family[at - 1];
        }
        family[at] = f;
        n++;
    }
    return n;
}

/* The level by which to choose: the named one, else one of this code, else any; NULL if nothing was collected. */
static const char *collected_level(const verification *v) {
    const run_store *store = &v->run.store;
    const char *best = NULL, *code = v->inputs.code->name;
    int good = 0;
    for (size_t i = 0; i < store->n_dft; i++) {
        const char *level = store->dft[i].level;
        int fit = strcmp(level, v->level) == 0 ? 3 : strncmp(level, code, strlen(code)) == 0 ? 2 : 1;
        if (!store->dft[i].relaxed && fit > good) {
            best = level;
            good = fit;
        }
    }
    return best;
}

static size_t count_taken(const verification *v, size_t j) {
    size_t n = 0;
    for (size_t i = 0; i < v->manifest.n; i++)
        n += v->manifest.calc[i].job == j;
    return n;
}

/* Relaxations of the best by the collected energies. */
static skd_status take_collected(verification *v, size_t j, const size_t *family, size_t n, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = take_family(v, j, &v->run.rankings[j].family[family[i]], NULL, err);
    return status;
}

/* The same after a relaxation of all of them with what the single points taught; the best by that. */
static skd_status take_corrected(verification *v, size_t j, const char *level, const char *model, const size_t *family,
                                 size_t n, size_t most, skd_error *err) {
    verify_corrected *list = NULL;
    skd_status status = verify_correct_relax(&list, &v->run, j, family, n, level, model,
                                             (int)cli_int(v->args, "threads"), err);
    if (status == SKD_OK)
        verify_correct_print(stdout, list, n, &v->run, j, level);
    for (size_t i = 0; i < most && i < n && status == SKD_OK; i++)
        status = take_family(v, j, &v->run.rankings[j].family[list[i].family], list[i].cell, err);
    verify_corrected_free(list, list ? n : 0);
    return status;
}

/* What was chosen before stays chosen. */
static skd_status take_taken(verification *v, size_t j, skd_error *err) {
    const skd_ranking *r = &v->run.rankings[j];
    skd_status status = SKD_OK;
    for (size_t f = 0; f < r->n && status == SKD_OK; f++)
        if (verify_manifest_find(&v->manifest, j, r->family[f].best))
            status = take_family(v, j, &r->family[f], NULL, err);
    return status;
}

static skd_status take_best(verification *v, size_t j, size_t *family, skd_error *err) {
    const char *level = collected_level(v), *run = v->args->operand[0];
    const size_t most = (size_t)cli_int(v->args, "best"), n = level ? order_collected(v, j, level, family) : 0;
    skd_string model = {0};
    if (!level)
        return skd_fail(err, SKD_EARG, "%s holds no single points by which to choose; run 'shakedown verify %s --code "
                        "%s', then 'shakedown collect %s'", run, run, v->inputs.code->name, run);
    if (count_taken(v, j) >= (n < most ? n : most))
        return take_taken(v, j, err);
    skd_string_add(&model, "%s/" VERIFY_MODEL, v->dir);
    skd_status status = model.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK && !cli_flag(v->args, "uncorrected") && verify_correct_is_of(model.text, level))
        status = take_corrected(v, j, level, model.text, family, n, most, err);
    else if (status == SKD_OK)
        status = take_collected(v, j, family, n < most ? n : most, err);
    skd_string_free(&model);
    return status;
}

/* What single points are made of. */
static size_t choose_points(const verification *v, size_t j, size_t *family) {
    const skd_ranking *r = &v->run.rankings[j];
    char entry[96];
    double held;
    if (!v->sure.known)
        return skd_verify_choose(family, r, cli_real(v->args, "window"), v->most);
    size_t n = confidence_choose(family, &held, &v->sure, r, j, cli_real(v->args, "window"));
    printf("%s: %zu of %zu families hold the lowest with %.0f %%\n",
           skd_defect_entry_name(v->run.contents.job[j]->defect, v->run.contents.job[j]->charge, entry, sizeof entry),
           n, r->n, 100.0 * held);
    return n;
}

static skd_status take_job(verification *v, size_t j, skd_error *err) {
    const skd_ranking *r = &v->run.rankings[j];
    size_t n = 0, *family = skd_alloc(r->n, sizeof *family);
    skd_status status = family ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", r->n);
    if (status == SKD_OK && v->stage == VERIFY_RELAX)
        status = take_best(v, j, family, err);
    else if (status == SKD_OK && r->n > 0)
        n = choose_points(v, j, family);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        status = take_family(v, j, &r->family[family[i]], NULL, err);
    skd_free(family);
    return status;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static skd_status write_inputs(verification *v, skd_error *err) {
    const run_contents *run = &v->run.contents;
    skd_status status = SKD_OK;
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++)
        status = cli_inputs_check(&v->inputs, run->job[j]->defect->cell, run->job[j]->charge, err);
    if (status == SKD_OK)
        status = name_level(v, err);
    if (status == SKD_OK && v->most == 0 && !cli_given(v->args, "window"))
        status = confidence_make(&v->sure, run, v->run.rankings, verify_is_semilocal(v->functional), err);
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++)
        status = take_job(v, j, err);
    if (status == SKD_OK && v->manifest.n == 0)
        status = skd_fail(err, SKD_EARG, "%s: there is no family to verify", v->args->operand[0]);
    return status == SKD_OK ? verify_manifest_write(&v->manifest, v->args->operand[0], err) : status;
}

static void announce(const verification *v) {
    printf("%zu %s at %s, manifest in %s/manifest.json\n", v->manifest.n,
           v->stage == VERIFY_POINTS ? "single points" : "relaxations", v->manifest.level, v->manifest.folder);
    if (v->stage == VERIFY_RELAX)
        printf("chosen by single points at %s\n", collected_level(v));
    if (!cli_flag(v->args, "quiet")) {
        fflush(stdout);
        warn_of_semilocal(v);
        cli_inputs_notice(&v->inputs, stderr);
    }
    if (cli_flag(v->args, "slurm"))
        printf("Slurm: cd %s && sbatch job.slurm\n", v->manifest.folder);
}

static skd_status run_here(verification *v, int *exit_code, skd_error *err) {
    verify_runner runner = {.run = &v->run, .run_folder = v->args->operand[0], .manifest = &v->manifest,
                            .inputs = &v->inputs, .command = v->command, .quiet = cli_flag(v->args, "quiet"),
                            .jobs = (size_t)cli_int(v->args, "jobs")};
    skd_status status = verify_run_all(&runner, err);
    if (status != SKD_OK)
        return status;
    printf("%zu done before, %zu done now, %zu without a result\n", runner.n_before, runner.n_done, runner.n_failed);
    *exit_code = runner.n_failed ? CLI_NOT_CONVERGED : CLI_OK;
    return status;
}

static skd_status verify(verification *v, int *exit_code, skd_error *err) {
    skd_status status = read_options(v, err);
    if (status == SKD_OK)
        status = find_folder(v, err);
    if (status == SKD_OK)
        status = report_open(&v->run, v->args->operand[0], v->args, err);
    if (status == SKD_OK)
        status = open_manifest(v, err);
    if (status == SKD_OK)
        status = write_inputs(v, err);
    if (status == SKD_OK && cli_flag(v->args, "slurm"))
        status = verify_write_slurm(&v->manifest, v->command, err);
    if (status != SKD_OK)
        return status;
    announce(v);
    if (cli_flag(v->args, "run"))
        status = run_here(v, exit_code, err);
    if (status == SKD_OK)
        printf("Next: %sshakedown collect %s%s%s\n", cli_flag(v->args, "run") ? "" : "run them, then ",
               v->args->operand[0], cli_given(v->args, "output") ? " -o " : "",
               cli_given(v->args, "output") ? v->dir : "");
    return status;
}

static skd_status run_verify(const cli_args *args, int *exit_code, skd_error *err) {
    verification v = {.args = args};
    skd_status status = verify(&v, exit_code, err);
    cli_inputs_close(&v.inputs);
    verify_manifest_free(&v.manifest);
    confidence_free(&v.sure);
    report_close(&v.run);
    skd_free(v.command);
    skd_free(v.dir);
    return status;
}

const cli_command cmd_verify = {
    .name = "verify",
    .group = "verification",
    .summary = "Check a search by DFT: inputs for the families that matter; runs them",
    .usage = "RUN --code NAME [--stage relax] [--run | --slurm]",
    .text = "First single points of every family in the window; 'shakedown collect RUN' reads them and ranks anew.\n"
            "Then --stage relax: relaxations of the best. With --run interrupted or killed, the same command goes\n"
            "on: what is done stays, a relaxation goes on from its last step. Those without hope are stopped by\n"
            "ShakeNBreak's rules: atoms closer than 1 Å, far above the unperturbed defect after many steps, no\n"
            "converged electrons; one that has stalled is taken as it is.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_verify,
};
