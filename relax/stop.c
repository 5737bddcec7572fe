/* SPDX-License-Identifier: MIT */
/* stop.c - names of the ways in which a relaxation ends. They go into stores: never rename one. */
#include "shakedown/relax.h"

#include <string.h>

static const struct {
    const char *name;
    bool is_converged, has_minimum;
} stops[] = {
    [SKD_STOP_NONE] = {"none", false, false},
    [SKD_STOP_FORCE_MAX] = {"force_max", true, true},
    [SKD_STOP_FORCE_MEAN] = {"force_mean", true, true},
    [SKD_STOP_STEPS] = {"steps", false, true},
    [SKD_STOP_COLLAPSED] = {"collapsed", false, false},
    [SKD_STOP_EXPLODED] = {"exploded", false, false},
    [SKD_STOP_INTERRUPTED] = {"interrupted", false, true},
    [SKD_STOP_FAILED] = {"failed", false, false},
};

#define N_STOPS (sizeof stops / sizeof *stops)

const char *skd_stop_name(skd_stop stop) { return (size_t)stop < N_STOPS ? stops[stop].name : "none"; }

skd_stop skd_stop_named(const char *name) {
    for (size_t i = 0; i < N_STOPS; i++)
        if (strcmp(stops[i].name, name) == 0)
            return (skd_stop)i;
    return SKD_STOP_NONE;
}

bool skd_stop_converged(skd_stop stop) { return (size_t)stop < N_STOPS && stops[stop].is_converged; }

bool skd_stop_has_minimum(skd_stop stop) { return (size_t)stop < N_STOPS && stops[stop].has_minimum; }
