/* SPDX-License-Identifier: MIT */
/* export_labels.c - see export_labels.h. */
#include "export_labels.h"

#include <stdio.h>
#include <string.h>

/* A frame of a label; all borrowed. */
typedef struct point {
    const skd_cell *cell;
    const double (*pos)[3], (*force)[3];
    double energy;
} point;

static skd_status set_infos(skd_frame *frame, const skd_kept_label *l, const char *level, skd_error *err) {
    char charge[40];
    snprintf(charge, sizeof charge, "%g", l->charge);
    const char *info[][2] = {{"charge", charge}, {"level", level}, {"label_of", l->from}, {"origin", l->origin}};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < sizeof info / sizeof *info && status == SKD_OK; i++)
        if (info[i][1][0])
            status = skd_frame_set_info(frame, info[i][0], info[i][1], err);
    return status;
}

static skd_status add_point(skd_writer *writer, const point *p, const skd_kept_label *l, const char *level,
                            skd_error *err) {
    skd_cell *cell = NULL;
    skd_frame *frame = NULL;
    skd_status status = skd_cell_copy(&cell, p->cell, err);
    if (status == SKD_OK) {
        memcpy(cell->pos, p->pos, cell->n * sizeof *cell->pos);
        status = skd_frame_new(&frame, cell, err);
    }
    if (status != SKD_OK)
        return status;
    frame->has_energy = true;
    frame->energy = p->energy;
    frame->force = skd_copy(p->force, cell->n, sizeof *frame->force);
    status = frame->force ? set_infos(frame, l, level, err) : skd_fail(err, SKD_ENOMEM, "out of memory for forces");
    if (status == SKD_OK)
        status = skd_writer_add(writer, frame, err);
    skd_frame_free(frame);
    return status;
}

/* A relaxation: the frames on its way, and its end. */
static skd_status add_label(skd_writer *writer, const skd_kept_label *l, const char *level, size_t *n, skd_error *err) {
    const skd_cell *cell = l->relaxed ? l->relaxed : l->cell;
    skd_status status = SKD_OK;
    for (size_t k = 0; k < l->n_way && status == SKD_OK; k++) {
        const double (*way)[3] = (const double (*)[3])l->way + 2 * k * cell->n;
        const point p = {cell, way, way + cell->n, l->way_energy[k]};
        status = add_point(writer, &p, l, level, err);
        *n += status == SKD_OK;
    }
    const point p = {cell, (const double (*)[3])cell->pos, (const double (*)[3])l->force, l->energy};
    if (status == SKD_OK)
        status = add_point(writer, &p, l, level, err);
    *n += status == SKD_OK;
    return status;
}

static skd_status write_all(const run_store *store, const char *level, const char *path, size_t *n, size_t *n_failed,
                            skd_error *err) {
    skd_writer *writer;
    skd_status status = skd_writer_open(&writer, path, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < store->n_labels && status == SKD_OK; i++) {
        *n_failed += store->label[i].failed;
        if (!store->label[i].failed)
            status = add_label(writer, &store->label[i], level, n, err);
    }
    skd_status closed = skd_writer_close(writer, status == SKD_OK, status == SKD_OK ? err : NULL);
    return status == SKD_OK ? closed : status;
}

skd_status export_labels(const char *folder, const char *path, size_t *n, size_t *n_failed, skd_error *err) {
    run_store store;
    run_contents run = {0};
    *n = *n_failed = 0;
    skd_status status = run_store_open(&store, folder, false, err);
    if (status == SKD_OK)
        status = run_store_load(&store, &run, err);
    if (status == SKD_OK && store.n_labels == 0)
        status = skd_fail(err, SKD_EARG, "%s: no labels; a search with a surrogate keeps them", folder);
    if (status == SKD_OK)
        status = write_all(&store, run.record.potential, path, n, n_failed, err);
    run_contents_free(&run);
    run_store_close(&store);
    return status;
}
