/* SPDX-License-Identifier: MIT */
/* Tests of the check of the host, and of far fields: silicon (64 atoms, Stillinger-Weber), a minimum; the same
 * with one sublattice shifted, none. */
#include "check.h"

#include "shakedown/search.h"

#define SI_CELL 5.43095

static skd_potential *stillinger_weber(void) {
    skd_error err;
    skd_potential *potential;
    CHECK_OK(skd_potential_new(&potential, "sw", &err));
    return potential;
}

/* Eight atoms of silicon with this lattice constant. */
static skd_cell *silicon(double a) {
    static const double frac[8][3] = {{0, 0, 0},       {0, .5, .5},     {.5, 0, .5},     {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        for (size_t k = 0; k < 3; k++) {
            cell->lattice[k][k] = a;
            cell->pos[i][k] = a * frac[i][k];
        }
    }
    return cell;
}

/* The vacancy in n x n x n cells. */
static void make_vacancy_in(skd_defect_list *out, const skd_cell *cell, int n) {
    const int matrix[3][3] = {{n, 0, 0}, {0, n, 0}, {0, 0, n}};
    skd_error err;
    skd_defect_options options = {.vacancies = true};
    *out = (skd_defect_list){0};
    CHECK_OK(skd_defects_of(out, cell, matrix, &options, &err));
}

static void make_vacancy(skd_defect_list *out) {
    skd_cell *cell = silicon(SI_CELL);
    make_vacancy_in(out, cell, 2);
    skd_cell_free(cell);
}

static bool stop_at_once(void *payload, const skd_relax_frame *frame) {
    (void)payload, (void)frame;
    return false;
}

static void a_minimum_returns_and_others_do_not(void **state) {
    (void)state;
    skd_error err;
    skd_defect_list defects;
    skd_potential *potential = stillinger_weber();
    skd_host_state host;
    make_vacancy(&defects);
    skd_cell *bulk;
    CHECK_OK(skd_cell_copy(&bulk, defects.defect[0]->bulk, &err));
    CHECK_OK(skd_host_check(&host, bulk, potential, 1, NULL, &err));
    CHECK(host.returns);
    CHECK(host.rms < 0.01 && host.largest < 0.02 && host.largest >= host.rms);
    CHECK_CLOSE(host.energy, -4.3366 * 64.0, 1e-3, 0.0);
    CHECK(fabs(host.gain) < 1e-4);
    CHECK(host.n_calls > 2 && host.n_calls < 80);
    for (size_t i = 0; i < bulk->n; i += 2) /* every second atom: the relaxation undoes it */
        bulk->pos[i][0] += 0.4;
    CHECK_OK(skd_host_check(&host, bulk, potential, 1, NULL, &err));
    CHECK(!host.returns);
    CHECK_CLOSE(host.rms, 0.2, 0.01, 0.0); /* against the mean drift of half of it */
    CHECK(host.gain > 0.05);
    skd_relax_observer observer = {stop_at_once, NULL};
    CHECK_FAILS(skd_host_check(&host, bulk, potential, 1, &observer, &err), SKD_ESTOPPED, "interrupted");
    skd_cell_free(bulk);
    skd_defect_list_free(&defects);
    skd_potential_free(potential);
}

static void auto_freezes_only_where_the_host_drifts(void **state) {
    (void)state;
    skd_error err;
    skd_defect_list defects;
    make_vacancy(&defects);
    skd_host_state rests = {.returns = true}, drifts = {.returns = false};
    skd_far_field far = {SKD_FAR_AUTO, 0.0};
    CHECK_OK(skd_far_field_choose(&far, &rests, defects.defect, defects.n, &err));
    CHECK_INT(far.mode, SKD_FAR_FREE);
    far = (skd_far_field){SKD_FAR_AUTO, 0.0};
    CHECK_OK(skd_far_field_choose(&far, &drifts, defects.defect, defects.n, &err));
    CHECK_INT(far.mode, SKD_FAR_FROZEN);
    CHECK_CLOSE(far.radius, SKD_FAR_RADIUS, 0.0, 0.0);
    far = (skd_far_field){SKD_FAR_TETHERED, 4.0}; /* what the user wants stays */
    CHECK_OK(skd_far_field_choose(&far, &rests, defects.defect, defects.n, &err));
    CHECK_INT(far.mode, SKD_FAR_TETHERED);
    /* a cell of half the size: the radius shrinks until one atom in ten is beyond */
    skd_cell *cell = defects.defect[0]->cell;
    for (size_t k = 0; k < 3; k++)
        for (size_t c = 0; c < 3; c++)
            cell->lattice[k][c] *= 0.5;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] *= 0.5;
    far = (skd_far_field){SKD_FAR_AUTO, 0.0};
    CHECK_OK(skd_far_field_choose(&far, &drifts, defects.defect, defects.n, &err));
    double tether[63], site[3];
    size_t n_held = 0;
    memcpy(site, defects.defect[0]->site, sizeof site);
    CHECK(far.mode == SKD_FAR_FROZEN && far.radius < 5.0);
    CHECK_OK(skd_far_field_tether(tether, &far, cell, (const double(*)[3])site, 1, &err));
    for (size_t i = 0; i < 63; i++)
        n_held += tether[i] > 0.0;
    CHECK(n_held > 6 && n_held < 63);
    skd_defect_list_free(&defects);
}

