/* SPDX-License-Identifier: MIT
 * charges.h - which charge states each defect of a plan gets, and the notice of what was guessed.
 */
#ifndef SKD_CLI_CHARGES_H
#define SKD_CLI_CHARGES_H

#include "cli.h"
#include "shakedown/distortions.h"

/** One defect in one charge state; defect is borrowed from the plan's list. */
typedef struct cli_state {
    const skd_defect *defect;
    int charge;
} cli_state;

/** All states that are made; zero-initialised. The states of one defect stand together. */
typedef struct cli_charges {
    cli_state *state;
    size_t n, capacity;
    char summary[160]; /**< how they were chosen, one line */
} cli_charges;

/* Rows of the option table; FALLBACK: what is taken where nothing is said. */
#define CHARGES_OPTIONS(FALLBACK)                                                                                      \
    {"charges", 'c', CLI_TEXT, "LIST", FALLBACK,                                                                       \
     "charge states: 0 or -2..1 or -1,0; auto: doped's guess; oxidation: ShakeNBreak's, from 0 to full ionisation "   \
     "with --padding; for single defects: v_Cd=-2..0,Te_Cd=auto",                                                      \
     0, 0, NULL},                                                                                                      \
        {"charge", 0, CLI_TEXT, "LIST", NULL, "the same", 0, 0, NULL},                                                 \
        {"min-charge", 0, CLI_INT, "N", NULL, "charge states from here", -9, 9, NULL},                                 \
        {"max-charge", 0, CLI_INT, "N", NULL, "to here", -9, 9, NULL},                                                 \
        {"padding", 0, CLI_INT, "N", "1", "charge states added beyond the guess; alone: --charges oxidation", 0, 9,    \
         NULL}

/** Chooses the charges of every defect by the options. SKD_EARG with one line for what cannot be. */
skd_status cli_charges_choose(cli_charges *out, const cli_args *args, const skd_defect_list *defects, skd_error *err);
void cli_charges_free(cli_charges *charges); /**< frees the contents, not charges itself */
bool cli_charges_neutral(const cli_charges *charges); /**< is every defect made in its neutral state only? */
/** "-2 -1 0 +1": the charges of that defect. */
char *cli_charges_text(const cli_charges *charges, const skd_defect *defect, char *out, size_t size);
/** The line on oxidation states: what was taken, from where, and the option that says otherwise. */
void cli_charges_print_oxidation(const skd_host_states *states, const skd_cell *host, const skd_defect_list *defects,
                                 FILE *out);

#endif
