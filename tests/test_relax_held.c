/* SPDX-License-Identifier: MIT */
/* Tests of frozen and tethered atoms: silicon with all methods, and tethers whose energy is known in closed
 * form. */
#include "check.h"

#include "shakedown/relax.h"

#define SI_CELL 5.43095

/* Eight atoms of silicon, the first displaced; ideal[8] are the sites. */
static skd_cell *displaced_silicon(double ideal[8][3]) {
    static const double frac[8][3] = {{0, 0, 0},       {0, .5, .5},     {.5, 0, .5},     {.5, .5, 0},
                                      {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
    skd_error err;
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 8, &err));
    for (size_t i = 0; i < 8; i++) {
        cell->species[i] = 14;
        for (size_t k = 0; k < 3; k++) {
            cell->lattice[k][k] = SI_CELL;
            ideal[i][k] = SI_CELL * frac[i][k];
            cell->pos[i][k] = ideal[i][k] + 0.03 * sin(3.0 * (double)i + 5.0 * (double)k); /* any rattle */
        }
    }
    cell->pos[0][0] += 0.2;
    return cell;
}

static skd_potential_work *open_potential(skd_potential **potential, const char *spec) {
    skd_error err;
    skd_potential_work *work;
    CHECK_OK(skd_potential_new(potential, spec, &err));
    CHECK_OK(skd_potential_work_new(&work, *potential, &err));
    return work;
}

static void close_potential(skd_potential *potential, skd_potential_work *work) {
    skd_potential_work_free(work);
    skd_potential_free(potential);
}

static void frozen_atoms_do_not_move_a_bit(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work = open_potential(&potential, "sw");
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        double ideal[8][3], tether[8] = {0, 0, INFINITY, 0, INFINITY, INFINITY, 0, INFINITY};
        skd_cell *cell = displaced_silicon(ideal);
        ideal[5][1] += 0.4; /* kept out of its site: the force on it stays */
        skd_relax_options options = SKD_RELAX_DEFAULT;
        options.method = *type;
        options.tether = tether;
        options.anchor = (const double(*)[3])ideal;
        skd_relax_outcome out;
        CHECK_OK(skd_relax(&out, cell, work, &options, NULL, &err));
        CHECK(skd_stop_converged(out.stop));
        double largest = 0.0, free_mean = 0.0;
        for (size_t i = 0; i < 8; i++) {
            double force = skd_norm(out.result->force[i]);
            if (tether[i] == 0.0) {
                free_mean += force / 4.0;
                continue;
            }
            CHECK(memcmp(out.cell->pos[i], ideal[i], sizeof ideal[i]) == 0);
            largest = fmax(largest, force);
        }
        CHECK(largest > 0.5); /* reported, not hidden */
        CHECK_CLOSE(out.held_force, largest, 0.0, 0.0);
        CHECK_CLOSE(out.force_mean, free_mean, 1e-12, 0.0); /* stop rules look at the free atoms */
        CHECK(free_mean <= options.force_mean);
        CHECK_CLOSE(out.spring_energy, 0.0, 0.0, 0.0);
        skd_relax_outcome_free(&out);
        skd_cell_free(cell);
    }
    close_potential(potential, work);
}

/* Two argon atoms beyond the reach of the potential: each rests at its anchor, the other image of it too. */
static void a_tether_pulls_to_the_nearest_image(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work = open_potential(&potential, "lj");
    skd_cell *cell;
    CHECK_OK(skd_cell_new(&cell, 2, &err));
    cell->species[0] = cell->species[1] = 18;
    for (int k = 0; k < 3; k++)
        cell->lattice[k][k] = 40.0;
    cell->pos[0][0] = 0.3;
    cell->pos[1][0] = 20.0;
    double anchor[2][3] = {{39.8, 0, 0}, {20.0, 0.1, 0}}, tether[2] = {2.0, 0.7};
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.tether = tether;
    options.anchor = (const double(*)[3])anchor;
    options.max_steps = 0;
    skd_relax_outcome out;
    CHECK_OK(skd_relax(&out, cell, work, &options, NULL, &err));
    CHECK_CLOSE(out.spring_energy, 0.5 * 2.0 * 0.25 + 0.5 * 0.7 * 0.01, 1e-12, 0.0);
    CHECK_CLOSE(out.energy, 0.0, 1e-12, 0.0);
    CHECK_CLOSE(out.force_max, 1.0, 1e-12, 0.0);
    skd_relax_outcome_free(&out);
    options.max_steps = 1000;
    CHECK_OK(skd_relax(&out, cell, work, &options, NULL, &err));
    CHECK(skd_stop_converged(out.stop));
    CHECK_CLOSE(out.cell->pos[0][0], -0.2, 1e-4, 0.0);
    CHECK_CLOSE(out.cell->pos[1][1], 0.1, 1e-4, 0.0);
    skd_relax_outcome_free(&out);
    skd_cell_free(cell);
    close_potential(potential, work);
}

