/* SPDX-License-Identifier: MIT */
/* prints.c - see prints.h. */
#include "prints.h"

typedef struct maker {
    prints *out;
    const skd_defect *defect;
    const print_item *item;
    skd_soap *soap;
    skd_soap_work **work; /* [threads] */
} maker;

static skd_status make_one(void *payload, size_t i, int worker, skd_error *err) {
    maker *m = payload;
    const print_item *item = &m->item[i];
    double site[3];
    skd_row_times(m->defect->site, item->cell->lattice, site);
    return skd_fingerprint_make(&m->out->fingerprint[i], m->soap, item->cell, site, item->energy, m->work[worker], err);
}

skd_status prints_make(prints *out, const skd_defect *defect, const print_item *item, size_t n,
                       const skd_soap_options *options, int threads, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t n_species = skd_cell_species(defect->cell, species);
    *out = (prints){.fingerprint = skd_alloc(n, sizeof *out->fingerprint), .n = n};
    maker m = {.out = out, .defect = defect, .item = item, .work = skd_alloc((size_t)threads, sizeof *m.work)};
    skd_status status = SKD_OK;
    if (!out->fingerprint || !m.work)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the fingerprints of %zu minima", n);
    if (status == SKD_OK)
        status = skd_soap_new(&m.soap, options, species, n_species, err);
    for (int t = 0; t < threads && status == SKD_OK; t++)
        status = skd_soap_work_new(&m.work[t], m.soap, err);
    if (status == SKD_OK)
        status = skd_parallel(n, threads, make_one, &m, err);
    for (int t = 0; m.work && t < threads; t++)
        skd_soap_work_free(m.work[t]);
    skd_free(m.work);
    skd_soap_free(m.soap);
    if (status != SKD_OK)
        prints_free(out);
    return status;
}

void prints_free(prints *p) {
    for (size_t i = 0; p->fingerprint && i < p->n; i++)
        skd_fingerprint_free(&p->fingerprint[i]);
    skd_free(p->fingerprint);
    *p = (prints){0};
}
