/* SPDX-License-Identifier: MIT */
/* assignment.c - optimal assignment by shortest augmenting paths, row by row, with prices that keep
 * reduced costs non-negative (Jonker & Volgenant, Computing 38, 325 (1987), the augmentation phase).
 * O(n^3) at worst; near n^2 when most rows find their column free, as between similar structures. */
#include "assignment.h"

void skd_assign_free(skd_assign_work *work) {
    skd_free(work->row_price);
    skd_free(work->column_price);
    skd_free(work->slack);
    skd_free(work->row_of);
    skd_free(work->before);
    skd_free(work->done);
    *work = (skd_assign_work){0};
}

skd_status skd_assign_reserve(skd_assign_work *work, size_t room, skd_error *err) {
    skd_assign_free(work);
    work->row_price = skd_alloc(room, sizeof *work->row_price);
    work->column_price = skd_alloc(room, sizeof *work->column_price);
    work->slack = skd_alloc(room, sizeof *work->slack);
    work->row_of = skd_alloc(room, sizeof *work->row_of);
    work->before = skd_alloc(room, sizeof *work->before);
    work->done = skd_alloc(room, sizeof *work->done);
    if (!work->row_price || !work->column_price || !work->slack || !work->row_of || !work->before || !work->done) {
        skd_assign_free(work);
        return skd_fail(err, SKD_ENOMEM, "out of memory for an assignment of %zu atoms", room);
    }
    work->room = room;
    return SKD_OK;
}

/* Relaxes the edges of `row`, reached over column `from` (n: the start) at distance `reached`; returns the
 * nearest column not yet done, n if none can be reached. */
static size_t scan_row(skd_assign_work *w, const double *cost, size_t n, double limit, size_t row, size_t from,
                       double reached) {
    size_t nearest = n;
    const double *c = cost + row * n;
    for (size_t j = 0; j < n; j++) {
        if (w->done[j])
            continue;
        double length = reached + c[j] - w->row_price[row] - w->column_price[j];
        if (c[j] <= limit && length < w->slack[j]) {
            w->slack[j] = length;
            w->before[j] = from;
        }
        if (w->slack[j] < INFINITY && (nearest == n || w->slack[j] < w->slack[nearest]))
            nearest = j;
    }
    return nearest;
}

/* Dijkstra's search from a free row to the nearest free column; then prices change and the path flips. */
static bool augment(skd_assign_work *w, const double *cost, size_t n, double limit, size_t start, size_t *column_of) {
    for (size_t j = 0; j < n; j++) {
        w->slack[j] = INFINITY;
        w->done[j] = false;
    }
    size_t row = start, from = n, column;
    double reached = 0.0;
    for (;;) {
        column = scan_row(w, cost, n, limit, row, from, reached);
        if (column == n)
            return false;
        reached = w->slack[column];
        if (w->row_of[column] == n)
            break;
        w->done[column] = true;
        from = column;
        row = w->row_of[column];
    }
    w->row_price[start] += reached;
    for (size_t j = 0; j < n; j++)
        if (w->done[j]) {
            w->row_price[w->row_of[j]] += reached - w->slack[j];
            w->column_price[j] -= reached - w->slack[j];
        }
    for (; column != n; column = from) {
        from = w->before[column];
        row = from == n ? start : w->row_of[from];
        w->row_of[column] = row;
        column_of[row] = column;
    }
    return true;
}

bool skd_assign(skd_assign_work *w, const double *cost, size_t n, double limit, size_t *column_of) {
    for (size_t j = 0; j < n; j++) {
        w->row_price[j] = w->column_price[j] = 0.0;
        w->row_of[j] = n;
    }
    for (size_t row = 0; row < n; row++)
        if (!augment(w, cost, n, limit, row, column_of))
            return false;
    return true;
}
