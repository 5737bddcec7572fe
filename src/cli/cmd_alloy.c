/* SPDX-License-Identifier: MIT */
/* cmd_alloy.c - cells of a substitutional alloy: random, special quasi-random, all distinct ones, domains. */
#include <stdlib.h>
#include <string.h>

#include "alloy.h"
#include "shakedown/data.h"

enum { WRITTEN_MOST = 100000 }; /* configurations: they are kept in memory until all are known */

static const cli_option options[] = {
    {"substitute", 'x', CLI_TEXT, "LIST", NULL,
     "what becomes what, and the share of its sites, e.g. Te:Se=0.3,Cd:Zn=0.1; with --enumerate also without share: "
     "all compositions",
     0, 0, "alloy"},
    {"size", 's', CLI_TEXT, "NxNxN", "1", "multiples of the given cell", 0, 0, NULL},
    {"atoms", 0, CLI_INT, "N", NULL, "else a compact cell with at least so many atoms", 1,
     100000, NULL},
    {"seed", 0, CLI_INT, "N", "1", "random seed", 0, 4294967295.0, NULL},
    {"count", 'n', CLI_INT, "N", "1", "so many cells, each with a seed of its own", 1, 100000, NULL},
    {"layers", 0, CLI_TEXT, "AXIS=A..B", NULL,
     "a heterojunction: substitute in this slab only, in fractions of an edge, e.g. c=0..0.5", 0, 0, "where"},
    {"domain", 0, CLI_REAL, "Å", NULL, "a nanodomain: only in the block of this edge in the middle of the cell", 0.1,
     1e4, NULL},
    {"vegard", 0, CLI_TEXT, "LIST", NULL,
     "scale the cell to the mean lattice constant of the end members, named by the element that fills the sites, e.g. "
     "Te=6.48,Se=6.05",
     0, 0, "lattice"},
    {"sqs", 0, CLI_FLAG, NULL, NULL, "special quasi-random: correlations annealed to those of the random alloy", 0, 0,
     "special quasi-random"},
    {"pairs", 0, CLI_INT, "N", "4", "pairs in the first so many shells of substituted sites", 1, 20, NULL},
    {"triplets", 0, CLI_INT, "N", "2", "triplets with all sides in the first so many; 0: none", 0, 20, NULL},
    {"steps", 0, CLI_INT, "N", "200000", "exchanges tried", 0, 1e9, NULL},
    {"enumerate", 0, CLI_FLAG, NULL, NULL, "all symmetry-distinct configurations of the cell of --size or --atoms", 0,
     0, "all configurations"},
    {"cells", 0, CLI_INT, "N", NULL,
     "with --enumerate: instead, of all superlattices up to so many primitive cells, each configuration in its "
     "smallest cell",
     1, 100, NULL},
    {"symprec", 0, CLI_REAL, "Å", "0.01", "tolerance of the symmetry search", 1e-6, 1, NULL},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "write the cells; format by the name: several need .xyz", 0, 0, "output"},
    CLI_QUIET,
    CLI_END};

/* One run of the verb; owned. */
typedef struct alloying {
    const cli_args *args;
    FILE *talk; /* standard error if the cells go to standard output */
    skd_frame *host;
    skd_substitution rule[CLI_RULES_MAX];
    size_t n_rules;
    skd_cell *primitive; /* of the host */
    int matrix[3][3];    /* of the given cell; with --atoms, of the primitive one */
    bool of_primitive;
    skd_frames out;
} alloying;

/* ---- request ----------------------------------------------------------------------------- */

