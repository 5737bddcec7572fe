/* SPDX-License-Identifier: MIT */
/* Tests of src/search: relaxing all starts and ranking families, on the silicon vacancy (64 atoms,
 * Stillinger-Weber), where the answer is known: the unperturbed vacancy is a minimum and not the lowest. */
#include "check.h"
#include "shakedown/search.h"

/* Diamond silicon, 2 x 2 x 2 conventional cells. */
static skd_cell *silicon(skd_error *err) {
    static const double frac[8][3] = {{0, 0, 0},         {0, .5, .5},       {.5, 0, .5},       {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_cell *cell;
    CHECK(skd_cell_new(&cell, 8, err) == SKD_OK);
    for (int i = 0; i < 3; i++)
        cell->lattice[i][i] = 5.43095;
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] = 5.43095 * frac[i][k];
    }
    return cell;
}

typedef struct fixture {
    skd_defect_list defects;
    skd_potential *potential;
    skd_relax_options relax;
    skd_start_options starts;
} fixture;

/* A vacancy in n x n x n conventional cells, with a few distortions only. */
static fixture *setup_cells(int n) {
    skd_error err;
    static fixture f;
    f = (fixture){.relax = SKD_RELAX_DEFAULT, .starts = SKD_START_DEFAULT};
    static const double few[] = {-0.4, -0.2, 0.0, 0.3};
    f.starts.distortion = few;
    f.starts.n_distortion = 4;
    const int matrix[3][3] = {{n, 0, 0}, {0, n, 0}, {0, 0, n}};
    skd_defect_options options = {.vacancies = true};
    skd_cell *cell = silicon(&err);
    CHECK_OK(skd_defects_of(&f.defects, cell, matrix, &options, &err));
    CHECK_OK(skd_potential_new(&f.potential, "sw", &err));
    skd_cell_free(cell);
    return &f;
}

static fixture *setup_vacancy(void) { return setup_cells(2); }

static void teardown_vacancy(fixture *f) {
    skd_potential_free(f->potential);
    skd_defect_list_free(&f->defects);
}

static skd_job *relaxed_job(fixture *f, int threads) {
    skd_error err;
    skd_job *job;
    CHECK_OK(skd_job_new(&job, f->defects.defect[0], 0, &f->starts, &err));
    CHECK_OK(skd_search_relax(&job, 1, f->potential, &f->relax, threads, NULL, &err));
    return job;
}

static void the_result_does_not_depend_on_threads(void **state) {
    (void)state;
    fixture *f = setup_vacancy();
    skd_job *one = relaxed_job(f, 1);
    for (int threads = 2; threads <= 3; threads++) {
        skd_job *many = relaxed_job(f, threads);
        for (size_t i = 0; i < one->starts.n; i++) {
            CHECK(many->minimum[i].done);
            CHECK(memcmp(&one->minimum[i].energy, &many->minimum[i].energy, sizeof(double)) == 0);
            CHECK(memcmp(one->minimum[i].cell->pos, many->minimum[i].cell->pos,
                         one->minimum[i].cell->n * sizeof *one->minimum[i].cell->pos) == 0);
        }
        skd_job_free(many);
    }
    skd_job_free(one);
    teardown_vacancy(f);
}

static void ranking_puts_the_reconstruction_first(void **state) {
    (void)state;
    skd_error err;
    fixture *f = setup_vacancy();
    skd_job *job = relaxed_job(f, 2);
    skd_ranking ranking;
    skd_rank_options options = SKD_RANK_DEFAULT;
    CHECK_OK(skd_rank(&ranking, job, &options, 2, &err));
    size_t members = 0, unperturbed = 0;
    for (size_t i = 0; i < ranking.n; i++) {
        members += ranking.family[i].n_members;
        unperturbed += ranking.family[i].has_unperturbed;
        CHECK_INT(ranking.family[i].rank, i + 1);
        CHECK(i == 0 || ranking.family[i].energy >= ranking.family[i - 1].energy);
    }
    CHECK_INT(members + ranking.n_unusable, job->starts.n); /* nobody is lost, nobody counted twice */
    CHECK_INT(unperturbed, 1);
    CHECK(!ranking.family[0].has_unperturbed);
    CHECK(ranking.family[0].relative < -1.0);
    for (size_t i = 0; i < ranking.n; i++)
        if (ranking.family[i].has_unperturbed) {
            CHECK_CLOSE(ranking.family[i].relative, 0.0, 1e-6, 0.0);
            CHECK_TEXT(ranking.family[i].symmetry, "Td");
            CHECK_CLOSE(ranking.family[i].degeneracy, 1.0, 0.0, 0.0);
        }
    skd_ranking_free(&ranking);
    skd_job_free(job);
    teardown_vacancy(f);
}

