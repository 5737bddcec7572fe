/* SPDX-License-Identifier: MIT */
/* Tests of the trace of a relaxation: what is kept of long ones, that it stays small, that it is the relaxation's. */
#include "check.h"

#include "shakedown/relax.h"

static double energy_of(size_t step) { return -10.0 + 5.0 / (1.0 + (double)step); }

static void fill(skd_trace *trace, size_t n) {
    skd_error err;
    for (size_t i = 0; i < n; i++) {
        const skd_trace_point point = {i, energy_of(i), 1.0 / (1.0 + (double)i)};
        CHECK_OK(skd_trace_add(trace, &point, &err));
        CHECK(trace->n <= SKD_TRACE_POINTS);
        CHECK(trace->point[trace->n - 1].step == i); /* the last one is always there */
    }
}

static void short_ones_are_kept_whole_and_long_ones_thinned(void **state) {
    static const struct {
        size_t n, every;
    } row[] = {{1, 1}, {2, 1}, {119, 1}, {120, 1}, {121, 2}, {239, 2}, {240, 4}, {1501, 16}, {100000, 1024}};
    (void)state;
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        skd_trace trace = {0};
        fill(&trace, row[k].n);
        CHECK(trace.every == row[k].every);
        CHECK(trace.n >= (row[k].n < 60 ? row[k].n : 60));
        for (size_t i = 0; i < trace.n; i++) {
            CHECK(trace.point[i].step % trace.every == 0 || i + 1 == trace.n);
            CHECK(i == 0 || trace.point[i].step > trace.point[i - 1].step);
            CHECK_CLOSE(trace.point[i].energy, energy_of(trace.point[i].step), 0, 0);
        }
        CHECK(trace.point[0].step == 0);
        skd_trace_free(&trace);
        CHECK(trace.n == 0 && !trace.point);
    }
}

static void a_copy_goes_on_alike(void **state) {
    skd_error err;
    skd_trace trace = {0}, copy;
    const skd_trace_point next = {300, -12.0, 0.01};
    (void)state;
    fill(&trace, 300);
    CHECK_OK(skd_trace_copy(&copy, &trace, &err));
    CHECK_OK(skd_trace_add(&trace, &next, &err));
    CHECK_OK(skd_trace_add(&copy, &next, &err));
    CHECK(copy.n == trace.n && copy.every == trace.every);
    CHECK(memcmp(copy.point, trace.point, trace.n * sizeof *trace.point) == 0);
    skd_trace_free(&copy);
    skd_trace_free(&trace);
}

static skd_status note(skd_trace *seen, const skd_relax_frame *frame) {
    skd_error err;
    const skd_trace_point point = {frame->step, frame->result->energy, frame->force_max};
    return skd_trace_add(seen, &point, &err);
}

static bool see(void *payload, const skd_relax_frame *frame) { return note(payload, frame) == SKD_OK; }

/* Three atoms of argon, far from their minimum. */
static skd_cell *cluster(void) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 3, &err));
    for (int k = 0; k < 3; k++) {
        cell->lattice[k][k] = 30.0;
        cell->species[k] = 18;
        cell->pos[k][k] = 3.1;
    }
    return cell;
}

static void a_relaxation_carries_what_its_observer_saw(void **state) {
    skd_error err;
    skd_cell *cell = cluster();
    skd_potential *lj;
    skd_potential_work *work;
    skd_relax_outcome out;
    skd_trace seen = {0};
    skd_relax_observer observer = {see, &seen};
    (void)state;
    CHECK_OK(skd_potential_new(&lj, "lj", &err));
    CHECK_OK(skd_potential_work_new(&work, lj, &err));
    const skd_relax_options options = skd_relax_options_for(lj);
    CHECK_OK(skd_relax(&out, cell, work, &options, &observer, &err));
    CHECK(skd_stop_converged(out.stop) && out.n_steps > 10);
    CHECK(out.trace.n == seen.n && memcmp(out.trace.point, seen.point, seen.n * sizeof *seen.point) == 0);
    CHECK(out.trace.point[out.trace.n - 1].step == out.n_steps);
    CHECK_CLOSE(out.trace.point[out.trace.n - 1].energy, out.energy, 0, 0);
    CHECK_CLOSE(out.trace.point[0].energy, out.energy_start, 0, 0);
    skd_relax_outcome_free(&out);
    skd_trace_free(&seen);
    skd_potential_work_free(work);
    skd_potential_free(lj);
    skd_cell_free(cell);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_ones_are_kept_whole_and_long_ones_thinned),
        cmocka_unit_test(a_copy_goes_on_alike),
        cmocka_unit_test(a_relaxation_carries_what_its_observer_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