static skd_status check_request(const cli_args *args, skd_error *err) {
    const bool enumerate = cli_flag(args, "enumerate"), region = cli_given(args, "layers") || cli_given(args, "domain");
    if (!cli_text(args, "substitute"))
        return skd_fail(err, SKD_EARG, "'alloy' needs --substitute, like 'Te:Se=0.3'");
    if (cli_given(args, "size") && cli_given(args, "atoms"))
        return skd_fail(err, SKD_EARG, "give either --size or --atoms");
    if (cli_given(args, "cells") && (!enumerate || cli_given(args, "size") || cli_given(args, "atoms")))
        return skd_fail(err, SKD_EARG, "--cells goes with --enumerate, without --size and --atoms");
    if (cli_flag(args, "sqs") && (enumerate || region))
        return skd_fail(err, SKD_EARG, "--sqs is of the whole cell: it goes without --enumerate, --layers, --domain");
    if (enumerate && (region || cli_given(args, "count") || cli_given(args, "vegard")))
        return skd_fail(err, SKD_EARG, "--enumerate goes without --layers, --domain, --count and --vegard");
    return SKD_OK;
}

/* The smallest good cell, in multiples of the primitive one. */
static skd_status choose_cell(alloying *a, size_t atoms, skd_error *err) {
    const skd_supercell_options wanted = {.min_distance = 1.0, .min_atoms = atoms, .max_atoms = 10 * atoms + 500};
    a->of_primitive = true;
    return skd_supercell_search(a->primitive, &wanted, a->matrix, err);
}

static skd_status read_request(alloying *a, skd_error *err) {
    const cli_args *args = a->args;
    skd_status status = check_request(args, err);
    if (status == SKD_OK)
        status = cli_substitutions(cli_text(args, "substitute"), cli_flag(args, "enumerate"), a->rule, &a->n_rules,
                                   err);
    if (status == SKD_OK)
        status = cli_size(cli_text(args, "size"), a->matrix, err);
    if (status == SKD_OK)
        status = skd_structure_read(&a->host, args->operand[0], err);
    if (status == SKD_OK)
        status = skd_primitive(&a->primitive, a->host->cell, cli_real(args, "symprec"), err);
    if (status == SKD_OK && cli_given(args, "atoms"))
        status = choose_cell(a, (size_t)cli_int(args, "atoms"), err);
    return status;
}

/* ---- output ------------------------------------------------------------------------------ */

static skd_status keep_cell(alloying *a, const skd_cell *cell, const char *comment, skd_error *err) {
    skd_cell *copy = NULL;
    skd_frame *frame = NULL;
    skd_status status = skd_grow((void **)&a->out.frame, &a->out.capacity, a->out.n + 1, sizeof *a->out.frame, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&copy, cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, copy, err);
    if (status != SKD_OK)
        return status;
    a->out.frame[a->out.n++] = frame;
    frame->comment = skd_strdup(comment);
    return frame->comment ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a comment");
}

static skd_status write_cells(alloying *a, skd_error *err) {
    const char *path = cli_text(a->args, "output");
    if (!path) {
        fprintf(a->talk, "nothing written: name a file with -o\n");
        return SKD_OK;
    }
    const skd_format *format = strcmp(path, "-") == 0 ? skd_format_named("xyz") : skd_format_of(path, NULL, 0);
    if (a->out.n > 1 && format && strcmp(format->name, "xyz") != 0)
        return skd_fail(err, SKD_EARG, "%s: a %s holds one cell, found %zu: name a .xyz file", path, format->name,
                        a->out.n);
    skd_status status = skd_frames_write(&a->out, path, format, err);
    if (status == SKD_OK)
        fprintf(a->talk, "wrote %s (%zu cell%s)\n", path, a->out.n, a->out.n == 1 ? "" : "s");
    return status;
}

/* ---- random and special quasi-random ------------------------------------------------------ */

