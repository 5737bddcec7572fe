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

/* The vacancy in 2 x 2 x 2 conventional cells. */
static void make_vacancy(skd_defect_list *out) {
    static const double frac[8][3] = {{0, 0, 0},       {0, .5, .5},     {.5, 0, .5},     {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    static const int matrix[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    skd_error err;
    skd_cell *cell;
    skd_defect_options options = {.vacancies = true};
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        for (size_t k = 0; k < 3; k++) {
            cell->lattice[k][k] = SI_CELL;
            cell->pos[i][k] = SI_CELL * frac[i][k];
        }
    }
    *out = (skd_defect_list){0};
    CHECK_OK(skd_defects_of(out, cell, matrix, &options, &err));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimum_returns_and_others_do_not),
        cmocka_unit_test(auto_freezes_only_where_the_host_drifts),
        cmocka_unit_test(a_job_keeps_its_far_field),
        cmocka_unit_test(radii_that_hold_all_or_nothing_are_refused),
    };
    return cmocka_run_group_tests_name("search_far_field", tests, NULL, NULL);
}
