/* SPDX-License-Identifier: MIT */
/* socket_pool.c - who is connected, for which atoms, and free. Clients without work wait in a pipe: what is read off it
 * is the reader's alone, and a thread can wait for it and for new connections at once. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shakedown/data.h"
#include "socket.h"

#define LOOK_EACH 0.25 /* s, between looks at the programs that we started */

/* A list of atoms with a charge, and its clients. */
typedef struct post {
    size_t n;
    int *species;
    double charge;
    char *init;          /* path of its init file      */
    socket_door door;
    socket_crew crew;    /* with launch only           */
    int idle[2];         /* pipe of connections        */
    int busy, waiting;   /* clients at work; threads that wait for one */
    size_t number;       /* 0, 1, ...                  */
    bool told;           /* that somebody waits        */
} post;

struct socket_pool {
    const socket_options *options;
    pthread_mutex_t lock; /* of all below and of what posts hold */
    socket_door first;    /* until the post number 0 takes it    */
    post **post;          /* [n]                                 */
    size_t n, room;
};

/* ---- one list of atoms -------------------------------------------------------------------------- */

/* A connection without work that is still there; -1: none. */
static int take_idle(const post *p) {
    int fd;
    while (read(p->idle[0], &fd, sizeof fd) == sizeof fd) {
        struct pollfd at = {fd, POLLIN, 0};
        if (poll(&at, 1, 0) == 0)
            return fd;
        close(fd); /* it went away, or talks unasked */
    }
    return -1;
}

static void dismiss(post *p) {
    for (int fd; (fd = take_idle(p)) >= 0;)
        ipi_part(fd);
}

