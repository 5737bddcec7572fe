/* SPDX-License-Identifier: MIT */
/* features.c - which features there are: elements, channels, numbering, norms. */
#include "triplets.h"

#include <string.h>

/* ---- size ---------------------------------------------------------------------------------------- */

static size_t count_per_element(const skd_features_options *o, size_t channels) {
    size_t a = channels * (size_t)o->n_max;
    return a + ((size_t)o->l_max + 1) * a * (a + 1) / 2 +
           (o->body > 3 ? skd_triplets_count(o->l_triplet, channels * (size_t)o->n_triplet) : 0);
}

/* A coarser basis, then fewer channels, until all elements together have at most options.most features. */
static void make_it_fit(skd_features *f) {
    skd_features_options *o = &f->options;
    f->n_channels = f->n_species < (size_t)o->channels ? f->n_species : (size_t)o->channels;
    o->n_triplet = o->body < 4 ? 0 : o->n_triplet < o->n_max ? o->n_triplet : o->n_max;
    o->l_triplet = o->body < 4 ? 0 : o->l_triplet < o->l_max ? o->l_triplet : o->l_max;
    while (o->most > 0 && o->n_triplet > 1 && f->n_species * count_per_element(o, f->n_channels) > o->most)
        o->n_triplet--;
    if (o->most == 0 || f->n_species * count_per_element(o, f->n_channels) <= o->most)
        return;
    o->n_max = o->n_max < 5 ? o->n_max : 5;
    o->l_max = o->l_max < 3 ? o->l_max : 3;
    o->l_triplet = o->l_triplet < o->l_max ? o->l_triplet : o->l_max;
    o->width = fmax(o->width, 0.5);
    while (f->n_channels > 1 && f->n_species * count_per_element(o, f->n_channels) > o->most)
        f->n_channels--;
}

static skd_status check_options(const skd_features_options *o, size_t n_species, skd_error *err) {
    if (!(o->cutoff > 0.0) || !(o->taper > 0.0) || o->taper > o->cutoff || !(o->width > 0.0))
        return skd_fail(err, SKD_EARG, "surrogate: cutoff %g, taper %g, width %g Å; expected all above 0 and the taper "
                        "within the cutoff", o->cutoff, o->taper, o->width);
    if (o->n_max < 1 || o->n_max > 30 || o->l_max < 0 || o->l_max > 12 || o->channels < 1)
        return skd_fail(err, SKD_EARG, "surrogate: n_max %d, l_max %d, channels %d; expected 1..30, 0..12, 1 or more",
                        o->n_max, o->l_max, o->channels);
    if (o->body < 3 || o->body > 4)
        return skd_fail(err, SKD_EARG, "surrogate: body order %d; expected 3 or 4", o->body);
    if (o->body == 4 && (o->n_triplet < 1 || o->l_triplet < 0 || !(o->near > 0.0 && o->near <= 1.0)))
        return skd_fail(err, SKD_EARG, "surrogate: n_triplet %d, l_triplet %d, near %g; expected 1 or more, 0 or more, "
                        "above 0 to 1", o->n_triplet, o->l_triplet, o->near);
    if (n_species < 1 || n_species > SKD_ELEMENT_MAX)
        return skd_fail(err, SKD_EARG, "surrogate: %zu elements", n_species);
    return SKD_OK;
}

/* ---- channels -------------------------------------------------------------------------------------- */

/* What tells elements apart, for a channel: the density of all, then electronegativity, radius, and so on. */
static double property(int z, size_t channel) {
    const skd_element *e = skd_element_of(z);
    if (channel == 0)
        return 1.0;
    if (channel == 1)
        return e->electronegativity > 0.0 ? e->electronegativity : 2.0;
    return channel == 2 ? e->covalent_radius : pow((double)z, 0.2 * (double)channel);
}

