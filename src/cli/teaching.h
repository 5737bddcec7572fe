/* SPDX-License-Identifier: MIT
 * teaching.h - teachers on the command line: which program gives energies and forces, how it is run, where its answers
 * are, and what is told when they are not there yet.
 */
#ifndef SKD_TEACHING_H
#define SKD_TEACHING_H

#include "inputs.h"
#include "shakedown/teachers.h"

/* Rows of the option table. */
#define TEACHING_OPTIONS                                                                                             \
    {"teacher", 0, CLI_TEXT, "KIND", NULL,                                                                           \
     "energies and forces by another program (in the place of --potential): cp2k:functional=PBE|PBEsol|r2SCAN|"      \
     "PBE0|HSE06,...; command; files (a queue); socket:ADDRESS",                                                     \
     0, 0, "teacher"},                                                                                               \
        {"teacher-command", 0, CLI_TEXT, "COMMAND", NULL,                                                            \
         "what is run in a folder of its own for each frame; {input}, {charge}, {folder} are filled in", 0, 0, NULL}, \
        {"teacher-input", 0, CLI_TEXT, "FILE", NULL,                                                                 \
         "what it finds there: POSCAR (default), frame.xyz; with --code that code's inputs", 0, 0, NULL},            \
        {"teacher-output", 0, CLI_TEXT, "FILE", NULL,                                                                \
         "what it leaves there, in any format that 'shakedown parse' reads; default: that of --code", 0, 0, NULL},   \
        {"teacher-level", 0, CLI_TEXT, "TEXT", NULL,                                                                 \
         "name of the level of theory; labels of two names are never mixed; default: by the settings or the command", \
         0, 0, NULL},                                                                                                \
        {"teacher-timeout", 0, CLI_REAL, "S", "0", "seconds after which an answer is given up; 0: never", 0, 1e9,    \
         NULL},                                                                                                      \
        {"teacher-cores", 0, CLI_INT, "N", "1", "cores of one calculation; as many at once as --threads holds", 1,   \
         1024, NULL},                                                                                                \
        INPUTS_OPTIONS

#define TEACHING_FOLDER "teacher" /**< of verbs without a folder of their own */

/** What a teacher is made from; owned. Must outlive the potential. */
typedef struct teaching {
    cli_inputs inputs;
    char output[128], level[200];
} teaching;

/** The potential of --teacher, or of `spec` where there is none. folder: where a teacher works. */
skd_status teaching_potential_new(skd_potential **out, teaching *t, const cli_args *args, const char *spec,
                                  const char *folder, skd_error *err);
void teaching_free(teaching *t);
/** Where status is SKD_EWAITING: writes FOLDER/waiting.txt, a line for each folder that waits, and says so in err. */
skd_status teaching_wait(skd_status status, const skd_potential *potential, const char *folder, skd_error *err);

#endif
