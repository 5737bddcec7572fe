/* SPDX-License-Identifier: MIT */
/* defects.c - vacancies, antisites and substitutions on every symmetry-distinct site of a host; interstitials are
 * made in interstitials.c.
 *
 * One site per orbit of the space group; the defect is put on the equivalent site closest to the middle of the
 * supercell, so that pictures look alike. Order: vacancies, antisites, foreign atoms, interstitials. */
#include "interstitials.h"

#include <stdio.h>
#include <string.h>

/* What all defects of one call share; borrowed or freed by skd_defects_of. */
typedef struct host {
    const skd_cell *primitive;
    const skd_symmetry *symmetry;
    const skd_cell *bulk;
    const size_t *map; /* [bulk->n] atom of the primitive cell */
    skd_host_states oxidation;
    const skd_defect_options *options;
} host;

/* ---- the supercell, species by species --------------------------------------------------- */

/* Order of the atoms with like species together, species in order of first appearance. */
static void group_species(const skd_cell *cell, size_t *order) {
    size_t used = 0;
    for (size_t i = 0; i < cell->n; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = cell->species[j] == cell->species[i];
        for (size_t j = i; !seen && j < cell->n; j++)
            if (cell->species[j] == cell->species[i])
                order[used++] = j;
    }
}

static skd_status grouped_supercell(skd_cell **out, size_t **map, const skd_cell *primitive, const int matrix[3][3],
                                    skd_error *err) {
    skd_cell *plain = NULL;
    size_t *plain_map = NULL;
    *out = NULL;
    *map = NULL;
    skd_status status = skd_supercell(&plain, primitive, matrix, &plain_map, err);
    if (status != SKD_OK)
        return status;
    size_t *order = skd_alloc(plain->n, sizeof *order);
    *map = skd_alloc(plain->n, sizeof **map);
    if (!order || !*map) {
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a supercell of %zu atoms", plain->n);
        goto done;
    }
    group_species(plain, order);
    for (size_t i = 0; i < plain->n; i++)
        (*map)[i] = plain_map[order[i]];
    status = skd_cell_pick(out, plain, order, plain->n, err);
done:
    if (status != SKD_OK) {
        skd_free(*map);
        *map = NULL;
    }
    skd_free(order);
    skd_free(plain_map);
    skd_cell_free(plain);
    return status;
}

/* Atom of the orbit that lies closest to the middle; equally close ones: the first. */
static skd_status middle_atom(const host *h, size_t orbit, size_t *atom, double frac[3], skd_error *err) {
    double inverse[3][3], best = HUGE_VAL;
    skd_status status = skd_cell_inverse(h->bulk, inverse, err);
    for (size_t i = 0; status == SKD_OK && i < h->bulk->n; i++) {
        if (h->symmetry->orbit[h->map[i]] != orbit)
            continue;
        double f[3], off[3], d[3];
        skd_to_frac(inverse, h->bulk->pos[i], f);
        for (int k = 0; k < 3; k++) {
            f[k] = skd_wrap01(f[k]);
            off[k] = f[k] - 0.5;
        }
        skd_row_times(off, h->bulk->lattice, d);
        if (skd_norm(d) < best - 1e-6) {
            best = skd_norm(d);
            *atom = i;
            memcpy(frac, f, sizeof f);
        }
    }
    return status;
}

/* ---- one defect -------------------------------------------------------------------------- */

static skd_status without_atom(skd_cell **out, const skd_cell *bulk, size_t atom, skd_error *err) {
    size_t *pick = skd_alloc(bulk->n, sizeof *pick);
    if (!pick)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a cell of %zu atoms", bulk->n);
    for (size_t i = 0, k = 0; i < bulk->n; i++)
        if (i != atom)
            pick[k++] = i;
    skd_status status = skd_cell_pick(out, bulk, pick, bulk->n - 1, err);
    skd_free(pick);
    return status;
}

