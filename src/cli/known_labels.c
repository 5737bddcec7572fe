/* SPDX-License-Identifier: MIT */
/* known_labels.c - see known_labels.h. */
#include "known_labels.h"

#include <stdio.h>
#include <string.h>

#include "models.h"

/* ---- the list --------------------------------------------------------------------------------- */

void known_labels_free(known_labels *known) {
    for (size_t i = 0; i < known->n; i++)
        skd_kept_label_free(&known->label[i]);
    skd_free(known->label);
    *known = (known_labels){0};
}

/* A frame with energy and forces, all borrowed. */
typedef struct point {
    const skd_cell *cell;
    const double (*pos)[3];
    double charge, energy;
    const double (*force)[3];
} point;

static bool is_known(const known_labels *known, const point *p) {
    for (size_t i = 0; i < known->n; i++) {
        const skd_kept_label *l = &known->label[i];
        if (l->charge == p->charge && l->cell->n == p->cell->n &&
            !memcmp(l->cell->lattice, p->cell->lattice, sizeof l->cell->lattice) &&
            !memcmp(l->cell->species, p->cell->species, l->cell->n * sizeof *l->cell->species) &&
            !memcmp(l->cell->pos, p->pos, l->cell->n * sizeof *l->cell->pos))
            return true;
    }
    return false;
}

static skd_status add_point(known_labels *known, const point *p, const char *from, skd_error *err) {
    if (is_known(known, p))
        return SKD_OK;
    skd_status status =
        skd_grow((void **)&known->label, &known->room, known->n + 1, sizeof *known->label, err);
    if (status != SKD_OK)
        return status;
    skd_kept_label label = {.charge = p->charge, .energy = p->energy};
    snprintf(label.from, sizeof label.from, "%s", from);
    status = skd_cell_copy(&label.cell, p->cell, err);
    label.force = skd_copy(p->force, p->cell->n, sizeof *p->force);
    if (status == SKD_OK && !label.force)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a label");
    if (status != SKD_OK) {
        skd_kept_label_free(&label);
        return status;
    }
    memcpy(label.cell->pos, p->pos, p->cell->n * sizeof *p->pos);
    known->label[known->n++] = label;
    return SKD_OK;
}

skd_status known_labels_add(known_labels *known, const skd_kept_label *l, skd_error *err) {
    skd_status status = SKD_OK;
    const skd_cell *cell = l->relaxed ? l->relaxed : l->cell;
    if (l->failed)
        return SKD_OK;
    for (size_t k = 0; k < l->n_way && status == SKD_OK; k++) {
        const double (*way)[3] = (const double (*)[3])l->way + 2 * k * cell->n;
        const point p = {cell, way, l->charge, l->way_energy[k], way + cell->n};
        status = add_point(known, &p, l->from, err);
    }
    const point p = {cell, (const double (*)[3])cell->pos, l->charge, l->energy, (const double (*)[3])l->force};
    return status == SKD_OK ? add_point(known, &p, l->from, err) : status;
}

skd_status known_labels_add_run(known_labels *known, const run_store *store, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < store->n_labels && status == SKD_OK; i++)
        if (store->label[i].cell) /* not given away */
            status = known_labels_add(known, &store->label[i], err);
    return status;
}

uint64_t known_labels_key(const known_labels *known) {
    uint64_t h = SKD_HASH_START;
    for (size_t i = 0; i < known->n; i++) {
        const skd_kept_label *l = &known->label[i];
        h = skd_hash(h, &l->charge, sizeof l->charge);
        h = skd_hash(h, &l->energy, sizeof l->energy);
        h = skd_hash(h, l->cell->lattice, sizeof l->cell->lattice);
        h = skd_hash(h, l->cell->species, l->cell->n * sizeof *l->cell->species);
        h = skd_hash(h, l->cell->pos, l->cell->n * sizeof *l->cell->pos);
        h = skd_hash(h, l->force, l->cell->n * sizeof *l->force);
    }
    return known->n ? h : 0;
}

