/* SPDX-License-Identifier: MIT
 * kind.h - what a kind of teacher brings (one file, one row in teachers.c), and what all of them share: settings, the
 * folder of an evaluation, running a command in it, reading and judging its answer.
 */
#ifndef SKD_TEACHERS_KIND_H
#define SKD_TEACHERS_KIND_H

#include "shakedown/teachers.h"

/** A kind of teacher. type->create is not used: a teacher needs its place. */
typedef struct teacher_kind {
    const skd_potential_type *type;
    /** Parses "key=value,key=value" (may be empty) into new parameters, which type->destroy frees. */
    skd_status (*create)(void **params, const char *settings, const teachers_place *place, skd_error *err);
    /** Appends the level in one line. */
    void (*level)(const void *params, skd_string *line);
    /** How many evaluations at once use as many cores as there are threads. */
    int (*at_once)(const void *params);
} teacher_kind;

/** The k-th line of what a queue has not answered, sorted; NULL after the last. */
const char *teacher_files_waiting(const void *params, size_t k);
extern const skd_potential_type teacher_files_type;

/* ---- settings.c ----------------------------------------------------------------------------- */

enum { TEACHER_WORD = 96 };
typedef enum teacher_value { TEACHER_TEXT, TEACHER_REAL, TEACHER_COUNT } teacher_value;

/** A setting of a kind: a char[TEACHER_WORD], a double or an int at this offset of its parameters. */
typedef struct teacher_setting {
    const char *key;
    teacher_value value;
    size_t offset;
    double low, high; /**< of numbers               */
    bool shapes;      /**< is it part of the level? */
} teacher_setting;

/** Fills in what `text` ("" or "key=value,...") sets and leaves the rest. rows end with a NULL key. */
skd_status teacher_settings_parse(void *params, const teacher_setting *rows, const char *kind, const char *text,
                                  skd_error *err) SKD_CHECKED;
/** Appends "kind:key=value,...", all that shape the level. */
void teacher_settings_print(const void *params, const teacher_setting *rows, const char *kind, skd_string *out);

/* ---- job.c ---------------------------------------------------------------------------------- */

/** The place, owned, and what belongs to one kind of it. */
typedef struct teacher_site {
    char *folder, *command, *input, *output, *level;
    double timeout;
    bool (*stopped)(void);
    skd_status (*write)(void *payload, const char *folder, const skd_cell *cell, double charge, skd_error *err);
    void *payload;
} teacher_site;
skd_status teacher_site_copy(teacher_site *out, const teachers_place *place, skd_error *err) SKD_CHECKED;
void teacher_site_free(teacher_site *site); /**< frees the contents */

/** FOLDER/FORMULA_CHARGE-HASH of a frame at a level; made. The caller's. */
skd_status teacher_folder(char **out, const teacher_site *site, const char *level, const skd_cell *cell, double charge,
                          skd_error *err) SKD_CHECKED;
/** Jobs at once: `jobs`, or with 0 as many as there are processors for `cores` each. */
int teacher_jobs(int jobs, int cores);
/** Removes what earlier attempts left of the site's outputs. */
skd_status teacher_clear(const teacher_site *site, const char *folder, skd_error *err) SKD_CHECKED;
/** SKD_ENUMERIC with the text that is in err. */
skd_status teacher_no_answer(skd_error *err);
/** FOLDER/NAME; NULL without memory. The caller's. */
char *teacher_path(const char *folder, const char *name);
/** Waits until nobody else (another thread, another search) is at work in the folder; *lock is given back to
 *  teacher_leave. SKD_ESTOPPED on request. */
skd_status teacher_enter(int *lock, const teacher_site *site, const char *folder, skd_error *err) SKD_CHECKED;
void teacher_leave(int lock);
/** Writes a text into a folder. */
skd_status teacher_write(const char *folder, const char *name, const skd_string *text, skd_error *err) SKD_CHECKED;
/** Runs a command in the folder to its end; what an earlier call left running there is ended first. SKD_ENUMERIC with
 *  the last line of `output` if it fails or takes too long. */
skd_status teacher_run(const teacher_site *site, const char *folder, const char *command, const char *output,
                       skd_error *err) SKD_CHECKED;

#define TEACHER_ASKED "asked" /**< in a folder whose inputs are all there */

/* ---- inputs.c ------------------------------------------------------------------------------- */

/** Writes what the site says: the inputs of a code, or the frame as POSCAR or extended XYZ. */
skd_status teacher_inputs(const teacher_site *site, const char *folder, const skd_cell *cell, double charge,
                          skd_error *err) SKD_CHECKED;
/** Appends `text` with {input}, {charge} and {folder} filled in. */
void teacher_fill(skd_string *out, const char *text, const teacher_site *site, const char *folder, double charge);
/** The user's line for the level, or kind:FALLBACK. */
void teacher_level(const teacher_site *site, const char *kind, const char *fallback, skd_string *line);

/* ---- answer.c ------------------------------------------------------------------------------- */

/** Are these an energy and forces of n atoms: finite, and without a net force? Otherwise SKD_ENUMERIC in one line that
 *  begins with `who`. */
skd_status teacher_judge(double energy, const double (*force)[3], size_t n, const char *who,
                         skd_error *err) SKD_CHECKED;
/** Scratch of a thread: where its last answer came from. For teachers whose work is no more than this. */
typedef struct teacher_work {
    char code[64], origin[240]; /* program and version as the answer says; and with the input and its hash */
} teacher_work;
skd_status teacher_work_new(const void *params, void **work, skd_error *err) SKD_CHECKED;
void teacher_note_origin(teacher_work *work, const char *folder, const char *input);

/** The question of one evaluation; all borrowed. */
typedef struct teacher_question {
    const void *params; /**< of the kind */
    const teacher_site *site;
    const char *folder, *level; /**< the frame's own folder, and the level in one line */
    const skd_cell *cell;
    double charge;
    int want;
} teacher_question;

/** What a kind that works in folders brings to an evaluation. */
typedef struct teacher_asker {
    void (*level)(const void *params, skd_string *line);
    const char *input; /**< file in the folder that tells where an answer comes from; NULL: the site's input */
    bool alone;        /**< nobody else may be at work in the folder meanwhile */
    skd_status (*evaluate)(const teacher_question *question, teacher_work *work, skd_result *out, skd_error *err);
} teacher_asker;
/** compute() of such a kind: evaluates the question in its folder, and notes where the answer comes from. */
skd_status teacher_compute(const teacher_asker *asker, const void *params, const teacher_site *site,
                           const skd_cell *cell, double charge, int want, teacher_work *work, skd_result *out,
                           skd_error *err) SKD_CHECKED;
const char *teacher_origin(const void *work);
/** What the types of such kinds have in common. */
#define TEACHER_TYPE                                                                                                \
    .knows_charge = true, .dear = true, .method = "lbfgs", .force_max = 0.03, .work_new = teacher_work_new,          \
    .work_free = skd_free, .origin = teacher_origin

/** The path of the first of the site's outputs (blank-separated names) that is there; NULL: none, or no memory. */
char *teacher_output(const teacher_site *site, const char *folder);
/** Reads the last step of an output as the answer to a frame; the atoms may be in another order. SKD_ENUMERIC in one
 *  line if it is none (not converged, other atoms, other positions, not finite, a net force); SKD_EWAITING where it is
 *  absent, or its end is missing. work->code is set. */
skd_status teacher_answer(skd_result *out, const char *path, const skd_cell *cell, int want, teacher_work *work,
                          skd_error *err) SKD_CHECKED;

#endif
