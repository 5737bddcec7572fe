/* SPDX-License-Identifier: MIT */
/* socket_pool.c - who is connected, for which atoms, and free. Clients without work wait in a pipe: what is read off it
 * is the reader's alone, and a thread can wait for it and for new connections at once. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"

#define LOOK_EACH 0.25 /* s, between looks at the programs that we started */

struct socket_pool {
    const socket_options *options;
    pthread_mutex_t lock; /* of all below and of what posts hold */
    socket_door first;    /* until the post number 0 takes it    */
    socket_post **post;   /* [n]                                 */
    size_t n, room;
};

static socket_post *find_post(const socket_pool *pool, const skd_cell *cell, double charge) {
    for (size_t i = 0; i < pool->n; i++) {
        socket_post *p = pool->post[i];
        if (p->n == cell->n && p->charge == charge && !memcmp(p->species, cell->species, p->n * sizeof *p->species))
            return p;
    }
    return NULL;
}

static skd_status add_post(socket_pool *pool, socket_post **out, const skd_cell *cell, double charge, skd_error *err) {
    skd_status status = skd_grow((void **)&pool->post, &pool->room, pool->n + 1, sizeof *pool->post, err);
    if (status == SKD_OK)
        status = socket_post_new(out, pool->options, pool->n, &pool->first, cell, charge, err);
    if (status == SKD_OK)
        pool->post[pool->n++] = *out;
    return status;
}

skd_status socket_pool_new(socket_pool **out, const socket_options *options, skd_error *err) {
    *out = NULL;
    socket_pool *pool = skd_alloc(1, sizeof *pool);
    if (!pool)
        return skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    pool->options = options;
    skd_status status = socket_door_open(&pool->first, options, 0, err);
    if (status == SKD_OK && pthread_mutex_init(&pool->lock, NULL) != 0) {
        socket_door_close(&pool->first);
        status = skd_fail(err, SKD_ENOMEM, "out of memory for clients");
    }
    if (status != SKD_OK) {
        skd_free(pool);
        return status;
    }
    if (!options->lasts)
        socket_forget_posts(options);
    *out = pool;
    return SKD_OK;
}

void socket_pool_free(socket_pool *pool) {
    if (!pool)
        return;
    for (size_t i = 0; i < pool->n; i++)
        socket_post_free(pool->post[i], pool->options);
    socket_door_close(&pool->first);
    pthread_mutex_destroy(&pool->lock);
    skd_free(pool->post);
    skd_free(pool);
}

/* Ends clients of other atoms that have nothing to do, where those that we start would be too many. */
static void make_room(socket_pool *pool, const socket_post *keep) {
    int running = 0;
    for (size_t i = 0; i < pool->n; i++)
        running += socket_crew_size(&pool->post[i]->crew, pool->options);
    for (size_t i = 0; i < pool->n && running >= pool->options->clients; i++) {
        socket_post *p = pool->post[i];
        int size = socket_crew_size(&p->crew, pool->options);
        if (p == keep || p->busy || p->waiting || size == 0)
            continue;
        socket_post_dismiss(p);
        socket_crew_stop(&p->crew, pool->options);
        running -= size;
    }
}

/* One more client of our own, if fewer run than have work. */
static skd_status launch(socket_pool *pool, socket_post *p, skd_error *err) {
    const socket_options *options = pool->options;
    int wanted = p->busy + p->waiting < options->clients ? p->busy + p->waiting : options->clients;
    if (!options->launch || socket_crew_size(&p->crew, options) >= wanted)
        return SKD_OK;
    make_room(pool, p);
    return socket_crew_add(&p->crew, options, &p->door, p->number, p->init, p->charge, err);
}

/* What somebody who starts clients by hand must know. */
static void tell(const socket_pool *pool, socket_post *p) {
    p->told = true;
    skd_say(&pool->options->log, SKD_LOG_WARNING, "socket: waits %g s for a client at %s %s, for the %zu atoms of %s",
            pool->options->wait, p->door.port ? "port" : "unix socket", p->door.name, p->n, p->init);
}

/* Looks once for a client; *fd -1: none yet. */
static skd_status look(socket_pool *pool, socket_post *p, int *fd, skd_error *err) {
    const socket_options *options = pool->options;
    skd_status status = SKD_OK;
    pthread_mutex_lock(&pool->lock);
    *fd = socket_post_idle(p);
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

static skd_status nobody(const socket_pool *pool, const socket_post *p, skd_error *err) {
    return skd_fail(err, SKD_ENUMERIC, "socket: no client at %s %s within %g s (for the %zu atoms of %s)",
                    p->door.port ? "port" : "unix socket", p->door.name, pool->options->wait, p->n, p->init);
}

static skd_status wait_for_client(socket_pool *pool, socket_post *p, int *fd, skd_error *err) {
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
    socket_post *p = find_post(pool, cell, charge);
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
    socket_post *p = find_post(pool, cell, charge);
    p->busy--;
    if (end == IPI_ANSWERED)
        p->crew.launches = 0;
    if (end != IPI_ANSWERED || write(p->idle[1], &fd, sizeof fd) != sizeof fd)
        close(fd);
    if (pool->options->launch && (end == IPI_LATE || end == IPI_STRANGE)) { /* which of ours it was, nobody knows */
        socket_post_dismiss(p);
        socket_crew_stop(&p->crew, pool->options);
    }
    pthread_mutex_unlock(&pool->lock);
}