/* One channel an element; or, with more elements than channels, orthonormal mixtures of the properties. */
static void set_mix(skd_features *f) {
    double n = (double)f->n_species;
    for (size_t z = 0; z < f->n_species; z++)
        for (size_t s = 0; s < f->n_channels; s++)
            f->mix[z][s] = f->n_channels == f->n_species ? (z == s) : property(f->species[z], s);
    for (size_t s = 0; s < f->n_channels && f->n_channels < f->n_species; s++) {
        for (size_t t = 0; t < s; t++) { /* Gram-Schmidt */
            double overlap = 0.0;
            for (size_t z = 0; z < f->n_species; z++)
                overlap += f->mix[z][s] * f->mix[z][t] / n;
            for (size_t z = 0; z < f->n_species; z++)
                f->mix[z][s] -= overlap * f->mix[z][t];
        }
        double norm = 0.0;
        for (size_t z = 0; z < f->n_species; z++)
            norm += f->mix[z][s] * f->mix[z][s] / n;
        for (size_t z = 0; z < f->n_species && norm > 1e-12; z++)
            f->mix[z][s] /= sqrt(norm);
    }
}

/* ---- numbering and norms --------------------------------------------------------------------------- */

static void number_features(skd_features *f) {
    size_t next = 0, rows = f->rows, per_channel = 4 * f->radial.n4, n_l = (size_t)f->options.l_max + 1;
    for (size_t a = 0; a < rows; a++)
        f->single[a] = a % per_channel < (size_t)f->options.n_max ? next++ : SIZE_MAX;
    for (size_t l = 0; l < n_l; l++)
        for (size_t a = 0; a < rows; a++)
            for (size_t b = 0; b < rows; b++) {
                bool real = f->single[a] != SIZE_MAX && f->single[b] != SIZE_MAX;
                size_t *at = &f->number[(l * rows + a) * rows + b];
                *at = !real ? SIZE_MAX : b < a ? f->number[(l * rows + b) * rows + a] : next++;
            }
    f->first_triplet = next;
    f->per_element = next + (f->triplets ? f->triplets->n_features : 0);
}

/* A surrounding that stands for all: 24 neighbours of all elements in turn on a spiral, 2.2 Å to the cutoff. */
static skd_status typical(skd_cell **out, const skd_features *f, skd_error *err) {
    enum { NEIGHBOURS = 24 };
    skd_status status = skd_cell_new(out, NEIGHBOURS + 1, err);
    for (int k = 0; k < 3 && status == SKD_OK; k++)
        (*out)->pbc[k] = false;
    for (size_t i = 0; i <= NEIGHBOURS && status == SKD_OK; i++) {
        double u = ((double)i - 0.5) / NEIGHBOURS, z = 1.0 - 2.0 * u, rho = sqrt(fmax(0.0, 1.0 - z * z));
        double phi = 2.39996322972865332 * (double)i; /* golden angle */
        double inner = fmin(2.2, 0.5 * f->options.cutoff);
        double r = i ? inner + (f->options.cutoff - inner) * cbrt(fmod(0.618 * (double)i, 1.0)) : 0.0;
        (*out)->species[i] = f->species[i % f->n_species];
        const double at[3] = {r * rho * cos(phi), r * rho * sin(phi), r * z};
        memcpy((*out)->pos[i], at, sizeof at);
    }
    return status;
}

