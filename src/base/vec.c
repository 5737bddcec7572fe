/* SPDX-License-Identifier: MIT */
/* vec.c - the 3x3 routines too long to be inline. */
#include "shakedown/base.h"

#include <string.h>

void skd_mul3(const double a[3][3], const double b[3][3], double out[3][3]) {
    for (int i = 0; i < 3; i++)
        skd_row_times(a[i], b, out[i]);
}

skd_status skd_inv3(const double m[3][3], double out[3][3]) {
    double det = skd_det3(m);
    if (!isfinite(det) || det == 0.0)
        return SKD_ENUMERIC;
    double cofactor[3][3];
    for (int i = 0; i < 3; i++)
        skd_cross(m[(i + 1) % 3], m[(i + 2) % 3], cofactor[i]);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[k][i] = cofactor[i][k] / det;
    return SKD_OK;
}

long skd_det3i(const int m[3][3]) {
    long d = 0;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        d += (long)m[0][i] * ((long)m[1][j] * m[2][k] - (long)m[1][k] * m[2][j]);
    }
    return d;
}
