/* SPDX-License-Identifier: MIT
 * plan.h - from the command line to a list of defects in a supercell: what `search` and `distort`
 * share. Options are rows that both verbs put into their tables.
 */
#ifndef SKD_PLAN_H
#define SKD_PLAN_H

#include "charges.h"
#include "cli.h"
#include "pair.h"
#include "plan_sites.h"
#include "plan_starts.h"
#include "shakedown/data.h"
#include "shakedown/distortions.h"

/** What is to be searched; owned. */
typedef struct cli_plan {
    skd_frame *host;          /**< as read                                              */
    const char *host_path;
    skd_cell *primitive;
    cli_sites sites;          /**< where defects are wanted; none: everywhere           */
    skd_symmetry *symmetry;   /**< of the host                                          */
    int matrix[3][3];         /**< supercell = matrix . primitive                       */
    skd_cell *bulk;           /**< the perfect supercell                                */
    skd_cell *given;          /**< the same as the file has it; NULL unless cli_plan_rehost */
    skd_defect_list defects;  /**< the selected ones                                    */
    skd_host_states oxidation;
    cli_charges charges;      /**< the states to be made                                */
    skd_start_options starts; /**< its lists are start_lists                            */
    cli_start_lists start_lists;
} cli_plan;

/* Rows of the option table: the supercell of a host. */
#define SUPERCELL_OPTIONS                                                                                              \
    {"supercell", 's', CLI_TEXT, "N", NULL, "N, or N,N,N, or nine integers: multiples of the given cell", 0, 0,        \
     "supercell"},                                                                                                    \
        {"min-distance", 0, CLI_REAL, "Å", "10", "else the smallest supercell with images this far apart", 1, 100,     \
         NULL},                                                                                                       \
        {"min-atoms", 0, CLI_INT, "N", "50", "and at least this many atoms", 1, 100000, NULL},                         \
        {"symprec", 0, CLI_REAL, "Å", "0.01", "tolerance of the symmetry search", 1e-6, 1, NULL}
/** The matrix of primitive cells that these options ask for, or the smallest good one. */
skd_status cli_supercell_choose(int matrix[3][3], const skd_cell *host, const skd_cell *primitive,
                                const cli_args *args, skd_error *err);

/* Rows of the option table. CHARGES: the charge states where nothing is said. */
#define PLAN_OPTIONS(CHARGES)                                                                                         \
    {"defect", 'd', CLI_TEXT, "NAMES", NULL,                                                                          \
     "defects to make, e.g. v_Si or v_O,Ti_O; a base name takes all its sites; default: all. With --bulk: a "         \
     "structure file, or a folder of them",                                                                           \
     0, 0, "which defects"},                                                                                          \
        SITES_OPTION,                                                                                                 \
        PAIR_OPTIONS,                                                                                                 \
        {"config", 0, CLI_TEXT, "FILE", NULL,                                                                         \
         "options and ShakeNBreak's settings as 'key: value' lines; the command line goes before it", 0, 0, NULL},    \
        CHARGES_OPTIONS(CHARGES),                                                                                     \
        {"extrinsic", 'e', CLI_TEXT, "ELEMENTS", NULL, "also put these on every site, e.g. Cl,Se", 0, 0, NULL},        \
        {"interstitials", 'i', CLI_TEXT, "ELEMENTS", NULL,                                                             \
         "put these into the voids of the host; 'host': its own and --extrinsic; 'none'. Default: host, or what "      \
         "--defect asks for",                                                                                          \
         0, 0, NULL},                                                                                                  \
        {"wyckoff", 0, CLI_FLAG, NULL, NULL,                                                                           \
         "interstitials also on special positions without free coordinates, e.g. the octahedra of bcc", 0, 0, NULL},   \
        {"complex", 0, CLI_TEXT, "PARTS", NULL,                                                                        \
         "defects near each other in every distinct way, e.g. v_Cd+Te_i or Cd_Te+v_Cd,v_Cd+v_Te; with --defect: "     \
         "besides those",                                                                                              \
         0, 0, NULL},                                                                                                  \
        {"complex-distance", 0, CLI_REAL, "Å", "5", "each part at most this far from another", 0.5, 100, NULL},        \
        {"oxidation", 0, CLI_TEXT, "LIST", NULL, "oxidation states instead of the guess, e.g. Cd=2,Te=-2", 0, 0,       \
         NULL},                                                                                                       \
        SUPERCELL_OPTIONS,                                                                                             \
        START_OPTIONS

/* Goes into the help of both verbs. */
#define PLAN_TEXT                                                                                                      \
    "Starts follow ShakeNBreak: Unperturbed, bond distortions of N neighbours with a Monte-Carlo rattle, Dimer.\n"     \
    "Where the default differs: every distortion has a random seed of its own (ShakeNBreak reuses the first\n"         \
    "one's), equally near neighbours are chosen close to each other (its tie-break never acts), seed 0 is a\n"         \
    "seed, and in elements and alloys, where electron counting gives N = 0, two and all (up to four) of the\n"         \
    "broken bonds of the first shell are distorted. --compat shakenbreak undoes all of that."

/** The interstitial part of the options, from --interstitials, --wyckoff and --defect; *list is the caller's and
 *  must outlive the options. */
skd_status cli_interstitial_options(skd_defect_options *options, int **list, const cli_args *args, skd_error *err);

/** Adds the complexes of --complex to the plan's defects. */
skd_status cli_complexes_add(cli_plan *plan, const cli_args *args, const skd_defect_options *options, skd_error *err);

skd_status cli_plan_make(cli_plan *plan, const cli_args *args, skd_error *err);
/** Makes the defects anew in another primitive cell of the same crystal (taken); plan->given gets what was bulk. */
skd_status cli_plan_rehost(cli_plan *plan, skd_cell *primitive_taken, const cli_args *args, skd_error *err);
void cli_plan_free(cli_plan *plan);
/** Prints host, symmetry, supercell, sites, defects, charges as lines. */
void cli_plan_print(const cli_plan *plan, FILE *out);

#endif
