/* SPDX-License-Identifier: MIT */
/* db_lock.c - at most one process writes a run database: two searches in one folder would each relax
 * what the other has already done. SQLite's own locks last only as long as a transaction, and its
 * exclusive mode would shut out `ase db` and `shakedown rank` while a search runs; so the writer holds
 * an advisory lock on a file of its own, "run.db.lock", which readers do not look at.
 *
 * The kernel drops the lock when the process dies, however it dies; a file left behind by kill -9 holds
 * no lock. The file is removed on a clean close, so after locking one must make sure that the locked file
 * is still the one with that name. flock() rather than fcntl(): its lock belongs to the open file, so two
 * handles in one process exclude each other too, and closing one does not drop the other's. */
#include "db_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static skd_status lock_path(const skd_db *db, skd_string *path, skd_error *err) {
    skd_string_add(path, "%s.lock", db->path);
    return path->failed ? skd_fail(err, SKD_ENOMEM, "out of memory for a file name") : SKD_OK;
}

/* "by process 4711" if the holder wrote its number, for the message. */
static skd_status in_use(const skd_db *db, int file, skd_error *err) {
    char number[24];
    ssize_t n = pread(file, number, sizeof number - 1, 0);
    number[n > 0 ? n : 0] = '\0';
    long holder = strtol(number, NULL, 10);
    if (holder > 0)
        return skd_fail(err, SKD_EIO, "%s: in use by another process (number %ld); wait for it, or stop it", db->path,
                        holder);
    return skd_fail(err, SKD_EIO, "%s: in use by another process; wait for it, or stop it", db->path);
}

/* Is the open file still the one of that name? */
static bool is_current(int file, const char *path) {
    struct stat mine, named;
    return fstat(file, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

/* A file system without locks is no reason to refuse work. */
static bool cannot_lock(int number) { return number == ENOSYS || number == EOPNOTSUPP || number == ENOLCK; }

static skd_status take(skd_db *db, const char *path, skd_error *err) {
    for (;;) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0)
            return skd_fail(err, SKD_EIO, "%s: cannot be opened for writing: %s", path, strerror(errno));
        if (flock(file, LOCK_EX | LOCK_NB) != 0 && !cannot_lock(errno)) {
            skd_status status = in_use(db, file, err);
            close(file);
            return status;
        }
        if (is_current(file, path)) {
            db->lock = file;
            break;
        }
        close(file);
    }
    char number[24];
    int n = snprintf(number, sizeof number, "%ld\n", (long)getpid());
    bool written = ftruncate(db->lock, 0) == 0 && pwrite(db->lock, number, (size_t)n, 0) == n;
    (void)written; /* only the other side's message depends on it */
    return SKD_OK;
}

skd_status db_lock_take(skd_db *db, skd_error *err) {
    if (db->lock >= 0 || db->mode != DB_OWN)
        return SKD_OK;
    skd_string path = {0};
    skd_status status = lock_path(db, &path, err);
    if (status == SKD_OK)
        status = take(db, path.text, err);
    skd_string_free(&path);
    return status;
}

void db_lock_drop(skd_db *db) {
    if (db->lock < 0)
        return;
    skd_string path = {0};
    if (lock_path(db, &path, NULL) == SKD_OK)
        unlink(path.text);
    skd_string_free(&path);
    close(db->lock);
    db->lock = -1;
}
