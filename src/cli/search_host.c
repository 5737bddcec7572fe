/* SPDX-License-Identifier: MIT */
/* search_host.c - relaxes and checks the host of a search. */
#include "search_host.h"

#include <math.h>
#include <string.h>

#include "far_field.h"
#include "run_host.h"

skd_status search_host_read(search_host *host, skd_error *err) {
    const char *which = cli_text(host->args, "host");
    if (strcmp(which, "given") != 0 && strcmp(which, "relaxed") != 0)
        return skd_fail(err, SKD_EARG, "--host: expected given or relaxed; found '%s'", which);
    if (search_host_is_relaxed(host) && cli_given(host->args, "bulk"))
        return skd_fail(err, SKD_EARG, "--host relaxed needs a HOST, not --defect FILE --bulk FILE");
    skd_status status = cli_far_field_read(&host->record->far, cli_text(host->args, "far-field"), err);
    host->far_auto = host->record->far.mode == SKD_FAR_AUTO;
    return status;
}

bool search_host_is_relaxed(const search_host *host) { return strcmp(cli_text(host->args, "host"), "relaxed") == 0; }

static bool show(void *payload, const skd_relax_frame *frame) {
    search_host *host = payload;
    progress_host(host->progress, frame);
    return !cli_interrupted();
}

/* To 1e-10 Å: numbers that the store's decimal text keeps bit by bit, so that a resumed search is the same. */
static void round_cell(skd_cell *cell) {
    for (int k = 0; k < 9; k++)
        cell->lattice[k / 3][k % 3] = nearbyint(1e10 * cell->lattice[k / 3][k % 3]) / 1e10;
    for (size_t i = 0; i < 3 * cell->n; i++)
        cell->pos[i / 3][i % 3] = nearbyint(1e10 * cell->pos[i / 3][i % 3]) / 1e10;
}

/* The plan anew, in the host as this level has it. */
static skd_status relax_host(search_host *host, skd_error *err) {
    cli_plan *plan = host->plan;
    run_record *r = host->record;
    skd_relax_observer observer = {show, host};
    skd_cell *relaxed = host->relaxed;
    skd_status status = SKD_OK;
    host->relaxed = NULL;
    r->relaxed_key = run_host_key(plan->bulk, r->potential);
    if (host->store)
        status = run_host_cached_relaxed(host->store, r->relaxed_key, plan->primitive, &relaxed, err);
    if (status == SKD_OK && !relaxed)
        status = skd_host_relax(&relaxed, plan->primitive, (const int(*)[3])plan->matrix, host->potential, &observer,
                                err);
    if (status == SKD_OK) {
        round_cell(relaxed);
        status = cli_plan_rehost(plan, relaxed, host->args, err);
    }
    r->given = plan->given;
    r->relaxed = plan->primitive;
    return status;
}

static skd_status check_host(search_host *host, skd_error *err) {
    run_record *r = host->record;
    skd_relax_observer observer = {show, host};
    r->host_key = run_host_key(host->plan->bulk, r->potential);
    skd_status status =
        host->store ? run_host_cached(host->store, r->host_key, &r->host, &host->known, err) : SKD_OK;
    if (status == SKD_OK && !host->known)
        status = skd_host_check(&r->host, host->plan->bulk, host->potential, (uint32_t)host->plan->starts.seed,
                                &observer, err);
    r->bulk_energy = r->host.energy;
    return status;
}

skd_status search_host_settle(search_host *host, skd_error *err) {
    cli_catch_interrupts();
    progress_begin(host->progress, 0, cli_flag(host->args, "quiet"));
    skd_status status = search_host_is_relaxed(host) ? relax_host(host, err) : SKD_OK;
    if (status == SKD_OK)
        status = check_host(host, err);
    progress_end(host->progress);
    if (status == SKD_OK)
        status = skd_far_field_choose(&host->record->far, &host->record->host, host->plan->defects.defect,
                                      host->plan->defects.n, err);
    return status;
}

void search_host_print(const search_host *host, FILE *out) {
    const run_record *r = host->record;
    char text[200];
    const char *why = "";
    if (host->plan->given)
        fprintf(out, "relaxed    %s\n", cli_host_lattices(host->plan->given, host->plan->bulk, text, sizeof text));
    fprintf(out, "rattled    %s%s\n", cli_host_text(&r->host, text, sizeof text), host->known ? " (found before)" : "");
    if (host->far_auto && !r->host.returns)
        why = r->far.mode == SKD_FAR_FREE ? ": the cell is too small to freeze a part of it"
                                          : ", as the host is no minimum; otherwise with --far-field";
    fprintf(out, "far field  %s%s\n", cli_far_field_text(&r->far, text, sizeof text), why);
}
