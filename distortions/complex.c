/* SPDX-License-Identifier: MIT */
/* complex.c - several defects near each other, such as Cd_Te + v_Cd, in every distinct configuration.
 *
 * The first part stands where the single defect stands, near the middle of the supercell; each other part takes
 * every equivalent of its site that lies within reach of an earlier part. Two configurations are the same if an
 * operation of the crystal and a lattice vector take the parts of one to those of the other:
 *
 *     b_i = R a_s(i) + t + T      for all parts i, s a permutation of like parts, T a lattice vector
 *
 * The shape of the supercell is not asked: what differs only by it are finite-size effects. */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APART   0.5 /* Å; parts are on different sites */
#define PLACE   0.1 /* Å; places differ by less */
enum { MOST_PARTS = 4, MOST_CONFIGURATIONS = 2000 };

/* One part at one place. */
typedef struct spot {
    const skd_defect *single;
    double pos[3]; /* Cartesian */
} spot;

/* One configuration: the first of its class. */
typedef struct configuration {
    spot part[MOST_PARTS];
    double count; /* ordered ways to choose its parts, per primitive cell */
} configuration;

typedef struct finder {
    const skd_defect_list *singles;
    const skd_cell *primitive, *bulk;
    skd_symmetry *symmetry;     /* of the primitive cell */
    double (*rotation)[3][3], (*shift)[3]; /* [operations] Cartesian */
    double inverse[3][3];       /* of the primitive lattice */
    skd_mic primitive_mic, mic; /* mic: of the supercell */
    char name[MOST_PARTS][64];
    size_t n_parts;
    double reach;
    double (**orbit)[3];        /* [singles][orbit_size]: equivalents of their sites, Cartesian; NULL: not needed */
    size_t *orbit_size;
    configuration *found;
    size_t n_found, capacity;
} finder;

/* ---- what is wanted ------------------------------------------------------------------------- */

static skd_status read_parts(finder *f, const char *text, skd_error *err) {
    for (const char *p = text; p;) {
        const size_t n = strcspn(p, "+");
        skd_span whole = {p, n}, word;
        if (f->n_parts == MOST_PARTS || !skd_span_word(&whole, &word) || word.n >= sizeof f->name[0])
            return skd_fail(err, SKD_EARG, "expected two to %d defects like \"v_Cd+Te_i\"; found '%s'", MOST_PARTS,
                            text);
        skd_span_copy(word, f->name[f->n_parts++], sizeof f->name[0]);
        p = p[n] ? p + n + 1 : NULL;
    }
    if (f->n_parts < 2)
        return skd_fail(err, SKD_EARG, "expected two to %d defects like \"v_Cd+Te_i\"; found '%s'", MOST_PARTS, text);
    return SKD_OK;
}

/* "v_O" means all its sites. */
static bool is_meant(const char *wish, const skd_defect *single) {
    const size_t n = strlen(wish);
    return strncmp(single->name, wish, n) == 0 && (single->name[n] == '\0' || single->name[n] == '_');
}

static skd_status check_parts(const finder *f, skd_error *err) {
    for (size_t k = 0; k < f->n_parts; k++) {
        size_t fits = 0;
        for (size_t s = 0; s < f->singles->n; s++)
            fits += is_meant(f->name[k], f->singles->defect[s]);
        if (fits == 0)
            return skd_fail(err, SKD_EARG, "no defect '%s' in this host to make a complex of", f->name[k]);
    }
    return SKD_OK;
}

/* ---- sites ------------------------------------------------------------------------------------ */

static void image_of(const finder *f, size_t op, const double pos[3], double out[3]) {
    skd_times_col(f->rotation[op], pos, out);
    for (int k = 0; k < 3; k++)
        out[k] += f->shift[op][k];
}

