/* SPDX-License-Identifier: MIT */
/* plot.c - parity plots, histograms and curves as SVG. */
#include "plot.h"

#include <stdio.h>
#include <string.h>

#include "svg.h"

#define SIZE   480 /* pixels of the picture          */
#define MARGIN 70  /* around the frame of the picture */
#define SPAN   (SIZE - 2 * MARGIN)
#define BINS   41

static void begin(skd_string *out, const char *title, const char *x, const char *y) {
    skd_string_add(out,
                   "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' "
                   "font-size='13'>\n<rect width='100%%' height='100%%' fill='white'/>\n"
                   "<rect x='%d' y='%d' width='%d' height='%d' fill='none' stroke='black'/>\n",
                   SIZE, SIZE, MARGIN, MARGIN, SPAN, SPAN);
    skd_string_add(out, "<text x='%d' y='%d' text-anchor='middle'>%s</text>\n", SIZE / 2, MARGIN - 20, title);
    skd_string_add(out, "<text x='%d' y='%d' text-anchor='middle'>%s</text>\n", SIZE / 2, SIZE - 20, x);
    skd_string_add(out, "<text transform='translate(18 %d) rotate(-90)' text-anchor='middle'>%s</text>\n", SIZE / 2, y);
}

static void label_x(skd_string *out, double at, double value) {
    skd_string_add(out, "<text x='%.1f' y='%d' text-anchor='middle'>%.4g</text>\n", at, SIZE - MARGIN + 18, value);
}

static void label_y(skd_string *out, double at, double value) {
    skd_string_add(out, "<text x='%d' y='%.1f' text-anchor='end'>%.4g</text>\n", MARGIN - 6, at + 4.0, value);
}

/* Pixel of a value between low and high. */
static double place(double value, double low, double high) {
    return MARGIN + SPAN * (value - low) / (high > low ? high - low : 1.0);
}

void plot_parity(skd_string *out, const char *what, const double *x, const double *y, size_t n) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    static const int cells = SPAN + 1;
    char *drawn = skd_alloc((size_t)cells * (size_t)cells, 1);
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, fmin(x[i], y[i]));
        high = fmax(high, fmax(x[i], y[i]));
    }
    out->failed = out->failed || !drawn;
    begin(out, what, "reference", "model");
    skd_string_add(out, "<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='gray'/>\n", MARGIN, SIZE - MARGIN, SIZE - MARGIN,
                   MARGIN);
    for (size_t i = 0; i < n && drawn; i++) {
        double px = place(x[i], low, high), py = SIZE - place(y[i], low, high);
        char *seen = &drawn[(size_t)lrint(px - MARGIN) * (size_t)cells + (size_t)lrint(py - MARGIN)];
        if (!*seen)
            skd_string_add(out, "<circle cx='%.1f' cy='%.1f' r='2' fill='#1f5fa8' fill-opacity='0.6'/>\n", px, py);
        *seen = 1;
    }
    skd_free(drawn);
    for (int k = 0; k <= 2 && n; k++) {
        double value = low + 0.5 * k * (high - low);
        label_x(out, place(value, low, high), value);
        label_y(out, SIZE - place(value, low, high), value);
    }
    skd_string_add(out, "</svg>\n");
}

void plot_histogram(skd_string *out, const char *what, const double *error, size_t n) {
    size_t count[BINS] = {0}, most = 1;
    double rms = 0.0;
    for (size_t i = 0; i < n; i++)
        rms += error[i] * error[i] / (double)n;
    const double edge = 3.0 * fmax(sqrt(rms), 1e-300);
    for (size_t i = 0; i < n; i++) {
        double bin = floor((error[i] + edge) / (2.0 * edge) * BINS);
        count[(size_t)fmin(fmax(bin, 0.0), BINS - 1)]++; /* what lies outside counts at the edge */
    }
    for (size_t b = 0; b < BINS; b++)
        most = count[b] > most ? count[b] : most;
    begin(out, what, "error (model - reference)", "count");
    for (size_t b = 0; b < BINS; b++) {
        double height = (double)SPAN * (double)count[b] / (double)most, width = (double)SPAN / BINS;
        skd_string_add(out, "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' fill='#1f5fa8'/>\n",
                       MARGIN + width * (double)b, SIZE - MARGIN - height, width, height);
    }
    for (int k = -1; k <= 1; k++)
        label_x(out, SIZE / 2 + k * SPAN / 2.0, k * edge);
    label_y(out, MARGIN, (double)most);
    label_y(out, SIZE - MARGIN, 0.0);
    skd_string_add(out, "</svg>\n");
}

