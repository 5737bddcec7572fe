/* SPDX-License-Identifier: MIT */
/* report.c - prints rankings: one table a defect and charge, with the lesson in words under it. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "confidence.h"
#include "far_field.h"
#include "json.h"
#include "run_host.h"

skd_status report_rank_all(skd_ranking **rankings, const run_contents *run, const skd_rank_options *options,
                           int threads, skd_error *err) {
    skd_ranking *list = *rankings = skd_alloc(run->n_jobs, sizeof *list);
    if (!list)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu rankings", run->n_jobs);
    skd_status status = SKD_OK;
    for (size_t j = 0; j < run->n_jobs && status == SKD_OK; j++)
        status = skd_rank(&list[j], run->job[j], options, threads, err);
    if (status != SKD_OK) {
        report_rankings_free(list, run->n_jobs);
        *rankings = NULL;
    }
    return status;
}

skd_rank_options report_rank_options(const run_record *record, const cli_args *args) {
    skd_rank_options options = SKD_RANK_DEFAULT;
    if (record->threshold > 0.0)
        options.cluster.threshold = record->threshold;
    if (cli_given(args, "threshold"))
        options.cluster.threshold = cli_real(args, "threshold");
    return options;
}

skd_status report_open(report_run *run, const char *folder, const cli_args *args, skd_error *err) {
    return report_open_with(run, folder, args, false, err);
}

skd_status report_open_with(report_run *run, const char *folder, const cli_args *args, bool distances,
                            skd_error *err) {
    *run = (report_run){0};
    skd_status status = run_store_open(&run->store, folder, false, err);
    if (status == SKD_OK)
        status = run_store_load(&run->store, &run->contents, err);
    skd_rank_options options = report_rank_options(&run->contents.record, args);
    options.distances = distances;
    if (status == SKD_OK)
        status = report_rank_all(&run->rankings, &run->contents, &options, (int)cli_int(args, "threads"), err);
    return status;
}

void report_close(report_run *run) {
    report_rankings_free(run->rankings, run->contents.n_jobs);
    run_contents_free(&run->contents);
    run_store_close(&run->store);
}

void report_rankings_free(skd_ranking *rankings, size_t n) {
    for (size_t j = 0; rankings && j < n; j++)
        skd_ranking_free(&rankings[j]);
    skd_free(rankings);
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* In an element the chemical potential is the host's energy per atom, so a formation energy needs
 * nothing else: E_f = E(defect) - n(defect)/n(bulk) E(bulk). */
static bool has_formation_energy(const run_contents *run) {
    return skd_cell_count(run->bulk, run->bulk->species[0]) == run->bulk->n && isfinite(run->record.bulk_energy);
}

static double formation_energy(const run_contents *run, const skd_job *job, double energy) {
    return energy - (double)job->defect->cell->n / (double)run->bulk->n * run->record.bulk_energy;
}

static bool one_element(const run_contents *run, const skd_job *job) {
    const skd_cell *cell = job->defect->cell;
    return has_formation_energy(run) && skd_cell_count(cell, run->bulk->species[0]) == cell->n;
}

/* " (3 from other charge states)", or nothing. */
static const char *say_imports(const skd_job *job, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < job->starts.n; i++)
        n += job->starts.start[i].round > 0;
    out[0] = '\0';
    if (n)
        snprintf(out, size, " (%zu from other charge states)", n);
    return out;
}

static size_t count_done(const skd_job *job) {
    size_t n = 0;
    for (size_t i = 0; i < job->starts.n; i++)
        n += job->minimum[i].done;
    return n;
}

const char *report_short_name(const char *start) {
    return strncmp(start, "Bond_Distortion_", 16) == 0 ? start + 16 : start;
}

/* "-60.0%, -50.0%, Dimer +7": the first few starts of the family, in the order they were made. */
static void list_origins(const skd_job *job, const skd_family *family, char *out, size_t size) {
    enum { SHOWN = 4 };
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < family->n_members && i < SHOWN && used < size; i++) {
        const char *name = job->starts.start[family->member[i]].name;
        int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "", report_short_name(name));
        used += n > 0 ? (size_t)n : 0;
    }
    if (family->n_members > SHOWN && used < size)
        snprintf(out + used, size - used, " +%zu", family->n_members - SHOWN);
}

/* ---- the table ----------------------------------------------------------------------------- */

