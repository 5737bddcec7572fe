/* SPDX-License-Identifier: MIT
 * ipi.h - the server's side of the i-PI protocol on one connection: a frame goes out, energy, forces and virial come
 * back. Nothing that a client says is trusted: every wait has an end, and no memory is taken by what it announces.
 */
#ifndef SKD_IPI_H
#define SKD_IPI_H

#include "shakedown/crystal.h"
#include "shakedown/relax.h"

/** How long one question may take, and who may end it before. */
typedef struct ipi_patience {
    double until;          /**< s, on ipi_now's clock                 */
    bool (*stopped)(void); /**< true: give up now (Ctrl-C); NULL: no  */
} ipi_patience;
double ipi_now(void); /**< s, since some moment; never set back */

/** How a question ended. After all but ANSWERED the connection is of no use any more. */
typedef enum ipi_end {
    IPI_ANSWERED,
    IPI_GONE,    /**< the client closed the connection, or it broke             */
    IPI_LATE,    /**< no answer in time                                         */
    IPI_STRANGE, /**< what it says is not the protocol, or of other atoms       */
    IPI_STOPPED, /**< stopped() said so                                         */
    IPI_NO_MEMORY
} ipi_end;

/** Room for the messages of one thread; zero-initialise, ipi_room_free. */
typedef struct ipi_room {
    char *bytes;
    size_t capacity;
} ipi_room;
void ipi_room_free(ipi_room *room);

/** Waits until one of fd[n] can be read; fd[] < 0 are left out. *which: the first that can. IPI_ANSWERED, IPI_LATE or
 *  IPI_STOPPED. */
ipi_end ipi_wait(const int *fd, size_t n, size_t *which, const ipi_patience *patience);

/** Asks the client at the other end of fd (a stream socket) for energy, forces and, if it sends a virial that is not
 *  zero, stress of a periodic cell. The numbers are as received: they may be NaN. err: what went wrong, one line. */
ipi_end ipi_ask(int fd, const skd_cell *cell, const ipi_patience *patience, ipi_room *room, skd_result *out,
                skd_error *err);

/** Tells the client to end, and closes the connection. */
void ipi_part(int fd);

#endif
