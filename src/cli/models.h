/* SPDX-License-Identifier: MIT
 * models.h - learned models between their files (data) and the fit (relax): settings by name, labels as frames,
 * numbers. */
#ifndef SKD_CLI_MODELS_H
#define SKD_CLI_MODELS_H

#include "shakedown/data.h"
#include "shakedown/learned.h"
#include "shakedown/teachers.h"

/** All models of one file, one a charge, and what they were fitted to. Zero-initialise. */
typedef struct models {
    skd_features_options options;
    skd_fit_options fit;
    skd_features *features;
    int species[SKD_ELEMENT_MAX];
    size_t n_species;
    skd_model **model; /* [n] in ascending order of charge */
    skd_fit_report *report; /* [n] */
    size_t n;
    skd_model_file file; /* provenance, labels */
    skd_potential *base; /* what the models are on top of: they are fitted to what it leaves; NULL: nothing */
} models;
void models_free(models *m); /* frees the contents */

/** Reads a model file. What it predicts of its first label is compared with what it predicted when written. */
skd_status models_read(models *out, const char *path, skd_error *err);
/** Settings and labels alone: no features, no models. */
skd_status models_read_unfitted(models *out, const char *path, skd_error *err);
/** Appends the frames of a file to labels; all need energy and forces. */
skd_status models_read_labels(skd_frames *labels, const char *path, skd_error *err);
/** Fits m->options, m->fit to m->file.labels: features and one model for each charge. */
skd_status models_fit(models *m, skd_error *err);
/** Writes settings, numbers and labels. */
skd_status models_write(models *m, const char *path, skd_error *err);
/** Writes settings and labels; without weights, which a fit gives again. */
skd_status models_write_labels(models *m, const char *path, skd_error *err);
/** Puts the models on top of a potential, "gfn1", "model:FILE" or FILE. Its text goes into the file, and of a file its
 *  checksum. `none`, "" or NULL: nothing. */
skd_status models_set_base(models *m, const char *spec, skd_error *err);
/** The base that the file `path` names: files as they are named, or beside it. SKD_EFORMAT if they have changed. */
skd_status models_read_base(models *m, const char *path, skd_error *err);
/** What a base says of all labels, [labels->n], the caller's; NULL without a base. */
skd_status models_base_results(skd_result ***out, const skd_potential *base, const skd_frames *labels, skd_error *err);
void models_free_results(skd_result **result, size_t n);
/** e; SKD_EFORMAT if the frame's charge=... is no number. */
skd_status models_charge(const skd_frame *frame, double *charge, skd_error *err);

/** A potential from its spec, which may also be "model:FILE", and a sum with such terms: "gfn1+model:FILE". */
skd_status cli_potential_new(skd_potential **out, const char *spec, skd_error *err);
/** The same, with teachers among its terms at this place. */
skd_status cli_potential_at(skd_potential **out, const char *spec, const teachers_place *place, skd_error *err);

#endif