/* ---- curves ------------------------------------------------------------------------------------ */

typedef struct axes {
    double x[2], y[2]; /* logarithms */
} axes;

static double pixel_x(const axes *a, double x) { return place(log10(x), a->x[0], a->x[1]); }
static double pixel_y(const axes *a, double y) { return SIZE - place(log10(y), a->y[0], a->y[1]); }

static axes axes_of(const double *x, size_t n, const plot_curve *curve, size_t n_curves) {
    axes a = {{log10(x[0]) - 0.05, log10(x[n - 1]) + 0.05}, {HUGE_VAL, -HUGE_VAL}};
    for (size_t c = 0; c < n_curves; c++)
        for (size_t i = 0; i <= n; i++) {
            double y = i < n ? curve[c].y[i] : curve[c].level;
            if (!(y > 0.0))
                continue;
            a.y[0] = fmin(a.y[0], log10(y) - 0.05);
            a.y[1] = fmax(a.y[1], log10(y) + 0.05);
        }
    return a;
}

static void draw_ticks(skd_string *out, const axes *a, const double *x, size_t n) {
    static const double step[] = {1.0, 2.0, 5.0};
    for (size_t i = 0; i < n; i++)
        label_x(out, pixel_x(a, x[i]), x[i]);
    for (int k = 0; k < 30; k++) {
        double y = pow(10.0, floor(a->y[0]) + k / 3) * step[k % 3];
        if (log10(y) < a->y[0] || log10(y) > a->y[1])
            continue;
        label_y(out, pixel_y(a, y), y);
        skd_string_add(out, "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#ddd'/>\n", MARGIN, pixel_y(a, y),
                       SIZE - MARGIN, pixel_y(a, y));
    }
}

/* Where the name of a curve goes: above where it begins, as curves fall; below if another begins right above it. */
static double name_y(const axes *a, const plot_curve *curve, size_t c) {
    const double y = pixel_y(a, curve[c].y[0]);
    bool room = y > MARGIN + 24;
    for (size_t k = 0; k < c; k++) {
        const double other = pixel_y(a, curve[k].y[0]);
        room = room && !(other <= y && other > y - 28);
    }
    return room ? y - 10 : y + 20;
}

void plot_curves(skd_string *out, const char *const text[4], const double *x, size_t n, const plot_curve *curve,
                 size_t n_curves) {
    const axes a = axes_of(x, n, curve, n_curves);
    begin(out, text[0], text[2], text[3]);
    skd_string_add(out, "<text x='%d' y='%d' text-anchor='middle' font-size='11'>%s</text>\n", SIZE / 2, MARGIN - 5,
                   text[1]);
    draw_ticks(out, &a, x, n);
    for (size_t c = 0; c < n_curves; c++) {
        const char *colour = svg_colour(c);
        skd_string_add(out, "<polyline fill='none' stroke='%s' stroke-width='2' points='", colour);
        for (size_t i = 0; i < n; i++)
            skd_string_add(out, "%.1f,%.1f ", pixel_x(&a, x[i]), pixel_y(&a, curve[c].y[i]));
        skd_string_add(out, "'/>\n");
        for (size_t i = 0; i < n; i++)
            skd_string_add(out, "<circle cx='%.1f' cy='%.1f' r='4' fill='%s'><title>%g: %.4g</title></circle>\n",
                           pixel_x(&a, x[i]), pixel_y(&a, curve[c].y[i]), colour, x[i], curve[c].y[i]);
        if (curve[c].level > 0.0)
            skd_string_add(out, "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='%s' stroke-dasharray='5 4'/>\n",
                           MARGIN, pixel_y(&a, curve[c].level), SIZE - MARGIN, pixel_y(&a, curve[c].level), colour);
        skd_string_add(out, "<text x='%d' y='%.1f' fill='%s'>", MARGIN + 8, name_y(&a, curve, c), colour);
        svg_text(out, curve[c].name);
        skd_string_add(out, "</text>\n");
    }
    skd_string_add(out, "</svg>\n");
}
