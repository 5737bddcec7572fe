/* SPDX-License-Identifier: MIT */
/* defect.c - the life of a defect and of a list of them, and its entry name. */
#include "shakedown/distortions.h"

#include <stdio.h>

void skd_defect_free(skd_defect *defect) {
    if (!defect)
        return;
    skd_cell_free(defect->bulk);
    skd_cell_free(defect->cell);
    skd_free(defect->part);
    skd_free(defect);
}

void skd_defect_list_free(skd_defect_list *list) {
    for (size_t i = 0; i < list->n; i++)
        skd_defect_free(list->defect[i]);
    skd_free(list->defect);
    *list = (skd_defect_list){0};
}

char *skd_defect_entry_name(const skd_defect *defect, int charge, char *out, size_t size) {
    snprintf(out, size, charge > 0 ? "%s_+%d" : "%s_%d", defect->name, charge);
    return out;
}
