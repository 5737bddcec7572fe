/* SPDX-License-Identifier: MIT
 * scan_mpi.h - a scan over MPI: rank 0 owns the store and hands out tasks (and does some), all others do tasks.
 */
#ifndef SKD_SCAN_MPI_H
#define SKD_SCAN_MPI_H

#include "scan.h"

/** Was this process started as one of several by mpirun (or srun with PMIx)? */
bool scan_mpi_wanted(void);
/** Does tasks until none is left; only the first rank opens the store. *first: is this the rank that has it and prints?
 *  SKD_EARG if the program was built without MPI. A rank that fails ends all others: what was finished is stored. */
skd_status scan_mpi_run(const scan_plan *plan, scan_worker *worker, bool retry, bool quiet, bool *first,
                        skd_error *err) SKD_CHECKED;

#endif
