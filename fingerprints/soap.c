/* SPDX-License-Identifier: MIT */
/* soap.c - SOAP power spectra of atomic environments.
 *
 * The density of each element around a point, one Gaussian an atom, is expanded in orthonormal radial
 * functions and real spherical harmonics,
 *     c_nlm^Z = sum_j w(R_j) I_nl(R_j) Y_lm(R_j)         over the atoms j of element Z
 * and made rotation-invariant as
 *     p_nn'l^ZZ' = pi sqrt(8/(2l+1)) sum_m c_nlm^Z c_n'lm^Z'
 * Layout of a spectrum: blocks Z <= Z' (11, 12, .., 22, ..), in each l, then n, then n' fastest (only
 * n' >= n if Z = Z'). Both as in dscribe, so that numbers can be compared one by one.
 *
 * Hard cut-off: w = 1 and atoms count up to r_cut + sigma sqrt(-2 ln 1e-3), where their Gaussian no longer
 * reaches r_cut. Smooth: w = (1 + 2 x^3 - 3 x^2)^2 with x = R/r_cut, zero beyond; it vanishes at r_cut with
 * its first three derivatives, so a fingerprint varies smoothly as atoms come and go.
 *
 * Cost per point: neighbours x n (l+1)^2 for c, (Z n)^2 (l+1)^2 / 2 for p. Coefficients are stored as
 * c[l^2+l+m][Z][n], n padded to full vectors, and updated eight neighbours at a time:
 *
 *     Y[lm][8] one broadcast  x  I[8][l][n] a row of vectors  ->  c[lm][Z][n]
 *
 * Sources: Bartók, Kondor, Csányi, Phys. Rev. B 87, 184115 (2013), eqs 31-36; De et al., Phys. Chem. Chem.
 * Phys. 18, 13754 (2016); weight: Caro, Phys. Rev. B 100, 024112 (2019). */
#include "shakedown/fingerprints.h"

#include "soap_basis.h"

#include <string.h>

#define WIDE  SKD_HARMONICS_WIDE
#define LANES SKD_SOAP_LANES

/* Four doubles that the compiler maps on the vector registers it has; unaligned, as memory from skd_alloc. */
typedef double vec __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

struct skd_soap {
    skd_soap_options options;
    size_t n_species, size, width; /* width = n_species * stride: one row of c */
    size_t n_lm;
    int slot[SKD_ELEMENT_MAX + 1]; /* place of an element among the blocks, -1 if not resolved */
    double reach;                  /* Å: atoms farther than this do not count */
    skd_harmonics *harmonics;
    skd_soap_basis *basis;
    bool borrowed; /* the basis */
};

/* An atom seen from the point. */
typedef struct seen {
    double d[3], r;
    int slot;
} seen;

struct skd_soap_work {
    seen *list;
    size_t n, capacity;
    double *near;      /* [4][padded]: x, y, z of each atom from the point, and its squared distance */
    size_t padded, near_capacity;
    double (*y)[WIDE]; /* [n_lm][8] */
    double *radial;    /* [8][row] */
    double *c;         /* [n_lm][width] */
    double *power;     /* [l_max+1][width][width], upper triangle by tiles of LANES */
};

/* ---- set-up ------------------------------------------------------------------------------ */

static skd_status check_options(const skd_soap_options *o, skd_error *err) {
    if (!(o->r_cut > 1.0) || !(o->r_cut <= 50.0))
        return skd_fail(err, SKD_EARG, "SOAP: r_cut is %g Å, expected more than 1 and at most 50", o->r_cut);
    if (!(o->sigma >= 0.05) || !(o->sigma <= 10.0))
        return skd_fail(err, SKD_EARG, "SOAP: sigma is %g Å, expected 0.05..10", o->sigma);
    if (o->n_max < 1 || o->n_max > 20)
        return skd_fail(err, SKD_EARG, "SOAP: n_max is %d, expected 1..20", o->n_max);
    if (o->l_max < 0 || o->l_max > 20)
        return skd_fail(err, SKD_EARG, "SOAP: l_max is %d, expected 0..20", o->l_max);
    if (o->cutoff != SKD_SOAP_CUTOFF_HARD && o->cutoff != SKD_SOAP_CUTOFF_SMOOTH)
        return skd_fail(err, SKD_EARG, "SOAP: unknown cut-off mode %d", o->cutoff);
    return SKD_OK;
}

