/* SPDX-License-Identifier: MIT */
/* page_job.c - the section of one defect and charge: families, plots, relaxations. */
#include <string.h>

#include "changes.h"
#include "page.h"
#include "plots.h"

#define BONDS_SHOWN 8 /* of a family, the shortest */

void page_escaped(skd_string *out, const char *before, const char *text, const char *after) {
    skd_string_add(out, "%s", before);
    svg_text(out, text);
    skd_string_add(out, "%s", after);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void add_nearest(skd_string *out, const double *distance, size_t n, size_t f) {
    size_t nearest = n;
    for (size_t k = 0; k < n; k++)
        if (k != f && (nearest == n || distance[f * n + k] < distance[f * n + nearest]))
            nearest = k;
    if (nearest == n)
        skd_string_add(out, "<td></td>");
    else
        skd_string_add(out, "<td class=\"n\">rank %zu, %.1e</td>", nearest + 1, distance[f * n + nearest]);
}

static void add_bonds(skd_string *out, const skd_change *c, const skd_cell *cell) {
    skd_string_add(out, "<td class=\"one\">");
    for (size_t i = 0; i < c->n_homo && i < BONDS_SHOWN; i++) {
        const char *symbol = skd_element_of(cell->species[c->homo[i].i])->symbol;
        skd_string_add(out, "%s%s%zu-%s%zu %.2f (was %.2f)", i ? "<br>" : "", symbol, c->homo[i].i + 1, symbol,
                       c->homo[i].j + 1, c->homo[i].length, c->homo[i].before);
    }
    if (c->n_homo > BONDS_SHOWN)
        skd_string_add(out, "<br>and %zu more", c->n_homo - BONDS_SHOWN);
    skd_string_add(out, "</td><td class=\"one\">");
    for (size_t i = 0; i < c->n_neighbours; i++)
        skd_string_add(out, "%s%s%zu %d→%d", i ? i % 2 ? ", " : "<br>" : "",
                       skd_element_of(cell->species[c->neighbour[i].atom])->symbol, c->neighbour[i].atom + 1,
                       c->neighbour[i].before, c->neighbour[i].after);
    skd_string_add(out, "</td>");
}

/* P, and what DFT may say of the energy. */
static void add_confidence(skd_string *out, const page *p, size_t j, size_t f) {
    const confidence *c = p->confidence;
    const double relative = p->rankings[j].family[f].relative;
    if (!c->known)
        return;
    skd_string_add(out, "<td class=\"n\">%.2f</td><td class=\"n\">", c->probability[j][f]);
    if (isfinite(relative))
        skd_string_add(out, "%+.2f ± %.2f", c->model.slope * relative, skd_error_width(&c->model, relative, 0.68));
    skd_string_add(out, "</td>");
}

static void add_family(skd_string *out, const page *p, size_t j, size_t f, const skd_change *c) {
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    const skd_family *family = &r->family[f];
    skd_string_add(out, "<tr><td class=\"n\"><span class=\"key\" style=\"background:%s\"></span>%zu</td>",
                   svg_colour(f), family->rank);
    skd_string_add(out, isnan(family->relative) ? "<td class=\"n\">-</td>" : "<td class=\"n\">%+.4f</td>",
                   family->relative);
    if (p->run->record.prior[0])
        skd_string_add(out, "<td class=\"n\">%+.4f</td>", report_relative_at_prior(job, family));
    add_confidence(out, p, j, f);
    if (f + 1 < r->n)
        skd_string_add(out, "<td class=\"n\">%.4f</td>", r->family[f + 1].energy - family->energy);
    else
        skd_string_add(out, "<td></td>");
    skd_string_add(out, "<td class=\"n\">%zu of %zu</td>", family->n_members, job->starts.n);
    page_escaped(out, "<td>", report_short_name(job->starts.start[family->best].name), "</td>");
    skd_string_add(out, "<td>%s → %s</td><td class=\"n\">%g</td>", c->symmetry[0], c->symmetry[1], c->ways);
    if (c->matched)
        skd_string_add(out, "<td class=\"n\">%.3f</td><td class=\"n\">%.3f</td>", c->disp, c->max_dist);
    else
        skd_string_add(out, "<td></td><td></td>");
    add_bonds(out, c, job->minimum[family->best].cell);
    add_nearest(out, r->distance, r->n, f);
    skd_string_add(out, "</tr>\n");
    if (c->bulk_alarm)
        skd_string_add(out, "<tr class=\"after\"><td></td><td colspan=\"%d\" class=\"warn\">Atoms far from the defect "
                            "moved too (rms %.2f Å, near it %.2f Å): is the host changing phase?</td></tr>\n",
                       (p->confidence->known ? 13 : 11) + (p->run->record.prior[0] != '\0'), c->far, c->near);
}

static skd_status add_families(skd_string *out, const page *p, size_t j, skd_error *err) {
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    const skd_cell *reference = page_unperturbed(job);
    double site[3];
    skd_symmetry *symmetry;
    skd_status status = skd_change_symmetry(&symmetry, reference, err);
    if (status != SKD_OK)
        return status;
    skd_row_times(job->defect->site, reference->lattice, site);
    skd_string_add(out, "<div class=\"wide\"><table><thead><tr><th class=\"n\">rank</th><th class=\"n\">dE (eV)</th>"
                        "%s%s<th class=\"n\">gap to next</th><th class=\"n\">starts</th><th>best from</th>"
                        "<th>symmetry</th><th class=\"n\">ways</th><th class=\"n\">Σ moved (Å)</th>"
                        "<th class=\"n\">largest (Å)</th>"
                        "<th>new bonds of like atoms (Å)</th><th>neighbours' coordination</th><th>most like</th>"
                        "</tr></thead>\n",
                   p->run->record.prior[0] ? "<th class=\"n\">dE prior (eV)</th>" : "",
                   p->confidence->known ? "<th class=\"n\">P lowest</th><th class=\"n\">dE by DFT, 68 %</th>" : "");
    for (size_t f = 0; f < r->n && status == SKD_OK; f++) {
        skd_change change;
        const skd_cell *cell = job->minimum[r->family[f].best].cell;
        status = skd_change_find_knowing(&change, reference, symmetry, cell, site, err);
        if (status == SKD_OK)
            add_family(out, p, j, f, &change);
    }
    skd_string_add(out, "</table></div>\n");
    skd_symmetry_free(symmetry);
    return status;
}

static void add_relaxations(skd_string *out, const skd_job *job) {
    skd_string_add(out, "<details><summary>all relaxations</summary><table><tr><th>start</th>"
                        "<th class=\"n\">energy (eV)</th><th class=\"n\">steps</th>"
                        "<th class=\"n\">largest force (eV/Å)</th><th>end</th></tr>\n");
    for (size_t i = 0; i < job->starts.n; i++) {
        const skd_minimum *m = &job->minimum[i];
        page_escaped(out, "<tr><td>", job->starts.start[i].name, "</td>");
        if (m->done && m->cell)
            skd_string_add(out, "<td class=\"n\">%.6f</td><td class=\"n\">%zu</td><td class=\"n\">%.4f</td>", m->energy,
                           m->n_steps, m->force_max);
        else
            skd_string_add(out, "<td></td><td></td><td></td>");
        skd_string_add(out, "<td>%s</td></tr>\n",
                       job->starts.start[i].dropped ? "dropped" : m->done ? skd_stop_name(m->stop) : "pending");
    }
    skd_string_add(out, "</table></details>\n");
}

/* ---- sections -------------------------------------------------------------------------------- */

/* Energy against step, of the search or of what was collected at a level. */
static skd_status add_steps(skd_string *out, const page *p, size_t j, const char *level, skd_error *err) {
    char title[120];
    svg_steps plot;
    skd_status status = plots_steps(&plot, p->store, p->run->job[j], j, &p->rankings[j], level, err);
    snprintf(title, sizeof title, "Relaxations by %s", level ? level : p->run->record.potential);
    plot.title = title;
    if (status == SKD_OK && plot.n > 0)
        svg_steps_plot(out, &plot);
    skd_free(plot.series);
    return status;
}

/* Is this the first relaxation of its level and job? */
static bool first_of_level(const run_store *store, size_t i, size_t j) {
    const run_dft *d = &store->dft[i];
    for (size_t k = 0; k < i; k++)
        if (store->dft[k].job == j && store->dft[k].relaxed && strcmp(store->dft[k].level, d->level) == 0)
            return false;
    return d->job == j && d->relaxed;
}

static skd_status add_figures(skd_string *out, const page *p, size_t j, skd_error *err) {
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    svg_plot plot = {.highest = HUGE_VAL, .scale = 1.0, .unit = "eV", .families = "Family (rank)"};
    skd_status status = plots_of_job(&plot.point, &plot.n, job, r, err);
    skd_string_add(out, "<div class=\"row\">");
    if (status == SKD_OK)
        svg_energy_plot(out, &plot);
    if (status == SKD_OK)
        status = add_steps(out, p, j, NULL, err);
    for (size_t i = 0; i < p->store->n_dft && status == SKD_OK; i++)
        if (first_of_level(p->store, i, j))
            status = add_steps(out, p, j, p->store->dft[i].level, err);
    if (status == SKD_OK && r->n > 1)
        status = svg_map(out, r->distance, r->n, err);
    if (status == SKD_OK && r->n > 1)
        status = svg_tree(out, r->distance, r->n, err);
    skd_string_add(out, "</div>\n");
    skd_free(plot.point);
    return status;
}

skd_status page_job(skd_string *out, const page *p, size_t j, skd_error *err) {
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    char entry[96];
    skd_string_add(out, "<section id=\"job%zu\">", j);
    page_escaped(out, "<h2>", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry),
                 " <a class=\"up\" href=\"#top\">index</a></h2>\n");
    if (r->n == 0) {
        skd_string_add(out, "<p>No minimum found.</p></section>\n");
        return SKD_OK;
    }
    skd_status status = add_families(out, p, j, err);
    if (status == SKD_OK)
        status = add_figures(out, p, j, err);
    if (status == SKD_OK)
        status = page_pictures(out, job, r, err);
    add_relaxations(out, job);
    skd_string_add(out, "</section>\n");
    return status;
}
