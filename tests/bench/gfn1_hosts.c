/* SPDX-License-Identifier: MIT */
/* gfn1_hosts.c - GFN1-xTB on many hosts, one row of tab-separated values at a time (hours for 73 hosts, so make bench
 * only shows how to run it):
 *     build/tests/bench/gfn1_hosts scc|rest|lattice POSCAR... >>hosts.tsv
 * of the smallest supercell with 40 to 80 atoms:
 *   scc      self-consistency of the perfect cell, one rattled by 0.1 Å, a cation and an anion vacancy at 0, +1, -1;
 *   rest     rattled by 0.1 Å and relaxed (0.03 eV/Å, 150 steps): does it come back to the given cell?
 *   lattice  atoms and cell relaxed: lattice constants against the given ones, percent. */
#include <stdio.h>
#include <string.h>

#include "shakedown/data.h"
#include "shakedown/relax.h"

#define RATTLE 0.1 /* Å, of each coordinate */
#define SEED   42

typedef struct job {
    const char *name; /* of the host */
    skd_cell *cell;   /* the supercell */
    double file[3][3]; /* the file's lattice */
    skd_potential_work *work;
} job;

/* ---- structures ----------------------------------------------------------------------------- */

static skd_status rattled(skd_cell **out, const skd_cell *cell, skd_error *err) {
    skd_rng *rng = NULL;
    skd_status status = skd_cell_copy(out, cell, err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, SEED, err);
    for (size_t i = 0; i < cell->n && status == SKD_OK; i++)
        for (int k = 0; k < 3; k++)
            (*out)->pos[i][k] += RATTLE * skd_rng_normal(rng);
    skd_rng_free(rng);
    return status;
}

/* First atom of the least (sign -1) or most (+1) electronegative element. */
static size_t extreme(const skd_cell *cell, double sign) {
    size_t found = 0;
    for (size_t i = 1; i < cell->n; i++)
        if (sign * (skd_element_of(cell->species[i])->electronegativity -
                    skd_element_of(cell->species[found])->electronegativity) > 0.0)
            found = i;
    return found;
}

static skd_status without(skd_cell **out, const skd_cell *cell, size_t gone, skd_error *err) {
    size_t *pick = skd_alloc(cell->n, sizeof *pick), n = 0;
    if (!pick)
        return skd_fail(err, SKD_ENOMEM, "out of memory");
    for (size_t i = 0; i < cell->n; i++)
        if (i != gone)
            pick[n++] = i;
    skd_status status = skd_cell_pick(out, cell, pick, n, err);
    skd_free(pick);
    return status;
}

/* ---- self-consistency ----------------------------------------------------------------------- */

static void scc_row(const job *j, const skd_cell *cell, const char *state, double charge) {
    skd_error err = {SKD_OK, ""};
    skd_result *result = NULL;
    skd_electronic *e = NULL;
    double highest, lowest, gap = INFINITY;
    skd_status status = skd_result_new(&result, cell->n, &err);
    if (status == SKD_OK)
        status = skd_potential_compute(j->work, cell, charge, 0, result, &err);
    if (status == SKD_OK)
        status = skd_potential_electronic(j->work, &e, &err);
    for (int spin = 0; spin < 2 && status == SKD_OK; spin++)
        if (skd_electronic_edges(e, spin, &highest, &lowest))
            gap = fmin(gap, lowest - highest);
    if (status == SKD_OK)
        printf("%s\tscc\t%zu\t%s\t%+.0f\tyes\t%zu\t%s\t%.3f\n", j->name, cell->n, state, charge, e->cycles, e->way,
               gap);
    else
        printf("%s\tscc\t%zu\t%s\t%+.0f\tno\t\t\t\t%s\n", j->name, cell->n, state, charge, err.text);
    fflush(stdout);
    skd_electronic_free(e);
    skd_result_free(result);
}

