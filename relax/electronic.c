/* SPDX-License-Identifier: MIT */
/* electronic.c - what can be said of the electrons of any potential that has them. */
#include "shakedown/relax.h"

void skd_electronic_free(skd_electronic *electrons) {
    if (!electrons)
        return;
    void *all[] = {electrons->charge,       electrons->shell_atom, electrons->shell,     electrons->shell_charge,
                   electrons->energy,       electrons->occupation, electrons->weight,    electrons};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        skd_free(all[i]);
}

bool skd_electronic_edges(const skd_electronic *electrons, int spin, double *highest, double *lowest) {
    const size_t n = electrons->electrons[spin];
    *highest = n > 0 ? electrons->energy[n - 1] : 0.0;
    *lowest = n < electrons->n_orbitals ? electrons->energy[n] : 0.0;
    return n > 0 && n < electrons->n_orbitals;
}

double skd_electronic_participation(const skd_electronic *electrons, size_t orbital) {
    const double *weight = electrons->weight + orbital * electrons->n;
    double sum = 0.0;
    for (size_t i = 0; i < electrons->n; i++)
        sum += weight[i] * weight[i];
    return sum;
}
