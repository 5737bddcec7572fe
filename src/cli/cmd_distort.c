/* SPDX-License-Identifier: MIT */
/* cmd_distort.c - only the starts: ShakeNBreak's folders with POSCARs and distortion_metadata.json.
 *
 * First all starts are planned, which takes little room; then each is built, written and put away, on all cores:
 * memory does not grow with the size of the cells. */
#include "cli.h"
#include "folders.h"
#include "inputs.h"
#include "plan.h"

static const cli_option options[] = {
    PLAN_OPTIONS("auto"),
    INPUTS_OPTIONS,
    {"output", 'o', CLI_TEXT, "DIR", ".", "where the folders go", 0, 0, "output"},
    CLI_THREADS,
    CLI_QUIET,
    CLI_END};

/* ---- all starts of all defects and charges ------------------------------------------------ */

enum { ATOMS_PER_THREAD = 4000 }; /* about 10 ms of work; a thread that waits for less only spins */

static int useful_threads(int asked, size_t n_atoms) {
    int available = asked > 0 ? asked : skd_threads_available();
    size_t useful = 1 + n_atoms / ATOMS_PER_THREAD;
    return useful < (size_t)available ? (int)useful : available;
}

typedef struct made {
    skd_start_list *list;        /* [n] */
    skd_metadata_entry *entry;   /* [n], of the lists; defects stand together */
    size_t n;
    size_t *first; /* [n + 1] number of the first start of each list among all */
} made;

static void made_free(made *m) {
    for (size_t k = 0; m->list && k < m->n; k++)
        skd_start_list_free(&m->list[k]);
    skd_free(m->list);
    skd_free(m->entry);
    skd_free(m->first);
}

typedef struct plan_work {
    made *m;
    const cli_plan *plan;
} plan_work;

static skd_status plan_one(void *payload, size_t k, int worker, skd_error *err) {
    plan_work *w = payload;
    const cli_state *state = &w->plan->charges.state[k];
    (void)worker;
    skd_status status = skd_starts_plan(&w->m->list[k], state->defect, state->charge, &w->plan->starts, err);
    w->m->entry[k] = (skd_metadata_entry){state->defect, state->charge, &w->m->list[k]};
    if (status != SKD_OK)
        skd_error_prefix(err, "%s at charge %d", state->defect->name, state->charge);
    return status;
}

static skd_status plan_all(made *m, const cli_plan *plan, int threads, skd_error *err) {
    const size_t n = plan->charges.n;
    size_t n_atoms = 0;
    m->list = skd_alloc(n, sizeof *m->list);
    m->entry = skd_alloc(n, sizeof *m->entry);
    m->first = skd_alloc(n + 1, sizeof *m->first);
    if (!m->list || !m->entry || !m->first)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the starts of %zu defect states", n);
    m->n = n;
    for (size_t k = 0; k < n; k++)
        n_atoms += plan->charges.state[k].defect->cell->n;
    skd_status status = skd_parallel(n, useful_threads(threads, n_atoms), plan_one, &(plan_work){m, plan}, err);
    for (size_t k = 0; k < n; k++)
        m->first[k + 1] = m->first[k] + m->list[k].n;
    return status;
}

/* ---- what is written ----------------------------------------------------------------------- */

typedef struct build_work {
    made *m;
    const cli_plan *plan;
    cli_inputs *inputs;
    const char *root;
} build_work;

