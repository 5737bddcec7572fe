/* SPDX-License-Identifier: MIT */
/* socket_door.c - addresses of the socket teacher. Unix sockets are where i-PI's clients look for them, and only their
 * owner may connect; others are on the loopback interface unless a host is named. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket.h"

#define IPI_PREFIX "/tmp" "/ipi_" /* a fixed part of the protocol */

enum { BACKLOG = 64 };

/* Of no use to programs that we start, and never waited in. */
static void keep_to_us(int fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* ---- unix --------------------------------------------------------------------------------------- */

/* Does a socket's file remain from a program that is no more? */
static bool is_left_over(const struct sockaddr_un *address) {
    struct stat file;
    if (lstat(address->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                   errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static bool bind_unix(int fd, const struct sockaddr_un *address) {
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return true;
    return errno == EADDRINUSE && is_left_over(address) && unlink(address->sun_path) == 0 &&
           bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
}

static skd_status open_unix(socket_door *out, const socket_options *options, size_t k, skd_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char number[24] = "";
    if (k > 0)
        snprintf(number, sizeof number, "-%zu", k + 1);
    int n = snprintf(out->path, sizeof out->path, IPI_PREFIX "%s%s", options->name, number);
    snprintf(out->name, sizeof out->name, "%s", out->path + strlen(IPI_PREFIX));
    if (n < 0 || (size_t)n >= sizeof address.sun_path || strchr(options->name, '/'))
        return skd_fail(err, SKD_EARG, "socket: unix=%s: expected a short name without '/'", options->name);
    memcpy(address.sun_path, out->path, (size_t)n + 1);
    out->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (out->fd >= 0)
        keep_to_us(out->fd);
    /* its file inherits the mode of the socket: nobody else gets in, not even for a moment */
    if (out->fd >= 0 && fchmod(out->fd, 0600) == 0 && bind_unix(out->fd, &address)) {
        if (listen(out->fd, BACKLOG) == 0)
            return SKD_OK;
        unlink(out->path);
    }
    out->path[0] = '\0'; /* not ours */
    if (errno == EADDRINUSE)
        return skd_fail(err, SKD_EIO, "%s: in use by another program; choose another unix=NAME", address.sun_path);
    return skd_fail(err, SKD_EIO, "%s: no socket: %s", address.sun_path, strerror(errno));
}

/* ---- inet --------------------------------------------------------------------------------------- */

static bool bind_inet(int fd, const struct addrinfo *info) {
    int yes = 1;
    keep_to_us(fd);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes); /* not to wait for old connections to be forgotten */
    return bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
}

static int port_of(int fd) {
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static skd_status open_inet(socket_door *out, const socket_options *options, size_t k, skd_error *err) {
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    char port[24];
    snprintf(port, sizeof port, "%zu", options->port ? (size_t)options->port + k : 0);
    int trouble = getaddrinfo(options->host, port, &hints, &info);
    if (trouble)
        return skd_fail(err, SKD_EARG, "socket: host=%s: %s", options->host, gai_strerror(trouble));
    out->fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    bool good = out->fd >= 0 && bind_inet(out->fd, info);
    int reason = errno;
    freeaddrinfo(info);
    if (!good)
        return skd_fail(err, SKD_EIO, "socket: %s port %s: %s", options->host, port, strerror(reason));
    out->port = port_of(out->fd);
    snprintf(out->name, sizeof out->name, "%.80s:%d", options->host, out->port);
    return SKD_OK;
}

/* ---- both --------------------------------------------------------------------------------------- */

skd_status socket_door_open(socket_door *out, const socket_options *options, size_t k, skd_error *err) {
    *out = (socket_door){.fd = -1, .host = options->host};
    skd_status status = options->name[0] ? open_unix(out, options, k, err) : open_inet(out, options, k, err);
    if (status != SKD_OK)
        socket_door_close(out);
    return status;
}

void socket_door_close(socket_door *door) {
    if (door->fd >= 0)
        close(door->fd);
    if (door->path[0])
        unlink(door->path);
    *door = (socket_door){.fd = -1};
}

int socket_door_accept(const socket_door *door) {
    int yes = 1, fd = accept(door->fd, NULL, NULL);
    if (fd < 0)
        return -1;
    keep_to_us(fd);
    if (door->port) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes); /* notices machines that went away */
    }
    return fd;
}
