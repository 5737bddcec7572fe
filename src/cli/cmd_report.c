/* SPDX-License-Identifier: MIT */
/* cmd_report.c - a search as one HTML file that needs nothing else: index, tables, plots, pictures that can be turned,
 * provenance. Holds nothing that depends on time or machine. */
#include <string.h>

#include "changes.h"
#include "plots.h"
#include "report.h"
#include "svg.h"

#define VIEW_RADIUS 6.5 /* Å about the site */

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "FILE", NULL, "file to write; default: DIR/report.html", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_END};

typedef struct page {
    skd_string *out;
    const run_store *store;
    const run_contents *run;
    const skd_ranking *rankings;
} page;

static void add_escaped(skd_string *out, const char *before, const char *text, const char *after) {
    skd_string_add(out, "%s", before);
    svg_text(out, text);
    skd_string_add(out, "%s", after);
}

/* ---- index ----------------------------------------------------------------------------------- */

static bool first_of_defect(const run_contents *run, size_t j) {
    for (size_t i = 0; i < j; i++)
        if (strcmp(run->job[i]->defect->name, run->job[j]->defect->name) == 0)
            return false;
    return true;
}

static void charge_range(const run_contents *run, int *low, int *high) {
    *low = *high = run->n_jobs ? run->job[0]->charge : 0;
    for (size_t j = 0; j < run->n_jobs; j++) {
        *low = run->job[j]->charge < *low ? run->job[j]->charge : *low;
        *high = run->job[j]->charge > *high ? run->job[j]->charge : *high;
    }
}

static void add_index_cell(const page *p, size_t first, int charge) {
    for (size_t j = first; j < p->run->n_jobs; j++) {
        const skd_ranking *r = &p->rankings[j];
        if (p->run->job[j]->charge != charge ||
            strcmp(p->run->job[j]->defect->name, p->run->job[first]->defect->name) != 0)
            continue;
        skd_string_add(p->out, "<td class=\"n\"><a href=\"#job%zu\">", j);
        if (r->n && !isnan(r->family[0].relative))
            skd_string_add(p->out, "%+.3f", r->family[0].relative);
        else
            skd_string_add(p->out, r->n ? "found" : "none");
        skd_string_add(p->out, "</a> <span class=\"note\">%zu</span></td>", r->n);
        return;
    }
    skd_string_add(p->out, "<td></td>");
}

static void add_index(const page *p) {
    int low, high;
    charge_range(p->run, &low, &high);
    skd_string_add(p->out, "<nav><h2>Ground states</h2><p class=\"note\">Energy of the lowest minimum relative to "
                           "the one that the unperturbed start reaches (eV), and the number of families found.</p>"
                           "<div class=\"wide\"><table><tr><th>defect</th>");
    for (int q = low; q <= high; q++)
        skd_string_add(p->out, "<th class=\"n\">%s%d</th>", q > 0 ? "+" : "", q);
    skd_string_add(p->out, "</tr>\n");
    for (size_t j = 0; j < p->run->n_jobs; j++) {
        if (!first_of_defect(p->run, j))
            continue;
        add_escaped(p->out, "<tr><td>", p->run->job[j]->defect->name, "</td>");
        for (int q = low; q <= high; q++)
            add_index_cell(p, j, q);
        skd_string_add(p->out, "</tr>\n");
    }
    skd_string_add(p->out, "</table></div></nav>\n");
}

/* ---- distances of families ------------------------------------------------------------------- */

static skd_status fingerprint_all(skd_fingerprint *print, const skd_job *job, const skd_ranking *r, skd_error *err) {
    const skd_soap_options settings = SKD_SOAP_DEFAULT;
    int species[SKD_ELEMENT_MAX];
    size_t n = skd_cell_species(job->defect->cell, species);
    skd_soap *soap = NULL;
    skd_soap_work *work = NULL;
    skd_status status = skd_soap_new(&soap, &settings, species, n, err);
    if (status == SKD_OK)
        status = skd_soap_work_new(&work, soap, err);
    for (size_t f = 0; f < r->n && status == SKD_OK; f++)
        status = skd_fingerprint_make(&print[f], soap, job->minimum[r->family[f].best].cell, NULL, (double)NAN, work,
                                      err);
    skd_soap_work_free(work);
    skd_soap_free(soap);
    return status;
}

