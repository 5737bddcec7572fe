/* SPDX-License-Identifier: MIT */
/* changes.c - see changes.h. */
#include "changes.h"

static void print_bonds(FILE *out, const skd_change *c, const skd_cell *cell) {
    fprintf(out, "  bonds of like atoms, new: ");
    for (size_t i = 0; i < c->n_homo; i++) {
        const char *symbol = skd_element_of(cell->species[c->homo[i].i])->symbol;
        fprintf(out, "%s%s%zu-%s%zu %.2f Å (was %.2f)", i ? ", " : "", symbol, c->homo[i].i + 1, symbol,
                c->homo[i].j + 1, c->homo[i].length, c->homo[i].before);
    }
    fprintf(out, "%s\n", c->n_homo ? "" : "none");
}

static void print_neighbours(FILE *out, const skd_change *c, const skd_cell *cell) {
    fprintf(out, "  coordination of the neighbours: ");
    for (size_t i = 0; i < c->n_neighbours; i++)
        fprintf(out, "%s%s%zu %d → %d", i ? ", " : "", skd_element_of(cell->species[c->neighbour[i].atom])->symbol,
                c->neighbour[i].atom + 1, c->neighbour[i].before, c->neighbour[i].after);
    fputc('\n', out);
}

void changes_print(FILE *out, const skd_change *c, const skd_cell *cell) {
    if (c->matched)
        fprintf(out, "  displacements: sum %.3f Å (of atoms that moved more than 0.1 Å), largest %.3f Å\n", c->disp,
                c->max_dist);
    else
        fprintf(out, "  displacements: no match with the reference\n");
    fprintf(out, "  symmetry: %s → %s", c->symmetry[0], c->symmetry[1]);
    if (c->ways > 1.0)
        fprintf(out, ", %g equivalent ways", c->ways);
    fputc('\n', out);
    print_bonds(out, c, cell);
    if (c->n_neighbours)
        print_neighbours(out, c, cell);
    if (c->bulk_alarm)
        fprintf(out, "  warning: atoms far from the defect moved too (rms %.2f Å, near it %.2f Å): is the "
                     "host changing phase?\n", c->far, c->near);
}