/* The second heading is of searches on two levels only. */
static const char *const heading[] = {">rank", ">dE (eV)", ">dE prior", ">E_f (eV)", ">starts", "from", "symmetry",
                                      ">ways", "new bond (Å)", ">moved (Å)", "stop"};
enum { N_HEADINGS = sizeof heading / sizeof *heading, PRIOR_HEADING = 2 };

/* The headings of this run's table; returns how many. */
static size_t pick_headings(const char **out, const run_contents *run) {
    size_t n = 0;
    for (size_t i = 0; i < N_HEADINGS; i++)
        if (i != PRIOR_HEADING || run->record.prior[0])
            out[n++] = heading[i];
    return n;
}

static const skd_minimum *unperturbed_minimum(const skd_job *job) {
    for (size_t i = 0; i < job->starts.n; i++)
        if (strcmp(job->starts.start[i].name, "Unperturbed") == 0)
            return &job->minimum[i];
    return NULL;
}

double report_relative_at_prior(const skd_job *job, const skd_family *f) {
    const skd_minimum *first = unperturbed_minimum(job), *m = &job->minimum[f->best];
    return first && first->has_prior && m->has_prior ? m->prior_energy - first->prior_energy : (double)NAN;
}

static void add_energy(cli_table *t, double energy) {
    if (isnan(energy))
        cli_table_add(t, "-");
    else
        cli_table_add(t, "%+.4f", energy);
}

static void add_row(cli_table *t, const run_contents *run, const skd_job *job, const skd_family *f) {
    char origins[200];
    list_origins(job, f, origins, sizeof origins);
    cli_table_add(t, "%zu", f->rank);
    add_energy(t, f->relative);
    if (run->record.prior[0])
        add_energy(t, report_relative_at_prior(job, f));
    if (one_element(run, job))
        cli_table_add(t, "%.4f", formation_energy(run, job, f->energy));
    else
        cli_table_add(t, "-");
    cli_table_add(t, "%zu", f->n_members);
    cli_table_add(t, "%s", origins);
    cli_table_add(t, "%s", f->symmetry);
    cli_table_add(t, "%g", f->degeneracy);
    cli_table_add(t, "%s", f->bond[0] ? f->bond : "-");
    cli_table_add(t, "%.2f", f->displacement);
    cli_table_add(t, "%s", f->saddle ? "saddle" : skd_stop_name(f->stop));
}

/* What the table means, in words. */
static void print_lesson(FILE *out, const skd_ranking *r) {
    const skd_family *first = &r->family[0];
    if (isnan(r->unperturbed))
        fprintf(out, "The unperturbed start gave no minimum to compare with.\n");
    else if (first->has_unperturbed)
        fprintf(out, "The ground state found is the one that the unperturbed start reaches.\n");
    else
        fprintf(out, "The unperturbed start misses the ground state found by %.4f eV.\n", -first->relative);
    if (r->n_unusable)
        fprintf(out, "%zu start%s gave no minimum (dropped, collapsed, exploded or failed).\n", r->n_unusable,
                r->n_unusable > 1 ? "s" : "");
    if (first->saddle)
        fprintf(out, "Rank 1 is a saddle point: nudged, it falls by %.4f eV. Search from it with more rattles.\n",
                first->fall);
    else if (first->warned)
        fprintf(out, "Rank 1 did not converge (%s): raise --max-steps.\n", skd_stop_name(first->stop));
}

/* Is this cell charged, and the potential one that knows it? Such cells have a neutralising background. */
static bool has_background(const run_contents *run, const skd_job *job) {
    const size_t length = strcspn(run->record.potential, ":");
    for (const skd_potential_type *const *type = skd_potential_types; *type; type++)
        if (strlen((*type)->name) == length && !memcmp((*type)->name, run->record.potential, length))
            return job->charge != 0 && (*type)->knows_charge;
    return false;
}

/* Correction for the images of the charge, eV; NaN if no dielectric constant was given. */
static double image_correction(const run_contents *run, const skd_job *job) {
    double energy = NAN;
    skd_error ignored = {SKD_OK, ""};
    if (!(run->record.epsilon > 0.0) || skd_image_charge_energy(job->defect->cell->lattice, job->charge,
                                                                run->record.epsilon, &energy, &ignored) != SKD_OK)
        return NAN;
    return energy;
}

