/* SPDX-License-Identifier: MIT */
/* basis.c - the contracted shells of the elements present, and what each pair of elements has in common:
 * tables of overlaps and the constants K of the core Hamiltonian. */
#include <string.h>

#include "gfn1.h"

#define PI             3.14159265358979323846
#define K_DIFFUSE      2.85
#define EN_SCALE       (-0.007)
#define LIBRARY_CUTOFF 40.0 /* bohr; cuts diffuse shells, see the golden numbers */

/* ---- shells ----------------------------------------------------------------------------------- */

static skd_status contract(gfn1_contraction *c, const gfn1_shell *shell, int z, skd_error *err) {
    static const double odd_factorial[3] = {1.0, 1.0, 3.0};
    c->l = shell->l;
    c->n = gfn1_slater(shell->n, shell->l, shell->gaussians, c->exponent, c->coefficient);
    if (c->n < 1)
        return skd_fail(err, SKD_EARG, "gfn1: no Gaussians for shell n = %d, l = %d of element %d", shell->n, shell->l,
                        z);
    for (int p = 0; p < c->n; p++) {
        double a = c->exponent[p] *= shell->zeta * shell->zeta;
        c->coefficient[p] *= pow(2.0 * a / PI, 0.75) * pow(4.0 * a, 0.5 * c->l) / sqrt(odd_factorial[c->l]);
    }
    return SKD_OK;
}

/* Makes a shell orthogonal to an earlier one of the same atom and l, and of norm 1. */
static void orthogonalise(gfn1_contraction *c, const gfn1_contraction *to) {
    double o = gfn1_overlap_same(to, c);
    for (int p = 0; p < to->n && c->n < GFN1_GAUSSIANS; p++, c->n++) {
        c->exponent[c->n] = to->exponent[p];
        c->coefficient[c->n] = -o * to->coefficient[p];
    }
    double norm = 1.0 / sqrt(gfn1_overlap_same(c, c));
    for (int p = 0; p < c->n; p++)
        c->coefficient[p] *= norm;
}

static skd_status make_kind(gfn1_kind *kind, int z, skd_error *err) {
    kind->z = z;
    skd_status status = gfn1_element_of(z, &kind->element, err);
    for (int s = 0; s < kind->element.n_shells && status == SKD_OK; s++) {
        status = contract(&kind->shell[s], &kind->element.shells[s], z, err);
        for (int earlier = 0; earlier < s && status == SKD_OK; earlier++)
            if (kind->shell[earlier].l == kind->shell[s].l)
                orthogonalise(&kind->shell[s], &kind->shell[earlier]);
    }
    return status;
}

/* ---- constants of pairs ----------------------------------------------------------------------- */

static double d_row(int z) {
    return z >= 21 && z <= 29 ? 1.1 : (z >= 39 && z <= 47) || (z >= 57 && z <= 79) ? 1.2 : 0.0;
}

