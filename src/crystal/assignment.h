/* SPDX-License-Identifier: MIT */
/* assignment.h - private to src/crystal: the linear assignment problem. */
#ifndef SKD_CRYSTAL_ASSIGNMENT_H
#define SKD_CRYSTAL_ASSIGNMENT_H

#include "shakedown/base.h"

/** Scratch for problems of up to `room` rows; zero-initialise, free with skd_assign_free. */
typedef struct skd_assign_work {
    size_t room;
    double *row_price, *column_price, *slack;
    size_t *row_of, *before;
    bool *done;
} skd_assign_work;

skd_status skd_assign_reserve(skd_assign_work *work, size_t room, skd_error *err) SKD_CHECKED;
void skd_assign_free(skd_assign_work *work);

/** One column for each row so that the sum of cost[row * n + column] is smallest and no cost used is above
 *  `limit`; false if there is no such assignment. Costs are >= 0. Needs skd_assign_reserve(work, n). */
bool skd_assign(skd_assign_work *work, const double *cost, size_t n, double limit, size_t *column_of);

#endif
