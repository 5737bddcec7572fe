/* SPDX-License-Identifier: MIT
 * cp2k_waves.h - wave functions that CP2K left in the folders of earlier frames, to start from.
 */
#ifndef SKD_TEACHERS_CP2K_WAVES_H
#define SKD_TEACHERS_CP2K_WAVES_H

#include "kind.h"

#define CP2K_START "start.wfn" /**< in a folder: what its states start from */

/** Links the wave functions of the nearest frame (least displacement; the same level, composition, charge and lattice)
 *  of the site into a folder as CP2K_START. *found false: there are none. */
skd_status cp2k_waves_find(bool *found, const teacher_site *site, const char *folder, const char *level,
                           const skd_cell *cell, double charge, skd_error *err) SKD_CHECKED;
/** Keeps those that a finished calculation left as `name`, with the frame they belong to; those of all but the last few
 *  frames are removed. */
skd_status cp2k_waves_keep(const teacher_site *site, const char *folder, const char *name, const char *level,
                           const skd_cell *cell, double charge, skd_error *err) SKD_CHECKED;

#endif
