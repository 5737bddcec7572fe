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

/* ---- energy against step ---------------------------------------------------------------------- */

/* Place in the ranking of the family that holds this start; r->n if none does. */
static size_t family_at(const skd_ranking *r, size_t start) {
    for (size_t f = 0; f < r->n; f++)
        for (size_t k = 0; k < r->family[f].n_members; k++)
            if (r->family[f].member[k] == start)
                return f;
    return r->n;
}

static void add_series(svg_steps *out, const skd_trace *trace, size_t start, const skd_job *job,
                       const skd_ranking *r) {
    size_t f = family_at(r, start);
    if (trace->n < 2 || f == r->n)
        return;
    out->series[out->n++] = (svg_series){trace, f, r->family[f].best == start, job->starts.start[start].name};
}

/* Where the unperturbed one ended, else the lowest. */
static void set_zero(svg_steps *out, const skd_ranking *r, double unperturbed_energy) {
    out->zero = isfinite(unperturbed_energy) ? unperturbed_energy : HUGE_VAL;
    out->against = isfinite(unperturbed_energy) ? "Unperturbed" : "the lowest";
    for (size_t i = 0; i < out->n && !isfinite(unperturbed_energy); i++) {
        const skd_trace *t = out->series[i].trace;
        double end = t->point[t->n - 1].energy;
        bool unperturbed = r->family[out->series[i].family].has_unperturbed && out->series[i].leads;
        if (unperturbed)
            out->against = "Unperturbed";
        if (unperturbed || (end < out->zero && strcmp(out->against, "Unperturbed") != 0))
            out->zero = end;
    }
}

skd_status plots_steps(svg_steps *out, const run_store *store, const skd_job *job, size_t j, const skd_ranking *r,
                       const char *level, skd_error *err) {
    *out = (svg_steps){.scale = 1.0, .unit = "eV", .families = "Family (rank)"};
    out->series = skd_alloc(job->starts.n + store->n_dft, sizeof *out->series);
    if (!out->series)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a plot");
    for (size_t i = 0; i < job->starts.n && !level; i++)
        add_series(out, &job->minimum[i].trace, i, job, r);
    for (size_t i = 0; i < store->n_dft && level; i++) {
        const run_dft *d = &store->dft[i];
        if (d->relaxed && d->job == j && strcmp(d->level, level) == 0)
            add_series(out, &d->trace, d->start, job, r);
    }
    set_zero(out, r, level ? (double)NAN : r->unperturbed);
    return SKD_OK;
}
