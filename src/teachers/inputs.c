/* SPDX-License-Identifier: MIT */
/* inputs.c - what another program finds in its folder: the frame, or a code's own inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "shakedown/data.h"

/* ---- the frame ------------------------------------------------------------------------------ */

/* Species together, in the order in which they first appear: what programs expect of a POSCAR. */
static skd_status group_species(skd_cell **out, const skd_cell *cell, skd_error *err) {
    size_t at = 0;
    bool seen[SKD_ELEMENT_MAX + 1] = {false};
    skd_status status = skd_cell_copy(out, cell, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        if (seen[cell->species[i]])
            continue;
        seen[cell->species[i]] = true;
        for (size_t j = i; j < cell->n; j++)
            if (cell->species[j] == cell->species[i]) {
                (*out)->species[at] = cell->species[j];
                memcpy((*out)->pos[at++], cell->pos[j], sizeof cell->pos[j]);
            }
    }
    return status;
}

static skd_status print_poscar(skd_string *out, const skd_frame *frame, double charge, skd_error *err) {
    char title[160], formula[128];
    snprintf(title, sizeof title, "%s charge=%g", skd_cell_formula(frame->cell, formula, sizeof formula), charge);
    const skd_poscar_style style = {.comment = title, .site_labels = false};
    return skd_poscar_print(out, frame, &style, err);
}

static skd_status print_other(skd_string *out, skd_frame *frame, const skd_format *format, double charge,
                              skd_error *err) {
    char text[40];
    const skd_frames frames = {.n = 1, .frame = &frame};
    snprintf(text, sizeof text, "%g", charge);
    skd_status status = skd_frame_set_info(frame, "charge", text, err);
    return status == SKD_OK ? format->print(out, &frames, err) : status;
}

static skd_status write_frame(const teacher_site *site, const char *folder, const skd_cell *cell, double charge,
                              skd_error *err) {
    const skd_format *format = skd_format_of(site->input, "", 0);
    skd_cell *copy = NULL;
    skd_frame *frame = NULL;
    skd_string text = {0};
    if (!format || !format->print)
        return skd_fail(err, SKD_EARG, "--teacher-input %s: expected a name like POSCAR or frame.xyz", site->input);
    bool poscar = strcmp(format->name, "poscar") == 0;
    skd_status status = poscar ? group_species(&copy, cell, err) : skd_cell_copy(&copy, cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, copy, err);
    if (status == SKD_OK)
        status = poscar ? print_poscar(&text, frame, charge, err) : print_other(&text, frame, format, charge, err);
    if (status == SKD_OK)
        status = teacher_write(folder, site->input, &text, err);
    skd_frame_free(frame);
    skd_string_free(&text);
    return status;
}

skd_status teacher_inputs(const teacher_site *site, const char *folder, const skd_cell *cell, double charge,
                          skd_error *err) {
    return site->write ? site->write(site->payload, folder, cell, charge, err)
                       : write_frame(site, folder, cell, charge, err);
}

/* ---- the command and the level -------------------------------------------------------------- */

void teacher_fill(skd_string *out, const char *text, const teacher_site *site, const char *folder, double charge) {
    static const char *const words[] = {"{input}", "{folder}", "{charge}"};
    while (*text) {
        size_t k = 0, n = strcspn(text, "{");
        skd_string_add_bytes(out, text, n);
        text += n;
        while (k < 3 && strncmp(text, words[k], strlen(words[k])) != 0)
            k++;
        if (k == 3 && *text) {
            skd_string_add_bytes(out, text++, 1);
            continue;
        }
        if (k == 2)
            skd_string_add(out, "%g", charge);
        else if (k < 2)
            skd_string_add(out, "%s", k == 0 ? site->input : folder);
        text += k < 3 ? strlen(words[k]) : 0;
    }
}

void teacher_level(const teacher_site *site, const char *kind, const char *fallback, skd_string *line) {
    if (site->level)
        skd_string_add(line, "%s", site->level);
    else
        skd_string_add(line, "%s:%s", kind, fallback);
}
