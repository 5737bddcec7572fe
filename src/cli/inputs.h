/* SPDX-License-Identifier: MIT
 * inputs.h - what `distort` and `export` share to write the inputs of an electronic-structure code: the
 * options, the user's templates and potentials, and the files of one folder.
 */
#ifndef SKD_INPUTS_H
#define SKD_INPUTS_H

#include "cli.h"
#include "shakedown/data.h"
#include "shakedown/distortions.h"

/** Whose inputs are written, and from what; all owned but code. */
typedef struct cli_inputs {
    const skd_code *code;                 /**< NULL: no --code                                      */
    skd_input_text own[SKD_CODE_FILES];   /**< templates of --templates                             */
    skd_input_text user;                  /**< --input-file                                         */
    char *pseudo[SKD_ELEMENT_MAX + 1];    /**< [z]                                                  */
    const char *pseudo_dir, *library, *functional;
    skd_string potentials;                /**< of the species in `species`: texts from the library  */
    double valence;                       /**< electrons in them, of the neutral cell               */
    uint64_t cached;                      /**< hash of the species they are for; 0: none            */
    const double *held;                   /**< [atoms] of the next structure: > 0 is F F F; NULL: no flags */
    bool *moves;                          /**< the same for its sorted atoms                        */
    bool single_point;                    /**< no relaxations                       */
    size_t unfinished;                    /**< folders that lack the number of electrons            */
} cli_inputs;

/* Rows of the option table. */
#define INPUTS_OPTIONS                                                                                               \
    {"code", 0, CLI_TEXT, "NAME", NULL,                                                                              \
     "also write the inputs of vasp, espresso, cp2k, castep, fhi-aims or abinit", 0, 0, "inputs for DFT"},           \
        {"input-file", 0, CLI_TEXT, "FILE", NULL,                                                                    \
         "settings in the code's syntax that go before ours (for CP2K the whole input), or a template", 0, 0, NULL}, \
        {"templates", 0, CLI_TEXT, "DIR", NULL,                                                                      \
         "templates that replace the built-in ones; those are installed in share/shakedown/templates", 0, 0, NULL},  \
        {"potcar", 0, CLI_TEXT, "DIR", NULL,                                                                         \
         "your POTCARs, default $PMG_VASP_PSP_DIR (FHI-aims: species_defaults, $AIMS_SPECIES_DIR)", 0, 0, NULL},     \
        {"potcar-functional", 0, CLI_TEXT, "NAME", "PBE", "PBE, PBE_52, PBE_54, ...", 0, 0, NULL},                   \
        {"pseudopotentials", 0, CLI_TEXT, "LIST", NULL, "e.g. Cd=Cd.upf,Te=Te.upf or, of POTCARs, In=In", 0, 0,      \
         NULL},                                                                                                      \
        {"pseudo-dir", 0, CLI_TEXT, "DIR", NULL, "where the inputs look for them", 0, 0, NULL}

/** Reads the options and the files they name. SKD_OK with code NULL where --code is not given. */
skd_status cli_inputs_open(cli_inputs *in, const cli_args *args, skd_error *err);
void cli_inputs_close(cli_inputs *in);

/** Are structures written as POSCARs, which may hold flags? */
bool cli_inputs_are_poscars(const cli_inputs *in);
/** Makes all texts of a structure and writes none: what is wrong with the user's files or potentials is told
 *  before anything is written. */
skd_status cli_inputs_check(cli_inputs *in, const skd_cell *cell, int charge, skd_error *err);
/** Appends the text of the file that holds the settings. */
skd_status cli_inputs_settings(skd_string *out, cli_inputs *in, const skd_cell *cell, int charge, skd_error *err);
/** Writes all files of one structure into an existing or new folder; title is the POSCAR's line 1. */
skd_status cli_inputs_write(cli_inputs *in, const char *folder, const skd_cell *cell, int charge, const char *title,
                            skd_error *err);
/** The same for all starts that were not dropped, in ShakeNBreak's folders. */
skd_status cli_inputs_write_starts(cli_inputs *in, const char *root, const skd_defect *defect, int charge,
                                   const skd_start_list *starts, skd_error *err);
/** What the user must still do, as lines on `out`; nothing if nothing. */
void cli_inputs_notice(const cli_inputs *in, FILE *out);

#endif