skd_status known_labels_give(const known_labels *known, skd_learner *learner, skd_error *err) {
    known_labels copy = {0};
    skd_status status = SKD_OK;
    for (size_t i = 0; i < known->n && status == SKD_OK; i++)
        status = known_labels_add(&copy, &known->label[i], err);
    for (size_t i = 0; i < copy.n && status == SKD_OK; i++) {
        skd_kept_label label = copy.label[i];
        copy.label[i] = (skd_kept_label){0};
        status = skd_learner_keep(learner, &label, true, err);
    }
    known_labels_free(&copy);
    return status;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static skd_status check_level(const char *path, const char *found, const char *level, skd_error *err) {
    if (found && strcmp(found, level) == 0)
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "--learned-from %s: its labels are of '%s', this search is one with '%s'", path,
                    found ? found : "no level", level);
}

static skd_status add_frames(known_labels *known, const skd_frames *frames, const char *from, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t f = 0; f < frames->n && status == SKD_OK; f++) {
        const skd_frame *frame = frames->frame[f];
        point p = {frame->cell, (const double (*)[3])frame->cell->pos, 0.0, frame->energy,
                   (const double (*)[3])frame->force};
        status = models_charge(frame, &p.charge, err);
        if (status == SKD_OK)
            status = add_point(known, &p, from, err);
    }
    return status;
}

static skd_status add_file(known_labels *known, const char *path, const char *level, skd_error *err) {
    models m;
    skd_status status = models_read_unfitted(&m, path, err);
    if (status != SKD_OK)
        return status;
    status = check_level(path, skd_model_file_get(&m.file, "level"), level, err);
    if (status == SKD_OK)
        status = add_frames(known, &m.file.labels, path, err);
    models_free(&m);
    return status;
}

static skd_status add_database(known_labels *known, const char *folder, const char *level, skd_error *err) {
    run_store store;
    run_contents run = {0};
    skd_status status = run_store_open(&store, folder, false, err);
    if (status == SKD_OK)
        status = run_store_load(&store, &run, err);
    if (status == SKD_OK)
        status = check_level(folder, run.record.potential, level, err);
    if (status == SKD_OK)
        status = known_labels_add_run(known, &store, err);
    run_contents_free(&run);
    run_store_close(&store);
    return status;
}

/* A run that came to its end has a file, with what it had learned from others too. */
static skd_status add_named(known_labels *known, const char *path, const char *level, skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    char file[4200];
    skd_status status = skd_folder_list(&names, path, &is_folder, err);
    skd_names_free(&names);
    if (status != SKD_OK)
        return status;
    snprintf(file, sizeof file, "%s/learned.model.gz", path);
    if (is_folder && !skd_file_exists(file))
        return add_database(known, path, level, err);
    return add_file(known, is_folder ? file : path, level, err);
}

static skd_status add_listed(known_labels *known, const char *list, const char *level, skd_error *err) {
    skd_status status = SKD_OK;
    while (*list && status == SKD_OK) {
        size_t n = strcspn(list, ",");
        char path[4096];
        if (n == 0 || n >= sizeof path)
            return skd_fail(err, SKD_EARG, "--learned-from: a name of %zu letters", n);
        memcpy(path, list, n);
        path[n] = '\0';
        list += n + (list[n] == ',');
        status = add_named(known, path, level, err);
    }
    return status;
}

/* The first of the program's own that is of this host and level. */
static skd_status add_ready(known_labels *known, const char *level, const skd_cell *primitive, skd_error *err) {
    const char *name;
    skd_model_file file;
    skd_status status = SKD_OK;
    for (size_t k = 0; status == SKD_OK && known->n == 0; k++) {
        status = skd_model_file_ready(&file, k, &name, err);
        if (status != SKD_OK || !name)
            break;
        const char *of = skd_model_file_get(&file, "level");
        if (of && strcmp(of, level) == 0 && known_host_matches(&file, primitive)) {
            status = add_frames(known, &file.labels, name, err);
            snprintf(known->from, sizeof known->from, "%s", name);
        }
        skd_model_file_free(&file);
    }
    return status;
}

