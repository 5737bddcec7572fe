/* SPDX-License-Identifier: MIT */
/* identify.c - which point defect turns `bulk` into `cell`.
 *
 * The compositions say what kind it is; the sites are found by laying the cell on the bulk: like atoms are
 * paired, nearest first, and what is left over on both sides is the defect. So atoms may have moved (relaxed or
 * distorted cells) by up to about half a bond, and the cell as a whole may be shifted or slightly strained. */
#include "naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FARTHEST    4.0  /* Å; atoms farther apart are never paired */
#define OFF_CENTRE  2.5  /* Å; a foreign atom farther from the empty site is not a substitution */
#define NEAR_GIVEN  1.5  /* Å; from the site the user gave to the atom meant */
#define RIGID_SHIFT 0.1  /* Å; smaller mean displacements are relaxation, not another origin */
#define STRAIN      0.1  /* of a lattice vector's length */

/* ---- what changed, by composition -------------------------------------------------------- */

static void describe_change(const int *change, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int z = 1; z <= SKD_ELEMENT_MAX && used < size; z++)
        if (change[z]) {
            int n = snprintf(out + used, size - used, "%s%+d %s", used ? ", " : "", change[z],
                             skd_element_of(z)->symbol);
            used += n > 0 ? (size_t)n : 0;
        }
}

static skd_status find_change(skd_defect *defect, const skd_cell *bulk, const skd_cell *cell, skd_error *err) {
    int change[SKD_ELEMENT_MAX + 1] = {0}, lost = 0, gained = 0;
    for (size_t i = 0; i < bulk->n; i++)
        change[bulk->species[i]]--;
    for (size_t i = 0; i < cell->n; i++)
        change[cell->species[i]]++;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++) {
        lost += change[z] < 0 ? -change[z] : 0;
        gained += change[z] > 0 ? change[z] : 0;
        if (change[z] < 0)
            defect->removed = z;
        if (change[z] > 0)
            defect->added = z;
    }
    if (lost > 1 || gained > 1) {
        char text[160];
        describe_change(change, text, sizeof text);
        return skd_fail(err, SKD_EARG, "the structure differs from the bulk by %d atoms (%s); expected one vacancy, "
                        "one substitution or one interstitial", lost > gained ? lost : gained, text);
    }
    if (lost + gained == 0)
        return skd_fail(err, SKD_EARG, "the structure has the composition of the bulk (%zu atoms): no point defect",
                        bulk->n);
    defect->kind = !gained ? SKD_VACANCY : lost ? SKD_SUBSTITUTION : SKD_INTERSTITIAL;
    return SKD_OK;
}

static skd_status check_lattices(const skd_cell *bulk, const skd_cell *cell, skd_error *err) {
    for (int k = 0; k < 3; k++) {
        double d[3], length = skd_norm(bulk->lattice[k]);
        for (int c = 0; c < 3; c++)
            d[c] = cell->lattice[k][c] - bulk->lattice[k][c];
        if (!(skd_norm(d) <= STRAIN * length))
            return skd_fail(err, SKD_EARG, "lattice vector %d of the structure and of the bulk are %.2f Å apart "
                            "(length %.2f Å): they must be the same supercell", k + 1, skd_norm(d), length);
    }
    return SKD_OK;
}

/* ---- laying the cell on the bulk --------------------------------------------------------- */

typedef struct pair {
    double r;
    size_t i, j; /* of bulk, of cell */
} pair;

typedef struct laid {
    const skd_cell *bulk, *cell;
    skd_mic mic;
    double (*pos)[3];        /* [cell->n] in the bulk's frame: strain and shift undone, Å */
    size_t *of_bulk, *of_cell; /* partner or SIZE_MAX */
    pair *pairs;
    size_t n_pairs, capacity;
    double shift[3]; /* of the cell against the bulk, Å */
} laid;

static void laid_free(laid *l) {
    skd_free(l->pos);
    skd_free(l->of_bulk);
    skd_free(l->of_cell);
    skd_free(l->pairs);
}

