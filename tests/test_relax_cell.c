/* SPDX-License-Identifier: MIT */
/* Tests of skd_relax: the silicon vacancy, crystals with fixed and variable cell, and every way in which
 * a relaxation may end. */
#include "check.h"

#include "shakedown/relax.h"

/* ---- cells and potentials ------------------------------------------------------------------ */

/* m x m x m conventional cells of diamond (basis 8) or fcc (basis 4). */
static skd_cell *crystal(int z, double a, int m, size_t basis) {
    static const double site[8][3] = {{0, 0, 0},          {0, .5, .5},        {.5, 0, .5},        {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_error err;
    skd_cell *cell;
    size_t n = 0;
    CHECK_OK(skd_cell_new(&cell, basis * (size_t)(m * m * m), &err));
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = a * m;
    for (size_t s = 0; s < basis; s++)
        for (int image = 0; image < m * m * m; image++, n++) {
            const int shift[3] = {image / (m * m), image / m % m, image % m};
            cell->species[n] = z;
            for (int k = 0; k < 3; k++)
                cell->pos[n][k] = a * (shift[k] + site[s][k]);
        }
    return cell;
}

/* Silicon, 216 atoms less the first, its nearest n neighbours moved outwards by `fraction` of their
 * distance to it. */
static skd_cell *vacancy(int n, double fraction) {
    skd_error err;
    skd_cell *bulk = crystal(14, 5.43095, 3, 8), *cell;
    size_t pick[215];
    for (size_t i = 0; i < 215; i++)
        pick[i] = i + 1;
    CHECK_OK(skd_cell_pick(&cell, bulk, pick, 215, &err));
    skd_mic mic;
    CHECK_OK(skd_mic_setup(&mic, cell, &err));
    for (size_t i = 0; i < 215 && n > 0; i++) {
        double d[3];
        if (skd_mic_vector(&mic, bulk->pos[0], cell->pos[i], d) > 2.4)
            continue;
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += fraction * d[k];
        n--;
    }
    skd_cell_free(bulk);
    return cell;
}

static void rattle(skd_cell *cell, double size, uint32_t seed) {
    skd_error err;
    skd_rng *rng;
    CHECK_OK(skd_rng_new(&rng, seed, &err));
    for (size_t i = 0; i < cell->n; i++)
        for (int k = 0; k < 3; k++)
            cell->pos[i][k] += size * skd_rng_normal(rng);
    skd_rng_free(rng);
}

static skd_relax_outcome relax(const skd_cell *start, const char *spec, const skd_relax_options *options) {
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work;
    skd_relax_outcome out;
    CHECK_OK(skd_potential_new(&potential, spec, &err));
    CHECK_OK(skd_potential_work_new(&work, potential, &err));
    CHECK_OK(skd_relax(&out, start, work, options, NULL, &err));
    skd_potential_work_free(work);
    skd_potential_free(potential);
    return out;
}

/* ---- silicon -------------------------------------------------------------------------------- */

#define BULK_ENERGY (-2.0 * 2.1683) /* eV/atom: two unstrained bonds */

static const struct {
    const char *name;
    int n;
    double fraction, energy;
} vacancies[] = {
    {"unperturbed: a minimum by symmetry, 2 epsilon", 0, 0.0, 4.3366},
    {"two neighbours -10 %: falls back", 2, -0.1, 4.3366},
    {"two neighbours -40 %", 2, -0.4, 2.6942},
    {"four neighbours -40 %", 4, -0.4, 2.6942},
    {"four neighbours +30 %: falls back", 4, 0.3, 4.3366},
};

static void the_silicon_vacancy_has_its_two_energies_by_every_method(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof vacancies / sizeof *vacancies; row++)
        for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
            skd_relax_options options = SKD_RELAX_DEFAULT;
            skd_cell *start = vacancy(vacancies[row].n, vacancies[row].fraction);
            options.method = *type;
            skd_relax_outcome out = relax(start, "sw", &options);
            if (getenv("SHOW"))
                print_message("%-45s %-6s %4zu steps %4zu calls, %.6f eV\n", vacancies[row].name, (*type)->name,
                              out.n_steps, out.n_calls, out.energy - 215.0 * BULK_ENERGY);
            CHECK_INT(out.stop, SKD_STOP_FORCE_MEAN);
            CHECK_TEXT(out.reason, "");
            CHECK(out.n_steps < 200);
            CHECK_CLOSE(out.energy - 215.0 * BULK_ENERGY, vacancies[row].energy, 5e-5, 0);
            skd_relax_outcome_free(&out);
            skd_cell_free(start);
        }
}

