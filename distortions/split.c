/* SPDX-License-Identifier: MIT */
/* split.c - two atoms that share one site.
 *
 * Split interstitials (dumbbells): the added atom joins the nearest host atom; the two lie a single bond apart about
 * the host atom's site, along the axes and diagonals of the conventional cell:
 *
 *        o       o                 o   o   o
 *          + o         ->            +-o           <100> <010> .. <110> .. <111>: 13 directions, 26 if the two
 *        o       o                 o       o       are unlike, those equal under the site's symmetry once
 *
 * Split vacancies: a like neighbour of the empty site moves half-way into it, which leaves two half vacancies. */
#include "start.h"

#include <stdio.h>
#include <string.h>

/* ---- directions -------------------------------------------------------------------------- */

enum { DIRECTIONS = 26 };
static const int direction[DIRECTIONS / 2][3] = {{1, 0, 0},  {0, 1, 0}, {0, 0, 1},  {1, 1, 0},  {1, -1, 0},
                                                 {1, 0, 1},  {1, 0, -1}, {0, 1, 1}, {0, 1, -1}, {1, 1, 1},
                                                 {1, 1, -1}, {1, -1, 1}, {1, -1, -1}};

/* What the dumbbells of one defect have in common. */
typedef struct dumbbells {
    const skd_trial *trial;
    skd_start_list *list;
    skd_cell *primitive, *conventional;
    skd_symmetry *symmetry; /* of the primitive cell */
    double inverse[3][3];   /* of its lattice */
    size_t *keep;           /* [operations] those that keep the site */
    double (*rotation)[3][3]; /* [operations] of these, Cartesian */
} dumbbells;

static void unit_direction(const dumbbells *b, int k, double u[3]) {
    const int sign = k < DIRECTIONS / 2 ? 1 : -1, *v = direction[k % (DIRECTIONS / 2)];
    const double f[3] = {sign * v[0], sign * v[1], sign * v[2]};
    skd_row_times(f, b->conventional->lattice, u);
    const double length = skd_norm(u);
    for (int c = 0; c < 3; c++)
        u[c] /= length;
}

static bool same_direction(const double a[3], const double b[3], bool either_way) {
    const double d = skd_dot(a, b);
    return (either_way ? fabs(d) : d) > 1.0 - 1e-4;
}

/* Does an operation of the site take direction k to an earlier one? */
static bool is_repeated(const dumbbells *b, size_t n_keep, int k, bool alike) {
    double u[3], image[3], other[3];
    unit_direction(b, k, u);
    for (size_t i = 0; i < n_keep; i++) {
        skd_times_col(b->rotation[i], u, image);
        for (int earlier = 0; earlier < k; earlier++) {
            unit_direction(b, earlier, other);
            if (same_direction(image, other, alike))
                return true;
        }
    }
    return false;
}

/* Rotations about an atom's site in the host. */
static size_t take_rotations(dumbbells *b, const double pos[3]) {
    double frac[3];
    skd_to_frac(b->inverse, pos, frac);
    const size_t n = skd_site_stabiliser(b->symmetry, b->primitive, frac, b->symmetry->symprec, b->keep);
    for (size_t i = 0; i < n; i++)
        skd_rotation_cartesian(b->symmetry->operation[b->keep[i]].rotation, b->primitive->lattice, b->inverse,
                               b->rotation[i]);
    return n;
}

/* ---- split interstitials ------------------------------------------------------------------ */

static skd_status add_dumbbell(const dumbbells *b, size_t host, int k, skd_error *err) {
    const skd_defect *defect = b->trial->defect;
    const int *v = direction[k % (DIRECTIONS / 2)], sign = k < DIRECTIONS / 2 ? 1 : -1;
    char name[64];
    snprintf(name, sizeof name, "Split_%s_%d%d%d", skd_element_of(defect->cell->species[host])->symbol, sign * v[0],
             sign * v[1], sign * v[2]);
    skd_start *start;
    skd_status status = skd_trial_add(b->list, b->trial, name, &start, err);
    if (status != SKD_OK)
        return status;
    double u[3];
    unit_direction(b, k, u);
    const double half = 0.5 * skd_single_bond(defect->added, defect->cell->species[host]);
    for (int c = 0; c < 3; c++) {
        start->cell->pos[defect->index][c] = defect->cell->pos[host][c] + half * u[c];
        start->cell->pos[host][c] = defect->cell->pos[host][c] - half * u[c];
    }
    return skd_trial_finish(b->list, b->trial, start, &host, 1, err);
}

static skd_status add_orientations(dumbbells *b, size_t host, skd_error *err) {
    const skd_defect *defect = b->trial->defect;
    const bool alike = defect->cell->species[host] == defect->added;
    const size_t n_keep = take_rotations(b, defect->cell->pos[host]);
    skd_status status = SKD_OK;
    for (int k = 0; status == SKD_OK && k < (alike ? DIRECTIONS / 2 : DIRECTIONS); k++)
        if (!is_repeated(b, n_keep, k, alike))
            status = add_dumbbell(b, host, k, err);
    return status;
}

