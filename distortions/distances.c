/* SPDX-License-Identifier: MIT */
/* distances.c - shortest distances in a cell, and the default amplitude that follows from them. */
#include "rattle.h"

/* Does a pair of the list count? Of a cell of one atom the images do, else only different atoms. */
static bool counts(const skd_cell *cell, const bool *member, size_t i, size_t j) {
    if (i == j)
        return cell->n == 1;
    return !member || (member[i] && member[j]);
}

static double shortest_in(const skd_neighbours *nb, const skd_cell *cell, const bool *member, double above) {
    double best = HUGE_VAL;
    for (size_t i = 0; i < cell->n; i++)
        for (size_t k = nb->first[i]; k < nb->first[i + 1]; k++) {
            const skd_neighbour *b = &nb->list[k];
            if (b->r > above && b->r < best && counts(cell, member, i, b->j))
                best = b->r;
        }
    return best;
}

skd_status skd_shortest_distance(const skd_cell *cell, const bool *member, double above, double *out, skd_error *err) {
    double reach = 0.0; /* no atom is farther than this from the nearest image of another */
    for (int k = 0; k < 3; k++)
        reach += skd_norm(cell->lattice[k]);
    skd_neighbours nb = {0};
    skd_status status = SKD_OK;
    *out = HUGE_VAL;
    for (double cutoff = 3.0; status == SKD_OK && !isfinite(*out); cutoff *= 2.0) {
        status = skd_neighbours_build(&nb, cell, cutoff, err);
        if (status == SKD_OK)
            *out = shortest_in(&nb, cell, member, above);
        if (cutoff > reach + above)
            break;
    }
    skd_neighbours_free(&nb);
    return status;
}

skd_status skd_rattle_default_stdev(const skd_cell *bulk, double *out, skd_error *err) {
    double shortest;
    skd_status status = skd_shortest_distance(bulk, NULL, 0.5, &shortest, err);
    *out = 0.1 * shortest;
    if (!(*out >= 0.02 && *out <= 0.4))
        *out = 0.25;
    return status;
}