/* ---- crystals ------------------------------------------------------------------------------- */

static void a_rattled_argon_crystal_goes_back_to_fcc(void **state) {
    (void)state;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.force_mean = 1e-9; /* argon is soft: 1e-5 eV/Å would be a loose end */
    skd_cell *fcc = crystal(18, 5.3, 2, 4), *start = crystal(18, 5.3, 2, 4);
    rattle(start, 0.12, 20266);
    skd_relax_options at_once = options;
    at_once.max_steps = 0;
    skd_relax_outcome perfect = relax(fcc, "lj", &at_once);
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        options.method = *type;
        skd_relax_outcome out = relax(start, "lj", &options);
        CHECK_INT(out.stop, SKD_STOP_FORCE_MEAN);
        CHECK_CLOSE(out.energy, perfect.energy, 1e-11, 0);
        skd_relax_outcome_free(&out);
    }
    skd_relax_outcome_free(&perfect);
    skd_cell_free(fcc);
    skd_cell_free(start);
}

/* ASE 3.29.0: FIRE(UnitCellFilter(atoms, scalar_pressure=0.013)), LennardJones(sigma=2.6, epsilon=0.31,
 * rc=5.27); volume, first lattice vector and last atom after `step` steps. The narrow switch stands for
 * ASE's sharp cutoff. */
static const struct {
    size_t step;
    double volume, a[3], last[3];
} cell_rows[] = {
    {1, 69.5144028563215, {4.30172300686769, 0.06601706371038, -0.0476534432269425},
     {-0.0349805209071893, 2.06179166875207, 1.99148864633601}},
    {5, 65.9212680498718, {4.16861871490817, 0.00612467450953422, -0.0296747200248632},
     {0.0215291878864559, 1.98967447326659, 2.04076083433605}},
    {12, 65.5911160614022, {4.11626461877804, -0.0177059846909061, -0.0180312796265969},
     {0.0051614958069766, 1.98982259676407, 2.03537328544812}},
    {40, 65.5850491956806, {4.02438462218726, -0.0168845153384292, -0.00862326236426541},
     {0.00162945530260234, 2.06197772719471, 2.0208406938721}},
};

static void a_variable_cell_goes_step_by_step_as_in_ase(void **state) {
    (void)state;
    static const double lattice[3][3] = {{4.31, 0.07, -0.05}, {0.11, 3.93, 0.04}, {-0.03, 0.09, 4.12}};
    static const double frac[4][3] = {
        {0.011, 0.02, -0.013}, {0.507, 0.482, 0.03}, {0.49, 0.013, 0.521}, {-0.02, 0.515, 0.476}};
    skd_cell *start = crystal(18, 1.0, 1, 4);
    memcpy(start->lattice, lattice, sizeof lattice);
    for (size_t i = 0; i < 4; i++)
        skd_row_times(frac[i], lattice, start->pos[i]);
    for (size_t row = 0; row < sizeof cell_rows / sizeof *cell_rows; row++) {
        skd_relax_options options = SKD_RELAX_DEFAULT;
        options.relax_cell = true;
        options.pressure = 0.013;
        options.max_steps = cell_rows[row].step;
        skd_relax_outcome out = relax(start, "lj:sigma=2.6,epsilon=0.31,cutoff=5.27,width=0.001", &options);
        CHECK_INT(out.stop, SKD_STOP_STEPS);
        CHECK_CLOSE(skd_cell_volume(out.cell), cell_rows[row].volume, 0, 1e-11);
        for (int k = 0; k < 3; k++) {
            CHECK_CLOSE(out.cell->lattice[0][k], cell_rows[row].a[k], 1e-11, 0);
            CHECK_CLOSE(out.cell->pos[3][k], cell_rows[row].last[k], 1e-11, 0);
        }
        skd_relax_outcome_free(&out);
    }
    skd_cell_free(start);
}

