/* SPDX-License-Identifier: MIT
 * start.h - the steps from which every kind of start is made, shared inside distortions/ (private).
 *
 * A kind adds a start (a copy of the defect's cell), moves some atoms of it, names those in `distorted`, and
 * lets skd_start_finish rattle the others and judge the result.
 */
#ifndef SKD_DISTORTIONS_START_H
#define SKD_DISTORTIONS_START_H

#include "rattle.h"

extern const skd_start_kind skd_kind_unperturbed, skd_kind_bond, skd_kind_rattled, skd_kind_dimer;
extern const skd_start_kind skd_kind_subsets, skd_kind_pairs;
extern const skd_start_kind skd_kind_rattles, skd_kind_split, skd_kind_split_unlike, skd_kind_split_vacancy;
extern const skd_start_kind skd_kind_push, skd_kind_swap, skd_kind_subgroup, skd_kind_complex, skd_kind_cross_charge;

/** What a kind needs to know beyond the defect; arrays owned by skd_starts_of. */
typedef struct skd_start_plan {
    const double *distortion; /**< [n_distortion] rounded to 0.001 */
    size_t n_distortion;
    int n_neighbours[2]; /**< families: how many neighbours are distorted */
    size_t n_families;   /**< 0: rattle only */
} skd_start_plan;

/** The families and the list of distortions; release with skd_start_plan_free. */
skd_status skd_start_plan_new(skd_start_plan *out, const skd_defect *defect, int charge,
                              const skd_start_options *options, skd_error *err) SKD_CHECKED;
void skd_start_plan_free(skd_start_plan *plan);

/** Adds a copy of the defect's cell under a name; *out is borrowed from the list until the next call. */
skd_status skd_start_add(skd_start_list *list, const skd_defect *defect, const skd_start_kind *kind, const char *name,
                         skd_start **out, skd_error *err) SKD_CHECKED;
/** Notes the atoms moved on purpose. */
skd_status skd_start_set_distorted(skd_start *start, const size_t *index, size_t n, skd_error *err) SKD_CHECKED;
/** Seed of the start that comes after `position` distortions of the plan (rule: see skd_start_options). */
uint32_t skd_start_seed(const skd_start_plan *plan, const skd_defect *defect, int charge,
                        const skd_start_options *options, const char *name, size_t position);
/** The start is complete but for its rattle: notes what was moved, drops it if there is the same already, and puts
 *  the cell away. It is built later: all atoms but the defect and the distorted ones are rattled with start->seed
 *  (none if start->rattled was set to false), and it is dropped if atoms are too close. */
skd_status skd_start_finish(skd_start_list *list, skd_start *start, const skd_defect *defect,
                            const skd_start_options *options, skd_error *err) SKD_CHECKED;

/** Cartesian position the distortions refer to: the empty site, or the atom at the defect. */
void skd_defect_centre(const skd_defect *defect, double centre[3]);

/** An atom around the defect. */
typedef struct skd_near {
    size_t index;
    double r;         /**< Å */
    double rounded;   /**< r to 2 decimals: what ties are judged by */
    double d[3];      /**< from the centre to the atom, shortest image, Å */
} skd_near;
/** All atoms but the defect itself, nearest first (by rounded distance, then index): *out is [*n]. */
skd_status skd_near_sorted(skd_near **out, size_t *n, const skd_cell *cell, const double centre[3], size_t leave_out,
                           skd_error *err) SKD_CHECKED;
/** How many of them form the first shell: up to 1.1 x the shortest distance (pymatgen's MinimumDistanceNN). */
size_t skd_first_shell(const skd_near *near, size_t n);

/** The value wished for this defect, of the longest name that fits; NULL: none. */
const skd_wish *skd_wish_for(const skd_wish *wish, size_t n, const skd_defect *defect);

/** The earlier start that is the same as this one, or NULL (rule: see skd_starts_plan). */
skd_status skd_start_twin(const skd_start **twin, skd_start_list *list, const skd_start *start,
                          const skd_defect *defect, const skd_start_options *options, skd_error *err) SKD_CHECKED;
/** Finds list->rotation, if it is not there yet. */
skd_status skd_start_rotations(skd_start_list *list, const skd_defect *defect, skd_error *err) SKD_CHECKED;
/** The Cartesian rotation of an operation's fractional one; inverse: of the lattice. */
void skd_rotation_cartesian(const int fractional[3][3], const double lattice[3][3], const double inverse[3][3],
                            double out[3][3]);
/** image = rotation . v; they must differ. */
void skd_rotate(const double rotation[3][3], const double v[3], double image[3]);

/** The `want` neighbours to move: *out [want] are positions in near[n] (rule: see skd_start_options). */
skd_status skd_choose_neighbours(const skd_near *near, size_t n, size_t want, bool compat, size_t **out,
                                 skd_error *err) SKD_CHECKED;

