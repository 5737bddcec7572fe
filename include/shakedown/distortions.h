/* SPDX-License-Identifier: MIT
 * shakedown/distortions.h - point defects of a crystal and every way to make a start from them.
 * Words and folder names are those of ShakeNBreak and doped.
 */
#ifndef SHAKEDOWN_DISTORTIONS_H
#define SHAKEDOWN_DISTORTIONS_H

#include "shakedown/crystal.h"

/* ---- defects ----------------------------------------------------------------------------- */

typedef enum skd_defect_kind { SKD_VACANCY, SKD_SUBSTITUTION, SKD_INTERSTITIAL } skd_defect_kind;

/** One site of a complex. */
typedef struct skd_defect_part {
    skd_defect_kind kind;
    int removed, added; /**< atomic numbers; 0 where none                     */
    double site[3];     /**< fractional, in the supercell                     */
    size_t index;       /**< of the added atom in cell; SIZE_MAX for a vacancy */
} skd_defect_part;

/** One point defect in its supercell, or a complex of several, which is described by its first part (around it atoms
 *  are distorted) but for the oxidation states, which are sums; arrays owned. */
typedef struct skd_defect {
    skd_defect_kind kind;
    char name[64];          /**< "v_Cd", "Te_Cd", "v_O_C2v"; no charge                       */
    int removed, added;     /**< atomic numbers; 0 where none                                */
    double site[3];         /**< fractional, in the supercell                                */
    size_t index;           /**< of the added atom in cell; SIZE_MAX for a vacancy           */
    size_t multiplicity;    /**< equivalent sites in the primitive cell                      */
    char wyckoff;           /**< letter of the site in the conventional cell; 0 if unknown   */
    char site_symmetry[8];  /**< Schoenflies of the site in the host                         */
    int oxidation_change;   /**< D = oxi(added) - oxi(removed), ShakeNBreak's               */
    bool oxidation_known;   /**< false: all states zero (elements, intermetallics)           */
    int oxidation_removed;  /**< oxi(removed); 0 where nothing is                            */
    int oxidation_max;      /**< largest |oxidation state| in the host                       */
    skd_defect_part *part;  /**< [n_parts] of a complex, the first included; owned            */
    size_t n_parts;         /**< 0 for a single defect                                       */
    skd_cell *bulk;         /**< the perfect supercell                                       */
    skd_cell *cell;         /**< the unperturbed defect supercell                            */
} skd_defect;
void skd_defect_free(skd_defect *defect);

typedef struct skd_defect_list {
    size_t n, capacity;
    skd_defect **defect; /**< [n] owned */
} skd_defect_list;
void skd_defect_list_free(skd_defect_list *list); /**< frees the contents, not list itself */

typedef struct skd_defect_options {
    bool vacancies, antisites;
    const int *extrinsic; /**< [n_extrinsic] atomic numbers put on every site */
    size_t n_extrinsic;
    const int *oxidation_species, *oxidation_state; /**< [n_oxidation] user's overrides */
    size_t n_oxidation;
    bool as_shakenbreak; /**< identify: the added atom first in the cell, and the full name: "v_Cd_Td_Te2.83" */
    const skd_symmetry *symmetry; /**< identify: of the bulk, where it is known; NULL: to be found */
    bool interstitials;        /**< also an added atom in every void: */
    const int *interstitial;   /**< [n_interstitial] of these elements; none: those of the host and extrinsic */
    size_t n_interstitial;     /**< > 0: a host without room for one is an SKD_EARG                           */
    bool special_sites;        /**< also on special positions without free coordinates (octahedra of bcc)     */
    const size_t *site, *site_number; /**< [n_sites] vacancies and substitutions only on the sites of these atoms of the
                                           primitive cell; names end in their numbers: "v_Cd_s17"             */
    size_t n_sites;            /**< 0: on all                                                                 */
} skd_defect_options;

/** All vacancies, antisites and substitutions on every symmetry-distinct site of `primitive`, and interstitials,
 *  in the supercell `bulk` = matrix . primitive, each at the equivalent site closest to the cell's middle.
 *  Names as doped: base, + site symmetry if several sites (and of all interstitials), + neighbour distances if
 *  still equal. */
skd_status skd_defects_of(skd_defect_list *out, const skd_cell *primitive, const int matrix[3][3],
                          const skd_defect_options *options, skd_error *err) SKD_CHECKED;

