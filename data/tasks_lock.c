/* SPDX-License-Identifier: MIT */
/* tasks_lock.c - who lives: worker w holds a lock on byte w of "<store>.workers"; byte 0 is taken in turn by those
 * who must be alone for a while. fcntl() locks: the kernel drops them however a process ends, a fork does not inherit
 * them, and others can be asked about without taking them. A store of one process alone has none of this. */
#include "tasks_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MOST = 4096, FREE_MOST = 256 };

static struct flock byte_lock(short type, long byte) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

skd_status tasks_lock_open(skd_tasks *tasks, skd_error *err) {
    skd_string path = {0};
    tasks->lock = -1;
    if (tasks->sole)
        return SKD_OK;
    skd_string_add(&path, "%s.workers", tasks->db->path);
    if (path.failed) {
        skd_string_free(&path);
        return skd_fail(err, SKD_ENOMEM, "out of memory for a file name");
    }
    skd_status status = SKD_OK;
    tasks->lock = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (tasks->lock < 0)
        status = skd_fail(err, SKD_EIO, "%s: cannot be opened for writing: %s", path.text, strerror(errno));
    skd_string_free(&path);
    return status;
}

void tasks_lock_close(skd_tasks *tasks) {
    if (tasks->lock >= 0)
        close(tasks->lock); /* drops all locks */
    tasks->lock = -1;
    tasks->worker = 0;
}

static bool cannot_lock(int number) { return number == ENOSYS || number == EOPNOTSUPP || number == ENOLCK; }

skd_status tasks_lock_number(skd_tasks *tasks, skd_error *err) {
    tasks->worker = 1;
    if (tasks->sole)
        return SKD_OK;
    for (; tasks->worker < WORKERS_MOST; tasks->worker++) {
        struct flock lock = byte_lock(F_WRLCK, tasks->worker);
        if (fcntl(tasks->lock, F_SETLK, &lock) == 0)
            return SKD_OK;
        if (cannot_lock(errno)) {
            tasks->worker = 0;
            return skd_fail(err, SKD_EIO, "%s: its file system knows no locks; use one process (--slice 1/1)",
                            tasks->db->path);
        }
    }
    tasks->worker = 0;
    return skd_fail(err, SKD_EIO, "%s: %d processes work on it already", tasks->db->path, WORKERS_MOST);
}

bool tasks_lock_lives(const skd_tasks *tasks, long worker) {
    struct flock lock = byte_lock(F_WRLCK, worker);
    return tasks->lock >= 0 && worker != tasks->worker && fcntl(tasks->lock, F_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

/* Numbers are taken from below: after many free ones there is none. */
long tasks_lock_count(const skd_tasks *tasks) {
    long n = tasks->worker != 0;
    for (long worker = 1, free = 0; free < FREE_MOST && worker < WORKERS_MOST; worker++) {
        const bool lives = tasks_lock_lives(tasks, worker);
        n += lives;
        free = lives ? 0 : free + 1;
    }
    return n;
}

skd_status skd_tasks_lock(skd_tasks *tasks, skd_error *err) {
    struct flock lock = byte_lock(F_WRLCK, 0);
    while (tasks->lock >= 0 && fcntl(tasks->lock, F_SETLKW, &lock) != 0)
        if (errno != EINTR)
            return skd_fail(err, SKD_EIO, "%s: cannot be locked: %s", tasks->db->path, strerror(errno));
    return SKD_OK;
}

void skd_tasks_unlock(skd_tasks *tasks) {
    struct flock lock = byte_lock(F_UNLCK, 0);
    if (tasks->lock >= 0)
        fcntl(tasks->lock, F_SETLK, &lock);
}
