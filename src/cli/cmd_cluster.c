/* SPDX-License-Identifier: MIT */
/* cmd_cluster.c - sorts relaxed structures, from any program, into families. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "shakedown/data.h"
#include "shakedown/fingerprints.h"

static const struct method {
    const char *name, *words;
    int value;
} methods[] = {{"average", "average linkage", SKD_CLUSTER_AGGLOMERATIVE},
               {"density", "connected by steps", SKD_CLUSTER_DENSITY}};

static const cli_option options[] = {
    {"threshold", 0, CLI_REAL, "X", "1e-4", "fingerprint distance between families", 0, 2, "families"},
    {"method", 0, CLI_TEXT, "NAME", "average", "average (mean distance of two families) or density (DBSCAN-like)", 0, 0,
     NULL},
    {"energies", 0, CLI_TEXT, "FILE", NULL, "energies in eV, one a line (its last word), in the order of the FILES", 0,
     0, NULL},
    {"energy-threshold", 0, CLI_REAL, "EV", "0", "members of a family differ by less, eV; 0: energies are not used", 0,
     1e9, NULL},
    {"r-cut", 0, CLI_REAL, "Å", "5", "radius of an atom's environment", 1.001, 50, "fingerprint"},
    {"n-max", 0, CLI_INT, "N", "10", "radial functions", 1, 20, NULL},
    {"l-max", 0, CLI_INT, "L", "10", "largest angular momentum", 0, 20, NULL},
    {"sigma", 0, CLI_REAL, "Å", "1", "width of an atom's Gaussian", 0.05, 10, NULL},
    {"hard", 0, CLI_FLAG, NULL, NULL, "count atoms fully up to the cut-off, instead of smoothly less", 0, 0, NULL},
    CLI_THREADS,
    CLI_JSON,
    CLI_END};

/* All structures, their fingerprints, and what comes of them. */
typedef struct clustering {
    size_t n;
    const char *const *path; /* [n] as given */
    skd_frame **frame;       /* [n] */
    double *energy;          /* [n] eV, NAN if unknown */
    skd_soap *soap;
    skd_soap_work **work; /* [threads] */
    int threads;
    skd_fingerprint *fingerprint; /* [n] */
    double *distance;             /* [n][n] */
    size_t *label;                /* [n] */
    size_t n_families;
} clustering;

/* ---- reading ----------------------------------------------------------------------------- */

static skd_status read_energies(const char *path, double *energy, size_t n, skd_error *err) {
    char *text = NULL;
    size_t length = 0, found = 0;
    skd_status status = skd_file_read(path, &text, &length, err);
    skd_text t = skd_text_of(path, text, length);
    skd_span line, word, last;
    while (status == SKD_OK && skd_text_line(&t, &line)) {
        last = (skd_span){NULL, 0};
        while (skd_span_word(&line, &word) && word.p[0] != '#')
            last = word;
        if (last.n == 0)
            continue;
        if (found == n)
            status = skd_text_fail(&t, err, "more energies than the %zu structures", n);
        else if (!skd_span_real(last, &energy[found++]))
            status = skd_text_fail(&t, err, "expected a line that ends with an energy in eV");
    }
    if (status == SKD_OK && found < n)
        status = skd_fail(err, SKD_EFORMAT, "%s: %zu energies for %zu structures", path, found, n);
    skd_free(text);
    return status;
}

static skd_status read_all(clustering *c, const char *energies, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < c->n && status == SKD_OK; i++) {
        status = skd_structure_read(&c->frame[i], c->path[i], err);
        c->energy[i] = status == SKD_OK && c->frame[i]->has_energy ? c->frame[i]->energy : (double)NAN;
    }
    if (status == SKD_OK && energies)
        status = read_energies(energies, c->energy, c->n, err);
    return status;
}

/* ---- comparing --------------------------------------------------------------------------- */

static skd_status make_soap(clustering *c, const skd_soap_options *soap, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t n_species = 0;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        for (size_t i = 0; i < c->n; i++)
            if (skd_cell_count(c->frame[i]->cell, z)) {
                species[n_species++] = z;
                break;
            }
    skd_status status = skd_soap_new(&c->soap, soap, species, n_species, err);
    for (int t = 0; t < c->threads && status == SKD_OK; t++)
        status = skd_soap_work_new(&c->work[t], c->soap, err);
    return status;
}

