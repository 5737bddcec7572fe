/* SPDX-License-Identifier: MIT */
/* alloy_lattices.c - superlattices as row Hermite normal forms: every superlattice has exactly one. */
#include "alloy_lattices.h"

#include <stdlib.h>
#include <string.h>

static long floor_div(long a, long b) {
    long q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static void take_off(long row[3], const long other[3], long times) {
    for (int k = 0; k < 3; k++)
        row[k] -= times * other[k];
}

static void swap_rows(long a[3], long b[3]) {
    long kept[3];
    memcpy(kept, a, sizeof kept);
    memcpy(a, b, sizeof kept);
    memcpy(b, kept, sizeof kept);
}

skd_hermite skd_hermite_of(const long rows[3][3]) {
    skd_hermite f;
    memcpy(f.h, rows, sizeof f.h);
    for (int c = 0; c < 3; c++) {
        for (int r = c + 1; r < 3; r++)
            while (f.h[r][c] != 0) { /* Euclid */
                take_off(f.h[c], f.h[r], floor_div(f.h[c][c], f.h[r][c]));
                swap_rows(f.h[c], f.h[r]);
            }
        if (f.h[c][c] < 0)
            for (int k = 0; k < 3; k++)
                f.h[c][k] = -f.h[c][k];
        for (int r = 0; r < c; r++)
            take_off(f.h[r], f.h[c], floor_div(f.h[r][c], f.h[c][c]));
    }
    return f;
}

size_t skd_hermite_class(const skd_hermite *lattice, long point[3]) {
    size_t number = 0;
    for (int c = 0; c < 3; c++) {
        take_off(point, lattice->h[c], floor_div(point[c], lattice->h[c][c]));
        number = number * (size_t)lattice->h[c][c] + (size_t)point[c];
    }
    return number;
}

void skd_hermite_point(const skd_hermite *lattice, size_t number, long point[3]) {
    for (int c = 2; c >= 0; c--) {
        point[c] = (long)(number % (size_t)lattice->h[c][c]);
        number /= (size_t)lattice->h[c][c];
    }
}

skd_hermite skd_hermite_rotated(const skd_hermite *lattice, const int rotation[3][3]) {
    long rows[3][3] = {{0}};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            for (int m = 0; m < 3; m++)
                rows[i][k] += rotation[k][m] * lattice->h[i][m];
    return skd_hermite_of((const long(*)[3])rows);
}

int skd_hermite_compare(const skd_hermite *a, const skd_hermite *b) {
    for (int k = 0; k < 9; k++)
        if (a->h[k / 3][k % 3] != b->h[k / 3][k % 3])
            return a->h[k / 3][k % 3] < b->h[k / 3][k % 3] ? -1 : 1;
    return 0;
}

/* The next diagonal a d f = index with a, then d, rising. */
static bool next_diagonal(skd_hermite *l, long index) {
    long a = l->h[0][0], d = l->h[1][1];
    memset(l->h, 0, sizeof l->h);
    for (a = a ? a : 1; a <= index; a++, d = 0)
        for (d++; index % a == 0 && d <= index / a; d++)
            if (index / a % d == 0) {
                l->h[0][0] = a;
                l->h[1][1] = d;
                l->h[2][2] = index / a / d;
                return true;
            }
    return false;
}

bool skd_hermite_next(skd_hermite *l, long index) {
    if (l->h[0][0] == 0)
        return next_diagonal(l, index);
    if (++l->h[1][2] < l->h[2][2])
        return true;
    l->h[1][2] = 0;
    if (++l->h[0][2] < l->h[2][2])
        return true;
    l->h[0][2] = 0;
    if (++l->h[0][1] < l->h[1][1])
        return true;
    return next_diagonal(l, index);
}
