/* SPDX-License-Identifier: MIT */
/* symmetry.c - space groups, sites, standard cells. The only door to spglib (2.0): nothing else
 * includes its header.
 *
 * spglib wants the lattice by columns and fractional positions. A left-handed cell is handed over
 * with all three vectors reversed: the same crystal (not its mirror image, so that P41 stays P41) in
 * a right-handed basis. Rotations are equal in both bases, fractional coordinates change sign. (2.0.2
 * was seen to cope with left-handed bases by itself, but does not promise to.) */
#include "shakedown/crystal.h"

#include <limits.h>
#include <spglib.h>
#include <string.h>

/* Multiples of the tolerance asked for, tried in turn. */
static const double retries[] = {1.0, 0.5, 2.0, 0.1, 5.0, 0.01, 10.0, 0.001};
enum { N_RETRIES = sizeof retries / sizeof *retries };

/* ---- to spglib --------------------------------------------------------------------------- */

/* A cell as spglib wants it; room for `capacity` atoms, since standard cells are written in place. */
typedef struct spg_cell {
    double lattice[3][3]; /* columns a, b, c */
    double (*position)[3];
    int *type;
    double sign; /* -1 if the basis was reversed */
    int n;
} spg_cell;

static void spg_cell_free(spg_cell *s) {
    skd_free(s->position);
    skd_free(s->type);
}

static void spg_cell_fill(spg_cell *s, const skd_cell *cell, const double inverse[3][3]) {
    s->n = (int)cell->n;
    s->sign = skd_det3(cell->lattice) < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            s->lattice[k][i] = s->sign * cell->lattice[i][k];
    for (size_t i = 0; i < cell->n; i++) {
        skd_to_frac(inverse, cell->pos[i], s->position[i]);
        for (int k = 0; k < 3; k++)
            s->position[i][k] *= s->sign;
        s->type[i] = cell->species[i];
    }
}

/* Checks what spglib would not survive and makes room for `times` copies of the atoms. */
static skd_status spg_cell_new(spg_cell *s, const skd_cell *cell, size_t times, double symprec, double inverse[3][3],
                               skd_error *err) {
    *s = (spg_cell){.n = 0};
    if (!(symprec > 0.0) || !isfinite(symprec))
        return skd_fail(err, SKD_EARG, "symmetry tolerance %g: expected a positive length in Å", symprec);
    if (cell->n == 0)
        return skd_fail(err, SKD_EARG, "the cell has no atoms: no symmetry to find");
    if (cell->n > INT_MAX / (192 * times))
        return skd_fail(err, SKD_EARG, "%zu atoms are too many for the symmetry search", cell->n);
    skd_status status = skd_cell_inverse(cell, inverse, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < cell->n; i++)
        if (!isfinite(skd_norm(cell->pos[i])))
            return skd_fail(err, SKD_EARG, "the position of atom %zu is not finite: no symmetry to find", i + 1);
    s->position = skd_alloc(times * cell->n, sizeof *s->position);
    s->type = skd_alloc(times * cell->n, sizeof *s->type);
    if (!s->position || !s->type) {
        spg_cell_free(s);
        return skd_fail(err, SKD_ENOMEM, "out of memory for the symmetry of %zu atoms", cell->n);
    }
    spg_cell_fill(s, cell, inverse);
    return SKD_OK;
}

/* ---- sites ------------------------------------------------------------------------------- */

/* How far (Å) an operation moves a point, lattice translations taken off. */
static double moved_by(const skd_operation *op, const double lattice[3][3], const double frac[3]) {
    double d[3], r[3];
    for (int k = 0; k < 3; k++) {
        d[k] = op->translation[k] - frac[k];
        for (int m = 0; m < 3; m++)
            d[k] += op->rotation[k][m] * frac[m];
        d[k] -= nearbyint(d[k]);
    }
    skd_row_times(d, lattice, r);
    return skd_norm(r);
}

size_t skd_site_stabiliser(const skd_symmetry *symmetry, const skd_cell *cell, const double frac[3], double tolerance,
                           size_t *stabiliser) {
    size_t n = 0;
    for (size_t i = 0; i < symmetry->n_operations; i++)
        if (moved_by(&symmetry->operation[i], cell->lattice, frac) <= tolerance)
            stabiliser[n++] = i;
    return n;
}

