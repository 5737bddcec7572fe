/* SPDX-License-Identifier: MIT */
/* cmd_relax.c - relaxes one structure; writes the end, and if asked the way there.
 *
 * The trajectory is kept as text and written whole and atomically every two seconds and at the end, so a
 * killed run leaves a file of complete frames; --restart goes on from the last of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cli.h"
#include "electrons.h"
#include "far_field.h"
#include "relaxing.h"
#include "teaching.h"
#include "shakedown/data.h"

#define GPA         160.2176634 /* GPa per eV/Å^3 */
#define SAVE_EVERY  2.0         /* s */

static const cli_option options[] = {
    RELAXING_POTENTIAL("energy"),
    {"charge", 0, CLI_REAL, "E", "0", "total charge, for potentials that know it", -100, 100, NULL},
    RELAXING_METHOD("relaxation"),
    {"cell", 0, CLI_FLAG, NULL, NULL, "relax the lattice too", 0, 0, NULL},
    {"pressure", 0, CLI_REAL, "GPa", "0", "outer pressure, with --cell", -1000, 10000, NULL},
    RELAXING_RULES,
    {"stress-max", 0, CLI_REAL, "GPa", "0.001", "and the stress is as near to the pressure", 0, 100, NULL},
    {"max-steps", 0, CLI_INT, "N", "1500", "stop after so many steps", 0, 10000000, NULL},
    {"max-step", 0, CLI_REAL, "Å", "0.2", "longest step", 1e-6, 2, NULL},
    {"far-field", 0, CLI_TEXT, "WHAT", "free",
     "frozen:R or tethered:R (1 eV/Å^2): atoms farther than R (Å) from --around are kept where they are", 0, 0, NULL},
    {"around", 0, CLI_TEXT, "WHERE", NULL, "an atom by its number, or x,y,z as fractions of the cell", 0, 0, NULL},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "the relaxed structure: POSCAR or extended XYZ, by name", 0, 0, "output"},
    {"trajectory", 't', CLI_TEXT, "FILE", NULL, "every step as extended XYZ", 0, 0, NULL},
    {"restart", 0, CLI_FLAG, NULL, NULL, "go on from the last frame of the trajectory, and add to it", 0, 0, NULL},
    TEACHING_OPTIONS,
    CLI_JSON,
    CLI_QUIET,
    CLI_END};

typedef struct run {
    const cli_args *args;
    skd_frame *start;
    skd_potential *potential;
    skd_potential_work *work;
    teaching teaching;
    skd_relax_options relax;
    skd_far_field far;
    double *tether;
    skd_relax_outcome out;
    const char *trajectory; /* path or NULL */
    skd_string text;        /* of the trajectory */
    size_t step_before;     /* steps of the run that is continued */
    double shown, saved;    /* s, monotonic */
    bool terminal;
    skd_status status; /* of what went wrong while observing */
    skd_error *err;
} run;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* The start's frame with another cell and a result: what the file said of the atoms is kept. */
static skd_status set_frame(skd_frame *frame, const skd_cell *cell, const skd_result *result, skd_error *err) {
    double(*force)[3] = skd_copy(result->force, cell->n, sizeof *force);
    if (!force)
        return skd_fail(err, SKD_ENOMEM, "out of memory for a frame");
    skd_free(frame->force);
    skd_free(frame->frac);
    skd_free(frame->velocity);
    frame->force = force;
    frame->frac = NULL;
    frame->velocity = NULL;
    memcpy(frame->cell->lattice, cell->lattice, sizeof cell->lattice);
    memcpy(frame->cell->pos, cell->pos, cell->n * sizeof *cell->pos);
    frame->has_energy = true;
    frame->energy = result->energy;
    frame->has_stress = result->has_stress;
    memcpy(frame->stress, result->stress, sizeof frame->stress);
    return SKD_OK;
}

