/* SPDX-License-Identifier: MIT */
/* scan_plots.c - see scan_plots.h. */
#include "scan_plots.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "svg_frame.h"

enum { ENVIRONMENTS_MOST = 6, BINS = 24 };

static double x_of(const scan_points *p, size_t i) {
    return p->has_share ? p->point[i].share : (double)p->point[i].host;
}

static svg_frame frame_of(const scan_points *p, double low, double high) {
    svg_frame f = {low, high, HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < p->n; i++) {
        f.left = fmin(f.left, x_of(p, i));
        f.right = fmax(f.right, x_of(p, i));
    }
    if (p->n == 0)
        f.left = f.right = 0.0;
    const double pad = fmax(0.05 * (f.right - f.left), p->has_share ? 0.05 : 0.5);
    f.left -= pad;
    f.right += pad;
    return f;
}

static double step_of(const svg_frame *f, const scan_points *p) {
    const double step = svg_nice_step(f->right - f->left, 6);
    return p->has_share ? step : fmax(step, 1.0);
}

static const char *x_label(const scan_points *p) {
    return p->has_share ? "share of the sites substituted" : "host (number)";
}

/* Environments in the order of their names; more of them share the last colour. */
static size_t environments_of(const scan_points *p, const char *name[ENVIRONMENTS_MOST]) {
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t at = 0;
        while (at < n && strcmp(name[at], p->point[i].environment) < 0)
            at++;
        if (at < n && strcmp(name[at], p->point[i].environment) == 0)
            continue;
        if (n == ENVIRONMENTS_MOST)
            continue;
        memmove(&name[at + 1], &name[at], (n - at) * sizeof *name);
        name[at] = p->point[i].environment;
        n++;
    }
    return n;
}

static size_t colour_of(const char *environment, const char *const *name, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (strcmp(name[k], environment) == 0)
            return k;
    return ENVIRONMENTS_MOST;
}

static void add_legend(skd_string *out, const char *const *name, size_t n) {
    const double x = SVG_WIDTH - SVG_RIGHT + 14;
    for (size_t k = 0; k < n && (n > 1 || name[0][0]); k++) {
        const double y = SVG_TOP + 10 + 18 * (double)k;
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/><text x=\"%.1f\" y=\"%.1f\">", x, y,
                       svg_colour(k), x + 12, y + 4);
        svg_text(out, name[k][0] ? name[k] : "-");
        skd_string_add(out, "</text>\n");
    }
}

/* ---- gain against composition ------------------------------------------------------------- */

/* Points of one abscissa stand side by side, by environment. */
void scan_plot_gain(skd_string *out, const scan_points *p) {
    const char *name[ENVIRONMENTS_MOST] = {""};
    const size_t n = environments_of(p, name);
    double low = -0.1;
    for (size_t i = 0; i < p->n; i++)
        low = fmin(low, p->point[i].gain);
    const svg_frame f = frame_of(p, 1.08 * low, -0.06 * low);
    svg_open(out, "Lowest minimum against the unperturbed defect");
    svg_axes(out, &f, step_of(&f, p), x_label(p), "energy gain (eV)");
    for (size_t i = 0; i < p->n; i++) {
        const scan_point *q = &p->point[i];
        const size_t colour = colour_of(q->environment, name, n);
        const double aside = n > 1 ? 4.0 * ((double)colour - 0.5 * (double)(n - 1)) : 0.0;
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\" fill-opacity=\"0.85\"><title>",
                       svg_at_x(&f, x_of(p, i)) + aside, svg_at_y(&f, fmin(q->gain, f.high)), svg_colour(colour));
        svg_text(out, q->label);
        skd_string_add(out, ": %+.4f eV</title></circle>\n", q->gain);
    }
    add_legend(out, name, n);
    skd_string_add(out, "</svg>\n");
}

/* ---- share that reconstructs --------------------------------------------------------------- */