/* On the nearest host atom of one species: other sites of it belong to the interstitials next to them. */
static skd_status add_on_species(dumbbells *b, int species, skd_error *err) {
    skd_near *near = NULL;
    size_t n = 0;
    skd_status status = skd_near_shell(&near, &n, b->trial->defect, species, err);
    if (status == SKD_OK && n > 0)
        status = add_orientations(b, near[0].index, err);
    skd_free(near);
    return status;
}

static skd_status look_at_host(dumbbells *b, skd_error *err) {
    skd_status status = skd_primitive(&b->primitive, b->trial->defect->bulk, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_conventional(&b->conventional, b->primitive, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_symmetry_find(&b->symmetry, b->primitive, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(b->primitive, b->inverse, err);
    if (status != SKD_OK)
        return status;
    b->keep = skd_alloc(b->symmetry->n_operations, sizeof *b->keep);
    b->rotation = skd_alloc(b->symmetry->n_operations, sizeof *b->rotation);
    return b->keep && b->rotation ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the host's symmetry");
}

/* On like atoms, or on unlike ones, or (a foreign atom) on all. */
static skd_status add_dumbbells(skd_start_list *out, const skd_trial *trial, bool unlike, skd_error *err) {
    const skd_cell *bulk = trial->defect->bulk;
    const int added = trial->defect->added;
    const bool foreign = skd_cell_count(bulk, added) == 0;
    dumbbells b = {.trial = trial, .list = out};
    skd_status status = look_at_host(&b, err);
    for (int z = 1; status == SKD_OK && z <= SKD_ELEMENT_MAX; z++)
        if (skd_cell_count(bulk, z) > 0 && (foreign || (z != added) == unlike))
            status = add_on_species(&b, z, err);
    skd_free(b.keep);
    skd_free(b.rotation);
    skd_symmetry_free(b.symmetry);
    skd_cell_free(b.conventional);
    skd_cell_free(b.primitive);
    return status;
}

static skd_status make_dumbbells(skd_start_list *out, const skd_start_kind *kind, const skd_defect *defect, int charge,
                                 const skd_start_options *options, bool unlike, skd_error *err) {
    skd_trial trial;
    skd_status status = skd_trial_open(&trial, kind, defect, charge, options, err);
    if (status == SKD_OK)
        status = add_dumbbells(out, &trial, unlike, err);
    skd_trial_close(&trial);
    return status;
}

/* ShakeNBreak has none of them. */
static skd_status make_split(skd_start_list *out, const skd_defect *defect, int charge,
                             const skd_start_options *options, skd_error *err) {
    if (defect->kind != SKD_INTERSTITIAL || options->compat)
        return SKD_OK;
    return make_dumbbells(out, &skd_kind_split, defect, charge, options, false, err);
}

static skd_status make_split_unlike(skd_start_list *out, const skd_defect *defect, int charge,
                                    const skd_start_options *options, skd_error *err) {
    if (defect->kind != SKD_INTERSTITIAL || skd_cell_count(defect->bulk, defect->added) == 0)
        return SKD_OK;
    return make_dumbbells(out, &skd_kind_split_unlike, defect, charge, options, true, err);
}

/* ---- split vacancies ----------------------------------------------------------------------- */

static skd_status add_half_way(skd_start_list *out, const skd_trial *trial, const skd_near *atom, skd_error *err) {
    char name[64];
    skd_start *start;
    snprintf(name, sizeof name, "Split_Vacancy_%s%.2f", skd_element_of(trial->defect->removed)->symbol, atom->r);
    skd_status status = skd_trial_add(out, trial, name, &start, err);
    if (status != SKD_OK)
        return status;
    for (int c = 0; c < 3; c++)
        start->cell->pos[atom->index][c] -= 0.5 * atom->d[c];
    return skd_trial_finish(out, trial, start, &atom->index, 1, err);
}

static skd_status make_split_vacancy(skd_start_list *out, const skd_defect *defect, int charge,
                                     const skd_start_options *options, skd_error *err) {
    if (defect->kind != SKD_VACANCY)
        return SKD_OK;
    skd_trial trial;
    skd_near *near = NULL;
    size_t n = 0;
    skd_status status = skd_trial_open(&trial, &skd_kind_split_vacancy, defect, charge, options, err);
    if (status == SKD_OK)
        status = skd_near_shell(&near, &n, defect, defect->removed, err);
    for (size_t k = 0; status == SKD_OK && k < n; k++)
        status = add_half_way(out, &trial, &near[k], err);
    skd_free(near);
    skd_trial_close(&trial);
    return status;
}

const skd_start_kind skd_kind_split = {
    .name = "split",
    .summary = "interstitials: the added atom and the nearest like atom share its site, in every distinct orientation",
    .in_default = true,
    .make = make_split,
};

const skd_start_kind skd_kind_split_unlike = {
    .name = "split_unlike",
    .summary = "interstitials of the host's own elements: dumbbells with the nearest atom of each other element",
    .why_not = "up to 26 orientations each, and unlike pairs on one site rarely stay in ordered hosts",
    .make = make_split_unlike,
};

const skd_start_kind skd_kind_split_vacancy = {
    .name = "split_vacancy",
    .summary = "vacancies: a like neighbour half-way into the empty site",
    .why_not = "in close-packed hosts it is the saddle of the vacancy's jump; it pays in open ones (Ga2O3, Sb2Se3)",
    .make = make_split_vacancy,
};
