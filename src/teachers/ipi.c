/* SPDX-License-Identifier: MIT */
/* ipi.c - see ipi.h. The protocol (Ceriotti, More, Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014), section
 * "communication protocol" of i-PI's manual): headers of 12 letters, numbers as the machine has them, atomic units.
 *
 *   server                                             client
 *   STATUS                                             NEEDINIT | READY | HAVEDATA
 *   INIT      int bead, int length, text
 *   POSDATA   cell[9], its inverse[9], int n, x[n][3]
 *   GETFORCE                                           FORCEREADY energy, int n, force[n][3], virial[9],
 *                                                                 int length, text
 *   EXIT
 *
 * Cells go row by row as matrices whose columns are the lattice vectors. The virial is -V times our stress. */
#include "ipi.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HARTREE 27.211386245988 /* eV, CODATA 2018 */
#define BOHR    0.529177210903  /* Å */

enum {
    HEADER = 12,
    SLICE_MS = 100,             /* between looks whether we were asked to stop */
    EXTRA_MAX = 64 * 1024 * 1024, /* bytes of text after the forces; more is no text */
};

/* A conversation about one frame. */
typedef struct talk {
    int fd;
    const ipi_patience *patience;
    ipi_end end;
    skd_error *err;
} talk;

double ipi_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void ipi_room_free(ipi_room *room) {
    skd_free(room->bytes);
    *room = (ipi_room){0};
}

/* ---- waiting ------------------------------------------------------------------------------------ */

static ipi_end wait_until(struct pollfd *at, size_t n, const ipi_patience *patience) {
    for (;;) {
        if (patience->stopped && patience->stopped())
            return IPI_STOPPED;
        double left = 1e3 * (patience->until - ipi_now());
        if (poll(at, (nfds_t)n, left > SLICE_MS ? SLICE_MS : left > 0.0 ? (int)left + 1 : 0) > 0)
            return IPI_ANSWERED;
        if (left <= 0.0)
            return IPI_LATE;
    }
}

ipi_end ipi_wait(const int *fd, size_t n, size_t *which, const ipi_patience *patience) {
    struct pollfd at[4] = {{0}};
    n = n < 4 ? n : 4;
    for (size_t i = 0; i < n; i++)
        at[i] = (struct pollfd){fd[i], POLLIN, 0};
    ipi_end end = wait_until(at, n, patience);
    for (*which = 0; end == IPI_ANSWERED && *which < n && !at[*which].revents; ++*which)
        ;
    return end;
}

static bool ends(talk *t, ipi_end end, const char *text) {
    t->end = end;
    skd_fail(t->err, SKD_EIO, "%s", text);
    return false;
}

/* Waits for the connection; false, with the reason, if nothing comes of it. */
static bool ready(talk *t, short events) {
    struct pollfd at = {t->fd, events, 0};
    switch (wait_until(&at, 1, t->patience)) {
    case IPI_ANSWERED: return true;
    case IPI_STOPPED: return ends(t, IPI_STOPPED, "interrupted while a client computed");
    default: return ends(t, IPI_LATE, "the client did not answer in time");
    }
}

static bool broke(talk *t) {
    char text[160];
    snprintf(text, sizeof text, "the connection to the client broke: %s", strerror(errno));
    return ends(t, IPI_GONE, text);
}

