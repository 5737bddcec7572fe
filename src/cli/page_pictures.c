/* SPDX-License-Identifier: MIT */
/* page_pictures.c - structures to turn: what report.js draws. */
#include <string.h>

#include "page.h"

#define VIEW_RADIUS 6.5 /* Å about the site */

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

const skd_cell *page_unperturbed(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (strcmp(job->starts.start[i].name, "Unperturbed") == 0 && job->minimum[i].cell)
            return job->minimum[i].cell;
    return job->defect->cell;
}

skd_status page_pictures(skd_string *out, const skd_job *job, const skd_ranking *r, skd_error *err) {
    const skd_cell *best = job->minimum[r->family[0].best].cell;
    skd_string_add(out, "<h3>Around the site (+)<span class=\"screen\">, to turn with the mouse</span>");
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (skd_cell_count(best, z))
            skd_string_add(out, "<span class=\"key\" style=\"background:%s\"></span>%s",
                           svg_colour(species_number(best, z)), skd_element_of(z)->symbol);
    skd_string_add(out, "</h3><div class=\"row pair\">");
    skd_status status = add_canvas(out, page_unperturbed(job), job->defect->site, "unperturbed, relaxed", err);
    if (status == SKD_OK)
        status = add_canvas(out, best, job->defect->site, "lowest found (rank 1)", err);
    skd_string_add(out, "</div>\n");
    return status;
}
