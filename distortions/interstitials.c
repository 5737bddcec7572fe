/* SPDX-License-Identifier: MIT */
/* interstitials.c - an atom added in every void of the host, of each element of the host and each foreign one.
 *
 * As with other defects, of the equivalent sites the one closest to the middle of the supercell is taken. The
 * added atom stands before its like (as in doped's and ShakeNBreak's structures), a foreign one at the end. */
#include "interstitials.h"

#include <stdlib.h>
#include <string.h>

#include "voids.h"

#define FROM_ATOMS    0.9 /* Å; doped's */
#define FROM_ATOMS_H  0.5

/* ---- one defect ---------------------------------------------------------------------------- */

/* How plain fractional coordinates look: pairs of equal ones, then how near to the origin, then x, y, z. Returns
 * whether a comes before b; doped's choice between equally good equivalents. */
static bool is_plainer(const double a[3], const double b[3]) {
    int equal_a = 0, equal_b = 0;
    for (int k = 0; k < 3; k++) {
        equal_a += fabs(a[k] - a[(k + 1) % 3]) < 1e-3;
        equal_b += fabs(b[k] - b[(k + 1) % 3]) < 1e-3;
    }
    if (equal_a != equal_b)
        return equal_a > equal_b;
    double difference = skd_norm(a) - skd_norm(b);
    for (int k = 0; k < 3 && fabs(difference) < 1e-4; k++)
        difference = a[k] - b[k];
    return difference < 0.0;
}

/* The equivalent of the site that is closest to the middle of the supercell: fractional and Cartesian. */
static skd_status middle_image(const skd_interstitial_host *h, const skd_site *site, double frac[3], double pos[3],
                               skd_error *err) {
    static const double half[3] = {0.5, 0.5, 0.5};
    double middle[3], inverse[3][3], best = HUGE_VAL, d[3], f[3];
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, h->primitive, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(h->bulk, inverse, err);
    skd_row_times(half, h->bulk->lattice, middle);
    for (size_t k = 0; status == SKD_OK && k < site->multiplicity; k++) {
        double r = skd_mic_vector(&mic, middle, site->orbit[k], d);
        for (int c = 0; c < 3; c++)
            d[c] += middle[c];
        skd_to_frac(inverse, d, f);
        for (int c = 0; c < 3; c++)
            f[c] = skd_wrap01(f[c]);
        if (r > best + 1e-4 || (r > best - 1e-4 && !is_plainer(f, frac)))
            continue;
        best = r;
        memcpy(frac, f, sizeof f);
        memcpy(pos, d, sizeof d);
    }
    return status;
}

/* The supercell with the atom added at defect->index. */
static skd_status with_added(skd_defect *defect, const skd_cell *bulk, const double pos[3], skd_error *err) {
    skd_status status = skd_cell_new(&defect->cell, bulk->n + 1, err);
    if (status != SKD_OK)
        return status;
    skd_cell *cell = defect->cell;
    size_t at = 0;
    while (at < bulk->n && bulk->species[at] != defect->added)
        at++;
    memcpy(cell->lattice, bulk->lattice, sizeof cell->lattice);
    memcpy(cell->pbc, bulk->pbc, sizeof cell->pbc);
    for (size_t i = 0; i < bulk->n; i++) {
        size_t to = i + (i >= at);
        cell->species[to] = bulk->species[i];
        memcpy(cell->pos[to], bulk->pos[i], sizeof cell->pos[to]);
    }
    cell->species[at] = defect->added;
    memcpy(cell->pos[at], pos, sizeof cell->pos[at]);
    defect->index = at;
    return SKD_OK;
}

static skd_status fill_defect(skd_defect *defect, const skd_interstitial_host *h, const skd_site *site, int added,
                              skd_error *err) {
    double pos[3] = {0.0, 0.0, 0.0};
    defect->kind = SKD_INTERSTITIAL;
    defect->added = added;
    defect->multiplicity = site->multiplicity;
    memcpy(defect->site_symmetry, site->symmetry, sizeof defect->site_symmetry);
    skd_defect_set_oxidation(defect, h->oxidation, h->primitive);
    skd_status status = middle_image(h, site, defect->site, pos, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&defect->bulk, h->bulk, err);
    return status == SKD_OK ? with_added(defect, h->bulk, pos, err) : status;
}