static skd_status laid_init(laid *l, const skd_cell *bulk, const skd_cell *cell, skd_error *err) {
    double inverse[3][3], f[3];
    *l = (laid){.bulk = bulk, .cell = cell};
    skd_status status = skd_mic_setup(&l->mic, bulk, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(cell, inverse, err);
    if (status != SKD_OK)
        return status;
    l->pos = skd_alloc(cell->n, sizeof *l->pos);
    l->of_bulk = skd_alloc(bulk->n, sizeof *l->of_bulk);
    l->of_cell = skd_alloc(cell->n, sizeof *l->of_cell);
    if (!l->pos || !l->of_bulk || !l->of_cell)
        return skd_fail(err, SKD_ENOMEM, "out of memory to compare cells of %zu and %zu atoms", bulk->n, cell->n);
    for (size_t j = 0; j < cell->n; j++) {
        skd_to_frac(inverse, cell->pos[j], f);
        skd_row_times(f, bulk->lattice, l->pos[j]);
    }
    return SKD_OK;
}

static int shorter(const void *left, const void *right) {
    const pair *a = left, *b = right;
    if (a->r != b->r)
        return a->r < b->r ? -1 : 1;
    return a->i != b->i ? (a->i < b->i ? -1 : 1) : (a->j > b->j) - (a->j < b->j);
}

static skd_status pair_up(laid *l, skd_error *err) {
    double d[3];
    l->n_pairs = 0;
    for (size_t i = 0; i < l->bulk->n; i++)
        for (size_t j = 0; j < l->cell->n; j++) {
            if (l->bulk->species[i] != l->cell->species[j])
                continue;
            double r = skd_mic_vector(&l->mic, l->bulk->pos[i], l->pos[j], d);
            if (r > FARTHEST)
                continue;
            skd_status status = skd_grow((void **)&l->pairs, &l->capacity, l->n_pairs + 1, sizeof *l->pairs, err);
            if (status != SKD_OK)
                return status;
            l->pairs[l->n_pairs++] = (pair){r, i, j};
        }
    if (l->n_pairs)
        qsort(l->pairs, l->n_pairs, sizeof *l->pairs, shorter);
    memset(l->of_bulk, 0xff, l->bulk->n * sizeof *l->of_bulk);
    memset(l->of_cell, 0xff, l->cell->n * sizeof *l->of_cell);
    for (size_t k = 0; k < l->n_pairs; k++) {
        const pair *p = &l->pairs[k];
        if (l->of_bulk[p->i] != SIZE_MAX || l->of_cell[p->j] != SIZE_MAX)
            continue;
        l->of_bulk[p->i] = p->j;
        l->of_cell[p->j] = p->i;
    }
    return SKD_OK;
}

/* Undoes a common displacement of all paired atoms; false if there is none worth it. */
static bool take_shift(laid *l) {
    double mean[3] = {0.0, 0.0, 0.0}, d[3];
    size_t n = 0;
    for (size_t i = 0; i < l->bulk->n; i++) {
        if (l->of_bulk[i] == SIZE_MAX)
            continue;
        skd_mic_vector(&l->mic, l->bulk->pos[i], l->pos[l->of_bulk[i]], d);
        n++;
        for (int k = 0; k < 3; k++)
            mean[k] += d[k];
    }
    for (int k = 0; k < 3; k++)
        mean[k] /= n ? (double)n : 1.0;
    if (skd_norm(mean) < RIGID_SHIFT)
        return false;
    for (int k = 0; k < 3; k++)
        l->shift[k] += mean[k];
    for (size_t j = 0; j < l->cell->n; j++)
        for (int k = 0; k < 3; k++)
            l->pos[j][k] -= mean[k];
    return true;
}

/* Index of the only unpaired atom (SIZE_MAX if there is none); false if there are more. */
static bool only_unpaired(const size_t *partner, size_t n, size_t *out) {
    *out = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        if (partner[i] == SIZE_MAX) {
            if (*out != SIZE_MAX)
                return false;
            *out = i;
        }
    return true;
}

static skd_status lay(laid *l, size_t *missing, size_t *extra, skd_error *err) {
    skd_status status = pair_up(l, err);
    for (int round = 0; status == SKD_OK && round < 5 && take_shift(l); round++)
        status = pair_up(l, err);
    if (status != SKD_OK)
        return status;
    if (only_unpaired(l->of_bulk, l->bulk->n, missing) && only_unpaired(l->of_cell, l->cell->n, extra))
        return SKD_OK;
    return skd_fail(err, SKD_EARG, "the structure cannot be laid on the bulk: several atoms have no like atom within "
                    "%.0f Å of their place (another origin, setting or material?)", FARTHEST);
}

/* ---- the site ---------------------------------------------------------------------------- */

/* Atom of species z nearest to the point the user gave (fractional). */
static skd_status atom_at(const skd_cell *cell, int z, const double site[3], const char *where, size_t *out,
                          skd_error *err) {
    skd_mic mic;
    double point[3], d[3], best = HUGE_VAL;
    skd_status status = skd_mic_setup(&mic, cell, err);
    skd_row_times(site, cell->lattice, point);
    for (size_t i = 0; status == SKD_OK && i < cell->n; i++) {
        double r = cell->species[i] == z ? skd_mic_vector(&mic, point, cell->pos[i], d) : HUGE_VAL;
        if (r < best) {
            best = r;
            *out = i;
        }
    }
    if (status == SKD_OK && !(best <= NEAR_GIVEN))
        return skd_fail(err, SKD_EARG, "no %s atom of the %s within %.1f Å of the given site %.3f %.3f %.3f",
                        skd_element_of(z)->symbol, where, NEAR_GIVEN, site[0], site[1], site[2]);
    return status;
}

/* The atoms that make the defect: `missing` of bulk, `extra` of cell (SIZE_MAX where none). */
static skd_status find_atoms(const skd_defect *defect, const double *given, laid *l, size_t *missing, size_t *extra,
                             skd_error *err) {
    *missing = *extra = SIZE_MAX;
    if (!given)
        return lay(l, missing, extra, err);
    skd_status status = SKD_OK;
    if (defect->removed)
        status = atom_at(l->bulk, defect->removed, given, "bulk", missing, err);
    if (status == SKD_OK && defect->added)
        status = atom_at(l->cell, defect->added, given, "structure", extra, err);
    return status;
}

static skd_status check_on_site(const laid *l, size_t missing, size_t extra, skd_error *err) {
    double d[3], r = skd_mic_vector(&l->mic, l->bulk->pos[missing], l->pos[extra], d);
    if (r <= OFF_CENTRE)
        return SKD_OK;
    const char *old = skd_element_of(l->bulk->species[missing])->symbol;
    const char *new = skd_element_of(l->cell->species[extra])->symbol;
    return skd_fail(err, SKD_EARG, "atom %zu (%s) lies %.2f Å from the empty %s site (atom %zu of the bulk): a "
                    "vacancy and an interstitial, not one point defect", extra + 1, new, r, old, missing + 1);
}

static skd_status set_site(skd_defect *defect, const laid *l, size_t missing, size_t extra, skd_error *err) {
    double inverse[3][3], point[3];
    skd_status status = skd_cell_inverse(l->bulk, inverse, err);
    if (status != SKD_OK)
        return status;
    for (int k = 0; k < 3; k++)
        point[k] = (missing != SIZE_MAX ? l->bulk->pos[missing][k] : l->pos[extra][k]) + l->shift[k];
    skd_to_frac(inverse, point, defect->site);
    for (int k = 0; k < 3; k++)
        defect->site[k] = skd_wrap01(defect->site[k]);
    defect->index = extra;
    return SKD_OK;
}

/* ---- symmetry and name ------------------------------------------------------------------- */

/* Names all sites of the removed species and takes the one of `missing`'s orbit. */
static skd_status name_on_site(skd_defect *defect, const skd_cell *bulk, const skd_symmetry *s, size_t missing,
                               skd_error *err) {
    char base[32];
    size_t n = 0, mine = 0;
    skd_name_site *site = skd_alloc(bulk->n, sizeof *site);
    char(*name)[64] = skd_alloc(bulk->n, sizeof *name);
    skd_status status = site && name ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu names", bulk->n);
    for (size_t i = 0; status == SKD_OK && i < bulk->n; i++) {
        if (s->orbit[i] != i || bulk->species[i] != defect->removed)
            continue;
        if (s->orbit[missing] == i)
            mine = n;
        memcpy(site[n].pos, bulk->pos[i], sizeof site[n].pos);
        site[n++].symmetry = s->site_symmetry[i];
    }
    skd_name_base(defect->removed, defect->added, base, sizeof base);
    if (status == SKD_OK)
        status = skd_name_sites(name, base, bulk, site, n, false, err);
    if (status == SKD_OK) {
        memcpy(defect->name, name[mine], sizeof defect->name);
        memcpy(defect->site_symmetry, s->site_symmetry[missing], sizeof defect->site_symmetry);
        defect->wyckoff = s->wyckoff[missing];
        for (size_t i = 0; i < bulk->n; i++)
            defect->multiplicity += s->orbit[i] == s->orbit[missing];
        defect->multiplicity /= s->n_translations ? s->n_translations : 1;
    }
    skd_free(site);
    skd_free(name);
    return status;
}

/* Point group of a place between the atoms: the operations that leave it where it is. */
static skd_status name_between(skd_defect *defect, const skd_cell *bulk, const skd_symmetry *s, skd_error *err) {
    char base[32];
    size_t n = 0, *fixed = skd_alloc(s->n_operations, sizeof *fixed);
    int(*rotation)[3][3] = skd_alloc(s->n_operations, sizeof *rotation);
    skd_status status = SKD_OK;
    if (!fixed || !rotation)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu operations", s->n_operations);
    else {
        n = skd_site_stabiliser(s, bulk, defect->site, 0.1, fixed);
        for (size_t k = 0; k < n; k++)
            memcpy(rotation[k], s->operation[fixed[k]].rotation, sizeof rotation[k]);
        snprintf(defect->site_symmetry, sizeof defect->site_symmetry, "%s",
                 skd_point_group_name((const int(*)[3][3])rotation, n));
        size_t translations = s->n_translations ? s->n_translations : 1;
        defect->multiplicity = n ? s->n_operations / translations / n : 1;
        skd_name_site site = {.symmetry = defect->site_symmetry};
        skd_row_times(defect->site, bulk->lattice, site.pos);
        skd_name_base(0, defect->added, base, sizeof base);
        status = skd_name_sites(&defect->name, base, bulk, &site, 1, true, err);
    }
    skd_free(fixed);
    skd_free(rotation);
    return status;
}

/* ShakeNBreak's name for a defect that stands alone: whatever else there is in the host, all it can tell. */
static skd_status name_in_full(skd_defect *defect, const skd_cell *bulk, size_t missing, skd_error *err) {
    char base[32];
    double pos[3];
    skd_row_times(defect->site, bulk->lattice, pos);
    skd_name_base(defect->removed, defect->added, base, sizeof base);
    return skd_name_full(defect->name, base, bulk, missing == SIZE_MAX ? pos : bulk->pos[missing],
                         defect->site_symmetry, err);
}

/* Copies the cell, with the defect's atom first if asked for. */
static skd_status take_cell(skd_defect *defect, const skd_cell *cell, bool first, skd_error *err) {
    if (!first || defect->kind != SKD_INTERSTITIAL)
        return skd_cell_copy(&defect->cell, cell, err);
    size_t *order = skd_alloc(cell->n, sizeof *order);
    if (!order)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a cell of %zu atoms", cell->n);
    order[0] = defect->index;
    for (size_t i = 0, k = 1; i < cell->n; i++)
        if (i != defect->index)
            order[k++] = i;
    skd_status status = skd_cell_pick(&defect->cell, cell, order, cell->n, err);
    defect->index = 0;
    skd_free(order);
    return status;
}

static skd_status complete(skd_defect *defect, const skd_cell *bulk, const skd_cell *cell, size_t missing,
                           const skd_defect_options *options, skd_error *err) {
    skd_symmetry *found = NULL;
    skd_host_states states;
    skd_status status = options->symmetry ? SKD_OK : skd_symmetry_find(&found, bulk, SKD_SYMPREC, err);
    const skd_symmetry *symmetry = found ? found : options->symmetry;
    if (status == SKD_OK)
        status = defect->removed ? name_on_site(defect, bulk, symmetry, missing, err)
                                 : name_between(defect, bulk, symmetry, err);
    if (status == SKD_OK && options->as_shakenbreak)
        status = name_in_full(defect, bulk, missing, err);
    if (status == SKD_OK)
        status = skd_host_states_of(&states, bulk, options, err);
    if (status == SKD_OK) {
        skd_defect_set_oxidation(defect, &states, bulk);
        status = skd_cell_copy(&defect->bulk, bulk, err);
    }
    if (status == SKD_OK)
        status = take_cell(defect, cell, options->as_shakenbreak, err);
    skd_symmetry_free(found);
    return status;
}

skd_status skd_defect_identify(skd_defect **out, const skd_cell *bulk, const skd_cell *cell, const double *site,
                               const skd_defect_options *options, skd_error *err) {
    static const skd_defect_options none = {0};
    size_t missing = SIZE_MAX, extra = SIZE_MAX;
    laid l = {0};
    *out = NULL;
    skd_defect *defect = skd_alloc(1, sizeof *defect);
    if (!defect)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a defect");
    skd_status status = check_lattices(bulk, cell, err);
    if (status == SKD_OK)
        status = find_change(defect, bulk, cell, err);
    if (status == SKD_OK)
        status = laid_init(&l, bulk, cell, err);
    if (status == SKD_OK)
        status = find_atoms(defect, site, &l, &missing, &extra, err);
    if (status == SKD_OK && defect->kind == SKD_SUBSTITUTION)
        status = check_on_site(&l, missing, extra, err);
    if (status == SKD_OK)
        status = set_site(defect, &l, missing, extra, err);
    if (status == SKD_OK)
        status = complete(defect, bulk, cell, missing, options ? options : &none, err);
    laid_free(&l);
    if (status != SKD_OK)
        skd_defect_free(defect);
    else
        *out = defect;
    return status;
}
