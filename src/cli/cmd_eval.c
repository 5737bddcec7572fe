/* SPDX-License-Identifier: MIT */
/* cmd_eval.c - energy, forces and stress of structures as they stand. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli.h"
#include "electrons.h"
#include "shakedown/data.h"
#include "shakedown/relax.h"
#include "teaching.h"

#define GPA 160.2176634 /* GPa per eV/Å^3 */

static const cli_option options[] = {
    {"potential", 'p', CLI_TEXT, "NAME", "gfn1", CLI_POTENTIALS, 0, 0, NULL},
    {"charge", 0, CLI_REAL, "E", "0", "total charge, for potentials that know it", -100, 100, NULL},
    {"stress", 0, CLI_FLAG, NULL, NULL, "stress and pressure too", 0, 0, NULL},
    {"charges", 0, CLI_FLAG, NULL, NULL, "Mulliken charges of atoms and shells", 0, 0, "electrons (gfn1)"},
    {"gap", 0, CLI_FLAG, NULL, NULL, "levels at the gap, Fermi level, self-consistency", 0, 0, NULL},
    {"orbitals", 0, CLI_FLAG, NULL, NULL, "levels at the gap, their occupation and the atoms they are on", 0, 0, NULL},
    {"levels", 0, CLI_INT, "N", "6", "how many on either side of the gap", 1, 100000, NULL},
    {"epsilon", 0, CLI_REAL, "X", NULL, "dielectric constant: image-charge correction of a charged cell, apart", 1,
     1e6, NULL},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "write structures with energy, forces, stress (extended XYZ)", 0, 0,
     "output"},
    TEACHING_OPTIONS,
    CLI_THREADS,
    CLI_JSON,
    CLI_END};

typedef struct evaluation {
    const cli_args *args;
    skd_potential *potential;
    skd_frames frames;
    const skd_cell **cell; /* [frames] borrowed */
    skd_result **result;   /* [frames] */
    skd_electronic **electrons; /* [frames] or NULL */
    double *correction;         /* [frames] image charges, eV; or NULL */
} evaluation;

static bool wants_electrons(const cli_args *args) {
    return cli_flag(args, "charges") || cli_flag(args, "gap") || cli_flag(args, "orbitals");
}

static bool is_charged(const cli_args *args) { return cli_real(args, "charge") != 0.0; }

/* Before anything is computed: is there what was asked for? */
static skd_status check_request(const evaluation *e, skd_error *err) {
    const skd_potential_type *type = e->potential->type;
    if (wants_electrons(e->args) && !type->electronic)
        return skd_fail(err, SKD_EARG, "potential %s has no electrons: no --charges, --gap, --orbitals; gfn1 has",
                        type->name);
    return SKD_OK;
}

static skd_status correct_all(evaluation *e, skd_error *err) {
    skd_status status = SKD_OK;
    if (!cli_given(e->args, "epsilon"))
        return SKD_OK;
    e->correction = skd_alloc(e->frames.n, sizeof *e->correction);
    if (!e->correction)
        return skd_fail(err, SKD_ENOMEM, "out of memory for %zu structures", e->frames.n);
    for (size_t i = 0; i < e->frames.n && status == SKD_OK; i++) {
        const skd_cell *cell = e->cell[i];
        if (!cell->pbc[0] || !cell->pbc[1] || !cell->pbc[2])
            status = skd_fail(err, SKD_EARG, "structure %zu is not periodic; --epsilon corrects periodic cells", i + 1);
        else
            status = skd_image_charge_energy(cell->lattice, cli_real(e->args, "charge"), cli_real(e->args, "epsilon"),
                                             &e->correction[i], err);
    }
    return status;
}