static void print_sites(const alloying *a, const skd_alloy *alloy, double scale) {
    char formula[64];
    const skd_cell *cell = alloy->host;
    double lattice[3][3];
    for (int k = 0; k < 9; k++)
        lattice[k / 3][k % 3] = scale * cell->lattice[k / 3][k % 3];
    fprintf(a->talk, "host       %s  %s\ncell       %zu atoms, images %.2f Å apart\n", a->args->operand[0],
            skd_cell_formula(a->host->cell, formula, sizeof formula), cell->n, skd_image_distance(lattice));
    for (size_t s = 0; s < alloy->n_sublattices; s++) {
        const skd_sublattice *l = &alloy->sublattice[s];
        fprintf(a->talk, "sites      %zu of %zu %s:", l->n, skd_cell_count(cell, l->species[0]),
                skd_element_of(l->species[0])->symbol);
        for (size_t k = 0; k < l->n_species; k++)
            fprintf(a->talk, "%s %zu %s (%.4f)", k ? "," : "", l->count[k], skd_element_of(l->species[k])->symbol,
                    l->n ? (double)l->count[k] / (double)l->n : 0.0);
        fputc('\n', a->talk);
    }
    if (cli_text(a->args, "vegard"))
        fprintf(a->talk, "lattice    Vegard: edges of the host times %.6f; a = %.4f Å\n", scale,
                scale * skd_norm(a->host->cell->lattice[0]));
}

static void print_figures(FILE *out, const skd_figure *f, size_t n) {
    static const char *const heading[] = {"figure", ">sides (Å)", ">weight", ">correlation", ">random alloy", ">error"};
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    for (size_t i = 0; i < n; i++) {
        cli_table_add(&t, f[i].order == 2 ? "pair" : "triplet");
        if (f[i].order == 2)
            cli_table_add(&t, "%.3f", f[i].side[0]);
        else
            cli_table_add(&t, "%.3f %.3f %.3f", f[i].side[0], f[i].side[1], f[i].side[2]);
        cli_table_add(&t, "%.3f", f[i].weight);
        for (int k = 0; k < 2; k++) {
            if (f[i].n_values == 1)
                cli_table_add(&t, "%.6f", k ? f[i].target[0] : f[i].value[0]);
            else
                cli_table_add(&t, "%zu values", f[i].n_values);
        }
        cli_table_add(&t, "%.6f", f[i].error);
    }
    cli_table_print(&t, out);
    cli_table_free(&t);
}

/* Anneals, and says how well: the table only where there is one cell. */
static skd_status make_special(alloying *a, skd_alloy *alloy, uint32_t seed, skd_error *err) {
    const cli_args *args = a->args;
    skd_sqs_options sqs = {.pair_shells = (size_t)cli_int(args, "pairs"),
                           .triplet_shells = (size_t)cli_int(args, "triplets"),
                           .steps = (size_t)cli_int(args, "steps"),
                           .seed = seed};
    skd_correlations *c = NULL;
    size_t n = 0, steps = 0;
    skd_status status = skd_correlations_new(&c, alloy, &sqs, err);
    const double before = status == SKD_OK ? skd_correlations_objective(c) : 0.0;
    if (status == SKD_OK)
        status = skd_sqs_anneal(alloy, c, &sqs, &steps, err);
    const skd_figure *figure = status == SKD_OK ? skd_correlations_find(c, &n) : NULL;
    if (status == SKD_OK && !figure)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for correlations");
    if (status == SKD_OK && cli_int(args, "count") == 1 && !cli_flag(args, "quiet"))
        print_figures(a->talk, figure, n);
    if (status == SKD_OK && !cli_flag(args, "quiet"))
        fprintf(a->talk, "objective  %.6f after %zu exchanges tried (random occupation: %.6f); error of the first pair "
                         "shell %.6f\n", skd_correlations_objective(c), steps, before, figure[0].error);
    skd_correlations_free(c);
    return status;
}

