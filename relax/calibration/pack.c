/* SPDX-License-Identifier: MIT */
/* pack.c - a calibration's numbers as one array and back: the exponent; for each reference the cell (0: the
 * host), the atom, the coefficient. */
#include <string.h>

#include "calibration.h"

#define HEAD 1

skd_status skd_calibration_pack(double **out, size_t *n, const skd_calibration *c, skd_error *err) {
    *n = HEAD + 3 * c->n;
    double *to = *out = skd_alloc(*n, sizeof **out);
    if (!to)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the numbers of a calibration");
    *to++ = c->zeta;
    for (size_t s = 0; s < c->n; s++) {
        *to++ = (double)c->frame[s];
        *to++ = (double)c->atom[s];
        *to++ = c->a[s];
    }
    return SKD_OK;
}

static bool is_index(double x, size_t below) { return x >= 0.0 && x < (double)below && x == floor(x); }

/* References must come by element. */
static skd_status take_numbers(skd_calibration *c, const skd_cell *const *cell, size_t n_cells, const double *numbers,
                               skd_error *err) {
    const size_t n = c->n;
    size_t slot = 0;
    c->zeta = numbers[0];
    for (size_t s = 0; s < n; s++) {
        const double *own = numbers + HEAD + 3 * s;
        const skd_cell *from = is_index(own[0], n_cells) ? cell[(size_t)own[0]] : NULL;
        if (!from || !is_index(own[1], from->n))
            return skd_fail(err, SKD_EFORMAT, "calibration: environment %zu is of no atom of its cells", s + 1);
        c->frame[s] = (size_t)own[0];
        c->atom[s] = (size_t)own[1];
        c->a[s] = own[2];
        const size_t is = c->features->slot[from->species[c->atom[s]]];
        if (is == SIZE_MAX || is < slot)
            return skd_fail(err, SKD_EFORMAT, "calibration: environment %zu is of an element out of turn", s + 1);
        while (slot < is)
            c->first[++slot] = s;
    }
    while (slot < c->features->n_species)
        c->first[++slot] = n;
    return SKD_OK;
}

static skd_status describe(skd_calibration *c, const skd_cell *const *cell, size_t n_cells, skd_error *err) {
    const size_t m = calibration_width(c->features);
    skd_features_work *work = NULL;
    skd_status status = skd_features_work_new(&work, c->features, err);
    if (status == SKD_OK)
        status = calibration_set_sites(c, cell[0], work, err);
    for (size_t f = 0; f < n_cells && status == SKD_OK; f++) {
        surroundings of = {0};
        status = surroundings_of(&of, c->features, cell[f], work, err);
        for (size_t s = 0; s < c->n && status == SKD_OK; s++)
            if (c->frame[s] == f)
                memcpy(c->reference + s * m, of.unit + c->atom[s] * m, m * sizeof *c->reference);
        surroundings_free(&of);
    }
    skd_features_work_free(work);
    return status;
}

skd_status skd_calibration_unpack(skd_calibration **out, const skd_features_options *options,
                                  const skd_cell *const *cell, size_t n_cells, const double *numbers, size_t n,
                                  skd_error *err) {
    *out = NULL;
    if (n_cells == 0 || n < HEAD || n % 3 != HEAD || !(numbers[0] >= 1.0))
        return skd_fail(err, SKD_EFORMAT, "%zu numbers are no calibration", n);
    skd_status status = calibration_new(out, options, cell[0], (n - HEAD) / 3, err);
    if (status != SKD_OK)
        return status;
    (*out)->n = (n - HEAD) / 3;
    status = take_numbers(*out, cell, n_cells, numbers, err);
    if (status == SKD_OK)
        status = describe(*out, cell, n_cells, err);
    if (status != SKD_OK) {
        skd_calibration_free(*out);
        *out = NULL;
    }
    return status;
}