static skd_status compute_all(evaluation *e, skd_error *err) {
    size_t n = e->frames.n;
    skd_status status = SKD_OK;
    double *charge = skd_alloc(n, sizeof *charge);
    e->cell = skd_alloc(n, sizeof *e->cell);
    e->result = skd_alloc(n, sizeof *e->result);
    if (wants_electrons(e->args))
        e->electrons = skd_alloc(n, sizeof *e->electrons);
    if (!charge || !e->cell || !e->result || (wants_electrons(e->args) && !e->electrons))
        status = skd_fail(err, SKD_ENOMEM, "out of memory for %zu structures", n);
    for (size_t i = 0; i < n && status == SKD_OK; i++) {
        e->cell[i] = e->frames.frame[i]->cell;
        charge[i] = cli_real(e->args, "charge");
        status = skd_result_new(&e->result[i], e->cell[i]->n, err);
    }
    int want = SKD_WANT_ATOM_ENERGY | SKD_WANT_STRESS;
    if (status == SKD_OK)
        status = skd_potential_electrons_many(e->potential, e->cell, charge, n, want,
                                              (int)cli_int(e->args, "threads"), e->result, e->electrons, err);
    for (size_t i = 0; i < n && status == SKD_OK; i++)
        if (!isfinite(e->result[i]->energy))
            status = skd_fail(err, SKD_ENUMERIC, "structure %zu: the energy is not a finite number", i + 1);
    skd_free(charge);
    return status;
}

/* Largest and mean force. */
static void force_sizes(const skd_cell *cell, const skd_result *result, double *largest, double *mean) {
    *largest = *mean = 0.0;
    for (size_t i = 0; i < cell->n; i++) {
        double f = skd_norm(result->force[i]);
        *largest = fmax(*largest, f);
        *mean += f / (double)cell->n;
    }
}

static double pressure_of(const skd_result *result) {
    return -(result->stress[0][0] + result->stress[1][1] + result->stress[2][2]) / 3.0 * GPA;
}

/* xx yy zz yz xz xy */
static const int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};

/* ---- output --------------------------------------------------------------------------------- */

static void print_energies(const evaluation *e) {
    static const char *const heading[] = {">structure", "formula", ">atoms",       ">energy/eV",
                                          ">eV/atom",   ">max force", ">mean force/(eV/Å)"};
    cli_table table = {.n_columns = 7, .heading = heading};
    for (size_t i = 0; i < e->frames.n; i++) {
        char formula[128];
        double largest, mean;
        force_sizes(e->cell[i], e->result[i], &largest, &mean);
        cli_table_add(&table, "%zu", i + 1);
        cli_table_add(&table, "%s", skd_cell_formula(e->cell[i], formula, sizeof formula));
        cli_table_add(&table, "%zu", e->cell[i]->n);
        cli_table_add(&table, "%.6f", e->result[i]->energy);
        cli_table_add(&table, "%.6f", e->result[i]->energy / (double)e->cell[i]->n);
        cli_table_add(&table, "%.3e", largest);
        cli_table_add(&table, "%.3e", mean);
    }
    cli_table_print(&table, stdout);
    cli_table_free(&table);
}

static void print_stresses(const evaluation *e) {
    static const char *const heading[] = {">structure", ">xx", ">yy", ">zz", ">yz", ">xz", ">xy", ">pressure/GPa"};
    cli_table table = {.n_columns = 8, .heading = heading};
    for (size_t i = 0; i < e->frames.n; i++) {
        if (!e->result[i]->has_stress)
            continue;
        cli_table_add(&table, "%zu", i + 1);
        for (int k = 0; k < 6; k++)
            cli_table_add(&table, "%.6f", e->result[i]->stress[voigt[k][0]][voigt[k][1]]);
        cli_table_add(&table, "%.4f", pressure_of(e->result[i]));
    }
    puts("\nstress, eV/Å^3 (positive: wants to shrink)");
    cli_table_print(&table, stdout);
    cli_table_free(&table);
}

static void print_corrections(const evaluation *e) {
    static const char *const heading[] = {">structure", ">volume/Å^3", ">image charges/eV"};
    cli_table table = {.n_columns = 3, .heading = heading};
    for (size_t i = 0; i < e->frames.n; i++) {
        cli_table_add(&table, "%zu", i + 1);
        cli_table_add(&table, "%.3f", skd_cell_volume(e->cell[i]));
        cli_table_add(&table, "%.6f", e->correction[i]);
    }
    printf("\npoint-charge correction q^2 alpha/(2 epsilon L) for charge %+g e, epsilon = %g;\n"
           "not in the energies above\n",
           cli_real(e->args, "charge"), cli_real(e->args, "epsilon"));
    cli_table_print(&table, stdout);
    cli_table_free(&table);
}

