/* SPDX-License-Identifier: MIT */
/* cmd_report.c - a search as one HTML file that needs nothing else: index, tables, plots, pictures that can be turned,
 * provenance. Holds nothing that depends on time or machine. */
#include <string.h>

#include "page.h"

#define MISSED 0.05 /* eV */

static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "FILE", NULL, "file to write; default: DIR/report.html", 0, 0, NULL},
    {"threshold", 0, CLI_REAL, "X", NULL, "fingerprint distance between families", 0, 2, NULL},
    CLI_THREADS,
    CLI_END};

/* ---- index ----------------------------------------------------------------------------------- */

static bool first_of_defect(const run_contents *run, size_t j) {
    for (size_t i = 0; i < j; i++)
        if (strcmp(run->job[i]->defect->name, run->job[j]->defect->name) == 0)
            return false;
    return true;
}

static void charge_range(const run_contents *run, int *low, int *high) {
    *low = *high = run->n_jobs ? run->job[0]->charge : 0;
    for (size_t j = 0; j < run->n_jobs; j++) {
        *low = run->job[j]->charge < *low ? run->job[j]->charge : *low;
        *high = run->job[j]->charge > *high ? run->job[j]->charge : *high;
    }
}

static void add_index_cell(skd_string *out, const page *p, size_t first, int charge) {
    for (size_t j = first; j < p->run->n_jobs; j++) {
        const skd_ranking *r = &p->rankings[j];
        if (p->run->job[j]->charge != charge ||
            strcmp(p->run->job[j]->defect->name, p->run->job[first]->defect->name) != 0)
            continue;
        skd_string_add(out, "<td class=\"n%s\"><a href=\"#job%zu\">",
                       r->n && r->family[0].relative < -MISSED ? " gain" : "", j);
        if (r->n && !isnan(r->family[0].relative))
            skd_string_add(out, "%+.3f", r->family[0].relative);
        else
            skd_string_add(out, r->n ? "found" : "none");
        skd_string_add(out, "</a> <span class=\"note\">%zu</span></td>", r->n);
        return;
    }
    skd_string_add(out, "<td></td>");
}

static void add_index(skd_string *out, const page *p) {
    int low, high;
    charge_range(p->run, &low, &high);
    skd_string_add(out, "<nav><h2>Ground states</h2><p class=\"note\">Energy of the lowest minimum relative to "
                           "the one that the unperturbed start reaches (eV), bold where that misses more than "
                        "0.05 eV, and the number of families found.</p>"
                           "<div class=\"wide\"><table><tr><th>defect</th>");
    for (int q = low; q <= high; q++)
        skd_string_add(out, "<th class=\"n\">%s%d</th>", q > 0 ? "+" : "", q);
    skd_string_add(out, "</tr>\n");
    for (size_t j = 0; j < p->run->n_jobs; j++) {
        if (!first_of_defect(p->run, j))
            continue;
        page_escaped(out, "<tr><td>", p->run->job[j]->defect->name, "</td>");
        for (int q = low; q <= high; q++)
            add_index_cell(out, p, j, q);
        skd_string_add(out, "</tr>\n");
    }
    skd_string_add(out, "</table></div></nav>\n");
}

static void add_provenance(skd_string *out, const page *p) {
    const run_record *record = &p->run->record;
    skd_string_add(out, "<section><h2>Provenance</h2><pre>");
    svg_text(out, record->command);
    skd_string_add(out, "</pre><table>");
    page_escaped(out, "<tr><th>host</th><td>", record->host_file, "");
    skd_string_add(out, ", checksum %016llx</td></tr>", (unsigned long long)record->host_checksum);
    page_escaped(out, "<tr><th>level</th><td>", record->potential, "</td></tr>");
    if (record->prior[0])
        page_escaped(out, "<tr><th>level below</th><td>", record->prior, "</td></tr>");
    page_escaped(out, "<tr><th>minimiser</th><td>", record->method, "");
    skd_string_add(out, ", mean force below %g, largest below %g eV/Å (0: not asked), at most %zu steps</td></tr>",
                   record->force_mean, record->force_max, record->max_steps);
    skd_string_add(out, "<tr><th>seed</th><td>%llu</td></tr><tr><th>program</th><td>shakedown " SKD_VERSION
                           "</td></tr></table>\n", (unsigned long long)record->seed);
    char *text = confidence_text(p->confidence);
    if (text && *text)
        page_escaped(out, "<h3>How sure is the ranking?</h3><p>", text, "</p>");
    out->failed = out->failed || !text;
    skd_free(text);
    if (!record->prior[0])
        skd_string_add(out, "<p>Energies are those of the level named here, not of DFT: the list is one of candidates. "
                               "Give all within a few eV to DFT.</p>\n");
    skd_string_add(out, "<h3>How to cite</h3><p>Bond distortions: Mosquera-Lois, Kavanagh, Walsh, Scanlon, npj "
                           "Comput. Mater. 9, 25 (2023). Surrogate search: Mosquera-Lois, Kavanagh, Ganose, Walsh, npj "
                           "Comput. Mater. 10, 121 (2024). Fingerprints: Bartók, Kondor, Csányi, Phys. Rev. B 87, "
                           "184115 (2013)."
                           "%s</p></section>\n",
                   strncmp(record->potential, "gfn1", 4) == 0
                       ? " GFN1-xTB: Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017)."
                       : "");
}

