/* SPDX-License-Identifier: MIT
 * shakedown/crystal.h - the cell, the elements, neighbours, symmetry, supercells, and matching one
 * structure on another. Pure: memory in, memory out.
 *
 * Conventions: lattice rows are a, b, c (Å); Cartesian r = f . lattice with f the fractional row
 * vector; positions are Cartesian and are *not* wrapped into the cell unless a function says so.
 */
#ifndef SHAKEDOWN_CRYSTAL_H
#define SHAKEDOWN_CRYSTAL_H

#include "shakedown/base.h"

/* ---- cell -------------------------------------------------------------------------------- */

/** A set of atoms in a (by default fully periodic) cell. */
typedef struct skd_cell {
    size_t n;             /**< atoms                                                   */
    double lattice[3][3]; /**< rows a, b, c, Å; left-handed ones are allowed           */
    bool pbc[3];          /**< periodic along a, b, c                                  */
    int *species;         /**< [n] atomic number, 1..SKD_ELEMENT_MAX                   */
    double (*pos)[3];     /**< [n] Cartesian, Å                                        */
} skd_cell;

/** New cell of n atoms: zero lattice and positions, pbc all true. */
skd_status skd_cell_new(skd_cell **out, size_t n, skd_error *err) SKD_CHECKED;
skd_status skd_cell_copy(skd_cell **out, const skd_cell *cell, skd_error *err) SKD_CHECKED;
void skd_cell_free(skd_cell *cell);

double skd_cell_volume(const skd_cell *cell);                                     /**< |a.(b x c)|, Å^3 */
/** How far cell's lattice is strained from that of reference, however turned: half the largest change of a scalar
 *  product of two lattice vectors, in parts of their lengths in reference. */
double skd_cell_strain(const skd_cell *reference, const skd_cell *cell);
/** Distances between opposite faces, Å: height[k] = V / |other two rows' cross product|. */
void skd_cell_heights(const double lattice[3][3], double height[3]);
/** Fractional coordinates of a Cartesian point; inverse = skd_inv3(lattice). */
static inline void skd_to_frac(const double inverse[3][3], const double r[3], double f[3]) {
    skd_row_times(r, inverse, f);
}
/** f reduced to [0,1) (exactly 1 - tiny becomes 0 only if within 1e-12 of an integer). */
double skd_wrap01(double f);
/** Inverse lattice of the cell; SKD_EARG with a text if the cell has no volume. */
skd_status skd_cell_inverse(const skd_cell *cell, double inverse[3][3], skd_error *err) SKD_CHECKED;

/** Shortest vector from point `from` to any periodic image of `to` (Cartesian, Å), exact also for
 *  skewed and flat cells; returns its length. Lattice reduction is done per call; for loops use
 *  skd_mic_setup once and skd_mic. */
typedef struct skd_mic {
    double lattice[3][3], inverse[3][3]; /**< Minkowski-reduced lattice of the periodic directions */
    bool pbc[3];
    double safe2; /**< squared length below which the rounded image is surely the shortest, Å^2 */
    double shifts[125][3];
    int n_shifts;
} skd_mic;
skd_status skd_mic_setup(skd_mic *mic, const skd_cell *cell, skd_error *err) SKD_CHECKED;
double skd_mic_vector(const skd_mic *mic, const double from[3], const double to[3], double d[3]);

/** Minkowski (Lagrange-Gauss in 3D) reduced basis of the same lattice: reduced = transform . lattice,
 *  det(transform) = +-1. Shortest vectors first. Source: Nguyen & Stehlé, ACM Trans. Algorithms 5, 46 (2009). */
void skd_lattice_reduce(const double lattice[3][3], double reduced[3][3], int transform[3][3]);

/** SKD_EARG naming both atoms (1-based) if two are closer than `distance` Å (> 0), images included: the first that is
 *  too close to an earlier one, and the first of these. O(n). */
skd_status skd_cell_check_overlap(const skd_cell *cell, double distance, skd_error *err) SKD_CHECKED;

