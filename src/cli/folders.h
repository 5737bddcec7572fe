/* SPDX-License-Identifier: MIT
 * folders.h - ShakeNBreak's folders: <root>/<defect>_<+q>/<start>/POSCAR with its comment line.
 */
#ifndef SKD_FOLDERS_H
#define SKD_FOLDERS_H

#include "shakedown/data.h"
#include "shakedown/search.h"

/** "<root>/<defect>_<+q>/<start>/<file>"; the caller's (skd_free). NULL if memory is out. */
char *folders_path(const char *root, const skd_defect *defect, int charge, const char *start, const char *file);

/** A copy with species grouped by electronegativity; the caller's. order[n], if not NULL: which atom of `cell` each
 *  of its atoms is. */
skd_status folders_sorted(skd_cell **out, const skd_cell *cell, size_t *order, skd_error *err);

/** Writes `cell` as a POSCAR with species grouped by electronegativity, as ShakeNBreak (pymatgen)
 *  sorts them; `comment` is line 1. */
skd_status folders_write_poscar(const char *path, const skd_cell *cell, const char *comment, skd_error *err);
/** The same with selective dynamics: atoms with tether[i] > 0 do not move. */
skd_status folders_write_selective(const char *path, const skd_cell *cell, const double *tether, const char *comment,
                                   skd_error *err);

/** ShakeNBreak's comment line: "-40.0% N(Distort)=2 ~[0.5,0.5,0.5]". */
char *folders_comment(const skd_defect *defect, const skd_start *start, char *out, size_t size);

/** Writes the POSCARs of all starts that were not dropped. */
skd_status folders_write_starts(const char *root, const skd_defect *defect, int charge, const skd_start_list *starts,
                                skd_error *err);
/** Writes ShakeNBreak's distortion_metadata.json: one for all entries in root, and one in the folder of each. */
skd_status folders_write_metadata(const char *root, const skd_metadata_entry *entry, size_t n,
                                  const skd_start_options *options, skd_error *err);

/** Both for the starts of all jobs. */
skd_status folders_write_jobs(const char *root, skd_job *const *job, size_t n_jobs, const skd_start_options *options,
                              skd_error *err);

/** Writes <root>/<defect>_<+q>/<defect>_<+q>.yaml, the energies (eV) that ShakeNBreak's plot and regenerate
 *  read; starts without a minimum are left out, as there. */
skd_status folders_write_energies(const char *root, const skd_job *job, skd_error *err);

/** Writes the CONTCARs of all that is relaxed, beside the POSCARs, and the energies of every job. */
skd_status folders_write_minima(const char *root, skd_job *const *job, size_t n_jobs, skd_error *err);

#endif