/* Schoenflies symbol of each orbit's first site, copied along the orbit. */
static skd_status name_sites(skd_symmetry *symmetry, const skd_cell *cell, const double inverse[3][3],
                             skd_error *err) {
    size_t *keep = skd_alloc(symmetry->n_operations, sizeof *keep);
    int(*rotation)[3][3] = skd_alloc(symmetry->n_operations, sizeof *rotation);
    if (!keep || !rotation)
        goto nomem;
    for (size_t i = 0; i < symmetry->n; i++) {
        if (symmetry->orbit[i] != i) {
            memcpy(symmetry->site_symmetry[i], symmetry->site_symmetry[symmetry->orbit[i]], 8);
            continue;
        }
        double frac[3];
        skd_to_frac(inverse, cell->pos[i], frac);
        size_t n = skd_site_stabiliser(symmetry, cell, frac, symmetry->symprec, keep);
        for (size_t k = 0; k < n; k++)
            memcpy(rotation[k], symmetry->operation[keep[k]].rotation, sizeof *rotation);
        strncpy(symmetry->site_symmetry[i], skd_point_group_name((const int(*)[3][3])rotation, n), 7);
    }
    skd_free(keep);
    skd_free(rotation);
    return SKD_OK;
nomem:
    skd_free(keep);
    skd_free(rotation);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the site symmetries of %zu atoms", cell->n);
}

/* ---- space group ------------------------------------------------------------------------- */

void skd_symmetry_free(skd_symmetry *symmetry) {
    if (!symmetry)
        return;
    skd_free(symmetry->orbit);
    skd_free(symmetry->wyckoff);
    skd_free(symmetry->site_symmetry);
    skd_free(symmetry->operation);
    skd_free(symmetry);
}

static skd_status symmetry_new(skd_symmetry **out, size_t n, size_t n_operations, skd_error *err) {
    skd_symmetry *symmetry = skd_alloc(1, sizeof *symmetry);
    *out = NULL;
    if (!symmetry)
        goto nomem;
    symmetry->n = n;
    symmetry->n_operations = n_operations;
    symmetry->orbit = skd_alloc(n, sizeof *symmetry->orbit);
    symmetry->wyckoff = skd_alloc(n, sizeof *symmetry->wyckoff);
    symmetry->site_symmetry = skd_alloc(n, sizeof *symmetry->site_symmetry);
    symmetry->operation = skd_alloc(n_operations, sizeof *symmetry->operation);
    if (!symmetry->orbit || !symmetry->wyckoff || !symmetry->site_symmetry || !symmetry->operation)
        goto nomem;
    *out = symmetry;
    return SKD_OK;
nomem:
    skd_symmetry_free(symmetry);
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu symmetry operations of %zu atoms", n_operations, n);
}

/* P1: what is left when spglib finds nothing at any tolerance. */
static void fill_p1(skd_symmetry *symmetry) {
    symmetry->number = symmetry->hall = 1;
    strcpy(symmetry->international, "P1");
    strcpy(symmetry->point_group, "1");
    for (size_t i = 0; i < symmetry->n; i++) {
        symmetry->orbit[i] = i;
        symmetry->wyckoff[i] = 'a';
    }
    for (int k = 0; k < 3; k++)
        symmetry->operation[0].rotation[k][k] = 1;
}

static void copy_operations(skd_symmetry *symmetry, const SpglibDataset *dataset, double sign) {
    for (size_t i = 0; i < symmetry->n_operations; i++) {
        skd_operation *op = &symmetry->operation[i];
        memcpy(op->rotation, dataset->rotations[i], sizeof op->rotation);
        for (int k = 0; k < 3; k++)
            op->translation[k] = skd_wrap01(sign * dataset->translations[i][k]);
    }
}

/* equivalent_atoms, not crystallographic_orbits: the former follow from the operations of the cell as
 * given, also where a supercell's shape breaks some of the crystal's. */
static void copy_sites(skd_symmetry *symmetry, const SpglibDataset *dataset) {
    for (size_t i = 0; i < symmetry->n; i++) {
        size_t first = 0;
        while (dataset->equivalent_atoms[first] != dataset->equivalent_atoms[i])
            first++;
        symmetry->orbit[i] = first;
        int letter = dataset->wyckoffs[i]; /* 26 is the "alpha" of Pmmm, written A */
        symmetry->wyckoff[i] = (char)(letter < 26 ? 'a' + letter : 'A');
    }
}

static void fill_dataset(skd_symmetry *symmetry, const SpglibDataset *dataset, double sign) {
    symmetry->number = dataset->spacegroup_number;
    symmetry->hall = dataset->hall_number;
    strncpy(symmetry->international, dataset->international_symbol, sizeof symmetry->international - 1);
    strncpy(symmetry->point_group, dataset->pointgroup_symbol, sizeof symmetry->point_group - 1);
    copy_operations(symmetry, dataset, sign);
    copy_sites(symmetry, dataset);
}

