/* SPDX-License-Identifier: MIT */
/* svg.c - see svg.h: frame, axes, marks, and the energy plot. */
#include "svg_frame.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"};

const char *svg_colour(size_t family) {
    size_t n = sizeof palette / sizeof *palette;
    return palette[family < n ? family : n - 1];
}

void svg_text(skd_string *out, const char *text) {
    for (; *text; text++)
        switch (*text) {
        case '&': skd_string_add(out, "&amp;"); break;
        case '<': skd_string_add(out, "&lt;"); break;
        case '>': skd_string_add(out, "&gt;"); break;
        case '"': skd_string_add(out, "&quot;"); break;
        default: skd_string_add_bytes(out, text, 1);
        }
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void add_mark(skd_string *out, svg_mark mark, double x, double y, const char *colour) {
    const double r = 5.0;
    if (mark == SVG_RATTLED)
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"none\" stroke=\"%s\" "
                            "stroke-width=\"2.4\"", x, y, r, colour);
    else if (mark == SVG_DIMER)
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"", x - r, y - r,
                       2 * r, 2 * r, colour);
    else if (mark == SVG_IMPORTED)
        skd_string_add(out, "<path d=\"M%.1f %.1fl%.1f %.1fh%.1fz\" fill=\"%s\"", x, y - r - 1, r + 1, 2 * r + 1,
                       -2 * (r + 1), colour);
    else if (mark == SVG_UNPERTURBED)
        skd_string_add(out, "<path d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\" class=\"ink\"", x, y - r - 2, r + 2,
                       r + 2, -r - 2, r + 2, -r - 2, -r - 2);
    else if (mark == SVG_OTHER)
        skd_string_add(out, "<path d=\"M%.1f %.1fh%.1fm%.1f %.1fv%.1f\" stroke=\"%s\" stroke-width=\"2.6\"", x - r, y,
                       2 * r, -r, -r, 2 * r, colour);
    else
        skd_string_add(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"", x, y, r, colour);
}

/* ---- the frame ------------------------------------------------------------------------------- */

double svg_nice_step(double range, int n) {
    double raw = range / n, power = pow(10.0, floor(log10(raw)));
    return power * (raw / power < 1.5 ? 1.0 : raw / power < 3.5 ? 2.0 : raw / power < 7.5 ? 5.0 : 10.0);
}

double svg_at_x(const svg_frame *f, double x) {
    return SVG_LEFT + (x - f->left) / (f->right - f->left) * (SVG_WIDTH - SVG_LEFT - SVG_RIGHT);
}

double svg_at_y(const svg_frame *f, double y) {
    return SVG_HEIGHT - SVG_BOTTOM - (y - f->low) / (f->high - f->low) * (SVG_HEIGHT - SVG_TOP - SVG_BOTTOM);
}

static bool shown(const svg_plot *p, size_t i) {
    return isfinite(p->point[i].energy) && p->point[i].energy <= p->highest;
}

static svg_frame frame_of(const svg_plot *p) {
    svg_frame f = {0.0, 0.0, -0.6, 0.6};
    for (size_t i = 0; i < p->n; i++) {
        if (!shown(p, i))
            continue;
        f.low = fmin(f.low, p->point[i].energy * p->scale);
        f.high = fmax(f.high, p->point[i].energy * p->scale);
        f.left = fmin(f.left, p->point[i].x);
        f.right = fmax(f.right, p->point[i].x);
    }
    double pad = fmax(0.08 * (f.high - f.low), 0.01 * p->scale);
    return (svg_frame){f.low - pad, f.high + pad, f.left - 0.06, f.right + 0.06};
}

void svg_open(skd_string *out, const char *title) {
    skd_string_add(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
                   "class=\"plot\" font-family=\"system-ui,sans-serif\" font-size=\"12\" role=\"img\">\n",
                   SVG_WIDTH, SVG_HEIGHT, SVG_WIDTH, SVG_HEIGHT);
    skd_string_add(out, "<style>.plot .paper{fill:#fff}.plot text{fill:#222}.plot .axis{stroke:#888;fill:none}"
                        ".plot .grid{stroke:#e4e4e4}.plot .ink{fill:#222}"
                        "@media screen and (prefers-color-scheme:dark){.plot .paper{fill:#16181c}.plot text{fill:#ddd}"
                        ".plot .axis{stroke:#777}.plot .grid{stroke:#2c2f36}.plot .ink{fill:#eee}}</style>\n");
    skd_string_add(out, "<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n", SVG_WIDTH, SVG_HEIGHT);
    if (title) {
        skd_string_add(out, "<text x=\"%.1f\" y=\"20\" font-size=\"15\" text-anchor=\"middle\">",
                       0.5 * (SVG_LEFT + SVG_WIDTH - SVG_RIGHT));
        svg_text(out, title);
        skd_string_add(out, "</text>\n");
    }
}

static int decimals(double step) { return step < 1.0 ? (int)ceil(-log10(step) - 1e-9) : 0; }