static void post_free(post *p, const socket_options *options) {
    if (!p)
        return;
    if (p->idle[1] > 0)
        dismiss(p);
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

static skd_status write_init(const post *p, const skd_cell *cell, skd_error *err) {
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

static skd_status open_pipe(post *p, skd_error *err) {
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
static skd_status is_init_of(bool *same, const char *path, const post *p, skd_error *err) {
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
static skd_status find_number(post *p, const socket_pool *pool, skd_error *err) {
    const socket_options *options = pool->options;
    skd_status status = SKD_OK;
    bool same = false;
    for (p->number = options->lasts ? 0 : pool->n; status == SKD_OK; p->number++) {
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

static skd_status open_door(post *p, socket_pool *pool, skd_error *err) {
    if (p->number > 0)
        return socket_door_open(&p->door, pool->options, p->number, err);
    p->door = pool->first;
    pool->first = (socket_door){.fd = -1};
    return SKD_OK;
}

static skd_status fill_post(post *p, socket_pool *pool, const skd_cell *cell, double charge, skd_error *err) {
    const socket_options *options = pool->options;
    p->door.fd = -1;
    p->n = cell->n;
    p->charge = charge;
    p->species = skd_copy(cell->species, cell->n, sizeof *p->species);
    skd_status status = p->species ? find_number(p, pool, err) : skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    if (status == SKD_OK)
        status = open_pipe(p, err);
    if (status == SKD_OK && options->launch)
        status = socket_crew_new(&p->crew, options, err);
    if (status == SKD_OK)
        status = skd_folder_make(options->site.folder, err);
    if (status == SKD_OK)
        status = open_door(p, pool, err);
    return status == SKD_OK ? write_init(p, cell, err) : status;
}

static post *find_post(const socket_pool *pool, const skd_cell *cell, double charge) {
    for (size_t i = 0; i < pool->n; i++) {
        post *p = pool->post[i];
        if (p->n == cell->n && p->charge == charge && !memcmp(p->species, cell->species, p->n * sizeof *p->species))
            return p;
    }
    return NULL;
}

static skd_status add_post(socket_pool *pool, post **out, const skd_cell *cell, double charge, skd_error *err) {
    skd_status status = skd_grow((void **)&pool->post, &pool->room, pool->n + 1, sizeof *pool->post, err);
    post *p = status == SKD_OK ? skd_alloc(1, sizeof *p) : NULL;
    if (!p)
        return status != SKD_OK ? status : skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    status = fill_post(p, pool, cell, charge, err);
    if (status != SKD_OK) {
        if (p->number == 0 && p->door.fd >= 0) { /* the first address stays open for the next attempt */
            pool->first = p->door;
            p->door = (socket_door){.fd = -1};
        }
        post_free(p, pool->options);
        return status;
    }
    *out = pool->post[pool->n++] = p;
    return SKD_OK;
}

/* ---- the pool ----------------------------------------------------------------------------------- */

/* Those of an earlier call in a folder that is nobody's: a client must not take them for ours. */
static void forget_init_files(const socket_options *options) {
    char *path = NULL;
    for (size_t k = 0; !options->lasts && (path = init_path(options, k)) != NULL && unlink(path) == 0; k++)
        skd_free(path);
    if (!options->lasts)
        skd_free(path);
}

skd_status socket_pool_new(socket_pool **out, const socket_options *options, skd_error *err) {
    *out = NULL;
    socket_pool *pool = skd_alloc(1, sizeof *pool);
    if (!pool)
        return skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    pool->options = options;
    forget_init_files(options);
    skd_status status = socket_door_open(&pool->first, options, 0, err);
    if (status == SKD_OK && pthread_mutex_init(&pool->lock, NULL) != 0) {
        socket_door_close(&pool->first);
        status = skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    }
    if (status != SKD_OK)
        skd_free(pool);
    else
        *out = pool;
    return status;
}

void socket_pool_free(socket_pool *pool) {
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n; i++)
        post_free(pool->post[i], pool->options);
    socket_door_close(&pool->first);
    pthread_mutex_destroy(&pool->lock);
    skd_free(pool->post);
    skd_free(pool);
}

/* Ends clients of other atoms that have nothing to do, where those that we start would be too many. */
static void make_room(socket_pool *pool, const post *keep) {
    int running = 0;
    for (size_t i = 0; i < pool->n; i++)
        running += socket_crew_size(&pool->post[i]->crew, pool->options);
    for (size_t i = 0; i < pool->n && running >= pool->options->clients; i++) {
        post *p = pool->post[i];
        int size = socket_crew_size(&p->crew, pool->options);
        if (p == keep || p->busy || p->waiting || size == 0)
            continue;
        dismiss(p);
        socket_crew_stop(&p->crew, pool->options);
        running -= size;
    }
}

/* One more client of our own, if fewer run than have work. */
static skd_status launch(socket_pool *pool, post *p, skd_error *err) {
    const socket_options *options = pool->options;
    int wanted = p->busy + p->waiting < options->clients ? p->busy + p->waiting : options->clients;
    if (!options->launch || socket_crew_size(&p->crew, options) >= wanted)
        return SKD_OK;
    make_room(pool, p);
    return socket_crew_add(&p->crew, options, &p->door, p->number, p->init, p->charge, err);
}

/* What somebody who starts clients by hand must know. */
static void tell(const socket_pool *pool, post *p) {
    p->told = true;
    skd_say(&pool->options->log, SKD_LOG_WARNING, "socket: waits %g s for a client at %s %s, for the %zu atoms of %s",
            pool->options->wait, p->door.port ? "port" : "unix socket", p->door.name, p->n, p->init);
}

/* Looks once for a client; *fd -1: none yet. */
static skd_status look(socket_pool *pool, post *p, int *fd, skd_error *err) {
    const socket_options *options = pool->options;
    skd_status status = SKD_OK;
    pthread_mutex_lock(&pool->lock);
    *fd = take_idle(p);
    if (*fd < 0)
        *fd = socket_door_accept(&p->door);
    if (*fd < 0)
        status = launch(pool, p, err);
    if (*fd >= 0)
        p->busy++;
    else if (!options->launch && !p->told)
        tell(pool, p);
    pthread_mutex_unlock(&pool->lock);
    return status;
}

static skd_status nobody(const socket_pool *pool, const post *p, skd_error *err) {
    return skd_fail(err, SKD_ENUMERIC, "socket: no client at %s %s within %g s (for the %zu atoms of %s)",
                    p->door.port ? "port" : "unix socket", p->door.name, pool->options->wait, p->n, p->init);
}

static skd_status wait_for_client(socket_pool *pool, post *p, int *fd, skd_error *err) {
    double until = ipi_now() + pool->options->wait;
    for (;;) {
        size_t which;
        skd_status status = look(pool, p, fd, err);
        if (status != SKD_OK || *fd >= 0)
            return status;
        double now = ipi_now();
        if (now >= until)
            return nobody(pool, p, err);
        const ipi_patience patience = {fmin(until, now + LOOK_EACH), pool->options->site.stopped};
        if (ipi_wait((int[]){p->idle[0], p->door.fd}, 2, &which, &patience) == IPI_STOPPED)
            return skd_fail(err, SKD_ESTOPPED, "interrupted while waiting for a client");
    }
}

skd_status socket_pool_take(socket_pool *pool, const skd_cell *cell, double charge, int *fd, skd_error *err) {
    skd_status status = SKD_OK;
    *fd = -1;
    pthread_mutex_lock(&pool->lock);
    post *p = find_post(pool, cell, charge);
    if (!p)
        status = add_post(pool, &p, cell, charge, err);
    if (p)
        p->waiting++;
    pthread_mutex_unlock(&pool->lock);
    if (status != SKD_OK)
        return status;
    status = wait_for_client(pool, p, fd, err);
    pthread_mutex_lock(&pool->lock);
    p->waiting--;
    pthread_mutex_unlock(&pool->lock);
    return status;
}

void socket_pool_return(socket_pool *pool, const skd_cell *cell, double charge, int fd, ipi_end end) {
    pthread_mutex_lock(&pool->lock);
    post *p = find_post(pool, cell, charge);
    p->busy--;
    if (end == IPI_ANSWERED)
        p->crew.launches = 0;
    if (end != IPI_ANSWERED || write(p->idle[1], &fd, sizeof fd) != sizeof fd)
        close(fd);
    if (pool->options->launch && (end == IPI_LATE || end == IPI_STRANGE)) { /* which of ours it was, nobody knows */
        dismiss(p);
        socket_crew_stop(&p->crew, pool->options);
    }
    pthread_mutex_unlock(&pool->lock);
}
