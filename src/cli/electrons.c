/* SPDX-License-Identifier: MIT */
/* electrons.c - charges, gap and orbitals as tables and as JSON. */
#include <stdio.h>

#include "cli.h"
#include "electrons.h"

#define SHOWN 4 /* atoms of an orbital, those with the most weight */

/* Both spins alike: one row says it. */
static int spins(const skd_electronic *e) { return e->electrons[0] == e->electrons[1] ? 1 : 2; }

static const char *spin_name(const skd_electronic *e, int spin) {
    static const char *const name[] = {"up", "down"};
    return spins(e) == 1 ? "both" : name[spin];
}

const char *cli_background(const skd_potential_type *type) {
    return type->knows_charge ? "periodic cells are neutralised by a uniform background"
                              : "this potential does not know charges";
}

/* ---- charges -------------------------------------------------------------------------------- */

void electrons_print_charges(size_t number, const skd_cell *cell, const skd_electronic *e) {
    static const char *const heading[] = {">atom", "element", ">charge/e", "shells"};
    cli_table table = {.n_columns = 4, .heading = heading};
    for (size_t i = 0, s = 0; i < e->n; i++) {
        skd_string shells = {0};
        for (; s < e->n_shells && e->shell_atom[s] == i; s++)
            skd_string_add(&shells, "%s%d%c %+.4f", shells.n ? "  " : "", e->shell[s][0], "spdf"[e->shell[s][1]],
                           e->shell_charge[s]);
        cli_table_add(&table, "%zu", i + 1);
        cli_table_add(&table, "%s", skd_element_of(cell->species[i])->symbol);
        cli_table_add(&table, "%+.4f", e->charge[i]);
        cli_table_add(&table, "%s", shells.text ? shells.text : "");
        skd_string_free(&shells);
    }
    printf("\nstructure %zu: Mulliken charges of atoms and shells, e\n", number);
    cli_table_print(&table, stdout);
    cli_table_free(&table);
}

void electrons_add_charges(cJSON *o, const skd_electronic *e) {
    cJSON_AddItemToObject(o, "charges", cJSON_CreateDoubleArray(e->charge, (int)e->n));
    cJSON *shells = cJSON_AddArrayToObject(o, "shell_charges");
    for (size_t i = 0, s = 0; i < e->n; i++) {
        cJSON *atom = cJSON_CreateObject();
        for (; s < e->n_shells && e->shell_atom[s] == i; s++) {
            char name[24];
            snprintf(name, sizeof name, "%d%c", e->shell[s][0], "spdf"[e->shell[s][1]]);
            cJSON_AddNumberToObject(atom, name, e->shell_charge[s]);
        }
        cJSON_AddItemToArray(shells, atom);
    }
}

/* ---- gap ------------------------------------------------------------------------------------ */

static void add_gap_row(cli_table *table, size_t number, const skd_electronic *e, int spin) {
    double highest, lowest;
    const bool both = skd_electronic_edges(e, spin, &highest, &lowest);
    cli_table_add(table, "%zu", number);
    cli_table_add(table, "%s", spin_name(e, spin));
    cli_table_add(table, "%zu", spins(e) == 1 ? 2 * e->electrons[0] : e->electrons[spin]);
    cli_table_add(table, e->electrons[spin] > 0 ? "%.4f" : "-", highest);
    cli_table_add(table, e->electrons[spin] < e->n_orbitals ? "%.4f" : "-", lowest);
    cli_table_add(table, both ? "%.4f" : "-", lowest - highest);
    cli_table_add(table, "%.4f", e->fermi[spin]);
    cli_table_add(table, "%zu", e->cycles);
    cli_table_add(table, "%s", e->way);
}

/* What is not plain about a structure's electrons, if anything. */
static void print_notes(size_t number, const skd_electronic *e) {
    if (e->dropped)
        printf("structure %zu: %zu function%s of the basis left out, spanned by the others\n", number, e->dropped,
               e->dropped > 1 ? "s" : "");
    if (e->bounded)
        printf("structure %zu: the third order of the energy is bounded on %zu atom%s, into which electrons would fall "
               "without end\n", number, e->bounded, e->bounded > 1 ? "s" : "");
}

void electrons_print_gaps(const skd_electronic *const *e, size_t n) {
    static const char *const heading[] = {">structure", "spin",            ">electrons", ">HOMO/eV",    ">LUMO/eV",
                                          ">gap/eV",    ">Fermi level/eV", ">cycles",    "converged by"};
    cli_table table = {.n_columns = 9, .heading = heading};
    for (size_t i = 0; i < n; i++)
        for (int spin = 0; spin < spins(e[i]); spin++)
            add_gap_row(&table, i + 1, e[i], spin);
    puts("\nlevels at the gap (of the cell at the Gamma point; one set of orbitals for both spins)");
    cli_table_print(&table, stdout);
    for (size_t i = 0; i < n; i++)
        print_notes(i + 1, e[i]);
    cli_table_free(&table);
}