typedef struct stop_after {
    size_t left, finished;
} stop_after;

static skd_status count_finished(void *payload, const skd_job *job, size_t start, skd_error *err) {
    (void)job, (void)start, (void)err;
    ((stop_after *)payload)->finished++;
    return SKD_OK;
}

static bool stop_soon(void *payload, const skd_job *job, size_t start, const skd_relax_frame *frame) {
    (void)job, (void)start, (void)frame;
    stop_after *s = payload;
    return s->left-- > 0;
}

static void an_interrupted_search_goes_on_to_the_same_end(void **state) {
    (void)state;
    skd_error err;
    fixture *f = setup_vacancy();
    skd_job *whole = relaxed_job(f, 2), *parts;
    CHECK_OK(skd_job_new(&parts, f->defects.defect[0], 0, &f->starts, &err));
    stop_after s = {.left = 400};
    skd_search_hooks hooks = {.finished = count_finished, .progress = stop_soon, .payload = &s};
    CHECK_INT(skd_search_relax(&parts, 1, f->potential, &f->relax, 2, &hooks, &err), SKD_ESTOPPED);
    CHECK(s.finished < parts->starts.n);
    CHECK_OK(skd_search_relax(&parts, 1, f->potential, &f->relax, 2, NULL, &err));
    for (size_t i = 0; i < whole->starts.n; i++)
        CHECK(memcmp(&whole->minimum[i].energy, &parts->minimum[i].energy, sizeof(double)) == 0);
    skd_job_free(whole);
    skd_job_free(parts);
    teardown_vacancy(f);
}

static skd_status count_nudged(void *payload, const skd_job *job, size_t start, skd_error *err) {
    (void)job, (void)start, (void)err;
    ++*(size_t *)payload;
    return SKD_OK;
}

/* An atom in the middle of a bond is held there by symmetry only. */
static void a_saddle_falls_when_nudged(void **state) {
    (void)state;
    skd_error err;
    fixture *f = setup_vacancy();
    skd_cell *bulk = f->defects.defect[0]->bulk;
    skd_defect middle = *f->defects.defect[0];
    double d[3], best = 9.0;
    size_t j = 0, calls = 0;
    skd_mic mic;
    CHECK_OK(skd_mic_setup(&mic, bulk, &err));
    for (size_t i = 1; i < bulk->n; i++)
        if (skd_mic_vector(&mic, bulk->pos[0], bulk->pos[i], d) < best) {
            best = skd_norm(d);
            j = i;
        }
    skd_mic_vector(&mic, bulk->pos[0], bulk->pos[j], d);
    CHECK_OK(skd_cell_new(&middle.cell, bulk->n + 1, &err));
    memcpy(middle.cell->lattice, bulk->lattice, sizeof bulk->lattice);
    memcpy(middle.cell->pos, bulk->pos, bulk->n * sizeof *bulk->pos);
    for (size_t i = 0; i <= bulk->n; i++)
        middle.cell->species[i] = 14;
    for (int k = 0; k < 3; k++)
        middle.cell->pos[bulk->n][k] = bulk->pos[0][k] + d[k] / 2.0;
    skd_start_list none = {0};
    skd_start start = {.name = "Unperturbed", .kind = "unperturbed", .factor = NAN};
    skd_job *job;
    CHECK_OK(skd_cell_copy(&start.cell, middle.cell, &err));
    CHECK_OK(skd_job_of_starts(&job, &middle, 0, &none, &err));
    CHECK_OK(skd_job_add_start(job, &start, &err));
    CHECK_OK(skd_search_relax(&job, 1, f->potential, &f->relax, 1, NULL, &err));
    skd_ranking ranking;
    skd_rank_options options = SKD_RANK_DEFAULT;
    CHECK_OK(skd_rank(&ranking, job, &options, 1, &err));
    CHECK(isnan(ranking.family[0].fall) && !ranking.family[0].saddle);
    skd_search_hooks hooks = {.nudged = count_nudged, .payload = &calls};
    for (int again = 0; again < 2; again++) {
        CHECK_OK(skd_search_saddles(&job, &ranking, 1, f->potential, &f->relax, 1, 1, &hooks, &err));
        CHECK_INT(calls, 1); /* only once */
        CHECK(ranking.family[0].saddle && ranking.family[0].warned);
        CHECK(ranking.family[0].fall > 0.5);
    }
    skd_ranking_free(&ranking);
    skd_job_free(job);
    skd_cell_free(middle.cell);
    job = relaxed_job(f, 2); /* the vacancy's families are minima */
    CHECK_OK(skd_rank(&ranking, job, &options, 2, &err));
    CHECK_OK(skd_search_saddles(&job, &ranking, 1, f->potential, &f->relax, 1, 2, NULL, &err));
    for (size_t i = 0; i < ranking.n; i++)
        CHECK(!ranking.family[i].saddle && ranking.family[i].fall < 1e-3);
    skd_ranking_free(&ranking);
    skd_job_free(job);
    teardown_vacancy(f);
}

