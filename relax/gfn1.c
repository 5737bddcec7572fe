/* SPDX-License-Identifier: MIT */
/* gfn1.c - GFN1-xTB as a row of the table of potentials. */
#include <string.h>

#include "gfn1/gfn1.h"
#include "settings.h"
#include "shakedown/relax.h"

#define STRESS_UNIT (GFN1_EV / (GFN1_BOHR * GFN1_BOHR * GFN1_BOHR))

typedef struct gfn1_params {
    double temperature, accuracy;
    gfn1_mode mode;
} gfn1_params;

typedef struct gfn1_work {
    gfn1_state state;
    double (*x)[3];
    size_t room;
} gfn1_work;

static const skd_setting gfn1_settings[] = {
    {"temperature", offsetof(gfn1_params, temperature), 1.0, 1e5},
    {"accuracy", offsetof(gfn1_params, accuracy), 1e-5, 1e3},
    {NULL, 0, 0, 0},
};

/* Takes "mode=..." out of the settings, which are numbers otherwise. */
static skd_status take_mode(gfn1_params *p, const char *settings, char *rest, size_t room, skd_error *err) {
    size_t used = 0;
    for (const char *at = settings; *at;) {
        size_t length = strcspn(at, ",");
        if (!strncmp(at, "mode=", 5)) {
            if (length == 12 && !strncmp(at + 5, "library", 7))
                p->mode = GFN1_LIBRARY;
            else if (length != 14 || strncmp(at + 5, "converged", 9) != 0)
                return skd_fail(err, SKD_EARG, "potential gfn1: mode=%.*s; expected mode=converged or mode=library",
                                (int)length - 5, at + 5);
        } else if (used + length + 2 < room) {
            if (used)
                rest[used++] = ',';
            memcpy(rest + used, at, length);
            used += length;
        } else {
            return skd_fail(err, SKD_EARG, "potential gfn1: settings too long");
        }
        at += length;
        at += *at == ',';
    }
    rest[used] = '\0';
    return SKD_OK;
}

static skd_status gfn1_create(void **out, const char *settings, skd_error *err) {
    char rest[256];
    *out = NULL;
    gfn1_params *p = skd_alloc(1, sizeof *p);
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential");
    /* charges to 2e-6 e rms: forces to 3e-5 eV/Å, energies to 1e-8 eV (measured) */
    *p = (gfn1_params){.temperature = 300.0, .accuracy = 0.1, .mode = GFN1_CONVERGED};
    skd_status status = take_mode(p, settings, rest, sizeof rest, err);
    if (status == SKD_OK)
        status = skd_settings_parse(p, gfn1_settings, "gfn1", rest, err);
    if (status != SKD_OK)
        skd_free(p);
    else
        *out = p;
    return status;
}

static skd_status gfn1_check(const void *params, const skd_cell *cell, skd_error *err) {
    (void)params;
    for (size_t i = 0; i < cell->n; i++)
        if (cell->species[i] > GFN1_Z_MAX)
            return skd_fail(err, SKD_EARG, "potential gfn1: atom %zu is %s; parameters end at Rn (Z = %d)", i + 1,
                            skd_element_of(cell->species[i])->symbol, GFN1_Z_MAX);
    if (cell->pbc[0] != cell->pbc[1] || cell->pbc[0] != cell->pbc[2])
        return skd_fail(err, SKD_EARG, "potential gfn1: the cell is periodic along some axes; expected all or none");
    if (cell->pbc[0] && !(skd_cell_volume(cell) > 0.0))
        return skd_fail(err, SKD_EARG, "potential gfn1: the cell has no volume");
    if (cell->n == 0)
        return skd_fail(err, SKD_EARG, "potential gfn1: no atoms");
    return SKD_OK;
}

static skd_status gfn1_work_new(const void *params, void **out, skd_error *err) {
    const gfn1_params *p = params;
    gfn1_work *work = skd_alloc(1, sizeof *work);
    *out = work;
    if (!work)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a potential's scratch");
    work->state = (gfn1_state){.mode = p->mode, .kt = p->temperature * GFN1_KB, .accuracy = p->accuracy};
    return SKD_OK;
}

static void gfn1_work_free(void *work) {
    gfn1_work *w = work;
    if (!w)
        return;
    gfn1_state_free(&w->state);
    skd_free(w->x);
    skd_free(w);
}

static void gfn1_begin(void *work) { ((gfn1_work *)work)->state.warm = false; }

static skd_status gfn1_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                               skd_result *out, skd_error *err) {
    (void)params;
    gfn1_work *w = work;
    double lattice[3][3];
    skd_status status = skd_grow((void **)&w->x, &w->room, cell->n, sizeof *w->x, err);
    if (status != SKD_OK)
        return status;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            w->x[i][k] = cell->pos[i][k] / GFN1_BOHR;
    for (int k = 0; k < 9; k++)
        lattice[k / 3][k % 3] = cell->lattice[k / 3][k % 3] / GFN1_BOHR;
    status = gfn1_evaluate(&w->state, cell->n, cell->species, w->x, cell->pbc[0] ? lattice : NULL, charge, err);
    if (status != SKD_OK)
        return status;
    const gfn1_sum *sum = &w->state.sum;
    out->energy = w->state.energies.total * GFN1_EV;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            out->force[i][k] = -sum->gradient[i][k] * (GFN1_EV / GFN1_BOHR);
    out->has_atom_energy = false;
    out->has_stress = (want & SKD_WANT_STRESS) && cell->pbc[0];
    for (int k = 0; k < 9 && out->has_stress; k++)
        out->stress[k / 3][k % 3] = 0.5 * (sum->virial[k / 3][k % 3] + sum->virial[k % 3][k / 3]) * STRESS_UNIT /
                                    w->state.system.volume;
    return SKD_OK;
}

static skd_status gfn1_electrons(void *work, skd_electronic **out, skd_error *err) {
    return gfn1_electronic(&((gfn1_work *)work)->state, out, err);
}

const skd_potential_type skd_potential_gfn1 = {
    .name = "gfn1",
    .summary = "GFN1-xTB, elements to Rn, any charge; temperature=300 (K), accuracy=0.1, mode=converged|library",
    .reference = "S. Grimme, C. Bannwarth and P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017)",
    .knows_charge = true,
    .dear = true,
    .method = "lbfgs",
    .force_max = 0.02,
    .create = gfn1_create,
    .destroy = skd_free,
    .check = gfn1_check,
    .work_new = gfn1_work_new,
    .work_free = gfn1_work_free,
    .begin = gfn1_begin,
    .compute = gfn1_compute,
    .electronic = gfn1_electrons,
};