/** Reduced formula, elements in order of first appearance ("CdTe"); returns out. */
char *skd_cell_formula(const skd_cell *cell, char *out, size_t size);
/** Counts atoms of species z. */
size_t skd_cell_count(const skd_cell *cell, int z);
/** Distinct atomic numbers, ascending, into species[SKD_ELEMENT_MAX]; returns how many. */
size_t skd_cell_species(const skd_cell *cell, int *species);
/** New cell with atoms picked in the given order: pick[n_pick] are indices into cell. */
skd_status skd_cell_pick(skd_cell **out, const skd_cell *cell, const size_t *pick, size_t n_pick,
                         skd_error *err) SKD_CHECKED;

/** Potential (1/Å, negative) that a lattice of unit point charges in a uniform neutralising background makes at one
 *  of them, without its own: -alpha_M / L. Ewald's sum, any shape of cell, to 1e-12. Source: P. P. Ewald,
 *  Ann. Phys. 369, 253 (1921). SKD_EARG if the cell has no volume. */
skd_status skd_madelung_potential(const double lattice[3][3], double *potential, skd_error *err) SKD_CHECKED;
/** First-order correction for the images of a charge (e) in a medium of dielectric constant epsilon, eV:
 *  q^2 alpha_M / (2 epsilon L), to be added to the energy of the periodic cell for that of an isolated defect. Source:
 *  G. Makov and M. C. Payne, Phys. Rev. B 51, 4014 (1995), eq. 15, first term; M. Leslie and M. J. Gillan,
 *  J. Phys. C 18, 973 (1985). */
skd_status skd_image_charge_energy(const double lattice[3][3], double charge, double epsilon, double *energy,
                                   skd_error *err) SKD_CHECKED;

/* ---- elements ---------------------------------------------------------------------------- */

#define SKD_ELEMENT_MAX 118

/** An oxidation state and how often it occurs in crystals. */
typedef struct skd_oxidation {
    int8_t state;
    int occurrences; /**< sites in the ICSD */
} skd_oxidation;

/** One row of the element table; generated from data/tables/elements.tsv, which names sources. */
typedef struct skd_element {
    const char *symbol;
    const char *name;
    double mass;                  /**< amu                                                       */
    double covalent_radius;       /**< Å, Cordero 2008 (Pyykko 2009 above Cm)                    */
    double electronegativity;     /**< Pauling; 0 if unknown                                     */
    const int8_t *common;         /**< common oxidation states, ended by INT8_MIN                */
    const int8_t *oxidation;      /**< all known oxidation states, ended by INT8_MIN             */
    const int8_t *guess;          /**< states frequent in crystals, 0 never, ended by INT8_MIN   */
    const skd_oxidation *crystal; /**< all seen in the ICSD, 0 included, ended by INT8_MIN       */
    int8_t most_probable;         /**< most frequent in crystals but for 0; if none was seen the first common,
                                       then the first known; else 0 */
} skd_element;

/** Row of atomic number z; NULL outside 1..SKD_ELEMENT_MAX. */
const skd_element *skd_element_of(int z);
/** Atomic number of a symbol (exact case; D and T are hydrogen); 0 if none. */
int skd_element_number(skd_span symbol);

/** Guess of oxidation states that make the composition neutral: the tabulated states with the largest
 *  sum over atoms of their occurrences in crystals (pymatgen's rule). Mixed valence (Fe3O4) gives the
 *  mean of the species, rounded to the nearest integer. Where none balances, rare states are tried in
 *  compounds of N, O, S, Se and halogens. All zero, *found = false, for elements and where none balances.
 *  species[n_species], count[n_species] in; state[n_species] out. */
skd_status skd_oxidation_guess(const int *species, const size_t *count, size_t n_species, int *state, bool *found,
                               skd_error *err) SKD_CHECKED;

/** Guess of oxidation states from bond lengths: the neutral assignment that is most probable given the bond-valence
 *  sums of the sites (as pymatgen's BVAnalyzer). species[n_species]: those of the cell, each once; state[n_species]
 *  out, for mixed valence the mean of a species, rounded. All zero, *found = false, for elements, where parameters
 *  are missing (noble gases, Tc, Pm, Os, Pt, Au, most actinides) and where nothing balances. */
skd_status skd_bond_valence_guess(const skd_cell *cell, const int *species, size_t n_species, int *state,
                                  bool *found, skd_error *err) SKD_CHECKED;

/* ---- neighbours -------------------------------------------------------------------------- */