static skd_status make_one(alloying *a, skd_alloy *alloy, double scale, uint32_t seed, skd_error *err) {
    skd_rng *rng = NULL;
    skd_cell *cell = NULL;
    char comment[160];
    skd_status status = skd_rng_new(&rng, seed, err);
    if (status == SKD_OK)
        skd_alloy_shuffle(alloy, rng);
    skd_rng_free(rng);
    if (status == SKD_OK && cli_flag(a->args, "sqs"))
        status = make_special(a, alloy, seed, err);
    if (status == SKD_OK)
        status = skd_alloy_cell(&cell, alloy, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] *= scale;
    for (int k = 0; k < 9; k++)
        cell->lattice[k / 3][k % 3] *= scale;
    snprintf(comment, sizeof comment, "%s, seed %lu", cli_text(a->args, "substitute"), (unsigned long)seed);
    status = keep_cell(a, cell, comment, err);
    skd_cell_free(cell);
    return status;
}

static skd_status make_cells(alloying *a, skd_error *err) {
    const cli_args *args = a->args;
    skd_cell *big = NULL;
    skd_alloy *alloy = NULL;
    bool *inside = NULL;
    double scale = 1.0;
    const skd_cell *cell = a->of_primitive ? a->primitive : a->host->cell;
    skd_status status = skd_supercell(&big, cell, (const int(*)[3])a->matrix, NULL, err);
    if (status == SKD_OK)
        status = cli_region(big, cli_text(args, "layers"), cli_given(args, "domain") ? cli_real(args, "domain") : 0.0,
                            &inside, err);
    if (status == SKD_OK)
        status = skd_alloy_new(&alloy, big, a->rule, a->n_rules, inside, err);
    if (status == SKD_OK && alloy->n_sites == 0)
        status = skd_fail(err, SKD_EARG, "%s: no site to substitute lies in the region asked for", args->operand[0]);
    if (status == SKD_OK && cli_text(args, "vegard"))
        status = cli_vegard(cli_text(args, "vegard"), alloy, &scale, err);
    if (status == SKD_OK && !cli_flag(args, "quiet"))
        print_sites(a, alloy, scale);
    const uint32_t seed = (uint32_t)strtoul(cli_text(args, "seed"), NULL, 10);
    for (long i = 0; i < cli_int(args, "count") && status == SKD_OK; i++)
        status = make_one(a, alloy, scale, i ? skd_seed_mix(seed, (uint64_t)i) : seed, err);
    skd_alloy_free(alloy);
    skd_cell_free(big);
    skd_free(inside);
    return status;
}

/* ---- all configurations -------------------------------------------------------------------- */

static skd_status keep_configuration(void *payload, const skd_configuration *configuration, skd_error *err) {
    const alloying *a = payload;
    char comment[80];
    if (a->out.n == WRITTEN_MOST)
        return skd_fail(err, SKD_EARG, "--enumerate: more than %d configurations to write; without -o they are counted",
                        WRITTEN_MOST);
    snprintf(comment, sizeof comment, "configuration of multiplicity %zu", configuration->multiplicity);
    return keep_cell(payload, configuration->cell, comment, err);
}

/* The supercell as a multiple of the primitive cell. */
static skd_status express(const alloying *a, int matrix[3][3], skd_error *err) {
    double inverse[3][3], real[3][3], lattice[3][3], exact[3][3];
    skd_status status = skd_cell_inverse(a->primitive, inverse, err);
    for (int k = 0; k < 9; k++) {
        real[k / 3][k % 3] = a->matrix[k / 3][k % 3];
        matrix[k / 3][k % 3] = a->matrix[k / 3][k % 3];
    }
    if (status != SKD_OK || a->of_primitive)
        return status;
    skd_mul3((const double(*)[3])real, a->host->cell->lattice, lattice);
    skd_mul3((const double(*)[3])lattice, (const double(*)[3])inverse, exact);
    for (int k = 0; k < 9 && status == SKD_OK; k++) {
        matrix[k / 3][k % 3] = (int)lround(exact[k / 3][k % 3]);
        if (fabs(exact[k / 3][k % 3] - matrix[k / 3][k % 3]) > 0.05)
            status = skd_fail(err, SKD_ENUMERIC, "the given cell is not a multiple of its primitive cell");
    }
    return status;
}