/* Is every element of the label in the host or in a defect? */
static bool is_of(const skd_kept_label *l, const cli_plan *plan) {
    for (size_t i = 0; i < l->cell->n; i++) {
        bool there = skd_cell_count(plan->bulk, l->cell->species[i]) > 0;
        for (size_t d = 0; d < plan->defects.n && !there; d++)
            there = skd_cell_count(plan->defects.defect[d]->cell, l->cell->species[i]) > 0;
        if (!there)
            return false;
    }
    return true;
}

static void drop_foreign(known_labels *known, const cli_plan *plan) {
    size_t kept = 0;
    for (size_t i = 0; i < known->n; i++)
        if (is_of(&known->label[i], plan))
            known->label[kept++] = known->label[i];
        else
            skd_kept_label_free(&known->label[i]);
    known->n = kept;
}

skd_status known_labels_read(known_labels *known, const char *list, const char *level, const cli_plan *plan,
                             skd_error *err) {
    *known = (known_labels){0};
    skd_status status = SKD_OK;
    if (!list)
        status = add_ready(known, level, plan->primitive, err);
    else if (strcmp(list, "none") != 0) {
        snprintf(known->from, sizeof known->from, "%s", list);
        status = add_listed(known, list, level, err);
        size_t n = known->n;
        drop_foreign(known, plan);
        if (status == SKD_OK && known->n == 0)
            status = skd_fail(err, SKD_EARG, "--learned-from %s: none of its %zu labels is of elements of this search",
                              list, n);
    }
    if (status != SKD_OK)
        known_labels_free(known);
    return status;
}

/* ---- writing ---------------------------------------------------------------------------------- */

static skd_status frame_of(skd_frame **out, const skd_kept_label *l, skd_error *err) {
    skd_cell *cell = NULL;
    char charge[40];
    *out = NULL;
    skd_status status = skd_cell_copy(&cell, l->cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(out, cell, err);
    if (status != SKD_OK)
        return status;
    (*out)->has_energy = true;
    (*out)->energy = l->energy;
    (*out)->force = skd_copy(l->force, l->cell->n, sizeof *l->force);
    if (!(*out)->force)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a label");
    snprintf(charge, sizeof charge, "%g", l->charge);
    status = skd_frame_set_info(*out, "charge", charge, err);
    return status == SKD_OK ? skd_frame_set_info(*out, "label_of", l->from, err) : status;
}

static skd_status fill(models *m, const known_labels *known, skd_error *err) {
    skd_frames *labels = &m->file.labels;
    skd_status status =
        skd_grow((void **)&labels->frame, &labels->capacity, known->n, sizeof *labels->frame, err);
    for (size_t i = 0; i < known->n && status == SKD_OK; i++) {
        status = frame_of(&labels->frame[labels->n], &known->label[i], err);
        labels->n += labels->frame[labels->n] != NULL;
    }
    return status;
}

skd_status known_labels_write(const known_labels *known, const char *path, const run_record *record,
                              const skd_cell *primitive, skd_error *err) {
    models m = {.options = SKD_FEATURES_DEFAULT, .fit = SKD_FIT_DEFAULT};
    skd_status status = fill(&m, known, err);
    if (status == SKD_OK)
        status = known_host_note(&m.file, primitive, err);
    if (status == SKD_OK)
        status = skd_model_file_set(&m.file, "level", record->potential, err);
    if (status == SKD_OK)
        status = skd_model_file_set(&m.file, "labels_from", record->command, err);
    if (status == SKD_OK)
        status = models_write_labels(&m, path, err);
    models_free(&m);
    return status;
}
