/* SPDX-License-Identifier: MIT */
/* svg_map.c - families by their distances: a map (classical multidimensional scaling: the two leading eigenvectors of
 * the doubly centred squared distances; Torgerson 1952) and an average-linkage tree. */
#include "svg.h"

#define SIZE       300.0
#define MARGIN     30.0
#define ITERATIONS 500

static void open_square(skd_string *out, const char *what) {
    skd_string_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
                        "height=\"%.0f\" class=\"plot\" font-family=\"system-ui,sans-serif\" font-size=\"12\" "
                        "role=\"img\"><title>%s</title>\n<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>"
                        "<text x=\"%.0f\" y=\"16\" text-anchor=\"middle\">%s</text>\n",
                   SIZE, SIZE, SIZE, SIZE, what, SIZE, SIZE, 0.5 * SIZE, what);
}

/* Doubly centred -d^2/2, in place. */
static void centre(double *b, size_t n) {
    double all = 0.0;
    for (size_t i = 0; i < n; i++) {
        double row = 0.0;
        for (size_t j = 0; j < n; j++)
            row += b[i * n + j] / (double)n;
        for (size_t j = 0; j < n; j++)
            b[i * n + j] -= row;
    }
    for (size_t j = 0; j < n; j++) {
        all = 0.0;
        for (size_t i = 0; i < n; i++)
            all += b[i * n + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            b[i * n + j] -= all;
    }
}

/* Leading eigenvector times the root of its value, by power iteration from a fixed start; taken off b. */
static void leading(double *b, size_t n, double *v, double *w) {
    double value = 0.0;
    for (size_t i = 0; i < n; i++)
        v[i] = 1.0 + 0.37 * (double)(i % 7) - (i % 2 ? 1.5 : 0.0);
    for (int k = 0; k < ITERATIONS; k++) {
        double norm = 0.0;
        for (size_t i = 0; i < n; i++) {
            w[i] = 0.0;
            for (size_t j = 0; j < n; j++)
                w[i] += b[i * n + j] * v[j];
            norm += w[i] * w[i];
        }
        norm = sqrt(norm);
        for (size_t i = 0; i < n; i++)
            v[i] = norm > 1e-300 ? w[i] / norm : 0.0;
        value = norm;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            b[i * n + j] -= value * v[i] * v[j];
    for (size_t i = 0; i < n; i++)
        v[i] *= sqrt(value);
}

static void add_map_points(skd_string *out, const double *x, const double *y, size_t n) {
    double reach = 1e-300;
    for (size_t i = 0; i < n; i++)
        reach = fmax(reach, fmax(fabs(x[i]), fabs(y[i])));
    double scale = (0.5 * SIZE - MARGIN) / reach;
    for (size_t i = 0; i < n; i++) {
        double px = 0.5 * SIZE + scale * x[i], py = 0.5 * SIZE - scale * y[i];
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\" fill=\"%s\"/>"
                            "<text x=\"%.1f\" y=\"%.1f\">%zu</text>\n",
                       px, py, svg_colour(i), px + 9, py + 4, i + 1);
    }
}

skd_status svg_map(skd_string *out, const double *distance, size_t n, skd_error *err) {
    double *b = skd_alloc(n * n + 3 * n, sizeof *b);
    if (!b)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a map of %zu families", n);
    double *x = b + n * n, *y = x + n, *w = y + n;
    for (size_t i = 0; i < n * n; i++)
        b[i] = -0.5 * distance[i]; /* a cosine distance is half a squared length already */
    centre(b, n);
    leading(b, n, x, w);
    leading(b, n, y, w);
    open_square(out, "Minima by likeness (SOAP)");
    add_map_points(out, x, y, n);
    skd_string_add(out, "</svg>\n");
    skd_free(b);
    return SKD_OK;
}

/* ---- tree ------------------------------------------------------------------------------------ */

typedef struct cluster {
    size_t size, leaf; /* members; 0: merged away. Lowest member */
    double place, height;
} cluster;

static double tree_x(double d) { return MARGIN + (SIZE - 3 * MARGIN) * (log10(fmax(d, 1e-6)) + 6.0) / 6.0; }

static void nearest_pair(const double *d, const cluster *c, size_t n, size_t *a, size_t *b) {
    double least = HUGE_VAL;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (c[i].size && c[j].size && d[i * n + j] < least) {
                least = d[i * n + j];
                *a = i;
                *b = j;
            }
}

static void merge(skd_string *out, double *d, cluster *c, size_t n, size_t a, size_t b) {
    double height = d[a * n + b], x = tree_x(height);
    skd_string_add(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1fV%.1fH%.1f\"/>\n", tree_x(c[a].height), c[a].place, x,
                   c[b].place, tree_x(c[b].height));
    for (size_t k = 0; k < n; k++)
        if (k != a && k != b && c[k].size) {
            double sum = (double)c[a].size * d[a * n + k] + (double)c[b].size * d[b * n + k];
            d[a * n + k] = d[k * n + a] = sum / (double)(c[a].size + c[b].size);
        }
    c[a] = (cluster){c[a].size + c[b].size, c[a].leaf, 0.5 * (c[a].place + c[b].place), height};
    c[b].size = 0;
}

skd_status svg_tree(skd_string *out, const double *distance, size_t n, skd_error *err) {
    double *d = skd_copy(distance, n * n, sizeof *d);
    cluster *c = skd_alloc(n, sizeof *c);
    open_square(out, "Families of minima");
    for (size_t i = 0; d && c && i < n; i++) {
        c[i] = (cluster){1, i, MARGIN + (SIZE - 2.5 * MARGIN) * ((double)i + 0.5) / (double)n, 0.0};
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>"
                            "<text x=\"6\" y=\"%.1f\">%zu</text>\n",
                       tree_x(0.0), c[i].place, svg_colour(i), c[i].place + 4, i + 1);
    }
    for (size_t k = 1; d && c && k < n; k++) {
        size_t a = 0, b = 0;
        nearest_pair(d, c, n, &a, &b);
        merge(out, d, c, n, a, b);
    }
    for (int e = -6; e <= 0; e += 2)
        skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">1e%d</text>\n", tree_x(pow(10.0, e)),
                       SIZE - 22, e);
    skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">SOAP distance</text></svg>\n", 0.5 * SIZE,
                   SIZE - 6);
    skd_status status = d && c ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for a tree of %zu families", n);
    skd_free(d);
    skd_free(c);
    return status;
}
