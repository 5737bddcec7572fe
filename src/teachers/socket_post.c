/* SPDX-License-Identifier: MIT */
/* socket_post.c - one list of atoms of the socket teacher: its init file, its address, its clients. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shakedown/data.h"
#include "socket.h"

/* ---- clients without work ----------------------------------------------------------------------- */

int socket_post_idle(const socket_post *p) {
    int fd;
    while (read(p->idle[0], &fd, sizeof fd) == sizeof fd) {
        struct pollfd at = {fd, POLLIN, 0};
        if (poll(&at, 1, 0) == 0)
            return fd;
        close(fd); /* it went away, or talks unasked */
    }
    return -1;
}

void socket_post_dismiss(const socket_post *p) {
    for (int fd; (fd = socket_post_idle(p)) >= 0;)
        ipi_part(fd);
}

void socket_post_free(socket_post *p, const socket_options *options) {
    if (!p)
        return;
    if (p->idle[1] > 0)
        socket_post_dismiss(p);
    socket_door_close(&p->door);
    if (p->crew.process)
        socket_crew_stop(&p->crew, options);
    socket_crew_free(&p->crew);
    for (int k = 0; k < 2; k++)
        if (p->idle[k] > 0)
            close(p->idle[k]);
    skd_free(p->species);
    skd_free(p->init);
    skd_free(p);
}

/* ---- making ------------------------------------------------------------------------------------- */

static skd_status write_init(const socket_post *p, const skd_cell *cell, skd_error *err) {
    skd_cell *copy = NULL;
    skd_frame *frame = NULL;
    char charge[32];
    snprintf(charge, sizeof charge, "%g", p->charge);
    skd_status status = skd_cell_copy(&copy, cell, err);
    if (status == SKD_OK)
        status = skd_frame_new(&frame, copy, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, "charge", charge, err);
    if (status == SKD_OK)
        status = skd_frame_set_info(frame, p->door.port ? "inetsocket" : "unixsocket", p->door.name, err);
    if (status == SKD_OK) {
        skd_frames frames = {.n = 1, .frame = &frame};
        status = skd_frames_write(&frames, p->init, skd_format_named("xyz"), err);
    }
    skd_frame_free(frame);
    return status;
}

static skd_status open_pipe(socket_post *p, skd_error *err) {
    if (pipe(p->idle) != 0) {
        p->idle[0] = p->idle[1] = 0;
        return skd_fail(err, SKD_EIO, "socket: no pipe");
    }
    for (int k = 0; k < 2; k++) {
        fcntl(p->idle[k], F_SETFD, FD_CLOEXEC);
        fcntl(p->idle[k], F_SETFL, O_NONBLOCK);
    }
    return SKD_OK;
}

/* Path of the init file of the k-th list; NULL without memory. */
static char *init_path(const socket_options *options, size_t k) {
    char name[48] = "init.xyz";
    if (k > 0)
        snprintf(name, sizeof name, "init-%zu.xyz", k + 1);
    return teacher_path(options->site.folder, name);
}

/* Is it the init file of this list? */
static skd_status is_init_of(bool *same, const char *path, const socket_post *p, skd_error *err) {
    skd_frame *frame = NULL;
    skd_error trouble;
    double its;
    skd_status status = skd_structure_read(&frame, path, &trouble);
    const char *charge = status == SKD_OK ? skd_frame_info(frame, "charge") : NULL;
    *same = charge && frame->cell->n == p->n && !memcmp(frame->cell->species, p->species, p->n * sizeof *p->species) &&
            skd_span_real((skd_span){charge, strlen(charge)}, &its) && its == p->charge;
    skd_frame_free(frame);
    return status == SKD_ENOMEM ? skd_fail(err, status, "%s", trouble.text) : SKD_OK; /* spoilt: somebody else's */
}

/* The list's number and init file: those that it had in an earlier call, or the first that are free. */
static skd_status find_number(socket_post *p, const socket_options *options, size_t n_before, skd_error *err) {
    skd_status status = SKD_OK;
    bool same = false;
    for (p->number = options->lasts ? 0 : n_before; status == SKD_OK; p->number++) {
        p->init = init_path(options, p->number);
        if (!p->init)
            return skd_fail(err, SKD_ENOMEM, "out of memory for clients");
        if (options->lasts && skd_file_exists(p->init))
            status = is_init_of(&same, p->init, p, err);
        else
            same = true;
        if (same)
            break;
        skd_free(p->init);
        p->init = NULL;
    }
    return status;
}

static skd_status open_door(socket_post *p, const socket_options *options, socket_door *first, skd_error *err) {
    if (p->number > 0)
        return socket_door_open(&p->door, options, p->number, err);
    p->door = *first;
    *first = (socket_door){.fd = -1};
    return SKD_OK;
}

static skd_status fill(socket_post *p, const socket_options *options, size_t n_before, const skd_cell *cell,
                       skd_error *err) {
    p->species = skd_copy(cell->species, cell->n, sizeof *p->species);
    skd_status status = p->species ? find_number(p, options, n_before, err)
                                   : skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    if (status == SKD_OK)
        status = open_pipe(p, err);
    if (status == SKD_OK && options->launch)
        status = socket_crew_new(&p->crew, options, err);
    return status == SKD_OK ? skd_folder_make(options->site.folder, err) : status;
}

skd_status socket_post_new(socket_post **out, const socket_options *options, size_t n_before, socket_door *first,
                           const skd_cell *cell, double charge, skd_error *err) {
    *out = NULL;
    socket_post *p = skd_alloc(1, sizeof *p);
    if (!p)
        return skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    *p = (socket_post){.n = cell->n, .charge = charge, .door.fd = -1};
    skd_status status = fill(p, options, n_before, cell, err);
    if (status == SKD_OK)
        status = open_door(p, options, first, err);
    if (status == SKD_OK && (status = write_init(p, cell, err)) != SKD_OK && p->number == 0) {
        *first = p->door; /* stays open for the next attempt */
        p->door = (socket_door){.fd = -1};
    }
    if (status == SKD_OK)
        *out = p;
    else
        socket_post_free(p, options);
    return status;
}

void socket_forget_posts(const socket_options *options) {
    char *path = init_path(options, 0);
    for (size_t k = 1; path && unlink(path) == 0; k++) {
        skd_free(path);
        path = init_path(options, k);
    }
    skd_free(path);
}
