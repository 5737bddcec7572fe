/* SPDX-License-Identifier: MIT */
/* svg_steps.c - energy against step of relaxations; see svg.h. */
#include "svg_frame.h"

#include <stdio.h>

#define ROOM 0.5 /* of the spread of the ends, at least 0.2 eV: what is shown above them */

static bool is_known(const svg_series *s) { return s->trace->n > 0; }

static double energy_at(const svg_steps *p, const svg_series *s, size_t i) {
    return (s->trace->point[i].energy - p->zero) * p->scale;
}

/* From the lowest energy to a little above the highest end; relaxations come in from above. */
static svg_frame frame_of(const svg_steps *p) {
    double low = HUGE_VAL, high = -HUGE_VAL, right = 1.0;
    for (size_t k = 0; k < p->n; k++) {
        const svg_series *s = &p->series[k];
        for (size_t i = 0; i < s->trace->n; i++)
            low = fmin(low, energy_at(p, s, i));
        if (is_known(s)) {
            high = fmax(high, energy_at(p, s, s->trace->n - 1));
            right = fmax(right, (double)s->trace->point[s->trace->n - 1].step);
        }
    }
    if (!(low <= high))
        low = high = 0.0;
    double room = fmax(ROOM * (high - low), 0.2 * p->scale);
    return (svg_frame){low - 0.1 * room, high + room, 0.0, 1.02 * right};
}

/* Where the line from a to b comes to the top of the frame. */
static double enters_at(double xa, double ya, double xb, double yb, double top) {
    return ya > top && yb < top ? xa + (ya - top) / (ya - yb) * (xb - xa) : xb;
}

static void add_series(skd_string *out, const svg_steps *p, const svg_series *s, const svg_frame *f) {
    const skd_trace_point *point = s->trace->point;
    bool open = false;
    skd_string_add(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" d=\"", svg_colour(s->family),
                   s->leads ? "2.2" : "0.8");
    for (size_t i = 0; i < s->trace->n; i++) {
        double x = (double)point[i].step, y = energy_at(p, s, i);
        if (!isfinite(y) || y > f->high) {
            open = false;
            continue;
        }
        if (!open && i > 0) {
            double from = enters_at((double)point[i - 1].step, energy_at(p, s, i - 1), x, y, f->high);
            skd_string_add(out, "M%.1f %.1f", svg_at_x(f, from), svg_at_y(f, from < x ? f->high : y));
            open = true;
        }
        skd_string_add(out, "%s%.1f %.1f", open ? "L" : "M", svg_at_x(f, x), svg_at_y(f, y));
        open = true;
    }
    skd_string_add(out, "\"><title>");
    svg_text(out, s->label);
    if (is_known(s))
        skd_string_add(out, ": %zu steps, ends at %+.4f eV", point[s->trace->n - 1].step,
                       point[s->trace->n - 1].energy - p->zero);
    skd_string_add(out, "</title></path>\n");
}

static void add_legend(skd_string *out, const svg_steps *p) {
    double x = SVG_WIDTH - SVG_RIGHT + 18, y = SVG_TOP + 12;
    size_t families = 0;
    for (size_t k = 0; k < p->n; k++)
        families = is_known(&p->series[k]) && p->series[k].family + 1 > families ? p->series[k].family + 1 : families;
    skd_string_add(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\">%s</text>\n", x - 6, y, p->families);
    y += 16;
    for (size_t k = 0; k < families && k < 7; k++, y += 17)
        skd_string_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%.1f\" "
                            "y=\"%.1f\">%zu%s</text>\n",
                       x - 5, y - 5, svg_colour(k), x + 12, y + 4, k + 1, k == 6 && families > 7 ? " and more" : "");
}

void svg_steps_plot(skd_string *out, const svg_steps *p) {
    svg_frame f = frame_of(p);
    char label[80];
    snprintf(label, sizeof label, "Energy relative to %s (%s)", p->against, p->unit);
    svg_open(out, p->title);
    svg_axes(out, &f, fmax(1.0, svg_nice_step(f.right, 6)), "Step of the relaxation", label);
    for (int leads = 0; leads < 2; leads++)
        for (size_t k = 0; k < p->n; k++)
            if (p->series[k].leads == (leads == 1) && is_known(&p->series[k]))
                add_series(out, p, &p->series[k], &f);
    add_legend(out, p);
    skd_string_add(out, "</svg>\n");
}