static double pair_factor(int a, int b) {
    static const struct {
        int a, b;
        double k;
    } known[] = {{1, 1, 0.96}, {1, 5, 0.95},  {1, 7, 1.04},  {1, 28, 0.90},
                 {1, 75, 0.80}, {1, 78, 0.80}, {5, 15, 0.97}, {7, 14, 1.01}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (a == known[i].a && b == known[i].b)
            return known[i].k;
    return d_row(a) > 0.0 && d_row(b) > 0.0 ? 0.5 * (d_row(a) + d_row(b)) : 1.0;
}

static double shell_factor(const gfn1_kind *a, int sa, const gfn1_kind *b, int sb) {
    static const double k[3][3] = {{1.85, 2.08, 1.925}, {2.08, 2.25, 2.125}, {1.925, 2.125, 2.0}};
    const gfn1_shell *s = &a->element.shells[sa], *t = &b->element.shells[sb];
    double en = a->element.en - b->element.en;
    if (s->valence && t->valence)
        return pair_factor(a->z, b->z) * k[s->l][t->l] * (1.0 + EN_SCALE * en * en);
    if (!s->valence && !t->valence)
        return K_DIFFUSE;
    int l = s->valence ? s->l : t->l;
    return 0.5 * (k[l][l] + K_DIFFUSE);
}

static skd_status make_pair(gfn1_pair *pair, const gfn1_kind *a, const gfn1_kind *b, double cutoff, skd_error *err) {
    skd_status status = SKD_OK;
    pair->radius = a->element.ratom + b->element.ratom;
    for (int s = 0; s < a->element.n_shells; s++)
        for (int t = 0; t < b->element.n_shells && status == SKD_OK; t++) {
            pair->k[s][t] = shell_factor(a, s, b, t);
            status = gfn1_table_init(&pair->table[s][t], &a->shell[s], &b->shell[t], cutoff, err);
        }
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------- */

size_t gfn1_kind_of(const gfn1_basis *basis, int z) {
    size_t k = 0;
    while (k < basis->n_kinds && basis->kind[k].z != z)
        k++;
    return k;
}

/* Marks the elements present, for atomic numbers up to GFN1_Z_MAX. */
static size_t mark_present(bool present[GFN1_Z_MAX + 1], size_t n, const int *z) {
    size_t kinds = 0;
    memset(present, 0, (GFN1_Z_MAX + 1) * sizeof *present);
    for (size_t i = 0; i < n; i++) {
        kinds += !present[z[i]];
        present[z[i]] = true;
    }
    return kinds;
}

bool gfn1_basis_fits(const gfn1_basis *basis, size_t n, const int *z) {
    bool present[GFN1_Z_MAX + 1];
    if (!basis || mark_present(present, n, z) != basis->n_kinds)
        return false;
    for (size_t k = 0; k < basis->n_kinds; k++)
        if (!present[basis->kind[k].z])
            return false;
    return true;
}

static double overlap_cutoff(const gfn1_basis *basis, gfn1_mode mode) {
    double least = INFINITY;
    for (size_t k = 0; k < basis->n_kinds; k++)
        for (int s = 0; s < basis->kind[k].element.n_shells; s++)
            for (int p = 0; p < basis->kind[k].shell[s].n; p++)
                least = fmin(least, basis->kind[k].shell[s].exponent[p]);
    double cutoff = sqrt(50.0 / least);
    return mode == GFN1_LIBRARY ? fmin(cutoff, LIBRARY_CUTOFF) : cutoff;
}

skd_status gfn1_basis_new(gfn1_basis **out, size_t n, const int *z, gfn1_mode mode, skd_error *err) {
    bool present[GFN1_Z_MAX + 1];
    *out = NULL;
    size_t kinds = mark_present(present, n, z), k = 0;
    gfn1_basis *basis = skd_alloc(1, sizeof *basis);
    if (!basis)
        goto nomem;
    basis->kind = skd_alloc(kinds, sizeof *basis->kind);
    basis->pair = skd_alloc(kinds * kinds, sizeof *basis->pair);
    if (!basis->kind || !basis->pair)
        goto nomem;
    basis->n_kinds = kinds;
    skd_status status = SKD_OK;
    for (int number = 1; number <= GFN1_Z_MAX && status == SKD_OK; number++)
        if (present[number])
            status = make_kind(&basis->kind[k++], number, err);
    basis->cutoff = status == SKD_OK ? overlap_cutoff(basis, mode) : 0.0;
    for (size_t a = 0; a < kinds; a++)
        for (size_t b = a; b < kinds && status == SKD_OK; b++)
            status = make_pair(&basis->pair[a * kinds + b], &basis->kind[a], &basis->kind[b], basis->cutoff, err);
    if (status == SKD_OK)
        *out = basis;
    else
        gfn1_basis_free(basis);
    return status;
nomem:
    gfn1_basis_free(basis);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the basis");
}

void gfn1_basis_free(gfn1_basis *basis) {
    if (!basis)
        return;
    for (size_t p = 0; p < basis->n_kinds * basis->n_kinds; p++)
        for (int t = 0; t < GFN1_SHELLS * GFN1_SHELLS; t++)
            skd_free(basis->pair[p].table[t / GFN1_SHELLS][t % GFN1_SHELLS].f);
    skd_free(basis->pair);
    skd_free(basis->kind);
    skd_free(basis);
}