void svg_axes(skd_string *out, const svg_frame *f, double x_step, const char *x_label, const char *y_label) {
    double step = svg_nice_step(f->high - f->low, 6);
    for (double y = ceil(f->low / step) * step; y <= f->high; y += step) {
        double v = fabs(y) < 1e-9 * step ? 0.0 : y;
        skd_string_add(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
                            "text-anchor=\"end\">%.*f</text>\n",
                       SVG_LEFT, svg_at_y(f, v), SVG_WIDTH - SVG_RIGHT, SVG_LEFT - 7, svg_at_y(f, v) + 4,
                       decimals(step), v);
    }
    for (double x = ceil(f->left / x_step - 1e-9) * x_step; x <= f->right; x += x_step)
        skd_string_add(out, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/><text x=\"%.1f\" y=\"%.1f\" "
                            "text-anchor=\"middle\">%.*f</text>\n",
                       svg_at_x(f, x), SVG_HEIGHT - SVG_BOTTOM, svg_at_x(f, x), SVG_HEIGHT - SVG_BOTTOM + 18,
                       decimals(x_step), fabs(x) < 1e-6 ? 0.0 : x);
    skd_string_add(out, "<rect class=\"axis\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", SVG_LEFT,
                   SVG_TOP, SVG_WIDTH - SVG_LEFT - SVG_RIGHT, SVG_HEIGHT - SVG_TOP - SVG_BOTTOM);
    skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                   0.5 * (SVG_LEFT + SVG_WIDTH - SVG_RIGHT), SVG_HEIGHT - 12, x_label);
    skd_string_add(out, "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
                   0.5 * (SVG_TOP + SVG_HEIGHT - SVG_BOTTOM), y_label);
}

/* ---- the plot -------------------------------------------------------------------------------- */

static void add_line(skd_string *out, const svg_plot *p, const svg_frame *f) {
    bool open = false;
    double before = -HUGE_VAL; /* several series, as of other neighbours, follow each other */
    for (size_t i = 0; i < p->n; i++) {
        if (!shown(p, i) || p->point[i].mark != SVG_BOND)
            continue;
        const char *pen = p->point[i].x < before ? "M" : "L";
        skd_string_add(out, "%s%.1f %.1f", open ? pen : "<path class=\"axis\" d=\"M", svg_at_x(f, p->point[i].x),
                       svg_at_y(f, p->point[i].energy * p->scale));
        open = true;
        before = p->point[i].x;
    }
    skd_string_add(out, open ? "\"/>\n" : "");
}

static void add_points(skd_string *out, const svg_plot *p, const svg_frame *f) {
    for (size_t i = 0; i < p->n; i++) {
        const svg_point *q = &p->point[i];
        if (!shown(p, i))
            continue;
        add_mark(out, q->mark, svg_at_x(f, q->x), svg_at_y(f, q->energy * p->scale), svg_colour(q->family));
        skd_string_add(out, "><title>");
        svg_text(out, q->label);
        bool circle = q->mark == SVG_RATTLED || q->mark == SVG_BOND;
        skd_string_add(out, ": %+.4f eV</title></%s>\n", q->energy,
                       circle ? "circle" : q->mark == SVG_DIMER ? "rect" : "path");
    }
}

static void add_legend(skd_string *out, const svg_plot *p) {
    static const char *const names[] = {"Bond distortion", "Rattled", "Dimer", "Other charge", "Unperturbed", "Other"};
    double x = SVG_WIDTH - SVG_RIGHT + 18, y = SVG_TOP + 8;
    size_t left_out = 0, families = 0;
    for (int m = 0; m < 6; m++) {
        bool used = false;
        for (size_t i = 0; i < p->n; i++)
            used = used || (shown(p, i) && (int)p->point[i].mark == m);
        if (!used)
            continue;
        add_mark(out, (svg_mark)m, x, y, "#888");
        skd_string_add(out, "/><text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 12, y + 4, names[m]);
        y += 20;
    }
    for (size_t i = 0; i < p->n; i++) {
        left_out += isfinite(p->point[i].energy) && !shown(p, i);
        families = shown(p, i) && p->point[i].family + 1 > families ? p->point[i].family + 1 : families;
    }
    skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\">%s</text>\n", x - 6, y + 12, p->families);
    y += 26;
    for (size_t k = 0; k < families && k < 7; k++, y += 17)
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%.1f\" "
                            "y=\"%.1f\">%zu%s</text>\n",
                       x - 5, y - 5, svg_colour(k), x + 12, y + 4, k + 1, k == 6 && families > 7 ? " and more" : "");
    if (left_out)
        skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\">%zu higher not shown</text>\n", x - 6, y + 10,
                       left_out);
}

void svg_energy_plot(skd_string *out, const svg_plot *p) {
    svg_frame f = frame_of(p);
    char label[80];
    snprintf(label, sizeof label, "Energy relative to Unperturbed (%s)", p->unit);
    svg_open(out, p->title);
    svg_axes(out, &f, 0.3, "Bond distortion factor", label);
    add_line(out, p, &f);
    add_points(out, p, &f);
    add_legend(out, p);
    skd_string_add(out, "</svg>\n");
}
