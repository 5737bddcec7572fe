/* SPDX-License-Identifier: MIT
 * socket.h - parts of the teacher that clients connect to: addresses, the clients that we start, and the pool that
 * hands out whoever is connected.
 *
 * The i-PI protocol carries no elements and no charge: a client is set up with one list of atoms and one charge, and
 * serves frames of those only. So each list has an address and an init file of its own: NAME (or PORT) and init.xyz
 * for the first that is asked for, NAME-2 (PORT+1) and init-2.xyz for the second, ... In a run's folder they keep
 * their numbers for ever: a client that has read such a file never serves other atoms, whatever was killed meanwhile.
 */
#ifndef SKD_TEACHERS_SOCKET_H
#define SKD_TEACHERS_SOCKET_H

#include "ipi.h"
#include "kind.h"

typedef struct socket_options {
    char name[TEACHER_WORD];   /* of a unix socket; "": inet                                      */
    char host[TEACHER_WORD];
    char level[TEACHER_WORD];
    char charge[TEACHER_WORD]; /* "": neutral only; "init": as the init file says; else a number  */
    char *launch;              /* command that starts a client; NULL: others start them           */
    int port, clients;
    double wait, timeout;      /* s                                                               */
    bool lasts;                /* init files keep their meaning from one call to the next         */
    teacher_site site;
    skd_log log;
} socket_options;

/* ---- socket_door.c ------------------------------------------------------------------------------ */

/* An address that clients connect to. */
typedef struct socket_door {
    int fd;
    int port;           /* 0: a unix socket                                          */
    char name[96];      /* as clients are told: NAME, or HOST:PORT                   */
    char path[108];     /* of a unix socket                                          */
    const char *host;   /* borrowed                                                  */
} socket_door;
/* Opens the address of the k-th list of atoms (0, 1, ...). */
skd_status socket_door_open(socket_door *out, const socket_options *options, size_t k, skd_error *err) SKD_CHECKED;
void socket_door_close(socket_door *door);
/* Whoever stands there, as a connection; -1: nobody. */
int socket_door_accept(const socket_door *door);

/* ---- socket_crew.c ------------------------------------------------------------------------------ */

/* The clients of one list of atoms that we started. */
typedef struct socket_crew {
    struct skd_process *process; /* [options->clients]                                     */
    size_t launches;             /* since a client answered last                           */
    int exit_code;               /* of the one that ended last                             */
} socket_crew;
skd_status socket_crew_new(socket_crew *out, const socket_options *options, skd_error *err) SKD_CHECKED;
void socket_crew_free(socket_crew *crew); /* the contents; they must have been stopped */
/* How many run. */
int socket_crew_size(socket_crew *crew, const socket_options *options);
/* Starts one more client of the k-th list of atoms. SKD_ENUMERIC if too many were started without an answer. */
skd_status socket_crew_add(socket_crew *crew, const socket_options *options, const socket_door *door, size_t k,
                           const char *init, double charge, skd_error *err) SKD_CHECKED;
/* Lets those that were told to end do so for a moment, then ends them. */
void socket_crew_stop(socket_crew *crew, const socket_options *options);

/* ---- socket_post.c ------------------------------------------------------------------------------ */

/* A list of atoms with a charge, and its clients. */
typedef struct socket_post {
    size_t n;
    int *species;
    double charge;
    size_t number;     /* 0, 1, ...                                     */
    char *init;        /* path of its init file                         */
    socket_door door;
    socket_crew crew;  /* with launch only                              */
    int idle[2];       /* pipe of connections without work              */
    int busy, waiting; /* clients at work; threads that wait for one    */
    bool told;         /* that somebody waits                           */
} socket_post;
/* The (n_before + 1)-th list of this call; `first` is the door of the list number 0, taken if it is this one. */
skd_status socket_post_new(socket_post **out, const socket_options *options, size_t n_before, socket_door *first,
                           const skd_cell *cell, double charge, skd_error *err) SKD_CHECKED;
/* Ends its clients. */
void socket_post_free(socket_post *post, const socket_options *options);
/* A connection without work that is still there; -1: none. */
int socket_post_idle(const socket_post *post);
/* Tells clients without work to end. */
void socket_post_dismiss(const socket_post *post);
/* Removes the init files of an earlier call from a folder that is nobody's: a client must not take them for ours. */
void socket_forget_posts(const socket_options *options);

/* ---- socket_pool.c ------------------------------------------------------------------------------ */

/* Connected clients. Any thread may take one. */
typedef struct socket_pool socket_pool;
/* Borrows the options; the first address is open from now on. */
skd_status socket_pool_new(socket_pool **out, const socket_options *options, skd_error *err) SKD_CHECKED;
/* Tells all clients to end. */
void socket_pool_free(socket_pool *pool);
/* A client for these atoms and this charge; waits for one to come or to be free. SKD_ENUMERIC if none comes. */
skd_status socket_pool_take(socket_pool *pool, const skd_cell *cell, double charge, int *fd,
                            skd_error *err) SKD_CHECKED;
/* The same client; how did it do? */
void socket_pool_return(socket_pool *pool, const skd_cell *cell, double charge, int fd, ipi_end end);

#endif
