/* SPDX-License-Identifier: MIT */
/* relax.c - relaxation of a cell: the minimiser's objective, and when to stop.
 *
 * Fixed cell: the variables are the n positions; held.c keeps some of them in place.
 *
 * Variable cell: the deformation gradient D joins them (E. B. Tadmor, G. S. Smith, N. Bernstein and E.
 * Kaxiras, Phys. Rev. B 59, 235 (1999); the coordinates of ASE's UnitCellFilter). With L0 the start's
 * lattice (rows) and q_i positions in the undeformed cell, the variables are q (n rows) and n D (3 rows):
 *     lattice = L0 D^T,   r_i = q_i D^T,   minimised: H = E + p V,
 *     dH/dq = dE/dr D,    dH/dD = V (stress + p 1) D^-T.
 * The factor n makes a step of the lattice as soft as one of the atoms. */
#include <stdio.h>
#include <string.h>

#include "collapse.h"
#include "held.h"
#include "shakedown/relax.h"

#define ABSURD_FORCE  1e6 /* eV/Å: nothing comes back from there */
#define COLLAPSE_SKIN 1.0 /* Å */

typedef struct relaxation {
    const skd_relax_options *options;
    skd_potential_work *potential;
    skd_cell *cell;       /* as last evaluated */
    skd_result *result;   /* of cell */
    double lattice0[3][3];
    skd_held held;
    skd_verlet close;     /* collapse watch */
    skd_relax_outcome *out;
} relaxation;

/* ---- objective ---------------------------------------------------------------------------- */

/* The first evaluation is from scratch, so that a relaxation is the same whatever its worker did before. */
static skd_status evaluate_cell(relaxation *job, skd_error *err) {
    bool first = job->out->n_calls <= 1;
    return (first ? skd_potential_compute : skd_potential_compute_next)(
        job->potential, job->cell, job->options->charge, SKD_WANT_STRESS | SKD_WANT_ATOM_ENERGY, job->result, err);
}

static skd_status evaluate_fixed(relaxation *job, const double *x, double *f, double *g, skd_error *err) {
    size_t n = job->cell->n;
    memcpy(job->cell->pos, x, n * sizeof *job->cell->pos);
    skd_status status = evaluate_cell(job, err);
    *f = job->result->energy;
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        for (int k = 0; k < 3; k++)
            g[3 * i + (size_t)k] = -job->result->force[i][k];
    if (status == SKD_OK)
        *f += skd_held_pull(&job->held, (const double(*)[3])job->cell->pos, g);
    return status;
}

/* out = V (stress + p 1) D^-T / n, given D. */
static void cell_gradient(const relaxation *job, const double d[3][3], double *out) {
    double inverse[3][3], volume = skd_cell_volume(job->cell), scale = volume / (double)job->cell->n;
    if (skd_inv3(d, inverse) != SKD_OK) /* flat cell: volume 0 */
        memset(inverse, 0, sizeof inverse);
    for (int a = 0; a < 3; a++)
        for (int c = 0; c < 3; c++) {
            double sum = job->options->pressure * inverse[c][a];
            for (int b = 0; b < 3; b++)
                sum += job->result->stress[a][b] * inverse[c][b];
            out[3 * a + c] = scale * sum;
        }
}

static skd_status evaluate_variable(relaxation *job, const double *x, double *f, double *g, skd_error *err) {
    size_t n = job->cell->n;
    double d[3][3], transposed[3][3];
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++)
            d[a][b] = transposed[b][a] = x[3 * n + 3 * a + b] / (double)n;
    skd_mul3(job->lattice0, transposed, job->cell->lattice);
    for (size_t i = 0; i < n; i++)
        skd_row_times(x + 3 * i, transposed, job->cell->pos[i]);
    skd_status status = evaluate_cell(job, err);
    if (status != SKD_OK)
        return status;
    if (!job->result->has_stress)
        return skd_fail(err, SKD_EARG, "potential %s gives no stress: the cell cannot be relaxed",
                        job->potential->potential->type->name);
    *f = job->result->energy + job->options->pressure * skd_cell_volume(job->cell);
    for (size_t i = 0; i < n; i++) {
        double pulled[3];
        skd_row_times(job->result->force[i], d, pulled);
        for (size_t k = 0; k < 3; k++)
            g[3 * i + k] = -pulled[k];
    }
    cell_gradient(job, d, g + 3 * n);
    return SKD_OK;
}

