/* SPDX-License-Identifier: MIT */
/* supercell.c - building a supercell, and searching a good one.
 *
 * The search follows doped (Kavanagh et al., J. Open Source Softw. 9, 6433 (2024)): for n = 1, 2, ...
 * cells, all integer matrices P with |det P| = n whose elements lie within +-2 of the real matrix that
 * would make the supercell a cube, or the primitive cell of an fcc lattice; wanted is the longest
 * distance between images; the first n that reaches the distance asked for ends it. If its lattice is
 * then no plain m1 x m2 x m3 multiple of the cell or of the conventional cell, sizes up to 1.1 n are
 * tried for one that is.
 *
 * Cost: 125 rows on each of three places, 2 million triples a size. A row, a sum or difference of two,
 * or of three, is a lattice vector, so each is dropped as soon as one is shorter than the distance
 * asked for (or the best so far): milliseconds a size. */
#include "shakedown/crystal.h"

#include <stdlib.h>
#include <string.h>

/* ---- building ---------------------------------------------------------------------------- */

enum { ENTRY_MAX = 1000000 }; /* keeps every product of three entries inside 64 bits */

static long floor_div(long a, long b) {
    long q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static void adjugate(const int m[3][3], long out[3][3]) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            int a = (i + 1) % 3, b = (i + 2) % 3, c = (k + 1) % 3, d = (k + 2) % 3;
            out[k][i] = (long)m[a][c] * m[b][d] - (long)m[a][d] * m[b][c];
        }
}

/* Diagonal of the row Hermite normal form: the points (i, j, k) with 0 <= i < h[0], ... stand each
 * for one class of lattice points modulo the rows of m. */
static void hermite_diagonal(const int matrix[3][3], long h[3]) {
    long m[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            m[i][k] = matrix[i][k];
    for (int c = 0; c < 3; c++) {
        for (int r = c + 1; r < 3; r++)
            while (m[r][c] != 0) { /* Euclid on rows c and r */
                long q = floor_div(m[c][c], m[r][c]);
                for (int k = 0; k < 3; k++) {
                    long rest = m[c][k] - q * m[r][k];
                    m[c][k] = m[r][k];
                    m[r][k] = rest;
                }
            }
        h[c] = labs(m[c][c]);
    }
}

/* Takes whole rows of the matrix off point k so that it lies inside the supercell, exactly. */
static void bring_inside(const int matrix[3][3], const long adj[3][3], long det, long k[3]) {
    long cells[3];
    for (int c = 0; c < 3; c++)
        cells[c] = floor_div(k[0] * adj[0][c] + k[1] * adj[1][c] + k[2] * adj[2][c], det);
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 3; r++)
            k[c] -= cells[r] * matrix[r][c];
}

/* The |det| lattice vectors (Å) inside the supercell, in the order of the Hermite classes. */
static void list_shifts(const skd_cell *cell, const int matrix[3][3], long det, double (*shift)[3]) {
    long adj[3][3], h[3], point[3];
    adjugate(matrix, adj);
    hermite_diagonal(matrix, h);
    for (point[0] = 0; point[0] < h[0]; point[0]++)
        for (point[1] = 0; point[1] < h[1]; point[1]++)
            for (point[2] = 0; point[2] < h[2]; point[2]++) {
                long k[3] = {point[0], point[1], point[2]};
                bring_inside(matrix, (const long(*)[3])adj, det, k);
                double f[3] = {(double)k[0], (double)k[1], (double)k[2]};
                skd_row_times(f, cell->lattice, *shift++);
            }
}

static skd_status matrix_check(const skd_cell *cell, const int matrix[3][3], skd_error *err) {
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            if (matrix[i][k] > ENTRY_MAX || matrix[i][k] < -ENTRY_MAX)
                return skd_fail(err, SKD_EARG, "supercell matrix entry %d: expected at most %d", matrix[i][k],
                                ENTRY_MAX);
    long det = skd_det3i(matrix);
    if (det == 0)
        return skd_fail(err, SKD_EARG, "the supercell matrix has determinant 0: its rows lie in a plane");
    if (cell->n > 0 && (size_t)labs(det) > (size_t)INT32_MAX / cell->n)
        return skd_fail(err, SKD_EARG, "supercell of %ld cells with %zu atoms each is too large", labs(det), cell->n);
    return SKD_OK;
}