/** The shell the want-th neighbour lies in (5 %): near[*low .. *high). */
void skd_tied_shell(const skd_near *near, size_t n, size_t want, size_t *low, size_t *high);
/** The atoms that may be distorted, nearest first, by the options' elements and atoms: *out is [*n], the caller's.
 *  SKD_EARG if none is of the wished elements, or fewer than `want` are listed (compat ignores such a list). */
skd_status skd_near_candidates(skd_near **out, size_t *n, const skd_defect *defect, const skd_start_options *options,
                               size_t want, skd_error *err) SKD_CHECKED;

/** One set of neighbours that is distorted by each x of the plan. Without a suffix it is the family that ShakeNBreak
 *  makes; others have no 0 % of their own: it would be one more rattle. */
typedef struct skd_family {
    const skd_start_kind *kind;
    const skd_defect *defect;
    int charge;
    const skd_start_options *options;
    const skd_start_plan *plan;
    const skd_near *near;
    const size_t *set; /**< [n] positions in near */
    size_t n;
    char suffix[24];   /**< of the names: "", "_N4", "_set2", "_pair3" */
} skd_family;
skd_status skd_family_make(skd_start_list *out, const skd_family *family, skd_error *err) SKD_CHECKED;
/** "" for the plan's first family, "_N4" for its second. */
void skd_family_suffix(const skd_start_plan *plan, size_t family, char *out, size_t size);

/** The sets of `want` atoms out of near[n] that contain all of near[0 .. low) and for the rest atoms of
 *  near[low .. high): family->set is each in turn, family->suffix ends in its number among all, from 1. Equal ones
 *  by symmetry once (SKD_CHOICES_DISTINCT); `without` (NULL: none) counts as made. SKD_EARG if there are more
 *  than 1000. */
typedef struct skd_set_range {
    size_t low, high;
    skd_choices choices;
    const size_t *without; /**< [family->n] */
    const char *word;      /**< "set", "pair" */
} skd_set_range;
skd_status skd_sets_make(skd_start_list *out, const skd_family *family, const skd_set_range *range,
                         skd_error *err) SKD_CHECKED;

/** What a kind needs that tries many things, of which symmetry makes some equal. Opened and closed by the kind. */
typedef struct skd_trial {
    const skd_start_kind *kind;
    const skd_defect *defect;
    int charge;
    skd_start_options options;
    skd_start_plan plan;
} skd_trial;
skd_status skd_trial_open(skd_trial *trial, const skd_start_kind *kind, const skd_defect *defect, int charge,
                          const skd_start_options *options, skd_error *err) SKD_CHECKED;
void skd_trial_close(skd_trial *trial);
/** A start "BASE", or "BASE_2", .. where that is taken. */
skd_status skd_trial_add(skd_start_list *list, const skd_trial *trial, const char *base, skd_start **out,
                         skd_error *err) SKD_CHECKED;
/** Finishes it; if it is the same as an earlier start it is taken off the list again. */
skd_status skd_trial_finish(skd_start_list *list, const skd_trial *trial, skd_start *start, const size_t *index,
                            size_t n, skd_error *err) SKD_CHECKED;
/** The atoms around the defect up to 1.25 x the nearest one's distance, of one species (0: any): *out is [*n]. */
skd_status skd_near_shell(skd_near **out, size_t *n, const skd_defect *defect, int species,
                          skd_error *err) SKD_CHECKED;
/** "Push_Cd-Te": the symbols in alphabetical order. */
void skd_pair_name(const char *what, int z1, int z2, char *out, size_t size);
/** Moves both atoms along their line, to half the length from its middle. */
skd_status skd_pair_set_length(skd_cell *cell, const size_t pair[2], double length, skd_error *err) SKD_CHECKED;

/** What sits on the point whose bonds are asked for, and the oxidation states of the atoms around. */
typedef struct skd_bonded_site {
    const double *centre; /**< [3] Å                                             */
    size_t leave_out;     /**< the atom that sits there, SIZE_MAX if none        */
    int species, charge;  /**< and its oxidation state                           */
    const int *state;     /**< by atomic number; NULL: unknown, covalent radii   */
} skd_bonded_site;
/** Atoms of the cell bonded to the site by CrystalNN: *out is [*n], the caller's. */
skd_status skd_bonded_atoms(size_t **out, size_t *n, const skd_cell *cell, const skd_bonded_site *site,
                            skd_error *err) SKD_CHECKED;
/** Ionic radius, Å: of this state, else the mean of those of its sign, else 0. */
double skd_ion_radius(int z, int state);

/** Length of a single bond between two elements, Å. */
double skd_single_bond(int z1, int z2);

#endif
