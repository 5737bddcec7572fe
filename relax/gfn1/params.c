/* SPDX-License-Identifier: MIT */
/* params.c - the parameters of GFN1-xTB (Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017))
 * and of D3, compiled in from data/tables/gfn1_*.tsv, which name the source of every column. */
#include "classical.h"

#define EV GFN1_EV

typedef struct element_row {
    const char *symbol;
    double gam, gam3, rep_alpha, rep_zeff, xbond, en, rcov, ratom, r4_over_r2;
} element_row;

typedef struct slater_row {
    int n, l, gaussians;
    double exponent, coefficient;
} slater_row;

#include "gfn1_table.h"

skd_status gfn1_element_of(int z, gfn1_element *out, skd_error *err) {
    if (z < 1 || z > GFN1_Z_MAX)
        return skd_fail(err, SKD_EARG, "GFN1-xTB knows the elements from H to Rn (1 to %d), not atomic number %d",
                        GFN1_Z_MAX, z);
    const element_row *row = &element_rows[z];
    *out = (gfn1_element){row->symbol, row->gam, row->gam3, row->rep_alpha, row->rep_zeff, row->xbond, row->en,
                          row->rcov / GFN1_BOHR, row->ratom / GFN1_BOHR, row->r4_over_r2,
                          &shell_rows[first_shell[z]], first_shell[z + 1] - first_shell[z],
                          &reference_cn[first_reference[z]], first_reference[z + 1] - first_reference[z],
                          first_reference[z]};
    return SKD_OK;
}

int gfn1_slater(int n, int l, int gaussians, double exponent[6], double coefficient[6]) {
    int found = 0;
    for (size_t k = 0; k < sizeof slater_rows / sizeof *slater_rows; k++) {
        const slater_row *row = &slater_rows[k];
        if (row->n != n || row->l != l || row->gaussians != gaussians)
            continue;
        exponent[found] = row->exponent;
        coefficient[found++] = row->coefficient;
    }
    return found;
}

double gfn1_c6(int a, int b) {
    return a >= b ? c6_rows[a * (a + 1) / 2 + b] : c6_rows[b * (b + 1) / 2 + a];
}
