/* SPDX-License-Identifier: MIT
 * verify_manifest.h - what `verify` has written: one manifest.json a stage, with every calculation, what it is of, and
 * the checksums of its files. `verify --run` and `collect` go by it.
 *
 *   DIR/points/manifest.json    single points: DIR/points/<defect>_<+q>/<start>/...
 *   DIR/relax/manifest.json     relaxations:   DIR/relax/<defect>_<+q>/<start>/...
 */
#ifndef SKD_VERIFY_MANIFEST_H
#define SKD_VERIFY_MANIFEST_H

#include "report.h"

#define VERIFY_FILES 8

typedef enum verify_stage { VERIFY_POINTS, VERIFY_RELAX, VERIFY_N_STAGES } verify_stage;
extern const char *const verify_stage_name[VERIFY_N_STAGES]; /**< "points", "relax" */

/** One calculation; owned texts. */
typedef struct verify_calc {
    size_t job, start;       /**< of the run: the candidate is the minimum of this start */
    size_t rank;             /**< in the search                                          */
    double energy;           /**< eV, at the level of the search                         */
    uint64_t structure;      /**< checksum of the candidate                              */
    char *folder;            /**< "v_O_0/Dimer", in the stage's folder                   */
    char *file[VERIFY_FILES]; /**< [n_files] inputs                                      */
    uint64_t checksum[VERIFY_FILES];
    size_t n_files;
    size_t restarts;         /**< from the last step of what was cut off                 */
} verify_calc;

typedef struct verify_manifest {
    char *folder; /**< DIR/points */
    verify_stage stage;
    char code[32], level[96], search_level[256];
    uint64_t settings; /**< checksum of all that decides the inputs but for the structures */
    verify_calc *calc;
    size_t n, capacity;
} verify_manifest;

/** Reads DIR/<stage>/manifest.json; *found false, and an empty manifest, if there is none. */
skd_status verify_manifest_read(verify_manifest *out, const char *dir, verify_stage stage, bool *found,
                                skd_error *err) SKD_CHECKED;
skd_status verify_manifest_write(const verify_manifest *manifest, const char *run, skd_error *err) SKD_CHECKED;
void verify_manifest_free(verify_manifest *manifest);
/** Adds a calculation (taken in any case). */
skd_status verify_manifest_add(verify_manifest *manifest, verify_calc *calc, skd_error *err) SKD_CHECKED;
void verify_calc_free(verify_calc *calc);
verify_calc *verify_manifest_find(const verify_manifest *manifest, size_t job, size_t start); /**< or NULL */
/** Takes down the files of its folder, which are its inputs. */
skd_status verify_calc_sign(verify_calc *calc, const char *folder, skd_error *err) SKD_CHECKED;
/** The checksum of its i-th file as it is now. */
skd_status verify_calc_resign(verify_calc *calc, const char *folder, size_t i, skd_error *err) SKD_CHECKED;
/** The file that is not as it was written, or NULL. */
const char *verify_calc_changed(const verify_calc *calc, const char *folder);
/** "<manifest's folder>/<calculation's folder>[/file]"; the caller's, NULL if memory is out. */
char *verify_path(const verify_manifest *manifest, const verify_calc *calc, const char *file);

/** The candidate's structure as it is written: in the host as given. The caller's. */
skd_status verify_structure(skd_cell **out, const run_contents *run, size_t job, size_t start,
                            skd_error *err) SKD_CHECKED;
uint64_t verify_checksum(const skd_cell *cell);

#endif
