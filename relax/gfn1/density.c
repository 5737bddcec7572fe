/* SPDX-License-Identifier: MIT */
/* density.c - Fermi occupation of orbitals by electrons of both spins. */
#include <string.h>

#include "gfn1.h"

/* Electrons below level mu; -TS is added to entropy unless NULL, occupations to f unless NULL. */
static double fill(const double *energy, size_t n, double kt, double mu, double *f, double *entropy) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = (energy[i] - mu) / kt, occupied = x > 50.0 ? 0.0 : x < -50.0 ? 1.0 : 1.0 / (exp(x) + 1.0);
        sum += occupied;
        if (f)
            f[i] += occupied;
        if (entropy && occupied > 0.0 && occupied < 1.0)
            *entropy += kt * (occupied * log(occupied) + (1.0 - occupied) * log1p(-occupied));
    }
    return sum;
}

void gfn1_fermi(const double *energy, size_t n, const size_t electrons[2], double kt, double *f, double *entropy,
                double level[2]) {
    memset(f, 0, n * sizeof *f);
    *entropy = 0.0;
    for (int spin = 0; spin < 2; spin++) {
        double low = energy[0] - 60.0 * kt, high = energy[n - 1] + 60.0 * kt, target = (double)electrons[spin];
        if (electrons[spin] > 0 && electrons[spin] < n) { /* levels of the gap: bisection ends in it */
            low = energy[electrons[spin] - 1] - 60.0 * kt;
            high = energy[electrons[spin]] + 60.0 * kt;
        } else {
            low = high = electrons[spin] ? high : low;
        }
        for (int step = 0; step < 200 && high - low > 1e-16 * fabs(low); step++) {
            double middle = 0.5 * (low + high);
            if (middle <= low || middle >= high)
                break;
            if (fill(energy, n, kt, middle, NULL, NULL) < target)
                low = middle;
            else
                high = middle;
        }
        level[spin] = 0.5 * (low + high);
        fill(energy, n, kt, level[spin], f, entropy);
    }
}