static skd_status disk_full(void *payload, const skd_job *job, size_t start, skd_error *err) {
    (void)payload, (void)job, (void)start;
    return skd_fail(err, SKD_EIO, "no space left");
}

static void a_failing_store_stops_the_search(void **state) {
    (void)state;
    skd_error err;
    fixture *f = setup_vacancy();
    skd_job *job;
    CHECK_OK(skd_job_new(&job, f->defects.defect[0], 0, &f->starts, &err));
    skd_search_hooks hooks = {.finished = disk_full};
    CHECK_FAILS(skd_search_relax(&job, 1, f->potential, &f->relax, 2, &hooks, &err), SKD_EIO, "no space left");
    skd_job_free(job);
    teardown_vacancy(f);
}

#ifdef SKD_TORTURE
/* Makes starts, relaxes them for three steps and ranks them, with the k-th allocation failing. */
static skd_status whole_search(fixture *f, skd_error *err) {
    skd_job *job = NULL;
    skd_ranking ranking = {0};
    skd_rank_options rank = SKD_RANK_DEFAULT;
    rank.soap.n_max = rank.soap.l_max = 2;
    skd_host_state host;
    skd_status status = skd_host_check(&host, f->defects.defect[0]->bulk, f->potential, 1, NULL, err);
    if (status == SKD_OK)
        status = skd_job_new(&job, f->defects.defect[0], 0, &f->starts, err);
    if (status == SKD_OK)
        status = skd_search_relax(&job, 1, f->potential, &f->relax, 1, NULL, err);
    if (status == SKD_OK)
        status = skd_rank(&ranking, job, &rank, 1, err);
    skd_ranking_free(&ranking);
    skd_job_free(job);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fixture *f = setup_cells(1);
    f->relax.max_steps = 3;
    f->starts.n_distortion = 1;
    skd_status status = SKD_ENOMEM;
    long k = 0;
    for (; status != SKD_OK; k++) {
        skd_error err = {SKD_OK, ""};
        skd_alloc_fail_at = k;
        status = whole_search(f, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || status == SKD_ENOMEM);
        CHECK(status == SKD_OK || err.text[0] != '\0');
    }
    CHECK(k > 100);
    teardown_vacancy(f);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_result_does_not_depend_on_threads),
        cmocka_unit_test(ranking_puts_the_reconstruction_first),
        cmocka_unit_test(an_interrupted_search_goes_on_to_the_same_end),
        cmocka_unit_test(a_saddle_falls_when_nudged),
        cmocka_unit_test(a_failing_store_stops_the_search),
#ifdef SKD_TORTURE
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