static void times_lattice(const int matrix[3][3], const double lattice[3][3], double out[3][3]) {
    for (int i = 0; i < 3; i++) {
        double row[3] = {matrix[i][0], matrix[i][1], matrix[i][2]};
        skd_row_times(row, lattice, out[i]);
    }
}

skd_status skd_supercell(skd_cell **out, const skd_cell *cell, const int matrix[3][3], size_t **map, skd_error *err) {
    *out = NULL;
    if (map)
        *map = NULL;
    skd_status status = matrix_check(cell, matrix, err);
    if (status != SKD_OK)
        return status;
    long det = skd_det3i(matrix);
    size_t n = (size_t)labs(det);
    skd_cell *big = NULL;
    double(*shift)[3] = skd_alloc(n, sizeof *shift);
    size_t *origin = skd_alloc(n * cell->n, sizeof *origin);
    if (!shift || !origin)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a supercell of %zu cells", n);
    if (status == SKD_OK)
        status = skd_cell_new(&big, n * cell->n, err);
    if (status == SKD_OK) {
        list_shifts(cell, matrix, det, shift);
        times_lattice(matrix, cell->lattice, big->lattice);
        memcpy(big->pbc, cell->pbc, sizeof big->pbc);
        for (size_t i = 0; i < big->n; i++) {
            origin[i] = i / n;
            big->species[i] = cell->species[origin[i]];
            for (int k = 0; k < 3; k++)
                big->pos[i][k] = cell->pos[origin[i]][k] + shift[i % n][k];
        }
        *out = big;
    }
    if (status == SKD_OK && map)
        *map = origin;
    else
        skd_free(origin);
    skd_free(shift);
    return status;
}

/* ---- judging a matrix -------------------------------------------------------------------- */

/* What makes one of two matrices with equally distant images the better: smaller first, in this order.
 * The entries at the end make the choice complete. */
enum {
    KEY_SHAPE,     /* 0 multiple of the cell, 1 of the conventional cell, 2 neither            */
    KEY_CUBE,      /* sum of squared relative deviations of the edges from a cube's, 4 decimals */
    KEY_LATTICE,   /* 1 if the supercell's lattice is not a symmetric matrix                     */
    KEY_SYMMETRIC, /* 1 if P is not                                                             */
    KEY_OFF,       /* sum of |off-diagonal entries|                                             */
    KEY_SUM,       /* sum of |entries|                                                          */
    KEY_NEGATIVE,  /* number of negative entries                                                */
    KEY_LARGEST,   /* largest |entry|                                                           */
    KEY_TRACE,     /* -trace                                                                    */
    KEY_ENTRIES,
    KEY_N = KEY_ENTRIES + 9
};

typedef struct choice {
    int matrix[3][3];
    double key[KEY_N];
} choice;

/* One search; `floor2` rises as better matrices are found. */
typedef struct search {
    const double (*lattice)[3];
    double hand;            /* sign of the lattice's volume */
    int conventional[3][3]; /* conventional = this . lattice */
    long size;              /* wanted |det P| */
    double floor2;          /* Å^2: matrices with a shorter lattice vector are of no use */
    bool choosing;          /* second pass: compare keys of those that reach floor2 */
    bool found;
    int multiple[3][3]; /* plain multiple compared last */
    choice best;
} search;

static long gcd(long a, long b) { return b ? gcd(b, a % b) : labs(a); }

/* If the superlattice is the one spanned by m1, m2, m3 times the given axes, writes that basis. */
static bool as_multiple(const int matrix[3][3], const int axes[3][3], int out[3][3]) {
    long adj[3][3], det = skd_det3i(matrix), volume = labs(skd_det3i(axes));
    adjugate(matrix, adj);
    for (int i = 0; i < 3; i++) {
        long common = det; /* axis i is (axes . adj / det)[i] in superlattice coordinates */
        for (int c = 0; c < 3; c++)
            common = gcd(common, axes[i][0] * adj[0][c] + axes[i][1] * adj[1][c] + axes[i][2] * adj[2][c]);
        long times = labs(det) / common;
        volume *= times;
        for (int c = 0; c < 3; c++)
            out[i][c] = (int)times * axes[i][c];
    }
    return volume == labs(det);
}

