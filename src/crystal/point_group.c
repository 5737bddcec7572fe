/* SPDX-License-Identifier: MIT */
/* point_group.c - the Schoenflies symbol of a set of crystallographic rotations.
 *
 * A point group's 3x3 matrices are sorted by kind: determinant and trace do not depend on the basis
 * and tell the ten kinds 1 2 3 4 6 -1 m -3 -4 -6 apart (International Tables A, table 1.2.2.1).
 * The ten counts differ for all 32 groups, so they name the group. */
#include "shakedown/crystal.h"

enum { N_KINDS = 10, N_GROUPS = 32 };

/* Counts of 1, 2, 3, 4, 6, -1, m, -3, -4, -6. */
static const struct {
    const char *name;
    int count[N_KINDS];
} groups[N_GROUPS] = {
    {"C1", {1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},  {"Ci", {1, 0, 0, 0, 0, 1, 0, 0, 0, 0}},
    {"C2", {1, 1, 0, 0, 0, 0, 0, 0, 0, 0}},  {"Cs", {1, 0, 0, 0, 0, 0, 1, 0, 0, 0}},
    {"C2h", {1, 1, 0, 0, 0, 1, 1, 0, 0, 0}}, {"D2", {1, 3, 0, 0, 0, 0, 0, 0, 0, 0}},
    {"C2v", {1, 1, 0, 0, 0, 0, 2, 0, 0, 0}}, {"D2h", {1, 3, 0, 0, 0, 1, 3, 0, 0, 0}},
    {"C4", {1, 1, 0, 2, 0, 0, 0, 0, 0, 0}},  {"S4", {1, 1, 0, 0, 0, 0, 0, 0, 2, 0}},
    {"C4h", {1, 1, 0, 2, 0, 1, 1, 0, 2, 0}}, {"D4", {1, 5, 0, 2, 0, 0, 0, 0, 0, 0}},
    {"C4v", {1, 1, 0, 2, 0, 0, 4, 0, 0, 0}}, {"D2d", {1, 3, 0, 0, 0, 0, 2, 0, 2, 0}},
    {"D4h", {1, 5, 0, 2, 0, 1, 5, 0, 2, 0}}, {"C3", {1, 0, 2, 0, 0, 0, 0, 0, 0, 0}},
    {"C3i", {1, 0, 2, 0, 0, 1, 0, 2, 0, 0}},  {"D3", {1, 3, 2, 0, 0, 0, 0, 0, 0, 0}},
    {"C3v", {1, 0, 2, 0, 0, 0, 3, 0, 0, 0}}, {"D3d", {1, 3, 2, 0, 0, 1, 3, 2, 0, 0}},
    {"C6", {1, 1, 2, 0, 2, 0, 0, 0, 0, 0}},  {"C3h", {1, 0, 2, 0, 0, 0, 1, 0, 0, 2}},
    {"C6h", {1, 1, 2, 0, 2, 1, 1, 2, 0, 2}}, {"D6", {1, 7, 2, 0, 2, 0, 0, 0, 0, 0}},
    {"C6v", {1, 1, 2, 0, 2, 0, 6, 0, 0, 0}}, {"D3h", {1, 3, 2, 0, 0, 0, 4, 0, 0, 2}},
    {"D6h", {1, 7, 2, 0, 2, 1, 7, 2, 0, 2}}, {"T", {1, 3, 8, 0, 0, 0, 0, 0, 0, 0}},
    {"Th", {1, 3, 8, 0, 0, 1, 3, 8, 0, 0}},  {"O", {1, 9, 8, 6, 0, 0, 0, 0, 0, 0}},
    {"Td", {1, 3, 8, 0, 0, 0, 6, 0, 6, 0}},  {"Oh", {1, 9, 8, 6, 0, 1, 9, 8, 6, 0}},
};

/* Column of groups[].count by trace + 3, for proper and improper matrices; -1: not crystallographic. */
static const int proper_kind[7] = {-1, -1, 1, 2, 3, 4, 0};
static const int improper_kind[7] = {5, 9, 8, 7, 6, -1, -1};

static int kind_of(const int m[3][3]) {
    int trace = m[0][0] + m[1][1] + m[2][2];
    long det = skd_det3i(m);
    if (trace < -3 || trace > 3 || (det != 1 && det != -1))
        return -1;
    return det > 0 ? proper_kind[trace + 3] : improper_kind[trace + 3];
}

/* Sets that are no group (tolerances can cut one short) get the largest group whose elements they
 * could hold; for a true group that is the group itself, since equal order means equal counts. */
const char *skd_point_group_name(const int (*rotation)[3][3], size_t n) {
    size_t count[N_KINDS] = {0};
    for (size_t i = 0; i < n; i++) {
        int kind = kind_of(rotation[i]);
        if (kind >= 0)
            count[kind]++;
    }
    size_t copies = count[0] ? count[0] : 1; /* operations of a supercell repeat each rotation */
    int best = 0, best_order = 0;
    for (int g = 0; g < N_GROUPS; g++) {
        bool fits = true;
        int order = 0;
        for (int k = 0; k < N_KINDS; k++) {
            order += groups[g].count[k];
            fits = fits && ((size_t)groups[g].count[k] <= count[k] / copies || k == 0);
        }
        if (fits && order > best_order) {
            best = g;
            best_order = order;
        }
    }
    return groups[best].name;
}