/** Adds to the list all symmetry-distinct complexes of two to four defects: `parts` are names of `singles` joined by
 *  "+", "v_Cd+Te_i"; a base name takes all its sites. Each part lies within `distance` (Å, less than half the distance
 *  between images) of an earlier one. Names end in the distances from the first part: "Cd_Te+v_Cd_2.81".
 *  multiplicity: configurations per primitive cell; site_symmetry: of the whole complex. On failure the list may
 *  hold some complexes already. */
skd_status skd_complexes_add(skd_defect_list *out, const skd_defect_list *singles, const skd_cell *primitive,
                             const char *parts, double distance, skd_error *err) SKD_CHECKED;

/** The defect by which `cell` differs from `bulk` (composition, then matching); SKD_EARG if it is
 *  not exactly one point defect. Atoms may have moved (relaxed, distorted) by up to about half a bond, and the
 *  whole cell may be shifted. The defect's cell is a copy of `cell` in its own order. site (fractional, may
 *  be NULL) overrides the matching. options may be NULL. */
skd_status skd_defect_identify(skd_defect **out, const skd_cell *bulk, const skd_cell *cell, const double *site,
                               const skd_defect_options *options, skd_error *err) SKD_CHECKED;

/** Number of neighbours to distort at charge q: base = int(-D); x = base + q; |x| up to 4, then | 8 - |x| |. */
int skd_electron_count_rule(int oxidation_change, int charge);

/** "v_Cd" and -2 give "v_Cd_-2"; 1 gives "v_Cd_+1". */
char *skd_defect_entry_name(const skd_defect *defect, int charge, char *out, size_t size);

/* ---- charges ----------------------------------------------------------------------------- */

typedef enum skd_oxidation_source {
    SKD_OXIDATION_UNKNOWN,      /**< elements and alloys: all zero                          */
    SKD_OXIDATION_BOND_VALENCE, /**< skd_bond_valence_guess                                 */
    SKD_OXIDATION_COMPOSITION,  /**< skd_oxidation_guess                                    */
    SKD_OXIDATION_USER          /**< all elements of the host given                         */
} skd_oxidation_source;

/** Oxidation states of a host and of what is put in it. */
typedef struct skd_host_states {
    int state[SKD_ELEMENT_MAX + 1];  /**< by atomic number                                */
    bool known[SKD_ELEMENT_MAX + 1]; /**< guessed with a balance, or given by the user     */
    skd_oxidation_source source;     /**< of the host's elements                           */
} skd_host_states;

/** The guess from bond valences, else from the composition, with the user's values on top; elements not in the
 *  host get their most frequent state. One state an element: mixed valence gives the mean, rounded. SKD_EARG if
 *  all states of the host are the user's and leave a charge of half an electron an atom. */
skd_status skd_host_states_of(skd_host_states *out, const skd_cell *host, const skd_defect_options *options,
                              skd_error *err) SKD_CHECKED;

/** Charge states low..high; 0 is always among them. */
typedef struct skd_charge_range {
    int low, high;
} skd_charge_range;

/** doped's rule. Vacancies: from full ionisation to `padding` (doped: 1) beyond 0. Others: the states in which the
 *  added element is found in crystals, weighted with the size of the charge against the host's. */
skd_charge_range skd_charges_probable(const skd_defect *defect, int padding);

/** The rule of ShakeNBreak's command line: from 0 to full ionisation, with `padding` on both sides. Foreign atoms
 *  are taken in the common state closest to that of the atom they replace, interstitials in the largest (Te: 6). */
skd_charge_range skd_charges_ionised(const skd_defect *defect, int padding);

/* ---- starts ------------------------------------------------------------------------------ */

/** The Monte-Carlo rattle (hiphive's, as ShakeNBreak drives it). */
typedef struct skd_rattle_options {
    double stdev;       /**< Å; <= 0: 10 % of the shortest distance in the bulk     */
    double d_min;       /**< Å; <= 0: 80 % of the shortest distance in the start    */
    double width;       /**< Å, 0.1                                                 */
    double nbr_cutoff;  /**< Å, 5                                                   */
    double max_disp;    /**< Å, 2                                                   */
    size_t n_iter;      /**< 1                                                      */
    size_t max_attempts;/**< 5000                                                   */
    bool local;         /**< starts only: stdev falls off as 1/distance to the defect */
} skd_rattle_options;
#define SKD_RATTLE_DEFAULT {.width = 0.1, .nbr_cutoff = 5.0, .max_disp = 2.0, .n_iter = 1, .max_attempts = 5000}

