/* SPDX-License-Identifier: MIT */
/* plan_sites.c - --site: the atoms of the host whose sites get defects. */
#include "plan_sites.h"

#include <string.h>

static skd_status refuse_others(const cli_args *args, skd_error *err) {
    static const char *const names[] = {"bulk", "complex", "interstitials", "wyckoff"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (cli_given(args, names[k]))
            return skd_fail(err, SKD_EARG,
                            "--site is about vacancies and substitutions in a HOST: it goes without --%s", names[k]);
    return SKD_OK;
}

/* The atom of the primitive cell on that place, up to its lattice. */
static skd_status find_atom(const skd_cell *host, size_t i, const skd_cell *primitive, size_t *atom, skd_error *err) {
    skd_mic mic;
    double d[3], nearest = HUGE_VAL;
    skd_status status = skd_mic_setup(&mic, primitive, err);
    for (size_t k = 0; k < primitive->n && status == SKD_OK; k++) {
        const double r = skd_mic_vector(&mic, primitive->pos[k], host->pos[i], d);
        if (primitive->species[k] == host->species[i] && r < nearest) {
            nearest = r;
            *atom = k;
        }
    }
    if (status == SKD_OK && !(nearest < 0.5))
        status = skd_fail(err, SKD_ENUMERIC, "--site %zu: the primitive cell has no atom there", i + 1);
    return status;
}

static bool has_equivalent(const cli_sites *sites, const skd_symmetry *symmetry, size_t i) {
    for (size_t k = 0; k < sites->n; k++)
        if (symmetry->orbit[sites->number[k] - 1] == symmetry->orbit[i])
            return true;
    return false;
}

skd_status cli_sites_read(cli_sites *out, const cli_args *args, const skd_cell *host, const skd_symmetry *symmetry,
                          const skd_cell *primitive, skd_error *err) {
    *out = (cli_sites){0};
    long *list = NULL;
    size_t n = 0;
    if (!cli_text(args, "site"))
        return SKD_OK;
    skd_status status = refuse_others(args, err);
    if (status == SKD_OK)
        status = cli_int_list(cli_text(args, "site"), "--site", 1, (long)host->n, &list, &n, err);
    if (status != SKD_OK)
        return status;
    out->atom = skd_alloc(n, sizeof *out->atom);
    out->number = skd_alloc(n, sizeof *out->number);
    if (!out->atom || !out->number)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", n);
    for (size_t k = 0; k < n && status == SKD_OK; k++) {
        const size_t i = (size_t)list[k] - 1;
        if (has_equivalent(out, symmetry, i))
            continue;
        status = find_atom(host, i, primitive, &out->atom[out->n], err);
        out->number[out->n++] = i + 1;
    }
    skd_free(list);
    return status;
}

void cli_sites_free(cli_sites *sites) {
    skd_free(sites->atom);
    skd_free(sites->number);
    *sites = (cli_sites){0};
}

skd_status cli_sites_check(const cli_sites *sites, const skd_cell *primitive, const skd_defect_list *list,
                           skd_error *err) {
    for (size_t k = 0; k < sites->n; k++) {
        char ending[32];
        bool there = false;
        const int length = snprintf(ending, sizeof ending, "_s%zu", sites->number[k]);
        for (size_t d = 0; d < list->n; d++) {
            const char *name = list->defect[d]->name;
            const size_t n = strlen(name);
            there = there || (n > (size_t)length && strcmp(name + n - (size_t)length, ending) == 0);
        }
        if (!there)
            return skd_fail(err, SKD_EARG, "--site %zu: atom %zu is %s, where no defect asked for sits",
                            sites->number[k], sites->number[k],
                            skd_element_of(primitive->species[sites->atom[k]])->symbol);
    }
    return SKD_OK;
}