static bool again(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

static bool give(talk *t, const void *bytes, size_t n) {
    const char *p = bytes;
    while (n > 0) {
        if (!ready(t, POLLOUT))
            return false;
        ssize_t sent = send(t->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && !again())
            return broke(t);
        p += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool take(talk *t, void *bytes, size_t n) {
    char *p = bytes;
    while (n > 0) {
        if (!ready(t, POLLIN))
            return false;
        ssize_t got = recv(t->fd, p, n, MSG_DONTWAIT);
        if (got == 0)
            return ends(t, IPI_GONE, "the client closed the connection");
        if (got < 0 && !again())
            return broke(t);
        p += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* ---- headers ------------------------------------------------------------------------------------ */

static void put_header(char *at, const char *word) {
    memset(at, ' ', HEADER);
    memcpy(at, word, strlen(word));
}

static bool give_header(talk *t, const char *word) {
    char header[HEADER];
    put_header(header, word);
    return give(t, header, HEADER);
}

/* A header without what it is padded with (blanks; some clients: zeros); it must be one of the words in `wanted`. */
static bool take_header(talk *t, const char *wanted, char word[HEADER + 1]) {
    char header[HEADER], shown[HEADER + 8], text[160];
    size_t n = HEADER;
    if (!take(t, header, HEADER))
        return false;
    while (n > 0 && (header[n - 1] == ' ' || header[n - 1] == '\0'))
        n--;
    memcpy(word, header, n);
    word[n] = '\0';
    const char *known = n > 0 && !memchr(word, ' ', n) && strlen(word) == n ? strstr(wanted, word) : NULL;
    if (known && (known == wanted || known[-1] == ' ') && (known[n] == ' ' || known[n] == '\0'))
        return true;
    snprintf(text, sizeof text, "the client says '%s'; expected %s",
             skd_span_copy((skd_span){header, n}, shown, sizeof shown), wanted);
    return ends(t, IPI_STRANGE, text);
}

static bool get_status(talk *t, const char *wanted, char word[HEADER + 1]) {
    return give_header(t, "STATUS") && take_header(t, wanted, word);
}

/* ---- what is asked ------------------------------------------------------------------------------ */

/* A client that wants to be told which replica it is. No parameters: clients differ in what they take for one (pw.x
 * reads flags out of the length and then a single letter), so there is one letter, and it says nothing. */
static bool give_init(talk *t) {
    char message[HEADER + 2 * sizeof(int32_t) + 1] = {0};
    const int32_t head[2] = {0, 1};
    put_header(message, "INIT");
    memcpy(message + HEADER, head, sizeof head);
    return give(t, message, sizeof message);
}

static size_t posdata_size(const skd_cell *cell) {
    return HEADER + 18 * sizeof(double) + sizeof(int32_t) + cell->n * sizeof *cell->pos;
}

static void put_posdata(char *at, const skd_cell *cell, const double inverse[3][3]) {
    double number[18];
    int32_t n = (int32_t)cell->n;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            number[3 * i + k] = cell->lattice[k][i] / BOHR;
            number[9 + 3 * i + k] = inverse[k][i] * BOHR;
        }
    put_header(at, "POSDATA");
    memcpy(at += HEADER, number, sizeof number);
    memcpy(at += sizeof number, &n, sizeof n);
    at += sizeof n;
    for (size_t i = 0; i < cell->n; i++, at += sizeof *cell->pos) {
        double x[3] = {cell->pos[i][0] / BOHR, cell->pos[i][1] / BOHR, cell->pos[i][2] / BOHR};
        memcpy(at, x, sizeof x);
    }
}

static bool give_frame(talk *t, const skd_cell *cell, ipi_room *room) {
    char word[HEADER + 1];
    double inverse[3][3];
    if (skd_inv3(cell->lattice, inverse) != SKD_OK)
        return ends(t, IPI_STRANGE, "the cell has no volume");
    if (!get_status(t, "READY NEEDINIT", word))
        return false;
    if (!strcmp(word, "NEEDINIT") && (!give_init(t) || !get_status(t, "READY", word)))
        return false;
    put_posdata(room->bytes, cell, inverse);
    return give(t, room->bytes, posdata_size(cell));
}

/* ---- what is answered --------------------------------------------------------------------------- */

/* The text after the forces, which nobody reads. */
static bool skip_extra(talk *t) {
    char part[4096], text[120];
    int32_t n;
    if (!take(t, &n, sizeof n))
        return false;
    if (n < 0 || n > EXTRA_MAX) {
        snprintf(text, sizeof text, "the client announces a text of %ld bytes; expected 0 to %d", (long)n, EXTRA_MAX);
        return ends(t, IPI_STRANGE, text);
    }
    for (size_t left = (size_t)n, now; left > 0; left -= now) {
        now = left < sizeof part ? left : sizeof part;
        if (!take(t, part, now))
            return false;
    }
    return true;
}

static void set_stress(skd_result *out, const skd_cell *cell, const double virial[9]) {
    out->has_stress = false;
    for (int i = 0; i < 9; i++) {
        out->stress[i / 3][i % 3] = -virial[3 * (i % 3) + i / 3] * HARTREE / skd_cell_volume(cell);
        out->has_stress |= virial[i] != 0.0; /* all zero: a client that computes none */
    }
}

static bool take_forces(talk *t, const skd_cell *cell, ipi_room *room, skd_result *out) {
    char word[HEADER + 1], text[120];
    double energy, virial[9];
    int32_t n;
    if (!take_header(t, "FORCEREADY", word) || !take(t, &energy, sizeof energy) || !take(t, &n, sizeof n))
        return false;
    if (n < 0 || (size_t)n != cell->n) {
        snprintf(text, sizeof text, "the client answers for %ld atoms; the frame has %zu", (long)n, cell->n);
        return ends(t, IPI_STRANGE, text);
    }
    if (!take(t, room->bytes, cell->n * sizeof *out->force) || !take(t, virial, sizeof virial) || !skip_extra(t))
        return false;
    out->energy = energy * HARTREE;
    memcpy(out->force, room->bytes, cell->n * sizeof *out->force);
    for (size_t i = 0; i < 3 * cell->n; i++)
        out->force[i / 3][i % 3] *= HARTREE / BOHR;
    out->has_atom_energy = false;
    set_stress(out, cell, virial);
    return true;
}

ipi_end ipi_ask(int fd, const skd_cell *cell, const ipi_patience *patience, ipi_room *room, skd_result *out,
                skd_error *err) {
    char word[HEADER + 1];
    talk t = {fd, patience, IPI_ANSWERED, err};
    if (skd_grow((void **)&room->bytes, &room->capacity, posdata_size(cell), 1, err) != SKD_OK)
        return IPI_NO_MEMORY;
    bool done = give_frame(&t, cell, room) && get_status(&t, "HAVEDATA", word) &&
                give_header(&t, "GETFORCE") && take_forces(&t, cell, room, out);
    return done ? IPI_ANSWERED : t.end;
}

void ipi_part(int fd) {
    char header[HEADER];
    put_header(header, "EXIT");
    if (send(fd, header, HEADER, MSG_NOSIGNAL | MSG_DONTWAIT) == HEADER)
        shutdown(fd, SHUT_WR);
    close(fd);
}
