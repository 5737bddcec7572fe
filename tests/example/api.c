/* SPDX-License-Identifier: MIT */
/* api.c - the whole of shakedown as a library: a host from a file, its vacancies, their starts, relaxed by a
 * potential and ranked. Build: cc api.c $(pkg-config --cflags --libs shakedown); run: ./a.out Si.POSCAR */
#include <shakedown/data.h>
#include <shakedown/search.h>
#include <stdio.h>

/* The primitive cell of a host, and the integers that make a supercell of it. */
static skd_status read_host(skd_cell **primitive, int matrix[3][3], const char *path, skd_error *err) {
    skd_frame *host;
    skd_status status = skd_structure_read(&host, path, err);
    if (status == SKD_OK)
        status = skd_primitive(primitive, host->cell, 0.01, err);
    skd_frame_free(host);
    const skd_supercell_options options = SKD_SUPERCELL_DEFAULT;
    return status == SKD_OK ? skd_supercell_search(*primitive, &options, matrix, err) : status;
}

/* Starts of one neutral defect, where they relax to, and the families of minima by energy. */
static skd_status search(const skd_defect *defect, const skd_potential *potential, skd_error *err) {
    skd_start_options starts = SKD_START_DEFAULT;
    const skd_relax_options relaxation = SKD_RELAX_DEFAULT;
    const skd_rank_options how = SKD_RANK_DEFAULT;
    skd_ranking ranking = {0};
    skd_job *job;
    starts.increment = 0.3; /* -60, -30, 0, 30, 60 % */
    skd_status status = skd_job_new(&job, defect, 0, &starts, err);
    if (status == SKD_OK)
        status = skd_search_relax(&job, 1, potential, &relaxation, 0, NULL, err);
    if (status == SKD_OK)
        status = skd_rank(&ranking, job, &how, 0, err);
    for (size_t i = 0; i < ranking.n; i++)
        printf("%s rank %zu: %+.4f eV, %s, %zu starts, best %s\n", defect->name, i + 1, ranking.family[i].relative,
               ranking.family[i].symmetry, ranking.family[i].n_members, job->starts.start[ranking.family[i].best].name);
    skd_ranking_free(&ranking);
    skd_job_free(job);
    return status;
}

int main(int argc, char **argv) {
    skd_error err = {0};
    skd_cell *primitive = NULL;
    skd_potential *potential = NULL;
    const skd_defect_options which = {.vacancies = true};
    skd_defect_list defects = {0};
    int matrix[3][3];
    skd_status status = read_host(&primitive, matrix, argc > 1 ? argv[1] : "Si.POSCAR", &err);
    if (status == SKD_OK)
        status = skd_potential_new(&potential, "sw", &err);
    if (status == SKD_OK)
        status = skd_defects_of(&defects, primitive, matrix, &which, &err);
    for (size_t i = 0; i < defects.n && status == SKD_OK; i++)
        status = search(defects.defect[i], potential, &err);
    if (status != SKD_OK)
        fprintf(stderr, "%s\n", err.text);
    skd_defect_list_free(&defects);
    skd_potential_free(potential);
    skd_cell_free(primitive);
    return status != SKD_OK;
}