/* Gives each element its block, in the order of the atomic numbers. */
static skd_status assign_slots(skd_soap *soap, const int *species, size_t n_species, skd_error *err) {
    bool wanted[SKD_ELEMENT_MAX + 1] = {false};
    for (size_t i = 0; i < n_species; i++) {
        if (species[i] < 1 || species[i] > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EARG, "SOAP: atomic number %d outside 1..%d", species[i], SKD_ELEMENT_MAX);
        wanted[species[i]] = true;
    }
    for (int z = 0; z <= SKD_ELEMENT_MAX; z++)
        soap->slot[z] = wanted[z] ? (int)soap->n_species++ : -1;
    if (soap->n_species == 0)
        return skd_fail(err, SKD_EARG, "SOAP: no elements given");
    return SKD_OK;
}

void skd_soap_free(skd_soap *soap) {
    if (!soap)
        return;
    skd_harmonics_free(soap->harmonics);
    if (!soap->borrowed)
        skd_soap_basis_free(soap->basis);
    skd_free(soap);
}

static bool same_settings(const skd_soap_options *a, const skd_soap_options *b) {
    return a->r_cut == b->r_cut && a->n_max == b->n_max && a->l_max == b->l_max && a->sigma == b->sigma &&
           a->cutoff == b->cutoff;
}

/* The radial functions do not depend on the elements. */
static skd_status take_basis(skd_soap *soap, const skd_soap_options *o, skd_error *err) {
    soap->borrowed = o->like && same_settings(&o->like->options, o);
    if (!soap->borrowed)
        return skd_soap_basis_new(&soap->basis, o->r_cut, o->n_max, o->l_max, o->sigma, soap->reach, err);
    soap->basis = o->like->basis;
    return SKD_OK;
}

skd_status skd_soap_new(skd_soap **out, const skd_soap_options *options, const int *species, size_t n_species,
                        skd_error *err) {
    *out = NULL;
    skd_status status = check_options(options, err);
    if (status != SKD_OK)
        return status;
    skd_soap *soap = skd_alloc(1, sizeof *soap);
    if (!soap)
        return skd_fail(err, SKD_ENOMEM, "out of memory for SOAP");
    soap->options = *options;
    soap->reach = options->r_cut;
    if (options->cutoff == SKD_SOAP_CUTOFF_HARD)
        soap->reach += options->sigma * sqrt(-2.0 * log(1e-3));
    status = assign_slots(soap, species, n_species, err);
    if (status == SKD_OK)
        status = skd_harmonics_new(&soap->harmonics, options->l_max, err);
    if (status == SKD_OK)
        status = take_basis(soap, options, err);
    if (status != SKD_OK) {
        skd_soap_free(soap);
        return status;
    }
    size_t functions = soap->n_species * (size_t)options->n_max, l1 = (size_t)options->l_max + 1;
    soap->size = functions * (functions + 1) / 2 * l1;
    soap->width = soap->n_species * soap->basis->stride;
    soap->n_lm = l1 * l1;
    *out = soap;
    return SKD_OK;
}

size_t skd_soap_size(const skd_soap *soap) { return soap->size; }

void skd_soap_work_free(skd_soap_work *work) {
    if (!work)
        return;
    skd_free(work->list);
    skd_free(work->y);
    skd_free(work->radial);
    skd_free(work->c);
    skd_free(work->power);
    skd_free(work->near);
    skd_free(work);
}

skd_status skd_soap_work_new(skd_soap_work **out, const skd_soap *soap, skd_error *err) {
    *out = NULL;
    skd_soap_work *work = skd_alloc(1, sizeof *work);
    if (!work)
        goto nomem;
    work->y = skd_alloc(soap->n_lm, sizeof *work->y);
    work->radial = skd_alloc(WIDE * soap->basis->row, sizeof *work->radial);
    work->c = skd_alloc(soap->n_lm * soap->width, sizeof *work->c);
    work->power = skd_alloc(((size_t)soap->options.l_max + 1) * soap->width * soap->width, sizeof *work->power);
    if (!work->y || !work->radial || !work->c || !work->power)
        goto nomem;
    *out = work;
    return SKD_OK;
nomem:
    skd_soap_work_free(work);
    return skd_fail(err, SKD_ENOMEM, "out of memory for SOAP scratch of %zu numbers", soap->n_lm * soap->width);
}

