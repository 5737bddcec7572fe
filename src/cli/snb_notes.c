/* SPDX-License-Identifier: MIT */
/* snb_notes.c - see snb_notes.h. Thresholds are ShakeNBreak's. */
#include "snb_notes.h"

#include <string.h>

#define FAR 0.1 /* eV */

/* Distortions with an energy, and how many of them lie within (low, high) of Unperturbed. */
static size_t count_between(const snb_species *s, double low, double high, size_t *all) {
    size_t n = 0;
    *all = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (&s->run[i] == snb_unperturbed(s) || isnan(s->run[i].energy))
            continue;
        double e = snb_relative(s, &s->run[i]);
        ++*all;
        n += e > low && e < high;
    }
    return n;
}

size_t snb_count_below(const snb_species *s, double by) {
    size_t all;
    return snb_unperturbed(s) ? count_between(s, -HUGE_VAL, -by, &all) : 0;
}

static void print_lowest(FILE *out, const snb_species *s, double min_energy, bool verbose) {
    char title[64];
    size_t all;
    const snb_run *lowest = snb_lowest(s), *zero = snb_unperturbed(s);
    count_between(s, -HUGE_VAL, HUGE_VAL, &all);
    if (!lowest) {
        fprintf(out, "%s: no energies\n", s->name);
        return;
    }
    double gain = snb_relative(s, lowest);
    snb_run_title(lowest, title, sizeof title);
    if (!zero)
        fprintf(out, "%s: no energy of Unperturbed; the lowest of %zu runs is %s\n", s->name, all, title);
    else if (gain < -min_energy)
        fprintf(out, "%s: %s is %.3f eV below Unperturbed; %zu of %zu distortions lead more than %g eV below\n",
                s->name, title, -gain, snb_count_below(s, min_energy), all, min_energy);
    else if (verbose || gain >= -min_energy)
        fprintf(out, "%s: no distortion more than %g eV below Unperturbed\n", s->name, min_energy);
}

bool snb_notes_print(FILE *out, const snb_species *s, double min_energy, bool verbose) {
    char title[64];
    size_t all, above = count_between(s, FAR, HUGE_VAL, &all), below = count_between(s, -HUGE_VAL, -FAR, &all);
    bool loose = false;
    print_lowest(out, s, min_energy, verbose);
    for (size_t i = 0; i < s->n; i++) {
        const snb_run *run = &s->run[i];
        snb_run_title(run, title, sizeof title);
        if (run->parsed && !isnan(run->energy) && !run->converged) {
            loose = true;
            fprintf(out, "%s: %s is not fully relaxed\n", s->name, title);
        }
        if (isnan(run->energy))
            fprintf(out, "%s: %s has no energy\n", s->name, title);
    }
    if (snb_unperturbed(s) && all > 0 && above == all)
        fprintf(out, "%s: warning: all distortions end more than 0.1 eV above Unperturbed: an unlikely charge state, "
                     "failed runs, or rattled too much (lower the stdev)\n", s->name);
    if (snb_unperturbed(s) && all > 2 && below == all)
        fprintf(out, "%s: warning: all distortions end more than 0.1 eV below Unperturbed: if other defects do too, "
                     "the bulk itself may be changing phase\n", s->name);
    return loose;
}