/* Enthalpy per atom of perfect diamond as a function of a, minimised by golden section. */
static double best_lattice_parameter(double pressure) {
    double low = 4.9, high = 5.7;
    const double ratio = 0.5 * (sqrt(5.0) - 1.0);
    while (high - low > 1e-7) {
        double a[2] = {high - ratio * (high - low), low + ratio * (high - low)}, h[2];
        for (int s = 0; s < 2; s++) {
            skd_relax_options options = SKD_RELAX_DEFAULT;
            options.max_steps = 0;
            skd_cell *cell = crystal(14, a[s], 1, 8);
            skd_relax_outcome out = relax(cell, "sw", &options);
            h[s] = out.energy + pressure * skd_cell_volume(cell);
            skd_relax_outcome_free(&out);
            skd_cell_free(cell);
        }
        *(h[0] < h[1] ? &high : &low) = a[h[0] < h[1]];
    }
    return 0.5 * (low + high);
}

static void a_strained_rattled_silicon_crystal_finds_its_lattice_under_pressure(void **state) {
    (void)state;
    static const double pressures[] = {0.0, 0.04, -0.02}; /* eV/Å^3; 0.04 = 6.4 GPa */
    for (size_t row = 0; row < sizeof pressures / sizeof *pressures; row++)
        for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
            skd_relax_options options = SKD_RELAX_DEFAULT;
            options.method = *type;
            options.relax_cell = true;
            options.pressure = pressures[row];
            options.force_mean = options.stress_max = 1e-7;
            skd_cell *start = crystal(14, 5.6, 1, 8);
            rattle(start, 0.06, 20267);
            start->lattice[0][1] += 0.21;
            start->lattice[2][0] -= 0.13;
            start->lattice[1][1] *= 0.97;
            skd_relax_outcome out = relax(start, "sw", &options);
            double a = best_lattice_parameter(pressures[row]);
            if (getenv("SHOW"))
                print_message("pressure %5.2f %-6s %4zu steps %4zu calls\n", pressures[row], (*type)->name,
                              out.n_steps, out.n_calls);
            CHECK_INT(out.stop, SKD_STOP_FORCE_MEAN);
            CHECK_CLOSE(skd_cell_volume(out.cell), a * a * a, 0, 1e-5);
            for (int k = 0; k < 9; k++)
                CHECK_CLOSE(out.result->stress[k / 3][k % 3], k % 4 ? 0.0 : -pressures[row], 1.01e-7, 0);
            for (int k = 0; k < 3; k++)
                CHECK_CLOSE(skd_norm(out.cell->lattice[k]), a, 1e-4, 0);
            skd_relax_outcome_free(&out);
            skd_cell_free(start);
        }
}

/* ---- how a relaxation ends ------------------------------------------------------------------ */

static const struct {
    const char *name;
    skd_relax_options options;
    double rattle, squeeze; /* Å; atom 2 moved towards atom 1 by this fraction */
    skd_stop stop;
    const char *reason;
} ends[] = {
    {"max force", {.force_max = 0.03, .max_steps = 99, .max_step = 0.2}, 0.1, 0, SKD_STOP_FORCE_MAX, ""},
    {"mean force", {.force_mean = 0.03, .max_steps = 99, .max_step = 0.2}, 0.1, 0, SKD_STOP_FORCE_MEAN, ""},
    {"max force first", {.force_max = 9, .force_mean = 9, .max_steps = 9, .max_step = 1}, 0, 0, SKD_STOP_FORCE_MAX, ""},
    {"steps", {.force_max = 1e-9, .max_steps = 7, .max_step = 0.2}, 0.1, 0, SKD_STOP_STEPS, "after 7 steps"},
    {"no rule but steps", {.max_steps = 3, .max_step = 0.2}, 0, 0, SKD_STOP_STEPS, "after 3 steps"},
    {"collapsed from the start", {.max_steps = 9, .max_step = 0.2, .collapse = 0.5}, 0, 0.6, SKD_STOP_COLLAPSED,
     "atoms 1 (Si) and 5 (Si) at 0.941 Å, expected more than 1.110 Å"},
    {"absurd force", {.max_steps = 9, .max_step = 0.2}, 0, 0.95, SKD_STOP_EXPLODED, "eV/Å on atom 1"},
    {"collapse is named before explosion", {.max_steps = 9, .max_step = 0.2, .collapse = 0.5}, 0, 0.95,
     SKD_STOP_COLLAPSED, "atoms 1 (Si) and 5 (Si)"},
};

