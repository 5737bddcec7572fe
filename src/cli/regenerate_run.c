/* SPDX-License-Identifier: MIT */
/* regenerate_run.c - see regenerate_run.h. What `search` does itself unless told not to (--cross-charges none). */
#include "regenerate_run.h"

#include "folders.h"
#include "run_store.h"

static size_t count_pending(const run_contents *run) {
    size_t n = 0;
    for (size_t j = 0; j < run->n_jobs; j++)
        for (size_t i = 0; i < run->job[j]->starts.n; i++)
            n += !run->job[j]->minimum[i].done && !run->job[j]->starts.start[i].dropped;
    return n;
}

static skd_status write_new(const char *folder, const skd_job *job, size_t first, skd_error *err) {
    char entry[96];
    if (job->starts.n == first)
        return SKD_OK;
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    for (size_t i = first; i < job->starts.n; i++)
        printf("%s/%s/%s\n", folder, entry, job->starts.start[i].name);
    return folders_write_starts(folder, job->defect, job->charge, &job->starts, err);
}

static skd_status exchange(run_store *store, run_contents *run, double min_energy, int threads, skd_error *err) {
    skd_cross_options cross = SKD_CROSS_DEFAULT;
    size_t n_added = 0, *before = skd_alloc(run->n_jobs, sizeof *before);
    cross.min_energy = min_energy;
    if (run->record.threshold > 0.0)
        cross.rank.cluster.threshold = run->record.threshold;
    if (!before)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu jobs", run->n_jobs);
    for (size_t j = 0; j < run->n_jobs; j++)
        before[j] = run->job[j]->starts.n;
    skd_status status = skd_cross_charges(&n_added, run->job, run->n_jobs, &cross, threads, err);
    if (status == SKD_OK && n_added > 0)
        status = run_store_add_starts(store, run->job, run->n_jobs, err);
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++)
        status = write_new(store->folder, run->job[j], before[j], err);
    if (status == SKD_OK)
        printf("%zu new start%s%s\n", n_added, n_added == 1 ? "" : "s",
               n_added ? "; the same search command relaxes them" : "");
    skd_free(before);
    return status;
}

skd_status regenerate_run(const char *folder, double min_energy, int threads, skd_error *err) {
    run_store store;
    run_contents run = {0};
    skd_status status = run_store_open(&store, folder, true, err);
    if (status == SKD_OK)
        status = run_store_load(&store, &run, err);
    const size_t pending = status == SKD_OK ? count_pending(&run) : 0;
    if (pending > 0)
        status = skd_fail(err, SKD_EARG, "%s: %zu starts are not relaxed yet; run the same search command first",
                          folder, pending);
    if (status == SKD_OK)
        status = exchange(&store, &run, min_energy, threads, err);
    run_contents_free(&run);
    run_store_close(&store);
    return status;
}
