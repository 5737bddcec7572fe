/* SPDX-License-Identifier: MIT */
/* voronoi.c - vertices of the Voronoi tessellation of a crystal: the points that are equally far from four or
 * more atoms and have no atom nearer, where empty space is locally widest.
 *
 * The cell of an atom is a cube, cut by the plane half-way to each neighbour, nearest first, until the next
 * plane is beyond the farthest corner. A convex body is kept as its faces, a face as its corners in order:
 *
 *      +-----------+            +-------x.          corners on the far side of the plane go, crossings (x)
 *      |           |   plane    |         `.        take their place, and the crossings of all faces,
 *      |           |    -->     |           x       ordered by angle, are the new face
 *      +-----------+            +-----------+
 *
 * Corners within 1e-9 Å of a plane count as on it, so that the many planes through one corner in symmetric
 * crystals leave one corner. Some 15 faces and 30 planes for an atom; memory does not grow with the crystal. */
#include "shakedown/crystal.h"

#include <stdlib.h>
#include <string.h>

#define ON_PLANE   1e-9 /* Å */
#define SAME_POINT 1e-7 /* Å, corners of one face */
#define SAME_VERTEX 1e-4 /* Å */

enum { MAX_FACES = 256, MAX_CORNERS = 64 };

typedef struct face {
    size_t n;
    double corner[MAX_CORNERS][3];
} face;

typedef struct body {
    size_t n;
    face face[MAX_FACES];
    face cap, trial; /* scratch of one cut */
} body;

/* ---- cutting a convex body ---------------------------------------------------------------- */

static double apart2(const double a[3], const double b[3]) {
    const double d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return skd_dot(d, d);
}

/* A corner more; `once`: unless it is there already. False if there is no room. */
static bool add_corner(face *f, const double point[3], bool once) {
    for (size_t k = 0; once && k < f->n; k++)
        if (apart2(f->corner[k], point) < SAME_POINT * SAME_POINT)
            return true;
    if (f->n == MAX_CORNERS)
        return false;
    memcpy(f->corner[f->n++], point, sizeof f->corner[0]);
    return true;
}

