/* SPDX-License-Identifier: MIT
 * shakedown/process.h - a program that runs in a folder, in a process group of its own, with its output in a file. A
 * lock in the folder lives as long as any process of the group: whoever comes after us, when we were killed, can tell
 * whether the program still runs, and end it. Any thread may start one.
 */
#ifndef SHAKEDOWN_PROCESS_H
#define SHAKEDOWN_PROCESS_H

#include <sys/types.h>

#include "shakedown/base.h"

#define SKD_PROCESS_LOCK "shakedown.lock"

typedef struct skd_process {
    pid_t group; /* 0: none */
} skd_process;

/** Starts `sh -c command`; output: name of the file in the folder that gets what it says. */
skd_status skd_process_start(skd_process *out, const char *folder, const char *command, const char *output,
                         skd_error *err) SKD_CHECKED;
/** Has it ended? Then *exit_code: 128 + signal for one that was killed. */
bool skd_process_ended(skd_process *p, int *exit_code);
/** Asks the group to end, then makes it end; waits for that. */
void skd_process_stop(skd_process *p);
/** Ends what an earlier process of ours left running in the folder; *found tells whether there was something. */
skd_status skd_process_end_left(const char *folder, bool *found, skd_error *err) SKD_CHECKED;

/** Holds a folder for this process as long as it lives: SKD_EIO "in use" where another one has it. */
skd_status skd_process_hold(int *lock, const char *folder, skd_error *err) SKD_CHECKED;
void skd_process_release(int lock);

/** Is there such a program in $PATH? name: n letters. */
bool skd_program_exists(const char *name, size_t n);

#endif
