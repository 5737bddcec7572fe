/* SPDX-License-Identifier: MIT */
/* test_data_tasks.c - the store of a scan: filling, claiming by several processes, finishing once, generations, labels,
 * merging, one process alone; no memory. */
#include "check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shakedown/tasks.h"

static char folder[64];

static char *path_of(const char *name) {
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int set_up(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/skd_tasks_XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* n tasks of one host, the first in generation 0, the others in 1; those with (id - 1) % part == which. */
static skd_status fill_part(skd_tasks *tasks, long n, long which, long part, skd_error *err) {
    const skd_task_host host = {.id = 1, .group = 1, .name = "h", .path = "h.cif", .formula = "CdTe", .share = 0.25};
    skd_status status = skd_tasks_begin(tasks, err);
    if (status != SKD_OK)
        return status;
    status = skd_tasks_add_host(tasks, &host, err);
    for (long id = 1; id <= n && status == SKD_OK; id++) {
        skd_task task = {.id = id, .host = 1, .group = 1, .generation = id > 1, .number = id - 1, .charge = -1,
                         .environment = "SeTe3", .multiplicity = 7};
        snprintf(task.entry, sizeof task.entry, "v_Cd_s%ld_-1", id);
        if ((id - 1) % part == which)
            status = skd_tasks_add(tasks, &task, err);
    }
    if (status == SKD_OK)
        return skd_tasks_end(tasks, "{\"identity\":\"x\"}", err);
    skd_error ignored;
    if (skd_tasks_end(tasks, NULL, &ignored) != SKD_OK)
        print_error("nothing undone\n");
    return status;
}

static skd_status open_filled(skd_tasks **tasks, const char *name, long n, skd_error *err) {
    skd_status status = skd_tasks_open(tasks, path_of(name), true, false, err);
    if (status == SKD_OK)
        status = fill_part(*tasks, n, 0, 1, err);
    return status == SKD_OK ? skd_tasks_enlist(*tasks, err) : status;
}

static skd_task_outcome outcome_of(const skd_task *task) {
    return (skd_task_outcome){.n_starts = 3, .n_families = 1, .n_calls = 10 * task->id,
                              .energy = -1.5 * (double)task->id,
                              .unperturbed = -1.0, .gain = -1.5 * (double)task->id + 1.0, .symmetry = "C2v",
                              .bond = "Te-Te 2.78", .moved = 1.25, .converged = true, .seconds = 0.5};
}

static skd_status finish_task(skd_tasks *tasks, const skd_task *task, bool *taken, skd_error *err) {
    const skd_task_outcome outcome = outcome_of(task);
    skd_cell *cell = NULL;
    skd_status status = skd_cell_new(&cell, 1, err);
    if (status != SKD_OK)
        return status;
    cell->lattice[0][0] = cell->lattice[1][1] = cell->lattice[2][2] = 5.0;
    cell->species[0] = 48;
    const skd_db_row row = {.id = 100 * task->id + 1, .cell = cell, .has_energy = true, .energy = outcome.energy};
    status = skd_tasks_finish(tasks, task, &outcome, &row, 1, "state", 5, 1e9, taken, err);
    skd_cell_free(cell);
    return status;
}

static skd_status claim_one(skd_tasks *tasks, skd_task *task, bool *got, bool *waits, skd_error *err) {
    size_t n;
    skd_status status = skd_tasks_claim(tasks, 1, task, &n, waits, err);
    *got = n == 1;
    return status;
}

/* Does all tasks that there are. */
static skd_status do_all(skd_tasks *tasks, size_t *n, skd_error *err) {
    skd_task task;
    bool got = true, waits, taken;
    skd_status status = SKD_OK;
    for (*n = 0; status == SKD_OK;) {
        status = claim_one(tasks, &task, &got, &waits, err);
        if (status != SKD_OK || !got)
            return status;
        status = finish_task(tasks, &task, &taken, err);
        *n += taken;
    }
    return status;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void claims_by_generation(void **state) {
    skd_error err;
    skd_tasks *tasks;
    skd_task task, other;
    bool got, waits, taken;
    (void)state;
    CHECK_OK(open_filled(&tasks, "a.db", 3, &err));
    CHECK_OK(claim_one(tasks, &task, &got, &waits, &err));
    CHECK(got);
    CHECK_INT(task.id, 1);
    CHECK_TEXT(task.entry, "v_Cd_s1_-1");
    CHECK_INT(task.charge, -1);
    CHECK_INT(task.multiplicity, 7);
    /* the next generation waits for the first task */
    CHECK_OK(claim_one(tasks, &other, &got, &waits, &err));
    CHECK(!got && waits);
    CHECK_OK(finish_task(tasks, &task, &taken, &err));
    CHECK(taken);
    /* finished once: a second time is refused and changes nothing */
    CHECK_OK(finish_task(tasks, &task, &taken, &err));
    CHECK(!taken);
    CHECK_OK(claim_one(tasks, &other, &got, &waits, &err));
    CHECK(got && other.id == 2);
    void *bytes;
    size_t n;
    CHECK_OK(skd_tasks_host_state(tasks, 1, &bytes, &n, &err));
    CHECK(n == 5 && memcmp(bytes, "state", 5) == 0);
    skd_free(bytes);
    skd_tasks_close(tasks); /* gives task 2 back */
    CHECK_OK(skd_tasks_open(&tasks, path_of("a.db"), false, false, &err));
    CHECK_OK(skd_tasks_enlist(tasks, &err));
    CHECK_OK(do_all(tasks, &n, &err));
    CHECK_INT(n, 2);
    skd_task_counts counts;
    CHECK_OK(skd_tasks_count(tasks, 0.05, 1e9 + 60.0, &counts, &err));
    CHECK_INT(counts.n[SKD_TASK_DONE], 3);
    CHECK_INT(counts.n_improved, 3);
    CHECK_INT(counts.n_workers, 1);
    CHECK_INT(counts.n_recent, 3);
    CHECK_CLOSE(counts.seconds, 1.5, 1e-12, 0.0);
    skd_tasks_close(tasks);
}

/* A process that claims a task and is killed; the pipe tells that it has. */
static pid_t claiming_child(const char *name) {
    int end[2];
    char byte;
    CHECK(pipe(end) == 0);
    const pid_t child = fork();
    if (child == 0) {
        skd_error err;
        skd_tasks *tasks;
        skd_task task;
        bool got = false, waits;
        if (skd_tasks_open(&tasks, path_of(name), false, false, &err) == SKD_OK &&
            skd_tasks_enlist(tasks, &err) == SKD_OK && claim_one(tasks, &task, &got, &waits, &err) == SKD_OK && got)
            (void)!write(end[1], "x", 1);
        for (;;)
            pause();
    }
    CHECK(read(end[0], &byte, 1) == 1);
    close(end[0]);
    close(end[1]);
    return child;
}

static void tasks_of_the_dead(void **state) {
    skd_error err;
    skd_tasks *tasks;
    skd_task task;
    skd_task_counts counts;
    bool got, waits;
    size_t n;
    (void)state;
    CHECK_OK(open_filled(&tasks, "b.db", 2, &err));
    const pid_t child = claiming_child("b.db");
    CHECK_OK(skd_tasks_count(tasks, 0.05, 1e9, &counts, &err));
    CHECK_INT(counts.n[SKD_TASK_CLAIMED], 1);
    CHECK_INT(counts.n_workers, 2);
    CHECK_OK(claim_one(tasks, &task, &got, &waits, &err)); /* as long as it lives, one waits for it */
    CHECK(!got && waits);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK_OK(do_all(tasks, &n, &err));
    CHECK_INT(n, 2);
    CHECK_OK(skd_tasks_count(tasks, 0.05, 1e9, &counts, &err));
    CHECK_INT(counts.n_workers, 1);
    skd_tasks_close(tasks);
}

static bool add_up(void *payload, const skd_task_label *label) {
    char *text = payload;
    snprintf(text + strlen(text), 200 - strlen(text), "%ld.%ld:%.*s ", label->task, label->number, (int)label->n,
             (const char *)label->bytes);
    return true;
}

static void labels_of_earlier_generations(void **state) {
    skd_error err;
    skd_tasks *tasks;
    skd_task first, second;
    bool got, waits, taken;
    char text[200] = "";
    (void)state;
    CHECK_OK(open_filled(&tasks, "c.db", 2, &err));
    CHECK_OK(claim_one(tasks, &first, &got, &waits, &err));
    skd_task_label label = {.task = 1, .number = 0, .rank = 4, .elements = "Cd Te", .bytes = "late", .n = 4};
    CHECK_OK(skd_tasks_keep_label(tasks, &label, &err));
    CHECK_OK(skd_tasks_keep_label(tasks, &label, &err)); /* once */
    label = (skd_task_label){.task = 1, .number = 1, .rank = 0, .elements = "Cd Te", .bytes = "early", .n = 5};
    CHECK_OK(skd_tasks_keep_label(tasks, &label, &err));
    CHECK_OK(skd_tasks_labels(tasks, &first, true, add_up, text, &err));
    CHECK_TEXT(text, "1.0:late 1.1:early ");
    CHECK_OK(finish_task(tasks, &first, &taken, &err));
    CHECK_OK(claim_one(tasks, &second, &got, &waits, &err));
    text[0] = '\0';
    CHECK_OK(skd_tasks_labels(tasks, &second, false, add_up, text, &err));
    CHECK_TEXT(text, "1.1:early 1.0:late ");
    text[0] = '\0';
    CHECK_OK(skd_tasks_labels(tasks, &first, false, add_up, text, &err)); /* nothing is before the first */
    CHECK_TEXT(text, "");
    skd_tasks_close(tasks);
}

static skd_status add_id(void *payload, const skd_task *task, const skd_task_host *host, skd_task_status status,
                         const skd_task_outcome *outcome, skd_error *err) {
    char *text = payload;
    (void)err;
    snprintf(text + strlen(text), 400 - strlen(text), "%ld %s %g %d %.1f %s %ld;", task->id, host->name, host->share,
             (int)status, outcome->energy, outcome->bond, outcome->n_calls);
    return SKD_OK;
}

/* Two slices, each by one process alone. */
static skd_status make_slice(const char *name, long which, skd_error *err) {
    skd_tasks *tasks;
    size_t n;
    skd_status status = skd_tasks_open(&tasks, path_of(name), true, true, err);
    if (status == SKD_OK)
        status = fill_part(tasks, 3, which, 2, err);
    if (status == SKD_OK)
        status = skd_tasks_enlist(tasks, err);
    if (status == SKD_OK)
        status = do_all(tasks, &n, err);
    skd_tasks_close(tasks);
    return status;
}

static void merges_slices(void **state) {
    skd_error err;
    skd_tasks *into, *whole, *alone;
    size_t n;
    bool is_alone;
    char text[400] = "", want[400] = "";
    (void)state;
    CHECK_OK(make_slice("s1.db", 0, &err));
    CHECK_OK(make_slice("s2.db", 1, &err));
    CHECK(access(path_of("s1.db.workers"), F_OK) != 0);
    CHECK(access(path_of("s1.db-wal"), F_OK) != 0);
    CHECK_OK(skd_tasks_open(&into, path_of("m.db"), true, false, &err));
    for (int again = 0; again < 2; again++) {
        CHECK_OK(skd_tasks_merge(into, path_of("s1.db"), &err));
        CHECK_OK(skd_tasks_merge(into, path_of("s2.db"), &err));
    }
    CHECK_OK(open_filled(&whole, "w.db", 3, &err));
    CHECK_OK(do_all(whole, &n, &err));
    CHECK_OK(skd_tasks_list(into, add_id, text, &err));
    CHECK_OK(skd_tasks_list(whole, add_id, want, &err));
    CHECK_TEXT(text, want);
    CHECK_TEXT(text, "1 h 0.25 2 -1.5 Te-Te 2.78 10;2 h 0.25 2 -3.0 Te-Te 2.78 20;3 h 0.25 2 -4.5 Te-Te 2.78 30;");
    skd_tasks_close(into);
    skd_tasks_close(whole);
    CHECK_OK(skd_tasks_open(&alone, path_of("s3.db"), true, true, &err));
    CHECK_OK(fill_part(alone, 2, 0, 1, &err));
    CHECK_OK(skd_tasks_open_to_read(&into, path_of("s3.db"), &is_alone, &err));
    CHECK(is_alone && !into);
    skd_tasks_close(alone);
    CHECK_OK(skd_tasks_open_to_read(&into, path_of("s3.db"), &is_alone, &err));
    CHECK(!is_alone && into);
    skd_tasks_close(into);
}

static void refuses_what_differs(void **state) {
    skd_error err;
    skd_tasks *a, *b;
    skd_task task;
    bool got, waits, taken;
    (void)state;
    CHECK_OK(open_filled(&a, "d1.db", 1, &err));
    CHECK_OK(open_filled(&b, "d2.db", 1, &err));
    CHECK_OK(claim_one(a, &task, &got, &waits, &err));
    CHECK_OK(finish_task(a, &task, &taken, &err));
    CHECK_OK(claim_one(b, &task, &got, &waits, &err));
    skd_task_outcome other = outcome_of(&task);
    other.energy -= 1e-3;
    CHECK_OK(skd_tasks_finish(b, &task, &other, NULL, 0, NULL, 0, 1e9, &taken, &err));
    CHECK_FAILS(skd_tasks_merge(a, path_of("d2.db"), &err), SKD_EARG, "task 1 (v_Cd_s1_-1) ended otherwise");
    skd_tasks_close(a);
    skd_tasks_close(b);
    CHECK_FAILS(skd_tasks_open(&a, path_of("none.db"), false, false, &err), SKD_EARG, "no store");
    skd_db *db;
    CHECK_OK(skd_db_open(&db, path_of("run.db"), true, &err));
    skd_db_close(db);
    CHECK_FAILS(skd_tasks_open(&a, path_of("run.db"), false, false, &err), SKD_EARG, "not the store of a scan");
}

static void failed_tasks_again(void **state) {
    skd_error err;
    skd_tasks *tasks;
    skd_task task;
    bool got, waits, taken;
    long n;
    (void)state;
    CHECK_OK(open_filled(&tasks, "e.db", 1, &err));
    CHECK_OK(claim_one(tasks, &task, &got, &waits, &err));
    const skd_task_outcome bad = {.failed = true, .kind = "relaxation", .failure = "no", .energy = (double)NAN};
    CHECK_OK(skd_tasks_finish(tasks, &task, &bad, NULL, 0, NULL, 0, 1e9, &taken, &err));
    CHECK_OK(claim_one(tasks, &task, &got, &waits, &err));
    CHECK(!got && !waits);
    CHECK_OK(skd_tasks_retry(tasks, &n, &err));
    CHECK_INT(n, 1);
    CHECK_OK(claim_one(tasks, &task, &got, &waits, &err));
    CHECK(got);
    skd_tasks_close(tasks);
}

#ifdef SKD_TORTURE
/* Whatever allocation fails: a status, no leak, and a store that is whole afterwards. */
static skd_status whole_life(const char *name, skd_error *err) {
    skd_tasks *tasks = NULL;
    char text[400] = "", *plan = NULL;
    size_t n;
    skd_status status = skd_tasks_open(&tasks, path_of(name), true, false, err);
    if (status == SKD_OK)
        status = skd_tasks_plan(tasks, &plan, err);
    if (status == SKD_OK && !plan)
        status = fill_part(tasks, 2, 0, 1, err);
    if (status == SKD_OK)
        status = skd_tasks_enlist(tasks, err);
    if (status == SKD_OK)
        status = do_all(tasks, &n, err);
    if (status == SKD_OK)
        status = skd_tasks_list(tasks, add_id, text, err);
    skd_free(plan);
    skd_tasks_close(tasks);
    return status;
}

static void without_memory(void **state) {
    skd_error err;
    skd_status status = SKD_ENOMEM;
    long k = 0;
    (void)state;
    for (; status != SKD_OK; k++) {
        skd_alloc_fail_at = k;
        status = whole_life("t.db", &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        CHECK_OK(whole_life("t.db", &err));
        unlink(path_of("t.db"));
    }
    CHECK(k > 5);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(claims_by_generation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tasks_of_the_dead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels_of_earlier_generations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_differs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_tasks_again, set_up, tear_down),
#ifdef SKD_TORTURE
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
#endif
    };
    return cmocka_run_group_tests_name("data: the store of a scan", tests, NULL, NULL);
}
