/* SPDX-License-Identifier: MIT */
/* as_potential.c - energy, forces and stress of a calibration.
 *
 * With u = (d, 1) / |(d, 1)|, c_s = u . u_s and the gate g, the energy of an atom is g e, e = sum a_s c_s^zeta, and the
 * derivative of e by d
 *     (v - (v . u) u) / |(d, 1)|,   v = sum a_s zeta c_s^(zeta-1) u_s,
 * which goes into the surrogate's machine as weights of this atom. */
#include <stdio.h>
#include <string.h>

#include "seats.h"

typedef struct calibration_work {
    skd_features_work *features;
    double *unit, *v;          /* [width] */
    double (*pull)[3], (*of_gate)[3]; /* [room] */
    size_t room;
    skd_result *part;       /* of the atoms that are seen, if others are there */
    size_t part_atoms;
    seats seats;
    double *gate, *energy;  /* [gated] of the atoms that are seen, and of all; energies as if gates were open */
    size_t gated;
    bool by_sites;          /* or by coordination numbers */
} calibration_work;

static void work_free(void *work) {
    calibration_work *w = work;
    if (!w)
        return;
    skd_features_work_free(w->features);
    skd_result_free(w->part);
    skd_free(w->unit);
    skd_free(w->v);
    skd_free(w->pull);
    skd_free(w->of_gate);
    seats_free(&w->seats);
    skd_free(w->gate);
    skd_free(w->energy);
    skd_free(w);
}

static skd_status work_new(const void *params, void **out, skd_error *err) {
    const skd_calibration *c = params;
    calibration_work *w = skd_alloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    w->unit = skd_alloc(calibration_width(c->features), sizeof *w->unit);
    w->v = skd_alloc(calibration_width(c->features), sizeof *w->v);
    skd_status status = w->unit && w->v ? skd_features_work_new(&w->features, c->features, err)
                                        : skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    if (status == SKD_OK)
        *out = w;
    else
        work_free(w);
    return status;
}

/* Energy of the atom were its gate open, and v. */
static double expand(const skd_calibration *c, size_t slot, const double *unit, double *v) {
    const size_t m = calibration_width(c->features);
    double energy = 0.0;
    memset(v, 0, m * sizeof *v);
    for (size_t s = c->first[slot]; s < c->first[slot + 1]; s++) {
        const double *reference = c->reference + s * m;
        double dot = 0.0;
        for (size_t k = 0; k < m; k++)
            dot += unit[k] * reference[k];
        if (!(dot > 0.0))
            continue;
        const double slope = c->a[s] * c->zeta * pow(dot, c->zeta - 1.0);
        energy += slope * dot / c->zeta;
        for (size_t k = 0; k < m; k++)
            v[k] += slope * reference[k];
    }
    return energy;
}

static skd_status make_room(calibration_work *w, skd_error *err) {
    const size_t n = w->features->around.room;
    if (n <= w->room)
        return SKD_OK;
    skd_free(w->pull);
    skd_free(w->of_gate);
    w->pull = skd_alloc(n, sizeof *w->pull);
    w->of_gate = skd_alloc(n, sizeof *w->of_gate);
    w->room = w->pull && w->of_gate ? n : 0;
    return w->room ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the %zu neighbours of an atom", n);
}

/* Adds the derivative of atom i's gated energy, work holding its density; energy: before the gate. */
static void add_pulls(const skd_calibration *c, calibration_work *w, size_t i, double norm, double gate, double energy,
                      skd_result *out, double virial[3][3]) {
    const skd_surrounding *around = &w->features->around;
    double along = 0.0;
    for (size_t k = 0; k < calibration_width(c->features); k++)
        along += w->v[k] * w->unit[k];
    for (size_t k = 0; k < calibration_width(c->features); k++)
        w->v[k] = (w->v[k] - along * w->unit[k]) / norm;
    skd_density_pulls(w->features, w->v, w->pull);
    for (size_t b = 0; b < around->n; b++)
        for (int k = 0; k < 3; k++) {
            const double pull = gate * w->pull[b][k] + energy * w->of_gate[b][k];
            out->force[i][k] += pull;
            out->force[around->j[b]][k] -= pull;
            for (int l = 0; l < 3; l++)
                virial[l][k] += around->d[b][l] * pull;
        }
}