static skd_status list_orbit(finder *f, size_t s, skd_error *err) {
    const skd_defect *single = f->singles->defect[s];
    double site[3], image[3], d[3];
    f->orbit[s] = skd_alloc(f->symmetry->n_operations, sizeof *f->orbit[s]);
    if (!f->orbit[s])
        return skd_fail(err, SKD_ENOMEM, "out of memory for the sites of %s", single->name);
    skd_row_times(single->site, f->bulk->lattice, site);
    for (size_t k = 0; k < f->symmetry->n_operations; k++) {
        size_t known = 0;
        image_of(f, k, site, image);
        while (known < f->orbit_size[s] &&
               skd_mic_vector(&f->primitive_mic, f->orbit[s][known], image, d) > PLACE)
            known++;
        if (known == f->orbit_size[s])
            memcpy(f->orbit[s][f->orbit_size[s]++], image, sizeof image);
    }
    return SKD_OK;
}

static skd_status look_at_host(finder *f, skd_error *err) {
    skd_status status = skd_symmetry_find(&f->symmetry, f->primitive, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(f->primitive, f->inverse, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&f->primitive_mic, f->primitive, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&f->mic, f->bulk, err);
    if (status != SKD_OK)
        return status;
    f->rotation = skd_alloc(f->symmetry->n_operations, sizeof *f->rotation);
    f->shift = skd_alloc(f->symmetry->n_operations, sizeof *f->shift);
    f->orbit = skd_alloc(f->singles->n, sizeof *f->orbit);
    f->orbit_size = skd_alloc(f->singles->n, sizeof *f->orbit_size);
    if (!f->rotation || !f->shift || !f->orbit || !f->orbit_size)
        return skd_fail(err, SKD_ENOMEM, "out of memory for complexes");
    for (size_t k = 0; k < f->symmetry->n_operations; k++) {
        const skd_operation *op = &f->symmetry->operation[k];
        skd_rotation_cartesian(op->rotation, f->primitive->lattice, f->inverse, f->rotation[k]);
        skd_row_times(op->translation, f->primitive->lattice, f->shift[k]);
    }
    for (size_t s = 0; status == SKD_OK && s < f->singles->n; s++)
        for (size_t k = 1; status == SKD_OK && k < f->n_parts && !f->orbit[s]; k++)
            if (is_meant(f->name[k], f->singles->defect[s]))
                status = list_orbit(f, s, err);
    return status;
}

static void finder_close(finder *f) {
    for (size_t s = 0; f->orbit && s < f->singles->n; s++)
        skd_free(f->orbit[s]);
    skd_free(f->orbit);
    skd_free(f->orbit_size);
    skd_free(f->rotation);
    skd_free(f->shift);
    skd_free(f->found);
    skd_symmetry_free(f->symmetry);
}

/* ---- equal configurations ------------------------------------------------------------------- */

/* Is there a lattice vector that takes the image of a's part `which` to b's first? */
static bool lattice_vector(const finder *f, const double image[3], const double first[3], double out[3]) {
    double d[3], frac[3], off[3];
    for (int k = 0; k < 3; k++)
        d[k] = first[k] - image[k];
    skd_to_frac(f->inverse, d, frac);
    for (int k = 0; k < 3; k++)
        frac[k] = nearbyint(frac[k]);
    skd_row_times(frac, f->primitive->lattice, out);
    for (int k = 0; k < 3; k++)
        off[k] = out[k] - d[k];
    return skd_norm(off) < PLACE;
}

static bool maps(const finder *f, size_t op, size_t which, const configuration *a, const configuration *b) {
    double image[3], vector[3], d[3];
    image_of(f, op, a->part[which].pos, image);
    if (a->part[which].single != b->part[0].single || !lattice_vector(f, image, b->part[0].pos, vector))
        return false;
    for (size_t i = 0; i < f->n_parts; i++) {
        size_t j = 0;
        image_of(f, op, a->part[i].pos, image);
        for (int k = 0; k < 3; k++)
            image[k] += vector[k];
        while (j < f->n_parts && (a->part[i].single != b->part[j].single ||
                                  skd_mic_vector(&f->mic, image, b->part[j].pos, d) > PLACE))
            j++;
        if (j == f->n_parts)
            return false;
    }
    return true;
}

static bool same_configuration(const finder *f, const configuration *a, const configuration *b) {
    for (size_t op = 0; op < f->symmetry->n_operations; op++)
        for (size_t which = 0; which < f->n_parts; which++)
            if (maps(f, op, which, a, b))
                return true;
    return false;
}

static skd_status keep(finder *f, const configuration *c, skd_error *err) {
    for (size_t k = 0; k < f->n_found; k++)
        if (same_configuration(f, c, &f->found[k])) {
            f->found[k].count += c->count;
            return SKD_OK;
        }
    if (f->n_found == MOST_CONFIGURATIONS)
        return skd_fail(err, SKD_EARG, "more than %d configurations within %g Å: choose a smaller distance",
                        MOST_CONFIGURATIONS, f->reach);
    skd_status status = skd_grow((void **)&f->found, &f->capacity, f->n_found + 1, sizeof *f->found, err);
    if (status == SKD_OK)
        f->found[f->n_found++] = *c;
    return status;
}

/* ---- all configurations ---------------------------------------------------------------------- */

/* May part n stand there? Within reach of part `near`, of none before it, and on nobody's place. */
static bool is_free(const finder *f, const configuration *c, size_t n, size_t near, const double pos[3]) {
    double d[3];
    for (size_t j = 0; j < n; j++) {
        const double r = skd_mic_vector(&f->mic, c->part[j].pos, pos, d);
        if (r < APART || (j < near && r <= f->reach) || (j == near && r > f->reach))
            return false;
    }
    return true;
}

static skd_status place_part(finder *f, configuration *c, size_t n, skd_error *err);

/* Part n on all equivalents of a site around part `near`. */
static skd_status place_around(finder *f, configuration *c, size_t n, size_t near, const double site[3],
                               skd_error *err) {
    double height[3], d[3], frac[3];
    int low[3], high[3];
    skd_cell_heights(f->primitive->lattice, height);
    for (int k = 0; k < 3; k++)
        d[k] = c->part[near].pos[k] - site[k];
    skd_to_frac(f->inverse, d, frac);
    for (int k = 0; k < 3; k++) {
        low[k] = (int)floor(frac[k] - f->reach / height[k]);
        high[k] = (int)ceil(frac[k] + f->reach / height[k]);
    }
    skd_status status = SKD_OK;
    for (int x = low[0]; x <= high[0]; x++)
        for (int y = low[1]; y <= high[1]; y++)
            for (int z = low[2]; status == SKD_OK && z <= high[2]; z++) {
                const double cell[3] = {x, y, z};
                double *pos = c->part[n].pos, off[3];
                skd_row_times(cell, f->primitive->lattice, pos);
                for (int k = 0; k < 3; k++) {
                    pos[k] += site[k];
                    off[k] = pos[k] - c->part[near].pos[k];
                }
                if (skd_norm(off) <= f->reach && is_free(f, c, n, near, pos))
                    status = place_part(f, c, n + 1, err);
            }
    return status;
}

/* Parts n, n + 1, ... in every way. */
static skd_status place_part(finder *f, configuration *c, size_t n, skd_error *err) {
    if (n == f->n_parts)
        return keep(f, c, err);
    skd_status status = SKD_OK;
    for (size_t s = 0; status == SKD_OK && s < f->singles->n; s++) {
        const skd_defect *single = f->singles->defect[s];
        if (!is_meant(f->name[n], single))
            continue;
        c->part[n].single = single;
        if (n == 0) {
            skd_row_times(single->site, f->bulk->lattice, c->part[0].pos);
            c->count = (double)single->multiplicity;
            status = place_part(f, c, 1, err);
        }
        for (size_t near = 0; status == SKD_OK && near < n; near++)
            for (size_t k = 0; status == SKD_OK && k < f->orbit_size[s]; k++) {
                c->part[n].single = single;
                status = place_around(f, c, n, near, f->orbit[s][k], err);
            }
    }
    return status;
}

/* Ways to exchange parts of the same name. */
static double permutations(const finder *f) {
    double ways = 1.0;
    for (size_t i = 0; i < f->n_parts; i++) {
        int like = 1;
        for (size_t j = 0; j < i; j++)
            like += strcmp(f->name[i], f->name[j]) == 0;
        ways *= like;
    }
    return ways;
}

/* ---- the cell --------------------------------------------------------------------------------- */

enum { GONE = -2, HOST = -1 }; /* owner of an atom; else the part that added it */

/* Atoms of the host and of the parts before they are sorted: [n + parts]. */
typedef struct atoms {
    size_t n;
    int *species, *owner;
    double (*pos)[3];
} atoms;

static size_t host_atom_at(const finder *f, const double pos[3]) {
    double best = HUGE_VAL, d[3];
    size_t at = 0;
    for (size_t i = 0; i < f->bulk->n; i++) {
        const double r = skd_mic_vector(&f->mic, pos, f->bulk->pos[i], d);
        if (r < best) {
            best = r;
            at = i;
        }
    }
    return at;
}

static void put_parts(atoms *a, const finder *f, const configuration *c) {
    for (size_t i = 0; i < f->bulk->n; i++) {
        a->species[i] = f->bulk->species[i];
        a->owner[i] = HOST;
        memcpy(a->pos[i], f->bulk->pos[i], sizeof a->pos[i]);
    }
    a->n = f->bulk->n;
    for (size_t k = 0; k < f->n_parts; k++) {
        const skd_defect *single = c->part[k].single;
        const bool inserted = single->kind == SKD_INTERSTITIAL;
        const size_t i = inserted ? a->n++ : host_atom_at(f, c->part[k].pos);
        a->owner[i] = single->kind == SKD_VACANCY ? GONE : (int)k;
        a->species[i] = single->kind == SKD_VACANCY ? a->species[i] : single->added;
        if (inserted)
            memcpy(a->pos[i], c->part[k].pos, sizeof a->pos[i]);
    }
}

static void take_species(skd_defect *defect, const atoms *a, int z, bool *done, size_t *used) {
    for (size_t i = 0; !done[z] && i < a->n; i++) {
        if (a->species[i] != z || a->owner[i] == GONE)
            continue;
        if (a->owner[i] >= 0)
            defect->part[a->owner[i]].index = *used;
        defect->cell->species[*used] = z;
        memcpy(defect->cell->pos[(*used)++], a->pos[i], sizeof a->pos[i]);
    }
    done[z] = true;
}

/* Like species together, in the order in which the host has them, foreign ones last. */
static void sort_like_host(skd_defect *defect, const atoms *a, const skd_cell *bulk) {
    bool done[SKD_ELEMENT_MAX + 1] = {false};
    size_t used = 0;
    for (size_t i = 0; i < bulk->n; i++)
        take_species(defect, a, bulk->species[i], done, &used);
    for (size_t i = 0; i < a->n; i++)
        take_species(defect, a, a->species[i], done, &used);
}

static skd_status make_cell(skd_defect *defect, const finder *f, const configuration *c, skd_error *err) {
    const size_t most = f->bulk->n + f->n_parts;
    atoms a = {.species = skd_alloc(most, sizeof *a.species), .owner = skd_alloc(most, sizeof *a.owner)};
    a.pos = skd_alloc(most, sizeof *a.pos);
    skd_status status = SKD_OK;
    if (!a.species || !a.owner || !a.pos)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %s", defect->name);
    if (status == SKD_OK) {
        put_parts(&a, f, c);
        size_t left = 0;
        for (size_t i = 0; i < a.n; i++)
            left += a.owner[i] != GONE;
        status = skd_cell_new(&defect->cell, left, err);
    }
    if (status == SKD_OK) {
        memcpy(defect->cell->lattice, f->bulk->lattice, sizeof f->bulk->lattice);
        memcpy(defect->cell->pbc, f->bulk->pbc, sizeof f->bulk->pbc);
        sort_like_host(defect, &a, f->bulk);
    }
    skd_free(a.species);
    skd_free(a.owner);
    skd_free(a.pos);
    return status;
}

/* ---- the defect ------------------------------------------------------------------------------- */

/* Rotations that keep the configuration, by name. */
static skd_status name_symmetry(skd_defect *defect, const finder *f, const configuration *c, skd_error *err) {
    int(*rotation)[3][3] = skd_alloc(f->symmetry->n_operations, sizeof *rotation);
    size_t n = 0;
    if (!rotation)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the symmetry of %s", defect->name);
    for (size_t op = 0; op < f->symmetry->n_operations; op++)
        for (size_t which = 0; which < f->n_parts; which++)
            if (maps(f, op, which, c, c)) {
                memcpy(rotation[n++], f->symmetry->operation[op].rotation, sizeof *rotation);
                break;
            }
    snprintf(defect->site_symmetry, sizeof defect->site_symmetry, "%s",
             skd_point_group_name((const int(*)[3][3])rotation, n));
    skd_free(rotation);
    return SKD_OK;
}

/* "Cd_Te+v_Cd_2.81": the distances of the other parts from the first. */
static void name_complex(char name[64], const finder *f, const configuration *c) {
    size_t used = 0;
    name[0] = '\0';
    for (size_t k = 0; k < f->n_parts && used < 63; k++)
        used += (size_t)snprintf(name + used, 64 - used, k ? "+%s" : "%s", c->part[k].single->name);
    for (size_t k = 1; k < f->n_parts && used < 63; k++) {
        double d[3];
        used += (size_t)snprintf(name + used, 64 - used, "_%.2f",
                                 skd_mic_vector(&f->mic, c->part[0].pos, c->part[k].pos, d));
    }
}

/* Namesakes among the complexes get letters: a, b, .. */
static void letter_names(skd_defect **defect, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char same[64];
        int copies = 0;
        memcpy(same, defect[i]->name, sizeof same);
        for (size_t j = i + 1; j < n; j++)
            if (strcmp(defect[j]->name, same) == 0) {
                copies++;
                snprintf(defect[j]->name, sizeof defect[j]->name, "%.58s%c%.0d", same, 'a' + copies % 26, copies / 26);
            }
        if (copies)
            snprintf(defect[i]->name, sizeof defect[i]->name, "%.58sa", same);
    }
}