/* Starts are put back, the minima keep the host's sites bit by bit, and the rest relaxes. */
static void a_job_keeps_its_far_field(void **state) {
    (void)state;
    skd_error err;
    skd_defect_list defects;
    skd_potential *potential = stillinger_weber();
    make_vacancy(&defects);
    const skd_defect *defect = defects.defect[0];
    skd_job *job;
    skd_start_options starts = SKD_START_DEFAULT;
    static const double few[] = {-0.4};
    starts.distortion = few;
    starts.n_distortion = 1;
    CHECK_OK(skd_job_new(&job, defect, 0, &starts, &err));
    skd_far_field far = {SKD_FAR_FROZEN, 5.0};
    CHECK_OK(skd_job_hold(job, &far, &err));
    skd_relax_options relax = SKD_RELAX_DEFAULT;
    CHECK_OK(skd_search_relax(&job, 1, potential, &relax, 2, NULL, &err));
    for (size_t s = 0; s < job->starts.n; s++) {
        const skd_minimum *m = &job->minimum[s];
        double largest = 0.0;
        size_t n_held = 0;
        for (size_t i = 0; i < defect->cell->n; i++) {
            if (!isinf(job->tether[i]))
                continue;
            n_held++;
            CHECK(memcmp(job->starts.start[s].cell->pos[i], defect->cell->pos[i], sizeof(double[3])) == 0);
            CHECK(memcmp(m->cell->pos[i], defect->cell->pos[i], sizeof(double[3])) == 0);
            largest = fmax(largest, skd_norm(m->force[i]));
        }
        CHECK_INT(n_held, 35);
        CHECK(skd_stop_converged(m->stop));
        CHECK_CLOSE(skd_job_held_force(job, s), largest, 0.0, 0.0);
    }
    skd_job_free(job);
    skd_defect_list_free(&defects);
    skd_potential_free(potential);
}

static void radii_that_hold_all_or_nothing_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_defect_list defects;
    make_vacancy(&defects);
    skd_job *job;
    skd_start_options starts = SKD_START_DEFAULT;
    const double radius[] = {1.0, 30.0};
    const char *said[] = {"every atom is farther than 1", "no atom is farther than 30"};
    for (int k = 0; k < 2; k++) {
        skd_far_field far = {SKD_FAR_FROZEN, radius[k]};
        CHECK_OK(skd_job_new(&job, defects.defect[0], 0, &starts, &err));
        CHECK_FAILS(skd_job_hold(job, &far, &err), SKD_EARG, said[k]);
        skd_job_free(job);
    }
    skd_defect_list_free(&defects);
}