/* All blocks get the norm 1 in the typical surrounding. */
static skd_status set_norms(skd_features *f, skd_error *err) {
    size_t n_l = (size_t)f->options.l_max + 1;
    skd_features_work *work = NULL;
    skd_cell *cell = NULL;
    double two = 0.0, three = 0.0, four = 0.0, *row = skd_alloc(f->per_element, sizeof *row);
    f->k2 = 1.0;
    for (size_t l = 0; l < n_l; l++)
        f->k3[l] = 1.0 / sqrt(2.0 * (double)l + 1.0);
    skd_status status = row ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    if (status == SKD_OK)
        status = skd_features_work_new(&work, f, err);
    if (status == SKD_OK)
        status = typical(&cell, f, err);
    if (status == SKD_OK)
        status = skd_features_prepare(work, cell, err);
    if (status == SKD_OK) {
        skd_density_of(work, cell, 0, false);
        skd_density_features(work, work->c, row);
        size_t singles = f->n_channels * (size_t)f->options.n_max;
        for (size_t k = 0; k < f->per_element; k++)
            *(k < singles ? &two : k < f->first_triplet ? &three : &four) += row[k] * row[k];
        f->k2 /= sqrt(two);
        for (size_t l = 0; l < n_l; l++)
            f->k3[l] /= sqrt(three);
        for (size_t k = 0; f->triplets && k < f->triplets->n_features; k++)
            f->triplets->scale[k] /= sqrt(four);
    }
    skd_features_work_free(work);
    skd_cell_free(cell);
    skd_free(row);
    return status;
}

/* ---- the object --------------------------------------------------------------------------------------- */

void skd_features_free(skd_features *f) {
    if (!f)
        return;
    skd_radial_free(&f->radial);
    skd_solid_free(&f->solid);
    skd_triplets_free(f->triplets);
    skd_free(f->mix);
    skd_free(f->number);
    skd_free(f->single);
    skd_free(f->k3);
    skd_free(f);
}

static void set_species(skd_features *f, const int *species, size_t n) {
    f->n_species = n;
    for (int z = 0; z <= SKD_ELEMENT_MAX; z++)
        f->slot[z] = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        f->species[i] = species[i];
        f->slot[species[i]] = i;
    }
}

static skd_status build(skd_features *f, skd_error *err) {
    size_t n_l = (size_t)f->options.l_max + 1;
    skd_status status = skd_radial_init(&f->radial, &f->options, err);
    if (status == SKD_OK)
        status = skd_solid_init(&f->solid, f->options.l_max, err);
    if (status == SKD_OK && f->options.body > 3)
        status = skd_triplets_new(&f->triplets, &f->options, f->n_channels, err);
    if (status != SKD_OK)
        return status;
    f->rows = f->n_channels * 4 * f->radial.n4;
    f->n_lm = n_l * n_l;
    f->mix = skd_alloc(f->n_species, sizeof *f->mix);
    f->number = skd_alloc(n_l * f->rows * f->rows, sizeof *f->number);
    f->single = skd_alloc(f->rows, sizeof *f->single);
    f->k3 = skd_alloc(n_l, sizeof *f->k3);
    if (!f->mix || !f->number || !f->single || !f->k3)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    set_mix(f);
    number_features(f);
    return set_norms(f, err);
}

skd_status skd_features_new(skd_features **out, const skd_features_options *options, const int *species,
                            size_t n_species, skd_error *err) {
    *out = NULL;
    skd_status status = check_options(options, n_species, err);
    for (size_t i = 0; i < n_species && status == SKD_OK; i++)
        if (!skd_element_of(species[i]) || (i > 0 && species[i] <= species[i - 1]))
            status = skd_fail(err, SKD_EARG, "surrogate: atomic numbers must ascend; number %zu is %d", i + 1,
                              species[i]);
    if (status != SKD_OK)
        return status;
    skd_features *f = skd_alloc(1, sizeof *f);
    if (!f)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a descriptor");
    f->options = *options;
    set_species(f, species, n_species);
    make_it_fit(f);
    status = build(f, err);
    if (status != SKD_OK)
        skd_features_free(f);
    else
        *out = f;
    return status;
}

size_t skd_features_count(const skd_features *f) { return f->n_species * f->per_element; }
const skd_features_options *skd_features_options_of(const skd_features *f) { return &f->options; }

const int *skd_features_species(const skd_features *f, size_t *n) {
    *n = f->n_species;
    return f->species;
}
