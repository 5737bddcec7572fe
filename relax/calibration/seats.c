/* SPDX-License-Identifier: MIT */
/* seats.c - which atoms get the correction, in the supercell that was calibrated. Coordination numbers (gate.c) change
 * by as much when a soft crystal moves as when a neighbour is lost; sites tell the two apart. An atom is on the nearest
 * site up to 0.7 Å from it, and not beyond 1.4 Å; s_i says how much. What is on no site of its element is not seen: the
 * crystal around an interstitial keeps its correction, and the interstitial is the level's own. Sites that do not have
 * one atom are flaws, as much as they lack or have too much, and so are atoms half way off a site, 4 s (1 - s), so that
 * gates are shut where an atom gets out of sight:
 *     g_i = prod_D (1 - w_D h(|x_i - y_D|)),
 * x_i the site of atom i, y_D the place of flaw D, w_D how much of one it is, h 1 among neighbours and 0 beyond. In a
 * crystal without flaws all gates are open wherever its atoms move. */
#include "seats.h"

#include <string.h>

#define ON    0.7 /* Å */
#define OFF   1.4
#define BESIDE 1.3 /* sums of covalent radii: a flaw's neighbour */
#define BEYOND 1.8
#define SAME_STRAIN 0.1 /* by so much a lattice may be strained, and turned, and still be the host's */
#define WHOLE 1e-12
#define SEEN  0.5

void seats_free(seats *s) {
    void *all[] = {s->gate, s->site, s->share, s->slope, s->own, s->seen, s->filled, s->flaw};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        skd_free(all[k]);
    *s = (seats){0};
}

static skd_status make_room(seats *s, size_t n, size_t n_sites, skd_error *err) {
    if (n <= s->room && n_sites <= s->room_sites)
        return SKD_OK;
    seats_free(s);
    s->gate = skd_alloc(n, sizeof *s->gate);
    s->site = skd_alloc(n, sizeof *s->site);
    s->share = skd_alloc(n, sizeof *s->share);
    s->slope = skd_alloc(n, sizeof *s->slope);
    s->own = skd_alloc(n, sizeof *s->own);
    s->seen = skd_alloc(n, sizeof *s->seen);
    s->filled = skd_alloc(n_sites, sizeof *s->filled);
    s->flaw = skd_alloc(n + n_sites, sizeof *s->flaw);
    if (!s->gate || !s->site || !s->share || !s->slope || !s->own || !s->seen || !s->filled || !s->flaw) {
        seats_free(s);
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms on %zu sites", n, n_sites);
    }
    s->room = n;
    s->room_sites = n_sites;
    return SKD_OK;
}

static double radius_of(int z) { return skd_element_of(z)->covalent_radius; }

/* Seats one atom. */
static void seat(seats *s, const skd_calibration *c, const skd_mic *mic, int species, const double at[3], size_t i) {
    double nearest = HUGE_VAL, toward[3] = {0, 0, 0}, d[3], slope = 0.0;
    for (size_t k = 0; k < c->host->n; k++) {
        const double r = skd_mic_vector(mic, c->host->pos[k], at, d);
        if (r >= nearest)
            continue;
        nearest = r;
        s->site[i] = k;
        memcpy(toward, d, sizeof toward);
    }
    s->own[i] = c->host->species[s->site[i]] == species;
    s->share[i] = calibration_fall(nearest, ON, OFF, &slope);
    s->seen[i] = s->own[i] && s->share[i] > SEEN;
    for (int k = 0; k < 3; k++)
        s->slope[i][k] = slope != 0.0 ? slope * toward[k] / nearest : 0.0;
    s->filled[s->site[i]] += s->own[i] ? s->share[i] : 0.0;
}

static void add_flaw(seats *s, const double at[3], double weight, int species, size_t atom, size_t site) {
    if (!(weight > WHOLE))
        return;
    seat_flaw *flaw = &s->flaw[s->n_flaws++];
    *flaw = (seat_flaw){.weight = fmin(weight, 1.0), .radius = radius_of(species), .atom = atom, .site = site};
    memcpy(flaw->at, at, sizeof flaw->at);
}

/* h for an atom's site, and its derivative by the flaw's place. */
static double nearness(const skd_calibration *c, const skd_mic *mic, size_t site, const seat_flaw *flaw,
                       double slope[3]) {
    double d[3], of_r = 0.0;
    const double sum = radius_of(c->host->species[site]) + flaw->radius;
    const double r = skd_mic_vector(mic, c->host->pos[site], flaw->at, d);
    const double h = calibration_fall(r, BESIDE * sum, BEYOND * sum, &of_r);
    for (int k = 0; k < 3; k++)
        slope[k] = of_r != 0.0 ? of_r * d[k] / r : 0.0;
    return h;
}

