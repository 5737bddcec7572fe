/* SPDX-License-Identifier: MIT
 * slurm.h - the head of a job script for Slurm.
 */
#ifndef SKD_SLURM_H
#define SKD_SLURM_H

#include "shakedown/base.h"

typedef struct slurm_job {
    const char *name;    /**< in the queue */
    const char *folder;  /**< of what its tasks say, NULL: where it is submitted */
    const char *comment; /**< for the user, a line, or NULL */
    const char *options; /**< of sbatch, or NULL */
    bool requeues;       /**< may begin again after it was killed: what it does goes on then */
    bool is_array;
    size_t first, last; /**< tasks of an array */
} slurm_job;

void slurm_head(skd_string *out, const slurm_job *job);

#endif