static skd_status fill_complex(skd_defect *defect, const finder *f, const configuration *c, skd_error *err) {
    double inverse[3][3];
    skd_status status = skd_cell_inverse(f->bulk, inverse, err);
    defect->part = skd_alloc(f->n_parts, sizeof *defect->part);
    if (status == SKD_OK && !defect->part)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a complex");
    if (status != SKD_OK)
        return status;
    const skd_defect *first = c->part[0].single;
    defect->kind = first->kind;
    defect->removed = first->removed;
    defect->added = first->added;
    defect->oxidation_known = true;
    defect->multiplicity = (size_t)nearbyint(c->count / permutations(f));
    defect->n_parts = f->n_parts;
    name_complex(defect->name, f, c);
    for (size_t k = 0; k < f->n_parts; k++) {
        const skd_defect *single = c->part[k].single;
        skd_defect_part *part = &defect->part[k];
        *part = (skd_defect_part){single->kind, single->removed, single->added, {0}, SIZE_MAX};
        skd_to_frac(inverse, c->part[k].pos, part->site);
        defect->oxidation_change += single->oxidation_change;
        defect->oxidation_known = defect->oxidation_known && single->oxidation_known;
        if (single->oxidation_max > defect->oxidation_max)
            defect->oxidation_max = single->oxidation_max;
    }
    memcpy(defect->site, defect->part[0].site, sizeof defect->site);
    status = name_symmetry(defect, f, c, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&defect->bulk, f->bulk, err);
    if (status == SKD_OK)
        status = make_cell(defect, f, c, err);
    defect->index = defect->part[0].index;
    return status;
}

