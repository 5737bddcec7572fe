/* SPDX-License-Identifier: MIT */
/* cell.c - the cell type: making, copying, geometry of the lattice, shortest image vectors.
 *
 * Shortest vectors: the lattice is Minkowski-reduced once (skd_mic_setup); the shortest image is then
 * among the rounded difference and its 26 neighbours (in a reduced basis of up to three dimensions the
 * closest lattice point has Voronoi coordinates in {-1,0,1}: Nguyen & Stehlé, ACM Trans. Algorithms 5,
 * 46 (2009), section 5; tests/test_crystal_cell.c compares with many more images). */
#include "shakedown/crystal.h"

#include <stdio.h>
#include <string.h>

#include "lattice.h"

skd_status skd_cell_new(skd_cell **out, size_t n, skd_error *err) {
    *out = NULL;
    skd_cell *cell = skd_alloc(1, sizeof *cell);
    if (!cell)
        goto nomem;
    cell->n = n;
    cell->pbc[0] = cell->pbc[1] = cell->pbc[2] = true;
    cell->species = skd_alloc(n, sizeof *cell->species);
    cell->pos = skd_alloc(n, sizeof *cell->pos);
    if (!cell->species || !cell->pos)
        goto nomem;
    *out = cell;
    return SKD_OK;
nomem:
    skd_cell_free(cell);
    return skd_fail(err, SKD_ENOMEM, "out of memory for a cell of %zu atoms", n);
}

skd_status skd_cell_copy(skd_cell **out, const skd_cell *cell, skd_error *err) {
    skd_status status = skd_cell_new(out, cell->n, err);
    if (status != SKD_OK)
        return status;
    memcpy((*out)->lattice, cell->lattice, sizeof cell->lattice);
    memcpy((*out)->pbc, cell->pbc, sizeof cell->pbc);
    memcpy((*out)->species, cell->species, cell->n * sizeof *cell->species);
    memcpy((*out)->pos, cell->pos, cell->n * sizeof *cell->pos);
    return SKD_OK;
}

void skd_cell_free(skd_cell *cell) {
    if (!cell)
        return;
    skd_free(cell->species);
    skd_free(cell->pos);
    skd_free(cell);
}

skd_status skd_cell_pick(skd_cell **out, const skd_cell *cell, const size_t *pick, size_t n_pick, skd_error *err) {
    skd_status status = skd_cell_new(out, n_pick, err);
    if (status != SKD_OK)
        return status;
    memcpy((*out)->lattice, cell->lattice, sizeof cell->lattice);
    memcpy((*out)->pbc, cell->pbc, sizeof cell->pbc);
    for (size_t i = 0; i < n_pick; i++) {
        (*out)->species[i] = cell->species[pick[i]];
        memcpy((*out)->pos[i], cell->pos[pick[i]], sizeof cell->pos[i]);
    }
    return SKD_OK;
}

double skd_cell_volume(const skd_cell *cell) { return fabs(skd_det3(cell->lattice)); }

double skd_cell_strain(const skd_cell *reference, const skd_cell *cell) {
    const double(*from)[3] = (const double(*)[3])reference->lattice, (*to)[3] = (const double(*)[3])cell->lattice;
    double most = 0.0;
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++)
            most = fmax(most, fabs(skd_dot(to[a], to[b]) - skd_dot(from[a], from[b])) /
                                  (skd_norm(from[a]) * skd_norm(from[b])));
    return 0.5 * most;
}

void skd_cell_heights(const double lattice[3][3], double height[3]) {
    double volume = fabs(skd_det3(lattice));
    for (int k = 0; k < 3; k++) {
        double area[3];
        skd_cross(lattice[(k + 1) % 3], lattice[(k + 2) % 3], area);
        height[k] = volume / skd_norm(area);
    }
}

double skd_wrap01(double f) {
    f -= floor(f);
    return f >= 1.0 - 1e-12 ? 0.0 : f;
}

skd_status skd_cell_inverse(const skd_cell *cell, double inverse[3][3], skd_error *err) {
    if (skd_inv3(cell->lattice, inverse) != SKD_OK)
        return skd_fail(err, SKD_EARG, "the cell has no volume: its lattice vectors lie in a plane");
    return SKD_OK;
}

size_t skd_cell_count(const skd_cell *cell, int z) {
    size_t count = 0;
    for (size_t i = 0; i < cell->n; i++)
        count += cell->species[i] == z;
    return count;
}

