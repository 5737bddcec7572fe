/* SPDX-License-Identifier: MIT */
/* snb_csv.c - see snb_csv.h. */
#include "snb_csv.h"

#include <stdlib.h>
#include <string.h>

#define STOL_MAX 5.0 /* of the mean distance of atoms, where ShakeNBreak gives up */

typedef struct work {
    const snb_species *species;
    const skd_cell *reference;
    snb_shift *shift;
} work;

static skd_status measure_one(void *payload, size_t i, int worker, skd_error *err) {
    const work *w = payload;
    const skd_cell *cell = w->species->run[i].cell;
    (void)worker;
    w->shift[i] = (snb_shift){(double)NAN, (double)NAN};
    if (!cell)
        return SKD_OK;
    skd_match match;
    double length = cbrt(skd_cell_volume(w->reference) / (double)w->reference->n);
    const skd_match_options options = {.least_rms = true, .tolerance = STOL_MAX * length};
    skd_status status = skd_match_find(&match, w->reference, cell, &options, err);
    if (status == SKD_OK && match.found)
        w->shift[i] = (snb_shift){match.sum_above, match.max_distance};
    skd_match_free(&match);
    return status;
}

skd_status snb_shifts(snb_shift *shift, const snb_species *species, const skd_cell *reference, int threads,
                      skd_error *err) {
    work w = {species, reference, shift};
    return skd_parallel(species->n, threads, measure_one, &w, err);
}

/* Rounded as Python's round() and printed as its floats are; nothing for NAN. */
static void add_rounded(skd_string *text, double value, int digits) {
    char rounded[64], number[40];
    if (isnan(value))
        return;
    snprintf(rounded, sizeof rounded, "%.*f", digits, value);
    skd_string_add(text, "%s", snb_number(strtod(rounded, NULL) + 0.0, number, sizeof number));
}

static void add_row(skd_string *text, const snb_species *s, const snb_run *run, const snb_shift *shift, size_t row) {
    char number[40];
    skd_string_add(text, "%zu,%s,", row, run->label);
    add_rounded(text, shift->disp, 3);
    skd_string_add(text, ",");
    add_rounded(text, shift->max_dist, 3);
    skd_string_add(text, ",");
    if (run->folder)
        add_rounded(text, snb_relative(s, run), 2);
    else
        skd_string_add(text, "%s", snb_number(snb_relative(s, run), number, sizeof number));
    skd_string_add(text, "\n");
}

skd_status snb_csv_write(const snb_species *s, const snb_shift *shift, skd_error *err) {
    skd_string text = {0}, path = {0};
    size_t row = 0;
    skd_string_add(&text, ",Bond Distortion,Σ{Displacements} (Å),Max Distance (Å),Δ Energy (eV)\n");
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->run[i].energy))
            add_row(&text, s, &s->run[i], &shift[i], row++);
    skd_string_add(&path, "%s/%s.csv", s->path, s->name);
    skd_status status = text.failed || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for %s.csv", s->name)
                                                   : skd_file_write(path.text, text.text, text.n, err);
    skd_string_free(&text);
    skd_string_free(&path);
    return status;
}
