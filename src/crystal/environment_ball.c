/* SPDX-License-Identifier: MIT */
/* environment_ball.c - bonds, the graph of bonds around a site, and whether two such graphs are the same.
 *
 * Colour refinement (Weisfeiler and Lehman) tells most different graphs apart by a hash; equal hashes are confirmed by
 * a search for the map, which the colours make short. */
#include "environment_ball.h"

#include <string.h>

#define RADIUS_MOST 20.0 /* Å: an atom without any other one that near has no bonds */
enum { TRIES_MOST = 1000000 };

/* ---- bonds ------------------------------------------------------------------------------- */

/* Shortest distance of each atom; widens the list until it holds all bonds. */
static skd_status nearest(skd_neighbours *nb, double *shortest, const skd_cell *cell, double reach, skd_error *err) {
    skd_status status = SKD_OK;
    double needed = 3.0;
    for (double radius = 0.0; status == SKD_OK && radius < needed && radius < RADIUS_MOST;) {
        radius = fmin(needed, RADIUS_MOST);
        status = skd_neighbours_build(nb, cell, radius, err);
        for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
            shortest[i] = HUGE_VAL;
            for (size_t k = nb->first[i]; k < nb->first[i + 1]; k++)
                shortest[i] = fmin(shortest[i], nb->list[k].r);
            needed = fmax(needed, isfinite(shortest[i]) ? reach * shortest[i] + 1e-6 : 1.4 * radius);
        }
    }
    return status;
}

static bool is_bond(const double *shortest, size_t i, const skd_neighbour *to, double reach) {
    return to->r < reach * shortest[i] || to->r < reach * shortest[to->j];
}

skd_status skd_bonds_find(skd_bonds *out, const skd_cell *cell, double reach, skd_error *err) {
    *out = (skd_bonds){.n = cell->n};
    skd_neighbours nb = {0};
    double *shortest = skd_alloc(cell->n, sizeof *shortest);
    skd_status status = shortest ? nearest(&nb, shortest, cell, reach, err)
                                 : skd_fail(err, SKD_ENOMEM, "out of memory for the bonds of %zu atoms", cell->n);
    if (status == SKD_OK) {
        out->first = skd_alloc(cell->n + 1, sizeof *out->first);
        out->list = skd_alloc(nb.first[cell->n], sizeof *out->list);
        if (!out->first || !out->list)
            status = skd_fail(err, SKD_ENOMEM, "out of memory for the bonds of %zu atoms", cell->n);
    }
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        out->first[i + 1] = out->first[i];
        for (size_t k = nb.first[i]; k < nb.first[i + 1]; k++)
            if (is_bond(shortest, i, &nb.list[k], reach))
                out->list[out->first[i + 1]++] = nb.list[k];
    }
    skd_neighbours_free(&nb);
    skd_free(shortest);
    if (status != SKD_OK)
        skd_bonds_free(out);
    return status;
}

void skd_bonds_free(skd_bonds *bonds) {
    skd_free(bonds->first);
    skd_free(bonds->list);
    *bonds = (skd_bonds){0};
}

/* ---- the ball ---------------------------------------------------------------------------- */

static size_t find_node(const skd_ball *ball, size_t atom, const int shift[3]) {
    for (size_t k = 0; k < ball->n; k++)
        if (ball->node[k].atom == atom && memcmp(ball->node[k].shift, shift, sizeof ball->node[k].shift) == 0)
            return k;
    return ball->n;
}

static void other_end(const skd_ball_node *node, const skd_neighbour *bond, int shift[3]) {
    for (int k = 0; k < 3; k++)
        shift[k] = node->shift[k] + bond->shift[k];
}

static skd_status add_node(skd_ball *ball, const skd_cell *cell, size_t atom, const int shift[3], size_t depth,
                           size_t parent, skd_error *err) {
    skd_status status = skd_grow((void **)&ball->node, &ball->capacity, ball->n + 1, sizeof *ball->node, err);
    if (status != SKD_OK)
        return status;
    skd_ball_node *node = &ball->node[ball->n++];
    *node = (skd_ball_node){.atom = atom, .species = cell->species[atom], .depth = depth, .parent = parent};
    memcpy(node->shift, shift, sizeof node->shift);
    return SKD_OK;
}

/* Goes outward, shell by shell. */
static skd_status fill_nodes(skd_ball *ball, const skd_cell *cell, const skd_bonds *bonds, size_t atom, size_t shells,
                             skd_error *err) {
    static const int here[3] = {0, 0, 0};
    skd_status status = add_node(ball, cell, atom, here, 0, 0, err);
    for (size_t i = 0; status == SKD_OK && i < ball->n && ball->node[i].depth < shells; i++)
        for (size_t k = bonds->first[ball->node[i].atom]; k < bonds->first[ball->node[i].atom + 1]; k++) {
            int shift[3];
            other_end(&ball->node[i], &bonds->list[k], shift);
            if (find_node(ball, bonds->list[k].j, shift) < ball->n)
                continue;
            status = add_node(ball, cell, bonds->list[k].j, shift, ball->node[i].depth + 1, i, err);
            if (status != SKD_OK)
                return status;
        }
    return status;
}