/** Neighbour j of some atom i: image of atom j displaced by shift . lattice. */
typedef struct skd_neighbour {
    size_t j;
    int shift[3];
    double d[3]; /**< r_j + shift.lattice - r_i, Å */
    double r;    /**< |d|, Å */
} skd_neighbour;

/** Full list (i-j and j-i), reusable: build many times without new allocation once grown. */
typedef struct skd_neighbours {
    size_t n;             /**< atoms                                                           */
    size_t *first;        /**< [n+1]; neighbours of i are list[first[i]] .. list[first[i+1]-1] */
    skd_neighbour *list;  /**< ordered by (j, shift) within an atom                            */
    size_t first_capacity, list_capacity;
    void *work;           /**< cell-list scratch, owned                                        */
} skd_neighbours;

/** All pairs with r < r_cut (self-images included, the atom itself not; two atoms on one site are a pair with
 *  r = 0). Works for any cell:
 *  tiny, needle, pancake, skewed. O(n) for large cells. nb is zero-initialised before first use. */
skd_status skd_neighbours_build(skd_neighbours *nb, const skd_cell *cell, double r_cut, skd_error *err) SKD_CHECKED;
void skd_neighbours_free(skd_neighbours *nb); /**< frees the contents, not nb itself */

/* ---- symmetry (the only door to spglib) -------------------------------------------------- */

typedef struct skd_operation {
    int rotation[3][3];    /**< acts on fractional columns: f' = R f + t */
    double translation[3]; /**< fractional                               */
} skd_operation;

/** Space group of a cell. Arrays are owned by the object. */
typedef struct skd_symmetry {
    int number;               /**< 1..230                                              */
    int hall;                 /**< Hall number 1..530                                  */
    char international[16];   /**< "Fd-3m"                                             */
    char point_group[8];      /**< Hermann-Mauguin, of the space group, "m-3m"         */
    char schoenflies[8];      /**< of the point group, "Oh"                            */
    size_t n;                 /**< atoms                                               */
    size_t *orbit;            /**< [n] index of the first equivalent atom              */
    char *wyckoff;            /**< [n] letter                                          */
    char (*site_symmetry)[8]; /**< [n] Schoenflies of the site's point group, "Td"     */
    size_t n_operations;
    skd_operation *operation; /**< of this cell (supercell translations included)      */
    size_t n_translations;    /**< pure translations among them                        */
    double symprec;           /**< Å, the tolerance finally used                       */
} skd_symmetry;

#define SKD_SYMPREC 0.01 /**< Å */

/** Finds the space group; tolerance is loosened or tightened a few times if spglib finds none, and
 *  P1 is the last resort (never an error for a valid cell). */
skd_status skd_symmetry_find(skd_symmetry **out, const skd_cell *cell, double symprec, skd_error *err) SKD_CHECKED;
void skd_symmetry_free(skd_symmetry *symmetry);

/** Schoenflies symbol of a point group given by its rotations (any basis): "C1", "Td", "D3h", ... */
const char *skd_point_group_name(const int (*rotation)[3][3], size_t n);
/** Rotations that keep the point (fractional) fixed modulo lattice translations: writes indices into
 *  symmetry->operation to stabiliser[n_operations] and returns how many; tolerance in Å. */
size_t skd_site_stabiliser(const skd_symmetry *symmetry, const skd_cell *cell, const double frac[3], double tolerance,
                           size_t *stabiliser);

/** Standardised primitive / conventional cell (spglib's standard orientation kept where possible:
 *  no idealised rotation of Cartesian axes). */
skd_status skd_primitive(skd_cell **out, const skd_cell *cell, double symprec, skd_error *err) SKD_CHECKED;
/** A primitive cell, not standardised, made from the translations of the cell's symmetry without another search. */
skd_status skd_primitive_of(skd_cell **out, const skd_cell *cell, const skd_symmetry *symmetry,
                            skd_error *err) SKD_CHECKED;
skd_status skd_conventional(skd_cell **out, const skd_cell *cell, double symprec, skd_error *err) SKD_CHECKED;

/* ---- empty space ------------------------------------------------------------------------- */

/** A point of empty space. */
typedef struct skd_void {
    double pos[3]; /**< Cartesian, in the cell, Å  */
    double radius; /**< Å, to the nearest atom     */
} skd_void;

