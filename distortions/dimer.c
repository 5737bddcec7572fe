/* SPDX-License-Identifier: MIT */
/* dimer.c - two neighbours of the defect brought to the length of a single bond: the reconstruction in which
 * the atoms around a vacancy pair up. Their midpoint stays; the others are rattled. */
#include "start.h"

/* Bonding shell around the defect: up to this times the shortest distance. Compat mode asks CrystalNN (bonded.c), as
 * ShakeNBreak does. It gives the same pair in most hosts, but where it counts a second shell it takes a pair that is
 * bonded already (v_O in SrTiO3, TiO2, Al2O3: a metal and an oxygen), which is no reconstruction. */
#define SHELL 1.25

static bool wanted(const skd_defect *defect, const skd_start_options *o) {
    if (o->dimer == SKD_DIMER_BY_RULE)
        return defect->kind == SKD_VACANCY && !o->distortion;
    return o->dimer == SKD_DIMER_ALWAYS;
}

/* Pair of the shell with the smallest separation (0.01 Å), then the lowest indices. */
static skd_status closest_pair(const skd_cell *cell, const skd_near *near, size_t shell, size_t pair[2],
                               skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    double best = HUGE_VAL;
    for (size_t a = 0; status == SKD_OK && a < shell; a++)
        for (size_t b = 0; b < shell; b++) {
            size_t i = near[a].index, j = near[b].index;
            double d[3], r = nearbyint(100.0 * skd_mic_vector(&mic, cell->pos[i], cell->pos[j], d)) / 100.0;
            bool lower = i < pair[0] || (i == pair[0] && j < pair[1]);
            if (i < j && (r < best || (r == best && lower))) {
                best = r;
                pair[0] = i;
                pair[1] = j;
            }
        }
    return status;
}

/* The first atoms of near are those of the bonding shell: returns how many. */
static size_t take_shell(const skd_near *near, size_t n) {
    size_t shell = 0;
    while (shell < n && near[shell].r <= SHELL * near[0].r)
        shell++;
    return shell;
}

/* The same by CrystalNN; the atoms move to the front. ShakeNBreak puts neutral vanadium on an empty site, and
 * knows the oxidation states of the others. */
static skd_status take_bonded(skd_near *near, size_t n, const skd_defect *defect, const double centre[3],
                              size_t *shell, skd_error *err) {
    const int vanadium = 23;
    size_t *bonded = NULL, n_bonded = 0;
    skd_host_states host;
    skd_status status = skd_host_states_of(&host, defect->bulk, &(skd_defect_options){0}, err);
    const skd_bonded_site site = {.centre = centre,
                                  .leave_out = defect->index,
                                  .species = defect->added ? defect->added : vanadium,
                                  .charge = defect->added ? host.state[defect->added] : 0,
                                  .state = host.state};
    if (status == SKD_OK)
        status = skd_bonded_atoms(&bonded, &n_bonded, defect->cell, &site, err);
    *shell = 0;
    for (size_t k = 0; k < n; k++)
        for (size_t b = 0; b < n_bonded; b++)
            if (near[k].index == bonded[b]) {
                const skd_near swapped = near[*shell];
                near[(*shell)++] = near[k];
                near[k] = swapped;
                break;
            }
    skd_free(bonded);
    return status;
}

static skd_status find_pair(const skd_defect *defect, bool compat, size_t pair[2], skd_error *err) {
    double centre[3];
    skd_near *near;
    size_t n, shell = 0;
    skd_defect_centre(defect, centre);
    skd_status status = skd_near_sorted(&near, &n, defect->cell, centre, defect->index, err);
    if (status == SKD_OK && compat)
        status = take_bonded(near, n, defect, centre, &shell, err);
    else if (status == SKD_OK)
        shell = take_shell(near, n);
    if (status != SKD_OK)
        goto done;
    if (shell < 2)
        shell = 2;
    if (n < 2)
        status = skd_fail(err, SKD_EARG, "no two neighbours to make a dimer of: only %zu atoms around the defect", n);
    else
        status = closest_pair(defect->cell, near, shell, pair, err);
done:
    skd_free(near);
    return status;
}

/* Both atoms move along their line, to half the length from its middle. */
skd_status skd_pair_set_length(skd_cell *cell, const size_t pair[2], double length, skd_error *err) {
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    if (status != SKD_OK)
        return status;
    double d[3], r = skd_mic_vector(&mic, cell->pos[pair[0]], cell->pos[pair[1]], d);
    for (int c = 0; c < 3; c++) {
        double move = 0.5 * (1.0 - length / r) * d[c];
        cell->pos[pair[0]][c] += move;
        cell->pos[pair[1]][c] -= move;
    }
    return SKD_OK;
}

static skd_status make_with(skd_start_list *out, const skd_defect *defect, int charge, const skd_start_options *options,
                            const skd_start_plan *plan, skd_error *err) {
    size_t pair[2];
    skd_start *start;
    skd_status status = find_pair(defect, options->compat, pair, err);
    if (status == SKD_OK)
        status = skd_start_add(out, defect, &skd_kind_dimer, "Dimer", &start, err);
    if (status != SKD_OK)
        return status;
    const int *z = start->cell->species;
    double length = options->dimer_length > 0.0 ? options->dimer_length : skd_single_bond(z[pair[0]], z[pair[1]]);
    start->n_neighbours = plan->n_neighbours[0];
    start->seed = skd_start_seed(plan, defect, charge, options, "Dimer", plan->n_distortion);
    status = skd_start_set_distorted(start, pair, 2, err);
    if (status == SKD_OK)
        status = skd_pair_set_length(start->cell, pair, length, err);
    return status == SKD_OK ? skd_start_finish(out, start, defect, options, err) : status;
}

static skd_status make_dimer(skd_start_list *out, const skd_defect *defect, int charge,
                             const skd_start_options *options, skd_error *err) {
    if (!wanted(defect, options))
        return SKD_OK;
    skd_start_plan plan;
    skd_status status = skd_start_plan_new(&plan, defect, charge, options, err);
    if (status != SKD_OK)
        return status;
    status = make_with(out, defect, charge, options, &plan, err);
    skd_start_plan_free(&plan);
    return status;
}

const skd_start_kind skd_kind_dimer = {
    .name = "dimer",
    .summary = "the two closest neighbours of a vacancy at the length of a single bond, the others rattled",
    .in_default = true,
    .make = make_dimer,
};
