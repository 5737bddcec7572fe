/* SPDX-License-Identifier: MIT */
/* process.c - see shakedown/process.h. flock() locks belong to the open file, which children inherit: the lock is there
 * while one of them is, and the group's number in the file cannot have gone to somebody else by then. */
#include "shakedown/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_STEP_MS = 20, PATIENCE_MS = 5000 };

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static skd_status open_lock(int *lock, const char *folder, skd_error *err) {
    skd_string path = {0};
    skd_string_add(&path, "%s/%s", folder, SKD_PROCESS_LOCK);
    *lock = path.failed ? -1 : open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    skd_status status = SKD_OK;
    if (path.failed)
        status = skd_fail(err, SKD_ENOMEM, "out of memory for a path");
    else if (*lock < 0)
        status = skd_fail(err, SKD_EIO, "%s: cannot be opened for writing: %s", path.text, strerror(errno));
    skd_string_free(&path);
    return status;
}

/* In the child, which has the lock open: nothing but system calls from here on. */
static void become(int lock, const char *folder, const char *command, const char *output) {
    char number[24];
    int n = snprintf(number, sizeof number, "%ld\n", (long)getpid());
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    fcntl(lock, F_SETFD, 0); /* this one stays open; those of other threads' programs do not */
    bool noted = ftruncate(lock, 0) == 0 && pwrite(lock, number, (size_t)n, 0) == n;
    int out = noted && chdir(folder) == 0 ? open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    int in = open("/dev/null", O_RDONLY);
    if (out >= 0 && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(126);
}

skd_status skd_process_start(skd_process *out, const char *folder, const char *command, const char *output,
                             skd_error *err) {
    int lock;
    *out = (skd_process){0};
    skd_status status = open_lock(&lock, folder, err);
    if (status != SKD_OK)
        return status;
    if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(lock);
        return skd_fail(err, SKD_EIO, "%s: something still runs in it", folder);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become(lock, folder, command, output);
    close(lock);
    if (child < 0)
        return skd_fail(err, SKD_EIO, "%s: no process could be started: %s", folder, strerror(errno));
    setpgid(child, child); /* whichever of the two comes first */
    out->group = child;
    return SKD_OK;
}

bool skd_process_ended(skd_process *p, int *exit_code) {
    int state;
    if (p->group == 0 || waitpid(p->group, &state, WNOHANG) != p->group)
        return false;
    *exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    p->group = 0;
    return true;
}

void skd_process_stop(skd_process *p) {
    pid_t group = p->group;
    int exit_code;
    if (group == 0)
        return;
    kill(-group, SIGTERM);
    for (long ms = 0; ms < PATIENCE_MS && !skd_process_ended(p, &exit_code); ms += WAIT_STEP_MS)
        pause_ms(WAIT_STEP_MS);
    kill(-group, SIGKILL); /* also what the shell left behind */
    while (p->group && !skd_process_ended(p, &exit_code))
        pause_ms(WAIT_STEP_MS);
}

/* Is the lock free now, or does it become so? */
static bool comes_free(int lock, long patience) {
    for (long ms = 0;; ms += WAIT_STEP_MS) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return true;
        if (ms >= patience)
            return false;
        pause_ms(WAIT_STEP_MS);
    }
}

skd_status skd_process_end_left(const char *folder, bool *found, skd_error *err) {
    int lock;
    char number[24] = "";
    *found = false;
    skd_status status = open_lock(&lock, folder, err);
    if (status != SKD_OK)
        return status;
    if (!comes_free(lock, 0)) {
        ssize_t n = pread(lock, number, sizeof number - 1, 0);
        long group = n > 0 ? strtol(number, NULL, 10) : 0;
        *found = true;
        if (group > 1)
            kill((pid_t)-group, SIGKILL);
        if (!comes_free(lock, PATIENCE_MS))
            status = skd_fail(err, SKD_EIO, "%s: a program of an earlier call still runs in it (process group %ld)",
                              folder, group);
    }
    close(lock);
    return status;
}

skd_status skd_process_hold(int *lock, const char *folder, skd_error *err) {
    skd_status status = open_lock(lock, folder, err);
    if (status == SKD_OK && flock(*lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(*lock);
        *lock = -1;
        return skd_fail(err, SKD_EIO, "%s: in use by another shakedown; wait for it, or stop it", folder);
    }
    return status;
}

void skd_process_release(int lock) {
    if (lock >= 0)
        close(lock);
}

bool skd_program_exists(const char *name, size_t n) {
    const char *path = getenv("PATH");
    for (const char *p = path ? path : ""; *p; p += strcspn(p, ":"), p += *p == ':') {
        skd_string file = {0};
        skd_string_add(&file, "%.*s/%.*s", (int)strcspn(p, ":"), p, (int)n, name);
        bool there = !file.failed && access(file.text, X_OK) == 0;
        skd_string_free(&file);
        if (there)
            return true;
    }
    return false;
}