void electrons_add_gap(cJSON *o, const skd_electronic *e) {
    cJSON *array = cJSON_AddArrayToObject(o, "spins");
    for (int spin = 0; spin < 2; spin++) {
        double highest, lowest;
        const bool both = skd_electronic_edges(e, spin, &highest, &lowest);
        cJSON *row = cJSON_CreateObject();
        cJSON_AddNumberToObject(row, "electrons", (double)e->electrons[spin]);
        cJSON_AddNumberToObject(row, "fermi_level", e->fermi[spin]);
        if (both) {
            cJSON_AddNumberToObject(row, "homo", highest);
            cJSON_AddNumberToObject(row, "lumo", lowest);
            cJSON_AddNumberToObject(row, "gap", lowest - highest);
        }
        cJSON_AddItemToArray(array, row);
    }
    cJSON_AddNumberToObject(o, "scc_cycles", (double)e->cycles);
    cJSON_AddStringToObject(o, "scc_converged_by", e->way);
    cJSON_AddNumberToObject(o, "scc_functions_dropped", (double)e->dropped);
    cJSON_AddNumberToObject(o, "scc_atoms_bounded", (double)e->bounded);
}

/* ---- orbitals ------------------------------------------------------------------------------- */

/* Orbitals first..last-1 are `levels` on either side of the gap (of the gaps, where the spins differ). */
static void window(const skd_electronic *e, size_t levels, size_t *first, size_t *last) {
    const size_t below = e->electrons[1], above = e->electrons[0];
    *first = below > levels ? below - levels : 0;
    *last = above + levels < e->n_orbitals ? above + levels : e->n_orbitals;
}

/* The atoms with the most weight, best first; returns how many. */
static size_t heaviest(const double *weight, size_t n, size_t out[SHOWN]) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = found < SHOWN ? found++ : SHOWN;
        for (; at > 0 && weight[i] > weight[out[at - 1]]; at--)
            if (at < SHOWN)
                out[at] = out[at - 1];
        if (at < SHOWN)
            out[at] = i;
    }
    return found;
}

/* "HOMO-1", "LUMO+2", or the singly occupied level. */
static const char *level_name(const skd_electronic *e, size_t k, char *out, size_t size) {
    if (k < e->electrons[1])
        snprintf(out, size, k + 1 == e->electrons[1] ? "HOMO" : "HOMO-%zu", e->electrons[1] - 1 - k);
    else if (k >= e->electrons[0])
        snprintf(out, size, k == e->electrons[0] ? "LUMO" : "LUMO+%zu", k - e->electrons[0]);
    else
        snprintf(out, size, "SOMO");
    return out;
}

void electrons_print_orbitals(size_t number, const skd_cell *cell, const skd_electronic *e, size_t levels) {
    static const char *const heading[] = {">orbital", "level", ">energy/eV", ">occupation", ">participation",
                                          "atoms with the most weight"};
    cli_table table = {.n_columns = 6, .heading = heading};
    size_t first, last, atom[SHOWN];
    window(e, levels, &first, &last);
    for (size_t k = first; k < last; k++) {
        const double *weight = e->weight + k * e->n;
        const size_t n = heaviest(weight, e->n, atom);
        char name[40];
        skd_string atoms = {0};
        for (size_t i = 0; i < n; i++)
            skd_string_add(&atoms, "%s%s%zu %.3f", i ? "  " : "", skd_element_of(cell->species[atom[i]])->symbol,
                           atom[i] + 1, weight[atom[i]]);
        cli_table_add(&table, "%zu", k + 1);
        cli_table_add(&table, "%s", level_name(e, k, name, sizeof name));
        cli_table_add(&table, "%.4f", e->energy[k]);
        cli_table_add(&table, "%.4f", e->occupation[k]);
        cli_table_add(&table, "%.4f", skd_electronic_participation(e, k));
        cli_table_add(&table, "%s", atoms.text ? atoms.text : "");
        skd_string_free(&atoms);
    }
    printf("\nstructure %zu: orbitals at the gap; weights w are Mulliken's, participation = sum over atoms of w^2\n"
           "(1: on one atom, %.4f: evenly on all %zu)\n",
           number, 1.0 / (double)e->n, e->n);
    cli_table_print(&table, stdout);
    cli_table_free(&table);
}

void electrons_add_orbitals(cJSON *o, const skd_electronic *e, size_t levels) {
    cJSON *array = cJSON_AddArrayToObject(o, "orbitals");
    size_t first, last;
    window(e, levels, &first, &last);
    for (size_t k = first; k < last; k++) {
        char name[40];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddNumberToObject(row, "orbital", (double)(k + 1));
        cJSON_AddStringToObject(row, "level", level_name(e, k, name, sizeof name));
        cJSON_AddNumberToObject(row, "energy", e->energy[k]);
        cJSON_AddNumberToObject(row, "occupation", e->occupation[k]);
        cJSON_AddNumberToObject(row, "participation", skd_electronic_participation(e, k));
        cJSON_AddItemToObject(row, "weights", cJSON_CreateDoubleArray(e->weight + k * e->n, (int)e->n));
        cJSON_AddItemToArray(array, row);
    }
}
