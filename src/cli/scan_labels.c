/* SPDX-License-Identifier: MIT */
/* scan_labels.c - see scan_labels.h. */
#include "scan_labels.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"

/* What precedes the arrays. */
typedef struct head {
    uint64_t n, n_way;
    double lattice[3][3], charge, energy;
    uint64_t n_steps, n_calls, order;
    int32_t stop, failed, relaxed, has_force;
    char why[160], from[128];
} head;

/* ---- out ---------------------------------------------------------------------------------- */

static void write_elements(char *out, size_t size, const skd_cell *cell) {
    int species[SKD_ELEMENT_MAX];
    size_t used = 0, n = skd_cell_species(cell, species);
    for (size_t k = 0; k < n && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", k ? " " : "", skd_element_of(species[k])->symbol);
}

skd_status scan_label_pack(skd_task_label *out, const skd_kept_label *l, size_t order, skd_error *err) {
    const size_t n = l->cell->n, vectors = n * sizeof *l->force;
    head h = {.n = n, .n_way = l->n_way, .charge = l->charge, .energy = l->energy, .n_steps = l->n_steps,
              .n_calls = l->n_calls, .order = order, .stop = (int32_t)l->stop, .failed = l->failed,
              .relaxed = l->relaxed != NULL, .has_force = l->force != NULL};
    skd_string s = {0};
    memcpy(h.lattice, l->cell->lattice, sizeof h.lattice);
    snprintf(h.why, sizeof h.why, "%s", l->why);
    snprintf(h.from, sizeof h.from, "%s", l->from);
    skd_string_add_bytes(&s, (const char *)&h, sizeof h);
    skd_string_add_bytes(&s, (const char *)l->cell->species, n * sizeof *l->cell->species);
    skd_string_add_bytes(&s, (const char *)l->cell->pos, vectors);
    if (l->relaxed)
        skd_string_add_bytes(&s, (const char *)l->relaxed->pos, vectors);
    if (l->force)
        skd_string_add_bytes(&s, (const char *)l->force, vectors);
    skd_string_add_bytes(&s, (const char *)l->way_energy, l->n_way * sizeof *l->way_energy);
    skd_string_add_bytes(&s, (const char *)l->way, 2 * l->n_way * vectors);
    if (s.failed) {
        skd_string_free(&s);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a label");
    }
    /* minima before what was asked on the way to them */
    *out = (skd_task_label){.number = (long)order, .rank = (long)(l->relaxed ? order / 4 : order), .bytes = s.text,
                            .n = s.n};
    write_elements(out->elements, sizeof out->elements, l->cell);
    return SKD_OK;
}

/* ---- in ----------------------------------------------------------------------------------- */

static skd_status take_cells(bytes_reader *r, skd_kept_label *l, const head *h, skd_error *err) {
    int *species = bytes_get_new(r, h->n, sizeof *species);
    double(*pos)[3] = bytes_get_new(r, h->n, sizeof *pos);
    skd_status status = r->status;
    if (status == SKD_OK)
        status = skd_cell_new(&l->cell, h->n, err);
    if (status == SKD_OK) {
        memcpy(l->cell->lattice, h->lattice, sizeof h->lattice);
        memcpy(l->cell->species, species, h->n * sizeof *species);
        memcpy(l->cell->pos, pos, h->n * sizeof *pos);
    }
    skd_free(species);
    skd_free(pos);
    if (status == SKD_OK && h->relaxed)
        status = skd_cell_copy(&l->relaxed, l->cell, err);
    if (status == SKD_OK && h->relaxed)
        bytes_get(r, l->relaxed->pos, h->n * sizeof *l->relaxed->pos);
    return status;
}

skd_status scan_label_unpack(skd_kept_label *l, const void *bytes, size_t n, skd_error *err) {
    bytes_reader r = {bytes, n, SKD_OK, "a label", err};
    head h = {0};
    *l = (skd_kept_label){0};
    bytes_get(&r, &h, sizeof h);
    if (r.status == SKD_OK && h.n == 0)
        bytes_refuse(&r);
    if (r.status != SKD_OK)
        return r.status;
    l->charge = h.charge;
    l->energy = h.energy;
    l->n_steps = h.n_steps;
    l->n_calls = h.n_calls;
    l->order = h.order;
    l->stop = (skd_stop)h.stop;
    l->failed = h.failed;
    snprintf(l->why, sizeof l->why, "%.*s", (int)sizeof h.why - 1, h.why);
    snprintf(l->from, sizeof l->from, "%.*s", (int)sizeof h.from - 1, h.from);
    skd_status status = take_cells(&r, l, &h, err);
    if (status == SKD_OK && h.has_force)
        l->force = bytes_get_new(&r, h.n, sizeof *l->force);
    if (status == SKD_OK && h.n_way) {
        l->n_way = h.n_way;
        l->way_energy = bytes_get_new(&r, h.n_way, sizeof *l->way_energy);
        l->way = bytes_get_new(&r, 2 * h.n_way * h.n, sizeof *l->way);
    }
    if (status == SKD_OK && r.left)
        bytes_refuse(&r);
    status = status == SKD_OK ? r.status : status;
    if (status != SKD_OK)
        skd_kept_label_free(l);
    return status;
}
