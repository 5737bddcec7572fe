/* SPDX-License-Identifier: MIT */
/* bench_learned_fit.c - the surrogate's fit at default options on one thread: 60 labels of the Cd vacancy in CdTe and
 * of richer cells, added one by one, then solved with their leave-one-out errors. Processor time; how long does not
 * depend on what the labels say. Exits non-zero when adding and solving of the two elements take more than promised. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "shakedown/data.h"
#include "shakedown/learned.h"

#define PROMISE 1.0 /* s */
#define LABELS  60

void openblas_set_num_threads(int n);

static double now(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* 2 x 2 x 2 cells of CdTe without the first atom, every so many atoms one of `other`. */
static skd_status vacancy(skd_cell **out, const int *other, size_t n_other, skd_error *err) {
    const int matrix[3][3] = {{2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    size_t pick[63];
    skd_frame *frame = NULL;
    skd_cell *bulk = NULL;
    skd_status status = skd_structure_read(&frame, "data/hosts/CdTe.POSCAR", err);
    for (size_t i = 0; i < 63; i++)
        pick[i] = i + 1;
    if (status == SKD_OK)
        status = skd_supercell(&bulk, frame->cell, matrix, NULL, err);
    if (status == SKD_OK)
        status = skd_cell_pick(out, bulk, pick, 63, err);
    for (size_t i = 0; status == SKD_OK && n_other && i < 63; i++)
        if (i % (n_other + 2) < n_other)
            (*out)->species[i] = other[i % (n_other + 2)];
    skd_cell_free(bulk);
    skd_frame_free(frame);
    return status;
}

/* A frame off the crystal, with springs to its sites for a teacher. */
static void rattle(skd_cell *cell, const skd_cell *sites, skd_rng *rng, double (*force)[3], skd_label *label) {
    *label = (skd_label){.cell = cell, .force = (const double(*)[3])force};
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++) {
            double off = 0.1 * skd_rng_normal(rng);
            cell->pos[i][k] = sites->pos[i][k] + off;
            force[i][k] = -3.0 * off;
            label->energy += 1.5 * off * off;
        }
}

static skd_status teach(skd_fit *fit, const skd_cell *sites, skd_error *err) {
    double force[63][3];
    skd_rng *rng = NULL;
    skd_cell *cell = NULL;
    skd_status status = skd_rng_new(&rng, 1, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&cell, sites, err);
    for (int k = 0; k < LABELS && status == SKD_OK; k++) {
        skd_label label;
        rattle(cell, sites, rng, force, &label);
        status = skd_fit_add(fit, &label, err);
    }
    skd_cell_free(cell);
    skd_rng_free(rng);
    return status;
}

/* Prints a line; *seconds receives adding and solving together. */
static skd_status measure(const char *name, const skd_cell *sites, const int *species, size_t n, double *seconds,
                          skd_error *err) {
    const skd_features_options basis = SKD_FEATURES_DEFAULT;
    const skd_fit_options options = SKD_FIT_DEFAULT;
    skd_features *features = NULL;
    skd_fit *fit = NULL;
    skd_model *model = NULL;
    skd_fit_report report = {0};
    struct rusage usage;
    skd_status status = skd_features_new(&features, &basis, species, n, err);
    if (status == SKD_OK)
        status = skd_fit_new(&fit, features, &options, err);
    double start = now();
    if (status == SKD_OK)
        status = teach(fit, sites, err);
    double added = now() - start;
    if (status == SKD_OK)
        status = skd_fit_solve(&model, fit, 0.0, &report, err);
    *seconds = now() - start;
    getrusage(RUSAGE_SELF, &usage);
    if (status == SKD_OK)
        printf("  %-15s %d labels of %zu atoms, %4zu features: adding %.2f s, solving %.2f s, together %.2f s; "
               "%ld MB so far; force error left out %.5f eV/Å, scale %.4f\n",
               name, LABELS, sites->n, skd_features_count(features), added, *seconds - added, *seconds,
               usage.ru_maxrss / 1024, report.force_loo, report.force_scale);
    skd_model_free(model);
    skd_fit_free(fit);
    skd_features_free(features);
    return status;
}

int main(void) {
    static const struct {
        const char *name;
        size_t n;
        int species[4], other[2];
    } cases[] = {{"two elements", 2, {48, 52}, {0}},
                 {"three elements", 3, {34, 48, 52}, {34}},
                 {"four elements", 4, {30, 34, 48, 52}, {30, 34}}};
    skd_error err = {SKD_OK, ""};
    double promised = 0.0, seconds = 0.0;
    openblas_set_num_threads(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skd_cell *sites = NULL;
        skd_status status = vacancy(&sites, cases[i].other, cases[i].n - 2, &err);
        if (status == SKD_OK)
            status = measure(cases[i].name, sites, cases[i].species, cases[i].n, &seconds, &err);
        promised = i == 0 ? seconds : promised;
        skd_cell_free(sites);
        if (status != SKD_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 2;
        }
    }
    printf("  %d labels of two elements: %.2f s, promised %.1f s: %s\n", LABELS, promised, PROMISE,
           promised <= PROMISE ? "kept" : "MISSED");
    return promised > PROMISE;
}
