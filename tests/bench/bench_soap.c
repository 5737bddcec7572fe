/* SPDX-License-Identifier: MIT */
/* bench_soap.c - tool of bench_soap.py: best time of the spectra of all atoms of a file, on one thread.
 * Usage: bench_soap FILE N_MAX L_MAX CUTOFF SECONDS; prints milliseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shakedown/data.h"
#include "shakedown/fingerprints.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static skd_status measure(const skd_cell *cell, const skd_soap_options *options, double seconds, skd_error *err) {
    skd_soap *soap = NULL;
    skd_soap_work *work = NULL;
    double *spectrum = NULL, best = 1e9, end = now() + seconds;
    skd_status status = skd_soap_new(&soap, options, cell->species, cell->n, err);
    if (status == SKD_OK)
        status = skd_soap_work_new(&work, soap, err);
    if (status == SKD_OK && !(spectrum = skd_alloc(cell->n * skd_soap_size(soap), sizeof *spectrum)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for spectra");
    while (status == SKD_OK && now() < end) {
        double begin = now();
        status = skd_soap_atoms(soap, cell, work, spectrum, err);
        best = fmin(best, now() - begin);
    }
    if (status == SKD_OK)
        printf("%.4f\n", 1e3 * best);
    skd_free(spectrum);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_frame *frame = NULL;
    if (argc != 6) {
        fprintf(stderr, "usage: bench_soap FILE N_MAX L_MAX CUTOFF SECONDS\n");
        return 2;
    }
    skd_soap_options options = SKD_SOAP_DEFAULT;
    options.n_max = (int)strtol(argv[2], NULL, 10);
    options.l_max = (int)strtol(argv[3], NULL, 10);
    options.cutoff = (int)strtol(argv[4], NULL, 10);
    skd_status status = skd_structure_read(&frame, argv[1], &err);
    if (status == SKD_OK)
        status = measure(frame->cell, &options, strtod(argv[5], NULL), &err);
    skd_frame_free(frame);
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    return status != SKD_OK;
}