static skd_status fingerprint_one(void *payload, size_t i, int worker, skd_error *err) {
    clustering *c = payload;
    return skd_fingerprint_make(&c->fingerprint[i], c->soap, c->frame[i]->cell, NULL, c->energy[i], c->work[worker],
                                err);
}

static skd_status compare_row(void *payload, size_t i, int worker, skd_error *err) {
    clustering *c = payload;
    skd_status status = SKD_OK;
    (void)worker;
    for (size_t j = 0; j < i && status == SKD_OK; j++) {
        status = skd_fingerprint_distance(&c->fingerprint[i], &c->fingerprint[j], &c->distance[i * c->n + j], err);
        c->distance[j * c->n + i] = c->distance[i * c->n + j];
    }
    return status;
}

static skd_status clustering_new(clustering *c, const cli_args *args, skd_error *err) {
    *c = (clustering){.n = args->n_operands, .path = args->operand, .threads = (int)cli_int(args, "threads")};
    if (c->threads <= 0)
        c->threads = skd_threads_available();
    c->frame = skd_alloc(c->n, sizeof *c->frame);
    c->energy = skd_alloc(c->n, sizeof *c->energy);
    c->work = skd_alloc((size_t)c->threads, sizeof *c->work);
    c->fingerprint = skd_alloc(c->n, sizeof *c->fingerprint);
    c->distance = skd_alloc(c->n * c->n, sizeof *c->distance);
    c->label = skd_alloc(c->n, sizeof *c->label);
    if (!c->frame || !c->energy || !c->work || !c->fingerprint || !c->distance || !c->label)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu structures", c->n);
    return SKD_OK;
}

static void clustering_free(clustering *c) {
    for (size_t i = 0; i < c->n; i++) {
        if (c->frame)
            skd_frame_free(c->frame[i]);
        if (c->fingerprint)
            skd_fingerprint_free(&c->fingerprint[i]);
    }
    for (int t = 0; c->work && t < c->threads; t++)
        skd_soap_work_free(c->work[t]);
    skd_soap_free(c->soap);
    skd_free(c->frame);
    skd_free(c->energy);
    skd_free(c->work);
    skd_free(c->fingerprint);
    skd_free(c->distance);
    skd_free(c->label);
}

/* ---- reporting --------------------------------------------------------------------------- */

/* One line of the table. */
typedef struct summary {
    size_t members, first, nearest_family; /* first: index of the member shown */
    double within, nearest;                /* largest distance inside, least to another family (NAN: none) */
    double lowest;                         /* eV, NAN if unknown */
} summary;

static summary summarise(const clustering *c, size_t family) {
    summary s = {.nearest = (double)NAN, .lowest = (double)NAN};
    for (size_t i = 0; i < c->n; i++) {
        if (c->label[i] != family)
            continue;
        if (s.members++ == 0 || c->energy[i] < s.lowest)
            s.first = i;
        s.lowest = fmin(s.lowest, c->energy[i]);
        for (size_t j = 0; j < c->n; j++) {
            double d = c->distance[i * c->n + j];
            if (c->label[j] == family) {
                s.within = fmax(s.within, d);
            } else if (!(d >= s.nearest)) {
                s.nearest = d;
                s.nearest_family = c->label[j];
            }
        }
    }
    return s;
}

static const char *const heading[] = {">family", ">members", ">widest", ">nearest", ">to", ">lowest (eV)",
                                      "representative"};

static void print_table(const clustering *c) {
    cli_table t = {.n_columns = sizeof heading / sizeof *heading, .heading = heading};
    for (size_t f = 0; f < c->n_families; f++) {
        summary s = summarise(c, f);
        cli_table_add(&t, "%zu", f + 1);
        cli_table_add(&t, "%zu", s.members);
        cli_table_add(&t, "%.1e", s.within);
        if (isnan(s.nearest)) {
            cli_table_add(&t, "-");
            cli_table_add(&t, "-");
        } else {
            cli_table_add(&t, "%.1e", s.nearest);
            cli_table_add(&t, "%zu", s.nearest_family + 1);
        }
        if (isnan(s.lowest))
            cli_table_add(&t, "-");
        else
            cli_table_add(&t, "%.4f", s.lowest);
        cli_table_add(&t, "%s", c->path[s.first]);
    }
    cli_table_print(&t, stdout);
    cli_table_free(&t);
}