static double cube_deviation(const double m[3][3]) {
    double edge = cbrt(fabs(skd_det3(m))), sum = 0.0;
    for (int i = 0; i < 3; i++) {
        double d = skd_norm(m[i]) / edge - 1.0;
        sum += d * d;
    }
    return nearbyint(sum * 1e4) / 1e4;
}

static bool is_symmetric(const double m[3][3], double tolerance) {
    return fabs(m[0][1] - m[1][0]) <= tolerance && fabs(m[0][2] - m[2][0]) <= tolerance &&
           fabs(m[1][2] - m[2][1]) <= tolerance;
}

static void fill_key(const search *s, const int p[3][3], double shape, double key[KEY_N]) {
    double m[3][3], real[3][3], off = 0.0, diagonal = 0.0;
    times_lattice(p, s->lattice, m);
    memset(key, 0, KEY_N * sizeof *key);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            real[i][k] = p[i][k];
            key[KEY_ENTRIES + 3 * i + k] = -p[i][k];
            key[KEY_NEGATIVE] += p[i][k] < 0;
            key[KEY_LARGEST] = fmax(key[KEY_LARGEST], abs(p[i][k]));
            *(i == k ? &diagonal : &off) += abs(p[i][k]);
            key[KEY_TRACE] -= i == k ? p[i][k] : 0;
        }
    key[KEY_SHAPE] = shape;
    key[KEY_CUBE] = cube_deviation((const double(*)[3])m);
    key[KEY_LATTICE] = !is_symmetric((const double(*)[3])m, 1e-4);
    key[KEY_SYMMETRIC] = !is_symmetric((const double(*)[3])real, 0.0);
    key[KEY_OFF] = off;
    key[KEY_SUM] = off + diagonal;
}

static void keep_if_better(search *s, const int p[3][3], double shape) {
    double key[KEY_N];
    fill_key(s, p, shape, key);
    for (int k = 0; s->found && k < KEY_N; k++) {
        if (key[k] > s->best.key[k])
            return;
        if (key[k] < s->best.key[k])
            break;
    }
    memcpy(s->best.matrix, p, sizeof s->best.matrix);
    memcpy(s->best.key, key, sizeof key);
    s->found = true;
}

/* Tries the right-handed ones among the 48 ways to order and reverse the rows. */
static void try_orders(search *s, const int p[3][3], double shape) {
    static const int order[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}, {1, 0, 2}};
    int q[3][3];
    for (int o = 0; o < 6; o++)
        for (int signs = 0; signs < 8; signs++) {
            for (int i = 0; i < 3; i++)
                for (int k = 0; k < 3; k++)
                    q[i][k] = (signs >> i & 1 ? -1 : 1) * p[order[o][i]][k];
            if ((double)skd_det3i((const int(*)[3])q) * s->hand > 0.0)
                keep_if_better(s, (const int(*)[3])q, shape);
        }
}

static bool reaches_floor(const search *s, const int p[3][3], double *distance2) {
    double m[3][3];
    times_lattice(p, s->lattice, m);
    double distance = skd_image_distance((const double(*)[3])m);
    *distance2 = distance * distance;
    return *distance2 >= s->floor2;
}

/* Second pass, p being a plain multiple: most of its many bases are the multiple seen last. */
static void consider_multiple(search *s, const int multiple[3][3], double shape) {
    double unused;
    if (memcmp(s->multiple, multiple, sizeof s->multiple) == 0)
        return;
    memcpy(s->multiple, multiple, sizeof s->multiple);
    if (reaches_floor(s, multiple, &unused))
        try_orders(s, multiple, shape);
}

/* Second pass: is p the nicest? The distance, dearest to compute, is looked at last. */
static void consider(search *s, const int p[3][3]) {
    static const int one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    int nice[3][3];
    if (as_multiple(p, one, nice)) {
        consider_multiple(s, (const int(*)[3])nice, 0.0);
    } else if (as_multiple(p, (const int(*)[3])s->conventional, nice)) {
        consider_multiple(s, (const int(*)[3])nice, 1.0);
    } else if (!s->found || s->best.key[KEY_SHAPE] == 2.0) {
        double m[3][3], unused;
        times_lattice(p, s->lattice, m);
        if ((!s->found || cube_deviation((const double(*)[3])m) <= s->best.key[KEY_CUBE]) &&
            reaches_floor(s, p, &unused))
            try_orders(s, p, 2.0);
    }
}