/* distance[n][n] of the families' best minima; the caller's. */
static skd_status family_distances(double **out, const skd_job *job, const skd_ranking *r, skd_error *err) {
    skd_fingerprint *print = skd_alloc(r->n, sizeof *print);
    double *d = *out = skd_alloc(r->n * r->n, sizeof *d);
    skd_status status = print && d ? fingerprint_all(print, job, r, err)
                                   : skd_fail(err, SKD_ENOMEM, "out of memory for %zu families", r->n);
    for (size_t i = 0; i < r->n && status == SKD_OK; i++)
        for (size_t k = 0; k < i && status == SKD_OK; k++) {
            status = skd_fingerprint_distance(&print[i], &print[k], &d[i * r->n + k], err);
            d[k * r->n + i] = d[i * r->n + k];
        }
    for (size_t f = 0; print && f < r->n; f++)
        skd_fingerprint_free(&print[f]);
    skd_free(print);
    return status;
}

/* ---- pictures -------------------------------------------------------------------------------- */

static size_t species_number(const skd_cell *cell, int z) {
    size_t n = 0;
    for (int other = 1; other < z; other++)
        n += skd_cell_count(cell, other) > 0;
    return n;
}

static skd_status add_canvas(skd_string *out, const skd_cell *cell, const double frac[3], const char *title,
                             skd_error *err) {
    skd_mic mic;
    double site[3], d[3];
    bool comma = false;
    skd_row_times(frac, cell->lattice, site);
    skd_status status = skd_mic_setup(&mic, cell, err);
    if (status != SKD_OK)
        return status;
    skd_string_add(out, "<figure><canvas width=\"360\" height=\"360\" data-atoms=\"[");
    for (size_t i = 0; i < cell->n; i++)
        if (skd_mic_vector(&mic, site, cell->pos[i], d) < VIEW_RADIUS) {
            skd_string_add(out, "%s[%zu,%.2f,%.3f,%.3f,%.3f]", comma ? "," : "", species_number(cell, cell->species[i]),
                           skd_element_of(cell->species[i])->covalent_radius, d[0], d[1], d[2]);
            comma = true;
        }
    skd_string_add(out, "]\"></canvas><figcaption>");
    svg_text(out, title);
    skd_string_add(out, "</figcaption></figure>\n");
    return SKD_OK;
}

static const skd_cell *unperturbed_cell(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (strcmp(job->starts.start[i].name, "Unperturbed") == 0 && job->minimum[i].cell)
            return job->minimum[i].cell;
    return job->defect->cell;
}

static skd_status add_pictures(skd_string *out, const skd_job *job, const skd_ranking *r, skd_error *err) {
    const skd_cell *best = job->minimum[r->family[0].best].cell;
    skd_string_add(out, "<h3>Around the site (+), to turn with the mouse");
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (skd_cell_count(best, z))
            skd_string_add(out, "<span class=\"key\" style=\"background:%s\"></span>%s",
                           svg_colour(species_number(best, z)), skd_element_of(z)->symbol);
    skd_string_add(out, "</h3><div class=\"row pair\">");
    skd_status status = add_canvas(out, unperturbed_cell(job), job->defect->site, "unperturbed, relaxed", err);
    if (status == SKD_OK)
        status = add_canvas(out, best, job->defect->site, "lowest found (rank 1)", err);
    skd_string_add(out, "</div>\n");
    return status;
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
    for (size_t i = 0; i < c->n_homo; i++) {
        const char *symbol = skd_element_of(cell->species[c->homo[i].i])->symbol;
        skd_string_add(out, "%s%s%zu-%s%zu %.2f (was %.2f)", i ? "<br>" : "", symbol, c->homo[i].i + 1, symbol,
                       c->homo[i].j + 1, c->homo[i].length, c->homo[i].before);
    }
    skd_string_add(out, "</td><td class=\"one\">");
    for (size_t i = 0; i < c->n_neighbours; i++)
        skd_string_add(out, "%s%s%zu %d→%d", i ? i % 2 ? ", " : "<br>" : "",
                       skd_element_of(cell->species[c->neighbour[i].atom])->symbol, c->neighbour[i].atom + 1,
                       c->neighbour[i].before, c->neighbour[i].after);
    skd_string_add(out, "</td>");
}