static skd_status add_complexes(skd_defect_list *out, const finder *f, skd_error *err) {
    const size_t before = out->n;
    for (size_t k = 0; k < f->n_found; k++) {
        skd_status status = skd_grow((void **)&out->defect, &out->capacity, out->n + 1, sizeof *out->defect, err);
        if (status != SKD_OK)
            return status;
        skd_defect *defect = skd_alloc(1, sizeof *defect);
        if (!defect)
            return skd_fail(err, SKD_ENOMEM, "out of memory for a complex");
        out->defect[out->n++] = defect;
        status = fill_complex(defect, f, &f->found[k], err);
        if (status != SKD_OK)
            return status;
    }
    letter_names(out->defect + before, out->n - before);
    return SKD_OK;
}

/* Closest first: by the distances from the first part, one after the other. */
static int closer(const void *left, const void *right) {
    const configuration *a = left, *b = right;
    for (int k = 1; k < MOST_PARTS && a->part[k].single && b->part[k].single; k++) {
        double d[3], e[3];
        for (int c = 0; c < 3; c++) {
            d[c] = a->part[k].pos[c] - a->part[0].pos[c];
            e[c] = b->part[k].pos[c] - b->part[0].pos[c];
        }
        const double r = skd_norm(d) - skd_norm(e);
        if (fabs(r) > 1e-3)
            return r < 0.0 ? -1 : 1;
    }
    return 0;
}

