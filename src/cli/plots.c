/* SPDX-License-Identifier: MIT */
/* plots.c - see plots.h. */
#include "plots.h"

#include <string.h>

#define SAME_ENERGY 0.05 /* eV */

static svg_mark mark_of(const char *name) {
    if (strstr(name, "_from_"))
        return SVG_IMPORTED;
    if (strstr(name, "Unperturbed"))
        return SVG_UNPERTURBED;
    if (strstr(name, "Dimer"))
        return SVG_DIMER;
    if (strstr(name, "Rattled"))
        return SVG_RATTLED;
    return strchr(name, '%') || strchr("-0123456789", name[0]) ? SVG_BOND : SVG_OTHER;
}

skd_status plots_of_job(svg_point **point, size_t *n, const skd_job *job, const skd_ranking *r, skd_error *err) {
    svg_point *list = *point = skd_alloc(job->starts.n, sizeof *list);
    *n = 0;
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plot");
    double zero = isnan(r->unperturbed) && r->n ? r->family[0].energy : r->unperturbed;
    for (size_t i = 0; i < job->starts.n; i++)
        for (size_t f = 0; f < r->n; f++)
            for (size_t k = 0; k < r->family[f].n_members; k++) {
                const skd_start *s = &job->starts.start[i];
                if (r->family[f].member[k] != i)
                    continue;
                list[*n] = (svg_point){isnan(s->factor) ? 0.0 : s->factor, job->minimum[i].energy - zero, f,
                                       mark_of(s->name), ""};
                snprintf(list[*n].label, sizeof list[*n].label, "%s", s->name);
                ++*n;
            }
    return SKD_OK;
}

/* Numbers the energies from below; a gap of more than 0.05 eV begins a new number. */
static void number_levels(svg_point *list, size_t n) {
    double floor_energy = -HUGE_VAL;
    for (size_t family = 0;; family++) {
        double lowest = HUGE_VAL, top;
        for (size_t i = 0; i < n; i++)
            if (list[i].energy > floor_energy)
                lowest = fmin(lowest, list[i].energy);
        if (lowest == HUGE_VAL)
            return;
        top = lowest;
        for (size_t i = 0; i < n; i++)
            if (list[i].energy > top && list[i].energy <= lowest + SAME_ENERGY)
                top = list[i].energy;
        for (size_t i = 0; i < n; i++)
            if (list[i].energy >= lowest && list[i].energy <= top)
                list[i].family = family;
        floor_energy = top;
    }
}

skd_status plots_of_species(svg_point **point, size_t *n, const snb_species *s, skd_error *err) {
    svg_point *list = *point = skd_alloc(s->n, sizeof *list);
    *n = 0;
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plot");
    for (size_t i = 0; i < s->n; i++) {
        const snb_run *run = &s->run[i];
        double percent;
        const char *sign = strchr(run->label, '%');
        if (isnan(run->energy))
            continue;
        list[*n] = (svg_point){run->plain ? run->factor : 0.0, snb_relative(s, run), 0, mark_of(run->label), ""};
        if (!run->plain && sign && skd_span_real((skd_span){run->label, (size_t)(sign - run->label)}, &percent))
            list[*n].x = percent / 100.0;
        snb_run_title(run, list[*n].label, sizeof list[*n].label);
        ++*n;
    }
    number_levels(list, *n);
    return SKD_OK;
}
