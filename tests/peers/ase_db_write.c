/* SPDX-License-Identifier: MIT */
/* ase_db_write.c - writes a run database for tests/peers/ase_db.py and prints, as JSON, what ASE must find
 * in it. Usage: ase_db_write FILE */
#include <stdio.h>
#include <stdlib.h>

#include "shakedown/data.h"

#define N_ROWS 40

static void print_reals(const char *name, const double *v, size_t n) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < n; i++)
        printf("%s%.17g", i ? ", " : "", v[i]);
    printf("]");
}

static void print_row(const skd_db_row *row) {
    const skd_cell *cell = row->cell;
    printf("{\"id\": %ld", row->id);
    printf(", \"energy\": %.17g, \"charge\": %.17g, \"time\": %.17g, \"has_energy\": %d", row->energy, row->charge,
           row->time, row->has_energy);
    printf(", \"numbers\": [");
    for (size_t i = 0; i < cell->n; i++)
        printf("%s%d", i ? ", " : "", cell->species[i]);
    printf("], \"pbc\": [%d, %d, %d]", cell->pbc[0], cell->pbc[1], cell->pbc[2]);
    print_reals("positions", cell->pos[0], 3 * cell->n);
    print_reals("cell", cell->lattice[0], 9);
    if (row->force)
        print_reals("forces", row->force[0], 3 * cell->n);
    if (row->has_stress)
        print_reals("stress", row->stress[0], 9);
    printf(", \"key_value_pairs\": %s, \"data\": %s}", row->key_values, row->data);
}

/* Row i: 1 + i % 7 atoms; every second one a minimum with results, every fifth of those with a stress. */
static skd_status write_row(skd_db *db, skd_rng *rng, int i, skd_error *err) {
    skd_cell *cell = NULL, *force = NULL;
    skd_status status = skd_cell_new(&cell, 1 + (size_t)i % 7, err);
    if (status == SKD_OK)
        status = skd_cell_new(&force, cell->n, err);
    if (status != SKD_OK)
        goto end;
    for (int k = 0; k < 3; k++) {
        cell->pbc[k] = (i >> k) & 1;
        for (int l = 0; l < 3; l++)
            cell->lattice[k][l] = (k == l) * 9.1 + skd_rng_normal(rng);
    }
    for (size_t a = 0; a < cell->n; a++) {
        cell->species[a] = (int)skd_rng_below(rng, 1, 100);
        for (int k = 0; k < 3; k++) {
            cell->pos[a][k] = 10.0 * skd_rng_normal(rng);
            force->pos[a][k] = skd_rng_normal(rng);
        }
    }
    bool minimum = i % 2;
    char keys[200];
    snprintf(keys, sizeof keys, "{\"stage\": \"%s\", \"start\": \"Bond_Distortion_%d.0%%\", \"steps\": %d}",
             minimum ? "minimum" : "start", 10 * (i % 7) - 30, 17 * i);
    skd_db_row row = {.id = i + 1, .cell = cell, .charge = i % 5 - 2, .time = 1.7e9 + i, .has_energy = minimum,
                      .energy = -100.0 * skd_rng_uniform(rng), .force = minimum ? force->pos : NULL,
                      .has_stress = i % 10 == 1, .calculator = minimum ? "sw" : NULL, .key_values = keys,
                      .data = "{\"distorted_atoms\": [3, 17], \"reason\": \"1.5 Å\", \"nested\": {\"x\": 0.1}}"};
    for (int k = 0; k < 3; k++)
        for (int l = k; l < 3; l++)
            row.stress[k][l] = row.stress[l][k] = 0.1 * skd_rng_normal(rng);
    status = skd_db_write(db, &row, err);
    printf("%s", i ? ",\n" : "");
    print_row(&row);
end:
    skd_cell_free(cell);
    skd_cell_free(force);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_db *db = NULL;
    skd_rng *rng = NULL;
    skd_status status = argc == 2 ? SKD_OK : skd_fail(&err, SKD_EARG, "usage: ase_db_write FILE");
    if (status == SKD_OK)
        status = skd_db_open(&db, argv[1], true, &err);
    if (status == SKD_OK)
        status = skd_rng_new(&rng, 20251121, &err);
    printf("[");
    for (int i = 0; i < N_ROWS && status == SKD_OK; i++)
        status = write_row(db, rng, i, &err);
    for (int i = 0; i < N_ROWS && status == SKD_OK && i < 3; i++) { /* replaced rows leave nothing behind */
        skd_db_row row;
        bool found;
        status = skd_db_read(db, i + 1, &row, &found, &err);
        if (status == SKD_OK)
            status = skd_db_write(db, &row, &err);
        skd_db_row_free(&row);
    }
    printf("]\n");
    if (status == SKD_OK)
        status = skd_db_metadata_set(db, "{\"title\": \"shakedown\", \"command\": \"it's a test\"}", &err);
    skd_db_close(db);
    skd_rng_free(rng);
    if (status != SKD_OK)
        fprintf(stderr, "ase_db_write: %s\n", err.text);
    return status != SKD_OK;
}