static void print_families(const clustering *c, const cli_args *args, const struct method *method) {
    printf("%zu structures, %zu famil%s (%s, threshold %g)\n", c->n, c->n_families, c->n_families == 1 ? "y" : "ies",
           method->words, cli_real(args, "threshold"));
    print_table(c);
    for (size_t f = 0; f < c->n_families; f++) {
        printf("\nfamily %zu:\n", f + 1);
        for (size_t i = 0; i < c->n; i++)
            if (c->label[i] == f)
                printf("  %s\n", c->path[i]);
    }
}

static void add_number(cJSON *o, const char *key, double value) {
    if (isnan(value))
        cJSON_AddNullToObject(o, key);
    else
        cJSON_AddNumberToObject(o, key, value);
}

static cJSON *family_json(const clustering *c, size_t family) {
    summary s = summarise(c, family);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "family", (double)family + 1);
    add_number(o, "widest", s.within);
    add_number(o, "nearest", s.nearest);
    add_number(o, "lowest_energy_eV", s.lowest);
    cJSON_AddStringToObject(o, "representative", c->path[s.first]);
    cJSON *members = cJSON_AddArrayToObject(o, "members");
    for (size_t i = 0; i < c->n; i++)
        if (c->label[i] == family)
            cJSON_AddItemToArray(members, cJSON_CreateString(c->path[i]));
    return o;
}

static skd_status print_json(const clustering *c, const cli_args *args, const struct method *method, skd_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddStringToObject(root, "method", method->name);
    cJSON_AddNumberToObject(root, "threshold", cli_real(args, "threshold"));
    cJSON *families = cJSON_AddArrayToObject(root, "families");
    for (size_t f = 0; f < c->n_families; f++)
        cJSON_AddItemToArray(families, family_json(c, f));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    puts(text);
    free(text);
    return SKD_OK;
}

/* ---- the verb ---------------------------------------------------------------------------- */

static const struct method *method_named(const char *name) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static skd_status find_families(clustering *c, const cli_args *args, const struct method *method, skd_error *err) {
    const skd_soap_options soap = {.r_cut = cli_real(args, "r-cut"),
                                   .n_max = (int)cli_int(args, "n-max"),
                                   .l_max = (int)cli_int(args, "l-max"),
                                   .sigma = cli_real(args, "sigma"),
                                   .cutoff = cli_flag(args, "hard") ? SKD_SOAP_CUTOFF_HARD : SKD_SOAP_CUTOFF_SMOOTH};
    const skd_cluster_options cluster = {method->value, cli_real(args, "threshold"),
                                         cli_real(args, "energy-threshold")};
    skd_status status = read_all(c, cli_text(args, "energies"), err);
    if (status == SKD_OK)
        status = make_soap(c, &soap, err);
    if (status == SKD_OK)
        status = skd_parallel(c->n, c->threads, fingerprint_one, c, err);
    if (status == SKD_OK)
        status = skd_parallel(c->n, c->threads, compare_row, c, err);
    if (status == SKD_OK)
        status = skd_cluster(c->distance, c->energy, c->n, &cluster, c->label, &c->n_families, err);
    return status;
}

static skd_status run_cluster(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    const struct method *method = method_named(cli_text(args, "method"));
    if (!method)
        return skd_fail(err, SKD_EARG, "--method is '%s', expected average or density", cli_text(args, "method"));
    clustering c;
    skd_status status = clustering_new(&c, args, err);
    if (status == SKD_OK)
        status = find_families(&c, args, method, err);
    if (status == SKD_OK && cli_flag(args, "json"))
        status = print_json(&c, args, method, err);
    else if (status == SKD_OK)
        print_families(&c, args, method);
    clustering_free(&c);
    return status;
}

const cli_command cmd_cluster = {
    .name = "cluster",
    .group = "structures",
    .summary = "Sort relaxed structures into families",
    .usage = "FILES...",
    .text = "Structures are compared by the SOAP spectra of their atoms, paired so that the largest cosine distance\n"
            "is least: position, orientation and order of the atoms do not matter, nor does which of the equivalent\n"
            "directions a reconstruction took. 'widest' is the largest distance within a family, 'nearest' the least\n"
            "to a structure of another. Displacing one atom by 0.1 Å makes about 2e-5 to 2e-4; the default threshold\n"
            "is calibrated on relaxed vacancies and antisites. Structures of different composition are never one\n"
            "family. Of a file with many frames the last is taken.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1000000,
    .run = run_cluster,
};