static void add_family(skd_string *out, const skd_job *job, const skd_ranking *r, size_t f, const skd_change *c,
                       const double *distance) {
    const skd_family *family = &r->family[f];
    skd_string_add(out, "<tr><td class=\"n\"><span class=\"key\" style=\"background:%s\"></span>%zu</td>",
                   svg_colour(f), family->rank);
    skd_string_add(out, isnan(family->relative) ? "<td class=\"n\">-</td>" : "<td class=\"n\">%+.4f</td>",
                   family->relative);
    if (f + 1 < r->n)
        skd_string_add(out, "<td class=\"n\">%.4f</td>", r->family[f + 1].energy - family->energy);
    else
        skd_string_add(out, "<td></td>");
    skd_string_add(out, "<td class=\"n\">%zu of %zu</td>", family->n_members, job->starts.n);
    add_escaped(out, "<td>", job->starts.start[family->best].name, "</td>");
    skd_string_add(out, "<td>%s → %s</td><td class=\"n\">%g</td>", c->symmetry[0], c->symmetry[1], c->ways);
    if (c->matched)
        skd_string_add(out, "<td class=\"n\">%.3f</td><td class=\"n\">%.3f</td>", c->disp, c->max_dist);
    else
        skd_string_add(out, "<td></td><td></td>");
    add_bonds(out, c, job->minimum[family->best].cell);
    add_nearest(out, distance, r->n, f);
    skd_string_add(out, "</tr>\n");
    if (c->bulk_alarm)
        skd_string_add(out, "<tr><td></td><td colspan=\"11\" class=\"warn\">Atoms far from the defect moved too "
                            "(rms %.2f Å, near it %.2f Å): is the host changing phase?</td></tr>\n", c->far, c->near);
}

static skd_status add_families(skd_string *out, const skd_job *job, const skd_ranking *r, const double *distance,
                               skd_error *err) {
    const skd_cell *reference = unperturbed_cell(job);
    double site[3];
    skd_status status = SKD_OK;
    skd_row_times(job->defect->site, reference->lattice, site);
    skd_string_add(out, "<div class=\"wide\"><table><tr><th class=\"n\">rank</th><th class=\"n\">dE (eV)</th>"
                        "<th class=\"n\">gap to next</th><th class=\"n\">starts</th><th>best from</th><th>symmetry</th>"
                        "<th class=\"n\">ways</th><th class=\"n\">Σ moved (Å)</th><th class=\"n\">largest (Å)</th>"
                        "<th>new bonds of like atoms (Å)</th><th>neighbours' coordination</th><th>most like</th>"
                        "</tr>\n");
    for (size_t f = 0; f < r->n && status == SKD_OK; f++) {
        skd_change change;
        status = skd_change_find(&change, reference, job->minimum[r->family[f].best].cell, site, err);
        if (status == SKD_OK)
            add_family(out, job, r, f, &change, distance);
    }
    skd_string_add(out, "</table></div>\n");
    return status;
}

