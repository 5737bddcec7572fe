/* SPDX-License-Identifier: MIT */
/* cp2k_waves.c - see cp2k_waves.h. A folder with waves.wfn has waves.xyz, the frame they belong to, with level and
 * charge: nothing is kept in memory, so a search that was killed goes on with what there is. */
#include "cp2k_waves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shakedown/data.h"

#define WAVES "waves.wfn"
#define FRAME "waves.xyz"

enum { KEPT = 6 };

/* ---- the frame beside them ------------------------------------------------------------------ */

static bool is_same(const skd_frame *frame, const char *level, const skd_cell *cell, double charge) {
    const char *of = skd_frame_info(frame, "level"), *e = skd_frame_info(frame, "charge");
    double value;
    bool same = of && e && strcmp(of, level) == 0 && skd_span_real((skd_span){e, strlen(e)}, &value) &&
                value == charge && frame->cell->n == cell->n;
    same = same && !memcmp(frame->cell->species, cell->species, cell->n * sizeof *cell->species);
    for (int k = 0; k < 9 && same; k++)
        same = fabs(frame->cell->lattice[k / 3][k % 3] - cell->lattice[k / 3][k % 3]) < 1e-3;
    return same;
}

/* Square of the displacement, summed over atoms. */
static double distance(const skd_cell *a, const skd_cell *b) {
    skd_mic mic;
    double sum = 0.0;
    if (skd_mic_setup(&mic, b, NULL) != SKD_OK)
        return INFINITY;
    for (size_t i = 0; i < b->n; i++) {
        double d[3];
        skd_mic_vector(&mic, a->pos[i], b->pos[i], d);
        sum += skd_dot(d, d);
    }
    return sum;
}

/* How far from the frame whose wave functions lie in the folder; INFINITY: none, or of no use. */
static double distance_of(const char *folder, const char *level, const skd_cell *cell, double charge) {
    char *path = teacher_path(folder, FRAME), *waves = teacher_path(folder, WAVES);
    skd_frame *frame = NULL;
    double d = INFINITY;
    if (path && waves && skd_file_exists(waves) && skd_file_exists(path) &&
        skd_structure_read(&frame, path, NULL) == SKD_OK && is_same(frame, level, cell, charge))
        d = distance(frame->cell, cell);
    skd_frame_free(frame);
    skd_free(path);
    skd_free(waves);
    return d;
}

/* ---- finding -------------------------------------------------------------------------------- */

static bool link_into(const char *from, const char *folder) {
    char *waves = teacher_path(from, WAVES), *start = teacher_path(folder, CP2K_START);
    bool done = waves && start && link(waves, start) == 0;
    skd_free(waves);
    skd_free(start);
    return done;
}

skd_status cp2k_waves_find(bool *found, const teacher_site *site, const char *folder, const char *level,
                           const skd_cell *cell, double charge, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    double least = INFINITY;
    char *nearest = NULL, *start = teacher_path(folder, CP2K_START);
    *found = false;
    skd_status status = start ? skd_folder_list(&names, site->folder, &is_folder, err)
                              : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (start)
        unlink(start);
    skd_free(start);
    for (size_t i = 0; i < names.n && status == SKD_OK; i++) {
        char *other = teacher_path(site->folder, names.name[i]);
        double d = other ? distance_of(other, level, cell, charge) : (double)INFINITY;
        if (d < least) {
            least = d;
            skd_free(nearest);
            nearest = other;
        } else {
            skd_free(other);
        }
    }
    *found = nearest && link_into(nearest, folder); /* another thread may have removed it by now */
    skd_free(nearest);
    skd_names_free(&names);
    return status;
}

/* ---- keeping -------------------------------------------------------------------------------- */

static skd_status write_frame(const char *folder, const char *level, const skd_cell *cell, double charge,
                              skd_error *err) {
    skd_cell *copy = NULL;
    skd_frame *frame = NULL;
    skd_string text = {0};
    char number[40];
    snprintf(number, sizeof number, "%.17g", charge);
    skd_status status = skd_cell_copy(&copy, cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, copy, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "level", level, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "charge", number, err);
    const skd_frames frames = {.n = 1, .frame = &frame};
    if (status == SKD_OK)
        status = skd_format_named("xyz")->print(&text, &frames, err);
    if (status == SKD_OK)
        status = teacher_write(folder, FRAME, &text, err);
    skd_frame_free(frame);
    skd_string_free(&text);
    return status;
}

typedef struct aged {
    char *path;
    struct timespec time;
} aged;

static int younger_first(const void *a, const void *b) {
    const aged *x = a, *y = b;
    if (x->time.tv_sec != y->time.tv_sec)
        return x->time.tv_sec < y->time.tv_sec ? 1 : -1;
    return (x->time.tv_nsec < y->time.tv_nsec) - (x->time.tv_nsec > y->time.tv_nsec);
}

/* Removes all but the youngest. */
static skd_status prune(const teacher_site *site, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    size_t n = 0;
    skd_status status = skd_folder_list(&names, site->folder, &is_folder, err);
    aged *file = status == SKD_OK ? skd_alloc(names.n, sizeof *file) : NULL;
    if (status == SKD_OK && !file)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", names.n);
    for (size_t i = 0; i < names.n && status == SKD_OK; i++) {
        skd_string path = {0};
        struct stat about;
        skd_string_add(&path, "%s/%s/" WAVES, site->folder, names.name[i]);
        if (!path.failed && stat(path.text, &about) == 0)
            file[n++] = (aged){path.text, about.st_mtim};
        else
            skd_string_free(&path);
    }
    if (n)
        qsort(file, n, sizeof *file, younger_first);
    for (size_t k = 0; k < n; k++) {
        if (k >= KEPT)
            unlink(file[k].path);
        skd_free(file[k].path);
    }
    skd_free(file);
    skd_names_free(&names);
    return status;
}

skd_status cp2k_waves_keep(const teacher_site *site, const char *folder, const char *name, const char *level,
                           const skd_cell *cell, double charge, skd_error *err) {
    char *from = teacher_path(folder, name), *to = teacher_path(folder, WAVES),
         *start = teacher_path(folder, CP2K_START);
    skd_status status = from && to && start ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        unlink(start);
    if (status == SKD_OK && rename(from, to) == 0) {
        status = write_frame(folder, level, cell, charge, err);
        if (status == SKD_OK)
            status = prune(site, err);
    }
    skd_free(from);
    skd_free(to);
    skd_free(start);
    return status;
}
