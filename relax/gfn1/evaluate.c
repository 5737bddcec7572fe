/* SPDX-License-Identifier: MIT */
/* evaluate.c - all terms of GFN1-xTB for one geometry; what can be kept from the last one is kept. */
#include <string.h>

#include "gfn1.h"
#include "lapack.h"
#include "pairs.h"

#define CLOSEST 0.02 /* bohr */

enum { COORDINATION, REPULSION, HALOGEN, DISPERSION };

void gfn1_state_free(gfn1_state *state) {
    gfn1_orbitals_free(&state->orbitals);
    gfn1_scc_free(&state->scc);
    gfn1_coulomb_free(state->coulomb);
    for (int c = 0; c < 4; c++)
        gfn1_cells_free(&state->cells[c]);
    gfn1_system_free(&state->system);
    gfn1_basis_free(state->basis);
    gfn1_history_free(state->history);
    void *all[] = {state->cn, state->w, state->sum.gradient, state->z};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
    *state = (gfn1_state){.mode = state->mode, .kt = state->kt, .accuracy = state->accuracy};
}

/* Is the state one of these atoms? */
static bool fits(const gfn1_state *state, size_t n, const int *z, const double (*lattice)[3]) {
    const gfn1_system *s = &state->system;
    return state->z && s->n == n && !memcmp(state->z, z, n * sizeof *z) && s->periodic == (lattice != NULL);
}

/* What depends on the lattice. */
static skd_status set_cell(gfn1_state *state, size_t n, const double (*x)[3], const double (*lattice)[3],
                           skd_error *err) {
    static const double cutoffs[4] = {GFN1_CN_CUTOFF, GFN1_REPULSION_CUTOFF, GFN1_HALOGEN_CUTOFF,
                                      GFN1_DISPERSION_CUTOFF};
    gfn1_coulomb_free(state->coulomb);
    state->coulomb = NULL;
    for (int c = 0; c < 4; c++)
        gfn1_cells_free(&state->cells[c]);
    gfn1_system_free(&state->system);
    skd_status status = gfn1_system_init(&state->system, n, state->z, x, lattice, state->mode, err);
    for (int c = 0; c < 4 && status == SKD_OK; c++)
        status = gfn1_cells_init(&state->cells[c], &state->system, cutoffs[c], err);
    if (status == SKD_OK)
        status = gfn1_coulomb_new(&state->coulomb, &state->system, err);
    return status;
}

static skd_status set_up(gfn1_state *state, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                         skd_error *err) {
    gfn1_basis *basis = state->basis;
    state->basis = NULL;
    gfn1_state_free(state);
    openblas_set_num_threads(1); /* threads are over structures */
    state->basis = basis;
    state->z = skd_copy(z, n, sizeof *z);
    state->cn = skd_alloc(n, sizeof *state->cn);
    state->w = skd_alloc(n, sizeof *state->w);
    state->sum.gradient = skd_alloc(n, sizeof *state->sum.gradient);
    if (!state->z || !state->cn || !state->w || !state->sum.gradient)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu atoms", n);
    skd_status status = set_cell(state, n, x, lattice, err);
    if (status == SKD_OK && !gfn1_basis_fits(basis, n, z)) {
        gfn1_basis_free(basis);
        status = gfn1_basis_new(&state->basis, n, z, state->mode, err);
    }
    if (status == SKD_OK)
        status = gfn1_orbitals_init(&state->orbitals, &state->system, state->basis, err);
    if (status == SKD_OK)
        status = gfn1_scc_init(&state->scc, &state->orbitals, err);
    if (status == SKD_OK)
        status = gfn1_history_new(&state->history, n, state->system.n_shells, err);
    return status;
}

/* Adds to *part what one term brought since the last call. */
static void account(gfn1_state *state, double *part) {
    *part = state->sum.energy;
    state->energies.total += state->sum.energy;
    state->sum.energy = 0.0;
}

static skd_status classical(gfn1_state *state, skd_error *err) {
    const gfn1_system *s = &state->system;
    gfn1_repulsion(s, &state->cells[REPULSION], &state->sum);
    account(state, &state->energies.repulsion);
    gfn1_halogen(s, &state->cells[HALOGEN], &state->sum);
    account(state, &state->energies.halogen);
    skd_status status = gfn1_dispersion(s, &state->cells[DISPERSION], state->cn, state->w, &state->sum, err);
    account(state, &state->energies.dispersion);
    return status;
}

/* Measured (V_Cd in CdTe, V_O in MgO, CsPbI3, TiO2): forces are off by the rms residual times 2 to 13 eV/Å, at most
 * 0.25 Ha/bohr. On a path a thousandth of the largest force of the step before is allowed, within bounds that keep
 * energies to 2e-6 eV; the first geometry of a path always gets the full accuracy. */
