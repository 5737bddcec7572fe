/* SPDX-License-Identifier: MIT */
/* cmd_scan_report.c - a scan as tables and pictures: CSV, SVG, one HTML page. */
#include <math.h>
#include <string.h>

#include "scan.h"
#include "scan_plots.h"
#include "svg.h"

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "DIR", NULL, "folder for tasks.csv, gain.svg, share.svg, histogram.svg, index.html; "
     "default: DIR/report", 0, 0, "output"},
    {"csv", 0, CLI_FLAG, NULL, NULL, "only print the table, without times: the same for the same scan", 0, 0, NULL},
    CLI_END};

/* Everything that is written, gathered in one pass. */
typedef struct reporting {
    skd_string csv, rows; /* rows: of the page, at most ROWS_MOST */
    scan_points points;
    bool times;
    size_t n, n_done, n_failed, n_improved;
    double gain, weight, improved_weight;
    long calls;
} reporting;

enum { ROWS_MOST = 2000 };

/* ---- gathering ---------------------------------------------------------------------------- */

static void add_field(skd_string *csv, const char *text) {
    if (!strpbrk(text, ",\"\n")) {
        skd_string_add(csv, ",%s", text);
        return;
    }
    skd_string_add(csv, ",\"");
    for (; *text; text++)
        skd_string_add(csv, *text == '"' ? "\"\"" : "%c", *text);
    skd_string_add(csv, "\"");
}

static void add_number(skd_string *csv, double x) {
    if (isfinite(x))
        skd_string_add(csv, ",%.6f", x);
    else
        skd_string_add(csv, ",");
}

static void add_line(reporting *r, const skd_task *t, const skd_task_host *h, skd_task_status status,
                     const skd_task_outcome *o) {
    static const char *const word[] = {"waiting", "in work", "done", "failed"};
    skd_string *csv = &r->csv;
    skd_string_add(csv, "%ld", t->id);
    add_field(csv, h->name);
    add_field(csv, h->formula);
    if (isfinite(h->share))
        skd_string_add(csv, ",%g", h->share);
    else
        skd_string_add(csv, ",");
    add_field(csv, t->entry);
    skd_string_add(csv, ",%d", t->charge);
    add_field(csv, t->environment);
    skd_string_add(csv, ",%ld,%s", t->multiplicity, word[status]);
    add_number(csv, o->energy);
    add_number(csv, o->unperturbed);
    add_number(csv, o->gain);
    skd_string_add(csv, ",%ld,%ld", o->n_starts, o->n_families);
    add_field(csv, o->symmetry);
    add_field(csv, o->bond);
    skd_string_add(csv, ",%.3f,%s,%ld,%ld,%ld", o->moved, status != SKD_TASK_DONE ? "" : o->converged ? "yes" : "no",
                   o->n_calls, o->n_labels, o->n_known);
    if (r->times)
        skd_string_add(csv, ",%.2f", o->seconds);
    add_field(csv, o->kind);
    add_field(csv, o->failure);
    skd_string_add(csv, "\n");
}

static void add_cell(skd_string *out, const char *text) {
    skd_string_add(out, "<td>");
    svg_text(out, text);
    skd_string_add(out, "</td>");
}

static void add_html(reporting *r, const skd_task *t, const skd_task_host *h, skd_task_status status,
                     const skd_task_outcome *o) {
    skd_string *out = &r->rows;
    if (r->n > ROWS_MOST)
        return;
    skd_string_add(out, "<tr><td class=\"n\">%ld</td>", t->id);
    add_cell(out, h->name);
    add_cell(out, t->entry);
    add_cell(out, t->environment);
    if (status == SKD_TASK_DONE)
        skd_string_add(out, "<td class=\"n\">%.4f</td><td class=\"n\">%+.4f</td><td class=\"n\">%ld</td>", o->energy,
                       o->gain, o->n_families);
    else
        skd_string_add(out, "<td></td><td></td><td></td>");
    add_cell(out, status == SKD_TASK_DONE ? o->symmetry : "");
    add_cell(out, status == SKD_TASK_FAILED ? o->failure : o->bond);
    skd_string_add(out, "<td class=\"n\">%ld</td></tr>\n", o->n_calls);
}