/* ---- expansion --------------------------------------------------------------------------- */

static double cutoff_weight(const skd_soap *soap, double r) {
    if (soap->options.cutoff == SKD_SOAP_CUTOFF_HARD)
        return 1.0;
    double x = r / soap->options.r_cut;
    double w = x < 1.0 ? 1.0 + x * x * (2.0 * x - 3.0) : 0.0;
    return w * w;
}

/* out[row] = sum of six consecutive table rows times their weights */
SKD_VECTOR_CLONES
static void interpolate(const double *table, const double weight[6], size_t row, double *out) {
    for (size_t i = 0; i < row; i += LANES) {
        vec sum = weight[0] * *(const vec *)(table + i);
#pragma GCC unroll 5
        for (size_t q = 1; q < 6; q++)
            sum += weight[q] * *(const vec *)(table + q * row + i);
        *(vec *)(out + i) = sum;
    }
}

/* c[lm][n] += sum over eight atoms of Y[lm][b] I[b][l][n]; c starts at its element's block */
SKD_VECTOR_CLONES
static void accumulate(double (*y)[WIDE], const double *radial, size_t row, size_t stride, int l_max, double *c,
                       size_t width) {
    for (int l = 0; l <= l_max; l++)
        for (size_t n = 0; n < stride; n += LANES) {
            vec function[WIDE];
#pragma GCC unroll 8
            for (size_t b = 0; b < WIDE; b++)
                function[b] = *(const vec *)(radial + b * row + (size_t)l * stride + n);
            for (size_t lm = (size_t)(l * l); lm < (size_t)((l + 1) * (l + 1)); lm++) {
                vec sum = *(vec *)(c + lm * width + n);
#pragma GCC unroll 8
                for (size_t b = 0; b < WIDE; b++)
                    sum += y[lm][b] * function[b];
                *(vec *)(c + lm * width + n) = sum;
            }
        }
}

/* Up to eight atoms of one element, as unit vectors and distances; absent ones have weight 0. */
typedef struct octet {
    double x[WIDE], y[WIDE], z[WIDE], r[WIDE], weight[WIDE];
    int n;
} octet;

static void octet_flush(const skd_soap *soap, octet *o, size_t slot, skd_soap_work *work) {
    const skd_soap_basis *basis = soap->basis;
    if (o->n == 0)
        return;
    for (int b = 0; b < WIDE; b++) {
        double weight[6], *out = work->radial + (size_t)b * basis->row;
        if (b >= o->n) {
            o->x[b] = o->y[b] = o->z[b] = 0.0;
            memset(out, 0, basis->row * sizeof *out);
            continue;
        }
        const double *table = skd_soap_basis_at(basis, o->r[b], weight);
        for (int q = 0; q < 6; q++)
            weight[q] *= o->weight[b];
        interpolate(table, weight, basis->row, out);
    }
    skd_harmonics_eval(soap->harmonics, o->x, o->y, o->z, work->y);
    accumulate(work->y, work->radial, basis->row, basis->stride, basis->l_max, work->c + slot * basis->stride,
               soap->width);
    o->n = 0;
}

static void expand(const skd_soap *soap, skd_soap_work *work) {
    memset(work->c, 0, soap->n_lm * soap->width * sizeof *work->c);
    for (size_t slot = 0; slot < soap->n_species; slot++) {
        octet o = {.n = 0};
        for (size_t i = 0; i < work->n; i++) {
            const seen *s = &work->list[i];
            if (s->slot != (int)slot)
                continue;
            double inverse = s->r > 0.0 ? 1.0 / s->r : 0.0; /* at the point itself only l = 0 counts */
            o.x[o.n] = s->d[0] * inverse;
            o.y[o.n] = s->d[1] * inverse;
            o.z[o.n] = s->d[2] * inverse;
            o.r[o.n] = s->r;
            o.weight[o.n++] = cutoff_weight(soap, s->r);
            if (o.n == WIDE)
                octet_flush(soap, &o, slot, work);
        }
        octet_flush(soap, &o, slot, work);
    }
}