static void add_relaxations(skd_string *out, const skd_job *job) {
    skd_string_add(out, "<details><summary>all relaxations</summary><table><tr><th>start</th>"
                        "<th class=\"n\">energy (eV)</th><th class=\"n\">steps</th>"
                        "<th class=\"n\">largest force (eV/Å)</th><th>end</th></tr>\n");
    for (size_t i = 0; i < job->starts.n; i++) {
        const skd_minimum *m = &job->minimum[i];
        add_escaped(out, "<tr><td>", job->starts.start[i].name, "</td>");
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
static skd_status add_steps(const page *p, size_t j, const char *level, skd_error *err) {
    char title[120];
    svg_steps plot;
    skd_status status = plots_steps(&plot, p->store, p->run->job[j], j, &p->rankings[j], level, err);
    snprintf(title, sizeof title, "Relaxations by %s", level ? level : p->run->record.potential);
    plot.title = title;
    if (status == SKD_OK && plot.n > 0)
        svg_steps_plot(p->out, &plot);
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

static skd_status add_figures(const page *p, size_t j, const double *distance, skd_error *err) {
    skd_string *out = p->out;
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    svg_plot plot = {.highest = HUGE_VAL, .scale = 1.0, .unit = "eV", .families = "Family (rank)"};
    skd_status status = plots_of_job(&plot.point, &plot.n, job, r, err);
    skd_string_add(out, "<div class=\"row\">");
    if (status == SKD_OK)
        svg_energy_plot(out, &plot);
    if (status == SKD_OK)
        status = add_steps(p, j, NULL, err);
    for (size_t i = 0; i < p->store->n_dft && status == SKD_OK; i++)
        if (first_of_level(p->store, i, j))
            status = add_steps(p, j, p->store->dft[i].level, err);
    if (status == SKD_OK && r->n > 1)
        status = svg_map(out, distance, r->n, err);
    if (status == SKD_OK && r->n > 1)
        status = svg_tree(out, distance, r->n, err);
    skd_string_add(out, "</div>\n");
    skd_free(plot.point);
    return status;
}

static skd_status add_job(const page *p, size_t j, skd_error *err) {
    const skd_job *job = p->run->job[j];
    const skd_ranking *r = &p->rankings[j];
    char entry[96];
    double *distance = NULL;
    skd_string_add(p->out, "<section id=\"job%zu\">", j);
    add_escaped(p->out, "<h2>", skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry), "</h2>\n");
    if (r->n == 0) {
        skd_string_add(p->out, "<p>No minimum found.</p></section>\n");
        return SKD_OK;
    }
    skd_status status = family_distances(&distance, job, r, err);
    if (status == SKD_OK)
        status = add_families(p->out, job, r, distance, err);
    if (status == SKD_OK)
        status = add_figures(p, j, distance, err);
    if (status == SKD_OK)
        status = add_pictures(p->out, job, r, err);
    add_relaxations(p->out, job);
    skd_string_add(p->out, "</section>\n");
    skd_free(distance);
    return status;
}

static void add_provenance(const page *p) {
    const run_record *record = &p->run->record;
    skd_string_add(p->out, "<section><h2>Provenance</h2><pre>");
    svg_text(p->out, record->command);
    skd_string_add(p->out, "</pre><table>");
    add_escaped(p->out, "<tr><th>host</th><td>", record->host_file, "");
    skd_string_add(p->out, ", checksum %016llx</td></tr>", (unsigned long long)record->host_checksum);
    add_escaped(p->out, "<tr><th>level</th><td>", record->potential, "</td></tr>");
    add_escaped(p->out, "<tr><th>minimiser</th><td>", record->method, "");
    skd_string_add(p->out, ", mean force below %g, largest below %g eV/Å (0: not asked), at most %zu steps</td></tr>",
                   record->force_mean, record->force_max, record->max_steps);
    skd_string_add(p->out, "<tr><th>seed</th><td>%llu</td></tr><tr><th>program</th><td>shakedown " SKD_VERSION
                           "</td></tr></table>\n", (unsigned long long)record->seed);
    skd_string_add(p->out, "<p>Energies are those of the level named here, not of DFT: the list is one of candidates. "
                           "Give all within a few eV to DFT.</p>\n"
                           "<h3>How to cite</h3><p>Bond distortions: Mosquera-Lois, Kavanagh, Walsh, Scanlon, npj "
                           "Comput. Mater. 9, 25 (2023). Surrogate search: Mosquera-Lois, Kavanagh, Ganose, Walsh, npj "
                           "Comput. Mater. 10, 121 (2024). Fingerprints: Bartók, Kondor, Csányi, Phys. Rev. B 87, "
                           "184115 (2013)."
                           "%s</p></section>\n",
                   strncmp(record->potential, "gfn1", 4) == 0
                       ? " GFN1-xTB: Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017)."
                       : "");
}

static skd_status add_page(const page *p, skd_error *err) {
    skd_string *out = p->out;
    skd_status status = SKD_OK;
    skd_string_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">"
                        "<title>shakedown: ");
    svg_text(out, p->run->record.host_file);
    skd_string_add(out, "</title><style>\n%s</style></head><body>\n", skd_template_text("report.css"));
    const char *slash = strrchr(p->run->record.host_file, '/');
    add_escaped(out, "<h1>Point defects of ", slash ? slash + 1 : p->run->record.host_file, "</h1>\n");
    add_escaped(out, "<p>Level: ", p->run->record.potential, "</p>\n");
    add_index(p);
    for (size_t j = 0; j < p->run->n_jobs && status == SKD_OK; j++)
        status = add_job(p, j, err);
    add_provenance(p);
    skd_string_add(out, "<script>\n%s</script></body></html>\n", skd_template_text("report.js"));
    return status;
}

static skd_status run_report(const cli_args *args, int *exit_code, skd_error *err) {
    report_run run;
    skd_string out = {0}, path = {0};
    (void)exit_code;
    if (cli_text(args, "output"))
        skd_string_add(&path, "%s", cli_text(args, "output"));
    else
        skd_string_add(&path, "%s/report.html", args->operand[0]);
    skd_status status = report_open(&run, args->operand[0], args, err);
    page p = {&out, &run.store, &run.contents, run.rankings};
    if (status == SKD_OK)
        status = add_page(&p, err);
    if (status == SKD_OK && (out.failed || path.failed))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the report");
    if (status == SKD_OK)
        status = skd_file_write(path.text, out.text, out.n, err);
    if (status == SKD_OK && strcmp(path.text, "-") != 0)
        printf("wrote %s\n", path.text);
    report_close(&run);
    skd_string_free(&out);
    skd_string_free(&path);
    return status;
}

const cli_command cmd_report = {
    .name = "report",
    .group = "search",
    .summary = "Write a search as one HTML file",
    .usage = "DIR [-o FILE]",
    .text = "One self-contained page, light and dark: index of defects and charges, families with what relaxation\n"
            "did, energy against distortion, map and tree of the minima, structures to turn, provenance, how to cite.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_report,
};
