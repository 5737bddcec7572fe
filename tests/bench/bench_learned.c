/* SPDX-License-Identifier: MIT */
/* bench_learned.c - descriptors of the surrogate at default options on one thread: energy and forces of given weights,
 * and the design matrix, for the Cd vacancy in CdTe and larger and richer cells. Processor time, best of many. Exits
 * non-zero when energy and forces of the 63 atoms take more than a millisecond. */
#include <stdio.h>
#include <time.h>

#include "shakedown/data.h"
#include "shakedown/learned.h"

#define PROMISE 1.0 /* ms */

static double now(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* The host repeated, its first atom missing, every atom a little off its place; the last `n_other` atoms become
 * `other` elements in turn. */
static skd_status crystal(skd_cell **out, int repeat, const int *other, size_t n_other, skd_error *err) {
    const int matrix[3][3] = {{repeat, 0, 0}, {0, repeat, 0}, {0, 0, repeat}};
    skd_frame *frame = NULL;
    skd_cell *bulk = NULL;
    size_t *pick = NULL;
    skd_status status = skd_structure_read(&frame, "data/hosts/CdTe.POSCAR", err);
    if (status == SKD_OK)
        status = skd_supercell(&bulk, frame->cell, matrix, NULL, err);
    if (status == SKD_OK && !(pick = skd_alloc(bulk->n, sizeof *pick)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory");
    for (size_t i = 1; status == SKD_OK && i < bulk->n; i++)
        pick[i - 1] = i;
    if (status == SKD_OK)
        status = skd_cell_pick(out, bulk, pick, bulk->n - 1, err);
    for (size_t i = 0; status == SKD_OK && i < (*out)->n; i++) {
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += 0.1 * sin(12.9898 * (double)(3 * i + (size_t)k));
        if (n_other && i % (n_other + 2) < n_other)
            (*out)->species[i] = other[i % (n_other + 2)];
    }
    skd_free(pick);
    skd_cell_free(bulk);
    skd_frame_free(frame);
    return status;
}

typedef struct setting {
    skd_features *features;
    skd_features_work *work;
    skd_result *result;
    skd_design *design;
    double *w;
} setting;

static void close_setting(setting *s) {
    skd_free(s->w);
    skd_design_free(s->design);
    skd_result_free(s->result);
    skd_features_work_free(s->work);
    skd_features_free(s->features);
}

static skd_status open_setting(setting *s, const skd_cell *cell, const int *species, size_t n, skd_error *err) {
    const skd_features_options options = SKD_FEATURES_DEFAULT;
    *s = (setting){0};
    skd_status status = skd_features_new(&s->features, &options, species, n, err);
    size_t m = status == SKD_OK ? skd_features_count(s->features) : 0;
    if (status == SKD_OK)
        status = skd_features_work_new(&s->work, s->features, err);
    if (status == SKD_OK)
        status = skd_result_new(&s->result, cell->n, err);
    if (status == SKD_OK)
        status = skd_design_new(&s->design, cell->n, m, err);
    if (status == SKD_OK && !(s->w = skd_alloc(m, sizeof *s->w)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory");
    for (size_t k = 0; status == SKD_OK && k < m; k++)
        s->w[k] = sin(78.233 * (double)k);
    return status;
}

/* Prints a line; *ms receives the time of energy and forces. */
static skd_status measure(const char *name, const skd_cell *cell, const int *species, size_t n, double *ms,
                          skd_error *err) {
    setting s;
    skd_status status = open_setting(&s, cell, species, n, err);
    double apply = 1e9, fill = 1e9;
    for (int k = 0; k < 40 && status == SKD_OK; k++) {
        double begin = now();
        for (int repeat = 0; repeat < 10 && status == SKD_OK; repeat++)
            status = skd_features_apply(s.features, s.w, cell, 0, s.work, s.result, NULL, err);
        apply = fmin(apply, (now() - begin) / 10.0);
    }
    for (int k = 0; k < 5 && status == SKD_OK; k++) {
        double begin = now();
        status = skd_design_fill(s.design, s.features, cell, s.work, err);
        fill = fmin(fill, now() - begin);
    }
    if (status == SKD_OK)
        printf("  %-28s %4zu atoms %5zu features: energy and forces %7.3f ms, design matrix %7.2f ms\n", name, cell->n,
               skd_features_count(s.features), 1e3 * apply, 1e3 * fill);
    *ms = 1e3 * apply;
    close_setting(&s);
    return status;
}

int main(void) {
    static const struct {
        const char *name;
        int repeat;
        size_t n;
        int species[5], other[3];
    } cases[] = {{"CdTe, vacancy", 2, 2, {48, 52}, {0}},
                 {"CdTe, vacancy", 3, 2, {48, 52}, {0}},
                 {"three elements", 2, 3, {34, 48, 52}, {34}},
                 {"four elements, mixed", 2, 4, {30, 34, 48, 52}, {30, 34}},
                 {"five elements, mixed", 2, 5, {16, 30, 34, 48, 52}, {16, 30, 34}}};
    skd_error err = {SKD_OK, ""};
    double promised = 0.0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && err.status == SKD_OK; i++) {
        skd_cell *cell = NULL;
        double ms = 0.0;
        skd_status status = crystal(&cell, cases[i].repeat, cases[i].other, cases[i].n - 2, &err);
        if (status == SKD_OK)
            status = measure(cases[i].name, cell, cases[i].species, cases[i].n, &ms, &err);
        promised = i == 0 ? ms : promised;
        skd_cell_free(cell);
        if (status != SKD_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 2;
        }
    }
    printf("  energy and forces of 63 atoms: %.3f ms, promised %.1f ms: %s\n", promised, PROMISE,
           promised <= PROMISE ? "kept" : "MISSED");
    return promised > PROMISE;
}
