/* SPDX-License-Identifier: MIT */
/* outputs.h - what the readers of electronic-structure codes' outputs share; private to data/.
 *
 * A reader fills skd_step while it goes through the text and calls skd_step_done when a step is whole: positions
 * and energy at least. outputs.c hands the frames out one step late, because most codes say only afterwards
 * whether the relaxation is over. A new code is one file with a skd_output_format and one row in outputs.c. */
#ifndef SKD_DATA_OUTPUTS_H
#define SKD_DATA_OUTPUTS_H

#include "frames.h"
#include "stream.h"

/* CODATA 2018, exact where the SI is. */
#define SKD_HARTREE 27.211386245988   /* eV */
#define SKD_RYDBERG 13.605693122994   /* eV */
#define SKD_BOHR    0.529177210903    /* Å */
#define SKD_GPA     0.006241509074461 /* eV/Å^3 */
#define SKD_KBAR    (0.1 * SKD_GPA)

#define SKD_ATOMS_MAX 1000000 /* atoms that a file may claim */

enum { SKD_UNKNOWN = -1, SKD_NO, SKD_YES };

/** The step being read. What does not change from step to step stays: species, cell, electrons. */
typedef struct skd_step {
    skd_stream *stream;
    char code[64];         /**< "VASP 6.3.0"                                                      */
    size_t n, capacity;    /**< atoms; room for them                                              */
    int *species;          /**< [n]                                                               */
    double (*pos)[3];      /**< [n] Å; fractional while is_frac                                   */
    double (*force)[3];    /**< [n] eV/Å                                                          */
    double *moment;        /**< [n] µB                                                            */
    double lattice[3][3];  /**< Å                                                                 */
    double stress[3][3];   /**< eV/Å^3, our sign                                                  */
    double energy, free_energy, magmom, electrons, charge;
    bool has_lattice, is_frac, keeps_pos; /**< keeps_pos: positions stand until new ones are read */
    bool has_pos, has_force, has_moment, has_stress, has_energy, has_free, has_magmom, has_electrons, has_charge;
    int scf;               /**< did the self-consistency converge?                                */
    int ionic;             /**< is this structure a relaxation's end? Set before or after the step */
    size_t number;         /**< the code's step, 1-based                                          */
    bool is_whole;         /**< the file says that the program came to its end                    */
    bool knows_end;        /**< does this code say so at all?                                     */
    bool is_cut;           /**< the text ends in the middle of a line or block                    */
    skd_frame *done;       /**< the step last completed                                           */
} skd_step;

typedef struct skd_rule skd_rule;

/** A code: one row in outputs.c. */
typedef struct skd_output_format {
    const char *name, *summary;
    const char *energy; /**< what its energy is, in words */
    const char *code;   /**< until the text says more; NULL: it says all */
    bool knows_end;     /**< does the text say that the program came to its end? */
    bool (*matches)(const char *name, const char *text, size_t length);
    size_t size; /**< bytes of the reader's own state, zeroed at the beginning */
    skd_status (*begin)(void *reader, skd_step *step, skd_error *err); /**< NULL: nothing */
    const skd_rule *rules; /**< by which lines are read; NULL: by next */
    /** Reads until a step is done (step->done) or the text ends (*more false). */
    skd_status (*next)(void *reader, skd_step *step, bool *more, skd_error *err);
    void (*end)(void *reader); /**< NULL: nothing */
} skd_output_format;

extern const skd_output_format skd_output_vasprun, skd_output_outcar, skd_output_oszicar, skd_output_mlab,
    skd_output_espresso, skd_output_espresso_xml, skd_output_cp2k, skd_output_castep, skd_output_aims,
    skd_output_abinit, skd_output_cp2k_restart;

/** The code whose output a file is, by name (path) and beginning; NULL: none. */
const skd_output_format *skd_output_of(const char *path, const char *text, size_t length);

/** Cell of the restart file NAME beside a stream, Å, if there is one. */
skd_status skd_cp2k_restart_cell(const skd_stream *beside, const char *name, double lattice[3][3], bool *found,
                                 skd_error *err) SKD_CHECKED;

/** Room for n atoms; keeps what is there. SKD_EFORMAT beyond SKD_ATOMS_MAX. */
skd_status skd_step_atoms(skd_step *step, size_t n, skd_error *err) SKD_CHECKED;
/** Makes step->done of what was read and forgets what belongs to the step alone. */
skd_status skd_step_done(skd_step *step, skd_error *err) SKD_CHECKED;
/** Forgets energy, forces, positions, ... of a step that will not be completed. */
void skd_step_clear(skd_step *step);

/* ---- lines ------------------------------------------------------------------------------- */

/** What to do with a line that begins (after blanks) with `words`; `rest` is what follows them. */
struct skd_rule {
    const char *words;
    skd_status (*take)(void *reader, skd_step *step, skd_span rest, skd_error *err);
};
/** Goes through the lines, each to the first rule (ended by words == NULL) whose words it begins with, until
 *  a step is done or the text ends. */
skd_status skd_rules_run(const skd_rule *rules, void *reader, skd_step *step, bool *more, skd_error *err) SKD_CHECKED;

/* Rules that many codes share: the electrons did not converge, a relaxation begins, it has converged. */
skd_status skd_take_unconverged(void *reader, skd_step *step, skd_span rest, skd_error *err);
skd_status skd_take_relaxation(void *reader, skd_step *step, skd_span rest, skd_error *err);
skd_status skd_take_relaxed(void *reader, skd_step *step, skd_span rest, skd_error *err);

/** Next line inside a block. Where the text ends (a last line without its line end is taken for cut off) it returns
 *  SKD_ESTOPPED, which a reader passes on; skd_rules_run turns it into the end of the text. */
skd_status skd_line_next(skd_step *step, skd_span *line) SKD_CHECKED;
skd_status skd_lines_skip(skd_step *step, size_t n) SKD_CHECKED;
/** Three reals off the line. */
skd_status skd_line_row(skd_step *step, skd_span *line, const char *what, double out[3], skd_error *err) SKD_CHECKED;
/** Real / integer that follows the first of `words` in the line (after blanks and = :); false without one. */
bool skd_span_after(skd_span line, const char *words, skd_span *rest);
bool skd_real_after(skd_span line, const char *words, double *out);
/** The total moment (µB) after `words`; false also where three numbers follow: it is not collinear then. */
bool skd_magmom_after(skd_span line, const char *words, double *out);
bool skd_int_after(skd_span line, const char *words, long *out);
bool skd_span_has(skd_span line, const char *words);
bool skd_span_starts(skd_span line, const char *words);
/** Does the beginning of a file hold these words? */
bool skd_text_has(const char *text, size_t length, const char *words);
/** Atomic number of an element's name in an output; SKD_EFORMAT naming the line otherwise. */
skd_status skd_step_element(const skd_step *step, skd_span word, int *out, skd_error *err) SKD_CHECKED;
/** The last word of a line. */
skd_span skd_span_last(skd_span line);

#endif
