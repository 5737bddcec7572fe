/* SPDX-License-Identifier: MIT */
/* fuzz_ipi.c - fuzz target of the i-PI server: the input is all that a client ever says. What is no answer is refused
 * in one line. */
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/teachers/ipi.h"
#include "fuzz.h"

static void ask(int fd, const skd_cell *cell) {
    static double force[4][3];
    skd_error err = {SKD_OK, ""};
    skd_result result = {.force = force};
    ipi_room room = {0};
    const ipi_patience patience = {ipi_now() + 60.0, NULL};
    for (ipi_end end = IPI_ANSWERED; end == IPI_ANSWERED;) {
        end = ipi_ask(fd, cell, &patience, &room, &result, &err);
        if (end != IPI_ANSWERED)
            fuzz_check_error(&err);
        if (end == IPI_LATE || end == IPI_STOPPED || end == IPI_NO_MEMORY)
            fuzz_stop("cannot be", err.text);
    }
    ipi_room_free(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static double pos[4][3] = {{0, 0, 0}, {0, 2, 2}, {2, 0, 2}, {2, 2, 0}};
    static int species[4] = {13, 13, 13, 13};
    const skd_cell cell = {.lattice = {{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}, .pbc = {true, true, true}, .n = 4,
                           .species = species, .pos = pos};
    int fd[2];
    if (size > 32768 || socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) /* what fits in the socket's buffer */
        return 0;
    if (write(fd[1], data, size) == (ssize_t)size) {
        shutdown(fd[1], SHUT_WR);
        ask(fd[0], &cell);
    }
    close(fd[0]);
    close(fd[1]);
    return 0;
}
