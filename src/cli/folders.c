/* SPDX-License-Identifier: MIT */
/* folders.c - starts and minima as POSCARs in ShakeNBreak's folder layout. */
#include "folders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *folders_path(const char *root, const skd_defect *defect, int charge, const char *start, const char *file) {
    char entry[96];
    skd_string path = {0};
    skd_string_add(&path, "%s/%s/%s/%s", root, skd_defect_entry_name(defect, charge, entry, sizeof entry), start, file);
    if (path.failed)
        skd_string_free(&path);
    return path.text;
}

typedef struct sort_key {
    double electronegativity;
    int species;
    size_t index;
} sort_key;

static int by_electronegativity(const void *a, const void *b) {
    const sort_key *x = a, *y = b;
    if (x->electronegativity != y->electronegativity)
        return x->electronegativity < y->electronegativity ? -1 : 1;
    if (x->species != y->species)
        return x->species < y->species ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

skd_status folders_sorted(skd_cell **out, const skd_cell *cell, size_t *order, skd_error *err) {
    *out = NULL;
    sort_key *key = skd_alloc(cell->n, sizeof *key);
    size_t *own = order ? NULL : skd_alloc(cell->n, sizeof *own), *by = order ? order : own;
    skd_status status = SKD_OK;
    if (!key || !by)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for sorting %zu atoms", cell->n);
    for (size_t i = 0; status == SKD_OK && i < cell->n; i++)
        key[i] = (sort_key){skd_element_of(cell->species[i])->electronegativity, cell->species[i], i};
    if (status == SKD_OK) {
        qsort(key, cell->n, sizeof *key, by_electronegativity);
        for (size_t i = 0; i < cell->n; i++)
            by[i] = key[i].index;
        status = skd_cell_pick(out, cell, by, cell->n, err);
    }
    skd_free(key);
    skd_free(own);
    return status;
}

/* Flags of selective dynamics, for the sorted atoms. */
static skd_status add_flags(skd_frame *frame, const double *tether, const size_t *order, skd_error *err) {
    bool *moves = skd_alloc(frame->cell->n, sizeof *moves);
    if (!moves)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the flags of %zu atoms", frame->cell->n);
    for (size_t i = 0; i < frame->cell->n; i++)
        moves[i] = !(tether[order[i]] > 0.0);
    skd_status status = skd_frame_set_moves(frame, moves, err);
    skd_free(moves);
    return status;
}

static skd_status print_poscar(skd_string *text, const char *path, skd_frame *frame, const char *comment,
                               skd_error *err) {
    skd_poscar_style style = {.comment = comment, .site_labels = true};
    skd_status status = skd_poscar_print(text, frame, &style, err);
    if (status == SKD_OK && text->failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", path);
    return status == SKD_OK ? skd_file_write(path, text->text, text->n, err) : status;
}

skd_status folders_write_selective(const char *path, const skd_cell *cell, const double *tether, const char *comment,
                                   skd_error *err) {
    size_t *order = skd_alloc(cell->n, sizeof *order);
    skd_cell *sorted = NULL;
    skd_frame *frame = NULL;
    skd_string text = {0};
    skd_status status = order ? folders_sorted(&sorted, cell, order, err)
                              : skd_fail(err, SKD_ENOMEM, "out of memory for sorting %zu atoms", cell->n);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, sorted, err);
    if (status == SKD_OK && tether)
        status = add_flags(frame, tether, order, err);
    if (status == SKD_OK)
        status = print_poscar(&text, path, frame, comment, err);
    skd_string_free(&text);
    skd_frame_free(frame);
    skd_free(order);
    return status;
}

skd_status folders_write_poscar(const char *path, const skd_cell *cell, const char *comment, skd_error *err) {
    return folders_write_selective(path, cell, NULL, comment, err);
}

char *folders_comment(const skd_defect *defect, const skd_start *start, char *out, size_t size) {
    snprintf(out, size, "%s N(Distort)=%d ~[%.1f,%.1f,%.1f]", start->label, start->n_neighbours, defect->site[0],
             defect->site[1], defect->site[2]);
    return out;
}

static skd_status write_start(const char *root, const skd_defect *defect, int charge, const skd_start *start,
                              skd_error *err) {
    char comment[128];
    char *folder = folders_path(root, defect, charge, start->name, "");
    char *path = folders_path(root, defect, charge, start->name, "POSCAR");
    skd_status status = SKD_OK;
    if (!folder || !path)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    if (status == SKD_OK)
        status = skd_folder_make(folder, err);
    if (status == SKD_OK)
        status = folders_write_poscar(path, start->cell, folders_comment(defect, start, comment, sizeof comment), err);
    skd_free(folder);
    skd_free(path);
    return status;
}

skd_status folders_write_starts(const char *root, const skd_defect *defect, int charge, const skd_start_list *starts,
                                skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; i < starts->n && status == SKD_OK; i++)
        if (!starts->start[i].dropped)
            status = write_start(root, defect, charge, &starts->start[i], err);
    return status;
}