static skd_status fill_edges(skd_ball *ball, const skd_bonds *bonds, skd_error *err) {
    for (size_t i = 0; i < ball->n; i++) {
        skd_ball_node *node = &ball->node[i];
        node->first_edge = ball->n_edges;
        for (size_t k = bonds->first[node->atom]; k < bonds->first[node->atom + 1]; k++) {
            int shift[3];
            other_end(node, &bonds->list[k], shift);
            const size_t to = find_node(ball, bonds->list[k].j, shift);
            if (to == ball->n)
                continue;
            skd_status status =
                skd_grow((void **)&ball->edge, &ball->edge_capacity, ball->n_edges + 1, sizeof *ball->edge, err);
            if (status != SKD_OK)
                return status;
            ball->edge[ball->n_edges++] = to;
        }
        node->n_edges = ball->n_edges - node->first_edge;
    }
    return SKD_OK;
}

static uint64_t mix(uint64_t x) { /* SplitMix64's finaliser */
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ x >> 27) * 0x94D049BB133111EBULL;
    return x ^ x >> 31;
}

/* A node's colour takes in the colours of its neighbours, in no order, again and again. */
static skd_status refine_colours(skd_ball *ball, size_t rounds, skd_error *err) {
    uint64_t *next = skd_alloc(ball->n, sizeof *next);
    if (!next)
        return skd_fail(err, SKD_ENOMEM, "out of memory for an environment of %zu atoms", ball->n);
    for (size_t i = 0; i < ball->n; i++)
        ball->node[i].colour = mix(mix((uint64_t)ball->node[i].species) + ball->node[i].depth);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ball->n; i++) {
            const skd_ball_node *node = &ball->node[i];
            uint64_t sum = 0;
            for (size_t k = 0; k < node->n_edges; k++)
                sum += mix(ball->node[ball->edge[node->first_edge + k]].colour);
            next[i] = mix(node->colour ^ mix(sum));
        }
        for (size_t i = 0; i < ball->n; i++)
            ball->node[i].colour = next[i];
    }
    for (size_t i = 0; i < ball->n; i++)
        ball->hash += mix(ball->node[i].colour);
    skd_free(next);
    return SKD_OK;
}

skd_status skd_ball_make(skd_ball *out, const skd_cell *cell, const skd_bonds *bonds, size_t atom, size_t shells,
                         skd_error *err) {
    *out = (skd_ball){0};
    skd_status status = fill_nodes(out, cell, bonds, atom, shells, err);
    if (status == SKD_OK)
        status = fill_edges(out, bonds, err);
    if (status == SKD_OK)
        status = refine_colours(out, 2 * shells + 1, err);
    if (status != SKD_OK)
        skd_ball_free(out);
    return status;
}

void skd_ball_free(skd_ball *ball) {
    skd_free(ball->node);
    skd_free(ball->edge);
    *ball = (skd_ball){0};
}

/* ---- the same? --------------------------------------------------------------------------- */

typedef struct mapping {
    const skd_ball *a, *b;
    size_t *to;   /* [n] node of b of a's nodes */
    bool *taken;  /* [n] of b                   */
    size_t tries;
} mapping;

static bool has_edge(const skd_ball *ball, size_t i, size_t j) {
    const skd_ball_node *node = &ball->node[i];
    for (size_t k = 0; k < node->n_edges; k++)
        if (ball->edge[node->first_edge + k] == j)
            return true;
    return false;
}

/* May node i of a be v of b, given where the nodes before i went? */
static bool fits(const mapping *m, size_t i, size_t v) {
    const skd_ball_node *from = &m->a->node[i], *to = &m->b->node[v];
    if (m->taken[v] || from->colour != to->colour || from->species != to->species || from->depth != to->depth ||
        from->n_edges != to->n_edges)
        return false;
    for (size_t k = 0; k < from->n_edges; k++) {
        const size_t other = m->a->edge[from->first_edge + k];
        if (other < i && !has_edge(m->b, v, m->to[other]))
            return false;
    }
    return true;
}

/* Places nodes i, i+1, ... : each next to where its parent went. */
static bool extend(mapping *m, size_t i) {
    if (i == m->a->n)
        return true;
    const skd_ball_node *beside = &m->b->node[m->to[m->a->node[i].parent]];
    for (size_t k = 0; k < beside->n_edges; k++) {
        const size_t v = m->b->edge[beside->first_edge + k];
        if (!fits(m, i, v))
            continue;
        m->to[i] = v;
        m->taken[v] = true;
        if (++m->tries > TRIES_MOST || extend(m, i + 1)) /* the colours agree: that long, it is taken for granted */
            return true;
        m->taken[v] = false;
    }
    return false;
}

skd_status skd_ball_same(const skd_ball *a, const skd_ball *b, bool *same, skd_error *err) {
    *same = false;
    if (a->hash != b->hash || a->n != b->n || a->n_edges != b->n_edges)
        return SKD_OK;
    mapping m = {.a = a, .b = b, .to = skd_alloc(a->n, sizeof *m.to), .taken = skd_alloc(a->n, sizeof *m.taken)};
    skd_status status = SKD_OK;
    if (!m.to || !m.taken)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for an environment of %zu atoms", a->n);
    else if (fits(&m, 0, 0)) {
        m.taken[0] = true;
        *same = extend(&m, 1);
    }
    skd_free(m.to);
    skd_free(m.taken);
    return status;
}
