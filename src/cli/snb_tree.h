/* SPDX-License-Identifier: MIT
 * snb_tree.h - a folder tree made by ShakeNBreak and relaxed by DFT: <root>/<defect>_<+q>/<distortion>/, read as
 * snb-parse does, and its energies file <defect>_<+q>.yaml.
 */
#ifndef SKD_SNB_TREE_H
#define SKD_SNB_TREE_H

#include "cli.h"
#include "shakedown/data.h"

/** What a code writes: one row in snb_codes.c. */
typedef struct snb_code {
    const char *names;      /**< blank-separated                                                  */
    const char *output;     /**< file with the energies; "*.castep": any that ends so             */
    const char *mark;       /**< text before the energy; the last one counts                      */
    double unit;            /**< eV                                                               */
    const char *done[2];    /**< text of a converged relaxation; both NULL: not known             */
    const char *structure;  /**< file with the final structure                                    */
    const char *inputs[3];  /**< files that a new calculation copies                              */
} snb_code;
const snb_code *snb_code_named(const char *name);
/** Final energy (eV) of the calculation in a folder: NAN if there is none, *found tells if there is an output. */
skd_status snb_code_energy(const snb_code *code, const char *folder, double *energy, bool *found, bool *converged,
                           skd_error *err) SKD_CHECKED;

/** One relaxation. */
typedef struct snb_run {
    char *folder; /**< "Bond_Distortion_-40.0%"; NULL: known from the energies file only */
    char *label;  /**< "-0.4", "Rattled", "60.0%_from_+3", "Unperturbed"                  */
    bool plain;   /**< the label is a number: the distortion factor                       */
    double factor;
    double energy;  /**< eV, NAN: unknown                                                   */
    bool converged; /**< as its output says; true where the energy is an earlier one        */
    bool parsed;    /**< the energy is of an output that is there now                       */
    skd_cell *cell; /**< final structure; NULL: none that can be read                       */
} snb_run;

/** One defect in one charge state; owned. Sorted as ShakeNBreak does: numbers, texts, Unperturbed last. */
typedef struct snb_species {
    char *path, *name, *defect;
    int charge;
    snb_run *run;
    size_t n, capacity;
    bool changed; /**< the energies are not those of the file as it was */
} snb_species;

typedef struct snb_tree {
    snb_species *species;
    size_t n, capacity;
} snb_tree;

/** Reads root/name: energies of every distortion, from outputs or from the energies file of an earlier time. */
skd_status snb_species_read(snb_species *out, const char *root, const char *name, const snb_code *code,
                            skd_error *err) SKD_CHECKED;
void snb_species_free(snb_species *species); /**< frees the contents */
/** Reads the final structures; one that cannot be read is left out. file: NULL: the code's. */
skd_status snb_species_structures(snb_species *species, const snb_code *code, const char *file,
                                  skd_error *err) SKD_CHECKED;
/** Writes the energies file if they changed; the old one is kept with the time in its name. */
skd_status snb_species_write(const snb_species *species, bool verbose, skd_error *err) SKD_CHECKED;

/** All of root, by name, or only `defect` (NULL: all; root itself may be that folder). SKD_EARG if there is none. */
skd_status snb_tree_read(snb_tree *out, const char *root, const char *defect, const snb_code *code,
                         skd_error *err) SKD_CHECKED;
void snb_tree_free(snb_tree *tree);

/** The Unperturbed run with an energy, or NULL. */
const snb_run *snb_unperturbed(const snb_species *species);
/** The run of lowest energy, Unperturbed unless another is lower; NULL if no energy is known. */
const snb_run *snb_lowest(const snb_species *species);
/** eV relative to Unperturbed, or to the lowest where there is none. */
double snb_relative(const snb_species *species, const snb_run *run);
/** "40.0%" for people. */
char *snb_run_title(const snb_run *run, char *out, size_t size);
/** A number as Python prints it: the shortest text that reads back as the same, "-0.4", "5.0". */
char *snb_number(double value, char *out, size_t size);

/** Where to look: the operand, else --path; and for one defect --defect. */
#define SNB_OPTIONS                                                                                                   \
    {"defect", 'd', CLI_TEXT, "NAME", NULL, "only this folder, as v_Cd_0; default: all, or the one we are in", 0, 0,  \
     NULL},                                                                                                           \
        {"path", 'p', CLI_TEXT, "DIR", ".", "folder that holds the folders of the defects", 0, 0, NULL},              \
        {"code", 0, CLI_TEXT, "NAME", "vasp", "vasp, espresso, cp2k, castep, fhi-aims", 0, 0, NULL},                   \
        {"verbose", 'v', CLI_FLAG, NULL, NULL, "say more", 0, 0, NULL}
skd_status snb_open(snb_tree *tree, const snb_code **code, const cli_args *args, bool one_defect,
                    skd_error *err) SKD_CHECKED;

/** Is there a run of ours in this folder? */
bool snb_is_ours(const char *folder);

#endif
