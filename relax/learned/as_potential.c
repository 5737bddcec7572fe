/* SPDX-License-Identifier: MIT */
/* as_potential.c - fitted models behind the interface of potentials: each cell by the model of its charge. Made by
 * the caller, not from a spec: no row of the table of potentials. */
#include <stdio.h>

#include "fit.h"
#include "model.h"

typedef struct models {
    const skd_model **model; /* [n] */
    size_t n;
    skd_features *features;  /* owned, and then the models too; NULL: both borrowed */
    skd_model **owned;
} models;

typedef struct models_work {
    skd_model_work **work; /* [n], made when first needed */
    size_t n, last;
} models_work;

static void models_free(void *params) {
    models *all = params;
    if (!all)
        return;
    for (size_t k = 0; all->owned && k < all->n; k++)
        skd_model_free(all->owned[k]);
    skd_features_free(all->features);
    skd_free(all->owned);
    skd_free(all->model);
    skd_free(all);
}

static skd_status models_check(const void *params, const skd_cell *cell, skd_error *err) {
    const skd_model *model = ((const models *)params)->model[0];
    for (size_t i = 0; i < cell->n; i++) {
        size_t s = 0;
        while (s < model->n_species && model->species[s] != cell->species[i])
            s++;
        if (s == model->n_species)
            return skd_fail(err, SKD_EARG, "potential model: atom %zu is %s, an element that the model has not learned",
                            i + 1, skd_element_of(cell->species[i])->symbol);
    }
    return SKD_OK;
}

static void models_work_free(void *work) {
    models_work *w = work;
    for (size_t k = 0; w && k < w->n; k++)
        skd_model_work_free(w->work[k]);
    if (w)
        skd_free(w->work);
    skd_free(w);
}

static skd_status models_work_new(const void *params, void **out, skd_error *err) {
    models_work *w = skd_alloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    w->n = ((const models *)params)->n;
    w->work = skd_alloc(w->n, sizeof *w->work);
    if (!w->work) {
        models_work_free(w);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    }
    *out = w;
    return SKD_OK;
}

static skd_status models_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                                 skd_result *out, skd_error *err) {
    const models *all = params;
    models_work *w = work;
    size_t k = 0;
    while (k < all->n && all->model[k]->charge != charge)
        k++;
    if (k == all->n)
        return skd_fail(err, SKD_EARG, "potential model: charge %+g, which the model has not learned; it knows %+g%s",
                        charge, all->model[0]->charge, all->n > 1 ? " and others" : "");
    skd_status status = w->work[k] ? SKD_OK : skd_model_work_new(&w->work[k], all->model[k], err);
    w->last = k;
    if (status == SKD_OK)
        status = skd_model_compute(all->model[k], cell, want, w->work[k], out, err);
    return status;
}

static const skd_potential_type type_of_models = {
    .name = "model",
    .summary = "a learned surrogate",
    .reference = "A. P. Bartok, R. Kondor and G. Csanyi, Phys. Rev. B 87, 184115 (2013)",
    .knows_charge = true,
    .destroy = models_free,
    .check = models_check,
    .work_new = models_work_new,
    .work_free = models_work_free,
    .compute = models_compute,
};

skd_status skd_potential_of_models(skd_potential **out, const skd_model *const *model, size_t n, skd_error *err) {
    *out = NULL;
    if (n == 0)
        return skd_fail(err, SKD_EARG, "potential model: no models");
    for (size_t k = 1; k < n; k++)
        if (model[k]->features != model[0]->features)
            return skd_fail(err, SKD_EARG, "potential model: models of different features");
    skd_potential *potential = skd_alloc(1, sizeof *potential);
    models *all = skd_alloc(1, sizeof *all);
    if (all)
        all->model = skd_copy(model, n, sizeof *model);
    if (!potential || !all || !all->model) {
        skd_free(potential);
        models_free(all);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    }
    all->n = n;
    potential->type = &type_of_models;
    potential->params = all;
    snprintf(potential->spec, sizeof potential->spec, "model");
    *out = potential;
    return SKD_OK;
}

skd_status skd_potential_taking_models(skd_potential **out, skd_features *features_taken,
                                       skd_model *const *model_taken, size_t n, skd_error *err) {
    *out = NULL;
    skd_model **owned = skd_copy(model_taken, n, sizeof *owned);
    if (!owned)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    skd_status status = skd_potential_of_models(out, (const skd_model *const *)owned, n, err);
    if (status != SKD_OK) {
        skd_free(owned);
        return status;
    }
    models *all = (*out)->params;
    all->features = features_taken;
    all->owned = owned;
    return SKD_OK;
}

skd_status skd_potential_of_model(skd_potential **out, const skd_model *model, skd_error *err) {
    return skd_potential_of_models(out, &model, 1, err);
}

skd_model_work *skd_model_work_of(const skd_potential_work *work, const skd_model **model) {
    if (work->potential->type != &type_of_models)
        return NULL;
    const models *all = work->potential->params;
    const models_work *w = work->work;
    *model = all->model[w->last];
    return w->work[w->last];
}