static skd_status add_point(reporting *r, const skd_task *t, const skd_task_host *h, double gain, skd_error *err) {
    scan_points *p = &r->points;
    skd_status status = skd_grow((void **)&p->point, &p->room, p->n + 1, sizeof *p->point, err);
    if (status != SKD_OK)
        return status;
    scan_point *q = &p->point[p->n++];
    *q = (scan_point){.share = h->share, .host = h->id, .gain = gain, .weight = t->multiplicity};
    snprintf(q->environment, sizeof q->environment, "%s", t->environment);
    snprintf(q->label, sizeof q->label, "%.90s %.60s", h->name, t->entry);
    p->has_share = (p->n == 1 || p->has_share) && isfinite(h->share);
    return SKD_OK;
}

static skd_status add_task(void *payload, const skd_task *t, const skd_task_host *h, skd_task_status status,
                           const skd_task_outcome *o, skd_error *err) {
    reporting *r = payload;
    r->n++;
    r->calls += o->n_calls;
    r->n_failed += status == SKD_TASK_FAILED;
    add_line(r, t, h, status, o);
    add_html(r, t, h, status, o);
    if (status != SKD_TASK_DONE)
        return SKD_OK;
    r->n_done++;
    if (!isfinite(o->gain))
        return SKD_OK;
    const bool improved = o->gain < -SCAN_IMPROVED;
    r->n_improved += improved;
    r->gain += improved ? o->gain : 0.0;
    r->weight += (double)t->multiplicity;
    r->improved_weight += improved ? (double)t->multiplicity : 0.0;
    return add_point(r, t, h, o->gain, err);
}

static skd_status gather(reporting *r, const char *folder, skd_error *err) {
    skd_tasks *tasks = NULL;
    char path[600];
    bool alone;
    snprintf(path, sizeof path, "%s/scan.db", folder);
    skd_string_add(&r->csv, "task,host,formula,share,defect,charge,environment,sites,status,energy_eV,unperturbed_eV,"
                            "gain_eV,starts,families,symmetry,new_bond_A,moved_A,converged,calls,labels,known_labels,%s"
                            "kind,failure\n", r->times ? "seconds," : "");
    skd_status status = skd_tasks_open_to_read(&tasks, path, &alone, err);
    if (status == SKD_OK && alone)
        return skd_fail(err, SKD_EARG, "%s: a process works on it, or was killed; let it end, or run it again", path);
    if (status == SKD_OK)
        status = skd_tasks_list(tasks, add_task, r, err);
    skd_tasks_close(tasks);
    if (status == SKD_OK && (r->csv.failed || r->rows.failed))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the report");
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

static skd_status write_text(const char *folder, const char *name, const skd_string *text, skd_error *err) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return text->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for %s", path)
                        : skd_file_write(path, text->text ? text->text : "", text->n, err);
}

static void add_words(const reporting *r, skd_string *out) {
    skd_string_add(out, "%zu of %zu tasks done, %zu failed, %ld calls of the potential.", r->n_done, r->n, r->n_failed,
                   r->calls);
    if (r->points.n)
        skd_string_add(out, " %zu of %zu (%.0f %%; %.0f %% of the sites that they stand for) end more than 0.05 eV "
                            "below the unperturbed defect", r->n_improved, r->points.n,
                       100.0 * (double)r->n_improved / (double)r->points.n, 100.0 * r->improved_weight / r->weight);
    if (r->n_improved)
        skd_string_add(out, ", by %.3f eV on average", -r->gain / (double)r->n_improved);
    if (r->points.n)
        skd_string_add(out, ".");
}