/* Builds one start, writes it and puts it away. */
static skd_status build_one(void *payload, size_t i, int worker, skd_error *err) {
    build_work *w = payload;
    size_t k = 0, high = w->m->n;
    (void)worker;
    while (high - k > 1) { /* the list that holds start i */
        size_t middle = (k + high) / 2;
        *(w->m->first[middle] <= i ? &k : &high) = middle;
    }
    const skd_metadata_entry *e = &w->m->entry[k];
    skd_start *start = &w->m->list[k].start[i - w->m->first[k]];
    skd_status status = skd_start_build(start, e->starts, e->defect, &w->plan->starts, err);
    const skd_start_list alone = {.n = 1, .start = start, .stdev = e->starts->stdev};
    if (status == SKD_OK)
        status = w->inputs->code ? cli_inputs_write_starts(w->inputs, w->root, e->defect, e->charge, &alone, err)
                                 : folders_write_starts(w->root, e->defect, e->charge, &alone, err);
    skd_cell_free(start->cell);
    start->cell = NULL;
    return status;
}

static void report_entry(const skd_metadata_entry *e) {
    char entry[96];
    size_t dropped = 0;
    for (size_t i = 0; i < e->starts->n; i++)
        dropped += e->starts->start[i].dropped;
    skd_defect_entry_name(e->defect, e->charge, entry, sizeof entry);
    printf("%-24s %zu starts, N = %d, rattle %.4f Å\n", entry, e->starts->n - dropped,
           e->starts->start[0].n_neighbours, e->starts->stdev);
    for (size_t i = 0; i < e->starts->n; i++)
        if (e->starts->start[i].dropped)
            printf("  left out %s: %s\n", e->starts->start[i].name, e->starts->start[i].why);
}

static skd_status write_all(const cli_args *args, const cli_plan *plan, made *m, cli_inputs *inputs,
                            skd_error *err) {
    const char *root = cli_text(args, "output");
    const int asked = inputs->code ? 1 : (int)cli_int(args, "threads"); /* potentials are kept from one to the next */
    build_work work = {m, plan, inputs, root};
    skd_status status = SKD_OK;
    size_t n_atoms = 0;
    for (size_t k = 0; k < m->n; k++)
        n_atoms += m->list[k].n * m->entry[k].defect->cell->n;
    for (size_t k = 0; k < m->n && status == SKD_OK; k++)
        status = cli_inputs_check(inputs, m->entry[k].defect->cell, m->entry[k].charge, err);
    if (status == SKD_OK)
        status = skd_folder_make(root, err);
    if (status == SKD_OK)
        status = skd_parallel(m->first[m->n], useful_threads(asked, n_atoms), build_one, &work, err);
    if (status == SKD_OK)
        status = folders_write_metadata(root, m->entry, m->n, &plan->starts, err);
    if (status != SKD_OK || cli_flag(args, "quiet"))
        return status;
    cli_plan_print(plan, stdout);
    for (size_t k = 0; k < m->n; k++)
        report_entry(&m->entry[k]);
    printf("\nwrote %s%s in ShakeNBreak's folders and distortion_metadata.json to %s\n",
           inputs->code ? inputs->code->summary : "POSCARs", inputs->potentials.n ? " with potentials" : "", root);
    cli_inputs_notice(inputs, stdout);
    return status;
}

static skd_status run_distort(const cli_args *args, int *exit_code, skd_error *err) {
    cli_plan plan = {0};
    made m = {0};
    cli_inputs inputs;
    (void)exit_code;
    if (cli_list_kinds(args))
        return SKD_OK;
    skd_status status = cli_inputs_open(&inputs, args, err);
    if (status == SKD_OK)
        status = cli_plan_make(&plan, args, err);
    if (status == SKD_OK)
        status = plan_all(&m, &plan, (int)cli_int(args, "threads"), err);
    if (status == SKD_OK)
        status = write_all(args, &plan, &m, &inputs, err);
    cli_inputs_close(&inputs);
    made_free(&m);
    cli_plan_free(&plan);
    return status;
}

const cli_command cmd_distort = {
    .name = "distort",
    .group = "search",
    .summary = "Write the distorted starts of a host's point defects",
    .usage = "HOST --defect NAMES [--charges LIST] [-o DIR]",
    .text = PLAN_TEXT,
    .options = options,
    .max_operands = 1,
    .run = run_distort,
};