static void every_end_has_its_name(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof ends / sizeof *ends; row++) {
        skd_cell *start = crystal(14, 5.43095, 1, 8);
        rattle(start, ends[row].rattle, 20268);
        for (int k = 0; k < 3; k++)
            start->pos[4][k] *= 1.0 - ends[row].squeeze;
        skd_relax_outcome out = relax(start, "sw", &ends[row].options);
        CHECK_TEXT(skd_stop_name(out.stop), skd_stop_name(ends[row].stop));
        if (!strstr(out.reason, ends[row].reason))
            CHECK_TEXT(out.reason, ends[row].reason);
        CHECK_INT(out.reason[0] != '\0', !skd_stop_converged(out.stop));
        CHECK(out.cell && out.result && out.result->has_stress && out.n_calls == out.n_steps + 1);
        CHECK_CLOSE(out.energy, out.result->energy, 0, 0);
        skd_relax_outcome_free(&out);
        skd_cell_free(start);
    }
}

/* A potential that does what the test wants: at call `at` it fails with `status`, or gives this energy. */
typedef struct fake {
    int calls, at;
    skd_status status;
    double energy, force;
    bool has_stress;
} fake;

static skd_status fake_work_new(const void *params, void **work, skd_error *err) {
    (void)err;
    *work = skd_copy(params, 1, sizeof(fake));
    return SKD_OK;
}
static skd_status fake_check(const void *params, const skd_cell *cell, skd_error *err) {
    (void)params;
    (void)cell;
    (void)err;
    return SKD_OK;
}
static skd_status fake_compute(const void *params, const skd_cell *cell, double charge, int want, void *work,
                               skd_result *out, skd_error *err) {
    fake *f = work;
    (void)params;
    (void)want;
    bool now = f->calls++ == f->at;
    if (now && f->status != SKD_OK)
        return skd_fail(err, f->status, "no convergence in call %d, charge %g", f->at, charge);
    out->energy = now ? f->energy : -1.0;
    out->has_stress = f->has_stress;
    out->has_atom_energy = false;
    memset(out->stress, 0, sizeof out->stress);
    for (size_t i = 0; i < cell->n; i++)
        out->force[i][0] = out->force[i][1] = out->force[i][2] = now ? f->force : 0.1;
    return SKD_OK;
}
static const skd_potential_type fake_type = {.name = "fake", .check = fake_check, .work_new = fake_work_new,
                                             .work_free = skd_free, .compute = fake_compute};

static const struct {
    fake what;
    skd_stop stop;
    const char *reason;
} fakes[] = {
    {{0, 4, SKD_ENUMERIC, 0, 0, true}, SKD_STOP_FAILED, "no convergence in call 4, charge 2"},
    {{0, 0, SKD_ENUMERIC, 0, 0, true}, SKD_STOP_FAILED, "no convergence in call 0"},
    {{0, 3, SKD_ESTOPPED, 0, 0, true}, SKD_STOP_INTERRUPTED, "on request after 3 steps"},
    {{0, 3, SKD_OK, NAN, 0.1, true}, SKD_STOP_EXPLODED, "the energy is not a finite number"},
    {{0, 3, SKD_OK, -1, NAN, true}, SKD_STOP_EXPLODED, "force of nan eV/Å on atom 1"},
    {{0, 3, SKD_OK, -1, 3e9, true}, SKD_STOP_EXPLODED, "on atom 1"},
    {{0, 3, SKD_OK, 810.0, 0.1, true}, SKD_STOP_EXPLODED, "energy 101.4 eV/atom above the start's"},
    {{0, 3, SKD_OK, -1, 0.0, true}, SKD_STOP_FORCE_MEAN, ""},
};