static SpglibDataset *find_dataset(spg_cell *s, double symprec, double *used) {
    SpglibDataset *dataset = NULL;
    for (int i = 0; i < N_RETRIES && !dataset; i++) {
        *used = retries[i] * symprec;
        dataset = spg_get_dataset(s->lattice, s->position, s->type, s->n, *used);
    }
    return dataset;
}

/* What follows from the operations: the point group, the translations, the sites. */
static skd_status name_groups(skd_symmetry *symmetry, const skd_cell *cell, const double inverse[3][3],
                              skd_error *err) {
    int(*rotation)[3][3] = skd_alloc(symmetry->n_operations, sizeof *rotation);
    if (!rotation)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu symmetry operations", symmetry->n_operations);
    static const int one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (size_t i = 0; i < symmetry->n_operations; i++) {
        memcpy(rotation[i], symmetry->operation[i].rotation, sizeof *rotation);
        symmetry->n_translations += memcmp(rotation[i], one, sizeof one) == 0;
    }
    strncpy(symmetry->schoenflies, skd_point_group_name((const int(*)[3][3])rotation, symmetry->n_operations), 7);
    skd_free(rotation);
    return name_sites(symmetry, cell, inverse, err);
}

skd_status skd_symmetry_find(skd_symmetry **out, const skd_cell *cell, double symprec, skd_error *err) {
    *out = NULL;
    spg_cell s;
    double inverse[3][3], used = 0.0;
    skd_status status = spg_cell_new(&s, cell, 1, symprec, inverse, err);
    if (status != SKD_OK)
        return status;
    SpglibDataset *dataset = find_dataset(&s, symprec, &used);
    skd_symmetry *symmetry = NULL;
    status = symmetry_new(&symmetry, cell->n, dataset ? (size_t)dataset->n_operations : 1, err);
    if (status == SKD_OK) {
        symmetry->symprec = used;
        if (dataset)
            fill_dataset(symmetry, dataset, s.sign);
        else
            fill_p1(symmetry);
        status = name_groups(symmetry, cell, inverse, err);
    }
    if (dataset)
        spg_free_dataset(dataset);
    spg_cell_free(&s);
    if (status == SKD_OK)
        *out = symmetry;
    else
        skd_symmetry_free(symmetry);
    return status;
}

/* ---- standard cells ---------------------------------------------------------------------- */

static skd_status cell_from_spg(skd_cell **out, const spg_cell *s, int n, skd_error *err) {
    skd_status status = skd_cell_new(out, (size_t)n, err);
    if (status != SKD_OK)
        return status;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            (*out)->lattice[i][k] = s->lattice[k][i];
    for (int i = 0; i < n; i++) {
        double frac[3];
        for (int k = 0; k < 3; k++)
            frac[k] = skd_wrap01(s->position[i][k]);
        (*out)->species[i] = s->type[i];
        skd_row_times(frac, (const double(*)[3])(*out)->lattice, (*out)->pos[i]);
    }
    return SKD_OK;
}

/* Not idealised: positions and the orientation in space stay those of the input. A cell in which
 * spglib finds nothing is its own standard cell (P1). */
static skd_status standard_cell(skd_cell **out, const skd_cell *cell, int to_primitive, double symprec,
                                skd_error *err) {
    *out = NULL;
    spg_cell s;
    double inverse[3][3];
    skd_status status = spg_cell_new(&s, cell, 4, symprec, inverse, err);
    if (status != SKD_OK)
        return status;
    int n = 0;
    for (int i = 0; i < N_RETRIES && n <= 0; i++) {
        spg_cell_fill(&s, cell, inverse);
        n = spg_standardize_cell(s.lattice, s.position, s.type, s.n, to_primitive, 1, retries[i] * symprec);
    }
    status = n > 0 ? cell_from_spg(out, &s, n, err) : skd_cell_copy(out, cell, err);
    spg_cell_free(&s);
    return status;
}

skd_status skd_primitive(skd_cell **out, const skd_cell *cell, double symprec, skd_error *err) {
    return standard_cell(out, cell, 1, symprec, err);
}

skd_status skd_conventional(skd_cell **out, const skd_cell *cell, double symprec, skd_error *err) {
    return standard_cell(out, cell, 0, symprec, err);
}