/* Of all with this abscissa: weights of the improved ones and of all. */
static void sums_at(const scan_points *p, double x, double sum[2], long n[2]) {
    for (size_t i = 0; i < p->n; i++)
        if (fabs(x_of(p, i) - x) < 1e-9) {
            const bool improved = p->point[i].gain < -SCAN_IMPROVED;
            sum[0] += improved ? (double)p->point[i].weight : 0.0;
            sum[1] += (double)p->point[i].weight;
            n[0] += improved;
            n[1]++;
        }
}

static bool is_first(const scan_points *p, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (fabs(x_of(p, k) - x_of(p, i)) < 1e-9)
            return false;
    return true;
}

void scan_plot_share(skd_string *out, const scan_points *p) {
    const svg_frame f = frame_of(p, 0.0, 1.05);
    const double width = fmin(16.0, 0.5 * (SVG_WIDTH - SVG_LEFT - SVG_RIGHT) / (double)(p->n + 1));
    svg_open(out, "Share of sites that reconstruct by more than 0.05 eV");
    svg_axes(out, &f, step_of(&f, p), x_label(p), "share");
    for (size_t i = 0; i < p->n; i++) {
        double sum[2] = {0.0, 0.0};
        long n[2] = {0, 0};
        if (!is_first(p, i))
            continue;
        sums_at(p, x_of(p, i), sum, n);
        const double x = svg_at_x(&f, x_of(p, i)), zero = svg_at_y(&f, 0.0),
                     tasks = svg_at_y(&f, (double)n[0] / (double)n[1]), sites = svg_at_y(&f, sum[0] / sum[1]);
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%ld of %ld "
                            "tasks</title></rect>\n", x - width, tasks, width, zero - tasks, svg_colour(0), n[0], n[1]);
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%.0f of "
                            "%.0f sites</title></rect>\n", x, sites, width, zero - sites, svg_colour(1), sum[0],
                       sum[1]);
    }
    const double x = SVG_WIDTH - SVG_RIGHT + 9;
    static const char *const what[] = {"of the tasks", "of the sites"};
    for (size_t k = 0; k < 2; k++)
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%.1f\" "
                            "y=\"%.1f\">%s</text>\n", x, SVG_TOP + 5 + 18 * (double)k, svg_colour(k), x + 16,
                       SVG_TOP + 14 + 18 * (double)k, what[k]);
    skd_string_add(out, "</svg>\n");
}

/* ---- distribution -------------------------------------------------------------------------- */

void scan_plot_histogram(skd_string *out, const scan_points *p) {
    size_t count[BINS] = {0}, most = 1;
    double low = -0.1;
    for (size_t i = 0; i < p->n; i++)
        low = fmin(low, p->point[i].gain);
    const double step = svg_nice_step(-low, BINS - 4), left = floor(low / step) * step;
    for (size_t i = 0; i < p->n; i++) {
        const double bin = floor((fmin(p->point[i].gain, 0.0) - left) / step);
        const size_t b = (size_t)fmin(fmax(bin, 0.0), BINS - 1);
        count[b]++;
        most = count[b] > most ? count[b] : most;
    }
    const svg_frame shown = {0.0, fmax(1.08 * (double)most, 5.0), left, 2.0 * step};
    svg_open(out, "Distribution of the gain");
    svg_axes(out, &shown, svg_nice_step(shown.right - shown.left, 6), "energy gain (eV)", "tasks");
    for (size_t b = 0; b < BINS; b++) {
        const double x = svg_at_x(&shown, left + step * (double)b), y = svg_at_y(&shown, (double)count[b]),
                     right = svg_at_x(&shown, left + step * (double)(b + 1));
        if (count[b])
            skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%zu"
                                "</title></rect>\n", x, y, right - x - 1.0, svg_at_y(&shown, 0.0) - y, svg_colour(0),
                           count[b]);
    }
    skd_string_add(out, "</svg>\n");
}
