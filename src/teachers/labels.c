/* SPDX-License-Identifier: MIT */
/* labels.c - labels of a file as a teacher: it answers frames that are in the file, and no others. What a dear teacher
 * said once can so be searched again without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "shakedown/data.h"

#define SAME_FRAME 0.005 /* Å, of every atom: the same search on another machine differs in rounding */

typedef struct params {
    skd_frames frames;
    double *charge; /* [frames.n] e */
    char *path;
} params;

static void destroy(void *params_taken) {
    params *p = params_taken;
    skd_frames_free(&p->frames);
    skd_free(p->charge);
    skd_free(p->path);
    skd_free(p);
}

/* The level that the file's labels say they are of, or the file's own name. */
static void print_level(const void *of, skd_string *line) {
    const params *p = of;
    const char *level = p->frames.n ? skd_frame_info(p->frames.frame[0], "level") : NULL;
    if (level)
        skd_string_add(line, "%s", level);
    else
        skd_string_add(line, "labels:%s", p->path);
}

static skd_status check_frame(params *p, size_t i, skd_error *err) {
    const skd_frame *frame = p->frames.frame[i];
    const char *charge = skd_frame_info(frame, "charge"), *level = skd_frame_info(frame, "level");
    const char *first = skd_frame_info(p->frames.frame[0], "level");
    if (!frame->has_energy || !frame->force)
        return skd_fail(err, SKD_EFORMAT, "%s: frame %zu has no %s", p->path, i + 1,
                        frame->has_energy ? "forces" : "energy");
    if ((level != NULL) != (first != NULL) || (level && strcmp(level, first) != 0))
        return skd_fail(err, SKD_EARG, "%s: frame %zu is of level '%s', the first of '%s'", p->path, i + 1,
                        level ? level : "", first ? first : "");
    p->charge[i] = charge ? strtod(charge, NULL) : 0.0;
    return SKD_OK;
}

static skd_status create(void **out, const char *settings, const teachers_place *place, skd_error *err) {
    (void)place;
    *out = NULL;
    if (!*settings)
        return skd_fail(err, SKD_EARG, "labels: expected labels:FILE, extended XYZ with energy and forces");
    params *p = skd_alloc(1, sizeof *p);
    if (!p || !(p->path = skd_strdup(settings))) {
        skd_free(p);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a teacher");
    }
    skd_status status = skd_frames_read(&p->frames, settings, NULL, err);
    if (status == SKD_OK && !(p->charge = skd_alloc(p->frames.n, sizeof *p->charge)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu charges", p->frames.n);
    for (size_t i = 0; i < p->frames.n && status == SKD_OK; i++)
        status = check_frame(p, i, err);
    if (status == SKD_OK)
        *out = p;
    else
        destroy(p);
    return status;
}

static skd_status check(const void *of, const skd_cell *cell, skd_error *err) {
    (void)of;
    return cell->n ? SKD_OK : skd_fail(err, SKD_EARG, "labels: no atoms");
}

/* Å, the farthest atom; infinite if these are other atoms or another cell. */
static double distance(const skd_cell *known, const skd_cell *cell) {
    skd_mic mic;
    double far = 0.0, d[3];
    if (known->n != cell->n || memcmp(known->species, cell->species, cell->n * sizeof *cell->species) != 0 ||
        skd_mic_setup(&mic, cell, NULL) != SKD_OK)
        return INFINITY;
    for (int k = 0; k < 9; k++)
        far = fmax(far, fabs(known->lattice[k / 3][k % 3] - cell->lattice[k / 3][k % 3]));
    for (size_t i = 0; i < cell->n; i++)
        far = fmax(far, skd_mic_vector(&mic, known->pos[i], cell->pos[i], d));
    return far;
}

static skd_status compute(const void *of, const skd_cell *cell, double charge, int want, void *work, skd_result *out,
                          skd_error *err) {
    const params *p = of;
    teacher_work *w = work;
    double least = INFINITY;
    size_t nearest = 0;
    (void)want;
    for (size_t i = 0; i < p->frames.n && least > 0.0; i++) {
        double far = p->charge[i] == charge ? distance(p->frames.frame[i]->cell, cell) : INFINITY;
        if (far < least) {
            least = far;
            nearest = i;
        }
    }
    if (least > SAME_FRAME)
        return skd_fail(err, SKD_ENUMERIC, "%s: no label of this frame; the nearest is %.3g Å away", p->path, least);
    const skd_frame *frame = p->frames.frame[nearest];
    const char *origin = skd_frame_info(frame, "origin");
    out->energy = frame->energy;
    memcpy(out->force, frame->force, cell->n * sizeof *out->force);
    out->has_stress = out->has_atom_energy = false;
    snprintf(w->origin, sizeof w->origin, "%s", origin ? origin : p->path);
    return SKD_OK;
}

static const skd_potential_type type = {
    .name = "labels",
    .summary = "labels:FILE, frames with energy and forces: answers those frames and no others",
    .reference = "",
    TEACHER_TYPE,
    .destroy = destroy,
    .check = check,
    .compute = compute,
};

const teacher_kind teacher_labels = {&type, create, print_level, NULL};