static skd_status print_frame(run *r, const skd_relax_frame *seen, skd_error *err) {
    char step[32];
    skd_frames one = {.n = 1, .frame = &r->start};
    snprintf(step, sizeof step, "%zu", seen->step + r->step_before);
    skd_status status = set_frame(r->start, seen->cell, seen->result, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(r->start, "step", step, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(r->start, "potential", r->potential->spec, err);
    if (status == SKD_OK)
        status = skd_format_named("xyz")->print(&r->text, &one, err);
    return status;
}

static skd_status save_trajectory(run *r, skd_error *err) {
    if (!r->trajectory || !r->text.text)
        return SKD_OK;
    if (r->text.failed)
        return skd_fail(err, SKD_ENOMEM, "out of memory for the trajectory");
    return skd_file_write(r->trajectory, r->text.text, r->text.n, err);
}

static void show(run *r, const skd_relax_frame *frame, double t) {
    if (cli_flag(r->args, "quiet") || t - r->shown < (r->terminal ? 0.2 : 5.0))
        return;
    r->shown = t;
    fprintf(stderr, "%sstep %zu: %.6f eV, largest force %.2e, mean %.2e eV/Å%s", r->terminal ? "\r\033[K" : "",
            frame->step + r->step_before, frame->result->energy, frame->force_max, frame->force_mean,
            r->terminal ? "" : "\n");
}

static bool see(void *payload, const skd_relax_frame *frame) {
    run *r = payload;
    double t = now();
    show(r, frame, t);
    if (r->trajectory && !(r->step_before && frame->step == 0)) /* that one is in the file already */
        r->status = print_frame(r, frame, r->err);
    if (r->status == SKD_OK && t - r->saved > SAVE_EVERY) {
        r->status = save_trajectory(r, r->err);
        r->saved = now();
    }
    return r->status == SKD_OK && !cli_interrupted();
}

/* ---- start ---------------------------------------------------------------------------------- */

static skd_status read_options(run *r, skd_error *err) {
    const cli_args *args = r->args;
    skd_status status = relaxing_options(&r->relax, r->potential, args, err);
    if (status != SKD_OK)
        return status;
    r->relax.stress_max = cli_real(args, "stress-max") / GPA;
    r->relax.max_step = cli_real(args, "max-step");
    r->relax.relax_cell = cli_flag(args, "cell");
    r->relax.pressure = cli_real(args, "pressure") / GPA;
    r->relax.charge = cli_real(args, "charge");
    if (cli_given(args, "pressure") && !r->relax.relax_cell)
        return skd_fail(err, SKD_EARG, "--pressure has no meaning without --cell");
    status = cli_far_field_read(&r->far, cli_text(args, "far-field"), err);
    if (status == SKD_OK)
        status = cli_far_field_around(&r->tether, &r->far, r->start->cell, cli_text(args, "around"), err);
    r->relax.tether = r->tether;
    return status;
}

static skd_status check_output(const run *r, skd_error *err) {
    const char *output = cli_text(r->args, "output");
    const skd_format *format = output && strcmp(output, "-") != 0 ? skd_format_of(output, NULL, 0) : NULL;
    if (output && strcmp(output, "-") != 0 && (!format || !format->print))
        return skd_fail(err, SKD_EARG, "--output: expected the name of a POSCAR or XYZ file, found '%s'", output);
    return SKD_OK;
}

/* The start is the operand; with --restart the last frame of the trajectory, whose text is kept. Without
 * --trajectory the operand is the trajectory. */
static skd_status read_start(run *r, skd_error *err) {
    const char *path = r->args->operand[0];
    r->trajectory = cli_text(r->args, "trajectory");
    if (!cli_flag(r->args, "restart"))
        return skd_structure_read(&r->start, path, err);
    if (!r->trajectory)
        r->trajectory = path;
    if (!skd_file_exists(r->trajectory)) /* killed before anything was written */
        return skd_structure_read(&r->start, path, err);
    char *text = NULL;
    size_t length;
    skd_status status = skd_structure_read(&r->start, r->trajectory, err);
    if (status == SKD_OK)
        status = skd_file_read(r->trajectory, &text, &length, err);
    const char *step = status == SKD_OK ? skd_frame_info(r->start, "step") : NULL;
    long before = 0;
    if (status == SKD_OK && (!step || !skd_span_int((skd_span){step, strlen(step)}, &before) || before < 0))
        status = skd_fail(err, SKD_EFORMAT, "%s: last frame: expected step=N, as 'shakedown relax' writes",
                          r->trajectory);
    if (status == SKD_OK)
        skd_string_add_bytes(&r->text, text, length);
    r->step_before = (size_t)before;
    skd_free(text);
    return status;
}

static skd_status make_potential(run *r, skd_error *err) {
    const char *spec = cli_text(r->args, "potential");
    const char *before = cli_flag(r->args, "restart") ? skd_frame_info(r->start, "potential") : NULL;
    if (before && !cli_given(r->args, "potential"))
        spec = before;
    skd_status status = teaching_potential_new(&r->potential, &r->teaching, r->args, spec, TEACHING_FOLDER, err);
    return status == SKD_OK ? skd_potential_work_new(&r->work, r->potential, err) : status;
}

/* ---- end ------------------------------------------------------------------------------------ */

static skd_status print_json(const run *r, skd_error *err) {
    const skd_relax_outcome *out = &r->out;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "potential", r->potential->spec);
    cJSON_AddStringToObject(o, "method", r->relax.method->name);
    cJSON_AddStringToObject(o, "stop", skd_stop_name(out->stop));
    cJSON_AddStringToObject(o, "reason", out->reason);
    cJSON_AddNumberToObject(o, "steps", (double)(out->n_steps + r->step_before));
    cJSON_AddNumberToObject(o, "calls", (double)out->n_calls);
    cJSON_AddNumberToObject(o, "energy_start", out->energy_start);
    cJSON_AddNumberToObject(o, "energy", out->energy);
    cJSON_AddNumberToObject(o, "force_max", out->force_max);
    cJSON_AddNumberToObject(o, "force_mean", out->force_mean);
    if (r->tether) {
        cJSON_AddNumberToObject(o, "held_force", out->held_force);
        cJSON_AddNumberToObject(o, "spring_energy", out->spring_energy);
    }
    if (r->relax.charge != 0.0) {
        cJSON_AddNumberToObject(o, "charge", r->relax.charge);
        cJSON_AddStringToObject(o, "charge_note", cli_background(r->potential->type));
    }
    cJSON_AddNumberToObject(o, "volume", skd_cell_volume(out->cell));
    char *text = cJSON_Print(o);
    cJSON_Delete(o);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    puts(text);
    free(text);
    return SKD_OK;
}

static void print_held(const run *r, FILE *to) {
    char text[64];
    size_t n_held = 0;
    for (size_t i = 0; i < r->out.cell->n; i++)
        n_held += r->tether[i] > 0.0;
    fprintf(to, "far field   %s: %zu of %zu atoms, force on them up to %.2e eV/Å", cli_far_field_text(&r->far, text,
            sizeof text), n_held, r->out.cell->n, r->out.held_force);
    if (r->far.mode == SKD_FAR_TETHERED)
        fprintf(to, ", %.6f eV in the springs", r->out.spring_energy);
    fputc('\n', to);
}

/* What is not plain about the charge and the electrons of the end. */
static void print_electrons(const run *r, FILE *to) {
    const skd_potential_type *type = r->potential->type;
    skd_error ignored = {SKD_OK, ""};
    skd_electronic *e = NULL;
    if (r->relax.charge != 0.0)
        fprintf(to, "charge      %+g e: %s\n", r->relax.charge, cli_background(type));
    if (type->electronic && skd_potential_electronic(r->work, &e, &ignored) == SKD_OK && e->bounded)
        fprintf(to, "electrons   the third order of the energy is bounded on %zu atom%s\n", e->bounded,
                e->bounded > 1 ? "s" : "");
    skd_electronic_free(e);
}

static void print_text(const run *r, FILE *to) {
    const skd_relax_outcome *out = &r->out;
    fprintf(to, "%s after %zu steps (%zu force calls)%s%s\n", skd_stop_name(out->stop), out->n_steps + r->step_before,
            out->n_calls, out->reason[0] ? ": " : "", out->reason);
    fprintf(to, "energy      %.6f eV, %+.6f eV from the start\n", out->energy, out->energy - out->energy_start);
    fprintf(to, "forces      largest %.2e, mean %.2e eV/Å%s\n", out->force_max, out->force_mean,
            r->far.mode == SKD_FAR_FROZEN ? " on the atoms that are free" : "");
    if (r->tether)
        print_held(r, to);
    print_electrons(r, to);
    if (!r->relax.relax_cell)
        return;
    const double(*s)[3] = (const double(*)[3])out->result->stress;
    fprintf(to, "volume      %.4f Å^3\npressure    %.4f GPa\nlattice    ", skd_cell_volume(out->cell),
            -(s[0][0] + s[1][1] + s[2][2]) / 3.0 * GPA);
    for (int k = 0; k < 3; k++)
        fprintf(to, " %.5f", skd_norm(out->cell->lattice[k]));
    fputs(" Å\n", to);
}

static skd_status report(run *r, skd_error *err) {
    const char *path = cli_text(r->args, "output");
    bool to_stdout = path && strcmp(path, "-") == 0;
    skd_frames one = {.n = 1, .frame = &r->start};
    skd_status status = save_trajectory(r, err);
    if (status == SKD_OK && path)
        status = set_frame(r->start, r->out.cell, r->out.result, err);
    if (status == SKD_OK && path)
        status = skd_frames_write(&one, path, to_stdout ? skd_format_named("xyz") : NULL, err);
    if (status != SKD_OK)
        return status;
    if (cli_flag(r->args, "json") && !to_stdout)
        return print_json(r, err);
    print_text(r, to_stdout ? stderr : stdout);
    return SKD_OK;
}

static int exit_code_of(skd_stop stop) {
    if (stop == SKD_STOP_INTERRUPTED)
        return CLI_INTERRUPTED;
    return skd_stop_converged(stop) ? CLI_OK : CLI_NOT_CONVERGED;
}

static skd_status relax(run *r, skd_error *err) {
    const skd_relax_observer observer = {see, r};
    size_t done = r->step_before < r->relax.max_steps ? r->step_before : r->relax.max_steps;
    r->relax.max_steps -= done;
    r->shown = r->saved = now();
    cli_catch_interrupts();
    skd_status status = skd_relax(&r->out, r->start->cell, r->work, &r->relax, &observer, err);
    if (r->terminal && !cli_flag(r->args, "quiet"))
        fputs("\r\033[K", stderr);
    if (status != SKD_OK)
        return skd_error_prefix(err, "%s", r->args->operand[0]);
    return r->status;
}

static skd_status run_relax(const cli_args *args, int *exit_code, skd_error *err) {
    run r = {.args = args, .terminal = isatty(2), .err = err};
    skd_status status = check_output(&r, err);
    if (status == SKD_OK)
        status = read_start(&r, err);
    if (status == SKD_OK)
        status = make_potential(&r, err);
    if (status == SKD_OK)
        status = read_options(&r, err);
    if (status == SKD_OK)
        status = relax(&r, err);
    if (status == SKD_OK)
        status = report(&r, err);
    if (status == SKD_OK)
        *exit_code = exit_code_of(r.out.stop);
    status = teaching_wait(status, r.potential, TEACHING_FOLDER, err);
    skd_relax_outcome_free(&r.out);
    skd_free(r.tether);
    skd_potential_work_free(r.work);
    skd_potential_free(r.potential);
    teaching_free(&r.teaching);
    skd_string_free(&r.text);
    skd_frame_free(r.start);
    return status;
}

const cli_command cmd_relax = {
    .name = "relax",
    .group = "single structures",
    .summary = "Relax one structure, with fixed or variable cell",
    .usage = "FILE [--potential NAME] [-o RELAXED] [--trajectory TRAJ.xyz [--restart]]",
    .text = "Ends with one of: force_max, force_mean (converged, exit code 0); steps, collapsed (two atoms closer\n"
            "than half the sum of their covalent radii), exploded, failed (exit code 3); interrupted (130).\n"
            "'shakedown relax TRAJ.xyz --restart' goes on from a trajectory alone, with the potential named in it;\n"
            "steps are counted on, the method starts from rest.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_relax,
};