/** Vertices of the Voronoi tessellation, each once (1e-4 Å): *out is [*n], the caller's. Any cell, periodic in
 *  all directions (else SKD_EARG). Atoms on one site are taken as one. */
skd_status skd_voronoi_vertices(skd_void **out, size_t *n, const skd_cell *cell, skd_error *err) SKD_CHECKED;

/** The special positions without free coordinates of the cell's space group, occupied or not: *out is [*n]
 *  Cartesian points in the cell, the caller's. */
skd_status skd_special_positions(double (**out)[3], size_t *n, const skd_symmetry *symmetry, const skd_cell *cell,
                                 skd_error *err) SKD_CHECKED;

/* ---- supercells -------------------------------------------------------------------------- */

/** Cell with lattice P . lattice (P integer, det != 0). Atom order: all images of atom 0, then of
 *  atom 1, ...; map (may be NULL) [n_out] receives the index of each atom in `cell`. */
skd_status skd_supercell(skd_cell **out, const skd_cell *cell, const int matrix[3][3], size_t **map,
                         skd_error *err) SKD_CHECKED;

/** Smallest matrix whose supercell has images at least min_distance apart (Å) and at least min_atoms
 *  atoms; doped's search: near-cubic and near-fcc ideals, offsets within +-2, preferring diagonal and
 *  symmetric matrices. `cell` is a primitive (or the input) cell. */
typedef struct skd_supercell_options {
    double min_distance; /**< Å, default 10        */
    size_t min_atoms;    /**< default 50           */
    size_t max_atoms;    /**< default 500: give up */
} skd_supercell_options;
#define SKD_SUPERCELL_DEFAULT {.min_distance = 10.0, .min_atoms = 50, .max_atoms = 500}
skd_status skd_supercell_search(const skd_cell *cell, const skd_supercell_options *options, int matrix[3][3],
                                skd_error *err) SKD_CHECKED;
/** Length of the shortest lattice vector, Å: the distance between an atom and its nearest image. */
double skd_image_distance(const double lattice[3][3]);

/* ---- matching ---------------------------------------------------------------------------- */

/** Best match of two structures with equal composition and (nearly) equal lattices. */
typedef struct skd_match {
    bool found;
    double max_distance; /**< Å, largest displacement of an atom after the best operation            */
    double rms;          /**< Å                                                                       */
    double sum_above;    /**< Å, sum of displacements of atoms that moved more than 0.1 Å (SnB "disp") */
    size_t *partner;     /**< [n] atom of b for each atom of a; owned                                 */
    double *distance;    /**< [n] Å; owned                                                            */
    int rotation[3][3];  /**< operation applied to b (fractional)                                     */
    double translation[3];
} skd_match;

typedef struct skd_match_options {
    bool any_translation;         /**< try translations that map atoms of the rarest species on each other; else
                                       only those of the operations                                     */
    const skd_symmetry *symmetry; /**< operations to try (the host supercell's); NULL: the point group of a's
                                       lattice                                                          */
    double tolerance;             /**< Å; matches in which some atom is farther are not `found`          */
    bool least_rms;               /**< the match of least rms, sought in the order in which pymatgen's StructureMatcher
                                       as driven by doped does: gives ShakeNBreak's displacements; tolerance is then
                                       of the rms, and the other options are not used                    */
} skd_match_options;

/** Minimises first max_distance, then rms, over the allowed operations, translations (residual rigid
 *  shift removed) and permutations of like atoms (optimal assignment, Jonker-Volgenant). Different
 *  compositions, or metrics that differ by more than 15 %, are not `found`; then partner and distance
 *  are NULL and the numbers infinite. pbc is ignored: both are taken as periodic. */
skd_status skd_match_find(skd_match *out, const skd_cell *a, const skd_cell *b, const skd_match_options *options,
                          skd_error *err) SKD_CHECKED;
void skd_match_free(skd_match *match); /**< frees the contents, not match itself */
/** Is there a match (of any rotation of the lattice and translation) in which no atom is `distance` Å or more away?
 *  ShakeNBreak's rule for one minimum found twice, there with 0.2 Å. */
skd_status skd_match_same(bool *same, const skd_cell *a, const skd_cell *b, double distance,
                          skd_error *err) SKD_CHECKED;

#endif
