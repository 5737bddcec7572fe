/* SPDX-License-Identifier: MIT
 * plan_starts.h - which starts are made: the options that `search` and `distort` share, and what they set.
 */
#ifndef SKD_PLAN_STARTS_H
#define SKD_PLAN_STARTS_H

#include "cli.h"
#include "shakedown/distortions.h"

/** The lists that skd_start_options borrows; owned. */
typedef struct cli_start_lists {
    double *distortion;
    skd_wish *neighbours, *electrons, *elements;
    size_t *distorted, *active;
    char *kind_text;   /**< the words of --kinds */
    const char **kind;
} cli_start_lists;

/* Rows of the option table. */
#define START_OPTIONS                                                                                                 \
    {"distortions", 0, CLI_TEXT, "LIST", NULL, "bond distortions, e.g. -0.6,-0.3,0.2", 0, 0, "starts"},               \
        {"increment", 0, CLI_REAL, "X", "0.1", "or all from -0.6 to 0.6 in steps of this", 0.005, 0.6, NULL},          \
        {"neighbours", 'n', CLI_TEXT, "LIST", NULL,                                                                   \
         "neighbours to distort, e.g. 2 or v_Cd=2,Te_Cd=4; default: by electron count or broken bonds", 0, 0, NULL},   \
        {"electrons", 0, CLI_TEXT, "LIST", NULL,                                                                      \
         "missing (+) or extra (-) electrons of the neutral defect instead of the guess, e.g. v_Cd=2", 0, 0, NULL},    \
        {"distort-elements", 0, CLI_TEXT, "LIST", NULL, "distort only these, e.g. Te or v_Cd=Te,Te_Cd=Cd", 0, 0,       \
         NULL},                                                                                                       \
        {"distort-atoms", 0, CLI_TEXT, "LIST", NULL,                                                                  \
         "distort only these atoms of the defect's cell, counted from 1 (one defect)", 0, 0, NULL},                    \
        {"subsets", 0, CLI_TEXT, "WHICH", NULL,                                                                       \
         "'distinct': also the other sets of N equally near neighbours, 'all': those equal by symmetry, too", 0, 0,    \
         NULL},                                                                                                       \
        {"pairs", 0, CLI_TEXT, "WHICH", NULL,                                                                         \
         "'distinct' or 'all': also every pair of the first shell, at -60 to -20 % (for alloys)", 0, 0, NULL},         \
        {"dimer", 0, CLI_TEXT, "WHEN", "vacancies", "always, never, or for vacancies without --distortions", 0, 0,     \
         NULL},                                                                                                       \
        {"dimer-length", 0, CLI_REAL, "Å", "0", "0: a single bond's", 0, 10, NULL},                                   \
        {"rattles", 0, CLI_INT, "K", NULL, "also K independent rattles without distortion", 1, 10000, NULL},           \
        {"kinds", 0, CLI_TEXT, "LIST", NULL,                                                                          \
         "make only these kinds, e.g. unperturbed,pairs; or the default's with changes, e.g. +swap,-dimer", 0, 0,      \
         NULL},                                                                                                       \
        {"list-kinds", 0, CLI_FLAG, NULL, NULL, "print the kinds of starts and stop", 0, 0, NULL},                    \
        {"stdev", 0, CLI_REAL, "Å", "0", "rattle amplitude; 0: 10 % of the shortest distance in the host", 0, 2,       \
         "rattle"},                                                                                                   \
        {"d-min", 0, CLI_REAL, "Å", "0", "distance it keeps; 0: 80 % of the shortest", 0, 10, NULL},                  \
        {"width", 0, CLI_REAL, "Å", "0.1", "how softly it keeps it", 1e-6, 10, NULL},                                 \
        {"nbr-cutoff", 0, CLI_REAL, "Å", "5", "to atoms that begin nearer than this", 0.1, 50, NULL},                 \
        {"max-disp", 0, CLI_REAL, "Å", "2", "no atom goes farther", 1e-6, 50, NULL},                                  \
        {"max-attempts", 0, CLI_INT, "N", "5000", "tries an atom", 1, 1000000000, NULL},                              \
        {"n-iter", 0, CLI_INT, "N", "1", "times that all atoms are moved", 1, 10000, NULL},                           \
        {"active-atoms", 0, CLI_TEXT, "LIST", NULL,                                                                   \
         "rattle only these, counted from 1 (one defect); default: all but the defect and the distorted", 0, 0, NULL}, \
        {"local", 0, CLI_FLAG, NULL, NULL, "rattle that fades with the distance from the defect", 0, 0, NULL},        \
        {"no-rattle", 0, CLI_FLAG, NULL, NULL, "distort only", 0, 0, NULL},                                           \
        {"seed", 0, CLI_INT, "N", "1", "of the random numbers", 0, 4294967295.0, NULL},                               \
        {"compat", 0, CLI_TEXT, "TOOL", NULL,                                                                         \
         "'shakenbreak': starts equal to ShakeNBreak's to the digit, its known bugs included", 0, 0, NULL}

/** Fills the options, which borrow the lists. SKD_EARG with one line on contradictions. */
skd_status cli_starts_read(skd_start_options *out, cli_start_lists *lists, const cli_args *args, skd_error *err);
void cli_start_lists_free(cli_start_lists *lists);
/** Do the names and the numbers of atoms fit the defects that are made? */
skd_status cli_starts_check(const skd_start_options *options, const skd_defect_list *defects, skd_error *err);
/** With --list-kinds: prints the table of kinds and is true. */
bool cli_list_kinds(const cli_args *args);

#endif
