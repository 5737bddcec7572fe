/* SPDX-License-Identifier: MIT */
/* parallel.c - the one thread loop. Items are handed out dynamically; every item runs, and the error
 * of the lowest failing item is the one reported: nothing observable depends on the thread count. */
#include "shakedown/base.h"

#ifdef _OPENMP
#include <omp.h>
int skd_threads_available(void) { return omp_get_num_procs(); }
static int worker_number(void) { return omp_get_thread_num(); }
#else
int skd_threads_available(void) { return 1; }
static int worker_number(void) { return 0; }
#endif

/* Threads are over items, so linear algebra has one. OpenBLAS with threads is the one that may be called from several
 * at once; its serial build then now and then computes wrong eigenvectors: with it, everything has one thread. */
void openblas_set_num_threads(int n);
int openblas_get_parallel(void); /* 0: the serial build */
#if defined(__GNUC__)
__attribute__((constructor)) static void one_thread_of_blas(void) { openblas_set_num_threads(1); }
#endif

skd_status skd_parallel(size_t n, int threads, skd_item_fn fn, void *payload, skd_error *err) {
    if (threads <= 0)
        threads = skd_threads_available();
    if ((size_t)threads > n)
        threads = n ? (int)n : 1;
    if (openblas_get_parallel() == 0)
        threads = 1;
    size_t first_bad = n;
    skd_error first_error = {SKD_OK, ""};
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < n; i++) {
        skd_error mine = {SKD_OK, ""};
        skd_status status = fn(payload, i, worker_number(), &mine);
        if (status != SKD_OK) {
#pragma omp critical(skd_parallel_error)
            if (i < first_bad) {
                first_bad = i;
                first_error = mine;
                first_error.status = status;
            }
        }
    }
    if (err && first_bad < n)
        *err = first_error;
    return first_error.status;
}