/* The gate of an atom on a site, but for one flaw (SIZE_MAX: with all). */
static double gate_without(const seats *s, const skd_calibration *c, const skd_mic *mic, size_t site, size_t without) {
    double gate = 1.0, slope[3];
    for (size_t k = 0; k < s->n_flaws && gate > 0.0; k++)
        if (k != without)
            gate *= 1.0 - s->flaw[k].weight * nearness(c, mic, site, &s->flaw[k], slope);
    return gate;
}

static void find_flaws(seats *s, const skd_calibration *c, const skd_cell *cell) {
    double at[3];
    s->n_flaws = 0;
    for (size_t k = 0; k < c->host->n; k++)
        add_flaw(s, c->host->pos[k], fabs(1.0 - s->filled[k]), c->host->species[k], SIZE_MAX, k);
    for (size_t i = 0; i < cell->n; i++) {
        skd_row_times(cell->pos[i], (const double(*)[3])s->to_host, at);
        add_flaw(s, at, s->own[i] ? 4.0 * s->share[i] * (1.0 - s->share[i]) : 0.0, cell->species[i], i, s->site[i]);
    }
}

skd_status seats_fill(seats *s, const skd_calibration *c, const skd_cell *cell, bool *known, skd_error *err) {
    double inverse[3][3], at[3];
    skd_mic mic;
    *known = c->host && skd_cell_strain(c->host, cell) <= SAME_STRAIN && skd_inv3(cell->lattice, inverse) == SKD_OK;
    if (!*known)
        return SKD_OK;
    skd_status status = make_room(s, cell->n, c->host->n, err);
    if (status == SKD_OK)
        status = skd_mic_setup(&mic, c->host, err);
    if (status != SKD_OK)
        return status;
    skd_mul3((const double(*)[3])inverse, c->host->lattice, s->to_host);
    memset(s->filled, 0, c->host->n * sizeof *s->filled);
    for (size_t i = 0; i < cell->n; i++) {
        skd_row_times(cell->pos[i], (const double(*)[3])s->to_host, at);
        seat(s, c, &mic, cell->species[i], at, i);
    }
    find_flaws(s, c, cell);
    for (size_t i = 0; i < cell->n; i++)
        s->gate[i] = s->seen[i] ? gate_without(s, c, &mic, s->site[i], SIZE_MAX) : 0.0;
    return SKD_OK;
}

/* Derivatives of the energy by a flaw's weight and place. */
static void derive(seats *s, const skd_calibration *c, const skd_cell *cell, const skd_mic *mic, size_t k,
                   const double *energy) {
    seat_flaw *flaw = &s->flaw[k];
    for (size_t i = 0; i < cell->n; i++) {
        double slope[3];
        if (!s->seen[i] || energy[i] == 0.0)
            continue;
        const double near = nearness(c, mic, s->site[i], flaw, slope);
        if (near == 0.0)
            continue;
        const double others = energy[i] * gate_without(s, c, mic, s->site[i], k);
        flaw->by_weight -= others * near;
        for (int a = 0; a < 3; a++)
            flaw->by_at[a] -= others * flaw->weight * slope[a];
    }
}

/* Adds the force on an atom of an energy's derivative by its place in the host. */
static void push(const seats *s, size_t i, const double by_at[3], double factor, double (*force)[3]) {
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            force[i][a] -= factor * s->to_host[a][b] * by_at[b];
}

void seats_pull(seats *s, const skd_calibration *c, const skd_cell *cell, const double *energy, double (*force)[3]) {
    skd_mic mic;
    skd_error err;
    if (!s->n_flaws || skd_mic_setup(&mic, c->host, &err) != SKD_OK)
        return;
    for (size_t k = 0; k < s->n_flaws; k++)
        derive(s, c, cell, &mic, k, energy);
    for (size_t k = 0; k < s->n_flaws; k++) {
        const seat_flaw *flaw = &s->flaw[k];
        if (flaw->atom != SIZE_MAX) {
            push(s, flaw->atom, flaw->by_at, 1.0, force);
            push(s, flaw->atom, s->slope[flaw->atom], 4.0 * (1.0 - 2.0 * s->share[flaw->atom]) * flaw->by_weight,
                 force);
            continue;
        }
        for (size_t i = 0; i < cell->n; i++)
            if (s->site[i] == flaw->site && s->own[i])
                push(s, i, s->slope[i], s->filled[flaw->site] < 1.0 ? -flaw->by_weight : flaw->by_weight, force);
    }
}