/* Atoms in the order of their species' first appearance in `bulk`, foreign ones last; *defect is followed. */
static void group_like_bulk(const skd_cell *cell, const skd_cell *bulk, size_t *order, size_t *defect) {
    size_t used = 0, where = *defect;
    for (size_t i = 0; i <= bulk->n; i++) { /* i = bulk->n: all species that are not in the bulk */
        bool seen = false;
        for (size_t j = 0; i < bulk->n && j < i && !seen; j++)
            seen = bulk->species[j] == bulk->species[i];
        for (size_t j = 0; !seen && j < cell->n; j++) {
            int z = cell->species[j];
            if (i < bulk->n ? z != bulk->species[i] : skd_cell_count(bulk, z) > 0)
                continue;
            if (j == where)
                *defect = used;
            order[used++] = j;
        }
    }
}

/* The foreign atom takes the place of the old one; then like species are put together again (as doped does). */
static skd_status with_foreign(skd_cell **out, size_t *index, const skd_cell *bulk, size_t atom, int added,
                               skd_error *err) {
    skd_cell *plain;
    skd_status status = skd_cell_copy(&plain, bulk, err);
    if (status != SKD_OK)
        return status;
    plain->species[atom] = added;
    *index = atom;
    size_t *order = skd_alloc(bulk->n, sizeof *order);
    if (!order)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a cell of %zu atoms", bulk->n);
    else {
        group_like_bulk(plain, bulk, order, index);
        status = skd_cell_pick(out, plain, order, bulk->n, err);
    }
    skd_free(order);
    skd_cell_free(plain);
    return status;
}

static skd_status fill_defect(skd_defect *defect, const host *h, size_t orbit, int added, skd_error *err) {
    size_t atom = 0;
    defect->kind = added ? SKD_SUBSTITUTION : SKD_VACANCY;
    defect->removed = h->primitive->species[orbit];
    defect->added = added;
    defect->index = SIZE_MAX;
    defect->wyckoff = h->symmetry->wyckoff[orbit];
    memcpy(defect->site_symmetry, h->symmetry->site_symmetry[orbit], sizeof defect->site_symmetry);
    for (size_t i = 0; i < h->primitive->n; i++)
        defect->multiplicity += h->symmetry->orbit[i] == orbit;
    skd_defect_set_oxidation(defect, &h->oxidation, h->primitive);
    skd_status status = middle_atom(h, orbit, &atom, defect->site, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&defect->bulk, h->bulk, err);
    if (status == SKD_OK)
        status = added ? with_foreign(&defect->cell, &defect->index, h->bulk, atom, added, err)
                       : without_atom(&defect->cell, h->bulk, atom, err);
    return status;
}

static skd_status add_defect(skd_defect_list *out, const host *h, size_t orbit, int added, skd_error *err) {
    skd_status status = skd_grow((void **)&out->defect, &out->capacity, out->n + 1, sizeof *out->defect, err);
    if (status != SKD_OK)
        return status;
    skd_defect *defect = skd_alloc(1, sizeof *defect);
    if (!defect)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
    out->defect[out->n++] = defect;
    return fill_defect(defect, h, orbit, added, err);
}

/* ---- all defects that take `removed` away and put `added` there --------------------------- */

static skd_status add_names(skd_defect **defect, size_t n, const host *h, const size_t *orbit, skd_error *err) {
    char base[32];
    skd_name_site *site = skd_alloc(n, sizeof *site);
    char(*name)[64] = skd_alloc(n, sizeof *name);
    skd_status status = site && name ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", n);
    if (status == SKD_OK && n > 0) {
        for (size_t k = 0; k < n; k++) {
            memcpy(site[k].pos, h->primitive->pos[orbit[k]], sizeof site[k].pos);
            site[k].symmetry = h->symmetry->site_symmetry[orbit[k]];
        }
        skd_name_base(defect[0]->removed, defect[0]->added, base, sizeof base);
        status = skd_name_sites(name, base, h->primitive, site, n, false, err);
    }
    for (size_t k = 0; status == SKD_OK && k < n; k++)
        memcpy(defect[k]->name, name[k], sizeof name[k]);
    skd_free(site);
    skd_free(name);
    return status;
}

