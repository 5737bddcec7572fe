/* SPDX-License-Identifier: MIT */
/* duplicates.c - starts that are the same as an earlier one, found before anything is rattled or relaxed.
 *
 * Two starts are the same if an operation of the defect's site in the host takes the moved atoms of one to those
 * of the other, with their displacements and new species. The shape of the supercell, which may have less symmetry,
 * is not asked: what differs only by it are finite-size effects. The rattle of the others is random: two rattles of
 * one distortion are two samples of one thing, so only one is made, unless more are asked for (rattle_number).
 *
 *        o                 o               Td, two of four neighbours moved towards the empty site:
 *      >   .     C2 ->   .   <             six sets, all the same
 *        ^                 ^
 *
 * The operations are searched for only once two starts look alike (as many atoms, displacements of equal length),
 * which in the usual list no two do. */
#include "start.h"

#include <string.h>

#define SAME    0.02 /* Å; displacements differ by less */
#define PLACE   0.1  /* Å; places of atoms differ by less */
#define ON_SITE 0.05 /* Å; an operation that moves the site by less keeps it */

/* Cartesian from fractional: columns go as L^T R L^-T. */
void skd_rotation_cartesian(const int fractional[3][3], const double lattice[3][3], const double inverse[3][3],
                            double out[3][3]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            out[i][j] = 0.0;
            for (int k = 0; k < 3; k++)
                for (int l = 0; l < 3; l++)
                    out[i][j] += lattice[k][i] * fractional[k][l] * inverse[j][l];
        }
}

/* Does the rotation about the first part of a complex take all parts to like ones? */
static bool keeps_parts(const skd_defect *defect, const skd_mic *mic, const double centre[3],
                        const double rotation[3][3]) {
    for (size_t i = 0; i < defect->n_parts; i++) {
        const skd_defect_part *a = &defect->part[i];
        double pos[3], d[3], turned[3];
        bool there = false;
        skd_row_times(a->site, defect->cell->lattice, pos);
        skd_mic_vector(mic, centre, pos, d);
        skd_rotate(rotation, d, turned);
        for (int k = 0; k < 3; k++)
            turned[k] += centre[k];
        for (size_t j = 0; j < defect->n_parts && !there; j++) {
            const skd_defect_part *b = &defect->part[j];
            skd_row_times(b->site, defect->cell->lattice, pos);
            there = a->removed == b->removed && a->added == b->added && skd_mic_vector(mic, turned, pos, d) < PLACE;
        }
        if (!there)
            return false;
    }
    return true;
}

static skd_status take_rotations(skd_start_list *list, const skd_defect *defect, const skd_cell *primitive,
                                 const skd_symmetry *symmetry, skd_error *err) {
    double centre[3], site[3], inverse[3][3];
    size_t *stabiliser = skd_alloc(symmetry->n_operations, sizeof *stabiliser), n = 0;
    skd_mic mic;
    skd_status status = skd_cell_inverse(primitive, inverse, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&mic, defect->cell, err);
    if (status == SKD_OK && stabiliser) {
        skd_defect_centre(defect, centre);
        skd_to_frac(inverse, centre, site);
        n = skd_site_stabiliser(symmetry, primitive, site, ON_SITE, stabiliser);
        list->rotation = skd_alloc(n, sizeof *list->rotation);
    }
    if (status == SKD_OK && !list->rotation)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the symmetry of %s", defect->name);
    for (size_t k = 0; status == SKD_OK && k < n; k++) {
        double(*rotation)[3] = list->rotation[list->n_rotations];
        skd_rotation_cartesian(symmetry->operation[stabiliser[k]].rotation, primitive->lattice, inverse, rotation);
        list->n_rotations += keeps_parts(defect, &mic, centre, (const double(*)[3])rotation);
    }
    skd_free(stabiliser);
    return status;
}

skd_status skd_start_rotations(skd_start_list *list, const skd_defect *defect, skd_error *err) {
    if (list->rotation)
        return SKD_OK;
    skd_cell *primitive;
    skd_symmetry *symmetry = NULL;
    skd_status status = skd_primitive(&primitive, defect->bulk, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_symmetry_find(&symmetry, primitive, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = take_rotations(list, defect, primitive, symmetry, err);
    skd_symmetry_free(symmetry);
    skd_cell_free(primitive);
    return status;
}

void skd_rotate(const double rotation[3][3], const double v[3], double image[3]) {
    for (int i = 0; i < 3; i++)
        image[i] = rotation[i][0] * v[0] + rotation[i][1] * v[1] + rotation[i][2] * v[2];
}

/* What is compared: the moved atoms of two starts and the cell they come from. */
typedef struct pair {
    const skd_start *a, *b;
    const skd_cell *cell;
    const skd_mic *mic;
    double centre[3];
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

/* Does the rotation about the centre (NULL: none) take the move to one of b's? */
static bool has_image(const pair *p, const double (*rotation)[3], const skd_move *move) {
    const int before = p->cell->species[move->index];
    double d[3], from[3], place[3], off[3];
    displacement(p->cell, move, d);
    skd_mic_vector(p->mic, p->centre, p->cell->pos[move->index], from);
    if (rotation) {
        double turned[3];
        skd_rotate(rotation, d, turned);
        memcpy(d, turned, sizeof d);
        skd_rotate(rotation, from, turned);
        memcpy(from, turned, sizeof from);
    }
    for (int k = 0; k < 3; k++)
        place[k] = p->centre[k] + from[k];
    for (size_t k = 0; k < p->b->n_moved; k++) {
        const skd_move *other = &p->b->moved[k];
        if (other->species != move->species || p->cell->species[other->index] != before)
            continue;
        displacement(p->cell, other, off);
        for (int c = 0; c < 3; c++)
            off[c] -= d[c];
        if (skd_norm(off) < SAME && skd_mic_vector(p->mic, p->cell->pos[other->index], place, off) < PLACE)
            return true;
    }
    return false;
}

static bool maps(const pair *p, const double (*rotation)[3]) {
    for (size_t k = 0; k < p->a->n_moved; k++)
        if (!has_image(p, rotation, &p->a->moved[k]))
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
    skd_defect_centre(defect, p.centre);
    for (size_t i = 0; status == SKD_OK && !*twin && &list->start[i] < start; i++) {
        p.b = &list->start[i];
        if (p.b->dropped || !look_alike(start, p.b, defect->cell))
            continue;
        if (maps(&p, NULL))
            *twin = p.b;
        else if (!exact)
            status = skd_start_rotations(list, defect, err);
        for (size_t k = 0; !exact && status == SKD_OK && !*twin && k < list->n_rotations; k++)
            if (maps(&p, list->rotation[k]))
                *twin = p.b;
    }
    return status;
}