/* gates: of the atoms; NULL: by their coordination numbers. Leaves the atoms' energies, as if gates were open, in
 * w->energy. */
static skd_status compute_seen(const skd_calibration *c, const skd_cell *cell, calibration_work *w,
                               const double *gates, skd_result *out, skd_error *err) {
    double virial[3][3] = {{0}};
    const double volume = skd_cell_volume(cell);
    skd_status status = skd_features_prepare(w->features, cell, err);
    if (status == SKD_OK)
        status = make_room(w, err);
    if (status != SKD_OK)
        return status;
    out->energy = 0.0;
    memset(out->force, 0, cell->n * sizeof *out->force);
    for (size_t i = 0; i < cell->n; i++) {
        const size_t slot = c->features->slot[cell->species[i]];
        skd_density_of(w->features, cell, i, true);
        const double gate = gates ? gates[i] : calibration_gate(c, slot, &w->features->around, w->of_gate);
        if (gates)
            memset(w->of_gate, 0, w->features->around.n * sizeof *w->of_gate);
        const double norm = calibration_unit(c->features, w->features, w->unit);
        const double energy = gate > 0.0 || gates ? expand(c, slot, w->unit, w->v) : 0.0;
        w->energy[i] = energy;
        out->energy += gate * energy;
        if (out->atom_energy)
            out->atom_energy[i] = gate * energy;
        if (gate > 0.0)
            add_pulls(c, w, i, norm, gate, energy, out, virial);
    }
    out->has_atom_energy = out->atom_energy != NULL;
    out->has_stress = volume > 0.0;
    for (int k = 0; k < 9; k++)
        out->stress[k / 3][k % 3] =
            out->has_stress ? 0.5 * (virial[k / 3][k % 3] + virial[k % 3][k / 3]) / volume : 0.0;
    return SKD_OK;
}

static bool sees(const skd_calibration *c, int z) { return c->features->slot[z] != SIZE_MAX; }

/* Is the atom part of the crystal that is corrected? */
static bool is_seen(const skd_calibration *c, const calibration_work *w, const skd_cell *cell, size_t i) {
    return w->by_sites ? w->seats.seen[i] : sees(c, cell->species[i]);
}

static void spread(const skd_calibration *c, const calibration_work *w, const skd_cell *cell, const skd_result *part,
                   skd_result *out) {
    out->energy = part->energy;
    out->has_stress = part->has_stress;
    out->has_atom_energy = out->atom_energy != NULL;
    memcpy(out->stress, part->stress, sizeof out->stress);
    for (size_t i = 0, at = 0; i < cell->n; i++) {
        const bool seen = is_seen(c, w, cell, i);
        for (int k = 0; k < 3; k++)
            out->force[i][k] = seen ? part->force[at][k] : 0.0;
        if (out->atom_energy)
            out->atom_energy[i] = seen ? part->atom_energy[at] : 0.0;
        at += seen;
    }
}

/* Energies of the atoms that are seen, to their places among all. */
static void spread_energies(const skd_calibration *c, const calibration_work *w, const skd_cell *cell, size_t n,
                            double *energy) {
    for (size_t i = cell->n; i-- > 0;)
        energy[i] = is_seen(c, w, cell, i) ? energy[--n] : 0.0;
}

/* Of the cell without the atoms that are not seen. */
static skd_status compute_part(const skd_calibration *c, const skd_cell *cell, size_t n, calibration_work *w,
                               skd_result *out, skd_error *err) {
    skd_cell *part = NULL;
    size_t *pick = skd_alloc(n, sizeof *pick);
    if (!pick)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", n);
    for (size_t i = 0, at = 0; i < cell->n; i++)
        if (is_seen(c, w, cell, i)) {
            w->gate[at] = w->by_sites ? w->seats.gate[i] : 0.0;
            pick[at++] = i;
        }
    skd_status status = skd_cell_pick(&part, cell, pick, n, err);
    if (status == SKD_OK && (!w->part || w->part_atoms < n)) {
        skd_result_free(w->part);
        w->part_atoms = n;
        status = skd_result_new(&w->part, n, err);
    }
    if (status == SKD_OK)
        status = compute_seen(c, part, w, w->by_sites ? w->gate : NULL, w->part, err);
    if (status == SKD_OK)
        spread(c, w, cell, w->part, out);
    if (status == SKD_OK)
        spread_energies(c, w, cell, n, w->energy);
    skd_cell_free(part);
    skd_free(pick);
    return status;
}