static skd_status objective(void *payload, const double *x, double *f, double *g, skd_error *err) {
    relaxation *job = payload;
    job->out->n_calls++;
    return job->options->relax_cell ? evaluate_variable(job, x, f, g, err) : evaluate_fixed(job, x, f, g, err);
}

/* Start point: positions and, with relax_cell, n times the unit matrix. */
static double *start_point(const skd_cell *start, bool relax_cell, size_t *m) {
    size_t n = start->n;
    *m = 3 * n + (relax_cell ? 9 : 0);
    double *x = skd_alloc(*m, sizeof *x);
    if (!x)
        return NULL;
    memcpy(x, start->pos, n * sizeof *start->pos);
    for (size_t k = 0; k < 3 && relax_cell; k++)
        x[3 * n + 4 * k] = (double)n;
    return x;
}

/* ---- stop rules --------------------------------------------------------------------------- */

static skd_stop stopped(relaxation *job, skd_stop stop, const char *format, ...) SKD_PRINTF(3, 4);
static skd_stop stopped(relaxation *job, skd_stop stop, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(job->out->reason, sizeof job->out->reason, format, args);
    va_end(args);
    return stop;
}

static void measure(relaxation *job) {
    const skd_held *held = &job->held;
    double most2 = 0.0, sum = 0.0;
    job->out->held_force = 0.0;
    for (size_t i = 0; i < job->cell->n; i++) {
        double net[3];
        if (held->tether && held->tether[i] > 0.0)
            job->out->held_force = fmax(job->out->held_force, skd_norm(job->result->force[i]));
        if (skd_held_frozen(held, i))
            continue;
        skd_held_net(held, i, job->cell->pos[i], job->result->force[i], net);
        double f2 = skd_dot(net, net);
        most2 = f2 > most2 || !isfinite(f2) ? f2 : most2;
        sum += sqrt(f2);
    }
    job->out->energy = job->result->energy;
    job->out->spring_energy = skd_held_pull(held, (const double(*)[3])job->cell->pos, NULL);
    job->out->force_max = sqrt(most2);
    job->out->force_mean = sum / (double)(job->cell->n - held->n_frozen);
}

static skd_stop test_exploded(relaxation *job) {
    const skd_relax_outcome *out = job->out;
    double rise = (out->energy - out->energy_start) / (double)job->cell->n;
    if (!isfinite(out->energy))
        return stopped(job, SKD_STOP_EXPLODED, "the energy is not a finite number");
    if (job->options->explode > 0.0 && rise > job->options->explode)
        return stopped(job, SKD_STOP_EXPLODED, "energy %.4g eV/atom above the start's", rise);
    for (size_t i = 0; i < job->cell->n; i++) {
        double f = skd_norm(job->result->force[i]);
        if (!(f < ABSURD_FORCE))
            return stopped(job, SKD_STOP_EXPLODED, "force of %.3g eV/Å on atom %zu", f, i + 1);
    }
    return SKD_STOP_NONE;
}

static skd_status test_collapsed(relaxation *job, skd_stop *stop, skd_error *err) {
    skd_collision worst;
    bool found;
    if (job->options->collapse <= 0.0)
        return SKD_OK;
    skd_status status = skd_collapse_find(&job->close, job->cell, job->options->collapse, &worst, &found, err);
    if (status != SKD_OK || !found)
        return status;
    const int *z = job->cell->species;
    *stop = stopped(job, SKD_STOP_COLLAPSED, "atoms %zu (%s) and %zu (%s) at %.3f Å, expected more than %.3f Å",
                    worst.i + 1, skd_element_of(z[worst.i])->symbol, worst.j + 1, skd_element_of(z[worst.j])->symbol,
                    worst.r, worst.limit);
    return SKD_OK;
}