static void print_background(FILE *out, const run_contents *run, const skd_job *job) {
    const double correction = image_correction(run, job);
    if (!has_background(run, job))
        return;
    fprintf(out, "Charge %+d: the cell is neutralised by a uniform background; ", job->charge);
    if (isfinite(correction))
        fprintf(out, "point-charge correction for its images (epsilon %g) %+.4f eV, not in the energies.\n",
                run->record.epsilon, correction);
    else
        fprintf(out, "no correction for its images (--epsilon).\n");
}

/* Which levels the two columns are of, and what each was asked for. */
static void print_levels(FILE *out, const run_contents *run) {
    const run_record *record = &run->record;
    if (record->prior[0])
        fprintf(out, "dE: %s, single points of these structures; dE prior: %s, of the same structures.\n"
                     "Gradients: %zu of the former, %zu of the latter in its own search.\n",
                record->potential, record->prior, run->asked.calls, record->prior_calls);
}

/* What the energies are to be read with: a host that drifts, atoms that were held. */
static void print_remark(FILE *out, const run_contents *run, const skd_job *job, const skd_ranking *r) {
    const run_record *record = &run->record;
    char text[200];
    if (run->given)
        fprintf(out, "Host relaxed at this level: %s; export writes candidates in the given cell.\n",
                cli_host_lattices(run->given, run->bulk, text, sizeof text));
    if (!record->host.returns)
        fprintf(out, "Note: %s%s.\n", cli_host_text(&record->host, text, sizeof text),
                job->tether ? "" : "; lower energies may be its own, not the defect's");
    if (!job->tether)
        return;
    size_t n_held = 0, n = job->defect->cell->n;
    double force = 0.0;
    for (size_t i = 0; i < n; i++)
        n_held += job->tether[i] > 0.0;
    for (size_t f = 0; f < r->n; f++)
        force = fmax(force, skd_job_held_force(job, r->family[f].best));
    fprintf(out, "Far field %s: %zu of %zu atoms, force on them up to %.2f eV/Å (in the perfect crystal %.2f).\n",
            cli_far_field_text(&record->far, text, sizeof text), n_held, n, force, record->host.force_max);
}

void report_print(FILE *out, const run_contents *run, const skd_ranking *rankings) {
    for (size_t j = 0; j < run->n_jobs; j++) {
        const skd_job *job = run->job[j];
        const skd_ranking *r = &rankings[j];
        char entry[96], imports[64];
        fprintf(out, "%s%s: %zu of %zu starts relaxed%s, %zu famil%s\n", j ? "\n" : "",
                skd_defect_entry_name(job->defect, job->charge, entry, sizeof entry), count_done(job), job->starts.n,
                say_imports(job, imports, sizeof imports), r->n, r->n == 1 ? "y" : "ies");
        if (r->n == 0)
            continue;
        const char *picked[N_HEADINGS];
        cli_table t = {.n_columns = pick_headings(picked, run), .heading = picked};
        for (size_t f = 0; f < r->n; f++)
            add_row(&t, run, job, &r->family[f]);
        cli_table_print(&t, out);
        cli_table_free(&t);
        print_lesson(out, r);
        print_levels(out, run);
        print_background(out, run, job);
        print_remark(out, run, job, r);
    }
}

skd_status report_write(const char *folder, const run_contents *run, const skd_ranking *rankings, skd_error *err) {
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the table");
    report_print(memory, run, rankings);
    skd_string path = {0};
    skd_string_add(&path, "%s/ranking.txt", folder);
    skd_status status = fclose(memory) != 0 || path.failed ? skd_fail(err, SKD_ENOMEM, "out of memory for the table")
                                                           : skd_file_write(path.text, text, size, err);
    skd_string_free(&path);
    free(text);
    return status;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static cJSON *family_json(const run_contents *run, const skd_job *job, const skd_family *f) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "rank", (double)f->rank);
    json_add_number(o, "energy_eV", f->energy);
    json_add_number(o, "relative_eV", f->relative);
    if (run->record.prior[0])
        json_add_number(o, "relative_prior_eV", report_relative_at_prior(job, f));
    json_add_number(o, "formation_energy_eV",
                    one_element(run, job) ? formation_energy(run, job, f->energy) : (double)NAN);
    cJSON_AddStringToObject(o, "candidate", job->starts.start[f->best].name);
    cJSON *starts = cJSON_AddArrayToObject(o, "starts");
    for (size_t i = 0; i < f->n_members; i++)
        cJSON_AddItemToArray(starts, cJSON_CreateString(job->starts.start[f->member[i]].name));
    cJSON_AddBoolToObject(o, "has_unperturbed", f->has_unperturbed);
    cJSON_AddStringToObject(o, "symmetry", f->symmetry);
    json_add_number(o, "degeneracy", f->degeneracy);
    cJSON_AddStringToObject(o, "new_bond", f->bond);
    json_add_number(o, "largest_displacement_A", f->displacement);
    cJSON_AddStringToObject(o, "stop", skd_stop_name(f->stop));
    json_add_number(o, "nudged_fall_eV", f->fall); /* null: not nudged */
    if (job->tether) {
        json_add_number(o, "held_force_eV_per_A", skd_job_held_force(job, f->best));
        json_add_number(o, "spring_eV", job->minimum[f->best].spring);
    }
    return o;
}

