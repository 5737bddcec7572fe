/* SPDX-License-Identifier: MIT */
/* plot.c - parity plots and histograms as SVG. */
#include "plot.h"

#include <stdio.h>
#include <string.h>

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
