/* SPDX-License-Identifier: MIT */
/* cmd_plot.c - energy against distortion, of a search or a ShakeNBreak tree: what snb-plot does, as SVG; PNG through
 * rsvg-convert where that is installed. */
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "plots.h"
#include "report.h"
#include "snb_notes.h"

extern char **environ;

static const cli_option options[] = {
    SNB_OPTIONS,
    {"output", 'o', CLI_TEXT, "FILE", NULL, "file to write, of the first defect and charge; default: one each",
     0, 0, NULL},
    {"format", 'f', CLI_TEXT, "NAME", "svg", "svg, or png (needs rsvg-convert)", 0, 0, NULL},
    {"min-energy", 0, CLI_REAL, "eV", "0.05", "of a tree: only defects with a gain larger than this", 0, 1e9, NULL},
    {"min", 0, CLI_REAL, "eV", NULL, "the same", 0, 1e9, NULL},
    {"max-energy", 0, CLI_REAL, "eV", "0.5", "highest energy shown, above Unperturbed", 0, 1e9, NULL},
    {"max", 0, CLI_REAL, "eV", NULL, "the same", 0, 1e9, NULL},
    {"units", 'u', CLI_TEXT, "NAME", "eV", "eV or meV", 0, 0, NULL},
    {"steps", 0, CLI_FLAG, NULL, NULL, "of a search: energy against step of its relaxations", 0, 0, NULL},
    {"level", 0, CLI_TEXT, "NAME", NULL, "with --steps: of the relaxations collected at this level", 0, 0, NULL},
    {"no-title", 0, CLI_FLAG, NULL, NULL, "no title", 0, 0, NULL},
    {"nt", 0, CLI_FLAG, NULL, NULL, "the same", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "of a search: fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_END};

static skd_status to_png(const char *svg, const char *png, skd_error *err) {
    char *const words[] = {"rsvg-convert", "-z", "2", "-o", (char *)(uintptr_t)png, (char *)(uintptr_t)svg, NULL};
    pid_t child;
    int state = 1;
    if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) != 0 || waitpid(child, &state, 0) < 0 || state != 0)
        return skd_fail(err, SKD_EARG, "%s: PNG needs the program rsvg-convert (Debian: librsvg2-bin); %s is written",
                        png, svg);
    printf("wrote %s\n", png);
    return SKD_OK;
}

/* Writes one picture: to --output, or stem.svg. */
static skd_status write_picture(const skd_string *text, const char *stem, const cli_args *args, skd_error *err) {
    skd_string svg = {0}, png = {0};
    const char *out = cli_text(args, "output");
    size_t n = out ? strlen(out) : 0;
    bool as_png = strcmp(cli_text(args, "format"), "png") == 0 || (n > 4 && strcmp(out + n - 4, ".png") == 0);
    size_t bare = n > 4 && (strcmp(out + n - 4, ".png") == 0 || strcmp(out + n - 4, ".svg") == 0) ? n - 4 : n;
    skd_string_add(&svg, "%.*s.svg", out ? (int)bare : (int)strlen(stem), out ? out : stem);
    skd_string_add(&png, "%.*s.png", out ? (int)bare : (int)strlen(stem), out ? out : stem);
    skd_status status = text->failed || svg.failed || png.failed
                            ? skd_fail(err, SKD_ENOMEM, "out of memory for a plot")
                            : skd_file_write(svg.text, text->text, text->n, err);
    if (status == SKD_OK)
        printf("wrote %s\n", svg.text);
    if (status == SKD_OK && as_png)
        status = to_png(svg.text, png.text, err);
    skd_string_free(&svg);
    skd_string_free(&png);
    return status;
}

static skd_status write_plot(const svg_plot *plot, const char *stem, const cli_args *args, skd_error *err) {
    skd_string text = {0};
    svg_energy_plot(&text, plot);
    skd_status status = write_picture(&text, stem, args, err);
    skd_string_free(&text);
    return status;
}

static svg_plot plot_like(const cli_args *args) {
    bool milli = strcmp(cli_text(args, "units"), "meV") == 0;
    return (svg_plot){.highest = cli_real(args, cli_given(args, "max") ? "max" : "max-energy"),
                      .scale = milli ? 1000.0 : 1.0,
                      .unit = milli ? "meV" : "eV"};
}

static bool no_title(const cli_args *args) { return cli_flag(args, "no-title") || cli_flag(args, "nt"); }