static cJSON *start_json(const skd_job *job, size_t i) {
    const skd_start *s = &job->starts.start[i];
    const skd_minimum *m = &job->minimum[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "start", s->name);
    cJSON_AddStringToObject(o, "stop", s->dropped ? "dropped" : m->done ? skd_stop_name(m->stop) : "pending");
    json_add_number(o, "energy_eV", m->done ? m->energy : (double)NAN);
    cJSON_AddNumberToObject(o, "steps", (double)m->n_steps);
    if (s->round > 0)
        cJSON_AddNumberToObject(o, "from_charge", s->from_charge);
    cJSON_AddStringToObject(o, "reason", s->dropped ? s->why : m->reason);
    return o;
}

static void add_asked(cJSON *root, const run_asked *asked) {
    if (asked->points + asked->relaxations == 0)
        return;
    cJSON *o = cJSON_AddObjectToObject(root, "teacher");
    cJSON_AddNumberToObject(o, "labels", (double)asked->points);
    cJSON_AddNumberToObject(o, "relaxations", (double)asked->relaxations);
    cJSON_AddNumberToObject(o, "calls", (double)asked->calls);
    cJSON_AddNumberToObject(o, "unanswered", (double)asked->unanswered);
}

static cJSON *job_json(const run_contents *run, const skd_ranking *r, size_t j, const confidence *c) {
    const skd_job *job = run->job[j];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "defect", job->defect->name);
    cJSON_AddNumberToObject(o, "charge", job->charge);
    json_add_number(o, "unperturbed_eV", r->unperturbed);
    if (has_background(run, job)) {
        cJSON_AddStringToObject(o, "background", "uniform, neutralising");
        json_add_number(o, "image_charge_correction_eV", image_correction(run, job));
    }
    cJSON *families = cJSON_AddArrayToObject(o, "families");
    for (size_t f = 0; f < r->n; f++) {
        cJSON *family = family_json(run, job, &r->family[f]);
        confidence_add(family, c, r, j, f);
        cJSON_AddItemToArray(families, family);
    }
    cJSON *starts = cJSON_AddArrayToObject(o, "starts");
    for (size_t i = 0; i < job->starts.n; i++)
        cJSON_AddItemToArray(starts, start_json(job, i));
    return o;
}

char *report_json(const run_contents *run, const skd_ranking *rankings) {
    confidence c;
    skd_error ignored = {SKD_OK, ""};
    const bool made = confidence_make(&c, run, rankings, false, &ignored) == SKD_OK;
    if (!made)
        c.known = false;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "shakedown");
    cJSON_AddStringToObject(root, "version", SKD_VERSION);
    cJSON_AddStringToObject(root, "host_file", run->record.host_file);
    cJSON_AddStringToObject(root, "potential", run->record.potential);
    if (run->record.prior[0]) {
        cJSON_AddStringToObject(root, "prior", run->record.prior);
        cJSON_AddNumberToObject(root, "prior_calls", (double)run->record.prior_calls);
    }
    json_add_number(root, "bulk_energy_eV", run->record.bulk_energy);
    json_add_number(root, "epsilon", run->record.epsilon > 0.0 ? run->record.epsilon : (double)NAN);
    run_host_add(root, &run->record);
    cJSON_AddStringToObject(root, "host", run->given ? "relaxed" : "given");
    add_asked(root, &run->asked);
    cJSON_AddItemToObject(root, "calibration", confidence_json(&c));
    cJSON *jobs = cJSON_AddArrayToObject(root, "defects");
    for (size_t j = 0; j < run->n_jobs; j++)
        cJSON_AddItemToArray(jobs, job_json(run, &rankings[j], j, &c));
    char *text = made ? cJSON_Print(root) : NULL;
    confidence_free(&c);
    cJSON_Delete(root);
    return text;
}