static void print_electrons(const evaluation *e) {
    const cli_args *args = e->args;
    if (cli_flag(args, "gap"))
        electrons_print_gaps((const skd_electronic *const *)e->electrons, e->frames.n);
    for (size_t i = 0; i < e->frames.n; i++) {
        if (cli_flag(args, "charges"))
            electrons_print_charges(i + 1, e->cell[i], e->electrons[i]);
        if (cli_flag(args, "orbitals"))
            electrons_print_orbitals(i + 1, e->cell[i], e->electrons[i], (size_t)cli_int(args, "levels"));
    }
}

static cJSON *frame_json(const skd_cell *cell, const skd_result *result) {
    char formula[128];
    double largest, mean;
    force_sizes(cell, result, &largest, &mean);
    cJSON *o = cJSON_CreateObject(), *forces, *stress;
    cJSON_AddStringToObject(o, "formula", skd_cell_formula(cell, formula, sizeof formula));
    cJSON_AddNumberToObject(o, "atoms", (double)cell->n);
    cJSON_AddNumberToObject(o, "energy", result->energy);
    cJSON_AddNumberToObject(o, "force_max", largest);
    cJSON_AddNumberToObject(o, "force_mean", mean);
    forces = cJSON_AddArrayToObject(o, "forces");
    for (size_t i = 0; i < cell->n; i++)
        cJSON_AddItemToArray(forces, cJSON_CreateDoubleArray(result->force[i], 3));
    if (result->has_atom_energy)
        cJSON_AddItemToObject(o, "atom_energies", cJSON_CreateDoubleArray(result->atom_energy, (int)cell->n));
    if (!result->has_stress)
        return o;
    stress = cJSON_AddArrayToObject(o, "stress");
    for (int k = 0; k < 6; k++)
        cJSON_AddItemToArray(stress, cJSON_CreateNumber(result->stress[voigt[k][0]][voigt[k][1]]));
    cJSON_AddNumberToObject(o, "pressure_GPa", pressure_of(result));
    return o;
}