static skd_status plot_species(const snb_species *s, const cli_args *args, skd_error *err) {
    svg_plot plot = plot_like(args);
    skd_string stem = {0};
    plot.families = "Energy within 0.05 eV";
    plot.title = no_title(args) ? NULL : s->name;
    skd_status status = plots_of_species(&plot.point, &plot.n, s, err);
    skd_string_add(&stem, "%s/%s", s->path, s->name);
    if (status == SKD_OK && stem.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = write_plot(&plot, stem.text, args, err);
    skd_free(plot.point);
    skd_string_free(&stem);
    return status;
}

static skd_status plot_tree(const cli_args *args, skd_error *err) {
    snb_tree tree;
    const snb_code *code;
    double least = cli_real(args, cli_given(args, "min") ? "min" : "min-energy");
    skd_status status = snb_open(&tree, &code, args, true, err);
    for (size_t i = 0; i < tree.n && status == SKD_OK; i++) {
        const snb_species *s = &tree.species[i];
        const snb_run *lowest = snb_lowest(s);
        status = snb_species_write(s, cli_flag(args, "verbose"), err);
        if (status == SKD_OK && lowest && (tree.n == 1 || snb_relative(s, lowest) < -least))
            status = plot_species(s, args, err);
        else if (status == SKD_OK)
            printf("%s: nothing more than %g eV below Unperturbed, no plot\n", s->name, least);
        if (cli_text(args, "output"))
            break;
    }
    snb_tree_free(&tree);
    return status;
}

static skd_status plot_job(const skd_job *job, const skd_ranking *r, const char *folder, const cli_args *args,
                           skd_error *err) {
    char entry[96];
    svg_plot plot = plot_like(args);
    skd_string stem = {0};
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    plot.families = "Family (rank)";
    plot.title = no_title(args) ? NULL : entry;
    skd_status status = plots_of_job(&plot.point, &plot.n, job, r, err);
    skd_string_add(&stem, "%s/%s", folder, entry);
    if (status == SKD_OK && stem.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = write_plot(&plot, stem.text, args, err);
    skd_free(plot.point);
    skd_string_free(&stem);
    return status;
}

static skd_status plot_steps(const report_run *run, size_t j, const cli_args *args, skd_error *err) {
    const skd_job *job = run->contents.job[j];
    char entry[96];
    svg_steps plot;
    skd_string stem = {0}, text = {0};
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    skd_status status =
        plots_steps(&plot, &run->store, job, j, &run->rankings[j], cli_text(args, "level"), err);
    plot.title = no_title(args) ? NULL : entry;
    plot.unit = plot_like(args).unit;
    plot.scale = plot_like(args).scale;
    skd_string_add(&stem, "%s/%s_steps", args->operand[0], entry);
    if (status == SKD_OK && plot.n == 0)
        printf("%s: the steps of no relaxation are known, no plot\n", entry);
    else if (status == SKD_OK) {
        svg_steps_plot(&text, &plot);
        status = stem.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                             : write_picture(&text, stem.text, args, err);
    }
    skd_free(plot.series);
    skd_string_free(&stem);
    skd_string_free(&text);
    return status;
}

static skd_status plot_run(const cli_args *args, skd_error *err) {
    report_run run;
    skd_status status = report_open(&run, args->operand[0], args, err);
    for (size_t j = 0; j < run.contents.n_jobs && status == SKD_OK; j++) {
        status = cli_flag(args, "steps") ? plot_steps(&run, j, args, err)
                                         : plot_job(run.contents.job[j], &run.rankings[j], args->operand[0], args, err);
        if (cli_text(args, "output"))
            break;
    }
    report_close(&run);
    return status;
}

static skd_status run_plot(const cli_args *args, int *exit_code, skd_error *err) {
    const char *units = cli_text(args, "units"), *format = cli_text(args, "format");
    (void)exit_code;
    if (strcmp(units, "eV") != 0 && strcmp(units, "meV") != 0)
        return skd_fail(err, SKD_EARG, "--units is '%s', expected eV or meV", units);
    if (strcmp(format, "svg") != 0 && strcmp(format, "png") != 0)
        return skd_fail(err, SKD_EARG, "--format is '%s', expected svg or png", format);
    bool ours = args->n_operands && snb_is_ours(args->operand[0]);
    if (!ours && (cli_flag(args, "steps") || cli_given(args, "level")))
        return skd_fail(err, SKD_EARG, "--steps and --level need the folder of a search");
    return ours ? plot_run(args, err) : plot_tree(args, err);
}

const cli_command cmd_plot = {
    .name = "plot",
    .group = "ShakeNBreak",
    .summary = "Plot energy against distortion",
    .usage = "[DIR] [-o FILE]",
    .text = "DIR is the folder of a search or a ShakeNBreak tree. Of a tree, as snb-plot, the defects that gain more\n"
            "than --min-energy. Colours: families of a search; in a tree, energies within 0.05 eV.",
    .options = options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_plot,
};