/* Sections are made side by side and put together in order. */
typedef struct sections {
    const page *page;
    skd_string *text; /* [n_jobs] */
} sections;

static skd_status make_section(void *payload, size_t j, int worker, skd_error *err) {
    const sections *s = payload;
    (void)worker;
    skd_status status = page_job(&s->text[j], s->page, j, err);
    return status == SKD_OK && s->text[j].failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the report") : status;
}

static skd_status add_sections(skd_string *out, const page *p, int threads, skd_error *err) {
    sections s = {p, skd_alloc(p->run->n_jobs, sizeof *s.text)};
    skd_status status = s.text ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory for the report");
    if (status == SKD_OK)
        status = skd_parallel(p->run->n_jobs, threads > 0 ? threads : skd_threads_available(), make_section, &s, err);
    for (size_t j = 0; s.text && j < p->run->n_jobs; j++) {
        if (status == SKD_OK)
            skd_string_add_bytes(out, s.text[j].text, s.text[j].n);
        skd_string_free(&s.text[j]);
    }
    skd_free(s.text);
    return status;
}

static skd_status add_page(skd_string *out, const page *p, int threads, skd_error *err) {
    skd_string_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">"
                        "<title>shakedown: ");
    svg_text(out, p->run->record.host_file);
    skd_string_add(out, "</title><style>\n%s</style></head><body id=\"top\">\n", skd_template_text("report.css"));
    const char *slash = strrchr(p->run->record.host_file, '/');
    page_escaped(out, "<h1>Point defects of ", slash ? slash + 1 : p->run->record.host_file, "</h1>\n");
    page_escaped(out, "<p>Level: ", p->run->record.potential, "</p>\n");
    add_index(out, p);
    skd_status status = add_sections(out, p, threads, err);
    add_provenance(out, p);
    skd_string_add(out, "<script>\n%s</script></body></html>\n", skd_template_text("report.js"));
    return status;
}

static skd_status run_report(const cli_args *args, int *exit_code, skd_error *err) {
    report_run run;
    skd_string out = {0}, path = {0};
    (void)exit_code;
    if (cli_text(args, "output"))
        skd_string_add(&path, "%s", cli_text(args, "output"));
    else
        skd_string_add(&path, "%s/report.html", args->operand[0]);
    skd_status status = report_open_with(&run, args->operand[0], args, true, err);
    confidence c = {0};
    page p = {&run.store, &run.contents, run.rankings, &c};
    if (status == SKD_OK)
        status = confidence_make(&c, &run.contents, run.rankings, false, err);
    if (status == SKD_OK)
        status = add_page(&out, &p, (int)cli_int(args, "threads"), err);
    if (status == SKD_OK && (out.failed || path.failed))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for the report");
    if (status == SKD_OK)
        status = skd_file_write(path.text, out.text, out.n, err);
    if (status == SKD_OK && strcmp(path.text, "-") != 0)
        printf("wrote %s\n", path.text);
    confidence_free(&c);
    report_close(&run);
    skd_string_free(&out);
    skd_string_free(&path);
    return status;
}

const cli_command cmd_report = {
    .name = "report",
    .group = "search",
    .summary = "Write a search as one HTML file",
    .usage = "DIR [-o FILE]",
    .text = "One self-contained page, light and dark: index of defects and charges, families with what relaxation\n"
            "did, energy against distortion, map and tree of the minima, structures to turn, provenance, how to cite.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_report,
};