size_t skd_cell_species(const skd_cell *cell, int *species) {
    size_t n = 0;
    for (int z = 1; z <= SKD_ELEMENT_MAX; z++)
        if (skd_cell_count(cell, z))
            species[n++] = z;
    return n;
}

static size_t common_divisor(size_t a, size_t b) { return b ? common_divisor(b, a % b) : a; }

char *skd_cell_formula(const skd_cell *cell, char *out, size_t size) {
    size_t divisor = 0, used = 0;
    for (size_t i = 0; i < cell->n; i++)
        divisor = common_divisor(skd_cell_count(cell, cell->species[i]), divisor);
    out[0] = '\0';
    for (size_t i = 0; i < cell->n && used < size; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = cell->species[j] == cell->species[i];
        if (seen)
            continue;
        size_t count = skd_cell_count(cell, cell->species[i]) / divisor;
        const char *symbol = skd_element_of(cell->species[i])->symbol;
        int n = count > 1 ? snprintf(out + used, size - used, "%s%zu", symbol, count)
                          : snprintf(out + used, size - used, "%s", symbol);
        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}

/* ---- lattice reduction ------------------------------------------------------------------- */

static void subtract_row(double row[3], int irow[3], const double other[3], const int iother[3], double times) {
    for (int k = 0; k < 3; k++) {
        row[k] -= times * other[k];
        irow[k] -= (int)times * iother[k];
    }
}

static void swap_rows(double m[3][3], int t[3][3], int i, int j) {
    for (int k = 0; k < 3; k++) {
        double x = m[i][k];
        m[i][k] = m[j][k];
        m[j][k] = x;
        int y = t[i][k];
        t[i][k] = t[j][k];
        t[j][k] = y;
    }
}

/* Lagrange-Gauss on rows i and j until |m_i| <= |m_j| and |m_i.m_j| <= |m_i|^2/2. */
static void reduce_pair(double m[3][3], int t[3][3], int i, int j) {
    for (int guard = 0; guard < 100; guard++) {
        if (skd_dot(m[i], m[i]) > skd_dot(m[j], m[j]) * (1.0 + 1e-14))
            swap_rows(m, t, i, j);
        double times = nearbyint(skd_dot(m[i], m[j]) / skd_dot(m[i], m[i]));
        if (!(fabs(times) >= 1.0 && fabs(times) < 1e6)) /* also where the vectors lie in a line or a plane */
            return;
        subtract_row(m[j], t[j], m[i], t[i], times);
    }
}

/* Subtracts from row 2 the combination of rows 0 and 1 that makes it shortest; true if it shrank. */
static bool shorten_third(double m[3][3], int t[3][3]) {
    double aa = skd_dot(m[0], m[0]), bb = skd_dot(m[1], m[1]), ab = skd_dot(m[0], m[1]);
    double ac = skd_dot(m[0], m[2]), bc = skd_dot(m[1], m[2]), det = aa * bb - ab * ab;
    double x0 = floor((ac * bb - bc * ab) / det), y0 = floor((bc * aa - ac * ab) / det);
    double best = skd_dot(m[2], m[2]), bx = 0.0, by = 0.0;
    if (!(fabs(x0) < 1e6 && fabs(y0) < 1e6))
        return false;
    for (int i = -1; i <= 2; i++)
        for (int j = -1; j <= 2; j++) {
            double d[3];
            for (int k = 0; k < 3; k++)
                d[k] = m[2][k] - (x0 + i) * m[0][k] - (y0 + j) * m[1][k];
            double length = skd_dot(d, d);
            if (length < best * (1.0 - 1e-12)) {
                best = length;
                bx = x0 + i;
                by = y0 + j;
            }
        }
    subtract_row(m[2], t[2], m[0], t[0], bx);
    subtract_row(m[2], t[2], m[1], t[1], by);
    return bx != 0.0 || by != 0.0;
}

void skd_lattice_reduce(const double lattice[3][3], double reduced[3][3], int transform[3][3]) {
    memcpy(reduced, lattice, 9 * sizeof(double));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            transform[i][k] = i == k;
    for (int guard = 0; guard < 100; guard++) {
        reduce_pair(reduced, transform, 0, 1);
        bool shrank = shorten_third(reduced, transform);
        bool ordered = skd_dot(reduced[1], reduced[1]) <= skd_dot(reduced[2], reduced[2]) * (1.0 + 1e-14);
        if (!ordered)
            swap_rows(reduced, transform, 1, 2);
        if (!shrank && ordered)
            return;
    }
}

double skd_image_distance(const double lattice[3][3]) {
    double reduced[3][3];
    int transform[3][3];
    skd_lattice_reduce(lattice, reduced, transform);
    return skd_norm(reduced[0]);
}

/* ---- shortest image vectors -------------------------------------------------------------- */

/* A unit vector perpendicular to v, or x if v is zero. */
static void some_perpendicular(const double v[3], double out[3]) {
    int axis = fabs(v[0]) <= fabs(v[1]) && fabs(v[0]) <= fabs(v[2]) ? 0 : fabs(v[1]) <= fabs(v[2]) ? 1 : 2;
    double unit[3] = {axis == 0, axis == 1, axis == 2};
    skd_cross(v, unit, out);
    double length = skd_norm(out);
    for (int c = 0; c < 3; c++)
        out[c] = length > 0.0 ? out[c] / length : unit[c];
}

/* Replaces the open rows of m by long vectors perpendicular to all others. */
static void close_open_rows(double m[3][3], const bool pbc[3]) {
    int n_open = !pbc[0] + !pbc[1] + !pbc[2];
    for (int k = 0; k < 3 && n_open == 3; k++)
        for (int c = 0; c < 3; c++)
            m[k][c] = c == k ? SKD_OPEN_LENGTH : 0.0;
    if (n_open == 0 || n_open == 3)
        return;
    int odd = 0; /* the only open row, or the only periodic one */
    while (pbc[odd] != (n_open == 2))
        odd++;
    double *a = m[(odd + 1) % 3], *b = m[(odd + 2) % 3], *c = m[odd];
    if (n_open == 2) {
        some_perpendicular(c, a);
        skd_cross(c, a, b);
    } else {
        skd_cross(a, b, c);
    }
    for (int k = 0; k < 3; k++) {
        double length = skd_norm(m[k]);
        for (int i = 0; i < 3 && !pbc[k] && length > 0.0; i++)
            m[k][i] *= SKD_OPEN_LENGTH / length;
    }
}

void skd_lattice_close(const skd_cell *cell, double reduced[3][3], int transform[3][3], bool open[3]) {
    double closed[3][3];
    memcpy(closed, cell->lattice, sizeof closed);
    close_open_rows(closed, cell->pbc);
    skd_lattice_reduce(closed, reduced, transform);
    for (int k = 0; k < 3; k++) {
        open[k] = false;
        for (int c = 0; c < 3; c++)
            open[k] = open[k] || (!cell->pbc[c] && transform[k][c] != 0);
    }
}

skd_status skd_mic_setup(skd_mic *mic, const skd_cell *cell, skd_error *err) {
    int transform[3][3];
    bool open[3];
    skd_lattice_close(cell, mic->lattice, transform, open);
    memcpy(mic->pbc, cell->pbc, sizeof mic->pbc);
    if (skd_inv3(mic->lattice, mic->inverse) != SKD_OK)
        return skd_fail(err, SKD_EARG, "the cell has no volume: its lattice vectors lie in a plane");
    double height[3];
    skd_cell_heights(mic->lattice, height);
    double inner = fmin(height[0], fmin(height[1], height[2])) / 2.0;
    mic->safe2 = inner * inner;
    mic->n_shifts = 0;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++)
            for (int k = -1; k <= 1; k++) {
                double n[3] = {i, j, k};
                if ((i || j || k) && !(i && open[0]) && !(j && open[1]) && !(k && open[2]))
                    skd_row_times(n, mic->lattice, mic->shifts[mic->n_shifts++]);
            }
    return SKD_OK;
}

double skd_mic_vector(const skd_mic *mic, const double from[3], const double to[3], double d[3]) {
    double f[3], r[3] = {to[0] - from[0], to[1] - from[1], to[2] - from[2]};
    skd_row_times(r, mic->inverse, f);
    for (int k = 0; k < 3; k++)
        f[k] -= nearbyint(f[k]);
    skd_row_times(f, mic->lattice, d);
    double best = skd_dot(d, d);
    if (best <= mic->safe2)
        return sqrt(best);
    double start[3] = {d[0], d[1], d[2]};
    for (int s = 0; s < mic->n_shifts; s++) {
        double t[3] = {start[0] + mic->shifts[s][0], start[1] + mic->shifts[s][1], start[2] + mic->shifts[s][2]};
        double length = skd_dot(t, t);
        if (length < best - 1e-12) { /* ties keep the first, so that the choice is stable */
            best = length;
            memcpy(d, t, sizeof t);
        }
    }
    return sqrt(best);
}
