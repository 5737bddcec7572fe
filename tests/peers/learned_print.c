/* SPDX-License-Identifier: MIT */
/* learned_print.c - the surrogate fitted to one file of labels and tried on another, for the side-by-side scripts:
 *     learned_print TRAIN TEST CHARGE [KEY=VALUE]...
 * Labels of both files that have the charge. Prints one line of JSON: counts, root mean square errors of forces and of
 * energies per atom, processor time of adding, solving and of one evaluation of energy and forces. Energies: of the
 * frames whose composition has a label; if there are none, of all, their mean error taken off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shakedown/data.h"
#include "shakedown/learned.h"

void openblas_set_num_threads(int n);

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double charge_of(const skd_frame *frame) {
    const char *text = skd_frame_info(frame, "charge");
    return text ? strtod(text, NULL) : 0.0;
}

static skd_label label_of(const skd_frame *frame) {
    return (skd_label){.cell = frame->cell,
                       .charge = charge_of(frame),
                       .energy = frame->energy,
                       .force = (const double(*)[3])frame->force,
                       .stress = frame->has_stress ? frame->stress : NULL};
}

/* All elements of the frames, ascending. */
static size_t elements_of(const skd_frames *frames, int *species) {
    bool has[SKD_ELEMENT_MAX + 1] = {false};
    size_t n = 0;
    for (size_t f = 0; f < frames->n; f++)
        for (size_t i = 0; i < frames->frame[f]->cell->n; i++)
            has[frames->frame[f]->cell->species[i]] = true;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (has[z])
            species[n++] = z;
    return n;
}

typedef struct errors {
    size_t frames, atoms, known;
    double force2, energy, energy2, known2, step; /* sums of squares, of energy errors an atom; s */
} errors;

static skd_status try_frame(const skd_model *model, const skd_frame *frame, skd_model_work *work, errors *e,
                            skd_error *err) {
    skd_result *r;
    skd_status status = skd_result_new(&r, frame->cell->n, err);
    if (status != SKD_OK)
        return status;
    status = skd_model_compute(model, frame->cell, 0, work, r, err); /* buffers and neighbours */
    double start = seconds();
    for (int repeat = 0; repeat < 3 && status == SKD_OK; repeat++)
        status = skd_model_compute(model, frame->cell, 0, work, r, err);
    e->step += (seconds() - start) / 3.0;
    for (size_t i = 0; i < 3 * frame->cell->n && status == SKD_OK; i++)
        e->force2 += pow(r->force[i / 3][i % 3] - frame->force[i / 3][i % 3], 2);
    double off = (r->energy - frame->energy) / (double)frame->cell->n;
    e->energy += off;
    e->energy2 += off * off;
    if (skd_model_knows_composition(model, frame->cell)) {
        e->known++;
        e->known2 += off * off;
    }
    e->atoms += frame->cell->n;
    e->frames++;
    skd_result_free(r);
    return status;
}

static skd_status try_all(const skd_model *model, const skd_frames *frames, double charge, errors *e, skd_error *err) {
    skd_model_work *work;
    skd_status status = skd_model_work_new(&work, model, err);
    for (size_t f = 0; f < frames->n && status == SKD_OK; f++)
        if (charge_of(frames->frame[f]) == charge)
            status = try_frame(model, frames->frame[f], work, e, err);
    skd_model_work_free(work);
    return status;
}

static skd_status teach(skd_fit *fit, const skd_frames *frames, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < frames->n && status == SKD_OK; f++) {
        const skd_label label = label_of(frames->frame[f]);
        status = skd_fit_add(fit, &label, err);
    }
    return status;
}

static skd_status run(const skd_frames *train, const skd_frames *test, double charge,
                      const skd_features_options *basis, const skd_fit_options *options, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    const size_t n = elements_of(train, species);
    skd_features *features = NULL;
    skd_fit *fit = NULL;
    skd_model *model = NULL;
    skd_fit_report report;
    errors e = {0};
    double start = seconds();
    skd_status status = skd_features_new(&features, basis, species, n, err);
    if (status == SKD_OK)
        status = skd_fit_new(&fit, features, options, err);
    if (status == SKD_OK)
        status = teach(fit, train, err);
    const double added = seconds() - start;
    if (status == SKD_OK)
        status = skd_fit_solve(&model, fit, charge, &report, err);
    const double solved = seconds() - start - added;
    if (status == SKD_OK)
        status = try_all(model, test, charge, &e, err);
    const double count = fmax(1.0, (double)e.frames), mean = e.energy / count;
    const double square = e.known ? e.known2 / (double)e.known : fmax(0.0, e.energy2 / count - mean * mean);
    if (status == SKD_OK)
        printf("{\"train\": %zu, \"test\": %zu, \"features\": %zu, \"force\": %.6f, \"energy\": %.6f, \"add\": %.3f, "
               "\"solve\": %.3f, \"step\": %.6f, \"step_atom\": %.9f}\n",
               skd_fit_count(fit), e.frames, skd_features_count(features),
               sqrt(e.force2 / (3.0 * (double)e.atoms)), sqrt(square), added, solved, e.step / count,
               e.step / (double)e.atoms);
    skd_model_free(model);
    skd_fit_free(fit);
    skd_features_free(features);
    return status;
}

/* KEY=VALUE of the basis or the fit; false: no such key. */
static bool set_option(const char *text, skd_features_options *basis, skd_fit_options *fit) {
    const struct {
        const char *key;
        int *integer;
        double *real;
    } row[] = {{"cutoff=", NULL, &basis->cutoff},          {"taper=", NULL, &basis->taper},
               {"width=", NULL, &basis->width},            {"n_max=", &basis->n_max, NULL},
               {"l_max=", &basis->l_max, NULL},            {"body=", &basis->body, NULL},
               {"n_triplet=", &basis->n_triplet, NULL},    {"l_triplet=", &basis->l_triplet, NULL},
               {"near=", NULL, &basis->near},              {"force_noise=", NULL, &fit->force_noise},
               {"slope=", NULL, &fit->force_noise_slope},  {"energy_noise=", NULL, &fit->energy_noise},
               {"energy_slope=", NULL, &fit->energy_noise_slope},
               {"other_charge=", NULL, &fit->other_charge}};
    if (strncmp(text, "most=", 5) == 0) {
        basis->most = (size_t)strtoul(text + 5, NULL, 10);
        return true;
    }
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        const size_t n = strlen(row[k].key);
        if (strncmp(text, row[k].key, n) != 0)
            continue;
        if (row[k].integer)
            *row[k].integer = (int)strtol(text + n, NULL, 10);
        else
            *row[k].real = strtod(text + n, NULL);
        return true;
    }
    return false;
}

int main(int argc, char **argv) {
    skd_features_options basis = SKD_FEATURES_DEFAULT;
    skd_fit_options fit = SKD_FIT_DEFAULT;
    skd_frames train = {0}, test = {0};
    skd_error err;
    fit.far_above = 1e4; /* the test has frames of all kinds */
    for (int k = 4; k < argc; k++)
        if (!set_option(argv[k], &basis, &fit))
            return 2;
    if (argc < 4)
        return 2;
    openblas_set_num_threads(1);
    skd_status status = skd_frames_read(&train, argv[1], NULL, &err);
    if (status == SKD_OK)
        status = skd_frames_read(&test, argv[2], NULL, &err);
    if (status == SKD_OK)
        status = run(&train, &test, strtod(argv[3], NULL), &basis, &fit, &err);
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    skd_frames_free(&train);
    skd_frames_free(&test);
    return status != SKD_OK;
}
