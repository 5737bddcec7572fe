/* SPDX-License-Identifier: MIT */
/* references.c - descriptors of host atoms, and which of them the correction is spanned by. */
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "lapack.h"

#define SAME 1e-9 /* of 1 - cosine: one environment */
#define GATE 3.0
#define SHARP 400.0 /* K: of the least of distances */
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
    skd_free(c);
}

/* ---- gate ------------------------------------------------------------------------------------ */

double calibration_distance(const skd_calibration *c, size_t slot, const double *unit, double *along) {
    const size_t m = calibration_width(c->features);
    double sum = 0.0;
    if (along)
        memset(along, 0, m * sizeof *along);
    for (size_t s = c->first[slot]; s < c->first[slot + 1]; s++) {
        const double *own = c->reference + s * m;
        double dot = 0.0;
        if (c->frame[s] != 0)
            continue;
        for (size_t k = 0; k < m; k++)
            dot += unit[k] * own[k];
        const double part = exp(SHARP * (dot - 1.0));
        sum += part;
        for (size_t k = 0; k < m && along; k++)
            along[k] -= part * own[k];
    }
    for (size_t k = 0; k < m && along && sum > 0.0; k++)
        along[k] /= sum;
    return sum > 0.0 ? -log(sum) / SHARP : 2.0;
}

double calibration_gate(const skd_calibration *c, double distance, double *slope) {
    const double x = (distance - c->open) / (c->shut - c->open);
    *slope = 0.0;
    if (!(x > 0.0))
        return 1.0;
    if (!(x < 1.0))
        return 0.0;
    *slope = -30.0 * x * x * (1.0 - x) * (1.0 - x) / (c->shut - c->open);
    return 1.0 - x * x * x * (10.0 - 15.0 * x + 6.0 * x * x);
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

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Open for nine in ten atoms of the frames, shut at GATE times their distance. */
static skd_status set_gate(skd_calibration *c, const surroundings *of, size_t n_cells, size_t all, skd_error *err) {
    double *distance = skd_alloc(all, sizeof *distance);
    size_t n = 0;
    if (!distance)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu environments", all);
    for (size_t g = 1; g < n_cells; g++)
        for (size_t i = 0; i < of[g].n; i++)
            distance[n++] = calibration_distance(c, of[g].slot[i], of[g].unit + i * calibration_width(c->features),
                                                 NULL);
    qsort(distance, n, sizeof *distance, by_value);
    c->open = fmax(n ? distance[n * 9 / 10] : 0.0, 1e-4);
    c->shut = GATE * c->open;
    skd_free(distance);
    return SKD_OK;
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
    return set_gate(c, of, n_cells, all, err);
}
