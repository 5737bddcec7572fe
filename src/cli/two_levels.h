/* SPDX-License-Identifier: MIT
 * two_levels.h - searches at a level that costs minutes (DFT), on top of a cheaper one: the prior level searches first,
 * in a folder of its own; the second search learns the difference between the two, from all starts and from what the
 * first has found.
 */
#ifndef SKD_TWO_LEVELS_H
#define SKD_TWO_LEVELS_H

#include "cli.h"
#include "report.h"

/* Rows of the option table. */
#define TWO_LEVELS_OPTIONS                                                                                           \
    {"prior", 0, CLI_TEXT, "NAME", "gfn1",                                                                           \
     "with --teacher: a cheap level, whose own search comes first (in DIR/prior); what is then learned is the "      \
     "teacher's difference to it, with single points only; none: the teacher alone",                                 \
     0, 0, "two levels"},                                                                                            \
    {                                                                                                                \
        "confirm", 0, CLI_REAL, "eV/Å", "0.1",                                                                       \
            "with --teacher: a family is confirmed by a single point of its own with no larger force", 1e-4, 10,     \
            NULL                                                                                                     \
    }

/** Zero-initialise: a search on one level. */
typedef struct two_levels {
    const char *teacher;  /**< its spec; NULL: one level              */
    skd_potential *prior; /**< owned; NULL: none                      */
    double confirm_force; /**< eV/Å                                   */
    char folder[4100];    /**< of the prior level's own search        */
    report_run found;     /**< what that found, once loaded; owned    */
} two_levels;

skd_status two_levels_read(two_levels *levels, const cli_args *args, skd_error *err);
/** Reads and ranks the prior level's search, which has ended. */
skd_status two_levels_load(two_levels *levels, const cli_args *args, skd_error *err);
void two_levels_free(two_levels *levels); /**< the contents */

/** When a minimum of the second search counts as one. */
void two_levels_rule(const two_levels *levels, skd_relax_options *relax);
/** Notes the prior level; takes over the state of the host and the far field that it settled. */
void two_levels_record(const two_levels *levels, run_record *record, bool *far_auto);
/** Gives a job the minima of the prior level's families as starts to be labelled first; none on one level. */
skd_status two_levels_add_starts(const two_levels *levels, skd_job *job, skd_error *err);
/** How the second search learns; confirm_force 0: as any other. */
void two_levels_learn(skd_learn_options *options, const skd_potential *prior, double confirm_force);
/** Lines for the head of the second search. */
void two_levels_print(const two_levels *levels, const run_record *record, FILE *out);

#endif
