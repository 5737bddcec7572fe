/* SPDX-License-Identifier: MIT */
/* cmd_sites.c - which sites of a cell differ: environments of all atoms of an element, representatives, a choice. */
#include <string.h>

#include "cli.h"
#include "json.h"
#include "shakedown/data.h"
#include "sites_soap.h"

static const cli_option options[] = {
    {"defect", 'd', CLI_TEXT, "NAME", NULL, "the defect whose sites are meant, e.g. v_Cd or Te_Cd", 0, 0, "sites"},
    {"shells", 0, CLI_INT, "N", "2", "shells of neighbours that are compared, counted along bonds", 1,
     SKD_ENVIRONMENT_SHELLS, NULL},
    {"composition", 0, CLI_FLAG, NULL, NULL, "compare only what is in each shell, not which neighbour has which", 0, 0,
     NULL},
    {"reach", 0, CLI_REAL, "X", "1.3", "bonded: closer than X times the shortest distance of one of the two", 1, 3,
     NULL},
    {"soap", 0, CLI_REAL, "X", NULL, "also split classes into families of sites with a mean SOAP distance above X", 0,
     2, "geometry"},
    {"r-cut", 0, CLI_REAL, "Å", "7", "radius of an atom's SOAP environment", 1.001, 50, NULL},
    {"max-sites", 'm', CLI_INT, "N", NULL,
     "of more classes choose N: the most frequent, then always the one farthest (SOAP) from those chosen", 1, 100000,
     "choice"},
    CLI_THREADS,
    CLI_JSON,
    CLI_END};

/* What was found; owned. */
typedef struct finding {
    const cli_args *args;
    skd_frame *frame;
    skd_environments *e;
    double *spectrum; /* [e->n][size]; NULL unless needed */
    size_t size;
    size_t *chosen;   /* [n_chosen] classes */
    double *distance; /* [n_chosen] from the nearest chosen before */
    size_t n_chosen;
} finding;

static skd_status choose_all(finding *f, skd_error *err) {
    const size_t most = cli_given(f->args, "max-sites") ? (size_t)cli_int(f->args, "max-sites") : SIZE_MAX;
    f->n_chosen = f->e->n_classes < most ? f->e->n_classes : most;
    f->chosen = skd_alloc(f->n_chosen, sizeof *f->chosen);
    f->distance = skd_alloc(f->n_chosen, sizeof *f->distance);
    if (!f->chosen || !f->distance)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", f->n_chosen);
    for (size_t k = 0; k < f->n_chosen; k++)
        f->chosen[k] = k;
    return f->n_chosen < f->e->n_classes
               ? cli_sites_choose(f->e, f->spectrum, f->size, f->n_chosen, f->chosen, f->distance, err)
               : SKD_OK;
}

static skd_status find_classes(finding *f, skd_error *err) {
    const cli_args *args = f->args;
    skd_environment_options wanted = {.shells = (size_t)cli_int(args, "shells"),
                                      .reach = cli_real(args, "reach"),
                                      .composition_only = cli_flag(args, "composition")};
    skd_status status = cli_site_element(cli_text(args, "defect"), &wanted.species, err);
    if (status == SKD_OK)
        status = skd_structure_read(&f->frame, args->operand[0], err);
    if (status != SKD_OK)
        return status;
    status = skd_environments_find(&f->e, f->frame->cell, &wanted, err);
    if (status != SKD_OK)
        return status == SKD_EARG ? skd_error_prefix(err, "%s", args->operand[0]) : status;
    const bool many = cli_given(args, "max-sites") && f->e->n_classes > (size_t)cli_int(args, "max-sites");
    if (cli_given(args, "soap") || many)
        status = cli_sites_spectra(&f->spectrum, &f->size, f->frame->cell, f->e, cli_real(args, "r-cut"),
                                   (int)cli_int(args, "threads"), err);
    if (status == SKD_OK && cli_given(args, "soap"))
        status = cli_sites_split(f->e, f->spectrum, f->size, cli_real(args, "soap"), err);
    return status;
}

static bool is_chosen(const finding *f, size_t class, double *distance) {
    for (size_t k = 0; k < f->n_chosen; k++)
        if (f->chosen[k] == class) {
            *distance = f->distance[k];
            return true;
        }
    return false;
}

/* ---- output ------------------------------------------------------------------------------ */

