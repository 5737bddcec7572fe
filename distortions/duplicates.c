/* SPDX-License-Identifier: MIT */
/* duplicates.c - starts that are the same as an earlier one, found before anything is rattled or relaxed.
 *
 * Two starts are the same if an operation of the unperturbed defect takes the moved atoms of one to those of the
 * other, with their displacements and new species. The rattle of the others is random: two rattles of the same
 * distortion are two samples of one thing, so only one is made, unless several are asked for (rattle_number).
 *
 *        o                 o               Td, two of four neighbours moved towards the empty site:
 *      >   .     C2 ->   .   <             six sets, all the same
 *        ^                 ^
 *
 * The operations are searched for only once two starts look alike (as many atoms, displacements of equal length),
 * which in the usual list no two do. */
#include "start.h"

#include <string.h>

#define SAME 0.02 /* Å; a displacement or a place differs by less */

skd_status skd_start_symmetry(const skd_symmetry **out, skd_start_list *list, const skd_defect *defect,
                              skd_error *err) {
    skd_status status = list->symmetry ? SKD_OK : skd_symmetry_find(&list->symmetry, defect->cell, SKD_SYMPREC, err);
    *out = list->symmetry;
    return status;
}

void skd_rotate(const skd_operation *op, const double lattice[3][3], const double inverse[3][3], const double d[3],
                double image[3]) {
    double f[3], g[3] = {0};
    skd_to_frac(inverse, d, f);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            g[i] += op->rotation[i][k] * f[k];
    skd_row_times(g, lattice, image);
}

/* What is compared: the moved atoms of two starts and the cell they come from. */
typedef struct pair {
    const skd_start *a, *b;
    const skd_cell *cell;
    const skd_mic *mic;
    double inverse[3][3];
} pair;

static double displacement(const skd_cell *cell, const skd_move *move, double d[3]) {
    for (int k = 0; k < 3; k++)
        d[k] = move->pos[k] - cell->pos[move->index][k];
    return skd_norm(d);
}

/* As many moved atoms, by the same total, treated the same way? */
static bool look_alike(const skd_start *a, const skd_start *b, const skd_cell *cell) {
    double d[3], difference = 0.0;
    if (a->n_moved != b->n_moved || a->rattled != b->rattled || a->rattle_number != b->rattle_number || !b->moved)
        return false;
    if (isfinite(a->factor) && isfinite(b->factor) && fabs(a->factor - b->factor) > 1e-9)
        return false;
    for (size_t k = 0; k < a->n_moved; k++)
        difference += displacement(cell, &a->moved[k], d) - displacement(cell, &b->moved[k], d);
    return fabs(difference) <= SAME * (double)(a->n_moved + 1);
}

/* Does the operation (NULL: none) take the move to one of b's? */
static bool has_image(const pair *p, const skd_operation *op, const skd_move *move) {
    const int before = p->cell->species[move->index];
    double d[3], place[3], off[3];
    displacement(p->cell, move, d);
    memcpy(place, p->cell->pos[move->index], sizeof place);
    if (op) {
        double turned[3], shift[3];
        skd_rotate(op, p->cell->lattice, p->inverse, d, turned);
        memcpy(d, turned, sizeof d);
        skd_rotate(op, p->cell->lattice, p->inverse, place, turned);
        skd_row_times(op->translation, p->cell->lattice, shift);
        for (int k = 0; k < 3; k++)
            place[k] = turned[k] + shift[k];
    }
    for (size_t k = 0; k < p->b->n_moved; k++) {
        const skd_move *other = &p->b->moved[k];
        if (other->species != move->species || p->cell->species[other->index] != before)
            continue;
        displacement(p->cell, other, off);
        for (int c = 0; c < 3; c++)
            off[c] -= d[c];
        if (skd_norm(off) < SAME && skd_mic_vector(p->mic, p->cell->pos[other->index], place, off) < 5 * SAME)
            return true;
    }
    return false;
}

static bool maps(const pair *p, const skd_operation *op) {
    for (size_t k = 0; k < p->a->n_moved; k++)
        if (!has_image(p, op, &p->a->moved[k]))
            return false;
    return true;
}

skd_status skd_start_twin(const skd_start **twin, skd_start_list *list, const skd_start *start,
                          const skd_defect *defect, const skd_start_options *options, skd_error *err) {
    const bool exact = options->subsets == SKD_CHOICES_ALL || options->pairs == SKD_CHOICES_ALL;
    skd_mic mic;
    *twin = NULL;
    pair p = {.a = start, .cell = defect->cell, .mic = &mic};
    skd_status status = skd_mic_setup(&mic, defect->cell, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(defect->cell, p.inverse, err);
    for (size_t i = 0; status == SKD_OK && !*twin && &list->start[i] < start; i++) {
        const skd_symmetry *symmetry = NULL;
        p.b = &list->start[i];
        if (p.b->dropped || !look_alike(start, p.b, defect->cell))
            continue;
        if (maps(&p, NULL))
            *twin = p.b;
        else if (!exact)
            status = skd_start_symmetry(&symmetry, list, defect, err);
        for (size_t k = 0; symmetry && !*twin && k < symmetry->n_operations; k++)
            if (maps(&p, &symmetry->operation[k]))
                *twin = p.b;
    }
    return status;
}
