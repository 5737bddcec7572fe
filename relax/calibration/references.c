/* SPDX-License-Identifier: MIT */
/* references.c - descriptors of host atoms, and which of them the correction is spanned by. */
#include <string.h>

#include "calibration.h"
#include "lapack.h"

#define SAME 1e-9 /* of 1 - cosine: one environment */
#define ONE  1.0  /* the constant: about what a crystal's descriptor has as its norm */

double calibration_unit(const skd_features *f, skd_features_work *work, double *unit) {
    double square = ONE * ONE;
    memset(unit, 0, calibration_width(f) * sizeof *unit);
    skd_density_features(work, work->c, unit);
    unit[f->per_element] = ONE;
    for (size_t k = 0; k < f->per_element; k++)
        square += unit[k] * unit[k];
    for (size_t k = 0; k < calibration_width(f); k++)
        unit[k] /= sqrt(square);
    return sqrt(square);
}

void surroundings_free(surroundings *s) {
    skd_free(s->slot);
    skd_free(s->unit);
    *s = (surroundings){0};
}

skd_status surroundings_of(surroundings *out, const skd_features *f, const skd_cell *cell, skd_features_work *work,
                           skd_error *err) {
    *out = (surroundings){.n = cell->n,
                          .slot = skd_alloc(cell->n, sizeof(size_t)),
                          .unit = skd_alloc(cell->n * calibration_width(f), sizeof(double))};
    skd_status status = out->slot && out->unit
                            ? skd_features_prepare(work, cell, err)
                            : skd_fail(err, SKD_ENOMEM, "out of memory for the surroundings of %zu atoms", cell->n);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        skd_density_of(work, cell, i, false);
        out->slot[i] = f->slot[cell->species[i]];
        calibration_unit(f, work, out->unit + i * calibration_width(f));
    }
    if (status != SKD_OK)
        surroundings_free(out);
    return status;
}

skd_status calibration_new(skd_calibration **out, const skd_features_options *options, const skd_cell *cell, size_t n,
                           skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t n_species = skd_cell_species(cell, species);
    skd_features_options own = *options;
    own.body = 3;
    skd_calibration *c = *out = skd_alloc(1, sizeof *c);
    if (!c)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a calibration");
    skd_status status = skd_features_new(&c->features, &own, species, n_species, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&c->host, cell, err);
    if (status == SKD_OK) {
        c->frame = skd_alloc(n, sizeof *c->frame);
        c->atom = skd_alloc(n, sizeof *c->atom);
        c->reference = skd_alloc(n * calibration_width(c->features), sizeof *c->reference);
        c->a = skd_alloc(n, sizeof *c->a);
        if (!c->frame || !c->atom || !c->reference || !c->a)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a calibration of %zu environments", n);
    }
    if (status != SKD_OK) {
        skd_calibration_free(c);
        *out = NULL;
    }
    return status;
}

void skd_calibration_free(skd_calibration *c) {
    if (!c)
        return;
    skd_features_free(c->features);
    skd_free(c->frame);
    skd_free(c->atom);
    skd_free(c->reference);
    skd_free(c->a);
    skd_free(c->site_slot);
    skd_free(c->site);
    skd_cell_free(c->host);
    skd_free(c);
}

/* ---- choice ---------------------------------------------------------------------------------- */

typedef struct choice {
    skd_calibration *c;
    const surroundings *of;
    size_t n_cells;
    double *nearest; /* [all atoms] 1 - cosine to the nearest that was chosen; -1: another element */
} choice;

/* Takes an atom, and tells all others how near it is. */
static void take(choice *ch, size_t frame, size_t atom) {
    skd_calibration *c = ch->c;
    const size_t m = calibration_width(c->features), slot = ch->of[frame].slot[atom];
    double *own = c->reference + c->n * m;
    memcpy(own, ch->of[frame].unit + atom * m, m * sizeof *own);
    c->frame[c->n] = frame;
    c->atom[c->n++] = atom;
    for (size_t g = 0, at = 0; g < ch->n_cells; g++)
        for (size_t i = 0; i < ch->of[g].n; i++, at++) {
            double dot = 0.0;
            for (size_t k = 0; k < m && ch->of[g].slot[i] == slot; k++)
                dot += own[k] * ch->of[g].unit[i * m + k];
            if (ch->of[g].slot[i] == slot)
                ch->nearest[at] = fmin(ch->nearest[at], 1.0 - dot);
        }
}

/* The atom of an element, in cells first..end-1, that is farthest from those chosen; false if none is different. */
static bool farthest(const choice *ch, size_t slot, size_t end, size_t *frame, size_t *atom) {
    double most = SAME;
    for (size_t g = 0, at = 0; g < end; g++)
        for (size_t i = 0; i < ch->of[g].n; i++, at++)
            if (ch->of[g].slot[i] == slot && ch->nearest[at] > most) {
                most = ch->nearest[at];
                *frame = g;
                *atom = i;
            }
    return most > SAME;
}

skd_status calibration_choose(skd_calibration *c, const surroundings *of, size_t n_cells, size_t most,
                              skd_error *err) {
    choice ch = {c, of, n_cells, NULL};
    size_t all = 0, frame = 0, atom = 0;
    for (size_t g = 0; g < n_cells; g++)
        all += of[g].n;
    ch.nearest = skd_alloc(all, sizeof *ch.nearest);
    if (!ch.nearest)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu environments", all);
    for (size_t k = 0; k < all; k++)
        ch.nearest[k] = 2.0;
    for (size_t slot = 0; slot < c->features->n_species; slot++) {
        c->first[slot] = c->n;
        while (c->n - c->first[slot] < most && farthest(&ch, slot, 1, &frame, &atom))
            take(&ch, frame, atom);
        while (c->n - c->first[slot] < most && farthest(&ch, slot, n_cells, &frame, &atom))
            take(&ch, frame, atom);
    }
    c->first[c->features->n_species] = c->n;
    skd_free(ch.nearest);
    return SKD_OK;
}