/* ---- power spectrum ---------------------------------------------------------------------- */

/* power[i][j] = sum_m c[m][i] c[m][j] over the rows of one l, in tiles of 4 x 4 on and above the diagonal */
SKD_VECTOR_CLONES
static void gram(const double *c, size_t n_m, size_t width, double *power) {
    for (size_t i = 0; i < width; i += LANES)
        for (size_t j = i; j < width; j += LANES) {
            vec s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
            for (size_t m = 0; m < n_m; m++) {
                const double *left = c + m * width + i;
                vec right = *(const vec *)(c + m * width + j);
                s0 += left[0] * right;
                s1 += left[1] * right;
                s2 += left[2] * right;
                s3 += left[3] * right;
            }
            *(vec *)(power + i * width + j) = s0;
            *(vec *)(power + (i + 1) * width + j) = s1;
            *(vec *)(power + (i + 2) * width + j) = s2;
            *(vec *)(power + (i + 3) * width + j) = s3;
        }
}

static double *copy_block(const skd_soap *soap, const double *power, size_t z1, size_t z2, const double *factor,
                          double *out) {
    size_t stride = soap->basis->stride, width = soap->width, n_max = (size_t)soap->options.n_max;
    for (size_t l = 0; l <= (size_t)soap->options.l_max; l++)
        for (size_t n1 = 0; n1 < n_max; n1++) {
            const double *p = power + (l * width + z1 * stride + n1) * width + z2 * stride;
            for (size_t n2 = z1 == z2 ? n1 : 0; n2 < n_max; n2++)
                *out++ = factor[l] * p[n2];
        }
    return out;
}

static void power_spectrum(const skd_soap *soap, skd_soap_work *work, double *spectrum) {
    double factor[21];
    for (size_t l = 0; l <= (size_t)soap->options.l_max; l++) {
        factor[l] = 3.14159265358979323846 * sqrt(8.0 / (2.0 * (double)l + 1.0));
        gram(work->c + l * l * soap->width, 2 * l + 1, soap->width, work->power + l * soap->width * soap->width);
    }
    for (size_t z1 = 0; z1 < soap->n_species; z1++)
        for (size_t z2 = z1; z2 < soap->n_species; z2++)
            spectrum = copy_block(soap, work->power, z1, z2, factor, spectrum);
}

/* ---- who is seen from where -------------------------------------------------------------- */

static skd_status check_species(const skd_soap *soap, const skd_cell *cell, skd_error *err) {
    for (size_t i = 0; i < cell->n; i++) {
        int z = cell->species[i];
        if (z < 1 || z > SKD_ELEMENT_MAX || soap->slot[z] < 0)
            return skd_fail(err, SKD_EARG, "SOAP: atom %zu has atomic number %d, which this SOAP does not resolve",
                            i + 1, z);
    }
    return SKD_OK;
}

/* Periodic images to visit: atoms are first brought next to the point, then shifted by -n..n cells. */
typedef struct window {
    double inverse[3][3];
    int n[3];
} window;

static skd_status window_of(window *w, const skd_cell *cell, double reach, skd_error *err) {
    *w = (window){.n = {0, 0, 0}};
    if (!cell->pbc[0] && !cell->pbc[1] && !cell->pbc[2])
        return SKD_OK;
    skd_status status = skd_cell_inverse(cell, w->inverse, err);
    if (status != SKD_OK)
        return status;
    double height[3];
    skd_cell_heights(cell->lattice, height);
    for (int k = 0; k < 3; k++)
        w->n[k] = cell->pbc[k] ? (int)floor(reach / height[k] + 0.5) : 0;
    return SKD_OK;
}

/* near[3][padded]: of each atom the image with fractional components within +-1/2 of the point. The
 * padding repeats a place out of reach. */
