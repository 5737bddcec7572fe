/* SPDX-License-Identifier: MIT
 * environment_ball.h - the neighbours of a site out to some bonds, as a graph. */
#ifndef SKD_ENVIRONMENT_BALL_H
#define SKD_ENVIRONMENT_BALL_H

#include "shakedown/crystal.h"

/** Bonds of a cell: those of atom i are list[first[i]] .. list[first[i+1]-1]. */
typedef struct skd_bonds {
    size_t n;
    size_t *first; /**< [n + 1] */
    skd_neighbour *list;
} skd_bonds;
skd_status skd_bonds_find(skd_bonds *out, const skd_cell *cell, double reach, skd_error *err) SKD_CHECKED;
void skd_bonds_free(skd_bonds *bonds);

/** One atom of the ball. */
typedef struct skd_ball_node {
    size_t atom;
    int shift[3];
    int species;
    size_t depth, parent;         /**< bonds from the centre; the node it was reached from     */
    size_t first_edge, n_edges;   /**< into edge                                               */
    uint64_t colour;              /**< equal for nodes that may correspond                     */
} skd_ball_node;

/** Nodes in order of depth, the centre first; zero-initialise. */
typedef struct skd_ball {
    size_t n, capacity, n_edges, edge_capacity;
    skd_ball_node *node;
    size_t *edge; /**< node at the other end */
    uint64_t hash; /**< equal for equal balls */
} skd_ball;
skd_status skd_ball_make(skd_ball *out, const skd_cell *cell, const skd_bonds *bonds, size_t atom, size_t shells,
                         skd_error *err) SKD_CHECKED;
void skd_ball_free(skd_ball *ball); /**< frees the contents, not ball itself */
/** Is there a one-to-one map that takes centre to centre and keeps elements, depths and bonds? *same tells. */
skd_status skd_ball_same(const skd_ball *a, const skd_ball *b, bool *same, skd_error *err) SKD_CHECKED;

#endif
