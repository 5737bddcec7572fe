/* SPDX-License-Identifier: MIT
 * ipi_client.h - a client of the i-PI protocol for tests: reads an init file, connects to the address there, and
 * answers with a potential of ours, or misbehaves in one of the ways below.
 */
#ifndef SKD_IPI_CLIENT_H
#define SKD_IPI_CLIENT_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shakedown/data.h"
#include "shakedown/relax.h"

#define CLIENT_HARTREE 27.211386245988
#define CLIENT_BOHR    0.529177210903

typedef struct client {
    int fd;
    const char *mode, *path; /* path: of the init file */
    skd_cell *cell;
    skd_potential *potential;
    skd_potential_work *work;
    skd_result *result;
    bool have_data, initialised;
    int answers;
} client;

static inline bool client_is(const client *c, const char *mode) { return strcmp(c->mode, mode) == 0; }

static inline void client_pause(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static inline bool client_give(const client *c, const void *bytes, size_t n) {
    for (const char *p = bytes; n > 0;) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool client_take(const client *c, void *bytes, size_t n) {
    for (char *p = bytes; n > 0;) {
        ssize_t got = recv(c->fd, p, n, 0);
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static inline bool client_say(const client *c, const char *word) {
    char header[12];
    memset(header, client_is(c, "zero_header") ? '\0' : ' ', sizeof header);
    memcpy(header, word, strlen(word));
    return client_give(c, header, sizeof header);
}

/* ---- the messages ------------------------------------------------------------------------------- */

static inline bool client_status(client *c) {
    if (client_is(c, "garbage"))
        return client_say(c, "HELLO WORLD!");
    if (client_is(c, "busy"))
        return client_say(c, "HAVEDATA");
    if (client_is(c, "init") && !c->initialised)
        return client_say(c, "NEEDINIT");
    return client_say(c, c->have_data ? "HAVEDATA" : "READY");
}

static inline bool client_init(client *c) {
    int32_t head[2];
    char letter;
    c->initialised = client_take(c, head, sizeof head) && head[1] == 1 && client_take(c, &letter, 1);
    return c->initialised;
}

/* Both clients of a pair hold their first frame until the other one has one too, for at most 20 s. */
static inline void client_meet(const client *c) {
    char path[300];
    struct stat file = {.st_size = 0};
    snprintf(path, sizeof path, "%s.met", c->path);
    FILE *f = fopen(path, "a");
    if (f && fputc('x', f) != EOF)
        fclose(f);
    for (int k = 0; k < 2000 && stat(path, &file) == 0 && file.st_size < 2; k++)
        client_pause(10);
}

static inline bool client_posdata(client *c) {
    double h[3][3], inverse[3][3], unit[3][3];
    int32_t n;
    skd_error err;
    if (!client_take(c, h, sizeof h) || !client_take(c, inverse, sizeof inverse) || !client_take(c, &n, sizeof n) ||
        (size_t)n != c->cell->n || !client_take(c, c->cell->pos, (size_t)n * sizeof *c->cell->pos))
        return false;
    skd_mul3(h, inverse, unit);
    for (int i = 0; i < 9; i++) {
        if (fabs(unit[i / 3][i % 3] - (i % 4 == 0)) > 1e-9)
            return false;
        c->cell->lattice[i % 3][i / 3] = h[i / 3][i % 3] * CLIENT_BOHR; /* columns there, rows here */
    }
    for (size_t i = 0; i < 3 * c->cell->n; i++)
        c->cell->pos[i / 3][i % 3] *= CLIENT_BOHR;
    if (client_is(c, "slow"))
        client_pause(40);
    if (client_is(c, "pair") && c->answers == 0)
        client_meet(c);
    c->have_data =
        skd_potential_compute(c->work, c->cell, 0.0, SKD_WANT_STRESS, c->result, &err) == SKD_OK;
    return c->have_data;
}

/* Puts into the answer what the mode wants to be wrong. */
static inline void client_spoil(const client *c, double *energy, double *force, int32_t *n, int32_t *extra) {
    static const struct { const char *mode; int32_t value; } lengths[] = {
        {"extra", 20000}, {"extra_bad", -7}, {"extra_huge", INT32_MAX}};
    *energy = client_is(c, "nan_energy") && c->answers == 0 ? (double)NAN : *energy;
    if (client_is(c, "nan_force") && c->answers == 0)
        force[4] = (double)NAN;
    for (int32_t i = 0; client_is(c, "net") && i < *n; i++)
        force[3 * i] += 0.01;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        if (client_is(c, lengths[k].mode))
            *extra = lengths[k].value;
    *n += client_is(c, "count");
}

static inline bool client_getforce(client *c) {
    static const char text[20000];
    int32_t n = (int32_t)c->cell->n, extra = 1;
    size_t size = 3 * c->cell->n * sizeof(double);
    double energy = c->result->energy / CLIENT_HARTREE, *force = malloc(size), virial[9];
    for (size_t i = 0; i < 3 * c->cell->n; i++)
        force[i] = c->result->force[i / 3][i % 3] * CLIENT_BOHR / CLIENT_HARTREE;
    for (int i = 0; i < 9; i++)
        virial[i] = client_is(c, "no_stress") ? 0.0 : -c->result->stress[i % 3][i / 3] * skd_cell_volume(c->cell) /
                                                          CLIENT_HARTREE;
    client_spoil(c, &energy, force, &n, &extra);
    bool good = client_say(c, "FORCEREADY") && client_give(c, &energy, sizeof energy) && client_give(c, &n, sizeof n);
    if (client_is(c, "drop") || (client_is(c, "drop_once") && c->answers == 0))
        size /= 2;
    good = good && client_give(c, force, size) && size == 3 * c->cell->n * sizeof(double) &&
           client_give(c, virial, sizeof virial) && client_give(c, &extra, sizeof extra) &&
           (extra < 0 || (size_t)extra > sizeof text || client_give(c, text, (size_t)extra));
    free(force);
    c->answers++;
    c->have_data = false;
    return good && !client_is(c, "one");
}

static inline bool client_obey(client *c) {
    char word[13] = "";
    if (!client_take(c, word, 12))
        return false;
    if (client_is(c, "hang"))
        client_pause(60000);
    if (!strcmp(word, "STATUS      "))
        return client_status(c);
    if (!strcmp(word, "INIT        "))
        return client_init(c);
    if (!strcmp(word, "POSDATA     "))
        return client_posdata(c);
    return !strcmp(word, "GETFORCE    ") && client_getforce(c);
}

/* ---- a client's life ---------------------------------------------------------------------------- */

static inline int client_connect(const skd_frame *init) {
    const char *name = skd_frame_info(init, "unixsocket"), *address = skd_frame_info(init, "inetsocket");
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(name ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    if (name)
        snprintf(un.sun_path, sizeof un.sun_path, "/tmp" "/ipi_%s", name);
    else
        in.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    int bad = name ? connect(fd, (struct sockaddr *)&un, sizeof un) : connect(fd, (struct sockaddr *)&in, sizeof in);
    if (bad)
        close(fd);
    return bad ? -1 : fd;
}

/* Serves until it is told to end, then again if `again`; returns how many answers it gave. Waits 10 s for the file. */
static inline int client_run(const char *path, const char *mode, const char *potential, bool again) {
    client c = {.mode = mode, .path = path};
    skd_frame *init = NULL;
    skd_error err = {SKD_OK, ""};
    for (int k = 0; k < 1000 && skd_structure_read(&init, path, &err) != SKD_OK; k++)
        client_pause(10);
    bool good = init && skd_cell_copy(&c.cell, init->cell, &err) == SKD_OK &&
                skd_potential_new(&c.potential, potential, &err) == SKD_OK &&
                skd_potential_work_new(&c.work, c.potential, &err) == SKD_OK &&
                skd_result_new(&c.result, c.cell->n, &err) == SKD_OK;
    for (bool first = true; good && (first || again || (client_is(&c, "drop_once") && c.answers == 1)); first = false) {
        c.fd = client_connect(init);
        c.have_data = false;
        while (c.fd >= 0 && client_obey(&c))
            ;
        if (c.fd >= 0)
            close(c.fd);
        client_pause(first ? 0 : 5);
    }
    skd_result_free(c.result);
    skd_potential_work_free(c.work);
    skd_potential_free(c.potential);
    skd_cell_free(c.cell);
    skd_frame_free(init);
    return c.answers;
}

#endif