static void a_failing_potential_is_an_outcome_not_an_error(void **state) {
    (void)state;
    skd_error err;
    skd_cell *start = crystal(14, 5.43095, 1, 8);
    for (size_t row = 0; row < sizeof fakes / sizeof *fakes; row++) {
        fake what = fakes[row].what;
        skd_potential potential = {.type = &fake_type, .params = &what};
        skd_potential_work *work;
        skd_relax_options options = SKD_RELAX_DEFAULT;
        skd_relax_outcome out;
        options.charge = 2.0;
        CHECK_OK(skd_potential_work_new(&work, &potential, &err));
        CHECK_OK(skd_relax(&out, start, work, &options, NULL, &err));
        CHECK_TEXT(skd_stop_name(out.stop), skd_stop_name(fakes[row].stop));
        CHECK(strstr(out.reason, fakes[row].reason));
        skd_relax_outcome_free(&out);
        skd_potential_work_free(work);
    }
    skd_cell_free(start);
}

static void impossible_requests_are_errors(void **state) {
    (void)state;
    skd_error err;
    fake what = {0, -1, SKD_OK, 0, 0, false};
    skd_potential none = {.type = &fake_type, .params = &what}, *sw;
    skd_potential_work *work, *fake_work;
    skd_cell *start = crystal(14, 5.43095, 1, 8), *empty;
    skd_relax_options options = SKD_RELAX_DEFAULT;
    skd_relax_outcome out;
    CHECK_OK(skd_cell_new(&empty, 0, &err));
    CHECK_OK(skd_potential_new(&sw, "sw", &err));
    CHECK_OK(skd_potential_work_new(&work, sw, &err));
    CHECK_OK(skd_potential_work_new(&fake_work, &none, &err));
    CHECK_FAILS(skd_relax(&out, empty, work, &options, NULL, &err), SKD_EARG, "the cell holds no atoms");
    start->species[3] = 6;
    CHECK_FAILS(skd_relax(&out, start, work, &options, NULL, &err), SKD_EARG, "Si only; atom 4 is C");
    CHECK(!out.cell && !out.result);
    options.relax_cell = true;
    CHECK_FAILS(skd_relax(&out, start, fake_work, &options, NULL, &err), SKD_EARG, "potential fake gives no stress");
    start->pbc[2] = false;
    CHECK_FAILS(skd_relax(&out, start, fake_work, &options, NULL, &err), SKD_EARG, "periodic in all directions");
    options.max_step = 0.0;
    CHECK_FAILS(skd_relax(&out, start, work, &options, NULL, &err), SKD_EARG, "max_step is 0");
    skd_potential_work_free(fake_work);
    skd_potential_work_free(work);
    skd_potential_free(sw);
    skd_cell_free(start);
    skd_cell_free(empty);
}

typedef struct witness {
    size_t frames, stop_after;
    double last_energy;
} witness;

static bool see(void *payload, const skd_relax_frame *frame) {
    witness *w = payload;
    CHECK_INT(frame->step, w->frames);
    CHECK(frame->force_mean <= frame->force_max && frame->cell->n == 8);
    w->frames++;
    w->last_energy = frame->result->energy;
    return frame->step < w->stop_after;
}

static void the_observer_sees_each_step_once_and_may_stop(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work;
    skd_cell *start = crystal(14, 5.43095, 1, 8);
    rattle(start, 0.1, 20269);
    CHECK_OK(skd_potential_new(&potential, "sw", &err));
    CHECK_OK(skd_potential_work_new(&work, potential, &err));
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++)
        for (size_t stop_after = 6; stop_after < 1000; stop_after += 500) {
            witness w = {0, stop_after, 0.0};
            skd_relax_observer observer = {see, &w};
            skd_relax_options options = SKD_RELAX_DEFAULT;
            skd_relax_outcome out;
            options.method = *type;
            CHECK_OK(skd_relax(&out, start, work, &options, &observer, &err));
            CHECK_INT(out.stop, stop_after == 6 ? SKD_STOP_INTERRUPTED : SKD_STOP_FORCE_MEAN);
            CHECK_INT(w.frames, out.n_steps + 1);
            CHECK_CLOSE(w.last_energy, out.energy, 0, 0);
            skd_relax_outcome_free(&out);
        }
    skd_potential_work_free(work);
    skd_potential_free(potential);
    skd_cell_free(start);
}