/* Largest component of stress + pressure, infinite if one is NaN; 0 where the cell is fixed. */
static double stress_off(const relaxation *job) {
    double most = 0.0;
    for (int a = 0; a < 3 && job->options->relax_cell; a++)
        for (int b = 0; b < 3; b++) {
            double off = fabs(job->result->stress[a][b] + (a == b) * job->options->pressure);
            most = isnan(off) ? INFINITY : fmax(most, off);
        }
    return most;
}

static skd_stop test_converged(const relaxation *job) {
    const skd_relax_options *options = job->options;
    if (options->relax_cell && !(stress_off(job) <= options->stress_max))
        return SKD_STOP_NONE;
    if (job->out->force_max <= options->force_max && options->force_max > 0.0)
        return SKD_STOP_FORCE_MAX;
    if (job->out->force_mean <= options->force_mean && options->force_mean > 0.0)
        return SKD_STOP_FORCE_MEAN;
    return SKD_STOP_NONE;
}

static skd_stop out_of_steps(relaxation *job) {
    const skd_relax_outcome *out = job->out;
    if (job->options->relax_cell)
        return stopped(job, SKD_STOP_STEPS, "mean force %.3g eV/Å, stress off by %.3g eV/Å^3 after %zu steps",
                       out->force_mean, stress_off(job), out->n_steps);
    return stopped(job, SKD_STOP_STEPS, "mean force %.3g eV/Å after %zu steps", out->force_mean, out->n_steps);
}

/* All tests on the present frame, gravest first; the observer sees every frame once. */
static skd_status judge(relaxation *job, const skd_relax_observer *observer, skd_stop *stop, skd_error *err) {
    skd_relax_outcome *out = job->out;
    measure(job);
    if (out->n_steps == 0)
        out->energy_start = out->energy;
    skd_relax_frame frame = {out->n_steps, job->cell, job->result, out->force_max, out->force_mean};
    const skd_trace_point point = {out->n_steps, out->energy, out->force_max};
    bool go_on = !observer || !observer->see || observer->see(observer->payload, &frame);
    skd_status status = skd_trace_add(&out->trace, &point, err);
    if (status == SKD_OK)
        status = test_collapsed(job, stop, err);
    if (status != SKD_OK || *stop != SKD_STOP_NONE)
        return status;
    *stop = test_exploded(job);
    if (*stop == SKD_STOP_NONE)
        *stop = test_converged(job);
    if (*stop == SKD_STOP_NONE && !go_on)
        *stop = stopped(job, SKD_STOP_INTERRUPTED, "stopped on request after %zu steps", out->n_steps);
    if (*stop == SKD_STOP_NONE && out->n_steps >= job->options->max_steps)
        *stop = out_of_steps(job);
    return SKD_OK;
}

/* The potential gave up: what is that called? Memory, and a cell it cannot treat at all, stay errors. */
static skd_status name_failure(relaxation *job, skd_status status, skd_stop *stop, skd_error *err) {
    if (status == SKD_ENOMEM || status == SKD_EWAITING || (status == SKD_EARG && job->out->n_steps == 0))
        return status;
    if (status == SKD_ESTOPPED) {
        *stop = stopped(job, SKD_STOP_INTERRUPTED, "stopped on request after %zu steps", job->out->n_steps);
        return SKD_OK;
    }
    *stop = stopped(job, SKD_STOP_FAILED, "%.190s", err->text);
    return test_collapsed(job, stop, err);
}

/* ---- options ------------------------------------------------------------------------------ */

