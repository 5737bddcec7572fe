/* SPDX-License-Identifier: MIT */
/* start.c - the steps every kind of start is made of: plan, copy, rattle, judge; and the list they fill. */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOO_CLOSE 1.0 /* Å; ShakeNBreak drops structures with shorter distances, unless there is hydrogen */

void skd_start_free(skd_start *start) {
    skd_free(start->distorted);
    skd_free(start->moved);
    skd_cell_free(start->cell);
    *start = (skd_start){0};
}

void skd_start_list_free(skd_start_list *list) {
    for (size_t i = 0; i < list->n; i++)
        skd_start_free(&list->start[i]);
    skd_free(list->start);
    skd_free(list->rotation);
    *list = (skd_start_list){0};
}

/* ---- what surrounds the defect ----------------------------------------------------------- */

void skd_defect_centre(const skd_defect *defect, double centre[3]) {
    if (defect->kind == SKD_VACANCY)
        skd_row_times(defect->site, defect->cell->lattice, centre);
    else
        memcpy(centre, defect->cell->pos[defect->index], 3 * sizeof(double));
}

static int by_distance(const void *left, const void *right) {
    const skd_near *a = left, *b = right;
    if (a->rounded != b->rounded)
        return a->rounded < b->rounded ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

skd_status skd_near_sorted(skd_near **out, size_t *n, const skd_cell *cell, const double centre[3], size_t leave_out,
                           skd_error *err) {
    *out = NULL;
    *n = 0;
    skd_mic mic;
    skd_status status = skd_mic_setup(&mic, cell, err);
    if (status != SKD_OK)
        return status;
    skd_near *near = skd_alloc(cell->n, sizeof *near);
    if (!near)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu neighbours", cell->n);
    for (size_t i = 0; i < cell->n; i++) {
        if (i == leave_out)
            continue;
        skd_near *atom = &near[(*n)++];
        atom->index = i;
        atom->r = skd_mic_vector(&mic, centre, cell->pos[i], atom->d);
        atom->rounded = nearbyint(atom->r * 100.0) / 100.0;
    }
    qsort(near, *n, sizeof *near, by_distance);
    *out = near;
    return SKD_OK;
}

size_t skd_first_shell(const skd_near *near, size_t n) {
    size_t count = 0;
    while (count < n && near[count].r <= 1.1 * near[0].r)
        count++;
    return count;
}

/* ---- plan -------------------------------------------------------------------------------- */

int skd_electron_count_rule(int oxidation_change, int charge) {
    int x = abs(-oxidation_change + charge);
    return x <= 4 ? x : abs(8 - x);
}

static double to_thousandth(double x) { return nearbyint(x * 1000.0) / 1000.0 + 0.0; }

/* -0.6 .. +0.6 in steps of the increment, 0 included: k increments up to 0.601. */
static size_t fill_default(double *list, double increment) {
    size_t half = (size_t)ceil(0.601 / increment), n = 0;
    for (size_t k = half; k-- > 1;)
        list[n++] = -to_thousandth((double)k * increment);
    for (size_t k = 0; k < half; k++)
        list[n++] = to_thousandth((double)k * increment);
    return n;
}

static skd_status plan_distortions(skd_start_plan *plan, const skd_start_options *o, skd_error *err) {
    if (!o->distortion && !(o->increment >= 0.001 && o->increment <= 0.6))
        return skd_fail(err, SKD_EARG, "distortion increment %g: must be from 0.001 to 0.6", o->increment);
    size_t room = o->distortion ? o->n_distortion : 2 * (size_t)ceil(0.601 / o->increment);
    double *list = skd_alloc(room, sizeof *list);
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu distortions", room);
    plan->distortion = list;
    if (!o->distortion) {
        plan->n_distortion = fill_default(list, o->increment);
        return SKD_OK;
    }
    for (size_t k = 0; k < room; k++) {
        if (!(o->distortion[k] >= -1.0 && o->distortion[k] < 10.0))
            return skd_fail(err, SKD_EARG, "distortion %g: must be from -1 to 10 (-0.4 brings atoms 40 %% closer)",
                            o->distortion[k]);
        list[plan->n_distortion++] = to_thousandth(o->distortion[k]);
    }
    return SKD_OK;
}

/* Where no oxidation state is known the broken bonds decide: two of them may pair up, or all move. */
static skd_status plan_by_bonds(skd_start_plan *plan, const skd_defect *defect, skd_error *err) {
    double centre[3];
    skd_near *near;
    size_t n;
    skd_defect_centre(defect, centre);
    skd_status status = skd_near_sorted(&near, &n, defect->cell, centre, defect->index, err);
    if (status != SKD_OK)
        return status;
    size_t shell = skd_first_shell(near, n);
    skd_free(near);
    plan->n_neighbours[0] = shell < 2 ? (int)shell : 2;
    plan->n_neighbours[1] = shell < 4 ? (int)shell : 4;
    plan->n_families = shell > 2 ? 2 : shell > 0;
    return SKD_OK;
}

const skd_wish *skd_wish_for(const skd_wish *wish, size_t n, const skd_defect *defect) {
    const skd_wish *best = NULL;
    for (size_t k = 0; k < n; k++) {
        size_t length = strlen(wish[k].defect);
        char next = strncmp(wish[k].defect, defect->name, length) == 0 ? defect->name[length] : 'x';
        if (length == 0 || next == '\0' || next == '_')
            if (!best || length > strlen(best->defect))
                best = &wish[k];
    }
    return best;
}

/* -1: nothing is wished. */
static int neighbours_by_wish(const skd_defect *defect, int charge, const skd_start_options *o) {
    const skd_wish *n = skd_wish_for(o->neighbours_of, o->n_neighbours_of, defect);
    const skd_wish *electrons = skd_wish_for(o->electrons_of, o->n_electrons_of, defect);
    if (n)
        return n->value;
    if (electrons)
        return skd_electron_count_rule(-electrons->value, charge);
    return o->n_neighbours;
}

static skd_status plan_families(skd_start_plan *plan, const skd_defect *defect, int charge, const skd_start_options *o,
                                skd_error *err) {
    size_t others = defect->cell->n - (defect->kind != SKD_VACANCY);
    int n = neighbours_by_wish(defect, charge, o);
    if (n < 0 && !o->compat && !defect->oxidation_known)
        return plan_by_bonds(plan, defect, err);
    if (n < 0)
        n = skd_electron_count_rule(defect->oxidation_change, charge);
    if ((size_t)n > others)
        return skd_fail(err, SKD_EARG, "%d neighbours to distort, but only %zu atoms around the defect", n, others);
    plan->n_neighbours[0] = n;
    plan->n_families = n > 0;
    return SKD_OK;
}

skd_status skd_start_plan_new(skd_start_plan *out, const skd_defect *defect, int charge,
                              const skd_start_options *options, skd_error *err) {
    *out = (skd_start_plan){0};
    skd_status status = plan_distortions(out, options, err);
    if (status == SKD_OK)
        status = plan_families(out, defect, charge, options, err);
    if (status != SKD_OK)
        skd_start_plan_free(out);
    return status;
}

void skd_start_plan_free(skd_start_plan *plan) {
    skd_free((void *)plan->distortion);
    *plan = (skd_start_plan){0};
}

/* ---- one start --------------------------------------------------------------------------- */

/* ShakeNBreak 3.4 overwrites its seed once and then keeps it: the first distortion's decides for all up to
 * this one. Seeds of 0 count as unset there. */
static uint32_t sticky_seed(const skd_start_plan *plan, size_t position) {
    for (size_t k = 0; plan->n_families && k <= position && k < plan->n_distortion; k++) {
        int seed = (int)((1.0 + plan->distortion[k]) * 100.0);
        if (seed)
            return (uint32_t)seed;
    }
    return 0;
}

uint32_t skd_start_seed(const skd_start_plan *plan, const skd_defect *defect, int charge,
                        const skd_start_options *options, const char *name, size_t position) {
    if (options->compat)
        return options->seed_given && options->seed ? (uint32_t)options->seed : sticky_seed(plan, position);
    char entry[96];
    skd_defect_entry_name(defect, charge, entry, sizeof entry);
    uint64_t item = skd_hash(SKD_HASH_START, entry, strlen(entry));
    item = skd_hash(item, "/", 1);
    return skd_seed_mix(options->seed, skd_hash(item, name, strlen(name)));
}

skd_status skd_start_add(skd_start_list *list, const skd_defect *defect, const skd_start_kind *kind, const char *name,
                         skd_start **out, skd_error *err) {
    *out = NULL;
    skd_status status = skd_grow((void **)&list->start, &list->capacity, list->n + 1, sizeof *list->start, err);
    if (status != SKD_OK)
        return status;
    skd_start *start = &list->start[list->n];
    *start = (skd_start){.kind = kind->name, .factor = NAN, .rattled = true};
    status = skd_cell_copy(&start->cell, defect->cell, err);
    if (status != SKD_OK)
        return status;
    snprintf(start->name, sizeof start->name, "%s", name);
    snprintf(start->label, sizeof start->label, "%s", name);
    list->n++;
    *out = start;
    return SKD_OK;
}

skd_status skd_start_set_distorted(skd_start *start, const size_t *index, size_t n, skd_error *err) {
    start->distorted = skd_copy(index, n, sizeof *index);
    if (!start->distorted)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu distorted atoms", n);
    start->n_distorted = n;
    return SKD_OK;
}

static bool is_frozen(const skd_start *start, const skd_defect *defect, size_t i) {
    for (size_t k = 0; k < start->n_distorted; k++)
        if (start->distorted[k] == i)
            return true;
    return i == defect->index;
}

static skd_status judge(skd_start *start, skd_error *err) {
    if (start->dropped || skd_cell_count(start->cell, 1) > 0)
        return SKD_OK;
    skd_neighbours nb = {0};
    skd_status status = skd_neighbours_build(&nb, start->cell, TOO_CLOSE, err);
    double shortest = TOO_CLOSE;
    for (size_t i = 0; status == SKD_OK && i < nb.n; i++)
        for (size_t k = nb.first[i]; k < nb.first[i + 1]; k++)
            if (nb.list[k].r < shortest) {
                const char *a = skd_element_of(start->cell->species[i])->symbol;
                const char *b = skd_element_of(start->cell->species[nb.list[k].j])->symbol;
                shortest = nb.list[k].r;
                start->dropped = true;
                snprintf(start->why, sizeof start->why, "atoms %zu (%s) and %zu (%s) only %.2f Å apart", i + 1, a,
                         nb.list[k].j + 1, b, shortest);
            }
    skd_neighbours_free(&nb);
    return status;
}

static skd_status rattle_start(skd_start *start, const skd_defect *defect, double stdev,
                               const skd_start_options *options, skd_error *err) {
    const skd_rattle_options *o = &options->rattle;
    size_t *active = skd_alloc(start->cell->n, sizeof *active), n = 0;
    skd_rattle_job job = {.cell = start->cell, .active = active, .stdev = stdev, .d_min = o->d_min};
    skd_status status = SKD_ENOMEM;
    if (!active) {
        skd_fail(err, status, "out of memory for the rattle of %zu atoms", start->cell->n);
        goto done;
    }
    for (size_t i = 0; !options->active && i < start->cell->n; i++)
        if (!is_frozen(start, defect, i))
            active[n++] = i;
    for (size_t k = 0; options->active && k < options->n_active; k++)
        active[n++] = options->active[k];
    job.n_active = n;
    status = o->local ? skd_rattle_local(&job, defect, o, start->seed, err)
                      : skd_rattle_even(&job, o, start->seed, err);
    start->stdev = stdev;
    start->d_min = job.d_min;
    if (status == SKD_ENUMERIC) { /* this one fails; the others need not */
        start->dropped = true;
        snprintf(start->why, sizeof start->why, "no rattle found that keeps atoms apart");
        status = SKD_OK;
    }
done:
    skd_free(active);
    return status;
}

static bool is_moved(const skd_start *start, const skd_defect *defect, size_t i) {
    const double *p = start->cell->pos[i], *q = defect->cell->pos[i];
    return p[0] != q[0] || p[1] != q[1] || p[2] != q[2] || start->cell->species[i] != defect->cell->species[i];
}

/* What the rattle leaves out counts as moved, by nothing. */
static skd_status note_moves(skd_start *start, const skd_defect *defect, skd_error *err) {
    const skd_cell *cell = start->cell;
    size_t n = 0;
    bool *noted = skd_alloc(cell->n, sizeof *noted);
    for (size_t k = 0; noted && start->rattled && k < start->n_distorted; k++)
        noted[start->distorted[k]] = true;
    for (size_t i = 0; noted && i < cell->n; i++)
        n += noted[i] = noted[i] || is_moved(start, defect, i);
    start->moved = skd_alloc(n, sizeof *start->moved);
    for (size_t i = 0; noted && start->moved && i < cell->n; i++)
        if (noted[i]) {
            skd_move *move = &start->moved[start->n_moved++];
            *move = (skd_move){.index = i, .species = cell->species[i]};
            memcpy(move->pos, cell->pos[i], sizeof move->pos);
        }
    bool failed = !noted || !start->moved;
    skd_free(noted);
    return failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the atoms moved in %s", start->name) : SKD_OK;
}

skd_status skd_start_finish(skd_start_list *list, skd_start *start, const skd_defect *defect,
                            const skd_start_options *options, skd_error *err) {
    start->rattled = start->rattled && !options->no_rattle;
    if (start->rattled)
        start->stdev = list->stdev;
    if (start->cell->n != defect->cell->n) /* another composition: the cell itself is the plan */
        return SKD_OK;
    const skd_start *twin = NULL;
    skd_status status = note_moves(start, defect, err);
    if (status == SKD_OK && !options->compat)
        status = skd_start_twin(&twin, list, start, defect, options, err);
    if (twin) {
        start->dropped = true;
        snprintf(start->why, sizeof start->why, "the same as %s", twin->name);
    }
    skd_cell_free(start->cell);
    start->cell = NULL;
    return status;
}

skd_status skd_start_build(skd_start *start, const skd_start_list *list, const skd_defect *defect,
                           const skd_start_options *options, skd_error *err) {
    skd_status status = start->cell ? SKD_OK : skd_cell_copy(&start->cell, defect->cell, err);
    if (status != SKD_OK)
        return status;
    for (size_t k = 0; k < start->n_moved; k++) {
        const skd_move *move = &start->moved[k];
        start->cell->species[move->index] = move->species;
        memcpy(start->cell->pos[move->index], move->pos, sizeof move->pos);
    }
    if (start->rattled && !start->dropped)
        status = rattle_start(start, defect, list->stdev, options, err);
    return status == SKD_OK && (start->rattled || start->n_moved) ? judge(start, err) : status;
}
