/* SPDX-License-Identifier: MIT */
/* collapse.c - closest pair in units of covalent radii. The list is nearly always empty, so a check
 * costs little more than asking whether the list may be kept. */
#include "collapse.h"

static double radius(int z) {
    const skd_element *element = skd_element_of(z);
    return element ? element->covalent_radius : 0.0;
}

skd_status skd_collapse_find(skd_verlet *v, const skd_cell *cell, double fraction, skd_collision *worst, bool *found,
                             skd_error *err) {
    double largest = 0.0, least = 1.0;
    for (size_t i = 0; i < cell->n; i++)
        largest = fmax(largest, radius(cell->species[i]));
    *found = false;
    skd_status status = skd_verlet_update(v, cell, 2.0 * fraction * largest, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        for (size_t p = v->first[i]; p < v->first[i + 1]; p++) {
            const skd_verlet_pair *pair = &v->pair[p];
            double d[3], limit = fraction * (radius(cell->species[i]) + radius(cell->species[pair->j]));
            for (int k = 0; k < 3; k++)
                d[k] = cell->pos[pair->j][k] + pair->shift[k] - cell->pos[i][k];
            double r = skd_norm(d);
            if (pair->j < i || r >= least * limit) /* each pair once */
                continue;
            least = r / limit;
            *worst = (skd_collision){i, pair->j, r, limit};
            *found = true;
        }
    return status;
}
