/* SPDX-License-Identifier: MIT */
/* scan_sites.c - the key `sites` of a plan: which sites of a host get defects. */
#include <string.h>

#include "scan_host.h"
#include "sites_soap.h"

/* A rule as numbers. */
typedef struct site_rule {
    bool all;
    size_t shells, most; /* most = 0: all classes */
} site_rule;

static skd_status read_rule(const char *text, site_rule *rule, skd_error *err) {
    const char *colon = strchr(text, ':');
    const skd_span word = {text, colon ? (size_t)(colon - text) : strlen(text)};
    long shells = 0, most = 0;
    *rule = (site_rule){.all = skd_span_is(word, "all")};
    bool good = rule->all || (word.n > 5 && strncmp(text, "shell", 5) == 0 &&
                              skd_span_int((skd_span){text + 5, word.n - 5}, &shells) && shells >= 1 &&
                              shells <= SKD_ENVIRONMENT_SHELLS);
    if (good && colon)
        good = skd_span_int((skd_span){colon + 1, strlen(colon + 1)}, &most) && most >= 1 && !rule->all;
    rule->shells = (size_t)shells;
    rule->most = (size_t)most;
    return good ? SKD_OK
                : skd_fail(err, SKD_EARG, "sites: expected all, shell1 to shell%d, or shell2:6 (at most six); found "
                                          "'%s'", SKD_ENVIRONMENT_SHELLS, text);
}

static skd_status add_site(scan_host *host, const skd_environments *e, size_t class, size_t atom, long multiplicity,
                           size_t shells, skd_error *err) {
    skd_status status =
        skd_grow((void **)&host->site, &host->site_room, host->n_sites + 1, sizeof *host->site, err);
    if (status != SKD_OK)
        return status;
    scan_site *site = &host->site[host->n_sites++];
    size_t used = 0;
    *site = (scan_site){.atom = (long)atom + 1, .multiplicity = multiplicity};
    for (size_t s = 0; s < shells && used < sizeof site->environment; s++)
        used += (size_t)snprintf(site->environment + used, sizeof site->environment - used, "%s%s", s ? " " : "",
                                 e->shell[class][s]);
    return SKD_OK;
}

static skd_status choose(const skd_environments *e, const skd_cell *cell, const site_rule *rule, size_t *chosen,
                         size_t *n, skd_error *err) {
    double *spectrum = NULL, *distance = NULL;
    size_t size;
    *n = rule->most && rule->most < e->n_classes ? rule->most : e->n_classes;
    for (size_t k = 0; k < *n; k++)
        chosen[k] = k;
    if (*n == e->n_classes)
        return SKD_OK;
    distance = skd_alloc(*n, sizeof *distance);
    skd_status status = distance ? cli_sites_spectra(&spectrum, &size, cell, e, 7.0, 1, err)
                                 : skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", *n);
    if (status == SKD_OK)
        status = cli_sites_choose(e, spectrum, size, *n, chosen, distance, err);
    skd_free(spectrum);
    skd_free(distance);
    return status;
}

static skd_status add_classes(scan_host *host, const skd_environments *e, const skd_cell *cell, const site_rule *rule,
                              skd_error *err) {
    size_t n = 0, *chosen = skd_alloc(e->n_classes + 1, sizeof *chosen);
    skd_status status =
        chosen ? choose(e, cell, rule, chosen, &n, err) : skd_fail(err, SKD_ENOMEM, "out of memory for sites");
    for (size_t k = 0; k < n && status == SKD_OK; k++)
        status = add_site(host, e, chosen[k], e->atom[e->first[chosen[k]]], (long)e->multiplicity[chosen[k]],
                          rule->shells, err);
    skd_free(chosen);
    return status;
}

/* All sites of one element. */
static skd_status find_of(scan_host *host, const skd_cell *cell, int species, const site_rule *rule, skd_error *err) {
    const skd_environment_options wanted = {.species = species,
                                            .shells = rule->all ? 1 : rule->shells,
                                            .reach = 1.3,
                                            .composition_only = rule->shells == 1};
    skd_environments *e = NULL;
    skd_status status = skd_environments_find(&e, cell, &wanted, err);
    if (status == SKD_OK && !rule->all)
        status = add_classes(host, e, cell, rule, err);
    for (size_t i = 0; rule->all && status == SKD_OK && i < e->n; i++)
        status = add_site(host, e, e->label[i], e->atom[i], 1, 1, err);
    skd_environments_free(e);
    return status;
}

static skd_status set_sites(scan_host *host, skd_error *err) {
    skd_string text = {0};
    bool known;
    for (size_t k = 0; k < host->n_sites; k++)
        skd_string_add(&text, "%s%ld", k ? "," : "", host->site[k].atom);
    if (!text.failed)
        return cli_args_set(&host->args, "site", text.text, &known, err);
    skd_string_free(&text);
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", host->n_sites);
}

skd_status scan_sites_find(scan_host *host, const char *rule_text, skd_error *err) {
    const char *names = cli_text(&host->args, "defect");
    bool seen[SKD_ELEMENT_MAX + 1] = {false};
    skd_frame *frame = NULL;
    site_rule rule;
    skd_status status = read_rule(rule_text, &rule, err);
    if (status == SKD_OK && !names)
        status = skd_fail(err, SKD_EARG, "sites: needs 'defect', like v_Cd or Te_Cd");
    if (status == SKD_OK)
        status = skd_structure_read(&frame, host->what.path, err);
    while (names && *names && status == SKD_OK) {
        char name[64];
        int species;
        size_t n = strcspn(names, ",");
        skd_span_copy((skd_span){names, n}, name, sizeof name);
        names += n + (names[n] == ',');
        status = cli_site_element(name[0] == ' ' ? name + 1 : name, &species, err);
        if (status == SKD_OK && !seen[species]) {
            seen[species] = true;
            status = find_of(host, frame->cell, species, &rule, err);
        }
    }
    skd_frame_free(frame);
    return status == SKD_OK ? set_sites(host, err) : status;
}

const scan_site *scan_host_site(const scan_host *host, const skd_defect *defect) {
    const size_t length = strlen(defect->name);
    for (size_t k = 0; k < host->n_sites; k++) {
        char ending[32];
        const size_t n = (size_t)snprintf(ending, sizeof ending, "_s%ld", host->site[k].atom);
        if (length > n && strcmp(defect->name + length - n, ending) == 0)
            return &host->site[k];
    }
    return NULL;
}
