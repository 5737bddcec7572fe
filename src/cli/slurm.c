/* SPDX-License-Identifier: MIT */
/* slurm.c - see slurm.h. */
#include "slurm.h"

void slurm_head(skd_string *out, const slurm_job *job) {
    skd_string_add(out, "#!/bin/sh\n");
    if (job->comment)
        skd_string_add(out, "# %s\n", job->comment);
    skd_string_add(out, "#SBATCH --job-name=%s\n", job->name);
    if (job->requeues)
        skd_string_add(out, "#SBATCH --requeue\n#SBATCH --open-mode=append\n");
    skd_string_add(out, "#SBATCH --output=%s%s%s-%s.out\n", job->folder ? job->folder : "", job->folder ? "/" : "",
                   job->name, job->is_array ? "%A_%a" : "%j");
    if (job->options)
        skd_string_add(out, "#SBATCH %s\n", job->options);
    if (job->is_array)
        skd_string_add(out, "#SBATCH --array=%zu-%zu\n", job->first, job->last);
}
