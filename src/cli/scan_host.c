/* SPDX-License-Identifier: MIT */
/* scan_host.c - see scan_host.h. */
#include "scan_host.h"

#include <string.h>

#include "models.h"
#include "relaxing.h"
#include "search_parts.h"

static skd_status read_potential(scan_host *h, skd_error *err) {
    const cli_args *args = &h->args;
    skd_status status = cli_potential_new(&h->potential, cli_text(args, "potential"), err);
    if (status == SKD_OK)
        status = learning_wanted(&h->learns, args, h->potential, err);
    if (status == SKD_OK)
        status = relaxing_options(&h->relax, h->potential, args, err);
    if (status == SKD_OK)
        status = search_wants_saddles(&h->saddles, args, h->potential, err);
    h->check = (search_host){.args = args, .potential = h->potential, .plan = &h->plan, .record = &h->record,
                             .progress = &h->progress};
    return status == SKD_OK ? search_host_read(&h->check, err) : status;
}

skd_status scan_host_open(scan_host *h, const scan_plan *plan, const skd_task_host *what, skd_error *err) {
    char *rule = NULL;
    *h = (scan_host){.what = *what, .progress = {.quiet = true}};
    skd_status status = scan_plan_args(plan, what->group, h->what.path, h->argv, &h->args, err);
    if (status == SKD_OK)
        status = scan_plan_text(plan, what->group, "sites", &rule, err);
    if (status == SKD_OK && rule)
        status = scan_sites_find(h, rule, err);
    skd_free(rule);
    if (status == SKD_OK)
        status = read_potential(h, err);
    if (status == SKD_OK)
        status = cli_plan_make(&h->plan, &h->args, err);
    if (status == SKD_OK)
        status = search_check_elements(&h->plan, h->potential, err);
    if (status == SKD_OK)
        search_record_begin(&h->record, &h->args, &h->plan, h->potential, &h->relax, h->learns);
    return status;
}

/* ---- the state of the host ---------------------------------------------------------------- */

/* Numbers of the check, then the primitive cell as relaxed, if it was. */
static skd_status read_state(scan_host *h, const void *bytes, size_t n, skd_error *err) {
    const char *p = bytes;
    const size_t head = sizeof h->record.host;
    skd_cell *cell = NULL;
    if (n < head)
        return skd_fail(err, SKD_EFORMAT, "%s: the state of the host is cut off", h->what.path);
    memcpy(&h->record.host, p, head);
    h->check.known = true;
    if (n == head)
        return SKD_OK;
    skd_status status = skd_cell_copy(&cell, h->plan.primitive, err);
    const size_t lattice = sizeof cell->lattice;
    if (status == SKD_OK && n != head + lattice + cell->n * sizeof *cell->pos)
        status = skd_fail(err, SKD_EFORMAT, "%s: its relaxed cell has other atoms", h->what.path);
    if (status != SKD_OK) {
        skd_cell_free(cell);
        return status;
    }
    memcpy(cell->lattice, p + head, lattice);
    memcpy(cell->pos, p + head + lattice, cell->n * sizeof *cell->pos);
    h->check.relaxed = cell;
    return SKD_OK;
}

static skd_status write_state(scan_host *h, skd_error *err) {
    skd_string bytes = {0};
    const skd_cell *cell = h->plan.primitive;
    skd_string_add_bytes(&bytes, (const char *)&h->record.host, sizeof h->record.host);
    if (search_host_is_relaxed(&h->check)) {
        skd_string_add_bytes(&bytes, (const char *)cell->lattice, sizeof cell->lattice);
        skd_string_add_bytes(&bytes, (const char *)cell->pos, cell->n * sizeof *cell->pos);
    }
    if (bytes.failed) {
        skd_string_free(&bytes);
        return skd_fail(err, SKD_ENOMEM, "out of memory for the state of a host");
    }
    h->state = bytes.text;
    h->n_state = bytes.n;
    return SKD_OK;
}

skd_status scan_host_settle(scan_host *h, const void *state, size_t n, skd_error *err) {
    if (h->settled)
        return SKD_OK;
    skd_status status = state ? read_state(h, state, n, err) : SKD_OK;
    if (status == SKD_OK)
        status = search_host_settle(&h->check, err);
    if (status == SKD_OK)
        status = learning_recall(&h->known, &h->record, cli_text(&h->args, "learned-from"), h->learns, &h->plan, err);
    if (status == SKD_OK)
        status = write_state(h, err);
    h->settled = status == SKD_OK;
    return status;
}

void scan_host_close(scan_host *h) {
    skd_cell_free(h->check.relaxed);
    known_labels_free(&h->known);
    skd_potential_free(h->potential);
    cli_plan_free(&h->plan);
    cli_args_free(&h->args);
    skd_free(h->site);
    skd_free(h->state);
    *h = (scan_host){0};
}