/** Is a dimer made? By rule: for vacancies, unless the user gave a list of distortions. */
typedef enum skd_dimer_choice { SKD_DIMER_BY_RULE, SKD_DIMER_ALWAYS, SKD_DIMER_NEVER } skd_dimer_choice;

/** A value wished for the defects of one name: "v_O" takes all its sites, "v_O_C2v" one, "" every defect. Of
 *  several that fit, the longest name counts. */
typedef struct skd_wish {
    char defect[64];
    int value;
} skd_wish;

/** Where several choices of atoms are equally good: */
typedef enum skd_choices {
    SKD_CHOICES_DISTINCT, /**< one of those that symmetry makes equal */
    SKD_CHOICES_ALL
} skd_choices;

/** Seeds. Default mode: skd_seed_mix(seed, FNV-1a of "v_Cd_-2/Bond_Distortion_-40.0%"), so every start has
 *  its own, whatever else is made. Compat mode: `seed` for all if seed_given and not 0; otherwise the first
 *  distortion's int(100 (1 + x)) for all of one defect and charge (0 where nothing but Rattled and Dimer is
 *  made), as ShakeNBreak does.
 *  Neighbours. Compat mode: the N nearest, ties at 0.01 Å by index. Default mode: among equidistant ones
 *  (5 %) those closest to each other; where oxidation states are unknown and n_neighbours is -1, two families
 *  (of 2, and of the whole first shell up to 4; names of the second end in "_N4") and Rattled. */
typedef struct skd_start_options {
    bool compat;          /**< ShakeNBreak's files to the digit, its known bugs included */
    uint64_t seed;
    bool seed_given;
    double increment;     /**< 0.1: distortions -0.6 .. +0.6                             */
    const double *distortion; /**< [n_distortion] user's list; NULL: by increment        */
    size_t n_distortion;
    int n_neighbours;     /**< -1: by rule                                               */
    const skd_wish *neighbours_of; /**< [n_neighbours_of] N, before n_neighbours and the rule       */
    size_t n_neighbours_of;
    const skd_wish *electrons_of; /**< [n_electrons_of] instead of -D in the rule: ShakeNBreak's
                                       dict_number_electrons_user                                    */
    size_t n_electrons_of;
    const skd_wish *distorted_elements; /**< [n_distorted_elements] atomic numbers: only these are distorted */
    size_t n_distorted_elements;
    const size_t *distorted_atoms; /**< [n_distorted_atoms] only these atoms of the defect's cell are distorted;
                                        fewer than N: SKD_EARG (compat: the list is ignored)          */
    size_t n_distorted_atoms;
    const char *const *kind; /**< [n_kinds] names of the kinds to make; NULL: those in_default        */
    size_t n_kinds;
    skd_choices subsets;  /**< kind "subsets": of the N-subsets of the tied shell */
    skd_choices pairs;    /**< kind "pairs": of the pairs of the first shell      */
    size_t n_rattles;     /**< kind "rattles": how many; 0: 5                     */
    const size_t *active; /**< [n_active] the atoms that are rattled; NULL: all but the defect and the distorted */
    size_t n_active;
    skd_dimer_choice dimer;
    double dimer_length;  /**< Å; 0: single-bond length or sum of covalent radii         */
    bool no_rattle;       /**< distort only                                              */
    skd_rattle_options rattle;
} skd_start_options;
#define SKD_START_DEFAULT {.seed = 1, .increment = 0.1, .n_neighbours = -1, .rattle = SKD_RATTLE_DEFAULT}

/** An atom that a start moves on purpose (or only keeps out of the rattle). */
typedef struct skd_move {
    size_t index;
    int species;   /**< it has then          */
    double pos[3]; /**< it has then, Å       */
} skd_move;