static skd_status scc_vacancy(const job *j, size_t gone, skd_error *err) {
    skd_cell *cell = NULL;
    char state[16];
    snprintf(state, sizeof state, "v_%s", skd_element_of(j->cell->species[gone])->symbol);
    skd_status status = without(&cell, j->cell, gone, err);
    for (int charge = -1; charge <= 1 && status == SKD_OK; charge++)
        scc_row(j, cell, state, charge);
    skd_cell_free(cell);
    return status;
}

static skd_status part_scc(const job *j, skd_error *err) {
    skd_cell *shaken = NULL;
    const size_t cation = extreme(j->cell, -1.0), anion = extreme(j->cell, 1.0);
    scc_row(j, j->cell, "perfect", 0.0);
    skd_status status = rattled(&shaken, j->cell, err);
    if (status == SKD_OK)
        scc_row(j, shaken, "rattled", 0.0);
    skd_cell_free(shaken);
    if (status == SKD_OK)
        status = scc_vacancy(j, cation, err);
    if (status == SKD_OK && j->cell->species[anion] != j->cell->species[cation])
        status = scc_vacancy(j, anion, err);
    return status;
}

/* ---- the host at rest ------------------------------------------------------------------------ */

/* Displacements from the given cell without their mean. */
static void displacements(const skd_cell *end, const skd_cell *given, double *rms, double *largest) {
    double drift[3] = {0}, sum = 0.0;
    *largest = 0.0;
    for (size_t i = 0; i < end->n; i++)
        for (int k = 0; k < 3; k++)
            drift[k] += (end->pos[i][k] - given->pos[i][k]) / (double)end->n;
    for (size_t i = 0; i < end->n; i++) {
        double d[3];
        for (int k = 0; k < 3; k++)
            d[k] = end->pos[i][k] - given->pos[i][k] - drift[k];
        sum += skd_dot(d, d);
        *largest = fmax(*largest, skd_norm(d));
    }
    *rms = sqrt(sum / (double)end->n);
}

static skd_relax_options settings(const job *j, bool cell) {
    skd_relax_options options = skd_relax_options_for(j->work->potential);
    options.force_max = 0.03;
    options.max_steps = 150;
    options.relax_cell = cell;
    options.stress_max = 1e-3;
    return options;
}

/* Energy of the given cell: what the relaxed one gained is against it. */
static skd_status energy_of(const job *j, double *energy, skd_error *err) {
    skd_result *result = NULL;
    skd_status status = skd_result_new(&result, j->cell->n, err);
    if (status == SKD_OK)
        status = skd_potential_compute(j->work, j->cell, 0.0, 0, result, err);
    if (status == SKD_OK)
        *energy = result->energy;
    skd_result_free(result);
    return status;
}

static skd_status part_rest(const job *j, skd_error *err) {
    skd_cell *start = NULL;
    skd_relax_outcome end = {0};
    double given = 0.0, rms, largest;
    const skd_relax_options options = settings(j, false);
    skd_status status = energy_of(j, &given, err);
    if (status == SKD_OK)
        status = rattled(&start, j->cell, err);
    if (status == SKD_OK)
        status = skd_relax(&end, start, j->work, &options, NULL, err);
    if (status == SKD_OK && end.cell) {
        displacements(end.cell, j->cell, &rms, &largest);
        printf("%s\trest\t%zu\t%s\t%zu\t%.3f\t%.3f\t%.2f\t%s\n", j->name, j->cell->n, skd_stop_name(end.stop),
               end.n_steps, rms, largest, 1e3 * (given - end.energy) / (double)j->cell->n, end.reason);
        fflush(stdout);
    }
    skd_relax_outcome_free(&end);
    skd_cell_free(start);
    return status;
}

/* ---- lattice constants ----------------------------------------------------------------------- */

