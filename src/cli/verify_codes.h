/* SPDX-License-Identifier: MIT
 * verify_codes.h - what `verify` and `collect` must know of a code besides its inputs: how it is started, which files
 * hold its answer, and what level of theory its input asks for.
 */
#ifndef SKD_VERIFY_CODES_H
#define SKD_VERIFY_CODES_H

#include "cli.h"
#include "shakedown/data.h"

/** One row a code in verify_codes.c. */
typedef struct verify_code {
    const char *code;       /**< skd_code.name                                                           */
    const char *program;    /**< names that the program goes by, blank-separated, the best first          */
    const char *arguments;  /**< behind the program; {input} is the first input file                       */
    const char *output;     /**< where its standard output goes                                            */
    const char *answer[4];  /**< files with the steps, the best first; ends in NULL                        */
    const char *package;    /**< of Debian; NULL: there is none                                            */
} verify_code;
const verify_code *verify_code_of(const skd_code *code);

/** The command of one calculation, the caller's: `own` with {input} filled in, else the first program of the code
 *  that is in PATH. SKD_EARG in one line if there is none. found false: any of its names will do (Slurm). */
skd_status verify_command(char **out, const verify_code *code, const char *input, const char *own, bool must_exist,
                          skd_error *err) SKD_CHECKED;

/** Level of theory that an input asks for: "PBE0", "HSE06", "PBE+U", ...; "" if it cannot be told. */
char *verify_functional(const skd_code *code, const char *input, size_t length, char *out, size_t size);
/** Is there no exact exchange and no U in it? Unknown names are taken to have some. */
bool verify_is_semilocal(const char *functional);

#endif
