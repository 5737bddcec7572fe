/* SPDX-License-Identifier: MIT
 * shakedown/fingerprints.h - SOAP power spectra, distances between structures, clustering of minima
 * into families, and plain geometric metrics.
 */
#ifndef SHAKEDOWN_FINGERPRINTS_H
#define SHAKEDOWN_FINGERPRINTS_H

#include "shakedown/crystal.h"

typedef struct skd_soap_options {
    double r_cut; /**< Å                              */
    int n_max;    /**< radial functions               */
    int l_max;    /**< largest angular momentum       */
    double sigma; /**< width of the atomic density, Å */
    int cutoff;   /**< skd_soap_cutoff                */
    /** One made before, NULL for none: where settings are the same, its radial functions are used, which cost 20 ms.
     *  Borrowed; must outlive what is made with it. */
    const struct skd_soap *like;
} skd_soap_options;
/** hard: atoms count fully up to r_cut + sigma sqrt(-2 ln 1e-3), dscribe's default. smooth: each atom is
 *  weighted by (1 + 2 x^3 - 3 x^2)^2, x = r/r_cut, which falls to zero at r_cut with three derivatives
 *  (dscribe: weighting = {"function": "poly", "r0": r_cut, "c": 1, "m": 2}). */
enum { SKD_SOAP_CUTOFF_HARD, SKD_SOAP_CUTOFF_SMOOTH };
#define SKD_SOAP_DEFAULT {.r_cut = 5.0, .n_max = 10, .l_max = 10, .sigma = 1.0, .cutoff = SKD_SOAP_CUTOFF_SMOOTH}

typedef struct skd_soap skd_soap; /**< immutable after creation; may be shared by threads */

/** species[n_species]: the elements resolved, in the order of the spectrum's blocks (sorted inside). */
skd_status skd_soap_new(skd_soap **out, const skd_soap_options *options, const int *species, size_t n_species,
                        skd_error *err) SKD_CHECKED;
void skd_soap_free(skd_soap *soap);
size_t skd_soap_size(const skd_soap *soap); /**< numbers in one power spectrum */

typedef struct skd_soap_work skd_soap_work;
skd_status skd_soap_work_new(skd_soap_work **out, const skd_soap *soap, skd_error *err) SKD_CHECKED;
void skd_soap_work_free(skd_soap_work *work);

/** Power spectra at Cartesian points: spectrum[n_points][skd_soap_size]. An atom lying on a point
 *  counts as part of its environment (dscribe's convention). */
skd_status skd_soap_at(const skd_soap *soap, const skd_cell *cell, const double (*point)[3], size_t n_points,
                       skd_soap_work *work, double *spectrum, skd_error *err) SKD_CHECKED;
/** At every atom: spectrum[cell->n][size]. */
skd_status skd_soap_atoms(const skd_soap *soap, const skd_cell *cell, skd_soap_work *work, double *spectrum,
                          skd_error *err) SKD_CHECKED;
/** Mean over atoms ("outer" average). */
void skd_soap_average(const double *spectra, size_t n, size_t size, double *mean);

/** 1 - a.b/|a||b|, computed as |a/|a| - b/|b||^2 / 2 so that small distances keep their digits. */
double skd_cosine_distance(const double *a, const double *b, size_t size);

/** What is compared: per-atom spectra of a whole structure. */
typedef struct skd_fingerprint {
    size_t n, size;
    int *species;     /**< [n] */
    double *spectrum; /**< [n][size] */
    double *mean;     /**< [size] average */
    double *site;     /**< [size] at the defect site, or NULL if unknown */
    double energy;    /**< eV; NAN if unknown */
} skd_fingerprint;
void skd_fingerprint_free(skd_fingerprint *f); /**< frees the contents, not f itself */
skd_status skd_fingerprint_make(skd_fingerprint *out, const skd_soap *soap, const skd_cell *cell,
                                const double *site, double energy, skd_soap_work *work, skd_error *err) SKD_CHECKED;

/** Distance of two structures, invariant to translation, rotation and permutation: atoms of each species
 *  are paired one to one so that the *largest* cosine distance within a pair is least, and that is the
 *  distance (see distance.c: a mean would drown a local difference). 1 if the compositions differ. */
skd_status skd_fingerprint_distance(const skd_fingerprint *a, const skd_fingerprint *b, double *out,
                                    skd_error *err) SKD_CHECKED;

