/* SPDX-License-Identifier: MIT */
/* electronic.c - Mulliken charges, orbital energies, occupations and weights of the last geometry, for people. */
#include "gfn1.h"
#include "lapack.h"
#include "shakedown/relax.h"

static skd_status make_room(skd_electronic **out, size_t n, size_t n_shells, size_t n_orbitals, skd_error *err) {
    skd_electronic *e = *out = skd_alloc(1, sizeof *e);
    if (!e)
        return skd_fail(err, SKD_ENOMEM, "out of memory for orbitals");
    *e = (skd_electronic){.n = n, .n_shells = n_shells, .n_orbitals = n_orbitals};
    e->charge = skd_alloc(n, sizeof *e->charge);
    e->shell_atom = skd_alloc(n_shells, sizeof *e->shell_atom);
    e->shell = skd_alloc(n_shells, sizeof *e->shell);
    e->shell_charge = skd_alloc(n_shells, sizeof *e->shell_charge);
    e->energy = skd_alloc(n_orbitals, sizeof *e->energy);
    e->occupation = skd_alloc(n_orbitals, sizeof *e->occupation);
    e->weight = skd_alloc(n_orbitals * n, sizeof *e->weight);
    if (e->charge && e->shell_atom && e->shell && e->shell_charge && e->energy && e->occupation && e->weight)
        return SKD_OK;
    return skd_fail(err, SKD_ENOMEM, "out of memory for %zu orbitals", n_orbitals);
}

static void fill_charges(const gfn1_state *state, skd_electronic *e) {
    const gfn1_system *system = &state->system;
    for (size_t i = 0; i < e->n; i++)
        e->charge[i] = 0.0;
    for (size_t s = 0; s < e->n_shells; s++) {
        const size_t i = state->orbitals.atom[s];
        const gfn1_shell *shell = &system->element[i].shells[s - system->first[i]];
        e->shell_atom[s] = i;
        e->shell[s][0] = shell->n;
        e->shell[s][1] = shell->l;
        e->shell_charge[s] = state->scc.q[s];
        e->charge[i] += state->scc.q[s];
    }
}

/* Weight of orbital k on an atom: the sum over the atom's functions of c (S c). */
static skd_status fill_weights(gfn1_state *state, skd_electronic *e, skd_error *err) {
    const gfn1_orbitals *o = &state->orbitals;
    gfn1_scc *scc = &state->scc;
    const int n = (int)o->n, columns = (int)e->n_orbitals;
    const double one = 1.0, zero = 0.0;
    double *sc = skd_alloc(o->n * e->n_orbitals, sizeof *sc);
    if (!sc)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu orbitals", e->n_orbitals);
    gfn1_expand(scc, e->n_orbitals);
    dgemm_("N", "N", &n, &columns, &n, &one, o->s, &n, scc->c, &n, &zero, sc, &n);
    for (size_t k = 0; k < e->n_orbitals; k++) {
        double *weight = e->weight + k * e->n;
        for (size_t i = 0; i < e->n; i++)
            weight[i] = 0.0;
        for (size_t m = 0; m < o->n; m++)
            weight[o->atom[o->shell[m]]] += scc->c[k * o->n + m] * sc[k * o->n + m];
    }
    skd_free(sc);
    return SKD_OK;
}

skd_status gfn1_electronic(gfn1_state *state, skd_electronic **out, skd_error *err) {
    const gfn1_scc *scc = &state->scc;
    *out = NULL;
    if (!state->z)
        return skd_fail(err, SKD_EARG, "gfn1: no cell has been computed whose electrons could be shown");
    skd_status status = make_room(out, state->system.n, scc->n_shells, scc->n_orbitals, err);
    if (status == SKD_OK)
        status = fill_weights(state, *out, err);
    if (status != SKD_OK) {
        skd_electronic_free(*out);
        *out = NULL;
        return status;
    }
    fill_charges(state, *out);
    for (size_t k = 0; k < scc->n_orbitals; k++) {
        (*out)->energy[k] = scc->energies[k] * GFN1_EV;
        (*out)->occupation[k] = scc->occupation[k];
    }
    for (int spin = 0; spin < 2; spin++) {
        (*out)->electrons[spin] = scc->electrons[spin];
        (*out)->fermi[spin] = scc->level[spin] * GFN1_EV;
    }
    (*out)->cycles = scc->cycles;
    (*out)->way = scc->way;
    (*out)->dropped = scc->dropped;
    (*out)->bounded = scc->beyond;
    return SKD_OK;
}
