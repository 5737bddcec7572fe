/* SPDX-License-Identifier: MIT */
/* Tests of minima taken over from other charge states: who gets what, under which name, and that it ends. The
 * minima are made up: the silicon vacancy (64 atoms) with neighbours drawn in. */
#include "check.h"
#include "shakedown/search.h"

#define EDGE 10.8619 /* Å, of 2 x 2 x 2 cells */

static skd_cell *silicon(void) {
    static const double frac[8][3] = {{0, 0, 0},         {0, .5, .5},       {.5, 0, .5},       {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 64, &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = EDGE;
    for (size_t i = 0; i < 64; i++) {
        cell->species[i] = 14;
        for (size_t k = 0; k < 3; k++)
            cell->pos[i][k] = EDGE / 2 * (frac[i % 8][k] + (double)((i / 8 >> k) & 1));
    }
    return cell;
}

/* The vacancy of atom 0. */
static skd_defect *vacancy(const char *name) {
    skd_error err;
    skd_defect *d = skd_alloc(1, sizeof *d);
    size_t rest[63];
    for (size_t i = 0; i < 63; i++)
        rest[i] = i + 1;
    d->bulk = silicon();
    CHECK_OK(skd_cell_pick(&d->cell, d->bulk, rest, 63, &err));
    snprintf(d->name, sizeof d->name, "%s", name);
    d->index = SIZE_MAX;
    return d;
}

/* Shapes: n atoms moved towards the vacancy by so much (Å). Atom 3 (bulk's 4) is a neighbour at +++. */
static skd_cell *shape(const skd_defect *d, size_t n, double much) {
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_copy(&cell, d->cell, &err));
    for (size_t i = 0, moved = 0; i < cell->n && moved < n; i++) {
        double r[3];
        for (int k = 0; k < 3; k++)
            r[k] = cell->pos[i][k] - EDGE * round(cell->pos[i][k] / EDGE);
        if (skd_norm(r) > 2.5)
            continue;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] -= much / skd_norm(r) * r[k];
        moved++;
    }
    return cell;
}

typedef struct made_up {
    const char *name;
    size_t n;
    double much, energy;
} made_up;

static void finish_start(skd_job *job, size_t i, size_t n, double much, double energy) {
    skd_minimum *m = &job->minimum[i];
    m->cell = shape(job->defect, n, much);
    m->energy = energy;
    m->stop = SKD_STOP_FORCE_MAX;
    m->done = true;
}

static skd_job *job_of(const skd_defect *d, int charge, const made_up *list, size_t n) {
    skd_error err;
    skd_job *job;
    skd_start_list none = {0};
    CHECK_OK(skd_job_of_starts(&job, d, charge, &none, &err));
    for (size_t i = 0; i < n; i++) {
        skd_start start = {.kind = "bond", .factor = -0.4, .n_neighbours = 2};
        snprintf(start.name, sizeof start.name, "%s", list[i].name);
        snprintf(start.label, sizeof start.label, "%s", list[i].name);
        CHECK_OK(skd_cell_copy(&start.cell, d->cell, &err));
        start.distorted = skd_alloc(1, sizeof *start.distorted);
        start.n_distorted = 1;
        CHECK_OK(skd_job_add_start(job, &start, &err));
        finish_start(job, i, list[i].n, list[i].much, list[i].energy);
    }
    return job;
}

static size_t exchange(skd_job *const *job, size_t n_jobs, const skd_cross_options *options) {
    skd_error err;
    size_t n;
    CHECK_OK(skd_cross_charges(&n, job, n_jobs, options, 1, &err));
    return n;
}

static const made_up neutral[] = {
    {"Unperturbed", 0, 0.0, -10.0}, {"Dimer", 2, 0.5, -11.0}, {"Rattled", 1, 0.5, -10.4}, {"shallow", 4, 0.3, -10.02}};
static const made_up positive[] = {{"Unperturbed", 0, 0.0, -5.0}, {"Rattled", 1, 0.5, -5.5}};

static void a_state_gets_what_it_lacks_once(void **state) {
    (void)state;
    skd_defect *d = vacancy("v_Si"), *other = vacancy("v_Si_C2v");
    skd_job *job[] = {job_of(d, 1, positive, 2), job_of(d, 0, neutral, 4), job_of(other, -1, positive, 1)};
    skd_cross_options options = SKD_CROSS_DEFAULT;
    CHECK_INT(exchange(job, 3, &options), 1); /* not Rattled, which it has, nor what is hardly lower; no other defect */
    CHECK_INT(job[0]->starts.n, 3);
    CHECK_INT(job[1]->starts.n, 4);
    CHECK_INT(job[2]->starts.n, 1);
    const skd_start *given = &job[0]->starts.start[2];
    CHECK_TEXT(given->name, "Dimer_from_0");
    CHECK_TEXT(given->label, "Dimer");
    CHECK_TEXT(given->kind, "cross_charge");
    CHECK_INT(given->round, 1);
    CHECK_INT(given->from_charge, 0);
    CHECK_INT(given->n_distorted, 1);
    CHECK(memcmp(given->cell->pos, job[1]->minimum[1].cell->pos, 63 * sizeof *given->cell->pos) == 0);
    CHECK(!job[0]->minimum[2].done);
    /* it falls to what the state has: nothing new, and it is not given again */
    finish_start(job[0], 2, 0, 0.0, -5.0);
    CHECK_INT(exchange(job, 3, &options), 0);
    for (int j = 0; j < 3; j++)
        skd_job_free(job[j]);
    skd_defect_free(d);
    skd_defect_free(other);
}

