/* SPDX-License-Identifier: MIT */
/* sites_soap.c - SOAP spectra of sites: splitting classes by them, and choosing the most different. */
#include "sites_soap.h"

#include <string.h>

/* ---- spectra ----------------------------------------------------------------------------- */

typedef struct spectra {
    const skd_cell *cell;
    const skd_environments *e;
    const skd_soap *soap;
    skd_soap_work **work; /* [threads] */
    double *spectrum;
    size_t size;
} spectra;

static skd_status one_spectrum(void *payload, size_t i, int worker, skd_error *err) {
    spectra *s = payload;
    return skd_soap_at(s->soap, s->cell, (const double(*)[3])&s->cell->pos[s->e->atom[i]], 1, s->work[worker],
                       s->spectrum + i * s->size, err);
}

static skd_status all_spectra(spectra *s, int threads, skd_error *err) {
    skd_status status = SKD_OK;
    s->spectrum = skd_alloc(s->e->n * s->size, sizeof *s->spectrum);
    s->work = skd_alloc((size_t)threads, sizeof *s->work);
    if (!s->spectrum || !s->work)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the spectra of %zu sites", s->e->n);
    for (int t = 0; t < threads && status == SKD_OK; t++)
        status = skd_soap_work_new(&s->work[t], s->soap, err);
    if (status == SKD_OK)
        status = skd_parallel(s->e->n, threads, one_spectrum, s, err);
    for (int t = 0; s->work && t < threads; t++)
        skd_soap_work_free(s->work[t]);
    skd_free(s->work);
    return status;
}

skd_status cli_sites_spectra(double **out, size_t *size, const skd_cell *cell, const skd_environments *e, double r_cut,
                             int threads, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t n_species = 0;
    skd_soap *soap = NULL;
    skd_soap_options wanted = SKD_SOAP_DEFAULT;
    wanted.r_cut = r_cut;
    *out = NULL;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (skd_cell_count(cell, z) > 0)
            species[n_species++] = z;
    skd_status status = skd_soap_new(&soap, &wanted, species, n_species, err);
    spectra s = {.cell = cell, .e = e, .soap = soap};
    if (status == SKD_OK) {
        *size = s.size = skd_soap_size(soap);
        status = all_spectra(&s, threads > 0 ? threads : skd_threads_available(), err);
    }
    skd_soap_free(soap);
    if (status == SKD_OK)
        *out = s.spectrum;
    else
        skd_free(s.spectrum);
    return status;
}

/* ---- splitting --------------------------------------------------------------------------- */

/* Families among n sites; family [n]. */
static skd_status split_class(const size_t *site, size_t n, const double *spectrum, size_t size, double threshold,
                              size_t *family, skd_error *err) {
    const skd_cluster_options options = {.method = SKD_CLUSTER_AGGLOMERATIVE, .threshold = threshold};
    size_t n_families;
    double *d = skd_alloc(n * n, sizeof *d);
    if (!d)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the distances of %zu sites", n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            d[i * n + j] = d[j * n + i] =
                skd_cosine_distance(spectrum + site[i] * size, spectrum + site[j] * size, size);
    skd_status status = skd_cluster(d, NULL, n, &options, family, &n_families, err);
    skd_free(d);
    return status;
}

skd_status cli_sites_split(skd_environments *e, const double *spectrum, size_t size, double threshold, skd_error *err) {
    size_t *key = skd_alloc(e->n, sizeof *key), *site = skd_alloc(e->n, sizeof *site);
    size_t *family = skd_alloc(e->n, sizeof *family);
    skd_status status = key && site && family ? SKD_OK
                                              : skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", e->n);
    for (size_t k = 0; k < e->n_classes && status == SKD_OK; k++) {
        size_t n = 0;
        for (size_t i = 0; i < e->n; i++)
            if (e->label[i] == k)
                site[n++] = i;
        status = split_class(site, n, spectrum, size, threshold, family, err);
        for (size_t m = 0; m < n && status == SKD_OK; m++)
            key[site[m]] = family[m];
    }
    if (status == SKD_OK)
        status = skd_environments_split(e, key, err);
    skd_free(key);
    skd_free(site);
    skd_free(family);
    return status;
}

/* ---- choosing ---------------------------------------------------------------------------- */

skd_status cli_sites_choose(const skd_environments *e, const double *spectrum, size_t size, size_t n, size_t *chosen,
                            double *distance, skd_error *err) {
    double *nearest = skd_alloc(e->n_classes, sizeof *nearest); /* distance to the nearest chosen class */
    size_t next = 0;
    if (!nearest)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu classes", e->n_classes);
    for (size_t k = 0; k < e->n_classes; k++) {
        nearest[k] = HUGE_VAL;
        if (e->multiplicity[k] > e->multiplicity[next])
            next = k;
    }
    for (size_t m = 0; m < n; m++) {
        chosen[m] = next;
        distance[m] = m ? nearest[next] : 0.0;
        nearest[next] = -1.0;
        for (size_t k = 0; k < e->n_classes; k++)
            if (nearest[k] >= 0.0)
                nearest[k] = fmin(nearest[k], skd_cosine_distance(spectrum + e->first[k] * size,
                                                                  spectrum + e->first[chosen[m]] * size, size));
        next = 0;
        for (size_t k = 1; k < e->n_classes; k++)
            if (nearest[k] > nearest[next])
                next = k;
    }
    skd_free(nearest);
    return SKD_OK;
}

skd_status cli_site_element(const char *name, int *species, skd_error *err) {
    if (!name)
        return skd_fail(err, SKD_EARG, "'sites' needs --defect, like v_Cd or Te_Cd");
    const char *line = strchr(name, '_');
    const skd_span added = {name, line ? (size_t)(line - name) : 0}, site = {line ? line + 1 : name,
                                                                             line ? strlen(line + 1) : 0};
    if (skd_span_is(site, "i"))
        return skd_fail(err, SKD_EARG, "--defect %s: interstitials sit on no atom's site; 'distort' lists theirs",
                        name);
    *species = skd_element_number(site);
    if (!*species || !(skd_span_is(added, "v") || skd_element_number(added)))
        return skd_fail(err, SKD_EARG, "--defect: expected a vacancy or substitution like v_Cd or Te_Cd; found '%s'",
                        name);
    return SKD_OK;
}