static skd_status write_metadata(const char *folder, const skd_metadata_entry *entry, size_t n,
                                 const skd_start_options *options, skd_error *err) {
    char *text;
    skd_string path = {0};
    skd_status status = skd_distortion_metadata(&text, entry, n, options, err);
    if (status != SKD_OK)
        return status;
    skd_string_add(&path, "%s/distortion_metadata.json", folder);
    status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                         : skd_file_write(path.text, text, strlen(text), err);
    skd_string_free(&path);
    skd_free(text);
    return status;
}

skd_status folders_write_metadata(const char *root, const skd_metadata_entry *entry, size_t n,
                                  const skd_start_options *options, skd_error *err) {
    skd_status status = write_metadata(root, entry, n, options, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        char name[96];
        skd_string folder = {0};
        skd_defect_entry_name(entry[i].defect, entry[i].charge, name, sizeof name);
        skd_string_add(&folder, "%s/%s", root, name);
        status = folder.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path")
                               : write_metadata(folder.text, &entry[i], 1, options, err);
        skd_string_free(&folder);
    }
    return status;
}

skd_status folders_write_jobs(const char *root, skd_job *const *job, size_t n_jobs, const skd_start_options *options,
                              skd_error *err) {
    skd_metadata_entry *entry = skd_alloc(n_jobs, sizeof *entry);
    if (!entry)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu defect states", n_jobs);
    skd_status status = SKD_OK;
    for (size_t j = 0; j < n_jobs && status == SKD_OK; j++) {
        entry[j] = (skd_metadata_entry){job[j]->defect, job[j]->charge, &job[j]->starts};
        status = folders_write_starts(root, job[j]->defect, job[j]->charge, &job[j]->starts, err);
    }
    if (status == SKD_OK)
        status = folders_write_metadata(root, entry, n_jobs, options, err);
    skd_free(entry);
    return status;
}

/* ---- what relaxation gave ------------------------------------------------------------------ */

static bool has_minimum(const skd_job *job, size_t i) {
    const skd_minimum *m = &job->minimum[i];
    return m->done && skd_stop_has_minimum(m->stop);
}

/* "-0.4" for a plain bond distortion, otherwise the folder's name without its prefix, as ShakeNBreak. */
static void add_energy(skd_string *text, const skd_job *job, size_t i) {
    static const char prefix[] = "Bond_Distortion_";
    const char *name = job->starts.start[i].name;
    size_t n = strlen(name);
    bool distortion = strncmp(name, prefix, sizeof prefix - 1) == 0;
    if (distortion && name[n - 1] == '%')
        skd_string_add(text, job->starts.start[i].factor == 0.0 ? "  %.1f" : "  %g", job->starts.start[i].factor);
    else
        skd_string_add(text, "  %s", distortion ? name + sizeof prefix - 1 : name);
    skd_string_add(text, ": %.8f\n", job->minimum[i].energy);
}

skd_status folders_write_energies(const char *root, const skd_job *job, skd_error *err) {
    char entry[96];
    skd_string path = {0}, text = {0}, unperturbed = {0};
    skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry);
    skd_string_add(&path, "%s/%s/%s.yaml", root, entry, entry);
    skd_string_add(&text, "distortions:\n");
    for (size_t i = 0; i < job->starts.n; i++) {
        if (!has_minimum(job, i))
            continue;
        if (strcmp(job->starts.start[i].name, "Unperturbed") == 0)
            skd_string_add(&unperturbed, "Unperturbed: %.8f\n", job->minimum[i].energy);
        else
            add_energy(&text, job, i);
    }
    if (unperturbed.text)
        skd_string_add(&text, "%s", unperturbed.text);
    skd_status status = path.failed || text.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for %s.yaml", entry)
                                                   : skd_file_write(path.text, text.text, text.n, err);
    skd_string_free(&path);
    skd_string_free(&text);
    skd_string_free(&unperturbed);
    return status;
}

static skd_status write_contcar(const char *root, const skd_job *job, size_t i, skd_error *err) {
    char comment[128];
    char *path = folders_path(root, job->defect, job->charge, job->starts.start[i].name, "CONTCAR");
    if (!path)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    folders_comment(job->defect, &job->starts.start[i], comment, sizeof comment);
    skd_status status = folders_write_poscar(path, job->minimum[i].cell, comment, err);
    skd_free(path);
    return status;
}

skd_status folders_write_minima(const char *root, skd_job *const *job, size_t n_jobs, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t j = 0; j < n_jobs; j++)
        for (size_t i = 0; i < job[j]->starts.n && status == SKD_OK; i++)
            if (job[j]->minimum[i].done)
                status = write_contcar(root, job[j], i, err);
    for (size_t j = 0; j < n_jobs && status == SKD_OK; j++)
        status = folders_write_energies(root, job[j], err);
    return status;
}
