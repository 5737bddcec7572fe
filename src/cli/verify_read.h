/* SPDX-License-Identifier: MIT
 * verify_read.h - the answer of one calculation: is it there, whole, converged, of the structure that was asked for?
 */
#ifndef SKD_VERIFY_READ_H
#define SKD_VERIFY_READ_H

#include "shakedown/search.h"
#include "verify_codes.h"
#include "verify_manifest.h"

typedef enum verify_state {
    VERIFY_ABSENT,  /**< no output                                                            */
    VERIFY_CUT,     /**< begins well, has no end: still running, or killed                    */
    VERIFY_WRONG,   /**< no step in it, malformed, of another structure                       */
    VERIFY_UNCONVERGED, /**< whole, but electrons or atoms did not come to rest               */
    VERIFY_STOPPED, /**< by our rules, without hope                                           */
    VERIFY_DONE
} verify_state;

typedef struct verify_answer {
    verify_state state;
    char why[400];      /**< one line; "" when done                                         */
    char source[300];   /**< file that was read                                             */
    char version[60];   /**< of the code, as it says                                        */
    skd_cell *cell;     /**< last whole step, in the order of the structure asked for; NULL  */
    double (*force)[3]; /**< [n] eV/Å or NULL                                               */
    double energy;      /**< eV, of the last whole step; NAN                                */
    double magmom;      /**< µB, likewise; NAN where it is not said                         */
    size_t n_steps;
    bool stalled;       /**< stopped by our rules, as good as converged                     */
    skd_watch watch;    /**< all steps, for the rules                                       */
    skd_trace trace;    /**< all steps; owned                                               */
} verify_answer;

/** Reads what there is in the calculation's folder. Only out of memory is an error. asked: its structure. */
skd_status verify_read(verify_answer *out, const verify_manifest *manifest, const verify_calc *calc,
                       const skd_cell *asked, skd_error *err) SKD_CHECKED;
void verify_answer_free(verify_answer *answer); /**< frees the contents */

/** What became of the program, in the folder of the calculation: one line, written when it ended. */
#define VERIFY_STATUS_FILE "shakedown.status"
#define VERIFY_STALLED     "stalled"   /**< how the line begins where we stopped it */
#define VERIFY_HOPELESS    "hopeless"

#endif