static skd_status enumerate_all(alloying *a, skd_error *err) {
    const cli_args *args = a->args;
    const long cells = cli_given(args, "cells") ? cli_int(args, "cells") : 0;
    const skd_enumeration_options wanted = {.rule = a->rule,
                                              .n_rules = a->n_rules,
                                              .symprec = cli_real(args, "symprec"),
                                              .primitive_only = cells > 0};
    const skd_configuration_fn fn = cli_text(args, "output") ? keep_configuration : NULL;
    static const char *const heading[] = {">primitive cells", ">superlattices", ">occupations", ">distinct", ">so far"};
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    skd_enumeration found;
    int matrix[3][3];
    size_t total = 0;
    skd_status status = express(a, matrix, err);
    for (long size = cells ? 1 : 0; size <= cells && status == SKD_OK; size++) {
        status = cells ? skd_enumerate_size(&found, a->primitive, (size_t)size, &wanted, fn, a, err)
                       : skd_enumerate_cell(&found, a->primitive, (const int(*)[3])matrix, &wanted, fn, a, err);
        if (status != SKD_OK)
            break;
        cli_table_add(&t, "%ld", cells ? size : labs(skd_det3i((const int(*)[3])matrix)));
        cli_table_add(&t, "%zu", found.n_lattices);
        cli_table_add(&t, "%.0f", found.n_labelings);
        cli_table_add(&t, "%zu", found.n_configurations);
        cli_table_add(&t, "%zu", total += found.n_configurations);
    }
    if (status == SKD_OK && !cli_flag(args, "quiet"))
        cli_table_print(&t, a->talk);
    cli_table_free(&t);
    if (status == SKD_OK && total == 0)
        status = skd_fail(err, SKD_EARG, "--substitute %s: no cell of this size has whole atoms of these shares",
                          cli_text(args, "substitute"));
    return status;
}

skd_status cli_alloy_make(skd_frames *out, const cli_args *args, skd_error *err) {
    alloying a = {.args = args, .talk = stderr};
    skd_status status = read_request(&a, err);
    if (status == SKD_OK)
        status = cli_flag(args, "enumerate") ? enumerate_all(&a, err) : make_cells(&a, err);
    *out = a.out;
    skd_frame_free(a.host);
    skd_cell_free(a.primitive);
    return status;
}

static skd_status run_alloy(const cli_args *args, int *exit_code, skd_error *err) {
    const char *path = cli_text(args, "output");
    alloying a = {.args = args, .talk = path && strcmp(path, "-") == 0 ? stderr : stdout};
    (void)exit_code;
    skd_status status = read_request(&a, err);
    if (status == SKD_OK)
        status = cli_flag(args, "enumerate") ? enumerate_all(&a, err) : make_cells(&a, err);
    if (status == SKD_OK)
        status = write_cells(&a, err);
    skd_frame_free(a.host);
    skd_cell_free(a.primitive);
    skd_frames_free(&a.out);
    return status;
}

const cli_command cmd_alloy = {
    .name = "alloy",
    .group = "structures",
    .summary = "Make cells of an alloy: random, special quasi-random, all distinct ones, domains",
    .usage = "HOST --substitute LIST [--size NxNxN | --atoms N] [-o FILE]",
    .text = "Shares are rounded to whole atoms and printed. --sqs minimises, by simulated annealing, the sum over\n"
            "pairs and triplets of |correlation - random alloy's| times (shortest pair / longest side)^2 (Zunger et\n"
            "al., PRL 65, 353 (1990)). --enumerate uses the symmetry of the host; with --cells it lists derivative\n"
            "structures (Hart and Forcade, PRB 77, 224115 (2008)), where exchanging the two elements makes another\n"
            "one. A slab or domain in an alloy: run the verb again on its own output. Relax what comes out, cell\n"
            "included, with 'relax --cell'; its inequivalent sites: 'shakedown sites'.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_alloy,
};