static void make_page(const reporting *r, const char *folder, const skd_string *picture, skd_string *out) {
    skd_string_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>scan ");
    svg_text(out, folder);
    skd_string_add(out, "</title><style>body{font:15px system-ui,sans-serif;margin:2em auto;max-width:74em;padding:0 "
                        "1em}table{border-collapse:collapse}td,th{padding:2px 10px;text-align:left;border-bottom:1px "
                        "solid #ddd}.n{text-align:right;font-variant-numeric:tabular-nums}.row{display:flex;flex-wrap:"
                        "wrap}</style></head><body><h1>");
    svg_text(out, folder);
    skd_string_add(out, "</h1><p>");
    add_words(r, out);
    skd_string_add(out, " All of it: <a href=\"tasks.csv\">tasks.csv</a>.</p><div class=\"row\">\n");
    for (size_t k = 0; k < 3; k++)
        skd_string_add(out, "%s", picture[k].text ? picture[k].text : "");
    skd_string_add(out, "</div><table><tr><th>task</th><th>host</th><th>defect</th><th>site</th><th>energy (eV)</th>"
                        "<th>gain (eV)</th><th>families</th><th>symmetry</th><th>new bond (Å)</th><th>calls</th>"
                        "</tr>\n");
    skd_string_add(out, "%s</table>", r->rows.text ? r->rows.text : "");
    if (r->n > ROWS_MOST)
        skd_string_add(out, "<p>and %zu more in tasks.csv</p>", r->n - ROWS_MOST);
    skd_string_add(out, "</body></html>\n");
}

static skd_status write_all(const reporting *r, const char *scan, const char *folder, skd_error *err) {
    static const char *const name[] = {"gain.svg", "share.svg", "histogram.svg"};
    skd_string picture[3] = {{0}}, page = {0};
    scan_plot_gain(&picture[0], &r->points);
    scan_plot_share(&picture[1], &r->points);
    scan_plot_histogram(&picture[2], &r->points);
    make_page(r, scan, picture, &page);
    skd_status status = skd_folder_make(folder, err);
    if (status == SKD_OK)
        status = write_text(folder, "tasks.csv", &r->csv, err);
    for (size_t k = 0; k < 3 && status == SKD_OK; k++)
        status = write_text(folder, name[k], &picture[k], err);
    if (status == SKD_OK)
        status = write_text(folder, "index.html", &page, err);
    for (size_t k = 0; k < 3; k++)
        skd_string_free(&picture[k]);
    skd_string_free(&page);
    return status;
}

static skd_status run_scan_report(const cli_args *args, int *exit_code, skd_error *err) {
    reporting r = {.times = !cli_flag(args, "csv")};
    char folder[600];
    skd_string words = {0};
    (void)exit_code;
    snprintf(folder, sizeof folder, "%s/report", args->operand[0]);
    const char *out = cli_text(args, "output") ? cli_text(args, "output") : folder;
    skd_status status = gather(&r, args->operand[0], err);
    if (status == SKD_OK && cli_flag(args, "csv"))
        fputs(r.csv.text, stdout);
    else if (status == SKD_OK)
        status = write_all(&r, args->operand[0], out, err);
    if (status == SKD_OK && !cli_flag(args, "csv")) {
        add_words(&r, &words);
        printf("%s\nwrote %s/index.html, tasks.csv, gain.svg, share.svg, histogram.svg\n",
               words.text ? words.text : "", out);
    }
    skd_string_free(&words);
    skd_string_free(&r.csv);
    skd_string_free(&r.rows);
    skd_free(r.points.point);
    return status;
}

const cli_command cmd_scan_report = {
    .name = "scan-report",
    .group = "scans",
    .summary = "Write a scan's table (CSV), plots (SVG) and page (HTML)",
    .usage = "DIR [-o DIR | --csv]",
    .text = "gain.svg: the lowest minimum of each task against its unperturbed one, by composition and environment;\n"
            "share.svg: how many reconstruct, of the tasks and, by the sites each stands for, of all sites;\n"
            "histogram.svg: how the gains are distributed.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_scan_report,
};
