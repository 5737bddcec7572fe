/* SPDX-License-Identifier: MIT */
/* watch.c - when a relaxation by somebody else's program is not worth going on with. The numbers are those that
 * ShakeNBreak's `snb-run` stops by. */
#include "shakedown/search.h"

#include <stdio.h>

#define TOO_CLOSE 1.0   /* Å; ShakeNBreak drops starts by it */
#define STALLED   0.002 /* eV, within the last steps         */

enum { SCF_TRIES = 5, POSITIVE_AFTER = 5, LONG = 150, VERY_LONG = 500 };

void skd_watch_step(skd_watch *watch, double energy, bool scf_converged, const skd_cell *cell) {
    skd_error err = {SKD_OK, ""};
    watch->energy[watch->n++ % SKD_WATCH_STEPS] = energy;
    watch->n_scf += scf_converged;
    watch->close[0] = '\0';
    if (skd_cell_count(cell, 1) == 0 && skd_cell_check_overlap(cell, TOO_CLOSE, &err) == SKD_EARG)
        snprintf(watch->close, sizeof watch->close, "%s", err.text);
}

static bool is_stalled(const skd_watch *watch) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    if (watch->n <= SKD_WATCH_STEPS)
        return false;
    for (size_t i = 0; i < SKD_WATCH_STEPS; i++) {
        low = fmin(low, watch->energy[i]);
        high = fmax(high, watch->energy[i]);
    }
    return high - low < STALLED;
}

static skd_hope hopeless(char *why, size_t size, const skd_watch *watch, double energy, double above, const char *how) {
    snprintf(why, size, "%s: %.3f eV after %zu steps, %.2f eV above the unperturbed defect", how, energy, watch->n,
             above);
    return SKD_HOPE_NONE;
}

skd_hope skd_watch_judge(const skd_watch *watch, double unperturbed, char *why, size_t size) {
    snprintf(why, size, "%s", "");
    if (watch->n == 0)
        return SKD_HOPE;
    double energy = watch->energy[(watch->n - 1) % SKD_WATCH_STEPS], above = energy - unperturbed;
    bool stalled = is_stalled(watch);
    if (watch->close[0]) {
        snprintf(why, size, "atoms too close: %s", watch->close);
        return SKD_HOPE_NONE;
    }
    if (watch->n >= SCF_TRIES && watch->n_scf == 0) {
        snprintf(why, size, "the electrons did not converge in any of %zu steps", watch->n);
        return SKD_HOPE_NONE;
    }
    if (watch->n > POSITIVE_AFTER && energy > 0.0 && above > 1.0)
        return hopeless(why, size, watch, energy, above, "positive energy");
    if (watch->n >= LONG && above > 2.0)
        return hopeless(why, size, watch, energy, above, "high energy");
    if (stalled && watch->n > VERY_LONG && above > 0.5)
        return hopeless(why, size, watch, energy, above, "stalled at high energy");
    if (!stalled)
        return SKD_HOPE;
    snprintf(why, size, "stalled: the last %d of %zu steps lie within %g meV", SKD_WATCH_STEPS, watch->n,
             1000.0 * STALLED);
    return SKD_HOPE_STALLED;
}
