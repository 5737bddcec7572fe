/* SPDX-License-Identifier: MIT */
/* known_host.c - of which crystal a model file is: atoms and lattice of its primitive cell. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "known_labels.h"

#define EDGE_TOLERANCE  0.05 /* relative: a level's own lattice may differ that much from the measured one */
#define ANGLE_TOLERANCE 5.0  /* degrees */

static void print_atoms(const skd_cell *cell, char *text, size_t room) {
    size_t used = 0;
    for (int z = 1; z <= SKD_ELEMENT_MAX && used < room; z++) {
        size_t n = skd_cell_count(cell, z);
        if (n > 0)
            used += (size_t)snprintf(text + used, room - used, "%s%s %zu", used ? " " : "",
                                     skd_element_of(z)->symbol, n);
    }
}

/* Å and degrees. */
static void lattice_of(const skd_cell *cell, double parameter[6]) {
    for (int k = 0; k < 3; k++) {
        const double *a = cell->lattice[(k + 1) % 3], *b = cell->lattice[(k + 2) % 3];
        parameter[k] = skd_norm(cell->lattice[k]);
        parameter[3 + k] = acos(skd_dot(a, b) / (skd_norm(a) * skd_norm(b))) * 180.0 / acos(-1.0);
    }
}

skd_status known_host_note(skd_model_file *file, const skd_cell *primitive, skd_error *err) {
    char atoms[400] = "", lattice[120], formula[100];
    double p[6];
    print_atoms(primitive, atoms, sizeof atoms);
    lattice_of(primitive, p);
    snprintf(lattice, sizeof lattice, "%.4f %.4f %.4f %.3f %.3f %.3f", p[0], p[1], p[2], p[3], p[4], p[5]);
    skd_status status =
        skd_model_file_set(file, "host", skd_cell_formula(primitive, formula, sizeof formula), err);
    if (status == SKD_OK)
        status = skd_model_file_set(file, "primitive_atoms", atoms, err);
    return status == SKD_OK ? skd_model_file_set(file, "primitive_lattice", lattice, err) : status;
}

bool known_host_matches(const skd_model_file *file, const skd_cell *primitive) {
    const char *noted = skd_model_file_get(file, "primitive_atoms"),
               *lattice = skd_model_file_get(file, "primitive_lattice");
    char atoms[400] = "";
    double p[6], q;
    print_atoms(primitive, atoms, sizeof atoms);
    if (!noted || !lattice || strcmp(noted, atoms) != 0)
        return false;
    lattice_of(primitive, p);
    skd_span line = {lattice, strlen(lattice)}, word;
    for (int k = 0; k < 6; k++)
        if (!skd_span_word(&line, &word) || !skd_span_real(word, &q) ||
            !(fabs(q - p[k]) <= (k < 3 ? EDGE_TOLERANCE * p[k] : ANGLE_TOLERANCE)))
            return false;
    return true;
}