/* Near its minimum a tethered crystal obeys force = k (r - anchor); the energy told is the potential's alone. */
static void the_spring_is_not_in_the_energy(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work = open_potential(&potential, "sw");
    for (const skd_minimiser_type *const *type = skd_minimiser_types; *type; type++) {
        double anchor[8][3], tether[8] = {0, 0, 0, 0, 0, 3.0, 0, 0}, spring = 0.0;
        skd_cell *cell = displaced_silicon(anchor);
        anchor[5][2] += 0.3;
        skd_relax_options options = SKD_RELAX_DEFAULT;
        options.method = *type;
        options.tether = tether;
        options.anchor = (const double(*)[3])anchor;
        skd_relax_outcome out;
        skd_result *result;
        CHECK_OK(skd_relax(&out, cell, work, &options, NULL, &err));
        CHECK(skd_stop_converged(out.stop));
        for (int k = 0; k < 3; k++) {
            double off = out.cell->pos[5][k] - anchor[5][k];
            spring += 0.5 * 3.0 * off * off;
            CHECK_CLOSE(out.result->force[5][k], 3.0 * off, 1e-4, 0.0);
        }
        CHECK_CLOSE(out.spring_energy, spring, 1e-12, 0.0);
        CHECK_CLOSE(out.held_force, skd_norm(out.result->force[5]), 0.0, 0.0);
        CHECK_OK(skd_result_new(&result, 8, &err));
        CHECK_OK(skd_potential_compute(work, out.cell, 0.0, 0, result, &err));
        CHECK_CLOSE(out.energy, result->energy, 1e-12, 0.0);
        skd_result_free(result);
        skd_relax_outcome_free(&out);
        skd_cell_free(cell);
    }
    close_potential(potential, work);
}

static void bad_tethers_are_refused(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    skd_potential_work *work = open_potential(&potential, "sw");
    double ideal[8][3], tether[8] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    skd_cell *cell = displaced_silicon(ideal);
    skd_relax_options options = SKD_RELAX_DEFAULT;
    options.tether = tether;
    skd_relax_outcome out;
    CHECK_FAILS(skd_relax(&out, cell, work, &options, NULL, &err), SKD_EARG, "all 8 atoms are frozen");
    tether[2] = -1.0;
    CHECK_FAILS(skd_relax(&out, cell, work, &options, NULL, &err), SKD_EARG, "tether of atom 3 is -1");
    tether[2] = 0.0;
    options.relax_cell = true;
    CHECK_FAILS(skd_relax(&out, cell, work, &options, NULL, &err), SKD_EARG, "cell cannot be relaxed with 7 atoms");
    skd_cell_free(cell);
    close_potential(potential, work);
}

static void potentials_bring_their_own_stop_rule(void **state) {
    (void)state;
    skd_error err;
    skd_potential *potential;
    CHECK_OK(skd_potential_new(&potential, "gfn1", &err));
    skd_relax_options options = skd_relax_options_for(potential);
    CHECK_TEXT(options.method->name, potential->type->method);
    CHECK(options.force_max > 0.005 && options.force_mean == 0.0); /* above the noise of self-consistency */
    skd_potential_free(potential);
    CHECK_OK(skd_potential_new(&potential, "sw", &err));
    options = skd_relax_options_for(potential);
    CHECK_TEXT(options.method->name, "fire");
    CHECK_CLOSE(options.force_mean, 1e-5, 0.0, 0.0);
    skd_potential_free(potential);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_atoms_do_not_move_a_bit),       cmocka_unit_test(a_tether_pulls_to_the_nearest_image),
        cmocka_unit_test(the_spring_is_not_in_the_energy),      cmocka_unit_test(bad_tethers_are_refused),
        cmocka_unit_test(potentials_bring_their_own_stop_rule),
    };
    return cmocka_run_group_tests_name("relax_held", tests, NULL, NULL);
}