static void set_tolerance(gfn1_state *state) {
    double rms = 2e-5 * state->accuracy;
    if (state->warm)
        rms = fmax(rms, fmin(1e-3 * state->force / 0.25, 2.5e-5));
    state->scc.tolerance_rms = rms;
    state->scc.tolerance_energy = 0.05 * rms;
}

static double largest(double (*gradient)[3], size_t n) {
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, skd_norm(gradient[i]));
    return most;
}

static skd_status quantum(gfn1_state *state, double charge, skd_error *err) {
    gfn1_orbitals *o = &state->orbitals;
    gfn1_scc *scc = &state->scc;
    scc->kt = state->kt;
    set_tolerance(state);
    skd_status status = gfn1_hamiltonian(o, state->cn, err);
    if (status == SKD_OK)
        status = gfn1_coulomb_matrix(state->coulomb, &state->system, scc->coulomb, err);
    if (status == SKD_OK)
        status = gfn1_scc_run(scc, o, charge, state->warm, err);
    if (status == SKD_OK)
        status = gfn1_orbital_gradient(o, scc->v, state->w, &state->sum, err);
    if (status == SKD_OK)
        status = gfn1_coulomb_gradient(state->coulomb, &state->system, scc->q, &state->sum, err);
    if (status != SKD_OK)
        return status;
    state->energies.h0 = scc->e_h0;
    state->energies.coulomb = scc->e_coulomb;
    state->energies.third = scc->e_third;
    state->energies.entropy = scc->e_entropy;
    state->energies.total += scc->e_h0 + scc->e_coulomb + scc->e_third + scc->e_entropy;
    return SKD_OK;
}

/* The sums leave out an atom at distance 0, for it is the atom itself: nothing else may be there. */
static skd_status check_distances(const gfn1_state *state, skd_error *err) {
    const gfn1_system *s = &state->system;
    const gfn1_cells *c = &state->cells[COORDINATION];
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < i; j++) {
            double d[3];
            gfn1_difference(s, i, j, d);
            const double reach = skd_norm(d) + CLOSEST;
            for (size_t m = 0; m < c->n && c->length[m] <= reach; m++) {
                const double r[3] = {d[0] - c->t[0][m], d[1] - c->t[1][m], d[2] - c->t[2][m]};
                if (!(skd_norm(r) >= CLOSEST))
                    return skd_fail(err, SKD_ENUMERIC, "gfn1: atoms %zu and %zu are %.4f Å apart", j + 1, i + 1,
                                    skd_norm(r) * GFN1_BOHR);
            }
        }
    return SKD_OK;
}

/* Takes over the geometry; decides whether charges of the last ones can be used. */
static skd_status move(gfn1_state *state, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                       double charge, skd_error *err) {
    skd_status status = SKD_OK;
    const bool same = fits(state, n, z, lattice), warm = state->warm && same && charge == state->charge;
    if (!same)
        status = set_up(state, n, z, x, lattice, err);
    else if (lattice && memcmp(state->system.lattice, lattice, sizeof state->system.lattice) != 0)
        status = set_cell(state, n, x, lattice, err);
    else
        gfn1_system_move(&state->system, x);
    state->charge = charge;
    state->warm = warm;
    if (status != SKD_OK)
        return status;
    if (!warm)
        gfn1_history_clear(state->history);
    else
        state->warm = gfn1_history_guess(state->history, x, lattice, state->scc.q_in);
    return SKD_OK;
}

skd_status gfn1_evaluate(gfn1_state *state, size_t n, const int *z, const double (*x)[3], const double (*lattice)[3],
                         double charge, skd_error *err) {
    skd_status status = move(state, n, z, x, lattice, charge, err);
    if (status != SKD_OK)
        goto fail;
    double (*gradient)[3] = state->sum.gradient;
    state->sum = (gfn1_sum){.gradient = gradient};
    state->energies = (gfn1_energies){0};
    memset(gradient, 0, n * sizeof *gradient);
    memset(state->w, 0, n * sizeof *state->w);
    status = check_distances(state, err);
    if (status == SKD_OK)
        status = gfn1_coordination(&state->system, &state->cells[COORDINATION], state->cn, err);
    if (status == SKD_OK)
        status = classical(state, err);
    if (status == SKD_OK)
        status = quantum(state, charge, err);
    if (status != SKD_OK)
        goto fail;
    gfn1_coordination_chain(&state->system, &state->cells[COORDINATION], state->w, &state->sum);
    gfn1_history_add(state->history, x, lattice, state->scc.q_in);
    state->force = largest(gradient, n);
    state->warm = true;
    return SKD_OK;
fail:
    gfn1_state_free(state);
    return status;
}