/* ---- searching one size ------------------------------------------------------------------ */

typedef struct row {
    int p[3];
    double r[3]; /* p . lattice, Å */
} row;

/* Rows within +-2 of ideal whose vector is long enough; at most 125. */
static int list_rows(const search *s, const double ideal[3], row *rows) {
    int n = 0;
    for (int code = 0; code < 125; code++) {
        row x = {.p = {(int)nearbyint(ideal[0]) + code / 25 - 2, (int)nearbyint(ideal[1]) + code / 5 % 5 - 2,
                       (int)nearbyint(ideal[2]) + code % 5 - 2}};
        double f[3] = {x.p[0], x.p[1], x.p[2]};
        skd_row_times(f, s->lattice, x.r);
        if (skd_dot(x.r, x.r) >= s->floor2)
            rows[n++] = x;
    }
    return n;
}

/* Are both a + b and a - b at least the floor long? */
static bool pair_is_long(const search *s, const double a[3], const double b[3]) {
    double squares = skd_dot(a, a) + skd_dot(b, b), product = 2.0 * fabs(skd_dot(a, b));
    return squares - product >= s->floor2;
}

static bool triple_is_long(const search *s, const row *a, const row *b, const row *c) {
    if (!pair_is_long(s, a->r, c->r) || !pair_is_long(s, b->r, c->r))
        return false;
    double sum[3], difference[3];
    for (int k = 0; k < 3; k++) {
        sum[k] = a->r[k] + b->r[k];
        difference[k] = a->r[k] - b->r[k];
    }
    return pair_is_long(s, sum, c->r) && pair_is_long(s, difference, c->r);
}

/* A triple of the right determinant: the first pass raises the floor, the second compares. */
static void visit(search *s, const row *a, const row *b, const row *c) {
    if (!triple_is_long(s, a, b, c))
        return;
    int p[3][3];
    double distance2;
    for (int k = 0; k < 3; k++)
        p[0][k] = a->p[k], p[1][k] = b->p[k], p[2][k] = c->p[k];
    if (s->choosing) {
        consider(s, (const int(*)[3])p);
    } else if (reaches_floor(s, (const int(*)[3])p, &distance2)) {
        s->floor2 = distance2 * (1.0 + 1e-9);
        s->found = true;
    }
}

static void walk_triples(search *s, const double ideal[3][3]) {
    row rows[3][125];
    int n[3];
    for (int i = 0; i < 3; i++)
        n[i] = list_rows(s, ideal[i], rows[i]);
    for (int i = 0; i < n[0]; i++)
        for (int j = 0; j < n[1]; j++) {
            const row *a = &rows[0][i], *b = &rows[1][j];
            if (!pair_is_long(s, a->r, b->r))
                continue;
            int x = a->p[1] * b->p[2] - a->p[2] * b->p[1], y = a->p[2] * b->p[0] - a->p[0] * b->p[2],
                z = a->p[0] * b->p[1] - a->p[1] * b->p[0];
            for (int k = 0; k < n[2]; k++) {
                const int *c = rows[2][k].p;
                if (labs((long)x * c[0] + (long)y * c[1] + (long)z * c[2]) == s->size)
                    visit(s, a, b, &rows[2][k]);
            }
        }
}

