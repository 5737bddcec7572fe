/* SPDX-License-Identifier: MIT */
/* nve.h - molecular dynamics at constant energy, for tests and benchmarks: velocity Verlet from a cell's place. */
#ifndef SKD_TESTS_NVE_H
#define SKD_TESTS_NVE_H

#include <math.h>

#include "shakedown/relax.h"

#define NVE_BOLTZMANN 8.617333262e-5  /* eV/K            */
#define NVE_FORCE     9.648533212e-3  /* Å/fs^2 in eV/(Å amu) */

typedef struct nve_run {
    double drift;       /* eV: slope of the total energy by least squares, times the length of the run */
    double spread;      /* eV: root mean square about its mean                                         */
    double temperature; /* K, mean                                                                     */
} nve_run;

static inline double nve_kinetic(const skd_cell *cell, const double (*v)[3]) {
    double sum = 0.0;
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            sum += 0.5 * skd_element_of(cell->species[i])->mass * v[i][k] * v[i][k] / NVE_FORCE;
    return sum;
}

/* Maxwell's velocities without a total momentum. */
static inline void nve_start(const skd_cell *cell, double kelvin, skd_rng *rng, double (*v)[3]) {
    double momentum[3] = {0, 0, 0}, mass = 0.0;
    for (size_t i = 0; i < cell->n; i++) {
        const double own = skd_element_of(cell->species[i])->mass;
        mass += own;
        for (int k = 0; k < 3; k++) {
            v[i][k] = sqrt(NVE_BOLTZMANN * kelvin * NVE_FORCE / own) * skd_rng_normal(rng);
            momentum[k] += own * v[i][k];
        }
    }
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            v[i][k] -= momentum[k] / mass;
}

static inline void nve_kick(const skd_cell *cell, const double (*force)[3], double fs, double (*v)[3]) {
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            v[i][k] += fs * NVE_FORCE * force[i][k] / skd_element_of(cell->species[i])->mass;
}

/* Moves the cell for `steps` steps of `fs`; result: of the cell's atoms, v: [n] Å/fs. */
static inline skd_status nve_move(skd_cell *cell, skd_potential_work *work, double (*v)[3], double fs, int steps,
                                  skd_result *result, nve_run *out, skd_error *err) {
    double first = 0.0, sum = 0.0, squares = 0.0, slope = 0.0, kinetic = 0.0, middle = 0.5 * (steps - 1);
    skd_status status = skd_potential_compute(work, cell, 0.0, 0, result, err);
    for (int s = 0; s < steps && status == SKD_OK; s++) {
        nve_kick(cell, (const double(*)[3])result->force, 0.5 * fs, v);
        for (size_t i = 0; i < cell->n; i++)
            for (int k = 0; k < 3; k++)
                cell->pos[i][k] += fs * v[i][k];
        status = skd_potential_compute_next(work, cell, 0.0, 0, result, err);
        nve_kick(cell, (const double(*)[3])result->force, 0.5 * fs, v);
        const double here = nve_kinetic(cell, (const double(*)[3])v), total = result->energy + here;
        first = s == 0 ? total : first;
        kinetic += here / steps;
        sum += (total - first) / steps;
        squares += (total - first) * (total - first) / steps;
        slope += (s - middle) * (total - first);
    }
    out->drift = slope * 12.0 / ((double)steps * steps);
    out->spread = sqrt(fmax(0.0, squares - sum * sum));
    out->temperature = kinetic / (1.5 * (double)cell->n * NVE_BOLTZMANN);
    return status;
}

#endif