static void make_cube(body *b, double half) {
    b->n = 0;
    for (int axis = 0; axis < 3; axis++)
        for (int side = -1; side <= 1; side += 2) {
            static const int turn[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
            face *f = &b->face[b->n++];
            f->n = 4;
            for (int k = 0; k < 4; k++) {
                f->corner[k][axis] = side * half;
                f->corner[k][(axis + 1) % 3] = turn[k][0] * half;
                f->corner[k][(axis + 2) % 3] = turn[k][1] * half;
            }
        }
}

/* What of the face lies where normal.x <= offset goes to out (n = 0 if no area is left); its corners on the
 * plane are added to cap. */
static bool cut_face(const face *in, const double normal[3], double offset, face *out, face *cap) {
    bool fits = true, any_inside = false;
    out->n = 0;
    for (size_t k = 0; k < in->n; k++) {
        const double *a = in->corner[k], *b = in->corner[(k + 1) % in->n];
        double sa = skd_dot(normal, a) - offset, sb = skd_dot(normal, b) - offset;
        any_inside = any_inside || sa < -ON_PLANE;
        if (sa <= ON_PLANE)
            fits = fits && add_corner(out, a, false);
        if (fabs(sa) <= ON_PLANE)
            fits = fits && add_corner(cap, a, true);
        if ((sa < -ON_PLANE && sb > ON_PLANE) || (sa > ON_PLANE && sb < -ON_PLANE)) {
            double t = sa / (sa - sb), x[3];
            for (int c = 0; c < 3; c++)
                x[c] = a[c] + t * (b[c] - a[c]);
            fits = fits && add_corner(out, x, false) && add_corner(cap, x, true);
        }
    }
    if (!any_inside)
        out->n = 0;
    return fits;
}

/* Corners of a convex face in the order of their angle around its middle. */
static void order_corners(face *f, const double normal[3]) {
    double middle[3] = {0.0, 0.0, 0.0}, u[3], v[3], angle[MAX_CORNERS];
    for (size_t k = 0; k < f->n; k++)
        for (int c = 0; c < 3; c++)
            middle[c] += f->corner[k][c] / (double)f->n;
    for (int c = 0; c < 3; c++)
        u[c] = f->corner[0][c] - middle[c];
    skd_cross(normal, u, v);
    for (size_t k = 0; k < f->n; k++) {
        const double d[3] = {f->corner[k][0] - middle[0], f->corner[k][1] - middle[1], f->corner[k][2] - middle[2]};
        double own = atan2(skd_dot(d, v), skd_dot(d, u)), corner[3];
        memcpy(corner, f->corner[k], sizeof corner);
        size_t at = k;
        for (; at > 0 && angle[at - 1] > own; at--) {
            angle[at] = angle[at - 1];
            memcpy(f->corner[at], f->corner[at - 1], sizeof corner);
        }
        angle[at] = own;
        memcpy(f->corner[at], corner, sizeof corner);
    }
}

/* False if the body needs more faces or corners than there is room for. */
static bool cut_body(body *b, const double normal[3], double offset) {
    size_t kept = 0;
    b->cap.n = 0;
    for (size_t k = 0; k < b->n; k++) {
        if (!cut_face(&b->face[k], normal, offset, &b->trial, &b->cap))
            return false;
        if (b->trial.n < 3)
            continue;
        b->face[kept].n = b->trial.n;
        memcpy(b->face[kept++].corner, b->trial.corner, b->trial.n * sizeof b->trial.corner[0]);
    }
    b->n = kept;
    if (b->cap.n < 3)
        return true;
    if (b->n == MAX_FACES)
        return false;
    order_corners(&b->cap, normal);
    face *f = &b->face[b->n++];
    f->n = b->cap.n;
    memcpy(f->corner, b->cap.corner, b->cap.n * sizeof b->cap.corner[0]);
    return true;
}

static double farthest(const body *b, const double normal[3]) {
    double best = -HUGE_VAL;
    for (size_t k = 0; k < b->n; k++)
        for (size_t c = 0; c < b->face[k].n; c++)
            best = fmax(best, skd_dot(normal ? normal : b->face[k].corner[c], b->face[k].corner[c]));
    return normal ? best : sqrt(best);
}

/* ---- one atom ------------------------------------------------------------------------------ */

static int nearer(const void *left, const void *right) {
    const skd_neighbour *a = left, *b = right;
    return (a->r > b->r) - (a->r < b->r);
}

/* Voronoi cell around an atom at the origin; list is sorted. *complete: no atom beyond the list can cut it. */
static skd_status carve(body *b, double half, const skd_neighbour *list, size_t n, double r_cut, bool *complete,
                        skd_error *err) {
    make_cube(b, half);
    double reach = farthest(b, NULL);
    for (size_t k = 0; k < n && list[k].r < 2.0 * reach; k++) {
        double normal[3];
        if (list[k].r == 0.0) /* atoms on one site have one cell */
            continue;
        for (int c = 0; c < 3; c++)
            normal[c] = list[k].d[c] / list[k].r;
        if (farthest(b, normal) <= list[k].r / 2.0 + ON_PLANE)
            continue;
        if (!cut_body(b, normal, list[k].r / 2.0))
            return skd_fail(err, SKD_ENUMERIC, "a Voronoi cell with more than %d faces or %d corners on one",
                            (int)MAX_FACES, (int)MAX_CORNERS);
        reach = farthest(b, NULL);
    }
    *complete = 2.0 * reach < r_cut;
    return SKD_OK;
}

/* ---- the crystal --------------------------------------------------------------------------- */

typedef struct sink {
    skd_void *item;
    size_t n, capacity;
    skd_mic mic;
    double inverse[3][3];
} sink;

static skd_status add_vertex(sink *s, const skd_cell *cell, const double pos[3], double radius, skd_error *err) {
    double d[3], f[3];
    for (size_t k = 0; k < s->n; k++)
        if (fabs(s->item[k].radius - radius) < 2.0 * SAME_VERTEX &&
            skd_mic_vector(&s->mic, s->item[k].pos, pos, d) < SAME_VERTEX)
            return SKD_OK;
    skd_status status = skd_grow((void **)&s->item, &s->capacity, s->n + 1, sizeof *s->item, err);
    if (status != SKD_OK)
        return status;
    skd_to_frac(s->inverse, pos, f);
    for (int k = 0; k < 3; k++)
        f[k] = skd_wrap01(f[k]);
    skd_row_times(f, cell->lattice, s->item[s->n].pos);
    s->item[s->n++].radius = radius;
    return SKD_OK;
}

static skd_status add_corners(sink *s, const skd_cell *cell, size_t i, const body *b, skd_error *err) {
    skd_status status = SKD_OK;
    for (size_t k = 0; k < b->n; k++)
        for (size_t c = 0; status == SKD_OK && c < b->face[k].n; c++) {
            const double *d = b->face[k].corner[c];
            const double pos[3] = {cell->pos[i][0] + d[0], cell->pos[i][1] + d[1], cell->pos[i][2] + d[2]};
            status = add_vertex(s, cell, pos, skd_norm(d), err);
        }
    return status;
}

/* All cells with the neighbours up to r_cut; stops at the first that they do not close. */
static skd_status carve_all(sink *s, body *b, const skd_cell *cell, double half, double r_cut, bool *complete,
                            skd_error *err) {
    skd_neighbours nb = {0};
    skd_status status = skd_neighbours_build(&nb, cell, r_cut, err);
    s->n = 0;
    *complete = true;
    for (size_t i = 0; status == SKD_OK && *complete && i < cell->n; i++) {
        skd_neighbour *list = nb.list + nb.first[i];
        size_t n = nb.first[i + 1] - nb.first[i];
        qsort(list, n, sizeof *list, nearer);
        status = carve(b, half, list, n, r_cut, complete, err);
        if (status == SKD_OK && *complete)
            status = add_corners(s, cell, i, b, err);
    }
    skd_neighbours_free(&nb);
    return status;
}

skd_status skd_voronoi_vertices(skd_void **out, size_t *n, const skd_cell *cell, skd_error *err) {
    *out = NULL;
    *n = 0;
    if (!cell->n || !cell->pbc[0] || !cell->pbc[1] || !cell->pbc[2])
        return skd_fail(err, SKD_EARG, "the tessellation needs a cell with atoms that is periodic in all directions");
    sink s = {0};
    body *b = NULL;
    skd_status status = skd_mic_setup(&s.mic, cell, err);
    if (status == SKD_OK)
        status = skd_cell_inverse(cell, s.inverse, err);
    if (status == SKD_OK && !(b = skd_alloc(1, sizeof *b)))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a Voronoi cell");
    /* No point of space is farther from the nearest image of an atom than half the sum of the lattice
     * vectors; the cube lies beyond. */
    double half = 0.0, r_cut = 3.0 * cbrt(skd_cell_volume(cell) / (double)cell->n);
    for (int k = 0; k < 3; k++)
        half += skd_norm(s.mic.lattice[k]);
    for (bool complete = false; status == SKD_OK && !complete; r_cut *= 1.5)
        status = carve_all(&s, b, cell, half, r_cut, &complete, err);
    skd_free(b);
    if (status != SKD_OK) {
        skd_free(s.item);
        return status;
    }
    *out = s.item;
    *n = s.n;
    return SKD_OK;
}