static skd_status print_json(const evaluation *e, skd_error *err) {
    cJSON *root = cJSON_CreateObject(), *structures;
    cJSON_AddStringToObject(root, "potential", e->potential->spec);
    if (is_charged(e->args)) {
        cJSON_AddNumberToObject(root, "charge", cli_real(e->args, "charge"));
        cJSON_AddStringToObject(root, "charge_note", cli_background(e->potential->type));
    }
    structures = cJSON_AddArrayToObject(root, "structures");
    for (size_t i = 0; i < e->frames.n; i++) {
        cJSON *o = frame_json(e->cell[i], e->result[i]);
        if (e->correction)
            cJSON_AddNumberToObject(o, "image_charge_correction", e->correction[i]);
        if (cli_flag(e->args, "charges"))
            electrons_add_charges(o, e->electrons[i]);
        if (cli_flag(e->args, "gap"))
            electrons_add_gap(o, e->electrons[i]);
        if (cli_flag(e->args, "orbitals"))
            electrons_add_orbitals(o, e->electrons[i], (size_t)cli_int(e->args, "levels"));
        cJSON_AddItemToArray(structures, o);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return skd_fail(err, SKD_ENOMEM, "out of memory for JSON");
    puts(text);
    free(text);
    return SKD_OK;
}

/* Puts the results into the frames and writes them. */
static skd_status write_frames(evaluation *e, const char *path, skd_error *err) {
    for (size_t i = 0; i < e->frames.n; i++) {
        skd_frame *frame = e->frames.frame[i];
        const skd_result *result = e->result[i];
        double(*force)[3] = skd_copy(result->force, e->cell[i]->n, sizeof *force);
        if (!force)
            return skd_fail(err, SKD_ENOMEM, "out of memory for forces");
        skd_free(frame->force);
        frame->force = force;
        frame->energy = result->energy;
        frame->has_energy = true;
        frame->has_stress = result->has_stress;
        memcpy(frame->stress, result->stress, sizeof frame->stress);
    }
    return skd_frames_write(&e->frames, path, skd_format_named("xyz"), err);
}

static skd_status report(evaluation *e, skd_error *err) {
    const char *path = cli_text(e->args, "output");
    skd_status status = path ? write_frames(e, path, err) : SKD_OK;
    if (status != SKD_OK || (path && strcmp(path, "-") == 0)) /* standard output is taken */
        return status;
    if (cli_flag(e->args, "json"))
        return print_json(e, err);
    print_energies(e);
    if (cli_flag(e->args, "stress"))
        print_stresses(e);
    if (is_charged(e->args))
        printf("\ntotal charge %+g e: %s\n", cli_real(e->args, "charge"), cli_background(e->potential->type));
    if (e->correction)
        print_corrections(e);
    print_electrons(e);
    return SKD_OK;
}

static skd_status run_eval(const cli_args *args, int *exit_code, skd_error *err) {
    (void)exit_code;
    evaluation e = {.args = args};
    teaching from;
    skd_status status = teaching_potential_new(&e.potential, &from, args, cli_text(args, "potential"),
                                               TEACHING_FOLDER, err);
    if (status == SKD_OK)
        status = check_request(&e, err);
    if (status == SKD_OK)
        status = skd_frames_read(&e.frames, args->operand[0], NULL, err);
    if (status == SKD_OK && (status = compute_all(&e, err)) != SKD_OK)
        skd_error_prefix(err, "%s", args->operand[0]);
    if (status == SKD_OK)
        status = correct_all(&e, err);
    if (status == SKD_OK)
        status = report(&e, err);
    for (size_t i = 0; e.result && i < e.frames.n; i++)
        skd_result_free(e.result[i]);
    for (size_t i = 0; e.electrons && i < e.frames.n; i++)
        skd_electronic_free(e.electrons[i]);
    skd_free(e.electrons);
    skd_free(e.correction);
    skd_free(e.result);
    skd_free(e.cell);
    skd_frames_free(&e.frames);
    status = teaching_wait(status, e.potential, TEACHING_FOLDER, err);
    skd_potential_free(e.potential);
    teaching_free(&from);
    return status;
}

const cli_command cmd_eval = {
    .name = "eval",
    .group = "single structures",
    .summary = "Energy, forces and stress of structures as they are",
    .usage = "FILE [--potential NAME]",
    .text = "Every frame of a multi-frame file is evaluated. --json and -o give the forces of every atom.\n"
            "Potentials: 'gfn1' GFN1-xTB (temperature=, accuracy=, mode=), 'lj' Lennard-Jones (argon unless\n"
            "epsilon=, sigma=, cutoff=, width= say otherwise), 'sw' Stillinger-Weber silicon, 'zbl' universal\n"
            "screened repulsion (cutoff=, width=).\n"
            "'socket' asks whoever connects by the i-PI protocol (ASE, CP2K, pw.x --ipi): at unix=NAME,\n"
            "or at port=31415 of host=127.0.0.1; wait= and timeout= in seconds, level=WORDS names what it computes.\n"
            "launch=COMMAND, last (or --teacher-command), starts clients=1 itself; {init} {socket} {host} {port}\n"
            "{folder} {charge} are filled in. The protocol carries no elements and no charge: each list of atoms has\n"
            "an init file of its own (init.xyz, init-2.xyz, ... in the folder 'teacher' of the run) and an address of\n"
            "its own (NAME, NAME-2, ...; PORT, PORT+1, ...). A client reads the one and connects to the other, atoms\n"
            "in the file's order. Charged cells are refused unless charge=Q says that the client has it, or\n"
            "charge=init that it reads it.\n"
            "--orbitals: levels of one energy mix freely, and so do their weights.\n"
            "--epsilon: first-order Makov-Payne correction by an Ewald sum of the cell, to be added to the energy of\n"
            "a localised charge; never part of energies or forces here.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_eval,
};