/* A strained crystal with one sublattice moved finds its lattice; a defect in it goes back to the strained one. */
static void a_relaxed_host_and_the_way_back(void **state) {
    (void)state;
    static const int matrix[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    skd_error err;
    skd_potential *potential = stillinger_weber();
    skd_cell *given = silicon(5.6), *relaxed, *back;
    for (size_t i = 4; i < 8; i++)
        given->pos[i][2] += 0.1;
    CHECK_OK(skd_host_relax(&relaxed, given, matrix, potential, NULL, &err));
    for (size_t k = 0; k < 3; k++)
        CHECK_CLOSE(relaxed->lattice[k][k], SI_CELL, 2e-4, 0.0);
    double bond[3];
    for (size_t k = 0; k < 3; k++)
        bond[k] = relaxed->pos[4][k] - relaxed->pos[0][k];
    CHECK_CLOSE(bond[2], 0.25 * SI_CELL, 1e-3, 0.0);
    skd_relax_observer observer = {stop_at_once, NULL};
    skd_cell *none;
    CHECK_FAILS(skd_host_relax(&none, given, matrix, potential, &observer, &err), SKD_ESTOPPED, "interrupted");
    skd_defect_list in_relaxed, in_given;
    make_vacancy_in(&in_relaxed, relaxed, 2);
    make_vacancy_in(&in_given, given, 2);
    const skd_defect *defect = in_relaxed.defect[0];
    skd_cell *moved;
    CHECK_OK(skd_cell_copy(&moved, defect->cell, &err));
    double fraction = 0.2 / moved->lattice[0][0];
    moved->pos[10][0] += 0.2;
    CHECK_OK(skd_host_map_back(&back, moved, defect, in_given.defect[0]->bulk, &err));
    const skd_cell *want = in_given.defect[0]->cell; /* the same atom is missing there */
    CHECK_CLOSE(back->lattice[1][1], 11.2, 0.0, 0.0);
    for (size_t i = 0; i < want->n; i++)
        for (size_t k = 0; k < 3; k++) {
            double off = back->pos[i][k] - want->pos[i][k] - (i == 10 && k == 0 ? fraction * 11.2 : 0.0);
            CHECK_CLOSE(off - 11.2 * nearbyint(off / 11.2), 0.0, 1e-7, 0.0);
        }
    CHECK_FAILS(skd_host_map_back(&none, moved, defect, given, &err), SKD_EARG, "has 8 atoms, the relaxed one 64");
    skd_cell_free(moved);
    skd_cell_free(back);
    skd_cell_free(given);
    skd_cell_free(relaxed);
    skd_defect_list_free(&in_relaxed);
    skd_defect_list_free(&in_given);
    skd_potential_free(potential);
}

#ifdef SKD_TORTURE
/* Relaxes and checks a host, freezes the far field of a vacancy in it, relaxes for three steps and maps back. */
static skd_status whole_way(const skd_cell *given, const skd_potential *potential, skd_defect_list *defects,
                            skd_error *err) {
    static const int matrix[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const double few[] = {-0.4};
    skd_start_options starts = SKD_START_DEFAULT;
    starts.distortion = few;
    starts.n_distortion = 1;
    skd_relax_options relax = SKD_RELAX_DEFAULT;
    relax.max_steps = 3;
    skd_host_state host;
    skd_cell *relaxed = NULL, *back = NULL;
    skd_job *job = NULL;
    skd_far_field far = {SKD_FAR_FROZEN, 3.0};
    const skd_defect *defect = defects->defect[0];
    skd_status status = skd_host_relax(&relaxed, given, matrix, potential, NULL, err);
    if (status == SKD_OK)
        status = skd_host_check(&host, relaxed, potential, 1, NULL, err);
    if (status == SKD_OK)
        status = skd_far_field_choose(&far, &host, defects->defect, 1, err);
    if (status == SKD_OK)
        status = skd_job_new(&job, defect, 0, &starts, err);
    if (status == SKD_OK)
        status = skd_job_hold(job, &far, err);
    if (status == SKD_OK)
        status = skd_search_relax(&job, 1, potential, &relax, 1, NULL, err);
    if (status == SKD_OK)
        status = skd_host_map_back(&back, job->minimum[0].cell, defect, defect->bulk, err);
    skd_job_free(job);
    skd_cell_free(relaxed);
    skd_cell_free(back);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    skd_potential *potential = stillinger_weber();
    skd_cell *given = silicon(5.45);
    skd_defect_list defects;
    make_vacancy_in(&defects, given, 1);
    skd_status status = SKD_ENOMEM;
    long k = 0;
    for (; status != SKD_OK; k++) {
        skd_error err = {SKD_OK, ""};
        skd_alloc_fail_at = k;
        status = whole_way(given, potential, &defects, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        CHECK(status == SKD_OK || err.text[0] != '\0');
    }
    CHECK(k > 50);
    skd_cell_free(given);
    skd_defect_list_free(&defects);
    skd_potential_free(potential);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimum_returns_and_others_do_not),
        cmocka_unit_test(auto_freezes_only_where_the_host_drifts),
        cmocka_unit_test(a_job_keeps_its_far_field),
        cmocka_unit_test(radii_that_hold_all_or_nothing_are_refused),
        cmocka_unit_test(a_relaxed_host_and_the_way_back),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("search_far_field", tests, NULL, NULL);
}