static void what_comes_of_it_goes_on(void **state) {
    (void)state;
    skd_defect *d = vacancy("v_Si");
    skd_job *job[] = {job_of(d, 1, positive, 2), job_of(d, 0, neutral, 4)};
    skd_cross_options options = SKD_CROSS_DEFAULT;
    CHECK_INT(exchange(job, 2, &options), 1);
    finish_start(job[0], 2, 3, 0.6, -6.0); /* a new lowest minimum: neutral tries it */
    CHECK_INT(exchange(job, 2, &options), 1);
    CHECK_TEXT(job[1]->starts.start[4].name, "Dimer_from_0_from_+1");
    CHECK_INT(job[1]->starts.start[4].round, 2);
    CHECK_INT(job[1]->starts.start[4].from_charge, 1);
    finish_start(job[1], 4, 4, 0.6, -10.5); /* new, but not the lowest */
    CHECK_INT(exchange(job, 2, &options), 0);
    job[1]->minimum[4].energy = -11.5; /* the lowest: it would go on */
    options.max_rounds = 2;
    CHECK_INT(exchange(job, 2, &options), 0);
    options.max_rounds = 3;
    CHECK_INT(exchange(job, 2, &options), 1);
    CHECK_TEXT(job[0]->starts.start[3].name, "Dimer_from_0_from_+1_from_0");
    skd_job_free(job[0]);
    skd_job_free(job[1]);
    skd_defect_free(d);
}

static void shallow_minima_on_request(void **state) {
    (void)state;
    skd_defect *d = vacancy("v_Si");
    skd_job *job[] = {job_of(d, 1, positive, 2), job_of(d, 0, neutral, 4)};
    skd_cross_options options = SKD_CROSS_DEFAULT;
    options.min_energy = -0.1;
    CHECK_INT(exchange(job, 2, &options), 2);
    CHECK_TEXT(job[0]->starts.start[2].name, "Dimer_from_0"); /* the lower family first */
    CHECK_TEXT(job[0]->starts.start[3].name, "shallow_from_0");
    skd_job_free(job[0]);
    skd_job_free(job[1]);
    skd_defect_free(d);
}

/* -1 has nothing but Unperturbed; +1's lowest is Rattled. ShakeNBreak takes the lowest of each. */
static void shakenbreaks_rule(void **state) {
    (void)state;
    skd_defect *d = vacancy("v_Si");
    static const made_up plain[] = {{"Unperturbed", 0, 0.0, 0.0}};
    skd_job *job[] = {job_of(d, -1, plain, 1), job_of(d, 0, neutral, 4), job_of(d, 1, positive, 2)};
    skd_cross_options options = SKD_CROSS_DEFAULT;
    options.compat = true;
    CHECK_INT(exchange(job, 3, &options), 3);
    CHECK_TEXT(job[0]->starts.start[1].name, "Dimer_from_0");
    CHECK_TEXT(job[0]->starts.start[2].name, "Rattled_from_+1"); /* neutral has it, at a higher energy */
    CHECK_TEXT(job[2]->starts.start[2].name, "Dimer_from_0");
    CHECK_INT(job[1]->starts.n, 4);
    finish_start(job[0], 1, 3, 0.6, -1.0); /* a new lowest minimum */
    finish_start(job[0], 2, 0, 0.0, 0.0);
    finish_start(job[2], 2, 2, 0.55, -5.1); /* 0.05 Å from neutral's: the same */
    CHECK_INT(exchange(job, 3, &options), 0); /* not back to neutral; +1 has a start of this name */
    for (int j = 0; j < 3; j++)
        skd_job_free(job[j]);
    skd_defect_free(d);
}

#ifdef SKD_TORTURE
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    skd_error err;
    skd_defect *d = vacancy("v_Si");
    skd_cross_options options = SKD_CROSS_DEFAULT;
    bool done = false;
    for (long at = 0; at < 3000 && !done; at += at < 60 ? 1 : 37) {
        skd_job *job[] = {job_of(d, 1, positive, 2), job_of(d, 0, neutral, 2)};
        size_t n;
        skd_alloc_fail_at = at;
        skd_status status = skd_cross_charges(&n, job, 2, &options, 1, &err);
        done = skd_alloc_fail_at >= 0;
        skd_alloc_fail_at = -1;
        CHECK_INT(status, done ? SKD_OK : SKD_ENOMEM);
        skd_job_free(job[0]);
        skd_job_free(job[1]);
    }
    CHECK(done);
    skd_defect_free(d);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_gets_what_it_lacks_once), cmocka_unit_test(what_comes_of_it_goes_on),
        cmocka_unit_test(shallow_minima_on_request), cmocka_unit_test(shakenbreaks_rule),
#ifdef SKD_TORTURE
        cmocka_unit_test(memory_may_run_out_anywhere),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