/* A start relaxed with a new scratch, and with one that has just relaxed another start: the same bits. */
static void a_relaxation_is_the_same_whatever_came_before(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    CHECK_OK(skd_potential_new(&potential, "sw", &err));
    skd_relax_options options = SKD_RELAX_DEFAULT;
    skd_cell *start = vacancy(2, -0.4), *other = vacancy(4, -0.3);
    skd_relax_outcome out[2], between;
    for (int used = 0; used < 2; used++) {
        skd_potential_work *work;
        CHECK_OK(skd_potential_work_new(&work, potential, &err));
        if (used) {
            CHECK_OK(skd_relax(&between, other, work, &options, NULL, &err));
            skd_relax_outcome_free(&between);
        }
        CHECK_OK(skd_relax(&out[used], start, work, &options, NULL, &err));
        skd_potential_work_free(work);
    }
    CHECK_INT(out[0].n_steps, out[1].n_steps);
    CHECK(memcmp(out[0].cell->pos, out[1].cell->pos, 215 * sizeof *out[0].cell->pos) == 0);
    CHECK(memcmp(&out[0].energy, &out[1].energy, sizeof out[0].energy) == 0);
    skd_relax_outcome_free(&out[0]);
    skd_relax_outcome_free(&out[1]);
    skd_cell_free(start);
    skd_cell_free(other);
    skd_potential_free(potential);
}

static void stops_are_found_by_their_names(void **state) {
    (void)state;
    for (int stop = SKD_STOP_NONE; stop <= SKD_STOP_FAILED; stop++)
        CHECK_INT(skd_stop_named(skd_stop_name((skd_stop)stop)), stop);
    CHECK_INT(skd_stop_named("melted"), SKD_STOP_NONE);
    CHECK_TEXT(skd_stop_name(SKD_STOP_FORCE_MEAN), "force_mean");
    CHECK(skd_stop_converged(SKD_STOP_FORCE_MAX) && !skd_stop_converged(SKD_STOP_STEPS));
}

#ifdef SKD_TORTURE
static void relaxation_survives_every_failed_allocation(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    CHECK_OK(skd_potential_new(&potential, "sw", &err));
    skd_cell *start = crystal(14, 5.3, 1, 8);
    rattle(start, 0.1, 20270);
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.relax_cell = true;
    options.max_steps = 12;
    skd_status status = SKD_ENOMEM;
    for (long k = 0; status != SKD_OK; k++) {
        skd_potential_work *work;
        skd_relax_outcome out;
        CHECK_OK(skd_potential_work_new(&work, potential, &err));
        skd_alloc_fail_at = k;
        status = skd_relax(&out, start, work, &options, NULL, &err);
        skd_alloc_fail_at = -1;
        CHECK(status == SKD_OK || (status == SKD_ENOMEM && !out.cell && !out.result && k < 500));
        skd_relax_outcome_free(&out);
        skd_potential_work_free(work);
    }
    skd_cell_free(start);
    skd_potential_free(potential);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_silicon_vacancy_has_its_two_energies_by_every_method),
        cmocka_unit_test(a_rattled_argon_crystal_goes_back_to_fcc),
        cmocka_unit_test(a_variable_cell_goes_step_by_step_as_in_ase),
        cmocka_unit_test(a_strained_rattled_silicon_crystal_finds_its_lattice_under_pressure),
        cmocka_unit_test(every_end_has_its_name),
        cmocka_unit_test(a_failing_potential_is_an_outcome_not_an_error),
        cmocka_unit_test(impossible_requests_are_errors),
        cmocka_unit_test(the_observer_sees_each_step_once_and_may_stop),
        cmocka_unit_test(a_relaxation_is_the_same_whatever_came_before),
        cmocka_unit_test(stops_are_found_by_their_names),
#ifdef SKD_TORTURE
        cmocka_unit_test(relaxation_survives_every_failed_allocation),
#endif
    };
    return cmocka_run_group_tests_name("relax: cells", tests, NULL, NULL);
}