/* Both ideals: P = target . inverse(lattice), target scaled to the supercell's volume. */
static void walk_ideals(search *s, const double inverse[3][3]) {
    static const double targets[2][3][3] = {
        {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
        {{0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}},
    };
    double volume = (double)s->size * fabs(skd_det3(s->lattice));
    for (int t = 0; t < 2; t++) {
        double scale = cbrt(volume / fabs(skd_det3(targets[t]))), ideal[3][3];
        skd_mul3(targets[t], inverse, ideal);
        for (int i = 0; i < 9; i++)
            ideal[i / 3][i % 3] *= scale;
        walk_triples(s, (const double(*)[3])ideal);
    }
}

/* Best matrix of one size whose images are `distance` apart; false if there is none. Distances that
 * differ by less than 1e-4 of the edge count as equal. */
static bool search_size(search *s, const double inverse[3][3], long size, double distance) {
    s->size = size;
    s->choosing = s->found = false;
    s->floor2 = distance * distance;
    walk_ideals(s, inverse);
    if (!s->found)
        return false;
    double edge = cbrt((double)size * fabs(skd_det3(s->lattice)));
    double floor = fmax(distance, sqrt(s->floor2) - 1e-4 * edge);
    s->floor2 = floor * floor;
    s->choosing = true;
    s->found = false;
    memset(s->multiple, 0, sizeof s->multiple);
    walk_ideals(s, inverse);
    return s->found;
}

/* ---- searching --------------------------------------------------------------------------- */

/* The conventional cell in units of the cell given; the unit matrix where it is no supercell of it. */
static skd_status find_axes(const skd_cell *cell, const double inverse[3][3], int axes[3][3], skd_error *err) {
    skd_cell *conventional = NULL;
    skd_status status = skd_conventional(&conventional, cell, SKD_SYMPREC, err);
    if (status != SKD_OK)
        return status;
    double t[3][3], off = 0.0;
    skd_mul3((const double(*)[3])conventional->lattice, inverse, t);
    skd_cell_free(conventional);
    for (int i = 0; i < 9; i++) {
        axes[i / 3][i % 3] = (int)nearbyint(t[i / 3][i % 3]);
        off = fmax(off, fabs(t[i / 3][i % 3] - axes[i / 3][i % 3]));
    }
    if (off > 0.01 || skd_det3i((const int(*)[3])axes) == 0)
        for (int i = 0; i < 9; i++)
            axes[i / 3][i % 3] = i % 4 == 0;
    return SKD_OK;
}

static long ceil_long(double x) { return (long)ceil(x - 1e-9); }

skd_status skd_supercell_search(const skd_cell *cell, const skd_supercell_options *options, int matrix[3][3],
                                skd_error *err) {
    double inverse[3][3];
    if (cell->n == 0 || !(options->min_distance >= 0.0) || !isfinite(options->min_distance))
        return skd_fail(err, SKD_EARG, "supercell search: expected atoms and a finite distance, found %zu and %g Å",
                        cell->n, options->min_distance);
    skd_status status = skd_cell_inverse(cell, inverse, err);
    search s = {.lattice = cell->lattice, .hand = skd_det3(cell->lattice) < 0.0 ? -1.0 : 1.0};
    if (status == SKD_OK)
        status = find_axes(cell, (const double(*)[3])inverse, s.conventional, err);
    if (status != SKD_OK)
        return status;
    double distance = fmax(options->min_distance - 5e-4, 0.0); /* 9.9996 Å is 10 Å, as in doped */
    long most = (long)(options->max_atoms / cell->n);
    /* fcc packs best: its images are 2^(1/6) times the edge of a cube of the same volume apart */
    long n = ceil_long(pow(distance, 3.0) / sqrt(2.0) / skd_cell_volume(cell));
    long from_atoms = ceil_long((double)options->min_atoms / (double)cell->n);
    n = n < from_atoms ? from_atoms : n;
    n = n < 1 ? 1 : n;
    while (n <= most && !search_size(&s, (const double(*)[3])inverse, n, distance))
        n++;
    if (n > most)
        return skd_fail(err, SKD_EARG,
                        "no supercell of at most %zu atoms has images %g Å apart and %zu atoms (the cell has %zu)",
                        options->max_atoms, options->min_distance, options->min_atoms, cell->n);
    memcpy(matrix, s.best.matrix, sizeof s.best.matrix);
    long last = ceil_long(1.1 * (double)n);
    bool plain = s.best.key[KEY_SHAPE] < 2.0;
    for (n++; !plain && n <= last && n <= most; n++)
        if (search_size(&s, (const double(*)[3])inverse, n, distance) && s.best.key[KEY_SHAPE] < 2.0) {
            memcpy(matrix, s.best.matrix, sizeof s.best.matrix);
            plain = true;
        }
    return SKD_OK;
}