/* ---- one element in all voids ---------------------------------------------------------------- */

static skd_status name_sites(char (*name)[64], const skd_interstitial_host *h, const skd_site *site, size_t n,
                             int added, skd_error *err) {
    char base[32];
    skd_name_site *place = skd_alloc(n, sizeof *place);
    if (!place)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", n);
    for (size_t k = 0; k < n; k++) {
        memcpy(place[k].pos, site[k].pos, sizeof place[k].pos);
        place[k].symmetry = site[k].symmetry;
    }
    skd_name_base(0, added, base, sizeof base);
    skd_status status = skd_name_sites(name, base, h->primitive, place, n, true, err);
    skd_free(place);
    return status;
}

static skd_status add_element(skd_defect_list *out, const skd_interstitial_host *h, const skd_site *site, size_t n,
                              int added, skd_error *err) {
    char(*name)[64] = skd_alloc(n, sizeof *name);
    if (!name)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", n);
    skd_status status = name_sites(name, h, site, n, added, err);
    if (status == SKD_OK)
        status = skd_grow((void **)&out->defect, &out->capacity, out->n + n, sizeof *out->defect, err);
    for (size_t k = 0; status == SKD_OK && k < n; k++) {
        skd_defect *defect = skd_alloc(1, sizeof *defect);
        if (!defect) {
            status = skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
            break;
        }
        out->defect[out->n++] = defect;
        memcpy(defect->name, name[k], sizeof defect->name);
        status = fill_defect(defect, h, &site[k], added, err);
    }
    skd_free(name);
    return status;
}

/* Sites of all elements but hydrogen, and those of hydrogen; found when first needed. */
typedef struct sites {
    skd_site *site;
    size_t n;
    bool known;
} sites;

static skd_status add_one(skd_defect_list *out, const skd_interstitial_host *h, sites cache[2], int added,
                          const skd_defect_options *options, skd_error *err) {
    if (added < 1 || added > SKD_ELEMENT_MAX)
        return skd_fail(err, SKD_EARG, "interstitial of atomic number %d: no such element", added);
    sites *own = &cache[added == 1];
    double apart = added == 1 ? FROM_ATOMS_H : FROM_ATOMS;
    skd_status status = SKD_OK;
    if (!own->known)
        status = skd_sites_find(&own->site, &own->n, h->primitive, h->symmetry, apart, options->special_sites, err);
    own->known = status == SKD_OK;
    if (status == SKD_OK && own->n == 0 && options->n_interstitial > 0)
        return skd_fail(err, SKD_EARG, "no room for %s_i: every point of the host lies within %.1f Å of an atom",
                        skd_element_of(added)->symbol, apart);
    return status == SKD_OK && own->n > 0 ? add_element(out, h, own->site, own->n, added, err) : status;
}

static bool is_first(const int *list, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (list[k] == list[i])
            return false;
    return true;
}

skd_status skd_interstitials_add(skd_defect_list *out, const skd_interstitial_host *h,
                                 const skd_defect_options *options, skd_error *err) {
    sites cache[2] = {{.n = 0}};
    const bool chosen = options->n_interstitial > 0;
    const int *list = chosen ? options->interstitial : h->primitive->species;
    size_t n = chosen ? options->n_interstitial : h->primitive->n;
    skd_status status = SKD_OK;
    for (size_t i = 0; status == SKD_OK && i < n; i++)
        if (is_first(list, i))
            status = add_one(out, h, cache, list[i], options, err);
    for (size_t i = 0; !chosen && status == SKD_OK && i < options->n_extrinsic; i++)
        status = add_one(out, h, cache, options->extrinsic[i], options, err);
    skd_sites_free(cache[0].site, cache[0].n);
    skd_sites_free(cache[1].site, cache[1].n);
    return status;
}
