/* SPDX-License-Identifier: MIT */
/* calibrate_search.c - see calibrate_search.h. */
#include "calibrate_search.h"

#include <stdio.h>

#include "calibrations.h"

#define FRAMES 14
#define ROUNDS 5

skd_status calibrate_search(skd_potential **potential, const cli_args *args, const skd_cell *bulk, const char *folder,
                            skd_error *err) {
    char path[4200];
    bool made = false;
    if (!cli_text(args, "calibrate"))
        return SKD_OK;
    calibrating c = {.host = bulk,
                     .base = *potential,
                     .to = cli_text(args, "calibrate"),
                     .output = path,
                     .n_frames = FRAMES,
                     .n_rounds = ROUNDS,
                     .seed = (uint32_t)cli_int(args, "seed"),
                     .quiet = cli_flag(args, "quiet"),
                     .options = SKD_CALIBRATION_DEFAULT};
    snprintf(path, sizeof path, "%s/host.calibration.gz", folder);
    cli_catch_interrupts();
    skd_status status = skd_folder_make(folder, err);
    if (status == SKD_OK)
        status = calibrations_is_made(&made, &c, err);
    if (status == SKD_OK && !made)
        status = calibrations_make(&c, err);
    if (status == SKD_OK && !made && !cli_flag(args, "json"))
        calibrations_print(&c, stdout);
    calibrations_free(&c);
    return status == SKD_OK ? calibrations_add(potential, path, err) : status;
}