skd_relax_options skd_relax_options_for(const skd_potential *potential) {
    skd_relax_options options = SKD_RELAX_DEFAULT;
    const skd_potential_type *type = potential->type;
    options.method = type->method ? skd_minimiser_named(type->method) : skd_minimiser_types[0];
    if (type->force_max > 0.0) {
        options.force_max = type->force_max;
        options.force_mean = 0.0;
    }
    return options;
}

/* ---- the loop ----------------------------------------------------------------------------- */

static skd_status check_options(const skd_relax_options *options, const skd_cell *start, skd_error *err) {
    if (start->n == 0)
        return skd_fail(err, SKD_EARG, "relaxation: the cell holds no atoms");
    if (!(options->max_step > 0.0))
        return skd_fail(err, SKD_EARG, "relaxation: max_step is %g; expected more than 0 Å", options->max_step);
    if (options->relax_cell && !(start->pbc[0] && start->pbc[1] && start->pbc[2]))
        return skd_fail(err, SKD_EARG, "relaxation: only a cell that is periodic in all directions can be relaxed");
    return skd_held_check(options, start, err);
}

static skd_status walk(relaxation *job, const skd_relax_observer *observer, skd_error *err) {
    const skd_relax_options *options = job->options;
    const skd_minimiser_type *method = options->method ? options->method : skd_minimiser_types[0];
    skd_minimiser *s = NULL;
    size_t m;
    double *x = start_point(job->cell, options->relax_cell, &m);
    skd_error trouble = {SKD_OK, ""};
    if (!x)
        return skd_fail(err, SKD_ENOMEM, "out of memory for relaxing %zu atoms", job->cell->n);
    skd_status status = skd_minimiser_new(&s, method, m, x, options->max_step, objective, job, &trouble);
    skd_free(x);
    skd_stop stop = SKD_STOP_NONE;
    if (status == SKD_OK && !options->relax_cell)
        s->metric = options->metric;
    while (status == SKD_OK) {
        status = judge(job, observer, &stop, &trouble);
        if (status != SKD_OK || stop != SKD_STOP_NONE)
            break;
        status = skd_minimiser_step(s, &trouble);
        job->out->n_steps++;
    }
    if (status != SKD_OK)
        status = name_failure(job, status, &stop, &trouble);
    skd_minimiser_free(s);
    job->out->stop = stop;
    return status == SKD_OK ? SKD_OK : skd_fail(err, status, "%s", trouble.text);
}

skd_status skd_relax(skd_relax_outcome *out, const skd_cell *start, skd_potential_work *potential,
                     const skd_relax_options *options, const skd_relax_observer *observer, skd_error *err) {
    *out = (skd_relax_outcome){.stop = SKD_STOP_NONE};
    relaxation job = {.options = options, .potential = potential, .out = out, .close = {.skin = COLLAPSE_SKIN}};
    skd_status status = check_options(options, start, err);
    if (status == SKD_OK)
        status = skd_cell_copy(&job.cell, start, err);
    if (status == SKD_OK)
        status = skd_result_new(&job.result, start->n, err);
    if (status == SKD_OK)
        status = skd_held_begin(&job.held, options, job.cell, err);
    if (status == SKD_OK) {
        memcpy(job.lattice0, start->lattice, sizeof job.lattice0);
        status = walk(&job, observer, err);
    }
    skd_held_end(&job.held);
    skd_verlet_free(&job.close);
    if (status != SKD_OK) {
        skd_cell_free(job.cell);
        skd_result_free(job.result);
        skd_trace_free(&out->trace);
        *out = (skd_relax_outcome){.stop = SKD_STOP_NONE};
        return status;
    }
    out->cell = job.cell;
    out->result = job.result;
    return SKD_OK;
}

void skd_relax_outcome_free(skd_relax_outcome *out) {
    skd_cell_free(out->cell);
    skd_result_free(out->result);
    skd_trace_free(&out->trace);
    out->cell = NULL;
    out->result = NULL;
}