enum { SKD_CLUSTER_AGGLOMERATIVE, SKD_CLUSTER_DENSITY };
typedef struct skd_cluster_options {
    int method;
    double threshold;        /**< cosine distance; families are farther apart                        */
    double energy_threshold; /**< eV; members of one family differ by less; 0: energies not used      */
} skd_cluster_options;
/** Default threshold, calibrated in tests/test_fingerprints_families.c on relaxed DFT structures (default
 *  SOAP): within a family the largest distance is 1.8e-6, between families the least is 6.4e-3; 1e-4 is
 *  their geometric mean. In displacements of one neighbour of a vacancy, with whose square the distance
 *  grows: 0.05 Å makes 6e-6 in Si, 2e-5 in CdTe, 4e-5 in MgO; the threshold is 0.2, 0.1 and 0.08 Å. */
#define SKD_CLUSTER_DEFAULT {.method = SKD_CLUSTER_AGGLOMERATIVE, .threshold = 1e-4, .energy_threshold = 0.0}

/** Families from a symmetric distance matrix d[n][n]: label[n] = 0.. in order of first member; every
 *  item gets a label (a lone one is its own family). energy [n] may be NULL. */
skd_status skd_cluster(const double *d, const double *energy, size_t n, const skd_cluster_options *options,
                       size_t *label, size_t *n_clusters, skd_error *err) SKD_CHECKED;

/* ---- plain metrics ------------------------------------------------------------------------ */

/** A pair of atoms that has become a bond. */
typedef struct skd_bond {
    bool found;
    size_t i, j;           /**< atoms, 0-based, i < j */
    double length, before; /**< Å, now and in the reference */
} skd_bond;

/** Shortest new bond of `cell`: two atoms closer than 1.25 times the sum of their covalent radii that were
 *  not so in `reference` and have approached by at least 0.2 Å. Same cell, same atom order (SKD_EARG
 *  naming the first atom that differs). Distances are those of the nearest images. */
skd_status skd_new_bond_find(const skd_cell *reference, const skd_cell *cell, skd_bond *out,
                             skd_error *err) SKD_CHECKED;
/** The same as text, "Te-Te 2.76"; empty if there is none. */
skd_status skd_new_bond(const skd_cell *reference, const skd_cell *cell, char *text, size_t size,
                        skd_error *err) SKD_CHECKED;
/** Largest distance of an atom from its place in `reference`, nearest image, Å. Same atom order. A common
 *  drift is not taken out. */
skd_status skd_largest_displacement(const skd_cell *reference, const skd_cell *cell, double *out,
                                    skd_error *err) SKD_CHECKED;

/** What has become of the bonds of one atom next to the defect. */
typedef struct skd_coordination {
    size_t atom; /**< 0-based                 */
    int before, after;
} skd_coordination;

#define SKD_CHANGE_BONDS     16
#define SKD_CHANGE_NEIGHBOURS 12

/** How a relaxed defect differs from a reference (the unperturbed one) of the same atoms in the same order. */
typedef struct skd_change {
    double disp, max_dist; /**< Å, as ShakeNBreak's: displacements after the best match (sum of those above 0.1 Å) */
    bool matched;          /**< false: no match, disp and max_dist are NAN                                  */
    char symmetry[2][8];   /**< Schoenflies, of the reference and of the cell (to 0.05 Å)                  */
    double ways;           /**< operations of the reference over those of the cell; below 1: more symmetric    */
    skd_bond homo[SKD_CHANGE_BONDS]; /**< [n_homo] new bonds of like atoms, shortest first                   */
    size_t n_homo;
    skd_coordination neighbour[SKD_CHANGE_NEIGHBOURS]; /**< [n_neighbours] the first shell about the site;
                                                          atoms within 1.25 nearest distances  */
    size_t n_neighbours;
    double near, far;      /**< Å, rms displacement of the third of the atoms nearest to the site, and of those more
                                than 6 Å from the site and from every atom that went elsewhere (more than 0.5 Å and
                                three times the median)                                                      */
    size_t n_far;          /**< such atoms; 0: fewer than one in ten, the cell has no far field, and far is 0 */
    bool bulk_alarm;       /**< far is above 0.2 Å and above half of near: the host itself has moved         */
} skd_change;

/** site: Cartesian, Å, of the defect. NULL: unknown; then no neighbours are listed, and the place of the atom that
 *  moved most counts for near and far. */
skd_status skd_change_find(skd_change *out, const skd_cell *reference, const skd_cell *cell, const double *site,
                           skd_error *err) SKD_CHECKED;
/** The same where the reference's symmetry is known (skd_change_symmetry): for many cells against one. */
skd_status skd_change_find_knowing(skd_change *out, const skd_cell *reference, const skd_symmetry *symmetry,
                                   const skd_cell *cell, const double *site, skd_error *err) SKD_CHECKED;
skd_status skd_change_symmetry(skd_symmetry **out, const skd_cell *reference, skd_error *err) SKD_CHECKED;

#endif
