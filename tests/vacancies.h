/* SPDX-License-Identifier: MIT */
/* vacancies.h - defects for tests, made from eight-atom cubic cells. */
#ifndef SKD_TESTS_VACANCIES_H
#define SKD_TESTS_VACANCIES_H

#include "check.h"

#include "shakedown/distortions.h"

/* The conventional cell repeated m times; the vacancy is atom `missing`; before that the atoms `other` [n_other]
 * become `element` [n_other]. */
static inline skd_defect *vacancy_with(double a, int z1, int z2, double shift, int m, size_t missing,
                                       const size_t *other, const int *element, size_t n_other) {
    static const double fcc[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    const int matrix[3][3] = {{m, 0, 0}, {0, m, 0}, {0, 0, m}};
    skd_error err;
    skd_cell *unit, *bulk, *cell;
    skd_defect *defect;
    CHECK_OK(skd_cell_new(&unit, 8, &err));
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 3; k++) {
            unit->lattice[k][k] = a;
            unit->species[i] = i < 4 ? z1 : z2;
            unit->pos[i][k] = a * (fcc[i % 4][k] + (i < 4 ? 0.0 : shift));
        }
    CHECK_OK(skd_supercell(&bulk, unit, matrix, NULL, &err));
    for (size_t k = 0; k < n_other; k++)
        bulk->species[other[k]] = element[k];
    size_t *pick = skd_alloc(bulk->n, sizeof *pick);
    assert_non_null(pick);
    for (size_t i = 0, k = 0; i < bulk->n; i++)
        if (i != missing)
            pick[k++] = i;
    CHECK_OK(skd_cell_pick(&cell, bulk, pick, bulk->n - 1, &err));
    CHECK_OK(skd_defect_identify(&defect, bulk, cell, NULL, NULL, &err));
    skd_free(pick);
    skd_cell_free(unit);
    skd_cell_free(bulk);
    skd_cell_free(cell);
    return defect;
}

static inline skd_defect *v_si(void) { return vacancy_with(5.43095, 14, 14, 0.25, 3, 57, NULL, NULL, 0); }
static inline skd_defect *v_cd(void) { return vacancy_with(6.543384, 48, 52, 0.25, 2, 11, NULL, NULL, 0); }
static inline skd_defect *v_o(void) { return vacancy_with(4.2119, 12, 8, 0.5, 2, 40, NULL, NULL, 0); }

static inline skd_start_list starts_of(const skd_defect *defect, int charge, const skd_start_options *options) {
    skd_error err;
    skd_start_list list;
    CHECK_OK(skd_starts_of(&list, defect, charge, options, &err));
    return list;
}

static inline const skd_start *start_named(const skd_start_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->start[i].name, name) == 0)
            return &list->start[i];
    print_error("no start %s\n", name);
    fail();
    return NULL;
}

static inline size_t count_kind(const skd_start_list *list, const char *kind) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += strcmp(list->start[i].kind, kind) == 0 && !list->start[i].dropped;
    return n;
}

#endif
