/* SPDX-License-Identifier: MIT */
/* scan_pack.c - orders and results as bytes, for processes that share no store: numbers native, arrays after their
 * length. A head tells whether both ends were built alike. */
#include <string.h>

#include "bytes.h"
#include "scan.h"

#define ORDER_MARK  0x736b645f6f726431ULL
#define RESULT_MARK 0x736b645f72657331ULL
#define MESSAGE     "a message between processes"

/* ---- out ---------------------------------------------------------------------------------- */

static void put(skd_string *out, const void *bytes, size_t n) { skd_string_add_bytes(out, bytes, n); }

static void put_number(skd_string *out, uint64_t n) { put(out, &n, sizeof n); }

static void put_array(skd_string *out, const void *bytes, size_t n) {
    put_number(out, bytes ? n : 0);
    if (bytes)
        put(out, bytes, n);
}

static void put_labels(skd_string *out, const skd_task_label *label, size_t n) {
    put_number(out, n);
    for (size_t i = 0; i < n; i++) {
        put(out, &label[i], sizeof *label); /* its pointer is not looked at */
        put_array(out, label[i].bytes, label[i].n);
    }
}

static void put_family(skd_string *out, const scan_family *f) {
    const skd_cell *cell = f->cell;
    put_number(out, cell->n);
    put(out, cell->lattice, sizeof cell->lattice);
    put(out, cell->species, cell->n * sizeof *cell->species);
    put(out, cell->pos, cell->n * sizeof *cell->pos);
    put_array(out, f->force, cell->n * sizeof *f->force);
    put(out, &f->energy, sizeof f->energy);
    put(out, &f->charge, sizeof f->charge);
    put_array(out, f->keys, strlen(f->keys) + 1);
}

static skd_status finish_packing(const skd_string *out, skd_error *err) {
    return out->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a message") : SKD_OK;
}

skd_status scan_order_pack(skd_string *out, const scan_order *o, skd_error *err) {
    put_number(out, ORDER_MARK);
    put_number(out, sizeof o->task + sizeof o->host);
    put(out, &o->task, sizeof o->task);
    put(out, &o->host, sizeof o->host);
    put_array(out, o->host_state, o->n_host_state);
    put_number(out, o->n_pool);
    put_labels(out, o->label, o->n_labels);
    return finish_packing(out, err);
}

skd_status scan_result_pack(skd_string *out, const scan_result *r, skd_error *err) {
    put_number(out, RESULT_MARK);
    put_number(out, sizeof r->task + sizeof r->outcome);
    put(out, &r->task, sizeof r->task);
    put(out, &r->outcome, sizeof r->outcome);
    put(out, r->potential, sizeof r->potential);
    put_array(out, r->host_state, r->n_host_state);
    put_number(out, r->n_families);
    for (size_t i = 0; i < r->n_families; i++)
        put_family(out, &r->family[i]);
    put_labels(out, r->label, r->n_labels);
    return finish_packing(out, err);
}

/* ---- in ----------------------------------------------------------------------------------- */

static size_t get_number(bytes_reader *r) {
    uint64_t n;
    bytes_get(r, &n, sizeof n);
    return (size_t)n;
}

static void *get_array(bytes_reader *r, size_t *n) {
    *n = get_number(r);
    return bytes_get_new(r, *n, 1);
}

static void get_labels(bytes_reader *r, skd_task_label **label, size_t *n_labels) {
    const size_t n = get_number(r);
    if (r->status != SKD_OK || n > r->left / sizeof **label) {
        bytes_refuse(r);
        return;
    }
    *label = skd_alloc(n + 1, sizeof **label);
    if (!*label)
        r->status = skd_fail(r->err, SKD_ENOMEM, "out of memory for %zu labels", n);
    for (size_t i = 0; i < n && r->status == SKD_OK; i++) {
        skd_task_label *l = &(*label)[(*n_labels)++];
        bytes_get(r, l, sizeof *l);
        l->bytes = get_array(r, &l->n);
    }
}

static void get_family(bytes_reader *r, scan_family *f) {
    size_t size;
    const size_t n = get_number(r);
    if (r->status != SKD_OK || n > r->left / sizeof *f->cell->pos) {
        bytes_refuse(r);
        return;
    }
    r->status = skd_cell_new(&f->cell, n, r->err);
    if (r->status != SKD_OK)
        return;
    bytes_get(r, f->cell->lattice, sizeof f->cell->lattice);
    bytes_get(r, f->cell->species, n * sizeof *f->cell->species);
    bytes_get(r, f->cell->pos, n * sizeof *f->cell->pos);
    f->force = get_array(r, &size);
    if (f->force && size != n * sizeof *f->force)
        bytes_refuse(r);
    bytes_get(r, &f->energy, sizeof f->energy);
    bytes_get(r, &f->charge, sizeof f->charge);
    f->keys = get_array(r, &size);
    if (!f->keys || f->keys[size - 1] != '\0')
        bytes_refuse(r);
}

skd_status scan_order_unpack(scan_order *o, const void *bytes, size_t n, skd_error *err) {
    bytes_reader r = {bytes, n, SKD_OK, MESSAGE, err};
    *o = (scan_order){0};
    if (get_number(&r) != ORDER_MARK || get_number(&r) != sizeof o->task + sizeof o->host)
        bytes_refuse(&r);
    bytes_get(&r, &o->task, sizeof o->task);
    bytes_get(&r, &o->host, sizeof o->host);
    o->host_state = get_array(&r, &o->n_host_state);
    o->n_pool = get_number(&r);
    get_labels(&r, &o->label, &o->n_labels);
    if (r.left || o->n_pool > o->n_labels)
        bytes_refuse(&r);
    if (r.status != SKD_OK)
        scan_order_free(o);
    return r.status;
}

skd_status scan_result_unpack(scan_result *out, const void *bytes, size_t n, skd_error *err) {
    bytes_reader r = {bytes, n, SKD_OK, MESSAGE, err};
    *out = (scan_result){0};
    if (get_number(&r) != RESULT_MARK || get_number(&r) != sizeof out->task + sizeof out->outcome)
        bytes_refuse(&r);
    bytes_get(&r, &out->task, sizeof out->task);
    bytes_get(&r, &out->outcome, sizeof out->outcome);
    bytes_get(&r, out->potential, sizeof out->potential);
    out->host_state = get_array(&r, &out->n_host_state);
    const size_t families = get_number(&r);
    if (r.status == SKD_OK && families > r.left)
        bytes_refuse(&r);
    out->family = r.status == SKD_OK ? skd_alloc(families + 1, sizeof *out->family) : NULL;
    if (r.status == SKD_OK && !out->family)
        r.status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", families);
    while (out->n_families < families && r.status == SKD_OK)
        get_family(&r, &out->family[out->n_families++]);
    get_labels(&r, &out->label, &out->n_labels);
    if (r.left)
        bytes_refuse(&r);
    if (r.status != SKD_OK)
        scan_result_free(out);
    return r.status;
}
