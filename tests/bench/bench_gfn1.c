/* SPDX-License-Identifier: MIT */
/* bench_gfn1.c - tool of bench_gfn1.py: GFN1-xTB energy and forces of a file, cold, and the time LAPACK alone needs
 * for the same matrices, on one thread. Usage: bench_gfn1 FILE CHARGE REPEATS; prints seconds (processor time) of the
 * whole, the LAPACK time of its diagonalisations with and without orthogonalisation, the cycles, the energy in Ha. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../relax/gfn1/gfn1.h"
#include "lapack.h"
#include "shakedown/data.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best time of F C = S C e by dsyevd with X of F' = X^T F X: [0] dsyevd, [1] with two products for F' and one for C. */
static void lapack_alone(const gfn1_state *state, double seconds[2]) {
    const int n = (int)state->orbitals.n;
    const size_t size = state->orbitals.n * state->orbitals.n;
    const double one = 1.0, zero = 0.0;
    const gfn1_scc *scc = &state->scc;
    double *a = malloc(size * sizeof *a), *b = malloc(size * sizeof *b);
    int info;
    seconds[0] = seconds[1] = INFINITY;
    for (int turn = 0; turn < 3 && a && b; turn++) {
        const double begin = now();
        dgemm_("N", "N", &n, &n, &n, &one, state->orbitals.h0, &n, scc->x, &n, &zero, b, &n);
        dgemm_("T", "N", &n, &n, &n, &one, scc->x, &n, b, &n, &zero, a, &n);
        const double middle = now();
        dsyevd_("V", "L", &n, a, &n, scc->energies, scc->work, &scc->n_work, scc->iwork, &scc->n_iwork, &info);
        const double end = now();
        dgemm_("N", "N", &n, &n, &n, &one, scc->x, &n, a, &n, &zero, b, &n);
        seconds[0] = fmin(seconds[0], end - middle);
        seconds[1] = fmin(seconds[1], now() - begin);
    }
    free(a);
    free(b);
}

static skd_status measure(const skd_cell *cell, double charge, long repeats, skd_error *err) {
    gfn1_state state = {.mode = GFN1_CONVERGED, .kt = 300.0 * GFN1_KB, .accuracy = 0.1};
    double (*x)[3] = malloc(cell->n * sizeof *x), lattice[3][3], best = INFINITY, lapack[2];
    skd_status status = x ? SKD_OK : skd_fail(err, SKD_ENOMEM, "out of memory");
    for (size_t k = 0; k < 3 * cell->n && status == SKD_OK; k++)
        x[k / 3][k % 3] = cell->pos[k / 3][k % 3] / GFN1_BOHR;
    for (size_t k = 0; k < 9; k++)
        lattice[k / 3][k % 3] = cell->lattice[k / 3][k % 3] / GFN1_BOHR;
    for (long turn = 0; turn < repeats && status == SKD_OK; turn++) {
        gfn1_state_free(&state);
        const double begin = now();
        status = gfn1_evaluate(&state, cell->n, cell->species, x, cell->pbc[0] ? lattice : NULL, charge, err);
        best = fmin(best, now() - begin);
    }
    if (status == SKD_OK) {
        const double cycles = (double)state.scc.cycles;
        lapack_alone(&state, lapack);
        printf("%.5f %.5f %.5f %zu %.9f\n", best, cycles * lapack[0], cycles * lapack[1], state.scc.cycles,
               state.energies.total);
    }
    free(x);
    gfn1_state_free(&state);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {SKD_OK, ""};
    skd_frame *frame = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: bench_gfn1 FILE CHARGE REPEATS\n");
        return 2;
    }
    skd_status status = skd_structure_read(&frame, argv[1], &err);
    if (status == SKD_OK)
        status = measure(frame->cell, strtod(argv[2], NULL), strtol(argv[3], NULL, 10), &err);
    skd_frame_free(frame);
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    return status != SKD_OK;
}