/* The file's lattice, deformed as the supercell was; lengths against the file's in percent. */
static skd_status compare_lattices(const job *j, const skd_relax_outcome *end, skd_error *err) {
    double inverse[3][3], change[3];
    skd_status status = skd_cell_inverse(j->cell, inverse, err);
    if (status != SKD_OK)
        return status;
    for (int k = 0; k < 3; k++) {
        double f[3], row[3];
        skd_row_times(j->file[k], inverse, f);
        skd_row_times(f, end->cell->lattice, row);
        change[k] = 100.0 * (skd_norm(row) / skd_norm(j->file[k]) - 1.0);
    }
    const double volume = 100.0 * (skd_cell_volume(end->cell) / skd_cell_volume(j->cell) - 1.0);
    printf("%s\tlattice\t%zu\t%s\t%zu\t%+.2f\t%+.2f\t%+.2f\t%+.2f\t%s\n", j->name, j->cell->n,
           skd_stop_name(end->stop), end->n_steps, change[0], change[1], change[2], volume, end->reason);
    fflush(stdout);
    return SKD_OK;
}

static skd_status part_lattice(const job *j, skd_error *err) {
    skd_relax_outcome end = {0};
    const skd_relax_options options = settings(j, true);
    skd_status status = skd_relax(&end, j->cell, j->work, &options, NULL, err);
    if (status == SKD_OK && end.cell)
        status = compare_lattices(j, &end, err);
    skd_relax_outcome_free(&end);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static const struct part {
    const char *name, *heading;
    skd_status (*run)(const job *j, skd_error *err);
} parts[] = {
    {"scc", "host\tpart\tatoms\tstate\tcharge\tconverged\tcycles\trung\tgap/eV\tmessage", part_scc},
    {"rest", "host\tpart\tatoms\tend\tsteps\trms/A\tlargest/A\tgained/(meV/atom)\treason", part_rest},
    {"lattice", "host\tpart\tatoms\tend\tsteps\ta/%\tb/%\tc/%\tvolume/%\treason", part_lattice},
};

static skd_status smallest_supercell(skd_cell **out, const skd_cell *file, skd_error *err) {
    const skd_supercell_options options = {.min_distance = 0.1, .min_atoms = 40, .max_atoms = 80};
    skd_cell *primitive = NULL;
    int matrix[3][3];
    skd_status status = skd_primitive(&primitive, file, SKD_SYMPREC, err);
    if (status == SKD_OK)
        status = skd_supercell_search(primitive, &options, matrix, err);
    if (status == SKD_OK)
        status = skd_supercell(out, primitive, matrix, NULL, err);
    skd_cell_free(primitive);
    return status;
}

static void run_file(const struct part *part, const char *path, skd_potential_work *work) {
    skd_error err = {SKD_OK, ""};
    skd_frame *frame = NULL;
    job j = {.name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, .work = work};
    skd_status status = skd_structure_read(&frame, path, &err);
    if (status == SKD_OK)
        status = smallest_supercell(&j.cell, frame->cell, &err);
    if (status == SKD_OK) {
        memcpy(j.file, frame->cell->lattice, sizeof j.file);
        status = part->run(&j, &err);
    }
    if (status != SKD_OK) {
        printf("%s\t%s\t\tskipped: %s\n", j.name, part->name, err.text);
        fflush(stdout);
    }
    skd_cell_free(j.cell);
    skd_frame_free(frame);
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_potential *potential = NULL;
    skd_potential_work *work = NULL;
    const struct part *part = NULL;
    for (size_t p = 0; p < sizeof parts / sizeof *parts && argc > 2; p++)
        if (!strcmp(argv[1], parts[p].name))
            part = &parts[p];
    if (!part) {
        puts("takes hours; run it as: gfn1_hosts scc|rest|lattice POSCAR... >>hosts.tsv");
        return argc > 1;
    }
    skd_status status = skd_potential_new(&potential, "gfn1", &err);
    if (status == SKD_OK)
        status = skd_potential_work_new(&work, potential, &err);
    puts(part->heading);
    for (int i = 2; i < argc && status == SKD_OK; i++)
        run_file(part, argv[i], work);
    if (status != SKD_OK)
        fprintf(stderr, "gfn1_hosts: %s\n", err.text);
    skd_potential_work_free(work);
    skd_potential_free(potential);
    return status != SKD_OK;
}
