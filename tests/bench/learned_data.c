/* SPDX-License-Identifier: MIT */
/* learned_data.c - the surrogate on published DFT data: every tenth frame is the test, the others the training, all
 * with the default descriptor; force and energy errors, and the time of adding labels and of solving. Data of
 * pypolymlp (MgO, SrTiO3) and mlearn (Si), in the folder named as argument. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "shakedown/data.h"
#include "shakedown/learned.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static skd_label label_of(const skd_frame *frame) {
    return (skd_label){.cell = frame->cell,
                       .energy = frame->energy,
                       .force = (const double(*)[3])frame->force,
                       .stress = frame->has_stress ? frame->stress : NULL};
}

/* Errors on every tenth frame. */
static skd_status test(const skd_model *model, const skd_frames *frames, double *energy, double *force, double *step,
                       skd_error *err) {
    skd_model_work *work;
    double n_force = 0.0, n_energy = 0.0, start = seconds();
    skd_status status = skd_model_work_new(&work, model, err);
    *energy = *force = 0.0;
    for (size_t f = 0; f < frames->n && status == SKD_OK; f += 10) {
        const skd_frame *frame = frames->frame[f];
        skd_result *result;
        status = skd_result_new(&result, frame->cell->n, err);
        if (status == SKD_OK)
            status = skd_model_compute(model, frame->cell, 0, work, result, err);
        for (size_t i = 0; i < 3 * frame->cell->n && status == SKD_OK; i++, n_force++)
            *force += pow(result->force[i / 3][i % 3] - frame->force[i / 3][i % 3], 2);
        if (status == SKD_OK)
            *energy += pow((result->energy - frame->energy) / (double)frame->cell->n, 2);
        n_energy++;
        skd_result_free(result);
    }
    *step = (seconds() - start) / fmax(n_energy, 1.0);
    *energy = sqrt(*energy / fmax(n_energy, 1.0));
    *force = sqrt(*force / fmax(n_force, 1.0));
    skd_model_work_free(work);
    return status;
}

static skd_status run(const char *path, const int *species, size_t n_species, skd_error *err) {
    skd_frames frames = {0};
    skd_features_options features_options = SKD_FEATURES_DEFAULT;
    skd_fit_options options = SKD_FIT_DEFAULT;
    skd_features *features = NULL;
    skd_fit *fit = NULL;
    skd_model *model = NULL;
    skd_fit_report report;
    double energy, force, step, start, added = 0.0;
    options.far_above = 1e4; /* the test frames are of all kinds too */
    skd_status status = skd_frames_read(&frames, path, NULL, err);
    if (status == SKD_OK)
        status = skd_features_new(&features, &features_options, species, n_species, err);
    if (status == SKD_OK)
        status = skd_fit_new(&fit, features, &options, err);
    start = seconds();
    for (size_t f = 0; f < frames.n && status == SKD_OK; f++) {
        const skd_label label = label_of(frames.frame[f]);
        status = f % 10 ? skd_fit_add(fit, &label, err) : SKD_OK;
    }
    added = seconds() - start;
    if (status == SKD_OK)
        status = skd_fit_solve(&model, fit, 0.0, &report, err);
    double solved = seconds() - start - added;
    if (status == SKD_OK)
        status = test(model, &frames, &energy, &force, &step, err);
    if (status == SKD_OK)
        printf("%s: %zu labels, %zu features: test RMSE force %.4f eV/Å, energy %.2f meV/atom; add %.1f ms a label, "
               "solve %.2f s, E+F %.2f ms\n", path, skd_fit_count(fit), skd_features_count(features), force,
               1e3 * energy, 1e3 * added / (double)skd_fit_count(fit), solved, 1e3 * step);
    skd_model_free(model);
    skd_fit_free(fit);
    skd_features_free(features);
    skd_frames_free(&frames);
    return status;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int species[3];
        size_t n;
    } rows[] = {{"pypolymlp/MgO_train2.xyz.gz", {8, 12}, 2},
                {"pypolymlp/SrTiO3_300.xyz.gz", {8, 22, 38}, 3},
                {"mlearn_SiGe/mlearn_Si_training.xyz.gz", {14}, 1}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        char path[4096];
        skd_error err = {SKD_OK, ""};
        snprintf(path, sizeof path, "%s/%s", argc > 1 ? argv[1] : "../shared/data/dft", rows[k].name);
        if (run(path, rows[k].species, rows[k].n, &err) != SKD_OK)
            printf("%s\n", err.text);
    }
    return 0;
}
