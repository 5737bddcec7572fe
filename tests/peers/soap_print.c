/* SPDX-License-Identifier: MIT */
/* soap_print.c - tool of soap_dscribe.py: spectra of all atoms of a file, as raw doubles on standard output.
 * Usage: soap_print FILE R_CUT N_MAX L_MAX SIGMA CUTOFF */
#include <stdio.h>
#include <stdlib.h>

#include "shakedown/data.h"
#include "shakedown/fingerprints.h"

static skd_status print_spectra(const skd_cell *cell, const skd_soap_options *options, skd_error *err) {
    skd_soap *soap = NULL;
    skd_soap_work *work = NULL;
    double *spectrum = NULL;
    skd_status status = skd_soap_new(&soap, options, cell->species, cell->n, err);
    if (status == SKD_OK)
        status = skd_soap_work_new(&work, soap, err);
    if (status == SKD_OK && !(spectrum = skd_alloc(cell->n * skd_soap_size(soap), sizeof *spectrum)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for spectra");
    if (status == SKD_OK)
        status = skd_soap_atoms(soap, cell, work, spectrum, err);
    if (status == SKD_OK)
        fwrite(spectrum, sizeof *spectrum, cell->n * skd_soap_size(soap), stdout);
    skd_free(spectrum);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_frame *frame = NULL;
    if (argc != 7) {
        fprintf(stderr, "usage: soap_print FILE R_CUT N_MAX L_MAX SIGMA CUTOFF\n");
        return 2;
    }
    skd_soap_options options = {.r_cut = strtod(argv[2], NULL),
                                .n_max = (int)strtol(argv[3], NULL, 10),
                                .l_max = (int)strtol(argv[4], NULL, 10),
                                .sigma = strtod(argv[5], NULL),
                                .cutoff = (int)strtol(argv[6], NULL, 10)};
    skd_status status = skd_structure_read(&frame, argv[1], &err);
    if (status == SKD_OK)
        status = print_spectra(frame->cell, &options, &err);
    skd_frame_free(frame);
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    return status != SKD_OK;
}
