/* SPDX-License-Identifier: MIT */
/* potential.c - the table of potentials, and what all of them share: making one from its spec, scratch,
 * checked evaluation, evaluation of many cells. */
#include "shakedown/relax.h"

#include <stdio.h>
#include <string.h>

extern const skd_potential_type skd_potential_lj, skd_potential_sw, skd_potential_zbl, skd_potential_gfn1;

/* A new potential: one file, one row here. */
const skd_potential_type *const skd_potential_types[] = {&skd_potential_lj, &skd_potential_sw, &skd_potential_zbl,
                                                         &skd_potential_gfn1, NULL};

skd_status skd_result_new(skd_result **out, size_t n, skd_error *err) {
    *out = NULL;
    skd_result *result = skd_alloc(1, sizeof *result);
    if (!result)
        goto nomem;
    result->force = skd_alloc(n, sizeof *result->force);
    result->atom_energy = skd_alloc(n, sizeof *result->atom_energy);
    if (!result->force || !result->atom_energy)
        goto nomem;
    *out = result;
    return SKD_OK;
nomem:
    skd_result_free(result);
    return skd_fail(err, SKD_ENOMEM, "out of memory for the forces on %zu atoms", n);
}

void skd_result_free(skd_result *result) {
    if (!result)
        return;
    skd_free(result->force);
    skd_free(result->atom_energy);
    skd_free(result);
}

static skd_status find_type(const skd_potential_type **out, skd_span name, skd_error *err) {
    char known[200] = "", word[64];
    size_t used = 0;
    for (const skd_potential_type *const *type = skd_potential_types; *type; type++) {
        if (skd_span_is(name, (*type)->name)) {
            *out = *type;
            return SKD_OK;
        }
        int n = snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", (*type)->name);
        used += n > 0 && (size_t)n < sizeof known - used ? (size_t)n : 0;
    }
    return skd_fail(err, SKD_EARG, "no potential '%s'; there are: %s", skd_span_copy(name, word, sizeof word), known);
}

static skd_status make_one(skd_potential **out, const char *spec, const void *payload, skd_error *err) {
    (void)payload;
    *out = NULL;
    size_t length = strcspn(spec, ":");
    const skd_potential_type *type;
    skd_status status = find_type(&type, (skd_span){spec, length}, err);
    if (status != SKD_OK)
        return status;
    skd_potential *potential = skd_alloc(1, sizeof *potential);
    if (!potential)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    if (strlen(spec) >= sizeof potential->spec)
        status = skd_fail(err, SKD_EARG, "potential: text of more than %zu letters", sizeof potential->spec - 1);
    else
        status = type->create(&potential->params, spec[length] ? spec + length + 1 : "", err);
    if (status != SKD_OK) {
        skd_free(potential);
        return status;
    }
    potential->type = type;
    memcpy(potential->spec, spec, strlen(spec) + 1);
    *out = potential;
    return SKD_OK;
}

skd_status skd_potential_new(skd_potential **out, const char *spec, skd_error *err) {
    return skd_potential_parse(out, spec, make_one, NULL, err);
}

void skd_potential_free(skd_potential *potential) {
    if (!potential)
        return;
    potential->type->destroy(potential->params);
    skd_free(potential);
}

skd_status skd_potential_work_new(skd_potential_work **out, const skd_potential *potential, skd_error *err) {
    *out = NULL;
    skd_potential_work *work = skd_alloc(1, sizeof *work);
    if (!work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    work->potential = potential;
    skd_status status = potential->type->work_new(potential->params, &work->work, err);
    if (status != SKD_OK) {
        skd_free(work);
        return status;
    }
    *out = work;
    return SKD_OK;
}

void skd_potential_work_free(skd_potential_work *work) {
    if (!work)
        return;
    work->potential->type->work_free(work->work);
    skd_free(work);
}

static skd_status check_cell(const skd_cell *cell, skd_error *err) {
    for (size_t i = 0; i < cell->n; i++) {
        if (cell->species[i] < 1 || cell->species[i] > SKD_ELEMENT_MAX)
            return skd_fail(err, SKD_EARG, "atom %zu: atomic number %d; expected 1 to %d", i + 1, cell->species[i],
                            SKD_ELEMENT_MAX);
        for (int k = 0; k < 3; k++)
            if (!isfinite(cell->pos[i][k]))
                return skd_fail(err, SKD_ENUMERIC, "atom %zu: position is not a finite number", i + 1);
    }
    return SKD_OK;
}

skd_status skd_potential_compute(skd_potential_work *work, const skd_cell *cell, double charge, int want,
                                 skd_result *out, skd_error *err) {
    if (work->potential->type->begin)
        work->potential->type->begin(work->work);
    return skd_potential_compute_next(work, cell, charge, want, out, err);
}

skd_status skd_potential_compute_next(skd_potential_work *work, const skd_cell *cell, double charge, int want,
                                      skd_result *out, skd_error *err) {
    const skd_potential *potential = work->potential;
    skd_status status = check_cell(cell, err);
    if (status == SKD_OK)
        status = potential->type->check(potential->params, cell, err);
    if (status == SKD_OK)
        status = potential->type->compute(potential->params, cell, charge, want, work->work, out, err);
    return status;
}

/* ---- many cells --------------------------------------------------------------------------- */

skd_status skd_potential_electronic(skd_potential_work *work, skd_electronic **out, skd_error *err) {
    const skd_potential_type *type = work->potential->type;
    *out = NULL;
    if (!type->electronic)
        return skd_fail(err, SKD_EARG, "potential %s has no electrons: no charges, orbitals or gap; gfn1 has",
                        type->name);
    return type->electronic(work->work, out, err);
}

typedef struct many {
    const skd_cell *const *cell;
    const double *charge;
    int want;
    skd_potential_work **work; /* one per worker */
    skd_result *const *out;
    skd_electronic **electrons; /* NULL: not wanted */
} many;

static skd_status one_of_many(void *payload, size_t i, int worker, skd_error *err) {
    const many *job = payload;
    skd_status status = skd_potential_compute(job->work[worker], job->cell[i], job->charge ? job->charge[i] : 0.0,
                                              job->want, job->out[i], err);
    if (status == SKD_OK && job->electrons)
        status = skd_potential_electronic(job->work[worker], &job->electrons[i], err);
    return status;
}

skd_status skd_potential_compute_many(const skd_potential *potential, const skd_cell *const *cell,
                                      const double *charge, size_t n, int want, int threads, skd_result *const *out,
                                      skd_error *err) {
    return skd_potential_electrons_many(potential, cell, charge, n, want, threads, out, NULL, err);
}

skd_status skd_potential_electrons_many(const skd_potential *potential, const skd_cell *const *cell,
                                        const double *charge, size_t n, int want, int threads,
                                        skd_result *const *out, skd_electronic **electrons, skd_error *err) {
    size_t workers = (size_t)(threads > 0 ? threads : skd_threads_available());
    if (potential->at_once > 0 && (size_t)potential->at_once < workers)
        workers = (size_t)potential->at_once;
    many job = {.cell = cell, .charge = charge, .want = want, .out = out, .electrons = electrons};
    job.work = skd_alloc(workers, sizeof *job.work);
    skd_status status = job.work ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for %zu workers", workers);
    for (size_t w = 0; w < workers && status == SKD_OK; w++)
        status = skd_potential_work_new(&job.work[w], potential, err);
    if (status == SKD_OK)
        status = skd_parallel(n, (int)workers, one_of_many, &job, err);
    for (size_t w = 0; w < workers && job.work; w++)
        skd_potential_work_free(job.work[w]);
    skd_free(job.work);
    return status;
}
