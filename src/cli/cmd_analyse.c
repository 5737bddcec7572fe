/* SPDX-License-Identifier: MIT */
/* cmd_analyse.c - what relaxation did to each defect: of a ShakeNBreak tree (with the CSV of snb-analyse), or of a
 * search of our own. */
#include <string.h>

#include "changes.h"
#include "magmom.h"
#include "report.h"
#include "snb_csv.h"
#include "snb_notes.h"

static const cli_option options[] = {
    SNB_OPTIONS,
    {"ref-struct", 0, CLI_TEXT, "NAME", "Unperturbed", "distortion compared with, e.g. -0.4 or Rattled", 0, 0, NULL},
    {"ref", 0, CLI_TEXT, "NAME", NULL, "the same", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "of a search: fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_END};

/* ---- ShakeNBreak's tree ---------------------------------------------------------------------- */

static const skd_cell *reference_of(const snb_species *s, const char *name, skd_error *err) {
    double factor;
    bool plain = skd_span_real((skd_span){name, strlen(name)}, &factor);
    for (size_t i = 0; i < s->n; i++) {
        const snb_run *run = &s->run[i];
        if (run->cell && (run->plain ? plain && run->factor == factor : strcmp(run->label, name) == 0))
            return run->cell;
    }
    skd_fail(err, SKD_EARG, "%s: no final structure of '%s' to compare with (--ref-struct)", s->path, name);
    return NULL;
}

/* The lowest run against Unperturbed. */
static skd_status print_change(const snb_species *s, skd_error *err) {
    const snb_run *zero = snb_unperturbed(s), *lowest = snb_lowest(s);
    skd_change change;
    if (!zero || lowest == zero || !zero->cell || !lowest->cell || zero->cell->n != lowest->cell->n)
        return SKD_OK;
    skd_status status = skd_change_find(&change, zero->cell, lowest->cell, NULL, err);
    if (status == SKD_OK)
        changes_print(stdout, &change, lowest->cell);
    return status;
}

static skd_status magmom_of_run(double *out, const snb_species *s, const snb_run *run, const snb_code *code,
                                skd_error *err) {
    skd_string folder = {0};
    *out = (double)NAN;
    if (!run || !run->folder)
        return SKD_OK;
    skd_string_add(&folder, "%s/%s", s->path, run->folder);
    skd_status status = folder.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                                      : magmom_of_output(out, folder.text, code->output, err);
    skd_string_free(&folder);
    return status;
}

/* Where the outputs say it. */
static skd_status print_magmoms(const snb_species *s, const snb_code *code, skd_error *err) {
    double zero, lowest;
    skd_status status = magmom_of_run(&zero, s, snb_unperturbed(s), code, err);
    if (status == SKD_OK)
        status = magmom_of_run(&lowest, s, snb_lowest(s), code, err);
    if (status == SKD_OK && isfinite(lowest)) {
        printf("  magnetisation: %.2f µB", lowest);
        printf(isfinite(zero) ? " (Unperturbed %.2f)\n" : "\n", zero);
    }
    return status;
}

static skd_status analyse_species(snb_species *s, const snb_code *code, const cli_args *args, skd_error *err) {
    const char *name = cli_text(args, "ref") ? cli_text(args, "ref") : cli_text(args, "ref-struct");
    snb_shift *shift = skd_alloc(s->n, sizeof *shift);
    skd_status status = shift ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu runs", s->n);
    if (status == SKD_OK)
        status = snb_species_write(s, cli_flag(args, "verbose"), err);
    if (status == SKD_OK)
        status = snb_species_structures(s, code, NULL, err);
    const skd_cell *reference = status == SKD_OK ? reference_of(s, name, err) : NULL;
    if (status == SKD_OK && !reference)
        status = err->status;
    if (status == SKD_OK)
        status = snb_shifts(shift, s, reference, (int)cli_int(args, "threads"), err);
    if (status == SKD_OK)
        status = snb_csv_write(s, shift, err);
    if (status == SKD_OK) {
        snb_notes_print(stdout, s, 0.05, true);
        status = print_change(s, err);
        if (status == SKD_OK)
            status = print_magmoms(s, code, err);
        printf("  wrote %s/%s.csv\n", s->path, s->name);
    }
    skd_free(shift);
    return status;
}

static skd_status analyse_tree(const cli_args *args, skd_error *err) {
    snb_tree tree;
    const snb_code *code;
    skd_status status = snb_open(&tree, &code, args, true, err);
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++)
        status = analyse_species(&tree.species[i], code, args, err);
    snb_tree_free(&tree);
    return status;
}

/* ---- our own --------------------------------------------------------------------------------- */

static const skd_minimum *unperturbed_of(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (strcmp(job->starts.start[i].name, "Unperturbed") == 0 && job->minimum[i].done && job->minimum[i].cell)
            return &job->minimum[i];
    return NULL;
}

static void print_warnings(const skd_ranking *r) {
    size_t low = 0, high = 0, other = 0;
    for (size_t f = 0; f < r->n; f++)
        if (!r->family[f].has_unperturbed) {
            other += r->family[f].n_members;
            low += r->family[f].relative < -0.1 ? r->family[f].n_members : 0;
            high += r->family[f].relative > 0.1 ? r->family[f].n_members : 0;
        }
    bool alone = true; /* no distortion led back to the unperturbed minimum */
    for (size_t f = 0; f < r->n; f++)
        alone = alone && !(r->family[f].has_unperturbed && r->family[f].n_members > 1);
    if (alone && other > 0 && high == other)
        printf("  warning: all distortions end more than 0.1 eV above Unperturbed\n");
    if (alone && other > 2 && low == other)
        printf("  warning: all distortions end more than 0.1 eV below Unperturbed: is the host changing phase?\n");
}

/* What was collected of a family's candidate. */
static void print_collected(const run_store *store, size_t j, size_t start) {
    for (size_t i = 0; i < store->n_dft; i++) {
        const run_dft *d = &store->dft[i];
        if (d->job != j || d->start != start)
            continue;
        printf("  %s, %s: %.4f eV", d->level, d->relaxed ? "relaxed" : "single point", d->energy);
        printf(isfinite(d->magmom) ? ", magnetisation %.2f µB\n" : "\n", d->magmom);
    }
}

static skd_status analyse_job(const report_run *run, size_t j, skd_error *err) {
    const skd_job *job = run->contents.job[j];
    const skd_ranking *r = &run->rankings[j];
    char entry[96];
    const skd_minimum *zero = unperturbed_of(job);
    const skd_cell *reference = zero ? zero->cell : job->defect->cell;
    double site[3];
    skd_status status = SKD_OK;
    printf("%s\n", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry));
    print_warnings(r);
    skd_row_times(job->defect->site, reference->lattice, site);
    for (size_t f = 0; f < r->n && status == SKD_OK; f++) {
        skd_change change;
        const skd_cell *cell = job->minimum[r->family[f].best].cell;
        const skd_family *family = &r->family[f];
        printf(" rank %zu, %+.4f eV%s, %zu start%s\n", family->rank,
               isnan(family->relative) ? family->energy : family->relative,
               isnan(family->relative) ? " (in all: there is no unperturbed minimum)" : "", family->n_members,
               family->n_members == 1 ? "" : "s");
        status = skd_change_find(&change, reference, cell, site, err);
        if (status == SKD_OK)
            changes_print(stdout, &change, cell);
        print_collected(&run->store, j, family->best);
    }
    return status;
}

static skd_status analyse_run(const cli_args *args, skd_error *err) {
    report_run run;
    skd_status status = report_open(&run, args->operand[0], args, err);
    for (size_t j = 0; j < run.contents.n_jobs && status == SKD_OK; j++)
        status = analyse_job(&run, j, err);
    report_close(&run);
    return status;
}

static skd_status run_analyse(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    return args->n_operands && snb_is_ours(args->operand[0]) ? analyse_run(args, err) : analyse_tree(args, err);
}

const cli_command cmd_analyse = {
    .name = "analyse",
    .group = "ShakeNBreak",
    .summary = "Say what relaxation did to each defect",
    .usage = "[DIR] [--defect NAME]",
    .text = "DIR is the folder of a search, or a ShakeNBreak tree relaxed by DFT; for that DEFECT/DEFECT.csv is\n"
            "written as snb-analyse does. Displacements are those of the match with the reference of least rms, so\n"
            "that a reconstruction in an equivalent direction counts as the same. Bonds: closer than 1.15 times the\n"
            "sum of covalent radii. The alarm compares the atoms more than 6 Å from the defect and from all that\n"
            "went elsewhere with the nearest third; a cell without such atoms has no far field, and none.",
    .options = options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_analyse,
};