skd_status skd_complexes_add(skd_defect_list *out, const skd_defect_list *singles, const skd_cell *primitive,
                             const char *parts, double distance, skd_error *err) {
    if (singles->n == 0)
        return skd_fail(err, SKD_EARG, "no defects to make the complex '%s' of", parts);
    finder f = {.singles = singles, .primitive = primitive, .bulk = singles->defect[0]->bulk, .reach = distance};
    const double half = 0.5 * skd_image_distance(f.bulk->lattice);
    if (!(distance > APART && distance < half))
        return skd_fail(err, SKD_EARG, "distance of the parts of a complex, %g Å: must lie between %g Å and half the "
                        "distance of the supercell's images, %.2f Å", distance, APART, half);
    configuration c = {.count = 0.0};
    skd_status status = read_parts(&f, parts, err);
    if (status == SKD_OK)
        status = check_parts(&f, err);
    if (status == SKD_OK)
        status = look_at_host(&f, err);
    if (status == SKD_OK)
        status = place_part(&f, &c, 0, err);
    if (status == SKD_OK && f.n_found == 0)
        status = skd_fail(err, SKD_EARG, "no configuration of '%s' within %g Å", parts, distance);
    if (status == SKD_OK) {
        qsort(f.found, f.n_found, sizeof *f.found, closer);
        status = add_complexes(out, &f, err);
    }
    finder_close(&f);
    return status;
}

/* ---- its row in the table ---------------------------------------------------------------------- */

static skd_status refuse(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) {
    (void)out, (void)charge, (void)options;
    return skd_fail(err, SKD_EARG, "a complex is a defect of its own, not a start of %s: --complex", defect->name);
}

const skd_start_kind skd_kind_complex = {
    .name = "complex",
    .summary = "two or more defects near each other, in every distinct configuration",
    .why_not = "a defect of its own, with starts of all other kinds; ask with --complex \"v_Cd+Te_i\"",
    .make = refuse,
};