/** One distorted structure; arrays owned. */
typedef struct skd_start {
    char name[64];        /**< folder: "Bond_Distortion_-40.0%", "Rattled", "Dimer", "Unperturbed" */
    char label[32];       /**< POSCAR comment: "-40.0%", "Rattled", ...                            */
    const char *kind;     /**< row of the table of kinds                                           */
    double factor;        /**< the distortion, e.g. -0.4; NAN where there is none                  */
    int n_neighbours;     /**< the N of the comment line                                           */
    size_t *distorted;    /**< [n_distorted] indices into cell of the atoms moved on purpose       */
    size_t n_distorted;
    double stdev, d_min;  /**< Å, the rattle used (0 where none)                                   */
    uint32_t seed;
    bool dropped;         /**< too short a distance (below 1.0 Å): not to be used; `why` says      */
    char why[96];
    skd_cell *cell;       /**< same atom order as the defect's cell; NULL until it is built        */
    skd_move *moved;      /**< [n_moved] what it differs in from the defect's cell before the rattle */
    size_t n_moved;
    bool rattled;         /**< the other atoms are rattled                                         */
    int rattle_number;    /**< 0; of several rattles of one distortion: 0, 1, .. (no duplicates)   */
    size_t round;         /**< 0: made from the defect; k: taken over from another charge state in
                               the k-th exchange (search.h)                                        */
    int from_charge;      /**< that charge state; 0 in round 0                                     */
    bool later;           /**< added by the search: a second minimum that one start led to, or a minimum of
                               a cheaper level                                                     */
} skd_start;
void skd_start_free(skd_start *start); /**< frees the contents, not start itself */

typedef struct skd_start_list {
    size_t n, capacity;
    skd_start *start;     /**< [n] */
    double stdev;         /**< Å, for the metadata */
    double (*rotation)[3][3]; /**< [n_rotations] Cartesian, of the site in the host, once they were needed; owned */
    size_t n_rotations;
} skd_start_list;
void skd_start_list_free(skd_start_list *list); /**< frees the contents, not list itself */

/** A way to make starts: one file, one row in distortions/kinds.c. */
typedef struct skd_start_kind {
    const char *name, *summary;
    bool in_default;
    const char *why_not;  /**< reason for which it is only made on request; NULL if in_default */
    skd_status (*make)(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                       skd_error *err);
} skd_start_kind;
extern const skd_start_kind *const skd_start_kinds[]; /**< ended by NULL, in the order of the output */
const skd_start_kind *skd_start_kind_named(const char *name);  /**< NULL if there is none      */

/** All starts of one defect and charge: Unperturbed, distortions, Rattled or not, Dimer. */
skd_status skd_starts_of(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                         skd_error *err) SKD_CHECKED;

/** The same in two steps, for more starts than fit into memory: first the list without cells (what is moved where,
 *  seeds, duplicates dropped), then the cell of each when it is its turn; different starts of a list may be built
 *  at once. The caller may free (and set to NULL) the cell after use.
 *  Duplicates: default mode drops a start whose moved atoms, with the displacements they get before the rattle, an
 *  operation of the site in the host takes to those of an earlier one (0.02 Å), if both or neither are rattled;
 *  `why` names it. With SKD_CHOICES_ALL only the very same atoms count; compat mode keeps all. Starts with other
 *  numbers of atoms than the defect's cell are not compared. */
skd_status skd_starts_plan(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                           skd_error *err) SKD_CHECKED;
skd_status skd_start_build(skd_start *start, const skd_start_list *list, const skd_defect *defect,
                           const skd_start_options *options, skd_error *err) SKD_CHECKED;

/** What a distortion_metadata.json tells of one defect in one charge state; borrowed. */
typedef struct skd_metadata_entry {
    const skd_defect *defect;
    int charge;
    const skd_start_list *starts;
} skd_metadata_entry;

/** ShakeNBreak's distortion_metadata.json as text (the caller's): parameters, and per defect and charge the
 *  number of neighbours and the distorted atoms (0-based indices into the defect's cell). Entries of one
 *  defect stand together. Default mode adds to each charge a list "starts" with the seed, rattle and atoms of
 *  every start, and why it was dropped. */
skd_status skd_distortion_metadata(char **out, const skd_metadata_entry *entry, size_t n,
                                   const skd_start_options *options, skd_error *err) SKD_CHECKED;

/** The rattle on its own: moves cell->pos in place; active[n_active] atoms move, in this order. stdev <= 0:
 *  10 % of the cell's shortest distance. SKD_ENUMERIC if none is found even with d_min reduced by 90 %. */
skd_status skd_rattle(skd_cell *cell, const size_t *active, size_t n_active, const skd_rattle_options *options,
                      uint32_t seed, skd_error *err) SKD_CHECKED;

#endif