/* On the sites that were asked for by number. */
static skd_status add_on_sites(skd_defect_list *out, const host *h, int removed, int added, skd_error *err) {
    const skd_defect_options *options = h->options;
    skd_status status = SKD_OK;
    char base[32];
    skd_name_base(removed, added, base, sizeof base);
    for (size_t k = 0; k < options->n_sites && status == SKD_OK; k++) {
        if (h->primitive->species[options->site[k]] != removed)
            continue;
        status = add_defect(out, h, h->symmetry->orbit[options->site[k]], added, err);
        if (status == SKD_OK)
            snprintf(out->defect[out->n - 1]->name, sizeof out->defect[0]->name, "%s_s%zu", base,
                     options->site_number[k]);
    }
    return status;
}

static skd_status add_on_species(skd_defect_list *out, const host *h, int removed, int added, skd_error *err) {
    if (h->options->n_sites > 0)
        return add_on_sites(out, h, removed, added, err);
    size_t first = out->n, n = 0, *orbit = skd_alloc(h->primitive->n, sizeof *orbit);
    if (!orbit)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu sites", h->primitive->n);
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < h->primitive->n; i++)
        if (h->symmetry->orbit[i] == i && h->primitive->species[i] == removed) {
            orbit[n++] = i;
            status = add_defect(out, h, i, added, err);
        }
    if (status == SKD_OK)
        status = add_names(out->defect + first, n, h, orbit, err);
    skd_free(orbit);
    return status;
}

static bool is_first_of_species(const skd_cell *cell, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (cell->species[j] == cell->species[i])
            return false;
    return true;
}

/* Puts `added` (0: nothing) on the sites of every species but its own. */
static skd_status add_on_all(skd_defect_list *out, const host *h, int added, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < h->primitive->n; i++)
        if (is_first_of_species(h->primitive, i) && h->primitive->species[i] != added)
            status = add_on_species(out, h, h->primitive->species[i], added, err);
    return status;
}

static skd_status add_kinds(skd_defect_list *out, const host *h, const skd_defect_options *options, skd_error *err) {
    skd_status status = options->vacancies ? add_on_all(out, h, 0, err) : SKD_OK;
    for (size_t i = 0; options->antisites && status == SKD_OK && i < h->primitive->n; i++)
        if (is_first_of_species(h->primitive, i))
            status = add_on_all(out, h, h->primitive->species[i], err);
    for (size_t k = 0; status == SKD_OK && k < options->n_extrinsic; k++) {
        int z = options->extrinsic[k];
        if (z < 1 || z > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EARG, "extrinsic atomic number %d: no such element", z);
        if (skd_cell_count(h->primitive, z) > 0)
            return skd_fail(err, SKD_EARG, "extrinsic %s: it is an element of the host; ask for antisites",
                            skd_element_of(z)->symbol);
        status = add_on_all(out, h, z, err);
    }
    const skd_interstitial_host space = {h->primitive, h->bulk, h->symmetry, &h->oxidation};
    if (status == SKD_OK && options->interstitials && options->n_sites == 0)
        status = skd_interstitials_add(out, &space, options, err);
    return status;
}

skd_status skd_defects_of(skd_defect_list *out, const skd_cell *primitive, const int matrix[3][3],
                          const skd_defect_options *options, skd_error *err) {
    *out = (skd_defect_list){0};
    host h = {.primitive = primitive, .options = options};
    skd_symmetry *symmetry = NULL;
    skd_cell *bulk = NULL;
    size_t *map = NULL;
    skd_status status = skd_symmetry_find(&symmetry, primitive, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = grouped_supercell(&bulk, &map, primitive, matrix, err);
    if (status == SKD_OK)
        status = skd_host_states_of(&h.oxidation, primitive, options, err);
    if (status == SKD_OK) {
        h.symmetry = symmetry;
        h.bulk = bulk;
        h.map = map;
        status = add_kinds(out, &h, options, err);
    }
    if (status != SKD_OK)
        skd_defect_list_free(out);
    skd_symmetry_free(symmetry);
    skd_cell_free(bulk);
    skd_free(map);
    return status;
}
