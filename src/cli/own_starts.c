/* SPDX-License-Identifier: MIT */
/* own_starts.c - see own_starts.h. */
#include "own_starts.h"

#include <stdio.h>
#include <string.h>

#include "shakedown/data.h"

#define SAME_LATTICE 1e-3 /* Å: files print six digits */

/* ---- one structure ------------------------------------------------------------------------------- */

static skd_status check_cell(const skd_cell *cell, const skd_cell *like, const char *path, skd_error *err) {
    int species[SKD_ELEMENT_MAX];
    size_t n = skd_cell_species(like, species);
    if (cell->n != like->n)
        return skd_fail(err, SKD_EARG, "%s: %zu atoms; expected %zu, as in the defect's cell", path, cell->n, like->n);
    for (size_t s = 0; s < n; s++) {
        size_t has = skd_cell_count(cell, species[s]), wants = skd_cell_count(like, species[s]);
        if (has != wants)
            return skd_fail(err, SKD_EARG, "%s: %zu %s; expected %zu, as in the defect's cell", path, has,
                            skd_element_of(species[s])->symbol, wants);
    }
    for (size_t k = 0; k < 9; k++) {
        double has = cell->lattice[k / 3][k % 3], wants = like->lattice[k / 3][k % 3];
        if (!(fabs(has - wants) < SAME_LATTICE))
            return skd_fail(err, SKD_EARG, "%s: lattice vector %zu has %.6f; expected %.6f Å, as in the defect's cell",
                            path, k / 3 + 1, has, wants);
    }
    return SKD_OK;
}

/* The positions of `cell` for the atoms of out: the k-th atom of an element is its k-th in both. */
static void take_positions(skd_cell *out, const skd_cell *cell) {
    bool taken[SKD_ELEMENT_MAX + 1] = {false};
    for (size_t first = 0; first < out->n; first++) {
        int z = out->species[first];
        if (taken[z])
            continue;
        taken[z] = true;
        for (size_t i = first, j = 0; i < out->n && j < cell->n; i++)
            if (out->species[i] == z) {
                while (cell->species[j] != z)
                    j++;
                memcpy(out->pos[i], cell->pos[j++], sizeof out->pos[i]);
            }
    }
}

static skd_status read_start(skd_start *start, const skd_defect *defect, const char *path, const char *name,
                             skd_error *err) {
    static const char bond[] = "Bond_Distortion_";
    skd_frame *frame = NULL;
    bool is_bond = strncmp(name, bond, sizeof bond - 1) == 0;
    *start = (skd_start){.factor = (double)NAN, .kind = ""};
    snprintf(start->name, sizeof start->name, "%.63s", name);
    snprintf(start->label, sizeof start->label, "%.31s", is_bond ? name + sizeof bond - 1 : name);
    skd_status status = skd_structure_read(&frame, path, err);
    if (status == SKD_OK)
        status = check_cell(frame->cell, defect->cell, path, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&start->cell, defect->cell, err);
    if (status == SKD_OK)
        take_positions(start->cell, frame->cell);
    skd_frame_free(frame);
    return status;
}

/* ---- a folder of them ---------------------------------------------------------------------------- */

static skd_status add_start(skd_start_list *list, const skd_defect *defect, const char *folder, const char *name,
                            const char *file, skd_error *err) {
    skd_string path = {0};
    skd_start start = {0};
    skd_string_add(&path, "%s/%s/%s", folder, name, file);
    skd_status status = path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK && skd_file_exists(path.text)) {
        status = skd_grow((void **)&list->start, &list->capacity, list->n + 1, sizeof *list->start, err);
        if (status == SKD_OK)
            status = read_start(&start, defect, path.text, name, err);
        if (status == SKD_OK)
            list->start[list->n++] = start;
        else
            skd_start_free(&start);
    }
    skd_string_free(&path);
    return status;
}

static skd_status add_folder(skd_start_list *list, const skd_defect *defect, const char *folder, const char *file,
                             skd_error *err) {
    skd_names names = {0};
    bool is_folder;
    skd_status status = skd_folder_list(&names, folder, &is_folder, err);
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < names.n && status == SKD_OK && is_folder; i++)
            if ((strcmp(names.name[i], "Unperturbed") != 0) == others)
                status = add_start(list, defect, folder, names.name[i], file, err);
    skd_names_free(&names);
    return status;
}

skd_status own_starts_job(skd_job **out, const skd_defect *defect, int charge, const char *root, bool single,
                          const char *file, skd_error *err) {
    char entry[96];
    skd_start_list list = {0};
    skd_string folder = {0};
    *out = NULL;
    skd_string_add(&folder, "%s/%s", root, skd_defect_entry_name(defect, charge, entry, sizeof entry));
    skd_status status = folder.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a path") : SKD_OK;
    if (status == SKD_OK)
        status = add_folder(&list, defect, single && !skd_file_exists(folder.text) ? root : folder.text, file, err);
    if (status == SKD_OK && list.n == 0)
        status = skd_fail(err, SKD_EARG, "--starts: no folder with a %s in %s%s%s", file, folder.text,
                          single ? " or in " : "", single ? root : "");
    skd_string_free(&folder);
    if (status == SKD_OK)
        return skd_job_of_starts(out, defect, charge, &list, err);
    skd_start_list_free(&list);
    return status;
}