static void bring_near(const window *w, const skd_cell *cell, const double point[3], double far, double *near,
                       size_t padded) {
    for (size_t i = 0; i < padded; i++) {
        double d[3] = {far, far, far}, f[3];
        if (i < cell->n) {
            for (int c = 0; c < 3; c++)
                d[c] = cell->pos[i][c] - point[c];
            skd_row_times(d, w->inverse, f);
            for (int k = 0; k < 3; k++) {
                double whole = cell->pbc[k] ? floor(f[k] + 0.5) : 0.0;
                for (int c = 0; c < 3 && whole != 0.0; c++)
                    d[c] -= whole * cell->lattice[k][c];
            }
        }
        for (size_t c = 0; c < 3; c++)
            near[c * padded + i] = d[c];
    }
}

SKD_VECTOR_CLONES
static void squared_distances(const double *near, size_t padded, const double shift[3], double *r2) {
    for (size_t i = 0; i < padded; i += LANES) {
        vec x = *(const vec *)(near + i) + shift[0];
        vec y = *(const vec *)(near + padded + i) + shift[1];
        vec z = *(const vec *)(near + 2 * padded + i) + shift[2];
        *(vec *)(r2 + i) = x * x + y * y + z * z;
    }
}

/* Adds the atoms of one periodic image of the cell that are within reach. */
static skd_status see_image(const skd_soap *soap, const skd_cell *cell, const double shift[3], skd_soap_work *work,
                            skd_error *err) {
    size_t padded = work->padded;
    double *r2 = work->near + 3 * padded, reach2 = soap->reach * soap->reach;
    squared_distances(work->near, padded, shift, r2);
    skd_status status = skd_grow((void **)&work->list, &work->capacity, work->n + cell->n, sizeof *work->list, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        if (r2[i] > reach2)
            continue;
        seen *s = &work->list[work->n++];
        for (size_t c = 0; c < 3; c++)
            s->d[c] = work->near[c * padded + i] + shift[c];
        s->r = sqrt(r2[i]);
        s->slot = soap->slot[cell->species[i]];
    }
    return status;
}

/* Every atom and image within reach of the point. The search is over all atoms: even for 10^4 of them it
 * costs less than the expansion. */
static skd_status look_around(const skd_soap *soap, const window *w, const skd_cell *cell, const double point[3],
                              skd_soap_work *work, skd_error *err) {
    skd_status status = SKD_OK;
    work->n = 0;
    bring_near(w, cell, point, 1e6, work->near, work->padded);
    for (int i = -w->n[0]; i <= w->n[0]; i++)
        for (int j = -w->n[1]; j <= w->n[1]; j++)
            for (int k = -w->n[2]; k <= w->n[2] && status == SKD_OK; k++) {
                double cells[3] = {i, j, k}, shift[3];
                skd_row_times(cells, cell->lattice, shift);
                status = see_image(soap, cell, shift, work, err);
            }
    return status;
}

skd_status skd_soap_at(const skd_soap *soap, const skd_cell *cell, const double (*point)[3], size_t n_points,
                       skd_soap_work *work, double *spectrum, skd_error *err) {
    window w;
    skd_status status = check_species(soap, cell, err);
    if (status == SKD_OK)
        status = window_of(&w, cell, soap->reach, err);
    work->padded = (cell->n + LANES - 1) / LANES * LANES;
    if (status == SKD_OK)
        status = skd_grow((void **)&work->near, &work->near_capacity, 4 * work->padded, sizeof *work->near, err);
    for (size_t i = 0; i < n_points && status == SKD_OK; i++) {
        status = look_around(soap, &w, cell, point[i], work, err);
        if (status != SKD_OK)
            break;
        expand(soap, work);
        power_spectrum(soap, work, spectrum + i * soap->size);
    }
    return status;
}

skd_status skd_soap_atoms(const skd_soap *soap, const skd_cell *cell, skd_soap_work *work, double *spectrum,
                          skd_error *err) {
    return skd_soap_at(soap, cell, (const double(*)[3])cell->pos, cell->n, work, spectrum, err);
}

void skd_soap_average(const double *spectra, size_t n, size_t size, double *mean) {
    memset(mean, 0, size * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < size; k++)
            mean[k] += spectra[i * size + k];
    for (size_t k = 0; n && k < size; k++)
        mean[k] /= (double)n;
}