static skd_status make_gates(calibration_work *w, size_t n, skd_error *err) {
    if (n <= w->gated)
        return SKD_OK;
    skd_free(w->gate);
    skd_free(w->energy);
    w->gate = skd_alloc(n, sizeof *w->gate);
    w->energy = skd_alloc(n, sizeof *w->energy);
    w->gated = w->gate && w->energy ? n : 0;
    return w->gated ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the gates of %zu atoms", n);
}

static skd_status clear(skd_result *out, size_t n) {
    out->energy = 0.0;
    out->has_stress = false;
    out->has_atom_energy = out->atom_energy != NULL;
    memset(out->force, 0, n * sizeof *out->force);
    memset(out->stress, 0, sizeof out->stress);
    for (size_t i = 0; i < n && out->atom_energy; i++)
        out->atom_energy[i] = 0.0;
    return SKD_OK;
}

static skd_status compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                          skd_result *out, skd_error *err) {
    const skd_calibration *c = params;
    calibration_work *w = work;
    size_t n = 0;
    (void)charge;
    (void)want;
    skd_status status = make_gates(w, cell->n, err);
    if (status == SKD_OK)
        status = seats_fill(&w->seats, c, cell, &w->by_sites, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        n += is_seen(c, w, cell, i);
    if (status == SKD_OK && n == 0)
        return clear(out, cell->n);
    if (status == SKD_OK)
        status = n == cell->n ? compute_seen(c, cell, w, w->by_sites ? w->seats.gate : NULL, out, err)
                              : compute_part(c, cell, n, w, out, err);
    if (status == SKD_OK && w->by_sites)
        seats_pull(&w->seats, c, cell, w->energy, out->force);
    return status;
}

static skd_status check(const void *params, const skd_cell *cell, skd_error *err) {
    (void)params;
    (void)cell;
    (void)err;
    return SKD_OK; /* what it does not know it leaves alone */
}

static void destroy(void *params) { skd_calibration_free(params); }

static const skd_potential_type type_of_calibration = {
    .name = "calibration",
    .summary = "a host's correction",
    .reference = "A. P. Bartok, R. Kondor and G. Csanyi, Phys. Rev. B 87, 184115 (2013)",
    .destroy = destroy,
    .check = check,
    .work_new = work_new,
    .work_free = work_free,
    .compute = compute,
};

skd_status skd_potential_taking_calibration(skd_potential **out, skd_calibration *taken, skd_error *err) {
    skd_potential *potential = *out = skd_alloc(1, sizeof *potential);
    if (!potential)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    potential->type = &type_of_calibration;
    potential->params = taken;
    snprintf(potential->spec, sizeof potential->spec, "calibration");
    return SKD_OK;
}

skd_status skd_calibration_similarity(const skd_calibration *c, const skd_cell *cell, double *out, skd_error *err) {
    void *work = NULL;
    skd_status status = work_new(c, &work, err);
    calibration_work *w = work;
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        if (!sees(c, cell->species[i]))
            status = skd_fail(err, SKD_EARG, "calibration: atom %zu is %s, which the host lacks", i + 1,
                              skd_element_of(cell->species[i])->symbol);
    if (status == SKD_OK)
        status = skd_features_prepare(w->features, cell, err);
    bool gates = false;
    if (status == SKD_OK)
        status = seats_fill(&w->seats, c, cell, &gates, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++) {
        skd_density_of(w->features, cell, i, false);
        out[i] = gates ? w->seats.gate[i]
                       : calibration_gate(c, c->features->slot[cell->species[i]], &w->features->around, NULL);
    }
    work_free(work);
    return status;
}