/* "Se3Te, Cd12" */
static void write_shells(const finding *f, size_t class, char *out, size_t size) {
    size_t used = 0;
    for (long s = 0; s < cli_int(f->args, "shells"); s++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", s ? ", " : "", f->e->shell[class][s]);
}

static void print_table(const finding *f) {
    static const char *const heading[] = {">class", ">sites", ">atom", "chosen", "shells", "arrangement"};
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    const bool few = f->n_chosen < f->e->n_classes;
    for (size_t k = 0; k < f->e->n_classes; k++) {
        double distance = 0.0;
        char shells[48 * SKD_ENVIRONMENT_SHELLS];
        const bool chosen = is_chosen(f, k, &distance);
        cli_table_add(&t, "%zu", k + 1);
        cli_table_add(&t, "%zu", f->e->multiplicity[k]);
        cli_table_add(&t, "%zu", f->e->atom[f->e->first[k]] + 1);
        if (few && chosen && distance > 0.0)
            cli_table_add(&t, "yes, %.1e", distance);
        else
            cli_table_add(&t, "%s", chosen ? "yes" : "-");
        write_shells(f, k, shells, sizeof shells);
        cli_table_add(&t, "%s", shells);
        cli_table_add(&t, "%s", f->e->arrangement[k][0] ? f->e->arrangement[k] : "-");
    }
    cli_table_print(&t, stdout);
    cli_table_free(&t);
}

static void print_sites(const finding *f) {
    const char *path = f->args->operand[0], *defect = cli_text(f->args, "defect");
    char formula[64];
    printf("cell       %s  %s, %zu atoms\nsites      %zu for %s in %zu class%s by %ld shell%s%s%s\n\n", path,
           skd_cell_formula(f->frame->cell, formula, sizeof formula), f->frame->cell->n, f->e->n, defect,
           f->e->n_classes, f->e->n_classes == 1 ? "" : "es", cli_int(f->args, "shells"),
           cli_int(f->args, "shells") == 1 ? "" : "s", cli_flag(f->args, "composition") ? ", composition only" : "",
           cli_given(f->args, "soap") ? ", and SOAP" : "");
    print_table(f);
    printf("\nNext: shakedown search %s --defect %s --supercell 1 --site ", path, defect);
    for (size_t k = 0; k < f->n_chosen; k++)
        printf("%s%zu", k ? "," : "", f->e->atom[f->e->first[f->chosen[k]]] + 1);
    putchar('\n');
}

static cJSON *class_json(const finding *f, size_t k) {
    double distance = 0.0;
    cJSON *class = cJSON_CreateObject();
    cJSON_AddNumberToObject(class, "class", (double)(k + 1));
    cJSON_AddNumberToObject(class, "multiplicity", (double)f->e->multiplicity[k]);
    cJSON_AddNumberToObject(class, "atom", (double)(f->e->atom[f->e->first[k]] + 1));
    cJSON_AddBoolToObject(class, "chosen", is_chosen(f, k, &distance));
    cJSON *shells = cJSON_AddArrayToObject(class, "shells");
    for (long s = 0; s < cli_int(f->args, "shells"); s++)
        cJSON_AddItemToArray(shells, cJSON_CreateString(f->e->shell[k][s]));
    cJSON_AddStringToObject(class, "arrangement", f->e->arrangement[k]);
    cJSON *atoms = cJSON_AddArrayToObject(class, "atoms");
    for (size_t i = 0; i < f->e->n; i++)
        if (f->e->label[i] == k)
            cJSON_AddItemToArray(atoms, cJSON_CreateNumber((double)(f->e->atom[i] + 1)));
    return class;
}

static skd_status print_json(const finding *f, skd_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "cell", f->args->operand[0]);
    cJSON_AddStringToObject(root, "defect", cli_text(f->args, "defect"));
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    for (size_t k = 0; k < f->e->n_classes; k++)
        cJSON_AddItemToArray(classes, class_json(f, k));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the output");
    puts(text);
    cJSON_free(text);
    return SKD_OK;
}

static skd_status run_sites(const cli_args *args, int *exit_code, skd_error *err) {
    finding f = {.args = args};
    (void)exit_code;
    skd_status status = find_classes(&f, err);
    if (status == SKD_OK)
        status = choose_all(&f, err);
    if (status == SKD_OK && cli_flag(args, "json"))
        status = print_json(&f, err);
    else if (status == SKD_OK)
        print_sites(&f);
    skd_frame_free(f.frame);
    skd_environments_free(f.e);
    skd_free(f.spectrum);
    skd_free(f.chosen);
    skd_free(f.distance);
    return status;
}

const cli_command cmd_sites = {
    .name = "sites",
    .group = "search",
    .summary = "Sort the sites of a cell without symmetry by their environments",
    .usage = "CELL --defect NAME [--max-sites N]",
    .text = "Sites are in one class if their neighbours, out to so many bonds, with all bonds among them are the same\n"
            "graph of elements: which neighbour has which others counts, the directions do not. That bears relaxed\n"
            "positions as long as bonds are kept; --soap tells by geometry what the graph does not. Atoms count from\n"
            "1, in the order of the file; 'search' and 'distort' take them as --site. A SOAP distance to go by: in\n"
            "Cd(Se,Te) one exchanged atom makes 3e-2 in the first shell, 4e-4 in the second, 2e-5 in the third;\n"
            "random shifts of all atoms by 0.05 Å make up to 3e-3.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_sites,
};
